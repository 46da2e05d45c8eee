package types

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/univrs/vudo/dol/internal/syntax"
)

// lint reports what is no fault and worth a look: names, documentation, imports
// that nothing uses, attributes that mean nothing.
func (c *checker) lint() {
	for _, m := range c.modules {
		if !m.library {
			c.unusedImports(m)
		}
	}
	for _, s := range c.sources {
		if !s.library {
			s.lintItems(s.file.Items)
		}
	}
}

func (c *checker) unusedImports(m *module) {
	for _, u := range m.uses {
		if u.bad || u.decl.Vis != syntax.Private {
			continue
		}
		for _, im := range u.names {
			if im.used || im.y == nil || im.y.kind == symBad || u.src.imports[im.name] != im {
				continue
			}
			if u.src.saysName(im) {
				continue
			}
			d := u.src.report("unused-import", im.at, "%s is imported and never used", im.name)
			if len(u.names) == 1 && !u.decl.Glob {
				u.src.fix(d, "remove the import", u.decl.Span, "")
			}
		}
	}
	for _, u := range m.useGlobs {
		if !u.used && !u.bad && u.decl.Vis == syntax.Private && len(u.names) == 0 {
			d := u.src.report("unused-import", u.decl.Span, "nothing that this imports is used")
			u.src.fix(d, "remove the import", u.decl.Span, "")
		}
	}
}

// saysName reports whether the sentences of the file speak of an import: uses and
// requires name whole modules.
func (s *source) saysName(im *importName) bool {
	full := joinIdents(im.path)
	found := false
	for _, d := range s.file.Items {
		var body []syntax.Item
		switch d := d.(type) {
		case *syntax.Trait:
			body = d.Body
		case *syntax.System:
			body = d.Body
		case *syntax.Evo:
			found = found || strings.HasPrefix(d.Name.String(), full)
		}
		for _, item := range body {
			name := ""
			switch x := item.(type) {
			case *syntax.Uses:
				name = x.Name.String()
			case *syntax.Requires:
				name = x.Name.String()
			}
			if name != "" && (strings.HasPrefix(name, full) || strings.HasPrefix(name, im.name)) {
				return true
			}
		}
	}
	return found
}

var knownAttributes = map[string]bool{
	"test": true, "wasm_export": true, "import": true, "derive": true, "cfg": true, "inline": true,
}

func (s *source) lintItems(items []syntax.Decl) {
	for _, d := range items {
		h := d.Header()
		s.attributesOf(h.Attrs)
		switch d := d.(type) {
		case *syntax.Submodule:
			s.lintItems(d.Items)
			s.snakeCase(h.Name.Parts, "modules")
		case *syntax.Gen:
			s.pascalCase(h.Name, "types")
			s.docsOf(h, "gen")
			s.lintBody(d.Body)
			if e, ok := d.Carrier.(*syntax.EnumType); ok {
				s.lintVariants(e.Variants)
			}
		case *syntax.Enum:
			s.pascalCase(h.Name, "types")
			s.docsOf(h, "enum")
			s.lintVariants(d.Variants)
		case *syntax.Alias:
			s.pascalCase(h.Name, "types")
		case *syntax.Trait:
			s.pascalCase(h.Name, "traits")
			s.docsOf(h, "trait")
			s.lintBody(d.Body)
		case *syntax.Rule:
			s.docsOf(h, "rule")
		case *syntax.System:
			s.pascalCase(h.Name, "systems")
			s.docsOf(h, "system")
			s.lintBody(d.Body)
		case *syntax.Evo:
			s.docsOf(h, "evo")
		case *syntax.Impl:
			s.lintBody(d.Body)
		case *syntax.Fun:
			s.snakeCase([]syntax.Ident{d.FunName}, "functions")
			if h.Vis == syntax.Public && !isTest(h.Attrs) && d.FunName.Name != "main" {
				s.docsAt(h, d.FunName.Span, "function "+d.FunName.Name)
			} else if h.Docs != nil {
				s.docsText(h, d.FunName.Span)
			}
			if d.Sex && h.Docs == nil && s.c.o.StrictEffects && d.Body != nil {
				s.report("sex-undocumented", d.FunName.Span, "%s is marked sex and has no docs", d.FunName.Name)
			}
		}
	}
}

func isTest(attrs []syntax.Attr) bool {
	for i := range attrs {
		if attrs[i].Name.Name == "test" {
			return true
		}
	}
	return false
}

func (s *source) attributesOf(attrs []syntax.Attr) {
	for i := range attrs {
		a := &attrs[i]
		if a.Name.Name == "" || knownAttributes[a.Name.Name] {
			continue
		}
		d := s.report("unknown-attribute", a.Name.Span, "no attribute is called %s", a.Name.Name)
		near := newNearest(a.Name.Name)
		for n := range knownAttributes {
			near.tryOrdered(n)
		}
		if near.best != "" {
			s.fix(d, "did you mean "+near.best+"?", a.Name.Span, near.best)
		}
	}
}

func (s *source) lintBody(body []syntax.Item) {
	for _, item := range body {
		if d, ok := item.(syntax.Decl); ok {
			s.attributesOf(d.Header().Attrs)
		}
		switch d := item.(type) {
		case *syntax.Fun:
			s.snakeCase([]syntax.Ident{d.FunName}, "methods")
		case *syntax.Gen:
			s.pascalCase(d.Name, "types")
			s.lintBody(d.Body)
		case *syntax.Enum:
			s.pascalCase(d.Name, "types")
			s.lintVariants(d.Variants)
		}
	}
}

func (s *source) lintVariants(vs []*syntax.Variant) {
	for _, v := range vs {
		s.pascalName(v.Name, "variants")
	}
}

// pascalCase hints at a type that is not written in PascalCase. Ontology names
// are exempt.
func (s *source) pascalCase(q syntax.QName, what string) {
	if len(q.Parts) != 1 || isOntology(q) {
		return
	}
	s.pascalName(q.Parts[0], what)
}

func (s *source) pascalName(id syntax.Ident, what string) {
	r, _ := utf8.DecodeRuneInString(id.Name)
	if id.Name == "" || unicode.IsUpper(r) && !strings.Contains(id.Name, "_") || !unicode.IsLetter(r) {
		return
	}
	now := ""
	for _, part := range strings.Split(id.Name, "_") {
		r, n := utf8.DecodeRuneInString(part)
		if n > 0 {
			now += string(unicode.ToUpper(r)) + part[n:]
		}
	}
	d := s.report("naming", id.Span, "%s are written in PascalCase", what)
	advise(d, "write "+now)
}

func (s *source) snakeCase(parts []syntax.Ident, what string) {
	for _, id := range parts {
		if strings.IndexFunc(id.Name, unicode.IsUpper) < 0 {
			continue
		}
		var now strings.Builder
		for i, r := range id.Name {
			if unicode.IsUpper(r) {
				if i > 0 && !strings.HasSuffix(now.String(), "_") {
					now.WriteByte('_')
				}
				r = unicode.ToLower(r)
			}
			now.WriteRune(r)
		}
		d := s.report("naming", id.Span, "%s are written in snake_case", what)
		advise(d, "write "+now.String())
	}
}

// minDocs is how many characters say something.
const minDocs = 20

func (s *source) docsOf(h *syntax.DeclHead, what string) {
	if len(h.Name.Parts) > 0 {
		s.docsAt(h, h.Name.Span, what+" "+h.Name.String())
	}
}

func (s *source) docsAt(h *syntax.DeclHead, at syntax.Span, what string) {
	if h.Docs == nil {
		d := s.report("docs-missing", at, "%s has no docs", what)
		advise(d, "add docs { … } with a sentence about it")
		return
	}
	s.docsText(h, at)
}

func (s *source) docsText(h *syntax.DeclHead, _ syntax.Span) {
	switch text := strings.TrimSpace(h.Docs.Text); {
	case text == "":
		s.report("docs-empty", h.Docs.Span, "these docs are blank")
	case utf8.RuneCountInString(text) < minDocs:
		s.report("docs-short", h.Docs.Span, "docs of fewer than %d characters say little", minDocs)
	}
}
