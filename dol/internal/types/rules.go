package types

import (
	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/dol/internal/typed"
)

// ruleFuncs makes functions of the rules and laws of the user's files: rules take
// this, laws this and their parameters; both return bool.
func (c *checker) ruleFuncs() {
	for _, t := range c.allTypes {
		if t.src.library {
			continue
		}
		for _, r := range t.rules {
			c.ruleFunc(r, t)
		}
		for _, l := range t.laws {
			c.lawFunc(l, t.self, t.decl.Params, t.scope, t, t.decl.Name)
		}
	}
	for _, tr := range c.allTraits {
		if tr.src.library {
			continue
		}
		for _, l := range tr.laws {
			c.lawFunc(l, tr.scope.self, tr.decl.Params, tr.scope, nil, tr.decl.Name)
		}
	}
	for _, m := range c.modules {
		if m.library {
			continue
		}
		for _, y := range m.order {
			if y.kind == symRule {
				c.topRule(y)
			}
		}
	}
	for _, t := range c.allTypes {
		if !t.src.library {
			c.keepRules(t)
		}
	}
}

// conjuncts are the expressions of a rule or law.
func conjuncts(items []syntax.Item) []syntax.Expr {
	var out []syntax.Expr
	for _, item := range items {
		if x, ok := item.(*syntax.ExprItem); ok && x.X != nil {
			out = append(out, x.X)
		}
	}
	return out
}

// conjunction makes the function that a rule or law is.
func (c *checker) conjunction(s *source, m *module, scope *tscope, params []*typed.TypeParam, name, what, code string, at syntax.Span, self typed.Type, owner *typeInfo, args []*syntax.Param, xs []syntax.Expr) *funcInfo {
	f := c.synthetic(s, m, scope, params, name, at, tBool)
	f.pure, f.prop = what, true
	f.owner = owner
	if self != nil {
		f.this = &typed.Var{Name: "this", Type: self, Pos: f.fn.Pos}
		f.fn.Params = append(f.fn.Params, f.this)
	}
	for _, p := range args {
		pi := &paramInfo{name: p.Name.Name, at: p.Name.Span, typ: c.typeOfOr(scope, p.Type)}
		pi.v = &typed.Var{Name: pi.name, Type: pi.typ, Pos: s.pos(pi.at.Start)}
		f.params = append(f.params, pi)
		f.fn.Params = append(f.fn.Params, pi.v)
	}
	f.body = func(b *body) *typed.Block {
		for _, p := range f.params {
			b.declareVar(p.name, p.at, p.v, paramLocal)
		}
		var all typed.Expr
		for _, x := range xs {
			y := b.expr(x, tBool)
			if t := b.known(y.Type()); t != typed.Type(tBool) && !isBad(t) && t != typed.Type(tNever) {
				b.error(code, x.Range(), "%s holds conditions, this is %s", what, b.s.typeName(t))
				continue
			}
			if all == nil {
				all = y
			} else {
				all = &typed.Binary{E: b.e(tBool, x.Range()), Op: typed.And, X: all, Y: y}
			}
		}
		b.leave(0)
		if all == nil {
			all = b.boolean(true, at)
		}
		return &typed.Block{E: b.e(tBool, at), Value: all}
	}
	c.reach(f)
	return f
}

func (c *checker) ruleFunc(r *ruleInfo, t *typeInfo) {
	rule := &typed.Rule{Name: r.name}
	t.decl.Rules = append(t.decl.Rules, rule)
	xs := conjuncts(r.items)
	if len(xs) == 0 {
		return
	}
	r.fn = c.conjunction(r.src, t.sym.mod, t.scope, t.decl.Params, t.decl.Name+"."+r.name, "a rule", "rule-not-bool", r.at, t.self, t, nil, xs)
	rule.Func = r.fn.fn
	if c.o.Tests && len(t.decl.Params) == 0 {
		c.prog.Props = append(c.prog.Props, &typed.Property{Name: t.decl.Name + "." + r.name, Func: r.fn.fn, Of: t.decl})
	}
}

func (c *checker) lawFunc(l *ruleInfo, self typed.Type, params []*typed.TypeParam, scope *tscope, owner *typeInfo, name string) {
	xs := conjuncts(l.items)
	m := l.src.mod
	l.fn = c.conjunction(l.src, m, scope, params, name+"."+l.name, "a law", "law-not-bool", l.at, self, owner, l.law.Params, xs)
	if !c.o.Tests || len(xs) == 0 {
		return
	}
	if l.trait == nil {
		if len(params) == 0 {
			c.prog.Props = append(c.prog.Props, &typed.Property{Name: name + "." + l.name, Func: l.fn.fn})
		}
		return
	}
	// A law of a trait is one property for each implementation.
	for _, im := range l.trait.impls {
		if im.src.library || len(im.params) > 0 {
			continue
		}
		c.lawOf(l, im, name)
	}
}

// lawOf makes the property that an implementation keeps a law of its trait.
func (c *checker) lawOf(l *ruleInfo, im *implInfo, name string) {
	full := name + "." + l.name + " for " + im.target.String()
	args := append([]typed.Type{im.target}, im.args...)
	subst := typed.Bind(l.trait.decl.Params, args)
	f := c.synthetic(l.src, l.src.mod, l.trait.scope, nil, full, l.at, tBool)
	f.prop = true
	call := &typed.Call{E: typed.E{T: tBool, P: f.fn.Pos}, Func: l.fn.fn, TypeArgs: args}
	for _, p := range l.fn.fn.Params {
		v := &typed.Var{Name: p.Name, Type: subst.Apply(p.Type), Pos: p.Pos}
		f.fn.Params = append(f.fn.Params, v)
		call.Args = append(call.Args, &typed.Local{E: typed.E{T: v.Type, P: f.fn.Pos}, Var: v})
	}
	f.body = func(*body) *typed.Block { return &typed.Block{E: call.E, Value: call} }
	c.reach(f)
	c.reachTrait(l.trait)
	c.prog.Props = append(c.prog.Props, &typed.Property{Name: full, Func: f.fn})
}

// topRule checks the expressions of a rule at file level; this is of the type
// behind for.
func (c *checker) topRule(y *symbol) {
	d := y.decl.(*syntax.Rule)
	xs := conjuncts(d.Body)
	scope := &tscope{src: y.src}
	params := c.makeParams(scope, d.Params)
	var self typed.Type
	var owner *typeInfo
	if d.For != nil {
		self = c.typeOf(scope, d.For)
		owner = c.ownerOf(self)
		if isBad(self) {
			return
		}
	}
	if len(xs) == 0 {
		return
	}
	f := c.conjunction(y.src, y.mod, scope, params, y.name, "a rule", "rule-not-bool", y.at, self, owner, nil, xs)
	if n, ok := self.(*typed.Named); ok && n.Decl.Kind == typed.Record && len(params) == 0 && len(n.Args) == 0 {
		owner.decl.Rules = append(owner.decl.Rules, &typed.Rule{Name: y.name, Func: f.fn})
	}
	if n, ok := self.(*typed.Named); ok && c.o.Tests && len(params) == 0 && len(n.Args) == 0 {
		c.prog.Props = append(c.prog.Props, &typed.Property{Name: y.name, Func: f.fn, Of: n.Decl})
	}
}

// defaultsKeepRules reports constant defaults of fields that break a rule of
// their own record.
func (c *checker) defaultsKeepRules() {
	for _, t := range c.allTypes {
		if t.src.library || len(t.rules) == 0 {
			continue
		}
		values := make([]*typed.Const, len(t.layout))
		for i, f := range t.layout {
			if f.def != nil {
				c.fieldDefault(f)
				values[i] = f.value
			}
		}
		for _, r := range t.rules {
			if r.fn != nil && r.fn.fn.Body != nil && r.fn.fn.Body.Value != nil {
				c.defaultKeeps(t, r, r.fn.fn.Body.Value, values)
			}
		}
	}
}

func (c *checker) defaultKeeps(t *typeInfo, r *ruleInfo, x typed.Expr, values []*typed.Const) {
	if and, ok := x.(*typed.Binary); ok && and.Op == typed.And {
		c.defaultKeeps(t, r, and.X, values)
		c.defaultKeeps(t, r, and.Y, values)
		return
	}
	c.fields = values
	c.fieldRead = -1
	k := c.evaluate(x)
	i := c.fieldRead
	c.fields = nil
	if k == nil || k.Int != 0 || i < 0 {
		return
	}
	f := t.layout[i]
	d := f.src.report("default-violates-rule", f.def.Range(), "the default of %s breaks the rule %s of %s", f.name, r.name, t.decl.Name)
	r.src.note(d, r.at, "the rule")
}
