package codegen_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/univrs/vudo/dol/internal/codegen"
	"github.com/univrs/vudo/dol/internal/codegen/codegentest"
	"github.com/univrs/vudo/dol/internal/ir"
)

// inbox prints every message and keeps it in a list; the host grows the memory
// for each, so the heap is cut into pieces.
const inbox = `module "inbox" objects 2 imports 4 globals 1 funcs 1
file "a.dol"
object #0 "bytes" array u8
object #1 "node" ("text" ref, "next" ref)
import ~0 "vudo" "vudo_println" (bytes)
import ~1 "vudo" "vudo_recv" () -> i32
import ~2 "vudo" "vudo_pending" () -> i32
import ~3 "vudo" "vudo_send" (bytes, bytes) -> i32
global $0 "list" ref
func @0 "main" () -> i64 {
  local %0 "p" i32
  local %1 "sender" ref
  local %2 "text" ref
  local %3 "time" i64
  block ^0.end {
    loop ^1.next {
      if i32.eqz(callhost(~2.vudo_pending)) {
        br ^0.end
      }
      %0.p = callhost(~1.vudo_recv)
      %1.sender = rawbytes(#0.bytes, i32.add(%0.p, i32(4)), rawload4(%0.p))!0:1:1
      %0.p = i32.add(%0.p, i32.add(i32(4), len(%1.sender)))
      %3.time = i64.add(%3.time, rawload8(%0.p))
      %2.text = rawbytes(#0.bytes, i32.add(%0.p, i32(13)), rawload4(i32.add(%0.p, i32(9))))!0:1:2
      do callhost(~0.vudo_println, %2.text)
      do callhost(~3.vudo_send, %1.sender, newarray(#0.bytes, i32.mul(len(%2.text), i32(1000))))
      $0.list = new(#1.node, %2.text, $0.list)
      br ^1.next
    }
  }
  return %3.time
}
export "main" @0.main () i64 "i64"
`

// TestInbox shares the memory with a host that grows it.
//
// Proves: dol 8.3-a, dol 8.3-d, dol 9.1-a
func TestInbox(t *testing.T) {
	m := parse(t, inbox)
	messages := func() []codegentest.Message {
		var list []codegentest.Message
		for n := range 300 {
			list = append(list, codegentest.Message{Sender: fmt.Sprint("s", n), Text: strings.Repeat("x", n), Time: int64(n) << 33})
		}
		return list
	}
	want := &codegentest.Host{Inbox: messages()}
	ma, err := ir.NewMachine(m, ir.MachineConfig{Host: want})
	if err != nil {
		t.Fatal(err)
	}
	result, err := ma.CallExport("main")
	if err != nil {
		t.Fatal(err)
	}
	for name, gc := range gcs {
		w, parts, err := codegen.GenerateOpen(m, codegen.Options{GC: gc})
		if err != nil {
			t.Fatal(err)
		}
		if w.Export("__heap_base") != nil {
			t.Error("the host is told that the heap is free for it")
		}
		host := &codegentest.Host{Inbox: messages()}
		i, err := codegentest.New(m, w, host)
		if err != nil {
			t.Fatal(err)
		}
		defer i.Close()
		if got, err := i.Call("main"); err != nil || got != result.String() {
			t.Errorf("gc %s: %s %v, want %s", name, got, err, result)
		}
		if !slices.Equal(host.Lines, want.Lines) {
			t.Errorf("gc %s: other lines", name)
		}
		if _, err := checkHeap(m, parts, i); err != nil {
			t.Errorf("gc %s: %v", name, err)
		}
	}
}
