package codegen

import (
	"github.com/univrs/vudo/dol/internal/ir"
)

// runtime is the functions that generated code calls. They are written once per
// module, and only those that are called are linked.
type runtime struct {
	g     *generator
	order []*ir.Func
	state []*stateGlobal

	alloc     *ir.Func // (cell bytes, header) -> object, not zeroed; panics without memory
	tryAlloc  *ir.Func // the same, 0 without memory
	slowAlloc *ir.Func // the same, collects if that is due
	newArray  *ir.Func // (elements, header) -> object, zeroed; panics
	tryArray  *ir.Func // the same, 0 without memory
	rawBytes  *ir.Func // (address, n) -> array of bytes with a copy
	fill      map[int]*ir.Func
	panic     *ir.Func // (message, place, its length)
	overflow  *ir.Func // of the shadow stack

	adopt     *ir.Func // (address, n) -> array of bytes; takes over a pinned buffer
	hostAlloc *ir.Func // __vudo_alloc
	hostFree  *ir.Func // __vudo_free

	take    *ir.Func // (cell bytes) -> cell, 0 without memory
	large   *ir.Func
	bump    *ir.Func
	refill  *ir.Func
	grow    *ir.Func
	region  *ir.Func // (start, bytes): adds memory to the heap
	release *ir.Func // (cell, bytes): puts a free cell on its list
	retire  *ir.Func // gives up the bump region

	collect   *ir.Func
	mark      *ir.Func // (reference or 0)
	push      *ir.Func
	moreMarks *ir.Func
	drain     *ir.Func
	rescan    *ir.Func
	sweep     *ir.Func

	sp *ir.Global // end of the shadow stack: of the frames of all active calls

	cur, lim *ir.Global // the bump region
	chunks   *ir.Global // the newest chunk
	budget   *ir.Global // bytes to allocate until the next collection

	marks, marksEnd         *ir.Global // memory grown for the stack of marks, 0: none
	base, top, end, dropped *ir.Global // the stack of marks in use; dropped: it was too small
}

// stateGlobal is a variable of the runtime with its value at the beginning.
type stateGlobal struct {
	g    *ir.Global
	sym  symbol
	init uint32
}

func newRuntime(g *generator) *runtime {
	r := &runtime{g: g}
	r.sp = r.variable("sp", symStack, 0)
	r.cur = r.variable("heap.cur", symHeap, chunkHead)
	r.lim = r.variable("heap.lim", symMemoryEnd, 0)
	r.chunks = r.variable("heap.chunks", symHeap, 0)
	r.budget = r.variable("heap.budget", symNone, minBudget)
	r.marks = r.variable("gc.marks", symNone, 0)
	r.marksEnd = r.variable("gc.marks_end", symNone, 0)
	r.base = r.variable("gc.base", symNone, 0)
	r.top = r.variable("gc.top", symNone, 0)
	r.end = r.variable("gc.end", symNone, 0)
	r.dropped = r.variable("gc.dropped", symNone, 0)

	r.declare()
	r.writeAlloc()
	r.writeHeap()
	r.writeCollect()
	r.writeHost()
	return r
}

func (r *runtime) variable(name string, sym symbol, init uint32) *ir.Global {
	g := &ir.Global{ID: -1 - len(r.state), Name: name, Kind: ir.I32}
	r.state = append(r.state, &stateGlobal{g, sym, init})
	return g
}

// declare makes the functions, so that they can call each other, in the order in
// which they are linked.
func (r *runtime) declare() {
	f := func(name string, result ir.Kind) *ir.Func {
		fn := &ir.Func{ID: -1, Name: "runtime." + name, Result: result}
		r.order = append(r.order, fn)
		return fn
	}
	r.alloc, r.tryAlloc, r.slowAlloc = f("alloc", ir.I32), f("try_alloc", ir.I32), f("slow_alloc", ir.I32)
	r.newArray, r.tryArray = f("new_array", ir.I32), f("try_array", ir.I32)
	r.rawBytes = f("raw_bytes", ir.I32)
	r.fill = map[int]*ir.Func{}
	for _, size := range [...]int{2, 4, 8} {
		r.fill[size] = f("fill"+string(rune('0'+size)), ir.None)
	}
	r.panic, r.overflow = f("panic", ir.None), f("stack_overflow", ir.None)
	r.adopt = f("adopt", ir.I32)
	r.hostAlloc, r.hostFree = f("host_alloc", ir.I32), f("host_free", ir.None)
	r.take, r.large, r.bump = f("take", ir.I32), f("large", ir.I32), f("bump", ir.I32)
	r.refill, r.grow, r.region = f("refill", ir.I32), f("grow", ir.I32), f("region", ir.None)
	r.release, r.retire = f("release", ir.None), f("retire", ir.None)
	r.collect, r.mark, r.push = f("collect", ir.None), f("mark", ir.None), f("push", ir.None)
	r.moreMarks, r.drain, r.rescan, r.sweep = f("more_marks", ir.None), f("drain", ir.None), f("rescan", ir.None), f("sweep", ir.None)
	if r.g.o.GC != GCNone {
		for _, fn := range []*ir.Func{r.alloc, r.newArray, r.rawBytes, r.adopt, r.panic} {
			r.g.facts.may[fn] = true
		}
	}
}

func get(g *ir.Global) ir.Expr            { return &ir.GetGlobal{Global: g} }
func put(g *ir.Global, x ir.Expr) ir.Stmt { return &ir.SetGlobal{Global: g, X: x} }
func call(f *ir.Func, args ...ir.Expr) ir.Expr {
	return &ir.Call{Func: f, Args: args}
}
func run(f *ir.Func, args ...ir.Expr) ir.Stmt { return &ir.Do{X: call(f, args...)} }

// fail is a panic without a place.
func fail(message string) ir.Stmt { return &ir.Panic{Msg: &ir.Str{Text: message}} }
