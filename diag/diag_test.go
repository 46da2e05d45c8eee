package diag

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestPositionsCountCharacters(t *testing.T) {
	text := []byte("ab\näöü = 1\r\n")
	for _, c := range []struct {
		offset int
		want   Position
	}{
		{0, Position{1, 1, 0}},
		{2, Position{1, 3, 2}},
		{3, Position{2, 1, 3}},
		{9, Position{2, 4, 9}},
		{-5, Position{1, 1, 0}},
		{1000, Position{3, 1, 15}},
	} {
		if got := PositionOf(text, c.offset); got != c.want {
			t.Errorf("PositionOf(%d) = %+v, want %+v", c.offset, got, c.want)
		}
	}
	if s := SpanOf("f", text, 9, 4); s.End.Offset != 9 {
		t.Errorf("a span whose end lies before its start ends at %d, want its start", s.End.Offset)
	}
	if got := (Span{File: "f"}).String() + " " + (Span{}).String(); got != "f -" {
		t.Errorf("unknown places print as %q", got)
	}
}

func TestRenderMarksTheSpan(t *testing.T) {
	src := []byte("x = 1\n\tname = \"日本\"  # wide\n" + strings.Repeat("a", 500) + "!" + strings.Repeat("b", 500) + "\nevil\x1b[31m = 1\n")
	find := func(s string) Span {
		i := bytes.Index(src, []byte(s))
		return SpanOf("dir/m.toml", src, i, i+len(s))
	}
	source := func(file string) ([]byte, bool) { return src, file == "dir/m.toml" }
	for _, c := range []struct {
		name string
		d    Diagnostic
		want string
	}{
		{
			"tabs and wide characters",
			Diagnostic{
				Span: find(`"日本"`), Code: "manifest-value", Message: "name is not ASCII", Mark: "here",
				Notes: []Note{{Text: "see there", Span: find("x")}}, Fix: &Fix{Label: "write ascii"},
			},
			"error[manifest-value]: name is not ASCII\n" +
				"  --> dir/m.toml:2:9\n" +
				"   |\n" +
				" 2 |     name = \"日本\"  # wide\n" +
				"   |            ^^^^^^ here\n" +
				"   = note: see there (dir/m.toml:1:1)\n" +
				"   = fix: write ascii\n",
		},
		{
			"no end",
			Diagnostic{Severity: Warning, Message: "m", Span: Span{File: "dir/m.toml", Start: Position{1, 5, 4}}},
			"warning: m\n  --> dir/m.toml:1:5\n   |\n 1 | x = 1\n   |     ^\n",
		},
		{
			"no source",
			Diagnostic{Severity: Hint, Message: "m", Span: Span{File: "other", Start: Position{1, 5, 4}}},
			"hint: m\n  --> other:1:5\n",
		},
		{"no place", Diagnostic{Message: "m", Fix: &Fix{Label: "f"}}, "error: m\n  = fix: f\n"},
		{
			"foreign text",
			Diagnostic{Span: find("evil"), Message: "bad \x1b]0;title\a name\nerror: forged"},
			"error: bad \\x1b]0;title\\x07 name\\nerror: forged\n  --> dir/m.toml:4:1\n   |\n 4 | evil\\x1b[31m = 1\n   | ^^^^\n",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b strings.Builder
			if err := (Renderer{Source: source}).Render(&b, List{c.d}); err != nil || b.String() != c.want {
				t.Errorf("got (%v)\n%swant\n%s", err, b.String(), c.want)
			}
		})
	}

	t.Run("long lines are cut around the span", func(t *testing.T) {
		var b strings.Builder
		if err := (Renderer{Source: source}).Render(&b, List{{Span: find("!"), Message: "m"}}); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(b.String(), "\n")
		if len(lines[3]) > maxLine+20 || lines[3][strings.Index(lines[4], "^")] != '!' {
			t.Errorf("the caret is not below the '!':\n%s", b.String())
		}
	})
	t.Run("at most three notes", func(t *testing.T) {
		var b strings.Builder
		d := Diagnostic{Message: "m", Notes: []Note{{Text: "1"}, {Text: "2"}, {Text: "3"}, {Text: "4"}}}
		if (Renderer{}).Render(&b, List{d}); strings.Count(b.String(), "note:") != MaxNotes {
			t.Errorf("got %q", b.String())
		}
	})
	t.Run("colour stands around the words only", func(t *testing.T) {
		var b strings.Builder
		(Renderer{Color: true}).Render(&b, List{{Code: "c", Message: "m"}})
		if b.String() != "\x1b[1;31merror[c]\x1b[0m: m\n" {
			t.Errorf("got %q", b.String())
		}
	})
}

// TestRenderOfLanguage renders the example of the language specification, and
// spans over several lines.
//
// Proves: dol 11-a, 11-d
func TestRenderOfLanguage(t *testing.T) {
	src := []byte("\n\n\n\n\n\n\n  let n: i64 = \"twelve\"\n  let m = f(\n    1,\n\t2)\n\nend\n")
	span := func(from, to string) Span {
		i := bytes.Index(src, []byte(from))
		return SpanOf("src/stats.dol", src, i, i+bytes.Index(src[i:], []byte(to))+len(to))
	}
	for _, c := range []struct {
		name string
		d    Diagnostic
		want string
	}{
		{
			"one line",
			Diagnostic{
				Span: span(`"twelve"`, `"twelve"`), Code: "type-mismatch", Message: "expected i64, found string", Mark: "this is a string",
				Notes: []Note{{Text: "n is declared i64"}}, Fix: &Fix{Label: "declare n as string"},
			},
			`error[type-mismatch]: expected i64, found string
  --> src/stats.dol:8:16
   |
 8 |   let n: i64 = "twelve"
   |                ^^^^^^^^ this is a string
   = note: n is declared i64
   = fix: declare n as string
`,
		},
		{
			"three lines",
			Diagnostic{Span: span("f(", "2)"), Code: "c", Message: "m", Mark: "here", Notes: []Note{{Text: "n"}}},
			`error[c]: m
  --> src/stats.dol:9:11
   |
 9 |   let m = f(
   |           ^^
...
11 |     2)
   |     ^^ here
   = note: n
`,
		},
		{
			"two lines",
			Diagnostic{Span: span("1,", "2)"), Message: "m"},
			"error: m\n  --> src/stats.dol:10:5\n   |\n10 |     1,\n   |     ^^\n11 |     2)\n   |     ^^\n",
		},
		{
			"a line and its break",
			Diagnostic{Span: span("2)", "\n"), Message: "m"},
			"error: m\n  --> src/stats.dol:11:2\n   |\n11 |     2)\n   |     ^^\n",
		},
		{
			"an empty line",
			Diagnostic{Span: SpanOf("src/stats.dol", src, 1, 2), Message: "m"},
			"error: m\n  --> src/stats.dol:2:1\n   |\n 2 |\n   | ^\n",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b strings.Builder
			r := Renderer{Source: func(string) ([]byte, bool) { return src, true }}
			if err := r.Render(&b, List{c.d}); err != nil || b.String() != c.want {
				t.Errorf("got (%v)\n%swant\n%s", err, b.String(), c.want)
			}
		})
	}
}

func TestRenderJSONIsOneObjectPerLine(t *testing.T) {
	at := Span{File: "f", Start: Position{2, 3, 7}, End: Position{2, 5, 9}}
	l := List{
		{
			Span: at, Severity: Warning, Code: "c", Message: "<m>\n", Key: "a.b", Notes: []Note{{Text: "n", Span: at}},
			Fix: &Fix{Label: "l", Edits: []Edit{{at, "new"}}},
		},
		{Message: "bare"},
	}
	var b bytes.Buffer
	if err := RenderJSON(&b, l); err != nil {
		t.Fatal(err)
	}
	want := `{"file":"f","line":2,"col":3,"endLine":2,"endCol":5,"code":"c","severity":"warning","message":"<m>\n","key":"a.b",` +
		`"notes":[{"text":"n","file":"f","line":2,"col":3}],"fix":{"label":"l","edits":[{"file":"f","offset":7,"endOffset":9,"replacement":"new"}]}}` + "\n" +
		`{"file":"","line":0,"col":0,"endLine":0,"endCol":0,"code":"","severity":"error","message":"bare","notes":[],"fix":null}` + "\n"
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
	for line := range strings.Lines(b.String()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("%q is not JSON", line)
		}
	}
}

func TestListSortsAndIsAnError(t *testing.T) {
	at := func(off int) Span { return Span{File: "f", Start: Position{1, off + 1, off}} }
	l := List{{Span: at(9), Message: "second"}, {Span: at(1), Code: "x", Message: "first"}, {Span: at(1), Code: "x", Message: "again"}, {Span: at(1), Code: "a", Severity: Hint, Message: "hint"}}
	l.Sort()
	var got []string
	for _, d := range l {
		got = append(got, d.Message)
	}
	if s := strings.Join(got, " "); s != "hint first second" {
		t.Errorf("sorted: %s", s)
	}
	err := l.Err()
	if err == nil || err.Error() != "f:1:2: first (and 1 more)" {
		t.Errorf("Err() = %v", err)
	}
	var d *Diagnostic
	if !errors.As(err, &d) || d.Message != "hint" {
		t.Errorf("errors.As found %v", d)
	}
	if err := (List{{Severity: Warning}}).Err(); err != nil {
		t.Errorf("a warning alone is the error %v", err)
	}
}

func TestEscape(t *testing.T) {
	for in, want := range map[string]string{
		"plain ä 日本 é": "plain ä 日本 é",
		"a\x1b[2J":     `a\x1b[2J`,
		"a\nb\tc\r":    `a\nb\tc\r`,
		"\u202eevil":   `\u{202e}evil`,
		"zero\u200bw":  `zero\u{200b}w`,
		"\xff\xfe":     `\xff\xfe`,
		"c1\u009b":     `c1\u{9b}`,
		"�":            "�",
	} {
		if got := Escape(in); got != want {
			t.Errorf("Escape(%q) = %q, want %q", in, got, want)
		}
		if Printable(in) != (in == want) {
			t.Errorf("Printable(%q) = %v", in, Printable(in))
		}
	}
}

func FuzzEscape(f *testing.F) {
	f.Add("a\x1b\u202e\xff")
	f.Fuzz(func(t *testing.T, s string) {
		e := Escape(s)
		if !Printable(e) || !utf8.ValidString(e) {
			t.Errorf("Escape(%q) = %q is not printable", s, e)
		}
	})
}

func FuzzRender(f *testing.F) {
	f.Add([]byte("a = 1\n\tb\n"), 3, 5, "message")
	f.Fuzz(func(t *testing.T, src []byte, start, end int, message string) {
		l := List{{Span: SpanOf("f", src, start, end), Message: message}}
		var b strings.Builder
		if err := (Renderer{Source: func(string) ([]byte, bool) { return src, true }}).Render(&b, l); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(b.String()) {
			if line = strings.TrimSuffix(line, "\n"); !Printable(line) {
				t.Errorf("the line %q is not printable", line)
			}
		}
	})
}
