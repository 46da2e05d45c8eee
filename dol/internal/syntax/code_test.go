package syntax

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestCodesAreExplained finds a code without a row, a row without a code, and an
// example that does not give its code.
func TestCodesAreExplained(t *testing.T) {
	src, err := os.ReadFile("code.go")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range regexp.MustCompile(`(?m)^\tcode\w+\s*= "([a-z0-9-]+)"`).FindAllStringSubmatch(string(src), -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	var rows []string
	for _, c := range Codes {
		rows = append(rows, c.Name)
		first, rest, _ := strings.Cut(c.Text, "\n")
		if first == "" || rest == "" || !strings.HasPrefix(c.Explanation(), c.Text) {
			t.Errorf("%s is not explained", c.Name)
		}
		if c.Example == "" {
			continue
		}
		_, list := Parse("a.dol", []byte(c.Example))
		found := false
		for _, d := range list {
			found = found || d.Code == c.Name && d.Severity == c.Severity
		}
		if !found {
			t.Errorf("the example of %s gives %v", c.Name, list)
		}
		if n := len(list); n > 3 {
			t.Errorf("the example of %s gives %d diagnostics", c.Name, n)
		}
	}
	if !slices.Equal(names, rows) {
		t.Errorf("constants and rows differ, or are not in order:\n%v\n%v", names, rows)
	}
}
