package ir

// cloner copies bodies. Nothing of a copy is shared with the original but what
// belongs to the module: passes may change the nodes of a copy in place.
type cloner struct {
	labels map[*Label]*Label
	shift  int // added to the number of each local

	// ret makes the statements that stand for a Return; nil copies it.
	ret func(x Expr) []Stmt
}

func (c *cloner) stmts(list []Stmt) []Stmt {
	if len(list) == 0 {
		return nil
	}
	out := make([]Stmt, 0, len(list))
	for _, s := range list {
		if r, ok := s.(*Return); ok && c.ret != nil {
			var x Expr
			if r.X != nil {
				x = c.expr(r.X)
			}
			out = append(out, c.ret(x)...)
			continue
		}
		out = append(out, c.stmt(s))
	}
	return out
}

func (c *cloner) label(l *Label) *Label {
	n := c.labels[l]
	if n == nil {
		n = &Label{Name: l.Name}
		c.labels[l] = n
	}
	return n
}

func (c *cloner) stmt(s Stmt) Stmt {
	switch s := s.(type) {
	case *Set:
		return &Set{Local: s.Local + c.shift, X: c.expr(s.X)}
	case *SetGlobal:
		return &SetGlobal{Global: s.Global, X: c.expr(s.X)}
	case *SetField:
		return &SetField{Object: s.Object, Index: s.Index, X: c.expr(s.X), Value: c.expr(s.Value)}
	case *SetElem:
		return &SetElem{Object: s.Object, X: c.expr(s.X), I: c.expr(s.I), Value: c.expr(s.Value)}
	case *CopyElems:
		return &CopyElems{s.Object, c.expr(s.To), c.expr(s.At), c.expr(s.From), c.expr(s.Start), c.expr(s.N)}
	case *FillElems:
		return &FillElems{Object: s.Object, X: c.expr(s.X), At: c.expr(s.At), Value: c.expr(s.Value), N: c.expr(s.N)}
	case *Do:
		return &Do{X: c.expr(s.X)}
	case *If:
		return &If{Cond: c.expr(s.Cond), Then: c.stmts(s.Then), Else: c.stmts(s.Else)}
	case *Block:
		return &Block{Label: c.label(s.Label), Body: c.stmts(s.Body)}
	case *Loop:
		return &Loop{Label: c.label(s.Label), Body: c.stmts(s.Body)}
	case *Br:
		return &Br{Label: c.label(s.Label)}
	case *Switch:
		n := &Switch{X: c.expr(s.X), Default: c.label(s.Default)}
		for _, l := range s.Targets {
			n.Targets = append(n.Targets, c.label(l))
		}
		return n
	case *Return:
		if s.X == nil {
			return &Return{}
		}
		return &Return{X: c.expr(s.X)}
	case *Panic:
		return &Panic{Msg: c.expr(s.Msg), Pos: s.Pos}
	case *Unreachable:
		return &Unreachable{}
	}
	panic("ir: a statement that Verify lets not pass")
}

func (c *cloner) exprs(list []Expr) []Expr {
	out := make([]Expr, len(list))
	for i, e := range list {
		out[i] = c.expr(e)
	}
	return out
}

func (c *cloner) expr(e Expr) Expr {
	switch e := e.(type) {
	case *Const:
		return &Const{K: e.K, Bits: Num(e.K, e.Bits).Bits}
	case *Str:
		return &Str{Text: e.Text}
	case *Get:
		return &Get{Local: e.Local + c.shift, K: e.K}
	case *GetGlobal:
		return &GetGlobal{Global: e.Global}
	case *Un:
		return &Un{Op: e.Op, X: c.expr(e.X), Pos: e.Pos}
	case *Bin:
		return &Bin{Op: e.Op, X: c.expr(e.X), Y: c.expr(e.Y), Pos: e.Pos}
	case *Call:
		return &Call{Func: e.Func, Args: c.exprs(e.Args), Pos: e.Pos}
	case *CallRef:
		return &CallRef{Sig: e.Sig, Closure: c.expr(e.Closure), Args: c.exprs(e.Args), Pos: e.Pos}
	case *CallHost:
		return &CallHost{Import: e.Import, Args: c.exprs(e.Args), Pos: e.Pos}
	case *New:
		return &New{Object: e.Object, Fields: c.exprs(e.Fields), Pos: e.Pos}
	case *NewArray:
		return &NewArray{Object: e.Object, Len: c.expr(e.Len), Pos: e.Pos}
	case *GetField:
		return &GetField{Object: e.Object, Index: e.Index, X: c.expr(e.X)}
	case *GetElem:
		return &GetElem{Object: e.Object, X: c.expr(e.X), I: c.expr(e.I)}
	case *ArrayLen:
		return &ArrayLen{X: c.expr(e.X)}
	case *FuncIndex:
		return &FuncIndex{Func: e.Func}
	case *IsNull:
		return &IsNull{X: c.expr(e.X)}
	case *Same:
		return &Same{X: c.expr(e.X), Y: c.expr(e.Y)}
	case *Tern:
		return &Tern{Cond: c.expr(e.Cond), A: c.expr(e.A), B: c.expr(e.B)}
	case *Seq:
		keep := c.ret
		c.ret = nil // a Return inside an expression leaves the function
		list := c.stmts(e.Stmts)
		c.ret = keep
		return &Seq{Stmts: list, X: c.expr(e.X)}
	case *RawLoad:
		return &RawLoad{Size: e.Size, Addr: c.expr(e.Addr)}
	case *RawBytes:
		return &RawBytes{Object: e.Object, Addr: c.expr(e.Addr), N: c.expr(e.N), Pos: e.Pos}
	}
	panic("ir: an expression that Verify lets not pass")
}
