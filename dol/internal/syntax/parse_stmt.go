package syntax

import "slices"

// block reads { … }. A missing one gives an error and an empty block; when only
// the opening brace is missing, what the lines show, the block is read.
func (p *parser) block() *Block {
	b := &Block{}
	start := p.pos()
	if !p.at(LBrace) {
		p.expected(codeExpectedToken, "`{` and a block")
		if !p.findBlock() {
			b.Span = Span{start, start}
			return b
		}
	}
	open := p.openBrace()
	outer := p.mode
	p.mode = mode{lines: true}
	p.nested(func() {
		height := 0
		for !p.at(RBrace) && !p.at(EOF) && !p.outside(open) {
			begin := p.i
			p.height = 0
			if s := p.stmt(); s != nil {
				b.Stmts = append(b.Stmts, s)
			}
			height = max(height, p.height)
			if p.i == begin {
				p.syncLine()
			}
		}
		p.height = height
	})
	p.mode = outer
	p.closing(RBrace, open)
	b.Span = p.since(start)
	return b
}

// findBlock skips what stands where "{" is missing: to a "{" on the line, or to
// a line below that is indented more. It reports whether there is such.
func (p *parser) findBlock() bool {
	if p.trying > 0 {
		return false
	}
	for !p.tok().NLBefore && !p.at(EOF) && !p.at(RBrace) && !p.at(Semi) {
		if p.at(LBrace) {
			return true
		}
		p.advance()
	}
	return p.at(LBrace) || p.deeperLine()
}

// openBrace takes "{", which may be missing after findBlock.
func (p *parser) openBrace() Span {
	open := p.tok().Span
	if p.take(LBrace) {
		p.codeAfter(p.i - 1)
	}
	return open
}

// deeperLine reports whether the current token begins a line that is indented
// more than the line before: the content of a block without its brace.
func (p *parser) deeperLine() bool {
	t := p.tok()
	if !t.NLBefore || p.i == 0 || t.Kind == EOF {
		return false
	}
	head := p.i - 1
	for head > 0 && !p.toks[head].NLBefore {
		head--
	}
	return p.indentOf(t) > p.indentOf(&p.toks[head])
}

// stmt reads one statement and the semicolon behind it. Where none begins it
// reports an error and takes nothing; a lone semicolon gives nil.
func (p *parser) stmt() Stmt {
	start := p.pos()
	t, next := p.tok(), p.peek(1)
	switch t.key {
	case kwDocs, kwExegesis:
		if d := p.docsBlock(); d != nil {
			return &DocsStmt{stmtNode{d.Span}, d}
		}
	case kwLet:
		return p.let()
	case kwVar, kwConst:
		return p.let()
	case kwVal:
		if p.valHere() {
			return p.let()
		}
	case kwFun:
		if isWord(next) {
			return p.funStmt()
		}
	case kwPub:
		if next.key == kwFun || next.key == kwSex {
			return p.funStmt()
		}
	case kwSex:
		switch next.key {
		case kwFun, kwExtern:
			return p.funStmt()
		case kwVar:
			p.advance()
			return p.let()
		}
	}
	if p.declInFunction() {
		return p.funStmt()
	}
	switch t.Kind {
	case Semi:
		p.advance()
		return nil
	case Hash:
		if next.Kind == LBracket {
			return p.funStmt()
		}
	}
	if p.foreign() {
		return nil
	}
	begin := p.i
	x := p.stmtExpr()
	if p.i == begin {
		return nil
	}
	if op := p.kind(); assignOps[op] && p.continues() {
		return p.assign(start, x)
	}
	s := &ExprStmt{stmtNode{p.since(start)}, x, false}
	s.Semi = p.take(Semi)
	if !s.Semi {
		p.stmtEnd()
	}
	return s
}

// stmtEnd reports a token behind a statement that cannot begin another one.
func (p *parser) stmtEnd() {
	switch p.kind() {
	case RParen, RBracket, BarClose:
		p.report(p.tok().Span, codeUnmatched, "this "+p.describe(p.tok())+" closes nothing")
		p.advance()
	case Comma, Colon, FatArrow, Arrow, Eq, Dot:
		if !p.tok().NLBefore || p.kind() != Comma {
			if !p.at(FatArrow) || !p.strayArm {
				p.strayArm = p.at(FatArrow)
				p.expected(codeExpectedToken, "the end of the statement")
			}
			p.syncLine()
		}
	}
}

var assignOps = map[TokenKind]bool{Eq: true, PlusEq: true, MinusEq: true, StarEq: true, SlashEq: true, PercentEq: true}

func (p *parser) assign(start Pos, place Expr) Stmt {
	a := &Assign{Place: place, Op: p.kind().String(), OpPos: p.tok().Span}
	if !isPlace(place) {
		p.report(place.Range(), codeBadPlace, "cannot assign to this expression").
			fix("assign to a name, a field or an element; `==` compares")
		p.errTok = -1
	}
	p.advance()
	a.Value = p.expr()
	a.Span = p.since(start)
	p.take(Semi)
	return a
}

// isPlace reports whether x can stand left of "=". An error was reported for a
// BadExpr.
func isPlace(x Expr) bool {
	switch x := x.(type) {
	case *Name, *Member, *Index, *BadExpr:
		return true
	case *This:
		return true // of a newtype; the checker knows
	case *Unary:
		return x.Op == "*" && isPlace(x.X)
	case *Paren:
		return isPlace(x.X)
	}
	return false
}

// valHere tells "val x = …" from an expression about something named val.
func (p *parser) valHere() bool {
	next := p.peek(1)
	if next.NLBefore {
		return false
	}
	switch next.Kind {
	case Word:
		return next.key != kwAs && next.key != kwAnd && next.key != kwOr && next.key != kwImplies ||
			p.peek(2).Kind == Eq || p.peek(2).Kind == Colon
	case Wildcard:
		return true
	case LParen, LBracket:
		if !next.SPBefore {
			return false
		}
		end := p.matching(p.i + 1)
		if end < 0 {
			return false
		}
		p.fill(end + 1)
		after := p.toks[min(end+1, len(p.toks)-1)].Kind
		return after == Eq || after == Colon
	}
	return false
}

// let reads a binding from let, val, var or const on.
func (p *parser) let() Stmt {
	start := p.pos()
	l := &Let{Word: p.textOf(p.tok()), Mut: p.atKey(kwVar)}
	if p.toks[max(0, p.i-1)].key == kwSex {
		start = p.toks[p.i-1].Start
	}
	simple := p.atKey(kwVar) || p.atKey(kwConst)
	p.advance()
	if !simple && p.atKey(kwMut) && !p.peek(1).NLBefore && (isName(p.peek(1)) || p.peek(1).Kind == LParen) {
		l.Mut = true
		p.advance()
	}
	if simple && !p.at(Wildcard) && !p.at(LParen) {
		id := p.name("the name of the variable")
		l.Pattern = &PathPat{patNode{id.Span}, false, p.oneWord(id)}
	} else {
		l.Pattern = p.pattern()
	}
	if p.take(Colon) {
		l.Type = p.typ()
	}
	if p.at(Eq) {
		p.advance()
		l.Value = p.expr()
	}
	l.Span = p.since(start)
	if !p.take(Semi) {
		p.stmtEnd()
	}
	return l
}

// declInFunction reports whether a declaration other than a function begins
// here, which only looks like an expression.
func (p *parser) declInFunction() bool {
	switch p.tok().key {
	case kwGen, kwGene, kwTrait, kwSystem, kwType, kwEnum, kwImpl, kwRule, kwConstraint:
		after := p.peek(2)
		return isName(p.peek(1)) && p.declStart() && (after.Kind == LBrace || after.Kind == Less || after.Kind == Eq && p.atKey(kwType))
	}
	return false
}

func (p *parser) funStmt() Stmt {
	start := p.pos()
	d := p.decl(nil, inImpl)
	f, ok := d.(*Fun)
	if !ok {
		if d != nil {
			at := d.Header().Keyword
			p.errTok = -1
			p.report(at, codeMisplaced, "`"+p.text[at.Start:at.End]+"` cannot stand in a function").
				fix("move it to the level of the file")
		}
		return &BadStmt{stmtNode{p.since(start)}}
	}
	return &FunStmt{stmtNode{f.Span}, f}
}

// --- loops ---

// loop reads for, while or loop, with a label before it.
func (p *parser) loop() (x Expr) {
	start := p.pos()
	label := Ident{}
	if isName(p.tok()) {
		label = p.name("")
		p.advance()
	}
	if label.Name != "" {
		p.labels = append(p.labels, label.Name)
		defer func() { p.labels = p.labels[:len(p.labels)-1] }()
	}
	switch p.tok().key {
	case kwFor:
		p.advance()
		f := &For{Label: label, Pattern: p.pattern()}
		if !p.takeKey(kwIn) {
			p.expected(codeExpectedToken, "`in` and what to run over")
		}
		f.X = p.head()
		f.Body = p.block()
		f.Span = p.since(start)
		return f
	case kwWhile:
		p.advance()
		w := &While{Label: label}
		w.Pattern, w.Cond = p.cond()
		w.Body = p.block()
		w.Span = p.since(start)
		return w
	}
	p.advance()
	l := &Loop{Label: label, Body: p.block()}
	l.Span = p.since(start)
	return l
}

// labelHere reports whether "label: for" stands here.
func (p *parser) labelHere() bool {
	if !isName(p.tok()) || p.peek(1).Kind != Colon {
		return false
	}
	k := p.peek(2).key
	return k == kwFor || k == kwWhile || k == kwLoop
}

// head reads an expression behind which a block or an arrow stands. A block
// without one behind it is that block, and the expression is missing.
func (p *parser) head() Expr {
	if p.at(LBrace) && !p.blockBefore(LBrace, FatArrow) {
		p.expected(codeExpectedExpr, "an expression before the block")
		return &BadExpr{exprNode{Span{p.pos(), p.pos()}}}
	}
	noStruct := p.noStruct
	p.noStruct = true
	x := p.expr()
	p.noStruct = noStruct
	return x
}

// blockBefore reports whether one of the tokens given follows the block here.
func (p *parser) blockBefore(a, b TokenKind) bool {
	end := p.matching(p.i)
	if end < 0 {
		return false
	}
	p.fill(end + 1)
	k := p.toks[min(end+1, len(p.toks)-1)].Kind
	return k == a || k == b
}

// cond reads a condition, or "let pattern = value".
func (p *parser) cond() (Pattern, Expr) {
	if !p.atKey(kwLet) {
		return nil, p.head()
	}
	p.advance()
	pat := p.pattern()
	p.expect(Eq, "and the value to match")
	return pat, p.head()
}

func (p *parser) ifExpr() Expr {
	outer := p.height
	p.height = 0
	first := p.ifOnce()
	height := p.height
	// else if … is a chain, not a nesting.
	for last := first; p.atKey(kwElse); {
		p.advance()
		p.height = 0
		if !p.atKey(kwIf) {
			last.Else = p.block()
			height = max(height, p.height)
			break
		}
		next := p.ifOnce()
		last.Else = next
		last = next
		p.height = max(height, p.height) + 1
		height = p.height
		if p.tooDeep() {
			break
		}
	}
	end := p.prevEnd()
	for x := first; ; {
		x.End = max(x.End, end)
		next, ok := x.Else.(*If)
		if !ok {
			break
		}
		x = next
	}
	p.height = max(outer, height)
	return first
}

// ifOnce reads one if without its else.
func (p *parser) ifOnce() *If {
	x := &If{}
	start := p.pos()
	p.advance()
	x.Pattern, x.Cond = p.cond()
	if p.atKey(kwThen) {
		at := p.tok().Span
		p.hint(at, codeNeedlessThen, "`then` says nothing before a block").
			replace("remove `then`", Span{at.Start, p.peek(1).Start}, "")
		p.advance()
	}
	x.Then = p.block()
	x.Span = p.since(start)
	return x
}

func (p *parser) match() Expr {
	start := p.pos()
	p.advance()
	m := &Match{X: p.head()}
	if !p.at(LBrace) {
		p.expected(codeExpectedToken, "`{` and the cases of the match")
		if !p.findBlock() {
			m.Span = p.since(start)
			return m
		}
	}
	open := p.openBrace()
	outer := p.mode
	p.mode = mode{lines: true}
	p.nested(func() {
		height := 0
		for !p.at(RBrace) && !p.at(EOF) && !p.outside(open) {
			begin := p.i
			p.height = 0
			m.Arms = append(m.Arms, p.arm())
			height = max(height, p.height)
			p.take(Comma)
			if p.i == begin {
				p.syncLine()
			}
		}
		p.height = height
	})
	p.mode = outer
	p.closing(RBrace, open)
	m.Span = p.since(start)
	return m
}

func (p *parser) arm() *Arm {
	start := p.pos()
	a := &Arm{Pattern: p.pattern()}
	if p.atKey(kwIf) || p.atKey(kwWhere) {
		p.advance()
		a.Guard = p.head()
	}
	switch {
	case p.at(LBrace):
		a.Body = p.block()
	case p.at(FatArrow):
		p.advance()
		a.Body = p.armBody()
	default:
		p.expected(codeExpectedToken, "`=>` and the value of the case")
		a.Body = &BadExpr{exprNode{Span{p.pos(), p.pos()}}}
		if !p.at(RBrace) {
			p.syncLine()
		}
	}
	if end := a.Body.Range().End; end > p.prevEnd() {
		a.Span = Span{start, end}
	} else {
		a.Span = p.since(start)
	}
	return a
}

// armBody reads the body of a case. A block ends it, as a statement does;
// "{}" is the empty block.
func (p *parser) armBody() Expr {
	start := p.pos()
	if p.at(LBrace) && (p.peek(1).Kind == RBrace || !p.mapHere()) {
		return p.blockGoesOn(start, p.block())
	}
	x := p.expr()
	if assignOps[p.kind()] && p.continues() && isPlace(x) {
		s := p.assign(start, x)
		return &Block{exprNode{s.Range()}, false, []Stmt{s}}
	}
	return x
}

// hasLabel reports whether a loop around has this label.
func (p *parser) hasLabel(name string) bool { return slices.Contains(p.labels, name) }
