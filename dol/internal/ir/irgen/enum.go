package irgen

import (
	"fmt"

	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/internal/wasm"
)

// enum makes an enum as lowering does: a base with the tag, and a descendant with
// further fields for each case.
func (g *generator) enum(name string) typ {
	s := &shape{object: g.newObject(&ir.Object{Name: name})}
	g.field(s, "tag", numbers[0])
	for i := range 2 + g.r.IntN(2) {
		c := &shape{object: g.newObject(&ir.Object{Name: fmt.Sprintf("%s.case%d", name, i), Parent: s.object})}
		c.fields = append(c.fields, s.fields...)
		c.object.Fields = append(c.object.Fields, s.object.Fields...)
		for j := range g.r.IntN(3) {
			g.field(c, fmt.Sprintf("%d", j), pick(g, append(numbers, g.bytes)))
		}
		s.cases = append(s.cases, c)
	}
	return typ{ir.Ref, s}
}

// newCase makes an object of one of the cases.
func (b *body) newCase(s *shape, depth int) ir.Expr {
	tag := b.r.IntN(len(s.cases))
	e := &ir.New{Object: s.cases[tag].object, Fields: []ir.Expr{i32(uint32(tag))}, Pos: b.pos()}
	for _, f := range s.cases[tag].fields[1:] {
		e.Fields = append(e.Fields, b.expr(f, depth-1))
	}
	return e
}

// match tests the tag of a value and reads the fields of its case, in a loop now
// and then.
func (b *body) match(depth int) {
	t := pick(b.generator, b.enums)
	x := b.object(t, depth-1)
	if b.chance(2) { // decided by something that is not known
		x = &ir.Tern{Cond: b.cond(depth - 1), A: x, B: b.newCase(t.obj, depth-1)}
	}
	v := b.hold(t, x)
	if b.loops > 1 || b.chance(2) {
		b.cases(t.obj, v, depth)
		return
	}
	b.rounds(func() { b.cases(t.obj, v, depth) })
}

func (b *body) cases(s *shape, v ir.Expr, depth int) {
	for tag, c := range s.cases {
		b.emit(&ir.If{
			Cond: bin(wasm.OpI32Eq, &ir.GetField{Object: s.object, Index: 0, X: v}, i32(uint32(tag))),
			Then: b.nested(func() {
				for i, f := range c.fields[1:] {
					if to := b.find(f, true); to >= 0 {
						b.emit(&ir.Set{Local: to, X: &ir.GetField{Object: c.object, Index: i + 1, X: v}})
					}
				}
				if n := len(c.fields); n > 1 && b.chance(3) {
					i := 1 + b.r.IntN(n-1)
					b.emit(&ir.SetField{Object: c.object, Index: i, X: v, Value: b.expr(c.fields[i], depth-1)})
				}
			}),
		})
	}
}
