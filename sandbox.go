package vudo

import (
	"context"
	"io"
	"maps"
	"path"

	"github.com/univrs/vudo/internal/capability"
	"github.com/univrs/vudo/internal/host"
	"github.com/univrs/vudo/internal/sandbox"
	"github.com/univrs/vudo/spirit"
)

// State is where a sandbox stands in its life; it prints as its name.
type State = sandbox.State

// The six states. Failed and Terminated have no exit.
const (
	Initializing = sandbox.Initializing
	Ready        = sandbox.Ready
	Running      = sandbox.Running
	Paused       = sandbox.Paused
	Terminated   = sandbox.Terminated
	Failed       = sandbox.Failed
)

// ID names a sandbox or a call; it prints as 32 hex digits.
type ID = sandbox.ID

// Metrics are the totals of one sandbox.
type Metrics = sandbox.Metrics

// Value is one number of a guest.
type Value = sandbox.Value

// I32 makes a value of type i32.
func I32(v int32) Value { return sandbox.I32(v) }

// I64 makes a value of type i64.
func I64(v int64) Value { return sandbox.I64(v) }

// F32 makes a value of type f32.
func F32(v float32) Value { return sandbox.F32(v) }

// F64 makes a value of type f64.
func F64(v float64) Value { return sandbox.F64(v) }

// Dir maps a directory of the host into the guest, for WASI. The guest needs
// storage capabilities with a "dir:" target as well.
type Dir = host.Dir

// SandboxConfig is what one sandbox may use. The zero value grants nothing and
// means the limits of the manifest, else the defaults.
type SandboxConfig struct {
	Limits Limits
	Owner  [32]byte            // Ed25519 public key of whom the sandbox belongs to
	Grant  []spirit.Capability // has effect as far as the manifest asks for it

	Env    map[string]string // for guests with sensor.environment; never the host's own
	Dirs   []Dir
	Args   []string  // WASI arguments, the program's name first
	Stdin  io.Reader // the input of calls as a stream, in place of their bytes
	Stdout io.Writer // the output of calls as a stream, in place of Result.Output

	// Rollback makes Abandon put memory and globals back to where they were
	// before the call. Modules that change their tables cannot have it.
	Rollback bool
	// Seed, if not nil, makes randomness and time functions of the seed.
	Seed []byte
	// Project is the canonical path of a project directory: storage then
	// belongs to it, and not to this very package.
	Project string
}

// config turns a SandboxConfig into what the sandbox layer takes.
func (r *Runtime) config(cfg SandboxConfig, asked []spirit.Capability, digest spirit.Digest) (sandbox.Config, error) {
	limits, err := r.limits(cfg.Limits)
	if err != nil {
		return sandbox.Config{}, err
	}
	var grants []capability.Grant
	if len(cfg.Grant) > 0 {
		grants = []capability.Grant{{Capabilities: cfg.Grant}}
	}
	rights, err := capability.New(asked, grants, r.now())
	if err != nil {
		return sandbox.Config{}, err
	}
	c := sandbox.Config{Limits: limits, Rights: rights}
	r.fill(&c, cfg, digest)
	return c, nil
}

// fill adds what needs no checking.
func (r *Runtime) fill(c *sandbox.Config, cfg SandboxConfig, digest spirit.Digest) {
	c.Owner, c.Stdin, c.Stdout, c.Rollback = cfg.Owner, cfg.Stdin, cfg.Stdout, cfg.Rollback
	h := &c.Host
	h.Services, h.Args, h.Env, h.Seed = &r.host, cfg.Args, maps.Clone(cfg.Env), cfg.Seed
	if cfg.Project != "" {
		h.Namespace = host.NamespaceOfProject(cfg.Owner, cfg.Project)
	} else {
		h.Namespace = host.NamespaceOfPackage(cfg.Owner, digest)
	}
	h.Dirs = nil
	for _, d := range cfg.Dirs {
		d.Guest = path.Clean("/" + d.Guest)
		h.Dirs = append(h.Dirs, d)
	}
}

// Sandbox is one instance of a Spirit and one call at a time; a second call
// while one runs is refused. It is for one goroutine, except Pause, Resume,
// Terminate, State, Metrics, Grant and Revoke. Close must be called, also after
// a failure: a paused call keeps its stack.
type Sandbox struct {
	inner *sandbox.Sandbox
}

// Result is what a call produced. The Receipt is valid whenever guest code
// ran, also beside an error.
type Result struct {
	// Output is what the guest wrote, and behind that the text, bytes or JSON that a
	// declared export returned; nil for a stream.
	Output []byte
	// Values are what a scalar export returned, or the number that a declared one did.
	Values  []Value
	Receipt Receipt
}

// NewSandbox returns a sandbox of a bare module, without a manifest, in state
// Initializing: everything that is granted counts as asked for. The bytes are
// measured here (ErrInvalidModule when empty or too many) and looked at by
// Initialize; they must not change before the sandbox is closed.
func (r *Runtime) NewSandbox(_ context.Context, wasm []byte, cfg SandboxConfig) (*Sandbox, error) {
	c, err := r.config(cfg, capability.Everything(), sandbox.DigestOf(wasm))
	if err != nil {
		return nil, err
	}
	inner, err := r.engine.New(wasm, c)
	if err != nil {
		return nil, err
	}
	return &Sandbox{inner: inner}, nil
}

// Initialize makes an Initializing sandbox Ready: it verifies, compiles and
// links what is not yet, instantiates, and runs start code, all under the
// limits. ErrOutOfFuel leaves it Paused, any other error Failed. When start
// code ran, the error is a *StartError with its receipt.
func (s *Sandbox) Initialize(ctx context.Context) error {
	u, err := s.inner.Initialize(ctx)
	if err != nil && u.Outcome != OutcomeNone {
		return &StartError{Receipt: s.receipt(&u, nil), Err: err}
	}
	return err
}

// Call runs a bytes export, () -> () or () -> (i32), or the command _start: the
// guest reads in through host_input_read or its standard input, and what it
// writes is Result.Output. A status other than 0 is a *GuestError. in must not
// change until the receipt's digests have been asked for.
//
// A declared export (see ConventionDeclared) takes in as its only parameter of
// text or bytes, else as a JSON array with one value per parameter
// (spirit.Signature.Arguments); SandboxConfig.Stdin is then left alone. What it
// returns is the end of Result.Output, or the one of Result.Values. An input that
// does not fit is ErrArguments before anything runs, a result that does not fit
// into max_output_bytes ErrOutputLimit.
func (s *Sandbox) Call(ctx context.Context, export string, in []byte) (Result, error) {
	out, u, err := s.inner.Call(ctx, export, in)
	return newResult(out, &u, s.receipt(&u, out), err), err
}

func newResult(out []byte, u *sandbox.Usage, r Receipt, err error) Result {
	res := Result{Output: out, Receipt: r}
	if err == nil {
		res.Values = u.Result
	}
	return res
}

// CallValues runs an export that takes and returns numbers. Other types or
// counts than the export's are ErrArguments.
func (s *Sandbox) CallValues(ctx context.Context, export string, args ...Value) (Result, error) {
	values, u, err := s.inner.CallValues(ctx, export, args)
	return Result{Values: values, Receipt: s.receipt(&u, nil)}, err
}

// Refuel adds n ≥ 1 fuel to a paused call and lets one that ran out of fuel go
// on where it stopped; it returns like Call. One that an operator holds stays
// paused. ctx replaces the context of the call from here on.
func (s *Sandbox) Refuel(ctx context.Context, n uint64) (Result, error) {
	u, err := s.inner.Refuel(ctx, n)
	return s.outcome(&u, err), err
}

// Resume lets a call go on that was paused by Pause; it returns like Call.
func (s *Sandbox) Resume(ctx context.Context) (Result, error) {
	u, err := s.inner.Resume(ctx)
	return s.outcome(&u, err), err
}

// outcome is the result of a call that went on.
func (s *Sandbox) outcome(u *sandbox.Usage, err error) Result {
	r := Result{Output: u.Output, Receipt: s.receipt(u, u.Output)}
	if err == nil && u.Outcome == OutcomeOK {
		r.Values = s.inner.Results()
	}
	return r
}

// Pause asks a running call to stop at its next hook or host call; it then
// returns ErrPaused. A call that ends before is not paused.
func (s *Sandbox) Pause() error { return s.inner.Pause() }

// AddFuel raises the budget of the next call by n ≥ 1. What that call does not
// use stays for the one after.
func (s *Sandbox) AddFuel(n uint64) error { return s.inner.AddFuel(n) }

// Abandon gives up a paused call: state Ready, its storage writes dropped.
func (s *Sandbox) Abandon(ctx context.Context) error { return s.inner.Abandon(ctx) }

// Terminate ends the sandbox, from any state and any goroutine; a running call
// ends with ErrTerminated. It always returns nil.
func (s *Sandbox) Terminate(ctx context.Context) error { return s.inner.Terminate(ctx) }

// Close ends the sandbox and returns its memory. It may be called again.
func (s *Sandbox) Close(ctx context.Context) error { return s.inner.Close(ctx) }

// Grant gives more rights, as far as the manifest asks for them, from the next
// host call on.
func (s *Sandbox) Grant(cs ...spirit.Capability) error { return s.inner.Grant(cs) }

// Revoke withdraws rights, and all that they cover, from the next host call
// on; a host call in flight on one of them is cut off.
func (s *Sandbox) Revoke(cs ...spirit.Capability) error { return s.inner.Revoke(cs) }

// State returns the present state.
func (s *Sandbox) State() State { return s.inner.State() }

// ID is 128 random bits.
func (s *Sandbox) ID() ID { return s.inner.ID() }

// Owner is the key of whom the sandbox belongs to.
func (s *Sandbox) Owner() [32]byte { return s.inner.Owner() }

// Limits are the effective limits, every field filled.
func (s *Sandbox) Limits() Limits { return s.inner.Limits() }

// Exports are the functions that the module offers; nil before Initialize.
func (s *Sandbox) Exports() []Export {
	if p := s.inner.Program(); p != nil {
		return p.Exports()
	}
	return nil
}

// Metrics returns the totals so far; all zero for a fresh sandbox.
func (s *Sandbox) Metrics() Metrics { return s.inner.Metrics() }

func (s *Sandbox) receipt(u *sandbox.Usage, out []byte) Receipt {
	if u.Outcome == OutcomeNone {
		return Receipt{}
	}
	return newReceipt(s.inner.Program().Digest(), u, out)
}
