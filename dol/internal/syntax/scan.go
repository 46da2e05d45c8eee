package syntax

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxFileSize is how many bytes a source file may have. Offsets are 32 bits
// wide; no author writes a tenth of this.
const MaxFileSize = 16 << 20

// scanner makes tokens out of text[off:end], one at a call. It keeps no state
// between tokens but the offset and the kind of the last one, so that the parser
// can set it back to any token and read the same text in another way: a version,
// the raw text of docs, a line of prose.
type scanner struct {
	text string
	off  int
	end  int
	last TokenKind // the one before; after a dot, digits are a tuple index

	tooDeep  bool      // a format string holds too many others
	problems []problem // in the order of their spans
	pool     []Trivia  // what Leading slices are cut from
	scratch  []Trivia
}

// next reads the trivia at off and the token behind it.
func (s *scanner) next() Token {
	t := Token{}
	start := s.off
	s.trivia(&t)
	t.SPBefore = s.off > start || start == 0
	t.NLBefore = t.NLBefore || start == 0
	begin := s.off
	t.Start = Pos(begin)
	if begin >= s.end {
		t.Kind, t.End, t.SPAfter = EOF, Pos(begin), true
		return t
	}
	t.Kind = s.token(&t)
	t.End = Pos(s.off)
	t.SPAfter = s.spaceAt(s.off)
	s.last = t.Kind
	return t
}

// spaceAt reports whether white space, a comment or the end stands at i.
func (s *scanner) spaceAt(i int) bool {
	if i >= s.end {
		return true
	}
	switch c := s.text[i]; {
	case c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\v' || c == '\f':
		return true
	case c == '/':
		return i+1 < s.end && (s.text[i+1] == '/' || s.text[i+1] == '*')
	case c >= utf8.RuneSelf:
		r, _ := utf8.DecodeRuneInString(s.text[i:s.end])
		return unicode.IsSpace(r)
	}
	return false
}

// spaceOnly reports whether white space stands at i.
func (s *scanner) spaceOnly(i int) bool {
	return s.spaceAt(i) && s.text[i] != '/'
}

// trivia moves off to the next token and hangs on t what it passed.
func (s *scanner) trivia(t *Token) {
	found := s.scratch[:0]
	lines, firstLine := 0, 0 // line breaks since the last comment, and where they began
	sameLine := s.off > 0    // still on the line of the token before
	flush := func() {
		if lines > 1 {
			found = append(found, Trivia{Span: Span{Pos(firstLine), Pos(s.off)}, Kind: BlankLine})
		}
		lines = 0
	}
loop:
	for s.off < s.end {
		c := s.text[s.off]
		switch {
		case c == '\n':
			if lines == 0 {
				firstLine = s.off
			}
			lines++
			t.NLBefore, sameLine = true, false
			s.off++
		case c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f':
			s.off++
		case c == '/' && s.off+1 < s.end && (s.text[s.off+1] == '/' || s.text[s.off+1] == '*'),
			c == '-' && s.dashComment():
			flush()
			c := s.comment()
			c.Trailing = sameLine
			if c.Kind == BlockComment && strings.IndexByte(s.text[c.Start:c.End], '\n') >= 0 {
				t.NLBefore, sameLine = true, false
			}
			found = append(found, c)
		case c >= utf8.RuneSelf:
			r, n := utf8.DecodeRuneInString(s.text[s.off:s.end])
			if !unicode.IsSpace(r) && (r != 0xfeff || s.off != 0) {
				break loop
			}
			if r == '\u0085' || r == '\u2028' || r == '\u2029' {
				t.NLBefore, sameLine = true, false
			}
			s.off += n
		default:
			break loop
		}
	}
	flush()
	s.scratch = found
	if len(found) == 0 {
		return
	}
	if len(found) > cap(s.pool)-len(s.pool) {
		s.pool = make([]Trivia, 0, max(256, len(found)))
	}
	n := len(s.pool)
	s.pool = append(s.pool, found...)
	t.Leading = s.pool[n:len(s.pool):len(s.pool)]
}

// dashComment reports whether the "-" at off starts a comment (dol.md 2.1-e).
func (s *scanner) dashComment() bool {
	i := s.off
	if i+1 >= s.end || s.text[i+1] != '-' {
		return false
	}
	if s.firstOnLine(i) {
		return true
	}
	if !endsInSpace(s.text[:i]) {
		return false
	}
	if i+2 >= s.end || s.text[i+2] == '-' {
		return true
	}
	r, _ := utf8.DecodeRuneInString(s.text[i+2 : s.end])
	return unicode.IsSpace(r)
}

// firstOnLine reports whether only white space stands before i on its line.
func (s *scanner) firstOnLine(i int) bool {
	for i > 0 && (s.text[i-1] == ' ' || s.text[i-1] == '\t' || s.text[i-1] == '\r') {
		i--
	}
	return i == 0 || s.text[i-1] == '\n' || i == 3 && s.text[:3] == "\ufeff"
}

func endsInSpace(s string) bool {
	r, _ := utf8.DecodeLastRuneInString(s)
	return unicode.IsSpace(r)
}

// endOfLine returns where the line of i ends, its line break excluded.
func (s *scanner) endOfLine(i int) int {
	if n := strings.IndexByte(s.text[i:s.end], '\n'); n >= 0 {
		return i + n
	}
	return s.end
}

// comment reads the comment at off. A line break is not part of a line comment.
func (s *scanner) comment() Trivia {
	begin := s.off
	rest := s.text[begin:s.end]
	if rest[1] == '*' {
		s.off = begin + s.blockComment(rest)
		return Trivia{Span: Span{Pos(begin), Pos(s.off)}, Kind: BlockComment}
	}
	kind := LineComment
	switch {
	case strings.HasPrefix(rest, "//!"):
		kind = ModComment
	case strings.HasPrefix(rest, "///") && !strings.HasPrefix(rest, "////"):
		kind = DocComment
	}
	s.off = s.endOfLine(begin)
	n := s.off - begin
	text := strings.TrimRight(rest[:n], " \t\r\v\f")
	s.checkUTF8(begin, begin+len(text))
	return Trivia{Span: Span{Pos(begin), Pos(begin + len(text))}, Kind: kind}
}

// blockComment returns the length of the nested comment at the start of rest.
func (s *scanner) blockComment(rest string) int {
	depth := 0
	for i := 0; i+1 < len(rest); i++ {
		switch {
		case rest[i] == '/' && rest[i+1] == '*':
			depth++
			i++
		case rest[i] == '*' && rest[i+1] == '/':
			i++
			if depth--; depth == 0 {
				s.checkUTF8(s.off, s.off+i+1)
				return i + 1
			}
		}
	}
	s.checkUTF8(s.off, s.end)
	s.problem(s.off, s.off+2, codeUnterminatedComment, "this comment has no end").mark = "opened here"
	return len(rest)
}

// checkUTF8 reports each run of invalid bytes in text[from:to] once.
func (s *scanner) checkUTF8(from, to int) {
	if utf8.ValidString(s.text[from:to]) {
		return
	}
	for i := from; i < to; {
		r, n := utf8.DecodeRuneInString(s.text[i:to])
		if r != utf8.RuneError || n > 1 {
			i += n
			continue
		}
		begin := i
		for i < to {
			if r, n := utf8.DecodeRuneInString(s.text[i:to]); r != utf8.RuneError || n > 1 {
				break
			}
			i++
		}
		s.problem(begin, i, codeBadUTF8, "the text is not UTF-8 here")
	}
}

func (s *scanner) problem(start, end int, code, message string) *problem {
	s.problems = append(s.problems, problem{span: Span{Pos(start), Pos(end)}, code: code, message: message})
	return &s.problems[len(s.problems)-1]
}

// dropProblems forgets what was said, among the first n problems, about text from
// offset on: that text was read in another way since.
func (s *scanner) dropProblems(offset Pos, n int) {
	keep := n
	for keep > 0 && s.problems[keep-1].span.Start >= offset {
		keep--
	}
	s.problems = append(s.problems[:keep], s.problems[n:]...)
}

// byteClass sorts the first byte of a token.
type byteClass uint8

const (
	classBad byteClass = iota
	classLetter
	classDigit
	classPunct
	classHigh // the first byte of a longer character
)

var byteClasses = func() (table [256]byteClass) {
	for c := range table {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '_':
			table[c] = classLetter
		case '0' <= c && c <= '9':
			table[c] = classDigit
		case c >= utf8.RuneSelf:
			table[c] = classHigh
		case strings.IndexByte("><@=+-*/%^&|'!#?()[]{},:;.~\"", byte(c)) >= 0:
			table[c] = classPunct
		}
	}
	return table
}()

// token reads the token at off, which is no white space, and returns its kind.
func (s *scanner) token(t *Token) TokenKind {
	c := s.text[s.off]
	switch byteClasses[c] {
	case classLetter:
		if c == 'f' && s.off+1 < s.end && s.text[s.off+1] == '"' {
			s.formatString()
			return FormatString
		}
		return s.word(t)
	case classDigit:
		return s.number()
	case classHigh:
		if r, _ := utf8.DecodeRuneInString(s.text[s.off:s.end]); unicode.IsLetter(r) {
			return s.word(t)
		}
	case classPunct:
		return s.punctuation(c)
	}
	return s.badCharacter()
}

func (s *scanner) word(t *Token) TokenKind {
	begin := s.off
	s.off = s.wordEnd(begin)
	text := s.text[begin:s.off]
	t.key = keywordOf(text)
	switch {
	case t.key != notKeyword && t.key <= lastHard:
		return Keyword
	case text == "_":
		return Wildcard
	}
	return Word
}

// wordEnd returns where the letters and digits from i on end.
func (s *scanner) wordEnd(i int) int {
	ascii := true
	begin := i
	for i < s.end {
		c := s.text[i]
		if class := byteClasses[c]; class == classLetter || class == classDigit {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			break
		}
		r, n := utf8.DecodeRuneInString(s.text[i:s.end])
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.Mn, r) && !unicode.Is(unicode.Mc, r) {
			break
		}
		ascii = false
		i += n
	}
	if !ascii && mixedScript(s.text[begin:i]) {
		p := s.problem(begin, i, codeMixedScript, "the name "+quoted(s.text[begin:i])+" mixes scripts, so it may look like another one")
		p.severity = hint
	}
	return i
}

// scripts are those whose letters look like Latin ones.
var scripts = []*unicode.RangeTable{unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Armenian, unicode.Cherokee}

func mixedScript(name string) bool {
	seen := -1
	for _, r := range name {
		for i, script := range scripts {
			if !unicode.Is(script, r) {
				continue
			}
			if seen >= 0 && seen != i {
				return true
			}
			seen = i
		}
	}
	return false
}

func (s *scanner) badCharacter() TokenKind {
	begin := s.off
	r, n := utf8.DecodeRuneInString(s.text[begin:s.end])
	if r == utf8.RuneError && n == 1 {
		for s.off < s.end {
			if r, n := utf8.DecodeRuneInString(s.text[s.off:s.end]); r != utf8.RuneError || n > 1 {
				break
			}
			s.off++
		}
		s.problem(begin, s.off, codeBadUTF8, "the text is not UTF-8 here")
		return BadToken
	}
	s.off += n
	s.problem(begin, s.off, codeBadCharacter, "the character "+quoted(string(r))+" means nothing here")
	return BadToken
}

// at reports whether the byte at off+i is c.
func (s *scanner) at(i int, c byte) bool {
	return s.off+i < s.end && s.text[s.off+i] == c
}

// punctuation reads the longest operator at off. "[|" is left to the parser,
// which looks for the end of the bracket.
func (s *scanner) punctuation(c byte) TokenKind {
	kind, n := s.operator(c)
	switch kind {
	case String:
		s.stringLiteral()
		return String
	case QuoteMark:
		return s.quote()
	}
	s.off += n
	return kind
}

func (s *scanner) operator(c byte) (TokenKind, int) {
	switch c {
	case '.':
		switch {
		case s.at(1, '.') && s.at(2, '.'):
			return Ellipsis, 3
		case s.at(1, '.') && s.at(2, '='):
			return DotDotEq, 3
		case s.at(1, '.'):
			return DotDot, 2
		}
		return Dot, 1
	case '|':
		switch {
		case s.at(1, '>'):
			return PipeRight, 2
		case s.at(1, ']'):
			return BarClose, 2
		case s.at(1, '|'):
			return OrOr, 2
		}
		return Bar, 1
	case '<':
		switch {
		case s.at(1, '|'):
			return PipeLeft, 2
		case s.at(1, '='):
			return LessEq, 2
		}
		return Less, 1
	case '>':
		switch {
		case s.at(1, '>'):
			return Compose, 2
		case s.at(1, '='):
			return GreaterEq, 2
		}
		return Greater, 1
	case ':':
		switch {
		case s.at(1, ':'):
			return ColonColon, 2
		case s.at(1, '='):
			return Bind, 2
		}
		return Colon, 1
	case '-':
		switch {
		case s.at(1, '='):
			return MinusEq, 2
		case s.at(1, '>'):
			return Arrow, 2
		}
		return Minus, 1
	case '=':
		switch {
		case s.at(1, '>'):
			return FatArrow, 2
		case s.at(1, '='):
			return EqEq, 2
		}
		return Eq, 1
	case '&':
		if s.at(1, '&') {
			return AndAnd, 2
		}
		return Amp, 1
	case '!':
		return s.orEq(Bang, NotEq)
	case '+':
		return s.orEq(Plus, PlusEq)
	case '*':
		return s.orEq(Star, StarEq)
	case '/':
		return s.orEq(Slash, SlashEq)
	case '%':
		return s.orEq(Percent, PercentEq)
	case '"':
		return String, 0
	case '\'':
		return QuoteMark, 0
	}
	return singles[c], 1
}

func (s *scanner) orEq(alone, withEq TokenKind) (TokenKind, int) {
	if s.at(1, '=') {
		return withEq, 2
	}
	return alone, 1
}

var singles = [128]TokenKind{
	'@': At, '^': Caret, '#': Hash, '?': Question, '(': LParen, ')': RParen, '[': LBracket, ']': RBracket,
	'{': LBrace, '}': RBrace, ',': Comma, ';': Semi, '~': Tilde,
}
