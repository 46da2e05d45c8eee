package syntax

import (
	"strconv"
	"strings"

	"github.com/univrs/vudo/diag"
)

const (
	// maxDepth is how deep brackets, blocks, types and prefix operators may nest.
	maxDepth = 256
	// maxHeight is how high the tree may grow through chains, which need no
	// brackets: a + b + …, x.f().g()…, else if …. Whoever walks the tree may
	// recurse without asking.
	maxHeight = 10_000
	// maxErrors is how many errors of one file are shown.
	maxErrors = 100
)

// Parse reads one file. The tree is complete also where the text is not: what
// could not be read is a Bad node or absent, and the list says why. A path that
// ends in ".dol.test" is read as a scenario file. src must not be changed as
// long as the File is in use.
func Parse(path string, src []byte) (*File, diag.List) {
	p := newParser(path, src)
	if strings.HasSuffix(path, ".dol.test") {
		p.scenarioFile()
	} else {
		p.file()
	}
	return p.finish()
}

// parser is a recursive-descent parser over tokens that are scanned when they
// are first looked at, so that it can have the same text scanned as code or as
// raw text.
type parser struct {
	scanner
	f *File

	toks    []Token
	i       int             // the current token
	pairs   map[int]int     // of opening brackets: the closing token, or -1
	splits  []splitToken    // tokens whose first character was taken alone
	found   []problem       // besides the scanner's
	errors  int             // in found
	errTok  int             // the token at which the last error was reported
	errLine Span            // from the last error to the end of its line
	dead    bool            // no more tokens: nesting, foreign text, too many errors
	holes   int             // how many expressions of format strings are open
	trying  int             // >0: in a trial; the first error ends it
	wasted  int             // tokens of failed trials
	types   map[string]bool // declared in this file: their names are no old spelling

	mode
	ontology  bool // the declaration around belongs to the ontology layer
	importing bool // a name may end before ".*" or ".{"
	noDot     bool // a type ends before a dot: that of a quantifier
	quasi     int  // quasi-quotes around, in which "," unquotes
	bodies    int  // declarations around whose bodies are open
	outermost Span // the brace of the first of them
	strayArm  bool // a case outside a match was reported; its neighbours are not
	margin    int  // the indent of the last declaration at file level
	labels    []string
	depth     int
	height    int
}

// mode is what brackets around change in the reading of expressions.
type mode struct {
	lines    bool // line breaks may end an expression (dol.md 4.6)
	noStruct bool // in a head, "Name {" begins a block
	parts    bool // in an idiom bracket, white space parts the operands
	patDepth int  // brackets of patterns that are open
}

// splitToken is ">>" or ">=" of which a type took the ">".
type splitToken struct {
	index        int
	whole, first Token
}

func newParser(path string, src []byte) *parser {
	f := &File{Path: path, Src: src}
	p := &parser{f: f, errTok: -1, pairs: map[int]int{}}
	if len(src) > MaxFileSize {
		f.index("")
		p.found = append(p.found, problem{
			code:    codeFileTooLarge,
			message: "the file has " + strconv.Itoa(len(src)) + " bytes; a source file has at most " + strconv.Itoa(MaxFileSize),
			label:   "split it into modules",
		})
		p.dead = true
	} else {
		p.text = string(src)
		p.end = len(src)
		f.index(p.text)
		p.toks = make([]Token, 0, 16+len(src)/5)
	}
	p.fill(0)
	return p
}

// finish makes the diagnostics and hands the tree over.
func (p *parser) finish() (*File, diag.List) {
	f := p.f
	f.Tokens, f.own = p.mergeSplits(), p.types
	if p.errors > 0 || p.scanErrorIn(Span{0, Pos(len(f.Src)) + 1}) {
		for _, d := range f.Items {
			clampChildren(d)
		}
		for _, s := range f.Tests {
			clampChildren(s)
		}
	}
	all := append(p.problems, p.found...)
	sortProblems(all)
	list := make(diag.List, 0, len(all))
	errors := 0
	for i := range all {
		pr := &all[i]
		if pr.code == codeOldType && p.types[p.text[pr.span.Start:pr.span.End]] {
			continue
		}
		if pr.severity == diag.Error {
			if errors++; errors > maxErrors {
				pr := tooManyErrors(pr.span)
				list = append(list, f.diagnostic(&pr))
				break
			}
		}
		list = append(list, f.diagnostic(pr))
	}
	list.Sort()
	return f, list
}

// clampChildren moves what was absent from the text, whose place is that of the
// next token, into its parent.
func clampChildren(n Node) {
	parent := n.Range()
	children(n, func(c Node) {
		if s := c.Range(); s.Start < parent.Start || s.End > parent.End {
			c.(interface{ moveInto(Span) }).moveInto(parent)
		}
		clampChildren(c)
	})
}

func (s *Span) moveInto(parent Span) {
	s.Start = min(max(s.Start, parent.Start), parent.End)
	s.End = min(max(s.End, s.Start), parent.End)
}

// mergeSplits puts the first characters of split tokens back in their places.
func (p *parser) mergeSplits() []Token {
	if len(p.splits) == 0 {
		return p.toks
	}
	all := make([]Token, 0, len(p.toks)+len(p.splits))
	next := 0
	for _, s := range p.splits {
		all = append(all, p.toks[next:s.index]...)
		all = append(all, s.first)
		next = s.index
	}
	return append(all, p.toks[next:]...)
}

// --- tokens ---

// fill makes token i known, or the end of the file when that comes first.
func (p *parser) fill(i int) {
	for len(p.toks) <= i && (len(p.toks) == 0 || p.toks[len(p.toks)-1].Kind != EOF) {
		p.toks = append(p.toks, p.next())
	}
}

// tok returns the current token; it is valid until the next call of peek.
func (p *parser) tok() *Token { return &p.toks[p.i] }

func (p *parser) kind() TokenKind { return p.toks[p.i].Kind }

// peek returns the n-th token behind the current one. Behind the end there is
// the end.
func (p *parser) peek(n int) *Token {
	i := p.i + n
	if i >= len(p.toks) {
		if last := p.toks[len(p.toks)-1]; last.Kind == EOF {
			return &p.toks[len(p.toks)-1]
		}
		p.fill(i)
		i = min(i, len(p.toks)-1)
	}
	return &p.toks[i]
}

// advance takes the current token and returns its span.
func (p *parser) advance() Span {
	t := &p.toks[p.i]
	s := t.Span
	if t.Kind != EOF {
		p.i++
		if p.i == len(p.toks) {
			p.fill(p.i)
		}
	}
	return s
}

func (p *parser) at(k TokenKind) bool { return p.toks[p.i].Kind == k }

func (p *parser) atKey(k keyword) bool { return p.toks[p.i].key == k }

// take takes the current token if it is a k.
func (p *parser) take(k TokenKind) bool {
	if p.at(k) {
		p.advance()
		return true
	}
	return false
}

func (p *parser) takeKey(k keyword) bool {
	if p.atKey(k) {
		p.advance()
		return true
	}
	return false
}

// pos returns where the current token begins.
func (p *parser) pos() Pos { return p.toks[p.i].Start }

// prevEnd returns where the token before the current one ends.
func (p *parser) prevEnd() Pos {
	if n := len(p.splits); n > 0 && p.splits[n-1].index == p.i {
		return p.toks[p.i].Start // behind the half that was taken
	}
	if p.i == 0 {
		return 0
	}
	return p.toks[p.i-1].End
}

// since returns the span from start to the last token taken.
func (p *parser) since(start Pos) Span { return Span{start, max(start, p.prevEnd())} }

func (p *parser) textOf(t *Token) string { return p.text[t.Start:t.End] }

// isName reports whether t can be a name: any word but a hard keyword.
func isName(t *Token) bool { return t.Kind == Word }

// isWord reports whether t is a word, hard keywords included.
func isWord(t *Token) bool { return t.Kind == Word || t.Kind == Keyword }

// glued reports whether nothing stands between token a and the one behind it.
func glued(a, b *Token) bool { return a.End == b.Start }

// rescan has the text of token i read anew by the function given, and forgets
// the tokens behind it. When that function fails, nothing changes.
func (p *parser) rescan(i int, read func() (Token, bool)) bool {
	old := p.toks[i]
	off, last, said := p.off, p.last, len(p.problems)
	p.off = int(old.Start)
	t, ok := read()
	if !ok {
		p.off, p.last, p.problems = off, last, p.problems[:said]
		return false
	}
	t.Leading, t.NLBefore, t.SPBefore = old.Leading, old.NLBefore, old.SPBefore
	p.toks = append(p.toks[:i], t)
	p.dropProblems(old.Start, said)
	p.forgetMatches(i)
	return true
}

// rawDocs makes the text behind the brace at token open one RawText.
func (p *parser) rawDocs(open int) {
	if open+1 < len(p.toks) && p.toks[open+1].Kind == RawText {
		return
	}
	said := len(p.problems)
	brace := p.toks[open].Span
	p.off = int(brace.End)
	t, ok := p.rawBraces()
	if !ok {
		p.problem(int(brace.Start), int(brace.End), codeUnterminatedDocs, "this documentation has no closing brace").
			fix(`an unbalanced brace in the text needs the form docs "…"`).mark = "opened here"
	}
	p.toks = append(p.toks[:open+1], t)
	p.dropProblems(brace.End, said)
	p.forgetMatches(open + 1)
}

// codeAfter takes back rawDocs: the brace at token open begins code after all.
func (p *parser) codeAfter(open int) {
	if open+1 >= len(p.toks) || p.toks[open+1].Kind != RawText {
		return
	}
	p.dropProblems(p.toks[open].Start, len(p.problems))
	p.toks = p.toks[:open+1]
	p.off, p.last = int(p.toks[open].End), LBrace
	p.forgetMatches(open + 1)
	p.fill(open + 1)
}

// forgetMatches drops what is known of brackets that reach behind token i.
func (p *parser) forgetMatches(i int) {
	for open, end := range p.pairs {
		if open >= i || end >= i || end < 0 {
			clear(p.pairs)
			return
		}
	}
}

// matching returns the token that closes the bracket at token i, or -1. It looks
// at each token once, however often it is asked.
func (p *parser) matching(i int) int {
	if end, ok := p.pairs[i]; ok {
		return end
	}
	stack := []int{i}
	for j := i + 1; len(stack) > 0; j++ {
		p.fill(j)
		if j >= len(p.toks) {
			break
		}
		t := &p.toks[j]
		switch t.Kind {
		case LParen, LBracket, LBrace:
			if end, ok := p.pairs[j]; ok && end > j {
				j = end
				continue
			}
			stack = append(stack, j)
		case RParen, RBracket, BarClose, RBrace:
			open := stack[len(stack)-1]
			if closes(p.toks[open].Kind, t.Kind) {
				p.pairs[open] = j
				stack = stack[:len(stack)-1]
				continue
			}
			if t.Kind == BarClose { // the end of a lambda's parameters, or of nothing
				continue
			}
			for _, open := range stack {
				p.pairs[open] = -1 // nothing on the stack has an end
			}
			return -1
		case Word:
			if j >= p.i && (t.key == kwDocs || t.key == kwExegesis) && p.docsLikely(j) {
				p.rawDocs(j + 1)
			}
		case EOF:
			for _, open := range stack {
				p.pairs[open] = -1
			}
			return -1
		}
	}
	if end, ok := p.pairs[i]; ok {
		return end
	}
	return -1
}

func closes(open, end TokenKind) bool {
	switch open {
	case LParen:
		return end == RParen
	case LBracket:
		return end == RBracket || end == BarClose
	}
	return end == RBrace
}

// docsLikely reports whether the word docs at token j begins documentation, as
// far as the tokens before it tell.
func (p *parser) docsLikely(j int) bool {
	p.fill(j + 1)
	if j+1 >= len(p.toks) || p.toks[j+1].Kind != LBrace {
		return false
	}
	if p.toks[j].NLBefore {
		return true
	}
	switch p.toks[j-1].Kind {
	case LBrace, RBrace, Semi:
		return true
	}
	return false
}

// --- reporting ---

// report adds an error at span, unless nothing was read since the last one, or
// that one stands on the same line: one cause gives one error. With errTok at -1
// it is added anyway. The problem returned may be added to either way.
func (p *parser) report(span Span, code, message string) *problem {
	if p.trying > 0 {
		panic(bailout{})
	}
	if p.dead || p.errTok == p.i || p.errTok >= 0 && p.errLine.Start <= span.Start && span.Start < p.errLine.End {
		p.errTok = p.i
		return &problem{}
	}
	p.errTok = p.i
	p.errLine = Span{span.Start, Pos(p.endOfLine(int(span.Start)))}
	p.errors++
	pr := p.add(span, code, diag.Error, message)
	if p.errors > maxErrors {
		p.kill()
	}
	return pr
}

func (p *parser) add(span Span, code string, severity diag.Severity, message string) *problem {
	p.found = append(p.found, problem{span: span, code: code, severity: severity, message: message})
	return &p.found[len(p.found)-1]
}

func (p *parser) hint(span Span, code, message string) *problem {
	return p.add(span, code, hint, message)
}

// kill ends the parse: all that follows is the end of the file. Tokens that were
// read stay, so that spans stay inside their parents.
func (p *parser) kill() {
	if p.dead {
		return
	}
	p.dead = true
	end := p.pos()
	p.toks = append(p.toks[:p.i], Token{Span: Span{end, end}, Kind: EOF, NLBefore: true, SPBefore: true, SPAfter: true})
	p.off, p.end = int(end), int(end)
	clear(p.pairs)
}

// expected reports that something else stands where what was expected.
func (p *parser) expected(code, what string) *problem {
	t := p.tok()
	if t.Kind == BadToken { // the scanner has said so
		if p.trying > 0 {
			panic(bailout{})
		}
		p.keepProblem(t.Start)
		p.errTok = p.i
		return &problem{}
	}
	if t.Kind == EOF {
		// The end of the file has no text; the last token is a better place.
		return p.report(Span{p.prevEnd(), p.prevEnd()}, code, "expected "+what+", found the end of the file")
	}
	if t.NLBefore && p.lines && p.i > 0 && code != codeExpectedDecl && code != codeExpectedMember {
		return p.report(Span{p.prevEnd(), p.prevEnd()}, code, "expected "+what+", found the end of the line")
	}
	return p.report(t.Span, code, "expected "+what+", found "+p.describe(t))
}

// keepProblem keeps what the scanner said about the token at start, also when the
// text is read in another way later.
func (p *parser) keepProblem(start Pos) {
	for i := len(p.problems) - 1; i >= 0 && p.problems[i].span.Start >= start; i-- {
		if p.problems[i].span.Start == start {
			p.found = append(p.found, p.problems[i])
		}
	}
}

func (p *parser) describe(t *Token) string {
	switch t.Kind {
	case EOF:
		return "the end of the file"
	case Keyword:
		return "the keyword " + quoted(p.textOf(t))
	}
	return quoted(p.textOf(t))
}

// expect takes a token of kind k or reports its absence.
func (p *parser) expect(k TokenKind, where string) bool {
	if p.take(k) {
		return true
	}
	p.expected(codeExpectedToken, "`"+k.String()+"` "+where)
	return false
}

// closing takes the bracket that closes the one at token open.
func (p *parser) closing(k TokenKind, open Span) bool {
	if p.take(k) {
		return true
	}
	if t := p.tok(); t.Kind == EOF || t.NLBefore && (t.Kind == RBrace || t.Kind == RParen || t.Kind == RBracket) {
		p.report(open, codeUnclosed, "the bracket `"+p.text[open.Start:open.End]+"` is never closed").mark = "opened here"
	} else {
		p.expected(codeExpectedToken, "`"+k.String()+"`").note(open, "to close the bracket opened here")
	}
	return false
}

// tooDeep reports and ends the parse when the nesting passes its limit.
func (p *parser) tooDeep() bool {
	if p.depth <= maxDepth && p.height <= maxHeight {
		return false
	}
	if p.dead {
		return true
	}
	message := "more than " + strconv.Itoa(maxDepth) + " levels of nesting"
	if p.depth <= maxDepth {
		message = "a chain of more than " + strconv.Itoa(maxHeight) + " operations"
	}
	p.errTok = -1
	p.report(p.tok().Span, codeNestingTooDeep, message).fix("give parts of it names of their own")
	p.kill()
	return true
}

// nested runs body one level deeper, and not at all when that is too deep.
func (p *parser) nested(body func()) {
	p.depth++
	outer := p.height
	p.height = 0
	if !p.tooDeep() {
		body()
	}
	p.height = max(outer, p.height+1)
	p.depth--
}

// --- trials ---

// bailout is what ends a trial; it never leaves trial.
type bailout struct{}

// trial runs parse and reports whether it met no error. If it did, everything is
// as before.
func (p *parser) trial(parse func()) (ok bool) {
	before := *p
	p.trying++
	defer func() {
		if r := recover(); r != nil {
			if _, bail := r.(bailout); !bail {
				panic(r)
			}
			p.takeBack(&before)
		}
	}()
	parse()
	if p.scanErrorIn(Span{before.pos(), p.pos()}) {
		panic(bailout{})
	}
	p.trying--
	return true
}

// takeBack undoes a failed trial. Tokens that it scanned stay scanned.
func (p *parser) takeBack(before *parser) {
	p.wasted += p.i - before.i
	for n := len(p.splits) - 1; n >= len(before.splits); n-- {
		p.toks[p.splits[n].index] = p.splits[n].whole
	}
	after := *p
	*p = *before
	p.wasted = after.wasted
	if after.holes == before.holes {
		p.toks, p.pairs, p.scanner = after.toks, after.pairs, after.scanner
	}
}

// scanErrorIn reports whether the scanner found an error in s.
func (p *parser) scanErrorIn(s Span) bool {
	for i := len(p.problems) - 1; i >= 0 && p.problems[i].span.Start >= s.Start; i-- {
		if p.problems[i].severity == diag.Error && p.problems[i].span.Start < s.End {
			return true
		}
	}
	return false
}
