package sandbox

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/internal/fuel"
	"github.com/univrs/vudo/internal/host"
	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/spirit"
)

// The compile budget of one module (docs/spec/fuel.md, section 4).
const (
	compileTime    = 10 * time.Second
	compileTimeMiB = time.Second // per MiB of module above compileFreeMiB
	compileFreeMiB = 8
	compileMemory  = 1 << 30 // bytes, in a worker process
)

// budget is what one compilation may take.
type budget struct {
	time   time.Duration // for a module of up to compileFreeMiB
	memory uint64        // bytes
}

func (b budget) timeFor(size int) time.Duration {
	return b.time + compileTimeMiB*time.Duration(max(0, size>>20-compileFreeMiB))
}

// CompileOptions adjust one compilation.
type CompileOptions struct {
	// Trusted modules (a user's own build) compile in this process, without a budget.
	Trusted bool
	// Digest names the Spirit in events and receipts; zero = SHA-256 of the module.
	Digest spirit.Digest
	// Shape replaces the shape limits; only the specification suites switch them off.
	Shape fuel.ShapeLimits
}

// LoadTimes say where the time of a Compile went.
type LoadTimes struct {
	Digest     time.Duration // hashing the module
	Image      time.Duration // reading the cache, or decoding, validating and metering
	Engine     time.Duration // the engine's own compilation, or its cache
	FromCache  bool          // the image was found in the module cache
	FromWorker bool          // a worker process compiled
}

// Program is a module, metered and compiled: immutable, safe for concurrent
// use, shared by any number of sandboxes.
type Program struct {
	eng      *Engine
	source   []byte // as given; for the names and lines of trap frames
	digest   spirit.Digest
	image    *image
	compiled wazero.CompiledModule
	exports  map[string]*Export
	times    LoadTimes
	wasi     bool // it imports from WASI: instances differ in more than memory
	speed    atomic.Int64
	pool     pool

	debug   sync.Once // names and lines are read when the first trap asks
	names   wasm.Names
	lines   *lineFinder
	sources *sourceMap // nil: none, and lines are looked at
}

// Compile verifies, meters and compiles a module, or takes it from the cache.
// The bytes must not change as long as the program is used.
func (e *Engine) Compile(ctx context.Context, source []byte, o CompileOptions) (*Program, error) {
	if err := CheckSize(source, maxModuleBytes); err != nil {
		return nil, err
	}
	if !e.beginCompile() {
		return nil, errClosed
	}
	defer e.endCompile()
	p := &Program{eng: e, source: source, digest: o.Digest}
	began := time.Now()
	sum := sha256.Sum256(source)
	if o.Digest == (spirit.Digest{}) {
		p.digest = spirit.Digest(sum)
	}
	p.times.Digest = time.Since(began)

	began = time.Now()
	if err := p.loadImage(ctx, sum, o); err != nil {
		return nil, err
	}
	p.times.Image = time.Since(began)
	if err := e.link(p.image); err != nil {
		return nil, err
	}

	began = time.Now()
	if err := p.compileOrAsk(ctx, o); err != nil {
		return nil, err
	}
	p.times.Engine = time.Since(began)

	p.exports = make(map[string]*Export, len(p.image.Exports))
	for i := range p.image.Exports {
		x := &p.image.Exports[i]
		p.exports[x.Name] = x
	}
	for _, imp := range p.image.Imports {
		p.wasi = p.wasi || imp.Module == host.ModuleWASI
	}
	return p, nil
}

// maxModuleBytes is the hard cap of max_module_bytes.
const maxModuleBytes = 100 << 20

// workerAttempts is how often a module is compiled whose result somebody else,
// such as another process that cleans the cache, took away before it was read.
const workerAttempts = 3

// loadImage finds the image in the cache, or makes it, here or in a worker.
func (p *Program) loadImage(ctx context.Context, sum [32]byte, o CompileOptions) error {
	e := p.eng
	key := cacheKey(sum, o.Shape)
	if p.image = e.readCache(key); p.image != nil {
		p.times.FromCache = true
		return nil
	}
	if len(e.cfg.CompileWorker) > 0 && !o.Trusted {
		p.times.FromWorker = true
		for range workerAttempts {
			if err := e.compileInWorker(ctx, p.source, o.Shape); err != nil {
				return err
			}
			if p.image = e.readCache(key); p.image != nil {
				return nil
			}
		}
		return errors.New("the compile worker left nothing in the module cache")
	}
	i, err := build(p.source, o.Shape)
	if err != nil {
		return err
	}
	p.image = i
	// A cache that cannot be written costs time, not correctness.
	_ = e.writeCache(key, i)
	return nil
}

// compileOrAsk compiles, or takes machine code from the cache. What a worker
// should have left there and is gone is asked for once more: this process does
// not compile a module that a worker is there for.
func (p *Program) compileOrAsk(ctx context.Context, o CompileOptions) error {
	err := p.compile(ctx, o.Trusted)
	for n := 0; n < workerAttempts && errors.Is(err, errNotStored); n++ {
		p.times.FromWorker = true
		if err := p.eng.compileInWorker(ctx, p.source, o.Shape); err != nil {
			return err
		}
		err = p.compile(ctx, o.Trusted)
	}
	if errors.Is(err, errNotStored) {
		return fmt.Errorf("compile worker %s: %w: is it built from the same version of the engine as this program?", p.eng.cfg.CompileWorker[0], err)
	}
	return err
}

// compile hands the metered bytes to the engine. Two compilation workers are
// used because only that path of the engine looks at its context.
func (p *Program) compile(ctx context.Context, trusted bool) (err error) {
	cctx, budget := ctx, p.eng.budget.timeFor(len(p.source))
	if !trusted {
		var cancel context.CancelFunc
		cctx, cancel = context.WithTimeout(ctx, budget)
		defer cancel()
	}
	cctx = experimental.WithCompilationWorkers(cctx, 2)
	err = p.eng.code.during(trusted, func() error {
		p.compiled, err = p.eng.runtime.CompileModule(cctx, p.image.Bytes)
		return err
	})
	switch {
	case err == nil, errors.Is(err, errNotStored):
		return err
	case ctx.Err() != nil:
		return contextFault(ctx)
	case cctx.Err() != nil:
		return fmt.Errorf("%w: more than %v for %d bytes", fault.ErrCompileLimit, budget, len(p.source))
	}
	return fmt.Errorf("%w: %w", fault.ErrInvalidModule, err)
}

// Close frees the compiled code. Sandboxes of the program must be closed before.
func (p *Program) Close(ctx context.Context) error {
	p.pool.drain(ctx)
	return p.compiled.Close(ctx)
}

// Digest names the Spirit that the program is.
func (p *Program) Digest() spirit.Digest { return p.digest }

// Exports are the functions that the module offers, in its own order. The
// slice must not be changed.
func (p *Program) Exports() []Export { return p.image.Exports }

// Imports are the functions that it wants, likewise.
func (p *Program) Imports() []Import { return p.image.Imports }

// LoadTimes say where the time of Compile went.
func (p *Program) LoadTimes() LoadTimes { return p.times }

// Memory returns the least and the greatest size of the module's memory in
// bytes; both are 0 when it has none.
func (p *Program) Memory() (least, greatest uint64) { return p.image.MinSize, p.image.MaxSize }

// sliceLength is the first slice of a call: what the last one learned about
// the speed of this program.
func (p *Program) sliceLength() (length int64, fixed bool) {
	if n := p.eng.cfg.Slice; n > 0 {
		return int64(n), true
	}
	if n := p.speed.Load(); n > 0 {
		return n, false
	}
	return firstSlice, false
}

func (p *Program) learn(length int64) { p.speed.Store(length) }
