package syntax

// TokenKind is the kind of a token.
type TokenKind uint8

// The kinds of tokens. A contextual keyword is a Word like any other name; only
// hard keywords (dol.md 2.5-b) are Keyword.
const (
	EOF TokenKind = iota
	BadToken
	Word
	Keyword
	Wildcard // a lone _
	Int
	Float
	VersionText // 1.2.3-rc.1, only where the grammar asks for one
	String
	FormatString
	Char
	RawText   // inside docs { }
	ProseText // a line of prose
	URLText   // @git:… and @https:…

	Ellipsis   // ...
	DotDotEq   // ..=
	PipeRight  // |>
	PipeLeft   // <|
	Compose    // >>
	ColonColon // ::
	Bind       // :=
	PlusEq     // +=
	MinusEq    // -=
	StarEq     // *=
	SlashEq    // /=
	PercentEq  // %=
	BarClose   // |]
	Arrow      // ->
	FatArrow   // =>
	EqEq       // ==
	NotEq      // !=
	LessEq     // <=
	GreaterEq  // >=
	AndAnd     // &&
	OrOr       // ||
	DotDot     // ..
	QuasiQuote // ''
	Greater
	Less
	At
	Eq
	Plus
	Minus
	Star
	Slash
	Percent
	Caret
	Amp
	Bar
	QuoteMark
	Bang
	Hash
	Question
	LParen
	RParen
	LBracket
	RBracket
	LBrace
	RBrace
	Comma
	Colon
	Semi
	Dot
	Tilde
	numTokenKinds
)

// tokenNames are the names in --emit=tokens, and for punctuation its text.
var tokenNames = [numTokenKinds]string{
	EOF: "eof", BadToken: "bad", Word: "word", Keyword: "keyword", Wildcard: "_", Int: "int", Float: "float",
	VersionText: "version", String: "string", FormatString: "fstring", Char: "char", RawText: "text", ProseText: "prose", URLText: "url",
	Ellipsis: "...", DotDotEq: "..=", PipeRight: "|>", PipeLeft: "<|", Compose: ">>", ColonColon: "::", Bind: ":=",
	PlusEq: "+=", MinusEq: "-=", StarEq: "*=", SlashEq: "/=", PercentEq: "%=", BarClose: "|]", Arrow: "->",
	FatArrow: "=>", EqEq: "==", NotEq: "!=", LessEq: "<=", GreaterEq: ">=", AndAnd: "&&", OrOr: "||", DotDot: "..",
	QuasiQuote: "''", Greater: ">", Less: "<", At: "@", Eq: "=", Plus: "+", Minus: "-", Star: "*", Slash: "/",
	Percent: "%", Caret: "^", Amp: "&", Bar: "|", QuoteMark: "'", Bang: "!", Hash: "#", Question: "?",
	LParen: "(", RParen: ")", LBracket: "[", RBracket: "]", LBrace: "{", RBrace: "}", Comma: ",", Colon: ":",
	Semi: ";", Dot: ".", Tilde: "~",
}

// String returns the name of k: the text itself for punctuation.
func (k TokenKind) String() string {
	if k < numTokenKinds {
		return tokenNames[k]
	}
	return "token?"
}

// Token is one token with the trivia before it. Line breaks are no tokens.
type Token struct {
	Span
	Kind     TokenKind
	key      keyword
	NLBefore bool // a line break, or a comment with one, stands before it
	SPBefore bool // white space or a comment stands before it
	SPAfter  bool // white space, a comment or the end of the file follows
	Leading  []Trivia
}

// Trivia is a comment, or a run of blank lines.
type Trivia struct {
	Span
	Kind TriviaKind
	// Trailing: on the line of the token before it, with nothing but comments
	// between.
	Trailing bool
}

// TriviaKind is the kind of trivia.
type TriviaKind uint8

// The kinds of trivia.
const (
	LineComment  TriviaKind = iota // to the end of the line, both forms
	DocComment                     // ///
	ModComment                     // //!
	BlockComment                   // /* */
	BlankLine
)

var triviaNames = [...]string{"comment", "doc", "moddoc", "block", "blank"}

// String returns the name of k in --emit=tokens.
func (k TriviaKind) String() string { return triviaNames[k] }

// keyword numbers the words that the grammar knows, so that the parser compares
// bytes and not texts. Zero is any other word.
type keyword uint8

const (
	notKeyword keyword = iota

	// Hard: reserved (dol.md 2.5-b).
	kwFun
	kwPub
	kwLet
	kwVar
	kwConst
	kwIf
	kwElse
	kwMatch
	kwFor
	kwWhile
	kwLoop
	kwBreak
	kwContinue
	kwReturn
	kwIn
	kwThis
	kwSelf
	kwTrue
	kwFalse
	kwNull

	// Contextual: names everywhere else.
	kwGen
	kwGene
	kwType
	kwTrait
	kwRule
	kwConstraint
	kwSystem
	kwEvo
	kwEvolves
	kwDocs
	kwExegesis
	kwSex
	kwExtern
	kwModule
	kwMod
	kwUse
	kwVal
	kwWhere
	kwAs
	kwNot
	kwAnd
	kwOr
	kwHas
	kwIs
	kwDerives
	kwFrom
	kwRequires
	kwUses
	kwEmits
	kwMatches
	kwNever
	kwCan
	kwProvides
	kwEach
	kwAll
	kwNo
	kwAdds
	kwDeprecates
	kwRemoves
	kwBecause
	kwMigrate
	kwLaw
	kwState
	kwImpl
	kwExtends
	kwMut
	kwForall
	kwExists
	kwImplies
	kwEnum
	kwTest
	kwGiven
	kwWhen
	kwThen
	kwAlways
	numKeywords

	lastHard = kwNull
)

var keywordText = [numKeywords]string{
	kwFun: "fun", kwPub: "pub", kwLet: "let", kwVar: "var", kwConst: "const", kwIf: "if", kwElse: "else",
	kwMatch: "match", kwFor: "for", kwWhile: "while", kwLoop: "loop", kwBreak: "break", kwContinue: "continue",
	kwReturn: "return", kwIn: "in", kwThis: "this", kwSelf: "self", kwTrue: "true", kwFalse: "false", kwNull: "null",
	kwGen: "gen", kwGene: "gene", kwType: "type", kwTrait: "trait", kwRule: "rule", kwConstraint: "constraint",
	kwSystem: "system", kwEvo: "evo", kwEvolves: "evolves", kwDocs: "docs", kwExegesis: "exegesis", kwSex: "sex",
	kwExtern: "extern", kwModule: "module", kwMod: "mod", kwUse: "use", kwVal: "val", kwWhere: "where", kwAs: "as",
	kwNot: "not", kwAnd: "and", kwOr: "or", kwHas: "has", kwIs: "is", kwDerives: "derives", kwFrom: "from",
	kwRequires: "requires", kwUses: "uses", kwEmits: "emits", kwMatches: "matches", kwNever: "never", kwCan: "can",
	kwProvides: "provides", kwEach: "each", kwAll: "all", kwNo: "no", kwAdds: "adds", kwDeprecates: "deprecates",
	kwRemoves: "removes", kwBecause: "because", kwMigrate: "migrate", kwLaw: "law", kwState: "state", kwImpl: "impl",
	kwExtends: "extends", kwMut: "mut", kwForall: "forall", kwExists: "exists", kwImplies: "implies", kwEnum: "enum",
	kwTest: "test", kwGiven: "given", kwWhen: "when", kwThen: "then", kwAlways: "always",
}

// keywordTable is an open-addressed hash table; keywordOf runs for every word of
// a file.
var keywordTable = func() (table [256]keyword) {
	for k := notKeyword + 1; k < numKeywords; k++ {
		h := keywordHash(keywordText[k])
		for table[h] != notKeyword {
			h++
		}
		table[h] = k
	}
	return table
}()

func keywordHash(s string) uint8 {
	n := len(s)
	return uint8(n)*31 + s[0]*7 + s[1]*3 + s[n-1]*13
}

func keywordOf(s string) keyword {
	if len(s) < 2 || len(s) > len("deprecates") {
		return notKeyword
	}
	for h := keywordHash(s); ; h++ {
		k := keywordTable[h]
		if k == notKeyword || keywordText[k] == s {
			return k
		}
	}
}

// Keywords returns the hard keywords and the contextual ones, for completion.
func Keywords() (hard, contextual []string) {
	return keywordText[1 : lastHard+1 : lastHard+1], keywordText[lastHard+1:]
}
