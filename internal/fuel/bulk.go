package fuel

import "github.com/univrs/vudo/internal/wasm"

// bulkKey names one injected function that stands for a bulk operation or a
// grow: the operator and its indices.
type bulkKey struct {
	op   wasm.Opcode
	a, b uint32
}

func keyOf(in *wasm.Instr) bulkKey {
	switch in.Op {
	case wasm.OpMemoryInit, wasm.OpTableFill, wasm.OpTableGrow:
		return bulkKey{in.Op, in.A, 0}
	case wasm.OpTableInit, wasm.OpTableCopy:
		return bulkKey{in.Op, in.A, uint32(in.B)}
	}
	return bulkKey{op: in.Op}
}

// bulkUses lists the operations that occur, in the order of the source.
type bulkUses struct {
	seen map[bulkKey]bool
	list []bulkKey
}

func (u *bulkUses) note(in *wasm.Instr) {
	k := keyOf(in)
	if u.seen[k] {
		return
	}
	if u.seen == nil {
		u.seen = make(map[bulkKey]bool)
	}
	u.seen[k] = true
	u.list = append(u.list, k)
}

// piece is how much of a large operation runs at once: what bulkPiece fuel pays.
const (
	pieceBytes    = bulkPiece * BulkBytes
	pieceElements = bulkPiece * BulkElements
)

// bulkFunc writes the function that does what the operator k does, metered:
//
//	bounds check; outside: the operator itself, which traps
//	pay for the size, bulkPiece at a time, a check after each
//	do it, a large one in pieces with an entry into the host after each
//
// It returns its parameters, results, locals and body. segment is the length of
// the data or element segment of an init; dropped its flag, or noFlag.
type bulkFunc struct {
	key       bulkKey
	fuel      uint32 // global
	hook      uint32 // import
	segment   uint32 // length of the segment that an init reads; 0 for an active one
	dropped   uint32 // its flag, or noFlag
	reference wasm.ValType
}

// The parameters are those of the operator: destination, source (or value),
// count. Then come the locals.
const (
	bulkDst = iota
	bulkSrc
	bulkCount
	bulkCost // i64: what is left to pay
	bulkPart // i64: what is paid now
)

func (b *bulkFunc) memory() bool {
	return b.key.op == wasm.OpMemoryCopy || b.key.op == wasm.OpMemoryFill || b.key.op == wasm.OpMemoryInit
}

func (b *bulkFunc) signature() (params, results []wasm.ValType) {
	if b.key.op == wasm.OpTableFill {
		return []wasm.ValType{wasm.I32, b.reference, wasm.I32}, nil
	}
	return []wasm.ValType{wasm.I32, wasm.I32, wasm.I32}, nil
}

func (b *bulkFunc) locals() []wasm.LocalGroup { return []wasm.LocalGroup{{Count: 2, Type: wasm.I64}} }

// operate emits the operator; its operands are on the stack.
func (b *bulkFunc) operate(e *wasm.Emitter) {
	switch b.key.op {
	case wasm.OpMemoryCopy:
		e.OpIdx(b.key.op, 0, 0)
	case wasm.OpMemoryInit:
		e.OpIdx(b.key.op, b.key.a, 0)
	case wasm.OpMemoryFill:
		e.OpIdx(b.key.op, 0)
	case wasm.OpTableFill:
		e.OpIdx(b.key.op, b.key.a)
	default:
		e.OpIdx(b.key.op, b.key.a, b.key.b)
	}
}

// outside emits an i32 that is true where [local, local+count) is not inside
// of what size leaves on the stack as an i64.
func (b *bulkFunc) outside(e *wasm.Emitter, local uint32, size func()) {
	e.LocalGet(local).Op(wasm.OpI64ExtendI32U).LocalGet(bulkCount).Op(wasm.OpI64ExtendI32U, wasm.OpI64Add)
	size()
	e.Op(wasm.OpI64GtU)
}

func (b *bulkFunc) body() []byte {
	e := wasm.NewEmitter(nil)
	memory := func() {
		e.OpIdx(wasm.OpMemorySize, 0).Op(wasm.OpI64ExtendI32U).I64Const(16).Op(wasm.OpI64Shl)
	}
	table := func(t uint32) func() {
		return func() { e.OpIdx(wasm.OpTableSize, t).Op(wasm.OpI64ExtendI32U) }
	}
	segment := func() {
		if b.dropped == noFlag {
			e.I64Const(int64(b.segment))
			return
		}
		e.I64Const(0).I64Const(int64(b.segment)).GlobalGet(b.dropped).Op(wasm.OpSelect)
	}
	switch b.key.op {
	case wasm.OpMemoryCopy:
		b.outside(e, bulkDst, memory)
		b.outside(e, bulkSrc, memory)
		e.Op(wasm.OpI32Or)
	case wasm.OpMemoryFill:
		b.outside(e, bulkDst, memory)
	case wasm.OpMemoryInit:
		b.outside(e, bulkDst, memory)
		b.outside(e, bulkSrc, segment)
		e.Op(wasm.OpI32Or)
	case wasm.OpTableCopy:
		b.outside(e, bulkDst, table(b.key.a))
		b.outside(e, bulkSrc, table(b.key.b))
		e.Op(wasm.OpI32Or)
	case wasm.OpTableFill:
		b.outside(e, bulkDst, table(b.key.a))
	case wasm.OpTableInit:
		b.outside(e, bulkDst, table(b.key.b))
		b.outside(e, bulkSrc, segment)
		e.Op(wasm.OpI32Or)
	}
	e.If(wasm.BlockEmpty)
	if b.key.op == wasm.OpMemoryInit || b.key.op == wasm.OpTableInit {
		// The engine has not dropped the segment: read from behind its end.
		e.I32Const(0).I32Const(-1).I32Const(1)
	} else {
		e.LocalGet(bulkDst).LocalGet(bulkSrc).LocalGet(bulkCount)
	}
	b.operate(e)
	e.Op(wasm.OpUnreachable).End()

	b.pay(e)
	b.pieces(e)
	return e.End().Bytes()
}

// pay charges the size before the effect.
func (b *bulkFunc) pay(e *wasm.Emitter) {
	group := int64(BulkElements)
	if b.memory() {
		group = BulkBytes
	}
	e.LocalGet(bulkCount).Op(wasm.OpI64ExtendI32U).I64Const(group - 1).Op(wasm.OpI64Add)
	e.I64Const(group).Op(wasm.OpI64DivU).LocalSet(bulkCost)
	e.Loop(wasm.BlockEmpty)
	e.LocalGet(bulkCost).I64Const(bulkPiece)
	e.LocalGet(bulkCost).I64Const(bulkPiece).Op(wasm.OpI64LtU, wasm.OpSelect).LocalSet(bulkPart)
	e.GlobalGet(b.fuel).LocalGet(bulkPart).Op(wasm.OpI64Sub).GlobalSet(b.fuel)
	e.Block(wasm.BlockEmpty).GlobalGet(b.fuel).I64Const(0).Op(wasm.OpI64GeS).BrIf(0).Call(b.hook).End()
	e.LocalGet(bulkCost).LocalGet(bulkPart).Op(wasm.OpI64Sub)
	e.Op(wasm.OpLocalTee).U32(bulkCost).Op(wasm.OpI64Eqz, wasm.OpI32Eqz).BrIf(0)
	e.End()
}

// pieces does the operation. Where source and destination may overlap and the
// destination lies higher, the pieces go from the end to the start.
func (b *bulkFunc) pieces(e *wasm.Emitter) {
	piece := int32(pieceElements)
	if b.memory() {
		piece = pieceBytes
	}
	advance := b.key.op != wasm.OpMemoryFill && b.key.op != wasm.OpTableFill
	overlap := b.key.op == wasm.OpMemoryCopy || b.key.op == wasm.OpTableCopy && b.key.a == b.key.b

	e.Block(wasm.BlockEmpty) // small
	e.LocalGet(bulkCount).I32Const(piece).Op(wasm.OpI32LeU).BrIf(0)
	if overlap {
		e.LocalGet(bulkDst).LocalGet(bulkSrc).Op(wasm.OpI32GtU).If(wasm.BlockEmpty)
		e.Loop(wasm.BlockEmpty)
		for _, l := range []uint32{bulkDst, bulkSrc} {
			e.LocalGet(l).LocalGet(bulkCount).Op(wasm.OpI32Add).I32Const(piece).Op(wasm.OpI32Sub)
		}
		e.I32Const(piece)
		b.operate(e)
		e.Call(b.hook)
		b.shift(e, bulkCount, wasm.OpI32Sub, piece)
		e.LocalGet(bulkCount).I32Const(piece).Op(wasm.OpI32GtU).BrIf(0)
		e.End().Br(1).End()
	}
	e.Loop(wasm.BlockEmpty)
	e.LocalGet(bulkDst).LocalGet(bulkSrc).I32Const(piece)
	b.operate(e)
	e.Call(b.hook)
	b.shift(e, bulkDst, wasm.OpI32Add, piece)
	if advance {
		b.shift(e, bulkSrc, wasm.OpI32Add, piece)
	}
	b.shift(e, bulkCount, wasm.OpI32Sub, piece)
	e.LocalGet(bulkCount).I32Const(piece).Op(wasm.OpI32GtU).BrIf(0)
	e.End()
	e.End()
	e.LocalGet(bulkDst).LocalGet(bulkSrc).LocalGet(bulkCount)
	b.operate(e)
}

func (b *bulkFunc) shift(e *wasm.Emitter, local uint32, op wasm.Opcode, by int32) {
	e.LocalGet(local).I32Const(by).Op(op).LocalSet(local)
}
