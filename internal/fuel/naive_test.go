package fuel

import (
	"github.com/univrs/vudo/internal/wasm"
)

// naive is the oracle: an instrumenter that shares no idea with the pass. It
// adds each operator's price to a global right before the operator, prices of
// size right after an operation that has succeeded, and remembers where the
// run stands. It is slow and says exactly what fuel.md 1 says.
type naive struct {
	bytes  []byte
	places []place // by the number that the global naivePlace holds
}

// place is an operator of the original module.
type place struct{ code, at int }

const (
	naiveFuel  = "naive/fuel"
	naivePlace = "naive/place"
)

func makeNaive(m *wasm.Module) *naive {
	n := &naive{places: []place{{-1, 0}}}
	out := *m
	first := uint32(m.NumImported(wasm.KindGlobal) + len(m.Globals))
	mutable := func(t wasm.ValType) wasm.Global {
		e := wasm.NewEmitter(nil)
		if t == wasm.I64 {
			e.I64Const(0)
		} else {
			e.I32Const(0)
		}
		return wasm.Global{Type: wasm.GlobalType{Type: t, Mutable: true}, Init: e.End().Bytes()}
	}
	fuel, at := first, first+1
	out.Globals = append(append([]wasm.Global(nil), m.Globals...), mutable(wasm.I64), mutable(wasm.I32))
	out.Exports = append(append([]wasm.Export(nil), m.Exports...),
		wasm.Export{Name: naiveFuel, Kind: wasm.KindGlobal, Index: fuel},
		wasm.Export{Name: naivePlace, Kind: wasm.KindGlobal, Index: at})
	out.Codes = make([]wasm.Code, len(m.Codes))
	for i := range m.Codes {
		code := &m.Codes[i]
		params := len(m.Types[m.Funcs[i]].Params)
		count := uint32(params) + uint32(code.NumLocals()) // i32 local: a count
		result := count + 1                                // i32 local: a result
		e := wasm.NewEmitter(nil)
		pay := func(cost uint64) {
			if cost != 0 {
				e.GlobalGet(fuel).I64Const(int64(cost)).Op(wasm.OpI64Add).GlobalSet(fuel)
			}
		}
		// perUnit pays for what the local count holds, one per started group.
		perUnit := func(group int64, factor int64) {
			e.GlobalGet(fuel).LocalGet(count).Op(wasm.OpI64ExtendI32U).I64Const(group - 1).Op(wasm.OpI64Add)
			e.I64Const(group).Op(wasm.OpI64DivU).I64Const(factor).Op(wasm.OpI64Mul, wasm.OpI64Add).GlobalSet(fuel)
		}
		pay(1)
		r := wasm.NewReader(code.Body)
		var in wasm.Instr
		for r.Next(&in) {
			switch in.Op {
			case wasm.OpElse, wasm.OpEnd:
				// Nothing may stand in front of them that the other branch needs.
				e.Raw(code.Body[in.Start:in.End]...)
				continue
			}
			e.I32Const(int32(len(n.places))).GlobalSet(at)
			n.places = append(n.places, place{i, in.Start})
			pay(naivePrice(in.Op))
			switch in.Op {
			case wasm.OpMemoryCopy, wasm.OpMemoryFill, wasm.OpMemoryInit:
				e.Op(wasm.OpLocalTee).U32(count).Raw(code.Body[in.Start:in.End]...)
				perUnit(64, 1)
			case wasm.OpTableCopy, wasm.OpTableFill, wasm.OpTableInit:
				e.Op(wasm.OpLocalTee).U32(count).Raw(code.Body[in.Start:in.End]...)
				perUnit(8, 1)
			case wasm.OpMemoryGrow, wasm.OpTableGrow:
				e.Op(wasm.OpLocalTee).U32(count).Raw(code.Body[in.Start:in.End]...)
				e.Op(wasm.OpLocalTee).U32(result)
				e.LocalGet(result).I32Const(-1).Op(wasm.OpI32Ne).If(wasm.BlockEmpty)
				if in.Op == wasm.OpMemoryGrow {
					perUnit(1, 64)
				} else {
					perUnit(8, 1)
				}
				e.End()
			default:
				e.Raw(code.Body[in.Start:in.End]...)
			}
		}
		out.Codes[i] = wasm.Code{
			Locals: append(append([]wasm.LocalGroup(nil), code.Locals...), wasm.LocalGroup{Count: 2, Type: wasm.I32}),
			Body:   e.Bytes(),
		}
	}
	n.bytes = out.Encode()
	return n
}

// naivePrice is the tariff once more, written down independently.
func naivePrice(op wasm.Opcode) uint64 {
	switch op.String() {
	case "nop", "block", "loop", "if", "else", "end", "drop", "return", "unreachable":
		return 0
	}
	return 1
}

// restOfRegion returns the price of the operators behind a place that belong to
// its region: what the meter has charged more than the oracle when the operator
// at the place traps.
func restOfRegion(m *wasm.Module, p place) int64 {
	if p.code < 0 {
		return 0
	}
	body := m.Codes[p.code].Body
	targeted := branchedEnds(body)
	r := wasm.NewReader(body)
	var in wasm.Instr
	var rest int64
	found, first := false, true
	for r.Next(&in) {
		if !found {
			if in.Start != p.at {
				continue
			}
			found = true
		}
		switch in.Op {
		case wasm.OpLoop, wasm.OpElse:
			return rest
		case wasm.OpEnd:
			if targeted[in.Start] {
				return rest
			}
		}
		if !first {
			rest += int64(naivePrice(in.Op))
		}
		first = false
		switch in.Op {
		case wasm.OpIf, wasm.OpBr, wasm.OpBrIf, wasm.OpBrTable, wasm.OpReturn, wasm.OpUnreachable,
			wasm.OpCall, wasm.OpCallIndirect, wasm.OpReturnCall, wasm.OpReturnCallIndirect,
			wasm.OpMemoryCopy, wasm.OpMemoryFill, wasm.OpMemoryInit, wasm.OpMemoryGrow,
			wasm.OpTableCopy, wasm.OpTableFill, wasm.OpTableInit, wasm.OpTableGrow:
			return rest
		}
	}
	return rest
}

// branchedEnds returns the offsets of the ends at which paths join: those of
// ifs, and of blocks to which reachable code branches. The end of a loop joins nothing.
func branchedEnds(body []byte) map[int]bool {
	type open struct {
		op       wasm.Opcode
		targeted bool
	}
	ends := map[int]bool{}
	blocks := []*open{{op: wasm.OpBlock}}
	r := wasm.NewReader(body)
	var in wasm.Instr
	dead := 0
	hit := func(depth uint32) { blocks[len(blocks)-1-int(depth)].targeted = true }
	for r.Next(&in) {
		if dead > 0 {
			switch in.Op {
			case wasm.OpBlock, wasm.OpLoop, wasm.OpIf:
				dead++
				continue
			case wasm.OpElse:
				if dead > 1 {
					continue
				}
			case wasm.OpEnd:
				if dead--; dead > 0 {
					continue
				}
			default:
				continue
			}
			dead = 0
		}
		switch in.Op {
		case wasm.OpBlock, wasm.OpLoop, wasm.OpIf:
			blocks = append(blocks, &open{op: in.Op})
		case wasm.OpEnd:
			b := blocks[len(blocks)-1]
			blocks = blocks[:len(blocks)-1]
			ends[in.Start] = b.op == wasm.OpIf || b.op == wasm.OpBlock && b.targeted
		case wasm.OpBr:
			hit(in.A)
			dead = 1
		case wasm.OpBrIf:
			hit(in.A)
		case wasm.OpBrTable:
			for _, l := range in.Table {
				hit(l)
			}
			dead = 1
		case wasm.OpReturn, wasm.OpUnreachable, wasm.OpReturnCall, wasm.OpReturnCallIndirect:
			dead = 1
		}
	}
	return ends
}
