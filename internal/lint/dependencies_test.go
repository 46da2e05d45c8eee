package lint_test

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"github.com/univrs/vudo/internal/lint"
)

// TestDependenciesAreExplained compares what the code imports with the list of
// dependencies and the reasons for them: nothing enters unexplained, and no
// explanation outlives what it explains.
func TestDependenciesAreExplained(t *testing.T) {
	const adr = "docs/adr/0005-dependencies.md"
	b, err := fs.ReadFile(repository, adr)
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{} // by the first column of the table
	quoted := regexp.MustCompile("`([^`]+)`")
	for line := range strings.Lines(string(b)) {
		if cells := strings.Split(line, "|"); len(cells) > 3 {
			for _, m := range quoted.FindAllStringSubmatch(cells[1], -1) {
				used[m[1]] = false
			}
		}
	}
	imports, err := lint.Imports(repository, "github.com/univrs/vudo")
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range imports {
		first, _, _ := strings.Cut(i.To, "/")
		if i.Own || !strings.Contains(first, ".") {
			continue
		}
		explained := false
		for module := range used {
			if i.To == module || strings.HasPrefix(i.To, module+"/") {
				used[module], explained = true, true
			}
		}
		if !explained {
			t.Errorf("%s:%d: %s has no row in %s", i.File, i.Line, i.To, adr)
		}
	}
	for module, is := range used {
		if !is {
			t.Errorf("%s explains %s, which nothing imports", adr, module)
		}
	}
}
