package wasm

import (
	"fmt"
	"unicode/utf8"
)

// DecodeOptions adjusts Decode; the zero value takes what this package takes.
type DecodeOptions struct {
	// MaxBytes bounds the size of the module in bytes; 0 means MaxModuleBytes.
	MaxBytes int
}

const preamble = "\x00asm\x01\x00\x00\x00"

// Decode reads a module in the binary format (core 2.0, chapter 5) and checks
// everything about its form except the inside of function bodies, which stay
// bytes until Validate or a Reader looks at them. The module aliases b, which
// must not change while it is in use. Every failure is an *Error.
func Decode(b []byte, o DecodeOptions) (*Module, error) {
	limit := o.MaxBytes
	if limit <= 0 {
		limit = MaxModuleBytes
	}
	if len(b) == 0 {
		return nil, &Error{Msg: "the module is empty", Func: -1}
	}
	if len(b) > limit {
		return nil, &Error{Msg: fmt.Sprintf("the module of %d bytes exceeds maximum %d", len(b), limit), Func: -1}
	}
	d := &decoder{b: b, end: len(b), m: &Module{at: &positions{}}}
	if err := d.module(); err != nil {
		return nil, err
	}
	return d.m, nil
}

// decoder walks the bytes once. The first failure is kept in err and makes all
// later reads give zeroes, so that the code below reads like the grammar.
type decoder struct {
	b        []byte
	pos, end int // end of the section at hand
	section  string
	m        *Module
	err      *Error

	groups []LocalGroup // chunk from which bodies take their local groups
	types  []ValType    // chunk from which signatures take their lists
	r      Reader       // for constant expressions
	items  int          // element items so far
}

func (d *decoder) fail(at int, format string, args ...any) {
	d.refuse(at, "", format, args...)
}

func (d *decoder) refuse(at int, proposal, format string, args ...any) {
	if d.err == nil {
		d.err = syntaxError(at, proposal, format, args...)
		d.err.Section = d.section
	}
}

func (d *decoder) module() error {
	if err := d.preamble(); err != nil {
		return err
	}
	last, order := byte(0), byte(0)
	for d.pos < len(d.b) && d.err == nil {
		at := d.pos
		id := d.b[d.pos]
		d.pos++
		d.section, d.end = "", len(d.b)
		if int(id) >= len(sectionNames) {
			if p := proposalOfSection(id); p != "" {
				d.refuse(at, p, "section %d", id)
			} else {
				d.fail(at, "malformed section id %d", id)
			}
			break
		}
		d.section = sectionNames[id]
		size := d.u32()
		if d.err != nil {
			break
		}
		if int64(size) > int64(len(d.b)-d.pos) {
			d.fail(at, "unexpected end: the section claims %d bytes, %d are left", size, len(d.b)-d.pos)
			break
		}
		d.end = d.pos + int(size)
		if id == SectionCustom {
			d.custom(last)
			continue
		}
		if o := sectionOrder[id]; o <= order {
			d.fail(at, "unexpected content: the section stands twice or out of order")
			break
		} else {
			last, order = id, o
		}
		d.content(id)
		if d.err == nil && d.pos != d.end {
			d.fail(d.pos, "section size mismatch: %d bytes follow the last entry", d.end-d.pos)
		}
	}
	if d.err == nil {
		d.counts()
	}
	if d.err != nil {
		return d.err
	}
	return nil
}

func (d *decoder) preamble() error {
	b := d.b
	if len(b) < 8 {
		if n := min(len(b), 4); string(b[:n]) != preamble[:n] {
			d.fail(0, "magic header not detected: these bytes are not a WebAssembly module")
		} else {
			d.fail(len(b), "unexpected end: the header is 8 bytes long")
		}
		return d.err
	}
	switch {
	case string(b[:8]) == preamble:
		d.pos = 8
		return nil
	case string(b[:4]) != preamble[:4]:
		d.fail(0, "magic header not detected: these bytes are not a WebAssembly module")
	case b[6] == 1 && b[7] == 0:
		d.refuse(4, propComponent, "layer 1 (a component, version %d)", int(b[4])|int(b[5])<<8)
		d.err.Hint = componentHint
	default:
		d.fail(4, "unknown binary version 0x%02x%02x%02x%02x", b[7], b[6], b[5], b[4])
	}
	return d.err
}

// counts checks what no single section can.
func (d *decoder) counts() {
	m := d.m
	d.section = "code"
	if len(m.Funcs) != len(m.Codes) {
		d.fail(len(d.b), "function and code section have inconsistent lengths: %d and %d", len(m.Funcs), len(m.Codes))
	}
	d.section = "data"
	if m.DataCount != nil && int64(*m.DataCount) != int64(len(m.Datas)) {
		d.fail(len(d.b), "data count and data section have inconsistent lengths: %d and %d", *m.DataCount, len(m.Datas))
	}
}

func (d *decoder) custom(last byte) {
	name := d.name()
	if d.err != nil {
		return
	}
	if len(d.m.Customs) >= MaxCustoms {
		d.fail(d.pos, "more than %d custom sections", MaxCustoms)
		return
	}
	d.m.Customs = append(d.m.Customs, Custom{Name: name, Data: d.b[d.pos:d.end:d.end], After: last})
	d.pos = d.end
}

func (d *decoder) content(id byte) {
	m := d.m
	switch id {
	case SectionType:
		m.Types = list(d, id, 2, MaxTypes, d.funcType) // 3 for a function, 2 for what is refused by name
	case SectionImport:
		m.Imports = list(d, id, 4, MaxImports, d.importEntry)
	case SectionFunction:
		m.Funcs = list(d, id, 1, MaxFunctions, d.u32)
	case SectionTable:
		m.Tables = list(d, id, 3, MaxTables, d.table)
	case SectionMemory:
		m.Memories = list(d, id, 2, MaxTables, d.memory)
	case SectionGlobal:
		m.Globals = list(d, id, 3, MaxGlobals, d.global)
	case SectionExport:
		m.Exports = list(d, id, 3, MaxExports, d.export)
	case SectionStart:
		f := d.u32()
		m.Start = &f
	case SectionElement:
		m.Elements = list(d, id, 2, MaxElementSegments, d.element)
	case SectionDataCount:
		n := d.u32()
		m.DataCount = &n
	case SectionCode:
		m.Codes = list(d, id, 2, MaxFunctions, d.code)
	case SectionData:
		m.Datas = list(d, id, 2, MaxDataSegments, d.data)
	}
}

// list reads a vector whose entries take at least least bytes, which bounds
// what a lying count can allocate, and notes where the entries stand.
func list[T any](d *decoder, id byte, least int, limit uint32, entry func() T) []T {
	n := d.count(least, limit)
	if n == 0 {
		return nil
	}
	items := make([]T, n)
	// Bodies carry their own offset; the functions' type indices need none.
	keep := id != SectionCode && id != SectionFunction
	var at []uint32
	if keep {
		at = make([]uint32, n)
	}
	for i := range items {
		if keep {
			at[i] = uint32(d.pos)
		}
		if items[i] = entry(); d.err != nil {
			return nil
		}
	}
	d.m.at.entries[id] = at
	return items
}

// count reads the length of a vector.
func (d *decoder) count(least int, limit uint32) int {
	at := d.pos
	n := d.u32()
	switch {
	case d.err != nil:
		return 0
	case n > limit:
		d.fail(at, "%d entries exceed the limit of %d", n, limit)
		return 0
	case int64(n)*int64(least) > int64(d.end-d.pos):
		d.fail(at, "unexpected end: %d entries do not fit the %d bytes that are left", n, d.end-d.pos)
		return 0
	}
	return int(n)
}

func (d *decoder) u32() uint32 {
	if d.err != nil {
		return 0
	}
	v, next, f := uleb32(d.b[:d.end], d.pos)
	if f != lebOK {
		d.fail(d.pos, "%v", f)
		return 0
	}
	d.pos = next
	return v
}

func (d *decoder) byte() byte {
	if d.err != nil {
		return 0
	}
	if d.pos >= d.end {
		d.fail(d.pos, "unexpected end")
		return 0
	}
	d.pos++
	return d.b[d.pos-1]
}

// bytes reads n bytes without copying them.
func (d *decoder) bytes(n uint32) []byte {
	if d.err != nil {
		return nil
	}
	if int64(n) > int64(d.end-d.pos) {
		d.fail(d.pos, "unexpected end: length out of bounds, %d bytes wanted, %d are left", n, d.end-d.pos)
		return nil
	}
	at := d.pos
	d.pos += int(n)
	return d.b[at:d.pos:d.pos]
}

func (d *decoder) name() string {
	n := d.u32()
	at := d.pos
	b := d.bytes(n)
	if d.err == nil && !utf8.Valid(b) {
		d.fail(at, "malformed UTF-8 encoding of a name")
	}
	return string(b)
}

func (d *decoder) valType() ValType {
	at := d.pos
	c := d.byte()
	if d.err == nil && !ValType(c).valid() {
		d.badType(at, c)
	}
	return ValType(c)
}

func (d *decoder) refType() ValType {
	at := d.pos
	t := d.valType()
	if d.err == nil && !t.IsRef() {
		d.fail(at, "malformed reference type: %v", t)
	}
	return t
}

func (d *decoder) badType(at int, c byte) {
	if p := proposalOfType(c); p != "" {
		d.refuse(at, p, "type 0x%02x", c)
	} else {
		d.fail(at, "malformed value type 0x%02x", c)
	}
}

func (d *decoder) funcType() FuncType {
	at := d.pos
	if c := d.byte(); d.err == nil && c != 0x60 {
		d.badType(at, c)
	}
	params := d.typeList(MaxParams)
	return FuncType{Params: params, Results: d.typeList(MaxResults)}
}

func (d *decoder) typeList(limit uint32) []ValType {
	n := d.count(1, limit)
	if n == 0 {
		return nil
	}
	if len(d.types)+n > cap(d.types) {
		d.types = make([]ValType, 0, max(n, 4096))
	}
	from := len(d.types)
	for range n {
		d.types = append(d.types, d.valType())
	}
	return d.types[from:len(d.types):len(d.types)]
}

func (d *decoder) limits() Limits {
	at := d.pos
	flags := d.byte()
	if d.err == nil && flags > 1 {
		if p := proposalOfLimits(flags); p != "" {
			d.refuse(at, p, "limits flag 0x%02x", flags)
		} else {
			d.fail(at, "malformed limits flags 0x%02x", flags)
		}
	}
	l := Limits{Min: d.u32(), HasMax: flags == 1}
	if l.HasMax {
		l.Max = d.u32()
	}
	return l
}

func (d *decoder) table() TableType {
	if d.err == nil && d.pos+1 < d.end && d.b[d.pos] == 0x40 && d.b[d.pos+1] == 0 {
		d.refuse(d.pos, propTypedRefs, "table with an initial value")
	}
	t := TableType{Elem: d.refType()}
	t.Limits = d.limits()
	return t
}

func (d *decoder) memory() MemoryType { return MemoryType{Limits: d.limits()} }

func (d *decoder) globalType() GlobalType {
	t := GlobalType{Type: d.valType()}
	at := d.pos
	mut := d.byte()
	if d.err == nil && mut > 1 {
		if mut == 2 || mut == 3 {
			d.refuse(at, propThreads, "shared global")
		} else {
			d.fail(at, "malformed mutability 0x%02x", mut)
		}
	}
	t.Mutable = mut == 1
	return t
}

func (d *decoder) importEntry() Import {
	i := Import{Module: d.name()}
	i.Name = d.name()
	at := d.pos
	i.Kind = ExternKind(d.byte())
	if d.err != nil {
		return i
	}
	switch i.Kind {
	case KindFunc:
		i.Type = d.u32()
	case KindTable:
		i.Table = d.table()
	case KindMemory:
		i.Memory = d.memory()
	case KindGlobal:
		i.Global = d.globalType()
	case 4:
		d.refuse(at, propExceptions, "import of a tag")
	default:
		d.fail(at, "malformed import kind %d", byte(i.Kind))
	}
	return i
}

func (d *decoder) export() Export {
	e := Export{Name: d.name()}
	at := d.pos
	e.Kind = ExternKind(d.byte())
	if e.Kind == 4 {
		d.refuse(at, propExceptions, "export of a tag")
	} else if e.Kind > KindGlobal {
		d.fail(at, "malformed export kind %d", byte(e.Kind))
	}
	e.Index = d.u32()
	return e
}

func (d *decoder) global() Global {
	t := d.globalType()
	return Global{Type: t, Init: d.constExpr()}
}

// constExpr reads an expression up to the end that closes it. Which
// instructions are constant is for Validate to say.
func (d *decoder) constExpr() []byte {
	if d.err != nil {
		return nil
	}
	d.r.Reset(d.b[d.pos:d.end])
	var in Instr
	depth := 0
	for d.r.Next(&in) {
		switch in.Op {
		case OpBlock, OpLoop, OpIf:
			depth++
		case OpEnd:
			if depth == 0 {
				return d.bytes(uint32(in.End))
			}
			depth--
		}
	}
	if e := d.r.err; e != nil {
		e.Offset += uint32(d.pos)
		e.Section = d.section
		d.err = e
		return nil
	}
	d.fail(d.end, "unexpected end: a constant expression has no end")
	return nil
}

func (d *decoder) element() Element {
	at := d.pos
	e := Element{Flags: d.u32(), Type: FuncRef}
	if e.Flags > 7 {
		d.fail(at, "malformed element segment flags %d", e.Flags)
		return e
	}
	if e.Mode() == ModeActive {
		if e.Flags&2 != 0 {
			e.Table = d.u32()
		}
		e.Offset = d.constExpr()
	}
	exprs := e.Flags&4 != 0
	if e.Flags&3 != 0 {
		at := d.pos
		if exprs {
			e.Type = d.refType()
		} else if c := d.byte(); d.err == nil && c != 0 {
			d.fail(at, "malformed element kind 0x%02x", c)
		}
	}
	least := 1
	if exprs {
		least = 2
	}
	at = d.pos
	n := d.count(least, MaxElementItems)
	if d.items += n; d.items > MaxElementItems {
		d.fail(at, "more than %d elements in all segments", MaxElementItems)
	}
	if n == 0 || d.err != nil {
		return e
	}
	if exprs {
		e.Exprs = make([][]byte, n)
		for i := 0; i < n && d.err == nil; i++ {
			e.Exprs[i] = d.constExpr()
		}
		return e
	}
	e.Funcs = make([]uint32, n)
	for i := range e.Funcs {
		e.Funcs[i] = d.u32()
	}
	return e
}

func (d *decoder) data() Data {
	at := d.pos
	s := Data{Flags: d.u32()}
	if s.Flags > 2 {
		d.fail(at, "malformed data segment flags %d", s.Flags)
		return s
	}
	if s.Flags == 2 {
		s.Memory = d.u32()
	}
	if s.Mode() == ModeActive {
		s.Offset = d.constExpr()
	}
	s.Bytes = d.bytes(d.u32())
	return s
}

func (d *decoder) code() Code {
	at := d.pos
	size := d.u32()
	if d.err != nil {
		return Code{}
	}
	if int64(size) > int64(d.end-d.pos) {
		d.fail(at, "unexpected end: a body claims %d bytes, %d are left", size, d.end-d.pos)
		return Code{}
	}
	if size > MaxBodyBytes {
		d.fail(at, "a body of %d bytes exceeds the limit of %d", size, MaxBodyBytes)
		return Code{}
	}
	sectionEnd := d.end
	d.end = d.pos + int(size)
	c := Code{Locals: d.locals()}
	if d.err == nil {
		c.Offset = uint32(d.pos)
		c.Body = d.b[d.pos:d.end:d.end]
		d.pos = d.end
		if n := len(c.Body); n == 0 || c.Body[n-1] != byte(OpEnd) {
			d.fail(d.pos, "unexpected end: the body does not close with end")
		}
	}
	d.end = sectionEnd
	return c
}

func (d *decoder) locals() []LocalGroup {
	n := d.count(2, MaxBodyBytes)
	if n == 0 || d.err != nil {
		return nil
	}
	if len(d.groups)+n > cap(d.groups) {
		d.groups = make([]LocalGroup, 0, max(n, 1024))
	}
	from := len(d.groups)
	var sum uint64
	for range n {
		at := d.pos
		g := LocalGroup{Count: d.u32(), Type: d.valType()}
		if sum += uint64(g.Count); sum > MaxLocals {
			d.fail(at, "too many locals: %d", sum)
		}
		if d.err != nil {
			return nil
		}
		d.groups = append(d.groups, g)
	}
	return d.groups[from:len(d.groups):len(d.groups)]
}
