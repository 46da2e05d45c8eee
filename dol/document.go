package dol

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/univrs/vudo/diag"
	"github.com/univrs/vudo/dol/internal/syntax"
)

// DocFormat is a form of reference pages.
type DocFormat string

// The forms of reference pages.
const (
	DocHTML     DocFormat = "html"
	DocMarkdown DocFormat = "md"
	DocJSON     DocFormat = "json"
)

// DocFormats lists what DocOptions.Format takes, the default first.
var DocFormats = []DocFormat{DocHTML, DocMarkdown, DocJSON}

// DocOptions adjusts Document.
type DocOptions struct {
	Format       DocFormat // "": HTML
	Title        string    // of the index
	Text         string    // below it, plain
	Private      bool      // what is not pub too
	Capabilities []string  // that the program asks for
}

// Page is one file of documentation.
type Page struct {
	Name string // file name: module and ending
	Text []byte
}

// Document makes reference pages: one for each module, and an index with what
// uses what. Documentation texts are Markdown; nothing in them, and nothing else
// in the sources, becomes markup or script of a page. The pages need no network
// and are the same for the same sources.
//
// A fenced block of a documentation text that is marked dol and cannot be read as
// DOL is an error with the code broken-example. Other problems are those of
// parsing; with an error among them there are no pages.
func Document(sources []Source, o DocOptions) (pages []Page, problems diag.List) {
	defer recoverICE(&problems, func() { pages = nil })
	var files []*syntax.File
	for _, s := range inOrder(sources) {
		if strings.HasSuffix(s.Path, ".dol.test") || strings.HasPrefix(s.Path, testsFolder) {
			continue
		}
		f, more := syntax.Parse(s.Path, s.Text)
		files, problems = append(files, f), append(problems, more...)
	}
	set := docSet{Title: o.Title, Text: o.Text, Capabilities: o.Capabilities}
	for _, f := range files {
		problems = append(problems, brokenExamples(f)...)
	}
	if problems.HasErrors() {
		return nil, sorted(problems)
	}
	capabilities := needs(files)
	for _, f := range files {
		m := moduleDoc(f, o.Private)
		m.Capabilities = capabilities[f.Path]
		set.add(m)
	}
	set.finish()
	switch o.Format {
	case DocMarkdown:
		return set.markdown(), sorted(problems)
	case DocJSON:
		return set.json(), sorted(problems)
	}
	return set.html(), sorted(problems)
}

const testsFolder = "tests/"

// docSet is everything that is documented.
type docSet struct {
	Title        string       `json:"title"`
	Text         string       `json:"text,omitempty"`
	Capabilities []string     `json:"capabilities,omitempty"`
	Modules      []*docModule `json:"modules"`
	Graph        []docEdge    `json:"graph,omitempty"`

	names map[string]string // what words in backticks may name -> page#anchor, without ending
}

// docModule is one page.
type docModule struct {
	Name    string   `json:"name"`
	Version string   `json:"version,omitempty"`
	File    string   `json:"file"`
	Docs    string   `json:"docs,omitempty"` // Markdown
	Imports []string `json:"imports,omitempty"`

	Capabilities []string `json:"capabilities,omitempty"` // that what it offers needs

	Decls []*docDecl `json:"declarations"`
	Page  string     `json:"-"` // file name without ending
}

// docDecl is a declaration or method.
type docDecl struct {
	Kind      string      `json:"kind"`
	Name      string      `json:"name"`
	Signature string      `json:"signature"`
	Public    bool        `json:"public"`
	Line      int         `json:"line"`
	Docs      string      `json:"docs,omitempty"`
	Fields    []docMember `json:"fields,omitempty"`
	Variants  []docMember `json:"variants,omitempty"`
	Sentences []string    `json:"sentences,omitempty"`
	Requires  []string    `json:"requires,omitempty"`
	Uses      []string    `json:"uses,omitempty"`
	Rules     []docRule   `json:"rules,omitempty"`
	Laws      []docRule   `json:"laws,omitempty"`
	Methods   []*docDecl  `json:"methods,omitempty"`
	History   []docEvo    `json:"history,omitempty"`
	Anchor    string      `json:"-"`
}

// docMember is a field or variant, as written.
type docMember struct {
	Name string `json:"name"`
	Text string `json:"text"` // DOL
	Docs string `json:"docs,omitempty"`
}

// docRule is a rule or law with its conditions and sentences, as written.
type docRule struct {
	Name       string   `json:"name"`
	Conditions []string `json:"conditions,omitempty"`
	Docs       string   `json:"docs,omitempty"`
}

// docEvo is a step in the history of a declaration.
type docEvo struct {
	New     string   `json:"version"`
	Old     string   `json:"from"`
	Changes []string `json:"changes,omitempty"`
	Because []string `json:"because,omitempty"`
	Docs    string   `json:"docs,omitempty"`
}

// docEdge says that one declaration uses or requires another.
type docEdge struct {
	From string `json:"from"`
	To   string `json:"to"`
	Verb string `json:"verb"` // uses, requires
}

func (d *docSet) add(m *docModule) {
	for _, other := range d.Modules {
		if other.Name == m.Name { // the parts of one module that stands in several files
			other.Decls = append(other.Decls, m.Decls...)
			other.Imports = append(other.Imports, m.Imports...)
			other.Capabilities = append(other.Capabilities, m.Capabilities...)
			slices.Sort(other.Capabilities)
			other.Capabilities = slices.Compact(other.Capabilities)
			other.Docs = strings.Trim(other.Docs+"\n\n"+m.Docs, "\n")
			return
		}
	}
	d.Modules = append(d.Modules, m)
}

// finish puts everything into order and finds what names what.
func (d *docSet) finish() {
	slices.SortFunc(d.Modules, func(a, b *docModule) int { return strings.Compare(a.Name, b.Name) })
	pages := map[string]bool{"index": true}
	for _, m := range d.Modules {
		m.Page = unusedWord(fileWord(m.Name), pages)
		m.history()
		slices.SortStableFunc(m.Decls, func(a, b *docDecl) int { return strings.Compare(a.Name, b.Name) })
	}
	d.names = map[string]string{}
	common := map[string]bool{} // simple names that several modules have
	name := func(word, to string) {
		if old, taken := d.names[word]; taken && old != to {
			common[word] = true
		}
		d.names[word] = to
	}
	for _, m := range d.Modules {
		anchors := map[string]bool{}
		name(m.Name, m.Page)
		each(m.Decls, "", func(x *docDecl, owner string) {
			full := owner + x.Name
			x.Anchor = unusedWord(fileWord(full), anchors)
			to := m.Page + "#" + x.Anchor
			name(full, to)
			name(m.Name+"."+full, to)
			for _, other := range x.Uses {
				d.Graph = append(d.Graph, docEdge{full, other, "uses"})
			}
			for _, other := range x.Requires {
				word, _, _ := strings.Cut(other, " ")
				d.Graph = append(d.Graph, docEdge{full, word, "requires"})
			}
		})
	}
	for word := range common {
		delete(d.names, word)
	}
	slices.SortFunc(d.Graph, func(a, b docEdge) int {
		return strings.Compare(a.From+"\x00"+a.To+"\x00"+a.Verb, b.From+"\x00"+b.To+"\x00"+b.Verb)
	})
	d.Graph = slices.Compact(d.Graph)
}

func each(list []*docDecl, owner string, visit func(d *docDecl, owner string)) {
	for _, x := range list {
		visit(x, owner)
		each(x.Methods, owner+x.Name+".", visit)
	}
}

// history hands the steps of evolution to what they are of; those of something
// that is not in the module stay declarations.
func (m *docModule) history() {
	byName := map[string]*docDecl{}
	for _, x := range m.Decls {
		if x.Kind != "evo" && byName[x.Name] == nil {
			byName[x.Name] = x
		}
	}
	m.Decls = slices.DeleteFunc(m.Decls, func(x *docDecl) bool {
		of := byName[x.Name]
		if x.Kind != "evo" || of == nil {
			return false
		}
		of.History = append(of.History, x.History...)
		return true
	})
}

// fileWord makes a name usable as a file name and anchor on every system.
func fileWord(name string) string {
	word := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_', r == '.', r == '-':
			return r
		}
		return '-'
	}, name)
	return strings.TrimLeft(word, ".-")
}

// unusedWord makes a word different from those taken, whatever their case.
func unusedWord(word string, taken map[string]bool) string {
	if word == "" {
		word = "module"
	}
	try := word
	for n := 2; taken[strings.ToLower(try)]; n++ {
		try = fmt.Sprintf("%s-%d", word, n)
	}
	taken[strings.ToLower(try)] = true
	return try
}

func (d *docSet) json() []Page {
	encode := func(v any) []byte {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetIndent("", "  ")
		if err := e.Encode(v); err != nil {
			panic(err) // texts always marshal
		}
		return b.Bytes()
	}
	pages := []Page{{"index.json", encode(d)}}
	for _, m := range d.Modules {
		pages = append(pages, Page{m.Page + ".json", encode(m)})
	}
	return pages
}
