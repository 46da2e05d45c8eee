package syntax

// fun reads a function, method, signature or host import, from sex, fun, is or
// provides on.
func (p *parser) fun(h DeclHead, where place) *Fun {
	f := &Fun{DeclHead: h}
	f.Sex = p.takeKey(kwSex)
	if p.atKey(kwExtern) {
		f.Extern = true
		p.advance()
		if p.at(String) {
			f.ABI = p.stringValue(p.tok())
			p.advance()
		}
	}
	f.Provides = p.atKey(kwIs) || p.atKey(kwProvides)
	if f.Provides {
		p.advance()
	} else if !p.takeKey(kwFun) {
		p.expected(codeExpectedToken, "`fun`")
	}
	f.FunName = p.anyName("the name of the function")
	f.Name = p.oneWord(f.FunName)
	f.Params = p.typeParams()
	if p.at(LParen) {
		f.Self, f.Args = p.params()
	} else {
		p.expected(codeExpectedToken, "`(` behind the name of the function")
	}
	if p.take(Arrow) {
		f.Result = p.typ()
	}
	if p.atKey(kwWhere) {
		p.advance()
		for {
			f.Where = append(f.Where, p.typeParam())
			if !p.take(Comma) {
				break
			}
		}
	}
	switch {
	case p.at(LBrace) && !f.Extern:
		f.Body = p.funBody(f)
	case f.Sex || where == inTrait || where == inEvo || bodyElsewhere(f.Attrs):
		f.Span = p.since(h.Start)
		p.take(Semi)
		return f
	default:
		p.expected(codeExpectedToken, "`{` and the body of the function").
			fix("only members of traits and host imports, `sex fun`, have no body")
		if p.findBlock() {
			f.Body = p.funBody(f)
		}
	}
	f.Span = p.since(h.Start)
	return f
}

// funBody reads the body of f; labels and heads around it do not reach into it.
func (p *parser) funBody(f *Fun) *Block {
	labels := p.labels
	p.labels = nil
	b := p.block()
	p.labels = labels
	for _, s := range b.Stmts {
		if d, ok := s.(*DocsStmt); ok && f.Docs == nil {
			f.Docs = d.Docs
		}
	}
	return b
}

// params reads (a: A, b: B) and separates a receiver from the rest.
func (p *parser) params() (self *Param, args []*Param) {
	open := p.advance()
	outer := p.mode
	p.mode = mode{}
	for !p.at(RParen) && !p.at(EOF) {
		begin := p.i
		a := p.param()
		if len(args) == 0 && self == nil && (a.Name.Name == "self" || a.Name.Name == "this") {
			self = a
		} else {
			args = append(args, a)
		}
		if !p.take(Comma) || p.i == begin {
			break
		}
	}
	p.mode = outer
	p.closing(RParen, open)
	return self, args
}

func (p *parser) param() *Param {
	start := p.pos()
	a := &Param{}
	if p.at(Amp) {
		p.needlessRef()
		p.advance()
	}
	if p.atKey(kwMut) && isWord(p.peek(1)) {
		a.Mut = true
		p.advance()
	}
	if p.atKey(kwSelf) || p.atKey(kwThis) {
		a.Name = p.anyName("")
		if p.take(Colon) {
			a.Type = p.typ()
		}
		a.Span = p.since(start)
		return a
	}
	a.Name = p.name("the name of a parameter")
	if a.Name.Name != "" && p.expect(Colon, "and the type of the parameter") {
		a.Type = p.typ()
	}
	if p.take(Eq) {
		a.Default = p.expr()
	}
	a.Span = p.since(start)
	return a
}

// typeParams reads <T: A + B = D, …>, or nothing.
func (p *parser) typeParams() (list []TypeParam) {
	if !p.at(Less) {
		return nil
	}
	open := p.advance()
	if p.at(Greater) {
		p.expected(codeExpectedName, "the name of a type parameter")
	}
	for !p.at(Greater) && !p.at(EOF) {
		begin := p.i
		t := p.typeParam()
		if t.Name.Name != "" {
			p.declares(QName{Parts: []Ident{t.Name}})
		}
		list = append(list, t)
		if !p.take(Comma) || p.i == begin {
			break
		}
	}
	p.closeAngle(open)
	return list
}

func (p *parser) typeParam() TypeParam {
	start := p.pos()
	t := TypeParam{Name: p.name("the name of a type parameter")}
	if p.take(Colon) {
		t.Bounds = p.bounds()
	}
	if p.take(Eq) {
		t.Default = p.typ()
	}
	t.Span = p.since(start)
	return t
}

func (p *parser) bounds() (list []TypeExpr) {
	for {
		list = append(list, p.typ())
		if !p.take(Plus) {
			return list
		}
	}
}

// bodyElsewhere reports whether an attribute says that the function has no body:
// an import, or in the standard library an intrinsic.
func bodyElsewhere(attrs []Attr) bool {
	for i := range attrs {
		if name := attrs[i].Name.Name; name == "import" || name == "intrinsic" {
			return true
		}
	}
	return false
}
