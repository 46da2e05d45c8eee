package host

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/univrs/vudo/spirit"
)

// maxSubscriptions bounds one poll_oneoff.
const maxSubscriptions = 4_096

// The layout of poll_oneoff's records (WASI preview 1: subscription, event).
const (
	subscriptionSize = 48
	eventSize        = 32

	tagClock, tagRead, tagWrite = 0, 1, 2

	clockRealtime, clockMonotonic = 0, 1
	clockAbsolute                 = 1 // flag: the timeout is an instant
	eventHangup                   = 1 // flag: no more to read
)

// longest is what a timeout of more is taken for: time beyond it cannot be added.
const longest = time.Duration(math.MaxInt64 / 2)

// poll is one poll_oneoff: its subscriptions, and the events that they became.
type poll struct {
	clocks []clockEvent
	stdin  []uint64 // user data of those that wait for standard input
	events []byte
}

type clockEvent struct {
	data    uint64
	timeout time.Duration // from the start of the call
}

func (p *poll) event(data uint64, no errno, tag byte, n uint64, flags uint16) {
	b := binary.LittleEndian.AppendUint64(p.events, data)
	b = binary.LittleEndian.AppendUint16(b, uint16(no))
	b = append(b, tag, 0, 0, 0, 0, 0)
	b = binary.LittleEndian.AppendUint64(b, n)
	b = binary.LittleEndian.AppendUint16(b, flags)
	p.events = append(b, 0, 0, 0, 0, 0, 0)
}

// pollOneoff waits until one of the subscriptions has happened: an instant has
// come, or a descriptor can be used without waiting. Files and output always
// can; standard input can when it is a buffer, or when its stream has something.
func pollOneoff(s *State, a []uint64) int64 {
	n := uint64(uint32(a[2]))
	if n == 0 || n > maxSubscriptions {
		return int64(errnoInval)
	}
	subs, ok := s.bytes(a[0], n*subscriptionSize)
	if !ok || !s.inMemory(a[1], n*eventSize) || !s.inMemory(a[3], 4) {
		return int64(errnoFault)
	}
	var p poll
	if no := s.subscribe(&p, subs); no != errnoSuccess {
		return int64(no)
	}
	s.charge(int(n * (subscriptionSize + eventSize)))
	if no := s.await(&p); no != errnoSuccess {
		return int64(no)
	}
	out, _ := s.bytes(a[1], uint64(len(p.events)))
	copy(out, p.events)
	s.put32(a[3], uint32(len(p.events)/eventSize))
	s.journal.data(p.events)
	s.in, s.out = n*subscriptionSize, uint64(len(p.events))
	return 0
}

// subscribe reads the subscriptions; those that have happened become events.
func (s *State) subscribe(p *poll, subs []byte) errno {
	for ; len(subs) > 0; subs = subs[subscriptionSize:] {
		data, tag := binary.LittleEndian.Uint64(subs), subs[8]
		switch tag {
		case tagClock:
			if d := s.rights.Check(spirit.TypeSensorTime); d != nil {
				s.deny(d)
				return errnoNotcapable
			}
			timeout, no := s.timeout(subs[16:])
			if no != errnoSuccess {
				return no
			}
			p.clocks = append(p.clocks, clockEvent{data, timeout})
		case tagRead, tagWrite:
			switch f := s.files.at(uint64(binary.LittleEndian.Uint32(subs[16:]))); {
			case f.kind == isClosed:
				p.event(data, errnoBadf, tag, 0, 0)
			case f.kind == isStdin && tag == tagRead:
				p.stdin = append(p.stdin, data)
			default:
				p.event(data, errnoSuccess, tag, 0, 0)
			}
		default:
			return errnoInval
		}
	}
	return errnoSuccess
}

// timeout reads a clock subscription.
func (s *State) timeout(b []byte) (time.Duration, errno) {
	ns, flags := binary.LittleEndian.Uint64(b[8:]), binary.LittleEndian.Uint16(b[24:])
	if flags&^clockAbsolute != 0 {
		return 0, errnoInval
	}
	if flags&clockAbsolute == 0 {
		return time.Duration(min(ns, uint64(longest))), errnoSuccess
	}
	var now int64
	switch binary.LittleEndian.Uint32(b) {
	case clockRealtime:
		now = s.now().UnixNano()
	case clockMonotonic:
		now = int64(s.sinceBegin())
	default:
		return 0, errnoInval
	}
	return max(0, min(time.Duration(min(ns, math.MaxInt64))-time.Duration(now), longest)), errnoSuccess
}

// await waits until there is an event, if there is none yet, and adds all that
// have happened by then.
func (s *State) await(p *poll) errno {
	wait := time.Duration(-1) // for ever
	for _, c := range p.clocks {
		if wait < 0 || c.timeout < wait {
			wait = c.timeout
		}
	}
	if len(p.events) > 0 {
		wait = 0
	}
	passed := wait
	switch {
	case len(p.stdin) > 0:
		if s.fill(wait) {
			n, flags := s.ahead()
			for _, data := range p.stdin {
				p.event(data, errnoSuccess, tagRead, n, flags)
			}
			passed = 0
		}
	case len(p.events) == 0:
		if s.sleep(wait) != Success {
			return errnoNotcapable
		}
	}
	for _, c := range p.clocks {
		if c.timeout <= passed {
			p.event(c.data, errnoSuccess, tagClock, 0, 0)
		}
	}
	return errnoSuccess
}

// ahead is how much of a filled input can be read at once, and whether it has
// ended.
func (s *State) ahead() (n uint64, flags uint16) {
	in := &s.input
	n = uint64(len(in.ahead))
	if in.stream == nil {
		n = uint64(len(in.bytes) - in.pos)
	}
	if n == 0 {
		flags = eventHangup
	}
	return n, flags
}
