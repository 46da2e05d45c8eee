package codegen

import (
	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/internal/wasm"
)

// The heap is a list of chunks: pieces of memory without a gap. There is more
// than one when the host has grown the memory in between. A chunk begins with two
// words, the next chunk and its own end, and is tiled with cells.
//
// Free cells stand in lists by size: one list for each multiple of 8 up to
// smallCell, then one for each power of two. A small object takes a cell of just
// its size, else it is cut from the bump region, a free cell that is on no list.
// When that is used up, the smallest free cell that fits becomes the next one.
const (
	chunkHead = 8
	smallCell = 256
	bigLists  = smallCell/8 + 1 // the first list of a power of two, cells from 256 on
	freeLists = bigLists + 24
	freeWords = freeLists * 4

	// minBudget is how much is allocated between two collections at least.
	minBudget = 256 << 10
	// searchSteps bounds the search for a cell in the list of its own power of
	// two; any cell of a higher list fits.
	searchSteps = 16
)

// listOf is the address of the head of the list for cells of a size.
func listOf(size reg) ir.Expr {
	return add(address(symFree), &ir.Tern{
		Cond: bin(wasm.OpI32LeU, size.get(), num(smallCell)),
		A:    shr(size.get(), num(1)),
		B:    shl(sub(num(bigLists+31-8), un(wasm.OpI32Clz, size.get())), num(2)),
	})
}

func (r *runtime) writeHeap() {
	r.writeTake()
	r.writeLarge()
	r.writeBump()
	r.writeGrow()
	r.writeRegion()
	r.writeRelease()
}

// link is where a free cell keeps the next one of its list.
const link = 8

func (r *runtime) writeTake() {
	w := writer{r.take}
	cell := w.param("cell", ir.I32)
	head, p := w.local("list", ir.I32), w.local("cell", ir.I32)
	w.body(
		when(below(num(smallCell), cell.get()), ret(call(r.large, cell.get()))),
		head.set(add(address(symFree), shr(cell.get(), num(1)))),
		p.set(load(head.get(), 0)),
		when(p.get(), store(head.get(), 0, load(p.get(), link)), ret(p.get())),
		ret(call(r.bump, cell.get())),
	)
}

// writeLarge: first fit among a few cells of the list of its power of two, then
// any of a higher one, then the bump region.
func (r *runtime) writeLarge() {
	w := writer{r.large}
	cell := w.param("cell", ir.I32)
	before, p := w.local("before", ir.I32), w.local("cell", ir.I32)
	head, steps, rest := w.local("list", ir.I32), w.local("steps", ir.I32), w.local("rest", ir.I32)
	found := &ir.Label{Name: "found"}
	w.body(
		&ir.Block{Label: found, Body: list(
			head.set(listOf(cell)),
			before.set(sub(head.get(), num(link))), // the head is the link of what is before the first
			steps.set(num(searchSteps)),
			while(steps.get(), func(next *ir.Label) []ir.Stmt {
				return list(
					steps.set(sub(steps.get(), num(1))),
					p.set(load(before.get(), link)),
					when(p.get(),
						when(atLeast(load(p.get(), 4), cell.get()), &ir.Br{Label: found}),
						before.set(p.get()),
						&ir.Br{Label: next},
					),
					steps.set(num(0)),
				)
			}),
			head.advance(4),
			loop(below(head.get(), add(address(symFree), num(freeWords))),
				p.set(load(head.get(), 0)),
				when(p.get(), before.set(sub(head.get(), num(link))), &ir.Br{Label: found}),
				head.advance(4),
			),
			ret(call(r.bump, cell.get())),
		)},
		store(before.get(), link, load(p.get(), link)),
		rest.set(sub(load(p.get(), 4), cell.get())),
		when(rest.get(), run(r.release, add(p.get(), cell.get()), rest.get())),
		ret(p.get()),
	)
}

func (r *runtime) writeBump() {
	w := writer{r.bump}
	cell := w.param("cell", ir.I32)
	p := w.local("cell", ir.I32)
	w.body(
		loop(below(sub(get(r.lim), get(r.cur)), cell.get()),
			when(not(call(r.refill, cell.get())), ret(num(0))),
		),
		p.set(get(r.cur)),
		put(r.cur, add(p.get(), cell.get())),
		ret(p.get()),
	)

	// refill finds a bump region of at least cell bytes, and reports whether.
	// Large cells have looked at the lists already.
	w = writer{r.refill}
	cell = w.param("cell", ir.I32)
	head, p := w.local("list", ir.I32), w.local("cell", ir.I32)
	w.body(
		when(below(num(smallCell), cell.get()), ret(call(r.grow, cell.get()))),
		head.set(add(address(symFree), shr(cell.get(), num(1)))),
		loop(below(head.get(), add(address(symFree), num(freeWords))),
			p.set(load(head.get(), 0)),
			when(p.get(),
				store(head.get(), 0, load(p.get(), link)),
				run(r.retire),
				put(r.cur, p.get()),
				put(r.lim, add(p.get(), load(p.get(), 4))),
				ret(num(1)),
			),
			head.advance(4),
		),
		ret(call(r.grow, cell.get())),
	)
}

// writeGrow: the memory grows by an eighth, else by just what is needed.
func (r *runtime) writeGrow() {
	w := writer{r.grow}
	cell := w.param("cell", ir.I32)
	pages, at := w.local("pages", ir.I32), w.local("at", ir.I32)
	need := w.local("need", ir.I32)
	none := func() ir.Expr { return equal(at.get(), num(^uint32(0))) }
	w.body(
		need.set(add(shr(add(cell.get(), num(chunkHead-1)), num(16)), num(1))),
		pages.set(shr(memoryPages(), num(3))),
		when(below(pages.get(), need.get()), pages.set(need.get())),
		at.set(growMemory(pages.get())),
		when(none(), pages.set(need.get()), at.set(growMemory(pages.get()))),
		when(none(), ret(num(0))),
		run(r.region, shl(at.get(), num(16)), shl(pages.get(), num(16))),
		ret(num(1)),
	)
}

// writeRegion: memory behind the newest chunk makes that longer, other memory is
// a chunk of its own. It becomes the bump region, or the end of the present one.
func (r *runtime) writeRegion() {
	w := writer{r.region}
	start, size := w.param("start", ir.I32), w.param("bytes", ir.I32)
	w.body(
		either(equal(load(get(r.chunks), 4), start.get()),
			list(
				store(get(r.chunks), 4, add(start.get(), size.get())),
				when(equal(get(r.lim), start.get()),
					put(r.lim, add(start.get(), size.get())),
					&ir.Return{},
				),
			),
			list(
				store(start.get(), 0, get(r.chunks)),
				store(start.get(), 4, add(start.get(), size.get())),
				put(r.chunks, start.get()),
				start.advance(chunkHead),
				size.set(sub(size.get(), num(chunkHead))),
			)),
		run(r.retire),
		put(r.cur, start.get()),
		put(r.lim, add(start.get(), size.get())),
	)
}

// writeRelease: cells of 8 bytes, which remain when others are cut, have no room
// for a link and wait for the collection that joins them to a neighbour.
func (r *runtime) writeRelease() {
	w := writer{r.release}
	p, size := w.param("cell", ir.I32), w.param("bytes", ir.I32)
	head := w.local("list", ir.I32)
	w.body(
		store(p.get(), 0, num(flagFree)),
		store(p.get(), 4, size.get()),
		when(atLeast(size.get(), num(minCell)),
			head.set(listOf(size)),
			store(p.get(), link, load(head.get(), 0)),
			store(head.get(), 0, p.get()),
		),
	)

	w = writer{r.retire}
	w.body(
		when(bin(wasm.OpI32Ne, get(r.lim), get(r.cur)),
			run(r.release, get(r.cur), sub(get(r.lim), get(r.cur))),
		),
		put(r.cur, num(0)),
		put(r.lim, num(0)),
	)
}
