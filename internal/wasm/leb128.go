package wasm

// lebFault says why a LEB128 number cannot be read (core 2.0, section 5.2.2).
type lebFault uint8

const (
	lebOK lebFault = iota
	lebEnd
	lebLong
	lebLarge
)

func (f lebFault) String() string {
	switch f {
	case lebEnd:
		return "unexpected end"
	case lebLong:
		return "integer representation too long"
	case lebLarge:
		return "integer too large"
	}
	return ""
}

// uleb32 reads an unsigned number of at most 32 bits at b[pos:] and returns it
// with the position behind it.
func uleb32(b []byte, pos int) (uint32, int, lebFault) {
	var v uint32
	for shift := uint(0); ; shift += 7 {
		if pos >= len(b) {
			return 0, pos, lebEnd
		}
		c := b[pos]
		pos++
		if shift == 28 {
			switch {
			case c&0x80 != 0:
				return 0, pos, lebLong
			case c > 0x0f:
				return 0, pos, lebLarge
			}
		}
		v |= uint32(c&0x7f) << shift
		if c < 0x80 {
			return v, pos, lebOK
		}
	}
}

// sleb reads a signed number of at most bits bits (32, 33 or 64).
func sleb(b []byte, pos int, bits uint) (int64, int, lebFault) {
	var v int64
	for shift := uint(0); ; shift += 7 {
		if pos >= len(b) {
			return 0, pos, lebEnd
		}
		c := b[pos]
		pos++
		if shift+7 >= bits {
			// The last byte: what lies beyond the width must repeat the sign bit.
			if c&0x80 != 0 {
				return 0, pos, lebLong
			}
			rest := int8(c<<1) >> 1 // the seven bits, sign-extended
			if over := rest >> (bits - shift - 1); over != 0 && over != -1 {
				return 0, pos, lebLarge
			}
		}
		v |= int64(c&0x7f) << shift
		if c < 0x80 {
			if shift+7 < 64 && c&0x40 != 0 {
				v |= -1 << (shift + 7)
			}
			return v, pos, lebOK
		}
	}
}

// AppendUint appends v as an unsigned LEB128 number in its shortest form.
func AppendUint(b []byte, v uint64) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

// AppendInt appends v as a signed LEB128 number in its shortest form.
func AppendInt(b []byte, v int64) []byte {
	for {
		c := byte(v & 0x7f)
		v >>= 7
		if v == 0 && c&0x40 == 0 || v == -1 && c&0x40 != 0 {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}

// uintLen returns how many bytes AppendUint takes for v.
func uintLen(v uint64) int {
	n := 1
	for v >= 0x80 {
		v >>= 7
		n++
	}
	return n
}
