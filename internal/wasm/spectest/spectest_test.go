package spectest_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/univrs/vudo/internal/wasm/spectest"
)

// TestSuitesAreWhole: every script is found and read, so that a test which runs
// them all runs that many asserts.
func TestSuitesAreWhole(t *testing.T) {
	want := map[string]struct{ scripts, asserts int }{
		"v1": {73, 18438}, "v2": {148, 52230}, "tail-call": {2, 113}, "extended-const": {3, 104},
	}
	for _, suite := range spectest.Suites {
		scripts, err := spectest.Load(suite)
		if err != nil {
			t.Fatal(err)
		}
		asserts := 0
		for i := range scripts {
			s := &scripts[i]
			for j := range s.Commands {
				c := &s.Commands[j]
				if strings.HasPrefix(c.Type, "assert_") {
					asserts++
				}
				if c.Type != "module" {
					continue
				}
				if b, err := s.Module(c); err != nil || !bytes.HasPrefix(b, []byte("\x00asm")) {
					t.Errorf("%s/%s:%d: %v, %d bytes", suite, s.Name, c.Line, err, len(b))
				}
			}
		}
		if len(scripts) != want[suite].scripts || asserts != want[suite].asserts {
			t.Errorf("%s has %d scripts with %d asserts, want %v", suite, len(scripts), asserts, want[suite])
		}
	}
	if _, err := spectest.Load("nothing"); err == nil {
		t.Error("a suite that does not exist is loaded")
	}
}
