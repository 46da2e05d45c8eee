package hostile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/univrs/vudo"
	"github.com/univrs/vudo/internal/fuel"
	"github.com/univrs/vudo/internal/wasm/wasmgen"
	"github.com/univrs/vudo/spirit"
)

// fuzzed are the limits of FuzzRun: every call ends within milliseconds.
var fuzzed = vudo.Limits{
	Fuel: 200_000, Duration: time.Hour, MemoryBytes: 1 << 20, TableElements: 1000, StackDepth: 4096,
	InputBytes: 1 << 16, OutputBytes: 1 << 16, LogBytes: 1 << 16, ModuleBytes: 1 << 20,
}

var known = []error{
	vudo.ErrInvalidModule, vudo.ErrUnlinked, vudo.ErrArguments, vudo.ErrNoExport, vudo.ErrTrap, vudo.ErrGuest, vudo.ErrOutOfFuel,
	vudo.ErrMemoryLimit, vudo.ErrTableLimit, vudo.ErrStackLimit, vudo.ErrCompileLimit, vudo.ErrDenied, vudo.ErrState,
}

// FuzzRun runs modules through the public API under tight limits: bytes that
// are a module as they are, others as changes to a generated one. Whatever it
// is: it ends in one of the listed errors or none, the state fits it, the fuel
// is within its bounds, a second sandbox and a third that is stopped and
// refuelled in many places do exactly the same, and another tenant sees nothing.
func FuzzRun(f *testing.F) {
	for _, r := range corpus {
		for i, s := range r.shapes {
			if s.run == nil && i%7 == 0 {
				if b := s.bytes(); len(b) < 2000 {
					f.Add(b, uint64(0))
				}
			}
		}
	}
	for seed := range uint64(20) {
		f.Add([]byte{}, seed)
		f.Add([]byte{1, 40, byte(seed), 0, 90, 7, 0, 130, 65}, seed)
	}
	var w *world
	f.Fuzz(func(t *testing.T, change []byte, seed uint64) {
		if w == nil {
			w = newFuzzWorld()
		}
		w.t = t
		module := change
		if !bytes.HasPrefix(module, []byte("\x00asm")) {
			module = changed(wasmgen.Generate(seed, wasmgen.Options{TrapPercent: 30, Work: 100}).Bytes, change)
		}
		whole := w.record(t, module, fuzzed.Fuel)
		if again := w.record(t, module, fuzzed.Fuel); again != whole {
			t.Errorf("two runs differ:\n%s\n%s", whole, again)
		}
		if parts := w.record(t, module, 1+seed%5000); parts != whole {
			t.Errorf("stopped on the way it differs:\n%s\n%s", whole, parts)
		}
		w.alive()
	})
}

// newFuzzWorld is a world that outlives single inputs.
func newFuzzWorld() *world {
	w := &world{clock: &clock{}, log: &lines{}, audit: &denials{}}
	var err error
	if w.rt, err = vudo.New(context.Background(), vudo.Config{Clock: w.clock, Log: w.log}); err != nil {
		panic(err)
	}
	if w.witness, err = w.rt.NewSandbox(context.Background(), witnessModule(), vudo.SandboxConfig{}); err == nil {
		err = w.witness.Initialize(context.Background())
	}
	if err == nil {
		_, err = w.witness.CallValues(context.Background(), "fill")
	}
	if err == nil {
		w.sum, err = w.witness.CallValues(context.Background(), "sum")
	}
	if err != nil {
		panic(err)
	}
	return w
}

// changed applies change to a module: three bytes each, a place and a new byte.
func changed(module, change []byte) []byte {
	module = bytes.Clone(module)
	for ; len(change) >= 3 && len(module) > 8; change = change[3:] {
		at := 8 + (int(change[0])<<8|int(change[1]))%(len(module)-8)
		module[at] = change[2]
	}
	return module
}

// record runs everything that the module exports, in one sandbox, and returns
// what was to be seen of it. A call gets slice fuel, and more of it until it has
// had the whole grant.
func (w *world) record(t *testing.T, module []byte, slice uint64) string {
	t.Helper()
	limits := fuzzed
	limits.Fuel = min(slice, fuzzed.Fuel)
	sb, err := w.rt.NewSandbox(t.Context(), module, vudo.SandboxConfig{
		Limits: limits, Grant: []spirit.Capability{spirit.ActuatorLog, spirit.SensorRandom}, Seed: []byte("seed"),
	})
	if err != nil {
		expected(t, err)
		return err.Error()
	}
	defer sb.Close(context.Background())
	var seen strings.Builder
	err = sb.Initialize(t.Context())
	if errors.Is(err, vudo.ErrOutOfFuel) {
		// Start code is refuelled like a call.
		_, err = w.goOn(t, sb, vudo.Result{}, err, limits.Fuel)
	}
	fmt.Fprintf(&seen, "initialize: %s\n", ending(err))
	expected(t, err)
	for _, x := range sb.Exports() {
		if sb.State() != vudo.Ready {
			break
		}
		var args []vudo.Value
		for i, p := range x.Type.Params {
			args = append(args, vudo.Value{Type: p, Bits: uint64(i) * 77})
		}
		r, err := sb.CallValues(t.Context(), x.Name, args...)
		if errors.Is(err, vudo.ErrArguments) {
			r, err = sb.Call(t.Context(), x.Name, []byte("input"))
		}
		r, err = w.goOn(t, sb, r, err, limits.Fuel)
		expected(t, err)
		fmt.Fprintf(&seen, "%s: %s, %v, %x, %d fuel, %d bytes\n", x.Name, ending(err), r.Values, r.Output, r.Receipt.FuelUsed, r.Receipt.MemoryPeakBytes)
		if r.Receipt.FuelUsed > fuzzed.Fuel+fuel.Overshoot {
			t.Errorf("%s used %d fuel of %d", x.Name, r.Receipt.FuelUsed, fuzzed.Fuel)
		}
		if errors.Is(err, vudo.ErrOutOfFuel) {
			break
		}
		if want := sb.State(); (err == nil || errors.Is(err, vudo.ErrGuest) || errors.Is(err, vudo.ErrArguments) || errors.Is(err, vudo.ErrNoExport)) != (want == vudo.Ready) {
			t.Errorf("%s ends with %v in state %v", x.Name, err, want)
		}
	}
	return seen.String()
}

// goOn refuels a call by n until it ends or has had the whole grant.
func (w *world) goOn(t *testing.T, sb *vudo.Sandbox, r vudo.Result, err error, n uint64) (vudo.Result, error) {
	t.Helper()
	for granted := n; errors.Is(err, vudo.ErrOutOfFuel) && granted < fuzzed.Fuel; {
		if sb.State() != vudo.Paused {
			t.Fatalf("out of fuel in state %v", sb.State())
		}
		n = min(n, fuzzed.Fuel-granted)
		granted += n
		r, err = sb.Refuel(t.Context(), n)
	}
	return r, err
}

// expected fails the test for an error that no hostile guest may cause.
func expected(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	for _, k := range known {
		if errors.Is(err, k) {
			if s := err.Error(); strings.Contains(s, "\n") || strings.Contains(s, "goroutine") || strings.Contains(s, "wazero") {
				t.Errorf("the error is not one line for people: %q", s)
			}
			return
		}
	}
	t.Errorf("ended with %v, which is no listed error", err)
}

// ending is the error without what may differ between equal runs.
func ending(err error) string {
	if err == nil {
		return "ok"
	}
	return err.Error()
}
