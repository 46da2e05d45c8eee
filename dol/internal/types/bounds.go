package types

import (
	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/dol/internal/typed"
)

// satisfies reports whether t meets a bound; extra are bounds that hold where the
// question arises.
func (c *checker) satisfies(t typed.Type, bound typed.Bound, extra map[*typed.TypeParam][]typed.Bound) bool {
	t = prune(t)
	if isBad(t) || t == typed.Type(tNever) {
		return true
	}
	if v, ok := t.(*tvar); ok {
		return v.kind == anyVar || bound.Trait == nil || c.implements(tI64, bound)
	}
	if p, ok := t.(*typed.Param); ok {
		if bound.Trait == nil {
			return builtinOnParam(p.Decl, bound.Builtin, extra)
		}
		return c.boundImplies(p.Decl.Bounds, bound, nil) || c.boundImplies(extra[p.Decl], bound, nil) || c.implements(t, bound)
	}
	if bound.Trait == nil {
		return c.builtin(t, bound.Builtin, extra, map[*typed.TypeDecl]bool{})
	}
	return c.implements(t, bound)
}

// builtinOnParam: equality, text and order of any type are synthesised, so that
// only Num and Hash have to be asked for.
func builtinOnParam(p *typed.TypeParam, name string, extra map[*typed.TypeParam][]typed.Bound) bool {
	switch name {
	case "Eq", "Show":
		return true
	}
	return boundedBy(p.Bounds, name) || boundedBy(extra[p], name)
}

// boundImplies reports whether one of bounds is, or brings along, bound.
func (c *checker) boundImplies(bounds []typed.Bound, bound typed.Bound, seen map[*typed.TraitDecl]bool) bool {
	for _, b := range bounds {
		if b.Trait == nil || seen[b.Trait] {
			continue
		}
		if b.Trait == bound.Trait {
			return true
		}
		if seen == nil {
			seen = map[*typed.TraitDecl]bool{}
		}
		seen[b.Trait] = true
		t := c.traitsOf[b.Trait]
		c.traitHeads(t)
		if c.boundImplies(t.supers, bound, seen) {
			return true
		}
	}
	return false
}

// implements reports whether t, or an ancestor of it, has an impl of a trait.
func (c *checker) implements(t typed.Type, bound typed.Bound) bool {
	return c.findImpl(t, bound.Trait) != nil
}

// findImpl returns the impl of a trait for t or an ancestor of it.
func (c *checker) findImpl(t typed.Type, trait *typed.TraitDecl) *implInfo {
	for u := t; u != nil; {
		var impls []*implInfo
		switch u := u.(type) {
		case *typed.Named:
			impls = c.typesOf[u.Decl].impls
		case *typed.Basic:
			impls = c.basicImpls[u.Kind]
		default:
			impls = c.traitsOf[trait].impls
		}
		for _, im := range impls {
			if im.trait.decl == trait && c.matches(im, u) {
				return im
			}
		}
		n, ok := u.(*typed.Named)
		if !ok || n.Decl.Parent == nil {
			break
		}
		u = n.Decl.Parent
	}
	for _, im := range c.blanket {
		if im.trait.decl != trait {
			continue
		}
		ok := true
		for _, p := range im.params {
			for _, b := range p.Bounds {
				ok = ok && b.Trait != trait && c.satisfies(t, b, nil)
			}
		}
		if ok {
			return im
		}
	}
	return nil
}

// matches reports whether t can be what an impl is for.
func (c *checker) matches(im *implInfo, t typed.Type) bool {
	args := make([]typed.Type, len(im.params))
	for i := range args {
		args[i] = &tvar{}
	}
	mark := len(c.trail)
	ok := c.unify(apply(typed.Bind(im.params, args), im.target), t)
	c.undo(mark)
	return ok
}

// builtin reports whether a type that is no parameter meets a built-in bound.
func (c *checker) builtin(t typed.Type, name string, extra map[*typed.TypeParam][]typed.Bound, seen map[*typed.TypeDecl]bool) bool {
	switch t := t.(type) {
	case *typed.Basic:
		switch name {
		case "Num":
			return t.Kind.IsNumber()
		case "Ord":
			return t.Kind.IsNumber() || t.Kind == typed.Char || t.Kind == typed.Bool || t.Kind == typed.String || t.Kind == typed.Bytes
		case "Hash":
			return t.Kind.IsInt() || t.Kind == typed.Char || t.Kind == typed.Bool || t.Kind == typed.String || t.Kind == typed.Bytes || t.Kind == typed.Unit
		}
		return t.Kind != typed.TypeInfo
	case *typed.Tuple:
		if name == "Num" {
			return false
		}
		for _, e := range t.Elems {
			if !c.satisfiesIn(e, name, extra, seen) {
				return false
			}
		}
		return true
	case *typed.FuncType:
		return false
	case *typed.Array:
		return name == "Eq"
	case *typed.Named:
		ti := c.typesOf[t.Decl]
		c.complete(ti)
		if seen[t.Decl] {
			return true
		}
		seen[t.Decl] = true
		defer delete(seen, t.Decl)
		subst := typed.Bind(t.Decl.Params, t.Args)
		switch {
		case ti.decl.Kind == typed.NewtypeKind:
			return c.satisfiesIn(apply(subst, ti.decl.Under), name, extra, seen)
		case name == "Num" || name == "Ord":
			return false
		case name == "Hash":
			return isUnitEnum(ti)
		}
		for _, a := range t.Args {
			if !c.satisfiesIn(a, name, extra, seen) {
				return false
			}
		}
		if ti.src.library {
			return true
		}
		for _, f := range ti.layout {
			if !c.satisfiesIn(f.typ, name, extra, seen) {
				return false
			}
		}
		for _, v := range ti.decl.Variants {
			for _, f := range v.Fields {
				if !c.satisfiesIn(f.Type, name, extra, seen) {
					return false
				}
			}
		}
		return true
	}
	return true
}

func (c *checker) satisfiesIn(t typed.Type, name string, extra map[*typed.TypeParam][]typed.Bound, seen map[*typed.TypeDecl]bool) bool {
	t = prune(t)
	switch t := t.(type) {
	case *tvar:
		return true
	case *typed.Param:
		return builtinOnParam(t.Decl, name, extra)
	}
	return c.builtin(t, name, extra, seen)
}

// needBounds notes the bounds of a type as written; they are looked at when all
// declarations are known.
func (c *checker) needBounds(s *source, at syntax.Span, params []*typed.TypeParam, args []typed.Type) {
	var subst typed.Subst
	for i, p := range params {
		if len(p.Bounds) == 0 {
			continue
		}
		if subst == nil {
			subst = typed.Bind(params, args)
		}
		c.typeNeeds = append(c.typeNeeds, need{s: s, at: at, param: p, bounds: p.Bounds, subst: subst, arg: args[i]})
	}
}

// checkNeed reports a type argument that does not meet a bound.
func (c *checker) checkNeed(n *need) {
	t := resolve(n.arg)
	for _, bound := range n.bounds {
		if c.satisfies(t, bound, n.extra) {
			continue
		}
		name := bound.Builtin
		if bound.Trait != nil {
			name = bound.Trait.Name
		}
		d := n.s.report("bound-unsatisfied", n.at, "%s does not meet the bound %s", n.s.typeName(t), name)
		if n.param != nil {
			note(d, "it stands for the type parameter %s: %s", n.param.Name, name)
		}
		switch name {
		case "Hash":
			note(d, "keys are integers, bool, char, strings, enums without payload, or tuples of these")
		case "Num":
			note(d, "numbers are the integer and float types")
		}
		return
	}
}

// checkImpl compares an impl of a trait with the trait.
func (c *checker) checkImpl(im *implInfo) {
	if im.checked || im.trait == nil || im.typed == nil {
		return
	}
	im.checked = true
	t := im.trait
	c.traitHeads(t)
	s := im.src
	subst := typed.Bind(t.decl.Params[:1+len(im.args)], append([]typed.Type{im.target}, im.args...))
	for _, f := range im.funcs {
		c.signature(f)
		i, ok := t.byName[f.name]
		if !ok {
			d := s.report("trait-signature", f.at, "trait %s has no method %s", t.decl.Name, f.name)
			near := newNearest(f.name)
			for _, m := range t.methods {
				near.try(m.name)
			}
			if near.best != "" {
				s.fix(d, "did you mean "+near.best+"?", f.at, near.best)
			}
			continue
		}
		im.typed.Methods[f.name] = f.fn
		c.compareMethod(im, f, t.methods[i], subst)
	}
	var missing []string
	for _, m := range t.methods {
		c.signature(m)
		if m.decl.Body == nil && im.byName[m.name] == nil {
			missing = append(missing, m.name)
		}
	}
	if len(missing) > 0 {
		d := s.report("trait-incomplete", im.syntax.Target.Range(), "the implementation of %s lacks %s", t.decl.Name, listOf(missing))
		if m := t.methods[t.byName[missing[0]]]; !m.src.library {
			m.src.note(d, m.at, "declared here")
		}
	}
	for _, bound := range t.supers {
		b := typed.Bound{Trait: bound.Trait, Builtin: bound.Builtin, Args: applyAll(subst, bound.Args)}
		if !c.satisfies(im.target, b, nil) {
			name := bound.Builtin
			if bound.Trait != nil {
				name = bound.Trait.Name
			}
			s.report("bound-unsatisfied", im.syntax.Target.Range(), "%s needs %s, which %s does not implement", t.decl.Name, name, s.typeName(im.target))
		}
	}
	for _, other := range t.impls {
		if other == im {
			break
		}
		if c.sameTarget(other, im) {
			d := s.report("dup-decl", im.syntax.Target.Range(), "%s is implemented for %s twice", t.decl.Name, s.typeName(im.target))
			other.src.note(d, other.syntax.Target.Range(), "first implemented here")
			break
		}
	}
}

// sameTarget reports whether two impls of a trait are for types with one head.
func (c *checker) sameTarget(a, b *implInfo) bool {
	x, ok1 := a.target.(*typed.Named)
	y, ok2 := b.target.(*typed.Named)
	if ok1 && ok2 {
		return x.Decl == y.Decl && c.matches(a, b.target)
	}
	return !ok1 && !ok2 && typed.Identical(a.target, b.target)
}

// compareMethod reports a method whose signature is not that of the trait.
func (c *checker) compareMethod(im *implInfo, f, m *funcInfo, subst typed.Subst) {
	c.signature(m)
	s := f.src
	wrong := func(at syntax.Span, format string, args ...any) {
		d := s.report("trait-signature", at, format, args...)
		if !m.src.library {
			m.src.note(d, m.at, "declared here")
		}
	}
	if len(f.params) != len(m.params) {
		wrong(f.at, "%s takes %d parameter%s, in the trait %d", f.name, len(f.params), plural(len(f.params)), len(m.params))
		return
	}
	own, theirs := f.fn.TypeParams[f.outerParams:], m.fn.TypeParams[m.outerParams:]
	if len(own) != len(theirs) {
		wrong(f.at, "%s takes %d type parameter%s, in the trait %d", f.name, len(own), plural(len(own)), len(theirs))
		return
	}
	all := typed.Subst{}
	for p, t := range subst {
		all[p] = t
	}
	for i, p := range theirs {
		all[p] = &typed.Param{Decl: own[i]}
	}
	for i, p := range f.params {
		want := all.Apply(m.params[i].typ)
		if !isBad(p.typ) && !isBad(want) && !typed.Identical(p.typ, want) {
			wrong(p.at, "parameter %s is %s, in the trait %s", p.name, s.typeName(p.typ), s.typeName(want))
		}
	}
	if want := all.Apply(m.result); !isBad(f.result) && !isBad(want) && !typed.Identical(f.result, want) {
		at := f.at
		if f.decl.Result != nil {
			at = f.decl.Result.Range()
		}
		wrong(at, "%s returns %s, in the trait %s", f.name, s.typeName(f.result), s.typeName(want))
	}
}

// recursiveLayouts reports a newtype that holds itself and records that hold
// nothing but themselves: no value of them could be made. Records are held by
// reference, so that only these have no end.
func (c *checker) recursiveLayouts() {
	for _, t := range c.allTypes {
		if t.src.library || t.sym == nil {
			continue
		}
		c.complete(t)
	}
	state := map[*typed.TypeDecl]progress{}
	var visit func(t *typeInfo) bool
	visit = func(t *typeInfo) bool {
		switch state[t.decl] {
		case running:
			return true
		case done:
			return false
		}
		state[t.decl] = running
		circle := false
		step := func(u typed.Type, at syntax.Span) {
			if circle {
				return
			}
			if n, ok := u.(*typed.Named); ok && n.Decl.Kind != typed.EnumKind && !c.typesOf[n.Decl].src.library {
				if visit(c.typesOf[n.Decl]) {
					circle = true
					if state[t.decl] != done {
						t.src.report("recursive-layout", at, "%s contains itself without an end: %s", t.decl.Name, c.circleOf(t, n.Decl))
						state[t.decl] = done
					}
				}
			}
		}
		if t.decl.Under != nil && t.gen != nil && t.gen.Carrier != nil {
			step(t.decl.Under, t.gen.Carrier.Range())
		}
		for _, f := range t.fields {
			if f.def == nil {
				step(f.typ, f.at)
			}
		}
		state[t.decl] = done
		return false
	}
	for _, t := range c.allTypes {
		if !t.src.library {
			visit(t)
		}
	}
}

// circleOf names the way from a type back to itself, as far as it is direct.
func (c *checker) circleOf(t *typeInfo, next *typed.TypeDecl) string {
	if next == t.decl {
		return t.decl.Name + " -> " + t.decl.Name
	}
	return t.decl.Name + " -> " + next.Name + " -> … -> " + t.decl.Name
}
