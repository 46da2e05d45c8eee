package types

import (
	"github.com/univrs/vudo/diag"
	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/dol/internal/typed"
)

// Info answers questions about a checked program that the typed tree does not:
// what documentation and editors show.
type Info struct {
	Symbols []*Symbol   // declarations and members, in source order
	Refs    []Reference // uses of them in the user's files
}

// Symbol is a declaration, member or local.
type Symbol struct {
	Kind      string // type, trait, function, method, constant, variable, field, variant, rule, law, local, module
	Name      string
	Module    string
	Owner     string // of members
	Signature string
	Effects   string
	Docs      string
	Public    bool
	Def       diag.Span
}

// Reference is a use of a symbol.
type Reference struct {
	Span   diag.Span
	Symbol *Symbol
}

func (c *checker) refer(s *source, at syntax.Span, y *symbol) {}

func (b *body) referLocal(at syntax.Span, l *local) {}

func (b *body) referField(at syntax.Span, f *fieldInfo) {}

func (b *body) referFunc(at syntax.Span, f *funcInfo) { f.used = true }

func (b *body) referVariant(at syntax.Span, t *typeInfo, v *typed.Variant) {}
