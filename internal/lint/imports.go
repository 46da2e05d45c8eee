package lint

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Import is one import declaration of one file.
type Import struct {
	From string // package directory from the root, "." for the root package
	To   string // import path; within the module the directory, as From
	Own  bool   // To lies in this module
	Test bool   // the file is a test
	File string
	Line int
}

// Imports returns every import of the main module's files. module is its path.
func Imports(tree fs.FS, module string) ([]Import, error) {
	names, err := GoFiles(tree)
	if err != nil {
		return nil, err
	}
	var is []Import
	for _, name := range names {
		src, err := fs.ReadFile(tree, name)
		if err != nil {
			return nil, err
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, name, src, parser.ImportsOnly)
		if err != nil {
			return nil, err
		}
		for _, spec := range f.Imports {
			to, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return nil, err
			}
			i := Import{From: path.Dir(name), To: to, Test: isTest(name), File: name, Line: fset.Position(spec.Pos()).Line}
			switch {
			case to == module:
				i.To, i.Own = ".", true
			case strings.HasPrefix(to, module+"/"):
				i.To, i.Own = to[len(module)+1:], true
			}
			is = append(is, i)
		}
	}
	return is, nil
}

// Ring is one level of the layering. A package may import packages of lower
// rings, and of its own ring only by an Edge.
type Ring struct {
	Packages []string
	Why      string
}

// Edge allows one import within a ring.
type Edge struct{ From, To, Why string }

// Blind forbids every path of imports from one package to another, which may
// be a package of this module or of another (with all below it). With Direct it
// forbids the import itself and allows the way through a third package.
type Blind struct {
	From, To string
	Direct   bool
	Why      string
}

// Only names the files that may import a foreign package.
type Only struct {
	Package string   // import path, with all below it
	Files   []string // patterns as of path.Match
	Why     string
}

// Layers is the policy that imports obey.
type Layers struct {
	Rings []Ring
	Edges []Edge
	Blind []Blind
	Only  []Only
	Tests []string // packages that only tests may import
}

// Check returns every import that breaks the policy, with the reason that the
// policy gives. Tests are held to Tests and Only alone: a test may look at
// anything, and a cycle would not compile.
func (l Layers) Check(imports []Import) []Problem {
	ring := map[string]int{}
	for n, r := range l.Rings {
		for _, p := range r.Packages {
			ring[p] = n
		}
	}
	var ps []Problem
	complain := func(i Import, format string, args ...any) {
		ps = append(ps, Problem{i.File, i.Line, fmt.Sprintf(format, args...)})
	}
	code := slices.DeleteFunc(slices.Clone(imports), func(i Import) bool { return i.Test })
	seen := map[string]bool{}
	for _, i := range code {
		if slices.Contains(l.Tests, i.From) {
			continue
		}
		from, ok := ring[i.From]
		if !ok {
			if !seen[i.From] {
				complain(i, "package %s stands in no ring: place it in layers_test.go and say why it stands there", i.From)
			}
			seen[i.From] = true
			continue
		}
		if !i.Own {
			continue
		}
		if slices.Contains(l.Tests, i.To) {
			complain(i, "%s imports %s, which is for tests", i.From, i.To)
			continue
		}
		to, ok := ring[i.To]
		switch {
		case !ok:
			complain(i, "%s imports %s, which stands in no ring", i.From, i.To)
		case to > from:
			complain(i, "%s (ring %d) imports %s (ring %d): imports go down only; %s", i.From, from, i.To, to, l.Rings[from].Why)
		case to == from && i.From != i.To && !slices.ContainsFunc(l.Edges, func(e Edge) bool { return e.From == i.From && e.To == i.To }):
			complain(i, "%s imports %s of its own ring %d without an edge that says why", i.From, i.To, from)
		}
	}
	for _, o := range l.Only {
		for _, i := range code {
			if below(i.To, o.Package) && !slices.ContainsFunc(o.Files, func(pattern string) bool {
				ok, err := path.Match(pattern, i.File)
				return ok && err == nil
			}) {
				complain(i, "only %s may import %s: %s", strings.Join(o.Files, ", "), o.Package, o.Why)
			}
		}
	}
	next := map[string][]Import{}
	for _, i := range code {
		next[i.From] = append(next[i.From], i)
	}
	for _, b := range l.Blind {
		if b.Direct {
			for _, i := range next[b.From] {
				if below(i.To, b.To) {
					complain(i, "%s imports %s: %s", b.From, i.To, b.Why)
				}
			}
			continue
		}
		if way := reach(next, b.From, b.To); way != nil {
			var names []string
			for _, i := range way {
				names = append(names, i.From)
			}
			complain(way[0], "%s reaches %s (%s): %s", b.From, b.To, strings.Join(append(names, way[len(way)-1].To), " -> "), b.Why)
		}
	}
	slices.SortFunc(ps, func(a, b Problem) int { return strings.Compare(a.String(), b.String()) })
	return ps
}

func below(p, top string) bool { return p == top || strings.HasPrefix(p, top+"/") }

// reach returns a shortest way of imports from one package to another, or nil.
func reach(next map[string][]Import, from, to string) []Import {
	came := map[string]*Import{from: nil}
	queue := []string{from}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		for _, i := range next[at] {
			if _, ok := came[i.To]; ok {
				continue
			}
			came[i.To] = &i
			if below(i.To, to) && (to != "." || i.To == ".") {
				var way []Import
				for p := i.To; came[p] != nil; p = came[p].From {
					way = append(way, *came[p])
				}
				slices.Reverse(way)
				return way
			}
			if i.Own {
				queue = append(queue, i.To)
			}
		}
	}
	return nil
}

// Packages returns the directories of the main module that hold non-test Go files.
func Packages(tree fs.FS) ([]string, error) {
	names, err := GoFiles(tree)
	if err != nil {
		return nil, err
	}
	dirs := map[string]bool{}
	for _, name := range names {
		if !isTest(name) {
			dirs[path.Dir(name)] = true
		}
	}
	return slices.Sorted(maps.Keys(dirs)), nil
}
