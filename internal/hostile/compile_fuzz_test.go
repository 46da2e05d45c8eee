package hostile

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/univrs/vudo"
	"github.com/univrs/vudo/internal/wasm"
)

// FuzzCompile looks for modules that are inside every shape limit and still cost
// the engine's compiler too much: one function, made of a few kinds of operators
// in great numbers. Such a module is refused by its shape, or compiled within
// the compile budget; what meets the budget needs a limit of its own, for one
// function cannot be interrupted in this process.
func FuzzCompile(f *testing.F) {
	for seed := range uint64(12) {
		f.Add(seed, uint16(2000))
	}
	f.Fuzz(func(t *testing.T, seed uint64, ops uint16) {
		b, said := bomb(seed, 10*int(ops))
		w := newWorld(t, 0)
		sb, err := w.rt.NewSandbox(t.Context(), b.Bytes(), vudo.SandboxConfig{Limits: vudo.Limits{Fuel: 1000}})
		if err == nil {
			err = sb.Initialize(t.Context())
			defer sb.Close(t.Context())
		}
		if err != nil && !errors.Is(err, vudo.ErrInvalidModule) {
			t.Errorf("%s: %v", said, err)
		}
		w.alive()
	})
}

// bomb makes a module of about ops operators, and says what it is made of.
func bomb(seed uint64, ops int) (*wasm.Builder, string) {
	r := rand.New(rand.NewPCG(seed, 0))
	pick := func(xs ...int) int { return xs[r.IntN(len(xs))] }
	locals, params, globals, values := pick(0, 1, 10, 100, 500, 1000, 2000), pick(0, 1, 8, 64), pick(0, 1, 20, 200), pick(0, 0, 1, 8, 64)
	typ := []wasm.ValType{wasm.I32, wasm.I64, wasm.F64, wasm.V128}[r.IntN(4)]
	kinds := r.Perm(9)[:1+r.IntN(4)]
	said := fmt.Sprintf("seed %d, %d operators of kinds %v, %d locals of %v, %d parameters, %d globals, blocks with %d values", seed, ops, kinds, locals, typ, params, globals, values)

	b := wasm.NewBuilder()
	of := func(n int) []wasm.ValType {
		ts := make([]wasm.ValType, n)
		for i := range ts {
			ts[i] = wasm.I64
		}
		return ts
	}
	bt := wasm.BlockEmpty
	if values > 0 {
		bt = wasm.BlockIndex(b.Type(of(values), of(values)))
	}
	b.Memory(1, 1)
	for range globals {
		b.Global(wasm.I64, true, func(e *wasm.Emitter) { e.I64Const(0) })
	}
	f := b.Func("", of(params), nil, nil, nil)
	if locals > 0 {
		b.LocalGroups(f, wasm.LocalGroup{Count: uint32(locals), Type: typ})
	}
	b.Body(f, func(e *wasm.Emitter) {
		depth, structures := 0, 0
		open := func(most int, emit func()) { // near the limits, not past them
			if depth < most && structures < 8000 {
				emit()
				depth, structures = depth+1, structures+1
			}
		}
		push := repeat(values, func(e *wasm.Emitter) { e.I64Const(1) })
		push(e)
		for i := range ops {
			switch kinds[r.IntN(len(kinds))] {
			case 0:
				if locals > 0 {
					e.LocalGet(uint32(params + i*7%locals)).LocalSet(uint32(params + (i*13+1)%locals))
				}
			case 1:
				open(4000, func() { e.Block(bt) })
			case 2:
				open(250, func() { e.Loop(bt) })
			case 3:
				open(250, func() {
					e.I32Const(1).If(bt)
					if values > 0 {
						e.Else()
					}
				})
			case 4:
				if depth > 0 {
					e.End()
					depth--
				}
			case 5:
				if depth > 0 {
					e.I32Const(1).BrIf(uint32(r.IntN(depth)))
				}
			case 6:
				repeat(params, func(e *wasm.Emitter) { e.I64Const(2) })(e)
				e.Call(f)
			case 7:
				if globals > 0 {
					e.GlobalGet(uint32(i % globals)).GlobalSet(uint32(i * 3 % globals))
				}
			case 8:
				e.I32Const(int32(i)).I64Const(3).Mem(wasm.OpI64Store, 3, uint32(i))
			}
		}
		repeat(depth, func(e *wasm.Emitter) { e.End() })(e)
		repeat(values, func(e *wasm.Emitter) { e.Op(wasm.OpDrop) })(e)
	})
	return b, said
}
