package ir

// removeDead drops from a flat body the sets of locals that are never read, what
// was computed for them, branches to where control goes anyway, and the locals
// that then have no use.
func removeDead(f *Func) {
	d := &dead{f: f, reads: make([]int, len(f.Locals)), over: map[int]bool{}}
	everyExpr(f.Body, func(e Expr) {
		if g, ok := e.(*Get); ok {
			d.reads[g.Local]++
		}
	})
	f.Body = d.list(f.Body)
	d.renumber()
}

type dead struct {
	f     *Func
	reads []int
	// over has the locals that are set again, or go out of use, before anything
	// can read what they hold; with all, every local is, but those in over.
	over map[int]bool
	all  bool
}

// isOver reports whether what a local holds cannot be read.
func (d *dead) isOver(l int) bool { return d.over[l] != d.all }

func (d *dead) mark(l int, over bool) {
	if over != d.all {
		d.over[l] = true
	} else {
		delete(d.over, l)
	}
}

// reset forgets what is over: nothing, or with all everything.
func (d *dead) reset(all bool) {
	d.all = all
	clear(d.over)
}

// live notes what an expression reads.
func (d *dead) live(e Expr) {
	if g, ok := e.(*Get); ok {
		d.mark(g.Local, false)
	}
	operands(e, func(x *Expr) { d.live(*x) })
	if s, ok := e.(*Seq); ok {
		for _, set := range s.Stmts {
			d.live(set.(*Set).X)
		}
	}
}

// list works from the end, so that what a dropped statement read is dropped in
// the same pass.
func (d *dead) list(in []Stmt) []Stmt {
	kept := make([]Stmt, 0, len(in))
	d.reset(false)
	for i := len(in) - 1; i >= 0; i-- {
		s := in[i]
		if set, ok := s.(*Set); ok && d.isOver(set.Local) && d.reads[set.Local] > 0 {
			s = &Do{X: set.X}
		}
		from := len(kept)
		kept = d.stmt(s, kept)
		for _, s := range kept[from:] {
			d.passed(s)
		}
	}
	d.reset(false)
	for i, j := 0, len(kept)-1; i < j; i, j = i+1, j-1 {
		kept[i], kept[j] = kept[j], kept[i]
	}
	return kept
}

// passed notes what a statement does to what is over before it.
func (d *dead) passed(s Stmt) {
	switch s := s.(type) {
	case *If, *Block, *Loop, *Br, *Switch:
		d.reset(false)
		return
	case *Return, *Panic, *Unreachable:
		d.reset(true)
	case *Set:
		d.mark(s.Local, true)
	}
	stmtExprs(s, func(e *Expr) { d.live(*e) })
}

// stmt adds what remains of s to a list in reverse order.
func (d *dead) stmt(s Stmt, kept []Stmt) []Stmt {
	switch s := s.(type) {
	case *Set:
		if d.reads[s.Local] == 0 {
			return d.effects(s.X, kept)
		}
		d.expr(&s.X)
	case *Do:
		if droppable(s.X) {
			return d.effects(s.X, kept)
		}
		d.expr(&s.X)
	case *If:
		s.Else = d.list(s.Else)
		s.Then = d.list(s.Then)
		switch {
		case len(s.Then) == 0 && len(s.Else) == 0:
			return d.effects(s.Cond, kept)
		case len(s.Then) == 0:
			s.Cond, s.Then, s.Else = negate(s.Cond), s.Else, nil
		}
		d.expr(&s.Cond)
	case *Block:
		s.Body = d.list(withoutTail(s.Body, s.Label))
		if len(s.Body) == 0 {
			return kept
		}
	case *Loop:
		s.Body = d.list(s.Body)
	default:
		stmtExprs(s, d.expr)
	}
	return append(kept, s)
}

// expr collapses a local of a Seq whose only read is the value of the Seq.
func (d *dead) expr(p *Expr) {
	if s, ok := (*p).(*Seq); ok && len(s.Stmts) == 1 {
		set := s.Stmts[0].(*Set)
		g, isGet := s.X.(*Get)
		if isGet && g.Local == set.Local && d.reads[g.Local] == 1 {
			d.reads[g.Local] = 0
			*p = set.X
			d.expr(p)
			return
		}
		d.expr(&set.X)
	}
	operands(*p, d.expr)
}

// withoutTail drops branches at the end of a block to that end.
func withoutTail(list []Stmt, l *Label) []Stmt {
	if len(list) == 0 {
		return list
	}
	switch s := list[len(list)-1].(type) {
	case *Br:
		if s.Label == l {
			return withoutTail(list[:len(list)-1], l)
		}
	case *If:
		s.Then, s.Else = withoutTail(s.Then, l), withoutTail(s.Else, l)
	}
	return list
}

// effects adds, in reverse order, statements for what evaluating e does besides
// giving a value.
func (d *dead) effects(e Expr, kept []Stmt) []Stmt {
	switch x := e.(type) {
	case *Const, *Str, *GetGlobal, *FuncIndex:
		return kept
	case *Get:
		d.reads[x.Local]--
		return kept
	case *Tern:
		if !deepPure(x.A) || !deepPure(x.B) {
			d.expr(&e)
			return append(kept, &Do{X: e})
		}
		d.forget(x.A)
		d.forget(x.B)
		return d.effects(x.Cond, kept)
	case *Seq:
		d.expr(&e)
		return append(kept, &Do{X: e})
	}
	if !droppable(e) {
		d.expr(&e)
		return append(kept, &Do{X: e})
	}
	var places []*Expr
	operands(e, func(p *Expr) { places = append(places, p) })
	for i := len(places) - 1; i >= 0; i-- {
		kept = d.effects(*places[i], kept)
	}
	return kept
}

// forget takes back the reads of an expression that is dropped.
func (d *dead) forget(e Expr) {
	if g, ok := e.(*Get); ok {
		d.reads[g.Local]--
	}
	operands(e, func(p *Expr) { d.forget(*p) })
}

// droppable reports whether e itself, its operands aside, only gives a value.
func droppable(e Expr) bool {
	switch e := e.(type) {
	case *Un:
		return !MayTrap(e.Op)
	case *Bin:
		return !mayTrap(e)
	case *NewArray:
		c, ok := e.Len.(*Const)
		return ok && c.Bits < 1<<16
	case *Const, *Str, *Get, *GetGlobal, *GetField, *GetElem, *ArrayLen, *FuncIndex, *IsNull, *Same, *New, *Tern:
		return true
	}
	return false
}

// deepPure reports whether evaluating e only gives a value.
func deepPure(e Expr) bool {
	ok := droppable(e)
	operands(e, func(p *Expr) { ok = ok && deepPure(*p) })
	return ok
}

// renumber drops the locals that nothing names, but parameters.
func (d *dead) renumber() {
	used := make([]bool, len(d.f.Locals))
	everyExpr(d.f.Body, func(e Expr) {
		switch e := e.(type) {
		case *Get:
			used[e.Local] = true
		case *Seq:
			for _, s := range e.Stmts {
				used[s.(*Set).Local] = true
			}
		}
	})
	everyStmt(d.f.Body, func(s Stmt) {
		if s, ok := s.(*Set); ok {
			used[s.Local] = true
		}
	})
	to, locals := make([]int, len(used)), []Local(nil)
	for i, l := range d.f.Locals {
		to[i] = len(locals)
		if used[i] || i < d.f.NumParams {
			locals = append(locals, l)
		}
	}
	if len(locals) == len(used) {
		return
	}
	d.f.Locals = locals
	everyExpr(d.f.Body, func(e Expr) {
		switch e := e.(type) {
		case *Get:
			e.Local = to[e.Local]
		case *Seq:
			for _, s := range e.Stmts {
				set := s.(*Set)
				set.Local = to[set.Local]
			}
		}
	})
	everyStmt(d.f.Body, func(s Stmt) {
		if s, ok := s.(*Set); ok {
			s.Local = to[s.Local]
		}
	})
}
