package ir

import (
	"errors"
	"strings"
	"testing"
)

// wrongModules are modules that verify but break a promise when they run.
var wrongModules = map[string]string{
	"elem(#1, newarray(#1, i32(3)), i32(3))":                                    "element 3 of 3",
	"elem(#1, newarray(#1, i32(3)), i32(-1))":                                   "element 4294967295 of 3",
	"elem(#1, newarray(#0, i32(3)), i32(0))":                                    "an element of words: the object is \"\\x00\\x00\\x00\"",
	"elem(#1, null, i32(0))":                                                    "an element of words: the object is null",
	"field(#3, 1, null)":                                                        "a field of child: the object is null",
	"field(#3, 1, new(#2, i32(1)))":                                             "a field of child: the object is object parent",
	"field(#2, 0, newarray(#1, i32(1)))":                                        "a field of parent: the object is object words",
	"len(null)":                                                                 "length of no array",
	"len(new(#2, i32(1)))":                                                      "length of no array",
	"callref<() -> i32>(null)":                                                  "call of null",
	"callref<() -> i32>(\"text\")":                                              "which is no closure",
	"callref<() -> i32>(new(#2, i32(77)))":                                      "call of function number 77",
	"callref<(i32) -> i32>(new(#2, i32(1)), i32(1))":                            "it has <(ref) -> i32>",
	"seq {\n setelem(#1, newarray(#1, i32(2)), i32(2), i32(1))\n } i32(0)":      "set of element 2 of 2",
	"seq {\n fill(#1, newarray(#1, i32(2)), i32(1), i32(1), i32(2))\n } i32(0)": "elements 1 and 2 more of 2",
	"seq {\n copy(#1, newarray(#1, i32(2)), i32(0), newarray(#1, i32(1)), i32(0), i32(2))\n } i32(0)": "elements 0 and 2 more of 1",
	"seq {\n setfield(#2, 0, null, i32(1))\n } i32(0)":                                                "a field of parent: the object is null",
	"seq {\n panic(null)\n } i32(0)":                                                                  "a panic whose message is null",
}

// TestInternalErrors: the machine finds what generated code would not.
//
// Proves: dol 8.1-b
func TestInternalErrors(t *testing.T) {
	for expr, want := range wrongModules {
		m, err := ParseText([]byte(`module "" objects 4 imports 0 globals 0 funcs 2
object #0 "bytes" array u8
object #1 "words" array i32
object #2 "parent" ("f" i32)
object #3 "child" extends #2 ("f" i32, "g" i32)
func @0 "main" () -> i32 {
  return ` + expr + `
}
func @1 "lambda" (%0 "env" ref) -> i32 {
  return i32(1)
}
`))
		if err != nil {
			t.Fatalf("%s: %v", expr, err)
		}
		ma, err := NewMachine(m, MachineConfig{})
		if err != nil {
			t.Fatalf("%s: %v", expr, err)
		}
		_, err = ma.Call(m.Funcs[0])
		var wrong *InternalError
		if !errors.As(err, &wrong) || !strings.Contains(wrong.Error(), want) {
			t.Errorf("%s: %v, want %s", expr, err, want)
		}
	}
}

// fixedHost answers Call with an error and Read from its memory.
type fixedHost struct {
	err    error
	memory []byte
}

func (h *fixedHost) Call(*Import, []HostArg) (uint64, error) { return 7, h.err }

func (h *fixedHost) Read(addr, n uint32) ([]byte, error) {
	if int(addr)+int(n) > len(h.memory) {
		return nil, errors.New("no such memory")
	}
	return h.memory[addr : addr+n], nil
}

const hostModule = `module "" objects 1 imports 1 globals 0 funcs 3
file "a.dol"
object #0 "bytes" array u8
import ~0 "m" "f" () -> i32
func @0 "call" () -> i32 {
  return callhost(~0)!0:3:4
}
func @1 "load" () -> i64 {
  return i64.add(rawload8(i32(1)), i64.extend_i32_u(rawload4(i32(2))))
}
func @2 "outer" () -> ref {
  do call(@0)!0:9:1
  return rawbytes(#0, i32(1), i32(3))
}
`

// TestMachineHost: errors of the host end the call, its traps get their frames,
// and its memory is read little-endian.
func TestMachineHost(t *testing.T) {
	m, err := ParseText([]byte(hostModule))
	if err != nil {
		t.Fatal(err)
	}
	h := &fixedHost{memory: []byte{0, 1, 2, 3, 4, 5, 6, 7, 8}}
	ma, err := NewMachine(m, MachineConfig{Host: h})
	if err != nil {
		t.Fatal(err)
	}
	if v, err := ma.Call(m.Funcs[1]); err != nil || v.Bits != 0x0807060504030201+0x05040302 {
		t.Errorf("raw loads: %x, %v", v.Bits, err)
	}
	if v, err := ma.Call(m.Funcs[2]); err != nil || v.Text() != "\x01\x02\x03" {
		t.Errorf("raw bytes: %v, %v", v, err)
	}
	h.err = errors.New("broken")
	if _, err := ma.Call(m.Funcs[0]); !errors.Is(err, h.err) {
		t.Errorf("host error: %v", err)
	}
	h.err = &Trap{Kind: TrapPanic, Message: "no"}
	_, err = ma.Call(m.Funcs[2])
	var trap *Trap
	if !errors.As(err, &trap) || trap.Message != "no" || len(trap.Frames) != 2 ||
		trap.Frames[0] != (Frame{m.Funcs[0], Pos{0, 3, 4}}) || trap.Frames[1] != (Frame{m.Funcs[2], Pos{0, 9, 1}}) {
		t.Errorf("host trap: %v with %+v", err, trap)
	}
	h.err = nil
	if v, err := ma.Call(m.Funcs[0]); err != nil || v.Bits != 7 {
		t.Errorf("after a trap: %v, %v", v, err)
	}
}

// TestMachineMemory: arrays too large and too much in all end in the trap of the
// machine's limits.
func TestMachineMemory(t *testing.T) {
	m, err := ParseText([]byte(`module "" objects 1 imports 0 globals 0 funcs 1
object #0 "longs" array i64
func @0 "f" (%0 "n" i32) -> i32 {
  return len(newarray(#0, %0))
}
`))
	if err != nil {
		t.Fatal(err)
	}
	ma, err := NewMachine(m, MachineConfig{MaxBytes: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for n, ok := range map[uint64]bool{0: true, 100: true, 125: false, 1 << 28: false, 1<<32 - 1: false} {
		_, err := ma.Call(m.Funcs[0], Num(I32, n))
		var trap *Trap
		if ok != (err == nil) || err != nil && (!errors.As(err, &trap) || trap.Kind != TrapMemory) {
			t.Errorf("%d elements: %v", n, err)
		}
	}
}
