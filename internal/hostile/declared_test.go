package hostile

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/univrs/vudo"
	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/spirit"
)

// declarations: what a guest answers when the host passes arguments and takes
// results by the section vudo.manifest; and sections and source maps that lie.
var declarations = row{
	attempt: "allocators, results and source maps of declared exports that lie",
	shapes: []shape{
		{name: "no room", build: declared(gives(0), sound), input: []byte("Ada"), end: vudo.ErrMemoryLimit},
		{name: "room past the end", build: declared(gives(65534), sound), input: []byte("Ada"), end: vudo.ErrTrap, kind: kindMemory},
		{name: "room that wraps", build: declared(gives(-1), sound), input: []byte("Ada"), end: vudo.ErrTrap, kind: kindMemory},
		{name: "an allocator that traps", build: declared(func(e *wasm.Emitter) { e.Op(wasm.OpUnreachable) }, sound), input: []byte("Ada"), end: vudo.ErrTrap, kind: kindUnreach},
		{name: "an allocator without end", build: declared(func(e *wasm.Emitter) { e.Loop(wasm.BlockEmpty).Br(0).End().I32Const(0) }, sound), input: []byte("Ada"), end: vudo.ErrOutOfFuel},
		{name: "an allocator without end, past the deadline", build: declared(func(e *wasm.Emitter) { e.Loop(wasm.BlockEmpty).Br(0).End().I32Const(0) }, sound), input: []byte("Ada"), limits: vudo.Limits{Fuel: 1 << 40}, tick: time.Millisecond, end: vudo.ErrDeadline},
		{name: "an allocator that calls itself", build: declared(func(e *wasm.Emitter) { e.LocalGet(0).Call(0) }, sound), input: []byte("Ada"), end: vudo.ErrStackLimit},
		{name: "an allocator that takes all memory", build: declared(func(e *wasm.Emitter) {
			e.Loop(wasm.BlockEmpty).I32Const(1).OpIdx(wasm.OpMemoryGrow, 0).I32Const(0).Op(wasm.OpI32GeS).BrIf(0).End().I32Const(1024)
		}, sound), input: bytes.Repeat([]byte("a"), 1<<16-2048), end: nil, limits: vudo.Limits{OutputBytes: 1 << 17}},
		{name: "the largest input, in place of everything", build: declared(gives(0), sound), input: nil, end: nil},
		{name: "a result past the end", build: declared(gives(1024), packed(65536, 1)), input: []byte("Ada"), end: vudo.ErrTrap, kind: kindMemory},
		{name: "a result that wraps", build: declared(gives(1024), packed(0xffffffff, 0xffffffff)), input: []byte("Ada"), end: vudo.ErrTrap, kind: kindMemory},
		{name: "a result of no UTF-8", build: declared(func(e *wasm.Emitter) { e.I32Const(8).I32Const(0xff).Mem(wasm.OpI32Store8, 0, 0).I32Const(1024) }, packed(8, 1)), input: []byte("Ada"), end: vudo.ErrTrap, kind: kindResult},
		{name: "a result beyond the limit", build: declared(gives(1024), packed(0, 60000)), input: []byte("Ada"), limits: vudo.Limits{OutputBytes: 59999}, end: vudo.ErrOutputLimit},
		{name: "a section that is too long", build: carrying(`{"version":1}` + strings.Repeat(" ", spirit.MaxDeclaredBytes)), refused: "Invalid module: vudo.manifest: "},
		{name: "a section of open brackets", build: carrying(`{"version":1,"exports":` + strings.Repeat("[", 1<<19)), refused: "Invalid module: vudo.manifest: "},
		{name: "a section of another type", build: carrying(`{"version":1,"exports":[{"name":"run","result":{"type":"f64","abi":"f64"}}]}`), refused: "Invalid module: vudo.manifest: run() -> f64 is () -> (f64)"},
	},
}

func gives(at int32) func(e *wasm.Emitter) { return func(e *wasm.Emitter) { e.I32Const(at) } }

// sound gives back what it was given.
func sound(e *wasm.Emitter) {
	e.LocalGet(0).Op(wasm.OpI64ExtendI32U).I64Const(32).Op(wasm.OpI64Shl).LocalGet(1).Op(wasm.OpI64ExtendI32U, wasm.OpI64Or)
}

func packed(at, size uint64) func(e *wasm.Emitter) {
	return func(e *wasm.Emitter) { e.I64Const(int64(at<<32 | size)) }
}

// declared is a guest with one page of memory whose export run takes a text and
// returns one, and whose source map claims more than it holds.
func declared(alloc, run func(e *wasm.Emitter)) func(b *wasm.Builder) {
	return func(b *wasm.Builder) {
		b.Export("memory", wasm.KindMemory, b.Memory(1, -1))
		b.Func("__vudo_alloc", wasm.Types(wasm.I32), wasm.Types(wasm.I32), nil, alloc)
		b.Func("run", wasm.Types(wasm.I32, wasm.I32), wasm.Types(wasm.I64), nil, run)
		b.Custom(spirit.DeclaredSection, []byte(`{"version":1,"exports":[{"name":"run","params":[{"name":"who","type":"string","abi":"text"}],"result":{"type":"string","abi":"text"}}]}`))
		b.Custom("vudo.srcmap", []byte("\x01\x01\x01a\xff\xff\xff\xff\x7f\x00\x00\x00\x00"))
	}
}

func carrying(text string) func(b *wasm.Builder) {
	return func(b *wasm.Builder) {
		b.Func("run", nil, nil, nil, func(*wasm.Emitter) {})
		b.Custom(spirit.DeclaredSection, []byte(text))
	}
}

// TestArgumentsAreBounded: the JSON array of a call is a guest's caller's word,
// and costs no more than its own size.
func TestArgumentsAreBounded(t *testing.T) {
	w := newWorld(t, 0)
	b := wasm.NewBuilder()
	b.Func("run", wasm.Types(wasm.I32), wasm.Types(wasm.I32), nil, func(e *wasm.Emitter) { e.LocalGet(0) })
	b.Custom(spirit.DeclaredSection, []byte(`{"version":1,"exports":[{"name":"run","params":[{"name":"n","type":"i32","abi":"i32"}],"result":{"type":"i32","abi":"i32"}}]}`))
	sb := w.sandbox(b.Bytes(), vudo.SandboxConfig{})
	for name, input := range map[string]string{
		"long":   "[" + strings.Repeat("1,", 1<<20) + "1]",
		"deep":   strings.Repeat("[", 1<<20) + strings.Repeat("]", 1<<20),
		"digits": "[" + strings.Repeat("9", 1<<20) + "]",
	} {
		before := resident(t)
		r, err := sb.Call(t.Context(), "run", []byte(input))
		if err == nil || r.Receipt.FuelUsed != 0 || len(err.Error()) > 4096 {
			t.Errorf("%s: %d bytes of error, %d fuel", name, len(err.Error()), r.Receipt.FuelUsed)
		}
		if after := resident(t); after > before+16<<20 {
			t.Errorf("%s: the process grew by %d bytes", name, after-before)
		}
	}
	w.alive()
}
