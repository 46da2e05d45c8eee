package ir

import "github.com/univrs/vudo/internal/wasm"

// code is a function made into closures, on its first call.
type code struct {
	fn         *Func
	slots      []int // of each local: index in the half of the frame for its kind
	nums, refs int
	body       []exec
	escapes    bool // a Return stands inside an expression
}

// num computes a number, obj a reference; exec runs a statement.
type (
	num  func(fr *frame) uint64
	obj  func(fr *frame) *Obj
	exec func(fr *frame) signal
)

// signal is how a statement ended: to the next one, out of the function, or by a
// branch to the label of that number.
type signal int

const (
	next signal = iota
	returned
	firstLabel
)

// escape is what unwinds the expression around a Return to its function.
type escape struct{ fr *frame }

// code returns the compiled form of f.
func (ma *Machine) code(f *Func) *code {
	c := ma.codes[f.ID]
	if c.body != nil {
		return c
	}
	c.slots = make([]int, len(f.Locals))
	for i, l := range f.Locals {
		if l.Kind == Ref {
			c.slots[i] = c.refs
			c.refs++
		} else {
			c.slots[i] = c.nums
			c.nums++
		}
	}
	fc := &compiler{ma: ma, c: c, labels: map[*Label]signal{}}
	c.body = fc.stmts(f.Body)
	if c.body == nil {
		c.body = []exec{}
	}
	return c
}

// run executes the function in its frame; call is the place it was called at.
func (c *code) run(ma *Machine, fr *frame, call Frame) {
	if len(ma.calls) >= ma.cfg.MaxDepth {
		ma.trap(TrapStack, "", call)
	}
	ma.step(1, call)
	ma.calls = append(ma.calls, call)
	if c.escapes {
		c.runEscaping(fr)
	} else {
		runAll(c.body, fr)
	}
	ma.calls = ma.calls[:len(ma.calls)-1]
}

// runEscaping runs a body in which a Return may stand inside an expression.
func (c *code) runEscaping(fr *frame) {
	defer func() {
		if r := recover(); r != nil {
			if e, ok := r.(escape); !ok || e.fr != fr {
				panic(r)
			}
		}
	}()
	runAll(c.body, fr)
}

func runAll(list []exec, fr *frame) signal {
	for _, s := range list {
		if sig := s(fr); sig != next {
			return sig
		}
	}
	return next
}

// compiler makes the closures of one function.
type compiler struct {
	ma     *Machine
	c      *code
	labels map[*Label]signal
	inExpr int // depth of Seq
}

func (c *compiler) at(p Pos) Frame { return Frame{c.c.fn, p} }

// num compiles an expression of a number.
func (c *compiler) num(e Expr) num {
	ma := c.ma
	switch e := e.(type) {
	case *Const:
		bits := Num(e.K, e.Bits).Bits
		return func(*frame) uint64 { return bits }
	case *Get:
		slot := c.c.slots[e.Local]
		return func(fr *frame) uint64 { return fr.nums[slot] }
	case *GetGlobal:
		id := e.Global.ID
		return func(*frame) uint64 { return ma.numbers[id] }
	case *Un:
		return c.unary(e)
	case *Bin:
		return c.binary(e)
	case *Call:
		call := c.call(e)
		return func(fr *frame) uint64 {
			in := call(fr)
			x := in.num
			ma.leave(in)
			return x
		}
	case *CallRef:
		call := c.callRef(e)
		return func(fr *frame) uint64 {
			in := call(fr)
			x := in.num
			ma.leave(in)
			return x
		}
	case *CallHost:
		return c.callHost(e)
	case *GetField:
		x, i, check := c.obj(e.X), e.Index, c.isStruct(e.Object)
		return func(fr *frame) uint64 { return check(x(fr)).nums[i] }
	case *GetElem:
		s, elem := e.Object.Elem, c.elem(e.Object, e.X, e.I)
		return func(fr *frame) uint64 {
			o, i := elem(fr)
			return o.num(s, i)
		}
	case *ArrayLen:
		x, at := c.obj(e.X), c.at(Pos{})
		return func(fr *frame) uint64 {
			o := x(fr)
			if o == nil || !o.typ.Array {
				ma.wrong(at, "length of no array")
			}
			return uint64(o.Len())
		}
	case *FuncIndex:
		id := uint64(e.Func.ID)
		return func(*frame) uint64 { return id }
	case *IsNull:
		x := c.obj(e.X)
		return func(fr *frame) uint64 { return boolean(x(fr) == nil) }
	case *Same:
		x, y := c.obj(e.X), c.obj(e.Y)
		return func(fr *frame) uint64 {
			o := x(fr)
			return boolean(o == y(fr))
		}
	case *Tern:
		cond, a, b := c.num(e.Cond), c.num(e.A), c.num(e.B)
		return func(fr *frame) uint64 {
			if cond(fr) != 0 {
				return a(fr)
			}
			return b(fr)
		}
	case *Seq:
		list, x := c.seq(e), c.num(e.X)
		return func(fr *frame) uint64 {
			list(fr)
			return x(fr)
		}
	case *RawLoad:
		return c.rawLoad(e)
	}
	panic("ir: an expression that Verify lets not pass")
}

// obj compiles an expression of a reference.
func (c *compiler) obj(e Expr) obj {
	ma := c.ma
	switch e := e.(type) {
	case *Const:
		return func(*frame) *Obj { return nil }
	case *Str:
		text := ma.text(e.Text)
		return func(*frame) *Obj { return text }
	case *Get:
		slot := c.c.slots[e.Local]
		return func(fr *frame) *Obj { return fr.refs[slot] }
	case *GetGlobal:
		id := e.Global.ID
		return func(*frame) *Obj { return ma.refs[id] }
	case *Call:
		call := c.call(e)
		return func(fr *frame) *Obj {
			in := call(fr)
			x := in.ref
			ma.leave(in)
			return x
		}
	case *CallRef:
		call := c.callRef(e)
		return func(fr *frame) *Obj {
			in := call(fr)
			x := in.ref
			ma.leave(in)
			return x
		}
	case *New:
		return c.newStruct(e)
	case *NewArray:
		n, t, at := c.num(e.Len), e.Object, c.at(e.Pos)
		return func(fr *frame) *Obj { return ma.newArray(t, uint32(n(fr)), at) }
	case *GetField:
		x, i, check := c.obj(e.X), e.Index, c.isStruct(e.Object)
		return func(fr *frame) *Obj { return check(x(fr)).refs[i] }
	case *GetElem:
		elem := c.elem(e.Object, e.X, e.I)
		return func(fr *frame) *Obj {
			o, i := elem(fr)
			return o.refs[i]
		}
	case *Tern:
		cond, a, b := c.num(e.Cond), c.obj(e.A), c.obj(e.B)
		return func(fr *frame) *Obj {
			if cond(fr) != 0 {
				return a(fr)
			}
			return b(fr)
		}
	case *Seq:
		list, x := c.seq(e), c.obj(e.X)
		return func(fr *frame) *Obj {
			list(fr)
			return x(fr)
		}
	case *RawBytes:
		return c.rawBytes(e)
	}
	panic("ir: an expression that Verify lets not pass")
}

// effect compiles an expression whose value is not used.
func (c *compiler) effect(e Expr) func(fr *frame) {
	switch e.Kind() {
	case Ref:
		x := c.obj(e)
		return func(fr *frame) { x(fr) }
	case None:
		return c.none(e)
	}
	x := c.num(e)
	return func(fr *frame) { x(fr) }
}

// none compiles an expression without a value.
func (c *compiler) none(e Expr) func(fr *frame) {
	ma := c.ma
	switch e := e.(type) {
	case *Call:
		call := c.call(e)
		return func(fr *frame) { ma.leave(call(fr)) }
	case *CallRef:
		call := c.callRef(e)
		return func(fr *frame) { ma.leave(call(fr)) }
	case *CallHost:
		call := c.callHost(e)
		return func(fr *frame) { call(fr) }
	case *Tern:
		cond, a, b := c.num(e.Cond), c.none(e.A), c.none(e.B)
		return func(fr *frame) {
			if cond(fr) != 0 {
				a(fr)
			} else {
				b(fr)
			}
		}
	case *Seq:
		list, x := c.seq(e), c.none(e.X)
		return func(fr *frame) {
			list(fr)
			x(fr)
		}
	}
	panic("ir: an expression that Verify lets not pass")
}

func (c *compiler) seq(e *Seq) func(fr *frame) {
	c.inExpr++
	list := c.stmts(e.Stmts)
	c.inExpr--
	return func(fr *frame) { runAll(list, fr) }
}

// isStruct returns a check that an object is of type t.
func (c *compiler) isStruct(t *Object) func(o *Obj) *Obj {
	ma, at := c.ma, c.at(Pos{})
	return func(o *Obj) *Obj {
		if o == nil || o.typ != t && !o.typ.is(t) {
			ma.wrong(at, "a field of %s: the object is %v", t.Name, Value{Kind: Ref, Obj: o})
		}
		return o
	}
}

// isArray returns a check that an object is of the array type t.
func (c *compiler) isArray(t *Object) func(o *Obj) *Obj {
	ma, at := c.ma, c.at(Pos{})
	return func(o *Obj) *Obj {
		if o == nil || o.typ != t {
			ma.wrong(at, "an element of %s: the object is %v", t.Name, Value{Kind: Ref, Obj: o})
		}
		return o
	}
}

// elem compiles the place of an element: an array and an index within it.
func (c *compiler) elem(t *Object, x, i Expr) func(fr *frame) (*Obj, int) {
	ma, at := c.ma, c.at(Pos{})
	array, index, check := c.obj(x), c.num(i), c.isArray(t)
	return func(fr *frame) (*Obj, int) {
		o := array(fr)
		i := index(fr)
		if n := check(o).Len(); i >= uint64(n) {
			ma.wrong(at, "element %d of %d", i, n)
		}
		return o, int(i)
	}
}

func (c *compiler) unary(e *Un) num {
	x := c.num(e.X)
	f, at, ma := unaries[e.Op], c.at(e.Pos), c.ma
	return func(fr *frame) uint64 {
		bits, trap := f(x(fr))
		if trap != 0 {
			ma.trap(trap, "", at)
		}
		return bits
	}
}

func (c *compiler) binary(e *Bin) num {
	x, y := c.num(e.X), c.num(e.Y)
	switch e.Op { // the most frequent ones, in one closure
	case wasm.OpI32Add:
		return func(fr *frame) uint64 { return u32(uint32(x(fr)) + uint32(y(fr))) }
	case wasm.OpI32Sub:
		return func(fr *frame) uint64 { return u32(uint32(x(fr)) - uint32(y(fr))) }
	case wasm.OpI64Add:
		return func(fr *frame) uint64 { return x(fr) + y(fr) }
	case wasm.OpI64Sub:
		return func(fr *frame) uint64 { return x(fr) - y(fr) }
	case wasm.OpI32LtU:
		return func(fr *frame) uint64 { return boolean(x(fr) < y(fr)) }
	case wasm.OpI64LtS:
		return func(fr *frame) uint64 { return boolean(int64(x(fr)) < int64(y(fr))) }
	}
	f, at, ma := binaries[e.Op], c.at(e.Pos), c.ma
	return func(fr *frame) uint64 {
		a := x(fr)
		bits, trap := f(a, y(fr))
		if trap != 0 {
			ma.trap(trap, "", at)
		}
		return bits
	}
}
