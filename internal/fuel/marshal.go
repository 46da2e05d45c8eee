package fuel

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/univrs/vudo/internal/wasm"
)

// formatVersion is the version of Metered's binary form and of the code that
// the pass writes: a cache that keys by it never mixes two shapes of the code.
const formatVersion = 1

const magic = "vudo-metered\x00"

// ErrFormat says that bytes are not a Metered of this version.
var ErrFormat = errors.New("fuel: not a metered module of this version")

// maxGlobals bounds the hidden globals of a decoded Metered: the engine's own
// bound on globals is lower.
const maxGlobals = 1 << 20

const (
	flagStart = 1 << iota
	flagMemory
	flagDepth
	flagsAll = flagStart | flagMemory | flagDepth
)

// MarshalBinary encodes m, Bytes included, so that a cache can keep it. It
// never fails. The form is our own: a magic, a version, then counts and
// numbers as unsigned LEB128.
func (m *Metered) MarshalBinary() ([]byte, error) {
	b := make([]byte, 0, len(magic)+len(m.Bytes)+len(m.Offsets.points)+12*len(m.Offsets.funcs)+1024)
	u := func(v uint64) { b = binary.AppendUvarint(b, v) }
	text := func(s string) { u(uint64(len(s))); b = append(b, s...) }
	b = append(b, magic...)
	u(formatVersion)
	u(uint64(m.Tariff))
	u(m.InstantiationFuel)
	flags := uint64(0)
	for i, on := range []bool{m.Start, m.Memory, m.Depth} {
		if on {
			flags |= 1 << i
		}
	}
	u(flags)
	u(uint64(m.imports))
	u(uint64(m.hooks))
	u(uint64(m.defined))
	text(m.TableWrites)
	u(uint64(len(m.Globals)))
	for _, g := range m.Globals {
		text(g.Export)
		u(uint64(g.Type))
	}
	u(uint64(len(m.Offsets.funcs)))
	var last funcOffsets
	for _, f := range m.Offsets.funcs {
		u(uint64(f.index - last.index))
		u(uint64(f.metered - last.metered))
		u(uint64(f.built))
		u(uint64(f.meteredLen))
		u(uint64(f.builtLen))
		u(uint64(f.to - f.from))
		last = f
	}
	text(string(m.Offsets.points))
	text(string(m.Bytes))
	return b, nil
}

// UnmarshalBinary decodes what MarshalBinary wrote. Any other bytes give an
// error that wraps ErrFormat, and leave m as it was. m keeps no reference to
// data but for Bytes and the offsets, which alias it.
func (m *Metered) UnmarshalBinary(data []byte) error {
	d := decoder{b: data}
	if len(data) < len(magic) || string(data[:len(magic)]) != magic {
		return fmt.Errorf("%w: no magic", ErrFormat)
	}
	d.b = data[len(magic):]
	if v := d.u(1 << 32); v != formatVersion {
		return fmt.Errorf("%w: version %d, want %d", ErrFormat, v, formatVersion)
	}
	var out Metered
	out.Tariff = uint32(d.u(1<<32 - 1))
	out.InstantiationFuel = d.u(1<<63 - 1)
	flags := d.u(flagsAll)
	out.Start, out.Memory, out.Depth = flags&flagStart != 0, flags&flagMemory != 0, flags&flagDepth != 0
	out.imports, out.hooks, out.defined = d.u32(), d.u32(), d.u32()
	out.TableWrites = string(d.bytes())
	for range d.count(2, maxGlobals) {
		g := HiddenGlobal{Export: string(d.bytes()), Type: wasm.ValType(d.u(0xff))}
		out.Globals = append(out.Globals, g)
	}
	n := d.count(6, 1<<32-1)
	out.Offsets.funcs = make([]funcOffsets, 0, n)
	var last funcOffsets
	for range n {
		f := funcOffsets{
			index: d.sum(last.index), metered: d.sum(last.metered), built: d.u32(),
			meteredLen: d.u32(), builtLen: d.u32(), from: last.to,
		}
		f.to = d.sum(last.to)
		out.Offsets.funcs = append(out.Offsets.funcs, f)
		last = f
	}
	out.Offsets.points = d.bytes()
	out.Bytes = d.bytes()
	if int(last.to) != len(out.Offsets.points) {
		d.fail("offsets end at %d of %d", last.to, len(out.Offsets.points))
	}
	if len(d.b) != 0 {
		d.fail("%d bytes too many", len(d.b))
	}
	if d.err != nil {
		return d.err
	}
	*m = out
	return nil
}

// decoder reads the binary form; err is the first fault.
type decoder struct {
	b   []byte
	err error
}

func (d *decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf("%w: "+format, append([]any{ErrFormat}, args...)...)
	}
	d.b = nil
}

// u reads a number of at most most, which is 0 after a fault.
func (d *decoder) u(most uint64) uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.fail("a number is cut off")
		return 0
	}
	if v > most {
		d.fail("number %d exceeds %d", v, most)
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) u32() uint32 { return uint32(d.u(1<<32 - 1)) }

// sum reads a difference to last.
func (d *decoder) sum(last uint32) uint32 {
	return last + uint32(d.u(uint64(^uint32(0)-last)))
}

// count reads how many entries of at least least bytes follow.
func (d *decoder) count(least int, most uint64) int {
	return int(d.u(min(most, uint64(len(d.b)/least))))
}

func (d *decoder) bytes() []byte {
	n := d.u(1<<64 - 1)
	if n > uint64(len(d.b)) {
		d.fail("%d bytes of %d are left", len(d.b), n)
		return nil
	}
	b := d.b[:n:n]
	d.b = d.b[n:]
	return b
}
