package ir

import (
	"fmt"
	"strings"
)

// hoist turns loops so that they test at their end, and computes before a loop
// what is the same in all its rounds: loads of fields and lengths that nothing
// in it writes, and arithmetic. A load moves only where it would surely be
// reached, or where the object is known not to be null; fields of a case of an enum
// stay behind the test that told which case it is.
func hoist(f *Func, x *context) {
	h := &hoister{context: x, f: f, safe: map[int]bool{}}
	f.Body = h.list(f.Body)
}

type hoister struct {
	*context
	f     *Func
	safe  map[int]bool // locals that are known not to be null
	trail []int        // what was added to safe
}

func (h *hoister) undo(mark int) {
	for _, l := range h.trail[mark:] {
		delete(h.safe, l)
	}
	h.trail = h.trail[:mark]
}

func (h *hoister) add(l int) {
	if !h.safe[l] {
		h.safe[l] = true
		h.trail = append(h.trail, l)
	}
}

// object returns the operand of a load of a field or length, nil of another
// expression.
func object(e Expr) Expr {
	switch e := e.(type) {
	case *GetField:
		return e.X
	case *ArrayLen:
		return e.X
	}
	return nil
}

// reads notes the objects that evaluating e surely looks into.
func (h *hoister) reads(p *Expr) {
	if t, ok := (*p).(*Tern); ok {
		h.reads(&t.Cond)
		return
	}
	operands(*p, h.reads)
	if g, ok := object(*p).(*Get); ok {
		h.add(g.Local)
	}
}

func (h *hoister) list(in []Stmt) []Stmt {
	var out []Stmt
	for _, s := range in {
		if l, ok := s.(*Loop); ok {
			out = h.loop(out, l)
			continue
		}
		stmtExprs(s, h.reads)
		mark := len(h.trail)
		switch s := s.(type) {
		case *Set:
			delete(h.safe, s.Local)
			switch s.X.(type) {
			case *New, *NewArray, *Str, *RawBytes:
				h.add(s.Local)
			}
		case *SetField:
			if g, ok := s.X.(*Get); ok {
				h.add(g.Local)
			}
		case *If:
			s.Then = h.list(s.Then)
			h.undo(mark)
			s.Else = h.list(s.Else)
			h.undo(mark)
		case *Block:
			s.Body = h.list(s.Body)
			h.undo(mark)
		}
		out = append(out, s)
	}
	return out
}

// loop adds a loop to a list, and before it what it needs.
func (h *hoister) loop(out []Stmt, s *Loop) []Stmt {
	before := len(out)
	out, s, after := turn(out, s)
	for _, guard := range out[before:] {
		stmtExprs(guard, h.reads)
	}
	w := h.writesOf(s.Body)
	mark := len(h.trail)
	for l := range w.locals {
		delete(h.safe, l)
	}
	h.entry(s.Body, w)
	m := &mover{hoister: h, writes: w, moved: map[string]int{}}
	m.list(s.Body)
	for _, set := range m.sets {
		out = append(out, set)
	}
	s.Body = h.list(s.Body)
	h.undo(mark)
	return append(append(out, s), after...)
}

// entry notes which objects the first round surely looks into before anything
// else can end it.
func (h *hoister) entry(list []Stmt, w *writeSet) {
	for _, s := range list {
		ends := false
		stmtExprs(s, func(p *Expr) {
			if ends = ends || !deepPure(*p); !ends {
				h.fixedReads(p, w)
			}
		})
		switch s.(type) {
		case *Set, *SetField, *SetGlobal, *SetElem:
		default:
			return
		}
		if ends {
			return
		}
	}
}

// fixedReads is reads for locals that the loop does not write.
func (h *hoister) fixedReads(p *Expr, w *writeSet) {
	if t, ok := (*p).(*Tern); ok {
		h.fixedReads(&t.Cond, w)
		return
	}
	operands(*p, func(x *Expr) { h.fixedReads(x, w) })
	if g, ok := object(*p).(*Get); ok && w.locals[g.Local] == 0 {
		h.add(g.Local)
	}
}

// maxGuard is the size up to which the test of a loop is copied.
const maxGuard = 10

// turn changes a loop that begins with a test for its end,
//
//	loop head { if end { br out }; body; br head }
//
// to one that comes to its test with the round done, so that each round has one
// branch only and what is computed before the loop is only computed when there
// is a round:
//
//	if end { br out }; loop head { body; if not end { br head } }; br out
func turn(out []Stmt, s *Loop) (before []Stmt, loop *Loop, after []Stmt) {
	n := len(s.Body)
	if n < 3 {
		return out, s, nil
	}
	guard, ok := s.Body[0].(*If)
	last, isBr := s.Body[n-1].(*Br)
	if !ok || !isBr || last.Label != s.Label || len(guard.Then) != 1 || len(guard.Else) != 0 || !deepPure(guard.Cond) {
		return out, s, nil
	}
	leave, ok := guard.Then[0].(*Br)
	if !ok || leave.Label == s.Label || exprSize(guard.Cond) > maxGuard || branchesTo(s.Body[1:n-1], s.Label) {
		return out, s, nil
	}
	cond := (&cloner{}).expr(guard.Cond)
	body := append(s.Body[1:n-1:n-1], &If{Cond: negate(cond), Then: []Stmt{last}})
	return append(out, guard), &Loop{Label: s.Label, Body: body}, []Stmt{&Br{Label: leave.Label}}
}

// branchesTo reports whether the statements hold a branch to the label.
func branchesTo(list []Stmt, l *Label) bool {
	found := false
	everyStmt(list, func(s Stmt) {
		switch s := s.(type) {
		case *Br:
			found = found || s.Label == l
		case *Switch:
			found = found || s.Default == l
			for _, t := range s.Targets {
				found = found || t == l
			}
		}
	})
	return found
}

func exprSize(e Expr) int {
	n := 1
	operands(e, func(x *Expr) { n += exprSize(*x) })
	return n
}

// mover takes out of a loop what does not change in it.
type mover struct {
	*hoister
	writes *writeSet
	moved  map[string]int // the local that holds an expression, by its text
	sets   []*Set
}

func (m *mover) list(list []Stmt) {
	if n := len(list); n > 0 {
		if _, ok := list[n-1].(*Panic); ok {
			return // seldom comes here
		}
	}
	for _, s := range list {
		stmtExprs(s, m.expr)
		bodies(s, func(b *[]Stmt) { m.list(*b) })
	}
}

func (m *mover) expr(p *Expr) {
	if m.fixed(*p) {
		if worth(*p) {
			m.move(p)
		}
		return
	}
	operands(*p, m.expr)
}

// fixed reports whether e has the same value in all rounds and may be computed
// before the first.
func (m *mover) fixed(e Expr) bool {
	switch e := e.(type) {
	case *Const, *Str:
		return true
	case *Get:
		return m.writes.locals[e.Local] == 0
	case *Un, *IsNull:
	case *Bin:
		if mayTrap(e) {
			return false
		}
	case *GetField:
		if e.Object.Parent != nil { // a case of an enum has its fields only behind the test of its tag
			return false
		}
		if at := m.places.field(e.Object, e.Index); m.writes.places[at] || m.writes.world && m.places.written.has(at) {
			return false
		}
		return m.fixedObject(e.X)
	case *ArrayLen:
		return m.fixedObject(e.X)
	default:
		return false
	}
	ok := droppable(e)
	operands(e, func(x *Expr) { ok = ok && m.fixed(*x) })
	return ok
}

// fixedObject reports whether e is a local that holds the same object all the
// time.
func (m *mover) fixedObject(e Expr) bool {
	g, ok := e.(*Get)
	return ok && m.writes.locals[g.Local] == 0 && m.safe[g.Local]
}

// worth reports whether keeping e in a local costs less than computing it in
// every round.
func worth(e Expr) bool {
	const least, most = 5, 30 // one operator of two simple operands has size 3
	size := exprSize(e)
	return (size >= least || !loadFree(e)) && size <= most
}

// move replaces an expression by a local that is set before the loop.
func (m *mover) move(p *Expr) {
	key := keyOf(*p)
	l, ok := m.moved[key]
	k := (*p).Kind()
	if !ok {
		l = m.f.newLocal(k)
		m.moved[key] = l
		m.sets = append(m.sets, &Set{Local: l, X: *p})
	}
	*p = &Get{Local: l, K: k}
}

// keyOf is the same for equal expressions of those that fixed accepts.
func keyOf(e Expr) string {
	var b strings.Builder
	var write func(*Expr)
	write = func(p *Expr) {
		switch e := (*p).(type) {
		case *Const:
			fmt.Fprintf(&b, "c%d:%d ", e.K, e.Bits)
		case *Str:
			fmt.Fprintf(&b, "s%q ", e.Text)
		case *Get:
			fmt.Fprintf(&b, "g%d ", e.Local)
		case *Un:
			fmt.Fprintf(&b, "u%d ", e.Op)
		case *Bin:
			fmt.Fprintf(&b, "b%d ", e.Op)
		case *GetField:
			fmt.Fprintf(&b, "f%d.%d ", e.Object.ID, e.Index)
		default:
			fmt.Fprintf(&b, "%T ", e)
		}
		operands(*p, write)
	}
	write(&e)
	return b.String()
}
