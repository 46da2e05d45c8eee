package types

import "github.com/univrs/vudo/dol/internal/syntax"

// usesThis reports whether the body of a method touches the instance: this, self,
// or a bare field that no local hides (dol 3.9-d).
func (c *checker) usesThis(f *funcInfo) bool {
	if f.decl.Body == nil {
		return false
	}
	w := &thisWalk{names: map[string]int{}}
	if o := f.owner; o != nil {
		c.complete(o)
		w.fields = o.byField
	}
	for _, p := range f.decl.Args {
		w.names[p.Name.Name]++
	}
	w.block(f.decl.Body)
	return w.found
}

// thisWalk looks for the instance in a body. names counts the locals in scope.
type thisWalk struct {
	fields map[string]int
	names  map[string]int
	stack  []string
	found  bool
}

func (w *thisWalk) bind(name string) {
	w.names[name]++
	w.stack = append(w.stack, name)
}

func (w *thisWalk) pop(mark int) {
	for _, n := range w.stack[mark:] {
		w.names[n]--
	}
	w.stack = w.stack[:mark]
}

func (w *thisWalk) block(b *syntax.Block) {
	if b == nil || w.found {
		return
	}
	mark := len(w.stack)
	for _, st := range b.Stmts {
		switch st := st.(type) {
		case *syntax.Let:
			w.expr(st.Value)
			w.pattern(st.Pattern)
		case *syntax.Assign:
			w.expr(st.Value)
			if n, ok := st.Place.(*syntax.Name); ok && w.names[n.Ident] == 0 {
				if _, field := w.fields[n.Ident]; !field {
					w.bind(n.Ident)
					continue
				}
			}
			w.expr(st.Place)
		case *syntax.ExprStmt:
			w.expr(st.X)
		case *syntax.FunStmt:
			if st.Fun != nil {
				w.bind(st.Fun.FunName.Name)
			}
		}
		if w.found {
			break
		}
	}
	w.pop(mark)
}

func (w *thisWalk) pattern(p syntax.Pattern) {
	switch p := p.(type) {
	case *syntax.PathPat:
		if len(p.Path.Parts) == 1 {
			w.bind(p.Path.Parts[0].Name)
		}
	case *syntax.TuplePat:
		for _, e := range p.Elems {
			w.pattern(e)
		}
	case *syntax.RecordPat:
		for _, f := range p.Fields {
			if f.Pattern == nil {
				w.bind(f.Name.Name)
			} else {
				w.pattern(f.Pattern)
			}
		}
	case *syntax.AtPat:
		w.bind(p.Name.Name)
		w.pattern(p.Sub)
	case *syntax.OrPat:
		for _, e := range p.Alts {
			w.pattern(e)
		}
	case *syntax.ListPat:
		for _, e := range p.Elems {
			w.pattern(e)
		}
		w.bind(p.RestVar.Name)
	}
}

func (w *thisWalk) exprs(xs []syntax.Expr) {
	for _, x := range xs {
		w.expr(x)
	}
}

func (w *thisWalk) expr(x syntax.Expr) {
	if w.found {
		return
	}
	switch x := x.(type) {
	case *syntax.This:
		w.found = true
	case *syntax.Name:
		if _, field := w.fields[x.Ident]; field && w.names[x.Ident] == 0 {
			w.found = true
		}
	case *syntax.FString:
		for i := range x.Parts {
			if x.Parts[i].X != nil {
				w.expr(x.Parts[i].X)
			}
		}
	case *syntax.List:
		w.exprs(x.Elems)
	case *syntax.Repeat:
		w.expr(x.Elem)
		w.expr(x.Len)
	case *syntax.Tuple:
		w.exprs(x.Elems)
	case *syntax.Paren:
		w.expr(x.X)
	case *syntax.MapLit:
		w.exprs(x.Keys)
		w.exprs(x.Values)
	case *syntax.Struct:
		for i := range x.Fields {
			w.expr(x.Fields[i].Value)
		}
		w.expr(x.Base)
	case *syntax.Call:
		w.expr(x.Fun)
		w.exprs(x.Args)
	case *syntax.Index:
		w.expr(x.X)
		w.expr(x.I)
	case *syntax.Member:
		w.expr(x.X)
	case *syntax.TypeApply:
		w.expr(x.X)
	case *syntax.Unary:
		w.expr(x.X)
	case *syntax.Binary:
		w.expr(x.X)
		w.expr(x.Y)
	case *syntax.Cast:
		w.expr(x.X)
	case *syntax.Range:
		w.expr(x.Lo)
		w.expr(x.Hi)
	case *syntax.If:
		w.expr(x.Cond)
		mark := len(w.stack)
		w.pattern(x.Pattern)
		w.block(x.Then)
		w.pop(mark)
		w.expr(x.Else)
	case *syntax.Match:
		w.expr(x.X)
		for _, a := range x.Arms {
			mark := len(w.stack)
			w.pattern(a.Pattern)
			w.expr(a.Guard)
			w.expr(a.Body)
			w.pop(mark)
		}
	case *syntax.Block:
		w.block(x)
	case *syntax.Lambda:
		mark := len(w.stack)
		for _, p := range x.Params {
			w.bind(p.Name.Name)
		}
		w.expr(x.Body)
		w.pop(mark)
	case *syntax.For:
		w.expr(x.X)
		mark := len(w.stack)
		w.pattern(x.Pattern)
		w.block(x.Body)
		w.pop(mark)
	case *syntax.While:
		w.expr(x.Cond)
		mark := len(w.stack)
		w.pattern(x.Pattern)
		w.block(x.Body)
		w.pop(mark)
	case *syntax.Loop:
		w.block(x.Body)
	case *syntax.Break:
		w.expr(x.X)
	case *syntax.Return:
		w.expr(x.X)
	case *syntax.Try:
		w.expr(x.X)
	case *syntax.Quant:
		w.expr(x.Over)
		mark := len(w.stack)
		for _, p := range x.Binders {
			w.bind(p.Name.Name)
		}
		w.expr(x.Body)
		w.pop(mark)
	case *syntax.Quote:
		w.expr(x.X)
	case *syntax.Eval:
		w.block(x.Body)
	case *syntax.Macro:
		w.exprs(x.Args)
	case *syntax.Idiom:
		w.exprs(x.Parts)
	}
}
