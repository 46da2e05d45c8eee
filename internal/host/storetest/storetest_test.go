package storetest_test

import (
	"path/filepath"
	"testing"

	"github.com/univrs/vudo/internal/host"
	"github.com/univrs/vudo/internal/host/storetest"
	"github.com/univrs/vudo/internal/sqlite"
)

func openSQLite(t *testing.T, path string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestMemoryStore(t *testing.T) {
	storetest.Run(t, func(*testing.T) host.Store { return new(host.MemoryStore) })
}

func TestSQLiteStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) host.Store { return openSQLite(t, filepath.Join(t.TempDir(), "storage.db")) })
}
