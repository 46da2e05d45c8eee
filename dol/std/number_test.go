package std_test

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

// dolFloat is x as DOL prints it, from the digits of strconv.
func dolFloat(x float64, bits int) string {
	switch {
	case math.IsNaN(x):
		return "NaN"
	case math.IsInf(x, 1):
		return "inf"
	case math.IsInf(x, -1):
		return "-inf"
	}
	format := byte('f')
	_, exponent, _ := strings.Cut(strconv.FormatFloat(x, 'e', -1, bits), "e")
	if n, _ := strconv.Atoi(exponent); n < -6 || n > 20 {
		format = 'e'
	}
	s := strconv.FormatFloat(x, format, -1, bits)
	mantissa, exponent, scientific := strings.Cut(s, "e")
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	if scientific {
		n, _ := strconv.Atoi(exponent)
		return mantissa + "e" + strconv.Itoa(n)
	}
	return mantissa
}

var edges = []float64{
	0, math.Copysign(0, -1), 1, -1, 0.1, 0.5, 1.5, 2, 3, 10, 100, 1e15, 1e16, 1e17, 1e20, 1e21, 1e22, 1e23, 123456789012345678,
	1e-5, 1e-6, 1e-7, 9.999999999999999e-7, 0.3, 2.0 / 3, math.Pi, math.E, math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64,
	2.2250738585072014e-308, 2.225073858507201e-308, 4.9406564584124654e-324, 9007199254740991, 9007199254740992, 9007199254740993,
	5e-324, 1.7976931348623157e308, 8.41e21, 9.5e-320, 2.98023223876953125e-8, 4.35, 0.000001, 999999999999999, 1e14 + 0.5,
	math.Inf(1), math.Inf(-1), math.NaN(), 0.7853981633974483, 0.78539816339744828, 1.5707963267948966, 3.141592653589793, 1e6, 1e300,
}

func randomFloat(r *rand.Rand) float64 {
	switch r.IntN(6) {
	case 0:
		return math.Float64frombits(r.Uint64())
	case 1:
		return float64(r.Int64N(1 << 53))
	case 2: // few digits
		return float64(r.Int64N(1_000_000)) / math.Pow10(r.IntN(12))
	case 3: // about a power of two or ten
		x := math.Ldexp(1, r.IntN(2100)-1075)
		if r.IntN(2) == 0 {
			x = math.Pow10(r.IntN(620) - 310)
		}
		return math.Float64frombits(math.Float64bits(x) + r.Uint64N(5) - 2)
	case 4: // subnormal
		return math.Float64frombits(r.Uint64N(1 << 52))
	default:
		return r.NormFloat64() * math.Pow10(r.IntN(20)-10)
	}
}

// decimals are texts of numbers, also such as lie halfway between two floats.
func decimals(r *rand.Rand, n int) []string {
	in := []string{
		"0", "-0", "+1", "1.", ".5", "1e5", "1E+5", "1e-400", "1e400", "00012.50", "9007199254740993", "179769313486231580793e289", "1e308", "1.8e308",
		"2.4703282292062327208e-324", "2.4703282292062328e-324", "0.000000000000000000000000000001", "123456789012345678901234567890", "1" + strings.Repeat("0", 400) + "e-400",
		"0." + strings.Repeat("0", 500) + "1e500", "1e000000000000000000001", "1e99999999999999999999", "1e-99999999999999999999", "0e99999999999999999999",
		"6.631236846766476e-316", "3.2378839133029012895883524125015321748630094718162886e-319", "2.2250738585072011e-308", "1.00000000000000011102230246251565404236316680908203125",
		"1.00000000000000011102230246251565404236316680908203124", "1.00000000000000011102230246251565404236316680908203126", "1.00000000000000011102230246251565404236316680908203125" + strings.Repeat("0", 900) + "1",
	}
	for range n {
		x := math.Abs(randomFloat(r))
		if math.IsNaN(x) || math.IsInf(x, 0) {
			continue
		}
		switch r.IntN(3) {
		case 0:
			in = append(in, strconv.FormatFloat(x, 'e', r.IntN(25), 64))
		case 1:
			in = append(in, strconv.FormatFloat(x, 'g', -1, 64))
		default: // exactly between x and the next one, then a little more or less
			up := math.Nextafter(x, math.Inf(1))
			if math.IsInf(up, 0) {
				continue
			}
			half := new(big.Float).SetPrec(2000).Add(new(big.Float).SetPrec(2000).SetFloat64(x), new(big.Float).SetFloat64(up))
			half.Quo(half, big.NewFloat(2))
			s := half.Text('e', 780)
			m, e, _ := strings.Cut(s, "e")
			m = strings.TrimRight(m, "0")
			in = append(in, m+"e"+e, m+"0000000000000000000000001e"+e)
			if last := m[len(m)-1]; last > '0' {
				in = append(in, m[:len(m)-1]+string(last-1)+"99999e"+e)
			}
		}
	}
	return in
}

// Proves: dol 16-e, dol 16-f, dol 16-c
func TestFloatsAndText(t *testing.T) {
	r := random(t)
	g := load(t, `
pub fun again(text: string) -> string {
  text.lines().map(|s| match s.parse_f64() { Some(x) => x.to_string(), None => "none" } + "\n").join()
}
pub fun narrow(text: string) -> string {
  text.lines().map(|s| (s.parse_f64().unwrap() as f32).to_string() + "\n").join()
}
`)
	in := decimals(r, rounds(3000))
	for _, x := range edges {
		in = append(in, dolFloat(x, 64))
	}
	for range rounds(3000) {
		in = append(in, dolFloat(randomFloat(r), 64))
	}
	want := make([]string, len(in))
	narrow := make([]string, len(in))
	for i, s := range in {
		x, _ := strconv.ParseFloat(s, 64)
		want[i], narrow[i] = dolFloat(x, 64), dolFloat(float64(float32(x)), 32)
	}
	g.lines("again", in, want)
	for i, got := range strings.Fields(g.call("narrow", strings.Join(in, "\n"))) {
		if got != narrow[i] && !asNear(got, narrow[i]) {
			t.Errorf("%s as f32 is %s, want %s", in[i], got, narrow[i])
		}
	}
	bad := []string{"", " 1", "1 ", "e5", ".", "1e", "1e+", "1.2.3", "--1", "0x10", "1_0", "Inf", "nan", "infinity", "1f", "+", "-", "+NaN", "1e5.5", "١"}
	none := make([]string, len(bad))
	for i := range none {
		none[i] = "none"
	}
	g.lines("again", bad, none)
}

// asNear reports whether two texts of a float32 are as short and as near: of two
// such, strconv takes the one that is farther from zero, DOL the even one.
func asNear(a, b string) bool {
	x, err := strconv.ParseFloat(a, 32)
	y, err2 := strconv.ParseFloat(b, 32)
	if err != nil || err2 != nil || x != y || len(a) != len(b) {
		return false
	}
	p, ok := new(big.Rat).SetString(a)
	q, ok2 := new(big.Rat).SetString(b)
	middle := new(big.Rat).Add(p, q)
	return ok && ok2 && middle.Quo(middle, big.NewRat(2, 1)).Cmp(new(big.Rat).SetFloat64(x)) == 0
}

// Proves: dol 2.3-a
func TestFixedDecimals(t *testing.T) {
	r := random(t)
	var b strings.Builder
	places := []int{0, 1, 2, 3, 6, 10, 17, 30, 99}
	for _, n := range places {
		fmt.Fprintf(&b, "pub fun fixed%d(text: string) -> string { text.lines().map(|s| { let x = s.parse_f64().unwrap()  f\"{x:.%d}\\n\" }).join() }\n", n, n)
	}
	g := load(t, b.String())
	in := []string{"0.5", "1.5", "2.5", "0.125", "0.375", "1e22", "0.05", "0.95", "9.995", "999.5", "-0.4", "-0.5", "0.0000001"}
	for _, x := range edges {
		in = append(in, dolFloat(x, 64))
	}
	for range rounds(300) {
		in = append(in, dolFloat(randomFloat(r), 64))
	}
	for _, n := range places {
		want := make([]string, len(in))
		for i, s := range in {
			x, _ := strconv.ParseFloat(s, 64)
			if want[i] = dolFloat(x, 64); !math.IsNaN(x) && !math.IsInf(x, 0) {
				want[i] = strconv.FormatFloat(x, 'f', n, 64)
			}
		}
		g.lines(fmt.Sprintf("fixed%d", n), in, want)
	}
}

// Proves: dol 16-c, dol 16-e
func TestIntegersAndText(t *testing.T) {
	r := random(t)
	g := load(t, `pub fun again(text: string) -> string {
  text.lines().map(|s| match s.parse_i64() { Some(n) => n.to_string(), None => "none" } + "\n").join()
}`)
	in := []string{
		"0", "-0", "+7", "007", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "18446744073709551616",
		"", "-", "+", "+-1", "1 ", " 1", "1.0", "1e3", "0x1", "1_000", "99999999999999999999999999", "-99999999999999999999999999",
	}
	for range rounds(1000) {
		in = append(in, strconv.FormatInt(int64(r.Uint64())>>r.IntN(64), 10))
	}
	want := make([]string, len(in))
	for i, s := range in {
		want[i] = "none"
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			want[i] = strconv.FormatInt(n, 10)
		}
	}
	g.lines("again", in, want)
}

// Proves: dol 16-c
func TestNumberMethods(t *testing.T) {
	eval(t, [][2]string{
		{"[2.max(3), 2.min(3), max(1, 2), min(1, 2)]", "[3, 2, 2, 1]"},
		{"[5.clamp(1, 3), clamp(0, 1, 3), 2.clamp(1, 3)]", "[3, 1, 2]"},
		{"[abs(-3), (-4).abs(), abs(i64::MIN)]", "[3, 4, -9223372036854775808]"},
		{"[abs(-2.5), (-0.0).abs(), abs(-0.0)]", "[2.5, 0.0, 0.0]"},
		{"[2.pow(10), pow(3, 4), 2 ^ 62, (-2) ^ 3]", "[1024, 81, 4611686018427387904, -8]"},
		{"[2.0.pow(0.5), pow(2.0, -1.0)]", "[1.4142135623730951, 0.5]"},
		{"[2.25.sqrt(), sqrt(2.0)]", "[1.5, 1.4142135623730951]"},
		{
			"[floor(-1.5), ceil(-1.5), round(-1.5), trunc(-1.5), 2.5.round(), 0.49999999999999994.round(), 4503599627370495.5.round()]",
			"[-2.0, -1.0, -2.0, -1.0, 3.0, 0.0, 4503599627370496.0]",
		},
		{"{ let x: f32 = 2.25; let y = x.sqrt(); [y, x.floor(), x.ceil(), x.round(), (0.0 as f32 - x).abs()] }", "[1.5, 2.0, 3.0, 2.0, 2.25]"},
		{"[f64::NAN.is_nan(), 1.0.is_nan(), is_finite(f64::INFINITY), is_finite(f64::MAX)]", "[true, false, false, true]"},
		{"[i64::MAX, i64::MIN]", "[9223372036854775807, -9223372036854775808]"},
		{"(u8::MAX, i8::MIN, u64::MAX, f64::EPSILON, f64::MAX, i32::MIN)", "(255, -128, 18446744073709551615, 2.220446049250313e-16, 1.7976931348623157e308, -2147483648)"},
		{"(200u8.wrapping_add(100), 5u8.wrapping_sub(6), 16i8.wrapping_mul(8))", "(44, 255, -128)"},
		{"[200u8.checked_add(55), 200u8.checked_add(56)]", "[Some(255), None]"},
		{"[5u8.checked_sub(5), 5u8.checked_sub(6)]", "[Some(0), None]"},
		{"(12.bit_and(10), 12.bit_or(10), 12.bit_xor(10), 0.bit_not(), 1.shl(4), (-16).shr(2), 240u8.shr(4), 1u8.shl(9))", "(8, 14, 6, -1, 16, -4, 15, 2)"},
		{"1u64.shl(63).shr(63)", "1"},
		{"(7.5 % 2.0, -7.5 % 2.0, 7.5 % -2.0, 5.0 % f64::INFINITY)", "(1.5, -1.5, 1.5, 5.0)"},
	})
	panics(t, [][2]string{
		{"let n = [-1]; 2 ^ n[0]", "negative exponent"},
		{"let n = [0]; 1 / n[0]", "divide by zero"},
	})
}

// The checked and wrapping operations on every pair of bytes.
//
// Proves: dol 16-c
func TestCheckedArithmetic(t *testing.T) {
	g := load(t, `
fun row(a: i8, b: i8) -> string {
  to_string((a.checked_add(b), a.checked_sub(b), a.checked_mul(b), a.wrapping_add(b), a.wrapping_sub(b), a.wrapping_mul(b)))
}
fun urow(a: u8, b: u8) -> string {
  to_string((a.checked_add(b), a.checked_sub(b), a.checked_mul(b), a.wrapping_add(b), a.wrapping_sub(b), a.wrapping_mul(b)))
}
pub fun signed(text: string) -> string {
  let a = text.trim().parse_i64().unwrap() as i8
  (0..256).map(|b| row(a, b as i8) + "\n").join()
}
pub fun unsigned(text: string) -> string {
  let a = text.trim().parse_i64().unwrap() as u8
  (0..256).map(|b| urow(a, b as u8) + "\n").join()
}
pub fun big(text: string) -> string {
  text.lines().map(|s| {
    let p = s.split(" ")
    let a = p[0].parse_i64().unwrap()
    let b = p[1].parse_i64().unwrap()
    to_string((a.checked_add(b), a.checked_sub(b), a.checked_mul(b))) + "\n"
  }).join()
}
`)
	option := func(n int, low, high int) string {
		if n < low || n > high {
			return "None"
		}
		return fmt.Sprintf("Some(%d)", n)
	}
	for a := range 256 {
		var signed, unsigned strings.Builder
		for b := range 256 {
			x, y := int(int8(a)), int(int8(b))
			fmt.Fprintf(&signed, "(%s, %s, %s, %d, %d, %d)\n", option(x+y, -128, 127), option(x-y, -128, 127), option(x*y, -128, 127), int8(x+y), int8(x-y), int8(x*y))
			fmt.Fprintf(&unsigned, "(%s, %s, %s, %d, %d, %d)\n", option(a+b, 0, 255), option(a-b, 0, 255), option(a*b, 0, 255), uint8(a+b), uint8(a-b), uint8(a*b))
		}
		if got := g.call("signed", strconv.Itoa(a)); got != signed.String() {
			t.Fatalf("i8 %d: %s", int8(a), difference(got, signed.String()))
		}
		if got := g.call("unsigned", strconv.Itoa(a)); got != unsigned.String() {
			t.Fatalf("u8 %d: %s", a, difference(got, unsigned.String()))
		}
	}
	r := random(t)
	var in, want []string
	for i := range rounds(500) {
		a, b := int64(r.Uint64())>>r.IntN(64), int64(r.Uint64())>>r.IntN(64)
		if i%16 == 0 {
			a = math.MinInt64
		}
		if i%16 < 2 {
			b = -1
		}
		x, y := big.NewInt(a), big.NewInt(b)
		fits := func(z *big.Int) string {
			if z.IsInt64() {
				return "Some(" + z.String() + ")"
			}
			return "None"
		}
		in = append(in, fmt.Sprint(a, " ", b))
		want = append(want, fmt.Sprintf("(%s, %s, %s)", fits(new(big.Int).Add(x, y)), fits(new(big.Int).Sub(x, y)), fits(new(big.Int).Mul(x, y))))
	}
	g.lines("big", in, want)
}

// difference is the first line in which two texts differ.
func difference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("line %d is %s, want %s", i, a[i], b[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(a), len(b))
}
