package types

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/univrs/vudo/diag"
	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/dol/internal/typed"
	"github.com/univrs/vudo/dol/std"
)

// library parses the standard library.
func library(t testing.TB) []*syntax.File {
	t.Helper()
	var files []*syntax.File
	for _, f := range std.Files() {
		file, list := syntax.Parse(f.Name, []byte(f.Text))
		for _, d := range list {
			if d.Severity == diag.Error {
				t.Fatalf("standard library: %v", d.Error())
			}
		}
		files = append(files, file)
	}
	return files
}

// check parses and checks one text with the library and returns everything that
// was said.
func check(t testing.TB, path, text string, o Options) (*typed.Program, diag.List) {
	t.Helper()
	file, list := syntax.Parse(path, []byte(text))
	prog, more := Check(append([]*syntax.File{file}, library(t)...), o)
	list = append(list, more...)
	list.Sort()
	return prog, list
}

// Proves: dol 20-1, 20-2, 20-3, 20-4, 20-5, 20-6, 20-7, 20-8, 20-9, 20-10 (as far
// as they are checked)
func TestExamplesCheck(t *testing.T) {
	names, err := filepath.Glob("testdata/examples/*.dol")
	if err != nil || len(names) < 10 {
		t.Fatalf("%d examples, %v", len(names), err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		_, list := check(t, filepath.Base(name), string(text), Options{Build: true, Tests: true, Allow: []string{"docs-missing"}})
		for _, d := range list {
			if d.Severity != diag.Hint {
				t.Errorf("%s: %s[%s]", d.Error(), d.Severity, d.Code)
			}
		}
	}
}

// Trees are shared between checks that run at the same time (an editor, tests), and
// the same text gives the same program.
func TestChecksShareTrees(t *testing.T) {
	lib := library(t)
	text, err := os.ReadFile("testdata/ok/forms.dol")
	if err != nil {
		t.Fatal(err)
	}
	file, _ := syntax.Parse("src/main.dol", text)
	files := append([]*syntax.File{file}, lib...)
	names := make([]string, 4)
	var wg sync.WaitGroup
	for i := range names {
		wg.Go(func() {
			prog, list := Check(files, Options{Build: true, Tests: true})
			for _, f := range prog.Funcs {
				names[i] += f.Name + "\n"
			}
			for _, ty := range prog.Types {
				names[i] += ty.Name + "\n"
			}
			for _, g := range prog.Globals {
				names[i] += g.Name + "\n"
			}
			for _, d := range list {
				names[i] += d.Error() + "\n"
			}
		})
	}
	wg.Wait()
	for _, n := range names[1:] {
		if n != names[0] || n == "" {
			t.Fatal("two checks of one program differ")
		}
	}
}
