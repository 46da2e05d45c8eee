package lower

import (
	"math"

	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/dol/internal/typed"
)

// sink says where the value of an expression goes.
type sink struct {
	kind  sinkKind
	local int
}

type sinkKind uint8

const (
	drop   sinkKind = iota
	store           // into local
	giveUp          // the function's result
)

// tail is the sink of a function's body.
func (b *body) tail() sink {
	if b.fn.Result == ir.None {
		return sink{kind: drop}
	}
	return sink{kind: giveUp}
}

// exprTo computes an expression into a sink.
func (b *body) exprTo(e typed.Expr, d sink) {
	if b.dead {
		return
	}
	switch e := e.(type) {
	case *typed.If:
		b.ifTo(e, d)
	case *typed.Match:
		b.matchTo(e, d)
	case *typed.Block:
		b.stmts(e.Stmts)
		if e.Value != nil {
			b.mark(e.Value.At())
			b.exprTo(e.Value, d)
		}
	case *typed.Loop:
		b.loopTo(e, d)
	case *typed.ForRange:
		b.forRange(e)
	case *typed.ForVec:
		b.forVec(e)
	default:
		b.deliver(b.expr(e), d)
	}
}

// deliver puts a computed value into a sink.
func (b *body) deliver(x ir.Expr, d sink) {
	if b.dead || x == nil {
		return
	}
	switch d.kind {
	case drop:
		if !pure(x) {
			b.emit(&ir.Do{X: x})
		}
	case store:
		b.emit(&ir.Set{Local: d.local, X: x})
	case giveUp:
		b.emit(&ir.Return{X: x})
	}
}

// into computes an expression by way of a local.
func (b *body) into(e typed.Expr) ir.Expr {
	k := b.kindOf(e)
	if k == ir.None {
		b.exprTo(e, sink{kind: drop})
		return nil
	}
	t := b.local("", k, true)
	b.exprTo(e, sink{store, t})
	return get(t, k)
}

// expr computes an expression: it adds the statements that must come before and
// returns the rest, nil when the type has no values.
func (b *body) expr(e typed.Expr) ir.Expr {
	if b.dead {
		return zero(b.kindOf(e))
	}
	switch e := e.(type) {
	case *typed.Const:
		return b.constant(e)
	case *typed.Local:
		return b.read(e.Var, e.P)
	case *typed.GlobalRef:
		g := b.l.global(e.Global)
		if g.Kind == ir.None {
			return nil
		}
		return &ir.GetGlobal{Global: g}
	case *typed.FuncRef:
		return b.funcRef(e)
	case *typed.Lambda:
		return b.lambda(e, nil)
	case *typed.Unary:
		return b.unary(e)
	case *typed.Binary:
		return b.binary(e)
	case *typed.Convert:
		return b.convert(e)
	case *typed.Concat:
		return b.concat(e)
	case *typed.ToString:
		return b.toString(e)
	case *typed.Call:
		return b.call(e)
	case *typed.TraitCall:
		fn, args := b.l.resolve(e, b.typ(e.Self), b.typs(e.TraitArgs), b.typs(e.TypeArgs))
		return b.callFunc(fn, args, e.Args, b.typ(e.T), e.P)
	case *typed.CallValue:
		return b.callValue(e)
	case *typed.New:
		return b.newRecord(e)
	case *typed.NewVariant:
		return b.newVariant(b.l.layout(b.typ(e.T)), e.Variant.Index, b.operands(e.Fields...), e.P)
	case *typed.NewTuple:
		y := b.l.layout(b.typ(e.T))
		return &ir.New{Object: y.object, Fields: present(b.operands(e.Elems...)), Pos: pos(e.P)}
	case *typed.NewList:
		return b.newList(e)
	case *typed.GetField:
		return b.getMember(e.X, e.Index)
	case *typed.GetElem:
		return b.getMember(e.X, e.Index)
	case *typed.GetIndex:
		xs := b.operands(e.X, e.I)
		if b.dead {
			return zero(b.kindOf(e))
		}
		return b.element(b.l.vec(b.typ(e.X.Type())), xs[0], b.indexOf(e.I, xs[1]), e.P)
	case *typed.If:
		return b.ifValue(e)
	case *typed.Block:
		b.stmts(e.Stmts)
		if e.Value != nil {
			b.mark(e.Value.At())
			return b.expr(e.Value)
		}
	case *typed.Match, *typed.Loop, *typed.ForRange, *typed.ForVec:
		return b.into(e)
	case *typed.Break:
		b.breakOut(e)
	case *typed.Continue:
		b.br(b.loops[e.Target].next)
	case *typed.Return:
		b.returns(e)
	case *typed.Panic:
		b.panicsWith(e.Msg, e.P)
	}
	return zero(b.kindOf(e))
}

// literal returns the constant that an expression is, nil for others.
func literal(e typed.Expr) *typed.Const {
	switch e := e.(type) {
	case *typed.Const:
		return e
	case *typed.Block:
		if len(e.Stmts) == 0 && e.Value != nil {
			return literal(e.Value)
		}
	}
	return nil
}

func (b *body) constant(e *typed.Const) ir.Expr {
	y := b.l.layout(b.typ(e.T))
	switch y.shape {
	case nothing:
		return nil
	case text:
		return &ir.Str{Text: e.Str}
	case scalar:
		return number(y.basic, e)
	}
	return b.l.zeroValue(y.typ) // null, of a type that has it
}

// number is a constant of a basic type.
func number(k typed.Kind, e *typed.Const) ir.Expr {
	switch k {
	case typed.F64:
		return &ir.Const{K: ir.F64, Bits: math.Float64bits(e.Float)}
	case typed.F32:
		return &ir.Const{K: ir.F32, Bits: uint64(math.Float32bits(float32(e.Float)))}
	case typed.I64, typed.U64:
		return &ir.Const{K: ir.I64, Bits: e.Int}
	}
	return i32(int32(uint32(e.Int)))
}

// returns leaves the function.
func (b *body) returns(e *typed.Return) {
	if e.Value != nil {
		b.exprTo(e.Value, b.tail())
	}
	if b.fn.Result == ir.None {
		b.emit(&ir.Return{})
	}
}

// getMember reads a field of a record or an element of a tuple.
func (b *body) getMember(x typed.Expr, i int) ir.Expr {
	y := b.l.layout(b.typ(x.Type()))
	if tuple, ok := x.(*typed.NewTuple); ok {
		return b.pick(tuple, i)
	}
	v := b.expr(x)
	return b.member(y, i, v)
}

// member reads field i of the record v.
func (b *body) member(y *layout, i int, v ir.Expr) ir.Expr {
	m := y.fields[i]
	if m.at < 0 {
		b.deliver(v, sink{kind: drop})
		return nil
	}
	return &ir.GetField{Object: y.object, Index: m.at, X: v}
}

// pick computes all elements of a tuple that is not made, and keeps one.
func (b *body) pick(e *typed.NewTuple, i int) ir.Expr {
	var kept ir.Expr
	for j, x := range e.Elems {
		v := b.expr(x)
		switch {
		case j != i:
			b.deliver(v, sink{kind: drop})
		case v != nil && i < len(e.Elems)-1:
			kept = b.hold(v)
		default:
			kept = v
		}
	}
	return kept
}

// newRecord makes a record and checks its rules, if asked.
func (b *body) newRecord(e *typed.New) ir.Expr {
	y := b.l.layout(b.typ(e.T))
	made := &ir.New{Object: y.object, Fields: present(b.operands(e.Fields...)), Pos: pos(e.P)}
	if check := b.l.ruleCheck(y); check != nil && !b.dead {
		v := b.temp(made)
		b.emit(&ir.Do{X: &ir.Call{Func: check, Args: []ir.Expr{v}, Pos: pos(e.P)}})
		return v
	}
	return made
}

// newVariant makes a value of an enum from the values of all its fields.
func (b *body) newVariant(y *layout, i int, fields []ir.Expr, p typed.Pos) ir.Expr {
	fields = present(fields)
	switch y.shape {
	case index:
		return i32(int32(i))
	case nullable:
		if len(fields) > 0 {
			return fields[0]
		}
		return null()
	case tagged:
		if len(fields) == 0 {
			return b.l.unitVariant(y, i)
		}
		return &ir.New{Object: y.variants[i].object, Fields: append([]ir.Expr{i32(int32(i))}, fields...), Pos: pos(p)}
	}
	return nil
}

// newList makes a Vec whose storage is exactly as long as the list.
func (b *body) newList(e *typed.NewList) ir.Expr {
	v := b.l.vec(b.typ(e.T))
	if len(e.Elems) == 0 {
		return b.newVec(v, i32(0), null(), e.P)
	}
	n := i32(int32(len(e.Elems)))
	buf := b.temp(&ir.NewArray{Object: v.array, Len: n, Pos: pos(e.P)})
	for i, x := range e.Elems {
		if value := b.expr(x); value != nil {
			b.emit(&ir.SetElem{Object: v.array, X: buf, I: i32(int32(i)), Value: value})
		}
	}
	return b.newVec(v, n, buf, e.P)
}

// newVec makes a Vec of n elements around a full array.
func (b *body) newVec(v *vec, n, buf ir.Expr, p typed.Pos) ir.Expr {
	fields := make([]ir.Expr, len(v.object.Fields))
	fields[v.len], fields[v.cap], fields[v.buf] = n, n, buf
	return &ir.New{Object: v.object, Fields: fields, Pos: pos(p)}
}

// call calls a known function.
func (b *body) call(e *typed.Call) ir.Expr {
	return b.callFunc(e.Func, b.typs(e.TypeArgs), e.Args, b.typ(e.T), e.P)
}

// callFunc calls a function with its type arguments; t is the type of the value.
func (b *body) callFunc(fn *typed.Func, targs []typed.Type, args []typed.Expr, t typed.Type, p typed.Pos) ir.Expr {
	if fn.Intrinsic == "panic" {
		b.panicsWith(args[0], p)
		return nil
	}
	xs := b.operands(args...)
	if b.dead {
		return zero(b.l.kind(t))
	}
	return b.invoke(fn, targs, xs, p)
}

// invoke calls a function with computed arguments, nil for those without values.
func (b *body) invoke(fn *typed.Func, targs []typed.Type, xs []ir.Expr, p typed.Pos) ir.Expr {
	result := typed.Bind(fn.TypeParams, targs).Apply(fn.Result)
	switch {
	case fn.Intrinsic != "":
		return b.intrinsic(fn, targs, xs, result, p)
	case fn.Import != nil:
		return b.callHost(fn, xs, p)
	}
	return b.finishCall(&ir.Call{Func: b.l.instance(fn, targs, p), Args: present(xs), Pos: pos(p)}, result)
}

// finishCall makes a call without a value a statement.
func (b *body) finishCall(x ir.Expr, result typed.Type) ir.Expr {
	if x.Kind() != ir.None {
		return x
	}
	b.emit(&ir.Do{X: x})
	if typed.KindOf(b.l.erase(result)) == typed.Never {
		b.emit(&ir.Unreachable{})
	}
	return nil
}

// lib calls a function of the standard library.
func (b *body) lib(name string, p typed.Pos, targs []typed.Type, args ...ir.Expr) ir.Expr {
	return &ir.Call{Func: b.l.library(name, p, targs...), Args: args, Pos: pos(p)}
}
