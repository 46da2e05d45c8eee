package types

import (
	"path"
	"strconv"
	"strings"

	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/dol/internal/typed"
)

// reservedMacros are parsed and not built.
var reservedMacros = map[string]bool{
	"env": true, "option_env": true, "cfg": true, "column": true, "include_str": true, "debug_assert": true, "dbg": true,
	"compile_error": true,
}

// macro expands #name(args) (dol 4.5-b).
func (b *body) macro(x *syntax.Macro, want typed.Type) typed.Expr {
	at := x.Span
	need := func(least, most int) bool {
		if n := len(x.Args); n < least || most >= 0 && n > most {
			b.arity("#"+x.Name.Name, least, max(most, least), n, at)
			for _, a := range x.Args {
				b.expr(a, nil)
			}
			return false
		}
		return true
	}
	switch name := x.Name.Name; name {
	case "assert":
		if !need(1, 2) {
			return b.badExpr(at)
		}
		cond := b.condition(x.Args[0])
		var msg typed.Expr = &typed.Const{E: b.e(tString, at), Str: "assertion failed: " + b.s.file.Text(x.Args[0].Range())}
		if len(x.Args) == 2 {
			msg = b.exprTo(x.Args[1], tString)
		}
		return &typed.If{E: b.e(tUnit, at), Cond: cond, Then: b.unit(at), Else: &typed.Panic{E: b.e(tNever, at), Msg: msg}}
	case "assert_eq", "assert_ne":
		if !need(2, 3) {
			return b.badExpr(at)
		}
		return b.assertSame(x, name == "assert_ne")
	case "format":
		if !need(1, -1) {
			return b.badExpr(at)
		}
		return b.format(written(x.Args), at)
	case "todo", "unreachable":
		if !need(0, 1) {
			return b.badExpr(at)
		}
		text := "not done yet"
		if name == "unreachable" {
			text = "reached what cannot be reached"
		}
		var msg typed.Expr = &typed.Const{E: b.e(tString, at), Str: text}
		if len(x.Args) == 1 {
			msg = b.exprTo(x.Args[0], tString)
		}
		return &typed.Panic{E: b.e(tNever, at), Msg: msg}
	case "stringify":
		if !need(1, 1) {
			return b.badExpr(at)
		}
		return &typed.Const{E: b.e(tString, at), Str: b.s.file.Text(x.Args[0].Range())}
	case "concat":
		var out strings.Builder
		for _, a := range x.Args {
			lit, ok := a.(*syntax.Literal)
			if !ok {
				b.error("const-not-constant", a.Range(), "#concat takes literals")
				return b.badExpr(at)
			}
			switch lit.Kind {
			case syntax.StringLit, syntax.CharLit:
				out.WriteString(lit.Str)
			case syntax.BoolLit:
				out.WriteString(strconv.FormatBool(lit.Bool))
			default:
				out.WriteString(lit.Text)
			}
		}
		return &typed.Const{E: b.e(tString, at), Str: out.String()}
	case "line":
		if !need(0, 0) {
			return b.badExpr(at)
		}
		return b.intConst(int64(b.s.file.Position(at.Start).Line), at)
	case "file":
		if !need(0, 0) {
			return b.badExpr(at)
		}
		return &typed.Const{E: b.e(tString, at), Str: path.Clean(b.s.file.Path)}
	case "vec":
		return b.list(x.Args, want, at)
	default:
		for _, a := range x.Args {
			b.expr(a, nil)
		}
		if reservedMacros[name] {
			b.s.unsupported(at, "macro #"+name)
			return b.badExpr(at)
		}
		if name != "" {
			d := b.error("unresolved-name", x.Name.Span, "no macro is called #%s", name)
			near := newNearest(name)
			for _, m := range []string{"assert", "assert_eq", "assert_ne", "format", "todo", "unreachable", "stringify", "concat", "line", "file", "vec"} {
				near.try(m)
			}
			if near.best != "" {
				b.s.fix(d, "did you mean "+near.best+"?", x.Name.Span, near.best)
			}
		}
		return b.badExpr(at)
	}
}

// assertSame is #assert_eq or #assert_ne: it panics with both values.
func (b *body) assertSame(x *syntax.Macro, differ bool) typed.Expr {
	at := x.Span
	cmp := &syntax.Binary{Op: "==", OpPos: x.Name.Span, X: x.Args[0], Y: x.Args[1]}
	cmp.Span = at
	y, ok := b.compare(cmp).(*typed.Binary)
	if !ok || isBad(y.X.Type()) || isBad(y.Y.Type()) {
		return b.badExpr(at)
	}
	l, r := b.temp("left", y.X.Type(), at, false), b.temp("right", y.Y.Type(), at, false)
	same := &typed.Binary{E: b.e(tBool, at), Op: typed.Eq, X: b.read(l, at), Y: b.read(r, at)}
	text := "expected both sides equal: "
	if differ {
		same.Op = typed.Ne
		text = "expected both sides different: "
	}
	parts := []typed.Expr{}
	if len(x.Args) == 3 {
		parts = append(parts, b.exprTo(x.Args[2], tString), &typed.Const{E: b.e(tString, at), Str: ": "})
	}
	parts = append(
		parts, &typed.Const{E: b.e(tString, at), Str: text}, b.text(b.read(l, at), at, -1),
		&typed.Const{E: b.e(tString, at), Str: " and "}, b.text(b.read(r, at), at, -1),
	)
	msg := &typed.Concat{E: b.e(tString, at), Parts: parts}
	check := &typed.If{E: b.e(tUnit, at), Cond: same, Then: b.unit(at), Else: &typed.Panic{E: b.e(tNever, at), Msg: msg}}
	return &typed.Block{E: b.e(tUnit, at), Stmts: []typed.Stmt{letVar(l, y.X), letVar(r, y.Y), &typed.Do{X: check}}}
}

// format fills the braces of a template. One that is written out is checked and
// becomes a concatenation; any other is left to the library.
func (b *body) format(args []argument, at syntax.Span) typed.Expr {
	if len(args) == 0 {
		b.arity("format", 1, 1, 0, at)
		return b.badExpr(at)
	}
	template := b.coerce(b.argValue(args[0], tString), tString, args[0].at)
	texts := make([]typed.Expr, 0, len(args)-1)
	for _, a := range args[1:] {
		y := b.argValue(a, nil)
		texts = append(texts, b.text(y, a.at, -1))
	}
	if k, ok := template.(*typed.Const); ok && typed.KindOf(k.T) == typed.String {
		pieces := strings.Split(k.Str, "{}")
		if !strings.ContainsAny(strings.Join(pieces, ""), "{}") {
			if len(pieces)-1 != len(texts) {
				b.error("arity", at, "the template has %d {} for %d value%s", len(pieces)-1, len(texts), plural(len(texts)))
				return &typed.Const{E: b.e(tString, at)}
			}
			node := &typed.Concat{E: b.e(tString, at)}
			for i, p := range pieces {
				if p != "" {
					node.Parts = append(node.Parts, &typed.Const{E: b.e(tString, args[0].at), Str: p})
				}
				if i < len(texts) {
					node.Parts = append(node.Parts, texts[i])
				}
			}
			if len(node.Parts) == 0 {
				return k
			}
			return node
		}
	}
	list := &typed.NewList{E: b.e(b.vecOf(tString), at), Elems: texts}
	return b.libraryCall("format_list", tString, at, nil, template, list)
}

// eval is !{ e }, evaluated at compile time where that is a quote.
func (b *body) eval(x *syntax.Eval, want typed.Type) typed.Expr {
	if x.Body != nil && len(x.Body.Stmts) == 1 {
		if es, ok := x.Body.Stmts[0].(*syntax.ExprStmt); ok {
			if q, ok := es.X.(*syntax.Quote); ok && (q.Op == "'" || q.Op == "''") {
				return b.expr(q.X, want)
			}
		}
	}
	y := b.blockExpr(x.Body, want, false)
	b.s.unsupported(x.Span, "evaluation at run time")
	return y
}

// quantifier is forall or exists over a collection: a loop that stops as soon as
// the answer is known. Over types it is a proposition, which nothing runs.
func (b *body) quantifier(x *syntax.Quant) typed.Expr {
	at := x.Span
	if x.Over == nil {
		mark := len(b.stack)
		for _, p := range x.Binders {
			l := b.declare(p.Name.Name, p.Name.Span, b.typeOfOr(b.sc, p.Type), paramLocal)
			l.used = true
		}
		b.condition(x.Body)
		b.leave(mark)
		if !b.f.prop {
			b.s.unsupported(at, "a quantifier over a type")
		}
		return b.boolean(true, at)
	}
	result := b.temp("holds", tBool, at, true)
	set := func(v bool) typed.Stmt {
		return &typed.Assign{Place: &typed.Local{E: b.e(tBool, at), Var: result}, Set: true, Value: b.boolean(v, at), P: b.s.pos(at.Start)}
	}
	body := &syntax.Block{}
	if bl, ok := x.Body.(*syntax.Block); ok {
		body = bl
	} else if x.Body != nil {
		st := &syntax.ExprStmt{X: x.Body}
		st.Span = x.Body.Range()
		body.Stmts = []syntax.Stmt{st}
		body.Span = x.Body.Range()
	}
	var pat syntax.Pattern = &syntax.WildPat{}
	if len(x.Binders) == 1 {
		p := &syntax.PathPat{Path: syntax.QName{Span: x.Binders[0].Name.Span, Parts: []syntax.Ident{x.Binders[0].Name}}}
		p.Span = x.Binders[0].Name.Span
		pat = p
	}
	// The loop is that of for, its body replaced by the test.
	loop := &syntax.For{Pattern: pat, X: x.Over, Body: &syntax.Block{}}
	loop.Span = at
	loop.Body.Span = body.Span
	node := b.forOver(loop, func(target typed.Expr) typed.Stmt {
		cond := b.truth(b.expr(body, tBool), body.Span)
		out := &typed.Block{E: b.e(tNever, at), Stmts: []typed.Stmt{set(!x.All), &typed.Do{X: &typed.Break{E: b.e(tNever, at), Target: target}}}}
		if x.All {
			return &typed.Do{X: &typed.If{E: b.e(tUnit, at), Cond: cond, Then: b.unit(at), Else: out}}
		}
		return &typed.Do{X: &typed.If{E: b.e(tUnit, at), Cond: cond, Then: out}}
	})
	return &typed.Block{
		E: b.e(tBool, at), Stmts: []typed.Stmt{letVar(result, b.boolean(x.All, at)), &typed.Do{X: node}},
		Value: b.read(result, at),
	}
}
