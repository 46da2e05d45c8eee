package sandbox

import (
	"fmt"
	"math"
	"strings"

	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/internal/wasm"
)

// Value is one number of a guest: its type and its bits (i32 and f32 in the
// low half).
type Value struct {
	Type wasm.ValType
	Bits uint64
}

// I32 makes an i32 value; U32 the same from the unsigned reading.
func I32(v int32) Value { return Value{wasm.I32, uint64(uint32(v))} }

// I64 makes an i64 value.
func I64(v int64) Value { return Value{wasm.I64, uint64(v)} }

// F32 makes an f32 value; the payload of a NaN is kept.
func F32(v float32) Value { return Value{wasm.F32, uint64(math.Float32bits(v))} }

// F64 makes an f64 value; the payload of a NaN is kept.
func F64(v float64) Value { return Value{wasm.F64, math.Float64bits(v)} }

// I32 reads the low 32 bits as a signed number.
func (v Value) I32() int32 { return int32(uint32(v.Bits)) }

// I64 reads the bits as a signed number.
func (v Value) I64() int64 { return int64(v.Bits) }

// F32 reads the low 32 bits as a float.
func (v Value) F32() float32 { return math.Float32frombits(uint32(v.Bits)) }

// F64 reads the bits as a float.
func (v Value) F64() float64 { return math.Float64frombits(v.Bits) }

// String prints the number in decimal.
func (v Value) String() string {
	switch v.Type {
	case wasm.I32:
		return fmt.Sprint(v.I32())
	case wasm.I64:
		return fmt.Sprint(v.I64())
	case wasm.F32:
		return fmt.Sprint(v.F32())
	case wasm.F64:
		return fmt.Sprint(v.F64())
	}
	return fmt.Sprintf("%s:0x%x", v.Type, v.Bits)
}

// scalar reports whether every type is one of the four numbers.
func scalar(ts []wasm.ValType) bool {
	for _, t := range ts {
		switch t {
		case wasm.I32, wasm.I64, wasm.F32, wasm.F64:
		default:
			return false
		}
	}
	return true
}

func signatureOf(args []Value) string {
	var b strings.Builder
	b.WriteByte('(')
	for i, a := range args {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(a.Type.String())
	}
	b.WriteByte(')')
	return b.String()
}

// checkArguments compares the values given with the parameters wanted.
func checkArguments(export string, want wasm.FuncType, args []Value) error {
	ok := len(args) == len(want.Params) && scalar(want.Params) && scalar(want.Results)
	for i := 0; ok && i < len(args); i++ {
		ok = args[i].Type == want.Params[i]
	}
	if ok {
		return nil
	}
	return fmt.Errorf("%w: %s is %s, called with %s", fault.ErrArguments, export, want, signatureOf(args))
}
