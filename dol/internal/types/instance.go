package types

import (
	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/dol/internal/typed"
)

// instance is a use of a generic function in another one.
type instance struct {
	to   *funcInfo
	args []typed.Type
	at   syntax.Span
	s    *source
}

func (b *body) noteInstance(f *funcInfo, args []typed.Type, at syntax.Span) {
	if len(b.f.fn.TypeParams) > 0 {
		b.instances = append(b.instances, instance{f, args, at, b.s})
	}
}

// textImport is a call of an import with a string for a pointer and a length.
func (b *body) textImport(f *funcInfo, args []argument, i int, y typed.Expr) []argument {
	args[i].y = y
	return args
}
