// Package wasm is the WebAssembly binary format as data: a Module that is
// decoded from bytes, validated, changed, built by hand, encoded again and
// printed as text.
//
// It knows the core specification 2.0 (SIMD, bulk memory, reference types,
// multi-value, sign extension, saturating conversions) plus the tail-call and
// extended-constant proposals. Anything else is recognised and refused by name.
// The package neither runs code nor knows what fuel is.
//
// The pieces: one table of instructions (opcodes.go, optable.go), Decode,
// Encode, Validate with its instruction-by-instruction form FuncState, Reader
// and Emitter for bodies, Builder for whole modules, Print for text.
//
// Nothing here is safe for concurrent writes; a Module that nobody changes may
// be read from any number of goroutines.
package wasm

import (
	"fmt"
	"strings"
)

// ValType is a value type in its binary encoding (core 2.0, section 5.3.1).
type ValType byte

// The value types. Unknown never stands in a module: it is the type of an
// operand in unreachable code that fits any (see FuncState.Operand).
const (
	I32       ValType = 0x7f
	I64       ValType = 0x7e
	F32       ValType = 0x7d
	F64       ValType = 0x7c
	V128      ValType = 0x7b
	FuncRef   ValType = 0x70
	ExternRef ValType = 0x6f
	Unknown   ValType = 0
)

// String returns the type's name in the text format, such as "i32".
func (t ValType) String() string {
	switch t {
	case I32:
		return "i32"
	case I64:
		return "i64"
	case F32:
		return "f32"
	case F64:
		return "f64"
	case V128:
		return "v128"
	case FuncRef:
		return "funcref"
	case ExternRef:
		return "externref"
	case Unknown:
		return "unknown"
	}
	return fmt.Sprintf("type(0x%02x)", byte(t))
}

// IsRef reports whether t is a reference type.
func (t ValType) IsRef() bool { return t == FuncRef || t == ExternRef }

// IsNum reports whether t is one of i32, i64, f32 and f64.
func (t ValType) IsNum() bool { return t >= F64 && t <= I32 }

func (t ValType) valid() bool { return t >= V128 && t <= I32 || t.IsRef() }

// FuncType is a function's signature.
type FuncType struct{ Params, Results []ValType }

// String returns the signature such as "(i32, i64) -> (f64)".
func (t FuncType) String() string { return typeList(t.Params) + " -> " + typeList(t.Results) }

// Equal reports whether both signatures are the same.
func (t FuncType) Equal(u FuncType) bool {
	return string(t.Params) == string(u.Params) && string(t.Results) == string(u.Results)
}

func typeList(ts []ValType) string {
	var b strings.Builder
	b.WriteByte('(')
	for i, t := range ts {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(t.String())
	}
	b.WriteByte(')')
	return b.String()
}

// Limits are the least and the greatest size of a table (elements) or of a
// memory (pages of 65,536 bytes). Max is 0 without HasMax.
type Limits struct {
	Min, Max uint32
	HasMax   bool
}

// TableType says what a table holds and how many.
type TableType struct {
	Elem   ValType // FuncRef or ExternRef
	Limits Limits  // elements
}

// MemoryType says how large a memory is.
type MemoryType struct{ Limits Limits } // pages of 65,536 bytes

// GlobalType says what a global holds.
type GlobalType struct {
	Type    ValType
	Mutable bool
}

// ExternKind says what an import or an export is.
type ExternKind byte

// The kinds of imports and exports in their binary encoding.
const (
	KindFunc ExternKind = iota
	KindTable
	KindMemory
	KindGlobal
)

// String returns the kind's name in the text format, such as "func".
func (k ExternKind) String() string {
	switch k {
	case KindFunc:
		return "func"
	case KindTable:
		return "table"
	case KindMemory:
		return "memory"
	case KindGlobal:
		return "global"
	}
	return fmt.Sprintf("kind(%d)", byte(k))
}

// Import is one import. Of Type, Table, Memory and Global only the one of its
// Kind counts.
type Import struct {
	Module, Name string
	Kind         ExternKind
	Type         uint32 // of a function: index into Module.Types
	Table        TableType
	Memory       MemoryType
	Global       GlobalType
}

// Export is one export; Index counts imports first.
type Export struct {
	Name  string
	Kind  ExternKind
	Index uint32
}

// Global is a global that the module defines. Init is a constant expression
// with its final end.
type Global struct {
	Type GlobalType
	Init []byte
}

// SegmentMode says when an element or data segment is used.
type SegmentMode byte

// The modes of segments. Only element segments may be declared.
const (
	ModeActive SegmentMode = iota
	ModePassive
	ModeDeclared
)

// Element is an element segment. Flags (0 to 7) is the form that the binary
// format names: bit 0 passive or declared, bit 1 explicit table (or declared),
// bit 2 expressions (Exprs) instead of function indices (Funcs).
type Element struct {
	Flags  uint32
	Table  uint32   // active only
	Offset []byte   // active only: constant expression with its final end
	Type   ValType  // FuncRef where the form does not say
	Funcs  []uint32 // Flags&4 == 0
	Exprs  [][]byte // Flags&4 != 0: constant expressions with their final end
}

// Mode returns when the segment is used.
func (e *Element) Mode() SegmentMode {
	switch e.Flags & 3 {
	case 1:
		return ModePassive
	case 3:
		return ModeDeclared
	}
	return ModeActive
}

// Len returns how many elements the segment holds.
func (e *Element) Len() int {
	if e.Flags&4 != 0 {
		return len(e.Exprs)
	}
	return len(e.Funcs)
}

// Data is a data segment. Flags is 0 (active), 1 (passive) or 2 (active with
// an explicit memory index).
type Data struct {
	Flags  uint32
	Memory uint32
	Offset []byte // active only: constant expression with its final end
	Bytes  []byte
}

// Mode returns when the segment is used; it is never ModeDeclared.
func (d *Data) Mode() SegmentMode {
	if d.Flags == 1 {
		return ModePassive
	}
	return ModeActive
}

// LocalGroup declares Count locals of one type.
type LocalGroup struct {
	Count uint32
	Type  ValType
}

// Code is the body of a function that the module defines.
type Code struct {
	Locals []LocalGroup // without the parameters
	Body   []byte       // instructions with the final end
	Offset uint32       // of Body[0] in the decoded bytes, 0 in a built module
}

// NumLocals returns the number of declared locals, parameters not counted.
func (c *Code) NumLocals() uint64 {
	var n uint64
	for _, g := range c.Locals {
		n += uint64(g.Count)
	}
	return n
}

// Custom is a custom section. After is the id (0 to 12) of the section that it
// follows, 0 at the front; several behind one section keep their order in
// Module.Customs.
type Custom struct {
	Name  string
	Data  []byte
	After byte
}

// Module is a module as its sections list it. Indices count imports before
// definitions. Byte slices of a decoded module alias the decoded bytes.
type Module struct {
	Types     []FuncType
	Imports   []Import
	Funcs     []uint32 // type index of each defined function
	Tables    []TableType
	Memories  []MemoryType
	Globals   []Global
	Exports   []Export
	Start     *uint32
	Elements  []Element
	DataCount *uint32
	Codes     []Code // as many as Funcs
	Datas     []Data
	Customs   []Custom

	at *positions // where the entries stood in the decoded bytes; nil in a built module
}

// NumImported returns how many imports are of kind k.
func (m *Module) NumImported(k ExternKind) int {
	n := 0
	for i := range m.Imports {
		if m.Imports[i].Kind == k {
			n++
		}
	}
	return n
}

// imported returns the idx-th import of kind k, or nil and the index that is
// left for the definitions.
func (m *Module) imported(k ExternKind, idx uint32) (*Import, uint32) {
	for i := range m.Imports {
		if m.Imports[i].Kind != k {
			continue
		}
		if idx == 0 {
			return &m.Imports[i], 0
		}
		idx--
	}
	return nil, idx
}

// FuncTypeIndex returns the type index of function idx, imports counted. It
// walks the imports; in loops use Validator.FuncTypeIndex.
func (m *Module) FuncTypeIndex(idx uint32) (uint32, bool) {
	imp, rest := m.imported(KindFunc, idx)
	switch {
	case imp != nil:
		return imp.Type, true
	case int64(rest) < int64(len(m.Funcs)):
		return m.Funcs[rest], true
	}
	return 0, false
}

// FuncType returns the signature of function idx, imports counted.
func (m *Module) FuncType(idx uint32) (FuncType, bool) {
	t, ok := m.FuncTypeIndex(idx)
	if !ok || int64(t) >= int64(len(m.Types)) {
		return FuncType{}, false
	}
	return m.Types[t], true
}

// GlobalType returns the type of global idx, imports counted.
func (m *Module) GlobalType(idx uint32) (GlobalType, bool) {
	imp, rest := m.imported(KindGlobal, idx)
	switch {
	case imp != nil:
		return imp.Global, true
	case int64(rest) < int64(len(m.Globals)):
		return m.Globals[rest].Type, true
	}
	return GlobalType{}, false
}

// TableType returns the type of table idx, imports counted.
func (m *Module) TableType(idx uint32) (TableType, bool) {
	imp, rest := m.imported(KindTable, idx)
	switch {
	case imp != nil:
		return imp.Table, true
	case int64(rest) < int64(len(m.Tables)):
		return m.Tables[rest], true
	}
	return TableType{}, false
}

// MemoryType returns the type of memory idx, imports counted.
func (m *Module) MemoryType(idx uint32) (MemoryType, bool) {
	imp, rest := m.imported(KindMemory, idx)
	switch {
	case imp != nil:
		return imp.Memory, true
	case int64(rest) < int64(len(m.Memories)):
		return m.Memories[rest], true
	}
	return MemoryType{}, false
}

// Export returns the export of that name, or nil.
func (m *Module) Export(name string) *Export {
	for i := range m.Exports {
		if m.Exports[i].Name == name {
			return &m.Exports[i]
		}
	}
	return nil
}

// Custom returns the first custom section of that name, or nil.
func (m *Module) Custom(name string) *Custom {
	for i := range m.Customs {
		if m.Customs[i].Name == name {
			return &m.Customs[i]
		}
	}
	return nil
}
