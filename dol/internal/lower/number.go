package lower

import (
	"math"

	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/dol/internal/typed"
	"github.com/univrs/vudo/internal/wasm"
)

// kindOf returns the kind of values of a number, bool or char.
func kindOf(k typed.Kind) ir.Kind {
	switch k {
	case typed.I64, typed.U64:
		return ir.I64
	case typed.F32:
		return ir.F32
	case typed.F64:
		return ir.F64
	}
	return ir.I32
}

// machine are the operators of one operation: on i32 and i64, each signed and
// unsigned, on f32 and f64. Zero: there is none.
type machine struct{ s32, u32, s64, u64, f32, f64 wasm.Opcode }

var machines = [...]machine{
	typed.Add:    {wasm.OpI32Add, wasm.OpI32Add, wasm.OpI64Add, wasm.OpI64Add, wasm.OpF32Add, wasm.OpF64Add},
	typed.Sub:    {wasm.OpI32Sub, wasm.OpI32Sub, wasm.OpI64Sub, wasm.OpI64Sub, wasm.OpF32Sub, wasm.OpF64Sub},
	typed.Mul:    {wasm.OpI32Mul, wasm.OpI32Mul, wasm.OpI64Mul, wasm.OpI64Mul, wasm.OpF32Mul, wasm.OpF64Mul},
	typed.Div:    {wasm.OpI32DivS, wasm.OpI32DivU, wasm.OpI64DivS, wasm.OpI64DivU, wasm.OpF32Div, wasm.OpF64Div},
	typed.Rem:    {wasm.OpI32RemS, wasm.OpI32RemU, wasm.OpI64RemS, wasm.OpI64RemU, 0, 0},
	typed.BitAnd: {wasm.OpI32And, wasm.OpI32And, wasm.OpI64And, wasm.OpI64And, 0, 0},
	typed.BitOr:  {wasm.OpI32Or, wasm.OpI32Or, wasm.OpI64Or, wasm.OpI64Or, 0, 0},
	typed.BitXor: {wasm.OpI32Xor, wasm.OpI32Xor, wasm.OpI64Xor, wasm.OpI64Xor, 0, 0},
	typed.Shl:    {wasm.OpI32Shl, wasm.OpI32Shl, wasm.OpI64Shl, wasm.OpI64Shl, 0, 0},
	typed.Shr:    {wasm.OpI32ShrS, wasm.OpI32ShrU, wasm.OpI64ShrS, wasm.OpI64ShrU, 0, 0},
	typed.Eq:     {wasm.OpI32Eq, wasm.OpI32Eq, wasm.OpI64Eq, wasm.OpI64Eq, wasm.OpF32Eq, wasm.OpF64Eq},
	typed.Ne:     {wasm.OpI32Ne, wasm.OpI32Ne, wasm.OpI64Ne, wasm.OpI64Ne, wasm.OpF32Ne, wasm.OpF64Ne},
	typed.Lt:     {wasm.OpI32LtS, wasm.OpI32LtU, wasm.OpI64LtS, wasm.OpI64LtU, wasm.OpF32Lt, wasm.OpF64Lt},
	typed.Le:     {wasm.OpI32LeS, wasm.OpI32LeU, wasm.OpI64LeS, wasm.OpI64LeU, wasm.OpF32Le, wasm.OpF64Le},
	typed.Gt:     {wasm.OpI32GtS, wasm.OpI32GtU, wasm.OpI64GtS, wasm.OpI64GtU, wasm.OpF32Gt, wasm.OpF64Gt},
	typed.Ge:     {wasm.OpI32GeS, wasm.OpI32GeU, wasm.OpI64GeS, wasm.OpI64GeU, wasm.OpF32Ge, wasm.OpF64Ge},
}

// opcode returns the operator of an operation on a basic type. Bool and char
// compare as unsigned.
func opcode(op typed.Op, k typed.Kind) wasm.Opcode {
	m := machines[op]
	switch {
	case k == typed.F32:
		return m.f32
	case k == typed.F64:
		return m.f64
	case k == typed.I64:
		return m.s64
	case k == typed.U64:
		return m.u64
	case k.IsSigned():
		return m.s32
	}
	return m.u32
}

// one is the number 1 of an integer type or char.
func one(k typed.Kind) ir.Expr { return integer(k, 1) }

// integer is a constant of an integer type.
func integer(k typed.Kind, n int64) ir.Expr {
	if kindOf(k) == ir.I64 {
		return i64(n)
	}
	return i32(int32(n))
}

// narrow wraps x, the i32 of an operation, to the width of its type.
func narrow(k typed.Kind, x ir.Expr) ir.Expr {
	switch k {
	case typed.I8:
		return un(wasm.OpI32Extend8S, x)
	case typed.I16:
		return un(wasm.OpI32Extend16S, x)
	case typed.U8:
		return bin(wasm.OpI32And, x, i32(math.MaxUint8))
	case typed.U16:
		return bin(wasm.OpI32And, x, i32(math.MaxUint16))
	}
	return x
}

func (b *body) unary(e *typed.Unary) ir.Expr {
	k := b.l.layout(b.typ(e.T)).basic
	if c := literal(e.X); c != nil && e.Op == typed.Neg {
		minus := *c
		minus.Int, minus.Float = -c.Int, -c.Float
		if !k.IsFloat() && kindOf(k) == ir.I32 {
			return narrowConst(k, int32(uint32(minus.Int)))
		}
		return number(k, &minus)
	}
	x := b.expr(e.X)
	if b.dead {
		return zero(kindOf(k))
	}
	switch {
	case e.Op == typed.Not:
		return not(x)
	case e.Op == typed.BitNot:
		return complement(k, x)
	case k == typed.F32:
		return un(wasm.OpF32Neg, x)
	case k == typed.F64:
		return un(wasm.OpF64Neg, x)
	}
	return narrow(k, bin(opcode(typed.Sub, k), integer(k, 0), x))
}

// complement inverts the bits of an integer.
func complement(k typed.Kind, x ir.Expr) ir.Expr {
	return narrow(k, bin(opcode(typed.BitXor, k), x, integer(k, -1)))
}

// narrowConst wraps a constant.
func narrowConst(k typed.Kind, n int32) ir.Expr {
	switch k {
	case typed.I8:
		n = int32(int8(n))
	case typed.I16:
		n = int32(int16(n))
	case typed.U8:
		n = int32(uint8(n))
	case typed.U16:
		n = int32(uint16(n))
	}
	return i32(n)
}

func (b *body) binary(e *typed.Binary) ir.Expr {
	if e.Op == typed.And || e.Op == typed.Or {
		return b.logic(e)
	}
	t := b.typ(e.X.Type())
	xs := b.operands(e.X, e.Y)
	if b.dead {
		return zero(b.kindOf(e))
	}
	return b.operate(e.Op, t, xs[0], xs[1], e.P)
}

// operate applies an operation to two values of type t.
func (b *body) operate(op typed.Op, t typed.Type, x, y ir.Expr, p typed.Pos) ir.Expr {
	switch op {
	case typed.Eq:
		return b.equal(t, x, y, p)
	case typed.Ne:
		return not(b.equal(t, x, y, p))
	}
	l := b.l.layout(t)
	if l.shape != scalar {
		if op == typed.Add && l.shape == text {
			return b.join([]ir.Expr{x, y}, p)
		}
		return bin(opcode(op, typed.I32), b.compare(t, x, y, p), i32(0))
	}
	switch op {
	case typed.Lt, typed.Le, typed.Gt, typed.Ge:
		return bin(opcode(op, l.basic), x, y)
	}
	return b.arithmetic(op, l.basic, x, y, p)
}

// arithmetic applies an operation whose value has the type of its operands.
func (b *body) arithmetic(op typed.Op, k typed.Kind, x, y ir.Expr, p typed.Pos) ir.Expr {
	switch {
	case op == typed.Pow:
		return b.pow(k, x, y, p)
	case op == typed.Rem && k == typed.F64:
		return b.lib("f64_rem", p, nil, x, y)
	case op == typed.Rem && k == typed.F32: // exact, and no longer than its operands
		return un(wasm.OpF32DemoteF64, b.lib("f64_rem", p, nil, un(wasm.OpF64PromoteF32, x), un(wasm.OpF64PromoteF32, y)))
	case op == typed.Div && (k == typed.I8 || k == typed.I16):
		return narrowDiv(k, x, y, p)
	}
	r := &ir.Bin{Op: opcode(op, k), X: x, Y: y}
	if traps(r.Op) {
		r.Pos = pos(p)
	}
	switch op {
	case typed.Div, typed.Rem, typed.BitAnd, typed.BitOr, typed.BitXor, typed.Shr:
		if op == typed.Shr {
			r.Y = shiftBy(k, y)
		}
		return r // of normalised operands normalised
	case typed.Shl:
		r.Y = shiftBy(k, y)
	}
	return narrow(k, r)
}

// narrowDiv divides so that MIN / -1 traps as in the wide types: the dividend is
// scaled up to the top of an i32, and the quotient down again. Both divisions
// round towards zero, so their sequence does too.
func narrowDiv(k typed.Kind, x, y ir.Expr, p typed.Pos) ir.Expr {
	up := int32(32 - k.Bits())
	q := &ir.Bin{Op: wasm.OpI32DivS, X: bin(wasm.OpI32Shl, x, i32(up)), Y: y, Pos: pos(p)}
	return &ir.Bin{Op: wasm.OpI32DivS, X: q, Y: i32(1 << up), Pos: pos(p)}
}

// shiftBy takes a shift amount modulo the width, which WebAssembly does for 32
// and 64 bits.
func shiftBy(k typed.Kind, y ir.Expr) ir.Expr {
	if k.Bits() < 32 {
		return bin(wasm.OpI32And, y, i32(int32(k.Bits()-1)))
	}
	return y
}

// pow is repeated multiplication for integers, and panics on a negative
// exponent.
func (b *body) pow(k typed.Kind, x, y ir.Expr, p typed.Pos) ir.Expr {
	if k.IsFloat() {
		if k == typed.F64 {
			return b.lib("f64_pow", p, nil, x, y)
		}
		return un(wasm.OpF32DemoteF64, b.lib("f64_pow", p, nil, un(wasm.OpF64PromoteF32, x), un(wasm.OpF64PromoteF32, y)))
	}
	c, constant := y.(*ir.Const)
	switch {
	case constant && signedConst(c) == 2:
		x = b.again(x)
		return b.arithmetic(typed.Mul, k, x, x, p)
	case k.IsSigned() && (!constant || signedConst(c) < 0):
		xs, mark := []ir.Expr{x, y}, len(b.out)
		xs[1] = b.again(y)
		b.spill(xs[:1], mark)
		x, y = xs[0], xs[1]
		b.when(bin(opcode(typed.Lt, k), y, integer(k, 0)), func() {
			b.panics(&ir.Str{Text: "negative exponent"}, p)
		})
	}
	// The low bits of a power depend on the low bits of the base alone.
	r := b.lib("u64_pow", p, nil, widen(k, x), widen(k, y))
	if kindOf(k) == ir.I32 {
		return narrow(k, un(wasm.OpI32WrapI64, r))
	}
	return r
}

func signedConst(c *ir.Const) int64 {
	if c.K == ir.I32 {
		return int64(int32(uint32(c.Bits)))
	}
	return int64(c.Bits)
}

// widen makes an integer an i64 of the same value.
func widen(k typed.Kind, x ir.Expr) ir.Expr {
	switch {
	case kindOf(k) == ir.I64:
		return x
	case k.IsSigned():
		return un(wasm.OpI64ExtendI32S, x)
	}
	return un(wasm.OpI64ExtendI32U, x)
}
