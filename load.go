package vudo

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/univrs/vudo/internal/capability"
	"github.com/univrs/vudo/internal/sandbox"
	"github.com/univrs/vudo/spirit"
)

// Export is a function that a Spirit offers: its name, its type and how it is called.
type Export = sandbox.Export

// Import is a function that a Spirit wants from the host.
type Import = sandbox.Import

// Convention says how an export is called.
type Convention = sandbox.Convention

// The calling conventions; see Sandbox.Call and Sandbox.CallValues.
const (
	ConventionUnsupported = sandbox.Unsupported
	ConventionScalar      = sandbox.Scalar
	ConventionBytes       = sandbox.Bytes
	ConventionCommand     = sandbox.Command
	// ConventionDeclared is an export whose parameters or result the section
	// vudo.manifest of the module names: see Export.Signature and Sandbox.Call.
	ConventionDeclared = sandbox.Declared
)

// LoadTimes say where the time of Load went.
type LoadTimes = sandbox.LoadTimes

// Spirit is a module with its manifest, verified, metered and compiled. It is
// immutable and safe for all goroutines.
type Spirit struct {
	rt      *Runtime
	pkg     *spirit.Package
	program *sandbox.Program
	last    atomic.Pointer[plan]
}

// plan is what a Call works out from the limits and grants it is given. Calls
// of one Spirit mostly repeat them, and the rights of a Call never change.
type plan struct {
	limits Limits
	grant  []spirit.Capability
	config sandbox.Config // of these two only
}

// Load verifies, meters and compiles a package, or takes the result from the
// cache below Config.Home. A manifest that asks for more than policy permits is
// refused as ErrInvalidLimits, naming both numbers; a module as
// ErrInvalidModule, ErrUnlinked or ErrCompileLimit.
func (r *Runtime) Load(ctx context.Context, pkg *spirit.Package) (*Spirit, error) {
	asked := pkg.Manifest().Limits
	if err := r.affordable(asked); err != nil {
		return nil, err
	}
	limits, err := r.limits(Limits{ModuleBytes: asked.ModuleBytes})
	if err != nil {
		return nil, err
	}
	if err := sandbox.CheckSize(pkg.Module(), limits.ModuleBytes); err != nil {
		return nil, err
	}
	program, err := r.engine.Compile(ctx, pkg.Module(), sandbox.CompileOptions{Digest: pkg.Digest()})
	if err != nil {
		return nil, err
	}
	if d := program.Declared(); d != nil && asked.MemoryBytes == 0 {
		if err := r.affordable(Limits{MemoryBytes: d.MaxMemoryBytes}); err != nil {
			_ = program.Close(ctx)
			return nil, err
		}
	}
	return &Spirit{rt: r, pkg: pkg, program: program}, nil
}

// affordable refuses a manifest's limits that policy or a hard cap would cut.
func (r *Runtime) affordable(asked Limits) error {
	if err := asked.Check(); err != nil {
		return err
	}
	for _, f := range spirit.Fields() {
		want, most := f.Get(&asked), f.Get(&r.cfg.Policy)
		if most != 0 && want > most {
			return fmt.Errorf("%w: %s: the manifest asks for %d, policy permits %d", ErrInvalidLimits, f.Name, want, most)
		}
	}
	return nil
}

// limits are what a caller gets that asks for l: defaults filled in, policy applied.
func (r *Runtime) limits(l Limits) (Limits, error) {
	if err := l.Check(); err != nil {
		return Limits{}, err
	}
	l = l.Fill()
	for _, f := range spirit.Fields() {
		if most := f.Get(&r.cfg.Policy); most != 0 && f.Get(&l) > most {
			f.Set(&l, most)
		}
	}
	return l, nil
}

// Manifest returns the manifest; it must not be changed.
func (s *Spirit) Manifest() *spirit.Manifest { return s.pkg.Manifest() }

// Digest returns the package digest.
func (s *Spirit) Digest() spirit.Digest { return s.pkg.Digest() }

// Exports are the functions that the module offers, in its own order; the
// slice must not be changed.
func (s *Spirit) Exports() []Export { return s.program.Exports() }

// Imports are the functions that the module wants, likewise.
func (s *Spirit) Imports() []Import { return s.program.Imports() }

// Declared is the section vudo.manifest of the module, nil when it has none; it
// must not be changed. What the package's manifest says of capabilities and
// limits goes before it.
func (s *Spirit) Declared() *spirit.Declared { return s.program.Declared() }

// LoadTimes say where the time of Load went.
func (s *Spirit) LoadTimes() LoadTimes { return s.program.LoadTimes() }

// NewSandbox creates a sandbox of the Spirit and initialises it: state Ready.
// A start function that runs out of fuel leaves it Paused: the sandbox is then
// returned beside ErrOutOfFuel, and Refuel goes on.
func (s *Spirit) NewSandbox(ctx context.Context, cfg SandboxConfig) (*Sandbox, error) {
	c, err := s.config(cfg)
	if err != nil {
		return nil, err
	}
	inner, err := s.program.New(c)
	if err != nil {
		return nil, err
	}
	sb := &Sandbox{inner: inner}
	if err := sb.Initialize(ctx); err != nil {
		if inner.State() == Paused {
			return sb, err
		}
		_ = sb.Close(ctx)
		return nil, err
	}
	return sb, nil
}

// Call runs one export in a fresh instance and returns what Sandbox.Call does: nothing
// of an earlier call is left. The fuel limit covers the instantiation too, and
// the fuel used is the same whether the instance was made or reset. A call that
// runs out of fuel ends there.
func (s *Spirit) Call(ctx context.Context, export string, in []byte, cfg SandboxConfig) (Result, error) {
	c, err := s.planned(cfg)
	if err != nil {
		return Result{}, err
	}
	out, u, err := s.program.Call(ctx, export, in, c)
	return newResult(out, &u, s.receipt(&u, out), err), err
}

// CallValues is Call for an export that takes and returns numbers.
func (s *Spirit) CallValues(ctx context.Context, export string, args []Value, cfg SandboxConfig) (Result, error) {
	c, err := s.planned(cfg)
	if err != nil {
		return Result{}, err
	}
	values, u, err := s.program.CallValues(ctx, export, args, c)
	return Result{Values: values, Receipt: s.receipt(&u, nil)}, err
}

// Close frees the compiled code. Every sandbox of the Spirit must be closed before.
func (s *Spirit) Close(ctx context.Context) error { return s.program.Close(ctx) }

func (s *Spirit) receipt(u *sandbox.Usage, out []byte) Receipt {
	return newReceipt(s.program.Digest(), u, out)
}

// planned is config for a Call, from the last plan where that fits.
func (s *Spirit) planned(cfg SandboxConfig) (sandbox.Config, error) {
	p := s.last.Load()
	if p == nil || p.limits != cfg.Limits || !slices.Equal(p.grant, cfg.Grant) {
		c, err := s.config(SandboxConfig{Limits: cfg.Limits, Grant: cfg.Grant})
		if err != nil {
			return c, err
		}
		if missing := c.Rights.Missing(c.Required); len(missing) == 0 {
			c.Required = nil
		}
		p = &plan{cfg.Limits, slices.Clone(cfg.Grant), c}
		s.last.Store(p)
	}
	c := p.config
	s.rt.fill(&c, cfg, s.Digest())
	return c, nil
}

// config is what the sandbox layer needs to know: the manifest's limits where
// the caller says none, the rights that were both asked for and granted.
func (s *Spirit) config(cfg SandboxConfig) (sandbox.Config, error) {
	m := s.pkg.Manifest()
	asked := m.Limits
	if d := s.Declared(); d != nil && asked.MemoryBytes == 0 {
		asked.MemoryBytes = d.MaxMemoryBytes
	}
	for _, f := range spirit.Fields() {
		if v := f.Get(&cfg.Limits); v != 0 {
			f.Set(&asked, v)
		}
	}
	if cfg.Limits.Duration < 0 {
		asked.Duration = cfg.Limits.Duration
	}
	cfg.Limits = asked
	c, err := s.rt.config(cfg, m.Asked(), s.Digest())
	if err != nil {
		return c, err
	}
	c.Required = m.Required
	c.Host.Identity.Spirit = m.Name + "@" + m.Version
	for name, x := range m.Exports {
		if !x.Restricted {
			continue
		}
		only, err := c.Rights.Narrow(x.Narrowed)
		if err != nil {
			return c, err
		}
		if c.Narrowed == nil {
			c.Narrowed = map[string]*capability.Set{}
		}
		c.Narrowed[name] = only
	}
	return c, nil
}
