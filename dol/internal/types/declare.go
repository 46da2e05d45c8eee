package types

import (
	"strconv"

	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/dol/internal/typed"
)

// headsOf resolves the parameters and the parent of a type.
func (c *checker) headsOf(t *typeInfo) {
	if t.heads != untouched {
		return
	}
	t.heads = running
	var params []syntax.TypeParam
	var parent *syntax.QName
	switch {
	case t.gen != nil:
		params, parent = t.gen.Params, t.gen.Parent
	case t.enum != nil:
		params = t.enum.Params
	case t.system != nil:
		params = t.system.Params
	}
	t.decl.Params = c.makeParams(t.scope, params)
	args := make([]typed.Type, len(t.decl.Params))
	for i, p := range t.decl.Params {
		args[i] = &typed.Param{Decl: p}
	}
	t.self = &typed.Named{Decl: t.decl, Args: args}
	t.scope.self = t.self
	if parent != nil && len(parent.Parts) > 0 {
		c.parentOf(t, *parent)
	}
	t.heads = done
}

func (c *checker) parentOf(t *typeInfo, q syntax.QName) {
	y := c.typeSymbol(t.scope, q)
	switch {
	case y == nil:
		c.unresolvedType(t.scope, q)
		return
	case y.kind == symBad:
		return
	case y.kind != symType || y.typ.decl.Kind != typed.Record || t.decl.Kind != typed.Record:
		t.src.report("type-mismatch", q.Span, "%s cannot extend %s: both must be records", t.decl.Name, q.String())
		return
	}
	p := y.typ
	c.headsOf(p)
	if len(p.decl.Params) > 0 {
		t.src.report("arity", q.Span, "%s takes type arguments and cannot be extended", p.decl.Name)
		return
	}
	p.used = true
	// A circle is cut where it is found; the walk ends because no circle was
	// let in before.
	names := t.decl.Name
	for a := p; a != nil; {
		names += " -> " + a.decl.Name
		if a == t {
			t.src.report("inherit-cycle", q.Span, "inheritance goes in a circle: %s", names)
			return
		}
		if a.decl.Parent == nil {
			break
		}
		a = c.typesOf[a.decl.Parent.Decl]
	}
	t.decl.Parent = &typed.Named{Decl: p.decl}
}

// complete resolves the fields, variants, and what lies under a newtype.
func (c *checker) complete(t *typeInfo) {
	if t.parts != untouched {
		return
	}
	c.headsOf(t)
	t.parts = running
	t.byField = map[string]int{}
	if p := t.decl.Parent; p != nil {
		parent := c.typesOf[p.Decl]
		c.complete(parent)
		t.layout = append(t.layout, parent.layout...)
		for i, f := range t.layout {
			t.byField[f.name] = i
		}
	}
	inherited := len(t.layout)
	switch {
	case t.gen != nil:
		switch carrier := t.gen.Carrier.(type) {
		case nil:
			c.fieldsOf(t, t.gen.Body)
		case *syntax.EnumType:
			c.variantsOf(t, carrier.Variants)
		default:
			t.decl.Under = c.typeOf(t.scope, carrier)
		}
	case t.enum != nil:
		c.variantsOf(t, t.enum.Variants)
	case t.system != nil:
		c.fieldsOf(t, t.system.Body)
	}
	for i, f := range t.layout[inherited:] {
		if first, dup := t.byField[f.name]; dup {
			d := f.src.report("dup-field", f.at, "field %s is declared twice", f.name)
			t.layout[first].src.note(d, t.layout[first].at, "first declared here")
			continue
		}
		t.byField[f.name] = inherited + i
	}
	t.parts = done
}

func (c *checker) fieldsOf(t *typeInfo, body []syntax.Item) {
	for _, item := range body {
		f := &fieldInfo{src: t.src, owner: t}
		switch x := item.(type) {
		case *syntax.Field:
			if x.Type == nil || x.Name.Name == "" {
				continue // an untyped field is a sentence
			}
			f.name, f.at, f.expr, f.def, f.vis = x.Name.Name, x.Name.Span, x.Type, x.Default, x.Vis
		case *syntax.State:
			f.name, f.at, f.expr, f.def = x.Name.Name, x.Name.Span, x.Type, x.Default
		default:
			continue
		}
		f.typ = c.typeOf(t.scope, f.expr)
		f.field = &typed.Field{Name: f.name, Type: f.typ, Pos: t.src.pos(f.at.Start)}
		t.decl.Fields = append(t.decl.Fields, f.field)
		t.fields = append(t.fields, f)
		t.layout = append(t.layout, f)
	}
}

func (c *checker) variantsOf(t *typeInfo, vs []*syntax.Variant) {
	t.variants = make(map[string]*typed.Variant, len(vs))
	t.varInfo = make(map[*typed.Variant]*variantInfo, len(vs))
	next := int64(0)
	values := map[int64]bool{}
	for _, x := range vs {
		if x.Name.Name == "" {
			continue
		}
		v := &typed.Variant{Name: x.Name.Name, Index: len(t.decl.Variants)}
		vi := &variantInfo{owner: t, syntax: x}
		if x.Value != nil {
			if n, ok := c.intLiteral(t.src, x.Value); ok {
				next = n
			}
		}
		v.Value = next
		next++
		if values[v.Value] {
			t.src.report("dup-variant", x.Name.Span, "variant %s has the value %d of another variant", v.Name, v.Value)
		}
		values[v.Value] = true
		for i, e := range x.Tuple {
			f := &fieldInfo{name: strconv.Itoa(i), src: t.src, owner: t, at: e.Range(), typ: c.typeOf(t.scope, e)}
			vi.fields = append(vi.fields, f)
		}
		seen := map[string]bool{}
		for _, xf := range x.Fields {
			if seen[xf.Name.Name] {
				t.src.report("dup-field", xf.Name.Span, "field %s is declared twice", xf.Name.Name)
				continue
			}
			seen[xf.Name.Name] = true
			f := &fieldInfo{name: xf.Name.Name, src: t.src, owner: t, at: xf.Name.Span, def: xf.Default, typ: c.typeOf(t.scope, xf.Type)}
			vi.fields = append(vi.fields, f)
		}
		for _, f := range vi.fields {
			f.field = &typed.Field{Name: f.name, Type: f.typ, Pos: t.src.pos(f.at.Start)}
			v.Fields = append(v.Fields, f.field)
		}
		if first := t.variants[v.Name]; first != nil {
			d := t.src.report("dup-variant", x.Name.Span, "variant %s is declared twice", v.Name)
			t.src.note(d, t.varInfo[first].syntax.Name.Span, "first declared here")
			continue
		}
		t.decl.Variants = append(t.decl.Variants, v)
		t.variants[v.Name] = v
		t.varInfo[v] = vi
	}
}

// intLiteral returns the value of an integer literal or its negation.
func (c *checker) intLiteral(s *source, x syntax.Expr) (int64, bool) {
	neg := false
	if u, ok := x.(*syntax.Unary); ok && u.Op == "-" {
		neg, x = true, u.X
	}
	if p, ok := x.(*syntax.Paren); ok {
		x = p.X
	}
	lit, ok := x.(*syntax.Literal)
	if !ok || lit.Kind != syntax.IntLit {
		if _, bad := x.(*syntax.BadExpr); !bad {
			s.report("const-not-constant", x.Range(), "a discriminant is an integer literal")
		}
		return 0, false
	}
	n, ok := parseInt(lit.Text)
	if !ok || n > 1<<63 || n == 1<<63 && !neg {
		s.report("literal-out-of-range", lit.Span, "%s does not fit i64", lit.Text)
		return 0, false
	}
	if neg {
		return -int64(n), true
	}
	return int64(n), true
}

// traitHeads resolves parameters and supertraits.
func (c *checker) traitHeads(t *traitInfo) {
	if t.heads != untouched {
		return
	}
	t.heads = running
	params := c.makeParams(t.scope, t.syntax.Params)
	t.decl.Params = append(t.decl.Params, params...)
	for _, b := range t.syntax.Bounds {
		if bound, ok := c.boundOf(t.scope, b); ok {
			t.supers = append(t.supers, bound)
		}
	}
	self := t.decl.Params[0]
	args := make([]typed.Type, 0, len(params))
	for _, p := range params {
		args = append(args, &typed.Param{Decl: p})
	}
	self.Bounds = append([]typed.Bound{{Trait: t.decl, Args: args}}, t.supers...)
	t.heads = done
	for _, f := range t.methods {
		f.fn = &typed.Func{}
		t.decl.Methods = append(t.decl.Methods, f.fn)
	}
}

// implHeads resolves what an impl is for and enters its methods.
func (c *checker) implHeads(im *implInfo) {
	if im.state != untouched {
		return
	}
	im.state = running
	defer func() { im.state = done }()
	s, d := im.src, im.syntax
	im.scope = &tscope{src: s}
	if im.outer != nil {
		c.headsOf(im.outer)
		im.scope.parent = im.outer.scope
		im.params = append(im.params, im.outer.decl.Params...)
	}
	im.byName = map[string]*funcInfo{}
	own := c.implParams(im)
	im.params = append(im.params, own...)
	traitExpr, typeExpr := d.Target, d.For
	switch {
	case im.outer != nil && d.For == nil:
		im.target = im.outer.self
	case d.For == nil:
		traitExpr, typeExpr = nil, d.Target
		fallthrough
	default:
		im.target = c.typeOf(im.scope, typeExpr)
	}
	im.scope.self = im.target
	if traitExpr != nil {
		n, _ := traitExpr.(*syntax.NamedType)
		bound, ok := c.boundOf(im.scope, traitExpr)
		switch {
		case !ok:
			im.target = tInvalid
		case bound.Trait == nil:
			s.report("trait-signature", n.Span, "%s is built in: every type that can has it", bound.Builtin)
			im.target = tInvalid
		default:
			im.trait = c.traitsOf[bound.Trait]
			im.args = bound.Args
		}
	}
	table := c.methodsOf(im.target)
	if table == nil && im.target != typed.Type(tInvalid) && im.trait == nil {
		s.report("type-mismatch", typeExpr.Range(), "methods cannot be added to %s", s.typeName(im.target))
	}
	for _, item := range d.Body {
		x, ok := item.(*syntax.Fun)
		if !ok {
			continue
		}
		f := c.newFunc(s, s.mod, x, im.scope)
		f.impl = im
		f.owner = c.ownerOf(im.target)
		f.path = headName(im.target) + "." + f.name
		f.vis = syntax.Public
		if im.trait == nil && x.Vis != syntax.Private {
			f.vis = x.Vis
		}
		if first := im.byName[f.name]; first != nil {
			rep := s.report("dup-method", f.at, "method %s is declared twice", f.name)
			s.note(rep, first.at, "first declared here")
			continue
		}
		im.byName[f.name] = f
		im.funcs = append(im.funcs, f)
		if table != nil {
			c.addMethod(table, f)
		}
	}
	if im.trait == nil || im.target == typed.Type(tInvalid) {
		return
	}
	if _, ok := im.target.(*typed.Param); ok {
		c.blanket = append(c.blanket, im)
	}
	im.trait.impls = append(im.trait.impls, im)
	im.typed = &typed.Impl{Trait: im.trait.decl, TraitArgs: im.args, Params: im.params, For: im.target, Methods: map[string]*typed.Func{}}
	if o := c.ownerOf(im.target); o != nil {
		o.impls = append(o.impls, im)
	} else if k := typed.KindOf(im.target); k != typed.Invalid {
		c.basicImpls[k] = append(c.basicImpls[k], im)
	}
}

// implParams declares the type parameters of an impl: those that it lists, and in
// "impl Stack<T>" the arguments that name no type.
func (c *checker) implParams(im *implInfo) []*typed.TypeParam {
	declared := c.makeParams(im.scope, im.syntax.Params)
	target := im.syntax.For
	if target == nil {
		target = im.syntax.Target
	}
	var loose []syntax.TypeParam
	var owner *typeInfo
	if n, ok := target.(*syntax.NamedType); ok && len(n.Name.Parts) > 0 {
		if y := c.typeSymbol(im.scope, n.Name); y != nil && y.kind == symType {
			owner = y.typ
			c.headsOf(owner)
		}
		for i, a := range n.Args {
			if n, ok := a.(*syntax.NamedType); ok && len(n.Name.Parts) == 1 && len(n.Args) == 0 {
				id := n.Name.Parts[0]
				if _, basic := basicNames[id.Name]; basic || id.Name == "" || im.scope.param(id.Name) != nil || c.typeSymbol(im.scope, n.Name) != nil {
					continue
				}
				if _, classic := classicNames[id.Name]; classic {
					continue
				}
				loose = append(loose, syntax.TypeParam{Span: id.Span, Name: id})
				if owner != nil && i < len(owner.decl.Params) {
					im.copyBounds = append(im.copyBounds, owner.decl.Params[i])
				} else {
					im.copyBounds = append(im.copyBounds, nil)
				}
			}
		}
	}
	extra := c.makeParams(im.scope, loose)
	for i, p := range extra {
		if from := im.copyBounds[i]; from != nil {
			p.Bounds = append(p.Bounds, from.Bounds...)
		}
	}
	return append(declared, extra...)
}

// methodsOf returns where methods of types with the head of t are entered; nil
// for types that have none.
func (c *checker) methodsOf(t typed.Type) methodTable {
	switch t := t.(type) {
	case *typed.Named:
		return c.typesOf[t.Decl].methods
	case *typed.Basic:
		if t.Kind == typed.Invalid {
			return nil
		}
		return tableAt(&c.basics[t.Kind])
	case *typed.Array:
		return tableAt(&c.arrays)
	case *typed.Tuple:
		return tableAt(&c.tuples)
	}
	return nil
}

func tableAt(t *methodTable) methodTable {
	if *t == nil {
		*t = methodTable{}
	}
	return *t
}

// ownerOf returns the declared type at the head of t, or nil.
func (c *checker) ownerOf(t typed.Type) *typeInfo {
	if n, ok := t.(*typed.Named); ok {
		return c.typesOf[n.Decl]
	}
	return nil
}

func headName(t typed.Type) string {
	if n, ok := t.(*typed.Named); ok {
		return n.Decl.Name
	}
	return t.String()
}

// declareAll resolves the signatures of everything the user wrote; those of the
// library when they are asked for.
func (c *checker) declareAll() {
	for i := 0; i < len(c.impls); i++ {
		c.implHeads(c.impls[i])
	}
	for _, t := range c.allTypes {
		if !t.src.library {
			c.complete(t)
		}
	}
	for _, t := range c.allTraits {
		c.traitHeads(t)
	}
	for _, m := range c.modules {
		if m.library {
			continue
		}
		for _, y := range m.order {
			if y.kind == symAlias {
				c.resolveAlias(y.alias)
			}
		}
	}
	for _, f := range c.allFuncs {
		if !f.src.library {
			c.signature(f)
		}
	}
	c.recursiveLayouts()
	for i := 0; i < len(c.impls); i++ {
		if !c.impls[i].src.library {
			c.checkImpl(c.impls[i])
		}
	}
}
