package sandbox

import (
	"fmt"
	"strings"

	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/internal/host"
	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/spirit"
)

// Function is a host function that an embedder adds to module "loa".
type Function struct {
	Name       string
	Capability spirit.Capability // what a guest must hold to call it
	Type       wasm.FuncType     // numbers only; at most one result
	// Call runs on the guest's stack. Its parameters are in stack, and it
	// leaves its result in stack[0]. An error that is a *fault.Trap faults the
	// guest; any other is a fault of the host, and ends the call.
	Call func(c *Caller, stack []uint64) error

	row *host.Func
}

// Caller is the guest as an embedder's function sees it, for one call.
type Caller struct {
	host.Machine
	host *host.State
}

// Bytes returns n bytes of the guest's memory from ptr, aliased, until the
// function returns. A range outside of the memory faults the guest. The guest
// pays for the bytes here, and pauses when it cannot: call it before any effect.
func (c *Caller) Bytes(ptr, n uint32) []byte {
	p, ok := c.host.Take(ptr, n)
	if !ok {
		c.Trap(fault.KindOutOfBoundsMemory, fmt.Sprintf("a host function was given %d bytes at %d", n, ptr))
	}
	return p
}

// addFunctions checks the embedder's functions and indexes them.
func (e *Engine) addFunctions(fs []Function) error {
	e.extra = make(map[string]*Function, len(fs))
	for i := range fs {
		f := &fs[i]
		_, taken := host.Find(host.ModuleLoa, f.Name)
		switch {
		case f.Name == "" || f.Call == nil:
			return fmt.Errorf("host function %q: it needs a name and a body", f.Name)
		case taken || strings.HasPrefix(f.Name, "host_") || strings.HasPrefix(f.Name, "vudo_"):
			return fmt.Errorf("host function %q: the name belongs to the host's own table", f.Name)
		case e.extra[f.Name] != nil:
			return fmt.Errorf("host function %q: given twice", f.Name)
		case !scalar(f.Type.Params) || !scalar(f.Type.Results) || len(f.Type.Results) > 1:
			return fmt.Errorf("host function %q: %s: numbers only, and at most one result", f.Name, f.Type)
		}
		c, err := f.Capability.Canonical()
		if err != nil {
			return fmt.Errorf("host function %q: %w", f.Name, err)
		}
		f.Capability = c
		f.row = host.NewForeign(i, f.Name, f.Type)
		e.extra[f.Name] = f
	}
	return nil
}

// offered returns the signature of what the host has under an import's name.
func (e *Engine) offered(module, name string) (wasm.FuncType, bool) {
	if f, ok := host.Find(module, name); ok {
		return f.Type(), true
	}
	if f := e.extra[name]; f != nil && module == host.ModuleLoa {
		return f.Type, true
	}
	return wasm.FuncType{}, false
}
