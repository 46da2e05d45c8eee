package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// only fails unless dir holds just the one name, with that content.
func only(t *testing.T, dir, name, content string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 || entries[0].Name() != name {
		t.Errorf("the directory holds %v %v, want %s alone", entries, err, name)
	}
	if b, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(b) != content {
		t.Errorf("%s holds %q %v, want %q", name, b, err, content)
	}
}

func TestOldOrNewContent(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.txt")
	if err := Write(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	only(t, dir, "a.txt", "old")
	f, err := Create(path, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString("half")
	if b, _ := os.ReadFile(path); string(b) != "old" {
		t.Errorf("before the commit the file holds %q", b)
	}
	f.Discard()
	only(t, dir, "a.txt", "old")
	if err := Write(path, []byte("new"), 0o600); err != nil {
		t.Fatal(err)
	}
	only(t, dir, "a.txt", "new")
}

func TestFailuresLeaveNothing(t *testing.T) {
	dir := t.TempDir()
	err := Write(filepath.Join(dir, "absent", "a.txt"), nil, 0o600)
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "a.txt") || strings.Contains(err.Error(), ".tmp") {
		t.Errorf("into an absent directory: %v", err)
	}
	if err := os.Mkdir(filepath.Join(dir, "d"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Write(filepath.Join(dir, "d"), []byte("x"), 0o600); err == nil {
		t.Error("a directory was replaced")
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("a temporary file is left: %v", entries)
	}
}
