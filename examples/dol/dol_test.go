// Package dol_test checks, lays out, tests, builds and runs each DOL example
// with the command, as a reader of its README would.
package dol_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

var dir string // of the command, for the whole run

func TestMain(m *testing.M) {
	var err error
	if dir, err = os.MkdirTemp("", "vudo-examples-"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

var binary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(dir, "vudo")
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	out, err := exec.Command("go", "build", "-o", path, "../../cmd/vudo").CombinedOutput()
	if err != nil {
		return "", errors.New(string(out))
	}
	return path, nil
})

// command runs the command with a home of its own and returns what it printed. Any
// exit but 0 fails the test.
func command(t *testing.T, home, stdin string, args ...string) string {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	c := exec.Command(path, append([]string{"--home", home, "--yes"}, args...)...)
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader(stdin), &out, &errs
	if err := c.Run(); err != nil {
		t.Fatalf("vudo %s: %v\n%s%s", strings.Join(args, " "), err, errs.String(), out.String())
	}
	return out.String()
}

// runs are calls of exports and what they print.
var runs = map[string][]struct {
	stdin string
	args  []string
	want  string
}{
	"hello-world": {{"", []string{"greet", "Ada"}, "Hello, Ada!"}, {"", nil, "Hello, world!"}},
	"counter":     {{"", []string{"increment"}, "1"}, {"", []string{"increment"}, "2"}, {"", []string{"reset"}, "0"}, {"", []string{"decrement"}, "-1"}},
	"echo": {
		{"\x00\xff\n", []string{"raw"}, "\x00\xff"},
		{"", []string{"text", "as you like"}, "as you like"},
		{"", []string{"add", "10", "32"}, "42"},
		{"", []string{"mirror", "añ🦡"}, "🦡ña"},
	},
	"life":       {{"", []string{"run", "glider 8 6 4"}, "........\n........\n...#....\n....#...\n..###...\n........"}},
	"eroei":      {{"", []string{"report", "wind: 100 20 100 5"}, "wind: 10.00, abundant, pays back: 1.1 years"}},
	"smallworld": {{"a b\nb c\nc a\nc d\n", nil, "nodes 4\nedges 4\nclustering 0.583\npath length 1.333\nsigma 1.750"}},
	"adventure":  {{"take lamp\ni\n", nil, "A cellar with a stair up north and a low passage east.\nThere is a lamp here.\nWays out: north, east.\n> take lamp\nTaken.\n> i\nYou carry: lamp."}},
	"markdown":   {{"# A *b*\n", nil, "<h1>A <em>b</em></h1>"}},
	"json":       {{`{"a":[1,{}]}`, nil, "{\n  \"a\": [\n    1,\n    {}\n  ]\n}"}, {`[1 2]`, nil, "byte 3: expected , or ]"}},
}

// TestExamples finds nothing to complain of in any example, not even a
// warning, and gets from each what its README shows.
func TestExamples(t *testing.T) {
	manifests, err := filepath.Glob("*/manifest.toml")
	if err != nil || len(manifests) != len(runs) {
		t.Fatalf("%d examples, %d of them with runs (%v)", len(manifests), len(runs), err)
	}
	for _, m := range manifests {
		name := filepath.Dir(m)
		t.Run(name, func(t *testing.T) {
			home := t.TempDir()
			command(t, home, "", "check", "--strict", name)
			command(t, home, "", "fmt", "--check", name)
			if out := command(t, home, "", "test", name); !strings.Contains(out, "passed, 0 failed") {
				t.Errorf("tests:\n%s", out)
			}
			// The collector at every allocation changes nothing but the fuel.
			stress := command(t, home, "", "test", name, "--gc", "stress", "--fuel", "1000000000000", "--timeout", "5m")
			if !strings.Contains(stress, "passed, 0 failed") {
				t.Errorf("tests, collecting at every allocation:\n%s", stress)
			}
			command(t, home, "", "build", name, "-o", filepath.Join(home, "out.wasm"))
			for _, r := range runs[name] {
				if got := strings.TrimRight(command(t, home, r.stdin, append([]string{"run", name}, r.args...)...), "\n"); got != r.want {
					t.Errorf("run %q printed %q, want %q", r.args, got, r.want)
				}
			}
			if b, err := os.ReadFile(filepath.Join(name, "README.md")); err != nil || !bytes.Contains(b, []byte("vudo run .")) {
				t.Errorf("README.md: %v, or no call shown", err)
			}
		})
	}
}
