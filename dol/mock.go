package dol

import (
	"sync"

	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/dol/std"
)

// testLibrary is the library of a program with tests. To be run, the functions
// that talk to other Spirits are mocks; to be checked they are the real ones,
// because their effects and capabilities are those of the program.
func testLibrary(run bool) []*syntax.File {
	l := mockedLibrary()
	if run {
		return l.run
	}
	return l.check
}

type mocked struct{ run, check []*syntax.File }

var mockedLibrary = sync.OnceValue(func() mocked {
	r1, r2 := std.Mock()
	record, replace := mustParse(r1), mustParse(r2)
	replaced := map[string]bool{}
	for _, d := range replace.Items {
		if f, ok := d.(*syntax.Fun); ok {
			replaced[f.FunName.Name] = true
		}
	}
	m := mocked{check: append(library()[:len(library()):len(library())], record)}
	for _, f := range library() {
		if joined(f.Module.Name) == "std" {
			f = without(f, replaced)
		}
		m.run = append(m.run, f)
	}
	m.run = append(m.run, record, replace)
	return m
})

// without is a file less some functions at file level; itself when it has none
// of them.
func without(f *syntax.File, names map[string]bool) *syntax.File {
	var kept []syntax.Decl
	for _, d := range f.Items {
		if fun, ok := d.(*syntax.Fun); !ok || !names[fun.FunName.Name] {
			kept = append(kept, d)
		}
	}
	if len(kept) == len(f.Items) {
		return f
	}
	g := *f
	g.Items = kept
	return &g
}

func mustParse(f std.File) *syntax.File {
	tree, problems := syntax.Parse(f.Name, []byte(f.Text))
	if problems.HasErrors() {
		panic(problems.Error()) // the library is part of the compiler
	}
	return tree
}
