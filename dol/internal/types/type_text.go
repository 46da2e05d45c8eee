package types

import (
	"strings"

	"github.com/univrs/vudo/dol/internal/typed"
)

// maxTypeText bounds how long the name of a type in a message gets.
const maxTypeText = 200

// typeText prints a type, with the classic names if asked for.
func typeText(t typed.Type, classic bool) string {
	var b strings.Builder
	writeType(&b, t, classic)
	if b.Len() > maxTypeText {
		return b.String()[:maxTypeText] + "…"
	}
	return b.String()
}

func writeType(b *strings.Builder, t typed.Type, classic bool) {
	if b.Len() > maxTypeText {
		return
	}
	name := func(s string) {
		if old, ok := classicSpelling[s]; ok && classic {
			s = old
		}
		b.WriteString(s)
	}
	list := func(ts []typed.Type) {
		for i, t := range ts {
			if i > 0 {
				b.WriteString(", ")
			}
			writeType(b, t, classic)
		}
	}
	switch t := prune(t).(type) {
	case *typed.Basic:
		name(t.Kind.String())
	case *typed.Named:
		name(t.Decl.Name)
		if len(t.Args) > 0 {
			b.WriteByte('<')
			list(t.Args)
			b.WriteByte('>')
		}
	case *typed.Tuple:
		b.WriteByte('(')
		list(t.Elems)
		b.WriteByte(')')
	case *typed.FuncType:
		b.WriteByte('(')
		list(t.Params)
		b.WriteString(") -> ")
		writeType(b, t.Result, classic)
	case *typed.Array:
		b.WriteString("Array<")
		writeType(b, t.Elem, classic)
		b.WriteByte('>')
	default:
		b.WriteString(t.String())
	}
}
