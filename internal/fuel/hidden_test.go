package fuel

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"

	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/internal/wasm"
)

// Proves: fuel 6.5
func TestReservedNamesAreRefused(t *testing.T) {
	modules := map[string]func(b *wasm.Builder){
		"import a hook":        func(b *wasm.Builder) { b.ImportFunc(Reserved, ImportHook, nil, nil) },
		"import a counter":     func(b *wasm.Builder) { b.ImportGlobal(Reserved, "fuel", wasm.I64, true) },
		"import a memory":      func(b *wasm.Builder) { b.ImportMemory(Reserved+"2", "memory", 1, 1) },
		"import from below it": func(b *wasm.Builder) { b.ImportTable(Reserved+"/fuel", "", wasm.FuncRef, 1, 1) },
		"export the counter": func(b *wasm.Builder) {
			b.Export(ExportFuel, wasm.KindGlobal, b.Global(wasm.I64, true, func(e *wasm.Emitter) { e.I64Const(1 << 60) }))
		},
		"export the start": func(b *wasm.Builder) { b.Func(ExportStart, nil, nil, nil, func(*wasm.Emitter) {}) },
		"export a new name": func(b *wasm.Builder) {
			b.Func(Reserved+"/other", nil, nil, nil, func(*wasm.Emitter) {})
		},
	}
	for name, build := range modules {
		b := wasm.NewBuilder()
		build(b)
		_, err := Instrument(b.Module(), Config{})
		if !errors.Is(err, fault.ErrInvalidModule) || err == nil || !strings.Contains(err.Error(), "reserved for the meter") {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Names that only look alike are the guest's own.
	for _, name := range []string{"vudo:mete", "Vudo:meter", "vudo", "fuel", "/fuel", "naive/fuel"} {
		b := wasm.NewBuilder()
		b.Func(name, nil, nil, nil, func(*wasm.Emitter) {})
		meter(t, b.Module(), Config{})
	}
}

// TestGuestCannotReachTheMeter guesses indices: whatever function or global a
// guest names is one of its own, or does not validate.
//
// Proves: fuel 6.5
func TestGuestCannotReachTheMeter(t *testing.T) {
	build := func(body func(e *wasm.Emitter)) *wasm.Module {
		b := wasm.NewBuilder()
		b.Table(wasm.FuncRef, 4, 4)
		b.Elem(0, 1)
		b.Global(wasm.I64, true, func(e *wasm.Emitter) { e.I64Const(7) })
		b.Func("run", nil, wasm.Types(wasm.I64), nil, body)
		b.Func("", nil, wasm.Types(wasm.I64), nil, func(e *wasm.Emitter) { e.I64Const(5) })
		return b.Module()
	}
	for i := range uint32(8) {
		if i > 0 {
			if _, err := Instrument(build(func(e *wasm.Emitter) { e.GlobalGet(i) }), Config{}); err == nil {
				t.Errorf("global.get %d is accepted", i)
			}
		}
		if i > 1 {
			if _, err := Instrument(build(func(e *wasm.Emitter) { e.Call(i) }), Config{}); err == nil {
				t.Errorf("call %d is accepted", i)
			}
		}
		// Through the table a guess meets a null or a function of the guest.
		out := meter(t, build(func(e *wasm.Emitter) {
			e.I32Const(int32(i)).CallIndirect(0, 0)
		}), Config{})
		w := newWorld(t, compilerConfig(), out.Bytes, &meterHost{slice: fixedSlice(100)})
		if got, _, err := w.call("run"); (err == nil) != (i == 0) || err == nil && got[0] != 5 {
			t.Errorf("slot %d: %v, %v", i, got, err)
		}
	}
	// What the guest's own counter says and does is its own affair.
	out := meter(t, build(func(e *wasm.Emitter) { e.I64Const(1 << 50).GlobalSet(0).GlobalGet(0) }), Config{})
	w := newWorld(t, compilerConfig(), out.Bytes, &meterHost{slice: fixedSlice(100)})
	got, used, err := w.call("run")
	if err != nil || got[0] != 1<<50 || used != 4 {
		t.Errorf("run = %v for %d fuel, %v", got, used, err)
	}
}

// TestEveryIndexMoves puts references to functions in all places that can hold
// one and calls them all.
func TestEveryIndexMoves(t *testing.T) {
	b := wasm.NewBuilder()
	twice := b.ImportFunc("env", "twice", i32s(1), i32s(1))
	b.Table(wasm.FuncRef, 8, 8)
	sig := b.Type(i32s(1), i32s(1))
	plus := b.Func("plus", i32s(1), i32s(1), nil, func(e *wasm.Emitter) { e.LocalGet(0).I32Const(1).Op(wasm.OpI32Add) })
	inGlobal := b.Global(wasm.FuncRef, false, func(e *wasm.Emitter) { e.OpIdx(wasm.OpRefFunc, plus) })
	b.Elem(0, twice, plus)
	b.AddElem(wasm.Element{Flags: 4, Offset: wasm.I32Expr(2), Type: wasm.FuncRef, Exprs: [][]byte{
		wasm.ConstExpr(func(e *wasm.Emitter) { e.OpIdx(wasm.OpRefFunc, plus) }),
		wasm.ConstExpr(func(e *wasm.Emitter) { e.OpIdx(wasm.OpRefFunc, twice) }),
	}})
	passive := b.PassiveElem(plus, twice)
	b.Func("run", i32s(2), i32s(1), nil, func(e *wasm.Emitter) {
		e.I32Const(4).GlobalGet(inGlobal).OpIdx(wasm.OpTableSet, 0)
		e.I32Const(5).OpIdx(wasm.OpRefFunc, twice).OpIdx(wasm.OpTableSet, 0)
		e.I32Const(6).I32Const(0).I32Const(2).OpIdx(wasm.OpTableInit, passive, 0)
		e.LocalGet(1).LocalGet(0).CallIndirect(sig, 0)
	})
	b.Export("twice again", wasm.KindFunc, twice)
	start := b.Func("", nil, nil, nil, func(e *wasm.Emitter) { e.Loop(wasm.BlockEmpty).End() })
	b.Start(start)
	for _, gated := range []bool{false, true} {
		out := meter(t, b.Module(), Config{Gate: func(module, name string) bool { return gated && module == "env" && name == "twice" }})
		if !out.Start || out.TableWrites != "table.set" {
			t.Errorf("start %v, table writes %q", out.Start, out.TableWrites)
		}
		ctx := context.Background()
		rt := wazero.NewRuntimeWithConfig(ctx, compilerConfig())
		defer rt.Close(ctx)
		calls := 0
		if _, err := rt.NewHostModuleBuilder("env").NewFunctionBuilder().
			WithFunc(func(v uint32) uint32 { calls++; return 2 * v }).Export("twice").Instantiate(ctx); err != nil {
			t.Fatal(err)
		}
		compiled, err := rt.CompileModule(ctx, out.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		h := &meterHost{slice: fixedSlice(10)}
		if _, err := h.provide(ctx, rt, compiled.ImportedFunctions()); err != nil {
			t.Fatal(err)
		}
		mod, err := rt.InstantiateModule(ctx, compiled, wazero.NewModuleConfig())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := mod.ExportedFunction(ExportStart).Call(ctx); err != nil {
			t.Fatal(err)
		}
		want := []uint64{20, 11, 11, 20, 11, 20, 11, 20}
		for slot, result := range want {
			got, err := mod.ExportedFunction("run").Call(ctx, uint64(slot), 10)
			if err != nil || got[0] != result {
				t.Errorf("gated %v: slot %d gives %v, want %d (%v)", gated, slot, got, result, err)
			}
		}
		if got, err := mod.ExportedFunction("twice again").Call(ctx, 21); err != nil || got[0] != 42 {
			t.Errorf("gated %v: the exported import gives %v, %v", gated, got, err)
		}
		gates := 0
		if gated {
			gates = 2 * calls
		}
		if calls != 5 || len(h.gates) != gates {
			t.Errorf("gated %v: %d calls, %d entries into gates, want %d", gated, calls, len(h.gates), gates)
		}
	}
}

func TestGateDecides(t *testing.T) {
	b := wasm.NewBuilder()
	write := b.ImportFunc("wasi", "write", i32s(2), i32s(1))
	exit := b.ImportFunc("wasi", "exit", i32s(1), nil)
	free := b.ImportFunc("wasi", "free", nil, i32s(1))
	b.Func("run", i32s(2), i32s(1), nil, func(e *wasm.Emitter) {
		e.LocalGet(0).Call(exit).LocalGet(0).LocalGet(1).Call(write).Call(free).Op(wasm.OpI32Add)
	})
	out := meter(t, b.Module(), Config{Gate: func(_, name string) bool { return name != "free" }})
	ctx := context.Background()
	rt := wazero.NewRuntimeWithConfig(ctx, compilerConfig())
	defer rt.Close(ctx)
	var log []string
	note := func(what string, args ...any) { log = append(log, fmt.Sprint(append([]any{what}, args...)...)) }
	deny := false
	if _, err := rt.NewHostModuleBuilder("wasi").
		NewFunctionBuilder().WithFunc(func(a, b uint32) uint32 { note("write ", a, " ", b); return 8 }).Export("write").
		NewFunctionBuilder().WithFunc(func(a uint32) { note("exit ", a) }).Export("exit").
		NewFunctionBuilder().WithFunc(func() uint32 { note("free"); return 100 }).Export("free").
		Instantiate(ctx); err != nil {
		t.Fatal(err)
	}
	verdict := func() uint32 {
		if deny {
			return 76
		}
		return 0
	}
	if _, err := rt.NewHostModuleBuilder(Reserved).
		NewFunctionBuilder().WithFunc(func() {}).Export(ImportHook).
		NewFunctionBuilder().WithFunc(func(a, b uint32) uint32 { note("gate write ", a, " ", b); return verdict() }).Export(ImportGate + "write").
		NewFunctionBuilder().WithFunc(func(a, b, r uint32) uint32 { note("done write ", a, " ", b, " ", r); return r + 1 }).Export(ImportDone + "write").
		NewFunctionBuilder().WithFunc(func(a uint32) uint32 { note("gate exit ", a); return verdict() }).Export(ImportGate + "exit").
		Instantiate(ctx); err != nil {
		t.Fatal(err)
	}
	mod, err := rt.Instantiate(ctx, out.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	counter(mod).Set(1 << 40)
	for _, x := range []struct {
		deny bool
		want uint64
		log  string
	}{
		{false, 109, "gate exit 3; exit 3; gate write 3 4; write 3 4; done write 3 4 8; free"},
		{true, 176, "gate exit 3; gate write 3 4; free"},
	} {
		deny, log = x.deny, nil
		got, err := mod.ExportedFunction("run").Call(ctx, 3, 4)
		if err != nil || got[0] != x.want || strings.Join(log, "; ") != x.log {
			t.Errorf("deny %v: %v, %v, %q", x.deny, got, err, log)
		}
	}
	// A gate needs an i32 to answer with.
	b = wasm.NewBuilder()
	b.ImportFunc("wasi", "clock", nil, wasm.Types(wasm.I64))
	if _, err := Instrument(b.Module(), Config{Gate: func(string, string) bool { return true }}); !errors.Is(err, fault.ErrInvalidModule) {
		t.Errorf("gating an i64 function: %v", err)
	}
}

// TestCustomSectionsSurvive: the name section follows the indices, a broken one
// goes, DWARF goes when our own line table comes, everything else stays.
func TestCustomSectionsSurvive(t *testing.T) {
	b := wasm.NewBuilder()
	b.ImportFunc("env", "host", nil, nil)
	b.Func("run", nil, nil, nil, func(e *wasm.Emitter) { e.Call(0) })
	names := func(funcs map[uint32]string) []byte {
		sub := binary.AppendUvarint(nil, uint64(len(funcs)))
		for i := range uint32(8) {
			if n, ok := funcs[i]; ok {
				sub = binary.AppendUvarint(binary.AppendUvarint(sub, uint64(i)), uint64(len(n)))
				sub = append(sub, n...)
			}
		}
		return append(append([]byte{1}, binary.AppendUvarint(nil, uint64(len(sub)))...), sub...)
	}
	b.Custom("name", names(map[uint32]string{0: "the host", 1: "the run"}))
	b.Custom("producers", []byte("someone"))
	b.Custom(".debug_info", []byte("old"))
	m := b.Module()
	for _, offsets := range []bool{false, true} {
		out := meter(t, m, Config{DebugOffsets: offsets})
		back, err := wasm.Decode(out.Bytes, wasm.DecodeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		fn := back.Export("run").Index
		if back.FuncName(0) != "the host" || back.FuncName(fn) != "the run" {
			t.Errorf("names %q and %q", back.FuncName(0), back.FuncName(fn))
		}
		if old, ok := out.Function(fn); !ok || old != 1 {
			t.Errorf("function %d was %d, %v", fn, old, ok)
		}
		if _, ok := out.Function(1); ok {
			t.Error("the hook has an original index")
		}
		if c := back.Custom("producers"); c == nil || string(c.Data) != "someone" {
			t.Error("producers is gone")
		}
		if c := back.Custom(".debug_info"); c == nil || (string(c.Data) == "old") == offsets {
			t.Errorf("DebugOffsets %v: .debug_info %v", offsets, c)
		}
	}
	broken := *m
	broken.Customs = []wasm.Custom{{Name: "name", Data: names(map[uint32]string{7: "nobody"}), After: wasm.SectionData}}
	out := meter(t, &broken, Config{})
	if back, _ := wasm.Decode(out.Bytes, wasm.DecodeOptions{}); back.Custom("name") != nil {
		t.Error("a name section with an unknown function survives")
	}
}
