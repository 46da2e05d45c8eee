package sandbox

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"os"
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
		{Type: spirit.TypeSensorEnvironment, Target: "A"}, {Type: spirit.TypeSensorEnvironment, Target: "B"},
	}})
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

// stuckWriter takes nothing until it is closed.
type stuckWriter chan struct{}

func (w stuckWriter) Write([]byte) (int, error) {
	<-w
	return 0, os.ErrClosed
}

// Stop comes through in the middle of a write to a stream that is stuck.
//
// Proves: vm 14.11
func TestWASITerminateWhileWriting(t *testing.T) {
	out := make(stuckWriter)
	defer close(out)
	g := newWASI(t, wasiOptions{change: func(c *Config) { c.Stdout = out }})
	p, n := g.put("text")
	v, result := g.vec(p, n), g.room(4)
	done := make(chan error)
	go func() {
		_, err := g.try("fd_write", 1, v, 1, result)
		done <- err
	}()
	eventually(t, "the guest runs", func() bool { return g.s.State() == Running })
	if err := g.s.Terminate(background); err != nil {
		t.Fatal(err)
	}
	if err := <-done; !errors.Is(err, fault.ErrTerminated) {
		t.Errorf("fd_write ended with %v", err)
	}
}

// A call that the budget does not cover pauses before its effect, and makes it
// once when it goes on.
//
// Proves: vm 14.35
func TestWASIPausesForFuel(t *testing.T) {
	g := newWASI(t, wasiOptions{change: func(c *Config) { c.Limits.Fuel = 12_000 }})
	fd := g.mustOpen("f", oCreate, rWrite)
	p, out := g.room(640_000), g.room(4)
	size := func() int64 {
		info, err := os.Stat(g.host("f"))
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	_, err := g.try("fd_write", fd, g.vec(p, 640_000), 1, out) // 20,000 fuel
	if !errors.Is(err, fault.ErrOutOfFuel) || size() != 0 {
		t.Fatalf("with 12,000 fuel: %v, and %d bytes are written", err, size())
	}
	if _, err := g.s.Refuel(background, 1_000_000); err != nil {
		t.Fatal(err)
	}
	if size() != 640_000 || g.u32(out) != 640_000 {
		t.Errorf("after the refuel the file has %d bytes, the guest was told of %d", size(), g.u32(out))
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
