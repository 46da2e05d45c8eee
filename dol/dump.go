package dol

import (
	"io"

	"github.com/univrs/vudo/diag"
	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/internal/wasm"
)

// Stage is a form of the program between source and binary.
type Stage string

// The stages that Dump shows.
const (
	Tokens Stage = "tokens" // of the entry file
	AST    Stage = "ast"    // of the entry file
	IR     Stage = "ir"     // of what is reachable, optimised
	WAT    Stage = "wat"    // the module as text
)

// Stages lists what Dump takes.
var Stages = []Stage{Tokens, AST, IR, WAT}

// DumpValue returns the tokens or the tree of the entry file as a value for
// encoding/json, for files with errors too.
func DumpValue(sources []Source, stage Stage, o Options) (value any, problems diag.List) {
	defer recoverICE(&problems, func() { value = nil })
	f, problems := parseEntry(sources, o)
	if stage == Tokens {
		return syntax.TokensJSON(f), problems
	}
	return syntax.TreeJSON(f), problems
}

func parseEntry(sources []Source, o Options) (*syntax.File, diag.List) {
	entry := sources[0]
	for _, s := range sources {
		if s.Path == o.Entry {
			entry = s
		}
	}
	return syntax.Parse(entry.Path, entry.Text)
}

// Dump writes a stage as text. Tokens and AST are written for files with errors
// too. The error is that of w.
func Dump(w io.Writer, sources []Source, stage Stage, o Options) (problems diag.List, err error) {
	defer recoverICE(&problems, func() {})
	if stage == Tokens || stage == AST {
		f, problems := parseEntry(sources, o)
		if stage == Tokens {
			return problems, syntax.DumpTokens(w, f)
		}
		return problems, syntax.DumpTree(w, f)
	}
	o = o.withEntry(sources)
	files, problems := parse(sources, o)
	if problems.HasErrors() {
		return problems, nil
	}
	prog, more := check(files, o, true)
	if problems = append(problems, more...); problems.HasErrors() {
		return sorted(problems), nil
	}
	mod, more := lowered(prog, o)
	if problems = append(problems, more...); problems.HasErrors() {
		return sorted(problems), nil
	}
	if stage == IR {
		return sorted(problems), ir.Print(w, mod)
	}
	out, fault := emit(mod, o)
	if fault != nil {
		return append(problems, emitProblem(fault)), nil
	}
	return sorted(problems), wasm.Print(w, out.module, wasm.PrintOptions{})
}
