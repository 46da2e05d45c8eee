package irgen

import (
	"fmt"

	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/internal/wasm"
)

// body makes the body of one function.
type body struct {
	*generator
	f      *function
	types  []typ // of the locals
	fixed  []bool
	out    []ir.Stmt
	labels []scope // branches may go to these
	calls  int     // functions from this index on may be called, so that calls end
	loops  int
	left   int // statements still to make
}

// scope is a label that a branch may go to: never the head of a loop, so that
// loops end.
type scope struct{ label *ir.Label }

func (g *generator) function(i int) {
	f := g.funcs[i]
	b := &body{generator: g, f: f, calls: i + 1, left: g.cfg.Stmts}
	b.types = append(b.types, f.params...)
	b.fixed = make([]bool, len(f.params))
	if f.lambda != nil {
		b.fixed[0] = true
	}
	for range 2 + g.r.IntN(4) {
		b.local(g.anyType())
	}
	if !g.chance(3) && len(f.params) > 0 && f.lambda == nil {
		b.recursion()
	}
	b.stmts(g.cfg.Depth)
	b.finish()
}

// recursion begins the function with a call of itself that ends: while a counter
// of calls, a global of its own, is small.
func (b *body) recursion() {
	depth := &ir.Global{ID: len(b.m.Globals), Name: "depth of " + b.f.fn.Name, Kind: ir.I32}
	b.m.Globals = append(b.m.Globals, depth)
	b.globalTypes = append(b.globalTypes, typ{})
	call := &ir.Call{Func: b.f.fn, Pos: b.pos()}
	for _, t := range b.f.params {
		call.Args = append(call.Args, b.expr(t, 2))
	}
	get := &ir.GetGlobal{Global: depth}
	b.emit(&ir.If{
		Cond: bin(wasm.OpI32LtU, get, i32(uint32(b.r.IntN(5)))),
		Then: []ir.Stmt{
			&ir.SetGlobal{Global: depth, X: bin(wasm.OpI32Add, get, i32(1))},
			&ir.Do{X: call},
		},
	})
}

// finish ends the body on all paths.
func (b *body) finish() {
	b.f.fn.Body = b.out
	if b.f.result.kind != ir.None {
		b.f.fn.Body = append(b.f.fn.Body, &ir.Return{X: b.result()})
	}
}

// result is what the function may return: never null, so that it can cross.
func (b *body) result() ir.Expr {
	if b.f.result.kind == ir.Ref {
		return b.object(b.f.result, 2)
	}
	return b.expr(b.f.result, 2)
}

func (b *body) emit(s ir.Stmt) { b.out = append(b.out, s) }

// nested collects the statements that make emits.
func (b *body) nested(make func()) []ir.Stmt {
	outer := b.out
	b.out = nil
	make()
	list := b.out
	b.out = outer
	return list
}

func (b *body) local(t typ) int {
	i := len(b.types)
	b.types, b.fixed = append(b.types, t), append(b.fixed, false)
	b.f.fn.Locals = append(b.f.fn.Locals, ir.Local{Name: fmt.Sprintf("v%d", i), Kind: t.kind})
	return i
}

func (b *body) get(i int) ir.Expr { return &ir.Get{Local: i, K: b.types[i].kind} }

// find returns a local of type t, writable if it must be, or -1.
func (b *body) find(t typ, writable bool) int {
	at := b.r.IntN(len(b.types) + 1)
	for k := range b.types {
		i := (at + k) % len(b.types)
		if b.types[i] == t && !(writable && b.fixed[i]) {
			return i
		}
	}
	return -1
}

// stmts makes statements until the function has enough of them.
func (b *body) stmts(depth int) {
	for n := 2 + b.r.IntN(5); n > 0 && b.left > 0; n-- {
		b.left--
		b.stmt(depth)
	}
}

func (b *body) stmt(depth int) {
	if depth <= 0 {
		b.assign(2)
		return
	}
	switch b.r.IntN(23) {
	default:
		b.assign(depth)
	case 0, 1:
		s := &ir.If{Cond: b.cond(depth - 1)}
		s.Then = b.nested(func() { b.stmts(depth - 1) })
		if b.chance(2) {
			s.Else = b.nested(func() { b.stmts(depth - 1) })
		}
		b.emit(s)
	case 2, 3:
		b.countLoop(depth)
	case 4:
		b.whileLoop(depth)
	case 5:
		l := &ir.Label{Name: "block"}
		b.emit(&ir.Block{Label: l, Body: b.within(l, func() { b.stmts(depth - 1) })})
	case 6:
		b.leave(depth)
	case 7:
		b.switchOver(depth)
	case 8:
		if i := b.r.IntN(len(b.m.Globals)); b.globalTypes[i].kind != ir.None {
			b.emit(&ir.SetGlobal{Global: b.m.Globals[i], X: b.expr(b.globalTypes[i], depth-1)})
		}
	case 9, 10:
		s := pick(b.generator, b.structs)
		if n := len(s.obj.fields); n > 0 {
			i := b.r.IntN(n)
			b.emit(&ir.SetField{Object: s.obj.object, Index: i, X: b.object(s, depth-1), Value: b.expr(s.obj.fields[i], depth-1)})
		}
	case 11:
		b.setElem(depth)
	case 12:
		b.bulk(depth)
	case 13, 14:
		b.vecStmt(depth)
	case 15:
		b.emit(&ir.Do{X: b.anyCall(depth - 1)})
	case 17, 18:
		b.match(depth)
	case 16:
		b.emit(&ir.Do{X: b.hostCall(pick(b.generator, b.m.Imports), depth-1)})
	}
}

// within collects statements that may branch to l.
func (b *body) within(l *ir.Label, make func()) []ir.Stmt {
	b.labels = append(b.labels, scope{l})
	list := b.nested(make)
	b.labels = b.labels[:len(b.labels)-1]
	return list
}

func (b *body) assign(depth int) {
	i := b.r.IntN(len(b.types))
	if b.fixed[i] {
		return
	}
	b.emit(&ir.Set{Local: i, X: b.expr(b.types[i], depth-1)})
}

// leave makes a way out, taken on a condition, now and then always.
func (b *body) leave(depth int) {
	var s ir.Stmt
	switch n := b.r.IntN(6); {
	case n < 3 && len(b.labels) > 0:
		s = &ir.Br{Label: pick(b.generator, b.labels).label}
	case n == 3:
		s = &ir.Panic{Msg: b.text(), Pos: b.pos()}
	case n == 4 && b.chance(4):
		s = &ir.Unreachable{}
	case b.f.result.kind == ir.None:
		s = &ir.Return{}
	default:
		s = &ir.Return{X: b.result()}
	}
	if b.chance(8) {
		b.emit(s)
		return
	}
	b.emit(&ir.If{Cond: b.cond(depth - 1), Then: []ir.Stmt{s}})
}

// text is a message: a constant or the bytes of a local.
func (b *body) text() ir.Expr {
	if b.chance(3) {
		return b.object(b.bytes, 1)
	}
	return &ir.Str{Text: fmt.Sprintf("text %d", b.r.IntN(10))}
}

// countLoop is a loop over a range with few rounds, as lowering makes it.
func (b *body) countLoop(depth int) {
	if b.loops <= 1 {
		b.rounds(func() { b.stmts(depth - 1) })
	}
}

// rounds makes a loop whose body make emits.
func (b *body) rounds(make func()) {
	t := pick(b.generator, numbers[:2])
	lt, add := wasm.OpI32GeS, wasm.OpI32Add
	if t.kind == ir.I64 {
		lt, add = wasm.OpI64GeS, wasm.OpI64Add
	}
	b.loops++
	i := b.local(t)
	b.fixed[i] = true
	end, head, next := &ir.Label{Name: "end"}, &ir.Label{Name: "head"}, &ir.Label{Name: "continue"}
	b.emit(&ir.Set{Local: i, X: number(t.kind, uint64(b.r.IntN(3)))})
	hi := number(t.kind, uint64(b.r.IntN(6)))
	b.labels = append(b.labels, scope{end})
	body := b.within(next, make)
	b.labels = b.labels[:len(b.labels)-1]
	b.emit(&ir.Block{Label: end, Body: []ir.Stmt{&ir.Loop{Label: head, Body: []ir.Stmt{
		&ir.If{Cond: bin(lt, b.get(i), hi), Then: []ir.Stmt{&ir.Br{Label: end}}},
		&ir.Block{Label: next, Body: body},
		&ir.Set{Local: i, X: bin(add, b.get(i), number(t.kind, 1))},
		&ir.Br{Label: head},
	}}}})
	b.loops--
}

// whileLoop runs over an array with its length tested each round; its body may
// assign the array to another one.
func (b *body) whileLoop(depth int) {
	if b.loops > 1 {
		return
	}
	b.loops++
	t := pick(b.generator, b.arrays)
	i, a := b.local(numbers[0]), b.local(t)
	b.fixed[i] = true
	head, next := &ir.Label{Name: "while"}, &ir.Label{Name: "continue"}
	b.emit(&ir.Set{Local: a, X: b.object(t, depth-1)})
	b.emit(&ir.Set{Local: i, X: i32(0)})
	same := b.chance(2)
	b.fixed[a] = same
	body := b.within(next, func() {
		b.checkedElem(t, b.get(a), b.get(i), depth-1)
		b.stmts(depth - 1)
	})
	inRange := bin(wasm.OpI32LtU, b.get(i), &ir.ArrayLen{X: b.get(a)})
	var first []ir.Stmt
	if !same { // the body may have set it to null
		first = append(first, &ir.Set{Local: a, X: b.object1(a)})
	}
	b.emit(&ir.Loop{Label: head, Body: append(first,
		&ir.If{Cond: bin(wasm.OpI32And, inRange, bin(wasm.OpI32LtU, b.get(i), i32(20))), Then: []ir.Stmt{
			&ir.Block{Label: next, Body: body},
			&ir.Set{Local: i, X: bin(wasm.OpI32Add, b.get(i), i32(1))},
			&ir.Br{Label: head},
		}},
	)})
	b.loops--
}

func (b *body) switchOver(depth int) {
	outer := &ir.Label{Name: "switch"}
	arms := []*ir.Label{{Name: "a"}, {Name: "b"}, {Name: "c"}}
	s := &ir.Switch{X: b.expr(numbers[0], depth-1), Default: arms[2]}
	if b.chance(2) {
		s.X = bin(wasm.OpI32And, s.X, i32(3))
	}
	for range b.r.IntN(5) {
		s.Targets = append(s.Targets, pick(b.generator, arms))
	}
	b.emit(&ir.Block{Label: outer, Body: b.within(outer, func() {
		inner := []ir.Stmt{s}
		for _, l := range arms {
			arm := b.nested(func() { b.stmts(depth - 2) })
			inner = append([]ir.Stmt{&ir.Block{Label: l, Body: inner}}, arm...)
			if b.chance(2) {
				inner = append(inner, &ir.Br{Label: outer})
			}
		}
		b.out = append(b.out, inner...)
	})})
}

// setElem writes an element whose index is tested.
func (b *body) setElem(depth int) {
	t := pick(b.generator, b.arrays)
	a, i := b.hold(t, b.object(t, depth-1)), b.hold(numbers[0], b.index(depth-1))
	b.emit(&ir.If{Cond: bin(wasm.OpI32LtU, i, &ir.ArrayLen{X: a}), Then: []ir.Stmt{
		&ir.SetElem{Object: t.obj.object, X: a, I: i, Value: b.storable(t.obj.elem, depth-1)},
	}})
}

// checkedElem reads an element after a test that panics.
func (b *body) checkedElem(t typ, a, i ir.Expr, depth int) {
	b.emit(&ir.Set{Local: b.local(t), X: a}) // another name of the array
	b.emit(&ir.If{
		Cond: bin(wasm.OpI32GeU, i, &ir.ArrayLen{X: a}),
		Then: []ir.Stmt{&ir.Panic{Msg: b.text(), Pos: b.pos()}},
	})
	to := b.local(t.obj.elem)
	b.emit(&ir.Set{Local: to, X: &ir.GetElem{Object: t.obj.object, X: a, I: i}})
	if b.chance(3) && t.obj.elem.kind != ir.Ref {
		b.emit(&ir.SetElem{Object: t.obj.object, X: a, I: i, Value: b.expr(t.obj.elem, depth)})
	}
}

// bulk copies and fills parts of new arrays.
func (b *body) bulk(depth int) {
	t := pick(b.generator, b.arrays)
	n := 1 + b.r.IntN(9)
	a := b.hold(t, &ir.NewArray{Object: t.obj.object, Len: i32(uint32(n)), Pos: b.pos()})
	at := b.r.IntN(n + 1)
	b.emit(&ir.FillElems{
		Object: t.obj.object, X: a, At: i32(uint32(at)), N: i32(uint32(b.r.IntN(n - at + 1))),
		Value: b.storable(t.obj.elem, depth-1),
	})
	start, at := b.r.IntN(n+1), b.r.IntN(n+1)
	b.emit(&ir.CopyElems{
		Object: t.obj.object, To: a, At: i32(uint32(at)), From: a, Start: i32(uint32(start)),
		N: i32(uint32(b.r.IntN(n - max(start, at) + 1))),
	})
	if to := b.find(t, true); to >= 0 {
		b.emit(&ir.Set{Local: to, X: a})
	}
}

// storable is a value for an element. References in arrays may be null.
func (b *body) storable(t typ, depth int) ir.Expr {
	if t.kind == ir.Ref && b.chance(3) {
		return &ir.Const{K: ir.Ref}
	}
	return b.expr(t, depth)
}

// hold puts a value into a new local that nobody else writes.
func (b *body) hold(t typ, x ir.Expr) ir.Expr {
	i := b.local(t)
	b.fixed[i] = true
	b.emit(&ir.Set{Local: i, X: x})
	return b.get(i)
}

func i32(x uint32) ir.Expr { return &ir.Const{K: ir.I32, Bits: uint64(x)} }

func number(k ir.Kind, x uint64) ir.Expr { return &ir.Const{K: k, Bits: x} }

func bin(op wasm.Opcode, x, y ir.Expr) ir.Expr { return &ir.Bin{Op: op, X: x, Y: y} }
