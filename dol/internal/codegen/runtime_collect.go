package codegen

import (
	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/internal/wasm"
)

// The collector marks what the shadow stack and the globals lead to, then sweeps
// the heap. Marking keeps its work on a stack of its own: in the unused part of
// the shadow stack, or, when that is too small, in memory grown for it. If there
// is none to be had, it drops work, and finds it again by walking the heap for
// marked objects.
//
// An array is on that stack as two words, the address of the element to go on
// with and its own, odd: so its elements are never there all at once.

func (r *runtime) writeCollect() {
	w := writer{r.collect}
	p := w.local("root", ir.I32)
	body := list(
		either(get(r.marks),
			list(put(r.base, get(r.marks)), put(r.end, get(r.marksEnd))),
			list(put(r.base, get(r.sp)), put(r.end, address(symStackEnd)))),
		put(r.top, get(r.base)),
		p.set(address(symStack)),
		loop(below(p.get(), get(r.sp)),
			run(r.mark, load(p.get(), 0)),
			p.advance(4),
		),
	)
	for _, g := range r.g.m.Globals {
		if g.Kind == ir.Ref {
			body = append(body, run(r.mark, get(g)))
		}
	}
	w.body(append(body,
		run(r.drain),
		loop(get(r.dropped), put(r.dropped, num(0)), run(r.rescan)),
		run(r.sweep),
	)...)
	r.writeMark()
	r.writeDrain()
	r.writeRescan()
	r.writeSweep()
}

// word is the header of an object.
func word(x reg) ir.Expr { return load(sub(x.get(), num(headerBytes)), 0) }

func setWord(x reg, w ir.Expr) ir.Stmt { return store(sub(x.get(), num(headerBytes)), 0, w) }

// writeMark: what lies below the heap is null or a constant.
func (r *runtime) writeMark() {
	w := writer{r.mark}
	x := w.param("object", ir.I32)
	h := w.local("header", ir.I32)
	w.body(
		when(below(x.get(), address(symHeap)), &ir.Return{}),
		h.set(word(x)),
		when(and(h.get(), num(flagMark)), &ir.Return{}),
		setWord(x, or(h.get(), num(flagMark))),
		when(and(h.get(), num(flagRefs)), run(r.push, x.get(), num(0))),
	)

	// push adds work: a struct, or an array and where to go on in it.
	w = writer{r.push}
	x, at := w.param("object", ir.I32), w.param("at", ir.I32)
	w.body(
		when(below(sub(get(r.end), get(r.top)), num(8)),
			run(r.moreMarks),
			when(get(r.dropped), &ir.Return{}),
		),
		when(at.get(),
			store(get(r.top), 0, at.get()),
			put(r.top, add(get(r.top), num(4))),
			x.set(or(x.get(), num(1))),
		),
		store(get(r.top), 0, x.get()),
		put(r.top, add(get(r.top), num(4))),
	)

	w = writer{r.moreMarks}
	size, pages, to := w.local("bytes", ir.I32), w.local("pages", ir.I32), w.local("at", ir.I32)
	w.body(
		size.set(sub(get(r.top), get(r.base))),
		pages.set(add(shr(size.get(), num(15)), num(1))),
		to.set(growMemory(pages.get())),
		when(equal(to.get(), num(^uint32(0))), put(r.dropped, num(1)), &ir.Return{}),
		to.set(shl(to.get(), num(16))),
		copyBytes(to.get(), get(r.base), size.get()),
		when(get(r.marks), run(r.region, get(r.marks), sub(get(r.marksEnd), get(r.marks)))),
		put(r.marks, to.get()),
		put(r.base, to.get()),
		put(r.top, add(to.get(), size.get())),
		put(r.marksEnd, add(to.get(), shl(pages.get(), num(16)))),
		put(r.end, get(r.marksEnd)),
	)
}

// writeDrain: an array goes on to the first element that leads further, and that
// one comes first.
func (r *runtime) writeDrain() {
	w := writer{r.drain}
	x, at, h := w.local("object", ir.I32), w.local("at", ir.I32), w.local("header", ir.I32)
	end, child := w.local("end", ir.I32), w.local("child", ir.I32)
	pop := func(to reg) []ir.Stmt {
		return list(put(r.top, sub(get(r.top), num(4))), to.set(load(get(r.top), 0)))
	}
	w.body(while(bin(wasm.OpI32Ne, get(r.top), get(r.base)), func(next *ir.Label) []ir.Stmt {
		array := list(
			end.set(add(x.get(), shl(load(sub(x.get(), num(4)), 0), num(2)))),
			loop(below(at.get(), end.get()),
				child.set(load(at.get(), 0)),
				at.advance(4),
				when(atLeast(child.get(), address(symHeap)),
					h.set(word(child)),
					when(not(and(h.get(), num(flagMark))),
						setWord(child, or(h.get(), num(flagMark))),
						when(and(h.get(), num(flagRefs)),
							when(below(at.get(), end.get()), run(r.push, x.get(), at.get())),
							run(r.push, child.get(), num(0)),
							&ir.Br{Label: next},
						),
					),
				),
			),
			&ir.Br{Label: next},
		)
		fields := list(
			h.set(load(add(address(symTypes), shl(shr(h.get(), num(typeLow)), num(2))), 0)),
			either(bin(wasm.OpI32LtS, h.get(), num(0)),
				list(
					at.set(and(h.get(), num(^uint32(listBit)))),
					end.set(add(at.get(), shl(load(at.get(), 0), num(2)))),
					loop(below(at.get(), end.get()),
						at.advance(4),
						run(r.mark, load(add(x.get(), load(at.get(), 0)), 0)),
					),
				),
				list(loop(h.get(),
					run(r.mark, load(add(x.get(), shl(un(wasm.OpI32Ctz, h.get()), num(2))), 0)),
					h.set(and(h.get(), sub(h.get(), num(1)))),
				))),
		)
		body := append(pop(x), either(and(x.get(), num(1)),
			append(list(x.set(sub(x.get(), num(1)))), pop(at)...),
			list(at.set(x.get()))))
		body = append(body, h.set(word(x)), when(and(h.get(), num(flagArray)), array...))
		return append(body, fields...)
	}))
}

// cells walks the heap: p is the address of each cell in turn, h its first word,
// n its size.
func (r *runtime) cells(w writer, p, h, n reg, before, each, after []ir.Stmt) ir.Stmt {
	chunk, end := w.local("chunk", ir.I32), w.local("end", ir.I32)
	round := list(
		h.set(load(p.get(), 0)),
		n.set(load(p.get(), 4)),
		when(not(and(h.get(), num(flagFree))),
			n.set(shl(n.get(), and(shr(h.get(), num(shiftLow)), num(3)))),
			n.set(arrayCell(n)),
		),
	)
	round = append(append(round, each...), p.set(add(p.get(), n.get())))
	body := append(list(
		p.set(chunk.plus(chunkHead)),
		end.set(load(chunk.get(), 4)),
	), before...)
	body = append(body, loop(below(p.get(), end.get()), round...))
	body = append(append(body, after...), chunk.set(load(chunk.get(), 0)))
	return &ir.Block{Label: &ir.Label{}, Body: list(chunk.set(get(r.chunks)), loop(chunk.get(), body...))}
}

func (r *runtime) writeRescan() {
	w := writer{r.rescan}
	p, h, n := w.local("cell", ir.I32), w.local("header", ir.I32), w.local("bytes", ir.I32)
	w.body(
		run(r.retire),
		r.cells(w, p, h, n, nil, list(
			when(equal(and(h.get(), num(flagMark|flagRefs)), num(flagMark|flagRefs)),
				run(r.push, p.plus(headerBytes), num(0)),
				run(r.drain),
			),
		), nil),
	)
}

// writeSweep joins free cells that are neighbours and makes the lists anew.
func (r *runtime) writeSweep() {
	w := writer{r.sweep}
	p, h, n := w.local("cell", ir.I32), w.local("header", ir.I32), w.local("bytes", ir.I32)
	free, live := w.local("free", ir.I32), w.local("live", ir.I32)
	flush := when(free.get(), run(r.release, free.get(), sub(p.get(), free.get())), free.set(num(0)))
	w.body(
		run(r.retire),
		fillBytes(address(symFree), num(0), num(freeWords)),
		r.cells(w, p, h, n, nil, list(
			either(and(h.get(), num(flagMark|flagPinned)),
				list(
					store(p.get(), 0, and(h.get(), num(^uint32(flagMark)))),
					live.set(add(live.get(), n.get())),
					flush,
				),
				list(when(not(free.get()), free.set(p.get())))),
		), list(flush)),
		put(r.budget, &ir.Tern{Cond: below(live.get(), num(minBudget)), A: num(minBudget), B: live.get()}),
	)
}
