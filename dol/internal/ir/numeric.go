package ir

import (
	"math"
	"math/bits"

	"github.com/univrs/vudo/internal/wasm"
)

// Numbers are held as their bits: an i32 or f32 in the lower half, the upper
// half zero. Arithmetic gives the canonical quiet NaN where WebAssembly allows
// any; copysign, negation and absolute value keep payloads, as it demands.

// unary computes a numeric operator of one operand.
type unary func(x uint64) (uint64, TrapKind)

// binary computes a numeric operator of two operands.
type binary func(x, y uint64) (uint64, TrapKind)

// EvalUn computes a numeric operator of one operand on the bits of its operand,
// as WebAssembly does. ok is false when it traps or is no such operator.
func EvalUn(op wasm.Opcode, x uint64) (bits uint64, ok bool) {
	f := unaries[op]
	if f == nil {
		return 0, false
	}
	bits, trap := f(x)
	return bits, trap == 0
}

// EvalBin is EvalUn for operators of two operands.
func EvalBin(op wasm.Opcode, x, y uint64) (bits uint64, ok bool) {
	f := binaries[op]
	if f == nil {
		return 0, false
	}
	bits, trap := f(x, y)
	return bits, trap == 0
}

// MayTrap reports whether the operator traps for some operands.
func MayTrap(op wasm.Opcode) bool {
	switch op {
	case wasm.OpI32DivS, wasm.OpI32DivU, wasm.OpI32RemS, wasm.OpI32RemU,
		wasm.OpI64DivS, wasm.OpI64DivU, wasm.OpI64RemS, wasm.OpI64RemU,
		wasm.OpI32TruncF32S, wasm.OpI32TruncF32U, wasm.OpI32TruncF64S, wasm.OpI32TruncF64U,
		wasm.OpI64TruncF32S, wasm.OpI64TruncF32U, wasm.OpI64TruncF64S, wasm.OpI64TruncF64U:
		return true
	}
	return false
}

func u32(x uint32) uint64 { return uint64(x) }

func i32(x int32) uint64 { return uint64(uint32(x)) }

func boolean(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

const (
	canonicalNaN32 = 0x7fc00000
	canonicalNaN64 = 0x7ff8000000000000
)

func asF32(x uint64) float32 { return math.Float32frombits(uint32(x)) }

func asF64(x uint64) float64 { return math.Float64frombits(x) }

func f32(x float32) uint64 {
	if x != x {
		return canonicalNaN32
	}
	return uint64(math.Float32bits(x))
}

func f64(x float64) uint64 {
	if x != x {
		return canonicalNaN64
	}
	return math.Float64bits(x)
}

// minimum and maximum are those of WebAssembly: NaN wins, and -0 is below +0.
func minimum(x, y float64) float64 {
	switch {
	case x != x || y != y:
		return math.NaN()
	case x == 0 && y == 0:
		if math.Signbit(x) {
			return x
		}
		return y
	case x < y:
		return x
	}
	return y
}

func maximum(x, y float64) float64 { return -minimum(-x, -y) }

// truncate converts to an integer of the given width by rounding towards zero.
// low and high are the least and the greatest value, exact as floats but for
// high, whose successor limit is. Both results are its bits.
type integer struct {
	least, limit float64 // least <= x < limit converts
	low, high    uint64  // the saturated values
	signed       bool
	mask         uint64
}

var (
	toI32 = integer{math.MinInt32, 1 << 31, 1 << 31, math.MaxInt32, true, math.MaxUint32}
	toU32 = integer{0, 1 << 32, 0, math.MaxUint32, false, math.MaxUint32}
	toI64 = integer{math.MinInt64, 1 << 63, 1 << 63, math.MaxInt64, true, math.MaxUint64}
	toU64 = integer{0, 1 << 64, 0, math.MaxUint64, false, math.MaxUint64}
)

func (t *integer) trapping(x float64) (uint64, TrapKind) {
	switch tr := math.Trunc(x); {
	case x != x:
		return 0, TrapConversion
	case tr < t.least || tr >= t.limit:
		return 0, TrapOverflow
	default:
		return t.convert(tr), 0
	}
}

func (t *integer) saturating(x float64) uint64 {
	switch tr := math.Trunc(x); {
	case x != x:
		return 0
	case tr < t.least:
		return t.low
	case tr >= t.limit:
		return t.high
	default:
		return t.convert(tr)
	}
}

// convert takes a whole number in range. The upper half of u64 is converted by
// way of its distance from 2^63, since Go leaves the direct way to the machine.
func (t *integer) convert(x float64) uint64 {
	if !t.signed && x >= 1<<63 {
		return uint64(int64(x-(1<<63))) + 1<<63
	}
	return uint64(int64(x)) & t.mask
}

// pure wraps what cannot trap.
func pure1(f func(uint64) uint64) unary {
	return func(x uint64) (uint64, TrapKind) { return f(x), 0 }
}

func pure2(f func(x, y uint64) uint64) binary {
	return func(x, y uint64) (uint64, TrapKind) { return f(x, y), 0 }
}

var unaries = map[wasm.Opcode]unary{
	wasm.OpI32Eqz:            pure1(func(x uint64) uint64 { return boolean(x == 0) }),
	wasm.OpI32Clz:            pure1(func(x uint64) uint64 { return uint64(bits.LeadingZeros32(uint32(x))) }),
	wasm.OpI32Ctz:            pure1(func(x uint64) uint64 { return uint64(bits.TrailingZeros32(uint32(x))) }),
	wasm.OpI32Popcnt:         pure1(func(x uint64) uint64 { return uint64(bits.OnesCount64(x)) }),
	wasm.OpI32Extend8S:       pure1(func(x uint64) uint64 { return i32(int32(int8(x))) }),
	wasm.OpI32Extend16S:      pure1(func(x uint64) uint64 { return i32(int32(int16(x))) }),
	wasm.OpI64Eqz:            pure1(func(x uint64) uint64 { return boolean(x == 0) }),
	wasm.OpI64Clz:            pure1(func(x uint64) uint64 { return uint64(bits.LeadingZeros64(x)) }),
	wasm.OpI64Ctz:            pure1(func(x uint64) uint64 { return uint64(bits.TrailingZeros64(x)) }),
	wasm.OpI64Popcnt:         pure1(func(x uint64) uint64 { return uint64(bits.OnesCount64(x)) }),
	wasm.OpI64Extend8S:       pure1(func(x uint64) uint64 { return uint64(int64(int8(x))) }),
	wasm.OpI64Extend16S:      pure1(func(x uint64) uint64 { return uint64(int64(int16(x))) }),
	wasm.OpI64Extend32S:      pure1(func(x uint64) uint64 { return uint64(int64(int32(x))) }),
	wasm.OpI32WrapI64:        pure1(func(x uint64) uint64 { return u32(uint32(x)) }),
	wasm.OpI64ExtendI32S:     pure1(func(x uint64) uint64 { return uint64(int64(int32(x))) }),
	wasm.OpI64ExtendI32U:     pure1(func(x uint64) uint64 { return x }),
	wasm.OpF32Abs:            pure1(func(x uint64) uint64 { return x &^ (1 << 31) }),
	wasm.OpF32Neg:            pure1(func(x uint64) uint64 { return x ^ 1<<31 }),
	wasm.OpF32Ceil:           pure1(func(x uint64) uint64 { return f32(float32(math.Ceil(float64(asF32(x))))) }),
	wasm.OpF32Floor:          pure1(func(x uint64) uint64 { return f32(float32(math.Floor(float64(asF32(x))))) }),
	wasm.OpF32Trunc:          pure1(func(x uint64) uint64 { return f32(float32(math.Trunc(float64(asF32(x))))) }),
	wasm.OpF32Nearest:        pure1(func(x uint64) uint64 { return f32(float32(math.RoundToEven(float64(asF32(x))))) }),
	wasm.OpF32Sqrt:           pure1(func(x uint64) uint64 { return f32(float32(math.Sqrt(float64(asF32(x))))) }),
	wasm.OpF64Abs:            pure1(func(x uint64) uint64 { return x &^ (1 << 63) }),
	wasm.OpF64Neg:            pure1(func(x uint64) uint64 { return x ^ 1<<63 }),
	wasm.OpF64Ceil:           pure1(func(x uint64) uint64 { return f64(math.Ceil(asF64(x))) }),
	wasm.OpF64Floor:          pure1(func(x uint64) uint64 { return f64(math.Floor(asF64(x))) }),
	wasm.OpF64Trunc:          pure1(func(x uint64) uint64 { return f64(math.Trunc(asF64(x))) }),
	wasm.OpF64Nearest:        pure1(func(x uint64) uint64 { return f64(math.RoundToEven(asF64(x))) }),
	wasm.OpF64Sqrt:           pure1(func(x uint64) uint64 { return f64(math.Sqrt(asF64(x))) }),
	wasm.OpI32TruncF32S:      func(x uint64) (uint64, TrapKind) { return toI32.trapping(float64(asF32(x))) },
	wasm.OpI32TruncSatF32S:   pure1(func(x uint64) uint64 { return toI32.saturating(float64(asF32(x))) }),
	wasm.OpF32ConvertI32S:    pure1(func(x uint64) uint64 { return f32(float32(int32(x))) }),
	wasm.OpI32TruncF32U:      func(x uint64) (uint64, TrapKind) { return toU32.trapping(float64(asF32(x))) },
	wasm.OpI32TruncSatF32U:   pure1(func(x uint64) uint64 { return toU32.saturating(float64(asF32(x))) }),
	wasm.OpF32ConvertI32U:    pure1(func(x uint64) uint64 { return f32(float32(uint32(x))) }),
	wasm.OpI32TruncF64S:      func(x uint64) (uint64, TrapKind) { return toI32.trapping(asF64(x)) },
	wasm.OpI32TruncSatF64S:   pure1(func(x uint64) uint64 { return toI32.saturating(asF64(x)) }),
	wasm.OpF64ConvertI32S:    pure1(func(x uint64) uint64 { return f64(float64(int32(x))) }),
	wasm.OpI32TruncF64U:      func(x uint64) (uint64, TrapKind) { return toU32.trapping(asF64(x)) },
	wasm.OpI32TruncSatF64U:   pure1(func(x uint64) uint64 { return toU32.saturating(asF64(x)) }),
	wasm.OpF64ConvertI32U:    pure1(func(x uint64) uint64 { return f64(float64(uint32(x))) }),
	wasm.OpI64TruncF32S:      func(x uint64) (uint64, TrapKind) { return toI64.trapping(float64(asF32(x))) },
	wasm.OpI64TruncSatF32S:   pure1(func(x uint64) uint64 { return toI64.saturating(float64(asF32(x))) }),
	wasm.OpF32ConvertI64S:    pure1(func(x uint64) uint64 { return f32(float32(int64(x))) }),
	wasm.OpI64TruncF32U:      func(x uint64) (uint64, TrapKind) { return toU64.trapping(float64(asF32(x))) },
	wasm.OpI64TruncSatF32U:   pure1(func(x uint64) uint64 { return toU64.saturating(float64(asF32(x))) }),
	wasm.OpF32ConvertI64U:    pure1(func(x uint64) uint64 { return f32(float32(x)) }),
	wasm.OpI64TruncF64S:      func(x uint64) (uint64, TrapKind) { return toI64.trapping(asF64(x)) },
	wasm.OpI64TruncSatF64S:   pure1(func(x uint64) uint64 { return toI64.saturating(asF64(x)) }),
	wasm.OpF64ConvertI64S:    pure1(func(x uint64) uint64 { return f64(float64(int64(x))) }),
	wasm.OpI64TruncF64U:      func(x uint64) (uint64, TrapKind) { return toU64.trapping(asF64(x)) },
	wasm.OpI64TruncSatF64U:   pure1(func(x uint64) uint64 { return toU64.saturating(asF64(x)) }),
	wasm.OpF64ConvertI64U:    pure1(func(x uint64) uint64 { return f64(float64(x)) }),
	wasm.OpF32DemoteF64:      pure1(func(x uint64) uint64 { return f32(float32(asF64(x))) }),
	wasm.OpF64PromoteF32:     pure1(func(x uint64) uint64 { return f64(float64(asF32(x))) }),
	wasm.OpI32ReinterpretF32: pure1(func(x uint64) uint64 { return x }),
	wasm.OpI64ReinterpretF64: pure1(func(x uint64) uint64 { return x }),
	wasm.OpF32ReinterpretI32: pure1(func(x uint64) uint64 { return x }),
	wasm.OpF64ReinterpretI64: pure1(func(x uint64) uint64 { return x }),
}

var binaries = map[wasm.Opcode]binary{
	wasm.OpI32Eq:       pure2(func(x, y uint64) uint64 { return boolean(x == y) }),
	wasm.OpI32Ne:       pure2(func(x, y uint64) uint64 { return boolean(x != y) }),
	wasm.OpI32LtS:      pure2(func(x, y uint64) uint64 { return boolean(int32(x) < int32(y)) }),
	wasm.OpI32LtU:      pure2(func(x, y uint64) uint64 { return boolean(x < y) }),
	wasm.OpI32GtS:      pure2(func(x, y uint64) uint64 { return boolean(int32(x) > int32(y)) }),
	wasm.OpI32GtU:      pure2(func(x, y uint64) uint64 { return boolean(x > y) }),
	wasm.OpI32LeS:      pure2(func(x, y uint64) uint64 { return boolean(int32(x) <= int32(y)) }),
	wasm.OpI32LeU:      pure2(func(x, y uint64) uint64 { return boolean(x <= y) }),
	wasm.OpI32GeS:      pure2(func(x, y uint64) uint64 { return boolean(int32(x) >= int32(y)) }),
	wasm.OpI32GeU:      pure2(func(x, y uint64) uint64 { return boolean(x >= y) }),
	wasm.OpI32Add:      pure2(func(x, y uint64) uint64 { return u32(uint32(x) + uint32(y)) }),
	wasm.OpI32Sub:      pure2(func(x, y uint64) uint64 { return u32(uint32(x) - uint32(y)) }),
	wasm.OpI32Mul:      pure2(func(x, y uint64) uint64 { return u32(uint32(x) * uint32(y)) }),
	wasm.OpI32DivS:     divS32,
	wasm.OpI32DivU:     divU32,
	wasm.OpI32RemS:     remS32,
	wasm.OpI32RemU:     remU32,
	wasm.OpI32And:      pure2(func(x, y uint64) uint64 { return x & y }),
	wasm.OpI32Or:       pure2(func(x, y uint64) uint64 { return x | y }),
	wasm.OpI32Xor:      pure2(func(x, y uint64) uint64 { return x ^ y }),
	wasm.OpI32Shl:      pure2(func(x, y uint64) uint64 { return u32(uint32(x) << (y & 31)) }),
	wasm.OpI32ShrS:     pure2(func(x, y uint64) uint64 { return i32(int32(x) >> (y & 31)) }),
	wasm.OpI32ShrU:     pure2(func(x, y uint64) uint64 { return x >> (y & 31) }),
	wasm.OpI32Rotl:     pure2(func(x, y uint64) uint64 { return u32(bits.RotateLeft32(uint32(x), int(y&31))) }),
	wasm.OpI32Rotr:     pure2(func(x, y uint64) uint64 { return u32(bits.RotateLeft32(uint32(x), -int(y&31))) }),
	wasm.OpI64Eq:       pure2(func(x, y uint64) uint64 { return boolean(x == y) }),
	wasm.OpI64Ne:       pure2(func(x, y uint64) uint64 { return boolean(x != y) }),
	wasm.OpI64LtS:      pure2(func(x, y uint64) uint64 { return boolean(int64(x) < int64(y)) }),
	wasm.OpI64LtU:      pure2(func(x, y uint64) uint64 { return boolean(x < y) }),
	wasm.OpI64GtS:      pure2(func(x, y uint64) uint64 { return boolean(int64(x) > int64(y)) }),
	wasm.OpI64GtU:      pure2(func(x, y uint64) uint64 { return boolean(x > y) }),
	wasm.OpI64LeS:      pure2(func(x, y uint64) uint64 { return boolean(int64(x) <= int64(y)) }),
	wasm.OpI64LeU:      pure2(func(x, y uint64) uint64 { return boolean(x <= y) }),
	wasm.OpI64GeS:      pure2(func(x, y uint64) uint64 { return boolean(int64(x) >= int64(y)) }),
	wasm.OpI64GeU:      pure2(func(x, y uint64) uint64 { return boolean(x >= y) }),
	wasm.OpI64Add:      pure2(func(x, y uint64) uint64 { return x + y }),
	wasm.OpI64Sub:      pure2(func(x, y uint64) uint64 { return x - y }),
	wasm.OpI64Mul:      pure2(func(x, y uint64) uint64 { return x * y }),
	wasm.OpI64DivS:     divS64,
	wasm.OpI64DivU:     divU64,
	wasm.OpI64RemS:     remS64,
	wasm.OpI64RemU:     remU64,
	wasm.OpI64And:      pure2(func(x, y uint64) uint64 { return x & y }),
	wasm.OpI64Or:       pure2(func(x, y uint64) uint64 { return x | y }),
	wasm.OpI64Xor:      pure2(func(x, y uint64) uint64 { return x ^ y }),
	wasm.OpI64Shl:      pure2(func(x, y uint64) uint64 { return x << (y & 63) }),
	wasm.OpI64ShrS:     pure2(func(x, y uint64) uint64 { return uint64(int64(x) >> (y & 63)) }),
	wasm.OpI64ShrU:     pure2(func(x, y uint64) uint64 { return x >> (y & 63) }),
	wasm.OpI64Rotl:     pure2(func(x, y uint64) uint64 { return bits.RotateLeft64(x, int(y&63)) }),
	wasm.OpI64Rotr:     pure2(func(x, y uint64) uint64 { return bits.RotateLeft64(x, -int(y&63)) }),
	wasm.OpF32Eq:       pure2(func(x, y uint64) uint64 { return boolean(asF32(x) == asF32(y)) }),
	wasm.OpF32Ne:       pure2(func(x, y uint64) uint64 { return boolean(asF32(x) != asF32(y)) }),
	wasm.OpF32Lt:       pure2(func(x, y uint64) uint64 { return boolean(asF32(x) < asF32(y)) }),
	wasm.OpF32Gt:       pure2(func(x, y uint64) uint64 { return boolean(asF32(x) > asF32(y)) }),
	wasm.OpF32Le:       pure2(func(x, y uint64) uint64 { return boolean(asF32(x) <= asF32(y)) }),
	wasm.OpF32Ge:       pure2(func(x, y uint64) uint64 { return boolean(asF32(x) >= asF32(y)) }),
	wasm.OpF32Copysign: pure2(func(x, y uint64) uint64 { return x&^(1<<31) | y&(1<<31) }),
	wasm.OpF32Add:      pure2(func(x, y uint64) uint64 { return f32(asF32(x) + asF32(y)) }),
	wasm.OpF32Sub:      pure2(func(x, y uint64) uint64 { return f32(asF32(x) - asF32(y)) }),
	wasm.OpF32Mul:      pure2(func(x, y uint64) uint64 { return f32(asF32(x) * asF32(y)) }),
	wasm.OpF32Div:      pure2(func(x, y uint64) uint64 { return f32(asF32(x) / asF32(y)) }),
	wasm.OpF32Min:      pure2(func(x, y uint64) uint64 { return f32(float32(minimum(float64(asF32(x)), float64(asF32(y))))) }),
	wasm.OpF32Max:      pure2(func(x, y uint64) uint64 { return f32(float32(maximum(float64(asF32(x)), float64(asF32(y))))) }),
	wasm.OpF64Eq:       pure2(func(x, y uint64) uint64 { return boolean(asF64(x) == asF64(y)) }),
	wasm.OpF64Ne:       pure2(func(x, y uint64) uint64 { return boolean(asF64(x) != asF64(y)) }),
	wasm.OpF64Lt:       pure2(func(x, y uint64) uint64 { return boolean(asF64(x) < asF64(y)) }),
	wasm.OpF64Gt:       pure2(func(x, y uint64) uint64 { return boolean(asF64(x) > asF64(y)) }),
	wasm.OpF64Le:       pure2(func(x, y uint64) uint64 { return boolean(asF64(x) <= asF64(y)) }),
	wasm.OpF64Ge:       pure2(func(x, y uint64) uint64 { return boolean(asF64(x) >= asF64(y)) }),
	wasm.OpF64Copysign: pure2(func(x, y uint64) uint64 { return x&^(1<<63) | y&(1<<63) }),
	wasm.OpF64Add:      pure2(func(x, y uint64) uint64 { return f64(asF64(x) + asF64(y)) }),
	wasm.OpF64Sub:      pure2(func(x, y uint64) uint64 { return f64(asF64(x) - asF64(y)) }),
	wasm.OpF64Mul:      pure2(func(x, y uint64) uint64 { return f64(asF64(x) * asF64(y)) }),
	wasm.OpF64Div:      pure2(func(x, y uint64) uint64 { return f64(asF64(x) / asF64(y)) }),
	wasm.OpF64Min:      pure2(func(x, y uint64) uint64 { return f64(minimum(asF64(x), asF64(y))) }),
	wasm.OpF64Max:      pure2(func(x, y uint64) uint64 { return f64(maximum(asF64(x), asF64(y))) }),
}

func divS32(x, y uint64) (uint64, TrapKind) {
	a, b := int32(x), int32(y)
	switch {
	case b == 0:
		return 0, TrapDivideByZero
	case a == math.MinInt32 && b == -1:
		return 0, TrapOverflow
	}
	return i32(a / b), 0
}

func divU32(x, y uint64) (uint64, TrapKind) {
	if y == 0 {
		return 0, TrapDivideByZero
	}
	return x / y, 0
}

func remS32(x, y uint64) (uint64, TrapKind) {
	a, b := int32(x), int32(y)
	switch b {
	case 0:
		return 0, TrapDivideByZero
	case -1:
		return 0, 0
	}
	return i32(a % b), 0
}

func remU32(x, y uint64) (uint64, TrapKind) {
	if y == 0 {
		return 0, TrapDivideByZero
	}
	return x % y, 0
}

func divS64(x, y uint64) (uint64, TrapKind) {
	a, b := int64(x), int64(y)
	switch {
	case b == 0:
		return 0, TrapDivideByZero
	case a == math.MinInt64 && b == -1:
		return 0, TrapOverflow
	}
	return uint64(a / b), 0
}

func divU64(x, y uint64) (uint64, TrapKind) {
	if y == 0 {
		return 0, TrapDivideByZero
	}
	return x / y, 0
}

func remS64(x, y uint64) (uint64, TrapKind) {
	a, b := int64(x), int64(y)
	switch b {
	case 0:
		return 0, TrapDivideByZero
	case -1:
		return 0, 0
	}
	return uint64(a % b), 0
}

func remU64(x, y uint64) (uint64, TrapKind) {
	if y == 0 {
		return 0, TrapDivideByZero
	}
	return x % y, 0
}
