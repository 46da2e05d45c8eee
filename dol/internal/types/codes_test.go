package types

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/univrs/vudo/diag"
)

// Proves: dol 11-f (every code is explained by an example that gives it)
func TestCodesShowThemselves(t *testing.T) {
	if !slices.IsSortedFunc(table, func(a, b code) int { return strings.Compare(a.name, b.name) }) {
		t.Error("the table is not in alphabetical order")
	}
	for _, c := range table {
		if c.text == "" {
			t.Errorf("%s says nothing", c.name)
		}
		if c.example == "" {
			continue
		}
		o := Options{}
		switch c.name {
		case "effect-in-pure", "ffi-outside-sex", "global-outside-sex", "io-outside-sex", "sex-undocumented":
			o.StrictEffects = true
		case "missing-capability":
			o.Manifest = true
		case "unused-capability":
			o.Manifest, o.Capabilities = true, []string{"actuator.log"}
		}
		_, list := check(t, "t.dol", c.example, o)
		found := false
		for _, d := range list {
			if d.Code == c.name {
				found = true
			} else if d.Severity == diag.Error && c.name != "unsupported-operator" {
				t.Errorf("the example of %s gives %s as well: %s", c.name, d.Code, d.Message)
			}
		}
		if !found {
			t.Errorf("the example of %s does not give it: %v", c.name, list)
		}
	}
}

// A code that the source text mentions stands in the table, and the other way
// round: report panics on one that does not.
func TestCodesAreComplete(t *testing.T) {
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, n := range names {
		if n == "codes.go" || strings.HasSuffix(n, "_test.go") {
			continue
		}
		text, err := os.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	for _, m := range regexp.MustCompile(`(?:report|error)\("([a-z0-9-]+)"`).FindAllStringSubmatch(all.String(), -1) {
		if codeTable[m[1]] == nil {
			t.Errorf("%s is reported and not explained", m[1])
		}
	}
	for _, c := range table {
		if !strings.Contains(all.String(), `"`+c.name+`"`) {
			t.Errorf("%s is explained and never reported", c.name)
		}
	}
}
