package wasm

// Encode writes the module in its canonical binary form: sections in order and
// only where they have content, custom sections where After puts them, every
// length, count and index in its shortest LEB128 form. Bodies, constant
// expressions, data and custom sections are written as the bytes they are.
//
// For canonical bytes, Encode after Decode gives the same bytes. Linkers that
// pad their section sizes (Go's always to five bytes) or write empty sections
// are not canonical; for them the first Encode shortens, and every later round
// trip is the identity. Encode checks nothing.
func (m *Module) Encode() []byte {
	e := &encoder{m: m}
	e.b = append(make([]byte, 0, m.sizeGuess()), preamble...)
	e.customs(0)
	for _, id := range [...]byte{
		SectionType, SectionImport, SectionFunction, SectionTable, SectionMemory, SectionGlobal,
		SectionExport, SectionStart, SectionElement, SectionDataCount, SectionCode, SectionData,
	} {
		e.section(id)
		e.customs(id)
	}
	return e.b
}

func (m *Module) sizeGuess() int {
	n := 1024
	for i := range m.Codes {
		n += len(m.Codes[i].Body) + 2*len(m.Codes[i].Locals) + 8
	}
	for i := range m.Datas {
		n += len(m.Datas[i].Bytes) + 16
	}
	for i := range m.Customs {
		n += len(m.Customs[i].Data) + 32
	}
	return n + 8*(len(m.Types)+len(m.Funcs)) + 32*(len(m.Imports)+len(m.Exports))
}

type encoder struct {
	m *Module
	b []byte
}

func (e *encoder) customs(after byte) {
	for i := range e.m.Customs {
		c := &e.m.Customs[i]
		if c.After != after {
			continue
		}
		n := uint64(len(c.Name))
		e.b = append(e.b, SectionCustom)
		e.u(uint64(uintLen(n)) + n + uint64(len(c.Data)))
		e.name(c.Name)
		e.b = append(e.b, c.Data...)
	}
}

// section writes one section: the content first, behind room for the longest
// size, then moved up to its size in shortest form.
func (e *encoder) section(id byte) {
	if !e.m.has(id) {
		return
	}
	const room = 5
	at := len(e.b)
	e.b = append(e.b, id, 0, 0, 0, 0, 0)
	body := at + 1 + room
	e.content(id)
	size := len(e.b) - body
	head := AppendUint(e.b[:at+1], uint64(size))
	copy(e.b[len(head):], e.b[body:])
	e.b = e.b[:len(head)+size]
}

func (m *Module) has(id byte) bool {
	switch id {
	case SectionType:
		return len(m.Types) > 0
	case SectionImport:
		return len(m.Imports) > 0
	case SectionFunction:
		return len(m.Funcs) > 0
	case SectionTable:
		return len(m.Tables) > 0
	case SectionMemory:
		return len(m.Memories) > 0
	case SectionGlobal:
		return len(m.Globals) > 0
	case SectionExport:
		return len(m.Exports) > 0
	case SectionStart:
		return m.Start != nil
	case SectionElement:
		return len(m.Elements) > 0
	case SectionDataCount:
		return m.DataCount != nil
	case SectionCode:
		return len(m.Codes) > 0
	case SectionData:
		return len(m.Datas) > 0
	}
	return false
}

func (e *encoder) content(id byte) {
	m := e.m
	switch id {
	case SectionType:
		e.n(len(m.Types))
		for _, t := range m.Types {
			e.b = append(e.b, 0x60)
			e.types(t.Params)
			e.types(t.Results)
		}
	case SectionImport:
		e.n(len(m.Imports))
		for i := range m.Imports {
			e.importEntry(&m.Imports[i])
		}
	case SectionFunction:
		e.indices(m.Funcs)
	case SectionTable:
		e.n(len(m.Tables))
		for _, t := range m.Tables {
			e.table(t)
		}
	case SectionMemory:
		e.n(len(m.Memories))
		for _, t := range m.Memories {
			e.limits(t.Limits)
		}
	case SectionGlobal:
		e.n(len(m.Globals))
		for i := range m.Globals {
			e.globalType(m.Globals[i].Type)
			e.b = append(e.b, m.Globals[i].Init...)
		}
	case SectionExport:
		e.n(len(m.Exports))
		for _, x := range m.Exports {
			e.name(x.Name)
			e.b = append(e.b, byte(x.Kind))
			e.u(uint64(x.Index))
		}
	case SectionStart:
		e.u(uint64(*m.Start))
	case SectionElement:
		e.n(len(m.Elements))
		for i := range m.Elements {
			e.element(&m.Elements[i])
		}
	case SectionDataCount:
		e.u(uint64(*m.DataCount))
	case SectionCode:
		e.n(len(m.Codes))
		for i := range m.Codes {
			e.code(&m.Codes[i])
		}
	case SectionData:
		e.n(len(m.Datas))
		for i := range m.Datas {
			e.data(&m.Datas[i])
		}
	}
}

func (e *encoder) u(v uint64) { e.b = AppendUint(e.b, v) }
func (e *encoder) n(v int)    { e.u(uint64(v)) }

func (e *encoder) name(s string) {
	e.n(len(s))
	e.b = append(e.b, s...)
}

func (e *encoder) types(ts []ValType) {
	e.n(len(ts))
	for _, t := range ts {
		e.b = append(e.b, byte(t))
	}
}

func (e *encoder) indices(idx []uint32) {
	e.n(len(idx))
	for _, i := range idx {
		e.u(uint64(i))
	}
}

func (e *encoder) limits(l Limits) {
	if !l.HasMax {
		e.b = append(e.b, 0)
		e.u(uint64(l.Min))
		return
	}
	e.b = append(e.b, 1)
	e.u(uint64(l.Min))
	e.u(uint64(l.Max))
}

func (e *encoder) table(t TableType) {
	e.b = append(e.b, byte(t.Elem))
	e.limits(t.Limits)
}

func (e *encoder) globalType(t GlobalType) {
	mut := byte(0)
	if t.Mutable {
		mut = 1
	}
	e.b = append(e.b, byte(t.Type), mut)
}

func (e *encoder) importEntry(i *Import) {
	e.name(i.Module)
	e.name(i.Name)
	e.b = append(e.b, byte(i.Kind))
	switch i.Kind {
	case KindFunc:
		e.u(uint64(i.Type))
	case KindTable:
		e.table(i.Table)
	case KindMemory:
		e.limits(i.Memory.Limits)
	case KindGlobal:
		e.globalType(i.Global)
	}
}

func (e *encoder) element(s *Element) {
	e.u(uint64(s.Flags))
	exprs := s.Flags&4 != 0
	if s.Mode() == ModeActive {
		if s.Flags&2 != 0 {
			e.u(uint64(s.Table))
		}
		e.b = append(e.b, s.Offset...)
	}
	if s.Flags&3 != 0 {
		if exprs {
			e.b = append(e.b, byte(s.Type))
		} else {
			e.b = append(e.b, 0)
		}
	}
	if !exprs {
		e.indices(s.Funcs)
		return
	}
	e.n(len(s.Exprs))
	for _, x := range s.Exprs {
		e.b = append(e.b, x...)
	}
}

func (e *encoder) code(c *Code) {
	size := uintLen(uint64(len(c.Locals))) + len(c.Body)
	for _, g := range c.Locals {
		size += uintLen(uint64(g.Count)) + 1
	}
	e.n(size)
	e.n(len(c.Locals))
	for _, g := range c.Locals {
		e.u(uint64(g.Count))
		e.b = append(e.b, byte(g.Type))
	}
	e.b = append(e.b, c.Body...)
}

func (e *encoder) data(s *Data) {
	e.u(uint64(s.Flags))
	if s.Flags == 2 {
		e.u(uint64(s.Memory))
	}
	if s.Mode() == ModeActive {
		e.b = append(e.b, s.Offset...)
	}
	e.n(len(s.Bytes))
	e.b = append(e.b, s.Bytes...)
}
