package lower

import (
	"math"
	"strings"
	"testing"

	"github.com/univrs/vudo/dol/internal/ir"
	. "github.com/univrs/vudo/dol/internal/typed"
)

// The tests in this package that build trees by hand look at what the checker
// never produces in one piece, or not often: they need no parser. world is the
// part of a library that lowering knows by name.
type world struct {
	p                   *Program
	vec, option, result *TypeDecl
}

var (
	tUnit, tNever, tBool, tChar = Basics[Unit], Basics[Never], Basics[Bool], Basics[Char]
	tI64, tU64, tU32            = Basics[I64], Basics[U64], Basics[U32]
	tF64, tString               = Basics[F64], Basics[String]
)

func newWorld() *world {
	w := &world{p: &Program{Name: "t", Files: []string{"t.dol"}}}
	elem := &TypeParam{Name: "T"}
	w.vec = &TypeDecl{Name: "Vec", Module: "std", Params: []*TypeParam{elem}, Fields: []*Field{
		{Name: "len_", Type: tU32}, {Name: "cap_", Type: tU32}, {Name: "buf_", Type: &Array{Elem: &Param{Decl: elem}}},
	}}
	some := &TypeParam{Name: "T"}
	w.option = enumDecl("Option", variantOf("None"), variantOf("Some", &Param{Decl: some}))
	w.option.Params = []*TypeParam{some}
	ok, bad := &TypeParam{Name: "T"}, &TypeParam{Name: "E"}
	w.result = enumDecl("Result", variantOf("Ok", &Param{Decl: ok}), variantOf("Err", &Param{Decl: bad}))
	w.result.Params = []*TypeParam{ok, bad}
	w.p.Known = Known{Vec: w.vec, Option: w.option, Result: w.result, Map: &TypeDecl{Name: "Map"}, Set: &TypeDecl{Name: "Set"}, Funcs: map[string]*Func{}}
	w.library()
	return w
}

// library has just enough of the text functions for messages.
func (w *world) library() {
	x := param("x", tU64)
	digits := &Func{Name: "std.u64_text", Params: []*Var{x}, Result: tString}
	var arms []*Arm
	for d := range uint64(10) {
		arms = append(arms, &Arm{Pattern: &LitPat{Value: num(tU64, d)}, Body: str(string(rune('0' + d)))})
	}
	arms = append(arms, &Arm{Pattern: &Any{}, Body: &Concat{E: E{T: tString}, Parts: []Expr{
		calls(digits, binop(Div, tU64, use(x), num(tU64, 10))),
		calls(digits, binop(Rem, tU64, use(x), num(tU64, 10))),
	}}})
	digits.Body = block(&Match{E: E{T: tString}, X: use(x), Arms: arms})
	w.p.Known.Funcs["u64_text"] = digits
	y := param("y", tI64)
	w.p.Known.Funcs["i64_text"] = &Func{Name: "std.i64_text", Params: []*Var{y}, Result: tString, Body: block(&If{
		E: E{T: tString}, Cond: binop(Lt, tBool, use(y), num(tI64, 0)),
		Then: &Concat{E: E{T: tString}, Parts: []Expr{str("-"), calls(digits, &Convert{E: E{T: tU64}, X: &Unary{E: E{T: tI64}, Op: Neg, X: use(y)}})}},
		Else: calls(digits, &Convert{E: E{T: tU64}, X: use(y)}),
	})}
	b, n := param("b", tU64), param("n", tU64)
	pow := &Func{Name: "std.u64_pow", Params: []*Var{b, n}, Result: tU64}
	pow.Body = block(&If{
		E: E{T: tU64}, Cond: binop(Eq, tBool, use(n), num(tU64, 0)), Then: num(tU64, 1),
		Else: binop(Mul, tU64, use(b), calls(pow, use(b), binop(Sub, tU64, use(n), num(tU64, 1)))),
	})
	w.p.Known.Funcs["u64_pow"] = pow
}

func enumDecl(name string, vs ...*Variant) *TypeDecl {
	for i, v := range vs {
		v.Index, v.Value = i, int64(i)
	}
	return &TypeDecl{Name: name, Module: "t", Kind: EnumKind, Variants: vs}
}

func variantOf(name string, ts ...Type) *Variant {
	v := &Variant{Name: name}
	for i, t := range ts {
		v.Fields = append(v.Fields, &Field{Name: itoa(i), Type: t})
	}
	return v
}

func named(d *TypeDecl, args ...Type) *Named { return &Named{Decl: d, Args: args} }
func param(name string, t Type) *Var         { return &Var{Name: name, Type: t} }
func use(v *Var) *Local                      { return &Local{E: E{T: v.Type}, Var: v} }
func num(t Type, n uint64) *Const            { return &Const{E: E{T: t}, Int: n} }
func str(s string) *Const                    { return &Const{E: E{T: tString}, Str: s} }
func block(v Expr, ss ...Stmt) *Block {
	t := Type(tUnit)
	if v != nil {
		t = v.Type()
	}
	return &Block{E: E{T: t}, Stmts: ss, Value: v}
}
func binop(op Op, t Type, x, y Expr) *Binary { return &Binary{E: E{T: t}, Op: op, X: x, Y: y} }
func calls(f *Func, args ...Expr) *Call      { return &Call{E: E{T: f.Result}, Func: f, Args: args} }
func let(v *Var, x Expr) *Let                { return &Let{Pattern: &BindPat{Var: v}, Value: x} }
func set(v *Var, x Expr) *Assign             { return &Assign{Place: use(v), Set: true, Value: x} }
func list(w *world, t Type, xs ...Expr) Expr { return &NewList{E: E{T: named(w.vec, t)}, Elems: xs} }

func tuple(xs ...Expr) *NewTuple {
	t := &Tuple{}
	for _, x := range xs {
		t.Elems = append(t.Elems, x.Type())
	}
	return &NewTuple{E: E{T: t}, Elems: xs}
}

// export adds a function and exports it under its name.
func (w *world) export(name string, params []*Var, body Expr) *Func {
	f := &Func{Name: "t." + name, Params: params, Result: body.Type(), Pos: Pos{Line: 1, Col: 1}}
	if b, ok := body.(*Block); ok {
		f.Body = b
	} else {
		f.Body = block(body)
	}
	w.p.Funcs = append(w.p.Funcs, f)
	w.p.Exports = append(w.p.Exports, &Export{Name: name, Func: f})
	return f
}

// machine lowers the world and prepares the evaluator.
func (w *world) machine(t *testing.T, o Options) *ir.Machine {
	t.Helper()
	m, problems := Lower(w.p, o)
	if problems != nil {
		t.Fatalf("lowering: %v", problems)
	}
	ma, err := ir.NewMachine(m, ir.MachineConfig{MaxSteps: 1e8})
	if err != nil {
		var b strings.Builder
		_ = ir.Print(&b, m)
		t.Fatalf("%v\n%s", err, b.String())
	}
	return ma
}

func outcome(v ir.Value, err error) string {
	if err != nil {
		return err.Error()
	}
	switch v.Kind {
	case ir.None:
		return "()"
	case ir.Ref:
		return v.Text()
	case ir.I32:
		return itoa(int(int32(uint32(v.Bits))))
	case ir.I64:
		return itoa(int(int64(v.Bits)))
	}
	return strings.TrimPrefix(v.String(), "f64:")
}

func f64bits(x float64) ir.Value { return ir.Num(ir.F64, math.Float64bits(x)) }
