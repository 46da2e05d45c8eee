package cli

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/univrs/vudo/diag"
	"github.com/univrs/vudo/dol"
	"github.com/univrs/vudo/internal/atomicfile"
	"github.com/univrs/vudo/internal/build"
	"github.com/univrs/vudo/internal/wasm"
)

// emitKinds are what --emit takes.
var emitKinds = []string{"tokens", "ast", "ir", "wat", "wasm"}

func buildCommand() command {
	return command{
		name: "build", operands: "[FILE.dol|PROJECT]", min: 0, max: 1,
		short: "compile DOL to WebAssembly",
		long: "A project is compiled to target/NAME.wasm with a source map beside it; a single file to FILE.wasm. What was built from the same sources with the same options is not built again. " +
			"The module is validated before it is written, and an error leaves what was there.\n" +
			"\n" +
			"--emit shows a stage on the way: tokens and ast of the entry file, ir and wat of the whole program; with one text kind and no -o it goes to stdout.",
		flags: append(compilerFlags(),
			flagSpec{name: "release", usage: "the same as --opt 2 --strip"},
			flagSpec{name: "emit", value: "KIND", usage: "tokens, ast, ir, wat or wasm (default wasm)", many: true, words: emitKinds},
			flagSpec{name: "output", short: "o", value: "FILE", usage: "write the result to FILE"},
			flagSpec{name: "opt", value: "N", usage: "optimisation, 0 to 2 (default 2)", words: []string{"0", "1", "2"}},
			flagSpec{name: "gc", value: "MODE", usage: "normal; stress collects at every allocation; none never collects", words: []string{"normal", "stress", "none"}},
			flagSpec{name: "panic", value: "MODE", usage: "message, or trap: panics leave their message out", words: []string{"message", "trap"}},
			flagSpec{name: "strip", usage: "leave out the names and the source map"},
			flagSpec{name: "export", value: "NAME", usage: "export this function too", many: true},
			flagSpec{name: "target", value: "TARGET", usage: "wasm32", words: []string{"wasm32"}},
			flagSpec{name: "force", usage: "build even when nothing has changed, and replace FILE of -o"},
		),
		examples: []example{
			{"vudo build hello", "a project, to hello/target/hello.wasm"},
			{"vudo build --emit wat hello/src/main.dol", "one file, as WebAssembly text"},
		},
		run: runBuild,
	}
}

// buildOptions reads the flags of build.
func (s *session) buildOptions() (dol.Options, error) {
	o, err := s.compilerOptions(dol.Options{})
	if err != nil {
		return o, err
	}
	word := func(flag string, words ...string) (string, error) {
		v, ok := s.given(flag)
		if !ok {
			return words[0], nil
		}
		return v, oneOfWords(flag, v, words...)
	}
	if _, err := word("target", "wasm32"); err != nil {
		v, _ := s.given("target")
		return o, fail("unsupported", "leave --target out, or write wasm32", "the target %q is not built by this version of vudo", v)
	}
	gc, err := word("gc", "normal", "stress", "none")
	if err != nil {
		return o, err
	}
	o.GC = map[string]dol.GC{"normal": dol.GCNormal, "stress": dol.GCStress, "none": dol.GCNone}[gc]
	panics, err := word("panic", "message", "trap")
	if err != nil {
		return o, err
	}
	o.PanicTrap = panics == "trap"
	o.Strip = s.on("strip") || s.on("release")
	o.Exports = s.all("export")
	if v, ok := s.given("opt"); ok {
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 || n > 2 {
			return o, usage("0, 1 or 2", "--opt %q is no level of optimisation", v)
		}
		o.Level, o.NoOpt = n, n == 0
	}
	if s.on("release") {
		o.Level, o.NoOpt = 2, false
	}
	return o, nil
}

// built is the JSON data of `vudo build`.
type built struct {
	Wasm         string   `json:"wasm"`
	Bytes        int      `json:"bytes"`
	Digest       string   `json:"digest"`
	Imports      []string `json:"imports"`
	Exports      []string `json:"exports"`
	Capabilities []string `json:"capabilities"`
	Cached       bool     `json:"cached"`
}

func runBuild(s *session, args []string) (*result, error) {
	o, err := s.buildOptions()
	if err != nil {
		return nil, err
	}
	emit := s.all("emit")
	for _, k := range emit {
		if err := oneOfWords("emit", k, emitKinds...); err != nil {
			return nil, err
		}
	}
	output, _ := s.given("output")
	if output != "" {
		if len(emit) > 1 {
			return nil, usage("leave -o out, or name one kind", "-o names one file, --emit %s are several", strings.Join(emit, ", "))
		}
		if err := refuseExisting(output, s.on("force") || isWasmFile(output)); err != nil {
			return nil, err
		}
	}
	path := "."
	if len(args) == 1 {
		path = args[0]
	}
	set, err := openBuild(path, o)
	if err != nil {
		return nil, err
	}
	var texts []string
	for _, k := range emit {
		if k != "wasm" && !slices.Contains(texts, k) {
			texts = append(texts, k)
		}
	}
	if len(texts) > 0 {
		res, err := s.emit(set, texts, output)
		if err != nil || !slices.Contains(emit, "wasm") {
			return res, err
		}
	}
	return s.compile(set, path, output)
}

func isWasmFile(path string) bool {
	b, err := os.ReadFile(path)
	return err == nil && bytes.HasPrefix(b, []byte("\x00asm"))
}

// openBuild reads what build was pointed at: a project, or one file.
func openBuild(path string, o dol.Options) (*sourceSet, error) {
	st, err := os.Stat(path)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil, absentTarget(path)
		}
		return nil, err
	}
	if !st.IsDir() {
		set, err := openSources([]string{path}, false)
		if err != nil {
			return nil, err
		}
		set.options = o
		return set, nil
	}
	p, err := build.Open(path)
	if err != nil {
		return nil, openFailure(path, err)
	}
	set, err := projectSources(path, p, false)
	if err != nil {
		return nil, err
	}
	set.options = p.Options(o)
	return set, nil
}

// emit writes stages as text, to stdout or the file that -o names.
func (s *session) emit(set *sourceSet, kinds []string, output string) (*result, error) {
	data := map[string]any{}
	var all bytes.Buffer
	for _, k := range kinds {
		var b bytes.Buffer
		problems, err := dol.Dump(&b, set.sources, dol.Stage(k), set.options)
		if err != nil {
			return nil, err
		}
		problems = set.named(problems)
		if problems.HasErrors() {
			if k == "tokens" || k == "ast" {
				s.out.w.Write(b.Bytes())
			}
			return nil, compileFailure(set, problems)
		}
		data[k] = b.String()
		if s.json && (k == "tokens" || k == "ast") {
			data[k], _ = dol.DumpValue(set.sources, dol.Stage(k), set.options)
		}
		all.Write(b.Bytes())
	}
	if output != "" {
		if err := atomicfile.Write(output, all.Bytes(), 0o644); err != nil {
			return nil, err
		}
		return &result{data: map[string]any{"file": output}}, nil
	}
	return &result{data: data, text: func(out *terminal) { out.w.Write(all.Bytes()) }}, nil
}

// compile makes the module and says what came of it.
func (s *session) compile(set *sourceSet, path, output string) (*result, error) {
	began := time.Now()
	done := s.working("compiling")
	c, problems, err := s.compiled(set, path, output)
	done()
	if err != nil {
		return nil, err
	}
	s.reportCompiled(set, problems)
	m, err := wasm.Decode(c.Wasm, wasm.DecodeOptions{})
	if err != nil {
		return nil, err
	}
	b := built{
		Wasm: c.File, Bytes: len(c.Wasm), Digest: fmt.Sprintf("sha256:%x", sha256.Sum256(c.Wasm)),
		Imports: []string{}, Exports: []string{}, Capabilities: slices.Concat([]string{}, c.Capabilities), Cached: c.Cached,
	}
	for _, im := range m.Imports {
		b.Imports = append(b.Imports, im.Module+"."+im.Name)
	}
	for _, e := range m.Exports {
		b.Exports = append(b.Exports, e.Name)
	}
	return &result{data: b, text: func(out *terminal) {
		out.line("%s", c.File)
		what := fmt.Sprintf("%s in %s", size(uint64(b.Bytes)), span(time.Since(began)))
		if c.Cached {
			what = size(uint64(b.Bytes)) + ", unchanged"
		}
		if len(b.Capabilities) > 0 {
			what += "; needs " + strings.Join(b.Capabilities, ", ")
		}
		s.say("%s", what)
	}}, nil
}

// compiled builds the set to where it belongs.
func (s *session) compiled(set *sourceSet, path, output string) (*build.Compiled, diag.List, error) {
	file := output
	switch {
	case file != "":
	case set.project != nil:
		file = set.module()
	default:
		file = strings.TrimSuffix(path, filepath.Ext(path)) + ".wasm"
	}
	return set.compile(file, s.on("force"))
}

// module is where the build of a project stands.
func (set *sourceSet) module() string {
	return filepath.Join(set.dir, "target", set.project.Manifest.Name+".wasm")
}

// compile builds the set into file, when what stands there is not of the same
// sources.
func (set *sourceSet) compile(file string, force bool) (*build.Compiled, diag.List, error) {
	c, problems, err := build.Compile(file, set.sources, set.options, compilerVersion(), force)
	problems = set.named(problems)
	if problems.HasErrors() {
		return nil, nil, compileFailure(set, problems)
	}
	return c, problems, err
}

// reportCompiled shows the warnings of a build that succeeded.
func (s *session) reportCompiled(set *sourceSet, problems diag.List) {
	for i := range problems {
		if problems[i].Severity == diag.Warning {
			s.warned = append(s.warned, warning{problems[i].Code, oneLine(problems[i].Error())})
		}
	}
	s.show(set, problems)
}

// compilerVersion identifies the compiler in this binary. A build of a changed
// working tree is told apart by its file.
func compilerVersion() string {
	v := about()
	id := v.Version + " " + v.Commit
	if v.Modified || v.Commit == "unknown" {
		if path, err := os.Executable(); err == nil {
			if st, err := os.Stat(path); err == nil {
				id += fmt.Sprintf(" %d %d", st.Size(), st.ModTime().UnixNano())
			}
		}
	}
	return id
}
