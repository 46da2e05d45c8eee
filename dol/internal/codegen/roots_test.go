package codegen_test

import (
	"testing"

	"github.com/univrs/vudo/dol/internal/codegen"
	"github.com/univrs/vudo/dol/internal/ir"
)

// creep calls in a loop what holds references, from a function that holds none.
const creep = `module "creep" objects 2 imports 0 globals 0 funcs 3
file "a.dol"
object #0 "bytes" array u8
object #1 "box" ("what" ref)
func @0 "hold" (%0 "n" i32) -> i32 {
  local %1 "a" ref
  local %2 "b" ref
  %1.a = newarray(#0.bytes, %0.n)
  %2.b = new(#1.box, newarray(#0.bytes, i32(3)))
  return i32.add(len(%1.a), len(field(#1.box, 0.what, %2.b)))
}
func @1 "run" (%0 "n" i32) -> i32 {
  local %1 "sum" i32
  block ^0.end {
    loop ^1.next {
      if i32.eqz(%0.n) {
        br ^0.end
      }
      %1.sum = i32.add(%1.sum, call(@0.hold, i32(1)))
      %0.n = i32.sub(%0.n, i32(1))
      br ^1.next
    }
  }
  return %1.sum
}
func @2 "deep" (%0 "n" i32) -> i32 !0:3:1 {
  local %1 "a" ref
  if i32.eqz(%0.n) {
    return i32(0)
  }
  %1.a = newarray(#0.bytes, i32(1))
  %0.n = call(@2.deep, i32.sub(%0.n, i32(1)))!0:4:1
  return i32.add(len(%1.a), %0.n)
}
export "run" @1.run ("n" "i32" i32) i32 "i32"
export "deep" @2.deep ("n" "i32" i32) i32 "i32"
`

// TestShadowStack: calls leave the shadow stack as it was, recursion that is too
// deep for it is a panic, and the instance goes on.
//
// Proves: dol 8.3-c, dol 8.3-d
func TestShadowStack(t *testing.T) {
	for name, gc := range gcs {
		i, parts := open(t, parse(t, creep), codegen.Options{GC: gc})
		for range 2 {
			if got, err := i.Call("run", number(ir.I32, 20_000)); err != nil || got != "i32:80000" {
				t.Errorf("gc %s: run: %s %v", name, got, err)
			}
			if got, err := i.Call("deep", number(ir.I32, 10_000)); err != nil || got != "i32:10000" {
				t.Errorf("gc %s: deep: %s %v", name, got, err)
			}
			if gc == codegen.GCNone {
				continue
			}
			if sp, ok := i.Global("sp"); !ok || uint32(sp) != parts.Stack {
				t.Errorf("gc %s: sp is left at %#x, not %#x", name, sp, parts.Stack)
			}
			if _, err := i.Call("deep", number(ir.I32, 20_000)); err == nil || err.Error() != "panic: stack overflow" {
				t.Errorf("gc %s: too deep: %v", name, err)
			}
		}
	}
}

// branch allocates on one path only, twice in a row, with references across.
const branch = `module "branch" objects 2 imports 0 globals 0 funcs 2
file "a.dol"
object #0 "bytes" array u8
object #1 "box" ("what" ref)
func @0 "maybe" (%0 "n" i32, %1 "s" ref) -> i32 {
  local %2 "a" ref
  local %3 "b" ref
  if i32.and(%0.n, i32(1)) {
    %2.a = newarray(#0.bytes, %0.n)
    %3.b = newarray(#0.bytes, %0.n)
    return i32.add(len(%2.a), i32.add(len(%3.b), len(%1.s)))
  }
  return i32(0)
}
func @1 "run" (%0 "n" i32) -> i32 {
  local %1 "sum" i32
  block ^0.end {
    loop ^1.next {
      if i32.eqz(%0.n) {
        br ^0.end
      }
      %1.sum = i32.add(%1.sum, call(@0.maybe, i32.and(%0.n, i32(3)), newarray(#0.bytes, i32(2))))
      %0.n = i32.sub(%0.n, i32(1))
      br ^1.next
    }
  }
  return %1.sum
}
export "run" @1.run ("n" "i32" i32) i32 "i32"
`

// Proves: dol 8.3-c
func TestFrameOnBranch(t *testing.T) {
	for name, gc := range gcs {
		i, parts := open(t, parse(t, branch), codegen.Options{GC: gc})
		if got, err := i.Call("run", number(ir.I32, 40_000)); err != nil || got != "i32:120000" {
			t.Errorf("gc %s: %s %v", name, got, err)
		}
		if sp, ok := i.Global("sp"); ok && uint32(sp) != parts.Stack {
			t.Errorf("gc %s: sp is left at %#x, not %#x", name, sp, parts.Stack)
		}
	}
}
