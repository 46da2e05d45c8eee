package semver

import (
	"fmt"
	"strings"

	masterminds "github.com/Masterminds/semver/v3"
)

// Requirement is a list of comparators that must all hold.
type Requirement struct {
	text string
	all  []comparator
}

// comparator is one comparator as an interval: from low up to and without high.
// A missing bound is nil. A bound that is a prerelease counts as written; one
// made from missing numbers lies below all prereleases of its version, so that
// "<2.0.0" of "^1" does not hold 2.0.0-alpha by precedence.
type comparator struct {
	low, high *masterminds.Version
	lowOpen   bool                 // low itself is outside
	highIn    bool                 // high itself is inside
	named     *masterminds.Version // the version with a prerelease that it names; nil = none
}

var operators = []string{">=", "<=", ">", "<", "=", "^", "~"}

// ParseRequirement reads a requirement such as "^1.2", ">=1.2, <1.8" or "*". A
// list that no version can meet is an error. The error is an *Error.
func ParseRequirement(s string) (Requirement, error) {
	if len(s) > MaxRequirementBytes {
		return Requirement{}, &Error{s[:20], MaxRequirementBytes + 1, "format", fmt.Sprintf("a requirement has at most %d bytes", MaxRequirementBytes), ""}
	}
	r := Requirement{text: s}
	at := 0
	for part := range strings.SplitSeq(s, ",") {
		start := at
		at += len(part) + 1
		trimmed := strings.TrimLeft(part, " ")
		start += len(part) - len(trimmed)
		trimmed = strings.TrimRight(trimmed, " ")
		if trimmed == "" {
			hint := "write * for every release"
			if s != "" {
				hint = "leave the comma out"
			}
			return Requirement{}, &Error{s, start + 1, "empty", "a version is expected here", hint}
		}
		c, err := parseComparator(s, trimmed, start)
		if err != nil {
			return Requirement{}, err
		}
		r.all = append(r.all, c)
	}
	if !r.possible() {
		return Requirement{}, &Error{s, 1, "impossible", "no version can meet all parts of this", "leave out the part that contradicts the others"}
	}
	return r, nil
}

func parseComparator(whole, s string, at int) (comparator, error) {
	op := ""
	for _, o := range operators {
		if strings.HasPrefix(s, o) {
			op = o
			break
		}
	}
	rest := s[len(op):]
	at += len(op)
	if op != "" && strings.HasPrefix(rest, " ") { // one blank is allowed
		rest, at = rest[1:], at+1
	}
	for i, b := range []byte(rest) {
		hint := ""
		switch {
		case b == '|':
			hint = "there is no \"or\"; write a range such as >=1.2, <3"
		case b == ' ' && strings.HasPrefix(rest[i:], " - "):
			hint = "a range is written >=LOW, <=HIGH"
		case b == ' ':
			hint = "write a comma for \"and\""
		default:
			continue
		}
		return comparator{}, &Error{whole, at + i + 1, "format", fmt.Sprintf("%q is not expected here", b), hint}
	}
	var p partial
	if err := p.parse(whole, rest, at); err != nil {
		return comparator{}, err
	}
	if p.star && op != "" && op != "=" {
		return comparator{}, &Error{whole, at + 1, "format", "* stands without an operator", "write " + strings.TrimSuffix(rest, "*")}
	}
	return p.comparator(op), nil
}

// comparator makes the interval of the table in docs/spec/spirit.md, section 3.
func (p *partial) comparator(op string) comparator {
	v, _ := masterminds.StrictNewVersion(p.fill())
	c := comparator{}
	if v.Prerelease() != "" {
		c.named = v
	}
	whole := p.parts == 3
	switch op {
	case "", "=":
		c.low = v
		if whole {
			c.high, c.highIn = v, true
		} else {
			c.high = p.next(p.parts)
		}
	case ">":
		if c.low = v; whole {
			c.lowOpen = true
		} else {
			c.low = p.next(p.parts)
		}
	case ">=":
		c.low = v
	case "<":
		c.high = v
	case "<=":
		if c.high, c.highIn = v, true; !whole {
			c.high, c.highIn = p.next(p.parts), false
		}
	case "~":
		c.low, c.high = v, p.next(min(p.parts, 2))
	case "^":
		keep := 1 // numbers that must stay: up to the first that is not 0
		for keep < p.parts && p.num[keep-1] == 0 {
			keep++
		}
		c.low, c.high = v, p.next(keep)
	}
	return c
}

// next returns the first version, prereleases included, whose first n numbers
// are above those of p; nil when n is 0, for there is none.
func (p *partial) next(n int) *masterminds.Version {
	if n == 0 {
		return nil
	}
	num := p.num
	num[n-1]++
	for i := n; i < 3; i++ {
		num[i] = 0
	}
	return masterminds.New(num[0], num[1], num[2], "0", "")
}

// String returns the requirement as it was written.
func (r Requirement) String() string { return r.text }

// Accepts reports whether v meets the requirement. A prerelease does only if
// some comparator names a prerelease of the same three numbers.
func (r Requirement) Accepts(v Version) bool {
	named := !v.Prerelease()
	for _, c := range r.all {
		if !c.holds(v.v) {
			return false
		}
		if c.named != nil && c.named.Major() == v.v.Major() && c.named.Minor() == v.v.Minor() && c.named.Patch() == v.v.Patch() {
			named = true
		}
	}
	return named && len(r.all) > 0
}

func (c comparator) holds(v *masterminds.Version) bool {
	if c.low != nil {
		if d := v.Compare(c.low); d < 0 || d == 0 && c.lowOpen {
			return false
		}
	}
	if c.high != nil {
		if d := v.Compare(c.high); d > 0 || d == 0 && !c.highIn {
			return false
		}
	}
	return true
}

// possible reports whether the intervals have a version in common: the greatest
// low bound and what follows it are the only candidates worth asking.
func (r Requirement) possible() bool {
	for _, c := range r.all {
		candidates := []*masterminds.Version{masterminds.New(0, 0, 0, "", ""), masterminds.New(0, 0, 0, "0", "")}
		if c.low != nil {
			candidates = []*masterminds.Version{c.low, release(c.low)}
			if n := c.low.IncPatch(); c.lowOpen {
				candidates = append(candidates, &n)
			}
		}
		for _, v := range candidates {
			if r.Accepts(Version{v}) {
				return true
			}
		}
		// ">1.0.0-alpha, <1.0.0-beta" holds prereleases only: the next one up.
		if c.lowOpen && c.low.Prerelease() != "" {
			if v, err := c.low.SetPrerelease(c.low.Prerelease() + ".0"); err == nil && r.Accepts(Version{&v}) {
				return true
			}
		}
	}
	return false
}

// release returns v without its prerelease.
func release(v *masterminds.Version) *masterminds.Version {
	return masterminds.New(v.Major(), v.Minor(), v.Patch(), "", "")
}
