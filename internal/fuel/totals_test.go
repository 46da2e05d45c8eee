package fuel

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/tetratelabs/wazero"

	"github.com/univrs/vudo/internal/golden"
)

// TestGoldenFuelTotals: the fuel of a fixed set of programs, call by call, is the
// same number on every system, architecture and engine. `make arm64` repeats
// this test under an emulator.
//
// Proves: fuel 6.3
func TestGoldenFuelTotals(t *testing.T) {
	ctx := context.Background()
	rt := wazero.NewRuntimeWithConfig(ctx, interpreterConfig())
	defer rt.Close(ctx)
	var b bytes.Buffer
	for seed := range uint64(40) {
		p := generate(seed)
		out := meter(t, p.Module, Config{})
		ready := prepare(t, rt, p.Module, out)
		steps, memory := ready.run(p.Calls, fixedSlice(1000))
		ready.close()
		fmt.Fprintf(&b, "seed %d: instantiation %d,", seed, out.InstantiationFuel)
		for _, s := range steps {
			fmt.Fprintf(&b, " %d", s.fuel)
			if s.trap != "" {
				fmt.Fprintf(&b, " (%s)", s.trap)
			}
		}
		fmt.Fprintf(&b, "; memory %s\n", memory)
	}
	golden.Check(t, "testdata/totals.golden", b.Bytes())
}
