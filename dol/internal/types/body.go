package types

import (
	"github.com/univrs/vudo/diag"
	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/dol/internal/typed"
)

// local is a variable in scope.
type local struct {
	name    string
	v       *typed.Var
	hidden  *local // the one of the same name that it shadows
	at      syntax.Span
	kind    localKind
	used    bool
	written bool
	late    bool // declared without a value
	frame   *frame
	fn      *funcInfo // a function declared in a block
}

type localKind uint8

const (
	letLocal localKind = iota
	varLocal
	constLocal
	paramLocal
	patternLocal
	funLocal
)

// frame is the function or lambda that return leaves.
type frame struct {
	result   typed.Type
	outer    *frame
	lambda   bool
	loops    []*loop
	returned bool // a return leaves it
}

// loop is a loop that break and continue can leave.
type loop struct {
	label  string
	at     syntax.Span
	node   typed.Expr
	value  typed.Type // of a loop's breaks; nil for while and for
	broken bool
}

// body checks the body of one function.
type body struct {
	*checker
	s     *source
	f     *funcInfo
	sc    *tscope
	this  *typed.Var
	owner *typeInfo // whose fields are in scope as bare names

	locals map[string]*local
	stack  []*local
	frame  *frame
	sex    int // how many sex blocks are open

	kept      []*typed.E
	slots     []*typed.Type
	lists     [][]typed.Type
	literals  []literal
	pending   []pending
	needs     []need
	checks    []func() // to make when all types are known
	matches   []matchCheck
	vars      []*tvar
	lambdas   int
	lateVars  []*typed.Var // declared without a value
	lateReads map[*typed.Local]syntax.Span
	foldable  map[typed.Expr]bool         // operations on literals alone
	folded    map[typed.Expr]*typed.Const // those that were computed
	eff       *effectNode
	bad       bool // an error was reported: what needs whole types is left out
}

// literal is a number whose type was not known where it stands.
type literal struct {
	node *typed.Const
	text string
	neg  bool
	at   syntax.Span
	wrap *typed.Block   // what stands in the tree
	conv *typed.Convert // used when the type is a type parameter
}

// pending is work that waits for a type; try reports whether it was done. With
// last set it has to do what it can.
type pending struct {
	try func(last bool) bool
}

// need is a bound that a type argument has to meet.
type need struct {
	s      *source
	at     syntax.Span
	param  *typed.TypeParam
	bounds []typed.Bound
	subst  typed.Subst
	arg    typed.Type
	extra  map[*typed.TypeParam][]typed.Bound // what holds where the need arose
}

func (c *checker) newBody(f *funcInfo) *body {
	b := &body{
		checker: c, s: f.src, f: f, sc: f.scope, locals: map[string]*local{}, this: f.this, eff: f.eff,
		frame: &frame{result: f.result},
	}
	b.owner = f.owner
	c.trail = c.trail[:0]
	c.extra = f.extra
	return b
}

func (b *body) e(t typed.Type, at syntax.Span) typed.E {
	return typed.E{T: t, P: b.s.pos(at.Start)}
}

// keep notes x for settle if its type is not known in full, and returns it.
func keep[X typed.Expr](b *body, x X) X {
	if hasVars(x.Type()) {
		b.kept = append(b.kept, any(x).(interface{ Base() *typed.E }).Base())
	}
	return x
}

// badExpr stands for an expression that an error was reported for.
func (b *body) badExpr(at syntax.Span) typed.Expr {
	b.bad = true
	return &typed.Const{E: b.e(tInvalid, at)}
}

// isBad reports whether t says nothing because of an earlier error.
func isBad(t typed.Type) bool { return prune(t) == typed.Type(tInvalid) }

// fresh makes a type variable; what describes it if it stays unknown.
func (b *body) fresh(kind varKind, at syntax.Span, what string) *tvar {
	v := &tvar{kind: kind, at: at, what: what}
	b.vars = append(b.vars, v)
	return v
}

func (b *body) error(code string, at syntax.Span, format string, args ...any) *diag.Diagnostic {
	if sev, _ := b.severity(code); sev == diag.Error {
		b.bad = true
	}
	return b.s.report(code, at, format, args...)
}

// declare brings a variable into scope.
func (b *body) declare(name string, at syntax.Span, t typed.Type, kind localKind) *local {
	v := &typed.Var{Name: name, Type: t, Mutable: kind == varLocal, Pos: b.s.pos(at.Start)}
	return b.declareVar(name, at, v, kind)
}

func (b *body) declareVar(name string, at syntax.Span, v *typed.Var, kind localKind) *local {
	l := &local{name: name, v: v, at: at, kind: kind, frame: b.frame, hidden: b.locals[name]}
	if h := l.hidden; h != nil && h.frame == b.frame && name != "_" && kind != funLocal && !b.s.library {
		d := b.s.report("shadowing", at, "%s hides another %s", name, name)
		b.s.note(d, h.at, "the one it hides")
	}
	b.locals[name] = l
	b.stack = append(b.stack, l)
	l.used = v != nil && isBad(v.Type) // after an error it says nothing
	if v != nil && hasVars(v.Type) {
		b.slots = append(b.slots, &v.Type)
	}
	return l
}

// temp makes a variable that no program can name.
func (b *body) temp(name string, t typed.Type, at syntax.Span, mutable bool) *typed.Var {
	v := &typed.Var{Name: name, Type: t, Mutable: mutable, Pos: b.s.pos(at.Start)}
	if hasVars(t) {
		b.slots = append(b.slots, &v.Type)
	}
	return v
}

func (b *body) read(v *typed.Var, at syntax.Span) typed.Expr {
	return keep(b, &typed.Local{E: b.e(v.Type, at), Var: v})
}

func letVar(v *typed.Var, x typed.Expr) typed.Stmt {
	return &typed.Let{Pattern: &typed.BindPat{Var: v}, Value: x, P: x.At()}
}

// leave ends the scopes of the variables declared since mark.
func (b *body) leave(mark int) {
	for i := len(b.stack) - 1; i >= mark; i-- {
		l := b.stack[i]
		if l.hidden != nil {
			b.locals[l.name] = l.hidden
		} else {
			delete(b.locals, l.name)
		}
		if !l.used && l.name != "" && l.name[0] != '_' && l.name != "this" && l.name != "self" {
			switch l.kind {
			case letLocal, varLocal, constLocal, patternLocal:
				what := "is never used"
				if l.written {
					what = "is assigned but never read"
				}
				d := b.s.report("unused-local", l.at, "%s %s", l.name, what)
				b.s.fix(d, "write _"+l.name, l.at, "_"+l.name)
			}
		}
	}
	b.stack = b.stack[:mark]
}

// flush gives pending work another try.
func (b *body) flush() {
	for progress := true; progress && len(b.pending) > 0; {
		progress = false
		work := b.pending
		b.pending = nil
		var left []pending
		for _, p := range work {
			if p.try(false) {
				progress = true
			} else {
				left = append(left, p)
			}
		}
		b.pending = append(left, b.pending...)
	}
}

// known returns the head of t, giving pending work a try if there is none yet and
// literals their default type.
func (b *body) known(t typed.Type) typed.Type {
	t = prune(t)
	if v, ok := t.(*tvar); ok && v.kind == anyVar {
		b.flush()
		t = prune(t)
	}
	return b.defaulted(t)
}

// defaulted gives a literal its default type (dol 5.5-a).
func (b *body) defaulted(t typed.Type) typed.Type {
	t = prune(t)
	if v, ok := t.(*tvar); ok {
		switch v.kind {
		case intVar:
			b.bind(v, tI64)
			return tI64
		case floatVar:
			b.bind(v, tF64)
			return tF64
		}
	}
	return t
}

// defaultAll gives every literal in t its default type.
func (b *body) defaultAll(t typed.Type, budget *int) {
	if *budget--; *budget < 0 {
		return
	}
	switch t := b.defaulted(t).(type) {
	case *typed.Named:
		for _, a := range t.Args {
			b.defaultAll(a, budget)
		}
	case *typed.Tuple:
		for _, a := range t.Elems {
			b.defaultAll(a, budget)
		}
	case *typed.FuncType:
		for _, a := range t.Params {
			b.defaultAll(a, budget)
		}
		b.defaultAll(t.Result, budget)
	case *typed.Array:
		b.defaultAll(t.Elem, budget)
	}
}

// settle finds out everything that is still open and writes the types into what
// was built.
func (b *body) settle() {
	b.flush()
	for i := 0; i < len(b.vars); i++ {
		b.defaulted(b.vars[i])
	}
	b.flush()
	for len(b.pending) > 0 {
		work := b.pending
		b.pending = nil
		for _, p := range work {
			p.try(true)
		}
		for i := 0; i < len(b.vars); i++ {
			b.defaulted(b.vars[i])
		}
	}
	for _, v := range b.vars {
		if u, ok := prune(v).(*tvar); ok {
			if v.what != "" && !b.bad {
				d := b.error("cannot-infer", v.at, "the type of %s cannot be inferred", v.what)
				advise(d, "write the type")
			}
			b.bind(u, tInvalid)
		}
	}
	for _, e := range b.kept {
		e.T = resolve(e.T)
	}
	for _, s := range b.slots {
		*s = resolve(*s)
	}
	for _, l := range b.lists {
		for i := range l {
			l[i] = resolve(l[i])
		}
	}
	for i := range b.literals {
		b.finishLiteral(&b.literals[i])
	}
	for _, check := range b.checks {
		check()
	}
	c := b.checker
	for i := range b.needs {
		c.checkNeed(&b.needs[i])
	}
	if !b.bad {
		for i := range b.matches {
			b.checkMatch(&b.matches[i])
		}
	}
}

// bodies checks all bodies that are to be checked: the user's, and of the library
// those that they reach.
func (c *checker) bodies() {
	c.ruleFuncs()
	for _, g := range c.globals {
		if !g.src.library {
			c.globalType(g)
			c.globalInit(g)
		}
	}
	for i := 0; i < len(c.allFuncs); i++ {
		if f := c.allFuncs[i]; !f.src.library {
			c.reach(f)
		}
	}
	c.runWork()
	c.defaultsKeepRules()
	c.exports()
	c.runWork()
	c.libraryFuncs()
	c.runWork()
	for i := range c.typeNeeds {
		c.checkNeed(&c.typeNeeds[i])
	}
}

// reach makes f part of the program.
func (c *checker) reach(f *funcInfo) {
	c.signature(f)
	if f.reached {
		return
	}
	f.reached = true
	f.eff = c.effectsOf(f)
	c.work = append(c.work, f)
}

func (c *checker) runWork() {
	for len(c.work) > 0 {
		f := c.work[len(c.work)-1]
		c.work = c.work[:len(c.work)-1]
		c.checkBody(f)
	}
}

// checkBody elaborates the body of f.
func (c *checker) checkBody(f *funcInfo) {
	if f.checked {
		return
	}
	f.checked = true
	outer := c.inBody
	c.inBody = true
	defer func() { c.inBody = outer }()
	c.floats = c.floats || hasFloat(f.fn)
	switch {
	case f.body != nil:
		b := c.newBody(f)
		f.fn.Body = f.body(b)
		b.settle()
	case f.decl != nil && f.decl.Body != nil:
		b := c.newBody(f)
		f.fn.Body = b.function(f)
		b.settle()
		if !b.bad {
			b.definite(f)
		}
	}
}

// function elaborates a body that the program writes.
func (b *body) function(f *funcInfo) *typed.Block {
	for _, g := range f.around {
		l := b.declareVar(g.name, g.at, nil, funLocal)
		l.fn = g
	}
	for _, p := range f.params {
		b.declareVar(p.name, p.at, p.v, paramLocal)
	}
	for _, p := range f.params {
		if p.def != nil {
			b.paramDefault(f, p)
		}
	}
	block := b.bodyBlock(f.decl.Body, f.result)
	b.leave(0)
	return block
}

// bodyBlock is a block whose value is that of the function.
func (b *body) bodyBlock(x *syntax.Block, result typed.Type) *typed.Block {
	if prune(result) == typed.Type(tUnit) {
		return b.block(x, nil, true)
	}
	block := b.block(x, result, false)
	b.mustYield(block, x, result)
	return block
}
