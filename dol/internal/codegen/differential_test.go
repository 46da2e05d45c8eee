package codegen_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/univrs/vudo/dol/internal/codegen"
	"github.com/univrs/vudo/dol/internal/codegen/codegentest"
	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/dol/internal/ir/irgen"
)

var gcs = map[string]codegen.GC{"normal": codegen.GCNormal, "stress": codegen.GCStress, "none": codegen.GCNone}

var place = regexp.MustCompile(` at (\d+):\d+$`)

// expected is what generated code shows where the evaluator shows o: a panic has
// file and line behind its message, other traps show no place.
func expected(m *ir.Module, o *irgen.Outcome) *irgen.Outcome {
	e := *o
	e.Results = nil
	for _, r := range o.Results {
		if strings.HasPrefix(r, "panic: ") {
			r = place.ReplaceAllString(r, fmt.Sprintf(" at %s:$1", m.Files[0]))
			r = strings.TrimSuffix(r, fmt.Sprintf(" at %s:0", m.Files[0]))
		} else if strings.HasPrefix(r, "trap: ") {
			r = place.ReplaceAllString(r, "")
		}
		e.Results = append(e.Results, r)
	}
	return &e
}

// differ runs a module on the evaluator and as WebAssembly, and returns the
// first difference.
func differ(m *ir.Module, calls []irgen.Call, o codegen.Options) (string, error) {
	want, err := irgen.Evaluate(m, calls)
	if err != nil {
		return "", err
	}
	if want.Limit { // nobody knows how the last call goes on; it may never end
		calls = calls[:len(want.Results)]
		if want, err = irgen.Evaluate(m, calls); err != nil {
			return "", err
		}
	}
	w, parts, err := codegen.GenerateOpen(m, o)
	if err != nil {
		return "", err
	}
	got, err := codegentest.Run(m, w, calls, func(i *codegentest.Instance) error {
		// A trap leaves sp where it was, until an export that needs it begins.
		trapped := slices.ContainsFunc(want.Results, func(r string) bool {
			return strings.HasPrefix(r, "panic: ") || strings.HasPrefix(r, "trap: ")
		})
		sp, ok := i.Global("sp")
		if ok && uint32(sp) != parts.Stack && !trapped {
			return fmt.Errorf("sp is left at %#x, not %#x", sp, parts.Stack)
		}
		_, err := checkHeap(m, parts, i)
		return err
	})
	if err != nil {
		return "", err
	}
	return plain(expected(m, want)).Diff(plain(got)), nil
}

// plain replaces the messages of panics that are no constant of a module: there a
// constant was written to, which programs do not do, and generated code keeps
// its messages apart.
func plain(o *irgen.Outcome) *irgen.Outcome {
	p := *o
	p.Results = nil
	for _, r := range o.Results {
		p.Results = append(p.Results, message.ReplaceAllString(r, "panic: text"))
	}
	return &p
}

var message = regexp.MustCompile(`(?s)^panic: .{6,9}? `)

// TestDifferential runs random modules on the evaluator and as WebAssembly, with
// each collector.
//
// Proves: dol 8.1-b, dol 8.3-c
func TestDifferential(t *testing.T) {
	n := uint64(300)
	if testing.Short() {
		n = 40
	}
	for seed := range n {
		for name, gc := range gcs {
			m := irgen.Module(seed, irgen.Config{})
			ir.Optimize(m, int(seed%3))
			d, err := differ(m, irgen.Calls(m, seed), codegen.Options{GC: gc})
			if err != nil || d != "" {
				t.Fatalf("seed %d, gc %s: %s %v", seed, name, d, err)
			}
		}
	}
}
