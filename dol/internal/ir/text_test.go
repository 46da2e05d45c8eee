package ir

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
)

// everything is a text with each declaration, statement and expression, in the
// form in which Print writes it.
const everything = `module "all" objects 5 imports 1 globals 2 funcs 3
file "src/a \"b\".dol"
object #0 "bytes" array u8
object #1 "closure" ("function" i32)
object #2 "lambda" extends #1.closure ("function" i32, "x" s16)
object #3 "Vec<f32>" ("len_" i32, "buf_" ref)
object #4 "Array<f32>" array f32
import ~0 "vudo" "vudo_send" (bytes, i32, i64, f32, f64) -> i32
global $0 "N" i64
global $1 "R" ref
func @0 "init" () {
  $1.R = new(#2.lambda, funcindex(@1.outer._lambda_1_), i32(-1))
}
func @1 "outer.{lambda 1}" (%0 "env" ref, %1 "" f32) -> f64 !0:1:2 {
  local %2 "v" ref
  local %3 "" i64
  %2.v = newarray(#4.Array<f32>, i32(3))!0:2:3
  setelem(#4.Array<f32>, %2.v, i32(0), %1)
  fill(#4.Array<f32>, %2.v, i32(1), f32(1e+30), i32(2))
  copy(#4.Array<f32>, %2.v, i32(0), %2.v, i32(1), i32(1))
  setfield(#2.lambda, 1.x, %0.env, field(#2.lambda, 1.x, %0.env))
  block ^0.end {
    loop ^1.head {
      if same(%0.env, null) {
        br ^1.head
      } else {
        switch len(%2.v) (^0.end, ^1.head) ^0.end
      }
    }
  }
  do callhost(~0.vudo_send, "a\xff\n", i32(1), i64(-9223372036854775808), f32(0x7fc00001), f64(-Inf))!0:9:9
  do rawbytes(#0.bytes, i32(4), rawload4(i32(8)))!0:9:10
  %3 = tern(isnull(%0.env), rawload8(i32(0)), i64.div_s($0.N, %3)!0:1:1)
  return seq {
    if i32.trunc_f32_s(elem(#4.Array<f32>, %2.v, i32(0)))!0:4:4 {
      panic("no")!0:5:5
    }
    unreachable
  } callref<(f32) -> f64>(%0.env, %1)!0:6:6
}
func @2 "f" () {
  do call(@0.init)
  return
}
start @0.init
export "f" @2.f () none ""
export "g" @1.outer._lambda_1_ ("a" "string" text, "b" "f32" f32) f64 "f64"
capability "actuator.log"
record "Point" #3.Vec<f32> ("u32", "Array<f32>")
`

func print(t *testing.T, m *Module) string {
	t.Helper()
	var b strings.Builder
	if err := Print(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestText reads and prints a text with everything in it.
//
// Proves: dol 8.1-b
func TestText(t *testing.T) {
	m, err := ParseText([]byte(everything))
	if err != nil {
		t.Fatal(err)
	}
	if err := Verify(m); err != nil {
		t.Error(err)
	}
	if got := print(t, m); got != everything {
		t.Errorf("printed:\n%s\nwant:\n%s", got, everything)
	}
}

// TestTextErrors cuts the text short at each byte and removes each byte: the
// result is an error or a module, which then survives printing and verifying.
func TestTextErrors(t *testing.T) {
	for i := range len(everything) {
		checkText(t, []byte(everything[:i]))
		checkText(t, []byte(everything[:i]+everything[i+1:]))
	}
	for text, want := range map[string]string{
		"":                                 `1:1: "" instead of "module"`,
		"module x":                         `1:8: "x" is no quoted text`,
		"module \"\" objects 99 imports":   "1:22: 99 objects in a text of 28 bytes",
		strings.Repeat("\n", 3) + `  "abc`: "4:3: a text without end",
		strings.Replace(everything, "func @2", "func @1", 1):                           "41:9: declarations are not numbered in order",
		strings.Replace(everything, "return seq", strings.Repeat("do seq {", 5001), 1): "nested deeper than 5000",
	} {
		if _, err := ParseText([]byte(text)); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%.40q: %v, want %s", text, err, want)
		}
	}
}

// checkText checks that printing and reading come to rest after one round.
func checkText(t *testing.T, text []byte) {
	t.Helper()
	m, err := ParseText(text)
	if err != nil {
		return
	}
	_ = Verify(m)
	once := print(t, m)
	again, err := ParseText([]byte(once))
	if err != nil {
		t.Fatalf("printed text cannot be read: %v\n%s", err, once)
	}
	if twice := print(t, again); twice != once {
		t.Fatalf("printed:\n%s\nthen:\n%s", once, twice)
	}
}

// TestTextMutations does the same to texts that differ in a few bytes.
func TestTextMutations(t *testing.T) {
	const seed = 7
	r := rand.New(rand.NewPCG(seed, seed))
	read := 0
	for range 30_000 {
		b := []byte(everything)
		for range 1 + r.IntN(3) {
			i := r.IntN(len(b) - 8)
			switch r.IntN(3) {
			case 0:
				b[i] = byte(r.IntN(256))
			case 1:
				copy(b[i:i+8], b[r.IntN(len(b)-8):])
			case 2:
				b[i] = "0123456789.@#%$^"[r.IntN(16)]
			}
		}
		if _, err := ParseText(b); err == nil {
			read++
		}
		checkText(t, b)
	}
	if read < 1000 {
		t.Errorf("seed %d: only %d mutated texts can be read", seed, read)
	}
}

func FuzzText(f *testing.F) {
	f.Add([]byte(everything))
	f.Fuzz(func(t *testing.T, text []byte) {
		checkText(t, bytes.ToValidUTF8(text, nil))
		checkText(t, text)
	})
}
