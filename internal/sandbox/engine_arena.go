package sandbox

import (
	"math/bits"
	"sync"

	"github.com/tetratelabs/wazero/experimental"
)

// Linear memories live in reserved address space: growth never moves them, an
// untouched page costs nothing, and a closed sandbox's pages go back to the
// system or are zeroed before the next tenant sees them. One mapping holds
// many slots, because the kernel allows about 65,000 mappings per process.
const (
	minSlot = 64 << 10 // one WebAssembly page
	maxSlot = 4 << 30  // a 32-bit memory

	chunkSlots = 64 // slots per mapping, within the bytes below
	minChunk   = 64 << 20
	maxChunk   = 4 << 30

	// clearLimit is the size up to which writing zeros is cheaper than giving
	// the pages back and faulting them in again.
	clearLimit = 128 << 10
	// maxResident bounds the zeroed slots per class that keep their pages.
	maxResident = 256
)

// mapper is what an operating system offers: a range of address space that is
// readable, writable and zero, and its return to that state.
type mapper interface {
	reserve(size int) ([]byte, error)
	zero(b []byte) error
	release(b []byte) error
}

// arena hands out slots of reserved address space, by classes of powers of two.
type arena struct {
	sys     mapper
	mu      sync.Mutex
	classes [17]class // minSlot << 0 … minSlot << 16 = maxSlot
	chunks  [][]byte
	live    int
	closed  bool
}

type class struct {
	resident [][]byte // zero, pages kept
	released [][]byte // zero, no pages
}

func classOf(size uint64) int {
	if size <= minSlot {
		return 0
	}
	return bits.Len64((size - 1) / minSlot)
}

// slot returns zeroed address space of at least size bytes, nil when the
// system has none left.
func (a *arena) slot(size uint64) []byte {
	if size > maxSlot {
		return nil
	}
	k := classOf(size)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return nil
	}
	c := &a.classes[k]
	if n := len(c.resident); n > 0 {
		b := c.resident[n-1]
		c.resident = c.resident[:n-1]
		a.live++
		return b
	}
	if len(c.released) == 0 && !a.extend(k) {
		return nil
	}
	n := len(c.released)
	b := c.released[n-1]
	c.released = c.released[:n-1]
	a.live++
	return b
}

// extend maps one more chunk of class k. The caller holds mu.
func (a *arena) extend(k int) bool {
	size := minSlot << k
	total := min(max(size*chunkSlots, minChunk), maxChunk)
	chunk, err := a.sys.reserve(total)
	if err != nil {
		return false
	}
	a.chunks = append(a.chunks, chunk)
	c := &a.classes[k]
	for end := total; end > 0; end -= size {
		c.released = append(c.released, chunk[end-size:end:end])
	}
	return true
}

// free takes back a slot of which the first used bytes may have been written.
func (a *arena) free(b []byte, used uint64) {
	k := classOf(uint64(len(b)))
	resident := used <= clearLimit
	if resident {
		a.mu.Lock()
		resident = len(a.classes[k].resident) < maxResident
		a.mu.Unlock()
	}
	var lost bool
	if resident {
		clear(b[:used])
	} else if used > 0 {
		lost = a.sys.zero(b[:used]) != nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.live--
	switch {
	case lost: // not zero, so nobody may have it
	case resident:
		a.classes[k].resident = append(a.classes[k].resident, b)
	default:
		a.classes[k].released = append(a.classes[k].released, b)
	}
	a.unmap()
}

// close unmaps everything once the last slot is back.
func (a *arena) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = true
	a.unmap()
}

func (a *arena) unmap() {
	if !a.closed || a.live > 0 {
		return
	}
	for _, c := range a.chunks {
		_ = a.sys.release(c)
	}
	a.chunks, a.classes = nil, [17]class{}
}

// zeroed returns the first used bytes of b to zero in place, for an instance
// that is reset and not closed.
func (a *arena) zeroed(b []byte) error {
	if a == nil || len(b) <= clearLimit {
		clear(b)
		return nil
	}
	return a.sys.zero(b)
}

// allocator gives one sandbox its linear memory, at most limit bytes of it.
type allocator struct {
	arena *arena // nil: the Go heap
	limit uint64
	mem   *linear
}

var _ experimental.MemoryAllocator = (*allocator)(nil)

// Allocate is called by the engine once per instance with a memory.
func (a *allocator) Allocate(_, limit uint64) experimental.LinearMemory {
	a.mem = &linear{arena: a.arena, limit: min(limit, a.limit)}
	return a.mem
}

// linear is one linear memory. The engine calls it on the guest's own stack.
type linear struct {
	arena *arena
	limit uint64
	slot  []byte // the whole reservation
	used  uint64 // the guest's memory: slot[:used]
}

// Reallocate returns the memory at its new size, in the same place when the
// arena holds it, or nil above the limit or when no address space is left.
func (l *linear) Reallocate(size uint64) []byte {
	if size > l.limit {
		return nil
	}
	if l.slot == nil && l.arena != nil {
		if l.slot = l.arena.slot(max(l.limit, minSlot)); l.slot == nil {
			return nil
		}
	}
	if l.arena == nil && size > uint64(len(l.slot)) {
		// Without reservations growth has to copy; doubling keeps that linear.
		next := make([]byte, min(max(size, 2*uint64(len(l.slot))), max(l.limit, minSlot)))
		copy(next, l.slot[:l.used])
		l.slot = next
	}
	l.used = size
	return l.slot[:size:size]
}

// Free returns the address space. The engine calls it when the instance closes.
func (l *linear) Free() {
	if l.slot != nil && l.arena != nil {
		l.arena.free(l.slot, l.used)
	}
	l.slot, l.used = nil, 0
}
