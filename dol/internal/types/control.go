package types

import (
	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/dol/internal/typed"
)

// discard elaborates x for what it does; its value is not wanted, and branches
// need not have one type.
func (b *body) discard(x syntax.Expr) typed.Expr {
	switch x := x.(type) {
	case *syntax.If:
		return b.ifExpr(x, nil, true)
	case *syntax.Match:
		return b.matchExpr(x, nil, true)
	case *syntax.Block:
		return b.blockExpr(x, nil, true)
	case *syntax.Paren:
		return b.discard(x.X)
	case *syntax.Loop:
		return b.dropped(b.expr(x, nil), x.Span)
	}
	y := b.expr(x, nil)
	if bin, ok := x.(*syntax.Binary); ok && comparison[bin.Op] != 0 {
		d := b.s.report("unused-comparison", x.Range(), "this comparison does nothing")
		if bin.Op == "==" {
			b.s.fix(d, "assign with =", bin.OpPos, "=")
		}
	}
	if _, ok := x.(*syntax.Quant); ok {
		b.s.report("unused-comparison", x.Range(), "this quantifier does nothing: its answer is dropped")
	}
	return b.dropped(y, x.Range())
}

// dropped makes a unit of y.
func (b *body) dropped(y typed.Expr, at syntax.Span) typed.Expr {
	t := prune(y.Type())
	if t == typed.Type(tUnit) || t == typed.Type(tNever) {
		return y
	}
	if v, ok := t.(*tvar); ok && v.kind == anyVar {
		v.what = ""
	}
	return &typed.Block{E: b.e(tUnit, at), Stmts: []typed.Stmt{&typed.Do{X: y}}}
}

func (b *body) blockExpr(x *syntax.Block, want typed.Type, drop bool) typed.Expr {
	if x == nil {
		return b.badExpr(b.f.at)
	}
	if x.Sex {
		b.sex++
		defer func() { b.sex-- }()
		if len(x.Stmts) > 50 && b.o.StrictEffects {
			b.s.report("sex-block-long", x.Span, "a sex block of %d statements", len(x.Stmts))
		}
	}
	return b.block(x, want, drop)
}

func (b *body) ifExpr(x *syntax.If, want typed.Type, drop bool) typed.Expr {
	// A chain of else-ifs is a list, however long.
	type branch struct {
		x       *syntax.If
		cond    typed.Expr
		subject typed.Expr
		pattern typed.Pattern
		then    typed.Expr
	}
	var chain []branch
	var elseX syntax.Expr
	for cur := x; ; {
		br := branch{x: cur}
		mark := len(b.stack)
		if cur.Pattern != nil {
			br.subject = b.expr(cur.Cond, nil)
			br.pattern = b.pattern(cur.Pattern, br.subject.Type(), patternLocal)
		} else {
			br.cond = b.condition(cur.Cond)
		}
		br.then = b.blockExpr(cur.Then, want, drop || cur.Else == nil && x == cur)
		b.leave(mark)
		chain = append(chain, br)
		next, ok := cur.Else.(*syntax.If)
		if !ok {
			elseX = cur.Else
			break
		}
		cur = next
	}
	var values []typed.Expr
	var ats []syntax.Span
	for _, br := range chain {
		values = append(values, br.then)
		ats = append(ats, valueSpan(br.x.Then))
	}
	var elseY typed.Expr
	if elseX != nil {
		if drop {
			elseY = b.discard(elseX)
		} else {
			elseY = b.expr(elseX, want)
		}
		values, ats = append(values, elseY), append(ats, valueSpan(elseX))
	}
	t := typed.Type(tUnit)
	switch {
	case elseX == nil && !drop && len(chain) > 1:
		// Without a last else the value is unit; the branches' are dropped.
		for i := range values {
			values[i] = b.dropped(values[i], ats[i])
		}
	case elseX == nil:
	case drop:
		t = tNever
		for _, v := range values {
			if prune(v.Type()) != typed.Type(tNever) {
				t = tUnit
			}
		}
	default:
		t = b.join(values, ats, want, "the branches")
	}
	var out typed.Expr
	if elseX != nil {
		out = values[len(values)-1]
	}
	for i := len(chain) - 1; i >= 0; i-- {
		br, then := chain[i], values[i]
		if br.pattern == nil {
			out = keep(b, &typed.If{E: b.e(t, br.x.Span), Cond: br.cond, Then: then, Else: out})
			continue
		}
		if out == nil {
			out = b.unit(br.x.Span)
		}
		arms := []*typed.Arm{{Pattern: br.pattern, Body: then}}
		if !irrefutable(br.pattern) {
			arms = append(arms, &typed.Arm{Pattern: &typed.Any{}, Body: out})
		}
		out = keep(b, &typed.Match{E: b.e(t, br.x.Span), X: br.subject, Arms: arms})
	}
	return out
}

// valueSpan is where a block's value stands, for messages.
func valueSpan(x syntax.Expr) syntax.Span {
	if bl, ok := x.(*syntax.Block); ok && bl != nil && len(bl.Stmts) > 0 {
		if st, ok := bl.Stmts[len(bl.Stmts)-1].(*syntax.ExprStmt); ok && st.X != nil {
			return st.X.Range()
		}
	}
	return spanOf(x)
}

func (b *body) matchExpr(x *syntax.Match, want typed.Type, drop bool) typed.Expr {
	subject := b.expr(x.X, nil)
	t := b.known(subject.Type())
	node := &typed.Match{X: subject}
	var values []typed.Expr
	var ats []syntax.Span
	check := matchCheck{at: x.X.Range(), subject: subject}
	for _, a := range x.Arms {
		mark := len(b.stack)
		arm := &typed.Arm{Pattern: b.pattern(a.Pattern, t, patternLocal)}
		if a.Guard != nil {
			outer := b.eff
			b.eff = b.pureEffects(outer, a.Guard.Range(), "a match guard")
			arm.Guard = b.condition(a.Guard)
			b.eff = outer
		}
		var v typed.Expr
		if drop {
			v = b.discard(a.Body)
		} else {
			v = b.expr(a.Body, want)
		}
		b.leave(mark)
		node.Arms = append(node.Arms, arm)
		values, ats = append(values, v), append(ats, valueSpan(a.Body))
		check.arms = append(check.arms, matchArm{pattern: arm.Pattern, at: a.Pattern.Range(), guarded: arm.Guard != nil, syntax: a.Pattern})
	}
	var rt typed.Type
	switch {
	case len(x.Arms) == 0:
		rt = tNever
	case drop:
		rt = tNever
		for _, v := range values {
			if prune(v.Type()) != typed.Type(tNever) {
				rt = tUnit
			}
		}
	default:
		rt = b.join(values, ats, want, "the arms")
	}
	for i := range values {
		node.Arms[i].Body = values[i]
	}
	node.E = b.e(rt, x.Span)
	b.matches = append(b.matches, check)
	return keep(b, node)
}

// --- loops ---

func (b *body) enterLoop(label syntax.Ident, node typed.Expr, value typed.Type) *loop {
	for _, l := range b.frame.loops {
		if label.Name != "" && l.label == label.Name {
			b.s.note(b.s.report("shadowing", label.Span, "label %s hides another one", label.Name), l.at, "the one it hides")
		}
	}
	l := &loop{label: label.Name, at: label.Span, node: node, value: value}
	b.frame.loops = append(b.frame.loops, l)
	return l
}

func (b *body) leaveLoop() { b.frame.loops = b.frame.loops[:len(b.frame.loops)-1] }

// loopBody elaborates the statements that a loop repeats.
func (b *body) loopBody(x *syntax.Block) *typed.Block {
	y := b.blockExpr(x, nil, true)
	if bl, ok := y.(*typed.Block); ok {
		return bl
	}
	return &typed.Block{E: typed.E{T: tUnit, P: y.At()}, Stmts: []typed.Stmt{&typed.Do{X: y}}}
}

func (b *body) whileLoop(x *syntax.While) typed.Expr {
	node := &typed.Loop{E: b.e(tUnit, x.Span)}
	mark := len(b.stack)
	var cond, subject typed.Expr
	var pattern typed.Pattern
	if x.Pattern != nil {
		subject = b.expr(x.Cond, nil)
		pattern = b.pattern(x.Pattern, subject.Type(), patternLocal)
	} else {
		cond = b.condition(x.Cond)
	}
	b.enterLoop(x.Label, node, nil)
	body := b.loopBody(x.Body)
	b.leaveLoop()
	b.leave(mark)
	leave := &typed.Break{E: b.e(tNever, x.Span), Target: node}
	var step typed.Expr
	switch {
	case cond != nil:
		if k, ok := cond.(*typed.Const); ok && k.Int == 1 && typed.KindOf(k.T) == typed.Bool {
			node.Body = body
			return node
		}
		step = &typed.If{E: b.e(tUnit, x.Span), Cond: cond, Then: body, Else: leave}
	case irrefutable(pattern):
		step = &typed.Match{E: b.e(tUnit, x.Span), X: subject, Arms: []*typed.Arm{{Pattern: pattern, Body: body}}}
	default:
		step = &typed.Match{E: b.e(tUnit, x.Span), X: subject, Arms: []*typed.Arm{{Pattern: pattern, Body: body}, {Pattern: &typed.Any{}, Body: leave}}}
	}
	node.Body = &typed.Block{E: b.e(tUnit, x.Span), Stmts: []typed.Stmt{&typed.Do{X: step}}}
	return node
}

func (b *body) loopExpr(x *syntax.Loop, want typed.Type) typed.Expr {
	node := &typed.Loop{}
	value := want
	if value == nil {
		value = b.fresh(anyVar, x.Span, "")
	}
	l := b.enterLoop(x.Label, node, value)
	node.Body = b.loopBody(x.Body)
	b.leaveLoop()
	t := typed.Type(tNever)
	if l.broken {
		t = l.value
		if v, ok := prune(t).(*tvar); ok && v.kind == anyVar {
			b.bind(v, tUnit)
		}
	}
	node.E = b.e(t, x.Span)
	return node
}

func (b *body) forLoop(x *syntax.For) typed.Expr { return b.forOver(x, nil) }

// forOver is for, or with test set a quantifier: what the loop repeats is then the
// test, which gets the loop to break from.
func (b *body) forOver(x *syntax.For, test func(loop typed.Expr) typed.Stmt) typed.Expr {
	if r, ok := x.X.(*syntax.Range); ok && r.Lo != nil && r.Hi != nil {
		return b.forRange(x, r, test)
	}
	xs := b.expr(x.X, nil)
	t := b.known(xs.Type())
	if isVar(t) {
		b.error("cannot-infer", x.X.Range(), "the type of %s must be known here", clip(b.s.file.Text(x.X.Range())))
		t = tInvalid
	}
	var elem typed.Type = tInvalid
	if args, ok := b.isKnown(t, "Vec"); ok {
		elem = args[0]
	} else if !isBad(t) {
		m := b.findMethod(t, "items_")
		if m == nil {
			m = b.findMethod(t, "iter")
		}
		if m == nil || m.f == nil {
			b.error("bad-operand", x.X.Range(), "for cannot run over %s", b.s.typeName(t))
		} else {
			xs = b.callMethod(m, xs, x.X.Range(), nil, nil, nil, x.X.Range(), x.X.Range())
			if args, ok := b.isKnown(b.known(xs.Type()), "Vec"); ok {
				elem = args[0]
			}
		}
	}
	node := &typed.ForVec{E: b.e(tUnit, x.Span), X: xs}
	mark := len(b.stack)
	node.Pattern = b.pattern(x.Pattern, elem, patternLocal)
	b.mustFit(node.Pattern, x.Pattern, elem)
	node.Body = b.forBody(x, node, test)
	b.leave(mark)
	return node
}

// forBody elaborates what a for repeats: its block, or the test of a quantifier.
func (b *body) forBody(x *syntax.For, node typed.Expr, test func(typed.Expr) typed.Stmt) *typed.Block {
	if test != nil {
		return &typed.Block{E: b.e(tUnit, x.Span), Stmts: []typed.Stmt{test(node)}}
	}
	b.enterLoop(x.Label, node, nil)
	defer b.leaveLoop()
	return b.loopBody(x.Body)
}

func (b *body) forRange(x *syntax.For, r *syntax.Range, test func(typed.Expr) typed.Stmt) typed.Expr {
	lo, hi := b.expr(r.Lo, nil), b.expr(r.Hi, nil)
	t, ok := b.sameNumber(&lo, &hi, r.Lo.Range(), r.Hi.Range())
	if !ok {
		if !isBad(lo.Type()) && !isBad(hi.Type()) {
			b.error("type-mismatch", r.Span, "the ends of a range are of one type, not %s and %s", b.s.typeName(lo.Type()), b.s.typeName(hi.Type()))
		}
		t = tInvalid
	}
	t = b.known(t)
	if k := typed.KindOf(t); !k.IsInt() && k != typed.Char && !isBad(t) {
		b.error("type-mismatch", r.Span, "for counts integers, not %s", b.s.typeName(t))
		t = tInvalid
	}
	node := &typed.ForRange{E: b.e(tUnit, x.Span), Lo: lo, Hi: hi, Inclusive: r.Inclusive}
	mark := len(b.stack)
	var bindings []typed.Stmt
	if p, ok := x.Pattern.(*syntax.PathPat); ok && len(p.Path.Parts) == 1 {
		l := b.declare(p.Path.Parts[0].Name, p.Span, t, patternLocal)
		l.v.Mutable = p.Mut
		node.Var = l.v
	} else {
		node.Var = b.temp("i", t, x.Span, false)
		if _, wild := x.Pattern.(*syntax.WildPat); !wild {
			pat := b.pattern(x.Pattern, t, patternLocal)
			b.mustFit(pat, x.Pattern, t)
			bindings = []typed.Stmt{&typed.Let{Pattern: pat, Value: b.read(node.Var, x.Span), P: b.s.pos(x.Start)}}
		}
	}
	node.Body = b.forBody(x, node, test)
	b.leave(mark)
	node.Body.Stmts = append(bindings, node.Body.Stmts...)
	return node
}

// target finds the loop that break or continue means.
func (b *body) target(label syntax.Ident, word string, at syntax.Span) *loop {
	loops := b.frame.loops
	if label.Name == "" {
		if len(loops) == 0 {
			b.error("break-outside-loop", at, "%s stands in no loop", word)
			return nil
		}
		return loops[len(loops)-1]
	}
	for i := len(loops) - 1; i >= 0; i-- {
		if loops[i].label == label.Name {
			return loops[i]
		}
	}
	d := b.error("unknown-label", label.Span, "no loop around is labelled %s", label.Name)
	near := newNearest(label.Name)
	for _, l := range loops {
		near.try(l.label)
	}
	if near.best != "" {
		b.s.fix(d, "did you mean "+near.best+"?", label.Span, near.best)
	}
	return nil
}

func (b *body) breakExpr(x *syntax.Break) typed.Expr {
	if n, ok := x.X.(*syntax.Name); ok && !b.means(n.Ident) {
		// break nowhere: neither a label nor a value.
		b.target(syntax.Ident{Span: n.Span, Name: n.Ident}, "break", x.Span)
		return b.never(x.Span)
	}
	l := b.target(x.Label, "break", x.Span)
	node := &typed.Break{E: b.e(tNever, x.Span)}
	if l == nil {
		if x.X != nil {
			b.expr(x.X, nil)
		}
		return b.never(x.Span)
	}
	node.Target = l.node
	switch {
	case x.X == nil:
		if l.value != nil && !l.broken {
			l.broken = true
			if isVar(l.value) {
				b.unify(l.value, tUnit)
			} else if prune(l.value) != typed.Type(tUnit) && !isBad(l.value) {
				l.value = tUnit
			}
		}
		l.broken = true
	case l.value == nil:
		b.expr(x.X, nil)
		b.error("type-mismatch", x.X.Range(), "only break of a loop has a value")
	default:
		l.broken = true
		node.Value = b.exprTo(x.X, l.value)
	}
	return node
}

func (b *body) continueExpr(x *syntax.Continue) typed.Expr {
	l := b.target(x.Label, "continue", x.Span)
	if l == nil {
		return b.never(x.Span)
	}
	return &typed.Continue{E: b.e(tNever, x.Span), Target: l.node}
}

// means reports whether a bare name stands for anything here.
func (b *body) means(name string) bool {
	if b.locals[name] != nil || b.isField(name) || b.s.lookup(name) != nil || name == "_" {
		return true
	}
	_, v := b.preludeVariant(name)
	return v != nil
}

// strayLabel reports the word of "continue nowhere", which the parser takes for a
// statement of its own as no loop has that label.
func (b *body) strayLabel(before, st syntax.Stmt) bool {
	jump, ok := before.(*syntax.ExprStmt)
	if !ok {
		return false
	}
	c, ok := jump.X.(*syntax.Continue)
	if !ok || c.Label.Name != "" || jump.Semi {
		return false
	}
	es, ok := st.(*syntax.ExprStmt)
	if !ok {
		return false
	}
	n, ok := es.X.(*syntax.Name)
	if !ok || b.means(n.Ident) || b.s.file.Position(c.Start).Line != b.s.file.Position(n.Start).Line {
		return false
	}
	b.target(syntax.Ident{Span: n.Span, Name: n.Ident}, "continue", n.Span)
	b.bad = true
	return true
}

// never stands for a jump that was reported.
func (b *body) never(at syntax.Span) typed.Expr {
	b.bad = true
	return &typed.Const{E: b.e(tNever, at)}
}

func (b *body) returnExpr(x *syntax.Return) typed.Expr {
	node := &typed.Return{E: b.e(tNever, x.Span)}
	b.frame.returned = true
	want := b.frame.result
	switch {
	case x.X == nil:
		if !b.unify(want, tUnit) {
			b.error("type-mismatch", x.Span, "return needs a value of %s", b.s.typeName(want))
		}
	case prune(want) == typed.Type(tUnit):
		y := b.discard(x.X)
		if t := prune(y.Type()); t != typed.Type(tUnit) && t != typed.Type(tNever) {
			y = b.dropped(y, x.X.Range())
		}
		node.Value = y
	default:
		node.Value = b.exprTo(x.X, want)
	}
	return node
}

// try is e?: the value of Some or Ok, or an early return (dol 5.5-k).
func (b *body) try(x *syntax.Try, want typed.Type) typed.Expr {
	y := b.expr(x.X, nil)
	t := b.known(y.Type())
	if isBad(t) {
		return b.badExpr(x.Span)
	}
	place := syntax.Span{Start: max(x.End-1, x.Start), End: x.End}
	b.frame.returned = true
	result := b.known(b.frame.result)
	if args, ok := b.isKnown(t, "Option"); ok {
		if isVar(result) {
			b.unify(result, b.knownType("Option", b.fresh(anyVar, x.Span, "the result of this lambda")))
		}
		rargs, ok := b.isKnown(result, "Option")
		if !ok {
			b.badTry(place, "Option", result)
			return keep(b, &typed.Const{E: b.e(args[0], x.Span)})
		}
		v := b.temp("value", args[0], x.Span, false)
		none := b.variantOf(b.libType("Option"), "None", rargs, nil, x.Span)
		return b.tryMatch(x, y, t, v, "Some", "None", &typed.Any{}, none)
	}
	if args, ok := b.isKnown(t, "Result"); ok {
		if isVar(result) {
			b.unify(result, b.knownType("Result", b.fresh(anyVar, x.Span, "the result of this lambda"), args[1]))
		}
		rargs, ok := b.isKnown(result, "Result")
		if !ok {
			b.badTry(place, "Result", result)
			return keep(b, &typed.Const{E: b.e(args[0], x.Span)})
		}
		v := b.temp("value", args[0], x.Span, false)
		e := b.temp("error", args[1], x.Span, false)
		value := b.coerce(b.read(e, x.Span), rargs[1], place)
		err := b.variantOf(b.libType("Result"), "Err", rargs, []typed.Expr{value}, x.Span)
		return b.tryMatch(x, y, t, v, "Ok", "Err", &typed.BindPat{Var: e}, err)
	}
	if isVar(t) {
		b.error("cannot-infer", x.X.Range(), "the type of %s must be known here", clip(b.s.file.Text(x.X.Range())))
		return b.badExpr(x.Span)
	}
	b.error("bad-try", place, "? needs an Option or Result, this is %s", b.s.typeName(t))
	return b.badExpr(x.Span)
}

func (b *body) badTry(at syntax.Span, what string, result typed.Type) {
	where := "function"
	if b.frame.lambda {
		where = "lambda"
	}
	d := b.error("bad-try", at, "? of %s %s stands in a %s that returns %s", article(what), what, where, b.s.typeName(result))
	note(d, "the %s has to return %s too, or the value be taken out with match or unwrap_or", where, what)
}

func article(word string) string {
	if word == "Option" {
		return "an"
	}
	return "a"
}

func (b *body) tryMatch(x *syntax.Try, y typed.Expr, t typed.Type, v *typed.Var, good, bad string, badPat typed.Pattern, early typed.Expr) typed.Expr {
	n := prune(t).(*typed.Named)
	ti := b.typesOf[n.Decl]
	b.complete(ti)
	fail := &typed.VariantPat{Enum: n, Variant: ti.variants[bad]}
	if len(fail.Variant.Fields) > 0 {
		fail.Fields = []typed.Pattern{badPat}
	}
	success := &typed.VariantPat{Enum: n, Variant: ti.variants[good], Fields: []typed.Pattern{&typed.BindPat{Var: v}}}
	b.settlePattern(fail)
	b.settlePattern(success)
	return keep(b, &typed.Match{E: b.e(v.Type, x.Span), X: y, Arms: []*typed.Arm{
		{Pattern: success, Body: b.read(v, x.Span)},
		{Pattern: fail, Body: &typed.Return{E: b.e(tNever, x.Span), Value: early}},
	}})
}

// settlePattern resolves the enum of a pattern at the end.
func (b *body) settlePattern(p *typed.VariantPat) {
	if anyHasVars(p.Enum.Args) {
		b.checks = append(b.checks, func() { p.Enum = resolve(p.Enum).(*typed.Named) })
	}
}
