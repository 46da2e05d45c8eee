package types

import (
	"math"
	"slices"

	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/dol/internal/typed"
)

func sortUint64(s []uint64) { slices.Sort(s) }

// maxConstSteps bounds the evaluation of all constants of a program together.
const maxConstSteps = 1_000_000

// foldLater looks at an operation when its types are known: one of constants that
// overflows or divides by zero is an error (dol 18-b, arithmetic).
func (b *body) foldLater(x typed.Expr, at syntax.Span) {
	if bin, ok := x.(*typed.Binary); ok {
		if !b.mayFold(bin.Y) || bin.Op != typed.Div && bin.Op != typed.Rem && !b.mayFold(bin.X) {
			return
		}
	} else if un, ok := x.(*typed.Unary); !ok || !b.mayFold(un.X) {
		return
	}
	if b.foldable == nil {
		b.foldable = map[typed.Expr]bool{}
		b.folded = map[typed.Expr]*typed.Const{}
	}
	if bin, ok := x.(*typed.Binary); !ok || b.mayFold(bin.X) {
		b.foldable[x] = true
	}
	b.checks = append(b.checks, func() {
		kind := typed.KindOf(resolve(x.Type()))
		if !kind.IsInt() || kind.Bits() > 64 {
			return
		}
		switch x := x.(type) {
		case *typed.Binary:
			x.T = resolve(x.T)
			r := b.foldOperand(x.Y)
			if r == nil {
				return
			}
			if (x.Op == typed.Div || x.Op == typed.Rem) && r.Int == 0 {
				b.error("div-by-zero-const", at, "division by zero")
				return
			}
			l := b.foldOperand(x.X)
			if l == nil {
				return
			}
			n, over := foldInt(x.Op, l.Int, r.Int, kind)
			if over {
				b.error("const-overflow", at, "the value does not fit %s", b.s.typeName(x.T))
				return
			}
			b.folded[x] = &typed.Const{E: typed.E{T: x.T, P: x.P}, Int: n}
		case *typed.Unary:
			if v := b.foldOperand(x.X); v != nil && x.Op == typed.Neg && kind.IsSigned() && int64(v.Int) == math.MinInt64>>(64-kind.Bits()) {
				b.error("const-overflow", at, "the value does not fit %s", b.s.typeName(x.T))
			}
		}
	})
}

// mayFold reports whether x is built from literals alone.
func (b *body) mayFold(x typed.Expr) bool {
	switch x := x.(type) {
	case *typed.Const:
		return true
	case *typed.Block:
		return len(x.Stmts) == 0 && x.Value != nil && b.mayFold(x.Value)
	case *typed.Binary:
		return b.foldable[x]
	case *typed.Unary:
		return b.foldable[x]
	case *typed.Convert:
		return b.mayFold(x.X)
	}
	return false
}

// foldOperand evaluates an operand, nil when it is not constant or was reported.
func (b *body) foldOperand(x typed.Expr) *typed.Const {
	if bin, ok := x.(*typed.Binary); ok && b.foldable[x] && typed.KindOf(bin.T).IsInt() {
		return b.folded[x] // computed before: operands come first
	}
	k, overflow := b.fold(x)
	if overflow {
		return nil
	}
	return k
}

// evaluate returns the value of a constant expression; nil when it is none, or
// too much work.
func (c *checker) evaluate(x typed.Expr) *typed.Const {
	k, overflow := c.fold(x)
	if overflow {
		return nil
	}
	return k
}

// fold evaluates an expression of constants; overflow says that an integer does
// not fit its type.
func (c *checker) fold(x typed.Expr) (k *typed.Const, overflow bool) {
	if c.steps--; c.steps < 0 {
		return nil, false
	}
	switch x := x.(type) {
	case *typed.Const:
		if isBad(x.T) || isVar(x.T) {
			return nil, false
		}
		return x, false
	case *typed.Block:
		if len(x.Stmts) == 0 && x.Value != nil {
			return c.fold(x.Value)
		}
	case *typed.GetField:
		if _, this := x.X.(*typed.Local); this && x.Index < len(c.fields) && c.fields[x.Index] != nil {
			if c.fieldRead < 0 {
				c.fieldRead = x.Index
			}
			return c.fields[x.Index], false
		}
	case *typed.Unary:
		v, over := c.fold(x.X)
		if v == nil || over {
			return nil, over
		}
		return c.foldUnary(x, v)
	case *typed.Binary:
		return c.foldBinary(x)
	case *typed.Convert:
		v, over := c.fold(x.X)
		if v == nil || over {
			return nil, over
		}
		return foldConvert(v, x.T), false
	case *typed.Concat:
		out := &typed.Const{E: x.E}
		for _, p := range x.Parts {
			v, _ := c.fold(p)
			if v == nil || typed.KindOf(v.T) != typed.String {
				return nil, false
			}
			out.Str += v.Str
		}
		return out, false
	case *typed.If:
		cond, over := c.fold(x.Cond)
		if cond == nil || over {
			return nil, over
		}
		if cond.Int != 0 {
			return c.fold(x.Then)
		}
		if x.Else != nil {
			return c.fold(x.Else)
		}
	}
	return nil, false
}

func (c *checker) foldUnary(x *typed.Unary, v *typed.Const) (*typed.Const, bool) {
	kind := typed.KindOf(x.T)
	out := &typed.Const{E: x.E}
	switch {
	case x.Op == typed.Not:
		out.Int = v.Int ^ 1
	case x.Op == typed.Neg && kind.IsFloat():
		out.Float = -v.Float
	case x.Op == typed.Neg && kind.IsInt() && kind.Bits() <= 64:
		n, over := foldInt(typed.Sub, 0, v.Int, kind)
		out.Int = n
		return out, over
	default:
		return nil, false
	}
	return out, false
}

func (c *checker) foldBinary(x *typed.Binary) (*typed.Const, bool) {
	l, over := c.fold(x.X)
	if l == nil || over {
		return nil, over
	}
	boolean := func(v bool) (*typed.Const, bool) {
		out := &typed.Const{E: typed.E{T: tBool, P: x.P}}
		if v {
			out.Int = 1
		}
		return out, false
	}
	switch x.Op {
	case typed.And, typed.Or:
		if (l.Int != 0) == (x.Op == typed.Or) {
			return boolean(l.Int != 0)
		}
		r, over := c.fold(x.Y)
		if r == nil {
			return nil, over
		}
		return boolean(r.Int != 0)
	}
	r, over := c.fold(x.Y)
	if r == nil || over {
		return nil, over
	}
	kind := typed.KindOf(l.T)
	if kind != typed.KindOf(r.T) {
		return nil, false
	}
	if x.Op >= typed.Eq && x.Op <= typed.Ge {
		cmp, ok := compareConst(l, r, kind)
		if !ok {
			return nil, false
		}
		switch x.Op {
		case typed.Eq:
			return boolean(cmp == 0)
		case typed.Ne:
			return boolean(cmp != 0)
		case typed.Lt:
			return boolean(cmp < 0)
		case typed.Le:
			return boolean(cmp <= 0)
		case typed.Gt:
			return boolean(cmp > 0)
		}
		return boolean(cmp >= 0)
	}
	out := &typed.Const{E: typed.E{T: l.T, P: x.P}}
	switch {
	case kind.IsInt() && kind.Bits() <= 64:
		if (x.Op == typed.Div || x.Op == typed.Rem) && r.Int == 0 {
			return nil, false
		}
		n, over := foldInt(x.Op, l.Int, r.Int, kind)
		out.Int = n
		return out, over
	case kind.IsFloat():
		switch x.Op {
		case typed.Add:
			out.Float = l.Float + r.Float
		case typed.Sub:
			out.Float = l.Float - r.Float
		case typed.Mul:
			out.Float = l.Float * r.Float
		case typed.Div:
			out.Float = l.Float / r.Float
		default:
			return nil, false
		}
		if kind == typed.F32 {
			out.Float = float64(float32(out.Float))
		}
		return out, false
	}
	return nil, false
}

func compareConst(l, r *typed.Const, kind typed.Kind) (int, bool) {
	order := func(less, equal bool) int {
		switch {
		case equal:
			return 0
		case less:
			return -1
		}
		return 1
	}
	switch {
	case kind.IsFloat():
		if math.IsNaN(l.Float) || math.IsNaN(r.Float) {
			return 0, false
		}
		return order(l.Float < r.Float, l.Float == r.Float), true
	case kind == typed.String:
		return order(l.Str < r.Str, l.Str == r.Str), true
	case kind.IsSigned():
		return order(int64(l.Int) < int64(r.Int), l.Int == r.Int), true
	case kind.IsInt() || kind == typed.Bool || kind == typed.Char:
		return order(l.Int < r.Int, l.Int == r.Int), true
	}
	return 0, false
}

// foldInt computes an integer operation at the width of kind and reports whether
// the exact result does not fit.
func foldInt(op typed.Op, l, r uint64, kind typed.Kind) (uint64, bool) {
	var n uint64
	var over bool
	switch op {
	case typed.Add:
		n = l + r
		if kind.IsSigned() {
			over = (int64(r) > 0 && int64(n) < int64(l)) || (int64(r) < 0 && int64(n) > int64(l))
		} else {
			over = n < l
		}
	case typed.Sub:
		n = l - r
		if kind.IsSigned() {
			over = (int64(r) > 0 && int64(n) > int64(l)) || (int64(r) < 0 && int64(n) < int64(l))
		} else {
			over = l < r
		}
	case typed.Mul:
		n = l * r
		if kind.IsSigned() {
			a, b := int64(l), int64(r)
			over = a != 0 && (int64(n)/a != b || a == -1 && b == math.MinInt64)
		} else {
			over = l != 0 && n/l != r
		}
	case typed.Div, typed.Rem:
		if kind.IsSigned() {
			a, b := int64(l), int64(r)
			if b == -1 {
				if op == typed.Rem {
					return 0, false
				}
				return foldInt(typed.Sub, 0, l, kind)
			}
			n = uint64(a / b)
			if op == typed.Rem {
				n = uint64(a % b)
			}
		} else if op == typed.Div {
			n = l / r
		} else {
			n = l % r
		}
	case typed.Pow:
		if kind.IsSigned() && int64(r) < 0 {
			return 0, true
		}
		n = 1
		for i := uint64(0); i < r; i++ {
			if i > 64 && l != 0 && l != 1 && l != math.MaxUint64 {
				return 0, true
			}
			if l == 0 || l == 1 {
				n = l
				break
			}
			if i > 128 { // of -1
				n = 1
				if r%2 == 1 {
					n = l
				}
				break
			}
			var o bool
			n, o = foldInt(typed.Mul, n, l, kind)
			if o {
				return n, true
			}
		}
	case typed.BitAnd:
		n = l & r
	default:
		return 0, false
	}
	wrapped := wrapInt(n, kind)
	return wrapped, over || wrapped != n
}

// wrapInt cuts n to the width of kind, sign-extended for signed ones.
func wrapInt(n uint64, kind typed.Kind) uint64 {
	bits := kind.Bits()
	if bits >= 64 {
		return n
	}
	if kind.IsSigned() {
		return uint64(int64(n<<(64-bits)) >> (64 - bits))
	}
	return n & (1<<bits - 1)
}

// foldConvert is v as t; nil for conversions that are left to run time.
func foldConvert(v *typed.Const, t typed.Type) *typed.Const {
	from, to := typed.KindOf(v.T), typed.KindOf(t)
	out := &typed.Const{E: typed.E{T: t, P: v.P}}
	if to.Bits() == 0 || to.Bits() > 64 || from.Bits() == 0 || from.Bits() > 64 {
		return nil
	}
	switch {
	case from.IsFloat() && to.IsFloat():
		out.Float = v.Float
		if to == typed.F32 {
			out.Float = float64(float32(v.Float))
		}
	case from.IsFloat():
		if to == typed.Bool || to == typed.Char {
			return nil
		}
		out.Int = saturate(v.Float, to)
	case to.IsFloat():
		if from.IsSigned() {
			out.Float = float64(int64(v.Int))
		} else {
			out.Float = float64(v.Int)
		}
		if to == typed.F32 {
			if from.IsSigned() {
				out.Float = float64(float32(int64(v.Int)))
			} else {
				out.Float = float64(float32(v.Int))
			}
		}
	case to.IsInt():
		out.Int = wrapInt(v.Int, to)
	case from == to:
		out.Int = v.Int
	default:
		return nil
	}
	return out
}

// saturate converts a float to an integer: NaN is 0, what is too large the limit.
func saturate(f float64, kind typed.Kind) uint64 {
	bits := kind.Bits()
	switch {
	case math.IsNaN(f):
		return 0
	case kind.IsSigned():
		limit := math.Ldexp(1, bits-1)
		switch {
		case f >= limit:
			return uint64(int64(math.MaxInt64) >> (64 - bits))
		case f < -limit:
			return uint64(int64(math.MinInt64) >> (64 - bits))
		}
		return uint64(int64(f))
	case f <= 0:
		return 0
	case f >= math.Ldexp(1, bits):
		return math.MaxUint64 >> (64 - bits)
	}
	return uint64(f)
}
