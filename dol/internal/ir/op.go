package ir

import "github.com/univrs/vudo/internal/wasm"

// Numeric reports whether op is a numeric operator that Un (arity 1) or Bin (2)
// may hold, and gives its operand and result kinds.
func Numeric(op wasm.Opcode) (arity int, operand, result Kind, ok bool) {
	n := &numerics[numericIndex(op)]
	return n.arity, n.operand, n.result, n.ok
}

// numerics has what Numeric says, by numericIndex.
var numerics = func() (t [0x200]struct {
	arity           int
	operand, result Kind
	ok              bool
},
) {
	for _, op := range wasm.Opcodes() {
		info, _ := wasm.Op(op)
		if n := &t[numericIndex(op)]; info.Imm == wasm.ImmNone && op>>8 != 0xfd {
			n.arity, n.operand, n.result, n.ok = numeric(info)
		}
	}
	return
}()

// numericIndex folds the two ranges of opcodes that hold numeric operators of
// scalars into one; 0xff is no opcode.
func numericIndex(op wasm.Opcode) int {
	switch op >> 8 {
	case 0:
		return int(op)
	case 0xfc:
		return 0x100 | int(op&0xff)
	}
	return 0xff
}

// OpResult returns the kind of the operator's value, None when it is none of
// those that Un and Bin may hold.
func OpResult(op wasm.Opcode) Kind {
	_, _, result, _ := Numeric(op)
	return result
}

// Inverse returns the comparison that is true when op is false; ok is false where
// there is none.
func Inverse(op wasm.Opcode) (inverted wasm.Opcode, ok bool) {
	inverted, ok = inverse[op]
	return inverted, ok
}

// numeric reads a row of the operator table: fixed signatures of numbers only.
func numeric(info *wasm.OpInfo) (arity int, operand, result Kind, ok bool) {
	if !info.Fixed || len(info.Results) != 1 || len(info.Params) < 1 || len(info.Params) > 2 {
		return 0, None, None, false
	}
	operand, result = kinds[info.Params[0]], kinds[info.Results[0]]
	ok = operand != None && result != None && (len(info.Params) == 1 || info.Params[1] == info.Params[0])
	return len(info.Params), operand, result, ok
}

var kinds = map[wasm.ValType]Kind{wasm.I32: I32, wasm.I64: I64, wasm.F32: F32, wasm.F64: F64}
