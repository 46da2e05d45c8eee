package cli

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// tree lists every file below dir with its size and content's first bytes.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	if err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		if d.IsDir() {
			files[rel] = "directory"
			return nil
		}
		b, err := os.ReadFile(path)
		files[rel] = string(b)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return files
}

// Proves: cli 9.33, cli 9.44
func TestNothingIsWrittenOutsideHomeAndNamedFiles(t *testing.T) {
	dir := filepath.Join(workbench(t), "Grüße ordner")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	bench := filepath.Dir(dir)
	// Whoever writes to the usual places without being told to is found there.
	for _, variable := range []string{"HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"} {
		place := filepath.Join(bench, "usual", variable)
		if err := os.MkdirAll(place, 0o755); err != nil {
			t.Fatal(err)
		}
		t.Setenv(variable, place)
	}
	before := tree(t, bench)
	lines := []string{
		"run ../hello.wasm greet Ada", "run ../counter increment", "run ../examples/hello-world", "run ../faults.wasm trap", "run ../command.wasm x",
		"inspect ../hello.wasm", "doctor", "doctor --fix", "doctor --config", "version", "completion bash", "cache list", "storage list",
		"storage get counter n", "storage export counter", "storage erase counter --yes", "cache clean", "help",
	}
	for _, line := range lines {
		runVudo(t, dir, append(strings.Fields(line), "--home", ".state")...)
	}
	after := tree(t, bench)
	for path, content := range after {
		if before[path] != content && !strings.HasPrefix(path, filepath.Join("Grüße ordner", ".state")) {
			t.Errorf("%s was written", path)
		}
	}
	if _, ok := after[filepath.Join("Grüße ordner", ".state", "cache")]; !ok {
		t.Error("--home had no effect")
	}
	// A project that cannot be written runs all the same.
	project := filepath.Join(bench, "examples", "hello-world")
	for _, path := range []string{filepath.Join(project, "src"), project} {
		if err := os.Chmod(path, 0o555); err != nil {
			t.Fatal(err)
		}
		defer os.Chmod(path, 0o755)
	}
	if got := runVudo(t, dir, "run", "-q", project, "greet", "Ada"); got.exit != 0 || got.stdout != "Hello, Ada!" {
		t.Errorf("a read-only project: exit %d, %s", got.exit, got.err)
	}
}

// Proves: cli 9.34
func TestKilledWritersLeaveOldOrNew(t *testing.T) {
	dir := workbench(t)
	runVudo(t, dir, "run", "-q", "counter", "increment")
	old := []byte("the file that was there before\n")
	path := filepath.Join(dir, "out.txt")
	whole := runVudo(t, dir, "run", "-q", "hello.wasm", "greet", "Ada").stdout
	if err := os.WriteFile(path, old, 0o644); err != nil {
		t.Fatal(err)
	}
	rounds := 60
	if testing.Short() {
		rounds = 10
	}
	for i := range rounds {
		cmd := exec.Command(vudoBinary(t), "run", "-q", "hello.wasm", "greet", "Ada", "--output", "out.txt", "--force")
		count := exec.Command(vudoBinary(t), "run", "-q", "counter", "increment")
		for _, c := range []*exec.Cmd{cmd, count} {
			c.Dir, c.Env = dir, append(os.Environ(), "VUDO_HOME="+filepath.Join(dir, ".home"))
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
		}
		// The moment of the kill walks through the run; where it falls decides
		// nothing about the verdict.
		timer := time.NewTimer(time.Duration(i) * 500 * time.Microsecond)
		<-timer.C
		cmd.Process.Kill()
		count.Process.Kill()
		cmd.Wait()
		count.Wait()
		got, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(got, old) && string(got) != whole {
			t.Fatalf("round %d: the file holds %q, %v", i, got, err)
		}
	}
	if got := runVudo(t, dir, "run", "-q", "counter", "get"); got.exit != 0 {
		t.Errorf("after the kills: exit %d, %s", got.exit, got.err)
	}
	if got := runVudo(t, dir, "run", "-q", "hello.wasm", "greet", "Ada"); got.stdout != whole {
		t.Errorf("after the kills: %q, %s", got.stdout, got.err)
	}
}

// Proves: cli 9.35
func TestEightProcessesOnOneHome(t *testing.T) {
	dir := workbench(t)
	mixes := [][]string{
		{"run", "-q", "counter", "increment"},
		{"run", "-q", "hello.wasm", "greet", "Ada"},
		{"cache", "list"},
		{"storage", "list"},
		{"run", "-q", "examples/echo", "add", "1", "2"},
		{"cache", "clean"},
		{"doctor", "--config"},
		{"run", "-q", "command.wasm", "x"},
	}
	var wg sync.WaitGroup
	results := make([][]outcome, 8)
	for p := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range 6 {
				results[p] = append(results[p], runVudo(t, dir, mixes[(p+i)%len(mixes)]...))
			}
		}()
	}
	wg.Wait()
	for p, list := range results {
		for i, r := range list {
			// Two increments may meet; the loser says so and changes nothing.
			if r.exit != 0 && !strings.Contains(r.err, "error[conflict]") {
				t.Errorf("process %d: vudo %v: exit %d\n%s", p, mixes[(p+i)%len(mixes)], r.exit, r.err)
			}
		}
	}
	increments := 0
	for p, list := range results {
		for i, r := range list {
			if (p+i)%len(mixes) == 0 && r.exit == 0 {
				increments++
			}
		}
	}
	if final := strings.TrimSpace(runVudo(t, dir, "run", "-q", "counter", "get").stdout); final != strconv.Itoa(increments) || increments == 0 {
		t.Errorf("the count is %s after %d increments", final, increments)
	}
}

// Two runs write the same key; the first commit wins and the other one says so.
//
// Proves: cli 9.27
func TestTheSecondWriterMeetsAConflict(t *testing.T) {
	dir := workbench(t)
	cmd := exec.Command(vudoBinary(t), "run", "gated.wasm", "--grant", "storage", "--timeout", "1h")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "VUDO_HOME="+filepath.Join(dir, ".home"))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	errs, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(errs)
	for lines.Scan() && !strings.Contains(lines.Text(), "ready") {
	}
	other := exec.Command(vudoBinary(t), "run", "-q", "gated.wasm", "--grant", "storage", "--input", "hello.wasm")
	other.Dir, other.Env = cmd.Dir, cmd.Env
	if out, err := other.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	in.Write([]byte("go"))
	in.Close()
	var rest strings.Builder
	for lines.Scan() {
		rest.WriteString(lines.Text() + "\n")
	}
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(rest.String(), "error[conflict]: Storage conflict") || !strings.Contains(rest.String(), "conflict ") {
		t.Errorf("exit %d:\n%s", code, rest.String())
	}
}
