package spirit

import (
	"encoding/json"
	"io/fs"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2/unstable"
	tomltest "github.com/toml-lang/toml-test/v2"
)

// TestTOMLSuite runs the public suite of TOML 1.1, which contains 1.0, through the reader of
// manifests: what is valid gives the values that the suite names, what is
// invalid gives a problem.
//
// Proves: spirit 12.7
func TestTOMLSuite(t *testing.T) {
	suite := tomltest.TestCases()
	list, err := fs.ReadFile(suite, "files-toml-1.1.0")
	if err != nil {
		t.Fatal(err)
	}
	valid, invalid := 0, 0
	for _, name := range strings.Fields(string(list)) {
		if !strings.HasSuffix(name, ".toml") {
			continue
		}
		text, err := fs.ReadFile(suite, name)
		if err != nil {
			t.Fatal(err)
		}
		r := reader{text: text, file: name}
		root := r.tree()
		problems := r.finish()
		if strings.HasPrefix(name, "invalid/") {
			invalid++
			if len(problems) == 0 {
				t.Errorf("%s is accepted", name)
			}
			continue
		}
		valid++
		if len(problems) > 0 || root == nil {
			t.Errorf("%s is refused: %v", name, problems)
			continue
		}
		want, err := fs.ReadFile(suite, strings.TrimSuffix(name, ".toml")+".json")
		if err != nil {
			t.Fatal(err)
		}
		var v any
		if err := json.Unmarshal(want, &v); err != nil {
			t.Fatal(err)
		}
		sameTOML(t, name, root, v)
	}
	t.Logf("%d valid and %d invalid documents", valid, invalid)
	if valid < 200 || invalid < 400 {
		t.Errorf("only %d valid and %d invalid documents were there", valid, invalid)
	}
}

// sameTOML compares a node with the suite's JSON: tables are objects, lists
// are arrays, and a value is {"type": …, "value": …}.
func sameTOML(t *testing.T, at string, n *node, want any) {
	t.Helper()
	switch want := want.(type) {
	case []any:
		if n.kind != unstable.Array || len(n.items) != len(want) {
			t.Errorf("%s: %v of %d, want a list of %d", at, n.kind, len(n.items), len(want))
			return
		}
		for i := range want {
			sameTOML(t, at+"["+strconv.Itoa(i)+"]", n.items[i], want[i])
		}
	case map[string]any:
		typ, isValue := want["type"].(string)
		value, isText := want["value"].(string)
		if isValue && isText && len(want) == 2 {
			sameValue(t, at, n, typ, value)
			return
		}
		if n.kind != unstable.Table || len(n.keys) != len(want) {
			t.Errorf("%s: %v of %d keys, want a table of %d", at, n.kind, len(n.keys), len(want))
			return
		}
		for key, v := range want {
			if child := n.get(key); child == nil {
				t.Errorf("%s: no key %q", at, key)
			} else {
				sameTOML(t, at+"."+key, child, v)
			}
		}
	}
}

func sameValue(t *testing.T, at string, n *node, typ, value string) {
	t.Helper()
	kinds := map[string]unstable.Kind{
		"string": unstable.String, "integer": unstable.Integer, "float": unstable.Float, "bool": unstable.Bool,
		"datetime": unstable.DateTime, "datetime-local": unstable.LocalDateTime,
		"date-local": unstable.LocalDate, "time-local": unstable.LocalTime,
	}
	if n.kind != kinds[typ] {
		t.Errorf("%s: a %v, want a %s", at, n.kind, typ)
		return
	}
	plain := strings.ReplaceAll(n.str, "_", "")
	same := true
	switch typ {
	case "string", "bool":
		same = n.str == value
	case "integer":
		got, err := strconv.ParseInt(strings.TrimPrefix(plain, "+"), base(plain), 64)
		same = err == nil && strconv.FormatInt(got, 10) == value
	case "float":
		got, err := strconv.ParseFloat(strings.TrimLeft(plain, "+-"), 64)
		if strings.HasPrefix(plain, "-") {
			got = -got
		}
		want, wantErr := strconv.ParseFloat(value, 64)
		same = err == nil && wantErr == nil && (got == want || math.IsNaN(got) && math.IsNaN(want))
	}
	if !same {
		t.Errorf("%s: %q, want the %s %q", at, n.str, typ, value)
	}
}

// base is 0, for a prefix to decide, where there is one: TOML has no other octals than 0o.
func base(s string) int {
	if len(s) > 1 && s[0] == '0' && strings.ContainsRune("xob", rune(s[1])) {
		return 0
	}
	return 10
}
