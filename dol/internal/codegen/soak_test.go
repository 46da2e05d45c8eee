package codegen_test

import (
	"testing"

	"github.com/univrs/vudo/dol/internal/codegen"
	"github.com/univrs/vudo/dol/internal/ir"
)

// soak makes in each round a text of changing length by joining two, a closure
// that is called, two nodes that refer to each other, and a node in front of one
// of 64 lists, one of which is dropped in every 4096th round, so that the live
// set grows and shrinks; a vector doubles its array now and then.
const soak = `module "soak" objects 6 imports 0 globals 3 funcs 5
file "a.dol"
object #0 "bytes" array u8
object #1 "closure" ("function" i32)
object #2 "lambda" extends #1.closure ("function" i32, "text" ref, "n" i64)
object #3 "node" ("value" ref, "next" ref)
object #4 "Array<ref>" array ref
object #5 "Vec" ("len" i32, "buf" ref)
global $0 "lists" ref
global $1 "vec" ref
global $2 "text" ref
func @0 "join" (%0 "a" ref, %1 "b" ref) -> ref {
  local %2 "c" ref
  %2.c = newarray(#0.bytes, i32.add(len(%0.a), len(%1.b)))!0:1:1
  copy(#0.bytes, %2.c, i32(0), %0.a, i32(0), len(%0.a))
  copy(#0.bytes, %2.c, len(%0.a), %1.b, i32(0), len(%1.b))
  return %2.c
}
func @1 "lambda" (%0 "env" ref, %1 "x" i64) -> i64 {
  return i64.add(%1.x, i64.add(field(#2.lambda, 2.n, %0.env), i64.extend_i32_u(len(field(#2.lambda, 1.text, %0.env)))))
}
func @2 "push" (%0 "v" ref, %1 "x" ref) {
  local %2 "more" ref
  if i32.eq(field(#5.Vec, 0.len, %0.v), len(field(#5.Vec, 1.buf, %0.v))) {
    %2.more = newarray(#4.Array<ref>, i32.shl(len(field(#5.Vec, 1.buf, %0.v)), i32(1)))
    copy(#4.Array<ref>, %2.more, i32(0), field(#5.Vec, 1.buf, %0.v), i32(0), field(#5.Vec, 0.len, %0.v))
    setfield(#5.Vec, 1.buf, %0.v, %2.more)
  }
  setelem(#4.Array<ref>, field(#5.Vec, 1.buf, %0.v), field(#5.Vec, 0.len, %0.v), %1.x)
  setfield(#5.Vec, 0.len, %0.v, i32.add(field(#5.Vec, 0.len, %0.v), i32(1)))
}
func @3 "run" (%0 "n" i32) -> i64 {
  local %1 "i" i32
  local %2 "sum" i64
  local %3 "s" ref
  local %4 "f" ref
  local %5 "a" ref
  $0.lists = newarray(#4.Array<ref>, i32(64))
  $1.vec = new(#5.Vec, i32(0), newarray(#4.Array<ref>, i32(4)))
  block ^0.end {
    loop ^1.next {
      if i32.ge_u(%1.i, %0.n) {
        br ^0.end
      }
      %3.s = call(@0.join, "hello, ", newarray(#0.bytes, i32.and(%1.i, i32(127))))
      %4.f = new(#2.lambda, funcindex(@1.lambda), call(@0.join, %3.s, "!"), i64.extend_i32_u(%1.i))
      %2.sum = callref<(i64) -> i64>(%4.f, %2.sum)
      %5.a = new(#3.node, %3.s, null)
      setfield(#3.node, 1.next, %5.a, new(#3.node, %4.f, %5.a))
      setelem(#4.Array<ref>, $0.lists, i32.and(%1.i, i32(63)), new(#3.node, %5.a, elem(#4.Array<ref>, $0.lists, i32.and(%1.i, i32(63)))))
      do call(@2.push, $1.vec, %3.s)
      if i32.eqz(i32.and(%1.i, i32(4095))) {
        fill(#4.Array<ref>, $0.lists, i32(0), null, i32(64))
        $1.vec = new(#5.Vec, i32(0), newarray(#4.Array<ref>, i32(4)))
      }
      %1.i = i32.add(%1.i, i32(1))
      br ^1.next
    }
  }
  $2.text = %3.s
  return %2.sum
}
func @4 "stop" () {
  $0.lists = null
  $1.vec = null
}
export "run" @3.run ("n" "i32" i32) i64 "i64"
export "stop" @4.stop () none ""
`

// TestSoak runs ten million rounds in 8 MiB.
//
// Proves: dol 8.3-c
func TestSoak(t *testing.T) {
	m := parse(t, soak)
	rounds := int64(10_000_000)
	if testing.Short() {
		rounds = 200_000
	}
	i, parts := open(t, m, codegen.Options{MaxMemoryBytes: 8 << 20})
	want := int64(0)
	for n := range rounds {
		want += n + n&127 + 8
	}
	got, err := i.Call("run", number(ir.I32, rounds))
	if err != nil {
		t.Fatal(err)
	}
	if w := (ir.Value{Kind: ir.I64, Bits: uint64(want)}).String(); got != w {
		t.Errorf("sum %s, want %s", got, w)
	}
	h, err := checkHeap(m, parts, i)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("memory %d, heap %d, live %d", len(h.mem), h.total, h.live)
}
