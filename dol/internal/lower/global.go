package lower

import (
	"slices"

	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/dol/internal/typed"
)

// global returns the variable of a module, and sees to it that it is set first;
// one without a representation is not in the module, only its initialiser runs.
func (l *lowerer) global(g *typed.Global) *ir.Global {
	if out, ok := l.globals[g]; ok {
		return out
	}
	out := &ir.Global{Name: g.Name, Kind: l.kind(g.Type)}
	if out.Kind != ir.None {
		l.addGlobal(out)
	}
	l.globals[g] = out
	fn := l.newFunc(g.Name+".init", g.Pos)
	b := l.newBody(fn, nil)
	l.inits = append(l.inits, initialiser{slices.Index(l.prog.Globals, g), fn})
	l.later(g.Name, g.Pos, func() {
		var x ir.Expr
		if g.Init == nil {
			x = b.l.zeroValue(g.Type)
		} else {
			b.shared = capturedVars(g.Init)
			x = b.expr(g.Init)
		}
		if x != nil {
			b.emit(&ir.SetGlobal{Global: out, X: x})
		}
		b.finish()
	})
	return out
}

func (l *lowerer) addGlobal(g *ir.Global) {
	g.ID = len(l.mod.Globals)
	l.mod.Globals = append(l.mod.Globals, g)
}

// static returns an object without identity of its own that is made once, before
// anything else runs.
func (l *lowerer) static(key, name string, made func() ir.Expr) ir.Expr {
	g, ok := l.statics[key]
	if !ok {
		g = &ir.Global{Name: name, Kind: ir.Ref}
		l.addGlobal(g)
		l.statics[key] = g
		l.prelude = append(l.prelude, &ir.SetGlobal{Global: g, X: made()})
	}
	return &ir.GetGlobal{Global: g}
}

// unitVariant is the one value of a variant without fields of an enum that has
// others with.
func (l *lowerer) unitVariant(y *layout, i int) ir.Expr {
	return l.static("variant "+y.key+" "+itoa(i), y.typ.String()+"."+y.variants[i].decl.Name, func() ir.Expr {
		return &ir.New{Object: y.variants[i].object, Fields: []ir.Expr{i32(int32(i))}}
	})
}

// zeroValue is the value of a module variable without initialiser: 0, false, the
// empty text, None; null for other references.
func (l *lowerer) zeroValue(t typed.Type) ir.Expr {
	y := l.layout(t)
	switch y.shape {
	case text:
		return &ir.Str{}
	case tagged:
		if n, ok := y.typ.(*typed.Named); ok && n.Decl == l.prog.Known.Option {
			for i, v := range y.variants {
				if len(v.fields) == 0 {
					return l.unitVariant(y, i)
				}
			}
		}
	}
	return zero(y.kind)
}

// zeroSlot is what a slot holds that has no value yet.
func (l *lowerer) zeroSlot(t typed.Type) ir.Expr { return zero(l.kind(t)) }
