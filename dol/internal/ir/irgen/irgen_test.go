package irgen

import (
	"strings"
	"testing"

	"github.com/univrs/vudo/dol/internal/ir"
)

const seeds = 600

// TestModules: generated modules verify, run without internal errors, survive
// the text form and do the same again when read back.
//
// Proves: dol 8.1-b
func TestModules(t *testing.T) {
	limits, traps, results, host := 0, 0, 0, 0
	for seed := range uint64(seeds) {
		m := Module(seed, Config{})
		calls := Calls(m, seed)
		var text strings.Builder
		if err := ir.Print(&text, m); err != nil {
			t.Fatal(err)
		}
		out, err := Evaluate(m, calls)
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, text.String())
		}
		again, err := ir.ParseText([]byte(text.String()))
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		out2, err := Evaluate(again, calls)
		if err != nil {
			t.Fatalf("seed %d, read back: %v", seed, err)
		}
		if d := out.Diff(out2); d != "" || out.Limit != out2.Limit {
			t.Errorf("seed %d, read back: %s", seed, d)
		}
		if out.Limit {
			limits++
		}
		host += len(out.Trace)
		for _, r := range out.Results {
			if strings.Contains(r, " at ") {
				traps++
			} else {
				results++
			}
		}
	}
	t.Logf("%d modules: %d results, %d traps, %d ended by a limit, %d host calls", seeds, results, traps, limits, host)
	if limits > seeds/10 || traps < seeds/3 || results < seeds || host < seeds {
		t.Error("the modules are too dull to be a test")
	}
}
