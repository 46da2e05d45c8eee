package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/univrs/vudo"
	"github.com/univrs/vudo/spirit"
)

// vudoEngine is VUDO through its public API: fuel, deadline, limits,
// capabilities and a receipt for every call.
type vudoEngine struct {
	ctx context.Context
	rt  *vudo.Runtime
}

// plentyFuel is more than any workload here uses.
const plentyFuel = 1 << 60

func newVudo() (engine, error) {
	ctx := context.Background()
	rt, err := vudo.New(ctx, vudo.Config{})
	return &vudoEngine{ctx: ctx, rt: rt}, err
}

func (e *vudoEngine) name() string { return "vudo" }

// spiritOf packages a module under a manifest that asks for the capabilities.
func spiritOf(ctx context.Context, rt *vudo.Runtime, wasm []byte, capabilities string) (*vudo.Spirit, error) {
	manifest := fmt.Sprintf("[spirit]\nname = \"bench\"\nversion = \"1.0.0\"\n\n[capabilities]\nrequired = [%s]\n", capabilities)
	pkg, err := spirit.FromModule([]byte(manifest), wasm)
	if err != nil {
		return nil, err
	}
	return rt.Load(ctx, pkg)
}

func (e *vudoEngine) kernel(k kernel) (func() (uint64, float64, error), error) {
	s, err := spiritOf(e.ctx, e.rt, k.wasm, "")
	if err != nil {
		return nil, err
	}
	sb, err := s.NewSandbox(e.ctx, vudo.SandboxConfig{Limits: vudo.Limits{Fuel: plentyFuel}})
	if err != nil {
		return nil, err
	}
	return func() (uint64, float64, error) {
		t := time.Now()
		res, err := sb.CallValues(e.ctx, "run", vudo.I32(int32(k.n)))
		ns := float64(time.Since(t).Nanoseconds())
		if err != nil {
			return 0, 0, err
		}
		return uint64(res.Values[0].I64()), ns, nil
	}, nil
}

func (e *vudoEngine) script(wasm []byte, js string) (func() (string, float64, error), error) {
	s, err := spiritOf(e.ctx, e.rt, wasm, `"time"`)
	if err != nil {
		return nil, err
	}
	cfg := vudo.SandboxConfig{
		Limits: vudo.Limits{Fuel: plentyFuel}, Args: []string{"quickjs"},
		Grant: []spirit.Capability{spirit.SensorTime},
	}
	return func() (string, float64, error) {
		t := time.Now()
		res, err := s.Call(e.ctx, "_start", []byte(js), cfg)
		return string(res.Output), float64(time.Since(t).Nanoseconds()), err
	}, nil
}

func (e *vudoEngine) close() {
	if err := e.rt.Close(e.ctx); err != nil && !errors.Is(err, context.Canceled) {
		panic(err)
	}
}
