package syntax

// pattern reads p | q | ….
func (p *parser) pattern() (pat Pattern) {
	start := p.pos()
	p.nested(func() {
		pat = p.patternAlt()
		if !p.at(Bar) {
			return
		}
		alts := []Pattern{pat}
		for p.take(Bar) {
			alts = append(alts, p.patternAlt())
		}
		pat = &OrPat{patNode{p.since(start)}, alts}
	})
	if pat == nil {
		return &BadPat{patNode{p.since(start)}}
	}
	return pat
}

func (p *parser) patternAlt() Pattern {
	start := p.pos()
	switch t := p.tok(); t.Kind {
	case Wildcard:
		p.advance()
		return &WildPat{patNode{p.since(start)}}
	case Int, Float, String, Char, Minus:
		return p.literalPattern()
	case Keyword:
		if t.key == kwTrue || t.key == kwFalse || t.key == kwNull {
			return p.literalPattern()
		}
	case Word:
		return p.pathPattern()
	case LParen:
		elems := p.patterns(RParen)
		return &TuplePat{patNode{p.since(start)}, nil, elems}
	case LBracket:
		return p.listPattern()
	}
	p.expected(codeExpectedPattern, "a pattern")
	return &BadPat{patNode{p.since(start)}}
}

func (p *parser) literalPattern() Pattern {
	lo := p.literalAlone()
	if lo == nil {
		return &BadPat{patNode{Span{p.pos(), p.pos()}}}
	}
	if !p.at(DotDot) && !p.at(DotDotEq) {
		return lo
	}
	r := &RangePat{Lo: lo, Inclusive: p.at(DotDotEq)}
	p.advance()
	r.Hi = p.literalAlone()
	r.Span = p.since(lo.Start)
	if r.Hi == nil {
		return &BadPat{patNode{r.Span}}
	}
	return r
}

// literalAlone reads a literal with its sign, or reports that none is there.
func (p *parser) literalAlone() *LitPat {
	start := p.pos()
	l := &LitPat{Neg: p.take(Minus)}
	switch t := p.tok(); {
	case t.Kind == Int, t.Kind == Float:
	case !l.Neg && (t.Kind == String || t.Kind == Char || t.key == kwTrue || t.key == kwFalse || t.key == kwNull):
	default:
		p.expected(codeExpectedPattern, "a literal")
		return nil
	}
	l.Lit = p.literal()
	l.Span = p.since(start)
	return l
}

func (p *parser) pathPattern() Pattern {
	start := p.pos()
	if p.atKey(kwMut) && isName(p.peek(1)) && !p.peek(1).NLBefore {
		p.advance()
		q := p.qname("a name")
		return &PathPat{patNode{p.since(start)}, true, q}
	}
	path := p.qname("a pattern")
	switch {
	case p.at(LParen) && !p.tok().NLBefore:
		elems := p.patterns(RParen)
		return &TuplePat{patNode{p.since(start)}, &path, elems}
	case p.at(LBrace) && p.recordPatternHere():
		return p.recordPattern(path)
	case p.at(At) && len(path.Parts) == 1:
		p.advance()
		sub := p.pattern()
		return &AtPat{patNode{p.since(start)}, path.Parts[0], sub}
	}
	return &PathPat{patNode{path.Span}, false, path}
}

// recordPatternHere tells "Name { … }" as a pattern from a unit pattern with a
// block behind it (dol.md 3.11-b).
func (p *parser) recordPatternHere() bool {
	if p.tok().NLBefore {
		return false
	}
	first, second := p.peek(1), p.peek(2)
	if isName(first) && (second.Kind == Colon || second.Kind == Comma) {
		if second.Kind == Colon {
			k := p.peek(3).key
			return k != kwFor && k != kwWhile && k != kwLoop // a labelled loop
		}
		return true
	}
	end := p.matching(p.i)
	if end < 0 {
		return false
	}
	p.fill(end + 1)
	after := &p.toks[min(end+1, len(p.toks)-1)]
	switch after.Kind {
	case FatArrow, Eq, Colon:
		return true
	case LBrace, RParen, Comma, Bar, RBrace, At:
		// Inside another pattern, or before a block; a block would not be
		// followed by these, but for the comma and the end of the match.
		return after.Kind != RBrace && (after.Kind != Comma || p.patDepth > 0)
	}
	return after.key == kwIf || after.key == kwIn || after.key == kwWhere
}

func (p *parser) patterns(end TokenKind) (list []Pattern) {
	open := p.advance()
	lines := p.lines
	p.lines = false
	p.patDepth++
	for !p.at(end) && !p.at(EOF) {
		begin := p.i
		list = append(list, p.pattern())
		if !p.take(Comma) || p.i == begin {
			break
		}
	}
	p.patDepth--
	p.lines = lines
	p.closing(end, open)
	return list
}

func (p *parser) recordPattern(path QName) Pattern {
	r := &RecordPat{Path: path}
	open := p.advance()
	p.patDepth++
	for !p.at(RBrace) && !p.at(EOF) {
		if p.take(DotDot) {
			r.Rest = true
			break
		}
		start := p.pos()
		f := FieldPat{Name: p.name("the name of a field")}
		if f.Name.Name == "" {
			break
		}
		if p.take(Colon) {
			f.Pattern = p.pattern()
		}
		f.Span = p.since(start)
		r.Fields = append(r.Fields, f)
		if !p.take(Comma) && !p.at(DotDot) {
			break
		}
	}
	p.patDepth--
	p.closing(RBrace, open)
	r.Span = p.since(path.Start)
	return r
}

func (p *parser) listPattern() Pattern {
	l := &ListPat{}
	start := p.pos()
	open := p.advance()
	p.patDepth++
	for !p.at(RBracket) && !p.at(EOF) {
		if p.take(DotDot) {
			l.Rest = true
			if isName(p.tok()) {
				l.RestVar = p.name("")
			}
			p.take(Comma)
			break
		}
		begin := p.i
		l.Elems = append(l.Elems, p.pattern())
		if !p.take(Comma) || p.i == begin {
			break
		}
	}
	p.patDepth--
	p.closing(RBracket, open)
	l.Span = p.since(start)
	return l
}
