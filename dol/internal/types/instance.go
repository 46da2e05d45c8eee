package types

import (
	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/dol/internal/typed"
)

// instance is a use of a generic function in another one.
type instance struct {
	from *funcInfo
	to   *funcInfo
	args []typed.Type
	at   syntax.Span
	s    *source
}

func (b *body) noteInstance(f *funcInfo, args []typed.Type, at syntax.Span) {
	if len(b.f.fn.TypeParams) > 0 {
		b.instances = append(b.instances, instance{b.f, f, args, at, b.s})
	}
}

// instantiation reports generic functions that call themselves, directly or not,
// with ever larger types: their copies would have no end (dol 5.4-a). A type
// parameter flows into another one along each call; a circle of which one step
// wraps it in a larger type is the fault.
func (c *checker) instantiation() {
	type param struct {
		f *funcInfo // methods share the parameters of their type
		p *typed.TypeParam
	}
	type step struct {
		to    param
		grows bool
		in    *instance
	}
	flow := map[param][]step{}
	var order []param
	for i := range c.instances {
		in := &c.instances[i]
		for j, p := range in.to.fn.TypeParams {
			for _, q := range paramsIn(in.args[j], nil) {
				from := param{in.from, q}
				_, plain := in.args[j].(*typed.Param)
				if flow[from] == nil {
					order = append(order, from)
				}
				flow[from] = append(flow[from], step{param{in.to, p}, !plain, in})
			}
		}
	}
	// Components of the flow (Tarjan); a growing step inside of one is the fault.
	index, low := map[param]int{}, map[param]int{}
	comp := map[param]int{}
	var stack []param
	next, comps := 1, 1
	var visit func(p param)
	visit = func(p param) {
		index[p], low[p] = next, next
		next++
		stack = append(stack, p)
		for _, st := range flow[p] {
			if index[st.to] == 0 {
				visit(st.to)
				low[p] = min(low[p], low[st.to])
			} else if comp[st.to] == 0 {
				low[p] = min(low[p], index[st.to])
			}
		}
		if low[p] == index[p] {
			for {
				q := stack[len(stack)-1]
				stack = stack[:len(stack)-1]
				comp[q] = comps
				if q == p {
					break
				}
			}
			comps++
		}
	}
	for _, p := range order {
		if index[p] == 0 {
			visit(p)
		}
	}
	told := map[int]bool{}
	for _, p := range order {
		for _, st := range flow[p] {
			if st.grows && comp[p] == comp[st.to] && !told[comp[p]] {
				told[comp[p]] = true
				d := st.in.s.report("instantiation-depth", st.in.at, "%s is called with ever larger types: its %s grows in each round", st.in.to.display(), st.to.p.Name)
				note(d, "each type needs a copy of its own, and there is no last one")
			}
		}
	}
}

// paramsIn lists the type parameters in t.
func paramsIn(t typed.Type, out []*typed.TypeParam) []*typed.TypeParam {
	switch t := t.(type) {
	case *typed.Param:
		return append(out, t.Decl)
	case *typed.Named:
		for _, a := range t.Args {
			out = paramsIn(a, out)
		}
	case *typed.Tuple:
		for _, a := range t.Elems {
			out = paramsIn(a, out)
		}
	case *typed.FuncType:
		for _, a := range t.Params {
			out = paramsIn(a, out)
		}
		return paramsIn(t.Result, out)
	case *typed.Array:
		return paramsIn(t.Elem, out)
	}
	return out
}
