// Package codegentest runs generated modules in tests: on the engine as it is,
// without fuel and rights, with a host that the test gives.
package codegentest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/dol/internal/ir/irgen"
	"github.com/univrs/vudo/internal/wasm"
)

// Instance is a module that runs.
type Instance struct {
	m   *ir.Module
	rt  wazero.Runtime
	mod api.Module
}

// Panic is the end of a call by vudo_panic.
type Panic struct{ Message string }

func (p *Panic) Error() string { return "panic: " + p.Message }

// New validates w, which was generated from m, and instantiates it: the start
// function runs. The host gets the calls of all imports but vudo_panic. A module
// that is not valid is an error with its text.
func New(m *ir.Module, w *wasm.Module, host ir.Host) (*Instance, error) {
	if err := wasm.Validate(w); err != nil {
		var text strings.Builder
		_ = wasm.Print(&text, w, wasm.PrintOptions{})
		return nil, fmt.Errorf("%w\n%s", err, text.String())
	}
	ctx := context.Background()
	i := &Instance{m: m, rt: wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithMemoryLimitPages(1<<14))}
	if err := i.link(ctx, w, host); err != nil {
		return nil, errors.Join(err, i.Close())
	}
	mod, err := i.rt.InstantiateWithConfig(ctx, w.Encode(), wazero.NewModuleConfig().WithStartFunctions())
	if err != nil {
		return nil, errors.Join(ended(err), i.Close())
	}
	i.mod = mod
	return i, nil
}

// room grows the memory for n bytes of the host's own.
func room(mod api.Module, n int) uint32 {
	at, _ := mod.Memory().Grow(uint32(n)>>16 + 1)
	return at << 16
}

// Close frees the instance.
func (i *Instance) Close() error { return i.rt.Close(context.Background()) }

// Global returns the value of an exported global; false: there is none.
func (i *Instance) Global(name string) (uint64, bool) {
	g := i.mod.ExportedGlobal(name)
	if g == nil {
		return 0, false
	}
	return g.Get(), true
}

// Memory returns the memory itself; a call may replace it.
func (i *Instance) Memory() []byte {
	b, _ := i.mod.Memory().Read(0, i.mod.Memory().Size())
	return b
}

func (i *Instance) link(ctx context.Context, w *wasm.Module, host ir.Host) error {
	builders := map[string]wazero.HostModuleBuilder{}
	var order []string
	for _, imp := range w.Imports {
		b := builders[imp.Module]
		if b == nil {
			b = i.rt.NewHostModuleBuilder(imp.Module)
			builders[imp.Module] = b
			order = append(order, imp.Module)
		}
		t := w.Types[imp.Type]
		f, err := i.function(imp, host)
		if err != nil {
			return err
		}
		b.NewFunctionBuilder().WithGoModuleFunction(f, types(t.Params), types(t.Results)).Export(imp.Name)
	}
	for _, name := range order {
		if _, err := builders[name].Instantiate(ctx); err != nil {
			return err
		}
	}
	return nil
}

func types(ts []wasm.ValType) []api.ValueType {
	var list []api.ValueType
	for _, t := range ts {
		list = append(list, api.ValueType(t))
	}
	return list
}

func (i *Instance) function(w wasm.Import, host ir.Host) (api.GoModuleFunction, error) {
	if w.Name == "vudo_panic" {
		return api.GoModuleFunc(func(_ context.Context, mod api.Module, stack []uint64) {
			b, _ := mod.Memory().Read(uint32(stack[0]), uint32(stack[1]))
			panic(&Panic{string(b)})
		}), nil
	}
	k := slices.IndexFunc(i.m.Imports, func(x *ir.Import) bool { return x.Module == w.Module && x.Name == w.Name })
	if k < 0 {
		return nil, fmt.Errorf("%s.%s is no import of the program", w.Module, w.Name)
	}
	imp := i.m.Imports[k]
	return api.GoModuleFunc(func(_ context.Context, mod api.Module, stack []uint64) {
		var args []ir.HostArg
		n := 0
		for _, p := range imp.Params {
			if p != ir.HostBytes {
				args = append(args, ir.HostArg{Bits: stack[n]})
				n++
				continue
			}
			b, ok := mod.Memory().Read(uint32(stack[n]), uint32(stack[n+1]))
			if !ok {
				panic(fmt.Errorf("%s gets bytes outside of memory: %d, %d", imp.Name, stack[n], stack[n+1]))
			}
			args = append(args, ir.HostArg{Bytes: b})
			n += 2
		}
		if h, ok := host.(*Host); ok { // one that knows where its messages go
			h.memory = func(n int) uint32 { return room(mod, n) }
			h.write = func(at uint32, b []byte) { mod.Memory().Write(at, b) }
		}
		r, err := host.Call(imp, args)
		if err != nil {
			panic(err)
		}
		if imp.Result != ir.None {
			stack[0] = r
		}
	}), nil
}

// Call calls an export as a host does: bytes are put into room that the module
// gives. The result is written as ir.Value.String does.
func (i *Instance) Call(export string, args ...irgen.Arg) (string, error) {
	ctx := context.Background()
	k := slices.IndexFunc(i.m.Exports, func(x *ir.Export) bool { return x.Name == export })
	if k < 0 {
		return "", fmt.Errorf("the program exports no %q", export)
	}
	x := i.m.Exports[k]
	var stack []uint64
	for _, a := range args {
		if a.Kind != ir.Ref {
			stack = append(stack, a.Bits)
			continue
		}
		at, err := i.mod.ExportedFunction("__vudo_alloc").Call(ctx, uint64(len(a.Bytes)))
		if err != nil {
			return "", ended(err)
		}
		stack = append(stack, at[0], uint64(len(a.Bytes)))
	}
	n := 0
	for _, a := range args { // behind all allocations, which may move the memory
		n++
		if a.Kind == ir.Ref {
			i.mod.Memory().Write(uint32(stack[n-1]), a.Bytes)
			n++
		}
	}
	results, err := i.mod.ExportedFunction(export).Call(ctx, stack...)
	if err != nil {
		return "", ended(err)
	}
	return i.result(x, results), nil
}

// CallRaw calls an export of the module with bare numbers, as a host might that
// knows nothing of them.
func (i *Instance) CallRaw(export string, args ...uint64) ([]uint64, error) {
	r, err := i.mod.ExportedFunction(export).Call(context.Background(), args...)
	if err != nil {
		return nil, ended(err)
	}
	return r, nil
}

func (i *Instance) result(x *ir.Export, results []uint64) string {
	if x.Result.Kind() == ir.Ref {
		b, ok := i.mod.Memory().Read(uint32(results[0]>>32), uint32(results[0]))
		if !ok {
			return fmt.Sprintf("outside of memory: %#x", results[0])
		}
		return fmt.Sprintf("%q", b)
	}
	v := ir.Value{Kind: x.Result.Kind()}
	if v.Kind != ir.None {
		v.Bits = results[0]
	}
	if v.Kind == ir.F32 {
		return fmt.Sprintf("f32:%v", math.Float32frombits(uint32(v.Bits)))
	}
	return v.String()
}

// ended makes an error of a call what the program did: a *Panic, an *ir.Trap, or
// the host's own error.
func ended(err error) error {
	var p *Panic
	var trap *ir.Trap
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &trap):
		return trap
	}
	for _, k := range [...]ir.TrapKind{ir.TrapUnreachable, ir.TrapDivideByZero, ir.TrapOverflow, ir.TrapConversion} {
		if strings.Contains(err.Error(), "wasm error: "+k.String()) {
			return &ir.Trap{Kind: k}
		}
	}
	return err
}

// Run runs calls and shows what irgen.Evaluate does, but for the places of traps:
// a panic has its line behind its message, other traps have none. A trap of the
// start function is the result of the first call, as it is there; what follows
// is unknown. After the last call check, if not nil, may look at the instance.
func Run(m *ir.Module, w *wasm.Module, calls []irgen.Call, check func(*Instance) error) (*irgen.Outcome, error) {
	host := &irgen.Host{}
	out := &irgen.Outcome{}
	if len(calls) == 0 {
		return out, nil
	}
	i, err := New(m, w, host)
	if err != nil {
		out.Limit = true
		return out, end(out, "", err, host)
	}
	defer i.Close()
	for _, c := range calls {
		r, err := i.Call(c.Export, c.Args...)
		if err := end(out, r, err, host); err != nil {
			return nil, err
		}
	}
	if check != nil {
		return out, check(i)
	}
	return out, nil
}

// end adds the end of a call; an error that is not the program's is returned.
func end(o *irgen.Outcome, result string, err error, host *irgen.Host) error {
	var trap *ir.Trap
	var p *Panic
	switch {
	case errors.As(err, &p):
		result = p.Error()
	case errors.As(err, &trap):
		result = trap.Error()
	case err != nil:
		return err
	}
	o.Results, o.Trace = append(o.Results, result), host.Trace
	return nil
}
