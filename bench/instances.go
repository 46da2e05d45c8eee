package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/tetratelabs/wazero"

	"github.com/univrs/vudo"
)

// benchInstances measures fresh isolated instances: create, one call, close.
func benchInstances(r *Report, rounds int) error {
	ctx := context.Background()
	r.start("instances", "a fresh isolated instance, one call, close")
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
	plain := wazero.NewRuntime(ctx)
	defer plain.Close(ctx)
	var out bytes.Buffer
	if err := hostModule(ctx, plain, sentence, &out); err != nil {
		return err
	}
	compiled, err := plain.CompileModule(ctx, wasm)
	if err != nil {
		return err
	}
	fresh := func() {
		sb, err := s.NewSandbox(ctx, vudo.SandboxConfig{})
		must(err)
		res, err := sb.CallValues(ctx, "answer")
		must(err)
		if res.Values[0].I32() != 42 {
			wrong("answer is not 42")
		}
		must(sb.Close(ctx))
	}
	bare := func() {
		m, err := plain.InstantiateModule(ctx, compiled, wazero.NewModuleConfig().WithName(""))
		must(err)
		res, err := m.ExportedFunction("answer").Call(ctx)
		must(err)
		if res[0] != 42 {
			wrong("answer is not 42")
		}
		must(m.Close(ctx))
	}
	pooled := func() {
		res, err := s.CallValues(ctx, "answer", nil, vudo.SandboxConfig{})
		must(err)
		if res.Values[0].I32() != 42 {
			wrong("answer is not 42")
		}
	}
	ns, allocs := interleave(rounds, 2000, fresh, bare, pooled)
	ours := r.distribution("vudo, fresh sandbox", "ns", ns[0], allocs[0])
	theirs := r.distribution("wazero, fresh module", "ns", ns[1], allocs[1])
	pool := r.distribution("vudo, reset from the pool (Spirit.Call)", "ns", ns[2], allocs[2])
	r.ratio("fresh, microseconds", ours.Min/1e3, ours.P50/1e3, "<= 15 us")
	r.ratio("fresh, vudo / wazero", ours.Min/theirs.Min, ours.P50/theirs.P50, "<= 0.75")
	r.ratio("pooled, microseconds", pool.Min/1e3, pool.P50/1e3, "stretch 5 us")

	r.start("idle", "10,000 idle instances, in a process of their own")
	for _, kind := range []string{"vudo", "vudo-called", "wazero", "wazero-called"} {
		cmd := exec.Command(os.Args[0], "-idle", kind)
		cmd.Stderr = os.Stderr
		b, err := cmd.Output()
		if err != nil {
			r.absent("idle instances of "+kind, err.Error())
			continue
		}
		var resident, heap float64
		if _, err := fmt.Sscanf(string(b), "%g %g", &resident, &heap); err != nil {
			return err
		}
		r.distribution(kind+", resident memory", "MB", []float64{resident / 1e6}, -1)
	}
	return nil
}

// idle makes 10,000 instances of one kind and prints the growth of resident
// memory and of the Go heap, in bytes.
func idle(kind string) error {
	const count = 10_000
	ctx := context.Background()
	wasm, err := guest("calls")
	if err != nil {
		return err
	}
	engine, called := strings.CutSuffix(kind, "-called")
	var one func() (any, error)
	switch engine {
	case "vudo":
		rt, err := vudo.New(ctx, vudo.Config{})
		if err != nil {
			return err
		}
		s, err := spiritOf(ctx, rt, wasm, "")
		if err != nil {
			return err
		}
		one = func() (any, error) {
			sb, err := s.NewSandbox(ctx, vudo.SandboxConfig{})
			if err == nil && called {
				_, err = sb.CallValues(ctx, "answer")
			}
			return sb, err
		}
	case "wazero":
		rt := wazero.NewRuntime(ctx)
		if err := hostModule(ctx, rt, sentence, &bytes.Buffer{}); err != nil {
			return err
		}
		compiled, err := rt.CompileModule(ctx, wasm)
		if err != nil {
			return err
		}
		one = func() (any, error) {
			m, err := rt.InstantiateModule(ctx, compiled, wazero.NewModuleConfig().WithName(""))
			if err == nil && called {
				_, err = m.ExportedFunction("answer").Call(ctx)
			}
			return m, err
		}
	default:
		return fmt.Errorf("-idle %q", kind)
	}
	kept := make([]any, 0, count)
	if _, err := one(); err != nil { // what the first one sets up is not counted
		return err
	}
	before, heapBefore := memory()
	for range count {
		v, err := one()
		if err != nil {
			return fmt.Errorf("after %d instances: %w", len(kept), err)
		}
		kept = append(kept, v)
	}
	after, heapAfter := memory()
	fmt.Printf("%d %d\n", after-before, heapAfter-heapBefore)
	runtime.KeepAlive(kept)
	return nil
}

// memory gives resident memory and live heap after a collection. Where the
// system does not tell, resident memory is what the Go runtime holds.
func memory() (resident, heap int64) {
	runtime.GC()
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	resident, heap = int64(m.Sys-m.HeapReleased), int64(m.HeapAlloc)
	if b, err := os.ReadFile("/proc/self/statm"); err == nil {
		var size, pages int64
		if _, err := fmt.Sscan(string(b), &size, &pages); err == nil {
			resident = pages * int64(os.Getpagesize())
		}
	}
	return resident, heap
}
