package types

import (
	"slices"
	"strings"

	"github.com/univrs/vudo/diag"
	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/dol/internal/typed"
)

// Options says what to check for. The zero value is a plain check.
type Options struct {
	Entry string // path of the entry file; "": the first one of the user's

	Strict        bool // every warning is an error
	StrictMut     bool // assignment to an immutable local is an error
	StrictEffects bool // effects must be declared
	RequireDocs   bool // missing docs are an error
	CheckRules    bool // constructors check the rules of their record: lowering sees to it
	Deny, Allow   []string

	Build bool // what build refuses is refused
	Tests bool // keep #[test] functions and properties

	Manifest     bool     // Capabilities come from a manifest
	Capabilities []string // that the manifest asks for, canonical names without targets
	ExtraExports []string // names of functions of the entry module
}

// Check checks files, the user's and the standard library's (those of module std
// or host under std/), as one program. The program is complete only when the
// list holds no error; the files are not changed.
func Check(files []*syntax.File, o Options) (*typed.Program, diag.List) {
	c := newChecker(files, o)
	c.collect()
	c.resolveImports()
	c.declareAll()
	c.bodies()
	c.instantiation()
	c.effects()
	c.sortGlobals()
	c.capabilities()
	c.ontology()
	c.lint()
	c.finish()
	return c.prog, c.diagnostics()
}

// source is one file in the check.
type source struct {
	c       *checker
	file    *syntax.File
	index   int32
	mod     *module
	classic bool // messages spell names in the classic dialect
	library bool

	imports map[string]*importName

	diags  []*diag.Diagnostic
	errors int
	code   int8    // 1: nothing that runs, 2: something; 0: not looked
	shared *source // of an inline submodule: the file, which keeps the diagnostics
}

// base returns the source that stands for the whole file.
func (s *source) base() *source {
	if s.shared != nil {
		return s.shared
	}
	return s
}

type checker struct {
	o       Options
	sources []*source
	modules []*module
	byName  map[string]*module
	std     *module
	host    *module
	entry   *module
	prog    *typed.Program

	typesOf  map[*typed.TypeDecl]*typeInfo
	traitsOf map[*typed.TraitDecl]*traitInfo
	funcsOf  map[*typed.Func]*funcInfo
	basics   [typed.TypeInfo + 1]methodTable // methods of the basic types
	arrays   methodTable
	tuples   methodTable
	blanket  []*implInfo // impl Trait for T
	impls    []*implInfo
	lib      map[string]*typeInfo      // types of the library that syntax refers to
	variants map[string]*typed.Variant // Some, None, Ok, Err

	allTypes  []*typeInfo
	allTraits []*traitInfo
	allFuncs  []*funcInfo
	globals   []*globalInfo
	work      []*funcInfo
	uniq      map[string]int // names of functions given out
	trail     []*tvar

	paramDefaults map[*typed.TypeParam]typed.Type

	deny, allow map[string]bool
	extra       map[*typed.TypeParam][]typed.Bound // bounds that hold in the function being checked
	fields      []*typed.Const                     // of this, while the defaults of a record are held against its rules
	fieldRead   int                                // the first of them that was read
	inBody      bool                               // a body is being checked
	floats      bool                               // the program computes with floats
	matchSteps  int                                // of the search for missing cases, left
	steps       int                                // of constant evaluation, left
	exported    []*funcInfo
	instances   []instance
	nodes       []*effectNode
	values      []*effectNode // what flows through function values, by parameters
	sexTraits   []*funcInfo
	typeNeeds   []need
	basicImpls  [typed.TypeInfo + 1][]*implInfo
}

func newChecker(files []*syntax.File, o Options) *checker {
	c := &checker{
		o: o, byName: map[string]*module{}, prog: &typed.Program{},
		typesOf: map[*typed.TypeDecl]*typeInfo{}, traitsOf: map[*typed.TraitDecl]*traitInfo{},
		funcsOf: map[*typed.Func]*funcInfo{}, lib: map[string]*typeInfo{}, variants: map[string]*typed.Variant{},
		uniq: map[string]int{}, paramDefaults: map[*typed.TypeParam]typed.Type{}, deny: map[string]bool{}, allow: map[string]bool{}, steps: maxConstSteps, matchSteps: maxMatchSteps,
	}
	for _, code := range o.Deny {
		c.deny[code] = true
	}
	for _, code := range o.Allow {
		c.allow[code] = true
	}
	for i, f := range files {
		s := &source{c: c, file: f, index: int32(i), library: isLibrary(f), imports: map[string]*importName{}}
		c.sources = append(c.sources, s)
		c.prog.Files = append(c.prog.Files, f.Path)
	}
	return c
}

// isLibrary reports whether f is part of the standard library.
func isLibrary(f *syntax.File) bool {
	if !strings.HasPrefix(f.Path, "std/") || f.Module == nil || len(f.Module.Name.Parts) != 1 {
		return false
	}
	name := f.Module.Name.Parts[0].Name
	return name == "std" || name == "host"
}

// diagnostics returns everything that was reported, in order.
func (c *checker) diagnostics() diag.List {
	var out diag.List
	for _, s := range c.sources {
		for _, d := range s.diags {
			out = append(out, *d)
		}
	}
	out.Sort()
	return out
}

// finish fills what the program says of itself.
func (c *checker) finish() {
	p := c.prog
	if c.entry != nil {
		p.Name = c.entry.name
	}
	for more := true; more; {
		more = false
		for _, t := range c.allTypes {
			if t.used && t.parts == untouched {
				c.complete(t) // which may make others used
				more = true
			}
		}
	}
	for _, t := range c.allTypes {
		if t.used {
			p.Types = append(p.Types, t.decl)
		}
	}
	for _, t := range c.allTraits {
		p.Traits = append(p.Traits, t.decl)
	}
	for _, im := range c.impls {
		if im.typed != nil {
			p.Impls = append(p.Impls, im.typed)
		}
	}
	for _, g := range c.globals {
		if g.global != nil && g.emitted {
			p.Globals = append(p.Globals, g.global)
		}
	}
	for _, f := range c.allFuncs {
		if f.fn != nil && f.reached {
			p.Funcs = append(p.Funcs, f.fn)
		}
	}
	slices.Sort(p.Capabilities)
}
