package fuel

import (
	"fmt"

	"github.com/univrs/vudo/internal/wasm"
)

// The bounds behind Overshoot. A check follows a charge, or stands in front of
// the first one of a function or of a loop's turn. On any path through one
// function the charges between two checks, or from a check to the end, or from
// the entry to the first check, are at most pathLimit:
//
//	segmentLimit  until the pass puts in a check
//	+ leafLimit   a call to a bounded function, which checks nothing itself
//	+ regionLimit the charge that the check follows
//
// Between functions: the end of a callee and the path of its caller up to the
// next check or the next callee that checks on entry, 2 x pathLimit; the path
// of a caller and that of a callee without a check on entry, the same; and
// before the check inside a bulk operation bulkPiece more.
const (
	// Overshoot is how far below zero the counter may fall before the guest
	// enters the host: the debt of an exhausted call is never greater.
	Overshoot = 2*pathLimit + bulkPiece

	pathLimit = segmentLimit + leafLimit + regionLimit
	// segmentLimit is the cost of a path after which a check is put in.
	segmentLimit = 16384
	// leafLimit is the greatest cost, callees included, of a function without
	// loops that its callers need not check after.
	leafLimit = 4096
	// regionLimit ends a region whose cost has reached it, so that no single
	// charge is large.
	regionLimit = 4096
	// turnLimit is the most that a turn of a loop without a check at its head
	// may have charged since its last check.
	turnLimit = 4096
	// bulkPiece is the most that a bulk operation charges between two checks.
	bulkPiece = 16384
)

// indices are the places of what the pass injects, in the new module.
type indices struct {
	fuel, depth uint32   // globals
	hook        uint32   // import: the host settles
	overflow    uint32   // import: the depth limit is met
	settle      uint32   // function (i64) -> (i64): stores the counter, calls hook, loads it again
	memoryGrow  uint32   // import
	tableGrow   uint32   // import
	funcs       []uint32 // new index of each function of the guest
	dropData    []uint32 // by segment: hidden flag
	dropElem    []uint32
	helper      map[bulkKey]uint32 // bulk operations and grows
}

// writer writes the bodies of a module one after the other into one buffer.
type writer struct {
	a     *analysis
	at    *indices
	types *typeTable
	out   []byte
	r     wasm.Reader
	track *offsetRecorder

	// The function at hand.
	f        *facts
	src      []byte
	local    uint32 // the counter's local
	useLocal bool   // the function keeps the counter in a local
	wrapped  bool   // a block around the body catches every exit
	loops    int    // loops opened so far
	blocks   []block
	depth    int // labels open in the output, the function's own not counted
	from     int // start in src of what has not been copied yet
	cost     uint32
	mayTrap  bool
	stale    bool // the local does not hold the counter yet, the global does
	patches  []patch
	patched  []byte
	scratch  []byte

	path state
	dead int // open blocks of unreachable code
}

// state is what is known where the run stands.
type state struct {
	cost  uint32 // greatest charge since the last check on any path to here
	due   bool   // a check must follow the next charge
	clean bool   // the global holds the local counter
}

// meet is the state where two paths join.
func (s state) meet(t state) state {
	return state{max(s.cost, t.cost), s.due || t.due, s.clean && t.clean}
}

// unreachable is the neutral element of meet.
var unreachable = state{clean: true}

// block is an open block, loop or if of the source, or the function.
type block struct {
	class    class // blockStart, loopStart, ifStart, elseStart; unknown for the function
	label    int   // w.depth inside: a branch to it from depth d has the label d - label
	targeted bool
	kind     loopKind // of a loop without a check at its head
	exit     state    // meet of the branches to its end
	start    state    // of an if without else so far: where its condition was
}

// patch replaces src[start:end] by patched[from:to].
type patch struct{ start, end, from, to int }

func (w *writer) op(ops ...byte)    { w.out = append(w.out, ops...) }
func (w *writer) idx(v uint32)      { w.out = wasm.AppendUint(w.out, uint64(v)) }
func (w *writer) get(g uint32)      { w.op(byte(wasm.OpGlobalGet)); w.idx(g) }
func (w *writer) set(g uint32)      { w.op(byte(wasm.OpGlobalSet)); w.idx(g) }
func (w *writer) localGet(l uint32) { w.op(byte(wasm.OpLocalGet)); w.idx(l) }
func (w *writer) localSet(l uint32) { w.op(byte(wasm.OpLocalSet)); w.idx(l) }
func (w *writer) call(f uint32)     { w.op(byte(wasm.OpCall)); w.idx(f) }
func (w *writer) i32const(v int32) {
	w.op(byte(wasm.OpI32Const))
	w.out = wasm.AppendInt(w.out, int64(v))
}

func (w *writer) i64const(v int64)   { w.op(byte(wasm.OpI64Const)); w.out = wasm.AppendInt(w.out, v) }
func (w *writer) blockType(bt int64) { w.out = wasm.AppendInt(w.out, bt) }

const emptyBlock = int64(wasm.BlockEmpty)

// function writes the body of defined function i and returns where it stands
// in w.out and the locals that it declares.
func (w *writer) function(i int) (from, to int, locals []wasm.LocalGroup, err error) {
	code := &w.a.m.Codes[i]
	typ := &w.a.m.Types[w.a.m.Funcs[i]]
	w.f, w.src = &w.a.funcs[i], code.Body
	w.useLocal = w.f.local
	w.wrapped = w.f.checks || w.f.earlyExit && (w.useLocal || w.f.counted)
	w.loops = 0
	w.local = uint32(len(typ.Params)) + uint32(code.NumLocals())
	w.blocks, w.depth, w.from, w.cost, w.mayTrap = w.blocks[:0], 0, 0, EntryFuel, false
	w.stale, w.dead = w.useLocal, 0
	w.patches, w.patched = w.patches[:0], w.patched[:0]
	w.path = state{clean: true}
	locals = code.Locals
	if w.useLocal {
		locals = append(locals[:len(locals):len(locals)], wasm.LocalGroup{Count: 1, Type: wasm.I64})
	}

	from = len(w.out)
	w.track.begin(uint32(w.a.imported+i), code.Offset, len(code.Body), from)
	w.prologue(typ)
	w.r.Reset(code.Body)
	var in wasm.Instr
	for w.r.Next(&in) {
		o := &operators[slot(in.Op)]
		if w.dead > 0 && !w.skip(o.class) {
			w.from = in.End
			continue
		}
		if err := w.operator(o, &in); err != nil {
			return 0, 0, nil, fmt.Errorf("function %d, offset 0x%x: %w", w.a.imported+i, code.Offset+uint32(in.Start), err)
		}
	}
	w.track.end(len(w.out) - from)
	return from, len(w.out), locals, w.r.Err()
}

// skip follows the nesting of unreachable code. It reports true at the else or
// end that makes the code reachable again.
func (w *writer) skip(c class) bool {
	switch c {
	case blockStart, loopStart, ifStart:
		w.dead++
	case elseStart:
		return w.dead == 1
	case blockEnd:
		if w.dead == 1 {
			return true
		}
		w.dead--
	}
	return false
}

// prologue counts the frame, checks on entry and opens the block that catches
// the exits:
//
//	block $overflow                if the frame is counted
//	  depth -= units; br_if $overflow (depth < 0)
//	  block $exit                  if there is more than one exit or a check
//	    loop $enter                if the function checks on entry
//	      block $cold
//	        br_if $cold (counter < 0)
//	        ...the body...
//	        br $exit
//	      end
//	      enter the host
//	      br $enter
//	    end
//	  end
//	  depth += units; return
//	end
//	stack overflow
//
// As in loop, what is rare stands behind what is not.
func (w *writer) prologue(typ *wasm.FuncType) {
	if w.f.counted {
		w.op(byte(wasm.OpBlock))
		w.blockType(emptyBlock)
		w.get(w.at.depth)
		w.i32const(int32(w.f.frame))
		w.op(byte(wasm.OpI32Sub))
		w.set(w.at.depth)
		w.get(w.at.depth)
		w.op(byte(wasm.OpI32Const), 0, byte(wasm.OpI32LtS), byte(wasm.OpBrIf), 0)
		w.depth++
	}
	w.blocks = append(w.blocks, block{exit: unreachable})
	if w.wrapped {
		w.op(byte(wasm.OpBlock))
		w.blockType(int64(w.types.block(nil, typ.Results)))
		w.depth++
		w.blocks[0].label = w.depth
	}
	if w.f.checks {
		w.op(byte(wasm.OpLoop))
		w.blockType(emptyBlock)
		w.op(byte(wasm.OpBlock))
		w.blockType(emptyBlock)
		w.get(w.at.fuel)
		w.op(byte(wasm.OpI64Const), 0, byte(wasm.OpI64LtS), byte(wasm.OpBrIf), 0)
		w.depth += 2
	}
}

// epilogue closes the function: live says whether its end can be reached by
// falling through.
func (w *writer) epilogue(live bool) {
	s := w.blocks[0].exit
	if live {
		s = s.meet(w.path)
	}
	if w.f.checks {
		if live {
			w.op(byte(wasm.OpBr), 2)
		} else {
			w.op(byte(wasm.OpUnreachable))
		}
		w.op(byte(wasm.OpEnd))
		w.call(w.at.hook)
		w.op(byte(wasm.OpBr), 0, byte(wasm.OpEnd), byte(wasm.OpUnreachable))
	}
	if w.wrapped {
		w.op(byte(wasm.OpEnd))
	}
	if live || w.wrapped {
		w.path = s
		w.flush()
		w.leave()
	}
	if w.f.counted {
		if live || w.wrapped {
			w.op(byte(wasm.OpReturn))
		} else {
			w.op(byte(wasm.OpUnreachable))
		}
		w.op(byte(wasm.OpEnd))
		w.call(w.at.overflow)
		w.op(byte(wasm.OpUnreachable))
	}
	w.op(byte(wasm.OpEnd))
}

// leave gives the frame's units back.
func (w *writer) leave() {
	if !w.f.counted {
		return
	}
	w.get(w.at.depth)
	w.i32const(int32(w.f.frame))
	w.op(byte(wasm.OpI32Add))
	w.set(w.at.depth)
}

// flush makes the global exact.
func (w *writer) flush() {
	if w.useLocal && !w.path.clean {
		w.localGet(w.local)
		w.set(w.at.fuel)
		w.path.clean = true
	}
}

// returned notes that a call has changed the counter. The next charge takes it
// from the global; where none comes in time, closeRegion reloads the local.
func (w *writer) returned() {
	w.stale, w.path.clean = w.useLocal, true
}

// regionEnd says what follows a region.
type regionEnd uint8

const (
	needsExact  regionEnd = 1 << iota // the global must be exact when the region has run
	checksNext                        // a check follows before anything else is charged
	turns                             // a branch back to a loop without a check at its head
	defersCheck                       // and every branch target takes over a check that is due
)

// closeRegion charges the region that ends at src[end], then copies its code.
func (w *writer) closeRegion(end int, how regionEnd) {
	if w.mayTrap {
		how |= needsExact
	}
	switch {
	case w.cost > 0:
		w.charge(how)
	case w.stale:
		w.get(w.at.fuel)
		w.localSet(w.local)
		w.stale = false
	case how&needsExact != 0:
		w.flush()
	}
	w.cost, w.mayTrap = 0, false
	w.copyTo(end)
}

// charge takes w.cost from the counter and checks it where a check is due.
func (w *writer) charge(how regionEnd) {
	switch {
	case !w.useLocal || w.stale:
		w.get(w.at.fuel)
	default:
		w.localGet(w.local)
	}
	w.i64const(int64(w.cost))
	w.op(byte(wasm.OpI64Sub))
	switch {
	case !w.useLocal:
		w.set(w.at.fuel)
	case how&needsExact != 0:
		w.op(byte(wasm.OpLocalTee))
		w.idx(w.local)
		w.set(w.at.fuel)
		w.path.clean = true
	default:
		w.localSet(w.local)
		w.path.clean = false
	}
	w.stale = false
	w.path.cost += w.cost
	if w.path.due && how&(checksNext|defersCheck) == 0 || w.path.cost > segmentLimit || w.path.cost > turnLimit && how&turns != 0 {
		w.check()
	}
}

// check enters the host if the counter is negative. The branch jumps over the
// cold call: the engine comes to the code behind from the branch first, so it
// keeps the registers of the hot path there and reloads them in the cold one.
func (w *writer) check() {
	w.op(byte(wasm.OpBlock))
	w.blockType(emptyBlock)
	w.counter()
	w.op(byte(wasm.OpI64Const), 0, byte(wasm.OpI64GeS), byte(wasm.OpBrIf), 0)
	w.settle()
	w.op(byte(wasm.OpEnd))
	w.path.cost, w.path.due = 0, false
}

// counter pushes the counter.
func (w *writer) counter() {
	if w.useLocal {
		w.localGet(w.local)
	} else {
		w.get(w.at.fuel)
	}
}

// settle enters the host.
func (w *writer) settle() {
	if w.useLocal {
		w.localGet(w.local)
		w.call(w.at.settle)
		w.localSet(w.local)
	} else {
		w.call(w.at.hook)
	}
}

// copyTo copies the source up to end, with its patches.
func (w *writer) copyTo(end int) {
	for _, p := range w.patches {
		w.copyPlain(p.start)
		w.track.point(len(w.out), p.start)
		w.out = append(w.out, w.patched[p.from:p.to]...)
		w.from = p.end
	}
	w.patches, w.patched = w.patches[:0], w.patched[:0]
	w.copyPlain(end)
}

func (w *writer) copyPlain(end int) {
	if w.from < end {
		w.track.point(len(w.out), w.from)
		w.out = append(w.out, w.src[w.from:end]...)
	}
	w.from = end
}

// replace drops the source operator in, which follows the copied code, and
// notes that what is written next stands for it.
func (w *writer) replace(in *wasm.Instr) {
	w.track.point(len(w.out), in.Start)
	w.from = in.End
}

// patch replaces an operator inside of a region.
func (w *writer) patch(in *wasm.Instr, code ...byte) {
	from := len(w.patched)
	w.patched = append(w.patched, code...)
	w.patches = append(w.patches, patch{in.Start, in.End, from, len(w.patched)})
}
