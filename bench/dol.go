package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/univrs/vudo"
	"github.com/univrs/vudo/dol"
)

// dolKernel is a program of bench/dol beside the same one in another language,
// both metered. Same: both give one number.
type dolKernel struct {
	name, rival string // file of dol/, module of build/kernels
	n           uint32
	same        bool
	goal        string
}

var dolKernels = []dolKernel{
	{"fib", "fib", 32, true, "<= 1.5"},
	{"sieve", "sieve", 10, true, "<= 1.5"},
	{"matmul", "matmul", 10, false, "<= 1.5"},
	{"nbody", "nbody", 300_000, false, "<= 1.5"},
	{"collatz", "collatz", 500, true, "<= 1.5"},
	{"strings", "strings", 300, true, "<= 3"},
	{"table", "table", 2_000, true, "<= 3"},
	{"closures", "closures", 10, true, "<= 3"},
	{"trees", "trees-as", 10, true, "<= 3 of AssemblyScript"},
}

// benchDol compares code that the DOL compiler made with clang -O2, and for
// allocation with AssemblyScript, on the same metered engine.
func benchDol(r *Report, rounds int) error {
	r.start("dol", "milliseconds, minimum/median of interleaved rounds; both sides metered, answers compared")
	ctx := context.Background()
	rt, err := vudo.New(ctx, vudo.Config{})
	if err != nil {
		return err
	}
	defer rt.Close(ctx)
	order := []string{"dol", "rival"}
	table := map[string]map[string]sample{}
	var compute []string
	for _, k := range dolKernels {
		rival, err := os.ReadFile(filepath.Join("..", "build", "kernels", k.rival+".wasm"))
		if err != nil {
			r.absent(k.name, "not built: run `make kernels dol-kernels`")
			continue
		}
		ours, err := compileDol(k.name)
		if err != nil {
			return err
		}
		answers := map[string]uint64{}
		runs := map[string]func() (float64, error){}
		for name, module := range map[string][]byte{"dol": ours, "rival": rival} {
			s, err := spiritOf(ctx, rt, module, "")
			if err != nil {
				return fmt.Errorf("%s, %s: %w", k.name, name, err)
			}
			sb, err := s.NewSandbox(ctx, vudo.SandboxConfig{Limits: vudo.Limits{Fuel: plentyFuel}})
			if err != nil {
				return fmt.Errorf("%s, %s: %w", k.name, name, err)
			}
			defer sb.Close(ctx)
			runs[name] = func() (float64, error) {
				began := time.Now()
				res, err := sb.CallValues(ctx, "run", vudo.I32(int32(k.n)))
				ns := float64(time.Since(began).Nanoseconds())
				if err == nil {
					answers[name] = uint64(res.Values[0].I64())
				}
				return ns, err
			}
		}
		samples, err := contest(rounds, runs, order)
		if err != nil {
			return fmt.Errorf("%s: %w", k.name, err)
		}
		if k.same && answers["dol"] != answers["rival"] {
			return fmt.Errorf("%s: DOL says %d, the rival %d", k.name, answers["dol"], answers["rival"])
		}
		r.row(k.name, samples, order)
		table[k.name] = samples
		r.quotient(k.name+": dol / rival", table, []string{k.name}, "dol", "rival", k.goal)
		if k.goal == "<= 1.5" {
			compute = append(compute, k.name)
		}
	}
	r.quotient("dol / clang -O2, compute kernels", table, compute, "dol", "rival", "<= 1.5")
	return benchDolCompile(r)
}

func compileDol(name string) ([]byte, error) {
	file := filepath.Join("dol", name+".dol")
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	res, problems := dol.Compile([]dol.Source{{Path: file, Text: text}}, dol.Options{})
	if res == nil {
		return nil, problems
	}
	return res.Wasm, nil
}

// benchDolCompile prints the size of what the kernels became and the speed of the
// compiler on one of them; the curve over sizes is BenchmarkCompile of dol/.
func benchDolCompile(r *Report) error {
	for _, k := range dolKernels {
		module, err := compileDol(k.name)
		if err != nil {
			return err
		}
		fmt.Fprintf(r.out, "  %-10s %6d bytes of wasm\n", k.name, len(module))
	}
	return nil
}
