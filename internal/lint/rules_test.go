package lint_test

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/univrs/vudo/internal/lint"
)

func TestWordsOfTheTree(t *testing.T) {
	ps, err := lint.Words(repository)
	fail(t, ps, err)
}

func TestFilesAreShort(t *testing.T) {
	ps, err := lint.Lengths(repository)
	fail(t, ps, err)
}

func TestExportedNamesAreDocumented(t *testing.T) {
	ps, err := lint.Docs(repository)
	fail(t, ps, err)
}

func TestOnlyTheCommandWritesToATerminal(t *testing.T) {
	ps, err := lint.Terminal(repository, "internal/cli", "examples/embed")
	fail(t, ps, err)
}

func TestNoTestSleepsOrSkipsSilently(t *testing.T) {
	ps, err := lint.TestHabits(repository)
	fail(t, ps, err)
}

func TestLinksLeadSomewhere(t *testing.T) {
	ps, err := lint.Links(repository)
	fail(t, ps, err)
}

func TestWalksOfTheArchitecture(t *testing.T) {
	ps, err := lint.Walks(repository, "ARCHITECTURE.md")
	fail(t, ps, err)
}

// TestRulesSeeViolations plants each violation in a small tree.
func TestRulesSeeViolations(t *testing.T) {
	type rule = func(fs.FS) ([]lint.Problem, error)
	terminal := func(tree fs.FS) ([]lint.Problem, error) { return lint.Terminal(tree, "cli") }
	walks := func(tree fs.FS) ([]lint.Problem, error) { return lint.Walks(tree, "A.md") }
	long := "package a\n" + strings.Repeat("\n", lint.MaxLines)
	const head = "// Package a is a fixture.\npackage a\n\n"
	for _, c := range []struct {
		name          string
		rule          rule
		file, content string
		find          string
	}{
		{"path", lint.Words, "a.md", "see /ho" + "me/ada/x", "one machine"},
		{"path in an URL", lint.Words, "a.md", "see https://example.org/wo" + "rk/x", ""},
		{"unfinished", lint.Words, "a.go", head + "// TO" + "DO: more\n", "unfinished"},
		{"part of a word", lint.Words, "a.go", head + "// TO" + "DOS\n", ""},
		{"host", lint.Words, "a.sh", "curl https://pro" + "xy.golang.org/x", "registry"},
		{"binary", lint.Words, "a.bin", "\x00/ho" + "me/ada", ""},
		{"built", lint.Words, "build/x.txt", "/ho" + "me/ada", ""},

		{"too long", lint.Lengths, "a.go", long, "901 lines"},
		{"just right", lint.Lengths, "a.go", long[:len(long)-1], ""},

		{"no package comment", lint.Docs, "a.go", "package a\n", "package comment"},
		{"documented", lint.Docs, "a.go", head + "// F is.\nfunc F() {}\n\n// The group.\nconst (\n\tA = 1\n\tB = 2\n)\n\nvar (\n\tC = 1 // c\n\td = 2\n)\n", ""},
		{"function", lint.Docs, "a.go", head + "func F() {}\n", "function F"},
		{"type", lint.Docs, "a.go", head + "type T int\n", "type T"},
		{"method", lint.Docs, "a.go", head + "// T is.\ntype T[X any] int\n\nfunc (t *T[X]) M() {}\n", "function M"},
		{"method of a hidden type", lint.Docs, "a.go", head + "type t int\n\nfunc (t) M() {}\n", ""},
		{"constant", lint.Docs, "a.go", head + "const A = 1\n", "const A"},
		{"test", lint.Docs, "a_test.go", "package a\n\nfunc TestX() {}\n", ""},

		{"stdout", terminal, "a.go", head + "import \"os\"\n\nvar w = os.Stdout\n", "os.Stdout"},
		{"print", terminal, "a.go", head + "import \"fmt\"\n\nfunc f() { fmt.Println() }\n", "fmt.Println"},
		{"built-in print", terminal, "a.go", head + "func f() { println() }\n", "println"},
		{"to a writer", terminal, "a.go", head + "import \"fmt\"\n\nfunc f() { fmt.Fprintln(w) }\n", ""},
		{"the command", terminal, "cli/a.go", "// Package cli is.\npackage cli\n\nimport \"os\"\n\nvar w = os.Stdout\n", ""},

		{"sleep", lint.TestHabits, "a_test.go", "package a\n\nfunc TestX(t *T) { time.Sleep(1) }\n", "time.Sleep"},
		{"silent skip", lint.TestHabits, "a_test.go", "package a\n\nfunc TestX(t *T) { t.Skip(\"no node\") }\n", "skipped"},
		{"honest skip", lint.TestHabits, "a_test.go", "package a\n\nfunc TestX(t *T) { t.Skipf(\"no node: make test-tools (%v)\", 1) }\n", ""},

		{"dead link", lint.Links, "d/a.md", "[x](../b.md#c)", "b.md leads nowhere"},
		{"live link", lint.Links, "d/a.md", "[x](a.md#c) [y](https://example.org) [z](#q)", ""},
		{"link in code", lint.Links, "a.md", "```go\nf[x](y)\n```\n", ""},

		{"no walk", walks, "A.md", "nothing", "holds no walk"},
		{"walk to nowhere", walks, "A.md", "- `x.go` -> `y.go`", "x.go is not there"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ps, err := c.rule(tree(c.file, c.content))
			if err != nil {
				t.Fatal(err)
			}
			one(t, ps, c.find)
		})
	}
}

func TestWalksSeeFunctionsAndLength(t *testing.T) {
	src := "package a\n\ntype T int\n\nfunc F() {}\n\nfunc (t *T) M() {}\n"
	for _, c := range []struct{ line, find string }{
		{"- `a.go` (`F`, `T.M`) -> `b.go` (`T`)", ""},
		{"- `a.go` (`F`, `T.N`) -> `b.go`", "a.go declares no T.N"},
		{"- `a.go` -> `b.go` -> `c.go` -> `d.go` -> `e.go`", "5 files"},
		{"- `a.go` -> `b.go` -> `c.go` -> `d.go` (`F`) -> `a.go`", ""},
	} {
		ps, err := lint.Walks(tree("A.md", c.line, "a.go", src, "b.go", src, "c.go", src, "d.go", src, "e.go", src), "A.md")
		if err != nil {
			t.Fatal(err)
		}
		one(t, ps, c.find)
	}
}
