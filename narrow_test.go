package vudo_test

import (
	"testing"

	"github.com/univrs/vudo"
	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/spirit"
)

// An export with capabilities of its own runs with these only, in a sandbox, in
// a pooled call and for functions of the embedder; the others run with all, and
// what the sandbox loses a narrowed export loses too.
func TestExportsWithTheirOwnCapabilities(t *testing.T) {
	const manifest = `[spirit]
name = "narrow"
version = "1.0.0"
[capabilities]
required = ["log", "random"]
[exports.quiet]
capabilities = []
[exports.half]
capabilities = ["random"]
`
	b := wasm.NewBuilder()
	log := b.ImportFunc("vudo", "host_log_info", wasm.Types(wasm.I32, wasm.I32), wasm.Types(wasm.I32))
	random := b.ImportFunc("vudo", "host_random_bytes", wasm.Types(wasm.I32, wasm.I32), wasm.Types(wasm.I32))
	b.Memory(1, 1)
	b.Export("memory", wasm.KindMemory, 0)
	for _, name := range []string{"loud", "quiet", "half"} { // 10 x log + random, each 0 or -1
		b.Func(name, nil, wasm.Types(wasm.I32), nil, func(e *wasm.Emitter) {
			e.I32Const(0).I32Const(0).Call(log).I32Const(10).Op(wasm.OpI32Mul)
			e.I32Const(0).I32Const(1).Call(random).Op(wasm.OpI32Add)
		})
	}
	rt := start(t, vudo.Config{Log: &discard{}})
	pkg, err := spirit.FromModule([]byte(manifest), b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	s, err := rt.Load(t.Context(), pkg)
	if err != nil {
		t.Fatal(err)
	}
	cfg := vudo.SandboxConfig{Grant: []spirit.Capability{spirit.ActuatorLog, spirit.SensorRandom}}
	sb, err := s.NewSandbox(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer sb.Close(t.Context())
	check := func(export string, want int32, call func() (vudo.Result, error)) {
		t.Helper()
		r, err := call()
		if err != nil || len(r.Values) != 1 || int32(r.Values[0].Bits) != want {
			t.Errorf("%s gives %v, %v, want %d", export, r.Values, err, want)
		}
	}
	for _, c := range []struct {
		export string
		want   int32
	}{{"quiet", -11}, {"loud", 0}, {"half", -10}, {"loud", 0}} {
		check(c.export, c.want, func() (vudo.Result, error) { return sb.CallValues(t.Context(), c.export) })
		check(c.export+", pooled", c.want, func() (vudo.Result, error) { return s.CallValues(t.Context(), c.export, nil, cfg) })
	}
	if err := sb.Revoke(spirit.SensorRandom); err != nil {
		t.Fatal(err)
	}
	check("half, after a withdrawal", -11, func() (vudo.Result, error) { return sb.CallValues(t.Context(), "half") })
	check("loud, after a withdrawal", -1, func() (vudo.Result, error) { return sb.CallValues(t.Context(), "loud") })
}

// discard is a log that keeps nothing.
type discard struct{}

func (*discard) Log(vudo.LogLine) {}
