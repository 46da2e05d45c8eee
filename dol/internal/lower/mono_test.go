package lower

import (
	"testing"

	"github.com/univrs/vudo/dol/internal/ir"

	. "github.com/univrs/vudo/dol/internal/typed"
)

// Proves: dol 5.4-a instantiation-depth; what the checker does not see ends here
func TestEndlessInstantiationIsAnError(t *testing.T) {
	for name, grow := range map[string]func(w *world, x *Var) Expr{
		"a pair of itself": func(_ *world, x *Var) Expr { return tuple(use(x), use(x)) },
		"a list of itself": func(w *world, x *Var) Expr { return list(w, x.Type, use(x)) },
	} {
		w := newWorld()
		param := &TypeParam{Name: "T"}
		x := &Var{Name: "x", Type: &Param{Decl: param}}
		f := &Func{Name: "t.f", TypeParams: []*TypeParam{param}, Params: []*Var{x}, Result: tI64}
		bigger := grow(w, x)
		f.Body = block(&Call{E: E{T: tI64, P: Pos{Line: 4, Col: 2}}, Func: f, TypeArgs: []Type{bigger.Type()}, Args: []Expr{bigger}})
		w.export("g", nil, &Call{E: E{T: tI64, P: Pos{Line: 9, Col: 1}}, Func: f, TypeArgs: []Type{tI64}, Args: []Expr{num(tI64, 1)}})
		_, problems := Lower(w.p, Options{})
		if len(problems) != 1 || problems[0].Code != "instantiation-depth" || problems[0].Span.Start.Line != 4 {
			t.Errorf("%s: %v", name, problems)
			continue
		}
		if n := len(problems[0].Notes); n == 0 || n > 5 {
			t.Errorf("%s: %d notes", name, n)
		}
	}
}

// Proves: dol 8.2-g; a function that is bound to a variable may call itself by
// it, whatever else it captures
func TestLocalFunctionCallsItself(t *testing.T) {
	w := newWorld()
	typ := &FuncType{Params: []Type{tI64}, Result: tI64}
	n, k, down := param("n", tI64), param("k", tI64), &Var{Name: "down", Type: typ}
	steps := &Var{Name: "steps", Type: tI64, Mutable: true}
	again := &CallValue{E: E{T: tI64}, Fun: use(down), Args: []Expr{binop(Sub, tI64, use(k), num(tI64, 1))}}
	body := block(
		&If{E: E{T: tI64}, Cond: binop(Eq, tBool, use(k), num(tI64, 0)), Then: use(steps), Else: again},
		set(steps, binop(Add, tI64, use(steps), use(n))))
	w.export("f", []*Var{n}, block(
		binop(Add, tI64, &CallValue{E: E{T: tI64}, Fun: use(down), Args: []Expr{num(tI64, 3)}}, use(steps)),
		let(steps, num(tI64, 0)),
		let(down, &Lambda{E: E{T: typ}, Params: []*Var{k}, Result: tI64, Body: body})))
	if got := outcome(w.machine(t, Options{}).CallExport("f", ir.Num(ir.I64, 10))); got != "80" {
		t.Errorf("got %s, want 80", got)
	}
}
