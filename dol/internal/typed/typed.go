// Package typed is what the checker makes of a program and what lowering reads:
// a tree in which every name is resolved, every expression has its type, and
// everything implicit is written out.
//
// The checker has desugared pipes, composition, method calls (UFCS, implicit
// this, default arguments), "?", while, for over anything but ranges and lists,
// compound assignment, quantifiers, macros, format strings, map literals and
// implicit conversions. Generic functions stand here once; lowering makes one
// copy for each list of type arguments that is reached.
//
// A Program is not changed after the checker returned it.
package typed

// Pos is a place in a source file: an index into Program.Files, and line and
// column from 1, columns in characters.
type Pos struct{ File, Line, Col int32 }

// Program is a checked set of modules, the standard library's included.
type Program struct {
	Files   []string // relative to the package root, with slashes; std/… for the library
	Name    string   // of the entry module
	Known   Known
	Types   []*TypeDecl
	Traits  []*TraitDecl
	Impls   []*Impl
	Globals []*Global // in the order of their initialisation
	Funcs   []*Func   // everything with a body or an import
	Exports []*Export
	Tests   []*Test
	Props   []*Property

	Capabilities []string // needed by what is exported, canonical names, sorted
}

// Known names the declarations of the standard library that syntax refers to.
type Known struct {
	Vec, Map, Set, Option, Result, Range *TypeDecl

	// Functions of std that checker and lowering call by name.
	Funcs map[string]*Func
}

// TypeKind says what a declared type is.
type TypeKind uint8

// The kinds of declared types.
const (
	Record TypeKind = iota
	EnumKind
	NewtypeKind
)

// TypeDecl is a declared type, generic or not.
type TypeDecl struct {
	Name     string // as written; unique with Module
	Module   string // dotted
	Kind     TypeKind
	Params   []*TypeParam
	Parent   *Named     // record: extends; its fields are not repeated in Fields
	Fields   []*Field   // record
	Variants []*Variant // enum, in declaration order
	Under    Type       // newtype
	Rules    []*Rule    // of records
	Pos      Pos
	Public   bool
}

// Field is a field of a record or of a variant; tuple variants name them "0", "1", ….
type Field struct {
	Name string
	Type Type
	Pos  Pos
}

// Variant is a case of an enum. Index counts from 0; Value is the discriminant
// that "as" gives.
type Variant struct {
	Name   string
	Index  int
	Value  int64
	Fields []*Field
}

// Rule is an invariant of a record. Func takes this and returns bool; it is nil
// when the rule holds only sentences.
type Rule struct {
	Name string
	Func *Func
}

// TypeParam is a parameter of a type, function, trait or impl.
type TypeParam struct {
	Name   string
	Bounds []Bound
}

// Bound is a trait, or one of the built-in ones, which have no declaration:
// Eq, Ord, Hash, Num, Show.
type Bound struct {
	Trait   *TraitDecl // nil: Builtin
	Args    []Type
	Builtin string
}

// TraitDecl is a trait. Methods without a default body have Func.Body nil.
// In them Self is a type parameter: the first of Params, named "Self".
type TraitDecl struct {
	Name, Module string
	Params       []*TypeParam
	Methods      []*Func
	Pos          Pos
}

// Impl implements Trait for For, a type in which Params stand for any type.
type Impl struct {
	Trait     *TraitDecl
	TraitArgs []Type // without Self
	Params    []*TypeParam
	For       Type
	Methods   map[string]*Func // type parameters of each: Params, then its own
}

// Global is a module variable or a constant that is no literal. Const: never
// assigned.
type Global struct {
	Name string // module.name
	Type Type
	Init Expr // nil: zero value
	Pos  Pos
}

// Func is a function or method. A method's receiver is Params[0], its type
// parameters are those of its type or impl followed by its own.
type Func struct {
	Name       string // module.name, module.Type.method; unique
	TypeParams []*TypeParam
	Params     []*Var
	Result     Type
	Body       *Block // nil: Import, Intrinsic, or a trait's signature
	Import     *Import
	Intrinsic  string // of the standard library: lowering knows what to do
	Inline     bool   // the library asks for it
	Pos        Pos
}

// Import is a host function. A string or bytes parameter crosses as (ptr, len)
// and any scalar as itself; Result may be unit or scalar.
type Import struct{ Module, Name string }

// Export is an export under a name. Params and result of types other than
// scalars, string and bytes cross as JSON.
type Export struct {
	Name string
	Func *Func
}

// Test is a function marked #[test].
type Test struct {
	Func  *Func
	Traps bool
}

// Property is a law or rule to be tested: Func takes generated values (this
// first, where there is one) and returns bool. Of is set for a rule itself: Func
// tells which values of that type are valid.
type Property struct {
	Name string
	Func *Func
	Of   *TypeDecl
}

// Var is a local variable or parameter. Lowering finds out which are captured.
type Var struct {
	Name    string
	Type    Type
	Mutable bool // var or let mut, or assigned although let: what a closure shares
	Pos     Pos
}
