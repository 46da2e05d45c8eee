package codegen

import "github.com/univrs/vudo/dol/internal/ir"

// An object is a cell of the heap: a header of two words, then the payload, to
// which references point. Cells begin at multiples of 8 and tile the heap, so
// that it can be walked.
//
//	-8  type and flags
//	-4  bytes of a struct, elements of an array
//	 0  payload
//
// The flags alone say how large an object is and whether it refers to others;
// the number of the type is looked at only for the references of a struct.
const (
	flagMark   = 1 << 0 // reached in the running collection
	shiftLow   = 1      // two bits: log2 of the size of an element, 0 for a struct
	flagRefs   = 1 << 3 // refers to objects
	flagArray  = 1 << 4
	flagFree   = 1 << 5 // no object: the second word is the size of the cell
	flagPinned = 1 << 6 // a buffer that the host fills
	typeLow    = 8      // the number of the type, from here on

	headerBytes = 8
	minCell     = 16
)

const (
	reservedBytes = 16
	stackBytes    = 64 << 10
	pageBytes     = 64 << 10
)

// header is the first word of an object.
func header(o *ir.Object) uint32 {
	w := uint32(o.ID+1) << typeLow
	if o.Array {
		w |= flagArray | uint32(log2(o.Elem.Size()))<<shiftLow
		if o.Elem == ir.StoreRef {
			w |= flagRefs
		}
		return w
	}
	if len(refOffsets(o)) > 0 {
		w |= flagRefs
	}
	return w
}

func log2(size int) int {
	n := 0
	for 1<<n < size {
		n++
	}
	return n
}

func alignUp[T int | uint32](n, to T) T { return (n + to - 1) &^ (to - 1) }

// offsets returns where the fields of a struct lie, its size and its alignment.
func offsets(o *ir.Object) (at []uint32, size, align uint32) {
	align = 1
	for _, f := range o.Fields {
		n := uint32(f.Size())
		size = alignUp(size, n)
		at = append(at, size)
		size += n
		align = max(align, n)
	}
	return at, alignUp(size, align), align
}

// refOffsets returns where the references of a struct lie.
func refOffsets(o *ir.Object) []uint32 {
	at, _, _ := offsets(o)
	var refs []uint32
	for i, f := range o.Fields {
		if f.Storage == ir.StoreRef {
			refs = append(refs, at[i])
		}
	}
	return refs
}

// cellBytes is the size of the cell of a struct.
func cellBytes(o *ir.Object) uint32 {
	_, size, _ := offsets(o)
	return max(minCell, headerBytes+alignUp(size, 8))
}
