package ir

// stmts compiles a list of statements.
func (c *compiler) stmts(list []Stmt) []exec {
	var out []exec
	for _, s := range list {
		out = append(out, c.stmt(s))
	}
	return out
}

func (c *compiler) stmt(s Stmt) exec {
	ma := c.ma
	switch s := s.(type) {
	case *Set:
		slot := c.c.slots[s.Local]
		if s.X.Kind() == Ref {
			x := c.obj(s.X)
			return func(fr *frame) signal {
				fr.refs[slot] = x(fr)
				return next
			}
		}
		x := c.num(s.X)
		return func(fr *frame) signal {
			fr.nums[slot] = x(fr)
			return next
		}
	case *SetGlobal:
		id := s.Global.ID
		if s.X.Kind() == Ref {
			x := c.obj(s.X)
			return func(fr *frame) signal {
				ma.refs[id] = x(fr)
				return next
			}
		}
		x := c.num(s.X)
		return func(fr *frame) signal {
			ma.numbers[id] = x(fr)
			return next
		}
	case *SetField:
		return c.setField(s)
	case *SetElem:
		return c.setElem(s)
	case *CopyElems:
		return c.copyElems(s)
	case *FillElems:
		return c.fillElems(s)
	case *Do:
		x := c.effect(s.X)
		return func(fr *frame) signal {
			x(fr)
			return next
		}
	case *If:
		cond, then, otherwise := c.num(s.Cond), c.stmts(s.Then), c.stmts(s.Else)
		return func(fr *frame) signal {
			if cond(fr) != 0 {
				return runAll(then, fr)
			}
			return runAll(otherwise, fr)
		}
	case *Block:
		id := c.label(s.Label)
		body := c.stmts(s.Body)
		return func(fr *frame) signal {
			if sig := runAll(body, fr); sig != id {
				return sig
			}
			return next
		}
	case *Loop:
		id, at := c.label(s.Label), c.at(Pos{})
		body := c.stmts(s.Body)
		return func(fr *frame) signal {
			for {
				ma.step(1, at)
				if sig := runAll(body, fr); sig != id {
					return sig
				}
			}
		}
	case *Br:
		id := c.labels[s.Label]
		return func(*frame) signal { return id }
	case *Switch:
		x := c.num(s.X)
		ids := make([]signal, len(s.Targets))
		for i, l := range s.Targets {
			ids[i] = c.labels[l]
		}
		other := c.labels[s.Default]
		return func(fr *frame) signal {
			if i := x(fr); i < uint64(len(ids)) {
				return ids[i]
			}
			return other
		}
	case *Return:
		return c.ret(s)
	case *Panic:
		msg, at := c.obj(s.Msg), c.at(s.Pos)
		return func(fr *frame) signal {
			o := msg(fr)
			if o == nil || !o.typ.isBytes() {
				ma.wrong(at, "a panic whose message is %v", Value{Kind: Ref, Obj: o})
			}
			ma.trap(TrapPanic, string(o.bytes), at)
			return next
		}
	case *Unreachable:
		at := c.at(Pos{})
		return func(*frame) signal {
			ma.trap(TrapUnreachable, "", at)
			return next
		}
	}
	panic("ir: a statement that Verify lets not pass")
}

// label numbers a label of the function.
func (c *compiler) label(l *Label) signal {
	id := firstLabel + signal(len(c.labels))
	c.labels[l] = id
	return id
}

// ret compiles a Return. Inside an expression it unwinds to the function.
func (c *compiler) ret(s *Return) exec {
	leave := func(*frame) signal { return returned }
	if c.inExpr > 0 {
		c.c.escapes = true
		leave = func(fr *frame) signal { panic(escape{fr}) }
	}
	switch {
	case s.X == nil:
		return leave
	case s.X.Kind() == Ref:
		x := c.obj(s.X)
		return func(fr *frame) signal {
			fr.ref = x(fr)
			return leave(fr)
		}
	}
	x := c.num(s.X)
	return func(fr *frame) signal {
		fr.num = x(fr)
		return leave(fr)
	}
}

func (c *compiler) setField(s *SetField) exec {
	x, i, check := c.obj(s.X), s.Index, c.isStruct(s.Object)
	store := s.Object.Fields[i].Storage
	if store == StoreRef {
		value := c.obj(s.Value)
		return func(fr *frame) signal {
			o := x(fr)
			v := value(fr)
			check(o).refs[i] = v
			return next
		}
	}
	value := c.num(s.Value)
	return func(fr *frame) signal {
		o := x(fr)
		v := value(fr)
		check(o).nums[i] = store.narrow(v)
		return next
	}
}

// setElem checks the place last, as generated code reaches it last.
func (c *compiler) setElem(s *SetElem) exec {
	ma, at := c.ma, c.at(Pos{})
	x, i, check, store := c.obj(s.X), c.num(s.I), c.isArray(s.Object), s.Object.Elem
	place := func(o *Obj, i uint64) int {
		if n := check(o).Len(); i >= uint64(n) {
			ma.wrong(at, "set of element %d of %d", i, n)
		}
		return int(i)
	}
	if store == StoreRef {
		value := c.obj(s.Value)
		return func(fr *frame) signal {
			o := x(fr)
			i := i(fr)
			v := value(fr)
			o.refs[place(o, i)] = v
			return next
		}
	}
	value := c.num(s.Value)
	return func(fr *frame) signal {
		o := x(fr)
		i := i(fr)
		v := value(fr)
		o.setNum(store, place(o, i), v)
		return next
	}
}

func (c *compiler) copyElems(s *CopyElems) exec {
	to, at, from, start, n := c.obj(s.To), c.num(s.At), c.obj(s.From), c.num(s.Start), c.num(s.N)
	check := c.rangeOf(s.Object)
	ma, here := c.ma, c.at(Pos{})
	return func(fr *frame) signal {
		dst := to(fr)
		at := at(fr)
		src := from(fr)
		start := start(fr)
		n := n(fr)
		check(dst, at, n)
		check(src, start, n)
		ma.step(int64(n)/64, here)
		switch {
		case dst.typ.Elem == StoreRef:
			copy(dst.refs[at:at+n], src.refs[start:])
		case dst.typ.Elem.Size() == 1:
			copy(dst.bytes[at:at+n], src.bytes[start:])
		default:
			copy(dst.nums[at:at+n], src.nums[start:])
		}
		return next
	}
}

func (c *compiler) fillElems(s *FillElems) exec {
	x, at, n, check := c.obj(s.X), c.num(s.At), c.num(s.N), c.rangeOf(s.Object)
	ma, here, store := c.ma, c.at(Pos{}), s.Object.Elem
	if store == StoreRef {
		value := c.obj(s.Value)
		return func(fr *frame) signal {
			o := x(fr)
			at := at(fr)
			v := value(fr)
			n := n(fr)
			check(o, at, n)
			ma.step(int64(n)/64, here)
			for i := range n {
				o.refs[at+i] = v
			}
			return next
		}
	}
	value := c.num(s.Value)
	return func(fr *frame) signal {
		o := x(fr)
		at := at(fr)
		v := value(fr)
		n := n(fr)
		check(o, at, n)
		ma.step(int64(n)/64, here)
		for i := range n {
			o.setNum(store, int(at+i), v)
		}
		return next
	}
}

// rangeOf returns a check that n elements at a place lie within an array.
func (c *compiler) rangeOf(t *Object) func(o *Obj, at, n uint64) {
	ma, here, check := c.ma, c.at(Pos{}), c.isArray(t)
	return func(o *Obj, at, n uint64) {
		if size := check(o).Len(); at+n > uint64(size) {
			ma.wrong(here, "elements %d and %d more of %d", at, n, size)
		}
	}
}
