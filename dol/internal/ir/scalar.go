package ir

import "github.com/univrs/vudo/internal/wasm"

// scalars replaces objects that never leave a function by locals for their
// fields: tuples, Options and Results on their way to a match, closures whose
// calls were inlined, cells. It reports whether there were any.
//
// A local qualifies when all that is ever done with it is to read and write
// fields and to copy it to another such local, and all that it is set to are new
// objects, objects of constants and other such locals.
func scalars(f *Func, x *context) bool {
	s := &scalar{f: f, context: x, locals: map[field2]int{}}
	for i := range f.Locals {
		s.webs = append(s.webs, &web{next: i, bad: i < f.NumParams || f.Locals[i].Kind != Ref})
	}
	for i, early := range readBeforeSet(f) {
		s.webs[i].bad = s.webs[i].bad || early
	}
	s.collect(f.Body)
	if !s.any() {
		return false
	}
	f.Body = s.list(f.Body)
	return true
}

type scalar struct {
	*context
	f      *Func
	webs   []*web // by local; a web is that of its root
	locals map[field2]int
}

// field2 is a field of the object that a local holds.
type field2 struct{ local, place int }

// web is a set of locals that may hold the same objects, with what is done to
// them.
type web struct {
	next   int // the root of the web, or a local nearer to it
	bad    bool
	made   bool // holds a new object
	static bool // holds an object of constants
	copied bool
	wrote  bool
	reads  map[int]bool // places
}

func (s *scalar) root(l int) int {
	for s.webs[l].next != l {
		s.webs[l].next = s.webs[s.webs[l].next].next
		l = s.webs[l].next
	}
	return l
}

func (s *scalar) web(l int) *web { return s.webs[s.root(l)] }

// join makes one web of two.
func (s *scalar) join(a, b int) {
	a, b = s.root(a), s.root(b)
	if a == b {
		s.webs[a].copied = true
		return
	}
	x, y := s.webs[a], s.webs[b]
	if len(x.reads) < len(y.reads) {
		a, x, y = b, y, x
	}
	x.bad, x.made, x.static = x.bad || y.bad, x.made || y.made, x.static || y.static
	x.copied, x.wrote = true, x.wrote || y.wrote
	for p := range y.reads {
		x.reads[p] = true
	}
	y.next, y.reads = a, nil
}

// collect finds what is done with each local.
func (s *scalar) collect(list []Stmt) {
	everyStmt(list, func(st Stmt) {
		switch st := st.(type) {
		case *Set:
			if s.f.Locals[st.Local].Kind == Ref {
				s.set(st)
				return
			}
		case *SetField:
			if g, ok := st.X.(*Get); ok {
				s.web(g.Local).wrote = true
				s.use(&st.Value)
				return
			}
		}
		stmtExprs(st, s.use)
	})
}

func (s *scalar) set(st *Set) {
	w := s.web(st.Local)
	switch x := st.X.(type) {
	case *Get:
		s.join(st.Local, x.Local)
		return
	case *New:
		w.made = true
	case *GetGlobal:
		if n := s.statics[x.Global]; n != nil && s.f != s.m.Start && s.constant(n) {
			w.static = true
			return
		}
		w.bad = true
	default:
		w.bad = true
	}
	s.use(&st.X)
}

// constant reports whether nothing writes the fields of an object of constants.
func (s *scalar) constant(n *New) bool {
	for i := range n.Fields {
		if s.places.written.has(s.places.field(n.Object, i)) {
			return false
		}
	}
	return true
}

// use notes the uses of locals in an expression.
func (s *scalar) use(p *Expr) {
	switch e := (*p).(type) {
	case *Get:
		s.web(e.Local).bad = true
		return
	case *GetField:
		if g, ok := e.X.(*Get); ok {
			w := s.web(g.Local)
			if w.reads == nil {
				w.reads = map[int]bool{}
			}
			w.reads[s.places.field(e.Object, e.Index)] = true
			return
		}
	case *IsNull:
		if _, ok := e.X.(*Get); ok {
			return
		}
	}
	operands(*p, s.use)
}

// any decides, and reports whether a web qualifies. A web that holds no new
// object gains nothing. Where fields are written, two locals must not share an
// object, and none may be that of everybody.
func (s *scalar) any() bool {
	found := false
	for i, w := range s.webs {
		if w.next != i {
			continue
		}
		w.bad = w.bad || !w.made || w.wrote && (w.copied || w.static)
		found = found || !w.bad
	}
	return found
}

func (s *scalar) good(l int) bool { return !s.web(l).bad }

// local returns the local for a field.
func (s *scalar) local(l, place int, k Kind) int {
	key := field2{l, place}
	t, ok := s.locals[key]
	if !ok {
		t = s.f.newLocal(k)
		s.locals[key] = t
	}
	return t
}

func (s *scalar) list(in []Stmt) []Stmt {
	var out []Stmt
	for _, st := range in {
		bodies(st, func(b *[]Stmt) { *b = s.list(*b) })
		if set, ok := st.(*Set); ok && set.Local < len(s.webs) && s.good(set.Local) {
			out = s.assign(out, set)
			continue
		}
		stmtExprs(st, s.expr)
		if sf, ok := st.(*SetField); ok {
			if g, ok := sf.X.(*Get); ok && g.Local < len(s.webs) && s.good(g.Local) {
				st = s.setField(g.Local, sf)
			}
		}
		out = append(out, st)
	}
	return out
}

// setField writes the local of a field; a field that nothing reads has none.
func (s *scalar) setField(l int, st *SetField) Stmt {
	at := s.places.field(st.Object, st.Index)
	if !s.web(l).reads[at] {
		return &Do{X: st.Value}
	}
	storage := st.Object.Fields[st.Index].Storage
	return &Set{Local: s.local(l, at, storage.Kind()), X: stored(st.Value, storage)}
}

// assign sets the locals of all fields. The new ones are computed before the
// first of the old ones is written.
func (s *scalar) assign(out []Stmt, set *Set) []Stmt {
	reads := s.web(set.Local).reads
	switch x := set.X.(type) {
	case *Get:
		for _, at := range sorted(reads) {
			if t, ok := s.locals[field2{x.Local, at}]; ok {
				k := s.f.Locals[t].Kind
				out = append(out, &Set{Local: s.local(set.Local, at, k), X: &Get{Local: t, K: k}})
			}
		}
	case *GetGlobal:
		n := s.statics[x.Global]
		for i, e := range n.Fields {
			if at := s.places.field(n.Object, i); reads[at] {
				storage := n.Object.Fields[i].Storage
				value := (&cloner{}).expr(e)
				out = append(out, &Set{Local: s.local(set.Local, at, storage.Kind()), X: stored(value, storage)})
			}
		}
	case *New:
		var late []Stmt
		for i, e := range x.Fields {
			s.expr(&e)
			at, storage := s.places.field(x.Object, i), x.Object.Fields[i].Storage
			if !reads[at] {
				out = append(out, &Do{X: e})
				continue
			}
			t := s.f.newLocal(storage.Kind())
			out = append(out, &Set{Local: t, X: stored(e, storage)})
			late = append(late, &Set{Local: s.local(set.Local, at, storage.Kind()), X: &Get{Local: t, K: storage.Kind()}})
		}
		out = append(out, late...)
	}
	return out
}

// expr replaces the reads of fields.
func (s *scalar) expr(p *Expr) {
	switch e := (*p).(type) {
	case *GetField:
		if g, ok := e.X.(*Get); ok && g.Local < len(s.webs) && s.good(g.Local) {
			k := e.Object.Fields[e.Index].Storage.Kind()
			*p = &Get{Local: s.local(g.Local, s.places.field(e.Object, e.Index), k), K: k}
			return
		}
	case *IsNull:
		if g, ok := e.X.(*Get); ok && g.Local < len(s.webs) && s.good(g.Local) {
			*p = &Const{K: I32}
			return
		}
	}
	operands(*p, s.expr)
}

// stored is what reading a field gives after x was written to it.
func stored(x Expr, s Storage) Expr {
	switch s {
	case S8:
		return fold(&Un{Op: wasm.OpI32Extend8S, X: x})
	case S16:
		return fold(&Un{Op: wasm.OpI32Extend16S, X: x})
	case U8:
		return fold(&Bin{Op: wasm.OpI32And, X: x, Y: &Const{K: I32, Bits: 0xff}})
	case U16:
		return fold(&Bin{Op: wasm.OpI32And, X: x, Y: &Const{K: I32, Bits: 0xffff}})
	}
	return x
}
