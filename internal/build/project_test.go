package build

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/univrs/vudo/diag"
	"github.com/univrs/vudo/spirit"
)

const manifest = "[spirit]\nname = \"probe\"\nversion = \"0.1.0\"\n[build]\nlang = \"wasm\"\n"

func project(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestOutputIsTheModuleFile(t *testing.T) {
	p, err := Open(project(t, map[string]string{"manifest.toml": manifest, "src/main.wasm": "module bytes"}))
	if err != nil {
		t.Fatal(err)
	}
	module, name, err := p.Output()
	if err != nil || !bytes.Equal(module, []byte("module bytes")) || name != filepath.Join("src", "main.wasm") {
		t.Fatalf("got %q at %q, %v", module, name, err)
	}
	if p.Manifest.Name != "probe" || !filepath.IsAbs(p.Dir) {
		t.Fatalf("got %q in %q", p.Manifest.Name, p.Dir)
	}
}

func TestEntryNamesAnotherFile(t *testing.T) {
	p, err := Open(project(t, map[string]string{"manifest.toml": manifest + "entry = \"out/other.wasm\"\n", "out/other.wasm": "other"}))
	if err != nil {
		t.Fatal(err)
	}
	if module, _, err := p.Output(); err != nil || string(module) != "other" {
		t.Fatalf("got %q, %v", module, err)
	}
}

func TestWhatIsMissingIsNamed(t *testing.T) {
	if _, err := Open(filepath.Join(t.TempDir(), "absent")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("absent directory: %v", err)
	}
	if _, err := Open(t.TempDir()); !errors.Is(err, ErrNoManifest) {
		t.Errorf("empty directory: %v", err)
	}
	p, err := Open(project(t, map[string]string{"manifest.toml": manifest}))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.Output(); !errors.Is(err, ErrNoOutput) || !strings.Contains(err.Error(), "main.wasm") {
		t.Errorf("no module: %v", err)
	}
}

func TestOtherLanguagesAreRefusedByName(t *testing.T) {
	for _, l := range spirit.Languages() {
		if l.Name == "wasm" {
			continue
		}
		p, err := Open(project(t, map[string]string{"manifest.toml": strings.Replace(manifest, `"wasm"`, `"`+l.Name+`"`, 1)}))
		if err != nil {
			t.Fatalf("%s: %v", l.Name, err)
		}
		if _, _, err := p.Output(); !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), l.Name) {
			t.Errorf("%s: %v", l.Name, err)
		}
	}
}

func TestInvalidManifestIsAListOfProblems(t *testing.T) {
	_, err := Open(project(t, map[string]string{"manifest.toml": "[spirit]\nname = 3\ncolour = \"red\"\n"}))
	var list diag.List
	if !errors.As(err, &list) || len(list) < 2 {
		t.Fatalf("got %v", err)
	}
	if list[0].Span.Start.Line == 0 {
		t.Errorf("no line: %v", err)
	}
}

func TestNothingOutsideTheProjectIsRead(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "secret.wasm")
	if err := os.WriteFile(outside, []byte("secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	dir := project(t, map[string]string{"manifest.toml": manifest, "src/keep": ""})
	if err := os.Symlink(outside, filepath.Join(dir, "src", "main.wasm")); err != nil {
		t.Fatal(err)
	}
	p, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if module, _, err := p.Output(); err == nil || module != nil {
		t.Fatalf("read %q through a link", module)
	}
}

func TestOneProjectUnderTwoNames(t *testing.T) {
	dir := project(t, map[string]string{"manifest.toml": manifest})
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	a, errA := Open(dir)
	b, errB := Open(link)
	if errA != nil || errB != nil || a.Dir != b.Dir {
		t.Fatalf("%v %v: %v, %v", a, b, errA, errB)
	}
}

func TestLimitsAreMet(t *testing.T) {
	dir := project(t, map[string]string{"manifest.toml": manifest})
	if err := os.MkdirAll(filepath.Join(dir, "src"), 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "src", "main.wasm")
	for _, c := range []struct {
		bytes int64
		ok    bool
	}{{MaxModuleBytes, true}, {MaxModuleBytes + 1, false}} {
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Truncate(c.bytes); err != nil { // sparse: costs no disk
			t.Fatal(err)
		}
		f.Close()
		p, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		module, _, err := p.Output()
		if c.ok && (err != nil || int64(len(module)) != c.bytes) {
			t.Errorf("%d bytes: got %d, %v", c.bytes, len(module), err)
		}
		if !c.ok && !errors.Is(err, ErrTooLarge) {
			t.Errorf("%d bytes: got %v", c.bytes, err)
		}
	}
	big := manifest + "#" + strings.Repeat("x", spirit.MaxManifestBytes)
	if _, err := Open(project(t, map[string]string{"manifest.toml": big})); !errors.Is(err, ErrTooLarge) {
		t.Errorf("manifest of %d bytes: %v", len(big), err)
	}
}

func TestADirectoryIsNoModule(t *testing.T) {
	dir := project(t, map[string]string{"manifest.toml": manifest, "src/main.wasm/file": ""})
	p, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.Output(); err == nil || !strings.Contains(err.Error(), "regular file") {
		t.Fatalf("got %v", err)
	}
}
