package sandbox

import (
	"errors"
	"testing"
)

// fakePages is a mapper on the Go heap that counts and may refuse.
type fakePages struct {
	refuse   bool
	mapped   int
	released int
	zeroed   int
	broken   bool
}

func (f *fakePages) reserve(size int) ([]byte, error) {
	if f.refuse {
		return nil, errors.New("no address space")
	}
	f.mapped++
	return make([]byte, size), nil
}

func (f *fakePages) zero(b []byte) error {
	if f.broken {
		return errors.New("no")
	}
	f.zeroed++
	clear(b)
	return nil
}

func (f *fakePages) release([]byte) error { f.released++; return nil }

func TestArena(t *testing.T) {
	for size, want := range map[uint64]int{0: 0, 1: 0, minSlot: 0, minSlot + 1: 1, 2 * minSlot: 1, 1 << 30: 14, maxSlot: 16} {
		if got := classOf(size); got != want {
			t.Errorf("class of %d is %d, want %d", size, got, want)
		}
	}
	sys := &fakePages{}
	a := &arena{sys: sys}
	seen := map[*byte]bool{}
	var slots [][]byte
	for range minChunk / minSlot { // as many as one chunk holds
		b := a.slot(100)
		if len(b) != minSlot || seen[&b[0]] {
			t.Fatal("a slot was handed out twice, or has another size")
		}
		seen[&b[0]] = true
		slots = append(slots, b)
	}
	if sys.mapped != 1 {
		t.Fatalf("%d mappings", sys.mapped)
	}
	sys.refuse = true
	if a.slot(1) != nil || a.slot(maxSlot+1) != nil {
		t.Fatal("address space out of nowhere")
	}
	// A used slot comes back zero, whichever way it was made so.
	sys.refuse = false
	big := a.slot(1 << 20)
	for _, used := range []uint64{1, clearLimit, clearLimit + 1, 1 << 20} {
		for i := range used {
			big[i] = 0xff
		}
		a.free(big, used)
		again := a.slot(1 << 20)
		if &again[0] != &big[0] {
			t.Fatal("not the slot that came back last")
		}
		for i, c := range again[:used] {
			if c != 0 {
				t.Fatalf("byte %d is %d after %d were used", i, c, used)
			}
		}
	}
	if sys.zeroed != 2 {
		t.Errorf("%d remapped", sys.zeroed)
	}
	// What cannot be made zero is never handed out again.
	sys.broken = true
	a.free(big, 1<<20)
	sys.broken = false
	if again := a.slot(1 << 20); &again[0] == &big[0] {
		t.Error("a dirty slot was handed out")
	} else {
		a.free(again, 0)
	}
	// Few free slots keep their pages.
	for _, b := range slots {
		b[0] = 1
		a.free(b, 1)
	}
	if n := len(a.classes[0].resident); n != maxResident {
		t.Errorf("%d free slots keep their pages, want %d", n, maxResident)
	}
	last := a.slot(1)
	a.close()
	if sys.released != 0 || a.slot(1) != nil {
		t.Error("unmapped under a tenant, or open after close")
	}
	a.free(last, 0)
	if sys.released != sys.mapped {
		t.Errorf("%d of %d mappings released", sys.released, sys.mapped)
	}
}

func TestLinear(t *testing.T) {
	for name, a := range map[string]*arena{"arena": {sys: &fakePages{}}, "heap": nil} {
		al := &allocator{arena: a, limit: 3 * pageSize}
		l := al.Allocate(0, 10*pageSize)
		m := l.Reallocate(pageSize)
		m[5] = 7
		if m = l.Reallocate(3 * pageSize); len(m) != 3*pageSize || m[5] != 7 || m[3*pageSize-1] != 0 {
			t.Errorf("%s: growth lost something", name)
		}
		if l.Reallocate(4*pageSize) != nil {
			t.Errorf("%s: grew above its limit", name)
		}
		l.Free()
		l.Free()
	}
	if (&linear{arena: &arena{sys: &fakePages{refuse: true}}, limit: pageSize}).Reallocate(1) != nil {
		t.Error("memory without address space")
	}
}
