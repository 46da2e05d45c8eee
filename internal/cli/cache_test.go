package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What was used least recently goes first, and a file that somebody is still
// writing stays.
//
// Proves: cli 9.45
func TestTheCacheForgetsTheLeastRecentlyUsed(t *testing.T) {
	home := t.TempDir()
	dir := filepath.Join(cacheRoot(home), "engine")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for name, age := range map[string][2]time.Duration{ // read, written
		"aa": {3 * time.Hour, 3 * time.Hour}, "bb": {2 * time.Hour, 2 * time.Hour}, "cc": {time.Hour, 5 * time.Hour}, "dd.123.tmp": {9 * time.Hour, 9 * time.Hour},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(strings.Repeat("x", 100)), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, now.Add(-age[0]), now.Add(-age[1])); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := cacheEntries(home)
	if err != nil || len(entries) != 3 || cacheBytes(entries) != 300 {
		t.Fatalf("%v, %v", entries, err)
	}
	last := entries[2].Digest // the one to go first
	if accessTimesAreKept(t) && last != "aa" {
		t.Errorf("%s goes first", last)
	}
	s := &session{home: home, config: defaultConfig(home)}
	s.config.CacheMaxBytes = 299
	s.trimCache()
	left, _ := cacheEntries(home)
	if len(left) != 2 {
		t.Errorf("%d files are left", len(left))
	}
	for _, e := range left {
		if e.Digest == last {
			t.Errorf("%s is still there", last)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "dd.123.tmp")); err != nil {
		t.Error("an unfinished file was removed")
	}
	if c := s.checkCache(); c.Verdict != verdictWarn || c.fix == nil {
		t.Errorf("the doctor says %+v", c)
	} else if err := c.fix(); err != nil || s.checkCache().Verdict != verdictOK {
		t.Errorf("the doctor did not repair it: %v", err)
	}
}

// accessTimesAreKept reports whether this system tells when a file was read.
func accessTimesAreKept(t *testing.T) bool {
	t.Helper()
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	read := time.Now().Add(time.Hour)
	if err := os.Chtimes(path, read, time.Now()); err != nil {
		t.Fatal(err)
	}
	st, err := os.Stat(path)
	return err == nil && accessTime(st).After(st.ModTime())
}
