package codegen

import "github.com/univrs/vudo/internal/wasm"

// peephole replaces patterns by cheaper ones until none is left, or, in code that
// is made for it, for some rounds.
func (u *unit) peephole() {
	for range 10 {
		changed := u.patterns()
		if !u.locals() && !changed {
			return
		}
	}
}

// nothing marks an instruction that is to be removed.
const nothing = wasm.OpNop

func (u *unit) compact() bool {
	kept := u.code[:0]
	for _, in := range u.code {
		if in.op != nothing {
			kept = append(kept, in)
		}
	}
	changed := len(kept) < len(u.code)
	u.code = kept
	return changed
}

// inverse are the comparisons that hold just when the other does not; with NaN
// those of floats are not.
var inverse = map[wasm.Opcode]wasm.Opcode{
	wasm.OpI32Eq: wasm.OpI32Ne, wasm.OpI32Ne: wasm.OpI32Eq,
	wasm.OpI32LtS: wasm.OpI32GeS, wasm.OpI32GeS: wasm.OpI32LtS, wasm.OpI32LtU: wasm.OpI32GeU, wasm.OpI32GeU: wasm.OpI32LtU,
	wasm.OpI32GtS: wasm.OpI32LeS, wasm.OpI32LeS: wasm.OpI32GtS, wasm.OpI32GtU: wasm.OpI32LeU, wasm.OpI32LeU: wasm.OpI32GtU,
	wasm.OpI64Eq: wasm.OpI64Ne, wasm.OpI64Ne: wasm.OpI64Eq,
	wasm.OpI64LtS: wasm.OpI64GeS, wasm.OpI64GeS: wasm.OpI64LtS, wasm.OpI64LtU: wasm.OpI64GeU, wasm.OpI64GeU: wasm.OpI64LtU,
	wasm.OpI64GtS: wasm.OpI64LeS, wasm.OpI64LeS: wasm.OpI64GtS, wasm.OpI64GtU: wasm.OpI64LeU, wasm.OpI64LeU: wasm.OpI64GtU,
	wasm.OpF32Eq: wasm.OpF32Ne, wasm.OpF32Ne: wasm.OpF32Eq, wasm.OpF64Eq: wasm.OpF64Ne, wasm.OpF64Ne: wasm.OpF64Eq,
}

// patterns replaces what two neighbours say.
func (u *unit) patterns() bool {
	found := false
	remove := func(i, j int) {
		u.code[i].op, u.code[j].op = nothing, nothing
		found = true
	}
	for i := 0; i+1 < len(u.code); i++ {
		a, b := &u.code[i], &u.code[i+1]
		switch {
		case b.op == wasm.OpDrop && a.pushes():
			remove(i, i+1)
		case b.op == wasm.OpDrop && a.op == wasm.OpLocalTee:
			a.op = wasm.OpLocalSet
			b.op = nothing
			found = true
		case a.op == wasm.OpI32Eqz && (b.op == wasm.OpBrIf || b.op == wasm.OpIf) && i > 0 && u.code[i-1].op == wasm.OpI32Eqz:
			remove(i-1, i)
		case b.op == wasm.OpI32Eqz && inverse[a.op] != 0:
			a.op, b.op = inverse[a.op], nothing
			found = true
		case a.op == wasm.OpI32Const && a.imm == 0 && a.sym == symNone && b.op == wasm.OpI32Eq:
			a.op, b.op = wasm.OpI32Eqz, nothing
			found = true
		case a.op == wasm.OpI64Const && a.imm == 0 && b.op == wasm.OpI64Eq:
			a.op, b.op = wasm.OpI64Eqz, nothing
			found = true
		case a.op == wasm.OpI32Const && a.imm == 0 && a.sym == symNone && b.op == wasm.OpI32Ne && i+2 < len(u.code) &&
			(u.code[i+2].op == wasm.OpBrIf || u.code[i+2].op == wasm.OpIf):
			remove(i, i+1)
		case a.op == wasm.OpLocalGet && b.op == wasm.OpLocalSet && a.x == b.x:
			remove(i, i+1)
		case a.op == wasm.OpLocalGet && b.op == wasm.OpLocalTee && a.x == b.x:
			b.op = nothing
			found = true
		}
	}
	u.compact()
	return found
}

// locals removes writes that nobody reads, and turns a write with a read behind
// it into one instruction.
func (u *unit) locals() bool {
	found := false
	newLiveness(u.code, len(u.kinds)).visit(func(i int, live set) {
		in := &u.code[i]
		dead := (in.op == wasm.OpLocalSet || in.op == wasm.OpLocalTee) && !live.has(in.x)
		switch {
		case dead && in.op == wasm.OpLocalSet:
			in.op, found = wasm.OpDrop, true
		case dead:
			in.op, found = nothing, true
		case in.op == wasm.OpLocalGet && i > 0 && u.code[i-1].op == wasm.OpLocalSet && u.code[i-1].x == in.x:
			u.code[i-1].op, in.op, found = wasm.OpLocalTee, nothing, true
		}
	})
	u.compact()
	return found
}
