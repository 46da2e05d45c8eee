package types

import (
	"slices"

	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/dol/internal/typed"
)

// definite checks that locals declared without a value are assigned before they
// are used (dol 3.10-b).
func (b *body) definite(f *funcInfo) {
	if !f.late || f.fn.Body == nil {
		return
	}
	d := &assigned{b: b, index: map[*typed.Var]int{}}
	for i, v := range b.lateVars {
		d.index[v] = i
	}
	d.state = make([]bool, len(b.lateVars))
	d.expr(f.fn.Body)
}

// assigned walks a body with what is assigned for sure. After a jump everything
// counts as assigned: nothing behind it runs.
type assigned struct {
	b     *body
	index map[*typed.Var]int
	state []bool
	loops []assignedLoop
}

// assignedLoop collects what is assigned wherever a loop is left.
type assignedLoop struct {
	node typed.Expr
	exit []bool // nil: not left yet
}

func (d *assigned) save() []bool { return slices.Clone(d.state) }

func (d *assigned) dead() {
	for i := range d.state {
		d.state[i] = true
	}
}

// meet keeps what is assigned on both ways.
func meet(a, b []bool) []bool {
	if a == nil {
		return slices.Clone(b)
	}
	out := slices.Clone(a)
	for i := range out {
		out[i] = out[i] && b[i]
	}
	return out
}

func (d *assigned) exprs(xs []typed.Expr) {
	for _, x := range xs {
		d.expr(x)
	}
}

func (d *assigned) use(x *typed.Local) {
	i, late := d.index[x.Var]
	if !late || d.state[i] {
		return
	}
	d.state[i] = true // once is enough
	at, ok := d.b.lateReads[x]
	if !ok {
		return
	}
	rep := d.b.error("use-before-init", at, "%s is used before it has a value", x.Var.Name)
	note(rep, "assign it on every way that leads here")
}

func (d *assigned) expr(x typed.Expr) {
	switch x := x.(type) {
	case *typed.Local:
		d.use(x)
	case *typed.Lambda:
		saved := d.save()
		loops := d.loops
		d.loops = nil
		d.expr(x.Body)
		d.state, d.loops = saved, loops
	case *typed.Unary:
		d.expr(x.X)
	case *typed.Binary:
		d.expr(x.X)
		if x.Op == typed.And || x.Op == typed.Or {
			saved := d.save()
			d.expr(x.Y)
			d.state = saved
			return
		}
		d.expr(x.Y)
	case *typed.Convert:
		d.expr(x.X)
	case *typed.Concat:
		d.exprs(x.Parts)
	case *typed.ToString:
		d.expr(x.X)
	case *typed.Call:
		d.exprs(x.Args)
	case *typed.TraitCall:
		d.exprs(x.Args)
	case *typed.CallValue:
		d.expr(x.Fun)
		d.exprs(x.Args)
	case *typed.New:
		d.exprs(x.Fields)
	case *typed.NewVariant:
		d.exprs(x.Fields)
	case *typed.NewTuple:
		d.exprs(x.Elems)
	case *typed.NewList:
		d.exprs(x.Elems)
	case *typed.GetField:
		d.expr(x.X)
	case *typed.GetElem:
		d.expr(x.X)
	case *typed.GetIndex:
		d.expr(x.X)
		d.expr(x.I)
	case *typed.If:
		d.expr(x.Cond)
		before := d.save()
		d.expr(x.Then)
		then := d.state
		d.state = before
		if x.Else != nil {
			d.expr(x.Else)
		}
		d.state = meet(then, d.state)
	case *typed.Match:
		d.expr(x.X)
		before := d.state
		var after []bool
		for _, a := range x.Arms {
			d.state = slices.Clone(before)
			if a.Guard != nil {
				d.expr(a.Guard)
			}
			d.expr(a.Body)
			after = meet(after, d.state)
		}
		if after != nil {
			d.state = after
		}
	case *typed.Block:
		if x != nil {
			d.block(x)
		}
	case *typed.Loop:
		d.loops = append(d.loops, assignedLoop{node: x})
		d.expr(x.Body)
		l := d.loops[len(d.loops)-1]
		d.loops = d.loops[:len(d.loops)-1]
		if l.exit == nil {
			d.dead()
		} else {
			d.state = l.exit
		}
	case *typed.ForRange:
		d.expr(x.Lo)
		d.expr(x.Hi)
		d.repeated(x, x.Body)
	case *typed.ForVec:
		d.expr(x.X)
		d.repeated(x, x.Body)
	case *typed.Break:
		if x.Value != nil {
			d.expr(x.Value)
		}
		for i := range d.loops {
			if d.loops[i].node == x.Target {
				d.loops[i].exit = meet(d.loops[i].exit, d.state)
			}
		}
		d.dead()
	case *typed.Continue:
		d.dead()
	case *typed.Return:
		if x.Value != nil {
			d.expr(x.Value)
		}
		d.dead()
	case *typed.Panic:
		d.expr(x.Msg)
		d.dead()
	}
}

// repeated is a body that may not run at all.
func (d *assigned) repeated(node typed.Expr, body *typed.Block) {
	before := d.save()
	d.loops = append(d.loops, assignedLoop{node: node})
	d.expr(body)
	d.loops = d.loops[:len(d.loops)-1]
	d.state = before
}

func (d *assigned) block(x *typed.Block) {
	for _, st := range x.Stmts {
		switch st := st.(type) {
		case *typed.Let:
			if st.Value != nil {
				d.expr(st.Value)
			} else if p, ok := st.Pattern.(*typed.BindPat); ok {
				if i, late := d.index[p.Var]; late {
					d.state[i] = false
				}
			}
		case *typed.Assign:
			local, ok := st.Place.(*typed.Local)
			if !ok || !st.Set {
				d.expr(st.Place)
			}
			d.expr(st.Value)
			if ok {
				if i, late := d.index[local.Var]; late {
					d.state[i] = true
				}
			}
		case *typed.Do:
			d.expr(st.X)
		}
	}
	if x.Value != nil {
		d.expr(x.Value)
	}
}

// lateRead remembers where a variable that may not have a value yet is read.
func (b *body) lateRead(l *local, x typed.Expr, at syntax.Span) {
	if r, ok := x.(*typed.Local); ok && l.late {
		if b.lateReads == nil {
			b.lateReads = map[*typed.Local]syntax.Span{}
		}
		b.lateReads[r] = at
	}
}
