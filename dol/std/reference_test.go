package std_test

import (
	"math"
	"math/big"
)

// The reference for elementary functions: series in numbers of 256 bits, and of 1,400
// for the reduction of the largest angle.

const (
	bigPrecision   = 256
	anglePrecision = 1400
)

func bigNew() *big.Float         { return new(big.Float).SetPrec(bigPrecision) }
func bigOf(x float64) *big.Float { return bigNew().SetFloat64(x) }
func bigSmall(x, sum *big.Float) bool {
	return x.Sign() == 0 || x.MantExp(nil) < sum.MantExp(nil)-bigPrecision
}

// bigAtanSeries is the arc tangent of a small x, with the precision of x.
func bigAtanSeries(x *big.Float) *big.Float {
	sum, term := new(big.Float).Set(x), new(big.Float).Set(x)
	square := new(big.Float).Mul(x, x)
	square.Neg(square)
	for k := 3.0; sum.Sign() != 0; k += 2 {
		term.Mul(term, square)
		part := new(big.Float).SetPrec(x.Prec()).Quo(term, bigOf(k))
		if part.Sign() == 0 || part.MantExp(nil) < sum.MantExp(nil)-int(x.Prec()) {
			break
		}
		sum.Add(sum, part)
	}
	return sum
}

var halfPi = func() *big.Float {
	// Machin: pi/4 = 4 atan(1/5) - atan(1/239)
	inverse := func(n float64) *big.Float {
		return new(big.Float).SetPrec(anglePrecision).Quo(bigOf(1), bigOf(n))
	}
	a, b := bigAtanSeries(inverse(5)), bigAtanSeries(inverse(239))
	a.Mul(a, bigOf(4)).Sub(a, b)
	return a.Mul(a, bigOf(2))
}()

func bigHalfPi() *big.Float { return bigNew().Set(halfPi) }

// bigAtan halves the angle until the series is short.
func bigAtan(x *big.Float) *big.Float {
	x = bigNew().Set(x)
	halved := 0
	for x.Sign() != 0 && x.MantExp(nil) > -6 {
		root := bigNew().Mul(x, x)
		root.Add(root, bigOf(1)).Sqrt(root)
		x.Quo(x, root.Add(root, bigOf(1)))
		halved++
	}
	y := bigAtanSeries(x)
	return y.SetMantExp(y, halved)
}

func bigAtan2(y, x float64) *big.Float {
	pi := bigHalfPi()
	pi.Mul(pi, bigOf(2))
	if x == 0 {
		return bigNew().Mul(bigHalfPi(), bigOf(math.Copysign(1, y)))
	}
	a := bigAtan(bigNew().Quo(bigOf(y), bigOf(x)))
	if math.Signbit(x) {
		if math.Signbit(y) {
			return a.Sub(a, pi)
		}
		return a.Add(a, pi)
	}
	return a
}

func bigAsin(x float64) *big.Float {
	c := bigNew().Mul(bigOf(x), bigOf(x))
	c.Sub(bigOf(1), c).Sqrt(c)
	if c.Sign() == 0 {
		return bigNew().Mul(bigHalfPi(), bigOf(math.Copysign(1, x)))
	}
	return bigAtan(c.Quo(bigOf(x), c))
}

// bigSinCos reduces the angle to an eighth of a turn about zero.
func bigSinCos(angle float64) (sin, cos *big.Float) {
	wide := func() *big.Float { return new(big.Float).SetPrec(anglePrecision) }
	turns := wide().Quo(bigOf(angle), halfPi)
	turns.Add(turns, bigOf(math.Copysign(0.5, angle)))
	n, _ := turns.Int(nil)
	x := wide().Mul(wide().SetInt(n), halfPi)
	x.Sub(bigOf(angle), x).SetPrec(bigPrecision)
	square := bigNew().Mul(x, x)
	square.Neg(square)
	series := func(first *big.Float, k float64) *big.Float {
		sum, term := bigNew().Set(first), bigNew().Set(first)
		for ; ; k += 2 {
			term.Mul(term, square).Quo(term, bigOf(k*(k+1)))
			if sum.Sign() == 0 || bigSmall(term, sum) {
				return sum
			}
			sum.Add(sum, term)
		}
	}
	s, c := series(x, 2), series(bigOf(1), 1)
	switch new(big.Int).Mod(n, big.NewInt(4)).Int64() {
	case 1:
		s, c = c, s.Neg(s)
	case 2:
		s, c = s.Neg(s), c.Neg(c)
	case 3:
		s, c = c.Neg(c), s
	}
	return s, c
}

// bigExp halves the argument until the series is short.
func bigExp(x *big.Float) *big.Float {
	if x.Sign() == 0 {
		return bigOf(1)
	}
	x = bigNew().Set(x)
	halved := max(0, x.MantExp(nil)+8)
	x.SetMantExp(x, -halved)
	sum, term := bigOf(1), bigOf(1)
	for k := 1.0; ; k++ {
		term.Mul(term, x).Quo(term, bigOf(k))
		if bigSmall(term, sum) {
			break
		}
		sum.Add(sum, term)
	}
	for range halved {
		sum.Mul(sum, sum)
	}
	return sum
}

func bigHyper(x, sign float64) *big.Float {
	e := bigExp(bigOf(x))
	other := bigNew().Quo(bigOf(sign), e)
	e.Add(e, other)
	return e.Quo(e, bigOf(2))
}

// bigLn is 2 atanh((m-1)/(m+1)) for the mantissa, and the exponent times ln 2.
func bigLn(x *big.Float) *big.Float {
	m := bigNew()
	k := x.MantExp(m)
	y := bigAtanh(m)
	if k == 0 {
		return y
	}
	two := bigAtanh(bigOf(2))
	return y.Add(y, two.Mul(two, bigOf(float64(k))))
}

func bigAtanh(m *big.Float) *big.Float {
	s := bigNew().Quo(bigNew().Sub(m, bigOf(1)), bigNew().Add(m, bigOf(1)))
	sum, term, square := bigNew().Set(s), bigNew().Set(s), bigNew().Mul(s, s)
	for k := 3.0; ; k += 2 {
		term.Mul(term, square)
		part := bigNew().Quo(term, bigOf(k))
		if sum.Sign() == 0 || bigSmall(part, sum) {
			return sum.Mul(sum, bigOf(2))
		}
		sum.Add(sum, part)
	}
}

func bigPow(x, y float64) *big.Float {
	if y == 0 {
		return bigOf(1)
	}
	l := bigLn(bigOf(math.Abs(x)))
	e := bigExp(l.Mul(l, bigOf(y)))
	if x < 0 && math.Mod(y, 2) != 0 {
		e.Neg(e)
	}
	return e
}

// unitsApart is how many units of the last place of want lie between got and want.
func unitsApart(got float64, want *big.Float) float64 {
	w, _ := want.Float64()
	if w == got || math.IsInf(w, 0) || math.IsNaN(got) {
		if math.IsInf(w, 0) || math.IsNaN(got) {
			if got == w {
				return 0
			}
			return math.Inf(1)
		}
	}
	a := math.Abs(w)
	unit := bigNew().Sub(bigOf(math.Nextafter(a, math.Inf(1))), bigOf(a))
	if a == math.MaxFloat64 {
		unit = bigOf(math.Ldexp(1, 971))
	}
	if math.IsInf(got, 0) {
		return math.Inf(1)
	}
	d := bigNew().Sub(bigOf(got), want)
	u, _ := d.Abs(d).Quo(d, unit).Float64()
	return u
}
