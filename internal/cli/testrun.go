package cli

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/univrs/vudo"
	"github.com/univrs/vudo/diag"
	"github.com/univrs/vudo/dol"
	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/internal/host"
	"github.com/univrs/vudo/vudotest"
)

// How a test ended.
const (
	statusOK        = "ok"
	statusFailed    = "FAIL"
	statusDescribed = "described" // a scenario without steps that run
	statusUnproved  = "unproved"  // a property for which no valid values were found
)

// testResult is what came of one test.
type testResult struct {
	Name    string  `json:"name"`
	Kind    string  `json:"kind"` // test, scenario or property
	Status  string  `json:"status"`
	Millis  float64 `json:"duration_ms"`
	Fuel    uint64  `json:"fuel"`
	Cases   int     `json:"cases,omitempty"`
	Message string  `json:"message,omitempty"`

	Counterexample []string    `json:"counterexample,omitempty"` // NAME = VALUE, as DOL
	At             *place      `json:"at,omitempty"`
	Frames         []jsonFrame `json:"frames,omitempty"`
	Prose          []string    `json:"prose,omitempty"`
	Log            []jsonLog   `json:"log,omitempty"`

	frames []vudo.Frame
}

// place is where a failed test went wrong: the first frame in a file of the
// program, else the test itself.
func (t *testResult) place() *place {
	for _, f := range t.frames {
		if f.Line > 0 && !strings.HasPrefix(f.File, "std/") {
			return &place{File: f.File, Line: f.Line, Column: f.Column}
		}
	}
	return t.At
}

// details are the lines below a failed test.
func (t *testResult) details() []string {
	var lines []string
	if t.Message != "" {
		lines = append(lines, t.Message)
	}
	for _, c := range t.Counterexample {
		lines = append(lines, "with "+c)
	}
	return append(lines, fault.FrameLines(t.frames)...)
}

// testReport is what came of all of them.
type testReport struct {
	Tests     []testResult `json:"tests"`
	Passed    int          `json:"passed"`
	Failed    int          `json:"failed"`
	Described int          `json:"described,omitempty"`
	Unproved  int          `json:"unproved,omitempty"`
	Seed      uint64       `json:"seed"`
	Coverage  *coverage    `json:"coverage,omitempty"`
}

func (r *testReport) summary() string {
	text := fmt.Sprintf("%d passed, %d failed", r.Passed, r.Failed)
	if r.Described > 0 {
		text += fmt.Sprintf(", %d described", r.Described)
	}
	if r.Unproved > 0 {
		text += fmt.Sprintf(", %d unproved", r.Unproved)
	}
	return text
}

// testJob is one test to be run.
type testJob struct {
	name string
	test *dol.Test     // or
	prop *dol.Property // this
	at   diag.Span
}

// testRun runs the tests of one program.
type testRun struct {
	*session
	set     *sourceSet
	options *testOptions
	program *dol.Result
	jobs    []testJob
	report  testReport

	spirit  *vudo.Spirit
	config  vudo.SandboxConfig
	world   testWorld
	covered map[int]bool // indices of Result.Lines
}

// testWorld is what a test finds outside of its sandbox, new for each one.
type testWorld struct {
	mu    sync.Mutex
	store *vudotest.Store
	log   []jsonLog
}

// View implements vudo.Store.
func (w *testWorld) View(ctx context.Context, ns host.Namespace, f func(host.StoreView) error) error {
	return w.current().View(ctx, ns, f)
}

// Update implements vudo.Store.
func (w *testWorld) Update(ctx context.Context, ns host.Namespace, f func(host.StoreTx) error) error {
	return w.current().Update(ctx, ns, f)
}

func (w *testWorld) current() *vudotest.Store {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.store
}

// Log implements vudo.Logger.
func (w *testWorld) Log(l vudo.LogLine) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.log = append(w.log, jsonLog{l.Level.String(), "", escape(l.Text)})
}

// renew begins a new world and returns what was logged in the old one.
func (w *testWorld) renew() []jsonLog {
	w.mu.Lock()
	defer w.mu.Unlock()
	log := w.log
	w.store, w.log = &vudotest.Store{}, nil
	return log
}

// choose makes the jobs: tests, then properties.
func (u *testRun) choose() {
	wanted := func(name string) bool { return u.options.only == nil || u.options.only.MatchString(name) }
	for i := range u.program.Tests {
		if t := &u.program.Tests[i]; wanted(t.Name) {
			u.jobs = append(u.jobs, testJob{name: t.Name, test: t, at: t.At})
		}
	}
	if u.options.cases == 0 {
		return
	}
	for i := range u.program.Properties {
		if p := &u.program.Properties[i]; wanted(p.Name) {
			u.jobs = append(u.jobs, testJob{name: p.Name, prop: p, at: p.At})
		}
	}
}

// all runs the jobs in order and shows each as it ends.
func (u *testRun) all(ctx context.Context) error {
	if len(u.jobs) == 0 {
		return nil
	}
	rt, err := u.testRuntime(ctx)
	if err != nil {
		return err
	}
	defer rt.Close(context.WithoutCancel(ctx))
	pkg, granted, err := u.set.spiritOf(u.program.Wasm)
	if err != nil {
		return moduleFailure(u.set.name(), err)
	}
	done := u.working("preparing")
	u.spirit, err = rt.Load(ctx, pkg)
	done()
	if err != nil {
		return moduleFailure(u.set.name(), err)
	}
	u.config = vudo.SandboxConfig{Limits: u.limitsOf(), Grant: granted}
	u.covered = map[int]bool{}
	for i := range u.jobs {
		j := &u.jobs[i]
		u.world.renew()
		began := time.Now()
		var r testResult
		if j.test != nil {
			r = u.runTest(ctx, j.test)
		} else {
			r = u.runProperty(ctx, j.prop)
		}
		if ctx.Err() != nil {
			return interrupted(ctx.Err())
		}
		r.Name, r.Millis = j.name, float64(time.Since(began).Microseconds())/1000
		if j.at.Start.Known() {
			r.At = &place{File: u.set.shownPath(j.at.File), Line: j.at.Start.Line, Column: j.at.Start.Column}
		}
		r.Log = u.world.renew()
		u.add(r)
	}
	if u.on("coverage") {
		u.report.Coverage = u.measure()
	}
	return nil
}

func (u *testRun) testRuntime(ctx context.Context) (*vudo.Runtime, error) {
	cfg := vudo.Config{Home: u.home, Storage: &u.world, Log: &u.world, CompileWorker: compileWorker()}
	rt, err := vudo.New(ctx, cfg)
	if err == nil {
		return rt, nil
	}
	u.warn("home", "compiled code is not kept: %v", err)
	cfg.Home = ""
	if rt, err = vudo.New(ctx, cfg); err != nil {
		return nil, u.homeFailure(err)
	}
	return rt, nil
}

// add counts a result and shows it.
func (u *testRun) add(r testResult) {
	for _, f := range r.frames {
		r.Frames = append(r.Frames, jsonFrame{escape(f.Func), f.Offset, f.File, f.Line, f.Column})
	}
	u.report.Tests = append(u.report.Tests, r)
	style := styleGood
	switch r.Status {
	case statusOK:
		u.report.Passed++
	case statusFailed:
		u.report.Failed++
		style = styleError
	case statusDescribed:
		u.report.Described++
		style = styleHint
	case statusUnproved:
		u.report.Unproved++
		style = styleWarning
		u.warn("unproved", "%s: %s", r.Name, r.Message)
	}
	if u.json || u.quiet && r.Status != statusFailed {
		return
	}
	cost := ""
	if r.Status == statusOK || r.Status == statusFailed {
		cost = fmt.Sprintf("  (%s, %s fuel", span(time.Duration(r.Millis*float64(time.Millisecond))), count(r.Fuel))
		if r.Cases > 0 {
			cost += ", " + plural(r.Cases, "case")
		}
		cost += ")"
	}
	u.out.line("%s %s%s", u.out.paint(style, fmt.Sprintf("%-4s", r.Status)), escape(r.Name), cost)
	if r.Status == statusFailed {
		for _, line := range r.details() {
			u.out.line("       %s", escape(line))
		}
		if len(r.Counterexample) > 0 {
			u.out.line("       repeat it with --run %s --seed %d --cases %d", shellWord(exactly(r.Name)), u.options.seed, u.options.cases)
		}
	}
	if r.Status == statusFailed || u.verbose > 0 {
		for _, p := range r.Prose {
			u.out.line("       (not run) %s", escape(p))
		}
		for _, l := range r.Log {
			u.out.line("       [%s] %s", l.Level, l.Text)
		}
	}
}

// runTest runs one test function in a sandbox of its own.
func (u *testRun) runTest(ctx context.Context, t *dol.Test) testResult {
	r := testResult{Kind: "test", Prose: t.Prose}
	if t.Prose != nil || strings.HasSuffix(t.At.File, ".dol.test") {
		r.Kind = "scenario"
	}
	if t.Export == "" {
		r.Status = statusDescribed
		return r
	}
	err := u.call(ctx, t.Name, t.Export, &r)
	var trap *vudo.Trap
	trapped := errors.As(err, &trap)
	switch {
	case t.Traps && trapped:
		r.Status = statusOK
	case t.Traps && err == nil:
		r.Status, r.Message = statusFailed, "it is marked #[test(traps)] and did not trap"
	case err == nil:
		r.Status = statusOK
	default:
		r.Status = statusFailed
		r.Message = u.reason(err, trap)
		if trapped {
			r.frames = u.shownFrames(trap.Frames)
		}
	}
	return r
}

// reason is what a failed test is told of how its call ended.
func (u *testRun) reason(err error, trap *vudo.Trap) string {
	l := u.config.Limits
	switch {
	case trap != nil && trap.Message != "":
		return libraryPlace.ReplaceAllString(trap.Message, "")
	case trap != nil:
		return trap.Kind.String()
	case errors.Is(err, vudo.ErrOutOfFuel):
		return fmt.Sprintf("it used more than %s fuel; give more with --fuel %d", count(l.Fuel), moreThan(l.Fuel))
	case errors.Is(err, vudo.ErrDeadline):
		return fmt.Sprintf("it took longer than %s; give more time with --timeout %dms", span(l.Duration), moreThan(uint64(l.Duration.Milliseconds())))
	}
	return err.Error()
}

// call calls an export without parameters in a new sandbox.
func (u *testRun) call(ctx context.Context, name, export string, r *testResult) error {
	cfg := u.config
	cfg.Seed = fmt.Appendf(nil, "%d %s", u.options.seed, name)
	var marks marks
	if u.on("coverage") {
		cfg.Stdout = &marks
		defer func() { marks.into(u.covered) }()
	}
	sb, err := u.spirit.NewSandbox(ctx, cfg)
	var start *vudo.StartError
	if errors.As(err, &start) {
		r.Fuel = start.Receipt.FuelUsed
	}
	if err != nil {
		if sb != nil {
			_ = sb.Close(context.WithoutCancel(ctx))
		}
		return err
	}
	defer sb.Close(context.WithoutCancel(ctx))
	res, err := sb.Call(ctx, export, nil)
	r.Fuel += res.Receipt.FuelUsed
	return err
}

var harnessFrame = regexp.MustCompile(`^(runtime\.|export |test:|prop:)`)

// libraryPlace ends the message of a panic that the library raised: of interest is
// who called it, which the frames say.
var libraryPlace = regexp.MustCompile(` at std/[a-z0-9_/]+\.dol:[0-9]+$`)

// shownFrames are the frames with the paths that the user would type, less those
// of the runtime and of what stands around a test.
func (u *testRun) shownFrames(frames []vudo.Frame) []vudo.Frame {
	out := make([]vudo.Frame, 0, len(frames))
	for _, f := range frames {
		if harnessFrame.MatchString(f.Func) {
			continue
		}
		if f.File != "" && !strings.HasPrefix(f.File, "std/") {
			f.File = u.set.shownPath(f.File)
		}
		out = append(out, f)
	}
	return out
}
