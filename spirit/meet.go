package spirit

import (
	"slices"
	"strings"
)

// Meet returns what both a and b permit, and false when that is nothing. Both
// must be in canonical form, and so is the result. Meet is commutative,
// associative and idempotent, and Meet(a, b) is never wider than a or b: rights
// narrow by construction, because nothing else combines them.
func Meet(a, b Capability) (Capability, bool) {
	if a.Type == TypeUnrestricted {
		return b, true
	}
	if b.Type == TypeUnrestricted {
		return a, true
	}
	if a.Type != b.Type || !a.Type.known() {
		return Capability{}, false
	}
	if a.Target == b.Target {
		return a, true
	}
	target, ok := meetTargets(a.Type, a.Target, b.Target)
	if !ok {
		return Capability{}, false
	}
	return Capability{a.Type, target}, true
}

// Covers reports whether c permits all that d permits. Both must be in
// canonical form.
func (c Capability) Covers(d Capability) bool {
	m, ok := Meet(c, d)
	return ok && m == d
}

// MeetAll returns what some capability of as and some capability of bs both
// permit: each pair's meet, sorted, without those that another one covers.
func MeetAll(as, bs []Capability) []Capability {
	var out []Capability
	for _, a := range as {
		for _, b := range bs {
			if m, ok := Meet(a, b); ok {
				out = append(out, m)
			}
		}
	}
	return prune(out)
}

// prune sorts cs and drops repeated and covered ones. Of two that cover each
// other, which canonical forms rule out unless they are equal, one stays.
func prune(cs []Capability) []Capability {
	slices.SortFunc(cs, compareCapabilities)
	cs = slices.Compact(cs)
	return slices.Collect(func(yield func(Capability) bool) {
		for i, c := range cs {
			covered := false
			for j, d := range cs {
				if i != j && d.Covers(c) {
					covered = true
					break
				}
			}
			if !covered && !yield(c) {
				return
			}
		}
	})
}

// meetTargets meets two different canonical targets of one type.
func meetTargets(t Type, a, b string) (string, bool) {
	switch t {
	case TypeNetworkListen:
		return meetListen(a, b)
	case TypeComputeSpawn, TypeActuatorNotify:
		// Without a target: the Spirit itself, the channel "operator". Neither is
		// a wildcard, so two different targets have nothing in common.
		return "", false
	case TypeActuatorCredit:
		return meetCredit(a, b), true
	}
	switch { // for the other types no target means every target
	case a == "":
		return b, true
	case b == "":
		return a, true
	}
	switch t {
	case TypeNetworkConnect:
		return meetConnect(a, b)
	case TypeNetworkBroadcast:
		return longerPrefix(a, b)
	case TypeStorageRead, TypeStorageWrite, TypeStorageDelete:
		da, aDir := strings.CutPrefix(a, dirWord)
		db, bDir := strings.CutPrefix(b, dirWord)
		switch {
		case aDir != bDir:
			return "", false
		case !aDir:
			return longerPrefix(a, b)
		case PathWithin(da, db):
			return b, true
		case PathWithin(db, da):
			return a, true
		}
		return "", false
	case TypeComputeCall:
		na, _, aDotted := strings.Cut(a, ".")
		nb, _, bDotted := strings.Cut(b, ".")
		switch {
		case na != nb || aDotted && bDotted:
			return "", false
		case aDotted:
			return a, true
		}
		return b, true
	case TypeSensorEnvironment:
		switch {
		case envCovers(a, b):
			return b, true
		case envCovers(b, a):
			return a, true
		}
		return "", false
	}
	return "", false
}

// longerPrefix meets two prefixes: the longer one, if the other begins it.
func longerPrefix(a, b string) (string, bool) {
	if strings.HasPrefix(a, b) {
		return a, true
	}
	if strings.HasPrefix(b, a) {
		return b, true
	}
	return "", false
}

// PathWithin reports whether path p is prefix or lies below it, segment by
// segment: "/v1" holds "/v1" and "/v1/x" but not "/v10", and "/v1/" holds only
// what lies below it. Both are absolute and free of "." and "..".
func PathWithin(prefix, p string) bool {
	rest, ok := strings.CutPrefix(p, prefix)
	return ok && (rest == "" || rest[0] == '/' || strings.HasSuffix(prefix, "/"))
}

func envCovers(pattern, name string) bool {
	prefix, wild := strings.CutSuffix(pattern, "*")
	return wild && strings.HasPrefix(name, prefix)
}

func meetConnect(a, b string) (string, bool) {
	ca, errA := splitConnect(a)
	cb, errB := splitConnect(b)
	if errA != nil || errB != nil || ca.scheme != cb.scheme || ca.port != cb.port {
		return "", false
	}
	m := ca
	switch {
	case hostCovers(ca.host, cb.host):
		m.host = cb.host
	case !hostCovers(cb.host, ca.host):
		return "", false
	}
	switch {
	case PathWithin(ca.prefix, cb.prefix):
		m.prefix = cb.prefix
	case !PathWithin(cb.prefix, ca.prefix):
		return "", false
	}
	switch {
	case ca.methods == nil:
		m.methods = cb.methods
	case cb.methods != nil:
		m.methods = nil
		for _, x := range ca.methods {
			if slices.Contains(cb.methods, x) {
				m.methods = append(m.methods, x)
			}
		}
		if m.methods == nil {
			return "", false
		}
	}
	return m.String(), true
}

// hostCovers reports whether pattern, a host or "*.domain", holds host, which
// may be a pattern too. "*.domain" stands for names below domain, at any depth,
// and not for domain itself.
func hostCovers(pattern, host string) bool {
	if pattern == host {
		return true
	}
	domain, wild := strings.CutPrefix(pattern, "*")
	return wild && strings.HasSuffix(strings.TrimPrefix(host, "*"), domain) && len(host) > len(domain)
}

func meetListen(a, b string) (string, bool) {
	la, errA := listenOrLoopback(a)
	lb, errB := listenOrLoopback(b)
	if errA != nil || errB != nil || la.addr != lb.addr {
		return "", false
	}
	m := listen{la.addr, max(la.from, lb.from), min(la.to, lb.to)}
	if m.from > m.to {
		return "", false
	}
	return m.String(), true
}

func listenOrLoopback(s string) (listen, error) {
	if s == "" {
		return loopback, nil
	}
	return splitListen(s)
}

// meetCredit meets two rights to pay. Reading the own balance is part of every
// credit capability, so that is what is left when nothing can be paid.
func meetCredit(a, b string) string {
	ca, errA := splitCredit(a)
	cb, errB := splitCredit(b)
	if a == "" || b == "" || errA != nil || errB != nil || ca.to != "" && cb.to != "" && ca.to != cb.to {
		return ""
	}
	m := credit{pay: min(ca.pay, cb.pay), to: max(ca.to, cb.to)} // one of the two may be empty
	m.each = min(ca.each, cb.each, m.pay)
	return m.String()
}
