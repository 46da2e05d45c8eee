package syntax

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// numberSuffixes are the types that a literal may end in.
var numberSuffixes = map[string]bool{
	"i8": true, "i16": true, "i32": true, "i64": true, "i128": true,
	"u8": true, "u16": true, "u32": true, "u64": true, "u128": true,
	"f32": true, "f64": true,
}

// number reads the number at off. The text of a broken one is read to its end,
// so that it gives one message.
func (s *scanner) number() TokenKind {
	begin := s.off
	if s.last == Dot && s.text[begin-1] == '.' { // x.0.1 are two tuple indices
		for s.off < s.end && byteClasses[s.text[s.off]] == classDigit {
			s.off++
		}
		return Int
	}
	if s.text[begin] == '0' && s.off+1 < s.end {
		switch s.text[s.off+1] {
		case 'x':
			return s.radix(begin, isHex, "a hexadecimal number", "0xFF")
		case 'o':
			return s.radix(begin, isOctal, "an octal number", "0o17")
		case 'b':
			return s.radix(begin, isBinary, "a binary number", "0b1010")
		}
	}
	kind := Int
	s.digits(isDigit)
	if s.at(0, '.') && s.off+1 < s.end && isDigit(s.text[s.off+1]) {
		kind = Float
		s.off++
		s.digits(isDigit)
	}
	if n := s.exponent(); n > 0 {
		kind = Float
		s.off += n
		s.digits(isDigit)
	}
	if badUnderscore(s.text[begin:s.off]) {
		s.problem(begin, s.off, codeBadNumber, "an underscore in a number stands between two digits")
		s.off = s.wordEnd(s.off)
		return kind
	}
	return s.suffix(begin, kind)
}

// exponent returns how many bytes of an exponent stand before its digits.
func (s *scanner) exponent() int {
	if !s.at(0, 'e') && !s.at(0, 'E') {
		return 0
	}
	n := 1
	if s.at(1, '+') || s.at(1, '-') {
		n = 2
	}
	if s.off+n < s.end && isDigit(s.text[s.off+n]) {
		return n
	}
	return 0
}

// suffix reads the type behind the digits of a number.
func (s *scanner) suffix(begin int, kind TokenKind) TokenKind {
	from := s.off
	if from >= s.end {
		return kind
	}
	if c := s.text[from]; byteClasses[c] != classLetter && byteClasses[c] != classHigh {
		return kind
	}
	if r, _ := utf8.DecodeRuneInString(s.text[from:s.end]); !unicode.IsLetter(r) && r != '_' {
		return kind
	}
	s.off = s.wordEnd(from)
	suffix := s.text[from:s.off]
	switch {
	case !numberSuffixes[suffix]:
		s.problem(begin, s.off, codeBadNumber, quoted(suffix)+" is no type of numbers").
			fix("write a space between the number and the name")
	case suffix[0] == 'f':
		kind = Float
	case kind == Float:
		s.problem(begin, s.off, codeBadNumber, "a number with a fraction or an exponent cannot be of the integer type "+quoted(suffix))
	}
	return kind
}

// radix reads a number that begins with 0x, 0o or 0b.
func (s *scanner) radix(begin int, digit func(byte) bool, what, example string) TokenKind {
	s.off += 2
	from := s.off
	s.digits(digit)
	body := s.text[from:s.off]
	if body == "" || badUnderscore(body) || s.off < s.end && isDigit(s.text[s.off]) {
		s.off = s.wordEnd(s.off)
		s.problem(begin, s.off, codeBadNumber, quoted(s.text[begin:s.off])+" is not "+what+" such as "+example)
		return Int
	}
	return s.suffix(begin, Int)
}

func (s *scanner) digits(digit func(byte) bool) {
	for s.off < s.end && (digit(s.text[s.off]) || s.text[s.off] == '_') {
		s.off++
	}
}

// badUnderscore reports an underscore of a number that is not between digits.
func badUnderscore(s string) bool {
	for i := range len(s) {
		if s[i] == '_' && (i == 0 || i+1 == len(s) || !isHex(s[i-1]) || !isHex(s[i+1])) {
			return true
		}
	}
	return false
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isOctal(c byte) bool  { return '0' <= c && c <= '7' }
func isBinary(c byte) bool { return c == '0' || c == '1' }
func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// splitNumber separates the digits of a number from its type suffix.
func splitNumber(text string) (digits, suffix string) {
	if strings.HasPrefix(text, "0x") { // f32 would be digits of it
		if i := strings.LastIndexAny(text, "iu"); i >= 0 {
			return text[:i], text[i:]
		}
		return text, ""
	}
	if i := strings.IndexAny(text[min(2, len(text)):], "iuf"); i >= 0 {
		i += min(2, len(text))
		return text[:i], text[i:]
	}
	if len(text) > 1 && strings.IndexByte("iuf", text[1]) >= 0 {
		return text[:1], text[1:]
	}
	return text, ""
}
