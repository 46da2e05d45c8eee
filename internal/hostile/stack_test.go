package hostile

import (
	"time"

	"github.com/univrs/vudo"
	"github.com/univrs/vudo/internal/wasm"
)

// recursion is run calling itself, work before and after the call.
func recursion(params, results, locals []wasm.ValType, before, after func(e *wasm.Emitter)) func(b *wasm.Builder) {
	return func(b *wasm.Builder) {
		f := b.Func("", params, results, locals, nil)
		b.Body(f, func(e *wasm.Emitter) {
			if before != nil {
				before(e)
			}
			for range params {
				e.I32Const(0)
			}
			e.Call(f)
			if after != nil {
				after(e)
			}
		})
		b.Func("run", nil, nil, nil, func(e *wasm.Emitter) {
			for range params {
				e.I32Const(0)
			}
			e.Call(f)
			for range results {
				e.Op(wasm.OpDrop)
			}
		})
	}
}

// descend calls itself $0 times, then does work in each frame on the way back.
func descend(depth int32, work func(e *wasm.Emitter)) func(b *wasm.Builder) {
	return func(b *wasm.Builder) {
		f := b.Func("", i32s(1), nil, i32s(1), nil)
		b.Body(f, func(e *wasm.Emitter) {
			e.LocalGet(0).If(wasm.BlockEmpty).LocalGet(0).I32Const(1).Op(wasm.OpI32Sub).Call(f).End()
			work(e)
		})
		b.Func("run", nil, nil, nil, func(e *wasm.Emitter) { e.I32Const(depth).Call(f) })
	}
}

var stacks = row{attempt: "deep recursion, trees of calls, work while unwinding", shapes: []shape{
	{name: "itself", build: recursion(nil, nil, nil, nil, nil), end: vudo.ErrStackLimit},
	{
		name: "itself, at the greatest limits", build: recursion(nil, nil, nil, nil, nil), end: vudo.ErrStackLimit,
		limits: vudo.Limits{StackDepth: 1 << 20, Fuel: 1 << 40},
	},
	{name: "64 parameters", build: recursion(i32s(64), nil, nil, nil, nil), end: vudo.ErrStackLimit},
	{name: "64 results", build: recursion(nil, i32s(64), nil, nil, nil), end: vudo.ErrStackLimit},
	{name: "2,000 locals", build: recursion(nil, nil, i32s(2000), nil, nil), end: vudo.ErrStackLimit},
	{name: "2,000 vector locals, at the greatest limits", build: func(b *wasm.Builder) {
		recursion(nil, nil, nil, nil, nil)(b)
		b.LocalGroups(0, wasm.LocalGroup{Count: 2000, Type: wasm.V128})
	}, end: vudo.ErrStackLimit, limits: vudo.Limits{StackDepth: 1 << 20, Fuel: 1 << 40}},
	{name: "1,000 operands held across the call", build: recursion(nil, nil, nil,
		func(e *wasm.Emitter) {
			for i := range 1000 {
				e.I32Const(int32(i))
			}
		},
		func(e *wasm.Emitter) {
			for range 1000 {
				e.Op(wasm.OpDrop)
			}
		}), end: vudo.ErrStackLimit},
	{name: "1,000 operands, at the greatest limits", build: recursion(nil, nil, nil,
		func(e *wasm.Emitter) {
			for i := range 1000 {
				e.I64Const(int64(i))
			}
		},
		func(e *wasm.Emitter) {
			for range 1000 {
				e.Op(wasm.OpDrop)
			}
		}), end: vudo.ErrStackLimit, limits: vudo.Limits{StackDepth: 1 << 20, Fuel: 1 << 40}},
	{name: "each other", build: func(b *wasm.Builder) {
		b.Func("run", nil, nil, nil, func(e *wasm.Emitter) { e.Call(1) })
		b.Func("", nil, nil, nil, func(e *wasm.Emitter) { e.Call(2) })
		b.Func("", nil, nil, nil, func(e *wasm.Emitter) { e.Call(0) })
	}, end: vudo.ErrStackLimit},
	{name: "through a table", build: func(b *wasm.Builder) {
		b.Table(wasm.FuncRef, 1, 1)
		b.Elem(0, b.Func("run", nil, nil, nil, func(e *wasm.Emitter) { e.I32Const(0).CallIndirect(0, 0) }))
	}, end: vudo.ErrStackLimit},
	{name: "a chain of 60,000 functions", build: func(b *wasm.Builder) {
		for i := range uint32(60_000) {
			b.Func(map[bool]string{true: "run"}[i == 0], nil, nil, nil, func(e *wasm.Emitter) { e.Call(i + 1) })
		}
		b.Func("", nil, nil, nil, nil)
	}, end: vudo.ErrStackLimit},
	{name: "in the start function", build: func(b *wasm.Builder) {
		recursion(nil, nil, nil, nil, nil)(b)
		b.Start(0)
	}, initial: vudo.ErrStackLimit},
	{name: "a binary tree of calls", build: func(b *wasm.Builder) {
		f := b.Func("", i32s(1), nil, nil, nil)
		b.Body(f, func(e *wasm.Emitter) {
			e.LocalGet(0).If(wasm.BlockEmpty)
			for range 2 {
				e.LocalGet(0).I32Const(1).Op(wasm.OpI32Sub).Call(f)
			}
			e.End()
		})
		b.Func("run", nil, nil, nil, func(e *wasm.Emitter) { e.I32Const(60).Call(f) })
	}, end: vudo.ErrOutOfFuel},
	{name: "a tree without recursion: 30 functions that call the next twice", build: func(b *wasm.Builder) {
		for i := range uint32(60) {
			b.Func(map[bool]string{true: "run"}[i == 0], nil, nil, nil, func(e *wasm.Emitter) { e.Call(i + 1).Call(i + 1) })
		}
		b.Func("", nil, nil, nil, nil)
	}, end: vudo.ErrOutOfFuel},
	{name: "the same tree, by deadline", build: func(b *wasm.Builder) {
		for i := range uint32(60) {
			b.Func(map[bool]string{true: "run"}[i == 0], nil, nil, nil, func(e *wasm.Emitter) { e.Call(i + 1).Call(i + 1) })
		}
		b.Func("", nil, nil, nil, nil)
	}, end: vudo.ErrDeadline, tick: time.Millisecond, limits: vudo.Limits{Fuel: never, Duration: 100 * time.Millisecond}},
	{name: "straight work while unwinding", build: descend(5000, func(e *wasm.Emitter) {
		for range 5000 {
			e.LocalGet(1).I32Const(1).Op(wasm.OpI32Add).LocalSet(1)
		}
	}), end: vudo.ErrOutOfFuel, limits: vudo.Limits{StackDepth: 1 << 20}},
	{name: "loops while unwinding", build: descend(5000, func(e *wasm.Emitter) {
		e.Loop(wasm.BlockEmpty).LocalGet(1).I32Const(1).Op(wasm.OpI32Add).LocalTee(1).I32Const(1_000_000).Op(wasm.OpI32LtU).BrIf(0).End()
	}), end: vudo.ErrOutOfFuel, limits: vudo.Limits{StackDepth: 1 << 20}},
	{name: "work while unwinding, by deadline", build: descend(5000, func(e *wasm.Emitter) {
		e.Loop(wasm.BlockEmpty).LocalGet(1).I32Const(1).Op(wasm.OpI32Add).LocalTee(1).I32Const(1_000_000).Op(wasm.OpI32LtU).BrIf(0).End()
	}), end: vudo.ErrDeadline, tick: time.Millisecond, limits: vudo.Limits{StackDepth: 1 << 20, Fuel: never, Duration: 100 * time.Millisecond}},
}}
