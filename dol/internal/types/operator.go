package types

import (
	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/dol/internal/typed"
)

func (b *body) unary(x *syntax.Unary, want typed.Type) typed.Expr {
	switch x.Op {
	case "-":
		if lit, ok := x.X.(*syntax.Literal); ok && (lit.Kind == syntax.IntLit || lit.Kind == syntax.FloatLit) {
			return b.literal(lit, want, true, x.Span)
		}
		y := b.expr(x.X, want)
		t := b.openNumber(y.Type())
		switch {
		case isBad(t) || t == typed.Type(tNever):
			return y
		case !b.isNumber(t) && !isVar(t):
			b.error("bad-operand", x.Span, "- needs a number, this is %s", b.s.typeName(t))
			return b.badExpr(x.Span)
		case typed.KindOf(t).IsInt() && !typed.KindOf(t).IsSigned():
			b.error("bad-operand", x.Span, "- needs a signed number, this is %s", b.s.typeName(t))
			return b.badExpr(x.Span)
		case isVar(t):
			b.numberLater(t, x.Span)
		}
		node := keep(b, &typed.Unary{E: b.e(t, x.Span), Op: typed.Neg, X: y})
		b.foldLater(node, x.Span)
		return node
	case "!", "not":
		return &typed.Unary{E: b.e(tBool, x.Span), Op: typed.Not, X: b.condition(x.X)}
	}
	return b.expr(x.X, want)
}

// openNumber is the head of t, which may stay an integer literal's.
func (b *body) openNumber(t typed.Type) typed.Type {
	t = prune(t)
	if v, ok := t.(*tvar); ok && v.kind == anyVar {
		b.flush()
		t = prune(t)
	}
	return t
}

// numberLater checks at the end that an operand turned out to be a number.
func (b *body) numberLater(t typed.Type, at syntax.Span) {
	if v, ok := prune(t).(*tvar); ok && v.kind != anyVar {
		return
	}
	extra := b.extra
	b.checks = append(b.checks, func() {
		saved := b.extra
		b.checker.extra = extra
		if u := resolve(t); !b.isNumber(u) && !isBad(u) {
			b.error("bad-operand", at, "arithmetic needs numbers, this is %s", b.s.typeName(u))
		}
		b.checker.extra = saved
	})
}

var arithmetic = map[string]typed.Op{
	"+": typed.Add, "-": typed.Sub, "*": typed.Mul, "/": typed.Div, "%": typed.Rem, "^": typed.Pow, "&": typed.BitAnd,
}

var comparison = map[string]typed.Op{
	"==": typed.Eq, "!=": typed.Ne, "<": typed.Lt, "<=": typed.Le, ">": typed.Gt, ">=": typed.Ge,
}

func (b *body) binary(x *syntax.Binary, want typed.Type) typed.Expr {
	switch x.Op {
	case "&&", "||":
		op := typed.And
		if x.Op == "||" {
			op = typed.Or
		}
		return &typed.Binary{E: b.e(tBool, x.Span), Op: op, X: b.condition(x.X), Y: b.condition(x.Y)}
	case "implies":
		p := b.condition(x.X)
		return &typed.Binary{
			E: b.e(tBool, x.Span), Op: typed.Or,
			X: &typed.Unary{E: b.e(tBool, x.Span), Op: typed.Not, X: p}, Y: b.condition(x.Y),
		}
	case "==", "!=", "<", "<=", ">", ">=":
		return b.compare(x)
	case "|>":
		left := b.expr(x.X, nil)
		return b.pipe(left, x.X.Range(), x.Y, want, x.Span)
	case "<|", "@":
		return b.callOf(x.X, nil, []argument{{x: x.Y, at: x.Y.Range()}}, want, x.Span)
	case ">>":
		return b.composition(x)
	case ":=":
		b.expr(x.X, nil)
		b.expr(x.Y, nil)
		b.error("unsupported-operator", x.OpPos, ":= is reserved")
		return b.badExpr(x.Span)
	}
	if _, ok := arithmetic[x.Op]; !ok {
		b.expr(x.X, nil)
		b.expr(x.Y, nil)
		return b.badExpr(x.Span)
	}
	var hint typed.Type
	if want != nil && b.isNumber(want) {
		hint = want
	}
	// A chain of operators leans to the left and may be long; walk it in a loop.
	chain := []*syntax.Binary{x}
	for {
		l, ok := chain[len(chain)-1].X.(*syntax.Binary)
		if !ok || arithmetic[l.Op] == 0 && l.Op != "+" {
			break
		}
		chain = append(chain, l)
	}
	last := chain[len(chain)-1]
	left := b.expr(last.X, literalHint(last.X, hint))
	for i := len(chain) - 1; i >= 0; i-- {
		link := chain[i]
		op := arithmetic[link.Op]
		right := b.expr(link.Y, literalHint(link.Y, hint))
		left = keep(b, b.arith(op, link.Op, left, right, link.X.Range(), link.Y.Range(), link.OpPos, link.Span))
	}
	return left
}

// literalHint keeps the expected type from literals: "1 + x" is of the type of x,
// not of the one that the place expects.
func literalHint(x syntax.Expr, hint typed.Type) typed.Type {
	switch x.(type) {
	case *syntax.Literal, *syntax.Unary, *syntax.Paren, *syntax.Binary:
		return nil
	}
	return hint
}

// arith is x op y for an arithmetic operator.
func (b *body) arith(op typed.Op, sign string, x, y typed.Expr, xAt, yAt, opAt, at syntax.Span) typed.Expr {
	tx, ty := b.openNumber(x.Type()), b.openNumber(y.Type())
	if isBad(tx) || isBad(ty) {
		b.bad = true
		return b.badExpr(at)
	}
	if tx == typed.Type(tNever) {
		return x
	}
	if ty == typed.Type(tNever) {
		return &typed.Block{E: b.e(tNever, at), Stmts: []typed.Stmt{&typed.Do{X: x}}, Value: y}
	}
	if op == typed.Add && (tx == typed.Type(tString) || ty == typed.Type(tString)) {
		return b.concat(x, y, xAt, yAt, at)
	}
	vx, vy := isVar(tx), isVar(ty)
	if vx && vy && !isNumVar(tx) && !isNumVar(ty) {
		return b.arithLater(op, sign, x, y, xAt, yAt, opAt, at)
	}
	operand := func(t typed.Type, where syntax.Span) bool {
		if b.isNumber(t) || isNumVar(t) || isVar(t) {
			return true
		}
		d := b.error("bad-operand", where, "%s needs numbers, this is %s", sign, b.s.typeName(t))
		if op == typed.BitAnd && t == typed.Type(tBool) {
			b.s.fix(d, "write &&", opAt, "&&")
		}
		return false
	}
	if !operand(tx, xAt) || !operand(ty, yAt) {
		return b.badExpr(at)
	}
	t, ok := b.sameNumber(&x, &y, xAt, yAt)
	if !ok {
		d := b.error("type-mismatch", opAt, "%s cannot mix %s and %s", sign, b.s.typeName(tx), b.s.typeName(ty))
		if text := b.s.file.Text(yAt); simpleText(text) {
			b.s.fix(d, "convert the right one", yAt, text+" as "+b.s.typeName(tx))
		}
		return b.badExpr(at)
	}
	if op == typed.BitAnd && (typed.KindOf(t).IsFloat() || isFloatVar(t)) {
		b.error("bad-operand", opAt, "& needs integers, these are %s", b.s.typeName(t))
		return b.badExpr(at)
	}
	b.numberLater(t, at)
	node := &typed.Binary{E: b.e(t, at), Op: op, X: x, Y: y}
	b.foldLater(node, at)
	return node
}

func isFloatVar(t typed.Type) bool {
	v, ok := prune(t).(*tvar)
	return ok && v.kind == floatVar
}

// sameNumber brings two numbers to one type: by what literals allow, or by
// widening one (dol 5.5-b).
func (b *body) sameNumber(x, y *typed.Expr, xAt, yAt syntax.Span) (typed.Type, bool) {
	tx, ty := prune((*x).Type()), prune((*y).Type())
	if b.unify(tx, ty) {
		return prune(tx), true
	}
	kx, ky := typed.KindOf(tx), typed.KindOf(ty)
	switch {
	case widens(kx, ky):
		*x = &typed.Convert{E: b.e(ty, xAt), X: *x}
		return ty, true
	case widens(ky, kx):
		*y = &typed.Convert{E: b.e(tx, yAt), X: *y}
		return tx, true
	}
	return nil, false
}

// arithLater is an operator on two operands of unknown type, as in |a, b| a + b.
func (b *body) arithLater(op typed.Op, sign string, x, y typed.Expr, xAt, yAt, opAt, at syntax.Span) typed.Expr {
	tx, ty := x.Type(), y.Type()
	result := b.fresh(anyVar, at, "this expression")
	hole := keep(b, &typed.Block{E: b.e(result, at)})
	b.pending = append(b.pending, pending{func(last bool) bool {
		if isVar(tx) && isVar(ty) && !last {
			return false
		}
		if isVar(tx) && isVar(ty) {
			// Nothing else says what they are: numbers, of the default type.
			b.unify(tx, ty)
			if v, ok := prune(tx).(*tvar); ok && v.kind == anyVar {
				b.bind(v, tI64)
			}
		}
		z := keep(b, b.arith(op, sign, x, y, xAt, yAt, opAt, at))
		hole.Value = z
		if !b.unify(result, z.Type()) {
			hole.Value = b.coerce(z, result, at)
		}
		return true
	}})
	return hole
}

// concat joins text; what is no string is formatted (dol 5.5-c).
func (b *body) concat(x, y typed.Expr, xAt, yAt, at syntax.Span) typed.Expr {
	node := &typed.Concat{E: b.e(tString, at)}
	add := func(z typed.Expr, where syntax.Span) {
		if c, ok := z.(*typed.Concat); ok {
			node.Parts = append(node.Parts, c.Parts...)
			return
		}
		t := b.openNumber(z.Type())
		if !isVar(t) && !b.isScalarText(t) {
			b.error("bad-operand", where, "only strings and scalars can be joined to a string, this is %s", b.s.typeName(t))
		} else if isVar(t) && !isNumVar(t) {
			extra := b.extra
			b.checks = append(b.checks, func() {
				saved := b.extra
				b.checker.extra = extra
				if u := resolve(t); !b.isScalarText(u) {
					b.error("bad-operand", where, "only strings and scalars can be joined to a string, this is %s", b.s.typeName(u))
				}
				b.checker.extra = saved
			})
		}
		node.Parts = append(node.Parts, b.text(z, where, -1))
	}
	if c, ok := x.(*typed.Concat); ok {
		// Long sums of text stay one list.
		node = c
	} else {
		add(x, xAt)
	}
	add(y, yAt)
	return node
}

// isScalarText reports whether + formats a value of type t next to a string.
func (b *body) isScalarText(t typed.Type) bool {
	switch t := t.(type) {
	case *typed.Basic:
		return t.Kind != typed.Unit && t.Kind != typed.Bytes && t.Kind != typed.TypeInfo
	case *typed.Param:
		return b.isNumParam(t) || b.hasBound(t.Decl, "Show")
	case *typed.Named:
		ti := b.typesOf[t.Decl]
		b.complete(ti)
		if ti.decl.Kind == typed.NewtypeKind {
			return b.isScalarText(apply(typed.Bind(t.Decl.Params, t.Args), ti.decl.Under))
		}
		return isUnitEnum(ti)
	}
	return false
}

// isUnitEnum reports whether no variant of an enum holds anything.
func isUnitEnum(t *typeInfo) bool {
	if t.decl.Kind != typed.EnumKind {
		return false
	}
	for _, v := range t.decl.Variants {
		if len(v.Fields) > 0 {
			return false
		}
	}
	return true
}

// compare is an equality or ordering (dol 5.5-d).
func (b *body) compare(x *syntax.Binary) typed.Expr {
	op := comparison[x.Op]
	left := b.expr(x.X, nil)
	var hint typed.Type
	if t := b.openNumber(left.Type()); !isVar(t) && !b.isNumber(t) {
		hint = t
	}
	right := b.expr(x.Y, hint)
	if isNull(x.X) && !isVar(right.Type()) {
		left = b.expr(x.X, right.Type())
	}
	tx, ty := prune(left.Type()), prune(right.Type())
	node := &typed.Binary{E: b.e(tBool, x.Span), Op: op}
	if isBad(tx) || isBad(ty) {
		b.bad = true
		node.X, node.Y = left, right
		return node
	}
	_, ok := b.sameNumber(&left, &right, x.X.Range(), x.Y.Range())
	if !ok {
		var conv bool
		if right, conv = b.convert(right, tx, x.Y.Range()); !conv {
			if left, conv = b.convert(left, ty, x.X.Range()); !conv {
				d := b.error("type-mismatch", x.OpPos, "%s cannot compare %s with %s", x.Op, b.s.typeName(tx), b.s.typeName(ty))
				if args, isOpt := b.isKnown(tx, "Option"); isOpt && b.unify(args[0], ty) {
					note(d, "the left one may be absent: take the value out with unwrap_or, match or ?")
				}
			}
		}
	}
	node.X, node.Y = left, right
	extra := b.extra
	t := left.Type()
	b.checks = append(b.checks, func() {
		u := resolve(t)
		bound := "Eq"
		if op >= typed.Lt {
			bound = "Ord"
		}
		if !b.satisfies(u, typed.Bound{Builtin: bound}, extra) && !isBad(u) {
			if bound == "Ord" {
				b.error("bad-operand", x.OpPos, "%s does not order %s", x.Op, b.s.typeName(u))
			} else {
				b.error("bad-operand", x.OpPos, "%s does not compare %s", x.Op, b.s.typeName(u))
			}
		}
	})
	return node
}

func isNull(x syntax.Expr) bool {
	lit, ok := x.(*syntax.Literal)
	return ok && lit.Kind == syntax.NullLit
}

// pipe is left |> fun: the left value becomes the first argument.
func (b *body) pipe(left typed.Expr, leftAt syntax.Span, fun syntax.Expr, want typed.Type, at syntax.Span) typed.Expr {
	first := elaborated(left, leftAt)
	if p, ok := fun.(*syntax.Paren); ok {
		if _, isCall := p.X.(*syntax.Call); !isCall {
			fun = p.X
		}
	}
	call, ok := fun.(*syntax.Call)
	if !ok {
		return b.pipedCall(first, fun, nil, want, at)
	}
	return b.pipedCall(first, call.Fun, call.Args, want, at)
}

func (b *body) pipedCall(first argument, fun syntax.Expr, args []syntax.Expr, want typed.Type, at syntax.Span) typed.Expr {
	inner := fun
	if ta, ok := inner.(*syntax.TypeApply); ok {
		inner = ta.X
	}
	switch f := inner.(type) {
	case *syntax.Name:
		return b.callOf(fun, &first, written(args), want, at)
	case *syntax.Member:
		if _, ok := b.entity(f.X); ok {
			return b.callOf(fun, &first, written(args), want, at)
		}
	}
	// The function is computed after the left value.
	v := b.temp("left", first.y.Type(), first.at, false)
	rest := b.callOf(fun, &argument{y: b.read(v, first.at), at: first.at}, written(args), want, at)
	return keep(b, &typed.Block{E: b.e(rest.Type(), at), Stmts: []typed.Stmt{letVar(v, first.y)}, Value: rest})
}

// composition is f >> g, the function |x| g(f(x)).
func (b *body) composition(x *syntax.Binary) typed.Expr {
	f, g := b.expr(x.X, nil), b.expr(x.Y, nil)
	tf, tg := b.known(f.Type()), b.known(g.Type())
	if isBad(tf) || isBad(tg) {
		return b.badExpr(x.Span)
	}
	if typed.KindOf(tf).IsInt() || typed.KindOf(tg).IsInt() {
		d := b.error("bad-operand", x.OpPos, ">> composes functions; to shift bits use shr")
		if lt, rt := b.s.file.Text(x.X.Range()), b.s.file.Text(x.Y.Range()); simpleText(lt) {
			b.s.fix(d, "write shr", x.Span, lt+".shr("+rt+")")
		}
		return b.badExpr(x.Span)
	}
	middle := b.fresh(anyVar, x.Span, "what is passed on")
	in, out := b.fresh(anyVar, x.Span, "the argument"), b.fresh(anyVar, x.Span, "the result")
	if !b.unify(tf, &typed.FuncType{Params: []typed.Type{in}, Result: middle}) {
		b.error("not-callable", x.X.Range(), ">> needs a function of one argument, this is %s", b.s.typeName(tf))
		return b.badExpr(x.Span)
	}
	if !b.unify(tg, &typed.FuncType{Params: []typed.Type{middle}, Result: out}) {
		b.error("type-mismatch", x.Y.Range(), ">> needs a function of %s here, this is %s", b.s.typeName(middle), b.s.typeName(tg))
		return b.badExpr(x.Span)
	}
	vf, vg := b.temp("first", tf, x.X.Range(), false), b.temp("then", tg, x.Y.Range(), false)
	p := b.temp("x", in, x.Span, false)
	inner := keep(b, &typed.CallValue{E: b.e(middle, x.Span), Fun: b.read(vf, x.Span), Args: []typed.Expr{b.read(p, x.Span)}})
	body := keep(b, &typed.CallValue{E: b.e(out, x.Span), Fun: b.read(vg, x.Span), Args: []typed.Expr{inner}})
	b.eff.callValue(f, 1, x.Span, b)
	b.eff.callValue(g, 1, x.Span, b)
	fn := &typed.Lambda{E: b.e(&typed.FuncType{Params: []typed.Type{in}, Result: out}, x.Span), Params: []*typed.Var{p}, Result: out, Body: body, Name: b.lambdaName()}
	b.slots = append(b.slots, &fn.Result)
	return keep(b, &typed.Block{E: b.e(fn.T, x.Span), Stmts: []typed.Stmt{letVar(vf, f), letVar(vg, g)}, Value: keep(b, fn)})
}

// cast is x as T (dol 5.5-l).
func (b *body) cast(x *syntax.Cast) typed.Expr {
	to := b.typeOf(b.sc, x.Type)
	var hint typed.Type
	if lit, ok := x.X.(*syntax.Literal); ok && lit.Suffix == "" && lit.Kind == syntax.FloatLit && typed.KindOf(to).IsFloat() {
		hint = to
	}
	y := b.expr(x.X, hint)
	from := b.known(y.Type())
	if isBad(from) || isBad(to) {
		b.bad = true
		return b.badExpr(x.Span)
	}
	node := &typed.Convert{E: b.e(to, x.Span), X: y}
	if isVar(from) {
		return b.later(from, x.X.Range(), x.Span, func() typed.Expr {
			b.checkCast(b.known(from), to, x)
			return node
		})
	}
	b.checkCast(from, to, x)
	return keep(b, node)
}

func (b *body) checkCast(from, to typed.Type, x *syntax.Cast) {
	if from == typed.Type(tNever) || typed.Identical(resolve(from), resolve(to)) {
		return
	}
	fk, tk := typed.KindOf(from), typed.KindOf(to)
	ok := false
	switch {
	case b.isNumber(from) && b.isNumber(to):
		ok = true
	case fk == typed.Bool:
		ok = tk.IsInt()
	case fk == typed.Char:
		ok = tk == typed.U32
	case fk == typed.U32:
		ok = tk == typed.Char
	}
	nf, isNamed := from.(*typed.Named)
	if isNamed {
		ti := b.typesOf[nf.Decl]
		b.complete(ti)
		switch ti.decl.Kind {
		case typed.EnumKind:
			ok = isUnitEnum(ti) && tk.IsInt()
		case typed.NewtypeKind:
			ok = b.unify(apply(typed.Bind(nf.Decl.Params, nf.Args), ti.decl.Under), to)
		case typed.Record:
			if nt, isNamed := to.(*typed.Named); isNamed {
				ok = upcasts(nf, nt)
			}
		}
	}
	if nt, isNamed := to.(*typed.Named); isNamed && !ok && nt.Decl.Kind == typed.NewtypeKind {
		ti := b.typesOf[nt.Decl]
		b.complete(ti)
		ok = b.unify(apply(typed.Bind(nt.Decl.Params, nt.Args), ti.decl.Under), from)
	}
	if ok {
		return
	}
	if isBad(from) || isBad(to) {
		return // said already
	}
	d := b.error("bad-cast", x.Span, "%s cannot be converted to %s with as", b.s.typeName(from), b.s.typeName(to))
	if tk == typed.String {
		if text := b.s.file.Text(x.X.Range()); simpleText(text) {
			b.s.fix(d, "format it", x.Span, text+".to_string()")
		}
	}
}

// index is x[i], or x[a..b].
func (b *body) index(x *syntax.Index) typed.Expr {
	recv := b.expr(x.X, nil)
	t := b.known(recv.Type())
	if isBad(t) {
		b.expr(x.I, nil)
		return b.badExpr(x.Span)
	}
	if r, ok := x.I.(*syntax.Range); ok {
		return b.slice(recv, r, x)
	}
	if args, ok := b.isKnown(t, "Vec"); ok {
		return keep(b, &typed.GetIndex{E: b.e(args[0], x.Span), X: recv, I: b.indexOf(x.I)})
	}
	if isVar(t) {
		i := b.expr(x.I, nil)
		return b.later(t, x.X.Range(), x.Span, func() typed.Expr {
			if args, ok := b.isKnown(t, "Vec"); ok {
				return keep(b, &typed.GetIndex{E: b.e(args[0], x.Span), X: recv, I: b.coerce(i, tI64, x.I.Range())})
			}
			return b.indexCall(recv, t, []argument{elaborated(i, x.I.Range())}, x)
		})
	}
	return b.indexCall(recv, t, written([]syntax.Expr{x.I}), x)
}

func (b *body) indexCall(recv typed.Expr, t typed.Type, args []argument, x *syntax.Index) typed.Expr {
	if m := b.findMethod(b.known(t), "index_"); m != nil && m.f != nil && !m.free {
		return b.callMethod(m, recv, x.X.Range(), args, nil, nil, x.Span, x.Span)
	}
	for _, a := range args {
		b.argValue(a, nil)
	}
	b.error("bad-operand", x.Span, "%s cannot be indexed", b.s.typeName(t))
	return b.badExpr(x.Span)
}

// indexOf is the index of a list: any integer.
func (b *body) indexOf(x syntax.Expr) typed.Expr {
	i := b.expr(x, nil)
	if t := b.known(i.Type()); typed.KindOf(t).IsInt() || isBad(t) {
		return i
	}
	return b.coerce(i, tI64, x.Range())
}

func (b *body) slice(recv typed.Expr, r *syntax.Range, x *syntax.Index) typed.Expr {
	v := b.temp("list", recv.Type(), x.Span, false)
	at := x.Span
	var lo, hi typed.Expr = b.intConst(0, at), nil
	if r.Lo != nil {
		lo = b.exprTo(r.Lo, tI64)
	}
	if r.Hi != nil {
		hi = b.exprTo(r.Hi, tI64)
		if r.Inclusive {
			hi = &typed.Binary{E: b.e(tI64, at), Op: typed.Add, X: hi, Y: b.intConst(1, at)}
		}
	} else {
		hi = b.methodCall(b.read(v, at), "len", nil, at)
	}
	m := b.findMethod(b.known(recv.Type()), "slice")
	if m == nil {
		b.error("bad-operand", at, "%s cannot be sliced", b.s.typeName(recv.Type()))
		return b.badExpr(at)
	}
	y := b.methodCall(b.read(v, at), "slice", []typed.Expr{lo, hi}, at)
	return keep(b, &typed.Block{E: b.e(y.Type(), at), Stmts: []typed.Stmt{letVar(v, recv)}, Value: y})
}
