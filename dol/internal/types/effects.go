package types

import (
	"strings"

	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/dol/internal/typed"
)

// effectSet is a set of effects (dol 6-b).
type effectSet uint16

const (
	effIO effectSet = 1 << iota
	effTime
	effRandom
	effMsg
	effEffect
	effStorage
	effNet
	effCredit
	effFFI
	effDebug
	effGlobal
	effMutParam
)

var effectNames = []string{"io", "time", "random", "msg", "effect", "storage", "net", "credit", "ffi", "debug", "global", "mut-param"}

// String lists the effects.
func (s effectSet) String() string {
	var names []string
	for i, n := range effectNames {
		if s&(1<<i) != 0 {
			names = append(names, n)
		}
	}
	return strings.Join(names, ", ")
}

func effectOf(name string) effectSet {
	for i, n := range effectNames {
		if n == name {
			return 1 << i
		}
	}
	return 0
}

// effectNode is a function, lambda, initialiser or pure place in the call graph.
type effectNode struct {
	f      *funcInfo // whose code it is; nil: what flows through values
	name   string
	lambda bool

	own        effectSet
	bareOwn    effectSet // of own, what stands outside of sex { }
	mutParam   bool
	cause      syntax.Span // where the first own effect comes from
	causes     string      // what that is
	edges      []effectEdge
	callers    []*effectNode
	globals    []*globalInfo
	capability string   // of a host import
	asks       []string // of effects that it emits

	all  effectSet       // own and what is called, by fixpoint
	bare effectSet       // of all, what does not come through sex { }
	via  [12]*effectEdge // the call that brought each effect in

	pure   string // what demands purity; "": nothing
	pureAt syntax.Span
	seen   bool
}

// effectEdge is a call, or a mention as a value.
type effectEdge struct {
	to     *effectNode
	at     syntax.Span
	src    *source
	marked bool // inside of sex { }
}

func (c *checker) newNode(f *funcInfo, name string) *effectNode {
	n := &effectNode{f: f, name: name}
	c.nodes = append(c.nodes, n)
	return n
}

// effectsOf returns the node of f.
func (c *checker) effectsOf(f *funcInfo) *effectNode {
	if f.eff != nil {
		return f.eff
	}
	n := c.newNode(f, f.display())
	n.pure, n.pureAt = f.pure, f.at
	f.eff = n
	if im := f.fn.Import; im != nil {
		n.own, n.causes, n.cause = effFFI, "the host function "+im.Name, f.at
		if h := hostByName[im.Name]; h != nil && im.Module == "vudo" {
			n.own, n.capability = effectOf(h.Effect), h.Caps
		}
		n.bareOwn = n.own
	}
	if f.trait != nil && f.sex {
		c.sexTraits = append(c.sexTraits, f)
	}
	return n
}

func (n *effectNode) edge(to *effectNode, at syntax.Span, b *body) {
	n.edges = append(n.edges, effectEdge{to, at, b.s, b.sex > 0})
}

// call notes a call of f, of a trait's method too.
func (n *effectNode) call(f *funcInfo, at syntax.Span, b *body) { n.edge(b.effectsOf(f), at, b) }

// emits notes the capability of an effect that is asked for by a number known
// here; one that is computed is looked at when it is asked for.
func (n *effectNode) emits(id typed.Expr) {
	if bl, ok := id.(*typed.Block); ok && len(bl.Stmts) == 0 {
		id = bl.Value
	}
	if k, ok := id.(*typed.Const); ok {
		if capability := effectCapabilities[k.Int]; capability != "" {
			n.asks = append(n.asks, capability)
		}
	}
}

// mention notes f as a value: whoever hands a function on answers for its
// effects, as though it were called there.
func (n *effectNode) mention(f *funcInfo, at syntax.Span, b *body) {
	n.edge(b.effectsOf(f), at, b)
	b.flows(len(f.fn.Params), b.effectsOf(f), b)
}

// global notes a read or write of a module variable.
func (n *effectNode) global(g *globalInfo, at syntax.Span, b *body) {
	if n.own&effGlobal == 0 && n.causes == "" {
		n.cause, n.causes = at, "module variable "+g.sym.name
	}
	n.own |= effGlobal
	if b.sex == 0 {
		n.bareOwn |= effGlobal
	}
	n.globals = append(n.globals, g)
}

// callValue notes a call of a function value. Those that come in as parameters or
// stand in locals are charged to whoever made them; the rest may be any function
// of that many parameters that was ever made a value.
func (n *effectNode) callValue(fun typed.Expr, params int, at syntax.Span, b *body) {
	switch f := fun.(type) {
	case *typed.Local, *typed.Lambda, *typed.FuncRef:
		return
	case *typed.Block:
		if f.Value != nil {
			n.callValue(f.Value, params, at, b)
		}
		return
	}
	n.edge(b.valueNode(params), at, b)
}

// valueNode stands for all functions of so many parameters that are values.
func (c *checker) valueNode(params int) *effectNode {
	for len(c.values) <= params {
		c.values = append(c.values, nil)
	}
	if c.values[params] == nil {
		c.values[params] = c.newNode(nil, "a function value")
	}
	return c.values[params]
}

// flows notes that a function becomes a value.
func (c *checker) flows(params int, n *effectNode, b *body) {
	if !b.s.library {
		c.valueNode(params).edge(n, b.f.at, b)
	}
}

// lambdaEffects is the node of a lambda in the code of outer.
func (b *body) lambdaEffects(outer *effectNode, params int, at syntax.Span) *effectNode {
	n := b.newNode(b.f, b.f.display())
	n.lambda = true
	outer.edge(n, at, b)
	b.flows(params, n, b)
	return n
}

// pureEffects is the node of a place that has to be pure.
func (b *body) pureEffects(outer *effectNode, at syntax.Span, what string) *effectNode {
	n := b.newNode(b.f, what)
	n.lambda = true
	n.pure, n.pureAt = what, at
	outer.edge(n, at, b)
	return n
}

// effects computes the effects of everything by fixpoint and reports where they
// are not allowed, not declared, or declared for nothing.
func (c *checker) effects() {
	for _, f := range c.sexTraits {
		for _, im := range f.trait.impls {
			if g := im.byName[f.name]; g != nil && g.eff != nil {
				f.eff.edges = append(f.eff.edges, effectEdge{g.eff, g.at, g.src, false})
			}
		}
	}
	work := make([]*effectNode, 0, len(c.nodes))
	for _, n := range c.nodes {
		n.all, n.bare = n.own, n.bareOwn
		for i := range n.edges {
			to := n.edges[i].to
			to.callers = append(to.callers, n)
		}
		if n.own != 0 {
			work = append(work, n)
		}
	}
	for len(work) > 0 {
		n := work[len(work)-1]
		work = work[:len(work)-1]
		for _, caller := range n.callers {
			if n.all&^caller.all != 0 {
				caller.absorb(n)
				work = append(work, caller)
			}
		}
	}
	// What counts as undeclared follows from the complete sets; only lambdas
	// pass on less than all, and they end where their function begins.
	for changed := true; changed; {
		changed = false
		for _, n := range c.nodes {
			bare := n.bareOwn
			for i := range n.edges {
				if e := &n.edges[i]; !e.marked {
					if e.to.lambda {
						bare |= e.to.bare
					} else {
						bare |= e.to.all
					}
				}
			}
			if bare&^n.bare != 0 {
				n.bare |= bare
				changed = true
			}
		}
	}
	for _, n := range c.nodes {
		c.judge(n)
	}
	c.traitEffects()
}

// absorb adds the effects of a callee and notes which call brought them.
func (n *effectNode) absorb(callee *effectNode) {
	fresh := callee.all &^ n.all
	n.all |= fresh
	for i := range n.edges {
		if n.edges[i].to != callee {
			continue
		}
		for bit := range n.via {
			if fresh&(1<<bit) != 0 {
				n.via[bit] = &n.edges[i]
			}
		}
		return
	}
}

// judge reports what the effects of n break.
func (c *checker) judge(n *effectNode) {
	if n.f == nil || n.f.src.library {
		return
	}
	if n.pure != "" && n.all != 0 {
		at, path := n.first(n.all)
		d := n.f.src.report("purity-required", at, "%s has to be pure, this has the effect %s", n.pure, firstEffect(n.all))
		note(d, "%s", path)
		return
	}
	f := n.f
	if n.lambda || f.decl == nil || f.decl.Body == nil || f.pure != "" {
		return
	}
	switch {
	case !f.sex && n.bare != 0:
		code := "implicit-effect"
		if c.o.StrictEffects {
			code = strictCode(n.bare)
		}
		_, path := n.first(n.bare)
		d := f.src.report(code, f.at, "%s has the effect %s and is not marked sex", f.display(), n.bare)
		note(d, "%s", path)
		if f.decl.Keyword != (syntax.Span{}) {
			place := syntax.Span{Start: f.decl.Keyword.Start, End: f.decl.Keyword.Start}
			if f.src.file.Text(f.decl.Keyword) == "fun" {
				f.src.fix(d, "write sex fun", place, "sex ")
			}
		}
	case f.sex && n.all == 0 && f.trait == nil && f.impl == nil && f.at.Start < f.at.End: // a scenario has no name in the source
		f.src.report("needless-sex", f.at, "%s is marked sex and has no effect", f.display())
	}
}

// strictCode is the code of an undeclared effect under strict effects (dol 6-i).
func strictCode(s effectSet) string {
	switch {
	case s&effIO != 0:
		return "io-outside-sex"
	case s&effFFI != 0:
		return "ffi-outside-sex"
	case s&effGlobal != 0:
		return "global-outside-sex"
	}
	return "effect-in-pure"
}

func firstEffect(s effectSet) string {
	for i, n := range effectNames {
		if s&(1<<i) != 0 {
			return n
		}
	}
	return ""
}

// first returns where n gets the first of some effects from, and the call path to
// what has it by itself.
func (n *effectNode) first(set effectSet) (syntax.Span, string) {
	bit := 0
	for set&(1<<bit) == 0 {
		bit++
	}
	at := n.cause
	if e := n.via[bit]; n.own&(1<<bit) == 0 && e != nil {
		at = e.at
	}
	var path strings.Builder
	path.WriteString(n.name)
	for m, steps := n, 0; steps < 12; steps++ {
		e := m.via[bit]
		if m.own&(1<<bit) != 0 || e == nil {
			path.WriteString(" uses " + m.causes)
			break
		}
		m = e.to
		if !m.lambda && m.f != nil && m.f.fn.Import == nil {
			path.WriteString(" -> " + m.name)
		}
	}
	return at, path.String()
}

// traitEffects reports implementations with effects of methods that the trait
// declares without sex.
func (c *checker) traitEffects() {
	for _, im := range c.impls {
		if im.trait == nil || im.src.library {
			continue
		}
		for _, f := range im.funcs {
			i, ok := im.trait.byName[f.name]
			if !ok || f.eff == nil || f.eff.all == 0 || im.trait.methods[i].sex {
				continue
			}
			_, path := f.eff.first(f.eff.all)
			d := f.src.report("trait-effect", f.at, "%s has the effect %s, and trait %s declares it without sex", f.name, f.eff.all, im.trait.decl.Name)
			note(d, "%s", path)
		}
	}
}
