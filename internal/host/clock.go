package host

import (
	"context"
	"time"

	"github.com/univrs/vudo/spirit"
)

// MaxSleep is the longest sleep that one call may ask for.
const MaxSleep = time.Minute

func timeFuncs() []Func {
	return []Func{
		{
			Name: "host_time_now", Results: sig(i64), Capability: spirit.TypeSensorTime, Base: baseCall,
			Success: "Unix time in nanoseconds, greater than 0", Codes: []Code{Denied}, impl: timeNow,
		},
		{
			Name: "host_time_sleep", Params: sig(i64), Results: sig(i32), Capability: spirit.TypeSensorTime, Base: baseCall,
			Success: "0", Bounds: "0 to 60,000 ms; counts against the deadline",
			Codes: []Code{Denied, BadArgument, Timeout}, impl: timeSleep,
		},
		{
			Name: "host_time_monotonic", Results: sig(i64), Capability: spirit.TypeSensorTime, Base: baseCall,
			Success: "nanoseconds since the sandbox began", Codes: []Code{Denied}, impl: monotonic,
		},
		{
			Name: "vudo_now", Results: sig(i64), Capability: spirit.TypeSensorTime, Base: baseCall,
			Success: "Unix time in milliseconds", Codes: []Code{Denied}, impl: nowMillis,
		},
		{
			Name: "vudo_sleep", Params: sig(i32), Capability: spirit.TypeSensorTime, Base: baseCall,
			Success: "slept", Bounds: "0 to 60,000 ms, else it returns at once",
			Codes: []Code{Denied, BadArgument, Timeout}, result: resultNone, impl: sleepMillis,
		},
		{
			Name: "vudo_monotonic_now", Results: sig(i64), Capability: spirit.TypeSensorTime, Base: baseCall,
			Success: "nanoseconds since the sandbox began", Codes: []Code{Denied}, impl: monotonic,
		},
	}
}

// sinceBegin is how old the sandbox is, as the guest may see it.
func (s *State) sinceBegin() time.Duration {
	if s.seed != nil {
		return s.seed.age()
	}
	return max(0, s.svc.Clock.Now().Sub(s.began))
}

func timeNow(s *State, _ []uint64) int64 {
	s.charge(0)
	s.out = 8
	return max(1, s.now().UnixNano())
}

func nowMillis(s *State, _ []uint64) int64 {
	s.charge(0)
	s.out = 8
	return max(1, s.now().UnixMilli())
}

func monotonic(s *State, _ []uint64) int64 {
	s.charge(0)
	s.out = 8
	return int64(s.sinceBegin())
}

func timeSleep(s *State, a []uint64) int64 {
	ms := int64(a[0])
	if ms < 0 || ms > MaxSleep.Milliseconds() {
		return int64(BadArgument)
	}
	s.charge(0)
	return int64(s.sleep(time.Duration(ms) * time.Millisecond))
}

func sleepMillis(s *State, a []uint64) int64 {
	ms := int64(int32(uint32(a[0])))
	if ms < 0 || ms > MaxSleep.Milliseconds() {
		return int64(BadArgument)
	}
	s.charge(0)
	return int64(s.sleep(time.Duration(ms) * time.Millisecond))
}

// sleep blocks for d, and ends early with Timeout when the right to the clock
// is withdrawn. Under a seed the guest's time moves on by d too.
func (s *State) sleep(d time.Duration) Code {
	if s.seed != nil {
		s.seed.pass(d)
	}
	if d <= 0 {
		return Success
	}
	clock := s.svc.Clock
	end := clock.Now().Add(d)
	for {
		// Taken before the check, so that no change falls between the two.
		changed := s.rights.Changed()
		if s.rights.Check(spirit.TypeSensorTime) != nil {
			return Timeout
		}
		left := end.Sub(clock.Now())
		if left <= 0 {
			return Success
		}
		s.m.Block(func(ctx context.Context) {
			fired, stop := clock.After(left)
			defer stop()
			select {
			case <-fired:
			case <-changed:
			case <-ctx.Done():
			}
		})
	}
}
