package build

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/univrs/vudo/spirit"
)

func TestNewMakesEachTemplate(t *testing.T) {
	for _, tmpl := range Templates {
		dir := filepath.Join(t.TempDir(), "my-spirit")
		files, err := New(dir, "my-spirit", tmpl.Name, `A "quoted" \ author`, false)
		if err != nil {
			t.Fatalf("%s: %v", tmpl.Name, err)
		}
		for _, want := range []string{".gitignore", ".vudoignore", "README.md", "manifest.toml"} {
			if !slices.Contains(files, want) {
				t.Errorf("%s lacks %s: %v", tmpl.Name, want, files)
			}
		}
		if len(files) != 6 {
			t.Errorf("%s has %d files, want 6: %v", tmpl.Name, len(files), files)
		}
		p, err := Open(dir)
		if err != nil {
			t.Fatalf("%s: %v", tmpl.Name, err)
		}
		if p.Manifest.Name != "my-spirit" || p.Manifest.Author != `A "quoted" \ author` {
			t.Errorf("%s: manifest says %q by %q", tmpl.Name, p.Manifest.Name, p.Manifest.Author)
		}
		for _, f := range files {
			text, err := os.ReadFile(filepath.Join(dir, f))
			if err != nil || strings.Contains(string(text), "{{") {
				t.Errorf("%s: %s keeps a placeholder: %v", tmpl.Name, f, err)
			}
		}
	}
}

func TestNewTouchesNothingOfOthers(t *testing.T) {
	dir := t.TempDir()
	mine := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(mine, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, force := range []bool{false, true} {
		if _, err := New(dir, "x", "echo", "", force); !errors.Is(err, ErrNotEmpty) {
			t.Errorf("force %v: %v", force, err)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("the refused call left %v %v", entries, err)
	}
	os.Remove(mine)
	if _, err := New(dir, "x", "echo", "", false); err != nil {
		t.Fatal(err)
	}
	if _, err := New(dir, "x", "echo", "", false); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("over its own files: %v", err)
	}
	if _, err := New(dir, "x", "echo", "", true); err != nil {
		t.Errorf("over its own files, forced: %v", err)
	}
	if _, err := New(dir, "x", "nothing", "", true); !errors.Is(err, ErrNoTemplate) {
		t.Errorf("unknown template: %v", err)
	}
	for _, name := range []string{"../x", "con", "", "Upper", "a/b"} {
		if _, err := New(filepath.Join(dir, "sub"), name, "echo", "", false); err == nil || spirit.CheckName(name) == nil {
			t.Errorf("name %q: %v", name, err)
		}
	}
}
