package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// groups in the order in which they run.
var groups = []struct {
	name string
	run  func(*Report, int) error
}{
	{"kernels", func(r *Report, rounds int) error {
		return benchKernels(r, rounds, filepath.Join("..", "examples", "quickjs", "target", "quickjs.wasm"))
	}},
	{"calls", benchCalls},
	{"instances", benchInstances},
	{"load", benchLoads},
	{"stop", benchStops},
	{"dol", benchDol},
}

func main() {
	names := make([]string, len(groups))
	for i, g := range groups {
		names[i] = g.name
	}
	only := flag.String("groups", strings.Join(names, ","), "which groups to run")
	rounds := flag.Int("rounds", 7, "interleaved rounds")
	file := flag.String("json", "", "also write the report as JSON")
	idleKind := flag.String("idle", "", "only print the memory of 10,000 idle instances of one kind (used by the run itself)")
	flag.Parse()
	if *idleKind != "" {
		if err := idle(*idleKind); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	if err := run(strings.Split(*only, ","), *rounds, *file); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures the named groups and prints the report.
func run(only []string, rounds int, file string) error {
	r := &Report{Machine: machine(), Commit: commit(), Load: load(), out: os.Stdout}
	fmt.Printf("%s\ncommit %s, load before %s\n", r.Machine, r.Commit, r.Load)
	if rounds < 1 {
		return fmt.Errorf("-rounds %d: at least 1", rounds)
	}
	wanted := map[string]bool{}
	for _, n := range only {
		wanted[n] = true
	}
	for _, g := range groups {
		if !wanted[g.name] {
			continue
		}
		delete(wanted, g.name)
		if err := measure(g.run, r, rounds); err != nil {
			return fmt.Errorf("%s: %w", g.name, err)
		}
	}
	for n := range wanted {
		return fmt.Errorf("-groups: there is no group %q", n)
	}
	if file != "" {
		return r.writeJSON(file)
	}
	return nil
}

// measure runs one group; what its measured functions ended with is its error.
func measure(group func(*Report, int) error, r *Report, rounds int) (err error) {
	defer func() {
		if p := recover(); p != nil {
			f, ok := p.(failure)
			if !ok {
				panic(p)
			}
			err = f.err
		}
	}()
	return group(r, rounds)
}
