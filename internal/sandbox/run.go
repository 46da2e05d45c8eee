package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/internal/host"
	"github.com/univrs/vudo/spirit"
)

// errAbandoned unwinds a paused call that is given up.
var errAbandoned = errors.New("abandoned")

// begin opens the account of a call. The sandbox is busy from here on.
func (s *Sandbox) begin(ctx context.Context, in []byte, stdin io.Reader) {
	now := s.eng.clock.Now()
	limits := &s.cfg.Limits
	s.mu.Lock()
	extra := s.extra
	s.mu.Unlock()
	r := &s.callRecord
	*r = callRecord{sequence: r.sequence + 1, point: r.point}
	r.caller, r.input = ctx, in
	r.began, r.deadline = now, now.Add(limits.Duration)
	if d, ok := ctx.Deadline(); ok {
		r.deadline = earlier(r.deadline, now.Add(s.eng.until(d)))
	}
	m := &r.meter
	m.granted = int64(limits.Fuel) + extra
	m.slice, m.fixed = s.prog.sliceLength()
	m.window, m.given, m.since = now, now, now
	if s.inst != nil {
		s.inst.fuel.Set(0)
		s.inst.rest(s)
		if s.cfg.Rollback {
			s.save()
		}
	}
	s.host.Begin(host.CallIO{
		Call: s.callID, Input: in, Stdin: stdin, Stdout: s.cfg.Stdout,
	})
}

// drive gives the guest its turn and settles how it ended: fresh starts the
// work, else a suspended one goes on.
func (s *Sandbox) drive(fresh bool) (Usage, error) {
	settled := false
	defer func() {
		if !settled { // a host function ended this goroutine
			s.lost()
		}
	}()
	var ended bool
	if fresh {
		if s.work.export != nil {
			if only := s.cfg.Narrowed[s.work.export.Name]; only != nil {
				s.host.Narrow(only)
			}
			s.eng.emit(s, ExecutionStarted, s.work.export.Name)
		}
		s.carrier = s.eng.carriers.get()
		ended = s.carrier.start(s)
	} else {
		ended = s.carrier.resume()
	}
	u, err := s.settle(ended)
	settled = true
	return u, err
}

// settle turns the end or the pause of the guest into state, usage and error.
func (s *Sandbox) settle(ended bool) (Usage, error) {
	if !ended {
		event, outcome, err := EventExhausted, OutcomeOutOfFuel, error(fault.ErrOutOfFuel)
		if s.held == HeldOperator {
			event, outcome, err = EventPause, OutcomePaused, fault.ErrPaused
		}
		u := s.usage(outcome)
		s.mu.Lock()
		state, hold, refused := next(s.state, s.hold, event)
		if refused == nil {
			s.state, s.hold, s.busy = state, hold, false
		}
		s.mu.Unlock()
		if refused == nil {
			if outcome == OutcomeOutOfFuel {
				s.eng.emit(s, FuelExhausted, "")
			}
			return u, err
		}
		// Terminated between its hook and here: it must not stay on its stack.
		s.discard(fault.ErrTerminated)
		return s.finish(s.callErr)
	}
	s.leaveCarrier()
	return s.finish(s.callErr)
}

// discard unwinds a suspended guest with err. The caller has taken the sandbox.
func (s *Sandbox) discard(err error) {
	s.ended, s.ending = true, err
	for !s.carrier.resume() {
		// A host function that suspends again while it unwinds meets ended at once.
	}
	s.leaveCarrier()
}

// leaveCarrier gives the guest's stack back for reuse.
func (s *Sandbox) leaveCarrier() {
	s.eng.carriers.put(s.carrier)
	s.carrier = nil
}

// run is the guest's whole turn, on the carrier's stack.
func (s *Sandbox) run() {
	s.callErr = errGone
	defer func() {
		if r := recover(); r != nil {
			s.callErr = s.recovered(r)
		}
	}()
	s.callErr = s.perform()
}

// errGone is what stays when a host function ends the goroutine it runs on.
var errGone = errors.New("a host function ended its goroutine")

func (s *Sandbox) perform() error {
	if s.work.instantiate {
		if err := s.instantiate(); err != nil {
			return err
		}
	}
	if s.work.export == nil {
		return nil
	}
	if s.work.declared() {
		return s.callDeclared()
	}
	return s.invoke(s.work.export.Name, s.work.stack)
}

// suspend gives control back to the caller of Call, Refuel or Resume, and
// returns when the next one lets the guest go on.
func (s *Sandbox) suspend(h Hold) {
	running := !s.meter.since.IsZero()
	now := s.eng.clock.Now()
	s.leave(now)
	s.held, s.pausedAt = h, now
	s.unwatchScope()
	s.carrier.suspend()
	if s.ended {
		panic(unwound{})
	}
	now = s.eng.clock.Now()
	d := now.Sub(s.pausedAt)
	s.held = NotHeld
	s.paused += d
	s.meter.window = s.meter.window.Add(d)
	s.deadline = s.deadline.Add(d)
	if c, ok := s.caller.Deadline(); ok {
		s.deadline = earlier(s.deadline, now.Add(s.eng.until(c)))
	}
	s.rewatchScope()
	if running {
		s.enter(now)
	}
}

// finish settles a call whose guest has left the stack.
func (s *Sandbox) finish(err error) (Usage, error) {
	now := s.eng.clock.Now()
	s.leave(now)
	s.duration = now.Sub(s.began) - s.paused
	err = s.classify(err)
	if err == nil {
		err = s.applicationError()
	}
	if err == nil {
		err = s.commit()
	} else {
		s.host.Rollback()
	}
	s.endScope()
	outcome := outcomeOf(err)
	u := s.usage(outcome)
	event := EventReturn
	if !outcome.returned() {
		event = EventLimit
		if outcome == OutcomeTrap || outcome == OutcomeDenied {
			event = EventTrap
		}
	}
	s.mu.Lock()
	if s.state == Initializing {
		event = EventRefused
		if outcome.returned() && err == nil {
			event = EventInitialized
		}
	}
	state, hold, refused := next(s.state, s.hold, event)
	if refused == nil {
		s.state, s.hold = state, hold
	}
	s.spend()
	if s.work.export != nil {
		s.metrics.add(&u, now)
	}
	state = s.state
	s.mu.Unlock()
	if refused != nil { // terminated meanwhile
		if err == nil || !errors.Is(err, fault.ErrTerminated) {
			err = fault.ErrTerminated
			u.Outcome = OutcomeTerminated
		}
	}
	if state == Failed || state == Terminated {
		s.release() // and stay busy: nobody has anything to do here any more
	} else {
		if s.exited {
			s.dropInstance()
		}
		if s.giveBack() {
			s.release()
		}
	}
	if s.eng.listening() {
		s.report(event, outcome, err)
	}
	return u, err
}

// commit makes the call's writes durable. That is a part of the call: it ends
// with the deadline, with the caller's context and with Terminate.
func (s *Sandbox) commit() error {
	if !s.host.Pending() {
		return s.host.Commit(s.caller)
	}
	ctx := s.callContext()
	err := s.host.Commit(ctx)
	if err != nil && ctx.Err() != nil {
		return contextFault(ctx)
	}
	return err
}

// report tells the listener how a call ended.
func (s *Sandbox) report(event Event, outcome Outcome, err error) {
	switch {
	case event == EventInitialized:
		s.eng.emit(s, SandboxInitialized, "")
	case outcome.returned():
		s.eng.emit(s, ExecutionCompleted, outcome.String())
	default:
		s.eng.emit(s, ExecutionTrapped, err.Error())
	}
}

// spend takes from AddFuel what the call used beyond its limit. mu is held.
func (s *Sandbox) spend() {
	s.extra = min(s.extra, max(0, s.remaining()))
}

// record adds a call that ended outside of finish to the metrics.
func (s *Sandbox) record(o Outcome) {
	u := s.usage(o)
	s.mu.Lock()
	s.metrics.add(&u, s.eng.clock.Now())
	s.mu.Unlock()
}

// lost ends a sandbox whose goroutine was ended under it by runtime.Goexit in
// a host function: nothing is known about the guest's stack any more.
func (s *Sandbox) lost() {
	s.mu.Lock()
	if s.state != Terminated {
		s.state = Failed
	}
	s.mu.Unlock()
	s.endScope()
	s.host.Rollback()
	s.release()
}

// giveBack ends this goroutine's hold on the sandbox. It reports true, and the
// hold goes on, when the sandbox was terminated meanwhile: whoever terminated it
// has left the rest to this goroutine.
func (s *Sandbox) giveBack() (terminated bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy = s.state == Terminated
	return s.busy
}

// release returns the instance's memory and forgets the sandbox. The caller
// has taken the sandbox, or it has no exit any more.
func (s *Sandbox) release() {
	s.dropInstance()
	s.point = nil
	if s.host != nil {
		s.host.Close()
	}
	if s.owned {
		s.owned = false
		_ = s.prog.Close(s.eng.context)
	}
	s.eng.forget(s)
}

// arguments lays values out as the engine wants them.
func (s *Sandbox) arguments(args []Value) {
	w := &s.work
	n := max(len(args), len(w.export.Type.Results))
	if w.declared() {
		n = max(n, len(w.export.Type.Params))
	}
	w.stack = w.params[:0]
	if n > inlineStack {
		w.stack = make([]uint64, 0, n)
	}
	for _, a := range args {
		w.stack = append(w.stack, a.Bits)
	}
	w.stack = w.stack[:n]
}

// results reads the values that a scalar export, or a declared one, returned.
func (s *Sandbox) results(err error) []Value {
	w := &s.work
	if err != nil || w.export == nil || !w.values && !w.returnedNumber() {
		return nil
	}
	ts := w.export.Type.Results
	if len(ts) == 0 {
		return nil
	}
	vs := make([]Value, len(ts))
	for i, t := range ts {
		vs[i] = Value{t, w.stack[i]}
	}
	return vs
}

// applicationError is how a guest that ran to its end says that it failed: the
// status of a bytes export, of exit, or host_fail.
func (s *Sandbox) applicationError() error {
	var code int32
	if s.exited {
		code = int32(s.exitCode)
	} else if x := s.work.export; x != nil && !s.work.values && !s.work.declared() && len(x.Type.Results) == 1 {
		code = int32(uint32(s.work.stack[0]))
	}
	if failed, c, text := s.host.Failure(); failed {
		return &fault.GuestError{Code: c, Text: text}
	}
	if code != 0 {
		return &fault.GuestError{Code: code}
	}
	return nil
}

// output is what a bytes call wrote; nil when it went to a stream.
func (s *Sandbox) output() []byte {
	if s.work.export == nil || s.work.values {
		return nil
	}
	return s.host.Output()
}

// newHostState gives the sandbox its side of the host functions.
func (s *Sandbox) newHostState() *host.State {
	c := s.cfg.Host
	c.Rights, c.Limits, c.Rollback = s.cfg.Rights, s.cfg.Limits, s.cfg.Rollback
	c.HeapBase, c.Grow = s.prog.image.Heap, s.growForHost
	c.Identity.Sandbox = s.id.String()
	if s.eng.listening() {
		services := host.Services{}
		if c.Services != nil {
			services = *c.Services
		}
		services.Denied = func(d host.Denial) {
			s.eng.emit(s, CapabilityDenied, spirit.Capability{Type: d.Type, Target: d.Target}.String()+": "+d.Reason.String())
		}
		also := services.Observe
		services.Observe = func(h host.HostCall) {
			if also != nil {
				also(h)
			}
			s.eng.emit(s, HostCallInvoked, h.Name+": "+h.Code.String())
		}
		c.Services = &services
	}
	return host.NewState((*machine)(s), c)
}

func deniedError(missing []spirit.Capability) error {
	names := make([]string, len(missing))
	for i, c := range missing {
		names[i] = c.String()
	}
	return fmt.Errorf("%w: required and not granted: %s", fault.ErrDenied, strings.Join(names, ", "))
}
