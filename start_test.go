package vudo_test

import (
	"context"
	"errors"
	"testing"

	"github.com/univrs/vudo"
	"github.com/univrs/vudo/internal/wasm"
)

// Start code that ends badly leaves its receipt in the error.
//
// Proves: vm 14.37
func TestStartCodeHasAReceipt(t *testing.T) {
	ctx := context.Background()
	rt, err := vudo.New(ctx, vudo.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close(ctx)
	for name, c := range map[string]struct {
		body func(e *wasm.Emitter)
		err  error
		out  vudo.Outcome
	}{
		"spins": {func(e *wasm.Emitter) { e.Loop(wasm.BlockEmpty).Br(0).End() }, vudo.ErrOutOfFuel, vudo.OutcomeOutOfFuel},
		"traps": {func(e *wasm.Emitter) { e.I32Const(1).Op(wasm.OpDrop, wasm.OpUnreachable) }, vudo.ErrTrap, vudo.OutcomeTrap},
	} {
		b := wasm.NewBuilder()
		b.Start(b.Func("", nil, nil, nil, c.body))
		sb, err := rt.NewSandbox(ctx, b.Bytes(), vudo.SandboxConfig{Limits: vudo.Limits{Fuel: 1000}})
		if err != nil {
			t.Fatal(err)
		}
		defer sb.Close(ctx)
		err = sb.Initialize(ctx)
		var start *vudo.StartError
		if !errors.Is(err, c.err) || !errors.As(err, &start) || start.Receipt.Outcome != c.out || start.Receipt.FuelUsed == 0 || start.Receipt.Export != "" {
			t.Errorf("%s: %v, %+v", name, err, start)
		}
	}
}
