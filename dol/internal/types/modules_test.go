package types

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/univrs/vudo/diag"
	"github.com/univrs/vudo/dol/internal/syntax"
)

// sections splits a text at its "-- path --" lines.
func sections(text string) (paths, texts []string) {
	for _, line := range strings.SplitAfter(text, "\n") {
		if p, ok := strings.CutPrefix(strings.TrimSpace(line), "-- "); ok && strings.HasSuffix(p, " --") {
			paths, texts = append(paths, strings.TrimSuffix(p, " --")), append(texts, "")
			continue
		}
		if n := len(texts); n > 0 {
			texts[n-1] += line
		}
	}
	return paths, texts
}

// Proves: dol 3.1-a, 3.1-c, 3.1-d, 3.1-f, 18-b names structure
func TestModules(t *testing.T) {
	names, _ := filepath.Glob("testdata/modules/*.txt")
	if len(names) < 3 {
		t.Fatalf("%d files", len(names))
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		paths, texts := sections(string(text))
		var files []*syntax.File
		for i, p := range paths {
			f, list := syntax.Parse(p, []byte(texts[i]))
			if list.HasErrors() {
				t.Errorf("%s: %v", name, list)
			}
			files = append(files, f)
		}
		_, list := Check(append(files, library(t)...), Options{Allow: []string{"docs-missing"}})
		byFile := map[string]diag.List{}
		for _, d := range list {
			byFile[d.Span.File] = append(byFile[d.Span.File], d)
		}
		for i, p := range paths {
			compareMarks(t, name+" "+p, texts[i], byFile[p], true)
		}
	}
}
