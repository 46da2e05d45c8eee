package lower_test

import "testing"

// Proves: dol 2.3-a, 2.3-b, 4.1-h, 5.2-a, 5.2-b, 5.5-a, 5.5-b, 5.5-l, 8.2-a, 8.6-a
func TestNumbers(t *testing.T) {
	runPrograms(t, []program{
		{"[2.3-a] integer", `
pub fun hex() -> i64 { 0xFF + 0o17 + 0b1010 + 1_000 }
pub fun narrow(x: u8) -> u8 { x + 10u8 }
pub fun exp() -> f64 { 1.5e3 + 2e0 }
pub fun max() -> i64 { 2.max(3) }
pub fun ch() -> char { '\u{e9}' }
`, []string{"hex() = 1280", "narrow(250) = 4", "exp() = 1502", "max() = 3", "ch() = 233"}},
		{"5.2-a", `
pub fun a(x: u8) -> u8 { x + 250 }
pub fun b(x: i8) -> i8 { x * 2 }
pub fun c(x: u16) -> u16 { x - 1 }
pub fun d(x: i16) -> i16 { -x }
pub fun e(x: i32) -> i32 { x + 1 }
pub fun f(x: u32) -> u32 { x - 1 }
pub fun g(x: u64) -> u64 { x / 2 }
pub fun h(x: u64) -> bool { x > 1 }
`, []string{
			"a(10) = 4", "b(100) = -56", "c(0) = 65535", "d(-32768) = -32768", "e(2147483647) = -2147483648",
			"f(0) = 4294967295", "g(18446744073709551615) = 9223372036854775807", "h(18446744073709551615) = true",
		}},
		{"5.2-b", `
pub fun div(a: i64, b: i64) -> i64 { a / b }
pub fun rem(a: i64, b: i64) -> i64 { a % b }
pub fun div8(a: i8, b: i8) -> i8 { a / b }
pub fun frem(a: f64, b: f64) -> f64 { a % b }
pub fun pow(a: i64, b: i64) -> i64 { a ^ b }
pub fun fpow(a: f64, b: f64) -> f64 { a ^ b }
pub fun pow8(a: u8, b: u8) -> u8 { a ^ b }
pub fun right() -> i64 { 2 ^ 3 ^ 2 }
pub fun neg() -> i64 { -2 ^ 2 }
`, []string{
			"div(7, -2) = -3", "rem(-7, 2) = -1", "rem(7, -2) = 1", "div(1, 0) traps divide by zero", "rem(1, 0) traps divide by zero",
			"div(-9223372036854775808, -1) traps overflow", "rem(-9223372036854775808, -1) = 0",
			"div8(-128, -1) traps overflow", "div8(-128, 2) = -64", "div8(127, -1) = -127",
			"frem(-5.5, 2) = -1.5", "frem(5.5, -2) = 1.5", "frem(1e300, 7) = 1", "pow(3, 4) = 81", "pow(2, 64) = 0", "pow(7, 0) = 1",
			"pow(2, -1) traps negative exponent", "fpow(2, 10) = 1024", "pow8(3, 6) = 217", "right() = 512", "neg() = 4",
		}},
		{"5.5-b", `
pub fun wide(a: u8, b: i64) -> i64 { a + b }
pub fun mixed(a: u32, b: u64) -> u64 { a + b }
pub fun arg(a: i32) -> i64 { id(a) }
fun id(x: i64) -> i64 { x }
pub fun f(a: f32, b: f64) -> f64 { a + b }
pub fun lit(x: f64) -> f64 { x * 2 + 1 }
`, []string{"wide(200, -300) = -100", "mixed(4294967295, 1) = 4294967296", "arg(-5) = -5", "f(0.5, 0.25) = 0.75", "lit(1.5) = 4"}},
		{"5.5-l", `
enum Level { Low = 3, High = 10 }
pub fun a(x: f64) -> u8 { x as u8 }
pub fun b(x: i64) -> i8 { x as i8 }
pub fun c(x: bool) -> i64 { x as i64 }
pub fun d(x: char) -> u32 { x as u32 }
pub fun e(x: u32) -> char { x as char }
pub fun f() -> i64 { (Level.High as i64) * 100 + (Level.Low as i64) }
pub fun g(x: i64) -> f64 { x as f64 }
pub fun h(x: f64) -> i64 { x as i64 }
pub fun nan() -> i64 { (0.0 / 0.0) as i64 }
`, []string{
			"a(300) = 255", "a(-5) = 0", "a(3.99) = 3", "b(200) = -56", "c(true) = 1", "d(65) = 65", "e(233) = 233", "e(55296) = 65533",
			"f() = 1003", "g(3) = 3", "h(1e300) = 9223372036854775807", "h(-2.9) = -2", "nan() = 0",
		}},
		{"4.1-h", `
pub fun a() -> i64 { i64::MAX }
pub fun b() -> u8 { u8::MIN }
pub fun c() -> bool { f64::NAN == f64::NAN }
pub fun d() -> bool { f64::INFINITY > 1e308 }
`, []string{"a() = 9223372036854775807", "b() = 0", "c() = false", "d() = true"}},
	})
}

// Proves: dol 4.2-a, 4.2-b, 4.3-a, 4.3-b, 4.7-a, 5.5-d, 5.5-e
func TestOperators(t *testing.T) {
	runPrograms(t, []program{
		{"4.2-a", `
pub fun left() -> i64 { 10 - 3 - 2 }
pub fun div() -> i64 { 100 / 10 / 5 }
pub fun mix() -> i64 { 2 + 3 * 4 - 10 % 4 }
pub fun guard(a: i64) -> bool { a > 0 && 100 / a > 10 }
pub fun either(a: i64) -> bool { a == 0 || 100 / a > 10 }
pub fun imp(a: bool, b: bool) -> bool { a implies b }
pub fun neg(a: i64) -> bool { not a == 1 }
pub fun band() -> i64 { 6 & 3 }
pub fun word(a: bool, b: bool) -> bool { a and not b or false }
`, []string{
			"left() = 5", "div() = 2", "mix() = 12", "guard(0) = false", "guard(5) = true", "either(0) = true", "either(50) = false",
			"imp(true, false) = false", "imp(false, false) = true", "neg(1) = false", "neg(2) = true", "band() = 2", "word(true, false) = true",
		}},
		{"4.2-b", `
pub fun a() -> i64 { 6.bit_or(1) }
pub fun b() -> i64 { 6.bit_xor(3) }
pub fun c(n: i64) -> i64 { 1.shl(n) }
pub fun d(x: i8) -> i8 { x.shr(1) }
pub fun e(x: u8) -> u8 { x.shl(4) }
pub fun f(x: u8) -> u8 { x.bit_not() }
`, []string{"a() = 7", "b() = 5", "c(10) = 1024", "c(64) = 1", "d(-3) = -2", "e(31) = 240", "f(1) = 254"}},
		{"4.3-a", `
fun inc(x: i64) -> i64 { x + 1 }
fun add(x: i64, y: i64) -> i64 { x + y }
pub fun a() -> i64 { 3 |> inc |> add(10) }
pub fun b() -> i64 { inc <| 4 }
pub fun c(x: i64) -> i64 { let f = inc >> inc  f(x) }
pub fun d() -> i64 { inc @ 6 }
`, []string{"a() = 14", "b() = 5", "c(1) = 3", "d() = 7"}},
		{"4.7-a", `
pub fun all(n: i64) -> bool { forall x in 1..n { x < 5 } }
pub fun some() -> bool { exists x in [1, 2, 3] { x == 2 } }
`, []string{"all(5) = true", "all(6) = false", "some() = true"}},
		{"5.5-d", `
pub fun a(x: string, y: string) -> bool { x < y }
pub fun b(x: string, y: string) -> bool { x == y }
pub fun c() -> bool { (1, "b") < (1, "c") }
pub fun d() -> bool { (2, 1) >= (1, 9) }
pub fun e() -> bool { [1, 2] == [1, 2] && [1] != [1, 2] }
pub fun f() -> bool { Some("x") == Some("x") && Some(1) != None }
pub fun g(x: char) -> bool { x <= 'm' }
`, []string{
			`a("a", "b") = true`, `a("b", "a") = false`, `a("a", "ab") = true`, `a("", "") = false`, `a("z", "é") = true`, `b("x", "x") = true`,
			"c() = true", "d() = true", "e() = true", "f() = true", "g(109) = true", "g(110) = false",
		}},
		{"5.5-e", `
pub fun a(x: i64) -> i64 { if x { 1 } else { 2 } }
pub fun b(x: i64) -> bool { !x }
`, []string{"a(0) = 2", "a(-7) = 1", "b(0) = true"}},
	})
}

// Proves: dol 2.3-a, 5.5-c, 16-f
func TestText(t *testing.T) {
	runPrograms(t, []program{
		{"5.5-c", `
pub fun a(n: i64) -> string { "n=" + n }
pub fun b(x: f64) -> string { x + "!" }
pub fun c() -> string { "a" + 'b' + true + 3u8 }
pub fun d(s: string) -> string { var t = s  t += "."  t += 1  t }
pub fun e() -> string { "1" + "2" + "3" + "4" + "5" + "6" + "7" + "8" + "9" + "10" }
pub fun f(s: string) -> string { s + s + s + s + s + s + s + s + s + s + s }
`, []string{`a(-3) = "n=-3"`, `b(2) = "2.0!"`, `c() = "abtrue3"`, `d("x") = "x.1"`, `e() = "12345678910"`, `f("ab") = "ababababababababababab"`}},
		{"[2.3-a] format string", `
pub fun a(x: i64) -> string { f"<{x}> {{}} {x + 1}" }
pub fun b(x: f64) -> string { f"{x:.2}" }
`, []string{`a(4) = "<4> {} 5"`, `b(3.14159) = "3.14"`, `b(2) = "2.00"`}},
		{"13-b", `
gen Account { has owner: string  has balance: i64 = 0 }
gen Gold extends Account { has bonus: u8 }
gen Nothing { }
enum Shape { Circle { radius: f64 }, Rect(f64, f64), Dot }
pub fun a() -> string { Account { owner: "ada", balance: 70 }.to_string() }
pub fun b() -> string { Gold { owner: "a\"b", bonus: 3 }.to_string() }
pub fun c() -> string { [Shape.Circle { radius: 1.0 }, Shape.Rect(2.0, 0.5), Shape.Dot].to_string() }
pub fun d() -> string { (1, "a", 'c', true).to_string() }
pub fun e() -> string { var m: Map<string, i64> = Map::new()  m.insert("a", 1)  m.insert("b", 2)  m.to_string() }
pub fun f() -> string { let x: Option<Option<string>> = Some(None)  x.to_string() }
pub fun g() -> string { let x: Result<(), string> = Ok(())  x.to_string() }
pub fun h() -> string { let v: Vec<i64> = []  v.to_string() }
pub fun i() -> string { "plain".to_string() + ["quoted"].to_string() }
`, []string{
			`a() = "Account { owner: \"ada\", balance: 70 }"`, `b() = "Gold { owner: \"a\\\"b\", balance: 0, bonus: 3 }"`,
			`c() = "[Circle { radius: 1.0 }, Rect(2.0, 0.5), Dot]"`, `d() = "(1, \"a\", 'c', true)"`, `e() = "{\"a\": 1, \"b\": 2}"`,
			`f() = "Some(None)"`, `g() = "Ok(())"`, `h() = "[]"`, `i() = "plain[\"quoted\"]"`,
		}},
		{"cyclic values print and end", `
gen Node { has name: string  has next: Option<Node>  has all: Vec<Node> }
pub fun loop_text() -> string {
  let a = Node { name: "a", next: None, all: [] }
  let b = Node { name: "b", next: Some(a), all: [] }
  a.next = Some(b)
  a.all.push(a)
  a.to_string()
}
pub fun same() -> bool {
  let a = Node { name: "a", next: None, all: [] }
  a.next = Some(a)
  let b = Node { name: "a", next: Some(a), all: [] }
  a == a && a == b
}
`, []string{
			`loop_text() = "Node { name: \"a\", next: Some(Node { name: \"b\", next: Some(…), all: [] }), all: […] }"`,
			"same() = true",
		}},
	})
}
