package fuel

import "github.com/univrs/vudo/internal/wasm"

// class says how the pass treats an operator. The zero value is refused, so
// that an operator which the opcode table gains and nobody thought about here
// can never pass unmetered.
type class uint8

const (
	unknown      class = iota
	plain              // cannot trap, does not branch: copied as it is
	trapping           // may trap: the counter must be exact before it
	localGet           // local.get
	localSet           // local.set, local.tee
	blockStart         // block
	loopStart          // loop
	ifStart            // if
	elseStart          // else
	blockEnd           // end
	branch             // br
	branchIf           // br_if
	branchTable        // br_table
	returns            // return
	traps              // unreachable
	call               // call
	callIndirect       // call_indirect
	tailCall           // return_call
	tailIndirect       // return_call_indirect
	bulk               // memory.copy and its five siblings: replaced by a call
	grow               // memory.grow, table.grow: replaced by a call
	segmentDrop        // data.drop, elem.drop: replaced by setting a flag
	functionRef        // ref.func: the index is renumbered
)

// operator is what the pass knows about one opcode.
type operator struct {
	class class
	cost  uint8
	pops  uint8
	wide  bool // what it pushes is a v128
	push  uint8
}

// operators is indexed by slot.
var operators = buildOperators()

func buildOperators() *[opcodeSlots]operator {
	special := map[wasm.Opcode]operator{
		wasm.OpUnreachable:        {class: traps},
		wasm.OpBlock:              {class: blockStart},
		wasm.OpLoop:               {class: loopStart},
		wasm.OpIf:                 {class: ifStart, pops: 1},
		wasm.OpElse:               {class: elseStart},
		wasm.OpEnd:                {class: blockEnd},
		wasm.OpBr:                 {class: branch},
		wasm.OpBrIf:               {class: branchIf, pops: 1},
		wasm.OpBrTable:            {class: branchTable, pops: 1},
		wasm.OpReturn:             {class: returns},
		wasm.OpCall:               {class: call},
		wasm.OpCallIndirect:       {class: callIndirect, pops: 1},
		wasm.OpReturnCall:         {class: tailCall},
		wasm.OpReturnCallIndirect: {class: tailIndirect, pops: 1},
		wasm.OpDrop:               {class: plain, pops: 1},
		wasm.OpSelect:             {class: plain}, // two values of any size: see analyze
		wasm.OpSelectTyped:        {class: plain},
		wasm.OpLocalGet:           {class: localGet},
		wasm.OpLocalSet:           {class: localSet, pops: 1},
		wasm.OpLocalTee:           {class: localSet},
		wasm.OpGlobalGet:          {class: plain},
		wasm.OpGlobalSet:          {class: plain, pops: 1},
		wasm.OpTableGet:           {class: trapping, pops: 1, push: 1},
		wasm.OpTableSet:           {class: trapping, pops: 2},
		wasm.OpTableGrow:          {class: grow, pops: 2, push: 1},
		wasm.OpTableFill:          {class: bulk, pops: 3},
		wasm.OpTableSize:          {class: plain, push: 1},
		wasm.OpRefNull:            {class: plain, push: 1},
		wasm.OpRefIsNull:          {class: plain, pops: 1, push: 1},
		wasm.OpRefFunc:            {class: functionRef, push: 1},
		wasm.OpMemoryGrow:         {class: grow, pops: 1, push: 1},
		wasm.OpDataDrop:           {class: segmentDrop},
		wasm.OpElemDrop:           {class: segmentDrop},
	}
	for _, op := range []wasm.Opcode{wasm.OpMemoryInit, wasm.OpMemoryCopy, wasm.OpMemoryFill, wasm.OpTableInit, wasm.OpTableCopy} {
		special[op] = operator{class: bulk, pops: 3}
	}
	table := new([opcodeSlots]operator)
	for _, op := range wasm.Opcodes() {
		info, _ := wasm.Op(op)
		o, known := special[op]
		if !known && info.Fixed {
			o = operator{class: plain, pops: uint8(len(info.Params)), push: uint8(len(info.Results))}
			o.wide = o.push == 1 && info.Results[0] == wasm.V128
			if info.Imm == wasm.ImmMemArg || info.Imm == wasm.ImmMemArgLane || mayTrap[op] {
				o.class = trapping
			}
		}
		if cost, priced := V1().Operator(op); priced {
			o.cost = uint8(cost)
		} else {
			o.class = unknown
		}
		table[slot(op)] = o
	}
	return table
}

// mayTrap lists the numeric operators that can trap; memory accesses are known
// by their immediates, control and tables are classes of their own.
var mayTrap = map[wasm.Opcode]bool{
	wasm.OpI32DivS: true, wasm.OpI32DivU: true, wasm.OpI32RemS: true, wasm.OpI32RemU: true,
	wasm.OpI64DivS: true, wasm.OpI64DivU: true, wasm.OpI64RemS: true, wasm.OpI64RemU: true,
	wasm.OpI32TruncF32S: true, wasm.OpI32TruncF32U: true, wasm.OpI32TruncF64S: true, wasm.OpI32TruncF64U: true,
	wasm.OpI64TruncF32S: true, wasm.OpI64TruncF32U: true, wasm.OpI64TruncF64S: true, wasm.OpI64TruncF64U: true,
}
