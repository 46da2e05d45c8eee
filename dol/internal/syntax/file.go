package syntax

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/univrs/vudo/diag"
)

// runeStep is how many bytes lie between two entries of File.runes.
const runeStep = 1024

// index prepares Position: where lines begin, and for text that is not ASCII how
// many characters lie before every runeStep-th byte, so that a long line costs no
// more than a short one.
func (f *File) index(text string) {
	f.lines = append(make([]Pos, 0, 1+strings.Count(text, "\n")), 0)
	for i := 0; ; {
		n := strings.IndexByte(text[i:], '\n')
		if n < 0 {
			break
		}
		i += n + 1
		f.lines = append(f.lines, Pos(i))
	}
	ascii := true
	for i := 0; i < len(text) && ascii; i++ {
		ascii = text[i] < utf8.RuneSelf
	}
	if ascii {
		return
	}
	count := int32(0)
	for i := 0; i < len(text); i += runeStep {
		f.runes = append(f.runes, count)
		count += countRunes(text[i:min(i+runeStep, len(text))])
	}
	f.runes = append(f.runes, count)
}

// countRunes counts the bytes that begin a character, so that counts of pieces
// add up wherever the text is cut.
func countRunes(text string) (n int32) {
	for i := range len(text) {
		if text[i]&0xc0 != 0x80 {
			n++
		}
	}
	return n
}

// Position returns where p is: line and column from 1, columns in characters.
// Offsets outside the file are moved to its nearest end.
func (f *File) Position(p Pos) diag.Position {
	p = min(max(p, 0), Pos(len(f.Src)))
	line, found := slices.BinarySearch(f.lines, p)
	if !found {
		line--
	}
	column := int32(p - f.lines[line])
	if f.runes != nil {
		column = f.runesBefore(p) - f.runesBefore(f.lines[line])
	}
	return diag.Position{Line: line + 1, Column: int(column) + 1, Offset: int(p)}
}

func (f *File) runesBefore(p Pos) int32 {
	i := int(p) / runeStep
	n := f.runes[i]
	for _, c := range f.Src[i*runeStep : p] {
		if c&0xc0 != 0x80 {
			n++
		}
	}
	return n
}

// DiagSpan returns s as a span of diagnostics.
func (f *File) DiagSpan(s Span) diag.Span {
	return diag.Span{File: f.Path, Start: f.Position(s.Start), End: f.Position(s.End)}
}

// Text returns the source text of s.
func (f *File) Text(s Span) string { return string(f.Src[s.Start:s.End]) }

// Trailing returns the comments behind token i on its line.
func (f *File) Trailing(i int) []Trivia {
	if i+1 >= len(f.Tokens) {
		return nil
	}
	all := f.Tokens[i+1].Leading
	n := 0
	for n < len(all) && all[n].Trailing {
		n++
	}
	return all[:n]
}

func runeLen(s string) int {
	_, n := utf8.DecodeRuneInString(s)
	return n
}
