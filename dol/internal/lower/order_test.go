package lower

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/univrs/vudo/dol/internal/ir"
	. "github.com/univrs/vudo/dol/internal/typed"
)

// interp is a reading of the typed tree that is as literal as possible: it visits
// operands in the order of the text and keeps variables in boxes. Lowering moves
// operands, puts values into locals and branches; it must not be seen.
type interp struct {
	hash  int64 // of what was noted, and in which order
	vars  []map[*Var]*int64
	list  []int64 // the one list of the program
	steps int
}

type (
	leaveLoop  struct{ target Expr }
	againLoop  struct{ target Expr }
	leaveFunc  struct{ value int64 }
	trapped    struct{}
	outOfSteps struct{}
)

const maxInterpSteps = 20_000

func (in *interp) box(v *Var) *int64 {
	for i := len(in.vars) - 1; i >= 0; i-- {
		if b, ok := in.vars[i][v]; ok {
			return b
		}
	}
	panic("no variable " + v.Name)
}

func (in *interp) declare(v *Var, x int64) {
	in.vars[len(in.vars)-1][v] = &x
}

func (in *interp) eval(e Expr) int64 {
	if in.steps++; in.steps > maxInterpSteps {
		panic(outOfSteps{})
	}
	switch e := e.(type) {
	case *Const:
		return int64(e.Int)
	case *Local:
		return *in.box(e.Var)
	case *Binary:
		return in.binary(e)
	case *If:
		if in.eval(e.Cond) != 0 {
			return in.eval(e.Then)
		}
		if e.Else == nil {
			return 0
		}
		return in.eval(e.Else)
	case *Block:
		for _, s := range e.Stmts {
			in.exec(s)
		}
		if e.Value == nil {
			return 0
		}
		return in.eval(e.Value)
	case *Call: // note is the only function
		x := in.eval(e.Args[0])
		in.hash = in.hash*31 + x
		return x
	case *CallValue:
		f := e.Fun.(*Lambda)
		x := in.eval(e.Args[0])
		in.vars = append(in.vars, map[*Var]*int64{})
		defer func(n int) { in.vars = in.vars[:n] }(len(in.vars) - 1)
		in.declare(f.Params[0], x)
		return in.function(f.Body)
	case *GetElem:
		xs := make([]int64, 2)
		for i, x := range e.X.(*NewTuple).Elems {
			xs[i] = in.eval(x)
		}
		return xs[e.Index]
	case *GetIndex:
		i := in.eval(e.I)
		return in.list[in.index(i)]
	case *Match:
		return in.match(e)
	case *ForRange:
		in.forRange(e)
		return 0
	case *Break:
		panic(leaveLoop{e.Target})
	case *Continue:
		panic(againLoop{e.Target})
	case *Return:
		panic(leaveFunc{in.eval(e.Value)})
	}
	panic("what")
}

func (in *interp) index(i int64) int64 {
	if i < 0 || i >= int64(len(in.list)) {
		panic(trapped{})
	}
	return i
}

// function runs a body to its value or return.
func (in *interp) function(body Expr) (x int64) {
	defer func() {
		if r := recover(); r != nil {
			l, ok := r.(leaveFunc)
			if !ok {
				panic(r)
			}
			x = l.value
		}
	}()
	return in.eval(body)
}

func (in *interp) binary(e *Binary) int64 {
	x := in.eval(e.X)
	if e.Op == And && x == 0 {
		return 0
	}
	if e.Op == Or && x != 0 {
		return 1
	}
	return in.apply(e.Op, x, in.eval(e.Y))
}

func (in *interp) apply(op Op, x, y int64) int64 {
	truth := func(b bool) int64 {
		if b {
			return 1
		}
		return 0
	}
	switch op {
	case Add:
		return x + y
	case Sub:
		return x - y
	case Mul:
		return x * y
	case Div:
		if y == 0 || x == -1<<63 && y == -1 {
			panic(trapped{})
		}
		return x / y
	case Lt:
		return truth(x < y)
	case Eq:
		return truth(x == y)
	}
	return y // And, Or
}

func (in *interp) match(e *Match) int64 {
	x := in.eval(e.X)
	for _, a := range e.Arms {
		switch p := a.Pattern.(type) {
		case *LitPat:
			if int64(p.Value.Int) != x {
				continue
			}
		case *BindPat:
			in.declare(p.Var, x)
		}
		if a.Guard == nil || in.eval(a.Guard) != 0 {
			return in.eval(a.Body)
		}
	}
	panic(trapped{})
}

func (in *interp) forRange(e *ForRange) {
	lo, hi := in.eval(e.Lo), in.eval(e.Hi)
	if e.Inclusive {
		hi++
	}
	for i := lo; i < hi; i++ {
		in.declare(e.Var, i)
		if in.round(e) {
			return
		}
	}
}

// round runs the body of a loop once and reports whether it was left.
func (in *interp) round(e *ForRange) (left bool) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case leaveLoop:
			if left = true; r.target != Expr(e) {
				panic(r)
			}
		case againLoop:
			if r.target != Expr(e) {
				panic(r)
			}
		default:
			panic(r)
		}
	}()
	in.eval(e.Body)
	return false
}

func (in *interp) exec(s Stmt) {
	switch s := s.(type) {
	case *Do:
		in.eval(s.X)
	case *Let:
		in.declare(s.Pattern.(*BindPat).Var, in.eval(s.Value))
	case *Assign:
		switch p := s.Place.(type) {
		case *Local:
			if s.Set {
				*in.box(p.Var) = in.eval(s.Value)
				return
			}
			old := *in.box(p.Var)
			y := in.eval(s.Value)
			*in.box(p.Var) = in.apply(s.Op, old, y)
		case *GetIndex:
			i := in.eval(p.I)
			if s.Set {
				x := in.eval(s.Value)
				in.list[in.index(i)] = x
				return
			}
			old := in.list[in.index(i)]
			y := in.eval(s.Value)
			in.list[i] = in.apply(s.Op, old, y)
		}
	}
}

// treeGen makes random trees that interp can read.
type treeGen struct {
	*rand.Rand
	w      *world
	note   *Func
	list   *Var
	scopes [][]*Var // variables of i64, by lambda; the innermost last
	loops  []Expr   // of the innermost lambda
	id     int
}

func (g *treeGen) fresh(mutable bool) *Var {
	g.id++
	return &Var{Name: "v" + itoa(g.id), Type: tI64, Mutable: mutable}
}

// pick returns a variable in scope.
func (g *treeGen) pick(mutable bool) *Var {
	var vs []*Var
	for _, s := range g.scopes {
		for _, v := range s {
			if v.Mutable || !mutable {
				vs = append(vs, v)
			}
		}
	}
	if len(vs) == 0 {
		return nil
	}
	return vs[g.IntN(len(vs))]
}

func (g *treeGen) num() Expr { return num(tI64, uint64(int64(g.IntN(7)-2))) }

// scoped runs f and forgets the variables it declared.
func (g *treeGen) scoped(f func()) {
	top := len(g.scopes) - 1
	n := len(g.scopes[top])
	f()
	g.scopes[top] = g.scopes[top][:n]
}

func (g *treeGen) declare(v *Var) {
	top := len(g.scopes) - 1
	g.scopes[top] = append(g.scopes[top], v)
}

func (g *treeGen) cond(d int) Expr {
	if d <= 0 {
		return binop(Lt, tBool, g.num(), g.num())
	}
	switch g.IntN(4) {
	case 0:
		return binop(And, tBool, g.cond(d-1), g.cond(d-1))
	case 1:
		return binop(Or, tBool, g.cond(d-1), g.cond(d-1))
	case 2:
		return binop(Eq, tBool, g.expr(d-1), g.expr(d-1))
	}
	return binop(Lt, tBool, g.expr(d-1), g.expr(d-1))
}

func (g *treeGen) expr(d int) Expr {
	if d <= 0 {
		if v := g.pick(false); v != nil && g.IntN(3) > 0 {
			return use(v)
		}
		return g.num()
	}
	switch g.IntN(14) {
	case 0, 1:
		return binop([]Op{Add, Sub, Mul, Add, Div}[g.IntN(5)], tI64, g.expr(d-1), g.expr(d-1))
	case 2:
		return &If{E: E{T: tI64}, Cond: g.cond(d - 1), Then: g.expr(d - 1), Else: g.expr(d - 1)}
	case 3, 4, 5:
		return g.block(d)
	case 6, 7:
		return calls(g.note, g.expr(d-1))
	case 8:
		return g.lambda(d)
	case 9:
		return &GetElem{E: E{T: tI64}, X: tuple(g.expr(d-1), g.expr(d-1)), Index: g.IntN(2)}
	case 10:
		return &GetIndex{E: E{T: tI64}, X: use(g.list), I: g.expr(d - 1)}
	case 11:
		return g.matching(d)
	case 12:
		if len(g.loops) > 0 && g.IntN(2) == 0 {
			to := g.loops[g.IntN(len(g.loops))]
			leave := Expr(&Break{E: E{T: tNever}, Target: to})
			if g.IntN(2) == 0 {
				leave = &Continue{E: E{T: tNever}, Target: to}
			}
			return &If{E: E{T: tI64}, Cond: g.cond(d - 1), Then: g.expr(d - 1), Else: leave}
		}
		return &If{E: E{T: tI64}, Cond: g.cond(d - 1), Then: &Return{E: E{T: tNever}, Value: g.expr(d - 1)}, Else: g.expr(d - 1)}
	}
	return g.expr(0)
}

func (g *treeGen) block(d int) *Block {
	b := &Block{E: E{T: tI64}}
	g.scoped(func() {
		for range g.IntN(3) + 1 {
			b.Stmts = append(b.Stmts, g.stmt(d-1))
		}
		b.Value = g.expr(d - 1)
	})
	return b
}

func (g *treeGen) stmt(d int) Stmt {
	switch g.IntN(6) {
	case 0:
		x := g.expr(d)
		v := g.fresh(g.IntN(2) == 0)
		g.declare(v)
		return let(v, x)
	case 1, 2:
		if v := g.pick(true); v != nil {
			if g.IntN(2) == 0 {
				return set(v, g.expr(d))
			}
			return &Assign{Place: use(v), Op: []Op{Add, Sub, Mul}[g.IntN(3)], Value: g.expr(d)}
		}
	case 3:
		return &Assign{Place: &GetIndex{E: E{T: tI64}, X: use(g.list), I: g.expr(d)}, Set: g.IntN(2) == 0, Op: Add, Value: g.expr(d)}
	case 4:
		loop := &ForRange{E: E{T: tUnit}, Var: g.fresh(g.IntN(4) == 0), Lo: g.num(), Hi: num(tI64, 2), Inclusive: g.IntN(2) == 0}
		g.scoped(func() {
			g.declare(loop.Var)
			g.loops = append(g.loops, loop)
			loop.Body = &Block{E: E{T: tUnit}, Stmts: []Stmt{g.stmt(d - 1), g.stmt(d - 1)}}
			g.loops = g.loops[:len(g.loops)-1]
		})
		return &Do{X: loop}
	}
	return &Do{X: g.expr(d)}
}

// lambda calls a closure at once.
func (g *treeGen) lambda(d int) Expr {
	arg := g.expr(d - 1)
	p := g.fresh(g.IntN(2) == 0)
	loops := g.loops
	g.loops = nil
	g.scopes = append(g.scopes, []*Var{p})
	body := g.expr(d - 1)
	g.scopes = g.scopes[:len(g.scopes)-1]
	g.loops = loops
	t := &FuncType{Params: []Type{tI64}, Result: tI64}
	return &CallValue{E: E{T: tI64}, Fun: &Lambda{E: E{T: t}, Params: []*Var{p}, Result: tI64, Body: body}, Args: []Expr{arg}}
}

func (g *treeGen) matching(d int) Expr {
	m := &Match{E: E{T: tI64}, X: g.expr(d - 1)}
	for range g.IntN(3) {
		m.Arms = append(m.Arms, &Arm{Pattern: &LitPat{Value: num(tI64, uint64(g.IntN(3)))}, Body: g.expr(d - 1)})
	}
	v := g.fresh(false)
	g.scoped(func() {
		g.declare(v)
		a := &Arm{Pattern: &BindPat{Var: v}, Body: g.expr(d - 1)}
		if g.IntN(2) == 0 {
			a.Guard = g.cond(d - 1)
		}
		m.Arms = append(m.Arms, a)
	})
	m.Arms = append(m.Arms, &Arm{Pattern: &Any{}, Body: g.expr(d - 1)})
	return m
}

// Proves: dol 4.2-a short-circuit, 4.3-b, 3.10-d, 8.1-a lower, 8.2-g; values, effects
// and traps of random trees are those of a literal reading, before and after
// optimisation
func TestRandomTreesAgainstALiteralReading(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	ended := map[string]int{}
	for round := range 1500 {
		g := &treeGen{Rand: rand.New(rand.NewPCG(seed, uint64(round))), w: newWorld()}
		w := g.w
		hash := &Global{Name: "t.hash", Type: tI64}
		w.p.Globals = []*Global{hash}
		x := param("x", tI64)
		ref := &GlobalRef{E: E{T: tI64}, Global: hash}
		g.note = &Func{Name: "t.note", Params: []*Var{x}, Result: tI64, Body: block(use(x),
			&Assign{Place: ref, Set: true, Value: binop(Add, tI64, binop(Mul, tI64, ref, num(tI64, 31)), use(x))})}
		g.list = param("list", named(w.vec, tI64))
		a, b := g.fresh(true), g.fresh(false)
		g.scopes = [][]*Var{{a, b}}
		body := g.expr(5)
		w.export("f", []*Var{a, b}, block(body, let(g.list, list(w, tI64, num(tI64, 10), num(tI64, 20), num(tI64, 30)))))
		w.export("hash", nil, ref)

		in := &interp{vars: []map[*Var]*int64{{}}, list: []int64{10, 20, 30}}
		in.declare(a, 3)
		in.declare(b, -1)
		want, how := in.run(body)
		ended[how]++
		if how == "steps" {
			continue
		}
		mod, problems := Lower(w.p, Options{})
		if problems != nil {
			t.Fatal(problems)
		}
		for _, level := range []int{0, 2} {
			ir.Optimize(mod, level)
			ma, err := ir.NewMachine(mod, ir.MachineConfig{MaxSteps: 1e7})
			if err != nil {
				t.Fatalf("round %d level %d: %v", round, level, err)
			}
			got, err := ma.CallExport("f", ir.Num(ir.I64, 3), ir.Num(ir.I64, uint64(0xffffffffffffffff)))
			noted, _ := ma.CallExport("hash")
			var trap *ir.Trap
			switch {
			case err != nil && !errors.As(err, &trap):
				t.Fatalf("round %d level %d: %v", round, level, err)
			case (how == "trap") != (err != nil), err == nil && int64(got.Bits) != want, int64(noted.Bits) != in.hash:
				t.Fatalf("round %d level %d: got %v %v noted %d, want %d %s noted %d\n%s",
					round, level, got, err, int64(noted.Bits), want, how, in.hash, mod.Funcs[0].String())
			}
		}
	}
	if ended["value"] < 250 || ended["trap"] < 50 {
		t.Errorf("the programs are too much alike: %v", ended)
	}
}

// run tells the value and how the program ended.
func (in *interp) run(body Expr) (x int64, how string) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case trapped:
			how = "trap"
		case outOfSteps:
			how = "steps"
		default:
			panic(r)
		}
	}()
	return in.function(body), "value"
}
