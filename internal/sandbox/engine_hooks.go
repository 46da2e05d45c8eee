package sandbox

import (
	"context"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/univrs/vudo/internal/fault"
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

func hostFunction(impl func(*host.State, []uint64)) api.GoModuleFunc {
	return func(ctx context.Context, _ api.Module, stack []uint64) {
		impl(sandboxOf(ctx).host, stack)
	}
}

// addHooks registers what the metering pass calls (docs/spec/fuel.md).
func addHooks(b wazero.HostModuleBuilder) {
	i32 := []api.ValueType{api.ValueTypeI32}
	add := func(name string, params, results []api.ValueType, f api.GoModuleFunc) {
		b.NewFunctionBuilder().WithGoModuleFunction(f, params, results).Export(name)
	}
	add("hook", nil, nil, func(ctx context.Context, _ api.Module, _ []uint64) {
		sandboxOf(ctx).hook()
	})
	add("memory_grow", i32, i32, func(ctx context.Context, _ api.Module, stack []uint64) {
		stack[0] = gateResult(sandboxOf(ctx).growMemory(uint32(stack[0])))
	})
	add("table_grow", []api.ValueType{api.ValueTypeI32, api.ValueTypeI32}, i32, func(ctx context.Context, _ api.Module, stack []uint64) {
		stack[0] = gateResult(sandboxOf(ctx).growTable(uint32(stack[0]), uint32(stack[1])))
	})
	add("stack_overflow", nil, nil, func(ctx context.Context, _ api.Module, _ []uint64) {
		sandboxOf(ctx).unwind(fault.ErrStackLimit)
	})
	for _, f := range host.Table() {
		if !contains(f.Modules, host.ModuleWASI) {
			continue
		}
		add("gate:"+f.Name, valueTypes(f.Params), i32, hostFunction(f.Gate))
		if f.Done != nil && len(f.Results) == 1 {
			add("done:"+f.Name, valueTypes(append(append([]wasm.ValType(nil), f.Params...), f.Results...)), i32, hostFunction(f.Done))
		}
	}
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
	return func(ctx context.Context, _ api.Module, stack []uint64) {
		s := sandboxOf(ctx)
		m := (*machine)(s)
		m.Poll()
		if d := s.cfg.Rights.CheckTarget(f.Capability.Type, f.Capability.Target); d != nil {
			m.Trap(fault.KindDenied, f.Name+" needs the capability "+f.Capability.String())
		}
		s.charge(customBase)
		if err := f.Call(&Caller{Machine: m}, stack); err != nil {
			s.unwind(err)
		}
	}
}
