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
