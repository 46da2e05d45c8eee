package syntax

import (
	"bufio"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"

	"github.com/univrs/vudo/diag"
)

// DumpTokens writes one token per line, "line:col kind text", with the trivia
// before each indented. The form is stable.
func DumpTokens(w io.Writer, f *File) error {
	b := bufio.NewWriter(w)
	for i := range f.Tokens {
		t := &f.Tokens[i]
		for _, tr := range t.Leading {
			fmt.Fprintf(b, "  %s %s", f.Position(tr.Start), tr.Kind)
			if tr.Kind != BlankLine {
				fmt.Fprintf(b, " %s", strconv.Quote(f.Text(tr.Span)))
			}
			b.WriteByte('\n')
		}
		fmt.Fprintf(b, "%s %s", f.Position(t.Start), t.Kind)
		if text := f.Text(t.Span); text != t.Kind.String() && t.Kind != EOF {
			fmt.Fprintf(b, " %s", diag.Escape(text))
		}
		b.WriteByte('\n')
	}
	return b.Flush()
}

// DumpTree writes the tree, one node per line with its span, children indented.
// The form is stable.
func DumpTree(w io.Writer, f *File) error {
	b := bufio.NewWriter(w)
	for _, n := range fileNodes(f) {
		dumpNode(b, f, n, 0)
	}
	return b.Flush()
}

// TreeJSON returns the tree as values for encoding/json: for each node its kind,
// span, scalar fields and children.
func TreeJSON(f *File) any { return treeValues(f, fileNodes(f)) }

// TokensJSON returns the tokens as values for encoding/json.
func TokensJSON(f *File) any {
	type trivia struct {
		Kind string `json:"kind"`
		Line int    `json:"line"`
		Col  int    `json:"col"`
		Text string `json:"text,omitempty"`
	}
	type token struct {
		Kind   string   `json:"kind"`
		Line   int      `json:"line"`
		Col    int      `json:"col"`
		Text   string   `json:"text"`
		Trivia []trivia `json:"trivia,omitempty"`
	}
	list := make([]token, 0, len(f.Tokens))
	for i := range f.Tokens {
		t := &f.Tokens[i]
		at := f.Position(t.Start)
		out := token{Kind: t.Kind.String(), Line: at.Line, Col: at.Column, Text: f.Text(t.Span)}
		for _, tr := range t.Leading {
			at := f.Position(tr.Start)
			x := trivia{Kind: tr.Kind.String(), Line: at.Line, Col: at.Column}
			if tr.Kind != BlankLine {
				x.Text = f.Text(tr.Span)
			}
			out.Trivia = append(out.Trivia, x)
		}
		list = append(list, out)
	}
	return list
}

// shown is a node as both dumps print it.
type shown struct {
	label string // the field of the parent that holds it
	kind  string
	span  Span
	attrs []attrShown
	kids  []shown
}

type attrShown struct{ name, value string }

func fileNodes(f *File) []shown {
	var list []shown
	add := func(label string, n any) {
		if s, ok := show(label, reflect.ValueOf(n)); ok {
			list = append(list, s)
		}
	}
	for _, d := range f.Docs {
		add("docs", d)
	}
	add("", f.Module)
	for _, d := range f.Items {
		add("", d)
	}
	for _, s := range f.Tests {
		add("", s)
	}
	return list
}

var (
	spanType     = reflect.TypeFor[Span]()
	qnameType    = reflect.TypeFor[QName]()
	identType    = reflect.TypeFor[Ident]()
	visType      = reflect.TypeFor[Vis]()
	spellingType = reflect.TypeFor[Spelling]()
	sentenceType = reflect.TypeFor[SentenceKind]()
	litKindType  = reflect.TypeFor[LitKind]()
)

// show returns the struct in v as a node; false for a nil one.
func show(label string, v reflect.Value) (shown, bool) {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.IsNil() {
			return shown{}, false
		}
		v = v.Elem()
	}
	s := shown{label: label, kind: v.Type().Name()}
	s.fields(v)
	return s, true
}

// fields adds the fields of the struct v to s: scalars as attributes, the rest as
// children.
func (s *shown) fields(v reflect.Value) {
	for i := range v.NumField() {
		field, value := v.Type().Field(i), v.Field(i)
		name := strings.ToLower(field.Name[:1]) + field.Name[1:]
		if field.Name == strings.ToUpper(field.Name) { // ABI, URL, X
			name = strings.ToLower(field.Name)
		}
		if field.Type == spanType {
			if field.Anonymous {
				s.span = value.Interface().(Span)
			}
			continue
		}
		if field.Anonymous {
			s.fields(value)
			continue
		}
		if text, ok := scalar(value); ok {
			if text != "" {
				s.attrs = append(s.attrs, attrShown{name, text})
			}
			continue
		}
		s.child(name, value)
	}
}

func (s *shown) child(name string, v reflect.Value) {
	if v.Kind() != reflect.Slice {
		if c, ok := show(name, v); ok {
			s.kids = append(s.kids, c)
		}
		return
	}
	for i := range v.Len() {
		if text, ok := scalar(v.Index(i)); ok {
			s.attrs = append(s.attrs, attrShown{name, text})
			continue
		}
		s.child(name, v.Index(i))
	}
}

// scalar returns the text of a value that is no node: empty for what was not
// written.
func scalar(v reflect.Value) (text string, ok bool) {
	switch v.Type() {
	case qnameType:
		q := v.Interface().(QName)
		return q.String(), true
	case reflect.PointerTo(qnameType):
		if q := v.Interface().(*QName); q != nil {
			return q.String(), true
		}
		return "", true
	case identType:
		return v.Interface().(Ident).Name, true
	case visType:
		return [...]string{"", "pub", "pub(spirit)", "pub(parent)"}[v.Uint()], true
	case spellingType:
		return [...]string{"", "classic"}[v.Uint()], true
	case sentenceType:
		return strings.ReplaceAll(v.Interface().(SentenceKind).String(), " ", "-"), true
	case litKindType:
		return [...]string{"int", "float", "string", "char", "bool", "null"}[v.Uint()], true
	}
	switch v.Kind() {
	case reflect.String:
		if v.Len() == 0 {
			return "", true
		}
		return strconv.Quote(v.String()), true
	case reflect.Bool:
		if v.Bool() {
			return "true", true
		}
		return "", true
	case reflect.Int:
		return strconv.FormatInt(v.Int(), 10), true
	}
	return "", false
}

func dumpNode(b *bufio.Writer, f *File, s shown, depth int) {
	for range depth {
		b.WriteString("  ")
	}
	if s.label != "" {
		b.WriteString(s.label + ": ")
	}
	fmt.Fprintf(b, "%s %s-%s", s.kind, f.Position(s.span.Start), f.Position(s.span.End))
	for _, a := range s.attrs {
		fmt.Fprintf(b, " %s=%s", a.name, a.value)
	}
	b.WriteByte('\n')
	for _, k := range s.kids {
		dumpNode(b, f, k, depth+1)
	}
}

func treeValues(f *File, list []shown) []map[string]any {
	out := make([]map[string]any, 0, len(list))
	for _, s := range list {
		from, to := f.Position(s.span.Start), f.Position(s.span.End)
		m := map[string]any{
			"kind": s.kind, "line": from.Line, "col": from.Column, "endLine": to.Line, "endCol": to.Column,
		}
		if s.label != "" {
			m["field"] = s.label
		}
		if len(s.attrs) > 0 {
			attrs := map[string][]string{}
			for _, a := range s.attrs {
				value := a.value
				if text, err := strconv.Unquote(value); err == nil {
					value = text
				}
				attrs[a.name] = append(attrs[a.name], value)
			}
			m["attrs"] = attrs
		}
		if len(s.kids) > 0 {
			m["children"] = treeValues(f, s.kids)
		}
		out = append(out, m)
	}
	return out
}
