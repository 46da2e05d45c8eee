package sandbox

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/spirit"
)

func refused(t *testing.T, p *Program, cfg Config, want error) {
	t.Helper()
	s, err := p.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(background)
	_, err = s.Initialize(background)
	wantErr(t, err, want)
	wantState(t, s, Failed)
}

// Proves: vm 14.13
func TestMemoryLimit(t *testing.T) {
	variants(t, func(t *testing.T, cfg EngineConfig) {
		e := newEngine(t, cfg)
		declares := func(pages uint32) *Program {
			b := wasm.NewBuilder()
			b.Memory(pages, -1)
			b.Func("grow", wasm.Types(i32), wasm.Types(i32), nil, func(e *wasm.Emitter) { e.LocalGet(0).OpIdx(wasm.OpMemoryGrow, 0) })
			b.Func("touch", wasm.Types(i32), wasm.Types(i32), nil, func(e *wasm.Emitter) {
				e.LocalGet(0).I32Const(1).Mem(wasm.OpI32Store, 2, 0).LocalGet(0).Mem(wasm.OpI32Load, 2, 0)
			})
			return compile(t, e, b)
		}
		refused(t, declares(65*16), Config{}, fault.ErrMemoryLimit)
		ready(t, declares(64*16), Config{})

		s := ready(t, declares(1), Config{Limits: spirit.Limits{MemoryBytes: 10*pageSize + 1}})
		grow := func(pages, want int32) Usage {
			t.Helper()
			v, u, err := s.CallValues(background, "grow", []Value{I32(pages)})
			if err != nil || v[0].I32() != want {
				t.Fatalf("grow by %d: %v %v, want %d", pages, v, err, want)
			}
			return u
		}
		first := grow(0, 1)
		if u := grow(4, 1); u.MemoryPeak != 5*pageSize || u.FuelUsed != first.FuelUsed+4*64 {
			t.Fatalf("%+v", u)
		}
		if u := grow(6, -1); u.MemoryPeak != 5*pageSize || u.FuelUsed != first.FuelUsed {
			t.Fatalf("%+v", u)
		}
		grow(-1, -1)
		if u := grow(5, 5); u.MemoryPeak != 10*pageSize {
			t.Fatalf("%+v", u)
		}
		if v, _, err := s.CallValues(background, "touch", []Value{I32(10*pageSize - 4)}); err != nil || v[0].I32() != 1 {
			t.Fatalf("%v %v", v, err)
		}
		if m := s.Metrics(); m.PeakMemory != 10*pageSize {
			t.Fatalf("%+v", m)
		}
	})
}

// Growth pays before it happens: a grant that does not cover it pauses there.
func TestGrowthPauses(t *testing.T) {
	variants(t, func(t *testing.T, cfg EngineConfig) {
		s := ready(t, compile(t, newEngine(t, cfg), zoo()), Config{Limits: spirit.Limits{Fuel: 1000}})
		_, u, err := s.CallValues(background, "grow", []Value{I32(100)})
		wantErr(t, err, fault.ErrOutOfFuel)
		if u.MemoryPeak != pageSize || u.FuelUsed > 10 {
			t.Fatalf("%+v", u)
		}
		u, err = s.Refuel(background, 6400)
		if err != nil || s.Results()[0].I32() != 1 || u.MemoryPeak != 101*pageSize || u.FuelUsed < 6400 {
			t.Fatalf("%v %v %+v", err, s.Results(), u)
		}
	})
}

// Proves: vm 14.16
func TestTableLimit(t *testing.T) {
	variants(t, func(t *testing.T, cfg EngineConfig) {
		e := newEngine(t, cfg)
		b := wasm.NewBuilder()
		b.Table(wasm.FuncRef, 90, 200)
		b.Table(wasm.FuncRef, 11, -1)
		for n, name := range []string{"grow0", "grow1"} {
			b.Func(name, wasm.Types(i32), wasm.Types(i32), nil, func(e *wasm.Emitter) {
				e.RefNull(wasm.FuncRef).LocalGet(0).OpIdx(wasm.OpTableGrow, uint32(n))
			})
		}
		p := compile(t, e, b)
		refused(t, p, Config{Limits: spirit.Limits{TableElements: 100}}, fault.ErrTableLimit)
		s := ready(t, p, Config{Limits: spirit.Limits{TableElements: 300}})
		for _, c := range []struct {
			export     string
			delta, was int32
		}{{"grow0", 10, 90}, {"grow1", 190, -1}, {"grow1", 100, 11}, {"grow0", 101, -1}, {"grow0", 89, 100}, {"grow1", 1, -1}, {"grow0", 0, 189}} {
			v, _, err := s.CallValues(background, c.export, []Value{I32(c.delta)})
			if err != nil || v[0].I32() != c.was {
				t.Fatalf("%s by %d: %v %v, want %d", c.export, c.delta, v, err, c.was)
			}
		}
	})
}

// Recursion ends at the same depth and fuel on both modes of the engine, and
// operands held across calls count.
//
// Proves: vm 14.16
func TestStackLimit(t *testing.T) {
	b := wasm.NewBuilder()
	depth := b.Global(i32, true, func(e *wasm.Emitter) { e.I32Const(0) })
	b.Func("recurse", nil, nil, nil, func(e *wasm.Emitter) {
		e.GlobalGet(depth).I32Const(1).Op(wasm.OpI32Add).GlobalSet(depth).Call(0)
	})
	b.Func("heavy", nil, nil, nil, func(e *wasm.Emitter) {
		for range 1000 {
			e.GlobalGet(depth)
		}
		e.Call(1)
		for range 1000 {
			e.Op(wasm.OpDrop)
		}
	})
	b.Func("twice", wasm.Types(i32), wasm.Types(i32), nil, func(e *wasm.Emitter) {
		e.LocalGet(0).Op(wasm.OpI32Eqz).If(wasm.BlockValue(i32)).I32Const(0).Else()
		e.LocalGet(0).I32Const(1).Op(wasm.OpI32Sub).Call(2).I32Const(1).Op(wasm.OpI32Add).End()
	})
	used := map[string]uint64{}
	variants(t, func(t *testing.T, cfg EngineConfig) {
		p := compile(t, newEngine(t, cfg), b)
		for _, export := range []string{"recurse", "heavy"} {
			s := ready(t, p, Config{Limits: spirit.Limits{StackDepth: 1800}})
			_, u, err := s.Call(background, export, nil)
			wantErr(t, err, fault.ErrStackLimit)
			wantState(t, s, Failed)
			if u.Outcome != OutcomeLimit || u.FuelUsed == 0 {
				t.Fatalf("%+v", u)
			}
			if was, ok := used[export]; ok && was != u.FuelUsed {
				t.Errorf("%s: %d fuel, another mode %d", export, u.FuelUsed, was)
			}
			used[export] = u.FuelUsed
		}
		// The allowance is whole again for each call.
		s := ready(t, p, Config{Limits: spirit.Limits{StackDepth: 1800}})
		for range 5 {
			if v, _, err := s.CallValues(background, "twice", []Value{I32(800)}); err != nil || v[0].I32() != 800 {
				t.Fatalf("%v %v", v, err)
			}
		}
		// At the greatest allowance the host stack is safe on each mode.
		s = ready(t, p, Config{Limits: spirit.Limits{StackDepth: 1 << 20}})
		_, _, err := s.Call(background, "recurse", nil)
		wantErr(t, err, fault.ErrStackLimit)
	})
}

// Proves: vm 14.17
func TestOutputLimit(t *testing.T) {
	e := newEngine(t, EngineConfig{})
	p := compile(t, e, zoo())
	b := wasm.NewBuilder()
	write := b.ImportFunc("vudo", "host_output_write", wasm.Types(i32, i32), wasm.Types(i32))
	b.Memory(1, 1)
	b.Data(0, bytes.Repeat([]byte("x"), 100))
	b.Func("main", nil, nil, nil, func(e *wasm.Emitter) {
		e.I32Const(0).I32Const(100).Call(write).Op(wasm.OpDrop) // fits exactly
		e.I32Const(0).I32Const(1).Call(write)
		e.I32Const(-10).Op(wasm.OpI32Ne).If(wasm.BlockEmpty).Op(wasm.OpUnreachable).End() // LIMIT
	})
	s := ready(t, compile(t, e, b), Config{Limits: spirit.Limits{OutputBytes: 100}})
	out, _, err := s.Call(background, "main", nil)
	if err != nil || string(out) != strings.Repeat("x", 100) {
		t.Fatalf("%q %v", out, err)
	}

	// Streams give the same bytes as buffers, and the same fuel.
	in := strings.Repeat("0123456789abcdef", 64)
	want, u, err := ready(t, p, Config{}).Call(background, "copy", []byte(in))
	if err != nil || string(want) != in {
		t.Fatal(err)
	}
	var stream bytes.Buffer
	out, v, err := ready(t, p, Config{Stdin: strings.NewReader(in), Stdout: &stream}).Call(background, "copy", nil)
	if err != nil || out != nil || stream.String() != in || v.FuelUsed != u.FuelUsed || v.Host.Input != DigestOf([]byte(in)) || v.Host.Output != DigestOf([]byte(in)) {
		t.Fatalf("%v %q %d %d", err, stream.String(), v.FuelUsed, u.FuelUsed)
	}
}

// The numbers of an instance that a caller may never see again are zero for
// the next tenant, on every path by which memory comes back.
func TestMemoryIsZeroedBetweenTenants(t *testing.T) {
	variants(t, func(t *testing.T, cfg EngineConfig) {
		b := wasm.NewBuilder()
		b.Memory(1, 100)
		// dirty grows by its argument and fills everything; dirt sums up what is there.
		b.Func("dirty", wasm.Types(i32), nil, nil, func(e *wasm.Emitter) {
			e.LocalGet(0).OpIdx(wasm.OpMemoryGrow, 0).Op(wasm.OpDrop)
			e.I32Const(0).I32Const(0xaa).OpIdx(wasm.OpMemorySize, 0).I32Const(pageSize).Op(wasm.OpI32Mul).OpIdx(wasm.OpMemoryFill, 0)
		})
		b.Func("dirt", wasm.Types(i32), wasm.Types(i64), wasm.Types(i32, i64), func(e *wasm.Emitter) {
			e.LocalGet(0).OpIdx(wasm.OpMemoryGrow, 0).Op(wasm.OpDrop)
			e.OpIdx(wasm.OpMemorySize, 0).I32Const(pageSize).Op(wasm.OpI32Mul).LocalSet(1)
			e.Loop(wasm.BlockEmpty)
			e.LocalGet(1).I32Const(8).Op(wasm.OpI32Sub).LocalTee(1).Mem(wasm.OpI64Load, 3, 0).LocalGet(2).Op(wasm.OpI64Or).LocalSet(2)
			e.LocalGet(1).BrIf(0).End().LocalGet(2)
		})
		e := newEngine(t, cfg)
		p := compile(t, e, b)
		small := Config{Limits: spirit.Limits{Fuel: 1 << 40}}
		for _, pages := range []int32{0, 1, 50} { // below and above clearLimit
			for name, tenant := range map[string]func(){
				"closed": func() {
					s := ready(t, p, small)
					if _, _, err := s.CallValues(background, "dirty", []Value{I32(pages)}); err != nil {
						t.Fatal(err)
					}
					s.Close(background)
				},
				"pooled": func() {
					if _, _, err := p.CallValues(background, "dirty", []Value{I32(pages)}, small); err != nil {
						t.Fatal(err)
					}
				},
			} {
				tenant()
				for kind, look := range map[string]func() ([]Value, Usage, error){
					"new": func() ([]Value, Usage, error) {
						return ready(t, p, small).CallValues(background, "dirt", []Value{I32(pages)})
					},
					"pooled": func() ([]Value, Usage, error) { return p.CallValues(background, "dirt", []Value{I32(pages)}, small) },
				} {
					v, _, err := look()
					if err != nil || v[0].I64() != 0 {
						t.Errorf("%d pages, %s then %s: %v %v", pages, name, kind, v, err)
					}
				}
			}
		}
	})
}

// Spirit.Call costs the same from the pool as fresh, and sees nothing of the
// call before.
//
// Proves: vm 14.9
func TestPooledEqualsFresh(t *testing.T) {
	variants(t, func(t *testing.T, cfg EngineConfig) {
		b := wasm.NewBuilder()
		b.Memory(1, 10)
		b.Data(100, []byte{1, 2, 3, 4})
		g := b.Global(i64, true, func(e *wasm.Emitter) { e.I64Const(9) })
		b.Start(b.Func("", nil, nil, nil, func(e *wasm.Emitter) { e.GlobalGet(g).I64Const(1).Op(wasm.OpI64Add).GlobalSet(g) }))
		b.Func("look", nil, wasm.Types(i64, i32), nil, func(e *wasm.Emitter) {
			e.GlobalGet(g).I32Const(100).Mem(wasm.OpI32Load, 2, 0)
			e.I64Const(77).GlobalSet(g).I32Const(100).I32Const(0).Mem(wasm.OpI32Store, 2, 0)
		})
		b.Func("trap", nil, nil, nil, func(e *wasm.Emitter) { e.Op(wasm.OpUnreachable) })
		b.Func("loop", nil, nil, nil, func(e *wasm.Emitter) { e.Loop(wasm.BlockEmpty).Br(0).End() })
		e := newEngine(t, cfg)
		p := compile(t, e, b)
		var first Usage
		for n := range 10 {
			if n == 5 {
				_, _, err := p.Call(background, "trap", nil, Config{})
				wantErr(t, err, fault.ErrTrap)
			}
			v, u, err := p.CallValues(background, "look", nil, Config{})
			if err != nil || v[0].I64() != 10 || v[1].I32() != 0x04030201 {
				t.Fatalf("call %d: %v %v", n, v, err)
			}
			if n == 0 {
				first = u
			}
			if u.FuelUsed != first.FuelUsed {
				t.Fatalf("call %d used %d fuel, the first %d", n, u.FuelUsed, first.FuelUsed)
			}
		}
		if len(p.pool.idle) != 1 {
			t.Fatalf("%d instances in the pool", len(p.pool.idle))
		}
		_, u, err := p.Call(background, "loop", nil, Config{Limits: spirit.Limits{Fuel: 1000}})
		if !errors.Is(err, fault.ErrOutOfFuel) || u.FuelUsed <= 1000 || u.Outcome != OutcomeOutOfFuel || len(e.live) != 0 {
			t.Fatalf("%v %+v, %d left", err, u, len(e.live))
		}
	})
}
