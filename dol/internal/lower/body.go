package lower

import (
	"slices"
	"strconv"

	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/dol/internal/typed"
	"github.com/univrs/vudo/internal/wasm"
)

// body makes the statements of one function.
type body struct {
	l   *lowerer
	fn  *ir.Func
	sub typed.Subst // of the type parameters

	types map[typed.Type]typed.Type // what typ has made

	out   []ir.Stmt // the list that is being written
	dead  bool      // no path reaches its end: nothing is added
	fixed []bool    // by local: not written again once it is read

	vars    map[*typed.Var]variable
	loops   map[typed.Expr]*loop
	shared  map[*typed.Var]bool // captured by a closure and written: kept in a cell
	outer   string              // name of the outermost function
	counter *int                // of its lambdas
	made    map[*typed.Lambda]*closure
}

// newBody begins a function.
func (l *lowerer) newBody(fn *ir.Func, sub typed.Subst) *body {
	return &body{
		l: l, fn: fn, sub: sub,
		types:   map[typed.Type]typed.Type{},
		vars:    map[*typed.Var]variable{},
		loops:   map[typed.Expr]*loop{},
		outer:   fn.Name,
		counter: new(int),
		made:    map[*typed.Lambda]*closure{},
	}
}

// synth returns the function that key names, made by build when it is new.
// Parameters are Get(0), Get(1), ….
func (l *lowerer) synth(key, name string, params []ir.Kind, result ir.Kind, build func(b *body)) *ir.Func {
	if fn, ok := l.funcs[key]; ok {
		return fn
	}
	fn := l.newFunc(name, typed.Pos{})
	l.funcs[key] = fn
	fn.Result = result
	b := l.newBody(fn, nil)
	for _, k := range params {
		b.local("", k, true)
	}
	fn.NumParams = len(params)
	l.later(name, typed.Pos{}, func() {
		build(b)
		b.finish()
	})
	return fn
}

// params declares the parameters that have a representation.
func (b *body) params(ps []*typed.Var) {
	for _, p := range ps {
		k := b.l.kind(b.typ(p.Type))
		if k == ir.None {
			b.vars[p] = variable{local: -1}
			continue
		}
		b.vars[p] = variable{local: b.local(p.Name, k, !p.Mutable), kind: k}
	}
	b.fn.NumParams = len(b.fn.Locals)
}

// function makes the whole body of a function of the program.
func (b *body) function(fn *typed.Func) {
	switch {
	case fn.Intrinsic != "" || fn.Import != nil:
		b.forward(fn)
	case fn.Body == nil:
		b.l.fail(fn.Pos, "unsupported-at-build", "%s has no body", fn.Name)
	default:
		b.shared = capturedVars(fn.Body)
		b.boxParams(fn.Params)
		b.exprTo(fn.Body, b.tail())
	}
	b.finish()
}

// boxParams moves parameters that closures share into cells.
func (b *body) boxParams(ps []*typed.Var) {
	for _, p := range ps {
		if v := b.vars[p]; b.shared[p] && v.local >= 0 {
			b.vars[p] = b.cell(p, v.kind, get(v.local, v.kind))
		}
	}
}

// finish ends the function.
func (b *body) finish() {
	if b.fn.Result != ir.None && !b.dead {
		b.emit(&ir.Unreachable{})
	}
	b.fn.Body = b.out
}

// typ replaces the type parameters; equal arguments give the same result, so that
// its layout is found without its key.
func (b *body) typ(t typed.Type) typed.Type {
	if len(b.sub) == 0 {
		return t
	}
	u, ok := b.types[t]
	if !ok {
		u = b.sub.Apply(t)
		b.types[t] = u
	}
	return u
}

// typs replaces the type parameters in all of ts.
func (b *body) typs(ts []typed.Type) []typed.Type {
	if len(b.sub) == 0 {
		return ts
	}
	out := make([]typed.Type, len(ts))
	for i, t := range ts {
		out[i] = b.typ(t)
	}
	return out
}

// kindOf returns the kind of an expression's value.
func (b *body) kindOf(e typed.Expr) ir.Kind { return b.l.kind(b.typ(e.Type())) }

// emit adds a statement.
func (b *body) emit(s ir.Stmt) {
	if b.dead {
		return
	}
	b.out = append(b.out, s)
	switch s.(type) {
	case *ir.Return, *ir.Br, *ir.Switch, *ir.Panic, *ir.Unreachable:
		b.dead = true
	}
}

// nested collects what f adds as a list of its own, and tells whether its end is
// reached.
func (b *body) nested(f func()) (list []ir.Stmt, ends bool) {
	out, dead := b.out, b.dead
	b.out = nil
	f()
	list, ends = b.out, !b.dead
	b.out, b.dead = out, dead
	return list, ends
}

// local adds a local variable.
func (b *body) local(name string, k ir.Kind, fixed bool) int {
	b.fn.Locals = append(b.fn.Locals, ir.Local{Name: name, Kind: k})
	b.fixed = append(b.fixed, fixed)
	return len(b.fn.Locals) - 1
}

// temp keeps x in a new local.
func (b *body) temp(x ir.Expr) ir.Expr {
	t := b.local("", x.Kind(), true)
	b.emit(&ir.Set{Local: t, X: x})
	return get(t, x.Kind())
}

// again makes x an expression that may be evaluated more than once, as long as
// no statement writes a local of the program in between.
func (b *body) again(x ir.Expr) ir.Expr {
	switch x.(type) {
	case *ir.Const, *ir.Get, *ir.Str:
		return x
	}
	return b.temp(x)
}

// hold makes x an expression that keeps its value whatever is executed.
func (b *body) hold(x ir.Expr) ir.Expr {
	if b.stable(x) {
		return x
	}
	return b.temp(x)
}

// stable reports whether x has the same value at any later time.
func (b *body) stable(x ir.Expr) bool {
	switch x := x.(type) {
	case nil:
		return true
	case *ir.Const, *ir.Str, *ir.FuncIndex:
		return true
	case *ir.Get:
		return b.fixed[x.Local]
	}
	return false
}

// operands computes expressions from left to right. Entries without a value are
// nil.
func (b *body) operands(es ...typed.Expr) []ir.Expr {
	xs := make([]ir.Expr, len(es))
	for i, e := range es {
		mark := len(b.out)
		xs[i] = b.expr(e)
		if len(b.out) > mark {
			b.spill(xs[:i], mark)
		}
	}
	return xs
}

// spill puts what is not stable into locals, before the statements from mark on.
func (b *body) spill(xs []ir.Expr, mark int) {
	var sets []ir.Stmt
	for i, x := range xs {
		if b.stable(x) {
			continue
		}
		t := b.local("", x.Kind(), true)
		sets = append(sets, &ir.Set{Local: t, X: x})
		xs[i] = get(t, x.Kind())
	}
	b.out = slices.Insert(b.out, mark, sets...)
}

// present drops the operands without a value.
func present(xs []ir.Expr) []ir.Expr {
	return slices.DeleteFunc(xs, func(x ir.Expr) bool { return x == nil })
}

// when adds an if.
func (b *body) when(cond ir.Expr, then func()) { b.choose(cond, then, nil) }

// choose adds an if with both branches. Behind a branch that never ends, the
// other one is not nested.
func (b *body) choose(cond ir.Expr, then, other func()) {
	if b.dead {
		return
	}
	yes, yesEnds := b.nested(then)
	if other == nil {
		b.emit(&ir.If{Cond: cond, Then: yes})
		return
	}
	if !yesEnds {
		b.emit(&ir.If{Cond: cond, Then: yes})
		other()
		return
	}
	no, noEnds := b.nested(other)
	switch {
	case len(yes) == 0:
		b.emit(&ir.If{Cond: not(cond), Then: no})
	case len(no) == 0:
		b.emit(&ir.If{Cond: cond, Then: yes})
	case !noEnds:
		b.emit(&ir.If{Cond: not(cond), Then: no})
		b.out = append(b.out, yes...)
	default:
		b.emit(&ir.If{Cond: cond, Then: yes, Else: no})
	}
}

// target is a label that counts its branches.
type target struct {
	label *ir.Label
	used  bool
}

func (b *body) br(t *target) {
	if !b.dead {
		t.used = true
		b.emit(&ir.Br{Label: t.label})
	}
}

// block adds what f adds, with a label at its end.
func (b *body) block(name string, f func(end *target)) {
	if b.dead {
		return
	}
	end := &target{label: &ir.Label{Name: name}}
	list, ends := b.nested(func() { f(end) })
	if !end.used {
		b.out = append(b.out, list...)
		b.dead = !ends
		return
	}
	b.emit(&ir.Block{Label: end.label, Body: list})
}

// forever adds a loop that f leaves by branches outwards.
func (b *body) forever(f func()) {
	if b.dead {
		return
	}
	head := &ir.Label{Name: "loop"}
	list, _ := b.nested(func() {
		f()
		b.emit(&ir.Br{Label: head})
	})
	b.emit(&ir.Loop{Label: head, Body: list})
	b.dead = true
}

// pos turns a place of the tree into one of the form.
func pos(p typed.Pos) ir.Pos { return ir.Pos(p) }

func itoa(n int) string { return strconv.Itoa(n) }

func get(local int, k ir.Kind) ir.Expr     { return &ir.Get{Local: local, K: k} }
func i32(n int32) ir.Expr                  { return &ir.Const{K: ir.I32, Bits: uint64(uint32(n))} }
func i64(n int64) ir.Expr                  { return &ir.Const{K: ir.I64, Bits: uint64(n)} }
func null() ir.Expr                        { return &ir.Const{K: ir.Ref} }
func un(op wasm.Opcode, x ir.Expr) ir.Expr { return &ir.Un{Op: op, X: x} }
func bin(op wasm.Opcode, x, y ir.Expr) ir.Expr {
	return &ir.Bin{Op: op, X: x, Y: y}
}
func call(fn *ir.Func, args ...ir.Expr) ir.Expr { return &ir.Call{Func: fn, Args: args} }

// and, or and not are logic on values that are 0 or 1; and, or are short-circuit.
func and(x, y ir.Expr) ir.Expr { return &ir.Tern{Cond: x, A: y, B: i32(0)} }
func or(x, y ir.Expr) ir.Expr  { return &ir.Tern{Cond: x, A: i32(1), B: y} }

// not negates a truth value, into the opposite comparison where there is one.
func not(x ir.Expr) ir.Expr {
	switch x := x.(type) {
	case *ir.Const:
		return i32(int32(1 - x.Bits&1))
	case *ir.Bin:
		if op, ok := ir.Inverse(x.Op); ok {
			return &ir.Bin{Op: op, X: x.X, Y: x.Y, Pos: x.Pos}
		}
	case *ir.Un:
		if x.Op == wasm.OpI32Eqz && boolean(x.X) {
			return x.X
		}
	}
	return un(wasm.OpI32Eqz, x)
}

// boolean reports whether x is surely 0 or 1.
func boolean(x ir.Expr) bool {
	switch x := x.(type) {
	case *ir.Const:
		return x.Bits <= 1
	case *ir.IsNull, *ir.Same:
		return true
	case *ir.Bin:
		_, ok := ir.Inverse(x.Op)
		return ok || x.Op >= wasm.OpF32Eq && x.Op <= wasm.OpF64Ge
	case *ir.Un:
		return x.Op == wasm.OpI32Eqz || x.Op == wasm.OpI64Eqz
	case *ir.Tern:
		return boolean(x.A) && boolean(x.B)
	}
	return false
}

// zero is the zero or null of a kind.
func zero(k ir.Kind) ir.Expr {
	if k == ir.None {
		return nil
	}
	return &ir.Const{K: k}
}

// pure reports whether computing x can be left out: it neither changes anything
// nor traps.
func pure(x ir.Expr) bool {
	switch x := x.(type) {
	case nil, *ir.Const, *ir.Str, *ir.Get, *ir.GetGlobal, *ir.FuncIndex:
		return true
	case *ir.Un:
		return !traps(x.Op) && pure(x.X)
	case *ir.Bin:
		return !traps(x.Op) && pure(x.X) && pure(x.Y)
	case *ir.GetField:
		return pure(x.X)
	case *ir.GetElem:
		return pure(x.X) && pure(x.I)
	case *ir.ArrayLen:
		return pure(x.X)
	case *ir.IsNull:
		return pure(x.X)
	case *ir.Same:
		return pure(x.X) && pure(x.Y)
	case *ir.Tern:
		return pure(x.Cond) && pure(x.A) && pure(x.B)
	}
	return false
}

// traps reports whether an operator can trap.
func traps(op wasm.Opcode) bool {
	return op >= wasm.OpI32DivS && op <= wasm.OpI32RemU ||
		op >= wasm.OpI64DivS && op <= wasm.OpI64RemU ||
		op >= wasm.OpI32TruncF32S && op <= wasm.OpI32TruncF64U ||
		op >= wasm.OpI64TruncF32S && op <= wasm.OpI64TruncF64U
}
