package cli

import (
	"context"
	"encoding/xml"
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"github.com/univrs/vudo"
	"github.com/univrs/vudo/dol"
	"github.com/univrs/vudo/internal/atomicfile"
	"github.com/univrs/vudo/internal/build"
	"github.com/univrs/vudo/spirit"
)

// How many cases a property is tried on when --cases does not say, and the seed
// from which everything random follows when --seed does not: two runs of one
// program are the same.
const (
	defaultCases = 100
	maxCases     = 1_000_000
	defaultSeed  = 1
)

func testCommand() command {
	return command{
		name: "test", operands: "[PROJECT|FILE.dol]", min: 0, max: 1,
		short: "run the tests and properties of a DOL project",
		long: "Runs every function marked #[test] in src/ and tests/, every scenario of tests/*.dol.test, and every property: " +
			"the laws of traits for each type that implements them, and for the rules of a gen that its public functions keep them. " +
			"Each test has a sandbox of its own with the capabilities of the manifest, empty storage in memory, fixed time and seeded randomness. " +
			"Messages go to a record that the test scripts with mock_inbox(sender, text) and reads with mock_outbox(), mock_broadcasts(), mock_effects() and mock_printed().\n" +
			"\n" +
			"A property is tried on generated values, edge cases first. A counter-example is made as simple as possible and printed with the seed that repeats it.",
		flags: append(compilerFlags(),
			flagSpec{name: "run", value: "PATTERN", usage: "only tests whose name matches the regular expression"},
			flagSpec{name: "list", usage: "list the tests, run nothing"},
			flagSpec{name: "coverage", usage: "measure which lines ran"},
			flagSpec{name: "skeleton", value: "FILE", usage: "write test functions for scenarios of prose alone to FILE, run nothing"},
			flagSpec{name: "junit", value: "FILE", usage: "write a JUnit report to FILE"},
			flagSpec{name: "seed", value: "N", usage: "what random numbers and generated values follow from (default 1)"},
			flagSpec{name: "cases", value: "N", usage: "values to try each property on (default 100); 0 leaves properties out"},
			flagSpec{name: "gc", value: "MODE", usage: "normal; stress collects at every allocation; none never collects", words: []string{"normal", "stress", "none"}},
			flagSpec{name: "fuel", value: "N", usage: "fuel for each test (default 1,000,000,000)"},
			flagSpec{name: "memory", value: "SIZE", usage: "most linear memory, such as 64mb"},
			flagSpec{name: "timeout", value: "DUR", usage: "most time for each test, such as 500ms, 30s, 2m"},
			flagSpec{name: "limit", value: "NAME=VALUE", usage: "any other limit of a test", many: true},
			flagSpec{name: "force", usage: "overwrite an existing --junit or --skeleton file"},
		),
		examples: []example{
			{"vudo test --list hello", "the tests of a project"},
			{"vudo test hello --seed 7 --coverage", "run them, and measure which lines ran"},
		},
		run: runTest,
	}
}

// testOptions is what the flags of test say.
type testOptions struct {
	only  *regexp.Regexp // nil: all
	seed  uint64
	cases int
	junit string
	run   runOptions // the limits
}

func (s *session) testOptions() (*testOptions, error) {
	o := &testOptions{seed: defaultSeed, cases: defaultCases}
	var err error
	if o.run.limits, err = s.limits(); err != nil {
		return nil, err
	}
	if text, ok := s.given("run"); ok {
		if o.only, err = regexp.Compile(text); err != nil {
			return nil, usage("names are matched anywhere; write a dot as \\.", "--run: %v", err)
		}
	}
	if text, ok := s.given("seed"); ok {
		if o.seed, err = parseCount(text); err != nil {
			return nil, usage("write a number from 0 to 18446744073709551615", "--seed: %v", err)
		}
	}
	if text, ok := s.given("cases"); ok {
		n, err := parseCount(text)
		if err != nil || n > maxCases {
			return nil, usage("write a number from 0 to 1000000", "--cases: %q is no number of cases", text)
		}
		o.cases = int(n)
	}
	if o.junit, _ = s.given("junit"); o.junit != "" {
		if err := refuseExisting(o.junit, s.on("force")); err != nil {
			return nil, err
		}
	}
	return o, nil
}

func runTest(s *session, args []string) (*result, error) {
	o, err := s.testOptions()
	if err != nil {
		return nil, err
	}
	path := "."
	if len(args) == 1 {
		path = args[0]
	}
	set, res, err := s.testable(path)
	if err != nil {
		return nil, err
	}
	if file, ok := s.given("skeleton"); ok {
		return s.writeSkeleton(file, res.Tests)
	}
	u := &testRun{session: s, set: set, options: o, program: res, report: testReport{Tests: []testResult{}, Seed: o.seed}}
	u.choose()
	if s.on("list") {
		return u.list(), nil
	}
	if len(u.jobs) == 0 {
		why := "mark functions with #[test], in src/ or tests/"
		if o.only != nil {
			why = "no name matches " + o.only.String()
		}
		s.warn("no-tests", "there is nothing to test: %s", why)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	if err := u.all(ctx); err != nil {
		return nil, err
	}
	return u.conclude()
}

// testable builds what path names with its tests. Of a project in another language
// than DOL, the tests are the exports test_* of its module.
func (s *session) testable(path string) (*sourceSet, *dol.Result, error) {
	if p, err := build.Open(path); err == nil && p.Manifest.Build.Lang != "dol" {
		return s.testExports(path)
	}
	set, err := openTests(path)
	if err != nil {
		return nil, nil, err
	}
	o, err := s.compilerOptions(set.options)
	if err != nil {
		return nil, nil, err
	}
	gc, ok := s.given("gc")
	if ok {
		if err := oneOfWords("gc", gc, "normal", "stress", "none"); err != nil {
			return nil, nil, err
		}
	}
	o.GC = map[string]dol.GC{"stress": dol.GCStress, "none": dol.GCNone}[gc]
	o.Tests, o.Coverage = true, s.on("coverage")
	o.Level = 1 // no function becomes part of another: frames show each call
	done := s.working("compiling")
	res, problems := dol.Compile(set.sources, o)
	done()
	if problems = set.named(problems); res == nil {
		return nil, nil, compileFailure(set, problems)
	}
	if s.verbose > 0 { // vudo check is for them
		s.reportCompiled(set, problems)
	}
	return set, res, nil
}

func (s *session) testExports(path string) (*sourceSet, *dol.Result, error) {
	t, err := s.opener().open(path)
	if err != nil {
		return nil, nil, err
	}
	m, err := decode(t)
	if err != nil {
		return nil, nil, err
	}
	res := &dol.Result{Wasm: t.wasm}
	for _, name := range functionsOf(m) {
		if strings.HasPrefix(name, "test_") {
			res.Tests = append(res.Tests, dol.Test{Name: name, Export: name})
		}
	}
	return &sourceSet{dir: path, project: t.project}, res, nil
}

// writeSkeleton writes a test function for each scenario that only describes.
func (s *session) writeSkeleton(file string, tests []dol.Test) (*result, error) {
	if err := refuseExisting(file, s.on("force")); err != nil {
		return nil, err
	}
	names := []string{}
	for i := range tests {
		if tests[i].Export == "" {
			names = append(names, tests[i].Name)
		}
	}
	if len(names) == 0 {
		s.warn("no-tests", "every scenario has steps that run; %s is not written", file)
		return &result{data: map[string]any{"scenarios": names}}, nil
	}
	if err := atomicfile.Write(file, dol.Skeleton(tests), 0o644); err != nil {
		return nil, err
	}
	return &result{data: map[string]any{"file": file, "scenarios": names}, text: func(out *terminal) { out.line("%s", file) }}, nil
}

// openTests reads a project with its tests, or one file.
func openTests(path string) (*sourceSet, error) {
	st, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, absentTarget(path)
	case err != nil:
		return nil, err
	case st.IsDir():
		p, err := build.Open(path)
		if err != nil {
			return nil, openFailure(path, err)
		}
		return projectSources(path, p, true)
	}
	return openSources([]string{path}, true)
}

// spiritOf packages a module for its tests: with the manifest of its project, or
// for a single file with one that asks for what is harmless in a test.
func (set *sourceSet) spiritOf(module []byte) (*spirit.Package, []spirit.Capability, error) {
	text := []byte("[spirit]\nname = \"test\"\nversion = \"0.0.0\"\n[capabilities]\nrequired = [\"log\", \"time\", \"random\", \"storage\"]\n[build]\nlang = \"dol\"\n")
	if set.project != nil {
		text = set.project.Text
	}
	pkg, err := spirit.FromModule(text, module)
	if err != nil {
		return nil, nil, err
	}
	return pkg, pkg.Manifest().Asked(), nil
}

// conclude sums up, writes the JUnit report and decides how the command ends.
func (u *testRun) conclude() (*result, error) {
	r := &u.report
	if u.options.junit != "" {
		if err := u.writeJUnit(u.options.junit); err != nil {
			return nil, err
		}
	}
	if !u.json {
		u.out.line("%s", r.summary())
	}
	if r.Coverage != nil && !u.json {
		r.Coverage.show(u.out)
	}
	res := &result{data: r}
	if r.Failed == 0 {
		return res, nil
	}
	hint := "vudo test --run NAME runs one of them"
	i := slices.IndexFunc(r.Tests, func(t testResult) bool { return t.Status == statusFailed })
	f := fail("test-failed", hint, "%s failed", plural(r.Failed, "test"))
	f.at, f.data = r.Tests[i].place(), r
	return nil, f
}

// list names the tests.
func (u *testRun) list() *result {
	names := make([]string, len(u.jobs))
	for i, j := range u.jobs {
		names[i] = j.name
	}
	return &result{data: map[string]any{"tests": names}, text: func(out *terminal) {
		for _, n := range names {
			out.line("%s", escape(n))
		}
	}}
}

// The JUnit form of a report, as continuous integration reads it.
type (
	junitSuite struct {
		XMLName  xml.Name    `xml:"testsuite"`
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		File    string        `xml:"file,attr,omitempty"`
		Line    int           `xml:"line,attr,omitempty"`
		Seconds float64       `xml:"time,attr"`
		Failure *junitFailure `xml:"failure,omitempty"`
		Skipped *struct{}     `xml:"skipped,omitempty"`
		Output  string        `xml:"system-out,omitempty"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

func (u *testRun) writeJUnit(path string) error {
	r := &u.report
	suite := junitSuite{Name: u.set.name(), Tests: len(r.Tests), Failures: r.Failed, Skipped: r.Described + r.Unproved}
	for i := range r.Tests {
		t := &r.Tests[i]
		c := junitCase{Name: escape(t.Name), Class: t.Kind, Seconds: t.Millis / 1000}
		if t.At != nil {
			c.File, c.Line = t.At.File, t.At.Line
		}
		switch t.Status {
		case statusFailed:
			c.Failure = &junitFailure{t.Message, joinLines(t.details())}
		case statusDescribed, statusUnproved:
			c.Skipped = &struct{}{}
		}
		for _, l := range t.Log {
			c.Output += l.Text + "\n"
		}
		suite.Cases = append(suite.Cases, c)
	}
	text, err := xml.MarshalIndent(suite, "", "  ")
	if err != nil {
		return err
	}
	return atomicfile.Write(path, slices.Concat([]byte(xml.Header), text, []byte("\n")), 0o644)
}

// name is what the tested program is called.
func (set *sourceSet) name() string {
	if set.project != nil {
		return set.project.Manifest.Name
	}
	return filepath.ToSlash(set.sources[0].Path)
}

// shownPath is a file of the program as the user would name it.
func (set *sourceSet) shownPath(file string) string {
	if set.dir == "" || set.dir == "." {
		return file
	}
	return filepath.ToSlash(filepath.Join(set.dir, file))
}

// limitsOf are what each test runs under.
func (u *testRun) limitsOf() vudo.Limits {
	return u.effectiveLimits(&target{project: u.set.project}, &u.options.run)
}
