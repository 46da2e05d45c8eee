package types

import (
	"strings"

	"github.com/univrs/vudo/diag"
	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/dol/internal/typed"
)

// Info answers questions about a checked program that the typed tree does not:
// what an editor shows.
type Info struct {
	Symbols []*Symbol   // declarations and members of the user's files, in source order
	Refs    []Reference // with Options.References: the uses of names in the user's files
}

// Symbol is a declaration, member or local.
type Symbol struct {
	Kind      string // type, trait, function, method, constant, variable, field, variant, rule, local, module
	Name      string // of members with the owner: Account.deposit
	Module    string
	Signature string // as the source would have it: fun deposit(amount: i64)
	Effects   string // of functions, such as "io, time"
	Docs      string
	Public    bool
	Def       diag.Span
}

// Reference is a use of a symbol; Symbol.Def is in the library for its names.
type Reference struct {
	Span   diag.Span
	Symbol *Symbol
}

// reference adds a use to what key stands for; describe is asked once for each.
func (c *checker) reference(s *source, at syntax.Span, key any, describe func() *Symbol) {
	if !c.o.References || s.library || at.End <= at.Start {
		return
	}
	y := c.described[key]
	if y == nil {
		if c.described == nil {
			c.described = map[any]*Symbol{}
		}
		y = describe()
		c.described[key] = y
	}
	c.info.Refs = append(c.info.Refs, Reference{s.file.DiagSpan(at), y})
}

func (c *checker) refer(s *source, at syntax.Span, y *symbol) {
	if y.kind != symBad {
		c.reference(s, at, y.key(), func() *Symbol { return c.describe(y) })
	}
}

// key is what a symbol stands for, so that all ways to reach it count as one.
func (y *symbol) key() any {
	switch {
	case y.fn != nil:
		return y.fn
	case y.variant != nil:
		return y.variant
	case y.typ != nil:
		return y.typ
	case y.kind == symModule && y.module != nil:
		return y.module
	}
	return y
}

func (b *body) referLocal(at syntax.Span, l *local) {
	b.reference(b.s, at, l, func() *Symbol {
		y := &Symbol{Kind: "local", Name: l.name, Module: b.s.mod.name, Def: b.s.file.DiagSpan(l.at)}
		if l.v != nil {
			y.Signature = l.name + ": " + b.s.typeName(l.v.Type)
		}
		return y
	})
}

func (b *body) referField(at syntax.Span, f *fieldInfo) {
	b.reference(b.s, at, f, func() *Symbol { return f.describe() })
}

func (b *body) referFunc(at syntax.Span, f *funcInfo) {
	b.reference(b.s, at, f, func() *Symbol { return f.describe() })
}

func (b *body) referVariant(at syntax.Span, t *typeInfo, v *typed.Variant) {
	b.reference(b.s, at, v, func() *Symbol { return t.describeVariant(v) })
}

func docsText(d *syntax.Docs) string {
	if d == nil {
		return ""
	}
	return strings.TrimSpace(d.Text)
}

func (f *fieldInfo) describe() *Symbol {
	y := &Symbol{Kind: "field", Name: f.name, Module: f.src.mod.name, Def: f.src.file.DiagSpan(f.at)}
	y.Signature = f.name + ": " + f.src.typeName(f.typ)
	if f.owner != nil {
		y.Name = f.owner.decl.Name + "." + f.name
		y.Public = f.owner.decl.Public && f.vis == syntax.Private || f.vis == syntax.Public
	}
	return y
}

// describe is a function with its parameters and result.
func (f *funcInfo) describe() *Symbol {
	y := &Symbol{Kind: "function", Name: f.display(), Module: f.mod.name, Public: f.vis == syntax.Public, Def: f.src.file.DiagSpan(f.at)}
	if f.owner != nil || f.trait != nil {
		y.Kind = "method"
	}
	var b strings.Builder
	if f.sex {
		b.WriteString("sex ")
	}
	b.WriteString("fun " + f.name)
	if f.fn != nil && len(f.fn.TypeParams) > f.outerParams {
		b.WriteByte('<')
		for i, p := range f.fn.TypeParams[f.outerParams:] {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(p.Name)
		}
		b.WriteByte('>')
	}
	b.WriteByte('(')
	for i, p := range f.params {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(p.name + ": " + f.src.typeName(p.typ))
	}
	b.WriteByte(')')
	if f.result != nil && typed.KindOf(f.result) != typed.Unit {
		b.WriteString(" -> " + f.src.typeName(f.result))
	}
	y.Signature = b.String()
	if f.decl != nil {
		y.Docs = docsText(f.decl.Docs)
	}
	if f.eff != nil {
		all := f.eff.all
		if f.eff.mutParam {
			all |= effMutParam
		}
		y.Effects = all.String()
	}
	return y
}

func (t *typeInfo) describeVariant(v *typed.Variant) *Symbol {
	y := &Symbol{Kind: "variant", Name: t.decl.Name + "." + v.Name, Module: t.decl.Module, Public: t.decl.Public, Signature: v.Name}
	if vi := t.varInfo[v]; vi != nil {
		y.Def = t.src.file.DiagSpan(vi.syntax.Name.Span)
		y.Docs = docsText(vi.syntax.Docs)
	}
	var parts []string
	for _, f := range v.Fields {
		if f.Name >= "0" && f.Name <= "9" {
			parts = append(parts, t.src.typeName(f.Type))
		} else {
			parts = append(parts, f.Name+": "+t.src.typeName(f.Type))
		}
	}
	switch {
	case len(parts) > 0 && v.Fields[0].Name == "0":
		y.Signature += "(" + strings.Join(parts, ", ") + ")"
	case len(parts) > 0:
		y.Signature += " { " + strings.Join(parts, ", ") + " }"
	}
	return y
}

// describe is a declaration.
func (c *checker) describe(y *symbol) *Symbol {
	switch {
	case y.fn != nil:
		return y.fn.describe()
	case y.variant != nil:
		return y.typ.describeVariant(y.variant)
	case y.kind == symModule:
		s := &Symbol{Kind: "module", Name: y.name, Module: y.name, Public: true, Signature: "module " + y.name}
		if y.module != nil && y.module.src != nil {
			at := syntax.Span{}
			if h := y.module.header; h != nil {
				at = h.Name.Span
			}
			s.Def = y.module.src.file.DiagSpan(at)
		}
		return s
	}
	s := &Symbol{Kind: y.kind.String(), Name: y.name, Module: y.mod.name, Public: y.vis == syntax.Public, Def: y.src.file.DiagSpan(y.at)}
	if y.decl != nil {
		s.Docs = docsText(y.decl.Header().Docs)
	}
	switch {
	case y.typ != nil:
		word := "gen "
		if y.typ.enum != nil {
			word = "enum "
		} else if y.typ.system != nil {
			word = "system "
		}
		s.Name = y.typ.decl.Name
		s.Signature = word + y.typ.decl.Name
		if y.typ.self != nil {
			s.Signature = word + y.src.typeName(y.typ.self)
		}
		if p := y.typ.decl.Parent; p != nil {
			s.Signature += " extends " + p.Decl.Name
		}
	case y.alias != nil && y.alias.target != nil:
		s.Signature = "type " + y.name + " = " + y.src.typeName(y.alias.target)
	case y.global != nil && y.global.t != nil:
		word := "const "
		if !y.global.isConst {
			word = "sex var "
		}
		s.Signature = word + y.name + ": " + y.src.typeName(y.global.t)
	default:
		s.Signature = y.kind.String() + " " + y.name
	}
	return s
}

// describeAll lists the declarations and members of the user's files.
func (c *checker) describeAll() {
	if !c.o.References {
		return
	}
	add := func(y *Symbol) { c.info.Symbols = append(c.info.Symbols, y) }
	for _, m := range c.modules {
		if m.library {
			continue
		}
		for _, y := range m.order {
			if y.kind == symBad {
				continue
			}
			add(c.describe(y))
			switch {
			case y.kind == symType:
				for _, f := range y.typ.fields {
					add(f.describe())
				}
				for _, v := range y.typ.decl.Variants {
					add(y.typ.describeVariant(v))
				}
				for _, f := range y.typ.funcs {
					add(f.describe())
				}
			case y.kind == symTrait:
				for _, f := range y.trait.methods {
					add(f.describe())
				}
			}
		}
	}
	for _, im := range c.impls {
		if !im.src.library {
			for _, f := range im.funcs {
				add(f.describe())
			}
		}
	}
}
