package syntax

import (
	"fmt"
	"strings"
	"testing"

	"github.com/univrs/vudo/diag"
)

// tokensOf returns the tokens of a text, "kind:text" or the text of punctuation,
// with a "~" before those behind a line break, and the codes of the problems.
func tokensOf(text string) (tokens, codes string) {
	s := scanner{text: text, end: len(text)}
	var list []string
	for {
		t := s.next()
		if t.Kind == EOF {
			break
		}
		out := t.Kind.String()
		if src := text[t.Start:t.End]; out != src {
			out += ":" + src
		}
		if t.NLBefore && t.Start > 0 {
			out = "~" + out
		}
		list = append(list, out)
	}
	var said []string
	for _, p := range s.problems {
		said = append(said, p.code)
	}
	return strings.Join(list, " "), strings.Join(said, " ")
}

func TestScan(t *testing.T) {
	for _, c := range []struct{ text, tokens, codes string }{
		// Proves: dol 2.1-a
		{"\ufeffa\r\nb", "~word:a ~word:b", ""},
		{"a \xff\xfe b \xff", "word:a bad:\xff\xfe word:b bad:\xff", "bad-utf8 bad-utf8"},
		{"\"a\xffb\"", "string:\"a\xffb\"", "bad-utf8"},
		{"// \xff\xff\na", "~word:a", "bad-utf8"},
		{"a\ufeff", "word:a bad:\ufeff", "bad-character"},
		// Proves: dol 2.1-b
		{"a\u00a0b\u2003c", "word:a word:b word:c", ""},
		{"a\u2028b", "word:a ~word:b", ""},
		{"a /* \n */ b", "word:a ~word:b", ""},
		{"a // c\n\nb", "word:a ~word:b", ""},
		// Proves: dol 2.1-d
		{"a /* x /* y */ z */ b", "word:a word:b", ""},
		{"a /* /* */", "word:a", "unterminated-comment"},
		{"/// doc\n//! mod\n//// plain\na", "~word:a", ""},
		// Proves: dol 2.1-e
		{"i--1", "word:i - - int:1", ""},
		{"a --b", "word:a - - word:b", ""},
		{"a -- b", "word:a", ""},
		{"a --", "word:a", ""},
		{"a --- b", "word:a", ""},
		{"a---b", "word:a - - - word:b", ""},
		{"--b\na", "~word:a", ""},
		{"a\n  --b\nc", "word:a ~word:c", ""},
		{"\ufeff--b\na", "~word:a", ""},
		// Proves: dol 2.2-a
		{"_ _x __x été x1 変数", "_ word:_x word:__x word:été word:x1 word:変数", ""},
		{"pаge", "word:pаge", "mixed-script-name"}, // the second letter is Cyrillic
		{"変数x", "word:変数x", ""},
		// Proves: dol 2.2-b
		{"this.x", "keyword:this . word:x", ""},
		{"lo..hi", "word:lo .. word:hi", ""},
		{"a.b.c", "word:a . word:b . word:c", ""},
		// Proves: dol 2.2-c
		{"A::b", "word:A :: word:b", ""},
		// Proves: dol 2.3-a integer, float, string, char
		{"42 1_000 0xFF 0o17 0b1010 42i8 7u32", "int:42 int:1_000 int:0xFF int:0o17 int:0b1010 int:42i8 int:7u32", ""},
		{"2.5 1.5e-3 6.022e23 1e9 2.5f32 3f64 1E+2", "float:2.5 float:1.5e-3 float:6.022e23 float:1e9 float:2.5f32 float:3f64 float:1E+2", ""},
		{`"a\n\t\r\0\"\'\\\x41\u{e9}"`, `string:"a\n\t\r\0\"\'\\\x41\u{e9}"`, ""},
		{`"\q" "\x4" "\u{}" "\u{110000}" "\u{D800}" "\u41"`, `string:"\q" string:"\x4" string:"\u{}" string:"\u{110000}" string:"\u{D800}" string:"\u41"`, "bad-escape bad-escape bad-escape bad-escape bad-escape bad-escape"},
		{"\"a\nb", "string:\"a ~word:b", "unterminated-string"},
		{"\"a\\", "string:\"a\\", "bad-escape unterminated-string"},
		{`'x' '\n' '\u{e9}' '\'' '"' ' '`, `char:'x' char:'\n' char:'\u{e9}' char:'\'' char:'"' char:' '`, ""},
		{"'a ''b 'f(x)", "':' word:a '':'' word:b ':' word:f ( word:x )", ""},
		{`'\n`, `char:'\n`, "unterminated-char"},
		{"'ab'", "char:'ab'", "bad-char"},
		{`f"a{x}b" f"{{}}" f"{f("x")}" f"{f"{y}"}" f"{'}'}"`, `fstring:f"a{x}b" fstring:f"{{}}" fstring:f"{f("x")}" fstring:f"{f"{y}"}" fstring:f"{'}'}"`, ""},
		{"f\"{a\n", "fstring:f\"{a", "unterminated-string"},
		{"f \"x\"", "word:f string:\"x\"", ""},
		{"true false null", "keyword:true keyword:false keyword:null", ""},
		// Proves: dol 2.3-b
		{"2.max(3)", "int:2 . word:max ( int:3 )", ""},
		{"0..n", "int:0 .. word:n", ""},
		{"1..=2", "int:1 ..= int:2", ""},
		{"x.0.1", "word:x . int:0 . int:1", ""},
		{"x. 0.1", "word:x . float:0.1", ""},
		// Proves: dol 2.3-c
		{"12abc", "int:12abc", "bad-number"},
		{"1_ _1 1__0", "int:1_ word:_1 int:1__0", "bad-number bad-number"},
		{"0x 0b12 0o8 0xFFg 1.5u8 1e", "int:0x int:0b12 int:0o8 int:0xFFg float:1.5u8 int:1e", "bad-number bad-number bad-number bad-number bad-number bad-number"},
		// Proves: dol 2.4-a
		{
			"...+..=|><|>>::: :=+=-=*=/=%=|]->=>==!=<=>=&&||..",
			"... + ..= |> <| >> :: : := += -= *= /= %= |] -> => == != <= >= && || ..", "",
		},
		{"><@=+-*/%^&|'!#?()[]{},:;.~", "> < @ = + - * / % ^ & | ' ! # ? ( ) [ ] { } , : ; . ~", ""},
		{"$ ` \\", "bad:$ bad:` bad:\\", "bad-character bad-character bad-character"},
	} {
		if tokens, codes := tokensOf(c.text); fixQuotes(tokens) != fixQuotes(c.tokens) || codes != c.codes {
			t.Errorf("%q: %s (%s), want %s (%s)", c.text, tokens, codes, c.tokens, c.codes)
		}
	}
}

// fixQuotes lets the table write the quote operator with its text.
func fixQuotes(s string) string {
	return strings.NewReplacer("':'", "'", "'':''", "''").Replace(s)
}

// TestWhiteSpaceFlags checks what tokens know of the white space beside them.
//
// Proves: dol 2.1-b
func TestWhiteSpaceFlags(t *testing.T) {
	text := "a- b\n -c/*x*/d//y"
	s := scanner{text: text, end: len(text)}
	var got []string
	for {
		tok := s.next()
		got = append(got, fmt.Sprintf("%s%t%t%t", text[tok.Start:tok.End], tok.NLBefore, tok.SPBefore, tok.SPAfter))
		if tok.Kind == EOF {
			break
		}
	}
	const want = "atruetruefalse -falsefalsetrue bfalsetruetrue -truetruefalse cfalsefalsetrue dfalsetruetrue falsetruetrue"
	if s := strings.Join(got, " "); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
}

// TestTriviaStayOnTokens checks that comments and blank lines hang on the token
// behind them and tell the line of the token before.
//
// Proves: dol 2.1-c
func TestTriviaStayOnTokens(t *testing.T) {
	f, _ := Parse("a.dol", []byte("// one\n\n/* two */ const A = 1 // three\n\n/// four\nconst B = 2 /* five */ // six"))
	var got []string
	for i := range f.Tokens {
		for _, tr := range f.Tokens[i].Leading {
			got = append(got, fmt.Sprintf("%s %s %t", f.Text(f.Tokens[i].Span), tr.Kind, tr.Trailing))
		}
	}
	want := "const comment false|const blank false|const block false|const comment true|const blank false|const doc false| block true| comment true"
	if s := strings.Join(got, "|"); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
	for i := range f.Tokens {
		if f.Text(f.Tokens[i].Span) == "1" {
			if tr := f.Trailing(i); len(tr) != 1 || f.Text(tr[0].Span) != "// three" {
				t.Errorf("behind 1: %v", tr)
			}
		}
	}
	if tr := f.Trailing(len(f.Tokens) - 1); tr != nil {
		t.Errorf("behind the end: %v", tr)
	}
}

// Proves: dol 2.5-b
func TestHardKeywords(t *testing.T) {
	hard, contextual := Keywords()
	if got := strings.Join(hard, " "); got != "fun pub let var const if else match for while loop break continue return in this self true false null" {
		t.Errorf("hard: %s", got)
	}
	for _, w := range contextual {
		if tokens, _ := tokensOf(w); tokens != "word:"+w {
			t.Errorf("%s is %s", w, tokens)
		}
		// Proves: dol 2.5-a
		for _, src := range []string{
			"fun f(" + w + ": i64) -> i64 { " + w + " }", "fun " + w + "() { x." + w + "() }", "gen A { has " + w + ": i64 }",
			"module " + w, "fun f() { let " + w + " = 1\n " + w + " = 2 }", "const " + w + " = 1",
		} {
			if _, list := Parse("a.dol", []byte(src)); list.HasErrors() {
				t.Errorf("%s: %v", src, list.Err())
			}
		}
	}
	for _, w := range hard {
		for _, src := range []string{"fun " + w + "() {}", "gen A { has " + w + ": i64 }", "fun f() { x." + w + "() }", "fun f() { X::" + w + "() }"} {
			if _, list := Parse("a.dol", []byte(src)); list.HasErrors() {
				t.Errorf("%s: %v", src, list.Err())
			}
		}
		if _, list := Parse("a.dol", []byte("const "+w+" = 1")); !list.HasErrors() {
			t.Errorf("const %s is accepted", w)
		}
	}
}

func TestPositions(t *testing.T) {
	long := strings.Repeat("é", 5000)
	src := "ab\n" + long + "x\nend"
	f, _ := Parse("a.dol", []byte(src))
	for _, c := range []struct {
		at   int
		want diag.Position
	}{
		{0, diag.Position{Line: 1, Column: 1}},
		{2, diag.Position{Line: 1, Column: 3, Offset: 2}},
		{3, diag.Position{Line: 2, Column: 1, Offset: 3}},
		{3 + len(long), diag.Position{Line: 2, Column: 5001, Offset: 3 + len(long)}},
		{len(src), diag.Position{Line: 3, Column: 4, Offset: len(src)}},
		{len(src) + 9, diag.Position{Line: 3, Column: 4, Offset: len(src)}},
		{-1, diag.Position{Line: 1, Column: 1}},
	} {
		if got := f.Position(Pos(c.at)); got != c.want {
			t.Errorf("Position(%d) = %+v, want %+v", c.at, got, c.want)
		}
		if got := diag.PositionOf(f.Src, c.at); got != c.want {
			t.Errorf("diag.PositionOf(%d) = %+v, want %+v", c.at, got, c.want)
		}
	}
}
