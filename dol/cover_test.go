package dol

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/univrs/vudo/dol/internal/ir"
)

// covered builds a file with coverage, runs its test in the evaluator and returns
// the lines that were reached, and those that could be.
func covered(t *testing.T, text string, o Options) (reached, all []int) {
	t.Helper()
	o.Coverage, o.Tests = true, true
	o = o.withEntry([]Source{{Path: "m.dol"}})
	o.mocks = true
	files, problems := parse([]Source{{Path: "m.dol", Text: []byte(text)}}, o)
	prog, more := check(files, o, true)
	if problems = append(problems, more...); problems.HasErrors() {
		t.Fatal(problems.Error())
	}
	lines, numbers := coverable(files)
	o.cover = numbers
	mod, problems := lowered(prog, o)
	if problems.HasErrors() {
		t.Fatal(problems.Error())
	}
	seen := written{}
	ma, err := ir.NewMachine(mod, ir.MachineConfig{Host: seen})
	if err != nil {
		t.Fatal(err)
	}
	if err := ma.Start(); err != nil {
		t.Fatal(err)
	}
	var trap *ir.Trap
	if _, err := ma.CallExport("test:m.all"); err != nil && !errors.As(err, &trap) {
		t.Fatal(err)
	}
	for n, line := range lines {
		all = append(all, line.Line)
		if seen[CoverMark(n)] {
			reached = append(reached, line.Line)
		}
	}
	return reached, all
}

// written is a host that keeps what is written to the output; a second mark of one
// line is an error.
type written map[string]bool

func (w written) Call(_ *ir.Import, args []ir.HostArg) (uint64, error) {
	mark := string(args[0].Bytes)
	if w[mark] {
		return 0, fmt.Errorf("%q is written twice", mark)
	}
	w[mark] = true
	return 0, nil
}

func (written) Read(uint32, uint32) ([]byte, error) { return nil, fmt.Errorf("nothing to read") }

// Every line with a statement counts, once, however often it runs, and those that
// no path came to do not. Optimisation changes nothing.
//
// Proves: dol 14.1-a, cli 9.15
func TestCoverageIsByLine(t *testing.T) {
	const text = `module m
fun f(n: i64) -> i64 {
  if n > 2 {
    return 0
  }
  let double = |x: i64| {
    let y = x * 2
    y
  }
  var sum = 0
  for i in 0..n {
    sum += double(i)
  }
  while sum > 100 {
    sum -= 1
  }
  match sum {
    2 => {
      sum
    }
    _ => {
      -1
    }
  }
}
fun never() {
  let x = 1
}
fun choose(a: bool) -> i64 {
  if a {
    1
  } else {
    2
  }
}
fun stops() {
  assert(false)
  let after = 1
}
#[test]
fun all() {
  f(2)
  choose(true)
  stops()
}
`
	// The statements of f but return, the inside of while and the last arm.
	wantReached := []int{3, 6, 7, 8, 10, 11, 12, 14, 17, 19, 30, 31, 37}
	wantAll := []int{3, 4, 6, 7, 8, 10, 11, 12, 14, 15, 17, 19, 22, 27, 30, 31, 33, 37, 38}
	for _, o := range []Options{{}, {NoOpt: true}, {Level: 1}} {
		reached, all := covered(t, text, o)
		if fmt.Sprint(all) != fmt.Sprint(wantAll) {
			t.Errorf("lines %v, want %v", all, wantAll)
		}
		if fmt.Sprint(reached) != fmt.Sprint(wantReached) {
			t.Errorf("level %d: reached %v, want %v", o.Level, reached, wantReached)
		}
	}
}

// Lines of tests do not count, nor do those of the library.
func TestCoverageLeavesTestsOut(t *testing.T) {
	files, _ := parse([]Source{
		{Path: "src/a.dol", Text: []byte("fun f() { g() }\n#[test]\nfun t() {\n  f()\n}\n")},
		{Path: "tests/b.dol", Text: []byte("fun h() { h() }\n")},
	}, Options{Tests: true})
	lines, _ := coverable(files)
	var got []string
	for _, l := range lines {
		got = append(got, fmt.Sprintf("%s:%d", l.File, l.Line))
	}
	if strings.Join(got, " ") != "src/a.dol:1" {
		t.Errorf("got %v", got)
	}
}
