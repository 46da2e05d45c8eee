// Package examples_test runs the small examples through the public API.
package examples_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/univrs/vudo"
	"github.com/univrs/vudo/internal/host"
	"github.com/univrs/vudo/internal/sqlite"
	"github.com/univrs/vudo/spirit"
	"github.com/univrs/vudo/vudotest"
)

var small = []string{"hello-world", "counter", "echo"}

// TestTextAndBinaryAgree assembles the source of each example again.
func TestTextAndBinaryAgree(t *testing.T) {
	wat2wasm, err := exec.LookPath("wat2wasm")
	if err != nil {
		t.Skip("wat2wasm is absent: make test-tools")
	}
	for _, name := range small {
		out := filepath.Join(t.TempDir(), "main.wasm")
		cmd := exec.Command(wat2wasm, "--debug-names", filepath.Join(name, "src", "main.wat"), "-o", out)
		if b, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, b)
		}
		if !bytes.Equal(file(t, out), file(t, name, "src", "main.wasm")) {
			t.Errorf("%s: src/main.wasm is not what wat2wasm makes of src/main.wat", name)
		}
	}
}

func file(t *testing.T, path ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func load(t *testing.T, name string, cfg vudo.Config) *vudo.Spirit {
	t.Helper()
	pkg, err := spirit.FromModule(file(t, name, "manifest.toml"), file(t, name, "src", "main.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	rt, err := vudo.New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rt.Close(context.Background()) })
	s, err := rt.Load(t.Context(), pkg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func sandbox(t *testing.T, s *vudo.Spirit, cfg vudo.SandboxConfig) *vudo.Sandbox {
	t.Helper()
	sb, err := s.NewSandbox(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sb.Close(context.Background()) })
	return sb
}

// TestHelloWorldGreets covers names of every kind, the log line and the entry.
func TestHelloWorldGreets(t *testing.T) {
	var log vudotest.Log
	s := load(t, "hello-world", vudo.Config{Log: &log})
	if got := s.Manifest().Entry; got != "main" {
		t.Errorf("entry %q, want main", got)
	}
	sb := sandbox(t, s, vudo.SandboxConfig{Grant: []spirit.Capability{spirit.ActuatorLog}})
	long := strings.Repeat("Ada ", 100_000) // longer than the guest's memory
	for _, c := range []struct{ export, name, want string }{
		{"greet", "", "Hello, world!"},
		{"greet", "Ada", "Hello, Ada!"},
		{"main", "Grace Hopper", "Hello, Grace Hopper!"},
		{"greet", "Žofie 🦡", "Hello, Žofie 🦡!"},
		{"greet", long, "Hello, " + long + "!"},
	} {
		before := len(log.Lines())
		res, err := sb.Call(t.Context(), c.export, []byte(c.name))
		if err != nil {
			t.Fatal(err)
		}
		if string(res.Output) != c.want {
			t.Errorf("%s %.20q gave %.40q, want %.40q", c.export, c.name, res.Output, c.want)
		}
		logged := log.Lines()[before:]
		if len(logged) != 1 || logged[0].Level.String() != "info" || logged[0].Text != "greeting" {
			t.Errorf("logged %v, want one line", logged)
		}
	}
}

func TestHelloWorldNeedsItsRight(t *testing.T) {
	s := load(t, "hello-world", vudo.Config{})
	_, err := s.NewSandbox(t.Context(), vudo.SandboxConfig{})
	if !errors.Is(err, vudo.ErrDenied) || !strings.Contains(err.Error(), "actuator.log") {
		t.Errorf("without a grant: %v, want ErrDenied that names actuator.log", err)
	}
}

func TestHelloWorldReportsOutputLimit(t *testing.T) {
	s := load(t, "hello-world", vudo.Config{})
	sb := sandbox(t, s, vudo.SandboxConfig{
		Limits: vudo.Limits{OutputBytes: 9}, Grant: []spirit.Capability{spirit.ActuatorLog},
	})
	res, err := sb.Call(t.Context(), "greet", []byte("Ada"))
	var failed *vudo.GuestError
	if !errors.As(err, &failed) || failed.Text != "the greeting could not be written" || failed.Code != -10 {
		t.Errorf("error %v, want the guest's own with code -10", err)
	}
	if string(res.Output) != "Hello, " && string(res.Output) != "Hello, !" {
		t.Errorf("output %q: the pieces that fit come whole or not at all", res.Output)
	}
}

var counterRights = []spirit.Capability{spirit.StorageRead, spirit.StorageWrite}

func count(t *testing.T, sb *vudo.Sandbox, export string) int32 {
	t.Helper()
	res, err := sb.CallValues(t.Context(), export)
	if err != nil {
		t.Fatal(err)
	}
	return res.Values[0].I32()
}

func TestCounterCounts(t *testing.T) {
	sb := sandbox(t, load(t, "counter", vudo.Config{Storage: new(host.MemoryStore)}), vudo.SandboxConfig{Grant: counterRights})
	if got := count(t, sb, "get"); got != 0 {
		t.Errorf("a fresh counter holds %d", got)
	}
	step := func(export string, times int, want int32) {
		t.Helper()
		var got int32
		for range times {
			got = count(t, sb, export)
		}
		if got != want || count(t, sb, "get") != want {
			t.Errorf("%d times %s gave %d, want %d", times, export, got, want)
		}
	}
	step("increment", 5, 5)
	step("decrement", 1, 4)
	step("decrement", 9, -5)
	step("init", 1, 0)
	step("increment", 10, 10)
	step("decrement", 3, 7)
}

// TestCounterKeepsItsValueAcrossRestarts opens the store of the command anew
// for each run, as a new process does.
func TestCounterKeepsItsValueAcrossRestarts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "storage.db")
	run := func(project, export string) int32 {
		store, err := sqlite.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := store.Close(); err != nil {
				t.Error(err)
			}
		}()
		return count(t, sandbox(t, load(t, "counter", vudo.Config{Storage: store}), vudo.SandboxConfig{Grant: counterRights, Project: project}), export)
	}
	for want := int32(1); want <= 3; want++ {
		if got := run("/p", "increment"); got != want {
			t.Errorf("after a restart the counter gave %d, want %d", got, want)
		}
	}
	if got := run("/q", "get"); got != 0 {
		t.Errorf("another project's counter holds %d", got)
	}
}

// TestCounterSaysWhyItFails: without a store, the application error comes with
// the code of the host function.
func TestCounterSaysWhyItFails(t *testing.T) {
	sb := sandbox(t, load(t, "counter", vudo.Config{}), vudo.SandboxConfig{Grant: counterRights})
	for export, text := range map[string]string{
		"get": "the count could not be read", "increment": "the count could not be read", "init": "the count could not be stored",
	} {
		var failed *vudo.GuestError
		if _, err := sb.CallValues(t.Context(), export); !errors.As(err, &failed) || failed.Code != -14 || failed.Text != text {
			t.Errorf("%s: %v, want code -14 and %q", export, err, text)
		}
	}
}

func TestCounterWrapsAtTheEnds(t *testing.T) {
	store := new(host.MemoryStore)
	s := load(t, "counter", vudo.Config{Storage: store})
	cfg := vudo.SandboxConfig{Grant: counterRights, Project: "/p"}
	put := func(value string) {
		t.Helper()
		ns := host.NamespaceOfProject(cfg.Owner, cfg.Project)
		if err := store.Update(t.Context(), ns, func(tx host.StoreTx) error { return tx.Put([]byte("count"), []byte(value)) }); err != nil {
			t.Fatal(err)
		}
	}
	put("\xff\xff\xff\x7f")
	if got := count(t, sandbox(t, s, cfg), "increment"); got != math.MinInt32 {
		t.Errorf("the greatest count + 1 gave %d", got)
	}
	put("\x00\x00\x00\x80")
	if got := count(t, sandbox(t, s, cfg), "decrement"); got != math.MaxInt32 {
		t.Errorf("the least count - 1 gave %d", got)
	}
	for _, bad := range []string{"", "abc", "12345"} {
		put(bad)
		var failed *vudo.GuestError
		if _, err := sandbox(t, s, cfg).CallValues(t.Context(), "get"); !errors.As(err, &failed) || failed.Text != "the stored count is not four bytes" {
			t.Errorf("a stored value of %d bytes: %v", len(bad), err)
		}
	}
}

func TestEchoGivesBackNumbers(t *testing.T) {
	s := load(t, "echo", vudo.Config{})
	for _, x := range []int32{0, 1, -1, 42, math.MaxInt32, math.MinInt32, 0x55555555, -0x55555556} {
		for export, want := range map[string]int32{"echo": x, "double": x * 2, "triple": x * 3} {
			res, err := s.CallValues(t.Context(), export, []vudo.Value{vudo.I32(x)}, vudo.SandboxConfig{})
			if err != nil {
				t.Fatal(err)
			}
			if got := res.Values[0].I32(); got != want {
				t.Errorf("%s %d = %d, want %d", export, x, got, want)
			}
		}
	}
	for _, c := range [][3]int32{{10, 32, 42}, {-1, 1, 0}, {math.MaxInt32, 1, math.MinInt32}} {
		res, err := s.CallValues(t.Context(), "add", []vudo.Value{vudo.I32(c[0]), vudo.I32(c[1])}, vudo.SandboxConfig{})
		if err != nil {
			t.Fatal(err)
		}
		if got := res.Values[0].I32(); got != c[2] {
			t.Errorf("add %d %d = %d, want %d", c[0], c[1], got, c[2])
		}
	}
}

func TestEchoGivesBackBytes(t *testing.T) {
	s := load(t, "echo", vudo.Config{})
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	big := bytes.Repeat(every, 8192) // 2 MiB: more than the guest's memory
	for _, in := range [][]byte{nil, []byte("a b"), every, big, bytes.Repeat([]byte{0}, 32768), bytes.Repeat([]byte{1}, 32769)} {
		res, err := s.Call(t.Context(), "echo_text", in, vudo.SandboxConfig{})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(res.Output, in) {
			t.Errorf("%d bytes came back as %d others", len(in), len(res.Output))
		}
		var streamed bytes.Buffer
		sb := sandbox(t, s, vudo.SandboxConfig{Stdin: bytes.NewReader(in), Stdout: &streamed})
		if _, err := sb.Call(t.Context(), "echo_text", nil); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(streamed.Bytes(), in) {
			t.Errorf("%d bytes came back through streams as %d others", len(in), streamed.Len())
		}
	}
}
