package codegen

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/univrs/vudo/internal/wasm"
)

// SourceMapV3 makes the version 3 JSON map of a module with the section
// vudo.srcmap, as browsers read it: each byte of the module is a column of line
// 1. File is the module's own name.
func SourceMapV3(m *wasm.Module, file string) ([]byte, error) {
	c := m.Custom(srcmapSection)
	if c == nil {
		return nil, errors.New("the module has no section " + srcmapSection)
	}
	files, entries, err := ReadSrcmap(c.Data)
	if err != nil {
		return nil, err
	}
	code := codeOffset(m)
	var b strings.Builder
	var last [4]int
	for i, e := range entries {
		if i > 0 {
			b.WriteByte(',')
		}
		for k, v := range [4]int{code + e.Address, e.File, e.Line - 1, e.Col - 1} {
			vlq(&b, v-last[k])
			last[k] = v
		}
	}
	return json.Marshal(struct {
		Version  int      `json:"version"`
		File     string   `json:"file"`
		Sources  []string `json:"sources"`
		Names    []string `json:"names"`
		Mappings string   `json:"mappings"`
	}{3, file, files, []string{}, b.String()})
}

// codeOffset is where the content of the code section begins in the encoded
// module: behind everything that stands in front of it.
func codeOffset(m *wasm.Module) int {
	front := *m
	front.Codes, front.Datas = nil, nil
	front.Customs = nil
	for _, c := range m.Customs {
		if c.After < wasm.SectionCode {
			front.Customs = append(front.Customs, c)
		}
	}
	size := uintLen(len(m.Codes))
	for i := range m.Codes {
		_, n := bodyOffset(&m.Codes[i])
		size += n
	}
	return len(front.Encode()) + 1 + uintLen(size)
}

const base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// vlq appends a number as base 64 digits of 5 bits, the sign lowest.
func vlq(b *strings.Builder, v int) {
	u := uint64(v) << 1
	if v < 0 {
		u = uint64(-v)<<1 | 1
	}
	for {
		d := u & 31
		if u >>= 5; u > 0 {
			d |= 32
		}
		b.WriteByte(base64[d])
		if u == 0 {
			return
		}
	}
}

// SrcmapEntry is the place in the source of an instruction.
type SrcmapEntry struct {
	Address         int // from the first byte of the code section's content
	File, Line, Col int // lines and columns from 1
}

var errSrcmap = errors.New("the section " + srcmapSection + " is broken")

// ReadSrcmap reads the content of a section vudo.srcmap.
func ReadSrcmap(b []byte) (files []string, entries []SrcmapEntry, err error) {
	if len(b) == 0 || b[0] != 1 {
		return nil, nil, errSrcmap
	}
	r := &srcmapReader{b: b[1:]}
	for range r.count() {
		n := r.count()
		if r.bad {
			return nil, nil, errSrcmap
		}
		files = append(files, string(r.b[:n]))
		r.b = r.b[n:]
	}
	var e SrcmapEntry
	for range r.count() {
		e.Address += r.uint()
		e.File += r.int()
		e.Line += r.int()
		e.Col += r.int()
		if r.bad || e.File < 0 || e.File >= len(files) || e.Line < 1 || e.Col < 1 {
			return nil, nil, errSrcmap
		}
		entries = append(entries, e)
	}
	if r.bad || len(r.b) > 0 {
		return nil, nil, errSrcmap
	}
	return files, entries, nil
}

// srcmapReader reads LEB128 numbers of at most 32 bits.
type srcmapReader struct {
	b   []byte
	bad bool
}

func (r *srcmapReader) number(signed bool) int {
	var v int64
	for shift := 0; shift < 35; shift += 7 {
		if len(r.b) == 0 {
			break
		}
		c := r.b[0]
		r.b = r.b[1:]
		v |= int64(c&0x7f) << shift
		if c&0x80 == 0 {
			if signed && c&0x40 != 0 {
				v -= 1 << (shift + 7)
			}
			return int(v)
		}
	}
	r.bad = true
	return 0
}

func (r *srcmapReader) uint() int { return r.number(false) }
func (r *srcmapReader) int() int  { return r.number(true) }

// count is a number of things that take a byte each at least.
func (r *srcmapReader) count() int {
	n := r.uint()
	if n > len(r.b) {
		r.bad = true
		return 0
	}
	return n
}
