package dol_test

import (
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/univrs/vudo/dol/internal/syntax"
)

// ebnf is a rule of the grammar in docs/spec/dol.md: a terminal, a name, or a
// sequence, choice, option or repetition of others.
type ebnf struct {
	op    byte // 't' terminal, 'n' name, ',' sequence, '|' choice, '[' option, '{' repetition
	text  string
	parts []*ebnf
}

// grammar is the grammar of the document by the names of its productions.
type grammar map[string]*ebnf

// lexical are the names that sections 2 and 3.5 explain in words.
var lexical = []string{"word", "hard", "integer", "float", "string", "fstring", "char", "version", "RAWTEXT", "url", "line"}

var ebnfToken = regexp.MustCompile(`"[^"]+"|[A-Za-z]\w*|[=.|()\[\]{}]`)

// readGrammar takes the grammar from the document and complains of names that
// nothing defines and of productions that nothing uses.
func readGrammar(t *testing.T) grammar {
	t.Helper()
	doc, err := os.ReadFile("../docs/spec/dol.md")
	if err != nil {
		t.Fatal(err)
	}
	g, used := grammar{}, map[string]bool{"file": true, "testfile": true}
	for _, block := range regexp.MustCompile("(?ms)^```ebnf\n(.*?)^```$").FindAllSubmatch(doc, -1) {
		r := ebnfReader{tokens: ebnfToken.FindAllString(string(block[1]), -1), used: used}
		for len(r.tokens) > 0 {
			name := r.next()
			if g[name] != nil || r.next() != "=" {
				t.Fatalf("production %s stands twice, or has no =", name)
			}
			g[name] = r.choice()
			if r.next() != "." {
				t.Fatalf("production %s does not end", name)
			}
		}
	}
	for name := range used {
		if g[name] == nil && !slices.Contains(lexical, name) {
			t.Errorf("%s is used and not defined", name)
		}
	}
	for name := range g {
		if !used[name] {
			t.Errorf("%s is defined and not used", name)
		}
	}
	return g
}

type ebnfReader struct {
	tokens []string
	used   map[string]bool
}

func (r *ebnfReader) next() string {
	if len(r.tokens) == 0 {
		return ""
	}
	s := r.tokens[0]
	r.tokens = r.tokens[1:]
	return s
}

func (r *ebnfReader) choice() *ebnf {
	e := &ebnf{op: '|', parts: []*ebnf{r.sequence()}}
	for len(r.tokens) > 0 && r.tokens[0] == "|" {
		r.next()
		e.parts = append(e.parts, r.sequence())
	}
	return e
}

func (r *ebnfReader) sequence() *ebnf {
	e := &ebnf{op: ','}
	for len(r.tokens) > 0 && !strings.Contains("|.)]}", r.tokens[0]) {
		switch s := r.next(); s[0] {
		case '(', '[', '{':
			part := &ebnf{op: s[0], parts: []*ebnf{r.choice()}}
			if s == "(" {
				part = part.parts[0]
			}
			r.next()
			e.parts = append(e.parts, part)
		case '"':
			e.parts = append(e.parts, &ebnf{op: 't', text: strings.Trim(s, `"`)})
		default:
			r.used[s] = true
			e.parts = append(e.parts, &ebnf{op: 'n', text: s})
		}
	}
	return e
}

// derivation asks whether the grammar derives the tokens of a file. It follows all
// ways at once and remembers where each rule can end, so it never tries one twice.
type derivation struct {
	grammar grammar
	kinds   []syntax.TokenKind
	texts   []string
	breaks  []bool // before the token
	ends    map[derived][]int
	far     int // the last token that some way reached
}

type derived struct {
	rule *ebnf
	at   int
}

// derives reports whether the production derives all of the file, and else the token at which
// every way ended.
func (g grammar) derives(f *syntax.File, production string) (bool, string) {
	d := derivation{grammar: g, ends: map[derived][]int{}}
	for _, tok := range f.Tokens {
		text := f.Text(tok.Span)
		switch {
		case tok.Kind == syntax.EOF:
			continue
		case tok.Kind == syntax.Compose: // two signs that close types, or one that composes
			d.add(syntax.Greater, ">", tok.NLBefore)
			d.add(syntax.Greater, ">", false)
		default:
			d.add(tok.Kind, text, tok.NLBefore)
		}
	}
	if slices.Contains(d.match(g[production], 0), len(d.texts)) {
		return true, ""
	}
	lo, hi := max(0, d.far-6), min(len(d.texts), d.far+3)
	return false, strings.Join(d.texts[lo:hi], " ")
}

func (d *derivation) add(k syntax.TokenKind, text string, nl bool) {
	d.kinds, d.texts, d.breaks = append(d.kinds, k), append(d.texts, text), append(d.breaks, nl)
}

func (d *derivation) match(e *ebnf, at int) []int {
	key := derived{e, at}
	if ends, ok := d.ends[key]; ok {
		return ends
	}
	d.ends[key] = nil // a rule that begins with itself derives nothing
	var ends []int
	switch e.op {
	case 't':
		ends = d.terminal(e.text, at)
	case 'n':
		if rule := d.grammar[e.text]; rule != nil {
			ends = d.match(rule, at)
		} else {
			ends = d.lexical(e.text, at)
		}
	case '|':
		for _, p := range e.parts {
			ends = append(ends, d.match(p, at)...)
		}
	case '[':
		ends = append([]int{at}, d.match(e.parts[0], at)...)
	case ',':
		ends = []int{at}
		for _, p := range e.parts {
			var next []int
			for _, a := range ends {
				next = append(next, d.match(p, a)...)
			}
			ends = distinct(next)
		}
	case '{':
		ends = []int{at}
		for i := 0; i < len(ends); i++ {
			for _, b := range d.match(e.parts[0], ends[i]) {
				if !slices.Contains(ends, b) {
					ends = append(ends, b)
				}
			}
		}
	}
	ends = distinct(ends)
	d.ends[key] = ends
	return ends
}

func distinct(ends []int) []int {
	slices.Sort(ends)
	return slices.Compact(ends)
}

func (d *derivation) terminal(text string, at int) []int {
	d.far = max(d.far, at)
	if at >= len(d.texts) {
		return nil
	}
	if text == ">>" && at+1 < len(d.texts) && d.texts[at] == ">" && d.texts[at+1] == ">" {
		return []int{at + 2}
	}
	if d.texts[at] != text || d.kinds[at] == syntax.String {
		return nil
	}
	return []int{at + 1}
}

func (d *derivation) lexical(name string, at int) []int {
	d.far = max(d.far, at)
	if name == "line" || name == "url" {
		return d.line(at)
	}
	if at >= len(d.texts) {
		return nil
	}
	fits := map[string][]syntax.TokenKind{
		"word": {syntax.Word}, "hard": {syntax.Keyword}, "integer": {syntax.Int}, "float": {syntax.Float},
		"string": {syntax.String}, "fstring": {syntax.FormatString}, "char": {syntax.Char},
		"version": {syntax.VersionText}, "RAWTEXT": {syntax.RawText},
	}
	if !slices.Contains(fits[name], d.kinds[at]) {
		return nil
	}
	return []int{at + 1}
}

// line is raw text, or whatever stands up to the next line break or closing brace.
func (d *derivation) line(at int) []int {
	end := at
	for end < len(d.texts) && (end == at || !d.breaks[end]) && d.texts[end] != "}" && d.texts[end] != "{" {
		end++
	}
	if end == at {
		return nil
	}
	return []int{end}
}

// sources are the DOL files of the repository that the parser accepts.
func sources(t *testing.T) []*syntax.File {
	t.Helper()
	var files []*syntax.File
	for _, root := range []string{"testdata", "std", "internal", "../examples/dol", "../internal/cli"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(path) != ".dol" {
				return err
			}
			text, err := os.ReadFile(path)
			if f, problems := syntax.Parse(filepath.ToSlash(path), text); err == nil && !problems.HasErrors() {
				files = append(files, f)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(files) < 60 {
		t.Fatalf("only %d files", len(files))
	}
	return files
}

// The grammar of the document derives every file that the parser accepts.
//
// Proves: dol 3-a, 4.1-a
func TestGrammarDerivesEveryFile(t *testing.T) {
	g := readGrammar(t)
	for _, f := range sources(t) {
		if ok, near := g.derives(f, "file"); !ok {
			t.Errorf("%s is not derived; all ways end near: %s", f.Path, near)
		}
	}
}

// Files from which one token is missing: what the parser still accepts, the grammar
// derives, and most of what the parser refuses, the grammar refuses too.
func TestGrammarAgainstTheParser(t *testing.T) {
	g := readGrammar(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	files := slices.DeleteFunc(sources(t), func(f *syntax.File) bool { return len(f.Src) > 3000 })
	refused, both := 0, 0
	for range 300 {
		f := files[r.IntN(len(files))]
		gone := f.Tokens[r.IntN(len(f.Tokens)-1)]
		text := string(f.Src[:gone.Start]) + " " + string(f.Src[gone.End:])
		m, problems := syntax.Parse(f.Path, []byte(text))
		derives, near := g.derives(m, "file")
		switch {
		case problems.HasErrors():
			refused++
			if !derives {
				both++
			}
		case !derives:
			t.Errorf("%s without %q at %v is accepted and not derived; all ways end near: %s", f.Path, f.Text(gone.Span), f.Position(gone.Start), near)
		}
	}
	if both*2 < refused {
		t.Errorf("of %d texts that the parser refuses the grammar refuses only %d", refused, both)
	}
}
