package lower

import (
	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/dol/internal/typed"
	"github.com/univrs/vudo/internal/wasm"
)

// unaryIntrinsics and binaryIntrinsics are single operators.
var (
	unaryIntrinsics = map[string]wasm.Opcode{
		"f64_bits": wasm.OpI64ReinterpretF64, "bits_f64": wasm.OpF64ReinterpretI64,
		"f32_bits": wasm.OpI32ReinterpretF32, "bits_f32": wasm.OpF32ReinterpretI32,
		"f64_sqrt": wasm.OpF64Sqrt, "f64_floor": wasm.OpF64Floor, "f64_ceil": wasm.OpF64Ceil,
		"f64_trunc": wasm.OpF64Trunc, "f64_nearest": wasm.OpF64Nearest, "f64_abs": wasm.OpF64Abs,
		"f32_sqrt": wasm.OpF32Sqrt, "f32_floor": wasm.OpF32Floor, "f32_ceil": wasm.OpF32Ceil,
		"f32_trunc": wasm.OpF32Trunc, "f32_nearest": wasm.OpF32Nearest, "f32_abs": wasm.OpF32Abs,
		"u64_clz": wasm.OpI64Clz, "u64_ctz": wasm.OpI64Ctz, "u64_popcount": wasm.OpI64Popcnt,
	}
	binaryIntrinsics = map[string]wasm.Opcode{
		"f64_copysign": wasm.OpF64Copysign, "f64_min": wasm.OpF64Min, "f64_max": wasm.OpF64Max,
	}
)

// bitIntrinsics are operations of every integer type.
var bitIntrinsics = map[string]typed.Op{
	"bit_and": typed.BitAnd, "bit_or": typed.BitOr, "bit_xor": typed.BitXor, "shl": typed.Shl, "shr": typed.Shr,
}

// intrinsic expands a call of a function that the library only declares. xs are
// its arguments, nil for those without a value.
func (b *body) intrinsic(fn *typed.Func, targs []typed.Type, xs []ir.Expr, result typed.Type, p typed.Pos) ir.Expr {
	if op, ok := unaryIntrinsics[fn.Intrinsic]; ok {
		return un(op, xs[0])
	}
	if op, ok := binaryIntrinsics[fn.Intrinsic]; ok {
		return bin(op, xs[0], xs[1])
	}
	switch fn.Intrinsic {
	case "string_array", "array_string", "bytes_array", "array_bytes":
		return xs[0] // one object under four names
	case "raw_bytes":
		return &ir.RawBytes{Object: b.l.bytes(), Addr: xs[0], N: xs[1], Pos: pos(p)}
	case "raw_u32":
		return &ir.RawLoad{Size: 4, Addr: xs[0]}
	case "raw_u64":
		return &ir.RawLoad{Size: 8, Addr: xs[0]}
	}
	if fn.Intrinsic == "panic" {
		b.panics(xs[0], p)
		return nil
	}
	if len(targs) != 1 {
		b.l.fail(p, "unsupported-at-build", "there is no intrinsic %s", fn.Intrinsic)
	}
	if fn.Intrinsic == "validate" {
		return b.validate(targs[0], xs[0], result, p)
	}
	return b.typedIntrinsic(fn.Intrinsic, targs[0], xs, p)
}

// typedIntrinsic expands those with a type parameter.
func (b *body) typedIntrinsic(name string, t typed.Type, xs []ir.Expr, p typed.Pos) ir.Expr {
	l := b.l
	switch name {
	case "array_new":
		return &ir.NewArray{Object: l.arrayOf(t), Len: xs[0], Pos: pos(p)}
	case "array_len":
		return &ir.ArrayLen{X: xs[0]}
	case "array_get":
		if l.kind(t) == ir.None {
			b.deliver(xs[0], sink{kind: drop})
			b.deliver(xs[1], sink{kind: drop})
			return nil
		}
		return &ir.GetElem{Object: l.arrayOf(t), X: xs[0], I: xs[1]}
	case "array_set":
		if l.kind(t) == ir.None {
			b.deliver(xs[0], sink{kind: drop})
			b.deliver(xs[1], sink{kind: drop})
			return nil
		}
		b.emit(&ir.SetElem{Object: l.arrayOf(t), X: xs[0], I: xs[1], Value: xs[2]})
	case "array_copy":
		b.emit(&ir.CopyElems{Object: l.arrayOf(t), To: xs[0], At: xs[1], From: xs[2], Start: xs[3], N: xs[4]})
	case "array_fill":
		if xs[2] == nil {
			xs[2] = i32(0)
		}
		b.emit(&ir.FillElems{Object: l.arrayOf(t), X: xs[0], At: xs[1], Value: xs[2], N: xs[3]})
	case "bit_and", "bit_or", "bit_xor", "shl", "shr":
		return b.arithmetic(bitIntrinsics[name], l.layout(t).basic, xs[0], xs[1], p)
	case "bit_not":
		return complement(l.layout(t).basic, xs[0])
	case "zero":
		return l.zeroSlot(t)
	case "is_object":
		if l.kind(t) == ir.Ref {
			return i32(1)
		}
		return i32(0)
	case "equals":
		return b.equal(t, xs[0], xs[1], p)
	case "compare":
		return b.compare(t, xs[0], xs[1], p)
	case "hash":
		return b.hash(t, xs[0], p)
	case "to_text":
		return b.text(t, xs[0], p)
	case "clone":
		return b.clone(t, xs[0], p)
	case "same":
		if l.kind(t) == ir.Ref {
			return &ir.Same{X: xs[0], Y: xs[1]}
		}
		return b.equal(t, xs[0], xs[1], p)
	default:
		l.fail(p, "unsupported-at-build", "there is no intrinsic %s", name)
	}
	return nil
}

// clone copies a record. Values of other types cannot be changed, so they are
// their own copies.
func (b *body) clone(t typed.Type, x ir.Expr, p typed.Pos) ir.Expr {
	y := b.l.layout(t)
	if y.shape != record {
		return x
	}
	if _, ok := y.typ.(*typed.Named); !ok {
		return x
	}
	from := b.again(x)
	made := &ir.New{Object: y.object, Pos: pos(p)}
	for i := range y.object.Fields {
		made.Fields = append(made.Fields, &ir.GetField{Object: y.object, Index: i, X: from})
	}
	return made
}
