package wasm

import "fmt"

// Opcode names an instruction: one-byte opcodes as they are, those behind the
// prefix 0xfc as 0xfc00|sub, SIMD behind 0xfd as 0xfd00|sub. All sub-opcodes of
// core 2.0 fit eight bits; larger ones belong to proposals that Reader refuses
// by name before an Opcode is made.
type Opcode uint16

// ImmKind says which immediates follow an opcode and where Instr keeps them.
type ImmKind uint8

// The kinds of immediates. Fields are those of Instr.
const (
	ImmNone         ImmKind = iota
	ImmBlock                // block type: B, read with Instr.BlockType
	ImmLabel                // label depth: A
	ImmBrTable              // label depths: Table, the default last
	ImmFunc                 // function index: A
	ImmCallIndirect         // type index: A, table index: B
	ImmLocal                // local index: A
	ImmGlobal               // global index: A
	ImmTable                // table index: A
	ImmSelect               // number of types: A (1 in a valid module), first type: Type
	ImmRefType              // reference type: Type
	ImmMemArg               // alignment exponent: A, offset: B
	ImmMemArgLane           // alignment exponent: A, offset: B, lane: Lane
	ImmMemory               // memory index: A, always 0
	ImmMemoryMemory         // two memory indices, always 0 (memory.copy)
	ImmDataMemory           // data index: A, memory index always 0 (memory.init)
	ImmData                 // data index: A
	ImmElemTable            // element index: A, table index: B (table.init)
	ImmElem                 // element index: A
	ImmTableTable           // destination table: A, source table: B (table.copy)
	ImmI32                  // value: B, zero-extended; read with Instr.I32
	ImmI64                  // value: B; read with Instr.I64
	ImmF32                  // bits: B, low half
	ImmF64                  // bits: B
	ImmV128                 // 16 bytes: V128
	ImmShuffle              // 16 lane numbers below 32: V128
	ImmLane                 // lane number: Lane
)

// OpInfo is one row of the instruction table.
type OpInfo struct {
	Name    string // in the text format, such as "i32.add"
	Imm     ImmKind
	Fixed   bool      // Params and Results are the whole signature
	Params  []ValType // operands taken, the last on top of the stack
	Results []ValType // operands given
	Align   uint8     // memory access: greatest alignment exponent, which is log2 of the bytes accessed
	Lanes   uint8     // lane access: number of lanes
}

// opTable is opRows by opIndex; Name is "" where no instruction is.
var opTable = buildOpTable()

func opIndex(op Opcode) int {
	switch op >> 8 {
	case 0:
		return int(op)
	case 0xfc:
		return 0x100 | int(op&0xff)
	case 0xfd:
		return 0x200 | int(op&0xff)
	}
	return 0xff // no instruction has the opcode 0xff
}

func buildOpTable() *[0x300]OpInfo {
	t := new([0x300]OpInfo)
	letters := map[byte]ValType{'i': I32, 'l': I64, 'f': F32, 'd': F64, 'v': V128, 'p': FuncRef}
	sigs := map[string]FuncType{}
	for _, s := range opRows {
		sig, seen := sigs[s.sig]
		if !seen && s.sig != "*" {
			list := &sig.Params
			for i := range len(s.sig) {
				if s.sig[i] == ':' {
					list = &sig.Results
				} else {
					*list = append(*list, letters[s.sig[i]])
				}
			}
			sigs[s.sig] = sig
		}
		info := OpInfo{Name: s.name, Imm: s.imm, Fixed: s.sig != "*", Params: sig.Params, Results: sig.Results}
		switch s.imm {
		case ImmMemArg:
			info.Align = s.width
		case ImmMemArgLane:
			info.Align, info.Lanes = s.width, 16>>s.width
		case ImmLane:
			info.Lanes = s.width
		}
		t[opIndex(s.op)] = info
	}
	return t
}

// Op returns the table row of an instruction. The result is shared: read only.
func Op(op Opcode) (*OpInfo, bool) {
	info := &opTable[opIndex(op)]
	return info, info.Name != ""
}

// Opcodes returns every instruction in the order of the table.
func Opcodes() []Opcode {
	ops := make([]Opcode, len(opRows))
	for i := range opRows {
		ops[i] = opRows[i].op
	}
	return ops
}

// String returns the instruction's name in the text format, else its number.
func (op Opcode) String() string {
	if info, ok := Op(op); ok {
		return info.Name
	}
	return fmt.Sprintf("opcode(0x%02x)", uint16(op))
}

// BlockType is the type of a block: empty, one result, or a type index
// (core 2.0, section 5.4.1). It is the signed 33-bit number of the encoding.
type BlockType int64

// BlockEmpty is the type of a block without parameters and results.
const BlockEmpty BlockType = -0x40

// BlockValue is the type of a block with one result.
func BlockValue(t ValType) BlockType { return BlockType(int64(t) - 0x80) }

// BlockIndex is the type of a block with the signature Module.Types[i].
func BlockIndex(i uint32) BlockType { return BlockType(i) }

// Index returns the type index, if the block has one.
func (b BlockType) Index() (uint32, bool) { return uint32(b), b >= 0 }

// Value returns the single result type, if the block type is of that form.
func (b BlockType) Value() (ValType, bool) {
	if b >= 0 || b == BlockEmpty {
		return 0, false
	}
	return ValType(b + 0x80), true
}

// BlockSignature returns the parameters and results of a block. It reports
// false for a type index that the module does not have.
func (m *Module) BlockSignature(b BlockType) (FuncType, bool) {
	if i, ok := b.Index(); ok {
		if int64(i) >= int64(len(m.Types)) {
			return FuncType{}, false
		}
		return m.Types[i], true
	}
	if t, ok := b.Value(); ok {
		return FuncType{Results: singles[t]}, true
	}
	return FuncType{}, true
}

// singleTypes are the value types that a block type can name without an index.
var singleTypes = [...]ValType{I32, I64, F32, F64, V128, FuncRef, ExternRef}

// singles holds the one-element list of each value type, so that a block type
// costs no allocation.
var singles = func() (s [0x80][]ValType) {
	for _, t := range singleTypes {
		s[t] = []ValType{t}
	}
	return
}()
