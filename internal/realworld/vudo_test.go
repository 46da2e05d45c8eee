package realworld

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/univrs/vudo"
	"github.com/univrs/vudo/spirit"
)

// manifest asks for all that a program may want of a machine.
const manifest = `
[spirit]
name = "realworld"
version = "1.0.0"

[capabilities]
required = []
optional = ["time", "random", "log", "env:PWD", "env:GOROOT", "env:TMPDIR", "env:HOME", "env:NODE_PLATFORM", "storage"]
`

// plenty is more than any program here uses: the guests' own limits come first.
var plenty = vudo.Limits{
	Fuel: 1 << 62, Duration: time.Hour, MemoryBytes: 1 << 30, TableElements: 1 << 20, StackDepth: 1 << 20,
	OutputBytes: 1 << 28, InputBytes: 1 << 28, LogBytes: 1 << 26,
}

// compileTries is how often a program is compiled before its test fails: the
// budget is wall time, and other tests share the machine.
const compileTries = 4

// host is the one Runtime of the test process, and the Spirits that it has
// loaded: some are 10 MB of code and run several times. They compile in a worker,
// as an operator would have it; the worker is this test program built without the
// race detector, whose ten-fold slowness the compile budget does not allow for.
var host struct {
	sync.Mutex
	command string // path of the vudo command
	rt      *vudo.Runtime
	spirits map[string]*vudo.Spirit
}

func TestMain(m *testing.M) {
	code, err := testMain(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// workerArgument makes this program a compile worker. The vudo command cannot
// be one here: the engine takes no code from a program that says another
// version of it, and a test program says none.
const workerArgument = "-vudo-test-compile-worker"

func testMain(m *testing.M) (code int, err error) {
	if len(os.Args) == 2 && os.Args[1] == workerArgument {
		return vudo.CompileWorkerMain(os.Stdin, os.Stdout), nil
	}
	dir, err := os.MkdirTemp("", "vudo-realworld-")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if host.command, err = build(dir, "vudo", "build", "./cmd/vudo"); err != nil {
		return 1, err
	}
	worker, err := build(dir, "worker", "test", "-c", "./internal/realworld")
	if err != nil {
		return 1, err
	}
	ctx := context.Background()
	host.rt, err = vudo.New(ctx, vudo.Config{Log: logText{}, CompileWorker: []string{worker, workerArgument}})
	if err != nil {
		return 1, err
	}
	host.spirits = map[string]*vudo.Spirit{}
	code = m.Run()
	return code, errors.Join(host.rt.Close(ctx), plainCache().Close(ctx))
}

// build makes the program name in dir by a command of go, without the race
// detector, and gives its path.
func build(dir, name string, command ...string) (string, error) {
	bin := filepath.Join(dir, name)
	if runtime.GOOS == "windows" {
		bin += ".exe"
	}
	last := len(command) - 1
	cmd := exec.Command("go", append(append(command[:last:last], "-o", bin), command[last])...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if b, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go %s: %w\n%s", strings.Join(command, " "), err, b)
	}
	return bin, nil
}

// load gives the Spirit of a module, with the rights of manifest.
func load(t testing.TB, file string) *vudo.Spirit {
	t.Helper()
	host.Lock()
	defer host.Unlock()
	if s := host.spirits[file]; s != nil {
		return s
	}
	pkg, err := spirit.FromModule([]byte(manifest), read(t, file))
	if err != nil {
		t.Fatal(err)
	}
	var s *vudo.Spirit
	for range compileTries {
		if s, err = host.rt.Load(context.Background(), pkg); !errors.Is(err, vudo.ErrCompileLimit) {
			break
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	host.spirits[file] = s
	return s
}

// logText is a Logger that joins what guests write to standard error, by
// sandbox. One test runs at a time, and it takes its own text away.
type logText struct{}

var (
	logLock sync.Mutex
	logged  strings.Builder
)

func (logText) Log(line vudo.LogLine) {
	logLock.Lock()
	defer logLock.Unlock()
	logged.WriteString(line.Text + "\n")
}

// runVudo runs a command as a Spirit with the rights of manifest, default
// services and plenty of everything. A seed makes it repeatable.
func runVudo(t testing.TB, p program, seed []byte) outcome {
	t.Helper()
	s := load(t, p.file)
	cfg := vudo.SandboxConfig{
		Limits: plenty, Grant: s.Manifest().Asked(), Seed: seed, Env: map[string]string{},
		Args: append([]string{filepath.Base(p.file)}, p.args...),
	}
	for _, kv := range p.env {
		cfg.Env[kv[0]] = kv[1]
	}
	for _, d := range p.dirs {
		cfg.Dirs = append(cfg.Dirs, vudo.Dir{Guest: d.guest, Host: d.host, ReadOnly: d.readOnly})
	}
	res, err := s.Call(context.Background(), "_start", []byte(p.stdin), cfg)
	out := outcome{stdout: string(res.Output), err: err, fuel: int64(res.Receipt.FuelUsed)}
	if exit := (*vudo.GuestError)(nil); errors.As(err, &exit) {
		out.exit, out.err = int(exit.Code), nil
	}
	logLock.Lock()
	defer logLock.Unlock()
	out.stderr = logged.String()
	logged.Reset()
	return out
}

// same compares what two runs of one program showed.
func same(t *testing.T, plain, ours outcome) {
	t.Helper()
	if plain.err != nil || ours.err != nil {
		t.Errorf("plain engine: %v; VUDO: %v", plain.err, ours.err)
	}
	if plain.exit != ours.exit {
		t.Errorf("exit status %d on the plain engine, %d under VUDO\n%s", plain.exit, ours.exit, ours.stderr)
	}
	if plain.stderr != ours.stderr {
		t.Errorf("standard error differs%s", firstDifference(plain.stderr, ours.stderr))
	}
	if plain.stdout != ours.stdout {
		t.Errorf("output differs%s", firstDifference(plain.stdout, ours.stdout))
	}
}

// firstDifference shows where two texts part.
func firstDifference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return fmt.Sprintf(" in line %d:\nplain: %q\nVUDO:  %q", i+1, x[i], y[i])
		}
	}
	return fmt.Sprintf(": %d lines on the plain engine, %d under VUDO", len(x), len(y))
}

// callVudo calls one export of the bytes convention with nothing granted but
// what the language's own start code needs.
func callVudo(t testing.TB, file, export string, input []byte) ([]byte, uint64) {
	t.Helper()
	s := load(t, file)
	res, err := s.Call(context.Background(), export, input, vudo.SandboxConfig{
		Limits: plenty, Grant: []spirit.Capability{spirit.SensorTime, spirit.SensorRandom},
		Seed: []byte("languages"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Clone(res.Output), res.Receipt.FuelUsed
}
