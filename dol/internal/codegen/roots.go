package codegen

import (
	"slices"

	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/internal/wasm"
)

// A function that calls what may collect writes the references that live across
// the call into its frame on the shadow stack, just before the call, packed: the
// collector sees what is alive and nothing else. Objects do not move, so nothing
// is read back.
//
// The global sp is the end of all frames. A function finds its own frame there
// when it is entered, and sets sp behind the references it has written before
// each such call; it does not put sp back, since its caller sets sp before it
// calls the next time. An exported function begins with an empty stack, so what a
// trap has left there is gone.

// stackReserve is room that frames leave for the collector's stack of marks.
const stackReserve = 1 << 10

// roots inserts the writes. A function that has no reference to write, and none
// of whose calls needs sp to be where it is at entry, is left as it is.
func (u *unit) roots(r *runtime) {
	across := map[int][]uint32{} // of a call: what lives across
	most, calls := 0, 0
	if !slices.ContainsFunc(u.code, func(in instr) bool { return in.collects }) {
		return
	}
	newLiveness(u.code, len(u.kinds)).visit(func(i int, live set) {
		if !u.code[i].collects {
			return
		}
		calls++
		var refs []uint32
		live.each(func(x uint32) {
			if u.kinds[x] == ir.Ref {
				refs = append(refs, x)
			}
		})
		across[i] = refs
		most = max(most, len(refs))
	})
	if most == 0 {
		return // sp is where the caller has set it, and stays there or above
	}
	frame := uint32(len(u.kinds))
	u.kinds = append(u.kinds, ir.I32)
	code := u.enter(r, frame, most)
	for i, in := range u.code {
		if in.collects {
			code = u.writeRoots(code, r, frame, across[i])
		}
		code = append(code, in)
	}
	u.code = code
}

// enter emits the head of the function: where the frame is, and whether it has
// room.
func (u *unit) enter(r *runtime, frame uint32, most int) []instr {
	label := uint32(labelCount(u.code))
	return append(make([]instr, 0, len(u.code)*3/2+16),
		instr{op: wasm.OpGlobalGet, global: r.sp},
		instr{op: wasm.OpLocalTee, x: frame},
		instr{op: wasm.OpI32Const, sym: symStackEnd, imm: uint64(-uint32(stackReserve + 4*most))},
		instr{op: wasm.OpI32GtU},
		instr{op: wasm.OpIf, x: label, imm: uint64(void)},
		instr{op: wasm.OpCall, fn: r.overflow, pos: u.f.Pos},
		instr{op: wasm.OpUnreachable},
		instr{op: wasm.OpEnd},
	)
}

func (u *unit) writeRoots(code []instr, r *runtime, frame uint32, refs []uint32) []instr {
	for i, x := range refs {
		code = append(code,
			instr{op: wasm.OpLocalGet, x: frame},
			instr{op: wasm.OpLocalGet, x: x},
			instr{op: wasm.OpI32Store, x: 2, imm: uint64(4 * i)},
		)
	}
	code = append(code, instr{op: wasm.OpLocalGet, x: frame})
	if len(refs) > 0 {
		code = append(code, instr{op: wasm.OpI32Const, imm: uint64(4 * len(refs))}, instr{op: wasm.OpI32Add})
	}
	return append(code, instr{op: wasm.OpGlobalSet, global: r.sp})
}
