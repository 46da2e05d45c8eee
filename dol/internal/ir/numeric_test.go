package ir

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/internal/wasm/spectest"
)

// numericScripts are the scripts of the official suite whose modules export one
// operator per function, with the prefix of the operators' names.
var numericScripts = map[string]string{
	"i32": "i32.", "i64": "i64.", "f32": "f32.", "f64": "f64.", "f32_cmp": "f32.", "f64_cmp": "f64.",
	"f32_bitwise": "f32.", "f64_bitwise": "f64.", "conversions": "",
}

// TestNumericSuite runs the official test suite's calls of numeric operators.
//
// Proves: dol 5.2-b
func TestNumericSuite(t *testing.T) {
	scripts, err := spectest.Load("v2")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[wasm.Opcode]bool{}
	traps := 0
	for _, s := range scripts {
		prefix, ok := numericScripts[s.Name]
		if !ok {
			continue
		}
		for _, c := range s.Commands {
			if c.Action == nil || c.Type != "assert_return" && c.Type != "assert_trap" {
				continue
			}
			op, ok := opcodes[prefix+c.Action.Field]
			if !ok {
				continue // some functions of the suite are no single operator
			}
			seen[op] = true
			if c.Type == "assert_trap" {
				traps++
			}
			checkNumeric(t, s.Name, c, op)
		}
	}
	for name, op := range opcodes {
		if !seen[op] {
			t.Errorf("the suite has no call of %s", name)
		}
	}
	if traps < 50 {
		t.Errorf("%d traps in the suite", traps)
	}
}

func checkNumeric(t *testing.T, script string, c spectest.Command, op wasm.Opcode) {
	t.Helper()
	var bits uint64
	var trap TrapKind
	args := make([]uint64, len(c.Action.Args))
	for i, a := range c.Action.Args {
		args[i] = number(t, a)
	}
	arity, _, result, _ := Numeric(op)
	if arity != len(args) {
		t.Fatalf("%s:%d: %v with %d arguments", script, c.Line, op, len(args))
	}
	if arity == 1 {
		bits, trap = unaries[op](args[0])
	} else {
		bits, trap = binaries[op](args[0], args[1])
	}
	if (trap != 0) != (c.Type == "assert_trap") || trap != 0 && trap.String() != c.Text {
		t.Errorf("%s:%d: %v %#x: %v, want %s %s", script, c.Line, op, args, trap, c.Type, c.Text)
		return
	}
	if trap != 0 {
		if !MayTrap(op) {
			t.Errorf("%v traps, MayTrap says it does not", op)
		}
		return
	}
	var want string
	if err := json.Unmarshal(c.Expected[0].Value, &want); err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(want, "nan:") {
		if x := (&Const{K: result, Bits: bits}); !x.isNaN() {
			t.Errorf("%s:%d: %v %#x = %#x, want %s", script, c.Line, op, args, bits, want)
		}
		return
	}
	if n := number(t, c.Expected[0]); bits != n {
		t.Errorf("%s:%d: %v %#x = %#x, want %#x", script, c.Line, op, args, bits, n)
	}
}

func number(t *testing.T, v spectest.Value) uint64 {
	t.Helper()
	var s string
	if err := json.Unmarshal(v.Value, &s); err != nil {
		t.Fatal(err)
	}
	switch s {
	case "nan:canonical", "nan:arithmetic":
		if v.Type == "f32" {
			return canonicalNaN32
		}
		return canonicalNaN64
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
