package wasm

import (
	"encoding/binary"
	"math"
)

// Emitter appends instructions in their shortest encoding to a byte slice. The
// zero value is ready; every method returns the Emitter, so that calls chain.
// It checks nothing: hostile tests emit what they like.
type Emitter struct{ b []byte }

// NewEmitter returns an Emitter that appends to buf.
func NewEmitter(buf []byte) *Emitter { return &Emitter{b: buf} }

// Bytes returns what has been emitted; it is valid until the next emission.
func (e *Emitter) Bytes() []byte { return e.b }

// Len returns the number of bytes emitted.
func (e *Emitter) Len() int { return len(e.b) }

// Reset goes on with buf, which may be the truncated old buffer.
func (e *Emitter) Reset(buf []byte) { e.b = buf }

// Raw appends bytes as they are.
func (e *Emitter) Raw(b ...byte) *Emitter { e.b = append(e.b, b...); return e }

// U32 appends an unsigned LEB128 immediate.
func (e *Emitter) U32(v uint32) *Emitter { e.b = AppendUint(e.b, uint64(v)); return e }

// Op appends an opcode; the immediates, if it has any, are up to the caller.
func (e *Emitter) Op(ops ...Opcode) *Emitter {
	for _, op := range ops {
		if op < 0x100 {
			e.b = append(e.b, byte(op))
			continue
		}
		e.b = AppendUint(append(e.b, byte(op>>8)), uint64(op&0xff))
	}
	return e
}

// OpIdx appends an opcode and its indices, such as OpCallIndirect with type and table.
func (e *Emitter) OpIdx(op Opcode, idx ...uint32) *Emitter {
	e.Op(op)
	for _, i := range idx {
		e.U32(i)
	}
	return e
}

// Mem appends a memory access with its alignment exponent and offset.
func (e *Emitter) Mem(op Opcode, align, offset uint32) *Emitter { return e.OpIdx(op, align, offset) }

// MemLane appends a memory access of one lane.
func (e *Emitter) MemLane(op Opcode, align, offset uint32, lane uint8) *Emitter {
	return e.OpIdx(op, align, offset).Raw(lane)
}

// Lane appends an instruction with a lane number.
func (e *Emitter) Lane(op Opcode, lane uint8) *Emitter { return e.Op(op).Raw(lane) }

// I32Const appends i32.const.
func (e *Emitter) I32Const(v int32) *Emitter {
	e.b = AppendInt(append(e.b, byte(OpI32Const)), int64(v))
	return e
}

// I64Const appends i64.const.
func (e *Emitter) I64Const(v int64) *Emitter {
	e.b = AppendInt(append(e.b, byte(OpI64Const)), v)
	return e
}

// F32Const appends f32.const; the bits are kept, those of a NaN too.
func (e *Emitter) F32Const(v float32) *Emitter { return e.F32Bits(math.Float32bits(v)) }

// F32Bits appends f32.const with the given bits.
func (e *Emitter) F32Bits(v uint32) *Emitter {
	e.b = binary.LittleEndian.AppendUint32(append(e.b, byte(OpF32Const)), v)
	return e
}

// F64Const appends f64.const; the bits are kept, those of a NaN too.
func (e *Emitter) F64Const(v float64) *Emitter { return e.F64Bits(math.Float64bits(v)) }

// F64Bits appends f64.const with the given bits.
func (e *Emitter) F64Bits(v uint64) *Emitter {
	e.b = binary.LittleEndian.AppendUint64(append(e.b, byte(OpF64Const)), v)
	return e
}

// V128Const appends v128.const.
func (e *Emitter) V128Const(v [16]byte) *Emitter { return e.Op(OpV128Const).Raw(v[:]...) }

// Shuffle appends i8x16.shuffle.
func (e *Emitter) Shuffle(lanes [16]byte) *Emitter { return e.Op(OpI8x16Shuffle).Raw(lanes[:]...) }

// LocalGet appends local.get.
func (e *Emitter) LocalGet(i uint32) *Emitter { return e.OpIdx(OpLocalGet, i) }

// LocalSet appends local.set.
func (e *Emitter) LocalSet(i uint32) *Emitter { return e.OpIdx(OpLocalSet, i) }

// LocalTee appends local.tee.
func (e *Emitter) LocalTee(i uint32) *Emitter { return e.OpIdx(OpLocalTee, i) }

// GlobalGet appends global.get.
func (e *Emitter) GlobalGet(i uint32) *Emitter { return e.OpIdx(OpGlobalGet, i) }

// GlobalSet appends global.set.
func (e *Emitter) GlobalSet(i uint32) *Emitter { return e.OpIdx(OpGlobalSet, i) }

// BlockOp appends OpBlock, OpLoop or OpIf with a block type.
func (e *Emitter) BlockOp(op Opcode, bt BlockType) *Emitter {
	e.b = AppendInt(append(e.b, byte(op)), int64(bt))
	return e
}

// Block appends block.
func (e *Emitter) Block(bt BlockType) *Emitter { return e.BlockOp(OpBlock, bt) }

// Loop appends loop.
func (e *Emitter) Loop(bt BlockType) *Emitter { return e.BlockOp(OpLoop, bt) }

// If appends if.
func (e *Emitter) If(bt BlockType) *Emitter { return e.BlockOp(OpIf, bt) }

// Else appends else.
func (e *Emitter) Else() *Emitter { return e.Op(OpElse) }

// End appends end.
func (e *Emitter) End() *Emitter { return e.Op(OpEnd) }

// Br appends br.
func (e *Emitter) Br(label uint32) *Emitter { return e.OpIdx(OpBr, label) }

// BrIf appends br_if.
func (e *Emitter) BrIf(label uint32) *Emitter { return e.OpIdx(OpBrIf, label) }

// BrTable appends br_table; the last label is the default, there must be one.
func (e *Emitter) BrTable(labels ...uint32) *Emitter {
	e.OpIdx(OpBrTable, uint32(len(labels)-1))
	for _, l := range labels {
		e.U32(l)
	}
	return e
}

// Return appends return.
func (e *Emitter) Return() *Emitter { return e.Op(OpReturn) }

// Call appends call.
func (e *Emitter) Call(f uint32) *Emitter { return e.OpIdx(OpCall, f) }

// CallIndirect appends call_indirect.
func (e *Emitter) CallIndirect(typ, table uint32) *Emitter {
	return e.OpIdx(OpCallIndirect, typ, table)
}

// RefNull appends ref.null.
func (e *Emitter) RefNull(t ValType) *Emitter { return e.Op(OpRefNull).Raw(byte(t)) }

// SelectTyped appends select with one type.
func (e *Emitter) SelectTyped(t ValType) *Emitter { return e.Op(OpSelectTyped).Raw(1, byte(t)) }

// Instr appends an instruction that a Reader has read; of a select with types
// only the first type is kept.
func (e *Emitter) Instr(in *Instr) *Emitter {
	info, ok := Op(in.Op)
	if !ok {
		panic("wasm: emit of an unknown instruction")
	}
	switch info.Imm {
	case ImmNone:
		return e.Op(in.Op)
	case ImmBlock:
		return e.BlockOp(in.Op, in.BlockType())
	case ImmLabel, ImmFunc, ImmLocal, ImmGlobal, ImmTable, ImmData, ImmElem:
		return e.OpIdx(in.Op, in.A)
	case ImmBrTable:
		return e.BrTable(in.Table...)
	case ImmCallIndirect, ImmElemTable, ImmTableTable, ImmMemArg:
		return e.OpIdx(in.Op, in.A, uint32(in.B))
	case ImmSelect:
		return e.SelectTyped(in.Type)
	case ImmRefType:
		return e.RefNull(in.Type)
	case ImmMemArgLane:
		return e.MemLane(in.Op, in.A, uint32(in.B), in.Lane)
	case ImmMemory:
		return e.OpIdx(in.Op, 0)
	case ImmMemoryMemory:
		return e.OpIdx(in.Op, 0, 0)
	case ImmDataMemory:
		return e.OpIdx(in.Op, in.A, 0)
	case ImmI32:
		return e.I32Const(in.I32())
	case ImmI64:
		return e.I64Const(in.I64())
	case ImmF32:
		return e.F32Bits(uint32(in.B))
	case ImmF64:
		return e.F64Bits(in.B)
	case ImmV128, ImmShuffle:
		return e.Op(in.Op).Raw(in.V128[:]...)
	case ImmLane:
		return e.Lane(in.Op, in.Lane)
	}
	panic("wasm: instruction table names an unknown kind of immediate")
}
