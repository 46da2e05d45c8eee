package ir

// Terminates reports whether no path reaches the end of body: each ends in a
// return, a trap, a branch outwards or a loop without end. Only the structure
// counts, conditions are not evaluated.
func Terminates(body []Stmt) bool {
	return !(&flow{reached: map[*Label]bool{}}).stmts(body)
}

// flow finds which ends are reached. A label enters reached when a branch to it
// is.
type flow struct{ reached map[*Label]bool }

// stmts reports whether the end of the list is reached from its beginning.
func (f *flow) stmts(list []Stmt) bool {
	for _, s := range list {
		if !f.stmt(s) {
			return false
		}
	}
	return true
}

func (f *flow) stmt(s Stmt) bool {
	through := true
	stmtExprs(s, func(e *Expr) { through = through && f.expr(*e) })
	if !through {
		return false
	}
	switch s := s.(type) {
	case *If:
		then := f.stmts(s.Then)
		return f.stmts(s.Else) || then
	case *Block:
		end := f.stmts(s.Body)
		return end || f.reached[s.Label]
	case *Loop:
		return f.stmts(s.Body)
	case *Br:
		f.reached[s.Label] = true
		return false
	case *Switch:
		for _, l := range s.Targets {
			f.reached[l] = true
		}
		f.reached[s.Default] = true
		return false
	case *Return, *Panic, *Unreachable:
		return false
	}
	return true
}

// expr reports whether the evaluation of e can end.
func (f *flow) expr(e Expr) bool {
	switch e := e.(type) {
	case *Const, *Get, *Str:
		return true
	case *Seq:
		return f.stmts(e.Stmts) && f.expr(e.X)
	case *Tern:
		if !f.expr(e.Cond) {
			return false
		}
		a := f.expr(e.A)
		return f.expr(e.B) || a
	}
	through := true
	operands(e, func(x *Expr) { through = through && f.expr(*x) })
	return through
}
