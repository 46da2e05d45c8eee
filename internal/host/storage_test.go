package host

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/univrs/vudo/internal/fault"
)

func (w *world) set(key, value string) Code {
	w.g.t.Helper()
	p, n := w.put(64, key)
	v, l := w.put(64+2048, value)
	return Code(w.call("host_storage_set", p, n, v, l))
}

func (w *world) get(key string) (string, Code) {
	w.g.t.Helper()
	p, n := w.put(64, key)
	size := w.call("host_storage_get", p, n, 4096, 4096)
	if size < 0 {
		return "", Code(size)
	}
	return string(w.g.mem[4096 : 4096+size]), Success
}

func (w *world) del(key string) int32 {
	w.g.t.Helper()
	p, n := w.put(64, key)
	return w.call("host_storage_delete", p, n)
}

// keys lists and decodes.
func (w *world) keys(prefix, after string) []string {
	w.g.t.Helper()
	p, n := w.put(64, prefix)
	c, l := w.put(64+1024, after)
	size := w.call("host_storage_list", p, n, c, l, 8192, 32768)
	if size < 0 {
		w.g.t.Fatalf("list = %s", Code(size))
	}
	var out []string
	for b := w.g.mem[8192 : 8192+size]; len(b) > 0; {
		k := binary.LittleEndian.Uint32(b)
		out = append(out, string(b[4:4+k]))
		b = b[4+k:]
	}
	return out
}

// others writes to the namespace as another call would.
func (w *world) others(f func(tx StoreTx) error) {
	w.g.t.Helper()
	if err := w.store.Update(context.Background(), w.cfg.Namespace, f); err != nil {
		w.g.t.Fatal(err)
	}
}

func (w *world) othersPut(key, value string) {
	w.g.t.Helper()
	w.others(func(tx StoreTx) error { return tx.Put([]byte(key), []byte(value)) })
}

// stored is what the store has.
func (w *world) stored() map[string]string {
	w.g.t.Helper()
	out := map[string]string{}
	err := w.store.View(context.Background(), w.cfg.Namespace, func(v StoreView) error {
		keys, err := v.List(nil, nil, 1<<20)
		for _, k := range keys {
			value, _, err := v.Get(k)
			if err != nil {
				return err
			}
			out[string(k)] = string(value)
		}
		return err
	})
	if err != nil {
		w.g.t.Fatal(err)
	}
	return out
}

func (w *world) commit() error {
	w.g.t.Helper()
	return w.Commit(context.Background())
}

// Proves: vm 14.25
func TestStorageEmptyIsNotAbsent(t *testing.T) {
	w := newWorld(t, nil)
	if _, code := w.get("k"); code != NotFound {
		t.Errorf("absent = %s", code)
	}
	w.set("k", "")
	if v, code := w.get("k"); code != Success || v != "" {
		t.Errorf("stored empty = %q, %s", v, code)
	}
	if n := w.del("k"); n != 1 {
		t.Errorf("first delete = %d, want 1", n)
	}
	if n := w.del("k"); n != 0 {
		t.Errorf("second delete = %d, want 0", n)
	}
	if _, code := w.get("k"); code != NotFound {
		t.Errorf("deleted = %s", code)
	}
	if code := w.set(strings.Repeat("k", MaxKey), "v"); code != Success {
		t.Errorf("a key of %d bytes = %s", MaxKey, code)
	}
	w.g.mem = make([]byte, MaxValue+1024)
	if code := Code(w.call("host_storage_set", 0, 4, 8, MaxValue)); code != Success {
		t.Errorf("a value of %d bytes = %s", MaxValue, code)
	}
}

func TestStorageCommitsAtTheEnd(t *testing.T) {
	w := newWorld(t, nil)
	w.set("a", "1")
	if got := w.stored(); len(got) != 0 {
		t.Errorf("before the end of the call the store has %v", got)
	}
	if err := w.commit(); err != nil {
		t.Fatal(err)
	}
	if got := w.stored(); got["a"] != "1" {
		t.Errorf("after the call the store has %v", got)
	}
	w.Begin(CallIO{})
	w.set("a", "2")
	w.set("b", "2")
	w.Rollback()
	if got := w.stored(); !maps.Equal(got, map[string]string{"a": "1"}) {
		t.Errorf("after a failed call the store has %v", got)
	}
	w.Begin(CallIO{})
	if v, _ := w.get("a"); v != "1" {
		t.Errorf("the next call reads %q", v)
	}
}

func TestStorageCommitWithinTheCall(t *testing.T) {
	w := newWorld(t, nil)
	w.set("a", "1")
	if code := w.call("host_storage_commit"); code != 0 {
		t.Fatal(Code(code))
	}
	w.set("b", "2")
	w.Rollback()
	if got := w.stored(); !maps.Equal(got, map[string]string{"a": "1"}) {
		t.Errorf("the store has %v", got)
	}
	// A lost race is answered within the call, which can then try again.
	w.Begin(CallIO{})
	w.get("a")
	w.othersPut("a", "theirs")
	w.set("c", "3")
	if code := Code(w.call("host_storage_commit")); code != Conflict {
		t.Errorf("commit after a lost race = %s", code)
	}
	if v, code := w.get("a"); v != "theirs" || code != Success {
		t.Errorf("the new transaction reads %q, %s", v, code)
	}
	w.set("a", "mine")
	if err := w.commit(); err != nil {
		t.Errorf("the second try: %v", err)
	}
	if got := w.stored(); got["a"] != "mine" || got["c"] != "" {
		t.Errorf("the store has %v", got)
	}
}

// Every way in which what a call has read can be changed by another call
// before it commits is a conflict, and nothing is written; what it has not
// read is no conflict.
//
// Proves: vm 14.33
func TestConflicts(t *testing.T) {
	remove := func(k string) func(w *world) {
		return func(w *world) { w.others(func(tx StoreTx) error { return tx.Delete([]byte(k)) }) }
	}
	write := func(k, v string) func(w *world) { return func(w *world) { w.othersPut(k, v) } }
	for _, c := range []struct {
		name     string
		mine     func(w *world)
		theirs   func(w *world)
		conflict bool
	}{
		{"read key changed", func(w *world) { w.get("a") }, write("a", "x"), true},
		{"read key rewritten with the same value", func(w *world) { w.get("a") }, write("a", "1"), true},
		{"read key deleted", func(w *world) { w.get("a") }, remove("a"), true},
		{"absent key appeared", func(w *world) { w.get("new") }, write("new", "x"), true},
		{"deleted key changed", func(w *world) { w.del("a") }, write("a", "x"), true},
		{"key absent at delete appeared", func(w *world) { w.del("new") }, write("new", "x"), true},
		{"listed key vanished", func(w *world) { w.keys("", "") }, remove("b"), true},
		{"key appeared within a list", func(w *world) { w.keys("", "") }, write("ab", "x"), true},
		{"key appeared after the last listed one", func(w *world) { w.keys("", "") }, write("z", "x"), true},
		{"key appeared in an empty list", func(w *world) { w.keys("none", "") }, write("none1", "x"), true},
		{"key appeared outside of the listed prefix", func(w *world) { w.keys("a", "") }, write("zz", "x"), false},
		{"value changed of a key that was listed only", func(w *world) { w.keys("", "") }, write("b", "x"), false},
		{"blind write", func(w *world) { w.set("a", "mine") }, write("a", "x"), false},
		{"own write read back", func(w *world) { w.set("a", "mine"); w.get("a") }, write("a", "x"), false},
		{"other key changed", func(w *world) { w.get("a") }, write("b", "x"), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, writes := range []bool{true, false} {
				w := newWorld(t, nil)
				w.othersPut("a", "1")
				w.othersPut("b", "1")
				c.mine(w)
				if writes {
					w.set("out", "v")
				}
				c.theirs(w)
				err := w.commit()
				if errors.Is(err, fault.ErrConflict) != c.conflict || !c.conflict && err != nil {
					t.Errorf("writes %v: commit = %v, want conflict %v", writes, err, c.conflict)
				}
				if _, ok := w.stored()["out"]; ok != (writes && !c.conflict) {
					t.Errorf("writes %v: the store has %v", writes, w.stored())
				}
			}
		})
	}
}

// Proves: vm 14.33
func TestKeyMetWithTwoRevisions(t *testing.T) {
	w := newWorld(t, nil)
	w.othersPut("a", "1")
	w.get("a")
	w.othersPut("a", "2")
	if _, code := w.get("a"); code != Conflict {
		t.Errorf("the second revision = %s", code)
	}
	if code := w.set("b", "x"); code != Conflict {
		t.Errorf("a write after that = %s", code)
	}
	if err := w.commit(); !errors.Is(err, fault.ErrConflict) {
		t.Errorf("commit = %v", err)
	}
	w.Begin(CallIO{})
	w.keys("", "")
	w.othersPut("new", "x")
	p, n := w.put(0, "")
	if code := Code(w.call("host_storage_list", p, n, 0, 0, 0, 0)); code != Conflict {
		t.Errorf("a list with two answers = %s", code)
	}
}

func TestPendingLimits(t *testing.T) {
	w := newWorld(t, nil)
	w.g.mem = make([]byte, 9<<20)
	set := func(i uint32, size uint64) Code {
		binary.LittleEndian.PutUint32(w.g.mem, i)
		return Code(w.call("host_storage_set", 0, 4, 8, size))
	}
	for i := range uint32(3) {
		if code := set(i, 8<<20); code != Success {
			t.Fatalf("write %d = %s", i, code)
		}
	}
	room := uint64(MaxPendingBytes - 3*(8<<20) - 4*4)
	if code := set(3, room+1); code != LimitHit {
		t.Errorf("one byte above 32 MiB pending = %s", code)
	}
	if code := set(3, room); code != Success {
		t.Errorf("32 MiB pending = %s", code)
	}
	if code := set(3, 1); code != Success {
		t.Errorf("a smaller value in place of a great one = %s", code)
	}
	w.Begin(CallIO{})
	for i := range uint32(MaxPendingKeys) {
		if code := set(i, 0); code != Success {
			t.Fatalf("key %d = %s", i, code)
		}
	}
	if code := set(MaxPendingKeys, 0); code != LimitHit {
		t.Errorf("key %d = %s", MaxPendingKeys+1, code)
	}
	if code := set(0, 1); code != Success {
		t.Errorf("a key that is pending already = %s", code)
	}
	w.Begin(CallIO{})
	for i := range uint32(MaxPendingKeys + 1) { // what is remembered of reads is bounded too
		binary.LittleEndian.PutUint32(w.g.mem, i)
		code := Code(w.call("host_storage_get", 0, 4, 0, 0))
		if want := map[bool]Code{false: NotFound, true: LimitHit}[i == MaxPendingKeys]; code != want {
			t.Fatalf("read %d = %s, want %s", i, code, want)
		}
	}
}

func TestStorageQuota(t *testing.T) {
	w := newWorld(t, func(c *StateConfig) { c.Limits.StorageBytes = 10 })
	if code := w.set("k", "123456789"); code != Success {
		t.Errorf("10 bytes = %s", code)
	}
	if code := w.set("k", "1234567890"); code != LimitHit {
		t.Errorf("11 bytes = %s", code)
	}
	if code := w.set("l", ""); code != LimitHit {
		t.Errorf("one more key = %s", code)
	}
	if v, _ := w.get("k"); v != "123456789" {
		t.Errorf("a refused write left %q", v)
	}
	w.del("k")
	if code := w.set("l", "123456789"); code != Success {
		t.Errorf("after a delete = %s", code)
	}
	if err := w.commit(); err != nil {
		t.Fatal(err)
	}
	w.Begin(CallIO{})
	if code := w.set("m", ""); code != LimitHit {
		t.Errorf("in the next call = %s", code)
	}
	if code := w.set("l", "12345"); code != Success {
		t.Errorf("a smaller value = %s", code)
	}
	if err := w.commit(); err != nil {
		t.Fatal(err)
	}
	w.Begin(CallIO{})
	if code := w.set("m", "123"); code != Success {
		t.Errorf("into the room that is left = %s", code)
	}
	w.othersPut("x", "12345") // another call takes it meanwhile
	if err := w.commit(); !errors.Is(err, fault.ErrConflict) {
		t.Errorf("commit into a namespace that was filled meanwhile: %v", err)
	}
	if got := w.stored(); !maps.Equal(got, map[string]string{"l": "12345", "x": "12345"}) {
		t.Errorf("the store has %v", got)
	}
	w.Begin(CallIO{})
	w.del("x") // the namespace is above its quota now: shrinking it is allowed
	if err := w.commit(); err != nil {
		t.Errorf("a commit that makes the namespace smaller: %v", err)
	}
}

func TestListPages(t *testing.T) {
	w := newWorld(t, nil)
	w.others(func(tx StoreTx) error {
		for i := range 2500 {
			if err := tx.Put(fmt.Appendf(nil, "k%04d", i), nil); err != nil {
				return err
			}
		}
		return nil
	})
	for i := range 1200 { // more deleted than one page holds
		w.del(fmt.Sprintf("k%04d", i))
	}
	w.set("k0005", "back")
	w.set("k1500x", "new")
	var all []string
	for after := ""; ; {
		page := w.keys("k", after)
		if len(page) > MaxListKeys {
			t.Fatalf("a page of %d keys", len(page))
		}
		if len(page) == 0 {
			break
		}
		all = append(all, page...)
		after = page[len(page)-1]
	}
	if len(all) != 1302 || all[0] != "k0005" || all[1] != "k1200" || !slices.Contains(all, "k1500x") || !slices.IsSorted(all) {
		t.Errorf("%d keys, beginning with %v", len(all), all[:3])
	}
	if err := w.commit(); err != nil {
		t.Error(err)
	}
}

// A failing store is an error of the host, not of the call's data.
func TestStoreErrors(t *testing.T) {
	w := newWorld(t, nil)
	w.set("k", "v")
	w.tx.store = brokenStore{}
	if err := w.commit(); err == nil || errors.Is(err, fault.ErrConflict) {
		t.Errorf("commit on a broken store = %v", err)
	}
	if got := w.stored(); len(got) != 0 {
		t.Errorf("the store has %v", got)
	}
}

// Random calls against a map, with other writers in between: a call sees its
// own writes over what is committed, and either all of them become visible or
// none, with a conflict exactly when something it read has changed.
func TestTransactionModel(t *testing.T) {
	key := rapid.SampledFrom([]string{"a", "aa", "ab", "b", "c"})
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t, nil)
		base := map[string]string{}
		for range rapid.IntRange(1, 6).Draw(rt, "calls") {
			w.Begin(CallIO{})
			mine := maps.Clone(base)      // as this call sees it
			written := map[string]bool{}  // keys it decides
			read := map[string]bool{}     // keys it has read from the store
			absent := map[string]bool{}   // those of them that were not there
			listed := map[string]bool{}   // prefixes
			changed := map[string]bool{}  // keys another call wrote after this one read
			presence := map[string]bool{} // keys that appeared or vanished
			committed := maps.Clone(base)
			lost := false
			for range rapid.IntRange(0, 8).Draw(rt, "operations") {
				k := key.Draw(rt, "key")
				switch rapid.SampledFrom([]string{"get", "set", "delete", "list", "other put", "other delete"}).Draw(rt, "operation") {
				case "get":
					v, code := w.get(k)
					if lost || !written[k] && read[k] && changed[k] {
						lost = true
						if code != Conflict {
							rt.Fatalf("get %s after a lost race = %s", k, code)
						}
						continue
					}
					if !written[k] {
						if !read[k] {
							delete(changed, k)
							mine[k] = committed[k]
							if _, ok := committed[k]; !ok {
								delete(mine, k)
								absent[k] = true
							}
						}
						read[k] = true
					}
					want, ok := mine[k]
					if ok != (code == Success) || v != want {
						rt.Fatalf("get %s = %q, %s; want %q, %v", k, v, code, want, ok)
					}
				case "set":
					v := rapid.StringMatching("[a-z]{0,4}").Draw(rt, "value")
					code := w.set(k, v)
					if lost {
						if code != Conflict {
							rt.Fatalf("set after a lost race = %s", code)
						}
						continue
					}
					mine[k], written[k] = v, true
				case "delete":
					n := w.del(k)
					if lost || !written[k] && read[k] && changed[k] {
						lost = true
						if Code(n) != Conflict {
							rt.Fatalf("delete after a lost race = %d", n)
						}
						continue
					}
					if !written[k] {
						if !read[k] {
							delete(changed, k)
							if _, ok := committed[k]; !ok {
								delete(mine, k)
								absent[k] = true
							} else {
								mine[k] = committed[k]
							}
						}
						read[k] = true
					}
					if _, ok := mine[k]; ok != (n == 1) {
						rt.Fatalf("delete %s = %d", k, n)
					}
					delete(mine, k)
					written[k] = true
				case "list":
					if lost || len(listed) > 0 || len(presence) > 0 {
						continue
					}
					got := w.keys("a", "")
					listed["a"] = true
					var want []string
					for _, k := range []string{"a", "aa", "ab"} {
						_, there := committed[k]
						if written[k] {
							_, there = mine[k]
						}
						if there {
							want = append(want, k)
						}
					}
					if !slices.Equal(got, want) {
						rt.Fatalf("list = %q, want %q", got, want)
					}
				case "other put":
					if _, ok := committed[k]; !ok && listed["a"] && k[0] == 'a' {
						presence[k] = !presence[k]
					}
					w.othersPut(k, "other")
					committed[k] = "other"
					changed[k] = true
				case "other delete":
					if _, ok := committed[k]; ok {
						if listed["a"] && k[0] == 'a' {
							presence[k] = !presence[k]
						}
						w.others(func(tx StoreTx) error { return tx.Delete([]byte(k)) })
						delete(committed, k)
						changed[k] = !absent[k] // what comes and goes again was never there
					}
				}
			}
			conflict := lost
			for k := range read {
				conflict = conflict || changed[k]
			}
			for _, differs := range presence {
				conflict = conflict || differs
			}
			if rapid.Bool().Draw(rt, "fail") {
				w.Rollback()
				written = nil
			} else if err := w.commit(); errors.Is(err, fault.ErrConflict) != conflict || !conflict && err != nil {
				rt.Fatalf("commit = %v, want conflict %v (read %v, changed %v, presence %v)", err, conflict, read, changed, presence)
			} else if conflict {
				written = nil
			}
			base = committed
			for k := range written {
				if v, ok := mine[k]; ok {
					base[k] = v
				} else {
					delete(base, k)
				}
			}
			if got := w.stored(); !maps.Equal(got, base) {
				rt.Fatalf("the store has %v, want %v", got, base)
			}
		}
	})
}
