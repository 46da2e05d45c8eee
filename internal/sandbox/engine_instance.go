package sandbox

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/internal/fuel"
)

// instance is one module instance of the engine, with handles on what the
// metering pass shows the host.
type instance struct {
	mod     api.Module
	mem     api.Memory // nil: the module has none
	alloc   allocator
	files   io.Closer // mapped directories; nil = none
	fuel    api.MutableGlobal
	depth   api.MutableGlobal   // nil: no function counts its frame
	globals []api.MutableGlobal // of the guest, when first needed
	tables  []uint32            // sizes in elements
	funcs   []entry
	uses    int // calls since it was made, for the pool
}

// entry is an export that was called before: the engine makes a stack for each.
type entry struct {
	name string
	f    api.Function
}

// maxEntries bounds the exports kept ready in one instance, 10 KiB each.
const maxEntries = 8

// plainConfig is for modules without WASI: no name, no start functions (the
// host calls them itself, under all limits). Nobody reads its random source; it
// is set because the engine else seeds one per instance, a third of the cost.
var plainConfig = wazero.NewModuleConfig().WithName("").WithStartFunctions().WithRandSource(rand.Reader)

// instantiate gives the sandbox a fresh instance and runs its start code.
func (s *Sandbox) instantiate() error {
	s.dropInstance()
	s.charge(s.prog.image.InstantiationFuel)
	inst, err := s.acquire()
	if err != nil {
		return err
	}
	inst.fuel.Set(uint64(s.meter.spare))
	s.inst = inst
	inst.rest(s)
	s.host.Instantiated()
	if s.prog.image.Start {
		if err := inst.mod.ExportedFunction(fuel.ExportStart).CallWithStack(&s.guest, nil); err != nil {
			return err
		}
	}
	if x := s.prog.exports[initializeName]; x != nil && s.prog.exports[startName] == nil && x.Convention == Bytes {
		if err := inst.mod.ExportedFunction(initializeName).CallWithStack(&s.guest, s.work.params[:1]); err != nil {
			return err
		}
	}
	return nil
}

// acquire takes a reset instance from the pool, where that is allowed, or makes one.
func (s *Sandbox) acquire() (*instance, error) {
	p := s.prog
	if s.work.pooled {
		if inst := p.pool.get(s.cfg.Limits.MemoryBytes); inst != nil {
			return inst, nil
		}
	}
	inst, err := p.instance(s)
	if err != nil {
		return nil, err
	}
	if s.work.pooled {
		p.pool.learn(p, inst)
	}
	return inst, nil
}

// instance makes a new instance for s.
func (p *Program) instance(s *Sandbox) (*instance, error) {
	inst := &instance{alloc: allocator{arena: p.eng.arena, limit: s.cfg.Limits.MemoryBytes}}
	ctx := p.eng.context
	if p.image.Memory {
		ctx = experimental.WithMemoryAllocator(ctx, &inst.alloc)
	}
	config, files, err := s.moduleConfig()
	if err != nil {
		return nil, err
	}
	inst.files = files
	mod, err := p.eng.runtime.InstantiateModule(ctx, p.compiled, config)
	if err != nil {
		if files != nil {
			_ = files.Close()
		}
		return nil, err
	}
	inst.mod = mod
	if p.image.Memory {
		inst.mem = mod.Memory()
	}
	inst.fuel = mod.ExportedGlobal(fuel.ExportFuel).(api.MutableGlobal)
	if p.image.Depth {
		inst.depth = mod.ExportedGlobal(fuel.ExportDepth).(api.MutableGlobal)
	}
	if n := len(p.image.Tables); n > 0 {
		inst.tables = make([]uint32, n)
		for i, t := range p.image.Tables {
			inst.tables[i] = t.Min
		}
	}
	return inst, nil
}

// moduleConfig is what the engine's own WASI functions work with, and what must
// be closed after the instance.
func (s *Sandbox) moduleConfig() (wazero.ModuleConfig, io.Closer, error) {
	if !s.prog.wasi {
		return plainConfig, nil, nil
	}
	return wasiConfig(plainConfig, s.host.WASI())
}

// close returns the instance's memory and what was opened for it.
func (i *instance) close(ctx context.Context) error {
	err := i.mod.Close(ctx)
	if i.files != nil {
		err = errors.Join(err, i.files.Close())
	}
	return err
}

// rest gives the guest its whole stack allowance, as at the start of each call.
func (i *instance) rest(s *Sandbox) {
	if i.depth != nil {
		i.depth.Set(s.cfg.Limits.StackDepth)
	}
}

// function returns the export of that name, ready to be called.
func (i *instance) function(name string) api.Function {
	for k := range i.funcs {
		if i.funcs[k].name == name {
			return i.funcs[k].f
		}
	}
	f := i.mod.ExportedFunction(name)
	if len(i.funcs) == maxEntries {
		i.funcs = i.funcs[:0]
	}
	i.funcs = append(i.funcs, entry{name, f})
	return f
}

// invoke calls an export on the guest's stack; stack holds parameters, then results.
func (s *Sandbox) invoke(name string, stack []uint64) error {
	return s.inst.function(name).CallWithStack(&s.guest, stack)
}

// memory is the guest's linear memory, aliased.
func (s *Sandbox) memory() []byte {
	if s.inst == nil || s.inst.mem == nil {
		return nil
	}
	b, _ := s.inst.mem.Read(0, s.inst.mem.Size())
	return b
}

// growMemory decides and charges a memory.grow by delta pages.
func (s *Sandbox) growMemory(delta uint32) bool {
	size := uint64(len(s.memory())) + uint64(delta)*pageSize
	if size > min(s.cfg.Limits.MemoryBytes, s.prog.image.MaxSize) {
		return false
	}
	s.charge(fuel.PageFuel * uint64(delta))
	return true
}

// growForHost grows the memory on behalf of a host function.
func (s *Sandbox) growForHost(pages uint32) bool {
	if s.inst == nil || s.inst.mem == nil || !s.growMemory(pages) {
		return false
	}
	_, ok := s.inst.mem.Grow(pages)
	return ok
}

// growTable decides and charges a table.grow.
func (s *Sandbox) growTable(table, delta uint32) bool {
	size := uint64(s.inst.tables[table]) + uint64(delta)
	total := uint64(delta)
	for _, n := range s.inst.tables {
		total += uint64(n)
	}
	if size > uint64(s.prog.image.Tables[table].Max) || total > s.cfg.Limits.TableElements {
		return false
	}
	s.charge((uint64(delta) + fuel.GrowElements - 1) / fuel.GrowElements)
	s.inst.tables[table] = uint32(size)
	return true
}

// dropInstance closes the instance, if there is one, and keeps its account.
func (s *Sandbox) dropInstance() {
	if s.inst == nil {
		return
	}
	inst := s.inst
	s.peak = max(s.peak, uint64(len(s.memory())))
	s.meter.spare = int64(inst.fuel.Get())
	s.inst = nil
	if !s.recycle(inst) {
		_ = inst.close(s.eng.context)
	}
}

// handles returns the guest's mutable globals, in the order of image.Globals.
func (i *instance) handles(p *Program) []api.MutableGlobal {
	if i.globals == nil {
		for _, g := range p.image.Globals {
			i.globals = append(i.globals, i.mod.ExportedGlobal(g.Export).(api.MutableGlobal))
		}
	}
	return i.globals
}

// restorePoint is memory and globals at a quiescent moment.
type restorePoint struct {
	memory  []byte
	globals []uint64
}

// save keeps the state of the instance for Abandon.
func (s *Sandbox) save() {
	if s.point == nil {
		s.point = &restorePoint{}
	}
	p := s.point
	p.memory = append(p.memory[:0], s.memory()...)
	p.globals = p.globals[:0]
	for _, g := range s.inst.handles(s.prog) {
		p.globals = append(p.globals, g.Get())
	}
}

// restore puts the saved state back. Memory that has grown since cannot
// shrink, so it moves to a new instance then.
func (s *Sandbox) restore() error {
	p := s.point
	if len(s.memory()) != len(p.memory) {
		inst, err := s.prog.instance(s)
		if err != nil {
			return err
		}
		if more := (uint64(len(p.memory)) - s.prog.image.MinSize) / pageSize; more > 0 {
			if _, ok := inst.mem.Grow(uint32(more)); !ok {
				_ = inst.close(s.eng.context)
				return fmt.Errorf("%w: no address space to roll back to", fault.ErrMemoryLimit)
			}
		}
		s.dropInstance()
		inst.fuel.Set(uint64(s.meter.spare))
		s.inst = inst
	}
	copy(s.memory(), p.memory)
	for i, g := range s.inst.handles(s.prog) {
		g.Set(p.globals[i])
	}
	return nil
}
