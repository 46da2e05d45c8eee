package spirit

import (
	"fmt"
	"time"

	"github.com/univrs/vudo/internal/fault"
)

// Limits are the bounds of one call. The zero value of a field means its
// default, never "unlimited"; Fill turns it into the written number. Names in
// TOML, JSON and flags are those of Fields, such as max_memory_bytes.
type Limits struct {
	MemoryBytes     uint64        // linear memory of the whole call tree, bytes
	CPUQuotaPercent uint8         // share of one core, 1 to 100
	Fuel            uint64        // fuel units per call
	Duration        time.Duration // wall time per call, in whole milliseconds
	TableElements   uint64        // elements of all tables
	Instances       uint64        // live sandboxes in a call tree
	StackDepth      uint64        // frame units (docs/spec/vm.md, section 3)
	ModuleBytes     uint64        // size of the module, bytes
	InputBytes      uint64        // per call
	OutputBytes     uint64        // per call
	LogBytes        uint64        // per call
	StorageBytes    uint64        // per namespace, keys and values
	NetworkBytes    uint64        // per call, both ways
	StorageReads    uint64        // operations per call; apply where the manifest prices them
	StorageWrites   uint64
	NetworkOps      uint64
}

// Field describes one limit: the only place that names its TOML key, its unit,
// its default, its presets and its hard cap. docs/spec/limits.md is generated from it.
type Field struct {
	Name        string // in TOML, JSON and flags
	Unit        string
	Default     uint64
	Restrictive uint64
	Testing     uint64
	Cap         uint64 // hard cap: nothing may ask for more
	Get         func(*Limits) uint64
	Set         func(*Limits, uint64)
}

// Fields lists the limits in the order of the specification.
func Fields() []Field { return fields }

var fields = []Field{
	{
		"max_memory_bytes", "bytes", 64 << 20, 1 << 20, 1 << 30, 1 << 30,
		func(l *Limits) uint64 { return l.MemoryBytes }, func(l *Limits, v uint64) { l.MemoryBytes = v },
	},
	{
		"max_cpu_quota_percent", "percent of one core", 100, 10, 100, 100,
		func(l *Limits) uint64 { return uint64(l.CPUQuotaPercent) }, func(l *Limits, v uint64) { l.CPUQuotaPercent = uint8(v) },
	},
	{
		"max_fuel", "fuel per call", 1_000_000_000, 100_000, 100_000_000, 1<<63 - 1,
		func(l *Limits) uint64 { return l.Fuel }, func(l *Limits, v uint64) { l.Fuel = v },
	},
	{
		"max_duration_ms", "milliseconds per call", 30_000, 1_000, 300_000, 86_400_000,
		func(l *Limits) uint64 { return uint64(l.Duration / time.Millisecond) },
		func(l *Limits, v uint64) { l.Duration = time.Duration(v) * time.Millisecond },
	},
	{
		"max_table_elements", "elements", 65_536, 100, 1_000_000, 10_000_000,
		func(l *Limits) uint64 { return l.TableElements }, func(l *Limits, v uint64) { l.TableElements = v },
	},
	{
		"max_instances", "sandboxes in a call tree", 10, 1, 1_000, 10_000,
		func(l *Limits) uint64 { return l.Instances }, func(l *Limits, v uint64) { l.Instances = v },
	},
	{
		"max_stack_depth", "frame units", 65_536, 4_096, 262_144, 1_048_576,
		func(l *Limits) uint64 { return l.StackDepth }, func(l *Limits, v uint64) { l.StackDepth = v },
	},
	{
		"max_module_bytes", "bytes", 32 << 20, 1 << 20, 100 << 20, 100 << 20,
		func(l *Limits) uint64 { return l.ModuleBytes }, func(l *Limits, v uint64) { l.ModuleBytes = v },
	},
	{
		"max_input_bytes", "bytes per call", 8 << 20, 64 << 10, 64 << 20, 256 << 20,
		func(l *Limits) uint64 { return l.InputBytes }, func(l *Limits, v uint64) { l.InputBytes = v },
	},
	{
		"max_output_bytes", "bytes per call", 8 << 20, 64 << 10, 64 << 20, 256 << 20,
		func(l *Limits) uint64 { return l.OutputBytes }, func(l *Limits, v uint64) { l.OutputBytes = v },
	},
	{
		"max_log_bytes", "bytes per call", 1 << 20, 16 << 10, 16 << 20, 64 << 20,
		func(l *Limits) uint64 { return l.LogBytes }, func(l *Limits, v uint64) { l.LogBytes = v },
	},
	{
		"max_storage_bytes", "bytes per namespace", 100 << 20, 64 << 10, 1 << 30, 1<<63 - 1,
		func(l *Limits) uint64 { return l.StorageBytes }, func(l *Limits, v uint64) { l.StorageBytes = v },
	},
	{
		"max_network_bytes", "bytes per call", 64 << 20, 64 << 10, 1 << 30, 8 << 30,
		func(l *Limits) uint64 { return l.NetworkBytes }, func(l *Limits, v uint64) { l.NetworkBytes = v },
	},
	{
		"max_storage_reads", "operations per call", 1_000, 100, 1_000_000, 1_000_000_000,
		func(l *Limits) uint64 { return l.StorageReads }, func(l *Limits, v uint64) { l.StorageReads = v },
	},
	{
		"max_storage_writes", "operations per call", 1_000, 100, 1_000_000, 1_000_000_000,
		func(l *Limits) uint64 { return l.StorageWrites }, func(l *Limits, v uint64) { l.StorageWrites = v },
	},
	{
		"max_network_ops", "operations per call", 100, 10, 1_000_000, 1_000_000_000,
		func(l *Limits) uint64 { return l.NetworkOps }, func(l *Limits, v uint64) { l.NetworkOps = v },
	},
}

// Preset returns the limits of a named preset: "default", "restrictive" or "testing".
func Preset(name string) (Limits, error) {
	var l Limits
	for _, f := range fields {
		switch name {
		case "default":
			f.Set(&l, f.Default)
		case "restrictive":
			f.Set(&l, f.Restrictive)
		case "testing":
			f.Set(&l, f.Testing)
		default:
			return Limits{}, fmt.Errorf("%w: no preset %q (default, restrictive, testing)", fault.ErrInvalidLimits, name)
		}
	}
	return l, nil
}

// Fill returns l with each zero field replaced by its default. It does not check caps; see Check.
func (l Limits) Fill() Limits {
	for _, f := range fields {
		if f.Get(&l) == 0 {
			f.Set(&l, f.Default)
		}
	}
	return l
}

// Check reports the first field above its hard cap, or of a kind that no
// number can repair (a negative duration, one that is no whole number of
// milliseconds), as ErrInvalidLimits naming the field.
func (l Limits) Check() error {
	if l.Duration < 0 || l.Duration%time.Millisecond != 0 {
		return fmt.Errorf("%w: max_duration_ms: %v is not a whole positive number of milliseconds", fault.ErrInvalidLimits, l.Duration)
	}
	for _, f := range fields {
		if v := f.Get(&l); v > f.Cap {
			return fmt.Errorf("%w: %s: %d is above the hard cap of %d", fault.ErrInvalidLimits, f.Name, v, f.Cap)
		}
	}
	return nil
}
