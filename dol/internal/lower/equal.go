package lower

import (
	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/dol/internal/typed"
	"github.com/univrs/vudo/internal/wasm"
)

// equal is structural equality. An object is equal to itself, which ends the
// comparison of cyclic values that share what closes the cycle.
func (b *body) equal(t typed.Type, x, y ir.Expr, p typed.Pos) ir.Expr {
	l := b.l.layout(t)
	switch l.shape {
	case nothing:
		b.deliver(x, sink{kind: drop})
		b.deliver(y, sink{kind: drop})
		return i32(1)
	case scalar:
		return bin(opcode(typed.Eq, l.basic), x, y)
	case index:
		return bin(wasm.OpI32Eq, x, y)
	case function:
		return &ir.Same{X: x, Y: y}
	}
	return &ir.Call{Func: b.l.equality(l), Args: []ir.Expr{x, y}, Pos: pos(p)}
}

// equality returns the function that compares two references.
func (l *lowerer) equality(y *layout) *ir.Func {
	if y.shape == text || y.shape == array && y.object == l.bytes() {
		return l.textEqual()
	}
	return l.synth("equal "+y.key, y.typ.String()+".equal", []ir.Kind{ir.Ref, ir.Ref}, ir.I32, func(b *body) {
		a, c := get(0, ir.Ref), get(1, ir.Ref)
		b.when(&ir.Same{X: a, Y: c}, func() { b.answer(true) })
		switch {
		case y.shape == array:
			elem := y.typ.(*typed.Array).Elem
			b.sameItems(&ir.ArrayLen{X: a}, &ir.ArrayLen{X: c}, func(i ir.Expr) (ir.Expr, ir.Expr) {
				return b.item(y, elem, a, i), b.item(y, elem, c, i)
			}, elem)
		case y.shape == record:
			b.equalRecords(y, a, c)
		case y.shape == nullable:
			b.when(or(&ir.IsNull{X: a}, &ir.IsNull{X: c}), func() { b.answer(false) })
			b.emit(&ir.Return{X: b.equal(y.some().typ, a, c, typed.Pos{})})
		default:
			b.when(bin(wasm.OpI32Ne, b.tag(y, a), b.tag(y, c)), func() { b.answer(false) })
			b.cases(b.tag(y, a), len(y.variants), func(i int) {
				v := y.variants[i]
				b.equalFields(v.object, v.fields, a, c)
			})
		}
	})
}

// some is the field of an Option's variant that has one.
func (y *layout) some() member { return y.variants[1-y.none()].fields[0] }

func (b *body) answer(yes bool) {
	n := int32(0)
	if yes {
		n = 1
	}
	b.emit(&ir.Return{X: i32(n)})
}

// equalRecords compares records field by field, and the library's containers as
// what they contain.
func (b *body) equalRecords(y *layout, a, c ir.Expr) {
	known := b.l.prog.Known
	if v := b.l.vec(y.typ); v != nil {
		b.sameItems(v.length(a), v.length(c), func(i ir.Expr) (ir.Expr, ir.Expr) {
			return b.slot(v, a, i), b.slot(v, c, i)
		}, v.elem)
		return
	}
	if args := b.l.args(y.typ, known.Map); args != nil {
		b.emit(&ir.Return{X: b.lib("map_equals", typed.Pos{}, args, a, c)})
		return
	}
	if args := b.l.args(y.typ, known.Set); args != nil {
		b.emit(&ir.Return{X: b.lib("set_equals", typed.Pos{}, args, a, c)})
		return
	}
	b.equalFields(y.object, y.fields, a, c)
}

// equalFields returns whether all fields are equal. The last one is compared in
// tail position.
func (b *body) equalFields(o *ir.Object, fields []member, a, c ir.Expr) {
	var kept []member
	for _, f := range fields {
		if f.at >= 0 {
			kept = append(kept, f)
		}
	}
	for i, f := range kept {
		x := b.equal(f.typ, fieldOf(o, f, a), fieldOf(o, f, c), typed.Pos{})
		if i == len(kept)-1 {
			b.emit(&ir.Return{X: x})
			return
		}
		b.when(not(x), func() { b.answer(false) })
	}
	b.answer(true)
}

// sameItems returns whether two sequences have the same length and equal items.
func (b *body) sameItems(n, m ir.Expr, items func(i ir.Expr) (ir.Expr, ir.Expr), elem typed.Type) {
	b.when(bin(wasm.OpI32Ne, n, m), func() { b.answer(false) })
	b.count(n, func(_ *target, i ir.Expr) {
		x, y := items(i)
		b.when(not(b.equal(elem, x, y, typed.Pos{})), func() { b.answer(false) })
	})
	b.answer(true)
}

// item reads an element of an array, nil when it has no representation.
func (b *body) item(y *layout, elem typed.Type, a, i ir.Expr) ir.Expr {
	if b.l.kind(elem) == ir.None {
		return nil
	}
	return &ir.GetElem{Object: y.object, X: a, I: i}
}

// count runs f for the numbers below n, which is computed in each round.
func (b *body) count(n ir.Expr, f func(end *target, i ir.Expr)) {
	at := b.local("", ir.I32, false)
	i := get(at, ir.I32)
	b.emit(&ir.Set{Local: at, X: i32(0)})
	b.block("for", func(end *target) {
		b.forever(func() {
			b.when(bin(wasm.OpI32GeU, i, n), func() { b.br(end) })
			f(end, i)
			b.emit(&ir.Set{Local: at, X: bin(wasm.OpI32Add, i, i32(1))})
		})
	})
}

// textEqual compares the bytes of two texts.
func (l *lowerer) textEqual() *ir.Func {
	return l.synth("equal text", "string.equal", []ir.Kind{ir.Ref, ir.Ref}, ir.I32, func(b *body) {
		a, c := get(0, ir.Ref), get(1, ir.Ref)
		b.when(&ir.Same{X: a, Y: c}, func() { b.answer(true) })
		n := b.temp(&ir.ArrayLen{X: a})
		b.when(bin(wasm.OpI32Ne, n, &ir.ArrayLen{X: c}), func() { b.answer(false) })
		b.count(n, func(_ *target, i ir.Expr) {
			b.when(bin(wasm.OpI32Ne, b.byteAt(a, i), b.byteAt(c, i)), func() { b.answer(false) })
		})
		b.answer(true)
	})
}

func (b *body) byteAt(x, i ir.Expr) ir.Expr {
	return &ir.GetElem{Object: b.l.bytes(), X: x, I: i}
}
