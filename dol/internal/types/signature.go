package types

import (
	"strconv"

	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/dol/internal/typed"
)

// signature resolves what a caller has to know of f.
func (c *checker) signature(f *funcInfo) {
	if f.sig != untouched {
		return
	}
	f.sig = running
	if f.fn == nil {
		f.fn = &typed.Func{}
	}
	if f.trait != nil {
		c.traitHeads(f.trait)
		f.fn = f.trait.decl.Methods[f.index]
	}
	c.funcsOf[f.fn] = f
	s, d := f.src, f.decl
	f.fn.Pos = s.pos(f.at.Start)
	f.fn.Name = c.uniqueName(f)
	var outer []*typed.TypeParam
	switch {
	case f.impl != nil:
		outer = f.impl.params
		f.selfType = f.impl.target
	case f.trait != nil:
		outer = f.trait.decl.Params
		f.selfType = f.trait.scope.self
	case f.owner != nil:
		c.headsOf(f.owner)
		outer = f.owner.decl.Params
		f.selfType = f.owner.self
	}
	if f.enclosing != nil {
		outer = f.enclosing.fn.TypeParams
		f.extra = f.enclosing.extra
	}
	f.outerParams = len(outer)
	own := c.makeParams(f.scope, d.Params)
	f.fn.TypeParams = append(append([]*typed.TypeParam(nil), outer...), own...)
	c.whereBounds(f, own)
	f.result = c.typeOf(f.scope, d.Result)
	f.fn.Result = f.result
	seen := map[string]syntax.Span{}
	if d.Self != nil && f.selfType == nil {
		// A free function with a receiver: self: T is its first parameter.
		if d.Self.Type == nil {
			s.report("unresolved-name", d.Self.Name.Span, "%s outside of a type needs its own: %s: T", d.Self.Name.Name, d.Self.Name.Name)
		}
		f.selfType = c.typeOfOr(f.scope, d.Self.Type)
		f.params = append(f.params, &paramInfo{name: d.Self.Name.Name, at: d.Self.Name.Span, typ: f.selfType, mut: d.Self.Mut})
		f.free = true
	} else if d.Self != nil && d.Self.Type != nil {
		t := c.typeOf(f.scope, d.Self.Type)
		if !c.unify(t, f.selfType) {
			s.report("type-mismatch", d.Self.Type.Range(), "the receiver is %s, not %s", s.typeName(f.selfType), s.typeName(t))
		}
	}
	if d.Self != nil {
		seen[d.Self.Name.Name] = d.Self.Name.Span
	}
	for _, p := range d.Args {
		if p.Name.Name == "" {
			continue
		}
		if first, dup := seen[p.Name.Name]; dup && p.Name.Name != "_" {
			rep := s.report("dup-param", p.Name.Span, "parameter %s is declared twice", p.Name.Name)
			s.note(rep, first, "first declared here")
			continue
		}
		seen[p.Name.Name] = p.Name.Span
		f.params = append(f.params, &paramInfo{name: p.Name.Name, at: p.Name.Span, typ: c.typeOfOr(f.scope, p.Type), mut: p.Mut, def: p.Default})
		if p.Type == nil {
			s.report("cannot-infer", p.Name.Span, "parameter %s needs a type", p.Name.Name)
		}
	}
	if f.selfType != nil && !f.free {
		f.static = f.trait == nil && d.Self == nil && !c.usesThis(f)
		if f.impl != nil && f.impl.trait != nil {
			f.static = false
		}
		if !f.static {
			f.this = &typed.Var{Name: "this", Type: f.selfType, Pos: f.fn.Pos}
			f.fn.Params = append(f.fn.Params, f.this)
		}
	}
	for _, p := range f.params {
		p.v = &typed.Var{Name: p.name, Type: p.typ, Mutable: p.mut, Pos: s.pos(p.at.Start)}
		f.fn.Params = append(f.fn.Params, p.v)
	}
	c.attributes(f)
	f.sig = done
}

func (c *checker) typeOfOr(sc *tscope, t syntax.TypeExpr) typed.Type {
	if t == nil {
		return tInvalid
	}
	return c.typeOf(sc, t)
}

// whereBounds adds the bounds of a where clause; those on parameters of the owner
// hold in this function only.
func (c *checker) whereBounds(f *funcInfo, own []*typed.TypeParam) {
	for i := range f.decl.Where {
		w := &f.decl.Where[i]
		p := f.scope.param(w.Name.Name)
		if p == nil {
			f.src.report("unresolved-type", w.Name.Span, "no type parameter is called %s", w.Name.Name)
			continue
		}
		isOwn := false
		for _, q := range own {
			isOwn = isOwn || p == q
		}
		if isOwn {
			c.addBounds(f.scope, p, w.Bounds)
			continue
		}
		for _, b := range w.Bounds {
			if bound, ok := c.boundOf(f.scope, b); ok {
				if f.extra == nil {
					f.extra = map[*typed.TypeParam][]typed.Bound{}
				}
				f.extra[p] = append(f.extra[p], bound)
			}
		}
	}
}

// uniqueName is module.name or module.Type.method, with a number behind it where
// two methods of traits share that.
func (c *checker) uniqueName(f *funcInfo) string {
	name := f.mod.name + "." + f.display()
	n := c.uniq[name]
	c.uniq[name]++
	if n > 0 {
		name += "#" + strconv.Itoa(n+1)
	}
	return name
}

// attributes reads what the attributes of a function say, and makes it an import
// or intrinsic.
func (c *checker) attributes(f *funcInfo) {
	s, d := f.src, f.decl
	for i := range d.Attrs {
		a := &d.Attrs[i]
		switch a.Name.Name {
		case "inline":
			f.fn.Inline = true
		case "intrinsic":
			if len(a.Args) == 1 && s.library {
				f.fn.Intrinsic = a.Args[0].Name.Name
			}
		case "import":
			im := &typed.Import{Module: "loa", Name: f.name}
			for _, arg := range a.Args {
				text := ""
				if lit, ok := arg.Value.(*syntax.Literal); ok && lit.Kind == syntax.StringLit {
					text = lit.Str
				}
				switch {
				case arg.Name.Name == "module" && text != "":
					im.Module = text
				case arg.Name.Name == "name" && text != "":
					im.Name = text
				}
			}
			f.fn.Import = im
		}
	}
	if d.Body != nil || f.trait != nil || f.fn.Intrinsic != "" {
		if d.Body != nil {
			f.fn.Import = nil
		}
		return
	}
	if !f.sex && !f.extern && !d.Extern {
		if f.fn.Import == nil {
			rep := s.report("missing-body", f.at, "function %s has no body", f.name)
			advise(rep, "write a body, or sex before fun for a host function")
		}
		return
	}
	if f.fn.Import == nil {
		f.fn.Import = c.hostImport(f)
	}
	if f.selfType != nil && !f.free {
		s.report("missing-body", f.at, "method %s has no body", f.name)
	}
}
