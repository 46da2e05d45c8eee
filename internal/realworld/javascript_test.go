package realworld

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// engineTests are the test files that come with the JavaScript engine's source
// and need no module loader. Two of them fail on WebAssembly wherever they run:
// test_builtin wants rounding modes, test_qjscalc another program's globals.
var engineTests = []string{
	"test_language", "test_closure", "test_loop", "test_builtin", "test_bignum", "test_op_overloading", "test_qjscalc",
}

// parserCases are the folders of the conformance sample and whether the engine
// must accept what is in them.
var parserCases = []struct {
	folder string
	accept bool
}{{"pass", true}, {"pass-explicit", true}, {"fail", false}, {"early", false}}

// parserScript is one script that parses every case of a folder and prints
// "FILE accepted" or "FILE rejected" for each.
func parserScript(t *testing.T, folder string) (script string, cases int) {
	t.Helper()
	dir := artefact(t, "conformance", "build", "lang", "src", "test262-parser-tests-0.0.5", folder)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	type one struct {
		Name, Source string
		Module       bool
	}
	var list []one
	for _, e := range entries {
		list = append(list, one{e.Name(), string(read(t, filepath.Join(dir, e.Name()))), strings.Contains(e.Name(), ".module.")})
	}
	b, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	// A missing import is a ReferenceError: the text was accepted.
	return fmt.Sprintf(`for (const c of %s) {
	let verdict = "accepted";
	try { parse(c.Source, c.Module) } catch (e) { if (e instanceof SyntaxError) verdict = "rejected" }
	print(c.Name, verdict);
}`, b), len(list)
}

// The JavaScript engine gives the same verdict on every case of the conformance
// sample under VUDO and on the bare engine, and is right about nearly all.
func TestJavaScriptConformance(t *testing.T) {
	for _, c := range parserCases {
		t.Run(c.folder, func(t *testing.T) {
			script, cases := parserScript(t, c.folder)
			p := program{file: example(t, "quickjs"), stdin: script}
			plain := runPlain(t, p)
			ours := runVudo(t, p, nil)
			same(t, plain, ours)
			want := " rejected\n"
			if c.accept {
				want = " accepted\n"
			}
			right := strings.Count(ours.stdout, want)
			t.Logf("%d of %d as the specification wants, the same under VUDO and on the plain engine, %d fuel", right, cases, ours.fuel)
			if strings.Count(ours.stdout, "\n") != cases || right*100 < cases*95 {
				t.Errorf("%d verdicts of %d cases, %d right: the sample did not run as it should", strings.Count(ours.stdout, "\n"), cases, right)
			}
		})
	}
}
