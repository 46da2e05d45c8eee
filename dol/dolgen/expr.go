package dolgen

import (
	"fmt"
	"strconv"
	"strings"
)

func isInt(kind string) bool {
	return len(kind) <= 3 && (kind[0] == 'i' || kind[0] == 'u') && kind[1] >= '1' && kind[1] <= '8'
}

// small is an index that is mostly within a short list.
func (g *gen) small() string { return strconv.Itoa(g.r.IntN(4)) }

// expr returns an expression of type t.
func (g *gen) expr(t *typ, depth int) string {
	g.budget--
	if depth <= 0 || g.budget <= 0 {
		return g.leaf(t)
	}
	if g.chance(30) {
		if v, ok := g.variable(t); ok {
			return v
		}
	}
	if g.chance(25) {
		if e, ok := g.general(t, depth); ok {
			return e
		}
	}
	d := depth - 1
	switch t.kind {
	case "bool":
		return g.boolean(d)
	case "string":
		return g.text(d)
	case "f64":
		return g.float(d)
	case "vec":
		return g.vec(t, d)
	case "opt":
		if g.chance(30) {
			return "None"
		}
		return "Some(" + g.expr(t.args[0], d) + ")"
	case "res":
		if g.chance(30) {
			return "Err(" + g.expr(tText, d) + ")"
		}
		return "Ok(" + g.expr(t.args[0], d) + ")"
	case "tup":
		return "(" + g.expr(t.args[0], d) + ", " + g.expr(t.args[1], d) + ")"
	case "rec":
		return g.newRecord(t, d)
	case "enum":
		return g.variant(t, d)
	case "map", "fun":
		return g.leaf(t)
	}
	return g.integer(t, d)
}

// typed is an expression whose type nothing around it has to say.
func (g *gen) typed(t *typ, d int) string {
	return fmt.Sprintf("id::<%v>(%s)", t, g.expr(t, d))
}

// variable is a variable of type t in scope, or a part of one.
func (g *gen) variable(t *typ) (string, bool) {
	var found []string
	for _, v := range g.vars {
		if same(v.typ, t) {
			found = append(found, v.name)
		}
		switch v.typ.kind {
		case "rec":
			for i, f := range v.typ.rec.fields {
				if same(f, t) {
					found = append(found, fmt.Sprintf("%s.f%d", v.name, i))
				}
			}
		case "tup":
			for i, f := range v.typ.args {
				if same(f, t) {
					found = append(found, fmt.Sprintf("%s.%d", v.name, i))
				}
			}
		case "vec":
			if same(v.typ.args[0], t) {
				found = append(found, fmt.Sprintf("%s[%s]", v.name, g.small()))
			}
		}
	}
	if len(found) == 0 {
		return "", false
	}
	return found[g.r.IntN(len(found))], true
}

// general are forms that give any type.
func (g *gen) general(t *typ, depth int) (string, bool) {
	d := depth - 1
	switch g.r.IntN(7) {
	case 0:
		return fmt.Sprintf("(if %s { %s } else { %s })", g.expr(tBool, d), g.expr(t, d), g.expr(t, d)), true
	case 1:
		return fmt.Sprintf("pick(%s, %s, %s)", g.expr(tBool, d), g.expr(t, d), g.expr(t, d)), t.kind != "fun"
	case 2:
		for _, f := range g.funcs {
			if same(f.result, t) {
				return g.call(f, d), true
			}
		}
	case 3:
		for _, v := range g.vars {
			if v.typ.kind == "fun" && same(v.typ.args[0], t) {
				return v.name + "(" + g.expr(v.typ.args[1], d) + ")", true
			}
		}
	case 4:
		for _, v := range g.vars {
			if v.typ.kind == "opt" && same(v.typ.args[0], t) {
				if g.chance(20) {
					return v.name + ".unwrap()", true
				}
				return v.name + ".unwrap_or(" + g.expr(t, d) + ")", true
			}
			if v.typ.kind == "map" && same(v.typ.args[1], t) {
				return v.name + ".get(" + g.expr(v.typ.args[0], d) + ").unwrap_or(" + g.expr(t, d) + ")", true
			}
		}
	case 5:
		s := g.scalar()
		x := variable{g.name("x"), s, false}
		arg := g.expr(s, d)
		g.vars = append(g.vars, x)
		body := g.expr(t, d)
		g.vars = g.vars[:len(g.vars)-1]
		return fmt.Sprintf("apply(%s, |%s: %v| %s)", arg, x.name, s, body), t.kind != "fun"
	case 6:
		v := variable{g.name("v"), g.scalar(), false}
		value := g.expr(v.typ, d)
		g.vars = append(g.vars, v)
		body := g.expr(t, d)
		g.vars = g.vars[:len(g.vars)-1]
		return fmt.Sprintf("(if true { let %s: %v = %s; %s } else { %s })", v.name, v.typ, value, body, g.leaf(t)), true
	}
	return "", false
}

// leaf is the simplest expression of a type.
func (g *gen) leaf(t *typ) string {
	if v, ok := g.variable(t); ok && g.chance(60) && !strings.Contains(v, "[") {
		return v
	}
	switch t.kind {
	case "bool":
		return []string{"true", "false"}[g.r.IntN(2)]
	case "string":
		return []string{`""`, `"a"`, `"two words"`, `"ü€"`, `"x=1"`, `"line\nline"`}[g.r.IntN(6)]
	case "f64":
		return "id(" + []string{"0.0", "1.5", "-2.25", "1e10", "0.1", "3.0"}[g.r.IntN(6)] + ")"
	case "vec":
		words := make([]string, 1+g.r.IntN(3))
		for i := range words {
			words[i] = g.leaf(t.args[0])
		}
		return "[" + strings.Join(words, ", ") + "]"
	case "opt":
		return "Some(" + g.leaf(t.args[0]) + ")"
	case "res":
		return "Ok(" + g.leaf(t.args[0]) + ")"
	case "tup":
		return "(" + g.leaf(t.args[0]) + ", " + g.leaf(t.args[1]) + ")"
	case "map":
		key := map[string]string{"i64": strconv.Itoa(g.r.IntN(4)), "string": strconv.Quote(g.small())}[t.args[0].kind]
		return "({ " + key + ": " + g.leaf(t.args[1]) + " })"
	case "fun":
		x := g.name("x")
		return fmt.Sprintf("|%s: %v| %s", x, t.args[1], g.leaf(t.args[0]))
	case "rec":
		return g.newRecord(t, 0)
	case "enum":
		return g.variant(t, 0)
	}
	return "id(" + g.number(t.kind) + ")" // no constant: those must not overflow
}

func (g *gen) number(kind string) string {
	bits, _ := strconv.Atoi(kind[1:])
	switch g.r.IntN(5) {
	case 0:
		return kind + "::MAX"
	case 1:
		return kind + "::MIN"
	case 2:
		return strconv.FormatUint(g.r.Uint64N(1<<(bits-1)), 10) + kind
	case 3:
		if kind[0] == 'i' {
			return "-" + strconv.Itoa(1+g.r.IntN(9)) + kind
		}
	}
	return strconv.Itoa(g.r.IntN(10)) + kind
}

func (g *gen) newRecord(t *typ, d int) string {
	words := make([]string, len(t.rec.fields))
	for i, f := range t.rec.fields {
		value := ""
		if d > 0 {
			value = g.expr(f, d)
		} else {
			value = g.leaf(f)
		}
		words[i] = fmt.Sprintf("f%d: %s", i, value)
	}
	if d > 0 && g.chance(15) {
		return "heavier(" + g.newRecord(t, 0) + ", " + g.newRecord(t, 0) + ")"
	}
	if g.chance(50) {
		words[0], words[len(words)-1] = words[len(words)-1], words[0]
	}
	return "(" + t.rec.name + " { " + strings.Join(words, ", ") + " })" // heads want the parentheses
}

func (g *gen) variant(t *typ, d int) string {
	i := g.r.IntN(len(t.enum.variants))
	word := fmt.Sprintf("%s.V%d", t.enum.name, i)
	var words []string
	for _, p := range t.enum.variants[i] {
		if d > 0 {
			words = append(words, g.expr(p, d))
		} else {
			words = append(words, g.leaf(p))
		}
	}
	if len(words) > 0 {
		word += "(" + strings.Join(words, ", ") + ")"
	}
	return word
}

func (g *gen) integer(t *typ, d int) string {
	switch g.r.IntN(9) {
	case 0, 1, 2:
		op := []string{"+", "-", "*", "/", "%", "&"}[g.r.IntN(6)]
		return "(" + g.expr(t, d) + " " + op + " " + g.expr(t, d) + ")"
	case 3:
		return "(" + g.expr(&typ{kind: ints[g.r.IntN(len(ints))]}, d) + " as " + t.kind + ")"
	case 4:
		return "(" + g.expr(tF64, d) + " as " + t.kind + ")"
	case 5:
		if t.kind == "i64" {
			return "tick(" + g.expr(t, d) + ")"
		}
	case 6:
		if t.kind == "i64" {
			return g.expr(tText, d) + ".len()"
		}
	case 7:
		if t.kind[0] == 'i' {
			return "(-" + g.expr(t, d) + ")"
		}
	case 8:
		if t.kind == "i64" {
			return g.expr(&typ{kind: "vec", args: []*typ{tInt}}, d) + ".fold(0, |s: i64, x: i64| s * 3 + x)"
		}
	}
	return g.leaf(t)
}

func (g *gen) float(d int) string {
	switch g.r.IntN(5) {
	case 0, 1:
		return "(" + g.expr(tF64, d) + " " + []string{"+", "-", "*", "/", "%"}[g.r.IntN(5)] + " " + g.expr(tF64, d) + ")"
	case 2:
		return "(" + g.expr(tInt, d) + " as f64)"
	case 3:
		return g.expr(tF64, d) + "." + []string{"floor", "ceil", "abs", "round", "sqrt"}[g.r.IntN(5)] + "()"
	}
	return g.leaf(tF64)
}

func (g *gen) boolean(d int) string {
	switch g.r.IntN(6) {
	case 0, 1:
		t := g.scalar()
		ops := []string{"==", "!=", "<", "<=", ">", ">="}
		if t.kind == "bool" {
			ops = ops[:2]
		}
		return "(" + g.expr(t, d) + " " + ops[g.r.IntN(len(ops))] + " " + g.expr(t, d) + ")"
	case 2:
		t := g.typ(2)
		if t.kind != "fun" {
			return "(" + g.typed(t, d) + " " + []string{"==", "!="}[g.r.IntN(2)] + " " + g.expr(t, d) + ")"
		}
	case 3:
		return "(" + g.expr(tBool, d) + " " + []string{"&&", "||", "implies"}[g.r.IntN(3)] + " " + g.expr(tBool, d) + ")"
	case 4:
		return "(!" + g.expr(tBool, d) + ")"
	case 5:
		return g.expr(tText, d) + ".contains(" + g.expr(tText, d) + ")"
	}
	return g.leaf(tBool)
}

func (g *gen) text(d int) string {
	switch g.r.IntN(7) {
	case 0, 1:
		return "(" + g.expr(tText, d) + " + " + g.expr(tText, d) + ")"
	case 2:
		t := g.typ(2)
		if t.kind == "fun" {
			t = tInt
		}
		return g.typed(t, d) + ".to_string()"
	case 3:
		return "f\"<{" + g.number("i64") + "}|{" + strconv.Itoa(g.r.IntN(99)) + "}>\""
	case 4:
		return g.expr(tText, d) + "." + []string{"to_upper", "to_lower", "trim"}[g.r.IntN(3)] + "()"
	case 5:
		return g.expr(&typ{kind: "vec", args: []*typ{tInt}}, d) + ".map(|x: i64| x.to_string()).join(\",\")"
	}
	return g.leaf(tText)
}

func (g *gen) vec(t *typ, d int) string {
	elem := t.args[0]
	switch g.r.IntN(6) {
	case 0, 1:
		words := make([]string, g.r.IntN(4))
		for i := range words {
			words[i] = g.expr(elem, d)
		}
		if len(words) == 0 {
			return g.leaf(t)
		}
		return "[" + strings.Join(words, ", ") + "]"
	case 2:
		x := g.name("x")
		from := g.scalar()
		g.vars = append(g.vars, variable{x, from, false})
		body := g.expr(elem, d)
		g.vars = g.vars[:len(g.vars)-1]
		return fmt.Sprintf("%s.map(|%s: %v| %s)", g.expr(&typ{kind: "vec", args: []*typ{from}}, d), x, from, body)
	case 3:
		x := g.name("x")
		g.vars = append(g.vars, variable{x, elem, false})
		body := g.expr(tBool, d)
		g.vars = g.vars[:len(g.vars)-1]
		return fmt.Sprintf("%s.filter(|%s: %v| %s)", g.expr(t, d), x, elem, body)
	case 4:
		if elem.kind == "i64" || elem.kind == "string" {
			return g.expr(t, d) + "." + []string{"sort", "reverse"}[g.r.IntN(2)] + "()"
		}
	case 5:
		return g.expr(t, d) + ".take(" + g.small() + ")"
	}
	return g.leaf(t)
}
