// Package syntaxgen makes random DOL files that parse without an error, for
// tests of whatever reads or prints DOL. They use all of the grammar, both
// spellings, and white space and comments wherever the language allows them;
// they make no sense, names and types are arbitrary.
package syntaxgen

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// File returns a source file of about the given number of declarations.
func File(r *rand.Rand, declarations int) string {
	g := &gen{r: r}
	g.nl()
	if g.chance(2) {
		g.put("module ")
		g.qname()
		if g.chance(2) {
			g.put(" @ ")
			g.version()
		}
		g.newline()
	}
	for range g.r.IntN(3) {
		g.use()
		g.newline()
	}
	for range declarations {
		g.decl()
		g.newline()
	}
	return g.b.String()
}

// Expr returns an expression without line breaks outside brackets.
func Expr(r *rand.Rand, depth int) string {
	g := &gen{r: r}
	g.expr(depth)
	return g.b.String()
}

type gen struct {
	r     *rand.Rand
	b     strings.Builder
	n     int  // comments so far
	depth int  // blocks around
	ont   bool // in the ontology layer
}

func (g *gen) chance(n int) bool { return g.r.IntN(n) == 0 }

func (g *gen) put(s string) { g.b.WriteString(s) }

func (g *gen) putf(format string, args ...any) { fmt.Fprintf(&g.b, format, args...) }

func pick[T any](g *gen, list ...T) T { return list[g.r.IntN(len(list))] }

// --- white space ---

// sp is white space on one line.
func (g *gen) sp() {
	switch g.r.IntN(24) {
	case 0:
		g.n++
		g.putf(" /* inline %d */ ", g.n)
	case 1, 2:
		g.put("  ")
	case 3:
		g.put("\t")
	default:
		g.put(" ")
	}
}

// opt is sp or nothing.
func (g *gen) opt() {
	if g.chance(3) {
		g.sp()
	}
}

// free is white space in brackets, where line breaks mean nothing.
func (g *gen) free() {
	switch g.r.IntN(14) {
	case 0:
		g.put("\n")
	case 1:
		g.n++
		g.putf(" // free %d\n", g.n)
	case 2:
		g.n++
		g.putf("\n/* free %d\n over lines */ ", g.n)
	case 3, 4, 5:
	default:
		g.opt()
	}
}

// nl is white space between lines, or before the first.
func (g *gen) nl() {
	for g.chance(4) {
		g.n++
		switch g.r.IntN(6) {
		case 0:
			g.putf("-- dash %d\n", g.n)
		case 1:
			g.putf("/* block %d */\n", g.n)
		case 2:
			g.putf("/* block %d /* nested */\n   over lines */\n", g.n)
		case 3:
			g.putf("\n// comment %d\n\n\n", g.n)
		case 4:
			g.putf("   //! comment %d  \n", g.n)
		default:
			g.putf("// comment %d\n", g.n)
		}
	}
}

// newline ends a line.
func (g *gen) newline() {
	switch g.r.IntN(8) {
	case 0:
		g.n++
		g.putf(" // trailing %d", g.n)
	case 1:
		g.put("  ")
	case 2:
		g.n++
		g.putf(" -- trailing %d", g.n)
	}
	g.put(pick(g, "\n", "\n", "\n", "\n\n", "\n\n\n", "\r\n"))
	g.nl()
	g.put(pick(g, "", "  ", "    ", "\t"))
}

// --- words ---

func (g *gen) name() string {
	return pick(g, "a", "b", "total", "count", "x1", "état", "state", "docs_", "type_", "is_open", "_hidden", "value", "test", "all", "given", "from", "owner", "n")
}

func (g *gen) upper() string {
	return pick(g, "Account", "Shape", "Vec3", "Point", "Item", "Kind", "Östen", "T")
}

func (g *gen) word() string {
	return pick(g, "book", "container", "identity", "well-known", "isbn.registry", "state", "of", "utf-8", "system", "loan", "title", "for")
}

func (g *gen) qname() {
	g.put(pick(g, "book", "library", "net"))
	for range 1 + g.r.IntN(2) {
		g.put("." + pick(g, "exists", "lendable", "type", "gen", "io"))
	}
}

func (g *gen) version() {
	g.putf("%d.%d.%d", g.r.IntN(3), g.r.IntN(20), g.r.IntN(3))
	if g.chance(4) {
		g.put(pick(g, "-rc.1", "-alpha", "+b7", "-rc.1+b7"))
	}
}

func (g *gen) docs() {
	g.put(pick(g, "docs", "exegesis"))
	switch g.r.IntN(4) {
	case 0:
		g.put(` "in quotes"`)
	case 1:
		g.put(" {\n    It's a \"text\" { with } braces,\n      and // more -- of it.\n\n  Last line.\n}")
	case 2:
		g.put("{first line\n  second line }")
	default:
		g.put(" { One line: don't stop /* here. }")
	}
}

func (g *gen) use() {
	g.put(pick(g, "", "", "pub ", "pub(spirit) ") + "use ")
	switch g.r.IntN(5) {
	case 0:
		g.put("@org/std-lib.io")
	case 1:
		g.put(`@org/pkg: "^1.2"`)
	case 2:
		g.put("@git:host.example/x.git")
	default:
		g.qname()
	}
	switch g.r.IntN(4) {
	case 0:
		g.put(".{")
		g.free()
		g.put("a, b as c")
		g.free()
		g.put(pick(g, ",", ""))
		g.free()
		g.put("}")
	case 1:
		g.put(" as other")
	}
	g.put(pick(g, "", "", ";"))
}

// --- declarations ---

func (g *gen) decl() {
	if g.chance(8) {
		g.docs()
		g.newline()
	}
	if g.chance(10) {
		g.put(pick(g, `#[test]`, `#[import(module = "m", name="n")]`, `#[derive(Eq, Debug)]`))
		if g.chance(2) {
			g.newline()
		} else {
			g.sp()
		}
	}
	switch g.r.IntN(11) {
	case 0, 1:
		g.ontology()
	case 2, 3:
		g.record()
	case 4:
		g.trait()
	case 5:
		g.impl()
	case 6:
		g.evo()
	case 7:
		g.small()
	default:
		g.vis()
		g.fun(true)
	}
}

func (g *gen) vis() { g.put(pick(g, "", "", "pub ", "pub(parent) ")) }

func (g *gen) small() {
	switch g.r.IntN(5) {
	case 0:
		g.put("const LIMIT")
		g.put(pick(g, "", ": i64", " : Int64"))
		g.put(" = ")
		g.expr(2)
		g.put(pick(g, "", ";"))
	case 1:
		g.put(pick(g, "sex var", "var") + " STATE: ")
		g.typ(2)
		g.put(" = ")
		g.expr(2)
	case 2:
		g.put("type Name" + pick(g, "", "<T>") + " = ")
		g.typ(2)
	case 3:
		g.put("enum Colour ")
		g.variants()
	default:
		g.put("mod inner {")
		g.newline()
		g.fun(true)
		g.newline()
		g.put("}")
	}
}

// body writes { } with lines.
func (g *gen) body(lines int, line func()) {
	g.put("{")
	if lines == 0 {
		g.opt()
		g.put("}")
		return
	}
	g.newline()
	for range lines {
		line()
		g.newline()
	}
	g.put("}")
}

func (g *gen) sentence() {
	words := func(n int) {
		for i := range n {
			if i > 0 {
				g.sp()
			}
			g.put(g.word())
		}
	}
	switch g.r.IntN(8) {
	case 0:
		g.put(pick(g, "each", "all", "no"))
		g.sp()
		words(2)
		if g.chance(2) {
			g.put(" emits ")
			g.put("LoanEvent")
		}
	case 1:
		g.put("book")
		g.sp()
		g.put("derives")
		g.sp()
		g.put("from")
		g.put(pick(g, " ", "\n      "))
		words(2)
	case 2:
		g.put("uses ")
		g.qname()
	case 3:
		g.put("book has title loan is open")
	case 4:
		if g.ont {
			g.put(pick(g, "available = total - committed", "loan extends period", "status is one of:", "- it's open; never closed", "one (two) three"))
			break
		}
		fallthrough
	default:
		g.put("book ")
		if g.chance(3) {
			words(1)
			g.put(" ")
		}
		g.put(pick(g, "has", "is", "never", "can", "matches", "requires", "emits"))
		g.sp()
		words(1 + g.r.IntN(3))
	}
	g.put(pick(g, "", "", "", ";"))
}

func (g *gen) ontology() {
	ont := g.ont
	g.ont = true
	switch g.r.IntN(4) {
	case 0:
		g.put("trait ")
		g.qname()
		g.put(" ")
		g.body(g.r.IntN(5), g.sentence)
	case 1:
		g.put(pick(g, "rule ", "constraint "))
		g.qname()
		g.put(" ")
		g.body(g.r.IntN(4), func() {
			if g.chance(2) {
				g.put("a >= b")
			} else {
				g.sentence()
			}
		})
	case 2:
		g.put("system ")
		g.qname()
		g.put(" @ ")
		g.version()
		g.put(" ")
		g.body(1+g.r.IntN(4), func() {
			switch g.r.IntN(4) {
			case 0:
				g.put("requires library.core " + pick(g, ">= ", "^", "= "))
				g.version()
			case 1:
				g.put("state count: ")
				g.typ(1)
				g.put(" = 1")
			case 2:
				g.put(`requires @org/std-lib: "^1.0"`)
			default:
				g.sentence()
			}
		})
	default:
		g.put(pick(g, "gen ", "gene "))
		g.qname()
		g.put(" ")
		g.body(g.r.IntN(6), func() {
			if g.chance(6) {
				g.docs()
				return
			}
			g.sentence()
		})
	}
	g.ont = ont
	if g.chance(3) {
		g.newline()
		g.docs()
	}
}

func (g *gen) evo() {
	g.put(pick(g, "evo ", "evolves "))
	g.qname()
	g.put(" @ 1.1.0 > 1.0.0 ")
	g.body(1+g.r.IntN(3), func() {
		switch g.r.IntN(4) {
		case 0:
			g.put("adds book is reserved")
		case 1:
			g.put("removes book.title")
		case 2:
			g.put(`because "of it"`)
		default:
			g.put("deprecates has old: string")
		}
	})
}

func (g *gen) field() {
	g.put(pick(g, "", "", "", "@personal ", `@crdt(lww, tie="peer") `))
	g.put(pick(g, "has ", "has ", "pub has ", ""))
	g.put(g.name())
	g.opt()
	g.put(":")
	g.opt()
	g.typ(2)
	if g.chance(3) {
		g.put(" = ")
		g.expr(2)
	}
	if g.chance(8) {
		g.put(" where ")
		g.expr(1)
	}
	g.put(pick(g, "", "", "", ",", ";"))
}

func (g *gen) record() {
	g.vis()
	g.put(pick(g, "gen ", "gene ", "type ") + g.upper())
	g.put(pick(g, "", "", "<T>", "<K: Ord + Eq, V = i64>"))
	g.put(pick(g, "", "", " extends Base"))
	g.put(" ")
	if g.chance(4) {
		g.put("{ has a: i64  has b: string }")
		return
	}
	first := g.chance(4)
	g.body(g.r.IntN(6), func() {
		switch {
		case first:
			first = false
			g.put("type: enum ")
			g.variants()
		case g.chance(5):
			g.put("rule good ")
			g.conditions()
		case g.chance(4):
			g.fun(true)
		case g.chance(6):
			g.put("has note")
		default:
			g.field()
		}
	})
}

// conditions writes the { } of a rule or law.
func (g *gen) conditions() {
	if g.chance(2) {
		g.put("{ ")
		g.expr(1)
		g.put(" }")
		return
	}
	g.body(g.r.IntN(3), func() { g.expr(2) })
}

func (g *gen) variants() {
	g.put("{")
	g.free()
	n := 1 + g.r.IntN(4)
	for i := range n {
		g.putf("V%d", i)
		switch g.r.IntN(4) {
		case 0:
			g.put("(")
			g.free()
			g.typ(1)
			g.put(pick(g, "", ", f64", ","))
			g.free()
			g.put(")")
		case 1:
			g.put(" {")
			g.free()
			g.put("radius: ")
			g.typ(1)
			g.free()
			g.put("}")
		case 2:
			g.put(pick(g, " = 3", " = -1", ""))
		}
		if i+1 < n {
			g.put(pick(g, ",", ",", "\n"))
		}
		g.free()
	}
	g.put("}")
}

func (g *gen) trait() {
	g.put("trait " + g.upper() + pick(g, "", ": Base + Eq") + " ")
	g.body(g.r.IntN(4), func() {
		switch g.r.IntN(4) {
		case 0:
			g.put("law holds(a: i64) ")
			g.conditions()
		case 1:
			g.put("is valid(a: i64) -> bool")
		default:
			g.fun(g.chance(2))
		}
	})
}

func (g *gen) impl() {
	g.put("impl " + g.upper() + pick(g, "", " for Vec<i64>") + " ")
	g.body(g.r.IntN(3), func() { g.fun(true) })
}

func (g *gen) fun(body bool) {
	g.put(pick(g, "", "", "sex ") + "fun ")
	g.put(pick(g, g.name(), g.name(), "loop", "match"))
	g.put(pick(g, "", "", "", "<T: Ord>"))
	g.put("(")
	g.free()
	switch g.r.IntN(4) {
	case 0:
		g.put(pick(g, "self", "&self", "mut self", "this"))
		g.free()
	case 1, 2:
		n := 1 + g.r.IntN(4)
		for i := range n {
			g.putf("p%d", i)
			g.opt()
			g.put(":")
			g.free()
			g.typ(2)
			g.put(pick(g, "", "", " = 1"))
			g.free()
			if i+1 < n {
				g.put(",")
				g.free()
			}
		}
	}
	g.put(")")
	if g.chance(2) {
		g.sp()
		g.put("->")
		g.sp()
		g.typ(2)
	}
	if !body {
		return
	}
	g.put(pick(g, "", "", "", " where T: Eq"))
	g.sp()
	g.block(3)
}

// --- types ---

func (g *gen) typ(depth int) {
	if depth == 0 {
		g.put(pick(g, "i64", "u8", "string", "bool", "Int64", "String", "()", "Account"))
		return
	}
	switch g.r.IntN(12) {
	case 0:
		g.put("Vec<")
		g.typ(depth - 1)
		g.put(">")
	case 1:
		g.put("Map<")
		g.free()
		g.put("string,")
		g.free()
		g.typ(depth - 1)
		g.put(">")
	case 2:
		g.put("(")
		g.typ(depth - 1)
		g.put(", ")
		g.typ(depth - 1)
		g.put(")")
	case 3:
		g.put(pick(g, "(i64) -> ", "() -> ", "fun(i64, string) -> "))
		g.typ(depth - 1)
	case 4:
		g.put("[")
		g.typ(depth - 1)
		g.put(pick(g, "", "; 3", " ; N"))
		g.put("]")
	case 5:
		g.typ(depth - 1)
		g.put("?")
	case 6:
		g.put(pick(g, "&", "&mut "))
		g.put("Account")
	case 7:
		g.put("(")
		g.typ(depth - 1)
		g.put(")")
	case 8:
		g.put("Result<Vec<Option<i64>>, string>")
	case 9:
		g.put("net::io.Item")
	default:
		g.typ(0)
	}
}
