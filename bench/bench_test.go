package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every engine that can be had here gives the recorded checksum of each kernel.
func TestEnginesAgree(t *testing.T) {
	kernels, err := loadKernels()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range makers {
		t.Run(m.name, func(t *testing.T) {
			e, err := m.make()
			if err != nil {
				t.Skipf("%v (`make bench` builds what is needed)", err)
			}
			defer e.close()
			for _, k := range kernels {
				run, err := e.kernel(k)
				if err != nil {
					t.Skipf("%s: %v (`make kernels`)", k.name, err)
				}
				sum, ns, err := run()
				if err != nil || sum != k.sum || ns <= 0 {
					t.Errorf("%s: %016x in %g ns, %v; want %016x", k.name, sum, ns, err, k.sum)
				}
			}
		})
	}
}

func TestParseKernels(t *testing.T) {
	module := func(name string) ([]byte, error) { return []byte(name), nil }
	list, err := parseKernels(strings.NewReader("# comment\nfib 38 00ff\n"), module)
	if err != nil || len(list) != 1 || list[0].n != 38 || list[0].sum != 255 || string(list[0].wasm) != "fib" {
		t.Errorf("%+v, %v", list, err)
	}
	for _, bad := range []string{"fib\n", "fib x 1\n", "fib 1 zz\n"} {
		if _, err := parseKernels(strings.NewReader(bad), module); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
	if _, err := parseKernels(strings.NewReader("a 1 1\n"), func(string) ([]byte, error) { return nil, os.ErrNotExist }); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("absent module: %v", err)
	}
}

func TestFigures(t *testing.T) {
	sorted := []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	for q, want := range map[float64]float64{0: 1, 0.5: 5, 0.9: 9, 0.99: 10, 1: 10} {
		if got := quantile(sorted, q); got != want {
			t.Errorf("quantile %g is %g, want %g", q, got, want)
		}
	}
	if got := geomean([]float64{1, 4}); math.Abs(got-2) > 1e-12 {
		t.Errorf("geometric mean %g", got)
	}
	if s := (sample{3, 1, 2}); s.min() != 1 || s.median() != 2 || s[0] != 3 {
		t.Errorf("%g, %g, %v", s.min(), s.median(), s)
	}
}

// A report read back holds what was printed, and says what was absent.
func TestReport(t *testing.T) {
	var out bytes.Buffer
	r := &Report{Machine: "m", Commit: "c", out: &out}
	r.start("calls", "title")
	r.distribution("x", "ns", []float64{3, 1, 2}, 2)
	r.ratio("x over y", 1.5, 1.25, "<= 2")
	r.absent("someone", "no compiler")
	r.absent("someone", "no compiler")
	file := filepath.Join(t.TempDir(), "report.json")
	if err := r.writeJSON(file); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var back Report
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	if len(back.Results) != 1 || back.Results[0].P50 != 2 || back.Results[0].Max != 3 || back.Results[0].Group != "calls" ||
		len(back.Ratios) != 1 || back.Ratios[0].ByP50 != 1.25 || len(back.Absent) != 1 {
		t.Errorf("%+v", back)
	}
	for _, want := range []string{"2.0 allocs", "goal <= 2", "absent: someone: no compiler"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in:\n%s", want, out.String())
		}
	}
}

func TestWrongFlags(t *testing.T) {
	if err := run([]string{"nothing"}, 1, ""); err == nil || !strings.Contains(err.Error(), `no group "nothing"`) {
		t.Errorf("unknown group: %v", err)
	}
	if err := run(nil, 0, ""); err == nil {
		t.Error("0 rounds were accepted")
	}
	if err := idle("nobody"); err == nil {
		t.Error("unknown engine was accepted")
	}
}
