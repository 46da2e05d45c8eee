package syntax

// typ reads a type. What is no type gives an error and a BadType.
func (p *parser) typ() (t TypeExpr) {
	start := p.pos()
	p.nested(func() { t = p.typeHere(false) })
	if t == nil {
		return &BadType{typeNode{p.since(start)}}
	}
	return t
}

// castType reads the type behind "as", where "<" and "?" may be operators of
// the expression around (dol.md 4.2-c).
func (p *parser) castType() (t TypeExpr) {
	start := p.pos()
	p.nested(func() { t = p.typeHere(true) })
	if t == nil {
		return &BadType{typeNode{p.since(start)}}
	}
	return t
}

func (p *parser) typeHere(cast bool) TypeExpr {
	start := p.pos()
	var t TypeExpr
	switch tok := p.tok(); {
	case tok.key == kwFun:
		p.advance()
		t = p.funType(start, true)
	case tok.key == kwEnum && p.peek(1).Kind == LBrace:
		p.advance()
		vs := p.variants(nil)
		t = &EnumType{typeNode{p.since(start)}, vs}
	case isName(tok) && !(tok.key == kwHas && tok.NLBefore && p.lines): // the next field
		t = p.namedType(cast)
	case tok.Kind == LParen:
		t = p.funType(start, false)
	case tok.Kind == LBracket:
		t = p.listType()
	case tok.Kind == Bang:
		p.advance()
		t = &NeverType{typeNode{p.since(start)}}
	case tok.Kind == Amp, tok.Kind == AndAnd:
		t = p.refType()
	default:
		p.expected(codeExpectedType, "a type")
		return nil
	}
	for !cast && p.at(Question) && !p.tok().NLBefore {
		p.advance()
		t = &OptionType{typeNode{p.since(start)}, t}
		if p.height++; p.tooDeep() {
			break
		}
	}
	return t
}

// oldTypes are the classic spellings that name one type.
var oldTypes = map[string]string{
	"Int8": "i8", "Int16": "i16", "Int32": "i32", "Int64": "i64", "Int": "i64",
	"UInt8": "u8", "UInt16": "u16", "UInt32": "u32", "UInt64": "u64", "UInt": "u64",
	"Float32": "f32", "Float64": "f64", "Float": "f64",
	"Bool": "bool", "String": "string", "Char": "char", "Bytes": "bytes",
	"Void": "()", "Unit": "()", "List": "Vec", "Optional": "Option",
}

// castGenerics are the types whose arguments may follow "as".
var castGenerics = map[string]bool{
	"Vec": true, "List": true, "Map": true, "Set": true, "Option": true, "Optional": true, "Result": true,
	"Array": true, "Tuple": true, "Box": true, "Rc": true, "Arc": true, "Quoted": true,
}

func (p *parser) namedType(cast bool) TypeExpr {
	start := p.pos()
	n := &NamedType{}
	if noDot := p.noDot; noDot {
		id := p.name("a type")
		n.Name = p.oneWord(id)
		for p.at(ColonColon) && isWord(p.peek(1)) {
			p.advance()
			n.Name.Parts = append(n.Name.Parts, p.anyName(""))
			n.Name.Span = p.since(start)
		}
		p.noDot = false
		defer func() { p.noDot = noDot }()
	} else {
		n.Name = p.qname("a type")
	}
	name := ""
	if len(n.Name.Parts) == 1 {
		name = n.Name.Parts[0].Name
	}
	switch {
	case p.at(Less) && (!cast || castGenerics[name] && p.angleEnd(p.i) > 0):
		n.Args = p.typeArgs()
	case p.at(ColonColon) && p.peek(1).Kind == Less:
		p.advance()
		n.Args = p.typeArgs()
	case p.at(LBracket) && !cast && glued(&p.toks[p.i-1], p.tok()):
		p.foreignHere(Span{start, p.tok().End}, "type arguments in brackets are another language's", "write `"+p.text[start:p.prevEnd()]+"<…>`")
	}
	n.Span = p.since(start)
	if name != "" {
		p.oldType(n, name)
	}
	return n
}

// oldType gives the hint for a classic type name.
func (p *parser) oldType(n *NamedType, name string) {
	if name[0] < 'A' || name[0] > 'Z' {
		return
	}
	at := n.Name.Span
	if name == "Array" && len(n.Args) == 2 {
		a, b := n.Args[0].Range(), n.Args[1].Range()
		d := p.hint(at, codeOldType, "`Array<T, N>` is the classic spelling of `[T; N]`")
		d.replace("write `[T; N]`", Span{n.Start, a.Start}, "[")
		d.replace(d.label, Span{a.End, b.Start}, "; ")
		d.replace(d.label, Span{b.End, n.End}, "]")
		return
	}
	if name == "Tuple" && len(n.Args) > 1 {
		first, last := n.Args[0].Range(), n.Args[len(n.Args)-1].Range()
		d := p.hint(at, codeOldType, "`Tuple<A, B>` is the classic spelling of `(A, B)`")
		d.replace("write `(A, B)`", Span{n.Start, first.Start}, "(")
		d.replace(d.label, Span{last.End, n.End}, ")")
		return
	}
	if now := oldTypes[name]; now != "" {
		p.hint(at, codeOldType, quoted(name)+" is the classic spelling of `"+now+"`").replace("write `"+now+"`", at, now)
	}
}

// typeArgs reads <A, B, 3>.
func (p *parser) typeArgs() (args []TypeExpr) {
	open := p.advance()
	if p.at(Greater) {
		p.expected(codeExpectedType, "a type argument")
	}
	p.nested(func() {
		for !p.at(Greater) && !p.at(EOF) {
			begin := p.i
			args = append(args, p.typeArg())
			if !p.take(Comma) || p.i == begin {
				break
			}
		}
	})
	p.closeAngle(open)
	return args
}

func (p *parser) typeArg() TypeExpr {
	if p.at(Int) {
		start := p.pos()
		x := p.literal()
		return &IntType{typeNode{p.since(start)}, x}
	}
	return p.typ()
}

// closeAngle takes ">", which may be the beginning of ">>" or ">=".
func (p *parser) closeAngle(open Span) {
	switch t := p.tok(); t.Kind {
	case Greater:
		p.advance()
	case Compose, GreaterEq:
		whole := *t
		first := whole
		first.Kind, first.End, first.SPAfter = Greater, t.Start+1, false
		p.splits = append(p.splits, splitToken{p.i, whole, first})
		t.Kind = Greater
		if whole.Kind == GreaterEq {
			t.Kind = Eq
		}
		t.Start++
		t.Leading, t.NLBefore, t.SPBefore = nil, false, false
	default:
		p.expected(codeExpectedToken, "`>`").note(open, "to close the bracket opened here")
	}
}

// funType reads (A, B), (A, B) -> C, (A), or with the keyword fun before it.
func (p *parser) funType(start Pos, keyword bool) TypeExpr {
	var list []TypeExpr
	open := p.tok().Span
	if !p.expect(LParen, "and the parameter types") {
		return nil
	}
	comma := false
	for !p.at(RParen) && !p.at(EOF) {
		list = append(list, p.typ())
		if comma = p.take(Comma); !comma {
			break
		}
	}
	p.closing(RParen, open)
	switch {
	case p.at(Arrow):
		p.advance()
		result := p.typ()
		return &FunType{typeNode{p.since(start)}, list, result}
	case keyword:
		return &FunType{typeNode{p.since(start)}, list, nil}
	case len(list) == 1 && !comma:
		return list[0] // (T) is grouping
	}
	return &TupleType{typeNode{p.since(start)}, list}
}

func (p *parser) listType() TypeExpr {
	start := p.pos()
	open := p.advance()
	l := &ListType{Elem: p.typ()}
	if p.take(Semi) {
		l.Len = p.expr()
	}
	p.closing(RBracket, open)
	l.Span = p.since(start)
	return l
}

func (p *parser) refType() TypeExpr {
	start := p.pos()
	double := p.at(AndAnd)
	p.needlessRef()
	p.advance()
	r := &RefType{}
	if p.atKey(kwMut) && !p.peek(1).NLBefore && isName(p.peek(1)) {
		p.advance()
		r.Mut = true
	}
	r.Elem = p.typ()
	r.Span = p.since(start)
	if double {
		return &RefType{typeNode: typeNode{r.Span}, Elem: r}
	}
	return r
}

// needlessRef gives the hint for "&" at the current token.
func (p *parser) needlessRef() {
	t := p.tok()
	end := t.End
	if next := p.peek(1); next.key == kwMut {
		end = p.peek(2).Start
	}
	p.hint(t.Span, codeNeedlessRef, "DOL has no references to take: `&` says nothing").replace("remove `&`", Span{t.Start, end}, "")
}

// angleEnd returns the token that closes the "<" at token i, when what stands
// between could be type arguments; else -1. Of ">>" it is the first half.
func (p *parser) angleEnd(i int) int {
	const limit = 256 // tokens; type arguments are short
	depth, parens := 0, 0
	for j := i; j < i+limit; j++ {
		p.fill(j)
		if j >= len(p.toks) {
			return -1
		}
		switch t := &p.toks[j]; t.Kind {
		case Less:
			depth++
		case Greater:
			depth--
		case Compose:
			depth -= 2
		case LParen, LBracket:
			parens++
		case RParen, RBracket:
			if parens--; parens < 0 {
				return -1
			}
		case Word, Int, Comma, Dot, ColonColon, Amp, Question, Bang, Semi, Arrow:
			if t.Kind == Semi && parens == 0 || t.NLBefore && j > i && p.lines {
				return -1
			}
		default:
			if t.key != kwFun {
				return -1
			}
		}
		if depth <= 0 {
			if parens != 0 || depth < 0 {
				return -1
			}
			return j
		}
	}
	return -1
}
