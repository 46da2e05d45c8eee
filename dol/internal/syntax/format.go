package syntax

import (
	"bytes"
	"cmp"
	"reflect"
	"slices"

	"github.com/univrs/vudo/diag"
)

// FormatOptions says how Format prints.
type FormatOptions struct {
	Migrate bool // classic spellings become Clarity
}

// CodeFormat is the code of the internal error that stands for a result that
// would have said something else than the source.
const CodeFormat = "ice"

// Format returns the text of a file in the one style (dol.md 12). A file with
// errors comes back as it is, with the errors in the list; the list holds the
// parser's diagnostics either way. The result is parsed and compared with the
// source before it is returned: tree and comments are the same, or the source
// comes back with an internal error.
func Format(path string, src []byte, o FormatOptions) ([]byte, diag.List) {
	f, list := Parse(path, src)
	if list.HasErrors() {
		return src, list
	}
	before := f
	text := src
	if o.Migrate {
		text = migrate(text, list)
	}
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	if !bytes.Equal(text, src) {
		var problems diag.List
		if f, problems = Parse(path, text); problems.HasErrors() {
			return src, append(list, formatError(f, "a migrated spelling does not parse: "+problems.Error()))
		}
	}
	out := layout(f)
	g, problems := Parse(path, out)
	switch {
	case problems.HasErrors():
		return src, append(list, formatError(f, "the formatted text does not parse: "+problems.Error()))
	case !sameTree(before, g, o.Migrate):
		return src, append(list, formatError(f, "the formatted text means something else"))
	case !slices.Equal(comments(f), comments(g)):
		return src, append(list, formatError(f, "the formatted text lost a comment"))
	}
	return out, list
}

func formatError(f *File, message string) diag.Diagnostic {
	return diag.Diagnostic{
		Span: f.DiagSpan(Span{}), Code: CodeFormat, Message: "internal error of the formatter: " + message,
		Fix: &diag.Fix{Label: "report this file; it was left as it is"},
	}
}

// migrate applies the fixes of the hints about spellings.
func migrate(src []byte, list diag.List) []byte {
	var edits []diag.Edit
	for _, d := range list {
		if (d.Code == codeOldKeyword || d.Code == codeOldType) && d.Fix != nil {
			edits = append(edits, d.Fix.Edits...)
		}
	}
	slices.SortStableFunc(edits, func(a, b diag.Edit) int { return cmp.Compare(a.Span.Start.Offset, b.Span.Start.Offset) })
	var out bytes.Buffer
	at := 0
	for _, e := range edits {
		out.Write(src[at:e.Span.Start.Offset])
		out.WriteString(e.Text)
		at = e.Span.End.Offset
	}
	out.Write(src[at:])
	return out.Bytes()
}

// comments returns the texts of all comments.
func comments(f *File) (list []string) {
	for i := range f.Tokens {
		for _, t := range f.Tokens[i].Leading {
			if t.Kind != BlankLine {
				list = append(list, f.Text(t.Span))
			}
		}
	}
	return list
}

// sameTree compares two files without spans and trivia. With migrated, classic
// spellings and types in a are equal to what replaces them in b.
func sameTree(a, b *File, migrated bool) bool {
	c := comparer{migrated: migrated, own: a.own}
	return c.same(reflect.ValueOf(a.Docs), reflect.ValueOf(b.Docs)) &&
		c.same(reflect.ValueOf(a.Module), reflect.ValueOf(b.Module)) &&
		c.same(reflect.ValueOf(a.Items), reflect.ValueOf(b.Items)) &&
		c.same(reflect.ValueOf(a.Tests), reflect.ValueOf(b.Tests))
}

type comparer struct {
	migrated bool
	own      map[string]bool // types of the file; their names are no old spelling
}

func (c comparer) same(a, b reflect.Value) bool {
	if a.Kind() == reflect.Interface {
		if a.IsNil() || b.IsNil() {
			return a.IsNil() == b.IsNil()
		}
		return c.same(a.Elem(), b.Elem())
	}
	if c.migrated && a.Kind() == reflect.Pointer {
		if t, ok := a.Interface().(*NamedType); ok && t != nil {
			a = reflect.ValueOf(c.modern(t))
		}
	}
	if a.Type() != b.Type() {
		return false
	}
	switch a.Kind() {
	case reflect.Pointer:
		if a.IsNil() || b.IsNil() {
			return a.IsNil() == b.IsNil()
		}
		if block, ok := a.Interface().(*Block); ok {
			return c.sameBlock(block, b.Interface().(*Block))
		}
		return c.same(a.Elem(), b.Elem())
	case reflect.Slice:
		if a.Len() != b.Len() {
			return false
		}
		for i := range a.Len() {
			if !c.same(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Struct:
		for i := range a.NumField() {
			t := a.Field(i).Type()
			if t == spanType || c.migrated && t == spellingType {
				continue
			}
			if !c.same(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	}
	return a.Equal(b)
}

// sameBlock compares statements. Only behind the last one does a semicolon say
// anything.
func (c comparer) sameBlock(a, b *Block) bool {
	if a.Sex != b.Sex || len(a.Stmts) != len(b.Stmts) {
		return false
	}
	for i, s := range a.Stmts {
		x, isExpr := s.(*ExprStmt)
		y, alsoExpr := b.Stmts[i].(*ExprStmt)
		if isExpr != alsoExpr {
			return false
		}
		if isExpr {
			if i == len(a.Stmts)-1 && x.Semi != y.Semi || !c.same(reflect.ValueOf(x.X), reflect.ValueOf(y.X)) {
				return false
			}
			continue
		}
		if !c.same(reflect.ValueOf(s), reflect.ValueOf(b.Stmts[i])) {
			return false
		}
	}
	return true
}

// modern returns the type that replaces a classic one, or t.
func (c comparer) modern(t *NamedType) TypeExpr {
	if len(t.Name.Parts) != 1 || c.own[t.Name.Parts[0].Name] {
		return t
	}
	name := t.Name.Parts[0].Name
	switch {
	case name == "Array" && len(t.Args) == 2:
		var n Expr
		switch arg := t.Args[1].(type) {
		case *IntType:
			n = arg.Value
		case *NamedType:
			n = &Name{Ident: arg.Name.String()}
		}
		return &ListType{Elem: t.Args[0], Len: n}
	case name == "Tuple" && len(t.Args) > 1:
		return &TupleType{Elems: t.Args}
	case oldTypes[name] == "()":
		return &TupleType{}
	case oldTypes[name] != "":
		return &NamedType{Name: QName{Parts: []Ident{{Name: oldTypes[name]}}}, Args: t.Args}
	}
	return t
}
