package lower

import "github.com/univrs/vudo/dol/internal/typed"

// capturedVars returns the variables of a function that a closure in it uses and
// that are written: they live in cells.
func capturedVars(body typed.Expr) map[*typed.Var]bool {
	c := &captures{shared: map[*typed.Var]bool{}, home: map[*typed.Var]int{}, late: map[*typed.Var]bool{}}
	c.expr(body)
	return c.shared
}

// captures walks a function and notes, for each variable, the lambda that
// declares it.
type captures struct {
	depth  int
	home   map[*typed.Var]int  // nesting of lambdas at the declaration
	late   map[*typed.Var]bool // assigned after the declaration, maybe after the capture
	shared map[*typed.Var]bool
}

func (c *captures) expr(e typed.Expr) {
	walk(e, walker{
		declare: func(v *typed.Var) { c.home[v] = c.depth },
		late:    func(v *typed.Var) { c.late[v] = true },
		use: func(v *typed.Var) {
			if (v.Mutable || c.late[v]) && c.home[v] < c.depth { // parameters of the function are at 0
				c.shared[v] = true
			}
		},
		lambda: func(f *typed.Lambda) {
			c.depth++
			for _, p := range f.Params {
				c.home[p] = c.depth
			}
			c.expr(f.Body)
			c.depth--
		},
	})
}

// freeVars returns the variables that a lambda uses and does not declare, in the
// order of their first use.
func freeVars(f *typed.Lambda) []*typed.Var {
	own, seen := map[*typed.Var]bool{}, map[*typed.Var]bool{}
	var used []*typed.Var
	var w walker
	w = walker{
		declare: func(v *typed.Var) { own[v] = true },
		late:    func(*typed.Var) {},
		use: func(v *typed.Var) {
			if !seen[v] {
				seen[v] = true
				used = append(used, v)
			}
		},
		lambda: func(g *typed.Lambda) {
			for _, p := range g.Params {
				own[p] = true
			}
			walk(g.Body, w)
		},
	}
	w.lambda(f)
	free := used[:0]
	for _, v := range used {
		if !own[v] {
			free = append(free, v)
		}
	}
	return free
}

// walker is told of the variables of an expression in the order of the text. It
// is not led into lambdas.
type walker struct {
	declare, use func(*typed.Var)
	late         func(*typed.Var) // declared without a value
	lambda       func(*typed.Lambda)
}

func walk(e typed.Expr, w walker) {
	all := func(es []typed.Expr) {
		for _, e := range es {
			walk(e, w)
		}
	}
	switch e := e.(type) {
	case nil:
	case *typed.Local:
		w.use(e.Var)
	case *typed.Lambda:
		w.lambda(e)
	case *typed.Unary:
		walk(e.X, w)
	case *typed.Binary:
		walk(e.X, w)
		walk(e.Y, w)
	case *typed.Convert:
		walk(e.X, w)
	case *typed.Concat:
		all(e.Parts)
	case *typed.ToString:
		walk(e.X, w)
	case *typed.Call:
		all(e.Args)
	case *typed.TraitCall:
		all(e.Args)
	case *typed.CallValue:
		walk(e.Fun, w)
		all(e.Args)
	case *typed.New:
		all(e.Fields)
	case *typed.NewVariant:
		all(e.Fields)
	case *typed.NewTuple:
		all(e.Elems)
	case *typed.NewList:
		all(e.Elems)
	case *typed.GetField:
		walk(e.X, w)
	case *typed.GetElem:
		walk(e.X, w)
	case *typed.GetIndex:
		walk(e.X, w)
		walk(e.I, w)
	case *typed.If:
		walk(e.Cond, w)
		walk(e.Then, w)
		walk(e.Else, w)
	case *typed.Match:
		walk(e.X, w)
		for _, a := range e.Arms {
			walkPattern(a.Pattern, w)
			walk(a.Guard, w)
			walk(a.Body, w)
		}
	case *typed.Block:
		walkStmts(e.Stmts, w)
		walk(e.Value, w)
	case *typed.Loop:
		walk(e.Body, w)
		walkStmts(e.Step, w)
	case *typed.ForRange:
		walk(e.Lo, w)
		walk(e.Hi, w)
		w.declare(e.Var)
		walk(e.Body, w)
	case *typed.ForVec:
		walk(e.X, w)
		walkPattern(e.Pattern, w)
		walk(e.Body, w)
	case *typed.Break:
		walk(e.Value, w)
	case *typed.Return:
		walk(e.Value, w)
	case *typed.Panic:
		walk(e.Msg, w)
	}
}

func walkStmts(list []typed.Stmt, w walker) {
	for _, s := range list {
		switch s := s.(type) {
		case *typed.Let:
			walk(s.Value, w)
			walkPattern(s.Pattern, w)
			if v, ok := s.Pattern.(*typed.BindPat); ok && s.Value == nil {
				w.late(v.Var)
			}
		case *typed.Assign:
			walk(s.Place, w)
			walk(s.Value, w)
		case *typed.Do:
			walk(s.X, w)
		}
	}
}

func walkPattern(p typed.Pattern, w walker) {
	for _, v := range patternVars(p) {
		w.declare(v)
	}
}

// patternVars returns the variables of a pattern.
func patternVars(p typed.Pattern) []*typed.Var {
	var vs []*typed.Var
	var add func(p typed.Pattern)
	add = func(p typed.Pattern) {
		switch p := p.(type) {
		case *typed.BindPat:
			vs = append(vs, p.Var)
			if p.Sub != nil {
				add(p.Sub)
			}
		case *typed.VariantPat:
			for _, q := range p.Fields {
				add(q)
			}
		case *typed.TuplePat:
			for _, q := range p.Elems {
				add(q)
			}
		case *typed.RecordPat:
			for _, q := range p.Fields {
				add(q)
			}
		case *typed.OrPat:
			add(p.Alts[0]) // the others bind the same
		}
	}
	add(p)
	return vs
}
