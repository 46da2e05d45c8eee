package lower_test

import (
	"strings"
	"testing"

	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/dol/internal/lower"
	"github.com/univrs/vudo/dol/internal/types"
)

// Proves: dol 5.4-a, 5.3-d, 8.1-a monomorphise, 8.2-f, 8.2-h
func TestGenerics(t *testing.T) {
	runPrograms(t, []program{
		{"5.4-a", `
gen Pair<A, B> { has a: A  has b: B  fun swap() -> Pair<B, A> { Pair { a: this.b, b: this.a } } }
fun first<T>(v: Vec<T>) -> Option<T> { if v.len() > 0 { Some(v[0]) } else { None } }
fun count<T: Eq>(v: Vec<T>, x: T) -> i64 { var n = 0  for y in v { if x == y { n += 1 } }  n }
pub fun a() -> string { let p = Pair { a: 1, b: "x" }.swap()  p.a + p.b }
pub fun b() -> i64 { first([3, 4]).unwrap() + first(["a"]).unwrap().len() }
pub fun c() -> i64 { count([(1, "a"), (2, "b"), (1, "a")], (1, "a")) }
pub fun d() -> i64 { count([[1], [], [1]], [1]) + count([Some(1.5), None], None) }
pub fun e() -> i64 { first([(), ()]).is_some() as i64 }
`, []string{`a() = "x1"`, "b() = 4", "c() = 2", "d() = 3", "e() = 1"}},
		{"8.2-f", `
enum Dir { N, E, S, W }
pub fun a(x: bool) -> bool { let o: Option<string> = if x { Some("") } else { None }  o.is_some() }
pub fun b() -> bool { let o: Option<Option<string>> = Some(None)  o.is_some() && o != None && o == Some(None) }
pub fun c() -> bool { Dir.N != Dir.W && Dir.E == Dir.E }
pub fun d() -> i64 { let m: Map<Dir, i64> = Map::new()  m.insert(Dir.N, 5)  m.insert(Dir.S, 7)  m.get(Dir.S).unwrap() }
pub fun e() -> bool { let r: Result<(), ()> = Ok(())  r.is_ok() }
pub fun f() -> i64 { var o: Option<i64> = None  o = Some(3)  o.unwrap_or(0) }
pub fun g() -> bool { let o: Option<()> = Some(())  o.is_some() && o != None }
`, []string{"a(true) = true", "a(false) = false", "b() = true", "c() = true", "d() = 7", "e() = true", "f() = 3", "g() = true"}},
		{"8.2-h", `
enum Tree { Leaf, Node(Tree, i64, Tree) }
gen Rec { has x: f64  has y: Option<Rec>  has z: (i8, string) }
fun tree(n: i64) -> Tree { if n == 0 { Tree.Leaf } else { Tree.Node(tree(n - 1), n, tree(n - 1)) } }
pub fun a() -> bool { tree(5) == tree(5) && tree(5) != tree(4) }
pub fun b() -> bool { Rec { x: 1.0, y: Some(Rec { x: 2.0, y: None, z: (1, "a") }), z: (0, "") } == Rec { x: 1.0, y: Some(Rec { x: 2.0, y: None, z: (1, "a") }), z: (0, "") } }
pub fun c() -> bool { Rec { x: 1.0, y: None, z: (1, "a") } == Rec { x: 1.0, y: None, z: (1, "b") } }
pub fun d() -> i64 { var s: Set<(i64, string)> = Set::new()  s.add((1, "a"))  s.add((1, "a"))  s.add((2, "a"))  s.len() }
pub fun e() -> bool { 0.0 == -0.0 }
pub fun f() -> string { let v = ["b", "a", "ab", ""]  v.sort().join(",") }
`, []string{"a() = true", "b() = true", "c() = false", "d() = 2", "e() = true", `f() = ",a,ab,b"`}},
	})
}

// Proves: dol 8.4-b, 8.4-c
func TestExportsCrossAsJSON(t *testing.T) {
	runPrograms(t, []program{
		{"8.4-b", `
pub fun a(x: u8) -> u8 { x }
pub fun b(x: i16) -> i64 { x as i64 }
pub fun c(x: bool) -> bool { !x }
pub fun d(x: f32) -> f32 { x * 2.0 }
pub fun e(x: char) -> u32 { x as u32 }
`, []string{"a(511) = 255", "b(65535) = -1", "c(2) = false", "d(1.5) = 3", "e(55296) = 65533"}},
		{"8.4-c", `
gen P { has x: i64  has name: string  has tags: Vec<string>  has next: Option<P> }
enum E { A, B(i64), C(i64, bool), D { x: f64, y: string } }
pub fun rec(p: P) -> P { p.x += 1  p }
pub fun vecs(v: Vec<Vec<i8>>) -> Vec<u64> { let out: Vec<u64> = []  for x in v { out.push(x.len() as u64) }  out }
pub fun enums(v: Vec<E>) -> Vec<E> { v }
pub fun table(m: Map<string, f64>) -> Map<string, f64> { m }
pub fun pairs(m: Map<i64, bool>) -> Map<i64, bool> { m }
pub fun set(s: Set<string>) -> Set<string> { s }
pub fun tup(t: (i64, string, char)) -> (char, string, i64) { (t.2, t.1, t.0) }
pub fun opt(o: Option<i64>) -> Option<string> { o.map(|n| n.to_string()) }
pub fun deep(o: Option<Option<i64>>) -> Option<Option<i64>> { o }
pub fun res(r: Result<i64, string>) -> Result<i64, string> { r }
pub fun fl(v: Vec<f64>) -> Vec<f64> { v }
pub fun unit(u: Vec<()>) -> i64 { u.len() }
`, []string{
			`rec({"name":"a","x":1,"tags":["t"]}) = {"x":2,"name":"a","tags":["t"],"next":null}`,
			`rec({"x":1,"name":"\u00e9\n","tags":[],"next":{"x":2,"name":"","tags":[],"next":null}}) = {"x":2,"name":"é\n","tags":[],"next":{"x":2,"name":"","tags":[],"next":null}}`,
			`rec({"x":1,"name":"a"}) traps tags`, `rec({"x":1,"name":"a","tags":[],"z":1}) traps JSON`, `rec({"x":1,"x":2,"name":"","tags":[]}) traps x`,
			`rec({"x":1.5,"name":"","tags":[]}) traps JSON`, `rec([]) traps JSON`,
			`vecs([[1,-128],[]]) = [2,0]`, `vecs([[128]]) traps JSON`, `vecs([]) = []`,
			`enums(["A",{"B":1},{"C":[2,true]},{"D":{"x":1.5,"y":"z"}}]) = ["A",{"B":1},{"C":[2,true]},{"D":{"x":1.5,"y":"z"}}]`,
			`enums(["B"]) traps variant`, `enums([{"A":1}]) traps variant`, `enums([{"B":1,"C":2}]) traps JSON`, `enums([{"C":[2]}]) traps JSON`, `enums([{"C":[2,true,1]}]) traps JSON`,
			`table({"a":1,"b":2.5}) = {"a":1.0,"b":2.5}`, `pairs([[1,true],[2,false]]) = [[1,true],[2,false]]`, `set(["x","y","x"]) = ["x","y"]`,
			`tup([1,"a","é"]) = ["é","a",1]`, `opt(4) = "4"`, `opt(null) = null`,
			`deep(null) = null`, `deep({"Some":null}) = {"Some":null}`, `deep({"Some":3}) = {"Some":3}`, `deep(3) traps JSON`,
			`res({"Ok":3}) = {"Ok":3}`, `res({"Err":"no"}) = {"Err":"no"}`, `fl([0.1,-0,1e300]) = [0.1,-0.0,1.0e300]`, `unit([null,null]) = 2`,
		}},
	})
}

// Proves: dol 3.7-a, 8.4-d; initialisers run once, in order, before anything else
func TestModuleVariables(t *testing.T) {
	runPrograms(t, []program{{"3.7-a", `
sex var A: i64 = 2
sex var B: Vec<i64> = [A, A * 10]
sex var C: string = ""
sex var D: Option<string> = None
const LIMIT = 100
const NAMES = ["a", "b"]
pub fun f() -> i64 { A += 1  B.push(A)  B.len() * 100 + B[1] + LIMIT + NAMES.len() }
pub fun g() -> string { C += "x"  C + D.is_none() }
`, []string{"f() = 422", `g() = "xtrue"`}}})
}

// Proves: dol 8.7-a
func TestRulesAreCheckedOnRequest(t *testing.T) {
	p := program{src: `
gen Base { has n: i64  rule positive { this.n > 0 } }
gen Account extends Base { has balance: i64  rule solvent { this.balance >= 0 } }
pub fun make(n: i64, b: i64) -> i64 { Account { n: n, balance: b }.balance }
pub fun json(a: Account) -> i64 { a.n }
pub fun late(b: i64) -> string { let a = Account { n: 1, balance: 5 }  a.balance = b  match a.validate() { Ok(_) => "fine", Err(e) => e } }
`}
	p.calls = []string{
		"make(1, 5) = 5", "make(1, -5) traps solvent", "make(0, 5) traps positive", `json({"n":1,"balance":-1}) traps solvent`,
		`late(0) = "fine"`, `late(-1) = "rule solvent of Account is broken"`,
	}
	p.run(t, lower.Options{CheckRules: true})
	p.calls = []string{"make(0, -5) = -5", `json({"n":1,"balance":-1}) = 1`}
	p.run(t, lower.Options{})
}

// Proves: dol 14.1-a, 14.3-a; the exports that a test runner calls
func TestTestsAndProperties(t *testing.T) {
	src := `
#[test] fun passes() { assert_eq(1 + 1, 2) }
#[test] fun fails() { assert_eq(1 + 1, 3) }
#[test] fun truth() -> bool { false }
#[test] fun result_() -> Result<(), string> { Err("why not") }
#[test] fun fine() -> Result<(), string> { Ok(()) }
gen G { has x: i8  rule small { this.x < 100 } }
pub fun unused() { }
`
	tree := check(t, src, types.Options{Tests: true})
	m, problems := lower.Lower(tree, lower.Options{Tests: true})
	if problems != nil {
		t.Fatal(problems)
	}
	want := map[string]string{"passes": "", "fails": "3", "truth": "false", "result_": "why not", "fine": ""}
	seen := 0
	for _, e := range m.Exports {
		name, isTest := strings.CutPrefix(e.Name, "test:")
		short := name[strings.LastIndexByte(name, '.')+1:]
		msg, known := want[short]
		if !isTest {
			continue
		}
		if !known {
			t.Errorf("unexpected export %s", e.Name)
			continue
		}
		seen++
		ma, err := ir.NewMachine(m, ir.MachineConfig{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = ma.CallExport(e.Name)
		if (err == nil) != (msg == "") || err != nil && !strings.Contains(err.Error(), msg) {
			t.Errorf("%s: %v, want %q", e.Name, err, msg)
		}
	}
	if seen != len(want) {
		t.Errorf("%d tests exported, want %d", seen, len(want))
	}
	for _, p := range tree.Props {
		ma, err := ir.NewMachine(m, ir.MachineConfig{})
		if err != nil {
			t.Fatal(err)
		}
		for in, want := range map[string]uint64{`{"x":5}`: 1, `{"x":100}`: 0} {
			got, err := ma.CallExport("prop:"+p.Name, ma.NewText(in))
			if err != nil || got.Bits != want {
				t.Errorf("%s(%s) = %v %v, want %d", p.Name, in, got, err, want)
			}
		}
	}
	if len(tree.Props) != 1 {
		t.Errorf("%d properties, want 1", len(tree.Props))
	}
}

// Proves: dol 21-b determinism
func TestLoweringIsDeterministic(t *testing.T) {
	src := `
enum E { A, B(string) }
gen R { has m: Map<string, Vec<E>>  has s: Set<i64> }
pub fun f(r: R) -> R { println(r)  r }
pub fun g() -> string { f(R { m: Map::new(), s: Set::new() }).to_string() }
`
	first := ""
	for range 5 {
		m, problems := lower.Lower(check(t, src, types.Options{}), lower.Options{})
		if problems != nil {
			t.Fatal(problems)
		}
		if text := print(m); first == "" {
			first = text
		} else if text != first {
			t.Fatal("two runs differ")
		}
	}
}

// Proves: dol 8.6-a --panic=trap
func TestPanicTrapHasNoMessages(t *testing.T) {
	src := `pub fun f(v: Vec<i64>, i: i64) -> i64 { if i > 9 { panic("secret" + i) }  v[i] }`
	m, problems := lower.Lower(check(t, src, types.Options{}), lower.Options{PanicTrap: true})
	if problems != nil {
		t.Fatal(problems)
	}
	if text := print(m); strings.Contains(text, "secret") || strings.Contains(text, "out of bounds") {
		t.Error("a message is left in the module")
	}
}

// Proves: dol 8.4-c; a function value cannot cross, and the message says where
func TestFunctionsCannotCrossAnExport(t *testing.T) {
	for _, src := range []string{
		`pub fun f(g: (i64) -> i64) -> i64 { g(1) }`,
		`pub fun f() -> Vec<() -> bool> { [] }`,
		`gen R { has f: (i64) -> i64 }  pub fun f(r: R) -> i64 { 1 }`,
	} {
		_, problems := lower.Lower(check(t, src, types.Options{}), lower.Options{})
		if len(problems) != 1 || problems[0].Code != "export-type" || problems[0].Span.Start.Line != 1 {
			t.Errorf("%s: %v", src, problems)
		}
	}
}
