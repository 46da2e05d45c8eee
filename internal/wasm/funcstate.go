package wasm

import "fmt"

// FuncState checks one body instruction by instruction and answers questions
// about the state between two of them: the operand stack, the open blocks,
// whether the place can be reached. It is the validation algorithm of core 2.0,
// appendix 7.3, so that a pass over bodies need not track types again:
//
//	v, err := wasm.NewValidator(m)         // everything but the bodies
//	var s wasm.FuncState                   // reused for all bodies
//	var r wasm.Reader
//	var in wasm.Instr
//	for i := range m.Codes {
//		if err := s.Begin(v, i); err != nil { return err }
//		r.Reset(m.Codes[i].Body)
//		for r.Next(&in) {
//			// here the state is the one before in: s.Height(), s.Operand(0), s.Frame(0) ...
//			if err := s.Step(&in); err != nil { return err }
//			// here it is the one after in
//		}
//		if err := s.Finish(&r); err != nil { return err }
//	}
//
// Time is linear in the body, with a factor of at most MaxResults where types
// are that long. Memory is at most 16 bytes per open block and MaxOperands bytes
// of operands; locals are never expanded. After an error every later call
// returns the same error. The zero value is ready for Begin.
type FuncState struct {
	v      *Validator
	index  uint32 // of the function, imports counted
	offset uint32 // of the body in the module

	ops    []ValType
	base   int  // height of the innermost frame
	dead   bool // the innermost frame is unreachable
	wide   int  // v128 among ops
	max    int  // greatest Slots so far
	frames []frame
	locals []ValType // parameters and the first declared locals
	groups []LocalGroup
	ends   []uint64 // last index + 1 of each group; only if locals does not hold all
	total  uint64   // parameters and declared locals

	at   int // offset of the instruction being stepped
	done bool
	err  *Error
}

// frame is one open block, small because a two-byte block opens one.
type frame struct {
	height uint32
	start  uint32
	sig    int32 // index into Validator.sigs
	op     uint8
	dead   bool
}

// Frame is one open block, as FuncState.Frame describes it.
type Frame struct {
	Op              Opcode // OpBlock, OpLoop, OpIf or OpElse; OpEnd for the function itself
	Start           int    // offset in the body of the instruction that opened it; 0 for the function
	Height          int    // operands below it, its parameters not counted
	Unreachable     bool   // nothing can reach the present end of it
	Params, Results []ValType
}

// fastLocals is how many declared locals are listed one by one; the types of
// later ones are found by search.
const fastLocals = 256

// Begin starts the body m.Codes[i].
func (s *FuncState) Begin(v *Validator, i int) error {
	c := &v.m.Codes[i]
	ti := v.m.Funcs[i]
	*s = FuncState{
		v: v, index: uint32(v.importedFuncs + i), offset: c.Offset,
		ops: s.ops[:0], frames: s.frames[:0], locals: s.locals[:0], ends: s.ends[:0], groups: c.Locals,
	}
	if len(c.Body) > MaxBodyBytes {
		return s.failf("a body of %d bytes exceeds the limit of %d", len(c.Body), MaxBodyBytes)
	}
	params := v.m.Types[ti].Params
	s.locals = append(s.locals, params...)
	s.total = uint64(len(params))
	fast := len(params) + fastLocals
	for _, g := range c.Locals {
		if !g.Type.valid() {
			return s.failf("malformed value type 0x%02x of a local", byte(g.Type))
		}
		for n := g.Count; n > 0 && len(s.locals) < fast; n-- {
			s.locals = append(s.locals, g.Type)
		}
		s.total += uint64(g.Count)
	}
	if s.total > MaxLocals {
		return s.failf("too many locals: %d", s.total)
	}
	if s.total > uint64(len(s.locals)) {
		end := uint64(len(params))
		for _, g := range c.Locals {
			end += uint64(g.Count)
			s.ends = append(s.ends, end)
		}
	}
	s.frames = append(s.frames, frame{sig: int32(ti), op: uint8(OpEnd)})
	return nil
}

// FuncIndex returns the index of the function, imports counted.
func (s *FuncState) FuncIndex() uint32 { return s.index }

// NumLocals returns the number of parameters and declared locals.
func (s *FuncState) NumLocals() uint64 { return s.total }

// LocalType returns the type of parameter or local i.
func (s *FuncState) LocalType(i uint32) (ValType, bool) {
	if int64(i) < int64(len(s.locals)) {
		return s.locals[i], true
	}
	if uint64(i) >= s.total {
		return 0, false
	}
	lo, hi := 0, len(s.ends)-1
	for lo < hi {
		mid := (lo + hi) / 2
		if uint64(i) < s.ends[mid] {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return s.groups[lo].Type, true
}

// Height returns the number of operands on the stack.
func (s *FuncState) Height() int { return len(s.ops) }

// Slots returns the height with each v128 counted as two.
func (s *FuncState) Slots() int { return len(s.ops) + s.wide }

// MaxSlots returns the greatest Slots since Begin, unreachable code included.
func (s *FuncState) MaxSlots() int { return s.max }

// Operand returns the type of an operand, 0 being the top. It is Unknown in
// unreachable code where any type fits, and where the frame holds fewer.
func (s *FuncState) Operand(n int) ValType {
	if i := len(s.ops) - 1 - n; i >= s.base {
		return s.ops[i]
	}
	return Unknown
}

// Operands returns the whole operand stack, bottom first. It is valid until the
// next Step and must not be changed.
func (s *FuncState) Operands() []ValType { return s.ops }

// Unreachable reports whether no execution reaches this place: after br,
// br_table, return, a tail call or unreachable, until the block's else or end.
// A block opened in such a place counts as reachable inside; ask each frame.
func (s *FuncState) Unreachable() bool { return s.dead }

// Depth returns the number of open blocks, the function itself counted; 0 after
// the final end.
func (s *FuncState) Depth() int { return len(s.frames) }

// Frame returns an open block, 0 being the innermost, numbered as labels are.
// It panics unless 0 <= n < Depth.
func (s *FuncState) Frame(n int) Frame {
	f := &s.frames[len(s.frames)-1-n]
	sig := s.v.sig(f.sig)
	fr := Frame{
		Op: Opcode(f.op), Start: int(f.start), Height: int(f.height), Unreachable: f.dead,
		Params: sig.params, Results: sig.results,
	}
	if fr.Op == OpEnd {
		fr.Params = nil // a function's parameters are locals
	}
	return fr
}

// Label returns the types that a branch to a label takes: the parameters of a
// loop, the results of any other block. It panics unless 0 <= n < Depth.
func (s *FuncState) Label(n int) []ValType {
	types, _ := s.label(&s.frames[len(s.frames)-1-n])
	return types
}

func (s *FuncState) label(f *frame) ([]ValType, int) {
	sig := s.v.sig(f.sig)
	if Opcode(f.op) == OpLoop {
		return sig.params, sig.wideParams
	}
	return sig.results, sig.wideResults
}

// Finish reports what is wrong at the end of the body: the Reader's error, an
// open block.
func (s *FuncState) Finish(r *Reader) error {
	switch {
	case s.err != nil:
		return s.err
	case r.err != nil:
		e := *r.err
		e.Func, e.Section = int(s.index), sectionNames[SectionCode]
		e.Offset += s.offset
		e.HasOffset = s.offset != 0
		s.err = &e
		return s.err
	case !s.done:
		s.at = r.pos
		return s.failf("unexpected end: %d blocks are open at the end of the body", len(s.frames))
	}
	return nil
}

// failf keeps the first failure and returns it.
func (s *FuncState) failf(format string, args ...any) error {
	if s.err == nil {
		s.err = &Error{
			Msg: fmt.Sprintf(format, args...), Section: sectionNames[SectionCode], Func: int(s.index),
			Offset: s.offset + uint32(s.at), HasOffset: s.offset != 0,
		}
	}
	return s.err
}

// push puts an operand on the stack.
func (s *FuncState) push(t ValType) {
	if t == V128 {
		s.wide++
	}
	s.ops = append(s.ops, t)
}

func (s *FuncState) pushAll(ts []ValType, wide int) {
	s.ops = append(s.ops, ts...)
	s.wide += wide
}

// truncate drops the operands above height n.
func (s *FuncState) truncate(n int) {
	if s.wide > 0 {
		for _, t := range s.ops[n:] {
			if t == V128 {
				s.wide--
			}
		}
	}
	s.ops = s.ops[:n]
}

// pop takes an operand of type want, of any type for Unknown, and returns the
// type that was found.
func (s *FuncState) pop(want ValType) ValType {
	n := len(s.ops) - 1
	if n < s.base {
		if !s.dead {
			s.underflow(want)
		}
		return want
	}
	t := s.ops[n]
	s.ops = s.ops[:n]
	if t == V128 {
		s.wide--
	}
	if t != want && t != Unknown {
		if want != Unknown {
			s.failf("type mismatch: expected %v, found %v", want, t)
		}
		return t
	}
	return want
}

func (s *FuncState) underflow(want ValType) {
	if want == Unknown {
		s.failf("type mismatch: expected an operand, the stack of the block is empty")
		return
	}
	s.failf("type mismatch: expected %v, the stack of the block is empty", want)
}

// onTop reports whether the frame's operands end with exactly these types; the
// comparison of long lists is one of memory.
func (s *FuncState) onTop(ts []ValType) bool {
	n := len(s.ops) - len(ts)
	return n >= s.base && string(s.ops[n:]) == string(ts)
}

// popAll takes a list of operands, the last on top.
func (s *FuncState) popAll(ts []ValType, wide int) {
	if s.onTop(ts) {
		s.ops = s.ops[:len(s.ops)-len(ts)]
		s.wide -= wide
		return
	}
	for i := len(ts) - 1; i >= 0 && s.err == nil; i-- {
		if s.dead && len(s.ops) == s.base {
			return
		}
		s.pop(ts[i])
	}
}

// peekAll checks that a list of operands could be taken and leaves the stack
// with these very types on top (br_if).
func (s *FuncState) peekAll(ts []ValType, wide int) {
	if s.onTop(ts) {
		return
	}
	s.popAll(ts, wide)
	s.pushAll(ts, wide)
}

// setDead makes the rest of the innermost frame unreachable.
func (s *FuncState) setDead() {
	s.truncate(s.base)
	s.dead = true
	s.frames[len(s.frames)-1].dead = true
}

// open starts a block whose parameters are on top of the stack.
func (s *FuncState) open(in *Instr) {
	si, ok := s.v.blockSig(in.BlockType())
	if !ok {
		s.failf("unknown type %d of a block", int64(in.BlockType()))
		return
	}
	sig := s.v.sig(si)
	s.peekAll(sig.params, sig.wideParams)
	s.base = len(s.ops) - len(sig.params)
	s.dead = false
	s.frames = append(s.frames, frame{height: uint32(s.base), start: uint32(in.Start), sig: si, op: uint8(in.Op)})
}

// closed checks that the block's results, and nothing else, are on the stack.
func (s *FuncState) closed(sig *signature) {
	if len(s.ops)-s.base == len(sig.results) && string(s.ops[s.base:]) == string(sig.results) {
		return
	}
	s.popAll(sig.results, sig.wideResults)
	if s.err == nil && len(s.ops) != s.base {
		s.failf("type mismatch: %d values remain on the stack at the end of the block", len(s.ops)-s.base)
	}
	if s.err == nil {
		s.pushAll(sig.results, sig.wideResults)
	}
}

func (s *FuncState) end() {
	f := &s.frames[len(s.frames)-1]
	sig := s.v.sig(f.sig)
	s.closed(sig)
	if Opcode(f.op) == OpIf && string(sig.params) != string(sig.results) {
		s.failf("type mismatch: an if without else gives %s but takes %s", typeList(sig.results), typeList(sig.params))
	}
	s.frames = s.frames[:len(s.frames)-1]
	if len(s.frames) == 0 {
		s.done = true
		return
	}
	f = &s.frames[len(s.frames)-1]
	s.base, s.dead = int(f.height), f.dead
}

func (s *FuncState) elseBranch(in *Instr) {
	f := &s.frames[len(s.frames)-1]
	if Opcode(f.op) != OpIf {
		s.failf("else without if")
		return
	}
	sig := s.v.sig(f.sig)
	s.closed(sig)
	if s.err != nil {
		return
	}
	s.truncate(s.base)
	s.pushAll(sig.params, sig.wideParams)
	f.op, f.dead, f.start = uint8(OpElse), false, uint32(in.Start)
	s.dead = false
}

// target returns the frame of a label.
func (s *FuncState) target(label uint32) *frame {
	if int64(label) >= int64(len(s.frames)) {
		s.failf("unknown label %d: %d blocks are open", label, len(s.frames))
		return nil
	}
	return &s.frames[len(s.frames)-1-int(label)]
}

func (s *FuncState) brTable(in *Instr) {
	s.pop(I32)
	def := s.target(in.Table[len(in.Table)-1])
	if def == nil {
		return
	}
	want, wide := s.label(def)
	var last *frame
	for _, l := range in.Table[:len(in.Table)-1] {
		f := s.target(l)
		if f == nil {
			return
		}
		if f == last || f.sig == def.sig && f.op == def.op {
			continue
		}
		last = f
		ts, _ := s.label(f)
		if len(ts) != len(want) {
			s.failf("type mismatch: br_table labels take %d and %d values", len(ts), len(want))
			return
		}
		if !s.fits(ts) {
			s.failf("type mismatch: br_table label %d takes %s", l, typeList(ts))
			return
		}
	}
	s.popAll(want, wide)
	s.setDead()
}

// fits reports whether a list of operands could be taken, and takes nothing.
// Like onTop it compares memory, so that a br_table of many wide labels stays
// cheap: an operand of Unknown type can only be the lowest of its frame, because
// only a select that finds nothing else below it makes one.
func (s *FuncState) fits(ts []ValType) bool {
	have := s.ops[s.base:]
	if len(have) < len(ts) {
		if !s.dead {
			return false
		}
		ts = ts[len(ts)-len(have):]
	}
	have = have[len(have)-len(ts):]
	if len(have) > 0 && have[0] == Unknown {
		have, ts = have[1:], ts[1:]
	}
	return string(have) == string(ts)
}
