package lower

import (
	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/dol/internal/typed"
)

// bind binds the variables of a pattern that cannot fail to the parts of x, which
// is read for each part. x is nil when the type has no values.
func (b *body) bind(p typed.Pattern, x ir.Expr, t typed.Type) {
	switch p := p.(type) {
	case *typed.BindPat:
		if p.Sub == nil {
			b.declare(p.Var, x)
			return
		}
		if x != nil && !b.dead {
			x = b.hold(x)
		}
		b.declare(p.Var, x)
		b.bind(p.Sub, x, t)
	case *typed.TuplePat:
		b.bindFields(p.Elems, x, b.l.layout(t).fields, b.l.layout(t).object)
	case *typed.RecordPat:
		b.bindFields(p.Fields, x, b.l.layout(t).fields, b.l.layout(t).object)
	case *typed.VariantPat: // of an enum with one variant
		y := b.l.layout(t)
		v := y.variants[p.Variant.Index]
		if y.shape == nullable {
			b.bind(p.Fields[0], x, v.fields[0].typ)
			return
		}
		b.bindFields(p.Fields, x, v.fields, v.object)
	case *typed.OrPat:
		b.bind(p.Alts[0], x, t)
	}
}

func (b *body) bindFields(ps []typed.Pattern, x ir.Expr, fields []member, o *ir.Object) {
	if x != nil && !b.dead {
		x = b.hold(x)
	}
	for i, q := range ps {
		b.bind(q, fieldOf(o, fields[i], x), fields[i].typ)
	}
}

// fieldOf reads a field, nil when it has no representation.
func fieldOf(o *ir.Object, m member, x ir.Expr) ir.Expr {
	if m.at < 0 || x == nil {
		return nil
	}
	return &ir.GetField{Object: o, Index: m.at, X: x}
}
