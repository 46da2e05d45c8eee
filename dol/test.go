package dol

import (
	"slices"

	"github.com/univrs/vudo/diag"
	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/dol/internal/typed"
)

// Test is a function marked #[test], exported without parameters and results: it
// traps when the test fails. It may come from a scenario of a *.dol.test file
// (docs/spec/dol.md, 14.2); one without steps that run has no export.
type Test struct {
	Name   string // module.function, or of a scenario: module and its name
	Export string // "": a scenario that only describes
	Traps  bool   // it must trap: #[test(traps)]
	At     diag.Span
	Prose  []string // steps of a scenario that are not run, as written
}

// Property is a condition that must hold for all values: a law of a trait or
// gen, or one that a gen's rules make (docs/spec/dol.md, 14.3). Its export is
// declared (docs/spec/spirit.md): it takes the parameters by their types and
// returns a bool.
type Property struct {
	Name   string
	Export string
	Params []ShapeField // this first, where there is one
	At     diag.Span

	// Judges: the property is a rule of the type of its only parameter, which
	// tells valid values from others. No value can refute it; it must have an
	// answer for every value, and some value must be valid.
	Judges bool
}

// tests lists the tests and properties of a program in the order of their
// exports, and the scenarios of files that only describe.
func tests(files []*syntax.File, prog *typed.Program) ([]Test, []Property) {
	at := func(p typed.Pos) diag.Span {
		if p.Line <= 0 || int(p.File) >= len(prog.Files) {
			return diag.Span{}
		}
		start := diag.Position{Line: int(p.Line), Column: int(p.Col)}
		return diag.Span{File: prog.Files[p.File], Start: start, End: start}
	}
	described := map[diag.Position]*syntax.Scenario{} // scenarios by place, of the file at hand
	file := ""
	scenario := func(span diag.Span) *syntax.Scenario {
		if span.File != file {
			file = span.File
			clear(described)
			for _, f := range files {
				if f.Path != file {
					continue
				}
				for _, s := range f.Tests {
					p := f.Position(s.Start)
					p.Offset = 0
					described[p] = s
				}
			}
		}
		return described[span.Start]
	}
	var list []Test
	for _, t := range prog.Tests {
		x := Test{Name: t.Func.Name, Export: "test:" + t.Func.Name, Traps: t.Traps, At: at(t.Func.Pos)}
		if s := scenario(x.At); s != nil {
			x.Name, x.Prose = scenarioTitle(file, s), prose(s)
		}
		list = append(list, x)
	}
	for _, f := range files {
		for _, s := range f.Tests {
			if !executable(s) {
				list = append(list, Test{Name: scenarioTitle(f.Path, s), At: f.DiagSpan(s.Span), Prose: prose(s)})
			}
		}
	}
	shaper := newShaper(prog)
	var props []Property
	for _, p := range prog.Props {
		x := Property{Name: p.Name, Export: propertyExport(p), At: at(p.Func.Pos), Judges: p.Of != nil}
		for _, v := range p.Func.Params {
			x.Params = append(x.Params, ShapeField{v.Name, shaper.shape(v.Type)})
		}
		props = append(props, x)
	}
	return list, props
}

// withoutObstacles is the program less the properties of which a parameter can have
// no generated value: such a value cannot cross an export either.
func withoutObstacles(prog *typed.Program, props []Property) *typed.Program {
	p := *prog
	p.Props = nil
	for i := range props {
		if !slices.ContainsFunc(props[i].Params, func(f ShapeField) bool { return f.Shape.Obstacle() != "" }) {
			p.Props = append(p.Props, prog.Props[i])
		}
	}
	return &p
}

func propertyExport(p *typed.Property) string { return "prop:" + p.Name }
