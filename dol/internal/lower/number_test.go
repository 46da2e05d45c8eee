package lower

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/univrs/vudo/dol/internal/ir"
	. "github.com/univrs/vudo/dol/internal/typed"
)

var ints = []Kind{I8, I16, I32, I64, U8, U16, U32, U64}

// samples are the values of an integer type at which operations change.
func samples(k Kind) []*big.Int {
	one := big.NewInt(1)
	least, most := big.NewInt(0), new(big.Int).Lsh(one, uint(k.Bits()))
	if k.IsSigned() {
		most.Rsh(most, 1)
		least.Neg(most)
	}
	most.Sub(most, one)
	out := []*big.Int{least, new(big.Int).Add(least, one), most, new(big.Int).Sub(most, one)}
	for _, n := range []int64{0, 1, 2, 3, 7, 10, 100, -1, -2, -7, -100} {
		if x := big.NewInt(n); x.Cmp(least) >= 0 && x.Cmp(most) <= 0 {
			out = append(out, x)
		}
	}
	return out
}

// wrap takes a number into the range of a type, modulo its width.
func wrap(k Kind, x *big.Int) *big.Int {
	one := big.NewInt(1)
	size := new(big.Int).Lsh(one, uint(k.Bits()))
	r := new(big.Int).Mod(x, size)
	if half := new(big.Int).Rsh(size, 1); k.IsSigned() && r.Cmp(half) >= 0 {
		r.Sub(r, size)
	}
	return r
}

// valueOf makes the machine's value of a number.
func valueOf(k Kind, x *big.Int) ir.Value {
	bits := new(big.Int).Mod(x, new(big.Int).Lsh(big.NewInt(1), 64)).Uint64()
	if kindOf(k) == ir.I32 {
		return ir.Num(ir.I32, uint64(uint32(bits)))
	}
	return ir.Num(ir.I64, bits)
}

// want computes an operation on mathematical integers; nil: it traps.
func want(op Op, k Kind, x, y *big.Int) *big.Int {
	r := new(big.Int)
	truth := func(b bool) *big.Int {
		if b {
			return big.NewInt(1)
		}
		return big.NewInt(0)
	}
	switch op {
	case Add:
		r.Add(x, y)
	case Sub:
		r.Sub(x, y)
	case Mul:
		r.Mul(x, y)
	case Div, Rem:
		if y.Sign() == 0 {
			return nil
		}
		if op == Rem {
			return r.Rem(x, y)
		}
		r.Quo(x, y)
		if wrap(k, r).Cmp(r) != 0 {
			return nil
		}
	case Pow:
		if y.Sign() < 0 {
			return nil
		}
		r.Exp(x, y, new(big.Int).Lsh(big.NewInt(1), 64))
	case BitAnd:
		r.And(x, y)
	case BitOr:
		r.Or(x, y)
	case BitXor:
		r.Xor(x, y)
	case Shl, Shr:
		n := uint(new(big.Int).Mod(y, big.NewInt(int64(k.Bits()))).Uint64())
		if op == Shr {
			return r.Rsh(x, n)
		}
		r.Lsh(x, n)
	case Eq:
		return truth(x.Cmp(y) == 0)
	case Ne:
		return truth(x.Cmp(y) != 0)
	case Lt:
		return truth(x.Cmp(y) < 0)
	case Le:
		return truth(x.Cmp(y) <= 0)
	case Gt:
		return truth(x.Cmp(y) > 0)
	case Ge:
		return truth(x.Cmp(y) >= 0)
	}
	return wrap(k, r)
}

// Proves: dol 5.2-a, 5.2-b, 8.2-a, 8.6-a
func TestIntegerOperationsAgainstMathematics(t *testing.T) {
	for _, k := range ints {
		w := newWorld()
		for op := Add; op <= Ge; op++ {
			x, y := param("x", Basics[k]), param("y", Basics[k])
			r := Type(Basics[k])
			if op >= Eq {
				r = tBool
			}
			w.export(fmt.Sprint("op", op), []*Var{x, y}, binop(op, r, use(x), use(y)))
		}
		m := w.machine(t, Options{})
		for op := Add; op <= Ge; op++ {
			for _, x := range samples(k) {
				for _, y := range samples(k) {
					if op == Pow && y.CmpAbs(big.NewInt(300)) > 0 && y.Sign() > 0 {
						continue // the test's own power is linear in the exponent
					}
					got, err := m.CallExport(fmt.Sprint("op", op), valueOf(k, x), valueOf(k, y))
					exp := want(op, k, x, y)
					switch {
					case exp == nil && err == nil:
						t.Errorf("%v: %v op %d %v = %v, want a trap", k, x, op, y, got)
					case exp != nil && err != nil:
						t.Errorf("%v: %v op %d %v: %v, want %v", k, x, op, y, err, exp)
					case exp != nil && got.Bits != valueOf(resultKind(op, k), exp).Bits:
						t.Errorf("%v: %v op %d %v = %v, want %v", k, x, op, y, got, exp)
					}
				}
			}
		}
	}
}

func resultKind(op Op, k Kind) Kind {
	if op >= Eq {
		return Bool
	}
	return k
}

// Proves: dol 5.5-l
func TestIntegerCastsWrap(t *testing.T) {
	for _, from := range ints {
		w := newWorld()
		for _, to := range ints {
			x := param("x", Basics[from])
			w.export(to.String(), []*Var{x}, &Convert{E: E{T: Basics[to]}, X: use(x)})
		}
		m := w.machine(t, Options{})
		for _, to := range ints {
			for _, x := range samples(from) {
				got, err := m.CallExport(to.String(), valueOf(from, x))
				if want := valueOf(to, wrap(to, x)); err != nil || got.Bits != want.Bits {
					t.Errorf("%v as %v of %v = %v %v, want %v", from, to, x, got, err, want)
				}
			}
		}
	}
}

// Proves: dol 5.5-l
func TestFloatToIntegerSaturates(t *testing.T) {
	for _, k := range ints {
		w := newWorld()
		x := param("x", tF64)
		w.export("f", []*Var{x}, &Convert{E: E{T: Basics[k]}, X: use(x)})
		m := w.machine(t, Options{})
		all := samples(k)
		least, most := all[0], all[2]
		for _, x := range []float64{0, 1.9, -1.9, 127.5, 128, 255.9, 256, -128.9, -129, 1e9, 1e10, -1e10, 1e30, -1e30, math.Inf(1), math.Inf(-1), math.NaN(), math.Copysign(0, -1)} {
			want := big.NewInt(0)
			switch {
			case math.IsNaN(x):
			case math.IsInf(x, 1):
				want = most
			case math.IsInf(x, -1):
				want = least
			default:
				want, _ = big.NewFloat(math.Trunc(x)).Int(nil)
				if want.Cmp(least) < 0 {
					want = least
				}
				if want.Cmp(most) > 0 {
					want = most
				}
			}
			got, err := m.CallExport("f", f64bits(x))
			if err != nil || got.Bits != valueOf(k, want).Bits {
				t.Errorf("%v as %v = %v %v, want %v", x, k, got, err, want)
			}
		}
	}
}

// Proves: dol 5.5-l
func TestNumberToCharIsAlwaysAScalarValue(t *testing.T) {
	w := newWorld()
	x := param("x", tU32)
	w.export("f", []*Var{x}, &Convert{E: E{T: tChar}, X: use(x)})
	m := w.machine(t, Options{})
	for in, want := range map[uint32]uint64{0: 0, 'a': 'a', 0xd7ff: 0xd7ff, 0xd800: 0xfffd, 0xdfff: 0xfffd, 0xe000: 0xe000, 0x10ffff: 0x10ffff, 0x110000: 0xfffd, math.MaxUint32: 0xfffd} {
		if got, err := m.CallExport("f", ir.Num(ir.I32, uint64(in))); err != nil || got.Bits != want {
			t.Errorf("%#x as char = %v %v, want %#x", in, got, err, want)
		}
	}
}

// Proves: dol 5.2-b, 8.6-a
func TestTrapsHaveTheirPlace(t *testing.T) {
	for _, k := range ints {
		w := newWorld()
		x := param("x", Basics[k])
		div := binop(Div, Basics[k], use(x), num(Basics[k], 0))
		div.P = Pos{Line: 7, Col: 3}
		w.export("f", []*Var{x}, div)
		_, err := w.machine(t, Options{}).CallExport("f", valueOf(k, big.NewInt(5)))
		var trap *ir.Trap
		if !errors.As(err, &trap) || trap.Pos() != (ir.Pos{Line: 7, Col: 3}) {
			t.Errorf("%v: %v", k, err)
		}
	}
}

// Proves: dol 8.6-a
func TestNegativeExponentPanics(t *testing.T) {
	w := newWorld()
	x := param("x", tI64)
	w.export("f", []*Var{x}, binop(Pow, tI64, num(tI64, 2), use(x)))
	_, err := w.machine(t, Options{}).CallExport("f", ir.Num(ir.I64, uint64(math.MaxUint64)))
	if err == nil || !strings.Contains(err.Error(), "negative exponent") {
		t.Errorf("2 ^ -1: %v", err)
	}
}
