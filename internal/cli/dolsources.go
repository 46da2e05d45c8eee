package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/univrs/vudo/diag"
	"github.com/univrs/vudo/dol"
	"github.com/univrs/vudo/internal/build"
	"github.com/univrs/vudo/spirit"
)

// sourceSet is a number of DOL files that are read as one program.
type sourceSet struct {
	dir     string // what the paths of the sources are relative to, as the user named it
	sources []dol.Source
	project *build.Project // nil: files without a manifest
	options dol.Options
}

// openSources reads what the operands of check, fmt or doc name: one project
// directory, or any files and directories.
func openSources(paths []string, tests bool) (*sourceSet, error) {
	here := len(paths) == 0
	if here {
		paths = []string{"."}
	}
	if len(paths) == 1 {
		p, err := build.Open(paths[0])
		switch {
		case err == nil:
			return projectSources(paths[0], p, tests)
		case here:
			return nil, openFailure(paths[0], err)
		case errors.As(err, new(diag.List)):
			return nil, openFailure(paths[0], err)
		}
	}
	set := &sourceSet{}
	seen := map[string]bool{}
	var total int64
	for _, path := range paths {
		files, err := dolFiles(path)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			if seen[f] {
				continue
			}
			seen[f] = true
			text, err := readSource(f, &total)
			if err != nil {
				return nil, err
			}
			set.sources = append(set.sources, dol.Source{Path: filepath.ToSlash(f), Text: text})
		}
	}
	return set, nil
}

// projectSources reads the sources of a project.
func projectSources(dir string, p *build.Project, tests bool) (*sourceSet, error) {
	if p.Manifest.Build.Lang != "dol" {
		return nil, fail("unsupported", `name the .dol files themselves, or write lang = "dol"`, "%s: build.lang is %q", filepath.Join(dir, spirit.ManifestName), p.Manifest.Build.Lang)
	}
	sources, err := p.Sources(tests)
	if err != nil {
		return nil, openFailure(dir, err)
	}
	return &sourceSet{dir: dir, sources: sources, project: p, options: p.Options(dol.Options{Tests: tests})}, nil
}

// openFailure is what a person is told of a project that cannot be read.
func openFailure(dir string, err error) error {
	var problems diag.List
	switch {
	case errors.Is(err, build.ErrNoManifest):
		return fail("not-found", "vudo new NAME makes a project; name a .dol file to work without one", "%v", err)
	case errors.Is(err, build.ErrUnsupported):
		return fail("unsupported", `write a path: NAME = { path = "../NAME" }`, "%s: %v", filepath.Join(dir, spirit.ManifestName), err)
	case errors.Is(err, build.ErrTooLarge):
		return fail("io", "leave generated files out of the sources", "%v", err)
	case errors.As(err, &problems):
		return manifestFailure(problems)
	}
	return err
}

// dolFiles lists the DOL files that path names, in order.
func dolFiles(path string) ([]string, error) {
	st, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, absentTarget(path)
	case err != nil:
		return nil, err
	case !st.IsDir():
		return []string{filepath.Clean(path)}, nil
	}
	var files []string
	err = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && p != path && (strings.HasPrefix(d.Name(), ".") || d.Name() == "target"):
			return fs.SkipDir
		case d.Type().IsRegular() && (strings.HasSuffix(p, ".dol") || strings.HasSuffix(p, ".dol.test")):
			if len(files) == build.MaxSourceFiles {
				return fail("io", "name fewer directories", "%s holds more than %d DOL files", path, build.MaxSourceFiles)
			}
			files = append(files, filepath.Clean(p))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fail("not-found", "name a .dol file, a directory with some, or a project", "there is no .dol file in %s", path)
	}
	sort.Strings(files)
	return files, nil
}

// readSource reads one file and adds its size to total.
func readSource(file string, total *int64) ([]byte, error) {
	st, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() { // opening a pipe would wait for its writer
		return nil, fail("io", "name a file", "%s is not a regular file", file)
	}
	if *total += st.Size(); *total > build.MaxSourceBytes {
		return nil, fail("io", "name fewer files", "the sources have more than %s", size(build.MaxSourceBytes))
	}
	return os.ReadFile(file)
}

// named gives the diagnostics the paths that the user would type.
func (set *sourceSet) named(l diag.List) diag.List {
	if set.dir == "" || set.dir == "." {
		return l
	}
	rename := func(s *diag.Span) {
		if s.File != "" && !strings.HasPrefix(s.File, "std/") {
			s.File = filepath.ToSlash(filepath.Join(set.dir, s.File))
		}
	}
	out := make(diag.List, len(l))
	for i, d := range l {
		rename(&d.Span)
		d.Notes = append([]diag.Note(nil), d.Notes...)
		for j := range d.Notes {
			rename(&d.Notes[j].Span)
		}
		if d.Fix != nil {
			fix := *d.Fix
			fix.Edits = append([]diag.Edit(nil), fix.Edits...)
			for j := range fix.Edits {
				rename(&fix.Edits[j].Span)
			}
			d.Fix = &fix
		}
		out[i] = d
	}
	return out
}

// text is a diag.Renderer's view of the sources under their shown names.
func (set *sourceSet) text(file string) ([]byte, bool) {
	for _, s := range set.sources {
		if file == s.Path || file == filepath.ToSlash(filepath.Join(set.dir, s.Path)) {
			return s.Text, true
		}
	}
	return nil, false
}

// show prints diagnostics for people on stderr: hints only with -v or --hints, only
// errors with --quiet. With --json they stand in the document.
func (s *session) show(set *sourceSet, l diag.List) {
	least := diag.Warning
	switch {
	case s.json:
		return
	case s.quiet:
		least = diag.Error
	case s.verbose > 0, s.on("hints"):
		least = diag.Hint
	}
	shown := slices.DeleteFunc(slices.Clone(l), func(d diag.Diagnostic) bool { return d.Severity > least })
	if len(shown) > 0 {
		diag.Renderer{Source: set.text, Color: s.err.color}.Render(s.err.w, shown)
		s.err.line("")
	}
}

// counted says how many errors and warnings there are: "1 error, 2 warnings".
func counted(l diag.List) string {
	errs, warns := 0, 0
	for _, d := range l {
		switch d.Severity {
		case diag.Error:
			errs++
		case diag.Warning:
			warns++
		}
	}
	if errs == 0 && warns == 0 {
		return "0 problems"
	}
	var parts []string
	if errs > 0 {
		parts = append(parts, plural(errs, "error"))
	}
	if warns > 0 {
		parts = append(parts, plural(warns, "warning"))
	}
	return strings.Join(parts, ", ")
}

// compileFailure is the failure of a command whose sources have errors. The list
// is in the paths that the user knows.
func compileFailure(set *sourceSet, l diag.List) *failure {
	i := slices.IndexFunc(l, func(d diag.Diagnostic) bool { return d.Severity == diag.Error })
	if i < 0 {
		return fail("internal", "report it with the source that shows it", "the compiler gave neither a module nor a reason")
	}
	hint := "correct the source and run the command again"
	if _, ok := dol.Explain(l[i].Code); ok {
		hint = "vudo check --explain " + l[i].Code + " says more about it"
	}
	f := fail("compile", hint, "%s", counted(l))
	f.at = &place{File: l[i].Span.File, Line: l[i].Span.Start.Line, Column: l[i].Span.Start.Column}
	f.data = map[string]any{"problems": problemsJSON(l)}
	f.sources, f.problems = set, l
	return f
}

func problemsJSON(l diag.List) []any {
	out := make([]any, len(l))
	for i := range l {
		out[i] = l[i].JSON()
	}
	return out
}

// compilerFlags are those that check, build, test and doc share.
func compilerFlags() []flagSpec {
	return []flagSpec{
		{name: "strict", usage: "every warning is an error"},
		{name: "strict-mut", usage: "assigning to an immutable variable is an error"},
		{name: "strict-effects", usage: "effects must be declared with sex"},
		{name: "require-docs", usage: "a declaration without documentation is an error"},
		{name: "check-rules", usage: "constructors check the rules of their records"},
		{name: "deny", value: "CODE", usage: "make the warning or hint CODE an error", many: true},
		{name: "allow", value: "CODE", usage: "do not report the warning or hint CODE", many: true},
	}
}

// compilerOptions adds what the shared flags say to o.
func (s *session) compilerOptions(o dol.Options) (dol.Options, error) {
	o.Strict, o.StrictMut, o.StrictEffects = s.on("strict"), s.on("strict-mut"), s.on("strict-effects")
	o.RequireDocs, o.CheckRules = s.on("require-docs"), s.on("check-rules")
	o.Deny, o.Allow = s.all("deny"), s.all("allow")
	for _, code := range append(append([]string(nil), o.Deny...), o.Allow...) {
		if _, ok := dol.Explain(code); !ok {
			return o, usage("vudo check --explain CODE knows them; they stand in brackets behind error, warning and hint", "there is no diagnostic with the code %s", code)
		}
	}
	return o, nil
}

func oneOfWords(flag, value string, words ...string) error {
	for _, w := range words {
		if value == w {
			return nil
		}
	}
	return usage("one of "+strings.Join(words, ", "), "--%s %s", flag, fmt.Sprintf("%q is not known", value))
}
