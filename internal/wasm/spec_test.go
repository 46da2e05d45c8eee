package wasm_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/internal/wasm/spectest"
)

// features are those of the engine that this package means to equal.
const features = api.CoreFeaturesV2 | experimental.CoreFeaturesTailCall | experimental.CoreFeaturesExtendedConst

// engine returns a runtime that only decodes and validates quickly: the interpreter.
func engine(t testing.TB) wazero.Runtime {
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter().WithCoreFeatures(features).WithMemoryLimitPages(65536))
	t.Cleanup(func() { r.Close(ctx) })
	return r
}

// engineAccepts returns what the engine has against a module. Some invalid ones
// make it panic, which counts as a refusal; in VUDO it only sees valid ones.
func engineAccepts(r wazero.Runtime, b []byte) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	ctx := context.Background()
	c, err := r.CompileModule(ctx, b)
	if err == nil {
		c.Close(ctx)
	}
	return err
}

func accepts(b []byte) (*wasm.Module, error) {
	m, err := wasm.Decode(b, wasm.DecodeOptions{})
	if err != nil {
		return nil, err
	}
	return m, wasm.Validate(m)
}

// laterValid lists what suite v1 calls invalid and core 2.0 made valid, by
// script and line; the module must be taken.
var laterValid = map[string]string{
	"v1/func:493": "multi-value", "v1/func:497": "multi-value", "v1/type:53": "multi-value", "v1/type:57": "multi-value",
	"v1/imports:310": "several tables", "v1/imports:314": "several tables", "v1/imports:318": "several tables",
	"v1/unreached-invalid:539": "block parameters",
}

// engineDiffers lists where the engine is not what the specification says.
var engineDiffers = map[string]string{
	"v1/imports:310": "refuses an import with an empty module name", "v1/imports:314": "refuses an import with an empty module name",
	"v2/data:470": "lets constants read mutable globals", "v2/data:496": "lets constants read mutable globals",
	"v2/elem:458": "lets constants read mutable globals", "v2/elem:484": "lets constants read mutable globals",
	"v2/global:371": "lets constants read mutable globals", "extended-const/global:350": "lets constants read mutable globals",
	"v2/elem:171": "lets constants read defined globals", "v2/elem:175": "lets constants read defined globals",
}

// TestOfficialSuites: every module of the suites is taken, every invalid or
// malformed binary refused, and every canonical module survives the round trip.
//
// Proves: fuel 6.7
func TestOfficialSuites(t *testing.T) {
	r := engine(t)
	for _, suite := range spectest.Suites {
		scripts, err := spectest.Load(suite)
		if err != nil {
			t.Fatal(err)
		}
		var taken, refused, same, shortened int
		for i := range scripts {
			s := &scripts[i]
			for j := range s.Commands {
				c := &s.Commands[j]
				if c.Filename == "" || c.ModuleType == "text" {
					continue
				}
				b, err := s.Module(c)
				if err != nil {
					t.Fatal(err)
				}
				at := fmt.Sprintf("%s/%s:%d", suite, s.Name, c.Line)
				m, err := accepts(b)
				engineErr := engineAccepts(r, b)
				if (err == nil) != (engineErr == nil) != (engineDiffers[at] != "") {
					t.Errorf("%s %s %s (%s): we say %v, the engine %v", at, c.Type, c.Filename, c.Text, err, engineErr)
				}
				switch wantRefused := c.Type == "assert_invalid" || c.Type == "assert_malformed"; {
				case wantRefused && laterValid[at] == "":
					if err == nil {
						t.Errorf("%s %s %s is taken: %s", at, c.Type, c.Filename, c.Text)
					}
					refused++
				default:
					if err != nil {
						t.Errorf("%s %s %s is refused: %v", at, c.Type, c.Filename, err)
						continue
					}
					taken++
					once := m.Encode()
					if bytes.Equal(once, b) {
						same++
						continue
					}
					shortened++
					again, err := wasm.Decode(once, wasm.DecodeOptions{})
					if err != nil {
						t.Errorf("%s %s: re-encoded: %v", at, c.Filename, err)
					} else if !bytes.Equal(again.Encode(), once) {
						t.Errorf("%s %s: the second round trip differs", at, c.Filename)
					}
				}
			}
		}
		t.Logf("%s: %d modules taken (%d byte-identical after a round trip, %d not canonical), %d refused", suite, taken, same, shortened, refused)
	}
}
