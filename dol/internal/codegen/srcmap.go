package codegen

import (
	"github.com/univrs/vudo/internal/wasm"
)

// srcmapSection is the custom section that leads from code to source.
const srcmapSection = "vudo.srcmap"

// sections adds the custom sections.
func (l *linker) sections() {
	custom := func(name string, data []byte) {
		l.m.Customs = append(l.m.Customs, wasm.Custom{Name: name, Data: data, After: wasm.SectionData})
	}
	if !l.g.o.Strip {
		custom("name", l.names())
	}
	custom(manifestSection, l.g.manifest())
	if !l.g.o.Strip {
		custom(srcmapSection, l.srcmap())
	}
}

// srcmap is the content of the section, format 1: the files, then for each call
// and each instruction that can trap its address, file, line and column, each
// less that of the entry before. Addresses count from the first byte behind the
// size of the code section.
func (l *linker) srcmap() []byte {
	b := []byte{1}
	b = wasm.AppendUint(b, uint64(len(l.g.m.Files)))
	for _, f := range l.g.m.Files {
		b = appendName(b, f)
	}
	n := 0
	for _, p := range l.places {
		n += len(p)
	}
	b = wasm.AppendUint(b, uint64(n))
	var at int
	var file, line, col int32
	next := uintLen(len(l.m.Codes))
	for i := range l.m.Codes {
		body, size := bodyOffset(&l.m.Codes[i])
		for _, p := range l.places[i] {
			here := next + body + p.at
			b = wasm.AppendUint(b, uint64(here-at))
			b = wasm.AppendInt(b, int64(p.pos.File-file))
			b = wasm.AppendInt(b, int64(p.pos.Line-line))
			b = wasm.AppendInt(b, int64(p.pos.Col-col))
			at, file, line, col = here, p.pos.File, p.pos.Line, p.pos.Col
		}
		next += size
	}
	return b
}

// bodyOffset returns where in its entry of the code section the body of a
// function begins, and the size of the entry.
func bodyOffset(c *wasm.Code) (body, size int) {
	locals := uintLen(len(c.Locals))
	for _, g := range c.Locals {
		locals += uintLen(int(g.Count)) + 1
	}
	size = locals + len(c.Body)
	return uintLen(size) + locals, uintLen(size) + size
}

// uintLen is the length of n as a LEB128 number.
func uintLen(n int) int { return len(wasm.AppendUint(nil, uint64(n))) }
