package fuel

import (
	"fmt"
	"strings"

	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/internal/wasm"
)

// Reserved is the module name of every injected import and the first part of
// every injected export. A guest that imports from a module whose name starts
// with it, or exports such a name, is refused.
const Reserved = "vudo:meter"

// Names of injected imports (module Reserved) and exports (Reserved + "/...").
const (
	ImportHook          = "hook"
	ImportStackOverflow = "stack_overflow"
	ImportMemoryGrow    = "memory_grow"
	ImportTableGrow     = "table_grow"
	ImportGate          = "gate:"
	ImportDone          = "done:"

	ExportFuel    = Reserved + "/fuel"
	ExportDepth   = Reserved + "/depth"
	ExportMemory  = Reserved + "/memory"
	ExportStart   = Reserved + "/start"
	exportTable   = Reserved + "/table/"
	exportGlobal  = Reserved + "/global/"
	exportDropped = Reserved + "/dropped/"
)

// Config says how a module is instrumented. The zero value is the default.
type Config struct {
	// Shape are the shape limits; zero fields mean the defaults.
	Shape ShapeLimits
	// Gate reports whether calls of an imported function go through the host
	// gates ImportGate and ImportDone; nil gates none. A gated import has one
	// i32 result or none.
	Gate func(module, name string) bool
	// DebugOffsets drops the guest's DWARF from the metered bytes and appends
	// one line table that covers the whole code section, so that an engine that
	// reads DWARF prints the code offset of every frame (see Metered.Offsets).
	DebugOffsets bool
}

// Instrument checks the shape of m, validates it and returns its metered form.
// It does not change m, whose bytes the result may share. The same module and
// Config give the same bytes on every machine.
//
// An error is the guest's fault and wraps fault.ErrInvalidModule.
func Instrument(m *wasm.Module, cfg Config) (*Metered, error) {
	if err := cfg.Shape.Check(m); err != nil {
		return nil, err
	}
	if err := wasm.Validate(m); err != nil {
		return nil, err
	}
	if err := checkNames(m); err != nil {
		return nil, err
	}
	a, err := analyze(m)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", fault.ErrInvalidModule, err)
	}
	a.resolveCalls()
	a.findCalledLoops()
	p := &pass{a: a, cfg: cfg, types: newTypeTable(m.Types), out: *m}
	if err := p.run(); err != nil {
		return nil, fmt.Errorf("%w: %w", fault.ErrInvalidModule, err)
	}
	return p.metered(), nil
}

// checkNames refuses a guest that uses our names.
func checkNames(m *wasm.Module) error {
	for i := range m.Imports {
		if imp := &m.Imports[i]; strings.HasPrefix(imp.Module, Reserved) {
			return fmt.Errorf("%w: import %d, %q %q: the module name %q is reserved for the meter",
				fault.ErrInvalidModule, i, imp.Module, imp.Name, Reserved)
		}
	}
	for i := range m.Exports {
		if x := &m.Exports[i]; strings.HasPrefix(x.Name, Reserved) {
			return fmt.Errorf("%w: export %d, %q: names that start with %q are reserved for the meter",
				fault.ErrInvalidModule, i, x.Name, Reserved)
		}
	}
	return nil
}

// pass is one instrumentation. It fills out, which starts as a copy of the
// guest's module and shares what does not change.
type pass struct {
	a     *analysis
	cfg   Config
	types *typeTable
	out   wasm.Module
	at    indices
	track offsetRecorder

	imports  int // injected imports
	tables   int
	globals  int // globals of the guest, imports first
	injected []injected
	hidden   []HiddenGlobal
	thunks   map[uint32]gate // gated imports by index
	usesHook bool
	counted  bool
}

// injected is a function that the pass adds behind the guest's.
type injected struct {
	typ    uint32
	locals []wasm.LocalGroup
	body   []byte
}

func (p *pass) run() error {
	m := p.a.m
	p.globals = len(p.a.globalTypes)
	p.tables = m.NumImported(wasm.KindTable) + len(m.Tables)
	for i := range p.a.funcs {
		f := &p.a.funcs[i]
		p.usesHook = p.usesHook || !f.bounded
		p.counted = p.counted || f.counted
	}
	if err := p.addImports(); err != nil {
		return err
	}
	p.number()
	p.addGlobals()
	p.addFunctions()
	if err := p.writeBodies(); err != nil {
		return err
	}
	p.renumber()
	p.addExports()
	p.out.Types = p.types.types
	p.placeOffsets()
	p.customs()
	return nil
}

func (p *pass) importFunc(name string, params, results []wasm.ValType) uint32 {
	p.out.Imports = append(p.out.Imports, wasm.Import{
		Module: Reserved, Name: name, Kind: wasm.KindFunc, Type: p.types.of(params, results),
	})
	p.imports++
	return uint32(p.a.imported + p.imports - 1)
}

// addImports appends the hooks that the module needs. They stand behind the
// guest's imports, so that only defined functions move.
func (p *pass) addImports() error {
	p.out.Imports = p.out.Imports[:len(p.out.Imports):len(p.out.Imports)]
	i32 := []wasm.ValType{wasm.I32}
	if p.usesHook {
		p.at.hook = p.importFunc(ImportHook, nil, nil)
	}
	if p.counted {
		p.at.overflow = p.importFunc(ImportStackOverflow, nil, nil)
	}
	if p.a.memoryGrows {
		p.at.memoryGrow = p.importFunc(ImportMemoryGrow, i32, i32)
	}
	for _, grows := range p.a.tableGrows {
		if grows {
			p.at.tableGrow = p.importFunc(ImportTableGrow, []wasm.ValType{wasm.I32, wasm.I32}, i32)
			break
		}
	}
	return p.addGates()
}

// number fixes the new index of every function of the guest.
func (p *pass) number() {
	p.at.funcs = make([]uint32, len(p.a.typeOf))
	for i := range p.at.funcs {
		p.at.funcs[i] = uint32(i)
		if i >= p.a.imported {
			p.at.funcs[i] += uint32(p.imports)
		}
	}
}

// next is the index of the next injected function.
func (p *pass) next() uint32 {
	return uint32(len(p.a.typeOf) + p.imports + len(p.injected))
}

func (p *pass) inject(params, results []wasm.ValType, locals []wasm.LocalGroup, body []byte) uint32 {
	index := p.next()
	p.injected = append(p.injected, injected{p.types.of(params, results), locals, body})
	return index
}

func (p *pass) addGlobal(t wasm.ValType, init int32) uint32 {
	e := wasm.NewEmitter(nil)
	if t == wasm.I64 {
		e.I64Const(int64(init))
	} else {
		e.I32Const(init)
	}
	p.out.Globals = append(p.out.Globals, wasm.Global{Type: wasm.GlobalType{Type: t, Mutable: true}, Init: e.End().Bytes()})
	return uint32(p.a.m.NumImported(wasm.KindGlobal) + len(p.out.Globals) - 1)
}

// addGlobals appends the counter, the depth and the flags of segments that an
// instruction may drop. A segment that the instantiation drops is empty from
// the start and needs none.
func (p *pass) addGlobals() {
	m := p.a.m
	p.out.Globals = p.out.Globals[:len(p.out.Globals):len(p.out.Globals)]
	p.at.fuel = p.addGlobal(wasm.I64, 0)
	if p.counted {
		p.at.depth = p.addGlobal(wasm.I32, 0)
	}
	flag := func(kind string, i int, dropped, passive bool) uint32 {
		if !dropped || !passive {
			return noFlag
		}
		g := p.addGlobal(wasm.I32, 0)
		p.hidden = append(p.hidden, HiddenGlobal{Export: fmt.Sprintf("%s%s/%d", exportDropped, kind, i), Type: wasm.I32})
		p.out.Exports = append(p.out.Exports[:len(p.out.Exports):len(p.out.Exports)],
			wasm.Export{Name: p.hidden[len(p.hidden)-1].Export, Kind: wasm.KindGlobal, Index: g})
		return g
	}
	p.at.dropData = make([]uint32, len(m.Datas))
	for i := range m.Datas {
		p.at.dropData[i] = flag("data", i, p.a.dataDropped[i], m.Datas[i].Mode() == wasm.ModePassive)
	}
	p.at.dropElem = make([]uint32, len(m.Elements))
	for i := range m.Elements {
		p.at.dropElem[i] = flag("elem", i, p.a.elemDropped[i], m.Elements[i].Mode() == wasm.ModePassive)
	}
}

// addFunctions appends the functions that stand for bulk operations, grows and
// gated imports, and the one that enters the host for a local counter.
func (p *pass) addFunctions() {
	m := p.a.m
	p.at.helper = make(map[bulkKey]uint32)
	for i := range p.a.funcs {
		if p.a.funcs[i].local {
			e := wasm.NewEmitter(nil)
			e.LocalGet(0).GlobalSet(p.at.fuel).Call(p.at.hook).GlobalGet(p.at.fuel).End()
			i64 := []wasm.ValType{wasm.I64}
			p.at.settle = p.inject(i64, i64, nil, e.Bytes())
			break
		}
	}
	for _, k := range p.a.bulk.list {
		b := bulkFunc{key: k, fuel: p.at.fuel, hook: p.at.hook, dropped: noFlag}
		switch k.op {
		case wasm.OpMemoryInit:
			if d := &m.Datas[k.a]; d.Mode() == wasm.ModePassive {
				b.segment, b.dropped = uint32(len(d.Bytes)), p.at.dropData[k.a]
			}
		case wasm.OpTableInit:
			if s := &m.Elements[k.a]; s.Mode() == wasm.ModePassive {
				b.segment, b.dropped = uint32(s.Len()), p.at.dropElem[k.a]
			}
		case wasm.OpTableFill:
			t, _ := m.TableType(k.a)
			b.reference = t.Elem
		}
		params, results := b.signature()
		p.at.helper[k] = p.inject(params, results, b.locals(), b.body())
	}
	p.addGrows()
	p.addThunks()
}

// addGrows appends the gates of memory.grow and table.grow.
func (p *pass) addGrows() {
	i32 := []wasm.ValType{wasm.I32}
	if p.a.memoryGrows {
		e := wasm.NewEmitter(nil)
		e.LocalGet(0).Call(p.at.memoryGrow).If(wasm.BlockValue(wasm.I32))
		e.LocalGet(0).OpIdx(wasm.OpMemoryGrow, 0).Else().I32Const(-1).End().End()
		p.at.helper[bulkKey{op: wasm.OpMemoryGrow}] = p.inject(i32, i32, nil, e.Bytes())
	}
	for t, grows := range p.a.tableGrows {
		if !grows {
			continue
		}
		typ, _ := p.a.m.TableType(uint32(t))
		e := wasm.NewEmitter(nil)
		e.I32Const(int32(t)).LocalGet(1).Call(p.at.tableGrow).If(wasm.BlockValue(wasm.I32))
		e.LocalGet(0).LocalGet(1).OpIdx(wasm.OpTableGrow, uint32(t)).Else().I32Const(-1).End().End()
		p.at.helper[bulkKey{op: wasm.OpTableGrow, a: uint32(t)}] = p.inject([]wasm.ValType{typ.Elem, wasm.I32}, i32, nil, e.Bytes())
	}
}

func (p *pass) writeBodies() error {
	m := p.a.m
	size := 0
	for i := range m.Codes {
		size += len(m.Codes[i].Body)
	}
	w := writer{a: p.a, at: &p.at, types: p.types, track: &p.track, out: make([]byte, 0, size+size/2+1024)}
	type place struct{ from, to int }
	places := make([]place, len(m.Codes))
	codes := make([]wasm.Code, len(m.Codes), len(m.Codes)+len(p.injected))
	for i := range m.Codes {
		from, to, locals, err := w.function(i)
		if err != nil {
			return err
		}
		places[i], codes[i].Locals = place{from, to}, locals
	}
	for i, at := range places {
		codes[i].Body = w.out[at.from:at.to:at.to]
	}
	p.out.Funcs = p.out.Funcs[:len(p.out.Funcs):len(p.out.Funcs)]
	for i := range p.injected {
		f := &p.injected[i]
		p.out.Funcs = append(p.out.Funcs, f.typ)
		codes = append(codes, wasm.Code{Locals: f.locals, Body: f.body})
	}
	p.out.Codes = codes
	return nil
}

// renumber brings the function indices outside of bodies up to date.
func (p *pass) renumber() {
	m := &p.out
	m.Elements = append([]wasm.Element(nil), m.Elements...)
	for i := range m.Elements {
		e := &m.Elements[i]
		funcs := make([]uint32, len(e.Funcs))
		for k, f := range e.Funcs {
			funcs[k] = p.at.funcs[f]
		}
		exprs := make([][]byte, len(e.Exprs))
		for k, x := range e.Exprs {
			exprs[k] = p.expr(x)
		}
		e.Funcs, e.Exprs = funcs, exprs
	}
	m.Globals = append([]wasm.Global(nil), m.Globals...)
	for i := range m.Globals {
		m.Globals[i].Init = p.expr(m.Globals[i].Init)
	}
	m.Exports = append([]wasm.Export(nil), m.Exports...)
	for i := range m.Exports {
		if x := &m.Exports[i]; x.Kind == wasm.KindFunc {
			x.Index = p.at.funcs[x.Index]
		}
	}
}

// expr renumbers a constant expression.
func (p *pass) expr(code []byte) []byte {
	r := wasm.NewReader(code)
	var in wasm.Instr
	for r.Next(&in) {
		if in.Op == wasm.OpRefFunc {
			return wasm.NewEmitter(nil).OpIdx(wasm.OpRefFunc, p.at.funcs[in.A]).End().Bytes()
		}
	}
	return code
}

// addExports appends the hidden exports and takes the start section out: the
// host calls the start function itself, under all limits.
func (p *pass) addExports() {
	m, guest := &p.out, p.a.m
	export := func(name string, kind wasm.ExternKind, index uint32) {
		m.Exports = append(m.Exports, wasm.Export{Name: name, Kind: kind, Index: index})
	}
	export(ExportFuel, wasm.KindGlobal, p.at.fuel)
	if p.counted {
		export(ExportDepth, wasm.KindGlobal, p.at.depth)
	}
	if guest.NumImported(wasm.KindMemory)+len(guest.Memories) > 0 {
		export(ExportMemory, wasm.KindMemory, 0)
	}
	if guest.Start != nil {
		export(ExportStart, wasm.KindFunc, p.at.funcs[*guest.Start])
		m.Start = nil
	}
	for t := range p.tables {
		export(fmt.Sprintf("%s%d", exportTable, t), wasm.KindTable, uint32(t))
	}
	first := p.globals - len(guest.Globals)
	for i := range guest.Globals {
		if g := &guest.Globals[i]; g.Type.Mutable {
			name := fmt.Sprintf("%s%d", exportGlobal, first+i)
			p.hidden = append(p.hidden, HiddenGlobal{Export: name, Type: g.Type.Type})
			export(name, wasm.KindGlobal, uint32(first+i))
		}
	}
}
