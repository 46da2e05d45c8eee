package codegen

import (
	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/internal/wasm"
)

// maxArrayBytes bounds the payload of an array, so that sizes are positive in the
// account of the budget.
const maxArrayBytes = 0x7fff_0000

// writeAlloc writes what makes objects. The common case, a small object while
// there is a cell and no collection is due, is in place in both of the functions
// that are called most.
func (r *runtime) writeAlloc() {
	w := writer{r.alloc}
	cell, head := w.param("cell", ir.I32), w.param("header", ir.I32)
	p := w.local("cell", ir.I32)
	w.body(append(r.fast(w, cell, head, p),
		p.set(call(r.slowAlloc, cell.get(), head.get())),
		when(not(p.get()), fail("out of memory")),
		ret(p.get()),
	)...)

	w = writer{r.tryAlloc}
	cell, head = w.param("cell", ir.I32), w.param("header", ir.I32)
	w.body(append(r.fast(w, cell, head, w.local("cell", ir.I32)),
		ret(call(r.slowAlloc, cell.get(), head.get())),
	)...)

	w = writer{r.slowAlloc}
	cell, head = w.param("cell", ir.I32), w.param("header", ir.I32)
	p = w.local("cell", ir.I32)
	var body []ir.Stmt
	switch r.g.o.GC {
	case GCNormal:
		body = list(when(bin(wasm.OpI32LtS, get(r.budget), num(0)), run(r.collect)))
	case GCStress:
		body = list(run(r.collect))
	}
	body = append(body, p.set(call(r.take, cell.get())))
	if r.g.o.GC != GCNone {
		body = append(body, when(not(p.get()), run(r.collect), p.set(call(r.take, cell.get()))))
	}
	w.body(append(append(body, when(not(p.get()), ret(num(0)))), finish(p, cell, head)...)...)
	r.writeArrays()
}

// fast makes an object and returns, or falls through.
func (r *runtime) fast(w writer, cell, head, p reg) []ir.Stmt {
	if r.g.o.GC == GCStress {
		return nil
	}
	free, slow := w.local("list", ir.I32), &ir.Label{Name: "slow"}
	due := below(num(smallCell), cell.get())
	var body []ir.Stmt
	if r.g.o.GC == GCNormal {
		body = list(put(r.budget, sub(get(r.budget), cell.get())))
		due = or(due, bin(wasm.OpI32LtS, get(r.budget), num(0)))
	}
	body = append(body,
		when(due, &ir.Br{Label: slow}),
		free.set(add(address(symFree), shr(cell.get(), num(1)))),
		p.set(load(free.get(), 0)),
		either(p.get(),
			list(store(free.get(), 0, load(p.get(), link))),
			list(
				p.set(get(r.cur)),
				when(below(sub(get(r.lim), p.get()), cell.get()), &ir.Br{Label: slow}),
				put(r.cur, add(p.get(), cell.get())),
			)),
	)
	return list(&ir.Block{Label: slow, Body: append(body, finish(p, cell, head)...)})
}

// finish writes the header of the object in cell p and returns it.
func finish(p, cell, head reg) []ir.Stmt {
	return list(
		store(p.get(), 0, head.get()),
		store(p.get(), 4, sub(cell.get(), num(headerBytes))),
		ret(p.plus(headerBytes)),
	)
}

// arrayCell is the size of the cell of an array with a payload of n bytes.
func arrayCell(n reg) ir.Expr {
	return and(add(add(n.get(), not(n.get())), num(headerBytes+7)), num(^uint32(7)))
}

func (r *runtime) writeArrays() {
	for fn, none := range map[*ir.Func]ir.Stmt{r.newArray: fail("out of memory"), r.tryArray: ret(num(0))} {
		w := writer{fn}
		n, head := w.param("n", ir.I32), w.param("header", ir.I32)
		p, shift, size := w.local("object", ir.I32), w.local("shift", ir.I32), w.local("bytes", ir.I32)
		w.body(
			shift.set(and(shr(head.get(), num(shiftLow)), num(3))),
			when(below(shr(num(maxArrayBytes), shift.get()), n.get()), none),
			size.set(shl(n.get(), shift.get())),
			p.set(call(r.tryAlloc, arrayCell(size), head.get())),
			when(not(p.get()), none),
			store(sub(p.get(), num(4)), 0, n.get()),
			fillBytes(p.get(), num(0), size.get()),
			ret(p.get()),
		)
	}

	w := writer{r.rawBytes}
	at, n := w.param("address", ir.I32), w.param("n", ir.I32)
	p := w.local("object", ir.I32)
	w.body(
		p.set(call(r.newArray, n.get(), num(r.bytesHeader()))),
		copyBytes(p.get(), at.get(), n.get()),
		ret(p.get()),
	)

	for size, fn := range r.fill {
		w = writer{fn}
		kind, op := ir.I32, map[int]wasm.Opcode{2: wasm.OpI32Store16, 4: wasm.OpI32Store, 8: wasm.OpI64Store}[size]
		if size == 8 {
			kind = ir.I64
		}
		p, v := w.param("address", ir.I32), w.param("value", kind)
		end := w.param("bytes", ir.I32)
		w.body(
			end.set(add(p.get(), end.get())),
			loop(below(p.get(), end.get()),
				effect(instr{op: op, x: uint32(log2(size))}, p.get(), v.get()),
				p.advance(uint32(size)),
			),
		)
	}
}

// bytesHeader is the header of an array of bytes.
func (r *runtime) bytesHeader() uint32 {
	if o := r.g.m.BytesObject(); o != nil {
		return header(o)
	}
	return header(&ir.Object{ID: len(r.g.m.Objects), Array: true, Elem: ir.U8})
}
