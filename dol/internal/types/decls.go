package types

import (
	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/dol/internal/typed"
)

// progress of something that is resolved when it is first asked for.
type progress uint8

const (
	untouched progress = iota
	running
	done
)

// methodTable holds the methods of one type constructor by name, those of the
// declaration first. Several of a name come from traits, or from impls for
// different arguments.
type methodTable map[string][]*funcInfo

// typeInfo is a declared type: gen, enum, or system.
type typeInfo struct {
	sym    *symbol
	src    *source
	decl   *typed.TypeDecl
	gen    *syntax.Gen
	enum   *syntax.Enum
	system *syntax.System
	outer  *typeInfo
	scope  *tscope

	heads    progress // parameters and parent
	parts    progress // fields, variants, what is under
	fields   []*fieldInfo
	byField  map[string]int // own and inherited, by layout index
	layout   []*fieldInfo   // ancestors' first
	variants map[string]*typed.Variant
	varInfo  map[*typed.Variant]*variantInfo
	methods  methodTable
	funcs    []*funcInfo // declared in the body
	nested   map[string]*symbol
	impls    []*implInfo
	rules    []*ruleInfo
	laws     []*ruleInfo
	self     *typed.Named // with its own parameters as arguments
	used     bool
}

// variantInfo is what the tree says of a variant.
type variantInfo struct {
	owner  *typeInfo
	syntax *syntax.Variant
	fields []*fieldInfo
}

// fieldInfo is a field of a record or of a struct variant.
type fieldInfo struct {
	name  string
	typ   typed.Type
	expr  syntax.TypeExpr
	def   syntax.Expr
	at    syntax.Span
	vis   syntax.Vis
	src   *source
	owner *typeInfo
	field *typed.Field
	defFn *funcInfo // computes the default; nil until asked for
	value *typed.Const
	state progress
}

// ruleInfo is a rule or law.
type ruleInfo struct {
	name  string
	src   *source
	at    syntax.Span
	items []syntax.Item
	owner *typeInfo  // of a gen's
	trait *traitInfo // of a trait's law
	rule  *syntax.Rule
	law   *syntax.Law
	fn    *funcInfo
}

// aliasInfo is a type alias.
type aliasInfo struct {
	sym    *symbol
	src    *source
	decl   *syntax.Alias
	scope  *tscope
	params []*typed.TypeParam
	target typed.Type
	state  progress
}

// traitInfo is a trait.
type traitInfo struct {
	sym     *symbol
	src     *source
	syntax  *syntax.Trait
	decl    *typed.TraitDecl
	scope   *tscope
	supers  []typed.Bound
	heads   progress
	methods []*funcInfo
	byName  map[string]int
	impls   []*implInfo
	laws    []*ruleInfo
	reached bool
}

// implInfo is an impl block.
type implInfo struct {
	src     *source
	syntax  *syntax.Impl
	outer   *typeInfo // nested in
	scope   *tscope
	params  []*typed.TypeParam
	trait   *traitInfo // nil: methods only
	args    []typed.Type
	target  typed.Type
	funcs   []*funcInfo
	byName  map[string]*funcInfo
	typed   *typed.Impl
	state   progress
	checked bool

	copyBounds []*typed.TypeParam // of the parameters that implParams made
}

// globalInfo is a constant or module variable.
type globalInfo struct {
	sym      *symbol
	src      *source
	expr     syntax.Expr
	typ      syntax.TypeExpr
	isConst  bool
	sex      bool
	global   *typed.Global
	t        typed.Type
	init     typed.Expr
	value    *typed.Const // of a constant that is a literal
	state    progress
	inited   progress
	emitted  bool
	eff      *effectNode
	circular bool
}

// paramInfo is a parameter of a function.
type paramInfo struct {
	name  string
	at    syntax.Span
	typ   typed.Type
	mut   bool
	def   syntax.Expr
	fn    *funcInfo // computes the default
	val   *typed.Const
	asked bool
	v     *typed.Var
}

// funcInfo is a function, method, signature, import, or one that the checker
// made: a default value, a rule, a constructor.
type funcInfo struct {
	name  string // as written
	path  string // as messages and the name section have it: Type.name
	src   *source
	mod   *module
	sym   *symbol
	decl  *syntax.Fun
	at    syntax.Span
	fn    *typed.Func
	scope *tscope

	owner *typeInfo // method of a declared type
	impl  *implInfo
	trait *traitInfo
	index int // in the trait

	sig         progress
	static      bool                               // associated: no receiver
	free        bool                               // a free function written with self: T
	extra       map[*typed.TypeParam][]typed.Bound // on parameters of the owner, by where
	outerParams int                                // type parameters that come from the owner
	params      []*paramInfo
	result      typed.Type
	selfType    typed.Type
	this        *typed.Var

	sex     bool
	extern  bool
	test    bool
	traps   bool
	vis     syntax.Vis
	reached bool
	checked bool

	body      func(b *body) *typed.Block // of functions that the checker made
	enclosing *funcInfo                  // for a function in a block: the one around
	around    []*funcInfo                // functions of the blocks around, for one in a block
	late      bool                       // it declares a variable without a value
	pure      string                     // "a rule": what demands purity
	prop      bool                       // a rule or law: propositions may stand in it
	eff       *effectNode
}

// display returns the function's name for messages.
func (f *funcInfo) display() string {
	if f.path != "" {
		return f.path
	}
	return f.name
}

// tscope is where type names are looked up: parameters from the inside out, then
// the nested types of the owner, then the file.
type tscope struct {
	src    *source
	parent *tscope
	params []*typed.TypeParam
	owner  *typeInfo
	self   typed.Type // Self; nil: look further out
}

func (t *tscope) param(name string) *typed.TypeParam {
	for ; t != nil; t = t.parent {
		for _, p := range t.params {
			if p.Name == name {
				return p
			}
		}
	}
	return nil
}

func (t *tscope) selfType() typed.Type {
	for ; t != nil; t = t.parent {
		if t.self != nil {
			return t.self
		}
	}
	return nil
}

func (t *tscope) nested(name string) *symbol {
	for ; t != nil; t = t.parent {
		for o := t.owner; o != nil; o = o.outer {
			if y := o.nested[name]; y != nil {
				return y
			}
		}
	}
	return nil
}
