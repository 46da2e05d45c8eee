package dol_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/univrs/vudo/dol"
)

// largeSource is a program of about that many lines: records, enums, methods,
// loops, closures, strings, all reached from one export.
func largeSource(lines int) []byte {
	var b strings.Builder
	b.WriteString("module large @ 1.0.0\n")
	n := 0
	for written := 1; written < lines; written += 30 {
		fmt.Fprintf(&b, `
gen Account%[1]d {
  has owner: string
  has balance: i64 = %[1]d
  fun deposit(amount: i64) { this.balance += amount }
  fun describe() -> string { this.owner + ": " + this.balance }
}

enum Shape%[1]d { Circle(f64), Square { side: f64 }, Dot }

fun area%[1]d(s: Shape%[1]d) -> f64 {
  match s {
    Circle(r) => 3.0 * r * r
    Square { side } => side * side
    Dot => 0.0
  }
}

fun work%[1]d(n: i64) -> i64 {
  let a = Account%[1]d { owner: "ada" }
  var total = 0
  for i in 0..n {
    if i %% 3 == 0 { continue }
    total += i * %[1]d
    a.deposit(i)
  }
  let list = [total, n, a.balance].map(|x| x + %[1]d)
  total + list.sum() + area%[1]d(Shape%[1]d.Circle(1.0)) as i64 + a.describe().len()
}
`, n)
		n++
	}
	b.WriteString("pub fun all(n: i64) -> i64 {\n  var total = 0\n")
	for i := range n {
		fmt.Fprintf(&b, "  total += work%d(n)\n", i)
	}
	b.WriteString("  total\n}\n")
	return []byte(b.String())
}

// BenchmarkCompile is the whole way from source to a validated module. The curve
// over the sizes is to be flat in MB/s.
func BenchmarkCompile(b *testing.B) {
	for _, lines := range []int{1_000, 10_000, 100_000} {
		text := largeSource(lines)
		b.Run(fmt.Sprintf("%d lines", lines), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if res, problems := dol.Compile([]dol.Source{{Path: "large.dol", Text: text}}, dol.Options{}); res == nil {
					b.Fatal(problems)
				}
			}
		})
	}
}
