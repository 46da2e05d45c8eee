package lower

import (
	"slices"

	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/dol/internal/typed"
)

// ruleCheck returns the function that panics when a record breaks one of its
// rules or of its ancestors', which come first; nil when there is nothing to
// check.
func (l *lowerer) ruleCheck(y *layout) *ir.Func {
	n, ok := y.typ.(*typed.Named)
	if !ok || !l.opt.CheckRules || len(l.rulesOf(n)) == 0 {
		return nil
	}
	return l.synth("rules "+y.key, y.typ.String()+".{rules}", []ir.Kind{ir.Ref}, ir.None, func(b *body) {
		for _, r := range l.rulesOf(n) {
			p := r.rule.Func.Pos
			holds := b.invoke(r.rule.Func, r.args, []ir.Expr{get(0, ir.Ref)}, p)
			b.when(not(holds), func() {
				b.panics(&ir.Str{Text: r.message(n)}, p)
			})
		}
	})
}

// validate tells which rule a value breaks first: Err with its name, or Ok.
func (b *body) validate(t typed.Type, x ir.Expr, result typed.Type, p typed.Pos) ir.Expr {
	l, y := b.l, b.l.layout(t)
	answer := l.layout(result)
	give := func(b *body, name string, fields []ir.Expr) {
		for i, v := range answer.variants {
			if v.decl.Name == name {
				b.emit(&ir.Return{X: b.newVariant(answer, i, fields, p)})
			}
		}
	}
	fn := l.synth("validate "+y.key, y.typ.String()+".validate", kinds(y.kind), ir.Ref, func(b *body) {
		n, ok := y.typ.(*typed.Named)
		if ok {
			for _, r := range l.rulesOf(n) {
				holds := b.invoke(r.rule.Func, r.args, []ir.Expr{get(0, y.kind)}, r.rule.Func.Pos)
				b.when(not(holds), func() { give(b, "Err", []ir.Expr{&ir.Str{Text: r.message(n)}}) })
			}
		}
		give(b, "Ok", nil)
	})
	return &ir.Call{Func: fn, Args: present([]ir.Expr{x}), Pos: pos(p)}
}

// kinds leaves out what has no representation.
func kinds(ks ...ir.Kind) []ir.Kind {
	return slices.DeleteFunc(ks, func(k ir.Kind) bool { return k == ir.None })
}

// message says that a record breaks the rule.
func (r boundRule) message(n *typed.Named) string {
	return "rule " + r.rule.Name + " of " + n.Decl.Name + " is broken"
}

// boundRule is a rule with the type arguments of the record that declares it.
type boundRule struct {
	rule *typed.Rule
	args []typed.Type
}

func (l *lowerer) rulesOf(n *typed.Named) []boundRule {
	var out []boundRule
	if n.Decl.Parent != nil {
		if up, ok := typed.Bind(n.Decl.Params, n.Args).Apply(n.Decl.Parent).(*typed.Named); ok {
			out = l.rulesOf(up)
		}
	}
	for _, r := range n.Decl.Rules {
		if r.Func != nil {
			out = append(out, boundRule{r, n.Args})
		}
	}
	return out
}
