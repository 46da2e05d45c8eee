package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func put(t *testing.T, s *Store, ns [32]byte, key, value string) {
	t.Helper()
	if err := s.Update(context.Background(), ns, func(tx Tx) error { return tx.Put([]byte(key), []byte(value)) }); err != nil {
		t.Fatal(err)
	}
}

func TestNamespacesLabelErase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "storage.db")
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	a, b := [32]byte{1}, [32]byte{2}
	put(t, s, a, "key", "a secret of namespace a")
	put(t, s, b, "k", "v")
	put(t, s, b, "k2", "")
	if err := s.Label(t.Context(), b, "first"); err != nil {
		t.Fatal(err)
	}
	if err := s.Label(t.Context(), b, "counter"); err != nil {
		t.Fatal(err)
	}
	got, err := s.Namespaces(t.Context())
	if err != nil || len(got) != 2 || got[0] != (Namespace{a, "", 1, 26}) || got[1] != (Namespace{b, "counter", 2, 4}) {
		t.Errorf("namespaces = %+v, %v", got, err)
	}
	keys, size, err := s.Erase(t.Context(), a)
	if err != nil || keys != 1 || size != 26 {
		t.Errorf("Erase = %d keys, %d bytes, %v", keys, size, err)
	}
	if keys, size, err := s.Erase(t.Context(), a); err != nil || keys != 0 || size != 0 {
		t.Errorf("erasing nothing = %d, %d, %v", keys, size, err)
	}
	if got, _ := s.Namespaces(t.Context()); len(got) != 1 {
		t.Errorf("namespaces after erasing = %+v", got)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, path + "-wal"} {
		if b, err := os.ReadFile(name); err == nil && bytes.Contains(b, []byte("a secret")) {
			t.Errorf("%s still holds what was erased", filepath.Base(name))
		}
	}
}

// A revision given before an erasure is not given again after it.
func TestRevisionsOutliveErasure(t *testing.T) {
	s, err := Open(filepath.Join(t.TempDir(), "storage.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ns, revision := [32]byte{1}, func() (r uint64) {
		err := s.View(t.Context(), [32]byte{1}, func(v View) (err error) { _, r, err = v.Get([]byte("k")); return err })
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	put(t, s, ns, "k", "v")
	before := revision()
	if _, _, err := s.Erase(t.Context(), ns); err != nil {
		t.Fatal(err)
	}
	put(t, s, ns, "k", "v")
	if after := revision(); after <= before {
		t.Errorf("revision %d after %d", after, before)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	newer := filepath.Join(dir, "newer.db")
	s, err := Open(newer)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	db, err := sql.Open("sqlite", newer)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	garbage := filepath.Join(dir, "garbage.db")
	if err := os.WriteFile(garbage, []byte(strings.Repeat("this is no database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{newer: "version 99", garbage: "not a database", dir: "directory"} {
		s, err := Open(path)
		if err == nil {
			s.Close()
			t.Errorf("%s was opened", path)
			continue
		}
		if !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("error for %s = %v, want %q in it", filepath.Base(path), err, want)
		}
	}
	if b, err := os.ReadFile(garbage); err != nil || !strings.HasPrefix(string(b), "this is no") {
		t.Error("a file that is no database was changed")
	}
}

// Names with characters that mean something in a connection string.
func TestOddNames(t *testing.T) {
	for _, name := range []string{"a?b=c.db", "a#b.db", "a%20b.db", "ü .db"} {
		path := filepath.Join(t.TempDir(), name)
		s, err := Open(path)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		put(t, s, [32]byte{}, "k", "v")
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Errorf("%s was not written: %v", name, err)
		}
	}
}

func TestPrefixEnd(t *testing.T) {
	for in, want := range map[string]string{"": "", "a": "b", "a\xff": "b", "\xff": "", "\xff\xff": "", "ab": "ac"} {
		if got := string(prefixEnd([]byte(in))); got != want {
			t.Errorf("prefixEnd(%q) = %q, want %q", in, got, want)
		}
	}
}
