package types

import (
	"slices"

	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/dol/internal/typed"
)

func sortedNames(m map[string]bool) []string {
	names := make([]string, 0, len(m))
	for n := range m {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// block elaborates the statements of x. Its value is that of the last expression
// without a semicolon; with drop set it has none.
func (b *body) block(x *syntax.Block, want typed.Type, drop bool) *typed.Block {
	node := &typed.Block{E: b.e(tUnit, x.Span), Stmts: make([]typed.Stmt, 0, len(x.Stmts))}
	mark := len(b.stack)
	// Functions of a block see each other, whatever their order.
	var local []*funcInfo
	for _, st := range x.Stmts {
		if f, ok := st.(*syntax.FunStmt); ok && f.Fun != nil && f.Fun.FunName.Name != "" {
			local = append(local, b.localFunc(f.Fun))
		}
	}
	if len(local) > 0 {
		b.nestedFuncs(local)
	}
	diverges, told := false, false
	for i, st := range x.Stmts {
		if i > 0 && b.strayLabel(x.Stmts[i-1], st) {
			continue
		}
		if diverges && !told {
			if _, docs := st.(*syntax.DocsStmt); !docs {
				told = true
				b.s.report("unreachable-code", st.Range(), "this is never reached")
			}
		}
		if es, ok := st.(*syntax.ExprStmt); ok && i == lastStmt(x) && !es.Semi && !drop && es.X != nil {
			v := b.expr(es.X, want)
			node.Value = v
			node.T = v.Type()
			if diverges {
				node.T = tNever
			}
			continue
		}
		if b.stmt(node, st) {
			diverges = true
		}
	}
	if diverges && node.Value == nil {
		node.T = tNever
	}
	b.leave(mark)
	return keep(b, node)
}

// lastStmt is the index of the last statement that is no docs block.
func lastStmt(x *syntax.Block) int {
	for i := len(x.Stmts) - 1; i >= 0; i-- {
		if _, docs := x.Stmts[i].(*syntax.DocsStmt); !docs {
			return i
		}
	}
	return -1
}

// stmt elaborates one statement into node and reports whether nothing behind it
// is reached.
func (b *body) stmt(node *typed.Block, st syntax.Stmt) bool {
	switch st := st.(type) {
	case *syntax.Let:
		return b.let(node, st)
	case *syntax.Assign:
		b.assign(node, st)
	case *syntax.ExprStmt:
		if st.X == nil {
			return false
		}
		y := b.discard(st.X)
		node.Stmts = append(node.Stmts, &typed.Do{X: y})
		return prune(y.Type()) == typed.Type(tNever)
	case *syntax.BadStmt:
		b.bad = true
	}
	return false
}

func (b *body) let(node *typed.Block, st *syntax.Let) bool {
	kind := letLocal
	switch {
	case st.Word == "const":
		kind = constLocal
	case st.Mut || st.Word == "var":
		kind = varLocal
	}
	var t typed.Type
	if st.Type != nil {
		t = b.typeOf(b.sc, st.Type)
	}
	if st.Value == nil {
		return b.lateLet(node, st, t, kind)
	}
	b.lengthHint(st)
	y := b.expr(st.Value, t)
	diverges := prune(y.Type()) == typed.Type(tNever)
	if t != nil {
		y = b.coerce(y, t, st.Value.Range())
	} else {
		budget := maxTypeSize
		b.defaultAll(y.Type(), &budget)
		t = prune(y.Type())
		if budget < 0 {
			b.error("instantiation-depth", st.Value.Range(), "the type of this value is too large")
			t = tInvalid
		}
	}
	pat := b.pattern(st.Pattern, t, kind)
	b.mustFit(pat, st.Pattern, t)
	if diverges {
		node.Stmts = append(node.Stmts, &typed.Do{X: y})
		return true
	}
	node.Stmts = append(node.Stmts, &typed.Let{Pattern: pat, Value: y, P: b.s.pos(st.Start)})
	return false
}

// lengthHint checks a list literal against the length of its declared type.
func (b *body) lengthHint(st *syntax.Let) {
	lt, ok := st.Type.(*syntax.ListType)
	list, isList := st.Value.(*syntax.List)
	if !ok || !isList || lt.Len == nil {
		return
	}
	if n, ok := b.constInt(lt.Len); ok && n != int64(len(list.Elems)) {
		b.error("type-mismatch", list.Span, "expected %d elements, found %d", n, len(list.Elems))
	}
}

// lateLet is let x: T, to be assigned before it is used.
func (b *body) lateLet(node *typed.Block, st *syntax.Let, t typed.Type, kind localKind) bool {
	p, ok := st.Pattern.(*syntax.PathPat)
	if !ok || len(p.Path.Parts) != 1 {
		if _, bad := st.Pattern.(*syntax.BadPat); !bad {
			b.error("use-before-init", st.Pattern.Range(), "a pattern needs a value to take apart")
		}
		b.pattern(st.Pattern, tInvalid, kind)
		return false
	}
	id := p.Path.Parts[0]
	if t == nil {
		t = b.fresh(anyVar, id.Span, id.Name)
	}
	if kind == constLocal {
		b.error("const-not-constant", id.Span, "constant %s needs a value", id.Name)
	}
	l := b.declare(id.Name, id.Span, t, kind)
	l.late = true
	b.f.late = true
	b.lateVars = append(b.lateVars, l.v)
	node.Stmts = append(node.Stmts, &typed.Let{Pattern: &typed.BindPat{Var: l.v}, P: b.s.pos(st.Start)})
	return false
}

// localFunc declares a function of a block. It sees its own parameters, the other
// functions of the blocks around it, and the file, not the locals around it.
func (b *body) localFunc(d *syntax.Fun) *funcInfo {
	f := b.newFunc(b.s, b.s.mod, d, b.sc)
	f.path = b.f.display() + "." + f.name
	f.enclosing = b.f
	l := b.declareVar(f.name, f.at, nil, funLocal)
	l.fn = f
	return f
}

// nestedFuncs makes the functions of a block part of the program.
func (b *body) nestedFuncs(local []*funcInfo) {
	var around []*funcInfo
	for _, l := range b.stack {
		if l.fn != nil && b.locals[l.name] == l {
			around = append(around, l.fn)
		}
	}
	for _, f := range local {
		f.around = around
		b.reach(f)
	}
}

// assign elaborates an assignment.
func (b *body) assign(node *typed.Block, st *syntax.Assign) {
	place := st.Place
	for {
		if u, ok := place.(*syntax.Unary); ok && u.Op == "*" {
			place = u.X
			continue
		}
		if p, ok := place.(*syntax.Paren); ok {
			place = p.X
			continue
		}
		break
	}
	op, compound := typed.Add, st.Op != "="
	if compound && len(st.Op) == 2 {
		op = arithmetic[st.Op[:1]]
	}
	add := func(s typed.Stmt) { node.Stmts = append(node.Stmts, s) }
	switch p := place.(type) {
	case *syntax.Name:
		if p.Ident == "_" {
			add(&typed.Do{X: b.dropped(b.expr(st.Value, nil), st.Value.Range())})
			return
		}
		b.assignName(node, st, p, op, compound)
		return
	case *syntax.Member:
		if e, ok := b.entity(p.X); ok {
			b.assignEntity(node, st, e, p, op, compound)
			return
		}
		recv := b.expr(p.X, nil)
		b.assignField(node, st, recv, p.Name, p.Span, op, compound)
		b.mutates(p.X)
		return
	case *syntax.Index:
		b.assignIndex(node, st, p, op, compound)
		b.mutates(p.X)
		return
	}
	b.expr(place, nil)
	b.expr(st.Value, nil)
	if _, bad := place.(*syntax.BadExpr); !bad {
		b.error("bad-place", place.Range(), "nothing can be assigned to %s", clip(b.s.file.Text(place.Range())))
	}
	b.bad = true
}

func (b *body) assignName(node *typed.Block, st *syntax.Assign, p *syntax.Name, op typed.Op, compound bool) {
	if l := b.locals[p.Ident]; l != nil && l.fn == nil {
		b.assignable(l, p, st)
		l.written = true
		if compound {
			l.used = true
		}
		if l.kind == paramLocal && compound {
			l.used = true
		}
		place := keep(b, &typed.Local{E: b.e(l.v.Type, p.Span), Var: l.v})
		b.lateRead(l, place, p.Span)
		b.store(node, st, place, op, compound)
		return
	}
	if b.isField(p.Ident) {
		place := b.fieldOf(b.read(b.this, p.Span), p.Ident, p.Span)
		b.eff.mutParam = true
		b.store(node, st, place, op, compound)
		return
	}
	y := b.s.lookup(p.Ident)
	if y != nil {
		b.assignSymbol(node, st, y, p.Span, op, compound)
		return
	}
	if compound {
		b.unresolved(p.Ident, p.Span)
		b.expr(st.Value, nil)
		return
	}
	d := b.s.report("implicit-let", p.Span, "%s is declared by this assignment", p.Ident)
	b.s.fix(d, "write var", syntax.Span{Start: p.Start, End: p.Start}, "var ")
	y2 := b.expr(st.Value, nil)
	budget := maxTypeSize
	b.defaultAll(y2.Type(), &budget)
	l := b.declare(p.Ident, p.Span, prune(y2.Type()), varLocal)
	node.Stmts = append(node.Stmts, &typed.Let{Pattern: &typed.BindPat{Var: l.v}, Value: y2, P: b.s.pos(st.Start)})
}

func (b *body) assignSymbol(node *typed.Block, st *syntax.Assign, y *symbol, at syntax.Span, op typed.Op, compound bool) {
	switch y.kind {
	case symVar:
		b.globalType(y.global)
		b.useGlobal(y.global)
		b.eff.global(y.global, at, b)
		b.store(node, st, &typed.GlobalRef{E: b.e(y.global.t, at), Global: y.global.global}, op, compound)
		return
	case symConst:
		d := b.error("assign-to-const", at, "%s is a constant", y.name)
		if !y.mod.library {
			y.src.note(d, y.at, "declared here")
		}
	case symBad:
		b.bad = true
	default:
		b.error("bad-place", at, "%s is a %s; nothing can be assigned to it", y.name, y.kind)
	}
	b.expr(st.Value, nil)
}

func (b *body) assignEntity(node *typed.Block, st *syntax.Assign, e entity, p *syntax.Member, op typed.Op, compound bool) {
	if e.kind == moduleEntity {
		if y := b.moduleMember(e.module, p.Name); y != nil {
			b.assignSymbol(node, st, y, p.Span, op, compound)
			return
		}
	} else if e.kind != badEntity {
		b.error("bad-place", p.Span, "nothing can be assigned to %s", clip(b.s.file.Text(p.Span)))
	}
	b.bad = true
	b.expr(st.Value, nil)
}

// assignable reports an assignment to a local that is not variable.
func (b *body) assignable(l *local, p *syntax.Name, st *syntax.Assign) {
	switch l.kind {
	case constLocal:
		d := b.error("assign-to-const", p.Span, "%s is a constant", l.name)
		b.s.note(d, l.at, "declared here")
	case letLocal, patternLocal, paramLocal:
		if l.late && st.Op == "=" {
			// Its first value: definite assignment looks at the rest.
			if l.frame == b.frame {
				l.v.Mutable = true
				return
			}
		}
		l.v.Mutable = true
		if l.kind == paramLocal {
			b.eff.mutParam = true
			return
		}
		d := b.error("assign-to-immutable", p.Span, "%s is immutable", l.name)
		b.s.note(d, l.at, "declared here")
		advise(d, "declare it with var")
	case varLocal:
		l.v.Mutable = true
	}
}

// mutates notes the effect of an assignment through a parameter or this.
func (b *body) mutates(x syntax.Expr) {
	for {
		switch y := x.(type) {
		case *syntax.Member:
			x = y.X
		case *syntax.Index:
			x = y.X
		case *syntax.Paren:
			x = y.X
		case *syntax.This:
			b.eff.mutParam = true
			return
		case *syntax.Name:
			if l := b.locals[y.Ident]; l != nil {
				l.used = true
				if l.kind == paramLocal {
					b.eff.mutParam = true
				}
			} else if b.isField(y.Ident) {
				b.eff.mutParam = true
			}
			return
		default:
			return
		}
	}
}

// store writes the assignment of st.Value to a place.
func (b *body) store(node *typed.Block, st *syntax.Assign, place typed.Expr, op typed.Op, compound bool) {
	t := place.Type()
	at := b.s.pos(st.Start)
	if !compound {
		y := b.exprTo(st.Value, t)
		node.Stmts = append(node.Stmts, &typed.Assign{Place: place, Set: true, Value: y, P: at})
		return
	}
	y := b.expr(st.Value, nil)
	if isBad(t) || isBad(y.Type()) {
		b.bad = true
		return
	}
	sign := st.Op[:len(st.Op)-1]
	tx := b.openNumber(t)
	if op == typed.Add && (tx == typed.Type(tString) || prune(y.Type()) == typed.Type(tString)) {
		place = b.onceOnly(node, place)
		z := b.concat(place, y, st.Place.Range(), st.Value.Range(), st.Span)
		z = b.coerce(z, t, st.Value.Range())
		node.Stmts = append(node.Stmts, &typed.Assign{Place: place, Set: true, Value: z, P: at})
		return
	}
	if !b.isNumber(tx) && !isVar(tx) {
		b.error("bad-operand", st.Place.Range(), "%s needs numbers, this is %s", sign, b.s.typeName(tx))
		return
	}
	if ty := b.openNumber(y.Type()); !b.isNumber(ty) && !isVar(ty) && ty != typed.Type(tNever) {
		b.error("bad-operand", st.Value.Range(), "%s needs numbers, this is %s", sign, b.s.typeName(ty))
		return
	}
	b.numberLater(tx, st.Place.Range())
	y = b.coerce(y, t, st.Value.Range())
	b.foldLater(&typed.Binary{E: b.e(t, st.Span), Op: op, X: place, Y: y}, st.Span)
	node.Stmts = append(node.Stmts, &typed.Assign{Place: place, Op: op, Value: y, P: at})
}

// onceOnly puts the parts of a place into variables, so that it can be read and
// written and its parts are computed once.
func (b *body) onceOnly(node *typed.Block, place typed.Expr) typed.Expr {
	hold := func(x typed.Expr, name string) typed.Expr {
		switch x.(type) {
		case *typed.Local, *typed.Const:
			return x
		}
		v := &typed.Var{Name: name, Type: x.Type(), Pos: typed.Pos{File: x.At().File, Line: x.At().Line, Col: x.At().Col}}
		if hasVars(v.Type) {
			b.slots = append(b.slots, &v.Type)
		}
		node.Stmts = append(node.Stmts, letVar(v, x))
		return keep(b, &typed.Local{E: typed.E{T: v.Type, P: x.At()}, Var: v})
	}
	switch p := place.(type) {
	case *typed.GetField:
		p.X = hold(p.X, "object")
	case *typed.GetIndex:
		p.X = hold(p.X, "list")
		p.I = hold(p.I, "index")
	}
	return place
}

func (b *body) assignField(node *typed.Block, st *syntax.Assign, recv typed.Expr, name syntax.Ident, at syntax.Span, op typed.Op, compound bool) {
	t := b.known(recv.Type())
	if isBad(t) || isVar(t) {
		if isVar(t) {
			b.error("cannot-infer", at, "the type of this object must be known here")
		}
		b.bad = true
		b.expr(st.Value, nil)
		return
	}
	n, ok := t.(*typed.Named)
	if ok {
		ti := b.typesOf[n.Decl]
		b.complete(ti)
		if i, found := ti.byField[name.Name]; found {
			b.fieldVisible(ti.layout[i], name.Span)
			b.store(node, st, b.fieldOf(recv, name.Name, at), op, compound)
			return
		}
	}
	if _, isTuple := t.(*typed.Tuple); isTuple {
		b.error("bad-place", at, "the elements of a tuple cannot be assigned")
	} else {
		b.noMember(recv, &syntax.Member{Name: name})
	}
	b.bad = true
	b.expr(st.Value, nil)
}

func (b *body) assignIndex(node *typed.Block, st *syntax.Assign, p *syntax.Index, op typed.Op, compound bool) {
	recv := b.expr(p.X, nil)
	t := b.known(recv.Type())
	if args, ok := b.isKnown(t, "Vec"); ok {
		if _, isRange := p.I.(*syntax.Range); !isRange {
			place := keep(b, &typed.GetIndex{E: b.e(args[0], p.Span), X: recv, I: b.indexOf(p.I)})
			b.store(node, st, place, op, compound)
			return
		}
	}
	m := (*method)(nil)
	if !isBad(t) && !isVar(t) {
		m = b.findMethod(t, "set_index_")
	}
	if m == nil || m.f == nil || m.free {
		b.expr(p.I, nil)
		b.expr(st.Value, nil)
		if !isBad(t) {
			b.error("bad-place", p.Span, "the elements of %s cannot be assigned", b.s.typeName(t))
		}
		b.bad = true
		return
	}
	get := b.findMethod(t, "index_")
	if !compound {
		call := b.callMethod(m, recv, p.X.Range(), []argument{{x: p.I, at: p.I.Range()}, {x: st.Value, at: st.Value.Range()}}, nil, nil, p.Span, st.Span)
		node.Stmts = append(node.Stmts, &typed.Do{X: call})
		return
	}
	if get == nil || get.f == nil {
		b.error("bad-place", p.Span, "the elements of %s cannot be read", b.s.typeName(t))
		return
	}
	obj := b.temp("table", recv.Type(), p.Span, false)
	node.Stmts = append(node.Stmts, letVar(obj, recv))
	i := b.expr(p.I, nil)
	budget := maxTypeSize
	if len(m.f.params) > 0 {
		if n, ok := t.(*typed.Named); ok && len(n.Args) > 0 {
			i = b.coerce(i, apply(typed.Bind(n.Decl.Params, n.Args), m.f.params[0].typ), p.I.Range())
		}
	}
	b.defaultAll(i.Type(), &budget)
	key := b.temp("key", i.Type(), p.I.Range(), false)
	node.Stmts = append(node.Stmts, letVar(key, i))
	old := b.callMethod(get, b.read(obj, p.Span), p.X.Range(), []argument{elaborated(b.read(key, p.Span), p.I.Range())}, nil, nil, p.Span, p.Span)
	y := b.expr(st.Value, nil)
	z := keep(b, b.arith(op, st.Op[:len(st.Op)-1], old, y, p.Span, st.Value.Range(), st.OpPos, st.Span))
	call := b.callMethod(m, b.read(obj, p.Span), p.X.Range(), []argument{elaborated(b.read(key, p.Span), p.I.Range()), elaborated(z, st.Value.Range())}, nil, nil, p.Span, st.Span)
	node.Stmts = append(node.Stmts, &typed.Do{X: call})
}

// mustYield makes the value of a body the function's result, and reports one
// that has none.
func (b *body) mustYield(block *typed.Block, x *syntax.Block, result typed.Type) {
	if prune(block.T) == typed.Type(tNever) {
		return
	}
	if block.Value == nil {
		at := syntax.Span{Start: max(x.End-1, x.Start), End: x.End}
		i := lastStmt(x)
		if i >= 0 {
			if es, ok := x.Stmts[i].(*syntax.ExprStmt); ok && es.Semi {
				at = es.Span
			}
		}
		if isBad(result) {
			return
		}
		if b.bad && i >= 0 {
			if _, badStmt := x.Stmts[i].(*syntax.BadStmt); badStmt {
				return
			}
		}
		d := b.error("missing-return", at, "the function returns %s, but its body ends without a value", b.s.typeName(result))
		if i >= 0 {
			if es, ok := x.Stmts[i].(*syntax.ExprStmt); ok && es.Semi {
				note(d, "the semicolon behind the last expression drops its value")
			}
		}
		return
	}
	if prune(block.Value.Type()) == typed.Type(tUnit) && prune(result) != typed.Type(tUnit) && !isVar(result) && !isBad(result) {
		b.error("missing-return", valueSpan(x), "the function returns %s, but its body ends without a value", b.s.typeName(result))
		return
	}
	block.Value = b.coerce(block.Value, result, valueSpan(x))
	block.T = block.Value.Type()
}
