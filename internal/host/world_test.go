package host

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"
	"time"

	"github.com/univrs/vudo/internal/capability"
	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/spirit"
)

// Proves: vm 14.27
func TestTime(t *testing.T) {
	w := newWorld(t, nil)
	if ns := int64(w.raw("host_time_now")); ns != testEpoch.UnixNano() {
		t.Errorf("host_time_now = %d, want nanoseconds", ns)
	}
	if ms := int64(w.raw("vudo_now")); ms != testEpoch.UnixMilli() {
		t.Errorf("vudo_now = %d, want milliseconds", ms)
	}
	w.clock.advance(1500)
	for _, name := range []string{"host_time_monotonic", "vudo_monotonic_now"} {
		if ns := int64(w.raw(name)); ns != 1500 {
			t.Errorf("%s = %d", name, ns)
		}
	}
	w.clock.now = time.Unix(-5, 0)
	if ns := int64(w.raw("host_time_now")); ns <= 0 {
		t.Errorf("host_time_now before 1970 = %d, which looks like a code", ns)
	}
	if ns := int64(w.raw("host_time_monotonic")); ns < 0 {
		t.Errorf("host_time_monotonic on a clock that went back = %d", ns)
	}
}

func TestSleep(t *testing.T) {
	w := newWorld(t, nil)
	for ms, want := range map[uint64]Code{0: Success, 1: Success, 60_000: Success, 60_001: BadArgument} {
		before := w.clock.Now()
		if code := Code(w.call("host_time_sleep", ms)); code != want {
			t.Errorf("host_time_sleep(%d) = %s, want %s", ms, code, want)
		}
		slept := w.clock.Now().Sub(before)
		if want == Success && slept != time.Duration(ms)*time.Millisecond || want != Success && slept != 0 {
			t.Errorf("host_time_sleep(%d) slept %v", ms, slept)
		}
	}
	before := w.clock.Now()
	w.raw("vudo_sleep", 7)
	w.raw("vudo_sleep", math.MaxUint32) // -1: returns at once
	if slept := w.clock.Now().Sub(before); slept != 7*time.Millisecond {
		t.Errorf("vudo_sleep slept %v", slept)
	}
}

// Proves: vm 14.21
func TestRevocationEndsASleep(t *testing.T) {
	w := newWorld(t, nil)
	w.clock.onAfter = func(time.Duration) {
		w.clock.advance(time.Millisecond)
		if err := w.rights.Revoke(spirit.SensorTime); err != nil {
			t.Error(err)
		}
	}
	if code := Code(w.call("host_time_sleep", 60_000)); code != Timeout {
		t.Errorf("a sleep whose right was withdrawn = %s, want TIMEOUT", code)
	}
	if code := Code(int64(w.raw("host_time_now"))); code != Denied {
		t.Errorf("the next call = %s, want DENIED", code)
	}
	if d := w.Denials(); len(d) != 1 || d[0].Reason != capability.Revoked || d[0].Grant != "g1" {
		t.Errorf("denials = %+v", d)
	}
}

// Proves: vm 14.21
func TestGrantsInTime(t *testing.T) {
	start := testEpoch.Truncate(time.Second)
	for _, c := range []struct {
		at   time.Duration
		want Code
	}{{-time.Second, Denied}, {0, Success}, {time.Second - 1, Success}, {time.Second, Denied}, {time.Hour, Denied}} {
		w := newWorld(t, nil)
		clock := w.clock
		set, err := capability.New(capability.Everything(), []capability.Grant{{
			Capabilities: []spirit.Capability{spirit.ActuatorLog}, NotBefore: start, ExpiresAt: start.Add(time.Second),
		}}, clock.Now)
		if err != nil {
			t.Fatal(err)
		}
		w.rights = set
		clock.now = start.Add(c.at)
		if code := Code(w.call("host_log_info", 0, 0)); code != c.want {
			t.Errorf("%v after not_before = %s, want %s", c.at, code, c.want)
		}
	}
}

// Proves: vm 14.27
func TestRandom(t *testing.T) {
	w := newWorld(t, nil)
	if code := w.call("host_random_bytes", 10, 4); code != 0 || !bytes.Equal(w.g.mem[9:15], []byte{0, 1, 2, 3, 4, 0}) {
		t.Errorf("host_random_bytes = %s, memory %v", Code(code), w.g.mem[9:15])
	}
	w.raw("vudo_random_bytes", 20, 2)
	if !bytes.Equal(w.g.mem[19:23], []byte{0, 5, 6, 0}) {
		t.Errorf("vudo_random_bytes wrote %v", w.g.mem[19:23])
	}
	a, b := w.raw("host_random_u64"), w.raw("host_random_u64")
	if a == b || a != binary.LittleEndian.Uint64([]byte{7, 8, 9, 10, 11, 12, 13, 14}) {
		t.Errorf("two draws: %x, %x", a, b)
	}
	w.g.mem = make([]byte, MaxRandomBytes)
	if code := w.call("host_random_bytes", 0, MaxRandomBytes); code != 0 {
		t.Errorf("%d bytes = %s", MaxRandomBytes, Code(code))
	}
	w.svc.Random = fullBits{}
	if f := math.Float64frombits(w.raw("vudo_random")); f >= 1 || f < 0.999 {
		t.Errorf("the greatest vudo_random = %v, want just below 1", f)
	}
	w.svc.Random = failing{}
	w.raw("host_random_u64")
	if e := w.g.ended; e == nil || e.kind != fault.KindPanic {
		t.Errorf("without randomness host_random_u64 ended with %+v", e)
	}
}

type fullBits struct{}

func (fullBits) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 0xff
	}
	return len(p), nil
}

func TestSeed(t *testing.T) {
	draw := func(seed string) (out []uint64) {
		w := newWorld(t, func(c *StateConfig) { c.Seed = []byte(seed) })
		w.clock.advance(time.Duration(len(seed)) * time.Hour) // real time must not show
		for _, name := range []string{"host_random_u64", "vudo_random", "host_time_now", "host_time_monotonic"} {
			out = append(out, w.raw(name))
		}
		before := w.raw("host_time_monotonic")
		w.call("host_time_sleep", 50)
		return append(out, w.raw("host_time_monotonic")-before)
	}
	a, b, other := draw("seed"), draw("seed"), draw("another")
	for i := range a {
		if a[i] != b[i] {
			t.Errorf("value %d differs under one seed: %d, %d", i, a[i], b[i])
		}
	}
	if a[0] == other[0] {
		t.Error("two seeds give the same number")
	}
	if now := int64(a[2]); now < seededEpoch.UnixNano() || now > seededEpoch.Add(time.Second).UnixNano() {
		t.Errorf("time under a seed = %d", now)
	}
	if slept := time.Duration(a[4]); slept != 50*time.Millisecond+seededStep {
		t.Errorf("a sleep of 50 ms under a seed took %v", slept)
	}
}

// Proves: vm 14.19, vm 14.20
func TestEveryGateDenies(t *testing.T) {
	for _, f := range Table() {
		if f.Impl == nil || f.Capability == 0 {
			continue
		}
		w := newWorld(t, nothingGranted)
		stack := make([]uint64, max(1, len(f.Params)))
		for range 3 {
			w.catch(func() { f.Impl(w.State, stack) })
		}
		if d := w.Denials(); len(d) != 1 || d[0].Count != 3 || d[0].Type != f.Capability || d[0].Reason != capability.NotGranted {
			t.Errorf("%s three times: denials = %+v", f.Name, d)
		}
		if trapped := w.g.ended != nil && w.g.ended.kind == fault.KindDenied; trapped != (f.result == resultBits || f.result == resultNone) {
			t.Errorf("%s: trapped %v", f.Name, trapped)
		}
		if w.g.spent != 0 {
			t.Errorf("%s denied cost %d fuel", f.Name, w.g.spent)
		}
		c := w.Counts()
		if len(c.Calls) != 1 || c.Calls[0].Name != f.Name || c.Calls[0].Count != 3 || c.Calls[0].Denied != 3 {
			t.Errorf("%s: counts = %+v", f.Name, c.Calls)
		}
	}
	// Granting one type enables that type and no other.
	for _, typ := range spirit.Types() {
		only := spirit.Capability{Type: typ}
		if typ.MustHaveTarget() {
			only.Target = map[spirit.Type]string{spirit.TypeSensorEnvironment: "LANG", spirit.TypeComputeCall: "a.b"}[typ]
		}
		for _, f := range Table() {
			if f.Impl == nil || f.Capability == 0 {
				continue
			}
			w := newWorld(t, func(c *StateConfig) { c.Rights = granted(t, only) })
			key := uint64(0)
			if f.Name == "host_env_get" {
				w.put(0, "LANG")
				key = 4
			}
			stack := make([]uint64, max(2, len(f.Params)))
			stack[1] = key
			w.catch(func() { f.Impl(w.State, stack) })
			if denied := w.last == Denied; denied != (f.Capability != typ) {
				t.Errorf("%s with only %s: denied %v", f.Name, only, denied)
			}
		}
	}
}

// Proves: vm 14.22
func TestStorageTargets(t *testing.T) {
	w := newWorld(t, func(c *StateConfig) {
		c.Rights = granted(t, spirit.StorageRead.On("cache/"), spirit.StorageWrite.On("cache/"))
	})
	call := func(name, key string, tail ...uint64) Code {
		p, n := w.put(0, key)
		return Code(w.call(name, append([]uint64{p, n}, tail...)...))
	}
	for key, want := range map[string]Code{"cache/a": NotFound, "cache/": NotFound, "cach": Denied, "other": Denied, "Cache/a": Denied} {
		if code := call("host_storage_get", key, 0, 0); code != want {
			t.Errorf("get %q = %s, want %s", key, code, want)
		}
	}
	if code := call("host_storage_set", "other", 0, 0); code != Denied {
		t.Errorf("set other = %s", code)
	}
	if code := call("host_storage_delete", "cache/a"); code != Denied {
		t.Errorf("delete without storage.delete = %s", code)
	}
	if code := call("host_storage_list", "", 0, 0, 0, 0); code != Denied {
		t.Errorf("list of everything = %s", code)
	}
	if code := call("host_storage_list", "cache/x", 0, 0, 0, 0); code < 0 {
		t.Errorf("list below the granted prefix = %s", code)
	}
	w.Rollback()
	reasons := map[string]capability.Reason{}
	for _, d := range w.audit {
		reasons[d.Type.String()+":"+d.Target] = d.Reason
	}
	for what, want := range map[string]capability.Reason{
		"storage.read:other": capability.Target, "storage.write:other": capability.Target, "storage.delete:": capability.NotGranted, "storage.read:": capability.Target,
	} {
		if reasons[what] != want {
			t.Errorf("reason for %s = %v, want %v (all: %v)", what, reasons[what], want, reasons)
		}
	}
}

// Proves: vm 14.19
func TestDenialsAreBounded(t *testing.T) {
	told := 0
	w := newWorld(t, func(c *StateConfig) {
		c.Rights = granted(t, spirit.StorageRead.On("cache/"))
		c.Services.Denied = func(Denial) { told++ }
	})
	for i := range maxDenials + 500 {
		binary.LittleEndian.PutUint32(w.g.mem, uint32(i))
		w.call("host_storage_get", 0, 4, 0, 0)
	}
	w.call("host_storage_get", 0, 1000, 0, 0)
	d := w.Denials()
	if len(d) != maxDenials+1 || told != len(d) {
		t.Fatalf("%d distinct denials, %d told", len(d), told)
	}
	if last := d[maxDenials]; last.Target != "" || last.Count != 501 {
		t.Errorf("the last record = %+v, want what did not fit", last)
	}
	w.Begin(CallIO{})
	w.call("host_storage_get", 0, 1000, 0, 0)
	if d := w.Denials(); len(d) != 1 || len(d[0].Target) != maxDenialTarget {
		t.Errorf("denials of the next call = %+v", d)
	}
}

func TestObserve(t *testing.T) {
	var seen []HostCall
	w := newWorld(t, func(c *StateConfig) { c.Services.Observe = func(h HostCall) { seen = append(seen, h) } })
	w.call("host_output_write", 0, 5)
	w.call("host_output_write", outside, 5)
	w.call("host_input_read", 0, 0, 9)
	if len(seen) != 3 || seen[0].Name != "host_output_write" || seen[0].In != 5 || seen[1].Code != BadMemory || seen[2].Out != 9 || seen[0].Identity.Call != "c1" {
		t.Errorf("observed %+v", seen)
	}
}

// The journal's digest follows from the calls, and from nothing else.
func TestJournal(t *testing.T) {
	run := func(f func(w *world)) [32]byte {
		w := newWorld(t, nil)
		f(w)
		return w.Counts().Journal
	}
	base := func(w *world) {
		w.put(0, "hello")
		w.call("host_log_info", 0, 5)
		w.call("host_storage_get", 0, 5, 0, 0)
	}
	want := run(base)
	for name, f := range map[string]func(w *world){
		"other text": func(w *world) {
			w.put(0, "hallo")
			w.call("host_log_info", 0, 5)
			w.call("host_storage_get", 0, 5, 0, 0)
		},
		"other order": func(w *world) {
			w.put(0, "hello")
			w.call("host_storage_get", 0, 5, 0, 0)
			w.call("host_log_info", 0, 5)
		},
		"other name": func(w *world) {
			w.put(0, "hello")
			w.call("host_log_error", 0, 5)
			w.call("host_storage_get", 0, 5, 0, 0)
		},
		"other param": func(w *world) {
			w.put(0, "hello")
			w.call("host_log_info", 0, 5)
			w.call("host_storage_get", 0, 5, 8, 0)
		},
		"one call less": func(w *world) { w.put(0, "hello"); w.call("host_log_info", 0, 5) },
		"none":          func(*world) {},
	} {
		if run(f) == want {
			t.Errorf("%s gives the same digest", name)
		}
	}
	if run(base) != want {
		t.Error("the same calls give two digests")
	}
	long := func(w *world) {
		for range 300 { // several flushes
			w.call("host_log_info", 0, 5)
			w.call("host_random_bytes", 0, 9000)
		}
	}
	w := newWorld(t, nil)
	long(w)
	first, again := w.Counts().Journal, w.Counts().Journal
	if first != again || first != run(long) {
		t.Error("the digest of a long journal is not stable")
	}
	w.Begin(CallIO{})
	base(w)
	if w.Counts().Journal != want {
		t.Error("the journal of an earlier call shows in the next")
	}
}

// Proves: vm 14.33
func TestNamespaces(t *testing.T) {
	a, b := [32]byte{1}, [32]byte{2}
	seen := map[Namespace]string{}
	for name, ns := range map[string]Namespace{
		"spirit":          NamespaceOf(a, b, "n"),
		"other owner":     NamespaceOf(b, b, "n"),
		"other publisher": NamespaceOf(a, a, "n"),
		"other name":      NamespaceOf(a, b, "m"),
		"longer name":     NamespaceOf(a, b, "nm"),
		"project":         NamespaceOfProject(a, "n"),
		"project of b":    NamespaceOfProject(b, "n"),
		"package":         NamespaceOfPackage(a, b),
		"package of b":    NamespaceOfPackage(b, b),
	} {
		if other, ok := seen[ns]; ok {
			t.Errorf("%s and %s share a namespace", name, other)
		}
		seen[ns] = name
	}
	if first, again := NamespaceOf(a, b, "n"), NamespaceOf(a, b, "n"); first != again {
		t.Error("a namespace is not stable")
	}
}
