package types

import (
	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/dol/internal/typed"
)

// structLit elaborates T { f: e, g, ...base } for a record or a struct variant.
func (b *body) structLit(x *syntax.Struct, want typed.Type) typed.Expr {
	if n, ok := x.Type.(*syntax.Name); ok {
		if v := b.wantedVariant(n.Ident, want); v != nil {
			w := prune(want).(*typed.Named)
			return b.variantLit(x, b.ownerOf(w), v, w)
		}
		if y := b.s.lookup(n.Ident); y != nil && y.kind == symVariant && b.locals[n.Ident] == nil {
			return b.variantLit(x, y.typ, y.variant, &typed.Named{Decl: y.typ.decl, Args: b.freshArgs(y.name, y.typ.decl.Params, nil, n.Span)})
		}
	}
	if m, ok := x.Type.(*syntax.Member); ok {
		if e, ok := b.entity(m.X); ok && e.kind == typeEntity && e.ti != nil {
			b.complete(e.ti)
			if v := e.ti.variants[m.Name.Name]; v != nil {
				return b.variantLit(x, e.ti, v, e.typ.(*typed.Named))
			}
			if e.ti.decl.Kind == typed.EnumKind && e.ti.nested[m.Name.Name] == nil {
				b.structRest(x)
				return b.unknownOf(e, m)
			}
		}
	}
	e, ok := b.entity(x.Type)
	if !ok || e.kind == badEntity {
		b.structRest(x)
		if !ok {
			name := b.s.file.Text(x.Type.Range())
			b.bad = true
			d := b.error("unresolved-name", x.Type.Range(), "no record is called %s", clip(name))
			near := newNearest(name)
			b.s.candidates(near.tryOrdered)
			if near.best != "" {
				b.s.fix(d, "did you mean "+near.best+"?", x.Type.Range(), near.best)
			}
		}
		return b.badExpr(x.Span)
	}
	if e.kind != typeEntity || e.ti == nil || e.ti.decl.Kind != typed.Record {
		b.structRest(x)
		b.error("type-mismatch", x.Type.Range(), "%s is no record", clip(b.s.file.Text(x.Type.Range())))
		return b.badExpr(x.Span)
	}
	b.complete(e.ti)
	n := e.typ.(*typed.Named)
	if want != nil {
		b.unify(n, want)
	}
	node := &typed.New{E: b.e(n, x.Span)}
	subst := typed.Bind(n.Decl.Params, n.Args)
	wrap, values := b.fieldValues(x, e.ti.decl.Name, e.ti.layout, subst, n)
	node.Fields = values
	return wrap(b, keep(b, node))
}

func (b *body) variantLit(x *syntax.Struct, ti *typeInfo, v *typed.Variant, n *typed.Named) typed.Expr {
	ti.used = true
	node := &typed.NewVariant{E: b.e(n, x.Span), Variant: v}
	if x.Base != nil {
		b.expr(x.Base, nil)
		b.error("type-mismatch", x.Base.Range(), "a variant has no base to take fields from")
	}
	plain := *x
	plain.Base = nil
	x = &plain
	wrap, values := b.fieldValues(x, v.Name, ti.varInfo[v].fields, typed.Bind(ti.decl.Params, n.Args), n)
	node.Fields = values
	return wrap(b, keep(b, node))
}

// structRest elaborates the values of a literal that makes no sense.
func (b *body) structRest(x *syntax.Struct) {
	for i := range x.Fields {
		if x.Fields[i].Value != nil {
			b.expr(x.Fields[i].Value, nil)
		}
	}
	if x.Base != nil {
		b.expr(x.Base, nil)
	}
}

// fieldValues elaborates the values of a literal in the order of the layout. What
// has to be computed in the order of the text goes into variables: wrap puts
// those around the construction.
func (b *body) fieldValues(x *syntax.Struct, name string, fields []*fieldInfo, subst typed.Subst, n *typed.Named) (func(*body, typed.Expr) typed.Expr, []typed.Expr) {
	values := make([]typed.Expr, len(fields))
	byName := make(map[string]int, len(fields))
	for i, f := range fields {
		byName[f.name] = i
	}
	typeOf := func(f *fieldInfo) typed.Type {
		if f.owner != nil && f.owner.decl != n.Decl {
			return f.typ // inherited: the ancestor has no parameters
		}
		return apply(subst, f.typ)
	}
	var order []int
	inOrder := true
	for k := range x.Fields {
		fi := &x.Fields[k]
		i, ok := byName[fi.Name.Name]
		if !ok {
			if fi.Value != nil {
				b.expr(fi.Value, nil)
			}
			if fi.Name.Name == "" {
				b.bad = true
				continue
			}
			d := b.error("unknown-field", fi.Name.Span, "%s has no field %s", name, fi.Name.Name)
			near := newNearest(fi.Name.Name)
			for _, f := range fields {
				near.try(f.name)
			}
			if near.best != "" {
				b.s.fix(d, "did you mean "+near.best+"?", fi.Name.Span, near.best)
			}
			continue
		}
		f := fields[i]
		b.fieldVisible(f, fi.Name.Span)
		if values[i] != nil {
			b.error("dup-field", fi.Name.Span, "field %s is given twice", f.name)
		}
		if fi.Value == nil {
			values[i] = b.badExpr(fi.Span)
			continue
		}
		values[i] = b.exprTo(fi.Value, typeOf(f))
		if len(order) > 0 && order[len(order)-1] > i {
			inOrder = false
		}
		order = append(order, i)
	}
	var lets []typed.Stmt
	hold := func(y typed.Expr, name string) typed.Expr {
		switch y.(type) {
		case *typed.Const, *typed.FuncRef:
			return y
		}
		v := b.temp(name, y.Type(), x.Span, false)
		lets = append(lets, letVar(v, y))
		return keep(b, &typed.Local{E: typed.E{T: v.Type, P: y.At()}, Var: v})
	}
	if !inOrder || x.Base != nil {
		for _, i := range order {
			values[i] = hold(values[i], fields[i].name)
		}
	}
	if x.Base != nil {
		base := b.exprTo(x.Base, n)
		if !isBad(base.Type()) {
			v := b.temp("base", n, x.Span, false)
			lets = append(lets, letVar(v, base))
			for i, f := range fields {
				if values[i] == nil {
					values[i] = keep(b, &typed.GetField{E: b.e(typeOf(f), x.Span), X: b.read(v, x.Span), Index: i})
				}
			}
		}
	}
	var missing []string
	for i, f := range fields {
		if values[i] != nil {
			continue
		}
		values[i] = b.defaultField(f, subst, n, x.Span)
		if values[i] == nil {
			missing = append(missing, f.name)
			values[i] = b.badExpr(x.Span)
		}
	}
	if len(missing) > 0 && x.Base == nil {
		at := x.Type.Range()
		d := b.error("missing-field", at, "%s is made without %s", name, listOf(missing))
		for _, f := range fields {
			if f.name == missing[0] && !f.src.library {
				f.src.note(d, f.at, "declared here")
			}
		}
	}
	return func(b *body, y typed.Expr) typed.Expr {
		if len(lets) == 0 {
			return y
		}
		return keep(b, &typed.Block{E: b.e(y.Type(), x.Span), Stmts: lets, Value: y})
	}, values
}

// listOf joins names for a message: a, b and c.
func listOf(names []string) string {
	out := names[0]
	for i, n := range names[1:] {
		switch {
		case i == 5:
			return out + ", …"
		case i == len(names)-2:
			out += " and " + n
		default:
			out += ", " + n
		}
	}
	return out
}

// defaultField is the value of a field that is not written; nil when it has none.
func (b *body) defaultField(f *fieldInfo, subst typed.Subst, n *typed.Named, at syntax.Span) typed.Expr {
	if f.def == nil {
		return nil
	}
	c := b.checker
	c.fieldDefault(f)
	if f.value != nil {
		k := *f.value
		k.P = b.s.pos(at.Start)
		return &k
	}
	if f.defFn == nil {
		return b.badExpr(at)
	}
	c.reach(f.defFn)
	b.eff.call(f.defFn, at, b)
	args := n.Args
	t := apply(subst, f.typ)
	if f.owner != nil && f.owner.decl != n.Decl {
		args, t = nil, f.typ
	}
	return keep(b, &typed.Call{E: b.e(t, at), Func: f.defFn.fn, TypeArgs: args})
}

// defaultArg is the value of a parameter that the call leaves out.
func (b *body) defaultArg(f *funcInfo, p *paramInfo, subst typed.Subst, inst []typed.Type, at syntax.Span) typed.Expr {
	if p.def == nil {
		return nil
	}
	c := b.checker
	c.argDefault(f, p)
	if p.val != nil {
		k := *p.val
		k.P = b.s.pos(at.Start)
		return &k
	}
	if p.fn == nil {
		return b.badExpr(at)
	}
	c.reach(p.fn)
	b.eff.call(p.fn, at, b)
	return keep(b, &typed.Call{E: b.e(apply(subst, p.typ), at), Func: p.fn.fn, TypeArgs: inst})
}

// fieldDefault elaborates the default of a field once: a constant, or a function
// that computes it.
func (c *checker) fieldDefault(f *fieldInfo) {
	if f.state != untouched {
		return
	}
	f.state = running
	defer func() { f.state = done }()
	var params []*typed.TypeParam
	var scope *tscope
	if f.owner != nil {
		params, scope = f.owner.decl.Params, f.owner.scope
	}
	f.value, f.defFn = c.defaultValue(f.src, scope, params, f.owner.decl.Name+"."+f.name+".{default}", f.def, f.typ, "a field default", f.owner.sym.mod)
}

func (c *checker) argDefault(f *funcInfo, p *paramInfo) {
	if p.fn != nil || p.val != nil || p.asked {
		return
	}
	p.asked = true
	p.val, p.fn = c.defaultValue(f.src, f.scope, f.fn.TypeParams, f.display()+"."+p.name+".{default}", p.def, p.typ, "a parameter default", f.mod)
}

// defaultValue makes a function of an expression that stands outside of any body.
// A literal becomes a constant instead.
func (c *checker) defaultValue(s *source, scope *tscope, params []*typed.TypeParam, name string, x syntax.Expr, t typed.Type, pure string, m *module) (*typed.Const, *funcInfo) {
	if scope == nil {
		scope = &tscope{src: s}
	}
	f := c.synthetic(s, m, scope, params, name, x.Range(), t)
	f.pure = pure
	var value *typed.Const
	f.body = func(b *body) *typed.Block {
		y := b.exprTo(x, t)
		return &typed.Block{E: typed.E{T: t, P: y.At()}, Value: y}
	}
	c.nested(func() {
		f.reached = true
		f.eff = c.effectsOf(f)
		c.checkBody(f)
	})
	if f.fn.Body != nil {
		y := f.fn.Body.Value
		if bl, ok := y.(*typed.Block); ok && len(bl.Stmts) == 0 && bl.Value != nil {
			y = bl.Value
		}
		if k, ok := y.(*typed.Const); ok && !isBad(k.T) && typed.Identical(k.T, t) {
			value = k
			f.reached = false
		} else if isBad(y.Type()) {
			f.reached = false
			return nil, nil
		}
	}
	if value != nil {
		return value, nil
	}
	return nil, f
}

// synthetic makes a function that the program does not write.
func (c *checker) synthetic(s *source, m *module, scope *tscope, params []*typed.TypeParam, name string, at syntax.Span, result typed.Type) *funcInfo {
	f := &funcInfo{
		name: name, path: name, src: s, mod: m, at: at, scope: &tscope{src: s, parent: scope}, sig: done,
		result: result, outerParams: len(params),
		fn: &typed.Func{TypeParams: params, Result: result, Pos: s.pos(at.Start)},
	}
	f.fn.Name = c.uniqueName(f)
	c.funcsOf[f.fn] = f
	c.allFuncs = append(c.allFuncs, f)
	return f
}

// nested runs f in the middle of a body without disturbing it.
func (c *checker) nested(f func()) {
	trail, extra := c.trail, c.extra
	c.trail = nil
	f()
	c.trail, c.extra = trail, extra
}

// paramDefault checks the default of a parameter where it is declared.
func (b *body) paramDefault(f *funcInfo, p *paramInfo) { b.checker.argDefault(f, p) }
