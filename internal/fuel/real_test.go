package fuel

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/tetratelabs/wazero"

	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/internal/wasm/wasmgen"
)

// Compiled C under the oracle: the kernels of the bench, with small arguments.
//
// Proves: fuel 6.2, fuel 6.3
func TestExactOnRealModules(t *testing.T) {
	ctx := context.Background()
	engines := map[string]wazero.Runtime{
		"compiler":    wazero.NewRuntimeWithConfig(ctx, compilerConfig()),
		"interpreter": wazero.NewRuntimeWithConfig(ctx, interpreterConfig()),
	}
	for _, e := range engines {
		defer e.Close(ctx)
	}
	for name, n := range map[string]uint64{
		"fib": 16, "sieve": 1, "sha256": 4, "matmul": 1, "nbody": 100, "hashmap": 1, "json": 1, "interp": 1, "quicksort": 1,
	} {
		bytes, err := os.ReadFile(filepath.Join("..", "..", "bench", "testdata", "kernels", name+".wasm"))
		if err != nil {
			t.Fatal(err)
		}
		m, err := wasm.Decode(bytes, wasm.DecodeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		out := meter(t, m, Config{})
		calls := []wasmgen.Call{{
			Export: "run", Args: []uint64{n},
			Type: wasm.FuncType{Params: wasm.Types(wasm.I32), Results: wasm.Types(wasm.I64)},
		}}
		for engine, rt := range engines {
			if engine == "interpreter" && !long() && (name == "sieve" || name == "matmul") {
				continue // tens of millions of operators
			}
			want, memory := runNaive(t, rt, makeNaive(m), calls)
			ready := prepare(t, rt, m, out)
			got, gotMemory := ready.run(calls, randomSlice(rand.New(rand.NewPCG(n, 1)), 4001))
			ready.close()
			for i := range want {
				want[i].place = place{}
			}
			if fmt.Sprint(got) != fmt.Sprint(want) || gotMemory != memory {
				t.Errorf("%s on the %s: metered %+v %s, oracle %+v %s", name, engine, got, gotMemory, want, memory)
			}
		}
	}
}
