package hostile

import (
	"testing"
	"time"

	"github.com/univrs/vudo"
	"github.com/univrs/vudo/internal/wasm"
)

// growUntilRefused calls grow until it answers -1 and returns how often it did not.
func growUntilRefused(e *wasm.Emitter, grow func(), each func()) {
	e.Block(wasm.BlockEmpty).Loop(wasm.BlockEmpty)
	grow()
	e.I32Const(-1).Op(wasm.OpI32Eq).BrIf(1)
	each()
	e.LocalGet(0).I32Const(1).Op(wasm.OpI32Add).LocalSet(0).Br(0).End().End().LocalGet(0)
}

var memories = row{attempt: "4 GiB of memory, growing in a loop, huge tables", shapes: []shape{
	{
		name: "4 GiB declared", build: func(b *wasm.Builder) { b.Memory(65536, -1); b.Func("run", nil, nil, nil, nil) },
		initial: vudo.ErrMemoryLimit,
	},
	{
		name: "a page above the limit", build: func(b *wasm.Builder) { b.Memory(129, -1); b.Func("run", nil, nil, nil, nil) },
		initial: vudo.ErrMemoryLimit,
	},
	{name: "the limit itself", build: func(b *wasm.Builder) {
		b.Memory(128, 65536)
		b.Func("run", nil, wasm.Types(wasm.I32), nil, func(e *wasm.Emitter) { e.I32Const(1).OpIdx(wasm.OpMemoryGrow, 0) })
	}, result: number(-1)},
	{name: "grown page by page, each touched", build: func(b *wasm.Builder) {
		b.Memory(0, -1)
		b.Func("run", nil, wasm.Types(wasm.I32), i32s(1), func(e *wasm.Emitter) {
			growUntilRefused(e, func() { e.I32Const(1).OpIdx(wasm.OpMemoryGrow, 0) },
				func() {
					e.LocalGet(0).I32Const(65536).Op(wasm.OpI32Mul).I32Const(1).Mem(wasm.OpI32Store, 2, 0)
				})
		})
	}, result: number(128), check: func(t *testing.T, r *run) {
		if r.result.Receipt.MemoryPeakBytes != 8<<20 {
			t.Errorf("the peak is %d", r.result.Receipt.MemoryPeakBytes)
		}
	}},
	{name: "grown by everything", build: func(b *wasm.Builder) {
		b.Memory(1, -1)
		b.Func("run", nil, wasm.Types(wasm.I32), nil, func(e *wasm.Emitter) { e.I32Const(65535).OpIdx(wasm.OpMemoryGrow, 0) })
	}, result: number(-1)},
	{name: "grown by more than there is", build: func(b *wasm.Builder) {
		b.Memory(1, -1)
		b.Func("run", nil, wasm.Types(wasm.I32), nil, func(e *wasm.Emitter) { e.I32Const(-1).OpIdx(wasm.OpMemoryGrow, 0) })
	}, result: number(-1)},
	{name: "growing for ever after it was refused", build: func(b *wasm.Builder) {
		b.Memory(1, -1)
		b.Func("run", nil, nil, nil, func(e *wasm.Emitter) {
			e.Loop(wasm.BlockEmpty).I32Const(3).OpIdx(wasm.OpMemoryGrow, 0).Op(wasm.OpDrop).Br(0).End()
		})
	}, end: vudo.ErrOutOfFuel},
	{name: "grown in the start function", build: func(b *wasm.Builder) {
		b.Memory(1, -1)
		b.Start(b.Func("", nil, nil, i32s(1), func(e *wasm.Emitter) {
			growUntilRefused(e, func() { e.I32Const(1).OpIdx(wasm.OpMemoryGrow, 0) }, func() {})
			e.Op(wasm.OpDrop)
		}))
		b.Func("run", nil, wasm.Types(wasm.I32), nil, func(e *wasm.Emitter) { e.OpIdx(wasm.OpMemorySize, 0) })
	}, result: number(128)},
	{
		name: "a table of four thousand million", build: func(b *wasm.Builder) { b.Table(wasm.FuncRef, 1<<32-1, -1); b.Func("run", nil, nil, nil, nil) },
		refused: "Invalid module: section table",
	},
	{
		name: "a table one element above the limit", build: func(b *wasm.Builder) { b.Table(wasm.ExternRef, 10_001, -1); b.Func("run", nil, nil, nil, nil) },
		initial: vudo.ErrTableLimit,
	},
	{name: "a hundred tables that exceed it together", build: func(b *wasm.Builder) {
		for range 100 {
			b.Table(wasm.FuncRef, 101, -1)
		}
		b.Func("run", nil, nil, nil, nil)
	}, initial: vudo.ErrTableLimit},
	{name: "a table grown in a loop", build: func(b *wasm.Builder) {
		b.Table(wasm.FuncRef, 0, -1)
		b.Func("run", nil, wasm.Types(wasm.I32), i32s(1), func(e *wasm.Emitter) {
			growUntilRefused(e, func() { e.RefNull(wasm.FuncRef).I32Const(100).OpIdx(wasm.OpTableGrow, 0) }, func() {})
		})
	}, result: number(100)},
	{name: "two tables grown in turn", build: func(b *wasm.Builder) {
		b.Table(wasm.FuncRef, 0, -1)
		b.Table(wasm.ExternRef, 0, -1)
		b.Func("run", nil, wasm.Types(wasm.I32), i32s(1), func(e *wasm.Emitter) {
			growUntilRefused(e, func() {
				e.RefNull(wasm.FuncRef).I32Const(50).OpIdx(wasm.OpTableGrow, 0).Op(wasm.OpDrop)
				e.RefNull(wasm.ExternRef).I32Const(50).OpIdx(wasm.OpTableGrow, 1)
			}, func() {})
		})
	}, result: number(100)},
	{name: "a table grown by everything", build: func(b *wasm.Builder) {
		b.Table(wasm.FuncRef, 1, -1)
		b.Func("run", nil, wasm.Types(wasm.I32), nil, func(e *wasm.Emitter) {
			e.RefNull(wasm.FuncRef).I32Const(-1).OpIdx(wasm.OpTableGrow, 0)
		})
	}, result: number(-1)},
	{name: "two memories", build: func(b *wasm.Builder) { b.Memory(1, 1); b.Memory(1, 1) }, refused: "Invalid module: "},
}}

// bulky is an endless loop around one bulk operation.
func bulky(setup func(b *wasm.Builder), op func(e *wasm.Emitter)) func(b *wasm.Builder) {
	return func(b *wasm.Builder) {
		setup(b)
		b.Func("run", nil, nil, nil, func(e *wasm.Emitter) {
			e.Loop(wasm.BlockEmpty)
			op(e)
			e.Br(0).End()
		})
	}
}

func wholeMemory(b *wasm.Builder) { b.Memory(128, 128) }

func fill(e *wasm.Emitter) {
	e.I32Const(0).I32Const(7).I32Const(8<<20).OpIdx(wasm.OpMemoryFill, 0)
}

func overlap(to, from int32) func(e *wasm.Emitter) {
	return func(e *wasm.Emitter) { e.I32Const(to).I32Const(from).I32Const(8<<20-1).OpIdx(wasm.OpMemoryCopy, 0, 0) }
}

var bulk = row{attempt: "bulk copies and fills of everything", shapes: []shape{
	{name: "memory.fill", build: bulky(wholeMemory, fill), end: vudo.ErrOutOfFuel},
	{
		name: "memory.fill, by deadline", build: bulky(wholeMemory, fill), end: vudo.ErrDeadline, tick: time.Millisecond,
		limits: vudo.Limits{Fuel: never, Duration: 100 * time.Millisecond},
	},
	{name: "memory.copy up, overlapping", build: bulky(wholeMemory, overlap(1, 0)), end: vudo.ErrOutOfFuel},
	{name: "memory.copy down, overlapping", build: bulky(wholeMemory, overlap(0, 1)), end: vudo.ErrOutOfFuel},
	{name: "memory.copy of a gigabyte, once, charged by its size", build: func(b *wasm.Builder) {
		b.Memory(16384, 16384)
		b.Func("run", nil, wasm.Types(wasm.I32), nil, func(e *wasm.Emitter) {
			e.I32Const(0).I32Const(1<<29).I32Const(1<<29).OpIdx(wasm.OpMemoryCopy, 0, 0).I32Const(1)
		})
	}, limits: vudo.Limits{MemoryBytes: 1 << 30, Fuel: 20_000_000}, result: number(1), fuel: 1 + 3 + 1 + 1<<29/64 + 1},
	{name: "memory.init of a megabyte", build: bulky(func(b *wasm.Builder) {
		b.Memory(128, 128)
		b.PassiveData(make([]byte, 1<<20))
	}, func(e *wasm.Emitter) {
		e.I32Const(0).I32Const(0).I32Const(1<<20).OpIdx(wasm.OpMemoryInit, 0, 0)
	}), end: vudo.ErrOutOfFuel},
	{name: "table.fill", build: bulky(func(b *wasm.Builder) { b.Table(wasm.ExternRef, 10_000, -1) }, func(e *wasm.Emitter) {
		e.I32Const(0).RefNull(wasm.ExternRef).I32Const(10_000).OpIdx(wasm.OpTableFill, 0)
	}), end: vudo.ErrOutOfFuel},
	{name: "table.copy", build: bulky(func(b *wasm.Builder) { b.Table(wasm.FuncRef, 10_000, -1) }, func(e *wasm.Emitter) {
		e.I32Const(1).I32Const(0).I32Const(9_999).OpIdx(wasm.OpTableCopy, 0, 0)
	}), end: vudo.ErrOutOfFuel},
	{name: "memory.fill past the end traps for its base price", build: func(b *wasm.Builder) {
		b.Memory(1, 1)
		b.Func("run", nil, nil, nil, func(e *wasm.Emitter) { e.I32Const(1).I32Const(0).I32Const(-1).OpIdx(wasm.OpMemoryFill, 0) })
	}, end: vudo.ErrTrap, kind: kindMemory, fuel: 1 + 3 + 1},
	{name: "memory.init of a dropped segment traps for its base price", build: func(b *wasm.Builder) {
		b.Memory(1, 1)
		d := b.PassiveData(make([]byte, 60_000))
		b.Func("run", nil, nil, nil, func(e *wasm.Emitter) {
			e.OpIdx(wasm.OpDataDrop, d).I32Const(0).I32Const(0).I32Const(60_000).OpIdx(wasm.OpMemoryInit, d, 0)
		})
	}, end: vudo.ErrTrap, kind: kindMemory, fuel: 1 + 1 + 3 + 1},
	{name: "data segments of ten megabytes on instantiation", build: func(b *wasm.Builder) {
		b.Memory(128, 128)
		for range 10 {
			b.Data(0, make([]byte, 1<<20))
		}
		b.Func("run", nil, nil, nil, nil)
	}, limits: vudo.Limits{Fuel: 100_000}, initial: vudo.ErrOutOfFuel, unpaid: true},
}}
