package types

import (
	"path"
	"strings"

	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/dol/internal/typed"
)

// collect puts every declaration of every file into the scope of its module.
func (c *checker) collect() {
	root := c.root()
	byPath := map[string]*module{}
	for _, s := range c.sources {
		s.classic = isClassic(s.file)
		name := pathName(root, s.file.Path)
		if h := s.file.Module; h != nil && len(h.Name.Parts) > 0 {
			name = h.Name.String()
		}
		m := c.byName[name]
		if m == nil || !s.library || !m.library {
			m = &module{name: name, scope: map[string]*symbol{}, library: s.library, src: s, header: s.file.Module}
			c.modules = append(c.modules, m)
			if c.byName[name] == nil || s.library {
				c.byName[name] = m
			}
		}
		if !s.library {
			if p := pathName(root, s.file.Path); c.byName[p] == nil {
				c.byName[p] = m
			}
			byPath[path.Clean(s.file.Path)] = m
		}
		m.sources = append(m.sources, s)
		s.mod = m
	}
	c.std, c.host = libraryModule(c.byName["std"]), libraryModule(c.byName["host"])
	for _, s := range c.sources {
		if !s.library && (c.entry == nil || s.file.Path == c.o.Entry) {
			c.entry = s.mod
		}
	}
	for _, s := range c.sources {
		c.collectItems(s, s.mod, s.file.Items, byPath)
	}
	c.findKnown()
}

func libraryModule(m *module) *module {
	if m != nil && m.library {
		return m
	}
	return nil
}

// root is the folder whose files are named by their path below it.
func (c *checker) root() string {
	entry := c.o.Entry
	for _, s := range c.sources {
		if entry == "" && !s.library {
			entry = s.file.Path
		}
	}
	if i := strings.LastIndex("/"+entry, "/src/"); i >= 0 {
		return entry[:i+len("src/")]
	}
	return entry[:strings.LastIndexByte(entry, '/')+1]
}

// pathName is the module name that a path gives: geometry.shapes for
// src/geometry/shapes.dol and src/geometry/shapes/mod.dol.
// A dependency's files stand below deps/NAME/src, its modules below NAME, and its
// src/lib.dol or src/main.dol is NAME itself.
func pathName(root, file string) string {
	if dep, ok := strings.CutPrefix(file, "deps/"); ok {
		name, rest, _ := strings.Cut(dep, "/")
		rest = pathName("src/", rest)
		if rest == "lib" || rest == "main" {
			return name
		}
		return name + "." + rest
	}
	name := strings.TrimPrefix(file, root)
	name = strings.TrimSuffix(name, ".test")
	name = strings.TrimSuffix(name, ".dol")
	name = strings.TrimSuffix(name, "/mod")
	return strings.ReplaceAll(strings.Trim(name, "/"), "/", ".")
}

// isClassic reports whether the file's first declaration with two spellings has
// the classic one.
func isClassic(f *syntax.File) bool {
	for _, d := range f.Items {
		switch d.(type) {
		case *syntax.Gen, *syntax.Rule, *syntax.Evo:
			return d.Header().Spelling == syntax.Classic
		}
	}
	return false
}

func (c *checker) collectItems(s *source, m *module, items []syntax.Decl, byPath map[string]*module) {
	for _, d := range items {
		switch d := d.(type) {
		case *syntax.Use:
			c.collectUse(s, m, d)
		case *syntax.Submodule:
			c.collectSubmodule(s, m, d, byPath)
		case *syntax.Impl:
			c.impls = append(c.impls, &implInfo{src: s, syntax: d})
		case *syntax.Evo:
		default:
			c.collectDecl(s, m, d)
		}
	}
}

func (c *checker) collectSubmodule(s *source, m *module, d *syntax.Submodule, byPath map[string]*module) {
	name := d.Name.String()
	if name == "" {
		return
	}
	y := &symbol{kind: symModule, name: name, src: s, mod: m, decl: d, at: d.Name.Span, vis: d.Vis}
	if d.Inline {
		sub := &module{name: m.name + "." + name, parent: m, scope: map[string]*symbol{}, library: m.library, src: s}
		inner := &source{
			c: c, file: s.file, index: s.index, mod: sub, classic: s.classic, library: s.library,
			imports: map[string]*importName{}, shared: s.base(),
		}
		sub.src, sub.sources = inner, []*source{inner}
		c.modules = append(c.modules, sub)
		c.byName[sub.name] = sub
		y.module = sub
		c.declare(m, y)
		c.collectItems(inner, sub, d.Items, byPath)
		return
	}
	dir, base := path.Split(path.Clean(s.file.Path))
	stem := strings.TrimSuffix(base, ".dol")
	for _, p := range []string{dir + name + ".dol", dir + name + "/mod.dol", dir + stem + "/" + name + ".dol", dir + stem + "/" + name + "/mod.dol"} {
		if sub := byPath[p]; sub != nil && sub != m {
			if sub.parent == nil {
				sub.parent = m
			}
			y.module = sub
			c.declare(m, y)
			return
		}
	}
	diag := s.report("unresolved-import", d.Name.Span, "module %s has no file", name)
	note(diag, "looked for %s.dol and %s/mod.dol beside this file", name, name)
	y.kind = symBad
	c.declare(m, y)
}

// declare adds y to the scope of m.
func (c *checker) declare(m *module, y *symbol) bool {
	if first := m.scope[y.name]; first != nil {
		d := y.src.report("dup-decl", y.at, "%s is declared twice", y.name)
		first.src.note(d, first.at, "first declared here")
		return false
	}
	m.scope[y.name] = y
	m.order = append(m.order, y)
	return true
}

func (c *checker) collectDecl(s *source, m *module, d syntax.Decl) {
	h := d.Header()
	name := h.Name.String()
	y := &symbol{name: name, src: s, mod: m, decl: d, at: h.Name.Span, vis: h.Vis}
	switch d := d.(type) {
	case *syntax.Gen, *syntax.Enum, *syntax.System:
		y.kind = symType
		y.typ = c.newType(s, m, d, nil)
		y.typ.sym = y
	case *syntax.Alias:
		y.kind = symAlias
		y.alias = &aliasInfo{sym: y, src: s, decl: d, scope: &tscope{src: s}}
	case *syntax.Trait:
		y.kind = symTrait
		y.trait = c.newTrait(s, m, d)
		y.trait.sym = y
	case *syntax.Rule:
		y.kind = symRule
	case *syntax.Fun:
		y.kind = symFunc
		y.name, y.at = d.FunName.Name, d.FunName.Span
		y.fn = c.newFunc(s, m, d, &tscope{src: s})
		y.fn.sym = y
	case *syntax.Const:
		y.kind = symConst
		y.global = &globalInfo{sym: y, src: s, expr: d.Value, typ: d.Type, isConst: true}
	case *syntax.Var:
		y.kind = symVar
		y.global = &globalInfo{sym: y, src: s, expr: d.Value, typ: d.Type, sex: d.Sex}
	default:
		return
	}
	if y.global != nil {
		c.globals = append(c.globals, y.global)
	}
	if y.name == "" {
		return
	}
	c.declare(m, y)
}

func (c *checker) newType(s *source, m *module, d syntax.Decl, outer *typeInfo) *typeInfo {
	h := d.Header()
	name := h.Name.String()
	if outer != nil {
		name = outer.decl.Name + "." + name
	}
	t := &typeInfo{
		src: s, outer: outer,
		decl: &typed.TypeDecl{
			Name: name, Module: m.name, Pos: s.pos(h.Name.Start),
			Public: h.Vis == syntax.Public || outer != nil && outer.decl.Public && h.Vis == syntax.Private,
		},
		methods: methodTable{}, nested: map[string]*symbol{},
	}
	t.scope = &tscope{src: s, owner: t}
	if outer != nil {
		t.scope.parent = outer.scope
	}
	c.typesOf[t.decl] = t
	c.allTypes = append(c.allTypes, t)
	switch d := d.(type) {
	case *syntax.Gen:
		t.gen = d
		switch d.Carrier.(type) {
		case nil:
		case *syntax.EnumType:
			t.decl.Kind = typed.EnumKind
		default:
			t.decl.Kind = typed.NewtypeKind
		}
		c.collectBody(t, m, d.Body)
	case *syntax.Enum:
		t.enum = d
		t.decl.Kind = typed.EnumKind
	case *syntax.System:
		t.system = d
		c.collectBody(t, m, d.Body)
	}
	return t
}

// collectBody takes the functions, nested declarations, rules and laws out of
// the body of a type.
func (c *checker) collectBody(t *typeInfo, m *module, body []syntax.Item) {
	s := t.src
	for _, item := range body {
		switch d := item.(type) {
		case *syntax.Fun:
			f := c.newFunc(s, m, d, t.scope)
			f.owner = t
			f.path = t.decl.Name + "." + f.name
			if f.vis == syntax.Private && t.decl.Public {
				f.vis = syntax.Public
			}
			t.funcs = append(t.funcs, f)
			c.addMethod(t.methods, f)
		case *syntax.Field:
			if d.Where != nil && d.Type != nil {
				// The constraint of a field is a rule of its name.
				item := &syntax.ExprItem{X: d.Where}
				item.Span = d.Where.Range()
				t.rules = append(t.rules, &ruleInfo{name: d.Name.Name, src: s, at: d.Name.Span, items: []syntax.Item{item}, owner: t})
			}
		case *syntax.Impl:
			c.impls = append(c.impls, &implInfo{src: s, syntax: d, outer: t})
		case *syntax.Rule:
			t.rules = append(t.rules, &ruleInfo{name: d.Name.String(), src: s, at: d.Name.Span, items: d.Body, owner: t, rule: d})
		case *syntax.Law:
			t.laws = append(t.laws, &ruleInfo{name: d.Name.String(), src: s, at: d.Name.Span, items: d.Body, owner: t, law: d})
		case *syntax.Gen, *syntax.Enum:
			y := &symbol{kind: symType, name: d.(syntax.Decl).Header().Name.String(), src: s, mod: m, decl: d.(syntax.Decl), at: d.(syntax.Decl).Header().Name.Span, vis: syntax.Public}
			y.typ = c.newType(s, m, d.(syntax.Decl), t)
			y.typ.sym = y
			c.declareNested(t, y)
		case *syntax.Alias:
			y := &symbol{kind: symAlias, name: d.Name.String(), src: s, mod: m, decl: d, at: d.Name.Span, vis: syntax.Public}
			y.alias = &aliasInfo{sym: y, src: s, decl: d, scope: t.scope}
			c.declareNested(t, y)
		}
	}
}

func (c *checker) declareNested(t *typeInfo, y *symbol) {
	if y.name == "" {
		return
	}
	if first := t.nested[y.name]; first != nil {
		d := y.src.report("dup-decl", y.at, "%s is declared twice in %s", y.name, t.decl.Name)
		first.src.note(d, first.at, "first declared here")
		return
	}
	t.nested[y.name] = y
}

// addMethod enters a method that a declaration writes itself; two of a name are
// an error.
func (c *checker) addMethod(table methodTable, f *funcInfo) {
	for _, first := range table[f.name] {
		if first.impl == nil && f.impl == nil || first.impl == f.impl {
			d := f.src.report("dup-method", f.at, "method %s is declared twice", f.name)
			first.src.note(d, first.at, "first declared here")
			return
		}
	}
	table[f.name] = append(table[f.name], f)
}

func (c *checker) newFunc(s *source, m *module, d *syntax.Fun, scope *tscope) *funcInfo {
	f := &funcInfo{
		name: d.FunName.Name, src: s, mod: m, decl: d, at: d.FunName.Span, vis: d.Vis, sex: d.Sex,
		scope: &tscope{src: s, parent: scope},
	}
	for i := range d.Attrs {
		if a := &d.Attrs[i]; a.Name.Name == "test" {
			f.test = true
			for _, arg := range a.Args {
				f.traps = f.traps || arg.Name.Name == "traps"
			}
		}
	}
	c.allFuncs = append(c.allFuncs, f)
	return f
}

func (c *checker) newTrait(s *source, m *module, d *syntax.Trait) *traitInfo {
	t := &traitInfo{
		src: s, syntax: d, byName: map[string]int{},
		decl: &typed.TraitDecl{Name: d.Name.String(), Module: m.name, Pos: s.pos(d.Name.Start)},
	}
	self := &typed.TypeParam{Name: "Self"}
	t.decl.Params = []*typed.TypeParam{self}
	t.scope = &tscope{src: s, self: &typed.Param{Decl: self}}
	c.traitsOf[t.decl] = t
	c.allTraits = append(c.allTraits, t)
	for _, item := range d.Body {
		switch x := item.(type) {
		case *syntax.Fun:
			f := c.newFunc(s, m, x, t.scope)
			f.trait, f.index = t, len(t.methods)
			f.vis = syntax.Public
			f.path = t.decl.Name + "." + f.name
			if first, dup := t.byName[f.name]; dup {
				d := s.report("dup-method", f.at, "method %s is declared twice", f.name)
				s.note(d, t.methods[first].at, "first declared here")
				c.allFuncs = c.allFuncs[:len(c.allFuncs)-1] // f: it has no place in the trait
				continue
			}
			t.byName[f.name] = len(t.methods)
			t.methods = append(t.methods, f)
		case *syntax.Law:
			t.laws = append(t.laws, &ruleInfo{name: x.Name.String(), src: s, at: x.Name.Span, items: x.Body, trait: t, law: x})
		}
	}
	return t
}

// findKnown looks up the types of the library that syntax refers to.
func (c *checker) findKnown() {
	if c.std == nil {
		return
	}
	k := &c.prog.Known
	for name, place := range map[string]**typed.TypeDecl{
		"Vec": &k.Vec, "Map": &k.Map, "Set": &k.Set, "Option": &k.Option, "Result": &k.Result, "Range": &k.Range,
	} {
		if y := c.std.scope[name]; y != nil && y.kind == symType {
			*place = y.typ.decl
			c.lib[name] = y.typ
		}
	}
}
