package host

import (
	"context"
	"crypto/rand"
	"io"
	"time"

	"github.com/univrs/vudo/internal/capability"
	"github.com/univrs/vudo/spirit"
)

// StateConfig is what host functions need to know of one sandbox. It is read
// when the State is made and by Reset; it is not changed.
type StateConfig struct {
	Rights    *capability.Set // nil = nothing is permitted
	Limits    spirit.Limits   // after Fill
	Services  *Services       // nil = every service is unset
	Identity  Identity        // Call is replaced by CallIO.Call
	Namespace Namespace       // of storage

	Args []string          // WASI arguments, the program's name first
	Env  map[string]string // given by the operator; never the host's own
	Dirs []Dir             // mapped directories

	// Seed, if not nil, makes randomness and time functions of the seed and of
	// the guest's own calls: see seed.go.
	Seed []byte

	// HeapBase is the address above which vudo_alloc may hand out memory: the
	// value of the module's exported global __heap_base; 0 = above the memory
	// that there is at the first call.
	HeapBase uint32

	// Grow adds pages to the guest's memory under the limits and at the price
	// of memory.grow, for vudo_alloc; it reports whether it did. nil = never.
	Grow func(pages uint32) bool

	// Rollback makes the State keep what Rollback needs to put the book of
	// vudo_alloc back together with the guest's memory.
	Rollback bool
}

// CallIO is where one call gets its input from and puts its output.
type CallIO struct {
	Call   func() string // invocation id, asked for when something is reported; nil = ""
	Input  []byte        // the whole input; not changed, kept until the call ends
	Stdin  io.Reader     // if not nil, the input is this stream instead
	Stdout io.Writer     // if not nil, output goes here at once instead of to Output
}

// State is what one sandbox has open with the host: the call in progress, its
// counters, its storage transaction. It is used on the guest's stack only,
// except where a method says otherwise.
type State struct {
	m      Machine
	cfg    StateConfig
	rights *capability.Set
	limits spirit.Limits
	svc    Services
	id     Identity // Call is filled in by identity
	callID func() string

	current  *Func
	in, out  uint64 // bytes that the current host call moved
	paid     uint64 // fuel that it was charged
	refused  bool   // the current host call was denied
	last     Code   // of the last host call
	slot     []byte // result of the last size-query function
	counters []counter
	foreign  []*Func  // the embedder's functions that have counters behind the table's
	args     []uint64 // of the embedder's function at hand
	called   bool     // counters hold something
	totals   totals
	journal  journal

	input  input
	output output

	failed   bool // by host_fail
	failCode int32
	failText string

	denials denials
	log     logBook
	began   time.Time // of the sandbox, for the monotonic clock
	seed    *seeded
	draws   [8]byte // room for random bits, so that drawing them allocates nothing
	heap    heap
	kept    heap // the heap's book at the last quiescent point
	tx      *transaction
	files   fileTable
}

// NewState returns the state of a fresh sandbox.
func NewState(m Machine, cfg StateConfig) *State {
	s := &State{m: m}
	s.Reset(cfg)
	return s
}

// Reset makes the state that of a fresh sandbox with this configuration, as
// when a pooled instance is handed out again.
func (s *State) Reset(cfg StateConfig) {
	m, counters, foreign, buf := s.m, s.counters, s.foreign, s.journal.buf
	clear(counters)
	*s = State{m: m, cfg: cfg, rights: cfg.Rights, limits: cfg.Limits, id: cfg.Identity, counters: counters, foreign: foreign}
	s.journal.buf = buf[:0]
	if cfg.Services != nil {
		s.svc = *cfg.Services
	}
	if s.svc.Clock == nil {
		s.svc.Clock = SystemClock{}
	}
	if s.svc.Random == nil {
		s.svc.Random = rand.Reader
	}
	if cfg.Seed != nil {
		s.seed = newSeeded(cfg.Seed)
		s.svc.Random = s.seed
	} else {
		s.began = s.svc.Clock.Now()
	}
	s.heap.base = cfg.HeapBase
}

// Begin starts a call: counters are zero, the result slot is empty, a new
// storage transaction is open.
func (s *State) Begin(call CallIO) {
	s.rights = s.cfg.Rights
	s.id.Call, s.callID = "", call.Call
	s.last, s.slot = Success, nil
	s.failed, s.failCode, s.failText = false, 0, ""
	if s.called {
		clear(s.counters)
		s.called = false
	}
	s.totals = totals{}
	s.journal.reset()
	s.input = s.input.next(call)
	s.output = output{stream: call.Stdout}
	s.denials.reset()
	s.log.begin()
	s.tx = nil
	if s.cfg.Rollback {
		s.kept = s.heap.clone()
	}
}

// Narrow makes only the rights of the call that Begin has begun.
func (s *State) Narrow(only *capability.Set) { s.rights = only }

// Rights are those of the present call; nil denies everything.
func (s *State) Rights() *capability.Set { return s.rights }

// Instantiated says that the guest has a fresh memory from here on: the book of
// vudo_alloc begins anew.
func (s *State) Instantiated() { s.heap = heap{base: s.cfg.HeapBase} }

// identity says whose call it is. The id of the call is made when the first
// report needs it: most calls report nothing.
func (s *State) identity() Identity {
	if s.id.Call == "" && s.callID != nil {
		s.id.Call = s.callID()
	}
	return s.id
}

// Pending reports whether the call has touched its storage, so that Commit has
// something to do.
func (s *State) Pending() bool { return s.tx != nil }

// Commit ends a call that succeeded: its writes to storage are durable when
// Commit returns nil. fault.ErrConflict says that something it read was changed
// meanwhile; nothing is written then. Either way the call is over. ctx bounds
// the time that the store may take.
func (s *State) Commit(ctx context.Context) error {
	err := s.commitStorage(ctx)
	s.end()
	return err
}

// Rollback ends a call that did not succeed: nothing that it wrote to storage
// is kept. With StateConfig.Rollback the book of vudo_alloc goes back to where
// it was at Begin, as the caller puts the guest's memory back.
func (s *State) Rollback() {
	if s.cfg.Rollback {
		s.heap = s.kept
	}
	s.end()
}

// Close forgets what the state holds: no call can begin any more. Counts and
// Output of the last call stay valid.
func (s *State) Close() {
	s.tx, s.slot, s.heap, s.kept = nil, nil, heap{}, heap{}
	s.input.bytes, s.input.stream, s.input.ahead, s.input.reading, s.input.parked = nil, nil, nil, nil, nil
}

// end closes what lives as long as a call. Counters, journal, Output and
// Failure stay until the next Begin.
func (s *State) end() {
	s.flushText()
	s.tx, s.slot, s.kept = nil, nil, heap{}
	s.input.bytes = nil
	s.flushDenials()
}

// Output is what the call wrote, nil when it went to a stream. The slice
// belongs to the caller; the State does not use it after the call.
func (s *State) Output() []byte { return s.output.bytes }

// Failure reports whether the guest set an application error with host_fail,
// and which. The code is never 0, the text at most 4,096 bytes.
func (s *State) Failure() (failed bool, code int32, text string) {
	return s.failed, s.failCode, s.failText
}

// now is the present instant as the guest may see it.
func (s *State) now() time.Time {
	if s.seed != nil {
		return s.seed.now()
	}
	return s.svc.Clock.Now()
}
