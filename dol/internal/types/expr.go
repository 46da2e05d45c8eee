package types

import (
	"math"
	"strconv"
	"strings"

	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/dol/internal/typed"
)

// expr elaborates x. want is the type that the place expects, nil for none; it
// guides inference and is not enforced: exprTo does that.
func (b *body) expr(x syntax.Expr, want typed.Type) typed.Expr {
	if want != nil {
		want = prune(want)
	}
	y := b.exprIn(x, want)
	return keep(b, y)
}

// exprTo elaborates x to a value of type want.
func (b *body) exprTo(x syntax.Expr, want typed.Type) typed.Expr {
	return b.coerce(b.expr(x, want), want, x.Range())
}

func (b *body) exprIn(x syntax.Expr, want typed.Type) typed.Expr {
	switch x := x.(type) {
	case *syntax.Literal:
		return b.literal(x, want, false, x.Span)
	case *syntax.FString:
		return b.fstring(x)
	case *syntax.Name:
		return b.name(x, want)
	case *syntax.This:
		return b.thisExpr(x.Span, x.Word)
	case *syntax.List:
		return b.list(x.Elems, want, x.Span)
	case *syntax.Repeat:
		return b.repeat(x, want)
	case *syntax.Tuple:
		return b.tuple(x, want)
	case *syntax.Paren:
		return b.expr(x.X, want)
	case *syntax.MapLit:
		return b.mapLit(x, want)
	case *syntax.Struct:
		return b.structLit(x, want)
	case *syntax.Call:
		return b.call(x, want)
	case *syntax.Index:
		return b.index(x)
	case *syntax.Member:
		return b.member(x, want)
	case *syntax.TypeApply:
		return b.typeApply(x, want)
	case *syntax.Unary:
		return b.unary(x, want)
	case *syntax.Binary:
		return b.binary(x, want)
	case *syntax.Cast:
		return b.cast(x)
	case *syntax.Range:
		return b.rangeValue(x)
	case *syntax.If:
		return b.ifExpr(x, want, false)
	case *syntax.Match:
		return b.matchExpr(x, want, false)
	case *syntax.Block:
		return b.blockExpr(x, want, false)
	case *syntax.Lambda:
		return b.lambda(x, want)
	case *syntax.For:
		return b.forLoop(x)
	case *syntax.While:
		return b.whileLoop(x)
	case *syntax.Loop:
		return b.loopExpr(x, want)
	case *syntax.Break:
		return b.breakExpr(x)
	case *syntax.Continue:
		return b.continueExpr(x)
	case *syntax.Return:
		return b.returnExpr(x)
	case *syntax.Try:
		return b.try(x, want)
	case *syntax.Quant:
		return b.quantifier(x)
	case *syntax.Quote:
		b.s.unsupported(x.Span, "quotation")
		b.expr(x.X, nil)
		return b.badExpr(x.Span)
	case *syntax.Eval:
		return b.eval(x, want)
	case *syntax.Reflect:
		b.typeOf(b.sc, x.Type)
		b.s.unsupported(x.Span, "reflection")
		return &typed.Const{E: b.e(typed.Basics[typed.TypeInfo], x.Span)}
	case *syntax.Macro:
		return b.macro(x, want)
	case *syntax.Idiom:
		for _, p := range x.Parts {
			b.expr(p, nil)
		}
		b.s.unsupported(x.Span, "an idiom bracket")
		return b.badExpr(x.Span)
	case nil:
		return b.badExpr(b.f.at)
	}
	return b.badExpr(x.Range())
}

// unsupported reports a reserved construct; it is an error in build only.
func (s *source) unsupported(at syntax.Span, what string) {
	s.report("unsupported-at-build", at, "%s cannot be built yet", what)
}

// parseInt reads the digits of an integer literal.
func parseInt(text string) (uint64, bool) {
	n, err := strconv.ParseUint(strings.ReplaceAll(strings.ToLower(text), "_", ""), 0, 64)
	if err != nil {
		// 017 is decimal in DOL.
		n, err = strconv.ParseUint(strings.ReplaceAll(text, "_", ""), 10, 64)
	}
	return n, err == nil
}

func (b *body) literal(x *syntax.Literal, want typed.Type, neg bool, at syntax.Span) typed.Expr {
	switch x.Kind {
	case syntax.StringLit:
		return &typed.Const{E: b.e(tString, at), Str: x.Str}
	case syntax.CharLit:
		n := uint64(0)
		for _, r := range x.Str {
			n = uint64(r)
			break
		}
		return &typed.Const{E: b.e(tChar, at), Int: n}
	case syntax.BoolLit:
		return b.boolean(x.Bool, at)
	case syntax.NullLit:
		return b.null(x, want)
	}
	b.checker.floats = b.checker.floats || x.Kind == syntax.FloatLit
	lit := literal{node: &typed.Const{E: b.e(nil, at)}, text: x.Text, neg: neg, at: at}
	switch {
	case x.Suffix != "":
		lit.node.T = typed.Basics[basicNames[x.Suffix]]
		if _, ok := basicNames[x.Suffix]; !ok {
			return b.badExpr(at)
		}
	case want != nil && (typed.KindOf(want).IsFloat() || x.Kind == syntax.IntLit && typed.KindOf(want).IsInt()):
		lit.node.T = want
	case x.Kind == syntax.IntLit:
		v := b.fresh(intVar, at, "")
		lit.node.T = v
	default:
		lit.node.T = b.fresh(floatVar, at, "")
	}
	if _, open := lit.node.T.(*tvar); open {
		// A number of a type parameter is converted from a plain one.
		conv := &typed.Convert{E: lit.node.E, X: lit.node}
		block := &typed.Block{E: lit.node.E, Value: lit.node}
		lit.wrap, lit.conv = block, conv
		b.literals = append(b.literals, lit)
		return keep(b, block)
	}
	b.finishLiteral(&lit)
	return lit.node
}

func (b *body) boolean(v bool, at syntax.Span) *typed.Const {
	n := uint64(0)
	if v {
		n = 1
	}
	return &typed.Const{E: b.e(tBool, at), Int: n}
}

// finishLiteral computes the value of a number whose type is settled.
func (b *body) finishLiteral(l *literal) {
	t := resolve(l.node.T)
	l.node.T = t
	if p, ok := t.(*typed.Param); ok {
		l.conv.T, l.conv.X = p, l.node
		l.wrap.T, l.wrap.Value = p, l.conv
		t = tI64
		if strings.ContainsAny(l.text, ".eE") && !strings.HasPrefix(l.text, "0x") {
			t = tF64
		}
		l.node.T = t
	}
	sign := ""
	if l.neg {
		sign = "-"
	}
	kind := typed.KindOf(t)
	switch {
	case kind.IsFloat():
		text := strings.ReplaceAll(l.text, "_", "")
		f, err := strconv.ParseFloat(text, kind.Bits())
		if n, ok := parseInt(l.text); ok && err != nil || strings.HasPrefix(strings.ToLower(text), "0x") {
			f, err = float64(n), nil
		}
		if err != nil || math.IsInf(f, 0) {
			b.error("literal-out-of-range", l.at, "%s%s does not fit %s", sign, l.text, b.s.typeName(t))
		}
		if kind == typed.F32 {
			f = float64(float32(f))
		}
		if l.neg {
			f = -f
		}
		l.node.Float = f
	case kind.IsInt():
		n, ok := parseInt(l.text)
		if !ok || !fits(n, l.neg, kind) {
			d := b.error("literal-out-of-range", l.at, "%s%s does not fit %s", sign, l.text, b.s.typeName(t))
			if kind.Bits() <= 64 {
				lo, hi := intRange(kind)
				note(d, "%s holds %s to %s", b.s.typeName(t), lo, hi)
			}
		}
		if l.neg {
			n = -n
		}
		l.node.Int = n
	}
}

// fits reports whether n, or -n, is a value of an integer kind.
func fits(n uint64, neg bool, kind typed.Kind) bool {
	bits := min(kind.Bits(), 64)
	if kind == typed.I128 || kind == typed.U128 {
		return !neg || kind == typed.I128
	}
	if !kind.IsSigned() {
		return (!neg || n == 0) && (bits == 64 || n < 1<<bits)
	}
	limit := uint64(1) << (bits - 1)
	return n < limit || neg && n == limit
}

func intRange(kind typed.Kind) (lo, hi string) {
	bits := kind.Bits()
	if kind.IsSigned() {
		return strconv.FormatInt(math.MinInt64>>(64-bits), 10), strconv.FormatInt(math.MaxInt64>>(64-bits), 10)
	}
	return "0", strconv.FormatUint(math.MaxUint64>>(64-bits), 10)
}

func (b *body) null(x *syntax.Literal, want typed.Type) typed.Expr {
	if want == nil || isVar(want) {
		want = b.knownType("Option", b.fresh(anyVar, x.Span, "this null"))
	}
	if args, ok := b.isKnown(want, "Option"); ok {
		return b.variantOf(b.libType("Option"), "None", args, nil, x.Span)
	}
	switch want.(type) {
	case *typed.Named, *typed.FuncType, *typed.Array:
		return b.libraryCall("zero", want, x.Span, []typed.Type{want})
	}
	if !isBad(want) {
		b.error("type-mismatch", x.Span, "expected %s, found null", b.s.typeName(want))
	}
	return b.badExpr(x.Span)
}

func isVar(t typed.Type) bool {
	_, ok := prune(t).(*tvar)
	return ok
}

func (b *body) fstring(x *syntax.FString) typed.Expr {
	var parts []typed.Expr
	for i := range x.Parts {
		p := &x.Parts[i]
		if p.X == nil {
			if p.Text != "" {
				parts = append(parts, &typed.Const{E: b.e(tString, p.Span), Str: p.Text})
			}
			continue
		}
		parts = append(parts, b.text(b.expr(p.X, nil), p.X.Range(), p.Decimals))
	}
	if len(parts) == 0 {
		return &typed.Const{E: b.e(tString, x.Span)}
	}
	return &typed.Concat{E: b.e(tString, x.Span), Parts: parts}
}

// text makes a string of x, as to_string does.
func (b *body) text(x typed.Expr, at syntax.Span, decimals int) typed.Expr {
	t := prune(x.Type())
	if t == typed.Type(tString) && decimals < 0 || isBad(t) || t == typed.Type(tNever) {
		return x
	}
	node := &typed.ToString{E: b.e(tString, at), X: x, Decimals: decimals}
	b.checks = append(b.checks, func() {
		t := resolve(x.Type())
		if _, isFunc := t.(*typed.FuncType); isFunc {
			b.error("bad-operand", at, "a function has no text")
		}
		if decimals >= 0 && !typed.KindOf(t).IsFloat() && t != typed.Type(tInvalid) {
			b.error("bad-operand", at, "decimals are for floats, this is %s", b.s.typeName(t))
		}
	})
	return node
}

func (b *body) thisExpr(at syntax.Span, word string) typed.Expr {
	if l := b.locals[word]; l != nil {
		return b.useLocal(l, at)
	}
	if b.this == nil {
		b.error("unresolved-name", at, "%s has a meaning only in the methods and rules of a type", word)
		return b.badExpr(at)
	}
	return b.read(b.this, at)
}

func (b *body) list(elems []syntax.Expr, want typed.Type, at syntax.Span) typed.Expr {
	var elem typed.Type
	if args, ok := b.isKnown(orNil(want), "Vec"); ok {
		elem = args[0]
	} else {
		elem = b.fresh(anyVar, at, "the elements of this list")
	}
	node := &typed.NewList{E: b.e(b.vecOf(elem), at), Elems: make([]typed.Expr, 0, len(elems))}
	values := make([]typed.Expr, len(elems))
	for i, x := range elems {
		values[i] = b.expr(x, elem)
		if isVar(elem) {
			b.unify(elem, values[i].Type())
		}
	}
	if args, ok := b.isKnown(orNil(want), "Vec"); !ok || isVar(args[0]) {
		elem = b.joinTypes(elem, values)
		node.T = b.vecOf(elem)
	}
	for i, x := range elems {
		node.Elems = append(node.Elems, b.coerce(values[i], elem, x.Range()))
	}
	return keep(b, node)
}

// joinTypes widens t so that all values fit, if that can be.
func (b *body) joinTypes(t typed.Type, values []typed.Expr) typed.Type {
	for _, v := range values {
		from, to := typed.KindOf(prune(v.Type())), typed.KindOf(prune(t))
		if widens(to, from) {
			t = prune(v.Type())
		} else if up := b.commonAncestor(t, v.Type()); up != nil {
			t = up
		}
	}
	return t
}

// commonAncestor returns the nearest record that both extend, nil when there is
// none or one of them is no record.
func (b *body) commonAncestor(x, y typed.Type) typed.Type {
	nx, ok1 := prune(x).(*typed.Named)
	ny, ok2 := prune(y).(*typed.Named)
	if !ok1 || !ok2 || nx.Decl == ny.Decl {
		return nil
	}
	for a := nx; a != nil; a = a.Decl.Parent {
		if upcasts(ny, a) {
			return a
		}
	}
	return nil
}

// upcasts reports whether from is to or extends it.
func upcasts(from, to *typed.Named) bool {
	for n := from; n != nil; n = n.Decl.Parent {
		if n.Decl == to.Decl {
			return true
		}
	}
	return false
}

func orNil(t typed.Type) typed.Type {
	if t == nil {
		return tInvalid
	}
	return t
}

func (b *body) repeat(x *syntax.Repeat, want typed.Type) typed.Expr {
	var elem typed.Type
	if args, ok := b.isKnown(orNil(want), "Vec"); ok {
		elem = args[0]
	}
	value := b.expr(x.Elem, elem)
	if elem == nil {
		elem = value.Type()
	}
	value = b.coerce(value, elem, x.Elem.Range())
	n := b.exprTo(x.Len, tI64)
	return b.libraryCall("vec_fill", b.vecOf(elem), x.Span, []typed.Type{elem}, value, n)
}

func (b *body) intConst(n int64, at syntax.Span) *typed.Const {
	return &typed.Const{E: b.e(tI64, at), Int: uint64(n)}
}

func (b *body) tuple(x *syntax.Tuple, want typed.Type) typed.Expr {
	if len(x.Elems) == 0 {
		return b.unit(x.Span)
	}
	if len(x.Elems) == 1 {
		return b.expr(x.Elems[0], want)
	}
	var hints []typed.Type
	if t, ok := orNil(want).(*typed.Tuple); ok && len(t.Elems) == len(x.Elems) {
		hints = t.Elems
	}
	node := &typed.NewTuple{E: b.e(nil, x.Span), Elems: make([]typed.Expr, len(x.Elems))}
	types := make([]typed.Type, len(x.Elems))
	for i, el := range x.Elems {
		if hints != nil {
			node.Elems[i] = b.exprToIfKnown(el, hints[i])
		} else {
			node.Elems[i] = b.expr(el, nil)
		}
		types[i] = node.Elems[i].Type()
		if hints != nil && !isVar(hints[i]) {
			types[i] = hints[i] // it is, or was reported
		}
	}
	node.T = &typed.Tuple{Elems: types}
	return keep(b, node)
}

// exprToIfKnown is exprTo for a type that is already known, expr otherwise.
func (b *body) exprToIfKnown(x syntax.Expr, want typed.Type) typed.Expr {
	if want == nil || isVar(want) {
		return b.expr(x, want)
	}
	return b.exprTo(x, want)
}

func (b *body) unit(at syntax.Span) *typed.Const { return &typed.Const{E: b.e(tUnit, at)} }

func (b *body) mapLit(x *syntax.MapLit, want typed.Type) typed.Expr {
	var key, value typed.Type
	if args, ok := b.isKnown(orNil(want), "Map"); ok {
		key, value = args[0], args[1]
	} else {
		key = b.fresh(anyVar, x.Span, "the keys of this map")
		value = b.fresh(anyVar, x.Span, "the values of this map")
	}
	t := b.knownType("Map", key, value)
	if isBad(t) {
		return b.badExpr(x.Span)
	}
	out := b.temp("map", t, x.Span, false)
	create := b.libraryCall("map_new", t, x.Span, []typed.Type{key, value})
	stmts := []typed.Stmt{letVar(out, create)}
	for i := range x.Keys {
		if i >= len(x.Values) {
			break
		}
		if n, ok := x.Keys[i].(*syntax.Name); ok && b.locals[n.Ident] == nil && b.s.lookup(n.Ident) == nil && !b.isField(n.Ident) {
			d := b.error("unresolved-name", n.Span, "nothing is called %s", n.Ident)
			b.s.fix(d, "quote it", n.Span, strconv.Quote(n.Ident))
			continue
		}
		k := b.exprTo(x.Keys[i], key)
		v := b.exprTo(x.Values[i], value)
		put := b.libraryCall("map_put", tUnit, x.Keys[i].Range(), []typed.Type{key, value}, b.read(out, x.Span), k, v)
		stmts = append(stmts, &typed.Do{X: put})
	}
	b.needBound(x.Span, key, "Hash")
	return keep(b, &typed.Block{E: b.e(t, x.Span), Stmts: stmts, Value: b.read(out, x.Span)})
}

// rangeValue is a range as a value of the library's type Range.
func (b *body) rangeValue(x *syntax.Range) typed.Expr {
	r := b.libType("Range")
	if x.Lo == nil || x.Hi == nil || r == nil {
		b.error("type-mismatch", x.Span, "a range without both ends stands only in an index")
		return b.badExpr(x.Span)
	}
	b.complete(r)
	lo, hi := b.exprTo(x.Lo, tI64), b.exprTo(x.Hi, tI64)
	if x.Inclusive {
		hi = &typed.Binary{E: b.e(tI64, x.Hi.Range()), Op: typed.Add, X: hi, Y: b.intConst(1, x.Hi.Range())}
	}
	r.used = true
	return &typed.New{E: b.e(&typed.Named{Decl: r.decl}, x.Span), Fields: []typed.Expr{lo, hi}}
}

func (b *body) libType(name string) *typeInfo { return b.checker.lib[name] }
