package types

import (
	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/dol/internal/typed"
)

// A rule of a gen says which values are valid; no value can refute it. What can be
// wrong is code that makes an invalid value. So the rules of a gen make a property
// for each public function of the gen that could break them:
//
//	a method, called on a valid value, leaves it valid;
//	a function that returns the gen returns a valid value.
//
// Private functions may break a rule for a while: they are how public ones keep it.

// keepRules makes the properties of a type that has rules.
func (c *checker) keepRules(t *typeInfo) {
	if !c.o.Tests || len(t.decl.Params) > 0 || t.decl.Kind != typed.Record {
		return
	}
	var rules []*typed.Func
	for _, r := range t.decl.Rules {
		if r.Func != nil {
			rules = append(rules, r.Func)
		}
	}
	if len(rules) == 0 {
		return
	}
	for _, f := range t.funcs {
		if f.decl == nil || f.decl.Vis != syntax.Public || f.test {
			continue
		}
		c.signature(f)
		if len(f.fn.TypeParams) == 0 && f.fn.Import == nil {
			c.keeps(t, f, rules)
		}
	}
}

// keeps makes the property that f keeps the rules, if it could break them.
func (c *checker) keeps(t *typeInfo, f *funcInfo, rules []*typed.Func) {
	makes := typed.Identical(f.result, t.self)
	if f.this == nil && !makes {
		return
	}
	name := t.decl.Name + "." + f.name + " keeps the rules"
	p := c.synthetic(f.src, f.mod, f.scope, nil, name, f.at, tBool)
	p.prop = true
	e := func(t typed.Type) typed.E { return typed.E{T: t, P: p.fn.Pos} }
	call := &typed.Call{E: e(f.result), Func: f.fn}
	for _, q := range f.fn.Params {
		v := &typed.Var{Name: q.Name, Type: q.Type, Pos: q.Pos}
		p.fn.Params = append(p.fn.Params, v)
		call.Args = append(call.Args, &typed.Local{E: e(v.Type), Var: v})
	}
	block := &typed.Block{E: e(tBool)}
	valid := func(value *typed.Var) {
		for _, r := range rules {
			var holds typed.Expr = &typed.Call{E: e(tBool), Func: r, Args: []typed.Expr{&typed.Local{E: e(t.self), Var: value}}}
			if block.Value != nil {
				holds = &typed.Binary{E: e(tBool), Op: typed.And, X: block.Value, Y: holds}
			}
			block.Value = holds
		}
	}
	if makes {
		made := &typed.Var{Name: "made", Type: t.self, Pos: p.fn.Pos}
		block.Stmts = []typed.Stmt{&typed.Let{Pattern: &typed.BindPat{Var: made}, Value: call, P: p.fn.Pos}}
		valid(made)
	} else {
		block.Stmts = []typed.Stmt{&typed.Do{X: call}}
	}
	if f.this != nil {
		valid(p.fn.Params[0])
	}
	p.body = func(*body) *typed.Block { return block }
	c.reach(f)
	c.reach(p)
	c.prog.Props = append(c.prog.Props, &typed.Property{Name: name, Func: p.fn})
}
