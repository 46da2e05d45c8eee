package ir

import "github.com/univrs/vudo/internal/wasm"

// written says how a local is written.
type written uint8

const (
	anyhow  written = iota + 1
	counted         // only by adding small positive numbers to it
)

// writeSet is what statements may write.
type writeSet struct {
	locals map[int]written
	places map[int]bool
	world  bool
}

// writesOf returns what a flat list of statements may write.
func (p *context) writesOf(list []Stmt) *writeSet {
	w := &writeSet{locals: map[int]written{}, places: map[int]bool{}}
	var expr func(*Expr)
	expr = func(e *Expr) {
		switch x := (*e).(type) {
		case *Const, *Get:
			return
		case *Call:
			w.add(p.places.effects[x.Func.ID])
		case *CallRef:
			w.add(p.places.effects[len(p.m.Funcs)])
		case *CallHost:
			if p.places.fills(x) {
				w.places[p.places.bytes] = true
			}
		}
		operands(*e, expr)
	}
	everyStmt(list, func(s Stmt) {
		stmtExprs(s, expr)
		switch s := s.(type) {
		case *Set:
			how := anyhow
			if step, ok := increment(s); ok && step >= 0 && step <= maxCounterStep {
				how = counted
			}
			if old := w.locals[s.Local]; old == anyhow {
				how = anyhow
			}
			w.locals[s.Local] = how
		case *SetGlobal:
			w.places[p.places.globalOf(s.Global)] = true
		case *SetField:
			w.places[p.places.field(s.Object, s.Index)] = true
		case *SetElem:
			w.places[p.places.elems(s.Object)] = true
		case *CopyElems:
			w.places[p.places.elems(s.Object)] = true
		case *FillElems:
			w.places[p.places.elems(s.Object)] = true
		}
	})
	return w
}

func (w *writeSet) add(e *effect) {
	w.world = w.world || e.many
	for _, at := range e.few {
		w.places[at] = true
	}
}

// increment reports whether s adds a constant to a local.
func increment(s *Set) (step int64, ok bool) {
	b, ok := s.X.(*Bin)
	if !ok || b.Op != wasm.OpI32Add && b.Op != wasm.OpI64Add {
		return 0, false
	}
	g, isGet := b.X.(*Get)
	c, isConst := b.Y.(*Const)
	if !isGet || !isConst || g.Local != s.Local {
		return 0, false
	}
	if c.K == I32 {
		return int64(int32(c.Bits)), true
	}
	return int64(c.Bits), true
}
