package dol_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/univrs/vudo/diag"
	"github.com/univrs/vudo/dol"
)

// claimed compiles a program with an export for each claim "a = b" and
// fails the test for each that does not hold.
func claimed(t *testing.T, source string, claims ...string) {
	t.Helper()
	for i, c := range claims {
		a, b, _ := strings.Cut(c, " = ")
		source += fmt.Sprintf("\npub fun claim_%d() { assert_eq(%s, %s) }", i, a, b)
	}
	module := compile(t, "src/main.dol", []byte(source), dol.Options{})
	for i, c := range claims {
		if _, err := run(t, module, fmt.Sprintf("claim_%d", i), ""); err != nil {
			t.Errorf("%s: %v\n%s", c, err, source)
		}
	}
}

// reported fails the test unless the program gives a diagnostic of the code and
// severity, and at most three errors.
func reported(t *testing.T, source, code string, severity diag.Severity) {
	t.Helper()
	res, problems := dol.Compile([]dol.Source{{Path: "src/main.dol", Text: []byte(source)}}, dol.Options{})
	errors := 0
	for _, p := range problems {
		if p.Severity == diag.Error {
			errors++
		}
	}
	found := slices.ContainsFunc(problems, func(d diag.Diagnostic) bool { return d.Code == code && d.Severity == severity })
	if !found || (res == nil) != (severity == diag.Error) || errors > 3 {
		t.Errorf("%q: want %v %s, got %v", source, severity, code, problems)
	}
}

func TestRulesOfText(t *testing.T) {
	// Proves: dol 2.1-a, 2.1-b
	claimed(t, "\ufefffun\u2003f() -> i64 {\r\n  1\r\n}", `f() = 1`)
	reported(t, "fun f() -> string { \"\xff\xfe\" }", "bad-utf8", diag.Error)
	// Proves: dol 2.1-d, 2.1-e
	claimed(t, "/* a /* b */ c */\n-- line\nfun f(i: i64) -> i64 { i--1 // text\n}\nfun g(a: i64) -> i64 { a -- b\n}", `f(3) = 4`, `g(3) = 3`)
	reported(t, "fun f() {}\n/* /* */", "unterminated-comment", diag.Error)
	// Proves: dol 2.2-a
	claimed(t, "fun größe(_x: i64) -> i64 { let __y = _x\n __y }", `größe(2) = 2`)
	// Proves: dol 2.2-b, 2.2-c
	claimed(t, "enum S { A, B }\ngen P { has x: i64\n fun twice() -> i64 { this.x+this.x } }\nfun f(lo: i64, hi: i64) -> i64 { (lo..hi).sum() }",
		`S::A = S.A`, `i64::MAX = i64.MAX`, `P { x: 2 }.twice() = 4`, `f(1, 4) = 6`)
	// Proves: dol 2.3-c
	reported(t, "fun f() -> i64 { 12abc }", "bad-number", diag.Error)
	// Proves: dol 2.4-a, 2.4-b
	claimed(t, "fun inc(x: i64) -> i64 { x+1 }\nfun less(a: i64) -> bool { a<-1 }",
		`(1..=3).sum() = 6`, `2|>inc|>inc = 4`, `less(-2) = true`, `6 & 3 = 2`, `(inc>>inc)(1) = 3`)
	reported(t, "fun f(a: bool, b: bool) -> bool { a & b }", "bad-operand", diag.Error)
	reported(t, "fun f(a: &i64) -> i64 { a }", "needless-ref", diag.Hint)
	// Proves: dol 2.4-c, 2.4-d, 2.4-e, 2.4-f
	claimed(t, "fun f() -> i64 { let v: Vec<Vec<i64>> = [[7]]; v[0][0] }\nfun g() -> i64 { let fs = [|x: i64| x + 1]\n let f = fs[0]\n f(2) }\n"+
		"fun h() -> i64 { let k = || 3\n k() }\nfun u() { 1; }", `f() = 7`, `g() = 3`, `h() = 3`)
	// Proves: dol 2.5-a, 2.5-b, 3.9-a
	claimed(t, "gen W { has test: i64\n has state: i64\n has docs: i64\n has is: i64\n fun sum() -> i64 { this.test + this.state + this.docs + this.is } }\n"+
		"gen X { fun match(n: i64) -> i64 { n } }\nfun all(rule: i64) -> i64 { rule }",
		`W { test: 1, state: 2, docs: 3, is: 4 }.sum() = 10`, `X.match(2) = 2`, `all(5) = 5`)
	reported(t, "fun f(while: i64) {}\n", "expected-name", diag.Error)
}

func TestRulesOfSpelling(t *testing.T) {
	// Proves: dol 2.5-c, 2.5-d, 2.5-e, 1-e, 1-f
	const classic = "gene A {\n has n: Int64\n constraint positive { this.n >= 0 }\n exegesis { A number that is at least zero. }\n}\n" +
		"fun f(a: Int8, b: UInt32, c: Float32, d: Bool, e: String, g: List<Int64>, h: Optional<Int>, i: Tuple<Int, Int>) -> Void {}\n"
	claimed(t, classic, `A { n: 3 }.n = 3`)
	reported(t, classic, "deprecated-keyword", diag.Hint)
	reported(t, classic, "deprecated-type", diag.Hint)
	_, problems := dol.Compile([]dol.Source{{Path: "src/main.dol", Text: []byte(classic)}}, dol.Options{Strict: true, Deny: []string{"deprecated-keyword", "deprecated-type"}})
	for _, p := range problems {
		if strings.HasPrefix(p.Code, "deprecated") && p.Severity != diag.Hint {
			t.Errorf("a flag made %v of %s", p.Severity, p.Code)
		}
	}
	reported(t, "fn f() -> Int { 1 }", "foreign-syntax", diag.Error)
}

func TestRulesOfDeclarations(t *testing.T) {
	// Proves: dol 3.2-a, 3.2-b
	reported(t, "#[nonesuch]\nfun f() {}", "unknown-attribute", diag.Warning)
	claimed(t, "docs { it's \"open {braces} // and -- so on }\nfun f() -> i64 { 1 }", `f() = 1`)
	// Proves: dol 3.3-a, 3.3-d, 3.3-e
	claimed(t, "gen P { has x: i64 has y: i64 = 2\n provides sum() -> i64 { this.x + this.y } }", `P { x: 1 }.sum() = 3`)
	// Proves: dol 3.3-f, 3.3-g
	claimed(t, "gen P { @personal has x: i64\n @crdt(pn_counter) has n: i64\n @crdt(or_set) has s: Set<i64> }", `P { x: 1, n: 2, s: Set::new() }.n = 2`)
	reported(t, "gen P { @crdt(or_set) has n: i64 }", "crdt-strategy", diag.Error)
	reported(t, "gen P { @crdt(nonesuch) has n: i64 }", "crdt-strategy", diag.Error)
	// Proves: dol 3.5-d, 3.5-e, 3.5-f, 1-h
	reported(t, "gen book.exists {\n book delights readers\n}", "open-predicate", diag.Hint)
	reported(t, "gen book.exists {\n free = total - lent\n}", "prose-statement", diag.Warning)
	reported(t, "gen Book {\n book delights readers\n}", "unknown-predicate", diag.Error)
	// Proves: dol 3.6-a
	reported(t, "evo a.b @ 1.0.0 > parent { adds a is b }", "evo-header", diag.Error)
}

func TestRulesOfExpressions(t *testing.T) {
	// Proves: dol 4.1-b, 4.2-c
	reported(t, "fun g(n: i64) -> i64 { n }\nfun f() -> i64 { g[1] }", "bad-operand", diag.Error)
	claimed(t, "type Meters = i64\nfun f(a: i32, b: i64) -> bool { a as Meters < b }", `f(1, 2) = true`)
	// Proves: dol 4.4-a
	reported(t, "pub fun f(a: i64, b: i64) { a := b }", "unsupported-operator", diag.Error)
	// Proves: dol 4.6-a, 4.6-b, 4.6-c, 4.6-e
	claimed(t, "fun a(x: i64) -> i64 {\n let y = x\n (x + 1)\n}\nfun b(x: i64) -> i64 {\n let y = x\n -1\n}\nfun c(x: i64) -> i64 {\n let y = x\n - 1\n y\n}\n"+
		"fun d(x: i64) -> i64 {\n let y = x\n + 1\n y\n}\nfun e(x: bool) -> i64 {\n if x { return\n 5 }\n 6\n}",
		`a(5) = 6`, `b(5) = -1`, `c(5) = 4`, `d(5) = 6`, `e(true) = 5`)
	// Proves: dol 5.3-e, 5.3-f
	claimed(t, "fun f(t: Timestamp, s: SpiritId) -> Duration { t }", `f(3, "a") = 3`)
	reported(t, "pub fun f(x: Nonesuch) {}", "unresolved-type", diag.Error)
	// Proves: dol 5.5-n
	reported(t, "pub fun f(a: i64) -> i64 {\n a == 1\n a\n}", "unused-comparison", diag.Warning)
	// Proves: dol 5.5-o
	reported(t, "fun unused() -> i64 { \"a\" * 2 }\npub fun f() -> i64 { 1 }", "bad-operand", diag.Error)
	// Proves: dol 6-e
	reported(t, "pub sex fun f() -> i64 { 1 }", "needless-sex", diag.Hint)
}

func TestRulesOfLayers(t *testing.T) {
	// Proves: dol 1-a, 1-b, 1-c, 1-d
	const ontology = "gen book.exists {\n book has title\n has pages: i64\n docs { A book is known by what it says. }\n}\n"
	res, problems := dol.Compile([]dol.Source{{Path: "src/main.dol", Text: []byte(ontology)}}, dol.Options{})
	if res == nil || slices.ContainsFunc(res.Exports, func(x string) bool { return x != "memory" }) {
		t.Errorf("sentences alone: %+v %v", res, problems)
	}
	claimed(t, ontology+"gen Loan {\n loan has reader\n has days: i64\n rule short { this.days < 60 }\n fun fine() -> i64 { this.days * 5 }\n docs { One lending of one copy, with its days. }\n}\n", `Loan { days: 3 }.fine() = 15`)
	// Proves: dol 3.1-e
	reported(t, "use @org/std.io.println\npub fun f() {}", "unresolved-import", diag.Error)
}

func TestRulesOfStrictEffects(t *testing.T) {
	// Proves: dol 6-i
	for code, source := range map[string]string{
		"global-outside-sex": "sex var N: i64 = 0\npub fun f() -> i64 { N }",
		"io-outside-sex":     "pub fun f() { println(\"a\") }",
		"ffi-outside-sex":    "sex fun price(n: i64) -> i64\npub fun f() -> i64 { price(1) }",
	} {
		_, problems := dol.Compile([]dol.Source{{Path: "src/main.dol", Text: []byte(source)}}, dol.Options{StrictEffects: true})
		if !slices.ContainsFunc(problems, func(d diag.Diagnostic) bool { return d.Code == code && d.Severity == diag.Error }) {
			t.Errorf("%q: want %s, got %v", source, code, problems)
		}
	}
}

func TestRulesOfQuotation(t *testing.T) {
	// Proves: dol 4.5-a
	claimed(t, "", `!{ '(1 + 2) } = 3`, `#concat("a", "b") = "ab"`)
	for _, e := range []string{"?i64", "''(1 + 2)", "[| max Some(1) Some(2) |]", "#env(\"HOME\")"} {
		reported(t, "pub fun f() { let t = "+e+" }", "unsupported-at-build", diag.Error)
	}
}
