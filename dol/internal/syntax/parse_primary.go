package syntax

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// primary reads an operand without its postfix operators.
func (p *parser) primary() (x Expr) {
	start := p.pos()
	switch t := p.tok(); t.Kind {
	case Int, Float, String, Char:
		return p.literal()
	case FormatString:
		return p.formatExpr()
	case Wildcard:
		p.advance()
		return &Name{exprNode{p.since(start)}, "_"}
	case Word:
		if x := p.wordForm(t); x != nil {
			return x
		}
		p.advance()
		return &Name{exprNode{p.since(start)}, p.text[t.Start:t.End]}
	}
	p.nested(func() { x = p.primaryForm(start) })
	if x == nil {
		return &BadExpr{exprNode{p.since(start)}}
	}
	return x
}

// wordForm reads a form that begins with a contextual keyword or a label, or
// returns nil when the word is a name.
func (p *parser) wordForm(t *Token) (x Expr) {
	start := t.Start
	next := p.peek(1)
	switch t.key {
	case kwSex:
		if next.Kind == LBrace {
			p.advance()
			b := p.block()
			b.Sex, b.Span = true, p.since(start)
			return b
		}
	case kwForall, kwExists:
		if p.quantHere() {
			p.nested(func() { x = p.quantifier() })
			if x == nil {
				return &BadExpr{exprNode{p.since(start)}}
			}
			return x
		}
	}
	if next.Kind == Colon && p.labelHere() {
		return p.loop()
	}
	if next.Kind == Bang && p.textOf(t) == "vec" && p.peek(2).Kind == LBracket && glued(t, next) {
		p.advance()
		p.advance()
		switch l := p.list().(type) {
		case *List:
			l.VecMacro, l.Start = true, start
			return l
		case *Repeat:
			l.Start = start
			return l
		}
	}
	return nil
}

func (p *parser) primaryForm(start Pos) Expr {
	t := p.tok()
	switch t.Kind {
	case LParen:
		return p.paren()
	case LBracket:
		return p.list()
	case LBrace:
		if !p.noStruct && p.mapHere() && p.mapPlace() {
			return p.mapLiteral()
		}
		return p.block()
	case Bar, OrOr:
		return p.lambda()
	case Bang:
		p.advance()
		b := p.block()
		return &Eval{exprNode{p.since(start)}, b}
	case Hash:
		return p.macro()
	case QuoteMark, QuasiQuote, Comma:
		if t.Kind == Comma && p.quasi == 0 {
			break
		}
		return p.quoteExpr()
	case Question:
		p.advance()
		r := &Reflect{Type: p.castType()}
		r.Span = p.since(start)
		return r
	case DotDot, DotDotEq:
		if p.i > 0 && p.toks[p.i-1].Kind == LBracket {
			r := p.rangeFrom(nil, t.Kind == DotDotEq)
			r.Span = p.since(start)
			return r
		}
	case Keyword:
		if x := p.keywordForm(t, start); x != nil {
			return x
		}
	}
	if !p.foreign() {
		p.expected(codeExpectedExpr, "an expression")
	}
	return nil
}

func (p *parser) keywordForm(t *Token, start Pos) Expr {
	switch t.key {
	case kwTrue, kwFalse, kwNull:
		return p.literal()
	case kwThis, kwSelf:
		p.advance()
		return &This{exprNode{p.since(start)}, p.text[t.Start:t.End]}
	case kwIf:
		return p.ifExpr()
	case kwMatch:
		return p.match()
	case kwFor, kwWhile, kwLoop:
		return p.loop()
	case kwReturn:
		p.advance()
		r := &Return{}
		if p.valueFollows() {
			r.X = p.expr()
		}
		r.Span = p.since(start)
		return r
	case kwBreak:
		p.advance()
		b := &Break{Label: p.label()}
		if !p.tok().NLBefore && p.beginsExpr() {
			b.X = p.expr()
		}
		b.Span = p.since(start)
		return b
	case kwContinue:
		p.advance()
		c := &Continue{Label: p.label()}
		c.Span = p.since(start)
		return c
	}
	return nil
}

// label takes the word behind break or continue when a loop around is called so.
func (p *parser) label() Ident {
	t := p.tok()
	if t.NLBefore || !isName(t) || !p.hasLabel(p.textOf(t)) {
		return Ident{}
	}
	return p.name("")
}

// valueFollows reports whether return takes the next expression: on its line, or
// on the next one unless that is a statement (dol.md 4.6-e).
func (p *parser) valueFollows() bool {
	t := p.tok()
	if t.NLBefore && p.lines {
		switch t.key {
		case kwFor, kwWhile, kwLoop, kwBreak, kwContinue, kwReturn, kwSex, kwDocs, kwExegesis:
			return false
		case kwVal:
			return !p.valHere()
		}
		if p.labelHere() || t.Kind == Hash && p.peek(1).Kind == LBracket || t.Kind == At {
			return false
		}
	}
	return p.beginsExpr()
}

// beginsExpr reports whether an expression may begin at the current token.
func (p *parser) beginsExpr() bool {
	switch t := p.tok(); t.Kind {
	case Word:
		return !(t.key == kwImplies || t.key == kwAnd || t.key == kwOr || t.key == kwAs) || !p.beginsOperand(p.peek(1))
	case Wildcard, Int, Float, String, FormatString, Char, LParen, LBracket, LBrace, Bar, OrOr, Bang, Hash, QuoteMark,
		QuasiQuote, Question, Minus, Star, Amp:
		return t.Kind != LBrace || !p.noStruct
	case Keyword:
		switch t.key {
		case kwTrue, kwFalse, kwNull, kwThis, kwSelf, kwIf, kwMatch, kwFor, kwWhile, kwLoop, kwReturn, kwBreak, kwContinue:
			return true
		}
	}
	return false
}

func (p *parser) beginsOperand(t *Token) bool {
	switch t.Kind {
	case Word, Keyword, Int, Float, String, FormatString, Char:
		return true
	}
	return false
}

// --- literals ---

func (p *parser) literal() *Literal {
	t := p.tok()
	l := &Literal{exprNode: exprNode{t.Span}, Text: p.textOf(t)}
	switch t.Kind {
	case Int, Float:
		l.Kind = IntLit
		if t.Kind == Float {
			l.Kind = FloatLit
		}
		l.Text, l.Suffix = splitNumber(l.Text)
	case String:
		l.Kind, l.Str = StringLit, p.stringValue(t)
	case Char:
		l.Kind, l.Str = CharLit, unescape(strings.Trim(l.Text, "'"))
		if l.Text == `'\''` {
			l.Str = "'"
		}
	default:
		switch t.key {
		case kwNull:
			l.Kind = NullLit
			p.hint(t.Span, codePreferNone, "`null` is `None`").replace("write `None`", t.Span, "None")
		default:
			l.Kind, l.Bool = BoolLit, t.key == kwTrue
		}
	}
	p.advance()
	return l
}

// stringValue returns the value of a string token, which may lack its end.
func (p *parser) stringValue(t *Token) string {
	text := p.textOf(t)[1:]
	if n := len(text); n > 0 && text[n-1] == '"' && !p.scanErrorIn(t.Span) {
		text = text[:n-1]
	}
	return unescape(text)
}

// formatExpr reads a format string: the expressions in it are parsed from their
// places in the file.
func (p *parser) formatExpr() Expr {
	t := p.tok()
	span := t.Span
	f := &FString{exprNode: exprNode{span}}
	if p.scanErrorIn(span) {
		p.errTok = p.i
		p.advance()
		return f
	}
	end := int(span.End) - 1
	text := func(from, to int) {
		if from < to {
			raw := strings.NewReplacer("{{", "{", "}}", "}").Replace(p.text[from:to])
			f.Parts = append(f.Parts, FPart{Span: Span{Pos(from), Pos(to)}, Text: unescape(raw), Decimals: -1})
		}
	}
	from := int(span.Start) + 2
	for i := from; i < end; {
		switch c := p.text[i]; {
		case c == '\\':
			n, _ := escapeLength(p.text[i:end])
			i += n
		case c == '}' && i+1 < end && p.text[i+1] == '}', c == '{' && i+1 < end && p.text[i+1] == '{':
			i += 2
		case c == '{':
			text(from, i)
			hole := scanner{text: p.text, off: i + 1, end: end}
			hole.formatHole(1)
			f.Parts = append(f.Parts, p.formatPart(Span{Pos(i), Pos(hole.off)}))
			i = hole.off
			from = i
		default:
			i++
		}
	}
	text(from, end)
	p.advance()
	return f
}

// formatPart parses the expression in the braces of a format string.
func (p *parser) formatPart(hole Span) FPart {
	outer := *p
	said := len(p.problems)
	p.holes++
	p.toks, p.i, p.pairs, p.splits = make([]Token, 0, 8), 0, map[int]int{}, nil
	p.off, p.end, p.last = int(hole.Start)+1, int(hole.End)-1, EOF
	p.mode, p.errTok = mode{}, -1
	p.fill(0)
	part := FPart{Span: hole, Decimals: -1, X: p.expr()}
	if p.at(Colon) {
		p.advance()
		if n := p.peek(1); p.at(Dot) && n.Kind == Int && n.End-n.Start <= 2 {
			p.advance()
			part.Decimals = 0
			for _, c := range p.textOf(p.tok()) {
				part.Decimals = part.Decimals*10 + int(c-'0')
			}
			p.advance()
		} else {
			p.expected(codeExpectedToken, "a number of decimals such as `.2`")
		}
	}
	if !p.at(EOF) {
		p.expected(codeExpectedToken, "`}` behind the expression")
	}
	// What was found stays, tokens and scanner are those of the file again.
	found := append(p.found, p.problems[said:]...)
	dead, height, errors, types, wasted := p.dead, p.height, p.errors, p.types, p.wasted
	problems := p.problems[:said]
	*p = outer
	p.found, p.problems, p.errors, p.types, p.wasted = found, problems, errors, types, wasted
	p.height = max(p.height, height)
	if dead && !outer.dead {
		p.kill()
	}
	return part
}

// --- brackets ---

func (p *parser) paren() Expr {
	start := p.pos()
	open := p.advance()
	outer := p.mode
	p.mode = mode{}
	var elems []Expr
	comma := false
	for !p.at(RParen) && !p.at(EOF) {
		begin := p.i
		elems = append(elems, p.expr())
		if comma = p.take(Comma); !comma || p.i == begin {
			break
		}
	}
	p.mode = outer
	p.closing(RParen, open)
	if len(elems) == 1 && !comma {
		return &Paren{exprNode{p.since(start)}, elems[0]}
	}
	return &Tuple{exprNode{p.since(start)}, elems}
}

// exprs reads expressions with commas between, up to and with the bracket end.
func (p *parser) exprs(end TokenKind, open Span) (list []Expr) {
	outer := p.mode
	p.mode = mode{}
	for !p.at(end) && !p.at(EOF) {
		begin := p.i
		list = append(list, p.expr())
		if !p.take(Comma) || p.i == begin {
			break
		}
	}
	p.mode = outer
	p.closing(end, open)
	return list
}

// list reads [a, b], [e; n] or an idiom bracket.
func (p *parser) list() Expr {
	start := p.pos()
	if p.idiomHere() {
		return p.idiom()
	}
	open := p.advance()
	outer := p.mode
	p.mode = mode{}
	var elems []Expr
	for !p.at(RBracket) && !p.at(EOF) {
		begin := p.i
		elems = append(elems, p.expr())
		if len(elems) == 1 && p.take(Semi) {
			r := &Repeat{Elem: elems[0], Len: p.expr()}
			p.mode = outer
			p.closing(RBracket, open)
			r.Span = p.since(start)
			return r
		}
		if !p.take(Comma) || p.i == begin {
			break
		}
	}
	p.mode = outer
	p.closing(RBracket, open)
	return &List{exprNode{p.since(start)}, elems, false}
}

// idiomHere reports whether "[" opens an idiom bracket: a bar is glued to it and
// "|]" closes it (dol.md 2.4-d).
func (p *parser) idiomHere() bool {
	next := p.peek(1)
	if !glued(p.tok(), next) || next.Kind != Bar && next.Kind != BarClose && next.Kind != OrOr {
		return false
	}
	end := p.matching(p.i)
	return end > 0 && p.toks[end].Kind == BarClose && next.Kind == Bar
}

func (p *parser) idiom() Expr {
	start := p.pos()
	open := p.advance()
	open.End = p.advance().End
	x := &Idiom{}
	outer := p.mode
	p.mode = mode{parts: true}
	for !p.at(BarClose) && !p.at(EOF) {
		begin := p.i
		at := p.pos()
		x.Parts = append(x.Parts, p.postfix(at, p.primary()))
		if p.i == begin {
			break
		}
	}
	p.mode = outer
	p.closing(BarClose, open)
	x.Span = p.since(start)
	return x
}

// mapHere reports whether the brace here is followed by "}" or by a key and ":".
func (p *parser) mapHere() bool {
	first := p.peek(1)
	n := 2
	switch first.Kind {
	case RBrace:
		return true
	case Minus:
		n = 3
	case Word, Int, Float, String, Char, FormatString:
		for (p.peek(n).Kind == Dot || p.peek(n).Kind == ColonColon) && isWord(p.peek(n+1)) {
			n += 2
		}
	case Keyword:
		if first.key != kwTrue && first.key != kwFalse {
			return false
		}
	case LParen, LBracket:
		end := p.matching(p.i + 1)
		if end < 0 {
			return false
		}
		n = end - p.i + 1
	default:
		return false
	}
	if p.peek(n).Kind != Colon {
		return false
	}
	k := p.peek(n + 1).key
	return k != kwFor && k != kwWhile && k != kwLoop || first.Kind != Word
}

// mapPlace reports whether a map may stand here: behind one of the tokens after
// which a block makes no sense (dol.md 4.1-d).
func (p *parser) mapPlace() bool {
	if p.i == 0 {
		return true
	}
	t := &p.toks[p.i-1]
	switch t.Kind {
	case Eq, LParen, LBracket, Comma, Colon, FatArrow, Ellipsis:
		return true
	}
	return t.key == kwReturn
}

func (p *parser) mapLiteral() Expr {
	m := &MapLit{}
	start := p.pos()
	open := p.advance()
	outer := p.mode
	p.mode = mode{}
	for !p.at(RBrace) && !p.at(EOF) {
		begin := p.i
		m.Keys = append(m.Keys, p.expr())
		p.expect(Colon, "between key and value")
		m.Values = append(m.Values, p.expr())
		if !p.take(Comma) || p.i == begin {
			break
		}
	}
	p.mode = outer
	p.closing(RBrace, open)
	m.Span = p.since(start)
	return m
}

// --- other forms ---

func (p *parser) lambda() Expr {
	l := &Lambda{}
	start := p.pos()
	if !p.take(OrOr) {
		open := p.advance()
		lines := p.lines
		p.lines = false
		for !p.at(Bar) && !p.at(EOF) {
			begin := p.i
			l.Params = append(l.Params, p.lambdaParam())
			if !p.take(Comma) || p.i == begin {
				break
			}
		}
		p.lines = lines
		if !p.take(Bar) {
			p.expected(codeExpectedToken, "`|` behind the parameters").note(open, "to close the list opened here")
		}
	}
	if p.take(Arrow) {
		l.Result = p.typ()
	}
	labels := p.labels
	p.labels = nil
	l.Body = p.expr()
	p.labels = labels
	l.Span = p.since(start)
	return l
}

func (p *parser) lambdaParam() *Param {
	start := p.pos()
	a := &Param{}
	if p.at(Amp) {
		p.needlessRef()
		p.advance()
	}
	if p.atKey(kwMut) && isName(p.peek(1)) {
		a.Mut = true
		p.advance()
	}
	if p.at(Wildcard) {
		a.Name = p.ident(p.tok())
		p.advance()
	} else {
		a.Name = p.name("the name of a parameter")
	}
	if p.take(Colon) {
		a.Type = p.typ()
	}
	a.Span = p.since(start)
	return a
}

// quantHere tells a quantifier from something named forall or exists.
func (p *parser) quantHere() bool {
	next, after := p.peek(1), p.peek(2)
	return (isName(next) || next.Kind == Wildcard) && !(next.NLBefore && p.lines) && (after.key == kwIn || after.Kind == Colon)
}

func (p *parser) quantifier() Expr {
	start := p.pos()
	q := &Quant{All: p.atKey(kwForall)}
	p.advance()
	for {
		at := p.pos()
		b := &Param{}
		if p.at(Wildcard) {
			b.Name = p.ident(p.tok())
			p.advance()
		} else {
			b.Name = p.name("a name")
		}
		if p.take(Colon) {
			p.noDot = true
			b.Type = p.typ()
			p.noDot = false
		}
		b.Span = p.since(at)
		q.Binders = append(q.Binders, b)
		if !p.take(Comma) {
			break
		}
	}
	if p.takeKey(kwIn) {
		q.Over = p.head()
		q.Body = p.block()
	} else if p.expect(Dot, "behind the names of the quantifier") {
		q.Body = p.expr()
	} else {
		q.Body = &BadExpr{exprNode{Span{p.pos(), p.pos()}}}
	}
	q.Span = p.since(start)
	return q
}

func (p *parser) macro() Expr {
	start := p.pos()
	p.advance()
	m := &Macro{}
	if !isWord(p.tok()) {
		p.expected(codeExpectedName, "the name of a macro")
		return &BadExpr{exprNode{p.since(start)}}
	}
	m.Name = p.anyName("")
	if p.at(LParen) && glued(&p.toks[p.i-1], p.tok()) {
		open := p.advance()
		m.Args = p.exprs(RParen, open)
	} else {
		p.expected(codeExpectedToken, "`(` and the arguments of the macro")
	}
	m.Span = p.since(start)
	return m
}

func (p *parser) quoteExpr() Expr {
	start := p.pos()
	q := &Quote{Op: p.kind().String()}
	step := 0
	if p.at(QuasiQuote) {
		step = 1
	}
	p.quasi += step
	p.advance()
	at := p.pos()
	if q.Op != "," && !glued(&p.toks[p.i-1], p.tok()) {
		p.expected(codeExpectedExpr, "an expression directly behind the quote")
	}
	if p.at(QuoteMark) || p.at(QuasiQuote) || p.at(Comma) && p.quasi > 0 {
		p.nested(func() { q.X = p.quoteExpr() })
	} else {
		q.X = p.postfix(at, p.primary())
	}
	if q.X == nil {
		q.X = &BadExpr{exprNode{Span{p.pos(), p.pos()}}}
	}
	p.quasi -= step
	q.Span = p.since(start)
	return q
}

// --- postfix ---

// postfix goes on with calls, indices, members and "?" behind x. A long chain of
// them is a loop.
func (p *parser) postfix(start Pos, x Expr) Expr {
	for {
		t := p.tok()
		breaks := t.NLBefore && p.lines || t.SPBefore && p.parts
		height := p.height
		p.height = 0
		switch {
		case t.Kind == LParen && !breaks:
			open := p.advance()
			c := &Call{Fun: x}
			p.nested(func() { c.Args = p.exprs(RParen, open) })
			c.Span = p.since(start)
			x = c
		case t.Kind == LBracket && !breaks:
			x = p.index(start, x)
		case t.Kind == Dot || t.Kind == ColonColon:
			if t.Kind == ColonColon && p.peek(1).Kind == Less {
				p.advance()
				args := p.typeArgs()
				x = typeApplied(x, args, p.since(start))
				break
			}
			x = p.member(start, x)
		case t.Kind == Question && p.continues():
			p.advance()
			x = &Try{exprNode{p.since(start)}, x}
		case t.Kind == LBrace && !breaks && !p.noStruct && p.structHere(x):
			x = p.structLiteral(start, x)
		case t.Kind == Less && !breaks && upperName(x) && p.genericHere():
			args := p.typeArgs()
			x = &TypeApply{exprNode{p.since(start)}, x, args}
		default:
			p.height = max(height, p.height)
			return x
		}
		p.height = max(height, p.height) + 1
		if p.tooDeep() {
			return x
		}
	}
}

// typeApplied hangs the type arguments of "::<…>" on x.
func typeApplied(x Expr, args []TypeExpr, s Span) Expr {
	if m, ok := x.(*Member); ok && m.TypeArgs == nil {
		m.TypeArgs, m.Span = args, s
		return m
	}
	return &TypeApply{exprNode{s}, x, args}
}

func (p *parser) index(start Pos, x Expr) Expr {
	open := p.advance()
	outer := p.mode
	p.mode = mode{}
	ix := &Index{X: x}
	p.nested(func() { ix.I = p.expr() })
	if ix.I == nil {
		ix.I = &BadExpr{exprNode{Span{p.pos(), p.pos()}}}
	}
	p.mode = outer
	p.closing(RBracket, open)
	ix.Span = p.since(start)
	return ix
}

func (p *parser) member(start Pos, x Expr) Expr {
	m := &Member{X: x, Colons: p.at(ColonColon)}
	p.advance()
	switch t := p.tok(); {
	case isWord(t) && !(t.NLBefore && p.lines && t.Kind == Keyword), t.Kind == Int && !m.Colons && strings.Trim(p.textOf(t), "0123456789") == "":
		m.Name = p.ident(t)
		p.advance()
	default:
		p.expected(codeExpectedName, "the name of a member")
		m.Name = Ident{Span: Span{p.prevEnd(), p.prevEnd()}}
	}
	m.Span = p.since(start)
	return m
}

// upperName reports whether x is a name, or a path that ends in one, with an
// upper-case initial: what may stand before the brace of a struct literal.
func upperName(x Expr) bool {
	name := ""
	switch x := x.(type) {
	case *Name:
		name = x.Ident
	case *This:
		return false
	case *Member:
		if !isPath(x.X) {
			return false
		}
		name = x.Name.Name
	case *TypeApply:
		return upperName(x.X)
	}
	r, _ := utf8.DecodeRuneInString(name)
	return unicode.IsUpper(r)
}

func isPath(x Expr) bool {
	for {
		switch y := x.(type) {
		case *Name:
			return true
		case *TypeApply:
			x = y.X
		case *Member:
			x = y.X
		default:
			return false
		}
	}
}

// structHere reports whether the brace behind x opens a struct literal
// (dol.md 4.1-c).
func (p *parser) structHere(x Expr) bool {
	if !upperName(x) {
		return false
	}
	first, second := p.peek(1), p.peek(2)
	switch first.Kind {
	case RBrace, Ellipsis, DotDot:
		return true
	}
	if !isName(first) {
		return false
	}
	switch second.Kind {
	case Colon:
		k := p.peek(3).key
		return k != kwFor && k != kwWhile && k != kwLoop
	case Comma, RBrace:
		return true
	}
	return false
}

func (p *parser) structLiteral(start Pos, x Expr) Expr {
	s := &Struct{Type: x}
	open := p.advance()
	outer := p.mode
	p.mode = mode{}
	p.nested(func() {
		for !p.at(RBrace) && !p.at(EOF) {
			if p.at(Ellipsis) || p.at(DotDot) {
				p.advance()
				if s.Base != nil {
					p.report(p.toks[p.i-1].Span, codeMisplaced, "a struct literal has one base")
				}
				s.Base = p.expr()
			} else {
				f, ok := p.fieldInit()
				if !ok {
					break
				}
				s.Fields = append(s.Fields, f)
			}
			if !p.take(Comma) {
				break
			}
		}
	})
	p.mode = outer
	p.closing(RBrace, open)
	s.Span = p.since(start)
	return s
}

func (p *parser) fieldInit() (f FieldInit, ok bool) {
	start := p.pos()
	f.Name = p.name("the name of a field")
	if f.Name.Name == "" {
		return f, false
	}
	if p.take(Colon) {
		f.Value = p.expr()
	} else {
		f.Short = true
		f.Value = &Name{exprNode{f.Name.Span}, f.Name.Name}
	}
	f.Span = p.since(start)
	return f, true
}

// genericHere reports whether "<" behind an upper-case name opens type arguments
// and not a comparison: they close, and "::", "." or a struct's brace follows.
func (p *parser) genericHere() bool {
	end := p.angleEnd(p.i)
	if end < 0 || p.toks[end].Kind != Greater && p.toks[end].Kind != Compose {
		return false
	}
	p.fill(end + 2)
	if end+1 >= len(p.toks) {
		return false
	}
	switch p.toks[end+1].Kind {
	case ColonColon, Dot:
		return true
	case LBrace:
		return !p.noStruct
	}
	return false
}
