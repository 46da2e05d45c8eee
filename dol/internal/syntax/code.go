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
	Text     string // what it means and what to do
	Example  string // DOL that gives it
}

// Explanation returns the text with the example below it.
func (c *Code) Explanation() string {
	return c.Text + "\n\n" + c.Example
}

// Codes explains every code that this package reports, in alphabetical order.
var Codes = []Code{}
