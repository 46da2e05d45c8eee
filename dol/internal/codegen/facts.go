package codegen

import "github.com/univrs/vudo/dol/internal/ir"

// facts is what the selector asks of expressions and functions before it selects.
type facts struct {
	none   bool              // nothing ever collects
	may    map[*ir.Func]bool // may collect garbage
	byCall map[string]bool   // closures of that signature may
	exprs  map[ir.Expr]exprFacts
}

type exprFacts struct {
	collects bool
	writes   bool // may write a local: there is a Seq in it
	calls    bool // calls something, allocates, or can trap
}

// newFacts finds the functions that may collect: those with an allocation, and
// those that call one that does.
func newFacts(m *ir.Module, o Options) *facts {
	f := &facts{none: o.GC == GCNone, may: map[*ir.Func]bool{}, byCall: map[string]bool{}, exprs: map[ir.Expr]exprFacts{}}
	if f.none {
		return f
	}
	calls := map[*ir.Func][]*ir.Func{} // callers of the key
	closures := map[string][]*ir.Func{}
	var work []*ir.Func
	mark := func(fn *ir.Func) {
		if !f.may[fn] {
			f.may[fn] = true
			work = append(work, fn)
		}
	}
	indexed := map[*ir.Func]bool{}
	for _, fn := range m.Funcs {
		visitExprs(fn.Body, func(e ir.Expr) {
			switch e := e.(type) {
			case *ir.Call:
				calls[e.Func] = append(calls[e.Func], fn)
			case *ir.CallRef:
				k := sigKey(e.Sig)
				closures[k] = append(closures[k], fn)
			case *ir.FuncIndex:
				indexed[e.Func] = true
			case *ir.New, *ir.NewArray, *ir.RawBytes:
				mark(fn)
			}
		})
	}
	for len(work) > 0 {
		fn := work[len(work)-1]
		work = work[:len(work)-1]
		for _, c := range calls[fn] {
			mark(c)
		}
		if indexed[fn] {
			s := fn.Sig()
			k := sigKey(ir.Sig{Params: s.Params[1:], Result: s.Result})
			f.byCall[k] = true
			for _, c := range closures[k] {
				mark(c)
			}
		}
	}
	return f
}

func sigKey(s ir.Sig) string {
	b := []byte{byte(s.Result)}
	for _, k := range s.Params {
		b = append(b, byte(k))
	}
	return string(b)
}

// of returns the facts of an expression.
func (f *facts) of(e ir.Expr) exprFacts {
	switch e.(type) {
	case *ir.Const, *ir.Get, *ir.GetGlobal, *ir.Str, *ir.FuncIndex:
		return exprFacts{}
	}
	if x, ok := f.exprs[e]; ok {
		return x
	}
	var x exprFacts
	add := func(y exprFacts) {
		x.collects = x.collects || y.collects
		x.writes = x.writes || y.writes
		x.calls = x.calls || y.calls
	}
	ir.VisitOperands(e, func(o ir.Expr) { add(f.of(o)) })
	switch e := e.(type) {
	case *ir.Seq:
		x.writes, x.calls = true, true
		x.collects = x.collects || f.stmts(e.Stmts)
	case *ir.Call:
		add(exprFacts{collects: f.may[e.Func], calls: true})
	case *ir.CallRef:
		add(exprFacts{collects: f.byCall[sigKey(e.Sig)], calls: true})
	case *ir.New, *ir.NewArray, *ir.RawBytes:
		add(exprFacts{collects: !f.none, calls: true})
	case node:
		e.visit(func(o ir.Expr) { add(f.of(o)) })
		x.calls = true
	case *ir.CallHost, *ir.RawLoad:
		x.calls = true
	case *ir.Un:
		x.calls = x.calls || traps(e.Op)
	case *ir.Bin:
		x.calls = x.calls || traps(e.Op)
	}
	f.exprs[e] = x
	return x
}

func (f *facts) stmts(list []ir.Stmt) bool {
	found := false
	for _, s := range list {
		ir.VisitExprs(s, func(e ir.Expr) { found = found || f.of(e).collects })
		ir.VisitBodies(s, func(b []ir.Stmt) { found = found || f.stmts(b) })
	}
	return found
}

// visitExprs calls fn with every expression of the statements, nested ones too.
func visitExprs(list []ir.Stmt, fn func(ir.Expr)) {
	for _, s := range list {
		ir.VisitExprs(s, func(e ir.Expr) { visitExpr(e, fn) })
		ir.VisitBodies(s, func(b []ir.Stmt) { visitExprs(b, fn) })
	}
}

func visitExpr(e ir.Expr, fn func(ir.Expr)) {
	fn(e)
	ir.VisitOperands(e, func(o ir.Expr) { visitExpr(o, fn) })
	switch e := e.(type) {
	case *ir.Seq:
		visitExprs(e.Stmts, fn)
	case node:
		e.visit(func(o ir.Expr) { visitExpr(o, fn) })
	}
}
