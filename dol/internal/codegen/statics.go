package codegen

import (
	"encoding/binary"

	"github.com/univrs/vudo/dol/internal/ir"
)

// statics are the globals that the start function sets, before anything else and
// nobody later, to objects of numbers: functions as values, cases without a
// payload. Such an object lies in the static data, and the global is its address.
type statics struct {
	values map[*ir.Global]*ir.New
	at     map[*ir.Global]uint32 // once it is used
	start  *ir.Func              // what is left of the start function; nil: nothing
}

func findStatics(m *ir.Module) *statics {
	s := &statics{values: map[*ir.Global]*ir.New{}, at: map[*ir.Global]uint32{}, start: m.Start}
	if m.Start == nil {
		return s
	}
	sets := map[*ir.Global]int{}
	for _, f := range m.Funcs {
		countSets(f.Body, sets)
	}
	// The statements in front that cannot read a global which is not set yet.
	body := m.Start.Body
	var rest []ir.Stmt
	for len(body) > 0 {
		set, ok := body[0].(*ir.SetGlobal)
		if !ok {
			break
		}
		n, object := set.X.(*ir.New)
		if object && sets[set.Global] == 1 && static(n) {
			s.values[set.Global] = n
		} else if constant(set.X) {
			rest = append(rest, set)
		} else {
			break
		}
		body = body[1:]
	}
	rest = append(rest, body...)
	s.start = nil
	if len(rest) > 0 {
		f := *m.Start
		f.Body = rest
		s.start = &f
	}
	return s
}

// countSets counts the statements that set each global.
func countSets(list []ir.Stmt, sets map[*ir.Global]int) {
	for _, st := range list {
		if set, ok := st.(*ir.SetGlobal); ok {
			sets[set.Global]++
		}
		ir.VisitExprs(st, func(e ir.Expr) {
			visitExpr(e, func(e ir.Expr) {
				if seq, ok := e.(*ir.Seq); ok {
					countSets(seq.Stmts, sets)
				}
			})
		})
		ir.VisitBodies(st, func(b []ir.Stmt) { countSets(b, sets) })
	}
}

// static reports whether an object consists of constant numbers. One with
// references could be made to refer to the heap, where the collector would not
// look for it.
func static(n *ir.New) bool {
	for i, f := range n.Fields {
		if n.Object.Fields[i].Storage == ir.StoreRef {
			return false
		}
		switch f.(type) {
		case *ir.Const, *ir.FuncIndex:
		default:
			return false
		}
	}
	return true
}

// static returns the address of the object that a global is.
func (g *generator) static(v *ir.Global) (uint32, bool) {
	if at, ok := g.statics.at[v]; ok {
		return at, true
	}
	n, ok := g.statics.values[v]
	if !ok {
		return 0, false
	}
	bytes := make([]byte, cellBytes(n.Object)-headerBytes)
	at, _, _ := offsets(n.Object)
	for i, f := range n.Fields {
		var v uint64
		switch f := f.(type) {
		case *ir.Const:
			v = f.Bits
		case *ir.FuncIndex:
			v = uint64(uint32(g.slot(f.Func)))
		}
		word := binary.LittleEndian.AppendUint64(nil, v)
		copy(bytes[at[i]:], word[:n.Object.Fields[i].Size()])
	}
	g.statics.at[v] = g.data.structure(n.Object, bytes)
	return g.statics.at[v], true
}

// staticFunc returns the function that a constant closure calls.
func (g *generator) staticFunc(closure ir.Expr) (*ir.Func, bool) {
	v, ok := closure.(*ir.GetGlobal)
	if !ok || g.statics.values[v.Global] == nil {
		return nil, false
	}
	f, ok := g.statics.values[v.Global].Fields[0].(*ir.FuncIndex)
	if !ok {
		return nil, false
	}
	return f.Func, true
}
