package sandbox

import (
	"errors"
	"strings"
	"testing"

	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/internal/host"
	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/spirit"
)

// cat is a WASI command that copies its standard input to its standard output
// in pieces of 8 bytes and leaves with the status in its first input byte when
// that is a digit. A counter in memory shows whether the instance is fresh.
func cat() *wasm.Builder {
	b := wasm.NewBuilder()
	wasi := func(name string, params ...wasm.ValType) uint32 {
		return b.ImportFunc(host.ModuleWASI, name, params, wasm.Types(i32))
	}
	read := wasi("fd_read", i32, i32, i32, i32)
	write := wasi("fd_write", i32, i32, i32, i32)
	exit := b.ImportFunc(host.ModuleWASI, "proc_exit", wasm.Types(i32), nil)
	b.Memory(1, 1)
	const iov, count, first, buf = 0, 16, 32, 64
	b.Data(iov, []byte{buf, 0, 0, 0, 8, 0, 0, 0})
	g := b.Global(i32, true, func(e *wasm.Emitter) { e.I32Const(0) })
	f := b.Func("_start", nil, nil, nil, func(e *wasm.Emitter) {
		e.GlobalGet(g).If(wasm.BlockEmpty).Op(wasm.OpUnreachable).End() // a second run of one instance
		e.I32Const(1).GlobalSet(g)
		e.Loop(wasm.BlockEmpty)
		e.I32Const(iov).I32Const(8).Mem(wasm.OpI32Store, 2, 4)
		e.I32Const(0).I32Const(iov).I32Const(1).I32Const(count).Call(read).Op(wasm.OpDrop)
		e.I32Const(0).Mem(wasm.OpI32Load, 2, count).If(wasm.BlockEmpty)
		e.I32Const(0).Mem(wasm.OpI32Load8U, 0, first).Op(wasm.OpI32Eqz).If(wasm.BlockEmpty)
		e.I32Const(0).I32Const(0).Mem(wasm.OpI32Load8U, 0, buf).Mem(wasm.OpI32Store8, 0, first).End()
		e.I32Const(iov).I32Const(0).Mem(wasm.OpI32Load, 2, count).Mem(wasm.OpI32Store, 2, 4)
		e.I32Const(1).I32Const(iov).I32Const(1).I32Const(count).Call(write).Op(wasm.OpDrop)
		e.Br(1).End().End()
		e.I32Const(0).Mem(wasm.OpI32Load8U, 0, first).I32Const('0').Op(wasm.OpI32Sub).Call(exit)
	})
	_ = f
	b.Func("other", nil, wasm.Types(i32), nil, func(e *wasm.Emitter) { e.I32Const(0) })
	return b
}

// A command runs in a fresh instance each time; its exit code is an
// application error, and leaves the sandbox usable.
func TestCommand(t *testing.T) {
	variants(t, func(t *testing.T, cfg EngineConfig) {
		p := compile(t, newEngine(t, cfg), cat())
		s := ready(t, p, Config{})
		var used []uint64
		for range 3 {
			out, u, err := s.Call(background, "_start", []byte("0 is success, and the rest is copied"))
			if err != nil || string(out) != "0 is success, and the rest is copied" {
				t.Fatalf("%q %v", out, err)
			}
			wantState(t, s, Ready)
			used = append(used, u.FuelUsed)
		}
		if used[0] != used[1] || used[1] != used[2] {
			t.Errorf("fuel %v", used)
		}
		out, u, err := s.Call(background, "_start", []byte("7 is not"))
		var g *fault.GuestError
		if !errors.As(err, &g) || g.Code != 7 || string(out) != "7 is not" || u.Outcome != OutcomeAppError || u.MemoryPeak != pageSize {
			t.Fatalf("%q %v %+v", out, err, u)
		}
		wantState(t, s, Ready)
		if _, _, err := s.Call(background, "other", nil); err != nil {
			t.Fatal(err)
		}
		out, w, err := p.Call(background, "_start", []byte("0 is success, and the rest is copied"), Config{})
		if err != nil || len(out) != 36 || w.FuelUsed != used[0] {
			t.Fatalf("once: %q %v %d", out, err, w.FuelUsed)
		}
	})
}

// A command can be stopped anywhere, as any guest.
func TestCommandSplit(t *testing.T) {
	in := []byte("0" + strings.Repeat("abcdefg ", 20))
	p := compile(t, newEngine(t, EngineConfig{Slice: 100}), cat())
	_, want, err := ready(t, p, Config{}).Call(background, "_start", in)
	if err != nil {
		t.Fatal(err)
	}
	s := ready(t, p, Config{Limits: spirit.Limits{Fuel: 50}})
	_, u, err := s.Call(background, "_start", in)
	stops := 0
	for errors.Is(err, fault.ErrOutOfFuel) {
		stops++
		u, err = s.Refuel(background, 90)
	}
	if err != nil || string(u.Output) != string(in) || u.FuelUsed != want.FuelUsed || stops < 20 {
		t.Fatalf("%d stops, %q %v, %d fuel, want %d", stops, u.Output, err, u.FuelUsed, want.FuelUsed)
	}
}

// A reactor is initialised once, before its first call.
func TestReactor(t *testing.T) {
	b := wasm.NewBuilder()
	g := b.Global(i32, true, func(e *wasm.Emitter) { e.I32Const(0) })
	b.Func("_initialize", nil, nil, nil, func(e *wasm.Emitter) { e.GlobalGet(g).I32Const(1).Op(wasm.OpI32Add).GlobalSet(g) })
	b.Func("count", nil, wasm.Types(i32), nil, func(e *wasm.Emitter) { e.GlobalGet(g) })
	s := ready(t, compile(t, newEngine(t, EngineConfig{}), b), Config{})
	for range 2 {
		if v, _, err := s.CallValues(background, "count", nil); err != nil || v[0].I32() != 1 {
			t.Fatalf("%v %v", v, err)
		}
	}
}
