package types

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/univrs/vudo/dol/internal/syntax"
)

// FuzzCheck: no text, however broken its tree, makes the checker panic.
func FuzzCheck(f *testing.F) {
	for _, pattern := range []string{"testdata/*/*.dol", "../../std/*.dol", "../syntax/testdata/*/*.dol"} {
		names, _ := filepath.Glob(pattern)
		for _, name := range names {
			if text, err := os.ReadFile(name); err == nil {
				f.Add(string(text))
			}
		}
	}
	lib := library(f)
	f.Fuzz(func(t *testing.T, text string) {
		file, _ := syntax.Parse("src/main.dol", []byte(text))
		o := Options{Build: len(text)%2 == 0, Tests: true, CheckRules: len(text)%3 == 0, StrictEffects: len(text)%5 == 0}
		prog, list := Check(append([]*syntax.File{file}, lib...), o)
		if prog == nil {
			t.Fatal("nothing came back")
		}
		for i := range list {
			if d := &list[i]; d.Code == "" || d.Message == "" || !d.Span.Start.Known() {
				t.Fatalf("an empty diagnostic: %+v", d)
			}
		}
	})
}
