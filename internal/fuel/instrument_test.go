package fuel

import (
	"testing"

	"github.com/tetratelabs/wazero/experimental"

	"github.com/univrs/vudo/internal/wasm"
)

const featuresExtra = experimental.CoreFeaturesTailCall | experimental.CoreFeaturesExtendedConst

func i32s(n int) []wasm.ValType {
	ts := make([]wasm.ValType, n)
	for i := range ts {
		ts[i] = wasm.I32
	}
	return ts
}

// sumModule exports sum(n) = 0+1+...+(n-1) with one loop.
func sumModule() *wasm.Module {
	b := wasm.NewBuilder()
	b.Func("sum", i32s(1), i32s(1), i32s(2), func(e *wasm.Emitter) {
		e.Block(wasm.BlockEmpty).LocalGet(0).Op(wasm.OpI32Eqz).BrIf(0)
		e.Loop(wasm.BlockEmpty)
		e.LocalGet(2).LocalGet(1).Op(wasm.OpI32Add).LocalSet(2)
		e.LocalGet(1).I32Const(1).Op(wasm.OpI32Add).Op(wasm.OpLocalTee).U32(1)
		e.LocalGet(0).Op(wasm.OpI32LtU).BrIf(0)
		e.End().End()
		e.LocalGet(2)
	})
	return b.Module()
}

func TestSumCountsEveryOperator(t *testing.T) {
	out := meter(t, sumModule(), Config{})
	for _, slice := range []int64{1, 7, 1000, 1 << 40} {
		w := newWorld(t, compilerConfig(), out.Bytes, &meterHost{slice: fixedSlice(slice)})
		for _, n := range []uint64{0, 1, 2, 1000} {
			got, used, err := w.call("sum", n)
			if err != nil {
				t.Fatal(err)
			}
			want := int64(1 + 3 + 1) // entry, test, result
			if n > 0 {
				want += int64(n) * 11
			}
			if uint32(got[0]) != uint32(n*(n-1)/2) || used != want {
				t.Errorf("slice %d: sum(%d) = %d for %d fuel, want %d fuel", slice, n, got[0], used, want)
			}
		}
	}
}
