package fuel

import (
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/univrs/vudo/internal/wasm"
)

// kernelRuns is the argument of each kernel's run that takes 10 to 25 ms.
var kernelRuns = []struct {
	name string
	n    uint64
}{
	{"fib", 32},
	{"sieve", 5},
	{"sha256", 1500},
	{"matmul", 10},
	{"nbody", 70000},
	{"hashmap", 700},
	{"json", 120},
	{"interp", 40},
	{"quicksort", 120},
}

func kernel(b testing.TB, name string) []byte {
	bytes, err := os.ReadFile(filepath.Join("..", "..", "bench", "testdata", "kernels", name+".wasm"))
	if err != nil {
		b.Fatal(err)
	}
	return bytes
}

// BenchmarkMeterOverhead runs each kernel unmetered and metered by turns and
// reports the ratio of the minima of each, and the geometric mean of all. The
// figures of the decision record come from it:
//
//	go test ./internal/fuel -run none -bench MeterOverhead -benchtime 41x
func BenchmarkMeterOverhead(b *testing.B) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	sum := 0.0
	for _, k := range kernelRuns {
		plain := kernel(b, k.name)
		m, err := wasm.Decode(plain, wasm.DecodeOptions{})
		if err != nil {
			b.Fatal(err)
		}
		var worlds [2]*world
		for i, bytes := range [][]byte{plain, meter(b, m, Config{}).Bytes} {
			worlds[i] = newWorld(b, compilerConfig(), bytes, &meterHost{slice: fixedSlice(5_000_000)})
		}
		least := [2]time.Duration{math.MaxInt64, math.MaxInt64}
		var answers [2]uint64
		for range b.N {
			for i, w := range worlds {
				start := threadTime()
				got, err := w.mod.ExportedFunction("run").Call(w.ctx, k.n)
				if err != nil {
					b.Fatal(err)
				}
				least[i] = min(least[i], threadTime()-start)
				answers[i] = got[0]
			}
		}
		if answers[0] != answers[1] {
			b.Fatalf("%s: metered %x, unmetered %x", k.name, answers[1], answers[0])
		}
		ratio := float64(least[1]) / float64(least[0])
		sum += math.Log(ratio)
		b.ReportMetric(ratio, k.name)
	}
	b.ReportMetric(math.Exp(sum/float64(len(kernelRuns))), "geomean")
}

// BenchmarkInstrument is the cost of the whole step from bytes to bytes on the
// modules that the environment variable VUDO_MODULES lists, separated by commas.
func BenchmarkInstrument(b *testing.B) {
	paths := strings.Split(os.Getenv("VUDO_MODULES"), ",")
	if paths[0] == "" {
		paths = []string{filepath.Join("..", "..", "bench", "testdata", "kernels", "json.wasm")}
	}
	for _, path := range paths {
		bytes, err := os.ReadFile(path)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(strings.TrimSuffix(filepath.Base(path), ".wasm"), func(b *testing.B) {
			b.SetBytes(int64(len(bytes)))
			var size int
			for range b.N {
				m, err := wasm.Decode(bytes, wasm.DecodeOptions{})
				if err != nil {
					b.Fatal(err)
				}
				out, err := Instrument(m, Config{DebugOffsets: true})
				if err != nil {
					b.Fatal(err)
				}
				size = len(out.Bytes)
			}
			b.ReportMetric(100*float64(size)/float64(len(bytes))-100, "%growth")
		})
	}
}
