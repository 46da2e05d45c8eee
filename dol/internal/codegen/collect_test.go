package codegen_test

import (
	"strings"
	"testing"

	"github.com/univrs/vudo/dol/internal/codegen"
	"github.com/univrs/vudo/dol/internal/codegen/codegentest"
	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/dol/internal/ir/irgen"
)

// parse reads a module in text form.
func parse(t testing.TB, text string) *ir.Module {
	t.Helper()
	m, err := ir.ParseText([]byte(text))
	if err == nil {
		err = ir.Verify(m)
	}
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// open runs a module with its globals to be seen.
func open(t testing.TB, m *ir.Module, o codegen.Options) (*codegentest.Instance, codegen.Parts) {
	t.Helper()
	w, parts, err := codegen.GenerateOpen(m, o)
	if err != nil {
		t.Fatal(err)
	}
	i, err := codegentest.New(m, w, &irgen.Host{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { i.Close() })
	return i, parts
}

func number(k ir.Kind, n int64) irgen.Arg {
	a := irgen.Arg{Kind: k, Bits: uint64(n)}
	if k == ir.I32 {
		a.Bits = uint64(uint32(n))
	}
	return a
}

// lists has nodes with a value, which refers to something itself, in front of
// the next node or behind it.
const lists = `module "lists" objects 5 imports 0 globals 3 funcs 6
file "a.dol"
object #0 "bytes" array u8
object #1 "front" ("value" ref, "next" ref, "n" i32)
object #2 "back" ("next" ref, "value" ref, "n" i32)
object #3 "box" ("what" ref)
object #4 "Array<ref>" array ref
global $0 "list" ref
global $1 "ring" ref
global $2 "array" ref
func @0 "build" (%0 "n" i32) {
  local %1 "a" ref
  local %2 "b" ref
  block ^0.end {
    loop ^1.next {
      if i32.eqz(%0.n) {
        br ^0.end
      }
      %1.a = new(#1.front, new(#3.box, "text"), %1.a, %0.n)
      %2.b = new(#2.back, %2.b, new(#3.box, new(#3.box, %1.a)), %0.n)
      %0.n = i32.sub(%0.n, i32(1))
      br ^1.next
    }
  }
  $0.list = %2.b
}
func @1 "count" () -> i32 {
  local %0 "n" i32
  local %1 "p" ref
  %1.p = $0.list
  block ^0.end {
    loop ^1.next {
      if isnull(%1.p) {
        br ^0.end
      }
      %0.n = i32.add(%0.n, i32(1))
      if i32.ne(field(#2.back, 2.n, %1.p), %0.n) {
        unreachable
      }
      if i32.ne(field(#1.front, 2.n, field(#3.box, 0.what, field(#3.box, 0.what, field(#2.back, 1.value, %1.p)))), %0.n) {
        unreachable
      }
      %1.p = field(#2.back, 0.next, %1.p)
      br ^1.next
    }
  }
  return %0.n
}
func @2 "churn" (%0 "n" i32) {
  block ^0.end {
    loop ^1.next {
      if i32.eqz(%0.n) {
        br ^0.end
      }
      do newarray(#0.bytes, i32.rem_u(%0.n, i32(1000)))!0:1:1
      %0.n = i32.sub(%0.n, i32(1))
      br ^1.next
    }
  }
}
func @3 "rings" (%0 "n" i32) {
  local %1 "a" ref
  block ^0.end {
    loop ^1.next {
      if i32.eqz(%0.n) {
        br ^0.end
      }
      %1.a = new(#2.back, null, null, %0.n)
      setfield(#2.back, 0.next, %1.a, new(#1.front, %1.a, new(#3.box, %1.a), %0.n))
      $1.ring = %1.a
      %0.n = i32.sub(%0.n, i32(1))
      br ^1.next
    }
  }
}
func @4 "fill" (%0 "n" i32) {
  local %1 "a" ref
  local %2 "i" i32
  %1.a = newarray(#4.Array<ref>, %0.n)!0:2:2
  $2.array = %1.a
  block ^0.end {
    loop ^1.next {
      if i32.ge_u(%2.i, %0.n) {
        br ^0.end
      }
      setelem(#4.Array<ref>, %1.a, %2.i, new(#1.front, new(#3.box, null), null, %2.i))
      %2.i = i32.add(%2.i, i32(1))
      br ^1.next
    }
  }
}
func @5 "drop" () {
  $0.list = null
  $2.array = null
}
export "build" @0.build ("n" "i32" i32) none ""
export "count" @1.count () i32 "i32"
export "churn" @2.churn ("n" "i32" i32) none ""
export "rings" @3.rings ("n" "i32" i32) none ""
export "fill" @4.fill ("n" "i32" i32) none ""
export "drop" @5.drop () none ""
`

// TestDeepLists keeps lists of a million nodes over collections: marking neither
// recurses nor needs room for all of them, and rings without a way to them go.
//
// Proves: dol 8.3-c
func TestDeepLists(t *testing.T) {
	m := parse(t, lists)
	i, parts := open(t, m, codegen.Options{MaxMemoryBytes: 512 << 20})
	n := int64(1_000_000)
	if testing.Short() {
		n = 50_000
	}
	call := func(export string, args ...irgen.Arg) string {
		t.Helper()
		r, err := i.Call(export, args...)
		if err != nil {
			t.Fatalf("%s: %v", export, err)
		}
		return r
	}
	call("build", number(ir.I32, n))
	call("churn", number(ir.I32, n/2))
	if got, want := call("count"), (ir.Value{Kind: ir.I32, Bits: uint64(n)}).String(); got != want {
		t.Errorf("%s nodes, want %s", got, want)
	}
	h, err := checkHeap(m, parts, i)
	if err != nil {
		t.Fatal(err)
	}
	full := len(h.mem)
	if h.total > 4*h.live {
		t.Errorf("a heap of %d bytes for %d that live", h.total, h.live)
	}
	call("drop")
	call("rings", number(ir.I32, n))
	call("fill", number(ir.I32, n))
	call("churn", number(ir.I32, n))
	if h, err = checkHeap(m, parts, i); err != nil {
		t.Fatal(err)
	}
	if len(h.mem) > full*3/2 {
		t.Errorf("the memory has grown from %d to %d bytes with less alive", full, len(h.mem))
	}
}

// TestSmallMemory marks with no memory for the stack of marks: work is dropped
// and found again.
//
// Proves: dol 8.3-a, dol 8.3-c
func TestSmallMemory(t *testing.T) {
	m := parse(t, lists)
	i, parts := open(t, m, codegen.Options{MaxMemoryBytes: 4 << 20})
	for n := int64(1000); ; n += 1000 {
		_, err := i.Call("build", number(ir.I32, n))
		if err != nil {
			if !strings.Contains(err.Error(), "panic: out of memory") {
				t.Fatal(err)
			}
			if n < 20_000 {
				t.Errorf("no room for %d nodes in 4 MiB", n)
			}
			break
		}
		if got, err := i.Call("count"); err != nil || got != (ir.Value{Kind: ir.I32, Bits: uint64(n)}).String() {
			t.Fatalf("%d nodes: %s %v", n, got, err)
		}
		if _, err := checkHeap(m, parts, i); err != nil {
			t.Fatalf("%d nodes: %v", n, err)
		}
	}
	// The instance goes on after the panic.
	if _, err := i.Call("drop"); err != nil {
		t.Fatal(err)
	}
	if _, err := i.Call("build", number(ir.I32, 5000)); err != nil {
		t.Fatal(err)
	}
	if got, err := i.Call("count"); err != nil || got != "i32:5000" {
		t.Fatal(got, err)
	}
}
