package std_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Every name that the language promises (dol 16-c) has a row in docs/spec/dol-std.md, and the test that
// a row names exists.
//
// Proves: dol 16-b
func TestEveryNameHasARow(t *testing.T) {
	table, err := os.ReadFile("../../docs/spec/dol-std.md")
	if err != nil {
		t.Fatal(err)
	}
	var tests []string
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllStringSubmatch(string(text), -1) {
			tests = append(tests, m[1])
		}
	}
	rows := map[string][]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| (\\w+) \\| `([^`]+)` \\| `([^`]+)` \\| ([^|]+) \\| (\\w+) \\|$").FindAllStringSubmatch(string(table), -1) {
		rows[m[1]] = append(rows[m[1]], m[2])
		if !slices.Contains(tests, m[5]) {
			t.Errorf("the row of %s %s names %s, which is no test", m[1], m[2], m[5])
		}
	}
	for _, area := range listed {
		for name := range strings.FieldsSeq(area.names) {
			if !slices.ContainsFunc(area.of, func(of string) bool { return slices.Contains(rows[of], name) }) {
				t.Errorf("%s of %v has no row", name, area.of)
			}
		}
	}
}

// listed is what the language promises, and of what the rows are.
var listed = []struct {
	of    []string
	names string
}{
	{[]string{"free"}, `println vudo_println eprintln print format log sin cos min max clamp floor sqrt abs pow ln exp ceil round tan atan2 log10
		now random send recv pending broadcast sender emit_effect sleep assert assert_eq panic len`},
	{[]string{"Vec"}, `push len length iter collect map get insert filter sum join enumerate zip is_empty contains first last pop remove set update
		extend append reverse rev sort sort_by take skip any all find fold reduce flat_map min max count clear concat slice`},
	{[]string{"Option"}, "unwrap unwrap_or unwrap_or_else map and_then ok_or is_some is_none expect filter"},
	{[]string{"Result"}, "unwrap unwrap_or unwrap_or_else map and_then is_ok is_err map_err expect"},
	{[]string{"Map"}, "new get insert remove contains_key keys values entries len is_empty m[k]"},
	{[]string{"Set"}, "new add contains remove union intersection len"},
	{[]string{"string", "free"}, `to_string len length + char_at chars trim split join replace contains starts_with ends_with to_upper to_lower substring
		slice parse_i64 parse_f64 repeat index_of format matches bytes is_empty`},
	{[]string{"number", "free"}, `to_string abs min max pow sqrt floor ceil round clamp sin cos tan atan2 exp ln log10 is_nan MIN MAX EPSILON INFINITY NAN
		wrapping_add checked_add wrapping_sub checked_sub wrapping_mul checked_mul bit_and bit_or bit_xor bit_not shl shr`},
}

// Values of every kind as text, copies, and rules.
//
// Proves: dol 16-c, dol 8.2-h
func TestShow(t *testing.T) {
	g := load(t, `
pub gen Point { has x: i64  has tags: Vec<string>  rule right { this.x >= 0 } }
enum Shape { Dot, Line(i64), Box { side: f64 } }
pub fun f() -> string {
  let p = Point { x: 1, tags: ["a"] }
  let q = p.clone()
  q.x = -2
  q.tags.push("b")
  [p.to_string(), q.to_string(), Shape.Dot.to_string(), Shape.Line(3).to_string(), Shape.Box { side: 0.5 }.to_string(),
    (1, 'c', "s", true, 2.5, ()).to_string(), 7.clone().to_string(), p.validate().is_ok().to_string(), q.validate().is_ok().to_string()].join("; ")
}`)
	want := `Point { x: 1, tags: ["a", "b"] }; Point { x: -2, tags: ["a", "b"] }; Dot; Line(3); Box { side: 0.5 }; (1, 'c', "s", true, 2.5, ()); 7; true; false`
	if got := g.call("f", ""); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
