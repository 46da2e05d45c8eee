package wasm

import (
	"encoding/binary"
	"fmt"
)

// Instr is one decoded instruction. Which fields are set follows from the
// opcode's ImmKind; the others keep what an earlier instruction left there.
type Instr struct {
	Op         Opcode
	Type       ValType
	Lane       uint8
	Start, End int // byte offsets in the body
	A          uint32
	B          uint64
	Table      []uint32 // br_table: labels, the default last; valid until the next call of Next
	V128       [16]byte
}

// BlockType returns the type of a block, loop or if.
func (in *Instr) BlockType() BlockType { return BlockType(int64(in.B)) }

// I32 returns the value of an i32.const.
func (in *Instr) I32() int32 { return int32(uint32(in.B)) }

// I64 returns the value of an i64.const.
func (in *Instr) I64() int64 { return int64(in.B) }

// Reader reads the instructions of a body or of a constant expression one by
// one, without allocating (apart from one reused buffer for br_table labels).
// It checks the syntax of each instruction, not how they nest and not their types.
//
// It is stricter than the specification in two points (docs/adr/0010): the opcode
// behind the prefix 0xfd and the number of types of a select must be in their
// shortest form, because the engine reads other instructions where they are not.
type Reader struct {
	b     []byte
	pos   int
	table []uint32
	err   *Error
}

// NewReader returns a Reader at the start of body.
func NewReader(body []byte) Reader { return Reader{b: body} }

// Reset starts again on another body and keeps the buffers.
func (r *Reader) Reset(body []byte) { r.b, r.pos, r.err = body, 0, nil }

// Pos returns the offset of the instruction that Next will read.
func (r *Reader) Pos() int { return r.pos }

// Err returns the *Error that made Next report false, or nil at the end of the body.
func (r *Reader) Err() error {
	if r.err == nil {
		return nil
	}
	return r.err
}

func (r *Reader) fail(at int, proposal, format string, args ...any) bool {
	r.err = syntaxError(at, proposal, format, args...)
	return false
}

func syntaxError(at int, proposal, format string, args ...any) *Error {
	e := &Error{Msg: fmt.Sprintf(format, args...), Func: -1, Offset: uint32(at), HasOffset: true}
	if proposal != "" {
		e.Msg += " belongs to the " + proposal + " proposal, which is not supported"
		e.Proposal, e.Hint = proposal, proposalHint
	}
	return e
}

// Next reads one instruction into in. It reports false at the end and on an error.
func (r *Reader) Next(in *Instr) bool {
	b, pos := r.b, r.pos
	if r.err != nil || pos >= len(b) {
		return false
	}
	c := b[pos]
	in.Start, in.Op = pos, Opcode(c)
	pos++
	// Nine of ten instructions are one of these with immediates of one byte.
	switch shortForms[c] {
	case shortNone:
		r.pos, in.End = pos, pos
		return true
	case shortIndex:
		if pos < len(b) && b[pos] < 0x80 {
			in.A = uint32(b[pos])
			r.pos, in.End = pos+1, pos+1
			return true
		}
	case shortI32:
		if pos < len(b) && b[pos] < 0x80 {
			in.B = uint64(uint32(int8(b[pos]<<1) >> 1))
			r.pos, in.End = pos+1, pos+1
			return true
		}
	case shortMemArg:
		if pos+1 < len(b) && b[pos] < 32 && b[pos+1] < 0x80 {
			in.A, in.B = uint32(b[pos]), uint64(b[pos+1])
			r.pos, in.End = pos+2, pos+2
			return true
		}
	}
	return r.next(in, c)
}

// The forms that Next reads by itself, by opcode.
const (
	shortNever = iota
	shortNone
	shortIndex
	shortI32
	shortMemArg
)

var shortForms = func() (t [256]uint8) {
	for _, row := range opRows {
		if row.op > 0xff {
			continue
		}
		switch row.imm {
		case ImmNone:
			t[row.op] = shortNone
		case ImmLabel, ImmFunc, ImmLocal, ImmGlobal, ImmTable:
			t[row.op] = shortIndex
		case ImmI32:
			t[row.op] = shortI32
		case ImmMemArg:
			t[row.op] = shortMemArg
		}
	}
	return t
}()

// next reads any instruction.
func (r *Reader) next(in *Instr, c byte) bool {
	start := r.pos
	r.pos++
	if c >= 0xfb {
		if c != 0xfc && c != 0xfd {
			return r.unknown(start, c, 0)
		}
		sub, ok := r.u32()
		if !ok {
			return false
		}
		if sub > 0xff {
			return r.unknown(start, c, sub)
		}
		if c == 0xfd && r.pos-start-1 != uintLen(uint64(sub)) {
			return r.fail(start, "", "opcode 0xfd 0x%02x is not in its shortest form", sub)
		}
		in.Op = Opcode(c)<<8 | Opcode(sub)
	}
	info := &opTable[opIndex(in.Op)]
	if info.Name == "" {
		return r.unknown(start, c, uint32(in.Op&0xff))
	}
	if !r.immediates(in, info.Imm) {
		return false
	}
	in.End = r.pos
	return true
}

func (r *Reader) unknown(start int, c byte, sub uint32) bool {
	if c == 0xfc || c == 0xfd {
		if p := proposalOfSub(c, sub); p != "" {
			return r.fail(start, p, "instruction 0x%02x 0x%02x", c, sub)
		}
		return r.fail(start, "", "illegal opcode 0x%02x 0x%02x", c, sub)
	}
	if p := proposalOfOpcode(c); p != "" {
		return r.fail(start, p, "instruction 0x%02x", c)
	}
	return r.fail(start, "", "illegal opcode 0x%02x", c)
}

func (r *Reader) immediates(in *Instr, kind ImmKind) bool {
	var ok bool
	switch kind {
	case ImmNone:
		return true
	case ImmLabel, ImmFunc, ImmLocal, ImmGlobal, ImmTable, ImmData, ImmElem:
		in.A, ok = r.u32()
		return ok
	case ImmI32:
		v, ok := r.signed(32)
		in.B = uint64(uint32(v))
		return ok
	case ImmMemArg:
		return r.memArg(in)
	case ImmBlock:
		return r.blockType(in)
	case ImmI64:
		v, ok := r.signed(64)
		in.B = uint64(v)
		return ok
	case ImmF32:
		if !r.need(4) {
			return false
		}
		in.B = uint64(binary.LittleEndian.Uint32(r.b[r.pos:]))
		r.pos += 4
		return true
	case ImmF64:
		if !r.need(8) {
			return false
		}
		in.B = binary.LittleEndian.Uint64(r.b[r.pos:])
		r.pos += 8
		return true
	case ImmBrTable:
		return r.brTable(in)
	case ImmCallIndirect, ImmElemTable, ImmTableTable:
		if in.A, ok = r.u32(); !ok {
			return false
		}
		b, ok := r.u32()
		in.B = uint64(b)
		return ok
	case ImmSelect:
		return r.selectTypes(in)
	case ImmRefType:
		in.Type, ok = r.valType()
		if ok && !in.Type.IsRef() {
			return r.fail(r.pos-1, "", "%v is not a reference type", in.Type)
		}
		return ok
	case ImmMemory:
		in.A = 0
		return r.zeroMemory()
	case ImmMemoryMemory:
		in.A = 0
		if !r.zeroMemory() {
			return false
		}
		return r.zeroMemory()
	case ImmDataMemory:
		if in.A, ok = r.u32(); !ok {
			return false
		}
		return r.zeroMemory()
	case ImmMemArgLane:
		if !r.memArg(in) {
			return false
		}
		return r.lane(in)
	case ImmLane:
		return r.lane(in)
	case ImmV128, ImmShuffle:
		if !r.need(16) {
			return false
		}
		copy(in.V128[:], r.b[r.pos:])
		r.pos += 16
		return true
	}
	panic("wasm: instruction table names an unknown kind of immediate")
}

func (r *Reader) need(n int) bool {
	if len(r.b)-r.pos < n {
		return r.fail(r.pos, "", "unexpected end: %d bytes of an immediate are missing", n-(len(r.b)-r.pos))
	}
	return true
}

func (r *Reader) u32() (uint32, bool) {
	v, next, f := uleb32(r.b, r.pos)
	if f != lebOK {
		return 0, r.fail(r.pos, "", "%v", f)
	}
	r.pos = next
	return v, true
}

func (r *Reader) signed(bits uint) (int64, bool) {
	if r.pos < len(r.b) && r.b[r.pos] < 0x80 {
		v := int64(int8(r.b[r.pos]<<1) >> 1)
		r.pos++
		return v, true
	}
	v, next, f := sleb(r.b, r.pos, bits)
	if f != lebOK {
		return 0, r.fail(r.pos, "", "%v", f)
	}
	r.pos = next
	return v, true
}

func (r *Reader) lane(in *Instr) bool {
	if !r.need(1) {
		return false
	}
	in.Lane = r.b[r.pos]
	r.pos++
	return true
}

func (r *Reader) valType() (ValType, bool) {
	if !r.need(1) {
		return 0, false
	}
	c := r.b[r.pos]
	if !ValType(c).valid() {
		return 0, r.badType(c)
	}
	r.pos++
	return ValType(c), true
}

func (r *Reader) badType(c byte) bool {
	if p := proposalOfType(c); p != "" {
		return r.fail(r.pos, p, "type 0x%02x", c)
	}
	return r.fail(r.pos, "", "malformed value type 0x%02x", c)
}

func (r *Reader) blockType(in *Instr) bool {
	if !r.need(1) {
		return false
	}
	c := r.b[r.pos]
	if c < 0x40 {
		in.B = uint64(c)
		r.pos++
		return true
	}
	if c < 0x80 {
		if c != 0x40 && !ValType(c).valid() {
			return r.badType(c)
		}
		in.B = uint64(int64(c) - 0x80)
		r.pos++
		return true
	}
	v, next, f := sleb(r.b, r.pos, 33)
	if f != lebOK {
		return r.fail(r.pos, "", "%v", f)
	}
	if v < 0 {
		return r.fail(r.pos, "", "malformed block type %d", v)
	}
	in.B = uint64(v)
	r.pos = next
	return true
}

func (r *Reader) memArg(in *Instr) bool {
	at := r.pos
	var ok bool
	if r.pos < len(r.b) && r.b[r.pos] < 32 {
		in.A = uint32(r.b[r.pos])
		r.pos++
	} else if in.A, ok = r.u32(); !ok {
		return false
	}
	if in.A >= 32 {
		if in.A >= 64 && in.A < 128 {
			return r.fail(at, propMultiMemory, "memory index of an access")
		}
		return r.fail(at, "", "malformed memory access flags %d", in.A)
	}
	off, ok := r.u32()
	in.B = uint64(off)
	return ok
}

func (r *Reader) zeroMemory() bool {
	if !r.need(1) {
		return false
	}
	if c := r.b[r.pos]; c != 0 {
		if c < 0x80 {
			return r.fail(r.pos, propMultiMemory, "memory index %d", c)
		}
		return r.fail(r.pos, "", "zero byte expected for the memory index, found 0x%02x", c)
	}
	r.pos++
	return true
}

func (r *Reader) brTable(in *Instr) bool {
	at := r.pos
	n, ok := r.u32()
	if !ok {
		return false
	}
	// Each label takes a byte or more: a count beyond the body never allocates.
	if int64(n)+1 > int64(len(r.b)-r.pos) {
		return r.fail(at, "", "unexpected end: br_table counts %d labels, the body has %d bytes left", n, len(r.b)-r.pos)
	}
	r.table = r.table[:0]
	for range int(n) + 1 {
		l, ok := r.u32()
		if !ok {
			return false
		}
		r.table = append(r.table, l)
	}
	in.Table = r.table
	return true
}

func (r *Reader) selectTypes(in *Instr) bool {
	at := r.pos
	n, ok := r.u32()
	if !ok {
		return false
	}
	if r.pos-at != uintLen(uint64(n)) {
		return r.fail(at, "", "the number of types of a select is not in its shortest form")
	}
	if int64(n) > int64(len(r.b)-r.pos) {
		return r.fail(at, "", "unexpected end: select counts %d types, the body has %d bytes left", n, len(r.b)-r.pos)
	}
	in.A = n
	for i := range n {
		t, ok := r.valType()
		if !ok {
			return false
		}
		if i == 0 {
			in.Type = t
		}
	}
	return true
}
