package wasm

import (
	"fmt"
	"strings"

	"github.com/univrs/vudo/internal/fault"
)

// Error says why bytes are not a module that this package takes. It wraps
// fault.ErrInvalidModule.
type Error struct {
	Msg       string
	Section   string // such as "code"; "" for the header and for limits of the whole
	Func      int    // function index, imports counted; -1 outside of bodies
	Offset    uint32 // byte offset in the decoded module; for errors of a Reader, in its body
	HasOffset bool   // false in modules that were built, not decoded
	Proposal  string // the proposal that is refused, such as "threads"; "" if the bytes are plainly wrong
	Hint      string // what to do about it, "" if nothing is known
}

// Error returns one line: what, where, and the hint.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v: %s", fault.ErrInvalidModule, e.Msg)
	var where []string
	if e.Func >= 0 {
		where = append(where, fmt.Sprintf("function %d", e.Func))
	}
	if e.Section != "" {
		where = append(where, e.Section+" section")
	}
	if e.HasOffset {
		where = append(where, fmt.Sprintf("offset 0x%x", e.Offset))
	}
	if len(where) > 0 {
		fmt.Fprintf(&b, " (%s)", strings.Join(where, ", "))
	}
	if e.Hint != "" {
		b.WriteString("; ")
		b.WriteString(e.Hint)
	}
	return b.String()
}

// Unwrap makes every Error match fault.ErrInvalidModule.
func (e *Error) Unwrap() error { return fault.ErrInvalidModule }

// Section ids in the order of the binary format (core 2.0, section 5.5.2).
const (
	SectionCustom    byte = 0
	SectionType      byte = 1
	SectionImport    byte = 2
	SectionFunction  byte = 3
	SectionTable     byte = 4
	SectionMemory    byte = 5
	SectionGlobal    byte = 6
	SectionExport    byte = 7
	SectionStart     byte = 8
	SectionElement   byte = 9
	SectionCode      byte = 10
	SectionData      byte = 11
	SectionDataCount byte = 12
)

var sectionNames = [...]string{
	"custom", "type", "import", "function", "table", "memory", "global",
	"export", "start", "element", "code", "data", "data count",
}

// sectionOrder ranks the section ids: the data count section (12) stands
// between elements and code, so that bodies can be checked in one pass.
var sectionOrder = [...]byte{
	SectionType: 1, SectionImport: 2, SectionFunction: 3, SectionTable: 4,
	SectionMemory: 5, SectionGlobal: 6, SectionExport: 7, SectionStart: 8, SectionElement: 9,
	SectionDataCount: 10, SectionCode: 11, SectionData: 12,
}

// positions remembers where the entries of each section stood, for errors that
// only validation finds.
type positions struct{ entries [len(sectionNames)][]uint32 }

// entry returns the offset of the i-th entry of a section.
func (m *Module) entry(section byte, i int) (uint32, bool) {
	if m.at == nil || i >= len(m.at.entries[section]) {
		return 0, false
	}
	return m.at.entries[section][i], true
}

// entryError is an error about the i-th entry of a section.
func (m *Module) entryError(section byte, i int, format string, args ...any) *Error {
	at, ok := m.entry(section, i)
	return &Error{Msg: fmt.Sprintf(format, args...), Section: sectionNames[section], Func: -1, Offset: at, HasOffset: ok}
}
