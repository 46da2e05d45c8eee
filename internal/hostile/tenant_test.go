package hostile

import (
	"context"
	"errors"
	"testing"

	"github.com/univrs/vudo"
	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/spirit"
)

// earlier is a Spirit whose calls each begin in a fresh instance: leave puts
// something somewhere, look returns how much of it is still there.
type earlier struct {
	name  string
	build func(b *wasm.Builder) // exports leave () -> () and look () -> i32
	leave error                 // how leave ends
}

// lookThrough adds up all bytes of the memory, to its end.
func lookThrough(b *wasm.Builder) {
	b.Func("look", nil, wasm.Types(wasm.I32), i32s(2), func(e *wasm.Emitter) {
		e.Loop(wasm.BlockEmpty)
		e.LocalGet(1).LocalGet(0).Mem(wasm.OpI32Load8U, 0, 0).Op(wasm.OpI32Add).LocalSet(1)
		e.LocalGet(0).I32Const(1).Op(wasm.OpI32Add).LocalTee(0).OpIdx(wasm.OpMemorySize, 0).I32Const(16).Op(wasm.OpI32Shl, wasm.OpI32LtU).BrIf(0).End()
		e.LocalGet(1)
	})
}

func fillAll(e *wasm.Emitter, pages int32) {
	e.I32Const(0).I32Const(0x5e).I32Const(pages*65536).OpIdx(wasm.OpMemoryFill, 0)
}

var tenants = []earlier{
	{name: "bytes in its memory", build: func(b *wasm.Builder) {
		b.Memory(4, 4)
		b.Func("leave", nil, nil, nil, func(e *wasm.Emitter) { fillAll(e, 4) })
		lookThrough(b)
	}},
	{name: "bytes in memory that it grew", build: func(b *wasm.Builder) {
		b.Memory(1, 8)
		b.Func("leave", nil, nil, nil, func(e *wasm.Emitter) {
			e.I32Const(7).OpIdx(wasm.OpMemoryGrow, 0).Op(wasm.OpDrop)
			fillAll(e, 8)
		})
		b.Func("look", nil, wasm.Types(wasm.I32), i32s(2), func(e *wasm.Emitter) {
			// As it begins it has one page; the others must be clean when they come back.
			e.OpIdx(wasm.OpMemorySize, 0).I32Const(1).Op(wasm.OpI32Ne).If(wasm.BlockEmpty).I32Const(1).Return().End()
			e.I32Const(7).OpIdx(wasm.OpMemoryGrow, 0).Op(wasm.OpDrop)
			e.Loop(wasm.BlockEmpty)
			e.LocalGet(1).LocalGet(0).Mem(wasm.OpI32Load, 2, 0).Op(wasm.OpI32Or).LocalSet(1)
			e.LocalGet(0).I32Const(4).Op(wasm.OpI32Add).LocalTee(0).I32Const(8 << 16).Op(wasm.OpI32LtU).BrIf(0).End()
			e.LocalGet(1)
		})
	}},
	{name: "bytes over its data segment", build: func(b *wasm.Builder) {
		b.Memory(1, 1)
		b.Data(100, []byte{0})
		b.Func("leave", nil, nil, nil, func(e *wasm.Emitter) { e.I32Const(100).I32Const(77).Mem(wasm.OpI32Store8, 0, 0) })
		b.Func("look", nil, wasm.Types(wasm.I32), nil, func(e *wasm.Emitter) { e.I32Const(100).Mem(wasm.OpI32Load8U, 0, 0) })
	}},
	{name: "numbers in its globals", build: func(b *wasm.Builder) {
		for range 3 {
			b.Global(wasm.I32, true, func(e *wasm.Emitter) { e.I32Const(0) })
		}
		b.Func("leave", nil, nil, nil, func(e *wasm.Emitter) {
			for i := range uint32(3) {
				e.I32Const(99).GlobalSet(i)
			}
		})
		b.Func("look", nil, wasm.Types(wasm.I32), nil, func(e *wasm.Emitter) {
			e.GlobalGet(0).GlobalGet(1).Op(wasm.OpI32Or).GlobalGet(2).Op(wasm.OpI32Or)
		})
	}},
	{name: "functions in its table", build: func(b *wasm.Builder) {
		b.Table(wasm.FuncRef, 4, 4)
		f := b.Func("leave", nil, nil, nil, nil)
		b.DeclareElem(f)
		b.Body(f, func(e *wasm.Emitter) { e.I32Const(2).OpIdx(wasm.OpRefFunc, f).OpIdx(wasm.OpTableSet, 0) })
		b.Func("look", nil, wasm.Types(wasm.I32), nil, func(e *wasm.Emitter) {
			e.I32Const(2).OpIdx(wasm.OpTableGet, 0).Op(wasm.OpRefIsNull, wasm.OpI32Eqz)
		})
	}},
	{name: "a table that it grew", build: func(b *wasm.Builder) {
		b.Table(wasm.ExternRef, 0, 100)
		b.Func("leave", nil, nil, nil, func(e *wasm.Emitter) {
			e.RefNull(wasm.ExternRef).I32Const(50).OpIdx(wasm.OpTableGrow, 0).Op(wasm.OpDrop)
		})
		b.Func("look", nil, wasm.Types(wasm.I32), nil, func(e *wasm.Emitter) { e.OpIdx(wasm.OpTableSize, 0) })
	}},
	{name: "a segment that it dropped", build: func(b *wasm.Builder) {
		b.Memory(1, 1)
		d := b.PassiveData([]byte{1, 2, 3})
		b.Func("leave", nil, nil, nil, func(e *wasm.Emitter) { e.OpIdx(wasm.OpDataDrop, d) })
		b.Func("look", nil, wasm.Types(wasm.I32), nil, func(e *wasm.Emitter) { // 6 when all is there
			e.I32Const(0).I32Const(0).I32Const(3).OpIdx(wasm.OpMemoryInit, d, 0)
			for i := range uint32(3) {
				e.I32Const(0).Mem(wasm.OpI32Load8U, 0, i)
			}
			e.Op(wasm.OpI32Add, wasm.OpI32Add).I32Const(6).Op(wasm.OpI32Sub)
		})
	}},
	{name: "blocks that the host allocated for it", build: func(b *wasm.Builder) {
		alloc := b.ImportFunc("vudo", "vudo_alloc", i32s(1), wasm.Types(wasm.I32))
		b.Memory(1, 4)
		b.Export("memory", wasm.KindMemory, 0)
		first := func(e *wasm.Emitter) { e.I32Const(1000).Call(alloc) }
		b.Func("leave", nil, nil, nil, func(e *wasm.Emitter) {
			for range 10 {
				first(e)
				e.Op(wasm.OpDrop)
			}
			e.I32Const(65536).I32Const(-1).Mem(wasm.OpI32Store, 2, 0)
		})
		b.Func("look", nil, wasm.Types(wasm.I32), nil, func(e *wasm.Emitter) { // the first block is where it was for the first tenant, and clean
			first(e)
			e.Mem(wasm.OpI32Load, 2, 0)
		})
	}},
	{name: "bytes, and then it trapped", build: func(b *wasm.Builder) {
		b.Memory(4, 4)
		b.Func("leave", nil, nil, nil, func(e *wasm.Emitter) { fillAll(e, 4); e.Op(wasm.OpUnreachable) })
		lookThrough(b)
	}, leave: vudo.ErrTrap},
	{name: "bytes, and then it ran out of fuel", build: func(b *wasm.Builder) {
		b.Memory(4, 4)
		b.Func("leave", nil, nil, nil, func(e *wasm.Emitter) { fillAll(e, 4); e.Loop(wasm.BlockEmpty).Br(0).End() })
		lookThrough(b)
	}, leave: vudo.ErrOutOfFuel},
	{name: "bytes, and then its stack was full", build: func(b *wasm.Builder) {
		b.Memory(4, 4)
		b.Func("leave", nil, nil, nil, func(e *wasm.Emitter) { fillAll(e, 4); e.Call(1) })
		b.Func("", nil, nil, nil, func(e *wasm.Emitter) { e.Call(1) })
		lookThrough(b)
	}, leave: vudo.ErrStackLimit},
}

// leftovers is the row of the table.
var leftovers = func() row {
	r := row{attempt: "data of an earlier tenant in pooled memory"}
	for _, x := range tenants {
		r.shapes = append(r.shapes, shape{name: x.name, run: x.try})
	}
	r.shapes = append(r.shapes, shape{name: "bytes in memory that another Spirit gets next", run: anotherSpirit})
	return r
}()

var roomy = vudo.SandboxConfig{Limits: vudo.Limits{Fuel: 50_000_000, MemoryBytes: 8 << 20}}

func (w *world) load(build func(b *wasm.Builder)) *vudo.Spirit {
	w.t.Helper()
	b := wasm.NewBuilder()
	build(b)
	pkg, err := spirit.FromModule([]byte(manifest), b.Bytes())
	if err != nil {
		w.t.Fatal(err)
	}
	s, err := w.rt.Load(w.t.Context(), pkg)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = s.Close(context.Background()) })
	return s
}

// try calls look, leave and look again, many times over, through the pool and
// in sandboxes of their own: look must find nothing, for the same fuel.
func (x earlier) try(t *testing.T) {
	w := newWorld(t, 0)
	s := w.load(x.build)
	var fuel uint64
	look := func(when string) {
		t.Helper()
		r, err := s.CallValues(t.Context(), "look", nil, roomy)
		if err != nil || r.Values[0].Bits != 0 {
			t.Fatalf("%s: look finds %v, %v", when, r.Values, err)
		}
		if fuel == 0 {
			fuel = r.Receipt.FuelUsed
		} else if r.Receipt.FuelUsed != fuel {
			t.Errorf("%s: look costs %d fuel, before %d", when, r.Receipt.FuelUsed, fuel)
		}
	}
	look("before")
	for range 5 {
		if _, err := s.CallValues(t.Context(), "leave", nil, roomy); !errors.Is(err, x.leave) || x.leave == nil && err != nil {
			t.Fatalf("leave ends with %v, want %v", err, x.leave)
		}
		look("after a pooled call")

		sb, err := s.NewSandbox(t.Context(), roomy)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := sb.CallValues(t.Context(), "leave"); !errors.Is(err, x.leave) || x.leave == nil && err != nil {
			t.Fatalf("leave ends with %v, want %v", err, x.leave)
		}
		if err := sb.Terminate(t.Context()); err != nil {
			t.Fatal(err)
		}
		look("after a sandbox was terminated")
	}
	w.alive()
}

// anotherSpirit fills all that it may have; Spirits of other sizes that come
// after it must find their memory clean, up to the last page that they can get.
func anotherSpirit(t *testing.T) {
	w := newWorld(t, 0)
	first := w.load(func(b *wasm.Builder) {
		b.Memory(64, 128)
		b.Func("run", nil, nil, nil, func(e *wasm.Emitter) {
			e.I32Const(64).OpIdx(wasm.OpMemoryGrow, 0).Op(wasm.OpDrop)
			fillAll(e, 128)
		})
	})
	for i, pages := range []uint32{1, 3, 64, 100} {
		for range 4 {
			if _, err := first.CallValues(t.Context(), "run", nil, roomy); err != nil {
				t.Fatal(err)
			}
		}
		second := w.load(func(b *wasm.Builder) {
			b.Memory(pages, 128)
			b.Global(wasm.I32, false, func(e *wasm.Emitter) { e.I32Const(int32(i)) })
			b.Func("look", nil, wasm.Types(wasm.I32), i32s(2), func(e *wasm.Emitter) {
				e.I32Const(128-int32(pages)).OpIdx(wasm.OpMemoryGrow, 0).Op(wasm.OpDrop)
				e.Loop(wasm.BlockEmpty)
				e.LocalGet(1).LocalGet(0).Mem(wasm.OpI32Load, 2, 0).Op(wasm.OpI32Or).LocalSet(1)
				e.LocalGet(0).I32Const(4).Op(wasm.OpI32Add).LocalTee(0).I32Const(128 << 16).Op(wasm.OpI32LtU).BrIf(0).End()
				e.LocalGet(1)
			})
		})
		for range 4 {
			r, err := second.CallValues(t.Context(), "look", nil, roomy)
			if err != nil || r.Values[0].Bits != 0 {
				t.Fatalf("with %d pages it finds %v, %v", pages, r.Values, err)
			}
		}
	}
	w.alive()
}
