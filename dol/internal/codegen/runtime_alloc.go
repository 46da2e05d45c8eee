package codegen

import (
	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/internal/wasm"
)

// maxArrayBytes bounds the payload of an array; more than a memory ever holds.
const maxArrayBytes = 0xfff0_0000

// writeAlloc writes what makes objects.
func (r *runtime) writeAlloc() {
	w := writer{r.alloc}
	cell, head := w.param("cell", ir.I32), w.param("header", ir.I32)
	p := w.local("object", ir.I32)
	w.body(
		p.set(call(r.tryAlloc, cell.get(), head.get())),
		when(not(p.get()), fail("out of memory")),
		ret(p.get()),
	)
	r.writeTryAlloc()
	r.writeArrays()
}

func (r *runtime) writeTryAlloc() {
	w := writer{r.tryAlloc}
	cell, head := w.param("cell", ir.I32), w.param("header", ir.I32)
	p := w.local("cell", ir.I32)
	var before, retry []ir.Stmt
	switch r.g.o.GC {
	case GCNormal:
		before = list(
			put(r.budget, sub(get(r.budget), cell.get())),
			when(bin(wasm.OpI32LtS, get(r.budget), num(0)), run(r.collect)),
		)
	case GCStress:
		before = list(run(r.collect))
	}
	if r.g.o.GC != GCNone {
		retry = list(when(not(p.get()), run(r.collect), p.set(call(r.take, cell.get()))))
	}
	var body []ir.Stmt
	body = append(body, before...)
	body = append(body, p.set(call(r.take, cell.get())))
	body = append(body, retry...)
	body = append(body,
		when(not(p.get()), ret(num(0))),
		store(p.get(), 0, head.get()),
		store(p.get(), 4, sub(cell.get(), num(headerBytes))),
		ret(p.plus(headerBytes)),
	)
	w.body(body...)
}

// arrayCell is the size of the cell of an array with a payload of n bytes.
func arrayCell(n reg) ir.Expr {
	return and(add(add(n.get(), not(n.get())), num(headerBytes+7)), num(^uint32(7)))
}

func (r *runtime) writeArrays() {
	w := writer{r.newArray}
	n, head := w.param("n", ir.I32), w.param("header", ir.I32)
	p := w.local("object", ir.I32)
	w.body(
		p.set(call(r.tryArray, n.get(), head.get())),
		when(not(p.get()), fail("out of memory")),
		ret(p.get()),
	)

	w = writer{r.tryArray}
	n, head = w.param("n", ir.I32), w.param("header", ir.I32)
	p = w.local("object", ir.I32)
	shift, size := w.local("shift", ir.I32), w.local("bytes", ir.I32)
	w.body(
		shift.set(and(shr(head.get(), num(shiftLow)), num(3))),
		when(below(shr(num(maxArrayBytes), shift.get()), n.get()), ret(num(0))),
		size.set(shl(n.get(), shift.get())),
		p.set(call(r.tryAlloc, arrayCell(size), head.get())),
		when(not(p.get()), ret(num(0))),
		store(sub(p.get(), num(4)), 0, n.get()),
		fillBytes(p.get(), num(0), size.get()),
		ret(p.get()),
	)

	w = writer{r.rawBytes}
	at, n := w.param("address", ir.I32), w.param("n", ir.I32)
	p = w.local("object", ir.I32)
	w.body(
		p.set(call(r.newArray, n.get(), num(r.bytesHeader()))),
		copyBytes(p.get(), at.get(), n.get()),
		ret(p.get()),
	)

	for size, op := range map[int]wasm.Opcode{2: wasm.OpI32Store16, 4: wasm.OpI32Store, 8: wasm.OpI64Store} {
		w = writer{r.fill[size]}
		kind := ir.I32
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
