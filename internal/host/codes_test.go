package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/spirit"
)

// A codeCase makes one function return one code.
type codeCase struct {
	name   string
	code   Code
	change func(*StateConfig)
	args   func(w *world) []uint64
}

const outside = wasmPage + 1 // an address past the memory of newWorld

func args(a ...uint64) func(*world) []uint64 { return func(*world) []uint64 { return a } }

// text puts s at 64 and returns its range after the given parameters.
func text(s string, before ...uint64) func(*world) []uint64 {
	return func(w *world) []uint64 {
		if need := 64 + len(s); need > len(w.g.mem) {
			w.g.mem = make([]byte, need)
		}
		p, n := w.put(64, s)
		return append(before, p, n)
	}
}

func nothingGranted(c *StateConfig) { c.Rights = nil }
func noStore(c *StateConfig)        { c.Services.Storage = nil }
func noLog(c *StateConfig)          { c.Services.Logger = nil }
func noRandom(c *StateConfig)       { c.Services.Random = failing{} }

// brokenStore fails every transaction.
type brokenStore struct{ Store }

func (brokenStore) View(_ context.Context, _ Namespace, _ func(StoreView) error) error {
	return errors.New("disk error")
}

func (brokenStore) Update(_ context.Context, _ Namespace, _ func(StoreTx) error) error {
	return errors.New("disk error")
}

func badStore(c *StateConfig) { c.Services.Storage = brokenStore{} }

// lostRace has read k before another call changes it.
func lostRace(w *world) {
	p, n := w.put(64, "k")
	w.call("host_storage_get", p, n, 0, 0)
	err := w.store.Update(w.g.ctx, w.State.cfg.Namespace, func(tx StoreTx) error { return tx.Put([]byte("k"), []byte("theirs")) })
	if err != nil {
		w.g.t.Fatal(err)
	}
}

func storageCases(name string, tail ...uint64) []codeCase {
	key := func(s string) func(w *world) []uint64 {
		return func(w *world) []uint64 { return append(text(s)(w), tail...) }
	}
	return []codeCase{
		{name, Denied, nothingGranted, key("k")},
		{name, BadMemory, nil, args(append([]uint64{outside, 1}, tail...)...)},
		{name, BadArgument, nil, key("")},
		{name, BadArgument, nil, key(strings.Repeat("k", 1025))},
		{name, StorageFail, badStore, key("k")},
		{name, Unavailable, noStore, key("k")},
		{name, Conflict, nil, func(w *world) []uint64 { // the transaction has met k with two revisions
			lostRace(w)
			p, n := w.put(64, "k")
			w.call("host_storage_get", p, n, 0, 0)
			return append([]uint64{p, n}, tail...)
		}},
		{name, LimitHit, nil, func(w *world) []uint64 {
			w.transact().notes = MaxPendingKeys
			return key("k")(w)
		}},
	}
}

func logCases(name string, before ...uint64) []codeCase {
	return []codeCase{
		{name, Denied, nothingGranted, text("x", before...)},
		{name, BadMemory, nil, args(append(before, outside, 1)...)},
		{name, LimitHit, func(c *StateConfig) { c.Limits.LogBytes = 3 }, text("four", before...)},
		{name, RateHit, nil, text(strings.Repeat("\n", LogBurst+1), before...)},
		{name, Unavailable, noLog, text("x", before...)},
	}
}

func codeCases() []codeCase {
	var cs []codeCase
	for _, name := range []string{"host_time_now", "host_time_monotonic", "vudo_now", "vudo_monotonic_now", "host_random_u64", "vudo_random"} {
		cs = append(cs, codeCase{name, Denied, nothingGranted, args()})
	}
	for name, unit := range map[string]uint64{"host_time_sleep": 1, "vudo_sleep": 1} {
		cs = append(cs,
			codeCase{name, Denied, nothingGranted, args(1)},
			codeCase{name, BadArgument, nil, args(60_001 * unit)},
			codeCase{name, BadArgument, nil, args(math.MaxUint64)},
			codeCase{name, Timeout, nil, func(w *world) []uint64 {
				w.clock.onAfter = func(time.Duration) {
					if err := w.rights.Revoke(spirit.SensorTime); err != nil {
						t := w.g.t
						t.Error(err)
					}
				}
				return []uint64{1000}
			}},
		)
	}
	for _, name := range []string{"host_random_bytes", "vudo_random_bytes"} {
		cs = append(cs,
			codeCase{name, Denied, nothingGranted, args(0, 8)},
			codeCase{name, BadMemory, nil, args(wasmPage-7, 8)},
			codeCase{name, BadArgument, nil, args(0, 0)},
			codeCase{name, BadArgument, nil, func(w *world) []uint64 {
				w.g.mem = make([]byte, 2<<20)
				return []uint64{0, MaxRandomBytes + 1}
			}},
			codeCase{name, Internal, noRandom, args(0, 8)})
	}
	cs = append(cs, logCases("host_log_info")...)
	cs = append(cs, logCases("host_log_error")...)
	cs = append(cs, logCases("host_log", 4)...)
	cs = append(cs, logCases("vudo_print")...)
	cs = append(cs, logCases("vudo_println")...)
	cs = append(cs, logCases("vudo_error")...)
	cs = append(cs, logCases("vudo_log", 1)...)
	long := strings.Repeat("x", MaxText+1)
	cs = append(cs,
		codeCase{"host_log_info", BadArgument, nil, text(long)},
		codeCase{"host_log_error", BadArgument, nil, text("\xff")},
		codeCase{"host_log", BadArgument, nil, text("x", 5)},
		codeCase{"host_log", BadArgument, nil, text("x", 255)},
		codeCase{"host_log", BadArgument, nil, text("x", 256)},
		codeCase{"host_log", BadArgument, nil, text("x", math.MaxUint32)},
		codeCase{"vudo_print", BadArgument, nil, text(long)},
		codeCase{"vudo_println", BadArgument, nil, text(long)},
		codeCase{"vudo_error", BadArgument, nil, text(long)},
		codeCase{"vudo_log", BadArgument, nil, text(long, 1)},
	)
	cs = append(cs, storageCases("host_storage_get", 0, 0)...)
	cs = append(cs, storageCases("host_storage_set", 0, 0)...)
	cs = append(cs, storageCases("host_storage_delete")...)
	for _, c := range storageCases("host_storage_list", 0, 0, 0, 0) {
		if c.code != BadArgument { // an empty prefix is fine
			cs = append(cs, c)
		}
	}
	cs = append(cs,
		codeCase{"host_storage_get", BadMemory, nil, func(w *world) []uint64 { return append(text("k")(w), outside, 1) }},
		codeCase{"host_storage_get", NotFound, nil, func(w *world) []uint64 { return append(text("k")(w), 0, 0) }},
		codeCase{"host_storage_set", BadMemory, nil, func(w *world) []uint64 { return append(text("k")(w), outside, 1) }},
		codeCase{"host_storage_set", BadArgument, nil, func(w *world) []uint64 {
			w.g.mem = make([]byte, MaxValue+200)
			return append(text("k")(w), 100, MaxValue+1)
		}},
		codeCase{
			"host_storage_set", LimitHit, func(c *StateConfig) { c.Limits.StorageBytes = 8 },
			func(w *world) []uint64 { return append(text("k")(w), 0, 8) },
		},
		codeCase{"host_storage_list", BadMemory, nil, args(0, 0, outside, 1, 0, 0)},
		codeCase{"host_storage_list", BadMemory, nil, args(0, 0, 0, 0, 0, wasmPage+1)},
		codeCase{"host_storage_list", BadArgument, nil, args(0, 1025, 0, 0, 0, 0)},
		codeCase{"host_storage_list", BadArgument, nil, args(0, 0, 0, 1025, 0, 0)},
		codeCase{"host_storage_commit", Conflict, nil, func(w *world) []uint64 { lostRace(w); return nil }},
		codeCase{"host_storage_commit", StorageFail, nil, func(w *world) []uint64 {
			p, n := w.put(64, "k")
			w.call("host_storage_set", p, n, 0, 0)
			w.tx.store = brokenStore{}
			return nil
		}},
		codeCase{"host_result_read", BadMemory, nil, args(0, outside, 1)},
		codeCase{"host_result_read", BadArgument, nil, args(1, 0, 1)},
		codeCase{"host_input_len", Unavailable, nil, func(w *world) []uint64 { w.Begin(CallIO{Stdin: strings.NewReader("x")}); return nil }},
		codeCase{"host_input_read", BadMemory, nil, args(0, outside, 1)},
		codeCase{"host_input_read", BadArgument, nil, args(10, 0, 1)},
		codeCase{"host_input_read", BadArgument, nil, func(w *world) []uint64 {
			w.Begin(CallIO{Stdin: strings.NewReader("x")})
			return []uint64{1, 0, 1}
		}},
		codeCase{"host_input_read", LimitHit, func(c *StateConfig) { c.Limits.InputBytes = 3 }, func(w *world) []uint64 {
			w.Begin(CallIO{Stdin: strings.NewReader("four")})
			if n := w.call("host_input_read", 0, 0, 9); n != 3 {
				w.g.t.Errorf("read %d bytes of a stream under a limit of 3", n)
			}
			return []uint64{3, 0, 9}
		}},
		codeCase{"host_input_read", Internal, nil, func(w *world) []uint64 {
			w.Begin(CallIO{Stdin: iotest.ErrReader(errors.New("broken pipe"))})
			return []uint64{0, 0, 9}
		}},
		codeCase{"host_output_write", BadMemory, nil, args(outside, 1)},
		codeCase{"host_output_write", LimitHit, func(c *StateConfig) { c.Limits.OutputBytes = 3 }, args(0, 4)},
		codeCase{"host_output_write", Internal, nil, func(w *world) []uint64 {
			w.Begin(CallIO{Stdout: &brokenWriter{}})
			return []uint64{0, 4}
		}},
		codeCase{"host_fail", BadMemory, nil, args(1, outside, 1)},
		codeCase{"host_fail", BadArgument, nil, args(0, 0, 0)},
		codeCase{"host_fail", BadArgument, nil, args(1, 0, 4097)},
		codeCase{"host_fail", BadArgument, nil, text("\xff", 1)},
		codeCase{"host_capability_check", BadMemory, nil, args(outside, 1)},
		codeCase{"host_capability_check", BadArgument, nil, args(0, 0)},
		codeCase{"host_capability_check", BadArgument, nil, text("nonsense")},
		codeCase{"host_capability_check", BadArgument, nil, text(strings.Repeat("x", 2113))},
		codeCase{"host_env_get", Denied, nothingGranted, func(w *world) []uint64 { return append(text("LANG")(w), 0, 0) }},
		codeCase{"host_env_get", BadMemory, nil, args(outside, 1, 0, 0)},
		codeCase{"host_env_get", BadMemory, nil, func(w *world) []uint64 { return append(text("LANG")(w), outside, 1) }},
		codeCase{"host_env_get", BadArgument, nil, args(0, 0, 0, 0)},
		codeCase{"host_env_get", BadArgument, nil, args(0, 257, 0, 0)},
		codeCase{"host_env_get", NotFound, nil, func(w *world) []uint64 { return append(text("HOME")(w), 0, 0) }},
		codeCase{"vudo_alloc", LimitHit, func(c *StateConfig) { c.Grow = nil }, args(1)},
		codeCase{"vudo_free", BadArgument, nil, args(8, 8)},
		codeCase{"vudo_realloc", BadArgument, nil, args(8, 8, 16)},
		codeCase{"vudo_realloc", LimitHit, func(c *StateConfig) { c.Grow = nil }, args(0, 0, 16)},
	)
	return cs
}

type brokenWriter struct{}

func (brokenWriter) Write(p []byte) (int, error) { return 0, io.ErrClosedPipe }

// Every negative code that the table lists for a function is produced here,
// and no other, and a refused call has no effect and costs nothing.
//
// Proves: vm 14.24, vm 14.25, vm 14.27, vm 14.28, vm 14.29, vm 14.17
func TestEveryCode(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range codeCases() {
		f, ok := Find(ModuleVudo, c.name)
		if !ok {
			t.Fatalf("no function %s", c.name)
		}
		t.Run(fmt.Sprintf("%s/%s", c.name, c.code), func(t *testing.T) {
			w := newWorld(t, c.change)
			a := c.args(w)
			w.g.spent = 0
			before := string(w.g.mem)
			got := w.raw(c.name, a...)
			if string(w.g.mem) != before {
				t.Error("memory was changed")
			}
			switch {
			case w.g.ended != nil:
				want := c.code == Denied && (f.result == resultNone || f.result == resultBits)
				want = want && w.g.ended.kind == fault.KindDenied
				if !want {
					t.Fatalf("it ended with %+v", *w.g.ended)
				}
			case f.result == resultCode:
				want := int64(c.code)
				if f.family == familyVudo {
					want = int64(c.code.vudo())
				}
				if f.Results[0] == i32 {
					want = int64(uint32(int32(want)))
				}
				if int64(got) != want {
					t.Fatalf("returned %d, want %s (%d)", int64(got), c.code, want)
				}
			case f.result == resultPtr && got != 0:
				t.Fatalf("returned address %d", got)
			case c.code == Denied && f.result == resultText && w.log.text() != "":
				t.Fatalf("denied and logged %q", w.log.text())
			}
			if last := Code(w.call("host_last_error")); w.g.ended == nil && last != c.code {
				t.Errorf("host_last_error = %s, want %s", last, c.code)
			}
			if c.code == Denied || c.code == BadMemory || c.code == BadArgument && f.result != resultPtr && c.name != "vudo_free" {
				if w.g.spent > baseCall { // host_last_error's own
					t.Errorf("a refused call cost %d fuel", w.g.spent-baseCall)
				}
			}
		})
		seen[fmt.Sprint(c.name, c.code)] = true
	}
	listed := map[string]bool{}
	for _, f := range Table() {
		for _, code := range f.Codes {
			listed[fmt.Sprint(f.Name, code)] = true
			if !seen[fmt.Sprint(f.Name, code)] {
				t.Errorf("%s lists %s, and no case produces it", f.Name, code)
			}
		}
	}
	for _, c := range codeCases() {
		if !listed[fmt.Sprint(c.name, c.code)] {
			t.Errorf("%s returns %s, and the table does not list it", c.name, c.code)
		}
	}
}

// Ranges that begin before zero, end past the memory or wrap around 2^32 are
// refused by every function that takes one, in both families.
//
// Proves: vm 14.29
func TestBadRangesEverywhere(t *testing.T) {
	ranges := [][2]uint64{
		{math.MaxUint32, 1},
		{math.MaxUint32, math.MaxUint32},
		{1, math.MaxUint32},
		{wasmPage, 1},
		{wasmPage - 1, 2},
		{0x80000000, 0x80000000},
		{math.MaxUint64, 2},
		{0, math.MaxUint64},
	}
	for _, f := range Table() {
		if f.family == familyWASI || len(f.Params) < 2 || f.Name == "vudo_free" || f.Name == "vudo_realloc" {
			continue
		}
		for _, r := range ranges {
			w := newWorld(t, nil)
			n := len(f.Params)
			stack := make([]uint64, max(1, n))
			switch f.Name {
			case "host_storage_get", "host_storage_set", "host_env_get":
				stack[0], stack[1], stack[2], stack[3] = 0, 1, r[0], r[1]
			default:
				stack[n-2], stack[n-1] = r[0], r[1]
			}
			w.catch(func() { f.Impl(w.State, stack) })
			if f.Name == "vudo_assert" || f.Name == "vudo_panic" { // end the run all the same
				if w.g.ended == nil || w.g.ended.text != "" {
					t.Errorf("%s%v: ended with %+v, want a trap without text", f.Name, r, w.g.ended)
				}
				continue
			}
			if w.g.ended != nil {
				t.Errorf("%s%v: ended with %+v", f.Name, r, *w.g.ended)
			}
			if f.result == resultCode && int32(uint32(stack[0])) != int32(BadMemory) {
				t.Errorf("%s%v = %d, want BAD_MEMORY", f.Name, r, int32(uint32(stack[0])))
			}
			if w.last != BadMemory {
				t.Errorf("%s%v: host_last_error = %s", f.Name, r, w.last)
			}
		}
	}
	if got := BadMemory.vudo(); got != -3 {
		t.Errorf("BAD_MEMORY in the vudo_* family is %d, want -3", got)
	}
}

// Proves: vm 14.24
func TestCodesOfBothFamilies(t *testing.T) {
	want := map[Code]int32{
		Success: 0, Denied: -5, BadMemory: -3, BadArgument: -2, NotFound: -4, Timeout: -6,
		StorageFail: -1, Internal: -1, LimitHit: -1, RateHit: -1, Unavailable: -1, Conflict: -1,
	}
	for code, v := range want {
		if got := code.vudo(); got != v {
			t.Errorf("%s in the vudo_* family is %d, want %d", code, got, v)
		}
	}
	for i, c := range Codes() {
		if int(c.Code) != -(i + 1) {
			t.Errorf("code %d of the list is %d", i, c.Code)
		}
	}
	if s := Code(-99).String(); s != "code -99" {
		t.Errorf("an unknown code prints as %q", s)
	}
}
