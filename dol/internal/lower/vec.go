package lower

import (
	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/dol/internal/typed"
	"github.com/univrs/vudo/internal/wasm"
)

// length is the number of elements of a Vec.
func (v *vec) length(list ir.Expr) ir.Expr {
	return &ir.GetField{Object: v.object, Index: v.len, X: list}
}

// storage is the array of a Vec.
func (v *vec) storage(list ir.Expr) ir.Expr {
	return &ir.GetField{Object: v.object, Index: v.buf, X: list}
}

// slot reads an element whose index is in range, nil when elements have no
// representation.
func (b *body) slot(v *vec, list, i ir.Expr) ir.Expr {
	if b.l.kind(v.elem) == ir.None {
		return nil
	}
	return &ir.GetElem{Object: v.array, X: v.storage(list), I: i}
}

// indexValue is an index as the program has it: of 64 bits or of 32.
type indexValue struct {
	x      ir.Expr
	signed bool
}

// indexOf pairs a computed index with what its type says.
func (b *body) indexOf(e typed.Expr, x ir.Expr) indexValue {
	return indexValue{x, b.l.layout(b.typ(e.Type())).basic.IsSigned()}
}

// element reads v[i] after checking i.
func (b *body) element(v *vec, list ir.Expr, i indexValue, p typed.Pos) ir.Expr {
	list, i.x = b.pin(list, i.x)
	at := b.checked(v, list, i, p)
	return b.slot(v, list, at)
}

// pin makes a list and an index usable more than once.
func (b *body) pin(list, i ir.Expr) (ir.Expr, ir.Expr) {
	xs := []ir.Expr{list, i}
	mark := len(b.out)
	xs[1] = b.again(i)
	if len(b.out) > mark {
		b.spill(xs[:1], mark)
	}
	return b.again(xs[0]), xs[1]
}

// checked panics unless i is an index of list, and returns it as i32. Seen as
// unsigned, a negative index is too large.
func (b *body) checked(v *vec, list ir.Expr, i indexValue, p typed.Pos) ir.Expr {
	if i.x.Kind() == ir.I64 {
		b.when(bin(wasm.OpI64GeU, i.x, un(wasm.OpI64ExtendI32U, v.length(list))), func() {
			b.indexPanic(i, v.length(list), p)
		})
		return un(wasm.OpI32WrapI64, i.x)
	}
	b.when(bin(wasm.OpI32GeU, i.x, v.length(list)), func() { b.indexPanic(i, v.length(list), p) })
	return i.x
}

// indexPanic says which index was out of which length.
func (b *body) indexPanic(i indexValue, n ir.Expr, p typed.Pos) {
	if b.l.opt.PanicTrap {
		b.panics(&ir.Str{}, p)
		return
	}
	digits, name := "u64_text", "index message"
	if i.signed {
		digits, name = "i64_text", "signed index message"
	}
	x := i.x
	if x.Kind() == ir.I32 {
		op := wasm.OpI64ExtendI32U
		if i.signed {
			op = wasm.OpI64ExtendI32S
		}
		x = un(op, x)
	}
	fn := b.l.synth(name, name, []ir.Kind{ir.I64, ir.I32}, ir.Ref, func(b *body) {
		number := b.lib(digits, typed.Pos{}, nil, get(0, ir.I64))
		length := b.lib("u64_text", typed.Pos{}, nil, un(wasm.OpI64ExtendI32U, get(1, ir.I32)))
		b.emit(&ir.Return{X: b.join([]ir.Expr{&ir.Str{Text: "index "}, number, &ir.Str{Text: " out of bounds, length "}, length}, typed.Pos{})})
	})
	b.panics(&ir.Call{Func: fn, Args: []ir.Expr{x, n}, Pos: pos(p)}, p)
}

// panicsWith ends the call with a message of the program, which is not even
// computed when messages are left out.
func (b *body) panicsWith(msg typed.Expr, p typed.Pos) {
	if b.l.opt.PanicTrap {
		b.panics(&ir.Str{}, p)
		return
	}
	b.panics(b.expr(msg), p)
}

// panics ends the call with a message.
func (b *body) panics(msg ir.Expr, p typed.Pos) {
	if b.l.opt.PanicTrap {
		msg = &ir.Str{}
	}
	b.emit(&ir.Panic{Msg: msg, Pos: pos(p)})
}
