package dol_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/univrs/vudo/dol"
)

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
