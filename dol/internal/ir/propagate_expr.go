package ir

import (
	"maps"
	"slices"

	"github.com/univrs/vudo/internal/wasm"
)

func sorted[V any](m map[int]V) []int { return slices.Sorted(maps.Keys(m)) }

// load is the key of a field's value now.
func (p *propagator) load(at int, o value) valueKey {
	return valueKey{what: isLoad, a: value(at), b: value(p.now(at)), c: o}
}

// read is the key of a global's value now.
func (p *propagator) read(at int) valueKey {
	return valueKey{what: isRead, a: value(at), b: value(p.now(at))}
}

// element is the key of an element's value now.
func (p *propagator) element(at int, o, i value) valueKey {
	return valueKey{what: isElem, a: o, b: value(p.now(at)), c: i, n: uint64(at)}
}

// expr simplifies an expression, as it stands in the order of evaluation.
func (p *propagator) expr(e Expr) Expr {
	switch e := e.(type) {
	case *Const, *Str, *FuncIndex:
		return e
	case *Get:
		return p.get(e)
	case *Tern:
		return p.tern(e)
	case *Seq:
		for _, s := range e.Stmts { // flat but for sets of new locals
			set := s.(*Set)
			set.X = p.expr(set.X)
			p.setLocal(set.Local, p.value(set.X))
		}
		e.X = p.expr(e.X)
		p.memo[e] = p.value(e.X)
		return e
	}
	operands(e, func(x *Expr) { *x = p.expr(*x) })
	e = p.reduce(e)
	return p.instead(e)
}

func (p *propagator) get(e *Get) Expr {
	v := p.current[e.Local]
	if c := p.facts[v].constant; c != nil {
		return &Const{K: c.K, Bits: c.Bits}
	}
	if s := p.facts[v].text; s != nil {
		return &Str{Text: s.Text}
	}
	if l := p.holder(v); l >= 0 && l != e.Local {
		return &Get{Local: l, K: e.K}
	}
	return e
}

// holder returns the first local that holds a value, -1 for none.
func (p *propagator) holder(v value) int {
	list := p.holders[v]
	for i, l := range list {
		if i == maxPaths {
			break
		}
		if p.current[l] == v {
			return l
		}
	}
	return -1
}

// instead returns what to evaluate for e: a constant or local of the same value,
// when there is one.
func (p *propagator) instead(e Expr) Expr {
	switch e.(type) {
	case *Const, *Get, *Str, *FuncIndex:
		return e
	}
	v := p.value(e)
	if c := p.facts[v].constant; c != nil && pure(e) {
		return &Const{K: c.K, Bits: c.Bits}
	}
	// A local that holds the value of a division has not trapped, so neither will
	// the same division; but its operands may do more than give values.
	if l := p.holder(v); l >= 0 {
		ok := true
		operands(e, func(x *Expr) { ok = ok && pure(*x) })
		if ok {
			return &Get{Local: l, K: p.f.Locals[l].Kind}
		}
	}
	return e
}

func (p *propagator) tern(e *Tern) Expr {
	e.Cond = condition(p.expr(e.Cond))
	if truth, ok := p.truth(e.Cond); ok && pure(e.Cond) {
		if truth {
			return p.expr(e.A)
		}
		return p.expr(e.B)
	}
	mark := len(p.trail)
	holds, fails := p.consequences(e.Cond, true), p.consequences(e.Cond, false)
	arm := func(x *Expr, known []consequence) *state {
		p.assume(known)
		*x = p.expr(*x)
		s := p.since(mark)
		p.undo(mark)
		return s
	}
	a := arm(&e.A, holds)
	b := arm(&e.B, fails)
	p.join([]*state{a, b})
	r := fold(e)
	return p.instead(r)
}

// value returns the value of a simplified expression.
func (p *propagator) value(e Expr) value {
	switch e := e.(type) {
	case *Const:
		return p.constant(e)
	case *Str:
		return p.text(e.Text)
	case *Get:
		return p.current[e.Local]
	case *FuncIndex:
		v, isNew := p.of(valueKey{what: isFunc, n: uint64(e.Func.ID)}, I32)
		if isNew {
			p.facts[v].fn = e.Func
		}
		return v
	}
	v, ok := p.memo[e]
	if !ok {
		v = p.compute(e)
		p.memo[e] = v
	}
	return v
}

func (p *propagator) compute(e Expr) value {
	switch e := e.(type) {
	case *Un:
		return p.unary(e.Op, p.value(e.X))
	case *Bin:
		return p.binary(e.Op, p.value(e.X), p.value(e.Y))
	case *GetGlobal:
		at := p.places.globalOf(e.Global)
		v, isNew := p.of(p.read(at), e.Global.Kind)
		if n := p.statics[e.Global]; isNew && n != nil && p.f != p.m.Start {
			p.constFields(v, n)
		}
		return v
	case *GetField:
		v, isNew := p.of(p.load(p.places.field(e.Object, e.Index), p.value(e.X)), e.Kind())
		if isNew {
			p.storage(v, e.Object.Fields[e.Index].Storage)
		}
		return v
	case *GetElem:
		v, isNew := p.of(p.element(p.places.elems(e.Object), p.value(e.X), p.value(e.I)), e.Kind())
		if isNew {
			p.storage(v, e.Object.Elem)
		}
		return v
	case *ArrayLen:
		v, isNew := p.of(valueKey{what: isLen, a: p.value(e.X)}, I32)
		if isNew {
			p.facts[v].lo = 0
		}
		return v
	case *IsNull:
		v, isNew := p.of(valueKey{what: isNull, a: p.value(e.X)}, I32)
		if isNew {
			p.facts[v].span = span{0, 1}
		}
		return v
	case *Same:
		x, y := p.value(e.X), p.value(e.Y)
		v, isNew := p.of(valueKey{what: isSame, a: min(x, y), b: max(x, y)}, I32)
		if isNew {
			p.facts[v].span = span{0, 1}
		}
		return v
	case *Tern:
		a, b := p.value(e.A), p.value(e.B)
		v, isNew := p.of(valueKey{what: isTern, a: p.value(e.Cond), b: a, c: b}, e.Kind())
		if isNew {
			f := &p.facts[v]
			f.span = p.facts[a].or(p.facts[b].span)
			f.nonNull = p.facts[a].nonNull && p.facts[b].nonNull
		}
		return v
	}
	return p.effect(e)
}

// effect returns the value of an expression that has one for itself, and notes
// what its evaluation changes.
func (p *propagator) effect(e Expr) value {
	switch e := e.(type) {
	case *Call:
		p.called(p.places.effects[e.Func.ID])
	case *CallRef:
		p.called(p.places.effects[len(p.m.Funcs)])
	case *CallHost:
		if p.places.fills(e) {
			p.setVersion(p.places.bytes, p.tick())
		}
	}
	v := p.fresh(e.Kind())
	switch e := e.(type) {
	case *New:
		p.fields(v, e)
		p.facts[v].nonNull = true
	case *NewArray:
		p.table[valueKey{what: isLen, a: v}] = p.value(e.Len)
		p.facts[v].nonNull = true
	case *RawBytes:
		p.facts[v].nonNull = true
	}
	return v
}

// fields notes what the fields of a new object are.
func (p *propagator) fields(v value, n *New) {
	for i, x := range n.Fields {
		w := p.value(x)
		if p.fits(w, n.Object.Fields[i].Storage) {
			p.table[p.load(p.places.field(n.Object, i), v)] = w
		}
		if i == 0 {
			p.facts[v].fn = p.facts[w].fn
		}
	}
}

// constFields notes the fields of an object of constants that nothing writes.
func (p *propagator) constFields(v value, n *New) {
	for i, x := range n.Fields {
		at := p.places.field(n.Object, i)
		if p.places.written.has(at) {
			continue
		}
		w := p.value(x)
		if p.fits(w, n.Object.Fields[i].Storage) {
			p.table[p.load(at, v)] = w
		}
		if i == 0 {
			p.facts[v].fn = p.facts[w].fn
		}
	}
}

func (p *propagator) called(e *effect) {
	if e.many {
		p.setWorld(p.tick())
		return
	}
	if len(e.few) > 0 {
		v := p.tick()
		for _, at := range e.few {
			p.setVersion(at, v)
		}
	}
}

// reduce simplifies an operator by its form and by what is known of its
// operands.
func (p *propagator) reduce(e Expr) Expr {
	switch x := e.(type) {
	case *Un:
		if r := p.reduceUn(x); r != nil {
			return r
		}
	case *Bin:
		if r := p.reduceBin(x); r != nil {
			return r
		}
	case *IsNull:
		if p.facts[p.value(x.X)].nonNull && pure(x.X) {
			return &Const{K: I32}
		}
	case *Same:
		if p.value(x.X) == p.value(x.Y) && pure(x.X) && pure(x.Y) {
			return &Const{K: I32, Bits: 1}
		}
	case *CallRef:
		return p.direct(x)
	}
	r := fold(e)
	if r != e {
		if t, ok := p.decided(r); ok {
			return t
		}
	}
	return r
}

// decided returns the constant that a comparison is known to be.
func (p *propagator) decided(e Expr) (Expr, bool) {
	if _, done := e.(*Const); done || !isBool(e) || !pure(e) {
		return nil, false
	}
	truth, ok := p.truth(e)
	return &Const{K: I32, Bits: boolean(truth)}, ok
}

func (p *propagator) reduceUn(e *Un) Expr {
	if t, ok := p.decided(e); ok {
		return t
	}
	x := p.spanOf(p.value(e.X))
	switch e.Op {
	case wasm.OpI32Extend8S, wasm.OpI64Extend8S:
		if x.within(spans[S8]) {
			return e.X
		}
	case wasm.OpI32Extend16S, wasm.OpI64Extend16S:
		if x.within(spans[S16]) {
			return e.X
		}
	case wasm.OpI64Extend32S:
		if x.within(full(I32)) {
			return e.X
		}
	case wasm.OpI64ExtendI32S:
		if x.lo >= 0 {
			return fold(&Un{Op: wasm.OpI64ExtendI32U, X: e.X})
		}
	}
	return nil
}

func (p *propagator) reduceBin(e *Bin) Expr {
	if t, ok := p.decided(e); ok {
		return t
	}
	vx, vy := p.value(e.X), p.value(e.Y)
	x, y := p.spanOf(vx), p.facts[vy]
	k := OpResult(e.Op)
	switch e.Op {
	case wasm.OpI32And, wasm.OpI64And:
		if c := y.constant; c != nil && y.lo > 0 && y.lo&(y.lo+1) == 0 && x.lo >= 0 && x.hi <= y.lo {
			return e.X
		}
		if vx == vy && pure(e.Y) {
			return e.X
		}
	case wasm.OpI32Or, wasm.OpI64Or:
		if vx == vy && pure(e.Y) {
			return e.X
		}
	case wasm.OpI32Sub, wasm.OpI64Sub, wasm.OpI32Xor, wasm.OpI64Xor:
		if vx == vy && pure(e.X) && pure(e.Y) {
			return &Const{K: k}
		}
	case wasm.OpI32RemS, wasm.OpI64RemS, wasm.OpI32DivS, wasm.OpI64DivS:
		if x.lo >= 0 && y.constant != nil && y.lo > 0 {
			return fold(&Bin{Op: unsigned[e.Op], X: e.X, Y: e.Y, Pos: e.Pos})
		}
	}
	return nil
}

var unsigned = map[wasm.Opcode]wasm.Opcode{
	wasm.OpI32RemS: wasm.OpI32RemU, wasm.OpI64RemS: wasm.OpI64RemU,
	wasm.OpI32DivS: wasm.OpI32DivU, wasm.OpI64DivS: wasm.OpI64DivU,
}

// direct calls the function of a closure when it is known.
func (p *propagator) direct(e *CallRef) Expr {
	fn := p.facts[p.value(e.Closure)].fn
	if fn == nil || !fn.Sig().Equal(Sig{Params: append([]Kind{Ref}, e.Sig.Params...), Result: e.Sig.Result}) {
		return e
	}
	return &Call{Func: fn, Args: append([]Expr{e.Closure}, e.Args...), Pos: e.Pos}
}
