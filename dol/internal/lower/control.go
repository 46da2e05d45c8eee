package lower

import (
	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/dol/internal/typed"
	"github.com/univrs/vudo/internal/wasm"
)

// loop is what break and continue need.
type loop struct {
	end, next *target
	value     sink // of the breaks
}

// ifTo computes an if into a sink.
func (b *body) ifTo(e *typed.If, d sink) {
	then := func() { b.exprTo(e.Then, d) }
	other := func() { b.exprTo(e.Else, d) }
	if e.Else == nil {
		other = nil
	}
	if direct(e.Cond) {
		cond := b.expr(e.Cond)
		if c, ok := cond.(*ir.Const); ok { // such as is_object of a known type
			switch {
			case c.Bits != 0:
				then()
			case other != nil:
				other()
			}
			return
		}
		if !b.dead {
			b.choose(cond, then, other)
		}
		return
	}
	if other == nil {
		b.block("if", func(end *target) {
			b.jump(e.Cond, false, end)
			then()
		})
		return
	}
	b.block("if", func(end *target) {
		b.block("else", func(no *target) {
			b.jump(e.Cond, false, no)
			then()
			b.br(end)
		})
		other()
	})
}

// ifValue computes an if to a value, without a local when its branches need no
// statements.
func (b *body) ifValue(e *typed.If) ir.Expr {
	k := b.kindOf(e)
	if k == ir.None || !direct(e.Cond) {
		return b.into(e)
	}
	cond := b.expr(e.Cond)
	if c, ok := cond.(*ir.Const); ok && !b.dead {
		if c.Bits != 0 {
			return b.expr(e.Then)
		}
		return b.expr(e.Else)
	}
	if b.dead {
		return zero(k)
	}
	var x, y ir.Expr
	then, thenEnds := b.nested(func() { x = b.expr(e.Then) })
	other, elseEnds := b.nested(func() { y = b.expr(e.Else) })
	if len(then) == 0 && len(other) == 0 && thenEnds && elseEnds {
		return &ir.Tern{Cond: cond, A: x, B: y}
	}
	t := b.local("", k, true)
	if thenEnds {
		then = append(then, &ir.Set{Local: t, X: x})
	}
	if elseEnds {
		other = append(other, &ir.Set{Local: t, X: y})
	}
	b.emit(&ir.If{Cond: cond, Then: then, Else: other})
	b.dead = !thenEnds && !elseEnds
	return get(t, k)
}

// direct reports whether a condition is best computed to a value: all are but
// logic whose right side needs statements, which becomes branches.
func direct(e typed.Expr) bool {
	switch e := e.(type) {
	case *typed.Unary:
		return direct(e.X)
	case *typed.Binary:
		return e.Op != typed.And && e.Op != typed.Or || simple(e)
	}
	return true
}

// simple reports whether a condition surely becomes an expression without
// statements.
func simple(e typed.Expr) bool {
	switch e := e.(type) {
	case *typed.Const, *typed.Local, *typed.GlobalRef:
		return true
	case *typed.Block:
		return len(e.Stmts) == 0 && e.Value != nil && simple(e.Value)
	case *typed.Unary:
		return simple(e.X)
	case *typed.Binary:
		return e.Op != typed.Pow && simple(e.X) && simple(e.Y)
	case *typed.Convert:
		return simple(e.X)
	case *typed.GetField:
		return simple(e.X)
	case *typed.GetElem:
		return simple(e.X)
	case *typed.Call:
		for _, a := range e.Args {
			if !simple(a) {
				return false
			}
		}
		return typed.KindOf(e.T) != typed.Unit && (e.Func.Intrinsic == "" || e.Func.Intrinsic == "is_object")
	}
	return false
}

// jump branches to a label when a condition has the value on, and otherwise goes
// on: logic operators become branches, so that what their right sides need is
// computed only with them.
func (b *body) jump(e typed.Expr, on bool, to *target) {
	if b.dead {
		return
	}
	switch e := e.(type) {
	case *typed.Const:
		if (e.Int != 0) == on {
			b.br(to)
		}
		return
	case *typed.Block:
		b.stmts(e.Stmts)
		if e.Value != nil {
			b.mark(e.Value.At())
			b.jump(e.Value, on, to)
		}
		return
	case *typed.Unary:
		if e.Op == typed.Not {
			b.jump(e.X, !on, to)
			return
		}
	case *typed.Binary:
		if e.Op != typed.And && e.Op != typed.Or || simple(e) {
			break
		}
		if (e.Op == typed.Or) == on { // either side alone decides for the branch
			b.jump(e.X, on, to)
			b.jump(e.Y, on, to)
			return
		}
		b.block("and", func(skip *target) {
			b.jump(e.X, !on, skip)
			b.jump(e.Y, on, to)
		})
		return
	}
	cond := b.expr(e)
	if b.dead {
		return
	}
	if !on {
		cond = not(cond)
	}
	b.when(cond, func() { b.br(to) })
}

// logic computes && and ||.
func (b *body) logic(e *typed.Binary) ir.Expr {
	x := b.expr(e.X)
	if b.dead {
		return zero(ir.I32)
	}
	var y ir.Expr
	list, ends := b.nested(func() { y = b.expr(e.Y) })
	if len(list) == 0 && ends {
		if e.Op == typed.And {
			return and(x, y)
		}
		return or(x, y)
	}
	t := b.local("", ir.I32, true)
	if ends {
		list = append(list, &ir.Set{Local: t, X: y})
	}
	short := []ir.Stmt{&ir.Set{Local: t, X: i32(0)}}
	if e.Op == typed.Or {
		short[0] = &ir.Set{Local: t, X: i32(1)}
		b.emit(&ir.If{Cond: x, Then: short, Else: list})
	} else {
		b.emit(&ir.If{Cond: x, Then: list, Else: short})
	}
	return get(t, ir.I32)
}

// loopTo runs a Loop; its breaks have the value.
func (b *body) loopTo(e *typed.Loop, d sink) {
	if d.kind == giveUp && b.kindOf(e) == ir.None {
		d = sink{kind: drop}
	}
	b.block("break", func(end *target) {
		b.forever(func() {
			b.block("continue", func(next *target) {
				b.loops[e] = &loop{end: end, next: next, value: d}
				b.exprTo(e.Body, sink{kind: drop})
			})
			b.stmts(e.Step)
		})
	})
}

func (b *body) breakOut(e *typed.Break) {
	l := b.loops[e.Target]
	if e.Value != nil {
		b.exprTo(e.Value, l.value)
	}
	b.br(l.end)
}

// forRange counts from Lo to Hi. The counter never passes Hi, so it cannot
// overflow at the greatest value of its type.
func (b *body) forRange(e *typed.ForRange) {
	k := b.l.layout(b.typ(e.Var.Type)).basic
	kind := kindOf(k)
	ends := b.operands(e.Lo, e.Hi)
	if b.dead {
		return
	}
	own := e.Var.Mutable || b.shared[e.Var] // the body may write the variable
	i := b.local(e.Var.Name, kind, !own)
	counter := get(i, kind)
	b.emit(&ir.Set{Local: i, X: ends[0]})
	hi := b.hold(ends[1])
	step := func() { b.emit(&ir.Set{Local: i, X: bin(opcode(typed.Add, k), counter, one(k))}) }
	round := func(end *target) {
		b.block("continue", func(next *target) {
			b.loops[e] = &loop{end: end, next: next}
			if own {
				b.declare(e.Var, counter)
			} else {
				b.vars[e.Var] = variable{local: i, kind: kind}
			}
			b.exprTo(e.Body, sink{kind: drop})
		})
	}
	b.block("for", func(end *target) {
		if e.Inclusive {
			b.when(bin(opcode(typed.Gt, k), counter, hi), func() { b.br(end) })
			b.forever(func() {
				round(end)
				b.when(bin(opcode(typed.Ge, k), counter, hi), func() { b.br(end) })
				step()
			})
			return
		}
		b.forever(func() {
			b.when(bin(opcode(typed.Ge, k), counter, hi), func() { b.br(end) })
			round(end)
			step()
		})
	})
}

// forVec runs over the elements that a Vec has when their turn comes.
func (b *body) forVec(e *typed.ForVec) {
	v := b.l.vec(b.typ(e.X.Type()))
	x := b.expr(e.X)
	if b.dead {
		return
	}
	list := b.hold(x)
	b.eachOf(v, list, func(end *target, i int, elem ir.Expr) {
		b.block("continue", func(next *target) {
			b.loops[e] = &loop{end: end, next: next}
			b.bind(e.Pattern, elem, v.elem)
			b.exprTo(e.Body, sink{kind: drop})
		})
	})
}

// eachOf runs f for each element of a Vec, by index on the live length.
func (b *body) eachOf(v *vec, list ir.Expr, f func(end *target, i int, elem ir.Expr)) {
	i := b.local("", ir.I32, false)
	at := get(i, ir.I32)
	b.emit(&ir.Set{Local: i, X: i32(0)})
	b.block("for", func(end *target) {
		b.forever(func() {
			b.when(bin(wasm.OpI32GeU, at, v.length(list)), func() { b.br(end) })
			f(end, i, b.slot(v, list, at))
			b.emit(&ir.Set{Local: i, X: bin(wasm.OpI32Add, at, i32(1))})
		})
	})
}
