package hostile

import (
	"math"
	"time"

	"github.com/univrs/vudo"
	"github.com/univrs/vudo/internal/wasm"
)

// endless are the bodies of functions that never return, with what they need
// around them. Function 0 is the loop itself, exported as run.
var endless = []struct {
	name  string
	build func(b *wasm.Builder)
}{
	{"br", body(func(e *wasm.Emitter) { e.Loop(wasm.BlockEmpty).Br(0).End() })},
	{"br_if", body(func(e *wasm.Emitter) { e.Loop(wasm.BlockEmpty).I32Const(1).BrIf(0).End() })},
	{"br_table", body(func(e *wasm.Emitter) { e.Loop(wasm.BlockEmpty).I32Const(7).BrTable(0, 0, 0, 0).End() })},
	{"free operators only", body(func(e *wasm.Emitter) {
		e.Loop(wasm.BlockEmpty).Block(wasm.BlockEmpty).Op(wasm.OpNop, wasm.OpNop).End().Op(wasm.OpNop).Br(0).End()
	})},
	{"from an inner block", body(func(e *wasm.Emitter) {
		e.Loop(wasm.BlockEmpty).Block(wasm.BlockEmpty).Block(wasm.BlockEmpty).Br(2).End().End().End()
	})},
	{"two loops that enter each other", body(func(e *wasm.Emitter) {
		e.Loop(wasm.BlockEmpty).Loop(wasm.BlockEmpty).I32Const(0).BrIf(0).Br(1).End().End()
	})},
	{"twenty nested loops", body(func(e *wasm.Emitter) {
		for range 20 {
			e.Loop(wasm.BlockEmpty)
		}
		for range 20 {
			e.I32Const(1).BrIf(0).End()
		}
	})},
	{"in the arms of an if", body(func(e *wasm.Emitter) {
		e.I32Const(1).If(wasm.BlockEmpty).Loop(wasm.BlockEmpty).Br(0).End().Else().Loop(wasm.BlockEmpty).Br(0).End().End()
	})},
	{"with values on the stack", func(b *wasm.Builder) {
		typ := b.Type(i32s(3), i32s(3))
		b.Func("run", nil, nil, nil, func(e *wasm.Emitter) {
			e.I32Const(1).I32Const(2).I32Const(3).Loop(wasm.BlockIndex(typ)).Br(0).End().Op(wasm.OpDrop, wasm.OpDrop, wasm.OpDrop)
		})
	}},
	{"irreducible by br_table", body(func(e *wasm.Emitter) {
		e.Loop(wasm.BlockEmpty).Block(wasm.BlockEmpty).Block(wasm.BlockEmpty).I32Const(0).BrTable(0, 1, 2).End().Br(1).End().Br(0).End()
	})},
	{"long straight body", func(b *wasm.Builder) {
		b.Func("run", nil, nil, wasm.Types(wasm.I64), func(e *wasm.Emitter) {
			e.Loop(wasm.BlockEmpty)
			for range 20_000 {
				e.LocalGet(0).I64Const(3).Op(wasm.OpI64Mul).LocalSet(0)
			}
			e.Br(0).End()
		})
	}},
	{"tail call to itself", func(b *wasm.Builder) {
		b.Func("run", nil, nil, nil, func(e *wasm.Emitter) { e.OpIdx(wasm.OpReturnCall, 0) })
	}},
	{"tail calls in a ring of three", func(b *wasm.Builder) {
		b.Func("run", nil, nil, nil, func(e *wasm.Emitter) { e.OpIdx(wasm.OpReturnCall, 1) })
		b.Func("", nil, nil, nil, func(e *wasm.Emitter) { e.OpIdx(wasm.OpReturnCall, 2) })
		b.Func("", nil, nil, nil, func(e *wasm.Emitter) { e.OpIdx(wasm.OpReturnCall, 0) })
	}},
	{"indirect tail call to itself", func(b *wasm.Builder) {
		b.Table(wasm.FuncRef, 1, 1)
		f := b.Func("run", nil, nil, nil, func(e *wasm.Emitter) { e.I32Const(0).OpIdx(wasm.OpReturnCallIndirect, 0, 0) })
		b.Elem(0, f)
	}},
	{"calls to an empty function", func(b *wasm.Builder) {
		b.Func("run", nil, nil, nil, func(e *wasm.Emitter) { e.Loop(wasm.BlockEmpty).Call(1).Br(0).End() })
		b.Func("", nil, nil, nil, nil)
	}},
	{"indirect calls to an empty function", func(b *wasm.Builder) {
		b.Table(wasm.FuncRef, 1, 1)
		b.Func("run", nil, nil, nil, func(e *wasm.Emitter) { e.Loop(wasm.BlockEmpty).I32Const(0).CallIndirect(0, 0).Br(0).End() })
		b.Elem(0, b.Func("", nil, nil, nil, nil))
	}},
	{"calls of the host", func(b *wasm.Builder) {
		f := b.ImportFunc("vudo", "host_abi_version", nil, wasm.Types(wasm.I32))
		b.Func("run", nil, nil, nil, func(e *wasm.Emitter) { e.Loop(wasm.BlockEmpty).Call(f).Op(wasm.OpDrop).Br(0).End() })
	}},
	{"refused growth", func(b *wasm.Builder) {
		b.Memory(1, 1)
		b.Func("run", nil, nil, nil, func(e *wasm.Emitter) {
			e.Loop(wasm.BlockEmpty).I32Const(1).OpIdx(wasm.OpMemoryGrow, 0).Op(wasm.OpDrop).Br(0).End()
		})
	}},
	{"vector arithmetic", func(b *wasm.Builder) {
		b.Func("run", nil, nil, wasm.Types(wasm.V128), func(e *wasm.Emitter) {
			e.Loop(wasm.BlockEmpty).LocalGet(0).LocalGet(0).Op(wasm.OpI64x2Mul).LocalSet(0).Br(0).End()
		})
	}},
}

func body(f func(e *wasm.Emitter)) func(b *wasm.Builder) {
	return func(b *wasm.Builder) { b.Func("run", nil, nil, nil, f) }
}

// never is fuel that does not run out in a test.
const never = math.MaxInt64 - 1<<32

// Every endless body ends by fuel and, on a clock that moves a millisecond at
// each hook, by deadline; as a call, in the start function and in _initialize.
var loops = func() row {
	r := row{attempt: "a loop without end, in start code too"}
	for _, x := range endless {
		r.shapes = append(r.shapes,
			shape{name: x.name + ", by fuel", build: x.build, end: vudo.ErrOutOfFuel},
			shape{
				name: x.name + ", by deadline", build: x.build, tick: time.Millisecond,
				limits: vudo.Limits{Fuel: never, Duration: 100 * time.Millisecond}, end: vudo.ErrDeadline,
			})
	}
	for _, x := range endless[:6] {
		start := func(b *wasm.Builder) { x.build(b); b.Start(0) }
		initialize := func(b *wasm.Builder) {
			x.build(b)
			b.Export("_initialize", wasm.KindFunc, 0)
			b.Memory(1, 1)
			b.Export("memory", wasm.KindMemory, 0)
		}
		r.shapes = append(r.shapes,
			shape{name: x.name + " in the start function, by fuel", build: start, initial: vudo.ErrOutOfFuel},
			shape{
				name: x.name + " in the start function, by deadline", build: start, initial: vudo.ErrDeadline, tick: time.Millisecond,
				limits: vudo.Limits{Fuel: never, Duration: 100 * time.Millisecond},
			},
			shape{name: x.name + " in _initialize, by fuel", build: initialize, initial: vudo.ErrOutOfFuel})
	}
	return r
}()
