package fuel

import (
	"errors"
	"strings"
	"testing"

	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/internal/wasm"
)

// TestShapeLimits meets every limit from both sides: n passes, n+1 does not,
// and the error names limit, function, offset and both numbers.
//
// Proves: vm 14.42
func TestShapeLimits(t *testing.T) {
	body := func(locals int, f func(e *wasm.Emitter)) *wasm.Module {
		b := wasm.NewBuilder()
		b.ImportFunc("env", "host", nil, nil)
		b.Func("run", nil, nil, i32s(locals), f)
		m, err := wasm.Decode(b.Bytes(), wasm.DecodeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	nested := func(n int, open func(e *wasm.Emitter)) *wasm.Module {
		return body(0, func(e *wasm.Emitter) {
			for range n {
				open(e)
			}
			for range n {
				e.End()
			}
		})
	}
	tables := func(sizes ...int) *wasm.Module {
		return body(0, func(e *wasm.Emitter) {
			for _, n := range sizes {
				e.Block(wasm.BlockEmpty).I32Const(0).BrTable(make([]uint32, n)...).End()
			}
		})
	}
	repeated := func(n int, f func(b *wasm.Builder, i int)) *wasm.Module {
		b := wasm.NewBuilder()
		for i := range n {
			f(b, i)
		}
		return b.Module()
	}
	for _, x := range []struct {
		limit  string
		max    int
		step   int // how far beyond the limit the failing module lies
		module func(n int) *wasm.Module
	}{
		{"nesting of blocks", MaxNesting, 1, func(n int) *wasm.Module {
			return nested(n, func(e *wasm.Emitter) { e.Block(wasm.BlockEmpty) })
		}},
		{"nesting of loops", MaxLoopNesting, 1, func(n int) *wasm.Module {
			return nested(n, func(e *wasm.Emitter) { e.Loop(wasm.BlockEmpty) })
		}},
		{"nesting of ifs", MaxIfNesting, 1, func(n int) *wasm.Module {
			return nested(n, func(e *wasm.Emitter) { e.I32Const(0).If(wasm.BlockEmpty) })
		}},
		{"blocks, loops and ifs", MaxBlocks, 1, func(n int) *wasm.Module {
			return body(0, func(e *wasm.Emitter) {
				for range n {
					e.Block(wasm.BlockEmpty).End()
				}
			})
		}},
		{"loops x live locals", MaxLoopLocals, 128, func(n int) *wasm.Module {
			return body(128, func(e *wasm.Emitter) { // read behind the loops
				for range n / 128 {
					e.Loop(wasm.BlockEmpty).End()
				}
				for i := range uint32(128) {
					e.LocalGet(i).Op(wasm.OpDrop)
				}
			})
		}},
		{"loops x live locals", MaxLoopLocals, 128, func(n int) *wasm.Module {
			return body(1000, func(e *wasm.Emitter) { // carried by an outer loop
				e.Loop(wasm.BlockEmpty)
				for i := range uint32(n / 128) {
					e.LocalGet(i).LocalSet(i)
				}
				for range 127 {
					e.Loop(wasm.BlockEmpty).End()
				}
				e.Br(0).End()
			})
		}},
		{"loops x live locals", MaxLoopLocals, 128, func(n int) *wasm.Module {
			return body(1000, func(e *wasm.Emitter) { // written on one path only
				for range 128 {
					e.Loop(wasm.BlockEmpty).End()
				}
				for i := range uint32(n / 128) {
					e.Block(wasm.BlockEmpty).I32Const(0).BrIf(0).I32Const(1).LocalSet(i).End()
					e.LocalGet(i).Op(wasm.OpDrop)
				}
			})
		}},
		{"(loops + ifs) x locals", MaxMergeLocals, 1024, func(n int) *wasm.Module {
			return body(1024, func(e *wasm.Emitter) {
				for i := range n / 1024 {
					if i%16 == 0 {
						e.Loop(wasm.BlockEmpty).End()
					} else {
						e.I32Const(0).If(wasm.BlockEmpty).End()
					}
				}
			})
		}},
		{"locals", MaxLocals, 1, func(n int) *wasm.Module { return body(n, func(*wasm.Emitter) {}) }},
		{"parameters of type 0", MaxParams, 1, func(n int) *wasm.Module {
			b := wasm.NewBuilder()
			b.Type(i32s(n), nil)
			return b.Module()
		}},
		{"results of type 0", MaxResults, 1, func(n int) *wasm.Module {
			b := wasm.NewBuilder()
			b.Type(nil, i32s(n))
			return b.Module()
		}},
		{"entries of a br_table", MaxBranchTable, 1, func(n int) *wasm.Module { return tables(n) }},
		{"br_table entries of a function", MaxFuncBranches, 1, func(n int) *wasm.Module {
			return tables(4000, 4000, 4000, 4000, n-16000)
		}},
		{"br_table entries of the module", MaxModuleBranches, 1, func(n int) *wasm.Module {
			return repeated((n+16383)/16384, func(b *wasm.Builder, i int) {
				b.Func("", nil, nil, nil, func(e *wasm.Emitter) {
					for left := min(n-i*16384, 16384); left > 0; left -= 4096 {
						e.Block(wasm.BlockEmpty).I32Const(0).BrTable(make([]uint32, min(left, 4096))...).End()
					}
				})
			})
		}},
		{"body bytes", MaxBody, 1, func(n int) *wasm.Module {
			return body(0, func(e *wasm.Emitter) {
				for range n - 1 {
					e.Op(wasm.OpNop)
				}
			})
		}},
		{"calls x mutable globals", MaxCallGlobals, 4096, func(n int) *wasm.Module {
			b := wasm.NewBuilder()
			b.ImportGlobal("env", "g", wasm.I32, true)
			for range 4095 {
				b.Global(wasm.I32, true, func(e *wasm.Emitter) { e.I32Const(0) })
			}
			b.Func("run", nil, nil, nil, func(e *wasm.Emitter) {
				for range n / 4096 {
					e.Call(0)
				}
			})
			return b.Module()
		}},
		{"loops", MaxLoops, 1, func(n int) *wasm.Module {
			return body(0, func(e *wasm.Emitter) {
				for range n {
					e.Loop(wasm.BlockEmpty).End()
				}
			})
		}},
		{"branches and calls", MaxForks, 1, func(n int) *wasm.Module {
			return body(0, func(e *wasm.Emitter) {
				for i := range n {
					switch i % 3 {
					case 0:
						e.Call(0)
					case 1:
						e.I32Const(0).BrIf(0)
					default:
						e.I32Const(0).OpIdx(wasm.OpMemoryGrow, 0).Op(wasm.OpDrop)
					}
				}
			})
		}},
		{"memory accesses x blocks", MaxAccessBlocks, 2048, func(n int) *wasm.Module {
			return body(0, func(e *wasm.Emitter) {
				for range 2048 {
					e.Block(wasm.BlockEmpty)
				}
				for i := range n / 2048 {
					e.I32Const(0)
					switch i % 3 {
					case 0:
						e.Mem(wasm.OpI32Load, 2, 0).Op(wasm.OpDrop)
					case 1:
						e.I64Const(0).Mem(wasm.OpI64Store32, 2, 0)
					default:
						e.Mem(wasm.OpV128Load64Zero, 3, 0).Op(wasm.OpDrop)
					}
				}
				for range 2048 {
					e.End()
				}
			})
		}},
		{"calls x mutable globals of the module", MaxModuleCallGlobals, 4096, func(n int) *wasm.Module {
			b := wasm.NewBuilder()
			for range 4096 {
				b.Global(wasm.I32, true, func(e *wasm.Emitter) { e.I32Const(0) })
			}
			for left := n / 4096; left > 0; left -= 64 {
				b.Func("", nil, nil, nil, func(e *wasm.Emitter) {
					for range min(left, 64) {
						e.Call(0)
					}
				})
			}
			return b.Module()
		}},
		{"functions", MaxFunctions, 1, func(n int) *wasm.Module {
			return repeated(n, func(b *wasm.Builder, _ int) { b.Func("", nil, nil, nil, func(*wasm.Emitter) {}) })
		}},
		{"imports", MaxImports, 1, func(n int) *wasm.Module {
			return repeated(n, func(b *wasm.Builder, _ int) { b.ImportGlobal("env", "g", wasm.I32, false) })
		}},
		{"exports", MaxExports, 1, func(n int) *wasm.Module {
			m := body(0, func(*wasm.Emitter) {})
			for i := len(m.Exports); i < n; i++ {
				m.Exports = append(m.Exports, wasm.Export{Name: strings.Repeat("x", i%7) + string(rune('a'+i%26)), Kind: wasm.KindFunc})
			}
			return m
		}},
		{"data segments", MaxDataSegments, 1, func(n int) *wasm.Module {
			return repeated(n, func(b *wasm.Builder, _ int) { b.PassiveData(nil) })
		}},
	} {
		if err := (ShapeLimits{}).Check(x.module(x.max)); err != nil {
			t.Errorf("%s, %d: %v", x.limit, x.max, err)
		}
		beyond := x.module(x.max + x.step)
		err := (ShapeLimits{}).Check(beyond)
		var shape *ShapeError
		if !errors.As(err, &shape) || !errors.Is(err, fault.ErrInvalidModule) {
			t.Errorf("%s, %d: %v", x.limit, x.max+x.step, err)
			continue
		}
		if shape.Limit != x.limit || shape.Max != x.max || shape.Got <= x.max || shape.Got > x.max+x.step {
			t.Errorf("%s, %d: %+v", x.limit, x.max+x.step, shape)
		}
		if shape.Func >= 0 && shape.Offset == 0 && beyond.Codes[0].Offset != 0 {
			t.Errorf("%s: no offset in %v", x.limit, err)
		}
		if !strings.Contains(err.Error(), x.limit) {
			t.Errorf("%s: %v", x.limit, err)
		}
		if err := (ShapeLimits{Off: true}).Check(beyond); err != nil {
			t.Errorf("%s, off: %v", x.limit, err)
		}
	}
}

// TestTemporariesAreNotLive: a compiler without an optimiser gives every value
// a local of its own; such locals cost no loop anything.
func TestTemporariesAreNotLive(t *testing.T) {
	b := wasm.NewBuilder()
	b.Func("run", nil, nil, i32s(4000), func(e *wasm.Emitter) {
		for i := range uint32(60) {
			e.Loop(wasm.BlockEmpty)
			for k := range uint32(66) {
				e.I32Const(1).LocalSet(66*i + k).LocalGet(66*i + k).Op(wasm.OpDrop)
			}
			e.End()
		}
	})
	if err := (ShapeLimits{}).Check(b.Module()); err != nil {
		t.Error(err)
	}
}

// TestLiveWorkIsBounded: a function on which the count would take long is
// refused by the simple product.
func TestLiveWorkIsBounded(t *testing.T) {
	b := wasm.NewBuilder()
	b.Func("run", nil, nil, i32s(8000), func(e *wasm.Emitter) {
		for i := range uint32(8000) {
			e.LocalGet(i).Op(wasm.OpDrop)
		}
		for range 10 {
			e.Loop(wasm.BlockEmpty).End()
		}
		e.Block(wasm.BlockEmpty)
		for range 8000 {
			e.I32Const(0).BrIf(0)
		}
		e.End()
	})
	var shape *ShapeError
	if err := (ShapeLimits{}).Check(b.Module()); !errors.As(err, &shape) || shape.Got != 80000 {
		t.Errorf("%v", err)
	}
}

// TestShapeOfBrokenCode: what cannot be read is left to the validator.
func TestShapeOfBrokenCode(t *testing.T) {
	for _, code := range [][]byte{nil, {0xff}, {0x0b, 0x0b, 0x0b}, {0x20, 0x80}, {0x20, 0xff, 0xff, 0xff, 0xff, 0x0f}, {0x05}} {
		m := &wasm.Module{Types: []wasm.FuncType{{}}, Funcs: []uint32{0}, Codes: []wasm.Code{{Body: code}}}
		if err := (ShapeLimits{}).Check(m); err != nil {
			t.Errorf("% x: %v", code, err)
		}
		if _, err := Instrument(m, Config{}); !errors.Is(err, fault.ErrInvalidModule) {
			t.Errorf("% x: %v", code, err)
		}
	}
}
