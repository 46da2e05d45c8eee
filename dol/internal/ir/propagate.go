package ir

import "github.com/univrs/vudo/internal/wasm"

// propagate walks a flat body once, in the order of execution, and knows at each
// point which value each local holds. So it replaces what is constant, what a
// local already holds and what another local holds too; it removes tests whose
// outcome is known, with them bounds checks, and what is never reached; it calls
// closures directly when it knows their function.
func propagate(f *Func, x *context) {
	p := &propagator{
		f: f, context: x,
		values:  newValues(),
		current: make([]value, len(f.Locals)),
		version: map[int]int32{},
		known:   map[value]bool{},
		bounds:  map[value][]bound{},
		holders: map[value][]int{},
		joints:  map[*Label]*joint{},
		memo:    map[Expr]value{},
	}
	for i, l := range f.Locals {
		if i < f.NumParams {
			p.current[i] = p.fresh(l.Kind)
			p.holders[p.current[i]] = []int{i}
		} else {
			p.current[i] = p.constant(&Const{K: l.Kind})
		}
	}
	f.Body = p.list(f.Body)
}

// context is what passes know of the module.
type context struct {
	m      *Module
	graph  *callGraph
	places *places
	// statics are the globals that the start function sets to an object of
	// constants, once and before anything else can.
	statics map[*Global]*New
}

func newContext(m *Module) *context {
	g := newCallGraph(m)
	x := &context{m: m, graph: g, places: newPlaces(m, g), statics: map[*Global]*New{}}
	if m.Start == nil {
		return x
	}
	sets := map[*Global]int{}
	everyStmt(m.Start.Body, func(s Stmt) {
		if s, ok := s.(*SetGlobal); ok {
			sets[s.Global]++
		}
	})
	for _, s := range m.Start.Body {
		s, ok := s.(*SetGlobal)
		if !ok || !deepPure(s.X) {
			break // from here on, something else may run
		}
		n, ok := s.X.(*New)
		if ok && sets[s.Global] == 1 && !x.places.written.has(x.places.globalOf(s.Global)) && allConst(n.Fields) {
			x.statics[s.Global] = n
		}
	}
	return x
}

func allConst(list []Expr) bool {
	for _, e := range list {
		switch e.(type) {
		case *Const, *FuncIndex, *Str:
		default:
			return false
		}
	}
	return true
}

type propagator struct {
	*context
	*values
	f   *Func
	out []Stmt

	dead    bool // no path comes here
	current []value
	version map[int]int32 // of each place: when it was last written
	world   int32         // when anything may have been written
	clock   int32         // the last version given
	known   map[value]bool
	bounds  map[value][]bound
	trail   []change // what to undo, to come back to an earlier point

	holders map[value][]int // locals that were set to the value
	joints  map[*Label]*joint
	joins   uint64
	memo    map[Expr]value // of the expressions of the statement
}

// bound says that a value is below another, or not above it; with above, the
// other way round.
type bound struct {
	than   value
	strict bool
	above  bool
}

// change is an entry of the trail.
type change struct {
	what changed
	at   int // local, place, or value
	old  int32
}

type changed uint8

const (
	local changed = iota
	place
	world
	fact  // old: 0 unknown, 1 false, 2 true
	limit // a bound of the value was added
)

func (p *propagator) setLocal(l int, v value) {
	p.trail = append(p.trail, change{local, l, int32(p.current[l])})
	p.current[l] = v
}

func (p *propagator) setVersion(at int, v int32) {
	p.trail = append(p.trail, change{place, at, p.version[at]})
	p.version[at] = v
}

func (p *propagator) setWorld(v int32) {
	p.trail = append(p.trail, change{world, 0, p.world})
	p.world = v
}

func (p *propagator) setKnown(v value, truth bool) {
	p.trail = append(p.trail, change{fact, int(v), p.fact(v)})
	p.known[v] = truth
}

func (p *propagator) fact(v value) int32 {
	switch t, ok := p.known[v]; {
	case !ok:
		return 0
	case t:
		return 2
	}
	return 1
}

func (p *propagator) addBound(v value, b bound) {
	p.trail = append(p.trail, change{limit, int(v), 0})
	p.bounds[v] = append(p.bounds[v], b)
}

// tick returns a new version.
func (p *propagator) tick() int32 {
	p.clock++
	return p.clock
}

// now returns the version of a place. What nothing writes has one only.
func (p *propagator) now(at int) int32 {
	if !p.places.written.has(at) && (p.f != p.m.Start || at < p.places.global) {
		return 0
	}
	return max(p.version[at], p.world)
}

// undo goes back to an earlier point of the trail.
func (p *propagator) undo(mark int) {
	for i := len(p.trail) - 1; i >= mark; i-- {
		c := p.trail[i]
		switch c.what {
		case local:
			p.current[c.at] = value(c.old)
		case place:
			p.version[c.at] = c.old // 0 is as good as none
		case world:
			p.world = c.old
		case fact:
			if c.old == 0 {
				delete(p.known, value(c.at))
			} else {
				p.known[value(c.at)] = c.old == 2
			}
		case limit:
			list := p.bounds[value(c.at)]
			p.bounds[value(c.at)] = list[:len(list)-1]
		}
	}
	p.trail = p.trail[:mark]
}

// state is how one path differs from the point where paths parted.
type state struct {
	locals map[int]value
	places map[int]int32
	world  int32
	facts  map[value]bool
	bounds []struct {
		of value
		bound
	}
}

// since returns the state now, against that at mark.
func (p *propagator) since(mark int) *state {
	s := &state{locals: map[int]value{}, places: map[int]int32{}, world: p.world, facts: map[value]bool{}}
	count := map[value]int{}
	for i := len(p.trail) - 1; i >= mark; i-- {
		switch c := p.trail[i]; c.what {
		case local:
			s.locals[c.at] = p.current[c.at]
		case place:
			s.places[c.at] = p.version[c.at]
		case fact:
			if t, ok := p.known[value(c.at)]; ok {
				s.facts[value(c.at)] = t
			}
		case limit:
			v := value(c.at)
			list := p.bounds[v]
			count[v]++
			s.bounds = append(s.bounds, struct {
				of value
				bound
			}{v, list[len(list)-count[v]]})
		}
	}
	return s
}

// apply goes on with a state.
func (p *propagator) apply(s *state) {
	for l, v := range s.locals {
		p.setLocal(l, v)
	}
	for at, v := range s.places {
		p.setVersion(at, v)
	}
	if s.world != p.world {
		p.setWorld(s.world)
	}
	for v, t := range s.facts {
		p.setKnown(v, t)
	}
	for _, b := range s.bounds {
		p.addBound(b.of, b.bound)
	}
}

// join goes on with what several paths have in common. The trail is at the
// point where they parted.
func (p *propagator) join(states []*state) {
	if len(states) == 1 {
		p.apply(states[0])
		return
	}
	p.joins++
	type set struct {
		l int
		v value
	}
	var sets []set
	seen := map[int]bool{}
	for _, s := range states {
		for _, l := range sorted(s.locals) {
			if seen[l] {
				continue
			}
			seen[l] = true
			sets = append(sets, set{l, p.meet(states, l)})
		}
	}
	for _, s := range sets {
		p.setLocal(s.l, s.v)
		p.holders[s.v] = append(p.holders[s.v], s.l)
	}
	again := map[int]bool{}
	differs := false
	for _, s := range states {
		differs = differs || s.world != p.world
		for at := range s.places {
			again[at] = true
		}
	}
	if differs {
		p.setWorld(p.tick())
	}
	if len(again) > 0 {
		v := p.tick()
		for at := range again {
			p.setVersion(at, v)
		}
	}
}

// meet returns the value of a local where paths join. Two locals that hold the
// same values on all paths hold the same one after.
func (p *propagator) meet(states []*state, l int) value {
	var first, joined value
	var all facts
	for i, s := range states {
		v, ok := s.locals[l]
		if !ok {
			v = p.current[l]
		}
		f := p.facts[v]
		if i == 0 {
			first, joined, all = v, v, f
			continue
		}
		all.span, all.nonNull = all.or(f.span), all.nonNull && f.nonNull
		if v != first || joined != first {
			joined, _ = p.of(valueKey{what: isJoin, a: joined, b: v, n: p.joins}, p.f.Locals[l].Kind)
		}
	}
	if joined != first {
		f := &p.facts[joined]
		f.span, f.nonNull = all.span, all.nonNull
	}
	return joined
}

// joint is a label with the paths that came to it.
type joint struct {
	mark    int
	reached bool
	states  []*state
	wide    bool // too many paths or changes to keep
}

// maxPaths and maxChanges bound what a join looks at.
const (
	maxPaths   = 8
	maxChanges = 256
)

// branch notes that a path goes to a label.
func (p *propagator) branch(l *Label) {
	j := p.joints[l]
	j.reached = true
	if j.wide {
		return
	}
	if len(j.states) == maxPaths || len(p.trail)-j.mark > maxChanges {
		j.wide, j.states = true, nil
		return
	}
	j.states = append(j.states, p.since(j.mark))
}

func (p *propagator) emit(s Stmt) { p.out = append(p.out, s) }

func (p *propagator) list(in []Stmt) []Stmt {
	outer := p.out
	p.out = nil
	p.into(in)
	list := p.out
	p.out = outer
	return list
}

// into adds statements to the list being made.
func (p *propagator) into(in []Stmt) {
	for _, s := range in {
		if p.dead {
			return
		}
		clear(p.memo)
		p.stmt(s)
	}
}

func (p *propagator) stmt(s Stmt) {
	switch s := s.(type) {
	case *If:
		p.ifStmt(s)
		return
	case *Block:
		p.block(s)
		return
	case *Loop:
		p.loop(s)
		return
	case *Switch:
		p.switchStmt(s)
		return
	}
	stmtExprs(s, func(e *Expr) { *e = p.expr(*e) })
	switch s := s.(type) {
	case *Set:
		v := p.value(s.X)
		if v == p.current[s.Local] && pure(s.X) {
			return
		}
		p.setLocal(s.Local, v)
		if p.facts[v].constant == nil {
			p.holders[v] = append(p.holders[v], s.Local)
		}
	case *SetGlobal:
		at, v := p.places.globalOf(s.Global), p.value(s.X)
		if old, ok := p.table[p.read(at)]; ok && old == v && pure(s.X) {
			return
		}
		p.setVersion(at, p.tick())
		p.table[p.read(at)] = v
	case *SetField:
		at, o, v := p.places.field(s.Object, s.Index), p.value(s.X), p.value(s.Value)
		if old, ok := p.table[p.load(at, o)]; ok && old == v && pure(s.X) && pure(s.Value) {
			return
		}
		p.setVersion(at, p.tick())
		if p.fits(v, s.Object.Fields[s.Index].Storage) {
			p.table[p.load(at, o)] = v
		}
	case *SetElem:
		at, o, i, v := p.places.elems(s.Object), p.value(s.X), p.value(s.I), p.value(s.Value)
		p.setVersion(at, p.tick())
		if p.fits(v, s.Object.Elem) {
			p.table[p.element(at, o, i)] = v
		}
	case *CopyElems:
		p.setVersion(p.places.elems(s.Object), p.tick())
	case *FillElems:
		p.setVersion(p.places.elems(s.Object), p.tick())
	case *Do:
		if pure(s.X) {
			return
		}
	case *Br:
		p.branch(s.Label)
		p.dead = true
	case *Return, *Panic, *Unreachable:
		p.dead = true
	}
	p.emit(s)
}

func (p *propagator) ifStmt(s *If) {
	s.Cond = condition(p.expr(s.Cond))
	if truth, ok := p.truth(s.Cond); ok {
		if !pure(s.Cond) {
			p.emit(&Do{X: s.Cond})
		}
		if truth {
			p.into(s.Then)
		} else {
			p.into(s.Else)
		}
		return
	}
	if not, ok := s.Cond.(*Un); ok && not.Op == wasm.OpI32Eqz && len(s.Else) > 0 {
		s.Cond, s.Then, s.Else = not.X, s.Else, s.Then
	}
	mark := len(p.trail)
	holds, fails := p.consequences(s.Cond, true), p.consequences(s.Cond, false)
	p.assume(holds)
	then := p.list(s.Then)
	thenDead, thenState := p.dead, (*state)(nil)
	if !thenDead {
		thenState = p.since(mark)
	}
	p.undo(mark)
	p.dead = false
	p.assume(fails)
	if thenDead {
		// What follows is the other branch.
		p.emit(&If{Cond: s.Cond, Then: then})
		p.into(s.Else)
		return
	}
	other := p.list(s.Else)
	otherDead := p.dead
	p.dead = false
	if otherDead {
		p.undo(mark)
		p.apply(thenState)
		p.emit(&If{Cond: negate(s.Cond), Then: other})
		p.out = append(p.out, then...)
		return
	}
	otherState := p.since(mark)
	p.undo(mark)
	p.join([]*state{thenState, otherState})
	switch {
	case len(then) == 0 && len(other) == 0:
		if !pure(s.Cond) {
			p.emit(&Do{X: s.Cond})
		}
	case len(then) == 0:
		p.emit(&If{Cond: negate(s.Cond), Then: other})
	default:
		p.emit(&If{Cond: s.Cond, Then: then, Else: other})
	}
}

// negate returns the opposite of a condition.
func negate(e Expr) Expr { return condition(fold(&Un{Op: wasm.OpI32Eqz, X: e})) }

func (p *propagator) block(s *Block) {
	j := &joint{mark: len(p.trail)}
	p.joints[s.Label] = j
	original := s.Body
	body := p.list(s.Body)
	if !j.reached {
		p.out = append(p.out, body...)
		return
	}
	if j.wide || len(p.trail)-j.mark > maxChanges && !p.dead {
		p.undo(j.mark)
		p.forget(original)
	} else {
		if !p.dead {
			j.states = append(j.states, p.since(j.mark))
		}
		p.undo(j.mark)
		p.join(j.states)
	}
	p.dead = false
	s.Body = body
	p.emit(s)
}

// forget goes on knowing nothing of what the statements may write.
func (p *propagator) forget(list []Stmt) {
	w := p.writesOf(list)
	for _, l := range sorted(w.locals) {
		v := p.fresh(p.f.Locals[l].Kind)
		if w.locals[l] == counted && p.f.Locals[l].Kind == I64 {
			// A counter of small steps does not come to the greatest number.
			if from := p.facts[p.current[l]]; from.lo > -counterRange && from.hi < counterRange {
				p.facts[v].lo = from.lo
			}
		}
		p.setLocal(l, v)
		p.holders[v] = append(p.holders[v], l)
	}
	if w.world {
		p.setWorld(p.tick())
	}
	if len(w.places) > 0 {
		v := p.tick()
		for at := range w.places {
			p.setVersion(at, v)
		}
	}
}

// counterRange and maxCounterStep say when a counter of 64 bits cannot overflow:
// it begins within ±counterRange and takes steps of at most maxCounterStep, so
// that it would take more than 2^57 rounds.
const (
	counterRange   = 1 << 62
	maxCounterStep = 16
)

func (p *propagator) loop(s *Loop) {
	j := &joint{}
	p.joints[s.Label] = j
	p.forget(s.Body)
	j.mark = len(p.trail)
	j.wide = true // what comes to the head is forgotten already
	body := p.list(s.Body)
	if !j.reached {
		p.out = append(p.out, body...)
		return
	}
	s.Body = body
	p.emit(s)
}

func (p *propagator) switchStmt(s *Switch) {
	s.X = p.expr(s.X)
	if c, ok := s.X.(*Const); ok {
		to := s.Default
		if c.Bits < uint64(len(s.Targets)) {
			to = s.Targets[c.Bits]
		}
		p.stmt(&Br{Label: to})
		return
	}
	seen := map[*Label]bool{}
	for _, l := range append(s.Targets, s.Default) {
		if !seen[l] {
			seen[l] = true
			p.branch(l)
		}
	}
	p.emit(s)
	p.dead = true
}
