// Package golden compares what a test made with a committed file, and holds
// the repository's one -update flag, which rewrites the file instead:
//
//	go test ./internal/lint -run TestTables -update
//
// Only tests import it. It knows nothing of VUDO.
package golden

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "rewrite golden files instead of comparing with them")

// Updating reports whether the test was started with -update.
func Updating() bool { return *update }

// Check fails t when the file at path (slashes, relative to the test's package
// directory) does not hold exactly got. With -update it writes got there first,
// making missing directories, and passes.
func Check(t testing.TB, path string, got []byte) {
	t.Helper()
	path = filepath.FromSlash(path)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (write it with -update)", err)
	}
	if d := Diff(want, got); d != "" {
		t.Errorf("%s differs from what the code makes (rewrite it with -update, then read the change):\n%s", path, d)
	}
}

// Diff describes the first line in which want and got differ, numbered from 1,
// or returns "" when they are equal. One differing line is enough to find the
// place; the version control shows the rest after -update.
func Diff(want, got []byte) string {
	if bytes.Equal(want, got) {
		return ""
	}
	w, g := bytes.SplitAfter(want, []byte("\n")), bytes.SplitAfter(got, []byte("\n"))
	for i := 0; ; i++ {
		switch {
		case i >= len(w):
			return fmt.Sprintf("line %d:\n  want the end\n  got  %q", i+1, g[i])
		case i >= len(g):
			return fmt.Sprintf("line %d:\n  want %q\n  got the end", i+1, w[i])
		case !bytes.Equal(w[i], g[i]):
			return fmt.Sprintf("line %d:\n  want %q\n  got  %q", i+1, w[i], g[i])
		}
	}
}
