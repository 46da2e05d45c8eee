package codegen

import (
	"slices"

	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/internal/wasm"
)

// A function that calls what may collect writes the references that live across
// the call into a frame on the shadow stack, just before the call, packed: the
// collector sees what is alive and nothing else. Objects do not move, so nothing
// is read back.
//
// The global sp is the end of all frames. A function leaves it as it was: it
// raises it for such a call, and lowers it before anything else can ask for it. An exported function begins
// with an empty stack, so what a trap has left there is gone.

// stackReserve is room that frames leave for the collector's stack of marks.
const stackReserve = 1 << 10

// site is a call with references that live across it.
type site struct {
	refs   []uint32
	nested bool // in a block, and in no loop: it may not be come to
}

// roots inserts the writes. A function without references to write pays nothing.
func (u *unit) roots(r *runtime) {
	sites, most := u.sites()
	if len(sites) == 0 {
		return
	}
	// Where the frame is, is asked at the entry, or at calls that are few and
	// perhaps on no path that is taken.
	late := len(sites) <= 2
	for _, s := range sites {
		late = late && s.nested
	}
	frame := uint32(len(u.kinds))
	u.kinds = append(u.kinds, ir.I32)
	label := uint32(labelCount(u.code))
	code := make([]instr, 0, len(u.code)*3/2+16)
	if !late {
		code = u.enter(code, r, frame, label, most)
	}
	for i, in := range u.code {
		s := sites[i]
		if s == nil {
			code = append(code, in)
			continue
		}
		if late {
			code = u.enter(code, r, frame, label, len(s.refs))
			label++
		}
		code = append(writeRoots(code, r, frame, s.refs), in)
		if late || u.lowers(i, sites) { // the next late one asks for sp
			code = append(code, instr{op: wasm.OpLocalGet, x: frame}, instr{op: wasm.OpGlobalSet, global: r.sp})
		}
	}
	u.code = code
}

// lowers reports whether sp must be put back behind the call at i: not where the
// next call sets it anyway, nor where no path goes on.
func (u *unit) lowers(i int, sites map[int]*site) bool {
	for k := i + 1; k < len(u.code); k++ {
		switch in := &u.code[k]; {
		case sites[k] != nil || in.op == wasm.OpUnreachable:
			return false
		case in.collects || in.opens():
			return true
		}
		switch u.code[k].op {
		case wasm.OpElse, wasm.OpEnd, wasm.OpBr, wasm.OpBrIf, wasm.OpBrTable, wasm.OpReturn:
			return true
		}
	}
	return true
}

// sites finds the calls, by index, and the most references of one.
func (u *unit) sites() (sites map[int]*site, most int) {
	sites = map[int]*site{}
	if !slices.ContainsFunc(u.code, func(in instr) bool { return in.collects }) {
		return nil, 0
	}
	newLiveness(u.code, len(u.kinds)).visit(func(i int, live set) {
		if !u.code[i].collects {
			return
		}
		var refs []uint32
		live.each(func(x uint32) {
			if u.kinds[x] == ir.Ref {
				refs = append(refs, x)
			}
		})
		if len(refs) > 0 {
			sites[i] = &site{refs: refs}
			most = max(most, len(refs))
		}
	})
	var open []instr
	loops := 0
	for i := range u.code {
		switch in := &u.code[i]; {
		case in.opens():
			open = append(open, *in)
			if in.op == wasm.OpLoop {
				loops++
			}
		case in.op == wasm.OpEnd:
			if open[len(open)-1].op == wasm.OpLoop {
				loops--
			}
			open = open[:len(open)-1]
		case sites[i] != nil:
			sites[i].nested = len(open) > 0 && loops == 0
		}
	}
	return sites, most
}

// enter finds the frame, and checks that it has room.
func (u *unit) enter(code []instr, r *runtime, frame, label uint32, most int) []instr {
	return append(code,
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

func writeRoots(code []instr, r *runtime, frame uint32, refs []uint32) []instr {
	for i, x := range refs {
		code = append(code,
			instr{op: wasm.OpLocalGet, x: frame},
			instr{op: wasm.OpLocalGet, x: x},
			instr{op: wasm.OpI32Store, x: 2, imm: uint64(4 * i)},
		)
	}
	return append(code,
		instr{op: wasm.OpLocalGet, x: frame},
		instr{op: wasm.OpI32Const, imm: uint64(4 * len(refs))},
		instr{op: wasm.OpI32Add},
		instr{op: wasm.OpGlobalSet, global: r.sp},
	)
}
