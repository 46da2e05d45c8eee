package spirit

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The oracle: for each type a small world of points (single requests) and,
// written without any code of meet.go, which of them a target holds. Meet is
// right when it holds exactly the points that both sides hold.
type world struct {
	targets []string
	points  []string
	holds   func(target, point string) bool
}

var worlds = map[Type]world{
	TypeNetworkConnect: {
		targets: []string{
			"", "https://a.example/", "https://a.example/v1", "https://a.example/v1/", "https://a.example:8443/", "http://a.example/",
			"https://*.example.org/", "https://*.b.example.org/v1", "https://x.example.org/", "GET https://a.example/", "GET,POST https://a.example/v1",
			"POST,PUT https://*.example.org/", "tcp://a.example:80", "PUT https://a.example/",
		},
		points: grid([]string{"GET", "POST", "PUT"}, []string{"https 443", "https 8443", "http 80", "tcp 80"},
			[]string{"a.example", "x.example.org", "b.example.org", "c.b.example.org", "example.org"}, []string{"/", "/v1", "/v1/", "/v1/x", "/v10"}),
		holds: func(target, point string) bool {
			if target == "" {
				return true
			}
			p := strings.Fields(point) // method scheme port host path
			if methods, rest, ok := strings.Cut(target, " "); ok {
				if !slices.Contains(strings.Split(methods, ","), p[0]) {
					return false
				}
				target = rest
			}
			scheme, rest, _ := strings.Cut(target, "://")
			host, prefix, _ := strings.Cut(rest, "/")
			port := map[string]string{"https": "443", "http": "80"}[scheme]
			if h, written, ok := strings.Cut(host, ":"); ok {
				host, port = h, written
			}
			if scheme != p[1] || port != p[2] {
				return false
			}
			if strings.HasPrefix(host, "*.") {
				if !strings.HasSuffix(p[3], host[1:]) {
					return false
				}
			} else if host != p[3] {
				return false
			}
			if scheme == "tcp" {
				return true
			}
			want, have := strings.Split(prefix, "/"), strings.Split(p[4][1:], "/")
			if want[len(want)-1] == "" { // ends in '/': what lies below, or everything
				want = want[:len(want)-1]
				return len(have) > len(want) && slices.Equal(have[:len(want)], want)
			}
			return len(have) >= len(want) && slices.Equal(have[:len(want)], want)
		},
	},
	TypeNetworkListen: {
		targets: []string{"", "tcp://127.0.0.1:80", "tcp://127.0.0.1:80-82", "tcp://127.0.0.1:81-90", "tcp://0.0.0.0:80-90", "tcp://0.0.0.0:0"},
		points:  grid([]string{"127.0.0.1", "0.0.0.0"}, []string{"0", "80", "81", "82", "83", "90", "91"}),
		holds: func(target, point string) bool {
			if target == "" {
				target = "tcp://127.0.0.1:0"
			}
			p := strings.Fields(point)
			host, ports, _ := strings.Cut(strings.TrimPrefix(target, "tcp://"), ":")
			from, to, ok := strings.Cut(ports, "-")
			if !ok {
				to = from
			}
			n, _ := strconv.Atoi(p[1])
			lo, _ := strconv.Atoi(from)
			hi, _ := strconv.Atoi(to)
			return host == p[0] && lo <= n && n <= hi
		},
	},
	TypeNetworkBroadcast: prefixes,
	TypeStorageRead:      prefixesAndDirs,
	TypeStorageDelete:    prefixesAndDirs,
	TypeComputeSpawn:     {targets: []string{"", "a", "b"}, points: []string{"", "a", "b", "c"}, holds: func(t, p string) bool { return t == p }},
	TypeActuatorNotify:   {targets: []string{"", "a", "b"}, points: []string{"", "a", "b", "c"}, holds: func(t, p string) bool { return t == p }},
	TypeComputeCall: {
		targets: []string{"a", "a.x", "a.y", "b", "b.x"}, points: []string{"a.x", "a.y", "a.z", "b.x", "c.x"},
		holds: func(t, p string) bool { return t == p || !strings.Contains(t, ".") && strings.HasPrefix(p, t+".") },
	},
	TypeSensorEnvironment: {
		targets: []string{"A", "A_B", "A_*", "A_B_*", "B_*", "A_B_C"}, points: []string{"A", "A_", "A_B", "A_B_", "A_B_C", "B_C", "B"},
		holds: func(t, p string) bool {
			return t == p || strings.HasSuffix(t, "*") && strings.HasPrefix(p, strings.TrimSuffix(t, "*"))
		},
	},
	TypeActuatorLog: {targets: []string{""}, points: []string{"x"}, holds: func(string, string) bool { return true }},
	TypeActuatorCredit: {
		targets: []string{"", "pay=10", "pay=5", "pay=10,each=2", "pay=5,each=4", "pay=10,to=" + aKey, "pay=3,to=" + anotherKey},
		points:  append(grid([]string{"1", "2", "3", "4", "5", "10", "11"}, []string{"1", "2", "4", "5", "10", "11"}, []string{aKey, anotherKey}), "balance"),
		holds: func(target, point string) bool { // total so far, amount, payee
			if point == "balance" {
				return true
			}
			p := strings.Fields(point)
			total, _ := strconv.Atoi(p[0])
			amount, _ := strconv.Atoi(p[1])
			if target == "" || amount > total {
				return false
			}
			for part := range strings.SplitSeq(target, ",") {
				key, value, _ := strings.Cut(part, "=")
				n, _ := strconv.Atoi(value)
				if key == "pay" && total > n || key == "each" && amount > n || key == "to" && value != p[2] {
					return false
				}
			}
			return true
		},
	},
}

const anotherKey = "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp"

var prefixes = world{
	targets: []string{"", "a", "ab", "abc", "b"}, points: []string{"a", "ab", "abc", "abcd", "b", "c"},
	holds: func(t, p string) bool { return strings.HasPrefix(p, t) },
}

var prefixesAndDirs = world{
	targets: []string{"", "a", "ab", "b", "d", "dir", "dir:/", "dir:/data", "dir:/data/x", "dir:/database"},
	points:  []string{"a", "ab", "abc", "b", "dirt", "dir:/", "dir:/data", "dir:/data/x", "dir:/data/x/y", "dir:/data/xy", "dir:/database"},
	holds: func(t, p string) bool {
		pDir, tDir := strings.HasPrefix(p, "dir:"), strings.HasPrefix(t, "dir:")
		switch {
		case t == "":
			return true
		case pDir != tDir:
			return false
		case !pDir:
			return strings.HasPrefix(p, t)
		}
		return t == p || strings.HasPrefix(p, strings.TrimSuffix(t, "/")+"/")
	},
}

func grid(columns ...[]string) []string {
	rows := []string{""}
	for _, c := range columns {
		var next []string
		for _, r := range rows {
			for _, v := range c {
				next = append(next, strings.TrimSpace(r+" "+v))
			}
		}
		rows = next
	}
	return rows
}

func (w world) set(t string) []string {
	var held []string
	for _, p := range w.points {
		if w.holds(t, p) {
			held = append(held, p)
		}
	}
	return held
}

// All pairs of all targets of the small worlds, against the oracle.
//
// Proves: vm 14.22
func TestMeetAgainstBruteForce(t *testing.T) {
	for typ, w := range worlds {
		for _, ta := range w.targets {
			for _, tb := range w.targets {
				a, b := canonical(t, typ, ta), canonical(t, typ, tb)
				var want []string
				for _, p := range w.points {
					if w.holds(a.Target, p) && w.holds(b.Target, p) {
						want = append(want, p)
					}
				}
				m, ok := Meet(a, b)
				var got []string
				if ok {
					got = w.set(m.Target)
				}
				if !slices.Equal(got, want) {
					t.Errorf("Meet(%v, %v) = %v, %v\nholds %q\nwant  %q", a, b, m, ok, got, want)
				}
				if back, ok2 := Meet(b, a); back != m || ok2 != ok {
					t.Errorf("Meet(%v, %v) = %v, but the other way round %v", a, b, m, back)
				}
				if ok {
					if again := canonical(t, typ, m.Target); again != m {
						t.Errorf("Meet(%v, %v) = %v is not canonical: %v", a, b, m, again)
					}
					if !a.Covers(m) || !b.Covers(m) {
						t.Errorf("Meet(%v, %v) = %v is not covered by both", a, b, m)
					}
				}
				if a.Covers(b) && !slices.Equal(w.set(b.Target), want) {
					t.Errorf("%v covers %v, but does not hold all of it", a, b)
				}
			}
		}
	}
}

func canonical(t *testing.T, typ Type, target string) Capability {
	t.Helper()
	c, err := Capability{typ, target}.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func anyCapability() *rapid.Generator[Capability] {
	var all []Capability
	for _, typ := range Types() {
		for _, target := range worlds[typ].targets {
			c, err := Capability{typ, target}.Canonical()
			if err != nil {
				panic(err)
			}
			all = append(all, c)
		}
	}
	return rapid.SampledFrom(append(all, Unrestricted))
}

// Over chains of capabilities of any type, unrestricted ones among them: the
// meet is commutative, associative and idempotent, and never wider than a part.
//
// Proves: vm 14.22
func TestMeetIsALattice(t *testing.T) {
	meet := func(cs ...Capability) []Capability {
		out := cs[:1]
		for _, c := range cs[1:] {
			out = MeetAll(out, []Capability{c})
		}
		return out
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := anyCapability().Draw(t, "a"), anyCapability().Draw(t, "b"), anyCapability().Draw(t, "c")
		if x, y := meet(a, b), meet(b, a); !slices.Equal(x, y) {
			t.Errorf("a∧b = %v, b∧a = %v", x, y)
		}
		if x := meet(a, a); !slices.Equal(x, []Capability{a}) {
			t.Errorf("a∧a = %v", x)
		}
		if x, y := MeetAll(meet(a, b), []Capability{a}), meet(a, b); !slices.Equal(x, y) {
			t.Errorf("(a∧b)∧a = %v, want a∧b = %v", x, y)
		}
		left := MeetAll(meet(a, b), []Capability{c})
		right := MeetAll([]Capability{a}, meet(b, c))
		if !slices.Equal(left, right) {
			t.Errorf("(a∧b)∧c = %v, a∧(b∧c) = %v", left, right)
		}
		for _, m := range left {
			for _, part := range []Capability{a, b, c} {
				if !part.Covers(m) {
					t.Errorf("%v is in the meet but not covered by %v", m, part)
				}
			}
		}
	})
}

// Lists: what both lists hold, point by point.
func TestMeetAllAgainstBruteForce(t *testing.T) {
	w := worlds[TypeStorageRead]
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) []Capability {
			var out []Capability
			for _, target := range rapid.SliceOfN(rapid.SampledFrom(w.targets), 0, 4).Draw(t, name) {
				out = append(out, Capability{TypeStorageRead, target})
			}
			return out
		}
		held := func(cs []Capability, p string) bool {
			return slices.ContainsFunc(cs, func(c Capability) bool { return w.holds(c.Target, p) })
		}
		as, bs := draw("as"), draw("bs")
		m := MeetAll(as, bs)
		for _, p := range w.points {
			if got, want := held(m, p), held(as, p) && held(bs, p); got != want {
				t.Errorf("%v ∧ %v = %v: holds %q is %v, want %v", as, bs, m, p, got, want)
			}
		}
	})
}
