package ir

import "github.com/univrs/vudo/internal/wasm"

// Numeric reports whether op is a numeric operator that Un (arity 1) or Bin (2)
// may hold, and gives its operand and result kinds.
func Numeric(op wasm.Opcode) (arity int, operand, result Kind, ok bool) {
	info, known := wasm.Op(op)
	if !known || info.Imm != wasm.ImmNone {
		return 0, None, None, false
	}
	return numeric(info)
}

// OpResult returns the kind of the operator's value, None when it is none of
// those that Un and Bin may hold.
func OpResult(op wasm.Opcode) Kind {
	_, _, result, _ := Numeric(op)
	return result
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
