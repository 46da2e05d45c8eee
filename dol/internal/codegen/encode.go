package codegen

import (
	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/internal/wasm"
)

// place is where code comes from.
type place struct {
	at  int // offset in the body
	pos ir.Pos
}

// encoder writes a body, now that everything has a number.
type encoder struct {
	l      *linker
	e      wasm.Emitter
	open   []uint32 // the labels of the blocks around
	places []place
}

func (l *linker) encode(u *unit) (wasm.Code, []place, error) {
	c := &encoder{l: l}
	for i := range u.code {
		c.instr(&u.code[i])
	}
	c.e.End()
	if n := c.e.Len(); n > maxBody {
		return wasm.Code{}, nil, &ShapeError{Func: u.f, What: "bytes of code", Got: n, Max: maxBody}
	}
	var types []wasm.ValType
	for _, k := range u.kinds[u.f.NumParams:] {
		types = append(types, valType(k))
	}
	return wasm.Code{Locals: wasm.Locals(types...), Body: c.e.Bytes()}, c.places, nil
}

func (c *encoder) instr(in *instr) {
	if in.pos.Line != 0 && (in.op == wasm.OpCall || in.op == wasm.OpCallIndirect || traps(in.op)) {
		c.places = append(c.places, place{c.e.Len(), in.pos})
	}
	switch in.op {
	case opKeep:
	case wasm.OpBlock, wasm.OpLoop, wasm.OpIf:
		c.e.BlockOp(in.op, wasm.BlockType(in.imm))
		c.open = append(c.open, in.x)
	case wasm.OpEnd:
		c.open = c.open[:len(c.open)-1]
		c.e.End()
	case wasm.OpBr, wasm.OpBrIf:
		c.e.OpIdx(in.op, c.depth(in.x))
	case wasm.OpBrTable:
		var depths []uint32
		for _, x := range in.labels {
			depths = append(depths, c.depth(x))
		}
		c.e.BrTable(depths...)
	case wasm.OpLocalGet, wasm.OpLocalSet, wasm.OpLocalTee:
		c.e.OpIdx(in.op, in.x)
	case wasm.OpGlobalGet, wasm.OpGlobalSet:
		c.e.OpIdx(in.op, c.l.globals[in.global])
	case wasm.OpCall:
		if in.imp != nil {
			c.e.Call(c.l.imports[in.imp])
		} else {
			c.e.Call(c.l.g.units[in.fn].index)
		}
	case wasm.OpCallIndirect:
		c.e.CallIndirect(in.x, 0)
	case wasm.OpI32Const:
		c.e.I32Const(int32(uint32(in.imm) + c.l.symbols[in.sym]))
	case wasm.OpI64Const:
		c.e.I64Const(int64(in.imm))
	case wasm.OpF32Const:
		c.e.F32Bits(uint32(in.imm))
	case wasm.OpF64Const:
		c.e.F64Bits(in.imm)
	case wasm.OpMemorySize, wasm.OpMemoryGrow, wasm.OpMemoryFill:
		c.e.OpIdx(in.op, 0)
	case wasm.OpMemoryCopy:
		c.e.OpIdx(in.op, 0, 0)
	default:
		if info, ok := wasm.Op(in.op); ok && info.Imm == wasm.ImmMemArg {
			c.e.Mem(in.op, in.x, uint32(in.imm))
			break
		}
		c.e.Op(in.op)
	}
}

// depth is how many blocks a branch leaves.
func (c *encoder) depth(label uint32) uint32 {
	for i := len(c.open) - 1; i >= 0; i-- {
		if c.open[i] == label {
			return uint32(len(c.open) - 1 - i)
		}
	}
	panic("codegen: branch to a label that is not around it")
}
