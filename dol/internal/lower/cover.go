package lower

import (
	"strconv"

	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/dol/internal/typed"
)

// Line is a line of a source file: an index into Program.Files, and the line
// from 1.
type Line struct{ File, Line int32 }

// CoverMark is what an instance writes to its output when it comes to the line
// with number n in Options.Cover for the first time. Output is what stays of a call
// that traps.
func CoverMark(n int) string { return "\x00line " + strconv.Itoa(n) + "\n" }

// mark notes that a line is reached, when it is one that is to be covered.
func (b *body) mark(p typed.Pos) {
	n, ok := b.l.opt.Cover[Line{p.File, p.Line}]
	if !ok || b.dead {
		return
	}
	lines := int32(len(b.l.opt.Cover))
	seen := b.l.static("cover", "cover", func() ir.Expr { return &ir.NewArray{Object: b.l.bytes(), Len: i32(lines)} })
	write, _ := b.l.hostImport(&typed.Func{
		Import: &typed.Import{Module: "vudo", Name: "host_output_write"},
		Params: []*typed.Var{{Type: typed.Basics[typed.String]}}, Result: typed.Basics[typed.I32],
	})
	at := i32(int32(n))
	b.when(not(&ir.GetElem{Object: b.l.bytes(), X: seen, I: at}), func() {
		b.emit(&ir.SetElem{Object: b.l.bytes(), X: seen, I: at, Value: i32(1)})
		b.emit(&ir.Do{X: &ir.CallHost{Import: write, Args: []ir.Expr{&ir.Str{Text: CoverMark(n)}}}})
	})
}

// stmtPos is where a statement begins.
func stmtPos(s typed.Stmt) typed.Pos {
	switch s := s.(type) {
	case *typed.Let:
		return s.P
	case *typed.Assign:
		return s.P
	case *typed.Do:
		return s.X.At()
	}
	return typed.Pos{}
}
