package irgen

import (
	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/internal/wasm"
)

// The fields of a Vec, as the library has them.
const (
	vecLen = iota
	vecCap
	vecBuf
)

func (g *generator) vec(name string, elem typ) typ {
	storage := map[ir.Kind]ir.Storage{ir.I32: ir.StoreI32, ir.I64: ir.StoreI64, ir.F32: ir.StoreF32, ir.F64: ir.StoreF64, ir.Ref: ir.StoreRef}[elem.kind]
	buf := g.array("buffer of "+name, storage, elem)
	s := &shape{object: g.newObject(&ir.Object{Name: name}), elem: elem}
	g.field(s, "len_", numbers[0])
	g.field(s, "cap_", numbers[0])
	g.field(s, "buf_", buf)
	return typ{ir.Ref, s}
}

// pushFunc makes the function that appends to a Vec: the array grows when it is
// full.
func (g *generator) pushFunc(s *shape) {
	buf := s.fields[vecBuf]
	f := &ir.Func{ID: len(g.m.Funcs), Name: s.object.Name + ".push", NumParams: 2, Pos: g.pos()}
	f.Locals = []ir.Local{{Name: "v", Kind: ir.Ref}, {Name: "x", Kind: s.elem.kind}, {Name: "grown", Kind: ir.Ref}}
	v, x, grown := &ir.Get{Local: 0, K: ir.Ref}, &ir.Get{Local: 1, K: s.elem.kind}, &ir.Get{Local: 2, K: ir.Ref}
	get := func(i int) ir.Expr { return &ir.GetField{Object: s.object, Index: i, X: v} }
	set := func(i int, x ir.Expr) ir.Stmt { return &ir.SetField{Object: s.object, Index: i, X: v, Value: x} }
	bigger := bin(wasm.OpI32Add, bin(wasm.OpI32Mul, get(vecCap), i32(2)), i32(2))
	f.Body = []ir.Stmt{
		&ir.If{Cond: bin(wasm.OpI32Eq, get(vecLen), get(vecCap)), Then: []ir.Stmt{
			&ir.Set{Local: 2, X: &ir.NewArray{Object: buf.obj.object, Len: bigger, Pos: g.pos()}},
			&ir.If{Cond: get(vecCap), Then: []ir.Stmt{
				&ir.CopyElems{Object: buf.obj.object, To: grown, At: i32(0), From: get(vecBuf), Start: i32(0), N: get(vecLen)},
			}},
			set(vecBuf, grown),
			set(vecCap, bigger),
		}},
		&ir.SetElem{Object: buf.obj.object, X: get(vecBuf), I: get(vecLen), Value: x},
		set(vecLen, bin(wasm.OpI32Add, get(vecLen), i32(1))),
	}
	g.m.Funcs = append(g.m.Funcs, f)
	s.push = f
}

// newVec makes a Vec that is empty or has zero elements.
func (b *body) newVec(s *shape) ir.Expr {
	n := uint32(b.r.IntN(4))
	if n == 0 {
		return &ir.New{Object: s.object, Fields: []ir.Expr{i32(0), i32(0), &ir.Const{K: ir.Ref}}, Pos: b.pos()}
	}
	return &ir.New{Object: s.object, Fields: []ir.Expr{
		i32(uint32(b.r.IntN(int(n) + 1))), i32(n), &ir.NewArray{Object: s.fields[vecBuf].obj.object, Len: i32(n), Pos: b.pos()},
	}, Pos: b.pos()}
}

// vecStmt pushes to, cuts, reads or runs over a Vec.
func (b *body) vecStmt(depth int) {
	t := pick(b.generator, b.vecs)
	s := t.obj
	v := b.hold(t, b.object(t, depth-1))
	length := &ir.GetField{Object: s.object, Index: vecLen, X: v}
	switch b.r.IntN(5) {
	case 0:
		b.emit(&ir.Do{X: &ir.Call{Func: s.push, Args: []ir.Expr{v, b.storable(s.elem, depth-1)}, Pos: b.pos()}})
	case 1:
		b.emit(&ir.SetField{Object: s.object, Index: vecLen, X: v, Value: bin(wasm.OpI32ShrU, length, i32(1))})
	case 2:
		b.vecElem(s, v, b.hold(numbers[0], b.index(depth-1)), depth)
	default:
		b.vecLoop(s, v, length, depth)
	}
	if to := b.find(t, true); to >= 0 {
		b.emit(&ir.Set{Local: to, X: v})
	}
}

// vecElem reads or writes v[i] as lowering does.
func (b *body) vecElem(s *shape, v, i ir.Expr, depth int) {
	length := &ir.GetField{Object: s.object, Index: vecLen, X: v}
	panics := []ir.Stmt{&ir.Panic{Msg: b.text(), Pos: b.pos()}}
	at := i
	if i.Kind() == ir.I64 {
		b.emit(&ir.If{Cond: bin(wasm.OpI64GeU, i, &ir.Un{Op: wasm.OpI64ExtendI32U, X: length}), Then: panics})
		at = &ir.Un{Op: wasm.OpI32WrapI64, X: i}
	} else {
		b.emit(&ir.If{Cond: bin(wasm.OpI32GeU, i, length), Then: panics})
	}
	array, buf := s.fields[vecBuf].obj.object, &ir.GetField{Object: s.object, Index: vecBuf, X: v}
	if b.chance(3) {
		// The value is computed first: it may change the Vec.
		value := b.hold(s.elem, b.storable(s.elem, depth-1))
		b.emit(&ir.If{Cond: bin(wasm.OpI32LtU, at, length), Then: []ir.Stmt{
			&ir.SetElem{Object: array, X: buf, I: at, Value: value},
		}})
		return
	}
	to := b.find(s.elem, true)
	if to < 0 {
		to = b.local(s.elem)
	}
	b.emit(&ir.Set{Local: to, X: &ir.GetElem{Object: array, X: buf, I: at}})
}

// vecLoop counts over the length of a Vec, which its body may change.
func (b *body) vecLoop(s *shape, v, length ir.Expr, depth int) {
	if b.loops > 1 {
		return
	}
	b.loops++
	end, head, next := &ir.Label{Name: "end"}, &ir.Label{Name: "head"}, &ir.Label{Name: "continue"}
	t, ge, add := numbers[0], wasm.OpI32GeU, wasm.OpI32Add
	if b.chance(2) {
		t, ge, add = numbers[1], pick(b.generator, []wasm.Opcode{wasm.OpI64GeS, wasm.OpI64GeU}), wasm.OpI64Add
		length = &ir.Un{Op: wasm.OpI64ExtendI32U, X: length}
	}
	i := b.local(t)
	b.fixed[i] = true
	b.emit(&ir.Set{Local: i, X: number(t.kind, 0)})
	if b.chance(2) {
		length = b.hold(t, length)
	}
	b.labels = append(b.labels, scope{end})
	body := b.within(next, func() {
		if b.chance(2) {
			b.stmts(depth - 2)
		}
		b.vecElem(s, v, b.get(i), depth-1)
		b.stmts(depth - 2)
	})
	b.labels = b.labels[:len(b.labels)-1]
	least := number(t.kind, 12) // a Vec that grows must not be run over for ever
	lt := wasm.OpI32GtU
	if t.kind == ir.I64 {
		lt = wasm.OpI64GtU
	}
	b.emit(&ir.Block{Label: end, Body: []ir.Stmt{&ir.Loop{Label: head, Body: []ir.Stmt{
		&ir.If{Cond: bin(ge, b.get(i), length), Then: []ir.Stmt{&ir.Br{Label: end}}},
		&ir.Block{Label: next, Body: body},
		&ir.Set{Local: i, X: bin(add, b.get(i), number(t.kind, 1))},
		&ir.If{Cond: bin(lt, b.get(i), least), Then: []ir.Stmt{&ir.Br{Label: end}}},
		&ir.Br{Label: head},
	}}}})
	b.loops--
}
