package golden

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// recorder is a testing.TB that keeps failures instead of failing.
type recorder struct {
	testing.TB
	errors []string
}

func (r *recorder) Helper() {}
func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, format)
}

func TestCheckComparesAndUpdates(t *testing.T) {
	file := filepath.Join(t.TempDir(), "new", "x.txt")
	defer func(old bool) { *update = old }(*update)

	*update = true
	Check(t, file, []byte("a\nb\n"))
	if b, err := os.ReadFile(file); err != nil || string(b) != "a\nb\n" {
		t.Fatalf("after -update the file holds %q, %v", b, err)
	}

	*update = false
	Check(t, file, []byte("a\nb\n"))
	r := &recorder{TB: t}
	Check(r, file, []byte("a\nc\n"))
	if len(r.errors) != 1 {
		t.Fatalf("a differing file gave %d failures, want 1", len(r.errors))
	}
}

func TestDiffNamesTheFirstDifferingLine(t *testing.T) {
	for _, c := range []struct{ want, got, find string }{
		{"a\nb\n", "a\nb\n", ""},
		{"a\nb\n", "a\nc\n", "line 2:"},
		{"a\n", "a\nb\n", "line 2:"},
		{"a\nb", "a\n", "line 2:"},
		{"", "x", "line 1:"},
	} {
		d := Diff([]byte(c.want), []byte(c.got))
		if (c.find == "") != (d == "") || !strings.HasPrefix(d, c.find) {
			t.Errorf("Diff(%q, %q) = %q, want it to start with %q", c.want, c.got, d, c.find)
		}
	}
}
