package fuel

import (
	"fmt"
	"io"

	"github.com/univrs/vudo/internal/wasm"
)

// TariffVersion is the version of the prices in this file. Receipts and caches
// carry it. Changing any number below is a new version, never an edit: the
// golden file testdata/tariff_v1.golden holds version 1 for ever.
const TariffVersion = 1

// Schedule is one version of the tariff: what each operator and each unit of
// size costs. It is immutable and safe for concurrent use.
type Schedule struct {
	version int
	cost    [opcodeSlots]uint8
}

// The opcode table numbers one-byte operators as they are and puts the two
// prefixed families at 0xfc00 and 0xfd00, so a flat array of three pages of 256
// holds every operator.
const opcodeSlots = 3 * 256

// slot maps an opcode to its place in Schedule.cost; -1 for one outside of the
// three families.
func slot(op wasm.Opcode) int {
	switch op >> 8 {
	case 0:
		return int(op)
	case 0xfc:
		return 0x100 | int(op&0xff)
	case 0xfd:
		return 0x200 | int(op&0xff)
	}
	return -1
}

// unpriced marks a slot that no operator of the opcode table occupies. The pass
// refuses an operator without a price; it never takes one for free.
const unpriced = 0xff

// Fuel per unit of size, tariff v1.
const (
	// EntryFuel is charged on entering a function of the guest.
	EntryFuel = 1
	// BulkBytes is how many bytes of a bulk memory operation one unit of fuel
	// moves; a started group counts in full.
	BulkBytes = 64
	// BulkElements is the same for table operations.
	BulkElements = 8
	// PageFuel is charged per 64 KiB page granted by memory.grow.
	PageFuel = 64
	// GrowElements is how many table elements of a granted table.grow cost one
	// unit; a started group counts in full.
	GrowElements = 8
)

// freeOperators cost nothing: they give structure to the code and leave no work
// behind in any engine.
var freeOperators = []wasm.Opcode{
	wasm.OpNop, wasm.OpBlock, wasm.OpLoop, wasm.OpIf, wasm.OpElse, wasm.OpEnd,
	wasm.OpDrop, wasm.OpReturn, wasm.OpUnreachable,
}

var v1 = buildV1()

func buildV1() *Schedule {
	s := &Schedule{version: 1}
	for i := range s.cost {
		s.cost[i] = unpriced
	}
	for _, op := range wasm.Opcodes() {
		s.cost[slot(op)] = 1
	}
	for _, op := range freeOperators {
		s.cost[slot(op)] = 0
	}
	return s
}

// V1 returns tariff version 1.
func V1() *Schedule { return v1 }

// Version returns the tariff version, 1 for V1.
func (s *Schedule) Version() int { return s.version }

// Operator returns the fuel that executing op costs apart from any cost in
// proportion to size, and whether the tariff knows the operator at all.
func (s *Schedule) Operator(op wasm.Opcode) (uint64, bool) {
	i := slot(op)
	if i < 0 || s.cost[i] == unpriced {
		return 0, false
	}
	return uint64(s.cost[i]), true
}

// Bytes returns what moving n bytes in a bulk memory operation costs beyond the
// operator itself: one unit per started 64 bytes.
func (s *Schedule) Bytes(n uint64) uint64 { return started(n, BulkBytes) }

// Elements returns what moving n table elements costs beyond the operator
// itself: one unit per started 8 elements.
func (s *Schedule) Elements(n uint64) uint64 { return started(n, BulkElements) }

// MemoryGrow returns what a granted memory.grow by n pages costs beyond the
// operator itself. A refused one costs nothing beyond it.
func (s *Schedule) MemoryGrow(pages uint64) uint64 { return PageFuel * pages }

// TableGrow returns what a granted table.grow by n elements costs beyond the
// operator itself. A refused one costs nothing beyond it.
func (s *Schedule) TableGrow(n uint64) uint64 { return started(n, GrowElements) }

func started(n, group uint64) uint64 { return n/group + min(n%group, 1) }

// Instantiation returns the fuel of bringing a valid module to life, the start
// function's own body excepted. It prices the instruction sequences by which
// the core specification (section 4.5.4) defines it: for an active segment its
// offset expression, two constants, memory.init or table.init and the drop; for
// a declared element segment its drop; for a start function the call.
func (s *Schedule) Instantiation(m *wasm.Module) uint64 {
	var total uint64
	segment := func(offset []byte, sized uint64) {
		r := wasm.NewReader(offset)
		var in wasm.Instr
		for r.Next(&in) {
			c, _ := s.Operator(in.Op)
			total += c
		}
		const constants, init, drop = 2, 1, 1
		total += constants + init + sized + drop
	}
	for i := range m.Elements {
		switch e := &m.Elements[i]; e.Mode() {
		case wasm.ModeActive:
			segment(e.Offset, s.Elements(uint64(e.Len())))
		case wasm.ModeDeclared:
			total++
		}
	}
	for i := range m.Datas {
		if d := &m.Datas[i]; d.Mode() == wasm.ModeActive {
			segment(d.Offset, s.Bytes(uint64(len(d.Bytes))))
		}
	}
	if m.Start != nil {
		total++
	}
	return total
}

// Print writes the tariff as text, one line per operator in opcode order and
// one per unit of size: the form of the golden file.
func (s *Schedule) Print(w io.Writer) error {
	_, err := fmt.Fprintf(w, "tariff %d\nfunction entry %d\n"+
		"bulk memory: 1 per started %d bytes\nbulk table: 1 per started %d elements\n"+
		"memory.grow: %d per page granted\ntable.grow: 1 per started %d elements granted\n",
		s.version, EntryFuel, BulkBytes, BulkElements, PageFuel, GrowElements)
	if err != nil {
		return err
	}
	for _, op := range wasm.Opcodes() {
		info, _ := wasm.Op(op)
		if _, err := fmt.Fprintf(w, "%#04x %s %d\n", uint32(op), info.Name, s.cost[slot(op)]); err != nil {
			return err
		}
	}
	return nil
}
