// Command embed runs the Spirit hello-world from a Go program. Start it in the
// root of the repository: go run ./examples/embed Ada
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/univrs/vudo"
	"github.com/univrs/vudo/spirit"
)

func main() {
	manifest, err := os.ReadFile("examples/hello-world/manifest.toml")
	check(err)
	wasm, err := os.ReadFile("examples/hello-world/src/main.wasm")
	check(err)

	ctx := context.Background()
	rt, err := vudo.New(ctx, vudo.Config{})
	check(err)
	defer rt.Close(ctx)

	pkg, err := spirit.FromModule(manifest, wasm)
	check(err)
	hello, err := rt.Load(ctx, pkg) // verify, meter, compile
	check(err)
	sb, err := hello.NewSandbox(ctx, vudo.SandboxConfig{
		Limits: vudo.Limits{Fuel: 500, MemoryBytes: 16 << 20},
		Grant:  []spirit.Capability{spirit.ActuatorLog},
	})
	check(err)
	defer sb.Close(ctx)

	name := []byte(nil)
	if len(os.Args) > 1 {
		name = []byte(os.Args[1])
	}
	res, err := sb.Call(ctx, "greet", name)
	for errors.Is(err, vudo.ErrOutOfFuel) {
		fmt.Printf("stopped after %d fuel\n", res.Receipt.FuelUsed)
		res, err = sb.Refuel(ctx, 500) // goes on where it stopped
	}
	check(err) // %+v of a *vudo.Trap shows the guest's stack
	fmt.Printf("%s (fuel %d)\n", res.Output, res.Receipt.FuelUsed)
}

func check(err error) {
	if err != nil {
		log.Fatalf("%+v", err)
	}
}
