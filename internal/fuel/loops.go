package fuel

import "github.com/univrs/vudo/internal/wasm"

// findCalledLoops decides which loops need no check of their own because every
// turn makes a call after which, or at whose entry, a check stands anyway. Such
// loops keep their shape; and a function that has no others keeps the counter
// in the global, since a call would flush and reload a local in every turn.
//
// The reader walks the function once more, with one number as its state: how
// many of the open loops, counted from the outermost, have made a call on every
// path since their head. A call makes it all of them; where paths join it is
// the minimum; a branch back tells whether that loop is covered.
func (a *analysis) findCalledLoops() {
	var s loopScan
	for i := range a.funcs {
		f := &a.funcs[i]
		f.called.from = len(a.called)
		if f.loops && f.calls.from+f.types.from < f.calls.to+f.types.to || f.loops && f.hosts {
			s.function(a, i)
		}
		f.called.to = len(a.called)
		f.local = f.loops
		if f.called.from < f.called.to {
			f.local = false
			for _, kind := range a.called[f.called.from:f.called.to] {
				f.local = f.local || kind&callsEachTurn == 0
			}
		}
	}
}

// loopKind is what is known of a loop before its code is written.
type loopKind uint8

const (
	// callsEachTurn: every turn makes a call that checks, or after which a check is due.
	callsEachTurn loopKind = 1 << iota
	// callsFirst: the first region of a turn ends with a call of a function that
	// checks on entry, so that a check which is due can wait for the next turn.
	callsFirst
)

// loop returns what is known of the n-th loop of f.
func (a *analysis) loop(f *facts, n int) loopKind {
	if f.called.from+n >= f.called.to || a.called[f.called.from+n]&callsEachTurn == 0 {
		return 0
	}
	return a.called[f.called.from+n]
}

type loopScan struct {
	r      wasm.Reader
	blocks []loopBlock
}

type loopBlock struct {
	class class
	exit  int // least state of the branches to the end
	start int // of an if: the state at its condition
	loop  int // of a loop: its place in analysis.called
	depth int // of a loop: open loops around it
}

const noPath = 1 << 30 // neutral element of min

func (s *loopScan) function(a *analysis, i int) {
	s.blocks = append(s.blocks[:0], loopBlock{exit: noPath})
	s.r.Reset(a.m.Codes[i].Body)
	var in wasm.Instr
	covered, open, dead := 0, 0, 0
	head := -1 // the loop in whose first region the reader is
	jump := func(depth uint32) {
		b := &s.blocks[len(s.blocks)-1-int(depth)]
		if b.class != loopStart {
			b.exit = min(b.exit, covered)
		} else if covered <= b.depth {
			a.called[b.loop] &^= callsEachTurn
		}
	}
	for s.r.Next(&in) {
		c := operators[slot(in.Op)].class
		if dead > 0 {
			switch c {
			case blockStart, loopStart, ifStart:
				dead++
				continue
			case elseStart:
				if dead > 1 {
					continue
				}
				covered = noPath
			case blockEnd:
				if dead--; dead > 0 {
					continue
				}
				covered = noPath
			default:
				continue
			}
			dead = 0
		}
		switch c {
		case blockStart, ifStart:
			s.blocks = append(s.blocks, loopBlock{class: c, exit: noPath, start: covered})
		case loopStart:
			s.blocks = append(s.blocks, loopBlock{class: c, loop: len(a.called), depth: open})
			head = len(a.called)
			a.called = append(a.called, callsEachTurn)
			open++
		case elseStart:
			b := &s.blocks[len(s.blocks)-1]
			b.exit = min(b.exit, covered)
			b.class, covered = elseStart, b.start
		case blockEnd:
			b := s.blocks[len(s.blocks)-1]
			s.blocks = s.blocks[:len(s.blocks)-1]
			switch b.class {
			case loopStart:
				open--
			case ifStart:
				covered = min(covered, b.start, b.exit)
			default:
				covered = min(covered, b.exit)
			}
			covered = min(covered, open)
		case branch:
			jump(in.A)
			dead = 1
		case branchIf:
			jump(in.A)
		case branchTable:
			for _, l := range in.Table {
				jump(l)
			}
			dead = 1
		case returns, traps, tailCall, tailIndirect:
			dead = 1
		case call:
			d := int(in.A) - a.imported
			if d < 0 || !a.funcs[d].bounded {
				covered = open
			}
			if head >= 0 && d >= 0 && a.funcs[d].checks {
				a.called[head] |= callsFirst
			}
		case callIndirect:
			covered = open
		}
		switch c {
		case plain, trapping, localGet, localSet, functionRef, segmentDrop, blockStart, loopStart:
		default:
			head = -1
		}
	}
}
