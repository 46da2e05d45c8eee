package host

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func (w *world) alloc(size uint64) uint64 { return w.raw("vudo_alloc", size) }

func TestAllocAboveHeapBase(t *testing.T) {
	w := newWorld(t, func(c *StateConfig) { c.HeapBase = 1001; c.Grow = nil })
	a, b := w.alloc(1), w.alloc(17)
	if a != 1008 || b != 1024 {
		t.Errorf("first blocks at %d and %d, want 1008 and 1024", a, b)
	}
	if w.alloc(0) != 0 {
		t.Error("a block of no size has an address")
	}
	rest := uint64(wasmPage - 1056)
	if w.alloc(rest+1) != 0 {
		t.Error("a block beyond the memory was given out")
	}
	if c := w.alloc(rest); c != 1056 {
		t.Errorf("the rest is at %d", c)
	}
	if w.alloc(1) != 0 {
		t.Error("a full heap gave a block")
	}
	w.raw("vudo_free", a, 1)
	if got := w.alloc(16); got != a {
		t.Errorf("a freed block is not used again: %d", got)
	}
}

func TestAllocGrowsTheMemory(t *testing.T) {
	w := newWorld(t, nil)
	a := w.alloc(10)
	if a != wasmPage || len(w.g.mem) != 2*wasmPage {
		t.Errorf("block at %d, memory %d", a, len(w.g.mem))
	}
	b := w.alloc(wasmPage)
	if b != wasmPage+16 || len(w.g.mem) != 3*wasmPage {
		t.Errorf("block at %d, memory %d: the free end was not used", b, len(w.g.mem))
	}
	// Pages that the guest grows for itself are not given out.
	w.g.mem = append(w.g.mem, make([]byte, wasmPage)...)
	c := w.alloc(2 * wasmPage)
	if c != 4*wasmPage {
		t.Errorf("block at %d, in the guest's own pages", c)
	}
	// The block before the guest's pages still has its own size.
	d := w.alloc(wasmPage - 32)
	if d != 2*wasmPage+16 {
		t.Fatalf("block at %d", d)
	}
	w.raw("vudo_free", d, wasmPage-32)
	if w.last != Success {
		t.Errorf("freeing it = %s", w.last)
	}
}

func TestFreeRefusesWhatIsNoBlock(t *testing.T) {
	w := newWorld(t, func(c *StateConfig) { c.HeapBase = 1024 })
	a := w.alloc(64)
	for _, bad := range [][2]uint64{{a + 16, 48}, {a, 16}, {a, 128}, {a + 1, 64}, {0xfffffff0, 16}, {16, 16}, {a + 64, 16}} {
		w.raw("vudo_free", bad[0], bad[1])
		if w.last != BadArgument {
			t.Errorf("free(%d, %d) = %s", bad[0], bad[1], w.last)
		}
	}
	if b := w.alloc(16); b != a+64 {
		t.Errorf("a refused free made room: %d", b)
	}
	w.raw("vudo_free", 0, 10) // like free(NULL)
	if w.last != Success {
		t.Errorf("free(0) = %s", w.last)
	}
}

func TestRealloc(t *testing.T) {
	w := newWorld(t, func(c *StateConfig) { c.HeapBase = 1024; c.Grow = nil })
	a := w.raw("vudo_realloc", 0, 0, 20)
	copy(w.g.mem[a:], "twenty bytes of text")
	if b := w.raw("vudo_realloc", a, 20, 100); b != a {
		t.Errorf("with room after it the block moved to %d", b)
	}
	w.alloc(16)
	b := w.raw("vudo_realloc", a, 100, 500)
	if b == a || string(w.g.mem[b:b+20]) != "twenty bytes of text" {
		t.Errorf("the block is at %d with %q", b, w.g.mem[b:b+20])
	}
	if c := w.alloc(100); c != a {
		t.Errorf("the old place is not free: %d", c)
	}
	if c := w.raw("vudo_realloc", b, 500, 10); c != b {
		t.Errorf("a smaller block moved to %d", c)
	}
	if c := w.raw("vudo_realloc", b, 10, 100_000); c != 0 || w.last != LimitHit {
		t.Errorf("beyond the memory = %d, %s", c, w.last)
	}
	if c := w.raw("vudo_realloc", b, 10, 0); c != 0 || w.last != Success {
		t.Errorf("to nothing = %d, %s", c, w.last)
	}
	if w.raw("vudo_free", b, 10); w.last != BadArgument {
		t.Error("it was not freed")
	}
}

// A search is paid for wherever it is made: behind a block that wants to grow
// too, so that no call is long and cheap.
func TestReallocPaysForItsSearch(t *testing.T) {
	w := newWorld(t, func(c *StateConfig) { c.HeapBase = 1024; c.Grow = nil })
	w.g.mem = make([]byte, 64<<20)
	a := w.alloc(16)
	before := w.g.spent
	if b := w.raw("vudo_realloc", a, 16, 1<<30); b != 0 || w.last != LimitHit {
		t.Fatalf("%d %s", b, w.last)
	}
	const search = 64 << 20 / (16 * 64 * 64) // granules, in words, 64 of them for one fuel
	if used := w.g.spent - before; used < baseCall+2*(search-1) || used > baseCall+2*search+2 {
		t.Errorf("%d fuel for two searches of %d each", used, search)
	}
	if b := w.raw("vudo_realloc", a, 16, 32<<20); b != a {
		t.Errorf("with room after it the block moved to %d", b)
	}
}

func TestHeapFollowsRollback(t *testing.T) {
	w := newWorld(t, func(c *StateConfig) { c.HeapBase = 1024; c.Rollback = true })
	w.alloc(16)
	if err := w.commit(); err != nil {
		t.Fatal(err)
	}
	w.Begin(CallIO{})
	first := w.alloc(16)
	w.Rollback()
	w.Begin(CallIO{})
	if again := w.alloc(16); again != first || first != 1040 {
		t.Errorf("after a rollback the block is at %d, before at %d", again, first)
	}
}

// Whatever a guest asks, blocks never overlap, lie inside memory and above the
// base, and the book agrees with a list of blocks.
func TestHeapModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t, func(c *StateConfig) { c.HeapBase = 40_000 })
		if rapid.Bool().Draw(rt, "fixed") {
			w.State.cfg.Grow = nil
		}
		type block struct{ at, size uint64 }
		var live []block
		size := rapid.Uint64Range(1, 6000)
		for range rapid.IntRange(1, 60).Draw(rt, "operations") {
			switch op := rapid.IntRange(0, 5).Draw(rt, "operation"); {
			case op <= 2 || len(live) == 0:
				n := size.Draw(rt, "size")
				if at := w.alloc(n); at != 0 {
					live = append(live, block{at, n})
				}
			case op == 3:
				i := rapid.IntRange(0, len(live)-1).Draw(rt, "block")
				w.raw("vudo_free", live[i].at, live[i].size)
				live = slices.Delete(live, i, i+1)
			case op == 4:
				i, n := rapid.IntRange(0, len(live)-1).Draw(rt, "block"), size.Draw(rt, "size")
				w.g.mem[live[i].at] = 42
				if at := w.raw("vudo_realloc", live[i].at, live[i].size, n); at != 0 {
					if w.g.mem[at] != 42 {
						rt.Fatalf("realloc lost the contents")
					}
					live[i] = block{at, n}
				}
			default: // scribble: the book is out of reach
				for j := 40_000; j < len(w.g.mem); j++ {
					w.g.mem[j] = 0xff
				}
			}
			slices.SortFunc(live, func(a, b block) int { return int(a.at) - int(b.at) })
			end := uint64(40_000)
			for _, b := range live {
				if b.at < end || b.at%granule != 0 {
					rt.Fatalf("block %v begins before %d", b, end)
				}
				if end = b.at + b.size; end > uint64(len(w.g.mem)) {
					rt.Fatalf("block %v ends past the memory of %d", b, len(w.g.mem))
				}
			}
		}
		for _, b := range live {
			w.raw("vudo_free", b.at, b.size)
		}
		for i, word := range w.heap.used {
			if word != 0 || w.heap.first[i] != 0 {
				rt.Fatalf("word %d of the book is %x after all was freed", i, word)
			}
		}
	})
}

// The search for room is part of the price, so that a full heap cannot be
// searched for nothing.
func TestSearchIsCharged(t *testing.T) {
	w := newWorld(t, func(c *StateConfig) { c.HeapBase = 16; c.Grow = nil })
	w.g.mem = make([]byte, 64<<20)
	r := rand.New(rand.NewPCG(1, 2))
	var blocks []uint64
	for range 40_000 {
		blocks = append(blocks, w.alloc(16))
	}
	for _, i := range r.Perm(len(blocks))[:20_000] {
		w.raw("vudo_free", blocks[i], 16)
	}
	w.g.spent = 0
	w.alloc(64 << 20)
	if w.g.spent < baseCall+64*1024/64 {
		t.Errorf("a search of 64 MiB cost %d fuel", w.g.spent)
	}
}
