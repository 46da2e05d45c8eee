package fuel

import (
	"encoding/binary"

	"github.com/univrs/vudo/internal/wasm"
)

// lineTable returns the DWARF sections (DWARF 4) of one compile unit with one
// line that covers a code section of n bytes. An engine that prints positions
// from DWARF prints for every frame the code offset itself beside this line;
// Metered.Offsets turns it into a place of the module as built.
func lineTable(n uint32) []wasm.Custom {
	const (
		tagCompileUnit = 0x11
		attrName       = 0x03
		attrStmtList   = 0x10
		attrLowPC      = 0x11
		attrHighPC     = 0x12
		formAddr       = 0x01
		formData4      = 0x06
		formString     = 0x08
		formSecOffset  = 0x17
		file           = Reserved
	)
	le := binary.LittleEndian
	abbrev := []byte{
		1, tagCompileUnit, 0, // no children
		attrName, formString,
		attrStmtList, formSecOffset,
		attrLowPC, formAddr,
		attrHighPC, formData4, // data: the length
		0, 0, 0,
	}
	// An address of 0 counts as one of dead code, so the unit starts at 1: no
	// instruction stands there.
	const low = 1
	unit := le.AppendUint16(nil, 4) // version
	unit = le.AppendUint32(unit, 0) // abbreviations
	unit = append(unit, 4)          // bytes of an address
	unit = append(unit, 1)          // the one abbreviation
	unit = append(unit, file+"\x00"...)
	unit = le.AppendUint32(unit, 0)   // line table
	unit = le.AppendUint32(unit, low) // low pc
	unit = le.AppendUint32(unit, n)   // length
	info := append(le.AppendUint32(nil, uint32(len(unit))), unit...)

	header := []byte{
		1,            // bytes of the shortest instruction
		1,            // operations per instruction
		1,            // statements by default
		0xfb, 14, 13, // line base -5, line range, opcode base
		0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1, // operands of the standard opcodes
		0, // no directories
	}
	header = append(header, file+"\x00"...)
	header = append(header, 0, 0, 0) // directory, time, length
	header = append(header, 0)       // no more files
	program := []byte{0, 5, 2}       // set address
	program = le.AppendUint32(program, low)
	program = append(program, 1) // copy: the row of line 1
	program = append(program, 2) // advance pc
	program = wasm.AppendUint(program, uint64(n))
	program = append(program, 0, 1, 1) // end of sequence
	lines := le.AppendUint16(nil, 4)   // version
	lines = le.AppendUint32(lines, uint32(len(header)))
	lines = append(append(lines, header...), program...)
	line := append(le.AppendUint32(nil, uint32(len(lines))), lines...)

	section := func(name string, data []byte) wasm.Custom {
		return wasm.Custom{Name: name, Data: data, After: wasm.SectionData}
	}
	return []wasm.Custom{section(".debug_abbrev", abbrev), section(".debug_info", info), section(".debug_line", line)}
}
