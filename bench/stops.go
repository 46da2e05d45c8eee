package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/pprof"
	"sync/atomic"
	"time"

	"github.com/tetratelabs/wazero"

	"github.com/univrs/vudo"
)

// benchStops measures what a running guest does to its host: how soon it stops,
// how long it holds up Go's collector, what a pause and a resume cost.
func benchStops(r *Report, rounds int) error {
	ctx := context.Background()
	wasm, err := guest("calls")
	if err != nil {
		return err
	}
	rt, err := vudo.New(ctx, vudo.Config{})
	if err != nil {
		return err
	}
	defer rt.Close(ctx)
	s, err := spiritOf(ctx, rt, wasm, "")
	if err != nil {
		return err
	}
	r.start("stop", "microseconds from asking until the call of an endless loop has returned")
	if err := stopLatency(r, ctx, s, 20*rounds); err != nil {
		return err
	}
	r.start("gc", "milliseconds of runtime.GC() while guests run")
	if err := collectorDelay(r, ctx, s, wasm, 10*rounds); err != nil {
		return err
	}
	r.start("pause", "a call that runs out of fuel, and Refuel")
	return pauseCost(r, ctx, s, rounds)
}

// spinning starts the endless loop in a new sandbox and waits until it runs.
func spinning(ctx context.Context, s *vudo.Spirit) (*vudo.Sandbox, chan error, error) {
	sb, err := s.NewSandbox(ctx, vudo.SandboxConfig{Limits: vudo.Limits{Fuel: plentyFuel, Duration: time.Hour}})
	if err != nil {
		return nil, nil, err
	}
	done := make(chan error, 1)
	go func() {
		_, err := sb.Call(ctx, "spin", nil)
		done <- err
	}()
	for sb.State() != vudo.Running {
		runtime.Gosched()
	}
	time.Sleep(20 * time.Millisecond) // slices have found their length by then
	return sb, done, nil
}

func stopLatency(r *Report, ctx context.Context, s *vudo.Spirit, n int) error {
	var terminate, pause []float64
	for range n {
		sb, done, err := spinning(ctx, s)
		if err != nil {
			return err
		}
		var callErr error
		pause = append(pause, time1(func() {
			must(sb.Pause())
			callErr = <-done
		})/1e3)
		if !errors.Is(callErr, vudo.ErrPaused) {
			return fmt.Errorf("paused call: %v", callErr)
		}
		go func() {
			_, err := sb.Resume(ctx)
			done <- err
		}()
		for sb.State() != vudo.Running {
			runtime.Gosched()
		}
		time.Sleep(5 * time.Millisecond)
		terminate = append(terminate, time1(func() {
			must(sb.Terminate(ctx))
			callErr = <-done
		})/1e3)
		if !errors.Is(callErr, vudo.ErrTerminated) {
			return fmt.Errorf("terminated call: %v", callErr)
		}
	}
	r.distribution("Pause", "us", pause, -1)
	r.distribution("Terminate", "us", terminate, -1)
	return nil
}

func collectorDelay(r *Report, ctx context.Context, s *vudo.Spirit, wasm []byte, n int) error {
	collect := func(title string) {
		var ms []float64
		for range n {
			ms = append(ms, time1(runtime.GC)/1e6)
		}
		r.distribution(title, "ms", ms, -1)
	}
	collect("no guest")
	sb, done, err := spinning(ctx, s)
	if err != nil {
		return err
	}
	collect("one endless guest, vudo")
	sb2, done2, err := spinning(ctx, s)
	if err != nil {
		return err
	}
	collect(fmt.Sprintf("two endless guests on %d cores, vudo", runtime.GOMAXPROCS(0)))
	must(sb.Terminate(ctx))
	must(sb2.Terminate(ctx))
	<-done
	<-done2

	// What two goroutines of Go's own do to the collector, for comparison.
	var idle atomic.Bool
	gone := make(chan uint64, 2)
	for range 2 {
		go func() {
			x := uint64(1)
			for !idle.Load() {
				x = x*6364136223846793005 + 1
			}
			gone <- x
		}()
	}
	time.Sleep(20 * time.Millisecond)
	collect("two endless goroutines, no guest")
	idle.Store(true)
	<-gone
	<-gone

	// The bare engine cannot end an endless loop, so its guest runs in bounded
	// pieces, about a quarter of a second each.
	plain := wazero.NewRuntime(ctx)
	defer plain.Close(ctx)
	if err := hostModule(ctx, plain, sentence, nil); err != nil {
		return err
	}
	m, err := plain.Instantiate(ctx, wasm)
	if err != nil {
		return err
	}
	var stop atomic.Bool
	ended := make(chan error, 1)
	go func() {
		for !stop.Load() {
			if _, err := m.ExportedFunction("burn").Call(ctx, 200_000_000); err != nil {
				ended <- err
				return
			}
		}
		ended <- nil
	}()
	time.Sleep(20 * time.Millisecond)
	var ms []float64
	for range min(n, 20) {
		ms = append(ms, time1(runtime.GC)/1e6)
	}
	r.distribution("one guest in pieces of 200 million turns, wazero", "ms", ms, -1)
	stop.Store(true)
	return <-ended
}

func pauseCost(r *Report, ctx context.Context, s *vudo.Spirit, rounds int) error {
	const step = 1000 // fuel per refuel: a fraction of a microsecond of work
	sb, err := s.NewSandbox(ctx, vudo.SandboxConfig{Limits: vudo.Limits{Fuel: step, Duration: time.Hour}})
	if err != nil {
		return err
	}
	if _, err := sb.Call(ctx, "spin", nil); !errors.Is(err, vudo.ErrOutOfFuel) {
		return fmt.Errorf("spin: %v", err)
	}
	ns, allocs := latencies(3000*rounds, func() {
		if _, err := sb.Refuel(ctx, step); !errors.Is(err, vudo.ErrOutOfFuel) {
			wrong("Refuel: %v", err)
		}
	})
	res := r.distribution("resume, 1,000 fuel of work, pause", "ns", ns, allocs)
	must(sb.Terminate(ctx))
	r.ratio("pause + resume, microseconds (work included)", res.Min/1e3, res.P50/1e3, "<= 3 us")

	const count = 1000
	threads := pprof.Lookup("threadcreate")
	before, threadsBefore := residentNow(), threads.Count()
	held := make([]*vudo.Sandbox, 0, count)
	for range count {
		sb, err := s.NewSandbox(ctx, vudo.SandboxConfig{Limits: vudo.Limits{Fuel: step, Duration: time.Hour}})
		if err != nil {
			return err
		}
		if _, err := sb.Call(ctx, "spin", nil); !errors.Is(err, vudo.ErrOutOfFuel) {
			return fmt.Errorf("spin: %v", err)
		}
		held = append(held, sb)
	}
	grown := float64(residentNow()-before) / count / 1e3
	r.distribution("memory of one paused guest (of 1,000)", "kB", []float64{grown}, -1)
	r.distribution("threads that 1,000 paused guests added", "threads", []float64{float64(threads.Count() - threadsBefore)}, -1)
	for _, sb := range held {
		must(sb.Terminate(ctx))
	}
	return nil
}

func residentNow() int64 {
	resident, _ := memory()
	return resident
}
