package syntax

import "github.com/univrs/vudo/diag"

// Pos is a byte offset into the text of one file.
type Pos int32

// Span is a stretch of one file's text, from Start up to and without End.
type Span struct{ Start, End Pos }

// Range returns the span itself, so that every node that embeds one is a Node.
func (s Span) Range() Span { return s }

// Node is any piece of the tree.
type Node interface{ Range() Span }

// File is one parsed source file. It is never changed after Parse returned it
// and may be read from any number of goroutines.
type File struct {
	Path   string // as the user named it, with slashes
	Src    []byte
	Tokens []Token // all of them, the end of file last; trivia hang on them
	Docs   []*Docs // of the module
	Module *Module // nil: none written
	Items  []Decl  // in source order, Use and Submodule included
	Tests  []*Scenario

	lines []Pos           // where each line begins
	runes []int32         // see index
	own   map[string]bool // names of types and type parameters declared here
}

// Problem is what the parser has to say; spans become diagnostics through File.
type Problem = diag.Diagnostic

// Ident is one word with its place. A missing one, after a reported error, has
// an empty Name.
type Ident struct {
	Span
	Name string
}

// QName is a qualified name: words with dots or double colons between.
type QName struct {
	Span
	Parts []Ident
}

// Spelling says which of two equal spellings the author used.
type Spelling uint8

// The dialects (dol.md 1).
const (
	Clarity Spelling = iota
	Classic
)

// Docs is a docs or exegesis block, a string form of one, or a run of doc
// line comments. Text has its common indent removed.
type Docs struct {
	Span
	Spelling Spelling
	Text     string
}

// Module is the header of a file.
type Module struct {
	Span
	Name    QName
	Version *Version
}

// Version is a semantic version as written, such as "1.2.3-rc.1".
type Version struct {
	Span
	Text string
}

// Vis is the visibility that a declaration writes.
type Vis uint8

// Visibilities: none written is Private.
const (
	Private Vis = iota
	Public
	PublicSpirit
	PublicParent
)

// Attr is #[name(args)].
type Attr struct {
	Span
	Name Ident
	Args []AttrArg
}

// AttrArg is one argument of an attribute: a word, word = literal, a word with
// arguments of its own, or a literal alone (Name empty).
type AttrArg struct {
	Span
	Name  Ident
	Value Expr
	Args  []AttrArg
}

// Annot is a field annotation such as @crdt(lww, tie_break="peer").
type Annot struct {
	Span
	Name    Ident
	Words   []Ident
	Options []AttrArg
}

// Decl is a declaration, at file level or in a body.
type Decl interface {
	Node
	decl()
	// Header gives what all declarations share.
	Header() *DeclHead
}

// DeclHead is what all declarations share.
type DeclHead struct {
	Span     // of the whole declaration, docs and attributes included
	Keyword  Span
	Spelling Spelling
	Docs     *Docs // attached by the rules of dol.md 3.2; nil: none
	Attrs    []Attr
	Vis      Vis
	VisSpan  Span
	Name     QName // of one part for everything that code can name
}

func (*DeclHead) decl() {}

// Header returns h.
func (h *DeclHead) Header() *DeclHead { return h }

// Use is an import. Exactly one of Local, Package and URL tells the source.
type Use struct {
	DeclHead
	Local   QName  // use a.b.c
	Package string // use @org/name: "@org/name"
	Version string // requirement behind a registry package, as written
	URL     string // @git:… and @https:…, whole
	Path    QName  // words behind the package
	Glob    bool   // .*
	Items   []UseItem
	HasList bool // {…} was written
	Alias   Ident
}

// UseItem is one name in the braces of an import; Glob is a star there.
type UseItem struct {
	Span
	Name  Ident
	Alias Ident
	Glob  bool
}

// Submodule is mod x { … } or, with Inline false, mod x.
type Submodule struct {
	DeclHead
	Inline bool
	Items  []Decl
}

// Gen is a record, the carrier of an enum or newtype, or an ontology unit. It
// also stands for "type X { … }" (Type true).
type Gen struct {
	DeclHead
	Type    bool // written "type"
	Params  []TypeParam
	Parent  *QName // extends or is
	Version *Version
	Carrier TypeExpr // "type: T"; *EnumType for an enum
	Body    []Item
}

// Enum is a top-level or nested enum declaration.
type Enum struct {
	DeclHead
	Params   []TypeParam
	Variants []*Variant
}

// Alias is type X = T; Nested "type X is T" in a gen as well.
type Alias struct {
	DeclHead
	Params []TypeParam
	Target TypeExpr
}

// Trait is a trait.
type Trait struct {
	DeclHead
	Params []TypeParam
	Bounds []TypeExpr
	Body   []Item
}

// Rule is an invariant: at top level or inside a declaration. Its conjuncts
// are the Expr items of Body.
type Rule struct {
	DeclHead
	Params []TypeParam
	For    TypeExpr // top level: the type of this
	Body   []Item
}

// Law is a law of a trait or gen.
type Law struct {
	DeclHead
	Params []*Param
	Body   []Item
}

// System is a versioned composition.
type System struct {
	DeclHead
	Params  []TypeParam
	Version *Version
	Body    []Item
}

// Evo is an evolution step.
type Evo struct {
	DeclHead
	New, Old *Version // nil after a reported evo-header
	Body     []Item
}

// Impl is impl T { }, impl Trait for T { }, or nested in a declaration, where
// For is nil and Target is the trait.
type Impl struct {
	DeclHead
	Params []TypeParam
	Target TypeExpr // trait when For is set or the impl is nested, else the type
	For    TypeExpr
	Body   []Item
}

// Fun is a function, method, signature without body, or host import.
type Fun struct {
	DeclHead
	Sex      bool
	Extern   bool   // the word extern was written
	ABI      string // of extern "abi"
	FunName  Ident
	Provides bool // written with provides or is instead of fun
	Params   []TypeParam
	Self     *Param // self or this receiver, nil: none written
	Args     []*Param
	Result   TypeExpr // nil: unit
	Where    []TypeParam
	Body     *Block // nil: signature or import
}

// Const is const X: T = e.
type Const struct {
	DeclHead
	Type  TypeExpr
	Value Expr
}

// Var is a module variable.
type Var struct {
	DeclHead
	Sex   bool
	Type  TypeExpr
	Value Expr
}

// TypeParam is T: A + B = Default.
type TypeParam struct {
	Span
	Name    Ident
	Bounds  []TypeExpr
	Default TypeExpr
}

// Param is a parameter; Self receivers have the name self or this.
type Param struct {
	Span
	Mut     bool
	Name    Ident
	Type    TypeExpr // nil: not written
	Default Expr
}

// Item is anything in the body of a declaration: Field, Sentence, Uses,
// Requires, State, Evolution, ExprItem, DocsItem or a Decl.
type Item interface{ Node }

// Field is a typed field, or with Type nil an untyped "has name".
type Field struct {
	Span
	Docs    *Docs
	Annots  []Annot
	Vis     Vis
	Has     bool
	Mut     bool
	Name    Ident
	Type    TypeExpr
	Default Expr
	Where   Expr
}

// Uses is uses a.b, in a trait or system also of a package.
type Uses struct {
	Span
	Name    QName
	Package string
}

// Requires is a requirement of a system.
type Requires struct {
	Span
	Name    QName
	Package string
	Op      string // >= > = @ ^ ~ or "" for a string range or none
	Version *Version
	Within  string // the string form: a range of versions
}

// State is state name: T = e.
type State struct {
	Span
	Docs    *Docs
	Name    Ident
	Type    TypeExpr
	Default Expr
}

// Evolution is one line of an evo. What is nil for removes, because, migrate.
type Evolution struct {
	Span
	Verb    string // adds, deprecates, removes, because, migrate
	What    Item   // *Sentence, *Field or *Fun
	Name    QName  // removes
	Reason  string // because
	Migrate *Block
}

// DocsItem is a docs block in a body that documents nothing else: one before a
// sentence's neighbour that takes none, or a second one.
type DocsItem struct {
	Span
	Docs *Docs
}

// ExprItem is an expression in a rule or law.
type ExprItem struct {
	Span
	X Expr
}

// SentenceKind tags a sentence (dol.md 3.5-c).
type SentenceKind uint8

// The kinds of sentences.
const (
	SentHas SentenceKind = iota
	SentIs
	SentDerivesFrom
	SentRequires
	SentUses
	SentEmits
	SentMatches
	SentNever
	SentCan
	SentProvides
	SentEach
	SentAll
	SentNo
	SentRelation
	SentProse
)

// Sentence is one ontology statement. For Relation, Verb is the second word.
// Quantified sentences keep what follows the quantifier in Subject, and a
// predicate and right side, if any, in Inner.
type Sentence struct {
	Span
	Docs    *Docs
	Kind    SentenceKind
	Subject string // words joined by one space
	Verb    string
	Object  string
	Inner   *Sentence
}

// Variant is one case of an enum.
type Variant struct {
	Span
	Docs   *Docs
	Annots []Annot
	Name   Ident
	Tuple  []TypeExpr // Name(A, B)
	Fields []*Field   // Name { a: A }
	Value  Expr       // discriminant, an integer literal or its negation
}

// Scenario is a test of a *.dol.test file.
type Scenario struct {
	Span
	Docs     *Docs
	Name     string
	Sections []Section
	Always   []Step
}

// Section is given, when or then.
type Section struct {
	Span
	Word  string
	Steps []Step
}

// Step is one line: a statement when it parses as one that can run, else prose.
type Step struct {
	Span
	Stmt Stmt // nil: prose
	Text string
}

// --- types ---

// TypeExpr is a type as written.
type TypeExpr interface {
	Node
	typeExpr()
}

type typeNode struct{ Span }

func (typeNode) typeExpr() {}

type (
	// NamedType is a path with arguments; an argument may be an *IntType.
	NamedType struct {
		typeNode
		Name QName
		Args []TypeExpr
	}
	// TupleType is (A, B); unit without elements.
	TupleType struct {
		typeNode
		Elems []TypeExpr
	}
	// FunType is (A, B) -> C or fun(A) -> C.
	FunType struct {
		typeNode
		Params []TypeExpr
		Result TypeExpr // nil: unit
	}
	// ListType is [T] or, with Len, [T; n].
	ListType struct {
		typeNode
		Elem TypeExpr
		Len  Expr
	}
	// EnumType is enum { … }.
	EnumType struct {
		typeNode
		Variants []*Variant
	}
	// NeverType is !.
	NeverType struct{ typeNode }
	// RefType is &T or &mut T.
	RefType struct {
		typeNode
		Mut  bool
		Elem TypeExpr
	}
	// OptionType is T?.
	OptionType struct {
		typeNode
		Elem TypeExpr
	}
	// IntType is a number as a type argument.
	IntType struct {
		typeNode
		Value Expr
	}
	// BadType stands where a type was expected and an error was reported.
	BadType struct{ typeNode }
)

// --- statements ---

// Stmt is a statement of a block.
type Stmt interface {
	Node
	stmt()
}

type stmtNode struct{ Span }

func (stmtNode) stmt() {}

type (
	// Let is let, val, var or const with a pattern.
	Let struct {
		stmtNode
		Word    string // let, val, var, const
		Mut     bool   // let mut, or var
		Pattern Pattern
		Type    TypeExpr
		Value   Expr
	}
	// Assign is place op value; Op is "=", "+=", ….
	Assign struct {
		stmtNode
		Place Expr // a *Name "_" discards
		Op    string
		OpPos Span
		Value Expr
	}
	// ExprStmt is an expression; Semi: a semicolon follows.
	ExprStmt struct {
		stmtNode
		X    Expr
		Semi bool
	}
	// FunStmt is a function declared in a block.
	FunStmt struct {
		stmtNode
		Fun *Fun
	}
	// DocsStmt is a docs block in a function body.
	DocsStmt struct {
		stmtNode
		Docs *Docs
	}
	// BadStmt stands for text that no statement could be made of.
	BadStmt struct{ stmtNode }
)

// --- expressions ---

// Expr is an expression.
type Expr interface {
	Node
	expr()
}

type exprNode struct{ Span }

func (exprNode) expr() {}

// LitKind is the kind of a literal.
type LitKind uint8

// The literals. Null is accepted for references and Option.
const (
	IntLit LitKind = iota
	FloatLit
	StringLit
	CharLit
	BoolLit
	NullLit
)

type (
	// Literal is a literal. Text is as written, Suffix a type suffix, Str
	// the decoded value of a string or char, Bool that of true and false.
	Literal struct {
		exprNode
		Kind   LitKind
		Text   string // digits without suffix, underscores kept
		Suffix string
		Str    string
		Bool   bool
	}
	// FString is f"…{e}…".
	FString struct {
		exprNode
		Parts []FPart
	}
	// Name is a name standing alone; "_" in a place.
	Name struct {
		exprNode
		Ident string
	}
	// This is this or self.
	This struct {
		exprNode
		Word string
	}
	// List is [a, b]; Vec!: written vec![…].
	List struct {
		exprNode
		Elems    []Expr
		VecMacro bool
	}
	// Repeat is [e; n].
	Repeat struct {
		exprNode
		Elem, Len Expr
	}
	// Tuple is (a, b); unit without elements.
	Tuple struct {
		exprNode
		Elems []Expr
	}
	// Paren is (e), kept for the formatter and the associativity rules.
	Paren struct {
		exprNode
		X Expr
	}
	// MapLit is { k: v }.
	MapLit struct {
		exprNode
		Keys, Values []Expr
	}
	// Struct is T { f: e, g, ...base }; Type is a name or member path.
	Struct struct {
		exprNode
		Type   Expr
		Fields []FieldInit
		Base   Expr
	}
	// Call is f(a, b). A method call has a *Member as Fun.
	Call struct {
		exprNode
		Fun  Expr
		Args []Expr
	}
	// Index is x[i].
	Index struct {
		exprNode
		X, I Expr
	}
	// Member is x.name, x::name, x.0, with type arguments x.name::<T>.
	Member struct {
		exprNode
		X        Expr
		Colons   bool
		Name     Ident
		TypeArgs []TypeExpr
	}
	// TypeApply is name::<T> of a free function, or Vec<i64>::new's Vec<i64>.
	TypeApply struct {
		exprNode
		X    Expr
		Args []TypeExpr
	}
	// Unary is -x, !x, not x, *x, &x, &mut x.
	Unary struct {
		exprNode
		Op string
		X  Expr
	}
	// Binary is every infix form of dol.md 4.2 but ranges and casts: arithmetic,
	// comparison, && || and or implies, |> <| @ >> and :=.
	Binary struct {
		exprNode
		Op    string // canonical: "and" is "&&", "or" is "||"
		Word  bool   // written as a word
		OpPos Span
		X, Y  Expr
	}
	// Cast is x as T.
	Cast struct {
		exprNode
		X    Expr
		Type TypeExpr
	}
	// Range is a..b or a..=b; either end may be absent only inside an index.
	Range struct {
		exprNode
		Lo, Hi    Expr
		Inclusive bool
	}
	// If is an if; with Pattern, if let. Else is nil, *Block or *If.
	If struct {
		exprNode
		Pattern Pattern
		Cond    Expr
		Then    *Block
		Else    Expr
	}
	// Match is a match.
	Match struct {
		exprNode
		X    Expr
		Arms []*Arm
	}
	// Block is { … }, or sex { … }.
	Block struct {
		exprNode
		Sex   bool
		Stmts []Stmt
	}
	// Lambda is |a, b: T| -> R body.
	Lambda struct {
		exprNode
		Params []*Param
		Result TypeExpr
		Body   Expr
	}
	// For is for p in x { }.
	For struct {
		exprNode
		Label   Ident
		Pattern Pattern
		X       Expr
		Body    *Block
	}
	// While is while c { } or while let p = c { }.
	While struct {
		exprNode
		Label   Ident
		Pattern Pattern
		Cond    Expr
		Body    *Block
	}
	// Loop is loop { }.
	Loop struct {
		exprNode
		Label Ident
		Body  *Block
	}
	// Break is break [label] [e].
	Break struct {
		exprNode
		Label Ident
		X     Expr
	}
	// Continue is continue [label].
	Continue struct {
		exprNode
		Label Ident
	}
	// Return is return [e].
	Return struct {
		exprNode
		X Expr
	}
	// Try is e?.
	Try struct {
		exprNode
		X Expr
	}
	// Quant is forall or exists: over a collection (Over set, one binder), or over
	// types (a proposition).
	Quant struct {
		exprNode
		All     bool
		Binders []*Param
		Over    Expr
		Body    Expr
	}
	// Quote is 'e, ''e (Quasi) or ,e (Unquote).
	Quote struct {
		exprNode
		Op string // "'", "''", ","
		X  Expr
	}
	// Eval is !{ e }.
	Eval struct {
		exprNode
		Body *Block
	}
	// Reflect is ?T.
	Reflect struct {
		exprNode
		Type TypeExpr
	}
	// Macro is #name(args).
	Macro struct {
		exprNode
		Name Ident
		Args []Expr
	}
	// Idiom is [| f a b |].
	Idiom struct {
		exprNode
		Parts []Expr
	}
	// BadExpr stands where an expression was expected and an error was reported.
	BadExpr struct{ exprNode }
)

// FPart is a piece of a format string: text, or an expression with the number
// of decimals it asks for, -1 for none.
type FPart struct {
	Span
	Text     string
	X        Expr
	Decimals int
}

// FieldInit is f: e, or with Short the bare f.
type FieldInit struct {
	Span
	Name  Ident
	Value Expr // of the shorthand: a *Name
	Short bool
}

// Arm is one case of a match.
type Arm struct {
	Span
	Pattern Pattern
	Guard   Expr
	Body    Expr
}

// --- patterns ---

// Pattern is a pattern.
type Pattern interface {
	Node
	pattern()
}

type patNode struct{ Span }

func (patNode) pattern() {}

type (
	// WildPat is _.
	WildPat struct{ patNode }
	// LitPat is a literal, numbers with their sign in Neg.
	LitPat struct {
		patNode
		Neg bool
		Lit *Literal
	}
	// RangePat is a..b or a..=b.
	RangePat struct {
		patNode
		Lo, Hi    *LitPat
		Inclusive bool
	}
	// PathPat is a name or path: a binding, or a variant without payload.
	PathPat struct {
		patNode
		Mut  bool
		Path QName
	}
	// TuplePat is (p, q), or with Path a variant: V(p, q).
	TuplePat struct {
		patNode
		Path  *QName
		Elems []Pattern
	}
	// RecordPat is T { f: p, g, .. }.
	RecordPat struct {
		patNode
		Path   QName
		Fields []FieldPat
		Rest   bool
	}
	// AtPat is name @ p.
	AtPat struct {
		patNode
		Name Ident
		Sub  Pattern
	}
	// OrPat is p | q.
	OrPat struct {
		patNode
		Alts []Pattern
	}
	// ListPat is [p, q, ..rest], parsed and not compiled.
	ListPat struct {
		patNode
		Elems   []Pattern
		Rest    bool
		RestVar Ident
	}
	// BadPat stands where a pattern was expected and an error was reported.
	BadPat struct{ patNode }
)

// FieldPat is f: p or, with Pattern nil, the shorthand f.
type FieldPat struct {
	Span
	Name    Ident
	Pattern Pattern
}
