// Package sandbox runs metered WebAssembly: an Engine compiles a module into a
// Program once, and a Sandbox runs one instance of it, one call at a time,
// under limits. When fuel runs out in the middle of a function the call stops
// there with its stack kept, and Refuel goes on.
//
// The lifecycle is one table (state.go). The files engine.go and engine_*.go
// are the only ones that name the WebAssembly engine; the rest knows a program
// as bytes and facts (image.go) and a guest as something that calls hook at
// least once per slice of fuel (meter.go). The package knows neither the
// language a module was written in, nor where it came from, nor who pays.
package sandbox

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/univrs/vudo/internal/fuel"
	"github.com/univrs/vudo/internal/host"
	"github.com/univrs/vudo/internal/wasm"
)

// EngineConfig configures an Engine. The zero value works: it writes nothing
// to disk and compiles in this process.
type EngineConfig struct {
	// CacheDir holds compiled modules between runs; "" = none. Several
	// processes may share it.
	CacheDir string
	// CompileWorker is the command and arguments of a process that runs
	// CompileWorkerMain; unset = untrusted modules compile in this process.
	CompileWorker []string
	Clock         host.Clock // nil = the system's
	Random        io.Reader  // ids; nil = crypto/rand
	Notices       chan<- Notice
	Functions     []Function // of the embedder, in module "loa"

	// LockedThread must be set when calls are made from goroutines that hold
	// runtime.LockOSThread.
	LockedThread bool
	// Interpreter selects the engine's interpreter where it also has a compiler.
	Interpreter bool
	// Slice fixes the length of a slice, in fuel; 0 = adapted to the speed.
	Slice uint64
	// HeapMemory keeps linear memories on the Go heap, as systems without
	// reservations of address space do.
	HeapMemory bool
}

// Engine compiles modules and runs sandboxes. It is safe for concurrent use.
type Engine struct {
	cfg      EngineConfig
	clock    host.Clock
	real     bool // clock is the system's
	random   io.Reader
	runtime  wazero.Runtime
	cache    wazero.CompilationCache
	code     *machineCode // of cache; nil where the engine keeps its files itself
	cacheDir string
	tempDir  string // to be removed by Close
	context  context.Context
	arena    *arena
	carriers carriers
	notices  chan<- Notice
	lost     atomic.Uint64
	extra    map[string]*Function // embedder functions by name
	budget   budget
	onHook   func(*Sandbox) // tests stand here at each hook; else nil

	mu     sync.Mutex
	live   map[*Sandbox]struct{}
	busy   int // compilations on their way
	closed bool
}

var errClosed = errors.New("the runtime is closed")

// features is everything that internal/wasm accepts.
const features = api.CoreFeaturesV2 | experimental.CoreFeaturesTailCall | experimental.CoreFeaturesExtendedConst

// NewEngine starts an engine. Close must be called when it is no longer needed.
func NewEngine(cfg EngineConfig) (*Engine, error) {
	e := &Engine{
		cfg: cfg, clock: cfg.Clock, random: cfg.Random, notices: cfg.Notices,
		context: context.Background(), live: map[*Sandbox]struct{}{}, budget: budget{compileTime, compileMemory},
	}
	if e.clock == nil {
		e.clock = host.SystemClock{}
	}
	_, e.real = e.clock.(host.SystemClock)
	if e.random == nil {
		e.random = rand.Reader
	} else {
		e.random = &lockedReader{r: e.random}
	}
	e.carriers.locked = cfg.LockedThread
	if !cfg.HeapMemory {
		if m := systemMapper(); m != nil {
			e.arena = &arena{sys: m}
		}
	}
	if err := e.addFunctions(append([]Function(nil), cfg.Functions...)); err != nil {
		return nil, err
	}
	if err := e.openCache(); err != nil {
		return nil, err
	}
	rc := wazero.NewRuntimeConfig()
	if cfg.Interpreter {
		rc = wazero.NewRuntimeConfigInterpreter()
	}
	rc = rc.WithCoreFeatures(features)
	if e.cache != nil {
		rc = rc.WithCompilationCache(e.cache)
	}
	e.runtime = wazero.NewRuntimeWithConfig(e.context, rc)
	if err := e.addModules(); err != nil {
		_ = e.Close(e.context)
		return nil, err
	}
	return e, nil
}

// openCache prepares the module cache. A compile worker answers through it, so
// that without a directory it gets one for the life of the engine.
func (e *Engine) openCache() error {
	e.cacheDir = e.cfg.CacheDir
	if e.cacheDir == "" && len(e.cfg.CompileWorker) > 0 {
		dir, err := os.MkdirTemp("", "vudo-cache-")
		if err != nil {
			return fmt.Errorf("module cache: %w", err)
		}
		e.cacheDir, e.tempDir = dir, dir
	}
	if e.cacheDir == "" {
		return nil
	}
	var err error
	e.cache, e.code, err = newMachineCode(filepath.Join(e.cacheDir, "code"), len(e.cfg.CompileWorker) > 0)
	return err
}

// addModules registers the host modules that guests import from.
func (e *Engine) addModules() error {
	for _, name := range []string{host.ModuleVudo, host.ModuleLoa} {
		b := e.runtime.NewHostModuleBuilder(name)
		for _, f := range host.Table() {
			if f.Impl == nil || !contains(f.Modules, name) {
				continue
			}
			b.NewFunctionBuilder().WithGoModuleFunction(hostFunction(f.Impl, f.Params), valueTypes(f.Params), valueTypes(f.Results)).Export(f.Name)
		}
		if name == host.ModuleLoa {
			for _, f := range e.cfg.Functions {
				b.NewFunctionBuilder().WithGoModuleFunction(customFunction(e.extra[f.Name]), valueTypes(f.Type.Params), valueTypes(f.Type.Results)).Export(f.Name)
			}
		}
		if _, err := b.Instantiate(e.context); err != nil {
			return fmt.Errorf("host module %s: %w", name, err)
		}
	}
	if err := e.addWASI(); err != nil {
		return err
	}
	b := e.runtime.NewHostModuleBuilder(fuel.Reserved)
	addHooks(b)
	if _, err := b.Instantiate(e.context); err != nil {
		return fmt.Errorf("host module %s: %w", fuel.Reserved, err)
	}
	return nil
}

// Close ends every sandbox that is left and frees what the engine holds. A
// guest that is running on another goroutine ends at its next hook; Close does
// not wait for it.
func (e *Engine) Close(ctx context.Context) error {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return nil
	}
	e.closed = true
	live := make([]*Sandbox, 0, len(e.live))
	for s := range e.live {
		live = append(live, s)
	}
	e.mu.Unlock()
	for _, s := range live {
		_ = s.Terminate(ctx)
	}
	e.carriers.close()
	err := e.whenIdle(ctx)
	if e.tempDir != "" {
		err = errors.Join(err, os.RemoveAll(e.tempDir))
	}
	return err
}

// whenIdle frees the engine itself once no guest is on its stack any more:
// now, or when the last sandbox is forgotten and the last compilation is done.
func (e *Engine) whenIdle(ctx context.Context) error {
	e.mu.Lock()
	idle := e.closed && len(e.live) == 0 && e.busy == 0 && e.runtime != nil
	r, c := e.runtime, e.cache
	if idle {
		e.runtime, e.cache = nil, nil
	}
	e.mu.Unlock()
	if !idle {
		return nil
	}
	err := r.Close(ctx)
	if c != nil {
		err = errors.Join(err, c.Close(ctx))
	}
	if e.arena != nil {
		e.arena.close()
	}
	return err
}

func (e *Engine) register(s *Sandbox) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return false
	}
	e.live[s] = struct{}{}
	return true
}

func (e *Engine) forget(s *Sandbox) {
	e.mu.Lock()
	delete(e.live, s)
	last := e.closed && len(e.live) == 0
	e.mu.Unlock()
	if last {
		_ = e.whenIdle(e.context)
	}
}

// beginCompile keeps the engine from being freed until endCompile.
func (e *Engine) beginCompile() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.closed {
		e.busy++
	}
	return !e.closed
}

func (e *Engine) endCompile() {
	e.mu.Lock()
	e.busy--
	last := e.closed && e.busy == 0
	e.mu.Unlock()
	if last {
		_ = e.whenIdle(e.context)
	}
}

// until is how far away a context's deadline is. Contexts keep real time, also
// beside a clock that is moved by hand.
func (e *Engine) until(d time.Time) time.Duration {
	if e.real {
		return d.Sub(e.clock.Now())
	}
	return time.Until(d)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

func valueTypes(ts []wasm.ValType) []api.ValueType {
	vs := make([]api.ValueType, len(ts))
	for i, t := range ts {
		vs[i] = api.ValueType(t)
	}
	return vs
}

// lockedReader makes a caller's random source safe for concurrent sandboxes.
type lockedReader struct {
	mu sync.Mutex
	r  io.Reader
}

func (l *lockedReader) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.r.Read(p)
}
