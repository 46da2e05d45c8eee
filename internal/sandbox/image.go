package sandbox

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"sort"
	"strings"

	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/internal/fuel"
	"github.com/univrs/vudo/internal/host"
	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/spirit"
)

// image is a module after metering: what the engine runs and all that a
// sandbox must know about it. The module cache stores it; nothing of the
// original needs to be decoded again.
type image struct {
	fuel.Metered

	Imports []Import
	Exports []Export // functions of the guest, in its order
	MinSize uint64   // of the memory, bytes; 0 without one
	MaxSize uint64   // declared maximum, else 4 GiB
	Tables  []tableFacts
	Heap    uint32 // value of the exported global __heap_base, 0 = none

	Section  []byte           // vudo.manifest as it stands in the module; nil = none
	Declared *spirit.Declared // what it says

	// Frozen says why memory, globals and tables of an instance cannot be put
	// back to an earlier state; "" means that they can.
	Frozen string
}

// tableFacts are what the limits need to know of a table: elements.
type tableFacts struct{ Min, Max uint32 }

// Import is a function that a module wants from the host.
type Import struct {
	Module, Name string
	Type         wasm.FuncType
}

// Export is a function that a module offers.
type Export struct {
	Name       string
	Type       wasm.FuncType
	Convention Convention
	// Signature is what the section vudo.manifest says of it; nil = nothing.
	Signature *spirit.Signature
}

// Convention says how an export is called (docs/spec/vm.md, section 5.6).
type Convention uint8

// The calling conventions. A () -> () or () -> i32 export is Bytes and may be
// called as Scalar too.
const (
	Unsupported Convention = iota // takes or returns what is no number
	Scalar
	Bytes
	Command // _start: a fresh instance per call
	// Declared: vudo.manifest names its parameters or its result. One that has
	// neither is Bytes.
	Declared
)

// String returns the convention's name, such as "bytes".
func (c Convention) String() string {
	return [...]string{"unsupported", "scalar", "bytes", "command", "declared"}[c]
}

func conventionOf(name string, t wasm.FuncType) Convention {
	bytes := len(t.Params) == 0 && (len(t.Results) == 0 || len(t.Results) == 1 && t.Results[0] == wasm.I32)
	switch {
	case name == startName && len(t.Params) == 0 && len(t.Results) == 0:
		return Command
	case bytes:
		return Bytes
	case scalar(t.Params) && scalar(t.Results):
		return Scalar
	}
	return Unsupported
}

const (
	startName      = "_start"
	initializeName = "_initialize"
)

// build verifies and meters a module.
func build(source []byte, shape fuel.ShapeLimits) (*image, error) {
	m, err := wasm.Decode(source, wasm.DecodeOptions{})
	if err != nil {
		return nil, invalid(err)
	}
	i := &image{}
	for n := range m.Imports {
		imp := &m.Imports[n]
		if imp.Kind != wasm.KindFunc {
			return nil, fmt.Errorf("%w: %s.%s: the host gives functions only, not a %s", fault.ErrUnlinked, imp.Module, imp.Name, imp.Kind)
		}
		if int64(imp.Type) < int64(len(m.Types)) {
			i.Imports = append(i.Imports, Import{imp.Module, imp.Name, m.Types[imp.Type]})
		}
	}
	// The engine has no use for names and other people's notes; frames take
	// their names from the source, where no guest can confuse the engine's text.
	section, err := declaredSection(m)
	if err != nil {
		return nil, err
	}
	m.Customs = nil
	metered, err := fuel.Instrument(m, fuel.Config{Shape: shape, Gate: host.Gated, DebugOffsets: true})
	if err != nil {
		return nil, invalid(err)
	}
	i.Metered = *metered
	for _, x := range m.Exports {
		switch {
		case x.Kind == wasm.KindFunc:
			t, _ := m.FuncType(x.Index)
			i.Exports = append(i.Exports, Export{Name: x.Name, Type: t, Convention: conventionOf(x.Name, t)})
		case x.Kind == wasm.KindGlobal && x.Name == "__heap_base":
			i.Heap = constant(m, x.Index)
		}
	}
	if i.Memory {
		l := m.Memories[0].Limits
		i.MinSize, i.MaxSize = uint64(l.Min)*pageSize, maxSlot
		if l.HasMax {
			i.MaxSize = uint64(l.Max) * pageSize
		}
	}
	for _, t := range m.Tables {
		f := tableFacts{Min: t.Limits.Min, Max: ^uint32(0)}
		if t.Limits.HasMax {
			f.Max = t.Limits.Max
		}
		i.Tables = append(i.Tables, f)
	}
	if err := i.declare(section); err != nil {
		return nil, invalid(err)
	}
	i.freeze()
	return i, nil
}

// freeze finds what an instance holds beside memory and numbers: the engine
// shows no way to put that back.
func (i *image) freeze() {
	if i.TableWrites != "" {
		i.Frozen = "the module changes its tables: " + i.TableWrites
	}
	for _, g := range i.Globals {
		switch {
		case !g.Type.IsNum():
			i.Frozen = fmt.Sprintf("the module has a mutable global of type %s", g.Type)
		case !strings.HasPrefix(g.Export, fuel.Reserved+"/global/"):
			i.Frozen = "the module drops segments"
		}
	}
}

const pageSize = 65536

// constant is the value of a global that is a single i32.const, else 0.
func constant(m *wasm.Module, global uint32) uint32 {
	n := int(global) - m.NumImported(wasm.KindGlobal)
	if n < 0 || n >= len(m.Globals) {
		return 0
	}
	r := wasm.NewReader(m.Globals[n].Init)
	var in wasm.Instr
	if !r.Next(&in) || in.Op != wasm.OpI32Const {
		return 0
	}
	return uint32(in.I32())
}

// invalid makes err match ErrInvalidModule if it matches no sentinel yet.
func invalid(err error) error {
	for _, e := range fault.Table() {
		if errors.Is(err, e.Err) {
			return err
		}
	}
	return fmt.Errorf("%w: %w", fault.ErrInvalidModule, err)
}

// link checks that the host has every import, and reports all that it lacks at once.
func (e *Engine) link(i *image) error {
	var missing []string
	for _, imp := range i.Imports {
		offered, ok := e.offered(imp.Module, imp.Name)
		switch {
		case !ok:
			missing = append(missing, imp.Module+"."+imp.Name)
		case !offered.Equal(imp.Type):
			missing = append(missing, fmt.Sprintf("%s.%s: wanted %s, offered %s", imp.Module, imp.Name, imp.Type, offered))
		case imp.Module == host.ModuleWASI && !i.Memory && len(imp.Type.Params) > 1:
			missing = append(missing, fmt.Sprintf("%s.%s: it needs a memory, and the module has none", imp.Module, imp.Name))
		}
	}
	if len(missing) > 0 {
		sort.Strings(missing)
		return fmt.Errorf("%w: %s", fault.ErrUnlinked, strings.Join(missing, ", "))
	}
	return nil
}

// fits checks what a module declares against the limits of one sandbox.
func (p *Program) fits(l spirit.Limits) error {
	i := p.image
	if i.MinSize > l.MemoryBytes {
		return fmt.Errorf("%w: the module starts with %d bytes, max_memory_bytes is %d", fault.ErrMemoryLimit, i.MinSize, l.MemoryBytes)
	}
	var elements uint64
	for _, t := range i.Tables {
		elements += uint64(t.Min)
	}
	if elements > l.TableElements {
		return fmt.Errorf("%w: the module starts with %d elements, max_table_elements is %d", fault.ErrTableLimit, elements, l.TableElements)
	}
	if n := uint64(len(p.source)); n > l.ModuleBytes {
		return fmt.Errorf("%w: %d bytes exceeds maximum of %d (max_module_bytes)", fault.ErrInvalidModule, n, l.ModuleBytes)
	}
	return nil
}

// export finds a function, or says which there are.
func (p *Program) export(name string) (*Export, error) {
	if x, ok := p.exports[name]; ok {
		return x, nil
	}
	return nil, fmt.Errorf("%w: %s", fault.ErrNoExport, name)
}

func (p *Program) bytesExport(name string) (*Export, error) {
	x, err := p.export(name)
	if err != nil {
		return nil, err
	}
	if x.Convention != Bytes && x.Convention != Command && x.Convention != Declared {
		return nil, fmt.Errorf("%w: %s is %s, called with bytes, which takes () -> () or () -> (i32)", fault.ErrArguments, name, x.Type)
	}
	return x, nil
}

func (p *Program) scalarExport(name string, args []Value) (*Export, error) {
	x, err := p.export(name)
	if err != nil {
		return nil, err
	}
	if err := checkArguments(name, x.Type, args); err != nil {
		return nil, err
	}
	return x, nil
}

// DigestOf is the digest of a bare module.
func DigestOf(module []byte) spirit.Digest { return sha256.Sum256(module) }
