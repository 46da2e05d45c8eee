package vudo_test

import (
	"os"
	"slices"
	"testing"

	"github.com/univrs/vudo/internal/lint"
)

const module = "github.com/univrs/vudo"

// layers is the policy of ARCHITECTURE.md: imports go down only, and each
// exception and each blind pair carries the reason for it.
var layers = lint.Layers{
	Rings: []lint.Ring{
		{
			Packages: []string{"diag", "dol/std", "internal/atomicfile", "internal/fault", "internal/semver", "internal/sqlite", "internal/wasm"},
			Why:      "ring 0 moves bytes, numbers and positions and knows nothing of Spirits",
		},
		{
			Packages: []string{"spirit"},
			Why:      "a package format says what a Spirit is and asks for, not how it is run",
		},
		{
			Packages: []string{
				"dol", "dol/internal/codegen", "dol/internal/ir", "dol/internal/lower", "dol/internal/syntax", "dol/internal/typed", "dol/internal/types",
				"internal/capability", "internal/fuel", "internal/host", "internal/sandbox",
			},
			Why: "a compiler makes bytes out of text and runs nothing; running code knows neither its language, nor its origin, nor who pays",
		},
		{
			Packages: []string{".", "internal/build"},
			Why:      "the door of the library, and what makes a package out of a project",
		},
		{
			Packages: []string{"examples/embed", "vudotest"},
			Why:      "what embedders write, and what their tests use, stands on the door",
		},
		{
			Packages: []string{"internal/cli"},
			Why:      "the command is an embedder of the public packages",
		},
		{
			Packages: []string{"cmd/vudo"},
			Why:      "main calls the command and nothing else",
		},
	},
	Edges: []lint.Edge{
		{From: "dol", To: "dol/internal/syntax", Why: "Parse, the first of the four calls"},
		{From: "dol", To: "dol/internal/types", Why: "Check, the second"},
		{From: "dol", To: "dol/internal/typed", Why: "the checked program goes from the second call to the third"},
		{From: "dol", To: "dol/internal/lower", Why: "Lower, the third"},
		{From: "dol", To: "dol/internal/ir", Why: "the intermediate form goes from the third call to the fourth"},
		{From: "dol", To: "dol/internal/codegen", Why: "Emit, the fourth"},
		{From: "dol/internal/types", To: "dol/internal/syntax", Why: "the tree is what is checked"},
		{From: "dol/internal/types", To: "dol/internal/typed", Why: "and the typed tree what is made of it"},
		{From: "dol/internal/lower", To: "dol/internal/typed", Why: "lowering reads the typed tree, not the source"},
		{From: "dol/internal/lower", To: "dol/internal/ir", Why: "and makes the intermediate form"},
		{From: "dol/internal/codegen", To: "dol/internal/ir", Why: "WebAssembly is made of the intermediate form alone"},
		{From: "internal/wasm", To: "internal/fault", Why: "a decoder's error is an invalid module, one of the listed ends of a call"},
		{From: "internal/host", To: "internal/capability", Why: "the set is asked at each host call"},
		{From: "internal/sandbox", To: "internal/capability", Why: "a sandbox holds the set of its rights"},
		{From: "internal/sandbox", To: "internal/fuel", Why: "a module is metered before it is compiled"},
		{From: "internal/sandbox", To: "internal/host", Why: "the engine links the table of host functions"},
	},
	Blind: []lint.Blind{
		{From: "dol", To: "spirit", Why: "a compiler makes bytes; someone else packages them"},
		{From: "dol", To: "internal/sandbox", Why: "a compiler makes bytes; someone else runs them"},
		{From: "dol", To: "internal/host", Why: "the compiler has a table of its own, which a test compares with the host's"},
		{From: "dol", To: "github.com/tetratelabs/wazero", Why: "the compiler knows no engine"},
		{From: "internal/sandbox", To: "dol", Why: "running code does not know its language"},
		{From: ".", To: "dol", Why: "an embedder links no compiler"},
		{From: "dol/internal/codegen", To: "dol/internal/typed", Why: "the intermediate form says everything"},
		{From: ".", To: "internal/sqlite", Why: "an embedder links no database; a store is handed in by its methods"},
		{From: ".", To: "modernc.org/sqlite", Why: "an embedder links no database"},
		{From: ".", To: "github.com/spf13/cobra", Why: "a library has no command line"},
		{From: ".", To: "charm.land", Why: "a library draws nothing on a terminal"},
		{From: "internal/sandbox", To: "internal/build", Why: "running code does not know how it was built"},
		{From: "internal/fuel", To: "internal/host", Why: "the pass prices instructions; what a host function costs is the host's table"},
		{From: "internal/fuel", To: "github.com/tetratelabs/wazero", Why: "one meter for every engine"},
		{From: "internal/host", To: "github.com/tetratelabs/wazero", Why: "one table of host functions for every engine"},
		{From: "internal/host", To: "internal/sandbox", Why: "the host sees a Machine, tests give it one of their own"},
		{From: "spirit", To: "internal/wasm", Why: "a package carries bytes; whether they are a module is asked when it is loaded"},
		{From: "internal/wasm", To: "spirit", Why: "a binary format knows nothing of manifests"},
		{From: "internal/sqlite", To: "internal/fault", Why: "opens, migrates, transacts; knows nothing of VUDO"},
		{From: "internal/cli", To: "internal/sandbox", Direct: true, Why: "the command has no back door: what it runs, it runs through the door"},
		{From: "internal/cli", To: "internal/capability", Direct: true, Why: "rights are granted through the door"},
	},
	Only: []lint.Only{
		{
			Package: "github.com/tetratelabs/wazero",
			Files:   []string{"internal/sandbox/engine.go", "internal/sandbox/engine_*.go", "dol/internal/codegen/codegentest/*.go"},
			Why:     "a second engine is one more file; the compiler's tests run what it made without a meter",
		},
		{Package: "modernc.org/sqlite", Files: []string{"internal/sqlite/*.go"}, Why: "one place opens, migrates and transacts"},
		{Package: "github.com/spf13/cobra", Files: []string{"internal/cli/*.go"}, Why: "one command table"},
		{Package: module + "/internal/cli", Files: []string{"cmd/vudo/main.go"}, Why: "nothing stands on the command"},
	},
	Tests: []string{"dol/dolgen", "dol/internal/codegen/codegentest", "dol/internal/ir/irgen", "dol/internal/syntax/syntaxgen", "internal/golden", "internal/host/storetest", "internal/hostile", "internal/lint", "internal/realworld", "internal/wasm/spectest", "internal/wasm/wasmgen"},
}

func TestImportsGoDownOnly(t *testing.T) {
	tree := os.DirFS(".")
	imports, err := lint.Imports(tree, module)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range layers.Check(imports) {
		t.Error(p)
	}
	if len(imports) < 100 {
		t.Errorf("the test has seen only %d imports", len(imports))
	}
}

// TestPolicyNamesWhatIsThere finds rings, edges and blind pairs that outlived
// the package that they speak of.
func TestPolicyNamesWhatIsThere(t *testing.T) {
	packages, err := lint.Packages(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	there := func(p string) {
		t.Helper()
		if !slices.Contains(packages, p) {
			t.Errorf("layers_test.go names %s, which is no package", p)
		}
	}
	for _, r := range layers.Rings {
		for _, p := range r.Packages {
			there(p)
		}
	}
	for _, e := range layers.Edges {
		there(e.From)
		there(e.To)
	}
	for _, b := range layers.Blind {
		there(b.From)
	}
	for _, p := range layers.Tests {
		there(p)
	}
	if len(layers.Rings) > 7 {
		t.Errorf("%d rings, at most 7", len(layers.Rings))
	}
}
