package lower

import (
	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/dol/internal/typed"
)

// variable is where a variable of the program is.
type variable struct {
	local int        // -1: it has no representation
	kind  ir.Kind    // of the variable
	cell  *ir.Object // not nil: the local holds a cell that holds the variable
}

// cellOf returns the object that holds a shared variable.
func (l *lowerer) cellOf(k ir.Kind) *ir.Object {
	if l.cells[k] == nil {
		s := [...]ir.Storage{ir.I32: ir.StoreI32, ir.I64: ir.StoreI64, ir.F32: ir.StoreF32, ir.F64: ir.StoreF64, ir.Ref: ir.StoreRef}[k]
		l.cells[k] = l.newObject(&ir.Object{Name: "Cell<" + storageNames[s] + ">", Fields: []ir.Member{{Name: "value", Storage: s}}})
	}
	return l.cells[k]
}

// cell makes a new cell for a variable.
func (b *body) cell(v *typed.Var, k ir.Kind, x ir.Expr) variable {
	o := b.l.cellOf(k)
	at := b.local(v.Name, ir.Ref, true)
	b.emit(&ir.Set{Local: at, X: &ir.New{Object: o, Fields: []ir.Expr{x}, Pos: pos(v.Pos)}})
	return variable{local: at, kind: k, cell: o}
}

// declare makes a variable with a value; x is nil when it has no representation.
func (b *body) declare(v *typed.Var, x ir.Expr) {
	k := b.l.kind(b.typ(v.Type))
	switch {
	case k == ir.None:
		b.deliver(x, sink{kind: drop})
		b.vars[v] = variable{local: -1}
	case b.dead: // whatever comes later is not made either
		b.vars[v] = variable{local: b.local(v.Name, k, false), kind: k}
	case b.shared[v]:
		b.vars[v] = b.cell(v, k, x)
	default:
		at := b.local(v.Name, k, !v.Mutable)
		b.emit(&ir.Set{Local: at, X: x})
		b.vars[v] = variable{local: at, kind: k}
	}
}

// read reads a variable.
func (b *body) read(v *typed.Var, p typed.Pos) ir.Expr {
	w, ok := b.vars[v]
	switch {
	case !ok:
		b.l.fail(p, "unresolved-name", "%s has no value here", v.Name)
	case w.local < 0:
		return nil
	case w.cell != nil:
		return &ir.GetField{Object: w.cell, Index: 0, X: get(w.local, ir.Ref)}
	}
	return get(w.local, w.kind)
}

// write writes a variable.
func (b *body) write(v *typed.Var, x ir.Expr, p typed.Pos) {
	w, ok := b.vars[v]
	switch {
	case !ok:
		b.l.fail(p, "unresolved-name", "%s has no value here", v.Name)
	case w.local < 0 || x == nil:
		b.deliver(x, sink{kind: drop})
	case w.cell != nil:
		b.emit(&ir.SetField{Object: w.cell, Index: 0, X: get(w.local, ir.Ref), Value: x})
	default:
		b.fixed[w.local] = false
		b.emit(&ir.Set{Local: w.local, X: x})
	}
}
