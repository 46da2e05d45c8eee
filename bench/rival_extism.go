package main

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"time"

	extism "github.com/extism/go-sdk"
)

// extismEngine is Extism's Go SDK, with the time limit that it needs to be able
// to stop a plugin at all.
type extismEngine struct{ plugins []*extism.Plugin }

// extismTimeout is in milliseconds, as VUDO's default deadline.
const extismTimeout = 30_000

func newExtism() (engine, error) {
	extism.SetLogLevel(extism.LogLevelOff)
	return &extismEngine{}, nil
}

func (e *extismEngine) name() string { return "extism" }

// plugin makes a plugin; timeout 0 leaves it without a limit.
func (e *extismEngine) plugin(wasm []byte, timeout uint64) (*extism.Plugin, error) {
	m := extism.Manifest{Wasm: []extism.Wasm{extism.WasmData{Data: wasm}}, Timeout: timeout}
	p, err := extism.NewPlugin(context.Background(), m, extism.PluginConfig{EnableWasi: true}, nil)
	if err == nil {
		e.plugins = append(e.plugins, p)
	}
	return p, err
}

func (e *extismEngine) kernel(k kernel) (func() (uint64, float64, error), error) {
	wasm, err := os.ReadFile(filepath.Join(buildDir, "kernels", k.name+".extism.wasm"))
	if err != nil {
		return nil, errors.New("not built: run `make kernels`")
	}
	p, err := e.plugin(wasm, extismTimeout)
	if err != nil {
		return nil, err
	}
	in := binary.LittleEndian.AppendUint64(nil, uint64(k.n))
	return func() (uint64, float64, error) {
		t := time.Now()
		_, out, err := p.Call("call", in)
		ns := float64(time.Since(t).Nanoseconds())
		if err == nil && len(out) != 8 {
			err = errors.New("no checksum")
		}
		if err != nil {
			return 0, 0, err
		}
		return binary.LittleEndian.Uint64(out), ns, nil
	}, nil
}

func (e *extismEngine) script([]byte, string) (func() (string, float64, error), error) {
	return nil, errors.New("a command is not a plugin")
}

func (e *extismEngine) close() {
	for _, p := range e.plugins {
		p.Close(context.Background())
	}
}
