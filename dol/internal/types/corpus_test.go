package types

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/univrs/vudo/diag"
)

var (
	markRE = regexp.MustCompile(`// (ERROR|WARNING|HINT)((?: "[a-z0-9-]+")+)`)
	codeRE = regexp.MustCompile(`"([a-z0-9-]+)"`)
)

// marks returns the diagnostics that the comments of text announce, as
// "line severity code".
func marks(text string) []string {
	var out []string
	for i, line := range strings.Split(text, "\n") {
		for _, m := range markRE.FindAllStringSubmatch(line, -1) {
			for _, code := range codeRE.FindAllStringSubmatch(m[2], -1) {
				out = append(out, fmt.Sprintf("%d %s %s", i+1, strings.ToLower(m[1]), code[1]))
			}
		}
	}
	return out
}

// compareMarks holds a list of diagnostics against the comments of a text: errors
// have to agree in both directions, warnings and hints only where announced, or
// with exact in both directions for warnings too.
func compareMarks(t *testing.T, name, text string, list diag.List, exact bool) {
	t.Helper()
	want := marks(text)
	var got []string
	for i := range list {
		d := &list[i]
		key := fmt.Sprintf("%d %s %s", d.Span.Start.Line, d.Severity, d.Code)
		got = append(got, key)
		if slices.Contains(want, key) {
			continue
		}
		if d.Severity == diag.Error || exact && d.Severity == diag.Warning {
			t.Errorf("%s: not announced: %s", name, d.Error()+" ["+d.Code+"]")
		}
	}
	for _, key := range want {
		if !slices.Contains(got, key) {
			t.Errorf("%s: announced and not given: %s", name, key)
		}
	}
}

// Proves: dol 18-a, 18-b, 18-c, 7-b
func TestRejected(t *testing.T) {
	names, _ := filepath.Glob("testdata/err/*.dol")
	if len(names) < 6 {
		t.Fatalf("%d files", len(names))
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		_, list := check(t, filepath.Base(name), string(text), Options{})
		compareMarks(t, filepath.Base(name), string(text), list, false)
	}
}

func TestAccepted(t *testing.T) {
	names, _ := filepath.Glob("testdata/ok/*.dol")
	if len(names) < 3 {
		t.Fatalf("%d files", len(names))
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		_, list := check(t, filepath.Base(name), string(text), Options{Build: true, Tests: true, Allow: []string{"docs-missing"}})
		compareMarks(t, filepath.Base(name), string(text), list, true)
	}
}
