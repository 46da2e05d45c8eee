package realworld

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/univrs/vudo"
)

// wasiPrograms are what Node's project tests its WASI with, and what each must
// show there: nothing and status 0, where nothing is said. They check
// themselves and abort.
var wasiPrograms = map[string]struct {
	stdin, stdout string
	exit          int
	diverges      string // why it does not pass here; the test fails when it does
}{
	"cant_dotdot": {diverges: "a path that leaves its directory answers EPERM, not ENOTCAPABLE"}, "clock_getres": {diverges: "there is no clock of processor time"}, "exitcode": {exit: 120}, "fd_prestat_get_refresh": {},
	"freopen": {stdout: "hello from input2.txt\n"}, "ftruncate": {}, "getentropy": {}, "getrusage": {diverges: "there is no clock of processor time"},
	"gettimeofday": {}, "main_args": {}, "notdir": {}, "poll": {}, "preopen_populates": {}, "readdir": {diverges: "it wants a listing without . and .."},
	"read_file": {stdout: "hello from input.txt\n"}, "read_file_twice": {stdout: "hello from input.txt\nhello from input.txt\n"},
	"stat": {}, "sock": {diverges: "every function on sockets answers ENOTSUP, not EBADF"}, "write_file": {}, "stdin": {stdin: "hello world", stdout: "hello world"},
	"create_symlink": {stdout: "hello from input.txt", diverges: "it wants readlink to count a zero byte behind the target"}, "follow_symlink": {stdout: "hello from input.txt"},
	"link": {diverges: "two mapped directories are two file systems"}, "symlink_escape": {diverges: "a path that leaves its directory answers EPERM, not ENOTCAPABLE"}, "symlink_loop": {diverges: "the links lead to subdir/subdir, which is not there: ENOENT, as the system says, not ELOOP"},
}

// wasiWorld makes the directories that a program of this name expects.
func wasiWorld(t *testing.T, name string) []dir {
	t.Helper()
	box, tmp, end := t.TempDir(), t.TempDir(), "\n"
	links := map[string]string{}
	switch name {
	case "create_symlink", "follow_symlink", "link", "symlink_escape", "symlink_loop":
		links = map[string]string{
			"subdir/input_link.txt": "./input.txt", "subdir/outside.txt": "../outside.txt",
			"subdir/loop1": "subdir/loop2", "subdir/loop2": "subdir/loop1",
		}
		tmp, end = filepath.Join(box, "tmp"), ""
	}
	write := func(name, content string) {
		p := filepath.Join(box, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(p), 0o755), os.MkdirAll(tmp, 0o755), os.WriteFile(p, []byte(content), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	write("input.txt", "hello from input.txt"+end)
	if end != "" {
		write("input2.txt", "hello from input2.txt\n")
		write("notadir", "")
	} else {
		write("subdir/input.txt", "hello from input.txt")
	}
	if err := os.MkdirAll(filepath.Join(box, "subdir"), 0o755); err != nil {
		t.Fatal(err)
	}
	for from, to := range links {
		if err := os.Symlink(to, filepath.Join(box, from)); err != nil {
			t.Fatal(err)
		}
	}
	return []dir{{host: box, guest: "/sandbox"}, {host: tmp, guest: "/tmp"}}
}

// Node's own programs, but for those that the table tells apart, end under the
// meter as its tests say they must, and in
// the same way, with the same fuel, when they are stopped again and again and
// refuelled.
//
// Proves: vm 14.35
func TestWASIPrograms(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Log("making the links of these tests needs rights on windows: nothing is run there")
		return
	}
	for name, want := range wasiPrograms {
		t.Run(name, func(t *testing.T) {
			p := program{
				file: artefact(t, "wasi-programs", "build", "lang", "src", "node-wasi", name+".wasm"),
				args: []string{"-bar", "--baz=value"}, dirs: wasiWorld(t, name), stdin: want.stdin,
			}
			if name == "main_args" { // which wants this name
				foo := filepath.Join(t.TempDir(), "foo")
				if err := os.WriteFile(foo, read(t, p.file), 0o644); err != nil {
					t.Fatal(err)
				}
				p.file = foo
			}
			p.env = [][2]string{{"NODE_PLATFORM", runtime.GOOS}}
			whole := runVudo(t, p, []byte("wasi"))
			if want.diverges != "" {
				if whole.err == nil && whole.exit == want.exit && whole.stdout == want.stdout {
					t.Errorf("it passes, although %s", want.diverges)
				}
				return
			}
			p.dirs = wasiWorld(t, name)
			pieces, pauses := runInPieces(t, p, []byte("wasi"))
			for _, o := range []outcome{whole, pieces} {
				if o.err != nil || o.exit != want.exit || o.stdout != want.stdout {
					t.Errorf("status %d, %v, output %q; want %d and %q\n%s", o.exit, o.err, o.stdout, want.exit, want.stdout, o.stderr)
				}
			}
			if whole.fuel != pieces.fuel || pauses == 0 {
				t.Errorf("%d fuel in one run, %d with %d pauses", whole.fuel, pieces.fuel, pauses)
			}
		})
	}
}

// runInPieces is runVudo with a little fuel at a time.
func runInPieces(t *testing.T, p program, seed []byte) (out outcome, pauses int) {
	t.Helper()
	s := load(t, p.file)
	limits := plenty
	limits.Fuel = 97
	cfg := vudo.SandboxConfig{
		Limits: limits, Grant: s.Manifest().Asked(), Seed: seed, Env: map[string]string{},
		Args: append([]string{filepath.Base(p.file)}, p.args...),
	}
	for _, kv := range p.env {
		cfg.Env[kv[0]] = kv[1]
	}
	for _, d := range p.dirs {
		cfg.Dirs = append(cfg.Dirs, vudo.Dir{Guest: d.guest, Host: d.host, ReadOnly: d.readOnly})
	}
	ctx := context.Background()
	sb, err := s.NewSandbox(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer sb.Close(ctx)
	res, err := sb.Call(ctx, "_start", []byte(p.stdin))
	for ; errors.Is(err, vudo.ErrOutOfFuel); pauses++ {
		res, err = sb.Refuel(ctx, 1009)
	}
	out = outcome{stdout: string(res.Output), err: err, fuel: int64(res.Receipt.FuelUsed)}
	if exit := (*vudo.GuestError)(nil); errors.As(err, &exit) {
		out.exit, out.err = int(exit.Code), nil
	}
	logLock.Lock()
	defer logLock.Unlock()
	out.stderr = logged.String()
	logged.Reset()
	return out, pauses
}
