package codegen

import (
	"math/bits"

	"github.com/univrs/vudo/internal/wasm"
)

// set is a set of virtual locals.
type set []uint64

func newSet(n int) set { return make(set, (n+63)/64) }

func (s set) has(i uint32) bool { return s[i>>6]>>(i&63)&1 != 0 }
func (s set) add(i uint32)      { s[i>>6] |= 1 << (i & 63) }
func (s set) remove(i uint32)   { s[i>>6] &^= 1 << (i & 63) }

func (s set) union(t set) {
	for i, w := range t {
		s[i] |= w
	}
}

// each calls f with the elements in order.
func (s set) each(f func(i uint32)) {
	for w, b := range s {
		for ; b != 0; b &= b - 1 {
			f(uint32(w<<6 + bits.TrailingZeros64(b)))
		}
	}
}

// liveness walks code backwards and knows which virtual locals are read later.
// The structure of the code says where branches lead: those to blocks lead to
// what the walk has seen, those to loops to a head that is still to come. So the
// walk is repeated until the heads of the loops no longer change; the nesting of
// loops bounds how often.
type liveness struct {
	code  []instr
	match []int
	live  set
	heads map[int]set // at the heads of loops, by index
	ends  []frame
	at    []set // where a branch to the label leads
	spare []set
}

type frame struct {
	end       set // behind the block
	otherwise set // at the beginning of the else arm, nil without
}

func newLiveness(code []instr, locals int) *liveness {
	l := &liveness{code: code, match: matches(code), live: newSet(locals), heads: map[int]set{}, at: make([]set, labelCount(code))}
	for l.pass(nil) {
		continue
	}
	return l
}

// visit calls f for each instruction, the last first, with what is live behind
// it. f must not change the set.
func (l *liveness) visit(f func(i int, live set)) { l.pass(f) }

func (l *liveness) pass(f func(i int, live set)) (changed bool) {
	clear(l.live)
	for i := len(l.code) - 1; i >= 0; i-- {
		if f != nil {
			f(i, l.live)
		}
		switch in := &l.code[i]; in.op {
		case wasm.OpLocalGet, opKeep:
			l.live.add(in.x)
		case wasm.OpLocalSet, wasm.OpLocalTee:
			l.live.remove(in.x)
		case wasm.OpEnd:
			o := l.match[i]
			l.ends = append(l.ends, frame{end: l.copy(l.live)})
			if l.code[o].op != wasm.OpLoop {
				l.at[l.code[o].x] = l.ends[len(l.ends)-1].end
				break
			}
			if l.heads[o] == nil {
				l.heads[o] = newSet(64 * len(l.live))
			}
			l.at[l.code[o].x] = l.heads[o]
		case wasm.OpElse:
			top := &l.ends[len(l.ends)-1]
			top.otherwise = l.copy(l.live)
			copy(l.live, top.end)
		case wasm.OpIf:
			top := l.ends[len(l.ends)-1]
			if top.otherwise != nil {
				l.live.union(top.otherwise)
			} else {
				l.live.union(top.end)
			}
			l.pop()
		case wasm.OpBlock:
			l.pop()
		case wasm.OpLoop:
			head := l.heads[i]
			for w, b := range l.live {
				changed = changed || b&^head[w] != 0
				head[w] |= b
			}
			l.pop()
		case wasm.OpBr:
			copy(l.live, l.at[in.x])
		case wasm.OpBrIf:
			l.live.union(l.at[in.x])
		case wasm.OpBrTable:
			clear(l.live)
			for _, x := range in.labels {
				l.live.union(l.at[x])
			}
		case wasm.OpReturn, wasm.OpUnreachable:
			clear(l.live)
		}
	}
	return changed
}

func (l *liveness) copy(s set) set {
	if n := len(l.spare); n > 0 {
		c := l.spare[n-1]
		l.spare = l.spare[:n-1]
		copy(c, s)
		return c
	}
	return append(set(nil), s...)
}

func (l *liveness) pop() {
	top := l.ends[len(l.ends)-1]
	l.ends = l.ends[:len(l.ends)-1]
	l.spare = append(l.spare, top.end)
	if top.otherwise != nil {
		l.spare = append(l.spare, top.otherwise)
	}
}
