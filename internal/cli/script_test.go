package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/gowebpki/jcs"
	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	// A test that uses the engine in this process starts the test binary again
	// as its compile worker.
	if code, ok := workerMain(os.Args[1:]); ok {
		os.Exit(code)
	}
	testscript.Main(m, map[string]func(){
		"vudo": func() { os.Exit(Main(os.Args[1:])) },
	})
}

// vudoBinary is the command that testscript put into PATH: this test binary
// under the name vudo.
func vudoBinary(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("vudo")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// TestScripts runs testdata/script/*.txtar. Beside testscript's own commands
// there are
//
//	module NAME FILE        writes the named module of fixtures_test.go
//	project NAME DIR        writes a project around it
//	exits CODE COMMAND...   runs a command and checks its exit code
//	json [FIELD WANT]...    checks that stdout is one JSON document with these fields
//	hexfile FILE HEX        writes bytes
//	text TEXT               checks that stdout is exactly TEXT (\\n = newline)
//	receipt FILE            checks the form and the digest of a receipt file
//	spoil DIR               overwrites the middle of every file below DIR
//
// Proves: cli 9.7, cli 9.8, cli 9.10, cli 9.11, cli 9.12, cli 9.13, cli 9.14
// Proves: cli 9.15, cli 9.49, cli 9.50, cli 9.51
// Proves: cli 9.26, cli 9.28, cli 9.29, cli 9.30, cli 9.32, cli 9.37, cli 9.41, cli 9.45
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("VUDO_HOME", filepath.Join(env.WorkDir, ".home"))
			env.Setenv("HOME", env.WorkDir)
			examples, err := filepath.Abs(filepath.Join("..", "..", "examples"))
			if err != nil {
				return err
			}
			env.Setenv("EXAMPLES", examples)
			env.Setenv("NO_COLOR", "")
			env.Setenv("CI", "")
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"module":  scriptModule,
			"project": scriptProject,
			"exits":   scriptExits,
			"json":    scriptJSON,
			"hexfile": scriptHexFile,
			"text":    scriptText,
			"receipt": scriptReceipt,
			"spoil":   scriptSpoil,
		},
	})
}

func scriptModule(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: module NAME FILE")
	}
	b, ok := fixture(args[0])
	if !ok {
		ts.Fatalf("no fixture %s", args[0])
	}
	path := ts.MkAbs(args[1])
	ts.Check(os.MkdirAll(filepath.Dir(path), 0o755))
	ts.Check(os.WriteFile(path, b, 0o644))
}

func scriptProject(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: project NAME DIR [MANIFEST-LINE]...")
	}
	b, ok := fixture(args[0])
	if !ok {
		ts.Fatalf("no fixture %s", args[0])
	}
	dir := ts.MkAbs(args[1])
	ts.Check(os.MkdirAll(filepath.Join(dir, "src"), 0o755))
	ts.Check(os.WriteFile(filepath.Join(dir, "src", "main.wasm"), b, 0o644))
	manifest := "[spirit]\nname = \"" + filepath.Base(dir) + "\"\nversion = \"0.1.0\"\n[build]\nlang = \"wasm\"\n" + strings.Join(args[2:], "\n") + "\n"
	ts.Check(os.WriteFile(filepath.Join(dir, "manifest.toml"), []byte(manifest), 0o644))
}

func scriptExits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	code := 0
	if exit, ok := err.(*exec.ExitError); ok {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if code != want {
		ts.Fatalf("%s: exit code %d, want %d\n%s", strings.Join(args[1:], " "), code, want, ts.ReadFile("stderr"))
	}
}

// scriptJSON checks stdout; fields are dotted paths such as error.code. With
// no argument it checks only that there is exactly one document.
func scriptJSON(ts *testscript.TestScript, neg bool, args []string) {
	if len(args)%2 != 0 {
		ts.Fatalf("usage: json [FIELD WANT]...")
	}
	dec := json.NewDecoder(strings.NewReader(ts.ReadFile("stdout")))
	dec.UseNumber()
	var doc map[string]any
	if err := dec.Decode(&doc); err != nil {
		ts.Fatalf("stdout is no JSON document: %v", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		ts.Fatalf("stdout holds more than one document")
	}
	if _, ok := doc["warnings"].([]any); !ok || !strings.HasPrefix(doc["schema"].(string), "vudo.") {
		ts.Fatalf("not an envelope: %v", doc)
	}
	for i := 0; i < len(args); i += 2 {
		got := lookUp(doc, strings.Split(args[i], "."))
		if text, ok := got.(string); ok {
			if (text == args[i+1]) == neg {
				ts.Fatalf("%s is %q", args[i], text)
			}
			continue
		}
		b, _ := json.Marshal(got)
		if (string(b) == args[i+1]) == neg {
			ts.Fatalf("%s is %s", args[i], b)
		}
	}
}

func lookUp(v any, path []string) any {
	for _, key := range path {
		switch x := v.(type) {
		case map[string]any:
			v = x[key]
		case []any:
			n, err := strconv.Atoi(key)
			if err != nil || n >= len(x) {
				return nil
			}
			v = x[n]
		default:
			return nil
		}
	}
	return v
}

func scriptHexFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: hexfile FILE HEX")
	}
	b, err := hex.DecodeString(args[1])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o644))
}

func scriptReceipt(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: receipt FILE")
	}
	body, digest, ok := strings.Cut(strings.TrimSuffix(ts.ReadFile(args[0]), "\n"), "\n")
	if !ok || digest != fmt.Sprintf("%x", sha256.Sum256([]byte(body))) {
		ts.Fatalf("%s: the digest does not follow from the first line", args[0])
	}
	canonical, err := jcs.Transform([]byte(body))
	ts.Check(err)
	if string(canonical) != body {
		ts.Fatalf("%s is not canonical", args[0])
	}
}

func scriptSpoil(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: spoil DIR")
	}
	spoiled := 0
	ts.Check(filepath.WalkDir(ts.MkAbs(args[0]), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for i := len(b) / 3; i < len(b)*2/3; i++ {
			b[i] ^= 0x5a
		}
		spoiled++
		return os.WriteFile(path, b, 0o600)
	}))
	if spoiled == 0 {
		ts.Fatalf("no file below %s", args[0])
	}
}

func scriptText(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: text TEXT")
	}
	if got := ts.ReadFile("stdout"); got != strings.ReplaceAll(args[0], `\n`, "\n") {
		ts.Fatalf("stdout is %q", got)
	}
}
