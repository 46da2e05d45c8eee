package codegen

import (
	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/internal/wasm"
)

// selector turns the body of one function into instructions. What stands behind
// a branch is not emitted: while dead is set, nothing is.
type selector struct {
	g      *generator
	u      *unit
	labels map[*ir.Label]uint32
	next   uint32 // label
	dead   bool
	target map[uint32]bool // labels that something branches to

	free  [ir.Ref + 1][]uint32 // temporaries that nothing uses, by kind
	taken []uint32             // those of the statements that are being emitted
	ifs   int                  // how deep ifs are nested
}

func (g *generator) selectFunc(u *unit) {
	s := &selector{g: g, u: u, labels: map[*ir.Label]uint32{}, target: map[uint32]bool{}}
	for _, l := range u.f.Locals {
		u.kinds = append(u.kinds, l.Kind)
	}
	s.stmts(u.f.Body)
	if u.f.Result != ir.None && !s.dead {
		s.op(wasm.OpUnreachable)
	}
}

func (s *selector) add(in instr) {
	if s.dead {
		return
	}
	s.u.code = append(s.u.code, in)
	switch in.op {
	case wasm.OpBr, wasm.OpBrTable, wasm.OpReturn, wasm.OpUnreachable:
		s.dead = true
	}
}

func (s *selector) op(op wasm.Opcode) { s.add(instr{op: op}) }
func (s *selector) get(local uint32)  { s.add(instr{op: wasm.OpLocalGet, x: local}) }

func (s *selector) set(local uint32) { s.add(instr{op: wasm.OpLocalSet, x: local}) }

func (s *selector) tee(local uint32) { s.add(instr{op: wasm.OpLocalTee, x: local}) }

func (s *selector) i32(n uint32)                        { s.add(instr{op: wasm.OpI32Const, imm: uint64(n)}) }
func (s *selector) drop()                               { s.op(wasm.OpDrop) }
func (s *selector) global(op wasm.Opcode, g *ir.Global) { s.add(instr{op: op, global: g}) }

// call calls a function; the arguments are on the stack.
func (s *selector) call(f *ir.Func, pos ir.Pos) {
	if s.dead {
		return
	}
	s.g.want(f)
	s.add(instr{op: wasm.OpCall, fn: f, pos: pos, collects: s.g.facts.may[f]})
}

func (s *selector) host(i *ir.Import, pos ir.Pos) {
	if s.dead {
		return
	}
	s.g.imports[i] = true
	s.add(instr{op: wasm.OpCall, imp: i, pos: pos})
}

// temp returns a virtual local that is free until the statement ends.
func (s *selector) temp(k ir.Kind) uint32 {
	var t uint32
	if f := s.free[k]; len(f) > 0 {
		t = f[len(f)-1]
		s.free[k] = f[:len(f)-1]
	} else {
		t = uint32(len(s.u.kinds))
		s.u.kinds = append(s.u.kinds, k)
	}
	s.taken = append(s.taken, t)
	return t
}

// release ends the use of the temporaries taken since there were n.
func (s *selector) release(n int) {
	for _, t := range s.taken[n:] {
		k := s.u.kinds[t]
		s.free[k] = append(s.free[k], t)
	}
	s.taken = s.taken[:n]
}

// block emits an instruction that opens a block, and its end behind body, which
// gets the label.
func (s *selector) block(op wasm.Opcode, bt wasm.BlockType, body func(label uint32)) {
	if s.dead {
		return
	}
	label := s.next
	s.next++
	s.add(instr{op: op, x: label, imm: uint64(bt)})
	body(label)
	through := !s.dead || op != wasm.OpLoop && s.target[label]
	s.dead = false
	s.op(wasm.OpEnd)
	if !through && bt == void {
		s.op(wasm.OpUnreachable) // the end of the block is reached in form only
	}
}

// branch emits a branch with symbolic labels.
func (s *selector) branch(op wasm.Opcode, l *ir.Label) {
	if s.dead {
		return
	}
	n := s.labels[l]
	s.target[n] = true
	s.add(instr{op: op, x: n})
}

// arms emits an if with one or two arms on the condition on the stack.
func (s *selector) arms(bt wasm.BlockType, then, otherwise func()) {
	if s.dead {
		return
	}
	label := s.next
	s.next++
	s.ifs++
	s.add(instr{op: wasm.OpIf, x: label, imm: uint64(bt)})
	then()
	ended := s.dead
	s.dead = false
	if otherwise != nil {
		s.op(wasm.OpElse)
		otherwise()
		ended = ended && s.dead
		s.dead = false
	} else {
		ended = false
	}
	s.op(wasm.OpEnd)
	s.ifs--
	if ended && bt == void {
		s.op(wasm.OpUnreachable)
	}
}
