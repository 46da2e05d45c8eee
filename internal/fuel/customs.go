package fuel

import (
	"strings"

	"github.com/univrs/vudo/internal/wasm"
)

// placeOffsets tells the offset map where each body stands in the metered code
// section, counted from the first byte of its content.
func (p *pass) placeOffsets() {
	at := uintSize(uint64(len(p.out.Codes)))
	for i := range p.track.m.funcs {
		c := &p.out.Codes[i]
		locals := uintSize(uint64(len(c.Locals)))
		for _, g := range c.Locals {
			locals += uintSize(uint64(g.Count)) + 1
		}
		n := locals + len(c.Body)
		at += uintSize(uint64(n))
		p.track.m.funcs[i].metered = uint32(at + locals)
		at += n
	}
}

func uintSize(v uint64) int {
	n := 1
	for ; v >= 0x80; v >>= 7 {
		n++
	}
	return n
}

// customs brings the custom sections along: all as they are, but the name
// section with the new function indices (dropped if it is broken, which an
// engine may refuse), and the guest's DWARF not at all when DebugOffsets puts
// a line table of our own in its place.
func (p *pass) customs() {
	old := p.out.Customs
	p.out.Customs = make([]wasm.Custom, 0, len(old))
	for _, c := range old {
		switch {
		case c.Name == "name":
			data, ok := renumberNames(c.Data, p.at.funcs, uint32(p.a.imported))
			if !ok {
				continue
			}
			c.Data = data
		case p.cfg.DebugOffsets && strings.HasPrefix(c.Name, ".debug_"):
			continue
		}
		p.out.Customs = append(p.out.Customs, c)
	}
	if p.cfg.DebugOffsets {
		p.out.Customs = append(p.out.Customs, lineTable(codeSize(&p.out))...)
	}
}

// codeSize returns the length of the code section's content.
func codeSize(m *wasm.Module) uint32 {
	n := uintSize(uint64(len(m.Codes)))
	for i := range m.Codes {
		c := &m.Codes[i]
		size := uintSize(uint64(len(c.Locals))) + len(c.Body)
		for _, g := range c.Locals {
			size += uintSize(uint64(g.Count)) + 1
		}
		n += uintSize(uint64(size)) + size
	}
	return uint32(n)
}

// Subsections of the name section whose entries are keyed by function index
// (core 2.0, appendix 7.4.1, and the extended name section's labels).
const (
	nameFunctions = 1
	nameLocals    = 2
	nameLabels    = 3
)

// renumberNames rewrites the function indices of a name section. Gated imports
// keep their own index: their thunks have no name.
func renumberNames(data []byte, funcs []uint32, imported uint32) ([]byte, bool) {
	out := make([]byte, 0, len(data)+len(data)/16)
	r := nameReader{b: data}
	last := -1
	for len(r.b) > 0 {
		id := r.byte()
		sub := r.bytes(r.u32())
		if r.bad || int(id) <= last {
			return nil, false
		}
		last = int(id)
		if id >= nameFunctions && id <= nameLabels {
			renumbered, ok := renumberMap(sub, id, funcs, imported)
			if !ok {
				return nil, false
			}
			sub = renumbered
		}
		out = append(out, id)
		out = wasm.AppendUint(out, uint64(len(sub)))
		out = append(out, sub...)
	}
	return out, !r.bad
}

func renumberMap(data []byte, id byte, funcs []uint32, imported uint32) ([]byte, bool) {
	r := nameReader{b: data}
	n := r.u32()
	out := wasm.AppendUint(make([]byte, 0, len(data)+len(data)/8), uint64(n))
	for range n {
		f := r.u32()
		if r.bad || int(f) >= len(funcs) {
			return nil, false
		}
		if f >= imported {
			f = funcs[f]
		}
		out = wasm.AppendUint(out, uint64(f))
		from := r.b
		if id == nameFunctions {
			r.bytes(r.u32())
		} else {
			for range r.u32() {
				r.u32()
				r.bytes(r.u32())
				if r.bad {
					return nil, false
				}
			}
		}
		if r.bad {
			return nil, false
		}
		out = append(out, from[:len(from)-len(r.b)]...)
	}
	return out, !r.bad && len(r.b) == 0
}

// nameReader reads a name section; bad stays set after the first fault.
type nameReader struct {
	b   []byte
	bad bool
}

func (r *nameReader) byte() byte {
	if len(r.b) == 0 {
		r.bad = true
		return 0
	}
	c := r.b[0]
	r.b = r.b[1:]
	return c
}

func (r *nameReader) u32() uint32 {
	var v uint64
	for shift := 0; shift < 35; shift += 7 {
		c := r.byte()
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			r.bad = r.bad || v > 1<<32-1
			return uint32(v)
		}
	}
	r.bad = true
	return 0
}

func (r *nameReader) bytes(n uint32) []byte {
	if uint64(n) > uint64(len(r.b)) {
		r.bad, r.b = true, nil
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}
