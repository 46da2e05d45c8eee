package realworld

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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
optional = ["time", "random", "log", "env:PWD", "env:GOROOT", "env:TMPDIR", "env:HOME", "storage"]
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
// loaded: some are 10 MB of code and run several times.
var host struct {
	sync.Mutex
	rt      *vudo.Runtime
	spirits map[string]*vudo.Spirit
}

func TestMain(m *testing.M) {
	ctx := context.Background()
	rt, err := vudo.New(ctx, vudo.Config{Log: logText{}})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	host.rt, host.spirits = rt, map[string]*vudo.Spirit{}
	code := m.Run()
	if err := errors.Join(rt.Close(ctx), plainCache().Close(ctx)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
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
