package dol_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/univrs/vudo/diag"
	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/dol/internal/types"
	"github.com/univrs/vudo/internal/golden"
	"github.com/univrs/vudo/internal/lint"
)

// TestDiagnosticsTable compares the table of diagnostics in the specification with
// the codes of the parser and the checker; -update (make generate) rewrites it.
//
// Proves: dol 7-b
func TestDiagnosticsTable(t *testing.T) {
	rows := map[string][]string{}
	add := func(name string, severity diag.Severity, text string) {
		first, _, _ := strings.Cut(text, "\n")
		if rows[name] == nil { // a code that both report means one thing
			rows[name] = []string{"`" + name + "`", severity.String(), first}
		}
	}
	for _, c := range syntax.Codes {
		add(c.Name, c.Severity, c.Text)
	}
	for _, c := range types.Codes {
		add(c.Name, c.Severity, c.Text)
	}
	var table [][]string
	for _, r := range rows {
		if r[2] == "" {
			t.Errorf("%s is not explained", r[0])
		}
		table = append(table, r)
	}
	slices.SortFunc(table, func(a, b []string) int { return strings.Compare(a[0], b[0]) })
	doc, err := os.ReadFile("../docs/spec/dol.md")
	if err != nil {
		t.Fatal(err)
	}
	got, err := lint.Splice(string(doc), "dol diagnostics", lint.MarkdownTable([]string{"Code", "Severity", "Meaning"}, table))
	if err != nil {
		t.Fatal(err)
	}
	golden.Check(t, "../docs/spec/dol.md", []byte(got))
}
