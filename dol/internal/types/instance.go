package types

import (
	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/dol/internal/typed"
)

// instance is a use of a generic function in another one.
type instance struct {
	to   *funcInfo
	args []typed.Type
	at   syntax.Span
	s    *source
}

func (b *body) noteInstance(f *funcInfo, args []typed.Type, at syntax.Span) {
	if len(b.f.fn.TypeParams) > 0 {
		b.instances = append(b.instances, instance{f, args, at, b.s})
	}
}

// instantiation reports generic functions that call themselves, directly or not,
// with ever larger types: their copies would have no end (dol 5.4-a). A type
// parameter flows into another one along each call; a circle of which one step
// wraps it in a larger type is the fault.
func (c *checker) instantiation() {
	type step struct {
		to    *typed.TypeParam
		grows bool
		in    *instance
	}
	flow := map[*typed.TypeParam][]step{}
	var order []*typed.TypeParam
	for i := range c.instances {
		in := &c.instances[i]
		for j, p := range in.to.fn.TypeParams {
			for _, from := range paramsIn(in.args[j], nil) {
				_, plain := in.args[j].(*typed.Param)
				if flow[from] == nil {
					order = append(order, from)
				}
				flow[from] = append(flow[from], step{p, !plain, in})
			}
		}
	}
	// Components of the flow (Tarjan); a growing step inside of one is the fault.
	index, low := map[*typed.TypeParam]int{}, map[*typed.TypeParam]int{}
	comp := map[*typed.TypeParam]int{}
	var stack []*typed.TypeParam
	next, comps := 1, 1
	var visit func(p *typed.TypeParam)
	visit = func(p *typed.TypeParam) {
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
				d := st.in.s.report("instantiation-depth", st.in.at, "%s is called with ever larger types: %s stands for %s of itself", st.in.to.display(), st.to.Name, st.in.s.typeName(st.in.args[0]))
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
