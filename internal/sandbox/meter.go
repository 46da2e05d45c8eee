package sandbox

import (
	"runtime"
	"time"

	"github.com/univrs/vudo/internal/fault"
)

// The guest's counter holds the rest of one slice of fuel, never the whole
// grant: when it falls below zero the guest enters the host, which looks at
// everything that may stop it and hands out the next slice. What was consumed
// is always handed - counter, and granted = consumed + remaining.
const (
	firstSlice = 250_000 // before the speed is known
	leastSlice = 10_000  // a slower machine than this would not be usable
	mostSlice  = 1 << 40 // far above what any engine burns in sliceTime
	sliceTime  = 2 * time.Millisecond
	sliceLow   = sliceTime / 2 // outside of these the length is corrected
	sliceHigh  = sliceTime * 2

	quotaWindow = 100 * time.Millisecond
)

// meter is the account of one call.
type meter struct {
	granted int64 // budget and refuels
	handed  int64 // given to the counter so far
	spare   int64 // stands in for the guest's counter while there is no instance

	slice int64     // length of the next slice
	fixed bool      // tests fix it
	given time.Time // when the current slice began
	size  int64     // and its length

	cpu    time.Duration // running, before since
	since  time.Time     // when the guest last began to run; zero while it waits
	window time.Time     // start of the current quota window
	spent  time.Duration // running inside it
	slices uint64        // hooks so far
	waits  uint64        // quota waits so far
}

func (s *Sandbox) counter() int64 {
	if s.inst != nil {
		return int64(s.inst.fuel.Get())
	}
	return s.meter.spare
}

func (s *Sandbox) setCounter(v int64) {
	if s.inst != nil {
		s.inst.fuel.Set(uint64(v))
		return
	}
	s.meter.spare = v
}

func (s *Sandbox) consumed() int64  { return s.meter.handed - s.counter() }
func (s *Sandbox) remaining() int64 { return s.meter.granted - s.consumed() }

// hand sets the counter to the next slice, of what remains after n more is taken.
func (s *Sandbox) hand(n int64, now time.Time) {
	m := &s.meter
	used := s.consumed() + n
	size := min(m.slice, m.granted-used)
	m.handed = used + size
	m.given, m.size = now, size
	s.setCounter(size)
}

// hook is where the guest stands when its slice is used up.
func (s *Sandbox) hook() {
	m := &s.meter
	m.slices++
	if s.eng.onHook != nil {
		s.eng.onHook(s)
	}
	now := s.eng.clock.Now()
	s.adapt(now)
	s.boundary(now)
	if s.remaining() >= 0 {
		// The engine's code cannot be preempted: what else wants to run, the
		// collector's workers among it, gets its turn here.
		runtime.Gosched()
	}
	for s.remaining() < 0 {
		s.suspend(HeldFuel)
		s.boundary(s.eng.clock.Now())
	}
	now = s.quota(s.eng.clock.Now())
	s.hand(0, now)
}

// adapt corrects the slice length towards sliceTime. A clock that stands still
// says nothing about speed.
func (s *Sandbox) adapt(now time.Time) {
	m := &s.meter
	took := now.Sub(m.given)
	if m.fixed || took <= 0 || m.size < leastSlice {
		return
	}
	ran := float64(m.size - s.counter())
	if took >= sliceLow && took <= sliceHigh && ran >= float64(m.slice) {
		return
	}
	want := int64(min(ran*float64(sliceTime)/float64(took), mostSlice))
	m.slice = max(leastSlice, min(want, 4*m.slice))
	s.prog.learn(m.slice)
}

// charge takes n fuel for something the host does. The guest pauses here, with
// nothing charged, until the grant covers it.
func (s *Sandbox) charge(n uint64) {
	if c := s.counter(); c >= 0 && uint64(c) >= n {
		s.setCounter(c - int64(n))
		return
	}
	for s.remaining() < 0 || uint64(s.remaining()) < n {
		s.suspend(HeldFuel)
		s.boundary(s.eng.clock.Now())
	}
	now := s.eng.clock.Now()
	s.boundary(now)
	now = s.quota(now)
	s.hand(int64(n), now)
}

// boundary is the check between two pieces of guest work: it returns, or waits
// for an operator's Resume, or unwinds because the call must end.
func (s *Sandbox) boundary(now time.Time) {
	for {
		stop := s.stop.Load()
		if stop&stopTerminate != 0 {
			s.unwind(fault.ErrTerminated)
		}
		if done := s.caller.Done(); done != nil {
			select {
			case <-done:
				s.unwind(contextFault(s.caller))
			default:
			}
		}
		if !now.Before(s.deadline) {
			s.unwind(fault.ErrDeadline)
		}
		if stop&stopPause == 0 {
			return
		}
		s.stop.And(^uint32(stopPause))
		s.suspend(HeldOperator)
		now = s.eng.clock.Now()
	}
}

// leave ends a stretch of running: the guest waits for something.
func (s *Sandbox) leave(now time.Time) {
	m := &s.meter
	if m.since.IsZero() {
		return
	}
	ran := now.Sub(m.since)
	m.cpu += ran
	m.since = time.Time{}
	if s.cfg.Limits.CPUQuotaPercent < 100 {
		s.roll(now)
		m.spent += min(ran, now.Sub(m.window))
	}
}

// enter begins a stretch of running.
func (s *Sandbox) enter(now time.Time) { s.meter.since = now }

// roll moves the quota window on to the one that now is in.
func (s *Sandbox) roll(now time.Time) {
	m := &s.meter
	if past := now.Sub(m.window); past >= quotaWindow {
		m.window = m.window.Add(past - past%quotaWindow)
		m.spent = 0
	}
}

// quota waits for the next window when this one's share is used, and returns the time.
func (s *Sandbox) quota(now time.Time) time.Time {
	percent := time.Duration(s.cfg.Limits.CPUQuotaPercent)
	if percent >= 100 {
		return now
	}
	s.leave(now)
	s.roll(now)
	for s.meter.spent >= quotaWindow*percent/100 {
		s.meter.waits++
		now = s.await(nil, s.meter.window.Add(quotaWindow).Sub(now))
		s.roll(now)
	}
	s.enter(now)
	return now
}

// await blocks until ready is closed or d has passed (d < 0: no such bound),
// and unwinds or pauses as boundary does. It returns the time.
func (s *Sandbox) await(ready <-chan struct{}, d time.Duration) time.Time {
	now := s.eng.clock.Now()
	until := now.Add(d)
	for {
		s.boundary(now)
		if d >= 0 && !now.Before(until) {
			return now
		}
		bound := s.deadline.Sub(now)
		if d >= 0 {
			bound = min(bound, until.Sub(now))
		}
		timer, stop := s.eng.clock.After(bound)
		select {
		case <-ready:
			stop()
			return s.eng.clock.Now()
		case <-timer:
		case <-s.wake:
		case <-s.caller.Done():
		}
		stop()
		now = s.eng.clock.Now()
	}
}
