package sandbox

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/internal/host"
)

// Outcome is how a call ended, or where it stands. The zero value says that no
// guest code ran.
type Outcome uint8

// The outcomes of a receipt.
const (
	OutcomeOK Outcome = iota + 1
	OutcomeAppError
	OutcomeTrap
	OutcomeOutOfFuel
	OutcomeDeadline
	OutcomeLimit
	OutcomeDenied
	OutcomeTerminated
	OutcomePaused
	OutcomeConflict
)

var outcomeNames = [...]string{"none", "ok", "app-error", "trap", "out-of-fuel", "deadline", "limit", "denied", "terminated", "paused", "conflict"}

// String returns the outcome as a receipt writes it, such as "app-error".
func (o Outcome) String() string {
	if int(o) < len(outcomeNames) {
		return outcomeNames[o]
	}
	return "none"
}

// Outcomes lists all outcomes in order.
func Outcomes() []Outcome {
	var all []Outcome
	for o := OutcomeOK; int(o) < len(outcomeNames); o++ {
		all = append(all, o)
	}
	return all
}

// returned reports whether the guest ran to its end, so that it can be called again.
func (o Outcome) returned() bool {
	return o == OutcomeOK || o == OutcomeAppError || o == OutcomeConflict
}

// outcomeOf names the end that err stands for. A fault of the host counts as a
// termination: it was not the guest's doing.
func outcomeOf(err error) Outcome {
	switch {
	case err == nil:
		return OutcomeOK
	case errors.Is(err, fault.ErrGuest):
		return OutcomeAppError
	case errors.Is(err, fault.ErrDenied):
		return OutcomeDenied
	case errors.Is(err, fault.ErrTrap):
		return OutcomeTrap
	case errors.Is(err, fault.ErrConflict):
		return OutcomeConflict
	case errors.Is(err, fault.ErrOutOfFuel):
		return OutcomeOutOfFuel
	case errors.Is(err, fault.ErrDeadline):
		return OutcomeDeadline
	case errors.Is(err, fault.ErrMemoryLimit), errors.Is(err, fault.ErrTableLimit), errors.Is(err, fault.ErrStackLimit),
		errors.Is(err, fault.ErrInputLimit), errors.Is(err, fault.ErrOutputLimit), errors.Is(err, fault.ErrCompileLimit):
		return OutcomeLimit
	case errors.Is(err, fault.ErrPaused):
		return OutcomePaused
	}
	return OutcomeTerminated
}

// Usage is what one call has used up to the moment it was taken. For a paused
// call it is partial, and the next one is cumulative. Its zero value says that
// no guest code ran.
type Usage struct {
	Sandbox  ID
	Sequence uint64 // 1 for the sandbox's first use of guest code
	Export   string // "" while it was initialised
	Started  time.Time
	Outcome  Outcome

	FuelUsed   uint64 // may pass FuelLimit by the overshoot constant
	FuelLimit  uint64
	MemoryPeak uint64        // bytes of linear memory
	Duration   time.Duration // without Paused
	Paused     time.Duration
	CPU        time.Duration // Duration without waiting

	Host   host.Counts
	Input  []byte  // the caller's own bytes, for the digest; nil for a stream
	Output []byte  // what a bytes call has written so far; nil for a stream
	Result []Value // the number that a declared export returned to Call
}

// Invocation is the id of a call: the sandbox's plus the call's number in it.
func (u *Usage) Invocation() ID { return invocationID(u.Sandbox, u.Sequence) }

func invocationID(sandbox ID, sequence uint64) ID {
	low := sandbox[8:]
	binary.BigEndian.PutUint64(low, binary.BigEndian.Uint64(low)+sequence)
	return sandbox
}

// invocation is the id of the present call as host functions log it.
func (s *Sandbox) invocation() string { return invocationID(s.id, s.sequence).String() }

// usage takes the account as it stands.
func (s *Sandbox) usage(o Outcome) Usage {
	u := Usage{
		Sandbox: s.id, Sequence: s.sequence, Started: s.began, Outcome: o,
		FuelUsed: uint64(s.consumed()), FuelLimit: uint64(s.meter.granted),
		Paused: s.paused, CPU: s.meter.cpu, Duration: s.duration,
		Host: s.host.Counts(), Input: s.input, Output: s.output(),
	}
	if s.duration == 0 {
		now := s.eng.clock.Now()
		if s.held != NotHeld {
			now = s.pausedAt
		}
		u.Duration = now.Sub(s.began) - s.paused
	}
	if s.work.export != nil {
		u.Export = s.work.export.Name
	}
	if o == OutcomeOK && s.work.returnedNumber() {
		u.Result = s.results(nil)
	}
	s.peak = max(s.peak, uint64(len(s.memory())))
	u.MemoryPeak = s.peak
	return u
}

// Metrics are the totals of one sandbox; all zero for a fresh one.
type Metrics struct {
	Executions  uint64 // finished calls
	Traps       uint64 // unsuccessful outcomes among them
	Fuel        uint64
	Duration    time.Duration
	PeakMemory  uint64    // bytes
	LastUpdated time.Time // zero before the first call
}

func (m *Metrics) add(u *Usage, now time.Time) {
	m.Executions++
	if u.Outcome != OutcomeOK {
		m.Traps++
	}
	m.Fuel += u.FuelUsed
	m.Duration += u.Duration
	m.PeakMemory = max(m.PeakMemory, u.MemoryPeak)
	m.LastUpdated = now
}

// Metrics returns the totals so far.
func (s *Sandbox) Metrics() Metrics {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.metrics
}
