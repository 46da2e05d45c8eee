package sandbox

import (
	"context"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/internal/fuel"
	"github.com/univrs/vudo/internal/host"
	"github.com/univrs/vudo/internal/wasm"
)

// guestContext is the context under which the engine runs a guest: it leads
// every host function to its sandbox, without an allocation per call, and says
// nothing else. The engine keeps it for the whole call, across refuels, so it
// must not be a caller's.
type guestContext struct{ s *Sandbox }

func (*guestContext) Deadline() (time.Time, bool) { return time.Time{}, false }
func (*guestContext) Done() <-chan struct{}       { return nil }
func (*guestContext) Err() error                  { return nil }
func (*guestContext) Value(any) any               { return nil }

func sandboxOf(ctx context.Context) *Sandbox { return ctx.(*guestContext).s }

// hostFunction is impl as the engine calls it. The engine leaves the upper half
// of a 32-bit parameter as it finds it; impl sees zeros there, always.
func hostFunction(impl func(*host.State, []uint64), params []wasm.ValType) api.GoModuleFunc {
	narrow := narrowParams(params)
	return func(ctx context.Context, _ api.Module, stack []uint64) {
		for _, i := range narrow {
			stack[i] &= 1<<32 - 1
		}
		impl(sandboxOf(ctx).host, stack)
	}
}

func narrowParams(params []wasm.ValType) []int {
	var narrow []int
	for i, t := range params {
		if t == wasm.I32 || t == wasm.F32 {
			narrow = append(narrow, i)
		}
	}
	return narrow
}

// addHooks registers what the metering pass calls (docs/spec/fuel.md).
func addHooks(b wazero.HostModuleBuilder) {
	i32 := []api.ValueType{api.ValueTypeI32}
	add := func(name string, params, results []api.ValueType, f api.GoModuleFunc) {
		b.NewFunctionBuilder().WithGoModuleFunction(f, params, results).Export(name)
	}
	add(fuel.ImportHook, nil, nil, func(ctx context.Context, _ api.Module, _ []uint64) {
		sandboxOf(ctx).hook()
	})
	add(fuel.ImportMemoryGrow, i32, i32, func(ctx context.Context, _ api.Module, stack []uint64) {
		stack[0] = gateResult(sandboxOf(ctx).growMemory(uint32(stack[0])))
	})
	add(fuel.ImportTableGrow, []api.ValueType{api.ValueTypeI32, api.ValueTypeI32}, i32, func(ctx context.Context, _ api.Module, stack []uint64) {
		stack[0] = gateResult(sandboxOf(ctx).growTable(uint32(stack[0]), uint32(stack[1])))
	})
	add(fuel.ImportStackOverflow, nil, nil, func(ctx context.Context, _ api.Module, _ []uint64) {
		sandboxOf(ctx).unwind(fault.ErrStackLimit)
	})
	for _, f := range host.Table() {
		if f.Gate == nil {
			continue
		}
		add(fuel.ImportGate+f.Name, valueTypes(f.Params), i32, hostFunction(f.Gate, f.Params))
		if len(f.Results) == 1 {
			params := append(append([]wasm.ValType(nil), f.Params...), f.Results...)
			add(fuel.ImportDone+f.Name, valueTypes(params), i32, hostFunction(doneOf(&f), params))
		}
	}
}

// doneOf is what stands behind a WASI function; one without work of its own
// passes the errno on.
func doneOf(f *host.Func) func(*host.State, []uint64) {
	if f.Done != nil {
		return f.Done
	}
	last := len(f.Params)
	return func(_ *host.State, stack []uint64) { stack[0] = stack[last] }
}

func gateResult(granted bool) uint64 {
	if granted {
		return 1
	}
	return 0
}

// customFunction runs an embedder's function: the order of checks is that of
// the host's own (docs/spec/vm.md, section 5.1).
func customFunction(f *Function) api.GoModuleFunc {
	narrow := narrowParams(f.Type.Params)
	return func(ctx context.Context, _ api.Module, stack []uint64) {
		for _, i := range narrow {
			stack[i] &= 1<<32 - 1
		}
		s := sandboxOf(ctx)
		err := s.host.RunForeign(f.row, f.Capability, stack, func() error {
			return f.Call(&Caller{Machine: (*machine)(s), host: s.host}, stack)
		})
		if err != nil {
			s.unwind(err)
		}
	}
}
