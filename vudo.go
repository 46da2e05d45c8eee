package vudo

import (
	"context"
	"io"
	"path/filepath"
	"time"

	"github.com/univrs/vudo/internal/host"
	"github.com/univrs/vudo/internal/sandbox"
	"github.com/univrs/vudo/spirit"
)

// Limits are the bounds of one call; a zero field means its default. See
// spirit.Limits for the fields, their units and caps.
type Limits = spirit.Limits

// Clock is the only source of time of a runtime: Now, and After for timers. A
// clock that is moved by hand makes deadlines, sleeps and quotas testable.
type Clock = host.Clock

// Store keeps the key-value pairs of all Spirits; see host.Store for the two
// methods, which can be implemented without importing this module.
type Store = host.Store

// Logger receives the log lines of guests, escaped and attributed.
type Logger = host.Logger

// LogLine is one line that a guest logged.
type LogLine = host.LogLine

// Event is something that happened to a sandbox: Kind, Time, Sandbox, Spirit
// and Detail.
type Event = sandbox.Notice

// EventKind says what happened.
type EventKind = sandbox.EventKind

// The kinds of events.
const (
	SandboxCreated     = sandbox.SandboxCreated
	SandboxInitialized = sandbox.SandboxInitialized
	SandboxTerminated  = sandbox.SandboxTerminated
	ExecutionStarted   = sandbox.ExecutionStarted
	ExecutionCompleted = sandbox.ExecutionCompleted
	ExecutionTrapped   = sandbox.ExecutionTrapped
	FuelExhausted      = sandbox.FuelExhausted
	FuelRefilled       = sandbox.FuelRefilled
	CapabilityGranted  = sandbox.CapabilityGranted
	CapabilityDenied   = sandbox.CapabilityDenied
	HostCallInvoked    = sandbox.HostCallInvoked
)

// Denial is the audit record of one refused request.
type Denial = host.Denial

// HostCallInfo is one finished call of a host function: its name, code, the
// bytes it moved and the fuel it was charged.
type HostCallInfo = host.HostCall

// Config is what a runtime works with. The zero value is complete: the
// default limits, no storage, no log, nothing written to disk. A service that
// is not set refuses.
type Config struct {
	// Policy caps what any sandbox may ask for; a zero field means the hard cap.
	Policy Limits
	// Home is the state root, such as ~/.vudo; compiled modules are cached
	// below it. "" writes nothing.
	Home string

	Clock   Clock        // nil = the system's
	Random  io.Reader    // ids and the guests' randomness; nil = the system's
	Storage Store        // nil = storage functions return UNAVAILABLE
	Log     Logger       // nil = log functions return UNAVAILABLE
	Events  chan<- Event // nil = none; a listener that is not ready loses events
	Audit   func(Denial) // told of each distinct denial of a call; must not block

	// Observe is told of each host call after it was made, on the guest's stack;
	// it must not block. nil = nobody.
	Observe func(HostCallInfo)

	// Functions are host functions of the embedder, in import module "loa".
	// See Func0 and its siblings.
	Functions []Function

	// CompileWorker is the command and arguments of a process that runs
	// CompileWorkerMain. Modules are compiled there, within 1 GiB and 10 s plus
	// 1 s per MiB above 8. Unset: in this process, within the time alone.
	CompileWorker []string

	// LockedThread must be set when sandboxes are called from goroutines that
	// hold runtime.LockOSThread, such as a main thread of a user interface:
	// the Go runtime ends the process otherwise. It is set by itself when New
	// is called from such a goroutine.
	LockedThread bool
	// Interpreter runs guests in the engine's interpreter: slower, same fuel.
	Interpreter bool
}

// Runtime holds the engine and the services. It is safe for all goroutines.
type Runtime struct {
	cfg    Config
	engine *sandbox.Engine
	host   host.Services
}

// New starts a runtime. Close ends it. It fails when an embedder's function or
// the policy is not valid, or when the cache below Home cannot be opened.
func New(_ context.Context, cfg Config) (*Runtime, error) {
	if err := cfg.Policy.Check(); err != nil {
		return nil, err
	}
	r := &Runtime{cfg: cfg}
	e := sandbox.EngineConfig{
		CompileWorker: cfg.CompileWorker, Clock: cfg.Clock, Random: cfg.Random, Notices: cfg.Events,
		LockedThread: cfg.LockedThread || sandbox.LockedToThread(), Interpreter: cfg.Interpreter,
	}
	if cfg.Home != "" {
		e.CacheDir = filepath.Join(cfg.Home, "cache", "modules")
	}
	for _, f := range cfg.Functions {
		e.Functions = append(e.Functions, f.f)
	}
	engine, err := sandbox.NewEngine(e)
	if err != nil {
		return nil, err
	}
	r.engine = engine
	r.host = host.Services{Clock: cfg.Clock, Random: cfg.Random, Storage: cfg.Storage, Logger: cfg.Log, Audit: cfg.Audit, Observe: cfg.Observe}
	return r, nil
}

// now is the clock that bounds of grants are compared with.
func (r *Runtime) now() func() time.Time {
	if r.cfg.Clock == nil {
		return nil
	}
	return r.cfg.Clock.Now
}

// EventsDropped is how many events found no ready listener.
func (r *Runtime) EventsDropped() uint64 { return r.engine.NoticesLost() }

// Close ends every sandbox that is left. Calls that run on other goroutines
// end at their next hook; Close does not wait for them.
func (r *Runtime) Close(ctx context.Context) error { return r.engine.Close(ctx) }

// CompileWorkerMain is the whole of a compile worker process: it reads one
// request from stdin, answers on stdout and returns the exit code. A program
// that sets Config.CompileWorker to itself and a hidden argument calls it
// first thing when it sees that argument.
func CompileWorkerMain(stdin io.Reader, stdout io.Writer) int {
	return sandbox.CompileWorkerMain(stdin, stdout)
}
