// Package diag is how every part of VUDO says that something in a source text
// is wrong: a Diagnostic names the place, the problem and the way out, a List
// keeps them in order, and two renderers print them, one for people (Render)
// and one for programs (RenderJSON).
//
// The package is a leaf and holds plain values; nothing in it is safe for
// concurrent writing, everything is safe for concurrent reading.
package diag

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Position is a place in a text. Line and Column start at 1 and Column counts
// characters (Unicode code points), Offset counts bytes from 0. The zero
// Position means that the place is not known.
type Position struct {
	Line   int
	Column int
	Offset int
}

// Known reports whether p names a place.
func (p Position) Known() bool { return p.Line > 0 }

// String returns "line:column", or "-" for an unknown place.
func (p Position) String() string {
	if !p.Known() {
		return "-"
	}
	return fmt.Sprintf("%d:%d", p.Line, p.Column)
}

// Span is a stretch of one file: from Start up to, and without, End. A span
// whose End equals its Start, or is unknown, marks a single place.
type Span struct {
	File       string // as the user named it; may be empty
	Start, End Position
}

// String returns "file:line:column" with the parts that are known.
func (s Span) String() string {
	switch {
	case s.File == "":
		return s.Start.String()
	case !s.Start.Known():
		return s.File
	}
	return s.File + ":" + s.Start.String()
}

// SpanOf returns the span of text[start:end] in file. Offsets outside text are
// moved to its nearest end, so that no caller can make it panic.
func SpanOf(file string, text []byte, start, end int) Span {
	return Span{File: file, Start: PositionOf(text, start), End: PositionOf(text, max(start, end))}
}

// PositionOf returns the position of a byte offset in text. Offsets outside
// text are moved to its nearest end. It reads text from the beginning: O(offset).
func PositionOf(text []byte, offset int) Position {
	offset = min(max(offset, 0), len(text))
	line, begin := 1, 0
	for i, b := range text[:offset] {
		if b == '\n' {
			line, begin = line+1, i+1
		}
	}
	return Position{Line: line, Column: utf8.RuneCount(text[begin:offset]) + 1, Offset: offset}
}

// Severity says what a diagnostic does to the command that met it.
type Severity uint8

// Error stops the work, Warning and Hint do not.
const (
	Error Severity = iota
	Warning
	Hint
)

// String returns "error", "warning" or "hint".
func (s Severity) String() string {
	switch s {
	case Error:
		return "error"
	case Warning:
		return "warning"
	case Hint:
		return "hint"
	}
	return fmt.Sprintf("severity(%d)", uint8(s))
}

// Note adds a fact to a diagnostic, with its own place where it has one, such
// as "first declared here".
type Note struct {
	Text string
	Span Span // zero: the note has no place of its own
}

// Edit replaces the bytes of Span by Text.
type Edit struct {
	Span Span
	Text string
}

// Fix is one change that would help: a label for people and, where the change
// is known to the letter, the edits that make it.
type Fix struct {
	Label string
	Edits []Edit // in order, not overlapping; may be empty
}

// Diagnostic is one problem.
type Diagnostic struct {
	Span     Span
	Severity Severity
	Code     string // stable, kebab-case, such as "manifest-key"
	Message  string // one sentence without a final full stop
	Mark     string // short text behind the carets; may be empty
	Key      string // dotted key path inside a configuration file; may be empty
	Notes    []Note
	Fix      *Fix // nil: none known
}

// Error returns the diagnostic on one line, foreign text escaped:
// "file:line:column: message". It makes *Diagnostic an error.
func (d *Diagnostic) Error() string {
	var b strings.Builder
	if at := d.Span.String(); at != "-" {
		b.WriteString(Escape(at))
		b.WriteString(": ")
	}
	b.WriteString(Escape(d.Message))
	return b.String()
}

// Hint returns the label of the fix, or "".
func (d *Diagnostic) Hint() string {
	if d.Fix == nil {
		return ""
	}
	return d.Fix.Label
}

// List is a number of diagnostics.
type List []Diagnostic

// Add appends d.
func (l *List) Add(d Diagnostic) { *l = append(*l, d) }

// Sort puts l in order of file, position and code, and drops all but the first
// of those that share span, code and key.
func (l *List) Sort() {
	slices.SortStableFunc(*l, func(a, b Diagnostic) int {
		return cmp.Or(
			cmp.Compare(a.Span.File, b.Span.File),
			cmp.Compare(a.Span.Start.Offset, b.Span.Start.Offset),
			cmp.Compare(a.Span.Start.Line, b.Span.Start.Line),
			cmp.Compare(a.Code, b.Code),
			cmp.Compare(a.Key, b.Key),
		)
	})
	*l = slices.CompactFunc(*l, func(a, b Diagnostic) bool {
		return a.Span == b.Span && a.Code == b.Code && a.Key == b.Key
	})
}

// HasErrors reports whether l holds a diagnostic of severity Error.
func (l List) HasErrors() bool {
	return slices.ContainsFunc(l, func(d Diagnostic) bool { return d.Severity == Error })
}

// Err returns l as an error when it holds one of severity Error, else nil. The
// error is a List: callers get it back with errors.As.
func (l List) Err() error {
	if !l.HasErrors() {
		return nil
	}
	return l
}

// Error returns the first error on one line and how many more there are.
func (l List) Error() string {
	errs, first := 0, -1
	for i := range l {
		if l[i].Severity == Error {
			if errs++; first < 0 {
				first = i
			}
		}
	}
	switch errs {
	case 0:
		return "no problems"
	case 1:
		return l[first].Error()
	}
	return fmt.Sprintf("%s (and %d more)", l[first].Error(), errs-1)
}

// Unwrap gives errors.As and errors.Is the single diagnostics.
func (l List) Unwrap() []error {
	errs := make([]error, len(l))
	for i := range l {
		errs[i] = &l[i]
	}
	return errs
}
