package dol_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/univrs/vudo/dol"
)

// Constants above the memory that the manifest allows are refused likewise.
func TestTooLargeConstants(t *testing.T) {
	text := "pub fun f() -> string { \"" + strings.Repeat("x", 200_000) + "\" }\n"
	o := dol.Options{MaxMemoryBytes: 64 << 10}
	res, problems := dol.Compile([]dol.Source{{Path: "big.dol", Text: []byte(text)}}, o)
	if res != nil || len(problems) == 0 || problems[len(problems)-1].Code != "too-large" {
		t.Errorf("%v %v", res != nil, problems)
	}
	o.MaxMemoryBytes = 1 << 20
	if res, problems := dol.Compile([]dol.Source{{Path: "big.dol", Text: []byte(text)}}, o); res == nil {
		t.Error(problems)
	}
}

// A program that no virtual machine would take is refused with the reason, and is
// no fault of the compiler.
func TestTooLargeFunction(t *testing.T) {
	var b strings.Builder
	b.WriteString("pub enum Many {\n")
	for i := range 6_000 {
		fmt.Fprintf(&b, "  V%d(i64),\n", i)
	}
	b.WriteString("}\npub fun f(x: Many) -> Many { x }\n")
	res, problems := dol.Compile([]dol.Source{{Path: "many.dol", Text: []byte(b.String())}}, dol.Options{})
	if res != nil {
		return // it got smaller: nothing to refuse
	}
	if err := problems.Err(); err == nil || !strings.Contains(err.Error(), "too large") || strings.Contains(err.Error(), "at fault") {
		t.Errorf("%v", err)
	}
}
