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

// Elementary functions against the reference, with the error that is allowed in
// units of the last place; half a unit is what rounding alone makes.
//
// Proves: dol 16-a, dol 16-c
func TestElementaryFunctions(t *testing.T) {
	r := random(t)
	functions := []struct {
		name  string
		want  func(float64) *big.Float
		ulps  float64
		input func(*rand.Rand) float64
	}{
		{"sin", func(x float64) *big.Float { s, _ := bigSinCos(x); return s }, 0.8, angle},
		{"cos", func(x float64) *big.Float { _, c := bigSinCos(x); return c }, 0.8, angle},
		{"tan", func(x float64) *big.Float { s, c := bigSinCos(x); return s.Quo(s, c) }, 1.9, angle},
		{"atan", func(x float64) *big.Float { return bigAtan(bigOf(x)) }, 1.1, moderate},
		{"asin", bigAsin, 1.9, unit},
		{"acos", func(x float64) *big.Float { return bigNew().Sub(bigHalfPi(), bigAsin(x)) }, 1.9, unit},
		{"exp", func(x float64) *big.Float { return bigExp(bigOf(x)) }, 0.6, exponent},
		{"sinh", func(x float64) *big.Float { return bigHyper(x, -1) }, 1.9, exponent},
		{"cosh", func(x float64) *big.Float { return bigHyper(x, 1) }, 1.9, exponent},
		{"tanh", func(x float64) *big.Float { s := bigHyper(x, -1); return s.Quo(s, bigHyper(x, 1)) }, 2.5, unit},
		{"ln", func(x float64) *big.Float { return bigLn(bigOf(x)) }, 0.9, positive},
		{"log10", func(x float64) *big.Float { return bigNew().Quo(bigLn(bigOf(x)), bigLn(bigOf(10))) }, 0.6, positive},
		{"log2", func(x float64) *big.Float { return bigNew().Quo(bigLn(bigOf(x)), bigLn(bigOf(2))) }, 0.6, positive},
	}
	g := load(t, unaryProgram("sin", "cos", "tan", "atan", "asin", "acos", "exp", "sinh", "cosh", "tanh", "ln", "log10", "log2"))
	for _, f := range functions {
		in := make([]float64, rounds(250))
		for i := range in {
			in[i] = f.input(r)
		}
		worst, at := 0.0, 0.0
		for i, got := range g.floats("do_"+f.name, in) {
			if d := unitsApart(got, f.want(in[i])); d > worst {
				worst, at = d, in[i]
			}
		}
		t.Logf("%s: at most %.3f units off", f.name, worst)
		if worst > f.ulps {
			t.Errorf("%s(%v) is %.3f units off", f.name, at, worst)
		}
	}
}

// Ends of the domains, and functions that are exact.
//
// Proves: dol 16-c
func TestFunctionsAtTheEdges(t *testing.T) {
	r := random(t)
	functions := []struct {
		name string
		want func(float64) float64
		near bool // only what is no ordinary number has to be the same
	}{
		{"sin", math.Sin, true},
		{"cos", math.Cos, true},
		{"tan", math.Tan, true},
		{"atan", math.Atan, true},
		{"asin", math.Asin, true},
		{"acos", math.Acos, true},
		{"exp", math.Exp, true},
		{"sinh", math.Sinh, true},
		{"cosh", math.Cosh, true},
		{"tanh", math.Tanh, true},
		{"ln", math.Log, true},
		{"log10", math.Log10, true},
		{"log2", math.Log2, true},
		{"sqrt", math.Sqrt, false},
		{"floor", math.Floor, false},
		{"ceil", math.Ceil, false},
		{"trunc", math.Trunc, false},
		{"round", math.Round, false},
	}
	var names []string
	for _, f := range functions {
		names = append(names, f.name)
	}
	g := load(t, unaryProgram(names...))
	for _, f := range functions {
		in := append([]float64{}, edges...)
		if !f.near {
			for range rounds(2000) {
				in = append(in, randomFloat(r))
			}
		}
		for i, got := range g.floats("do_"+f.name, in) {
			want := f.want(in[i])
			same := got == want && math.Signbit(got) == math.Signbit(want) || math.IsNaN(got) && math.IsNaN(want)
			ordinary := want != 0 && !math.IsNaN(want) && !math.IsInf(want, 0)
			if !same && !(f.near && ordinary && got*want > 0) {
				t.Errorf("%s(%v) = %v, want %v", f.name, in[i], got, want)
			}
		}
	}
}

// unaryProgram has a function do_f of lines of numbers for each f.
func unaryProgram(names ...string) string {
	var b strings.Builder
	for _, name := range names {
		fmt.Fprintf(&b, "pub fun do_%s(text: string) -> string { text.lines().map(|s| %s(s.parse_f64().unwrap()).to_string() + \"\\n\").join() }\n", name, name)
	}
	return b.String()
}

// floats calls an export of lines of numbers.
func (g *guest) floats(export string, in []float64) []float64 {
	g.t.Helper()
	texts := make([]string, len(in))
	for i, x := range in {
		texts[i] = dolFloat(x, 64)
	}
	fields := strings.Fields(g.call(export, strings.Join(texts, "\n")))
	if len(fields) != len(in) {
		g.t.Fatalf("%s: %d results for %d", export, len(fields), len(in))
	}
	out := make([]float64, len(in))
	for i, f := range fields {
		x, err := strconv.ParseFloat(f, 64)
		if err != nil {
			g.t.Fatal(err)
		}
		out[i] = x
	}
	return out
}

func moderate(r *rand.Rand) float64 { return r.NormFloat64() * math.Pow10(r.IntN(12)-6) }
func positive(r *rand.Rand) float64 {
	switch r.IntN(3) {
	case 0:
		return 1 + r.NormFloat64()*math.Pow10(-1-r.IntN(14))
	case 1:
		return math.Float64frombits(r.Uint64N(math.Float64bits(math.MaxFloat64)) + 1)
	default:
		return r.ExpFloat64() * math.Pow10(r.IntN(12)-6)
	}
}

func angle(r *rand.Rand) float64 {
	switch r.IntN(4) {
	case 0: // next to a multiple of a quarter turn
		x := float64(r.IntN(2_000_000)) * (math.Pi / 2)
		return math.Float64frombits(math.Float64bits(x) + r.Uint64N(9))
	case 1:
		return r.NormFloat64() * math.Pow10(r.IntN(300))
	default:
		return r.NormFloat64() * 10
	}
}

func unit(r *rand.Rand) float64     { return r.Float64()*2 - 1 }
func exponent(r *rand.Rand) float64 { return r.NormFloat64() * math.Pow10(r.IntN(6)-3) }

// pow, atan2 and % take two numbers.
//
// Proves: dol 5.2-b, dol 16-c
func TestFunctionsOfTwo(t *testing.T) {
	r := random(t)
	functions := []struct {
		name, call string
		want       func(x, y float64) float64
		reference  func(x, y float64) *big.Float // where the arguments are ordinary
		ulps       float64
	}{
		{"pow", "x ^ y", math.Pow, bigPow, 0.6},
		{"atan2", "atan2(x, y)", math.Atan2, bigAtan2, 1.6},
		{"rem", "x % y", math.Mod, nil, 0},
	}
	var b strings.Builder
	for _, f := range functions {
		fmt.Fprintf(&b, "pub fun do_%s(text: string) -> string { text.lines().map(|s| { let p = s.split(\" \"); let x = p[0].parse_f64().unwrap(); let y = p[1].parse_f64().unwrap(); (%s).to_string() + \"\\n\" }).join() }\n", f.name, f.call)
	}
	g := load(t, b.String())
	var pairs [][2]float64
	for _, x := range edges {
		for _, y := range edges {
			pairs = append(pairs, [2]float64{x, y})
		}
	}
	for range rounds(3000) {
		x, y := randomFloat(r), randomFloat(r)
		switch r.IntN(4) {
		case 0:
			x, y = float64(r.IntN(40)-20), float64(r.IntN(60)-30)
		case 1:
			x, y = r.ExpFloat64(), r.NormFloat64()*100
		case 2:
			x = 1 + r.NormFloat64()*math.Pow10(-r.IntN(15))
		}
		pairs = append(pairs, [2]float64{x, y})
	}
	lines := make([]string, len(pairs))
	for i, p := range pairs {
		lines[i] = dolFloat(p[0], 64) + " " + dolFloat(p[1], 64)
	}
	for _, f := range functions {
		out := strings.Fields(g.call("do_"+f.name, strings.Join(lines, "\n")))
		if len(out) != len(pairs) {
			t.Fatalf("%s: %d results for %d", f.name, len(out), len(pairs))
		}
		wrong, worst := 0, 0.0
		for i, p := range pairs {
			got, err := strconv.ParseFloat(out[i], 64)
			if err != nil {
				t.Fatal(err)
			}
			want := f.want(p[0], p[1])
			same := got == want && math.Signbit(got) == math.Signbit(want) || math.IsNaN(got) && math.IsNaN(want)
			if same && f.reference == nil {
				continue
			}
			ordinary := f.reference != nil && want != 0 && !math.IsNaN(want) && !math.IsInf(want, 0) && !math.IsInf(p[0], 0) && !math.IsInf(p[1], 0) && !math.IsNaN(p[0]) && !math.IsNaN(p[1])
			if ordinary && p[0] != 0 && p[1] != 0 && (i%5 == 0 || math.Abs(got-want) > 1e-13*math.Abs(want)) { // the reference is slow
				d := unitsApart(got, f.reference(p[0], p[1]))
				worst = max(worst, d)
				same = d <= f.ulps
			} else if ordinary {
				// Package math errs near zero, and in the sign of a quotient that vanishes.
				same = same || math.Abs(math.Abs(got)-math.Abs(want)) <= 1e-4*math.Abs(want)+1e-320
			}
			if !same && wrong < 10 {
				wrong++
				t.Errorf("%s(%v, %v) = %v, want %v", f.name, p[0], p[1], got, want)
			}
		}
		t.Logf("%s: at most %.3f units off", f.name, worst)
	}
}

// Powers of ten and of two have exact logarithms, small whole powers are exact.
//
// Proves: dol 16-c
func TestExactResults(t *testing.T) {
	eval(t, [][2]string{
		{"(-20..21).map(|n| log10(\"1e{}\".format(n).parse_f64().unwrap()) == n as f64).all(|b| b)", "true"},
		{"(-1000..1000).map(|n| log2(2.0 ^ (n as f64)) == n as f64).all(|b| b)", "true"},
		{"(0..34).map(|n| 3.0 ^ (n as f64) == (3 ^ n) as f64).all(|b| b)", "true"},
		{"[sin(0.0), cos(0.0), exp(0.0), ln(1.0), exp(1.0) - E, sin(PI)]", "[0.0, 1.0, 1.0, 0.0, 0.0, 1.2246467991473532e-16]"},
		{
			"[1.0.sin(), 1.0.cos(), 1.0.atan2(1.0), 1.0.exp(), 10.0.ln(), 1000.0.log10()]",
			"[0.8414709848078965, 0.5403023058681398, 0.7853981633974483, 2.718281828459045, 2.302585092994046, 3.0]",
		},
	})
}
