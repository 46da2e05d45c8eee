package syntax

import (
	"slices"
	"strconv"

	"github.com/univrs/vudo/diag"
)

// problem is a diagnostic whose places are still offsets.
type problem struct {
	span     Span
	code     string
	severity diag.Severity
	message  string
	mark     string
	notes    []problemNote
	label    string // of the fix
	edits    []problemEdit
}

type problemNote struct {
	span Span // empty: none
	text string
}

type problemEdit struct {
	span Span
	text string
}

const (
	warning = diag.Warning
	hint    = diag.Hint
)

// fix sets the label of the fix, for a change that is not known to the letter.
func (p *problem) fix(label string) *problem {
	p.label = label
	return p
}

// replace sets a fix that applies: text instead of span.
func (p *problem) replace(label string, span Span, text string) *problem {
	p.label = label
	p.edits = append(p.edits, problemEdit{span, text})
	return p
}

func (p *problem) note(span Span, text string) *problem {
	p.notes = append(p.notes, problemNote{span, text})
	return p
}

// diagnostic places p in f.
func (f *File) diagnostic(p *problem) diag.Diagnostic {
	d := diag.Diagnostic{Span: f.DiagSpan(p.span), Severity: p.severity, Code: p.code, Message: p.message, Mark: p.mark}
	for _, n := range p.notes {
		note := diag.Note{Text: n.text}
		if n.span != (Span{}) {
			note.Span = f.DiagSpan(n.span)
		}
		d.Notes = append(d.Notes, note)
	}
	if p.label != "" || p.edits != nil {
		d.Fix = &diag.Fix{Label: p.label}
		for _, e := range p.edits {
			d.Fix.Edits = append(d.Fix.Edits, diag.Edit{Span: f.DiagSpan(e.span), Text: e.text})
		}
	}
	return d
}

// quoted puts source text in a message: the beginning of its first line.
func quoted(text string) string {
	const limit = 40
	for i, n := 0, 0; i < len(text); n++ {
		if n == limit || text[i] == '\n' {
			return "`" + text[:i] + "…`"
		}
		i += runeLen(text[i:])
	}
	return "`" + text + "`"
}

// sortProblems puts what the scanner and the parser found in the order of the
// text; of two at one place the first found stays first.
func sortProblems(list []problem) {
	slices.SortStableFunc(list, func(a, b problem) int { return int(a.span.Start) - int(b.span.Start) })
}

// tooManyErrors replaces what follows the last error that is shown.
func tooManyErrors(at Span) problem {
	return problem{
		span: at, code: codeTooManyErrors,
		message: "more than " + strconv.Itoa(maxErrors) + " errors; the rest of the file was not checked",
	}
}
