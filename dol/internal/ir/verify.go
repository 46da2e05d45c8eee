package ir

import (
	"errors"
	"fmt"
)

// Verify checks everything that the declarations of this package promise and
// that does not depend on values: kinds, scopes, object types, results on all
// paths, exports. It reports the first violation. An error is a fault of the
// compiler, never of the program it compiles.
//
// Nodes may be shared between places; a Label belongs to one Block or Loop.
func Verify(m *Module) error {
	v := &verifier{m: m}
	if err := v.module(); err != nil {
		return err
	}
	for _, f := range m.Funcs {
		if err := v.function(f); err != nil {
			return fmt.Errorf("func %s: %w", f.Name, err)
		}
	}
	return nil
}

type verifier struct {
	m     *Module
	bytes *Object // the one array of bytes, if there is one

	f      *Func
	labels []*Label       // in scope, innermost last
	scope  int            // labels below belong to the outside of a Seq
	depth  map[*Label]int // where in labels each label of the function stood
	err    error          // the first
}

// BytesObject returns the array of unsigned bytes that texts and constants are,
// or nil when no object of the module is one.
func (m *Module) BytesObject() *Object {
	for _, o := range m.Objects {
		if o.Array && o.Elem == U8 {
			return o
		}
	}
	return nil
}

func (v *verifier) module() error {
	m := v.m
	v.bytes = m.BytesObject()
	for i, o := range m.Objects {
		if err := v.objectType(i, o); err != nil {
			return fmt.Errorf("object %s: %w", o.Name, err)
		}
	}
	for i, imp := range m.Imports {
		if imp.ID != i {
			return fmt.Errorf("import %s.%s: ID %d at index %d", imp.Module, imp.Name, imp.ID, i)
		}
		if imp.Result == Ref {
			return fmt.Errorf("import %s.%s: result is a reference", imp.Module, imp.Name)
		}
	}
	for i, g := range m.Globals {
		if g.ID != i {
			return fmt.Errorf("global %s: ID %d at index %d", g.Name, g.ID, i)
		}
		if g.Kind == None || g.Kind > Ref {
			return fmt.Errorf("global %s: has no kind", g.Name)
		}
	}
	for i, f := range m.Funcs {
		if f.ID != i {
			return fmt.Errorf("func %s: ID %d at index %d", f.Name, f.ID, i)
		}
	}
	if s := m.Start; s != nil {
		if !v.hasFunc(s) {
			return fmt.Errorf("start: func %s is not in the module", s.Name)
		}
		if s.NumParams != 0 || s.Result != None {
			return fmt.Errorf("start: func %s has parameters or a result", s.Name)
		}
	}
	names := map[string]bool{}
	for _, e := range m.Exports {
		if names[e.Name] {
			return fmt.Errorf("export %s: twice", e.Name)
		}
		names[e.Name] = true
		if err := v.export(e); err != nil {
			return fmt.Errorf("export %s: %w", e.Name, err)
		}
	}
	for _, r := range m.Records {
		if !v.hasObject(r.Object) || r.Object.Array || len(r.Types) != len(r.Object.Fields) {
			return fmt.Errorf("record %s: its object does not fit", r.Name)
		}
	}
	return nil
}

func (v *verifier) objectType(i int, o *Object) error {
	switch {
	case o.ID != i:
		return fmt.Errorf("ID %d at index %d", o.ID, i)
	case o.Array && (len(o.Fields) > 0 || o.Parent != nil):
		return errors.New("an array with fields or a parent")
	case o.Array && o.Elem > StoreRef:
		return errors.New("no element storage")
	case o.Array && o.Elem == U8 && o != v.bytes:
		return errors.New("a second array of bytes")
	}
	for _, f := range o.Fields {
		if f.Storage > StoreRef {
			return fmt.Errorf("field %s: no storage", f.Name)
		}
	}
	p := o.Parent
	if p == nil {
		return nil
	}
	if !v.hasObject(p) || p.Array || len(p.Fields) > len(o.Fields) {
		return fmt.Errorf("parent %s does not fit", p.Name)
	}
	for i, f := range p.Fields {
		if o.Fields[i].Storage != f.Storage {
			return fmt.Errorf("field %d differs from that of parent %s", i, p.Name)
		}
	}
	for a, steps := p, 0; a != nil; a, steps = a.Parent, steps+1 {
		if a == o || steps > len(v.m.Objects) {
			return errors.New("is its own ancestor")
		}
	}
	return nil
}

func (v *verifier) hasObject(o *Object) bool {
	return o != nil && o.ID >= 0 && o.ID < len(v.m.Objects) && v.m.Objects[o.ID] == o
}

func (v *verifier) hasFunc(f *Func) bool {
	return f != nil && f.ID >= 0 && f.ID < len(v.m.Funcs) && v.m.Funcs[f.ID] == f
}

func (v *verifier) export(e *Export) error {
	if !v.hasFunc(e.Func) {
		return errors.New("its function is not in the module")
	}
	if e.Func.NumParams != len(e.Params) {
		return fmt.Errorf("%d parameters, func %s has %d", len(e.Params), e.Func.Name, e.Func.NumParams)
	}
	for i, p := range e.Params {
		if p.ABI == ABINone || p.ABI.Kind() != e.Func.Locals[i].Kind {
			return fmt.Errorf("parameter %d does not fit a %v", i, e.Func.Locals[i].Kind)
		}
	}
	if e.Result.Kind() != e.Func.Result {
		return fmt.Errorf("result does not fit a %v", e.Func.Result)
	}
	return nil
}

// Kind returns the kind of the value inside the module.
func (a ABI) Kind() Kind {
	switch a {
	case ABII32:
		return I32
	case ABII64:
		return I64
	case ABIF32:
		return F32
	case ABIF64:
		return F64
	case ABIText, ABIBytes, ABIJSON:
		return Ref
	}
	return None
}

// String returns the kind's name in the text form.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

var kindNames = [...]string{"none", "i32", "i64", "f32", "f64", "ref"}

func (v *verifier) function(f *Func) error {
	v.f, v.labels, v.scope, v.err = f, nil, 0, nil
	v.depth = map[*Label]int{}
	if f.NumParams < 0 || f.NumParams > len(f.Locals) {
		return fmt.Errorf("%d parameters, %d locals", f.NumParams, len(f.Locals))
	}
	for i, l := range f.Locals {
		if l.Kind == None || l.Kind > Ref {
			return fmt.Errorf("local %d: has no kind", i)
		}
	}
	if f.Result > Ref {
		return errors.New("has no result kind")
	}
	v.pos(f.Pos)
	v.stmts(f.Body)
	if v.err != nil {
		return v.err
	}
	if f.Result != None && !Terminates(f.Body) {
		return errors.New("a path reaches the end without a result")
	}
	return nil
}

// fail records a violation; only the first counts.
func (v *verifier) fail(format string, args ...any) {
	if v.err == nil {
		v.err = fmt.Errorf(format, args...)
	}
}

func (v *verifier) pos(p Pos) {
	if p != (Pos{}) && (p.File < 0 || int(p.File) >= len(v.m.Files) || p.Line < 1 || p.Col < 1) {
		v.fail("position %v: no such place", p)
	}
}

func (v *verifier) stmts(list []Stmt) {
	for _, s := range list {
		if v.err != nil {
			return
		}
		v.stmt(s)
	}
}

func (v *verifier) stmt(s Stmt) {
	switch s := s.(type) {
	case *Set:
		if s.Local < 0 || s.Local >= len(v.f.Locals) {
			v.fail("set: no local %d", s.Local)
			return
		}
		v.want("set", s.X, v.f.Locals[s.Local].Kind)
	case *SetGlobal:
		if v.global(s.Global) {
			v.want("set global", s.X, s.Global.Kind)
		}
	case *SetField:
		v.want("set field", s.X, Ref)
		if k := v.field(s.Object, s.Index); k != None {
			v.want("set field", s.Value, k)
		}
	case *SetElem:
		v.want("set element", s.X, Ref)
		v.want("set element: index", s.I, I32)
		if k := v.elem(s.Object); k != None {
			v.want("set element", s.Value, k)
		}
	case *CopyElems:
		v.elem(s.Object)
		v.want("copy", s.To, Ref)
		v.want("copy", s.At, I32)
		v.want("copy", s.From, Ref)
		v.want("copy", s.Start, I32)
		v.want("copy", s.N, I32)
	case *FillElems:
		v.want("fill", s.X, Ref)
		v.want("fill", s.At, I32)
		if k := v.elem(s.Object); k != None {
			v.want("fill", s.Value, k)
		}
		v.want("fill", s.N, I32)
	case *Do:
		v.expr(s.X)
	case *If:
		v.want("if", s.Cond, I32)
		v.stmts(s.Then)
		v.stmts(s.Else)
	case *Block:
		v.labelled(s.Label, s.Body)
	case *Loop:
		v.labelled(s.Label, s.Body)
	case *Br:
		v.branch(s.Label)
	case *Switch:
		v.want("switch", s.X, I32)
		for _, l := range s.Targets {
			v.branch(l)
		}
		v.branch(s.Default)
	case *Return:
		switch {
		case s.X != nil && v.f.Result == None:
			v.fail("return: a value, but the function has no result")
		case s.X != nil:
			v.want("return", s.X, v.f.Result)
		case v.f.Result != None:
			v.fail("return: no value")
		}
	case *Panic:
		v.pos(s.Pos)
		v.want("panic", s.Msg, Ref)
	case *Unreachable:
	default:
		v.fail("a statement of type %T", s)
	}
}

func (v *verifier) labelled(l *Label, body []Stmt) {
	if _, twice := v.depth[l]; l == nil || twice {
		v.fail("a label that is missing or used twice")
		return
	}
	v.depth[l] = len(v.labels)
	v.labels = append(v.labels, l)
	v.stmts(body)
	v.labels = v.labels[:len(v.labels)-1]
}

func (v *verifier) branch(l *Label) {
	if l == nil {
		v.fail("branch to no label")
		return
	}
	if i, known := v.depth[l]; known && i >= v.scope && i < len(v.labels) && v.labels[i] == l {
		return
	}
	v.fail("branch to label %q, which is not around it or outside its Seq", l.Name)
}

func (v *verifier) global(g *Global) bool {
	ok := g != nil && g.ID >= 0 && g.ID < len(v.m.Globals) && v.m.Globals[g.ID] == g
	if !ok {
		v.fail("a global that is not in the module")
	}
	return ok
}

// field returns the kind of a field, None after a failure.
func (v *verifier) field(o *Object, i int) Kind {
	switch {
	case !v.hasObject(o):
		v.fail("field access: object is not in the module")
	case o.Array || i < 0 || i >= len(o.Fields):
		v.fail("field access: object %s has no field %d", o.Name, i)
	default:
		return o.Fields[i].Storage.Kind()
	}
	return None
}

func (v *verifier) elem(o *Object) Kind {
	switch {
	case !v.hasObject(o):
		v.fail("array access: object is not in the module")
	case !o.Array:
		v.fail("array access: object %s is no array", o.Name)
	default:
		return o.Elem.Kind()
	}
	return None
}

func (v *verifier) want(what string, e Expr, k Kind) {
	if got := v.expr(e); got != k {
		v.fail("%s: operand is %v, must be %v", what, got, k)
	}
}

func (v *verifier) args(what string, args []Expr, kinds []Kind) {
	if len(args) != len(kinds) {
		v.fail("%s: %d arguments, must be %d", what, len(args), len(kinds))
		return
	}
	for i, a := range args {
		v.want(what, a, kinds[i])
	}
}

// expr returns the kind of e. After a failure it means nothing.
func (v *verifier) expr(e Expr) Kind {
	if v.err != nil {
		return None
	}
	switch e := e.(type) {
	case *Const:
		if e.K == None || e.K > Ref || e.K == Ref && e.Bits != 0 {
			v.fail("constant: kind %v, bits %#x", e.K, e.Bits)
		}
		return e.K
	case *Str:
		if v.bytes == nil {
			v.fail("constant text: no object is an array of bytes")
		}
		return Ref
	case *Get:
		switch {
		case e.Local < 0 || e.Local >= len(v.f.Locals):
			v.fail("get: no local %d", e.Local)
		case e.K != v.f.Locals[e.Local].Kind:
			v.fail("get: local %d is %v, read as %v", e.Local, v.f.Locals[e.Local].Kind, e.K)
		}
		return e.K
	case *GetGlobal:
		if !v.global(e.Global) {
			return None
		}
		return e.Global.Kind
	case *Un:
		v.pos(e.Pos)
		arity, operand, result, ok := Numeric(e.Op)
		if !ok || arity != 1 {
			v.fail("%v takes not one number", e.Op)
		}
		v.want(e.Op.String(), e.X, operand)
		return result
	case *Bin:
		v.pos(e.Pos)
		arity, operand, result, ok := Numeric(e.Op)
		if !ok || arity != 2 {
			v.fail("%v takes not two numbers", e.Op)
		}
		v.want(e.Op.String(), e.X, operand)
		v.want(e.Op.String(), e.Y, operand)
		return result
	case *Call:
		v.pos(e.Pos)
		if !v.hasFunc(e.Func) {
			v.fail("call: function is not in the module")
			return None
		}
		v.args("call of "+e.Func.Name, e.Args, e.Func.Sig().Params)
		return e.Func.Result
	case *CallRef:
		v.pos(e.Pos)
		v.want("call of a closure", e.Closure, Ref)
		v.args("call of a closure", e.Args, e.Sig.Params)
		return e.Sig.Result
	case *CallHost:
		return v.callHost(e)
	case *New:
		v.pos(e.Pos)
		if !v.hasObject(e.Object) || e.Object.Array || len(e.Fields) != len(e.Object.Fields) {
			v.fail("new: not the fields of a struct of the module")
			return Ref
		}
		for i, f := range e.Fields {
			v.want("new "+e.Object.Name, f, e.Object.Fields[i].Storage.Kind())
		}
		return Ref
	case *NewArray:
		v.pos(e.Pos)
		v.elem(e.Object)
		v.want("new array", e.Len, I32)
		return Ref
	case *GetField:
		v.want("get field", e.X, Ref)
		return v.field(e.Object, e.Index)
	case *GetElem:
		v.want("get element", e.X, Ref)
		v.want("get element: index", e.I, I32)
		return v.elem(e.Object)
	case *ArrayLen:
		v.want("array length", e.X, Ref)
		return I32
	case *FuncIndex:
		if !v.hasFunc(e.Func) {
			v.fail("function index: function is not in the module")
		} else if e.Func.NumParams < 1 || e.Func.Locals[0].Kind != Ref {
			v.fail("function index: func %s takes no closure first", e.Func.Name)
		}
		return I32
	case *IsNull:
		v.want("is null", e.X, Ref)
		return I32
	case *Same:
		v.want("same", e.X, Ref)
		v.want("same", e.Y, Ref)
		return I32
	case *Tern:
		v.want("tern", e.Cond, I32)
		k := v.expr(e.A)
		v.want("tern", e.B, k)
		return k
	case *Seq:
		outer := v.scope
		v.scope = len(v.labels)
		v.stmts(e.Stmts)
		v.scope = outer
		return v.expr(e.X)
	case *RawLoad:
		if e.Size != 4 && e.Size != 8 {
			v.fail("raw load of %d bytes", e.Size)
		}
		v.want("raw load", e.Addr, I32)
		return e.Kind()
	case *RawBytes:
		v.pos(e.Pos)
		if e.Object == nil || e.Object != v.bytes {
			v.fail("raw bytes: object is not the array of bytes")
		}
		v.want("raw bytes", e.Addr, I32)
		v.want("raw bytes", e.N, I32)
		return Ref
	default:
		v.fail("an expression of type %T", e)
		return None
	}
}

func (v *verifier) callHost(e *CallHost) Kind {
	v.pos(e.Pos)
	imp := e.Import
	if imp == nil || imp.ID < 0 || imp.ID >= len(v.m.Imports) || v.m.Imports[imp.ID] != imp {
		v.fail("host call: import is not in the module")
		return None
	}
	if len(e.Args) != len(imp.Params) {
		v.fail("call of %s: %d arguments, must be %d", imp.Name, len(e.Args), len(imp.Params))
		return None
	}
	for i, a := range e.Args {
		v.want("call of "+imp.Name, a, imp.Params[i].Kind())
	}
	return imp.Result
}

// Kind returns the kind of the argument that the parameter takes.
func (p HostParam) Kind() Kind {
	return [...]Kind{I32, I64, F32, F64, Ref}[p]
}
