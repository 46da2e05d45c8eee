// Package wasmgen makes random valid modules that terminate, for tests of
// whatever claims to keep a program's meaning: the meter, the engine, the codec.
//
// A program exports functions over i32, i64, f32 and f64 only, so that every
// engine can run it, and the memory "memory"; inside it uses all of core 2.0 and
// tail calls, as far as Options allow. It needs no imports unless asked. Each
// exported call ends: loops count down, every function entry and every loop
// iteration takes one unit of a work counter that the export sets, calls carry a
// depth. NaNs are made canonical after every operator that may choose their
// bits, so results are the same numbers on every engine. Memories and tables
// have small maxima, so grow fails at the same place everywhere.
//
// The same seed and options give the same bytes, on every machine and Go version.
//
//	p := wasmgen.Generate(seed, wasmgen.Options{TrapPercent: 40})
//	for _, c := range p.Calls { run(p.Bytes, c.Export, c.Args) }
package wasmgen

import (
	"fmt"

	"github.com/univrs/vudo/internal/wasm"
)

// Options choose what programs contain; the zero value means all features and
// no planted traps.
type Options struct {
	NoSIMD      bool
	NoTailCalls bool
	NoRefs      bool // no externref, no tables beside the one of call_indirect, no table instructions
	NoBulk      bool // no bulk memory and table operations, no passive segments
	NoStart     bool // no start function
	Imports     bool // import "env" "twist" (i64) -> (i64) and "env" "note" (i32) -> (), and call them
	TrapPercent int  // 0 to 100: share of programs with one planted trap; most reach it
	Work        int  // loop iterations and calls per exported call; 0 means 300
	Size        int  // rough number of operators per function; 0 means 60
}

// Call is one call to make; Args are bits as in an engine's value stack.
type Call struct {
	Export string
	Type   wasm.FuncType
	Args   []uint64
}

// Program is a generated module and the calls to make on one instance of it, in order.
type Program struct {
	Seed   uint64
	Module *wasm.Module
	Bytes  []byte
	Calls  []Call
	Trap   Trap // planted, "" for none; a call may still not reach it
}

// rng is splitmix64: its numbers never change with the Go release.
type rng struct{ s uint64 }

func (r *rng) next() uint64 {
	r.s += 0x9e3779b97f4a7c15
	z := r.s
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (r *rng) n(n int) int             { return int(r.next() % uint64(n)) }
func (r *rng) chance(percent int) bool { return r.n(100) < percent }

func pick[T any](r *rng, xs []T) T { return xs[r.n(len(xs))] }

type function struct {
	idx  uint32
	typ  uint32
	sig  wasm.FuncType // the first parameter is the depth left
	host bool          // imported: no depth
	slot uint32        // in the call table
}

type generator struct {
	rng
	o      Options
	b      *wasm.Builder
	types  []wasm.ValType // value types in use
	funcs  []function     // what may be called
	global map[wasm.ValType][]uint32
	trap   Trap
	where  int // function that gets the trap

	work      uint32 // global: work left
	gone      uint32 // global: the droppable segments have been dropped
	callSlots uint32 // filled slots of table 0; behind them is one null
	memPages  uint32

	// of the function at hand
	e      *wasm.Emitter
	fn     function
	inner  bool // local 0 is the depth left
	locals []wasm.ValType
	labels [][]wasm.ValType
	size   int
	depth  int // open constructs
	loops  int // open loops
}

const (
	maxPages  = 4  // memory 0
	refSlots  = 8  // tables 1 and 2 start with
	maxSlots  = 16 // and grow to
	callDepth = 8
	segLen    = 32 // bytes of each data segment
	elemLen   = 4  // elements of the passive segment
)

// Segments of every program with bulk operations.
const (
	dataKept = 1 // passive, never dropped
	dataGone = 2 // passive, dropped under the flag of the global gone
	elemKept = 1 // passive funcref, never dropped
	elemGone = 2
)

// Generate makes the program of a seed.
func Generate(seed uint64, o Options) *Program {
	if o.Work == 0 {
		o.Work = 300
	}
	if o.Size == 0 {
		o.Size = 60
	}
	g := &generator{rng: rng{seed}, o: o, b: wasm.NewBuilder(), global: map[wasm.ValType][]uint32{}}
	g.next()
	g.types = []wasm.ValType{wasm.I32, wasm.I32, wasm.I64, wasm.F32, wasm.F64}
	if !o.NoSIMD {
		g.types = append(g.types, wasm.V128)
	}
	if !o.NoRefs {
		g.types = append(g.types, wasm.FuncRef, wasm.ExternRef)
	}
	if g.chance(o.TrapPercent) {
		g.trap = pick(&g.rng, g.possibleTraps())
	}
	p := &Program{Seed: seed, Trap: g.trap}
	g.layout()
	p.Calls = g.bodies()
	p.Module = g.b.Module()
	p.Bytes = p.Module.Encode()
	return p
}

func (g *generator) list(most int, types []wasm.ValType) []wasm.ValType {
	var ts []wasm.ValType
	for range g.n(most + 1) {
		ts = append(ts, pick(&g.rng, types))
	}
	return ts
}

// layout declares everything but the bodies, so that these can refer to it.
func (g *generator) layout() {
	b := g.b
	if g.o.Imports {
		for _, f := range []struct {
			name string
			t    wasm.FuncType
		}{
			{"twist", wasm.FuncType{Params: wasm.Types(wasm.I64), Results: wasm.Types(wasm.I64)}},
			{"note", wasm.FuncType{Params: wasm.Types(wasm.I32)}},
		} {
			idx := b.ImportFunc("env", f.name, f.t.Params, f.t.Results)
			g.funcs = append(g.funcs, function{idx: idx, typ: b.Type(f.t.Params, f.t.Results), sig: f.t, host: true})
		}
	}
	g.memPages = uint32(1 + g.n(2))
	b.Memory(g.memPages, maxPages)
	b.Export("memory", wasm.KindMemory, 0)
	g.work = b.Global(wasm.I32, true, func(e *wasm.Emitter) { e.I32Const(int32(g.o.Work)) })
	g.gone = b.Global(wasm.I32, true, func(e *wasm.Emitter) { e.I32Const(0) })
	for _, t := range g.types {
		for range 1 + g.n(2) {
			idx := b.Global(t, true, func(e *wasm.Emitter) { g.constant(e, t) })
			g.global[t] = append(g.global[t], idx)
			if t.IsNum() {
				b.Export(fmt.Sprintf("global%d", idx), wasm.KindGlobal, idx)
			}
		}
	}
	for range 2 + g.n(5) {
		sig := wasm.FuncType{Params: append(wasm.Types(wasm.I32), g.list(4, g.types)...), Results: g.list(3, g.types)}
		idx := b.Func("", sig.Params, sig.Results, nil, nil)
		g.funcs = append(g.funcs, function{idx: idx, typ: b.Type(sig.Params, sig.Results), sig: sig})
	}
	g.tables()
	b.Data(int32(g.n(1000)), g.bytes(segLen))
	if !g.o.NoBulk {
		b.PassiveData(g.bytes(segLen))
		b.PassiveData(g.bytes(segLen))
	}
}

// tables: table 0 holds every function that is not imported, for call_indirect,
// and a null behind them; tables 1 and 2 are for the table instructions.
func (g *generator) tables() {
	b := g.b
	var elems []uint32
	for i := range g.funcs {
		f := &g.funcs[i]
		if !f.host {
			f.slot = uint32(len(elems))
			elems = append(elems, f.idx)
		}
	}
	g.callSlots = uint32(len(elems))
	b.Table(wasm.FuncRef, g.callSlots+1, int64(g.callSlots+1))
	b.Elem(0, elems...)
	if g.o.NoRefs {
		return
	}
	b.Table(wasm.FuncRef, refSlots, maxSlots)
	b.Table(wasm.ExternRef, refSlots, maxSlots)
	if g.o.NoBulk {
		return
	}
	some := make([]uint32, elemLen)
	for i := range some {
		some[i] = pick(&g.rng, elems)
	}
	b.PassiveElem(some...)
	exprs := make([][]byte, elemLen)
	for i := range exprs {
		exprs[i] = wasm.ConstExpr(func(e *wasm.Emitter) {
			if g.chance(50) {
				e.RefNull(wasm.FuncRef)
			} else {
				e.OpIdx(wasm.OpRefFunc, pick(&g.rng, elems))
			}
		})
	}
	b.AddElem(wasm.Element{Flags: 5, Type: wasm.FuncRef, Exprs: exprs})
}

func (g *generator) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(g.next())
	}
	return b
}

// bodies fills the functions, adds the exports and lists the calls.
func (g *generator) bodies() []Call {
	exports := 1 + g.n(3)
	// The trap goes mostly into the first export, where nothing skips it.
	g.where = -1
	if g.chance(30) {
		g.where = g.n(len(g.funcs))
	}
	for i, f := range g.funcs {
		if !f.host {
			g.body(f, true, i == g.where)
		}
	}
	if !g.o.NoStart && g.where < 0 && g.chance(25) { // instantiation itself never traps
		f := function{idx: g.b.Func("", nil, nil, nil, nil)}
		g.body(f, false, false)
		g.b.Start(f.idx)
	}
	var calls []Call
	numbers := wasm.Types(wasm.I32, wasm.I64, wasm.F32, wasm.F64)
	for i := range exports {
		name := fmt.Sprintf("run%d", i)
		sig := wasm.FuncType{Params: g.list(3, numbers), Results: g.list(3, numbers)}
		f := function{idx: g.b.Func("", sig.Params, sig.Results, nil, nil), sig: sig}
		g.body(f, false, i == 0 && g.where < 0)
		g.export(name, f)
		for range 1 + g.n(2) {
			c := Call{Export: name, Type: sig}
			for _, t := range sig.Params {
				c.Args = append(c.Args, g.bits(t))
			}
			calls = append(calls, c)
		}
	}
	return calls
}

// export wraps f: the results of an export are canonical where they are NaN,
// because a host such as JavaScript does not see the bits.
func (g *generator) export(name string, f function) {
	at := make([]uint32, len(f.sig.Results))
	for i := range at {
		at[i] = uint32(len(f.sig.Params) + i)
	}
	g.b.Func(name, f.sig.Params, f.sig.Results, f.sig.Results, func(e *wasm.Emitter) {
		for i := range f.sig.Params {
			e.LocalGet(uint32(i))
		}
		e.Call(f.idx)
		for i := len(at) - 1; i >= 0; i-- {
			e.LocalSet(at[i])
		}
		for i, t := range f.sig.Results {
			x := at[i]
			e.LocalGet(x)
			switch t {
			case wasm.F32:
				e.F32Bits(canonical32).LocalGet(x).LocalGet(x).Op(wasm.OpF32Eq, wasm.OpSelect)
			case wasm.F64:
				e.F64Bits(canonical64).LocalGet(x).LocalGet(x).Op(wasm.OpF64Eq, wasm.OpSelect)
			}
		}
	})
}

// body writes one function. Inner ones check depth and work on entry; the
// others set the work counter first.
func (g *generator) body(f function, inner, trapHere bool) {
	g.fn, g.inner, g.size, g.depth, g.loops = f, inner, g.o.Size/2+g.n(g.o.Size+1), 0, 0
	g.locals = append([]wasm.ValType(nil), f.sig.Params...)
	g.labels = [][]wasm.ValType{f.sig.Results}
	g.b.Body(f.idx, func(e *wasm.Emitter) {
		g.e = e
		if inner {
			g.takeWork()
			e.LocalGet(0).I32Const(0).Op(wasm.OpI32LtS)
			g.leaveIf()
		} else {
			e.I32Const(int32(g.o.Work)).GlobalSet(g.work)
		}
		g.statements(2 + g.n(5))
		if trapHere && g.trap != "" {
			g.plant()
			g.statements(1 + g.n(2))
		}
		g.values(f.sig.Results)
	})
	g.b.LocalGroups(f.idx, wasm.Locals(g.locals[len(f.sig.Params):]...)...)
}

// takeWork takes one unit of work and leaves the function when none is left.
func (g *generator) takeWork() {
	g.e.GlobalGet(g.work).I32Const(1).Op(wasm.OpI32Sub).GlobalSet(g.work)
	g.e.GlobalGet(g.work).I32Const(0).Op(wasm.OpI32LtS)
	g.leaveIf()
}

// leaveIf returns zeroes if the operand is not zero.
func (g *generator) leaveIf() {
	g.e.If(wasm.BlockEmpty)
	for _, t := range g.fn.sig.Results {
		g.zero(t)
	}
	g.e.Return().End()
}

func (g *generator) zero(t wasm.ValType) {
	switch t {
	case wasm.I32:
		g.e.I32Const(0)
	case wasm.I64:
		g.e.I64Const(0)
	case wasm.F32:
		g.e.F32Const(0)
	case wasm.F64:
		g.e.F64Const(0)
	case wasm.V128:
		g.e.V128Const([16]byte{})
	default:
		g.e.RefNull(t)
	}
}

// local adds a local of type t.
func (g *generator) local(t wasm.ValType) uint32 {
	g.locals = append(g.locals, t)
	return uint32(len(g.locals) - 1)
}

// localOf returns a local of type t that programs may read and write; the depth
// of an inner function is neither.
func (g *generator) localOf(t wasm.ValType) uint32 {
	var fit []uint32
	for i, u := range g.locals {
		if u == t && (i > 0 || !g.inner) {
			fit = append(fit, uint32(i))
		}
	}
	if len(fit) == 0 || len(g.locals) < 24 && g.chance(10) {
		return g.local(t)
	}
	return pick(&g.rng, fit)
}
