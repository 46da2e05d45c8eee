package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// parseKernels reads lines of "name n checksum"; # starts a comment line.
func parseKernels(r io.Reader, module func(name string) ([]byte, error)) ([]kernel, error) {
	var list []kernel
	for s := bufio.NewScanner(r); s.Scan(); {
		if strings.HasPrefix(s.Text(), "#") {
			continue
		}
		var k kernel
		if _, err := fmt.Sscanf(s.Text(), "%s %d %x", &k.name, &k.n, &k.sum); err != nil {
			return nil, fmt.Errorf("kernels.txt: %q: %w", s.Text(), err)
		}
		var err error
		if k.wasm, err = module(k.name); err != nil {
			return nil, err
		}
		list = append(list, k)
	}
	return list, nil
}

// contest runs every engine on one workload by turns. A wrong answer is an
// error, an engine that cannot take part is absent from the result.
func contest(rounds int, runs map[string]func() (float64, error), order []string) (map[string]sample, error) {
	samples := map[string]sample{}
	for range rounds {
		for _, name := range order {
			run, ok := runs[name]
			if !ok {
				continue
			}
			ns, err := run()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			samples[name] = append(samples[name], ns)
		}
	}
	return samples, nil
}

// row prints milliseconds of one workload, one column per engine.
func (r *Report) row(name string, samples map[string]sample, order []string) {
	fmt.Fprintf(r.out, "  %-10s", name)
	for _, e := range order {
		s, ok := samples[e]
		if !ok {
			fmt.Fprintf(r.out, " %19s", "-")
			continue
		}
		sorted := slices.Sorted(slices.Values(s))
		r.Results = append(r.Results, Result{
			Group: r.group, Name: name + "/" + e, Unit: "ms", N: len(s), Allocs: -1,
			Min: sorted[0] / 1e6, P50: quantile(sorted, 0.5) / 1e6, P90: quantile(sorted, 0.9) / 1e6,
			P99: quantile(sorted, 0.99) / 1e6, Max: sorted[len(sorted)-1] / 1e6,
		})
		fmt.Fprintf(r.out, " %9s/%-9s", short(s.min()/1e6), short(s.median()/1e6))
	}
	fmt.Fprintln(r.out)
}

// benchKernels is the table of kernels and the JavaScript engine against every
// engine that can be had here.
func benchKernels(r *Report, rounds int, jsFile string) error {
	kernels, err := loadKernels()
	if err != nil {
		return err
	}
	r.start("kernels", "milliseconds, minimum/median of interleaved rounds; every answer is checked")
	var order []string
	engines := map[string]engine{}
	for _, m := range makers {
		e, err := m.make()
		if err != nil {
			r.absent(m.name, err.Error())
			continue
		}
		defer e.close()
		engines[m.name] = e
		order = append(order, m.name)
	}
	fmt.Fprintf(r.out, "  %-10s", "")
	for _, e := range order {
		fmt.Fprintf(r.out, " %19s", e)
	}
	fmt.Fprintln(r.out)

	table := map[string]map[string]sample{}
	var names []string
	for _, k := range kernels {
		runs := map[string]func() (float64, error){}
		for _, name := range order {
			run, err := engines[name].kernel(k)
			if err != nil {
				r.absent(name+" on "+k.name, err.Error())
				continue
			}
			runs[name] = func() (float64, error) {
				sum, ns, err := run()
				if err == nil && sum != k.sum {
					err = fmt.Errorf("%s: checksum %016x, want %016x", k.name, sum, k.sum)
				}
				return ns, err
			}
		}
		samples, err := contest(rounds, runs, order)
		if err != nil {
			return err
		}
		r.row(k.name, samples, order)
		table[k.name], names = samples, append(names, k.name)
	}
	if samples, err := contestScript(r, rounds, engines, order, jsFile); err != nil {
		return err
	} else if samples != nil {
		r.row("javascript", samples, order)
		table["javascript"] = samples
		names = append(names, "javascript")
	}

	kernelNames := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == "javascript" })
	r.quotient("vudo / wazero (cost of metering)", table, kernelNames, "vudo", "wazero", "<= 1.15, stretch 1.10")
	r.worst("vudo / wazero, worst kernel", table, kernelNames, "vudo", "wazero", "<= 1.45")
	r.quotient("wazero+cancel / vudo", table, kernelNames, "wazero+cancel", "vudo", ">= 7")
	for _, rival := range order {
		if rival != "vudo" && rival != "wazero" && rival != "wazero+cancel" && rival != "native" {
			r.quotient("vudo / "+rival, table, kernelNames, "vudo", rival, "")
		}
	}
	for _, rival := range order {
		if rival != "vudo" && rival != "native" {
			r.quotient(rival+" / native", table, kernelNames, rival, "native", "")
		}
	}
	r.quotient("vudo / native", table, kernelNames, "vudo", "native", "")
	r.quotient("vudo / wazero, JavaScript engine", table, []string{"javascript"}, "vudo", "wazero", "")
	r.quotient("wazero+cancel / vudo, JavaScript engine", table, []string{"javascript"}, "wazero+cancel", "vudo", "")
	return nil
}

// quotient reports the geometric mean of a over b on the workloads that both
// have; nothing when there is none.
func (r *Report) quotient(title string, table map[string]map[string]sample, names []string, a, b, goal string) {
	var byMin, byP50 []float64
	for _, n := range names {
		x, y := table[n][a], table[n][b]
		if x != nil && y != nil {
			byMin = append(byMin, x.min()/y.min())
			byP50 = append(byP50, x.median()/y.median())
		}
	}
	if byMin != nil {
		r.ratio(title, geomean(byMin), geomean(byP50), goal)
	}
}

// worst reports the greatest quotient of a over b, and where.
func (r *Report) worst(title string, table map[string]map[string]sample, names []string, a, b, goal string) {
	var byMin, byP50 float64
	var at string
	for _, n := range names {
		x, y := table[n][a], table[n][b]
		if x == nil || y == nil {
			continue
		}
		if q := x.min() / y.min(); q > byMin {
			byMin, byP50, at = q, x.median()/y.median(), n
		}
	}
	if at != "" {
		r.ratio(title+": "+at, byMin, byP50, goal)
	}
}

// contestScript is the same contest with the JavaScript engine as the guest;
// nil when it is not built.
func contestScript(r *Report, rounds int, engines map[string]engine, order []string, jsFile string) (map[string]sample, error) {
	wasm, err := os.ReadFile(jsFile)
	if err != nil {
		r.absent("javascript", "not built: run `make lang-quickjs`")
		return nil, nil
	}
	js, err := os.ReadFile("testdata/workload.js")
	if err != nil {
		return nil, err
	}
	var want string
	runs := map[string]func() (float64, error){}
	for _, name := range order {
		run, err := engines[name].script(wasm, string(js))
		if err != nil {
			r.absent(name+" on javascript", err.Error())
			continue
		}
		runs[name] = func() (float64, error) {
			out, ns, err := run()
			if err != nil {
				return 0, err
			}
			if want == "" {
				want = out
			}
			if out != want {
				return 0, fmt.Errorf("javascript printed %q, another engine %q", out, want)
			}
			return ns, nil
		}
	}
	return contest(rounds, runs, order)
}
