package realworld

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

// runCommand runs a program by `vudo run`, with every right as a flag. Standard
// error is the command's own and is only kept for messages.
func runCommand(t *testing.T, vudo, home string, p program) outcome {
	t.Helper()
	receipt := filepath.Join(t.TempDir(), "receipt.json")
	args := []string{
		"run", "--home", home, "--no-input", "--receipt", receipt, "--preset", "testing", "--timeout", "1h", "--fuel", strconv.Itoa(1 << 60),
		"--grant", "time", "--grant", "random", "--grant", "storage",
	}
	for _, kv := range p.env {
		args = append(args, "--env", kv[0]+"="+kv[1], "--grant", "env:"+kv[0])
	}
	for _, d := range p.dirs {
		mapping := d.host + ":" + d.guest
		if d.readOnly {
			mapping += ":ro"
		}
		args = append(args, "--dir", mapping)
	}
	args = append(append(args, p.file, "_start", "--"), p.args...)
	var out outcome
	for range compileTries {
		var stdout, stderr bytes.Buffer
		cmd := exec.Command(vudo, args...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader([]byte(p.stdin)), &stdout, &stderr
		err := cmd.Run()
		out = outcome{stdout: stdout.String(), stderr: stderr.String(), err: err}
		if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
			out.exit, out.err = exit.ExitCode(), nil
		}
		if !bytes.Contains(stderr.Bytes(), []byte("Compile limit")) {
			break
		}
	}
	if _, err := os.Stat(receipt); err != nil {
		t.Fatalf("no receipt: exit %d, %v\n%s", out.exit, out.err, out.stderr)
	}
	// The file is the canonical receipt, a newline, and a checksum line.
	line, _, _ := bytes.Cut(read(t, receipt), []byte("\n"))
	var fields struct {
		Fuel string `json:"fuel_used"`
	}
	if err := json.Unmarshal(line, &fields); err != nil {
		t.Fatalf("receipt: %v\n%s", err, out.stderr)
	}
	n, err := strconv.ParseInt(fields.Fuel, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	out.fuel = n
	return out
}

// What `vudo run` prints is what the bare engine prints. An application error
// is exit status 1, whatever number the program gave.
func TestThroughTheCommand(t *testing.T) {
	vudo, home := host.command, t.TempDir()
	list := commands(t)
	names := []string{"c", "javascript arguments", "javascript throws", "sqlite error"}
	if long() {
		names = slices.Sorted(maps.Keys(list))
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			p := list[name](t)
			plain := runPlain(t, p)
			first := runCommand(t, vudo, home, p)
			if first.stdout != plain.stdout || min(plain.exit, 1) != first.exit || first.err != nil {
				t.Errorf("exit %d, %v%s\n%s", first.exit, first.err, firstDifference(plain.stdout, first.stdout), first.stderr)
			}
			// Go's start code takes random numbers, and what they decide costs fuel.
			if second := runCommand(t, vudo, home, p); second.fuel != first.fuel && name != "go" {
				t.Errorf("fuel %d, then %d from the cache", first.fuel, second.fuel)
			}
		})
	}
}

// The Go standard library's own tests, once more by `vudo run`.
func TestGoStandardLibraryThroughTheCommand(t *testing.T) {
	packages := goCommandSample
	if long() {
		packages = goPackages
	}
	vudo, home, g := host.command, t.TempDir(), goroot(t)
	for _, pkg := range packages {
		t.Run(pkg, func(t *testing.T) {
			file := goTest(t, g, pkg)
			plain := runPlain(t, goProgram(t, g, pkg, file))
			ours := runCommand(t, vudo, home, goProgram(t, g, pkg, file))
			compareVerdicts(t, plain, ours)
			if min(plain.exit, 1) != ours.exit {
				t.Errorf("exit %d on the plain engine, %d by vudo run\n%s", plain.exit, ours.exit, tail(ours.stderr))
			}
		})
	}
}
