package ir_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/univrs/vudo/dol/internal/ir"
)

// shapes are bodies of size n that invite a pass to look at everything again for
// each of its parts.
var shapes = map[string]func(n int) string{
	"straight line": func(n int) string {
		return strings.Repeat("%1 = i32.add(%1, i32.mul(%0, %1))\n", n) + "return %1"
	},
	"many locals": func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "%%%d = i32.add(%%%d, %%0)\n", 2+i, 1+i)
		}
		return b.String() + fmt.Sprintf("return %%%d", n)
	},
	"ifs": func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "if i32.lt_s(%%1, i32(%d)) {\n%%1 = i32.add(%%1, %%0)\n%%%d = %%1\n}\n", i, 2+i)
		}
		return b.String() + "return %1"
	},
	"returns": func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "if i32.eq(%%0, i32(%d)) {\nreturn i32(%d)\n}\n", i, i*i)
		}
		return b.String() + "return %1"
	},
	"switch": func(n int) string {
		var b strings.Builder
		b.WriteString("block ^0 {\n")
		b.WriteString(strings.Repeat("block ^1 {\n", 1))
		for i := range n {
			fmt.Fprintf(&b, "block ^%d {\n", 2+i)
		}
		b.WriteString("switch %0 (")
		for i := range n {
			if i > 0 {
				b.WriteString(", ")
			}
			fmt.Fprintf(&b, "^%d", 2+i)
		}
		b.WriteString(") ^1\n")
		for i := n - 1; i >= 0; i-- {
			fmt.Fprintf(&b, "}\n%%1 = i32(%d)\n%%%d = i32.add(%%0, i32(%d))\nbr ^0\n", i, 2+i, i)
		}
		return b.String() + "}\n}\nreturn %1"
	},
	"loops": func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "block ^%d {\nloop ^%d {\nif i32.ge_s(%%1, i32(%d)) {\nbr ^%d\n}\n%%1 = i32.add(%%1, i32(1))\nbr ^%d\n}\n}\n", 2*i, 2*i+1, i, 2*i, 2*i+1)
		}
		return b.String() + "return %1"
	},
	"objects": func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "%%%d = new(#0, %%1, %%0)\n%%1 = i32.add(field(#0, 0, %%%d), field(#0, 1, %%%d))\n", 2+2*n+i, 2+2*n+i, 2+2*n+i)
		}
		return b.String() + "return %1"
	},
	"calls": func(n int) string {
		return strings.Repeat("%1 = call(@1, %1)\n", n) + "return %1"
	},
}

func shape(t *testing.T, f func(int) string, n int) *ir.Module {
	t.Helper()
	var b strings.Builder
	b.WriteString("module \"\" objects 1 imports 0 globals 0 funcs 2\nobject #0 \"pair\" (\"a\" i32, \"b\" i32)\n")
	b.WriteString("func @0 \"f\" (%0 \"\" i32) -> i32 {\nlocal %1 \"\" i32\n")
	for i := range 2 * n {
		fmt.Fprintf(&b, "local %%%d \"\" i32\n", 2+i)
	}
	for i := range n {
		fmt.Fprintf(&b, "local %%%d \"\" ref\n", 2+2*n+i)
	}
	b.WriteString(f(n) + "\n}\nfunc @1 \"g\" (%0 \"\" i32) -> i32 {\nreturn i32.mul(%0, i32(3))\n}\nexport \"f\" @0 (\"\" \"\" i32) i32 \"\"\n")
	m, err := ir.ParseText([]byte(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	if err := ir.Verify(m); err != nil {
		t.Fatal(err)
	}
	return m
}

// TestGrowth: a function of sixteen times the size takes about sixteen times as
// long, not the square of it; the bar leaves a factor of five for the machine.
//
// Proves: dol 21-b growth
func TestGrowth(t *testing.T) {
	const small, times = 250, 16
	for name, f := range shapes {
		least := func(n int) time.Duration {
			best := time.Hour
			for range 3 {
				m := shape(t, f, n)
				start := time.Now()
				ir.Optimize(m, 2)
				best = min(best, time.Since(start))
				if err := ir.Verify(m); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
			}
			return best
		}
		a, b := least(small), least(small*times)
		t.Logf("%s: %v, then %v: %.1f", name, a, b, float64(b)/float64(a))
		if b > 5*times*max(a, 100*time.Microsecond) {
			t.Errorf("%s: %d times the size takes %v instead of %v", name, times, b, a)
		}
	}
}
