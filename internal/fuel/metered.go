package fuel

import (
	"github.com/univrs/vudo/internal/wasm"
)

// Metered is a module with the meter in it, and what a host must know to run
// it. It is immutable and safe for concurrent use.
type Metered struct {
	// Bytes is the module to compile.
	Bytes []byte
	// Offsets leads from code offsets of Bytes back to the module as built.
	Offsets OffsetMap
	// Tariff is the version of the prices in the code.
	Tariff uint32
	// InstantiationFuel is what bringing an instance to life costs, the start
	// function's own body excepted. The host charges it.
	InstantiationFuel uint64
	// Start says that the guest has a start function: the host calls the export
	// ExportStart once, before any other.
	Start bool
	// Memory says that ExportMemory exists.
	Memory bool
	// Depth says that ExportDepth exists: some function counts its frame.
	Depth bool
	// Globals are the hidden exports that hold the guest's changeable state
	// apart from memory and tables: its mutable globals and the dropped flags.
	Globals []HiddenGlobal
	// TableWrites says why the tables may not keep their first contents, such as
	// "table.set"; "" means that they do, so that an instance can be reset.
	TableWrites string

	// Functions: the guest's imports, the injected imports, the guest's own,
	// the injected ones.
	imports, hooks, defined uint32
}

// HiddenGlobal is a mutable global that is exported to the host only.
type HiddenGlobal struct {
	Export string // Reserved + "/global/N" (index in the module as built) or "/dropped/..."
	Type   wasm.ValType
}

// Function returns the index in the module as built of function i of Bytes. It
// reports false for one that the pass injected.
func (m *Metered) Function(i uint32) (uint32, bool) {
	switch {
	case i < m.imports:
		return i, true
	case i < m.imports+m.hooks || i >= m.imports+m.hooks+m.defined:
		return 0, false
	}
	return i - m.hooks, true
}

func (p *pass) metered() *Metered {
	guest := p.a.m
	return &Metered{
		Bytes:             p.out.Encode(),
		Offsets:           p.track.m,
		Tariff:            TariffVersion,
		InstantiationFuel: V1().Instantiation(guest),
		Start:             guest.Start != nil,
		Memory:            guest.NumImported(wasm.KindMemory)+len(guest.Memories) > 0,
		Depth:             p.counted,
		Globals:           p.hidden,
		TableWrites:       p.a.tableWrites,
		imports:           uint32(p.a.imported),
		hooks:             uint32(p.imports),
		defined:           uint32(len(p.a.funcs)),
	}
}
