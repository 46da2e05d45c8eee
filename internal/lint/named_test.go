package lint_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"reflect"
	"strings"
	"testing"

	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/internal/lint"
	"github.com/univrs/vudo/spirit"
)

// named are the identifiers, keys and words of strings that tests use, those
// of the tests that only speak about names left out.
func named(t *testing.T) map[string]bool {
	t.Helper()
	files, err := lint.GoFiles(repository)
	if err != nil {
		t.Fatal(err)
	}
	words := map[string]bool{}
	for _, name := range files {
		if !strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, "internal/lint/") ||
			strings.HasPrefix(name, "internal/fault/") || name == "spirit/limits_test.go" {
			continue
		}
		src, err := fs.ReadFile(repository, name)
		if err != nil {
			t.Fatal(err)
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, src, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Ident:
				words[n.Name] = true
			case *ast.BasicLit:
				if n.Kind == token.STRING {
					for _, w := range strings.FieldsFunc(n.Value, func(r rune) bool {
						return r != '_' && r != '-' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
					}) {
						words[w] = true
					}
				}
			}
			return true
		})
	}
	return words
}

// later are the sentinels that nothing can produce yet.
var later = map[string]string{}

// TestEveryErrorAndLimitIsNamedByATest finds sentinels and limits that no test
// speaks of: what cannot be produced in a test is no promise. Events and codes
// have tests that go through their tables.
//
// Proves: vm 14.41
func TestEveryErrorAndLimitIsNamedByATest(t *testing.T) {
	words := named(t)
	want := func(kind, name string, also ...string) {
		t.Helper()
		for _, w := range append(also, name) {
			if words[w] {
				return
			}
		}
		t.Errorf("no test names the %s %s", kind, name)
	}
	for _, e := range fault.Table() {
		if later[e.Name] == "" {
			want("sentinel", e.Name)
		} else if words[e.Name] {
			t.Errorf("a test names %s, which is said to come later", e.Name)
		}
	}
	for _, f := range spirit.Fields() {
		want("limit", f.Name, goField(t, f))
	}
}

// goField is the name of the limit's field of spirit.Limits.
func goField(t *testing.T, f spirit.Field) string {
	t.Helper()
	var l spirit.Limits
	f.Set(&l, 1)
	v := reflect.ValueOf(l)
	for i := range v.NumField() {
		if !v.Field(i).IsZero() {
			return v.Type().Field(i).Name
		}
	}
	t.Fatalf("%s sets no field", f.Name)
	return ""
}
