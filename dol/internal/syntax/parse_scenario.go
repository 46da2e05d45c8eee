package syntax

// scenarioFile reads a *.dol.test file (dol.md 3.13).
func (p *parser) scenarioFile() {
	p.lines = true
	var pending *Docs
	for !p.at(EOF) {
		begin := p.i
		switch {
		case p.docsHere():
			p.moduleDocs(pending)
			pending = p.docsBlock()
			continue
		case p.atKey(kwUse):
			p.moduleDocs(pending)
			h := DeclHead{}
			h.Start, h.Keyword = p.pos(), p.tok().Span
			p.f.Items = append(p.f.Items, p.use(h))
		case p.atKey(kwTest):
			p.f.Tests = append(p.f.Tests, p.scenario(pending))
		default:
			p.expected(codeExpectedDecl, "`test` and the name of a scenario, or `use`")
			p.advance()
			for !p.at(EOF) && !(p.tok().NLBefore && (p.atKey(kwTest) || p.atKey(kwUse))) {
				p.advance()
			}
		}
		pending = nil
		if p.i == begin {
			p.advance()
		}
	}
	p.moduleDocs(pending)
}

func (p *parser) scenario(docs *Docs) *Scenario {
	s := &Scenario{Docs: docs}
	start := p.pos()
	if docs == nil {
		s.Docs = p.lineDocs(p.tok())
	}
	if s.Docs != nil {
		start = s.Docs.Start
	}
	p.advance()
	if t := p.tok(); t.Kind == String {
		s.Name = p.stringValue(t)
		p.advance()
	} else {
		s.Name = p.name("the name of the scenario").Name
	}
	open := p.tok().Span
	if p.expect(LBrace, "and the sections of the scenario") {
		for !p.at(RBrace) && !p.at(EOF) {
			begin := p.i
			switch {
			case p.sectionHere():
				s.Sections = append(s.Sections, p.section())
			case p.atKey(kwAlways) && (p.peek(1).Kind == Colon || p.peek(1).Kind == LBrace):
				sec := p.section()
				s.Always = append(s.Always, sec.Steps...)
			default:
				p.expected(codeExpectedMember, "`given:`, `when:`, `then:` or `always:`")
				p.syncLine()
			}
			if p.i == begin {
				p.advance()
			}
		}
		p.closing(RBrace, open)
	}
	s.Span = p.since(start)
	return s
}

// sectionHere reports whether given, when or then begins a section here.
func (p *parser) sectionHere() bool {
	switch p.tok().key {
	case kwGiven, kwWhen, kwThen:
		k := p.peek(1).Kind
		return k == Colon || k == LBrace
	}
	return false
}

func (p *parser) section() Section {
	start := p.pos()
	s := Section{Word: p.textOf(p.tok())}
	p.advance()
	braces := p.at(LBrace)
	open := p.advance()
	for !p.at(RBrace) && !p.at(EOF) {
		if !braces && (p.sectionHere() || p.atKey(kwAlways) && (p.peek(1).Kind == Colon || p.peek(1).Kind == LBrace)) {
			break
		}
		if p.take(Semi) {
			continue
		}
		s.Steps = append(s.Steps, p.step())
	}
	if braces {
		p.closing(RBrace, open)
	}
	s.Span = p.since(start)
	return s
}

// step reads a line: a statement when it parses as one that can run, else prose
// (dol.md 14.2-a).
func (p *parser) step() Step {
	start, begin := p.pos(), p.i
	var stmt Stmt
	ok := p.wasted < maxWasted && p.trial(func() {
		stmt = p.stmt()
		if p.i == begin || stmt == nil || !runs(stmt) || !p.lineEnd() {
			panic(bailout{})
		}
	})
	if ok {
		s := Span{start, stmt.Range().End}
		return Step{Span: s, Stmt: stmt, Text: p.text[s.Start:s.End]}
	}
	p.rescan(p.i, func() (Token, bool) { return p.rawLine(), true })
	t := p.tok()
	p.advance()
	return Step{Span: t.Span, Text: p.text[t.Start:t.End]}
}

// runs reports whether a statement does something: it has a call, an assignment,
// a binding or a comparison.
func runs(s Stmt) (found bool) {
	Walk(s, func(n Node) bool {
		switch n := n.(type) {
		case *Call, *Assign, *Let, *Macro:
			found = true
		case *Binary:
			switch n.Op {
			case "==", "!=", "<", "<=", ">", ">=", "|>", "<|", "@":
				found = true
			}
		}
		return !found
	})
	return found
}
