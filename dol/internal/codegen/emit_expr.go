package codegen

import (
	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/internal/wasm"
)

// operands emits expressions in their order. References that wait on the stack
// while a later operand may collect are held until all are there.
func (s *selector) operands(list ...ir.Expr) {
	var held []uint32
	for i, e := range list {
		held = s.hold(held, e, list[i+1:]...)
	}
	s.keep(held)
}

// hold emits e, which stays on the stack while later is evaluated. If that may
// collect, a reference must be in a local, too, for the collector to see it; the
// local is added to held, and the caller keeps it as long as it must last.
func (s *selector) hold(held []uint32, e ir.Expr, later ...ir.Expr) []uint32 {
	s.expr(e)
	if e.Kind() != ir.Ref || constant(e) || !s.collects(later) {
		return held
	}
	if g, ok := e.(*ir.Get); ok && !s.writes(later) {
		return append(held, uint32(g.Local))
	}
	t := s.temp(ir.Ref)
	s.tee(t)
	return append(held, t)
}

// keep ends the use of held locals.
func (s *selector) keep(held []uint32) {
	for _, t := range held {
		s.add(instr{op: opKeep, x: t})
	}
}

// collects reports whether garbage may be collected in one of the expressions.
func (s *selector) collects(list []ir.Expr) bool {
	for _, e := range list {
		if s.g.facts.of(e).collects {
			return true
		}
	}
	return false
}

// writes reports whether one of the expressions may write a local.
func (s *selector) writes(list []ir.Expr) bool {
	for _, e := range list {
		if s.g.facts.of(e).writes {
			return true
		}
	}
	return false
}

// constant reports whether e is the same at any time.
func constant(e ir.Expr) bool {
	switch e.(type) {
	case *ir.Const, *ir.Str, *ir.FuncIndex:
		return true
	}
	return false
}

// expr emits code that leaves the value of e on the stack.
func (s *selector) expr(e ir.Expr) {
	if s.dead {
		return
	}
	switch e := e.(type) {
	case *ir.Const:
		s.constant(e)
	case *ir.Str:
		s.i32(s.g.data.object(e.Text, s.g.m.BytesObject()))
	case *ir.Get:
		s.get(uint32(e.Local))
	case *ir.GetGlobal:
		if at, ok := s.g.static(e.Global); ok {
			s.i32(at)
		} else {
			s.global(wasm.OpGlobalGet, e.Global)
		}
	case *ir.Un:
		s.expr(e.X)
		s.add(instr{op: e.Op, pos: e.Pos})
	case *ir.Bin:
		s.operands(e.X, e.Y)
		s.add(instr{op: e.Op, pos: e.Pos})
	case *ir.Call:
		s.operands(e.Args...)
		s.call(e.Func, e.Pos)
	case *ir.CallRef:
		s.callRef(e)
	case *ir.CallHost:
		s.callHost(e)
	case *ir.New:
		s.newStruct(e)
	case *ir.NewArray:
		s.expr(e.Len)
		s.i32(header(e.Object))
		s.call(s.g.runtime.newArray, e.Pos)
	case *ir.GetField:
		at, _, _ := offsets(e.Object)
		s.expr(e.X)
		s.load(e.Object.Fields[e.Index].Storage, at[e.Index])
	case *ir.GetElem:
		at, held := s.element(e.Object, e.X, e.I)
		s.keep(held)
		s.load(e.Object.Elem, at)
	case *ir.ArrayLen:
		s.expr(e.X)
		s.length()
	case *ir.FuncIndex:
		s.i32(uint32(s.g.slot(e.Func)))
	case *ir.IsNull:
		s.expr(e.X)
		s.op(wasm.OpI32Eqz)
	case *ir.Same:
		s.operands(e.X, e.Y)
		s.op(wasm.OpI32Eq)
	case *ir.Tern:
		s.tern(e)
	case *ir.Seq:
		s.stmts(e.Stmts)
		s.expr(e.X)
	case *ir.RawLoad:
		s.expr(e.Addr)
		op := wasm.OpI32Load
		if e.Size == 8 {
			op = wasm.OpI64Load
		}
		s.add(instr{op: op}) // alignment 1: messages are packed
	case *ir.RawBytes:
		s.operands(e.Addr, e.N)
		s.call(s.g.runtime.rawBytes, e.Pos)
	case node:
		var list []ir.Expr
		e.visit(func(o ir.Expr) { list = append(list, o) })
		s.operands(list...)
		e.emit(s)
	default:
		panic("codegen: an expression that the form does not have")
	}
}

func (s *selector) constant(e *ir.Const) {
	op := map[ir.Kind]wasm.Opcode{
		ir.I32: wasm.OpI32Const, ir.I64: wasm.OpI64Const, ir.F32: wasm.OpF32Const, ir.F64: wasm.OpF64Const, ir.Ref: wasm.OpI32Const,
	}[e.K]
	bits := e.Bits
	if e.K == ir.I32 || e.K == ir.F32 {
		bits &= 1<<32 - 1
	}
	s.add(instr{op: op, imm: bits})
}

// callRef calls a closure: the closure itself is the first argument, and its
// first field is the function's number.
func (s *selector) callRef(e *ir.CallRef) {
	if f, ok := s.g.staticFunc(e.Closure); ok {
		s.operands(append([]ir.Expr{e.Closure}, e.Args...)...)
		s.call(f, e.Pos)
		return
	}
	closure, local := uint32(0), false
	if g, ok := e.Closure.(*ir.Get); ok && !s.writes(e.Args) {
		closure, local = uint32(g.Local), true
	} else {
		closure = s.temp(ir.Ref)
	}
	s.expr(e.Closure)
	if !local {
		s.tee(closure)
	}
	s.operands(e.Args...)
	s.get(closure) // so it lives while the arguments are evaluated
	s.load(ir.StoreI32, 0)
	sig := ir.Sig{Params: append([]ir.Kind{ir.Ref}, e.Sig.Params...), Result: e.Sig.Result}
	s.add(instr{op: wasm.OpCallIndirect, x: s.g.sig(funcType(sig)), pos: e.Pos, collects: s.g.facts.byCall[sigKey(e.Sig)]})
}

// callHost calls a host function; an array crosses as address and length.
func (s *selector) callHost(e *ir.CallHost) {
	lasting := make([]bool, len(e.Args)) // the value cannot change until the call
	for i, a := range e.Args {
		_, local := a.(*ir.Get)
		lasting[i] = constant(a) || local && !s.writes(e.Args[i+1:])
	}
	later := false // an operand behind the present one needs the order kept by locals
	for _, a := range e.Args {
		later = later || s.g.facts.of(a).collects
	}
	values := make([]func(), len(e.Args))
	for i, a := range e.Args {
		if lasting[i] || !later && (a.Kind() != ir.Ref) {
			values[i] = func() { s.expr(a) }
			continue
		}
		t := s.temp(a.Kind())
		if later {
			s.expr(a)
			s.set(t)
			values[i] = func() { s.get(t) }
			continue
		}
		first := true
		values[i] = func() {
			if first {
				first = false
				s.expr(a)
				s.tee(t)
				return
			}
			s.get(t)
		}
	}
	for i, a := range e.Args {
		values[i]()
		if e.Import.Params[i] != ir.HostBytes {
			continue
		}
		if str, ok := a.(*ir.Str); ok {
			s.i32(uint32(len(str.Text)))
			continue
		}
		values[i]()
		s.length()
	}
	s.host(e.Import, e.Pos)
}

// length replaces the array on the stack by its length.
func (s *selector) length() {
	s.i32(4)
	s.op(wasm.OpI32Sub)
	s.add(instr{op: wasm.OpI32Load, x: 2})
}

// newStruct computes the fields, then allocates, then writes them: while they
// are computed there is no object yet that the collector could find half done.
func (s *selector) newStruct(e *ir.New) {
	values := make([]func(), len(e.Fields))
	for i, f := range e.Fields {
		_, local := f.(*ir.Get)
		if constant(f) || local && !s.writes(e.Fields[i+1:]) {
			values[i] = func() { s.expr(f) }
			continue
		}
		t := s.temp(f.Kind())
		s.expr(f)
		s.set(t)
		values[i] = func() { s.get(t) }
	}
	s.i32(cellBytes(e.Object))
	s.i32(header(e.Object))
	s.call(s.g.runtime.alloc, e.Pos)
	object := s.temp(ir.Ref)
	s.set(object)
	at, _, _ := offsets(e.Object)
	for i, f := range e.Object.Fields {
		s.get(object)
		values[i]()
		s.store(f.Storage, at[i])
	}
	s.get(object)
}

// element emits the address of element i of array x. A constant index becomes the
// offset of the access. The array is held while later is evaluated.
func (s *selector) element(o *ir.Object, x, i ir.Expr, later ...ir.Expr) (offset uint32, held []uint32) {
	shift := log2(o.Elem.Size())
	held = s.hold(nil, x, append([]ir.Expr{i}, later...)...)
	if c, ok := i.(*ir.Const); ok && c.Bits>>(31-shift) == 0 {
		return uint32(c.Bits) << shift, held
	}
	s.expr(i)
	s.scale(o)
	s.op(wasm.OpI32Add)
	return 0, held
}

// scale makes a number of elements on the stack one of bytes.
func (s *selector) scale(o *ir.Object) {
	if shift := log2(o.Elem.Size()); shift > 0 {
		s.i32(uint32(shift))
		s.op(wasm.OpI32Shl)
	}
}

var loads = [...]wasm.Opcode{
	ir.S8: wasm.OpI32Load8S, ir.U8: wasm.OpI32Load8U, ir.S16: wasm.OpI32Load16S, ir.U16: wasm.OpI32Load16U,
	ir.StoreI32: wasm.OpI32Load, ir.StoreI64: wasm.OpI64Load, ir.StoreF32: wasm.OpF32Load, ir.StoreF64: wasm.OpF64Load, ir.StoreRef: wasm.OpI32Load,
}

var stores = [...]wasm.Opcode{
	ir.S8: wasm.OpI32Store8, ir.U8: wasm.OpI32Store8, ir.S16: wasm.OpI32Store16, ir.U16: wasm.OpI32Store16,
	ir.StoreI32: wasm.OpI32Store, ir.StoreI64: wasm.OpI64Store, ir.StoreF32: wasm.OpF32Store, ir.StoreF64: wasm.OpF64Store, ir.StoreRef: wasm.OpI32Store,
}

// load and store access what lies at the address on the stack.
func (s *selector) load(st ir.Storage, offset uint32) {
	s.add(instr{op: loads[st], x: uint32(log2(st.Size())), imm: uint64(offset)})
}

func (s *selector) store(st ir.Storage, offset uint32) {
	s.add(instr{op: stores[st], x: uint32(log2(st.Size())), imm: uint64(offset)})
}

// tern is a select where both values are at hand, else an if.
func (s *selector) tern(e *ir.Tern) {
	_, a := e.A.(*ir.Get)
	_, b := e.B.(*ir.Get)
	if (a || constant(e.A)) && (b || constant(e.B)) && !s.writes([]ir.Expr{e.Cond}) {
		s.operands(e.A, e.B, e.Cond)
		s.op(wasm.OpSelect)
		return
	}
	s.expr(e.Cond)
	s.arms(blockType(e.Kind()), func() { s.expr(e.A) }, func() { s.expr(e.B) })
}

// traps reports whether the operator can.
func traps(op wasm.Opcode) bool {
	switch op {
	case wasm.OpI32DivS, wasm.OpI32DivU, wasm.OpI32RemS, wasm.OpI32RemU,
		wasm.OpI64DivS, wasm.OpI64DivU, wasm.OpI64RemS, wasm.OpI64RemU,
		wasm.OpI32TruncF32S, wasm.OpI32TruncF32U, wasm.OpI32TruncF64S, wasm.OpI32TruncF64U,
		wasm.OpI64TruncF32S, wasm.OpI64TruncF32U, wasm.OpI64TruncF64S, wasm.OpI64TruncF64U:
		return true
	}
	return false
}
