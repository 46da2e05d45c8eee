package cli

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Proves: cli 9.41
func TestVerdictsOfTheDoctor(t *testing.T) {
	for free, want := range map[uint64]string{0: verdictFail, diskFull - 1: verdictFail, diskFull: verdictWarn, diskLow - 1: verdictWarn, diskLow: verdictOK} {
		if c := judgeDisk(free, "/"); c.Verdict != want || (want != verdictOK) != (c.Repair != "") {
			t.Errorf("%d bytes free: %+v", free, c)
		}
	}
	for year, want := range map[int]string{1970: verdictFail, 2025: verdictFail, 2026: verdictOK, 2100: verdictOK, 2500: verdictFail} {
		if c := checkClock(time.Date(year, 6, 1, 0, 0, 0, 0, time.UTC)); c.Verdict != want || (want != verdictOK) != (c.Repair != "") {
			t.Errorf("in %d: %+v", year, c)
		}
	}
	home := t.TempDir()
	if err := os.Chmod(home, 0o700); err != nil {
		t.Fatal(err)
	}
	s := &session{home: home, getenv: func(string) string { return "" }, config: defaultConfig(home)}
	if c := s.checkStorage(); c.Verdict != verdictOK || c.Text != "nothing stored" {
		t.Errorf("%+v", c)
	}
	if err := os.MkdirAll(filepath.Dir(storagePath(home)), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(storagePath(home), []byte("no database, though long enough to be taken for one at first"), 0o600); err != nil {
		t.Fatal(err)
	}
	if c := s.checkStorage(); c.Verdict != verdictFail || c.Repair == "" {
		t.Errorf("%+v", c)
	}
}

// The figure that the doctor gives is measured: it moves with the work done.
func TestFuelPerSecondIsMeasured(t *testing.T) {
	perSecond, err := measureFuel(context.Background())
	if err != nil || perSecond < 1_000_000 {
		t.Errorf("%d fuel per second, %v", perSecond, err)
	}
}
