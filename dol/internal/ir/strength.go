package ir

import "github.com/univrs/vudo/internal/wasm"

// cheapen replaces signed divisions by powers of two, which cost many times a
// shift. It comes last: other passes know more of divisions.
func cheapen(f *Func) {
	var expr func(*Expr)
	expr = func(p *Expr) {
		operands(*p, expr)
		if s, ok := (*p).(*Seq); ok {
			for _, st := range s.Stmts {
				stmtExprs(st, expr)
			}
		}
		if b, ok := (*p).(*Bin); ok {
			*p = cheaper(b)
		}
	}
	everyStmt(f.Body, func(s Stmt) { stmtExprs(s, expr) })
}

func cheaper(e *Bin) Expr {
	c, ok := e.Y.(*Const)
	if !ok || !simpleGet(e.X) {
		return e
	}
	k, n := c.K, power(c)
	if n < 0 {
		return e
	}
	switch e.Op {
	case wasm.OpI32DivS, wasm.OpI64DivS:
		return &Bin{Op: opShrS[k], X: biased(e.X, k, n), Y: &Const{K: k, Bits: uint64(n)}}
	case wasm.OpI32RemS, wasm.OpI64RemS:
		whole := &Bin{Op: opAnd[k], X: biased(e.X, k, n), Y: &Const{K: k, Bits: Num(k, -c.Bits).Bits}}
		return &Bin{Op: opSub[k], X: again(e.X), Y: whole}
	}
	return e
}

// biased is x, or x + 2^n - 1 for a negative x, so that dropping the lower n
// bits rounds towards zero.
func biased(x Expr, k Kind, n int) Expr {
	width := map[Kind]int{I32: 32, I64: 64}[k]
	bias := again(x)
	if n > 1 { // all bits the sign; for one bit the sign itself will do
		bias = &Bin{Op: opShrS[k], X: bias, Y: &Const{K: k, Bits: uint64(width - 1)}}
	}
	return &Bin{Op: opAdd[k], X: again(x), Y: &Bin{Op: opShrU[k], X: bias, Y: &Const{K: k, Bits: uint64(width - n)}}}
}

// again is the read of a local once more.
func again(e Expr) Expr {
	g := e.(*Get)
	return &Get{Local: g.Local, K: g.K}
}
