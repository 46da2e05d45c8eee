package vudo_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/univrs/vudo"
	"github.com/univrs/vudo/spirit"
)

// helloWorld is the first of the examples.
func helloWorld() (manifest, wasm []byte) {
	manifest, err := os.ReadFile("examples/hello-world/manifest.toml")
	check(err)
	wasm, err = os.ReadFile("examples/hello-world/src/main.wasm")
	check(err)
	return manifest, wasm
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func Example() {
	ctx := context.Background()
	manifest, wasm := helloWorld()

	rt, err := vudo.New(ctx, vudo.Config{})
	check(err) // log.Fatal on error
	defer rt.Close(ctx)

	pkg, err := spirit.FromModule(manifest, wasm)
	check(err)
	hello, err := rt.Load(ctx, pkg) // verify, meter, compile
	check(err)
	sb, err := hello.NewSandbox(ctx, vudo.SandboxConfig{
		Limits: vudo.Limits{Fuel: 5_000_000, MemoryBytes: 16 << 20},
		Grant:  []spirit.Capability{spirit.ActuatorLog},
	})
	check(err)
	defer sb.Close(ctx)

	res, err := sb.Call(ctx, "greet", []byte("Ada"))
	if errors.Is(err, vudo.ErrOutOfFuel) {
		fmt.Printf("stopped after %d fuel\n", res.Receipt.FuelUsed)
		res, err = sb.Refuel(ctx, 5_000_000) // continues where it stopped
	}
	check(err) // a *vudo.Trap prints its frames
	fmt.Printf("%s (fuel %d)\n", res.Output, res.Receipt.FuelUsed)
	// Output: Hello, Ada! (fuel 668)
}

// A call without enough fuel stops in the middle and goes on there.
func ExampleSandbox_Refuel() {
	ctx := context.Background()
	rt, err := vudo.New(ctx, vudo.Config{})
	check(err)
	defer rt.Close(ctx)
	pkg, err := spirit.FromModule(helloWorld())
	check(err)
	hello, err := rt.Load(ctx, pkg)
	check(err)
	sb, err := hello.NewSandbox(ctx, vudo.SandboxConfig{
		Limits: vudo.Limits{Fuel: 500},
		Grant:  []spirit.Capability{spirit.ActuatorLog},
	})
	check(err)
	defer sb.Close(ctx)

	res, err := sb.Call(ctx, "greet", []byte("Ada"))
	for errors.Is(err, vudo.ErrOutOfFuel) {
		fmt.Println(sb.State(), "with", res.Receipt.FuelLimit, "granted")
		res, err = sb.Refuel(ctx, 150)
	}
	check(err)
	fmt.Printf("%s (fuel %d)\n", res.Output, res.Receipt.FuelUsed)
	// Output:
	// Paused with 500 granted
	// Paused with 650 granted
	// Hello, Ada! (fuel 668)
}

// An embedder gives guests a function of its own; they need the capability
// that it names.
func ExampleFunc1() {
	upper := vudo.Func1("shout", spirit.ActuatorLog, func(_ context.Context, text []byte) (int32, error) {
		fmt.Printf("%s!!!\n", text)
		return int32(len(text)), nil
	})
	ctx := context.Background()
	rt, err := vudo.New(ctx, vudo.Config{Functions: []vudo.Function{upper}})
	check(err)
	defer rt.Close(ctx)

	sb, err := rt.NewSandbox(ctx, shouter(), vudo.SandboxConfig{Grant: []spirit.Capability{spirit.ActuatorLog}})
	check(err)
	defer sb.Close(ctx)
	check(sb.Initialize(ctx))
	res, err := sb.CallValues(ctx, "main")
	check(err)
	fmt.Println(res.Values)
	// Output:
	// hear me!!!
	// [7]
}
