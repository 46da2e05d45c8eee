package codegen

import (
	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/internal/wasm"
)

// node is an expression that only this package makes: what the runtime does with
// bare memory. Addresses are i32; the selector does not tell them from
// references.
type node interface {
	ir.Expr
	visit(func(ir.Expr)) // the operands in order
	emit(*selector)      // behind the operands
}

// raw is an instruction over its operands.
type raw struct {
	in       instr
	kind     ir.Kind
	operands []ir.Expr
}

func (r *raw) Kind() ir.Kind { return r.kind }

func (r *raw) visit(f func(ir.Expr)) {
	for _, o := range r.operands {
		f(o)
	}
}

func (r *raw) emit(s *selector) { s.add(r.in) }

// reg is a local of a function that is being written.
type reg struct {
	i int
	k ir.Kind
}

func (r reg) get() ir.Expr             { return &ir.Get{Local: r.i, K: r.k} }
func (r reg) set(x ir.Expr) ir.Stmt    { return &ir.Set{Local: r.i, X: x} }
func (r reg) plus(n uint32) ir.Expr    { return add(r.get(), num(n)) }
func (r reg) advance(n uint32) ir.Stmt { return r.set(r.plus(n)) }

// writer writes a function of the runtime.
type writer struct{ f *ir.Func }

func (w writer) param(name string, k ir.Kind) reg {
	r := w.local(name, k)
	w.f.NumParams++
	return r
}

func (w writer) local(name string, k ir.Kind) reg {
	w.f.Locals = append(w.f.Locals, ir.Local{Name: name, Kind: k})
	return reg{len(w.f.Locals) - 1, k}
}

func (w writer) body(list ...ir.Stmt) { w.f.Body = list }

func num(n uint32) ir.Expr { return &ir.Const{K: ir.I32, Bits: uint64(n)} }

func address(s symbol) ir.Expr {
	return &raw{in: instr{op: wasm.OpI32Const, sym: s}, kind: ir.I32}
}

func bin(op wasm.Opcode, x, y ir.Expr) ir.Expr { return &ir.Bin{Op: op, X: x, Y: y} }
func un(op wasm.Opcode, x ir.Expr) ir.Expr     { return &ir.Un{Op: op, X: x} }

func add(x, y ir.Expr) ir.Expr     { return bin(wasm.OpI32Add, x, y) }
func sub(x, y ir.Expr) ir.Expr     { return bin(wasm.OpI32Sub, x, y) }
func and(x, y ir.Expr) ir.Expr     { return bin(wasm.OpI32And, x, y) }
func or(x, y ir.Expr) ir.Expr      { return bin(wasm.OpI32Or, x, y) }
func shl(x, y ir.Expr) ir.Expr     { return bin(wasm.OpI32Shl, x, y) }
func shr(x, y ir.Expr) ir.Expr     { return bin(wasm.OpI32ShrU, x, y) }
func equal(x, y ir.Expr) ir.Expr   { return bin(wasm.OpI32Eq, x, y) }
func below(x, y ir.Expr) ir.Expr   { return bin(wasm.OpI32LtU, x, y) }
func atLeast(x, y ir.Expr) ir.Expr { return bin(wasm.OpI32GeU, x, y) }
func not(x ir.Expr) ir.Expr        { return un(wasm.OpI32Eqz, x) }

func load(at ir.Expr, offset uint32) ir.Expr {
	return &raw{in: instr{op: wasm.OpI32Load, x: 2, imm: uint64(offset)}, kind: ir.I32, operands: []ir.Expr{at}}
}

func store(at ir.Expr, offset uint32, v ir.Expr) ir.Stmt {
	return effect(instr{op: wasm.OpI32Store, x: 2, imm: uint64(offset)}, at, v)
}

func effect(in instr, operands ...ir.Expr) ir.Stmt {
	return &ir.Do{X: &raw{in: in, operands: operands}}
}

func copyBytes(to, from, n ir.Expr) ir.Stmt { return effect(instr{op: wasm.OpMemoryCopy}, to, from, n) }

func fillBytes(at, v, n ir.Expr) ir.Stmt { return effect(instr{op: wasm.OpMemoryFill}, at, v, n) }

// memoryPages and growMemory count pages; growMemory gives -1 when there is no more.
func memoryPages() ir.Expr { return &raw{in: instr{op: wasm.OpMemorySize}, kind: ir.I32} }

func growMemory(pages ir.Expr) ir.Expr {
	return &raw{in: instr{op: wasm.OpMemoryGrow}, kind: ir.I32, operands: []ir.Expr{pages}}
}

func when(cond ir.Expr, then ...ir.Stmt) ir.Stmt { return &ir.If{Cond: cond, Then: then} }

func either(cond ir.Expr, then, otherwise []ir.Stmt) ir.Stmt {
	return &ir.If{Cond: cond, Then: then, Else: otherwise}
}

func list(s ...ir.Stmt) []ir.Stmt { return s }

func ret(x ir.Expr) ir.Stmt { return &ir.Return{X: x} }

// while repeats the body as long as cond holds; a branch to next begins the next
// round.
func while(cond ir.Expr, body func(next *ir.Label) []ir.Stmt) ir.Stmt {
	out, next := &ir.Label{Name: "out"}, &ir.Label{Name: "next"}
	round := append(list(when(not(cond), &ir.Br{Label: out})), body(next)...)
	return &ir.Block{Label: out, Body: list(&ir.Loop{Label: next, Body: append(round, &ir.Br{Label: next})})}
}

// loop is while without labels for its body.
func loop(cond ir.Expr, body ...ir.Stmt) ir.Stmt {
	return while(cond, func(*ir.Label) []ir.Stmt { return body })
}
