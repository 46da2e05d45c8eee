package sandbox

import (
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/univrs/vudo/internal/capability"
	"github.com/univrs/vudo/internal/host"
	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/spirit"
)

// wasiGuest is a metered module that exports every WASI function under its own
// name, so that a test can call each with the arguments that it wants.
type wasiGuest struct {
	t     *testing.T
	s     *Sandbox
	usage Usage
	dir   string // host directory of the first mapping, on descriptor 3
	heap  uint32 // next free address for put
}

type wasiOptions struct {
	rights []spirit.Capability // nil = unrestricted
	dirs   []host.Dir          // nil = a fresh one at /
	change func(*Config)
	engine EngineConfig
}

func wasiModule() *wasm.Builder {
	b := wasm.NewBuilder()
	var funcs []host.Func
	var index []uint32
	for _, f := range host.Table() {
		if contains(f.Modules, host.ModuleWASI) {
			funcs = append(funcs, f)
			index = append(index, b.ImportFunc(host.ModuleWASI, f.Name, f.Params, f.Results))
		}
	}
	for i, f := range funcs {
		b.Func(f.Name, f.Params, f.Results, nil, func(e *wasm.Emitter) {
			for k := range f.Params {
				e.LocalGet(uint32(k))
			}
			e.Call(index[i])
		})
	}
	b.Memory(64, 256)
	b.Export("memory", wasm.KindMemory, 0)
	return b
}

func newWASI(t *testing.T, o wasiOptions) *wasiGuest {
	t.Helper()
	g := &wasiGuest{t: t, dir: t.TempDir()}
	if o.dirs == nil {
		o.dirs = []host.Dir{{Guest: "/", Host: g.dir}}
	}
	if o.rights == nil {
		o.rights = []spirit.Capability{spirit.Unrestricted}
	}
	rights, err := capability.New(capability.Everything(), []capability.Grant{{Capabilities: o.rights}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{Rights: rights, Limits: spirit.Limits{Fuel: 1 << 50}.Fill()}
	cfg.Host.Dirs = o.dirs
	cfg.Host.Args = []string{"prog", "an arg", ""}
	cfg.Host.Env = map[string]string{"B": "2", "A": "1", "SECRET": "x"}
	cfg.Host.Services = &host.Services{}
	if o.change != nil {
		o.change(&cfg)
	}
	e := newEngine(t, o.engine)
	g.s = ready(t, compile(t, e, wasiModule()), cfg)
	g.heap = 1024
	return g
}

// call calls a function and returns its errno.
func (g *wasiGuest) call(name string, args ...any) uint32 {
	g.t.Helper()
	no, err := g.try(name, args...)
	if err != nil {
		g.t.Fatalf("%s: %v", name, err)
	}
	return no
}

func (g *wasiGuest) try(name string, args ...any) (uint32, error) {
	g.t.Helper()
	f, ok := host.Find(host.ModuleWASI, name)
	if !ok {
		g.t.Fatalf("no function %s", name)
	}
	vs := make([]Value, len(args))
	for i, a := range args {
		var n uint64
		switch a := a.(type) {
		case int:
			n = uint64(a)
		case uint32:
			n = uint64(a)
		case uint64:
			n = a
		case int64:
			n = uint64(a)
		}
		if f.Params[i] == wasm.I32 {
			n = uint64(uint32(n))
		}
		vs[i] = Value{f.Params[i], n}
	}
	out, u, err := g.s.CallValues(background, name, vs)
	g.usage = u
	if err != nil || len(out) == 0 {
		return 0, err
	}
	return uint32(out[0].I32()), nil
}

// put writes text to fresh guest memory and returns address and length.
func (g *wasiGuest) put(text string) (ptr, n uint32) {
	ptr = g.heap
	g.heap += (uint32(len(text)) + 15) &^ 7
	copy(g.s.memory()[ptr:], text)
	return ptr, uint32(len(text))
}

// room returns fresh zeroed guest memory.
func (g *wasiGuest) room(n uint32) uint32 {
	ptr := g.heap
	g.heap += (n + 15) &^ 7
	clear(g.s.memory()[ptr : ptr+n])
	return ptr
}

func (g *wasiGuest) u32(ptr uint32) uint32 { return binary.LittleEndian.Uint32(g.s.memory()[ptr:]) }
func (g *wasiGuest) u64(ptr uint32) uint64 { return binary.LittleEndian.Uint64(g.s.memory()[ptr:]) }
func (g *wasiGuest) text(ptr, n uint32) string {
	return string(g.s.memory()[ptr : ptr+n])
}

// vec makes one iovec.
func (g *wasiGuest) vec(ptr, n uint32) uint32 {
	v := g.room(8)
	binary.LittleEndian.PutUint32(g.s.memory()[v:], ptr)
	binary.LittleEndian.PutUint32(g.s.memory()[v+4:], n)
	return v
}

// Flags of path_open.
const (
	oCreate, oDirectory, oExcl, oTrunc = 1, 2, 4, 8
	rRead, rWrite                      = 1 << 1, 1 << 6
	fAppend                            = 1
	follow                             = 1
)

// open opens a path below descriptor 3.
func (g *wasiGuest) open(path string, oflags int, rights int, fdflags ...int) (fd, errno uint32) {
	g.t.Helper()
	return g.openAt(3, path, follow, oflags, rights, fdflags...)
}

func (g *wasiGuest) openAt(dir uint32, path string, lookup, oflags, rights int, fdflags ...int) (fd, errno uint32) {
	g.t.Helper()
	p, n := g.put(path)
	out, flags := g.room(4), 0
	if len(fdflags) > 0 {
		flags = fdflags[0]
	}
	errno = g.call("path_open", dir, lookup, p, n, oflags, rights, 0, flags, out)
	return g.u32(out), errno
}

func (g *wasiGuest) mustOpen(path string, oflags int, rights int, fdflags ...int) uint32 {
	g.t.Helper()
	fd, errno := g.open(path, oflags, rights, fdflags...)
	if errno != 0 {
		g.t.Fatalf("path_open(%q) = %d", path, errno)
	}
	return fd
}

func (g *wasiGuest) write(fd uint32, text string) (n, errno uint32) {
	g.t.Helper()
	p, l := g.put(text)
	out := g.room(4)
	errno = g.call("fd_write", fd, g.vec(p, l), 1, out)
	return g.u32(out), errno
}

func (g *wasiGuest) read(fd uint32, n uint32) (text string, errno uint32) {
	g.t.Helper()
	p, out := g.room(n), g.room(4)
	errno = g.call("fd_read", fd, g.vec(p, n), 1, out)
	return g.text(p, g.u32(out)), errno
}

// path calls a function that takes a directory and a path and nothing else.
func (g *wasiGuest) path(name, path string) uint32 {
	g.t.Helper()
	p, n := g.put(path)
	return g.call(name, 3, p, n)
}

// stat returns file type, links and size.
func (g *wasiGuest) stat(path string, lookup int) (kind byte, links, size uint64, errno uint32) {
	g.t.Helper()
	p, n := g.put(path)
	out := g.room(64)
	errno = g.call("path_filestat_get", 3, lookup, p, n, out)
	return g.s.memory()[out+16], g.u64(out + 24), g.u64(out + 32), errno
}

func (g *wasiGuest) host(name string) string { return filepath.Join(g.dir, name) }

func (g *wasiGuest) hostFile(name, text string) {
	g.t.Helper()
	if err := os.WriteFile(g.host(name), []byte(text), 0o600); err != nil {
		g.t.Fatal(err)
	}
}

func (g *wasiGuest) want(what string, got, want uint32) {
	g.t.Helper()
	if got != want {
		g.t.Errorf("%s = errno %d, want %d", what, got, want)
	}
}

// pipeReader gives one chunk per read and waits for the next.
type pipeReader struct{ c chan string }

func (p pipeReader) Read(b []byte) (int, error) {
	s, ok := <-p.c
	if !ok {
		return 0, io.EOF
	}
	return copy(b, s), nil
}

// hasTimer reports whether someone waits for the clock to move by exactly d.
func (c *handClock) hasTimer(d time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(c.timers, func(t handTimer) bool { return t.at.Sub(c.now) == d })
}
