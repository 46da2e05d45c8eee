package codegen

import (
	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/internal/wasm"
)

// GenerateOpen is Generate with the globals exported: the runtime's by their
// names, the module's references as "ref N"; and with the addresses of the parts
// of the memory.
func GenerateOpen(m *ir.Module, o Options) (*wasm.Module, Parts, error) {
	l, err := generate(m, o)
	if err != nil {
		return nil, Parts{}, err
	}
	export := func(name string, g *ir.Global) {
		if i, ok := l.globals[g]; ok {
			l.m.Exports = append(l.m.Exports, wasm.Export{Name: name, Kind: wasm.KindGlobal, Index: i})
		}
	}
	for _, s := range l.g.runtime.state {
		export(s.g.Name, s.g)
	}
	for _, g := range m.Globals {
		if g.Kind == ir.Ref {
			export(RefName(g), g)
		}
	}
	return &l.m, Parts{Free: l.symbols[symFree], Stack: l.symbols[symStack], Heap: l.symbols[symHeap]}, nil
}

// RefName is the name under which GenerateOpen exports a global.
func RefName(g *ir.Global) string { return "ref " + g.Name }

// Parts are addresses.
type Parts struct{ Free, Stack, Heap uint32 }

// Layout of the heap, for the walker of the tests.
const (
	FlagMark, FlagRefs, FlagArray, FlagFree, FlagPinned = flagMark, flagRefs, flagArray, flagFree, flagPinned
	ShiftLow, TypeLow, ChunkHead, SmallCell, FreeLists  = shiftLow, typeLow, chunkHead, smallCell, freeLists
)

// RefOffsets gives where the references of a struct lie.
func RefOffsets(o *ir.Object) []uint32 { return refOffsets(o) }

// CellBytes is the size of the cell of a struct.
func CellBytes(o *ir.Object) uint32 { return cellBytes(o) }

// Limits are the limits of shape by their names in internal/fuel.
var Limits = map[string]int{
	"MaxNesting": maxNesting, "MaxLoopNesting": maxLoopNesting, "MaxIfNesting": maxIfNesting, "MaxBlocks": maxBlocks,
	"MaxLoops": maxLoops, "MaxForks": maxForks, "MaxLoopLocals": maxLoopLocals, "MaxMergeLocals": maxMergeLocals,
	"MaxLocals": maxLocals, "MaxParams": maxParams, "MaxBranchTable": maxTable, "MaxFuncBranches": maxTables,
	"MaxBody": maxBody, "MaxCallGlobals": maxCallGlobals, "MaxAccessBlocks": maxAccessBlocks,
}
