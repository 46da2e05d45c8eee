package codegen

import (
	"slices"

	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/internal/wasm"
)

// wrapper is a function as it is exported.
type wrapper struct {
	x   *ir.Export
	f   *ir.Func
	own bool // made here, not the module's own
}

func inMemory(a ir.ABI) bool { return a.Kind() == ir.Ref }

// wrap makes what is exported for x: its function, if that takes and returns
// numbers and needs no shadow stack, else one around it. That begins with an
// empty shadow stack, and makes arrays of what the host passes and the other way
// round.
func (g *generator) wrap(x *ir.Export) *wrapper {
	plain := !inMemory(x.Result) && !g.facts.may[x.Func]
	for _, p := range x.Params {
		plain = plain && !inMemory(p.ABI)
	}
	if plain {
		return &wrapper{x, x.Func, false}
	}
	f := &ir.Func{ID: -1, Name: "export " + x.Name, Result: x.Func.Result, Pos: x.Func.Pos}
	w := writer{f}
	in := make([][]reg, len(x.Params))
	for i, p := range x.Params {
		if !inMemory(p.ABI) {
			in[i] = []reg{w.param(p.Name, p.ABI.Kind())}
			continue
		}
		in[i] = []reg{w.param(p.Name, ir.I32), w.param(p.Name+".len", ir.I32)}
	}
	var body []ir.Stmt
	if g.facts.may[x.Func] {
		body = append(body, put(g.runtime.sp, address(symStack)))
	}
	var args []ir.Expr
	for i, p := range x.Params {
		if !inMemory(p.ABI) {
			args = append(args, in[i][0].get())
			continue
		}
		a := w.local(p.Name+".array", ir.Ref)
		body = append(body, a.set(call(g.runtime.adopt, in[i][0].get(), in[i][1].get())))
		args = append(args, a.get())
	}
	result := &ir.Call{Func: x.Func, Args: args, Pos: x.Func.Pos}
	switch {
	case inMemory(x.Result):
		f.Result = ir.I64
		a := w.local("result", ir.Ref)
		at := bin(wasm.OpI64Shl, un(wasm.OpI64ExtendI32U, a.get()), &ir.Const{K: ir.I64, Bits: 32})
		n := un(wasm.OpI64ExtendI32U, &ir.ArrayLen{X: a.get()})
		body = append(body, a.set(result), ret(bin(wasm.OpI64Or, at, n)))
	case x.Result == ir.ABINone:
		body = append(body, &ir.Do{X: result})
	default:
		body = append(body, ret(result))
	}
	w.body(body...)
	return &wrapper{x, f, true}
}

// takesText reports whether the host must put parameters into memory.
func (g *generator) takesText() bool {
	for _, w := range g.wrappers {
		for _, p := range w.x.Params {
			if inMemory(p.ABI) {
				return true
			}
		}
	}
	return false
}

func (g *generator) wantSupport() {
	if g.takesText() {
		g.want(g.runtime.hostAlloc)
		g.want(g.runtime.hostFree)
	}
}

// sharesHeap reports whether the host puts something into memory on its own. It
// then begins above the memory that the module has grown, and must not be told
// that the heap was free for it.
func (g *generator) sharesHeap() bool {
	for i := range g.imports {
		if slices.Contains([]string{"vudo_alloc", "vudo_realloc", "vudo_recv", "vudo_sender", "vudo_get_effect"}, i.Name) {
			return true
		}
	}
	return false
}
