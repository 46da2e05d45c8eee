package codegen_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/univrs/vudo"
	"github.com/univrs/vudo/dol/internal/codegen"
	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/internal/fuel"
	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/spirit"
	"github.com/univrs/vudo/vudotest"
)

// generate makes a module, which must be valid and of a shape that the virtual
// machine takes.
func generate(t testing.TB, m *ir.Module, o codegen.Options) *wasm.Module {
	t.Helper()
	w, err := codegen.Generate(m, o)
	if err == nil {
		err = wasm.Validate(w)
	}
	if err == nil {
		err = fuel.ShapeLimits{}.Check(w)
	}
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// sandbox runs a module in the virtual machine, with all that it may ask for.
func sandbox(t testing.TB, w *wasm.Module, log *vudotest.Log) *vudo.Sandbox {
	t.Helper()
	ctx := context.Background()
	rt, err := vudo.New(ctx, vudo.Config{Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { rt.Close(ctx) })
	sb, err := rt.NewSandbox(ctx, w.Encode(), vudo.SandboxConfig{
		Limits: vudo.Limits{Fuel: 1 << 40, MemoryBytes: 64 << 20},
		Grant:  []spirit.Capability{spirit.ActuatorLog},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sb.Close(ctx) })
	if err := sb.Initialize(ctx); err != nil {
		t.Fatal(err)
	}
	return sb
}

const hello = `module "hello" objects 1 imports 1 globals 0 funcs 1
file "hello.dol"
object #0 "bytes" array u8
import ~0 "vudo" "vudo_println" (bytes)
func @0 "hello.main" () !0:1:1 {
  do callhost(~0.vudo_println, "Hello, world!")!0:2:3
}
export "main" @0.main () none ""
capability "actuator.log"
`

// Proves: dol 8.3-d, dol 8.4-a
func TestHello(t *testing.T) {
	w := generate(t, parse(t, hello), codegen.Options{})
	if n := len(w.Encode()); n > 2048 {
		t.Errorf("%d bytes, at most 2048", n)
	}
	if len(w.Globals) != 0 || len(w.Funcs) != 1 || w.Memories[0].Limits.Min != 1 {
		t.Errorf("more than the program: %d globals, %d functions, %d pages", len(w.Globals), len(w.Funcs), w.Memories[0].Limits.Min)
	}
	var log vudotest.Log
	if _, err := sandbox(t, w, &log).Call(context.Background(), "main", nil); err != nil {
		t.Fatal(err)
	}
	if got := log.String(); !strings.Contains(got, "Hello, world!") {
		t.Errorf("log %q", got)
	}
}

const texts = `module "texts" objects 3 imports 1 globals 1 funcs 6
file "src/texts.dol"
object #0 "bytes" array u8
object #1 "Shape" ("id" u8, "size" f64)
object #2 "Circle" extends #1.Shape ("id" u8, "size" f64, "name" ref, "n" i64)
import ~0 "vudo" "vudo_println" (bytes)
global $0 "last" ref
func @0 "texts.twice" (%0 "s" ref) -> ref !0:1:1 {
  local %1 "r" ref
  %1.r = newarray(#0.bytes, i32.shl(len(%0.s), i32(1)))!0:2:3
  copy(#0.bytes, %1.r, i32(0), %0.s, i32(0), len(%0.s))
  copy(#0.bytes, %1.r, len(%0.s), %0.s, i32(0), len(%0.s))
  return %1.r
}
func @1 "texts.join" (%0 "a" ref, %1 "n" i64, %2 "b" ref) -> ref !0:4:1 {
  local %3 "r" ref
  do call(@0.twice, call(@0.twice, %0.a)!0:4:8)!0:4:2
  %3.r = newarray(#0.bytes, i32.add(len(%0.a), len(%2.b)))!0:5:3
  copy(#0.bytes, %3.r, i32(0), %0.a, i32(0), len(%0.a))
  copy(#0.bytes, %3.r, len(%0.a), %2.b, i32(0), len(%2.b))
  return %3.r
}
func @2 "texts.divide" (%0 "a" i64, %1 "b" i64) -> i64 !0:7:1 {
  return i64.div_s(%0.a, %1.b)!0:8:12
}
func @3 "texts.fail" (%0 "s" ref) !0:10:1 {
  if len(%0.s) {
    panic(%0.s)!0:11:5
  }
  panic("nothing")!0:12:5
}
func @4 "texts.keep" (%0 "s" ref) -> ref !0:14:1 {
  local %1 "old" ref
  %1.old = $0.last
  $0.last = %0.s
  if isnull(%1.old) {
    return "none"
  }
  return %1.old
}
func @5 "texts.init" () !0:16:1 {
  $0.last = call(@0.twice, "ab")!0:16:2
}
start @5.init
export "twice" @0.twice ("s" "string" text) text "string"
export "join" @1.join ("a" "string" text, "n" "i64" i64, "b" "bytes" bytes) bytes "bytes"
export "divide" @2.divide ("a" "i64" i64, "b" "i64" i64) i64 "i64"
export "fail" @3.fail ("s" "Vec<i64>" json) none ""
export "keep" @4.keep ("s" "string" text) text "string"
capability "actuator.log"
record "Circle" #2.Circle ("u8", "f64", "string", "i64")
`

// TestTexts calls exports with text through the virtual machine, with each
// collector.
//
// Proves: dol 8.4-b, dol 8.4-c, dol 8.4-d, dol 8.6-a
func TestTexts(t *testing.T) {
	ctx := context.Background()
	m := parse(t, texts)
	for name, gc := range gcs {
		t.Run(name, func(t *testing.T) {
			w := generate(t, m, codegen.Options{GC: gc})
			sb := sandbox(t, w, &vudotest.Log{})
			for _, c := range []struct{ export, in, out string }{
				{"keep", "first", "abab"},
				{"twice", "Ada", "AdaAda"},
				{"join", `["x", 7, "eQ=="]`, "xy"},
				{"keep", "second", "first"},
				{"divide", `[7, 2]`, "3"},
				{"twice", "", ""},
				{"keep", "third", "second"},
			} {
				for range 3 {
					if c.export == "keep" {
						break
					}
					if _, err := sb.Call(ctx, c.export, []byte(c.in)); err != nil {
						t.Fatalf("%s %s: %v", c.export, c.in, err)
					}
				}
				r, err := sb.Call(ctx, c.export, []byte(c.in))
				if err != nil {
					t.Fatalf("%s %s: %v", c.export, c.in, err)
				}
				got := string(r.Output)
				if len(r.Values) > 0 {
					got = r.Values[0].String()
				}
				if got != c.out {
					t.Errorf("%s %s = %q, want %q", c.export, c.in, got, c.out)
				}
			}
		})
	}
}

// TestTraps: what a panic says, and what a trap of the machine is.
//
// Proves: dol 8.6-a
func TestTraps(t *testing.T) {
	ctx := context.Background()
	m := parse(t, texts)
	for _, c := range []struct {
		export, in, message string
		o                   codegen.Options
	}{
		{"divide", `[1, 0]`, "divide by zero", codegen.Options{}},
		{"divide", `[-9223372036854775808, -1]`, "overflow", codegen.Options{}},
		{"fail", `[1]`, "1 at src/texts.dol:11", codegen.Options{}},
		{"fail", `[1]`, "unreachable", codegen.Options{PanicTrap: true}},
	} {
		w := generate(t, m, c.o)
		_, err := sandbox(t, w, &vudotest.Log{}).Call(ctx, c.export, []byte(c.in))
		var trap *vudo.Trap
		if !errors.As(err, &trap) || !strings.Contains(err.Error(), c.message) {
			t.Errorf("%s %s: %v, want %s", c.export, c.in, err, c.message)
		}
		if c.o.PanicTrap && len(w.Imports) != 0 {
			t.Errorf("imports with traps for panics: %v", w.Imports)
		}
	}
}

// TestDeclared reads the manifest section as the virtual machine does.
//
// Proves: dol 8.4-e, dol 9.1-a, dol 9.1-b
func TestDeclared(t *testing.T) {
	m := parse(t, texts)
	w := generate(t, m, codegen.Options{MaxMemoryBytes: 1 << 20})
	d, err := spirit.ParseDeclared(w.Custom("vudo.manifest").Data)
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Exports) != 5 || !d.Asks || len(d.Capabilities) != 1 || d.MaxMemoryBytes != 1<<20 || w.Memories[0].Limits.Max != 16 {
		t.Errorf("%+v", d)
	}
	if got := d.Export("join").String(); got != "join(a: string, n: i64, b: bytes) -> bytes" {
		t.Errorf("join is %s", got)
	}
	r := d.Records[0]
	if r.Size != 32 || r.Align != 8 {
		t.Errorf("Circle has %d bytes, alignment %d", r.Size, r.Align)
	}
	for i, want := range []uint32{0, 8, 16, 24} {
		if r.Fields[i].Offset != want {
			t.Errorf("Circle.%s at %d, want %d", r.Fields[i].Name, r.Fields[i].Offset, want)
		}
	}
	if w.Export("__vudo_alloc") == nil || w.Export("__vudo_free") == nil || w.Export("__heap_base") == nil {
		t.Error("an export for the parameters is missing")
	}
	only := generate(t, m, codegen.Options{Exports: []string{"divide"}, Strip: true})
	if n := len(only.Exports); n != 2 || only.Start == nil || only.Export("__vudo_alloc") != nil {
		t.Errorf("%d exports", n)
	}
	if len(only.Customs) != 1 || !bytes.Contains(only.Customs[0].Data, []byte(`"divide"`)) {
		t.Errorf("sections %v", only.Customs)
	}
	if _, err := codegen.Generate(m, codegen.Options{Exports: []string{"nobody"}}); err == nil {
		t.Error("an export that is not there")
	}
}
