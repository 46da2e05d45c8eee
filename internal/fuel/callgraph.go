package fuel

// uncountedUnits is how many frame units of uncounted functions may stand on
// the stack at once: what the depth limit of vm.md 3 does not see.
const uncountedUnits = 4096

// resolveCalls decides for each function whether it counts its frame and
// whether its cost is bounded, callees included.
//
// The graph has a node per defined function and one per signature: an indirect
// call may reach every function of that signature that a table or ref.func may
// hand out. Calls to imports leave the graph; a host never calls back into the
// instance that called it.
//
// A function on a cycle is always counted. The others are counted only where
// the uncounted frames of some chain of calls would exceed uncountedUnits; the
// rule walks from callees to callers, so it depends on the module alone.
func (a *analysis) resolveCalls() {
	g := callGraph{a: a, shape: make(map[string]int)}
	g.build()
	g.run()
}

type callGraph struct {
	a       *analysis
	shape   map[string]int // signature -> node
	typeIdx []int          // type index -> node
	targets [][]uint32     // by signature: functions that may be called through a table
	nodes   []graphNode
	stack   []int
	order   int
}

type graphNode struct {
	index, low int // Tarjan's numbers; index 0 = not visited
	onStack    bool
	chain      uint32 // greatest sum of uncounted frames from here down
}

func (g *callGraph) build() {
	a := g.a
	n := len(a.funcs)
	g.typeIdx = make([]int, len(a.m.Types))
	for i := range a.m.Types {
		key := a.m.Types[i].String()
		node, ok := g.shape[key]
		if !ok {
			node = n + len(g.targets)
			g.shape[key] = node
			g.targets = append(g.targets, nil)
		}
		g.typeIdx[i] = node
	}
	for i := range a.funcs {
		if a.referenced[a.imported+i] {
			t := g.typeIdx[a.m.Funcs[i]] - n
			g.targets[t] = append(g.targets[t], uint32(i))
		}
	}
	g.nodes = make([]graphNode, n+len(g.targets))
}

// successor returns the k-th node that v may call.
func (g *callGraph) successor(v, k int) (int, bool) {
	if n := len(g.a.funcs); v >= n {
		if t := g.targets[v-n]; k < len(t) {
			return int(t[k]), true
		}
		return 0, false
	}
	f := &g.a.funcs[v]
	if calls := f.calls.to - f.calls.from; k >= calls {
		if k -= calls; k < f.types.to-f.types.from {
			return g.typeIdx[g.a.types[f.types.from+k]], true
		}
		return 0, false
	}
	return int(g.a.calls[f.calls.from+k]), true
}

// run is Tarjan's algorithm with its own stack: components come out callees
// first, which is the order in which settle needs them.
func (g *callGraph) run() {
	type visit struct{ node, next int }
	var path []visit
	enter := func(v int) {
		g.order++
		g.nodes[v] = graphNode{index: g.order, low: g.order, onStack: true}
		g.stack = append(g.stack, v)
		path = append(path, visit{node: v})
	}
	for root := range g.nodes {
		if g.nodes[root].index != 0 {
			continue
		}
		enter(root)
		for len(path) > 0 {
			top := &path[len(path)-1]
			v := top.node
			w, more := g.successor(v, top.next)
			if more {
				top.next++
				switch n := &g.nodes[w]; {
				case n.index == 0:
					enter(w)
				case n.onStack:
					g.nodes[v].low = min(g.nodes[v].low, n.index)
				}
				continue
			}
			path = path[:len(path)-1]
			if len(path) > 0 {
				p := path[len(path)-1].node
				g.nodes[p].low = min(g.nodes[p].low, g.nodes[v].low)
			}
			if g.nodes[v].low == g.nodes[v].index {
				g.settle(v)
			}
		}
	}
}

// settle pops the component whose root is v and decides on its functions.
func (g *callGraph) settle(v int) {
	first := len(g.stack) - 1
	for g.stack[first] != v {
		first--
	}
	component := g.stack[first:]
	g.stack = g.stack[:first]
	cycle := len(component) > 1
	chain := uint32(0)
	for _, w := range component {
		g.nodes[w].onStack = false
	}
	for _, w := range component {
		for k := 0; ; k++ {
			s, ok := g.successor(w, k)
			if !ok {
				break
			}
			cycle = cycle || s == w
			chain = max(chain, g.nodes[s].chain)
		}
	}
	for _, w := range component {
		g.nodes[w].chain = chain
		if w >= len(g.a.funcs) {
			continue
		}
		f := &g.a.funcs[w]
		if f.counted = cycle || chain+f.frame > uncountedUnits; !f.counted {
			g.nodes[w].chain = chain + f.frame
		}
		if !cycle {
			g.bound(f)
		}
		f.checks = !f.bounded && (f.hosts || f.open || f.calls.from < f.calls.to)
	}
}

// bound decides whether a function off every cycle, whose callees are settled,
// has a small greatest cost.
func (g *callGraph) bound(f *facts) {
	if f.loops || f.open || f.hosts {
		return
	}
	total := f.cost
	for _, c := range g.a.calls[f.calls.from:f.calls.to] {
		callee := &g.a.funcs[c]
		if !callee.bounded {
			return
		}
		total += callee.total
		if total > leafLimit {
			return
		}
	}
	f.bounded, f.total = total <= leafLimit, total
}
