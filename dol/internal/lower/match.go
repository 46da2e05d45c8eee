package lower

import (
	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/dol/internal/typed"
	"github.com/univrs/vudo/internal/wasm"
)

// matching writes the code of one match.
type matching struct {
	*decider
	b    *body
	e    *typed.Match
	to   sink
	end  *target
	arms map[int]*sharedArm // that several leaves reach
}

// sharedArm is an arm whose body stands behind a label.
type sharedArm struct {
	begin *target
	vars  []*typed.Var
	temps []int // what the leaves set for vars; -1: no representation
}

func (b *body) matchTo(e *typed.Match, to sink) {
	m := &matching{b: b, e: e, to: to, arms: map[int]*sharedArm{}}
	root := b.scrutinee(e)
	if b.dead {
		return
	}
	m.decider = &decider{b: b, arms: e.Arms, most: maxTree(len(e.Arms)), uses: make([]int, len(e.Arms))}
	t := m.decide(m.rows(root, 0, len(e.Arms)))
	if m.nodes > m.most {
		m.oneByOne(root)
		return
	}
	b.block("match", func(end *target) {
		m.end = end
		m.withShared(t, m.sharedArms())
	})
}

// scrutinee computes what is matched. The tuple of a match on several values is
// not made, unless an arm names it.
func (b *body) scrutinee(e *typed.Match) *part {
	root := &part{typ: b.typ(e.X.Type())}
	if tuple, ok := e.X.(*typed.NewTuple); ok && onlyElements(e.Arms) {
		xs := b.operands(tuple.Elems...)
		if b.dead {
			return root
		}
		root.sub = map[subPart]*part{}
		b.spill(xs, len(b.out))
		for i, x := range xs {
			key := subPart{-1, i}
			root.sub[key] = &part{typ: b.typ(tuple.Elems[i].Type()), up: nil, held: x}
		}
		return root
	}
	x := b.expr(e.X)
	if x != nil && !b.dead {
		x = b.hold(x)
	}
	root.held = x
	return root
}

// onlyElements reports whether no arm needs the matched tuple as a whole.
func onlyElements(arms []*typed.Arm) bool {
	for _, a := range arms {
		switch a.Pattern.(type) {
		case *typed.TuplePat, *typed.Any:
		default:
			return false
		}
	}
	return true
}

// sharedArms gives labels to the arms that several leaves reach.
func (m *matching) sharedArms() []int {
	var order []int
	for i, n := range m.uses {
		if n > 1 {
			order = append(order, i)
			m.arms[i] = m.share(i)
		}
	}
	return order
}

func (m *matching) share(i int) *sharedArm {
	s := &sharedArm{begin: &target{label: &ir.Label{Name: "arm"}}, vars: patternVars(m.e.Arms[i].Pattern)}
	for _, v := range s.vars {
		at := -1
		if k := m.b.l.kind(m.b.typ(v.Type)); k != ir.None {
			at = m.b.local("", k, true)
		}
		s.temps = append(s.temps, at)
	}
	return s
}

// withShared writes the tree inside the blocks of shared arms.
func (m *matching) withShared(t tree, shared []int) {
	if len(shared) == 0 {
		m.tree(t, len(m.arms) == 0)
		return
	}
	i := shared[len(shared)-1]
	arm := m.arms[i]
	list, ends := m.b.nested(func() { m.withShared(t, shared[:len(shared)-1]) })
	if arm.begin.used {
		m.b.emit(&ir.Block{Label: arm.begin.label, Body: list})
	} else {
		m.b.out = append(m.b.out, list...)
		m.b.dead = !ends
	}
	m.enter(arm)
	m.b.exprTo(m.e.Arms[i].Body, m.to)
	m.b.br(m.end)
}

// enter makes the variables of an arm from what a leaf has set.
func (m *matching) enter(arm *sharedArm) {
	for j, v := range arm.vars {
		var x ir.Expr
		if arm.temps[j] >= 0 {
			x = get(arm.temps[j], m.b.fn.Locals[arm.temps[j]].Kind)
		}
		m.b.declare(v, x)
	}
}

// tree writes a decision. With last, the end of the list that is being written is
// the end of the match; otherwise arms branch there.
func (m *matching) tree(t tree, last bool) {
	b := m.b
	if b.dead {
		return
	}
	switch t := t.(type) {
	case *noArm:
		b.panics(&ir.Str{Text: "no case of match fits"}, m.e.P)
	case *leaf:
		m.leaf(t, last)
	case *onVariant:
		m.hold(t.at, func(x ir.Expr) { m.variants(t, x, last) })
	case *onConst:
		m.hold(t.at, func(x ir.Expr) { m.consts(t, x, last) })
	case *onRange:
		m.hold(t.at, func(x ir.Expr) {
			b.choose(b.within(t.at.typ, x, t.pat), func() { m.tree(t.yes, last) }, func() { m.tree(t.no, last) })
		})
	}
}

// hold keeps a part in a local while f writes what depends on it.
func (m *matching) hold(p *part, f func(x ir.Expr)) {
	before := p.held
	p.held = m.b.hold(m.value(p))
	f(p.held)
	p.held = before
}

func (m *matching) leaf(t *leaf, last bool) {
	b, i := m.b, t.row.arm
	arm, guard := m.arms[i], m.e.Arms[i].Guard
	body := func() {
		if arm != nil {
			m.give(arm, t.row, guard != nil)
			b.br(arm.begin)
			return
		}
		b.exprTo(m.e.Arms[i].Body, m.to)
		if !last {
			b.br(m.end)
		}
	}
	if arm == nil || guard != nil {
		for _, bd := range t.row.binds {
			b.declare(bd.v, m.value(bd.at))
		}
	}
	switch {
	case guard == nil:
		body()
	case direct(guard):
		if cond := b.expr(guard); !b.dead {
			b.choose(cond, body, func() { m.tree(t.rest, last) })
		}
	default:
		b.block("guard", func(no *target) {
			b.jump(guard, false, no)
			body()
			b.br(m.end)
		})
		m.tree(t.rest, last)
	}
}

// give sets what a shared arm reads.
func (m *matching) give(arm *sharedArm, r *row, declared bool) {
	for j, v := range arm.vars {
		if arm.temps[j] < 0 {
			continue
		}
		var x ir.Expr
		if declared {
			x = m.b.read(v, v.Pos)
		} else {
			x = m.value(r.bound(v))
		}
		m.b.emit(&ir.Set{Local: arm.temps[j], X: x})
	}
}

// bound returns the part that a row binds to a variable.
func (r *row) bound(v *typed.Var) *part {
	for _, bd := range r.binds {
		if bd.v == v {
			return bd.at
		}
	}
	return nil
}

// variants writes the cases of an enum.
func (m *matching) variants(t *onVariant, x ir.Expr, last bool) {
	y := m.b.l.layout(t.at.typ)
	var present []int
	for i, c := range t.cases {
		if c != nil {
			present = append(present, i)
		}
	}
	other := t.other
	if other == nil { // the last case needs no test
		n := len(present) - 1
		other, present = t.cases[present[n]], present[:n]
	}
	if len(present) <= 2 {
		m.chain(present, func(i int) ir.Expr { return m.b.isVariant(y, x, i) }, func(i int) tree { return t.cases[i] }, other, last)
		return
	}
	m.table(m.b.tag(y, x), len(t.cases), func(i int) tree { return t.cases[i] }, other, last)
}

// chain tests cases one after the other.
func (m *matching) chain(cases []int, is func(int) ir.Expr, of func(int) tree, other tree, last bool) {
	if len(cases) == 0 {
		m.tree(other, last)
		return
	}
	m.b.choose(is(cases[0]), func() { m.tree(of(cases[0]), last) }, func() { m.chain(cases[1:], is, of, other, last) })
}

// maxTable is how many cases one table has, since each is a block around all
// before it. Larger ones are halved by comparisons.
const maxTable = 128

// table branches by a number below n, or from there on to other, which also takes
// the place of cases that are nil.
func (m *matching) table(x ir.Expr, n int, of func(int) tree, other tree, last bool) {
	m.b.block("other", func(rest *target) {
		m.part(m.b.hold(x), 0, n, of, rest)
	})
	m.tree(other, last)
}

// part is the table of the numbers from lo up to hi.
func (m *matching) part(x ir.Expr, lo, hi int, of func(int) tree, rest *target) {
	b := m.b
	if hi-lo > maxTable {
		mid := lo + (hi-lo)/2
		b.choose(bin(wasm.OpI32LtU, x, i32(int32(mid))),
			func() { m.part(x, lo, mid, of, rest) },
			func() { m.part(x, mid, hi, of, rest) })
		return
	}
	rest.used = true
	s := &ir.Switch{X: from(x, lo), Default: rest.label}
	var labels []*ir.Label
	var trees []tree
	for i := lo; i < hi; i++ {
		t := of(i)
		if t == nil {
			s.Targets = append(s.Targets, rest.label)
			continue
		}
		label := &ir.Label{Name: "case"}
		labels, trees = append(labels, label), append(trees, t)
		s.Targets = append(s.Targets, label)
	}
	list := []ir.Stmt{s}
	for i, t := range trees {
		body, _ := b.nested(func() { m.tree(t, false) })
		list = append([]ir.Stmt{&ir.Block{Label: labels[i], Body: list}}, body...)
	}
	b.out = append(b.out, list...)
	b.dead = true
}

// from counts a number from lo on.
func from(x ir.Expr, lo int) ir.Expr {
	if lo == 0 {
		return x
	}
	return bin(wasm.OpI32Sub, x, i32(int32(lo)))
}

// consts writes comparisons with constants.
func (m *matching) consts(t *onConst, x ir.Expr, last bool) {
	b := m.b
	y := b.l.layout(t.at.typ)
	other := t.other
	consts, cases := t.consts, t.cases
	if other == nil { // both truth values
		other, consts, cases = cases[1], consts[:1], cases[:1]
	}
	if lo, n, ok := dense(y, consts); ok {
		byValue := make([]tree, n)
		for j, c := range consts {
			byValue[signedValue(y.basic, c)-lo] = cases[j]
		}
		at := func(i int) tree { return byValue[i] }
		offset := bin(opcode(typed.Sub, y.basic), x, integer(y.basic, lo))
		if kindOf(y.basic) == ir.I64 {
			offset = b.clampIndex(b.temp(offset), n)
		}
		m.table(offset, n, at, other, last)
		return
	}
	if len(consts) == 1 {
		b.choose(b.isConst(y, x, consts[0]), func() { m.tree(cases[0], last) }, func() { m.tree(other, last) })
		return
	}
	for i, c := range consts {
		b.when(b.isConst(y, x, c), func() { m.tree(cases[i], false) })
	}
	m.tree(other, last)
}

// clampIndex makes an i64 an index for a table of n entries: what is beyond stays
// beyond.
func (b *body) clampIndex(x ir.Expr, n int) ir.Expr {
	return &ir.Tern{Cond: bin(wasm.OpI64LtU, x, i64(int64(n))), A: un(wasm.OpI32WrapI64, x), B: i32(int32(n))}
}

// dense reports whether constants are integers close enough for a table.
func dense(y *layout, consts []*typed.Const) (lo int64, n int, ok bool) {
	const fewest, spread = 4, 3
	if len(consts) < fewest || y.shape != scalar || y.basic.IsFloat() {
		return 0, 0, false
	}
	lo = signedValue(y.basic, consts[0])
	hi := lo
	for _, c := range consts {
		v := signedValue(y.basic, c)
		lo, hi = min(lo, v), max(hi, v)
	}
	width := uint64(hi) - uint64(lo)
	return lo, int(width) + 1, width < uint64(spread*len(consts))
}

// signedValue is the value of an integer constant; those of u64 above the range
// of i64 come out negative, in the same order modulo 2^64.
func signedValue(k typed.Kind, c *typed.Const) int64 {
	if k.IsSigned() {
		return signed(k, c.Int)
	}
	return int64(c.Int)
}

// within tests a range.
func (b *body) within(t typed.Type, x ir.Expr, r *typed.RangePat) ir.Expr {
	k := b.l.layout(t).basic
	below := typed.Lt
	if r.Inclusive {
		below = typed.Le
	}
	return and(bin(opcode(typed.Ge, k), x, number(k, r.Lo)), bin(opcode(below, k), x, number(k, r.Hi)))
}

// isConst compares with a constant.
func (b *body) isConst(y *layout, x ir.Expr, c *typed.Const) ir.Expr {
	switch y.shape {
	case text:
		return call(b.l.textEqual(), x, &ir.Str{Text: c.Str})
	case scalar:
		if y.basic == typed.Bool {
			if c.Int == 0 {
				return not(x)
			}
			return x
		}
		return bin(opcode(typed.Eq, y.basic), x, number(y.basic, c))
	}
	return &ir.IsNull{X: x} // null is the only literal of other types
}

// tag is the number of an enum's variant.
func (b *body) tag(y *layout, x ir.Expr) ir.Expr {
	switch y.shape {
	case tagged:
		return &ir.GetField{Object: y.object, Index: 0, X: x}
	case nullable:
		return &ir.Tern{Cond: &ir.IsNull{X: x}, A: i32(int32(y.none())), B: i32(int32(1 - y.none()))}
	}
	return x
}

// none is the index of the variant of an Option that has no field.
func (y *layout) none() int {
	if len(y.variants[0].fields) == 0 {
		return 0
	}
	return 1
}

// isVariant tests for a variant.
func (b *body) isVariant(y *layout, x ir.Expr, i int) ir.Expr {
	if y.shape == nullable {
		if i == y.none() {
			return &ir.IsNull{X: x}
		}
		return not(&ir.IsNull{X: x})
	}
	if i == 0 {
		return un(wasm.OpI32Eqz, b.tag(y, x))
	}
	return bin(wasm.OpI32Eq, b.tag(y, x), i32(int32(i)))
}

// cases adds a branch for each of the numbers below n, which are all that x can
// be; f writes one.
func (b *body) cases(x ir.Expr, n int, f func(i int)) {
	if n > 2 {
		b.block("end", func(end *target) { b.casesFrom(b.hold(x), 0, n, end, f) })
		return
	}
	if n == 2 {
		b.choose(x, func() { f(1) }, func() { f(0) })
		return
	}
	b.deliver(x, sink{kind: drop})
	f(0)
}

func (b *body) casesFrom(x ir.Expr, lo, hi int, end *target, f func(i int)) {
	if hi-lo > maxTable {
		mid := lo + (hi-lo)/2
		b.choose(bin(wasm.OpI32LtU, x, i32(int32(mid))),
			func() { b.casesFrom(x, lo, mid, end, f) },
			func() { b.casesFrom(x, mid, hi, end, f) })
		return
	}
	labels := make([]*ir.Label, hi-lo)
	for i := range labels {
		labels[i] = &ir.Label{Name: "case"}
	}
	last := len(labels) - 1
	list := []ir.Stmt{&ir.Switch{X: from(x, lo), Targets: labels[:last], Default: labels[last]}}
	for i, label := range labels {
		body, _ := b.nested(func() {
			f(lo + i)
			b.br(end)
		})
		list = append([]ir.Stmt{&ir.Block{Label: label, Body: list}}, body...)
	}
	b.out = append(b.out, list...)
	b.dead = true
}
