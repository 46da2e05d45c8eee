package ir

// The sizes of functions, in nodes, up to which calls are replaced by bodies.
const (
	inlineAlways  = 30   // about what the call itself costs
	inlineClosure = 150  // with an argument that is a known closure, to be inlined in turn
	inlineOnce    = 2000 // when there is no other call
	inlineGrowth  = 3000 // of one caller, in all
)

// inliner replaces calls by the bodies of the functions they call. It works on
// callees before callers, so that what it copies is optimised already.
type inliner struct {
	*context
	order    *callGraph // closures count as calls of their functions
	sizes    []int      // by Func.ID, once a function is done
	pinned   []bool     // exported, or the start function: they remain anyway
	zeros    [][]bool   // by Func.ID: locals that need their zero
	caller   *Func
	size     int // of the caller at first
	room     int
	replaced bool
}

func newInliner(x *context) *inliner {
	in := &inliner{
		context: x, order: newOrderGraph(x.m, x.statics), sizes: make([]int, len(x.m.Funcs)),
		pinned: make([]bool, len(x.m.Funcs)), zeros: make([][]bool, len(x.m.Funcs)),
	}
	for _, e := range x.m.Exports {
		in.pinned[e.Func.ID] = true
	}
	if x.m.Start != nil {
		in.pinned[x.m.Start.ID] = true
	}
	return in
}

// begin prepares for the calls of one function.
func (in *inliner) begin(f *Func) {
	in.caller, in.size, in.room = f, bodySize(f.Body), inlineGrowth
}

// once replaces calls in the function and reports whether there were any.
func (in *inliner) once() bool {
	in.replaced = false
	w := &flattener{f: in.caller, old: len(in.caller.Locals), inline: in.call}
	in.caller.Body = w.list(in.caller.Body)
	return in.replaced
}

// done notes that a function has its final form.
func (in *inliner) done(f *Func) {
	in.sizes[f.ID] = bodySize(f.Body)
	in.zeros[f.ID] = readBeforeSet(f)
}

// wanted reports whether a call is to be replaced.
func (in *inliner) wanted(e *Call) bool {
	id := e.Func.ID
	size := in.sizes[id]
	if size == 0 || e.Func == in.caller || size > in.room || in.order.recursive(id) {
		return false
	}
	switch {
	case size <= inlineAlways:
		return true
	case size <= inlineClosure && in.anyClosure(e.Args):
		return true
	}
	if size > inlineOnce || in.graph.calls[id] != 1 || in.graph.taken[id] || in.pinned[id] {
		return false
	}
	// A small caller is better small: it can be inlined in its turn.
	return in.size+size <= inlineAlways || in.size > inlineAlways || in.graph.calls[in.caller.ID] < 2
}

// anyClosure reports whether an argument is a closure whose function is known.
func (in *inliner) anyClosure(args []Expr) bool {
	for _, a := range args {
		switch a := a.(type) {
		case *New:
			if a.function() != nil {
				return true
			}
		case *GetGlobal:
			if in.statics[a.Global].function() != nil {
				return true
			}
		}
	}
	return false
}

// call emits the body of the callee and returns its result, if the call is to be
// replaced. The arguments are flat.
func (in *inliner) call(w *flattener, e *Call) (Expr, bool) {
	if !in.wanted(e) {
		return nil, false
	}
	callee := e.Func
	in.room -= in.sizes[callee.ID]
	in.replaced = true
	shift := len(w.f.Locals)
	w.f.Locals = append(w.f.Locals, callee.Locals...)
	for i, a := range e.Args {
		w.emit(&Set{Local: shift + i, X: a})
	}
	for i, l := range callee.Locals {
		if i >= callee.NumParams && in.zeros[callee.ID][i] {
			w.emit(&Set{Local: shift + i, X: &Const{K: l.Kind}})
		}
	}
	end := &Label{Name: "return"}
	result := -1
	if callee.Result != None {
		result = w.f.newLocal(callee.Result)
	}
	c := &cloner{labels: map[*Label]*Label{}, shift: shift}
	c.ret = func(x Expr) []Stmt {
		if x == nil {
			return []Stmt{&Br{Label: end}}
		}
		return []Stmt{&Set{Local: result, X: x}, &Br{Label: end}}
	}
	// The body is flat but for sets in expressions, which flatten as they come.
	inner := &flattener{f: w.f, old: w.old}
	w.emit(&Block{Label: end, Body: withoutTail(inner.list(c.stmts(callee.Body)), end)})
	if result < 0 {
		return nil, true
	}
	return &Get{Local: result, K: callee.Result}, true
}

// bodySize counts the statements and expressions of a body.
func bodySize(list []Stmt) int {
	n := 1
	everyStmt(list, func(Stmt) { n++ })
	everyExpr(list, func(e Expr) {
		switch e.(type) {
		case *Get, *Const: // part of what uses them
		default:
			n++
		}
	})
	return n
}
