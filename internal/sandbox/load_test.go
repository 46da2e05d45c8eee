package sandbox

import (
	"os"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"
)

// BenchmarkCachedLoad compares loading a module that both caches know with the
// engine's own cached compilation of the original. VUDO_BENCH_MODULE names a
// module; the hello-world of the examples is small.
func BenchmarkCachedLoad(b *testing.B) {
	name := os.Getenv("VUDO_BENCH_MODULE")
	if name == "" {
		name = "../../examples/hello-world/src/main.wasm"
	}
	source, err := os.ReadFile(name)
	if err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	warm := newEngine(b, EngineConfig{CacheDir: dir})
	if _, err := warm.Compile(background, source, CompileOptions{Trusted: true}); err != nil {
		b.Fatal(err)
	}
	b.Run("vudo", func(b *testing.B) {
		var split LoadTimes
		for range b.N {
			b.StopTimer()
			e := newEngine(b, EngineConfig{CacheDir: dir})
			b.StartTimer()
			p, err := e.Compile(background, source, CompileOptions{})
			if err != nil || !p.times.FromCache {
				b.Fatal(err)
			}
			split.Digest += p.times.Digest
			split.Image += p.times.Image
			split.Engine += p.times.Engine
			b.StopTimer()
			e.Close(background)
			b.StartTimer()
		}
		ms := func(d time.Duration) float64 { return d.Seconds() * 1000 / float64(b.N) }
		b.ReportMetric(ms(split.Digest), "ms-digest")
		b.ReportMetric(ms(split.Image), "ms-image")
		b.ReportMetric(ms(split.Engine), "ms-engine")
	})
	b.Run("wazero", func(b *testing.B) {
		plain := b.TempDir()
		load := func() {
			cache, err := wazero.NewCompilationCacheWithDir(plain)
			if err != nil {
				b.Fatal(err)
			}
			r := wazero.NewRuntimeWithConfig(background, wazero.NewRuntimeConfig().WithCompilationCache(cache))
			b.StartTimer()
			if _, err := r.CompileModule(background, source); err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			r.Close(background)
			cache.Close(background)
		}
		load()
		b.ResetTimer()
		for range b.N {
			b.StopTimer()
			load()
			b.StartTimer()
		}
	})
}
