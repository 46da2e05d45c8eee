// Package ir is the typed intermediate form between the checked tree and
// WebAssembly: functions with locals, structured control flow, numbers as
// WebAssembly has them, and managed objects (structs and arrays with references
// between them) that say nothing of addresses, headers or collection.
//
// So one program has two readers that share no idea of memory: Machine runs it
// on Go values, dol/internal/codegen lays the objects out and collects them.
// That both agree is the compiler's oracle.
//
// Every conversion is written out. There is one value kind for each WebAssembly
// type, and Ref for references, which codegen makes an i32.
package ir

import "github.com/univrs/vudo/internal/wasm"

// Kind is the kind of a value.
type Kind uint8

// The kinds; None is the result of a function or expression without a value.
const (
	None Kind = iota
	I32
	I64
	F32
	F64
	Ref
)

// Storage is how a field or element is kept. Reading the narrow ones extends to
// i32, signed or not, writing them drops the upper bits.
type Storage uint8

// The storage kinds.
const (
	S8 Storage = iota
	U8
	S16
	U16
	StoreI32
	StoreI64
	StoreF32
	StoreF64
	StoreRef
)

// Kind returns the kind of the value that reading gives.
func (s Storage) Kind() Kind {
	switch s {
	case StoreI64:
		return I64
	case StoreF32:
		return F32
	case StoreF64:
		return F64
	case StoreRef:
		return Ref
	}
	return I32
}

// Size returns the size in bytes, which is also the alignment; references take 4.
func (s Storage) Size() int {
	return [...]int{1, 1, 2, 2, 4, 8, 4, 8, 4}[s]
}

// Pos is a place in the source: an index into Module.Files, line and column from
// 1. The zero Pos is no place.
type Pos struct{ File, Line, Col int32 }

// Module is a whole program, reachable things only.
type Module struct {
	Name    string
	Files   []string
	Objects []*Object
	Imports []*Import
	Globals []*Global
	Funcs   []*Func // order is that of emission
	Start   *Func   // initialises globals; nil: nothing to do
	Exports []*Export

	Capabilities []string
	Records      []Record // of exported signatures, for the manifest section
}

// Object is the type of a managed object.
type Object struct {
	ID     int // index in Module.Objects
	Name   string
	Array  bool
	Elem   Storage  // array
	Fields []Member // struct: those of Parent first
	Parent *Object  // struct: its fields are a prefix of these; nil: none
}

// Member is a field of a struct.
type Member struct {
	Name string
	Storage
}

// Import is a host function. A HostBytes parameter takes an array of bytes and
// crosses as two i32, address and length, with which the host may write into it.
type Import struct {
	ID           int // index in Module.Imports
	Module, Name string
	Params       []HostParam
	Result       Kind
}

// HostParam is the kind of a parameter of a host function.
type HostParam uint8

// The kinds of parameters.
const (
	HostI32 HostParam = iota
	HostI64
	HostF32
	HostF64
	HostBytes
)

// Global is a module variable; it begins as zero or null.
type Global struct {
	ID   int
	Name string
	Kind Kind
}

// Func is a function. The parameters are the first NumParams locals.
type Func struct {
	ID        int // index in Module.Funcs
	Name      string
	NumParams int
	Locals    []Local
	Result    Kind
	Body      []Stmt // with a result: no path reaches the end
	Pos       Pos
}

// Sig returns the function's signature.
func (f *Func) Sig() Sig {
	s := Sig{Result: f.Result}
	for _, l := range f.Locals[:f.NumParams] {
		s.Params = append(s.Params, l.Kind)
	}
	return s
}

// Local is a local variable; it begins as zero or null.
type Local struct {
	Name string // for people; may be empty
	Kind Kind
}

// Sig is a signature.
type Sig struct {
	Params []Kind
	Result Kind
}

// ABI is how a value crosses an export.
type ABI uint8

// Scalars cross as themselves; text, bytes and JSON text as address and length.
// In the Func they are arrays of bytes.
const (
	ABINone ABI = iota
	ABII32
	ABII64
	ABIF32
	ABIF64
	ABIText
	ABIBytes
	ABIJSON
)

// Export is an exported function. Types are spelled as in DOL.
type Export struct {
	Name       string
	Func       *Func
	Params     []ExportParam
	Result     ABI
	ResultType string
}

// ExportParam is a parameter of an exported function.
type ExportParam struct {
	Name, Type string
	ABI        ABI
}

// Record describes the layout of a record of an exported signature.
type Record struct {
	Name   string
	Object *Object
	Types  []string // DOL types of Object.Fields
}

// --- expressions ---

// Expr is an expression. Operands are evaluated from left to right.
type Expr interface{ Kind() Kind }

type (
	// Const is a number: the bits of an i32 in the lower half, floats as their
	// bits, or with kind Ref the null reference.
	Const struct {
		K    Kind
		Bits uint64
	}
	// Str is a constant array of bytes; the same text is the same object.
	Str struct{ Text string }
	// Get reads a local.
	Get struct {
		Local int
		K     Kind
	}
	// GetGlobal reads a global.
	GetGlobal struct{ Global *Global }
	// Un is a numeric operator of WebAssembly with one operand. One that can trap
	// has its place in Pos.
	Un struct {
		Op  wasm.Opcode
		X   Expr
		Pos Pos
	}
	// Bin is a numeric operator of WebAssembly with two operands.
	Bin struct {
		Op   wasm.Opcode
		X, Y Expr
		Pos  Pos
	}
	// Call calls a function of the module.
	Call struct {
		Func *Func
		Args []Expr
		Pos  Pos
	}
	// CallRef calls the function whose index is the first field of a closure
	// object; the function gets the closure as its first argument, then Args. Sig
	// is without the closure.
	CallRef struct {
		Sig     Sig
		Closure Expr
		Args    []Expr
		Pos     Pos
	}
	// CallHost calls an import.
	CallHost struct {
		Import *Import
		Args   []Expr
		Pos    Pos
	}
	// New makes a struct from the values of all its fields.
	New struct {
		Object *Object
		Fields []Expr
		Pos    Pos
	}
	// NewArray makes an array of Len (i32, unsigned) zero elements. Too large a
	// length panics "out of memory".
	NewArray struct {
		Object *Object
		Len    Expr
		Pos    Pos
	}
	// GetField reads a field of X, which is a struct of type Object or of one that
	// has it as an ancestor, and never null.
	GetField struct {
		Object *Object
		Index  int
		X      Expr
	}
	// GetElem reads an element. The index is in range: whoever made the
	// instruction has checked that.
	GetElem struct {
		Object *Object
		X, I   Expr
	}
	// ArrayLen is the length of an array (i32).
	ArrayLen struct{ X Expr }
	// FuncIndex is the number by which CallRef finds Func (i32).
	FuncIndex struct{ Func *Func }
	// IsNull is 1 for the null reference, else 0 (i32).
	IsNull struct{ X Expr }
	// Same is 1 when both references are one object, else 0 (i32).
	Same struct{ X, Y Expr }
	// Tern evaluates A if Cond (i32) is not zero, else B.
	Tern struct{ Cond, A, B Expr }
	// Seq runs statements, then has the value of X. No branch leaves it but Return
	// and traps; a Block inside may be left inside.
	Seq struct {
		Stmts []Stmt
		X     Expr
	}
	// RawLoad reads Size (4 or 8) bytes at an address that a host function gave.
	RawLoad struct {
		Size int
		Addr Expr
	}
	// RawBytes copies N bytes from such an address into a new array of bytes (Object).
	RawBytes struct {
		Object  *Object
		Addr, N Expr
		Pos     Pos
	}
)

func (e *Const) Kind() Kind     { return e.K }
func (*Str) Kind() Kind         { return Ref }
func (e *Get) Kind() Kind       { return e.K }
func (e *GetGlobal) Kind() Kind { return e.Global.Kind }
func (e *Un) Kind() Kind        { return OpResult(e.Op) }
func (e *Bin) Kind() Kind       { return OpResult(e.Op) }
func (e *Call) Kind() Kind      { return e.Func.Result }
func (e *CallRef) Kind() Kind   { return e.Sig.Result }
func (e *CallHost) Kind() Kind  { return e.Import.Result }
func (*New) Kind() Kind         { return Ref }
func (*NewArray) Kind() Kind    { return Ref }
func (e *GetField) Kind() Kind  { return e.Object.Fields[e.Index].Storage.Kind() }
func (e *GetElem) Kind() Kind   { return e.Object.Elem.Kind() }
func (*ArrayLen) Kind() Kind    { return I32 }
func (*FuncIndex) Kind() Kind   { return I32 }
func (*IsNull) Kind() Kind      { return I32 }
func (*Same) Kind() Kind        { return I32 }
func (e *Tern) Kind() Kind      { return e.A.Kind() }
func (e *Seq) Kind() Kind       { return e.X.Kind() }

// Kind follows from the size.
func (e *RawLoad) Kind() Kind {
	if e.Size == 8 {
		return I64
	}
	return I32
}
func (*RawBytes) Kind() Kind { return Ref }

// --- statements ---

// Stmt is a statement.
type Stmt interface{ stmt() }

// Label is the target of branches: the end of its Block, the head of its Loop.
type Label struct{ Name string }

type (
	// Set writes a local.
	Set struct {
		Local int
		X     Expr
	}
	// SetGlobal writes a global.
	SetGlobal struct {
		Global *Global
		X      Expr
	}
	// SetField writes a field, as GetField reads it. X is evaluated before Value.
	SetField struct {
		Object *Object
		Index  int
		X      Expr
		Value  Expr
	}
	// SetElem writes an element, as GetElem reads it.
	SetElem struct {
		Object *Object
		X, I   Expr
		Value  Expr
	}
	// CopyElems copies N elements; the ranges are valid and may overlap.
	CopyElems struct {
		Object                 *Object
		To, At, From, Start, N Expr
	}
	// FillElems sets N elements to Value; the range is valid.
	FillElems struct {
		Object       *Object
		X, At, Value Expr
		N            Expr
	}
	// Do computes X and drops its value, if it has one.
	Do struct{ X Expr }
	// If tests an i32.
	If struct {
		Cond       Expr
		Then, Else []Stmt
	}
	// Block runs Body; a branch to Label ends it.
	Block struct {
		Label *Label
		Body  []Stmt
	}
	// Loop runs Body once; a branch to Label begins it anew.
	Loop struct {
		Label *Label
		Body  []Stmt
	}
	// Br branches to a Block or Loop around it.
	Br struct{ Label *Label }
	// Switch branches to Targets[X], to Default when X (i32, unsigned) is beyond.
	Switch struct {
		X       Expr
		Targets []*Label
		Default *Label
	}
	// Return leaves the function; X is nil without a result.
	Return struct{ X Expr }
	// Panic ends the call with a message, an array of bytes.
	Panic struct {
		Msg Expr
		Pos Pos
	}
	// Unreachable stands where no path comes.
	Unreachable struct{}
)

func (*Set) stmt()         {}
func (*SetGlobal) stmt()   {}
func (*SetField) stmt()    {}
func (*SetElem) stmt()     {}
func (*CopyElems) stmt()   {}
func (*FillElems) stmt()   {}
func (*Do) stmt()          {}
func (*If) stmt()          {}
func (*Block) stmt()       {}
func (*Loop) stmt()        {}
func (*Br) stmt()          {}
func (*Switch) stmt()      {}
func (*Return) stmt()      {}
func (*Panic) stmt()       {}
func (*Unreachable) stmt() {}
