package syntax

import (
	"unicode"
	"unicode/utf8"
)

// place says in what a declaration stands.
type place uint8

const (
	atFile place = iota
	inGen
	inTrait
	inRule
	inSystem
	inImpl
	inEvo
)

// declStart reports whether a declaration begins at the current token: the
// keyword and what follows it fit.
func (p *parser) declStart() bool {
	t := p.tok()
	next := p.peek(1)
	switch t.key {
	case kwPub, kwFun, kwConst, kwVar:
		return true
	case kwGen, kwGene, kwTrait, kwSystem:
		return (isName(next) || next.Kind == LBrace) && !next.NLBefore
	case kwType, kwRule, kwConstraint, kwEvo, kwEvolves, kwEnum, kwImpl, kwMod, kwModule:
		return isName(next) && !next.NLBefore
	case kwUse:
		return isName(next) || next.Kind == At
	case kwSex:
		return next.key == kwFun || next.key == kwVar || next.key == kwExtern
	}
	return t.Kind == Hash && next.Kind == LBracket
}

// decl reads one declaration with the docs block before it, or returns nil when
// none begins here.
func (p *parser) decl(docs *Docs, where place) Decl {
	if !p.declStart() && !p.memberFun() && !(p.atKey(kwLaw) && where != atFile) {
		if docs != nil && where == atFile {
			p.moduleDocs(docs)
		}
		return nil
	}
	h := DeclHead{Docs: docs}
	h.Start = p.pos()
	if docs == nil {
		docs = p.lineDocs(p.tok())
		h.Docs = docs
	}
	if docs != nil {
		h.Start = docs.Start
	}
	for p.at(Hash) && p.peek(1).Kind == LBracket {
		h.Attrs = append(h.Attrs, p.attr())
	}
	p.visibility(&h)
	return p.declBody(h, where)
}

// declBody reads a declaration from its keyword on.
func (p *parser) declBody(h DeclHead, where place) (d Decl) {
	h.Keyword = p.tok().Span
	p.nested(func() {
		switch p.tok().key {
		case kwGen, kwGene, kwType:
			d = p.genOrAlias(h, where)
		case kwTrait:
			d = p.trait(h)
		case kwRule, kwConstraint:
			d = p.rule(h, where)
		case kwLaw:
			d = p.law(h)
		case kwSystem:
			d = p.system(h)
		case kwEvo, kwEvolves:
			d = p.evo(h)
		case kwEnum:
			d = p.enum(h)
		case kwImpl:
			d = p.impl(h, where)
		case kwConst:
			d = p.constant(h)
		case kwVar:
			d = p.moduleVar(h)
		case kwUse:
			d = p.use(h)
		case kwMod, kwModule:
			d = p.submodule(h)
		case kwFun:
			d = p.fun(h, where)
		case kwSex:
			if p.peek(1).key == kwVar {
				d = p.moduleVar(h)
				return
			}
			d = p.fun(h, where)
		case kwIs, kwProvides:
			if p.memberFun() {
				d = p.fun(h, where)
				return
			}
			fallthrough
		default:
			if !p.foreign() {
				p.expected(codeExpectedDecl, "a declaration behind the attributes or `pub`")
			}
		}
	})
	return d
}

// memberFun reports whether "is name(" or "provides name(" stands here.
func (p *parser) memberFun() bool {
	return (p.atKey(kwIs) || p.atKey(kwProvides)) && isWord(p.peek(1)) && p.peek(2).Kind == LParen && glued(p.peek(1), p.peek(2))
}

func (p *parser) attr() Attr {
	start := p.pos()
	p.advance()
	open := p.advance()
	lines := p.lines
	p.lines = false
	a := Attr{Name: p.anyName("the name of an attribute")}
	if p.at(LParen) {
		a.Args = p.attrArgs()
	}
	p.lines = lines
	p.closing(RBracket, open)
	a.Span = p.since(start)
	return a
}

func (p *parser) attrArgs() (args []AttrArg) {
	open := p.advance()
	p.nested(func() {
		for !p.at(RParen) && !p.at(EOF) {
			begin := p.i
			args = append(args, p.attrArg())
			if !p.take(Comma) || p.i == begin {
				break
			}
		}
	})
	p.closing(RParen, open)
	return args
}

func (p *parser) attrArg() AttrArg {
	start := p.pos()
	a := AttrArg{}
	if isWord(p.tok()) && !p.atKey(kwTrue) && !p.atKey(kwFalse) {
		a.Name = p.anyName("")
		switch {
		case p.take(Eq):
			a.Value = p.expr()
		case p.at(LParen):
			a.Args = p.attrArgs()
		}
	} else {
		a.Value = p.expr()
	}
	a.Span = p.since(start)
	return a
}

func (p *parser) visibility(h *DeclHead) {
	if !p.atKey(kwPub) {
		return
	}
	start := p.pos()
	h.Vis = p.vis()
	h.VisSpan = p.since(start)
}

func (p *parser) vis() Vis {
	p.advance()
	if !p.at(LParen) || p.tok().NLBefore {
		return Public
	}
	open := p.advance()
	vis := Public
	if t := p.tok(); isWord(t) {
		switch p.textOf(t) {
		case "spirit", "crate":
			vis = PublicSpirit
		case "parent", "super":
			vis = PublicParent
		default:
			p.report(t.Span, codeBadVisibility, quoted(p.textOf(t))+" is no visibility").
				fix("write `pub`, `pub(spirit)` or `pub(parent)`")
		}
		p.advance()
	} else {
		p.expected(codeBadVisibility, "`spirit` or `parent`")
	}
	p.closing(RParen, open)
	return vis
}

// isOntology reports whether a declaration of that name belongs to the ontology
// layer (dol.md 1-h).
func isOntology(q QName) bool {
	if len(q.Parts) > 1 {
		return true
	}
	r, _ := utf8.DecodeRuneInString(q.Parts[0].Name)
	return q.Parts[0].Name != "" && !unicode.IsUpper(r)
}

func (p *parser) declares(q QName) {
	if len(q.Parts) != 1 {
		return
	}
	if p.types == nil {
		p.types = map[string]bool{}
	}
	p.types[q.Parts[0].Name] = true
}

func (p *parser) genOrAlias(h DeclHead, where place) Decl {
	isType := p.atKey(kwType)
	if p.atKey(kwGene) {
		h.Spelling = Classic
		p.oldKeyword("gen")
	}
	p.advance()
	h.Name = p.qname("the name of the " + p.text[h.Keyword.Start:h.Keyword.End])
	p.declares(h.Name)
	params := p.typeParams()
	if isType && (p.at(Eq) || where != atFile && p.atKey(kwIs)) {
		p.advance()
		a := &Alias{DeclHead: h, Params: params, Target: p.typ()}
		a.Span = p.since(h.Start)
		p.take(Semi)
		return a
	}
	g := &Gen{DeclHead: h, Type: isType, Params: params}
	if p.atKey(kwExtends) || p.atKey(kwIs) {
		p.advance()
		parent := p.qname("the gen to extend")
		g.Parent = &parent
	}
	if p.take(At) {
		g.Version = p.versionHere()
	}
	p.body(&bodyOf{where: inGen, ontology: isOntology(h.Name), owner: &g.DeclHead, items: &g.Body, gen: g})
	g.Span = p.since(h.Start)
	return g
}

func (p *parser) trait(h DeclHead) Decl {
	p.advance()
	h.Name = p.qname("the name of the trait")
	t := &Trait{DeclHead: h, Params: p.typeParams()}
	if p.take(Colon) {
		t.Bounds = p.bounds()
	}
	p.body(&bodyOf{where: inTrait, ontology: isOntology(h.Name), owner: &t.DeclHead, items: &t.Body})
	t.Span = p.since(h.Start)
	return t
}

// rule reads a rule. One inside a declaration is of the layer of that one, which
// p.layer holds.
func (p *parser) rule(h DeclHead, where place) Decl {
	if p.atKey(kwConstraint) {
		h.Spelling = Classic
		p.oldKeyword("rule")
	}
	p.advance()
	h.Name = p.qname("the name of the rule")
	r := &Rule{DeclHead: h, Params: p.typeParams()}
	if p.takeKey(kwFor) {
		r.For = p.typ()
	}
	ontology := isOntology(h.Name)
	if where != atFile {
		ontology = p.ontology
	}
	p.body(&bodyOf{where: inRule, ontology: ontology, owner: &r.DeclHead, items: &r.Body})
	r.Span = p.since(h.Start)
	return r
}

func (p *parser) law(h DeclHead) Decl {
	p.advance()
	h.Name = p.oneWord(p.anyName("the name of the law"))
	l := &Law{DeclHead: h}
	if p.at(LParen) {
		_, l.Params = p.params()
	}
	p.body(&bodyOf{where: inRule, law: true, owner: &l.DeclHead, items: &l.Body})
	l.Span = p.since(h.Start)
	return l
}

func (p *parser) oneWord(id Ident) QName { return QName{Span: id.Span, Parts: []Ident{id}} }

func (p *parser) system(h DeclHead) Decl {
	p.advance()
	h.Name = p.qname("the name of the system")
	s := &System{DeclHead: h, Params: p.typeParams()}
	if p.take(At) {
		s.Version = p.versionHere()
	}
	p.body(&bodyOf{where: inSystem, ontology: isOntology(h.Name), owner: &s.DeclHead, items: &s.Body})
	s.Span = p.since(h.Start)
	return s
}

func (p *parser) impl(h DeclHead, where place) Decl {
	p.advance()
	im := &Impl{DeclHead: h}
	im.Name = QName{Span: Span{p.pos(), p.pos()}}
	im.Params = p.implParams()
	im.Target = p.typ()
	if n, ok := im.Target.(*NamedType); ok {
		im.Name = n.Name
	}
	if p.takeKey(kwFor) {
		im.For = p.typ()
	}
	p.body(&bodyOf{where: inImpl, owner: &im.DeclHead, items: &im.Body})
	im.Span = p.since(h.Start)
	return im
}

// implParams reads the parameters of "impl<T> X<T>"; those of "impl X<T>" are
// arguments of the type.
func (p *parser) implParams() []TypeParam {
	if p.at(Less) {
		return p.typeParams()
	}
	return nil
}

func (p *parser) enum(h DeclHead) Decl {
	p.advance()
	h.Name = p.oneWord(p.name("the name of the enum"))
	p.declares(h.Name)
	e := &Enum{DeclHead: h, Params: p.typeParams()}
	e.Variants = p.variants(&e.DeclHead)
	e.Span = p.since(h.Start)
	return e
}

// variants reads { … } of an enum. Docs at the end are those of the owner.
func (p *parser) variants(owner *DeclHead) (list []*Variant) {
	open := p.tok().Span
	if !p.expect(LBrace, "before the variants") {
		return nil
	}
	lines := p.lines
	p.lines = true
	for !p.at(RBrace) && !p.at(EOF) {
		begin := p.i
		docs := p.docsBlock()
		if docs != nil && owner != nil && owner.Docs == nil && (p.at(RBrace) || len(list) == 0 && p.docsHere()) {
			owner.Docs = docs
			continue
		}
		if p.at(RBrace) {
			break
		}
		if v := p.variant(docs); v != nil {
			list = append(list, v)
		}
		p.take(Comma)
		if p.i == begin {
			p.syncLine()
		}
		if p.i == begin {
			break
		}
	}
	p.lines = lines
	p.closing(RBrace, open)
	return list
}

func (p *parser) variant(docs *Docs) *Variant {
	start := p.pos()
	if docs == nil {
		docs = p.lineDocs(p.tok())
	}
	if docs != nil {
		start = docs.Start
	}
	v := &Variant{Docs: docs, Annots: p.annots()}
	if !isName(p.tok()) {
		p.noName("the name of a variant")
		return nil
	}
	v.Name = p.name("")
	switch {
	case p.at(LParen):
		open := p.advance()
		for !p.at(RParen) && !p.at(EOF) {
			v.Tuple = append(v.Tuple, p.typ())
			if !p.take(Comma) {
				break
			}
		}
		p.closing(RParen, open)
	case p.at(LBrace):
		open := p.advance()
		for !p.at(RBrace) && !p.at(EOF) {
			f := &Field{Docs: p.lineDocs(p.tok())}
			at := p.pos()
			if f.Docs != nil {
				at = f.Docs.Start
			}
			f.Name = p.name("the name of a field")
			if !p.expect(Colon, "behind the name of the field") {
				break
			}
			f.Type = p.typ()
			f.Span = p.since(at)
			v.Fields = append(v.Fields, f)
			if !p.take(Comma) {
				break
			}
		}
		p.closing(RBrace, open)
	}
	if p.take(Eq) {
		v.Value = p.expr()
	}
	v.Span = p.since(start)
	return v
}

func (p *parser) constant(h DeclHead) Decl {
	p.advance()
	h.Name = p.oneWord(p.name("the name of the constant"))
	c := &Const{DeclHead: h}
	if p.take(Colon) {
		c.Type = p.typ()
	}
	if p.expect(Eq, "and the value of the constant") {
		c.Value = p.expr()
	}
	c.Span = p.since(h.Start)
	p.take(Semi)
	return c
}

func (p *parser) moduleVar(h DeclHead) Decl {
	v := &Var{DeclHead: h, Sex: p.takeKey(kwSex)}
	if !v.Sex {
		at := p.tok().Span
		p.hint(at, codeImplicitSex, "a module variable is shared state: `var` here means `sex var`").
			replace("write `sex var`", Span{at.Start, at.Start}, "sex ")
	}
	p.advance()
	v.Name = p.oneWord(p.name("the name of the variable"))
	if p.take(Colon) {
		v.Type = p.typ()
	}
	if p.take(Eq) {
		v.Value = p.expr()
	}
	v.Span = p.since(h.Start)
	p.take(Semi)
	return v
}

func (p *parser) submodule(h DeclHead) Decl {
	p.advance()
	h.Name = p.oneWord(p.name("the name of the module"))
	m := &Submodule{DeclHead: h}
	if !p.at(LBrace) {
		m.Span = p.since(h.Start)
		p.take(Semi)
		return m
	}
	m.Inline = true
	open := p.advance()
	outer := p.f.Items
	p.f.Items = nil
	var pending *Docs
	for !p.at(RBrace) && !p.at(EOF) {
		if d := p.docsBlock(); d != nil {
			if m.Docs == nil && (p.at(RBrace) || len(p.f.Items) == 0) {
				m.Docs = d
				continue
			}
			p.moduleDocs(pending)
			pending = d
			continue
		}
		pending = p.fileItem(pending)
	}
	p.moduleDocs(pending)
	m.Items, p.f.Items = p.f.Items, outer
	p.closing(RBrace, open)
	m.Span = p.since(h.Start)
	return m
}
