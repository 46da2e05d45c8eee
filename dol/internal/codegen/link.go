package codegen

import (
	"encoding/binary"
	"slices"

	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/internal/wasm"
)

// linker gives numbers and addresses to what is linked, and puts the module
// together.
type linker struct {
	g       *generator
	m       wasm.Module
	units   []*unit
	imports map[*ir.Import]uint32
	globals map[*ir.Global]uint32
	symbols [symbols]uint32
	used    [symbols]bool
	places  [][]place // of each unit
}

// maxPages bounds a memory so that no address is as large as 2^32.
const maxPages = 1<<16 - 1

func (g *generator) link() (*linker, error) {
	l := &linker{g: g, imports: map[*ir.Import]uint32{}, globals: map[*ir.Global]uint32{}}
	g.finish()
	l.units = g.order()
	if len(l.units) == 0 {
		l.sections()
		return l, nil
	}
	l.linkImports()
	for i, u := range l.units {
		u.index = uint32(len(l.m.Imports) + i)
		l.m.Funcs = append(l.m.Funcs, g.sig(funcType(u.f.Sig())))
	}
	if err := l.memory(); err != nil {
		return nil, err
	}
	l.linkGlobals()
	for _, u := range l.units {
		if err := u.checkShape(len(l.globals)); err != nil {
			return nil, err
		}
		code, places, err := l.encode(u)
		if err != nil {
			return nil, err
		}
		l.m.Codes = append(l.m.Codes, code)
		l.places = append(l.places, places)
	}
	l.linkTable()
	l.linkExports()
	if s := g.statics.start; s != nil {
		i := g.units[s].index
		l.m.Start = &i
	}
	l.m.Types = g.types
	l.sections()
	return l, nil
}

// finish brings the code of every function into its final form.
func (g *generator) finish() {
	for _, u := range g.order() {
		u.peephole()
		u.roots(g.runtime)
		if slices.ContainsFunc(u.code, func(in instr) bool { return in.fn == g.runtime.overflow }) && g.units[g.runtime.overflow] == nil {
			g.want(g.runtime.overflow)
			g.reach()
		}
	}
	for _, u := range g.order() {
		u.code = slices.DeleteFunc(u.code, func(in instr) bool { return in.op == opKeep })
		u.peephole()
		u.coalesce()
		u.peephole()
	}
}

func (l *linker) linkImports() {
	list := l.g.m.Imports
	if p := l.g.panics; p != nil && !slices.Contains(list, p) {
		list = append(slices.Clip(list), p)
	}
	for _, i := range list {
		if l.g.imports[i] {
			l.imports[i] = uint32(len(l.m.Imports))
			l.m.Imports = append(l.m.Imports, wasm.Import{
				Module: i.Module, Name: i.Name, Kind: wasm.KindFunc, Type: l.g.sig(importType(i)),
			})
		}
	}
}

// memory lays the memory out. What is not used takes no room.
func (l *linker) memory() error {
	state := map[*ir.Global]symbol{}
	for _, s := range l.g.runtime.state {
		state[s.g] = s.sym
	}
	for _, u := range l.units {
		for i := range u.code {
			l.used[u.code[i].sym] = true
			if g := u.code[i].global; g != nil {
				l.used[state[g]] = true
			}
		}
	}
	if l.used[symTypes] {
		l.symbols[symTypes] = l.g.data.descriptors(l.g.m.Objects)
	}
	if uint64(len(l.g.data.bytes)) > maxPages*pageBytes/2 {
		return ErrDataTooLarge
	}
	at := l.g.data.end()
	if len(l.g.data.bytes) == 0 {
		at = 0
	}
	area := func(s symbol, size, align uint32) {
		if l.used[s] {
			at = alignUp(max(at, reservedBytes), align)
			l.symbols[s] = at
			at += size
		}
	}
	l.used[symStack] = l.used[symStack] || l.used[symStackEnd]
	area(symFree, freeWords, 8)
	area(symStack, stackBytes, 16)
	l.symbols[symStackEnd] = at
	heap := l.used[symMemoryEnd]
	l.used[symHeap] = true
	area(symHeap, 0, 16)
	pages := alignUp(at, pageBytes) / pageBytes
	if heap && pages*pageBytes-at < pageBytes/16 {
		pages++ // room for a few objects before the memory grows
	}
	limit := uint32(maxPages)
	if most := l.g.o.MaxMemoryBytes; most > 0 {
		limit = uint32(min(most/pageBytes, maxPages))
	}
	if pages > limit {
		return ErrDataTooLarge
	}
	l.symbols[symMemoryEnd] = pages * pageBytes
	l.m.Memories = []wasm.MemoryType{{Limits: wasm.Limits{Min: pages, Max: limit, HasMax: true}}}
	if b := l.g.data.bytes; len(b) > 0 {
		l.m.Datas = append(l.m.Datas, wasm.Data{Offset: wasm.I32Expr(reservedBytes), Bytes: b})
	}
	if heap { // the first chunk
		head := binary.LittleEndian.AppendUint32(make([]byte, 4), l.symbols[symMemoryEnd])
		l.m.Datas = append(l.m.Datas, wasm.Data{Offset: wasm.I32Expr(int32(at)), Bytes: head})
	}
	return nil
}

// linkGlobals numbers the globals that code uses: the module's, then the
// runtime's.
func (l *linker) linkGlobals() {
	used := map[*ir.Global]bool{}
	for _, u := range l.units {
		for i := range u.code {
			used[u.code[i].global] = true
		}
	}
	number := func(g *ir.Global, init []byte) {
		if used[g] {
			l.globals[g] = uint32(len(l.m.Globals))
			l.m.Globals = append(l.m.Globals, wasm.Global{Type: wasm.GlobalType{Type: valType(g.Kind), Mutable: true}, Init: init})
		}
	}
	for _, g := range l.g.m.Globals {
		number(g, wasm.ConstExpr(func(e *wasm.Emitter) {
			switch g.Kind {
			case ir.I64:
				e.I64Const(0)
			case ir.F32:
				e.F32Bits(0)
			case ir.F64:
				e.F64Bits(0)
			default:
				e.I32Const(0)
			}
		}))
	}
	for _, s := range l.g.runtime.state {
		number(s.g, wasm.I32Expr(int32(l.symbols[s.sym]+s.init)))
	}
}

// linkTable makes the table of closures; element 0 is no function, so a closure
// of zeros traps.
func (l *linker) linkTable() {
	indirect := false
	for _, u := range l.units {
		indirect = indirect || slices.ContainsFunc(u.code, func(in instr) bool { return in.op == wasm.OpCallIndirect })
	}
	if !indirect {
		return
	}
	n := uint32(len(l.g.table) + 1)
	l.m.Tables = []wasm.TableType{{Elem: wasm.FuncRef, Limits: wasm.Limits{Min: n, Max: n, HasMax: true}}}
	if len(l.g.table) == 0 {
		return
	}
	e := wasm.Element{Offset: wasm.I32Expr(1), Type: wasm.FuncRef}
	for _, f := range l.g.table {
		e.Funcs = append(e.Funcs, l.g.units[f].index)
	}
	l.m.Elements = []wasm.Element{e}
}

func (l *linker) linkExports() {
	export := func(name string, kind wasm.ExternKind, i uint32) {
		l.m.Exports = append(l.m.Exports, wasm.Export{Name: name, Kind: kind, Index: i})
	}
	export("memory", wasm.KindMemory, 0)
	for _, w := range l.g.wrappers {
		export(w.x.Name, wasm.KindFunc, l.g.units[w.f].index)
	}
	if !l.g.takesText() {
		return
	}
	export("__vudo_alloc", wasm.KindFunc, l.g.units[l.g.runtime.hostAlloc].index)
	export("__vudo_free", wasm.KindFunc, l.g.units[l.g.runtime.hostFree].index)
	if !l.g.sharesHeap() {
		l.m.Globals = append(l.m.Globals, wasm.Global{
			Type: wasm.GlobalType{Type: wasm.I32}, Init: wasm.I32Expr(int32(l.symbols[symHeap])),
		})
		export("__heap_base", wasm.KindGlobal, uint32(len(l.m.Globals)-1))
	}
}
