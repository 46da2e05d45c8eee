package std_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/univrs/vudo"
	"github.com/univrs/vudo/diag"
	"github.com/univrs/vudo/dol"
	"github.com/univrs/vudo/dol/std"
	"github.com/univrs/vudo/spirit"
	"github.com/univrs/vudo/vudotest"
)

// guest is a program in a sandbox.
type guest struct {
	t   *testing.T
	sb  *vudo.Sandbox
	log vudotest.Log
}

// load compiles a program and makes it ready. Everything runs as WebAssembly and
// optimised: that the evaluator agrees is dol's own test.
func load(t *testing.T, text string) *guest {
	t.Helper()
	res, problems := dol.Compile([]dol.Source{{Path: "src/main.dol", Text: []byte(text)}}, dol.Options{})
	if res == nil {
		var b strings.Builder
		diag.Renderer{Source: func(file string) ([]byte, bool) {
			for _, f := range std.Files() {
				if f.Name == file {
					return []byte(f.Text), true
				}
			}
			return []byte(text), true
		}}.Render(&b, slices.DeleteFunc(problems, func(d diag.Diagnostic) bool { return d.Severity != diag.Error }))
		t.Fatalf("the program does not compile:\n%s", b.String())
	}
	ctx := context.Background()
	g := &guest{t: t}
	rt, err := vudo.New(ctx, vudo.Config{Storage: &vudotest.Store{}, Log: &g.log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { rt.Close(ctx) })
	cfg := vudo.SandboxConfig{
		Limits: spirit.Limits{Fuel: 1 << 40, Duration: time.Minute, MemoryBytes: 256 << 20},
		Grant:  []spirit.Capability{spirit.ActuatorLog, spirit.SensorTime, spirit.SensorRandom, spirit.StorageRead, spirit.StorageWrite, spirit.StorageDelete},
		Seed:   []byte("std"),
	}
	sb, err := rt.NewSandbox(ctx, res.Wasm, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sb.Close(ctx) })
	if err := sb.Initialize(ctx); err != nil {
		t.Fatal(err)
	}
	g.sb = sb
	return g
}

func (g *guest) try(export, input string) (string, error) {
	res, err := g.sb.Call(context.Background(), export, []byte(input))
	if err != nil {
		return "", err
	}
	if len(res.Values) == 1 {
		return res.Values[0].String(), nil
	}
	return string(res.Output), nil
}

// call calls an export that takes and gives text.
func (g *guest) call(export, input string) string {
	g.t.Helper()
	out, err := g.try(export, input)
	if err != nil {
		g.t.Fatalf("%s(%.80q): %v", export, input, err)
	}
	return out
}

// lines calls an export that answers each line with a line, and compares.
func (g *guest) lines(export string, in, want []string) {
	g.t.Helper()
	got := strings.Split(strings.TrimSuffix(g.call(export, strings.Join(in, "\n")+"\n"), "\n"), "\n")
	if len(got) != len(want) {
		g.t.Fatalf("%s answers %d lines to %d", export, len(got), len(want))
	}
	wrong := 0
	for i := range in {
		if got[i] != want[i] {
			g.t.Errorf("%s(%s) = %s, want %s", export, in[i], got[i], want[i])
			if wrong++; wrong == 10 {
				g.t.Fatal("too many differences")
			}
		}
	}
}

// eval runs expressions of type string, each its own export, and compares.
func eval(t *testing.T, rows [][2]string) {
	t.Helper()
	var b strings.Builder
	for i, r := range rows {
		fmt.Fprintf(&b, "pub fun f%d() -> string { to_string({ %s }) }\n", i, r[0])
	}
	g := load(t, b.String())
	for i, r := range rows {
		if got := g.call(fmt.Sprintf("f%d", i), ""); got != r[1] {
			t.Errorf("%s = %q, want %q", r[0], got, r[1])
		}
	}
}

// panics runs bodies that must end in a panic with a message.
func panics(t *testing.T, rows [][2]string) {
	t.Helper()
	for _, r := range rows {
		g := load(t, "pub fun f() -> string { to_string({ "+r[0]+" }) }")
		out, err := g.try("f", "")
		if err == nil || !strings.Contains(err.Error(), r[1]) {
			t.Errorf("%s: %q, %v; want a panic with %q", r[0], out, err, r[1])
		}
	}
}

// random is a generator whose seed is in the test's log; VUDO_SEED repeats one.
func random(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("VUDO_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("VUDO_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// rounds is n, or in the long run many more.
func rounds(n int) int {
	if os.Getenv("VUDO_LONG") != "" {
		return n * 50
	}
	return n
}

func TestFiles(t *testing.T) {
	last := ""
	for _, f := range std.Files() {
		if f.Name <= last || path.Dir(f.Name) != "std" {
			t.Errorf("%s comes after %s", f.Name, last)
		}
		last = f.Name
		module := "module std\n"
		if f.Name == "std/host.dol" {
			module = "module host\n"
		}
		if !strings.HasPrefix(f.Text, module) {
			t.Errorf("%s does not begin with %q", f.Name, module)
		}
	}
	if last == "" {
		t.Error("no files")
	}
}
