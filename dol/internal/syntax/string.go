package syntax

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxFormatDepth is how deep format strings may stand in the expressions of
// format strings. Each level is scanned once more than the one around it.
const maxFormatDepth = 8

// stringLiteral reads the string at off.
func (s *scanner) stringLiteral() {
	begin := s.off
	s.off++
	for s.off < s.end {
		switch c := s.text[s.off]; c {
		case '"':
			s.off++
			s.checkUTF8(begin, s.off)
			return
		case '\n':
			s.unterminatedString(begin)
			return
		case '\\':
			s.escape()
		default:
			s.off++
		}
	}
	s.unterminatedString(begin)
}

func (s *scanner) unterminatedString(begin int) {
	s.off = min(s.off, s.end) // a backslash may be the last byte of the file
	s.off = begin + len(strings.TrimRight(s.text[begin:s.off], "\r"))
	s.checkUTF8(begin, s.off)
	s.problem(begin, s.off, codeUnterminatedString, "this string has no end on its line").
		fix(`close it with " or write \n for a line break`)
}

// escape reads the escape sequence at off and reports a broken one.
func (s *scanner) escape() {
	begin := s.off
	n, ok := escapeLength(s.text[begin:s.end])
	s.off = begin + n
	if !ok {
		s.problem(begin, s.off, codeBadEscape, quoted(s.text[begin:s.off])+" is no escape sequence").
			fix(`the escapes are \n \t \r \0 \" \' \\ \xNN and \u{…}`)
	}
}

// escapeLength returns the length of the escape sequence that text begins with
// and whether it is one.
func escapeLength(text string) (n int, ok bool) {
	if len(text) < 2 || text[1] == '\n' {
		return 1, false
	}
	switch text[1] {
	case 'n', 't', 'r', '0', '"', '\'', '\\':
		return 2, true
	case 'x':
		if len(text) >= 4 && isHex(text[2]) && isHex(text[3]) {
			return 4, true
		}
		return 2, false
	case 'u':
		end := strings.IndexByte(text[:min(len(text), len(`\u{10FFFF}`))], '}')
		if end < 0 || text[2] != '{' {
			return 2, false
		}
		v, err := strconv.ParseUint(text[3:end], 16, 32)
		return end + 1, err == nil && utf8.ValidRune(rune(v))
	}
	_, size := utf8.DecodeRuneInString(text[1:])
	return 1 + size, false
}

// unescape returns the value of the text of a string or char without its
// quotes. Broken escapes, which were reported, stay as they are; \xNN is the
// character with that number.
func unescape(text string) string {
	i := strings.IndexByte(text, '\\')
	if i < 0 {
		return text
	}
	b := make([]byte, 0, len(text))
	for ; i >= 0; i = strings.IndexByte(text, '\\') {
		b = append(b, text[:i]...)
		n, ok := escapeLength(text[i:])
		seq := text[i : i+n]
		text = text[i+n:]
		if !ok {
			b = append(b, seq...)
			continue
		}
		switch seq[1] {
		case 'n':
			b = append(b, '\n')
		case 't':
			b = append(b, '\t')
		case 'r':
			b = append(b, '\r')
		case '0':
			b = append(b, 0)
		case 'x', 'u':
			v, _ := strconv.ParseUint(strings.Trim(seq[2:], "{}"), 16, 32)
			b = utf8.AppendRune(b, rune(v))
		default:
			b = append(b, seq[1])
		}
	}
	return string(append(b, text...))
}

// formatString reads the format string at off, the expressions in it included.
// What they are is the parser's business; here only their ends matter.
func (s *scanner) formatString() {
	begin := s.off
	s.off += 2
	s.tooDeep = false
	if !s.formatBody(1) {
		if !s.tooDeep {
			s.unterminatedString(begin)
			return
		}
		s.off = s.endOfLine(begin)
		s.problem(begin, begin+2, codeNestingTooDeep, "format strings stand in one another more than "+strconv.Itoa(maxFormatDepth)+" levels deep")
	}
	s.checkUTF8(begin, s.off)
}

// formatBody reads up to and with the closing quote; false: there is none.
func (s *scanner) formatBody(depth int) bool {
	for s.off < s.end {
		switch s.text[s.off] {
		case '"':
			s.off++
			return true
		case '\n':
			return false
		case '\\':
			s.escape()
		case '{':
			if s.at(1, '{') {
				s.off += 2
				continue
			}
			s.off++
			if !s.formatHole(depth) {
				return false
			}
		default:
			s.off++
		}
	}
	return false
}

// formatHole reads the expression of a format string up to and with its "}".
func (s *scanner) formatHole(depth int) bool {
	braces := 1
	for s.off < s.end {
		switch c := s.text[s.off]; c {
		case '\n':
			return false
		case '{':
			braces++
		case '}':
			if braces--; braces == 0 {
				s.off++
				return true
			}
		case '\'':
			if n := charLength(s.text[s.off:s.end]); n > 0 {
				s.off += n
				continue
			}
		case '"':
			if !s.nestedString(depth) {
				return false
			}
			continue
		}
		s.off++
	}
	return false
}

// nestedString skips a string inside a format string's expression. What is wrong
// in it is said when the expression is parsed.
func (s *scanner) nestedString(depth int) bool {
	if i := s.off - 1; s.text[i] == 'f' && byteClasses[s.text[i-1]] != classLetter && byteClasses[s.text[i-1]] != classDigit {
		if depth == maxFormatDepth {
			s.tooDeep = true
			return false
		}
		n := len(s.problems)
		s.off++
		ok := s.formatBody(depth + 1)
		s.problems = s.problems[:n]
		return ok
	}
	for s.off++; s.off < s.end; s.off++ {
		switch s.text[s.off] {
		case '\n':
			return false
		case '"':
			s.off++
			return true
		case '\\':
			s.off++
		}
	}
	return false
}

// charLength returns the length of the char literal that text begins with, or 0
// when its quote is the quote operator.
func charLength(text string) int {
	if len(text) < 3 || text[1] == '\'' || text[1] == '\n' {
		return 0
	}
	n := 1
	if text[1] == '\\' {
		size, _ := escapeLength(text[1:])
		n += size
	} else {
		_, size := utf8.DecodeRuneInString(text[1:])
		n += size
	}
	if n < len(text) && text[n] == '\'' {
		return n + 1
	}
	return 0
}

// quote reads a char, or the quote operator.
func (s *scanner) quote() TokenKind {
	begin := s.off
	if n := charLength(s.text[begin:s.end]); n > 0 {
		if s.at(1, '\\') {
			s.off++
			s.escape()
		}
		s.off = begin + n
		s.checkUTF8(begin, s.off)
		return Char
	}
	switch {
	case s.at(1, '\\'):
		s.off++
		s.escape()
		s.problem(begin, s.off, codeUnterminatedChar, "this char has no closing quote").fix("write ' behind the character")
		return Char
	case s.at(1, '\''):
		s.off += 2
		return QuasiQuote
	}
	s.off++
	if end := s.wordEnd(s.off); end > s.off && end < s.end && s.text[end] == '\'' {
		s.off = end + 1
		s.problem(begin, s.off, codeBadChar, "a char holds one character").fix("write a string in double quotes")
		return Char
	}
	return QuoteMark
}
