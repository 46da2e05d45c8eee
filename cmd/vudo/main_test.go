package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// The command is one file of at most 60 MB that starts in 60 ms; a test cannot
// hold a machine to the second, so it fails at twenty times that.
func TestTheCommandIsSmallAndStartsAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vudo")
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	build := exec.Command("go", "build", "-trimpath", "-o", path, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	st, err := os.Stat(path)
	if err != nil || st.Size() > 60_000_000 {
		t.Errorf("%d bytes, %v", st.Size(), err)
	}
	best := time.Hour
	for range 5 {
		began := time.Now()
		out, err := exec.Command(path, "--help").Output()
		best = min(best, time.Since(began))
		if err != nil || !strings.Contains(string(out), "Usage:") {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	t.Logf("%d bytes, starts in %v", st.Size(), best)
	if best > 20*60*time.Millisecond {
		t.Errorf("starts in %v", best)
	}
	// What the linker recorded is what version shows.
	out, err := exec.Command(path, "version").Output()
	if err != nil || !strings.Contains(string(out), "engine       wazero v") {
		t.Errorf("%v\n%s", err, out)
	}
}
