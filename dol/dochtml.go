package dol

import (
	"bytes"
	_ "embed"
	"html/template"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	gmtext "github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

//go:embed page/page.html
var pageTemplate string

//go:embed page/style.css
var pageStyle string

//go:embed page/search.js
var pageScript string

// searchEntry is a line of the search list.
type searchEntry struct {
	Name string `json:"n"`
	Kind string `json:"k"`
	Page string `json:"p"`
	Text string `json:"t"` // the first line of its documentation
}

// htmlPage is what the template gets.
type htmlPage struct {
	Set    *docSet
	Module *docModule // nil: the index
	Style  template.CSS
	Script template.JS
	Search []searchEntry
}

func (d *docSet) html() []Page {
	t := template.Must(template.New("page").Funcs(template.FuncMap{
		"docs":  d.markup,
		"link":  func(name string) string { return htmlTarget(d.names[name]) },
		"first": firstLine,
	}).Parse(pageTemplate))
	search := d.search()
	render := func(name string, m *docModule) Page {
		var b bytes.Buffer
		p := htmlPage{Set: d, Module: m, Style: template.CSS(pageStyle)}
		if m == nil { // the list stands on the index alone
			p.Script, p.Search = template.JS(pageScript), search
		}
		if err := t.Execute(&b, p); err != nil {
			panic(err) // the template fits the model
		}
		return Page{name + ".html", b.Bytes()}
	}
	pages := []Page{render("index", nil)}
	for _, m := range d.Modules {
		pages = append(pages, render(m.Page, m))
	}
	return pages
}

// htmlTarget puts the ending into page#anchor; "" stays.
func htmlTarget(to string) string { return target(to, ".html") }

func target(to, ending string) string {
	page, anchor, ok := strings.Cut(to, "#")
	switch {
	case to == "":
		return ""
	case ok:
		return page + ending + "#" + anchor
	}
	return page + ending
}

func (d *docSet) search() []searchEntry {
	var out []searchEntry
	for _, m := range d.Modules {
		out = append(out, searchEntry{m.Name, "module", m.Page + ".html", firstLine(m.Docs)})
		each(m.Decls, "", func(x *docDecl, owner string) {
			out = append(out, searchEntry{owner + x.Name, x.Kind, m.Page + ".html#" + x.Anchor, firstLine(x.Docs)})
		})
	}
	return out
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// markup renders Markdown. Raw HTML shows as the text that it is; unsafe addresses
// are emptied, which is what the library does unless it is told otherwise.
func (d *docSet) markup(text string) template.HTML {
	md := goldmark.New(
		goldmark.WithExtensions(extension.Table),
		goldmark.WithParserOptions(parser.WithASTTransformers(util.Prioritized(linker{d.names}, 100))),
		goldmark.WithRendererOptions(renderer.WithNodeRenderers(util.Prioritized(rawHTML{}, 100))),
	)
	var b bytes.Buffer
	if err := md.Convert([]byte(text), &b); err != nil {
		return template.HTML(template.HTMLEscapeString(text))
	}
	return template.HTML(b.String())
}

// rawHTML shows raw HTML as text.
type rawHTML struct{}

// RegisterFuncs implements renderer.NodeRenderer.
func (rawHTML) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(ast.KindRawHTML, func(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			escapeLines(w, source, n.(*ast.RawHTML).Segments)
		}
		return ast.WalkSkipChildren, nil
	})
	r.Register(ast.KindHTMLBlock, func(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		block := n.(*ast.HTMLBlock)
		if entering {
			_, _ = w.WriteString("<p>")
			escapeLines(w, source, block.Lines())
		} else {
			if block.HasClosure() {
				_, _ = w.WriteString(template.HTMLEscapeString(string(block.ClosureLine.Value(source))))
			}
			_, _ = w.WriteString("</p>\n")
		}
		return ast.WalkContinue, nil
	})
}

func escapeLines(w util.BufWriter, source []byte, lines *gmtext.Segments) {
	for i := range lines.Len() {
		line := lines.At(i)
		_, _ = w.WriteString(template.HTMLEscapeString(string(line.Value(source))))
	}
}

// linker makes links of code spans that name a declaration.
type linker struct{ names map[string]string }

// Transform implements parser.ASTTransformer.
func (l linker) Transform(doc *ast.Document, r gmtext.Reader, _ parser.Context) {
	var spans []*ast.CodeSpan
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if _, ok := n.(*ast.Link); ok {
			return ast.WalkSkipChildren, nil
		}
		if span, ok := n.(*ast.CodeSpan); ok && entering {
			spans = append(spans, span)
		}
		return ast.WalkContinue, nil
	})
	for _, span := range spans {
		var word strings.Builder
		for c := span.FirstChild(); c != nil; c = c.NextSibling() {
			if t, ok := c.(*ast.Text); ok {
				word.Write(t.Segment.Value(r.Source()))
			}
		}
		to := htmlTarget(l.names[strings.TrimSuffix(word.String(), "()")])
		if to == "" {
			continue
		}
		link := ast.NewLink()
		link.Destination = []byte(to)
		span.Parent().ReplaceChild(span.Parent(), span, link)
		link.AppendChild(link, span)
	}
}
