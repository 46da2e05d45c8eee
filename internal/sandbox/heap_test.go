package sandbox

import (
	"testing"

	"github.com/univrs/vudo/internal/wasm"
)

// The book of vudo_alloc belongs to the instance: a command, and a guest that
// has exited, begin with fresh memory and an empty book.
func TestHeapOfAFreshInstance(t *testing.T) {
	variants(t, func(t *testing.T, cfg EngineConfig) {
		e := newEngine(t, cfg)
		b := wasm.NewBuilder()
		alloc := b.ImportFunc("vudo", "vudo_alloc", wasm.Types(i32), wasm.Types(i32))
		exit := b.ImportFunc("wasi_snapshot_preview1", "proc_exit", wasm.Types(i32), nil)
		b.Memory(1, 100)
		use := func(e *wasm.Emitter) { // a block of 100,000 bytes, the last one of which is written
			e.I32Const(100_000).Call(alloc).I32Const(99_999).Op(wasm.OpI32Add).I32Const(1).Mem(wasm.OpI32Store8, 0, 0)
		}
		b.Func("_start", nil, nil, nil, use)
		b.Func("leave", nil, nil, nil, func(e *wasm.Emitter) { use(e); e.I32Const(0).Call(exit) })
		for _, name := range []string{"_start", "leave"} {
			t.Run(name, func(t *testing.T) {
				s := ready(t, compile(t, e, b), Config{})
				var first Usage
				for i := range 3 {
					_, u, err := s.Call(background, name, nil)
					if err != nil {
						t.Fatalf("call %d: %v", i, err)
					}
					if i == 0 {
						first = u
					}
					if u.MemoryPeak != first.MemoryPeak || u.FuelUsed != first.FuelUsed {
						t.Errorf("call %d: %d bytes and %d fuel, the first %d and %d", i, u.MemoryPeak, u.FuelUsed, first.MemoryPeak, first.FuelUsed)
					}
				}
			})
		}
	})
}
