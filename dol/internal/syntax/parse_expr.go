package syntax

// The levels of dol.md 4.2, low to high. A binary operator's operands stand at
// its level or above.
const (
	levelLowest = iota
	levelImplies
	levelBind
	levelPipe
	levelApply
	levelCompose
	levelRange
	levelOr
	levelAnd
	levelNot
	levelEqual
	levelCompare
	levelBitAnd
	levelSum
	levelProduct
	levelPower
	levelCast
	levelPrefix
)

type assoc uint8

const (
	leftAssoc assoc = iota
	rightAssoc
	noAssoc
)

// infix is what the parser knows of an infix operator.
type infix struct {
	level int
	assoc assoc
	op    string // canonical; empty: no infix operator
}

// infixOps is the one table of infix operators. Words are in infixWords.
var infixOps = [numTokenKinds]infix{
	Bind:      {levelBind, rightAssoc, ":="},
	PipeRight: {levelPipe, leftAssoc, "|>"},
	PipeLeft:  {levelPipe, rightAssoc, "<|"},
	At:        {levelApply, rightAssoc, "@"},
	Compose:   {levelCompose, leftAssoc, ">>"},
	DotDot:    {levelRange, noAssoc, ".."},
	DotDotEq:  {levelRange, noAssoc, "..="},
	OrOr:      {levelOr, leftAssoc, "||"},
	AndAnd:    {levelAnd, leftAssoc, "&&"},
	EqEq:      {levelEqual, noAssoc, "=="},
	NotEq:     {levelEqual, noAssoc, "!="},
	Less:      {levelCompare, noAssoc, "<"},
	LessEq:    {levelCompare, noAssoc, "<="},
	Greater:   {levelCompare, noAssoc, ">"},
	GreaterEq: {levelCompare, noAssoc, ">="},
	Amp:       {levelBitAnd, leftAssoc, "&"},
	Plus:      {levelSum, leftAssoc, "+"},
	Minus:     {levelSum, leftAssoc, "-"},
	Star:      {levelProduct, leftAssoc, "*"},
	Slash:     {levelProduct, leftAssoc, "/"},
	Percent:   {levelProduct, leftAssoc, "%"},
	Caret:     {levelPower, rightAssoc, "^"},
}

var infixWords = map[keyword]infix{
	kwImplies: {levelImplies, rightAssoc, "implies"},
	kwOr:      {levelOr, leftAssoc, "||"},
	kwAnd:     {levelAnd, leftAssoc, "&&"},
	kwAs:      {levelCast, leftAssoc, "as"},
}

// infixHere returns the infix operator at the current token, if it continues the
// expression before it.
func (p *parser) infixHere() (infix, bool) {
	t := p.tok()
	in := infixOps[t.Kind]
	if t.key != notKeyword {
		in = infixWords[t.key]
	}
	if in.op == "" || t.NLBefore && p.lines && !p.continues() {
		return in, false
	}
	return in, true
}

// continues reports whether the current token goes on with the expression before
// it, by the rules for line breaks (dol.md 4.6).
func (p *parser) continues() bool {
	t := p.tok()
	if !t.NLBefore || !p.lines {
		return true
	}
	switch t.Kind {
	case Minus, Star, Amp, Bar, QuoteMark, Question:
		return t.SPAfter
	case Dot, PipeRight, PipeLeft, Compose, AndAnd, OrOr, Plus, Slash, Percent, Caret, EqEq, NotEq, Less, LessEq,
		Greater, GreaterEq, DotDot, DotDotEq, Bind, Eq, PlusEq, MinusEq, StarEq, SlashEq, PercentEq, ColonColon:
		return true
	case Word:
		switch t.key {
		case kwAnd, kwOr, kwImplies, kwAs:
			after := p.peek(1).Kind
			return after != Eq && after != Colon && after != Dot && !assignOps[after]
		}
	}
	return false
}

// expr reads an expression of any kind.
func (p *parser) expr() Expr { return p.binary(levelLowest) }

// stmtExpr reads an expression in statement position: one that ends in a block
// of its own ends there, unless ".", "?" or "|>" follows (dol.md 3.10-e).
func (p *parser) stmtExpr() Expr {
	start := p.pos()
	t := p.tok()
	if !p.blockLike(t) {
		return p.expr()
	}
	return p.blockGoesOn(start, p.primary())
}

// blockGoesOn reads on behind an expression in statement position that ended in
// a block.
func (p *parser) blockGoesOn(start Pos, x Expr) Expr {
	if (p.at(Dot) || p.at(PipeRight) || p.at(Question)) && p.continues() {
		return p.binaryFrom(start, p.postfix(start, x), levelLowest)
	}
	return x
}

func (p *parser) blockLike(t *Token) bool {
	switch t.key {
	case kwIf, kwMatch, kwFor, kwWhile, kwLoop:
		return true
	case kwSex:
		return p.peek(1).Kind == LBrace
	case kwForall, kwExists:
		return p.quantHere()
	}
	return t.Kind == LBrace || p.labelHere()
}

// binary reads an expression whose operators are of the given level or above.
func (p *parser) binary(level int) Expr {
	start := p.pos()
	outer := p.height
	p.height = 0
	x := p.binaryFrom(start, p.unary(), level)
	p.height = max(outer, p.height)
	return x
}

// binaryFrom goes on with operators behind x. A chain of left-associative ones
// is a loop, however long.
func (p *parser) binaryFrom(start Pos, x Expr, level int) Expr {
	limit := levelPrefix
	var pipe, chained string // the last operator of a level that does not mix or chain
	for {
		in, ok := p.infixHere()
		if !ok || in.level < level || in.level > limit {
			return x
		}
		t := p.tok()
		opSpan, word := t.Span, t.key != notKeyword
		height := p.height
		p.height = 0
		switch {
		case in.level == levelCast:
			p.advance()
			x = &Cast{exprNode{}, x, p.castType()}
			if p.at(Question) { // no optional type: the cast may fail
				setSpan(x, p.since(start))
				x = p.postfix(start, x)
			}
		case in.level == levelRange:
			if chained == ".." {
				p.chain(opSpan, codeChainedRange, "a range has two ends", "put one range in parentheses")
			}
			chained = ".."
			x = p.rangeFrom(x, in.op == "..=")
		default:
			if in.level == levelPipe {
				if pipe != "" && pipe != in.op {
					p.chain(opSpan, codeMixedPipes, "`|>` and `<|` point in two directions", "put one of the pipes in parentheses")
				}
				pipe = in.op
			}
			p.advance()
			right := in.level + 1
			if in.assoc == rightAssoc {
				right = in.level
			}
			var y Expr
			if in.assoc == rightAssoc {
				p.nested(func() { y = p.binary(right) })
				if y == nil {
					y = &BadExpr{exprNode{Span{p.pos(), p.pos()}}}
				}
				if b, ok := y.(*Binary); ok && in.op == "<|" && b.Op == "|>" {
					p.chain(b.OpPos, codeMixedPipes, "`|>` and `<|` point in two directions", "put one of the pipes in parentheses")
				}
			} else {
				y = p.binary(right)
			}
			if in.assoc == noAssoc && chained == "cmp" && sameLevel(x, in.level) {
				p.chain(opSpan, codeChainedComparison, "comparisons do not chain", "join two comparisons with `&&`, or put one in parentheses")
			}
			if in.assoc == noAssoc {
				chained = "cmp"
			}
			x = &Binary{exprNode{}, in.op, word, opSpan, x, y}
		}
		setSpan(x, p.since(start))
		p.height = max(height, p.height) + 1
		if p.tooDeep() {
			return x
		}
	}
}

// chain reports operators that do not combine without parentheses. The
// expression is read on.
func (p *parser) chain(at Span, code, message, fix string) {
	p.errTok = -1
	p.report(at, code, message).fix(fix)
	p.errTok = -1
}

func sameLevel(x Expr, level int) bool {
	b, ok := x.(*Binary)
	if !ok {
		return false
	}
	switch b.Op {
	case "==", "!=":
		return level == levelEqual
	case "<", "<=", ">", ">=":
		return level == levelCompare
	}
	return false
}

// setSpan gives x its span; the loops above know it only afterwards.
func setSpan(x Expr, s Span) {
	switch x := x.(type) {
	case *Binary:
		x.Span = s
	case *Cast:
		x.Span = s
	case *Range:
		x.Span = s
	}
}

// rangeFrom reads ".." and the upper end; inside an index that may be absent.
func (p *parser) rangeFrom(lo Expr, inclusive bool) *Range {
	p.advance()
	r := &Range{Lo: lo, Inclusive: inclusive}
	if p.at(RBracket) {
		return r
	}
	r.Hi = p.binary(levelRange + 1)
	return r
}

// unary reads prefix operators and what they stand before.
func (p *parser) unary() Expr {
	start := p.pos()
	t := p.tok()
	op := ""
	switch t.Kind {
	case Minus:
		op = "-"
	case Bang:
		if next := p.peek(1); next.Kind == LBrace && glued(t, next) {
			return p.postfix(start, p.primary())
		}
		op = "!"
	case Star:
		op = "*"
	case Amp, AndAnd:
		op = "&"
	case Word:
		if t.key == kwNot && p.operandBehindNot() {
			op = "not"
		}
	}
	if op == "" {
		x := p.primary()
		switch x.(type) {
		case *Return, *Break, *Continue: // what follows would be their value
			return x
		}
		return p.postfix(start, x)
	}
	double := t.Kind == AndAnd
	if op == "&" {
		p.needlessRef()
	}
	p.advance()
	if op == "&" && p.atKey(kwMut) && (p.beginsOperand(p.peek(1)) || p.peek(1).Kind == LParen) {
		op = "&mut"
		p.advance()
	}
	var x Expr
	p.nested(func() {
		if op == "not" {
			x = p.binary(levelNot)
		} else {
			x = p.unary()
		}
	})
	if x == nil {
		x = &BadExpr{exprNode{Span{p.pos(), p.pos()}}}
	}
	u := &Unary{exprNode{p.since(start)}, op, x}
	if double {
		return &Unary{exprNode{u.Span}, "&", u}
	}
	return u
}

// operandBehindNot tells the operator from something named not.
func (p *parser) operandBehindNot() bool {
	next := p.peek(1)
	if next.NLBefore && p.lines {
		return false
	}
	switch next.Kind {
	case Word:
		return next.key != kwAnd && next.key != kwOr && next.key != kwImplies && next.key != kwAs
	case Keyword:
		return next.key != kwIn && next.key != kwElse
	case Int, Float, String, FormatString, Char, LParen, Bang, Hash, Question, QuoteMark:
		return true
	case Minus, Star, Amp:
		return !next.SPAfter
	case LBracket:
		return next.SPBefore
	}
	return false
}
