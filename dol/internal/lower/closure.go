package lower

import (
	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/dol/internal/typed"
)

// closure is a lambda that has been made into a function.
type closure struct {
	fn       *ir.Func
	object   *ir.Object   // function index, then the captures
	captures []*typed.Var // those that have a representation
}

// closureBase is what every closure object begins with.
func (l *lowerer) closureBase() *ir.Object {
	if l.closure == nil {
		l.closure = l.newObject(&ir.Object{Name: "closure", Fields: []ir.Member{{Name: "function", Storage: ir.StoreI32}}})
	}
	return l.closure
}

// signature is that of calls of a function value.
func (l *lowerer) signature(params []typed.Type, result typed.Type) ir.Sig {
	s := ir.Sig{Result: l.kind(result)}
	for _, p := range params {
		if k := l.kind(p); k != ir.None {
			s.Params = append(s.Params, k)
		}
	}
	return s
}

// lambda makes a closure. When it is bound to the variable self, uses of self
// inside mean the closure itself.
func (b *body) lambda(e *typed.Lambda, self *typed.Var) ir.Expr {
	c := b.made[e]
	if c == nil {
		c = b.closure(e, self)
		b.made[e] = c
	}
	fields := []ir.Expr{&ir.FuncIndex{Func: c.fn}}
	for _, v := range c.captures {
		w := b.vars[v]
		if w.cell != nil {
			fields = append(fields, get(w.local, ir.Ref))
		} else {
			fields = append(fields, get(w.local, w.kind))
		}
	}
	if len(c.captures) == 0 {
		return b.l.static("closure "+itoa(c.fn.ID), c.fn.Name, func() ir.Expr {
			return &ir.New{Object: c.object, Fields: fields}
		})
	}
	return &ir.New{Object: c.object, Fields: fields, Pos: pos(e.P)}
}

// closure makes the function of a lambda and the object of its captures.
func (b *body) closure(e *typed.Lambda, self *typed.Var) *closure {
	if self != nil && b.shared[self] {
		self = nil // it may hold another function later
	}
	*b.counter++
	name := b.outer + ".{lambda " + itoa(*b.counter) + "}"
	fn := b.l.newFunc(name, e.P)
	fn.Result = b.l.kind(b.typ(e.Result))
	c := &closure{fn: fn, object: b.l.newObject(&ir.Object{Name: name, Parent: b.l.closureBase(), Fields: []ir.Member{{Name: "function", Storage: ir.StoreI32}}})}

	inner := b.l.newBody(fn, b.sub)
	inner.outer, inner.counter, inner.shared = b.outer, b.counter, b.shared
	env := inner.local("closure", ir.Ref, true)
	inner.params(e.Params)
	for _, v := range freeVars(e) {
		w, ok := b.vars[v]
		switch {
		case v == self:
			inner.vars[v] = variable{local: env, kind: ir.Ref}
			continue
		case !ok:
			b.l.fail(e.P, "unresolved-name", "%s has no value here", v.Name)
		case w.local < 0:
			inner.vars[v] = w
			continue
		}
		k := w.kind
		if w.cell != nil {
			k = ir.Ref
		}
		s := ir.StoreRef
		if k != ir.Ref {
			s, _ = b.l.storage(b.typ(v.Type))
		}
		c.object.Fields = append(c.object.Fields, ir.Member{Name: v.Name, Storage: s})
		c.captures = append(c.captures, v)
		at := inner.local(v.Name, k, true)
		inner.emit(&ir.Set{Local: at, X: &ir.GetField{Object: c.object, Index: len(c.object.Fields) - 1, X: get(env, ir.Ref)}})
		inner.vars[v] = variable{local: at, kind: w.kind, cell: w.cell}
	}
	b.l.later(name, e.P, func() {
		inner.boxParams(e.Params)
		inner.exprTo(e.Body, inner.tail())
		inner.finish()
	})
	return c
}

// callValue calls a function value.
func (b *body) callValue(e *typed.CallValue) ir.Expr {
	xs := b.operands(append([]typed.Expr{e.Fun}, e.Args...)...)
	if b.dead {
		return zero(b.kindOf(e))
	}
	t, ok := b.l.erase(b.typ(e.Fun.Type())).(*typed.FuncType)
	if !ok {
		b.l.fail(e.P, "not-callable", "%s is no function", e.Fun.Type())
	}
	return b.finishCall(&ir.CallRef{
		Sig:     b.l.signature(t.Params, t.Result),
		Closure: xs[0],
		Args:    present(xs[1:]),
		Pos:     pos(e.P),
	}, t.Result)
}

// funcRef makes a function a value: a closure without captures around a function
// that passes its arguments on.
func (b *body) funcRef(e *typed.FuncRef) ir.Expr {
	l, targs := b.l, b.typs(e.TypeArgs)
	target := l.instance(e.Func, targs, e.P)
	key := "reference " + itoa(target.ID)
	wrapper := l.synth(key, target.Name+".{reference}", append([]ir.Kind{ir.Ref}, target.Sig().Params...), target.Result, func(b *body) {
		var args []ir.Expr
		for i, p := range target.Sig().Params {
			args = append(args, get(i+1, p))
		}
		b.forwardCall(&ir.Call{Func: target, Args: args, Pos: target.Pos})
	})
	return l.static(key, target.Name, func() ir.Expr {
		return &ir.New{Object: l.closureBase(), Fields: []ir.Expr{&ir.FuncIndex{Func: wrapper}}}
	})
}

// forwardCall ends a function with a call that has its value.
func (b *body) forwardCall(x ir.Expr) {
	if x.Kind() == ir.None {
		b.emit(&ir.Do{X: x})
		return
	}
	b.emit(&ir.Return{X: x})
}

// forward is the body of an intrinsic or a host function that is used as a value.
func (b *body) forward(fn *typed.Func) {
	var args []ir.Expr
	var targs []typed.Type
	for _, p := range fn.TypeParams {
		targs = append(targs, b.sub[p])
	}
	for _, p := range fn.Params {
		args = append(args, b.read(p, fn.Pos))
	}
	b.deliver(b.invoke(fn, targs, args, fn.Pos), b.tail())
}
