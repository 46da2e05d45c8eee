package ir

// operands calls f with the place of each operand of e, in the order of
// evaluation. The statements of a Seq are not operands.
func operands(e Expr, f func(*Expr)) {
	switch e := e.(type) {
	case *Un:
		f(&e.X)
	case *Bin:
		f(&e.X)
		f(&e.Y)
	case *Call:
		each(e.Args, f)
	case *CallRef:
		f(&e.Closure)
		each(e.Args, f)
	case *CallHost:
		each(e.Args, f)
	case *New:
		each(e.Fields, f)
	case *NewArray:
		f(&e.Len)
	case *GetField:
		f(&e.X)
	case *GetElem:
		f(&e.X)
		f(&e.I)
	case *ArrayLen:
		f(&e.X)
	case *IsNull:
		f(&e.X)
	case *Same:
		f(&e.X)
		f(&e.Y)
	case *Tern:
		f(&e.Cond)
		f(&e.A)
		f(&e.B)
	case *Seq:
		f(&e.X)
	case *RawLoad:
		f(&e.Addr)
	case *RawBytes:
		f(&e.Addr)
		f(&e.N)
	}
}

func each(list []Expr, f func(*Expr)) {
	for i := range list {
		f(&list[i])
	}
}

// stmtExprs calls f with the place of each expression of s itself, in the order
// of evaluation; nested statements are not visited.
func stmtExprs(s Stmt, f func(*Expr)) {
	switch s := s.(type) {
	case *Set:
		f(&s.X)
	case *SetGlobal:
		f(&s.X)
	case *SetField:
		f(&s.X)
		f(&s.Value)
	case *SetElem:
		f(&s.X)
		f(&s.I)
		f(&s.Value)
	case *CopyElems:
		f(&s.To)
		f(&s.At)
		f(&s.From)
		f(&s.Start)
		f(&s.N)
	case *FillElems:
		f(&s.X)
		f(&s.At)
		f(&s.Value)
		f(&s.N)
	case *Do:
		f(&s.X)
	case *If:
		f(&s.Cond)
	case *Switch:
		f(&s.X)
	case *Return:
		if s.X != nil {
			f(&s.X)
		}
	case *Panic:
		f(&s.Msg)
	}
}

// bodies calls f with the place of each list of statements inside s.
func bodies(s Stmt, f func(*[]Stmt)) {
	switch s := s.(type) {
	case *If:
		f(&s.Then)
		f(&s.Else)
	case *Block:
		f(&s.Body)
	case *Loop:
		f(&s.Body)
	}
}
