package codegen_test

import (
	"math/rand/v2"
	"testing"

	"github.com/univrs/vudo/dol/internal/codegen"
	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/dol/internal/ir/irgen"
)

// TestHostileHost passes addresses and lengths that no buffer has, frees what was
// never given out, and passes one buffer twice: calls fail or work on copies, and
// the heap stays whole.
//
// Proves: dol 8.4-c, dol 8.4-d
func TestHostileHost(t *testing.T) {
	m := parse(t, texts)
	for name, gc := range gcs {
		i, parts := open(t, m, codegen.Options{GC: gc, MaxMemoryBytes: 4 << 20})
		seed := rand.Uint64()
		r := rand.New(rand.NewPCG(seed, 1))
		var buffers []uint64
		number := func() uint64 {
			switch r.IntN(5) {
			case 0:
				if len(buffers) > 0 {
					return buffers[r.IntN(len(buffers))] + uint64(r.IntN(3))*4
				}
			case 1:
				return uint64(len(i.Memory()) - r.IntN(16))
			case 2:
				return uint64(r.Uint32())
			case 3:
				return uint64(parts.Heap) + uint64(r.IntN(512))
			}
			return uint64(r.IntN(64))
		}
		works := 0
		for range 3000 {
			switch r.IntN(6) {
			case 0:
				at, err := i.CallRaw("__vudo_alloc", uint64(r.IntN(300)))
				if err != nil || at[0] == 0 {
					t.Fatalf("seed %d, gc %s: no room: %v %v", seed, name, at, err)
				}
				buffers = append(buffers, at[0])
			case 1:
				if _, err := i.CallRaw("__vudo_free", number()); err != nil {
					t.Fatalf("seed %d, gc %s: free: %v", seed, name, err)
				}
				if len(buffers) > 50 {
					for _, b := range buffers {
						if _, err := i.CallRaw("__vudo_free", b); err != nil {
							t.Fatalf("seed %d, gc %s: free: %v", seed, name, err)
						}
					}
					buffers = nil
				}
			case 2:
				b := number()
				if _, err := i.CallRaw("join", b, number()%64, 5, b, number()%64); err == nil {
					works++
				}
			default:
				if _, err := i.CallRaw("twice", number(), number()%512); err == nil {
					works++
				}
			}
		}
		if works == 0 {
			t.Error("no call worked")
		}
		if gc != codegen.GCNone { // where nothing is collected the memory may be used up
			got, err := i.Call("twice", irgen.Arg{Kind: ir.Ref, Bytes: []byte("abc")})
			if err != nil || got != `"abcabc"` {
				t.Errorf("seed %d, gc %s: %s %v", seed, name, got, err)
			}
		}
		if _, err := checkHeap(m, parts, i); err != nil {
			t.Errorf("seed %d, gc %s: %v", seed, name, err)
		}
		// More than there is, and the greatest size.
		for _, n := range []uint64{5 << 20, 1<<32 - 1, 1<<32 - 16} {
			if at, err := i.CallRaw("__vudo_alloc", n); err != nil || at[0] != 0 {
				t.Errorf("gc %s: room for %d bytes: %v %v", name, n, at, err)
			}
		}
	}
}
