package lower

import (
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
				b.panics(&ir.Str{Text: "rule " + r.rule.Name + " of " + n.Decl.Name + " is broken"}, p)
			})
		}
	})
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
