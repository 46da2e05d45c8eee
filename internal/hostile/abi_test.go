package hostile

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/univrs/vudo"
	"github.com/univrs/vudo/internal/host"
	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/spirit"
)

// call is a call of a host function; int and int32 arguments are i32, int64 i64.
type call struct {
	module, name string
	args         []any
}

func vudoCall(name string, args ...any) call { return call{"vudo", name, args} }
func wasiCall(name string, args ...any) call { return call{"wasi_snapshot_preview1", name, args} }

// calling is a module with one page of memory, data at its start, whose run
// makes the calls one after the other and returns the last result, an i32. The
// page is filled with 0xAA behind the data.
func calling(data []byte, calls ...call) func(b *wasm.Builder) {
	return func(b *wasm.Builder) {
		var funcs []uint32
		for _, c := range calls {
			var params []wasm.ValType
			for _, a := range c.args {
				if _, long := a.(int64); long {
					params = append(params, wasm.I64)
				} else {
					params = append(params, wasm.I32)
				}
			}
			funcs = append(funcs, b.ImportFunc(c.module, c.name, params, wasm.Types(wasm.I32)))
		}
		b.Memory(1, 2)
		b.Export("memory", wasm.KindMemory, 0)
		page := bytes.Repeat([]byte{0xAA}, 65536)
		copy(page, data)
		b.Data(0, page)
		b.Func("run", nil, wasm.Types(wasm.I32), nil, func(e *wasm.Emitter) {
			for i, c := range calls {
				for _, a := range c.args {
					switch a := a.(type) {
					case int64:
						e.I64Const(a)
					case int:
						e.I32Const(int32(uint32(a)))
					}
				}
				e.Call(funcs[i])
				if i < len(calls)-1 {
					e.Op(wasm.OpDrop)
				}
			}
		})
	}
}

// lies are ranges that lie outside of one page, or wrap.
var lies = []struct {
	name     string
	ptr, len int
}{
	{"past the end by one", 65535, 2},
	{"behind the end", 65537, 0},
	{"far behind the end", 1 << 31, 16},
	{"a negative address", -16, 8},
	{"a negative length", 16, -1},
	{"both negative", -1, -1},
	{"a sum that wraps to 0", -16, 16},
	{"a sum that wraps to the middle", -8, 64},
	{"the whole address space", 0, -1},
}

const page = 65536

// pointers: every function that takes a range, each lie; what grew meanwhile is
// inside at once, what did not grow is not.
var pointers = func() row {
	r := row{attempt: "pointers outside memory, lengths that wrap, memory grown during a call"}
	granted := "log random storage env:A_*"
	input := func(t *testing.T, w *world, cfg *vudo.SandboxConfig) { cfg.Env = map[string]string{"A_B": "value"} }
	for _, f := range []struct {
		name  string
		calls func(ptr, n int) []call
	}{
		{"host_log_info", func(p, n int) []call { return []call{vudoCall("host_log_info", p, n)} }},
		{"host_log", func(p, n int) []call { return []call{vudoCall("host_log", 2, p, n)} }},
		{"host_random_bytes", func(p, n int) []call { return []call{vudoCall("host_random_bytes", p, n)} }},
		{"host_storage_get, the key", func(p, n int) []call { return []call{vudoCall("host_storage_get", p, n, 0, 16)} }},
		{"host_storage_get, the value", func(p, n int) []call {
			return []call{vudoCall("host_storage_set", 0, 4, 0, 64), vudoCall("host_storage_get", 0, 4, p, n)}
		}},
		{"host_storage_set, the key", func(p, n int) []call { return []call{vudoCall("host_storage_set", p, n, 0, 16)} }},
		{"host_storage_set, the value", func(p, n int) []call { return []call{vudoCall("host_storage_set", 0, 4, p, n)} }},
		{"host_storage_delete", func(p, n int) []call { return []call{vudoCall("host_storage_delete", p, n)} }},
		{"host_storage_list, the prefix", func(p, n int) []call { return []call{vudoCall("host_storage_list", p, n, 0, 0, 0, 16)} }},
		{"host_storage_list, the cursor", func(p, n int) []call { return []call{vudoCall("host_storage_list", 0, 0, p, n, 0, 16)} }},
		{"host_input_read", func(p, n int) []call { return []call{vudoCall("host_input_read", 0, p, n)} }},
		{"host_output_write", func(p, n int) []call { return []call{vudoCall("host_output_write", p, n)} }},
		{"host_result_read", func(p, n int) []call { return []call{vudoCall("host_result_read", 0, p, n)} }},
		{"host_fail", func(p, n int) []call { return []call{vudoCall("host_fail", 1, p, n)} }},
		{"host_env_get, the name", func(p, n int) []call { return []call{vudoCall("host_env_get", p, n, 0, 16)} }},
		{"host_capability_check", func(p, n int) []call { return []call{vudoCall("host_capability_check", p, n)} }},
	} {
		for _, l := range lies {
			r.shapes = append(r.shapes, shape{
				name: f.name + ": " + l.name, grant: granted, config: input,
				build: calling([]byte("A_B"), f.calls(l.ptr, l.len)...), result: number(int64(host.BadMemory)),
				check: func(t *testing.T, r *run) {
					if r.log.count != 0 || len(r.result.Output) != 0 {
						t.Errorf("%d lines, %d bytes of output came of it", r.log.count, len(r.result.Output))
					}
				},
			})
		}
	}
	for _, l := range lies {
		iov := append(le(uint32(l.ptr)), le(uint32(l.len))...)
		r.shapes = append(r.shapes,
			shape{
				name: "fd_write, the vector: " + l.name, grant: "log",
				build: calling(iov, wasiCall("fd_write", 1, 0, 1, 64)), values: true, check: errnoNotZero,
			},
			shape{name: "random_get: " + l.name, grant: "random", build: calling(nil, wasiCall("random_get", l.ptr, l.len)), values: true, check: errnoNotZero},
		)
	}
	r.shapes = append(r.shapes,
		shape{name: "fd_write, a vector of vectors that wraps", build: calling(nil, wasiCall("fd_write", 1, -8, 2, 64)), values: true, check: errnoNotZero},
		shape{name: "fd_write, four thousand million vectors", build: calling(nil, wasiCall("fd_write", 1, 0, -1, 64)), values: true, check: errnoNotZero},
		shape{name: "fd_read, the count outside", build: calling(append(le(128), le(16)...), wasiCall("fd_read", 0, 0, 1, -2)), values: true, check: errnoNotZero},
		shape{name: "poll_oneoff, four thousand million subscriptions", grant: "time", build: calling(nil, wasiCall("poll_oneoff", 0, 0, -1, 64)), values: true, check: errnoNotZero},
		shape{name: "memory grown between two calls: what was outside is inside", grant: "random", build: func(b *wasm.Builder) {
			f := b.ImportFunc("vudo", "host_random_bytes", i32s(2), wasm.Types(wasm.I32))
			b.Memory(1, 2)
			b.Export("memory", wasm.KindMemory, 0)
			b.Func("run", nil, wasm.Types(wasm.I32), nil, func(e *wasm.Emitter) {
				e.I32Const(page).I32Const(8).Call(f) // -2
				e.I32Const(1).OpIdx(wasm.OpMemoryGrow, 0).Op(wasm.OpDrop)
				e.I32Const(page).I32Const(8).Call(f) // 0
				e.I32Const(10).Op(wasm.OpI32Mul, wasm.OpI32Add)
			})
		}, result: number(int64(host.BadMemory))},
		shape{name: "memory grown by a refused step: what was outside stays outside", grant: "random", build: func(b *wasm.Builder) {
			f := b.ImportFunc("vudo", "host_random_bytes", i32s(2), wasm.Types(wasm.I32))
			b.Memory(1, -1)
			b.Export("memory", wasm.KindMemory, 0)
			b.Func("run", nil, wasm.Types(wasm.I32), nil, func(e *wasm.Emitter) {
				e.I32Const(60_000).OpIdx(wasm.OpMemoryGrow, 0).Op(wasm.OpDrop)
				e.I32Const(page).I32Const(8).Call(f)
			})
		}, result: number(int64(host.BadMemory))},
		shape{name: "no memory at all", grant: "log", build: func(b *wasm.Builder) {
			f := b.ImportFunc("vudo", "host_log_info", i32s(2), wasm.Types(wasm.I32))
			b.Func("run", nil, wasm.Types(wasm.I32), nil, func(e *wasm.Emitter) { e.I32Const(0).I32Const(1).Call(f) })
		}, result: number(int64(host.BadMemory))},
		shape{name: "a panic text outside", build: func(b *wasm.Builder) {
			f := b.ImportFunc("vudo", "vudo_panic", i32s(2), nil)
			b.Memory(1, 1)
			b.Export("memory", wasm.KindMemory, 0)
			b.Func("run", nil, nil, nil, func(e *wasm.Emitter) { e.I32Const(-4).I32Const(8).Call(f) })
		}, end: vudo.ErrTrap, kind: kindPanic},
	)
	return r
}()

// errnoNotZero wants a WASI error, whichever.
func errnoNotZero(t *testing.T, r *run) {
	t.Helper()
	if len(r.result.Values) != 1 || int32(r.result.Values[0].Bits) == 0 {
		t.Errorf("the result is %v, want an errno", r.result.Values)
	}
	if len(r.result.Output) != 0 {
		t.Errorf("%d bytes of output came of it", len(r.result.Output))
	}
}

func code(name string, c host.Code, grant string, data string, calls ...call) shape {
	return shape{name: name, grant: grant, build: calling([]byte(data), calls...), result: number(int64(c))}
}

var arguments = row{attempt: "wrong levels, sizes, offsets", shapes: []shape{
	code("log level 5", host.BadArgument, "log", "x", vudoCall("host_log", 5, 0, 1)),
	code("log level 255", host.BadArgument, "log", "x", vudoCall("host_log", 255, 0, 1)),
	code("log level 256", host.BadArgument, "log", "x", vudoCall("host_log", 256, 0, 1)),
	code("log level -1", host.BadArgument, "log", "x", vudoCall("host_log", -1, 0, 1)),
	code("log text that is no UTF-8", host.BadArgument, "log", "\xff\xfe", vudoCall("host_log_info", 0, 2)),
	code("a sleep of -1", host.BadArgument, "time", "", vudoCall("host_time_sleep", int64(-1))),
	code("a sleep of a minute and a bit", host.BadArgument, "time", "", vudoCall("host_time_sleep", int64(60_001))),
	code("a sleep of ages", host.BadArgument, "time", "", vudoCall("host_time_sleep", int64(1<<63-1))),
	code("no random bytes", host.BadArgument, "random", "", vudoCall("host_random_bytes", 0, 0)),
	code("an empty key", host.BadArgument, "storage", "", vudoCall("host_storage_get", 0, 0, 0, 0)),
	code("a key of 1,025 bytes", host.BadArgument, "storage", "", vudoCall("host_storage_set", 0, 1025, 0, 1)),
	code("a prefix of 1,025 bytes", host.BadArgument, "storage", "", vudoCall("host_storage_list", 0, 1025, 0, 0, 0, 16)),
	code("an input offset behind the end", host.BadArgument, "", "", vudoCall("host_input_read", 1, 0, 16)),
	code("a result offset behind the end", host.BadArgument, "", "", vudoCall("host_result_read", 1, 0, 16)),
	code("a failure that is none", host.BadArgument, "", "", vudoCall("host_fail", 0, 0, 0)),
	code("a failure text above 4,096 bytes", host.BadArgument, "", strings.Repeat("x", 5000), vudoCall("host_fail", 1, 0, 4097)),
	code("a variable without a name", host.BadArgument, "env:A_*", "", vudoCall("host_env_get", 0, 0, 0, 0)),
	code("a variable that is not there", host.NotFound, "env:A_*", "A_X", vudoCall("host_env_get", 0, 3, 0, 0)),
	code("a variable of the host itself", host.Denied, "env:A_*", "PATH", vudoCall("host_env_get", 0, 4, 0, 0)),
	code("a capability that does not exist", host.BadArgument, "", "nonsense", vudoCall("host_capability_check", 0, 8)),
	{name: "a descriptor that was never opened", build: calling(nil, wasiCall("fd_read", 99, 0, 1, 64)), values: true, check: errnoNotZero},
	{name: "a descriptor of -1", build: calling(nil, wasiCall("fd_close", -1)), values: true, check: errnoNotZero},
	{name: "a clock that does not exist", grant: "time", build: calling(nil, wasiCall("clock_time_get", 77, int64(0), 64)), values: true, check: errnoNotZero},
	{name: "freeing what was not allocated", build: func(b *wasm.Builder) {
		free := b.ImportFunc("vudo", "vudo_free", i32s(2), nil)
		alloc := b.ImportFunc("vudo", "vudo_alloc", i32s(1), wasm.Types(wasm.I32))
		b.Memory(1, 2)
		b.Export("memory", wasm.KindMemory, 0)
		b.Func("run", nil, wasm.Types(wasm.I32), i32s(1), func(e *wasm.Emitter) {
			for _, lie := range [][2]int32{{0, 16}, {-16, 16}, {65536, -1}, {7, 3}} {
				e.I32Const(lie[0]).I32Const(lie[1]).Call(free)
			}
			e.I32Const(32).Call(alloc).LocalTee(0).I32Const(32).Call(free) // once
			e.LocalGet(0).I32Const(32).Call(free)                          // and again
			e.I32Const(32).Call(alloc).I32Const(32).Call(alloc).Op(wasm.OpI32Ne)
		})
	}, result: number(1)},
	{name: "allocating everything", build: func(b *wasm.Builder) {
		alloc := b.ImportFunc("vudo", "vudo_alloc", i32s(1), wasm.Types(wasm.I32))
		b.Memory(1, -1)
		b.Export("memory", wasm.KindMemory, 0)
		b.Func("run", nil, wasm.Types(wasm.I32), nil, func(e *wasm.Emitter) { e.I32Const(-1).Call(alloc) })
	}, result: number(0)},
}}

// ownKeys: the first guest keeps a secret under the key "k"; the shape, another
// Spirit over the same store, looks for it.
func afterASecret(t *testing.T, w *world, cfg *vudo.SandboxConfig) {
	t.Helper()
	b := wasm.NewBuilder()
	calling([]byte("ksecret"), vudoCall("host_storage_set", 0, 1, 1, 6))(b)
	other := *cfg
	other.Grant = []spirit.Capability{spirit.StorageWrite}
	other.Owner = [32]byte{1}
	sb := w.sandbox(b.Bytes(), other)
	if r, err := sb.CallValues(t.Context(), "run"); err != nil || r.Values[0].Bits != 0 {
		t.Fatalf("the secret could not be stored: %v, %v", r.Values, err)
	}
	cfg.Owner = [32]byte{2}
}

// guess looks for the secret under a key.
func guess(name, key string) shape {
	return shape{
		name: name, grant: "storage", config: afterASecret, result: number(int64(host.NotFound)),
		build: calling([]byte(key), vudoCall("host_storage_get", 0, len(key), 4096, 64)),
	}
}

var keys = row{attempt: "reading another Spirit's or owner's keys", shapes: []shape{
	guess("the key itself", "k"),
	guess("upwards", "../k"),
	guess("an absolute name", "/k"),
	guess("with a zero byte", "\x00k"),
	guess("with the owner before it", string([]byte{1})+strings.Repeat("\x00", 31)+"k"),
	guess("with a namespace of zeros before it", strings.Repeat("\x00", 32)+"k"),
	guess("in the words of the database", "k' OR '1'='1"),
	{
		name: "listing everything", grant: "storage", config: afterASecret, result: number(0),
		build: calling(nil, vudoCall("host_storage_list", 0, 0, 0, 0, 4096, 1024)),
	},
	{
		name: "deleting it", grant: "storage", config: afterASecret, result: number(0),
		build: calling([]byte("k"), vudoCall("host_storage_delete", 0, 1)),
	},
	{
		name: "writing over it, and reading that back", grant: "storage", config: afterASecret, result: number(3),
		build: calling([]byte("kown"), vudoCall("host_storage_set", 0, 1, 1, 3), vudoCall("host_storage_get", 0, 1, 4096, 64)),
	},
}}

// inMapped maps a directory with a secret beside it, links that lead out, and a
// file inside.
func inMapped(t *testing.T, w *world, cfg *vudo.SandboxConfig) {
	t.Helper()
	top := t.TempDir()
	mapped := filepath.Join(top, "mapped")
	for _, err := range []error{
		os.MkdirAll(filepath.Join(mapped, "sub"), 0o755),
		os.WriteFile(filepath.Join(top, "secret"), []byte("secret"), 0o644),
		os.WriteFile(filepath.Join(mapped, "file"), []byte("inside"), 0o644),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if runtime.GOOS != "windows" { // there links need rights that a test has not
		for name, target := range map[string]string{
			"up": "..", "link": "../secret", "abs": filepath.Join(top, "secret"), "sub/deep": "../../secret", "root": "/", "twice": "up/mapped/link",
		} {
			if err := os.Symlink(target, filepath.Join(mapped, filepath.FromSlash(name))); err != nil {
				t.Fatal(err)
			}
		}
	}
	cfg.Dirs = []vudo.Dir{{Guest: "/data", Host: mapped}}
}

// open asks for a path below the first mapped directory, and reads it if that worked.
func open(path string, wants int64) shape {
	lookup := 1 // follow links
	return shape{
		name: fmt.Sprintf("opening %q", path), grant: "storage.read storage.write", config: inMapped, values: true,
		build: calling(append([]byte(path), 0), wasiCall("path_open", 3, lookup, 0, len(path), 0, int64(1<<1|1<<6), int64(0), 0, 4096)),
		check: func(t *testing.T, r *run) {
			got := int64(int32(r.result.Values[0].Bits))
			if (got == 0) != (wants == 0) {
				t.Errorf("path_open(%q) gives errno %d", path, got)
			}
		},
	}
}

var directories = row{attempt: "leaving a mapped directory by links, `..` or absolute names", shapes: []shape{
	open("file", 0),
	open("../secret", 1),
	open("sub/../../secret", 1),
	open("sub/../../mapped/file", 1),
	open("/etc/passwd", 1),
	open("..", 1),
	open("./../secret", 1),
	open("link", 1),
	open("abs", 1),
	open("up/secret", 1),
	open("sub/deep", 1),
	open("root/etc/passwd", 1),
	open("twice", 1),
	open("link/", 1),
	open("file/../../secret", 1),
	open("\x00../secret", 1),
	open(`..\secret`, 1),
	open("", 1),
	{
		name: "renaming out", grant: "storage", config: inMapped, values: true, check: errnoNotZero,
		build: calling([]byte("file../stolen"), wasiCall("path_rename", 3, 0, 4, 3, 4, 9)),
	},
	{
		name: "making a link out", grant: "storage", config: inMapped, values: true, check: errnoNotZero,
		build: calling([]byte("/etc/passwdx"), wasiCall("path_symlink", 0, 11, 3, 11, 1)),
	},
	{
		name: "removing outside", grant: "storage", config: inMapped, values: true, check: errnoNotZero,
		build: calling([]byte("../secret"), wasiCall("path_unlink_file", 3, 0, 9)),
	},
	{
		name: "making a directory outside", grant: "storage", config: inMapped, values: true, check: errnoNotZero,
		build: calling([]byte("../new"), wasiCall("path_create_directory", 3, 0, 6)),
	},
	{
		name: "without the right", grant: "log", config: inMapped, values: true, check: errnoNotZero,
		build: calling([]byte("file"), wasiCall("path_open", 3, 1, 0, 4, 0, int64(1<<1), int64(0), 0, 4096)),
	},
}}

// revoking calls, has a right withdrawn, and calls again.
func revoking(name, grant, right string, c host.Code, calls ...call) shape {
	calls = append(calls[:1:1], append([]call{{"loa", "revoke", []any{1024, len(right)}}}, calls[1:]...)...)
	return shape{
		name: name, grant: grant + " notify", result: number(int64(c)),
		build: func(b *wasm.Builder) {
			data := make([]byte, 1024+len(right))
			copy(data, "key")
			copy(data[1024:], right)
			calling(data, calls...)(b)
		},
		check: func(t *testing.T, r *run) {
			if c == host.Denied && !strings.Contains(r.audit.String(), "revoked") {
				t.Errorf("the audit has %s", r.audit)
			}
		},
	}
}

var revocations = row{attempt: "using a right after it was revoked or has expired", shapes: []shape{
	revoking("the log", "log", "log", host.Denied, vudoCall("host_log_info", 0, 3), vudoCall("host_log_info", 0, 3)),
	revoking("random bytes", "random", "random", host.Denied, vudoCall("host_random_bytes", 0, 3), vudoCall("host_random_bytes", 0, 3)),
	revoking("the clock, for sleeping", "time", "time", host.Denied, vudoCall("host_time_sleep", int64(1)), vudoCall("host_time_sleep", int64(1))),
	revoking("reading one's own pending write", "storage", "storage.read", host.Denied, vudoCall("host_storage_set", 0, 3, 0, 3), vudoCall("host_storage_get", 0, 3, 0, 3)),
	revoking("a key below the withdrawn prefix", "storage", "storage.write:ke", host.Denied, vudoCall("host_storage_set", 0, 3, 0, 3), vudoCall("host_storage_set", 0, 3, 0, 3)),
	revoking("a key beside the withdrawn prefix", "storage", "storage.write:kx", 0, vudoCall("host_storage_set", 0, 3, 0, 3), vudoCall("host_storage_set", 0, 3, 0, 3)),
	revoking("everything at once", "log storage", "unrestricted", host.Denied, vudoCall("host_log_info", 0, 3), vudoCall("host_log_info", 0, 3)),
	{name: "a function that traps when denied", grant: "random notify", end: vudo.ErrDenied, kind: kindDenied, build: func(b *wasm.Builder) {
		f := b.ImportFunc("vudo", "host_random_u64", nil, wasm.Types(wasm.I64))
		revoke := b.ImportFunc("loa", "revoke", i32s(2), wasm.Types(wasm.I32))
		b.Memory(1, 1)
		b.Export("memory", wasm.KindMemory, 0)
		b.Data(0, []byte("random"))
		b.Func("run", nil, nil, nil, func(e *wasm.Emitter) {
			e.Call(f).Op(wasm.OpDrop).I32Const(0).I32Const(6).Call(revoke).Op(wasm.OpDrop).Call(f).Op(wasm.OpDrop)
		})
	}},
	{
		name: "WASI randomness", grant: "random notify", values: true, check: errnoNotZero,
		build: calling([]byte("random"), wasiCall("random_get", 64, 8), call{"loa", "revoke", []any{0, 6}}, wasiCall("random_get", 64, 8)),
	},
}}

// flood calls a function for ever, or until the fuel is gone.
func flood(data string, c call) func(b *wasm.Builder) {
	return func(b *wasm.Builder) {
		var params []wasm.ValType
		for range c.args {
			params = append(params, wasm.I32)
		}
		results := wasm.Types(wasm.I32)
		if strings.HasPrefix(c.name, "vudo_") {
			results = nil
		}
		f := b.ImportFunc(c.module, c.name, params, results)
		b.Memory(2, 2)
		b.Export("memory", wasm.KindMemory, 0)
		b.Data(0, []byte(data))
		b.Func("run", nil, nil, nil, func(e *wasm.Emitter) {
			e.Loop(wasm.BlockEmpty)
			for _, a := range c.args {
				e.I32Const(int32(a.(int)))
			}
			e.Call(f)
			if results != nil {
				e.Op(wasm.OpDrop)
			}
			e.Br(0).End()
		})
	}
}

// logging logs one text.
func logging(text string) func(b *wasm.Builder) {
	return calling([]byte(text), vudoCall("host_log_info", 0, len(text)))
}

// shown wants the log to hold these lines and nothing else, each attributed.
func shown(want ...string) func(t *testing.T, r *run) {
	return func(t *testing.T, r *run) {
		t.Helper()
		var got []string
		for _, l := range r.log.kept {
			got = append(got, l.Text)
			if l.Identity.Sandbox != r.sandbox.ID().String() || l.Identity.Call == "" {
				t.Errorf("the line %q is attributed to %+v", l.Text, l.Identity)
			}
		}
		if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
			t.Errorf("the log has %q, want %q", got, want)
		}
	}
}

// drowned wants the log to have stayed within its limits, and the rest counted.
func drowned(t *testing.T, r *run) {
	t.Helper()
	rc := &r.result.Receipt
	if r.log.bytes > int(tight.LogBytes) || rc.LogBytes > tight.LogBytes || r.log.count > host.LogBurst {
		t.Errorf("%d lines of %d bytes went out", r.log.count, r.log.bytes)
	}
	if rc.LogBytesDropped == 0 {
		t.Error("nothing was dropped")
	}
}

var logs = row{attempt: "floods of log lines, terminal escapes, forged prefixes", shapes: []shape{
	{name: "64 KiB lines", grant: "log", limits: vudo.Limits{Fuel: 300_000}, build: flood(strings.Repeat("x", 65536), vudoCall("host_log_info", 0, 65536)), end: vudo.ErrOutOfFuel, check: drowned},
	{name: "short lines", grant: "log", build: flood("x", vudoCall("host_log_info", 0, 1)), end: vudo.ErrOutOfFuel, check: drowned},
	{name: "nothing but newlines", grant: "log", limits: vudo.Limits{Fuel: 300_000}, build: flood(strings.Repeat("\n", 60000), vudoCall("host_log_error", 0, 60000)), end: vudo.ErrOutOfFuel, check: drowned},
	{name: "a line that is never finished", grant: "log", build: flood(strings.Repeat("x", 1000), vudoCall("vudo_print", 0, 1000)), end: vudo.ErrOutOfFuel, check: drowned},
	{name: "WASI's standard error", grant: "log", build: flood(string(append(le(64), le(1000)...))+strings.Repeat("e", 2000), wasiCall("fd_write", 2, 0, 1, 2048)), end: vudo.ErrOutOfFuel, check: drowned},
	{
		name: "WASI's standard error without the right", build: flood(string(append(le(64), le(1000)...))+strings.Repeat("e", 2000), wasiCall("fd_write", 2, 0, 1, 2048)), end: vudo.ErrOutOfFuel,
		check: func(t *testing.T, r *run) { shown()(t, r) },
	},
	{
		name: "escapes that clear the screen", grant: "log", build: logging("\x1b[2J\x1b]0;title\aok"), result: number(0),
		check: shown(`\x1b[2J\x1b]0;title\x07ok`),
	},
	{name: "text that runs backwards", grant: "log", build: logging("\u202egnorw"), result: number(0), check: shown(`\u{202e}gnorw`)},
	{name: "C1 controls", grant: "log", build: logging("\u009b31mred"), result: number(0), check: shown(`\u{9b}31mred`)},
	{
		name: "a forged line behind a newline", grant: "log", build: logging("a\n2030-01-01 ERROR root: b"), result: number(0),
		check: shown("a", "2030-01-01 ERROR root: b"),
	},
	{name: "a forged line behind a carriage return", grant: "log", build: logging("a\rforged"), result: number(0), check: shown(`a\rforged`)},
}}

// outputWithin wants the output to be whole pieces within the limit.
func outputWithin(t *testing.T, r *run) {
	t.Helper()
	if n := uint64(len(r.result.Output)); n > tight.OutputBytes || n == 0 {
		t.Errorf("%d bytes of output", n)
	}
}

// counter is a stream that only counts.
type counter struct{ n int }

func (c *counter) Write(b []byte) (int, error) { c.n += len(b); return len(b), nil }

var outputs = func() row {
	var stream *counter
	return row{attempt: "floods of output", shapes: []shape{
		{name: "host_output_write", build: flood("x", vudoCall("host_output_write", 0, 1000)), end: vudo.ErrOutOfFuel, check: outputWithin},
		{name: "host_output_write of a byte more than fits", build: func(b *wasm.Builder) {
			f := b.ImportFunc("vudo", "host_output_write", i32s(2), wasm.Types(wasm.I32))
			b.Memory(2, 2)
			b.Export("memory", wasm.KindMemory, 0)
			b.Func("run", nil, wasm.Types(wasm.I32), nil, func(e *wasm.Emitter) {
				e.I32Const(0).I32Const(65536).Call(f).Op(wasm.OpDrop)
				e.I32Const(0).I32Const(1).Call(f)
			})
		}, result: number(int64(host.LimitHit))},
		{name: "fd_write to standard output", build: flood(string(append(le(64), le(1000)...)), wasiCall("fd_write", 1, 0, 1, 2048)), end: vudo.ErrOutOfFuel, check: outputWithin},
		{
			name: "into a stream", build: flood("x", vudoCall("host_output_write", 0, 1000)), end: vudo.ErrOutOfFuel,
			config: func(_ *testing.T, _ *world, cfg *vudo.SandboxConfig) { stream = &counter{}; cfg.Stdout = stream },
			check: func(t *testing.T, _ *run) {
				if stream.n > int(tight.OutputBytes) || stream.n == 0 {
					t.Errorf("%d bytes went into the stream", stream.n)
				}
			},
		},
		{
			name: "storage filled to its quota", grant: "storage", build: fillStorage, end: vudo.ErrOutOfFuel, limits: vudo.Limits{Fuel: 30_000_000},
			check: func(t *testing.T, r *run) {
				if r.result.Receipt.StorageWrites == 0 {
					t.Error("nothing was written")
				}
			},
		},
		{name: "more input than is permitted", build: body(func(*wasm.Emitter) {}), input: make([]byte, 1<<20+1), end: vudo.ErrInputLimit},
		{name: "a failure text over and over", build: flood(strings.Repeat("x", 4096), vudoCall("host_fail", 1, 0, 4096)), end: vudo.ErrOutOfFuel},
	}}
}()

// fillStorage writes 64 KiB under one new key after the other.
func fillStorage(b *wasm.Builder) {
	f := b.ImportFunc("vudo", "host_storage_set", i32s(4), wasm.Types(wasm.I32))
	b.Memory(2, 2)
	b.Export("memory", wasm.KindMemory, 0)
	b.Func("run", nil, nil, i32s(1), func(e *wasm.Emitter) {
		e.Loop(wasm.BlockEmpty)
		e.I32Const(0).LocalGet(0).Mem(wasm.OpI32Store, 2, 0)
		e.I32Const(0).I32Const(4).I32Const(0).I32Const(65536).Call(f).Op(wasm.OpDrop)
		e.LocalGet(0).I32Const(1).Op(wasm.OpI32Add).LocalSet(0).Br(0).End()
	})
}

// sleeping: a wait past the deadline ends at the deadline, to the instant.
var sleeping = func() row {
	short := vudo.Limits{Duration: 200 * time.Millisecond}
	atDeadline := func(t *testing.T, r *run) {
		t.Helper()
		if d := r.result.Receipt.Duration; d < 200*time.Millisecond || d > 201*time.Millisecond {
			t.Errorf("it ended after %v", d)
		}
	}
	loop := func(c call) func(b *wasm.Builder) {
		return func(b *wasm.Builder) {
			f := b.ImportFunc(c.module, c.name, wasm.Types(wasm.I64), wasm.Types(wasm.I32))
			b.Func("run", nil, nil, nil, func(e *wasm.Emitter) {
				e.Loop(wasm.BlockEmpty).I64Const(c.args[0].(int64)).Call(f).Op(wasm.OpDrop).Br(0).End()
			})
		}
	}
	never := func(t *testing.T) blocked { return blocked{t.Context().Done()} }
	return row{attempt: "sleeping, or waiting on a slow stream, past the deadline", shapes: []shape{
		{name: "a minute", grant: "time", limits: short, waits: true, build: calling(nil, vudoCall("host_time_sleep", int64(60_000))), values: true, end: vudo.ErrDeadline, check: atDeadline},
		{name: "a millisecond, over and over", grant: "time", limits: short, waits: true, build: loop(vudoCall("host_time_sleep", int64(1))), end: vudo.ErrDeadline, check: atDeadline},
		{name: "to the very deadline, and one step on", grant: "time", limits: short, waits: true, build: calling(nil, vudoCall("host_time_sleep", int64(200)), vudoCall("host_time_sleep", int64(0))), values: true, end: vudo.ErrDeadline, check: atDeadline},
		{name: "in the start function", grant: "time", limits: short, waits: true, initial: vudo.ErrDeadline, build: func(b *wasm.Builder) {
			f := b.ImportFunc("vudo", "host_time_sleep", wasm.Types(wasm.I64), wasm.Types(wasm.I32))
			b.Start(b.Func("", nil, nil, nil, func(e *wasm.Emitter) { e.I64Const(60_000).Call(f).Op(wasm.OpDrop) }))
		}},
		{name: "WASI's poll_oneoff", grant: "time", limits: short, waits: true, values: true, end: vudo.ErrDeadline, check: atDeadline, build: calling(pollFor(time.Hour), wasiCall("poll_oneoff", 0, 64, 1, 128))},
		{
			name: "reading a stream on which nothing comes", limits: short, waits: true, values: true, end: vudo.ErrDeadline, check: atDeadline, build: calling(nil, vudoCall("host_input_read", 0, 0, 16)),
			config: func(t *testing.T, _ *world, cfg *vudo.SandboxConfig) { cfg.Stdin = never(t) },
		},
		{
			name: "writing to a stream that takes nothing", limits: short, waits: true, values: true, end: vudo.ErrDeadline, check: atDeadline, build: calling(nil, vudoCall("host_output_write", 0, 16)),
			config: func(t *testing.T, _ *world, cfg *vudo.SandboxConfig) { cfg.Stdout = never(t) },
		},
		{
			name: "WASI reading standard input", limits: short, waits: true, values: true, end: vudo.ErrDeadline, check: atDeadline, build: calling(append(le(64), le(16)...), wasiCall("fd_read", 0, 0, 1, 128)),
			config: func(t *testing.T, _ *world, cfg *vudo.SandboxConfig) { cfg.Stdin = never(t) },
		},
	}}
}()

// pollFor is a subscription of poll_oneoff to the monotonic clock.
func pollFor(d time.Duration) []byte {
	sub := make([]byte, 48)
	sub[16] = 1 // monotonic
	copy(sub[24:], le(uint32(uint64(d))))
	copy(sub[28:], le(uint32(uint64(d)>>32)))
	return sub
}
