package dol_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/univrs/vudo"
	"github.com/univrs/vudo/dol"
)

// soakModel is what soak(n) gives, computed without DOL.
func soakModel(n int64) int64 {
	var sum, list int64
	table, names := map[int64]bool{}, map[string]bool{}
	var calls []func(int64) int64
	for i := range n {
		phase := i % 1000
		if phase == 0 {
			list, table, calls = 0, map[int64]bool{}, nil
		}
		text := fmt.Sprintf("item %d:%d", i, i*7%13)
		if phase < 300 {
			list++
		}
		table[i%200] = true
		if i%3 == 0 {
			delete(table, i%150)
		}
		if i%50 == 0 {
			// The first of the 20 nodes has one peer, the others two.
			for at := range int64(45) {
				sum += at % 20
				if at%20 == 0 {
					sum++
				} else {
					sum += 2
				}
			}
		}
		k, size := i, int64(len(text))
		f := func(x int64) int64 { return x + k + size }
		if phase < 100 {
			calls = append(calls, f)
		}
		sum += f(1)
		if i%97 == 0 {
			names = map[string]bool{}
		}
		names[text[:6]] = true
	}
	for _, f := range calls {
		sum += f(2)
	}
	return sum + list + int64(len(table)) + int64(len(names))
}

// A Spirit that allocates in a loop stays within 8 MiB of linear memory, however
// long it runs: what is dropped, circles too, is used again. VUDO_LONG=1 runs
// 10,000,000 rounds.
func TestSoak(t *testing.T) {
	n := int64(200_000)
	if os.Getenv("VUDO_LONG") != "" {
		n = 10_000_000
	}
	text, err := os.ReadFile(filepath.Join("testdata", "soak.dol"))
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	rt, err := vudo.New(ctx, vudo.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close(ctx)
	for _, c := range []struct {
		o dol.Options
		n int64
	}{{dol.Options{}, n}, {dol.Options{NoOpt: true}, n / 10}, {dol.Options{GC: dol.GCStress}, 300}} {
		sb, err := rt.NewSandbox(ctx, compile(t, "soak.dol", text, c.o), vudo.SandboxConfig{
			Limits: vudo.Limits{Fuel: 1 << 50, MemoryBytes: 8 << 20, Duration: 3_600_000_000_000},
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := sb.Initialize(ctx); err != nil {
			t.Fatal(err)
		}
		res, err := sb.CallValues(ctx, "soak", vudo.I64(c.n))
		if err != nil {
			t.Fatalf("%+v, %d rounds: %+v", c.o, c.n, err)
		}
		if got, want := res.Values[0].I64(), soakModel(c.n); got != want {
			t.Errorf("%+v: soak(%d) = %d, want %d", c.o, c.n, got, want)
		}
		t.Logf("gc %q, level %d: %d rounds, %d fuel, peak %d bytes", c.o.GC, c.o.Level, c.n, res.Receipt.FuelUsed, res.Receipt.MemoryPeakBytes)
		sb.Close(ctx)
	}
}
