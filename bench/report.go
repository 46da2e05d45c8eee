package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Result is one measured figure. Values are in Unit, ascending percentiles.
type Result struct {
	Group  string  `json:"group"`
	Name   string  `json:"name"`
	Unit   string  `json:"unit"`
	N      int     `json:"n"`
	Min    float64 `json:"min"`
	P50    float64 `json:"p50"`
	P90    float64 `json:"p90"`
	P99    float64 `json:"p99"`
	Max    float64 `json:"max"`
	Allocs float64 `json:"allocs"` // per operation; -1 when not counted
}

// Ratio is a quotient of two results of the same run, their geometric mean, or
// one figure set beside its goal.
type Ratio struct {
	Group string  `json:"group"`
	Name  string  `json:"name"`
	ByMin float64 `json:"by_min"` // quotient of the minima
	ByP50 float64 `json:"by_p50"` // quotient of the medians
	Goal  string  `json:"goal,omitempty"`
}

// Absence names a rival that did not take part, and why.
type Absence struct {
	Rival  string `json:"rival"`
	Reason string `json:"reason"`
}

// Report is everything one run found out. It is filled by one goroutine.
type Report struct {
	Machine string    `json:"machine"`
	Commit  string    `json:"commit"`
	Load    string    `json:"load"` // the system's load average before the run
	Results []Result  `json:"results"`
	Ratios  []Ratio   `json:"ratios"`
	Absent  []Absence `json:"absent"`

	out   io.Writer
	group string
}

// start prints the heading of a group; later figures belong to it.
func (r *Report) start(group, title string) {
	r.group = group
	fmt.Fprintf(r.out, "\n%s: %s\n", group, title)
}

// distribution records and prints one row of percentiles.
func (r *Report) distribution(name, unit string, values []float64, allocs float64) Result {
	slices.Sort(values)
	res := Result{
		Group: r.group, Name: name, Unit: unit, N: len(values), Allocs: allocs,
		Min: values[0], P50: quantile(values, 0.5), P90: quantile(values, 0.9), P99: quantile(values, 0.99), Max: values[len(values)-1],
	}
	r.Results = append(r.Results, res)
	tail := ""
	if allocs >= 0 {
		tail = fmt.Sprintf("  %.1f allocs", allocs)
	}
	fmt.Fprintf(r.out, "  %-44s min %9s  p50 %9s  p90 %9s  p99 %9s  max %9s %s  n=%d%s\n",
		name, short(res.Min), short(res.P50), short(res.P90), short(res.P99), short(res.Max), unit, res.N, tail)
	return res
}

// ratio records and prints a quotient or figure; goal is text such as "<= 1.15".
func (r *Report) ratio(name string, byMin, byP50 float64, goal string) {
	r.Ratios = append(r.Ratios, Ratio{Group: r.group, Name: name, ByMin: byMin, ByP50: byP50, Goal: goal})
	if goal != "" {
		goal = "  goal " + goal
	}
	fmt.Fprintf(r.out, "  %-44s %s by minima, %s by medians%s\n", name, short(byMin), short(byP50), goal)
}

// absent records and prints a rival that takes no part.
func (r *Report) absent(rival, reason string) {
	a := Absence{Rival: rival, Reason: reason}
	if slices.Contains(r.Absent, a) {
		return
	}
	r.Absent = append(r.Absent, a)
	fmt.Fprintf(r.out, "  absent: %s: %s\n", rival, reason)
}

func (r *Report) writeJSON(path string) error {
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(b, '\n'), 0o644)
}

// quantile reads the q-quantile (nearest rank) of an ascending list.
func quantile(sorted []float64, q float64) float64 {
	return sorted[max(0, int(math.Ceil(q*float64(len(sorted))))-1)]
}

// short prints about three significant digits.
func short(v float64) string {
	switch {
	case math.IsNaN(v):
		return "-"
	case v != 0 && math.Abs(v) < 10:
		return fmt.Sprintf("%.2f", v)
	case math.Abs(v) < 100:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.0f", v)
}

func geomean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += math.Log(v)
	}
	return math.Exp(sum / float64(len(values)))
}

// sample is a series of durations of one contestant.
type sample []float64

func (s sample) min() float64 { return slices.Min(s) }

func (s sample) median() float64 {
	c := slices.Clone(s)
	slices.Sort(c)
	return quantile(c, 0.5)
}

// time1 gives the nanoseconds that f took.
func time1(f func()) float64 {
	t := time.Now()
	f()
	return float64(time.Since(t).Nanoseconds())
}

// latencies runs f n times after a tenth as many warm-up runs: nanoseconds of
// each, and heap allocations per run.
func latencies(n int, f func()) (ns []float64, allocs float64) {
	for range n/10 + 1 {
		f()
	}
	ns = make([]float64, n)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i := range ns {
		t := time.Now()
		f()
		ns[i] = float64(time.Since(t).Nanoseconds())
	}
	runtime.ReadMemStats(&after)
	return ns, float64(after.Mallocs-before.Mallocs) / float64(n)
}

// interleave measures several contestants by turns, so that a slow second hits
// all of them: rounds turns of n runs each.
func interleave(rounds, n int, fs ...func()) (ns [][]float64, allocs []float64) {
	ns, allocs = make([][]float64, len(fs)), make([]float64, len(fs))
	for range rounds {
		for i, f := range fs {
			s, a := latencies(n, f)
			ns[i] = append(ns[i], s...)
			allocs[i] += a / float64(rounds)
		}
	}
	return ns, allocs
}

// machine is one line about where the figures come from.
func machine() string {
	cpu := runtime.GOARCH
	if b, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(b)) {
			if k, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(k) == "model name" {
				cpu = strings.TrimSpace(v)
				break
			}
		}
	}
	return fmt.Sprintf("%s, %d cores, %s/%s, %s", cpu, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version())
}

func commit() string {
	b, err := exec.Command("git", "describe", "--always", "--dirty", "--abbrev=12").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(b))
}

func load() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(b))[:3], " ")
}
