package syntax

import "strings"

// sword is a word of a sentence: one token, or several glued by dots and hyphens.
type sword struct {
	Span
	key keyword
	tok int // its first token
}

// words reads the words of the line at the current token, without the tokens
// being taken, and returns where they end; whole tells whether the line ends
// there as well (dol.md 3.5-a).
func (p *parser) words() (list []sword, end int, whole bool) {
	i := p.i
	for n := 0; ; n++ {
		p.fill(i)
		if i >= len(p.toks) {
			return list, len(p.toks) - 1, true
		}
		t := &p.toks[i]
		if n > 0 && t.NLBefore && !continuesLine(list) {
			return list, i, true
		}
		switch t.Kind {
		case Semi, RBrace, EOF:
			return list, i, true
		case Word, Int, Wildcard:
		case Keyword:
			if n == 0 || t.key == kwFun || t.key == kwPub || t.key == kwLet || t.key == kwVar || t.key == kwConst {
				return list, i, false
			}
		default:
			return list, i, t.Kind == Comma && t.NLBefore
		}
		w := sword{Span: t.Span, key: t.key, tok: i}
		for i++; ; i += 2 {
			p.fill(i + 1)
			if i+1 >= len(p.toks) || !gluesWords(&p.toks[i]) || !glued(&p.toks[i-1], &p.toks[i]) || !glued(&p.toks[i], &p.toks[i+1]) {
				break
			}
			if part := &p.toks[i+1]; !isWord(part) && part.Kind != Int {
				break
			}
			w.End, w.key = p.toks[i+1].End, notKeyword
		}
		list = append(list, w)
	}
}

func gluesWords(t *Token) bool { return t.Kind == Dot || t.Kind == Minus || t.Kind == ColonColon }

// continuesLine reports whether a line that ends in these words goes on in the
// next one.
func continuesLine(list []sword) bool {
	n := len(list)
	if n == 0 {
		return false
	}
	switch list[n-1].key {
	case kwEach, kwAll, kwNo:
		return n == 1
	case kwFrom:
		return n > 2 && list[n-2].key == kwDerives
	}
	return n > 1 && predicateAt(list, n-1) != notSentence
}

// notSentence is no kind of a sentence.
const notSentence SentenceKind = 0xff

// predicateAt returns the kind of sentence that word i makes as its predicate.
func predicateAt(list []sword, i int) SentenceKind {
	switch list[i].key {
	case kwHas:
		return SentHas
	case kwIs:
		return SentIs
	case kwDerives:
		if i+1 < len(list) && list[i+1].key == kwFrom {
			return SentDerivesFrom
		}
	case kwRequires:
		return SentRequires
	case kwUses:
		return SentUses
	case kwEmits:
		return SentEmits
	case kwMatches:
		return SentMatches
	case kwNever:
		return SentNever
	case kwCan:
		return SentCan
	case kwProvides:
		return SentProvides
	}
	return notSentence
}

// predicate returns the first predicate at or behind word i.
func predicate(list []sword, i int) (int, SentenceKind) {
	for ; i < len(list); i++ {
		if k := predicateAt(list, i); k != notSentence {
			return i, k
		}
	}
	return -1, notSentence
}

// phrase returns words with one space between them.
func (p *parser) phrase(list []sword) string {
	if len(list) == 0 {
		return ""
	}
	spaced := true // as it is to be
	for i, w := range list[1:] {
		spaced = spaced && w.Start == list[i].End+1 && p.text[list[i].End] == ' '
	}
	if spaced {
		return p.text[list[0].Start:list[len(list)-1].End]
	}
	var b strings.Builder
	for i, w := range list {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(p.text[w.Start:w.End])
	}
	return b.String()
}

// sentenceLine reads the line at the current token as one or more sentences.
func (p *parser) sentenceLine(b *bodyOf, docs *Docs) {
	start := p.pos()
	if docs == nil {
		docs = p.lineDocs(p.tok())
	}
	if docs != nil {
		start = docs.Start
	}
	p.sentenceFrom(b, docs, start)
}

// sentenceFrom is sentenceLine with docs already found.
func (p *parser) sentenceFrom(b *bodyOf, docs *Docs, start Pos) {
	list, end, whole := p.words()
	made := p.sentences(list)
	if !whole || made == nil {
		p.noSentence(b, docs, start, list, end, whole)
		return
	}
	p.i = end
	p.fill(end)
	made[0].Docs, made[0].Start = docs, start
	for _, s := range made {
		*b.items = append(*b.items, s)
	}
	p.take(Semi)
}

// sentences divides a line of words at its predicates (dol.md 3.5-b), or returns
// nil when it has none.
func (p *parser) sentences(list []sword) (made []*Sentence) {
	if len(list) < 2 {
		return nil
	}
	whole := func(from int) Span { return Span{list[from].Start, list[len(list)-1].End} }
	switch list[0].key {
	case kwEach, kwAll, kwNo:
		if predicateAt(list, 1) != notSentence {
			break
		}
		s := &Sentence{Span: whole(0), Kind: quantifier(list[0].key), Subject: p.phrase(list[1:])}
		if at, kind := predicate(list, 2); at > 0 && at+width(kind) < len(list) {
			s.Subject = p.phrase(list[1:at])
			s.Inner = &Sentence{Span: whole(1), Kind: kind, Subject: s.Subject, Object: p.phrase(list[at+width(kind):])}
		}
		return []*Sentence{s}
	case kwProvides, kwRequires, kwEmits, kwHas:
		if at, _ := predicate(list, 1); at < 0 || list[0].key == kwHas {
			return []*Sentence{{Span: whole(0), Kind: predicateAt(list, 0), Object: p.phrase(list[1:])}}
		}
	}
	for from := 0; from < len(list); {
		at, kind := predicate(list, from+1)
		right := at + width(kind)
		if at < 0 || right >= len(list) {
			return nil // a subject without predicate, or a predicate without object
		}
		to := len(list)
		switch kind {
		case SentHas, SentIs, SentEmits, SentNever, SentCan:
			if later, _ := predicate(list, right+2); later > 0 {
				to = right + 1
			}
		}
		made = append(made, &Sentence{
			Span: Span{list[from].Start, list[to-1].End}, Kind: kind,
			Subject: p.phrase(list[from:at]), Object: p.phrase(list[right:to]),
		})
		from = to
	}
	return made
}

// width returns how many words the predicate of a kind has.
func width(k SentenceKind) int {
	if k == SentDerivesFrom {
		return 2
	}
	return 1
}

func quantifier(k keyword) SentenceKind {
	switch k {
	case kwEach:
		return SentEach
	case kwAll:
		return SentAll
	}
	return SentNo
}

// noSentence handles a line without a known predicate: an open verb or prose in
// the ontology layer (dol.md 3.5-d, 3.5-e), else an error.
func (p *parser) noSentence(b *bodyOf, docs *Docs, start Pos, list []sword, end int, whole bool) {
	if !b.ontology {
		p.notInCode(list, whole)
		if docs != nil {
			*b.items = append(*b.items, &DocsItem{docs.Span, docs})
		}
		return
	}
	if whole && len(list) >= 2 {
		verb := list[1]
		p.i = end
		p.fill(end)
		p.hint(verb.Span, codeOpenVerb, quoted(p.text[verb.Start:verb.End])+" is no predicate that DOL knows; the line is kept as a relation")
		*b.items = append(*b.items, &Sentence{
			Span: Span{start, list[len(list)-1].End}, Docs: docs, Kind: SentRelation,
			Subject: p.phrase(list[:1]), Verb: p.phrase(list[1:2]), Object: p.phrase(list[2:]),
		})
		p.take(Semi)
		return
	}
	*b.items = append(*b.items, p.prose(docs, start))
}

// prose keeps the line at the current token as it is.
func (p *parser) prose(docs *Docs, start Pos) *Sentence {
	if t := p.tok(); strings.HasPrefix(p.text[t.Start:], "--") && !p.firstOnLine(int(t.Start)) {
		// On a line of its own this would be a comment.
		p.expected(codeExpectedMember, "a field, a method or a sentence")
	}
	p.rescan(p.i, func() (Token, bool) { return p.rawLine(), true })
	t := p.tok()
	p.add(t.Span, codeProse, warning, "this line is neither a sentence nor code; it is kept as prose").
		fix("write subject, predicate and object, or move the text to docs")
	s := &Sentence{Span: Span{start, t.End}, Docs: docs, Kind: SentProse, Object: strings.ReplaceAll(p.textOf(t), "\r\n", "\n")}
	p.advance()
	p.take(Semi)
	return s
}

// notInCode reports a line of a code declaration that is no member.
func (p *parser) notInCode(list []sword, whole bool) {
	if len(list) >= 2 {
		verb := list[1]
		if k, _ := predicate(list, 0); whole && k < 0 {
			p.report(verb.Span, codeUnknownPredicate, quoted(p.text[verb.Start:verb.End])+" is no predicate, and "+
				quoted(p.text[list[0].Start:list[0].End])+" begins no member").
				fix("a field is `has name: type`; the predicates are has, is, derives from, requires, uses, emits, matches, never, can and provides")
		} else {
			p.report(Span{list[0].Start, list[len(list)-1].End}, codeExpectedMember, "expected a field, a method or a sentence")
		}
	} else {
		p.expected(codeExpectedMember, "a field such as `has name: string`, a method or a sentence")
	}
	p.syncLine()
	for p.statementLine() { // of a function that lost its brace
		p.syncLine()
	}
}

// statementLine reports whether the current line looks like a statement and not
// like a member of a declaration.
func (p *parser) statementLine() bool {
	t := p.tok()
	if t.Kind == Keyword {
		return t.key != kwFun && t.key != kwPub && t.key != kwConst
	}
	if t.Kind != Word {
		return false
	}
	switch next := p.peek(1); next.Kind {
	case Dot, LParen, Eq, PlusEq, MinusEq, StarEq, SlashEq, PercentEq, PipeRight, Less, Greater, EqEq:
		return !next.NLBefore
	}
	return false
}

// --- rules and laws ---

// exprItem reads one conjunct of a rule or law.
func (p *parser) exprItem() *ExprItem {
	start, begin := p.pos(), p.i
	x := p.expr()
	if p.i == begin {
		p.syncLine()
		return nil
	}
	it := &ExprItem{Span: p.since(start), X: x}
	if !p.lineEnd() && p.errTok != p.i {
		p.expected(codeExpectedToken, "a line break behind the condition")
		p.syncLine()
	}
	if p.at(Comma) {
		p.advance()
	}
	p.take(Semi)
	return it
}

// lineEnd reports whether the current token begins a new line or ends the body.
func (p *parser) lineEnd() bool {
	t := p.tok()
	return t.NLBefore || t.Kind == Semi || t.Kind == RBrace || t.Kind == EOF || t.Kind == Comma
}

// ruleLine reads a line of a rule: a sentence, or a boolean expression.
func (p *parser) ruleLine(b *bodyOf, docs *Docs) {
	list, _, whole := p.words()
	if whole && len(list) >= 2 && p.sentences(list) != nil {
		p.sentenceLine(b, docs)
		return
	}
	if !b.ontology {
		if docs != nil {
			*b.items = append(*b.items, &DocsItem{docs.Span, docs})
		}
		if x := p.exprItem(); x != nil {
			*b.items = append(*b.items, x)
		}
		return
	}
	if whole && len(list) >= 2 && !operatorWords(list) {
		p.sentenceLine(b, docs)
		return
	}
	var x *ExprItem
	ok := p.wasted < maxWasted && p.trial(func() { x = p.exprItem() })
	if !ok || x == nil {
		p.sentenceLine(b, docs)
		return
	}
	if docs != nil {
		*b.items = append(*b.items, &DocsItem{docs.Span, docs})
	}
	*b.items = append(*b.items, x)
}

// maxWasted bounds the tokens that failed trials of one file may read, so that
// prose made to look like code costs linear time. Beyond it lines are prose.
const maxWasted = 1 << 20

// operatorWords reports whether a line of words has a word operator in it.
func operatorWords(list []sword) bool {
	for _, w := range list {
		switch w.key {
		case kwAnd, kwOr, kwNot, kwImplies, kwAs:
			return true
		}
	}
	return false
}
