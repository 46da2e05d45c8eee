package codegen_test

import (
	"bytes"
	"testing"

	"github.com/univrs/vudo/dol/internal/codegen"
	"github.com/univrs/vudo/dol/internal/ir/irgen"
	"github.com/univrs/vudo/internal/golden"
	"github.com/univrs/vudo/internal/wasm"
)

// constants has a function as a value, a case without a payload, one whose global
// is set a second time, and one that is read before it is set.
const constants = `module "constants" objects 4 imports 0 globals 6 funcs 6
file "a.dol"
object #0 "bytes" array u8
object #1 "closure" ("function" i32)
object #2 "Option" ("tag" u8, "n" i64)
object #3 "box" ("what" ref)
global $0 "twice" ref
global $1 "None" ref
global $2 "changed" ref
global $3 "late" ref
global $4 "seen" i32
global $5 "boxed" ref
func @0 "twice" (%0 "env" ref, %1 "x" i64) -> i64 {
  return i64.add(%1.x, %1.x)
}
func @1 "init" () {
  $0.twice = new(#1.closure, funcindex(@0.twice))
  $1.None = new(#2.Option, i32(7), i64(-5))
  $2.changed = new(#2.Option, i32(1), i64(1))
  $5.boxed = new(#3.box, null)
  $4.seen = isnull($3.late)
  $3.late = new(#2.Option, i32(2), i64(2))
}
func @2 "known" (%0 "x" i64) -> i64 {
  return callref<(i64) -> i64>($0.twice, %0.x)
}
func @3 "unknown" (%0 "x" i64) -> i64 {
  local %1 "f" ref
  if i64.eqz(%0.x) {
    return i64(-1)
  }
  %1.f = $0.twice
  return callref<(i64) -> i64>(%1.f, %0.x)
}
func @4 "change" (%0 "x" i64) -> i64 {
  $2.changed = new(#2.Option, i32(3), %0.x)
  setfield(#3.box, 0.what, $5.boxed, new(#3.box, $2.changed))
  return i64.add(field(#2.Option, 1.n, $2.changed), i64.extend_i32_u(i32.add($4.seen, field(#2.Option, 0.tag, $3.late))))
}
func @5 "none" () -> i64 {
  return i64.add(field(#2.Option, 1.n, $1.None), i64.extend_i32_u(i32.add(field(#2.Option, 0.tag, $1.None), same($1.None, $1.None))))
}
start @1.init
export "known" @2.known ("x" "i64" i64) i64 "i64"
export "unknown" @3.unknown ("x" "i64" i64) i64 "i64"
export "change" @4.change ("x" "i64" i64) i64 "i64"
export "none" @5.none () i64 "i64"
`

// Proves: dol 8.2-f, dol 8.2-g
func TestStatics(t *testing.T) {
	m := parse(t, constants)
	calls := irgen.Calls(m, 1)
	for name, gc := range gcs {
		if d, err := differ(m, append(calls, calls...), codegen.Options{GC: gc}); err != nil || d != "" {
			t.Errorf("gc %s: %s %v", name, d, err)
		}
	}
	w := generate(t, m, codegen.Options{Exports: []string{"known", "unknown", "none"}})
	if w.Start == nil {
		t.Error("what is set twice, refers to others or is read before is constant")
	}
	// The closure and the case are constants, and a known function is called
	// directly: only the other call of a closure is indirect.
	indirect := 0
	for i := range w.Codes {
		r, in := wasm.NewReader(w.Codes[i].Body), wasm.Instr{}
		for r.Next(&in) {
			if in.Op == wasm.OpCallIndirect {
				indirect++
			}
		}
	}
	if indirect != 1 {
		t.Errorf("%d indirect calls, want 1", indirect)
	}
}

// TestGolden keeps the code of small programs as text.
//
// Proves: dol 10-b
func TestGolden(t *testing.T) {
	for name, text := range map[string]string{"hello": hello, "creep": creep, "constants": constants} {
		w := generate(t, parse(t, text), codegen.Options{})
		var b bytes.Buffer
		if err := wasm.Print(&b, w, wasm.PrintOptions{Funcs: func(i uint32) bool {
			return name == "hello" || i < uint32(len(parse(t, text).Funcs))
		}}); err != nil {
			t.Fatal(err)
		}
		golden.Check(t, "testdata/"+name+".wat", b.Bytes())
	}
}
