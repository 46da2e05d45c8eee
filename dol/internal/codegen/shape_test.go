package codegen_test

import (
	"errors"
	"testing"

	"github.com/univrs/vudo/dol/internal/codegen"
	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/internal/fuel"
	"github.com/univrs/vudo/internal/wasm"
)

// TestLimits keeps the limits equal to those of the virtual machine.
func TestLimits(t *testing.T) {
	for name, want := range map[string]int{
		"MaxNesting": fuel.MaxNesting, "MaxLoopNesting": fuel.MaxLoopNesting, "MaxIfNesting": fuel.MaxIfNesting, "MaxBlocks": fuel.MaxBlocks,
		"MaxLoops": fuel.MaxLoops, "MaxForks": fuel.MaxForks, "MaxLoopLocals": fuel.MaxLoopLocals, "MaxMergeLocals": fuel.MaxMergeLocals,
		"MaxLocals": fuel.MaxLocals, "MaxParams": fuel.MaxParams, "MaxBranchTable": fuel.MaxBranchTable, "MaxFuncBranches": fuel.MaxFuncBranches,
		"MaxBody": fuel.MaxBody, "MaxCallGlobals": fuel.MaxCallGlobals, "MaxAccessBlocks": fuel.MaxAccessBlocks,
	} {
		if codegen.Limits[name] != want {
			t.Errorf("%s is %d, the virtual machine's is %d", name, codegen.Limits[name], want)
		}
	}
}

func i32(n int) ir.Expr { return &ir.Const{K: ir.I32, Bits: uint64(uint32(n))} }

func local(i int) ir.Expr { return &ir.Get{Local: i, K: ir.I32} }

// function makes a module of one function with n locals behind its parameter.
func function(n int, body []ir.Stmt) *ir.Module {
	f := &ir.Func{Name: "big", NumParams: 1, Result: ir.I32, Body: append(body, &ir.Return{X: local(0)})}
	for range n + 1 {
		f.Locals = append(f.Locals, ir.Local{Kind: ir.I32})
	}
	return &ir.Module{
		Name: "m", Files: []string{"a.dol"}, Funcs: []*ir.Func{f},
		Exports: []*ir.Export{{Name: "f", Func: f, Params: []ir.ExportParam{{Name: "n", Type: "i32", ABI: ir.ABII32}}, Result: ir.ABII32, ResultType: "i32"}},
	}
}

// bigs are bodies of size n that reach one limit each.
var bigs = map[string]func(n int) *ir.Module{
	"choice": func(n int) *ir.Module {
		l := &ir.Label{}
		s := &ir.Switch{X: local(0), Default: l}
		for range n {
			s.Targets = append(s.Targets, l)
		}
		return function(0, []ir.Stmt{&ir.Block{Label: l, Body: []ir.Stmt{s}}})
	},
	"locals": func(n int) *ir.Module {
		var body []ir.Stmt
		for i := range n {
			body = append(body, &ir.Set{Local: i + 1, X: &ir.Bin{Op: wasm.OpI32Mul, X: local(0), Y: i32(i)}})
		}
		for i := range n {
			body = append(body, &ir.Set{Local: 0, X: &ir.Bin{Op: wasm.OpI32Xor, X: local(0), Y: local(i + 1)}})
		}
		return function(n, body)
	},
	"loops": func(n int) *ir.Module {
		var body []ir.Stmt
		for range n {
			body = []ir.Stmt{&ir.Loop{Label: &ir.Label{}, Body: append(body, &ir.Set{Local: 0, X: &ir.Bin{Op: wasm.OpI32Add, X: local(0), Y: i32(1)}})}}
		}
		return function(0, body)
	},
	"long": func(n int) *ir.Module {
		var body []ir.Stmt
		for i := range n * 100 {
			body = append(body, &ir.Set{Local: 0, X: &ir.Bin{Op: wasm.OpI32Mul, X: local(0), Y: i32(i + 1)}})
		}
		return function(0, body)
	},
	"tests": func(n int) *ir.Module {
		var body []ir.Stmt
		for i := range n {
			body = append(body, &ir.If{
				Cond: &ir.Bin{Op: wasm.OpI32GtS, X: local(0), Y: i32(i)},
				Then: []ir.Stmt{&ir.Set{Local: 0, X: &ir.Bin{Op: wasm.OpI32Sub, X: local(0), Y: i32(3)}}},
			})
		}
		return function(0, body)
	},
}

// TestTooLarge makes functions larger and larger: each is one that the virtual
// machine takes, or an error that names it.
func TestTooLarge(t *testing.T) {
	for name, big := range bigs {
		refused := false
		for n := 100; n <= 12_800 && !refused; n *= 2 {
			w, err := codegen.Generate(big(n), codegen.Options{})
			var shape *codegen.ShapeError
			switch {
			case errors.As(err, &shape):
				if refused = true; shape.Func.Name != "big" || shape.Got <= shape.Max {
					t.Errorf("%s, %d: %v", name, n, err)
				}
			case err != nil:
				t.Fatalf("%s, %d: %v", name, n, err)
			default:
				if err := errors.Join(wasm.Validate(w), fuel.ShapeLimits{}.Check(w)); err != nil {
					t.Errorf("%s, %d: %v", name, n, err)
				}
			}
		}
		if !refused {
			t.Errorf("%s: nothing was too large", name)
		}
	}
}

// TestLongChain nests 3,000 tests, which only blocks may.
func TestLongChain(t *testing.T) {
	chain := func(n int) *ir.Module {
		var rest []ir.Stmt
		for i := range n {
			rest = []ir.Stmt{&ir.If{
				Cond: &ir.Bin{Op: wasm.OpI32Eq, X: local(0), Y: i32(i)},
				Then: []ir.Stmt{&ir.Return{X: i32(i * 7)}},
				Else: rest,
			}}
		}
		return function(0, rest)
	}
	m := chain(3000)
	generate(t, m, codegen.Options{}) // checks the shape
	i, _ := open(t, m, codegen.Options{})
	for _, n := range []int64{0, 1, 1500, 2999} {
		if got, err := i.Call("f", number(ir.I32, n)); err != nil || got != (ir.Value{Kind: ir.I32, Bits: uint64(n * 7)}).String() {
			t.Errorf("f(%d) = %s %v", n, got, err)
		}
	}
	if got, err := i.Call("f", number(ir.I32, 5000)); err != nil || got != "i32:5000" {
		t.Errorf("f(5000) = %s %v", got, err)
	}
}
