package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/univrs/vudo/internal/build"
)

// outcome is what one command line came to.
type outcome struct {
	exit        int
	stdout, err string
}

// runVudo runs a command line in a process of its own.
func runVudo(t *testing.T, dir string, args ...string) outcome {
	t.Helper()
	cmd := exec.Command(vudoBinary(t), args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "VUDO_HOME="+filepath.Join(dir, ".home"), "NO_COLOR=", "CI=")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		if _, ok := err.(*exec.ExitError); !ok {
			t.Fatal(err)
		}
	}
	return outcome{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

// workbench is a directory with what the help's examples name.
func workbench(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, b []byte) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, b := range fixtures {
		write(name+".wasm", b())
	}
	manifest := func(name, more string) []byte {
		return []byte("[spirit]\nname = \"" + name + "\"\nversion = \"0.1.0\"\n" + more + "[build]\nlang = \"wasm\"\n")
	}
	write("examples/hello-world/manifest.toml", manifest("hello-world", "[capabilities]\nrequired = [\"log\"]\n"))
	write("examples/hello-world/src/main.wasm", helloModule())
	write("examples/echo/manifest.toml", manifest("echo", ""))
	write("examples/echo/src/main.wasm", scalarModule())
	write("counter/manifest.toml", manifest("counter", "[capabilities]\nrequired = [\"storage.read\", \"storage.write\"]\n"))
	write("counter/src/main.wasm", counterModule())
	if _, err := build.New(filepath.Join(dir, "examples", "greeter"), "greeter", "hello-world", "", false); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Proves: cli 9.29
func TestEveryExampleOfTheHelpWorks(t *testing.T) {
	dir := workbench(t)
	runVudo(t, dir, "run", "-q", "counter", "increment")
	table := commands()
	for i := range table {
		row := &table[i]
		if len(row.examples) == 0 {
			t.Errorf("vudo %s has no example", row.name)
		}
		help := runVudo(t, dir, append(strings.Fields(row.name), "--help")...)
		if help.exit != 0 {
			t.Errorf("vudo %s --help: exit %d", row.name, help.exit)
		}
		for _, e := range row.examples {
			if !strings.Contains(help.stdout, e.line) {
				t.Errorf("the help of %s does not show %q", row.name, e.line)
			}
			words := strings.Fields(e.line)
			if got := runVudo(t, dir, words[1:]...); got.exit != 0 || words[0] != "vudo" {
				// The example of storage get names a key that this counter calls "n".
				if row.name == "storage get" && strings.Contains(got.err, `no key "count"`) {
					continue
				}
				t.Errorf("%s: exit %d\n%s", e.line, got.exit, got.err)
			}
		}
		if row.name == "storage erase" {
			runVudo(t, dir, "run", "-q", "counter", "increment")
		}
	}
}

// Proves: cli 9.29
func TestHelpManualAndCompletionsListTheSameFlags(t *testing.T) {
	dir := t.TempDir()
	table := commands()
	for i := range table {
		row := &table[i]
		help := runVudo(t, dir, append(strings.Fields(row.name), "--help")...).stdout
		manual := strings.ReplaceAll(manualPage(row), `\-`, "-")
		completed := runVudo(t, dir, append(append([]string{"__complete"}, strings.Fields(row.name)...), "--")...).stdout
		var offered []string
		for _, line := range strings.Split(completed, "\n") {
			if strings.HasPrefix(line, "--") {
				word, _, _ := strings.Cut(line, "\t")
				offered = append(offered, strings.TrimSuffix(word, "="))
			}
		}
		var want []string
		for _, f := range append(append([]flagSpec{}, row.flags...), globalFlags...) {
			want = append(want, "--"+f.name)
			if !strings.Contains(help, "--"+f.name) || !strings.Contains(manual, "--"+f.name) {
				t.Errorf("%s: --%s is missing from help or manual", row.name, f.name)
			}
		}
		slices.Sort(want)
		slices.Sort(offered)
		offered = slices.Compact(offered)
		if !slices.Equal(want, offered) {
			t.Errorf("%s: the completion offers %v, the table has %v", row.name, offered, want)
		}
	}
}

// failures has, for each command, lines that fail in each way of its row.
var failures = map[string][]struct {
	line string
	exit int
	code string
}{
	"run": {
		{"run", 6, "not-found"},
		{"run wrong.dol", 1, "compile"},
		{"run examples/greeter --no-build", 6, "not-found"},
		{"run x.wasm --nosuch", 2, "usage"},
		{"run absent.wasm", 6, "not-found"},
		{"run truncated.wasm", 1, "invalid-module"},
		{"run unlinked.wasm one", 1, "unlinked"},
		{"run scalars.wasm nosuch", 6, "no-export"},
		{"run scalars.wasm add 1", 2, "arguments"},
		{"run hello.wasm --fuel 0", 2, "invalid-limit"},
		{"run faults.wasm trap", 1, "trap"},
		{"run faults.wasm refuse", 1, "app-error"},
		{"run faults.wasm spin --fuel 1000", 4, "out-of-fuel"},
		{"run faults.wasm spin --timeout 20ms", 4, "deadline"},
		{"run bigmemory.wasm one", 4, "memory-limit"},
		{"run bigtable.wasm one", 4, "table-limit"},
		{"run faults.wasm recurse 1", 4, "stack-limit"},
		{"run hello.wasm greet abc --limit max_input_bytes=1", 4, "input-limit"},
		{"run counter.wasm get", 3, "consent"},
		{"run counter get --deny storage.read", 3, "denied"},
		{"run dice.wasm roll --deny random", 3, "denied"},
		{"run hello.wasm --receipt hello.wasm", 1, "exists"},
		{"run spirit.spirit", 1, "unsupported"},
		{"run nomanifest", 1, "manifest"},
		{"run hello.wasm --receipt absent/r.json", 6, "not-found"},
	},
	"new": {
		{"new", 2, "usage"},
		{"new ../x", 2, "usage"},
		{"new con", 2, "usage"},
		{"new x --template nosuch", 2, "usage"},
		{"new x --lib --template echo", 2, "usage"},
		{"new x --lang cobol", 1, "unsupported"},
		{"new examples", 1, "exists"},
	},
	"check": {
		{"check", 6, "not-found"},
		{"check absent.dol", 6, "not-found"},
		{"check wrong.dol", 1, "compile"},
		{"check wrong.dol --deny nosuch", 2, "usage"},
		{"check --explain nosuch", 2, "usage"},
		{"check nomanifest", 1, "manifest"},
		{"check counter", 1, "unsupported"},
	},
	"fmt": {
		{"fmt absent.dol", 6, "not-found"},
		{"fmt wrong.dol", 1, "compile"},
		{"fmt --check crooked.dol", 1, "unformatted"},
		{"fmt --stdin wrong.dol", 2, "usage"},
	},
	"build": {
		{"build", 6, "not-found"},
		{"build absent.dol", 6, "not-found"},
		{"build wrong.dol", 1, "compile"},
		{"build crooked.dol --emit nosuch", 2, "usage"},
		{"build crooked.dol --opt 3", 2, "usage"},
		{"build crooked.dol --target native", 1, "unsupported"},
		{"build crooked.dol -o crooked.dol", 1, "exists"},
		{"build counter", 1, "unsupported"},
	},
	"test": {
		{"test", 6, "not-found"},
		{"test absent.dol", 6, "not-found"},
		{"test wrong.dol", 1, "compile"},
		{"test crooked.dol --run (", 2, "usage"},
		{"test crooked.dol --cases -1", 2, "usage"},
		{"test crooked.dol --junit crooked.dol", 1, "exists"},
		{"test failing.dol", 1, "test-failed"},
		{"test nomanifest", 1, "manifest"},
	},
	"doc": {
		{"doc", 6, "not-found"},
		{"doc absent.dol", 6, "not-found"},
		{"doc wrong.dol", 1, "compile"},
		{"doc crooked.dol --format pdf", 2, "usage"},
		{"doc counter", 1, "unsupported"},
	},
	"inspect":        {{"inspect", 2, "usage"}, {"inspect absent.wasm", 6, "not-found"}, {"inspect truncated.wasm", 1, "invalid-module"}, {"inspect .", 6, "not-found"}},
	"doctor":         {{"doctor extra", 2, "usage"}, {"doctor --home hello.wasm", 1, "doctor"}, {"doctor --config --home badhome", 2, "config"}},
	"version":        {{"version extra", 2, "usage"}},
	"completion":     {{"completion", 2, "usage"}, {"completion nosuch", 2, "usage"}, {"completion man --dir hello.wasm", 1, "io"}},
	"cache list":     {{"cache list extra", 2, "usage"}, {"cache list --home badhome", 2, "config"}},
	"cache clean":    {{"cache clean extra", 2, "usage"}},
	"storage list":   {{"storage list extra", 2, "usage"}, {"storage list --home badstore", 1, "io"}},
	"storage get":    {{"storage get counter", 2, "usage"}, {"storage get nosuch k", 6, "not-found"}, {"storage get counter k --key-b64", 2, "usage"}},
	"storage export": {{"storage export", 2, "usage"}, {"storage export nosuch", 6, "not-found"}},
	"storage erase":  {{"storage erase", 2, "usage"}, {"storage erase nosuch", 6, "not-found"}},
	"help":           {{"help nosuch", 2, "usage"}},
	"":               {{"nosuch", 2, "usage"}, {"", 2, "usage"}, {"cache", 2, "usage"}, {"--nosuch", 2, "usage"}, {"-q -v version", 2, "usage"}},
}

// badHomes are a home with a broken config and one with a broken store.
func badHomes(t *testing.T, dir string) {
	t.Helper()
	for name, text := range map[string]string{
		"badhome/config.toml": "nosuch = 1\n", "badstore/storage/storage.db": "this is no database, but it is long enough to look like one",
		"wrong.dol": "pub fun f() -> i64 { \"text\"\n", "crooked.dol": "pub fun f()->i64{1}\n", "failing.dol": "#[test]\nfun fails() { assert(false) }\n",
		"spirit.spirit": "PK", "nomanifest/manifest.toml": "[spirit]\n",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// Proves: cli 9.26, cli 9.27
func TestEveryFailureIsTwoLinesOrOneDocument(t *testing.T) {
	dir := workbench(t)
	badHomes(t, dir)
	seen := map[string]int{}
	for command, lines := range failures {
		if command != "" && find(commands(), command) == nil {
			t.Errorf("no command %q", command)
		}
		for _, c := range lines {
			plain := runVudo(t, dir, strings.Fields(c.line)...)
			if plain.exit != c.exit || !strings.Contains(plain.err, "vudo: error["+c.code+"]: ") || !strings.Contains(plain.err, "\nvudo: hint: ") {
				t.Errorf("vudo %s: exit %d, want %d [%s]\n%s", c.line, plain.exit, c.exit, c.code, plain.err)
			}
			if strings.Contains(plain.err, "goroutine ") {
				t.Errorf("vudo %s: a stack trace\n%s", c.line, plain.err)
			}
			report := command == "doctor" || c.code == "test-failed" || c.code == "unformatted" // what failed is the result
			if c.exit != 2 && !report && plain.stdout != "" {
				t.Errorf("vudo %s: a failure wrote %q to stdout", c.line, plain.stdout)
			}
			got := runVudo(t, dir, append(strings.Fields(c.line), "--json")...)
			var doc document
			dec := json.NewDecoder(strings.NewReader(got.stdout))
			if err := dec.Decode(&doc); err != nil || dec.More() {
				t.Errorf("vudo %s --json: %v\n%s", c.line, err, got.stdout)
				continue
			}
			if doc.OK || doc.Error == nil || doc.Error.Code != c.code || doc.Error.Exit != got.exit || got.exit != c.exit || doc.Error.Hint == "" || doc.Warnings == nil {
				t.Errorf("vudo %s --json: exit %d\n%s", c.line, got.exit, got.stdout)
			}
			seen[c.code] = c.exit
		}
	}
	for i, row := range commands() {
		if len(failures[row.name]) == 0 && row.name != "cache clean" {
			t.Errorf("row %d, vudo %s: no failing line", i, row.name)
		}
	}
	exits := map[int]bool{}
	for _, exit := range seen {
		exits[exit] = true
	}
	for _, exit := range []int{1, 2, 3, 4, 6} {
		if !exits[exit] {
			t.Errorf("no line exits %d", exit)
		}
	}
	for _, code := range Codes() {
		// interrupted needs a signal and internal a fault: they have tests of their own.
		if _, ok := seen[code.Name]; !ok && code.Name != "interrupted" && code.Name != "internal" {
			t.Errorf("no line produces the code %s", code.Name)
		} else if ok && seen[code.Name] != code.Exit {
			t.Errorf("%s exits %d, the table says %d", code.Name, seen[code.Name], code.Exit)
		}
	}
}

// Proves: cli 9.26, cli 9.28
func TestEverySuccessIsOneDocument(t *testing.T) {
	dir := workbench(t)
	runVudo(t, dir, "run", "-q", "counter", "increment")
	for _, line := range []string{
		"run hello.wasm greet Ada", "run scalars.wasm add 1 2", "run command.wasm word", "run counter increment", "inspect hello.wasm",
		"doctor", "doctor --config", "version", "completion zsh", "completion man --dir m", "cache list", "storage list", "storage get counter n",
		"storage export counter", "storage export counter -o x", "storage erase counter --yes", "cache clean", "help", "run --help", "--version",
	} {
		got := runVudo(t, dir, append(strings.Fields(line), "--json")...)
		var doc document
		dec := json.NewDecoder(strings.NewReader(got.stdout))
		if err := dec.Decode(&doc); err != nil || dec.More() || !doc.OK || doc.Data == nil || got.exit != 0 {
			t.Errorf("vudo %s --json: exit %d, %v\n%s", line, got.exit, err, got.stdout)
		}
		if got.err != "" {
			t.Errorf("vudo %s --json wrote to stderr: %s", line, got.err)
		}
	}
	for _, line := range []string{"run hello.wasm greet Ada", "inspect hello.wasm", "version", "cache list", "storage list"} {
		plain := runVudo(t, dir, strings.Fields(line)...)
		quiet := runVudo(t, dir, append(strings.Fields(line), "-q")...)
		loud := runVudo(t, dir, append(strings.Fields(line), "-v")...)
		if quiet.err != "" || quiet.stdout != plain.stdout {
			t.Errorf("vudo %s -q: %q, %q", line, quiet.stdout, quiet.err)
		}
		if loud.stdout != plain.stdout || len(loud.err) < len(plain.err) {
			t.Errorf("vudo %s -v: %q, %q", line, loud.stdout, loud.err)
		}
	}
}

// A fault of vudo itself is one line with a hint, never a stack trace.
func TestAPanicIsAnInternalError(t *testing.T) {
	var out, errs bytes.Buffer
	s := &session{out: newTerminal(&out), err: newTerminal(&errs), getenv: func(string) string { return "" }, flags: map[string]*flagValue{}}
	code := s.guard(func() int { panic("a bug\nwith two lines") })
	if code != 1 || errs.String() != "vudo: error[internal]: internal error: a bug; with two lines\nvudo: hint: this is a fault of vudo: report it with the command line; VUDO_DEBUG=1 adds the details\n" {
		t.Errorf("exit %d:\n%s", code, errs.String())
	}
}
