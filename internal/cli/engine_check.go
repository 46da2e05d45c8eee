package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/univrs/vudo"
	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/spirit"
)

// burnModule sums the numbers from 1 to its argument: a loop as a compiler
// would make it, whose speed under the meter stands for this machine's.
func burnModule() []byte {
	b := wasm.NewBuilder()
	b.Func("burn", wasm.Types(wasm.I64), wasm.Types(wasm.I64), wasm.Types(wasm.I64), func(e *wasm.Emitter) {
		e.Loop(wasm.BlockEmpty)
		e.LocalGet(1).LocalGet(0).Op(wasm.OpI64Add).LocalSet(1)
		e.LocalGet(0).I64Const(1).Op(wasm.OpI64Sub).LocalTee(0).Op(wasm.OpI64Eqz, wasm.OpI32Eqz).BrIf(0).End()
		e.LocalGet(1)
	})
	return b.Bytes()
}

// How the engine is measured: rounds grow until one takes burnLong.
const (
	burnFirst = 100_000
	burnLong  = 100 * time.Millisecond
	burnMost  = 1 << 31 // the sum of more would not fit
)

// checkEngine compiles and runs a loop, checks its result and says how much
// fuel it burned per second.
func (s *session) checkEngine() check {
	c := check{Name: "engine", Verdict: verdictOK}
	perSecond, err := measureFuel(context.Background())
	if err != nil {
		c.Verdict, c.Text = verdictFail, "the engine does not work: "+err.Error()
		c.Repair = "report this with the output of vudo version"
		return c
	}
	c.Fuel = perSecond
	c.Text = fmt.Sprintf("%s: %s fuel per second on one core, so the default of %s lasts %s", about().Engine, count(perSecond),
		count(defaultFuel()), span(time.Duration(float64(defaultFuel())/float64(perSecond)*float64(time.Second))))
	return c
}

func defaultFuel() uint64 { return spirit.Limits{}.Fill().Fuel }

// measureFuel returns the fuel per second of the longest round. The module goes
// through a compile worker, as every module does, so that one which cannot be
// started is found here.
func measureFuel(ctx context.Context) (uint64, error) {
	rt, err := vudo.New(ctx, vudo.Config{CompileWorker: compileWorker()})
	if err != nil {
		return 0, err
	}
	defer rt.Close(ctx)
	sb, err := rt.NewSandbox(ctx, burnModule(), vudo.SandboxConfig{Limits: vudo.Limits{Fuel: 1 << 40, Duration: time.Minute}})
	if err != nil {
		return 0, err
	}
	defer sb.Close(ctx)
	if err := sb.Initialize(ctx); err != nil {
		return 0, err
	}
	for n := int64(burnFirst); n <= burnMost; n *= 4 {
		res, err := sb.CallValues(ctx, "burn", vudo.I64(n))
		if err != nil {
			return 0, err
		}
		if len(res.Values) != 1 || res.Values[0].I64() != n*(n+1)/2 {
			return 0, errors.New("a sum came out wrong")
		}
		if d := res.Receipt.Duration; d >= burnLong {
			return uint64(float64(res.Receipt.FuelUsed) / d.Seconds()), nil
		}
	}
	return 0, errors.New("the clock does not advance")
}
