package lower

import (
	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/dol/internal/typed"
	"github.com/univrs/vudo/internal/wasm"
)

// Hashes are u32, equal for equal values, and spread over all bits, so that a
// table may take the lowest. The constants are those of FNV-1a and of the
// finaliser of MurmurHash3.
const (
	fnvBasis = 0x811c9dc5
	fnvPrime = 0x01000193
	mix1     = 0x85ebca6b
	mix2     = 0xc2b2ae35
)

func u32(n uint32) ir.Expr { return i32(int32(n)) }

// hash computes the hash of a value.
func (b *body) hash(t typed.Type, x ir.Expr, p typed.Pos) ir.Expr {
	y := b.l.layout(t)
	switch y.shape {
	case nothing:
		b.deliver(x, sink{kind: drop})
		return u32(fnvBasis)
	case function:
		b.l.fail(p, "bad-operand", "functions have no hash")
	}
	return &ir.Call{Func: b.l.hashing(y, p), Args: []ir.Expr{x}, Pos: pos(p)}
}

// hashing returns the function that hashes values of a type.
func (l *lowerer) hashing(y *layout, p typed.Pos) *ir.Func {
	key := "hash " + y.key
	if y.shape == text {
		key = "hash text"
	}
	return l.synth(key, y.typ.String()+".hash", []ir.Kind{y.kind}, ir.I32, func(b *body) {
		x := get(0, y.kind)
		h := b.local("hash", ir.I32, false)
		b.emit(&ir.Set{Local: h, X: u32(fnvBasis)})
		switch y.shape {
		case scalar:
			b.emit(&ir.Return{X: b.finalise(b.bits(y.basic, x))})
			return
		case index:
			b.emit(&ir.Return{X: b.finalise(x)})
			return
		case text:
			b.count(b.temp(&ir.ArrayLen{X: x}), func(_ *target, i ir.Expr) {
				b.fold(h, b.byteAt(x, i))
			})
		case array:
			elem := y.typ.(*typed.Array).Elem
			b.count(&ir.ArrayLen{X: x}, func(_ *target, i ir.Expr) {
				b.fold(h, b.hash(elem, b.item(y, elem, x, i), p))
			})
		case record:
			b.hashRecord(y, h, x, p)
		case nullable:
			b.when(not(&ir.IsNull{X: x}), func() { b.fold(h, b.hash(y.some().typ, x, p)) })
		case tagged:
			b.fold(h, b.tag(y, x))
			b.cases(b.tag(y, x), len(y.variants), func(i int) {
				b.hashFields(y.variants[i].object, y.variants[i].fields, h, x, p)
			})
		}
		b.emit(&ir.Return{X: b.finalise(get(h, ir.I32))})
	})
}

// fold adds 32 bits to the hash in a local.
func (b *body) fold(h int, x ir.Expr) {
	b.emit(&ir.Set{Local: h, X: bin(wasm.OpI32Mul, bin(wasm.OpI32Xor, get(h, ir.I32), x), u32(fnvPrime))})
}

// finalise spreads a hash over all bits.
func (b *body) finalise(x ir.Expr) ir.Expr {
	fn := b.l.synth("finalise", "hash.finalise", []ir.Kind{ir.I32}, ir.I32, func(b *body) {
		h := get(0, ir.I32)
		shift := func(n int32) {
			b.emit(&ir.Set{Local: 0, X: bin(wasm.OpI32Xor, h, bin(wasm.OpI32ShrU, h, i32(n)))})
		}
		times := func(n uint32) { b.emit(&ir.Set{Local: 0, X: bin(wasm.OpI32Mul, h, u32(n))}) }
		shift(16)
		times(mix1)
		shift(13)
		times(mix2)
		shift(16)
		b.emit(&ir.Return{X: h})
	})
	return call(fn, x)
}

// bits makes 32 bits of a number, the same for 0.0 and -0.0.
func (b *body) bits(k typed.Kind, x ir.Expr) ir.Expr {
	switch k {
	case typed.F32:
		return un(wasm.OpI32ReinterpretF32, bin(wasm.OpF32Add, x, &ir.Const{K: ir.F32}))
	case typed.F64:
		x = un(wasm.OpI64ReinterpretF64, bin(wasm.OpF64Add, x, f64(0)))
	case typed.I64, typed.U64:
	default:
		return x
	}
	x = b.again(x)
	high := un(wasm.OpI32WrapI64, bin(wasm.OpI64ShrU, x, i64(32)))
	return bin(wasm.OpI32Xor, un(wasm.OpI32WrapI64, x), bin(wasm.OpI32Mul, high, u32(fnvPrime)))
}

func (b *body) hashRecord(y *layout, h int, x ir.Expr, p typed.Pos) {
	known := b.l.prog.Known
	if v := b.l.vec(y.typ); v != nil {
		b.count(v.length(x), func(_ *target, i ir.Expr) {
			b.fold(h, b.hash(v.elem, b.slot(v, x, i), p))
		})
		return
	}
	sum := func(items ir.Expr, elem typed.Type) { // the order of tables does not count
		v := b.l.vec(b.l.vecType(elem))
		list := b.temp(items)
		b.count(v.length(list), func(_ *target, i ir.Expr) {
			b.emit(&ir.Set{Local: h, X: bin(wasm.OpI32Add, get(h, ir.I32), b.hash(v.elem, b.slot(v, list, i), p))})
		})
	}
	if args := b.l.args(y.typ, known.Set); args != nil {
		sum(b.lib("set_items", p, args, x), args[0])
		return
	}
	if args := b.l.args(y.typ, known.Map); args != nil {
		sum(b.lib("map_keys", p, args, x), args[0])
		return
	}
	b.hashFields(y.object, y.fields, h, x, p)
}

func (b *body) hashFields(o *ir.Object, fields []member, h int, x ir.Expr, p typed.Pos) {
	for _, f := range fields {
		if f.at >= 0 {
			b.fold(h, b.hash(f.typ, fieldOf(o, f, x), p))
		}
	}
}
