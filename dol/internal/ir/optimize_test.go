package ir_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/dol/internal/ir/irgen"
	"github.com/univrs/vudo/internal/golden"
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
			if node := ir.SharedNode(m); level > 0 && node != "" {
				t.Fatalf("seed %d, level %d: a %s stands in two places", seed, level, node)
			}
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

// TestOptimizedShapes compares what the optimiser makes of the modules in
// testdata/optimize: each says in the names of its functions what is to become of
// them.
//
// Proves: dol 8.1-a, dol 8.2-f
func TestOptimizedShapes(t *testing.T) {
	files, err := filepath.Glob("testdata/optimize/*.ir")
	if err != nil || len(files) == 0 {
		t.Fatal("no modules", err)
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m, err := ir.ParseText(source)
		if err != nil {
			t.Fatalf("%s:%v", file, err)
		}
		if err := ir.Verify(m); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		ir.Optimize(m, 2)
		if err := ir.Verify(m); err != nil {
			t.Fatalf("%s, optimised: %v", file, err)
		}
		golden.Check(t, file+".golden", []byte(text(m)))
	}
}
