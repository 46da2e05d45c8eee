package codegen

import (
	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/internal/wasm"
)

// A buffer that the host has asked for is an array of bytes that is pinned: it
// stays until the export that gets it takes it over, or the host frees it.

func (r *runtime) writeHost() {
	w := writer{r.panic}
	message := w.param("message", ir.Ref)
	place, n := w.param("place", ir.I32), w.param("n", ir.I32)
	text, size := w.local("text", ir.Ref), w.local("bytes", ir.I32)
	body := list(
		size.set(&ir.ArrayLen{X: message.get()}),
		text.set(call(r.newArray, add(size.get(), n.get()), num(r.bytesHeader()))),
		copyBytes(text.get(), message.get(), size.get()),
		copyBytes(add(text.get(), size.get()), place.get(), n.get()),
	)
	if !r.g.o.PanicTrap {
		body = append(body, &ir.Do{X: &ir.CallHost{Import: r.g.panicImport(), Args: []ir.Expr{text.get()}}})
	}
	w.body(append(body, &ir.Unreachable{})...)

	writer{r.overflow}.body(fail("stack overflow"))

	w = writer{r.hostAlloc}
	n = w.param("size", ir.I32)
	p := w.local("buffer", ir.I32)
	w.body(
		p.set(call(r.tryArray, n.get(), num(r.bytesHeader()))),
		when(p.get(), setWord(p, num(r.bytesHeader()|flagPinned))),
		ret(p.get()),
	)

	w = writer{r.hostFree}
	p = w.param("buffer", ir.I32)
	w.body(when(r.pinned(p), setWord(p, num(r.bytesHeader()))))

	w = writer{r.adopt}
	p, n = w.param("address", ir.I32), w.param("n", ir.I32)
	w.body(
		when(r.pinned(p),
			when(equal(load(sub(p.get(), num(4)), 0), n.get()),
				setWord(p, num(r.bytesHeader())),
				ret(p.get()),
			),
		),
		ret(call(r.rawBytes, p.get(), n.get())),
	)
}

// pinned tests whether an address that the host gave is that of a buffer. It may
// be any number.
func (r *runtime) pinned(p reg) ir.Expr {
	inside := bin(wasm.OpI32And,
		bin(wasm.OpI32And, bin(wasm.OpI32GtU, p.get(), address(symHeap)), not(and(p.get(), num(7)))),
		below(shr(p.get(), num(16)), memoryPages()))
	return &ir.Tern{Cond: inside, A: equal(word(p), num(r.bytesHeader()|flagPinned)), B: num(0)}
}
