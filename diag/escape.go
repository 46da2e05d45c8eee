package diag

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Escape returns foreign text in a form that is safe to print on a terminal
// and on one line: control characters (newline and tab included), bidirectional
// overrides, invisible format characters and invalid UTF-8 appear as \xNN or
// \u{NNNN}; all other text is unchanged. Text without them is returned as is.
func Escape(s string) string {
	clean := true
	for i, r := range s {
		if hidden(r) || r == utf8.RuneError && invalidAt(s, i) {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case hidden(r) && r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		case hidden(r):
			fmt.Fprintf(&b, `\u{%x}`, r)
		default:
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}

// Printable reports whether s is valid UTF-8 without anything that Escape
// would change: the rule for text fields (docs/spec/spirit.md, section 1).
func Printable(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if hidden(r) {
			return false
		}
	}
	return true
}

func invalidAt(s string, i int) bool {
	r, n := utf8.DecodeRuneInString(s[i:])
	return r == utf8.RuneError && n == 1
}

// hidden reports characters that move the cursor, reorder text or cannot be
// seen: C0 and C1 controls, line and paragraph separators, the bidirectional
// controls of UAX #9, zero-width characters except the joiners that scripts
// need, tags and the byte order mark.
func hidden(r rune) bool {
	switch {
	case r < 0x20, 0x7f <= r && r <= 0x9f:
		return true
	case r == 0x061c, r == 0x200b, r == 0x200e, r == 0x200f,
		r == 0x2028, r == 0x2029,
		0x202a <= r && r <= 0x202e,
		0x2060 <= r && r <= 0x2069,
		r == 0xfeff, 0xfff9 <= r && r <= 0xfffb,
		0xe0000 <= r && r <= 0xe007f:
		return true
	}
	return false
}
