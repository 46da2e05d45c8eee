package types

import (
	"strings"

	"github.com/univrs/vudo/dol/internal/syntax"
)

// useDecl is a use declaration.
type useDecl struct {
	src      *source
	mod      *module
	decl     *syntax.Use
	names    []*importName
	used     bool
	resolved progress
	module   *module // what a glob opens
	enum     *typeInfo
	bad      bool
}

// importName is one name that a use brings into scope.
type importName struct {
	use   *useDecl
	name  string
	path  []syntax.Ident
	at    syntax.Span
	state progress
	y     *symbol
	used  bool
}

func (c *checker) collectUse(s *source, m *module, d *syntax.Use) {
	u := &useDecl{src: s, mod: m, decl: d}
	m.uses = append(m.uses, u)
	path := d.Local.Parts
	if d.Package != "" || d.URL != "" {
		path = d.Path.Parts
		if !strings.HasPrefix(d.Package, "@std/") && d.Package != "@std" {
			u.bad = true
			rep := s.report("unresolved-import", d.Span, "nothing provides %s", strings.TrimSpace(d.Package+d.URL))
			note(rep, "packages come from a registry or a path dependency of the manifest")
			if d.Vis == syntax.PublicSpirit {
				s.report("reexport-scope", d.VisSpan, "a re-export of another package is visible to this Spirit only")
			}
		}
	}
	add := func(name syntax.Ident, rest ...syntax.Ident) {
		if name.Name == "" {
			return
		}
		im := &importName{use: u, name: name.Name, at: name.Span, path: append(append([]syntax.Ident(nil), path...), rest...)}
		if len(rest) == 0 {
			im.path = path
		}
		u.names = append(u.names, im)
		if first := s.imports[im.name]; first != nil {
			rep := s.report("dup-import", im.at, "%s is imported twice", im.name)
			s.note(rep, first.at, "first imported here")
			return
		}
		s.imports[im.name] = im
		if d.Vis != syntax.Private {
			m.reuse = append(m.reuse, im)
		}
	}
	switch {
	case d.HasList:
		for _, item := range d.Items {
			switch {
			case item.Glob:
				m.useGlobs = append(m.useGlobs, u)
			case item.Alias.Name != "":
				add(item.Alias, item.Name)
			default:
				add(item.Name, item.Name)
			}
		}
	case d.Glob:
		m.useGlobs = append(m.useGlobs, u)
	case d.Alias.Name != "":
		add(d.Alias)
	case len(path) > 0:
		add(path[len(path)-1])
	}
	if d.Vis != syntax.Private && len(m.useGlobs) > 0 && m.useGlobs[len(m.useGlobs)-1] == u {
		m.globs = append(m.globs, u)
	}
}

// findModule returns the module with the longest name that path begins with, and
// how many parts that takes.
func (c *checker) findModule(from *module, path []syntax.Ident) (*module, int) {
	for n := len(path); n > 0; n-- {
		name := joinIdents(path[:n])
		if m := c.byName[name]; m != nil {
			return m, n
		}
		for outer := from; outer != nil; outer = outer.parent {
			if m := c.byName[outer.name+"."+name]; m != nil {
				return m, n
			}
		}
		if p := parentName(from.name); p != "" {
			if m := c.byName[p+"."+name]; m != nil {
				return m, n
			}
		}
	}
	// A submodule or an imported module of the file itself.
	if len(path) > 0 {
		if y := from.scope[path[0].Name]; y != nil && y.kind == symModule && y.module != nil {
			m, n := y.module, 1
			for n < len(path) {
				y := m.scope[path[n].Name]
				if y == nil || y.kind != symModule || y.module == nil {
					break
				}
				m, n = y.module, n+1
			}
			return m, n
		}
	}
	return nil, 0
}

func joinIdents(parts []syntax.Ident) string { return syntax.QName{Parts: parts}.String() }

// symbol resolves the import; nil when it was reported as unresolved, or goes in
// a circle.
func (im *importName) symbol() *symbol {
	switch im.state {
	case done:
		return im.y
	case running:
		return nil
	}
	im.state = running
	im.y = im.find()
	im.state = done
	return im.y
}

func (im *importName) find() *symbol {
	u := im.use
	s, c := u.src, u.src.c
	bad := &symbol{kind: symBad, name: im.name, src: s, mod: s.mod}
	if u.bad {
		return bad
	}
	if len(im.path) == 0 {
		return bad
	}
	m, n := c.findModule(s.mod, im.path)
	if m == nil {
		// A type of this module, for its variants.
		if y := s.mod.scope[im.path[0].Name]; y != nil && len(im.path) == 2 {
			return im.within(y, im.path[1])
		}
		im.unresolved(im.path[0], "no module is called "+im.path[0].Name)
		return bad
	}
	s.mod.edges = append(s.mod.edges, moduleEdge{m, im.at, s})
	rest := im.path[n:]
	if len(rest) == 0 {
		return m.symbol()
	}
	y := m.member(rest[0].Name)
	if y == nil {
		im.unresolved(rest[0], "module "+m.name+" has no "+rest[0].Name)
		return bad
	}
	if !y.visible(s.mod) {
		s.private(rest[0].Span, y)
		im.used = true
	}
	if len(rest) == 1 {
		return y
	}
	return im.within(y, rest[1])
}

// within resolves a variant or nested type of y.
func (im *importName) within(y *symbol, part syntax.Ident) *symbol {
	s := im.use.src
	if y.kind == symType {
		s.c.complete(y.typ)
		if v := y.typ.variants[part.Name]; v != nil {
			return &symbol{kind: symVariant, name: part.Name, src: s, mod: y.mod, typ: y.typ, variant: v, vis: y.vis, at: y.at}
		}
		if n := y.typ.nested[part.Name]; n != nil {
			return n
		}
	}
	im.unresolved(part, y.name+" has no "+part.Name)
	return &symbol{kind: symBad, name: im.name, src: s, mod: s.mod}
}

func (im *importName) unresolved(at syntax.Ident, what string) {
	s := im.use.src
	if !im.use.bad {
		im.use.bad = true
		d := s.report("unresolved-import", at.Span, "%s", what)
		near := newNearest(at.Name)
		for _, m := range s.c.modules {
			if !m.library {
				near.try(m.name)
				for _, y := range m.order {
					near.try(y.name)
				}
			}
		}
		if near.best != "" {
			s.fix(d, "did you mean "+near.best+"?", at.Span, near.best)
		}
	}
}

// private reports the use of a name that is not visible here.
func (s *source) private(at syntax.Span, y *symbol) {
	word := "private"
	switch y.vis {
	case syntax.PublicSpirit:
		word = "pub(spirit)"
	case syntax.PublicParent:
		word = "pub(parent)"
	}
	d := s.report("visibility", at, "%s is %s in module %s", y.name, word, y.mod.name)
	if y.src != nil && !y.mod.library {
		y.src.note(d, y.at, "declared here")
		advise(d, "write pub before the declaration of "+y.name)
	}
}

// target returns the module that a glob opens; nil when there is none.
func (u *useDecl) target() *globTarget {
	if u.resolved == running {
		return nil
	}
	if u.resolved == untouched {
		u.resolved = running
		u.findTarget()
		u.resolved = done
	}
	if u.module == nil && u.enum == nil {
		return nil
	}
	return &globTarget{u}
}

func (u *useDecl) findTarget() {
	s, c := u.src, u.src.c
	path := u.decl.Local.Parts
	if u.decl.Package != "" {
		path = u.decl.Path.Parts
	}
	if u.bad || len(path) == 0 {
		return
	}
	m, n := c.findModule(s.mod, path)
	var y *symbol
	switch {
	case m == nil:
		y = s.mod.scope[path[0].Name]
		n = 1
	case n == len(path):
		u.module = m
		s.mod.edges = append(s.mod.edges, moduleEdge{m, u.decl.Span, s})
		return
	default:
		y = m.member(path[n].Name)
		n++
	}
	if y != nil && y.kind == symType && n == len(path) && y.typ.decl.Kind == 1 {
		c.complete(y.typ)
		u.enum = y.typ
		return
	}
	(&importName{use: u}).unresolved(path[min(n, len(path))-1], "no module is called "+joinIdents(path))
}

// globTarget is what a glob import looks names up in.
type globTarget struct{ u *useDecl }

func (g *globTarget) member(name string) *symbol {
	if e := g.u.enum; e != nil {
		if v := e.variants[name]; v != nil {
			return &symbol{kind: symVariant, name: name, src: e.src, mod: e.sym.mod, typ: e, variant: v, vis: syntax.Public, at: e.sym.at}
		}
		return nil
	}
	return g.u.module.member(name)
}

// resolveImports resolves every import of the user's files, so that each that
// fails is reported, and looks for import cycles.
func (c *checker) resolveImports() {
	for _, m := range c.modules {
		for _, u := range m.uses {
			for _, im := range u.names {
				im.symbol()
			}
		}
		for _, u := range m.useGlobs {
			u.target()
		}
	}
	c.importCycles()
}

// importCycles reports each circle of modules that import each other once, at
// the import that closes it.
func (c *checker) importCycles() {
	state := map[*module]progress{}
	var stack []*module
	var visit func(m *module)
	visit = func(m *module) {
		state[m] = running
		stack = append(stack, m)
		for _, e := range m.edges {
			switch {
			case e.to == m:
			case state[e.to] == untouched:
				visit(e.to)
			case state[e.to] == running:
				var names []string
				from := len(stack) - 1
				for stack[from] != e.to {
					from--
				}
				for _, x := range stack[from:] {
					names = append(names, x.name)
				}
				names = append(names, e.to.name)
				e.in.report("import-cycle", e.at, "modules import each other: %s", strings.Join(names, " -> "))
			}
		}
		stack = stack[:len(stack)-1]
		state[m] = done
	}
	for _, m := range c.modules {
		if state[m] == untouched && !m.library {
			visit(m)
		}
	}
}
