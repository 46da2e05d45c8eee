package hostile

import (
	"errors"
	"testing"
	"time"

	"github.com/univrs/vudo"
	"github.com/univrs/vudo/internal/fuel"
	"github.com/univrs/vudo/internal/wasm"
)

// An endless loop that runs out of fuel has used the same number whatever the
// length of its slices, and however often it was stopped and refuelled on the
// way: the first stop and the last are where they are without the others.
//
// Proves: vm 14.9
func TestStopsAreWhereTheyAre(t *testing.T) {
	for _, x := range endless {
		t.Run(x.name, func(t *testing.T) {
			b := wasm.NewBuilder()
			x.build(b)
			stops := func(tick time.Duration, first uint64, refuels ...uint64) []uint64 {
				t.Helper()
				w := newWorld(t, tick)
				sb := w.sandbox(b.Bytes(), vudo.SandboxConfig{Limits: vudo.Limits{Fuel: first, Duration: time.Hour, MemoryBytes: 8 << 20}})
				r, err := sb.Call(t.Context(), "run", nil)
				used := []uint64{r.Receipt.FuelUsed}
				for _, n := range refuels {
					if !errors.Is(err, vudo.ErrOutOfFuel) {
						t.Fatal(err)
					}
					r, err = sb.Refuel(t.Context(), n)
					used = append(used, r.Receipt.FuelUsed)
				}
				if !errors.Is(err, vudo.ErrOutOfFuel) || sb.State() != vudo.Paused {
					t.Fatalf("%v, state %v", err, sb.State())
				}
				return used
			}
			whole := stops(0, 2_000_000)
			if sliced := stops(time.Millisecond, 2_000_000); sliced[0] != whole[0] {
				t.Errorf("in other slices it stops at %d, not %d", sliced[0], whole[0])
			}
			if n := whole[0]; n+hostCallFuel < 2_000_000 || n > 2_000_000+fuel.Overshoot {
				t.Errorf("with 2,000,000 fuel it uses %d", n)
			}
			parts := stops(0, 100_000, 1, 899_999, 1_000_000)
			if last := parts[len(parts)-1]; last != whole[0] {
				t.Errorf("in four parts it stops at %d, not %d", last, whole[0])
			}
			if again := stops(time.Millisecond, 100_000, 1, 899_999, 1_000_000); again[0] != parts[0] || again[2] != parts[2] {
				t.Errorf("in other slices the parts stop at %d, not %d", again, parts)
			}
		})
	}
}
