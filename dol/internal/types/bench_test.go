package types

import (
	"fmt"
	"strings"
	"testing"

	"github.com/univrs/vudo/dol/internal/syntax"
)

// manyFunctions is a program of n functions of some lines each.
func manyFunctions(n int) string {
	var b strings.Builder
	b.WriteString("module big @ 1.0.0\n")
	for i := range n {
		fmt.Fprintf(&b, `
gen Rec%[1]d { has a: i64  has b: string = "x"  fun sum(n: i64) -> i64 { this.a + n } }
fun work%[1]d(n: i64, name: string) -> i64 {
  var total = 0
  for i in 0..n {
    if i %% 3 == 0 { continue }
    total += i * 2 + 1
  }
  let r = Rec%[1]d { a: total }
  let xs = [1, 2, 3].map(|x| x + total).filter(|x| x > 2)
  match xs.get(0) { Some(x) => x + r.sum(n), None => name.len() }
}
`, i)
	}
	return b.String()
}

func BenchmarkHello(b *testing.B) {
	lib := library(b)
	file, _ := syntax.Parse("src/main.dol", []byte("pub sex fun main() { println(\"hi\") }\n"))
	for b.Loop() {
		Check(append([]*syntax.File{file}, lib...), Options{Build: true})
	}
}

func BenchmarkLarge(b *testing.B) {
	lib := library(b)
	text := manyFunctions(2000)
	file, _ := syntax.Parse("src/main.dol", []byte(text))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Check(append([]*syntax.File{file}, lib...), Options{Build: true})
	}
}
