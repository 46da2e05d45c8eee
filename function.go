package vudo

import (
	"context"
	"fmt"
	"math"

	"github.com/univrs/vudo/internal/sandbox"
	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/spirit"
)

// Function is a host function of the embedder. Guests import it from module
// "loa" and need its capability, else the call traps with ErrDenied. Make one
// with Func0, Func1, Func2 or Func3.
type Function struct{ f sandbox.Function }

// Param is what a host function can take. A string or []byte is two i32 of the
// guest, address and length; the slice is the guest's memory itself and must
// not be kept after the function returns, a string is a copy.
type Param interface {
	int32 | uint32 | int64 | uint64 | float32 | float64 | string | []byte
}

// Number is what a host function can return.
type Number interface {
	int32 | uint32 | int64 | uint64 | float32 | float64
}

// Func0 makes a host function without parameters. In all of these, ctx ends
// with the call, at its deadline and when it is terminated. An error ends the
// call: a *Trap is the guest's fault, any other the host's.
func Func0[R Number](name string, needs spirit.Capability, f func(ctx context.Context) (R, error)) Function {
	return function[R](name, needs, nil, func(ctx context.Context, _ *arguments) (R, error) { return f(ctx) })
}

// Func1 makes a host function of one parameter.
func Func1[A Param, R Number](name string, needs spirit.Capability, f func(ctx context.Context, a A) (R, error)) Function {
	return function[R](name, needs, types[A](), func(ctx context.Context, in *arguments) (R, error) {
		return f(ctx, take[A](in))
	})
}

// Func2 makes a host function of two parameters.
func Func2[A, B Param, R Number](name string, needs spirit.Capability, f func(ctx context.Context, a A, b B) (R, error)) Function {
	return function[R](name, needs, append(types[A](), types[B]()...), func(ctx context.Context, in *arguments) (R, error) {
		a := take[A](in)
		return f(ctx, a, take[B](in))
	})
}

// Func3 makes a host function of three parameters.
func Func3[A, B, C Param, R Number](name string, needs spirit.Capability, f func(ctx context.Context, a A, b B, c C) (R, error)) Function {
	ts := append(append(types[A](), types[B]()...), types[C]()...)
	return function[R](name, needs, ts, func(ctx context.Context, in *arguments) (R, error) {
		a := take[A](in)
		b := take[B](in)
		return f(ctx, a, b, take[C](in))
	})
}

func function[R Number](name string, needs spirit.Capability, params []wasm.ValType, f func(context.Context, *arguments) (R, error)) Function {
	return Function{sandbox.Function{
		Name: name, Capability: needs,
		Type: wasm.FuncType{Params: params, Results: types[R]()},
		Call: func(c *sandbox.Caller, stack []uint64) error {
			r, err := f(c.Context(), &arguments{c, stack})
			if err == nil {
				stack[0] = bits(r)
			}
			return err
		},
	}}
}

// arguments reads a guest's parameters from left to right.
type arguments struct {
	caller *sandbox.Caller
	rest   []uint64
}

func (a *arguments) next() uint64 {
	v := a.rest[0]
	a.rest = a.rest[1:]
	return v
}

func types[T Param]() []wasm.ValType {
	var zero T
	switch any(zero).(type) {
	case int32, uint32:
		return []wasm.ValType{wasm.I32}
	case int64, uint64:
		return []wasm.ValType{wasm.I64}
	case float32:
		return []wasm.ValType{wasm.F32}
	case float64:
		return []wasm.ValType{wasm.F64}
	}
	return []wasm.ValType{wasm.I32, wasm.I32}
}

func take[T Param](in *arguments) T {
	var v T
	switch p := any(&v).(type) {
	case *int32:
		*p = int32(uint32(in.next()))
	case *uint32:
		*p = uint32(in.next())
	case *int64:
		*p = int64(in.next())
	case *uint64:
		*p = in.next()
	case *float32:
		*p = math.Float32frombits(uint32(in.next()))
	case *float64:
		*p = math.Float64frombits(in.next())
	case *string:
		*p = string(takeBytes(in))
	case *[]byte:
		*p = takeBytes(in)
	}
	return v
}

func takeBytes(in *arguments) []byte {
	ptr, n := uint32(in.next()), uint32(in.next())
	return in.caller.Bytes(ptr, n)
}

func bits[R Number](v R) uint64 {
	switch v := any(v).(type) {
	case int32:
		return uint64(uint32(v))
	case uint32:
		return uint64(v)
	case int64:
		return uint64(v)
	case uint64:
		return v
	case float32:
		return uint64(math.Float32bits(v))
	case float64:
		return math.Float64bits(v)
	}
	panic(fmt.Sprintf("vudo: %T is no number", v))
}
