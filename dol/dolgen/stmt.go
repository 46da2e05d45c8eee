package dolgen

import (
	"fmt"
	"strings"
)

// block writes n statements; what they declare is in scope until the caller
// cuts vars.
func (g *gen) block(n int) {
	for range n {
		if g.budget <= 0 {
			return
		}
		g.stmt()
	}
}

// scoped writes statements whose variables end with them.
func (g *gen) scoped(n int) {
	at := len(g.vars)
	g.indent++
	g.block(n)
	g.indent--
	g.vars = g.vars[:at]
}

func (g *gen) stmt() {
	g.budget -= 3
	switch n := g.r.IntN(20); {
	case n < 6:
		g.let()
	case n < 10:
		g.assign()
	case n < 12:
		g.line("if %s {", g.expr(tBool, 2))
		g.scoped(2)
		if g.chance(50) {
			g.line("} else {")
			g.scoped(2)
		}
		g.line("}")
	case n < 14 && g.loops < 2:
		g.loop()
	case n < 16:
		g.match()
	case n < 17:
		g.line("println(%s)", g.expr(tText, 2))
	case n < 18:
		g.closure()
	case n < 19 && g.loops > 0:
		g.line("if %s { %s }", g.expr(tBool, 1), []string{"break", "continue"}[g.r.IntN(2)])
	default:
		g.line("tick(%s)", g.expr(tInt, 2))
	}
}

func (g *gen) let() {
	t := g.typ(2)
	v := variable{g.name("v"), t, g.chance(60)}
	value := g.expr(t, 3)
	word := "let"
	if v.mutable {
		word = "var"
	}
	if t.kind == "tup" && g.chance(50) {
		x, y := g.name("v"), g.name("v")
		g.line("let (%s, %s): %v = %s", x, y, t, value)
		g.vars = append(g.vars, variable{x, t.args[0], false}, variable{y, t.args[1], false})
		return
	}
	g.line("%s %s: %v = %s", word, v.name, t, value)
	g.vars = append(g.vars, v)
}

func (g *gen) assign() {
	var places []variable
	for _, v := range g.vars {
		if v.mutable {
			places = append(places, v)
		}
		switch v.typ.kind {
		case "rec":
			i := g.r.IntN(len(v.typ.rec.fields))
			places = append(places, variable{fmt.Sprintf("%s.f%d", v.name, i), v.typ.rec.fields[i], true})
		case "vec":
			if g.chance(30) {
				g.line("if %s.len() < 50 { %s.push(%s) }", v.name, v.name, g.expr(v.typ.args[0], 2))
				return
			}
			places = append(places, variable{fmt.Sprintf("%s[%s]", v.name, g.small()), v.typ.args[0], true})
		case "map":
			if g.chance(30) {
				g.line("%s.insert(%s, %s)", v.name, g.expr(v.typ.args[0], 1), g.expr(v.typ.args[1], 2))
				return
			}
		}
	}
	if len(places) == 0 {
		g.let()
		return
	}
	p := places[g.r.IntN(len(places))]
	if isInt(p.typ.kind) && g.chance(40) {
		g.line("%s %s= %s", p.name, []string{"+", "-", "*", "/", "%"}[g.r.IntN(5)], g.expr(p.typ, 2))
		return
	}
	if p.typ.kind == "string" { // texts that double in a loop would never end
		g.line("if %s.len() < 200 { %s = %s }", p.name, p.name, g.expr(p.typ, 2))
		return
	}
	g.line("%s = %s", p.name, g.expr(p.typ, 3))
}

func (g *gen) loop() {
	g.loops++
	defer func() { g.loops-- }()
	switch g.r.IntN(4) {
	case 0:
		i := g.name("k")
		g.line("for %s in %d..%s {", i, g.r.IntN(3)-1, []string{"4", "=5"}[g.r.IntN(2)])
		g.vars = append(g.vars, variable{i, tInt, false})
		g.scoped(3)
		g.vars = g.vars[:len(g.vars)-1]
		g.line("}")
	case 1:
		t := &typ{kind: "vec", args: []*typ{g.scalar()}}
		x := g.name("x")
		g.line("for %s in %s {", x, g.expr(t, 2))
		g.vars = append(g.vars, variable{x, t.args[0], false})
		g.scoped(3)
		g.vars = g.vars[:len(g.vars)-1]
		g.line("}")
	case 2:
		n := g.name("n")
		g.line("var %s = 0", n)
		g.line("while %s < %d {", n, 1+g.r.IntN(5))
		g.line("  %s += 1", n)
		g.scoped(3)
		g.line("}")
	case 3:
		n, v := g.name("n"), g.name("v")
		t := g.scalar()
		g.line("var %s = 0", n)
		g.line("let %s: %v = loop {", v, t)
		g.line("  %s += 1", n)
		loops := g.loops
		g.loops = 0 // a bare break would have no value
		g.scoped(2)
		g.loops = loops
		g.line("  if %s > %d { break %s }", n, g.r.IntN(4), g.expr(t, 2))
		g.line("}")
		g.vars = append(g.vars, variable{v, t, false})
	}
}

func (g *gen) match() {
	var over []variable
	for _, v := range g.vars {
		switch v.typ.kind {
		case "enum", "opt", "res", "i64", "bool":
			over = append(over, v)
		}
	}
	if len(over) == 0 {
		g.let()
		return
	}
	v := over[g.r.IntN(len(over))]
	at := len(g.vars)
	arm := func(pattern string, bound ...variable) {
		g.vars = append(g.vars, bound...)
		guard := ""
		g.line("  %s%s => {", pattern, guard)
		g.indent++
		g.line("  tick(%d)", at) // { } alone is an empty table
		g.scoped(2)
		g.indent--
		g.line("  }")
		g.vars = g.vars[:at]
	}
	g.line("match %s {", v.name)
	switch v.typ.kind {
	case "enum":
		for i, payload := range v.typ.enum.variants {
			if i > 0 && g.chance(15) {
				break
			}
			var bound []variable
			var words []string
			for _, t := range payload {
				x := variable{g.name("x"), t, false}
				bound, words = append(bound, x), append(words, x.name)
			}
			pattern := fmt.Sprintf("%s.V%d", v.typ.enum.name, i)
			if len(words) > 0 {
				pattern += "(" + strings.Join(words, ", ") + ")"
			}
			arm(pattern, bound...)
		}
		arm("_")
	case "opt":
		x := variable{g.name("x"), v.typ.args[0], false}
		arm("Some("+x.name+")", x)
		arm("None")
	case "res":
		x, y := variable{g.name("x"), v.typ.args[0], false}, variable{g.name("x"), tText, false}
		arm("Ok("+x.name+")", x)
		arm("Err("+y.name+")", y)
	case "i64":
		arm(fmt.Sprint(g.r.IntN(5)))
		arm(fmt.Sprintf("%d | %d", 10+g.r.IntN(5), -1-g.r.IntN(5)))
		arm(fmt.Sprintf("%d..%d", 20, 21+g.r.IntN(50)))
		x := variable{g.name("x"), tInt, false}
		arm(x.name+" if "+x.name+" > 1000", x)
		arm("_")
	case "bool":
		arm("true")
		arm("false")
	}
	g.line("}")
}

// closure declares a function value that may change a variable around it.
func (g *gen) closure() {
	t := &typ{kind: "fun", args: []*typ{g.scalar(), g.scalar()}}
	f := variable{g.name("c"), t, false}
	n := g.name("n")
	g.line("var %s = 0", n)
	x := variable{g.name("x"), t.args[1], false}
	at := len(g.vars)
	g.vars = append(g.vars, x)
	body := g.expr(t.args[0], 2)
	g.vars = g.vars[:at]
	g.line("let %s: %v = |%s: %v| { %s += 1; tick(%s); %s }", f.name, t, x.name, x.typ, n, n, body)
	g.vars = append(g.vars, f, variable{n, tInt, true})
}
