package ir

// callGraph says who calls whom. Its nodes are the functions by ID and one more,
// the last, for the calls of closures: it calls every function whose index is
// taken, and every function that calls a closure calls it.
type callGraph struct {
	callees    [][]int // without repetition, in the order of the text
	calls      []int   // direct calls of each function in the whole module
	taken      []bool  // functions whose index is taken
	components [][]int // strongly connected, callees before callers
	component  []int   // of each node: index in components
}

func newCallGraph(m *Module) *callGraph { return makeGraph(m, false, nil) }

// newOrderGraph returns the graph in which to make or read a closure counts as to
// call its function, and to call an unknown one as nothing: the order in which
// bodies are best copied, and the recursions that copying could meet.
func newOrderGraph(m *Module, statics map[*Global]*New) *callGraph {
	return makeGraph(m, true, statics)
}

func makeGraph(m *Module, order bool, statics map[*Global]*New) *callGraph {
	n := len(m.Funcs)
	g := &callGraph{callees: make([][]int, n+1), calls: make([]int, n), taken: make([]bool, n)}
	seen := make([]int, n+1) // the function that last added the node, plus 1
	for i, f := range m.Funcs {
		add := func(callee int) {
			if seen[callee] != i+1 {
				seen[callee] = i + 1
				g.callees[i] = append(g.callees[i], callee)
			}
		}
		everyExpr(f.Body, func(e Expr) {
			switch e := e.(type) {
			case *Call:
				add(e.Func.ID)
				g.calls[e.Func.ID]++
			case *CallRef:
				if !order {
					add(n)
				}
			case *FuncIndex:
				g.taken[e.Func.ID] = true
				if order {
					add(e.Func.ID)
				}
			case *GetGlobal:
				if fn := statics[e.Global].function(); fn != nil {
					add(fn.ID)
				}
			}
		})
	}
	for i, t := range g.taken {
		if t && !order {
			g.callees[n] = append(g.callees[n], i)
		}
	}
	g.connect()
	return g
}

// everyExpr calls f with all expressions in a body, each before its operands.
func everyExpr(list []Stmt, f func(Expr)) {
	var expr func(*Expr)
	expr = func(p *Expr) {
		f(*p)
		if q, ok := (*p).(*Seq); ok {
			everyExpr(q.Stmts, f)
		}
		operands(*p, expr)
	}
	for _, s := range list {
		stmtExprs(s, expr)
		bodies(s, func(b *[]Stmt) { everyExpr(*b, f) })
	}
}

// everyStmt calls f with all statements in a body that are not within an
// expression, each before those inside it.
func everyStmt(list []Stmt, f func(Stmt)) {
	for _, s := range list {
		f(s)
		bodies(s, func(b *[]Stmt) { everyStmt(*b, f) })
	}
}

// connect finds the strongly connected components by Tarjan's algorithm, with a
// stack of its own since chains of calls may be as long as the program.
func (g *callGraph) connect() {
	type visit struct{ node, next int }
	n := len(g.callees)
	g.component = make([]int, n)
	order, low := make([]int, n), make([]int, n)
	onStack := make([]bool, n)
	var stack []int
	count := 0
	for root := range n {
		if order[root] != 0 {
			continue
		}
		work := []visit{{root, 0}}
		for len(work) > 0 {
			v := &work[len(work)-1]
			if v.next == 0 {
				count++
				order[v.node], low[v.node] = count, count
				stack = append(stack, v.node)
				onStack[v.node] = true
			}
			if v.next < len(g.callees[v.node]) {
				w := g.callees[v.node][v.next]
				v.next++
				if order[w] == 0 {
					work = append(work, visit{w, 0})
				} else if onStack[w] {
					low[v.node] = min(low[v.node], order[w])
				}
				continue
			}
			node := v.node
			work = work[:len(work)-1]
			if len(work) > 0 {
				up := work[len(work)-1].node
				low[up] = min(low[up], low[node])
			}
			if low[node] != order[node] {
				continue
			}
			at := len(stack) - 1
			for stack[at] != node {
				at--
			}
			members := append([]int(nil), stack[at:]...)
			stack = stack[:at]
			for _, w := range members {
				onStack[w] = false
				g.component[w] = len(g.components)
			}
			g.components = append(g.components, members)
		}
	}
}

// recursive reports whether a call of the function may lead to itself.
func (g *callGraph) recursive(f int) bool {
	if len(g.components[g.component[f]]) > 1 {
		return true
	}
	for _, c := range g.callees[f] {
		if c == f {
			return true
		}
	}
	return false
}

// function returns the function of a new closure, nil of another object.
func (e *New) function() *Func {
	if e == nil || len(e.Fields) == 0 {
		return nil
	}
	if i, ok := e.Fields[0].(*FuncIndex); ok {
		return i.Func
	}
	return nil
}
