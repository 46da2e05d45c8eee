package fuel

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/univrs/vudo/internal/wasm"
)

// meterHost is the smallest host that can run a metered module: it hands out
// slices, counts what it handed out, and says yes to every grow.
type meterHost struct {
	slice   func() int64 // length of the next slice
	handed  int64
	budget  int64 // stop with errBudget when handed out; 0 = none
	hooks   int
	lowest  int64 // least counter seen by the hook
	gates   []string
	grow    func(kind string, table, delta uint32) bool
	tariff  bool // charge grows by the tariff
	visited func(h *meterHost, mod api.Module)
}

type stopError string

func (e stopError) Error() string { return string(e) }

const (
	errBudget   = stopError("test host: budget is spent")
	errOverflow = stopError("test host: stack depth")
)

// fixedSlice hands out slices of n fuel.
func fixedSlice(n int64) func() int64 { return func() int64 { return n } }

// randomSlice hands out slices of 1 to n fuel.
func randomSlice(r *rand.Rand, n int64) func() int64 { return func() int64 { return 1 + r.Int64N(n) } }

var hostNames atomic.Int64

type world struct {
	t    testing.TB
	ctx  context.Context
	rt   wazero.Runtime
	host *meterHost
	mod  api.Module
}

func compilerConfig() wazero.RuntimeConfig {
	return wazero.NewRuntimeConfigCompiler().WithCoreFeatures(api.CoreFeaturesV2 | featuresExtra)
}

func interpreterConfig() wazero.RuntimeConfig {
	return wazero.NewRuntimeConfigInterpreter().WithCoreFeatures(api.CoreFeaturesV2 | featuresExtra)
}

// provide instantiates the module Reserved with everything that is imported from it.
func (h *meterHost) provide(ctx context.Context, rt wazero.Runtime, imports []api.FunctionDefinition) (api.Module, error) {
	b := rt.NewHostModuleBuilder(Reserved)
	done := map[string]bool{}
	for _, def := range imports {
		module, name, _ := def.Import()
		if module != Reserved || done[name] {
			continue
		}
		done[name] = true
		b.NewFunctionBuilder().WithGoModuleFunction(h.function(name, len(def.ParamTypes())), def.ParamTypes(), def.ResultTypes()).Export(name)
	}
	return b.Instantiate(ctx)
}

func (h *meterHost) function(name string, params int) api.GoModuleFunc {
	switch name {
	case ImportHook:
		return func(_ context.Context, mod api.Module, _ []uint64) { h.hook(mod) }
	case ImportStackOverflow:
		return func(context.Context, api.Module, []uint64) { panic(errOverflow) }
	case ImportMemoryGrow:
		return func(_ context.Context, mod api.Module, stack []uint64) {
			ok := h.grow == nil || h.grow("memory", 0, uint32(stack[0]))
			if ok && h.tariff {
				h.charge(mod, V1().MemoryGrow(uint64(uint32(stack[0]))))
			}
			stack[0] = b2u(ok)
		}
	case ImportTableGrow:
		return func(_ context.Context, mod api.Module, stack []uint64) {
			ok := h.grow == nil || h.grow("table", uint32(stack[0]), uint32(stack[1]))
			if ok && h.tariff {
				h.charge(mod, V1().TableGrow(uint64(uint32(stack[1]))))
			}
			stack[0] = b2u(ok)
		}
	}
	return func(_ context.Context, _ api.Module, stack []uint64) {
		h.gates = append(h.gates, name)
		if strings.HasPrefix(name, ImportGate) {
			stack[0] = 0
			return
		}
		stack[0] = stack[params-1]
	}
}

func b2u(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

func counter(mod api.Module) api.MutableGlobal {
	return mod.ExportedGlobal(ExportFuel).(api.MutableGlobal)
}

// hook settles: it hands out slices until the counter is not negative.
func (h *meterHost) hook(mod api.Module) {
	h.hooks++
	c := counter(mod)
	left := int64(c.Get())
	h.lowest = min(h.lowest, left)
	if h.visited != nil {
		h.visited(h, mod)
	}
	for left < 0 {
		if h.budget > 0 && h.handed >= h.budget {
			panic(errBudget)
		}
		n := h.slice()
		left += n
		h.handed += n
	}
	c.Set(uint64(left))
}

func (h *meterHost) charge(mod api.Module, n uint64) {
	c := counter(mod)
	c.Set(c.Get() - n)
	h.hook(mod)
}

// consumed is what the module has used so far.
func (h *meterHost) consumed(mod api.Module) int64 { return h.handed - int64(counter(mod).Get()) }

// setDepth gives the module its depth limit, if it counts.
func setDepth(mod api.Module, units int64) {
	if g := mod.ExportedGlobal(ExportDepth); g != nil {
		g.(api.MutableGlobal).Set(api.EncodeI32(int32(units)))
	}
}

// newWorld compiles and instantiates bytes under a fresh runtime.
func newWorld(t testing.TB, cfg wazero.RuntimeConfig, bytes []byte, h *meterHost) *world {
	t.Helper()
	ctx := context.Background()
	w := &world{t: t, ctx: ctx, rt: wazero.NewRuntimeWithConfig(ctx, cfg), host: h}
	t.Cleanup(func() { w.rt.Close(ctx) })
	compiled, err := w.rt.CompileModule(ctx, bytes)
	if err != nil {
		t.Fatalf("compile: %v", err)
	}
	if _, err := h.provide(ctx, w.rt, compiled.ImportedFunctions()); err != nil {
		t.Fatalf("host: %v", err)
	}
	w.mod, err = w.rt.InstantiateModule(ctx, compiled,
		wazero.NewModuleConfig().WithStartFunctions().WithName(fmt.Sprint("guest", hostNames.Add(1))))
	if err != nil {
		t.Fatalf("instantiate: %v", err)
	}
	setDepth(w.mod, 1<<20)
	return w
}

// call runs an export under the meter and returns its results and what it used.
func (w *world) call(name string, args ...uint64) (results []uint64, used int64, err error) {
	h := w.host
	before := h.consumed(w.mod)
	results, err = w.mod.ExportedFunction(name).Call(w.ctx, args...)
	return results, h.consumed(w.mod) - before, err
}

// meter instruments m and fails the test if that fails or gives an invalid module.
func meter(t testing.TB, m *wasm.Module, cfg Config) *Metered {
	t.Helper()
	out, err := Instrument(m, cfg)
	if err != nil {
		t.Fatalf("instrument: %v", err)
	}
	back, err := wasm.Decode(out.Bytes, wasm.DecodeOptions{})
	if err != nil {
		t.Fatalf("decode metered: %v", err)
	}
	if err := wasm.Validate(back); err != nil {
		t.Fatalf("validate metered: %v", err)
	}
	return out
}
