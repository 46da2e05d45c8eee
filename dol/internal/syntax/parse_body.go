package syntax

// bodyOf is the body of a declaration that is being read.
type bodyOf struct {
	where    place
	law      bool // expressions only
	ontology bool // lines that are neither sentence nor code are kept as prose
	owner    *DeclHead
	items    *[]Item
	gen      *Gen // for the carrier
}

// body reads { … } of a declaration.
func (p *parser) body(b *bodyOf) {
	if !p.at(LBrace) {
		p.expected(codeExpectedToken, "`{` and the body of "+quoted(p.text[b.owner.Name.Start:b.owner.Name.End]))
		if !p.findBlock() {
			return
		}
	}
	open := p.openBrace()
	outer, ontology := p.mode, p.ontology
	p.mode, p.ontology = mode{lines: true}, b.ontology
	var pending *Docs
	if p.bodies == 0 {
		p.outermost = open
	}
	p.bodies++
	for !p.at(RBrace) && !p.at(EOF) {
		if p.outside(open) || b.where == inRule && p.memberOfOuter(open) {
			break
		}
		if p.take(Semi) || p.take(Comma) {
			continue
		}
		if d := p.docsBlock(); d != nil {
			for p.take(Semi) || p.take(Comma) {
			}
			pending = p.bodyDocs(b, pending, d)
			continue
		}
		begin := p.i
		p.bodyItem(b, pending)
		pending = nil
		if p.i == begin {
			p.syncLine()
		}
	}
	if pending != nil {
		*b.items = append(*b.items, &DocsItem{pending.Span, pending})
	}
	p.bodies--
	p.mode, p.ontology = outer, ontology
	p.closing(RBrace, open)
}

// bodyDocs decides what a docs block in a body documents (dol.md 3.2-c) and
// returns it when that is the next member.
func (p *parser) bodyDocs(b *bodyOf, pending, d *Docs) *Docs {
	first := len(*b.items) == 0 && pending == nil
	if pending != nil {
		*b.items = append(*b.items, &DocsItem{pending.Span, pending})
	}
	if b.owner.Docs == nil && (p.at(RBrace) || first) {
		b.owner.Docs = d
		return nil
	}
	return d
}

// outside reports whether the current line must stand behind the body or block
// opened at open: its brace is never closed, and a declaration begins at the
// margin. It reports the brace.
func (p *parser) outside(open Span) bool {
	t := p.tok()
	if !t.NLBefore || t.Start > 0 && p.text[t.Start-1] != '\n' || t.key == notKeyword && t.Kind != Hash || !p.declStart() {
		return false
	}
	if t.key == kwFun || t.key == kwType || t.key == kwConst || t.key == kwVar || t.key == kwRule || t.key == kwImpl || t.key == kwConstraint {
		// These may stand in a body, indented or not.
		if p.trying > 0 || p.matching(p.tokenAt(open.Start)) >= 0 {
			return false
		}
	} else if p.matching(p.tokenAt(open.Start)) >= 0 {
		return false
	}
	p.errTok = -1
	p.report(open, codeUnclosed, "the brace opened here is never closed").
		note(t.Span, "a new declaration begins here")
	p.errTok = p.i
	return true
}

// memberOfOuter reports whether the current line belongs to the declaration
// around a rule, whose brace is missing: it is a member that no rule has, and
// braces are missing. It reports the brace.
func (p *parser) memberOfOuter(open Span) bool {
	t, next := p.tok(), p.peek(1)
	switch {
	case !t.NLBefore || p.trying > 0:
		return false
	case t.key == kwFun && isWord(next), t.key == kwSex && next.key == kwFun, t.key == kwHas && p.peek(2).Kind == Colon:
	default:
		return false
	}
	if p.matching(p.tokenAt(p.outermost.Start)) >= 0 {
		return false
	}
	p.report(open, codeUnclosed, "the brace opened here is never closed").note(t.Span, "a member that no rule has begins here")
	p.errTok = p.i
	return true
}

// tokenAt returns the index of the token that begins at start.
func (p *parser) tokenAt(start Pos) int {
	lo, hi := 0, p.i
	for lo < hi {
		if mid := (lo + hi) / 2; p.toks[mid].Start < start {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// syncLine skips to the next line of a body, or to its end.
func (p *parser) syncLine() {
	for begin := p.i; !p.at(EOF) && !p.at(RBrace); {
		if p.i > begin && p.tok().NLBefore {
			return
		}
		if p.at(Semi) {
			p.advance()
			return
		}
		switch p.kind() {
		case LParen, LBracket, LBrace:
			if end := p.matching(p.i); end > 0 {
				p.i = end
			}
		}
		p.advance()
	}
}

// bodyItem reads one item (dol.md 3.5-g to 3.5-k) and adds it.
func (p *parser) bodyItem(b *bodyOf, docs *Docs) {
	add := func(it Item) {
		if docs != nil {
			*b.items = append(*b.items, &DocsItem{docs.Span, docs})
		}
		*b.items = append(*b.items, it)
	}
	if b.law {
		if x := p.exprItem(); x != nil {
			add(x)
		}
		return
	}
	t := p.tok()
	next := p.peek(1)
	if p.foreign() {
		return
	}
	if b.where == inEvo && p.evolution(b, docs) {
		return
	}
	switch {
	case t.Kind == Hash && next.Kind == LBracket, t.key == kwFun, p.memberFun(), p.nestedDecl(b):
		if d := p.decl(docs, b.where); d != nil {
			p.checkMember(b, d)
			*b.items = append(*b.items, d)
		}
		return
	case t.key == kwUses && (isName(next) || next.Kind == At) && !next.NLBefore:
		if u := p.uses(); u != nil {
			add(u)
			return
		}
	case t.key == kwState && isName(next) && p.peek(2).Kind == Colon && b.where == inSystem:
		*b.items = append(*b.items, p.state(docs))
		return
	case t.key == kwRequires && b.where == inSystem && (isName(next) || next.Kind == At) && !next.NLBefore:
		if r := p.requires(); r != nil {
			add(r)
			return
		}
	case b.gen != nil && (t.key == kwType && next.Kind == Colon || t.key == kwEnum && next.Kind == LBrace):
		p.carrier(b, docs)
		return
	case p.fieldStart():
		if b.where == inImpl || b.where == inRule {
			break
		}
		p.fieldItem(b, docs)
		return
	}
	switch b.where {
	case inRule:
		p.ruleLine(b, docs)
	case inImpl:
		p.expected(codeExpectedMember, "a method of the impl")
		p.syncLine()
	default:
		p.sentenceLine(b, docs)
	}
}

// nestedDecl reports whether a declaration other than fun begins here that a
// body may hold, or that it certainly may not.
func (p *parser) nestedDecl(b *bodyOf) bool {
	t, next := p.tok(), p.peek(1)
	switch t.key {
	case kwPub:
		n := 1
		if next.Kind == LParen {
			n = 4
		}
		switch after := p.peek(n); after.key {
		case kwFun, kwConst, kwSex:
			return true
		case kwType, kwEnum, kwGen, kwGene, kwTrait:
			return isName(p.peek(n + 1))
		}
	case kwSex:
		return next.key == kwFun || next.key == kwExtern || next.key == kwVar
	case kwRule, kwConstraint:
		return isName(next) && (p.peek(2).Kind == LBrace || p.peek(2).key == kwFor)
	case kwLaw:
		return isWord(next) && (p.peek(2).Kind == LBrace || p.peek(2).Kind == LParen)
	case kwType:
		after := p.peek(2)
		return isName(next) && !next.NLBefore && (after.key == kwIs || after.Kind == Eq || after.Kind == LBrace || after.Kind == Less)
	case kwEnum:
		after := p.peek(2)
		return isName(next) && (after.Kind == LBrace || after.Kind == Less)
	case kwImpl:
		return isName(next) && !next.NLBefore
	case kwConst, kwVar:
		return isName(next)
	case kwGen, kwGene, kwTrait, kwSystem:
		return !b.ontology && isName(next) && !next.NLBefore && p.peek(2).Kind == LBrace
	}
	return false
}

// checkMember reports a declaration that its body may not hold.
func (p *parser) checkMember(b *bodyOf, d Decl) {
	ok := true
	switch d := d.(type) {
	case *Fun:
		ok = b.where != inRule
	case *Rule:
		ok = b.where == inGen || b.where == inSystem || b.where == inTrait
	case *Law:
		ok = b.where == inGen || b.where == inTrait
	case *Impl:
		ok = b.where == inGen || b.where == inSystem
	case *Gen:
		ok = b.where == inGen && d.Type
	case *Alias, *Enum:
		ok = b.where == inGen
	default:
		ok = false
	}
	if ok {
		return
	}
	k := d.Header().Keyword
	p.errTok = -1
	p.report(k, codeMisplaced, "`"+p.text[k.Start:k.End]+"` cannot stand in this body").
		fix("move it to the level of the file")
	p.errTok = -1
}

// fieldStart reports whether a field begins here: an annotation, pub, has, or a
// word and ":".
func (p *parser) fieldStart() bool {
	t, next := p.tok(), p.peek(1)
	switch {
	case t.Kind == At, t.key == kwPub:
		return true
	case t.key == kwHas:
		return isWord(next) && !next.NLBefore || next.Kind == Colon
	case t.key == kwMut && isName(next):
		return p.peek(2).Kind == Colon
	}
	return isName(t) && next.Kind == Colon && !next.NLBefore
}

// fieldItem reads a field, or "has" and several words, which is a sentence about
// the declaration.
func (p *parser) fieldItem(b *bodyOf, docs *Docs) {
	start := p.pos()
	if docs == nil {
		docs = p.lineDocs(p.tok())
	}
	if docs != nil {
		start = docs.Start
	}
	f := &Field{Docs: docs, Annots: p.annots()}
	if p.atKey(kwPub) {
		f.Vis = p.vis()
	}
	line := p.i
	if p.atKey(kwHas) && p.peek(1).Kind != Colon {
		f.Has = true
		p.advance()
	}
	if p.atKey(kwMut) && isWord(p.peek(1)) && !p.peek(1).NLBefore {
		f.Mut = true
		at := p.tok().Span
		p.hint(at, codeNeedlessMut, "`mut` says nothing on a field: fields can be assigned").
			replace("remove `mut`", Span{at.Start, p.peek(1).Start}, "")
		p.advance()
	}
	if f.Has {
		f.Name = p.anyName("the name of a field")
	} else {
		f.Name = p.name("the name of a field")
	}
	if f.Name.Name == "" {
		return
	}
	switch {
	case p.take(Colon):
		f.Type = p.typ()
	case !f.Has:
		p.expected(codeExpectedToken, "`:` and the type of the field")
	case p.lineGoesOn() && !p.atKey(kwHas):
		if p.at(Dot) || isWord(p.tok()) || p.at(Minus) {
			p.i = line
			p.sentenceFrom(b, docs, start)
			return
		}
	}
	if p.take(Eq) {
		f.Default = p.expr()
	}
	if p.atKey(kwWhere) {
		p.advance()
		f.Where = p.expr()
	}
	f.Span = p.since(start)
	*b.items = append(*b.items, f)
	if !p.take(Comma) {
		p.take(Semi)
	}
}

// lineGoesOn reports whether an untyped field is followed on its line by
// something that does not begin a new item or end this one.
func (p *parser) lineGoesOn() bool {
	t := p.tok()
	switch t.Kind {
	case Eq, Comma, Semi, RBrace, EOF, At, Hash:
		return false
	}
	return !t.NLBefore && t.key != kwWhere && t.key != kwFun && t.key != kwPub
}

func (p *parser) annots() (list []Annot) {
	for p.at(At) {
		start := p.pos()
		p.advance()
		a := Annot{Name: p.name("the name of an annotation")}
		if p.at(LParen) && glued(&p.toks[p.i-1], p.tok()) {
			open := p.advance()
			lines := p.lines
			p.lines = false
			for !p.at(RParen) && !p.at(EOF) {
				at := p.pos()
				word := p.name("a word")
				if word.Name == "" {
					break
				}
				if p.take(Eq) {
					v := p.expr()
					a.Options = append(a.Options, AttrArg{Span: p.since(at), Name: word, Value: v})
				} else {
					a.Words = append(a.Words, word)
				}
				if !p.take(Comma) {
					break
				}
			}
			p.lines = lines
			p.closing(RParen, open)
		}
		a.Span = p.since(start)
		list = append(list, a)
	}
	return list
}

// carrier reads "type: T" or "enum { … }" of a gen.
func (p *parser) carrier(b *bodyOf, docs *Docs) {
	if docs != nil {
		*b.items = append(*b.items, &DocsItem{docs.Span, docs})
	}
	start := p.tok().Span
	if p.atKey(kwType) {
		p.advance()
		p.advance()
	}
	t := p.typ()
	if !p.take(Comma) {
		p.take(Semi)
	}
	if b.gen.Carrier != nil {
		p.errTok = -1
		p.report(start, codeMisplaced, "a gen has one carrier").note(b.gen.Carrier.Range(), "the first one")
		return
	}
	b.gen.Carrier = t
}

// uses reads "uses a.b" when that is the whole line, else nothing.
func (p *parser) uses() *Uses {
	begin, start := p.i, p.pos()
	p.advance()
	u := &Uses{}
	if p.at(At) {
		u.Package, u.Name = p.packageRef()
	} else {
		u.Name = p.qname("what is used")
	}
	if t := p.tok(); !t.NLBefore && !p.lineEnd() && (isWord(t) || t.Kind == Minus) && t.key != kwFun && t.key != kwUses && t.key != kwHas {
		p.i = begin
		return nil
	}
	u.Span = p.since(start)
	p.take(Semi)
	return u
}

// requires reads a requirement of a system, or nothing when the line is a
// sentence.
func (p *parser) requires() *Requires {
	begin, start := p.i, p.pos()
	p.advance()
	r := &Requires{}
	if p.at(At) {
		r.Package, r.Name = p.packageRef()
	} else {
		r.Name = p.qname("what is required")
	}
	switch p.kind() {
	case GreaterEq, Greater, Eq, At, Caret, Tilde:
		r.Op = p.kind().String()
		p.advance()
		r.Version = p.versionHere()
	case Colon:
		p.advance()
		if p.at(String) {
			r.Within = p.stringValue(p.tok())
			p.advance()
		} else {
			p.expected(codeExpectedToken, "a version range in quotes")
		}
	default:
		if t := p.tok(); !p.lineEnd() && (isWord(t) || t.Kind == Minus) && t.key != kwRequires {
			p.i = begin
			return nil
		}
	}
	r.Span = p.since(start)
	if !p.take(Semi) {
		p.take(Comma)
	}
	return r
}

func (p *parser) state(docs *Docs) *State {
	start := p.pos()
	if docs == nil {
		docs = p.lineDocs(p.tok())
	}
	if docs != nil {
		start = docs.Start
	}
	p.advance()
	s := &State{Docs: docs, Name: p.name("the name of the state")}
	p.advance()
	s.Type = p.typ()
	if p.take(Eq) {
		s.Default = p.expr()
	}
	s.Span = p.since(start)
	if !p.take(Semi) {
		p.take(Comma)
	}
	return s
}

// evo reads an evolution step.
func (p *parser) evo(h DeclHead) Decl {
	if p.atKey(kwEvolves) {
		h.Spelling = Classic
		p.oldKeyword("evo")
	}
	p.advance()
	h.Name = p.qname("the name of what evolves")
	e := &Evo{DeclHead: h}
	p.evoHeader(e)
	b := &bodyOf{where: inEvo, ontology: isOntology(h.Name), owner: &e.DeclHead, items: &e.Body}
	p.body(b)
	e.Span = p.since(h.Start)
	return e
}

// evoHeader reads "@ new > old" and skips a malformed one to the brace.
func (p *parser) evoHeader(e *Evo) {
	begin := p.i
	version := func() *Version {
		if !p.rescan(p.i, p.version) {
			return nil
		}
		t := p.tok()
		if !validVersion(p.textOf(t)) {
			return nil
		}
		p.advance()
		return &Version{Span: t.Span, Text: p.text[t.Start:t.End]}
	}
	if p.take(At) {
		if e.New = version(); e.New != nil && p.take(Greater) {
			if e.Old = version(); e.Old != nil && p.at(LBrace) {
				return
			}
		}
	}
	from := p.toks[begin].Start
	for !p.at(LBrace) && !p.at(EOF) && !(p.tok().NLBefore && p.i > begin) {
		p.advance()
	}
	if p.at(LBrace) || p.i > begin {
		e.New, e.Old = nil, nil
	}
	at := p.since(from)
	if p.i == begin {
		at = p.tok().Span
	}
	p.report(at, codeEvoHeader, "the header of an evolution names the new and the old version").
		fix("write `evo " + p.text[e.Name.Start:e.Name.End] + " @ 1.1.0 > 1.0.0 { … }`")
}

// evolution reads one line of an evo, or returns false when none begins here.
func (p *parser) evolution(b *bodyOf, docs *Docs) bool {
	start, t, next := p.pos(), p.tok(), p.peek(1)
	e := &Evolution{Verb: p.textOf(t)}
	add := func() {
		if docs != nil {
			*b.items = append(*b.items, &DocsItem{docs.Span, docs})
		}
		e.Span = p.since(start)
		*b.items = append(*b.items, e)
		p.take(Semi)
	}
	switch t.key {
	case kwAdds, kwDeprecates:
		if next.NLBefore || !isWord(next) && next.Kind != At && next.Kind != Hash {
			return false
		}
		p.advance()
		var what []Item
		// As in a trait: a field, a method, a signature or a sentence.
		p.bodyItem(&bodyOf{where: inTrait, ontology: b.ontology, owner: b.owner, items: &what}, nil)
		for _, it := range what {
			e.What = it
			add()
			docs = nil
			e = &Evolution{Verb: e.Verb}
		}
		return true
	case kwRemoves:
		if !isName(next) || next.NLBefore {
			return false
		}
		p.advance()
		e.Name = p.qname("what is removed")
	case kwBecause:
		if next.Kind != String {
			return false
		}
		p.advance()
		e.Reason = p.stringValue(p.tok())
		p.advance()
	case kwMigrate:
		if next.Kind != LBrace {
			return false
		}
		p.advance()
		e.Migrate = p.block()
	default:
		return false
	}
	add()
	return true
}
