package realworld

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// goPackages are the packages whose own tests run: files, text, numbers, time.
var goPackages = []string{
	"os", "io", "io/fs", "strings", "sort", "encoding/json", "math", "regexp", "time", "bufio", "bytes", "path/filepath",
}

// goSample and goCommandSample are what runs without VUDO_LONG, when it has been
// built before: in this process, and by the command.
var goSample, goCommandSample = []string{"path/filepath"}, []string{"io"}

// goTest gives the module of a package's tests, which it builds when asked for
// the long run; otherwise one built earlier, or a skip.
func goTest(t *testing.T, goroot, pkg string) string {
	t.Helper()
	name := strings.ReplaceAll(pkg, "/", "_") + ".test.wasm"
	if !long() {
		return artefact(t, "lang-gostd", "build", "lang", "gostd", name)
	}
	out, err := filepath.Abs(filepath.Join(root, "build", "lang", "gostd", name))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(goroot, "bin", "go"), "test", "-c", "-o", out, pkg)
	cmd.Dir = filepath.Join(goroot, "src")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=", "GOWORK=off", "GOROOT="+goroot)
	if b, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go test -c %s: %v\n%s", pkg, err, b)
	}
	return out
}

var (
	verdictLine = regexp.MustCompile(`(?m)^\s*--- (PASS|FAIL|SKIP): (\S+)`)
	summaryLine = regexp.MustCompile(`(?m)^(PASS|FAIL)$`)
)

// verdicts lists "NAME PASS" for every test and subtest, sorted, since parallel
// ones end in any order.
func verdicts(o outcome) []string {
	var list []string
	for _, m := range verdictLine.FindAllStringSubmatch(o.stdout, -1) {
		list = append(list, m[2]+" "+m[1])
	}
	slices.Sort(list)
	if m := summaryLine.FindString(o.stdout); m != "" {
		list = append(list, "= "+m)
	}
	return list
}

// goProgram is the run that Go's own runner for WASI engines would make, with
// two directories in place of the whole file system.
func goProgram(t *testing.T, goroot, pkg, file string) program {
	tmp := t.TempDir()
	return program{
		file: file,
		args: []string{"-test.v", "-test.short", "-test.timeout=20m"},
		env: [][2]string{
			{"PWD", filepath.Join(goroot, "src", pkg)}, {"GOROOT", goroot}, {"TMPDIR", "/tmp"}, {"HOME", "/tmp"},
		},
		dirs: []dir{{host: goroot, guest: goroot, readOnly: true}, {host: tmp, guest: "/tmp"}},
	}
}

func goroot(t *testing.T) string {
	t.Helper()
	b, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatalf("go env GOROOT: %v", err)
	}
	return strings.TrimSpace(string(b))
}

// The Go standard library's own tests pass under VUDO where they pass on the
// bare engine, and nowhere else.
func TestGoStandardLibrary(t *testing.T) {
	packages := goSample
	if long() {
		packages = goPackages
	}
	g := goroot(t)
	for _, pkg := range packages {
		t.Run(pkg, func(t *testing.T) {
			file := goTest(t, g, pkg)
			plain := runPlain(t, goProgram(t, g, pkg, file))
			ours := runVudo(t, goProgram(t, g, pkg, file), nil)
			compareVerdicts(t, plain, ours)
			if plain.exit != ours.exit {
				t.Errorf("exit %d on the plain engine, %d under VUDO", plain.exit, ours.exit)
			}
		})
	}
}

// compareVerdicts fails unless the same tests passed, failed and were skipped.
func compareVerdicts(t *testing.T, plain, ours outcome) {
	t.Helper()
	if plain.err != nil || ours.err != nil {
		t.Fatalf("plain engine: %v; VUDO: %v\n%s", plain.err, ours.err, tail(ours.stdout+ours.stderr))
	}
	a, b := verdicts(plain), verdicts(ours)
	passed, failed := 0, 0
	for _, v := range b {
		switch {
		case strings.HasPrefix(v, "="):
		case strings.HasSuffix(v, " PASS"):
			passed++
		case strings.HasSuffix(v, " FAIL"):
			failed++
		}
	}
	if !slices.Equal(a, b) {
		t.Errorf("only on the plain engine: %v\nonly under VUDO: %v\n%s", without(a, b), without(b, a), tail(ours.stdout+ours.stderr))
	}
	if passed == 0 {
		t.Errorf("no test passed\n%s", tail(ours.stdout+ours.stderr))
	}
	t.Logf("%d passed, %d failed, %d others, the same on both; %d fuel", passed, failed, len(b)-1-passed-failed, ours.fuel)
}

// without lists what of a is not in b.
func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}

// tail is the end of a long text.
func tail(s string) string { return s[max(0, len(s)-3000):] }
