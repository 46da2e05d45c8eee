package fuel

import (
	"fmt"

	"github.com/univrs/vudo/internal/wasm"
)

// operator follows one reachable operator of the source. Plain ones only grow
// the region; the others end it.
func (w *writer) operator(o *operator, in *wasm.Instr) error {
	w.cost += uint32(o.cost)
	switch o.class {
	case plain, localGet, localSet:
	case trapping:
		w.mayTrap = true
	case functionRef:
		w.patch(in, wasm.AppendUint([]byte{byte(wasm.OpRefFunc)}, uint64(w.at.funcs[in.A]))...)
	case segmentDrop:
		w.patch(in, w.dropCode(in)...)
	case blockStart:
		w.depth++
		w.blocks = append(w.blocks, block{class: blockStart, label: w.depth, exit: unreachable})
	case ifStart:
		w.closeRegion(in.End, 0)
		w.depth++
		w.blocks = append(w.blocks, block{class: ifStart, label: w.depth, exit: unreachable, start: w.path})
	case loopStart:
		kind := w.a.loop(w.f, w.loops)
		w.loops++
		if kind != 0 {
			w.closeRegion(in.Start, 0)
			w.plainLoop(in, kind)
		} else {
			w.closeRegion(in.Start, checksNext)
			w.loop(in)
		}
	case elseStart:
		w.elseBranch(in)
	case blockEnd:
		w.end(in)
	case branch:
		w.closeRegion(in.Start, w.turning(in.A))
		w.replace(in)
		w.op(byte(wasm.OpBr))
		w.branchTo(in.A)
		w.dead = 1
	case branchIf:
		turning := w.turning(in.A)
		w.closeRegion(in.Start, turning)
		w.replace(in)
		w.op(byte(wasm.OpBrIf))
		w.branchTo(in.A)
		if turning&defersCheck != 0 && w.path.due {
			w.check() // on the way out; the way back brings it to the head
		}
	case branchTable:
		w.closeRegion(in.Start, w.turning(in.Table...))
		w.replace(in)
		w.op(byte(wasm.OpBrTable))
		w.idx(uint32(len(in.Table) - 1))
		for _, l := range in.Table {
			w.branchTo(l)
		}
		w.dead = 1
	case returns:
		w.closeRegion(in.Start, 0)
		w.replace(in)
		if w.wrapped {
			w.op(byte(wasm.OpBr))
			w.branchTo(uint32(len(w.blocks) - 1))
		} else {
			w.op(byte(wasm.OpReturn))
		}
		w.dead = 1
	case traps:
		w.closeRegion(in.End, needsExact)
		w.dead = 1
	case call, tailCall, callIndirect, tailIndirect:
		how := needsExact
		if d := int(in.A) - w.a.imported; (o.class == call || o.class == tailCall) && d >= 0 && w.a.funcs[d].checks {
			how |= checksNext
		}
		w.closeRegion(in.Start, how)
		w.replace(in)
		w.callTo(o.class, in)
	case bulk, grow:
		how := needsExact
		if o.class == bulk {
			how |= checksNext
		}
		w.closeRegion(in.Start, how)
		w.replace(in)
		w.call(w.at.helper[keyOf(in)])
		w.returned()
		// A bulk operation has checked after its charge; a grow has been in the host.
		w.path.cost, w.path.due = 0, o.class == grow
	default:
		return fmt.Errorf("%v has no price in tariff %d", in.Op, TariffVersion)
	}
	if w.cost >= regionLimit {
		w.closeRegion(in.End, 0) // too expensive for one charge
	}
	return nil
}

// turning says what a branch to these labels does where one goes back to a loop
// without a check at its head.
func (w *writer) turning(labels ...uint32) regionEnd {
	how := defersCheck
	for _, l := range labels {
		kind := w.blocks[len(w.blocks)-1-int(l)].kind
		if kind != 0 {
			how |= turns
		}
		if kind&callsFirst == 0 {
			how &^= defersCheck
		}
	}
	return how
}

// branchTo writes the label of a branch to the block depth levels out.
func (w *writer) branchTo(depth uint32) {
	b := &w.blocks[len(w.blocks)-1-int(depth)]
	w.idx(uint32(w.depth - b.label))
	b.targeted = true
	if b.class != loopStart {
		b.exit = b.exit.meet(w.path)
	}
}

func (w *writer) callTo(c class, in *wasm.Instr) {
	switch c {
	case tailCall, tailIndirect:
		w.leave()
	}
	switch c {
	case call:
		w.op(byte(wasm.OpCall))
		w.idx(w.at.funcs[in.A])
	case tailCall:
		w.op(byte(wasm.OpReturnCall))
		w.idx(w.at.funcs[in.A])
	case callIndirect, tailIndirect:
		w.out = append(w.out, w.src[in.Start:in.End]...)
	}
	switch c {
	case tailCall, tailIndirect:
		w.dead = 1
		return
	}
	w.returned()
	if d := int(in.A) - w.a.imported; c == call && d >= 0 && w.a.funcs[d].bounded {
		w.path.cost += uint32(w.a.funcs[d].total)
	} else {
		w.path.cost, w.path.due = 0, true
	}
}

// loop opens a strip-mined loop:
//
//	block $exit
//	  loop $outer
//	    block $cold
//	      loop $inner
//	        br_if $cold (counter < 0)
//	        ...the body...
//	      end
//	      br $exit
//	    end
//	    enter the host
//	    br $outer
//	  end
//	end
//
// so that the inner loop, which is the loop of the source, holds no call. Its
// branches back need nothing: the check stands at the head, before the charge
// of the first region, and looks at what has been charged until then. The cold
// path stands behind the body, because the engine lays code out in the order of
// the source: in front of the body it would cost a jump in every turn.
func (w *writer) loop(in *wasm.Instr) {
	bt := in.BlockType()
	t, _ := w.a.m.BlockSignature(bt)
	carry := int64(w.types.block(t.Params, t.Params))
	w.op(byte(wasm.OpBlock))
	w.blockType(int64(bt))
	w.op(byte(wasm.OpLoop))
	w.blockType(int64(bt))
	w.op(byte(wasm.OpBlock))
	w.blockType(carry)
	w.track.point(len(w.out), in.Start)
	w.op(byte(wasm.OpLoop))
	w.blockType(int64(bt))
	w.counter()
	w.op(byte(wasm.OpI64Const), 0, byte(wasm.OpI64LtS), byte(wasm.OpBrIf), 1)
	w.depth += 4
	w.blocks = append(w.blocks, block{class: loopStart, label: w.depth, exit: unreachable})
	w.path = state{}
	w.from = in.End
}

// plainLoop opens a loop that makes a checking call in every turn.
func (w *writer) plainLoop(in *wasm.Instr, kind loopKind) {
	w.track.point(len(w.out), in.Start)
	w.op(byte(wasm.OpLoop))
	w.blockType(int64(in.BlockType()))
	w.depth++
	w.blocks = append(w.blocks, block{class: loopStart, label: w.depth, exit: unreachable, kind: kind})
	w.path = state{cost: max(w.path.cost, turnLimit), due: w.path.due || kind&callsFirst != 0}
	w.from = in.End
}

// endLoop closes what loop or plainLoop opened. The end of a loop is no branch
// target, so the region goes on behind it.
func (w *writer) endLoop(in *wasm.Instr, live bool) {
	kind := w.blocks[len(w.blocks)-1].kind
	w.blocks = w.blocks[:len(w.blocks)-1]
	if kind != 0 {
		w.depth--
		return
	}
	out := w.out
	w.out = w.scratch[:0]
	w.op(byte(wasm.OpEnd))
	if live {
		w.op(byte(wasm.OpBr), 2)
	} else {
		w.op(byte(wasm.OpUnreachable))
	}
	w.op(byte(wasm.OpEnd))
	w.settle()
	w.op(byte(wasm.OpBr), 0, byte(wasm.OpEnd), byte(wasm.OpEnd))
	w.scratch, w.out = w.out, out
	w.patch(in, w.scratch...)
	w.depth -= 4
}

func (w *writer) elseBranch(in *wasm.Instr) {
	b := &w.blocks[len(w.blocks)-1]
	if w.dead == 0 {
		w.closeRegion(in.Start, 0)
		b.exit = b.exit.meet(w.path)
	}
	w.dead = 0
	w.from = in.Start
	w.copyPlain(in.End)
	b.class = elseStart
	w.path = b.start
}

func (w *writer) end(in *wasm.Instr) {
	live := w.dead == 0
	if !live {
		w.from = in.Start
	}
	w.dead = 0
	b := &w.blocks[len(w.blocks)-1]
	if len(w.blocks) == 1 {
		if live {
			w.closeRegion(in.Start, 0)
		}
		w.replace(in)
		w.epilogue(live)
		w.blocks = w.blocks[:0]
		return
	}
	if b.class == loopStart {
		w.endLoop(in, live)
		if !live {
			w.path = unreachable
		}
		return
	}
	if b.class == blockStart && !b.targeted && live {
		// Nobody branches to this end: the region goes on.
		w.blocks = w.blocks[:len(w.blocks)-1]
		w.depth--
		return
	}
	exit := b.exit
	if live {
		w.closeRegion(in.Start, 0)
		exit = exit.meet(w.path)
	}
	if b.class == ifStart {
		exit = exit.meet(b.start)
	}
	w.from = in.Start
	w.copyPlain(in.End)
	w.blocks = w.blocks[:len(w.blocks)-1]
	w.depth--
	w.path = exit
}

// dropCode is data.drop or elem.drop: the segment stays, a flag says that it
// is gone, so that an instance can be reset.
func (w *writer) dropCode(in *wasm.Instr) []byte {
	flag := noFlag
	if in.Op == wasm.OpDataDrop {
		flag = w.at.dropData[in.A]
	} else {
		flag = w.at.dropElem[in.A]
	}
	if flag == noFlag {
		return nil
	}
	return wasm.AppendUint([]byte{byte(wasm.OpI32Const), 1, byte(wasm.OpGlobalSet)}, uint64(flag))
}

// noFlag marks a segment that is never dropped by an instruction, or always by
// the instantiation.
const noFlag = ^uint32(0)
