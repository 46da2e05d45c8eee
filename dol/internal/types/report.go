package types

import (
	"fmt"

	"github.com/univrs/vudo/diag"
	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/dol/internal/typed"
)

// maxErrors is how many errors one file may have before the rest is left out.
const maxErrors = 100

// report adds a diagnostic with the severity of its code and the options, and
// returns it for notes and a fix. One that is not wanted is returned all the same
// and seen by nobody.
func (s *source) report(code string, at syntax.Span, format string, args ...any) *diag.Diagnostic {
	sev, shown := s.c.severity(code)
	return s.add(sev, shown, code, at, format, args...)
}

func (s *source) add(sev diag.Severity, shown bool, code string, at syntax.Span, format string, args ...any) *diag.Diagnostic {
	s = s.base()
	d := &diag.Diagnostic{Severity: sev, Code: code}
	if !shown || s.errors > maxErrors || (s.library && sev != diag.Error) {
		return d
	}
	d.Span = s.file.DiagSpan(at)
	if sev == diag.Error {
		if s.errors++; s.errors > maxErrors {
			d.Code, d.Message = "too-many-errors", fmt.Sprintf("more than %d errors; the rest is left out", maxErrors)
			s.diags = append(s.diags, d)
			return &diag.Diagnostic{}
		}
	}
	d.Message = format
	if len(args) > 0 {
		d.Message = fmt.Sprintf(format, args...)
	}
	s.diags = append(s.diags, d)
	return d
}

// severity returns what code weighs under the options, and whether it is shown.
func (c *checker) severity(code string) (diag.Severity, bool) {
	info, ok := codeTable[code]
	if !ok {
		panic("types: unknown code " + code)
	}
	sev := info.Severity
	switch code {
	case "unresolved-import", "unresolved-type", "unsupported-at-build", "unsupported-operator", "missing-capability":
		if c.o.Build {
			sev = diag.Error
		}
	case "assign-to-immutable":
		if c.o.StrictMut {
			sev = diag.Error
		}
	case "docs-missing":
		if c.o.RequireDocs {
			sev = diag.Error
		}
	case "implicit-effect", "global-outside-sex", "ffi-outside-sex", "io-outside-sex":
		if c.o.StrictEffects {
			sev = diag.Error
		}
	}
	if sev == diag.Warning && c.o.Strict {
		sev = diag.Error
	}
	if sev != diag.Error && c.deny[code] && code != "deprecated-keyword" && code != "deprecated-type" {
		sev = diag.Error
	}
	return sev, sev == diag.Error || !c.allow[code]
}

func (s *source) note(d *diag.Diagnostic, at syntax.Span, format string, args ...any) {
	d.Notes = append(d.Notes, diag.Note{Text: fmt.Sprintf(format, args...), Span: s.file.DiagSpan(at)})
}

func note(d *diag.Diagnostic, format string, args ...any) {
	d.Notes = append(d.Notes, diag.Note{Text: fmt.Sprintf(format, args...)})
}

// fix sets a fix that replaces at by text.
func (s *source) fix(d *diag.Diagnostic, label string, at syntax.Span, text string) {
	if s.library {
		return
	}
	d.Fix = &diag.Fix{Label: label, Edits: []diag.Edit{{Span: s.file.DiagSpan(at), Text: text}}}
}

func advise(d *diag.Diagnostic, label string) { d.Fix = &diag.Fix{Label: label} }

// pos returns the place of p in the program.
func (s *source) pos(p syntax.Pos) typed.Pos {
	at := s.file.Position(p)
	return typed.Pos{File: s.index, Line: int32(at.Line), Col: int32(at.Column)}
}
