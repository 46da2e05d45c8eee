package types

import (
	"github.com/univrs/vudo/diag"
	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/dol/internal/typed"
)

// argument of a call: as written, or (y set) elaborated already.
type argument struct {
	x  syntax.Expr
	y  typed.Expr
	at syntax.Span
}

func written(xs []syntax.Expr) []argument {
	out := make([]argument, len(xs))
	for i, x := range xs {
		out[i] = argument{x: x, at: spanOf(x)}
	}
	return out
}

func spanOf(x syntax.Expr) syntax.Span {
	if x == nil {
		return syntax.Span{}
	}
	return x.Range()
}

func elaborated(y typed.Expr, at syntax.Span) argument { return argument{y: y, at: at} }

// call elaborates a call.
func (b *body) call(x *syntax.Call, want typed.Type) typed.Expr {
	return b.callOf(x.Fun, nil, written(x.Args), want, x.Span)
}

// callOf calls fun with args, the first of which (piped, may be nil) comes from a
// pipe: where fun is a bare name of no function, it is a method of that value.
func (b *body) callOf(fun syntax.Expr, piped *argument, args []argument, want typed.Type, at syntax.Span) typed.Expr {
	var targs []syntax.TypeExpr
	inner := fun
	if p, ok := inner.(*syntax.Paren); ok {
		if _, isName := p.X.(*syntax.Name); isName {
			inner = p.X
		}
	}
	if ta, ok := inner.(*syntax.TypeApply); ok {
		switch ta.X.(type) {
		case *syntax.Name, *syntax.Member:
			inner, targs = ta.X, ta.Args
		}
	}
	all := args
	if piped != nil {
		all = append([]argument{*piped}, args...)
	}
	switch f := inner.(type) {
	case *syntax.Name:
		if y, ok := b.callName(f, targs, piped, args, all, want, at); ok {
			return y
		}
	case *syntax.Member:
		if targs == nil {
			targs = f.TypeArgs
		}
		return b.callMember(f, targs, all, want, at)
	}
	return b.callValue(b.expr(fun, nil), fun.Range(), all, at)
}

// callName calls what a bare name stands for; ok is false when that is a value.
func (b *body) callName(f *syntax.Name, targs []syntax.TypeExpr, piped *argument, args, all []argument, want typed.Type, at syntax.Span) (typed.Expr, bool) {
	name := f.Ident
	if l := b.locals[name]; l != nil {
		if l.fn != nil {
			l.used = true
			return b.callFunc(l.fn, all, targs, want, f.Span, at), true
		}
		return nil, false
	}
	if v := b.wantedVariant(name, want); v != nil {
		n := prune(want).(*typed.Named)
		return b.newVariant(b.ownerOf(n), v, n.Args, all, at), true
	}
	if b.isField(name) {
		return nil, false
	}
	y := b.sc.nested(name)
	if y == nil {
		y = b.s.lookup(name)
	}
	if y != nil && (piped == nil || y.kind != symFunc || y.mod != b.std || b.findPiped(piped, name) == nil) {
		return b.callSymbol(y, f, targs, all, want, at)
	}
	if ti, v := b.preludeVariant(name); v != nil {
		return b.newVariant(ti, v, b.freshArgs(name, ti.decl.Params, targs, f.Span), all, at), true
	}
	if piped != nil {
		recv := piped.y
		if m := b.findMethod(b.known(recv.Type()), name); m != nil {
			return b.callMethod(m, recv, piped.at, args, targs, want, f.Span, at), true
		}
		if y != nil {
			return b.callSymbol(y, f, targs, all, want, at)
		}
	}
	if e, ok := b.nameEntity(name, targs, f.Span); ok {
		return b.callEntity(e, f.Span, all, at), true
	}
	if name == "format" && b.std != nil {
		return b.format(all, at), true
	}
	if m := b.ownMethod(name); m != nil {
		if m.static {
			return b.callFunc(m, all, targs, want, f.Span, at), true
		}
		if b.this != nil {
			return b.callFunc(m, append([]argument{elaborated(b.read(b.this, f.Span), f.Span)}, all...), targs, want, f.Span, at), true
		}
	}
	for _, a := range all {
		b.argValue(a, nil)
	}
	return b.unresolved(name, f.Span), true
}

// findPiped returns the method that a piped value has under a name.
func (b *body) findPiped(piped *argument, name string) *method {
	t := b.known(piped.y.Type())
	m := b.findMethod(t, name)
	if m != nil && m.f != nil && m.f.selfType == nil {
		return nil
	}
	return m
}

// ownMethod returns the method of the enclosing type that a bare call means when
// nothing else has the name.
func (b *body) ownMethod(name string) *funcInfo {
	if b.owner == nil {
		return nil
	}
	for _, m := range b.owner.methods[name] {
		b.signature(m)
		return m
	}
	return nil
}

func (b *body) callSymbol(y *symbol, f *syntax.Name, targs []syntax.TypeExpr, all []argument, want typed.Type, at syntax.Span) (typed.Expr, bool) {
	switch y.kind {
	case symFunc:
		if y.mod == b.std && y.name == "format" && len(all) > 0 {
			return b.format(all, at), true
		}
		return b.callFunc(y.fn, all, targs, want, f.Span, at), true
	case symVariant:
		return b.newVariant(y.typ, y.variant, b.freshArgs(y.name, y.typ.decl.Params, targs, f.Span), all, at), true
	case symBad:
		for _, a := range all {
			b.argValue(a, nil)
		}
		return b.badExpr(at), true
	case symConst, symVar:
		return nil, false
	}
	if e, ok := b.symbolEntity(y, targs, f.Span); ok {
		return b.callEntity(e, f.Span, all, at), true
	}
	return nil, false
}

// callEntity is Type(x): the constructor of a newtype, else an error.
func (b *body) callEntity(e entity, nameAt syntax.Span, args []argument, at syntax.Span) typed.Expr {
	if e.kind == typeEntity && e.ti != nil && e.ti.decl.Kind == typed.NewtypeKind {
		b.complete(e.ti)
		n := e.typ.(*typed.Named)
		under := apply(typed.Bind(n.Decl.Params, n.Args), e.ti.decl.Under)
		if len(args) != 1 {
			b.arity(e.ti.decl.Name, 1, 1, len(args), at)
			return b.badExpr(at)
		}
		x := b.argTo(args[0], under)
		return keep(b, &typed.Convert{E: b.e(e.typ, at), X: x})
	}
	for _, a := range args {
		b.argValue(a, nil)
	}
	if e.kind != badEntity {
		d := b.error("not-callable", nameAt, "%s is no function", b.s.file.Text(nameAt))
		if e.ti != nil && e.ti.decl.Kind == typed.Record {
			note(d, "a record is written %s { field: value }", e.ti.decl.Name)
		}
		if typed.KindOf(orNil(e.typ)) != typed.Invalid {
			note(d, "a conversion is written x as %s", b.s.typeName(e.typ))
		}
	}
	return b.badExpr(at)
}

func (b *body) argValue(a argument, want typed.Type) typed.Expr {
	if a.y != nil {
		return a.y
	}
	return b.expr(a.x, want)
}

func (b *body) argTo(a argument, want typed.Type) typed.Expr {
	return b.coerce(b.argValue(a, want), want, a.at)
}

func (b *body) arity(name string, least, most, got int, at syntax.Span) *diag.Diagnostic {
	switch {
	case least == most:
		return b.error("arity", at, "%s takes %d argument%s, not %d", name, most, plural(most), got)
	case got < least:
		return b.error("arity", at, "%s takes at least %d argument%s, not %d", name, least, plural(least), got)
	}
	return b.error("arity", at, "%s takes at most %d argument%s, not %d", name, most, plural(most), got)
}

// callMember calls x.name(args): something of a module or type, or a method.
func (b *body) callMember(f *syntax.Member, targs []syntax.TypeExpr, args []argument, want typed.Type, at syntax.Span) typed.Expr {
	name := f.Name.Name
	if e, ok := b.entity(f.X); ok {
		return b.callOfEntity(e, f, targs, args, want, at)
	}
	recv := b.expr(f.X, nil)
	if name == "" {
		for _, a := range args {
			b.argValue(a, nil)
		}
		return b.badExpr(at)
	}
	t := b.known(recv.Type())
	if isBad(t) || t == typed.Type(tNever) {
		b.bad = b.bad || isBad(t)
		for _, a := range args {
			b.argValue(a, nil)
		}
		return b.badExpr(at)
	}
	if isVar(t) {
		for i := range args {
			args[i].y = b.argValue(args[i], nil)
		}
		return b.later(t, f.X.Range(), at, func() typed.Expr {
			return b.callOn(recv, f, targs, args, nil, at)
		})
	}
	return b.callOn(recv, f, targs, args, want, at)
}

// callOn calls a method of a value whose type is known.
func (b *body) callOn(recv typed.Expr, f *syntax.Member, targs []syntax.TypeExpr, args []argument, want typed.Type, at syntax.Span) typed.Expr {
	name := f.Name.Name
	t := b.known(recv.Type())
	if name == "format" && t == typed.Type(tString) {
		return b.format(append([]argument{elaborated(recv, f.X.Range())}, args...), at)
	}
	if m := b.findMethod(t, name); m != nil {
		if m.f != nil {
			b.methodVisible(m.f, f.Name.Span)
		}
		return b.callMethod(m, recv, f.X.Range(), args, targs, want, f.Name.Span, at)
	}
	if n, ok := t.(*typed.Named); ok {
		ti := b.typesOf[n.Decl]
		b.complete(ti)
		if i, ok := ti.byField[name]; ok {
			b.fieldVisible(ti.layout[i], f.Name.Span)
			return b.callValue(b.fieldOf(recv, name, f.Span), f.Span, args, at)
		}
	}
	if _, ok := t.(*typed.Tuple); ok {
		if y := b.plainMember(recv, f.Name, f.Span); y != nil {
			return b.callValue(y, f.Span, args, at)
		}
	}
	for _, a := range args {
		b.argValue(a, nil)
	}
	if isBad(t) {
		return b.badExpr(at) // said already
	}
	d := b.error("unknown-method", f.Name.Span, "%s has no method %s", b.s.typeName(t), name)
	near := newNearest(name)
	b.eachMethod(t, near.tryOrdered)
	if near.best != "" {
		b.s.fix(d, "did you mean "+near.best+"?", f.Name.Span, near.best)
	}
	return b.badExpr(at)
}

// callOfEntity calls module.f(args), Type.f(args), Enum.Variant(args) or
// Trait.method(x, args).
func (b *body) callOfEntity(e entity, f *syntax.Member, targs []syntax.TypeExpr, args []argument, want typed.Type, at syntax.Span) typed.Expr {
	name := f.Name.Name
	switch e.kind {
	case moduleEntity:
		y := b.moduleMember(e.module, f.Name)
		if y == nil {
			break
		}
		if r, ok := b.callSymbol(y, &syntax.Name{Ident: name}, targs, args, want, at); ok {
			return r
		}
		return b.callValue(b.symbolValue(y, nil, nil, f.Span), f.Span, args, at)
	case typeEntity:
		if e.ti != nil {
			b.complete(e.ti)
			if v := e.ti.variants[name]; v != nil {
				return b.newVariant(e.ti, v, e.typ.(*typed.Named).Args, args, at)
			}
			if y := e.ti.nested[name]; y != nil {
				if ne, ok := b.symbolEntity(y, targs, f.Span); ok {
					return b.callEntity(ne, f.Span, args, at)
				}
			}
		}
		if m := b.findMethod(e.typ, name); m != nil {
			return b.callAssociated(m, e, targs, args, want, f, at)
		}
		// A free function that takes the type first may be called through it too.
		for _, a := range args {
			b.argValue(a, nil)
		}
		return b.unknownOf(e, f)
	case traitEntity:
		i, ok := e.trait.byName[name]
		if !ok {
			break
		}
		self := b.fresh(anyVar, at, "the value that "+name+" is called on")
		m := &method{trait: e.trait, args: e.args, index: i, self: self}
		if len(args) == 0 {
			b.error("arity", at, "%s of trait %s needs a value to be called on", name, e.trait.decl.Name)
			return b.badExpr(at)
		}
		recv := b.argValue(args[0], nil)
		b.unify(self, b.known(recv.Type()))
		return b.callMethod(m, recv, args[0].at, args[1:], targs, want, f.Name.Span, at)
	}
	for _, a := range args {
		b.argValue(a, nil)
	}
	if e.kind == badEntity || e.kind == moduleEntity {
		return b.badExpr(at)
	}
	return b.unknownOf(e, f)
}

// callAssociated is Type.f(args): a function that needs no instance, or a method
// with its receiver as the first argument.
func (b *body) callAssociated(m *method, e entity, targs []syntax.TypeExpr, args []argument, want typed.Type, f *syntax.Member, at syntax.Span) typed.Expr {
	if m.f == nil {
		// Of a trait: the instance comes first, unless nobody uses one.
		tf := m.trait.methods[m.index]
		b.signature(tf)
		if len(args) == len(tf.params) && b.traitStatic(m) {
			m.self = e.typ
			zero := b.libraryCall("zero", e.typ, f.X.Range(), []typed.Type{e.typ})
			return b.callMethod(m, zero, f.X.Range(), args, targs, want, f.Name.Span, at)
		}
		if len(args) == 0 {
			b.error("arity", at, "%s needs a value of %s to be called on", f.Name.Name, b.s.typeName(e.typ))
			return b.badExpr(at)
		}
		recv := b.argTo(args[0], e.typ)
		return b.callMethod(m, recv, args[0].at, args[1:], targs, want, f.Name.Span, at)
	}
	b.methodVisible(m.f, f.Name.Span)
	b.signature(m.f)
	if m.f.static {
		return b.callWith(m.f, e.typ, args, targs, want, f.Name.Span, at)
	}
	if len(args) < len(m.f.fn.Params) && b.traitImplStatic(m.f) && len(args) == len(m.f.params) {
		zero := b.libraryCall("zero", e.typ, f.X.Range(), []typed.Type{e.typ})
		return b.callFunc(m.f, append([]argument{elaborated(zero, f.X.Range())}, args...), targs, want, f.Name.Span, at)
	}
	if len(args) == 0 {
		d := b.error("arity", at, "%s uses the instance: call it on a value of %s", f.Name.Name, b.s.typeName(e.typ))
		if !m.f.src.library {
			m.f.src.note(d, m.f.at, "declared here")
		}
		return b.badExpr(at)
	}
	recv := b.argValue(args[0], e.typ)
	args[0].y = b.coerce(recv, e.typ, args[0].at)
	return b.callMethod(m, args[0].y, args[0].at, args[1:], targs, want, f.Name.Span, at)
}

// callFunc calls a function or method, the receiver first among args.
func (b *body) callFunc(f *funcInfo, args []argument, targs []syntax.TypeExpr, want typed.Type, nameAt, at syntax.Span) typed.Expr {
	return b.callWith(f, nil, args, targs, want, nameAt, at)
}

// callWith is callFunc for a function of type self, if that is not nil.
func (b *body) callWith(f *funcInfo, self typed.Type, args []argument, targs []syntax.TypeExpr, want typed.Type, nameAt, at syntax.Span) typed.Expr {
	b.reach(f)
	f, args = b.expandText(f, args)
	subst, inst := b.instantiate(f, self, targs, nameAt)
	params := f.fn.Params
	extra := len(params) - len(f.params) // the receiver
	b.checkCount(f, len(args)-extra, at)
	result := apply(subst, f.result)
	if want != nil && hasVars(result) && !isVar(result) && !isVar(want) {
		b.unify(result, want)
	} else if want != nil && isVar(result) && !isVar(want) && len(args) > 0 && b.isNumber(want) {
		b.hint(result, want, f, args, extra)
	}
	values := make([]typed.Expr, len(params))
	hint := func(i int) typed.Type { return apply(subst, params[i].Type) }
	for pass := range 2 {
		for i, a := range args {
			if i >= len(params) {
				if pass == 0 {
					b.argValue(a, nil)
				}
				continue
			}
			if isLambda(a.x) != (pass == 1) {
				continue
			}
			values[i] = b.argTo(a, hint(i))
		}
	}
	for i := len(args); i < len(params); i++ {
		if i < extra {
			continue
		}
		values[i] = b.defaultArg(f, f.params[i-extra], subst, inst, at)
	}
	for i := range values {
		if values[i] == nil {
			b.bad = true
			values[i] = b.badExpr(at)
		}
	}
	b.eff.call(f, nameAt, b)
	if f.mod == b.std && f.name == "emit_effect" && len(values) > 0 {
		b.eff.emits(values[0])
	}
	if subst != nil && b.oversized(result, at) {
		return b.badExpr(at)
	}
	if f.fn.Intrinsic == "panic" && len(values) == 1 {
		return &typed.Panic{E: b.e(tNever, at), Msg: values[0]}
	}
	return keep(b, &typed.Call{E: b.e(result, at), Func: f.fn, TypeArgs: inst, Args: values})
}

// oversized reports a result whose type has grown beyond all measure: each call of
// dup<T>(x: T) -> (T, T) doubles it.
func (b *body) oversized(t typed.Type, at syntax.Span) bool {
	if !tooLarge(t) {
		return false
	}
	b.error("instantiation-depth", at, "the type of this value is too large")
	return true
}

// hint lets the expected number type of a generic call reach its literals: in
// "let x: u8 = max(1, 2)" they are u8.
func (b *body) hint(result, want typed.Type, f *funcInfo, args []argument, extra int) {
	for i, a := range args {
		if a.y == nil {
			if lit, ok := a.x.(*syntax.Literal); ok && (lit.Kind == syntax.IntLit || lit.Kind == syntax.FloatLit) && lit.Suffix == "" {
				continue
			}
			return
		}
		if i < extra && !isVar(a.y.Type()) {
			return
		}
	}
	b.unify(result, want)
}

func isLambda(x syntax.Expr) bool {
	for {
		p, ok := x.(*syntax.Paren)
		if !ok {
			break
		}
		x = p.X
	}
	_, ok := x.(*syntax.Lambda)
	return ok
}

// checkCount compares the number of arguments with the parameters.
func (b *body) checkCount(f *funcInfo, got int, at syntax.Span) {
	least, most := 0, len(f.params)
	for i, p := range f.params {
		if p.def == nil {
			least = i + 1
		}
	}
	if got < least || got > most {
		d := b.arity(f.display(), least, most, got, at)
		if !f.src.library {
			f.src.note(d, f.at, "declared here")
		}
	}
}

// expandText lets one string stand for a pointer and a length that a host import
// declares (dol 8.5-c). There is no address to take in DOL: the import gets a
// second declaration with the string as its parameter, which crosses the same way.
func (b *body) expandText(f *funcInfo, args []argument) (*funcInfo, []argument) {
	if f.fn.Import == nil || len(args) >= len(f.params) || f.src.library {
		return f, args
	}
	i32 := typed.Type(typed.Basics[typed.I32])
	var params []*paramInfo
	at := 0
	for i := range args {
		if at >= len(f.params) {
			return f, args
		}
		args[i].y = b.argValue(args[i], nil)
		t := prune(args[i].y.Type())
		if k := typed.KindOf(t); (k == typed.String || k == typed.Bytes) && at+1 < len(f.params) && f.params[at].typ == i32 && f.params[at+1].typ == i32 {
			params = append(params, &paramInfo{name: f.params[at].name, at: f.params[at].at, typ: t})
			at += 2
			continue
		}
		params = append(params, f.params[at])
		at++
	}
	if at != len(f.params) {
		return f, args
	}
	g := b.synthetic(f.src, f.mod, f.scope, nil, f.name, f.at, f.result)
	g.fn.Import, g.sex, g.params = f.fn.Import, true, params
	for _, p := range params {
		g.fn.Params = append(g.fn.Params, &typed.Var{Name: p.name, Type: p.typ, Pos: g.fn.Pos})
	}
	b.reach(g)
	return g, args
}

// instantiate makes the type arguments of a use of f: fresh variables, bound by
// self for those of its type, by targs for its own.
func (b *body) instantiate(f *funcInfo, self typed.Type, targs []syntax.TypeExpr, at syntax.Span) (typed.Subst, []typed.Type) {
	params := f.fn.TypeParams
	if len(params) == 0 {
		if len(targs) > 0 {
			b.error("arity", at, "%s takes no type arguments", f.display())
		}
		return nil, nil
	}
	args := make([]typed.Type, len(params))
	own := len(params) - f.outerParams
	if len(targs) > own {
		b.error("arity", at, "%s takes %d type argument%s, not %d", f.display(), own, plural(own), len(targs))
		targs = nil
	}
	for i := range params {
		if i < f.outerParams && f.enclosing != nil {
			args[i] = &typed.Param{Decl: params[i]} // called from where they stand
		} else if j := i - f.outerParams; j >= 0 && j < len(targs) {
			args[i] = b.typeOf(b.sc, targs[j])
		} else {
			args[i] = b.fresh(anyVar, at, "the type parameter "+params[i].Name+" of "+f.display())
		}
	}
	subst := typed.Bind(params, args)
	if self != nil && f.selfType != nil {
		if n, ok := prune(self).(*typed.Named); ok {
			if m, ok := f.selfType.(*typed.Named); ok && n.Decl != m.Decl {
				self = nil // inherited: the parent has no parameters
			}
		}
		if self != nil {
			b.unify(apply(subst, f.selfType), self)
		}
	}
	b.lists = append(b.lists, args)
	b.needAll(at, params, args)
	for p, bounds := range f.extra {
		b.needs = append(b.needs, need{s: b.s, at: at, param: p, bounds: bounds, subst: subst, arg: subst[p], extra: b.extra})
	}
	b.noteInstance(f, args, at)
	return subst, args
}

// needAll notes that args have to meet the bounds of params.
func (b *body) needAll(at syntax.Span, params []*typed.TypeParam, args []typed.Type) {
	var subst typed.Subst
	for i, p := range params {
		if len(p.Bounds) == 0 {
			continue
		}
		if subst == nil {
			subst = typed.Bind(params, args)
		}
		b.needs = append(b.needs, need{s: b.s, at: at, param: p, bounds: p.Bounds, subst: subst, arg: args[i], extra: b.extra})
	}
}

func (b *body) needBound(at syntax.Span, t typed.Type, builtin string) {
	b.needs = append(b.needs, need{s: b.s, at: at, bounds: []typed.Bound{{Builtin: builtin}}, arg: t, extra: b.extra})
}

// callValue calls a function value.
func (b *body) callValue(fun typed.Expr, funAt syntax.Span, args []argument, at syntax.Span) typed.Expr {
	t := b.known(fun.Type())
	if isVar(t) {
		ft := &typed.FuncType{Result: b.fresh(anyVar, at, "the result of this call")}
		for _, a := range args {
			ft.Params = append(ft.Params, b.fresh(anyVar, a.at, "this argument"))
		}
		b.unify(t, ft)
		t = ft
	}
	ft, ok := t.(*typed.FuncType)
	if !ok {
		for _, a := range args {
			b.argValue(a, nil)
		}
		if !isBad(t) {
			b.error("not-callable", funAt, "%s is no function, it is %s", clip(b.s.file.Text(funAt)), b.s.typeName(t))
		}
		return b.badExpr(at)
	}
	if len(args) != len(ft.Params) {
		b.arity("this function", len(ft.Params), len(ft.Params), len(args), at)
		for _, a := range args {
			b.argValue(a, nil)
		}
		return keep(b, &typed.Const{E: b.e(ft.Result, at)})
	}
	node := &typed.CallValue{E: b.e(ft.Result, at), Fun: fun, Args: make([]typed.Expr, len(args))}
	for i, a := range args {
		node.Args[i] = b.argTo(a, ft.Params[i])
	}
	b.eff.callValue(fun, len(args), funAt, b)
	return keep(b, node)
}

// newVariant makes a value of an enum from positional arguments.
func (b *body) newVariant(ti *typeInfo, v *typed.Variant, targs []typed.Type, args []argument, at syntax.Span) typed.Expr {
	ti.used = true
	t := &typed.Named{Decl: ti.decl, Args: targs}
	node := &typed.NewVariant{E: b.e(t, at), Variant: v}
	if len(args) != len(v.Fields) || len(v.Fields) > 0 && v.Fields[0].Name != "0" {
		if len(v.Fields) > 0 && v.Fields[0].Name != "0" {
			b.error("type-mismatch", at, "variant %s has named fields: %s { … }", v.Name, v.Name)
		} else {
			b.arity("variant "+v.Name, len(v.Fields), len(v.Fields), len(args), at)
		}
		for _, a := range args {
			b.argValue(a, nil)
		}
		return keep(b, node)
	}
	subst := typed.Bind(ti.decl.Params, targs)
	for i, a := range args {
		node.Fields = append(node.Fields, b.argTo(a, apply(subst, v.Fields[i].Type)))
	}
	return keep(b, node)
}

// libraryCall calls a function of the library by name.
func (b *body) libraryCall(name string, result typed.Type, at syntax.Span, targs []typed.Type, args ...typed.Expr) typed.Expr {
	f := b.libFunc(name)
	if f == nil {
		return b.badExpr(at)
	}
	b.eff.call(f, at, b)
	if anyHasVars(targs) {
		targs = append([]typed.Type(nil), targs...)
		b.lists = append(b.lists, targs)
	}
	return keep(b, &typed.Call{E: b.e(result, at), Func: f.fn, TypeArgs: targs, Args: args})
}

// libFunc returns a function of the library and makes it part of the program.
func (c *checker) libFunc(name string) *funcInfo {
	if c.std == nil {
		return nil
	}
	y := c.std.scope[name]
	if y == nil || y.kind != symFunc {
		return nil
	}
	c.reach(y.fn)
	return y.fn
}
