package wasm

// Builder makes modules by hand: small programs for tests and hostile ones, in
// a few lines each. It deduplicates signatures and hands out indices; it checks
// nothing, so that a test may build what no compiler would.
//
// Imports must come before definitions of the same kind, else the indices
// handed out earlier would shift; that panics.
//
//	b := wasm.NewBuilder()
//	b.Memory(1, 1)
//	b.Func("spin", nil, nil, nil, func(e *wasm.Emitter) { e.Loop(wasm.BlockEmpty).Br(0).End() })
//	bytes := b.Bytes()
type Builder struct{ m Module }

// NewBuilder returns an empty Builder; the zero value is one too.
func NewBuilder() *Builder { return &Builder{} }

// Types is shorthand for a list of value types.
func Types(ts ...ValType) []ValType { return ts }

// Type returns the index of the signature, added if it is new.
func (b *Builder) Type(params, results []ValType) uint32 {
	t := FuncType{Params: params, Results: results}
	for i := range b.m.Types {
		if b.m.Types[i].Equal(t) {
			return uint32(i)
		}
	}
	b.m.Types = append(b.m.Types, t)
	return uint32(len(b.m.Types) - 1)
}

func (b *Builder) importEntry(i Import, defined int) uint32 {
	if defined > 0 {
		panic("wasm: import of a " + i.Kind.String() + " after a definition")
	}
	b.m.Imports = append(b.m.Imports, i)
	return uint32(b.m.NumImported(i.Kind) - 1)
}

// ImportFunc imports a function and returns its index.
func (b *Builder) ImportFunc(module, name string, params, results []ValType) uint32 {
	return b.importEntry(Import{Module: module, Name: name, Kind: KindFunc, Type: b.Type(params, results)}, len(b.m.Funcs))
}

// ImportMemory imports a memory of least min and, unless max is negative, at most max pages.
func (b *Builder) ImportMemory(module, name string, min uint32, max int64) uint32 {
	return b.importEntry(Import{Module: module, Name: name, Kind: KindMemory, Memory: MemoryType{limits(min, max)}}, len(b.m.Memories))
}

// ImportTable imports a table; max as in Table.
func (b *Builder) ImportTable(module, name string, elem ValType, min uint32, max int64) uint32 {
	return b.importEntry(Import{Module: module, Name: name, Kind: KindTable, Table: TableType{elem, limits(min, max)}}, len(b.m.Tables))
}

// ImportGlobal imports a global and returns its index.
func (b *Builder) ImportGlobal(module, name string, t ValType, mutable bool) uint32 {
	return b.importEntry(Import{Module: module, Name: name, Kind: KindGlobal, Global: GlobalType{t, mutable}}, len(b.m.Globals))
}

func limits(min uint32, max int64) Limits {
	if max < 0 {
		return Limits{Min: min}
	}
	return Limits{Min: min, Max: uint32(max), HasMax: true}
}

// Func defines a function and returns its index. With a name it is exported.
// The final end of the body is added. body may be nil, for Body to fill later:
// so functions can call each other.
func (b *Builder) Func(name string, params, results, locals []ValType, body func(e *Emitter)) uint32 {
	idx := uint32(b.m.NumImported(KindFunc) + len(b.m.Funcs))
	b.m.Funcs = append(b.m.Funcs, b.Type(params, results))
	b.m.Codes = append(b.m.Codes, Code{Locals: Locals(locals...)})
	if name != "" {
		b.Export(name, KindFunc, idx)
	}
	b.Body(idx, body)
	return idx
}

// Body sets the body of a function that Func has defined.
func (b *Builder) Body(idx uint32, body func(e *Emitter)) {
	var e Emitter
	if body != nil {
		body(&e)
	}
	b.m.Codes[int(idx)-b.m.NumImported(KindFunc)].Body = e.End().Bytes()
}

// LocalGroups replaces the declared locals of a function that Func has defined,
// for counts that no list should spell out.
func (b *Builder) LocalGroups(idx uint32, groups ...LocalGroup) {
	b.m.Codes[int(idx)-b.m.NumImported(KindFunc)].Locals = groups
}

// Locals groups runs of equal types.
func Locals(ts ...ValType) []LocalGroup {
	var gs []LocalGroup
	for _, t := range ts {
		if n := len(gs); n > 0 && gs[n-1].Type == t {
			gs[n-1].Count++
			continue
		}
		gs = append(gs, LocalGroup{1, t})
	}
	return gs
}

// Memory defines a memory of min pages and, unless max is negative, at most max,
// and returns its index.
func (b *Builder) Memory(min uint32, max int64) uint32 {
	b.m.Memories = append(b.m.Memories, MemoryType{limits(min, max)})
	return uint32(b.m.NumImported(KindMemory) + len(b.m.Memories) - 1)
}

// Table defines a table of min elements and, unless max is negative, at most
// max, and returns its index.
func (b *Builder) Table(elem ValType, min uint32, max int64) uint32 {
	b.m.Tables = append(b.m.Tables, TableType{elem, limits(min, max)})
	return uint32(b.m.NumImported(KindTable) + len(b.m.Tables) - 1)
}

// Global defines a global and returns its index; init emits the constant
// expression, the final end is added.
func (b *Builder) Global(t ValType, mutable bool, init func(e *Emitter)) uint32 {
	b.m.Globals = append(b.m.Globals, Global{GlobalType{t, mutable}, ConstExpr(init)})
	return uint32(b.m.NumImported(KindGlobal) + len(b.m.Globals) - 1)
}

// ConstExpr returns a constant expression with its final end.
func ConstExpr(init func(e *Emitter)) []byte {
	var e Emitter
	init(&e)
	return e.End().Bytes()
}

// I32Expr returns the constant expression of one i32.
func I32Expr(v int32) []byte { return ConstExpr(func(e *Emitter) { e.I32Const(v) }) }

// Export adds an export.
func (b *Builder) Export(name string, kind ExternKind, idx uint32) {
	b.m.Exports = append(b.m.Exports, Export{name, kind, idx})
}

// Start sets the start function.
func (b *Builder) Start(f uint32) { b.m.Start = &f }

// Data adds an active segment at a constant offset in memory 0 and returns its index.
func (b *Builder) Data(offset int32, bytes []byte) uint32 {
	return b.AddData(Data{Offset: I32Expr(offset), Bytes: bytes})
}

// PassiveData adds a passive segment and returns its index.
func (b *Builder) PassiveData(bytes []byte) uint32 { return b.AddData(Data{Flags: 1, Bytes: bytes}) }

// AddData adds any data segment and returns its index; the data count section
// appears with the first one.
func (b *Builder) AddData(d Data) uint32 {
	b.m.Datas = append(b.m.Datas, d)
	n := uint32(len(b.m.Datas))
	b.m.DataCount = &n
	return n - 1
}

// Elem adds an active segment of functions at a constant offset in table 0 and
// returns its index.
func (b *Builder) Elem(offset int32, funcs ...uint32) uint32 {
	return b.AddElem(Element{Offset: I32Expr(offset), Type: FuncRef, Funcs: funcs})
}

// PassiveElem adds a passive segment of functions and returns its index.
func (b *Builder) PassiveElem(funcs ...uint32) uint32 {
	return b.AddElem(Element{Flags: 1, Type: FuncRef, Funcs: funcs})
}

// DeclareElem declares functions, so that ref.func may name them.
func (b *Builder) DeclareElem(funcs ...uint32) uint32 {
	return b.AddElem(Element{Flags: 3, Type: FuncRef, Funcs: funcs})
}

// AddElem adds any element segment and returns its index.
func (b *Builder) AddElem(s Element) uint32 {
	b.m.Elements = append(b.m.Elements, s)
	return uint32(len(b.m.Elements) - 1)
}

// Custom adds a custom section behind all others.
func (b *Builder) Custom(name string, data []byte) {
	b.m.Customs = append(b.m.Customs, Custom{Name: name, Data: data, After: SectionData})
}

// Module returns the module built so far; it shares memory with the Builder.
func (b *Builder) Module() *Module { return &b.m }

// Bytes returns the encoded module.
func (b *Builder) Bytes() []byte { return b.m.Encode() }
