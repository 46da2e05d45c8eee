package ir

import "math/bits"

// places numbers what the program can change besides locals: a field of the
// struct that declares it, for all its descendants; the elements of all arrays
// of one type; a global.
type places struct {
	first   []int // by Object.ID: the number of its first own field, or of its elements
	global  int   // the number of the first global
	n       int
	bytes   int       // the elements of arrays of bytes, -1 without
	effects []*effect // by Func.ID, the last for calls of closures

	// written has the places that anything writes, but the start function its
	// globals: while another function runs, those do not change.
	written bitset
}

// effect is what a call may write, with all that is called from there.
type effect struct {
	writes bitset
	few    []int // the same as a list, unless many
	many   bool
}

// maxFew is how many places a list is worth making for.
const maxFew = 32

// bitset is a set of small numbers.
type bitset []uint64

func (b bitset) has(i int) bool { return b[i/64]>>(i%64)&1 != 0 }

func (b bitset) add(i int) { b[i/64] |= 1 << (i % 64) }

func (b bitset) union(c bitset) {
	for i, w := range c {
		b[i] |= w
	}
}

func (b bitset) empty() bool {
	for _, w := range b {
		if w != 0 {
			return false
		}
	}
	return true
}

// newPlaces numbers the places of m and finds what its functions write.
func newPlaces(m *Module, g *callGraph) *places {
	p := &places{first: make([]int, len(m.Objects)), bytes: -1}
	for i, o := range m.Objects {
		p.first[i] = p.n
		switch {
		case o.Array:
			p.n++
		case o.Parent != nil:
			p.n += len(o.Fields) - len(o.Parent.Fields)
		default:
			p.n += len(o.Fields)
		}
	}
	if b := m.BytesObject(); b != nil {
		p.bytes = p.elems(b)
	}
	p.global = p.n
	p.n += len(m.Globals)
	p.find(m, g)
	return p
}

// field returns the place of a field.
func (p *places) field(o *Object, i int) int {
	for o.Parent != nil && i < len(o.Parent.Fields) {
		o = o.Parent
	}
	if o.Parent != nil {
		i -= len(o.Parent.Fields)
	}
	return p.first[o.ID] + i
}

// elems returns the place of the elements of the arrays of a type.
func (p *places) elems(o *Object) int { return p.first[o.ID] }

func (p *places) globalOf(g *Global) int { return p.global + g.ID }

// find computes the effects: what each function writes itself and what those
// that it calls write, callees first.
func (p *places) find(m *Module, g *callGraph) {
	words := (p.n + 63) / 64
	p.written = make(bitset, words)
	p.effects = make([]*effect, len(m.Funcs)+1)
	own := make(bitset, words)
	for _, component := range g.components {
		clear(own)
		for _, f := range component {
			if f < len(m.Funcs) {
				p.direct(m.Funcs[f].Body, own, false)
				p.direct(m.Funcs[f].Body, p.written, m.Funcs[f] == m.Start)
			}
		}
		e := p.effectOf(component, own, g)
		for _, f := range component {
			p.effects[f] = e
		}
	}
}

// nothing is the effect of functions that write nothing.
var nothing = &effect{}

// effectOf joins what functions write themselves with the effects of those that
// they call. Most functions have the effect of one that they call, or none: they
// share it, so that the sets stay few.
func (p *places) effectOf(component []int, own bitset, g *callGraph) *effect {
	e, shared := nothing, true
	if !own.empty() {
		e, shared = &effect{writes: append(bitset(nil), own...)}, false
	}
	for _, f := range component {
		for _, c := range g.callees[f] {
			switch callee := p.effects[c]; {
			case callee == nil || callee == nothing || callee == e: // nil: of the component
			case e == nothing:
				e = callee
			default:
				if shared {
					e, shared = &effect{writes: append(bitset(nil), e.writes...)}, false
				}
				e.writes.union(callee.writes)
			}
		}
	}
	if !shared {
		e.list()
	}
	return e
}

// direct adds the places that the statements themselves write.
func (p *places) direct(list []Stmt, to bitset, start bool) {
	everyStmt(list, func(s Stmt) {
		switch s := s.(type) {
		case *SetField:
			to.add(p.field(s.Object, s.Index))
		case *SetElem:
			to.add(p.elems(s.Object))
		case *CopyElems:
			to.add(p.elems(s.Object))
		case *FillElems:
			to.add(p.elems(s.Object))
		case *SetGlobal:
			if !start {
				to.add(p.globalOf(s.Global))
			}
		}
	})
	everyExpr(list, func(e Expr) {
		if c, ok := e.(*CallHost); ok && p.fills(c) {
			to.add(p.bytes)
		}
	})
}

// fills reports whether the host may write into an argument.
func (p *places) fills(c *CallHost) bool {
	for _, k := range c.Import.Params {
		if k == HostBytes {
			return true
		}
	}
	return false
}

func (e *effect) list() {
	for w, word := range e.writes {
		for ; word != 0; word &= word - 1 {
			if len(e.few) == maxFew {
				e.few, e.many = nil, true
				return
			}
			e.few = append(e.few, w*64+bits.TrailingZeros64(word))
		}
	}
}
