package host

import (
	"math/bits"
	"slices"
)

const (
	wasmPage = 65_536

	// granule is the unit and the alignment of vudo_alloc, bytes.
	granule = 16
)

func heapFuncs() []Func {
	const bounds = "16-byte steps; 1 more fuel per 64 KiB searched"
	return []Func{
		{
			Name: "vudo_alloc", Params: sig(i32), Results: sig(i32), Base: baseCall,
			Success: "address; 0 = full or size 0", Bounds: bounds, Codes: []Code{LimitHit}, result: resultPtr,
			impl: func(s *State, a []uint64) int64 { s.charge(0); return s.alloc(uint64(uint32(a[0]))) },
		},
		{
			Name: "vudo_free", Params: sig(i32, i32), Base: baseCall, Success: "freed",
			Bounds: "what is no block of this size changes nothing", Codes: []Code{BadArgument}, result: resultNone,
			impl: func(s *State, a []uint64) int64 {
				s.charge(0)
				return s.free(uint64(uint32(a[0])), uint64(uint32(a[1])))
			},
		},
		{
			Name: "vudo_realloc", Params: sig(i32, i32, i32), Results: sig(i32), Base: baseCall,
			Success: "address; 0 = full, and the old block stays, or new size 0",
			Bounds:  bounds + "; what is no block of the old size is refused", Codes: []Code{BadArgument, LimitHit}, result: resultPtr,
			impl: func(s *State, a []uint64) int64 {
				s.charge(0)
				return s.realloc(uint64(uint32(a[0])), uint64(uint32(a[1])), uint64(uint32(a[2])))
			},
		},
	}
}

// heap is the book of vudo_alloc. It lives on the host's side, out of the
// guest's reach, in two bits per granule: whatever the guest writes into its
// blocks or past them, the book stays right, and the same calls give the same
// addresses everywhere. It costs one 64th of the memory it speaks of.
//
// Blocks lie between base and the end of the memory that the heap owns: up to
// the size that the memory had at the first call, and what the heap itself
// has grown since. Pages that the guest grew for itself in between are marked
// as taken, so that the two never meet.
type heap struct {
	base  uint32   // first address
	used  []uint64 // bit per granule: part of a block
	first []uint64 // bit per granule: the first of its block
	top   uint64   // granules in the book
	low   uint64   // no granule below it is free
	end   uint64   // size of the memory, bytes, when the book was last brought up to date
	open  bool
}

func (h *heap) clone() heap {
	c := *h
	c.used, c.first = slices.Clone(h.used), slices.Clone(h.first)
	return c
}

func bit(b []uint64, i uint64) bool { return b[i>>6]>>(i&63)&1 != 0 }
func set(b []uint64, i uint64)      { b[i>>6] |= 1 << (i & 63) }
func unset(b []uint64, i uint64)    { b[i>>6] &^= 1 << (i & 63) }

// setAll sets the bits from, to-1 to v, a word at a time.
func setAll(b []uint64, from, to uint64, v bool) {
	for from < to {
		n := min(64-from&63, to-from)
		mask := ^uint64(0) >> (64 - n) << (from & 63)
		if v {
			b[from>>6] |= mask
		} else {
			b[from>>6] &^= mask
		}
		from += n
	}
}

func granules(size uint64) uint64     { return (size + granule - 1) / granule }
func (h *heap) addr(g uint64) uint64  { return uint64(h.base) + g*granule }
func (h *heap) index(a uint64) uint64 { return (a - uint64(h.base)) / granule }

// extend adds the granules up to the memory address end, free or taken.
func (h *heap) extend(end uint64, taken bool) {
	h.end = end
	top := h.top
	if end > uint64(h.base) {
		top = (end - uint64(h.base)) / granule
	}
	words := int((top + 63) / 64)
	h.used = append(h.used, make([]uint64, max(0, words-len(h.used)))...)
	h.first = append(h.first, make([]uint64, max(0, words-len(h.first)))...)
	if taken && top > h.top {
		h.take(h.top, top-h.top)
	}
	h.top = top
}

// start opens the book at the first call of a sandbox.
func (s *State) start() {
	h, size := &s.heap, uint64(len(s.m.Memory()))
	if !h.open {
		h.open = true
		if h.base == 0 {
			h.base = uint32(min(size, 1<<32-granule))
		}
		h.base = min((h.base+granule-1)&^(granule-1), 1<<32-granule)
		h.extend(size, false)
	} else if size > h.end {
		h.extend(size, true)
	}
}

// find returns the lowest run of n free granules, and charges for the search.
func (s *State) find(n uint64) (at uint64, ok bool) {
	h := &s.heap
	run, steps := uint64(0), uint64(0)
	g := h.low
	lowest := true
	for g < h.top {
		steps++
		w := h.used[g>>6] >> (g & 63)
		if w&1 != 0 { // skip the taken ones
			g += min(uint64(bits.TrailingZeros64(^w)), 64-g&63)
			run = 0
			continue
		}
		if lowest {
			h.low, lowest = g, false
		}
		free := min(uint64(bits.TrailingZeros64(w)), 64-g&63, h.top-g)
		if run+free >= n {
			s.pay(steps / 64)
			return g - run, true
		}
		run += free
		g += free
	}
	if lowest {
		h.low = h.top
	}
	s.pay(steps / 64)
	return h.top - run, false
}

// take marks a block.
func (h *heap) take(at, n uint64) {
	set(h.first, at)
	setAll(h.used, at, at+n, true)
}

// length is the size of the block that begins at g, in granules.
func (h *heap) length(g uint64) uint64 {
	end := g + 1
	for end < h.top {
		inside := (h.used[end>>6] &^ h.first[end>>6]) >> (end & 63)
		n := min(uint64(bits.TrailingZeros64(^inside)), 64-end&63)
		if end += n; n < 64-(end-n)&63 {
			break
		}
	}
	return min(end, h.top) - g
}

func (s *State) alloc(size uint64) int64 {
	if size == 0 {
		return 0
	}
	s.start()
	h := &s.heap
	n := granules(size)
	at, ok := s.find(n)
	if !ok {
		// The free run at the end of the book counts, when the memory ends there.
		missing := (at+n)*granule + uint64(h.base) - h.end
		pages := (missing + wasmPage - 1) / wasmPage
		if h.end+pages*wasmPage > 1<<32-wasmPage || s.cfg.Grow == nil || !s.cfg.Grow(uint32(pages)) {
			return int64(LimitHit)
		}
		h.extend(uint64(len(s.m.Memory())), false)
	}
	h.take(at, n)
	return int64(h.addr(at))
}

// block returns the granule of the block at addr when it is one of this size.
func (h *heap) block(addr, size uint64) (at, n uint64, ok bool) {
	if !h.open || addr < uint64(h.base) || (addr-uint64(h.base))%granule != 0 {
		return 0, 0, false
	}
	at = h.index(addr)
	if at >= h.top || !bit(h.first, at) {
		return 0, 0, false
	}
	n = h.length(at)
	return at, n, n == granules(size)
}

func (s *State) free(addr, size uint64) int64 {
	if addr == 0 {
		return 0
	}
	h := &s.heap
	at, n, ok := h.block(addr, size)
	if !ok {
		return int64(BadArgument)
	}
	s.pay(n / 4096)
	unset(h.first, at)
	setAll(h.used, at, at+n, false)
	h.low = min(h.low, at)
	return 0
}

func (s *State) realloc(addr, old, size uint64) int64 {
	switch {
	case addr == 0:
		return s.alloc(size)
	case size == 0:
		return s.free(addr, old)
	}
	s.start()
	h := &s.heap
	at, n, ok := h.block(addr, old)
	if !ok {
		return int64(BadArgument)
	}
	want := granules(size)
	if want <= n {
		if want < n {
			setAll(h.used, at+want, at+n, false)
			h.low = min(h.low, at+want)
		}
		return int64(addr)
	}
	free, steps := uint64(0), uint64(0)
	for g := at + n; g < h.top && n+free < want; g = at + n + free {
		run := min(uint64(bits.TrailingZeros64(h.used[g>>6]>>(g&63))), 64-g&63, h.top-g)
		if run == 0 {
			break
		}
		free += run
		steps++
	}
	s.pay(steps / 64)
	if n+free >= want {
		setAll(h.used, at+n, at+want, true)
		return int64(addr)
	}
	to := s.alloc(size)
	if to < 0 {
		return to
	}
	s.pay(units(int(old)))
	src, _ := s.bytes(addr, old)
	dst, _ := s.bytes(uint64(to), old)
	copy(dst, src)
	s.out = old
	s.free(addr, old)
	return to
}
