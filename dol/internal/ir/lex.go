package ir

import (
	"fmt"
	"strconv"
	"strings"
)

// lexer cuts a text into tokens: quoted texts, signs, and words, which are
// everything else up to a space or sign.
type lexer struct {
	text      []byte
	at        int
	line, col int // of the token

	tok      string // "" at the end
	lastLine int    // where the token before stood

	nextLine, lineStart int
}

func (l *lexer) fail(format string, args ...any) {
	panic(textError{l.line, l.col, fmt.Sprintf(format, args...)})
}

// scan reads the next token.
func (l *lexer) scan() {
	l.lastLine = l.line
	for l.at < len(l.text) && (l.text[l.at] == ' ' || l.text[l.at] == '\n') {
		if l.text[l.at] == '\n' {
			l.nextLine, l.lineStart = l.nextLine+1, l.at+1
		}
		l.at++
	}
	l.line, l.col = l.nextLine+1, l.at-l.lineStart+1
	start := l.at
	if start == len(l.text) {
		l.tok = ""
		return
	}
	switch c := l.text[l.at]; {
	case c == '"':
		l.quoted()
	case strings.IndexByte("(){},=", c) >= 0:
		l.at++
	case c == '<' || c == '>':
		l.at++
	case c == '-' && l.at+1 < len(l.text) && l.text[l.at+1] == '>':
		l.at += 2
	default:
		sign := strings.IndexByte("#~$@%^0123456789", c) >= 0
		for l.at++; l.at < len(l.text); l.at++ {
			c := l.text[l.at]
			if c <= ' ' || c == '!' || strings.IndexByte(`(){},="`, c) >= 0 || !sign && (c == '<' || c == '>') {
				break
			}
		}
	}
	l.tok = string(l.text[start:l.at])
}

// quoted passes over a quoted text.
func (l *lexer) quoted() {
	for l.at++; l.at < len(l.text) && l.text[l.at] != '\n'; l.at++ {
		switch l.text[l.at] {
		case '\\':
			l.at++
		case '"':
			l.at++
			return
		}
	}
	l.fail("a text without end")
}

// take returns the token and goes on.
func (l *lexer) take() string {
	tok := l.tok
	l.scan()
	return tok
}

func (l *lexer) accept(tok string) bool {
	if l.tok != tok {
		return false
	}
	l.scan()
	return true
}

func (l *lexer) want(tok string) {
	if !l.accept(tok) {
		l.fail("%q instead of %q", l.tok, tok)
	}
}

func (l *lexer) str() string {
	s, err := strconv.Unquote(l.tok)
	if err != nil || l.tok[0] != '"' {
		l.fail("%q is no quoted text", l.tok)
	}
	l.scan()
	return s
}

func (l *lexer) integer() int {
	n, err := strconv.Atoi(l.tok)
	if err != nil {
		l.fail("%q is no number", l.tok)
	}
	l.scan()
	return n
}

// oneOf reads one of the names and returns its index.
func (l *lexer) oneOf(names []string) int {
	for i, n := range names {
		if l.accept(n) {
			return i
		}
	}
	l.fail("%q is none of %s", l.tok, strings.Join(names, ", "))
	return 0
}

// ref reads a number below n with its sign, 0 for none.
func (l *lexer) ref(sign byte, n int) int {
	digits := l.tok
	if sign != 0 {
		if digits == "" || digits[0] != sign {
			l.fail("%q is no number with %c", l.tok, sign)
		}
		digits = digits[1:]
	}
	digits, _, _ = strings.Cut(digits, ".")
	i, err := strconv.ParseUint(digits, 10, 31)
	if err != nil || int(i) >= n {
		l.fail("%q: there are %d", l.tok, n)
	}
	l.scan()
	return int(i)
}

// number reads the number of a declaration, which must be the next.
func (l *lexer) number(sign byte, n int) {
	if l.ref(sign, n+1) != n {
		l.fail("declarations are not numbered in order")
	}
}

// afterDot returns the name for people of a reference.
func afterDot(tok string) string {
	_, name, _ := strings.Cut(tok, ".")
	return name
}
