// Package dolgen makes random well-typed DOL programs for tests: records, enums,
// closures, generics, traits, lists, tables, strings, loops, matches and every
// width of number, with traps where a program can trap. A program ends: loops and
// recursion are bounded. The same seed gives the same program.
package dolgen

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// typ is a type of the programs.
type typ struct {
	kind string // a basic type, or vec, opt, tup, rec, enum, fun, map, res
	args []*typ
	rec  *record
	enum *enum
}

type record struct {
	name   string
	fields []*typ
}

type enum struct {
	name     string
	variants [][]*typ // payload types; variant i is named V<i>
}

type function struct {
	name   string
	params []*typ
	result *typ
}

type variable struct {
	name    string
	typ     *typ
	mutable bool
}

type gen struct {
	r       *rand.Rand
	b       strings.Builder
	records []*record
	enums   []*enum
	funcs   []*function
	vars    []variable
	indent  int
	names   int
	budget  int // nodes left in the function
	loops   int // loops around the statement
	result  *typ
}

var (
	ints  = []string{"i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64"}
	tInt  = &typ{kind: "i64"}
	tBool = &typ{kind: "bool"}
	tText = &typ{kind: "string"}
	tF64  = &typ{kind: "f64"}
)

// Entry is the export to call, with two integers; it returns a text that says what
// the program did.
const Entry = "entry"

// Program returns the program of a seed.
func Program(seed uint64) string {
	g := &gen{r: rand.New(rand.NewPCG(seed, 0x646f6c))}
	g.line("module generated @ 0.1.0")
	g.line("sex var TRACE: i64 = 7")
	g.line("fun tick(n: i64) -> i64 { TRACE = TRACE * 31 + n; n }")
	g.line("fun id<T>(x: T) -> T { x }")
	g.line("fun pick<T>(c: bool, a: T, b: T) -> T { if c { a } else { b } }")
	g.line("fun apply<T, U>(x: T, f: (T) -> U) -> U { f(x) }")
	g.line("trait Measured { fun measure() -> i64 }")
	g.line("fun heavier<T: Measured>(a: T, b: T) -> T { if a.measure() >= b.measure() { a } else { b } }")
	for range g.r.IntN(4) {
		g.record()
	}
	for range g.r.IntN(4) {
		g.enum()
	}
	for range 1 + g.r.IntN(5) {
		g.function()
	}
	g.entry()
	return g.b.String()
}

func (g *gen) line(format string, args ...any) {
	g.b.WriteString(strings.Repeat("  ", g.indent))
	fmt.Fprintf(&g.b, format, args...)
	g.b.WriteByte('\n')
}

func (g *gen) name(prefix string) string {
	g.names++
	return fmt.Sprint(prefix, g.names)
}

func (g *gen) chance(percent int) bool { return g.r.IntN(100) < percent }

// String is the type as DOL writes it.
func (t *typ) String() string {
	switch t.kind {
	case "vec":
		return "Vec<" + t.args[0].String() + ">"
	case "opt":
		return "Option<" + t.args[0].String() + ">"
	case "res":
		return "Result<" + t.args[0].String() + ", string>"
	case "map":
		return "Map<" + t.args[0].String() + ", " + t.args[1].String() + ">"
	case "tup":
		return "(" + join(t.args) + ")"
	case "fun":
		return "(" + join(t.args[1:]) + ") -> " + t.args[0].String()
	case "rec":
		return t.rec.name
	case "enum":
		return t.enum.name
	}
	return t.kind
}

func join(ts []*typ) string {
	words := make([]string, len(ts))
	for i, t := range ts {
		words[i] = t.String()
	}
	return strings.Join(words, ", ")
}

func same(a, b *typ) bool { return a.String() == b.String() }

func (g *gen) scalar() *typ {
	switch n := g.r.IntN(10); {
	case n < 4:
		return tInt
	case n < 7:
		return &typ{kind: ints[g.r.IntN(len(ints))]}
	case n < 8:
		return tBool
	case n < 9:
		return tText
	}
	return tF64
}

func (g *gen) typ(depth int) *typ {
	if depth <= 0 || g.chance(45) {
		return g.scalar()
	}
	switch g.r.IntN(9) {
	case 0, 1:
		return &typ{kind: "vec", args: []*typ{g.typ(depth - 1)}}
	case 2:
		return &typ{kind: "opt", args: []*typ{g.typ(depth - 1)}}
	case 3:
		return &typ{kind: "tup", args: []*typ{g.typ(depth - 1), g.typ(depth - 1)}}
	case 4:
		return &typ{kind: "res", args: []*typ{g.typ(depth - 1)}}
	case 5:
		return &typ{kind: "map", args: []*typ{[]*typ{tInt, tText}[g.r.IntN(2)], g.scalar()}}
	case 6:
		if len(g.enums) > 0 {
			return &typ{kind: "enum", enum: g.enums[g.r.IntN(len(g.enums))]}
		}
	case 7:
		if len(g.records) > 0 {
			return &typ{kind: "rec", rec: g.records[g.r.IntN(len(g.records))]}
		}
	}
	return g.scalar()
}

func (g *gen) record() {
	r := &record{name: fmt.Sprint("R", len(g.records))}
	for range 1 + g.r.IntN(4) {
		r.fields = append(r.fields, g.typ(2))
	}
	g.line("gen %s {", r.name)
	for i, t := range r.fields {
		g.line("  has f%d: %v", i, t)
	}
	g.line("}")
	g.line("impl Measured for %s { fun measure() -> i64 { this.to_string().len() } }", r.name)
	g.records = append(g.records, r)
}

func (g *gen) enum() {
	e := &enum{name: fmt.Sprint("E", len(g.enums))}
	unit := g.chance(30)
	var words []string
	for i := range 1 + g.r.IntN(4) {
		var payload []*typ
		if !unit {
			for range g.r.IntN(3) {
				payload = append(payload, g.typ(2))
			}
		}
		e.variants = append(e.variants, payload)
		word := fmt.Sprint("V", i)
		if len(payload) > 0 {
			word += "(" + join(payload) + ")"
		}
		words = append(words, word)
	}
	g.line("enum %s { %s }", e.name, strings.Join(words, ", "))
	g.enums = append(g.enums, e)
}

func (g *gen) function() {
	f := &function{name: fmt.Sprint("f", len(g.funcs)), result: g.typ(2)}
	g.vars, g.budget, g.result = nil, 60, f.result
	var words []string
	for range g.r.IntN(4) {
		t := g.typ(2)
		if g.chance(10) {
			t = &typ{kind: "fun", args: []*typ{g.scalar(), g.scalar()}}
		}
		v := variable{g.name("p"), t, false}
		g.vars = append(g.vars, v)
		f.params = append(f.params, t)
		words = append(words, fmt.Sprintf("%s: %v", v.name, t))
	}
	g.line("fun %s(%s) -> %v {", f.name, strings.Join(words, ", "), f.result)
	g.indent++
	g.block(2 + g.r.IntN(4))
	g.line("%s", g.expr(f.result, 3))
	g.indent--
	g.line("}")
	g.funcs = append(g.funcs, f)
}

func (g *gen) entry() {
	g.vars, g.budget, g.result = []variable{{"a", tInt, false}, {"b", tInt, false}}, 120, nil
	g.line("pub fun %s(a: i64, b: i64) -> string {", Entry)
	g.indent++
	g.line(`var out = ""`)
	for _, f := range g.funcs {
		for range 1 + g.r.IntN(2) {
			g.line("out = out + %q + %s.to_string()", f.name+"=", g.call(f, 2))
			g.line(`out = out + "\n"`)
		}
	}
	g.line("out + TRACE")
	g.indent--
	g.line("}")
}

func (g *gen) call(f *function, depth int) string {
	args := make([]string, len(f.params))
	for i, t := range f.params {
		args[i] = g.expr(t, depth-1)
	}
	return f.name + "(" + strings.Join(args, ", ") + ")"
}
