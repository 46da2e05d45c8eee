package ir

// readBeforeSet returns the locals of f, parameters aside, that some path may
// read before it sets them: they need the zero that locals begin as.
func readBeforeSet(f *Func) []bool {
	a := &assigned{set: make([]bool, len(f.Locals)), early: make([]bool, len(f.Locals)), ends: map[*Label]*meeting{}}
	for i := range f.NumParams {
		a.set[i] = true
	}
	a.list(f.Body)
	return a.early
}

type assigned struct {
	set   []bool // on all paths that come here
	trail []int  // what was added to set
	early []bool
	ends  map[*Label]*meeting
}

// meeting is the end of a block: how many paths come there, and how many of them
// have set each local since its beginning.
type meeting struct {
	mark  int
	paths int
	set   map[int]int
	wide  bool // too many to count: none is set
}

// branch notes that a path comes to the end of a block.
func (a *assigned) branch(l *Label) {
	m := a.ends[l]
	if m == nil || m.wide {
		return
	}
	m.paths++
	if m.wide = len(a.trail)-m.mark > maxChanges; !m.wide {
		for _, l := range a.trail[m.mark:] {
			m.set[l]++
		}
	}
}

// undo returns what was added since mark, and takes it back.
func (a *assigned) undo(mark int) []int {
	added := append([]int(nil), a.trail[mark:]...)
	for _, l := range added {
		a.set[l] = false
	}
	a.trail = a.trail[:mark]
	return added
}

func (a *assigned) add(l int) {
	if !a.set[l] {
		a.set[l] = true
		a.trail = append(a.trail, l)
	}
}

// list reports whether the end of the list is reached.
func (a *assigned) list(list []Stmt) bool {
	for _, s := range list {
		if !a.stmt(s) {
			return false
		}
	}
	return true
}

func (a *assigned) expr(p *Expr) {
	switch e := (*p).(type) {
	case *Get:
		if !a.set[e.Local] {
			a.early[e.Local] = true
		}
	case *Seq:
		a.list(e.Stmts)
	}
	operands(*p, a.expr)
}

func (a *assigned) stmt(s Stmt) bool {
	stmtExprs(s, a.expr)
	switch s := s.(type) {
	case *Set:
		a.add(s.Local)
	case *If:
		mark := len(a.trail)
		thenEnds := a.list(s.Then)
		then := a.undo(mark)
		elseEnds := a.list(s.Else)
		switch {
		case !thenEnds:
			return elseEnds
		case !elseEnds:
			a.undo(mark)
			for _, l := range then {
				a.add(l)
			}
		default:
			other := a.undo(mark)
			both := map[int]bool{}
			for _, l := range then {
				both[l] = true
			}
			for _, l := range other {
				if both[l] {
					a.add(l)
				}
			}
		}
	case *Block:
		m := &meeting{mark: len(a.trail), set: map[int]int{}}
		a.ends[s.Label] = m
		ends := a.list(s.Body)
		if m.paths == 0 && !m.wide {
			return ends
		}
		if ends {
			a.branch(s.Label)
		}
		a.undo(m.mark)
		if !m.wide {
			for _, l := range sorted(m.set) {
				if m.set[l] == m.paths {
					a.add(l)
				}
			}
		}
		return true
	case *Loop:
		return a.list(s.Body)
	case *Br:
		a.branch(s.Label)
		return false
	case *Switch:
		for _, l := range s.Targets {
			a.branch(l)
		}
		a.branch(s.Default)
		return false
	case *Return, *Panic, *Unreachable:
		return false
	}
	return true
}
