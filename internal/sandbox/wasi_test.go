package sandbox

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/internal/host"
	"github.com/univrs/vudo/spirit"
)

// Error numbers of WASI preview 1.
const (
	eAccess, eBadf, eExist, eFault, eFbig, eInval, eIsdir, eLoop        = 2, 8, 20, 21, 22, 28, 31, 32
	eMfile, eNametoolong, eNoent, eNospc, eNosys, eNotdir               = 33, 37, 44, 51, 52, 54
	eNotempty, eNotsup, ePerm, eRofs, eNotcapable                uint32 = 55, 58, 63, 69, 76
)

const (
	typeDir, typeFile, typeLink = 3, 4, 7
)

// Every function of preview 1 links, runs metered, and does what it is for.
//
// Proves: vm 14.24
func TestWASIArgsAndEnvironment(t *testing.T) {
	g := newWASI(t, wasiOptions{rights: []spirit.Capability{
		{Type: spirit.TypeSensorEnvironment, Target: "A"}, {Type: spirit.TypeSensorEnvironment, Target: "B"}}})
	n, size := g.room(4), g.room(4)
	g.want("args_sizes_get", g.call("args_sizes_get", n, size), 0)
	if g.u32(n) != 3 || g.u32(size) != 13 {
		t.Errorf("%d arguments of %d bytes", g.u32(n), g.u32(size))
	}
	list, buf := g.room(12), g.room(13)
	g.want("args_get", g.call("args_get", list, buf), 0)
	if got := g.text(buf, 13); got != "prog\x00an arg\x00\x00" || g.u32(list+4) != buf+5 {
		t.Errorf("arguments = %q", got)
	}
	g.want("environ_sizes_get", g.call("environ_sizes_get", n, size), 0)
	if g.u32(n) != 2 || g.u32(size) != 8 {
		t.Errorf("%d variables of %d bytes", g.u32(n), g.u32(size))
	}
	list, buf = g.room(8), g.room(8)
	g.want("environ_get", g.call("environ_get", list, buf), 0)
	if got := g.text(buf, 8); got != "A=1\x00B=2\x00" || g.u32(list) != buf || g.u32(list+4) != buf+4 {
		t.Errorf("environment = %q", got)
	}
	g.want("environ_get outside", g.call("environ_get", 0, math.MaxUint32), eFault)
	g.want("environ_sizes_get outside", g.call("environ_sizes_get", 0, math.MaxUint32), eFault)
	if err := g.s.Revoke([]spirit.Capability{{Type: spirit.TypeSensorEnvironment, Target: "A"}}); err != nil {
		t.Fatal(err)
	}
	g.want("environ_sizes_get", g.call("environ_sizes_get", n, size), 0)
	if g.u32(n) != 1 {
		t.Errorf("%d variables after one was revoked", g.u32(n))
	}
}

func TestWASIClockAndRandom(t *testing.T) {
	clock := newHandClock()
	g := newWASI(t, wasiOptions{engine: EngineConfig{Clock: clock}, change: func(c *Config) { c.Host.Services.Clock = clock }})
	out := g.room(8)
	g.want("clock_time_get realtime", g.call("clock_time_get", 0, 0, out), 0)
	if got := int64(g.u64(out)); got != clock.Now().UnixNano() {
		t.Errorf("realtime = %d", got)
	}
	clock.advance(time.Second)
	g.want("clock_time_get monotonic", g.call("clock_time_get", 1, 0, out), 0)
	if got := g.u64(out); got != 1e9 {
		t.Errorf("monotonic = %d", got)
	}
	g.want("clock_res_get", g.call("clock_res_get", 0, out), 0)
	if g.u64(out) == 0 {
		t.Error("no resolution")
	}
	g.want("clock 9", g.call("clock_time_get", 9, 0, out), eInval)
	a, b := g.room(32), g.room(32)
	g.want("random_get", g.call("random_get", a, 32), 0)
	g.want("random_get", g.call("random_get", b, 32), 0)
	if g.text(a, 32) == g.text(b, 32) || g.text(a, 32) == strings.Repeat("\x00", 32) {
		t.Error("two draws do not differ")
	}
	g.want("random_get outside", g.call("random_get", math.MaxUint32, 2), eFault)

	// poll_oneoff with one relative timeout of 5 s.
	sub, event, n := g.room(48), g.room(32), g.room(4)
	mem := g.s.memory()
	binary.LittleEndian.PutUint64(mem[sub:], 0x1234)
	binary.LittleEndian.PutUint32(mem[sub+16:], 1)
	binary.LittleEndian.PutUint64(mem[sub+24:], 5e9)
	done := make(chan uint32)
	go func() { done <- g.call("poll_oneoff", sub, event, 1, n) }()
	eventually(t, "the guest sleeps", func() bool { return clock.hasTimer(5 * time.Second) })
	clock.advance(5 * time.Second)
	g.want("poll_oneoff", <-done, 0)
	if g.u32(n) != 1 || g.u64(event) != 0x1234 {
		t.Errorf("%d events", g.u32(n))
	}
	g.want("no subscription", g.call("poll_oneoff", sub, event, 0, n), eInval)
	g.want("4,097 subscriptions", g.call("poll_oneoff", sub, event, 4097, n), eInval)
	g.want("a number that wraps", g.call("poll_oneoff", sub, event, 0x55555556, n), eInval)
	g.want("outside", g.call("poll_oneoff", math.MaxUint32-8, event, 1, n), eFault)
}

func TestWASIStreams(t *testing.T) {
	var stdout bytes.Buffer
	in := pipeReader{make(chan string)}
	g := newWASI(t, wasiOptions{change: func(c *Config) { c.Stdin, c.Stdout = in, &stdout }})
	go func() {
		in.c <- "first"
		in.c <- "second"
		close(in.c)
	}()
	for _, want := range []string{"fir", "st", "sec", "ond", "", ""} {
		if got, errno := g.read(0, 3); got != want || errno != 0 {
			t.Errorf("fd_read = %q, %d; want %q", got, errno, want)
		}
	}
	g.write(1, "out")
	g.write(1, "put")
	if stdout.String() != "output" {
		t.Errorf("stdout = %q", stdout.String())
	}
	g.want("write to fd 0", func() uint32 { _, e := g.write(0, "x"); return e }(), eBadf)
	g.want("read from fd 1", func() uint32 { _, e := g.read(1, 1); return e }(), eBadf)
	g.want("write to fd 99", func() uint32 { _, e := g.write(99, "x"); return e }(), eBadf)
	out := g.room(24)
	for fd := range 3 {
		g.want("fd_fdstat_get", g.call("fd_fdstat_get", fd, out), 0)
		if kind := g.s.memory()[out]; kind == typeDir || kind == typeFile {
			t.Errorf("fd %d has type %d, want a device", fd, kind)
		}
	}
	g.want("proc_raise", g.call("proc_raise", 1), eNosys)
	g.want("sched_yield", g.call("sched_yield"), 0)
}

// A guest that waits for input until a timeout gets the one that comes first.
func TestWASIPollStdin(t *testing.T) {
	clock := newHandClock()
	in := pipeReader{make(chan string)}
	g := newWASI(t, wasiOptions{engine: EngineConfig{Clock: clock}, change: func(c *Config) { c.Stdin, c.Host.Services.Clock = in, clock }})
	subs, events, n := g.room(96), g.room(64), g.room(4)
	mem := g.s.memory()
	binary.LittleEndian.PutUint64(mem[subs:], 1) // a timeout of 1 s
	binary.LittleEndian.PutUint64(mem[subs+24:], 1e9)
	binary.LittleEndian.PutUint64(mem[subs+48:], 2) // fd 0 readable
	mem[subs+48+8] = 1
	done := make(chan uint32)
	poll := func() { done <- g.call("poll_oneoff", subs, events, 2, n) }
	go poll()
	eventually(t, "the guest waits", func() bool { return clock.hasTimer(time.Second) })
	clock.advance(time.Second)
	g.want("poll_oneoff", <-done, 0)
	if g.u32(n) != 1 || g.u64(events) != 1 {
		t.Errorf("%d events, the first of %d; want the timeout", g.u32(n), g.u64(events))
	}
	go poll()
	in.c <- "x"
	g.want("poll_oneoff", <-done, 0)
	if g.u32(n) != 1 || g.u64(events) != 2 || g.u64(events+16) != 1 {
		t.Errorf("%d events, the first of %d with %d bytes; want the input", g.u32(n), g.u64(events), g.u64(events+16))
	}
	close(in.c)
}

// Output and files can be used at once, so that nobody sleeps beside them; what
// is closed says so; an instant that has passed is no wait.
func TestWASIPollReady(t *testing.T) {
	g := newWASI(t, wasiOptions{})
	fd := g.mustOpen("f", oCreate, rRead|rWrite)
	subs, events, n := g.room(48*5), g.room(32*5), g.room(4)
	mem := g.s.memory()
	sub := func(i uint32, tag byte, fd uint32) {
		binary.LittleEndian.PutUint64(mem[subs+48*i:], uint64(i))
		mem[subs+48*i+8] = tag
		binary.LittleEndian.PutUint32(mem[subs+48*i+16:], fd)
	}
	sub(0, 2, 1)
	sub(1, 1, fd)
	sub(2, 2, 99)
	sub(3, 0, 1) // the monotonic clock, in an hour
	binary.LittleEndian.PutUint64(mem[subs+48*3+24:], 3600e9)
	sub(4, 1, 0) // the buffered input, which is empty
	g.want("poll_oneoff", g.call("poll_oneoff", subs, events, 5, n), 0)
	if g.u32(n) != 4 {
		t.Fatalf("%d events, want 4", g.u32(n))
	}
	for i, want := range []struct{ data, errno uint32 }{{0, 0}, {1, 0}, {2, eBadf}, {4, 0}} {
		at := events + uint32(32*i)
		if g.u32(at) != want.data || g.u32(at+8)&0xffff != want.errno {
			t.Errorf("event %d is of %d with errno %d", i, g.u32(at), g.u32(at+8)&0xffff)
		}
	}
	if g.s.memory()[events+32*3+24] != 1 {
		t.Error("the end of the input is not a hangup")
	}
	sub(0, 0, 0) // the real-time clock, at an instant long gone
	binary.LittleEndian.PutUint64(mem[subs+24:], 1e9)
	mem[subs+40] = 1
	g.want("an instant", g.call("poll_oneoff", subs, events, 1, n), 0)
	if g.u32(n) != 1 {
		t.Errorf("%d events for an instant long gone", g.u32(n))
	}
	mem[subs+40] = 2
	g.want("an unknown flag", g.call("poll_oneoff", subs, events, 1, n), eInval)
	mem[subs+8] = 3
	g.want("an unknown kind", g.call("poll_oneoff", subs, events, 1, n), eInval)
}

// Proves: vm 14.17
func TestWASIOutputLimit(t *testing.T) {
	g := newWASI(t, wasiOptions{change: func(c *Config) { c.Limits.OutputBytes = 5 }})
	g.want("6 bytes under a limit of 5", func() uint32 { _, e := g.write(1, "123456"); return e }(), eFbig)
	g.want("5 bytes", func() uint32 { _, e := g.write(1, "12345"); return e }(), 0)
	if n := g.usage.Host.OutputBytes; n != 5 {
		t.Errorf("%d bytes of output", n)
	}
}

type lineLog struct{ lines []host.LogLine }

func (l *lineLog) Log(line host.LogLine) { l.lines = append(l.lines, line) }

// Proves: vm 14.28
func TestWASIStderrIsLogged(t *testing.T) {
	log := &lineLog{}
	g := newWASI(t, wasiOptions{change: func(c *Config) { c.Host.Services.Logger = log }})
	g.write(2, "half \x1b[1m")
	g.write(2, "a line\nnext\n")
	if len(log.lines) != 3 || log.lines[0].Text != `half \x1b[1m` || log.lines[1].Text != "a line" || log.lines[0].Level != host.LevelError {
		t.Errorf("log = %+v", log.lines)
	}
	g = newWASI(t, wasiOptions{rights: []spirit.Capability{spirit.SensorTime}, change: func(c *Config) { c.Host.Services.Logger = log }})
	n, errno := g.write(2, "nobody sees this")
	if n != 16 || errno != 0 || len(log.lines) != 3 {
		t.Errorf("fd 2 without the right = %d, %d; log %+v", n, errno, log.lines)
	}
	if c := g.usage.Host; c.LogBytesDropped != 16 || c.Calls[0].Denied != 1 {
		t.Errorf("counts = %+v", c)
	}
}

// Proves: vm 14.35, vm 14.19
func TestWASIWithoutGrants(t *testing.T) {
	g := newWASI(t, wasiOptions{rights: []spirit.Capability{spirit.ActuatorNotify}})
	g.hostFile("f", "secret")
	out := g.room(64)
	g.want("clock_time_get", g.call("clock_time_get", 0, 0, out), eNotcapable)
	g.want("clock_res_get", g.call("clock_res_get", 0, out), eNotcapable)
	g.want("random_get", g.call("random_get", out, 8), eNotcapable)
	sub := g.room(48)
	g.want("poll_oneoff", g.call("poll_oneoff", sub, out, 1, out), eNotcapable)
	n, size := g.room(4), g.room(4)
	g.want("environ_sizes_get", g.call("environ_sizes_get", n, size), 0)
	if g.u32(n) != 0 || g.u32(size) != 0 {
		t.Errorf("%d variables show", g.u32(n))
	}
	g.want("fd_prestat_get", g.call("fd_prestat_get", 3, out), eBadf)
	_, errno := g.open("f", 0, rRead)
	g.want("path_open", errno, eBadf)
	for _, name := range []string{"sock_accept", "sock_recv", "sock_send", "sock_shutdown"} {
		f, _ := host.Find(host.ModuleWASI, name)
		args := make([]any, len(f.Params))
		for i := range args {
			args[i] = 0
		}
		g.want(name, g.call(name, args...), eNotsup)
	}
}

func TestWASIProcExit(t *testing.T) {
	g := newWASI(t, wasiOptions{})
	_, err := g.try("proc_exit", 7)
	var ge *fault.GuestError
	if !errors.As(err, &ge) || ge.Code != 7 {
		t.Errorf("proc_exit(7) = %v", err)
	}
}

func TestWASIPreopens(t *testing.T) {
	a, b := t.TempDir(), t.TempDir()
	g := newWASI(t, wasiOptions{
		dirs:   []host.Dir{{Guest: "/hidden", Host: a}, {Guest: "/data", Host: b}},
		rights: []spirit.Capability{spirit.StorageRead.On("dir:/data")},
	})
	out, name := g.room(8), g.room(16)
	g.want("fd_prestat_get", g.call("fd_prestat_get", 3, out), 0)
	if n := g.u32(out + 4); n != 5 {
		t.Fatalf("name of %d bytes", n)
	}
	g.want("fd_prestat_dir_name", g.call("fd_prestat_dir_name", 3, name, 5), 0)
	if got := g.text(name, 5); got != "/data" {
		t.Errorf("descriptor 3 is %q: a directory that is not granted shows", got)
	}
	g.want("with more room", g.call("fd_prestat_dir_name", 3, name, 9), 0)
	g.want("with less room", g.call("fd_prestat_dir_name", 3, name, 4), eNametoolong)
	g.want("outside", g.call("fd_prestat_dir_name", 3, math.MaxUint32, 5), eFault)
	g.want("a second one", g.call("fd_prestat_get", 4, out), eBadf)
	g.want("on fd 1", g.call("fd_prestat_get", 1, out), eBadf)
}

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

// Proves: vm 14.29
func TestWASIBadArguments(t *testing.T) {
	g := newWASI(t, wasiOptions{})
	fd := g.mustOpen("f", oCreate, rRead|rWrite)
	out := g.room(64)
	for _, name := range []string{"fd_write", "fd_read"} {
		g.want(name+" vectors outside", g.call(name, fd, math.MaxUint32, 1, out), eFault)
		g.want(name+" vector leads outside", g.call(name, fd, g.vec(math.MaxUint32, 2), 1, out), eFault)
		g.want(name+" vector wraps", g.call(name, fd, g.vec(1024, math.MaxUint32), 1, out), eFault)
		g.want(name+" too many vectors", g.call(name, fd, 0, 1025, out), eInval)
		g.want(name+" vectors wrap", g.call(name, fd, 0, 0x20000001, out), eInval)
		g.want(name+" result outside", g.call(name, fd, g.vec(1024, 1), 1, math.MaxUint32), eFault)
	}
	list := g.room(8 * 1024)
	for i := range uint32(1024) { // the same 4 MiB over and over: more than the result can say
		binary.LittleEndian.PutUint32(g.s.memory()[list+8*i+4:], 4<<20)
	}
	g.want("fd_write of 4 GiB", g.call("fd_write", fd, list, 1024, out), eInval)
	g.want("path outside", g.call("path_create_directory", 3, math.MaxUint32, 4), eFault)
	p, n := g.put(strings.Repeat("x", 4097))
	g.want("path too long", g.call("path_create_directory", 3, p, n), eNametoolong)
	p, n = g.put("")
	g.want("empty path", g.call("path_open", 3, 0, p, n, 0, rRead, 0, 0, out), eInval)
	g.want("result outside", g.call("path_open", 3, 0, p, 1, 0, rRead, 0, 0, math.MaxUint32), eFault)
	p, n = g.put("a\x00b")
	if errno := g.call("path_create_directory", 3, p, n); errno == 0 {
		t.Error("a name with a zero byte was accepted")
	}
	for i := 0; ; i++ {
		_, errno := g.open("f", 0, rRead)
		if errno == eMfile && i > 1000 {
			break
		}
		if errno != 0 || i > 1100 {
			t.Fatalf("file %d = %d", i, errno)
		}
	}
}

// Stop comes through in the middle of a wait for input.
//
// Proves: vm 14.11
func TestWASITerminateWhileReading(t *testing.T) {
	in := pipeReader{make(chan string)}
	defer close(in.c)
	g := newWASI(t, wasiOptions{change: func(c *Config) { c.Stdin = in }})
	p, out := g.room(8), g.room(4)
	v := g.vec(p, 8)
	done := make(chan error)
	go func() {
		_, err := g.try("fd_read", 0, v, 1, out)
		done <- err
	}()
	eventually(t, "the guest runs", func() bool { return g.s.State() == Running })
	if err := g.s.Terminate(background); err != nil {
		t.Fatal(err)
	}
	if err := <-done; !errors.Is(err, fault.ErrTerminated) {
		t.Errorf("fd_read ended with %v", err)
	}
}

// Every function on every kind of descriptor, with zeros for the rest: an error
// number, never a fault of the host.
//
// Proves: vm 14.24
func TestWASIEveryFunctionOnEveryDescriptor(t *testing.T) {
	for _, f := range host.Table() {
		if !contains(f.Modules, host.ModuleWASI) || f.Name == "proc_exit" {
			continue
		}
		for fd := range 7 {
			g := newWASI(t, wasiOptions{})
			g.path("path_create_directory", "d")
			g.mustOpen("f", oCreate, rRead|rWrite) // 4
			g.mustOpen("d", oDirectory, rRead)     // 5
			args := make([]any, len(f.Params))
			for i := range args {
				args[i] = 0
			}
			if len(args) > 0 {
				args[0] = fd
			}
			if _, err := g.try(f.Name, args...); err != nil {
				t.Errorf("%s(%d, 0...) = %v", f.Name, fd, err)
			}
		}
	}
}

// Proves: vm 14.24
func TestWASITariff(t *testing.T) {
	g := newWASI(t, wasiOptions{})
	fd := g.mustOpen("f", oCreate, rRead|rWrite)
	cost := func(name string, args ...any) uint64 {
		g.call(name, args...)
		return g.usage.FuelUsed
	}
	out, buf := g.room(64), g.room(6400)
	nothing := cost("sched_yield")
	const storage = 10_000 - 100
	for _, c := range []struct {
		what string
		got  uint64
		want uint64
	}{
		{"6,400 bytes to a file", cost("fd_write", fd, g.vec(buf, 6400), 1, out), storage + 100},
		{"6,400 bytes to stdout", cost("fd_write", 1, g.vec(buf, 6400), 1, out), 100},
		{"nothing to stdout", cost("fd_write", 1, g.vec(buf, 0), 1, out), 0},
		{"6,400 bytes from a file", cost("fd_pread", fd, g.vec(buf, 6400), 1, 0, out), storage + 100},
		{"at its end", cost("fd_pread", fd, g.vec(buf, 6400), 1, 6400, out), storage},
		{"640 random bytes", cost("random_get", buf, 640), 10},
		{"a seek", cost("fd_seek", fd, 0, 0, out), storage},
	} {
		if got := int64(c.got - nothing); got < int64(c.want) || got > int64(c.want)+20 { // more parameters are more instructions
			t.Errorf("%s cost %d more than sched_yield, want about %d", c.what, got, c.want)
		}
	}
}
