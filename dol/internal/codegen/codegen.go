package codegen

import (
	"errors"
	"fmt"
	"slices"

	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/internal/wasm"
)

// GC says what becomes of objects that nothing refers to.
type GC uint8

const (
	GCNormal GC = iota // collected when as much has been allocated as was alive
	GCStress           // collected at every allocation, to find forgotten roots
	GCNone             // kept for ever; the collector is left out
)

// Options adjust Generate; the zero value is what a build uses.
type Options struct {
	GC        GC
	Strip     bool     // leave out the sections name and vudo.srcmap
	PanicTrap bool     // a panic is a trap without a message, and needs no import
	Exports   []string // the exports wanted, by name; nil: all
	// MaxMemoryBytes bounds the memory, rounded down to whole pages; 0: no bound.
	MaxMemoryBytes uint64
}

// ErrDataTooLarge says that the constants of the program do not fit the memory.
var ErrDataTooLarge = errors.New("the constants of the program do not fit into its memory")

// Generate translates a module that ir.Verify takes. The same module and options
// give the same bytes. An error is a *ShapeError, ErrDataTooLarge, or names an
// export that is not there.
func Generate(m *ir.Module, o Options) (*wasm.Module, error) {
	l, err := generate(m, o)
	if err != nil {
		return nil, err
	}
	return &l.m, nil
}

func generate(m *ir.Module, o Options) (*linker, error) {
	g := &generator{m: m, o: o, facts: newFacts(m, o), statics: findStatics(m)}
	g.data.init()
	g.runtime = newRuntime(g)
	if err := g.exports(); err != nil {
		return nil, err
	}
	g.reach()
	return g.link()
}

// generator is the work on one module.
type generator struct {
	m       *ir.Module
	o       Options
	facts   *facts
	statics *statics
	data    data
	runtime *runtime

	wrappers []*wrapper
	units    map[*ir.Func]*unit // what is linked
	queue    []*ir.Func
	imports  map[*ir.Import]bool
	panics   *ir.Import // vudo_panic, once it is used
	table    []*ir.Func // functions with a FuncIndex; the first has number 1
	slots    map[*ir.Func]int32
	types    []wasm.FuncType
}

// unit is a function on its way to code.
type unit struct {
	f     *ir.Func
	code  []instr
	kinds []ir.Kind // of the virtual locals, parameters first
	index uint32    // in the module, imports counted
}

// want links f.
func (g *generator) want(f *ir.Func) {
	if g.units[f] == nil {
		g.units[f] = &unit{f: f}
		g.queue = append(g.queue, f)
	}
}

// exports picks the exports, and wraps those that cannot be exported as they are.
func (g *generator) exports() error {
	g.units = map[*ir.Func]*unit{}
	g.imports = map[*ir.Import]bool{}
	g.slots = map[*ir.Func]int32{}
	for _, name := range g.o.Exports {
		if !slices.ContainsFunc(g.m.Exports, func(x *ir.Export) bool { return x.Name == name }) {
			return fmt.Errorf("no function %q to export", name)
		}
	}
	for _, x := range g.m.Exports {
		if g.o.Exports == nil || slices.Contains(g.o.Exports, x.Name) {
			g.wrappers = append(g.wrappers, g.wrap(x))
		}
	}
	return nil
}

// reach selects instructions for everything that the exports and the start
// function need.
func (g *generator) reach() {
	for _, w := range g.wrappers {
		g.want(w.f)
	}
	g.wantSupport()
	if s := g.statics.start; s != nil {
		g.want(s)
	}
	for len(g.queue) > 0 {
		f := g.queue[0]
		g.queue = g.queue[1:]
		g.selectFunc(g.units[f])
	}
}

// order lists what is linked: the module's functions in their order, then the
// wrappers, then the runtime in its order.
func (g *generator) order() []*unit {
	var list []*unit
	add := func(f *ir.Func) {
		if u := g.units[f]; u != nil {
			list = append(list, u)
		}
	}
	for _, f := range g.m.Funcs {
		add(f)
		if f == g.m.Start && g.statics.start != nil {
			add(g.statics.start)
		}
	}
	for _, w := range g.wrappers {
		if w.own {
			add(w.f)
		}
	}
	for _, f := range g.runtime.order {
		add(f)
	}
	return list
}

// slot returns the number by which a closure calls f.
func (g *generator) slot(f *ir.Func) int32 {
	n, ok := g.slots[f]
	if !ok {
		g.want(f)
		g.table = append(g.table, f)
		n = int32(len(g.table))
		g.slots[f] = n
	}
	return n
}

// sig returns the index of a signature.
func (g *generator) sig(t wasm.FuncType) uint32 {
	for i := range g.types {
		if g.types[i].Equal(t) {
			return uint32(i)
		}
	}
	g.types = append(g.types, t)
	return uint32(len(g.types) - 1)
}

// valType is the WebAssembly type of a kind.
func valType(k ir.Kind) wasm.ValType {
	switch k {
	case ir.I64:
		return wasm.I64
	case ir.F32:
		return wasm.F32
	case ir.F64:
		return wasm.F64
	}
	return wasm.I32
}

// funcType is the WebAssembly type of a signature.
func funcType(s ir.Sig) wasm.FuncType {
	var t wasm.FuncType
	for _, k := range s.Params {
		t.Params = append(t.Params, valType(k))
	}
	if s.Result != ir.None {
		t.Results = []wasm.ValType{valType(s.Result)}
	}
	return t
}

// importType is the WebAssembly type of a host function.
func importType(i *ir.Import) wasm.FuncType {
	t := funcType(ir.Sig{Result: i.Result})
	for _, p := range i.Params {
		t.Params = append(t.Params, valType(p.Kind()))
		if p == ir.HostBytes {
			t.Params = append(t.Params, wasm.I32)
		}
	}
	return t
}
