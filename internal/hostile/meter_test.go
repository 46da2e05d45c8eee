package hostile

import (
	"github.com/univrs/vudo"
	"github.com/univrs/vudo/internal/fuel"
	"github.com/univrs/vudo/internal/wasm"
)

// counting is a small program whose fuel is known to the unit: entering it, and
// seven operators per turn of its loop.
func counting(e *wasm.Emitter, turns int32) {
	e.Loop(wasm.BlockEmpty).LocalGet(0).I32Const(1).Op(wasm.OpI32Add).LocalTee(0).I32Const(turns).Op(wasm.OpI32LtU).BrIf(0).End()
}

const countingFuel = 7

// forged is a module that imports something of the meter.
func forged(add func(b *wasm.Builder)) func(b *wasm.Builder) {
	return func(b *wasm.Builder) {
		add(b)
		b.Func("run", nil, nil, nil, nil)
	}
}

// reaching is a module whose function does something with an index that only
// the metered module has.
func reaching(do func(e *wasm.Emitter)) func(b *wasm.Builder) {
	return func(b *wasm.Builder) {
		b.Memory(1, 1)
		b.Func("run", nil, nil, i32s(1), func(e *wasm.Emitter) { counting(e, 10); do(e) })
	}
}

// claiming is a module that exports a name of the meter.
func claiming(name string, kind wasm.ExternKind) func(b *wasm.Builder) {
	return func(b *wasm.Builder) {
		b.Memory(1, 1)
		b.Table(wasm.FuncRef, 1, 1)
		b.Global(wasm.I64, true, func(e *wasm.Emitter) { e.I64Const(1 << 60) })
		b.Func("run", nil, nil, nil, nil)
		b.Export(name, kind, 0)
	}
}

// named is a module that gives its own things the meter's names, which is no
// more than a name: it runs, and its fuel is what it would be without.
func named(custom func(b *wasm.Builder)) func(b *wasm.Builder) {
	return func(b *wasm.Builder) {
		b.Global(wasm.I64, true, func(e *wasm.Emitter) { e.I64Const(0) })
		b.Func("run", nil, nil, i32s(1), func(e *wasm.Emitter) {
			counting(e, 1000)
			e.I64Const(1 << 60).GlobalSet(0)
		})
		custom(b)
	}
}

// nameSection is a custom section "name" that calls function 0 by name.
func nameSection(name string) []byte {
	entry := append(append([]byte{1, 0}, uleb(uint64(len(name)))...), name...)
	return append(append([]byte{1}, uleb(uint64(len(entry)))...), entry...)
}

// unknown begins the refusal of what is no function: it names the import.
const unknown = "Unknown import: " + fuel.Reserved + "."

var meters = row{attempt: "reading or changing the meter, forging its names", shapes: []shape{
	{name: "importing the hook", build: forged(func(b *wasm.Builder) { b.ImportFunc(fuel.Reserved, fuel.ImportHook, nil, nil) }), refused: invalid},
	{name: "importing the counter", build: forged(func(b *wasm.Builder) { b.ImportGlobal(fuel.Reserved, "fuel", wasm.I64, true) }), refused: unknown},
	{name: "importing the growth gate", build: forged(func(b *wasm.Builder) {
		b.ImportFunc(fuel.Reserved, fuel.ImportMemoryGrow, wasm.Types(wasm.I32), wasm.Types(wasm.I32))
	}), refused: invalid},
	{name: "importing from a longer name", build: forged(func(b *wasm.Builder) { b.ImportFunc(fuel.Reserved+"/2", "hook", nil, nil) }), refused: invalid},
	{name: "importing its memory", build: forged(func(b *wasm.Builder) { b.ImportMemory(fuel.Reserved, "memory", 1, -1) }), refused: unknown},
	{name: "exporting the counter", build: claiming(fuel.ExportFuel, wasm.KindGlobal), refused: invalid},
	{name: "exporting the depth", build: claiming(fuel.ExportDepth, wasm.KindGlobal), refused: invalid},
	{name: "exporting the memory", build: claiming(fuel.ExportMemory, wasm.KindMemory), refused: invalid},
	{name: "exporting the start function", build: claiming(fuel.ExportStart, wasm.KindFunc), refused: invalid},
	{name: "exporting a hidden global", build: claiming(fuel.Reserved+"/global/0", wasm.KindGlobal), refused: invalid},
	{name: "exporting the bare prefix", build: claiming(fuel.Reserved, wasm.KindTable), refused: invalid},
	{name: "setting the next global by index", build: reaching(func(e *wasm.Emitter) { e.I64Const(1 << 60).GlobalSet(0) }), refused: invalid},
	{name: "reading the next global by index", build: reaching(func(e *wasm.Emitter) { e.GlobalGet(1).Op(wasm.OpDrop) }), refused: invalid},
	{name: "calling the next function by index", build: reaching(func(e *wasm.Emitter) { e.Call(1) }), refused: invalid},
	{name: "taking the next function by reference", build: reaching(func(e *wasm.Emitter) { e.OpIdx(wasm.OpRefFunc, 1).Op(wasm.OpDrop) }), refused: invalid},
	{name: "exporting the next function by index", build: func(b *wasm.Builder) {
		b.Func("run", nil, nil, nil, nil)
		b.Export("more", wasm.KindFunc, 1)
	}, refused: invalid},
	{name: "an element segment with the next function", build: func(b *wasm.Builder) {
		b.Table(wasm.FuncRef, 1, 1)
		b.Func("run", nil, nil, nil, nil)
		b.Elem(0, 1)
	}, refused: invalid},
	{name: "a local above its own", build: reaching(func(e *wasm.Emitter) { e.I64Const(1 << 60).LocalSet(1) }), refused: invalid},
	{
		name: "a function with the hook's name", build: named(func(b *wasm.Builder) { b.Custom("name", nameSection(fuel.Reserved+"/fuel")) }),
		fuel: 1 + 1000*countingFuel + 2,
	},
	{name: "exports that look alike", build: named(func(b *wasm.Builder) {
		for _, n := range []string{"vudo:mete", "Vudo:meter/fuel", " vudo:meter/fuel", "vudo:\u200bmeter/fuel"} {
			b.Export(n, wasm.KindGlobal, 0)
		}
	}), fuel: 1 + 1000*countingFuel + 2},
	{name: "a great number in its own first global", build: named(func(*wasm.Builder) {}), fuel: 1 + 1000*countingFuel + 2},
	{name: "every global set while it loops", build: func(b *wasm.Builder) {
		for range 20 {
			b.Global(wasm.I64, true, func(e *wasm.Emitter) { e.I64Const(0) })
		}
		b.Func("run", nil, nil, nil, func(e *wasm.Emitter) {
			e.Loop(wasm.BlockEmpty)
			for i := range uint32(20) {
				e.I64Const(1 << 62).GlobalSet(i)
			}
			e.Br(0).End()
		})
	}, end: vudo.ErrOutOfFuel},
	{name: "every byte of memory overwritten while it loops", build: func(b *wasm.Builder) {
		b.Memory(1, 1)
		b.Func("run", nil, nil, nil, func(e *wasm.Emitter) {
			e.Loop(wasm.BlockEmpty).I32Const(0).I32Const(0x7f).I32Const(65536).OpIdx(wasm.OpMemoryFill, 0).Br(0).End()
		})
	}, end: vudo.ErrOutOfFuel},
	{name: "asking for the rest, and going on", build: func(b *wasm.Builder) {
		f := b.ImportFunc("vudo", "host_fuel_remaining", nil, wasm.Types(wasm.I64))
		b.Func("run", nil, nil, nil, func(e *wasm.Emitter) { e.Loop(wasm.BlockEmpty).Call(f).Op(wasm.OpDrop).Br(0).End() })
	}, end: vudo.ErrOutOfFuel},
}}

// dodge burns 7,000 fuel in a loop, then traps; the receipt must have it all,
// the region in which it trapped included.
func dodge(setup func(b *wasm.Builder), trap func(e *wasm.Emitter)) func(b *wasm.Builder) {
	return func(b *wasm.Builder) {
		if setup != nil {
			setup(b)
		}
		b.Func("run", nil, nil, i32s(1), func(e *wasm.Emitter) { counting(e, 1000); trap(e) })
	}
}

// spent is what dodge uses before the region of its trap.
const spent = 1 + 1000*countingFuel

func aTable(b *wasm.Builder) { b.Table(wasm.FuncRef, 2, 2) }

var dodges = row{attempt: "trapping to dodge the bill", shapes: []shape{
	{name: "unreachable", build: dodge(nil, func(e *wasm.Emitter) { e.Op(wasm.OpUnreachable) }), end: vudo.ErrTrap, kind: kindUnreach, fuel: spent},
	{
		name: "a division by zero", build: dodge(nil, func(e *wasm.Emitter) { e.I32Const(1).I32Const(0).Op(wasm.OpI32DivU, wasm.OpDrop) }),
		end: vudo.ErrTrap, kind: kindDivide, fuel: spent + 3,
	},
	{name: "a division by zero in the loop", build: func(b *wasm.Builder) {
		b.Func("run", nil, nil, i32s(1), func(e *wasm.Emitter) { // 1000 mod (1000-i): the thousandth turn traps
			e.Loop(wasm.BlockEmpty).LocalGet(0).I32Const(1).Op(wasm.OpI32Add).LocalSet(0)
			e.I32Const(1000).I32Const(1000).LocalGet(0).Op(wasm.OpI32Sub, wasm.OpI32RemU, wasm.OpDrop).Br(0).End()
		})
	}, end: vudo.ErrTrap, kind: kindDivide, fuel: 1 + 1000*10},
	{name: "an integer overflow", build: dodge(nil, func(e *wasm.Emitter) {
		e.I64Const(-1<<63).I64Const(-1).Op(wasm.OpI64DivS, wasm.OpDrop)
	}), end: vudo.ErrTrap, kind: kindOverflow, fuel: spent + 3},
	{name: "a load past the end", build: dodge(func(b *wasm.Builder) { b.Memory(1, 1) }, func(e *wasm.Emitter) {
		e.I32Const(-1).Mem(wasm.OpI64Load, 0, 1<<32-1).Op(wasm.OpDrop)
	}), end: vudo.ErrTrap, kind: kindMemory, fuel: spent + 2},
	{name: "a store across the end", build: dodge(func(b *wasm.Builder) { b.Memory(1, 1) }, func(e *wasm.Emitter) {
		e.I32Const(65529).I64Const(-1).Mem(wasm.OpI64Store, 0, 0)
	}), end: vudo.ErrTrap, kind: kindMemory, fuel: spent + 3},
	{
		name: "an element past the end", build: dodge(aTable, func(e *wasm.Emitter) { e.I32Const(2).CallIndirect(0, 0) }),
		end: vudo.ErrTrap, kind: kindTable, fuel: spent + 2,
	},
	{
		name: "an empty element", build: dodge(aTable, func(e *wasm.Emitter) { e.I32Const(1).CallIndirect(0, 0) }),
		end: vudo.ErrTrap, fuel: spent + 2,
	},
	{name: "a function of another type", build: func(b *wasm.Builder) {
		b.Table(wasm.FuncRef, 1, 1)
		b.Func("run", nil, nil, i32s(1), func(e *wasm.Emitter) { counting(e, 1000); e.I32Const(0).CallIndirect(0, 0) })
		b.Elem(0, b.Func("", i32s(1), nil, nil, nil))
	}, end: vudo.ErrTrap, kind: kindSignature, fuel: spent + 2},
	{
		name: "a number that is none", build: dodge(nil, func(e *wasm.Emitter) { e.F64Bits(0x7ff8<<48).Op(wasm.OpI32TruncF64S, wasm.OpDrop) }),
		end: vudo.ErrTrap, kind: kindConversion, fuel: spent + 2,
	},
	{name: "in a callee twenty calls deep", build: func(b *wasm.Builder) {
		b.Func("run", nil, nil, i32s(1), func(e *wasm.Emitter) { counting(e, 1000); e.Call(1) })
		for i := range uint32(20) {
			b.Func("", nil, nil, i32s(1), func(e *wasm.Emitter) { counting(e, 10); e.Call(i + 2) })
		}
		b.Func("", nil, nil, nil, func(e *wasm.Emitter) { e.Op(wasm.OpUnreachable) })
	}, end: vudo.ErrTrap, kind: kindUnreach, fuel: spent + 1 + 20*(1+10*countingFuel+1) + 1},
	{name: "in the host", build: func(b *wasm.Builder) {
		f := b.ImportFunc("vudo", "vudo_panic", i32s(2), nil)
		b.Memory(1, 1)
		b.Export("memory", wasm.KindMemory, 0)
		b.Func("run", nil, nil, i32s(1), func(e *wasm.Emitter) { counting(e, 1000); e.I32Const(0).I32Const(0).Call(f) })
	}, end: vudo.ErrTrap, kind: kindPanic, fuel: spent + 3 + 100},
	{name: "over and over, each time in the first operator", build: func(b *wasm.Builder) {
		b.Func("run", nil, nil, nil, func(e *wasm.Emitter) { e.Op(wasm.OpUnreachable) })
	}, end: vudo.ErrTrap, kind: kindUnreach, fuel: 1},
}}
