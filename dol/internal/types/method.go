package types

import (
	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/dol/internal/typed"
)

// method is what a method name means for a type: a function (f), or a method of a
// trait that the type is bounded by or implements without writing it out.
type method struct {
	f     *funcInfo
	free  bool // a free function: UFCS
	trait *traitInfo
	args  []typed.Type // of the trait
	index int
	self  typed.Type // whose implementation it is
}

// findMethod looks a method up (dol 5.5-j): methods of the declaration and its
// impls, those of ancestors, traits, free functions that take the type first.
func (b *body) findMethod(t typed.Type, name string) *method {
	t = b.defaulted(t)
	for u := t; u != nil; {
		if f := b.inherent(u, name); f != nil {
			return &method{f: f}
		}
		n, ok := u.(*typed.Named)
		if !ok {
			break
		}
		b.headsOf(b.typesOf[n.Decl])
		if n.Decl.Parent == nil {
			break
		}
		u = n.Decl.Parent
	}
	if p, ok := t.(*typed.Param); ok {
		if m := b.boundMethod(p, name); m != nil {
			return m
		}
	}
	if m := b.traitMethod(t, name); m != nil {
		return m
	}
	return b.freeMethod(t, name)
}

// inherent returns the method in the tables of a type itself.
func (b *body) inherent(t typed.Type, name string) *funcInfo {
	var table methodTable
	switch t := t.(type) {
	case *typed.Named:
		table = b.typesOf[t.Decl].methods
	case *typed.Basic:
		table = b.basics[t.Kind]
	case *typed.Array:
		table = b.arrays
	case *typed.Tuple:
		table = b.tuples
	}
	list := table[name]
	for _, f := range list {
		if f.impl == nil || len(list) == 1 || b.couldBe(f.impl, t) {
			return f
		}
	}
	return nil
}

// couldBe reports whether t may be what an impl is for.
func (b *body) couldBe(im *implInfo, t typed.Type) bool {
	args := make([]typed.Type, len(im.params))
	for i := range args {
		args[i] = &tvar{}
	}
	mark := len(b.trail)
	ok := b.unify(apply(typed.Bind(im.params, args), im.target), t)
	b.undo(mark)
	return ok
}

// boundMethod returns the method that a bound of a type parameter has.
func (b *body) boundMethod(p *typed.Param, name string) *method {
	seen := map[*typed.TraitDecl]bool{}
	var look func(bounds []typed.Bound, self typed.Type) *method
	look = func(bounds []typed.Bound, self typed.Type) *method {
		for _, bound := range bounds {
			if bound.Trait == nil || seen[bound.Trait] {
				continue
			}
			seen[bound.Trait] = true
			ti := b.traitsOf[bound.Trait]
			b.traitHeads(ti)
			if i, ok := ti.byName[name]; ok {
				return &method{trait: ti, args: bound.Args, index: i, self: p}
			}
			subst := typed.Bind(bound.Trait.Params, append([]typed.Type{self}, bound.Args...))
			supers := make([]typed.Bound, len(ti.supers))
			for i, s := range ti.supers {
				supers[i] = typed.Bound{Trait: s.Trait, Builtin: s.Builtin, Args: applyAll(subst, s.Args)}
			}
			if m := look(supers, self); m != nil {
				return m
			}
		}
		return nil
	}
	if m := look(p.Decl.Bounds, p); m != nil {
		return m
	}
	return look(b.extra[p.Decl], p)
}

// traitMethod returns a method with a default body of a trait that t implements,
// or one of a blanket impl.
func (b *body) traitMethod(t typed.Type, name string) *method {
	check := func(im *implInfo, u typed.Type) *method {
		b.traitHeads(im.trait)
		if i, ok := im.trait.byName[name]; ok && b.couldBe(im, u) {
			return &method{trait: im.trait, args: b.implArgs(im, u), index: i, self: u}
		}
		return nil
	}
	for u := t; u != nil; {
		var impls []*implInfo
		switch u := u.(type) {
		case *typed.Named:
			impls = b.typesOf[u.Decl].impls
		case *typed.Basic:
			impls = b.basicImpls[u.Kind]
		}
		for _, im := range impls {
			if m := check(im, u); m != nil {
				return m
			}
		}
		n, ok := u.(*typed.Named)
		if !ok || n.Decl.Parent == nil {
			break
		}
		u = n.Decl.Parent
	}
	for _, im := range b.blanket {
		if i, ok := im.trait.byName[name]; ok && b.satisfiesAll(im.params, t) {
			return &method{trait: im.trait, args: b.implArgs(im, t), index: i, self: t}
		}
	}
	return nil
}

// implArgs returns the trait's arguments in an impl as they are for t.
func (b *body) implArgs(im *implInfo, t typed.Type) []typed.Type {
	if len(im.args) == 0 {
		return nil
	}
	vars := make([]typed.Type, len(im.params))
	for i := range vars {
		vars[i] = b.fresh(anyVar, b.f.at, "")
	}
	subst := typed.Bind(im.params, vars)
	b.unify(apply(subst, im.target), t)
	return applyAll(subst, im.args)
}

// satisfiesAll reports whether t meets the bounds of a blanket impl's parameter.
func (b *body) satisfiesAll(params []*typed.TypeParam, t typed.Type) bool {
	for _, p := range params {
		for _, bound := range p.Bounds {
			if !b.satisfies(t, bound, b.extra) {
				return false
			}
		}
	}
	return true
}

// freeMethod returns the free function in scope that a method call means.
func (b *body) freeMethod(t typed.Type, name string) *method {
	if y := b.s.lookup(name); y != nil && y.kind == symFunc {
		b.signature(y.fn)
		if b.takesFirst(y.fn, t) {
			return &method{f: y.fn, free: true}
		}
	}
	if b.std != nil {
		if y := b.std.scope[name]; y != nil && y.kind == symFunc && (b.s.library || y.vis == syntax.Public) {
			b.signature(y.fn)
			if b.takesFirst(y.fn, t) {
				return &method{f: y.fn, free: true}
			}
		}
	}
	// A function beside the type's own declaration.
	if ti := b.ownerOf(t); ti != nil && ti.src.mod != b.s.mod {
		if y := ti.src.mod.member(name); y != nil && y.kind == symFunc && y.visible(b.s.mod) {
			b.signature(y.fn)
			if b.takesFirst(y.fn, t) {
				return &method{f: y.fn, free: true}
			}
		}
	}
	return nil
}

// takesFirst reports whether f can take a value of type t as its first argument.
func (b *body) takesFirst(f *funcInfo, t typed.Type) bool {
	if len(f.params) == 0 {
		return false
	}
	params := f.fn.TypeParams
	args := make([]typed.Type, len(params))
	for i := range args {
		args[i] = &tvar{}
	}
	first := apply(typed.Bind(params, args), f.params[0].typ)
	mark := len(b.trail)
	ok := b.unify(first, t)
	b.undo(mark)
	if ok {
		if p, isParam := f.params[0].typ.(*typed.Param); isParam {
			// A function for every type is a method of those that meet its bounds.
			for _, bound := range p.Decl.Bounds {
				if !b.satisfies(t, bound, b.extra) {
					return false
				}
			}
		}
		return true
	}
	from, to := prune(t), prune(first)
	if widens(typed.KindOf(from), typed.KindOf(to)) {
		return true
	}
	nf, ok1 := from.(*typed.Named)
	nt, ok2 := to.(*typed.Named)
	return ok1 && ok2 && upcasts(nf, nt)
}

// eachMethod calls f with the names of the methods of t, for did-you-mean.
func (b *body) eachMethod(t typed.Type, f func(string)) {
	for u := prune(t); u != nil; {
		for n := range b.methodsOf(u) {
			f(n)
		}
		n, ok := u.(*typed.Named)
		if !ok {
			break
		}
		for _, fi := range b.typesOf[n.Decl].layout {
			f(fi.name)
		}
		if n.Decl.Parent == nil {
			break
		}
		u = n.Decl.Parent
	}
	if p, ok := prune(t).(*typed.Param); ok {
		for _, bound := range p.Decl.Bounds {
			if bound.Trait != nil {
				for _, m := range b.traitsOf[bound.Trait].methods {
					f(m.name)
				}
			}
		}
	}
}

// methodVisible reports a call of a method that cannot be seen here.
func (b *body) methodVisible(f *funcInfo, at syntax.Span) {
	from := b.s.mod
	if f.mod == from || f.mod.library && from.library {
		return
	}
	hidden := f.mod.library && f.decl != nil && f.decl.Vis == syntax.Private && f.vis != syntax.Public
	if f.decl != nil && f.decl.Vis != syntax.Private && !visibleFrom(f.decl.Vis, f.mod, from) {
		hidden = true
	}
	if hidden {
		d := b.error("visibility", at, "method %s is private in module %s", f.name, f.mod.name)
		if !f.mod.library {
			f.src.note(d, f.at, "declared here")
		}
	}
}

// callMethod calls m on a receiver.
func (b *body) callMethod(m *method, recv typed.Expr, recvAt syntax.Span, args []argument, targs []syntax.TypeExpr, want typed.Type, nameAt, at syntax.Span) typed.Expr {
	if m.f == nil {
		return b.callTrait(m, recv, recvAt, args, targs, want, nameAt, at)
	}
	b.signature(m.f)
	if m.f.static {
		// An associated function called on an instance: the instance is computed
		// and dropped.
		call := b.callWith(m.f, recv.Type(), args, targs, want, nameAt, at)
		if _, plain := recv.(*typed.Local); plain {
			return call
		}
		return keep(b, &typed.Block{E: b.e(call.Type(), at), Stmts: []typed.Stmt{&typed.Do{X: recv}}, Value: call})
	}
	all := make([]argument, 0, len(args)+1)
	all = append(all, elaborated(recv, recvAt))
	all = append(all, args...)
	return b.callWith(m.f, nil, all, targs, want, nameAt, at)
}

// callTrait calls a method of a trait; the implementation is chosen when the type
// is known, at the latest by lowering.
func (b *body) callTrait(m *method, recv typed.Expr, recvAt syntax.Span, args []argument, targs []syntax.TypeExpr, want typed.Type, nameAt, at syntax.Span) typed.Expr {
	f := m.trait.methods[m.index]
	b.signature(f)
	b.reachTrait(m.trait)
	params := f.fn.TypeParams
	inst := make([]typed.Type, len(params))
	outer := append([]typed.Type{m.self}, m.args...)
	own := len(params) - f.outerParams
	if len(targs) > own {
		b.error("arity", nameAt, "%s takes %d type argument%s, not %d", f.display(), own, plural(own), len(targs))
		targs = nil
	}
	for i := range params {
		switch j := i - f.outerParams; {
		case i < len(outer):
			inst[i] = outer[i]
		case j >= 0 && j < len(targs):
			inst[i] = b.typeOf(b.sc, targs[j])
		default:
			inst[i] = b.fresh(anyVar, nameAt, "the type parameter "+params[i].Name+" of "+f.display())
		}
	}
	subst := typed.Bind(params, inst)
	b.needAll(nameAt, params, inst)
	b.checkCount(f, len(args), at)
	result := apply(subst, f.result)
	if want != nil && hasVars(result) && !isVar(result) && !isVar(want) {
		b.unify(result, want)
	}
	node := &typed.TraitCall{
		E: b.e(result, at), Trait: m.trait.decl, TraitArgs: m.args, Index: m.index, Self: m.self,
		TypeArgs: inst[f.outerParams:], Args: make([]typed.Expr, len(f.fn.Params)),
	}
	node.Args[0] = b.coerce(recv, m.self, recvAt)
	for pass := range 2 {
		for i, a := range args {
			if isLambda(a.x) != (pass == 1) {
				continue
			}
			if i < len(f.params) {
				node.Args[i+1] = b.argTo(a, apply(subst, f.params[i].typ))
			} else {
				b.argValue(a, nil)
			}
		}
	}
	for i := len(args); i < len(f.params); i++ {
		node.Args[i+1] = b.defaultArg(f, f.params[i], subst, inst, at)
	}
	if b.oversized(result, at) {
		return b.badExpr(at)
	}
	b.slots = append(b.slots, &node.Self)
	b.lists = append(b.lists, node.TraitArgs, inst)
	b.eff.call(f, nameAt, b)
	return keep(b, node)
}

// reachTrait makes all implementations of a trait part of the program.
func (c *checker) reachTrait(t *traitInfo) {
	if t.reached {
		return
	}
	t.reached = true
	for _, f := range t.methods {
		c.signature(f)
		if f.decl.Body != nil {
			c.reach(f)
		}
	}
	for _, im := range t.impls {
		c.checkImpl(im)
		for _, f := range im.funcs {
			c.reach(f)
		}
	}
	for _, s := range t.supers {
		if s.Trait != nil {
			c.reachTrait(c.traitsOf[s.Trait])
		}
	}
}

// methodCall calls a method by name on elaborated values.
func (b *body) methodCall(recv typed.Expr, name string, args []typed.Expr, at syntax.Span) typed.Expr {
	t := b.known(recv.Type())
	if isBad(t) {
		return b.badExpr(at)
	}
	m := b.findMethod(t, name)
	if m == nil {
		return b.badExpr(at)
	}
	list := make([]argument, len(args))
	for i, a := range args {
		list[i] = elaborated(a, at)
	}
	return b.callMethod(m, recv, at, list, nil, nil, at, at)
}

// traitStatic reports whether no implementation of a trait method uses the
// instance, so that it may be called on a type (dol 3.9-d).
func (b *body) traitStatic(m *method) bool {
	f := m.trait.methods[m.index]
	if f.decl.Self != nil || f.decl.Body != nil && b.usesThis(f) {
		return false
	}
	for _, im := range m.trait.impls {
		if g := im.byName[f.name]; g != nil && !b.traitImplStatic(g) {
			return false
		}
	}
	return true
}

// traitImplStatic reports whether a method of an impl of a trait does without its
// receiver.
func (b *body) traitImplStatic(f *funcInfo) bool {
	return f.impl != nil && f.impl.trait != nil && f.decl.Self == nil && !b.usesThis(f)
}
