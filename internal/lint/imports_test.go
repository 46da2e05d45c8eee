package lint_test

import (
	"testing"

	"github.com/univrs/vudo/internal/lint"
)

// TestLayersSeeViolations plants each forbidden import in a small module.
func TestLayersSeeViolations(t *testing.T) {
	policy := lint.Layers{
		Rings: []lint.Ring{
			{Packages: []string{"leaf", "other"}, Why: "a leaf knows nothing"},
			{Packages: []string{"mid"}, Why: "the middle"},
			{Packages: []string{"."}, Why: "the door"},
		},
		Edges: []lint.Edge{{From: "other", To: "leaf", Why: "speaks of it"}},
		Blind: []lint.Blind{
			{From: ".", To: "other", Why: "the door has no other"},
			{From: "mid", To: "example.org/db", Why: "no database"},
			{From: ".", To: "leaf", Direct: true, Why: "through mid only"},
		},
		Only:  []lint.Only{{Package: "example.org/engine", Files: []string{"mid/engine*.go"}, Why: "one name for it"}},
		Tests: []string{"golden"},
	}
	sound := []string{
		"root.go", "package a\n\nimport _ \"example.org/a/mid\"\n",
		"root_test.go", "package a\n\nimport _ \"example.org/a/other\"\nimport _ \"example.org/a/golden\"\n",
		"mid/mid.go", "package mid\n\nimport _ \"example.org/a/leaf\"\n",
		"mid/engine_x.go", "package mid\n\nimport _ \"example.org/engine/sub\"\n",
		"other/other.go", "package other\n\nimport _ \"example.org/a/leaf\"\n",
		"golden/golden.go", "package golden\n\nimport _ \"testing\"\n",
	}
	for _, c := range []struct{ name, file, content, find string }{
		{"sound", "leaf/leaf.go", "package leaf\n\nimport _ \"fmt\"\n", ""},
		{"up", "leaf/leaf.go", "package leaf\n\nimport _ \"example.org/a/mid\"\n", "imports go down only; a leaf knows nothing"},
		{"up to the root", "leaf/leaf.go", "package leaf\n\nimport _ \"example.org/a\"\n", "imports . (ring 2)"},
		{"sideways", "leaf/leaf.go", "package leaf\n\nimport _ \"example.org/a/other\"\n", "without an edge"},
		{"homeless", "new/new.go", "package new\n\nimport _ \"fmt\"\n", "stands in no ring"},
		{"to the homeless", "mid/new.go", "package mid\n\nimport _ \"example.org/a/new\"\n", "mid imports new, which stands in no ring"},
		{"test support", "mid/new.go", "package mid\n\nimport _ \"example.org/a/golden\"\n", "which is for tests"},
		{"blind", "mid/new.go", "package mid\n\nimport _ \"example.org/a/other\"\n", ". reaches other (. -> mid -> other): the door has no other"},
		{"blind to a foreign package", "mid/new.go", "package mid\n\nimport _ \"example.org/db/sql\"\n", "no database"},
		{"direct", "root2.go", "package a\n\nimport _ \"example.org/a/leaf\"\n", ". imports leaf: through mid only"},
		{"engine", "mid/new.go", "package mid\n\nimport _ \"example.org/engine\"\n", "only mid/engine*.go may import"},
		{"test may", "leaf/leaf_test.go", "package leaf\n\nimport _ \"example.org/a/mid\"\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			imports, err := lint.Imports(tree(append([]string{c.file, c.content}, sound...)...), "example.org/a")
			if err != nil {
				t.Fatal(err)
			}
			one(t, policy.Check(imports), c.find)
		})
	}
}
