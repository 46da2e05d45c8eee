package lower

import (
	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/dol/internal/typed"
)

// stmts adds statements until one ends all paths.
func (b *body) stmts(list []typed.Stmt) {
	for _, s := range list {
		if b.dead {
			return
		}
		b.mark(stmtPos(s))
		switch s := s.(type) {
		case *typed.Let:
			b.let(s)
		case *typed.Assign:
			b.assign(s)
		case *typed.Do:
			b.exprTo(s.X, sink{kind: drop})
		}
	}
}

func (b *body) let(s *typed.Let) {
	v, single := s.Pattern.(*typed.BindPat)
	single = single && v.Sub == nil
	switch {
	case s.Value == nil:
		b.declare(v.Var, b.l.zeroSlot(b.typ(v.Var.Type)))
		if w := b.vars[v.Var]; w.local >= 0 && w.cell == nil {
			b.fixed[w.local] = false
		}
	case single:
		b.letVar(v.Var, s.Value)
	default:
		if tuple, ok := s.Value.(*typed.NewTuple); ok {
			if p, ok := s.Pattern.(*typed.TuplePat); ok {
				b.letTuple(p, tuple)
				return
			}
		}
		t := b.typ(s.Value.Type())
		x := b.expr(s.Value)
		if !b.dead && x != nil {
			x = b.hold(x)
		}
		b.bind(s.Pattern, x, t)
	}
}

// letVar binds one variable, straight from the branches of its value.
func (b *body) letVar(v *typed.Var, value typed.Expr) {
	if f, ok := value.(*typed.Lambda); ok {
		b.declare(v, b.lambda(f, v))
		return
	}
	k := b.l.kind(b.typ(v.Type))
	switch value.(type) {
	case *typed.Match, *typed.Block, *typed.Loop:
		if k != ir.None && !b.shared[v] {
			at := b.local(v.Name, k, !v.Mutable)
			b.exprTo(value, sink{store, at})
			b.vars[v] = variable{local: at, kind: k}
			return
		}
	}
	b.declare(v, b.expr(value))
}

// letTuple binds the elements of a tuple that is not made.
func (b *body) letTuple(p *typed.TuplePat, e *typed.NewTuple) {
	xs := b.operands(e.Elems...)
	if !b.dead {
		b.spill(xs, len(b.out))
	}
	for i, q := range p.Elems {
		b.bind(q, xs[i], b.typ(e.Elems[i].Type()))
	}
}

// assign stores into a place. The parts of the place are computed first, then
// the value; an index is checked before the old value is read and again before
// the store, if the value may have changed the list.
func (b *body) assign(s *typed.Assign) {
	switch place := s.Place.(type) {
	case *typed.Local:
		if s.Set {
			b.write(place.Var, b.expr(s.Value), s.P)
			return
		}
		b.write(place.Var, b.update(s, b.read(place.Var, s.P)), s.P)
	case *typed.GlobalRef:
		g := b.l.global(place.Global)
		old := func() ir.Expr { return &ir.GetGlobal{Global: g} }
		if x := b.newValue(s, old); x != nil && !b.dead {
			b.emit(&ir.SetGlobal{Global: g, X: x})
		}
	case *typed.GetField:
		b.assignField(s, place)
	case *typed.GetIndex:
		b.assignIndex(s, place)
	}
}

// newValue computes what is stored; old reads the place.
func (b *body) newValue(s *typed.Assign, old func() ir.Expr) ir.Expr {
	if s.Set || b.kindOf(s.Place) == ir.None {
		return b.expr(s.Value)
	}
	return b.update(s, old())
}

// update applies the operation of a compound assignment to the old value.
func (b *body) update(s *typed.Assign, old ir.Expr) ir.Expr {
	xs := []ir.Expr{old}
	mark := len(b.out)
	y := b.expr(s.Value)
	if len(b.out) > mark {
		b.spill(xs, mark)
	}
	if b.dead {
		return old
	}
	return b.operate(s.Op, b.typ(s.Place.Type()), xs[0], y, s.P)
}

func (b *body) assignField(s *typed.Assign, place *typed.GetField) {
	y := b.l.layout(b.typ(place.X.Type()))
	m := y.fields[place.Index]
	xs := []ir.Expr{b.expr(place.X)}
	if b.dead {
		return
	}
	if !s.Set || m.at < 0 {
		xs[0] = b.again(xs[0])
	}
	mark := len(b.out)
	x := b.newValue(s, func() ir.Expr { return &ir.GetField{Object: y.object, Index: m.at, X: xs[0]} })
	if len(b.out) > mark {
		b.spill(xs, mark)
	}
	if !b.dead && x != nil {
		b.emit(&ir.SetField{Object: y.object, Index: m.at, X: xs[0], Value: x})
	}
}

func (b *body) assignIndex(s *typed.Assign, place *typed.GetIndex) {
	v := b.l.vec(b.typ(place.X.Type()))
	xs := b.operands(place.X, place.I)
	if b.dead {
		return
	}
	list, at := b.pin(xs[0], xs[1])
	i := b.indexOf(place.I, at)
	if s.Set {
		parts := []ir.Expr{list, i.x, nil}
		mark := len(b.out)
		parts[2] = b.expr(s.Value)
		if len(b.out) > mark {
			b.spill(parts[:2], mark)
		}
		if b.dead {
			return
		}
		if !pure(parts[2]) {
			parts[2] = b.temp(parts[2])
		}
		list, i.x = parts[0], parts[1]
		b.setSlot(v, list, b.checked(v, list, i, s.P), parts[2])
		return
	}
	slot := b.checked(v, list, i, s.P)
	parts := []ir.Expr{list, i.x}
	mark := len(b.out)
	x := b.update(s, b.slot(v, list, slot))
	if len(b.out) > mark {
		b.spill(parts, mark)
	}
	if b.dead {
		return
	}
	list, i.x = parts[0], parts[1]
	if len(b.out) > mark || !pure(x) { // the list may be shorter now
		x = b.temp(x)
		slot = b.checked(v, list, i, s.P)
	}
	b.setSlot(v, list, slot, x)
}

// setSlot writes an element whose index is in range.
func (b *body) setSlot(v *vec, list, i, x ir.Expr) {
	if x == nil {
		return
	}
	b.emit(&ir.SetElem{Object: v.array, X: v.storage(list), I: i, Value: x})
}
