package fuel

import (
	"encoding/binary"
	"sort"
)

// OffsetMap leads from a place in the metered code back to the module as built.
// It is immutable and safe for concurrent use; its size is about two bytes per
// region of the module.
type OffsetMap struct {
	funcs  []funcOffsets // by place in the metered code
	points []byte
}

// funcOffsets is one function: where its body starts in the metered code
// section and in the original file, how long both are, and where its points
// stand in OffsetMap.points.
type funcOffsets struct {
	index          uint32 // original function index
	metered, built uint32
	meteredLen     uint32
	builtLen       uint32
	from, to       uint32
}

// Original is the place in the module as built of the instruction at offset
// code, counted from the first byte of the metered code section's content (the
// offsets that DWARF and the engine use). Func is the function's original
// index, imports counted; Offset counts from the first byte of the original
// file. Code that the pass put in stands for the instruction that follows it.
// It reports false for functions that the pass injected.
func (o *OffsetMap) Original(code uint32) (fn, offset uint32, ok bool) {
	i := sort.Search(len(o.funcs), func(i int) bool { return o.funcs[i].metered > code }) - 1
	if i < 0 {
		return 0, 0, false
	}
	f := &o.funcs[i]
	at := code - f.metered
	if at >= f.meteredLen {
		return 0, 0, false
	}
	var from, old uint64 // the last point at or before the place
	data := o.points[f.from:f.to]
	limit := uint64(f.builtLen)
	for len(data) > 0 {
		d, n := binary.Uvarint(data)
		e, k := binary.Uvarint(data[max(n, 0):])
		if n <= 0 || k <= 0 {
			break
		}
		if from+d > uint64(at) {
			limit = old + e
			break
		}
		from, old, data = from+d, old+e, data[n+k:]
	}
	old = min(old+uint64(at)-from, limit)
	return f.index, f.built + uint32(old), true
}

// offsetRecorder builds an OffsetMap while bodies are written.
type offsetRecorder struct {
	m        OffsetMap
	base     int // of the body in the output
	new, old int // of the last point
}

// begin starts the next function; its body is written at out[base:].
func (r *offsetRecorder) begin(index, built uint32, builtLen, base int) {
	from := uint32(len(r.m.points))
	r.m.funcs = append(r.m.funcs, funcOffsets{index: index, built: built, builtLen: uint32(builtLen), from: from, to: from})
	r.base, r.new, r.old = base, 0, 0
}

// point notes that what is written at out[at:] is the source from old on.
func (r *offsetRecorder) point(at, old int) {
	at -= r.base
	if at-r.new == old-r.old {
		return
	}
	r.m.points = binary.AppendUvarint(r.m.points, uint64(at-r.new))
	r.m.points = binary.AppendUvarint(r.m.points, uint64(old-r.old))
	r.new, r.old = at, old
}

// end closes the function, whose body has n bytes.
func (r *offsetRecorder) end(n int) {
	f := &r.m.funcs[len(r.m.funcs)-1]
	f.to, f.meteredLen = uint32(len(r.m.points)), uint32(n)
}
