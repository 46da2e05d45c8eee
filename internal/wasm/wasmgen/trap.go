package wasmgen

import (
	"math"

	"github.com/univrs/vudo/internal/wasm"
)

// Trap says which trap is planted in a program.
type Trap string

// The traps of core 2.0 that a program can be made to take.
const (
	Unreachable       Trap = "unreachable"
	DivideByZero      Trap = "divide-by-zero"
	IntegerOverflow   Trap = "integer-overflow"
	OutOfBoundsMemory Trap = "out-of-bounds-memory"
	OutOfBoundsTable  Trap = "out-of-bounds-table"
	NullFunction      Trap = "null-function"
	SignatureMismatch Trap = "signature-mismatch"
	InvalidConversion Trap = "invalid-conversion"
)

func (g *generator) possibleTraps() []Trap {
	return []Trap{
		Unreachable, DivideByZero, IntegerOverflow, OutOfBoundsMemory, OutOfBoundsTable, NullFunction,
		SignatureMismatch, InvalidConversion,
	}
}

// plant emits code that traps, sometimes under a condition, inside a loop or
// with operands waiting below it.
func (g *generator) plant() {
	below := g.chance(30)
	if below {
		g.expr(wasm.I64)
	}
	switch g.n(4) {
	case 0:
		g.expr(wasm.I32)
		g.e.If(wasm.BlockEmpty)
		g.enter(nil)
		g.trapNow()
		g.leave()
	case 1:
		g.e.Loop(wasm.BlockEmpty)
		g.enter(nil)
		g.takeWork()
		g.statements(1)
		g.trapNow()
		g.leave()
	default:
		g.trapNow()
	}
	if below {
		g.e.Op(wasm.OpDrop)
	}
}

func (g *generator) trapNow() {
	e := g.e
	switch g.trap {
	case Unreachable:
		e.Op(wasm.OpUnreachable)
	case DivideByZero:
		if g.chance(50) {
			g.expr(wasm.I32)
			e.I32Const(0).Op(pick(&g.rng, []wasm.Opcode{wasm.OpI32DivS, wasm.OpI32DivU, wasm.OpI32RemS, wasm.OpI32RemU}), wasm.OpDrop)
			return
		}
		g.expr(wasm.I64)
		e.I64Const(0).Op(pick(&g.rng, []wasm.Opcode{wasm.OpI64DivS, wasm.OpI64DivU, wasm.OpI64RemS, wasm.OpI64RemU}), wasm.OpDrop)
	case IntegerOverflow:
		switch g.n(3) {
		case 0:
			e.I32Const(math.MinInt32).I32Const(-1).Op(wasm.OpI32DivS, wasm.OpDrop)
		case 1:
			e.I64Const(math.MinInt64).I64Const(-1).Op(wasm.OpI64DivS, wasm.OpDrop)
		default:
			e.F64Const(1e30).Op(pick(&g.rng, []wasm.Opcode{wasm.OpI32TruncF64S, wasm.OpI32TruncF64U, wasm.OpI64TruncF64S, wasm.OpI64TruncF64U}), wasm.OpDrop)
		}
	case InvalidConversion:
		e.F32Bits(canonical32).Op(pick(&g.rng, []wasm.Opcode{wasm.OpI32TruncF32S, wasm.OpI32TruncF32U, wasm.OpI64TruncF32S, wasm.OpI64TruncF32U}), wasm.OpDrop)
	case OutOfBoundsMemory:
		g.outOfMemory()
	case OutOfBoundsTable:
		g.outOfTable()
	case NullFunction:
		f := g.inside()
		g.arguments(f)
		e.I32Const(int32(g.callSlots)).CallIndirect(f.typ, 0)
		g.keep(f.sig.Results)
	case SignatureMismatch:
		// No function of a program has this signature: all take the depth.
		e.I32Const(int32(g.n(int(g.callSlots)))).CallIndirect(g.b.Type(nil, wasm.Types(wasm.F64, wasm.F64)), 0).Op(wasm.OpDrop, wasm.OpDrop)
	}
}

func (g *generator) arguments(f function) {
	g.e.I32Const(callDepth)
	g.values(f.sig.Params[1:])
}

func (g *generator) outOfMemory() {
	e := g.e
	c := g.n(6)
	if g.o.NoBulk {
		c = g.n(2)
	}
	switch c {
	case 0:
		e.I32Const(-1).Mem(wasm.OpI64Load, 0, uint32(g.n(100))).Op(wasm.OpDrop)
	case 1:
		e.I32Const(maxPages<<16-3).F32Const(1).Mem(wasm.OpF32Store, 0, 0)
	case 2:
		g.address()
		e.I32Const(1).I32Const(maxPages<<16).OpIdx(wasm.OpMemoryFill, 0)
	case 3:
		e.I32Const(maxPages << 16)
		g.address()
		e.I32Const(1).OpIdx(wasm.OpMemoryCopy, 0, 0)
	case 4:
		g.address()
		e.I32Const(segLen-1).I32Const(2).OpIdx(wasm.OpMemoryInit, dataKept, 0)
	default:
		// A dropped segment has length zero.
		e.OpIdx(wasm.OpDataDrop, dataGone)
		g.address()
		e.I32Const(0).I32Const(1).OpIdx(wasm.OpMemoryInit, dataGone, 0)
	}
}

func (g *generator) outOfTable() {
	e := g.e
	c := g.n(6)
	if g.o.NoRefs || g.o.NoBulk {
		c = 0
	}
	switch c {
	case 0:
		f := g.inside()
		g.arguments(f)
		e.I32Const(int32(g.callSlots)+1+int32(g.n(1000))).CallIndirect(f.typ, 0)
		g.keep(f.sig.Results)
	case 1:
		e.I32Const(maxSlots).OpIdx(wasm.OpTableGet, 2).Op(wasm.OpDrop)
	case 2:
		e.I32Const(-1).RefNull(wasm.FuncRef).OpIdx(wasm.OpTableSet, 1)
	case 3:
		e.I32Const(0).RefNull(wasm.ExternRef).I32Const(maxSlots+1).OpIdx(wasm.OpTableFill, 2)
	case 4:
		e.I32Const(0).I32Const(maxSlots).I32Const(1).OpIdx(wasm.OpTableCopy, 1, 1)
	default:
		e.OpIdx(wasm.OpElemDrop, elemGone)
		e.I32Const(0).I32Const(0).I32Const(1).OpIdx(wasm.OpTableInit, elemGone, 1)
	}
}
