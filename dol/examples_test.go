package dol_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/univrs/vudo"
	"github.com/univrs/vudo/diag"
	"github.com/univrs/vudo/dol"
	"github.com/univrs/vudo/spirit"
)

// run calls an export of a module in a fresh sandbox and returns its result as
// text: the output, or the number as the DOL type prints it.
func run(t *testing.T, module []byte, export, input string) (string, error) {
	t.Helper()
	ctx := context.Background()
	rt, err := vudo.New(ctx, vudo.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close(ctx)
	sb, err := rt.NewSandbox(ctx, module, vudo.SandboxConfig{Grant: []spirit.Capability{spirit.ActuatorLog}})
	if err != nil {
		t.Fatal(err)
	}
	defer sb.Close(ctx)
	if err := sb.Initialize(ctx); err != nil {
		t.Fatal(err)
	}
	res, err := sb.Call(ctx, export, []byte(input))
	if err != nil {
		return "", err
	}
	if len(res.Values) == 1 {
		return res.Values[0].String(), nil
	}
	return string(res.Output), nil
}

// compile makes a module of one file and fails the test on any error.
func compile(t testing.TB, path string, text []byte, o dol.Options) []byte {
	t.Helper()
	res, problems := dol.Compile([]dol.Source{{Path: path, Text: text}}, o)
	if res == nil {
		var b strings.Builder
		diag.Renderer{Source: func(string) ([]byte, bool) { return text, true }}.Render(&b, problems)
		t.Fatalf("%s does not compile:\n%s", path, b.String())
	}
	return res.Wasm
}

// levels are the ways in which every program has to give the same results.
var levels = []dol.Options{{}, {NoOpt: true}, {Level: 1}, {GC: dol.GCStress}, {GC: dol.GCNone}, {NoOpt: true, GC: dol.GCStress}}

// The ten programs of the specification give the results in their comments.
//
// Proves: dol 20-1, dol 20-2, dol 20-3, dol 20-4, dol 20-5, dol 20-6, dol 20-7, dol 20-10
func TestExamplePrograms(t *testing.T) {
	for _, c := range []struct{ file, export, input, want string }{
		{"01_arithmetic", "left", "[10,3,2]", "5"},
		{"01_arithmetic", "mix", "[4]", "4"},
		{"01_arithmetic", "mean", "[3,4]", "3.5"},
		{"01_arithmetic", "guard", "[0]", "0"},
		{"01_arithmetic", "guard", "[5]", "1"},
		{"01_arithmetic", "wrap", "[10]", "4"},
		{"02_loops", "odd_sum", "[10]", "25"},
		{"02_loops", "collatz", "[27]", "111"},
		{"02_loops", "first_factor", "[91]", "7"},
		{"03_account", "demo", "", "70"},
		{"04_shapes", "total", "", "18"},
		{"05_lookup", "report", "[12]", "3"},
		{"05_lookup", "report", "[6]", "odd: 3"},
		{"05_lookup", "pair_sum", "", "9"},
		{"06_words", "tally", "b a b", "b=2,a=1"},
		{"06_words", "shout", " hey ", "HEY!"},
		{"07_closures", "counter_demo", "", "3"},
		{"07_closures", "composed", "[4]", "25"},
		{"10_shapes_trait", "demo", "", "12"},
	} {
		file := filepath.Join("testdata", "examples", c.file+".dol")
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range levels {
			t.Run(fmt.Sprintf("%s/%s/%d%v%s", c.file, c.export, o.Level, o.NoOpt, o.GC), func(t *testing.T) {
				got, err := run(t, compile(t, c.file+".dol", text, o), c.export, c.input)
				if err != nil || got != c.want {
					t.Errorf("%s(%s) = %q, %v; want %q", c.export, c.input, got, err, c.want)
				}
			})
		}
	}
}

// Compiling again, and with the files in another order, gives the same bytes.
func TestCompilingIsDeterministic(t *testing.T) {
	var sources []dol.Source
	for _, name := range []string{"05_lookup", "06_words", "07_closures"} {
		text, err := os.ReadFile(filepath.Join("testdata", "examples", name+".dol"))
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, dol.Source{Path: "src/" + name + ".dol", Text: text})
	}
	o := dol.Options{Entry: sources[0].Path}
	first, problems := dol.Compile(sources, o)
	if first == nil {
		t.Fatal(problems)
	}
	turned := []dol.Source{sources[2], sources[0], sources[1]}
	for range 5 {
		again, _ := dol.Compile(turned, o)
		if again == nil || string(again.Wasm) != string(first.Wasm) {
			t.Fatal("another order of the files gives other bytes")
		}
	}
}
