package types

import (
	"strconv"

	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/dol/internal/typed"
)

func (b *body) lambdaName() string {
	b.lambdas++
	return b.f.fnName() + ".{lambda " + strconv.Itoa(b.lambdas) + "}"
}

// fnName is the name that lambdas of the function are called after.
func (f *funcInfo) fnName() string {
	if f.fn != nil && f.fn.Name != "" {
		return f.fn.Name
	}
	return f.display()
}

// lambda elaborates a lambda; its parameters take the types that the place
// expects, else they are found out from the body (dol 5.5-g).
func (b *body) lambda(x *syntax.Lambda, want typed.Type) typed.Expr {
	var hint *typed.FuncType
	if ft, ok := orNil(want).(*typed.FuncType); ok && len(ft.Params) == len(x.Params) {
		hint = ft
	}
	fn := &typed.Lambda{Name: b.lambdaName()}
	ft := &typed.FuncType{}
	mark := len(b.stack)
	frame := &frame{outer: b.frame, lambda: true}
	b.frame = frame
	seen := map[string]bool{}
	for i, p := range x.Params {
		var t typed.Type
		switch {
		case p.Type != nil:
			t = b.typeOf(b.sc, p.Type)
			if hint != nil && !b.unify(hint.Params[i], t) {
				b.error("type-mismatch", p.Type.Range(), "expected a function of %s here", b.s.typeName(hint.Params[i]))
			}
		case hint != nil:
			t = hint.Params[i]
		default:
			t = b.fresh(anyVar, p.Name.Span, "parameter "+p.Name.Name)
		}
		if seen[p.Name.Name] && p.Name.Name != "_" {
			b.error("dup-param", p.Name.Span, "parameter %s is declared twice", p.Name.Name)
		}
		seen[p.Name.Name] = true
		l := b.declare(p.Name.Name, p.Name.Span, t, paramLocal)
		l.v.Mutable = p.Mut
		fn.Params = append(fn.Params, l.v)
		ft.Params = append(ft.Params, t)
	}
	switch {
	case x.Result != nil:
		ft.Result = b.typeOf(b.sc, x.Result)
	case hint != nil:
		ft.Result = hint.Result
	default:
		ft.Result = b.fresh(anyVar, x.Span, "the result of this lambda")
	}
	frame.result = ft.Result
	outerEff := b.eff
	b.eff = b.lambdaEffects(outerEff, len(x.Params), x.Span)
	if prune(ft.Result) == typed.Type(tUnit) {
		// What the body computes is not wanted.
		y := b.discard(x.Body)
		fn.Body = y
	} else {
		y := b.expr(x.Body, ft.Result)
		fn.Body = b.coerce(y, ft.Result, x.Body.Range())
		if v, ok := prune(ft.Result).(*tvar); ok && prune(fn.Body.Type()) == typed.Type(tNever) && v.kind == anyVar {
			v.what = ""
			if !frame.returned {
				b.bind(v, tNever)
			}
		}
	}
	b.eff = outerEff
	b.frame = frame.outer
	b.leave(mark)
	fn.E, fn.Result = b.e(ft, x.Span), ft.Result
	b.slots = append(b.slots, &fn.Result)
	return keep(b, fn)
}
