package syntax

import "github.com/univrs/vudo/diag"

// The codes of the parse family: what the scanner and the parser report.
const (
	codeBadUTF8             = "bad-utf8"
	codeFileTooLarge        = "file-too-large"
	codeUnterminatedComment = "unterminated-comment"
	codeUnterminatedString  = "unterminated-string"
	codeUnterminatedChar    = "unterminated-char"
	codeUnterminatedDocs    = "unterminated-docs"
	codeBadEscape           = "bad-escape"
	codeBadNumber           = "bad-number"
	codeBadChar             = "bad-char"
	codeBadCharacter        = "bad-character"
	codeExpectedToken       = "expected-token"
	codeExpectedName        = "expected-name"
	codeExpectedDecl        = "expected-declaration"
	codeExpectedMember      = "expected-member"
	codeExpectedType        = "expected-type"
	codeExpectedExpr        = "expected-expression"
	codeExpectedPattern     = "expected-pattern"
	codeUnclosed            = "unclosed-bracket"
	codeUnmatched           = "unmatched-bracket"
	codeUnknownPredicate    = "unknown-predicate"
	codeForeignSyntax       = "foreign-syntax"
	codeNestingTooDeep      = "nesting-too-deep"
	codeTooManyErrors       = "too-many-errors"
	codeChainedComparison   = "chained-comparison"
	codeChainedRange        = "chained-range"
	codeMixedPipes          = "mixed-pipes"
	codeBadPlace            = "bad-place"
	codeBadVersion          = "bad-version"
	codeBadVisibility       = "bad-visibility"
	codeEvoHeader           = "evo-header"
	codeQName               = "qname"
	codeMisplaced           = "misplaced"

	codeProse        = "prose-statement"
	codeOpenVerb     = "open-predicate"
	codeOldKeyword   = "deprecated-keyword"
	codeOldType      = "deprecated-type"
	codeNeedlessRef  = "needless-ref"
	codeNeedlessMut  = "needless-mut"
	codeNeedlessThen = "needless-then"
	codePreferNone   = "prefer-none"
	codeImplicitSex  = "implicit-sex-var"
	codeDocsAmbig    = "docs-ambiguous"
	codeMixedScript  = "mixed-script-name"
)

// Code explains one diagnostic code: what vudo check --explain prints.
type Code struct {
	Name     string
	Severity diag.Severity
	Text     string // a first line that says what it is, then what to do
	Example  string // DOL that gives it; empty: too long to show
}

// Explanation returns the text with the example below it.
func (c *Code) Explanation() string {
	if c.Example == "" {
		return c.Text
	}
	return c.Text + "\n\n" + c.Example
}

// Codes explains every code that this package reports, in alphabetical order.
var Codes = []Code{
	{
		"bad-char", diag.Error, "a quoted char of more than one character\n" +
			"A char is one character, or one escape, between single quotes. Text is written in double quotes.",
		"const A = 'ab'",
	},
	{
		"bad-character", diag.Error, "a character that begins no token\n" +
			"Outside texts and comments only letters, digits and the operators of DOL mean something. Remove the character, or put it into a string.",
		"const A = $1",
	},
	{
		"bad-escape", diag.Error, "an unknown escape sequence in a string or char\n" +
			"The escapes are \\n \\t \\r \\0 \\\" \\' \\\\ \\xNN and \\u{…}, which names a character by its number. A backslash of its own is \\\\.",
		"const A = \"\\q\"",
	},
	{
		"bad-number", diag.Error, "digits that make no number\n" +
			"Underscores stand between digits, 0x, 0o and 0b need digits of their base, and the only letters behind a number are the type it has, such as 42u8.",
		"const A = 12abc",
	},
	{
		"bad-place", diag.Error, "an assignment to what is no place\n" +
			"Left of `=` stands a name, a field, an element, or `_`. To compare, write `==`.",
		"fun f() { a + 1 = 2 }",
	},
	{
		"bad-utf8", diag.Error, "bytes that are no UTF-8\n" +
			"Source text is UTF-8. Save the file in that encoding.",
		"const A = \"\xff\"",
	},
	{
		"bad-version", diag.Error, "a version that is not semantic\n" +
			"A version has three numbers without leading zeros, as 1.2.3 or 1.2.3-rc.1+b7.",
		"module a @ 1.2",
	},
	{
		"bad-visibility", diag.Error, "an unknown word behind pub\n" +
			"The visibilities are `pub`, `pub(spirit)` and `pub(parent)`; `crate` and `super` are other words for the latter two.",
		"pub(friend) fun f() {}",
	},
	{
		"chained-comparison", diag.Error, "comparisons in a row\n" +
			"`a < b < c` would compare a bool. Write `a < b && b < c`.",
		"const A = a < b < c",
	},
	{
		"chained-range", diag.Error, "ranges in a row\n" +
			"A range has two ends. Put one range in parentheses if that is meant.",
		"const A = a..b..c",
	},
	{
		"deprecated-keyword", diag.Hint, "the classic spelling of a keyword\n" +
			"Both spellings are DOL; `vudo fmt --migrate` writes the newer one.",
		"gene a.b {}",
	},
	{
		"deprecated-type", diag.Hint, "the classic spelling of a type\n" +
			"Both spellings are DOL; `vudo fmt --migrate` writes the newer one.",
		"const A: Int64 = 1",
	},
	{
		"docs-ambiguous", diag.Hint, "documentation that looks as if it belonged to the declaration below it\n" +
			"A docs block behind a gen, trait, rule, system or evo documents that one. Move it into the body, or remove the blank line before it.",
		"gen a.b {}\n\ndocs { For whom? }\nfun f() {}",
	},
	{
		"evo-header", diag.Error, "the header of an evolution that does not name two versions\n" +
			"An evolution goes from an old version to a new one: `evo name @ new > old { … }`, both semantic versions.",
		"evo a.b @ 1.1.0 { because \"x\" }",
	},
	{
		"expected-declaration", diag.Error, "text at file level that begins no declaration\n" +
			"A file holds docs, `use`, and declarations: gen, trait, rule, system, evo, fun, const, var, type, enum, impl, mod.",
		"x = 1",
	},
	{
		"expected-expression", diag.Error, "something else where an expression must stand\n" +
			"The expression is missing, or something before it is not finished.",
		"const A = )",
	},
	{
		"expected-member", diag.Error, "something else where a member of a declaration must stand\n" +
			"A body holds fields, methods, rules and sentences, each on its own line.",
		"gen A { 5 }",
	},
	{
		"expected-name", diag.Error, "something else where a name must stand\n" +
			"Names begin with a letter or `_`. The hard keywords are no names, but for fields behind `has`, functions behind `fun`, and members.",
		"fun 5() {}",
	},
	{
		"expected-pattern", diag.Error, "something else where a pattern must stand\n" +
			"A pattern is a literal, a name, `_`, a variant, or several of them in brackets.",
		"fun f() { match a { + => 1 } }",
	},
	{
		"expected-token", diag.Error, "a bracket, a sign or a keyword that is missing\n" +
			"What the message names has to stand at that place.",
		"fun f(a i64) {}",
	},
	{
		"expected-type", diag.Error, "something else where a type must stand\n" +
			"A type is a name, perhaps with arguments, a tuple, a list `[T]`, a function type `(A) -> B`, or one of these with `?`.",
		"const A: = 1",
	},
	{
		"file-too-large", diag.Error, "a source file beyond the limit\n" +
			"A source file has at most 16 MiB. Split it into modules.",
		"",
	},
	{
		"foreign-syntax", diag.Error, "text of another language\n" +
			"The message names the DOL spelling. The rest of the file is not read, since it would not be understood either.",
		"fn f() {}",
	},
	{
		"implicit-sex-var", diag.Hint, "var at file level, which means sex var\n" +
			"A variable of a module is state that all functions share. `sex var` says so.",
		"var count = 0",
	},
	{
		"misplaced", diag.Error, "a declaration where it cannot stand\n" +
			"Constants, variables and types are declared at file level, methods in the body of a gen, trait, system or impl.",
		"gen A { const B = 1 }",
	},
	{
		"mixed-pipes", diag.Error, "both pipes in one expression\n" +
			"`|>` and `<|` point in two directions. Put one of them in parentheses.",
		"const A = a |> f <| b",
	},
	{
		"mixed-script-name", diag.Hint, "a name with letters of several scripts\n" +
			"Letters of other scripts may look like the ones you know; two names may look the same and differ.",
		"const pаge = 1",
	},
	{
		"needless-mut", diag.Hint, "mut on a field\n" +
			"Fields can be assigned; `mut` adds nothing.",
		"gen A { has mut b: i64 }",
	},
	{
		"needless-ref", diag.Hint, "& before an expression or a type\n" +
			"Records, lists and texts are shared, never copied; there is nothing to take a reference of.",
		"fun f(a: &A) {}",
	},
	{
		"needless-then", diag.Hint, "then before a block\n" +
			"The block says where the condition ends.",
		"fun f() { if a then { b } }",
	},
	{
		"nesting-too-deep", diag.Error, "more nesting than the compiler follows\n" +
			"Brackets, blocks and types nest at most 256 levels deep, and a chain has at most 10000 operations. Give parts of it names of their own.",
		"",
	},
	{
		"open-predicate", diag.Hint, "a verb that DOL does not know\n" +
			"The line is kept as a relation of subject, verb and rest. The known predicates are has, is, derives from, requires, uses, emits, matches, never, can and provides.",
		"gen a.b { loan extends period }",
	},
	{
		"prefer-none", diag.Hint, "null, where DOL says None\n" +
			"`null` is accepted for options and references; `None` says the same.",
		"const A = null",
	},
	{
		"prose-statement", diag.Warning, "a line that is neither a sentence nor code\n" +
			"In an ontology declaration it is kept as prose, and nothing reads it. Write subject, predicate and object, or move it to docs.",
		"gen a.b { available = total - committed }",
	},
	{
		"qname", diag.Error, "a qualified name that ends in a dot\n" +
			"Words stand on both sides of each dot.",
		"gen a. {}",
	},
	{
		"too-many-errors", diag.Error, "more than 100 errors in one file\n" +
			"The rest of the file was not checked. Correct the first errors; many of the others may follow from them.",
		"",
	},
	{
		"unclosed-bracket", diag.Error, "a bracket without its other half\n" +
			"The message shows where it was opened.",
		"fun f() { a(1",
	},
	{
		"unknown-predicate", diag.Error, "a line of a code declaration that is no sentence\n" +
			"In a declaration with a PascalCase name a line is a member or a sentence with a known predicate: has, is, derives from, requires, uses, emits, matches, never, can, provides.",
		"gen A { loan extends period }",
	},
	{
		"unmatched-bracket", diag.Error, "a closing bracket that closes nothing\n" +
			"It is one too many, or its opening half is missing.",
		"fun f() { a) }",
	},
	{
		"unterminated-char", diag.Error, "a char without closing quote\n" +
			"Write a single quote behind the character.",
		"const A = '\\n",
	},
	{
		"unterminated-comment", diag.Error, "a block comment without end\n" +
			"Block comments nest: each `/*` needs a `*/` of its own.",
		"/* /* */",
	},
	{
		"unterminated-docs", diag.Error, "a docs block without closing brace\n" +
			"Braces inside the text count. Text with an unbalanced brace is written as docs \"…\".",
		"docs { {",
	},
	{
		"unterminated-string", diag.Error, "a string without end on its line\n" +
			"Close it with a double quote. A line break inside is written \\n.",
		"const A = \"x",
	},
}
