package build

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/univrs/vudo/diag"
	"github.com/univrs/vudo/dol"
)

// put writes files below dir: pairs of name and content.
func put(t *testing.T, dir string, pairs ...string) {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		name := filepath.Join(dir, filepath.FromSlash(pairs[i]))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(pairs[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func projectText(name, deps string) string {
	return "[spirit]\nname = \"" + name + "\"\nversion = \"0.1.0\"\n\n[dependencies]\n" + deps
}

func sourcesOf(t *testing.T, dir string, tests bool) ([]string, error) {
	t.Helper()
	p, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	list, err := p.Sources(tests)
	var names []string
	for _, s := range list {
		names = append(names, s.Path)
	}
	return names, err
}

func TestSourcesOfProjectAndDependencies(t *testing.T) {
	dir := t.TempDir()
	put(
		t, dir,
		"app/manifest.toml", projectText("app", "text = { path = \"../text\" }\nshapes = { path = \"../shapes\" }\n"),
		"app/src/main.dol", "", "app/src/a/b.dol", "", "app/src/.hidden/x.dol", "", "app/src/notes.txt", "",
		"app/tests/t.dol", "", "app/tests/s.dol.test", "",
		"text/manifest.toml", projectText("text", ""), "text/src/lib.dol", "", "text/tests/t.dol", "",
		"shapes/manifest.toml", projectText("shapes", "text = { path = \"../text\" }\n"), "shapes/src/lib.dol", "",
	)
	got, err := sourcesOf(t, filepath.Join(dir, "app"), true)
	want := []string{"src/a/b.dol", "src/main.dol", "tests/s.dol.test", "tests/t.dol", "deps/shapes/src/lib.dol", "deps/text/src/lib.dol"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v %v, want %v", got, err, want)
	}
	if got, err := sourcesOf(t, filepath.Join(dir, "app"), false); err != nil || slices.Contains(got, "tests/t.dol") {
		t.Errorf("without tests: %v %v", got, err)
	}
}

func TestSourcesThatAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		files []string
		want  string
	}{
		"circle": {[]string{
			"app/manifest.toml", projectText("app", "a = { path = \"../a\" }\n"), "app/src/main.dol", "",
			"a/manifest.toml", projectText("a", "app = { path = \"../app\" }\n"), "a/src/lib.dol", "",
		}, "dependency circle: app -> a -> app"},
		"registry":    {[]string{"app/manifest.toml", projectText("app", "a = \"^1.0.0\"\n"), "app/src/main.dol", ""}, "a version from a registry"},
		"absent":      {[]string{"app/manifest.toml", projectText("app", "a = { path = \"../a\" }\n"), "app/src/main.dol", ""}, "dependency a"},
		"two names":   {[]string{"app/manifest.toml", projectText("app", "a = { path = \"../a\" }\nb = { path = \"../a\" }\n"), "app/src/main.dol", "", "a/manifest.toml", projectText("a", ""), "a/src/lib.dol", ""}, "one name for it"},
		"two targets": {[]string{"app/manifest.toml", projectText("app", "a = { path = \"../a\" }\nb = { path = \"../b\" }\n"), "app/src/main.dol", "", "a/manifest.toml", projectText("a", "b = { path = \"../c\" }\n"), "a/src/lib.dol", "", "b/manifest.toml", projectText("b", ""), "b/src/lib.dol", "", "c/manifest.toml", projectText("c", ""), "c/src/lib.dol", ""}, "names two projects"},
		"too deep":    {[]string{"app/manifest.toml", projectText("app", ""), "app/src/" + strings.Repeat("d/", MaxSourceDepth+1) + "x.dol", ""}, "directories deep"},
	} {
		dir := t.TempDir()
		put(t, dir, c.files...)
		if _, err := sourcesOf(t, filepath.Join(dir, "app"), false); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	dir := t.TempDir()
	put(t, dir, "app/manifest.toml", projectText("app", ""), "app/src/"+strings.Repeat("d/", MaxSourceDepth)+"x.dol", "", "secret.dol", "secret")
	if got, err := sourcesOf(t, filepath.Join(dir, "app"), false); err != nil || len(got) != 1 {
		t.Errorf("at the greatest depth: %v %v", got, err)
	}
	if err := os.Symlink(filepath.Join(dir, "secret.dol"), filepath.Join(dir, "app", "src", "link.dol")); err == nil {
		if got, err := sourcesOf(t, filepath.Join(dir, "app"), false); err == nil {
			t.Errorf("a link out of the project was followed: %v", got)
		}
	}
}

// Each limit of a walk is met from both sides.
func TestSourceLimits(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "manifest.toml", projectText("app", ""))
	src := filepath.Join(dir, "src")
	for i := range MaxSourceFiles {
		put(t, src, fmt.Sprintf("m%d.dol", i), "")
	}
	if got, err := sourcesOf(t, dir, false); err != nil || len(got) != MaxSourceFiles {
		t.Errorf("%d files: %d %v", MaxSourceFiles, len(got), err)
	}
	put(t, src, "one_more.dol", "")
	if _, err := sourcesOf(t, dir, false); !errors.Is(err, ErrTooLarge) {
		t.Errorf("one file more: %v", err)
	}

	dir = t.TempDir()
	put(t, dir, "manifest.toml", projectText("app", ""), "src/big.dol", "")
	for size, want := range map[int64]error{MaxSourceBytes: nil, MaxSourceBytes + 1: ErrTooLarge} {
		if err := os.Truncate(filepath.Join(dir, "src", "big.dol"), size); err != nil {
			t.Fatal(err)
		}
		if _, err := sourcesOf(t, dir, false); !errors.Is(err, want) {
			t.Errorf("%d bytes: %v, want %v", size, err, want)
		}
	}

	dir = t.TempDir()
	var deps strings.Builder
	for i := range maxDeps + 1 {
		name := fmt.Sprintf("d%d", i)
		put(t, dir, name+"/manifest.toml", projectText(name, ""), name+"/src/lib.dol", "")
		if i == maxDeps {
			put(t, dir, "full/manifest.toml", projectText("full", deps.String()), "full/src/main.dol", "")
		}
		fmt.Fprintf(&deps, "%s = { path = \"../%s\" }\n", name, name)
	}
	put(t, dir, "over/manifest.toml", projectText("over", deps.String()), "over/src/main.dol", "")
	if got, err := sourcesOf(t, filepath.Join(dir, "full"), false); err != nil || len(got) != maxDeps+1 {
		t.Errorf("%d dependencies: %d %v", maxDeps, len(got), err)
	}
	if _, err := sourcesOf(t, filepath.Join(dir, "over"), false); err == nil || !strings.Contains(err.Error(), "dependencies") {
		t.Errorf("one dependency more: %v", err)
	}
}

func one(text string) []dol.Source {
	return []dol.Source{{Path: "main.dol", Text: []byte(text)}}
}

const (
	clean  = "/// One, as a number of 64 bits.\npub fun f() -> i64 { 1 }\n"
	other  = "/// Two, as a number of 64 bits.\npub fun f() -> i64 { 2 }\n"
	warned = "pub fun f() -> i64 { 3 }\n" // no docs
	broken = "pub fun f() -> i64 { \"text\" }\n"
)

// Proves: cli 9.5
func TestCompileIsAskedForWhatChanged(t *testing.T) {
	file := filepath.Join(t.TempDir(), "target", "x.wasm")
	build := func(text string, o dol.Options, version string) *Compiled {
		t.Helper()
		c, problems, err := Compile(file, one(text), o, version, false)
		if err != nil {
			t.Fatalf("%v %v", err, problems)
		}
		if b, err := os.ReadFile(file); err != nil || !bytes.Equal(b, c.Wasm) || !bytes.HasPrefix(b, []byte("\x00asm")) {
			t.Fatalf("the file is not what was built: %v", err)
		}
		return c
	}
	if c := build(clean, dol.Options{}, "1"); c.Cached {
		t.Error("a first build came from nowhere")
	}
	if c := build(clean, dol.Options{}, "1"); !c.Cached {
		t.Error("an unchanged build was made again")
	}
	for name, c := range map[string]*Compiled{
		"another source":   build(other, dol.Options{}, "1"),
		"another option":   build(other, dol.Options{NoOpt: true}, "1"),
		"another compiler": build(other, dol.Options{NoOpt: true}, "2"),
	} {
		if c.Cached {
			t.Errorf("%s: taken from the build before", name)
		}
	}
	if _, err := os.Stat(file + ".map"); err != nil {
		t.Errorf("no source map: %v", err)
	}
	build(other, dol.Options{Strip: true}, "2")
	if _, err := os.Stat(file + ".map"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the source map of another build is left: %v", err)
	}
	for range 2 {
		if c := build(warned, dol.Options{}, "2"); c.Cached {
			t.Error("a build with warnings keeps silent the second time")
		}
	}

	good := build(clean, dol.Options{}, "2")
	if err := os.WriteFile(file, good.Wasm[:len(good.Wasm)-1], 0o644); err != nil {
		t.Fatal(err)
	}
	if c := build(clean, dol.Options{}, "2"); c.Cached {
		t.Error("a damaged module was taken for a build")
	}
	c, problems, err := Compile(file, one(broken), dol.Options{}, "2", false)
	if c != nil || !problems.HasErrors() || !errors.As(err, new(diag.List)) {
		t.Errorf("an error gives %v %v %v", c, problems, err)
	}
	if b, err := os.ReadFile(file); err != nil || !bytes.Equal(b, good.Wasm) {
		t.Errorf("an error changed the good build: %v", err)
	}
}

func TestCompileCached(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	get := func(text string) []byte {
		t.Helper()
		b, _, err := CompileCached(dir, one(text), dol.Options{}, "1")
		if err != nil || !bytes.HasPrefix(b, []byte("\x00asm")) {
			t.Fatal(err)
		}
		return b
	}
	first := get(clean)
	get(other)
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 2 {
		t.Fatalf("%v %v", files, err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		b[len(b)-1] ^= 1
		if err := os.WriteFile(f, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if again := get(clean); !bytes.Equal(again, first) {
		t.Error("a damaged file was taken")
	}
	if _, problems, err := CompileCached(dir, one(broken), dol.Options{}, "1"); err == nil || !problems.HasErrors() {
		t.Errorf("an error: %v %v", problems, err)
	}
	// Where nothing can be kept, it compiles each time.
	inside := files[0]
	if b, _, err := CompileCached(filepath.Join(inside, "no", "room"), one(clean), dol.Options{}, "1"); err != nil || !bytes.Equal(b, first) {
		t.Errorf("without room: %v", err)
	}
}
