package sandbox

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/spirit"
)

// The table has the 19 rows of the specification; whatever it does not list
// changes nothing and names event and state.
func TestTransitionTable(t *testing.T) {
	rows := map[int]bool{19: true} // "any pair not above"
	for _, tr := range Transitions() {
		rows[tr.Row] = true
	}
	for n := 1; n <= 19; n++ {
		if !rows[n] {
			t.Errorf("row %d is missing", n)
		}
	}
	listed := func(s State, h Hold, e Event) *Transition {
		for _, tr := range Transitions() {
			if tr.From == s && tr.Event == e && (tr.Hold == NotHeld || tr.Hold == h) {
				return &tr
			}
		}
		return nil
	}
	for s := Initializing; s <= Failed; s++ {
		for h := NotHeld; h <= HeldOperator; h++ {
			if (s == Paused) != (h != NotHeld) {
				continue
			}
			for e := EventCreate; e <= EventTerminate; e++ {
				to, hold, err := next(s, h, e)
				if tr := listed(s, h, e); tr != nil {
					if err != nil || to != tr.To || hold != tr.ToHold {
						t.Errorf("%v(%v) %v: %v %v %v, want %v %v", s, h, e, to, hold, err, tr.To, tr.ToHold)
					}
					continue
				}
				var se *StateError
				if !errors.As(err, &se) || se.Event != e || se.State != s || to != s || hold != h || !errors.Is(err, fault.ErrState) {
					t.Errorf("%v(%v) %v: %v %v %v", s, h, e, to, hold, err)
				}
			}
		}
	}
}

func wantState(t *testing.T, s *Sandbox, want State) {
	t.Helper()
	if got := s.State(); got != want {
		t.Fatalf("state %v, want %v", got, want)
	}
}

func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want %v", err, want)
	}
}

func wantStateErr(t *testing.T, err error, in State) {
	t.Helper()
	var se *StateError
	if !errors.As(err, &se) || se.State != in || !strings.Contains(err.Error(), in.String()) {
		t.Fatalf("error %v, want one that names %v", err, in)
	}
}

// Proves: vm 14.1, vm 14.2, vm 14.9
func TestLifecycle(t *testing.T) {
	variants(t, func(t *testing.T, cfg EngineConfig) {
		e := newEngine(t, cfg)
		p := compile(t, e, zoo())
		limits := Config{Limits: spirit.Limits{Fuel: 1000}}

		s, err := p.New(limits)
		if err != nil {
			t.Fatal(err)
		}
		wantState(t, s, Initializing)
		_, _, err = s.Call(background, "nothing", nil)
		wantStateErr(t, err, Initializing)
		wantStateErr(t, s.Pause(), Initializing)
		wantStateErr(t, s.AddFuel(1), Initializing)
		if _, err := s.Initialize(background); err != nil { // row 2
			t.Fatal(err)
		}
		wantState(t, s, Ready)
		_, err = s.Initialize(background)
		wantStateErr(t, err, Ready)
		wantStateErr(t, s.Pause(), Ready)
		_, err = s.Resume(background)
		wantStateErr(t, err, Ready)
		_, err = s.Refuel(background, 1)
		wantStateErr(t, err, Ready)
		wantStateErr(t, s.Abandon(background), Ready)

		_, u, err := s.Call(background, "loop", nil) // rows 6, 8
		wantErr(t, err, fault.ErrOutOfFuel)
		wantState(t, s, Paused)
		if u.Outcome != OutcomeOutOfFuel || u.FuelUsed <= 1000 || u.FuelUsed > 1000+65536 {
			t.Fatalf("usage %+v", u)
		}
		_, _, err = s.Call(background, "nothing", nil)
		wantStateErr(t, err, Paused)
		wantStateErr(t, s.AddFuel(1), Paused)
		_, err = s.Resume(background) // row 15
		wantErr(t, err, fault.ErrOutOfFuel)
		wantState(t, s, Paused)
		for _, n := range []uint64{0, math.MaxInt64, math.MaxUint64} {
			_, err = s.Refuel(background, n)
			wantErr(t, err, fault.ErrInvalidLimits)
		}
		v, err := s.Refuel(background, 500) // row 12
		wantErr(t, err, fault.ErrOutOfFuel)
		if v.FuelUsed <= u.FuelUsed || v.FuelLimit != 1500 {
			t.Fatalf("after Refuel(500): %+v", v)
		}
		if err := s.Abandon(background); err != nil { // row 16
			t.Fatal(err)
		}
		wantState(t, s, Ready)
		if err := s.AddFuel(100); err != nil { // row 17
			t.Fatal(err)
		}
		_, u, err = s.Call(background, "loop", nil)
		wantErr(t, err, fault.ErrOutOfFuel)
		if u.FuelLimit != 1100 {
			t.Fatalf("limit %d after AddFuel(100)", u.FuelLimit)
		}
		if err := s.Terminate(background); err != nil { // row 18
			t.Fatal(err)
		}
		wantState(t, s, Terminated)
		_, _, err = s.Call(background, "nothing", nil)
		wantStateErr(t, err, Terminated)
		_, err = s.Refuel(background, 1)
		wantStateErr(t, err, Terminated)
		wantStateErr(t, s.AddFuel(1), Terminated)
		if err := s.Terminate(background); err != nil {
			t.Fatal(err)
		}

		s = ready(t, p, Config{})
		_, _, err = s.CallValues(background, "divide", []Value{I32(1), I32(0)}) // row 10
		wantErr(t, err, fault.ErrTrap)
		wantState(t, s, Failed)
		_, _, err = s.Call(background, "nothing", nil)
		wantStateErr(t, err, Failed)
		if err := s.Terminate(background); err != nil {
			t.Fatal(err)
		}
		wantState(t, s, Terminated)
	})
}

// Fuel that runs out in start code pauses the sandbox before it was ever
// ready; Refuel completes it.
func TestStartCodePauses(t *testing.T) {
	variants(t, func(t *testing.T, cfg EngineConfig) {
		b := wasm.NewBuilder()
		done := b.Global(i32, true, func(e *wasm.Emitter) { e.I32Const(0) })
		start := b.Func("", nil, nil, wasm.Types(i32), func(e *wasm.Emitter) {
			e.I32Const(1000).LocalSet(0)
			e.Loop(wasm.BlockEmpty).LocalGet(0).I32Const(1).Op(wasm.OpI32Sub).LocalTee(0).BrIf(0).End()
			e.I32Const(1).GlobalSet(done)
		})
		b.Start(start)
		b.Func("done", nil, wasm.Types(i32), nil, func(e *wasm.Emitter) { e.GlobalGet(done) })
		p := compile(t, newEngine(t, cfg), b)
		s, err := p.New(Config{Limits: spirit.Limits{Fuel: 500}})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close(background)
		u, err := s.Initialize(background)
		wantErr(t, err, fault.ErrOutOfFuel)
		wantState(t, s, Paused)
		if u.Export != "" || u.FuelUsed <= 500 {
			t.Fatalf("%+v", u)
		}
		if _, err := s.Refuel(background, 1_000_000); err != nil {
			t.Fatal(err)
		}
		wantState(t, s, Ready)
		v, _, err := s.CallValues(background, "done", nil)
		if err != nil || v[0].I32() != 1 {
			t.Fatalf("%v %v", v, err)
		}
		// Abandoned start code leaves no instance behind; the next call begins afresh.
		s, _ = p.New(Config{Limits: spirit.Limits{Fuel: 500}})
		defer s.Close(background)
		s.Initialize(background)
		if err := s.Abandon(background); err != nil {
			t.Fatal(err)
		}
		if err := s.AddFuel(1_000_000); err != nil {
			t.Fatal(err)
		}
		v, _, err = s.CallValues(background, "done", nil)
		if err != nil || v[0].I32() != 1 {
			t.Fatalf("%v %v", v, err)
		}
	})
}

// Proves: vm 14.3
func TestCreation(t *testing.T) {
	e := newEngine(t, EngineConfig{})
	for want, bytes := range map[string][]byte{"empty": nil, "exceeds maximum": make([]byte, 104_857_601)} {
		_, err := e.New(bytes, Config{Limits: spirit.Limits{ModuleBytes: 104_857_600}})
		if !errors.Is(err, fault.ErrInvalidModule) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	s, err := e.New([]byte("garbage"), Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(background)
	wantState(t, s, Initializing)
	_, err = s.Initialize(background)
	wantErr(t, err, fault.ErrInvalidModule)
	wantState(t, s, Failed)
	// A sandbox made from bytes takes its compiled code with it.
	s, err = e.New(zoo().Bytes(), Config{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Initialize(background); err != nil {
		t.Fatal(err)
	}
	p := s.Program()
	s.Close(background)
	if _, err := p.instance(s); err == nil {
		t.Fatal("the code of a closed sandbox is still there")
	}
	if _, err := e.New([]byte("x"), Config{Limits: spirit.Limits{CPUQuotaPercent: 101}}); !errors.Is(err, fault.ErrInvalidLimits) {
		t.Fatal(err)
	}
}

// Proves: vm 14.4
func TestValues(t *testing.T) {
	variants(t, func(t *testing.T, cfg EngineConfig) {
		s := ready(t, compile(t, newEngine(t, cfg), zoo()), Config{})
		v, u, err := s.CallValues(background, "fortytwo", nil)
		if err != nil || len(v) != 1 || v[0] != I32(42) || u.FuelUsed == 0 {
			t.Fatalf("%v %v %+v", v, err, u)
		}
		if v, _, err := s.CallValues(background, "nothing", nil); err != nil || len(v) != 0 {
			t.Fatalf("%v %v", v, err)
		}
		for _, want := range []Value{
			I32(0), I32(-1), I32(math.MaxInt32), I32(math.MinInt32),
			I64(0), I64(-1), I64(math.MaxInt64), I64(math.MinInt64),
			F32(0), F32(float32(math.Inf(-1))), F32(math.MaxFloat32), F32(math.SmallestNonzeroFloat32),
			{f32, 0x7fc12345},
			F64(0), F64(math.Inf(1)), F64(math.MaxFloat64), F64(math.SmallestNonzeroFloat64),
			{f64, 0x7ff8000012345678},
		} {
			v, _, err := s.CallValues(background, "echo_"+want.Type.String(), []Value{want})
			if err != nil || len(v) != 1 || v[0] != want {
				t.Errorf("%v: %v %v", want, v, err)
			}
		}
	})
}

// Proves: vm 14.5
func TestIsolation(t *testing.T) {
	variants(t, func(t *testing.T, cfg EngineConfig) {
		p := compile(t, newEngine(t, cfg), zoo())
		a, b := ready(t, p, Config{}), ready(t, p, Config{})
		call := func(s *Sandbox, name string, args ...Value) int32 {
			t.Helper()
			v, _, err := s.CallValues(background, name, args)
			if err != nil {
				t.Fatal(err)
			}
			if len(v) == 0 {
				return 0
			}
			return v[0].I32()
		}
		call(a, "store", I32(2048), I32(77))
		for n := int32(1); n <= 5; n++ {
			if got := call(a, "increment"); got != n {
				t.Fatalf("increment %d gave %d", n, got)
			}
		}
		if got := call(a, "load", I32(2048)); got != 77 {
			t.Fatalf("loaded %d", got)
		}
		for _, s := range []*Sandbox{b, ready(t, p, Config{})} {
			if n, m := call(s, "increment"), call(s, "load", I32(2048)); n != 1 || m != 0 {
				t.Fatalf("another sandbox sees %d and %d", n, m)
			}
		}
	})
}

// Proves: vm 14.6
func TestRefusedCalls(t *testing.T) {
	s := ready(t, compile(t, newEngine(t, EngineConfig{}), zoo()), Config{Limits: spirit.Limits{InputBytes: 10}})
	for _, c := range []struct {
		name string
		args []Value
		want error
		text string
	}{
		{"absent", nil, fault.ErrNoExport, "absent"},
		{"divide", nil, fault.ErrArguments, "(i32, i32) -> (i32), called with ()"},
		{"divide", []Value{I32(1)}, fault.ErrArguments, "called with (i32)"},
		{"divide", []Value{I32(1), I64(1)}, fault.ErrArguments, "called with (i32, i64)"},
		{"divide", []Value{I32(1), I32(1), I32(1)}, fault.ErrArguments, "called with (i32, i32, i32)"},
	} {
		_, u, err := s.CallValues(background, c.name, c.args)
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) || u.FuelUsed != 0 || u.Outcome != 0 {
			t.Errorf("%s: %v %+v", c.name, err, u)
		}
		wantState(t, s, Ready)
	}
	for name, want := range map[string]error{"absent": fault.ErrNoExport, "divide": fault.ErrArguments, "nothing": fault.ErrInputLimit} {
		_, u, err := s.Call(background, name, make([]byte, 11))
		if !errors.Is(err, want) || u.FuelUsed != 0 {
			t.Errorf("%s: %v %+v", name, err, u)
		}
		wantState(t, s, Ready)
	}
}

// A guest that says that it failed is still there for the next call.
func TestApplicationErrors(t *testing.T) {
	s := ready(t, compile(t, newEngine(t, EngineConfig{}), zoo()), Config{})
	for name, want := range map[string]fault.GuestError{"fail": {Code: 7, Text: "no luck"}, "status": {Code: 3}} {
		_, u, err := s.Call(background, name, nil)
		var g *fault.GuestError
		if !errors.As(err, &g) || *g != want || !errors.Is(err, fault.ErrGuest) || u.Outcome != OutcomeAppError {
			t.Errorf("%s: %v %v", name, err, u.Outcome)
		}
		wantState(t, s, Ready)
	}
	out, _, err := s.Call(background, "copy", []byte(strings.Repeat("over and over ", 9)))
	if err != nil || !bytes.Equal(out, []byte(strings.Repeat("over and over ", 9))) {
		t.Fatalf("%q %v", out, err)
	}
}

// Abandon leaves memory and globals as they are, or puts them back with Rollback.
func TestRollback(t *testing.T) {
	variants(t, func(t *testing.T, cfg EngineConfig) {
		b := wasm.NewBuilder()
		b.Memory(1, 10)
		g := b.Global(i64, true, func(e *wasm.Emitter) { e.I64Const(5) })
		b.Func("spoil", nil, nil, nil, func(e *wasm.Emitter) {
			e.I64Const(6).GlobalSet(g)
			e.I32Const(0).I32Const(1).Mem(wasm.OpI32Store, 2, 0)
			e.Loop(wasm.BlockEmpty).Br(0).End()
		})
		b.Func("growspoil", nil, nil, nil, func(e *wasm.Emitter) {
			e.I32Const(3).OpIdx(wasm.OpMemoryGrow, 0).Op(wasm.OpDrop)
			e.I64Const(6).GlobalSet(g)
			e.I32Const(0).I32Const(1).Mem(wasm.OpI32Store, 2, 0)
			e.Loop(wasm.BlockEmpty).Br(0).End()
		})
		b.Func("look", nil, wasm.Types(i64, i32, i32), nil, func(e *wasm.Emitter) {
			e.GlobalGet(g).I32Const(0).Mem(wasm.OpI32Load, 2, 0).OpIdx(wasm.OpMemorySize, 0)
		})
		p := compile(t, newEngine(t, cfg), b)
		for _, export := range []string{"spoil", "growspoil"} {
			for _, rollback := range []bool{false, true} {
				s := ready(t, p, Config{Rollback: rollback, Limits: spirit.Limits{Fuel: 10_000}})
				_, _, err := s.Call(background, export, nil)
				wantErr(t, err, fault.ErrOutOfFuel)
				if err := s.Abandon(background); err != nil {
					t.Fatal(err)
				}
				v, _, err := s.CallValues(background, "look", nil)
				if err != nil {
					t.Fatal(err)
				}
				want := []Value{I64(6), I32(1), I32(1)}
				if export == "growspoil" {
					want[2] = I32(4)
				}
				if rollback {
					want = []Value{I64(5), I32(0), I32(1)}
				}
				for i := range want {
					if v[i] != want[i] {
						t.Errorf("%s, rollback %t: %v, want %v", export, rollback, v, want)
						break
					}
				}
			}
		}
	})
}
