package lower

import (
	"math"

	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/dol/internal/typed"
	"github.com/univrs/vudo/internal/wasm"
)

func (b *body) convert(e *typed.Convert) ir.Expr {
	if x := b.convertConst(e); x != nil {
		return x
	}
	x := b.expr(e.X)
	if b.dead {
		return zero(b.kindOf(e))
	}
	from, to := b.l.layout(b.typ(e.X.Type())), b.l.layout(b.typ(e.T))
	switch {
	case to.shape != scalar:
		return x // a newtype or an ancestor: the same value
	case from.shape == index:
		return b.convertNumber(typed.I64, to.basic, b.discriminant(from, x))
	case from.shape == scalar && from.basic != to.basic:
		return b.convertNumber(from.basic, to.basic, x)
	}
	return x
}

// convertConst converts a literal to a number type that holds it, nil for all
// else: a literal in a generic function is a conversion to the type parameter.
func (b *body) convertConst(e *typed.Convert) ir.Expr {
	c := literal(e.X)
	to := b.l.layout(b.typ(e.T))
	from := typed.KindOf(e.X.Type())
	if c == nil || to.shape != scalar || !to.basic.IsNumber() || !from.IsNumber() {
		return nil
	}
	if from == to.basic {
		return number(to.basic, c)
	}
	if !from.IsInt() || from == typed.U64 {
		return nil
	}
	n := *c
	n.Float = float64(signed(from, c.Int))
	if !from.IsSigned() {
		n.Float = float64(c.Int)
	}
	if to.basic.IsFloat() {
		if to.basic == typed.F32 && math.Abs(n.Float) > 1<<24 {
			return nil // rounded once only, by the conversion itself
		}
		return number(to.basic, &n)
	}
	if kindOf(to.basic) == ir.I32 {
		return narrowConst(to.basic, int32(uint32(c.Int)))
	}
	return number(to.basic, c)
}

// discriminant is the number that an enum without payload gives its variant, an
// i64.
func (b *body) discriminant(y *layout, x ir.Expr) ir.Expr {
	plain := true
	for i, v := range y.variants {
		plain = plain && v.decl.Value == int64(i)
	}
	if plain {
		return un(wasm.OpI64ExtendI32U, x)
	}
	fn := b.l.synth("value "+y.key, y.typ.String()+".value", []ir.Kind{ir.I32}, ir.I64, func(b *body) {
		b.cases(get(0, ir.I32), len(y.variants), func(i int) {
			b.emit(&ir.Return{X: i64(y.variants[i].decl.Value)})
		})
	})
	return call(fn, x)
}

// convertNumber is the cast between two basic types that differ: narrowing of
// integers wraps, float to integer saturates and takes NaN to 0.
func (b *body) convertNumber(from, to typed.Kind, x ir.Expr) ir.Expr {
	switch {
	case from.IsFloat() && to.IsFloat():
		return floatToFloat(from, to, x)
	case from.IsFloat():
		return floatToInt(from, to, x)
	case to.IsFloat():
		return un(intToFloat(from, to), x)
	case to == typed.Char:
		return b.toChar(from, x)
	case kindOf(to) == ir.I64:
		return widen(from, x)
	case kindOf(from) == ir.I64:
		return narrow(to, un(wasm.OpI32WrapI64, x))
	case fits(from, to):
		return x
	}
	return narrow(to, x)
}

// fits reports whether every value of from is one of to, both of at most 32 bits.
func fits(from, to typed.Kind) bool {
	if from.IsSigned() {
		return to.IsSigned() && from.Bits() <= to.Bits()
	}
	return from.Bits() < to.Bits() || from.Bits() == to.Bits() && !to.IsSigned()
}

func floatToFloat(from, to typed.Kind, x ir.Expr) ir.Expr {
	switch {
	case from == to:
		return x
	case to == typed.F64:
		return un(wasm.OpF64PromoteF32, x)
	}
	return un(wasm.OpF32DemoteF64, x)
}

func floatToInt(from, to typed.Kind, x ir.Expr) ir.Expr {
	if to.Bits() < 32 { // WebAssembly saturates at 32 and 64 bits only
		x = floatToFloat(from, typed.F64, x)
		from = typed.F64
		least, most := limits(to)
		x = bin(wasm.OpF64Min, bin(wasm.OpF64Max, x, f64(least)), f64(most))
	}
	m := machine{}
	if from == typed.F32 {
		m = machine{s32: wasm.OpI32TruncSatF32S, u32: wasm.OpI32TruncSatF32U, s64: wasm.OpI64TruncSatF32S, u64: wasm.OpI64TruncSatF32U}
	} else {
		m = machine{s32: wasm.OpI32TruncSatF64S, u32: wasm.OpI32TruncSatF64U, s64: wasm.OpI64TruncSatF64S, u64: wasm.OpI64TruncSatF64U}
	}
	return un(m.of(to), x)
}

// of picks the operator for an integer type.
func (m machine) of(k typed.Kind) wasm.Opcode {
	switch {
	case k == typed.I64:
		return m.s64
	case k == typed.U64:
		return m.u64
	case k.IsSigned():
		return m.s32
	}
	return m.u32
}

func intToFloat(from, to typed.Kind) wasm.Opcode {
	if to == typed.F32 {
		return machine{s32: wasm.OpF32ConvertI32S, u32: wasm.OpF32ConvertI32U, s64: wasm.OpF32ConvertI64S, u64: wasm.OpF32ConvertI64U}.of(from)
	}
	return machine{s32: wasm.OpF64ConvertI32S, u32: wasm.OpF64ConvertI32U, s64: wasm.OpF64ConvertI64S, u64: wasm.OpF64ConvertI64U}.of(from)
}

// limits are the least and greatest value of an integer type below 32 bits.
func limits(k typed.Kind) (least, most float64) {
	if k.IsSigned() {
		return -math.Ldexp(1, k.Bits()-1), math.Ldexp(1, k.Bits()-1) - 1
	}
	return 0, math.Ldexp(1, k.Bits()) - 1
}

func f64(x float64) ir.Expr { return &ir.Const{K: ir.F64, Bits: math.Float64bits(x)} }

// toChar makes a number a char. What is no Unicode scalar value becomes U+FFFD,
// since casts do not fail.
func (b *body) toChar(from typed.Kind, x ir.Expr) ir.Expr {
	if kindOf(from) == ir.I64 {
		x = un(wasm.OpI32WrapI64, x)
	}
	if from == typed.U8 {
		return x
	}
	const replacement, most, surrogates, surrogateBits = 0xfffd, 0x10ffff, 0xd800, 0xfffff800
	x = b.again(x)
	mask := uint32(surrogateBits)
	valid := and(bin(wasm.OpI32LeU, x, i32(most)),
		bin(wasm.OpI32Ne, bin(wasm.OpI32And, x, i32(int32(mask))), i32(surrogates)))
	return &ir.Tern{Cond: valid, A: x, B: i32(replacement)}
}
