package types

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/univrs/vudo/diag"
	"github.com/univrs/vudo/dol/internal/typed"
)

// localTypes checks a text and returns "name: type" of each local of main.
func localTypes(t *testing.T, text string) []string {
	t.Helper()
	prog, list := check(t, "t.dol", text, Options{})
	for _, d := range list {
		if d.Severity == diag.Error {
			t.Errorf("%s: %v", text, d.Error())
		}
	}
	var out []string
	var pattern func(p typed.Pattern)
	pattern = func(p typed.Pattern) {
		switch p := p.(type) {
		case *typed.BindPat:
			out = append(out, p.Var.Name+": "+p.Var.Type.String())
			if p.Sub != nil {
				pattern(p.Sub)
			}
		case *typed.TuplePat:
			for _, e := range p.Elems {
				pattern(e)
			}
		}
	}
	for _, f := range prog.Funcs {
		if f.Name != "t.main" {
			continue
		}
		for _, s := range f.Body.Stmts {
			if l, ok := s.(*typed.Let); ok {
				pattern(l.Pattern)
			}
		}
	}
	return out
}

// Proves: dol 5.5-a, 5.5-b, 5.5-c, 5.5-f, 5.5-g, 5.5-h, 5.5-i, 5.4-a
func TestInference(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`let a = 1  let b = 1.5  let c = "x" + a`, "a: i64 b: f64 c: string"},
		{`let a: u8 = 1  let b = a + 1  let c = 1 + a`, "a: u8 b: u8 c: u8"},
		{`let a: i32 = 1  let b: i64 = a  let c = a + b`, "a: i32 b: i64 c: i64"},
		{`let a: u32 = 1  let b: i64 = 2  let c = a * b`, "a: u32 b: i64 c: i64"},
		{`let a: f32 = 1  let b = a + 2.5  let c: f64 = a`, "a: f32 b: f32 c: f64"},
		{`let a = 1 + 2.5`, "a: f64"},
		{`let a = -1  let b = 2 ^ 3 % 5`, "a: i64 b: i64"},
		{`let a = [1, 2]  let b = [1.5, 2]  let c = [[1]]`, "a: Vec<i64> b: Vec<f64> c: Vec<Vec<i64>>"},
		{`let a = []  a.push("x")`, "a: Vec<string>"},
		{`var a = None  a = Some(1)`, "a: Option<i64>"},
		{`let a: Vec<u8> = [1, 2]  let b = a[0]`, "a: Vec<u8> b: u8"},
		{`let m = Map::new()  m.insert("a", 1.5)`, "m: Map<string, f64>"},
		{`let f = |x| x + 1  let a = f(2)`, "f: (i64) -> i64 a: i64"},
		{`let f = |x, y| x + y  let a = f("a", "b")`, "f: (string, string) -> string a: string"},
		{`let f = |x| x.len()  let a = f("abc")`, "f: (string) -> i64 a: i64"},
		{`let a = [1, 2].map(|x| x as f64)  let b = a.fold(0.0, |p, q| p + q)`, "a: Vec<f64> b: f64"},
		{`let (a, b) = (1, "x")  let c = (a, (b, true))`, "a: i64 b: string c: (i64, (string, bool))"},
		{`let a = if true { 1 } else { panic("no") }`, "a: i64"},
		{`let a = match 3 { 1 => "a", _ => return }`, "a: string"},
		{`let a = loop { break 5 }`, "a: i64"},
		{`let a = Ok(1)  let b: Result<i64, string> = a`, "a: Result<i64, string> b: Result<i64, string>"},
		{`let a = id(5)  let b: u8 = id(7)  let c = id::<i32>(1)`, "a: i64 b: u8 c: i32"},
		{`let a = pair(1, "x")  let b = a.1`, "a: (i64, string) b: string"},
		{`let a = id  let b = a(1)`, "a: (i64) -> i64 b: i64"},
		{`let a = [1, 2, 3] |> map(|x| x * 2)`, "a: Vec<i64>"},
		{`let f = id >> show  let a = f(3)`, "f: (i64) -> string a: string"},
		{`let a = [id, id]  let b = a[0](1.5)`, "a: Vec<(f64) -> f64> b: f64"},
		{`let a = 5.max(3)  let b = 300.to_string()`, "a: i64 b: string"},
		{`let a = i64::MAX  let b = u8::MIN  let c = f32::EPSILON`, "a: i64 b: u8 c: f32"},
	} {
		text := "module t @ 0.1.0\nfun id<T>(x: T) -> T { x }\nfun pair<A, B>(a: A, b: B) -> (A, B) { (a, b) }\n" +
			"fun show(n: i64) -> string { n.to_string() }\npub fun main() {\n" + c.text + "\n}\n"
		if got := strings.Join(localTypes(t, text), " "); got != c.want {
			t.Errorf("%s\n  got  %s\n  want %s", c.text, got, c.want)
		}
	}
}

// Nothing that the checker hands on holds a type that it did not find.
func TestNoVariableEscapes(t *testing.T) {
	prog, _ := check(t, "t.dol", manyFunctions(3), Options{Tests: true})
	for _, f := range prog.Funcs {
		if strings.Contains(fmt.Sprintf("%#v", f.Result), "tvar") {
			t.Errorf("%s returns a variable", f.Name)
		}
		for _, p := range f.Params {
			if hasVars(p.Type) {
				t.Errorf("%s has a parameter of unknown type", f.Name)
			}
		}
	}
}

// Proves: dol 6-a, 6-b, 6-c, 6-d, 6-g
func TestEffectPath(t *testing.T) {
	_, list := check(t, "t.dol", `
fun deepest() { println("x") }
fun middle() { sex { deepest() } }
fun top() { [1].map(|x| middle()) }
fun quiet(f: (i64) -> i64) -> i64 { f(1) }
fun loud() -> i64 { quiet(|x| { println("y")  x }) }
rule no_effect { top() == () }
`, Options{})
	want := map[string]string{
		"deepest": "deepest -> println uses the host function vudo_println",
		"top":     "top -> middle -> deepest -> println uses the host function vudo_println",
		"loud":    "loud -> println uses the host function vudo_println",
	}
	for _, d := range list {
		if d.Code != "implicit-effect" {
			continue
		}
		name, _, _ := strings.Cut(d.Message, " ")
		if len(d.Notes) != 1 || d.Notes[0].Text != want[name] {
			t.Errorf("%s: %+v", d.Message, d.Notes)
		}
		delete(want, name)
	}
	if len(want) != 0 {
		t.Errorf("not said: %v", want)
	}
	if !slices.ContainsFunc(list, func(d diag.Diagnostic) bool { return d.Code == "purity-required" }) {
		t.Error("a rule with an effect passes")
	}
}

// Proves: dol 6-h
func TestCapabilities(t *testing.T) {
	prog, _ := check(t, "t.dol", "pub sex fun main() { emit_effect(EFFECT_GET, \"x\")  emit_effect(EFFECT_WRITE) }", Options{})
	if want := []string{"network.connect", "storage.write"}; !slices.Equal(prog.Capabilities, want) {
		t.Errorf("effects need %v, want %v", prog.Capabilities, want)
	}
	text := "pub sex fun main() { println(\"x\")  let _ = helper() }\nfun helper() -> i64 { now() }\nfun unused_() -> f64 { random() }\n"
	prog, list := check(t, "t.dol", text, Options{Manifest: true, Capabilities: []string{"actuator.log", "storage.read"}})
	if want := []string{"actuator.log", "sensor.time"}; !slices.Equal(prog.Capabilities, want) {
		t.Errorf("needs %v, want %v", prog.Capabilities, want)
	}
	var got []string
	for _, d := range list {
		if strings.HasSuffix(d.Code, "-capability") {
			got = append(got, fmt.Sprintf("%d:%d %s %s", d.Span.Start.Line, d.Span.Start.Column, d.Severity, d.Code))
		}
	}
	if want := []string{"2:23 error missing-capability"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	_, list = check(t, "t.dol", text, Options{Manifest: true, Capabilities: []string{"actuator.log", "sensor.time", "storage.read"}})
	if !slices.ContainsFunc(list, func(d diag.Diagnostic) bool { return d.Code == "unused-capability" }) {
		t.Error("what the manifest asks for in vain is not reported")
	}
}

// Proves: dol 11-c, 11-e
func TestErrorsAreBounded(t *testing.T) {
	_, list := check(t, "t.dol", strings.Repeat("fun f(x: i64) -> i64 { y }\n", 500), Options{})
	errors := 0
	for _, d := range list {
		if d.Severity == diag.Error {
			errors++
		}
	}
	if errors != maxErrors+1 || !slices.ContainsFunc(list, func(d diag.Diagnostic) bool { return d.Code == "too-many-errors" }) {
		t.Errorf("%d errors", errors)
	}
	_, list = check(t, "t.dol", "fun counter(n: i64) -> i64 { n }\nfun f() -> i64 { countr(1) }\n", Options{})
	if len(list) != 1 || list[0].Fix == nil || list[0].Fix.Edits[0].Text != "counter" {
		t.Errorf("no suggestion: %+v", list)
	}
	_, list = check(t, "t.dol", "gene Thing { has n: Int64 }\nfun f() -> Int64 { \"a\" }\n", Options{Allow: []string{"docs-missing"}})
	if !slices.ContainsFunc(list, func(d diag.Diagnostic) bool { return d.Message == "expected Int64, found String" }) {
		t.Errorf("classic names are not kept: %+v", list)
	}
}

// Proves: dol 7-c
func TestFlags(t *testing.T) {
	text := "fun f() -> i64 { let x = 1  x = 2  x }\ngen Thing { has n: i64 }\nfun g() { println(\"x\") }\n"
	severity := func(o Options, code string) string {
		_, list := check(t, "t.dol", text, o)
		for _, d := range list {
			if d.Code == code {
				return d.Severity.String()
			}
		}
		return ""
	}
	for _, c := range []struct {
		o          Options
		code, want string
	}{
		{Options{}, "assign-to-immutable", "warning"},
		{Options{StrictMut: true}, "assign-to-immutable", "error"},
		{Options{Strict: true}, "assign-to-immutable", "error"},
		{Options{Allow: []string{"assign-to-immutable"}}, "assign-to-immutable", ""},
		{Options{StrictMut: true, Allow: []string{"assign-to-immutable"}}, "assign-to-immutable", "error"},
		{Options{}, "docs-missing", "warning"},
		{Options{RequireDocs: true}, "docs-missing", "error"},
		{Options{}, "implicit-effect", "hint"},
		{Options{Deny: []string{"implicit-effect"}}, "implicit-effect", "error"},
		{Options{StrictEffects: true}, "io-outside-sex", "error"},
	} {
		if got := severity(c.o, c.code); got != c.want {
			t.Errorf("%+v: %s is %q, want %q", c.o, c.code, got, c.want)
		}
	}
}

// A type may double in each step; the checker must not follow it (dol 5.4-a, 21-b
// robustness).
func TestTypeBombs(t *testing.T) {
	nested := "1"
	for range 100 {
		nested = "dup(" + nested + ")"
	}
	lets := "let x0 = 1\n"
	fields := "let x0 = 1\n"
	lambdas := "let f0 = |x| x\n"
	for i := range 100 {
		lets += fmt.Sprintf("  let x%d = (x%d, x%d)\n", i+1, i, i)
		fields += fmt.Sprintf("  let x%d = Two { a: x%d, b: x%d }\n", i+1, i, i)
		lambdas += fmt.Sprintf("  let f%d = |x| (f%d(x), f%d(x))\n", i+1, i, i)
	}
	for _, body := range []string{
		"let y = " + nested, lets, fields, lambdas,
		"var v = []\n" + strings.Repeat("  v = [v]\n", 100),
		"let f = |x| x(x)\n  f(f)",
		strings.Repeat("let g = |a| |b| (a, b)\n  ", 200),
		"let y = 1" + strings.Repeat(".dup()", 200),
	} {
		text := "fun dup<T>(x: T) -> (T, T) { (x, x) }\ngen Two<A, B> { has a: A  has b: B }\nfun f() {\n  " + body + "\n}\n"
		_, list := check(t, "t.dol", text, Options{})
		for _, d := range list {
			if len(d.Message) > 2000 {
				t.Errorf("a message of %d bytes", len(d.Message))
			}
		}
	}
}

// Proves: dol 8.4-a
func TestExports(t *testing.T) {
	exports := func(text string, o Options) []string {
		prog, list := check(t, "t.dol", text, o)
		if list.HasErrors() {
			t.Errorf("%s: %v", text, list)
		}
		var out []string
		for _, e := range prog.Exports {
			out = append(out, e.Name)
		}
		return out
	}
	for _, c := range []struct {
		text string
		o    Options
		want []string
	}{
		{"fun a() { }\nfun b() { }\n#[test] fun c() { }", Options{}, []string{"a", "b"}},
		{"pub fun a() { }\nfun b() { }\nfun main() { }\n#[wasm_export] fun d() { }", Options{}, []string{"a", "main", "d"}},
		{"pub fun a() { }\nfun b() { }", Options{ExtraExports: []string{"b"}}, []string{"a", "b"}},
		{"pub fun a<T>(x: T) -> T { x }\npub fun c() -> i64 { 1 }", Options{}, []string{"c"}},
		{"fun b(f: () -> i64) -> i64 { f() }\nfun c() -> i64 { 1 }", Options{}, []string{"c"}},
		{
			"pub gen P { has x: i64  pub fun get() -> i64 { x }  fun hidden() -> i64 { x } }\ngen Q { has y: i64 }",
			Options{},
			[]string{"P.get", "new_P"},
		},
		{"pub gen F { has f: (i64) -> i64 }\npub fun a() { }", Options{}, []string{"a"}},
		{"module m { pub fun inner() { } }\nfun a() -> i64 { 1 }", Options{}, []string{"a"}},
	} {
		if got := exports(c.text, c.o); !slices.Equal(got, c.want) {
			t.Errorf("%s\n  exports %v, want %v", c.text, got, c.want)
		}
	}
}

// Proves: dol 7-b match-nonexhaustive (the note lists a missing case)
func TestMissingCases(t *testing.T) {
	for _, c := range []struct{ typ, arms, want string }{
		{"bool", "true => 1", "false"},
		{"Light", "Red => 1, Green => 2", "Light.Amber"},
		{"Option<i64>", "Some(0) => 1, None => 2", "Some(1)"},
		{"Option<bool>", "Some(true) => 1, None => 2", "Some(false)"},
		{"Result<Option<bool>, string>", "Ok(Some(_)) => 1, Err(_) => 2", "Ok(None)"},
		{"(bool, bool)", "(true, _) => 1, (_, true) => 2", "(false, false)"},
		{"(Light, Light)", "(Red, _) => 1, (_, Red) => 2, (Amber, Amber) => 3, (Green, _) => 4", "(Light.Amber, Light.Green)"},
		{"i64", "1 => 1, 2 => 2", "0"},
		{"u8", "0..=100 => 1, 102..=255 => 2", "101"},
		{"i8", "-128..0 => 1, 1..=127 => 2", "0"},
		{"char", "'a' => 1", "'\\x00'"},
		{"string", "\"a\" => 1", "_"},
		{"Shape", "Dot => 1, Box { w: 1, h: _ } => 2", "Shape.Box { .. }"},
		{"Light", "Red | Amber => 1", "Light.Green"},
		{"Light", "x if true => 1", "Light.Red"},
	} {
		text := "enum Light { Red, Amber, Green }\nenum Shape { Dot, Box { w: i64, h: i64 } }\n" +
			"fun f(v: " + c.typ + ") -> i64 { match v { " + c.arms + " } }\n"
		_, list := check(t, "t.dol", text, Options{})
		got := ""
		for _, d := range list {
			if d.Code == "match-nonexhaustive" && len(d.Notes) > 0 {
				got = strings.TrimPrefix(d.Notes[0].Text, "not matched: ")
			}
		}
		if got != c.want {
			t.Errorf("%s { %s }: missing %q, want %q", c.typ, c.arms, got, c.want)
		}
	}
}
