package sandbox

import (
	"bytes"
	"encoding/binary"
	"path"
	"sort"

	"github.com/univrs/vudo/internal/wasm"
)

// lineFinder answers which source line an instruction comes from, out of the
// line tables of the module's own DWARF (DWARF 5, section 6.2; versions 2 to 5).
//
// The tables are a guest's, so every byte of them is looked at once, nothing is
// allocated by a number that they hold, and what is not understood ends the
// reading. The standard library's reader is made for trusted files: a header of
// 40 bytes makes it reserve terabytes, which ends the process.
type lineFinder struct {
	code  uint32 // file offset of the code section's content, where DWARF counts from
	rows  []lineRow
	files []lineFile
	dirs  []lineText
}

// Bounds of what is kept of the line tables.
const (
	maxLineRows  = 1 << 20
	maxLineFiles = 1 << 18 // and as many directories
	maxLineText  = 1024    // bytes of a name
)

type lineRow struct {
	address uint32
	file    int32 // in lineFinder.files; -1: nobody knows, or the end of a sequence
	line    int32
}

type lineFile struct {
	name lineText
	dir  int32 // in lineFinder.dirs; -1 = none
}

// lineText begins with a name that ends at its first zero byte, if any.
type lineText []byte

func (t lineText) String() string {
	t = t[:min(len(t), maxLineText)]
	if n := bytes.IndexByte(t, 0); n >= 0 {
		t = t[:n]
	}
	return string(t)
}

// newLineFinder reads the line tables; it returns nil when there are none.
func newLineFinder(m *wasm.Module, code uint32) *lineFinder {
	section := func(name string) []byte {
		if c := m.Custom(name); c != nil {
			return c.Data
		}
		return nil
	}
	l := &lineFinder{code: code}
	rest, str, lineStr := section(".debug_line"), section(".debug_str"), section(".debug_line_str")
	for len(rest) > 0 {
		r := lineReader{b: rest}
		size, wide := uint64(r.u32()), false
		if size == 1<<32-1 {
			size, wide = r.u64(), true
		}
		if r.bad || size > uint64(len(r.b)) {
			break
		}
		rest = r.b[size:]
		u := lineUnit{l: l, wide: wide, str: str, lineStr: lineStr}
		u.r.b = r.b[:size:size]
		if u.header() && !u.program() {
			break
		}
	}
	if len(l.rows) == 0 {
		return nil
	}
	sort.SliceStable(l.rows, func(i, j int) bool {
		a, b := &l.rows[i], &l.rows[j]
		return a.address < b.address || a.address == b.address && a.file < 0 && b.file >= 0
	})
	return l
}

// find returns the source line of an offset in the module; "" when unknown.
func (l *lineFinder) find(offset uint32) (string, int) {
	if l == nil || offset < l.code {
		return "", 0
	}
	address := offset - l.code
	i := sort.Search(len(l.rows), func(i int) bool { return l.rows[i].address > address }) - 1
	if i < 0 || l.rows[i].file < 0 {
		return "", 0
	}
	f := l.files[l.rows[i].file]
	name := f.name.String()
	if f.dir >= 0 && !path.IsAbs(name) {
		name = path.Join(l.dirs[f.dir].String(), name)
	}
	return name, int(l.rows[i].line)
}

// lineReader reads numbers and texts; after the first fault all are zero.
type lineReader struct {
	b   []byte
	bad bool
}

func (r *lineReader) take(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.bad, r.b = true, nil
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

// fixed reads a little-endian number of 1 to 8 bytes.
func (r *lineReader) fixed(n uint64) uint64 {
	var v [8]byte
	copy(v[:], r.take(n))
	return binary.LittleEndian.Uint64(v[:])
}

func (r *lineReader) u8() byte    { return byte(r.fixed(1)) }
func (r *lineReader) u16() uint16 { return uint16(r.fixed(2)) }
func (r *lineReader) u32() uint32 { return uint32(r.fixed(4)) }
func (r *lineReader) u64() uint64 { return r.fixed(8) }

func (r *lineReader) uleb() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *lineReader) sleb() int64 {
	var v int64
	for shift := uint(0); shift < 64 && !r.bad; shift += 7 {
		c := r.u8()
		v |= int64(c&0x7f) << shift
		if c&0x80 == 0 {
			if c&0x40 != 0 && shift+7 < 64 {
				v |= -1 << (shift + 7)
			}
			return v
		}
	}
	r.bad, r.b = true, nil
	return 0
}

func (r *lineReader) text() lineText {
	n := bytes.IndexByte(r.b, 0)
	if n < 0 {
		r.bad, r.b = true, nil
		return nil
	}
	return lineText(r.take(uint64(n) + 1)[:n])
}

// lineUnit is the table of one compilation unit.
type lineUnit struct {
	l            *lineFinder
	r            lineReader
	wide         bool // offsets are of 64 bits
	str, lineStr []byte

	step       uint64 // least length of an instruction
	base       int64
	span       uint64
	opcodeBase byte
	lengths    []byte // of the standard opcodes
	firstFile  uint64 // the number of files[0]
	files      int    // where the unit's files begin, and how many there are
	fileCount  uint64
}

// header reads up to the program; false leaves the unit out.
func (u *lineUnit) header() bool {
	r := &u.r
	version := r.u16()
	if version < 2 || version > 5 {
		return false
	}
	if version == 5 {
		r.take(2) // sizes of addresses and segments
	}
	size := uint64(r.u32())
	if u.wide {
		size = size | uint64(r.u32())<<32
	}
	after := r.b
	if size > uint64(len(after)) {
		return false
	}
	u.step = uint64(r.u8())
	if version >= 4 {
		r.take(1) // operations per instruction: one, in WebAssembly
	}
	r.take(1) // is_stmt
	u.base, u.span = int64(int8(r.u8())), uint64(r.u8())
	u.opcodeBase = r.u8()
	if u.opcodeBase > 0 {
		u.lengths = r.take(uint64(u.opcodeBase) - 1)
	}
	if r.bad || u.span == 0 || u.opcodeBase == 0 {
		return false
	}
	dirs := len(u.l.dirs)
	u.files = len(u.l.files)
	if version == 5 {
		u.firstFile = 0
		u.entries(func(name lineText, _ uint64) { u.l.dirs = append(u.l.dirs, name) })
		u.entries(func(name lineText, dir uint64) { u.addFile(name, dirs, dir, 0) })
	} else {
		u.firstFile = 1
		for d := r.text(); len(d) > 0 && len(u.l.dirs) < maxLineFiles; d = r.text() {
			u.l.dirs = append(u.l.dirs, d)
		}
		for name := r.text(); len(name) > 0 && len(u.l.files) < maxLineFiles; name = r.text() {
			dir := r.uleb()
			r.uleb()                      // time
			r.uleb()                      // length
			u.addFile(name, dirs, dir, 1) // directory 0 is the unit's own, named elsewhere
		}
	}
	u.fileCount = uint64(len(u.l.files) - u.files)
	if r.bad {
		return false
	}
	r.b = after[size:]
	return true
}

func (u *lineUnit) addFile(name lineText, dirs int, dir, first uint64) {
	f := lineFile{name, -1}
	if dir >= first && dir-first < uint64(len(u.l.dirs)-dirs) {
		f.dir = int32(dirs + int(dir-first))
	}
	u.l.files = append(u.l.files, f)
}

// The codes of DWARF 5 that entries are made of (tables 7.5 and 7.27).
const (
	lineContentPath, lineContentDir = 1, 2

	formData2, formData4, formData8, formString, formBlock = 0x05, 0x06, 0x07, 0x08, 0x09
	formData1, formStrp, formUdata, formData16             = 0x0b, 0x0e, 0x0f, 0x1e
	formLineStrp                                           = 0x1f
)

// entries reads a list of directories or files of version 5.
func (u *lineUnit) entries(add func(name lineText, dir uint64)) {
	r := &u.r
	formats := make([][2]uint64, r.u8())
	for i := range formats {
		formats[i] = [2]uint64{r.uleb(), r.uleb()}
	}
	n := r.uleb()
	if n > maxLineFiles || n > 0 && len(formats) == 0 {
		r.bad = true
	}
	for ; n > 0 && !r.bad && len(u.l.files)+len(u.l.dirs) < maxLineFiles; n-- {
		var name lineText
		var dir uint64
		for _, f := range formats {
			text, number := u.form(f[1])
			switch f[0] {
			case lineContentPath:
				name = text
			case lineContentDir:
				dir = number
			}
		}
		add(name, dir)
	}
	if n > 0 {
		r.bad = true
	}
}

// form reads one attribute.
func (u *lineUnit) form(form uint64) (text lineText, number uint64) {
	r := &u.r
	switch form {
	case formString:
		return r.text(), 0
	case formStrp, formLineStrp:
		at := uint64(r.u32())
		if u.wide {
			at |= uint64(r.u32()) << 32
		}
		from := u.str
		if form == formLineStrp {
			from = u.lineStr
		}
		if at < uint64(len(from)) {
			text = from[at:]
		}
		return text, 0
	case formUdata:
		return nil, r.uleb()
	case formData1:
		return nil, r.fixed(1)
	case formData2:
		return nil, r.fixed(2)
	case formData4:
		return nil, r.fixed(4)
	case formData8:
		return nil, r.fixed(8)
	case formData16:
		r.take(16)
	case formBlock:
		r.take(r.uleb())
	default:
		r.bad, r.b = true, nil
	}
	return nil, 0
}

// program runs the unit's line number program. False says that there is no
// room for more rows.
func (u *lineUnit) program() bool {
	r := &u.r
	type registers struct {
		address, file uint64
		line          int64
	}
	start := registers{file: 1, line: 1}
	s := start
	room := true
	row := func(end bool) {
		if len(u.l.rows) == maxLineRows {
			room = false
			return
		}
		x := lineRow{address: uint32(min(s.address, 1<<32-1)), file: -1}
		if f := s.file - u.firstFile; !end && f < u.fileCount && s.line > 0 && s.line < 1<<31 {
			x.file, x.line = int32(u.files)+int32(f), int32(s.line)
		}
		u.l.rows = append(u.l.rows, x)
	}
	for len(r.b) > 0 && room {
		op := r.u8()
		if op >= u.opcodeBase {
			n := uint64(op - u.opcodeBase)
			s.address += n / u.span * u.step
			s.line += u.base + int64(n%u.span)
			row(false)
			continue
		}
		switch op {
		case 0: // an extended one
			x := lineReader{b: r.take(r.uleb())}
			switch x.u8() {
			case 1: // end_sequence
				row(true)
				s = start
			case 2: // set_address
				s.address = x.fixed(min(8, uint64(len(x.b))))
			}
		case 1: // copy
			row(false)
		case 2: // advance_pc
			s.address += r.uleb() * u.step
		case 3: // advance_line
			s.line += r.sleb()
		case 4: // set_file
			s.file = r.uleb()
		case 8: // const_add_pc
			s.address += uint64(255-u.opcodeBase) / u.span * u.step
		case 9: // fixed_advance_pc
			s.address += uint64(r.u16())
		default:
			for n := u.lengths[op-1]; n > 0; n-- {
				r.uleb()
			}
		}
	}
	return room
}
