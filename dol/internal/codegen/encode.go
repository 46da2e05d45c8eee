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
	u       *unit
	l       *linker
	e       wasm.Emitter
	open    []instr // the blocks around
	places  []place
	loops   int
	ifs     int
	blocks  int
	entries int
}

func (l *linker) encode(u *unit) (wasm.Code, []place, error) {
	c := &encoder{u: u, l: l}
	if err := c.limit("parameters", u.f.NumParams, maxParams); err != nil {
		return wasm.Code{}, nil, err
	}
	for i := range u.code {
		if err := c.instr(&u.code[i]); err != nil {
			return wasm.Code{}, nil, err
		}
	}
	c.e.End()
	if err := c.limit("bytes of code", c.e.Len(), maxBodyBytes); err != nil {
		return wasm.Code{}, nil, err
	}
	if err := c.limit("locals", len(u.kinds), maxLocals); err != nil {
		return wasm.Code{}, nil, err
	}
	var types []wasm.ValType
	for _, k := range u.kinds[u.f.NumParams:] {
		types = append(types, valType(k))
	}
	return wasm.Code{Locals: wasm.Locals(types...), Body: c.e.Bytes()}, c.places, nil
}

func (c *encoder) limit(what string, got, most int) error {
	if got > most {
		return &ShapeError{Func: c.u.f, What: what, Got: got, Max: most}
	}
	return nil
}

func (c *encoder) instr(in *instr) error {
	if in.pos.Line != 0 && (in.op == wasm.OpCall || in.op == wasm.OpCallIndirect || traps(in.op)) {
		c.places = append(c.places, place{c.e.Len(), in.pos})
	}
	switch in.op {
	case opKeep:
	case wasm.OpBlock, wasm.OpLoop, wasm.OpIf:
		c.e.BlockOp(in.op, wasm.BlockType(in.imm))
		return c.enter(in)
	case wasm.OpEnd:
		c.leave()
		c.e.End()
	case wasm.OpBr, wasm.OpBrIf:
		c.e.OpIdx(in.op, c.depth(in.x))
	case wasm.OpBrTable:
		var depths []uint32
		for _, x := range in.labels {
			depths = append(depths, c.depth(x))
		}
		c.e.BrTable(depths...)
		c.entries += len(depths)
		if err := c.limit("cases of one choice", len(depths), maxTable); err != nil {
			return err
		}
		return c.limit("cases of choices", c.entries, maxTables)
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
	return nil
}

// depth is how many blocks a branch leaves.
func (c *encoder) depth(label uint32) uint32 {
	for i := len(c.open) - 1; i >= 0; i-- {
		if c.open[i].x == label {
			return uint32(len(c.open) - 1 - i)
		}
	}
	panic("codegen: branch to a label that is not around it")
}

func (c *encoder) enter(in *instr) error {
	c.open = append(c.open, *in)
	c.blocks++
	switch in.op {
	case wasm.OpLoop:
		c.loops++
	case wasm.OpIf:
		c.ifs++
	}
	for _, l := range [...]struct {
		what      string
		got, most int
	}{
		{"nested blocks", len(c.open), maxNesting},
		{"nested loops", c.loops, maxNestedLoops},
		{"nested tests", c.ifs, maxNestedIfs},
		{"blocks, loops and tests", c.blocks, maxBlocks},
	} {
		if err := c.limit(l.what, l.got, l.most); err != nil {
			return err
		}
	}
	return nil
}

func (c *encoder) leave() {
	switch c.open[len(c.open)-1].op {
	case wasm.OpLoop:
		c.loops--
	case wasm.OpIf:
		c.ifs--
	}
	c.open = c.open[:len(c.open)-1]
}
