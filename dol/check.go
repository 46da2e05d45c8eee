package dol

import (
	"sync"

	"github.com/univrs/vudo/diag"
	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/dol/internal/types"
	"github.com/univrs/vudo/dol/std"
)

// Check parses and checks the sources as one set of files and returns what is to
// be said about them, in order. Nothing is compiled.
func Check(sources []Source, o Options) (problems diag.List) {
	defer recoverICE(&problems, func() {})
	o = o.withEntry(sources)
	files, problems := parse(sources, o)
	// A file with a syntax error still tells much about the others; the checker
	// is silent about what the parser could not read.
	_, more := check(files, o, false)
	return sorted(append(problems, more...))
}

// Format returns the canonical form of one file, with Migrate in the canonical
// spelling too. The meaning and every comment stay. With an error among the
// problems there is no result.
func Format(path string, text []byte, migrate bool) (formatted []byte, problems diag.List) {
	defer recoverICE(&problems, func() { formatted = nil })
	return syntax.Format(path, text, syntax.FormatOptions{Migrate: migrate})
}

// Explain returns the longer text about a code of a diagnostic, with an example.
func Explain(code string) (string, bool) {
	for _, c := range syntax.Codes {
		if c.Name == code {
			return c.Explanation(), true
		}
	}
	for _, c := range types.Codes {
		if c.Name == code {
			return c.Text + "\n\n" + c.Long, true
		}
	}
	return "", false
}

func onceLibrary() func() []*syntax.File {
	return sync.OnceValue(func() []*syntax.File {
		var files []*syntax.File
		for _, f := range std.Files() {
			tree, problems := syntax.Parse(f.Name, []byte(f.Text))
			if problems.HasErrors() {
				panic(problems.Error()) // the library is part of the compiler
			}
			files = append(files, tree)
		}
		return files
	})
}
