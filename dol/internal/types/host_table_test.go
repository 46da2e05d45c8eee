package types_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/univrs/vudo/dol/internal/types"
	"github.com/univrs/vudo/internal/host"
	"github.com/univrs/vudo/internal/wasm"
)

// Proves: dol 9-a, 9.3-a, 8.5-b (the compiler's copy of the host's table is the
// host's table; functions that the host is still to get may stand in it alone)
func TestHostTableIsTheHosts(t *testing.T) {
	names := map[wasm.ValType]string{wasm.I32: "i32", wasm.I64: "i64", wasm.F32: "f32", wasm.F64: "f64"}
	list := func(ts []wasm.ValType) string {
		var out []string
		for _, v := range ts {
			out = append(out, names[v])
		}
		return strings.Join(out, " ")
	}
	if !slices.IsSortedFunc(types.HostFuncs, func(a, b types.HostFunc) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("the table is not sorted by name")
	}
	mine := map[string]types.HostFunc{}
	for _, f := range types.HostFuncs {
		mine[f.Name] = f
	}
	seen := 0
	for _, f := range host.Table() {
		if !slices.Contains(f.Modules, host.ModuleVudo) {
			continue
		}
		seen++
		got, ok := mine[f.Name]
		if !ok {
			t.Errorf("%s is missing", f.Name)
			continue
		}
		if params, result := list(f.Params), list(f.Results); got.Params != params || got.Result != result {
			t.Errorf("%s is (%s) -> %s, the host has (%s) -> %s", f.Name, got.Params, got.Result, params, result)
		}
		capability := ""
		if f.Capability != 0 {
			capability = f.Capability.String()
		}
		if got.Caps != capability {
			t.Errorf("%s needs %q, the host asks for %q", f.Name, got.Caps, capability)
		}
	}
	if seen < 30 {
		t.Errorf("the host has %d functions of module vudo", seen)
	}
}
