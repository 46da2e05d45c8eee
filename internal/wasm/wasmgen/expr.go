package wasmgen

import (
	"math"
	"strings"

	"github.com/univrs/vudo/internal/wasm"
)

// The operators by result type, taken from the instruction table: all that
// cannot trap whatever their operands are, and the loads.
var pure, loads = operators()

func operators() (pure, loads map[wasm.ValType][]wasm.Opcode) {
	pure, loads = map[wasm.ValType][]wasm.Opcode{}, map[wasm.ValType][]wasm.Opcode{}
	for _, op := range wasm.Opcodes() {
		info, _ := wasm.Op(op)
		if !info.Fixed || len(info.Results) != 1 {
			continue
		}
		t := info.Results[0]
		switch info.Imm {
		case wasm.ImmNone, wasm.ImmLane, wasm.ImmShuffle:
			if !mayTrap(info.Name) {
				pure[t] = append(pure[t], op)
			}
		case wasm.ImmMemArg, wasm.ImmMemArgLane:
			loads[t] = append(loads[t], op)
		}
	}
	return pure, loads
}

// mayTrap reports whether a numeric operator traps on some operands.
func mayTrap(name string) bool {
	if strings.Contains(name, "x") { // a vector shape such as i32x4: never
		return false
	}
	for _, s := range []string{".div_", ".rem_", ".trunc_f"} {
		if strings.Contains(name, s) {
			return true
		}
	}
	return false
}

// choosesNaN reports whether the specification leaves the bits of a NaN result
// of this operator to the engine.
func choosesNaN(name string) bool {
	shape, op, _ := strings.Cut(name, ".")
	switch shape {
	case "f32", "f64", "f32x4", "f64x2":
	default:
		return false
	}
	op, _, _ = strings.Cut(op, "_")
	switch op {
	case "ceil", "floor", "trunc", "nearest", "sqrt", "add", "sub", "mul", "div", "min", "max", "demote", "promote":
		return true
	}
	return false
}

// bits draws a value: often small, often at an edge, else anything.
func (g *generator) bits(t wasm.ValType) uint64 {
	edges := []uint64{0, 1, math.MaxUint64, 1 << 31, 1<<31 - 1, 1 << 63, 1<<63 - 1, 0xff, 0x8000, 1 << 32}
	var v uint64
	switch g.n(3) {
	case 0:
		v = uint64(g.n(100))
	case 1:
		v = pick(&g.rng, edges)
	default:
		v = g.next()
	}
	switch t {
	case wasm.I32:
		return uint64(uint32(v))
	case wasm.F32:
		f := pick(&g.rng, []float32{
			0, float32(math.Copysign(0, -1)), 1, -1.5, math.MaxFloat32, math.SmallestNonzeroFloat32,
			float32(math.Inf(1)), float32(math.NaN()), float32(int64(v)),
		})
		return uint64(math.Float32bits(f))
	case wasm.F64:
		f := pick(&g.rng, []float64{
			0, math.Copysign(0, -1), 1, -1.5, math.MaxFloat64, math.SmallestNonzeroFloat64,
			math.Inf(-1), math.Float64frombits(canonical64), float64(int64(v)),
		})
		return math.Float64bits(f)
	}
	return v
}

const (
	canonical32 = 0x7fc00000
	canonical64 = 0x7ff8000000000000
)

// constant emits a constant of any type.
func (g *generator) constant(e *wasm.Emitter, t wasm.ValType) {
	switch t {
	case wasm.I32:
		e.I32Const(int32(g.bits(t)))
	case wasm.I64:
		e.I64Const(int64(g.bits(t)))
	case wasm.F32:
		e.F32Bits(uint32(g.bits(t)))
	case wasm.F64:
		e.F64Bits(g.bits(t))
	case wasm.V128:
		e.V128Const([16]byte(g.bytes(16)))
	default:
		e.RefNull(t)
	}
}

// values emits an expression per type.
func (g *generator) values(ts []wasm.ValType) {
	for _, t := range ts {
		g.expr(t)
	}
}

// expr emits code that gives one value of type t and touches nothing below it.
func (g *generator) expr(t wasm.ValType) {
	g.size--
	if g.size <= 0 || g.depth > 6 || g.chance(20) {
		g.leaf(t)
		return
	}
	g.depth++
	defer func() { g.depth-- }()
	switch c := g.n(100); {
	case c < 50 && t != wasm.FuncRef && t != wasm.ExternRef:
		g.operator(t)
	case c < 60 && len(loads[t]) > 0:
		g.load(t)
	case c < 66:
		g.ifExpr(t)
	case c < 72:
		g.blockExpr(t)
	case c < 77:
		g.selectExpr(t)
	case c < 82:
		g.expr(t)
		g.e.LocalTee(g.localOf(t))
	case c < 90 && g.callExpr(t):
	default:
		g.special(t)
	}
}

func (g *generator) leaf(t wasm.ValType) {
	switch c := g.n(10); {
	case c < 4:
		g.e.LocalGet(g.localOf(t))
	case c < 6:
		g.e.GlobalGet(pick(&g.rng, g.global[t]))
	case t == wasm.FuncRef && c < 8:
		g.e.OpIdx(wasm.OpRefFunc, g.inside().idx)
	default:
		g.constant(g.e, t)
	}
}

// inside draws a function that is not imported.
func (g *generator) inside() function {
	for {
		if f := pick(&g.rng, g.funcs); !f.host {
			return f
		}
	}
}

// operator emits one of the operators that give t, with operands.
func (g *generator) operator(t wasm.ValType) {
	op := pick(&g.rng, pure[t])
	info, _ := wasm.Op(op)
	if g.o.NoSIMD {
		for op >= 0xfd00 {
			op = pick(&g.rng, pure[t])
		}
		info, _ = wasm.Op(op)
	}
	g.values(info.Params)
	switch info.Imm {
	case wasm.ImmLane:
		g.e.Lane(op, uint8(g.n(int(info.Lanes))))
	case wasm.ImmShuffle:
		lanes := g.bytes(16)
		for i := range lanes {
			lanes[i] &= 31
		}
		g.e.Shuffle([16]byte(lanes))
	default:
		g.e.Op(op)
	}
	if choosesNaN(info.Name) {
		g.canonical(t, info.Name)
	}
}

// canonical replaces a NaN on the stack by the canonical one.
func (g *generator) canonical(t wasm.ValType, name string) {
	x := g.local(t)
	e := g.e.LocalTee(x)
	switch {
	case t == wasm.F32:
		e.F32Bits(canonical32).LocalGet(x).LocalGet(x).Op(wasm.OpF32Eq, wasm.OpSelect)
	case t == wasm.F64:
		e.F64Bits(canonical64).LocalGet(x).LocalGet(x).Op(wasm.OpF64Eq, wasm.OpSelect)
	case strings.HasPrefix(name, "f32x4"):
		e.F32Bits(canonical32).Op(wasm.OpF32x4Splat).LocalGet(x).LocalGet(x).Op(wasm.OpF32x4Eq, wasm.OpV128Bitselect)
	default:
		e.F64Bits(canonical64).Op(wasm.OpF64x2Splat).LocalGet(x).LocalGet(x).Op(wasm.OpF64x2Eq, wasm.OpV128Bitselect)
	}
}

// address emits an address such that 16 bytes at it plus a small offset lie in
// the first page.
func (g *generator) address() {
	if g.chance(40) {
		g.e.I32Const(int32(g.n(0x7000)))
		return
	}
	g.expr(wasm.I32)
	g.e.I32Const(0x7ff0).Op(wasm.OpI32And)
}

// access emits a load or store whose operands are on the stack.
func (g *generator) access(op wasm.Opcode, info *wasm.OpInfo) {
	align, offset := uint32(g.n(int(info.Align)+1)), uint32(g.n(0x4000))
	if info.Imm == wasm.ImmMemArgLane {
		g.e.MemLane(op, align, offset, uint8(g.n(int(info.Lanes))))
		return
	}
	g.e.Mem(op, align, offset)
}

func (g *generator) load(t wasm.ValType) {
	op := pick(&g.rng, loads[t])
	info, _ := wasm.Op(op)
	g.address()
	g.values(info.Params[1:])
	g.access(op, info)
	// What integers left in memory may be any NaN; its bits are no engine's
	// choice until an operator takes it, and operators are made canonical.
}

func (g *generator) ifExpr(t wasm.ValType) {
	g.expr(wasm.I32)
	g.e.If(wasm.BlockValue(t))
	g.enter([]wasm.ValType{t})
	g.statements(g.n(2))
	g.expr(t)
	g.e.Else()
	g.statements(g.n(2))
	g.expr(t)
	g.leave()
}

// blockExpr is a block with parameters and one result.
func (g *generator) blockExpr(t wasm.ValType) {
	params := g.list(3, g.types)
	g.values(params)
	g.e.Block(wasm.BlockIndex(g.b.Type(params, []wasm.ValType{t})))
	g.enter([]wasm.ValType{t})
	g.keep(params)
	g.statements(g.n(3))
	g.expr(t)
	if g.chance(40) {
		// The value travels with the branch when it is taken, else stays.
		g.expr(wasm.I32)
		g.e.BrIf(0)
	}
	g.leave()
}

func (g *generator) selectExpr(t wasm.ValType) {
	g.expr(t)
	g.expr(t)
	g.expr(wasm.I32)
	if t.IsRef() || g.chance(30) {
		g.e.SelectTyped(t)
	} else {
		g.e.Op(wasm.OpSelect)
	}
}

// callExpr calls a function that gives a t, if there is one.
func (g *generator) callExpr(t wasm.ValType) bool {
	var fit []function
	for _, f := range g.funcs {
		if len(f.sig.Results) > 0 && f.sig.Results[0] == t {
			fit = append(fit, f)
		}
	}
	if len(fit) == 0 || g.size < 8 {
		return false
	}
	f := pick(&g.rng, fit)
	g.call(f, false)
	for range f.sig.Results[1:] {
		g.e.Op(wasm.OpDrop)
	}
	return true
}

// call emits arguments and a call of f, direct or through the table. The depth
// left of an export is callDepth.
func (g *generator) call(f function, tail bool) {
	params := f.sig.Params
	if !f.host {
		if g.inner {
			g.e.LocalGet(0).I32Const(1).Op(wasm.OpI32Sub)
		} else {
			g.e.I32Const(callDepth)
		}
		params = params[1:]
	}
	g.values(params)
	switch indirect := !f.host && g.chance(35); {
	case indirect && tail:
		g.e.I32Const(int32(f.slot)).OpIdx(wasm.OpReturnCallIndirect, f.typ, 0)
	case indirect:
		g.e.I32Const(int32(f.slot)).CallIndirect(f.typ, 0)
	case tail:
		g.e.OpIdx(wasm.OpReturnCall, f.idx)
	default:
		g.e.Call(f.idx)
	}
}

// special emits what has no row among the operators: guarded division and
// conversion, sizes and growth, references.
func (g *generator) special(t wasm.ValType) {
	e := g.e
	switch t {
	case wasm.I32:
		g.specialI32()
	case wasm.I64:
		if g.chance(30) {
			g.truncate(wasm.OpI64TruncF32S)
			return
		}
		g.expr(t)
		g.expr(t)
		e.I64Const(0x7f).Op(wasm.OpI64And).I64Const(1).Op(wasm.OpI64Or)
		e.Op(pick(&g.rng, []wasm.Opcode{wasm.OpI64DivS, wasm.OpI64DivU, wasm.OpI64RemS, wasm.OpI64RemU}))
	case wasm.FuncRef, wasm.ExternRef:
		table := uint32(1)
		if t == wasm.ExternRef {
			table = 2
		}
		g.expr(wasm.I32)
		e.I32Const(refSlots-1).Op(wasm.OpI32And).OpIdx(wasm.OpTableGet, table)
	default:
		g.leaf(t)
	}
}

func (g *generator) specialI32() {
	e := g.e
	switch c := g.n(9); {
	case c == 0:
		e.OpIdx(wasm.OpMemorySize, 0)
	case c == 1:
		// At most a page at a time; beyond the maximum every engine says -1.
		g.expr(wasm.I32)
		e.I32Const(1).Op(wasm.OpI32And).OpIdx(wasm.OpMemoryGrow, 0)
	case c == 2 && !g.o.NoRefs:
		e.OpIdx(wasm.OpTableSize, uint32(g.n(3)))
	case c == 3 && !g.o.NoRefs:
		table, t := uint32(1), wasm.FuncRef
		if g.chance(50) {
			table, t = 2, wasm.ExternRef
		}
		g.expr(t)
		g.expr(wasm.I32)
		e.I32Const(3).Op(wasm.OpI32And).OpIdx(wasm.OpTableGrow, table)
	case c == 4 && !g.o.NoRefs:
		g.expr(pick(&g.rng, wasm.Types(wasm.FuncRef, wasm.ExternRef)))
		e.Op(wasm.OpRefIsNull)
	case c == 5:
		g.truncate(wasm.OpI32TruncF32S)
	default:
		g.expr(wasm.I32)
		g.expr(wasm.I32)
		e.I32Const(0x7f).Op(wasm.OpI32And).I32Const(1).Op(wasm.OpI32Or)
		e.Op(pick(&g.rng, []wasm.Opcode{wasm.OpI32DivS, wasm.OpI32DivU, wasm.OpI32RemS, wasm.OpI32RemU}))
	}
}

// truncate emits one of the four conversions from first on (f32 signed and
// unsigned, f64 signed and unsigned) of a number that is in range for all of
// them: 0.75 to 4,095.75.
func (g *generator) truncate(first wasm.Opcode) {
	g.expr(wasm.I32)
	e := g.e.I32Const(0xfff).Op(wasm.OpI32And)
	op := first + wasm.Opcode(g.n(4))
	if op < first+2 {
		e.Op(wasm.OpF32ConvertI32S).F32Const(0.75).Op(wasm.OpF32Add, op)
		return
	}
	e.Op(wasm.OpF64ConvertI32S).F64Const(0.75).Op(wasm.OpF64Add, op)
}
