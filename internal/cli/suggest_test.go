package cli

import (
	"slices"
	"testing"
)

func TestNearestNames(t *testing.T) {
	names := []string{"run", "inspect", "doctor", "version", "completion", "cache", "storage", "max_fuel", "max_memory_bytes"}
	for word, want := range map[string][]string{
		"rum": {"run"}, "inspct": {"inspect"}, "docter": {"doctor"}, "stroage": {"storage"}, "MAX-FUEL": {"max_fuel"},
		"max_memory": {"max_memory_bytes"}, "ver": {"version", "run"}, "xyzzy": nil, "": nil,
	} {
		got := nearest(word, names)
		if len(want) == 0 && len(got) > 0 || len(want) > 0 && !slices.Contains(got, want[0]) {
			t.Errorf("nearest(%q) = %q, want %q", word, got, want)
		}
	}
}

func TestEdits(t *testing.T) {
	for _, c := range []struct {
		a, b string
		n    int
	}{{"", "", 0}, {"a", "", 1}, {"abc", "abc", 0}, {"abc", "acb", 1}, {"kitten", "sitting", 3}} {
		if got := edits(c.a, c.b); got != c.n {
			t.Errorf("edits(%q, %q) = %d, want %d", c.a, c.b, got, c.n)
		}
	}
}
