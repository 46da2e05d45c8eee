package syntaxgen

// block writes { } with statements.
func (g *gen) block(depth int) {
	g.depth++
	defer func() { g.depth-- }()
	if g.depth > 5 {
		depth = 0
	}
	n := g.r.IntN(4)
	switch {
	case n == 0:
		g.put(pick(g, "{}", "{ }"))
		return
	case n == 1 && g.chance(2):
		g.put("{ ")
		g.expr(depth)
		g.put(pick(g, "", ";") + " }")
		return
	case g.chance(6):
		g.put("{ let q = 1; q += 2; q }")
		return
	}
	g.put("{")
	g.newline()
	for range n {
		g.stmt(depth)
		g.newline()
	}
	g.put("}")
}

func (g *gen) stmt(depth int) {
	semi := pick(g, "", "", "", ";")
	switch g.r.IntN(14) {
	case 0:
		g.put(pick(g, "let ", "let ", "val "))
		g.put(pick(g, "x", "total", "(a, b)", "_", "Point { x, y: z }", "(a, (b, _))"))
		g.put(pick(g, "", ": i64", ": Vec<i64>"))
		g.put(" = ")
		g.expr(depth)
		g.put(semi)
	case 1:
		g.put("var " + g.name() + pick(g, "", ": i64"))
		g.put(" = ")
		g.expr(depth)
		g.put(semi)
	case 2:
		g.put(pick(g, "total", "this.count", "a[0]", "_"))
		g.sp()
		g.put(pick(g, "=", "+=", "-=", "*=", "/=", "%="))
		g.sp()
		g.expr(depth)
		g.put(semi)
	case 3:
		g.put(pick(g, "", "outer: ") + "for ")
		g.pattern(1)
		g.put(" in ")
		g.put(pick(g, "0..n", "0..=10", "items", "(a)..b + 1"))
		g.sp()
		g.block(depth - 1)
	case 4:
		g.put("while " + pick(g, "a < b", "let Some(x) = next()", "not done") + " ")
		g.block(depth - 1)
	case 5:
		g.put("loop ")
		g.block(depth - 1)
	case 6:
		g.ifExpr(depth)
	case 7:
		g.match(depth)
	case 8:
		g.put("return ")
		g.expr(depth)
		g.put(semi)
	case 9:
		g.put(pick(g, "break", "continue", "return;"))
	case 10:
		g.put("sex ")
		g.block(depth - 1)
	case 11:
		if g.depth < 3 {
			g.put("fun local(a: i64) -> i64 { a }")
			break
		}
		fallthrough
	default:
		g.expr(depth)
		g.put(semi)
	}
}

func (g *gen) ifExpr(depth int) {
	g.put("if ")
	g.put(pick(g, "a < b && c", "let Some(x) = y", "(Point { x: 1 }) == p", "ready"))
	g.sp()
	g.block(depth - 1)
	if g.chance(2) {
		g.put(pick(g, " else ", "\n  else "))
		if g.chance(3) {
			g.ifExpr(depth - 1)
		} else {
			g.block(depth - 1)
		}
	}
}

func (g *gen) match(depth int) {
	g.put("match ")
	g.put(pick(g, "this", "x", "f(a)", "(a, b)"))
	g.put(" {")
	g.newline()
	for range 1 + g.r.IntN(3) {
		g.pattern(2)
		g.put(pick(g, "", "", " if a > 0"))
		if g.chance(5) {
			g.put(" ")
			g.block(depth - 1)
		} else {
			g.put(" => ")
			g.expr(depth - 1)
			g.put(pick(g, "", ","))
		}
		g.newline()
	}
	g.put("}")
}

func (g *gen) pattern(depth int) {
	if depth == 0 {
		g.put(pick(g, "_", "x", "rest"))
		return
	}
	switch g.r.IntN(12) {
	case 0:
		g.put(pick(g, "Some(", "Shape::Rect(", "Shape.Rect("))
		g.pattern(depth - 1)
		g.put(")")
	case 1:
		g.put("Point { x, y: ")
		g.pattern(depth - 1)
		g.put(pick(g, " }", ", .. }", ", }"))
	case 2:
		g.put("(")
		g.pattern(depth - 1)
		g.put(", ")
		g.pattern(depth - 1)
		g.put(")")
	case 3:
		g.put(pick(g, "1..5", "-3..=3", "'a'..='z'"))
	case 4:
		g.put("whole @ ")
		g.pattern(depth - 1)
	case 5:
		g.put("1 | 2 | -3")
	case 6:
		g.put(pick(g, "[]", "[a, b]", "[a, ..rest]", "[..]"))
	case 7:
		g.put(pick(g, `"text"`, "2.5", "'c'", "true", "null"))
	default:
		g.pattern(0)
	}
}

func (g *gen) atom() {
	g.put(pick(g, "a", "b", "total", "this", "self", "42", "0xFF", "1_000", "2.5e-3", "7u8", `"text"`, `"es\"c\n\u{e9}"`, "'x'",
		"'\\n'", "true", "null", `f"n={a + 1:.2} {{x}} {b}"`, "None", "état", "x.0.1", "Shape.Dot", "i64::MAX", "()"))
}

func (g *gen) args(depth int) {
	n := g.r.IntN(4)
	g.free()
	for i := range n {
		g.expr(depth - 1)
		g.free()
		if i+1 < n || g.chance(5) {
			g.put(",")
			g.free()
		}
	}
}

func (g *gen) expr(depth int) {
	if depth <= 0 {
		g.atom()
		return
	}
	switch g.r.IntN(30) {
	case 0, 1, 2, 3:
		g.operand(depth - 1)
		g.sp()
		g.put(pick(g, "+", "-", "*", "/", "%", "^", "&", "&&", "||", "and", "or", "implies", ":=", ">>", "@"))
		g.sp()
		g.operand(depth - 1)
	case 4:
		g.operand(depth - 1)
		g.put(pick(g, " == ", " != ", " < ", " >= ", "<", "=="))
		g.operand(depth - 1)
	case 5:
		g.operand(depth - 1)
		for range 1 + g.r.IntN(3) {
			g.put(pick(g, " |> ", "\n      |> ", "|>"))
			g.put("step(")
			g.args(depth)
			g.put(")")
		}
	case 6:
		g.put("value")
		for range 1 + g.r.IntN(4) {
			g.put(pick(g, ".", ".", "\n      .", "?."))
			g.put("call(")
			g.args(depth)
			g.put(")")
		}
	case 7:
		g.put(pick(g, "-", "!", "not ", "*", "&", "- -", "&mut "))
		g.operand(depth - 1)
	case 8:
		g.operand(depth - 1)
		g.put(" as ")
		g.put(pick(g, "i64", "f64", "Vec<i64>", "(i64, i64)"))
	case 9:
		g.put("f(")
		g.args(depth)
		g.put(")")
	case 10:
		g.put("[")
		g.args(depth)
		g.put("]")
	case 11:
		g.put("(")
		g.free()
		g.expr(depth - 1)
		g.free()
		g.put(pick(g, ")", ", 1)", ",)"))
	case 12:
		g.put("Point {")
		g.free()
		g.put("x: ")
		g.expr(depth - 1)
		g.free()
		g.put(pick(g, "", ", y", ", ...base", ", y,"))
		g.free()
		g.put("}")
	case 13:
		g.put("|" + pick(g, "c", "a", "a, b: i64", "_") + "|" + pick(g, "", " -> i64"))
		g.sp()
		if g.chance(2) {
			g.block(depth - 1)
		} else {
			g.operand(depth - 1)
		}
	case 14:
		g.ifExpr(depth)
	case 15:
		g.match(depth)
	case 16:
		g.put("(")
		g.put("forall x in xs ")
		g.block(depth - 1)
		g.put(")")
	case 17:
		g.put(pick(g, "forall x: i64. ", "exists a: A, b: B. "))
		g.operand(depth - 1)
	case 18:
		g.put(pick(g, "'", "''"))
		g.put(pick(g, "a", "total", "(a + b)", "f(x)"))
	case 19:
		g.put("#" + pick(g, "assert", "format") + "(")
		g.args(depth)
		g.put(")")
	case 20:
		g.put("[| f a (b) |]")
	case 21:
		g.put(pick(g, "?Account", "!{ 'a }", "vec![1, 2]", "[0; 3]", "[|x| x + 1]", "(|| a)", "f::<i64>(a)", "Vec<i64>::new()", "''(,x + 1)"))
	case 22:
		g.operand(depth - 1)
		g.put(pick(g, "[", "?["))
		g.expr(depth - 1)
		g.put("]")
	case 23:
		g.put("(")
		g.operand(depth - 1)
		g.put(pick(g, "..", "..="))
		g.operand(depth - 1)
		g.put(")")
	case 24:
		g.put("a[" + pick(g, "..b", "a..", "1..=2") + "]")
	case 25:
		g.put("({")
		g.free()
		g.put(`"k": `)
		g.expr(depth - 1)
		g.free()
		g.put("})")
	default:
		g.atom()
	}
}

// operand is an expression that stands beside an operator as it is.
func (g *gen) operand(depth int) {
	if depth > 0 && g.chance(2) {
		g.put("(")
		g.free()
		g.expr(depth)
		g.free()
		g.put(")")
		return
	}
	g.atom()
}
