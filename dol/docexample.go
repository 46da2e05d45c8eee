package dol

import (
	"strings"

	"github.com/univrs/vudo/diag"
	"github.com/univrs/vudo/dol/internal/syntax"
)

// brokenExamples reports the fenced blocks marked dol in the documentation of a
// file that are no DOL: neither a file nor the body of a function.
func brokenExamples(f *syntax.File) diag.List {
	var problems diag.List
	check := func(d *syntax.Docs) {
		if d == nil {
			return
		}
		for _, code := range examples(d.Text) {
			if p := unreadable(code); p != nil {
				problems = append(problems, diag.Diagnostic{
					Code: "broken-example", Span: f.DiagSpan(d.Span),
					Message: "an example in this documentation is no DOL: " + p.Message,
					Notes:   []diag.Note{{Text: "in: " + oneLine(code)}},
				})
			}
		}
	}
	for _, d := range f.Docs {
		check(d)
	}
	syntax.WalkFile(f, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.Field:
			check(n.Docs)
		case *syntax.Variant:
			check(n.Docs)
		case syntax.Decl:
			check(n.Header().Docs)
		}
		return true
	})
	return problems
}

// examples returns the fenced blocks marked dol of a Markdown text.
func examples(text string) []string {
	var out []string
	fence, inside := "", []string(nil)
	for _, line := range strings.Split(text, "\n") {
		word := strings.TrimSpace(line)
		switch {
		case fence == "" && (strings.HasPrefix(word, "```") || strings.HasPrefix(word, "~~~")):
			fence = word[:3]
			if strings.TrimSpace(strings.TrimLeft(word, "`~")) == "dol" {
				inside = []string{}
			}
		case fence != "" && strings.HasPrefix(word, fence):
			if inside != nil {
				out = append(out, strings.Join(inside, "\n"))
			}
			fence, inside = "", nil
		case inside != nil:
			inside = append(inside, line)
		}
	}
	return out
}

// unreadable is the first error of code read in either way, the one that comes
// later in the text.
func unreadable(code string) *diag.Diagnostic {
	const before = "fun example() {\n"
	_, asFile := syntax.Parse("example.dol", []byte(code))
	_, asBody := syntax.Parse("example.dol", []byte(before+code+"\n}\n"))
	if !asFile.HasErrors() || !asBody.HasErrors() {
		return nil
	}
	firstError := func(l diag.List) *diag.Diagnostic {
		for i := range l {
			if l[i].Severity == diag.Error {
				return &l[i]
			}
		}
		return nil
	}
	file, body := firstError(asFile), firstError(asBody)
	if body.Span.Start.Offset-len(before) > file.Span.Start.Offset {
		return body
	}
	return file
}
