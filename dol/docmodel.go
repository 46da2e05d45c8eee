package dol

import (
	"slices"
	"strings"

	"github.com/univrs/vudo/dol/internal/syntax"
)

// documenter makes the documentation of one file from its tree.
type documenter struct {
	f       *syntax.File
	private bool
	open    bool // nothing is marked pub: everything is offered
}

func moduleDoc(f *syntax.File, private bool) *docModule {
	d := &documenter{f: f, private: private, open: true}
	for _, x := range f.Items {
		if x.Header().Vis != syntax.Private {
			d.open = false
		}
	}
	m := &docModule{Name: pathModule(f.Path), File: f.Path, Decls: []*docDecl{}}
	if h := f.Module; h != nil {
		m.Name = joined(h.Name)
		if h.Version != nil {
			m.Version = h.Version.Text
		}
	}
	for _, x := range f.Docs {
		m.Docs = strings.Trim(m.Docs+"\n\n"+x.Text, "\n")
	}
	for _, x := range f.Items {
		if u, ok := x.(*syntax.Use); ok {
			m.Imports = append(m.Imports, d.line(u.Span))
		}
	}
	m.Decls = append(m.Decls, d.decls(f.Items)...)
	return m
}

// decls documents declarations; those of impl blocks are methods of their type.
func (d *documenter) decls(items []syntax.Decl) []*docDecl {
	var out []*docDecl
	byName := map[string]*docDecl{}
	for _, x := range items {
		switch x.(type) {
		case *syntax.Use, *syntax.Impl, *syntax.Submodule:
			continue
		}
		if y := d.decl(x); y != nil {
			out = append(out, y)
			if byName[y.Name] == nil {
				byName[y.Name] = y
			}
		}
	}
	for _, x := range items {
		switch x := x.(type) {
		case *syntax.Impl:
			of := x.For
			if of == nil {
				of = x.Target
			}
			name := d.line(of.Range())
			methods := d.methods(x.Body, x.For != nil)
			base, _, _ := strings.Cut(name, "<")
			y := byName[base]
			switch {
			case y != nil:
				y.Methods = append(y.Methods, methods...)
				if x.For != nil {
					y.Sentences = append(y.Sentences, "implements "+d.line(x.Target.Range()))
				}
			case len(methods) > 0 && !declares(items, base): // else the type is not documented
				out = append(out, &docDecl{
					Kind: "impl", Name: "impl " + name, Public: true, Signature: d.head(&x.DeclHead), Line: d.lineOf(x.Start), Docs: text(x.Docs), Methods: methods,
				})
			}
		case *syntax.Submodule:
			for _, y := range d.decls(x.Items) {
				y.Name = joined(x.Name) + "." + y.Name
				out = append(out, y)
			}
		}
	}
	return out
}

func declares(items []syntax.Decl, name string) bool {
	return slices.ContainsFunc(items, func(x syntax.Decl) bool {
		_, impl := x.(*syntax.Impl)
		return !impl && joined(x.Header().Name) == name
	})
}

func (d *documenter) decl(x syntax.Decl) *docDecl {
	h := x.Header()
	y := &docDecl{
		Name: joined(h.Name), Public: h.Vis != syntax.Private, Line: d.lineOf(h.Start), Docs: text(h.Docs), Signature: d.head(h),
	}
	ontology := len(h.Name.Parts) > 1 || y.Name != "" && y.Name[0] >= 'a' && y.Name[0] <= 'z'
	switch x := x.(type) {
	case *syntax.Gen:
		y.Kind = "gen"
		if e, ok := x.Carrier.(*syntax.EnumType); ok {
			y.Kind = "enum"
			d.variants(y, e.Variants)
		}
		d.body(y, x.Body)
	case *syntax.Enum:
		y.Kind, ontology = "enum", false
		d.variants(y, x.Variants)
	case *syntax.Alias:
		y.Kind, y.Signature, ontology = "type", d.line(d.written(&x.DeclHead)), false
	case *syntax.Trait:
		y.Kind, ontology = "trait", true // traits and rules are for everyone
		d.body(y, x.Body)
	case *syntax.Rule:
		y.Kind, ontology = "rule", true
		r := d.rule("", nil, x.Body)
		y.Rules = []docRule{r}
	case *syntax.System:
		y.Kind, ontology = "system", true
		d.body(y, x.Body)
	case *syntax.Evo:
		y.Kind, ontology = "evo", true
		y.History = []docEvo{d.evo(x)}
	case *syntax.Fun:
		if isTest(x) {
			return nil
		}
		y.Kind, ontology = "function", false
		y.Name, y.Signature = x.FunName.Name, d.signature(x)
	case *syntax.Const:
		y.Kind, y.Signature, ontology = "constant", d.line(d.written(&x.DeclHead)), false
	case *syntax.Var:
		y.Kind, y.Signature, ontology = "variable", d.line(d.written(&x.DeclHead)), false
	default:
		return nil
	}
	y.Public = y.Public || d.open || ontology
	if !y.Public && !d.private {
		return nil
	}
	return y
}

// body documents what stands in a declaration.
func (d *documenter) body(y *docDecl, items []syntax.Item) {
	for _, item := range items {
		switch x := item.(type) {
		case *syntax.Field:
			if x.Type == nil {
				y.Sentences = append(y.Sentences, d.line(x.Span))
				continue
			}
			start := x.Name.Start
			if len(x.Annots) > 0 {
				start = x.Annots[0].Start
			}
			y.Fields = append(y.Fields, docMember{x.Name.Name, d.line(syntax.Span{Start: start, End: x.End}), text(x.Docs)})
		case *syntax.State:
			y.Fields = append(y.Fields, docMember{x.Name.Name, "state " + d.line(syntax.Span{Start: x.Name.Start, End: x.End}), text(x.Docs)})
		case *syntax.Sentence:
			y.Sentences = append(y.Sentences, d.line(x.Span))
		case *syntax.Uses:
			name := joined(x.Name)
			if x.Package != "" {
				name = x.Package
			}
			y.Uses = append(y.Uses, name)
		case *syntax.Requires:
			y.Requires = append(y.Requires, strings.TrimSpace(strings.TrimPrefix(d.line(x.Span), "requires")))
		case *syntax.Rule:
			y.Rules = append(y.Rules, d.rule(joined(x.Name), x.Docs, x.Body))
		case *syntax.Law:
			y.Laws = append(y.Laws, d.rule(joined(x.Name), x.Docs, x.Body))
		case *syntax.Enum:
			d.variants(y, x.Variants)
		case *syntax.Impl:
			y.Sentences = append(y.Sentences, "implements "+d.line(x.Target.Range()))
			y.Methods = append(y.Methods, d.methods(x.Body, true)...)
		case *syntax.DocsItem:
			y.Docs = strings.Trim(y.Docs+"\n\n"+x.Docs.Text, "\n")
		}
	}
	y.Methods = append(y.Methods, d.methods(items, y.Kind == "trait")...)
}

// methods documents the functions among items; those of a trait are everyone's.
func (d *documenter) methods(items []syntax.Item, ofTrait bool) []*docDecl {
	var out []*docDecl
	for _, item := range items {
		x, ok := item.(*syntax.Fun)
		if !ok {
			continue
		}
		public := x.Vis != syntax.Private || ofTrait || d.open
		if !public && !d.private {
			continue
		}
		out = append(out, &docDecl{
			Kind: "method", Name: x.FunName.Name, Public: public, Signature: d.signature(x), Line: d.lineOf(x.Start), Docs: text(x.Docs),
		})
	}
	return out
}

func (d *documenter) variants(y *docDecl, list []*syntax.Variant) {
	for _, v := range list {
		y.Variants = append(y.Variants, docMember{v.Name.Name, d.line(syntax.Span{Start: v.Name.Start, End: v.End}), text(v.Docs)})
	}
}

func (d *documenter) rule(name string, docs *syntax.Docs, items []syntax.Item) docRule {
	r := docRule{Name: name, Docs: text(docs)}
	for _, item := range items {
		switch x := item.(type) {
		case *syntax.ExprItem:
			r.Conditions = append(r.Conditions, d.line(x.Span))
		case *syntax.Sentence:
			r.Conditions = append(r.Conditions, d.line(x.Span))
		}
	}
	return r
}

func (d *documenter) evo(x *syntax.Evo) docEvo {
	e := docEvo{Docs: text(x.Docs)}
	if x.New != nil {
		e.New = x.New.Text
	}
	if x.Old != nil {
		e.Old = x.Old.Text
	}
	for _, item := range x.Body {
		change, ok := item.(*syntax.Evolution)
		switch {
		case !ok:
		case change.Verb == "because":
			e.Because = append(e.Because, change.Reason)
		case change.Verb == "migrate":
			e.Changes = append(e.Changes, "migrate")
		default:
			e.Changes = append(e.Changes, d.line(change.Span))
		}
	}
	return e
}

// head is a declaration up to its body.
func (d *documenter) head(h *syntax.DeclHead) string {
	s := d.written(h)
	before, _, _ := strings.Cut(d.f.Text(s), "{")
	return oneLine(before)
}

// signature is a function up to its body, as written.
func (d *documenter) signature(x *syntax.Fun) string {
	s := d.written(&x.DeclHead)
	if x.Body != nil {
		s.End = x.Body.Start
	}
	return strings.TrimSuffix(d.line(s), ";")
}

// written is a declaration without docs and attributes.
func (d *documenter) written(h *syntax.DeclHead) syntax.Span {
	s := h.Span
	if h.Keyword.End > h.Keyword.Start {
		s.Start = h.Keyword.Start
	}
	if h.VisSpan.End > h.VisSpan.Start {
		s.Start = min(s.Start, h.VisSpan.Start)
	}
	if h.Docs != nil && h.Docs.Start > s.Start && h.Docs.End == s.End {
		s.End = h.Docs.Start // docs behind the declaration
	}
	return s
}

func (d *documenter) line(s syntax.Span) string { return oneLine(d.f.Text(s)) }

func (d *documenter) lineOf(p syntax.Pos) int { return d.f.Position(p).Line }

// oneLine is source text on one line.
func oneLine(s string) string { return strings.TrimRight(strings.Join(strings.Fields(s), " "), ",; ") }

func text(d *syntax.Docs) string {
	if d == nil {
		return ""
	}
	return strings.TrimSpace(d.Text)
}
