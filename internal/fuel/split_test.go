package fuel

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/tetratelabs/wazero"
)

// TestSplitRuns stops programs at random places: each entry into the host is a
// point at which the sandbox may pause the guest, and what it sees there must
// not depend on how the run was cut.
//
// Proves: fuel 6.4
func TestSplitRuns(t *testing.T) {
	ctx := context.Background()
	rt := wazero.NewRuntimeWithConfig(ctx, compilerConfig())
	defer rt.Close(ctx)
	modules, cuts, hooks := sample(60, 2000), 20, 0
	for seed := range uint64(modules) {
		p := generate(seed + 1<<20)
		out := meter(t, p.Module, Config{})
		ready := prepare(t, rt, p.Module, out)
		want, memory := ready.run(p.Calls, fixedSlice(1<<40))
		r := rand.New(rand.NewPCG(seed, 2))
		for cut := range cuts {
			got, gotMemory := ready.run(p.Calls, randomSlice(r, 1+r.Int64N(2000)))
			hooks += ready.host.hooks
			if len(got) != len(want) || gotMemory != memory {
				t.Fatalf("seed %d cut %d: %d steps and memory %s, uncut %d and %s", p.Seed, cut, len(got), gotMemory, len(want), memory)
			}
			for i := range want {
				if got[i] != want[i] {
					t.Fatalf("seed %d cut %d call %d: %+v, uncut %+v", p.Seed, cut, i, got[i], want[i])
				}
			}
			if low := ready.host.lowest; low < -Overshoot {
				t.Fatalf("seed %d cut %d: the counter fell to %d", p.Seed, cut, low)
			}
		}
		ready.close()
	}
	t.Logf("%d modules, %d cuts each, %d entries into the host", modules, cuts, hooks)
	if hooks < modules*cuts {
		t.Errorf("only %d entries into the host", hooks)
	}
}
