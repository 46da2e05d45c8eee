// Package irgen makes random modules that keep every promise of package ir: they
// verify, and no run of them is an internal error. What remains are results,
// traps and calls of the host, in which two ways to run a module must agree: the
// evaluator before and after optimising, and generated code.
//
// The bits of a NaN are never looked at: WebAssembly does not say which they are.
package irgen

import (
	"fmt"
	"math/rand/v2"

	"github.com/univrs/vudo/dol/internal/ir"
)

// Config sets the size of a module. The zero value is a small one.
type Config struct {
	Funcs int // functions beside the fixed ones; default 6
	Stmts int // statements of a function, about; default 12
	Depth int // nesting of expressions and statements; default 4
}

// Module returns the module of a seed: the same one on every machine.
func Module(seed uint64, cfg Config) *ir.Module {
	if cfg.Funcs == 0 {
		cfg.Funcs = 6
	}
	if cfg.Stmts == 0 {
		cfg.Stmts = 12
	}
	if cfg.Depth == 0 {
		cfg.Depth = 4
	}
	g := &generator{r: rand.New(rand.NewPCG(seed, 0x1d01)), cfg: cfg}
	g.m = &ir.Module{Name: fmt.Sprintf("gen%d", seed), Files: []string{"gen.dol"}}
	g.objects()
	g.imports()
	g.globals()
	g.signatures()
	for i := range g.funcs {
		g.function(i)
	}
	g.start()
	return g.m
}

type generator struct {
	r   *rand.Rand
	cfg Config
	m   *ir.Module

	bytes    typ
	structs  []typ
	arrays   []typ
	vecs     []typ
	closures []typ
	enums    []typ

	globalTypes []typ
	funcs       []*function
	line        int32
}

// typ is the type of a value: a number, or an object that a reference leads to.
type typ struct {
	kind ir.Kind
	obj  *shape // of Ref
}

// shape is an object type with the types of what it holds.
type shape struct {
	object *ir.Object
	fields []typ    // of a struct
	elem   typ      // of an array
	sig    []typ    // of a closure: its parameters
	result typ      // of a closure
	body   *ir.Func // of a closure: its function
	push   *ir.Func // of a Vec: appends an element
	cases  []*shape // of an enum
}

// function is a function whose body is yet to be made.
type function struct {
	fn     *ir.Func
	params []typ
	result typ
	index  int
	lambda *shape // it is the function of this closure
}

var numbers = []typ{{kind: ir.I32}, {kind: ir.I64}, {kind: ir.F32}, {kind: ir.F64}}

func pick[T any](g *generator, list []T) T { return list[g.r.IntN(len(list))] }

// chance is true once in n times.
func (g *generator) chance(n int) bool { return g.r.IntN(n) == 0 }

// pos returns a new place, so that places tell traps apart.
func (g *generator) pos() ir.Pos {
	g.line++
	return ir.Pos{Line: g.line, Col: 1 + int32(g.r.IntN(40))}
}

func (g *generator) newObject(o *ir.Object) *ir.Object {
	o.ID = len(g.m.Objects)
	g.m.Objects = append(g.m.Objects, o)
	return o
}

// objects makes bytes, arrays of each storage, structs that refer to each other
// and to arrays, some the descendants of others, and Vecs.
func (g *generator) objects() {
	g.bytes = g.array("bytes", ir.U8, typ{kind: ir.I32})
	base := g.newObject(&ir.Object{Name: "closure", Fields: []ir.Member{{Name: "function", Storage: ir.StoreI32}}})
	for s := ir.S8; s <= ir.StoreF64; s++ {
		if s != ir.U8 && g.chance(2) {
			g.arrays = append(g.arrays, g.array(fmt.Sprintf("array%d", s), s, typ{kind: s.Kind()}))
		}
	}
	for i := range 2 + g.r.IntN(3) {
		s := &shape{object: g.newObject(&ir.Object{Name: fmt.Sprintf("Struct%d", i)})}
		if i > 0 && g.chance(2) {
			parent := pick(g, g.structs).obj
			s.object.Parent = parent.object
			s.object.Fields = append(s.object.Fields, parent.object.Fields...)
			s.fields = append(s.fields, parent.fields...)
		}
		g.structs = append(g.structs, typ{ir.Ref, s})
		for j := range g.r.IntN(4) {
			g.field(s, fmt.Sprintf("f%d", j), g.fieldType())
		}
	}
	g.arrays = append(g.arrays, g.array("refs", ir.StoreRef, pick(g, g.structs)), g.bytes)
	for i := range 2 {
		elem := pick(g, append([]typ{pick(g, g.structs)}, numbers...))
		g.vecs = append(g.vecs, g.vec(fmt.Sprintf("Vec%d", i), elem))
	}
	g.enums = append(g.enums, g.enum("Enum0"), g.enum("Enum1"))
	for i := range 2 + g.r.IntN(2) {
		s := &shape{object: g.newObject(&ir.Object{Name: fmt.Sprintf("lambda%d", i), Parent: base})}
		g.field(s, "function", typ{kind: ir.I32})
		for j := range g.r.IntN(3) {
			g.field(s, fmt.Sprintf("capture%d", j), g.fieldType())
		}
		for range g.r.IntN(3) {
			s.sig = append(s.sig, g.anyType())
		}
		s.result = g.resultType()
		g.closures = append(g.closures, typ{ir.Ref, s})
	}
}

func (g *generator) array(name string, s ir.Storage, elem typ) typ {
	return typ{ir.Ref, &shape{object: g.newObject(&ir.Object{Name: name, Array: true, Elem: s}), elem: elem}}
}

func (g *generator) field(s *shape, name string, t typ) {
	storage := ir.StoreRef
	switch t.kind {
	case ir.I32:
		storage = pick(g, []ir.Storage{ir.StoreI32, ir.StoreI32, ir.U8, ir.S8, ir.S16, ir.U16})
		if name == "function" || name == "len_" || name == "cap_" || name == "tag" {
			storage = ir.StoreI32
		}
	case ir.I64:
		storage = ir.StoreI64
	case ir.F32:
		storage = ir.StoreF32
	case ir.F64:
		storage = ir.StoreF64
	}
	s.fields = append(s.fields, t)
	s.object.Fields = append(s.object.Fields, ir.Member{Name: name, Storage: storage})
}

func (g *generator) fieldType() typ {
	if g.chance(3) && len(g.structs) > 0 {
		return pick(g, append(g.structs, g.bytes))
	}
	return pick(g, numbers)
}

// anyType returns the type of a variable.
func (g *generator) anyType() typ {
	switch g.r.IntN(11) {
	case 4:
		return pick(g, g.enums)
	case 0:
		return pick(g, g.structs)
	case 1:
		return pick(g, g.arrays)
	case 2:
		return pick(g, g.vecs)
	case 3:
		if len(g.closures) > 0 {
			return pick(g, g.closures)
		}
	}
	return pick(g, numbers)
}

func (g *generator) resultType() typ {
	if g.chance(5) {
		return typ{}
	}
	return g.anyType()
}

func (g *generator) imports() {
	params := []ir.HostParam{ir.HostI32, ir.HostI64, ir.HostF32, ir.HostF64, ir.HostBytes}
	results := []ir.Kind{ir.None, ir.I32, ir.I64, ir.F32, ir.F64}
	for i := range 3 {
		imp := &ir.Import{ID: i, Module: "host", Name: fmt.Sprintf("host%d", i), Result: results[g.r.IntN(len(results))]}
		for range g.r.IntN(4) {
			imp.Params = append(imp.Params, pick(g, params))
		}
		g.m.Imports = append(g.m.Imports, imp)
	}
}

func (g *generator) globals() {
	for i := range 2 + g.r.IntN(4) {
		t := g.anyType()
		g.globalTypes = append(g.globalTypes, t)
		g.m.Globals = append(g.m.Globals, &ir.Global{ID: i, Name: fmt.Sprintf("g%d", i), Kind: t.kind})
	}
}

// signatures declares all functions, so that bodies can name them.
func (g *generator) signatures() {
	for _, v := range g.vecs {
		g.pushFunc(v.obj)
	}
	for i := range g.cfg.Funcs {
		f := &function{result: g.resultType()}
		for range g.r.IntN(4) {
			f.params = append(f.params, g.anyType())
		}
		if i < 3 { // exported: what can cross
			f.params = f.params[:0]
			for range g.r.IntN(4) {
				f.params = append(f.params, pick(g, append(numbers, g.bytes)))
			}
			f.result = pick(g, append(numbers, g.bytes, typ{}))
		}
		g.declare(f, fmt.Sprintf("f%d", i))
		if i < 3 {
			g.export(f)
		}
	}
	for _, c := range g.closures {
		f := &function{params: append([]typ{c}, c.obj.sig...), result: c.obj.result, lambda: c.obj}
		g.declare(f, c.obj.object.Name)
		c.obj.body = f.fn
	}
}

func (g *generator) declare(f *function, name string) {
	f.index = len(g.funcs)
	f.fn = &ir.Func{ID: len(g.m.Funcs), Name: name, NumParams: len(f.params), Result: f.result.kind, Pos: g.pos()}
	for i, t := range f.params {
		f.fn.Locals = append(f.fn.Locals, ir.Local{Name: fmt.Sprintf("p%d", i), Kind: t.kind})
	}
	g.m.Funcs = append(g.m.Funcs, f.fn)
	g.funcs = append(g.funcs, f)
}

func (g *generator) export(f *function) {
	abi := func(t typ) (ir.ABI, string) {
		switch t.kind {
		case ir.I32:
			return ir.ABII32, "i32"
		case ir.I64:
			return ir.ABII64, "i64"
		case ir.F32:
			return ir.ABIF32, "f32"
		case ir.F64:
			return ir.ABIF64, "f64"
		case ir.Ref:
			return ir.ABIBytes, "bytes"
		}
		return ir.ABINone, ""
	}
	e := &ir.Export{Name: f.fn.Name, Func: f.fn}
	e.Result, e.ResultType = abi(f.result)
	for i, t := range f.params {
		p := ir.ExportParam{Name: fmt.Sprintf("p%d", i)}
		p.ABI, p.Type = abi(t)
		e.Params = append(e.Params, p)
	}
	g.m.Exports = append(g.m.Exports, e)
}

// start sets some of the globals, as module variables are.
func (g *generator) start() {
	f := &function{}
	g.declare(f, "start")
	b := &body{generator: g, f: f, calls: len(g.funcs)}
	for i, t := range g.globalTypes {
		if t.kind == ir.Ref || t.kind != ir.None && g.chance(2) {
			b.out = append(b.out, &ir.SetGlobal{Global: g.m.Globals[i], X: b.fresh(t, 2)})
		}
	}
	b.finish()
	g.m.Start = f.fn
}
