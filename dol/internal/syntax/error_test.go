package syntax

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/univrs/vudo/diag"
)

var errorMark = regexp.MustCompile(`ERROR(\^?) "(.*)"`)

// TestErrors compares the errors of the files in testdata/err with their marks:
// `ERROR "rx"` on the line of the error, `ERROR^ "rx"` on the line below. rx
// matches "code: message". There is no other error.
//
// Proves: dol 18-a, 18-b, 21-b
func TestErrors(t *testing.T) {
	for path, text := range corpus(t) {
		if !strings.HasPrefix(path, "testdata/err/") {
			continue
		}
		t.Run(path, func(t *testing.T) {
			want := map[int]*regexp.Regexp{}
			n := 0
			for line := range bytes.Lines(text) {
				n++
				if m := errorMark.FindSubmatch(line); m != nil {
					want[n-len(m[1])] = regexp.MustCompile(string(m[2]))
				}
			}
			f, list := Parse(path, text)
			checkFile(t, f, list)
			for _, d := range list {
				if d.Severity != diag.Error {
					continue
				}
				at := d.Span.Start.Line
				switch rx := want[at]; {
				case rx == nil:
					t.Errorf("%d: unexpected %s: %s", at, d.Code, d.Message)
				case !rx.MatchString(d.Code + ": " + d.Message):
					t.Errorf("%d: %s: %s, want %s", at, d.Code, d.Message, rx)
				}
				want[at] = regexp.MustCompile("") // seen
			}
			for at, rx := range want {
				if rx.String() != "" {
					t.Errorf("%d: no error, want %s", at, rx)
				}
			}
		})
	}
}

// TestNoFurtherErrors checks that one mistake in an otherwise right program
// gives at most three diagnostics, all errors among them near the place.
//
// Proves: dol 11-e, 18-a
func TestNoFurtherErrors(t *testing.T) {
	for path, text := range corpus(t) {
		if !strings.HasPrefix(path, "testdata/ok/") {
			continue
		}
		f, _ := Parse(path, text)
		for i := range f.Tokens {
			tok := f.Tokens[i]
			for _, with := range []string{"", ")", "}", "5 5"} {
				src := append(append(append([]byte{}, text[:tok.Start]...), with...), text[tok.End:]...)
				g, list := Parse(path, src)
				errors := 0
				for _, d := range list {
					if d.Severity == diag.Error {
						errors++
					}
				}
				if errors > 3 {
					at := g.Position(tok.Start)
					t.Errorf("%s: %q instead of %q at %s gives %d errors: %v", path, with, f.Text(tok.Span), at, errors, list)
					return
				}
			}
		}
	}
}

func errorsOf(list diag.List) (errors int, codes map[string]int) {
	codes = map[string]int{}
	for _, d := range list {
		codes[d.Code]++
		if d.Severity == diag.Error {
			errors++
		}
	}
	return errors, codes
}

// Proves: dol 7-b
func TestNestingIsBounded(t *testing.T) {
	const many = 100_000
	for name, src := range map[string]string{
		"parentheses":      "const A = " + strings.Repeat("(", many),
		"closed":           "const A = " + strings.Repeat("(", many) + "1" + strings.Repeat(")", many),
		"lists":            "const A = " + strings.Repeat("[", many),
		"blocks":           "fun f() " + strings.Repeat("{", many),
		"if":               "fun f() { " + strings.Repeat("if a {", many),
		"match":            "fun f() { " + strings.Repeat("match a { B => ", many),
		"lambdas":          "const A = " + strings.Repeat("|x| ", many),
		"prefix":           "const A = " + strings.Repeat("- ", many) + "1",
		"not":              "const A = " + strings.Repeat("not ", many) + "a",
		"quotes":           "const A = " + strings.Repeat("'", many) + "a",
		"reflections":      "const A = ?" + strings.Repeat("(", many),
		"power":            "const A = " + strings.Repeat("a ^ ", many) + "a",
		"calls":            "const A = " + strings.Repeat("f(", many),
		"types":            "const A: " + strings.Repeat("Vec<", many),
		"optional types":   "const A: T" + strings.Repeat("?", many),
		"function types":   "const A: " + strings.Repeat("() -> ", many) + "T",
		"references":       "const A: " + strings.Repeat("&", many) + "T",
		"patterns":         "fun f() { match a { " + strings.Repeat("A(", many),
		"at patterns":      "fun f() { match a { " + strings.Repeat("a @ ", many),
		"records":          "const A = " + strings.Repeat("A { b: ", many),
		"maps":             "const A = (" + strings.Repeat("{ a: ", many),
		"gens":             strings.Repeat("gen A { type B { ", many),
		"modules":          strings.Repeat("mod a { ", many),
		"idioms":           "const A = " + strings.Repeat("[| a ", many) + strings.Repeat(" |]", many),
		"attributes":       "#[a" + strings.Repeat("(a", many),
		"chain":            "const A = 1" + strings.Repeat(" + 1", many),
		"members":          "const A = a" + strings.Repeat(".b", many),
		"methods":          "const A = a" + strings.Repeat(".b()", many),
		"casts":            "const A = a" + strings.Repeat(" as T", many),
		"tries":            "const A = a" + strings.Repeat("?", many),
		"else if":          "fun f() { if a {}" + strings.Repeat(" else if a {}", many) + " }",
		"prose":            "gen a.b { " + strings.Repeat("x (", many),
		"rules":            "rule a.b { " + strings.Repeat("x = (\n", many),
		"format strings":   "const A = " + strings.Repeat("f\"{", 50) + "x" + strings.Repeat("}\"", 50),
		"nested functions": strings.Repeat("fun f() { ", many),
		"quantifiers":      "const A = " + strings.Repeat("forall x: T. ", many) + "a",
		"returns":          "fun f() { " + strings.Repeat("return ", many),
	} {
		for _, path := range []string{"a.dol", "a.dol.test"} {
			begin := time.Now()
			f, list := Parse(path, []byte(src))
			checkFile(t, f, list)
			errors, codes := errorsOf(list)
			if errors > 3 {
				t.Errorf("%s: %d errors, the first %s", name, errors, list[0].Message)
			}
			if path == "a.dol" && codes[codeNestingTooDeep] != 1 && name != "prose" && name != "rules" {
				t.Errorf("%s: %v", name, list)
			}
			if d := time.Since(begin); d > 20*time.Second {
				t.Errorf("%s takes %v", name, d)
			}
			var b bytes.Buffer
			if err := DumpTree(&b, f); err != nil {
				t.Error(err)
			}
			if _, list := Format(path, []byte(src), FormatOptions{}); !list.HasErrors() && path == "a.dol" && name != "prose" && name != "rules" {
				t.Errorf("%s is formatted", name)
			}
		}
	}
	for _, n := range []int{200, 300} {
		_, list := Parse("a.dol", []byte("const A = "+strings.Repeat("(", n)+"1"+strings.Repeat(")", n)))
		if list.HasErrors() != (n > maxDepth) {
			t.Errorf("%d levels: %v", n, list)
		}
	}
	_, list := Parse("a.dol", []byte("const A = 1"+strings.Repeat(" + 1", maxHeight-10)))
	if list.HasErrors() {
		t.Errorf("a chain of %d: %v", maxHeight-10, list)
	}
}

// Proves: dol 11-c
func TestErrorsAreBounded(t *testing.T) {
	f, list := Parse("a.dol", []byte(strings.Repeat("fun f() { a + }\n", 500)))
	checkFile(t, f, list)
	errors, codes := errorsOf(list)
	if errors != maxErrors+1 || codes[codeTooManyErrors] != 1 || list[len(list)-1].Code != codeTooManyErrors {
		t.Errorf("%d errors: %v", errors, codes)
	}
	for i := 1; i < len(list); i++ {
		if list[i].Span.Start.Offset < list[i-1].Span.Start.Offset {
			t.Fatalf("%d and %d are not in order", i-1, i)
		}
	}
	_, list = Parse("a.dol", []byte(strings.Repeat("const A = \"\\q\"\n", 500)))
	if errors, codes := errorsOf(list); errors != maxErrors+1 || codes[codeTooManyErrors] != 1 {
		t.Errorf("of the scanner: %d errors: %v", errors, codes)
	}
}

func TestFileSizeIsBounded(t *testing.T) {
	for _, extra := range []int{0, 1} {
		src := bytes.Repeat([]byte(" "), MaxFileSize+extra)
		f, list := Parse("a.dol", src)
		checkFile(t, f, list)
		if list.HasErrors() != (extra > 0) || extra > 0 && list[0].Code != codeFileTooLarge {
			t.Errorf("%d bytes: %v", len(src), list)
		}
	}
}

// program is a source text of about the given number of lines that uses most of
// the language.
func program(lines int) []byte {
	var b bytes.Buffer
	b.WriteString("module big.one @ 1.0.0\n")
	for i := 0; b.Len() < lines*30; i++ {
		fmt.Fprintf(&b, `
// Number
pub gen Account%[1]d {
  has owner: string
  has balance: i64 = 0
  rule solvent { this.balance >= 0 }
  docs { A purse that may never be overdrawn; it's number %[1]d. }

  fun deposit(amount: i64) { this.balance += amount }
  fun withdraw(amount: i64) -> bool {
    if amount > balance { return false }
    self.balance -= amount * 2 - (1 + amount %% 3)
    match this.kind { Kind.A { x } => x + 1, Kind.B(y, _) => y, _ => 0 }
    let list = [1, 2.5, "three", f"{amount:.2}"] |> map(|s| s.area()) |> sum()
    true
  }
}

trait book.lendable%[1]d {
  uses book.exists
  book is available
  each loan emits LoanEvent
}
`, i)
	}
	return b.Bytes()
}

// Proves: dol 21-b
func TestParseTakesLinearTime(t *testing.T) {
	small, large := program(3_000), program(30_000)
	for name, run := range map[string]func([]byte){
		"parse":  func(src []byte) { Parse("a.dol", src) },
		"format": func(src []byte) { Format("a.dol", src, FormatOptions{}) },
		// Texts that make the parser look ahead or try.
		"unclosed": func(src []byte) { Parse("a.dol", bytes.Repeat([]byte("f { [| "), len(src)/7)) },
		"matches": func(src []byte) {
			Parse("a.dol", append([]byte("fun f() { match x { "), bytes.Repeat([]byte("A { b c } "), len(src)/10)...))
		},
		"prose": func(src []byte) {
			Parse("a.dol", append([]byte("rule a.b {\n"), bytes.Repeat([]byte("x = f(a,\n"), len(src)/9)...))
		},
		"scenarios": func(src []byte) {
			Parse("a.dol.test", append([]byte("test a { given:\n"), bytes.Repeat([]byte("x = [1,\n"), len(src)/8)...))
		},
		"one line": func(src []byte) {
			src = bytes.ReplaceAll(src, []byte("// Number"), []byte("/* */"))
			Parse("a.dol", bytes.ReplaceAll(src, []byte("\n"), []byte(" ")))
		},
		"hints": func(src []byte) { Parse("a.dol", bytes.Repeat([]byte("gene é.b {} "), len(src)/13)) },
		"docs":  func(src []byte) { Parse("a.dol", bytes.Repeat([]byte("fun f() { if docs { a } }\n"), len(src)/26)) },
		"types": func(src []byte) { Parse("a.dol", bytes.Repeat([]byte("type A = Map<B, Vec<Vec<C>>>\n"), len(src)/29)) },
	} {
		measure := func(src []byte) time.Duration {
			best := time.Hour
			for range 3 {
				begin := time.Now()
				run(src)
				best = min(best, time.Since(begin))
			}
			return best
		}
		a, b := measure(small), measure(large)
		if b > 20*10*(a+time.Millisecond) {
			t.Errorf("%s: %v for %d bytes, %v for %d", name, a, len(small), b, len(large))
		}
		if name == "parse" && b > 20*time.Second*30_000/100_000 {
			t.Errorf("%v for 30,000 lines", b)
		}
		t.Logf("%-10s %7.1f MB/s, %7.1f MB/s ten times as long", name, float64(len(small))/a.Seconds()/1e6, float64(len(large))/b.Seconds()/1e6)
	}
}

func BenchmarkParse(b *testing.B) {
	src := program(20_000)
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		Parse("a.dol", src)
	}
}

func BenchmarkScan(b *testing.B) {
	src := string(program(20_000))
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		s := scanner{text: src, end: len(src)}
		for s.next().Kind != EOF {
		}
	}
}

func BenchmarkFormat(b *testing.B) {
	src := program(20_000)
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		Format("a.dol", src, FormatOptions{})
	}
}
