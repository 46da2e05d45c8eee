package fuel

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/univrs/vudo/internal/wasm"
)

// straight emits n operators without a branch.
func straight(e *wasm.Emitter, n int) {
	for range n / 4 {
		e.I32Const(1).I32Const(2).Op(wasm.OpI32Add).LocalSet(0)
	}
}

// TestOvershoot runs shapes that charge as much as they can between two looks
// at the counter, with slices of one unit: the debt stays within the constant.
//
// Proves: vm 14.9
func TestOvershoot(t *testing.T) {
	shapes := map[string]func(b *wasm.Builder){
		"straight line": func(b *wasm.Builder) {
			b.Func("run", nil, nil, i32s(1), func(e *wasm.Emitter) { straight(e, 300000) })
		},
		"ladder of blocks": func(b *wasm.Builder) {
			b.Func("run", nil, nil, i32s(1), func(e *wasm.Emitter) {
				for range 200 {
					e.Block(wasm.BlockEmpty).I32Const(0).BrIf(0)
					straight(e, 1000)
					e.End()
				}
			})
		},
		"leaves in a row": func(b *wasm.Builder) {
			leaf := b.Func("", nil, nil, i32s(1), func(e *wasm.Emitter) { straight(e, leafLimit-8) })
			b.Func("run", nil, nil, i32s(1), func(e *wasm.Emitter) {
				for range 100 {
					e.Call(leaf)
				}
			})
		},
		"large leaf behind a path": func(b *wasm.Builder) {
			leaf := b.Func("", nil, nil, i32s(1), func(e *wasm.Emitter) {
				straight(e, segmentLimit-8)
				e.Loop(wasm.BlockEmpty).End()
				straight(e, segmentLimit-8)
			})
			b.Func("run", nil, nil, i32s(1), func(e *wasm.Emitter) {
				for range 10 {
					straight(e, segmentLimit-8)
					e.Call(leaf)
					straight(e, segmentLimit-8)
				}
			})
		},
		"loop with heavy turns": func(b *wasm.Builder) {
			b.Func("run", nil, nil, i32s(2), func(e *wasm.Emitter) {
				e.I32Const(20).LocalSet(1).Loop(wasm.BlockEmpty)
				straight(e, 50000)
				e.LocalGet(1).I32Const(1).Op(wasm.OpI32Sub, wasm.OpLocalTee).U32(1).BrIf(0).End()
			})
		},
		"loop that calls, heavy behind the call": func(b *wasm.Builder) {
			callee := b.Func("", nil, nil, i32s(1), func(e *wasm.Emitter) {
				e.Loop(wasm.BlockEmpty).End()
				straight(e, 16000)
			})
			b.Func("run", nil, nil, i32s(2), func(e *wasm.Emitter) {
				e.I32Const(20).LocalSet(1).Loop(wasm.BlockEmpty)
				straight(e, 16000)
				e.Call(callee)
				straight(e, 16000)
				e.LocalGet(1).I32Const(1).Op(wasm.OpI32Sub, wasm.OpLocalTee).U32(1).BrIf(0).End()
			})
		},
		"unwinding": func(b *wasm.Builder) {
			b.Func("run", nil, nil, i32s(1), func(e *wasm.Emitter) { e.I32Const(200).Call(1) })
			b.Func("", i32s(1), nil, i32s(1), func(e *wasm.Emitter) {
				e.LocalGet(0).If(wasm.BlockEmpty).LocalGet(0).I32Const(1).Op(wasm.OpI32Sub).Call(1).End()
				straight(e, 4000)
			})
		},
		"recursion that a compiler has turned into a loop": func(b *wasm.Builder) {
			b.Func("run", nil, nil, nil, func(e *wasm.Emitter) { e.I32Const(9).Call(1) })
			b.Func("", i32s(1), nil, i32s(1), func(e *wasm.Emitter) {
				e.LocalGet(0).LocalSet(1)
				e.LocalGet(1).If(wasm.BlockEmpty).Loop(wasm.BlockEmpty)
				e.LocalGet(1).I32Const(1).Op(wasm.OpI32Sub).Call(1)
				straight(e, 4000)
				e.LocalGet(1).I32Const(1).Op(wasm.OpI32Sub, wasm.OpLocalTee).U32(1).BrIf(0).End().End()
			})
		},
		"bulk behind a path": func(b *wasm.Builder) {
			b.Memory(64, 64)
			b.Func("run", nil, nil, i32s(1), func(e *wasm.Emitter) {
				for range 5 {
					straight(e, segmentLimit-8)
					e.I32Const(0).I32Const(0).I32Const(4<<20).OpIdx(wasm.OpMemoryFill, 0)
				}
			})
		},
		"tail calls": func(b *wasm.Builder) {
			b.Func("run", nil, nil, i32s(1), func(e *wasm.Emitter) { e.I32Const(50).OpIdx(wasm.OpReturnCall, 1) })
			b.Func("", i32s(1), nil, i32s(1), func(e *wasm.Emitter) {
				e.LocalGet(0).LocalSet(1)
				straight(e, 5000)
				e.LocalGet(1).LocalSet(0)
				e.LocalGet(0).Op(wasm.OpI32Eqz).If(wasm.BlockEmpty).Return().End()
				e.LocalGet(0).I32Const(1).Op(wasm.OpI32Sub).OpIdx(wasm.OpReturnCall, 1)
			})
		},
	}
	for name, build := range shapes {
		b := wasm.NewBuilder()
		build(b)
		n := makeNaive(b.Module())
		out := meter(t, b.Module(), Config{})
		exact := newWorld(t, compilerConfig(), n.bytes, &meterHost{})
		if _, err := exact.mod.ExportedFunction("run").Call(exact.ctx); err != nil {
			t.Fatal(err)
		}
		want := int64(exact.mod.ExportedGlobal(naiveFuel).Get())
		w := newWorld(t, compilerConfig(), out.Bytes, &meterHost{slice: fixedSlice(1)})
		_, used, err := w.call("run")
		if err != nil || used != want {
			t.Errorf("%s: %d fuel, want %d (%v)", name, used, want, err)
		}
		if w.host.lowest < -Overshoot {
			t.Errorf("%s: the counter fell to %d", name, w.host.lowest)
		}
		if used > 4*Overshoot && w.host.hooks < 4 {
			t.Errorf("%s: %d entries into the host for %d fuel", name, w.host.hooks, used)
		}
		t.Logf("%-40s %8d fuel, %5d entries, lowest %d", name, used, w.host.hooks, w.host.lowest)
	}
}

// TestEndlessLoopsStop: whatever the shape of the loop, a spent budget ends it.
//
// Proves: vm 14.9, vm 14.15
func TestEndlessLoopsStop(t *testing.T) {
	shapes := map[string]func(b *wasm.Builder){
		"empty": func(b *wasm.Builder) {
			b.Func("run", nil, nil, nil, func(e *wasm.Emitter) { e.Loop(wasm.BlockEmpty).Br(0).End() })
		},
		"conditional": func(b *wasm.Builder) {
			b.Func("run", nil, nil, nil, func(e *wasm.Emitter) { e.Loop(wasm.BlockEmpty).I32Const(1).BrIf(0).End() })
		},
		"table": func(b *wasm.Builder) {
			b.Func("run", nil, nil, nil, func(e *wasm.Emitter) { e.Loop(wasm.BlockEmpty).I32Const(5).BrTable(0, 0, 0).End() })
		},
		"nested": func(b *wasm.Builder) {
			b.Func("run", nil, nil, nil, func(e *wasm.Emitter) {
				e.Loop(wasm.BlockEmpty).Loop(wasm.BlockEmpty).Block(wasm.BlockEmpty).Br(2).End().End().End()
			})
		},
		"with parameters": func(b *wasm.Builder) {
			t := b.Type(wasm.Types(wasm.I32, wasm.I64), wasm.Types(wasm.F32))
			b.Func("run", nil, nil, nil, func(e *wasm.Emitter) {
				e.I32Const(1).I64Const(2).Loop(wasm.BlockIndex(t)).Br(0).End().Op(wasm.OpDrop)
			})
		},
		"recursion": func(b *wasm.Builder) {
			b.Func("run", nil, nil, nil, func(e *wasm.Emitter) { e.OpIdx(wasm.OpReturnCall, 0) })
		},
		"indirect recursion": func(b *wasm.Builder) {
			b.Table(wasm.FuncRef, 1, 1)
			b.Elem(0, 0)
			b.Func("run", nil, nil, nil, func(e *wasm.Emitter) { e.I32Const(0).OpIdx(wasm.OpReturnCallIndirect, 0, 0) })
		},
		"call of a bounded leaf": func(b *wasm.Builder) {
			b.Func("run", nil, nil, nil, func(e *wasm.Emitter) { e.Loop(wasm.BlockEmpty).Call(1).Br(0).End() })
			b.Func("", nil, nil, nil, func(e *wasm.Emitter) {})
		},
		"call of a leaf with a loop": func(b *wasm.Builder) {
			b.Func("run", nil, nil, nil, func(e *wasm.Emitter) { e.Loop(wasm.BlockEmpty).Call(1).Br(0).End() })
			b.Func("", nil, nil, nil, func(e *wasm.Emitter) { e.Loop(wasm.BlockEmpty).End() })
		},
		"call on one arm": func(b *wasm.Builder) {
			b.Func("run", nil, nil, i32s(1), func(e *wasm.Emitter) {
				e.Loop(wasm.BlockEmpty).LocalGet(0).If(wasm.BlockEmpty).Call(1).End().Br(0).End()
			})
			b.Func("", nil, nil, nil, func(e *wasm.Emitter) { e.Loop(wasm.BlockEmpty).End() })
		},
		"empty bulk": func(b *wasm.Builder) {
			b.Memory(1, 1)
			b.Func("run", nil, nil, nil, func(e *wasm.Emitter) {
				e.Loop(wasm.BlockEmpty).I32Const(0).I32Const(0).I32Const(0).OpIdx(wasm.OpMemoryFill, 0).Br(0).End()
			})
		},
	}
	for name, build := range shapes {
		b := wasm.NewBuilder()
		build(b)
		out := meter(t, b.Module(), Config{})
		var totals []int64
		for range 2 {
			h := &meterHost{slice: fixedSlice(1000), budget: 1000000}
			w := newWorld(t, compilerConfig(), out.Bytes, h)
			_, used, err := w.call("run")
			if err == nil || !strings.Contains(err.Error(), string(errBudget)) {
				t.Fatalf("%s ended with %v", name, err)
			}
			if used < h.budget || used > h.budget+Overshoot {
				t.Errorf("%s stopped at %d of %d fuel", name, used, h.budget)
			}
			totals = append(totals, used)
		}
		if totals[0] != totals[1] {
			t.Errorf("%s stops at %d, then at %d", name, totals[0], totals[1])
		}
	}
}

// TestDepth: recursion of every kind ends at the limit, at the depth that the
// frame units say, and an uncounted chain stays short.
//
// Proves: vm 14.16
func TestDepth(t *testing.T) {
	for _, x := range []struct {
		name     string
		locals   int // i32
		wide     int // v128
		operands int
		units    int64
	}{
		{"small", 0, 0, 0, 2}, // the greatest height is 3: depth, one, sum
		{"locals", 100, 0, 0, 1 + (1+100+3+7)/8},
		{"vectors", 0, 50, 0, 1 + (1+100+3+7)/8},
		{"operands", 0, 0, 1000, 1 + (1+1000+3+7)/8},
	} {
		b := wasm.NewBuilder()
		g := b.Global(wasm.I32, true, func(e *wasm.Emitter) { e.I32Const(0) })
		b.Export("depth", wasm.KindGlobal, g)
		locals := i32s(x.locals)
		for range x.wide {
			locals = append(locals, wasm.V128)
		}
		b.Func("run", i32s(1), i32s(1), locals, func(e *wasm.Emitter) {
			e.GlobalGet(g).I32Const(1).Op(wasm.OpI32Add).GlobalSet(g)
			for i := range x.operands {
				e.GlobalGet(g).I32Const(int32(i)).Op(wasm.OpI32Mul)
			}
			e.LocalGet(0).If(wasm.BlockEmpty).LocalGet(0).I32Const(1).Op(wasm.OpI32Sub).Call(0).GlobalSet(g).End()
			for range x.operands {
				e.GlobalGet(g).Op(wasm.OpI32Add, wasm.OpDrop)
			}
			e.LocalGet(0)
		})
		out := meter(t, b.Module(), Config{})
		if !out.Depth {
			t.Fatalf("%s: no depth counter", x.name)
		}
		const limit = 4096
		for _, cfg := range []string{"compiler", "interpreter"} {
			rc := compilerConfig()
			if cfg == "interpreter" {
				rc = interpreterConfig()
			}
			w := newWorld(t, rc, out.Bytes, &meterHost{slice: fixedSlice(1 << 40)})
			deepest := uint64(limit / x.units) // frames that fit
			if cfg == "interpreter" {
				setDepth(w.mod, limit/4)
				deepest = uint64(limit / 4 / x.units)
			} else {
				setDepth(w.mod, limit)
			}
			if _, _, err := w.call("run", deepest-1); err != nil {
				t.Errorf("%s %s: %d frames: %v", x.name, cfg, deepest, err)
			}
			if left := int64(w.mod.ExportedGlobal(ExportDepth).Get()); left != map[string]int64{"compiler": limit, "interpreter": limit / 4}[cfg] {
				t.Errorf("%s %s: %d units left after the call", x.name, cfg, left)
			}
			if _, _, err := w.call("run", deepest); !errors.Is(err, errOverflow) {
				t.Errorf("%s %s: %d frames: %v", x.name, cfg, deepest+1, err)
			}
		}
	}
}

// TestUncountedChain: outside of cycles frames are counted only where a chain
// would hold more than 4,096 units of uncounted ones.
func TestUncountedChain(t *testing.T) {
	for _, x := range []struct {
		n       int
		counted bool
	}{{2047, false}, {2048, true}} {
		b := wasm.NewBuilder()
		for i := range x.n { // each frame is 2 units, the last function's too
			b.Func(fmt.Sprint("f", i), i32s(1), nil, nil, func(e *wasm.Emitter) {
				if i+1 < x.n {
					e.LocalGet(0).Call(uint32(i + 1))
				} else {
					e.LocalGet(0).Op(wasm.OpDrop)
				}
			})
		}
		b.Func("top", i32s(1), nil, nil, func(e *wasm.Emitter) { e.LocalGet(0).Call(0) })
		out := meter(t, b.Module(), Config{})
		if out.Depth != x.counted {
			t.Errorf("a chain of %d frames of 2 units: counted %v", x.n+1, out.Depth)
		}
	}
	// A call through a table may reach whatever the table can hold.
	for _, inTable := range []bool{false, true} {
		b := wasm.NewBuilder()
		b.Table(wasm.FuncRef, 1, 1)
		b.Func("run", nil, nil, nil, func(e *wasm.Emitter) { e.I32Const(0).CallIndirect(0, 0) })
		if inTable {
			b.Elem(0, 0)
		}
		if out := meter(t, b.Module(), Config{}); out.Depth != inTable {
			t.Errorf("in the table %v: counted %v", inTable, out.Depth)
		}
	}
}
