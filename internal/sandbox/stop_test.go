package sandbox

import (
	"context"
	"errors"
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/spirit"
)

// outcome of a call made on a goroutine of its own.
type ended struct {
	u   Usage
	err error
}

func async(f func() (Usage, error)) <-chan ended {
	c := make(chan ended, 1)
	go func() {
		u, err := f()
		c <- ended{u, err}
	}()
	return c
}

func wait(t *testing.T, c <-chan ended) ended {
	t.Helper()
	select {
	case e := <-c:
		return e
	case <-time.After(20 * time.Second):
		t.Fatal("the call did not end within 20 s")
		panic("unreachable")
	}
}

// atHook makes do run once, at the n-th hook of the engine's guests.
func atHook(e *Engine, n int, do func(*Sandbox)) {
	hooks := 0
	e.onHook = func(s *Sandbox) {
		if hooks++; hooks == n {
			do(s)
		}
	}
}

// Proves: vm 14.10
func TestPause(t *testing.T) {
	variants(t, func(t *testing.T, cfg EngineConfig) {
		clock := newHandClock()
		cfg.Clock, cfg.Slice = clock, 1000
		e := newEngine(t, cfg)
		p := compile(t, e, zoo())
		plain, u, err := ready(t, p, Config{}).CallValues(background, "sum", []Value{I64(10_000)})
		if err != nil {
			t.Fatal(err)
		}
		s := ready(t, p, Config{Limits: spirit.Limits{Duration: time.Second}})
		hooks := uint64(0)
		atHook(e, 7, func(s *Sandbox) {
			hooks = s.meter.slices
			if err := s.Pause(); err != nil {
				t.Error(err)
			}
		})
		_, v, err := s.CallValues(background, "sum", []Value{I64(10_000)})
		wantErr(t, err, fault.ErrPaused)
		wantState(t, s, Paused)
		if v.Outcome != OutcomePaused || s.meter.slices != hooks {
			t.Fatalf("%v, paused %d hooks late", v.Outcome, s.meter.slices-hooks)
		}
		clock.advance(time.Hour) // does not count: the deadline is a second away
		if v, err = s.Refuel(background, 5); err != nil || v.Outcome != OutcomePaused {
			t.Fatalf("row 14: %v %v", v.Outcome, err)
		}
		wantState(t, s, Paused)
		v, err = s.Resume(background)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Results(); got[0] != plain[0] || v.FuelUsed != u.FuelUsed || v.Paused != time.Hour || v.Duration != 0 {
			t.Fatalf("%v %+v, want %v with %d fuel", got, v, plain, u.FuelUsed)
		}
		wantState(t, s, Ready)
	})
}

// A guest that sleeps is paused at once, and sleeps on after Resume.
func TestPauseDuringSleep(t *testing.T) {
	clock := newHandClock()
	e := newEngine(t, EngineConfig{Clock: clock})
	s := ready(t, compile(t, e, zoo()), Config{Rights: rights(t, spirit.SensorTime)})
	c := async(func() (Usage, error) {
		_, u, err := s.CallValues(background, "sleep", []Value{I64(1000)})
		return u, err
	})
	eventually(t, "the guest sleeps", clock.waiting)
	if err := s.Pause(); err != nil {
		t.Fatal(err)
	}
	wantErr(t, wait(t, c).err, fault.ErrPaused)
	clock.advance(time.Second) // the time it slept for passes meanwhile
	if _, err := s.Resume(background); err != nil || s.Results()[0].I32() != 0 {
		t.Fatalf("%v %v", s.Results(), err)
	}
}

// A host function that ends its own goroutine takes the sandbox with it, and
// nothing else.
func TestGoexit(t *testing.T) {
	variants(t, func(t *testing.T, cfg EngineConfig) {
		cfg.Functions = []Function{{Name: "job", Capability: spirit.ActuatorLog, Call: func(*Caller, []uint64) error {
			runtime.Goexit()
			return nil
		}}}
		b := wasm.NewBuilder()
		job := b.ImportFunc("loa", "job", nil, nil)
		b.Func("main", nil, nil, nil, func(e *wasm.Emitter) { e.Call(job) })
		b.Func("nothing", nil, nil, nil, func(*wasm.Emitter) {})
		p := compile(t, newEngine(t, cfg), b)
		for range 3 {
			s := ready(t, p, Config{Rights: rights(t, spirit.ActuatorLog)})
			done := make(chan struct{})
			go func() {
				defer close(done)
				if _, _, err := s.Call(background, "main", nil); err == nil {
					t.Error("it returned")
				}
			}()
			<-done
			wantState(t, s, Failed)
			if _, _, err := ready(t, p, Config{}).Call(background, "nothing", nil); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// Row 13: a resumed call without fuel goes straight to the other kind of pause.
func TestResumeWithoutFuel(t *testing.T) {
	e := newEngine(t, EngineConfig{Slice: 1000})
	s := ready(t, compile(t, e, zoo()), Config{Limits: spirit.Limits{Fuel: 5000}})
	atHook(e, 5, func(s *Sandbox) { s.Pause() })
	_, _, err := s.Call(background, "loop", nil)
	wantErr(t, err, fault.ErrPaused)
	_, err = s.Resume(background)
	wantErr(t, err, fault.ErrOutOfFuel)
	wantState(t, s, Paused)
	if _, err = s.Refuel(background, 100); !errors.Is(err, fault.ErrOutOfFuel) {
		t.Fatal(err)
	}
}

// Proves: vm 14.11
func TestTerminate(t *testing.T) {
	variants(t, func(t *testing.T, cfg EngineConfig) {
		clock := newHandClock()
		cfg.Clock, cfg.Slice = clock, 1000
		e := newEngine(t, cfg)
		p := compile(t, e, zoo())

		t.Run("loop", func(t *testing.T) {
			s := ready(t, p, Config{})
			last := uint64(0)
			atHook(e, 5, func(s *Sandbox) { last = s.meter.slices; s.Terminate(background) })
			_, u, err := s.Call(background, "loop", nil)
			wantErr(t, err, fault.ErrTerminated)
			wantState(t, s, Terminated)
			if s.meter.slices != last || u.Outcome != OutcomeTerminated || u.FuelUsed < 4000 {
				t.Fatalf("%d hooks late, %+v", s.meter.slices-last, u)
			}
		})
		t.Run("cancelled", func(t *testing.T) {
			s := ready(t, p, Config{})
			ctx, cancel := context.WithCancel(background)
			atHook(e, 5, func(*Sandbox) { cancel() })
			_, _, err := s.Call(ctx, "loop", nil)
			wantErr(t, err, fault.ErrTerminated)
			wantErr(t, err, context.Canceled)
			wantState(t, s, Failed)
		})
		for name, end := range map[string]func(*Sandbox, context.CancelFunc){
			"sleep":           func(s *Sandbox, _ context.CancelFunc) { s.Terminate(background) },
			"sleep cancelled": func(_ *Sandbox, cancel context.CancelFunc) { cancel() },
		} {
			t.Run(name, func(t *testing.T) {
				s := ready(t, p, Config{Rights: rights(t, spirit.SensorTime), Limits: spirit.Limits{Duration: time.Hour}})
				ctx, cancel := context.WithCancel(background)
				defer cancel()
				c := async(func() (Usage, error) {
					_, u, err := s.CallValues(ctx, "sleep", []Value{I64(60_000)})
					return u, err
				})
				eventually(t, "the guest sleeps", clock.waiting)
				end(s, cancel)
				wantErr(t, wait(t, c).err, fault.ErrTerminated)
				clock.advance(time.Hour) // lets go of the timer
			})
		}
		t.Run("hanging stream", func(t *testing.T) {
			in, feed := io.Pipe()
			defer feed.Close() // lets the reader's goroutine end
			s, err := p.New(Config{Stdin: in})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close(background)
			if _, err := s.Initialize(background); err != nil {
				t.Fatal(err)
			}
			c := async(func() (Usage, error) {
				_, u, err := s.Call(background, "copy", nil)
				return u, err
			})
			eventually(t, "the guest waits for its stream", clock.waiting)
			s.Terminate(background)
			wantErr(t, wait(t, c).err, fault.ErrTerminated)
			clock.advance(time.Hour)
		})
		t.Run("host function", func(t *testing.T) { // its context ends
			entered := make(chan struct{})
			cfg.Functions = []Function{{Name: "job", Capability: spirit.ActuatorLog, Call: func(c *Caller, _ []uint64) error {
				close(entered)
				<-c.Context().Done()
				return context.Cause(c.Context())
			}}}
			b := wasm.NewBuilder()
			job := b.ImportFunc("loa", "job", nil, nil)
			b.Func("main", nil, nil, nil, func(e *wasm.Emitter) { e.Call(job) })
			s := ready(t, compile(t, newEngine(t, cfg), b), Config{Rights: rights(t, spirit.ActuatorLog)})
			c := async(func() (Usage, error) {
				_, u, err := s.Call(background, "main", nil)
				return u, err
			})
			<-entered
			s.Terminate(background)
			wantErr(t, wait(t, c).err, fault.ErrTerminated)
			clock.advance(time.Hour)
		})
		t.Run("paused", func(t *testing.T) {
			s := ready(t, p, Config{Limits: spirit.Limits{Fuel: 100}})
			if _, _, err := s.Call(background, "loop", nil); !errors.Is(err, fault.ErrOutOfFuel) {
				t.Fatal(err)
			}
			s.Terminate(background)
			wantState(t, s, Terminated)
			if m := s.Metrics(); m.Executions != 1 || m.Traps != 1 || s.inst != nil {
				t.Fatalf("%+v", m)
			}
		})
	})
}

// Proves: vm 14.15
func TestDeadline(t *testing.T) {
	variants(t, func(t *testing.T, cfg EngineConfig) {
		clock := newHandClock()
		cfg.Clock, cfg.Slice = clock, 1000
		e := newEngine(t, cfg)
		p := compile(t, e, zoo())
		limits := spirit.Limits{Duration: 200 * time.Millisecond}

		t.Run("loop", func(t *testing.T) {
			s := ready(t, p, Config{Limits: limits})
			e.onHook = func(*Sandbox) { clock.advance(10 * time.Millisecond) }
			defer func() { e.onHook = nil }()
			_, u, err := s.Call(background, "loop", nil)
			wantErr(t, err, fault.ErrDeadline)
			wantState(t, s, Failed)
			if s.meter.slices != 20 || u.Duration != 200*time.Millisecond || u.Outcome != OutcomeDeadline {
				t.Fatalf("after %d hooks, %+v", s.meter.slices, u)
			}
		})
		t.Run("start code", func(t *testing.T) {
			b := wasm.NewBuilder()
			b.Start(b.Func("", nil, nil, nil, func(e *wasm.Emitter) { e.Loop(wasm.BlockEmpty).Br(0).End() }))
			e.onHook = func(*Sandbox) { clock.advance(10 * time.Millisecond) }
			defer func() { e.onHook = nil }()
			s, err := compile(t, e, b).New(Config{Limits: limits})
			if err != nil {
				t.Fatal(err)
			}
			_, err = s.Initialize(background)
			wantErr(t, err, fault.ErrDeadline)
			wantState(t, s, Failed)
			if s.meter.slices != 20 {
				t.Fatalf("after %d hooks", s.meter.slices)
			}
		})
		t.Run("sleep", func(t *testing.T) {
			s := ready(t, p, Config{Limits: limits, Rights: rights(t, spirit.SensorTime)})
			clock.skip = true
			defer func() { clock.skip = false }()
			_, u, err := s.CallValues(background, "sleep", []Value{I64(60_000)})
			wantErr(t, err, fault.ErrDeadline)
			if u.Duration != 200*time.Millisecond || u.CPU != 0 {
				t.Fatalf("%+v", u)
			}
		})
		t.Run("dripping stream", func(t *testing.T) {
			in, feed := io.Pipe()
			s := ready(t, p, Config{Limits: limits, Stdin: in})
			c := async(func() (Usage, error) {
				_, u, err := s.Call(background, "copy", nil)
				return u, err
			})
			feed.Write([]byte("drip")) // taken, and the guest waits for more
			eventually(t, "the guest waits", clock.waiting)
			clock.advance(200 * time.Millisecond)
			wantErr(t, wait(t, c).err, fault.ErrDeadline)
			feed.Close()
		})
		t.Run("earlier context", func(t *testing.T) {
			s := ready(t, p, Config{Limits: limits})
			ctx, cancel := context.WithDeadline(background, time.Now())
			defer cancel()
			_, _, err := s.Call(ctx, "loop", nil) // too late before it began
			wantErr(t, err, fault.ErrDeadline)
			wantState(t, s, Ready)
			s = ready(t, p, Config{Limits: spirit.Limits{Duration: 10 * time.Hour}})
			ctx, cancel = context.WithTimeout(background, time.Hour)
			defer cancel()
			e.onHook = func(*Sandbox) { clock.advance(10 * time.Minute) }
			defer func() { e.onHook = nil }()
			_, u, err := s.Call(ctx, "loop", nil)
			wantErr(t, err, fault.ErrDeadline)
			wantState(t, s, Failed)
			if u.Duration < 50*time.Minute || u.Duration > time.Hour {
				t.Fatalf("%+v", u)
			}
		})
	})
}

// Proves: vm 14.14
func TestQuota(t *testing.T) {
	variants(t, func(t *testing.T, cfg EngineConfig) {
		clock := newHandClock()
		clock.skip = true
		cfg.Clock, cfg.Slice = clock, 1000
		e := newEngine(t, cfg)
		s := ready(t, compile(t, e, zoo()), Config{Limits: spirit.Limits{CPUQuotaPercent: 10, Duration: time.Second}})
		start := clock.Now()
		ran := map[int]time.Duration{} // by window
		e.onHook = func(s *Sandbox) {
			ran[int(clock.Now().Sub(start)/quotaWindow)] += time.Millisecond
			clock.advance(time.Millisecond)
		}
		_, u, err := s.Call(background, "loop", nil)
		wantErr(t, err, fault.ErrDeadline)
		if len(ran) != 10 || u.CPU != 100*time.Millisecond || u.Duration != time.Second {
			t.Fatalf("%d windows, %+v", len(ran), u)
		}
		for w, d := range ran {
			if d != 10*time.Millisecond {
				t.Errorf("window %d: ran %v", w, d)
			}
		}
		// A computation within its first allowance never waits.
		e.onHook = func(*Sandbox) { clock.advance(time.Millisecond) }
		clock.slept = 0
		s = ready(t, s.prog, Config{Limits: spirit.Limits{CPUQuotaPercent: 10}})
		_, u, err = s.CallValues(background, "sum", []Value{I64(400)})
		if err != nil || u.CPU < 3*time.Millisecond || u.CPU > 8*time.Millisecond || clock.slept != 0 || s.meter.waits != 0 {
			t.Fatalf("%v %+v slept %v", err, u, clock.slept)
		}
	})
}

// A caller that is locked to its thread needs the other carrier, and Refuel
// may come from any goroutine.
func TestLockedThread(t *testing.T) {
	done := make(chan struct{})
	var e *Engine
	var s *Sandbox
	go func() {
		defer close(done)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if !LockedToThread() {
			t.Error("not seen as locked")
		}
		e = newEngine(t, EngineConfig{LockedThread: true})
		p := compile(t, e, zoo())
		s = ready(t, p, Config{Limits: spirit.Limits{Fuel: 10_000}})
		if _, _, err := s.Call(background, "loop", nil); !errors.Is(err, fault.ErrOutOfFuel) {
			t.Error(err)
		}
	}()
	<-done
	if LockedToThread() {
		t.Error("seen as locked")
	}
	if _, err := s.Refuel(background, 100); !errors.Is(err, fault.ErrOutOfFuel) {
		t.Error(err)
	}
	s.Close(background)
}

// Close ends what runs elsewhere; the engine goes when the last guest is gone.
func TestCloseWhileRunning(t *testing.T) {
	e, err := NewEngine(EngineConfig{})
	if err != nil {
		t.Fatal(err)
	}
	p := compile(t, e, zoo())
	s := ready(t, p, Config{Limits: spirit.Limits{Fuel: 1 << 60}})
	c := async(func() (Usage, error) {
		_, u, err := s.Call(background, "loop", nil)
		return u, err
	})
	eventually(t, "the guest runs", func() bool { return s.State() == Running })
	_, _, err = s.Call(background, "nothing", nil)
	wantStateErr(t, err, Running)
	if err := e.Close(background); err != nil {
		t.Fatal(err)
	}
	wantErr(t, wait(t, c).err, fault.ErrTerminated)
	if _, err := p.New(Config{}); !errors.Is(err, errClosed) {
		t.Fatal(err)
	}
}

// Slices adapt to the measured speed, to last from 1 to 5 ms, and the next
// call of the program begins with what was learned.
func TestSlicesAdapt(t *testing.T) {
	for _, nsPer1000 := range []time.Duration{100, 1000, 8800, 100_000} { // ns per 1,000 fuel
		clock := newHandClock()
		e := newEngine(t, EngineConfig{Clock: clock})
		p := compile(t, e, zoo())
		e.onHook = func(s *Sandbox) {
			clock.advance(time.Duration(s.meter.size) * nsPer1000 / 1000)
			if s.meter.slices == 12 {
				s.Terminate(background)
			}
		}
		s := ready(t, p, Config{Limits: spirit.Limits{Fuel: 1 << 50, Duration: time.Hour}})
		_, _, err := s.Call(background, "loop", nil)
		wantErr(t, err, fault.ErrTerminated)
		n, fixed := p.sliceLength()
		took := time.Duration(n) * nsPer1000 / 1000
		if fixed || took < time.Millisecond || took > 5*time.Millisecond {
			t.Errorf("at %v ns per 1,000 fuel a slice takes %v", int(nsPer1000), took)
		}
	}
}
