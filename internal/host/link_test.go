package host_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/univrs/vudo/internal/capability"
	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/internal/host"
	"github.com/univrs/vudo/internal/sandbox"
	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/spirit"
)

var ctx = context.Background()

func newEngine(t *testing.T) *sandbox.Engine {
	t.Helper()
	e, err := sandbox.NewEngine(sandbox.EngineConfig{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return e
}

// importing is a module with one import, which its only export calls with the
// parameters that it gets.
func importing(module, name string, params, results []wasm.ValType) []byte {
	b := wasm.NewBuilder()
	f := b.ImportFunc(module, name, params, results)
	b.Func("f", params, results, nil, func(e *wasm.Emitter) {
		for i := range params {
			e.LocalGet(uint32(i))
		}
		e.Call(f)
	})
	b.Memory(1, 2)
	b.Export("memory", wasm.KindMemory, 0)
	return b.Bytes()
}

func started(t *testing.T, e *sandbox.Engine, module []byte) (*sandbox.Sandbox, error) {
	t.Helper()
	rights, err := capability.New(capability.Everything(), []capability.Grant{{Capabilities: []spirit.Capability{spirit.Unrestricted}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	cfg := sandbox.Config{Rights: rights}
	cfg.Host.Services = &host.Services{Storage: &host.MemoryStore{}}
	s, err := e.New(module, cfg)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { s.Close(ctx) })
	_, err = s.Initialize(ctx)
	return s, err
}

// Each row of the table links and works from a module that imports only it,
// under each of its module names, and gives the same result under both.
//
// Proves: vm 14.24, vm 14.30
func TestEachRowLinksAlone(t *testing.T) {
	e := newEngine(t)
	for _, f := range host.Table() {
		var results []uint64
		for _, module := range f.Modules {
			s, err := started(t, e, importing(module, f.Name, f.Params, f.Results))
			if err != nil {
				t.Errorf("%s.%s: %v", module, f.Name, err)
				continue
			}
			args := make([]sandbox.Value, len(f.Params))
			for i, p := range f.Params {
				args[i] = sandbox.Value{Type: p}
			}
			out, u, err := s.CallValues(ctx, "f", args)
			var trap *fault.Trap
			if err != nil && !errors.As(err, &trap) {
				t.Errorf("%s.%s: %v", module, f.Name, err)
			}
			if trap != nil && f.Name != "vudo_panic" && f.Name != "vudo_assert" {
				t.Errorf("%s.%s: %v", module, f.Name, err)
			}
			if len(u.Host.Calls) != 1 || u.Host.Calls[0].Name != f.Name || u.Host.Calls[0].Count != 1 {
				t.Errorf("%s.%s: counted %+v", module, f.Name, u.Host.Calls)
			}
			for _, v := range out {
				results = append(results, v.Bits)
			}
		}
		varies := f.Capability == spirit.TypeSensorTime || f.Capability == spirit.TypeSensorRandom
		if len(results) == 2 && results[0] != results[1] && !varies {
			t.Errorf("%s: %d from vudo, %d from loa", f.Name, results[0], results[1])
		}
	}
}

// Proves: vm 14.30
func TestWrongTypesDoNotLink(t *testing.T) {
	e := newEngine(t)
	for _, f := range host.Table() {
		wrong := append(append([]wasm.ValType(nil), f.Params...), wasm.F32)
		_, err := started(t, e, importing(f.Modules[0], f.Name, wrong, f.Results))
		offered := f.Type().String()
		if !errors.Is(err, fault.ErrUnlinked) || !strings.Contains(err.Error(), offered) ||
			!strings.Contains(err.Error(), wasm.FuncType{Params: wrong, Results: f.Results}.String()) {
			t.Errorf("%s with another type: %v", f.Name, err)
		}
	}
}

// What is not built yet does not link, by name; and no row is a stub of it.
//
// Proves: vm 14.24
func TestAbsentFunctionsDoNotLink(t *testing.T) {
	e := newEngine(t)
	for _, name := range []string{
		"host_network_fetch", "host_network_connect", "host_network_listen", "host_network_accept", "host_network_read",
		"host_network_write", "host_network_close", "host_network_broadcast", "host_credit_balance", "host_credit_transfer",
		"host_notify", "host_spirit_call", "vudo_send", "vudo_recv", "vudo_pending", "vudo_free_message", "vudo_broadcast",
		"vudo_subscribe", "vudo_emit_effect", "host_nonsense",
	} {
		for _, module := range []string{host.ModuleVudo, host.ModuleLoa} {
			_, err := started(t, e, importing(module, name, nil, nil))
			if !errors.Is(err, fault.ErrUnlinked) || !strings.Contains(err.Error(), name) {
				t.Errorf("%s.%s: %v", module, name, err)
			}
		}
	}
}

// counterModule reads key "k" (at address 0), spends fuel, and writes what it
// has read plus one; with trap it faults after that.
func counterModule(trap bool) []byte {
	b := wasm.NewBuilder()
	i := wasm.I32
	get := b.ImportFunc(host.ModuleVudo, "host_storage_get", wasm.Types(i, i, i, i), wasm.Types(i))
	set := b.ImportFunc(host.ModuleVudo, "host_storage_set", wasm.Types(i, i, i, i), wasm.Types(i))
	b.Func("run", nil, nil, wasm.Types(i), func(e *wasm.Emitter) {
		e.I32Const(0).I32Const(1).I32Const(16).I32Const(4).Call(get).Op(wasm.OpDrop)
		e.I32Const(10_000).LocalSet(0)
		e.Loop(wasm.BlockEmpty).LocalGet(0).I32Const(1).Op(wasm.OpI32Sub).LocalTee(0).BrIf(0).End()
		e.I32Const(16)
		e.I32Const(16).Mem(wasm.OpI32Load, 2, 0).I32Const(1).Op(wasm.OpI32Add)
		e.Mem(wasm.OpI32Store, 2, 0)
		e.I32Const(0).I32Const(1).I32Const(16).I32Const(4).Call(set).Op(wasm.OpDrop)
		if trap {
			e.Op(wasm.OpUnreachable)
		}
	})
	b.Memory(1, 1)
	b.Export("memory", wasm.KindMemory, 0)
	b.Data(0, []byte("k"))
	return b.Bytes()
}

// A key that a call read before it paused and another changed meanwhile is a
// conflict when the first goes on; a trap leaves no write.
//
// Proves: vm 14.33
func TestStorageAcrossAPause(t *testing.T) {
	e, store := newEngine(t), &host.MemoryStore{}
	start := func(module []byte, fuel uint64) *sandbox.Sandbox {
		rights, err := capability.New(capability.Everything(), []capability.Grant{{Capabilities: []spirit.Capability{spirit.Unrestricted}}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		cfg := sandbox.Config{Rights: rights, Limits: spirit.Limits{Fuel: fuel}.Fill()}
		cfg.Host.Services = &host.Services{Storage: store}
		s, err := e.New(module, cfg)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close(ctx) })
		if _, err := s.Initialize(ctx); err != nil {
			t.Fatal(err)
		}
		return s
	}
	stored := func() (v []byte) {
		err := store.View(ctx, host.Namespace{}, func(view host.StoreView) (err error) { v, _, err = view.Get([]byte("k")); return err })
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	slow := start(counterModule(false), 30_000) // enough for the read, not for the loop
	if _, _, err := slow.Call(ctx, "run", nil); !errors.Is(err, fault.ErrOutOfFuel) {
		t.Fatalf("the first call: %v", err)
	}
	if _, _, err := start(counterModule(false), 1_000_000).Call(ctx, "run", nil); err != nil {
		t.Fatalf("the call in between: %v", err)
	}
	if v := stored(); len(v) != 4 || v[0] != 1 {
		t.Fatalf("stored %v", v)
	}
	if _, err := slow.Refuel(ctx, 1_000_000); !errors.Is(err, fault.ErrConflict) {
		t.Errorf("the first call went on to %v, want a conflict", err)
	}
	before := stored()
	if _, _, err := start(counterModule(true), 1_000_000).Call(ctx, "run", nil); !errors.Is(err, fault.ErrTrap) {
		t.Errorf("the call that traps: %v", err)
	}
	if v := stored(); string(v) != string(before) {
		t.Errorf("a call that trapped wrote %v over %v", v, before)
	}
}

// 64 bytes through a host call, against an empty call of the guest: the goal
// is 150 ns more (docs/spec/vm.md, section 12).
func BenchmarkHostCall(b *testing.B) {
	e, err := sandbox.NewEngine(sandbox.EngineConfig{})
	if err != nil {
		b.Fatal(err)
	}
	defer e.Close(ctx)
	rights, err := capability.New(capability.Everything(), []capability.Grant{{Capabilities: []spirit.Capability{spirit.Unrestricted}}}, nil)
	if err != nil {
		b.Fatal(err)
	}
	const loop = 1000
	for _, c := range []struct {
		name string
		call func(m *wasm.Builder) func(e *wasm.Emitter)
	}{
		{"none", func(m *wasm.Builder) func(e *wasm.Emitter) {
			f := m.Func("", nil, nil, nil, func(*wasm.Emitter) {})
			return func(e *wasm.Emitter) { e.Call(f) }
		}},
		{"empty", func(m *wasm.Builder) func(e *wasm.Emitter) {
			f := m.ImportFunc(host.ModuleVudo, "host_abi_version", nil, wasm.Types(wasm.I32))
			return func(e *wasm.Emitter) { e.Call(f).Op(wasm.OpDrop) }
		}},
		{"result_read_64", func(m *wasm.Builder) func(e *wasm.Emitter) {
			f := m.ImportFunc(host.ModuleVudo, "host_input_read", wasm.Types(wasm.I32, wasm.I32, wasm.I32), wasm.Types(wasm.I32))
			return func(e *wasm.Emitter) { e.I32Const(0).I32Const(64).I32Const(64).Call(f).Op(wasm.OpDrop) }
		}},
		{"capability_and_64", func(m *wasm.Builder) func(e *wasm.Emitter) {
			f := m.ImportFunc(host.ModuleVudo, "host_random_bytes", wasm.Types(wasm.I32, wasm.I32), wasm.Types(wasm.I32))
			return func(e *wasm.Emitter) { e.I32Const(64).I32Const(64).Call(f).Op(wasm.OpDrop) }
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			m := wasm.NewBuilder()
			call := c.call(m)
			m.Func("run", nil, nil, wasm.Types(wasm.I32), func(e *wasm.Emitter) {
				e.I32Const(loop).LocalSet(0)
				e.Loop(wasm.BlockEmpty)
				call(e)
				e.LocalGet(0).I32Const(1).Op(wasm.OpI32Sub).LocalTee(0).BrIf(0).End()
			})
			m.Memory(1, 2)
			m.Export("memory", wasm.KindMemory, 0)
			cfg := sandbox.Config{Rights: rights, Limits: spirit.Limits{Fuel: 1 << 50}.Fill()}
			cfg.Host.Services = &host.Services{Random: zeros{}}
			s, err := e.New(m.Bytes(), cfg)
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close(ctx)
			if _, err := s.Initialize(ctx); err != nil {
				b.Fatal(err)
			}
			in := make([]byte, 64)
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N / loop {
				if _, _, err := s.Call(ctx, "run", in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
