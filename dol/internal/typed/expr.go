package typed

// Expr is an expression with its type. A type may hold type parameters of the
// enclosing generic function.
type Expr interface {
	Type() Type
	At() Pos
}

// E is what all expressions share.
type E struct {
	T Type
	P Pos
}

// Type returns the type.
func (e *E) Type() Type { return e.T }

// At returns the place.
func (e *E) At() Pos { return e.P }

// Base returns e: the checker fills in types that it finds out later.
func (e *E) Base() *E { return e }

// Op is an operation on basic types.
type Op uint8

// The operations. Arithmetic is that of the operand type (wrapping at its
// width; division traps); ordering works on numbers, chars, bools, strings,
// bytes and tuples of these; Eq and Ne work structurally on every type but
// functions. After substitution of type parameters lowering picks the machine
// operation. And, Or are short-circuit.
const (
	Add Op = iota
	Sub
	Mul
	Div
	Rem
	Pow
	BitAnd
	BitOr
	BitXor
	Shl
	Shr // arithmetic on signed, logical on unsigned
	Eq
	Ne
	Lt
	Le
	Gt
	Ge
	And
	Or
	Neg
	Not    // of bool
	BitNot // of integers
)

type (
	// Const is a literal: Int for integers, bool (0 or 1) and char, Float, Str for
	// string and bytes. Unit is Const without a value.
	Const struct {
		E
		Int   uint64
		Float float64
		Str   string
	}
	// Local reads a variable.
	Local struct {
		E
		Var *Var
	}
	// GlobalRef reads a module variable.
	GlobalRef struct {
		E
		Global *Global
	}
	// FuncRef is a function as a value.
	FuncRef struct {
		E
		Func     *Func
		TypeArgs []Type
	}
	// Lambda is a closure. It captures what Body uses of the enclosing function;
	// mutable variables are shared, others copied.
	Lambda struct {
		E
		Params []*Var
		Result Type
		Body   Expr
		Name   string // outer.{lambda 1}
	}
	// Unary is Neg, Not or BitNot.
	Unary struct {
		E
		Op Op
		X  Expr
	}
	// Binary has operands of one type.
	Binary struct {
		E
		Op   Op
		X, Y Expr
	}
	// Convert is an explicit cast or an implicit widening of dol.md 5.5: numbers,
	// bool, char, unit enums to numbers; also a record to its ancestor, a newtype
	// to and from what is under it.
	Convert struct {
		E
		X Expr
	}
	// Concat joins strings.
	Concat struct {
		E
		Parts []Expr
	}
	// ToString formats any value as to_string, with Decimals >= 0 a float with
	// that many decimals.
	ToString struct {
		E
		X        Expr
		Decimals int
	}
	// Call calls a function or method that is known, the receiver in Args[0].
	Call struct {
		E
		Func     *Func
		TypeArgs []Type
		Args     []Expr
	}
	// TraitCall calls a method of a bound. Self is the type whose implementation
	// is called; Index is the method's in Trait.Methods. TypeArgs are the method's own.
	TraitCall struct {
		E
		Trait     *TraitDecl
		TraitArgs []Type
		Index     int
		Self      Type
		TypeArgs  []Type
		Args      []Expr
	}
	// CallValue calls a function value.
	CallValue struct {
		E
		Fun  Expr
		Args []Expr
	}
	// New makes a record: one value for each field in layout order, those of
	// ancestors first. The checker has put values that have to be computed in another
	// order into variables before.
	New struct {
		E
		Fields []Expr
	}
	// NewVariant makes a value of an enum.
	NewVariant struct {
		E
		Variant *Variant
		Fields  []Expr
	}
	// NewTuple makes a tuple.
	NewTuple struct {
		E
		Elems []Expr
	}
	// NewList makes a Vec of its elements.
	NewList struct {
		E
		Elems []Expr
	}
	// GetField reads a field of a record: Index in layout order, ancestors' first.
	GetField struct {
		E
		X     Expr
		Index int
	}
	// GetElem reads an element of a tuple.
	GetElem struct {
		E
		X     Expr
		Index int
	}
	// GetIndex reads v[i] of a Vec; i is i64 or any integer, a negative or too large
	// one panics. Other index forms are calls.
	GetIndex struct {
		E
		X, I Expr
	}
	// If is an if; Else is nil only when the type is unit.
	If struct {
		E
		Cond, Then, Else Expr
	}
	// Match tries arms in order. The checker has proved it exhaustive; if no arm
	// fits all the same, because of a guard or an open type, it panics.
	Match struct {
		E
		X    Expr
		Arms []*Arm
	}
	// Block is a sequence; its value is that of Value, unit when nil.
	Block struct {
		E
		Stmts []Stmt
		Value Expr
	}
	// Loop runs until a Break names it; the type is that of its breaks, never when
	// there is none. While is Loop with a Break, its Step runs on Continue too.
	Loop struct {
		E
		Body *Block
		Step []Stmt
	}
	// ForRange counts Var from Lo to Hi, the last included with Inclusive; both
	// ends are computed once. The loop variable is fresh in each round.
	ForRange struct {
		E
		Var       *Var
		Lo, Hi    Expr
		Inclusive bool
		Body      *Block
	}
	// ForVec runs over a Vec by index; the length is looked at in each round.
	ForVec struct {
		E
		Pattern Pattern
		X       Expr
		Body    *Block
	}
	// Break leaves a *Loop, *ForRange or *ForVec. Value is for Loop only.
	Break struct {
		E
		Target Expr
		Value  Expr
	}
	// Continue goes on with the next round.
	Continue struct {
		E
		Target Expr
	}
	// Return leaves the function or lambda.
	Return struct {
		E
		Value Expr // nil: unit
	}
	// Panic ends the call with a message (a string) and the place.
	Panic struct {
		E
		Msg Expr
	}
)

// Stmt is a statement of a block.
type Stmt interface{ stmt() }

type (
	// Let binds the variables of a pattern that cannot fail. Value nil: one
	// variable that is assigned before it is used.
	Let struct {
		Pattern Pattern
		Value   Expr
		P       Pos
	}
	// Assign stores into a place: *Local, *GlobalRef, *GetField or *GetIndex. Compound
	// assignment has been written out with the place's parts in variables, except
	// for Op, which lowering applies to the place evaluated once: Set means none.
	Assign struct {
		Place Expr
		Op    Op
		Set   bool // plain assignment, Op is not looked at
		Value Expr
		P     Pos
	}
	// Do computes an expression and drops its value.
	Do struct{ X Expr }
)

func (*Let) stmt()    {}
func (*Assign) stmt() {}
func (*Do) stmt()     {}

// Arm is a case of a match.
type Arm struct {
	Pattern Pattern
	Guard   Expr // nil: none
	Body    Expr
}

// Pattern is a pattern with everything resolved.
type Pattern interface{ pat() }

type (
	// Any matches everything.
	Any struct{}
	// Bind matches Sub (nil: everything) and binds Var.
	BindPat struct {
		Var *Var
		Sub Pattern
	}
	// Lit matches a constant of a basic type.
	LitPat struct{ Value *Const }
	// RangePat matches Lo <= x < Hi, or <= Hi with Inclusive; integers and chars.
	RangePat struct {
		Lo, Hi    *Const
		Inclusive bool
	}
	// VariantPat matches a variant; Fields has one pattern for each field.
	VariantPat struct {
		Enum    *Named // as far as the checker knew it; substitute before use
		Variant *Variant
		Fields  []Pattern
	}
	// TuplePat matches a tuple.
	TuplePat struct{ Elems []Pattern }
	// RecordPat matches a record; Fields in layout order, Any where not written.
	RecordPat struct{ Fields []Pattern }
	// OrPat matches one of several; all bind the same variables.
	OrPat struct{ Alts []Pattern }
)

func (*Any) pat()        {}
func (*BindPat) pat()    {}
func (*LitPat) pat()     {}
func (*RangePat) pat()   {}
func (*VariantPat) pat() {}
func (*TuplePat) pat()   {}
func (*RecordPat) pat()  {}
func (*OrPat) pat()      {}
