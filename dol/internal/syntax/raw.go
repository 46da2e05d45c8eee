package syntax

import (
	"strings"
	"unicode"
)

// rawBraces reads the raw text from off up to, and without, the brace that
// balances one already open: documentation, whose apostrophes, quotes and
// slashes mean nothing (dol.md 3.2-b). ok is false when there is no such brace.
func (s *scanner) rawBraces() (t Token, ok bool) {
	begin := s.off
	depth := 1
	i := begin
	for ; i < s.end; i++ {
		if c := s.text[i]; c == '{' {
			depth++
		} else if c == '}' {
			if depth--; depth == 0 {
				break
			}
		}
	}
	s.off = i
	s.checkUTF8(begin, i)
	s.last = RawText
	return Token{Span: Span{Pos(begin), Pos(i)}, Kind: RawText}, depth == 0
}

// rawLine reads the raw text from off to the end of its line, and further while
// a brace that it opened is open. A "}" that closes more than the text opened
// ends it; so does a ";" that ends a sentence.
func (s *scanner) rawLine() Token {
	begin := s.off
	depth := 0
	i := begin
loop:
	for ; i < s.end; i++ {
		switch s.text[i] {
		case '{':
			depth++
		case '}':
			if depth == 0 {
				break loop
			}
			depth--
		case ';', '\n':
			if depth == 0 {
				break loop
			}
		}
	}
	text := strings.TrimRightFunc(s.text[begin:i], unicode.IsSpace)
	s.off = begin + len(text)
	s.checkUTF8(begin, s.off)
	s.last = ProseText
	return Token{Span: Span{Pos(begin), Pos(s.off)}, Kind: ProseText, SPAfter: s.spaceAt(s.off)}
}

// version reads a semantic version at off, or returns false and stays there.
func (s *scanner) version() (Token, bool) {
	begin := s.off
	i := begin
	for i < s.end && (isDigit(s.text[i]) || s.text[i] == '.' || s.text[i] == '-' || s.text[i] == '+' || byteClasses[s.text[i]] == classLetter) {
		i++
	}
	if i == begin || !isDigit(s.text[begin]) {
		return Token{}, false
	}
	s.off = i
	s.last = VersionText
	return Token{Span: Span{Pos(begin), Pos(i)}, Kind: VersionText, SPAfter: s.spaceAt(i)}, true
}

// requirementEnd returns where the raw version requirement at i ends. A dot
// belongs to it before a digit or letter, and as "1.*".
func (s *scanner) requirementEnd(i int) int {
	begin := i
	for ; i < s.end; i++ {
		c := s.text[i]
		switch class := byteClasses[c]; {
		case class == classLetter || class == classDigit || strings.IndexByte("^~<>=*-+", c) >= 0:
			continue
		case c == '.' && i+1 < s.end && i > begin:
			next := s.text[i+1]
			if class := byteClasses[next]; class == classLetter || class == classDigit || next == '*' && isDigit(s.text[i-1]) {
				continue
			}
		}
		return i
	}
	return i
}

// validVersion reports whether text is a semantic version: three numbers
// without leading zeros, then identifiers behind "-" and "+".
func validVersion(text string) bool {
	core := text
	if i := strings.IndexAny(text, "-+"); i >= 0 {
		core = text[:i]
		pre, build, hasBuild := strings.Cut(text[i:], "+")
		if hasBuild && !versionTail(build, false) || pre != "" && !versionTail(pre[1:], true) {
			return false
		}
	}
	parts := strings.Split(core, ".")
	if len(parts) != 3 {
		return false
	}
	for _, p := range parts {
		if !versionNumber(p) {
			return false
		}
	}
	return true
}

func versionNumber(p string) bool {
	if p == "" || len(p) > 1 && p[0] == '0' {
		return false
	}
	return strings.Trim(p, "0123456789") == ""
}

func versionTail(tail string, strict bool) bool {
	for p := range strings.SplitSeq(tail, ".") {
		digits := strings.Trim(p, "0123456789") == ""
		if p == "" || strict && digits && !versionNumber(p) {
			return false
		}
		for i := range len(p) {
			if c := p[i]; c == '_' || c != '-' && byteClasses[c] != classLetter && byteClasses[c] != classDigit {
				return false
			}
		}
	}
	return true
}

// docsText trims blank lines at both ends of raw documentation and removes the
// smallest common indent. The first line counts only when it is blank, since it
// begins behind the brace.
func docsText(raw string) string {
	lines := strings.Split(strings.ReplaceAll(raw, "\r\n", "\n"), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " \t\r")
	}
	lines[0] = strings.TrimLeft(lines[0], " \t")
	indent := -1
	for _, l := range lines[1:] {
		if l == "" {
			continue
		}
		n := len(l) - len(strings.TrimLeft(l, " \t"))
		if indent < 0 || n < indent {
			indent = n
		}
	}
	for i, l := range lines[1:] {
		if l != "" {
			lines[i+1] = l[indent:]
		}
	}
	for len(lines) > 0 && lines[0] == "" {
		lines = lines[1:]
	}
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return strings.Join(lines, "\n")
}
