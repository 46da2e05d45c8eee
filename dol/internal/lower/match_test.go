package lower

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	. "github.com/univrs/vudo/dol/internal/typed"
)

// gvalue is a value of a scrutinee in the test: a constant, or a variant with
// fields, or a tuple.
type gvalue struct {
	t       Type
	c       *Const
	variant *Variant
	fields  []*gvalue
}

func (g *gvalue) expr() Expr {
	var xs []Expr
	for _, f := range g.fields {
		xs = append(xs, f.expr())
	}
	switch {
	case g.c != nil:
		return g.c
	case g.variant != nil:
		return &NewVariant{E: E{T: g.t}, Variant: g.variant, Fields: xs}
	}
	return &NewTuple{E: E{T: g.t}, Elems: xs}
}

// matches is what a pattern means, said as simply as possible. It returns the
// i64 values bound, by name.
func (g *gvalue) matches(p Pattern, bound map[string]uint64) bool {
	all := func(ps []Pattern) bool {
		for i, q := range ps {
			if !g.fields[i].matches(q, bound) {
				return false
			}
		}
		return true
	}
	switch p := p.(type) {
	case *BindPat:
		if p.Sub != nil && !g.matches(p.Sub, bound) {
			return false
		}
		bound[p.Var.Name] = g.c.Int
		return true
	case *LitPat:
		return p.Value.Int == g.c.Int && p.Value.Str == g.c.Str
	case *RangePat:
		x, lo, hi := int64(g.c.Int), int64(p.Lo.Int), int64(p.Hi.Int)
		return lo <= x && (x < hi || p.Inclusive && x == hi)
	case *VariantPat:
		return p.Variant == g.variant && all(p.Fields)
	case *TuplePat:
		return all(p.Elems)
	case *OrPat:
		for _, alt := range p.Alts {
			if g.matches(alt, bound) {
				return true
			}
		}
		return false
	}
	return true
}

// matchGen makes scrutinee types, patterns and values.
type matchGen struct {
	*rand.Rand
	w     *world
	enums []Type
}

func (g *matchGen) typ(depth int) Type {
	if depth == 0 {
		return []Type{tI64, tBool, tString}[g.IntN(3)]
	}
	switch g.IntN(4) {
	case 0:
		n := g.IntN(2) + 2
		t := &Tuple{}
		for range n {
			t.Elems = append(t.Elems, g.typ(depth-1))
		}
		return t
	case 1:
		return named(g.w.option, g.typ(depth-1))
	case 2:
		return g.enums[g.IntN(len(g.enums))]
	}
	return g.typ(0)
}

func (g *matchGen) value(t Type, depth int) *gvalue {
	v := &gvalue{t: t}
	switch t := t.(type) {
	case *Basic:
		switch t.Kind {
		case Bool:
			v.c = num(t, uint64(g.IntN(2)))
		case String:
			v.c = str([]string{"", "a", "b", "ab"}[g.IntN(4)])
		default:
			v.c = num(t, uint64(int64(g.IntN(12)-4)))
		}
	case *Tuple:
		for _, e := range t.Elems {
			v.fields = append(v.fields, g.value(e, depth))
		}
	case *Named:
		n := len(t.Decl.Variants)
		if depth <= 0 {
			n = 1 // the first has no fields that lead back
		}
		v.variant = t.Decl.Variants[g.IntN(n)]
		sub := Bind(t.Decl.Params, t.Args)
		for _, f := range v.variant.Fields {
			v.fields = append(v.fields, g.value(sub.Apply(f.Type), depth-1))
		}
	}
	return v
}

// pattern makes a pattern; variables only where it is not inside alternatives.
func (g *matchGen) pattern(t Type, depth int, bind func() *Var) Pattern {
	if g.IntN(4) == 0 {
		return &Any{}
	}
	if g.IntN(6) == 0 && depth > 0 {
		p := &OrPat{}
		for range g.IntN(2) + 2 {
			p.Alts = append(p.Alts, g.pattern(t, depth-1, nil))
		}
		return p
	}
	switch t := t.(type) {
	case *Basic:
		if t.Kind == I64 {
			switch g.IntN(4) {
			case 0:
				if bind != nil {
					p := &BindPat{Var: bind()}
					if g.IntN(2) == 0 {
						p.Sub = g.pattern(t, 0, nil)
					}
					return p
				}
			case 1:
				lo := int64(g.IntN(10) - 4)
				return &RangePat{Lo: num(t, uint64(lo)), Hi: num(t, uint64(lo+int64(g.IntN(5)))), Inclusive: g.IntN(2) == 0}
			}
		}
		return &LitPat{Value: g.value(t, 0).c}
	case *Tuple:
		p := &TuplePat{}
		for _, e := range t.Elems {
			p.Elems = append(p.Elems, g.pattern(e, depth-1, bind))
		}
		return p
	case *Named:
		v := t.Decl.Variants[g.IntN(len(t.Decl.Variants))]
		p := &VariantPat{Enum: t, Variant: v}
		sub := Bind(t.Decl.Params, t.Args)
		for _, f := range v.Fields {
			if depth <= 0 {
				p.Fields = append(p.Fields, &Any{})
				continue
			}
			p.Fields = append(p.Fields, g.pattern(sub.Apply(f.Type), depth-1, bind))
		}
		return p
	}
	return &Any{}
}

// Proves: dol 3.11-a, 4.1-g, 8.1-a match; decisions agree with trying the arms in
// order, for random types, patterns, guards and values, and so do arms that are
// tried one by one.
func TestMatchAgainstItsMeaning(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	defer func(f func(int) int) { maxTree = f }(maxTree)
	for round := range 400 {
		if round == 200 {
			maxTree = func(int) int { return 0 }
		}
		g := &matchGen{Rand: rand.New(rand.NewPCG(seed, uint64(round))), w: newWorld()}
		tree := enumDecl("Tree", variantOf("Leaf"), variantOf("Num", tI64), variantOf("Node", nil, tBool, nil))
		for _, f := range tree.Variants[2].Fields {
			if f.Type == nil {
				f.Type = named(tree)
			}
		}
		g.enums = []Type{
			named(tree),
			named(enumDecl("Color", variantOf("Red"), variantOf("Green"), variantOf("Blue"), variantOf("Grey"))),
			named(enumDecl("One", variantOf("Only", tI64, tString))),
		}
		typ := g.typ(2)
		for _, viaTree := range []bool{true, false} {
			matchRound(t, g, typ, viaTree)
		}
		if t.Failed() {
			t.Fatalf("round %d", round)
		}
	}
}

// matchRound tests one match: as it is written, or on a variable, where a tuple
// literal must not be taken apart.
func matchRound(t *testing.T, g *matchGen, typ Type, literal bool) {
	type arm struct {
		p     Pattern
		guard int64 // bound sum must exceed it; -100: no guard
	}
	var arms []arm
	var tarms []*Arm
	for i := range g.IntN(6) + 1 {
		a := arm{guard: -100}
		var vars []*Var
		a.p = g.pattern(typ, 3, func() *Var {
			v := param(fmt.Sprint("v", len(vars)), tI64)
			vars = append(vars, v)
			return v
		})
		sum := Expr(num(tI64, 0))
		for _, v := range vars {
			sum = binop(Add, tI64, sum, use(v))
		}
		ta := &Arm{Pattern: a.p, Body: binop(Add, tI64, num(tI64, uint64(i*1000)), sum)}
		if g.IntN(3) == 0 {
			a.guard = int64(g.IntN(6) - 3)
			ta.Guard = binop(Gt, tBool, sum, num(tI64, uint64(a.guard)))
		}
		arms, tarms = append(arms, a), append(tarms, ta)
	}
	w := newWorld()
	w.option = g.w.option
	w.p.Known.Option = g.w.option
	const values = 30
	var vals []*gvalue
	for i := range values {
		v := g.value(typ, 3)
		vals = append(vals, v)
		if literal {
			w.export(fmt.Sprint("f", i), nil, &Match{E: E{T: tI64}, X: v.expr(), Arms: tarms})
			continue
		}
		x := param("x", typ)
		f := &Func{Name: "t.m", Params: []*Var{x}, Result: tI64, Body: block(&Match{E: E{T: tI64}, X: use(x), Arms: tarms})}
		if i > 0 { // one function for all values
			f = w.p.Funcs[0]
		} else {
			w.p.Funcs = append(w.p.Funcs, f)
		}
		w.p.Exports = append(w.p.Exports, &Export{Name: fmt.Sprint("f", i), Func: &Func{Name: "t.f", Result: tI64, Body: block(calls(f, v.expr()))}})
	}
	ma := w.machine(t, Options{})
	for i, v := range vals {
		want := "no case of match fits"
		for j, a := range arms {
			bound := map[string]uint64{}
			if !v.matches(a.p, bound) {
				continue
			}
			sum := int64(0)
			for _, n := range bound {
				sum += int64(n)
			}
			if a.guard == -100 || sum > a.guard {
				want = fmt.Sprint(int64(j*1000) + sum)
				break
			}
		}
		if got := outcome(ma.CallExport(fmt.Sprint("f", i))); got != want && !strings.Contains(got, want) {
			t.Errorf("literal %v, value %d of %s: got %s, want %s", literal, i, typ, got, want)
		}
	}
}

// Proves: dol 21-b growth; a match whose decision tree would be exponential is
// tried arm by arm.
func TestMatchWithManyAlternativesStaysSmall(t *testing.T) {
	const n = 14
	w := newWorld()
	color := named(enumDecl("C", variantOf("A"), variantOf("B"), variantOf("C")))
	pt := &Tuple{}
	for range n {
		pt.Elems = append(pt.Elems, color)
	}
	either := func(i, j int) Pattern {
		return &OrPat{Alts: []Pattern{&VariantPat{Enum: color, Variant: color.Decl.Variants[i]}, &VariantPat{Enum: color, Variant: color.Decl.Variants[j]}}}
	}
	m := &Match{E: E{T: tI64}}
	for i := range n {
		p := &TuplePat{}
		for j := range n {
			p.Elems = append(p.Elems, either((i+j)%3, (i*j+1)%3))
		}
		m.Arms = append(m.Arms, &Arm{Pattern: p, Body: num(tI64, uint64(i))})
	}
	m.Arms = append(m.Arms, &Arm{Pattern: &Any{}, Body: num(tI64, 99)})
	x := &NewTuple{E: E{T: pt}}
	for j := range n { // arm 1 takes it, arm 0 fails at the second element
		x.Elems = append(x.Elems, &NewVariant{E: E{T: color}, Variant: color.Decl.Variants[(1+j)%3]})
	}
	m.X = x
	w.export("f", nil, m)
	mod, problems := Lower(w.p, Options{})
	if problems != nil {
		t.Fatal(problems)
	}
	if size := len(mod.Funcs[0].String()); size > 400_000 {
		t.Errorf("%d bytes of code", size)
	}
	if got := outcome(w.machine(t, Options{}).CallExport("f")); got != "1" {
		t.Errorf("got %s, want 1", got)
	}
}
