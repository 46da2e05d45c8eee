package capability

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/spirit"
)

var noon = time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)

// manual is a clock that is moved by hand and counts how often it is read.
type manual struct {
	mu    sync.Mutex
	at    time.Time
	reads int
}

func (m *manual) now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reads++
	return m.at
}

func (m *manual) set(at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.at = at
}

func caps(t testing.TB, written ...string) []spirit.Capability {
	t.Helper()
	var out []spirit.Capability
	for _, w := range written {
		cs, err := spirit.ParseGrant(w)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, cs...)
	}
	return out
}

func set(t testing.TB, asked, granted string) *Set {
	t.Helper()
	s, err := New(caps(t, strings.Fields(asked)...), []Grant{{Capabilities: caps(t, strings.Fields(granted)...)}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func reason(d *Denial) string {
	if d == nil {
		return "ok"
	}
	return d.Reason.String()
}

// Nothing is permitted unless granted, of each type, and granting one type
// enables exactly that type.
//
// Proves: vm 14.19, vm 14.20
func TestOneTypeEnablesExactlyThatType(t *testing.T) {
	none := set(t, "unrestricted", "")
	target := map[spirit.Type]string{spirit.TypeComputeCall: "utils", spirit.TypeSensorEnvironment: "LANG"}
	for _, granted := range spirit.Types() {
		s, err := New(Everything(), []Grant{{Capabilities: []spirit.Capability{{Type: granted, Target: target[granted]}}}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, asked := range spirit.Types() {
			want := "not-granted"
			if asked == granted {
				want = "ok"
			}
			if got := reason(s.Check(asked)); got != want {
				t.Errorf("with %v granted, %v is %s, want %s", granted, asked, got, want)
			}
		}
		for _, empty := range []*Set{none, nil} {
			d := empty.Check(granted)
			if reason(d) != "not-granted" || d.Type != granted || !errors.Is(d, fault.ErrDenied) {
				t.Errorf("without grants %v is %v", granted, d)
			}
		}
	}
	if d := none.Check(0); d != nil {
		t.Errorf("a call that needs no capability is denied: %v", d)
	}
	for _, bad := range []spirit.Type{spirit.TypeUnrestricted, 99} {
		if set(t, "unrestricted", "unrestricted").Check(bad) == nil {
			t.Errorf("type %d is permitted", bad)
		}
	}
}

// What is in effect is what is asked for and granted, and the reason says which
// of the two is missing.
//
// Proves: vm 14.19, vm 14.22
func TestReasons(t *testing.T) {
	for _, c := range []struct{ asked, granted, typ, target, want string }{
		{"log", "log", "actuator.log", "", "ok"},
		{"log", "", "actuator.log", "", "not-granted"},
		{"", "log", "actuator.log", "", "not-asked"},
		{"", "", "actuator.log", "", "not-granted"},
		{"log", "unrestricted", "actuator.log", "", "ok"},
		{"log", "unrestricted", "sensor.time", "", "not-asked"},
		{"storage.read", "storage.read:a/", "storage.read", "a/x", "ok"},
		{"storage.read", "storage.read:a/", "storage.read", "b/x", "target"},
		{"storage.read:a/", "storage.read", "storage.read", "b/x", "target"},
		{"storage.read:a/", "storage.read:b/", "storage.read", "a/x", "target"},
		{"storage.read:a/", "storage.read:a/b/", "storage.read", "a/x", "target"},
		{"storage.read:a/ storage.read:b/", "storage.read", "storage.read", "b/x", "ok"},
		{"storage.read", "storage.write", "storage.read", "a", "not-granted"},
		{"network.connect", "network.connect:https://a.example/v1/", "network.connect", "GET https://a.example/v1/x", "ok"},
		{"network.connect", "network.connect:https://a.example/v1/", "network.connect", "GET https://b.example/v1/x", "target"},
		{"network.connect", "network.connect:https://a.example/v1/", "network.connect", "GET https://a.example:444/v1/x", "target"},
		{"network.connect", "network.connect:https://a.example/v1/", "network.connect", "GET https://a.example/v2", "target"},
		{"network.connect", "network.connect:https://a.example/v1/", "network.connect", "GET https://a.example/v1/../v2", "target"},
		{"network.connect", "network.connect:https://a.example/v1/", "network.connect", "GET http://a.example/v1/x", "target"},
		{"env:LANG env:APP_*", "unrestricted", "sensor.environment", "LANG", "ok"},
		{"env:LANG env:APP_*", "unrestricted", "sensor.environment", "APP_X", "ok"},
		{"env:LANG env:APP_*", "unrestricted", "sensor.environment", "HOME", "target"},
		{"compute.call:utils.hash", "unrestricted", "compute.call", "utils.hash", "ok"},
		{"compute.call:utils.hash", "unrestricted", "compute.call", "utils.other", "target"},
		{"compute.spawn", "compute.spawn", "compute.spawn", "", "ok"},
		{"compute.spawn", "compute.spawn", "compute.spawn", "worker", "target"},
		{"notify", "notify", "actuator.notify", "operator", "ok"},
		{"notify", "notify", "actuator.notify", "ops", "target"},
		{"credit", "credit:pay=9", "actuator.credit", "pay=1", "target"},
		{"credit:pay=10,each=5", "credit:pay=8", "actuator.credit", "pay=5", "ok"},
		{"credit:pay=10,each=5", "credit:pay=8", "actuator.credit", "pay=6", "target"},
		{"unrestricted", "unrestricted", "compute.spawn", "worker", "ok"},
		{"unrestricted", "unrestricted", "sensor.environment", "HOME", "ok"},
		{"unrestricted", "unrestricted", "network.connect", "no target at all", "ok"},
	} {
		ct, err := spirit.ParseCapability(c.typ + map[string]string{"sensor.environment": ":X", "compute.call": ":x"}[c.typ])
		if err != nil {
			t.Fatal(err)
		}
		typ := ct[0].Type
		s := set(t, c.asked, c.granted)
		var d *Denial
		switch {
		case typ.Category() == spirit.Storage:
			d = s.CheckKey(typ, []byte(c.target))
		case c.target == "":
			d = s.Check(typ)
		default:
			d = s.CheckTarget(typ, c.target)
		}
		if got := reason(d); got != c.want {
			t.Errorf("asked %q, granted %q: %s %q is %s, want %s", c.asked, c.granted, c.typ, c.target, got, c.want)
		}
		if d != nil && d.Target != c.target {
			t.Errorf("the denial names %q, asked was %q", d.Target, c.target)
		}
	}
}

// A key that looks like a directory is a key, and the other way round.
func TestKeysAndDirectoriesAreApart(t *testing.T) {
	s := set(t, "storage", "storage.read:dir:/data storage.write:d")
	for what, d := range map[string]*Denial{
		"target: the key dir:/data/x under a right to a directory": s.CheckKey(spirit.TypeStorageRead, []byte("dir:/data/x")),
		"ok: a file below the directory":                           s.CheckDir(spirit.TypeStorageRead, "/data/x"),
		"target: a file beside it":                                 s.CheckDir(spirit.TypeStorageRead, "/database"),
		"target: a file that leaves it":                            s.CheckDir(spirit.TypeStorageRead, "/data/../etc"),
		"target: a relative name":                                  s.CheckDir(spirit.TypeStorageRead, "data"),
		"ok: the key dir:/data/x under the prefix d":               s.CheckKey(spirit.TypeStorageWrite, []byte("dir:/data/x")),
		"target: a directory under the prefix d":                   s.CheckDir(spirit.TypeStorageWrite, "/data"),
	} {
		if want, _, _ := strings.Cut(what, ":"); reason(d) != want {
			t.Errorf("%s: got %s", what, reason(d))
		}
	}
}

// The expiry instant is already outside, the first instant of a grant inside.
//
// Proves: vm 14.21
func TestGrantsHaveTheirTime(t *testing.T) {
	clock := &manual{}
	s, err := New(Everything(), []Grant{{ID: "g1", Capabilities: caps(t, "log", "storage.read:a"), NotBefore: noon, ExpiresAt: noon.Add(time.Hour)}}, clock.now)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		at   time.Time
		want string
	}{
		{noon.Add(-time.Nanosecond), "not-granted"},
		{noon, "ok"},
		{noon.Add(time.Hour - time.Nanosecond), "ok"},
		{noon.Add(time.Hour), "expired"},
		{noon.Add(time.Hour + time.Second), "expired"},
	} {
		clock.set(c.at)
		for _, d := range []*Denial{s.Check(spirit.TypeActuatorLog), s.CheckTarget(spirit.TypeActuatorLog, ""), s.CheckKey(spirit.TypeStorageRead, []byte("ab"))} {
			if reason(d) != c.want || d != nil && d.Grant != "g1" {
				t.Errorf("at %v: %v, want %s by g1", c.at, d, c.want)
			}
		}
		if live := len(s.Effective()) > 0; live != (c.want == "ok") {
			t.Errorf("at %v Effective is %v", c.at, s.Effective())
		}
		if missing := s.Missing(caps(t, "log")); (len(missing) == 0) != (c.want == "ok") {
			t.Errorf("at %v Missing is %v", c.at, missing)
		}
	}
	if err := s.Grant(Grant{Capabilities: caps(t, "log")}); err != nil {
		t.Fatal(err)
	}
	if d := s.Check(spirit.TypeActuatorLog); d != nil {
		t.Errorf("an ended grant hides one without end: %v", d)
	}
}

// A withdrawal acts at the next check, on what it names and no more, and a later
// grant gives the right back.
//
// Proves: vm 14.21
func TestRevoke(t *testing.T) {
	s := set(t, "unrestricted", "log time storage.read storage.write:a credit:pay=9")
	changed := s.Changed()
	revoke := func(written string) {
		t.Helper()
		for _, c := range caps(t, written) {
			if err := s.Revoke(c); err != nil {
				t.Fatal(err)
			}
		}
	}
	revoke("log")
	select {
	case <-changed:
	default:
		t.Error("the waiting call is not told of the change")
	}
	revoke("storage.read:secret/")
	revoke("storage.write:a/b")
	revoke("credit")
	for what, c := range map[string]struct {
		d    *Denial
		want string
	}{
		"the type":               {s.Check(spirit.TypeActuatorLog), "revoked"},
		"another type":           {s.Check(spirit.TypeSensorTime), "ok"},
		"a part, as a type":      {s.Check(spirit.TypeStorageRead), "ok"},
		"a part, inside":         {s.CheckKey(spirit.TypeStorageRead, []byte("secret/x")), "revoked"},
		"a part, outside":        {s.CheckKey(spirit.TypeStorageRead, []byte("secre")), "ok"},
		"a part of a part":       {s.CheckKey(spirit.TypeStorageWrite, []byte("a/b/c")), "revoked"},
		"the rest of the part":   {s.CheckKey(spirit.TypeStorageWrite, []byte("a/c")), "ok"},
		"what was never granted": {s.CheckKey(spirit.TypeStorageWrite, []byte("b")), "target"},
		"a type without target":  {s.CheckTarget(spirit.TypeActuatorCredit, "pay=1"), "revoked"},
	} {
		if reason(c.d) != c.want {
			t.Errorf("%s: %s, want %s", what, reason(c.d), c.want)
		}
	}
	if err := s.Grant(Grant{Capabilities: caps(t, "log")}); err != nil {
		t.Fatal(err)
	}
	if d := s.Check(spirit.TypeActuatorLog); d != nil {
		t.Errorf("granted again it is %v", d)
	}
	revoke("unrestricted")
	if got := s.Effective(); len(got) != 0 {
		t.Errorf("with everything withdrawn there is %v", got)
	}
	if err := s.Revoke(spirit.Capability{Type: 99}); err == nil {
		t.Error("withdrawing no type is accepted")
	}
}

// An export with its own list runs with that subset, and what its Spirit loses it loses too.
func TestNarrow(t *testing.T) {
	s := set(t, "log storage", "log storage")
	n, err := s.Narrow(caps(t, "storage.read:a/", "time"))
	if err != nil {
		t.Fatal(err)
	}
	check := func(typ spirit.Type, key, want string) {
		t.Helper()
		if got := reason(n.CheckKey(typ, []byte(key))); got != want {
			t.Errorf("%v %q is %s, want %s", typ, key, got, want)
		}
	}
	check(spirit.TypeStorageRead, "a/x", "ok")
	check(spirit.TypeStorageRead, "b/x", "target")
	check(spirit.TypeStorageWrite, "a/x", "not-granted")
	if n.Check(spirit.TypeSensorTime) == nil || n.Check(spirit.TypeActuatorLog) == nil {
		t.Error("a narrowed set permits more than its list and its parent")
	}
	if got := n.Effective(); !slices.Equal(got, caps(t, "storage.read:a/")) {
		t.Errorf("Effective is %v", got)
	}
	changed := n.Changed()
	if err := s.Revoke(spirit.StorageRead); err != nil {
		t.Fatal(err)
	}
	<-changed
	check(spirit.TypeStorageRead, "a/x", "revoked")
	empty, err := s.Narrow(nil)
	if err != nil || empty.Check(spirit.TypeActuatorLog) == nil {
		t.Errorf("an empty list permits the log: %v", err)
	}
}

func TestMissingAndUnasked(t *testing.T) {
	s := set(t, "log storage.read:a/ time", "log storage.read:a/b/ random storage.write:x")
	if got := s.Missing(caps(t, "log", "storage.read:a/", "time", "storage.read:a/b/c")); !slices.Equal(got, caps(t, "storage.read:a/", "time")) {
		t.Errorf("Missing is %v", got)
	}
	if got := s.Unasked(); !slices.Equal(got, caps(t, "random", "storage.write:x")) {
		t.Errorf("Unasked is %v", got)
	}
	if got := set(t, "unrestricted", "unrestricted").Effective(); !slices.Equal(got, Everything()) {
		t.Errorf("everything is %v", got)
	}
	s = set(t, "unrestricted", "unrestricted")
	if err := s.Revoke(spirit.ActuatorLog); err != nil {
		t.Fatal(err)
	}
	if got := s.Effective(); len(got) != 13 || slices.Contains(got, spirit.ActuatorLog) {
		t.Errorf("everything without the log is %v", got)
	}
}

func TestInvalidCapabilitiesAreRefused(t *testing.T) {
	bad := []spirit.Capability{{Type: spirit.TypeActuatorLog, Target: "x"}}
	if _, err := New(bad, nil, nil); err == nil {
		t.Error("asking for nonsense is accepted")
	}
	s := set(t, "unrestricted", "")
	if err := s.Grant(Grant{Capabilities: caps(t, "log")}, Grant{Capabilities: bad}); err == nil || s.Check(spirit.TypeActuatorLog) == nil {
		t.Errorf("granting nonsense: %v, and the rest of it was kept", err)
	}
	if _, err := s.Narrow(bad); err == nil {
		t.Error("narrowing to nonsense is accepted")
	}
	if c := (spirit.Capability{Type: spirit.TypeStorageRead, Target: "dir:/a/../b"}); s.CheckTarget(c.Type, c.Target) == nil {
		t.Error("an invalid target is permitted")
	}
}

// Against brute force: over a small world of keys, for random grants and
// withdrawals at random times, a key is permitted exactly when it is asked for
// and some grant, made after the last withdrawal that names the key, holds now.
//
// Proves: vm 14.21, vm 14.22
func TestSetAgainstBruteForce(t *testing.T) {
	keys := []string{"a", "ab", "abc", "b", "ba", "c"}
	prefix := rapid.SampledFrom([]string{"", "a", "ab", "abc", "b"})
	type event struct {
		revoke      bool
		prefix      string
		from, until int // hours after noon; until 0 = none
	}
	rapid.Check(t, func(t *rapid.T) {
		clock := &manual{at: noon}
		asked := rapid.SliceOfN(prefix, 0, 3).Draw(t, "asked")
		var ask []spirit.Capability
		for _, p := range asked {
			ask = append(ask, spirit.StorageRead.On(p))
		}
		s, err := New(ask, nil, clock.now)
		if err != nil {
			t.Fatal(err)
		}
		var events []event
		for range rapid.IntRange(0, 6).Draw(t, "events") {
			e := event{
				revoke: rapid.Bool().Draw(t, "revoke"), prefix: prefix.Draw(t, "prefix"),
				from: rapid.IntRange(0, 2).Draw(t, "from"), until: rapid.IntRange(0, 3).Draw(t, "until"),
			}
			events = append(events, e)
			if e.revoke {
				err = s.Revoke(spirit.StorageRead.On(e.prefix))
			} else {
				g := Grant{Capabilities: []spirit.Capability{spirit.StorageRead.On(e.prefix)}, NotBefore: noon.Add(time.Duration(e.from) * time.Hour)}
				if e.until > 0 {
					g.ExpiresAt = noon.Add(time.Duration(e.until) * time.Hour)
				}
				err = s.Grant(g)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		hour := rapid.IntRange(0, 3).Draw(t, "hour")
		clock.set(noon.Add(time.Duration(hour) * time.Hour))
		some := false
		for _, key := range keys {
			permitted := false
			for _, e := range events {
				switch in := strings.HasPrefix(key, e.prefix); {
				case e.revoke && in:
					permitted = false
				case !e.revoke && in && hour >= e.from && (e.until == 0 || hour < e.until):
					permitted = true
				}
			}
			permitted = permitted && slices.ContainsFunc(asked, func(p string) bool { return strings.HasPrefix(key, p) })
			some = some || permitted
			d := s.CheckKey(spirit.TypeStorageRead, []byte(key))
			if (d == nil) != permitted {
				t.Errorf("key %q: %v, want permitted = %v", key, d, permitted)
			}
			if d2 := s.CheckTarget(spirit.TypeStorageRead, key); (d2 == nil) != (d == nil) {
				t.Errorf("key %q: CheckTarget says %v, CheckKey %v", key, d2, d)
			}
		}
		if some && s.Check(spirit.TypeStorageRead) != nil {
			t.Errorf("a key is permitted, but the type is not")
		}
	})
}

// While a guest checks, rights come and go: after Revoke returned, no check that
// begins later is permitted. Run under the race detector.
//
// Proves: vm 14.21
func TestRevokeWhileChecking(t *testing.T) {
	s := set(t, "unrestricted", "log storage.read:a")
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					s.Check(spirit.TypeActuatorLog)
					s.CheckKey(spirit.TypeStorageRead, []byte("ab"))
					s.Effective()
				}
			}
		})
	}
	for range 200 {
		if err := s.Revoke(spirit.ActuatorLog); err != nil {
			t.Fatal(err)
		}
		if s.Check(spirit.TypeActuatorLog) == nil {
			t.Fatal("permitted after Revoke returned")
		}
		if err := s.Grant(Grant{Capabilities: []spirit.Capability{spirit.ActuatorLog}}); err != nil {
			t.Fatal(err)
		}
		if d := s.Check(spirit.TypeActuatorLog); d != nil {
			t.Fatal(d)
		}
	}
	close(stop)
	wg.Wait()
	if n := len(s.grants); n > 3 {
		t.Errorf("granting and withdrawing in turn left %d grants", n)
	}
}

// The usual checks allocate nothing and read no clock.
func TestHotPathIsFree(t *testing.T) {
	clock := &manual{}
	s, err := New(caps(t, "log", "storage.read", "storage.write:a/"), []Grant{{Capabilities: caps(t, "log", "storage")}}, clock.now)
	if err != nil {
		t.Fatal(err)
	}
	clock.reads = 0
	key := []byte("a/a key that is longer than the thirty-two bytes that a stack buffer has")
	if n := testing.AllocsPerRun(100, func() {
		if s.Check(spirit.TypeActuatorLog) != nil || s.CheckKey(spirit.TypeStorageRead, key) != nil || s.CheckKey(spirit.TypeStorageWrite, key) != nil {
			t.Error("denied")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if clock.reads != 0 {
		t.Errorf("the clock was read %d times", clock.reads)
	}
}

func BenchmarkCheck(b *testing.B) {
	s := set(b, "log storage.write:a/", "log storage.write:a/")
	key := []byte("a/key")
	b.Run("type", func(b *testing.B) {
		for b.Loop() {
			s.Check(spirit.TypeActuatorLog)
		}
	})
	b.Run("key", func(b *testing.B) {
		for b.Loop() {
			s.CheckKey(spirit.TypeStorageWrite, key)
		}
	})
}
