package fuel

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"

	"github.com/univrs/vudo/internal/wasm"
)

// build compiles a program of testdata/programs, or skips without its compiler.
func build(t testing.TB, source string) *wasm.Module {
	t.Helper()
	out := filepath.Join(t.TempDir(), "program.wasm")
	source = filepath.Join("testdata", "programs", source)
	var cmd *exec.Cmd
	if filepath.Ext(source) == ".go" {
		cmd = exec.Command("go", "build", "-trimpath", "-o", out, source)
		cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")
	} else {
		if _, err := exec.LookPath("clang"); err != nil {
			t.Skip("clang is not installed; make test-tools names the packages of the C compiler for WASI")
		}
		cmd = exec.Command("clang", "--target=wasm32-wasi", "-O2", "-o", out, source)
	}
	if text, err := cmd.CombinedOutput(); err != nil {
		if cmd.Args[0] == "clang" {
			t.Skipf("clang has no wasi-libc (make test-tools names the packages): %s", text)
		}
		t.Fatalf("%v\n%s", err, text)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	m, err := wasm.Decode(b, wasm.DecodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// wasiRun is what a program did: its output, its end, and its account.
type wasiRun struct {
	stdout string
	end    string
	mod    api.Module
}

// runWASI runs _start of a command with fixed clocks and randomness.
func runWASI(t *testing.T, cfg wazero.RuntimeConfig, b []byte, h *meterHost, args ...string) wasiRun {
	t.Helper()
	ctx := context.Background()
	rt := wazero.NewRuntimeWithConfig(ctx, cfg)
	t.Cleanup(func() { rt.Close(ctx) })
	wasi_snapshot_preview1.MustInstantiate(ctx, rt)
	compiled, err := rt.CompileModule(ctx, b)
	if err != nil {
		t.Fatal(err)
	}
	if h != nil {
		if _, err := h.provide(ctx, rt, compiled.ImportedFunctions()); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	mod, err := rt.InstantiateModule(ctx, compiled, wazero.NewModuleConfig().WithStdout(&out).WithStartFunctions().
		WithArgs(append([]string{"program"}, args...)...).WithRandSource(bytes.NewReader(make([]byte, 1<<20))))
	if err != nil {
		t.Fatal(err)
	}
	setDepth(mod, 65536)
	run := wasiRun{end: "returned", mod: mod}
	if _, err := mod.ExportedFunction("_start").Call(ctx); err != nil {
		run.end = firstLine(err)
		if exit, ok := err.(*sys.ExitError); ok {
			run.end = exit.Error()
		}
	}
	run.stdout = out.String()
	return run
}

// TestRealPrograms: programs with a libc and with a whole runtime pass the
// shape limits, do the same metered, and use what the oracle counts, whether
// they end well or with a trap.
//
// Proves: fuel 6.1, fuel 6.2
func TestRealPrograms(t *testing.T) {
	for _, x := range []struct {
		source string
		args   []string
		end    string // how it ends; "" is left to the program
	}{
		{"report.c", nil, ""},
		{"report.c", []string{"trap"}, "wasm error: integer divide by zero"},
		{"report.go", nil, ""},
		{"report.go", []string{"panic"}, ""},
	} {
		slices := []int64{9973, 1 << 40}
		if filepath.Ext(x.source) == ".go" && !long() {
			if slices = slices[:1]; len(x.args) > 0 {
				continue // three engines compile three megabytes each
			}
		}
		t.Run(x.source, func(t *testing.T) {
			m := build(t, x.source)
			plain := runWASI(t, compilerConfig(), m.Encode(), nil, x.args...)
			if plain.stdout == "" || x.end != "" && plain.end != x.end {
				t.Fatalf("unmetered it prints %q and ends with %q", plain.stdout, plain.end)
			}
			n := makeNaive(m)
			oracle := runWASI(t, compilerConfig(), n.bytes, nil, x.args...)
			want := int64(oracle.mod.ExportedGlobal(naiveFuel).Get())
			if x.end != "" {
				want += restOfRegion(m, n.places[oracle.mod.ExportedGlobal(naivePlace).Get()])
			}
			out := meter(t, m, Config{DebugOffsets: true})
			for _, slice := range slices {
				h := &meterHost{slice: fixedSlice(slice), tariff: true}
				got := runWASI(t, compilerConfig(), out.Bytes, h, x.args...)
				if got.stdout != plain.stdout || got.end != plain.end {
					t.Errorf("slice %d: metered it prints %q and ends with %q, unmetered %q and %q", slice, got.stdout, got.end, plain.stdout, plain.end)
				}
				if used := h.consumed(got.mod); used != want {
					t.Errorf("slice %d: %d fuel, want %d", slice, used, want)
				}
			}
			t.Logf("%s %v: %d bytes, metered %d (%+.1f%%), %d fuel, ends with %s", x.source, x.args, len(m.Encode()),
				len(out.Bytes), 100*float64(len(out.Bytes))/float64(len(m.Encode()))-100, want, plain.end)
		})
	}
}
