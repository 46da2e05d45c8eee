package ir

import (
	"errors"
	"testing"

	"github.com/univrs/vudo/internal/wasm"
)

// fib is a recursive function with a Return inside an expression.
func fib() *Module {
	f := &Func{Name: "fib", NumParams: 1, Locals: []Local{{"n", I64}}, Result: I64}
	n := &Get{Local: 0, K: I64}
	minus := func(k uint64) Expr { return &Bin{Op: wasm.OpI64Sub, X: n, Y: &Const{I64, k}} }
	f.Body = []Stmt{
		&Return{X: &Seq{
			Stmts: []Stmt{&If{
				Cond: &Bin{Op: wasm.OpI64LtS, X: n, Y: &Const{I64, 2}},
				Then: []Stmt{&Return{X: n}},
			}},
			X: &Bin{
				Op: wasm.OpI64Add,
				X:  &Call{Func: f, Args: []Expr{minus(1)}},
				Y:  &Call{Func: f, Args: []Expr{minus(2)}},
			},
		}},
	}
	return &Module{Name: "m", Funcs: []*Func{f}, Exports: []*Export{{
		Name: "fib", Func: f, Params: []ExportParam{{"n", "i64", ABII64}}, Result: ABII64,
	}}}
}

// TestMachine runs a recursive function and meets each limit.
func TestMachine(t *testing.T) {
	ma, err := NewMachine(fib(), MachineConfig{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := ma.CallExport("fib", Num(I64, 15))
	if err != nil || got.Bits != 610 {
		t.Fatalf("fib(15) = %v, %v", got, err)
	}
	for kind, cfg := range map[TrapKind]MachineConfig{
		TrapSteps: {MaxSteps: 100},
		TrapStack: {MaxDepth: 10},
	} {
		ma, err := NewMachine(fib(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		_, err = ma.CallExport("fib", Num(I64, 30))
		var trap *Trap
		if !errors.As(err, &trap) || trap.Kind != kind || !kind.Limit() {
			t.Errorf("with %+v: %v, want %v", cfg, err, kind)
		}
		if kind == TrapStack && len(trap.Frames) != 10 {
			t.Errorf("%d frames of 10", len(trap.Frames))
		}
	}
}
