package host

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"strings"
	"testing"

	"github.com/univrs/vudo/spirit"
)

// Proves: vm 14.17
func TestStreamsAndBuffersGiveTheSameBytes(t *testing.T) {
	input := strings.Repeat("0123456789abcdef", 10_000) // more than two read-aheads
	for _, streamed := range []bool{false, true} {
		w := newWorld(t, nil)
		var sink bytes.Buffer
		if streamed {
			w.Begin(CallIO{Stdin: io.LimitReader(strings.NewReader(input), 1<<20), Stdout: &sink})
		} else {
			w.Begin(CallIO{Input: []byte(input)})
		}
		var got []byte
		for {
			n := w.call("host_input_read", uint64(len(got)), 0, 1000)
			if n < 0 {
				t.Fatalf("streamed %v: read = %s", streamed, Code(n))
			}
			if n == 0 {
				break
			}
			got = append(got, w.g.mem[:n]...)
			if code := w.call("host_output_write", 0, uint64(n)); code != 0 {
				t.Fatalf("write = %s", Code(code))
			}
		}
		if string(got) != input {
			t.Errorf("streamed %v: the guest read other bytes", streamed)
		}
		out := w.Output()
		if streamed {
			out = sink.Bytes()
			if w.Output() != nil {
				t.Error("a stream's output is also buffered")
			}
		}
		if string(out) != input {
			t.Errorf("streamed %v: the output has other bytes", streamed)
		}
		c := w.Counts()
		if c.InputBytes != uint64(len(input)) || c.OutputBytes != uint64(len(input)) {
			t.Errorf("streamed %v: counted %d in, %d out", streamed, c.InputBytes, c.OutputBytes)
		}
		if want := sha256.Sum256([]byte(input)); streamed && (c.Input != want || c.Output != want) {
			t.Error("the digest of a stream is not that of its bytes")
		}
	}
}

func TestInputBuffered(t *testing.T) {
	w := newWorld(t, nil)
	if n := w.call("host_input_len"); n != 9 {
		t.Errorf("host_input_len = %d", n)
	}
	if n := w.call("host_input_read", 4, 10, 100); n != 5 || string(w.g.mem[10:15]) != "input" {
		t.Errorf("read %d bytes: %q", n, w.g.mem[10:15])
	}
	if n := w.call("host_input_read", 9, 0, 1); n != 0 {
		t.Errorf("read at the end = %d", n)
	}
}

// Proves: vm 14.17
func TestOutputLimitLeavesEarlierOutput(t *testing.T) {
	w := newWorld(t, func(c *StateConfig) { c.Limits.OutputBytes = 8 })
	p, n := w.put(0, "12345")
	if code := w.call("host_output_write", p, n); code != 0 {
		t.Fatal(Code(code))
	}
	if code := Code(w.call("host_output_write", 0, 4)); code != LimitHit {
		t.Errorf("one byte above the limit = %s", code)
	}
	if got := string(w.Output()); got != "12345" {
		t.Errorf("output = %q", got)
	}
	if code := w.call("host_output_write", 0, 3); code != 0 {
		t.Errorf("up to the limit = %s", Code(code))
	}
}

func TestOutputBelongsToTheCaller(t *testing.T) {
	w := newWorld(t, nil)
	p, n := w.put(0, "first")
	w.call("host_output_write", p, n)
	first := w.Output()
	w.Begin(CallIO{})
	w.put(0, "other")
	w.call("host_output_write", p, n)
	if string(first) != "first" {
		t.Errorf("the first call's output became %q", first)
	}
}

// Proves: vm 14.26
func TestResultSlot(t *testing.T) {
	w := newWorld(t, func(c *StateConfig) { c.Env["LANG"] = "the value" })
	p, n := w.put(100, "LANG")
	for _, c := range []struct{ ptr, capacity uint64 }{{0, 0}, {10, 8}} {
		clear(w.g.mem[:100])
		if size := w.call("host_env_get", p, n, c.ptr, c.capacity); size != 9 {
			t.Fatalf("size with room for %d = %d, want the full size", c.capacity, size)
		}
		if !bytes.Equal(w.g.mem[:100], make([]byte, 100)) {
			t.Error("a buffer too small was written to")
		}
	}
	if got := w.call("host_result_read", 4, 0, 50); got != 5 || string(w.g.mem[:5]) != "value" {
		t.Errorf("host_result_read = %d, %q", got, w.g.mem[:5])
	}
	if got := w.call("host_result_read", 9, 0, 50); got != 0 {
		t.Errorf("at the end = %d", got)
	}
	views := 0
	w.svc.Storage = countedStore{w.store, &views}
	p, n = w.put(100, "k")
	w.call("host_storage_set", p, n, 0, 20)
	views = 0
	w.call("host_storage_commit")
	if size := w.call("host_storage_get", p, n, 0, 0); size != 20 {
		t.Fatalf("size = %d", size)
	}
	w.call("host_result_read", 0, 0, 20)
	if views != 1 {
		t.Errorf("the store was asked %d times, want once", views)
	}
	w.Begin(CallIO{})
	if got := Code(w.call("host_result_read", 1, 0, 1)); got != BadArgument {
		t.Errorf("the slot lived on into the next call: %s", got)
	}
}

type countedStore struct {
	Store
	views *int
}

func (c countedStore) View(ctx context.Context, ns Namespace, f func(StoreView) error) error {
	*c.views++
	return c.Store.View(ctx, ns, f)
}

func TestFail(t *testing.T) {
	w := newWorld(t, nil)
	if failed, _, _ := w.Failure(); failed {
		t.Error("a fresh call has failed")
	}
	p, n := w.put(0, "no such page")
	if code := w.call("host_fail", 404, p, n); code != 0 {
		t.Fatal(Code(code))
	}
	failed, code, text := w.Failure()
	if !failed || code != 404 || text != "no such page" {
		t.Errorf("Failure = %v, %d, %q", failed, code, text)
	}
	w.Begin(CallIO{})
	if failed, _, _ := w.Failure(); failed {
		t.Error("the failure lived on into the next call")
	}
}

func TestSmallFunctions(t *testing.T) {
	w := newWorld(t, nil)
	if v := w.call("host_abi_version"); v != 1 {
		t.Errorf("host_abi_version = %d", v)
	}
	before := w.g.FuelRemaining()
	if left := int64(w.raw("host_fuel_remaining")); left != before-baseCall {
		t.Errorf("host_fuel_remaining = %d, want %d", left, before-baseCall)
	}
	w.g.spent = 2_000_000
	if left := int64(w.raw("host_fuel_remaining")); left != 0 {
		t.Errorf("host_fuel_remaining in debt = %d", left)
	}
	w.g.spent = 0
	for name, want := range map[string]string{"LANG": "en", "EMPTY": ""} {
		p, n := w.put(0, name)
		if size := w.call("host_env_get", p, n, 50, 50); size != int32(len(want)) || string(w.g.mem[50:50+size]) != want {
			t.Errorf("%s = %d, %q", name, size, w.g.mem[50:55])
		}
	}
}

// Proves: vm 14.20, vm 14.22
func TestCapabilityCheck(t *testing.T) {
	w := newWorld(t, func(c *StateConfig) {
		c.Rights = granted(t, spirit.ActuatorLog, spirit.StorageRead.On("cache/"), spirit.Capability{Type: spirit.TypeSensorEnvironment, Target: "LANG"})
	})
	for text, want := range map[string]int32{
		"log": 1, "actuator.log": 1, "ACTUATOR_LOG": 1, "time": 0, "storage.read:cache/x": 1, "storage.read:cache/": 1,
		"storage.read:other": 0, "storage.read": 0, "storage.write:cache/x": 0, "env:LANG": 1, "env:HOME": 0, "sensor": 0,
	} {
		p, n := w.put(0, text)
		if got := w.call("host_capability_check", p, n); got != want {
			t.Errorf("%s = %d, want %d", text, got, want)
		}
	}
	if d := w.Denials(); len(d) != 0 {
		t.Errorf("probing was recorded as denied: %v", d)
	}
	p, n := w.put(0, "SECRET")
	if code := Code(w.call("host_env_get", p, n, 0, 0)); code != Denied {
		t.Errorf("a variable that is not granted = %s", code)
	}
}

// A sandbox that pauses for fuel inside a host call makes its effect once,
// after the charge.
func TestChargeComesBeforeTheEffect(t *testing.T) {
	w := newWorld(t, nil)
	charges := 0
	w.g.onCharge = func(n uint64) {
		charges++
		if got := len(w.Output()); got != 0 {
			t.Errorf("%d bytes were written before the charge", got)
		}
		if n != baseCall+1 {
			t.Errorf("charged %d for 5 bytes, want %d", n, baseCall+1)
		}
		w.g.mem = append([]byte(nil), w.g.mem...) // memory may move while the guest is paused
	}
	p, n := w.put(0, "hello")
	w.call("host_output_write", p, n)
	if charges != 1 || string(w.Output()) != "hello" {
		t.Errorf("%d charges, output %q", charges, w.Output())
	}
}

func TestTariff(t *testing.T) {
	for _, c := range []struct {
		name string
		args []uint64
		want uint64
	}{
		{"host_abi_version", nil, 100},
		{"host_random_bytes", []uint64{0, 1}, 101},
		{"host_random_bytes", []uint64{0, 64}, 101},
		{"host_random_bytes", []uint64{0, 65}, 102},
		{"host_log_info", []uint64{0, 0}, 100},
		{"host_output_write", []uint64{0, 640}, 110},
		{"host_input_read", []uint64{0, 0, 64}, 101},
		{"host_storage_set", []uint64{0, 4, 0, 60}, 10_001},
		{"host_storage_set", []uint64{0, 4, 0, 61}, 10_002},
		{"host_storage_get", []uint64{0, 4, 0, 0}, 10_001},
		{"host_storage_commit", nil, 10_000},
		{"vudo_breakpoint", nil, 100},
	} {
		w := newWorld(t, nil)
		w.raw(c.name, c.args...)
		if w.g.spent != c.want {
			t.Errorf("%s%v cost %d, want %d", c.name, c.args, w.g.spent, c.want)
		}
		if w.g.polls != 1 {
			t.Errorf("%s looked %d times whether it must stop", c.name, w.g.polls)
		}
	}
}

// A transfer of many megabytes stays stoppable while it is digested, and its
// digest still covers every byte and nothing beyond the memory.
func TestLargeTransfersLookAtStop(t *testing.T) {
	digest := func(change int, n uint64) ([32]byte, int, uint64) {
		w := newWorld(t, nil)
		w.g.mem = make([]byte, 5*journalPiece)
		if change >= 0 {
			w.g.mem[change] = 1
		}
		w.reads(8, n, errnoSuccess)
		return w.journal.sum(), w.g.polls, w.out
	}
	const n = 4*journalPiece + 1
	plain, polls, out := digest(-1, n)
	if polls != 4 || out != n {
		t.Errorf("%d looks and %d bytes, want 4 and %d", polls, out, n)
	}
	for _, at := range []int{8, 7 + journalPiece, 8 + journalPiece, 8 + n - 1} {
		if sum, _, _ := digest(at, n); sum == plain {
			t.Errorf("a changed byte at %d does not show", at)
		}
	}
	for _, at := range []int{7, 8 + n} {
		if sum, _, _ := digest(at, n); sum != plain {
			t.Errorf("a byte at %d, outside of the transfer, shows", at)
		}
	}
	if _, polls, out := digest(-1, 5*journalPiece); polls != 0 || out != 0 {
		t.Errorf("a range past the end: %d looks, %d bytes", polls, out)
	}
}
