package wasm_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/univrs/vudo/internal/wasm"
)

// goProgram builds a real program of a few megabytes: gofmt for WASI.
func goProgram(b *testing.B) []byte {
	b.Helper()
	out := filepath.Join(b.TempDir(), "gofmt.wasm")
	cmd := exec.Command("go", "build", "-o", out, "cmd/gofmt")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if msg, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, msg)
	}
	bytes, err := os.ReadFile(out)
	if err != nil {
		b.Fatal(err)
	}
	return bytes
}

// BenchmarkModule reports the throughput of each stage on a Go program, in
// bytes of the module per second.
func BenchmarkModule(b *testing.B) {
	bytes := goProgram(b)
	m, err := wasm.Decode(bytes, wasm.DecodeOptions{})
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("%d bytes, %d functions", len(bytes), len(m.Codes))
	for _, s := range []struct {
		name string
		run  func() error
	}{
		{"decode", func() error { _, err := wasm.Decode(bytes, wasm.DecodeOptions{}); return err }},
		{"read", func() error {
			var r wasm.Reader
			var in wasm.Instr
			for i := range m.Codes {
				r.Reset(m.Codes[i].Body)
				for r.Next(&in) {
				}
			}
			return r.Err()
		}},
		{"validate", func() error { return wasm.Validate(m) }},
		{"encode", func() error { m.Encode(); return nil }},
	} {
		b.Run(s.name, func(b *testing.B) {
			b.SetBytes(int64(len(bytes)))
			b.ReportAllocs()
			for b.Loop() {
				if err := s.run(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
