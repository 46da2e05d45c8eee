package lower_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/dol/internal/lower"
	"github.com/univrs/vudo/dol/internal/types"
)

// Proves: dol 21-b growth; long functions, lists, matches and chains take time in
// proportion to their length. Quadratic work in any of them would take minutes, so
// the limit is far above what a loaded machine needs.
func TestLongConstructsTakeLinearTime(t *testing.T) {
	const n, limit = 20_000, 20 * time.Second
	each := func(format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	for name, src := range map[string]string{
		"sum":        "pub fun f(a: i64) -> i64 { a" + strings.Repeat(" + a * 2", n/3) + " }",
		"text":       `pub fun f(a: string) -> string { a` + strings.Repeat(` + "x" + a`, n/5) + " }",
		"list":       "pub fun f(a: i64) -> i64 { let v = [1]; [a" + strings.Repeat(", v[0] + 1", n) + "].len() }",
		"integers":   "pub fun f(a: i64) -> i64 { match a { " + each(" %d1 => 5,") + " _ => 1 } }",
		"dense":      "pub fun f(a: i64) -> i64 { match a { " + each(" %d => 5,") + " _ => 1 } }",
		"strings":    "pub fun f(a: string) -> i64 { match a { " + each(" \"%d\" => 5,") + " _ => 1 } }",
		"conditions": "pub fun f(a: i64) -> bool { a > 0" + strings.Repeat(" && [a][0] > 2", n/5) + " }",
		"statements": "pub fun f(a: i64) -> i64 { var x = a\n" + strings.Repeat(" x = if x > 3 { [x][0] } else { x + 1 }\n", n) + " x }",
	} {
		p := check(t, src, types.Options{})
		start := time.Now()
		m, problems := lower.Lower(p, lower.Options{})
		took := time.Since(start)
		if problems != nil {
			t.Errorf("%s: %v", name, problems)
			continue
		}
		t.Logf("%s: %v", name, took)
		if took > limit {
			t.Errorf("%s: %v for %d parts", name, took, n)
		}
		if err := ir.Verify(m); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Proves: dol 4.1-g; tables that are too long for one branch are cut into several
func TestLongMatchesFindTheirArm(t *testing.T) {
	const n = 700
	var arms, variants, named strings.Builder
	for i := range n {
		if i%50 != 7 { // a gap goes to the last arm
			fmt.Fprintf(&arms, "%d => %d, ", i-100, i*3)
		}
		fmt.Fprintf(&variants, "V%d(u16), ", i)
		fmt.Fprintf(&named, "V%d(x) => x as i64 + %d, ", i, i)
	}
	p := program{src: "enum E { " + variants.String() + "}\npub fun f(a: i64) -> i64 { match a { " + arms.String() + " k => k } }\n" +
		"pub fun g(e: E) -> i64 { match e { " + named.String() + "} }\npub fun h(e: E) -> string { e.to_string() }\n"}
	for _, i := range []int{0, 1, 7, 57, 127, 128, 129, 255, 256, 350, 511, 512, 698, n - 1, n, 5000} {
		want := i * 3
		if i%50 == 7 || i >= n {
			want = i - 100
		}
		p.calls = append(p.calls, fmt.Sprintf("f(%d) = %d", i-100, want))
		if i < n {
			p.calls = append(p.calls, fmt.Sprintf(`g({"V%d":2}) = %d`, i, i+2), fmt.Sprintf(`h({"V%d":3}) = "V%d(3)"`, i, i))
		}
	}
	p.calls = append(p.calls, "f(-101) = -101", "f(-9223372036854775808) = -9223372036854775808", "f(4294967296) = 4294967296")
	p.run(t, lower.Options{})
}
