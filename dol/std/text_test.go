package std_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// randomText is valid UTF-8 from a few characters of each width, so that parts recur.
func randomText(r *rand.Rand, n int) string {
	letters := []rune("ab, \t\u00a0éßЖя中\u2003😀aab")
	var b strings.Builder
	for range r.IntN(n + 1) {
		b.WriteRune(letters[r.IntN(len(letters))])
	}
	return b.String()
}

// Each function of texts against package strings.
//
// Proves: dol 16-c, dol 16-e
func TestStrings(t *testing.T) {
	r := random(t)
	functions := []struct {
		name, dol string
		want      func(a, b string) any
	}{
		{"len", "a.len()", func(a, _ string) any { return len(a) }},
		{"length", "a.length", func(a, _ string) any { return len(a) }},
		{"is_empty", "a.is_empty()", func(a, _ string) any { return a == "" }},
		{"chars", "a.chars().len()", func(a, _ string) any { return utf8.RuneCountInString(a) }},
		{"string_from", "string_from(a.chars()) == a", func(_, _ string) any { return true }},
		{"trim", "a.trim()", func(a, _ string) any { return strings.TrimSpace(a) }},
		{"split", `a.split(b).join("|")`, func(a, b string) any { return strings.Join(strings.Split(a, b), "|") }},
		{"replace", `if b == "" { a } else { a.replace(b, "<>") }`, func(a, b string) any {
			if b == "" {
				return a
			}
			return strings.ReplaceAll(a, b, "<>")
		}},
		{"contains", "a.contains(b)", func(a, b string) any { return strings.Contains(a, b) }},
		{"starts_with", "a.starts_with(b)", func(a, b string) any { return strings.HasPrefix(a, b) }},
		{"ends_with", "a.ends_with(b)", func(a, b string) any { return strings.HasSuffix(a, b) }},
		{"index_of", "a.index_of(b).unwrap_or(-1)", func(a, b string) any { return strings.Index(a, b) }},
		{"repeat", "b.repeat(a.len() % 4)", func(a, b string) any { return strings.Repeat(b, len(a)%4) }},
		{"to_upper", "a.to_upper()", func(a, _ string) any { return strings.ToUpper(a) }},
		{"to_lower", "a.to_lower()", func(a, _ string) any { return strings.ToLower(a) }},
		{"bytes", `bytes_from(a.bytes().iter()).text().unwrap()`, func(a, _ string) any { return a }},
		{"plus", "a + b", func(a, b string) any { return a + b }},
		{"order", "(a < b, a == b)", func(a, b string) any { return fmt.Sprintf("(%v, %v)", a < b, a == b) }},
	}
	var p strings.Builder
	for _, f := range functions {
		fmt.Fprintf(&p, "pub fun do_%s(text: string) -> string { text.split(\"\\0\").map(|s| { let p = s.split(\"\\x01\"); let a = p[0]; let b = p[1]; to_string({ %s }) }).join(\"\\0\") }\n", f.name, f.dol)
	}
	g := load(t, p.String())
	var pairs [][2]string
	for range rounds(600) {
		pairs = append(pairs, [2]string{randomText(r, 12), randomText(r, 2)})
	}
	in := make([]string, len(pairs))
	for i, p := range pairs {
		in[i] = p[0] + "\x01" + p[1]
	}
	for _, f := range functions {
		out := strings.Split(g.call("do_"+f.name, strings.Join(in, "\x00")), "\x00")
		if len(out) != len(pairs) {
			t.Fatalf("%s: %d results for %d", f.name, len(out), len(pairs))
		}
		for i, p := range pairs {
			if want := fmt.Sprint(f.want(p[0], p[1])); out[i] != want {
				t.Fatalf("%s(%q, %q) = %q, want %q", f.name, p[0], p[1], out[i], want)
			}
		}
	}
}

// Proves: dol 16-e, dol 16-f
func TestStringPlaces(t *testing.T) {
	eval(t, [][2]string{
		{`"aéb".char_at(1)`, "é"},
		{`"aéb"[3]`, "b"},
		{`"aéb".slice(1, 3)`, "é"},
		{`"aéb".substring(0, 1)`, "a"},
		{`"aéb"[1..4]`, "éb"},
		{`"one\r\ntwo\n\nlast".lines()`, `["one", "two", "", "last"]`},
		{`"{} and {{}} {}".format(1, "x")`, "1 and {} x"},
		{`{ let t = "{}-{}"; t.format(1.5, true) }`, "1.5-true"},
		{`format("{}!", 3)`, "3!"},
		{`"a\"b\n".chars()`, `['a', '"', 'b', '\n']`},
		{`["a\"b\n\\"]`, `["a\"b\n\\"]`},
		{`"Straße ÀÿŁł Ωσς Жё".to_upper()`, "STRAßE ÀŸŁŁ ΩΣΣ ЖЁ"},
		{`"ÀŸŁ ΩΣ ЖЁ".to_lower()`, "àÿł ωσ жё"},
		{`'é'.to_upper()`, "É"},
		{`("x" + 1 + 'c' + true + 1.0)`, "x1ctrue1.0"},
		{`"héé".bytes()`, "[104, 195, 169, 195, 169]"},
		{`"abc".bytes().slice(1, 3).get(1)`, "Some(99)"},
		{`["ab".parse_i64(), "12".parse_i64()]`, "[None, Some(12)]"},
		{`[bytes_from([0xC0, 0x80]).text().is_some(), bytes_from([0xED, 0xA0, 0x80]).text().is_some(), bytes_from([0xF4, 0x90, 0x80, 0x80]).text().is_some(), bytes_from([0xE2, 0x82]).text().is_some(), bytes_from([0xF0, 0x9F, 0x98, 0x80]).text().is_some()]`, "[false, false, false, false, true]"},
	})
	panics(t, [][2]string{
		{`"aéb".slice(2, 4)`, "cuts a character"},
		{`"aéb".slice(0, 9)`, "slice out of range"},
		{`"aéb".char_at(2)`, "inside a character"},
		{`"abc".char_at(3)`, "index out of range"},
		{`"a".repeat(-1)`, "negative count"},
		{`"a".matches("(")`, "missing )"},
		{`"a".matches("*")`, "nothing to repeat"},
		{`"a".matches("a{1001}")`, "above 1000"},
		{`"a".matches("((((a{1000}){1000}){1000}){1000})")`, "too large a program"},
		{`"a".matches("(".repeat(1000))`, "nested too deep"},
	})
}

// Simple case mapping of every character of the scripts that the documentation
// names, against package strings.
//
// Proves: dol 16-c
func TestCaseOfAllLetters(t *testing.T) {
	g := load(t, "pub fun upper(text: string) -> string { text.to_upper() }\npub fun lower(text: string) -> string { text.to_lower() }")
	for c := rune(1); c < 0x590; c++ {
		listed := c < 0x180 || c >= 0x386 && c <= 0x3CE || c >= 0x400 && c <= 0x45F || c >= 0x531 && c <= 0x556 || c >= 0x561 && c <= 0x586
		if !listed {
			continue
		}
		s := string(c)
		if got, want := g.call("upper", s), strings.ToUpper(s); got != want {
			t.Errorf("upper of %U is %+q, want %+q", c, got, want)
		}
		if got, want := g.call("lower", s), strings.ToLower(s); got != want {
			t.Errorf("lower of %U is %+q, want %+q", c, got, want)
		}
	}
}

func randomPattern(r *rand.Rand, depth int) string {
	switch k := r.IntN(12); {
	case k < 4 || depth == 0:
		return []string{"a", "b", "c", ".", "[ab]", "[^a]", `\d`, `\w`, `\S`, "é", "[a-c]", "^", "$", `[\d_]`, `[^\w]`}[r.IntN(15)]
	case k < 7:
		return randomPattern(r, depth-1) + randomPattern(r, depth-1)
	case k < 9:
		return "(" + randomPattern(r, depth-1) + "|" + randomPattern(r, depth-1) + ")"
	default:
		return "(" + randomPattern(r, depth-1) + ")" + []string{"*", "+", "?", "{2}", "{1,}", "{0,2}", "{1,3}"}[r.IntN(7)]
	}
}

// Generated expressions on generated texts against package regexp.
//
// Proves: dol 16-e
func TestMatches(t *testing.T) {
	r := random(t)
	g := load(t, `pub fun all(text: string) -> string {
  text.split("\0").map(|s| { let p = s.split("\x01"); p[0].matches(p[1]).to_string() }).join(" ")
}`)
	var in []string
	var want []bool
	alphabet := []rune("abcé1_ \n")
	for range rounds(1500) {
		p := randomPattern(r, 4)
		re, err := regexp.Compile(p)
		if err != nil {
			continue
		}
		for range 3 {
			var b strings.Builder
			for range r.IntN(8) {
				b.WriteRune(alphabet[r.IntN(len(alphabet))])
			}
			in, want = append(in, b.String()+"\x01"+p), append(want, re.MatchString(b.String()))
		}
	}
	out := strings.Fields(g.call("all", strings.Join(in, "\x00")))
	if len(out) != len(in) {
		t.Fatalf("%d results for %d", len(out), len(in))
	}
	for i := range in {
		if out[i] != fmt.Sprint(want[i]) {
			t.Errorf("%q: %s, want %v", in[i], out[i], want[i])
		}
	}
	// An expression that takes exponential time by backtracking.
	if out := g.call("all", strings.Repeat("a", 20000)+"\x01(a|a)*(a*)*b"); out != "false" {
		t.Error(out)
	}
}

// JSON of exports against encoding/json.
//
// Proves: dol 8.4-c
func TestJSON(t *testing.T) {
	r := random(t)
	g := load(t, `
pub gen Thing { has name: string  has n: i64  has x: f64  has tags: Vec<string>  has more: Option<i64> }
pub fun again(t: Thing) -> Thing { t }
`)
	type thing struct {
		Name string   `json:"name"`
		N    int64    `json:"n"`
		X    float64  `json:"x"`
		Tags []string `json:"tags"`
		More *int64   `json:"more"`
	}
	for range rounds(300) {
		in := thing{Name: randomText(r, 9) + "\"\\\x01\u2028</", N: int64(r.Uint64()), X: r.NormFloat64(), Tags: []string{}}
		for range r.IntN(4) {
			in.Tags = append(in.Tags, randomText(r, 5))
		}
		if r.IntN(2) == 0 {
			in.More = &in.N
		}
		text, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		var out thing
		got := g.call("again", "["+string(text)+"]")
		if err := json.Unmarshal([]byte(got), &out); err != nil {
			t.Fatalf("%s: %v", got, err)
		}
		if fmt.Sprint(in.Name, in.N, in.X, in.Tags, in.More == nil) != fmt.Sprint(out.Name, out.N, out.X, out.Tags, out.More == nil) {
			t.Errorf("%s came back as %s", text, got)
		}
	}
	ok := `{"name":"%s","n":1,"x":1,"tags":[],"more":null}`
	for _, s := range []string{`\ud83d\ude00`, `\u00e9`, `\/\b\f\n\r\t`} {
		in := fmt.Sprintf(ok, s)
		var a, b thing
		if err := json.Unmarshal([]byte(in), &a); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(g.call("again", "["+in+"]")), &b); err != nil || a.Name != b.Name {
			t.Errorf("%s came back as %q, %v", in, b.Name, err)
		}
	}
	for _, s := range []string{`\ud83d`, `\ude00`, `\ud83dx`, `\x`, `\u12`, "\n", `"`, `\`} {
		in := fmt.Sprintf(ok, s)
		if out, err := g.try("again", "["+in+"]"); err == nil {
			t.Errorf("%s is accepted: %s", in, out)
		}
	}
	for _, s := range []string{``, `{`, `{}`, `[[`, `{"name":1}`, strings.Replace(fmt.Sprintf(ok, ""), `"n":1`, `"n":01`, 1), strings.Replace(fmt.Sprintf(ok, ""), `"n":1`, `"n":1.5`, 1), fmt.Sprintf(ok, "") + "x"} {
		if out, err := g.try("again", "["+s+"]"); err == nil {
			t.Errorf("%s is accepted: %s", s, out)
		}
	}
}
