package types

import (
	"strconv"
	"strings"

	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/dol/internal/typed"
)

// matchCheck is a match whose arms are looked at when all types are known.
type matchCheck struct {
	at      syntax.Span
	subject typed.Expr
	arms    []matchArm
}

type matchArm struct {
	pattern typed.Pattern
	at      syntax.Span
	guarded bool
	syntax  syntax.Pattern
}

// maxMatchSteps bounds the search for missing cases and unreachable arms of all
// matches together. It grows exponentially in the worst case, which no program
// that people write comes near.
const maxMatchSteps = 5_000_000

// checkMatch reports the cases that a match leaves out and the arms that nothing
// reaches, by the usefulness of patterns (Maranget, "Warnings for pattern
// matching"): a pattern is useful behind others if it matches a value that they
// do not. Arms that are literals or whole variants, of which there may be
// thousands, are told apart by their keys.
func (b *body) checkMatch(m *matchCheck) {
	t := resolve(m.subject.Type())
	if isBad(t) || t == typed.Type(tNever) {
		return
	}
	u := &usefulness{c: b.checker}
	var rows [][]typed.Pattern
	seen := map[string]syntax.Span{}
	plain, closed := true, false // all rows have keys; one matches everything
	for i := range m.arms {
		a := &m.arms[i]
		key := plainKey(a.pattern)
		first, dup := seen[key]
		_, literal := strip(a.pattern).(*typed.LitPat)
		switch {
		case key != "" && dup && literal && !a.guarded:
			d := b.error("dup-match-arm", a.at, "this case stands above already")
			b.s.note(d, first, "the first one")
			continue
		case key != "" && !dup && plain:
		case len(rows) > 0 && u.useful(rows, []typed.Pattern{a.pattern}, []typed.Type{t}) == nil && u.within():
			b.s.report("match-unreachable", a.at, "this arm is never reached: those above match all that it does")
		}
		if a.guarded {
			continue
		}
		rows = append(rows, []typed.Pattern{a.pattern})
		if key == "" {
			plain = false
		} else if !dup {
			seen[key] = a.at
		}
		closed = closed || irrefutable(a.pattern)
	}
	if closed {
		return
	}
	missing := ""
	if plain && len(rows) > 0 && !(typed.KindOf(t) == typed.Bool || isDiscrete(t) && typed.KindOf(t).Bits() <= 8) {
		missing = plainMissing(t, seen, u)
	} else if w := u.useful(rows, []typed.Pattern{&typed.Any{}}, []typed.Type{t}); w != nil {
		missing = w[0]
	}
	switch {
	case !u.within():
		d := b.error("match-nonexhaustive", m.at, "the match is too large to see whether it leaves out cases of %s", b.s.typeName(t))
		advise(d, "add an arm _ => … for the rest")
	case missing != "":
		d := b.error("match-nonexhaustive", m.at, "the match leaves out cases of %s", b.s.typeName(t))
		note(d, "not matched: %s", missing)
		advise(d, "add an arm for it, or _ => … for the rest")
	}
}

// plainKey names what a literal, or a variant whatever it holds, matches; "" for
// all other patterns.
func plainKey(p typed.Pattern) string {
	switch p := strip(p).(type) {
	case *typed.LitPat:
		return litText(p.Value)
	case *typed.VariantPat:
		if allIrrefutable(p.Fields) {
			return "variant " + p.Variant.Name
		}
	}
	return ""
}

// plainMissing is a value of t that none of the keys matches, "" when there is
// none.
func plainMissing(t typed.Type, keys map[string]syntax.Span, u *usefulness) string {
	if n, ok := t.(*typed.Named); ok && n.Decl.Kind == typed.EnumKind {
		for _, v := range n.Decl.Variants {
			if _, ok := keys["variant "+v.Name]; !ok {
				wild := make([]string, len(v.Fields))
				for i := range wild {
					wild[i] = "_"
				}
				return u.text(t, constructor{variant: v}, wild)
			}
		}
		return ""
	}
	if isDiscrete(t) {
		for n := uint64(0); n <= uint64(len(keys)); n++ {
			text := litText(&typed.Const{E: typed.E{T: t}, Int: n})
			if _, ok := keys[text]; !ok {
				return text
			}
		}
	}
	return "_"
}

func litText(k *typed.Const) string {
	switch kind := typed.KindOf(k.T); {
	case kind == typed.String:
		return strconv.Quote(k.Str)
	case kind == typed.Bool:
		return strconv.FormatBool(k.Int != 0)
	case kind == typed.Char:
		return strconv.QuoteRune(rune(k.Int))
	case kind.IsFloat():
		return strconv.FormatFloat(k.Float, 'g', -1, 64)
	case kind.IsSigned():
		return strconv.FormatInt(int64(k.Int), 10)
	}
	return strconv.FormatUint(k.Int, 10)
}

// usefulness is a search; the steps that it may take are the checker's.
type usefulness struct{ c *checker }

// step counts one step and reports whether it may be taken.
func (u *usefulness) step() bool {
	u.c.matchSteps--
	return u.within()
}

// within reports whether the search had the steps that it needed.
func (u *usefulness) within() bool { return u.c.matchSteps > 0 }

// constructor is a way to build values of a type.
type constructor struct {
	variant *typed.Variant
	value   *typed.Const // a literal, or true and false
	lo, hi  uint64       // of integers and chars, both ends in, order-preserving
	isRange bool
	arity   int
}

// useful returns a value, as text by column, that q matches and no row does; nil
// when there is none.
func (u *usefulness) useful(rows [][]typed.Pattern, q []typed.Pattern, types []typed.Type) []string {
	if !u.step() {
		return nil
	}
	if len(q) == 0 {
		if len(rows) == 0 {
			return []string{}
		}
		return nil
	}
	t := types[0]
	head := strip(q[0])
	if or, ok := head.(*typed.OrPat); ok {
		for _, alt := range or.Alts {
			if w := u.useful(rows, append([]typed.Pattern{alt}, q[1:]...), types); w != nil {
				return w
			}
		}
		return nil
	}
	rows = expandOr(rows)
	if _, any := head.(*typed.Any); !any {
		for _, c := range u.split(head, rows, t) {
			if w := u.specialised(rows, q, types, c); w != nil {
				return w
			}
		}
		return nil
	}
	all, complete := u.constructors(rows, t)
	if complete {
		for _, c := range all {
			if w := u.specialised(rows, q, types, c); w != nil {
				return w
			}
		}
		return nil
	}
	// Some constructor appears in no row: only rows that match anything count.
	var rest [][]typed.Pattern
	for _, r := range rows {
		if _, any := strip(r[0]).(*typed.Any); any {
			rest = append(rest, r[1:])
		}
	}
	w := u.useful(rest, q[1:], types[1:])
	if w == nil {
		return nil
	}
	return append([]string{u.missing(rows, t)}, w...)
}

// strip removes bindings.
func strip(p typed.Pattern) typed.Pattern {
	for {
		b, ok := p.(*typed.BindPat)
		if !ok {
			return p
		}
		if b.Sub == nil {
			return &typed.Any{}
		}
		p = b.Sub
	}
}

// expandOr writes rows with an or-pattern in front out.
func expandOr(rows [][]typed.Pattern) [][]typed.Pattern {
	found := false
	for _, r := range rows {
		if _, ok := strip(r[0]).(*typed.OrPat); ok {
			found = true
			break
		}
	}
	if !found {
		return rows
	}
	var out [][]typed.Pattern
	var add func(p typed.Pattern, rest []typed.Pattern)
	add = func(p typed.Pattern, rest []typed.Pattern) {
		if or, ok := strip(p).(*typed.OrPat); ok {
			for _, alt := range or.Alts {
				add(alt, rest)
			}
			return
		}
		out = append(out, append([]typed.Pattern{p}, rest...))
	}
	for _, r := range rows {
		add(r[0], r[1:])
	}
	return out
}

// specialised continues with rows and q taken apart by a constructor.
func (u *usefulness) specialised(rows [][]typed.Pattern, q []typed.Pattern, types []typed.Type, c constructor) []string {
	sub := u.fieldTypes(types[0], c)
	qs, ok := u.takeApart(q, c, len(sub))
	if !ok {
		return nil
	}
	var rs [][]typed.Pattern
	for _, r := range rows {
		u.step()
		if parts, ok := u.takeApart(r, c, len(sub)); ok {
			rs = append(rs, parts)
		}
	}
	w := u.useful(rs, qs, append(append([]typed.Type(nil), sub...), types[1:]...))
	if w == nil {
		return nil
	}
	return append([]string{u.text(types[0], c, w[:len(sub)])}, w[len(sub):]...)
}

func (u *usefulness) fieldTypes(t typed.Type, c constructor) []typed.Type {
	switch t := t.(type) {
	case *typed.Tuple:
		return t.Elems
	case *typed.Named:
		subst := typed.Bind(t.Decl.Params, t.Args)
		var out []typed.Type
		if c.variant != nil {
			for _, f := range c.variant.Fields {
				out = append(out, subst.Apply(f.Type))
			}
			return out
		}
		if t.Decl.Kind == typed.Record {
			ti := u.c.typesOf[t.Decl]
			u.c.complete(ti)
			for _, f := range ti.layout {
				out = append(out, subst.Apply(f.typ))
			}
		}
		return out
	}
	return nil
}

// takeApart replaces the first pattern by its parts, if it matches values of c.
func (u *usefulness) takeApart(row []typed.Pattern, c constructor, arity int) ([]typed.Pattern, bool) {
	wild := func() []typed.Pattern {
		out := make([]typed.Pattern, arity, arity+len(row)-1)
		for i := range out {
			out[i] = &typed.Any{}
		}
		return append(out, row[1:]...)
	}
	switch p := strip(row[0]).(type) {
	case *typed.Any:
		return wild(), true
	case *typed.VariantPat:
		if c.variant == nil || p.Variant != c.variant {
			return nil, false
		}
		return append(append([]typed.Pattern(nil), p.Fields...), row[1:]...), true
	case *typed.TuplePat:
		return append(append([]typed.Pattern(nil), p.Elems...), row[1:]...), true
	case *typed.RecordPat:
		return append(append([]typed.Pattern(nil), p.Fields...), row[1:]...), true
	case *typed.LitPat:
		if c.isRange {
			v := ordinal(p.Value)
			return wild(), c.lo >= v && c.hi <= v
		}
		return wild(), c.value != nil && litText(c.value) == litText(p.Value)
	case *typed.RangePat:
		lo, hi, ok := rangeOf(p)
		return wild(), ok && c.isRange && c.lo >= lo && c.hi <= hi
	}
	return nil, false
}

// ordinal maps integers and chars to numbers that keep their order.
func ordinal(k *typed.Const) uint64 {
	if typed.KindOf(k.T).IsSigned() {
		return k.Int ^ 1<<63
	}
	return k.Int
}

func rangeOf(p *typed.RangePat) (lo, hi uint64, ok bool) {
	lo, hi = ordinal(p.Lo), ordinal(p.Hi)
	if !p.Inclusive {
		if hi == 0 {
			return 0, 0, false
		}
		hi--
	}
	return lo, hi, lo <= hi
}

// split lists the constructors that a pattern covers, cut so that each row covers
// one in whole or not at all.
func (u *usefulness) split(p typed.Pattern, rows [][]typed.Pattern, t typed.Type) []constructor {
	switch p := p.(type) {
	case *typed.VariantPat:
		return []constructor{{variant: p.Variant, arity: len(p.Fields)}}
	case *typed.LitPat:
		if isDiscrete(t) {
			v := ordinal(p.Value)
			return []constructor{{isRange: true, lo: v, hi: v}}
		}
		return []constructor{{value: p.Value}}
	case *typed.RangePat:
		lo, hi, ok := rangeOf(p)
		if !ok {
			return nil
		}
		return u.cut(lo, hi, rows)
	}
	return []constructor{{}}
}

func isDiscrete(t typed.Type) bool {
	k := typed.KindOf(t)
	return k.IsInt() || k == typed.Char
}

// cut divides a range at the borders of the rows.
func (u *usefulness) cut(lo, hi uint64, rows [][]typed.Pattern) []constructor {
	borders := map[uint64]bool{lo: true}
	for _, r := range rows {
		u.step()
		switch p := strip(r[0]).(type) {
		case *typed.LitPat:
			v := ordinal(p.Value)
			borders[v] = true
			if v+1 != 0 {
				borders[v+1] = true
			}
		case *typed.RangePat:
			if a, b, ok := rangeOf(p); ok {
				borders[a] = true
				if b+1 != 0 {
					borders[b+1] = true
				}
			}
		}
	}
	var points []uint64
	for p := range borders {
		if p >= lo && p <= hi {
			points = append(points, p)
		}
	}
	sortUint64(points)
	out := make([]constructor, len(points))
	for i, p := range points {
		end := hi
		if i+1 < len(points) {
			end = points[i+1] - 1
		}
		out[i] = constructor{isRange: true, lo: p, hi: end}
	}
	return out
}

// constructors lists those of a type that has to be looked at one by one; complete
// is false when the rows leave one of them out.
func (u *usefulness) constructors(rows [][]typed.Pattern, t typed.Type) (all []constructor, complete bool) {
	switch t := t.(type) {
	case *typed.Tuple:
		return []constructor{{arity: len(t.Elems)}}, true
	case *typed.Named:
		switch t.Decl.Kind {
		case typed.Record:
			for _, r := range rows {
				if _, any := strip(r[0]).(*typed.Any); !any {
					return []constructor{{}}, true
				}
			}
			return nil, false
		case typed.EnumKind:
			used := map[*typed.Variant]bool{}
			for _, r := range rows {
				if p, ok := strip(r[0]).(*typed.VariantPat); ok {
					used[p.Variant] = true
				}
			}
			for _, v := range t.Decl.Variants {
				all = append(all, constructor{variant: v, arity: len(v.Fields)})
			}
			return all, len(used) == len(t.Decl.Variants)
		}
		return nil, false
	}
	switch k := typed.KindOf(t); {
	case k == typed.Bool:
		used := map[uint64]bool{}
		for _, r := range rows {
			if p, ok := strip(r[0]).(*typed.LitPat); ok {
				used[p.Value.Int] = true
			}
		}
		for _, n := range []uint64{1, 0} {
			all = append(all, constructor{value: &typed.Const{E: typed.E{T: tBool}, Int: n}})
		}
		return all, len(used) == 2
	case k == typed.Unit:
		return []constructor{{}}, true
	case isDiscrete(t) && k.Bits() <= 64:
		// Complete when literals and ranges cover every value.
		lo, hi := uint64(0), ^uint64(0)
		switch {
		case k == typed.Char:
			hi = 0x10ffff
		case k.IsSigned():
			half := uint64(1) << (k.Bits() - 1)
			lo, hi = 1<<63-half, 1<<63+(half-1)
		case k.Bits() < 64:
			hi = 1<<k.Bits() - 1
		}
		any := false
		for _, r := range rows {
			if _, ok := strip(r[0]).(*typed.Any); !ok {
				any = true
			}
		}
		if !any {
			return nil, false
		}
		return nearZero(u.cut(lo, hi, rows), k), true
	}
	return nil, false
}

// nearZero puts the pieces of a signed type that are not negative first: 1 says
// more as a missing case than the least number there is.
func nearZero(pieces []constructor, k typed.Kind) []constructor {
	if !k.IsSigned() {
		return pieces
	}
	i := 0
	for i < len(pieces) && pieces[i].hi < 1<<63 {
		i++
	}
	return append(append([]constructor(nil), pieces[i:]...), pieces[:i]...)
}

// missing is the text of a value that no row mentions.
func (u *usefulness) missing(rows [][]typed.Pattern, t typed.Type) string {
	n, ok := t.(*typed.Named)
	if ok && n.Decl.Kind == typed.EnumKind {
		used := map[*typed.Variant]bool{}
		for _, r := range rows {
			if p, ok := strip(r[0]).(*typed.VariantPat); ok {
				used[p.Variant] = true
			}
		}
		for _, v := range n.Decl.Variants {
			if !used[v] {
				wild := make([]string, len(v.Fields))
				for i := range wild {
					wild[i] = "_"
				}
				return u.text(t, constructor{variant: v}, wild)
			}
		}
	}
	if typed.KindOf(t) == typed.Bool {
		for _, r := range rows {
			if p, ok := strip(r[0]).(*typed.LitPat); ok {
				return strconv.FormatBool(p.Value.Int == 0)
			}
		}
	}
	return "_"
}

// text is a value that a constructor builds, as a pattern.
func (u *usefulness) text(t typed.Type, c constructor, parts []string) string {
	switch {
	case c.variant != nil:
		n := t.(*typed.Named)
		name := n.Decl.Name + "." + c.variant.Name
		if u.c.typesOf[n.Decl].src.library {
			name = c.variant.Name
		}
		if len(parts) == 0 {
			return name
		}
		if c.variant.Fields[0].Name != "0" {
			return name + " { .. }"
		}
		return name + "(" + strings.Join(parts, ", ") + ")"
	case c.isRange:
		k := typed.KindOf(t)
		v := c.lo
		if k.IsSigned() {
			v ^= 1 << 63
		}
		return litText(&typed.Const{E: typed.E{T: t}, Int: v})
	case c.value != nil:
		return litText(c.value)
	}
	switch t := t.(type) {
	case *typed.Tuple:
		return "(" + strings.Join(parts, ", ") + ")"
	case *typed.Named:
		return t.Decl.Name + " { .. }"
	}
	if typed.KindOf(t) == typed.Unit {
		return "()"
	}
	return "_"
}
