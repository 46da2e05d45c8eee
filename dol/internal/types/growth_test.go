package types

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/univrs/vudo/dol/internal/syntax"
)

// shapes are programs that grow in one direction each.
var shapes = map[string]func(n int) string{
	"functions": manyFunctions,
	"statements": func(n int) string {
		var b strings.Builder
		b.WriteString("pub fun f(a: i64) -> i64 {\n  var t = a\n")
		for i := range n {
			fmt.Fprintf(&b, "  let x%d = t + %d\n  t = t * 2 + x%d\n", i, i, i)
		}
		return b.String() + "  t\n}\n"
	},
	"list": func(n int) string {
		return "pub fun f() -> i64 { let xs = [" + strings.Repeat("1, 2, 3, ", n) + "4]  xs.len() }\n"
	},
	"arms": func(n int) string {
		var b strings.Builder
		b.WriteString("pub fun f(a: i64) -> i64 {\n  match a {\n")
		for i := range n {
			fmt.Fprintf(&b, "    %d => %d\n", i, i+1)
		}
		return b.String() + "    _ => 0\n  }\n}\n"
	},
	"variants": func(n int) string {
		var b strings.Builder
		b.WriteString("enum Big {\n")
		for i := range n {
			fmt.Fprintf(&b, "  V%d\n", i)
		}
		b.WriteString("}\npub fun f(a: Big) -> i64 {\n  match a {\n")
		for i := range n {
			fmt.Fprintf(&b, "    Big.V%d => %d\n", i, i)
		}
		return b.String() + "  }\n}\n"
	},
	"ranges": func(n int) string {
		var b strings.Builder
		b.WriteString("pub fun f(a: i64) -> i64 {\n  match a {\n")
		for i := range n {
			fmt.Fprintf(&b, "    %d..%d => %d\n", i*10, i*10+5, i)
		}
		return b.String() + "    _ => 0\n  }\n}\n"
	},
	"sum": func(n int) string {
		return "pub fun f(a: i64) -> i64 { a" + strings.Repeat(" + 1", n) + " }\npub fun g() -> i64 { 1" + strings.Repeat(" + 1", n) + " }\n"
	},
	"text": func(n int) string {
		return "pub fun f(a: i64) -> string { \"\"" + strings.Repeat(" + a", n) + " }\n"
	},
	"consts": func(n int) string {
		var b strings.Builder
		b.WriteString("const C0: i64 = 1\n")
		for i := range n {
			fmt.Fprintf(&b, "const C%d: i64 = C%d + 1\n", i+1, i)
		}
		return b.String()
	},
	"elseifs": func(n int) string {
		var b strings.Builder
		b.WriteString("pub fun f(a: i64) -> i64 {\n  if a == 0 { 0 }")
		for i := range n {
			fmt.Fprintf(&b, " else if a == %d { %d }", i+1, i)
		}
		return b.String() + " else { 1 }\n}\n"
	},
	"records": func(n int) string {
		var b strings.Builder
		b.WriteString("gen Big {\n")
		for i := range n {
			fmt.Fprintf(&b, "  has f%d: i64 = %d\n", i, i)
		}
		b.WriteString("}\npub fun f(b: Big) -> i64 { 0")
		for i := range n {
			fmt.Fprintf(&b, " + b.f%d", i)
		}
		return b.String() + " }\npub fun g() -> Big { Big { } }\n"
	},
	"calls": func(n int) string {
		var b strings.Builder
		b.WriteString("fun f0(a: i64) -> i64 { println(\"x\")  a }\n")
		for i := range n {
			fmt.Fprintf(&b, "fun f%d(a: i64) -> i64 { f%d(a) }\n", i+1, i)
		}
		return b.String()
	},
	"errors": func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "fun f%d() -> i64 { nothing%d }\n", i, i)
		}
		return b.String()
	},
	"imports": func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "use nowhere%d\n", i)
		}
		return b.String()
	},
	"impls": func(n int) string {
		var b strings.Builder
		b.WriteString("trait T { fun t() -> i64 }\nfun f<X: T>(x: X) -> i64 { x.t() }\n")
		for i := range n {
			fmt.Fprintf(&b, "gen G%d { has a: i64 }\nimpl T for G%d { fun t() -> i64 { a } }\nfun u%d(g: G%d) -> i64 { f(g) + g.t() }\n", i, i, i, i)
		}
		return b.String()
	},
	"methods": func(n int) string {
		var b strings.Builder
		b.WriteString("gen G {\n  has a: i64\n")
		for i := range n {
			fmt.Fprintf(&b, "  fun m%d() -> i64 { a + %d }\n", i, i)
		}
		b.WriteString("}\npub fun f(g: G) -> i64 { 0")
		for i := range n {
			fmt.Fprintf(&b, " + g.m%d()", i)
		}
		return b.String() + " }\n"
	},
	"lambdas": func(n int) string {
		return "pub fun f(a: i64) -> i64 { var t = 0\n" + strings.Repeat("  t += [a].map(|x| x + 1).fold(0, |p, q| p + q)\n", n) + "  t }\n"
	},
	"pending": func(n int) string {
		return "pub fun f(a: i64) -> i64 { var t = 0\n" + strings.Repeat("  let g = |p, q| p + q\n  t += g(a, 1)\n", n) + "  t }\n"
	},
}

// Proves: dol 21-b growth (the time of the checker grows with the text, not faster)
func TestGrowth(t *testing.T) {
	lib := library(t)
	measure := func(text string) time.Duration {
		file, _ := syntax.Parse("src/main.dol", []byte(text))
		best := time.Hour
		for range 3 {
			start := time.Now()
			Check(append([]*syntax.File{file}, lib...), Options{Build: true})
			best = min(best, time.Since(start))
		}
		return best
	}
	for name, shape := range shapes {
		small, large := measure(shape(200)), measure(shape(3200))
		// Sixteen times the text: quadratic work would take 256 times as long.
		if large > 128*small+200*time.Millisecond {
			t.Errorf("%s: %v for 200, %v for 3200", name, small, large)
		}
		t.Logf("%s: %v, %v", name, small, large)
	}
}

// A match of thousands of arms is still known to leave out cases.
// Proves: dol 7-b match-nonexhaustive
func TestLargeMatchesAreChecked(t *testing.T) {
	for _, name := range []string{"arms", "variants"} {
		text := shapes[name](5000)
		whole := strings.Replace(text, "    _ => 0\n", "", 1)
		if name == "variants" {
			whole = strings.Replace(text, "    Big.V4321 => 4321\n", "", 1)
		}
		for i, src := range []string{text, whole} {
			_, list := check(t, "t.dol", src, Options{Allow: []string{"docs-missing"}})
			if (len(list) == 1 && list[0].Code == "match-nonexhaustive") != (i == 1) {
				t.Errorf("%s %d: %v", name, i, list)
			}
		}
	}
}
