package syntax

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/univrs/vudo/diag"
)

// corpus returns the DOL texts of testdata, by path.
func corpus(t testing.TB) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, pattern := range []string{"testdata/*/*.dol", "testdata/*/*.dol.test"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			all[filepath.ToSlash(name)] = text
		}
	}
	if len(all) < 10 {
		t.Fatalf("only %d files in testdata", len(all))
	}
	return all
}

// checkFile reports what no parse may do, whatever the text: a span outside the
// file or its parent, a token out of order, text between tokens that is neither
// white space nor trivia, too many errors.
func checkFile(t testing.TB, f *File, list diag.List) {
	t.Helper()
	size := Pos(len(f.Src))
	if len(f.Src) > MaxFileSize {
		size = 0
	}
	last := Pos(0)
	for i := range f.Tokens {
		tok := &f.Tokens[i]
		for _, tr := range tok.Leading {
			if tr.Start < last || tr.End < tr.Start || tr.End > tok.Start {
				t.Errorf("token %d: trivia %v is not between %d and %d", i, tr.Span, last, tok.Start)
			}
			last = tr.End
		}
		if tok.Start < last || tok.End < tok.Start || tok.End > size {
			t.Errorf("token %d: %v lies before %d or outside %d bytes", i, tok.Span, last, size)
		}
		last = tok.End
	}
	if n := len(f.Tokens); n == 0 || f.Tokens[n-1].Kind != EOF {
		t.Error("the last token is not the end")
	}
	var parents []Node
	var visit func(n Node)
	visit = func(n Node) {
		s := n.Range()
		if s.Start < 0 || s.End < s.Start || s.End > size {
			t.Errorf("%T %v lies outside %d bytes", n, s, size)
		}
		if len(parents) > 0 {
			if out := parents[len(parents)-1].Range(); s.Start < out.Start || s.End > out.End {
				t.Errorf("%T %v lies outside its parent %T %v", n, s, parents[len(parents)-1], out)
			}
		}
		parents = append(parents, n)
		children(n, visit)
		parents = parents[:len(parents)-1]
	}
	for _, d := range f.Items {
		visit(d)
	}
	for _, s := range f.Tests {
		visit(s)
	}
	errors := 0
	for i := range list {
		d := &list[i]
		if d.Severity == diag.Error {
			errors++
		}
		for _, s := range append(editSpans(d), d.Span) {
			if s.Start.Offset < 0 || s.End.Offset < s.Start.Offset || s.End.Offset > int(size) || !s.Start.Known() {
				t.Errorf("%s: the span %+v lies outside the file", d.Code, s)
			}
		}
		if d.Message == "" || d.Code == "" || strings.ContainsAny(d.Message, "\n") {
			t.Errorf("the diagnostic %+v says nothing, or too much", d)
		}
	}
	if errors > maxErrors+1 {
		t.Errorf("%d errors", errors)
	}
}

func editSpans(d *diag.Diagnostic) (list []diag.Span) {
	if d.Fix != nil {
		for _, e := range d.Fix.Edits {
			list = append(list, e.Span)
		}
	}
	return list
}

func seed(f *testing.F) {
	for _, text := range corpus(f) {
		f.Add(text)
	}
	for _, s := range []string{
		"", "\ufeff", "fun f() { [|f a|] }", "docs { { } ", "gen a { b: \" }", "f\"{f\"{x}\"}\"", "fun f() { if docs { 1 } }",
		"gen x { a >>= b\n- c\n}", "rule a { x = (\n y is z }", "fun f() { match x { A { docs { } } } }",
		"fun f() { let x: Vec<Vec<i64>>= 1 }", "use @git:a:b.{c}", "evo a @ 1.0.0 > 2 {", "gen A { type: enum { A(B), C { d: E } } }",
	} {
		f.Add([]byte(s))
	}
}

func FuzzScan(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		s := scanner{text: string(src), end: len(src)}
		end := Pos(0)
		for n := 0; ; n++ {
			tok := s.next()
			if tok.Start < end || tok.Kind != EOF && tok.End <= tok.Start || n > len(src) {
				t.Fatalf("token %d of kind %s: %v behind %d", n, tok.Kind, tok.Span, end)
			}
			end = tok.End
			if tok.Kind == EOF {
				return
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		for _, path := range []string{"a.dol", "a.dol.test"} {
			file, list := Parse(path, src)
			checkFile(t, file, list)
			var b bytes.Buffer
			if err := DumpTree(&b, file); err != nil {
				t.Fatal(err)
			}
		}
		x, file, _ := parseExpr("e", src)
		if x == nil {
			t.Fatal("no expression")
		}
		if s := x.Range(); s.Start < 0 || s.End < s.Start || int(s.End) > len(file.Src) {
			t.Fatalf("%v lies outside the text", s)
		}
	})
}
