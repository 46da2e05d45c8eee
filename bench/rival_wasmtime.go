//go:build cgo && ((linux && (amd64 || arm64)) || (darwin && (amd64 || arm64)) || (windows && amd64))

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/bytecodealliance/wasmtime-go/v41"
)

func init() {
	makers = append(makers,
		maker{"wasmtime+fuel", func() (engine, error) { return newWasmtime(true) }},
		maker{"wasmtime+epoch", func() (engine, error) { return newWasmtime(false) }},
	)
}

// grant is more fuel than any workload of this benchmark uses.
const grant = 1 << 50

// wasmtimeEngine is wasmtime with one of its two ways to stop a guest: fuel,
// which counts, or epochs, which only interrupt.
type wasmtimeEngine struct {
	title  string
	fuel   bool
	engine *wasmtime.Engine
	dir    string // for standard input and output, which are files here
}

func newWasmtime(fuel bool) (engine, error) {
	cfg := wasmtime.NewConfig()
	e := &wasmtimeEngine{title: "wasmtime+epoch", fuel: fuel}
	if fuel {
		e.title = "wasmtime+fuel"
		cfg.SetConsumeFuel(true)
	} else {
		cfg.SetEpochInterruption(true)
	}
	dir, err := os.MkdirTemp("", "bench-wasmtime-")
	if err != nil {
		return nil, err
	}
	e.dir, e.engine = dir, wasmtime.NewEngineWithConfig(cfg)
	return e, nil
}

func (e *wasmtimeEngine) name() string { return e.title }

// store makes a store that cannot run out.
func (e *wasmtimeEngine) store() (*wasmtime.Store, error) {
	s := wasmtime.NewStore(e.engine)
	if e.fuel {
		return s, s.SetFuel(grant)
	}
	s.SetEpochDeadline(1 << 40)
	return s, nil
}

func (e *wasmtimeEngine) kernel(k kernel) (func() (uint64, float64, error), error) {
	m, err := wasmtime.NewModule(e.engine, k.wasm)
	if err != nil {
		return nil, err
	}
	s, err := e.store()
	if err != nil {
		return nil, err
	}
	inst, err := wasmtime.NewInstance(s, m, nil)
	if err != nil {
		return nil, err
	}
	run := inst.GetFunc(s, "run")
	if run == nil {
		return nil, errors.New("no export run")
	}
	return func() (uint64, float64, error) {
		t := time.Now()
		v, err := run.Call(s, int32(k.n))
		ns := float64(time.Since(t).Nanoseconds())
		if err != nil {
			return 0, 0, err
		}
		return uint64(v.(int64)), ns, nil
	}, nil
}

func (e *wasmtimeEngine) script(wasm []byte, js string) (func() (string, float64, error), error) {
	m, err := wasmtime.NewModule(e.engine, wasm)
	if err != nil {
		return nil, err
	}
	linker := wasmtime.NewLinker(e.engine)
	if err := linker.DefineWasi(); err != nil {
		return nil, err
	}
	in, out := filepath.Join(e.dir, "in"), filepath.Join(e.dir, "out")
	if err := os.WriteFile(in, []byte(js), 0o600); err != nil {
		return nil, err
	}
	return func() (string, float64, error) {
		t := time.Now()
		s, err := e.store()
		if err != nil {
			return "", 0, err
		}
		wasi := wasmtime.NewWasiConfig()
		wasi.SetArgv([]string{"quickjs"})
		if err := errors.Join(wasi.SetStdinFile(in), wasi.SetStdoutFile(out)); err != nil {
			return "", 0, err
		}
		s.SetWasi(wasi)
		inst, err := linker.Instantiate(s, m)
		if err != nil {
			return "", 0, err
		}
		if _, err = inst.GetFunc(s, "_start").Call(s); err != nil {
			if exit := (*wasmtime.Error)(nil); !errors.As(err, &exit) {
				return "", 0, err
			} else if code, ok := exit.ExitStatus(); !ok || code != 0 {
				return "", 0, fmt.Errorf("exit %d: %w", code, err)
			}
		}
		ns := float64(time.Since(t).Nanoseconds())
		b, err := os.ReadFile(out)
		return string(b), ns, err
	}, nil
}

func (e *wasmtimeEngine) close() { os.RemoveAll(e.dir) }
