package fuel

import (
	"fmt"

	"github.com/univrs/vudo/internal/wasm"
)

// facts is what the first reading of a function finds out: everything that
// the second one, which writes, must know before it writes the first byte.
// Code that cannot be reached by falling through or by a branch (after br,
// return, unreachable, to the matching else or end) is no part of it.
type facts struct {
	cost      uint64 // of every operator once, entry included: no path without loops costs more
	frame     uint32 // frame units
	loops     bool
	earlyExit bool // returns or branches to the function's own label
	hosts     bool // calls an import
	open      bool // bulk operations, grows or indirect calls: its cost has no static bound
	calls     span // of analysis.calls: defined functions it calls, one entry per call
	types     span // of analysis.types: signatures it calls through tables

	// Decided afterwards by resolveCalls and findCalledLoops.
	counted bool   // counts its frame in the depth counter
	bounded bool   // costs at most leafLimit, callees included, and never enters the host
	total   uint64 // if bounded: the greatest cost, callees included
	checks  bool   // checks on entry: it calls what is not bounded
	local   bool   // keeps the counter in a local: it has loops that make no call
	called  span   // of analysis.called: its loops
}

type span struct{ from, to int }

// analysis is the first reading of a whole module.
type analysis struct {
	m     *wasm.Module
	funcs []facts // of the defined functions
	calls []uint32
	types []uint32
	// called describes each loop, in the order of the source; only of functions
	// that call and loop.
	called []loopKind

	typeOf      []uint32 // type index of every function, imports first
	globalTypes []wasm.ValType
	imported    int // imported functions

	referenced  []bool // functions that a table, an export's ref or ref.func may hand out
	memoryGrows bool
	tableGrows  []bool   // by table
	dataDropped []bool   // by segment: data.drop occurs
	elemDropped []bool   // by segment: elem.drop occurs
	bulk        bulkUses // which bulk operations occur
	tableWrites string   // why tables do not keep their first contents, "" if they do
}

func analyze(m *wasm.Module) (*analysis, error) {
	a := &analysis{
		m:           m,
		funcs:       make([]facts, len(m.Codes)),
		tableGrows:  make([]bool, m.NumImported(wasm.KindTable)+len(m.Tables)),
		dataDropped: make([]bool, len(m.Datas)),
		elemDropped: make([]bool, len(m.Elements)),
	}
	for i := range m.Imports {
		switch imp := &m.Imports[i]; imp.Kind {
		case wasm.KindFunc:
			a.typeOf = append(a.typeOf, imp.Type)
		case wasm.KindGlobal:
			a.globalTypes = append(a.globalTypes, imp.Global.Type)
		}
	}
	a.imported = len(a.typeOf)
	a.typeOf = append(a.typeOf, m.Funcs...)
	for i := range m.Globals {
		a.globalTypes = append(a.globalTypes, m.Globals[i].Type.Type)
	}
	a.referenced = make([]bool, len(a.typeOf))
	a.findReferences()
	s := scanner{a: a}
	for i := range m.Codes {
		if err := s.function(i); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// findReferences marks the functions that element segments and the initial
// values of globals hand out; ref.func in bodies is marked by the scanner.
func (a *analysis) findReferences() {
	expr := func(code []byte) {
		r := wasm.NewReader(code)
		var in wasm.Instr
		for r.Next(&in) {
			if in.Op == wasm.OpRefFunc {
				a.referenced[in.A] = true
			}
		}
	}
	for i := range a.m.Globals {
		expr(a.m.Globals[i].Init)
	}
	for i := range a.m.Elements {
		e := &a.m.Elements[i]
		for _, f := range e.Funcs {
			a.referenced[f] = true
		}
		for _, x := range e.Exprs {
			expr(x)
		}
	}
}

// scanner reads bodies; its buffers are reused from one to the next.
type scanner struct {
	a      *analysis
	r      wasm.Reader
	locals []uint8 // size of each local, parameters first
	stack  []uint8 // size of each operand
	height uint32  // sum of stack
	top    uint32  // greatest height
	labels []label
}

// label is an open block, loop, if or the function itself.
type label struct {
	base    int // operands below the block's parameters
	results []wasm.ValType
	params  []wasm.ValType
}

// size is how many frame slots of 8 bytes a value takes.
func size(t wasm.ValType) uint8 {
	if t == wasm.V128 {
		return 2
	}
	return 1
}

func (s *scanner) push(n uint8) {
	s.stack = append(s.stack, n)
	s.height += uint32(n)
	if s.height > s.top {
		s.top = s.height
	}
}

func (s *scanner) pop(n int) {
	for ; n > 0; n-- {
		last := len(s.stack) - 1
		s.height -= uint32(s.stack[last])
		s.stack = s.stack[:last]
	}
}

func (s *scanner) pushTypes(ts []wasm.ValType) {
	for _, t := range ts {
		s.push(size(t))
	}
}

// frameUnits is vm.md 3's measure of a call: one unit and another per started
// eight slots of parameters, locals and operands.
func frameUnits(slots uint64) uint32 { return uint32(1 + (slots+7)/8) }

func (s *scanner) function(i int) error {
	a, code, f := s.a, &s.a.m.Codes[i], &s.a.funcs[i]
	typ := a.m.Types[a.m.Funcs[i]]
	s.locals = s.locals[:0]
	slots := uint64(0)
	for _, t := range typ.Params {
		s.locals = append(s.locals, size(t))
		slots += uint64(size(t))
	}
	for _, g := range code.Locals {
		n := size(g.Type)
		for range g.Count {
			s.locals = append(s.locals, n)
		}
		slots += uint64(n) * uint64(g.Count)
	}
	s.stack, s.height, s.top = s.stack[:0], 0, 0
	s.labels = append(s.labels[:0], label{results: typ.Results})
	f.cost = EntryFuel
	f.calls.from, f.types.from = len(a.calls), len(a.types)

	s.r.Reset(code.Body)
	var in wasm.Instr
	dead := 0 // open blocks of unreachable code, the reachable one around them included
	for s.r.Next(&in) {
		o := &operators[slot(in.Op)]
		if dead > 0 {
			switch o.class {
			case blockStart, loopStart, ifStart:
				dead++
				continue
			case elseStart:
				if dead > 1 {
					continue
				}
				dead = 0
			case blockEnd:
				if dead--; dead > 0 {
					continue
				}
			default:
				continue
			}
		} else {
			f.cost += uint64(o.cost)
		}
		var err error
		if dead, err = s.operator(f, o, &in); err != nil {
			return fmt.Errorf("function %d, offset 0x%x: %w", a.imported+i, code.Offset+uint32(in.Start), err)
		}
	}
	if err := s.r.Err(); err != nil {
		return fmt.Errorf("function %d: %w", a.imported+i, err)
	}
	f.calls.to, f.types.to = len(a.calls), len(a.types)
	f.frame = frameUnits(slots + uint64(s.top))
	return nil
}

// operator follows one reachable operator and returns 1 if the code behind it
// is unreachable, else 0.
func (s *scanner) operator(f *facts, o *operator, in *wasm.Instr) (dead int, err error) {
	a := s.a
	switch o.class {
	case plain, trapping:
		switch in.Op {
		case wasm.OpSelect, wasm.OpSelectTyped:
			s.pop(2) // the condition and one of two operands of the same size
		case wasm.OpGlobalGet:
			s.push(size(a.globalTypes[in.A]))
		case wasm.OpTableSet:
			a.writesTable("table.set")
			s.pop(2)
		default:
			s.pop(int(o.pops))
			if o.push == 1 {
				if o.wide {
					s.push(2)
				} else {
					s.push(1)
				}
			}
		}
	case localGet:
		s.push(s.locals[in.A])
	case localSet:
		s.pop(int(o.pops))
	case blockStart, loopStart, ifStart:
		f.loops = f.loops || o.class == loopStart
		s.pop(int(o.pops))
		t, _ := a.m.BlockSignature(in.BlockType())
		s.labels = append(s.labels, label{len(s.stack) - len(t.Params), t.Results, t.Params})
	case elseStart:
		l := &s.labels[len(s.labels)-1]
		s.pop(len(s.stack) - l.base)
		s.pushTypes(l.params)
	case blockEnd:
		l := s.labels[len(s.labels)-1]
		s.labels = s.labels[:len(s.labels)-1]
		s.pop(len(s.stack) - l.base)
		s.pushTypes(l.results)
	case branch:
		f.exits(in.A, s)
		return 1, nil
	case branchIf:
		s.pop(1)
		f.exits(in.A, s)
	case branchTable:
		for _, l := range in.Table {
			f.exits(l, s)
		}
		return 1, nil
	case returns:
		f.earlyExit = true
		return 1, nil
	case traps:
		return 1, nil
	case call, tailCall:
		if int(in.A) < a.imported {
			f.hosts = true
		} else {
			a.calls = append(a.calls, in.A-uint32(a.imported))
		}
		return s.called(o, a.typeOf[in.A]), nil
	case callIndirect, tailIndirect:
		f.open = true
		a.types = append(a.types, in.A)
		s.pop(1)
		return s.called(o, in.A), nil
	case bulk:
		f.open = true
		a.bulk.note(in)
		if in.Op == wasm.OpTableCopy || in.Op == wasm.OpTableFill || in.Op == wasm.OpTableInit {
			a.writesTable(in.Op.String())
		}
		s.pop(int(o.pops))
	case grow:
		f.open = true
		if in.Op == wasm.OpMemoryGrow {
			a.memoryGrows = true
		} else {
			a.tableGrows[in.A] = true
			a.writesTable("table.grow")
		}
		s.pop(int(o.pops))
		s.push(1)
	case segmentDrop:
		if in.Op == wasm.OpDataDrop {
			a.dataDropped[in.A] = true
		} else {
			a.elemDropped[in.A] = true
		}
	case functionRef:
		a.referenced[in.A] = true
		s.push(1)
	default:
		return 0, fmt.Errorf("%v has no price in tariff %d", in.Op, TariffVersion)
	}
	return 0, nil
}

// exits notes a branch out of the function.
func (f *facts) exits(depth uint32, s *scanner) {
	if int(depth) == len(s.labels)-1 {
		f.earlyExit = true
	}
}

// called moves a call's operands and reports dead code after a tail call.
func (s *scanner) called(o *operator, typ uint32) int {
	if o.class == tailCall || o.class == tailIndirect {
		return 1
	}
	t := &s.a.m.Types[typ]
	s.pop(len(t.Params))
	s.pushTypes(t.Results)
	return 0
}

func (a *analysis) writesTable(why string) {
	if a.tableWrites == "" {
		a.tableWrites = why
	}
}
