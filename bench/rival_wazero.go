package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"
)

// wazeroEngine is the bare engine, with or without its own cancellation: the
// only thing it offers to stop a guest.
type wazeroEngine struct {
	title  string
	ctx    context.Context
	cancel context.CancelFunc
	rt     wazero.Runtime
}

func newWazero(cancellable bool) (engine, error) {
	ctx, cancel := context.WithCancel(context.Background())
	e := &wazeroEngine{title: "wazero", ctx: ctx, cancel: cancel}
	if cancellable {
		e.title = "wazero+cancel"
	}
	e.rt = wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithCloseOnContextDone(cancellable))
	if _, err := wasi_snapshot_preview1.Instantiate(ctx, e.rt); err != nil {
		return nil, err
	}
	return e, nil
}

func (e *wazeroEngine) name() string { return e.title }

func (e *wazeroEngine) kernel(k kernel) (func() (uint64, float64, error), error) {
	m, err := e.rt.InstantiateWithConfig(e.ctx, k.wasm, wazero.NewModuleConfig().WithName(k.name))
	if err != nil {
		return nil, err
	}
	run := m.ExportedFunction("run")
	stack := make([]uint64, 1)
	return func() (uint64, float64, error) {
		stack[0] = uint64(k.n)
		t := time.Now()
		err := run.CallWithStack(e.ctx, stack)
		return stack[0], float64(time.Since(t).Nanoseconds()), err
	}, nil
}

func (e *wazeroEngine) script(wasm []byte, js string) (func() (string, float64, error), error) {
	c, err := e.rt.CompileModule(e.ctx, wasm)
	if err != nil {
		return nil, err
	}
	return func() (string, float64, error) {
		var out, errs bytes.Buffer
		cfg := wazero.NewModuleConfig().WithName("").WithStdin(bytes.NewReader([]byte(js))).WithStdout(&out).WithStderr(&errs).
			WithArgs("quickjs").WithSysWalltime().WithSysNanotime().WithRandSource(rand.Reader)
		t := time.Now()
		m, err := e.rt.InstantiateModule(e.ctx, c, cfg)
		ns := float64(time.Since(t).Nanoseconds())
		if exit := (*sys.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() == 0 {
			err = nil
		}
		if err != nil {
			return "", 0, fmt.Errorf("%w\n%s", err, errs.String())
		}
		if m != nil {
			m.Close(e.ctx)
		}
		return out.String(), ns, nil
	}, nil
}

func (e *wazeroEngine) close() {
	e.rt.Close(context.Background())
	e.cancel()
}
