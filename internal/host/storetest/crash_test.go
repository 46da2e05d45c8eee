package storetest_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/univrs/vudo/internal/host"
	"github.com/univrs/vudo/internal/sqlite"
)

const crashFile = "VUDO_TEST_CRASH_FILE"

func TestMain(m *testing.M) {
	if path := os.Getenv(crashFile); path != "" {
		commitForEver(path)
	}
	os.Exit(m.Run())
}

// crashKeys are always written together, with the same number.
var crashKeys = []string{"a", "b", "c", "d"}

var crashSpace = host.Namespace{9}

// commitForEver commits rising numbers under all keys and says each number
// once its commit has returned, until it is killed.
func commitForEver(path string) {
	s, err := sqlite.Open(path)
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	value := make([]byte, 9000) // more than one page of the database
	for {
		var n uint64
		err := s.Update(context.Background(), crashSpace, func(tx host.StoreTx) error {
			old, _, err := tx.Get([]byte(crashKeys[0]))
			if err != nil {
				return err
			}
			if old != nil {
				n = binary.LittleEndian.Uint64(old) + 1
			}
			binary.LittleEndian.PutUint64(value, n)
			for _, k := range crashKeys {
				if err := tx.Put([]byte(k), value); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		fmt.Println(n)
	}
}

// A process killed at any point of its commits leaves the last committed
// values, all of one commit, and not older ones than it was told are durable.
//
// Proves: vm 14.33
func TestKilledWhileCommitting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "storage.db")
	r := rand.New(rand.NewPCG(7, 7))
	last := int64(-1)
	for round := range 12 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), crashFile+"="+path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// Killed while it works on one of the next commits: which, is drawn;
		// where within it, the kernel's scheduling decides.
		lines, commits := bufio.NewScanner(out), 1+r.IntN(30)
		for i := 0; i < commits && lines.Scan(); i++ {
			if last, err = strconv.ParseInt(lines.Text(), 10, 64); err != nil {
				t.Fatalf("round %d: the child says %q", round, lines.Text())
			}
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() { // what it said before it died
			n, err := strconv.ParseInt(lines.Text(), 10, 64)
			if err != nil {
				break // half a line
			}
			last = n
		}
		cmd.Wait() // killed: that is no error here

		s, err := sqlite.Open(path)
		if err != nil {
			t.Fatalf("round %d: after the kill: %v", round, err)
		}
		err = s.View(t.Context(), crashSpace, func(v host.StoreView) error {
			var first int64
			for i, k := range crashKeys {
				b, _, err := v.Get([]byte(k))
				if err != nil {
					return err
				}
				if len(b) != 9000 {
					return fmt.Errorf("%s has %d bytes", k, len(b))
				}
				n := int64(binary.LittleEndian.Uint64(b))
				if i == 0 {
					first = n
				}
				if n != first {
					return fmt.Errorf("%s is of commit %d, %s of commit %d", crashKeys[0], first, k, n)
				}
			}
			if first < last {
				return fmt.Errorf("commit %d is there, and %d was said to be durable", first, last)
			}
			return nil
		})
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if last < 12 {
		t.Errorf("only %d commits in all", last)
	}
}

// Storage outlives the process that wrote it.
//
// Proves: vm 14.33
func TestReopen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "storage.db")
	s, err := sqlite.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Update(t.Context(), crashSpace, func(tx host.StoreTx) error { return tx.Put([]byte("k"), []byte("v")) }); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openSQLite(t, path)
	err = s.View(t.Context(), crashSpace, func(v host.StoreView) error {
		b, r, err := v.Get([]byte("k"))
		if string(b) != "v" || r == 0 {
			t.Errorf("after reopening k = %q at %d", b, r)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("the file's mode is %v, %v: others can read it", info.Mode(), err)
	}
}

// Two processes share one file: here two open handles, each with its own
// connections, as in two processes.
func TestTwoHandles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "storage.db")
	handles := []*sqlite.Store{openSQLite(t, path), openSQLite(t, path)}
	var wg sync.WaitGroup
	const each = 40
	for _, s := range handles {
		wg.Go(func() {
			for range each {
				err := s.Update(context.Background(), crashSpace, func(tx host.StoreTx) error {
					b, _, err := tx.Get([]byte("n"))
					if err != nil {
						return err
					}
					return tx.Put([]byte("n"), append(b, '.'))
				})
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	err := handles[0].View(t.Context(), crashSpace, func(v host.StoreView) error {
		n, _, err := v.Stat([]byte("n"))
		if n != 2*each {
			t.Errorf("%d increments left, want %d", n, 2*each)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
