package types

import (
	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/dol/internal/typed"
)

// globalType finds the type of a constant or module variable: as written, else
// that of its value.
func (c *checker) globalType(g *globalInfo) {
	switch g.state {
	case done:
		return
	case running:
		if g.t == nil {
			g.src.report("const-not-constant", g.sym.at, "%s is defined by itself", g.sym.name)
			g.t = tInvalid
		}
		return
	}
	g.state = running
	name := g.sym.mod.name + "." + g.sym.name
	g.global = &typed.Global{Name: name, Pos: g.src.pos(g.sym.at.Start)}
	switch {
	case g.typ != nil:
		g.t = c.typeOf(&tscope{src: g.src}, g.typ)
	case g.expr != nil:
		c.globalInit(g)
		if g.t == nil {
			g.t = tInvalid
		}
	default:
		g.src.report("cannot-infer", g.sym.at, "%s needs a type or a value", g.sym.name)
		g.t = tInvalid
	}
	g.global.Type = g.t
	g.state = done
}

// globalInit elaborates the value of a constant or module variable.
func (c *checker) globalInit(g *globalInfo) {
	if g.inited != untouched {
		if g.inited == running && g.isConst && !g.circular {
			g.circular = true
			g.src.report("const-not-constant", g.sym.at, "%s is defined by itself", g.sym.name)
		}
		return
	}
	g.inited = running
	defer func() { g.inited = done }()
	if g.state == untouched {
		c.globalType(g)
		if g.inited == done {
			return
		}
	}
	if g.expr == nil {
		if g.isConst {
			g.src.report("const-not-constant", g.sym.at, "constant %s needs a value", g.sym.name)
		}
		return
	}
	what := "the initial value of a module variable"
	if g.isConst {
		what = "a constant"
	}
	f := &funcInfo{
		name: g.sym.name, path: g.sym.name, src: g.src, mod: g.sym.mod, at: g.sym.at, scope: &tscope{src: g.src},
		sig: done, fn: &typed.Func{Name: g.sym.mod.name + "." + g.sym.name},
	}
	if g.isConst {
		f.pure = what
	}
	f.eff = c.effectsOf(f)
	g.eff = f.eff
	c.nested(func() {
		b := c.newBody(f)
		y := b.expr(g.expr, g.t)
		if g.t != nil {
			y = b.coerce(y, g.t, g.expr.Range())
		} else {
			budget := maxTypeSize
			b.defaultAll(y.Type(), &budget)
		}
		b.settle()
		b.leave(0)
		if g.t == nil {
			g.t = resolve(y.Type())
			if g.t == typed.Type(tNever) {
				g.t = tInvalid
			}
			g.global.Type = g.t
		}
		g.init = y
		g.global.Init = y
		if g.isConst && !b.bad {
			if k := c.evaluate(y); k != nil && typed.Identical(k.T, g.t) {
				g.value = k
			}
		}
	})
}

// useGlobal makes g part of the program.
func (c *checker) useGlobal(g *globalInfo) {
	if g.emitted {
		return
	}
	g.emitted = true
	c.globalInit(g)
}

// sortGlobals puts globals in the order in which they can be initialised: those
// that a value reads come before it.
func (c *checker) sortGlobals() {
	byGlobal := map[*typed.Global]*globalInfo{}
	for _, g := range c.globals {
		if g.global != nil {
			byGlobal[g.global] = g
		}
	}
	var out []*globalInfo
	state := map[*globalInfo]progress{}
	seen := map[*effectNode]*globalInfo{}
	var visit func(g *globalInfo)
	var through func(n *effectNode, from *globalInfo)
	through = func(n *effectNode, from *globalInfo) {
		if n == nil || seen[n] == from {
			return
		}
		seen[n] = from
		for _, r := range n.globals {
			visit(r)
		}
		for _, e := range n.edges {
			through(e.to, from)
		}
	}
	visit = func(g *globalInfo) {
		if state[g] != untouched {
			return
		}
		state[g] = running
		through(g.eff, g)
		state[g] = done
		out = append(out, g)
	}
	for _, g := range c.globals {
		visit(g)
	}
	c.globals = out
}

// constInt evaluates an integer expression that has to be constant.
func (b *body) constInt(x syntax.Expr) (int64, bool) {
	y := b.exprTo(x, tI64)
	if bl, ok := y.(*typed.Block); ok && len(bl.Stmts) == 0 {
		y = bl.Value
	}
	k := b.evaluate(y)
	if k == nil {
		return 0, false
	}
	return int64(k.Int), true
}
