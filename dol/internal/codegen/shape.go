package codegen

import (
	"fmt"
	"math/bits"

	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/internal/wasm"
)

// The shape of a function that the virtual machine takes (docs/spec/vm.md): engines
// are slow on more. Limits are the names and numbers of internal/fuel.
const (
	maxNesting      = 4096
	maxLoopNesting  = 256
	maxIfNesting    = 256
	maxBlocks       = 8192
	maxLoops        = 1024
	maxForks        = 8192    // tests, choices and calls
	maxLoopLocals   = 16_384  // pairs of a loop and a local that is live at its head
	maxMergeLocals  = 262_144 // (loops + tests) x locals
	maxLocals       = 8192
	maxParams       = 64
	maxTable        = 4096
	maxTables       = 16_384
	maxBody         = 1 << 20
	maxCallGlobals  = 1 << 18 // calls x variables of the module
	maxAccessBlocks = 1 << 25 // reads and writes of memory x blocks
)

// ShapeError says that a function is larger than virtual machines take. It is a
// fault of the program, not of the compiler.
type ShapeError struct {
	Func     *ir.Func
	What     string // such as "local variables"
	Got, Max int
}

func (e *ShapeError) Error() string {
	return fmt.Sprintf("function %s is too large: %d %s, at most %d; split it", e.Func.Name, e.Got, e.What, e.Max)
}

// shape counts what is limited in one function.
type shape struct {
	nesting, loopNesting, ifNesting             int // at present, and the most
	mostNesting, mostLoopNesting, mostIfNesting int
	blocks, loops, ifs, forks, calls            int
	table, tables, accesses                     int
}

// checkShape holds a function against the limits; globals are the variables of
// the whole module.
func (u *unit) checkShape(globals int) error {
	var s shape
	var open []wasm.Opcode
	for i := range u.code {
		in := &u.code[i]
		switch {
		case in.opens():
			open = append(open, in.op)
			s.open(in.op, 1)
		case in.op == wasm.OpEnd:
			s.open(open[len(open)-1], -1)
			open = open[:len(open)-1]
		}
		s.count(in)
	}
	locals := len(u.kinds)
	for _, l := range [...]struct {
		what      string
		got, most int
	}{
		{"nested blocks", s.mostNesting, maxNesting},
		{"nested loops", s.mostLoopNesting, maxLoopNesting},
		{"nested tests", s.mostIfNesting, maxIfNesting},
		{"blocks, loops and tests", s.blocks, maxBlocks},
		{"loops", s.loops, maxLoops},
		{"tests and calls", s.forks, maxForks},
		{"cases of one choice", s.table, maxTable},
		{"cases of choices", s.tables, maxTables},
		{"parameters", u.f.NumParams, maxParams},
		{"local variables", locals, maxLocals},
		{"local variables in tests", (s.loops + s.ifs) * locals, maxMergeLocals},
		{"calls times variables of the module", s.calls * globals, maxCallGlobals},
		{"reads and writes times blocks", s.accesses * s.blocks, maxAccessBlocks},
	} {
		if l.got > l.most {
			return &ShapeError{Func: u.f, What: l.what, Got: l.got, Max: l.most}
		}
	}
	if s.loops*locals > maxLoopLocals {
		if n := u.liveAtLoops(); n > maxLoopLocals {
			return &ShapeError{Func: u.f, What: "local variables in loops", Got: n, Max: maxLoopLocals}
		}
	}
	return nil
}

// open enters (by 1) or leaves (by -1) a block.
func (s *shape) open(op wasm.Opcode, by int) {
	s.nesting += by
	s.mostNesting = max(s.mostNesting, s.nesting)
	switch op {
	case wasm.OpLoop:
		s.loopNesting += by
		s.mostLoopNesting = max(s.mostLoopNesting, s.loopNesting)
	case wasm.OpIf:
		s.ifNesting += by
		s.mostIfNesting = max(s.mostIfNesting, s.ifNesting)
	}
}

func (s *shape) count(in *instr) {
	switch in.op {
	case wasm.OpBlock:
		s.blocks++
	case wasm.OpLoop:
		s.blocks++
		s.loops++
	case wasm.OpIf:
		s.blocks++
		s.ifs++
		s.forks++
	case wasm.OpBrIf:
		s.forks++
	case wasm.OpBrTable:
		s.forks++
		s.table = max(s.table, len(in.labels))
		s.tables += len(in.labels)
	case wasm.OpCall, wasm.OpCallIndirect, wasm.OpMemoryGrow:
		s.forks++
		s.calls++
	default:
		if info, ok := wasm.Op(in.op); ok && info.Imm == wasm.ImmMemArg {
			s.accesses++
		}
	}
}

// liveAtLoops counts the locals that are live at the heads of loops.
func (u *unit) liveAtLoops() int {
	n := 0
	for _, head := range newLiveness(u.code, len(u.kinds)).heads {
		for _, w := range head {
			n += bits.OnesCount64(w)
		}
	}
	return n
}
