// Package capability answers one question, at every host call of a guest: may
// it do this, now? A Set holds what the Spirit asked for, what was granted, and
// nothing else; the effective rights are the meet of the two, so no comparison
// is made that could be got wrong. What is not in the set is denied, and the
// denial carries its reason (docs/spec/vm.md, section 4).
package capability

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/spirit"
)

// Reason says why something was denied.
type Reason uint8

// The reasons that this package gives.
const (
	NotGranted Reason = iota + 1 // nobody granted the type, or the grant is not valid yet
	Target                       // the type is granted, this target is not
	Expired                      // the grant that covers it has ended
	Revoked                      // the grant that covers it was withdrawn
	NotAsked                     // granted, but the manifest does not ask for it
)

var reasonNames = [...]string{NotGranted: "not-granted", Target: "target", Expired: "expired", Revoked: "revoked", NotAsked: "not-asked"}

// String returns the reason as the audit writes it, such as "not-granted".
func (r Reason) String() string {
	if r == 0 || int(r) >= len(reasonNames) {
		return "unknown"
	}
	return reasonNames[r]
}

// Denial is one refused request. It is an error that matches ErrDenied.
type Denial struct {
	Type   spirit.Type
	Target string // what was asked for; "" = the type as a whole
	Reason Reason
	Grant  string // id of the grant that ended or was withdrawn, if it has one
}

// Error returns the denial on one line.
func (d *Denial) Error() string {
	return fault.ErrDenied.Error() + ": " + spirit.Capability{Type: d.Type, Target: d.Target}.String() + ": " + d.Reason.String()
}

// Is makes every Denial match ErrDenied.
func (d *Denial) Is(target error) bool { return target == fault.ErrDenied }

// Grant is what one grantor gives: some capabilities, for a time.
type Grant struct {
	ID           string // shown in denials; may be empty
	Capabilities []spirit.Capability
	NotBefore    time.Time // the first instant inside; zero = no bound
	ExpiresAt    time.Time // the first instant outside; zero = no bound
}

// Everything is an "asked" list that leaves the decision to the grants alone:
// for a bare module, which has no manifest to ask with.
func Everything() []spirit.Capability { return []spirit.Capability{spirit.Unrestricted} }

// Set is what one sandbox may do. It is safe for concurrent use: Grant and
// Revoke take effect for every check that begins after they return, also while
// a guest runs. A nil Set denies everything.
type Set struct {
	parent *Set // what this set narrows further; nil for most
	asked  []spirit.Capability
	now    func() time.Time

	rights atomic.Pointer[rights]

	mu      sync.Mutex
	grants  []held
	changed chan struct{} // closed at the next change; nil until someone waits
}

// held is a grant and what was withdrawn from it since.
type held struct {
	Grant
	cuts []spirit.Capability
}

// rights is the effective set, compiled for checking and never changed. The
// masks have one bit per type.
type rights struct {
	open    uint32 // permitted for all targets, at any time, nothing withdrawn
	some    uint32 // permitted for some target, at any time, nothing withdrawn
	asked   uint32 // asked for, granted or not
	granted uint32 // granted, asked for or not
	byType  [spirit.TypeUnrestricted][]right
}

// right is one effective capability with the bounds of its grant.
type right struct {
	capability  spirit.Capability
	everything  bool // unrestricted on both sides: every target of every type
	from, until time.Time
	cuts        []spirit.Capability // those that speak of this type
	grant       string
}

// New returns the set of what is asked for and granted. The clock is read only
// where a grant has a bound in time; nil means time.Now. It reports the first
// capability that is not in a valid form.
func New(asked []spirit.Capability, grants []Grant, now func() time.Time) (*Set, error) {
	if now == nil {
		now = time.Now
	}
	asked, err := spirit.Normalize(asked)
	if err != nil {
		return nil, err
	}
	s := &Set{asked: asked, now: now}
	if err := s.Grant(grants...); err != nil {
		return nil, err
	}
	return s, nil
}

// Narrow returns a set that permits what s permits and only holds: later grants
// and withdrawals of s act on it too. It reports the first capability of only
// that is not in a valid form.
func (s *Set) Narrow(only []spirit.Capability) (*Set, error) {
	n, err := New(Everything(), []Grant{{Capabilities: only}}, nil)
	if err != nil {
		return nil, err
	}
	n.parent = s
	return n, nil
}

// Grant adds grants. It reports the first capability that is not in a valid
// form, and then adds nothing.
func (s *Set) Grant(grants ...Grant) error {
	add := make([]held, len(grants))
	for i, g := range grants {
		cs, err := spirit.Normalize(g.Capabilities)
		if err != nil {
			return err
		}
		g.Capabilities = cs
		add[i].Grant = g
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range add {
		// The same grant made again replaces what was withdrawn from it.
		s.grants = slices.DeleteFunc(s.grants, func(h held) bool { return h.same(a.Grant) })
		s.grants = append(s.grants, a)
	}
	s.compile()
	return nil
}

func (g *Grant) same(h Grant) bool {
	return g.ID == h.ID && g.NotBefore.Equal(h.NotBefore) && g.ExpiresAt.Equal(h.ExpiresAt) && slices.Equal(g.Capabilities, h.Capabilities)
}

// Revoke withdraws c, and all that c covers, from every grant made so far.
func (s *Set) Revoke(c spirit.Capability) error {
	c, err := c.Canonical()
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.grants {
		if !slices.Contains(s.grants[i].cuts, c) {
			s.grants[i].cuts = append(slices.Clip(s.grants[i].cuts), c)
		}
	}
	s.compile()
	return nil
}

// Changed returns a channel that is closed when the set next changes, for host
// calls that wait: they check their right again then.
func (s *Set) Changed() <-chan struct{} {
	for s.parent != nil { // what a narrowed set permits changes with its parent only
		s = s.parent
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changed == nil {
		s.changed = make(chan struct{})
	}
	return s.changed
}

// compile rebuilds the effective set from asked and grants; s.mu is held.
func (s *Set) compile() {
	r := new(rights)
	for _, a := range s.asked {
		r.asked |= mask(a)
	}
	for _, g := range s.grants {
		for _, granted := range g.Capabilities {
			r.granted |= mask(granted)
			for _, asked := range s.asked {
				if m, ok := spirit.Meet(asked, granted); ok {
					r.add(m, g)
				}
			}
		}
	}
	s.rights.Store(r)
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
}

// mask returns the bits of the types that c speaks of.
func mask(c spirit.Capability) uint32 {
	if c.Type == spirit.TypeUnrestricted {
		return 1<<spirit.TypeUnrestricted - 1
	}
	return 1 << c.Type
}

func (r *rights) add(m spirit.Capability, g held) {
	for _, t := range spirit.Types() {
		bit := uint32(1) << t
		if mask(m)&bit == 0 {
			continue
		}
		x := right{capability: m, everything: m.Type == spirit.TypeUnrestricted, from: g.NotBefore, until: g.ExpiresAt, grant: g.ID}
		for _, c := range g.cuts {
			if mask(c)&bit != 0 {
				x.cuts = append(x.cuts, c)
			}
		}
		r.byType[t] = append(r.byType[t], x)
		if x.bounded() || len(x.cuts) > 0 {
			continue
		}
		r.some |= bit
		if x.everything || m.Target == "" && !meansLess(t) {
			r.open |= bit
		}
	}
}

// meansLess reports the types for which no target is less than every target.
func meansLess(t spirit.Type) bool {
	switch t {
	case spirit.TypeNetworkListen, spirit.TypeComputeSpawn, spirit.TypeActuatorNotify, spirit.TypeActuatorCredit:
		return true
	}
	return false
}

// Effective returns what the set permits now, in canonical form and sorted. A
// right from which a part was withdrawn is still listed, because what is left
// of it has no written form.
func (s *Set) Effective() []spirit.Capability {
	if s == nil {
		return nil
	}
	now, r := s.now(), s.rights.Load()
	var live []spirit.Capability
	whole := 0 // types that an unrestricted grant still holds in full
	for t, rs := range r.byType {
		for _, x := range rs {
			switch {
			case x.dead(now) != 0:
			case x.everything:
				if len(x.cuts) == 0 {
					whole++
				}
				live = append(live, spirit.Capability{Type: spirit.Type(t)})
			default:
				live = append(live, x.capability)
			}
		}
	}
	if whole >= len(spirit.Types()) {
		live = []spirit.Capability{spirit.Unrestricted}
	}
	all := []spirit.Capability{spirit.Unrestricted}
	if s.parent != nil {
		all = s.parent.Effective()
	}
	return spirit.MeetAll(live, all)
}

// Missing returns those of required that the set does not permit in full now.
// Each is compared with single rights: two that cover it only together do not.
func (s *Set) Missing(required []spirit.Capability) []spirit.Capability {
	effective := s.Effective()
	return slices.DeleteFunc(slices.Clone(required), func(c spirit.Capability) bool {
		return slices.ContainsFunc(effective, func(e spirit.Capability) bool { return e.Covers(c) })
	})
}

// Unasked returns what was granted although nothing of it is asked for: it has
// no effect, and the user is told so.
func (s *Set) Unasked() []spirit.Capability {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []spirit.Capability
	for _, g := range s.grants {
		for _, c := range g.Capabilities {
			if len(spirit.MeetAll(s.asked, []spirit.Capability{c})) == 0 && !slices.Contains(out, c) {
				out = append(out, c)
			}
		}
	}
	slices.SortFunc(out, func(a, b spirit.Capability) int { return strings.Compare(a.String(), b.String()) })
	return out
}
