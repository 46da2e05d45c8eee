package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/tetratelabs/wazero"

	"github.com/univrs/vudo"
)

// benchLoads measures loading a module that was compiled before, from the cache
// on disk, against the bare engine's own cached compile of the original; and
// the first compilation of each.
func benchLoads(r *Report, rounds int) error {
	for _, name := range []string{"go-command", "sqlite"} {
		file := filepath.Join("..", "examples", name, "target", name+".wasm")
		wasm, err := os.ReadFile(file)
		if err != nil {
			r.absent("loading "+name, "not built: run `make lang-"+name+"`")
			continue
		}
		if err := benchLoad(r, rounds, name, wasm); err != nil {
			return err
		}
	}
	return nil
}

func benchLoad(r *Report, rounds int, name string, wasm []byte) error {
	ctx := context.Background()
	r.start("load", name+", "+short(float64(len(wasm))/1e6)+" MB of module, milliseconds")
	dir, err := os.MkdirTemp("", "bench-load-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)

	var split []vudo.LoadTimes
	ours := func() float64 {
		rt, err := vudo.New(ctx, vudo.Config{Home: filepath.Join(dir, "vudo")})
		must(err)
		defer rt.Close(ctx)
		var s *vudo.Spirit
		var ns float64
		for range 3 { // the compile budget is wall time, which a busy machine may use up
			ns = time1(func() { s, err = spiritOf(ctx, rt, wasm, "") })
			if !errors.Is(err, vudo.ErrCompileLimit) {
				break
			}
		}
		must(err)
		split = append(split, s.LoadTimes())
		return ns / 1e6
	}
	theirs := func() float64 {
		cache, err := wazero.NewCompilationCacheWithDir(filepath.Join(dir, "wazero"))
		must(err)
		defer cache.Close(ctx)
		rt := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithCompilationCache(cache))
		defer rt.Close(ctx)
		ns := time1(func() { _, err = rt.CompileModule(ctx, wasm) })
		must(err)
		return ns / 1e6
	}
	r.distribution("vudo, first load", "ms", []float64{ours()}, -1)
	r.splits(split)
	r.distribution("wazero, first compile", "ms", []float64{theirs()}, -1)
	split = nil
	var a, b []float64
	for range max(15, rounds) {
		a = append(a, ours())
		b = append(b, theirs())
	}
	x := r.distribution("vudo, cached load", "ms", a, -1)
	r.splits(split)
	y := r.distribution("wazero, cached compile of the original", "ms", b, -1)
	r.ratio("cached load, vudo / wazero", x.Min/y.Min, x.P50/y.P50, "<= 1.3")
	return nil
}

// splits prints the medians of where loading spends its time.
func (r *Report) splits(list []vudo.LoadTimes) {
	part := func(name string, get func(vudo.LoadTimes) time.Duration) {
		var ms []float64
		for _, l := range list {
			ms = append(ms, float64(get(l).Nanoseconds())/1e6)
		}
		r.distribution("  of which "+name, "ms", ms, -1)
	}
	part("hashing the module", func(l vudo.LoadTimes) time.Duration { return l.Digest })
	if list[0].FromCache {
		part("reading the cached image", func(l vudo.LoadTimes) time.Duration { return l.Image })
	} else {
		part("decoding, validating, metering", func(l vudo.LoadTimes) time.Duration { return l.Image })
	}
	part("the engine", func(l vudo.LoadTimes) time.Duration { return l.Engine })
}
