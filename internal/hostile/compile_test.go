package hostile

import (
	"bytes"
	"strings"

	"github.com/univrs/vudo"
	"github.com/univrs/vudo/internal/wasm"
)

// nested is a function of n structures inside each other.
func nested(n int, op wasm.Opcode, locals int) func(b *wasm.Builder) {
	return func(b *wasm.Builder) {
		b.Func("run", nil, nil, i32s(locals), func(e *wasm.Emitter) {
			for i := range n {
				if op == wasm.OpIf {
					e.I32Const(1)
				}
				e.BlockOp(op, wasm.BlockEmpty)
				if locals > 0 {
					e.LocalGet(uint32(i % locals)).I32Const(1).Op(wasm.OpI32Add).LocalSet(uint32(i % locals))
				}
			}
			for range n {
				e.End()
			}
		})
	}
}

// inRow is a function of n structures one after the other, each touching a local.
func inRow(n, locals int, op wasm.Opcode) func(b *wasm.Builder) {
	return func(b *wasm.Builder) {
		b.Func("run", nil, nil, i32s(locals), func(e *wasm.Emitter) {
			for i := range n {
				l := uint32(i % locals)
				e.LocalGet(l).BlockOp(op, wasm.BlockEmpty)
				if op != wasm.OpIf {
					e.LocalGet(l).LocalSet(uint32((i + 1) % locals))
				} else {
					e.LocalGet(l).I32Const(1).Op(wasm.OpI32Add).LocalSet(l)
				}
				e.End()
				if op != wasm.OpIf {
					e.Op(wasm.OpDrop)
				}
			}
		})
	}
}

// branches is functions with one br_table of n entries each.
func branches(functions, n int) func(b *wasm.Builder) {
	return func(b *wasm.Builder) {
		for i := range functions {
			b.Func(map[bool]string{true: "run"}[i == 0], nil, nil, nil, func(e *wasm.Emitter) {
				e.Block(wasm.BlockEmpty).I32Const(0).BrTable(make([]uint32, n)...).End()
			})
		}
	}
}

func repeat(n int, f func(e *wasm.Emitter)) func(e *wasm.Emitter) {
	return func(e *wasm.Emitter) {
		for range n {
			f(e)
		}
	}
}

// stores is a function of stores, each to a place of its own, spread over nested blocks.
func stores(n, blocks int) func(b *wasm.Builder) {
	return func(b *wasm.Builder) {
		b.Memory(1, 1)
		b.Func("run", nil, nil, nil, func(e *wasm.Emitter) {
			for i := range n {
				if i%(n/blocks) == 0 {
					e.Block(wasm.BlockEmpty)
				}
				e.I32Const(int32(i)).I64Const(3).Mem(wasm.OpI64Store, 3, 0)
			}
			repeat(blocks, func(e *wasm.Emitter) { e.End() })(e)
		})
	}
}

const invalid = "Invalid module: "

// lie is a section that says it holds n things and holds none.
func lie(id byte, n uint64) []byte { return section(id, uleb(n)) }

var compiles = row{attempt: "a module that is expensive to compile", shapes: []shape{
	{name: "20,000 nested ifs", build: nested(20_000, wasm.OpIf, 0), refused: invalid},
	{name: "30,000 nested blocks", build: nested(30_000, wasm.OpBlock, 0), refused: invalid},
	{name: "300 nested loops", build: nested(300, wasm.OpLoop, 0), refused: invalid},
	{name: "250 nested loops over 1,000 locals", build: nested(250, wasm.OpLoop, 1000), refused: invalid},
	{name: "5,000 ifs over 1,000 locals", build: inRow(5000, 1000, wasm.OpIf), refused: invalid},
	{name: "a br_table of a million", build: branches(1, 1_000_000), refused: invalid},
	{name: "a br_table just above the limit", build: branches(1, 4098), refused: invalid},
	{name: "many br_tables within the limit", build: branches(300, 4000), refused: invalid},
	{name: "8,193 locals", build: func(b *wasm.Builder) { b.Func("run", nil, nil, i32s(8193), nil) }, refused: invalid},
	{name: "four thousand million locals", build: func(b *wasm.Builder) {
		b.LocalGroups(b.Func("run", nil, nil, nil, nil), wasm.LocalGroup{Count: 1<<32 - 1, Type: wasm.I64})
	}, refused: invalid},
	{name: "locals whose sum wraps", build: func(b *wasm.Builder) {
		b.LocalGroups(b.Func("run", nil, nil, nil, nil), wasm.LocalGroup{Count: 1 << 31, Type: wasm.I64}, wasm.LocalGroup{Count: 1<<31 + 1, Type: wasm.I32})
	}, refused: invalid},
	{name: "65 parameters", build: func(b *wasm.Builder) { b.Func("run", i32s(65), nil, nil, nil) }, refused: invalid},
	{name: "a body of two megabytes", build: func(b *wasm.Builder) {
		b.Func("run", nil, nil, nil, func(e *wasm.Emitter) {
			for range 700_000 {
				e.I32Const(1).Op(wasm.OpDrop)
			}
		})
	}, refused: invalid},
	{name: "70,000 functions", build: func(b *wasm.Builder) {
		for range 70_000 {
			b.Func("", nil, nil, nil, nil)
		}
	}, refused: invalid},
	{name: "1,001 imports", build: func(b *wasm.Builder) {
		for range 1001 {
			b.ImportFunc("vudo", "host_abi_version", nil, wasm.Types(wasm.I32))
		}
	}, refused: invalid},
	{name: "10,001 exports", build: func(b *wasm.Builder) {
		f := b.Func("run", nil, nil, nil, nil)
		for i := range 10_001 {
			b.Export(strings.Repeat("x", 1+i%7)+string(rune('a'+i%26))+strings.Repeat("y", i/26%50)+strings.Repeat("z", i/1300), wasm.KindFunc, f)
		}
	}, refused: invalid},
	{
		name: "a module above max_module_bytes", build: func(b *wasm.Builder) { b.Custom("pad", make([]byte, 1<<20)) },
		limits: vudo.Limits{ModuleBytes: 1 << 20}, refused: invalid,
	},
	{name: "a vector that says four thousand million types", module: raw(lie(1, 1<<32-1)), refused: invalid},
	{name: "a vector that says four thousand million functions", module: raw(lie(3, 1<<32-1)), refused: invalid},
	{name: "a vector that says four thousand million codes", module: raw(lie(10, 1<<32-1)), refused: invalid},
	{name: "a vector that says four thousand million segments", module: raw(lie(11, 1<<32-1)), refused: invalid},
	{name: "a vector that says four thousand million elements", module: raw(lie(9, 1<<32-1)), refused: invalid},
	{name: "a section longer than the file", module: raw([]byte{10, 0xff, 0xff, 0xff, 0xff, 0x0f}), refused: invalid},
	{name: "a number without end", module: raw([]byte{1}, bytes.Repeat([]byte{0x80}, 100)), refused: invalid},
	{name: "a name of four thousand million bytes", module: raw(section(0, uleb(1<<32-1))), refused: invalid},
	{name: "a body that claims the rest of the file", module: raw(section(1, []byte{1, 0x60, 0, 0}), section(3, []byte{1, 0}), section(10, []byte{1}, uleb(1<<31), []byte{0, 11})), refused: invalid},
	{name: "a million empty custom sections", module: raw(bytes.Repeat([]byte{0, 1, 0}, 1_000_000), section(1, []byte{9})), refused: invalid},
	{name: "sections twice and out of order", module: raw(lie(3, 0), lie(1, 0)), refused: invalid},
	{name: "garbage", module: bytes.Repeat([]byte("garbage "), 1000), refused: invalid},
	{name: "nothing", module: []byte{}, refused: invalid + "the module is empty"},

	// Within every limit: such a module must compile in good time, and run.
	{name: "the deepest nesting that is permitted", build: nested(4000, wasm.OpBlock, 0)},
	{name: "the most loops over locals that is permitted", build: nested(200, wasm.OpLoop, 80)},
	{name: "the most ifs over locals that is permitted", build: inRow(1000, 250, wasm.OpIf)},
	{name: "the greatest br_tables that are permitted", build: branches(4, 4000)},
	{name: "the most stores among blocks that is permitted", build: stores(8000, 4000)},
	{name: "the most loops that are permitted", build: func(b *wasm.Builder) {
		b.Func("run", nil, nil, nil, repeat(1000, func(e *wasm.Emitter) { e.Loop(wasm.BlockEmpty).End() }))
	}},
	{name: "the most branches that are permitted", build: func(b *wasm.Builder) {
		b.Func("run", nil, nil, nil, repeat(8000, func(e *wasm.Emitter) { e.I32Const(0).BrIf(0) }))
	}},
}}
