package codegen_test

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/univrs/vudo/dol/internal/codegen"
	"github.com/univrs/vudo/dol/internal/codegen/codegentest"
	"github.com/univrs/vudo/dol/internal/ir"
)

// heap looks at the memory of a module from outside.
type heap struct {
	m     *ir.Module
	parts codegen.Parts
	i     *codegentest.Instance
	mem   []byte

	cells []uint32          // size of each object's cell, by an eighth of the payload's address
	free  map[uint32]uint32 // size of each free cell, by cell; no more once found on a list
	live  int               // bytes of the cells that the globals lead to
	total int               // bytes of the heap
}

func (h *heap) word(at uint32) uint32 { return binary.LittleEndian.Uint32(h.mem[at:]) }

func (h *heap) global(name string) uint32 {
	v, _ := h.i.Global(name)
	return uint32(v)
}

// checkHeap checks the heap of a module that is not running: the cells tile it, each
// free one is on its list and nowhere else, no mark is left, and what the globals
// lead to is whole.
func checkHeap(m *ir.Module, parts codegen.Parts, i *codegentest.Instance) (*heap, error) {
	h := &heap{m: m, parts: parts, i: i, mem: i.Memory(), free: map[uint32]uint32{}}
	if _, ok := i.Global("heap.chunks"); !ok {
		return h, nil // nothing allocates
	}
	h.cells = make([]uint32, len(h.mem)/8+1)
	if err := h.walk(); err != nil {
		return h, err
	}
	if err := h.lists(); err != nil {
		return h, err
	}
	return h, h.reach()
}

func (h *heap) walk() error {
	cur, lim := h.global("heap.cur"), h.global("heap.lim")
	for chunk := h.global("heap.chunks"); chunk != 0; chunk = h.word(chunk) {
		end := h.word(chunk + 4)
		h.total += int(end - chunk)
		if end > uint32(len(h.mem)) || end < chunk {
			return fmt.Errorf("chunk %#x to %#x, memory %#x", chunk, end, len(h.mem))
		}
		at := chunk + codegen.ChunkHead
		for at < end {
			if at == cur && cur != lim {
				at = lim
				continue
			}
			head, size := h.word(at), h.word(at+4)
			if head&codegen.FlagFree != 0 {
				if head != codegen.FlagFree {
					return fmt.Errorf("free cell %#x has header %#x", at, head)
				}
				if size >= 16 {
					h.free[at] = size
				}
			} else {
				var err error
				if size, err = h.object(at, head, size); err != nil {
					return err
				}
				h.cells[(at+8)/8] = size
			}
			if size == 0 || size%8 != 0 || at+size < at {
				return fmt.Errorf("cell %#x has %d bytes", at, size)
			}
			at += size
		}
		if at != end {
			return fmt.Errorf("the last cell of chunk %#x ends at %#x, the chunk at %#x", chunk, at, end)
		}
	}
	return nil
}

// object checks a header and returns the size of the cell.
func (h *heap) object(at, head, size uint32) (uint32, error) {
	if head&codegen.FlagMark != 0 {
		return 0, fmt.Errorf("object %#x is marked", at)
	}
	id := int(head>>codegen.TypeLow) - 1
	if id < 0 || id >= len(h.m.Objects) {
		return 0, fmt.Errorf("object %#x has header %#x", at, head)
	}
	o := h.m.Objects[id]
	n := size << (head >> codegen.ShiftLow & 3)
	if !o.Array {
		if cell := codegen.CellBytes(o); n+8 != cell {
			return 0, fmt.Errorf("%s %#x has %d bytes in a cell of %d", o.Name, at, n, cell)
		}
		return n + 8, nil
	}
	if size<<(head>>codegen.ShiftLow&3) != size*uint32(o.Elem.Size()) {
		return 0, fmt.Errorf("array %#x of %s has header %#x", at, o.Name, head)
	}
	return max(16, (n+15)&^7), nil
}

func (h *heap) lists() error {
	for l := range uint32(codegen.FreeLists) {
		for c := h.word(h.parts.Free + 4*l); c != 0; c = h.word(c + 8) {
			size, ok := h.free[c]
			if !ok {
				return fmt.Errorf("list %d has %#x, which is no free cell or on a list already", l, c)
			}
			delete(h.free, c)
			want := size / 8
			if size > codegen.SmallCell {
				want = codegen.SmallCell/8 + 1 + uint32(bits.Len32(size)) - 9
			}
			if want != l {
				return fmt.Errorf("free cell %#x of %d bytes is on list %d, not %d", c, size, l, want)
			}
		}
	}
	for c := range h.free {
		return fmt.Errorf("free cell %#x is on no list", c)
	}
	return nil
}

// reach follows the globals.
func (h *heap) reach() error {
	seen := make([]bool, len(h.cells))
	var work []uint32
	offsets := map[*ir.Object][]uint32{}
	for _, o := range h.m.Objects {
		offsets[o] = codegen.RefOffsets(o)
	}
	add := func(from string, x uint32) error {
		switch {
		case x < h.parts.Heap:
			return nil
		case x%8 != 0 || int(x) >= len(h.mem) || h.cells[x/8] == 0:
			return fmt.Errorf("%s refers to %#x, which is no object", from, x)
		}
		if seen[x/8] {
			return nil
		}
		seen[x/8] = true
		h.live += int(h.cells[x/8])
		work = append(work, x)
		return nil
	}
	for _, g := range h.m.Globals {
		if err := add("global "+g.Name, h.global(codegen.RefName(g))); g.Kind == ir.Ref && err != nil {
			return err
		}
	}
	for len(work) > 0 {
		x := work[len(work)-1]
		work = work[:len(work)-1]
		o := h.m.Objects[h.word(x-8)>>codegen.TypeLow-1]
		at := offsets[o]
		if o.Array && o.Elem == ir.StoreRef {
			at = make([]uint32, 0, h.word(x-4))
			for n := range h.word(x - 4) {
				at = append(at, 4*n)
			}
		}
		for _, f := range at {
			if err := add(o.Name, h.word(x+f)); err != nil {
				return fmt.Errorf("%#x+%d: %w", x, f, err)
			}
		}
	}
	return nil
}
