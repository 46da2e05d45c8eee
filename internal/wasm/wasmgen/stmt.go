package wasmgen

import "github.com/univrs/vudo/internal/wasm"

// enter opens a label; the block instruction has been emitted.
func (g *generator) enter(label []wasm.ValType) {
	g.labels = append(g.labels, label)
	g.depth++
}

// leave closes the innermost block.
func (g *generator) leave() {
	g.e.End()
	g.labels = g.labels[:len(g.labels)-1]
	g.depth--
}

// keep takes the values on the stack into locals, or drops them.
func (g *generator) keep(ts []wasm.ValType) {
	for i := len(ts) - 1; i >= 0; i-- {
		if g.chance(70) {
			g.e.LocalSet(g.localOf(ts[i]))
		} else {
			g.e.Op(wasm.OpDrop)
		}
	}
}

func (g *generator) statements(n int) {
	for range n {
		if g.size <= 0 {
			return
		}
		g.statement()
	}
}

// statement emits code that leaves the stack as it was.
func (g *generator) statement() {
	g.size--
	e := g.e
	if g.depth > 7 {
		e.Op(wasm.OpNop)
		return
	}
	switch c := g.n(100); {
	case c < 18:
		t := pick(&g.rng, g.types)
		g.expr(t)
		e.LocalSet(g.localOf(t))
	case c < 28:
		t := pick(&g.rng, g.types)
		g.expr(t)
		e.GlobalSet(pick(&g.rng, g.global[t]))
	case c < 40:
		g.store()
	case c < 45:
		g.expr(pick(&g.rng, g.types))
		e.Op(wasm.OpDrop)
	case c < 57:
		g.loop()
	case c < 64:
		g.ifStatement()
	case c < 68:
		g.multiValue()
	case c < 75:
		g.branch()
	case c < 81:
		g.switchStatement()
	case c < 88:
		f := pick(&g.rng, g.funcs)
		g.call(f, false)
		g.keep(f.sig.Results)
	case c < 91:
		g.tailCall()
	case c < 96 && !g.o.NoBulk:
		g.bulkMemory()
	case !g.o.NoRefs:
		g.tableStatement()
	default:
		e.Op(wasm.OpNop)
	}
}

var stores = func() (ops []wasm.Opcode) {
	for _, op := range wasm.Opcodes() {
		info, _ := wasm.Op(op)
		if (info.Imm == wasm.ImmMemArg || info.Imm == wasm.ImmMemArgLane) && len(info.Results) == 0 {
			ops = append(ops, op)
		}
	}
	return ops
}()

func (g *generator) store() {
	op := pick(&g.rng, stores)
	for g.o.NoSIMD && op >= 0xfd00 {
		op = pick(&g.rng, stores)
	}
	info, _ := wasm.Op(op)
	g.address()
	g.expr(info.Params[1])
	g.access(op, info)
}

// loop runs its body up to some times: a counter in a local, parameters that
// travel around, results at the end.
func (g *generator) loop() {
	if g.loops >= 3 {
		g.e.Op(wasm.OpNop)
		return
	}
	g.loops++
	e := g.e
	params, results := g.list(2, g.types), g.list(2, g.types)
	counter := g.local(wasm.I32)
	e.I32Const(int32(1 + g.n(12))).LocalSet(counter)
	g.values(params)
	bt := wasm.BlockIndex(g.b.Type(params, results))
	if len(params)+len(results) == 0 {
		bt = wasm.BlockEmpty
	}
	e.Loop(bt)
	g.enter(params)
	g.takeWork()
	g.keep(params)
	g.statements(1 + g.n(4))
	g.values(params)
	e.LocalGet(counter).I32Const(1).Op(wasm.OpI32Sub).LocalTee(counter).I32Const(0).Op(wasm.OpI32GtS).BrIf(0)
	g.keep(params)
	g.values(results)
	g.leave()
	g.keep(results)
	g.loops--
}

func (g *generator) ifStatement() {
	g.expr(wasm.I32)
	g.e.If(wasm.BlockEmpty)
	g.enter(nil)
	g.statements(1 + g.n(2))
	if g.chance(50) {
		g.e.Else()
		g.statements(1 + g.n(2))
	}
	g.leave()
}

// multiValue is an if with parameters and results.
func (g *generator) multiValue() {
	params, results := g.list(3, g.types), g.list(3, g.types)
	g.values(params)
	g.expr(wasm.I32)
	g.e.If(wasm.BlockIndex(g.b.Type(params, results)))
	g.enter(results)
	g.keep(params)
	g.values(results)
	g.e.Else()
	g.keep(params)
	g.statements(g.n(2))
	g.values(results)
	g.leave()
	g.keep(results)
}

// branch leaves to some label, or returns, under a condition or in a block of
// its own; what follows an unconditional branch is dead code.
func (g *generator) branch() {
	e := g.e
	if g.chance(50) {
		label := g.n(len(g.labels))
		ts := g.labels[len(g.labels)-1-label]
		g.values(ts)
		g.expr(wasm.I32)
		e.BrIf(uint32(label))
		g.keep(ts)
		return
	}
	g.expr(wasm.I32)
	e.If(wasm.BlockEmpty)
	g.enter(nil)
	if g.chance(30) {
		g.values(g.labels[0])
		e.Return()
	} else {
		label := g.n(len(g.labels))
		g.values(g.labels[len(g.labels)-1-label])
		e.Br(uint32(label))
	}
	if g.chance(30) {
		g.dead()
	}
	g.leave()
}

// dead emits code where the stack is polymorphic.
func (g *generator) dead() {
	e := g.e
	switch g.n(4) {
	case 0:
		e.Op(wasm.OpI32Add, wasm.OpDrop)
	case 1:
		e.Op(wasm.OpSelect, wasm.OpDrop)
	case 2:
		g.statement()
	default:
		e.Op(wasm.OpDrop, wasm.OpDrop).Br(0)
	}
}

// switchStatement is a br_table over nested blocks; its targets may also be
// outer labels without values.
func (g *generator) switchStatement() {
	e := g.e
	n := 1 + g.n(4)
	for range n + 1 {
		e.Block(wasm.BlockEmpty)
		g.enter(nil)
	}
	g.expr(wasm.I32)
	if g.chance(80) {
		e.I32Const(7).Op(wasm.OpI32And)
	}
	var free []uint32
	for i := range g.labels {
		if len(g.labels[len(g.labels)-1-i]) == 0 {
			free = append(free, uint32(i))
		}
	}
	targets := make([]uint32, 1+g.n(7))
	for i := range targets {
		targets[i] = uint32(g.n(n + 1))
		if g.chance(15) {
			targets[i] = pick(&g.rng, free)
		}
	}
	e.BrTable(targets...)
	for i := range n {
		g.leave()
		g.statements(1)
		if g.chance(70) {
			e.Br(uint32(n - i - 1))
		}
	}
	g.leave()
}

// tailCall replaces the function by another of the same results, under a condition.
func (g *generator) tailCall() {
	var fit []function
	for _, f := range g.funcs {
		if !f.host && string(f.sig.Results) == string(g.fn.sig.Results) {
			fit = append(fit, f)
		}
	}
	if len(fit) == 0 || g.o.NoTailCalls {
		g.e.Op(wasm.OpNop)
		return
	}
	g.expr(wasm.I32)
	g.e.If(wasm.BlockEmpty)
	g.enter(nil)
	g.call(pick(&g.rng, fit), true)
	g.leave()
}

// count emits a length of 0 to 255 bytes.
func (g *generator) count() {
	g.expr(wasm.I32)
	g.e.I32Const(0xff).Op(wasm.OpI32And)
}

func (g *generator) bulkMemory() {
	e := g.e
	switch g.n(4) {
	case 0:
		g.address()
		g.expr(wasm.I32)
		g.count()
		e.OpIdx(wasm.OpMemoryFill, 0)
	case 1:
		g.address()
		g.address()
		g.count()
		e.OpIdx(wasm.OpMemoryCopy, 0, 0)
	case 2:
		from := g.n(segLen)
		g.address()
		e.I32Const(int32(from)).I32Const(int32(g.n(segLen-from+1))).OpIdx(wasm.OpMemoryInit, dataKept, 0)
	default:
		g.useThenDrop()
	}
}

// useThenDrop uses the droppable segments if they are still there and drops
// them. The address comes first: code in it may drop them too.
func (g *generator) useThenDrop() {
	e := g.e
	at := g.local(wasm.I32)
	g.address()
	e.LocalSet(at)
	e.GlobalGet(g.gone).Op(wasm.OpI32Eqz).If(wasm.BlockEmpty)
	e.LocalGet(at).I32Const(0).I32Const(segLen).OpIdx(wasm.OpMemoryInit, dataGone, 0)
	if !g.o.NoRefs {
		e.I32Const(0).I32Const(0).I32Const(elemLen).OpIdx(wasm.OpTableInit, elemGone, 1)
	}
	if g.chance(50) {
		e.I32Const(1).GlobalSet(g.gone)
		e.OpIdx(wasm.OpDataDrop, dataGone)
		if !g.o.NoRefs {
			e.OpIdx(wasm.OpElemDrop, elemGone)
		}
	}
	e.End()
}

func (g *generator) tableStatement() {
	e := g.e
	table, t := uint32(1), wasm.FuncRef
	if g.chance(50) {
		table, t = 2, wasm.ExternRef
	}
	slot := func() {
		g.expr(wasm.I32)
		e.I32Const(refSlots/2 - 1).Op(wasm.OpI32And)
	}
	switch c := g.n(4); {
	case c == 0 && !g.o.NoBulk:
		slot()
		g.expr(t)
		slot()
		e.OpIdx(wasm.OpTableFill, table)
	case c == 1 && !g.o.NoBulk:
		slot()
		slot()
		slot()
		e.OpIdx(wasm.OpTableCopy, table, table)
	case c == 2 && !g.o.NoBulk:
		slot()
		from := g.n(elemLen)
		e.I32Const(int32(from)).I32Const(int32(g.n(elemLen-from+1))).OpIdx(wasm.OpTableInit, elemKept, 1)
	default:
		slot()
		g.expr(t)
		e.OpIdx(wasm.OpTableSet, table)
	}
}
