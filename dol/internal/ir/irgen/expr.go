package irgen

import (
	"fmt"
	"math"

	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/internal/wasm"
)

// unaries and binaries are the numeric operators by the kind of their result.
// Those that show the bits of a NaN are made by reinterpret and copysign.
var unaries, binaries = func() (un, bin map[ir.Kind][]wasm.Opcode) {
	un, bin = map[ir.Kind][]wasm.Opcode{}, map[ir.Kind][]wasm.Opcode{}
	for _, op := range wasm.Opcodes() {
		switch op {
		case wasm.OpI32ReinterpretF32, wasm.OpI64ReinterpretF64, wasm.OpF32Copysign, wasm.OpF64Copysign:
			continue
		}
		switch arity, _, result, ok := ir.Numeric(op); {
		case !ok:
		case arity == 1:
			un[result] = append(un[result], op)
		default:
			bin[result] = append(bin[result], op)
		}
	}
	return un, bin
}()

// expr makes an expression of type t. References may be null.
func (b *body) expr(t typ, depth int) ir.Expr {
	if t.kind == ir.Ref {
		switch n := b.r.IntN(8); {
		case n == 0:
			return &ir.Const{K: ir.Ref}
		case n < 4:
			if x := b.reach(t); x != nil {
				return x
			}
		}
		return b.object(t, depth)
	}
	if depth <= 0 {
		return b.leaf(t)
	}
	switch b.r.IntN(18) {
	default:
		return b.leaf(t)
	case 0, 1, 2, 3:
		op := pick(b.generator, binaries[t.kind])
		_, operand, _, _ := ir.Numeric(op)
		e := &ir.Bin{Op: op, X: b.expr(typ{kind: operand}, depth-1), Y: b.expr(typ{kind: operand}, depth-1), Pos: b.pos()}
		if ir.MayTrap(op) && !b.chance(4) { // mostly by a constant, which is mostly not zero
			e.Y = b.constant(operand)
		}
		return e
	case 4, 5:
		op := pick(b.generator, unaries[t.kind])
		_, operand, _, _ := ir.Numeric(op)
		return &ir.Un{Op: op, X: b.expr(typ{kind: operand}, depth-1), Pos: b.pos()}
	case 6:
		return &ir.Tern{Cond: b.cond(depth - 1), A: b.expr(t, depth-1), B: b.expr(t, depth-1)}
	case 7:
		return b.seq(t, depth)
	case 8, 9:
		if x := b.fieldOf(t, depth); x != nil {
			return x
		}
	case 10:
		if x := b.elemOf(t, depth); x != nil {
			return x
		}
	case 11:
		if x := b.callOf(t, depth); x != nil {
			return x
		}
	case 12:
		for _, imp := range b.m.Imports {
			if imp.Result == t.kind {
				return b.hostCall(imp, depth-1)
			}
		}
	case 13:
		if t.kind == ir.I32 {
			return b.test(depth)
		}
		return b.bits(t, depth)
	case 14:
		return b.bits(t, depth)
	}
	return b.leaf(t)
}

// leaf is a constant, a local or a global.
func (b *body) leaf(t typ) ir.Expr {
	switch b.r.IntN(4) {
	case 0:
	case 1:
		if x := b.reach(t); x != nil {
			return x
		}
	default:
		if i := b.find(t, false); i >= 0 {
			return b.get(i)
		}
	}
	return b.constant(t.kind)
}

// reach reads a local or global of type t; nil when there is none.
func (b *body) reach(t typ) ir.Expr {
	if b.chance(2) {
		for i, u := range b.globalTypes {
			if u == t {
				return &ir.GetGlobal{Global: b.m.Globals[i]}
			}
		}
	}
	if i := b.find(t, false); i >= 0 {
		return b.get(i)
	}
	return nil
}

func (b *body) constant(k ir.Kind) ir.Expr {
	small := uint64(b.r.IntN(20)) - 4
	switch k {
	case ir.I32:
		return number(k, uint64(uint32(pick(b.generator, []uint64{small, small, small, 1 << 31, math.MaxInt32, b.r.Uint64(), 1 << b.r.IntN(32)}))))
	case ir.I64:
		return number(k, pick(b.generator, []uint64{small, small, small, 1 << 63, math.MaxInt64, 1 << 32, b.r.Uint64(), 1 << b.r.IntN(64)}))
	}
	f := pick(b.generator, []float64{
		float64(int64(small)), float64(int64(small)) / 4, math.Copysign(0, -1), 1e10, -3e9, 1e300,
		math.Inf(1), math.NaN(), math.MaxInt64, math.SmallestNonzeroFloat64, b.r.NormFloat64(),
	})
	if k == ir.F32 {
		return number(k, uint64(math.Float32bits(float32(f))))
	}
	return number(k, math.Float64bits(f))
}

// cond is an i32 that is about as often zero as not.
func (b *body) cond(depth int) ir.Expr {
	switch b.r.IntN(3) {
	case 0:
		return b.test(depth)
	case 1:
		return bin(wasm.OpI32And, b.expr(numbers[0], depth), i32(1))
	}
	return b.expr(numbers[0], depth)
}

// test compares numbers or references.
func (b *body) test(depth int) ir.Expr {
	t := pick(b.generator, append(b.arrays, b.structs...))
	switch b.r.IntN(5) {
	case 0:
		return &ir.IsNull{X: b.expr(t, depth-1)}
	case 1:
		return &ir.Same{X: b.expr(t, depth-1), Y: b.expr(t, depth-1)}
	case 2:
		return &ir.ArrayLen{X: b.object(pick(b.generator, b.arrays), depth-1)}
	}
	op := pick(b.generator, []wasm.Opcode{wasm.OpI32LtS, wasm.OpI32GeU, wasm.OpI64Eq, wasm.OpI64LtS, wasm.OpF64Lt, wasm.OpI64GeS, wasm.OpI32Ne})
	_, operand, _, _ := ir.Numeric(op)
	return bin(op, b.expr(typ{kind: operand}, depth-1), b.expr(typ{kind: operand}, depth-1))
}

// bits looks at the bits of a float that is no NaN, or takes a sign from one.
func (b *body) bits(t typ, depth int) ir.Expr {
	ops := map[ir.Kind]struct {
		of          ir.Kind
		eq, convert wasm.Opcode
	}{
		ir.I32: {ir.F32, wasm.OpF32Eq, wasm.OpI32ReinterpretF32},
		ir.I64: {ir.F64, wasm.OpF64Eq, wasm.OpI64ReinterpretF64},
		ir.F32: {ir.F32, wasm.OpF32Eq, wasm.OpF32Copysign},
		ir.F64: {ir.F64, wasm.OpF64Eq, wasm.OpF64Copysign},
	}[t.kind]
	from := typ{kind: ops.of}
	x := b.hold1(from, b.expr(from, depth-1))
	var shown ir.Expr = &ir.Un{Op: ops.convert, X: x.get}
	if ops.of == t.kind {
		shown = bin(ops.convert, b.expr(t, depth-1), x.get)
	}
	return &ir.Seq{Stmts: []ir.Stmt{x.set}, X: &ir.Tern{Cond: bin(ops.eq, x.get, x.get), A: shown, B: b.constant(t.kind)}}
}

// held is a value in a local of its own, set by a statement of a Seq.
type held struct {
	set ir.Stmt
	get ir.Expr
}

func (b *body) hold1(t typ, x ir.Expr) held {
	i := b.local(t)
	b.fixed[i] = true
	return held{&ir.Set{Local: i, X: x}, b.get(i)}
}

// seq runs statements before an expression. They cannot branch outwards.
func (b *body) seq(t typ, depth int) ir.Expr {
	outer := b.labels
	b.labels = nil
	list := b.nested(func() {
		l := &ir.Label{Name: "seq"}
		b.emit(&ir.Block{Label: l, Body: b.within(l, func() { b.stmts(depth - 2) })})
		b.stmts(depth - 2)
	})
	b.labels = outer
	return &ir.Seq{Stmts: list, X: b.expr(t, depth-1)}
}

// index is an i32 that is often a small number.
func (b *body) index(depth int) ir.Expr {
	if b.chance(2) {
		return i32(uint32(b.r.IntN(4)))
	}
	return bin(wasm.OpI32And, b.expr(numbers[0], depth), i32(3))
}

// fieldOf reads a field of type t of some struct; nil when no struct has one.
func (b *body) fieldOf(t typ, depth int) ir.Expr {
	at := b.r.IntN(len(b.structs))
	for k := range b.structs {
		s := b.structs[(at+k)%len(b.structs)]
		for i, f := range s.obj.fields {
			if f == t {
				return &ir.GetField{Object: s.obj.object, Index: i, X: b.object(s, depth-1)}
			}
		}
	}
	return nil
}

// elemOf reads an element of type t of some array, if the index is in range.
func (b *body) elemOf(t typ, depth int) ir.Expr {
	for _, a := range b.arrays {
		if a.obj.elem != t || b.chance(3) {
			continue
		}
		x, i := b.hold1(a, b.object(a, depth-1)), b.hold1(numbers[0], b.index(depth-1))
		return &ir.Seq{Stmts: []ir.Stmt{x.set, i.set}, X: &ir.Tern{
			Cond: bin(wasm.OpI32LtU, i.get, &ir.ArrayLen{X: x.get}),
			A:    &ir.GetElem{Object: a.obj.object, X: x.get, I: i.get},
			B:    b.constant(t.kind),
		}}
	}
	return nil
}

// object makes an expression of a reference that is never null.
func (b *body) object(t typ, depth int) ir.Expr {
	if b.f.lambda != nil && t.obj == b.f.lambda && b.chance(2) {
		return b.get(0)
	}
	if depth > 0 && b.chance(2) {
		if x := b.reach(t); x != nil {
			h := b.hold1(t, x)
			return &ir.Seq{Stmts: []ir.Stmt{h.set}, X: &ir.Tern{Cond: &ir.IsNull{X: h.get}, A: b.fresh(t, depth-1), B: h.get}}
		}
	}
	if i := b.find(t, false); i >= 0 && b.chance(2) {
		return b.object1(i)
	}
	return b.fresh(t, depth)
}

// object1 is the local i, or a new object when it is null.
func (b *body) object1(i int) ir.Expr {
	return &ir.Tern{Cond: &ir.IsNull{X: b.get(i)}, A: b.fresh(b.types[i], 0), B: b.get(i)}
}

// fresh makes a new object, or for a struct one of a descendant.
func (b *body) fresh(t typ, depth int) ir.Expr {
	s := t.obj
	switch {
	case t.kind != ir.Ref:
		return b.expr(t, depth)
	case s == b.bytes.obj && b.chance(2):
		return &ir.Str{Text: fmt.Sprintf("text %d", b.r.IntN(10))}
	case s.object.Array:
		return &ir.NewArray{Object: s.object, Len: i32(uint32(b.r.IntN(6))), Pos: b.pos()}
	case s.push != nil:
		return b.newVec(s)
	case s.cases != nil:
		return b.newCase(s, depth)
	case s.body != nil || len(s.object.Fields) > 0 && s.object.Fields[0].Name == "function":
		return b.closure(s, depth)
	}
	for _, d := range b.structs {
		if d.obj.object.Parent == s.object && b.chance(3) {
			return b.fresh(d, depth)
		}
	}
	e := &ir.New{Object: s.object, Pos: b.pos()}
	for _, f := range s.fields {
		if f.kind == ir.Ref && depth <= 0 {
			e.Fields = append(e.Fields, &ir.Const{K: ir.Ref})
		} else {
			e.Fields = append(e.Fields, b.expr(f, depth-1))
		}
	}
	return e
}

func (b *body) closure(s *shape, depth int) ir.Expr {
	e := &ir.New{Object: s.object, Pos: b.pos()}
	for i, f := range s.fields {
		switch {
		case i == 0:
			e.Fields = append(e.Fields, &ir.FuncIndex{Func: s.body})
		case f.kind == ir.Ref:
			e.Fields = append(e.Fields, &ir.Const{K: ir.Ref})
		default:
			e.Fields = append(e.Fields, b.expr(f, depth-1))
		}
	}
	return e
}

// callOf calls a function or closure with a result of type t; nil when there is
// none that may be called.
func (b *body) callOf(t typ, depth int) ir.Expr {
	if b.loops > 1 {
		return nil
	}
	for _, c := range b.closures {
		if c.obj.result == t && b.mayCall(c.obj.body) && b.chance(2) {
			return b.callClosure(c, depth)
		}
	}
	for _, f := range b.funcs[min(b.calls, len(b.funcs)):] {
		if f.result == t && f.lambda == nil && b.chance(2) {
			return b.call(f, depth)
		}
	}
	return nil
}

// mayCall reports whether the function of a closure comes late enough.
func (b *body) mayCall(f *ir.Func) bool {
	for _, g := range b.funcs[min(b.calls, len(b.funcs)):] {
		if g.fn == f {
			return true
		}
	}
	return false
}

// anyCall calls something, if only the host.
func (b *body) anyCall(depth int) ir.Expr {
	if x := b.callOf(b.resultType(), depth); x != nil {
		return x
	}
	return b.hostCall(pick(b.generator, b.m.Imports), depth)
}

func (b *body) call(f *function, depth int) ir.Expr {
	e := &ir.Call{Func: f.fn, Pos: b.pos()}
	for _, p := range f.params {
		e.Args = append(e.Args, b.expr(p, depth-1))
	}
	return e
}

func (b *body) callClosure(c typ, depth int) ir.Expr {
	e := &ir.CallRef{Closure: b.object(c, depth-1), Pos: b.pos()}
	e.Sig.Result = c.obj.result.kind
	for _, p := range c.obj.sig {
		e.Sig.Params = append(e.Sig.Params, p.kind)
		e.Args = append(e.Args, b.expr(p, depth-1))
	}
	return e
}

func (b *body) hostCall(imp *ir.Import, depth int) ir.Expr {
	e := &ir.CallHost{Import: imp, Pos: b.pos()}
	for _, p := range imp.Params {
		if p == ir.HostBytes {
			e.Args = append(e.Args, &ir.NewArray{Object: b.bytes.obj.object, Len: i32(uint32(b.r.IntN(9))), Pos: b.pos()})
			if i := b.find(b.bytes, false); i >= 0 && b.chance(2) {
				e.Args[len(e.Args)-1] = b.copyOf(i)
			}
		} else {
			e.Args = append(e.Args, b.expr(typ{kind: p.Kind()}, depth-1))
		}
	}
	return e
}

// copyOf copies the bytes of a local, since the host may write into what it gets
// and nobody may write into the bytes of a constant.
func (b *body) copyOf(i int) ir.Expr {
	h := b.hold1(b.bytes, &ir.NewArray{Object: b.bytes.obj.object, Len: &ir.ArrayLen{X: b.object1(i)}, Pos: b.pos()})
	src := b.hold1(b.bytes, b.object1(i))
	n := &ir.ArrayLen{X: h.get}
	return &ir.Seq{
		Stmts: []ir.Stmt{h.set, src.set, &ir.If{
			Cond: bin(wasm.OpI32Eq, n, &ir.ArrayLen{X: src.get}),
			Then: []ir.Stmt{&ir.CopyElems{Object: b.bytes.obj.object, To: h.get, At: i32(0), From: src.get, Start: i32(0), N: n}},
		}},
		X: h.get,
	}
}
