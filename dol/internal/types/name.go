package types

import (
	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/dol/internal/typed"
)

// entityKind says what a path without a value stands for.
type entityKind uint8

const (
	noEntity entityKind = iota
	moduleEntity
	typeEntity
	traitEntity
	badEntity
)

// entity is what a path names when it names no value.
type entity struct {
	kind   entityKind
	module *module
	typ    typed.Type // with variables for arguments that are not written
	ti     *typeInfo  // of a declared type
	trait  *traitInfo
	args   []typed.Type // of a trait
}

// entity resolves a path to a module, type or trait; ok is false when x is a
// value.
func (b *body) entity(x syntax.Expr) (entity, bool) {
	switch x := x.(type) {
	case *syntax.Name:
		return b.nameEntity(x.Ident, nil, x.Span)
	case *syntax.TypeApply:
		if n, ok := x.X.(*syntax.Name); ok {
			return b.nameEntity(n.Ident, x.Args, x.Span)
		}
		if m, ok := x.X.(*syntax.Member); ok {
			return b.memberEntity(m, x.Args)
		}
	case *syntax.Member:
		return b.memberEntity(x, x.TypeArgs)
	}
	return entity{}, false
}

func (b *body) memberEntity(x *syntax.Member, args []syntax.TypeExpr) (entity, bool) {
	outer, ok := b.entity(x.X)
	if !ok {
		return entity{}, false
	}
	switch outer.kind {
	case badEntity:
		return outer, true
	case moduleEntity:
		y := outer.module.member(x.Name.Name)
		if y == nil {
			return entity{}, false
		}
		return b.symbolEntity(y, args, x.Span)
	case typeEntity:
		if outer.ti != nil {
			if y := outer.ti.nested[x.Name.Name]; y != nil {
				return b.symbolEntity(y, args, x.Span)
			}
		}
	}
	return entity{}, false
}

func (b *body) nameEntity(name string, args []syntax.TypeExpr, at syntax.Span) (entity, bool) {
	if b.locals[name] != nil || b.isField(name) {
		return entity{}, false
	}
	if p := b.sc.param(name); p != nil {
		return entity{kind: typeEntity, typ: &typed.Param{Decl: p}}, true
	}
	if name == "Self" {
		if t := b.sc.selfType(); t != nil {
			return entity{kind: typeEntity, typ: t, ti: b.ownerOf(t)}, true
		}
	}
	if k, ok := basicNames[name]; ok {
		return entity{kind: typeEntity, typ: typed.Basics[k]}, true
	}
	y := b.sc.nested(name)
	if y == nil {
		y = b.s.lookup(name)
	}
	if y != nil {
		return b.symbolEntity(y, args, at)
	}
	if now, ok := classicNames[name]; ok {
		if k, ok := basicNames[now]; ok {
			return entity{kind: typeEntity, typ: typed.Basics[k]}, true
		}
		if t := b.libType(now); t != nil {
			return b.symbolEntity(t.sym, args, at)
		}
	}
	return entity{}, false
}

func (b *body) symbolEntity(y *symbol, args []syntax.TypeExpr, at syntax.Span) (entity, bool) {
	switch y.kind {
	case symModule:
		if y.module == nil {
			return entity{kind: badEntity}, true
		}
		return entity{kind: moduleEntity, module: y.module}, true
	case symBad:
		b.bad = true
		return entity{kind: badEntity}, true
	case symTrait:
		b.traitHeads(y.trait)
		e := entity{kind: traitEntity, trait: y.trait}
		for i := range y.trait.decl.Params[1:] {
			if i < len(args) {
				e.args = append(e.args, b.typeOf(b.sc, args[i]))
			} else {
				e.args = append(e.args, b.fresh(anyVar, at, "the type arguments of "+y.name))
			}
		}
		return e, true
	case symAlias:
		b.resolveAlias(y.alias)
		if y.alias.target == nil {
			return entity{kind: badEntity}, true
		}
		targs := b.freshArgs(y.name, y.alias.params, args, at)
		t := apply(typed.Bind(y.alias.params, targs), y.alias.target)
		return entity{kind: typeEntity, typ: t, ti: b.ownerOf(t)}, true
	case symType:
		b.headsOf(y.typ)
		y.typ.used = true
		targs := b.freshArgs(y.name, y.typ.decl.Params, args, at)
		return entity{kind: typeEntity, typ: &typed.Named{Decl: y.typ.decl, Args: targs}, ti: y.typ}, true
	}
	return entity{}, false
}

// freshArgs are the written arguments for params, or variables.
func (b *body) freshArgs(name string, params []*typed.TypeParam, args []syntax.TypeExpr, at syntax.Span) []typed.Type {
	out := make([]typed.Type, len(params))
	if len(args) > 0 && len(args) != len(params) {
		b.error("arity", at, "%s takes %d type argument%s, not %d", name, len(params), plural(len(params)), len(args))
		args = nil
	}
	for i := range params {
		if i < len(args) {
			out[i] = b.typeOf(b.sc, args[i])
		} else {
			out[i] = b.fresh(anyVar, at, "the type arguments of "+name)
		}
	}
	if len(params) > 0 {
		b.lists = append(b.lists, out)
		b.needAll(at, params, out)
	}
	return out
}

// isField reports whether a bare name means a field of this.
func (b *body) isField(name string) bool {
	if b.this == nil || b.owner == nil {
		return false
	}
	b.complete(b.owner)
	_, ok := b.owner.byField[name]
	return ok
}

// useLocal reads a variable.
func (b *body) useLocal(l *local, at syntax.Span) typed.Expr {
	l.used = true
	if l.fn != nil {
		return b.funcValue(l.fn, nil, at)
	}
	x := b.read(l.v, at)
	b.lateRead(l, x, at)
	return x
}

func (b *body) name(x *syntax.Name, want typed.Type) typed.Expr {
	if x.Ident == "" {
		return b.badExpr(x.Span)
	}
	if x.Ident == "_" {
		b.error("unresolved-name", x.Span, "_ is no value")
		return b.badExpr(x.Span)
	}
	if l := b.locals[x.Ident]; l != nil {
		return b.useLocal(l, x.Span)
	}
	if v := b.wantedVariant(x.Ident, want); v != nil {
		return b.variantValue(b.ownerOf(prune(want)), v, prune(want).(*typed.Named).Args, x.Span)
	}
	if b.isField(x.Ident) {
		return b.fieldOf(b.read(b.this, x.Span), x.Ident, x.Span)
	}
	y := b.sc.nested(x.Ident)
	if y == nil {
		y = b.s.lookup(x.Ident)
	}
	if y != nil {
		return b.symbolValue(y, nil, want, x.Span)
	}
	if ti, v := b.preludeVariant(x.Ident); v != nil {
		return b.variantValue(ti, v, b.freshArgs(x.Ident, ti.decl.Params, nil, x.Span), x.Span)
	}
	if e, ok := b.nameEntity(x.Ident, nil, x.Span); ok && e.kind != badEntity {
		b.error("type-mismatch", x.Span, "%s is a type, not a value", x.Ident)
		return b.badExpr(x.Span)
	}
	return b.unresolved(x.Ident, x.Span)
}

// wantedVariant returns the variant of that name of the expected type.
func (b *body) wantedVariant(name string, want typed.Type) *typed.Variant {
	if want == nil {
		return nil
	}
	ti := b.ownerOf(prune(want))
	if ti == nil || ti.decl.Kind != typed.EnumKind {
		return nil
	}
	b.complete(ti)
	v := ti.variants[name]
	if v != nil {
		b.s.touch(name, ti)
	}
	return v
}

// touch marks an import of a variant as used where the expected type would have
// done without.
func (s *source) touch(name string, ti *typeInfo) {
	if im := s.imports[name]; im != nil {
		im.used = true
	}
	for _, u := range s.mod.useGlobs {
		if u.enum == ti {
			u.used = true
		}
	}
}

// preludeVariant returns Some, None, Ok and Err.
func (b *body) preludeVariant(name string) (*typeInfo, *typed.Variant) {
	lib := ""
	switch name {
	case "Some", "None":
		lib = "Option"
	case "Ok", "Err":
		lib = "Result"
	default:
		return nil, nil
	}
	ti := b.libType(lib)
	if ti == nil {
		return nil, nil
	}
	b.complete(ti)
	return ti, ti.variants[name]
}

// unresolved reports a name that means nothing here.
func (b *body) unresolved(name string, at syntax.Span) typed.Expr {
	if b.s.failedGlob() {
		return b.badExpr(at)
	}
	d := b.error("unresolved-name", at, "nothing is called %s", name)
	if b.owner != nil {
		if fs := b.owner.methods[name]; len(fs) > 0 && b.this != nil {
			b.s.fix(d, "call it on this", at, "this."+name)
			return b.badExpr(at)
		}
	}
	if e := b.enumOf(name); e != "" {
		b.s.fix(d, "name the enum", at, e+"."+name)
		return b.badExpr(at)
	}
	near := newNearest(name)
	for n := range b.locals {
		near.tryOrdered(n)
	}
	if b.owner != nil && b.this != nil {
		for n := range b.owner.byField {
			near.tryOrdered(n)
		}
	}
	b.s.candidates(near.tryOrdered)
	switch name {
	case "fn", "function", "func", "def":
		near.best = "fun"
	}
	if near.best != "" {
		b.s.fix(d, "did you mean "+near.best+"?", at, near.best)
	}
	return b.badExpr(at)
}

// enumOf returns the enum of the module that has a variant of that name: without
// an expected type it has to be named.
func (b *body) enumOf(name string) string {
	if b.s.base().errors > maxErrors {
		return ""
	}
	for _, y := range b.s.mod.order {
		if y.kind == symType && y.typ.decl.Kind == typed.EnumKind {
			b.complete(y.typ)
			if y.typ.variants[name] != nil {
				return y.name
			}
		}
	}
	return ""
}

// failedGlob reports whether a glob import of the file failed: any name may have
// come from there.
func (s *source) failedGlob() bool {
	for _, u := range s.mod.useGlobs {
		if u.src == s && u.bad {
			return true
		}
	}
	return false
}

// symbolValue reads what a symbol stands for.
func (b *body) symbolValue(y *symbol, targs []syntax.TypeExpr, want typed.Type, at syntax.Span) typed.Expr {
	switch y.kind {
	case symFunc:
		return b.funcValue(y.fn, targs, at)
	case symConst, symVar:
		return b.globalValue(y.global, at)
	case symVariant:
		return b.variantValue(y.typ, y.variant, b.freshArgs(y.name, y.typ.decl.Params, nil, at), at)
	case symBad:
		return b.badExpr(at)
	}
	if y.kind == symType && want != nil {
		// A unit variant may share its name with a type.
		if v := b.wantedVariant(y.name, want); v != nil {
			return b.variantValue(b.ownerOf(prune(want)), v, prune(want).(*typed.Named).Args, at)
		}
	}
	b.error("type-mismatch", at, "%s is a %s, not a value", y.name, y.kind)
	return b.badExpr(at)
}

// funcValue is a function as a value.
func (b *body) funcValue(f *funcInfo, targs []syntax.TypeExpr, at syntax.Span) typed.Expr {
	b.reach(f)
	subst, args := b.instantiate(f, nil, targs, at)
	ft := &typed.FuncType{Params: make([]typed.Type, len(f.fn.Params)), Result: apply(subst, f.result)}
	for i, p := range f.fn.Params {
		ft.Params[i] = apply(subst, p.Type)
	}
	b.eff.mention(f, at, b)
	return keep(b, &typed.FuncRef{E: b.e(ft, at), Func: f.fn, TypeArgs: args})
}

// globalValue reads a constant or module variable.
func (b *body) globalValue(g *globalInfo, at syntax.Span) typed.Expr {
	b.globalType(g)
	if g.isConst {
		b.globalInit(g)
		if g.value != nil {
			k := *g.value
			k.P = b.s.pos(at.Start)
			return &k
		}
	} else {
		b.eff.global(g, at, b)
	}
	if isBad(g.t) {
		return b.badExpr(at)
	}
	b.useGlobal(g)
	return &typed.GlobalRef{E: b.e(g.t, at), Global: g.global}
}

// fieldOf reads a field of a record; ok names are the caller's business.
func (b *body) fieldOf(x typed.Expr, name string, at syntax.Span) typed.Expr {
	n := prune(x.Type()).(*typed.Named)
	ti := b.typesOf[n.Decl]
	b.complete(ti)
	i := ti.byField[name]
	f := ti.layout[i]
	t := f.typ
	if f.owner == ti {
		t = apply(typed.Bind(n.Decl.Params, n.Args), t)
	}
	return keep(b, &typed.GetField{E: b.e(t, at), X: x, Index: i})
}

// variantValue is a variant that stands without arguments: a value, or its
// constructor as a function.
func (b *body) variantValue(ti *typeInfo, v *typed.Variant, args []typed.Type, at syntax.Span) typed.Expr {
	ti.used = true
	t := &typed.Named{Decl: ti.decl, Args: args}
	if len(v.Fields) == 0 {
		return keep(b, &typed.NewVariant{E: b.e(t, at), Variant: v})
	}
	subst := typed.Bind(ti.decl.Params, args)
	ft := &typed.FuncType{Result: t}
	fn := &typed.Lambda{Result: t, Name: b.lambdaName()}
	node := keep(b, &typed.NewVariant{E: b.e(t, at), Variant: v})
	for _, f := range v.Fields {
		p := b.temp(f.Name, apply(subst, f.Type), at, false)
		fn.Params = append(fn.Params, p)
		ft.Params = append(ft.Params, p.Type)
		node.Fields = append(node.Fields, b.read(p, at))
	}
	fn.E, fn.Body = b.e(ft, at), node
	b.slots = append(b.slots, &fn.Result)
	return keep(b, fn)
}

// variantOf makes a value of an enum of the library from values.
func (b *body) variantOf(ti *typeInfo, name string, args []typed.Type, values []typed.Expr, at syntax.Span) typed.Expr {
	b.complete(ti)
	ti.used = true
	v := ti.variants[name]
	if v == nil {
		return b.badExpr(at)
	}
	return keep(b, &typed.NewVariant{E: b.e(&typed.Named{Decl: ti.decl, Args: args}, at), Variant: v, Fields: values})
}

func (b *body) typeApply(x *syntax.TypeApply, want typed.Type) typed.Expr {
	if n, ok := x.X.(*syntax.Name); ok && b.locals[n.Ident] == nil {
		if y := b.s.lookup(n.Ident); y != nil && y.kind == symFunc {
			return b.symbolValue(y, x.Args, want, x.Span)
		}
		if ti, v := b.preludeVariant(n.Ident); v != nil {
			return b.variantValue(ti, v, b.freshArgs(n.Ident, ti.decl.Params, x.Args, x.Span), x.Span)
		}
	}
	if e, ok := b.entity(x); ok {
		if e.kind != badEntity {
			b.error("type-mismatch", x.Span, "%s is a type, not a value", b.s.file.Text(x.Span))
		}
		return b.badExpr(x.Span)
	}
	if m, ok := x.X.(*syntax.Member); ok {
		return b.memberValue(m, x.Args, want)
	}
	b.expr(x.X, nil)
	b.error("arity", x.Span, "type arguments belong to the name of a function or type")
	return b.badExpr(x.Span)
}
