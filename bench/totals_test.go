//go:build cgo && ((linux && (amd64 || arm64)) || (darwin && (amd64 || arm64)) || (windows && amd64))

package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"testing"

	"github.com/bytecodealliance/wasmtime-go/v41"

	"github.com/univrs/vudo"
	"github.com/univrs/vudo/internal/fuel"
	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/internal/wasm/wasmgen"
)

// handedOut is more fuel than a program of these tests uses.
const handedOut = int64(1) << 50

// step is what one call used, and whether it trapped.
type step struct {
	fuel uint64
	trap bool
}

// onVudo runs the calls on one instance, up to the first that fails.
func onVudo(t *testing.T, rt *vudo.Runtime, module []byte, calls []wasmgen.Call) (steps []step) {
	t.Helper()
	ctx := context.Background()
	sb, err := rt.NewSandbox(ctx, module, vudo.SandboxConfig{Limits: vudo.Limits{Fuel: uint64(handedOut)}})
	if err != nil {
		t.Fatal(err)
	}
	defer sb.Close(ctx)
	if err := sb.Initialize(ctx); err != nil {
		return nil // a start function that traps leaves nothing to call
	}
	for _, c := range calls {
		args := make([]vudo.Value, len(c.Args))
		for i, bits := range c.Args {
			args[i] = vudo.Value{Type: c.Type.Params[i], Bits: bits}
		}
		res, err := sb.CallValues(ctx, c.Export, args...)
		if err != nil && !errors.Is(err, vudo.ErrTrap) {
			t.Fatalf("%s: %v", c.Export, err)
		}
		steps = append(steps, step{fuel: res.Receipt.FuelUsed, trap: err != nil})
		if err != nil {
			break
		}
	}
	return steps
}

// onWasmtime runs as many calls as steps on the metered module, with the hooks
// of the meter written once more for another engine.
func onWasmtime(t *testing.T, engine *wasmtime.Engine, module []byte, calls []wasmgen.Call) (steps []step) {
	t.Helper()
	m, err := wasm.Decode(module, wasm.DecodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	metered, err := fuel.Instrument(m, fuel.Config{})
	if err != nil {
		t.Fatal(err)
	}
	compiled, err := wasmtime.NewModule(engine, metered.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	store := wasmtime.NewStore(engine)
	defer store.Close()
	var inst *wasmtime.Instance
	global := func(name string) *wasmtime.Global { return inst.GetExport(store, name).Global() }
	charge := func(n uint64) {
		g := global(fuel.ExportFuel)
		if err := g.Set(store, wasmtime.ValI64(g.Get(store).I64()-int64(n))); err != nil {
			panic(err)
		}
	}
	sizes := make([]uint32, len(m.Tables))
	for i := range m.Tables {
		sizes[i] = m.Tables[i].Limits.Min
	}
	hooks := map[string]func([]wasmtime.Val) ([]wasmtime.Val, *wasmtime.Trap){
		fuel.ImportHook: func([]wasmtime.Val) ([]wasmtime.Val, *wasmtime.Trap) {
			return nil, wasmtime.NewTrap("the counter is negative")
		},
		fuel.ImportStackOverflow: func([]wasmtime.Val) ([]wasmtime.Val, *wasmtime.Trap) {
			return nil, wasmtime.NewTrap("stack depth")
		},
		fuel.ImportMemoryGrow: func(v []wasmtime.Val) ([]wasmtime.Val, *wasmtime.Trap) {
			delta := uint64(uint32(v[0].I32()))
			limit := uint64(1) << 16
			if l := m.Memories[0].Limits; l.HasMax {
				limit = uint64(l.Max)
			}
			if inst.GetExport(store, fuel.ExportMemory).Memory().Size(store)+delta > limit {
				return []wasmtime.Val{wasmtime.ValI32(0)}, nil
			}
			charge(fuel.V1().MemoryGrow(delta))
			return []wasmtime.Val{wasmtime.ValI32(1)}, nil
		},
		fuel.ImportTableGrow: func(v []wasmtime.Val) ([]wasmtime.Val, *wasmtime.Trap) {
			table, delta := v[0].I32(), uint32(v[1].I32())
			if l := m.Tables[table].Limits; l.HasMax && uint64(sizes[table])+uint64(delta) > uint64(l.Max) {
				return []wasmtime.Val{wasmtime.ValI32(0)}, nil
			}
			sizes[table] += delta
			charge(fuel.V1().TableGrow(uint64(delta)))
			return []wasmtime.Val{wasmtime.ValI32(1)}, nil
		},
	}
	var imports []wasmtime.AsExtern
	for _, imp := range compiled.Imports() {
		hook := hooks[*imp.Name()]
		if imp.Module() != fuel.Reserved || hook == nil {
			t.Fatalf("import %s.%s", imp.Module(), *imp.Name())
		}
		imports = append(imports, wasmtime.NewFunc(store, imp.Type().FuncType(), func(_ *wasmtime.Caller, v []wasmtime.Val) ([]wasmtime.Val, *wasmtime.Trap) {
			return hook(v)
		}))
	}
	if inst, err = wasmtime.NewInstance(store, compiled, imports); err != nil {
		t.Fatal(err)
	}
	run := func(export string, args ...any) step {
		if err := global(fuel.ExportFuel).Set(store, wasmtime.ValI64(handedOut)); err != nil {
			t.Fatal(err)
		}
		if metered.Depth {
			if err := global(fuel.ExportDepth).Set(store, depthValue(global(fuel.ExportDepth).Type(store))); err != nil {
				t.Fatal(err)
			}
		}
		_, err := inst.GetFunc(store, export).Call(store, args...)
		var trap *wasmtime.Trap
		if err != nil && !errors.As(err, &trap) {
			t.Fatalf("%s: %v", export, err)
		}
		return step{fuel: uint64(handedOut - global(fuel.ExportFuel).Get(store).I64()), trap: err != nil}
	}
	if metered.Start && run(fuel.ExportStart).trap {
		return nil
	}
	for _, c := range calls {
		args := make([]any, len(c.Args))
		for i, bits := range c.Args {
			switch c.Type.Params[i] {
			case wasm.I32:
				args[i] = int32(uint32(bits))
			case wasm.I64:
				args[i] = int64(bits)
			case wasm.F32:
				args[i] = math.Float32frombits(uint32(bits))
			case wasm.F64:
				args[i] = math.Float64frombits(bits)
			}
		}
		s := run(c.Export, args...)
		steps = append(steps, s)
		if s.trap {
			break
		}
	}
	return steps
}

// depthValue is VUDO's default stack allowance in the counter's own type.
func depthValue(g *wasmtime.GlobalType) wasmtime.Val {
	if g.Content().Kind() == wasmtime.KindI64 {
		return wasmtime.ValI64(1 << 16)
	}
	return wasmtime.ValI32(1 << 16)
}

// The metered module uses the same fuel on wasmtime as under VUDO, call by call,
// traps included: the kernels with small inputs, and generated modules.
//
// Proves: fuel 6.3
func TestSameTotalsOnWasmtime(t *testing.T) {
	rt, err := vudo.New(context.Background(), vudo.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close(context.Background())
	cfg := wasmtime.NewConfig()
	cfg.SetWasmTailCall(true)
	engine := wasmtime.NewEngineWithConfig(cfg)
	calls, traps := 0, 0
	compare := func(t *testing.T, name string, module []byte, list []wasmgen.Call) {
		t.Helper()
		want, got := onVudo(t, rt, module, list), onWasmtime(t, engine, module, list)
		if fmt.Sprint(want) != fmt.Sprint(got) {
			t.Errorf("%s: %v under VUDO, %v on wasmtime", name, want, got)
		}
		calls += len(want)
		for _, s := range want {
			if s.trap {
				traps++
			}
		}
	}
	kernels, err := loadKernels()
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range kernels {
		n := map[string]uint64{"fib": 20, "sha256": 50, "nbody": 1000, "hashmap": 20, "json": 5, "quicksort": 5}[k.name]
		compare(t, k.name, k.wasm, []wasmgen.Call{{
			Export: "run", Type: wasm.FuncType{Params: wasm.Types(wasm.I32), Results: wasm.Types(wasm.I64)}, Args: []uint64{max(n, 1)},
		}})
	}
	seeds := uint64(200)
	if os.Getenv("VUDO_LONG") != "" {
		seeds = 5000
	}
	for seed := range seeds {
		p := wasmgen.Generate(seed, wasmgen.Options{TrapPercent: int(seed % 3 * 30), Work: int(seed%4) * 700})
		compare(t, fmt.Sprintf("seed %d", seed), p.Bytes, p.Calls)
	}
	if calls < int(seeds) || traps == 0 {
		t.Errorf("only %d calls compared, %d traps", calls, traps)
	}
	t.Logf("%d calls, %d of them trapped: the same fuel on both", calls, traps)
}
