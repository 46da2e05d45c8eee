package realworld

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/univrs/vudo"
)

// kernels reads the table of the bench kernels: name, n, checksum of run(n).
func kernels(t *testing.T, each func(name string, n int32, sum uint64, file string)) {
	t.Helper()
	dir := filepath.Join(root, "bench", "testdata", "kernels")
	for line := range strings.Lines(string(read(t, filepath.Join(dir, "kernels.txt")))) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		var name string
		var n int32
		var sum uint64
		if _, err := fmt.Sscanf(line, "%s %d %x", &name, &n, &sum); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		each(name, n, sum, filepath.Join(dir, name+".wasm"))
	}
}

// Each bench kernel gives under VUDO the checksum that the native build gave,
// for the same fuel twice.
func TestKernelsCompute(t *testing.T) {
	count := 0
	kernels(t, func(name string, n int32, sum uint64, file string) {
		count++
		t.Run(name, func(t *testing.T) {
			var fuel uint64
			for range 2 {
				res, err := load(t, file).CallValues(context.Background(), "run", []vudo.Value{vudo.I32(n)}, vudo.SandboxConfig{Limits: plenty})
				if err != nil {
					t.Fatal(err)
				}
				if got := uint64(res.Values[0].I64()); got != sum {
					t.Errorf("run(%d) = %016x, want %016x", n, got, sum)
				}
				if used := res.Receipt.FuelUsed; fuel != 0 && used != fuel {
					t.Errorf("fuel %d, then %d", fuel, used)
				} else {
					fuel = used
				}
			}
		})
	})
	if count != 9 {
		t.Errorf("%d kernels, want 9", count)
	}
}

// The committed modules are what the sources give, by the compiler that made
// them (another version may give other bytes).
func TestCommittedKernelsAreCurrent(t *testing.T) {
	version, err := exec.Command("clang", "--version").Output()
	if err != nil || !bytes.Contains(version, []byte("clang version 14.")) {
		t.Skip("clang 14 is absent: `make lang-tools` installs it on Debian 12")
	}
	if b, err := exec.Command("make", "-C", root, "-s", "kernels-wasm").CombinedOutput(); err != nil {
		t.Fatalf("make kernels-wasm: %v\n%s", err, b)
	}
	for _, folder := range []string{"kernels", "guests"} {
		files, err := filepath.Glob(filepath.Join(root, "bench", "testdata", folder, "*.wasm"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v, %d modules", folder, err, len(files))
		}
		for _, f := range files {
			built, err := os.ReadFile(filepath.Join(root, "build", "kernels", filepath.Base(f)))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(built, read(t, f)) {
				t.Errorf("%s is not what its source gives: run `make kernels-golden`", filepath.Base(f))
			}
		}
	}
}
