package ir

// flatten rewrites the body of f so that no expression holds statements: those
// of a Seq move before the statement that it stands in, and operands that come
// before them in the order of evaluation are kept in new locals. The other
// passes rely on it: evaluating an expression then writes no local and leaves
// no function.
func flatten(f *Func) {
	w := &flattener{f: f, old: len(f.Locals)}
	f.Body = w.list(f.Body)
}

type flattener struct {
	f   *Func
	old int    // locals from here on are set once, by this pass
	out []Stmt // the list being made

	// inline may emit what replaces a call and return its value; nil: none does.
	inline func(w *flattener, e *Call) (Expr, bool)
	cold   bool // the list ends in a panic
}

func (w *flattener) list(in []Stmt) []Stmt {
	outer, cold := w.out, w.cold
	w.out = make([]Stmt, 0, len(in))
	if len(in) > 0 {
		if _, ok := in[len(in)-1].(*Panic); ok {
			w.cold = true
		}
	}
	defer func() { w.cold = cold }()
	for _, s := range in {
		w.stmt(s)
	}
	list := w.out
	w.out = outer
	return list
}

func (w *flattener) emit(s Stmt) { w.out = append(w.out, s) }

func (w *flattener) stmt(s Stmt) {
	if d, ok := s.(*Do); ok {
		if d.X = w.expr(d.X); d.X != nil {
			w.emit(d)
		}
		return
	}
	var places []*Expr
	stmtExprs(s, func(e *Expr) { places = append(places, e) })
	w.operands(places)
	bodies(s, func(list *[]Stmt) { *list = w.list(*list) })
	w.emit(s)
}

// operands flattens expressions that are evaluated one after the other.
func (w *flattener) operands(places []*Expr) {
	for i, p := range places {
		mark := len(w.out)
		*p = w.expr(*p)
		if len(w.out) > mark {
			w.spill(places[:i], mark)
		}
	}
}

// spill keeps the values of operands in locals before the statements from mark
// on.
func (w *flattener) spill(places []*Expr, mark int) {
	var sets []Stmt
	for _, p := range places {
		if w.stable(*p) {
			continue
		}
		k := (*p).Kind()
		t := w.f.newLocal(k)
		sets = append(sets, &Set{Local: t, X: *p})
		*p = &Get{Local: t, K: k}
	}
	if len(sets) > 0 {
		w.out = append(w.out[:mark], append(sets, w.out[mark:]...)...)
	}
}

// stable reports whether the value of e cannot change.
func (w *flattener) stable(e Expr) bool {
	switch e := e.(type) {
	case *Const, *Str, *FuncIndex:
		return true
	case *Get:
		return e.Local >= w.old
	}
	return false
}

// newLocal adds a local without a name.
func (f *Func) newLocal(k Kind) int {
	f.Locals = append(f.Locals, Local{Kind: k})
	return len(f.Locals) - 1
}

// expr returns e without statements inside; it has emitted them. It returns nil
// for an expression without a value that has been emitted as a whole.
func (w *flattener) expr(e Expr) Expr {
	switch e := e.(type) {
	case *Const, *Str, *Get, *GetGlobal, *FuncIndex:
		return e
	case *Seq:
		for _, s := range e.Stmts {
			w.stmt(s)
		}
		return w.expr(e.X)
	case *Tern:
		return w.tern(e)
	}
	var few [4]*Expr
	places := few[:0]
	operands(e, func(x *Expr) { places = append(places, x) })
	w.operands(places)
	if c, ok := e.(*Call); ok && w.inline != nil && !w.cold {
		if x, ok := w.inline(w, c); ok {
			return x
		}
	}
	return e
}

// tern keeps a Tern whose arms need no statements, and makes another an If.
func (w *flattener) tern(e *Tern) Expr {
	k := e.Kind()
	e.Cond = w.expr(e.Cond)
	arm := func(x *Expr) []Stmt {
		outer := w.out
		w.out = nil
		*x = w.expr(*x)
		list := w.out
		w.out = outer
		return list
	}
	a, b := arm(&e.A), arm(&e.B)
	if k != None && len(a) == 0 && len(b) == 0 && !makesObject(e.A) && !makesObject(e.B) {
		return e
	}
	if k == None {
		if e.A != nil {
			a = append(a, &Do{X: e.A})
		}
		if e.B != nil {
			b = append(b, &Do{X: e.B})
		}
		w.emit(&If{Cond: e.Cond, Then: a, Else: b})
		return nil
	}
	// This local is set in two places, but never again once it has its value.
	t := w.f.newLocal(k)
	w.emit(&If{Cond: e.Cond, Then: append(a, &Set{Local: t, X: e.A}), Else: append(b, &Set{Local: t, X: e.B})})
	return &Get{Local: t, K: k}
}

// makesObject reports whether e is an object that may turn out to be needed for
// its fields only: scalars wants it as a statement.
func makesObject(e Expr) bool {
	_, ok := e.(*New)
	return ok
}
