// Package storetest is the one conformance suite of storage: what every
// host.Store must do, whatever it keeps its data in.
package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/univrs/vudo/internal/host"
)

// Run runs the suite. open returns an empty store that t closes.
func Run(t *testing.T, open func(t *testing.T) host.Store) {
	for name, f := range map[string]func(*testing.T, host.Store){
		"absent": testAbsent, "empty value": testEmptyValue, "revisions": testRevisions, "all or nothing": testAllOrNothing,
		"list": testList, "usage": testUsage, "namespaces": testNamespaces, "own writes": testOwnWrites,
		"one writer": testOneWriter, "binary keys": testBinaryKeys, "snapshot": testSnapshot, "cancelled": testCancelled,
		"ownership": testOwnership,
	} {
		t.Run(name, func(t *testing.T) { f(t, open(t)) })
	}
	t.Run("model", func(t *testing.T) { testModel(t, open) })
}

var (
	ctx = context.Background()
	one = host.Namespace{1}
	two = host.Namespace{2}
)

func update(t testing.TB, s host.Store, ns host.Namespace, f func(host.StoreTx) error) {
	t.Helper()
	if err := s.Update(ctx, ns, f); err != nil {
		t.Fatalf("Update: %v", err)
	}
}

func put(t testing.TB, s host.Store, ns host.Namespace, key, value string) {
	t.Helper()
	update(t, s, ns, func(tx host.StoreTx) error { return tx.Put([]byte(key), []byte(value)) })
}

func get(t testing.TB, s host.Store, ns host.Namespace, key string) (value string, revision uint64) {
	t.Helper()
	err := s.View(ctx, ns, func(v host.StoreView) error {
		b, r, err := v.Get([]byte(key))
		n, r2, err2 := v.Stat([]byte(key))
		if r2 != r || n != len(b) {
			t.Errorf("Stat(%q) = %d, %d; Get gave %d bytes at %d", key, n, r2, len(b), r)
		}
		value, revision = string(b), r
		return errors.Join(err, err2)
	})
	if err != nil {
		t.Fatalf("View: %v", err)
	}
	return value, revision
}

func list(t testing.TB, s host.Store, ns host.Namespace, prefix, after string, limit int) []string {
	t.Helper()
	var out []string
	err := s.View(ctx, ns, func(v host.StoreView) error {
		keys, err := v.List([]byte(prefix), []byte(after), limit)
		for _, k := range keys {
			out = append(out, string(k))
		}
		return err
	})
	if err != nil {
		t.Fatalf("List: %v", err)
	}
	return out
}

func usage(t testing.TB, s host.Store, ns host.Namespace) (n uint64) {
	t.Helper()
	if err := s.View(ctx, ns, func(v host.StoreView) (err error) { n, err = v.Usage(); return err }); err != nil {
		t.Fatalf("Usage: %v", err)
	}
	return n
}

func testAbsent(t *testing.T, s host.Store) {
	if v, r := get(t, s, one, "k"); v != "" || r != 0 {
		t.Errorf("absent key = %q at %d, want nothing at 0", v, r)
	}
	update(t, s, one, func(tx host.StoreTx) error { return tx.Delete([]byte("k")) })
	if n := usage(t, s, one); n != 0 {
		t.Errorf("usage = %d after deleting nothing", n)
	}
}

func testEmptyValue(t *testing.T, s host.Store) {
	put(t, s, one, "k", "")
	if v, r := get(t, s, one, "k"); v != "" || r == 0 {
		t.Errorf("stored empty = %q at %d, want a revision", v, r)
	}
}

func testRevisions(t *testing.T, s host.Store) {
	seen := map[uint64]bool{0: true}
	for range 5 {
		put(t, s, one, "k", "same")
		_, r := get(t, s, one, "k")
		if seen[r] {
			t.Fatalf("revision %d met twice", r)
		}
		seen[r] = true
		update(t, s, one, func(tx host.StoreTx) error { return tx.Delete([]byte("k")) })
	}
	put(t, s, one, "a", "1")
	_, before := get(t, s, one, "a")
	put(t, s, one, "b", "1")
	if _, r := get(t, s, one, "a"); r != before {
		t.Errorf("revision of a key that nobody wrote went from %d to %d", before, r)
	}
}

func testAllOrNothing(t *testing.T, s host.Store) {
	put(t, s, one, "keep", "1")
	put(t, s, one, "gone", "1")
	_, before := get(t, s, one, "keep")
	boom := errors.New("boom")
	err := s.Update(ctx, one, func(tx host.StoreTx) error {
		err := errors.Join(tx.Put([]byte("new"), []byte("x")), tx.Put([]byte("keep"), []byte("2")),
			tx.Put([]byte("keep"), []byte("3")), tx.Delete([]byte("gone")))
		if err != nil {
			t.Error(err)
		}
		return boom
	})
	if err != boom {
		t.Errorf("Update returned %v, want f's own error", err)
	}
	if v, r := get(t, s, one, "keep"); v != "1" || r != before {
		t.Errorf("keep = %q at %d, want 1 at %d", v, r, before)
	}
	if got := list(t, s, one, "", "", 10); !slices.Equal(got, []string{"gone", "keep"}) {
		t.Errorf("keys = %q", got)
	}
	if n := usage(t, s, one); n != 10 {
		t.Errorf("usage = %d, want 10", n)
	}
	if err := s.View(ctx, one, func(host.StoreView) error { return boom }); err != boom {
		t.Errorf("View returned %v, want f's own error", err)
	}
}

func testList(t *testing.T, s host.Store) {
	for _, k := range []string{"b", "a", "ab", "a\x00", "a\xff", "a\xff\xff", "c", "\xff", "\xff\xff"} {
		put(t, s, one, k, "v")
	}
	for _, c := range []struct {
		prefix, after string
		limit         int
		want          []string
	}{
		{"", "", 99, []string{"a", "a\x00", "ab", "a\xff", "a\xff\xff", "b", "c", "\xff", "\xff\xff"}},
		{"a", "", 99, []string{"a", "a\x00", "ab", "a\xff", "a\xff\xff"}},
		{"a", "a", 2, []string{"a\x00", "ab"}},
		{"a", "ab", 99, []string{"a\xff", "a\xff\xff"}},
		{"a\xff", "", 99, []string{"a\xff", "a\xff\xff"}},
		{"\xff", "", 99, []string{"\xff", "\xff\xff"}},
		{"\xff", "\xff", 99, []string{"\xff\xff"}},
		{"a", "b", 99, nil},
		{"b", "a", 99, []string{"b"}},
		{"x", "", 99, nil},
		{"", "c", 1, []string{"\xff"}},
	} {
		if got := list(t, s, one, c.prefix, c.after, c.limit); !slices.Equal(got, c.want) {
			t.Errorf("List(%q, %q, %d) = %q, want %q", c.prefix, c.after, c.limit, got, c.want)
		}
	}
}

func testUsage(t *testing.T, s host.Store) {
	put(t, s, one, "key", "value") // 8
	put(t, s, one, "k2", "")       // 2
	put(t, s, one, "key", "v")     // 4 instead of 8
	if n := usage(t, s, one); n != 6 {
		t.Errorf("usage = %d, want 6", n)
	}
	update(t, s, one, func(tx host.StoreTx) error {
		if err := tx.Delete([]byte("key")); err != nil {
			return err
		}
		n, err := tx.Usage()
		if n != 2 {
			t.Errorf("usage inside the transaction = %d, want 2", n)
		}
		return err
	})
	if n := usage(t, s, two); n != 0 {
		t.Errorf("usage of another namespace = %d", n)
	}
}

func testNamespaces(t *testing.T, s host.Store) {
	put(t, s, one, "k", "mine")
	put(t, s, two, "k", "theirs")
	if v, _ := get(t, s, one, "k"); v != "mine" {
		t.Errorf("k in one = %q", v)
	}
	update(t, s, two, func(tx host.StoreTx) error { return tx.Delete([]byte("k")) })
	if v, _ := get(t, s, one, "k"); v != "mine" {
		t.Errorf("k in one = %q after deleting it in two", v)
	}
	if got := list(t, s, two, "", "", 9); len(got) != 0 {
		t.Errorf("two lists %q", got)
	}
}

func testOwnWrites(t *testing.T, s host.Store) {
	update(t, s, one, func(tx host.StoreTx) error {
		if err := tx.Put([]byte("k"), []byte("v")); err != nil {
			return err
		}
		v, r, err := tx.Get([]byte("k"))
		if string(v) != "v" || r == 0 {
			t.Errorf("own write reads %q at %d", v, r)
		}
		keys, err2 := tx.List(nil, nil, 9)
		if len(keys) != 1 {
			t.Errorf("own write lists %q", keys)
		}
		return errors.Join(err, err2)
	})
}

func testOneWriter(t *testing.T, s host.Store) {
	const writers, each = 8, 25
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range each {
				err := s.Update(ctx, one, func(tx host.StoreTx) error {
					v, _, err := tx.Get([]byte("n"))
					if err != nil {
						return err
					}
					return tx.Put([]byte("n"), append(v, '.'))
				})
				if err != nil {
					t.Errorf("Update: %v", err)
				}
			}
		})
	}
	wg.Wait()
	if v, _ := get(t, s, one, "n"); len(v) != writers*each {
		t.Errorf("%d increments left, want %d: a write was lost", len(v), writers*each)
	}
}

func testBinaryKeys(t *testing.T, s host.Store) {
	long := strings.Repeat("\x00\xffk", 341) + "x" // 1,024 bytes
	for _, k := range []string{"\x00", "\xff\xfe", "a'; DROP TABLE entry; --", "%", "_", long} {
		put(t, s, one, k, k)
		if v, _ := get(t, s, one, k); v != k {
			t.Errorf("key %q reads back %q", k, v)
		}
	}
	big := bytes.Repeat([]byte{0, 1, 2, 255}, 1<<18)
	put(t, s, one, "big", string(big))
	if v, _ := get(t, s, one, "big"); v != string(big) {
		t.Error("a value of 1 MiB changed")
	}
}

func testSnapshot(t *testing.T, s host.Store) {
	put(t, s, one, "k", "1")
	begun, written := make(chan bool), make(chan bool)
	go func() {
		<-begun
		go func() { put(t, s, one, "k", "2"); written <- true }()
	}()
	err := s.View(ctx, one, func(v host.StoreView) error {
		a, _, err := v.Get([]byte("k"))
		begun <- true
		b, _, err2 := v.Get([]byte("k"))
		if !bytes.Equal(a, b) {
			t.Errorf("one view saw %q and %q", a, b)
		}
		return errors.Join(err, err2)
	})
	if err != nil {
		t.Fatal(err)
	}
	<-written
	if v, _ := get(t, s, one, "k"); v != "2" {
		t.Errorf("k = %q after the view", v)
	}
}

func testCancelled(t *testing.T, s host.Store) {
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if err := s.Update(gone, one, func(tx host.StoreTx) error { return tx.Put([]byte("k"), []byte("v")) }); !errors.Is(err, context.Canceled) {
		t.Errorf("Update with a cancelled context: %v", err)
	}
	if _, r := get(t, s, one, "k"); r != 0 {
		t.Error("it wrote all the same")
	}
}

func testOwnership(t *testing.T, s host.Store) {
	key, value := []byte("k"), []byte("v")
	update(t, s, one, func(tx host.StoreTx) error { return tx.Put(key, value) })
	key[0], value[0] = 'x', 'x'
	err := s.View(ctx, one, func(v host.StoreView) error {
		b, _, err := v.Get([]byte("k"))
		if string(b) != "v" {
			t.Errorf("the store kept the caller's slices: %q", b)
		}
		if len(b) > 0 {
			b[0] = 'y'
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if v, _ := get(t, s, one, "k"); v != "v" {
		t.Errorf("the store gave its own slice away: %q", v)
	}
}

// testModel compares the store with a map over random histories.
func testModel(t *testing.T, open func(t *testing.T) host.Store) {
	key := rapid.SampledFrom([]string{"a", "aa", "ab", "b", "b\xff", "b\xff\x00", "c"})
	s := open(t)
	n := byte(0)
	rapid.Check(t, func(rt *rapid.T) {
		n++
		ns := host.Namespace{100, n}
		update(t, s, ns, func(tx host.StoreTx) error { // an earlier run may have been here
			keys, err := tx.List(nil, nil, 99)
			for _, k := range keys {
				err = errors.Join(err, tx.Delete(k))
			}
			return err
		})
		model := map[string]string{}
		for range rapid.IntRange(1, 12).Draw(rt, "transactions") {
			next := map[string]string{}
			for k, v := range model {
				next[k] = v
			}
			fail := rapid.Bool().Draw(rt, "fail")
			err := s.Update(ctx, ns, func(tx host.StoreTx) error {
				for range rapid.IntRange(0, 5).Draw(rt, "operations") {
					k := key.Draw(rt, "key")
					if rapid.Bool().Draw(rt, "put") {
						v := rapid.StringN(0, 5, -1).Draw(rt, "value")
						next[k] = v
						if err := tx.Put([]byte(k), []byte(v)); err != nil {
							return err
						}
					} else {
						delete(next, k)
						if err := tx.Delete([]byte(k)); err != nil {
							return err
						}
					}
				}
				if fail {
					return errFail
				}
				return nil
			})
			if fail != errors.Is(err, errFail) || !fail && err != nil {
				rt.Fatalf("Update: %v", err)
			}
			if !fail {
				model = next
			}
			prefix, after, limit := rapid.SampledFrom([]string{"", "a", "b", "b\xff"}).Draw(rt, "prefix"), rapid.SampledFrom([]string{"", "a", "b"}).Draw(rt, "after"), rapid.IntRange(1, 8).Draw(rt, "limit")
			var want []string
			size := 0
			for k, v := range model {
				size += len(k) + len(v)
				if got, r := get(t, s, ns, k); got != v || r == 0 {
					rt.Fatalf("%q = %q at %d, want %q", k, got, r, v)
				}
				if strings.HasPrefix(k, prefix) && k > after {
					want = append(want, k)
				}
			}
			slices.Sort(want)
			want = want[:min(len(want), limit)]
			if got := list(t, s, ns, prefix, after, limit); !slices.Equal(got, want) {
				rt.Fatalf("List(%q, %q, %d) = %q, want %q", prefix, after, limit, got, want)
			}
			if got := usage(t, s, ns); got != uint64(size) {
				rt.Fatalf("usage = %d, want %d", got, size)
			}
		}
	})
}

var errFail = fmt.Errorf("the model wants this to fail")
