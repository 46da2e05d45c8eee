package types

import (
	"math"
	"strconv"

	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/dol/internal/typed"
)

// member elaborates x.name without a call.
func (b *body) member(x *syntax.Member, want typed.Type) typed.Expr {
	return b.memberValue(x, x.TypeArgs, want)
}

func (b *body) memberValue(x *syntax.Member, targs []syntax.TypeExpr, want typed.Type) typed.Expr {
	name := x.Name.Name
	if e, ok := b.entity(x.X); ok {
		return b.entityMember(e, x, targs, want)
	}
	recv := b.expr(x.X, nil)
	if name == "" {
		return b.badExpr(x.Span)
	}
	if y := b.plainMember(recv, x.Name, x.Span); y != nil {
		return y
	}
	t := b.known(recv.Type())
	if isBad(t) {
		b.bad = true
		return b.badExpr(x.Span)
	}
	if isVar(t) {
		return b.later(t, x.X.Range(), x.Span, func() typed.Expr {
			if y := b.plainMember(recv, x.Name, x.Span); y != nil {
				return y
			}
			return b.noMember(recv, x)
		})
	}
	return b.noMember(recv, x)
}

// later leaves a hole for an expression that needs the head of t, and fills it
// when that is known.
func (b *body) later(t typed.Type, what, at syntax.Span, build func() typed.Expr) typed.Expr {
	result := b.fresh(anyVar, at, "this expression")
	hole := keep(b, &typed.Block{E: b.e(result, at)})
	frame, sex := b.frame, b.sex
	b.pending = append(b.pending, pending{func(last bool) bool {
		if isVar(t) && !last {
			return false
		}
		if isVar(b.defaulted(t)) {
			if !b.bad {
				d := b.error("cannot-infer", what, "the type of %s must be known here", clip(b.s.file.Text(what)))
				advise(d, "write the type where it is declared")
			}
			hole.Value = b.badExpr(at)
			b.unify(result, tInvalid)
			return true
		}
		savedFrame, savedSex := b.frame, b.sex
		b.frame, b.sex = frame, sex
		y := build()
		b.frame, b.sex = savedFrame, savedSex
		hole.Value = y
		if !b.unify(result, y.Type()) {
			hole.Value = b.coerce(y, result, at)
		}
		return true
	}})
	return hole
}

func clip(text string) string {
	if r := []rune(text); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return text
}

// plainMember reads a field, a tuple element, or calls a method without
// parameters; nil when t has none of that name.
func (b *body) plainMember(recv typed.Expr, name syntax.Ident, at syntax.Span) typed.Expr {
	t := b.known(recv.Type())
	if isBad(t) {
		b.bad = true
		return b.badExpr(at)
	}
	if i, err := strconv.Atoi(name.Name); err == nil {
		tup, ok := t.(*typed.Tuple)
		if !ok {
			return nil
		}
		if i >= len(tup.Elems) {
			b.error("unknown-field", name.Span, "%s has %d elements, there is no .%d", b.s.typeName(t), len(tup.Elems), i)
			return b.badExpr(at)
		}
		return keep(b, &typed.GetElem{E: b.e(tup.Elems[i], at), X: recv, Index: i})
	}
	if n, ok := t.(*typed.Named); ok {
		ti := b.typesOf[n.Decl]
		b.complete(ti)
		if i, ok := ti.byField[name.Name]; ok {
			b.fieldVisible(ti.layout[i], name.Span)
			return b.fieldOf(recv, name.Name, at)
		}
		if ti.decl.Kind == typed.NewtypeKind && name.Name == "type" {
			return keep(b, &typed.Convert{E: b.e(apply(typed.Bind(n.Decl.Params, n.Args), ti.decl.Under), at), X: recv})
		}
		if ti.decl.Kind == typed.EnumKind && name.Name == "type" {
			return recv
		}
	}
	if name.Name == "len" || name.Name == "length" {
		if m := b.findMethod(t, name.Name); m != nil {
			return b.methodCall(recv, name.Name, nil, at)
		}
	}
	return nil
}

// fieldVisible reports the use of a field from where it cannot be seen.
func (b *body) fieldVisible(f *fieldInfo, at syntax.Span) {
	owner := f.src.mod
	from := b.s.mod
	if owner == from || owner.library && from.library {
		return
	}
	hidden := owner.library && !from.library && f.vis == syntax.Private
	if f.vis != syntax.Private && !visibleFrom(f.vis, owner, from) {
		hidden = true
	}
	if hidden {
		d := b.error("visibility", at, "field %s is private in module %s", f.name, owner.name)
		if !owner.library {
			f.src.note(d, f.at, "declared here")
		}
	}
}

// noMember reports that a value has no member of that name.
func (b *body) noMember(recv typed.Expr, x *syntax.Member) typed.Expr {
	t := b.known(recv.Type())
	name := x.Name.Name
	if isBad(t) {
		return b.badExpr(x.Span)
	}
	if m := b.findMethod(t, name); m != nil {
		d := b.error("unknown-field", x.Name.Span, "%s is a method of %s and has to be called", name, b.s.typeName(t))
		b.s.fix(d, "call it", x.Name.Span, name+"()")
		return b.badExpr(x.Span)
	}
	d := b.error("unknown-field", x.Name.Span, "%s has no field %s", b.s.typeName(t), name)
	near := newNearest(name)
	if ti := b.ownerOf(t); ti != nil {
		for _, f := range ti.layout {
			near.try(f.name)
		}
	}
	if near.best != "" {
		b.s.fix(d, "did you mean "+near.best+"?", x.Name.Span, near.best)
	}
	return b.badExpr(x.Span)
}

// entityMember is Type.name, module.name or Trait.name without a call.
func (b *body) entityMember(e entity, x *syntax.Member, targs []syntax.TypeExpr, want typed.Type) typed.Expr {
	name := x.Name.Name
	switch e.kind {
	case badEntity:
		return b.badExpr(x.Span)
	case moduleEntity:
		y := b.moduleMember(e.module, x.Name)
		if y == nil {
			return b.badExpr(x.Span)
		}
		return b.symbolValue(y, targs, want, x.Span)
	case typeEntity:
		if e.ti != nil {
			b.complete(e.ti)
			if v := e.ti.variants[name]; v != nil {
				return b.variantValue(e.ti, v, e.typ.(*typed.Named).Args, x.Span)
			}
		}
		if k := b.numberConst(e.typ, name, x.Span); k != nil {
			return k
		}
		if m := b.findMethod(e.typ, name); m != nil && m.f != nil {
			b.methodVisible(m.f, x.Name.Span)
			return b.methodValue(m, e.typ, targs, x.Span)
		}
		return b.unknownOf(e, x)
	case traitEntity:
		if i, ok := e.trait.byName[name]; ok {
			b.error("cannot-infer", x.Span, "%s of trait %s has to be called on a value", e.trait.methods[i].name, e.trait.decl.Name)
			return b.badExpr(x.Span)
		}
	}
	return b.unknownOf(e, x)
}

// methodValue is a method of a type as a function, the receiver first.
func (b *body) methodValue(m *method, t typed.Type, targs []syntax.TypeExpr, at syntax.Span) typed.Expr {
	if m.trait != nil {
		b.error("cannot-infer", at, "a method of a trait is no value; wrap it in a lambda")
		return b.badExpr(at)
	}
	b.reach(m.f)
	subst, args := b.instantiate(m.f, nil, targs, at)
	b.unify(apply(subst, m.f.selfType), t)
	ft := &typed.FuncType{Params: make([]typed.Type, len(m.f.fn.Params)), Result: apply(subst, m.f.result)}
	for i, p := range m.f.fn.Params {
		ft.Params[i] = apply(subst, p.Type)
	}
	b.eff.mention(m.f, at, b)
	return keep(b, &typed.FuncRef{E: b.e(ft, at), Func: m.f.fn, TypeArgs: args})
}

// moduleMember looks a name of a module up and reports one that is not there or
// not visible.
func (b *body) moduleMember(m *module, name syntax.Ident) *symbol {
	y := m.member(name.Name)
	if y == nil {
		d := b.error("unresolved-name", name.Span, "module %s has no %s", m.name, name.Name)
		near := newNearest(name.Name)
		for _, o := range m.order {
			near.try(o.name)
		}
		if near.best != "" {
			b.s.fix(d, "did you mean "+near.best+"?", name.Span, near.best)
		}
		return nil
	}
	if !y.visible(b.s.mod) {
		b.bad = true
		b.s.private(name.Span, y)
	}
	return y
}

// unknownOf reports that a type, module or trait has no such member.
func (b *body) unknownOf(e entity, x *syntax.Member) typed.Expr {
	name := x.Name.Name
	if name == "" || isBad(orNil(e.typ)) && e.kind == typeEntity {
		return b.badExpr(x.Span)
	}
	near := newNearest(name)
	what := ""
	code := "unknown-method"
	if e.trait != nil {
		what = e.trait.decl.Name
		for _, f := range e.trait.methods {
			near.try(f.name)
		}
	} else {
		what = b.s.typeName(e.typ)
	}
	if e.ti != nil {
		what = e.ti.decl.Name
		if e.ti.decl.Kind == typed.EnumKind && name[0] >= 'A' && name[0] <= 'Z' {
			code = "unknown-variant"
		}
		for _, v := range e.ti.decl.Variants {
			near.try(v.Name)
		}
		for n := range e.ti.methods {
			near.tryOrdered(n)
		}
	}
	d := b.error(code, x.Name.Span, "%s has no %s", what, name)
	if near.best != "" {
		b.s.fix(d, "did you mean "+near.best+"?", x.Name.Span, near.best)
	}
	return b.badExpr(x.Span)
}

// numberConst is T::MAX and its like; nil when t has no constant of that name.
func (b *body) numberConst(t typed.Type, name string, at syntax.Span) typed.Expr {
	k := typed.KindOf(prune(t))
	node := &typed.Const{E: b.e(prune(t), at)}
	switch {
	case k.IsInt() && k.Bits() <= 64:
		bits := k.Bits()
		switch name {
		case "MAX":
			node.Int = math.MaxUint64 >> (64 - bits)
			if k.IsSigned() {
				node.Int >>= 1
			}
			return node
		case "MIN":
			if k.IsSigned() {
				node.Int = uint64(int64(math.MinInt64) >> (64 - bits))
			}
			return node
		case "BITS":
			node.T, node.Int = tI64, uint64(bits)
			return node
		}
	case k.IsFloat():
		switch name {
		case "MAX":
			node.Float = math.MaxFloat64
		case "MIN":
			node.Float = -math.MaxFloat64
		case "EPSILON":
			node.Float = 0x1p-52
		case "INFINITY":
			node.Float = math.Inf(1)
		case "NEG_INFINITY":
			node.Float = math.Inf(-1)
		case "NAN":
			node.Float = math.NaN()
		case "PI":
			node.Float = math.Pi
		default:
			return nil
		}
		if k == typed.F32 {
			switch name {
			case "MAX":
				node.Float = math.MaxFloat32
			case "MIN":
				node.Float = -math.MaxFloat32
			case "EPSILON":
				node.Float = 0x1p-23
			case "PI":
				node.Float = float64(float32(math.Pi))
			}
		}
		return node
	}
	return nil
}
