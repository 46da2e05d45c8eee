//go:build unix

package cli

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Ctrl-C ends a test that does not end by itself, and the command.
//
// Proves: cli 9.15
func TestTestsCanBeInterrupted(t *testing.T) {
	dir := t.TempDir()
	source := "module m\n#[test]\nfun a_quick_one() { }\n#[test]\nfun endless() {\n  var n = 0\n  loop { n += 1 }\n}\n"
	if err := os.WriteFile(filepath.Join(dir, "m.dol"), []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(vudoBinary(t), "test", "m.dol", "--fuel", "1000000000000000", "--timeout", "1h")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "VUDO_HOME="+filepath.Join(dir, ".home"))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// The second test begins when the first one has been shown.
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.Contains(line, "a_quick_one") {
		t.Errorf("got %q, %v", line, err)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Error(err)
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitInterrupted || !strings.Contains(errs.String(), "error[interrupted]") {
		t.Errorf("exit %d\n%s", code, errs.String())
	}
}
