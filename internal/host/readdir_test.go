package host

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// names is a directory in memory.
type names struct {
	list  []string
	scans int
	err   error
}

func (d *names) List(after string) (out []DirEntry, end bool, err error) {
	d.scans++
	size := 0
	for _, n := range d.list {
		if n <= after {
			continue
		}
		e := DirEntry{n, fs.ModeDir}
		if size += e.Size(); size > ListingBytes && len(out) > 0 {
			return out, false, d.err
		}
		out = append(out, e)
	}
	return out, true, d.err
}

func (d *names) Ino(name string) uint64 { return uint64(len(name)) }

// full is as many names of 192 bytes as one scan may return, and n more.
func full(n int) []string {
	list := make([]string, ListingBytes/256+n)
	for i := range list {
		list[i] = fmt.Sprintf("%0192d", i)
	}
	return list
}

// lister is a world with directories on the descriptors from 4 on.
func lister(t *testing.T, dirs ...*names) *world {
	t.Helper()
	w := newWorld(t, func(c *StateConfig) { c.Dirs = []Dir{{Guest: "/", Host: t.TempDir()}} })
	w.WASI().Files.Mapped(0, &names{})
	for i, d := range dirs {
		w.files.set(uint32(4+i), file{kind: isFile, list: newListing(d)})
	}
	return w
}

// readdir calls fd_readdir with size bytes at 1,024 and the result at 0.
func (w *world) readdir(fd int, cookie uint64, size uint32) (errno, []byte) {
	w.g.t.Helper()
	f, ok := Find(ModuleWASI, "fd_readdir")
	if !ok {
		w.g.t.Fatal("no fd_readdir")
	}
	stack := []uint64{uint64(fd), 1024, uint64(size), cookie, 0}
	w.catch(func() { f.Impl(w.State, stack) })
	sum := 0
	for _, f := range w.files.open {
		if l := f.list; l != nil {
			sum += l.held
			real := 0
			for _, e := range l.entries {
				real += e.Size()
			}
			if real > l.held {
				w.g.t.Fatalf("%d bytes are held and counted as %d", real, l.held)
			}
		}
	}
	if sum > maxListed {
		w.g.t.Fatalf("%d bytes are held", sum)
	}
	return errno(stack[0]), w.g.mem[1024 : 1024+w.get32(0)]
}

// parse reads whole entries.
func parse(b []byte) (list []string, cookie uint64) {
	for len(b) >= direntSize {
		n := direntSize + int(binary.LittleEndian.Uint32(b[16:]))
		if n > len(b) {
			break
		}
		cookie = binary.LittleEndian.Uint64(b)
		list = append(list, string(b[direntSize:n]))
		b = b[n:]
	}
	return list, cookie
}

// What one scan may return is met from both sides, and so is what the
// descriptors of a sandbox hold together.
//
// Proves: vm 14.42
func TestListingIsBounded(t *testing.T) {
	for more, scans := range map[int]int{-1: 1, 0: 1, 1: 2} {
		d := &names{list: full(more)}
		w := lister(t, d)
		var got []string
		cookie := uint64(0)
		for {
			no, b := w.readdir(4, cookie, 60_000)
			if no != 0 {
				t.Fatalf("errno %d", no)
			}
			list, next := parse(b)
			got = append(got, list...)
			if len(b) < 60_000 {
				break
			}
			cookie = next
		}
		if want := append([]string{".", ".."}, d.list...); !slices.Equal(got, want) || d.scans != scans {
			t.Errorf("%+d names: %d entries after %d scans, want %d and %d", more, len(got), d.scans, len(want), scans)
		}
	}
	for n, scans := range map[int]int{2: 1, 3: 4} { // two full listings stay, of three the oldest goes each time
		dirs := make([]*names, n)
		for i := range dirs {
			dirs[i] = &names{list: full(0)}
		}
		w := lister(t, dirs...)
		for round, cookie := range []int{0, 2, 2, 3} { // again what was read, and on
			for i := range dirs {
				want := []string{".", dirs[i].list[0], dirs[i].list[0], dirs[i].list[1]}[round]
				no, b := w.readdir(4+i, uint64(cookie), 24+192)
				if list, _ := parse(b); no != 0 || len(list) == 0 || list[0] != want {
					t.Fatalf("round %d: errno %d, %q", round, no, list)
				}
			}
		}
		if dirs[0].scans != scans {
			t.Errorf("%d listings at once: the first was scanned %d times, want %d", n, dirs[0].scans, scans)
		}
	}
}

// Guests that list many directories by turns, with buffers of all sizes, see
// each name once and in order, whatever is held meanwhile.
func TestListingsByTurns(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	dirs := []*names{{}, {list: []string{"a"}}, {list: full(-100)}, {list: full(1)}, {list: full(900)}, {list: full(9)}, {list: []string{strings.Repeat("x", 4000), "y"}}}
	w := lister(t, dirs...)
	got, cookies, done := make([][]string, len(dirs)), make([]uint64, len(dirs)), 0
	ended := make([]bool, len(dirs))
	for done < len(dirs) {
		i := r.IntN(len(dirs))
		if ended[i] {
			continue
		}
		size := uint32(24 + r.IntN(60_000))
		no, b := w.readdir(4+i, cookies[i], size)
		if no != 0 {
			t.Fatalf("directory %d, cookie %d: errno %d", i, cookies[i], no)
		}
		if uint32(len(b)) > size {
			t.Fatalf("%d bytes for a buffer of %d", len(b), size)
		}
		list, next := parse(b)
		got[i] = append(got[i], list...)
		if len(list) > 0 {
			cookies[i] = next
		}
		if uint32(len(b)) < size {
			ended[i] = true
			done++
		}
	}
	for i, d := range dirs {
		if want := append([]string{".", ".."}, d.list...); !slices.Equal(got[i], want) {
			t.Errorf("directory %d: %d entries, want %d", i, len(got[i]), len(want))
		}
	}
}

func TestListingCookies(t *testing.T) {
	d := &names{list: []string{"a", "bb", "c", "d"}}
	w := lister(t, d)
	expect := func(what string, cookie uint64, size uint32, wantNo errno, used int, want ...string) {
		t.Helper()
		no, b := w.readdir(4, cookie, size)
		if list, _ := parse(b); no != wantNo || no == 0 && (len(b) != used || !slices.Equal(list, want)) {
			t.Errorf("%s: errno %d, %d bytes, %q", what, no, len(b), list)
		}
	}
	const dot, dots, one = 24 + 1, 24 + 2, 24 + 1
	expect("no room for a head", 0, 23, errnoInval, 0)
	expect("room for a head", 0, 24, 0, 24)
	if n := binary.LittleEndian.Uint32(w.g.mem[1024+16:]); n != 1 {
		t.Errorf("the head says %d bytes of name", n)
	}
	expect("all", 0, 1000, 0, dot+dots+one+24+2+one+one, ".", "..", "a", "bb", "c", "d")
	expect("..", 1, 24+2, 0, 26, "..")
	expect("from the first name", 2, 24+1, 0, 25, "a")
	expect("with the head of the next", 2, 24+1+24, 0, 49, "a")
	if n := binary.LittleEndian.Uint32(w.g.mem[1024+25+16:]); n != 2 {
		t.Errorf("the next head says %d bytes of name", n)
	}
	expect("with half a head", 2, 24+1+23, 0, 48, "a")
	expect("the second", 3, 24+2, 0, 26, "bb")
	expect("again", 3, 24+2, 0, 26, "bb")
	expect("what is gone", 2, 100, errnoNoent, 0)
	expect("what is gone", 1, 100, errnoNoent, 0)
	expect("ahead", 5, 100, 0, 25, "d")
	expect("the end", 6, 100, 0, 0)
	expect("the end", 6, 100, 0, 0)
	expect("beyond", 7, 100, errnoNoent, 0)
	expect("far beyond", math.MaxUint64, 100, errnoNoent, 0)
	d.list = append(d.list, "e")
	expect("a new name, not before a rewind", 6, 100, 0, 0)
	expect("a new name", 0, 24+1+24+2+5*25+1+20, 0, 24+1+24+2+5*25+1, ".", "..", "a", "bb", "c", "d", "e")
	d.err = errors.New("the disk is on fire")
	expect("an error of the disk", 0, 100, errnoIO, 0)
	d.err = nil
	expect("when it is over", 0, 25, 0, 25, ".")
	for fd, want := range map[int]errno{0: errnoBadf, 3: 0, 99: errnoBadf} {
		if no, _ := w.readdir(fd, 0, 100); no != want {
			t.Errorf("descriptor %d: errno %d", fd, no)
		}
	}
}
