package sandbox

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/spirit"
)

// Proves: vm 14.18
func TestParallel(t *testing.T) {
	variants(t, func(t *testing.T, cfg EngineConfig) {
		cfg.Slice = 1000
		e := newEngine(t, cfg)
		p := compile(t, e, zoo())
		var wg sync.WaitGroup
		for n := int64(100); n <= 400; n += 100 {
			s := ready(t, p, Config{})
			wg.Go(func() {
				v, _, err := s.CallValues(background, "sum", []Value{I64(n - 1)})
				if err != nil || v[0].I64() != n*(n-1)/2 {
					t.Errorf("sum below %d: %v %v", n, v, err)
				}
			})
		}
		for thread := range int32(8) {
			wg.Go(func() {
				for check := range int32(100) {
					s, err := p.New(Config{})
					if err != nil {
						t.Error(err)
						return
					}
					if _, err := s.Initialize(background); err != nil {
						t.Error(err)
					}
					mine := thread*1000 + check
					s.CallValues(background, "store", []Value{I32(512), I32(mine)})
					n, u, err1 := s.CallValues(background, "increment", nil)
					v, _, err2 := s.CallValues(background, "load", []Value{I32(512)})
					pooled, w, err3 := p.CallValues(background, "increment", nil, Config{})
					if err := errors.Join(err1, err2, err3); err != nil {
						t.Error(err)
						return
					}
					if n[0].I32() != 1 || v[0].I32() != mine || pooled[0].I32() != 1 {
						t.Errorf("thread %d sees %v, %v, %v", thread, n, v, pooled)
					}
					if m := s.Metrics(); m.Executions != 3 || m.Traps != 0 || u.FuelUsed == 0 || w.FuelUsed == 0 {
						t.Errorf("%+v", m)
					}
					s.Close(background)
				}
			})
		}
		wg.Wait()
		if n := len(e.live); n != 4 {
			t.Errorf("%d sandboxes alive, 4 are open", n)
		}
	})
}

// Pause, Terminate, State and Metrics from other goroutines, at any moment.
func TestInterference(t *testing.T) {
	e := newEngine(t, EngineConfig{Slice: 1000})
	p := compile(t, e, zoo())
	for range 50 {
		s := ready(t, p, Config{Limits: spirit.Limits{Fuel: 1 << 50, Duration: time.Hour}})
		stop := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				_ = s.Pause()
				_, _ = s.State(), s.Metrics()
				runtime.Gosched()
			}
		})
		_, _, err := s.Call(background, "loop", nil)
		for range 20 {
			if !errors.Is(err, fault.ErrPaused) {
				t.Fatal(err)
			}
			_, err = s.Resume(background)
		}
		wg.Go(func() { s.Terminate(background) })
		for errors.Is(err, fault.ErrPaused) {
			_, err = s.Resume(background)
		}
		if !errors.Is(err, fault.ErrTerminated) && !errors.Is(err, fault.ErrState) {
			t.Fatal(err)
		}
		close(stop)
		wg.Wait()
		wantState(t, s, Terminated)
	}
}

// worker is a module that works on its memory, its globals and itself:
// recursion, loops, bulk operations, growth and host calls.
func workload() *wasm.Builder {
	b := wasm.NewBuilder()
	write := b.ImportFunc("vudo", "host_output_write", wasm.Types(i32, i32), wasm.Types(i32))
	b.Memory(1, 20)
	g := b.Global(i64, true, func(e *wasm.Emitter) { e.I64Const(1) })
	fib := b.Func("", wasm.Types(i32), wasm.Types(i64), nil, func(e *wasm.Emitter) {
		e.LocalGet(0).I32Const(2).Op(wasm.OpI32LtS).If(wasm.BlockValue(i64)).LocalGet(0).Op(wasm.OpI64ExtendI32S).Else()
		e.LocalGet(0).I32Const(1).Op(wasm.OpI32Sub).Call(1).LocalGet(0).I32Const(2).Op(wasm.OpI32Sub).Call(1).Op(wasm.OpI64Add).End()
	})
	b.Func("work", wasm.Types(i32), wasm.Types(i64), wasm.Types(i32), func(e *wasm.Emitter) {
		e.Loop(wasm.BlockEmpty)
		e.LocalGet(1).LocalGet(1).Call(fib).GlobalGet(g).Op(wasm.OpI64Add).Mem(wasm.OpI64Store, 3, 64)
		e.GlobalGet(g).I64Const(6364136223846793005).Op(wasm.OpI64Mul).I64Const(1442695040888963407).Op(wasm.OpI64Add).GlobalSet(g)
		e.I32Const(4096).I32Const(64).I32Const(2000).OpIdx(wasm.OpMemoryCopy, 0, 0)
		e.I32Const(8192).LocalGet(1).I32Const(3000).OpIdx(wasm.OpMemoryFill, 0)
		e.I32Const(1).OpIdx(wasm.OpMemoryGrow, 0).Op(wasm.OpDrop)
		e.I32Const(64).I32Const(16).Call(write).Op(wasm.OpDrop)
		e.LocalGet(1).I32Const(8).Op(wasm.OpI32Add).LocalTee(1).LocalGet(0).Op(wasm.OpI32LtS).BrIf(0).End()
		e.GlobalGet(g)
	})
	return b
}

// A call that is stopped anywhere and goes on ends like one that never
// stopped; granted = consumed + remaining at every hook.
//
// Proves: vm 14.8, vm 14.37
func TestSplitRuns(t *testing.T) {
	runs := 60
	if testing.Short() {
		runs = 10
	}
	type result struct {
		value  int64
		memory [32]byte
		fuel   uint64
		output string
	}
	finish := func(s *Sandbox, u Usage, err error) (result, error) {
		if err != nil {
			return result{}, err
		}
		return result{s.Results()[0].I64(), sha256.Sum256(s.memory()), u.FuelUsed, string(s.host.Output())}, nil
	}
	var reference result
	variants(t, func(t *testing.T, cfg EngineConfig) {
		cfg.Slice = 777
		e := newEngine(t, cfg)
		e.onHook = func(s *Sandbox) {
			if c := s.counter(); c >= 0 || c < -65536 {
				t.Errorf("a hook at counter %d", c)
			}
			if got := s.consumed() + s.remaining(); got != s.meter.granted {
				t.Errorf("consumed and remaining are %d, granted %d", got, s.meter.granted)
			}
		}
		p := compile(t, e, workload())
		call := func(limit uint64) (*Sandbox, Usage, error) {
			s := ready(t, p, Config{Limits: spirit.Limits{Fuel: limit}})
			_, u, err := s.CallValues(background, "work", []Value{I32(24)})
			return s, u, err
		}
		want, err := finish(call(1 << 40))
		if err != nil {
			t.Fatal(err)
		}
		if reference.fuel == 0 {
			reference = want
		} else if want != reference {
			t.Fatalf("%+v, another mode gave %+v", want, reference)
		}
		seed := uint64(4)
		rng := rand.New(rand.NewPCG(seed, seed))
		for range runs {
			s, u, err := call(1 + rng.Uint64N(want.fuel))
			stops := 0
			for errors.Is(err, fault.ErrOutOfFuel) {
				if u.FuelUsed > u.FuelLimit+65536 {
					t.Fatalf("overshoot of %d", u.FuelUsed-u.FuelLimit)
				}
				stops++
				u, err = s.Refuel(background, 1+rng.Uint64N(want.fuel/10))
			}
			got, err := finish(s, u, err)
			if err != nil || got != want {
				t.Fatalf("seed %d: stopped %d times: %+v %v, want %+v", seed, stops, got, err, want)
			}
			s.Close(background)
		}
	})
}

// Nothing is left of many calls: no goroutine, no memory, no slot.
func TestNoLeaks(t *testing.T) {
	calls := 100_000
	if testing.Short() {
		calls = 10_000
	}
	e := newEngine(t, EngineConfig{Slice: 10_000})
	p := compile(t, e, zoo())
	s := ready(t, p, Config{})
	round := func(n int) {
		for i := range n {
			s.Call(background, "status", nil)
			p.Call(background, "nothing", nil, Config{})
			switch i % 10 {
			case 0:
				f := ready2(p, Config{Limits: spirit.Limits{Fuel: 100}})
				f.Call(background, "loop", nil)
				f.Close(background)
			case 1:
				p.Call(background, "loop", nil, Config{Limits: spirit.Limits{Fuel: 100}})
			case 2:
				f := ready2(p, Config{})
				f.CallValues(background, "divide", []Value{I32(1), I32(0)})
				f.Close(background)
			}
		}
	}
	measure := func() (goroutines int, heap uint64, slots int) {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return runtime.NumGoroutine(), m.HeapAlloc, e.arena.live
	}
	round(calls / 10)
	g0, h0, a0 := measure()
	round(calls)
	g1, h1, a1 := measure()
	if g1 > g0 || a1 != a0 || h1 > h0+4<<20 || len(e.live) != 1 {
		t.Fatalf("before: %d goroutines, %d bytes, %d slots; after %d calls: %d, %d, %d; %d sandboxes", g0, h0, a0, calls, g1, h1, a1, len(e.live))
	}
}

func ready2(p *Program, cfg Config) *Sandbox {
	s, err := p.New(cfg)
	if err != nil {
		panic(fmt.Sprint(err))
	}
	if _, err := s.Initialize(background); err != nil {
		panic(fmt.Sprint(err))
	}
	return s
}

// Proves: vm 14.38
func TestNotices(t *testing.T) {
	notices := make(chan Notice, 100)
	e := newEngine(t, EngineConfig{Notices: notices, Slice: 1000})
	p := compile(t, e, zoo())
	set := rights(t)
	s := ready(t, p, Config{Rights: set, Limits: spirit.Limits{Fuel: 5000}})
	s.CallValues(background, "log", []Value{I32(16), I32(2)}) // denied
	s.Grant([]spirit.Capability{spirit.ActuatorLog})
	s.Call(background, "loop", nil)
	s.Refuel(background, 1)
	s.Abandon(background)
	s.Call(background, "nothing", nil)
	s.CallValues(background, "divide", []Value{I32(1), I32(0)})
	s.Close(background)
	seen := map[EventKind]int{}
	for len(notices) > 0 {
		n := <-notices
		seen[n.Kind]++
		if n.Sandbox != s.ID() || n.Spirit != p.Digest() || n.Time.IsZero() || n.Kind.String() == "" {
			t.Errorf("%+v", n)
		}
	}
	for _, k := range EventKinds() {
		if seen[k] == 0 {
			t.Errorf("no %v in %v", k, seen)
		}
	}
	// A listener that never listens costs events and nothing else.
	blocked := newEngine(t, EngineConfig{Notices: make(chan Notice)})
	q := compile(t, blocked, zoo())
	f := ready(t, q, Config{})
	for range 1000 {
		if _, _, err := f.Call(background, "nothing", nil); err != nil {
			t.Fatal(err)
		}
	}
	if n := blocked.NoticesLost(); n < 2000 {
		t.Errorf("%d events lost", n)
	}
}
