package types

import (
	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/dol/internal/typed"
)

// coerce makes x a value of type want: it is one, becomes one by unification, is
// widened without loss, or is a record that extends want (dol 5.5-b, 5.3-c).
func (b *body) coerce(x typed.Expr, want typed.Type, at syntax.Span) typed.Expr {
	if y, ok := b.convert(x, want, at); ok {
		return y
	}
	b.mismatch(x, want, at)
	return x
}

// convert is coerce without a report.
func (b *body) convert(x typed.Expr, want typed.Type, at syntax.Span) (typed.Expr, bool) {
	from, to := prune(x.Type()), prune(want)
	if from == typed.Type(tInvalid) || to == typed.Type(tInvalid) {
		b.bad = true
		return x, true
	}
	if from == to {
		return x, true
	}
	if from == typed.Type(tNever) {
		return x, true
	}
	if b.unify(from, to) {
		return x, true
	}
	if widens(typed.KindOf(from), typed.KindOf(to)) {
		return &typed.Convert{E: b.e(to, at), X: x}, true
	}
	if nf, ok := from.(*typed.Named); ok {
		if nt, ok := to.(*typed.Named); ok && nf.Decl != nt.Decl && upcasts(nf, nt) {
			return &typed.Convert{E: b.e(to, at), X: x}, true
		}
	}
	return x, false
}

// mismatch reports that x is not of type want.
func (b *body) mismatch(x typed.Expr, want typed.Type, at syntax.Span) {
	from, to := resolve(x.Type()), resolve(want)
	d := b.error("type-mismatch", at, "expected %s, found %s", b.s.typeName(to), b.s.typeName(from))
	d.Mark = "this is " + b.s.typeName(from)
	fk, tk := typed.KindOf(from), typed.KindOf(to)
	text := b.s.file.Text(at)
	switch {
	case (fk.IsNumber() || isNumVar(from)) && tk.IsNumber():
		note(d, "this conversion may lose something, so it is written: as %s", b.s.typeName(to))
		if simpleText(text) {
			b.s.fix(d, "convert it", at, text+" as "+b.s.typeName(to))
		}
	case tk == typed.String && fk != typed.Unit && fk != typed.Invalid:
		if simpleText(text) {
			b.s.fix(d, "format it", at, text+".to_string()")
		}
	}
	if args, ok := b.isKnown(from, "Option"); ok && typed.Identical(resolve(args[0]), to) {
		note(d, "take the value out with unwrap_or, match or ?")
	}
	if args, ok := b.isKnown(to, "Option"); ok && typed.Identical(resolve(args[0]), from) && simpleText(text) {
		b.s.fix(d, "wrap it", at, "Some("+text+")")
	}
}

func isNumVar(t typed.Type) bool {
	v, ok := t.(*tvar)
	return ok && v.kind != anyVar
}

// simpleText reports whether an operator may be put behind text without
// parentheses.
func simpleText(text string) bool {
	if text == "" || len(text) > 60 {
		return false
	}
	for _, r := range text {
		switch {
		case r == '_' || r == '.' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z':
		default:
			return false
		}
	}
	return true
}

// condition elaborates x to a truth value; an integer is compared with 0.
func (b *body) condition(x syntax.Expr) typed.Expr {
	return b.truth(b.expr(x, tBoolHint(x)), x.Range())
}

// tBoolHint is the expected type of a condition. A call gets none: its result may
// be an integer.
func tBoolHint(x syntax.Expr) typed.Type {
	switch x.(type) {
	case *syntax.Call, *syntax.Literal:
		return nil
	}
	return tBool
}

func (b *body) truth(y typed.Expr, at syntax.Span) typed.Expr {
	t := b.known(y.Type())
	switch {
	case t == typed.Type(tBool), t == typed.Type(tInvalid), t == typed.Type(tNever):
		return y
	case typed.KindOf(t).IsInt():
		d := b.error("int-as-bool", at, "an integer as a condition means that it is not 0")
		if text := b.s.file.Text(at); simpleText(text) {
			b.s.fix(d, "compare it", at, text+" != 0")
		}
		return &typed.Binary{E: b.e(tBool, at), Op: typed.Ne, X: y, Y: &typed.Const{E: b.e(t, at)}}
	case isVar(t):
		b.unify(t, tBool)
		return y
	}
	b.mismatch(y, tBool, at)
	return y
}

// join finds the type that all values have in common: want if that is known, else
// the first that is not never, widened. It coerces the values in place.
func (b *body) join(values []typed.Expr, ats []syntax.Span, want typed.Type, what string) typed.Type {
	if want != nil && !isVar(want) {
		t := prune(want)
		all := true
		for i := range values {
			if prune(values[i].Type()) != typed.Type(tNever) {
				all = false
			}
			values[i] = b.coerce(values[i], t, ats[i])
		}
		if all && len(values) > 0 {
			return tNever
		}
		return t
	}
	var t typed.Type
	first := 0
	for i, v := range values {
		vt := prune(v.Type())
		if vt == typed.Type(tNever) {
			continue
		}
		if t == nil {
			t, first = vt, i
			continue
		}
		if isBad(t) {
			t = vt
		}
		if up := b.joinTypes(t, values[i:i+1]); up != t {
			t = up
		}
	}
	if t == nil {
		return tNever
	}
	for i := range values {
		y, ok := b.convert(values[i], t, ats[i])
		if !ok {
			d := b.error("type-mismatch", ats[i], "%s differ: %s, then %s", what, b.s.typeName(t), b.s.typeName(values[i].Type()))
			b.s.note(d, ats[first], "this one is %s", b.s.typeName(t))
			return tInvalid
		}
		values[i] = y
	}
	return t
}
