package vudo_test

import (
	"crypto/sha256"
	"errors"
	"strings"
	"testing"

	"github.com/univrs/vudo"
	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/spirit"
)

// declaredModule exports echo(what: string) -> string and add(a: u8, b: u8) -> u8
// of a compiler that says how they are called.
func declaredModule(memory string) []byte {
	i32, i64 := wasm.I32, wasm.I64
	b := wasm.NewBuilder()
	b.Export("memory", wasm.KindMemory, b.Memory(1, -1))
	b.Func("__vudo_alloc", wasm.Types(i32), wasm.Types(i32), nil, func(e *wasm.Emitter) { e.I32Const(1024) })
	b.Func("echo", wasm.Types(i32, i32), wasm.Types(i64), nil, func(e *wasm.Emitter) {
		e.LocalGet(0).Op(wasm.OpI64ExtendI32U).I64Const(32).Op(wasm.OpI64Shl).LocalGet(1).Op(wasm.OpI64ExtendI32U, wasm.OpI64Or)
	})
	b.Func("add", wasm.Types(i32, i32), wasm.Types(i32), nil, func(e *wasm.Emitter) { e.LocalGet(0).LocalGet(1).Op(wasm.OpI32Add) })
	b.Func("grow", nil, wasm.Types(i32), nil, func(e *wasm.Emitter) { e.I32Const(1).OpIdx(wasm.OpMemoryGrow, 0) })
	b.Custom(spirit.DeclaredSection, []byte(`{"version":1,`+memory+`"exports":[
		{"name":"echo","params":[{"name":"what","type":"string","abi":"text"}],"result":{"type":"string","abi":"text"}},
		{"name":"add","params":[{"name":"a","type":"u8","abi":"i32"},{"name":"b","type":"u8","abi":"i32"}],"result":{"type":"u8","abi":"i32"}}]}`))
	return b.Bytes()
}

// Through the door: output, values, signatures and the digests of the receipt.
//
// Proves: vm 14.43, vm 14.37
func TestDeclaredExports(t *testing.T) {
	ctx := t.Context()
	rt, err := vudo.New(ctx, vudo.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close(ctx)
	pkg, err := spirit.FromModule([]byte("[spirit]\nname = \"echo\"\nversion = \"1.0.0\"\n"), declaredModule(`"max_memory_bytes":65536,`))
	if err != nil {
		t.Fatal(err)
	}
	echo, err := rt.Load(ctx, pkg)
	if err != nil {
		t.Fatal(err)
	}
	defer echo.Close(ctx)
	signatures := map[string]string{}
	for _, x := range echo.Exports() {
		if x.Signature != nil && x.Convention == vudo.ConventionDeclared {
			signatures[x.Name] = x.Signature.String()
		}
	}
	if len(signatures) != 2 || signatures["add"] != "add(a: u8, b: u8) -> u8" || echo.Declared().MaxMemoryBytes != 65536 {
		t.Errorf("%v %+v", signatures, echo.Declared())
	}
	sb, err := echo.NewSandbox(ctx, vudo.SandboxConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer sb.Close(ctx)
	for name, call := range map[string]func(export, in string) (vudo.Result, error){
		"sandbox": func(export, in string) (vudo.Result, error) { return sb.Call(ctx, export, []byte(in)) },
		"spirit": func(export, in string) (vudo.Result, error) {
			return echo.Call(ctx, export, []byte(in), vudo.SandboxConfig{})
		},
	} {
		r, err := call("echo", "Ada")
		if err != nil || string(r.Output) != "Ada" || r.Values != nil {
			t.Errorf("%s: %q %v %v", name, r.Output, r.Values, err)
		}
		if sum := vudo.Digest(sha256.Sum256([]byte("Ada"))); r.Receipt.Input() != sum || r.Receipt.Output() != sum {
			t.Errorf("%s: the digests are %s and %s", name, r.Receipt.Input(), r.Receipt.Output())
		}
		r, err = call("add", "[200,55]")
		if err != nil || len(r.Values) != 1 || r.Values[0] != vudo.I32(255) || len(r.Output) != 0 {
			t.Errorf("%s: %v %v", name, r.Values, err)
		}
		if sum := vudo.Digest(sha256.Sum256([]byte("[200,55]"))); r.Receipt.Input() != sum || r.Receipt.Output() != sha256.Sum256(nil) {
			t.Errorf("%s: the digests are %s and %s", name, r.Receipt.Input(), r.Receipt.Output())
		}
		if r, err = call("add", "[1]"); !errors.Is(err, vudo.ErrArguments) || r.Receipt.Outcome != vudo.OutcomeNone {
			t.Errorf("%s: %v", name, err)
		}
	}
	var trap *vudo.Trap
	if r, err := echo.Call(ctx, "add", []byte("[200,56]"), vudo.SandboxConfig{}); !errors.As(err, &trap) || trap.Kind.String() != "bad-result" || r.Values != nil {
		t.Errorf("a u8 of 256: %v %v", r.Values, err)
	}
}

// The section's memory limit holds where neither caller nor manifest says one,
// and policy goes before it.
func TestDeclaredMemory(t *testing.T) {
	ctx := t.Context()
	for _, c := range []struct {
		section, manifest string
		caller            uint64
		grown             int32
	}{
		{"", "", 0, 1},
		{`"max_memory_bytes":65536,`, "", 0, -1},
		{`"max_memory_bytes":65536,`, "[limits]\nmax_memory_bytes = 131072\n", 0, 1},
		{`"max_memory_bytes":65536,`, "", 131072, 1},
		{`"max_memory_bytes":131072,`, "", 65536, -1},
	} {
		rt, err := vudo.New(ctx, vudo.Config{})
		if err != nil {
			t.Fatal(err)
		}
		pkg, err := spirit.FromModule([]byte("[spirit]\nname = \"echo\"\nversion = \"1.0.0\"\n"+c.manifest), declaredModule(c.section))
		if err != nil {
			t.Fatal(err)
		}
		echo, err := rt.Load(ctx, pkg)
		if err != nil {
			t.Fatal(err)
		}
		r, err := echo.CallValues(ctx, "grow", nil, vudo.SandboxConfig{Limits: vudo.Limits{MemoryBytes: c.caller}})
		if err != nil || r.Values[0].I32() != c.grown {
			t.Errorf("%+v: %v %v", c, r.Values, err)
		}
		_ = rt.Close(ctx)
	}
	rt, err := vudo.New(ctx, vudo.Config{Policy: vudo.Limits{MemoryBytes: 65536}})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close(ctx)
	pkg, err := spirit.FromModule([]byte("[spirit]\nname = \"echo\"\nversion = \"1.0.0\"\n"), declaredModule(`"max_memory_bytes":65537,`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rt.Load(ctx, pkg); !errors.Is(err, vudo.ErrInvalidLimits) || !strings.Contains(err.Error(), "asks for 65537, policy permits 65536") {
		t.Errorf("beyond the policy: %v", err)
	}
}
