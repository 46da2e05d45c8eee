package vudo_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/univrs/vudo"
	"github.com/univrs/vudo/internal/golden"
	code "github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/spirit"
)

// goldenCall is one call whose fuel every machine must repeat.
type goldenCall struct {
	name, export string
	module       []byte
	args         []vudo.Value
	input        string
}

func goldenCalls(t *testing.T) []goldenCall {
	t.Helper()
	read := func(name string) []byte {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	var calls []goldenCall
	for _, k := range []struct {
		name string
		n    int32
	}{
		{"fib", 18},
		{"sieve", 1},
		{"sha256", 20},
		{"matmul", 1},
		{"nbody", 500},
		{"hashmap", 5},
		{"json", 2},
		{"interp", 1},
		{"quicksort", 1},
	} {
		calls = append(calls, goldenCall{
			name: fmt.Sprintf("%s %d", k.name, k.n), export: "run",
			module: read("bench/testdata/kernels/" + k.name + ".wasm"), args: []vudo.Value{vudo.I32(k.n)},
		})
	}
	calls = append(calls,
		goldenCall{name: "hello-world", export: "greet", module: read("examples/hello-world/src/main.wasm"), input: "Ada"},
		goldenCall{name: "echo", export: "echo_text", module: read("examples/echo/src/main.wasm"), input: string(make([]byte, 100_000))},
	)

	b := code.NewBuilder()
	b.Memory(1, 4)
	b.Func("divide by zero", nil, nil, nil, func(e *code.Emitter) {
		e.I32Const(1).I32Const(0).Op(code.OpI32DivS).Op(code.OpDrop)
	})
	b.Func("out of bounds", nil, nil, nil, func(e *code.Emitter) {
		e.I32Const(-1).I32Const(0).I32Const(4).OpIdx(code.OpMemoryFill, 0)
	})
	b.Func("unreachable", nil, nil, nil, func(e *code.Emitter) { e.Op(code.OpUnreachable) })
	b.Func("spin", nil, nil, nil, func(e *code.Emitter) { e.Loop(code.BlockEmpty).Br(0).End() })
	deep := b.Func("recurse", nil, nil, nil, nil)
	b.Body(deep, func(e *code.Emitter) { e.Call(deep) })
	b.Func("grow", nil, nil, nil, func(e *code.Emitter) {
		for range 5 {
			e.I32Const(1).OpIdx(code.OpMemoryGrow, 0).Op(code.OpDrop)
		}
	})
	b.Func("fill", nil, nil, nil, func(e *code.Emitter) {
		e.I32Const(0).I32Const(7).I32Const(65_000).OpIdx(code.OpMemoryFill, 0)
	})
	ends := b.Bytes()
	for _, export := range []string{"divide by zero", "out of bounds", "unreachable", "spin", "recurse", "grow", "fill"} {
		calls = append(calls, goldenCall{name: export, export: export, module: ends})
	}
	return calls
}

// TestGoldenFuelTotals compares fuel, memory and outcome of calls that end in
// every way with a committed file, on the compiler and the interpreter: the
// numbers hold on every system, which `make arm64` and the tests of each
// system show.
//
// Proves: vm 14.9, vm 14.16, fuel 6.3
func TestGoldenFuelTotals(t *testing.T) {
	const file = "testdata/fuel_totals.golden"
	for _, engine := range []struct {
		name        string
		interpreter bool
	}{{"compiler", false}, {"interpreter", true}} {
		t.Run(engine.name, func(t *testing.T) {
			rt, err := vudo.New(t.Context(), vudo.Config{Interpreter: engine.interpreter})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = rt.Close(t.Context()) })
			var out bytes.Buffer
			for _, c := range goldenCalls(t) {
				out.WriteString(goldenLine(t, rt, c))
			}
			golden.Check(t, file, out.Bytes())
		})
	}
}

func goldenLine(t *testing.T, rt *vudo.Runtime, c goldenCall) string {
	t.Helper()
	// The stack limit lies below the interpreter's own ceiling of frames.
	sb, err := rt.NewSandbox(t.Context(), c.module, vudo.SandboxConfig{
		Limits: vudo.Limits{Fuel: 5_000_000, StackDepth: 1_500},
		Grant:  []spirit.Capability{spirit.ActuatorLog},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sb.Close(t.Context()) }()
	if err := sb.Initialize(t.Context()); err != nil {
		t.Fatalf("%s: %v", c.name, err)
	}
	var res vudo.Result
	if c.args != nil {
		res, err = sb.CallValues(t.Context(), c.export, c.args...)
	} else {
		res, err = sb.Call(t.Context(), c.export, []byte(c.input))
	}
	kind := ""
	var trap *vudo.Trap
	if errors.As(err, &trap) {
		kind = " " + trap.Kind.String()
	} else if errors.Is(err, vudo.ErrStackLimit) {
		kind = " stack"
	}
	values := ""
	for _, v := range res.Values {
		values += " " + v.String()
	}
	r := res.Receipt
	return fmt.Sprintf("%-15s %9d fuel %7d bytes  %s%s%s\n", c.name, r.FuelUsed, r.MemoryPeakBytes, r.Outcome, kind, values)
}
