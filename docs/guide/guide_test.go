// Package guide_test runs what the guides show: each Go block of them stands
// in this file, or in the program examples/embed, line by line.
package guide_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"runtime"
	"strings"

	"github.com/univrs/vudo"
	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/spirit"
)

func check(err error) {
	if err != nil {
		log.Fatalf("%+v", err)
	}
}

// load loads one of the examples.
func load(ctx context.Context, rt *vudo.Runtime, name string) *vudo.Spirit {
	manifest, err := os.ReadFile("../../examples/" + name + "/manifest.toml")
	check(err)
	module, err := os.ReadFile("../../examples/" + name + "/src/main.wasm")
	check(err)
	pkg, err := spirit.FromModule(manifest, module)
	check(err)
	s, err := rt.Load(ctx, pkg)
	check(err)
	return s
}

func Example_numbers() {
	ctx := context.Background()
	rt, err := vudo.New(ctx, vudo.Config{})
	check(err)
	defer rt.Close(ctx)
	echo := load(ctx, rt, "echo")

	res, err := echo.CallValues(ctx, "add", []vudo.Value{vudo.I32(10), vudo.I32(32)}, vudo.SandboxConfig{})
	check(err)
	fmt.Println(res.Values[0].I32())
	// Output: 42
}

func Example_declared() {
	b := wasm.NewBuilder()
	i32, i64 := wasm.I32, wasm.I64
	b.Export("memory", wasm.KindMemory, b.Memory(1, 1))
	b.Func("__vudo_alloc", wasm.Types(i32), wasm.Types(i32), nil, func(e *wasm.Emitter) { e.I32Const(1024) })
	b.Func("echo", wasm.Types(i32, i32), wasm.Types(i64), nil, func(e *wasm.Emitter) {
		e.LocalGet(0).Op(wasm.OpI64ExtendI32U).I64Const(32).Op(wasm.OpI64Shl).LocalGet(1).Op(wasm.OpI64ExtendI32U, wasm.OpI64Or)
	})
	b.Func("add", wasm.Types(i32, i32), wasm.Types(i32), nil, func(e *wasm.Emitter) { e.LocalGet(0).LocalGet(1).Op(wasm.OpI32Add) })
	b.Custom(spirit.DeclaredSection, []byte(`{"version":1,"exports":[
		{"name":"echo","params":[{"name":"what","type":"string","abi":"text"}],"result":{"type":"string","abi":"text"}},
		{"name":"add","params":[{"name":"a","type":"u8","abi":"i32"},{"name":"b","type":"u8","abi":"i32"}],"result":{"type":"u8","abi":"i32"}}]}`))
	ctx := context.Background()
	rt, err := vudo.New(ctx, vudo.Config{})
	check(err)
	defer rt.Close(ctx)
	pkg, err := spirit.FromModule([]byte("[spirit]\nname = \"words\"\nversion = \"1.0.0\"\n"), b.Bytes())
	check(err)
	words, err := rt.Load(ctx, pkg)
	check(err)

	res, err := words.Call(ctx, "echo", []byte("Ada"), vudo.SandboxConfig{})
	check(err)
	fmt.Println(string(res.Output))
	res, err = words.Call(ctx, "add", []byte("[200, 55]"), vudo.SandboxConfig{})
	check(err)
	for _, x := range words.Exports() {
		if x.Name == "add" {
			fmt.Println(x.Signature, "=", x.Signature.Result.FormatScalar(res.Values[0].Bits))
		}
	}
	// Output:
	// Ada
	// add(a: u8, b: u8) -> u8 = 255
}

func Example_streams() {
	ctx := context.Background()
	rt, err := vudo.New(ctx, vudo.Config{})
	check(err)
	defer rt.Close(ctx)
	echo := load(ctx, rt, "echo")

	var out bytes.Buffer
	sb, err := echo.NewSandbox(ctx, vudo.SandboxConfig{
		Stdin:  strings.NewReader("as long as you like"),
		Stdout: &out,
	})
	check(err)
	defer sb.Close(ctx)
	_, err = sb.Call(ctx, "echo_text", nil)
	check(err)
	fmt.Println(out.String())
	// Output: as long as you like
}

func Example_errors() {
	ctx := context.Background()
	rt, err := vudo.New(ctx, vudo.Config{})
	check(err)
	defer rt.Close(ctx)
	echo := load(ctx, rt, "echo")
	sb, err := echo.NewSandbox(ctx, vudo.SandboxConfig{Limits: vudo.Limits{OutputBytes: 8}})
	check(err)
	defer sb.Close(ctx)

	for _, export := range []string{"echo_text", "nonesuch"} {
		res, err := sb.Call(ctx, export, []byte("longer than that"))
		var trap *vudo.Trap
		var failed *vudo.GuestError
		switch {
		case err == nil:
			fmt.Println("done")
		case errors.Is(err, vudo.ErrOutOfFuel), errors.Is(err, vudo.ErrPaused):
			fmt.Println("goes on with Refuel or Resume")
		case errors.As(err, &failed):
			fmt.Println("the guest says:", failed.Text)
		case errors.As(err, &trap):
			fmt.Println("the guest is broken:", trap.Kind)
		case errors.Is(err, vudo.ErrDeadline), errors.Is(err, vudo.ErrMemoryLimit):
			fmt.Println("a limit was met")
		default:
			fmt.Println("not the guest's fault:", err)
		}
		fmt.Println("outcome:", res.Receipt.Outcome)
	}
	// Output:
	// the guest says: the output could not be written
	// outcome: app-error
	// not the guest's fault: Function not found: nonesuch
	// outcome: none
}

func Example_functions() {
	b := wasm.NewBuilder()
	lookup := b.ImportFunc("loa", "price", wasm.Types(wasm.I32, wasm.I32), wasm.Types(wasm.I32))
	b.Memory(1, 1)
	b.Export("memory", wasm.KindMemory, 0)
	b.Data(0, []byte("tea"))
	b.Func("tea", nil, wasm.Types(wasm.I32), nil, func(e *wasm.Emitter) {
		e.I32Const(0).I32Const(3).Call(lookup)
	})
	shop := b.Bytes()
	ctx := context.Background()

	prices := map[string]int32{"tea": 3, "cake": 5}
	price := vudo.Func1("price", spirit.StorageRead, func(ctx context.Context, item string) (int32, error) {
		return prices[item], nil
	})
	rt, err := vudo.New(ctx, vudo.Config{Functions: []vudo.Function{price}})
	check(err)
	defer rt.Close(ctx)

	sb, err := rt.NewSandbox(ctx, shop, vudo.SandboxConfig{
		Grant: []spirit.Capability{spirit.StorageRead},
	})
	check(err)
	defer sb.Close(ctx)
	check(sb.Initialize(ctx))
	res, err := sb.CallValues(ctx, "tea")
	check(err)
	fmt.Println(res.Values[0].I32())
	// Output: 3
}

func Example_pause() {
	b := wasm.NewBuilder()
	b.Func("spin", nil, nil, nil, func(e *wasm.Emitter) { e.Loop(wasm.BlockEmpty).Br(0).End() })
	spinner := b.Bytes()
	ctx := context.Background()
	rt, err := vudo.New(ctx, vudo.Config{})
	check(err)
	defer rt.Close(ctx)
	sb, err := rt.NewSandbox(ctx, spinner, vudo.SandboxConfig{Limits: vudo.Limits{Fuel: 1 << 62}})
	check(err)
	defer sb.Close(ctx)
	check(sb.Initialize(ctx))

	ended := make(chan error)
	go func() {
		_, err := sb.Call(ctx, "spin", nil)
		ended <- err
	}()
	for sb.State() != vudo.Running {
		runtime.Gosched()
	}
	check(sb.Pause()) // from any goroutine
	fmt.Println(<-ended, sb.State())
	check(sb.Terminate(ctx))
	fmt.Println(sb.State())
	// Output:
	// Paused Paused
	// Terminated
}
