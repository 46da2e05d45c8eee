package sandbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/internal/host"
)

var _ host.Machine = (*machine)(nil)

// machine is the sandbox as a host function sees it. It is the Sandbox under
// another name, so that its methods do not show on Sandbox.
type machine Sandbox

func (m *machine) sandbox() *Sandbox { return (*Sandbox)(m) }

func (m *machine) Memory() []byte { return m.sandbox().memory() }

// pollEvery is how many host calls go by between two looks at the clock: each
// costs at least 100 fuel, so the slices bound the delay anyway.
const pollEvery = 16

func (m *machine) Poll() {
	s := m.sandbox()
	s.polls++
	if s.polls%pollEvery == 0 || s.stop.Load() != 0 {
		s.boundary(s.eng.clock.Now())
	}
}

func (m *machine) Charge(n uint64)          { m.sandbox().charge(n) }
func (m *machine) FuelRemaining() int64     { return m.sandbox().remaining() }
func (m *machine) Context() context.Context { return m.sandbox().callContext() }

func (m *machine) Wait(d time.Duration) {
	s := m.sandbox()
	s.leave(s.eng.clock.Now())
	s.enter(s.await(nil, max(d, 0)))
}

func (m *machine) Block(f func(ctx context.Context)) {
	s := m.sandbox()
	s.leave(s.eng.clock.Now())
	ctx, cancel := context.WithCancel(s.callContext())
	defer cancel()
	done := make(chan struct{})
	var crashed any
	go func() {
		defer close(done)
		defer func() { crashed = recover() }()
		f(ctx)
	}()
	now := s.await(done, -1)
	s.enter(now)
	if crashed != nil {
		panic(crashed) // a host function's own fault, on the stack that reports it
	}
	s.boundary(now) // f may have ended because the call must: at the deadline its ctx does
}

func (m *machine) Trap(kind fault.Kind, message string) {
	m.sandbox().unwind(&fault.Trap{Kind: kind, Message: message})
}

func (m *machine) Exit(code uint32) {
	s := m.sandbox()
	s.exited, s.exitCode = true, code
	s.unwind(nil)
}

// unwound is the private value that carries a guest's end through the engine.
type unwound struct{}

func (unwound) Error() string { return "the call has ended" }

// unwind ends the call with err (nil after Exit). It does not return.
func (s *Sandbox) unwind(err error) {
	s.ending = err
	s.ended = true
	panic(unwound{})
}

// contextFault says how a call ends whose context is done.
func contextFault(ctx context.Context) error {
	cause := context.Cause(ctx)
	switch {
	case errors.Is(cause, context.DeadlineExceeded), errors.Is(cause, fault.ErrDeadline):
		return fault.ErrDeadline
	case errors.Is(cause, fault.ErrTerminated):
		return cause
	}
	return fmt.Errorf("%w: %w", fault.ErrTerminated, cause)
}

// callContext is the context of the present call, made when first asked for:
// it ends with the caller's, at the deadline, and when the call ends. It stays
// the same when the call is paused, and goes by the new caller's context and
// the later deadline then: the first caller may be long gone.
func (s *Sandbox) callContext() context.Context {
	if s.scope != nil {
		return s.scope
	}
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(s.caller))
	s.mu.Lock()
	s.scope, s.cancel = ctx, cancel
	terminated := s.state == Terminated
	s.mu.Unlock()
	if terminated {
		cancel(fault.ErrTerminated)
	}
	s.watchScope()
	return ctx
}

// watchScope ends the call's context when the present caller's ends, or at the
// deadline, until unwatchScope.
func (s *Sandbox) watchScope() {
	watch := make(chan struct{})
	s.watch = watch
	scope, cancel, caller := s.scope, s.cancel, s.caller
	timer, stop := s.eng.clock.After(s.deadline.Sub(s.eng.clock.Now()))
	go func() {
		defer stop()
		reason := fault.ErrDeadline
		select {
		case <-timer:
		case <-caller.Done():
			reason = context.Cause(caller)
		case <-scope.Done():
			return
		case <-watch:
			return
		}
		select {
		case <-watch: // both may have come by now; the pause was first
		default:
			cancel(reason)
		}
	}()
}

// unwatchScope lets the call's context be while the call is paused.
func (s *Sandbox) unwatchScope() {
	if s.watch != nil {
		close(s.watch)
		s.watch = nil
	}
}

// rewatchScope watches again after a pause. A context that ended in the moment
// of the pause belongs to the turn before.
func (s *Sandbox) rewatchScope() {
	switch {
	case s.scope == nil:
	case s.scope.Err() != nil:
		s.endScope()
	default:
		s.watchScope()
	}
}

// endScope ends the context of a call that is over.
func (s *Sandbox) endScope() {
	s.unwatchScope()
	if s.cancel == nil {
		return
	}
	s.mu.Lock()
	s.cancel(context.Canceled)
	s.scope, s.cancel = nil, nil
	s.mu.Unlock()
}
