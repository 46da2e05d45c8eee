package fuel

import (
	"math/bits"

	"github.com/univrs/vudo/internal/wasm"
)

// liveWork bounds the steps of liveLocals, which a hostile function could
// otherwise make long: beyond it every named local counts as live everywhere.
const liveWork = 1 << 24

// liveLocals counts the pairs of a loop and a local that is live at the loop's
// head, which is what the engine may have to merge there. It never counts too
// few; it counts too many where it would take an iteration to know better.
//
// One walk suffices: it carries for each local the number of loop heads that
// had been passed when the local was last written on every path to here. A
// read then means that the local is live at all heads passed since. What is
// live at the head of a loop counts as live at the heads inside it, for the way
// back. It reports false when the work exceeds its bound.
func (c *shapeCheck) liveLocals(code *wasm.Code, locals, loops int) (int, bool) {
	w := liveWalk{
		locals:  locals,
		words:   (locals + 63) / 64,
		written: make([]int32, locals),
		marked:  make([]span, locals),
		parent:  make([]int, 0, loops),
	}
	w.live = make([]uint64, loops*w.words)
	w.work = loops*w.words + 2*locals
	w.blocks = append(w.blocks, liveBlock{head: -1})
	c.r.Reset(code.Body)
	var in wasm.Instr
	for c.r.Next(&in) && len(w.blocks) > 0 && w.work <= liveWork {
		w.operator(&in)
	}
	if w.work > liveWork {
		return 0, false
	}
	return w.total(), true
}

type liveWalk struct {
	locals, words int
	written       []int32  // by local: heads passed at its last certain write
	marked        []span   // by local: heads from (exclusive) to for which it is marked last
	live          []uint64 // by head, words of locals
	parent        []int    // by head: the loop around it, -1
	blocks        []liveBlock
	dead          int
	work          int
}

type liveBlock struct {
	op   wasm.Opcode
	exit []int32 // written where branches leave to the end; nil for none yet
	cond []int32 // of an if: written at its condition
	head int     // of a loop: its number; of others: that of the loop around, -1
}

func (w *liveWalk) operator(in *wasm.Instr) {
	if w.dead > 0 {
		switch in.Op {
		case wasm.OpBlock, wasm.OpLoop, wasm.OpIf:
			w.dead++
			return
		case wasm.OpElse:
			if w.dead > 1 {
				return
			}
		case wasm.OpEnd:
			if w.dead > 1 {
				w.dead--
				return
			}
		default:
			return
		}
	}
	switch in.Op {
	case wasm.OpLocalGet:
		w.read(in.A)
	case wasm.OpLocalSet, wasm.OpLocalTee:
		if int64(in.A) < int64(w.locals) {
			w.written[in.A] = int32(len(w.parent))
		}
	case wasm.OpBlock, wasm.OpLoop, wasm.OpIf:
		b := liveBlock{op: in.Op, head: w.blocks[len(w.blocks)-1].head}
		switch in.Op {
		case wasm.OpLoop:
			w.parent = append(w.parent, b.head)
			b.head = len(w.parent) - 1
		case wasm.OpIf:
			b.cond = w.copied()
		}
		w.blocks = append(w.blocks, b)
	case wasm.OpElse:
		b := &w.blocks[len(w.blocks)-1]
		w.leave(b)
		if b.cond != nil {
			w.written, b.cond = b.cond, nil
		}
		w.dead = 0
	case wasm.OpEnd:
		b := &w.blocks[len(w.blocks)-1]
		if b.op != wasm.OpLoop {
			w.leave(b)
			if b.exit != nil {
				w.written = b.exit
			}
			if b.cond != nil {
				w.meet(w.written, b.cond)
			}
		}
		w.blocks = w.blocks[:len(w.blocks)-1]
		w.dead = 0
	case wasm.OpBr:
		w.branch(in.A)
		w.dead = 1
	case wasm.OpBrIf:
		w.branch(in.A)
	case wasm.OpBrTable:
		for _, l := range in.Table {
			w.branch(l)
		}
		w.dead = 1
	case wasm.OpReturn, wasm.OpUnreachable, wasm.OpReturnCall, wasm.OpReturnCallIndirect:
		w.dead = 1
	}
}

// read marks a local at the heads passed since its last certain write.
func (w *liveWalk) read(local uint32) {
	if int64(local) >= int64(w.locals) {
		return
	}
	from, to := int(w.written[local]), len(w.parent)
	m := &w.marked[local]
	if from > m.to || m.to == 0 {
		w.mark(local, from, to)
		*m = span{from, to}
		return
	}
	w.mark(local, from, m.from)
	w.mark(local, m.to, to)
	*m = span{min(from, m.from), to}
}

func (w *liveWalk) mark(local uint32, from, to int) {
	for h := from; h < to; h++ {
		w.live[h*w.words+int(local/64)] |= 1 << (local % 64)
		w.work++
	}
}

func (w *liveWalk) copied() []int32 {
	w.work += w.locals
	return append([]int32(nil), w.written...)
}

func (w *liveWalk) meet(into, other []int32) {
	w.work += w.locals
	for i, v := range other {
		into[i] = min(into[i], v)
	}
}

// leave joins the state here with that of the branches to the end of b.
func (w *liveWalk) leave(b *liveBlock) {
	switch {
	case w.dead > 0:
	case b.exit == nil:
		b.exit = w.copied()
	default:
		w.meet(b.exit, w.written)
	}
}

func (w *liveWalk) branch(depth uint32) {
	if int64(depth) >= int64(len(w.blocks)) {
		return // the validator will say so
	}
	if b := &w.blocks[len(w.blocks)-1-int(depth)]; b.op != wasm.OpLoop {
		w.leave(b)
	}
}

// total counts the pairs.
func (w *liveWalk) total() int {
	n := 0
	for h, p := range w.parent {
		row := w.live[h*w.words : (h+1)*w.words]
		for i := range row {
			if p >= 0 {
				row[i] |= w.live[p*w.words+i]
			}
			n += bits.OnesCount64(row[i])
		}
	}
	return n
}
