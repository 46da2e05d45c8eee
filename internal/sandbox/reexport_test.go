package sandbox

import (
	"errors"
	"testing"

	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/spirit"
)

// A guest may hand out what it imports: as an export, through a table, as its
// start function. Each way leads through the same checks and the same price.
func TestImportsHandedOut(t *testing.T) {
	variants(t, func(t *testing.T, cfg EngineConfig) {
		e := newEngine(t, cfg)
		b := wasm.NewBuilder()
		clock := b.ImportFunc("wasi_snapshot_preview1", "clock_res_get", wasm.Types(i32, i32), wasm.Types(i32))
		now := b.ImportFunc("vudo", "host_time_now", nil, wasm.Types(i64))
		stop := b.ImportFunc("vudo", "vudo_breakpoint", nil, nil)
		b.Memory(1, 1)
		b.Export("clock", wasm.KindFunc, clock)
		b.Export("now", wasm.KindFunc, now)
		b.Export("stop", wasm.KindFunc, stop)
		b.Func("direct", wasm.Types(i32, i32), wasm.Types(i32), nil, func(e *wasm.Emitter) { e.LocalGet(0).LocalGet(1).Call(clock) })
		p := compile(t, e, b)
		for name, c := range map[string]struct {
			grant []spirit.Capability
			want  int32
		}{
			"denied":  {nil, 76},
			"granted": {[]spirit.Capability{spirit.SensorTime}, 0},
		} {
			t.Run(name, func(t *testing.T) {
				cfg := Config{Rights: rights(t, c.grant...)}
				args := []Value{I32(0), I32(8)}
				v, u, err := p.CallValues(background, "clock", args, cfg)
				w, d, err2 := p.CallValues(background, "direct", args, cfg)
				if err != nil || err2 != nil || v[0].I32() != c.want || w[0].I32() != c.want {
					t.Fatalf("%v %v, %v %v", v, err, w, err2)
				}
				if u.FuelUsed == 0 && c.grant != nil || d.FuelUsed < u.FuelUsed {
					t.Errorf("%d fuel as an export, %d called", u.FuelUsed, d.FuelUsed)
				}
				_, n, err := p.CallValues(background, "now", nil, cfg)
				if err != nil || c.grant != nil && n.FuelUsed != 100 {
					t.Errorf("%v, %d fuel", err, n.FuelUsed)
				}
			})
		}
		s := ready(t, p, Config{Limits: spirit.Limits{Fuel: 99}})
		if _, _, err := s.Call(background, "stop", nil); !errors.Is(err, fault.ErrOutOfFuel) {
			t.Fatal(err)
		}
		if u, err := s.Refuel(background, 1); err != nil || u.FuelUsed != 100 {
			t.Fatalf("%v %d", err, u.FuelUsed)
		}
	})
}

// The greatest and the least fuel, and every way to pass the cap.
func TestFuelAtItsBounds(t *testing.T) {
	variants(t, func(t *testing.T, cfg EngineConfig) {
		e := newEngine(t, cfg)
		p := compile(t, e, zoo())
		const most = 1<<63 - 1
		s := ready(t, p, Config{Limits: spirit.Limits{Fuel: most}})
		for _, n := range []uint64{0, 1, most, 1 << 63, 1<<64 - 1} {
			wantErr(t, s.AddFuel(n), fault.ErrInvalidLimits)
		}
		v, u, err := s.CallValues(background, "sum", []Value{I64(1000)})
		if err != nil || v[0].I64() != 500_500 || u.FuelLimit != most {
			t.Fatalf("%v %v %d", v, err, u.FuelLimit)
		}
		one := ready(t, p, Config{Limits: spirit.Limits{Fuel: 1_000}})
		wantErr(t, one.AddFuel(most-999), fault.ErrInvalidLimits)
		if err := one.AddFuel(most - 1_000); err != nil {
			t.Fatal(err)
		}
		wantErr(t, one.AddFuel(1), fault.ErrInvalidLimits)
		if _, u, err := one.CallValues(background, "sum", []Value{I64(1000)}); err != nil || u.FuelLimit != most {
			t.Fatalf("%v %d", err, u.FuelLimit)
		}
		two := ready(t, p, Config{Limits: spirit.Limits{Fuel: 1_000}})
		_, _, err = two.CallValues(background, "sum", []Value{I64(1000)})
		wantErr(t, err, fault.ErrOutOfFuel)
		for _, n := range []uint64{0, most - 999, most, 1 << 63, 1<<64 - 1} {
			_, err := two.Refuel(background, n)
			wantErr(t, err, fault.ErrInvalidLimits)
			wantState(t, two, Paused)
		}
		u2, err := two.Refuel(background, most-1_000)
		if err != nil || u2.FuelLimit != most || u2.FuelUsed != u.FuelUsed {
			t.Fatalf("%v %d of %d", err, u2.FuelUsed, u2.FuelLimit)
		}
	})
}

// An embedder's function costs its base, and what its bytes are long; bytes that
// the grant does not cover are paid before the function sees them.
func TestBytesOfCustomFunctions(t *testing.T) {
	seen := -1
	e := newEngine(t, EngineConfig{Functions: []Function{{
		Name: "take", Capability: spirit.SensorTime, Type: wasm.FuncType{Params: wasm.Types(i32, i32)},
		Call: func(c *Caller, stack []uint64) error {
			seen = len(c.Bytes(uint32(stack[0]), uint32(stack[1])))
			return nil
		},
	}}})
	b := wasm.NewBuilder()
	take := b.ImportFunc("loa", "take", wasm.Types(i32, i32), nil)
	b.Memory(1, 1)
	b.Export("take", wasm.KindFunc, take)
	s := ready(t, compile(t, e, b), Config{Limits: spirit.Limits{Fuel: 1000}, Rights: rights(t, spirit.SensorTime)})
	for n, want := range map[int32]uint64{0: 100, 1: 101, 64: 101, 65: 102} {
		_, u, err := s.CallValues(background, "take", []Value{I32(7), I32(n)})
		if err != nil || u.FuelUsed != want || seen != int(n) {
			t.Errorf("%d bytes: %d fuel, want %d; %d seen, %v", n, u.FuelUsed, want, seen, err)
		}
	}
	seen = -1
	_, _, err := s.CallValues(background, "take", []Value{I32(0), I32(65536)})
	if wantErr(t, err, fault.ErrOutOfFuel); seen != -1 {
		t.Error("the function saw bytes that were not paid")
	}
	if u, err := s.Refuel(background, 124); err != nil || u.FuelUsed != 1124 || seen != 65536 {
		t.Errorf("%d fuel, %d seen, %v", u.FuelUsed, seen, err)
	}
}
