package sandbox

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"

	"github.com/univrs/vudo/internal/capability"
	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/spirit"
)

// small is a module like a little Spirit: a page of memory with some data, a
// bytes export that does nothing, one that adds, a loop, and one that calls the
// host with 64 bytes.
func small() []byte {
	b := wasm.NewBuilder()
	read := b.ImportFunc("vudo", "host_input_read", wasm.Types(wasm.I32, wasm.I32, wasm.I32), wasm.Types(wasm.I32))
	write := b.ImportFunc("vudo", "host_output_write", wasm.Types(wasm.I32, wasm.I32), wasm.Types(wasm.I32))
	b.Memory(1, 16)
	b.Data(1024, []byte("some data of a module"))
	b.Global(wasm.I32, true, func(e *wasm.Emitter) { e.I32Const(65536) })
	b.Func("nothing", nil, nil, nil, func(*wasm.Emitter) {})
	b.Func("add", wasm.Types(wasm.I32, wasm.I32), wasm.Types(wasm.I32), nil, func(e *wasm.Emitter) {
		e.LocalGet(0).LocalGet(1).Op(wasm.OpI32Add)
	})
	b.Func("write64", nil, nil, nil, func(e *wasm.Emitter) {
		e.I32Const(0).I32Const(64).Call(write).Op(wasm.OpDrop)
	})
	b.Func("host", nil, nil, wasm.Types(wasm.I32), func(e *wasm.Emitter) { // 100,000 calls with 64 bytes each
		e.I32Const(100_000).LocalSet(0)
		e.Loop(wasm.BlockEmpty)
		e.I32Const(0).I32Const(0).I32Const(64).Call(read).Op(wasm.OpDrop)
		e.LocalGet(0).I32Const(1).Op(wasm.OpI32Sub).LocalTee(0).BrIf(0)
		e.End()
	})
	b.Func("spin", wasm.Types(wasm.I32), nil, nil, func(e *wasm.Emitter) {
		e.Loop(wasm.BlockEmpty)
		e.LocalGet(0).I32Const(1).Op(wasm.OpI32Sub).LocalTee(0).BrIf(0)
		e.End()
	})
	return b.Bytes()
}

func benchProgram(tb testing.TB, cfg EngineConfig) *Program {
	tb.Helper()
	e, err := NewEngine(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { e.Close(context.Background()) })
	p, err := e.Compile(context.Background(), small(), CompileOptions{})
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func benchSandbox(tb testing.TB, cfg Config) *Sandbox {
	tb.Helper()
	s, err := benchProgram(tb, EngineConfig{}).New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := s.Initialize(context.Background()); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { s.Close(context.Background()) })
	return s
}

func rights(tb testing.TB, cs ...spirit.Capability) *capability.Set {
	tb.Helper()
	r, err := capability.New(capability.Everything(), []capability.Grant{{Capabilities: cs}}, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

func BenchmarkWarmCall(b *testing.B) {
	for _, export := range []string{"nothing", "write64"} {
		b.Run(export, func(b *testing.B) {
			s := benchSandbox(b, Config{Rights: rights(b, spirit.ActuatorLog)})
			ctx, in := context.Background(), []byte("input")
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := s.Call(ctx, export, in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("values", func(b *testing.B) {
		s := benchSandbox(b, Config{})
		ctx, args := context.Background(), []Value{I32(1), I32(2)}
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := s.CallValues(ctx, "add", args); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkFreshInstance(b *testing.B) {
	ctx := context.Background()
	b.Run("vudo", func(b *testing.B) {
		p := benchProgram(b, EngineConfig{})
		b.ReportAllocs()
		for b.Loop() {
			s, _ := p.New(Config{})
			if _, err := s.Initialize(ctx); err != nil {
				b.Fatal(err)
			}
			if _, _, err := s.Call(ctx, "nothing", nil); err != nil {
				b.Fatal(err)
			}
			s.Close(ctx)
		}
	})
	b.Run("wazero", func(b *testing.B) {
		p := benchProgram(b, EngineConfig{})
		r := wazero.NewRuntime(ctx)
		defer r.Close(ctx)
		env := r.NewHostModuleBuilder("vudo")
		env.NewFunctionBuilder().WithFunc(func(uint32, uint32, uint32) uint32 { return 0 }).Export("host_input_read")
		env.NewFunctionBuilder().WithFunc(func(uint32, uint32) uint32 { return 0 }).Export("host_output_write")
		env.Instantiate(ctx)
		c, err := r.CompileModule(ctx, p.source)
		if err != nil {
			b.Fatal(err)
		}
		cfg := wazero.NewModuleConfig().WithName("").WithStartFunctions()
		b.ReportAllocs()
		for b.Loop() {
			m, err := r.InstantiateModule(ctx, c, cfg)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := m.ExportedFunction("nothing").Call(ctx); err != nil {
				b.Fatal(err)
			}
			m.Close(ctx)
		}
	})
}

func BenchmarkPooled(b *testing.B) {
	ctx := context.Background()
	p := benchProgram(b, EngineConfig{})
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := p.Call(ctx, "nothing", nil, Config{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPauseResume(b *testing.B) {
	ctx := context.Background()
	s := benchSandbox(b, Config{Limits: spirit.Limits{Fuel: 100, Duration: time.Hour}})
	if _, _, err := s.CallValues(ctx, "spin", []Value{I32(0)}); !errors.Is(err, fault.ErrOutOfFuel) {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		_, err := s.Refuel(ctx, 6) // less than one round costs: each refuel pauses again
		if errors.Is(err, fault.ErrOutOfFuel) {
			continue
		}
		if err != nil {
			b.Fatal(err)
		}
		s.CallValues(ctx, "spin", []Value{I32(0)})
	}
}

func BenchmarkHostCall64(b *testing.B) {
	ctx := context.Background()
	s := benchSandbox(b, Config{Limits: spirit.Limits{Fuel: 1 << 50}})
	const calls = 100_000
	in := make([]byte, 64)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := s.Call(ctx, "host", in); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/calls, "ns/hostcall")
}

func BenchmarkIdle10k(b *testing.B) {
	ctx := context.Background()
	p := benchProgram(b, EngineConfig{})
	const n = 10000
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		all := make([]*Sandbox, n)
		for i := range all {
			s, err := p.New(Config{})
			if err != nil {
				b.Fatal(err)
			}
			if _, err := s.Initialize(ctx); err != nil {
				b.Fatal(err)
			}
			all[i] = s
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/n, "heapB/instance")
		b.ReportMetric(float64(residentBytes())/1e6, "residentMB")
		for _, s := range all {
			s.Close(ctx)
		}
	}
}
