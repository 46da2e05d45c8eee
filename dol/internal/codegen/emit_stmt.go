package codegen

import (
	"fmt"

	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/internal/wasm"
)

// stmts emits statements up to the first that no path leaves.
func (s *selector) stmts(list []ir.Stmt) {
	for _, st := range list {
		if s.dead {
			return
		}
		n := len(s.taken)
		s.stmt(st)
		s.release(n)
	}
}

func (s *selector) stmt(st ir.Stmt) {
	switch st := st.(type) {
	case *ir.Set:
		s.expr(st.X)
		s.set(uint32(st.Local))
	case *ir.SetGlobal:
		s.expr(st.X)
		s.global(wasm.OpGlobalSet, st.Global)
	case *ir.SetField:
		at, _, _ := offsets(st.Object)
		s.operands(st.X, st.Value)
		s.store(st.Object.Fields[st.Index].Storage, at[st.Index])
	case *ir.SetElem:
		at, held := s.element(st.Object, st.X, st.I, st.Value)
		s.expr(st.Value)
		s.keep(held)
		s.store(st.Object.Elem, at)
	case *ir.CopyElems:
		s.copyElems(st)
	case *ir.FillElems:
		s.fillElems(st)
	case *ir.Do:
		s.expr(st.X)
		if st.X.Kind() != ir.None {
			s.drop()
		}
	case *ir.If:
		s.branchOrArms(st)
	case *ir.Block:
		s.block(wasm.OpBlock, void, func(label uint32) {
			s.labels[st.Label] = label
			s.stmts(st.Body)
		})
	case *ir.Loop:
		s.block(wasm.OpLoop, void, func(label uint32) {
			s.labels[st.Label] = label
			s.stmts(st.Body)
		})
	case *ir.Br:
		s.branch(wasm.OpBr, st.Label)
	case *ir.Switch:
		s.expr(st.X)
		s.table(st)
	case *ir.Return:
		if st.X != nil {
			s.expr(st.X)
		}
		s.op(wasm.OpReturn)
	case *ir.Panic:
		s.panic(st)
	case *ir.Unreachable:
		s.op(wasm.OpUnreachable)
	default:
		panic("codegen: a statement that the form does not have")
	}
}

func (s *selector) table(st *ir.Switch) {
	if s.dead {
		return
	}
	in := instr{op: wasm.OpBrTable}
	for _, l := range append(append([]*ir.Label{}, st.Targets...), st.Default) {
		n := s.labels[l]
		s.target[n] = true
		in.labels = append(in.labels, n)
	}
	s.add(in)
}

// branchOrArms emits a test. An arm that is only a branch becomes a br_if.
func (s *selector) branchOrArms(st *ir.If) {
	cond, then, otherwise := st.Cond, st.Then, st.Else
	if len(then) == 0 {
		cond, then, otherwise = negate(cond), otherwise, nil
	} else if _, ok := onlyBranch(otherwise); ok {
		if _, both := onlyBranch(then); !both {
			cond, then, otherwise = negate(cond), otherwise, then
		}
	}
	if x, ok := negated(cond); ok && len(then) > 0 && len(otherwise) > 0 {
		if _, branch := onlyBranch(then); !branch {
			cond, then, otherwise = x, otherwise, then
		}
	}
	s.expr(cond)
	if br, ok := onlyBranch(then); ok {
		s.branch(wasm.OpBrIf, br.Label)
		s.stmts(otherwise)
		return
	}
	switch {
	case len(then) == 0:
		s.drop()
	case s.ifs >= maxIfNesting/2:
		s.blocks(then, otherwise)
	case len(otherwise) == 0:
		s.arms(void, func() { s.stmts(then) }, nil)
	default:
		s.arms(void, func() { s.stmts(then) }, func() { s.stmts(otherwise) })
	}
}

// blocks emits an if as blocks and branches, on the condition on the stack. The
// else stands outside of the inner block, so a long chain of tests nests half as
// fast, and the limit on nested ifs does not apply.
func (s *selector) blocks(then, otherwise []ir.Stmt) {
	if s.dead {
		return
	}
	cond := s.temp(ir.I32)
	s.set(cond)
	s.block(wasm.OpBlock, void, func(end uint32) {
		s.block(wasm.OpBlock, void, func(no uint32) {
			s.get(cond)
			s.op(wasm.OpI32Eqz)
			s.target[no] = true
			s.add(instr{op: wasm.OpBrIf, x: no})
			s.stmts(then)
			if !s.dead {
				s.target[end] = true
				s.add(instr{op: wasm.OpBr, x: end})
			}
		})
		s.stmts(otherwise)
	})
}

func onlyBranch(list []ir.Stmt) (*ir.Br, bool) {
	if len(list) != 1 {
		return nil, false
	}
	br, ok := list[0].(*ir.Br)
	return br, ok
}

// negate returns the test that holds when cond does not.
func negate(cond ir.Expr) ir.Expr { return not(cond) }

// negated returns x where cond is its negation.
func negated(cond ir.Expr) (x ir.Expr, ok bool) {
	u, ok := cond.(*ir.Un)
	if !ok || u.Op != wasm.OpI32Eqz {
		return nil, false
	}
	return u.X, true
}

// copyElems copies with one instruction, overlapping or not.
func (s *selector) copyElems(st *ir.CopyElems) {
	at, held := s.element(st.Object, st.To, st.At, st.From, st.Start, st.N)
	s.offset(at)
	from, more := s.element(st.Object, st.From, st.Start, st.N)
	s.offset(from)
	s.expr(st.N)
	s.scale(st.Object)
	s.keep(append(held, more...))
	s.op(wasm.OpMemoryCopy)
}

// offset adds to the address on the stack.
func (s *selector) offset(n uint32) {
	if n != 0 {
		s.i32(n)
		s.op(wasm.OpI32Add)
	}
}

// fillElems fills bytes, and zeros of any size, with one instruction, the rest in
// a loop of the runtime.
func (s *selector) fillElems(st *ir.FillElems) {
	at, held := s.element(st.Object, st.X, st.At, st.Value, st.N)
	s.offset(at)
	size := st.Object.Elem.Size()
	c, zero := st.Value.(*ir.Const)
	zero = zero && c.Bits == 0
	if zero || size == 1 {
		if zero {
			s.i32(0)
		} else {
			s.expr(st.Value)
		}
		s.expr(st.N)
		s.scale(st.Object)
		s.keep(held)
		s.op(wasm.OpMemoryFill)
		return
	}
	held = s.hold(held, st.Value, st.N)
	switch st.Object.Elem {
	case ir.StoreF32:
		s.op(wasm.OpI32ReinterpretF32)
	case ir.StoreF64:
		s.op(wasm.OpI64ReinterpretF64)
	}
	s.expr(st.N)
	s.scale(st.Object)
	s.keep(held)
	s.call(s.g.runtime.fill[size], ir.Pos{})
}

// panic hands the message with the place to the host; a message that is known is
// one constant with it.
func (s *selector) panic(st *ir.Panic) {
	if s.g.o.PanicTrap {
		if s.g.facts.of(st.Msg).calls {
			s.expr(st.Msg)
			s.drop()
		}
		s.op(wasm.OpUnreachable)
		return
	}
	place := ""
	if st.Pos.Line != 0 {
		place = fmt.Sprintf(" at %s:%d", s.g.m.Files[st.Pos.File], st.Pos.Line)
	}
	if str, ok := st.Msg.(*ir.Str); ok {
		s.i32(s.g.data.text(str.Text + place))
		s.i32(uint32(len(str.Text + place)))
		s.host(s.g.panicImport(), st.Pos)
		s.op(wasm.OpUnreachable)
		return
	}
	s.expr(st.Msg)
	s.i32(s.g.data.text(place))
	s.i32(uint32(len(place)))
	s.call(s.g.runtime.panic, st.Pos)
	s.op(wasm.OpUnreachable)
}

// panicImport is vudo_panic, the module's own import if it has one.
func (g *generator) panicImport() *ir.Import {
	if g.panics == nil {
		g.panics = &ir.Import{Module: "vudo", Name: "vudo_panic", Params: []ir.HostParam{ir.HostBytes}}
		for _, i := range g.m.Imports {
			if i.Module == g.panics.Module && i.Name == g.panics.Name && importType(i).Equal(importType(g.panics)) {
				g.panics = i
			}
		}
	}
	return g.panics
}
