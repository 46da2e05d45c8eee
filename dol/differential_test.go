package dol

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/univrs/vudo/diag"
	"github.com/univrs/vudo/dol/dolgen"
	"github.com/univrs/vudo/dol/internal/codegen/codegentest"
	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/dol/internal/ir/irgen"
)

// arguments are what each generated program is called with.
var arguments = [][2]int64{{0, 0}, {3, -7}, {1 << 40, 12}}

// found are seeds of programs that showed a fault once.
var found = []uint64{200081, 200108, 200360} // a field of a case read before its tag, out of a loop

// maxSteps bounds a run of the evaluator; a program that comes there is compared
// up to there.
const maxSteps = 3_000_000

// shown is what one call did: its result or trap, and the calls of the host.
type shown struct {
	end   string
	trace []string
}

func (s shown) String() string { return s.end + "\n" + strings.Join(s.trace, "\n") }

// evaluated calls the entry on the evaluator with each of the arguments, one after
// the other in one machine, until one traps. It ends before a call that runs too long.
func evaluated(t *testing.T, m *ir.Module) (all []shown) {
	t.Helper()
	host := &codegentest.Host{}
	ma, err := ir.NewMachine(m, ir.MachineConfig{Host: host, MaxSteps: maxSteps})
	if err != nil {
		t.Fatal(err)
	}
	if err := ma.Start(); err != nil {
		t.Fatalf("the initialisers: %v", err)
	}
	for _, args := range arguments {
		v, err := ma.CallExport(dolgen.Entry, ir.Num(ir.I64, uint64(args[0])), ir.Num(ir.I64, uint64(args[1])))
		var s shown
		var trap *ir.Trap
		switch {
		case err == nil:
			s.end = "text " + v.Text()
		case errors.As(err, &trap) && trap.Kind.String() == "steps":
			return all
		case errors.As(err, &trap) && trap.Kind.String() == "panic":
			s.end = fmt.Sprintf("panic: %s at %s:%d", trap.Message, m.Files[trap.Pos().File], trap.Pos().Line)
		case errors.As(err, &trap):
			s.end = trap.Kind.String()
		default:
			t.Fatalf("the evaluator: %v", err)
		}
		s.trace = slices.Clone(host.Lines)
		if all = append(all, s); err != nil {
			break
		}
	}
	return all
}

// compiledRun makes the same calls of the module as WebAssembly, as many as the
// evaluator made.
func compiledRun(t *testing.T, m *ir.Module, out *emitted, calls int) (all []shown) {
	t.Helper()
	host := &codegentest.Host{}
	i, err := codegentest.New(m, out.module, host)
	if err != nil {
		t.Fatalf("instantiate: %v", err)
	}
	defer i.Close()
	for _, args := range arguments[:calls] {
		r, err := i.Call(dolgen.Entry, irgen.Arg{Kind: ir.I64, Bits: uint64(args[0])}, irgen.Arg{Kind: ir.I64, Bits: uint64(args[1])})
		var s shown
		var trap *ir.Trap
		var p *codegentest.Panic
		switch {
		case err == nil:
			s.end = "text " + unquoted(r)
		case errors.As(err, &p):
			s.end = p.Error()
		case errors.As(err, &trap):
			s.end = trap.Kind.String()
		default:
			t.Fatalf("run: %v", err)
		}
		s.trace = slices.Clone(host.Lines)
		if all = append(all, s); err != nil {
			break
		}
	}
	return all
}

// differs returns the first difference of two runs, "" for none.
func differs(got, want []shown) string {
	for i := range want {
		if i >= len(got) {
			return fmt.Sprintf("call %d is missing, want\n%s", i, want[i])
		}
		if got[i].String() != want[i].String() {
			return fmt.Sprintf("call %d%v gives\n%s\nwant\n%s", i, arguments[i], got[i], want[i])
		}
	}
	return ""
}

// unquoted reads a text as ir.Value.String writes it.
func unquoted(s string) string {
	if text, err := strconv.Unquote(s); err == nil {
		return text
	}
	return s
}

// generated checks and lowers the program of a seed.
func generated(t *testing.T, seed uint64, o Options) *ir.Module {
	t.Helper()
	text := dolgen.Program(seed)
	files, problems := parse([]Source{{Path: "generated.dol", Text: []byte(text)}}, o)
	prog, more := check(files, o, true)
	if problems = append(problems, more...); problems.HasErrors() {
		t.Fatalf("seed %d:\n%s", seed, numbered(text, problems))
	}
	m, problems := lowered(prog, o)
	if problems.HasErrors() {
		t.Fatalf("seed %d:\n%s", seed, numbered(text, problems))
	}
	if err := ir.Verify(m); err != nil {
		t.Fatalf("seed %d, level %d: %v", seed, o.level(), err)
	}
	return m
}

func numbered(text string, problems diag.List) string {
	var b strings.Builder
	errs := slices.DeleteFunc(slices.Clone(problems), func(d diag.Diagnostic) bool { return d.Severity != diag.Error })
	diag.Renderer{Source: func(file string) ([]byte, bool) { return []byte(text), file == "generated.dol" }}.Render(&b, errs)
	return b.String()
}

// TestGeneratedPrograms compiles random well-typed programs and compares the
// evaluator without optimisation with the evaluator after each level, and with
// WebAssembly under each collector: results, traps with their message and line,
// calls of the host. VUDO_LONG=1 runs 20,000 of them.
//
// Proves: dol 8.1-b, dol 5.2-a, dol 5.2-b
func TestGeneratedPrograms(t *testing.T) {
	n, first := 80, uint64(1)
	switch {
	case os.Getenv("VUDO_LONG") != "":
		n = 20_000
	case testing.Short():
		n = 30
	}
	if v := os.Getenv("VUDO_SEED"); v != "" { // one seed again, or some from it on: 17 or 17+100
		from, count, _ := strings.Cut(v, "+")
		seed, err := strconv.ParseUint(from, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		n, first = 1, seed
		if count != "" {
			if n, err = strconv.Atoi(count); err != nil {
				t.Fatal(err)
			}
		}
	}
	seeds := make(chan uint64)
	var wg sync.WaitGroup
	var mu sync.Mutex
	traps, finished, long := 0, 0, 0
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for seed := range seeds {
				t.Run(fmt.Sprint(seed), func(t *testing.T) {
					a, b, c := differential(t, seed)
					mu.Lock()
					traps, finished, long = traps+a, finished+b, long+c
					mu.Unlock()
				})
			}
		})
	}
	if first == 1 {
		for _, seed := range found {
			seeds <- seed
		}
	}
	for i := range n {
		seeds <- first + uint64(i)
	}
	close(seeds)
	wg.Wait()
	t.Logf("%d programs from seed %d: %d calls ended, %d trapped, %d ran longer than the evaluator goes", n, first, finished, traps, long)
	if n > 10 && (traps == 0 || finished == 0) {
		t.Error("the programs do not both end and trap: the comparison says little")
	}
}

func differential(t *testing.T, seed uint64) (traps, finished, long int) {
	want := evaluated(t, generated(t, seed, Options{NoOpt: true}))
	for _, w := range want {
		if strings.HasPrefix(w.end, "text ") {
			finished++
		} else {
			traps++
		}
	}
	if len(want) < len(arguments) && traps == 0 {
		long++
	}
	for level := 1; level <= 2; level++ {
		if d := differs(evaluated(t, generated(t, seed, Options{Level: level})), want); d != "" {
			t.Fatalf("seed %d, the evaluator at level %d: %s", seed, level, d)
		}
	}
	for _, o := range []Options{{NoOpt: true}, {}, {GC: GCStress}, {NoOpt: true, GC: GCStress}, {GC: GCNone}} {
		m := generated(t, seed, o)
		out, err := emit(m, o)
		if err != nil {
			t.Fatalf("seed %d, %+v: %v", seed, o, err)
		}
		if d := differs(compiledRun(t, m, out, len(want)), want); d != "" {
			t.Fatalf("seed %d, WebAssembly, level %d, gc %q: %s", seed, o.level(), o.GC, d)
		}
	}
	return traps, finished, long
}

// TestNodeTakesModules hands modules of generated programs to V8's validator.
func TestNodeTakesModules(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("no node; make test-tools installs it")
	}
	dir := t.TempDir()
	n := 40
	if os.Getenv("VUDO_LONG") != "" {
		n = 2_000
	}
	for seed := range n {
		out, err := emit(generated(t, uint64(seed+1), Options{}), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.wasm", seed+1)), out.bytes, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	script := `const fs=require("fs");let n=0;for(const f of fs.readdirSync(process.argv[1])){if(!WebAssembly.validate(fs.readFileSync(process.argv[1]+"/"+f))){console.log("refused "+f);process.exit(1)}n++}console.log(n+" valid")`
	b, err := exec.Command(node, "-e", script, dir).CombinedOutput()
	if err != nil || strings.TrimSpace(string(b)) != fmt.Sprintf("%d valid", n) {
		t.Errorf("node: %v\n%s", err, b)
	}
}
