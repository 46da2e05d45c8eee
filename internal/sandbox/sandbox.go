package sandbox

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/univrs/vudo/internal/capability"
	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/internal/host"
	"github.com/univrs/vudo/spirit"
)

// ID names a sandbox or a call: 128 bits, printed as 32 hex digits.
type ID [16]byte

// String returns 32 lower-case hex digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// Config is what one sandbox may use. The zero value grants nothing and means
// the default limits.
type Config struct {
	Limits spirit.Limits
	Owner  [32]byte

	// Rights is asked at each host call; nil denies everything.
	Rights *capability.Set
	// Narrowed are the sets, made by Rights.Narrow, of exports that run with less.
	Narrowed map[string]*capability.Set
	// Required is what Initialize refuses to begin without.
	Required []spirit.Capability

	// Host is everything that host functions need to know; the sandbox fills
	// in the machine, the limits and the rights.
	Host host.StateConfig

	Stdin  io.Reader // in place of the buffered input of Call
	Stdout io.Writer // in place of Result.Output

	Rollback bool // Abandon returns memory and globals to the last quiescent point
}

const (
	stopTerminate = 1 << iota
	stopPause
)

// Sandbox is one instance of a module and one call at a time. Its methods are
// for one goroutine, except Pause, Resume, Terminate, State and Metrics, which
// are safe for all.
type Sandbox struct {
	eng    *Engine
	guest  guestContext
	prog   *Program // nil before Initialize of a sandbox made from bytes
	wasm   []byte   // until then
	owned  bool     // prog was compiled for this sandbox alone
	id     ID
	cfg    Config
	host   *host.State
	callID func() string // id of the present call, for reports
	inst   *instance

	mu      sync.Mutex // state, hold, busy, extra, metrics, and the fields of the call's context
	state   State
	hold    Hold
	busy    bool  // a guest, or the host on its behalf, is at work
	extra   int64 // unspent AddFuel
	metrics Metrics
	scope   context.Context
	cancel  context.CancelCauseFunc

	watch chan struct{} // closed when nobody shall end scope; nil = nobody does

	spirit atomic.Pointer[spirit.Digest] // of prog, for events from any goroutine

	stop atomic.Uint32 // seen at the next hook or host call
	wake chan struct{} // ends a wait early, to look at stop

	callRecord
}

// callRecord is the present call, rewritten by each.
type callRecord struct {
	meter    meter
	caller   context.Context // of the present Call, Refuel or Resume
	carrier  carrier
	work     work
	sequence uint64
	polls    uint

	began    time.Time
	deadline time.Time
	paused   time.Duration
	pausedAt time.Time
	duration time.Duration // of the finished call
	peak     uint64

	held     Hold  // why the guest gave control back
	ended    bool  // it has been told to unwind,
	ending   error // for this reason
	exited   bool
	exitCode uint32
	callErr  error

	input []byte
	point *restorePoint // memory and globals before the call, with Rollback
}

// work is what the guest's stack runs.
type work struct {
	instantiate bool
	pooled      bool
	export      *Export           // nil: no more than instantiating
	values      bool              // CallValues: the results are the outcome
	args        []spirit.Argument // of a declared export
	room        [1]uint64         // what its allocator is called with, and answers
	returned    bool              // it did, with a result of its type
	params      [inlineStack]uint64
	stack       []uint64 // parameters in, results out
}

// inlineStack is how many parameters or results need no allocation.
const inlineStack = 4

// New returns a sandbox of p in state Initializing.
func (p *Program) New(cfg Config) (*Sandbox, error) {
	s, err := p.eng.create(cfg)
	if err != nil {
		return nil, err
	}
	s.prog = p
	s.spirit.Store(&p.digest)
	p.eng.emit(s, SandboxCreated, "")
	return s, nil
}

// New returns a sandbox of a module whose bytes are looked at by Initialize
// only; here they are measured.
func (e *Engine) New(wasm []byte, cfg Config) (*Sandbox, error) {
	s, err := e.create(cfg)
	if err != nil {
		return nil, err
	}
	if err := CheckSize(wasm, s.cfg.Limits.ModuleBytes); err != nil {
		return nil, err
	}
	s.wasm = wasm
	e.emit(s, SandboxCreated, "")
	return s, nil
}

// CheckSize refuses empty bytes and those above limit.
func CheckSize(wasm []byte, limit uint64) error {
	switch n := uint64(len(wasm)); {
	case n == 0:
		return fmt.Errorf("%w: the module is empty", fault.ErrInvalidModule)
	case n > limit:
		return fmt.Errorf("%w: %d bytes exceeds maximum of %d (max_module_bytes)", fault.ErrInvalidModule, n, limit)
	}
	return nil
}

func (e *Engine) create(cfg Config) (*Sandbox, error) {
	s := &Sandbox{eng: e, cfg: cfg, state: Initializing, wake: make(chan struct{}, 1)}
	if err := fill(&s.cfg.Limits); err != nil {
		return nil, err
	}
	s.guest.s = s
	s.callID = s.invocation
	if _, err := io.ReadFull(e.random, s.id[:]); err != nil {
		return nil, fmt.Errorf("no random id for a sandbox: %w", err)
	}
	if !e.register(s) {
		return nil, errClosed
	}
	return s, nil
}

// fill is Limits.Check and Limits.Fill in place: both make copies on the heap.
func fill(l *spirit.Limits) error {
	if l.Duration < 0 || l.Duration%time.Millisecond != 0 {
		return l.Check()
	}
	for _, f := range spirit.Fields() {
		switch v := f.Get(l); {
		case v == 0:
			f.Set(l, f.Default)
		case v > f.Cap:
			return l.Check()
		}
	}
	return nil
}

// ID is 128 random bits.
func (s *Sandbox) ID() ID { return s.id }

// Owner is the key of whom the sandbox belongs to, as configured.
func (s *Sandbox) Owner() [32]byte { return s.cfg.Owner }

// Limits are the effective limits, every field filled.
func (s *Sandbox) Limits() spirit.Limits { return s.cfg.Limits }

// Program is the compiled module, nil before Initialize when the sandbox was
// made from bytes.
func (s *Sandbox) Program() *Program { return s.prog }

// State returns the present state.
func (s *Sandbox) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

// Hold says what a paused sandbox waits for.
func (s *Sandbox) Hold() Hold {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hold
}

// step applies event and takes the guest for this goroutine when busy is set.
func (s *Sandbox) step(event Event, busy bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stepLocked(event, busy)
}

func (s *Sandbox) stepLocked(event Event, busy bool) error {
	state, hold, err := next(s.state, s.hold, event)
	if err != nil {
		return err
	}
	if busy && s.busy {
		return &StateError{Event: event, State: s.state}
	}
	s.state, s.hold = state, hold
	s.busy = s.busy || busy
	if event == EventCall {
		s.stop.And(^uint32(stopPause)) // what an earlier call has left; from here on a Pause counts
	}
	return nil
}

// Initialize compiles what is not compiled yet, links, instantiates and runs
// the start function and _initialize, all under the limits. The Usage is valid
// when guest code ran, also beside an error. Out of fuel in start code is
// ErrOutOfFuel, state Paused; Refuel then goes on to Ready.
func (s *Sandbox) Initialize(ctx context.Context) (Usage, error) {
	if err := s.step(EventInitialize, true); err != nil {
		return Usage{}, err
	}
	if err := s.prepare(ctx); err != nil {
		s.refuse()
		return Usage{}, err
	}
	s.begin(ctx, nil, s.cfg.Stdin)
	s.work = work{instantiate: true}
	return s.drive(true)
}

// prepare makes everything ready that needs no guest code.
func (s *Sandbox) prepare(ctx context.Context) error {
	if s.prog == nil {
		p, err := s.eng.Compile(ctx, s.wasm, CompileOptions{})
		if err != nil {
			return err
		}
		s.prog, s.wasm, s.owned = p, nil, true
		s.spirit.Store(&p.digest)
	}
	if missing := s.cfg.Rights.Missing(s.cfg.Required); len(missing) > 0 {
		return deniedError(missing)
	}
	if err := s.prog.fits(s.cfg.Limits); err != nil {
		return err
	}
	if s.cfg.Rollback && s.prog.image.Frozen != "" {
		return fmt.Errorf("%w: Rollback: %s", fault.ErrInvalidLimits, s.prog.image.Frozen)
	}
	s.host = s.newHostState()
	return nil
}

// refuse ends an Initialize that never came to run guest code.
func (s *Sandbox) refuse() {
	s.mu.Lock()
	if s.state != Terminated {
		s.state, s.hold, _ = next(s.state, s.hold, EventRefused)
	}
	s.mu.Unlock()
	s.release() // still busy: nobody has anything to do here any more
}

// Call runs a bytes export (docs/spec/vm.md, section 5.6), a declared one or
// _start with input, and returns what it wrote; a number that a declared export
// returned is in the usage. in must stay unchanged until the digests of the
// usage have been asked for.
func (s *Sandbox) Call(ctx context.Context, export string, in []byte) ([]byte, Usage, error) {
	if err := s.ready(ctx); err != nil {
		return nil, Usage{}, err
	}
	x, err := s.prog.bytesExport(export)
	if err != nil {
		return nil, Usage{}, err
	}
	if err := s.checkInput(in); err != nil {
		return nil, Usage{}, err
	}
	args, err := x.arguments(in)
	if err != nil {
		return nil, Usage{}, err
	}
	if err := s.step(EventCall, true); err != nil {
		return nil, Usage{}, err
	}
	s.begin(ctx, in, s.stdin(x))
	s.work = work{export: x, args: args, instantiate: x.Convention == Command || s.inst == nil}
	s.arguments(nil)
	u, err := s.drive(true)
	return u.Output, u, err
}

// CallValues runs a scalar export with typed arguments.
func (s *Sandbox) CallValues(ctx context.Context, export string, args []Value) ([]Value, Usage, error) {
	if err := s.ready(ctx); err != nil {
		return nil, Usage{}, err
	}
	x, err := s.prog.scalarExport(export, args)
	if err != nil {
		return nil, Usage{}, err
	}
	if err := s.step(EventCall, true); err != nil {
		return nil, Usage{}, err
	}
	s.begin(ctx, nil, s.cfg.Stdin)
	s.work = work{export: x, values: true, instantiate: s.inst == nil}
	s.arguments(args)
	u, err := s.drive(true)
	return s.results(err), u, err
}

func (s *Sandbox) checkInput(in []byte) error {
	if n := uint64(len(in)); n > s.cfg.Limits.InputBytes {
		return fmt.Errorf("%w: %d bytes, at most %d (max_input_bytes)", fault.ErrInputLimit, n, s.cfg.Limits.InputBytes)
	}
	return nil
}

// ready refuses a call early, so that a wrong state is named before a wrong
// export, and a context that is done already costs nothing.
func (s *Sandbox) ready(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, _, err := next(s.state, s.hold, EventCall); err != nil {
		return err
	}
	if s.busy {
		return &StateError{Event: EventCall, State: s.state}
	}
	if ctx.Err() != nil {
		return contextFault(ctx)
	}
	return nil
}

// Refuel adds n fuel to a paused call. One that waits for fuel goes on inside
// the interrupted function; one that an operator holds stays paused.
func (s *Sandbox) Refuel(ctx context.Context, n uint64) (Usage, error) {
	s.mu.Lock()
	held := s.state == Paused && s.hold == HeldOperator
	if !held {
		if _, _, err := next(s.state, s.hold, EventRefuel); err != nil {
			s.mu.Unlock()
			return Usage{}, err
		}
	}
	if s.busy {
		s.mu.Unlock()
		return Usage{}, &StateError{Event: EventRefuel, State: s.state}
	}
	if n == 0 || n > spiritFuelCap-uint64(s.meter.granted) {
		s.mu.Unlock()
		return Usage{}, fmt.Errorf("%w: Refuel(%d): at least 1, and %d in total at most", fault.ErrInvalidLimits, n, uint64(spiritFuelCap))
	}
	s.meter.granted += int64(n)
	err := s.stepLocked(EventRefuel, true)
	s.mu.Unlock()
	if err != nil {
		return Usage{}, err
	}
	s.eng.emit(s, FuelRefilled, "")
	if held {
		return s.glance(OutcomePaused), nil
	}
	s.caller = ctx
	return s.drive(false)
}

// Resume lets a call go on that an operator paused.
func (s *Sandbox) Resume(ctx context.Context) (Usage, error) {
	s.mu.Lock()
	waits := s.state == Paused && s.hold == HeldFuel
	err := s.stepLocked(EventResume, true)
	s.mu.Unlock()
	if err != nil {
		return Usage{}, err
	}
	if waits {
		return s.glance(OutcomeOutOfFuel), fault.ErrOutOfFuel
	}
	s.caller = ctx
	return s.drive(false)
}

// glance takes the account of a call that stays paused, and gives the sandbox back.
func (s *Sandbox) glance(o Outcome) Usage {
	u := s.usage(o)
	if s.giveBack() {
		s.endPaused()
	}
	return u
}

// Results returns the values of a CallValues that Refuel or Resume has finished.
func (s *Sandbox) Results() []Value { return s.results(nil) }

// Pause asks a running call to stop at its next hook or host call; the call
// then returns ErrPaused. A call that ends first ignores it.
func (s *Sandbox) Pause() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, _, err := next(s.state, s.hold, EventPause); err != nil {
		return err
	}
	s.interrupt(stopPause)
	return nil
}

// AddFuel raises the budget of the next call.
func (s *Sandbox) AddFuel(n uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, _, err := next(s.state, s.hold, EventAddFuel); err != nil {
		return err
	}
	if n == 0 || n > spiritFuelCap-s.cfg.Limits.Fuel-uint64(s.extra) {
		return fmt.Errorf("%w: AddFuel(%d): at least 1, and %d in total at most", fault.ErrInvalidLimits, n, uint64(spiritFuelCap))
	}
	s.extra += int64(n)
	return nil
}

// spiritFuelCap is the hard cap of max_fuel.
const spiritFuelCap = 1<<63 - 1

// Abandon gives up a paused call: its stack is discarded, its storage writes
// are dropped; with Rollback memory and globals return to where they were
// before it. A start function cannot be abandoned into readiness: the
// sandbox has then no finished instance and a new one is made by the next call.
func (s *Sandbox) Abandon(context.Context) error {
	if err := s.step(EventAbandon, true); err != nil {
		return err
	}
	s.discard(errAbandoned)
	s.endScope()
	s.host.Rollback()
	var err error
	if s.work.instantiate {
		s.dropInstance()
	} else if s.cfg.Rollback {
		if err = s.restore(); err != nil {
			s.dropInstance() // the next call begins afresh
		}
	}
	s.mu.Lock()
	s.spend()
	s.mu.Unlock()
	if s.giveBack() {
		s.release()
	}
	return err
}

// Terminate ends the sandbox from any state and any goroutine: a running call
// ends with ErrTerminated at its next hook, a waiting one at once. It always
// returns nil.
func (s *Sandbox) Terminate(context.Context) error {
	s.mu.Lock()
	if s.state == Terminated {
		s.mu.Unlock()
		return nil
	}
	before := s.state
	s.state, s.hold, _ = next(s.state, s.hold, EventTerminate)
	s.interrupt(stopTerminate)
	if s.cancel != nil {
		s.cancel(fault.ErrTerminated)
	}
	mine := !s.busy
	s.busy = true
	s.mu.Unlock()
	s.eng.emit(s, SandboxTerminated, "")
	if !mine {
		return nil // whoever runs the guest releases it
	}
	if before == Paused {
		s.endPaused()
	} else {
		s.release()
	}
	return nil
}

// endPaused ends a paused call of a sandbox that was terminated.
func (s *Sandbox) endPaused() {
	s.discard(fault.ErrTerminated)
	s.endScope()
	s.host.Rollback()
	s.record(OutcomeTerminated)
	s.release()
}

// Close ends the sandbox like Terminate and returns its memory. A call that is
// running on another goroutine is told to end, and its memory is returned then.
func (s *Sandbox) Close(ctx context.Context) error { return s.Terminate(ctx) }

// Grant gives more rights from the next host call on. Safe for all goroutines.
func (s *Sandbox) Grant(cs []spirit.Capability) error {
	if s.cfg.Rights == nil {
		return fmt.Errorf("%w: the sandbox has no rights to add to", fault.ErrDenied)
	}
	if err := s.cfg.Rights.Grant(capability.Grant{Capabilities: cs}); err != nil {
		return err
	}
	for _, c := range cs {
		s.eng.emit(s, CapabilityGranted, c.String())
	}
	return nil
}

// Revoke withdraws rights from the next host call on. Safe for all goroutines.
func (s *Sandbox) Revoke(cs []spirit.Capability) error {
	if s.cfg.Rights == nil {
		return nil
	}
	for _, c := range cs {
		if err := s.cfg.Rights.Revoke(c); err != nil {
			return err
		}
	}
	return nil
}

// interrupt sets a bit that the guest sees at its next hook, and ends a wait.
func (s *Sandbox) interrupt(bit uint32) {
	s.stop.Or(bit)
	select {
	case s.wake <- struct{}{}:
	default:
	}
}
