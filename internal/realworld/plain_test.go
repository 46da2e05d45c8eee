package realworld

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"
)

// program is one run of a WASI command, the same for every runner.
type program struct {
	file  string // path of the module
	args  []string
	env   [][2]string
	dirs  []dir
	stdin string
}

// dir maps a host directory to a guest path.
type dir struct {
	host, guest string
	readOnly    bool
}

// outcome is what a run showed: bytes, exit status, and the trap if it ended in
// one.
type outcome struct {
	stdout, stderr string
	exit           int
	err            error
	fuel           int64 // zero on the bare engine
}

// root is the checkout's top folder, where build products lie.
const root = "../.."

// artefact gives the path of a built program, or skips the test and names the
// make target that builds it.
func artefact(t testing.TB, target string, path ...string) string {
	t.Helper()
	p := filepath.Join(append([]string{root}, path...)...)
	if _, err := os.Stat(p); err != nil {
		t.Skipf("%s is not built: run `make %s`", filepath.Join(path...), target)
	}
	return p
}

// example gives the path of the module that `make lang-NAME` builds.
func example(t testing.TB, name string) string {
	t.Helper()
	return artefact(t, "lang-"+name, "examples", name, "target", name+".wasm")
}

func long() bool { return os.Getenv("VUDO_LONG") != "" }

// plainCache keeps compiled code of the bare engine for the whole test process:
// some programs are 10 MB of code and run several times.
var plainCache = sync.OnceValue(wazero.NewCompilationCache)

// runPlain runs a command on the bare engine, with every right that the
// operating system gives.
func runPlain(t testing.TB, p program) outcome {
	t.Helper()
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithCompilationCache(plainCache()))
	defer r.Close(ctx)
	wasi_snapshot_preview1.MustInstantiate(ctx, r)

	var stdout, stderr bytes.Buffer
	fs := wazero.NewFSConfig()
	for _, d := range p.dirs {
		if d.readOnly {
			fs = fs.WithReadOnlyDirMount(d.host, d.guest)
		} else {
			fs = fs.WithDirMount(d.host, d.guest)
		}
	}
	cfg := wazero.NewModuleConfig().WithName("").
		WithStdin(bytes.NewReader([]byte(p.stdin))).WithStdout(&stdout).WithStderr(&stderr).
		WithArgs(append([]string{filepath.Base(p.file)}, p.args...)...).
		WithSysWalltime().WithSysNanotime().WithSysNanosleep().WithRandSource(rand.Reader).
		WithFSConfig(fs)
	for _, kv := range p.env {
		cfg = cfg.WithEnv(kv[0], kv[1])
	}
	_, err := r.InstantiateWithConfig(ctx, read(t, p.file), cfg)
	out := outcome{stdout: stdout.String(), stderr: stderr.String(), err: err}
	if exit := (*sys.ExitError)(nil); errors.As(err, &exit) {
		out.exit, out.err = int(exit.ExitCode()), nil
	}
	return out
}

// callPlain calls one export of the bytes convention on the bare engine, with
// the three host functions of that convention written here a second time.
func callPlain(t testing.TB, file, export string, input []byte) ([]byte, uint64) {
	t.Helper()
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithCompilationCache(plainCache()))
	defer r.Close(ctx)
	wasi_snapshot_preview1.MustInstantiate(ctx, r)

	var output []byte
	_, err := r.NewHostModuleBuilder("vudo").
		NewFunctionBuilder().WithFunc(func() uint32 { return uint32(len(input)) }).Export("host_input_len").
		NewFunctionBuilder().WithFunc(func(_ context.Context, m api.Module, offset, ptr, n uint32) int32 {
		k := copy(make([]byte, n), input[offset:])
		m.Memory().Write(ptr, input[offset:int(offset)+k])
		return int32(k)
	}).Export("host_input_read").
		NewFunctionBuilder().WithFunc(func(_ context.Context, m api.Module, ptr, n uint32) int32 {
		b, _ := m.Memory().Read(ptr, n)
		output = append(output, b...)
		return 0
	}).Export("host_output_write").Instantiate(ctx)
	if err != nil {
		t.Fatal(err)
	}
	cfg := wazero.NewModuleConfig().WithSysWalltime().WithSysNanotime().WithRandSource(rand.Reader).WithStartFunctions("_initialize")
	m, err := r.InstantiateWithConfig(ctx, read(t, file), cfg)
	if err != nil {
		t.Fatal(err)
	}
	res, err := m.ExportedFunction(export).Call(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return output, res[0]
}

func read(t testing.TB, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
