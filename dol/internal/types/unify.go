package types

import (
	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/dol/internal/typed"
)

// varKind says which types a variable may stand for.
type varKind uint8

const (
	anyVar   varKind = iota
	intVar           // an integer literal: any number, i64 when nothing says more
	floatVar         // a float literal: f32 or f64, f64 when nothing says more
)

// tvar stands for a type that is not known yet. It never leaves the checker:
// settle replaces it in everything that was built.
type tvar struct {
	typed.Type // nil; lends the method that makes a tvar a type
	ref        typed.Type
	kind       varKind
	at         syntax.Span
	size       int    // how many variables were bound to it
	what       string // "the elements of this list", for cannot-infer; "": not reported
}

// String names an unknown type in a message.
func (v *tvar) String() string {
	switch {
	case v.ref != nil:
		return v.ref.String()
	case v.kind == intVar:
		return "integer"
	case v.kind == floatVar:
		return "float"
	}
	return "_"
}

var (
	tInvalid = typed.Basics[typed.Invalid]
	tUnit    = typed.Basics[typed.Unit]
	tNever   = typed.Basics[typed.Never]
	tBool    = typed.Basics[typed.Bool]
	tChar    = typed.Basics[typed.Char]
	tI64     = typed.Basics[typed.I64]
	tF64     = typed.Basics[typed.F64]
	tString  = typed.Basics[typed.String]
)

// prune returns what t stands for, as far as its head is known.
func prune(t typed.Type) typed.Type {
	for {
		v, ok := t.(*tvar)
		if !ok || v.ref == nil {
			return t
		}
		t = v.ref
	}
}

// hasVars reports whether a variable, bound or not, occurs in t.
func hasVars(t typed.Type) bool {
	switch t := t.(type) {
	case *tvar:
		return true
	case *typed.Named:
		return anyHasVars(t.Args)
	case *typed.Tuple:
		return anyHasVars(t.Elems)
	case *typed.FuncType:
		return anyHasVars(t.Params) || hasVars(t.Result)
	case *typed.Array:
		return hasVars(t.Elem)
	}
	return false
}

func anyHasVars(ts []typed.Type) bool {
	for _, t := range ts {
		if hasVars(t) {
			return true
		}
	}
	return false
}

// resolve replaces the bound variables in t.
func resolve(t typed.Type) typed.Type {
	if !hasVars(t) {
		return t
	}
	switch t := t.(type) {
	case *tvar:
		p := prune(t)
		if p == typed.Type(t) || p == nil {
			return t
		}
		if _, ok := p.(*tvar); ok {
			return p
		}
		return resolve(p)
	case *typed.Named:
		return &typed.Named{Decl: t.Decl, Args: resolveAll(t.Args)}
	case *typed.Tuple:
		return &typed.Tuple{Elems: resolveAll(t.Elems)}
	case *typed.FuncType:
		return &typed.FuncType{Params: resolveAll(t.Params), Result: resolve(t.Result)}
	case *typed.Array:
		return &typed.Array{Elem: resolve(t.Elem)}
	}
	return t
}

func resolveAll(ts []typed.Type) []typed.Type {
	out := make([]typed.Type, len(ts))
	for i, t := range ts {
		out[i] = resolve(t)
	}
	return out
}

// apply is Subst.Apply for types that may hold variables.
func apply(s typed.Subst, t typed.Type) typed.Type {
	if len(s) == 0 {
		return t
	}
	switch t := t.(type) {
	case *typed.Param:
		if u, ok := s[t.Decl]; ok {
			return u
		}
	case *typed.Named:
		if len(t.Args) > 0 {
			return &typed.Named{Decl: t.Decl, Args: applyAll(s, t.Args)}
		}
	case *typed.Tuple:
		return &typed.Tuple{Elems: applyAll(s, t.Elems)}
	case *typed.FuncType:
		return &typed.FuncType{Params: applyAll(s, t.Params), Result: apply(s, t.Result)}
	case *typed.Array:
		return &typed.Array{Elem: apply(s, t.Elem)}
	case *tvar:
		if t.ref != nil {
			return apply(s, prune(t))
		}
	}
	return t
}

func applyAll(s typed.Subst, ts []typed.Type) []typed.Type {
	out := make([]typed.Type, len(ts))
	for i, t := range ts {
		out[i] = apply(s, t)
	}
	return out
}

// maxTypeSize bounds how large a type may grow while it is inferred: a program
// that doubles a type in each statement must not fill memory.
const maxTypeSize = 4096

// unify makes a and b the same type and reports whether that is possible. When it
// is not, no variable has changed.
func (c *checker) unify(a, b typed.Type) bool {
	mark := len(c.trail)
	budget := maxTypeSize
	if c.unifyIn(a, b, &budget) {
		return true
	}
	c.undo(mark)
	return false
}

// undo takes back the bindings made since mark.
func (c *checker) undo(mark int) {
	for _, v := range c.trail[mark:] {
		v.ref = nil
	}
	c.trail = c.trail[:mark]
}

func (c *checker) bind(v *tvar, t typed.Type) {
	v.ref = t
	c.trail = append(c.trail, v)
}

// tooLarge reports whether t is made of more than maxTypeSize parts, counted as
// often as they occur.
func tooLarge(t typed.Type) bool {
	budget := maxTypeSize
	return exceeds(t, &budget)
}

func exceeds(t typed.Type, budget *int) bool {
	if *budget--; *budget < 0 {
		return true
	}
	any := func(ts []typed.Type) bool {
		for _, t := range ts {
			if exceeds(t, budget) {
				return true
			}
		}
		return false
	}
	switch t := prune(t).(type) {
	case *typed.Named:
		return any(t.Args)
	case *typed.Tuple:
		return any(t.Elems)
	case *typed.FuncType:
		return any(t.Params) || exceeds(t.Result, budget)
	case *typed.Array:
		return exceeds(t.Elem, budget)
	}
	return false
}

func (c *checker) unifyIn(a, b typed.Type, budget *int) bool {
	if *budget--; *budget < 0 {
		return false
	}
	a, b = prune(a), prune(b)
	if a == b {
		return true
	}
	va, isA := a.(*tvar)
	vb, isB := b.(*tvar)
	switch {
	case isA && isB:
		// The one that more variables stand for stays, so that chains are short.
		if va.kind > vb.kind || va.kind == vb.kind && va.size > vb.size {
			va, vb = vb, va
		}
		vb.size += va.size + 1
		c.bind(va, vb)
		return true
	case isA:
		return c.bindTo(va, b, budget)
	case isB:
		return c.bindTo(vb, a, budget)
	}
	if a == typed.Type(tInvalid) || b == typed.Type(tInvalid) {
		return true
	}
	switch a := a.(type) {
	case *typed.Named:
		b, ok := b.(*typed.Named)
		return ok && a.Decl == b.Decl && c.unifyAll(a.Args, b.Args, budget)
	case *typed.Tuple:
		b, ok := b.(*typed.Tuple)
		return ok && c.unifyAll(a.Elems, b.Elems, budget)
	case *typed.FuncType:
		b, ok := b.(*typed.FuncType)
		return ok && c.unifyAll(a.Params, b.Params, budget) && c.unifyIn(a.Result, b.Result, budget)
	case *typed.Param:
		b, ok := b.(*typed.Param)
		return ok && a.Decl == b.Decl
	case *typed.Array:
		b, ok := b.(*typed.Array)
		return ok && c.unifyIn(a.Elem, b.Elem, budget)
	}
	return false
}

func (c *checker) unifyAll(a, b []typed.Type, budget *int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !c.unifyIn(a[i], b[i], budget) {
			return false
		}
	}
	return true
}

func (c *checker) bindTo(v *tvar, t typed.Type, budget *int) bool {
	switch v.kind {
	case intVar:
		if !c.isNumber(t) && t != typed.Type(tInvalid) {
			return false
		}
	case floatVar:
		if !typed.KindOf(t).IsFloat() && !c.isNumParam(t) && t != typed.Type(tInvalid) {
			return false
		}
	default:
		if occurs(v, t, budget) {
			return false
		}
	}
	c.bind(v, t)
	return true
}

func occurs(v *tvar, t typed.Type, budget *int) bool {
	if *budget--; *budget < 0 {
		return true
	}
	all := func(ts []typed.Type) bool {
		for _, t := range ts {
			if occurs(v, t, budget) {
				return true
			}
		}
		return false
	}
	switch t := prune(t).(type) {
	case *tvar:
		return t == v
	case *typed.Named:
		return all(t.Args)
	case *typed.Tuple:
		return all(t.Elems)
	case *typed.FuncType:
		return all(t.Params) || occurs(v, t.Result, budget)
	case *typed.Array:
		return occurs(v, t.Elem, budget)
	}
	return false
}

// isNumber reports whether arithmetic works on t: a number, or a type parameter
// bound to be one.
func (c *checker) isNumber(t typed.Type) bool {
	return typed.KindOf(t).IsNumber() || c.isNumParam(t)
}

func (c *checker) isNumParam(t typed.Type) bool {
	p, ok := t.(*typed.Param)
	return ok && c.hasBound(p.Decl, "Num")
}

// implied lists what a built-in bound brings along.
var implied = map[string][]string{"Num": {"Ord", "Eq", "Show", "Hash"}, "Ord": {"Eq"}, "Hash": {"Eq"}}

// hasBound reports whether a type parameter is bounded by a built-in bound where
// the checker is.
func (c *checker) hasBound(p *typed.TypeParam, name string) bool {
	return boundedBy(p.Bounds, name) || boundedBy(c.extra[p], name)
}

func boundedBy(bounds []typed.Bound, name string) bool {
	for _, b := range bounds {
		if b.Builtin == name {
			return true
		}
		for _, also := range implied[b.Builtin] {
			if also == name {
				return true
			}
		}
	}
	return false
}

// widens reports whether every value of a number of kind from is one of kind to,
// so that the conversion may be left unwritten (dol 5.5-b).
func widens(from, to typed.Kind) bool {
	switch {
	case from.IsFloat() && to.IsFloat():
		return from.Bits() < to.Bits()
	case !from.IsInt() || !to.IsInt():
		return false
	case from.IsSigned() == to.IsSigned():
		return from.Bits() < to.Bits()
	}
	return to.IsSigned() && from.Bits() < to.Bits()
}
