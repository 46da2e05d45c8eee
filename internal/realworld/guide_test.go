package realworld

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var consoleBlock = regexp.MustCompile("(?s)```console\n(.*?)```")

// Each command of the guide to other languages prints what the guide shows.
func TestGuideToLanguages(t *testing.T) {
	for _, name := range []string{"c-reactor", "rust-reactor", "go-reactor", "assemblyscript", "go-command", "quickjs", "sqlite"} {
		example(t, name)
	}
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("no shell on this system; `make realworld` runs on one that has it")
	}
	top, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	vudo, home, scratch := host.command, t.TempDir(), t.TempDir()
	commands := 0
	for _, block := range consoleBlock.FindAllStringSubmatch(string(read(t, filepath.Join(root, "docs", "guide", "languages.md"))), -1) {
		for _, part := range strings.Split("\n"+block[1], "\n$ ")[1:] {
			line, want, _ := strings.Cut(part, "\n")
			commands++
			cmd := exec.Command("sh", "-c", `vudo() { "$VUDO" "$@"; }; `+strings.ReplaceAll(line, "build/lang:", scratch+":"))
			cmd.Dir = top
			cmd.Env = append(cmd.Environ(), "VUDO="+vudo, "VUDO_HOME="+home)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			out, err := cmd.Output()
			if got := strings.TrimRight(string(out), "\n"); err != nil || got != strings.TrimRight(want, "\n") {
				t.Errorf("%s\nprints %q, %v; the guide says %q\n%s", line, got, err, want, stderr.String())
			}
		}
	}
	if commands != 9 {
		t.Errorf("%d commands in the guide, want 9", commands)
	}
}
