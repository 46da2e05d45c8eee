package lower_test

import "testing"

// Proves: dol 5.2-a unit and never, 5.3-b, 5.3-d, 8.2-e, 8.2-f, 8.2-g, 8.2-h
func TestCorners(t *testing.T) {
	runPrograms(t, []program{
		{"unit everywhere", `
gen U { has a: ()  has n: i64  has b: () }
enum E { A(()), B((), i64, ()), C }
fun id<T>(x: T) -> T { x }
fun two(a: (), b: i64, c: ()) -> () { }
pub fun a() -> i64 { let u = U { a: (), n: 3, b: id(()) }  u.a  u.n }
pub fun b() -> i64 { match E.B((), 5, ()) { A(_) => 1, B(x, n, y) => n, C => 3 } }
pub fun c() -> i64 { match E.A(()) { A(u) => { id(u)  1 }, B(_, n, _) => n, C => 3 } }
pub fun d() -> i64 { let v = [(), (), ()]  var n = 0  for u in v { n += 1  two(u, n, u) }  n }
pub fun e() -> i64 { let m: Map<string, ()> = Map::new()  m.insert("a", ())  m.insert("b", ())  m.len() }
pub fun f() -> i64 { let t = ((), 1, ())  let (x, y, z) = t  x  z  y }
pub fun g() -> bool { () == () && ((), 1) == ((), 1) && Some(()) != None }
pub fun h() -> string { ((), [()], Some(())).to_string() }
pub fun i() -> i64 { let fs: Vec<(()) -> ()> = [|u| u, |u| ()]  for f in fs { f(()) }  fs.len() }
pub fun j() -> i64 { let r: Result<(), i64> = Err(4)  match r { Ok(_) => 0, Err(n) => n } }
`, []string{"a() = 3", "b() = 5", "c() = 1", "d() = 3", "e() = 2", "f() = 1", "g() = true", `h() = "((), [()], Some(()))"`, "i() = 2", "j() = 4"}},
		{"never", `
fun fail(s: string) -> ! { panic("no " + s) }
pub fun a(n: i64) -> i64 { if n > 0 { n } else { fail("way") } }
pub fun b(n: i64) -> i64 { let x: i64 = match n { 1 => 10, _ => fail("match") }  x + 1 }
pub fun c() -> i64 { let f = |s: string| fail(s)  f("call") }
pub fun d(n: i64) -> i64 { n + if n == 0 { return 7 } else { 1 } }
pub fun e() -> i64 { loop { return 3 } }
pub fun f(n: i64) -> i64 { [n, { if n > 1 { return 99 } 5 }, 7].len() }
`, []string{"a(4) = 4", "a(0) traps no way", "b(1) = 11", "b(2) traps no match", "c() traps no call", "d(0) = 7", "d(4) = 5", "e() = 3", "f(0) = 3", "f(2) = 99"}},
		{"types inside types", `
gen Meters { type: f64 }
gen Id { type: string }
gen Holder { has f: (i64) -> i64  has id: Option<Id>  has next: Option<Holder> }
enum Expr { Num(i64), Add(Expr, Expr), Neg(Option<Expr>), Fun((i64) -> i64) }
fun eval(e: Expr) -> i64 { match e { Num(n) => n, Add(a, b) => eval(a) + eval(b), Neg(Some(x)) => -eval(x), Neg(None) => 0, Fun(f) => f(100) } }
pub fun a() -> i64 { eval(Expr.Add(Expr.Num(1), Expr.Neg(Some(Expr.Add(Expr.Num(5), Expr.Fun(|x| x * 2)))))) }
pub fun b() -> i64 { let h = Holder { f: |x| x + 1, id: Some(Id("x")), next: None }  let g = Holder { f: |x| (h.f)(x) * 2, id: None, next: Some(h) };  (g.f)(4) }
pub fun c() -> bool { let x: Option<Id> = None  x == None && Some(Id("a")) == Some(Id("a")) }
pub fun d() -> i64 { let v: Vec<Vec<Option<Vec<i64>>>> = [[None, Some([1, 2])]]  match v[0][1] { Some(w) => w[1], None => -1 } }
pub fun e() -> i64 { let x: Option<Option<Option<string>>> = Some(Some(None))  match x { Some(Some(Some(s))) => 3, Some(Some(None)) => 2, Some(None) => 1, None => 0 } }
pub fun f() -> bool { Meters(1.5) < Meters(2.5) }
`, []string{"a() = -204", "b() = 10", "c() = true", "d() = 2", "e() = 2", "f() = true"}},
		{"arms that share a body", `
enum S { A(i64, i64), B(i64, i64), C(i64), D }
pub fun a(n: i64) -> i64 {
  let s = if n == 0 { S.A(1, 2) } else if n == 1 { S.B(3, 4) } else if n == 2 { S.C(5) } else { S.D }
  match s { A(x, _) | B(_, x) | C(x) => { var y = x  let f = || { y += 1  y }  f() * 10 + f() }, D => 0 }
}
pub fun b(x: Option<i64>, y: Option<i64>) -> i64 { match (x, y) { (Some(a), None) | (None, Some(a)) => a, (Some(a), Some(b)) if a > b => a - b, (Some(a), Some(_)) => a * 100, (None, None) => -1 } }
pub fun c(s: string, n: i64) -> i64 { match (s, n) { ("a", 1) | ("b", 2) => 1, ("a", _) => 2, (_, 2) => 3, _ => 4 } }
pub fun d(n: i64) -> i64 { match n { x if { var k = 0  for i in 0..x { k += i }  k > 5 } => 1, 2 | 3 => 2, _ => 3 } }
`, []string{
			"a(0) = 23", "a(1) = 56", "a(2) = 67", "a(3) = 0", "b(4, null) = 4", "b(null, 5) = 5", "b(7, 3) = 4", "b(3, 7) = 300", "b(null, null) = -1",
			`c("a", 1) = 1`, `c("b", 2) = 1`, `c("a", 3) = 2`, `c("c", 2) = 3`, `c("c", 3) = 4`, "d(5) = 1", "d(3) = 2", "d(1) = 3",
		}},
		{"values of loops and blocks", `
pub fun a(n: i64) -> i64 { let x = loop { var k = 0  for i in 0..10 { if i == n { k = i } }  if k > 0 { break k * 2 } else { break -1 } }  x + 1 }
pub fun b(v: Vec<i64>) -> i64 { outer: for x in v { for y in v { if x + y == 10 && x != y { return x * y } if y > 100 { break outer } } }  0 }
pub fun c() -> string { let s = { let a = "x"  let b = { a + "y" }  b + a }  s }
pub fun d(n: i64) -> i64 { var i = 0  while i < 100 && { i += 1  i * i < n } { }  i }
pub fun e(n: i64) -> i64 { var k = n  while true { if k > 50 { break } k = k * 2 + 1 }  k }
pub fun f() -> i64 { var t = 0  for i in 0..3 { for j in i..3 { if (i + j) % 2 == 0 { continue } t += i * 10 + j } }  t }
`, []string{"a(4) = 9", "a(0) = 0", "b([3,8,7]) = 21", "b([200,3]) = 0", `c() = "xyx"`, "d(30) = 6", "e(3) = 63", "f() = 13"}},
		{"order and hash of everything that may be a key", `
enum Suit { Clubs, Hearts }
pub fun a() -> i64 { let m: Map<(Suit, i8, string), i64> = Map::new()  m.insert((Suit.Hearts, -1, "a"), 7)  m.insert((Suit.Clubs, -1, "a"), 8)  m.get((Suit.Hearts, -1, "a")).unwrap() }
pub fun b() -> bool { ("a", 1, true) < ("a", 1, false) }
pub fun c() -> bool { ((1, 'b'), "z") > ((1, 'a'), "zz") }
pub fun d() -> i64 { let m: Map<bool, i64> = Map::new()  for i in 0..10 { m.insert(i % 3 == 0, i) }  m.len() * 100 + m.get(true).unwrap() }
pub fun e() -> i64 { let m: Map<char, i64> = Map::new()  for c in "hello" { m.insert(c, m.get(c).unwrap_or(0) + 1) }  m.get('l').unwrap() }
pub fun f() -> bool { let m: Map<string, Vec<i64>> = Map::new()  let n: Map<string, Vec<i64>> = Map::new()  m.insert("a", [1])  m.insert("b", [2])  n.insert("b", [2])  n.insert("a", [1])  m == n }
`, []string{"a() = 7", "b() = false", "c() = true", "d() = 209", "e() = 2", "f() = true"}},
	})
}

// Proves: dol 5.4-a, 3.4-a, 5.5-h; instances of instances
func TestGenericCorners(t *testing.T) {
	runPrograms(t, []program{
		{"5.4-a", `
trait Shape { fun area() -> f64  fun twice() -> f64 { this.area() * 2.0 } }
gen Sq { has s: f64 }
gen Box2<T> { has item: T  fun get() -> T { this.item }  fun with<U>(u: U) -> Box2<(T, U)> { Box2 { item: (this.item, u) } } }
impl Shape for Sq { fun area() -> f64 { this.s * this.s } }
fun total<T: Shape>(v: Vec<T>) -> f64 { var t = 0.0  for x in v { t += x.twice() }  t }
fun apply<A, B>(x: A, f: (A) -> B) -> B { f(x) }
fun compose<A, B, C>(f: (A) -> B, g: (B) -> C) -> (A) -> C { |x| g(f(x)) }
fun largest<T: Ord>(v: Vec<T>) -> Option<T> { var best: Option<T> = None  for x in v { match best { Some(b) if b >= x => (), _ => { best = Some(x) } } }  best }
fun sum_all<T: Num>(v: Vec<T>) -> T { var t: T = 0  for x in v { t += x }  t }
pub fun a() -> f64 { total([Sq { s: 2.0 }, Sq { s: 1.0 }]) }
pub fun b() -> string { let x = Box2 { item: 1 }.with("a").with(true).get()  x.to_string() }
pub fun c() -> string { let f = compose(|x: i64| x + 1, |y: i64| "<" + y + ">")  apply(4, f) }
pub fun d() -> string { largest(["b", "d", "a"]).unwrap() + largest([3, 9, 4]).unwrap() + largest([(1, 'a'), (1, 'b')]).unwrap().1 }
pub fun e() -> f64 { sum_all([1.5, 2.0]) + sum_all([1, 2]) as f64 + sum_all([250u8, 10]) as f64 }
`, []string{"a() = 10", `b() = "((1, \"a\"), true)"`, `c() = "<5>"`, `d() = "d9b"`, "e() = 10.5"}},
	})
}

// Proves: dol 3.11-a, 5.5-d, 8.4-c, 8.2-h, 5.3-a
func TestPartsOfValues(t *testing.T) {
	runPrograms(t, []program{
		{"3.11", `
gen P { has x: i64  has y: (i64, string) }
enum One { Only { n: i64, s: string } }
pub fun a() -> string { let P { x, y: (n, s) } = P { x: 1, y: (2, "z") }  s + x + n }
pub fun b() -> string { let One.Only { n, s } = One.Only { n: 4, s: "q" }  s + n }
pub fun c() -> i64 { let ((a, b), (_, c)) = ((1, 2), ("x", 3))  a * 100 + b * 10 + c }
pub fun d() -> i64 { var n = 0  for P { x, y: (k, _) } in [P { x: 1, y: (10, "") }, P { x: 2, y: (20, "") }] { n += x * k }  n }
pub fun e() -> i64 { var n = 0  for all @ (a, b) in [(1, 2), (3, 4)] { n += all.0 * b + a }  n }
`, []string{`a() = "z12"`, `b() = "q4"`, "c() = 123", "d() = 50", "e() = 18"}},
		{"order of everything", `
pub fun ints() -> Vec<i8> { let v: Vec<i8> = [3, -128, 127, 0]  v.sort() }
pub fun unsigned() -> Vec<u64> { let v: Vec<u64> = [3, 18446744073709551615, 0]  v.sort() }
pub fun floats() -> Vec<f64> { [1.5, f64::NAN, -0.5, f64::INFINITY].sort() }
pub fun pairs() -> Vec<(i64, string)> { [(2, "a"), (1, "b"), (1, "a")].sort() }
pub fun bools() -> Vec<bool> { [true, false, true].sort() }
pub fun chars() -> Vec<char> { ['z', 'a', 'é'].sort() }
pub fun narrow(a: f32, b: f32) -> bool { (a, 1) < (b, 0) }
`, []string{
			"ints() = [-128,0,3,127]", "unsigned() = [0,3,18446744073709551615]", "floats() = [-0.5,1.5,null,null]",
			`pairs() = [[1,"a"],[1,"b"],[2,"a"]]`, "bools() = [false,true,true]", `chars() = ["a","z","é"]`, "narrow(1.5, 1.5) = false", "narrow(1.5, 2.5) = true",
		}},
		{"8.4-c numbers", `
gen N { has a: i8  has b: u8  has c: i16  has d: u16  has e: i32  has f: u32  has g: u64  has h: f32  has i: char  has j: bool  has k: bytes  has l: () }
pub fun n(x: N) -> N { x }
pub fun s(x: N) -> string { x.to_string() }
pub fun map(m: Map<u8, Vec<char>>) -> Map<u8, Vec<char>> { m }
`, []string{
			`n({"a":-128,"b":255,"c":-32768,"d":65535,"e":-2147483648,"f":4294967295,"g":18446744073709551615,"h":0.1,"i":"é","j":true,"k":[0,255],"l":null}) = {"a":-128,"b":255,"c":-32768,"d":65535,"e":-2147483648,"f":4294967295,"g":18446744073709551615,"h":0.1,"i":"é","j":true,"k":[0,255],"l":null}`,
			`s({"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":0.5,"i":"q","j":false,"k":[],"l":null}) = "N { a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7, h: 0.5, i: 'q', j: false, k: [], l: () }"`,
			`n({"a":128}) traps JSON`, `n({"b":-1}) traps JSON`, `n({"i":"ab"}) traps JSON`, `n({"k":[256]}) traps JSON`, `n({"l":0}) traps null`, `n({"j":1}) traps JSON`,
			`map([[1,["a"]],[2,[]]]) = [[1,["a"]],[2,[]]]`, `map([[1]]) traps JSON`, `map([[1,[],2]]) traps JSON`, `map({}) traps JSON`,
		}},
		{"5.3-a clone", `
gen A { has n: u8  has s: string }
gen B extends A { has f: () -> i64 }
pub fun a() -> string { let b = B { n: 1, s: "x", f: || 4 }  let c = b.clone()  c.n = 9  c.s + b.n + c.n + (c.f)() }
pub fun b() -> bool { let v = [1, 2]  let w = v.clone()  w.push(3)  v == [1, 2] && w.len() == 3 }
pub fun c() -> string { let t = (1, "a")  t.clone().to_string() + 5.clone() + "s".clone() }
`, []string{`a() = "x194"`, "b() = true", `c() = "(1, \"a\")5s"`}},
		{"module variables without value", `
sex var N: i64
sex var S: string
sex var O: Option<i64>
sex var P: Option<string>
pub fun a() -> string { S + N + O.is_none() + P.is_none() }
`, []string{`a() = "0truetrue"`}},
	})
}
