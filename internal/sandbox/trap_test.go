package sandbox

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/spirit"
)

// Proves: vm 14.7
func TestTraps(t *testing.T) {
	b := wasm.NewBuilder()
	b.Memory(1, 1)
	b.Table(wasm.FuncRef, 2, 2)
	unit := b.Type(nil, nil)
	b.Func("divide_by_zero", nil, nil, nil, func(e *wasm.Emitter) { e.I32Const(1).I32Const(0).Op(wasm.OpI32DivU, wasm.OpDrop) })
	b.Func("overflow", nil, nil, nil, func(e *wasm.Emitter) {
		e.I32Const(math.MinInt32).I32Const(-1).Op(wasm.OpI32DivS, wasm.OpDrop)
	})
	b.Func("unreachable", nil, nil, nil, func(e *wasm.Emitter) { e.Op(wasm.OpUnreachable) })
	b.Func("memory", nil, nil, nil, func(e *wasm.Emitter) { e.I32Const(65533).Mem(wasm.OpI32Load, 2, 0).Op(wasm.OpDrop) })
	b.Func("fill", nil, nil, nil, func(e *wasm.Emitter) { e.I32Const(1).I32Const(0).I32Const(65536).OpIdx(wasm.OpMemoryFill, 0) })
	b.Func("table", nil, nil, nil, func(e *wasm.Emitter) { e.I32Const(2).CallIndirect(unit, 0) })
	b.Func("signature", nil, nil, nil, func(e *wasm.Emitter) { e.I32Const(0).CallIndirect(unit, 0) })
	b.Func("conversion", nil, nil, nil, func(e *wasm.Emitter) {
		e.F64Const(math.NaN()).Op(wasm.OpI32TruncF64S, wasm.OpDrop)
	})
	b.Func("range", nil, nil, nil, func(e *wasm.Emitter) { e.F64Const(1e20).Op(wasm.OpI32TruncF64S, wasm.OpDrop) })
	other := b.Func("other", wasm.Types(i32), nil, nil, func(*wasm.Emitter) {})
	b.Func("deep", nil, nil, nil, func(e *wasm.Emitter) { e.Op(wasm.OpNop).Call(0) })
	b.Elem(0, other)
	source := b.Bytes()
	want := map[string]fault.Kind{
		"divide_by_zero": fault.KindDivideByZero, "overflow": fault.KindIntegerOverflow, "unreachable": fault.KindUnreachable,
		"memory": fault.KindOutOfBoundsMemory, "fill": fault.KindOutOfBoundsMemory, "table": fault.KindOutOfBoundsTable,
		"signature": fault.KindSignatureMismatch, "conversion": fault.KindInvalidConversion, "range": fault.KindIntegerOverflow,
		"deep": fault.KindDivideByZero,
	}
	m, err := wasm.Decode(source, wasm.DecodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	fuel := map[string]uint64{}
	variants(t, func(t *testing.T, cfg EngineConfig) {
		p := compile(t, newEngine(t, cfg), b)
		for export, kind := range want {
			s := ready(t, p, Config{})
			_, u, err := s.Call(background, export, nil)
			var trap *fault.Trap
			if !errors.As(err, &trap) || trap.Kind != kind || trap.Export != export || !errors.Is(err, fault.ErrTrap) {
				t.Errorf("%s: %v", export, err)
				continue
			}
			wantState(t, s, Failed)
			if was, ok := fuel[export]; ok && was != u.FuelUsed || u.FuelUsed == 0 || u.Outcome != OutcomeTrap {
				t.Errorf("%s: %d fuel, %d on another mode, %v", export, u.FuelUsed, was, u.Outcome)
			}
			fuel[export] = u.FuelUsed
			name, frames := export, 1
			if export == "deep" {
				name, frames = "divide_by_zero", 2
			}
			if len(trap.Frames) != frames || trap.Frames[0].Func != name {
				t.Errorf("%s: frames %+v", export, trap.Frames)
				continue
			}
			// Each offset lies inside of its function, in the module as built.
			for _, f := range trap.Frames {
				c := m.Codes[f.Index]
				if f.Offset < c.Offset || f.Offset >= c.Offset+uint32(len(c.Body)) {
					t.Errorf("%s: frame %+v lies outside of %d+%d", export, f, c.Offset, len(c.Body))
				}
			}
		}
	})
	// The reference count: entering the function, two constants, the division.
	if fuel["divide_by_zero"] != 4 {
		t.Errorf("a division by zero used %d fuel", fuel["divide_by_zero"])
	}
}

// A program that comes from the cache names the same frames as a fresh one.
func TestFramesFromCache(t *testing.T) {
	dir := t.TempDir()
	var texts []string
	for range 2 {
		e := newEngine(t, EngineConfig{CacheDir: dir})
		s := ready(t, compile(t, e, zoo()), Config{})
		_, _, err := s.CallValues(background, "divide", []Value{I32(1), I32(0)})
		texts = append(texts, fmt.Sprintf("%+v %t", err, s.prog.times.FromCache))
	}
	if strings.ReplaceAll(texts[0], "false", "true") != texts[1] || !strings.Contains(texts[1], "at divide (offset 0x") {
		t.Fatalf("%q", texts)
	}
}

// Names that a guest chose cannot pass for lines of the engine's trace.
func TestHostileNames(t *testing.T) {
	b := wasm.NewBuilder()
	b.Func("a\n\t.$0(i32)\n\t\t0x1: x:1:1", nil, nil, nil, func(e *wasm.Emitter) { e.Op(wasm.OpUnreachable) })
	s := ready(t, compile(t, newEngine(t, EngineConfig{}), b), Config{})
	_, _, err := s.Call(background, "a\n\t.$0(i32)\n\t\t0x1: x:1:1", nil)
	var trap *fault.Trap
	if !errors.As(err, &trap) || len(trap.Frames) != 1 {
		t.Fatalf("%+v", err)
	}
}

// A data segment outside of the memory is the guest's fault.
func TestSegmentOutside(t *testing.T) {
	variants(t, func(t *testing.T, cfg EngineConfig) {
		b := wasm.NewBuilder()
		b.Memory(1, 1)
		b.Data(65535, []byte("too long"))
		s, err := compile(t, newEngine(t, cfg), b).New(Config{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Initialize(background)
		var trap *fault.Trap
		if !errors.As(err, &trap) || trap.Kind != fault.KindOutOfBoundsMemory {
			t.Fatalf("%v", err)
		}
		wantState(t, s, Failed)
	})
}

// noMap returns a map that cannot be written to.
func noMap() map[int]int { return nil }

// A panic in a host function is the host's fault: the call ends with an
// ordinary error, and nothing else does.
func TestHostFault(t *testing.T) {
	variants(t, func(t *testing.T, cfg EngineConfig) {
		boom := errors.New("no such printer")
		call := func(f func(c *Caller, stack []uint64) error) Function {
			return Function{Name: "job", Capability: spirit.ActuatorLog, Type: wasm.FuncType{Results: wasm.Types(i32)}, Call: f}
		}
		for name, c := range map[string]struct {
			f    func(c *Caller, stack []uint64) error
			want func(error) bool
		}{
			"nil map": {func(*Caller, []uint64) error { m := noMap(); m[0] = 1; return nil }, func(err error) bool {
				return !errors.Is(err, fault.ErrTrap) && strings.HasPrefix(err.Error(), "host fault: assignment to entry in nil map") && !strings.Contains(err.Error(), "\n")
			}},
			"panic": {func(*Caller, []uint64) error { panic("oops") }, func(err error) bool { return strings.HasPrefix(err.Error(), "host fault: oops") }},
			"error": {func(*Caller, []uint64) error { return boom }, func(err error) bool { return errors.Is(err, boom) }},
			"trap": {func(*Caller, []uint64) error { return &fault.Trap{Kind: fault.KindAssert, Message: "bad job"} }, func(err error) bool {
				var trap *fault.Trap
				return errors.As(err, &trap) && trap.Kind == fault.KindAssert && len(trap.Frames) == 1 && trap.Export == "main"
			}},
		} {
			cfg.Functions = []Function{call(c.f)}
			b := wasm.NewBuilder()
			job := b.ImportFunc("loa", "job", nil, wasm.Types(i32))
			b.Func("main", nil, nil, nil, func(e *wasm.Emitter) { e.Call(job).Op(wasm.OpDrop) })
			e := newEngine(t, cfg)
			p := compile(t, e, b)
			s := ready(t, p, Config{Rights: rights(t, spirit.ActuatorLog)})
			_, u, err := s.Call(background, "main", nil)
			if err == nil || !c.want(err) || u.FuelUsed == 0 {
				t.Errorf("%s: %v %+v", name, err, u)
			}
			wantState(t, s, Failed)
			s = ready(t, p, Config{})
			_, _, err = s.Call(background, "main", nil)
			if !errors.Is(err, fault.ErrDenied) || !errors.Is(err, fault.ErrTrap) {
				t.Errorf("%s without the capability: %v", name, err)
			}
		}
	})
}

// Proves: vm 14.30
func TestLinking(t *testing.T) {
	e := newEngine(t, EngineConfig{})
	b := wasm.NewBuilder()
	b.ImportFunc("vudo", "host_time_now", wasm.Types(i32), wasm.Types(i64))
	b.ImportFunc("env", "printf", nil, nil)
	b.ImportFunc("vudo", "host_credit_balance", nil, wasm.Types(i64))
	_, err := e.Compile(background, b.Bytes(), CompileOptions{})
	wantErr(t, err, fault.ErrUnlinked)
	for _, want := range []string{"vudo.host_time_now: wanted (i32) -> (i64), offered () -> (i64)", "env.printf", "vudo.host_credit_balance"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %q", err, want)
		}
	}
	b = wasm.NewBuilder()
	b.ImportMemory("env", "memory", 1, -1)
	_, err = e.Compile(background, b.Bytes(), CompileOptions{})
	wantErr(t, err, fault.ErrUnlinked)

	var used []uint64
	for _, module := range []string{"vudo", "loa"} {
		b := wasm.NewBuilder()
		f := b.ImportFunc(module, "host_abi_version", nil, wasm.Types(i32))
		b.Func("main", nil, wasm.Types(i32), nil, func(e *wasm.Emitter) { e.Call(f) })
		v, u, err := ready(t, compile(t, e, b), Config{}).CallValues(background, "main", nil)
		if err != nil || v[0].I32() != 1 {
			t.Fatalf("%s: %v %v", module, v, err)
		}
		used = append(used, u.FuelUsed)
	}
	if used[0] != used[1] {
		t.Errorf("fuel %v", used)
	}
	for name, f := range map[string]Function{
		"shadow": {Name: "host_log", Capability: spirit.ActuatorLog, Call: func(*Caller, []uint64) error { return nil }},
		"prefix": {Name: "vudo_mine", Capability: spirit.ActuatorLog, Call: func(*Caller, []uint64) error { return nil }},
		"body":   {Name: "mine", Capability: spirit.ActuatorLog},
		"needs":  {Name: "mine", Call: func(*Caller, []uint64) error { return nil }},
	} {
		if e, err := NewEngine(EngineConfig{Functions: []Function{f}}); err == nil {
			e.Close(background)
			t.Errorf("%s: taken", name)
		}
	}
}
