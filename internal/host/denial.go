package host

import "github.com/univrs/vudo/internal/capability"

// maxDenials bounds the distinct denials that one call can put on record;
// further ones are counted in one more record per type, without a target.
const maxDenials = 1024

// maxDenialTarget bounds the target in a record, bytes.
const maxDenialTarget = 256

// denials are the distinct denials of one call, in the order of their first
// occurrence.
type denials struct {
	list  []Denial
	index map[denialKey]int
}

type denialKey struct {
	kind   uint8
	reason capability.Reason
	target string
	grant  string
}

func (d *denials) reset() {
	d.list = nil
	d.index = nil
}

// deny records that the current host call was refused and returns its code.
func (s *State) deny(d *capability.Denial) int64 {
	s.refused = true
	target := d.Target
	if len(s.denials.list) >= maxDenials {
		target = ""
	} else if len(target) > maxDenialTarget {
		target = target[:maxDenialTarget]
	}
	key := denialKey{uint8(d.Type), d.Reason, target, d.Grant}
	if i, ok := s.denials.index[key]; ok {
		s.denials.list[i].Count++
		return int64(Denied)
	}
	rec := Denial{
		Time: s.svc.Clock.Now(), Identity: s.identity(),
		Type: d.Type, Target: target, Reason: d.Reason, Grant: d.Grant, Count: 1,
	}
	if s.denials.index == nil {
		s.denials.index = make(map[denialKey]int)
	}
	s.denials.index[key] = len(s.denials.list)
	s.denials.list = append(s.denials.list, rec)
	if s.svc.Denied != nil {
		s.svc.Denied(rec)
	}
	return int64(Denied)
}

// Denials returns the distinct denials of the call so far, in the order of
// their first occurrence. The slice is the caller's own.
func (s *State) Denials() []Denial { return append([]Denial(nil), s.denials.list...) }

func (s *State) flushDenials() {
	if s.svc.Audit == nil {
		return
	}
	for _, d := range s.denials.list {
		s.svc.Audit(d)
	}
}
