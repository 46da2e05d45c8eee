package dol

import (
	"slices"
	"strings"

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
		if foreign(at(t.Func.Pos).File) {
			continue
		}
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
		if foreignProperty(prog, p) {
			continue
		}
		x := Property{Name: p.Name, Export: propertyExport(p), At: at(p.Func.Pos), Judges: p.Of != nil}
		for _, v := range p.Func.Params {
			x.Params = append(x.Params, ShapeField{v.Name, shaper.shape(v.Type)})
		}
		props = append(props, x)
	}
	return list, props
}

// foreign reports whether a file is that of a dependency, whose tests are run where
// it is made.
func foreign(file string) bool { return strings.HasPrefix(file, "deps/") }

// foreignProperty reports whether a property is a dependency's own: a law of its
// traits is the user's where the user's type implements the trait.
func foreignProperty(prog *typed.Program, p *typed.Property) bool {
	if !foreign(prog.Files[p.Func.Pos.File]) {
		return false
	}
	for _, v := range p.Func.Params {
		if n, ok := v.Type.(*typed.Named); ok && n.Decl.Pos.Line > 0 {
			file := prog.Files[n.Decl.Pos.File]
			return foreign(file) || strings.HasPrefix(file, "std/")
		}
	}
	return true
}

// testable is the program less the properties that cannot be tried: those of which
// a parameter can have no generated value, which could not cross an export either,
// and those of dependencies, but for the rules, which judge generated values.
func testable(prog *typed.Program) *typed.Program {
	shaper := newShaper(prog)
	p := *prog
	p.Props = slices.DeleteFunc(slices.Clone(prog.Props), func(x *typed.Property) bool {
		if x.Of == nil && foreignProperty(prog, x) {
			return true
		}
		return slices.ContainsFunc(x.Func.Params, func(v *typed.Var) bool { return shaper.shape(v.Type).Obstacle() != "" })
	})
	return &p
}

func propertyExport(p *typed.Property) string { return "prop:" + p.Name }
