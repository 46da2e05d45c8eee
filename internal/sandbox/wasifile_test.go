package sandbox

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/univrs/vudo/internal/host"
	"github.com/univrs/vudo/spirit"
)

func TestWASIFiles(t *testing.T) {
	g := newWASI(t, wasiOptions{})
	fd := g.mustOpen("f", oCreate|oExcl, rRead|rWrite)
	if fd != 4 {
		t.Errorf("the first file is descriptor %d", fd)
	}
	_, errno := g.open("f", oCreate|oExcl, rRead|rWrite)
	g.want("open exclusively again", errno, eExist)
	g.write(fd, "hello world")
	off := g.room(8)
	g.want("fd_tell", g.call("fd_tell", fd, off), 0)
	if g.u64(off) != 11 {
		t.Errorf("offset = %d", g.u64(off))
	}
	g.want("fd_seek", g.call("fd_seek", fd, -5, 1, off), 0)
	if got, _ := g.read(fd, 99); got != "world" {
		t.Errorf("read %q", got)
	}
	if got, _ := g.read(fd, 99); got != "" {
		t.Errorf("read %q at the end", got)
	}
	g.want("fd_seek before the start", g.call("fd_seek", fd, -1, 0, off), eInval)
	g.want("fd_seek whence 3", g.call("fd_seek", fd, 0, 3, off), eInval)

	p, n := g.put("HELLO")
	out := g.room(4)
	g.want("fd_pwrite", g.call("fd_pwrite", fd, g.vec(p, n), 1, 0, out), 0)
	buf := g.room(8)
	g.want("fd_pread", g.call("fd_pread", fd, g.vec(buf, 8), 1, 3, out), 0)
	if got := g.text(buf, g.u32(out)); got != "LO world" {
		t.Errorf("fd_pread = %q", got)
	}
	g.want("fd_pread before the start", g.call("fd_pread", fd, g.vec(buf, 8), 1, -1, out), eInval)

	g.want("fd_filestat_set_size", g.call("fd_filestat_set_size", fd, 5), 0)
	st := g.room(64)
	g.want("fd_filestat_get", g.call("fd_filestat_get", fd, st), 0)
	if size := g.u64(st + 32); size != 5 || g.s.memory()[st+16] != typeFile {
		t.Errorf("size = %d, type %d", size, g.s.memory()[st+16])
	}
	g.want("fd_allocate", g.call("fd_allocate", fd, 0, 64), 0)
	g.want("fd_filestat_get", g.call("fd_filestat_get", fd, st), 0)
	if size := g.u64(st + 32); size != 64 {
		t.Errorf("size after fd_allocate = %d", size)
	}
	g.want("fd_filestat_set_times", g.call("fd_filestat_set_times", fd, int64(1e9), int64(2e9), 1|4), 0)
	g.want("fd_filestat_get", g.call("fd_filestat_get", fd, st), 0)
	if a, m := g.u64(st+40), g.u64(st+48); a != 1e9 || m != 2e9 {
		t.Errorf("times = %d, %d", a, m)
	}
	fp, fn := g.put("f")
	g.want("path_filestat_set_times", g.call("path_filestat_set_times", 3, follow, fp, fn, int64(3e9), int64(4e9), 4), 0)
	g.want("fd_filestat_get", g.call("fd_filestat_get", fd, st), 0)
	if a, m := g.u64(st+40), g.u64(st+48); a != 1e9 || m != 4e9 {
		t.Errorf("times = %d, %d; the access time was to stay", a, m)
	}
	g.want("fd_sync", g.call("fd_sync", fd), 0)
	g.want("fd_datasync", g.call("fd_datasync", fd), 0)
	g.want("fd_advise", g.call("fd_advise", fd, 0, 0, 0), 0)
	g.want("fd_advise 99", g.call("fd_advise", fd, 0, 0, 99), eInval)
	g.want("fd_fdstat_set_rights", g.call("fd_fdstat_set_rights", fd, 0, 0), eNosys)

	g.want("fd_fdstat_set_flags append", g.call("fd_fdstat_set_flags", fd, fAppend), 0)
	g.want("fd_fdstat_get", g.call("fd_fdstat_get", fd, st), 0)
	if flags := g.u32(st) >> 16; flags != fAppend {
		t.Errorf("flags = %d", flags)
	}
	g.call("fd_seek", fd, 0, 0, off)
	g.write(fd, "end")
	if b, err := os.ReadFile(g.host("f")); err != nil || !strings.HasSuffix(string(b), "\x00end") || len(b) != 67 {
		t.Errorf("file = %q, %v", b, err)
	}
	sync := g.mustOpen("f", 0, rRead|rWrite, 16|fAppend)
	g.want("fd_fdstat_get", g.call("fd_fdstat_get", sync, st), 0)
	if flags := g.u32(st) >> 16; flags != 16|fAppend {
		t.Errorf("flags = %d, want those that the file was opened with", flags)
	}
	g.want("fd_close", g.call("fd_close", sync), 0)
	g.want("fd_close", g.call("fd_close", fd), 0)
	g.want("fd_close again", g.call("fd_close", fd), eBadf)
	_, errno = g.read(fd, 1)
	g.want("read when closed", errno, eBadf)

	fd = g.mustOpen("f", oTrunc, rWrite)
	_, errno = g.read(fd, 1)
	g.want("read what is open for writing", errno, eBadf)
	fd2 := g.mustOpen("f", 0, rRead)
	_, errno = g.write(fd2, "x")
	g.want("write what is open for reading", errno, eBadf)
	if _, _, size, _ := g.stat("f", 0); size != 0 {
		t.Errorf("size after truncating = %d", size)
	}
	g.want("fd_renumber", g.call("fd_renumber", fd, fd2), 0)
	_, errno = g.write(fd2, "new")
	g.want("write to the renumbered one", errno, 0)
	_, errno = g.write(fd, "x")
	g.want("write to the old number", errno, eBadf)
	g.want("fd_renumber to a closed one", g.call("fd_renumber", fd2, 77), eBadf)
	g.want("fd_renumber to a great number", g.call("fd_renumber", fd2, math.MaxInt32), eBadf)
	g.want("fd_renumber a standard stream", g.call("fd_renumber", 1, fd2), eNotsup)
}

func TestWASIDirectories(t *testing.T) {
	g := newWASI(t, wasiOptions{})
	g.want("path_create_directory", g.path("path_create_directory", "d"), 0)
	g.want("again", g.path("path_create_directory", "d"), eExist)
	g.want("without parent", g.path("path_create_directory", "no/d"), eNoent)
	g.want("with a slash", g.path("path_create_directory", "d/e/"), 0)
	if info, err := os.Stat(g.host("d/e")); err != nil || !info.IsDir() {
		t.Errorf("d/e: %v", err)
	}
	g.hostFile("d/f", "12345")
	dir := g.mustOpen("d", oDirectory, rRead)
	fd, errno := g.openAt(dir, "f", follow, 0, rRead)
	g.want("open below a directory", errno, 0)
	if got, _ := g.read(fd, 9); got != "12345" {
		t.Errorf("d/f = %q", got)
	}
	_, errno = g.openAt(fd, "x", follow, 0, rRead)
	g.want("open below a file", errno, eNotdir)
	_, errno = g.open("d/f", oDirectory, rRead)
	g.want("open a file as a directory", errno, eNotdir)
	_, errno = g.open("d", 0, rRead|rWrite)
	g.want("open a directory for writing", errno, eIsdir)

	buf, used := g.room(1000), g.room(4)
	list := func(size uint32) (names []string, cookie uint64) {
		for {
			g.want("fd_readdir", g.call("fd_readdir", dir, buf, size, cookie, used), 0)
			b := g.s.memory()[buf : buf+g.u32(used)]
			for len(b) >= 24 {
				n := binary.LittleEndian.Uint32(b[16:])
				if uint32(len(b)) < 24+n {
					break
				}
				names = append(names, string(b[24:24+n]))
				cookie = binary.LittleEndian.Uint64(b)
				b = b[24+n:]
			}
			if g.u32(used) < size {
				return names, cookie
			}
		}
	}
	for _, size := range []uint32{1000, 60} {
		if names, _ := list(size); strings.Join(names, " ") != ". .. e f" {
			t.Errorf("fd_readdir with %d bytes = %q", size, names)
		}
	}
	for _, name := range []string{"z", "a", "m"} {
		g.hostFile("d/"+name, "")
	}
	if names, _ := list(1000); strings.Join(names, " ") != ". .. a e f m z" {
		t.Errorf("after new files fd_readdir = %q", names)
	}
	g.want("fd_readdir on a file", g.call("fd_readdir", fd, buf, 100, 0, used), eBadf)
	g.want("fd_readdir outside", g.call("fd_readdir", dir, math.MaxUint32, 100, 0, used), eFault)
	g.want("fd_seek on a directory", g.call("fd_seek", dir, 0, 0, used), eIsdir)
	for _, d := range []uint32{3, dir} {
		g.want("fd_allocate on a directory", g.call("fd_allocate", d, 0, 1), eIsdir)
		g.want("fd_filestat_set_size on a directory", g.call("fd_filestat_set_size", d, 0), eIsdir)
		g.want("fd_read on a directory", g.call("fd_read", d, g.vec(buf, 8), 1, used), eIsdir)
		g.want("fd_pread on a directory", g.call("fd_pread", d, g.vec(buf, 8), 1, 0, used), eIsdir)
		g.want("fd_write on a directory", g.call("fd_write", d, g.vec(buf, 8), 1, used), eIsdir)
		g.want("fd_tell on a directory", g.call("fd_tell", d, used), eIsdir)
	}

	g.want("remove a directory that is not empty", g.path("path_remove_directory", "d"), eNotempty)
	g.want("remove a file as a directory", g.path("path_remove_directory", "d/f"), eNotdir)
	g.want("unlink a directory", g.path("path_unlink_file", "d/e"), eIsdir)
	g.want("remove with a slash", g.path("path_remove_directory", "d/e/"), 0)
	g.want("unlink with a slash", g.path("path_unlink_file", "d/f/"), eNotdir)
	g.want("unlink", g.path("path_unlink_file", "d/f"), 0)
	g.want("unlink again", g.path("path_unlink_file", "d/f"), eNoent)
	if got, errno := g.read(fd, 9); errno != 0 || got != "" {
		t.Errorf("an unlinked file that is open: %q, %d", got, errno)
	}
}

// A directory with more names than one scan returns, on the disk: one and two
// scans, each name once and in order, through the mapped directory's own
// descriptor and through one that was opened.
func TestWASIListsWhatOneScanDoesNotHold(t *testing.T) {
	const one = host.ListingBytes / (64 + 128)
	g := newWASI(t, wasiOptions{})
	name := func(i int) string { return fmt.Sprintf("%0128d", i) }
	for i := range one {
		g.hostFile(name(i), "")
	}
	scan := func() ([]host.DirEntry, bool) {
		d, err := os.Open(g.dir)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		pauses := 0
		names, end, err := firstNames(d, "", func() { pauses++ })
		if err != nil || pauses < one/dirPiece {
			t.Fatalf("%v, %d looks at the deadline", err, pauses)
		}
		return names, end
	}
	if names, end := scan(); len(names) != one || !end {
		t.Errorf("%d names of %d, the end: %t", len(names), one, end)
	}
	g.hostFile(name(one), "")
	if names, end := scan(); len(names) != one || end {
		t.Errorf("%d names of %d, the end: %t", len(names), one+1, end)
	}
	buf, used := g.room(1<<20), g.room(4)
	for _, fd := range []uint32{3, g.mustOpen(".", oDirectory, rRead)} {
		at, cookie := -2, uint64(0)
		for n := uint32(1 << 20); n == 1<<20; n = g.u32(used) {
			g.want("fd_readdir", g.call("fd_readdir", fd, buf, 1<<20, cookie, used), 0)
			for b := g.s.memory()[buf : buf+g.u32(used)]; len(b) >= 24; at++ {
				l := binary.LittleEndian.Uint32(b[16:])
				if uint32(len(b)) < 24+l {
					break
				}
				if at >= 0 && (string(b[24:24+l]) != name(at) || b[20] != typeFile || binary.LittleEndian.Uint64(b[8:]) == 0) {
					t.Fatalf("entry %d of descriptor %d is %q", at, fd, b[:24+l])
				}
				cookie = binary.LittleEndian.Uint64(b)
				b = b[24+l:]
			}
		}
		if at != one+1 {
			t.Errorf("descriptor %d: %d names, want %d", fd, at, one+1)
		}
	}
}

func TestWASIRenameAndLinks(t *testing.T) {
	g := newWASI(t, wasiOptions{})
	two := func(name, a, b string) uint32 {
		p, n := g.put(a)
		q, m := g.put(b)
		switch name {
		case "path_link":
			return g.call(name, 3, 0, p, n, 3, q, m)
		case "path_symlink":
			return g.call(name, p, n, 3, q, m)
		}
		return g.call(name, 3, p, n, 3, q, m)
	}
	g.hostFile("a", "A")
	g.hostFile("b", "BB")
	g.path("path_create_directory", "d")
	g.path("path_create_directory", "full")
	g.hostFile("full/x", "")
	g.want("rename", two("path_rename", "a", "a2"), 0)
	g.want("rename what is gone", two("path_rename", "a", "a3"), eNoent)
	g.want("rename over a file", two("path_rename", "a2", "b"), 0)
	if b, _ := os.ReadFile(g.host("b")); string(b) != "A" {
		t.Errorf("b = %q", b)
	}
	g.want("rename a file over a directory", two("path_rename", "b", "d"), eIsdir)
	g.want("rename a directory over a file", two("path_rename", "d", "b"), eNotdir)
	g.want("rename a directory over a full one", two("path_rename", "d", "full"), eNotempty)
	g.want("rename a file with a slash", two("path_rename", "b", "c/"), eNotdir)
	g.want("rename a directory with a slash", two("path_rename", "d", "d2/"), 0)

	g.want("link", two("path_link", "b", "l"), 0)
	if _, links, _, _ := g.stat("l", 0); links != 2 {
		t.Errorf("links = %d", links)
	}
	g.want("link over a file", two("path_link", "b", "l"), eExist)
	g.want("link a directory", two("path_link", "d2", "l2"), ePerm)
	g.want("link with a slash", two("path_link", "b", "l2/"), eNoent)
	lp, ln := g.put("b")
	lq, lm := g.put("l3")
	g.want("link that follows", g.call("path_link", 3, follow, lp, ln, 3, lq, lm), eInval)
	g.want("symlink over a file with a slash", two("path_symlink", "x", "b/"), eExist)
	g.want("symlink over a directory with a slash", two("path_symlink", "x", "d2/"), eExist)
	g.want("symlink with a slash", two("path_symlink", "x", "none/"), eNoent)
	g.want("link a dangling symlink", two("path_symlink", "nowhere", "gone"), 0)
	g.want("link a dangling symlink", two("path_link", "gone", "gone2"), 0)

	g.want("symlink", two("path_symlink", "b", "s"), 0)
	g.want("symlink over a file", two("path_symlink", "b", "s"), eExist)
	g.want("symlink to nothing", two("path_symlink", "", "s2"), eInval)
	g.want("dangling symlink", two("path_symlink", "nowhere", "dangling"), 0)
	buf, used := g.room(16), g.room(4)
	p, n := g.put("s")
	g.want("readlink", g.call("path_readlink", 3, p, n, buf, 16, used), 0)
	if got := g.text(buf, g.u32(used)); got != "b" {
		t.Errorf("s leads to %q", got)
	}
	p, n = g.put("b")
	g.want("readlink of a file", g.call("path_readlink", 3, p, n, buf, 16, used), eInval)
	if kind, _, _, errno := g.stat("s", 0); kind != typeLink || errno != 0 {
		t.Errorf("s is of type %d, errno %d", kind, errno)
	}
	if kind, _, _, errno := g.stat("s", follow); kind != typeFile || errno != 0 {
		t.Errorf("s followed is of type %d, errno %d", kind, errno)
	}
	if _, _, _, errno := g.stat("dangling", follow); errno != eNoent {
		t.Errorf("dangling followed = %d", errno)
	}
	_, errno := g.openAt(3, "s", 0, 0, rRead)
	g.want("open a link without following", errno, eLoop)
	_, errno = g.open("dangling", oCreate|oExcl, rWrite)
	g.want("create over a dangling link", errno, eExist)
	fd, errno := g.open("s", 0, rRead)
	g.want("open through a link", errno, 0)
	if got, _ := g.read(fd, 9); got != "A" {
		t.Errorf("s reads %q", got)
	}
	g.want("symlink loop", two("path_symlink", "loop", "loop"), 0)
	_, errno = g.open("loop", 0, rRead)
	g.want("open a loop", errno, eLoop)
	g.want("unlink a link", g.path("path_unlink_file", "s"), 0)
	if _, err := os.Stat(g.host("b")); err != nil {
		t.Error("unlinking a link removed the file")
	}
}

// Nothing that a guest can write into a path leads out of the mapped
// directory, and links that lead out are not followed, whoever made them.
//
// Proves: vm 14.35
func TestWASICannotLeave(t *testing.T) {
	outside := t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "secret"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	base := filepath.Base(outside)
	paths := []string{
		"..", "../", "../x", "d/../../x", "/", "/etc/passwd", "//etc/passwd", "/../etc/passwd", outside, outside + "/secret",
		"../" + base + "/secret", "../../" + base + "/secret", "./../x", "d/../..", ".//..//x",
		"abs/secret", "absfile", "abs/", "abs/.", "up", "up/", "up/x", "up2/x", "root/etc/passwd", "d/up/x", "d/up/" + base + "/secret", "./abs/secret",
	}
	for _, p := range paths {
		cannotLeave(t, p, outside)
	}
	entries, err := os.ReadDir(outside)
	if err != nil || len(entries) != 1 {
		t.Errorf("the directory outside holds %v, %v", entries, err)
	}
	if b, err := os.ReadFile(filepath.Join(outside, "secret")); err != nil || string(b) != "secret" {
		t.Errorf("the file outside = %q, %v", b, err)
	}
	if info, err := os.Stat(filepath.Join(outside, "secret")); err != nil || info.ModTime().Unix() < 1000 {
		t.Error("the file outside was touched")
	}
}

// cannotLeave does everything that a guest can do with a path, in a fresh
// directory with links that lead out.
func cannotLeave(t *testing.T, p, outside string) {
	t.Helper()
	g := newWASI(t, wasiOptions{})
	if err := os.Mkdir(g.host("d"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{
		"abs": outside, "absfile": filepath.Join(outside, "secret"), "up": "..", "up2": "d/../..", "root": "/", "d/up": "../..",
	} {
		if err := os.Symlink(target, g.host(name)); err != nil {
			t.Fatal(err)
		}
	}
	if fd, errno := g.open(p, 0, rRead); errno == 0 {
		t.Errorf("%q was opened as descriptor %d", p, fd)
	}
	for _, oflags := range []int{oCreate, oTrunc, oCreate | oExcl, oDirectory} {
		if fd, errno := g.open(p, oflags, rRead|rWrite); errno == 0 {
			t.Errorf("%q was opened with flags %d as descriptor %d", p, oflags, fd)
		}
	}
	ptr, n := g.put(p)
	if errno := g.call("path_filestat_get", 3, follow, ptr, n, g.room(64)); errno == 0 {
		t.Errorf("%q has a stat", p)
	}
	for _, target := range []string{"../x", "/etc/passwd", outside, "d/../../x", ".."} {
		tp, tn := g.put(target)
		lp, ln := g.put("evil")
		g.want("path_symlink to "+target, g.call("path_symlink", tp, tn, 3, lp, ln), ePerm)
	}
	in, inN := g.put("new")
	g.call("path_filestat_set_times", 3, follow, ptr, n, 1, 1, 1|4)
	g.call("path_symlink", in, inN, 3, ptr, n)
	g.call("path_link", 3, 0, ptr, n, 3, in, inN)
	if fd, errno := g.open("new", 0, rRead); errno == 0 {
		if text, _ := g.read(fd, 99); text == "secret" {
			t.Errorf("%q was linked in", p)
		}
	}
	g.call("path_rename", 3, in, inN, 3, ptr, n)
	g.call("path_rename", 3, ptr, n, 3, in, inN)
	g.call("path_unlink_file", 3, ptr, n)
	g.call("path_remove_directory", 3, ptr, n)
	g.call("path_create_directory", 3, ptr, n)
}

// A pipe, a socket or a device in a mapped directory is not opened: that could
// block the host or do things.
func TestWASIOpensOnlyFilesAndDirectories(t *testing.T) {
	g := newWASI(t, wasiOptions{})
	if err := makePipe(g.host("pipe")); err != nil {
		t.Logf("no pipes here: %v", err)
		return
	}
	for _, rights := range []int{rRead, rWrite, rRead | rWrite} {
		_, errno := g.open("pipe", 0, rights)
		g.want("open a pipe", errno, eAccess)
	}
}

// Proves: vm 14.22
func TestWASIFileRights(t *testing.T) {
	read, write, remove := spirit.StorageRead.On("dir:/"), spirit.StorageWrite.On("dir:/"), spirit.StorageDelete.On("dir:/")
	ops := map[string]func(g *wasiGuest) uint32{
		"read":     func(g *wasiGuest) uint32 { _, e := g.open("f", 0, rRead); return e },
		"stat":     func(g *wasiGuest) uint32 { _, _, _, e := g.stat("f", 0); return e },
		"write":    func(g *wasiGuest) uint32 { _, e := g.open("f", 0, rWrite); return e },
		"create":   func(g *wasiGuest) uint32 { _, e := g.open("new", oCreate, rRead); return e },
		"truncate": func(g *wasiGuest) uint32 { _, e := g.open("f", oTrunc, 0); return e },
		"mkdir":    func(g *wasiGuest) uint32 { return g.path("path_create_directory", "d") },
		"unlink":   func(g *wasiGuest) uint32 { return g.path("path_unlink_file", "f") },
		"rename": func(g *wasiGuest) uint32 {
			p, n := g.put("f")
			q, m := g.put("g")
			return g.call("path_rename", 3, p, n, 3, q, m)
		},
		"symlink": func(g *wasiGuest) uint32 {
			p, n := g.put("f")
			q, m := g.put("s")
			return g.call("path_symlink", p, n, 3, q, m)
		},
	}
	allowed := map[string][]spirit.Capability{
		"read": {read}, "stat": {read}, "write": {read, write}, "create": {read, write}, "truncate": {read, write},
		"mkdir": {read, write}, "unlink": {read, remove}, "rename": {read, write, remove}, "symlink": {read, write},
	}
	for name, op := range ops {
		for _, rights := range [][]spirit.Capability{{read}, {read, write}, {read, remove}, {read, write, remove}} {
			ok := true
			for _, need := range allowed[name] {
				found := false
				for _, r := range rights {
					found = found || r == need
				}
				ok = ok && found
			}
			g := newWASI(t, wasiOptions{rights: rights})
			g.hostFile("f", "x")
			if errno := op(g); (errno == 0) != ok || !ok && errno != eNotcapable {
				t.Errorf("%s with %v = %d, want allowed %v", name, rights, errno, ok)
			}
		}
	}
	// A right that is withdrawn is gone at the next call, on open files too.
	g := newWASI(t, wasiOptions{rights: []spirit.Capability{read, write}})
	fd := g.mustOpen("f", oCreate, rRead|rWrite)
	g.write(fd, "before")
	if err := g.s.Revoke([]spirit.Capability{spirit.StorageWrite}); err != nil {
		t.Fatal(err)
	}
	_, errno := g.write(fd, "after")
	g.want("write after revocation", errno, eNotcapable)
	g.call("fd_seek", fd, 0, 0, g.room(8))
	if got, errno := g.read(fd, 99); got != "before" || errno != 0 {
		t.Errorf("read after revocation of write = %q, %d", got, errno)
	}
}

func TestWASIReadOnlyDirectory(t *testing.T) {
	dir := t.TempDir()
	g := newWASI(t, wasiOptions{dirs: []host.Dir{{Guest: "/", Host: dir, ReadOnly: true}}})
	g.dir = dir
	g.hostFile("f", "text")
	fd := g.mustOpen("f", 0, rRead)
	if got, _ := g.read(fd, 9); got != "text" {
		t.Errorf("f = %q", got)
	}
	for _, flags := range []int{oCreate, oTrunc} {
		_, errno := g.open("f", flags, rRead)
		g.want("open to change", errno, eRofs)
	}
	_, errno := g.open("f", 0, rRead|rWrite)
	g.want("open for writing", errno, eRofs)
	g.want("mkdir", g.path("path_create_directory", "d"), eRofs)
	g.want("unlink", g.path("path_unlink_file", "f"), eRofs)
	g.want("rmdir", g.path("path_remove_directory", "f"), eRofs)
	p, n := g.put("f")
	q, m := g.put("g")
	g.want("rename", g.call("path_rename", 3, p, n, 3, q, m), eRofs)
	g.want("link", g.call("path_link", 3, 0, p, n, 3, q, m), eRofs)
	g.want("symlink", g.call("path_symlink", p, n, 3, q, m), eRofs)
	g.want("set times", g.call("path_filestat_set_times", 3, follow, p, n, 1, 1, 1|4), eRofs)
	g.want("set times of the open file", g.call("fd_filestat_set_times", fd, 1, 1, 1|4), eRofs)
	if b, err := os.ReadFile(g.host("f")); err != nil || string(b) != "text" {
		t.Errorf("f = %q, %v", b, err)
	}
}

// What files grow by counts as storage; what is given back can be used again.
func TestWASIFileQuota(t *testing.T) {
	g := newWASI(t, wasiOptions{change: func(c *Config) { c.Limits.StorageBytes = 1000 }})
	fd := g.mustOpen("f", oCreate, rRead|rWrite)
	_, errno := g.write(fd, strings.Repeat("x", 999))
	g.want("999 bytes and a name of 1", errno, 0)
	_, errno = g.write(fd, "x")
	g.want("one more", errno, eNospc)
	g.want("set size", g.call("fd_filestat_set_size", fd, 1000), eNospc)
	g.want("allocate", g.call("fd_allocate", fd, 0, 1000), eNospc)
	g.want("mkdir", g.path("path_create_directory", "d"), eNospc)
	_, errno = g.open("g", oCreate, rWrite)
	g.want("create", errno, eNospc)
	off := g.room(8)
	g.call("fd_seek", fd, 0, 0, off)
	_, errno = g.write(fd, strings.Repeat("y", 500))
	g.want("overwrite", errno, 0)
	g.want("shrink", g.call("fd_filestat_set_size", fd, 100), 0)
	g.want("mkdir into what was freed", g.path("path_create_directory", "d"), 0)
	g.want("grow into what was freed", g.call("fd_filestat_set_size", fd, 998), 0)
	// Unlinking an open file gives nothing back until it is closed.
	g.want("unlink", g.path("path_unlink_file", "f"), 0)
	fd2 := g.mustOpen("g", oCreate, rWrite)
	_, errno = g.write(fd2, "more")
	g.want("while the unlinked file is open", errno, eNospc)
	g.want("close", g.call("fd_close", fd), 0)
	_, errno = g.write(fd2, strings.Repeat("z", 990))
	g.want("after it was closed", errno, 0)
}

// What could not be made costs no quota: the parents are missing, so each call
// fails, and a hundred of them must leave all the room that there was.
func TestWASIFailedCreationIsFree(t *testing.T) {
	g := newWASI(t, wasiOptions{change: func(c *Config) { c.Limits.StorageBytes = 100 }})
	g.hostFile("old", "")
	p, n := g.put("none/name")
	q, m := g.put("old")
	for range 100 {
		g.want("mkdir", g.call("path_create_directory", 3, p, n), eNoent)
		g.want("symlink", g.call("path_symlink", q, m, 3, p, n), eNoent)
		g.want("link", g.call("path_link", 3, 0, q, m, 3, p, n), eNoent)
		_, errno := g.open("none/name", oCreate, rWrite)
		g.want("create", errno, eNoent)
	}
	fd := g.mustOpen("f", oCreate, rRead|rWrite)
	_, errno := g.write(fd, strings.Repeat("x", 99))
	g.want("99 bytes and a name of 1", errno, 0)
}
