package types

import (
	"unicode"
	"unicode/utf8"

	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/dol/internal/typed"
)

// patternScope holds what a pattern binds. The alternatives of an or-pattern bind
// the same variables: the first declares them, the others find them here.
type patternScope struct {
	kind  localKind
	vars  map[string]*typed.Var
	at    map[string]syntax.Span
	reuse map[string]*typed.Var // of the first alternative; nil: not in a later one
	seen  map[string]bool       // in the alternative that is being looked at
}

// pattern elaborates p against a value of type t and brings its variables into
// scope.
func (b *body) pattern(p syntax.Pattern, t typed.Type, kind localKind) typed.Pattern {
	ps := &patternScope{kind: kind, vars: map[string]*typed.Var{}, at: map[string]syntax.Span{}, seen: map[string]bool{}}
	return b.patternIn(ps, p, t)
}

func (b *body) bindName(ps *patternScope, name string, mut bool, at syntax.Span, t typed.Type) *typed.Var {
	if ps.seen[name] {
		d := b.error("dup-param", at, "%s is bound twice in this pattern", name)
		b.s.note(d, ps.at[name], "first bound here")
	}
	ps.seen[name] = true
	if ps.reuse != nil {
		v := ps.reuse[name]
		if v == nil {
			b.error("unresolved-name", at, "%s is not bound by the first alternative", name)
			return b.temp(name, t, at, false)
		}
		if !b.unify(v.Type, t) {
			b.error("type-mismatch", at, "%s is %s here and %s in the first alternative", name, b.s.typeName(t), b.s.typeName(v.Type))
		}
		return v
	}
	kind := ps.kind
	if mut {
		kind = varLocal
	}
	l := b.declare(name, at, t, kind)
	ps.vars[name], ps.at[name] = l.v, at
	return l.v
}

func (b *body) patternIn(ps *patternScope, p syntax.Pattern, t typed.Type) typed.Pattern {
	t = prune(t)
	switch p := p.(type) {
	case *syntax.WildPat:
		return &typed.Any{}
	case *syntax.LitPat:
		return b.litPattern(p, t)
	case *syntax.RangePat:
		return b.rangePattern(p, t)
	case *syntax.PathPat:
		return b.pathPattern(ps, p, t)
	case *syntax.TuplePat:
		if p.Path != nil {
			return b.variantPattern(ps, p, t)
		}
		return b.tuplePattern(ps, p, t)
	case *syntax.RecordPat:
		return b.recordPattern(ps, p, t)
	case *syntax.AtPat:
		v := b.bindName(ps, p.Name.Name, false, p.Name.Span, t)
		return &typed.BindPat{Var: v, Sub: b.patternIn(ps, p.Sub, t)}
	case *syntax.OrPat:
		return b.orPattern(ps, p, t)
	case *syntax.ListPat:
		b.s.unsupported(p.Span, "a list pattern")
		var elem typed.Type = tInvalid
		if args, ok := b.isKnown(t, "Vec"); ok {
			elem = args[0]
		}
		for _, e := range p.Elems {
			b.patternIn(ps, e, elem)
		}
		if p.RestVar.Name != "" {
			b.bindName(ps, p.RestVar.Name, false, p.RestVar.Span, t)
		}
		b.bad = true
		return &typed.Any{}
	}
	b.bad = true
	return &typed.Any{}
}

// constOf elaborates a literal of a pattern as a constant of type t.
func (b *body) constOf(p *syntax.LitPat, t typed.Type) *typed.Const {
	if p == nil || p.Lit == nil {
		return nil
	}
	if v, ok := t.(*tvar); ok && v.kind == anyVar {
		t = b.known(t)
	}
	y := b.literal(p.Lit, t, p.Neg, p.Span)
	from := prune(y.Type())
	if !b.unify(from, t) {
		b.mismatch(y, t, p.Span)
		return nil
	}
	if bl, ok := y.(*typed.Block); ok {
		y = bl.Value
	}
	k, _ := y.(*typed.Const)
	return k
}

func (b *body) litPattern(p *syntax.LitPat, t typed.Type) typed.Pattern {
	if p.Lit != nil && p.Lit.Kind == syntax.NullLit {
		if args, ok := b.isKnown(t, "Option"); ok {
			ti := b.libType("Option")
			b.complete(ti)
			return &typed.VariantPat{Enum: &typed.Named{Decl: ti.decl, Args: args}, Variant: ti.variants["None"]}
		}
		b.error("type-mismatch", p.Span, "null matches an Option, this is %s", b.s.typeName(t))
		return &typed.Any{}
	}
	k := b.constOf(p, t)
	if k == nil {
		b.bad = true
		return &typed.Any{}
	}
	return &typed.LitPat{Value: k}
}

func (b *body) rangePattern(p *syntax.RangePat, t typed.Type) typed.Pattern {
	lo, hi := b.constOf(p.Lo, t), b.constOf(p.Hi, t)
	if lo == nil || hi == nil {
		b.bad = true
		return &typed.Any{}
	}
	b.checks = append(b.checks, func() {
		k := typed.KindOf(resolve(lo.T))
		if !k.IsInt() && k != typed.Char && k != typed.Invalid {
			b.error("type-mismatch", p.Span, "a range in a pattern is of integers or chars, not %s", b.s.typeName(lo.T))
			return
		}
		below := lo.Int < hi.Int
		if k.IsSigned() {
			below = int64(lo.Int) < int64(hi.Int)
		}
		if !below && (!p.Inclusive || lo.Int != hi.Int) && !b.bad {
			b.s.report("match-unreachable", p.Span, "this range is empty")
		}
	})
	return &typed.RangePat{Lo: lo, Hi: hi, Inclusive: p.Inclusive}
}

// pathPattern is a name: a unit variant of t if there is one, else a binding.
func (b *body) pathPattern(ps *patternScope, p *syntax.PathPat, t typed.Type) typed.Pattern {
	if len(p.Path.Parts) == 0 {
		b.bad = true
		return &typed.Any{}
	}
	if len(p.Path.Parts) > 1 {
		ti, v, n := b.patternVariant(p.Path, t)
		if v == nil {
			return &typed.Any{}
		}
		return b.unitPattern(ti, v, n, p.Path.Span)
	}
	id := p.Path.Parts[0]
	if id.Name == "" {
		b.bad = true
		return &typed.Any{}
	}
	t = b.known(t)
	if n, ok := t.(*typed.Named); ok {
		ti := b.typesOf[n.Decl]
		b.complete(ti)
		if v := ti.variants[id.Name]; v != nil {
			b.s.touch(id.Name, ti)
			return b.unitPattern(ti, v, n, id.Span)
		}
	}
	if y := b.s.lookup(id.Name); y != nil && b.locals[id.Name] == nil {
		switch {
		case y.kind == symVariant && len(y.variant.Fields) == 0:
			n := &typed.Named{Decl: y.typ.decl, Args: b.freshArgs(y.typ.decl.Name, y.typ.decl.Params, nil, id.Span)}
			if b.unify(n, t) {
				return b.unitPattern(y.typ, y.variant, n, id.Span)
			}
		case y.kind == symConst:
			// A constant in a pattern matches its value.
			b.globalType(y.global)
			b.globalInit(y.global)
			if k := y.global.value; k != nil && b.unify(k.T, t) {
				return &typed.LitPat{Value: k}
			}
		}
	}
	if isVar(t) {
		if ti, v := b.preludeVariant(id.Name); v != nil && len(v.Fields) == 0 {
			n := &typed.Named{Decl: ti.decl, Args: b.freshArgs(ti.decl.Name, ti.decl.Params, nil, id.Span)}
			b.unify(n, t)
			return b.unitPattern(ti, v, n, id.Span)
		}
	}
	if r, _ := utf8.DecodeRuneInString(id.Name); unicode.IsUpper(r) && ps.kind == patternLocal {
		if isBad(t) {
			return &typed.Any{} // what it would have been is not known
		}
		d := b.s.report("binding-looks-like-variant", id.Span, "%s binds any value: %s has no variant of that name", id.Name, b.s.typeName(t))
		if ti := b.ownerOf(t); ti != nil {
			near := newNearest(id.Name)
			for _, v := range ti.decl.Variants {
				near.try(v.Name)
			}
			if near.best != "" {
				b.s.fix(d, "did you mean "+near.best+"?", id.Span, near.best)
			}
		}
	}
	return &typed.BindPat{Var: b.bindName(ps, id.Name, p.Mut, id.Span, t)}
}

func (b *body) unitPattern(ti *typeInfo, v *typed.Variant, n *typed.Named, at syntax.Span) typed.Pattern {
	node := &typed.VariantPat{Enum: n, Variant: v}
	for range v.Fields {
		node.Fields = append(node.Fields, &typed.Any{})
	}
	if len(v.Fields) > 0 {
		d := b.error("arity", at, "variant %s holds %d value%s", v.Name, len(v.Fields), plural(len(v.Fields)))
		shape := "(_)"
		if v.Fields[0].Name != "0" {
			shape = " { .. }"
		}
		note(d, "write %s%s", v.Name, shape)
	}
	b.settlePattern(node)
	return node
}

// patternVariant finds the variant that a path in a pattern names and makes the
// value's type its enum.
func (b *body) patternVariant(q syntax.QName, t typed.Type) (*typeInfo, *typed.Variant, *typed.Named) {
	last := q.Parts[len(q.Parts)-1]
	if len(q.Parts) == 1 {
		t = b.known(t)
		if n, ok := t.(*typed.Named); ok {
			ti := b.typesOf[n.Decl]
			b.complete(ti)
			if v := ti.variants[last.Name]; v != nil {
				b.s.touch(last.Name, ti)
				return ti, v, n
			}
		}
		ti, v := b.preludeVariant(last.Name)
		if y := b.s.lookup(last.Name); v == nil && y != nil && y.kind == symVariant {
			ti, v = y.typ, y.variant
		}
		if v != nil {
			n := &typed.Named{Decl: ti.decl, Args: b.freshArgs(ti.decl.Name, ti.decl.Params, nil, q.Span)}
			if b.unify(n, t) {
				return ti, v, n
			}
			if !isBad(t) {
				b.error("type-mismatch", q.Span, "%s is a variant of %s, the value is %s", last.Name, ti.decl.Name, b.s.typeName(t))
			}
			b.bad = true
			return nil, nil, nil
		}
		if !isBad(t) {
			d := b.error("unknown-variant", q.Span, "%s has no variant %s", b.s.typeName(t), last.Name)
			if ti := b.ownerOf(t); ti != nil {
				near := newNearest(last.Name)
				for _, v := range ti.decl.Variants {
					near.try(v.Name)
				}
				if near.best != "" {
					b.s.fix(d, "did you mean "+near.best+"?", last.Span, near.best)
				}
			}
		}
		b.bad = true
		return nil, nil, nil
	}
	outer := syntax.QName{Span: syntax.Span{Start: q.Start, End: q.Parts[len(q.Parts)-2].End}, Parts: q.Parts[:len(q.Parts)-1]}
	y := b.typeSymbol(b.sc, outer)
	if y != nil && y.kind == symAlias {
		b.resolveAlias(y.alias)
		if ti := b.ownerOf(orNil(y.alias.target)); ti != nil {
			y = ti.sym
		}
	}
	if y == nil && len(outer.Parts) == 1 {
		if outer.Parts[0].Name == "Self" {
			if ti := b.ownerOf(orNil(b.sc.selfType())); ti != nil {
				y = ti.sym
			}
		} else if now := classicNames[outer.Parts[0].Name]; now != "" && b.libType(now) != nil {
			y = b.libType(now).sym
		}
	}
	switch {
	case y == nil:
		b.bad = true
		d := b.error("unresolved-name", outer.Span, "no enum is called %s", outer.String())
		if ti := b.ownerOf(t); ti != nil && ti.decl.Kind == typed.EnumKind {
			b.s.fix(d, "did you mean "+ti.decl.Name+"?", outer.Span, ti.decl.Name)
		}
		return nil, nil, nil
	case y.kind != symType:
		b.bad = true
		if y.kind != symBad {
			b.error("type-mismatch", outer.Span, "%s is a %s, not an enum", outer.String(), y.kind)
		}
		return nil, nil, nil
	}
	ti := y.typ
	b.complete(ti)
	ti.used = true
	v := ti.variants[last.Name]
	if v == nil {
		d := b.error("unknown-variant", last.Span, "%s has no variant %s", ti.decl.Name, last.Name)
		near := newNearest(last.Name)
		for _, v := range ti.decl.Variants {
			near.try(v.Name)
		}
		if near.best != "" {
			b.s.fix(d, "did you mean "+near.best+"?", last.Span, near.best)
		}
		return nil, nil, nil
	}
	n := &typed.Named{Decl: ti.decl, Args: b.freshArgs(ti.decl.Name, ti.decl.Params, nil, q.Span)}
	if !b.unify(n, t) {
		b.error("type-mismatch", q.Span, "expected a pattern of %s, found one of %s", b.s.typeName(t), ti.decl.Name)
		return nil, nil, nil
	}
	return ti, v, n
}

func (b *body) variantPattern(ps *patternScope, p *syntax.TuplePat, t typed.Type) typed.Pattern {
	if n, ok := b.known(t).(*typed.Named); ok && n.Decl.Kind == typed.NewtypeKind && len(p.Path.Parts) == 1 && p.Path.Parts[0].Name == n.Decl.Name && len(p.Elems) == 1 {
		b.error("type-mismatch", p.Span, "a newtype has no pattern; bind it and take .type")
		return &typed.Any{}
	}
	ti, v, n := b.patternVariant(*p.Path, t)
	if v == nil {
		for _, e := range p.Elems {
			b.patternIn(ps, e, tInvalid)
		}
		return &typed.Any{}
	}
	node := &typed.VariantPat{Enum: n, Variant: v, Fields: make([]typed.Pattern, len(v.Fields))}
	if len(p.Elems) != len(v.Fields) {
		b.error("arity", p.Span, "variant %s holds %d value%s, not %d", v.Name, len(v.Fields), plural(len(v.Fields)), len(p.Elems))
	}
	subst := typed.Bind(ti.decl.Params, n.Args)
	for i, e := range p.Elems {
		if i < len(v.Fields) {
			node.Fields[i] = b.patternIn(ps, e, apply(subst, v.Fields[i].Type))
		} else {
			b.patternIn(ps, e, tInvalid)
		}
	}
	for i := range node.Fields {
		if node.Fields[i] == nil {
			node.Fields[i] = &typed.Any{}
		}
	}
	b.settlePattern(node)
	return node
}

func (b *body) tuplePattern(ps *patternScope, p *syntax.TuplePat, t typed.Type) typed.Pattern {
	t = b.known(t)
	if len(p.Elems) == 1 {
		return b.patternIn(ps, p.Elems[0], t)
	}
	if len(p.Elems) == 0 {
		if !b.unify(t, tUnit) {
			b.error("type-mismatch", p.Span, "expected %s, found a pattern of ()", b.s.typeName(t))
		}
		return &typed.Any{}
	}
	if isVar(t) {
		tup := &typed.Tuple{}
		for range p.Elems {
			tup.Elems = append(tup.Elems, b.fresh(anyVar, p.Span, "this value"))
		}
		b.unify(t, tup)
		t = tup
	}
	tup, ok := t.(*typed.Tuple)
	if !ok || len(tup.Elems) != len(p.Elems) {
		if !isBad(t) {
			b.error("type-mismatch", p.Span, "expected %s, found a pattern of %d elements", b.s.typeName(t), len(p.Elems))
		}
		for _, e := range p.Elems {
			b.patternIn(ps, e, tInvalid)
		}
		b.bad = true
		return &typed.Any{}
	}
	node := &typed.TuplePat{}
	for i, e := range p.Elems {
		node.Elems = append(node.Elems, b.patternIn(ps, e, tup.Elems[i]))
	}
	return node
}

// recordPattern is T { f: p } for a record or a struct variant.
func (b *body) recordPattern(ps *patternScope, p *syntax.RecordPat, t typed.Type) typed.Pattern {
	t = b.known(t)
	var fields []*typed.Field
	var subst typed.Subst
	var build func([]typed.Pattern) typed.Pattern
	name := p.Path.String()
	if n, ok := t.(*typed.Named); ok && n.Decl.Kind == typed.Record {
		ti := b.typesOf[n.Decl]
		y := b.typeSymbol(b.sc, p.Path)
		isSelf := name == "Self" && b.sc.selfType() != nil
		if y != nil && y.kind == symType && y.typ == ti || isSelf {
			b.complete(ti)
			for _, f := range ti.layout {
				b.fieldVisible(f, p.Span)
				fields = append(fields, f.field)
			}
			subst = typed.Bind(n.Decl.Params, n.Args)
			build = func(ps []typed.Pattern) typed.Pattern { return &typed.RecordPat{Fields: ps} }
		}
	}
	if build == nil && isVar(t) {
		if y := b.typeSymbol(b.sc, p.Path); y != nil && y.kind == symType && y.typ.decl.Kind == typed.Record {
			b.headsOf(y.typ)
			n := &typed.Named{Decl: y.typ.decl, Args: b.freshArgs(name, y.typ.decl.Params, nil, p.Path.Span)}
			b.unify(t, n)
			return b.recordPattern(ps, p, n)
		}
	}
	if build == nil {
		if y := b.typeSymbol(b.sc, p.Path); y != nil && y.kind == symType && y.typ.decl.Kind == typed.Record && !isBad(t) {
			b.error("type-mismatch", p.Path.Span, "expected a pattern of %s, found one of %s", b.s.typeName(t), name)
			b.recordRest(ps, p)
			return &typed.Any{}
		}
		ti, v, n := b.patternVariant(p.Path, t)
		if v == nil {
			b.recordRest(ps, p)
			return &typed.Any{}
		}
		fields = v.Fields
		subst = typed.Bind(ti.decl.Params, n.Args)
		build = func(ps []typed.Pattern) typed.Pattern {
			node := &typed.VariantPat{Enum: n, Variant: v, Fields: ps}
			b.settlePattern(node)
			return node
		}
	}
	out := make([]typed.Pattern, len(fields))
	byName := make(map[string]int, len(fields))
	for i, f := range fields {
		byName[f.Name] = i
	}
	for _, fp := range p.Fields {
		i, ok := byName[fp.Name.Name]
		if !ok {
			d := b.error("unknown-field", fp.Name.Span, "%s has no field %s", name, fp.Name.Name)
			near := newNearest(fp.Name.Name)
			for _, f := range fields {
				near.try(f.Name)
			}
			if near.best != "" {
				b.s.fix(d, "did you mean "+near.best+"?", fp.Name.Span, near.best)
			}
			b.fieldPattern(ps, fp, tInvalid)
			continue
		}
		if out[i] != nil {
			b.error("dup-field", fp.Name.Span, "field %s stands twice in this pattern", fp.Name.Name)
		}
		out[i] = b.fieldPattern(ps, fp, apply(subst, fields[i].Type))
	}
	for i, f := range fields {
		if out[i] == nil {
			if !p.Rest {
				d := b.error("missing-field", p.Span, "the pattern leaves out field %s", f.Name)
				advise(d, "write .. for the fields that are not looked at")
				p = &syntax.RecordPat{Path: p.Path, Rest: true}
			}
			out[i] = &typed.Any{}
		}
	}
	return build(out)
}

func (b *body) fieldPattern(ps *patternScope, fp syntax.FieldPat, t typed.Type) typed.Pattern {
	if fp.Pattern != nil {
		return b.patternIn(ps, fp.Pattern, t)
	}
	return &typed.BindPat{Var: b.bindName(ps, fp.Name.Name, false, fp.Name.Span, t)}
}

// recordRest binds what a pattern that makes no sense would bind.
func (b *body) recordRest(ps *patternScope, p *syntax.RecordPat) {
	b.bad = true
	for _, fp := range p.Fields {
		b.fieldPattern(ps, fp, tInvalid)
	}
}

func (b *body) orPattern(ps *patternScope, p *syntax.OrPat, t typed.Type) typed.Pattern {
	node := &typed.OrPat{}
	outer := ps.seen
	var first map[string]bool
	for i, alt := range p.Alts {
		ps.seen = map[string]bool{}
		if i == 0 {
			node.Alts = append(node.Alts, b.patternIn(ps, alt, t))
			first = ps.seen
			continue
		}
		inner := ps.reuse
		if inner == nil {
			ps.reuse = ps.vars
		}
		node.Alts = append(node.Alts, b.patternIn(ps, alt, t))
		ps.reuse = inner
		for _, name := range sortedNames(first) {
			if !ps.seen[name] {
				b.error("unresolved-name", alt.Range(), "this alternative does not bind %s", name)
			}
		}
	}
	for name := range first {
		outer[name] = true
	}
	ps.seen = outer
	return node
}

// irrefutable reports whether a pattern matches every value of its type.
func irrefutable(p typed.Pattern) bool {
	switch p := p.(type) {
	case *typed.Any:
		return true
	case *typed.BindPat:
		return p.Sub == nil || irrefutable(p.Sub)
	case *typed.TuplePat:
		return allIrrefutable(p.Elems)
	case *typed.RecordPat:
		return allIrrefutable(p.Fields)
	case *typed.VariantPat:
		return len(p.Enum.Decl.Variants) == 1 && allIrrefutable(p.Fields)
	case *typed.OrPat:
		for _, a := range p.Alts {
			if irrefutable(a) {
				return true
			}
		}
	}
	return false
}

func allIrrefutable(ps []typed.Pattern) bool {
	for _, p := range ps {
		if !irrefutable(p) {
			return false
		}
	}
	return true
}

// mustFit reports a pattern that may fail where none may.
func (b *body) mustFit(p typed.Pattern, x syntax.Pattern, t typed.Type) {
	b.checks = append(b.checks, func() {
		if irrefutable(p) || b.bad || isBad(t) {
			return
		}
		d := b.error("match-nonexhaustive", x.Range(), "this pattern does not match every value of %s", b.s.typeName(t))
		advise(d, "use match or if let")
	})
}
