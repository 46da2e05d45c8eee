package ir

// dropUnreached removes the functions, globals, imports and object types that
// nothing reached from the exports and the start function needs, and gives the
// rest new numbers in the same order.
func dropUnreached(m *Module) {
	// Sets of globals that nothing reads keep what they are set to, so they go
	// first; and only what is reached reads.
	dropUnreadGlobals(m, reached(m))
	r := reached(m)
	m.Funcs = keep(m.Funcs, r.funcs)
	for i, f := range m.Funcs {
		f.ID = i
	}
	m.Globals = keep(m.Globals, r.globals)
	for i, g := range m.Globals {
		g.ID = i
	}
	m.Imports = keep(m.Imports, r.imports)
	for i, imp := range m.Imports {
		imp.ID = i
	}
	m.Objects = keep(m.Objects, r.objects)
	for i, o := range m.Objects {
		o.ID = i
	}
}

func keep[T comparable](list []T, used map[T]bool) []T {
	var kept []T
	for _, x := range list {
		if used[x] {
			kept = append(kept, x)
		}
	}
	return kept
}

type reach struct {
	funcs   map[*Func]bool
	globals map[*Global]bool
	read    map[*Global]bool
	imports map[*Import]bool
	objects map[*Object]bool
	text    bool // arrays of bytes are needed
	work    []*Func
}

func (r *reach) function(f *Func) {
	if !r.funcs[f] {
		r.funcs[f] = true
		r.work = append(r.work, f)
	}
}

func (r *reach) object(o *Object) {
	for ; o != nil && !r.objects[o]; o = o.Parent {
		r.objects[o] = true
	}
}

func (r *reach) anyImportBytes() bool {
	for imp := range r.imports {
		for _, p := range imp.Params {
			if p == HostBytes {
				return true
			}
		}
	}
	return false
}

func (r *reach) body(list []Stmt) {
	everyExpr(list, func(e Expr) {
		if q, ok := e.(*Seq); ok {
			r.stmts(q.Stmts)
		}
		switch e := e.(type) {
		case *Str:
			r.text = true
		case *GetGlobal:
			r.globals[e.Global], r.read[e.Global] = true, true
		case *Call:
			r.function(e.Func)
		case *FuncIndex:
			r.function(e.Func)
		case *CallHost:
			r.imports[e.Import] = true
		case *New:
			r.object(e.Object)
		case *NewArray:
			r.object(e.Object)
		case *GetField:
			r.object(e.Object)
		case *GetElem:
			r.object(e.Object)
		case *RawBytes:
			r.object(e.Object)
		}
	})
	r.stmts(list)
}

func (r *reach) stmts(list []Stmt) {
	everyStmt(list, func(s Stmt) {
		switch s := s.(type) {
		case *Panic:
			r.text = true
		case *SetGlobal:
			r.globals[s.Global] = true
		case *SetField:
			r.object(s.Object)
		case *SetElem:
			r.object(s.Object)
		case *CopyElems:
			r.object(s.Object)
		case *FillElems:
			r.object(s.Object)
		}
	})
}

// reached finds what the exports and the start function need.
func reached(m *Module) *reach {
	r := &reach{
		funcs: map[*Func]bool{}, globals: map[*Global]bool{}, read: map[*Global]bool{},
		imports: map[*Import]bool{}, objects: map[*Object]bool{},
	}
	for _, e := range m.Exports {
		r.function(e.Func)
		for _, p := range e.Params {
			r.text = r.text || p.ABI.Kind() == Ref
		}
		r.text = r.text || e.Result.Kind() == Ref
	}
	if m.Start != nil && len(m.Start.Body) == 0 {
		m.Start = nil
	}
	if m.Start != nil {
		r.function(m.Start)
	}
	for len(r.work) > 0 {
		f := r.work[len(r.work)-1]
		r.work = r.work[:len(r.work)-1]
		r.body(f.Body)
	}
	for _, rec := range m.Records {
		r.object(rec.Object)
	}
	if b := m.BytesObject(); b != nil && (r.text || r.anyImportBytes()) {
		r.object(b)
	}
	return r
}

// dropUnreadGlobals removes the sets of globals that no reached function reads.
func dropUnreadGlobals(m *Module, r *reach) {
	for _, f := range m.Funcs {
		if r.funcs[f] {
			f.Body = withoutSets(f.Body, r.read)
		}
	}
}

func withoutSets(list []Stmt, read map[*Global]bool) []Stmt {
	out := list[:0]
	for _, s := range list {
		bodies(s, func(b *[]Stmt) { *b = withoutSets(*b, read) })
		if g, ok := s.(*SetGlobal); ok && !read[g.Global] {
			if deepPure(g.X) {
				continue
			}
			s = &Do{X: g.X}
		}
		out = append(out, s)
	}
	return out
}
