package ir

import (
	"math"

	"github.com/univrs/vudo/internal/wasm"
)

// less is a comparison x < y, or its opposite.
type less struct {
	op      wasm.Opcode // LtS or LtU of the width
	x, y    Expr
	negated bool
}

// comparisons says how to read an operator as less: swapped, negated.
var comparisons = map[wasm.Opcode]struct {
	op               wasm.Opcode
	swapped, negated bool
}{
	wasm.OpI32LtS: {wasm.OpI32LtS, false, false}, wasm.OpI32GeS: {wasm.OpI32LtS, false, true},
	wasm.OpI32GtS: {wasm.OpI32LtS, true, false}, wasm.OpI32LeS: {wasm.OpI32LtS, true, true},
	wasm.OpI32LtU: {wasm.OpI32LtU, false, false}, wasm.OpI32GeU: {wasm.OpI32LtU, false, true},
	wasm.OpI32GtU: {wasm.OpI32LtU, true, false}, wasm.OpI32LeU: {wasm.OpI32LtU, true, true},
	wasm.OpI64LtS: {wasm.OpI64LtS, false, false}, wasm.OpI64GeS: {wasm.OpI64LtS, false, true},
	wasm.OpI64GtS: {wasm.OpI64LtS, true, false}, wasm.OpI64LeS: {wasm.OpI64LtS, true, true},
	wasm.OpI64LtU: {wasm.OpI64LtU, false, false}, wasm.OpI64GeU: {wasm.OpI64LtU, false, true},
	wasm.OpI64GtU: {wasm.OpI64LtU, true, false}, wasm.OpI64LeU: {wasm.OpI64LtU, true, true},
}

func asLess(e *Bin) (less, bool) {
	c, ok := comparisons[e.Op]
	l := less{c.op, e.X, e.Y, c.negated}
	if c.swapped {
		l.x, l.y = e.Y, e.X
	}
	return l, ok
}

func isSigned(op wasm.Opcode) bool { return op == wasm.OpI32LtS || op == wasm.OpI64LtS }

// signedLess is the signed comparison of the same width.
func signedLess(op wasm.Opcode) wasm.Opcode {
	if op == wasm.OpI32LtU {
		return wasm.OpI32LtS
	}
	if op == wasm.OpI64LtU {
		return wasm.OpI64LtS
	}
	return op
}

// consequence is something that is known when a condition holds: that a value is
// not zero, or is, and that another one has a bound.
type consequence struct {
	of    value
	truth bool
	bound *bound
}

// consequences returns what follows when a condition holds, or does not.
func (p *propagator) consequences(e Expr, truth bool) []consequence {
	switch e := e.(type) {
	case *Const:
		return nil
	case *Un:
		if e.Op == wasm.OpI32Eqz {
			return p.consequences(e.X, !truth)
		}
	case *Bin:
		bools := isBool(e.X) && isBool(e.Y)
		switch {
		case bools && e.Op == wasm.OpI32And && truth, bools && e.Op == wasm.OpI32Or && !truth:
			return append(p.consequences(e.X, truth), p.consequences(e.Y, truth)...)
		}
	}
	list := []consequence{{of: p.value(e), truth: truth}}
	b, ok := e.(*Bin)
	if !ok {
		return list
	}
	if op, ok := inverse[b.Op]; ok { // the same question asked the other way
		list = append(list, consequence{of: p.binary(op, p.value(b.X), p.value(b.Y)), truth: !truth})
	}
	if l, ok := asLess(b); ok {
		x, y := p.value(l.x), p.value(l.y)
		holds := truth != l.negated
		list = append(list, consequence{of: p.binary(l.op, x, y), truth: holds})
		if !isSigned(l.op) {
			return list
		}
		if !holds {
			x, y = y, x
		}
		list = append(list,
			consequence{of: x, bound: &bound{y, holds, false}}, consequence{of: y, bound: &bound{x, holds, true}})
	}
	return list
}

// assume goes on with what is known.
func (p *propagator) assume(list []consequence) {
	for _, c := range list {
		if c.bound != nil {
			p.addBound(c.of, *c.bound)
		} else {
			p.setKnown(c.of, c.truth)
		}
	}
}

// truth reports whether a condition is known to hold, or not to.
func (p *propagator) truth(e Expr) (truth, ok bool) {
	switch e := e.(type) {
	case *Const:
		return e.Bits != 0, true
	case *Un:
		if e.Op == wasm.OpI32Eqz {
			t, ok := p.truth(e.X)
			return !t, ok
		}
	case *Bin:
		if l, ok := asLess(e); ok {
			if t, ok := p.isLess(l.op, p.value(l.x), p.value(l.y)); ok {
				return t != l.negated, true
			}
		}
		if t, ok := p.isEqual(e); ok {
			return t, true
		}
	}
	v := p.value(e)
	if t, ok := p.known[v]; ok {
		return t, true
	}
	if e.Kind() != I32 {
		return false, false
	}
	f := p.spanOf(v)
	return f.lo > 0 || f.hi < 0, f.lo > 0 || f.hi < 0 || f.lo == 0 && f.hi == 0
}

// isEqual decides equality of integers.
func (p *propagator) isEqual(e *Bin) (truth, ok bool) {
	switch e.Op {
	case wasm.OpI32Eq, wasm.OpI64Eq, wasm.OpI32Ne, wasm.OpI64Ne:
	default:
		return false, false
	}
	equal := e.Op == wasm.OpI32Eq || e.Op == wasm.OpI64Eq
	x, y := p.value(e.X), p.value(e.Y)
	if x == y {
		return equal, true
	}
	a, b := p.spanOf(x), p.spanOf(y)
	return !equal, a.hi < b.lo || b.hi < a.lo
}

// isLess decides x < y.
func (p *propagator) isLess(op wasm.Opcode, x, y value) (truth, ok bool) {
	if x == y {
		return false, true
	}
	a, b := p.spanOf(x), p.spanOf(y)
	if !isSigned(op) {
		switch {
		case p.notNegative(op, x) && p.notNegative(op, y):
			if t, ok := p.isLess(signedLess(op), x, y); ok {
				return t, true
			}
		case p.notNegative(op, x):
			// Below something as signed numbers, that is positive too.
			if t, ok := p.isLess(signedLess(op), x, y); ok && t {
				return true, true
			}
			if b.hi < 0 {
				return true, true
			}
		case a.hi < 0 && b.lo >= 0:
			return false, true
		}
	} else {
		switch {
		case a.hi < b.lo:
			return true, true
		case a.lo >= b.hi:
			return false, true
		case p.below(x, y, true, 3):
			return true, true
		case p.below(y, x, false, 3):
			return false, true
		}
	}
	t, ok := p.known[p.binary(op, x, y)]
	return t, ok
}

// notNegative reports whether x is known to be at least 0 as a signed number.
func (p *propagator) notNegative(op wasm.Opcode, x value) bool {
	if p.spanOf(x).lo >= 0 {
		return true
	}
	k := I32
	if op == wasm.OpI64LtU || op == wasm.OpI64LtS {
		k = I64
	}
	negative, ok := p.known[p.binary(signedLess(op), x, p.constant(&Const{K: k}))]
	return ok && !negative
}

// maxSpanDepth is how deep spanOf looks into operands.
const maxSpanDepth = 4

// spanOf returns the range of a value at this point: what is so for good, and
// what follows from the conditions around.
func (p *propagator) spanOf(v value) span { return p.spanTo(v, maxSpanDepth) }

func (p *propagator) spanTo(v value, depth int) span {
	f := p.facts[v]
	s := f.span
	list := p.bounds[v]
	for _, b := range list[max(0, len(list)-maxPaths):] {
		t, by := p.facts[b.than].span, int64(0)
		if b.strict {
			by = 1
		}
		// A bound at the end of its own range says nothing more.
		switch {
		case b.above && t.lo < math.MaxInt64:
			s.lo = max(s.lo, t.lo+by)
		case !b.above && t.hi > math.MinInt64:
			s.hi = min(s.hi, t.hi-by)
		}
	}
	if depth > 0 && f.op != 0 && f.constant == nil {
		var t span
		switch arity, operand, _, _ := Numeric(f.op); {
		case operand != I32 && operand != I64:
			t = full(OpResult(f.op))
		case arity == 1:
			t = spanUn(f.op, p.spanTo(f.x, depth-1))
		default:
			t = spanBin(f.op, p.spanTo(f.x, depth-1), p.spanTo(f.y, depth-1))
		}
		s = s.and(t)
	}
	return s
}

// below reports whether x < y is known, or x <= y unless strict, by a chain of
// bounds. A value that is another one plus a constant stands for it.
func (p *propagator) below(x, y value, strict bool, depth int) bool {
	a, b := p.facts[x], p.facts[y]
	if a.base == b.base && (a.offset < b.offset || !strict && a.offset == b.offset) {
		return true
	}
	if a.hi < b.lo || !strict && a.hi == b.lo {
		return true
	}
	if depth == 0 {
		return false
	}
	list := p.bounds[x]
	for _, c := range list[max(0, len(list)-maxPaths):] {
		if !c.above && p.below(c.than, y, strict && !c.strict, depth-1) {
			return true
		}
	}
	// x = base + offset, offset below 0: what is known of base holds for x more so.
	if a.offset < 0 && a.base != x && p.below(a.base, y, false, depth-1) {
		return true
	}
	return false
}
