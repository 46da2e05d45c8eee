package lower

import (
	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/dol/internal/typed"
)

// oneByOne writes a match whose tree would be too large: each arm is tested from
// the start, so the code is as long as the text.
func (m *matching) oneByOne(root *part) {
	b := m.b
	b.block("match", func(end *target) {
		for i, a := range m.e.Arms {
			arm := m.share(i)
			b.block("next", func(no *target) {
				m.test(a.Pattern, root, arm, no)
				m.enter(arm)
				if a.Guard != nil {
					b.jump(a.Guard, false, no)
				}
				b.exprTo(a.Body, m.to)
				b.br(end)
			})
		}
		b.panics(&ir.Str{Text: "no case of match fits"}, m.e.P)
	})
}

// test branches to no unless a part matches, and sets the variables of an arm on
// the way.
func (m *matching) test(p typed.Pattern, at *part, arm *sharedArm, no *target) {
	b := m.b
	unless := func(cond ir.Expr) { b.when(not(cond), func() { b.br(no) }) }
	switch p := p.(type) {
	case *typed.BindPat:
		for j, v := range arm.vars {
			if v == p.Var && arm.temps[j] >= 0 {
				b.emit(&ir.Set{Local: arm.temps[j], X: m.value(at)})
			}
		}
		if p.Sub != nil {
			m.test(p.Sub, at, arm, no)
		}
	case *typed.LitPat:
		if x := m.value(at); x != nil {
			unless(b.isConst(b.l.layout(at.typ), x, p.Value))
		}
	case *typed.RangePat:
		unless(b.within(at.typ, m.value(at), p))
	case *typed.TuplePat:
		m.testFields(p.Elems, at, -1, arm, no)
	case *typed.RecordPat:
		m.testFields(p.Fields, at, -1, arm, no)
	case *typed.VariantPat:
		if y := b.l.layout(at.typ); len(y.variants) > 1 {
			unless(b.isVariant(y, m.value(at), p.Variant.Index))
		}
		m.testFields(p.Fields, at, p.Variant.Index, arm, no)
	case *typed.OrPat:
		b.block("or", func(yes *target) {
			for i, alt := range p.Alts {
				if i == len(p.Alts)-1 {
					m.test(alt, at, arm, no)
					break
				}
				b.block("alternative", func(next *target) {
					m.test(alt, at, arm, next)
					b.br(yes)
				})
			}
		})
	}
}

func (m *matching) testFields(ps []typed.Pattern, at *part, variant int, arm *sharedArm, no *target) {
	for i, q := range ps {
		if _, any := q.(*typed.Any); !any {
			m.test(q, m.field(at, subPart{variant, i}), arm, no)
		}
	}
}
