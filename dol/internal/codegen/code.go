package codegen

import (
	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/internal/wasm"
)

// instr is an instruction before locals, labels and functions have numbers.
type instr struct {
	op  wasm.Opcode
	x   uint32 // virtual local, label, type index, or alignment exponent
	imm uint64 // bits of a constant, block type, or memory offset
	sym symbol // i32.const: an address that is known last, added to imm

	fn     *ir.Func   // call of a function
	imp    *ir.Import // call of a host function
	global *ir.Global
	labels []uint32 // br_table, the default last

	pos      ir.Pos // of calls and of what can trap
	collects bool   // a call during which garbage may be collected
}

// opKeep marks the place up to which virtual local x must be taken to live. It
// is no instruction.
const opKeep wasm.Opcode = 0xffff

// symbol is an address that depends on everything that is linked.
type symbol uint8

const (
	symNone      symbol = iota
	symTypes            // the table of type descriptors
	symFree             // the heads of the free lists
	symStack            // the shadow stack
	symStackEnd         // behind it
	symHeap             // the heap
	symMemoryEnd        // behind the memory as it is at the beginning
	symbols
)

// block types
var void = wasm.BlockEmpty

func blockType(k ir.Kind) wasm.BlockType {
	if k == ir.None {
		return void
	}
	return wasm.BlockValue(valType(k))
}

// opens reports whether in begins a block.
func (in *instr) opens() bool {
	return in.op == wasm.OpBlock || in.op == wasm.OpLoop || in.op == wasm.OpIf
}

// pushes reports whether in only puts a value on the stack.
func (in *instr) pushes() bool {
	switch in.op {
	case wasm.OpLocalGet, wasm.OpGlobalGet, wasm.OpI32Const, wasm.OpI64Const, wasm.OpF32Const, wasm.OpF64Const:
		return true
	}
	return false
}

// matches returns for each end and else the instruction that opened its block,
// and for each instruction that opens one the place of its end.
func matches(code []instr) []int {
	match := make([]int, len(code))
	var open []int
	for i := range code {
		switch in := &code[i]; {
		case in.opens():
			open = append(open, i)
		case in.op == wasm.OpElse:
			match[i] = open[len(open)-1]
		case in.op == wasm.OpEnd:
			o := open[len(open)-1]
			open = open[:len(open)-1]
			match[i], match[o] = o, i
		}
	}
	return match
}

// labelCount is one more than the greatest label.
func labelCount(code []instr) int {
	n := uint32(0)
	for i := range code {
		if code[i].opens() {
			n = max(n, code[i].x+1)
		}
	}
	return int(n)
}
