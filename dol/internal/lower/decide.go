package lower

import (
	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/dol/internal/typed"
)

// A match becomes a decision tree: a test of one part of the value decides which
// arms are left, and no path tests the same part twice. The part tested is the
// first that the first arm left needs.

// part is a place inside the matched value.
type part struct {
	typ  typed.Type
	up   *part // what it is a field of; nil: the root
	key  subPart
	held ir.Expr // its value, where that has been computed
	sub  map[subPart]*part
}

// subPart names a field of a part: of a variant, or with variant -1 of a record.
type subPart struct{ variant, field int }

// clause is a condition of an arm: a part must match a pattern that can fail.
type clause struct {
	at  *part
	pat typed.Pattern
}

// binding gives a part a name.
type binding struct {
	v  *typed.Var
	at *part
}

// row is an arm, or an alternative of one, with what is still to be tested.
type row struct {
	arm     int
	clauses []clause
	binds   []binding
}

// tree is a decision.
type tree interface{ isTree() }

type (
	// leaf has found its arm. With a guard, rest follows when that is false.
	leaf struct {
		row  *row
		rest tree // nil without guard
	}
	// noArm has found that none fits.
	noArm struct{}
	// onVariant looks at the variant of an enum.
	onVariant struct {
		at    *part
		cases []tree // by variant, nil: other
		other tree   // nil when there is a case for each
	}
	// onConst compares with constants; there is at least one.
	onConst struct {
		at     *part
		consts []*typed.Const
		cases  []tree
		other  tree
	}
	// onRange asks whether an integer or char is in a range.
	onRange struct {
		at      *part
		pat     *typed.RangePat
		yes, no tree
	}
)

func (*leaf) isTree()      {}
func (*noArm) isTree()     {}
func (*onVariant) isTree() {}
func (*onConst) isTree()   {}
func (*onRange) isTree()   {}

// maxTree bounds the decisions of one match with so many arms. Alternatives in many
// places can need exponentially many; such a match tries its arms one by one. It is
// a variable for tests, which try all matches so.
var maxTree = func(arms int) int { return 2000 + 4*arms }

// decider makes the tree of one match.
type decider struct {
	b     *body
	arms  []*typed.Arm
	nodes int
	most  int   // nodes that the tree may have
	uses  []int // of each arm
}

// field returns a field of a part.
func (d *decider) field(p *part, key subPart) *part {
	if q, ok := p.sub[key]; ok {
		return q
	}
	q := &part{typ: d.b.l.layout(p.typ).fieldsOf(key.variant)[key.field].typ, up: p, key: key}
	if p.sub == nil {
		p.sub = map[subPart]*part{}
	}
	p.sub[key] = q
	return q
}

// fieldsOf returns the fields of a variant, or with -1 of a record.
func (y *layout) fieldsOf(variant int) []member {
	if variant < 0 {
		return y.fields
	}
	return y.variants[variant].fields
}

// value reads a part, nil when it has no representation.
func (d *decider) value(p *part) ir.Expr {
	if p.held != nil || p.up == nil {
		return p.held
	}
	y := d.b.l.layout(p.up.typ)
	if y.shape == nullable {
		return d.value(p.up)
	}
	o := y.object
	if p.key.variant >= 0 {
		o = y.variants[p.key.variant].object
	}
	return fieldOf(o, y.fieldsOf(p.key.variant)[p.key.field], d.value(p.up))
}

// add puts a pattern into a row: bindings and parts of records at once, what can
// fail as a clause.
func (d *decider) add(r *row, at *part, p typed.Pattern) {
	switch p := p.(type) {
	case *typed.BindPat:
		r.binds = append(r.binds, binding{p.Var, at})
		if p.Sub != nil {
			d.add(r, at, p.Sub)
		}
	case *typed.TuplePat:
		for i, q := range p.Elems {
			d.addField(r, at, subPart{-1, i}, q)
		}
	case *typed.RecordPat:
		for i, q := range p.Fields {
			d.addField(r, at, subPart{-1, i}, q)
		}
	case *typed.LitPat:
		if d.b.l.kind(at.typ) != ir.None {
			r.clauses = append(r.clauses, clause{at, p})
		}
	case *typed.RangePat, *typed.OrPat:
		r.clauses = append(r.clauses, clause{at, p})
	case *typed.VariantPat:
		if len(d.b.l.layout(at.typ).variants) == 1 {
			for i, q := range p.Fields {
				d.addField(r, at, subPart{0, i}, q)
			}
			return
		}
		r.clauses = append(r.clauses, clause{at, p})
	}
}

// addField is add for a field, which is not looked at for patterns that take
// anything.
func (d *decider) addField(r *row, at *part, key subPart, p typed.Pattern) {
	if _, any := p.(*typed.Any); !any {
		d.add(r, d.field(at, key), p)
	}
}

// rows are the rows of arms, before any test.
func (d *decider) rows(root *part, first, last int) []*row {
	var rows []*row
	for i := first; i < last; i++ {
		r := &row{arm: i}
		d.add(r, root, d.arms[i].Pattern)
		rows = append(rows, r)
	}
	return rows
}

// decide makes the tree for rows in their order.
func (d *decider) decide(rows []*row) tree {
	d.nodes++
	if d.nodes > d.most {
		return &noArm{} // the tree is given up
	}
	if len(rows) == 0 {
		return &noArm{}
	}
	first := rows[0]
	if len(first.clauses) == 0 {
		d.uses[first.arm]++
		l := &leaf{row: first}
		if d.arms[first.arm].Guard != nil {
			l.rest = d.decide(rows[1:])
		}
		return l
	}
	c := first.clauses[0]
	switch p := c.pat.(type) {
	case *typed.OrPat:
		return d.decide(append(d.alternatives(first, c.at, p), rows[1:]...))
	case *typed.VariantPat:
		return d.variants(expandOr(d, rows, c.at), c.at)
	case *typed.RangePat:
		rows = expandOr(d, rows, c.at)
		t := &onRange{at: c.at, pat: p}
		t.yes = d.decide(d.keep(rows, c.at, func(q typed.Pattern) verdict { return d.whenInside(c.at, p, q) }))
		t.no = d.decide(d.keep(rows, c.at, func(q typed.Pattern) verdict { return d.whenOutside(c.at, p, q) }))
		return t
	}
	return d.constants(expandOr(d, rows, c.at), c.at)
}

// alternatives makes a row of each alternative of an or-pattern, which is the
// first clause of r.
func (d *decider) alternatives(r *row, at *part, p *typed.OrPat) []*row {
	var out []*row
	for _, alt := range p.Alts {
		s := &row{arm: r.arm, binds: append([]binding(nil), r.binds...)}
		d.add(s, at, alt)
		for _, c := range r.clauses {
			if c.at != at || c.pat != typed.Pattern(p) {
				s.clauses = append(s.clauses, c)
			}
		}
		out = append(out, s)
	}
	return out
}

// expandOr makes rows of the alternatives that rows have at a part.
func expandOr(d *decider, rows []*row, at *part) []*row {
	var out []*row
	for _, r := range rows {
		if p, ok := r.at(at).(*typed.OrPat); ok {
			out = append(out, expandOr(d, d.alternatives(r, at, p), at)...)
			continue
		}
		out = append(out, r)
	}
	return out
}

// at returns the first pattern that a row has for a part, nil when it takes any
// value.
func (r *row) at(p *part) typed.Pattern {
	for _, c := range r.clauses {
		if c.at == p {
			return c.pat
		}
	}
	return nil
}

// verdict is what a test says of a pattern.
type verdict uint8

const (
	open   verdict = iota // it must still be tested
	holds                 // it matches
	broken                // it cannot match
)

// keep returns the rows that are left after a test of a part.
func (d *decider) keep(rows []*row, at *part, judge func(typed.Pattern) verdict) []*row {
	var out []*row
	for _, r := range rows {
		s, alive := &row{arm: r.arm, binds: r.binds}, true
		for _, c := range r.clauses {
			v := open
			if c.at == at {
				v = judge(c.pat)
			}
			switch v {
			case open:
				s.clauses = append(s.clauses, c)
			case broken:
				alive = false
			}
		}
		if alive {
			out = append(out, s)
		}
	}
	return out
}

// split gives each row to the cases of a test that it can still fit: one that of
// asks for by its number, or, with -1, all and the rest. Rows behind one that takes
// everything are dropped, so that a match without alternatives is as long as its text.
func (d *decider) split(rows []*row, n int, of func(*row) int) (cases [][]*row, rest []*row) {
	cases = make([][]*row, n)
	for _, r := range rows {
		if i := of(r); i >= 0 {
			cases[i] = append(cases[i], r)
			continue
		}
		for i := range cases {
			cases[i] = append(cases[i], r)
		}
		rest = append(rest, r)
		if len(r.clauses) == 0 && d.arms[r.arm].Guard == nil {
			break
		}
	}
	return cases, rest
}

// variants tests the variant of a part.
func (d *decider) variants(rows []*row, at *part) tree {
	n := len(d.b.l.layout(at.typ).variants)
	t := &onVariant{at: at, cases: make([]tree, n)}
	named := make([]bool, n)
	left := n
	cases, rest := d.split(rows, n, func(r *row) int {
		p, ok := r.at(at).(*typed.VariantPat)
		if !ok {
			return -1
		}
		if !named[p.Variant.Index] {
			named[p.Variant.Index] = true
			left--
		}
		return p.Variant.Index
	})
	for i, rows := range cases {
		if !named[i] {
			continue
		}
		for j, r := range rows {
			rows[j] = d.inside(r, at, i)
		}
		t.cases[i] = d.decide(rows)
	}
	if left > 0 {
		t.other = d.decide(rest)
	}
	return t
}

// inside is what is left of a row when a part is known to be a variant: the fields
// take the place of its pattern.
func (d *decider) inside(r *row, at *part, variant int) *row {
	s := &row{arm: r.arm, binds: append([]binding(nil), r.binds...)}
	for _, c := range r.clauses {
		p, ok := c.pat.(*typed.VariantPat)
		if c.at != at || !ok {
			s.clauses = append(s.clauses, c)
			continue
		}
		for j, q := range p.Fields {
			d.addField(s, at, subPart{variant, j}, q)
		}
	}
	return s
}

// constants tests a part against all constants that the rows name for it.
func (d *decider) constants(rows []*row, at *part) tree {
	t := &onConst{at: at}
	y := d.b.l.layout(at.typ)
	number := map[typed.Const]int{}
	key := func(c *typed.Const) typed.Const { return typed.Const{Int: c.Int, Float: c.Float, Str: c.Str} }
	for _, r := range rows {
		if p, ok := r.at(at).(*typed.LitPat); ok {
			if _, seen := number[key(p.Value)]; !seen {
				number[key(p.Value)] = len(t.consts)
				t.consts = append(t.consts, p.Value)
			}
		}
	}
	cases, rest := d.split(rows, len(t.consts), func(r *row) int {
		if p, ok := r.at(at).(*typed.LitPat); ok {
			return number[key(p.Value)]
		}
		return -1
	})
	for i, rows := range cases {
		t.cases = append(t.cases, d.decide(d.keep(rows, at, func(q typed.Pattern) verdict {
			if q, ok := q.(*typed.RangePat); ok {
				return holdsIf(inRange(y.basic, t.consts[i], q))
			}
			return holds
		})))
	}
	if y.basic != typed.Bool || len(t.consts) < 2 {
		t.other = d.decide(rest)
	}
	return t
}

func holdsIf(ok bool) verdict {
	if ok {
		return holds
	}
	return broken
}

// whenInside judges a pattern of a value that is in a range.
func (d *decider) whenInside(at *part, r *typed.RangePat, q typed.Pattern) verdict {
	k := d.b.l.layout(at.typ).basic
	switch q := q.(type) {
	case *typed.LitPat:
		if !inRange(k, q.Value, r) {
			return broken
		}
	case *typed.RangePat:
		if q == r || covers(k, q, r) {
			return holds
		}
	}
	return open
}

// whenOutside judges a pattern of a value that is not in a range.
func (d *decider) whenOutside(at *part, r *typed.RangePat, q typed.Pattern) verdict {
	k := d.b.l.layout(at.typ).basic
	switch q := q.(type) {
	case *typed.LitPat:
		if inRange(k, q.Value, r) {
			return broken
		}
	case *typed.RangePat:
		if q == r || covers(k, r, q) {
			return broken
		}
	}
	return open
}

// inRange reports whether a constant is in a range.
func inRange(k typed.Kind, c *typed.Const, r *typed.RangePat) bool {
	if less(k, c.Int, r.Lo.Int) {
		return false
	}
	return less(k, c.Int, r.Hi.Int) || r.Inclusive && c.Int == r.Hi.Int
}

// covers reports whether outer surely holds all that inner holds.
func covers(k typed.Kind, outer, inner *typed.RangePat) bool {
	if less(k, inner.Lo.Int, outer.Lo.Int) {
		return false
	}
	return less(k, inner.Hi.Int, outer.Hi.Int) ||
		inner.Hi.Int == outer.Hi.Int && (outer.Inclusive || !inner.Inclusive)
}

// less compares constants of an integer type or char.
func less(k typed.Kind, a, b uint64) bool {
	if k.IsSigned() {
		return signed(k, a) < signed(k, b)
	}
	return a < b
}

// signed reads the bits of a constant as the program means them.
func signed(k typed.Kind, bits uint64) int64 {
	shift := 64 - k.Bits()
	return int64(bits<<shift) >> shift
}
