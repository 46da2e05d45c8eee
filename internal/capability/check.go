package capability

import (
	"strings"
	"time"

	"github.com/univrs/vudo/spirit"
)

// Check reports whether anything of type t is permitted now: nil, or why not.
// It is the first check of a host call, before its target is known; calls whose
// type takes no target need no other. On the usual path (a right without bound
// in time) it allocates nothing and reads no clock. The zero Type, of a call
// that needs no capability, is always permitted.
func (s *Set) Check(t spirit.Type) *Denial {
	if t == 0 {
		return nil
	}
	return s.check(t, asked{kind: askType})
}

// CheckKey reports whether t, a storage type, is permitted now for this key. It
// allocates nothing when it is.
func (s *Set) CheckKey(t spirit.Type, key []byte) *Denial {
	return s.check(t, asked{kind: askKey, key: key})
}

// CheckDir reports whether t, a storage type, is permitted now for the file or
// directory at guestPath, which is absolute.
func (s *Set) CheckDir(t spirit.Type, guestPath string) *Denial {
	return s.CheckTarget(t, "dir:"+guestPath)
}

// CheckTarget reports whether t is permitted now for one target, written as in a
// capability: for network.connect "METHOD scheme://host:port/path", for
// actuator.credit "pay=AMOUNT,to=KEY" and so on; "" stands for what no target
// means (the type's own default, such as the notify channel "operator"). What
// is no valid target is denied. Keys of storage, which are bytes and may begin
// with "dir:", go through CheckKey.
func (s *Set) CheckTarget(t spirit.Type, target string) *Denial {
	a := asked{kind: askTarget, written: target}
	if c, err := (spirit.Capability{Type: t, Target: target}).Canonical(); err == nil {
		a.capability = c
	}
	return s.check(t, a)
}

// asked is the one thing that a check is about.
type asked struct {
	kind       askKind
	key        []byte            // askKey
	written    string            // askTarget, as the guest gave it
	capability spirit.Capability // askTarget, canonical; zero when it has no valid form
}

type askKind uint8

const (
	askType askKind = iota
	askKey
	askTarget
)

func (a *asked) String() string {
	if a.kind == askKey {
		return string(a.key)
	}
	return a.written
}

// within reports whether a lies inside c.
func (a *asked) within(c spirit.Capability) bool {
	switch a.kind {
	case askType:
		return true
	case askKey:
		// The conversion does not allocate: the compiler compares in place.
		return !strings.HasPrefix(c.Target, "dir:") && len(a.key) >= len(c.Target) && string(a.key[:len(c.Target)]) == c.Target
	}
	return a.capability.Type != 0 && c.Covers(a.capability)
}

// check goes through the set and the sets that it narrows.
func (s *Set) check(t spirit.Type, a asked) *Denial {
	if s == nil || t == 0 || t >= spirit.TypeUnrestricted {
		return &Denial{Type: t, Target: a.String(), Reason: NotGranted}
	}
	for ; s != nil; s = s.parent {
		r := s.rights.Load()
		clear := r.open
		if a.kind == askType {
			clear = r.some
		}
		if clear>>t&1 != 0 {
			continue
		}
		if reason, grant := r.judge(t, &a, s.now); reason != 0 {
			return &Denial{Type: t, Target: a.String(), Reason: reason, Grant: grant}
		}
	}
	return nil
}

// judge looks at every right of type t: 0 when one permits a, else the most
// telling reason and the grant that it is about.
func (r *rights) judge(t spirit.Type, a *asked, clock func() time.Time) (Reason, string) {
	var now time.Time
	var covering, living Reason // of the rights that cover a, and of all
	var grant string
	for i := range r.byType[t] {
		x := &r.byType[t][i]
		if now.IsZero() && x.bounded() {
			now = clock()
		}
		why := x.dead(now)
		if why == 0 {
			living = Target
		}
		if !x.everything && !a.within(x.capability) {
			continue
		}
		if why == 0 && a.kind != askType && x.withdrawn(a) {
			why = Revoked
		}
		if why == 0 {
			return 0, ""
		}
		if covering == 0 || why > covering {
			covering, grant = why, x.grant
		}
	}
	switch {
	case covering != 0:
		return covering, grant
	case living != 0:
		return living, ""
	case len(r.byType[t]) > 0:
		return Target, ""
	case r.granted>>t&1 == 0:
		return NotGranted, ""
	case r.asked>>t&1 == 0:
		return NotAsked, ""
	}
	return Target, "" // asked and granted, for targets that have nothing in common
}

// bounded reports whether x depends on the time.
func (x *right) bounded() bool { return !x.from.IsZero() || !x.until.IsZero() }

// dead returns why nothing of x counts at this instant, or 0.
func (x *right) dead(now time.Time) Reason {
	for _, cut := range x.cuts {
		if wholeType(cut) || cut.Covers(x.capability) {
			return Revoked
		}
	}
	switch {
	case !x.until.IsZero() && !now.Before(x.until): // the instant itself is outside
		return Expired
	case !x.from.IsZero() && now.Before(x.from):
		return NotGranted
	}
	return 0
}

// withdrawn reports whether a was cut out of x.
func (x *right) withdrawn(a *asked) bool {
	for _, cut := range x.cuts {
		if a.within(cut) {
			return true
		}
	}
	return false
}

// wholeType reports whether withdrawing c takes away all of its type: a
// withdrawal without a target does, also where a grant without one gives less.
func wholeType(c spirit.Capability) bool {
	return c.Target == "" || c.Type == spirit.TypeUnrestricted
}
