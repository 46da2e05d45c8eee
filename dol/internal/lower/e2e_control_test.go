package lower_test

import "testing"

// Proves: dol 3.9-b, 3.9-c, 3.9-d, 3.9-e, 5.3-a, 5.3-c, 5.5-j, 5.5-m, 20-3, 20-10
func TestFunctionsAndRecords(t *testing.T) {
	runPrograms(t, []program{
		{"3.9-b", `
pub fun nothing() { }
pub fun early(x: i64) -> i64 { if x > 0 { return 1 } 2 }
pub fun both(x: i64) -> i64 { if x > 0 { return 1 } else { return 2 } }
pub fun tail(x: i64) -> string { match x { 0 => "zero", _ => { let y = x * 2  y.to_string() } } }
`, []string{"nothing() = ()", "early(1) = 1", "early(0) = 2", "both(0) = 2", `tail(0) = "zero"`, `tail(4) = "8"`}},
		{"3.9-c", `
fun area(w: i64, h: i64 = 2 + 2, n: i64 = 5) -> i64 { w * h * n }
pub fun a() -> i64 { area(2) }
pub fun b() -> i64 { area(2, 3) }
pub fun c() -> i64 { area(2, 3, 5) }
`, []string{"a() = 40", "b() = 30", "c() = 30"}},
		{"3.9-d", `
gen P {
  has x: i64
  fun make(x: i64) -> P { P { x: x } }
  fun implicit() -> i64 { x + 1 }
  fun explicit(self) -> i64 { self.x + 2 }
  fun bump(n: i64) { this.x += n }
}
fun free(self: P) -> i64 { self.x + 3 }
pub fun a() -> i64 { let p = P.make(10)  p.bump(5)  p.implicit() + p.explicit() + p.free() + P::make(1).x }
`, []string{"a() = 52"}},
		{"5.3-a", `
gen Cell { has v: i64  has in_: Vec<i64> }
pub fun shared() -> i64 { let a = Cell { v: 1, in_: [] }  let b = a  b.v = 7  a.v }
pub fun copied() -> i64 { let a = Cell { v: 1, in_: [1] }  let b = a.clone()  b.v = 7  b.in_.push(2)  a.v * 10 + a.in_.len() }
pub fun equal() -> bool { Cell { v: 1, in_: [1, 2] } == Cell { v: 1, in_: [1, 2] } }
pub fun spread() -> i64 { let a = Cell { v: 1, in_: [5] }  let b = Cell { v: 9, ...a }  b.v + b.in_[0] }
`, []string{"shared() = 7", "copied() = 12", "equal() = true", "spread() = 14"}},
		{"5.3-c", `
gen Animal { has legs: i64  fun name() -> string { "animal" }  fun show() -> string { this.name() + legs } }
gen Dog extends Animal { has tail: bool  fun name() -> string { "dog" } }
fun count(a: Animal) -> i64 { a.legs }
pub fun a() -> i64 { count(Dog { legs: 4, tail: true }) }
pub fun b() -> string { let d = Dog { legs: 4, tail: true }  d.name() + d.show() }
`, []string{"a() = 4", `b() = "doganimal4"`}},
		{"20-3", `
pub gen Account {
  has owner: string
  has balance: i64 = 0
  fun open(owner: string) -> Account { Account { owner: owner } }
  fun deposit(amount: i64) { this.balance += amount }
  fun withdraw(amount: i64) -> bool {
    if amount > balance { return false }
    self.balance -= amount
    true
  }
}
pub fun demo() -> i64 {
  let a = Account.open("ada")
  a.deposit(100)
  a.withdraw(30)
  a.withdraw(500)
  a.balance
}
`, []string{"demo() = 70"}},
		{"20-10", `
trait Scored { fun score() -> i64   law never_negative() { this.score() >= 0 } }
gen Player { has wins: i64  has draws: i64 = 0 }
gen Captain extends Player { has bonus: i64 }
impl Scored for Player { fun score() -> i64 { this.wins * 3 + this.draws } }
impl Scored for Captain { fun score() -> i64 { this.wins * 3 + this.draws + this.bonus } }
fun best<T: Scored>(a: T, b: T) -> T { if a.score() >= b.score() { a } else { b } }
pub fun demo() -> i64 {
  let p = best(Player { wins: 2 }, Player { wins: 1, draws: 2 })
  let c = Captain { wins: 1, bonus: 3 }
  p.score() + c.score()
}
`, []string{"demo() = 12"}},
		{"3.4-a", `
trait Greets { fun name() -> string  fun greet() -> string { "hi " + this.name() } }
gen A { has n: i64  impl Greets { fun name() -> string { "a" + n } } }
gen B { has n: i64 }
impl Greets for B { fun name() -> string { "b" }  fun greet() -> string { "yo" } }
fun both<T: Greets, U: Greets>(t: T, u: U) -> string { t.greet() + "," + u.greet() }
pub fun f() -> string { both(A { n: 1 }, B { n: 2 }) }
`, []string{`f() = "hi a1,yo"`}},
	})
}

// Proves: dol 3.10-a, 3.10-b, 3.10-c, 3.10-d, 3.10-e, 4.1-f, 4.1-g, 5.5-f, 20-2
func TestControl(t *testing.T) {
	runPrograms(t, []program{
		{"20-2", `
pub fun odd_sum(n: i64) -> i64 {
  var total = 0
  for i in 0..n {
    if i % 2 == 0 { continue }
    total += i
  }
  total
}
pub fun collatz(start: u64) -> u32 {
  var n = start
  var steps: u32 = 0
  while n != 1 {
    n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 }
    steps += 1
  }
  return steps
}
pub fun first_factor(n: i64) -> i64 {
  var d = 2
  loop { if n % d == 0 { break } d += 1 }
  d
}
`, []string{"odd_sum(10) = 25", "odd_sum(0) = 0", "collatz(27) = 111", "first_factor(91) = 7"}},
		{"3.10-d", `
pub fun find(n: i64) -> i64 {
  outer: for i in 1..=n {
    for j in 1..=n {
      if i * j == 42 { return i * 100 + j }
      if j > i { continue outer }
      if i > 7 { break outer }
    }
  }
  -1
}
pub fun value() -> i64 { var i = 0  loop { i += 1  if i == 5 { break i * 10 } } }
pub fun nested() -> i64 { var n = 0  a: loop { loop { n += 1  if n > 3 { break a } if n > 1 { continue a } } }  n }
pub fun text(n: i64) -> string { let s = loop { if n > 0 { break "yes" } break "no" }  s }
`, []string{"find(20) = 607", "value() = 50", "nested() = 4", `text(1) = "yes"`, `text(0) = "no"`}},
		{"ranges end at the greatest value", `
pub fun up() -> i64 { var n = 0  for i in 250u8..=255u8 { n += i as i64 }  n }
pub fun most() -> i64 { var n = 0  for i in (i64::MAX - 2)..=i64::MAX { n += 1 }  n }
pub fun empty() -> i64 { var n = 0  for i in 5..=4 { n += 1 } for i in 5..5 { n += 1 } for i in 5..1 { n += 1 }  n }
pub fun once() -> i64 { var n = 0  var hi = 3  for i in 0..hi { hi = 100  n += 1 }  n }
pub fun down() -> i64 { var n = 0  for i in -3..=-1 { n += i }  n }
`, []string{"up() = 1515", "most() = 3", "empty() = 0", "once() = 3", "down() = -6"}},
		{"for over lists", `
pub fun sum() -> i64 { var n = 0  for x in [1, 2, 3] { n += x }  n }
pub fun pairs() -> i64 { var n = 0  for (a, b) in [(1, 2), (3, 4)] { n += a * b }  n }
pub fun grows() -> i64 { let v = [1]  var n = 0  for x in v { n += 1  if v.len() < 5 { v.push(x + 1) } }  n }
pub fun chars() -> string { var s = ""  for c in "aé" { s = s + c + "." }  s }
pub fun table() -> string { var m: Map<string, i64> = Map::new()  m["x"] = 1  m["y"] = 2  var s = ""  for (k, v) in m { s += k + v }  s }
`, []string{"sum() = 6", "pairs() = 14", "grows() = 5", `chars() = "a.é."`, `table() = "x1y2"`}},
		{"4.1-f", `
pub fun a(x: Option<i64>) -> i64 { if let Some(n) = x { n } else { -1 } }
pub fun b(n: i64) -> i64 { if n > 10 { 1 } else if n > 5 { 2 } else { 3 } }
pub fun c() -> i64 { let v = [1, 2, 3]  var n = 0  while let Some(x) = v.pop() { n = n * 10 + x }  n }
`, []string{"a(null) = -1", "a(5) = 5", "b(11) = 1", "b(6) = 2", "b(0) = 3", "c() = 321"}},
		{"5.5-f", `
pub fun a(n: i64) -> i64 { let x = if n > 0 { n } else { return -1 }  x * 2 }
pub fun b(n: i64) -> i64 { let x = match n { 0 => panic("zero"), 1 => return 100, k => k }  x + 1 }
pub fun c(n: i64) -> i64 { var s = 0  for i in 0..n { let k = if i == 2 { continue } else if i == 5 { break } else { i }  s += k }  s }
`, []string{"a(4) = 8", "a(0) = -1", "b(0) traps zero", "b(1) = 100", "b(7) = 8", "c(10) = 8"}},
		{"3.10-b", `
pub fun a(n: i64) -> i64 { let x: i64  if n > 0 { x = 1 } else { x = 2 }  x }
pub fun b() -> i64 { let (x, y) = (1, 2)  let (y2, x2) = (x, y)  y2 * 10 + x2 }
pub fun c() -> i64 { var a = 1  var b = 2  let t = (b, a)  a = t.0  b = t.1  a * 10 + b }
`, []string{"a(1) = 1", "a(0) = 2", "b() = 12", "c() = 21"}},
		{"order of evaluation", `
sex var LOG: string = ""
fun say(s: string, x: i64) -> i64 { LOG = LOG + s  x }
fun three(a: i64, b: i64, c: i64) -> i64 { a * 100 + b * 10 + c }
pub fun args() -> string { LOG = ""  let r = three(say("a", 1), if say("b", 2) > 1 { say("c", 3) } else { 0 }, say("d", 4))  LOG + r }
pub fun local_() -> i64 { var x = 1  x + { x = 10  x } + x }
pub fun place() -> string { LOG = ""  let v = [1, 2]  v[say("i", 1)] = say("v", 5)  LOG + v[1] }
pub fun op() -> i64 { let v = [1, 2]  v[{ v.push(9)  1 }] += { v[1] = 50  v.len() }  v[1] }
pub fun tuple() -> string { LOG = ""  let t = (say("x", 1), say("y", 2))  LOG + t.0 + t.1 }
pub fun short() -> string { LOG = ""  let r = say("a", 0) == 1 && say("b", 1) == 1 || say("c", 1) == 1  LOG + r }
pub fun field() -> i64 { let c = Box1 { v: 1 }  c.v += { c.v = 10  5 }  c.v }
gen Box1 { has v: i64 }
`, []string{`args() = "abcd134"`, "local_() = 21", `place() = "iv5"`, "op() = 5", `tuple() = "xy12"`, `short() = "actrue"`, "field() = 6"}},
		{"4.1-a repeated list", `
pub fun a() -> i64 { let v = [7u8; 5]  let w = ["x"; 3]  let u: Vec<i64> = [0; 0 - 4]  v.len() * 100 + w.len() * 10 + u.len() + v[4] }
pub fun b() -> i64 { let v = [(); 4]  v.len() }
pub fun c() -> i64 { let row = [0; 2]  let v = [row; 2]  v[0][1] = 5  v[1][1] }
pub fun d(n: i64) -> i64 { let v = [1; n]  v.push(2)  v.sum() }
`, []string{"a() = 537", "b() = 4", "c() = 5", "d(3) = 5", "d(0) = 2"}},
		{"8.6-a index", `
pub fun at(i: i64) -> i64 { [10, 20, 30][i] }
pub fun put(i: i64) -> i64 { let v = [10, 20, 30]  v[i] = 1  v[0] }
pub fun byte(i: u8) -> i64 { [10, 20, 30][i] }
pub fun shrink() -> i64 { let v = [1, 2]  v[1] += { v.pop()  1 }  v[0] }
pub fun unwrap() -> i64 { let x: Option<i64> = None  x.unwrap() }
pub fun check(n: i64) -> i64 { assert(n > 0, "n must be positive")  n }
`, []string{
			"at(2) = 30", "at(3) traps index 3 out of bounds, length 3", "at(-1) traps index -1 out of bounds, length 3", "put(2) = 10",
			"put(7) traps index 7 out of bounds, length 3", "byte(1) = 20", "byte(255) traps index 255 out of bounds", "shrink() traps out of bounds",
			"unwrap() traps None", "check(1) = 1", "check(0) traps n must be positive",
		}},
	})
}

// Proves: dol 3.11-a, 3.11-b, 4.1-g, 5.3-b, 5.5-k, 20-4, 20-5
func TestMatching(t *testing.T) {
	runPrograms(t, []program{
		{"20-4", `
pub gen Shape {
  type: enum { Circle { radius: f64 }, Rect(f64, f64), Dot }
  fun area() -> f64 {
    match this {
      Shape.Circle { radius } => 3.0 * radius * radius
      Shape.Rect(w, h) => w * h
      Shape.Dot => 0.0
    }
  }
}
fun doubled(x: f64) -> f64 { x * 2.0 }
pub fun total() -> f64 {
  let shapes = [Shape.Rect(2.0, 3.0), Shape.Circle { radius: 1.0 }, Shape.Dot]
  shapes |> map(|s| s.area()) |> sum() |> doubled
}
`, []string{"total() = 18"}},
		{"20-5", `
pub fun find<T>(items: Vec<T>, wanted: (T) -> bool) -> Option<T> {
  for item in items { if wanted(item) { return Some(item) } }
  None
}
fun half(n: i64) -> Result<i64, string> {
  if n % 2 == 0 { Ok(n / 2) } else { Err("odd: " + n) }
}
fun quarter(n: i64) -> Result<i64, string> { Ok(half(half(n)?)?) }
pub fun report(n: i64) -> string {
  match quarter(n) { Ok(v) => v.to_string(), Err(why) => why }
}
pub fun pair_sum() -> i64 {
  let (a, b) = (4, 5)
  let big = find([1, 7, 3], |x| x > 6).unwrap_or(0)
  if big == 7 { a + b } else { 0 }
}
`, []string{`report(12) = "3"`, `report(6) = "odd: 3"`, `report(7) = "odd: 7"`, "pair_sum() = 9"}},
		{"3.11", `
enum Color { Red, Green, Blue }
enum Tree { Leaf, Node(Tree, i64, Tree) }
pub fun lits(n: i64) -> string { match n { 0 => "zero", -1 => "minus", 1..5 => "few", 5..=9 => "some", 10 | 20 => "round", _ => "many" } }
pub fun strs(s: string) -> i64 { match s { "a" => 1, "b" | "c" => 2, "" => 3, _ => 4 } }
pub fun chars(c: char) -> i64 { match c { 'a'..='z' => 1, 'A'..='Z' => 2, _ => 3 } }
pub fun bools(a: bool, b: bool) -> i64 { match (a, b) { (true, true) => 1, (false, true) => 2, (_, false) => 3 } }
pub fun at(n: i64) -> i64 { match n { k @ 1..=9 => k * 10, k => k } }
pub fun guard(n: i64) -> i64 { match n { k if k > 100 => 1, k if k > 10 => 2, 5 => 3, _ => 4 } }
fun depth(t: Tree) -> i64 { match t { Tree.Leaf => 0, Tree.Node(l, _, r) => 1 + depth(l).max(depth(r)) } }
pub fun deep() -> i64 { depth(Tree.Node(Tree.Node(Tree.Leaf, 1, Tree.Leaf), 2, Tree.Leaf)) }
pub fun color(n: i64) -> i64 { let c = if n == 0 { Color.Red } else if n == 1 { Color.Green } else { Color.Blue }  match c { Red => 10, Green | Blue => 20 } }
pub fun nest(x: Option<Option<i64>>) -> i64 { match x { None => 0, Some(None) => 1, Some(Some(n)) => n } }
pub fun dense(n: i64) -> i64 { match n { 0 => 5, 1 => 6, 2 => 7, 3 => 8, 4 => 9, _ => 0 } }
pub fun dense8(n: u8) -> i64 { match n { 250 => 5, 251 => 6, 252 => 7, 253 => 8, 255 => 9, _ => 0 } }
`, []string{
			`lits(0) = "zero"`, `lits(-1) = "minus"`, `lits(4) = "few"`, `lits(5) = "some"`, `lits(9) = "some"`, `lits(20) = "round"`, `lits(21) = "many"`,
			`strs("a") = 1`, `strs("c") = 2`, `strs("") = 3`, `strs("abc") = 4`, "chars(122) = 1", "chars(65) = 2", "chars(48) = 3",
			"bools(true, true) = 1", "bools(false, true) = 2", "bools(true, false) = 3", "at(4) = 40", "at(10) = 10",
			"guard(101) = 1", "guard(11) = 2", "guard(5) = 3", "guard(0) = 4", "deep() = 2", "color(0) = 10", "color(2) = 20",
			"dense(0) = 5", "dense(4) = 9", "dense(5) = 0", "dense(-1) = 0", "dense(4294967296) = 0", "dense8(250) = 5", "dense8(254) = 0", "dense8(0) = 0",
			"nest(null) = 0",
		}},
		{"5.5-k", `
fun first(v: Vec<i64>) -> Option<i64> { v.get(0) }
pub fun add(n: i64) -> Option<i64> { let v: Vec<i64> = if n > 0 { [n] } else { [] }  Some(first(v)? + 1) }
`, []string{"add(4) = 5", "add(0) = null"}},
	})
}

// Proves: dol 4.1-e, 8.2-g, 20-6, 20-7; captures of variables are shared, others
// copied
func TestClosures(t *testing.T) {
	runPrograms(t, []program{
		{"20-7", `
pub fun counter_demo() -> i64 {
  var n = 0
  let bump = || { n += 1; n }
  bump()
  bump()
  bump()
}
fun inc(x: i64) -> i64 { x + 1 }
fun sq(x: i64) -> i64 { x * x }
pub fun composed(x: i64) -> i64 { let f = inc >> sq  f(x) }
`, []string{"counter_demo() = 3", "composed(4) = 25"}},
		{"8.2-g", `
pub fun shared() -> i64 { var n = 1  let get = || n  n = 5  let set = |x: i64| { n = x }  set(9)  get() * 10 + n }
pub fun loops() -> i64 { let fs: Vec<() -> i64> = []  for i in 0..3 { fs.push(|| i * 10) }  fs[0]() + fs[1]() * 10 + fs[2]() * 100 }
pub fun fresh() -> i64 { let fs: Vec<() -> i64> = []  for i in 0..3 { var k = i  fs.push(|| { k += 1  k }) }  fs[0]() + fs[0]() + fs[2]() }
fun adder(n: i64) -> (i64) -> i64 { |x| x + n }
pub fun returned() -> i64 { let a = adder(3)  let b = adder(10)  a(1) * 100 + b(1) }
fun twice(f: (i64) -> i64, x: i64) -> i64 { f(f(x)) }
fun sq(x: i64) -> i64 { x * x }
pub fun ref_() -> i64 { twice(sq, 3) }
pub fun nested() -> i64 { var n = 0  let f = |a: i64| { let g = |b: i64| { n += a * b }  g(2)  g(3) }  f(10)  f(1)  n }
pub fun unit() -> i64 { var n = 0  let f = |u: ()| { n += 1 }  f(())  f(())  n }
pub fun param_(x: i64) -> i64 { var y = x  let f = || { y += 1 }  f()  f()  y }
pub fun narrow() -> i64 { let a: u8 = 200  let b: i8 = -3  let f = || (a as i64) + (b as i64)  f() }
`, []string{"shared() = 99", "loops() = 2100", "fresh() = 6", "returned() = 411", "ref_() = 81", "nested() = 55", "unit() = 2", "param_(5) = 7", "narrow() = 197"}},
		{"3.10 fun", `
pub fun recur(n: i64) -> i64 {
  fun fact(k: i64) -> i64 { if k < 2 { 1 } else { k * fact(k - 1) } }
  fact(n)
}
`, []string{"recur(6) = 720"}},
		{"20-6", `
pub fun tally(text: string) -> string {
  var counts: Map<string, i64> = Map::new()
  for w in text.split(" ") {
    counts.insert(w, counts.get(w).unwrap_or(0) + 1)
  }
  counts.entries().map(|e| e.0 + "=" + e.1).join(",")
}
pub fun shout(s: string) -> string { s.trim().to_upper() + "!" }
`, []string{`tally("b a b") = "b=2,a=1"`, `shout(" hey ") = "HEY!"`}},
	})
}
