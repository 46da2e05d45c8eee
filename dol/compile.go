package dol

import (
	"errors"
	"fmt"
	"path"
	"runtime"
	"slices"
	"strings"

	"github.com/univrs/vudo/diag"
	"github.com/univrs/vudo/dol/internal/codegen"
	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/dol/internal/lower"
	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/dol/internal/typed"
	"github.com/univrs/vudo/dol/internal/types"
	"github.com/univrs/vudo/internal/wasm"
)

// Source is one file. Path is relative to the package root, with slashes: it
// stands in diagnostics and source maps, and "src/text/lines.dol" is the module
// text.lines unless the file's header says otherwise.
type Source struct {
	Path string
	Text []byte
}

// GC says what manages memory.
type GC string

// The collectors.
const (
	GCNormal GC = ""       // collects when the heap has grown by its live size
	GCStress GC = "stress" // collects at every allocation, for tests
	GCNone   GC = "none"   // never collects
)

// Options adjusts Compile and Check; the zero value builds as "vudo build" does.
type Options struct {
	Entry string // path of the entry file; "": the first source

	Level     int  // of optimisation, 0 to 2; see OptDefault
	NoOpt     bool // Level 0 is meant
	GC        GC
	PanicTrap bool // panics leave their message out
	Strip     bool // no name section and no source map

	Exports      []string // functions of the entry module to export besides the public ones
	Tests        bool     // keep tests and properties, as exports; see Result.Tests
	Coverage     bool     // the module notes which lines it comes to; see Result.Lines
	CheckRules   bool     // constructors check the rules of their records
	Capabilities []string // that the manifest asks for, canonical names without targets
	Manifest     bool     // there is a manifest: Capabilities is what it asks for

	Strict, StrictMut, StrictEffects, RequireDocs bool     // dol.md 7-c
	Deny, Allow                                   []string // codes of diagnostics

	MaxMemoryBytes uint64 // for the manifest section; 0: not said

	mocks bool // the library's messages go to a record, see mock.go
	cover map[lower.Line]int
}

// MaxSources bounds the number of files of one compilation.
const MaxSources = 10_000

// OptDefault is the level of optimisation when Options names none.
const OptDefault = 2

func (o *Options) level() int {
	if o.NoOpt {
		return 0
	}
	if o.Level == 0 {
		return OptDefault
	}
	return min(o.Level, 2)
}

func (o Options) withEntry(sources []Source) Options {
	if o.Entry == "" && len(sources) > 0 {
		o.Entry = sources[0].Path
	}
	return o
}

// Result is what Compile made.
type Result struct {
	Wasm         []byte
	SourceMap    []byte   // version 3, for browsers; empty with Strip
	Capabilities []string // that the exported functions need, canonical names, sorted
	Exports      []string // names, in order
	Tests        []Test
	Properties   []Property
	Lines        []Line // with Options.Coverage: by number, see CoverMark
}

// Compile makes the module of the sources: Parse -> Check -> Lower -> Emit. The
// diagnostics are in order of file and place; the result is nil when one of them
// is an error. A module that is not valid WebAssembly is an error with the code
// "ice", never a result.
func Compile(sources []Source, o Options) (res *Result, problems diag.List) {
	defer recoverICE(&problems, func() { res = nil })
	o = o.withEntry(sources)
	if o.Tests {
		o.mocks, o.Manifest = true, false // a mock needs no capability: what the program needs is Check's to say
	}
	files, problems := parse(sources, o)
	if problems.HasErrors() {
		return nil, problems
	}
	prog, more := check(files, o, true)
	problems = append(problems, more...)
	if problems.HasErrors() {
		return nil, sorted(problems)
	}
	var found []Test
	var props []Property
	if o.Tests {
		found, props = tests(files, prog)
		prog = testable(prog)
	}
	var lines []Line
	if o.Coverage {
		lines, o.cover = coverable(files)
	}
	mod, more := lowered(prog, o)
	problems = append(problems, more...)
	if problems.HasErrors() {
		return nil, sorted(problems)
	}
	out, err := emit(mod, o)
	if err != nil {
		return nil, append(problems, emitProblem(err))
	}
	res = &Result{Wasm: out.bytes, SourceMap: out.sourceMap, Capabilities: prog.Capabilities, Lines: lines}
	for _, e := range mod.Exports {
		res.Exports = append(res.Exports, e.Name)
	}
	res.Tests, res.Properties = found, props
	return res, sorted(problems)
}

// parse reads the user's sources and puts the library behind them.
func parse(sources []Source, o Options) ([]*syntax.File, diag.List) {
	var problems diag.List
	if len(sources) > MaxSources {
		return nil, diag.List{{Code: "too-many-files", Message: fmt.Sprintf("%d files are more than the %d that one build takes", len(sources), MaxSources)}}
	}
	files := make([]*syntax.File, 0, len(sources)+16)
	for _, s := range inOrder(sources) {
		f, more := syntax.Parse(s.Path, s.Text)
		files, problems = append(files, f), append(problems, more...)
	}
	files = scenarios(files)
	if o.Tests {
		return append(files, testLibrary(o.mocks)...), problems
	}
	return append(files, library()...), problems
}

// inOrder sorts sources by path, so that the order in which they were found changes
// nothing in what is made of them.
func inOrder(sources []Source) []Source {
	sources = slices.Clone(sources)
	slices.SortStableFunc(sources, func(a, b Source) int { return strings.Compare(a.Path, b.Path) })
	return sources
}

func check(files []*syntax.File, o Options, build bool) (*typed.Program, diag.List) {
	return types.Check(files, types.Options{
		Entry:  o.Entry,
		Strict: o.Strict, StrictMut: o.StrictMut, StrictEffects: o.StrictEffects, RequireDocs: o.RequireDocs,
		CheckRules: o.CheckRules, Deny: o.Deny, Allow: o.Allow,
		Build: build, Tests: o.Tests,
		Manifest: o.Manifest, Capabilities: o.Capabilities, ExtraExports: o.Exports,
	})
}

// lowered makes the optimised intermediate form.
func lowered(prog *typed.Program, o Options) (*ir.Module, diag.List) {
	mod, problems := lower.Lower(prog, lower.Options{CheckRules: o.CheckRules, Tests: o.Tests, PanicTrap: o.PanicTrap, Cover: o.cover})
	if problems.HasErrors() {
		return nil, problems
	}
	mod.Capabilities = slices.DeleteFunc(slices.Clone(mod.Capabilities), func(name string) bool { return targeted[name] })
	ir.Optimize(mod, o.level())
	return mod, problems
}

// targeted are the capabilities that mean nothing without a target, which the program
// does not know: a manifest asks for them, the module's own section cannot.
var targeted = map[string]bool{"compute.call": true, "sensor.environment": true}

type emitted struct {
	module    *wasm.Module
	bytes     []byte
	sourceMap []byte
}

// emit makes the bytes and holds them against the validator.
func emit(mod *ir.Module, o Options) (*emitted, error) {
	gc := map[GC]codegen.GC{GCNormal: codegen.GCNormal, GCStress: codegen.GCStress, GCNone: codegen.GCNone}[o.GC]
	m, err := codegen.Generate(mod, codegen.Options{GC: gc, Strip: o.Strip, PanicTrap: o.PanicTrap, MaxMemoryBytes: o.MaxMemoryBytes})
	if err != nil {
		return nil, err
	}
	if err := wasm.Validate(m); err != nil {
		return nil, err
	}
	out := &emitted{module: m, bytes: m.Encode()}
	if !o.Strip {
		if out.sourceMap, err = codegen.SourceMapV3(m, path.Base(mod.Name)+".wasm"); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// library returns the parsed standard library. It is parsed once: nobody changes
// a tree.
var library = onceLibrary()

func sorted(l diag.List) diag.List {
	l = slices.Clone(l)
	l.Sort()
	return l
}

// emitProblem is what is said when no module comes out: of a program that is larger
// than virtual machines take, or of a faulty compiler.
func emitProblem(err error) diag.Diagnostic {
	d := diag.Diagnostic{Code: "too-large", Message: err.Error()}
	var large *codegen.ShapeError
	switch {
	case errors.As(err, &large):
		d.Fix = &diag.Fix{Label: "split the function, or the type that it was made for"}
	case errors.Is(err, codegen.ErrDataTooLarge):
		d.Fix = &diag.Fix{Label: "read large texts as input instead, or allow more memory"}
	default:
		return ice(err.Error())
	}
	return d
}

func ice(what string) diag.Diagnostic {
	return diag.Diagnostic{
		Code: "ice", Message: "the compiler is at fault: " + what,
		Fix: &diag.Fix{Label: "report it with the source that shows it"},
	}
}

// panicPlace names the function of the compiler that panicked.
func panicPlace() string {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])
	panicked := false
	for {
		f, more := frames.Next()
		switch {
		case f.Function == "runtime.gopanic":
			panicked = true
		case panicked && !strings.HasPrefix(f.Function, "runtime."):
			return fmt.Sprintf("%s:%d in %s", path.Base(f.File), f.Line, path.Base(f.Function))
		}
		if !more {
			return "an unknown place"
		}
	}
}

// recoverICE turns a fault of the compiler into a diagnostic: a person who edits
// a program must not lose the tool to it.
func recoverICE(problems *diag.List, undo func()) {
	if r := recover(); r != nil {
		undo()
		d := ice(fmt.Sprint(r))
		d.Notes = []diag.Note{{Text: "at " + panicPlace()}}
		*problems = append(*problems, d)
	}
}
