package sandbox

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/internal/host"
	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/spirit"
)

// The context that host functions get belongs to the call, not to whoever made
// it first: it outlives a pause, also one that is longer than the deadline or
// than the first caller's context, and it ends with an abandoned call.
func TestContextAcrossPauses(t *testing.T) {
	variants(t, func(t *testing.T, cfg EngineConfig) {
		clock := newHandClock()
		var seen context.Context
		cfg.Clock, cfg.Slice = clock, 1000
		cfg.Functions = []Function{{Name: "probe", Capability: spirit.SensorTime, Call: func(c *Caller, _ []uint64) error {
			seen = c.Context()
			return nil
		}}}
		e := newEngine(t, cfg)
		b := wasm.NewBuilder()
		probe := b.ImportFunc("loa", "probe", nil, nil)
		b.Func("main", nil, nil, wasm.Types(i32), func(e *wasm.Emitter) {
			e.Call(probe)
			e.Loop(wasm.BlockEmpty)
			e.LocalGet(0).I32Const(1).Op(wasm.OpI32Add).LocalTee(0).I32Const(10_000).Op(wasm.OpI32LtS).BrIf(0).End()
			e.Call(probe)
			e.Loop(wasm.BlockEmpty).Br(0).End()
		})
		s := ready(t, compile(t, e, b), Config{
			Limits: spirit.Limits{Fuel: 10_000, Duration: time.Minute}, Rights: rights(t, spirit.SensorTime),
		})
		first, cancelFirst := context.WithCancel(background)
		_, _, err := s.Call(first, "main", nil)
		wantErr(t, err, fault.ErrOutOfFuel)
		cancelFirst()
		clock.advance(time.Hour)
		seen = nil
		second, cancelSecond := context.WithCancel(background)
		_, err = s.Refuel(second, 100_000)
		wantErr(t, err, fault.ErrOutOfFuel)
		if seen == nil || seen.Err() != nil {
			t.Fatalf("the context after the pause: %v", seen)
		}
		old := seen
		if err := s.Abandon(background); err != nil {
			t.Fatal(err)
		}
		if old.Err() == nil {
			t.Error("the context of an abandoned call goes on")
		}
		cancelSecond()
		_, _, err = s.Call(background, "main", nil)
		wantErr(t, err, fault.ErrOutOfFuel)
		if seen == old || seen.Err() != nil {
			t.Errorf("the next call has the context of the abandoned one, or an ended one: %v", seen.Err())
		}
		third, cancelThird := context.WithCancel(background)
		e.onHook = func(*Sandbox) { cancelThird() }
		_, err = s.Refuel(third, 100_000)
		wantErr(t, err, fault.ErrTerminated)
		eventually(t, "the context ends with the call", func() bool { return seen.Err() != nil })
	})
}

// nowHook is a clock that does something when it is read.
type nowHook struct {
	*handClock
	do func()
}

func (c *nowHook) Now() time.Time {
	if do := c.do; do != nil {
		c.do = nil
		do()
	}
	return c.handClock.Now()
}

// A Pause that finds the sandbox Running is never lost, not even before the
// guest has made a step; one that an earlier call left behind is.
func TestPauseAtTheVeryBeginning(t *testing.T) {
	clock := &nowHook{handClock: newHandClock()}
	e := newEngine(t, EngineConfig{Clock: clock, Slice: 1000})
	s := ready(t, compile(t, e, zoo()), Config{})
	clock.do = func() {
		wantState(t, s, Running)
		if err := s.Pause(); err != nil {
			t.Error(err)
		}
	}
	_, _, err := s.Call(background, "loop", nil)
	wantErr(t, err, fault.ErrPaused)
	if err := s.Abandon(background); err != nil {
		t.Fatal(err)
	}
	s.interrupt(stopPause) // as by a Pause that came when the last hook had gone by
	if _, _, err := s.CallValues(background, "sum", []Value{I64(10_000)}); err != nil {
		t.Fatal(err)
	}
}

// Terminate may come at any moment of the owner's calls. Run under -race.
func TestTerminateBesideTheOwner(t *testing.T) {
	e := newEngine(t, EngineConfig{Slice: 1000})
	p := compile(t, e, zoo())
	for name, owner := range map[string]func(s *Sandbox) error{
		"trap": func(s *Sandbox) error {
			_, _, err := s.CallValues(background, "divide", []Value{I32(1), I32(0)})
			return err
		},
		"out of fuel": func(s *Sandbox) error {
			_, _, err := s.Call(background, "loop", nil)
			if _, again := s.Resume(background); err == nil {
				err = again
			}
			return err
		},
		"refuel while held": func(s *Sandbox) error {
			done := make(chan struct{})
			go func() { // the owner's own hand, until the pause is there
				for s.State() != Paused && s.State() != Terminated {
					_ = s.Pause()
				}
				close(done)
			}()
			_, _, err := s.Call(background, "loop", nil)
			<-done
			for range 10 {
				_, _ = s.Refuel(background, 1)
			}
			return err
		},
		"abandon": func(s *Sandbox) error {
			_, _, err := s.Call(background, "loop", nil)
			_ = s.Abandon(background)
			return err
		},
		"refused": func(s *Sandbox) error {
			x, err := p.New(Config{Required: []spirit.Capability{spirit.SensorTime}})
			if err != nil {
				return err
			}
			go x.Terminate(background)
			_, err = x.Initialize(background)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			for i := range 200 {
				s, err := p.New(Config{Limits: spirit.Limits{Fuel: 20_000}})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := s.Initialize(background); err != nil {
					t.Fatal(err)
				}
				var both sync.WaitGroup
				both.Add(2)
				go func() {
					defer both.Done()
					if err := owner(s); err == nil || errors.Is(err, fault.ErrArguments) {
						t.Errorf("%v", err)
					}
				}()
				go func() {
					defer both.Done()
					for range i * 20 {
						s.State()
					}
					_ = s.Terminate(background)
				}()
				both.Wait()
				wantState(t, s, Terminated)
				if s.inst != nil || s.carrier != nil {
					t.Fatal("not released")
				}
			}
		})
	}
}

// Close of the engine may come while one-shot calls and compilations are on
// their way: they end with an error, or with their result.
func TestEngineCloseBesideCalls(t *testing.T) {
	for range 30 {
		e, err := NewEngine(EngineConfig{Slice: 1000})
		if err != nil {
			t.Fatal(err)
		}
		p := compile(t, e, zoo())
		source := zoo().Bytes()
		var all sync.WaitGroup
		for range 2 {
			all.Add(2)
			go func() {
				defer all.Done()
				for err := error(nil); err == nil; {
					_, _, err = p.CallValues(background, "sum", []Value{I64(100)}, Config{})
				}
			}()
			go func() {
				defer all.Done()
				for err := error(nil); err == nil; {
					_, err = e.Compile(background, source, CompileOptions{})
				}
			}()
		}
		time.AfterFunc(time.Millisecond, func() { _ = e.Close(background) })
		all.Wait()
		eventually(t, "the engine is free", func() bool { e.mu.Lock(); defer e.mu.Unlock(); return e.runtime == nil })
		if err := p.Close(background); err != nil {
			t.Error(err)
		}
	}
}

// stuckStore is a store whose writes take until their context ends.
type stuckStore struct {
	host.MemoryStore
	began chan struct{}
}

func (s *stuckStore) Update(ctx context.Context, _ host.Namespace, _ func(host.StoreTx) error) error {
	s.began <- struct{}{}
	<-ctx.Done()
	return ctx.Err()
}

// The commit at the end of a call is inside of its deadline, and is cut off by
// Terminate and by the caller's context.
func TestCommitIsPartOfTheCall(t *testing.T) {
	b := wasm.NewBuilder()
	set := b.ImportFunc("vudo", "host_storage_set", wasm.Types(i32, i32, i32, i32), wasm.Types(i32))
	b.Memory(1, 1)
	b.Func("main", nil, nil, nil, func(e *wasm.Emitter) {
		e.I32Const(0).I32Const(1).I32Const(0).I32Const(1).Call(set).If(wasm.BlockEmpty).Op(wasm.OpUnreachable).End()
	})
	for name, c := range map[string]struct {
		end  func(clock *handClock, s *Sandbox, cancel func())
		want error
		in   State
	}{
		"deadline":  {func(clock *handClock, _ *Sandbox, _ func()) { clock.advance(time.Minute) }, fault.ErrDeadline, Failed},
		"terminate": {func(_ *handClock, s *Sandbox, _ func()) { _ = s.Terminate(background) }, fault.ErrTerminated, Terminated},
		"context":   {func(_ *handClock, _ *Sandbox, cancel func()) { cancel() }, fault.ErrTerminated, Failed},
	} {
		t.Run(name, func(t *testing.T) {
			clock := newHandClock()
			e := newEngine(t, EngineConfig{Clock: clock})
			store := &stuckStore{began: make(chan struct{}, 1)}
			s := ready(t, compile(t, e, b), Config{
				Limits: spirit.Limits{Duration: time.Second}, Rights: rights(t, spirit.StorageWrite),
				Host: host.StateConfig{Services: &host.Services{Clock: clock, Storage: store}},
			})
			ctx, cancel := context.WithCancel(background)
			defer cancel()
			result := async(func() (Usage, error) {
				_, u, err := s.Call(ctx, "main", nil)
				return u, err
			})
			<-store.began
			eventually(t, "the deadline is watched", clock.waiting)
			c.end(clock, s, cancel)
			got := wait(t, result)
			wantErr(t, got.err, c.want)
			wantState(t, s, c.in)
		})
	}
}
