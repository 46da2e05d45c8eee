package vudo_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// block is one fenced block of a Markdown file.
type block struct {
	file string
	line int // of the opening fence
	lang string
	text string
}

// blocks returns the fenced blocks of the documents that readers copy from.
func blocks(t *testing.T) []block {
	t.Helper()
	files := []string{"README.md"}
	for _, pattern := range []string{"docs/guide/*.md", "examples/*/README.md"} {
		more, err := fs.Glob(os.DirFS("."), pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, more...)
	}
	var bs []block
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var b *block
		for n, line := range strings.Split(string(text), "\n") {
			fence, lang := strings.CutPrefix(line, "```")
			switch {
			case lang && b == nil:
				b = &block{file: file, line: n + 1, lang: fence}
			case lang:
				bs = append(bs, *b)
				b = nil
			case b != nil:
				b.text += line + "\n"
			}
		}
		if b != nil {
			t.Errorf("%s:%d: the block does not end", b.file, b.line)
		}
	}
	return bs
}

// TestGoInDocuments finds each Go block of the documents, line by line, in a
// program or test of this repository, which the compiler and go test check.
func TestGoInDocuments(t *testing.T) {
	var sources []string
	for _, file := range []string{"examples/embed/main.go", "docs/guide/guide_test.go"} {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, trimLines(string(b)))
	}
	n := 0
	for _, b := range blocks(t) {
		if b.lang != "go" {
			continue
		}
		n++
		want := trimLines(b.text)
		if !strings.Contains(sources[0], want) && !strings.Contains(sources[1], want) {
			t.Errorf("%s:%d: these lines do not stand together in examples/embed/main.go or docs/guide/guide_test.go", b.file, b.line)
		}
	}
	if n < 5 {
		t.Errorf("found only %d Go blocks", n)
	}
}

func trimLines(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		b.WriteString(strings.TrimSpace(line) + "\n")
	}
	return b.String()
}

// TestCommandsInDocuments runs the console blocks on a terminal: a line that
// begins with "$ " is a command, the lines up to the next one are what it
// prints. Times may differ; nothing else may.
func TestCommandsInDocuments(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Logf("the commands are run on linux; this is %s", runtime.GOOS)
		return
	}
	terminal, err := exec.LookPath("script")
	if err != nil {
		t.Skip("script, which gives the commands a terminal, is absent: make test-tools")
	}
	bin := filepath.Join(t.TempDir(), "bin")
	build := exec.Command("go", "build", "-o", bin+"/", "./cmd/vudo")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	n := 0
	for _, b := range blocks(t) {
		if b.lang != "console" || b.file == "docs/guide/languages.md" {
			continue // that guide needs compilers; internal/realworld runs it
		}
		t.Run(fmt.Sprintf("%s:%d", b.file, b.line), func(t *testing.T) {
			home, dir := t.TempDir(), ""
			if strings.Contains(b.text, "$ vudo new ") {
				dir = t.TempDir() // what it makes does not belong here
			}
			for _, step := range steps(b.text) {
				n++
				if to, ok := strings.CutPrefix(step.command, "cd "); ok {
					dir = filepath.Join(dir, to)
					continue
				}
				if strings.HasPrefix(step.command, "make ") {
					target(t, strings.TrimPrefix(step.command, "make "))
					continue
				}
				cmd := exec.Command(terminal, "--quiet", "--command", step.command, os.DevNull)
				cmd.Env = append(os.Environ(), "VUDO_HOME="+home, "PATH="+bin+":"+os.Getenv("PATH"), "NO_COLOR=1", "SHELL=/bin/bash")
				cmd.Dir = dir
				out, err := cmd.CombinedOutput()
				if err != nil {
					t.Fatalf("$ %s: %v\n%s", step.command, err, out)
				}
				if got, want := measured(string(out)), measured(step.output); got != want {
					t.Errorf("$ %s\nprinted\n%s\nthe document says\n%s", step.command, out, step.output)
				}
			}
		})
	}
	if n < 8 {
		t.Errorf("ran only %d commands", n)
	}
}

type step struct{ command, output string }

func steps(text string) []step {
	var ss []step
	for line := range strings.Lines(text) {
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			ss = append(ss, step{command: strings.TrimSpace(command)})
		} else if len(ss) > 0 {
			ss[len(ss)-1].output += line
		}
	}
	return ss
}

// target fails unless the Makefile has the target; the documents' make
// commands run these very tests.
func target(t *testing.T, name string) {
	t.Helper()
	b, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(b, []byte("\n"+name+":")) {
		t.Errorf("the Makefile has no target %s", name)
	}
}

var times = regexp.MustCompile(`[0-9.,]+ (?:ms|s|us|µs)\b`)

// measured replaces what differs from run to run by a letter.
func measured(s string) string {
	return times.ReplaceAllString(strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")), "T")
}
