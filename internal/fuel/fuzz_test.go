package fuel

import (
	"context"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/internal/wasm/spectest"
	"github.com/univrs/vudo/internal/wasm/wasmgen"
)

// FuzzInstrument: a valid module gives a metered one that our validator and the
// engine accept, that runs no longer than its grant, and whose exports without
// parameters do and use the same with any slices.
func FuzzInstrument(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(wasmgen.Generate(seed, wasmgen.Options{TrapPercent: 40, Size: 20}).Bytes)
	}
	for _, suite := range spectest.Suites {
		scripts, err := spectest.Load(suite)
		if err != nil {
			f.Fatal(err)
		}
		for i := range scripts {
			for j := range scripts[i].Commands {
				c := &scripts[i].Commands[j]
				if c.Type != "module" || c.Line%7 != 0 {
					continue
				}
				if b, err := scripts[i].Module(c); err == nil && len(b) < 2000 {
					f.Add(b)
				}
			}
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := wasm.Decode(b, wasm.DecodeOptions{})
		if err != nil || wasm.Validate(m) != nil || (ShapeLimits{}).Check(m) != nil || checkNames(m) != nil {
			return
		}
		out := meter(t, m, Config{DebugOffsets: true})
		if len(m.Imports) > 0 || tooLarge(m) {
			return
		}
		first := runAll(t, m, out, 1000)
		second := runAll(t, m, out, 77)
		if len(first) != len(second) {
			t.Fatalf("%d calls, then %d", len(first), len(second))
		}
		for i := range first {
			if first[i] != second[i] {
				t.Fatalf("call %d: %+v with long slices, %+v with short ones", i, first[i], second[i])
			}
		}
	})
}

// tooLarge keeps the fuzzer away from modules that only cost memory.
func tooLarge(m *wasm.Module) bool {
	for i := range m.Memories {
		if m.Memories[i].Limits.Min > 64 {
			return true
		}
	}
	for i := range m.Tables {
		if m.Tables[i].Limits.Min > 10000 {
			return true
		}
	}
	return false
}

// runAll calls every export without parameters under a small grant.
func runAll(t *testing.T, m *wasm.Module, out *Metered, slice int64) (steps []step) {
	ctx := context.Background()
	rt := wazero.NewRuntimeWithConfig(ctx, compilerConfig().WithMemoryLimitPages(64))
	defer rt.Close(ctx)
	compiled, err := rt.CompileModule(ctx, out.Bytes)
	if err != nil {
		if plain, e := rt.CompileModule(ctx, m.Encode()); e == nil {
			plain.Close(ctx)
			t.Fatalf("the engine takes the module but not its metered form: %v", err)
		}
		return nil
	}
	h := &meterHost{slice: fixedSlice(slice), tariff: true}
	h.grow = func(_ string, _, delta uint32) bool { return false }
	if _, err := h.provide(ctx, rt, compiled.ImportedFunctions()); err != nil {
		t.Fatal(err)
	}
	mod, err := rt.InstantiateModule(ctx, compiled, wazero.NewModuleConfig().WithStartFunctions())
	if err != nil {
		return nil
	}
	run := func(name string) {
		// The grant of each call is the same whatever the slices: they only cut it.
		const grant = 77 * 1000
		counter(mod).Set(0)
		h.handed, h.budget = 0, grant
		setDepth(mod, 2000)
		results, err := mod.ExportedFunction(name).Call(ctx)
		used := h.consumed(mod)
		if used < 0 || used > grant+Overshoot {
			t.Fatalf("%s: %d of %d fuel", name, used, grant)
		}
		s := step{fuel: used}
		if err != nil {
			s.trap = firstLine(err)
		} else {
			for i, typ := range mod.ExportedFunction(name).Definition().ResultTypes() {
				if typ == api.ValueTypeI32 || typ == api.ValueTypeF32 {
					results[i] = uint64(uint32(results[i]))
				}
				if typ == api.ValueType(wasm.FuncRef) {
					results[i] = min(results[i], 1)
				}
			}
			s.results = bitsOf(wasm.FuncType{}, results)
		}
		steps = append(steps, s)
	}
	if out.Start {
		run(ExportStart)
	}
	for i := range m.Exports {
		x := &m.Exports[i]
		if t, ok := m.FuncType(x.Index); x.Kind == wasm.KindFunc && ok && len(t.Params) == 0 && !hasVector(t.Results) {
			run(x.Name)
		}
	}
	return steps
}

func hasVector(ts []wasm.ValType) bool {
	for _, t := range ts {
		if t == wasm.V128 {
			return true
		}
	}
	return false
}
