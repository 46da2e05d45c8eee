package codegen

import (
	"encoding/binary"

	"github.com/univrs/vudo/dol/internal/ir"
)

// data is the static data: constant texts and what the runtime looks up. It
// begins at reservedBytes; addresses are final as they are handed out.
type data struct {
	bytes   []byte
	objects map[string]uint32 // texts with a header
	raw     map[string]uint32 // texts without, for the host
}

func (d *data) init() {
	d.objects, d.raw = map[string]uint32{}, map[string]uint32{}
}

// object returns the reference of a constant array of bytes.
func (d *data) object(text string, o *ir.Object) uint32 {
	if at, ok := d.objects[text]; ok {
		return at
	}
	d.align(8)
	d.word(header(o))
	d.word(uint32(len(text)))
	at := d.end()
	d.bytes = append(d.bytes, text...)
	d.objects[text] = at
	return at
}

// structure returns the reference of a constant struct.
func (d *data) structure(o *ir.Object, payload []byte) uint32 {
	d.align(8)
	d.word(header(o))
	d.word(uint32(len(payload)))
	at := d.end()
	d.bytes = append(d.bytes, payload...)
	return at
}

// text returns the address of bytes that only the host sees.
func (d *data) text(text string) uint32 {
	at, ok := d.raw[text]
	if !ok {
		at = d.end()
		d.bytes = append(d.bytes, text...)
		d.raw[text] = at
	}
	return at
}

// end is the address of what is added next.
func (d *data) end() uint32 { return reservedBytes + uint32(len(d.bytes)) }

func (d *data) align(n int) {
	for len(d.bytes)%n != 0 {
		d.bytes = append(d.bytes, 0)
	}
}

func (d *data) word(w uint32) { d.bytes = binary.LittleEndian.AppendUint32(d.bytes, w) }

// descriptors adds the table that gives for each type where its references lie:
// a set of words of the payload, or, with the upmost bit, the address of a list
// of offsets that begins with its length. It returns the address of the entry of
// type 0, which no object has.
func (d *data) descriptors(objects []*ir.Object) uint32 {
	d.align(4)
	table := make([]uint32, 1+len(objects))
	for i, o := range objects {
		if o.Array {
			continue
		}
		refs := refOffsets(o)
		if len(refs) == 0 {
			continue
		}
		if refs[len(refs)-1] < 31*4 {
			for _, at := range refs {
				table[i+1] |= 1 << (at / 4)
			}
			continue
		}
		table[i+1] = d.end() | listBit
		d.word(uint32(len(refs)))
		for _, at := range refs {
			d.word(at)
		}
	}
	for len(table) > 0 && table[len(table)-1] == 0 {
		table = table[:len(table)-1]
	}
	at := d.end()
	for _, w := range table {
		d.word(w)
	}
	return at
}

// listBit tells the address of a list of offsets from a set.
const listBit = 1 << 31
