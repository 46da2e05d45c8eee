package lower

import (
	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/dol/internal/typed"
	"github.com/univrs/vudo/internal/wasm"
)

// compare orders two values: an i32 below, at or above 0. Text is compared by
// bytes, tuples, records and lists from the first part on, enums by variant
// first. NaN is equal to itself and above all other numbers, so that this is a
// total order, which < on floats is not.
func (b *body) compare(t typed.Type, x, y ir.Expr, p typed.Pos) ir.Expr {
	l := b.l.layout(t)
	switch l.shape {
	case nothing:
		b.deliver(x, sink{kind: drop})
		b.deliver(y, sink{kind: drop})
		return i32(0)
	case function:
		b.l.fail(p, "bad-operand", "functions cannot be compared")
	}
	return &ir.Call{Func: b.l.order(l, p), Args: []ir.Expr{x, y}, Pos: pos(p)}
}

// order returns the function that compares two values.
func (l *lowerer) order(y *layout, p typed.Pos) *ir.Func {
	key := "compare " + y.key
	if y.shape == text {
		key = "compare text"
	}
	return l.synth(key, y.typ.String()+".compare", []ir.Kind{y.kind, y.kind}, ir.I32, func(b *body) {
		x, z := get(0, y.kind), get(1, y.kind)
		switch y.shape {
		case scalar:
			b.compareNumbers(y.basic, x, z)
		case index:
			b.compareNumbers(typed.U32, x, z)
		case text:
			b.compareText(x, z)
		case array:
			elem := y.typ.(*typed.Array).Elem
			b.compareItems(&ir.ArrayLen{X: x}, &ir.ArrayLen{X: z}, func(i ir.Expr) (ir.Expr, ir.Expr) {
				return b.item(y, elem, x, i), b.item(y, elem, z, i)
			}, elem, p)
		case record:
			if v := l.vec(y.typ); v != nil {
				b.compareItems(v.length(x), v.length(z), func(i ir.Expr) (ir.Expr, ir.Expr) {
					return b.slot(v, x, i), b.slot(v, z, i)
				}, v.elem, p)
				return
			}
			b.compareFields(y.object, y.fields, x, z, p)
		case nullable:
			b.unequal(typed.U32, b.tag(y, x), b.tag(y, z))
			b.when(&ir.IsNull{X: x}, func() { b.emit(&ir.Return{X: i32(0)}) })
			b.emit(&ir.Return{X: b.compare(y.some().typ, x, z, p)})
		case tagged:
			b.unequal(typed.U32, b.tag(y, x), b.tag(y, z))
			b.cases(b.tag(y, x), len(y.variants), func(i int) {
				b.compareFields(y.variants[i].object, y.variants[i].fields, x, z, p)
			})
		}
	})
}

// compareNumbers returns the order of two numbers.
func (b *body) compareNumbers(k typed.Kind, x, z ir.Expr) {
	b.unequal(k, x, z)
	if !k.IsFloat() {
		b.emit(&ir.Return{X: i32(0)})
		return
	}
	nan := func(x ir.Expr) ir.Expr { return bin(opcode(typed.Ne, k), x, x) }
	b.emit(&ir.Return{X: bin(wasm.OpI32Sub, nan(x), nan(z))})
}

// unequal returns when one number is less than the other.
func (b *body) unequal(k typed.Kind, x, z ir.Expr) {
	b.when(bin(opcode(typed.Lt, k), x, z), func() { b.emit(&ir.Return{X: i32(-1)}) })
	b.when(bin(opcode(typed.Gt, k), x, z), func() { b.emit(&ir.Return{X: i32(1)}) })
}

func (b *body) compareFields(o *ir.Object, fields []member, x, z ir.Expr, p typed.Pos) {
	for _, f := range fields {
		if f.at >= 0 {
			b.unlessZero(b.compare(f.typ, fieldOf(o, f, x), fieldOf(o, f, z), p))
		}
	}
	b.emit(&ir.Return{X: i32(0)})
}

// unlessZero returns x when it is not 0.
func (b *body) unlessZero(x ir.Expr) {
	c := b.temp(x)
	b.when(c, func() { b.emit(&ir.Return{X: c}) })
}

// compareItems compares two sequences; a prefix comes first.
func (b *body) compareItems(n, m ir.Expr, items func(i ir.Expr) (ir.Expr, ir.Expr), elem typed.Type, p typed.Pos) {
	b.count(n, func(_ *target, i ir.Expr) {
		b.when(bin(wasm.OpI32GeU, i, m), func() { b.emit(&ir.Return{X: i32(1)}) })
		x, y := items(i)
		b.unlessZero(b.compare(elem, x, y, p))
	})
	b.emit(&ir.Return{X: &ir.Tern{Cond: bin(wasm.OpI32LtU, n, m), A: i32(-1), B: i32(0)}})
}

func (b *body) compareText(x, z ir.Expr) {
	n, m := b.temp(&ir.ArrayLen{X: x}), b.temp(&ir.ArrayLen{X: z})
	least := b.temp(&ir.Tern{Cond: bin(wasm.OpI32LtU, n, m), A: n, B: m})
	b.count(least, func(_ *target, i ir.Expr) {
		b.unlessZero(bin(wasm.OpI32Sub, b.byteAt(x, i), b.byteAt(z, i)))
	})
	b.unequal(typed.U32, n, m)
	b.emit(&ir.Return{X: i32(0)})
}
