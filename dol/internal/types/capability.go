package types

import (
	"slices"

	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/dol/internal/typed"
)

// exports decides which functions the module offers (dol 8.4-a): those that are
// pub in the entry module, or all of them if nothing is; main; those marked
// #[wasm_export]; methods of public types and the constructors of public records.
func (c *checker) exports() {
	if c.entry == nil {
		return
	}
	anyPub := false
	for _, y := range c.entry.order {
		anyPub = anyPub || y.vis == syntax.Public
	}
	extra := map[string]bool{}
	for _, n := range c.o.ExtraExports {
		extra[n] = true
	}
	taken := map[string]*funcInfo{}
	add := func(name string, f *funcInfo, at syntax.Span) {
		if len(f.fn.TypeParams) > 0 || f.fn.Import != nil || f.test {
			return
		}
		asked := f.vis == syntax.Public || extra[name] || hasAttr(f, "wasm_export")
		if !asked && !c.exportable(f.fn) {
			return // nobody said that it is an export
		}
		if first := taken[name]; first != nil {
			d := f.src.report("dup-decl", at, "two functions are exported as %s", name)
			first.src.note(d, first.at, "the first one")
			return
		}
		taken[name] = f
		c.reach(f)
		c.exported = append(c.exported, f)
		c.prog.Exports = append(c.prog.Exports, &typed.Export{Name: name, Func: f.fn})
	}
	for _, y := range c.entry.order {
		switch {
		case y.kind == symFunc:
			if y.vis == syntax.Public || !anyPub || y.name == "main" || extra[y.name] || hasAttr(y.fn, "wasm_export") {
				add(y.name, y.fn, y.at)
			}
		case y.kind == symType && y.vis == syntax.Public:
			c.exportType(y.typ, add)
		}
	}
	for _, m := range c.modules {
		if m == c.entry || m.library {
			continue
		}
		for _, y := range m.order {
			if y.kind == symFunc && hasAttr(y.fn, "wasm_export") {
				add(y.name, y.fn, y.at)
			}
		}
	}
	for _, f := range c.allFuncs {
		if f.test && !f.src.library && f.decl != nil {
			c.testFunc(f)
		}
	}
}

// exportable reports whether values of the parameters and of the result can cross
// to the host: functions cannot, whatever they are part of.
func (c *checker) exportable(f *typed.Func) bool {
	seen := map[*typed.TypeDecl]bool{}
	var crosses func(t typed.Type) bool
	all := func(ts []typed.Type) bool {
		for _, t := range ts {
			if !crosses(t) {
				return false
			}
		}
		return true
	}
	crosses = func(t typed.Type) bool {
		switch t := t.(type) {
		case *typed.FuncType, *typed.Array, *typed.Param:
			return false
		case *typed.Tuple:
			return all(t.Elems)
		case *typed.Named:
			if !all(t.Args) || seen[t.Decl] {
				return all(t.Args)
			}
			seen[t.Decl] = true
			ti := c.typesOf[t.Decl]
			if ti.src.library {
				return true // Vec, Map and their like, which have a form of their own
			}
			c.complete(ti)
			subst := typed.Bind(t.Decl.Params, t.Args)
			if ti.decl.Under != nil && !crosses(subst.Apply(ti.decl.Under)) {
				return false
			}
			for _, f := range ti.layout {
				if !crosses(subst.Apply(f.typ)) {
					return false
				}
			}
			for _, v := range ti.decl.Variants {
				for _, f := range v.Fields {
					if !crosses(subst.Apply(f.Type)) {
						return false
					}
				}
			}
		}
		return true
	}
	for _, p := range f.Params {
		if !crosses(p.Type) {
			return false
		}
	}
	return crosses(f.Result)
}

func hasAttr(f *funcInfo, name string) bool {
	if f == nil || f.decl == nil {
		return false
	}
	for i := range f.decl.Attrs {
		if f.decl.Attrs[i].Name.Name == name {
			return true
		}
	}
	return false
}

// exportType exports the public methods of a type, and of a record its
// constructor.
func (c *checker) exportType(t *typeInfo, add func(string, *funcInfo, syntax.Span)) {
	if len(t.decl.Params) > 0 || t.gen == nil {
		return
	}
	for _, f := range t.funcs {
		if f.decl.Vis == syntax.Public {
			c.signature(f)
			add(t.decl.Name+"."+f.name, f, f.at)
		}
	}
	c.complete(t)
	if t.decl.Kind != typed.Record || len(t.layout) == 0 {
		return
	}
	for _, f := range t.layout {
		if isBad(f.typ) {
			return // of a type that is only spoken of
		}
	}
	f := c.synthetic(t.src, t.sym.mod, t.scope, nil, "new_"+t.decl.Name, t.sym.at, t.self)
	node := &typed.New{E: typed.E{T: t.self, P: f.fn.Pos}}
	for _, fi := range t.layout {
		p := &typed.Var{Name: fi.name, Type: fi.typ, Pos: fi.field.Pos}
		f.fn.Params = append(f.fn.Params, p)
		node.Fields = append(node.Fields, &typed.Local{E: typed.E{T: fi.typ, P: f.fn.Pos}, Var: p})
	}
	t.used = true
	f.body = func(*body) *typed.Block { return &typed.Block{E: node.E, Value: node} }
	add("new_"+t.decl.Name, f, f.at)
}

// testFunc checks the signature of a #[test] function and keeps it.
func (c *checker) testFunc(f *funcInfo) {
	ok := typed.KindOf(f.result) == typed.Unit || typed.KindOf(f.result) == typed.Bool || isBad(f.result)
	if args, isResult := c.isKnown(f.result, "Result"); isResult {
		ok = typed.KindOf(args[0]) == typed.Unit
	}
	switch {
	case len(f.params) > 0 || len(f.fn.TypeParams) > 0 || f.this != nil:
		f.src.report("test-signature", f.at, "test %s takes no parameters", f.name)
		return
	case !ok:
		f.src.report("test-signature", f.at, "test %s returns nothing, bool or Result<(), E>, not %s", f.name, f.src.typeName(f.result))
		return
	}
	if c.o.Tests {
		c.reach(f)
		c.prog.Tests = append(c.prog.Tests, &typed.Test{Func: f.fn, Traps: f.traps})
	}
}

// capabilities derives what the exports need and compares it with the manifest
// (dol 6-h).
func (c *checker) capabilities() {
	need := map[string]*effectNode{}
	var stack []*effectNode
	push := func(n *effectNode) {
		if n != nil && !n.seen {
			n.seen = true
			stack = append(stack, n)
		}
	}
	for _, f := range c.exported {
		push(f.eff)
	}
	for _, g := range c.globals {
		if g.emitted {
			push(g.eff)
		}
	}
	from := map[*effectNode]*effectEdge{}
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if n.capability != "" && need[n.capability] == nil {
			need[n.capability] = n
		}
		for _, name := range n.asks {
			if need[name] == nil {
				need[name] = n
			}
		}
		for i := range n.edges {
			if to := n.edges[i].to; !to.seen {
				e := n.edges[i]
				from[to] = &effectEdge{to: n, at: e.at, src: e.src}
				push(to)
			}
		}
	}
	for name := range need {
		c.prog.Capabilities = append(c.prog.Capabilities, name)
	}
	slices.Sort(c.prog.Capabilities)
	if !c.o.Manifest {
		return
	}
	granted := map[string]bool{}
	for _, name := range c.o.Capabilities {
		granted[name] = true
	}
	for _, name := range c.prog.Capabilities {
		if granted[name] {
			continue
		}
		// The place is the last call in the user's own code.
		at, src := c.entrySpan(), c.entry.src
		for e := from[need[name]]; e != nil; e = from[e.to] {
			if !e.src.library {
				at, src = e.at, e.src
				break
			}
		}
		d := src.report("missing-capability", at, "this needs the capability %s, which the manifest does not ask for", name)
		advise(d, "add "+name+" to capabilities in manifest.toml")
	}
	for _, name := range c.o.Capabilities {
		if need[name] == nil && c.entry != nil && !c.failed() { // what was not understood may need it
			c.entry.src.report("unused-capability", c.entrySpan(), "the manifest asks for %s, which nothing needs", name)
		}
	}
}

// failed reports whether a file of the user's has an error.
func (c *checker) failed() bool {
	for _, s := range c.sources {
		if s.errors > 0 {
			return true
		}
	}
	return false
}

// entrySpan is where the entry file speaks of itself: its header, else its first
// character.
func (c *checker) entrySpan() syntax.Span {
	if h := c.entry.header; h != nil {
		return h.Name.Span
	}
	return syntax.Span{}
}
