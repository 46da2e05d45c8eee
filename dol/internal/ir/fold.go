package ir

import (
	"math/bits"

	"github.com/univrs/vudo/internal/wasm"
)

// fold returns an expression that has the value and effects of e and costs no
// more. The operands of e are already simplified. A NaN is not folded: which one
// an operator gives is the engine's to say, at every optimisation level.
func fold(e Expr) Expr {
	switch e := e.(type) {
	case *Un:
		return foldUn(e)
	case *Bin:
		return foldBin(e)
	case *Tern:
		return foldTern(e)
	case *IsNull:
		switch x := e.X.(type) {
		case *Const:
			return &Const{K: I32, Bits: 1}
		case *Str:
			return &Const{K: I32}
		case *Tern: // one of the arms is often null itself
			if isNullConst(x.A) && simpleGet(x.B) {
				return fold(&Tern{Cond: x.Cond, A: &Const{K: I32, Bits: 1}, B: fold(&IsNull{X: x.B})})
			}
		}
	case *Same:
		if isNullConst(e.Y) {
			return fold(&IsNull{X: e.X})
		}
		if isNullConst(e.X) {
			return fold(&IsNull{X: e.Y})
		}
	case *ArrayLen:
		if s, ok := e.X.(*Str); ok {
			return &Const{K: I32, Bits: uint64(len(s.Text))}
		}
	}
	return e
}

func isNullConst(e Expr) bool {
	c, ok := e.(*Const)
	return ok && c.K == Ref
}

func simpleGet(e Expr) bool {
	_, ok := e.(*Get)
	return ok
}

// isNaN reports whether the constant is one.
func (c *Const) isNaN() bool {
	switch c.K {
	case F32:
		return asF32(c.Bits) != asF32(c.Bits)
	case F64:
		return asF64(c.Bits) != asF64(c.Bits)
	}
	return false
}

func foldUn(e *Un) Expr {
	switch x := e.X.(type) {
	case *Const:
		if bits, ok := EvalUn(e.Op, x.Bits); ok {
			if c := (&Const{K: OpResult(e.Op), Bits: bits}); !c.isNaN() && !x.isNaN() {
				return c
			}
		}
	case *Un:
		switch {
		case e.Op == wasm.OpI32Eqz && x.Op == wasm.OpI32Eqz && isBool(x.X):
			return x.X
		case e.Op == wasm.OpI32WrapI64 && (x.Op == wasm.OpI64ExtendI32U || x.Op == wasm.OpI64ExtendI32S):
			return x.X
		case e.Op == x.Op && (e.Op == wasm.OpF64Neg || e.Op == wasm.OpF32Neg):
			return x.X
		}
	case *Bin:
		if e.Op == wasm.OpI32Eqz {
			if op, ok := inverse[x.Op]; ok {
				return fold(&Bin{Op: op, X: x.X, Y: x.Y})
			}
		}
		if op, ok := remainders[e.Op]; ok && x.Op == op {
			// x % 2^k is zero when the lower bits of x are.
			if c, ok := x.Y.(*Const); ok && power(c) > 0 {
				k := OpResult(x.Op)
				return &Un{Op: e.Op, X: fold(&Bin{Op: opAnd[k], X: x.X, Y: &Const{K: k, Bits: c.Bits - 1}})}
			}
		}
	}
	return e
}

// remainders maps the tests for zero to the signed remainder of their kind.
var remainders = map[wasm.Opcode]wasm.Opcode{wasm.OpI32Eqz: wasm.OpI32RemS, wasm.OpI64Eqz: wasm.OpI64RemS}

// inverse is what Inverse looks up. An ordering of floats has none: with NaN both are
// false.
var inverse = map[wasm.Opcode]wasm.Opcode{
	wasm.OpI32Eq: wasm.OpI32Ne, wasm.OpI32Ne: wasm.OpI32Eq,
	wasm.OpI32LtS: wasm.OpI32GeS, wasm.OpI32GeS: wasm.OpI32LtS,
	wasm.OpI32LtU: wasm.OpI32GeU, wasm.OpI32GeU: wasm.OpI32LtU,
	wasm.OpI32GtS: wasm.OpI32LeS, wasm.OpI32LeS: wasm.OpI32GtS,
	wasm.OpI32GtU: wasm.OpI32LeU, wasm.OpI32LeU: wasm.OpI32GtU,
	wasm.OpI64Eq: wasm.OpI64Ne, wasm.OpI64Ne: wasm.OpI64Eq,
	wasm.OpI64LtS: wasm.OpI64GeS, wasm.OpI64GeS: wasm.OpI64LtS,
	wasm.OpI64LtU: wasm.OpI64GeU, wasm.OpI64GeU: wasm.OpI64LtU,
	wasm.OpI64GtS: wasm.OpI64LeS, wasm.OpI64LeS: wasm.OpI64GtS,
	wasm.OpI64GtU: wasm.OpI64LeU, wasm.OpI64LeU: wasm.OpI64GtU,
	wasm.OpF32Eq: wasm.OpF32Ne, wasm.OpF32Ne: wasm.OpF32Eq,
	wasm.OpF64Eq: wasm.OpF64Ne, wasm.OpF64Ne: wasm.OpF64Eq,
}

// isBool reports whether e is always 0 or 1.
func isBool(e Expr) bool {
	switch e := e.(type) {
	case *Const:
		return e.K == I32 && e.Bits <= 1
	case *Un:
		return e.Op == wasm.OpI32Eqz || e.Op == wasm.OpI64Eqz
	case *Bin:
		_, compares := inverse[e.Op]
		switch e.Op {
		case wasm.OpF32Lt, wasm.OpF32Gt, wasm.OpF32Le, wasm.OpF32Ge, wasm.OpF64Lt, wasm.OpF64Gt, wasm.OpF64Le, wasm.OpF64Ge:
			return true
		}
		return compares
	case *IsNull, *Same:
		return true
	}
	return false
}

// Operators by kind.
var (
	opAdd  = map[Kind]wasm.Opcode{I32: wasm.OpI32Add, I64: wasm.OpI64Add}
	opSub  = map[Kind]wasm.Opcode{I32: wasm.OpI32Sub, I64: wasm.OpI64Sub}
	opAnd  = map[Kind]wasm.Opcode{I32: wasm.OpI32And, I64: wasm.OpI64And}
	opShl  = map[Kind]wasm.Opcode{I32: wasm.OpI32Shl, I64: wasm.OpI64Shl}
	opShrS = map[Kind]wasm.Opcode{I32: wasm.OpI32ShrS, I64: wasm.OpI64ShrS}
	opShrU = map[Kind]wasm.Opcode{I32: wasm.OpI32ShrU, I64: wasm.OpI64ShrU}
	opEqz  = map[Kind]wasm.Opcode{I32: wasm.OpI32Eqz, I64: wasm.OpI64Eqz}
)

var commutes = map[wasm.Opcode]bool{
	wasm.OpI32Add: true, wasm.OpI32Mul: true, wasm.OpI32And: true, wasm.OpI32Or: true, wasm.OpI32Xor: true, wasm.OpI32Eq: true, wasm.OpI32Ne: true,
	wasm.OpI64Add: true, wasm.OpI64Mul: true, wasm.OpI64And: true, wasm.OpI64Or: true, wasm.OpI64Xor: true, wasm.OpI64Eq: true, wasm.OpI64Ne: true,
}

// power returns k when c is 2^k for k > 0, else -1.
func power(c *Const) int {
	if (c.K == I32 || c.K == I64) && c.Bits > 1 && c.Bits&(c.Bits-1) == 0 {
		k := bits.TrailingZeros64(c.Bits)
		if c.K == I32 && k == 31 || k == 63 {
			return -1 // the least number, whose sign is not that of a power
		}
		return k
	}
	return -1
}

func foldBin(e *Bin) Expr {
	x, xConst := e.X.(*Const)
	y, yConst := e.Y.(*Const)
	if xConst && yConst {
		if bits, ok := EvalBin(e.Op, x.Bits, y.Bits); ok {
			if c := (&Const{K: OpResult(e.Op), Bits: bits}); !c.isNaN() && !x.isNaN() && !y.isNaN() {
				return c
			}
		}
		return e
	}
	if xConst && commutes[e.Op] {
		e = &Bin{Op: e.Op, X: e.Y, Y: x, Pos: e.Pos}
		y, yConst = x, true
	}
	if !yConst {
		return e
	}
	if r := foldRight(e, y); r != nil {
		return r
	}
	return e
}

// foldRight simplifies an operator whose right operand is the constant c; nil
// means that there is nothing to do.
func foldRight(e *Bin, c *Const) Expr {
	k := c.K
	zero, one, all := c.Bits == 0, c.Bits == 1, c.Bits == Num(k, ^uint64(0)).Bits
	switch e.Op {
	case wasm.OpI32Sub, wasm.OpI64Sub:
		return fold(&Bin{Op: opAdd[k], X: e.X, Y: &Const{K: k, Bits: Num(k, -c.Bits).Bits}})
	case wasm.OpI32Add, wasm.OpI64Add:
		if zero {
			return e.X
		}
		if in, ok := e.X.(*Bin); ok && in.Op == e.Op {
			if d, ok := in.Y.(*Const); ok {
				return fold(&Bin{Op: e.Op, X: in.X, Y: &Const{K: k, Bits: Num(k, c.Bits+d.Bits).Bits}})
			}
		}
	case wasm.OpI32Or, wasm.OpI32Xor, wasm.OpI64Or, wasm.OpI64Xor:
		if zero {
			return e.X
		}
	case wasm.OpI32And, wasm.OpI64And:
		switch in, _ := e.X.(*Bin); {
		case all:
			return e.X
		case zero && pure(e.X):
			return &Const{K: k}
		case in != nil && in.Op == e.Op:
			if d, ok := in.Y.(*Const); ok {
				return fold(&Bin{Op: e.Op, X: in.X, Y: &Const{K: k, Bits: c.Bits & d.Bits}})
			}
		}
	case wasm.OpI32Shl, wasm.OpI32ShrS, wasm.OpI32ShrU:
		if c.Bits&31 == 0 {
			return e.X
		}
	case wasm.OpI64Shl, wasm.OpI64ShrS, wasm.OpI64ShrU:
		if c.Bits&63 == 0 {
			return e.X
		}
	case wasm.OpI32Mul, wasm.OpI64Mul:
		switch n := power(c); {
		case one:
			return e.X
		case zero && pure(e.X):
			return &Const{K: k}
		case n > 0:
			return &Bin{Op: opShl[k], X: e.X, Y: &Const{K: k, Bits: uint64(n)}}
		}
	case wasm.OpI32DivU, wasm.OpI64DivU:
		if one {
			return e.X
		}
		if n := power(c); n > 0 {
			return &Bin{Op: opShrU[k], X: e.X, Y: &Const{K: k, Bits: uint64(n)}}
		}
	case wasm.OpI32RemU, wasm.OpI64RemU:
		if n := power(c); n > 0 {
			return fold(&Bin{Op: opAnd[k], X: e.X, Y: &Const{K: k, Bits: c.Bits - 1}})
		}
	case wasm.OpI32DivS, wasm.OpI64DivS:
		if one {
			return e.X
		}
	case wasm.OpI32Eq, wasm.OpI64Eq:
		if zero {
			return fold(&Un{Op: opEqz[k], X: e.X})
		}
		if one && isBool(e.X) {
			return e.X
		}
	case wasm.OpI32Ne, wasm.OpI64Ne:
		if zero && isBool(e.X) {
			return e.X
		}
		if one && isBool(e.X) {
			return fold(&Un{Op: wasm.OpI32Eqz, X: e.X})
		}
		if zero && k == I64 || zero && remainder(e.X) {
			return fold(&Un{Op: wasm.OpI32Eqz, X: fold(&Un{Op: opEqz[k], X: e.X})})
		}
	case wasm.OpF64Mul, wasm.OpF64Div:
		if c.Bits == f64(1) {
			return e.X
		}
	case wasm.OpF32Mul, wasm.OpF32Div:
		if c.Bits == f32(1) {
			return e.X
		}
	}
	return nil
}

// remainder reports whether e is a signed remainder.
func remainder(e Expr) bool {
	b, ok := e.(*Bin)
	return ok && (b.Op == wasm.OpI32RemS || b.Op == wasm.OpI64RemS)
}

func foldTern(e *Tern) Expr {
	e.Cond = condition(e.Cond)
	if c, ok := e.Cond.(*Const); ok {
		if c.Bits != 0 {
			return e.A
		}
		return e.B
	}
	if not, ok := e.Cond.(*Un); ok && not.Op == wasm.OpI32Eqz {
		return foldTern(&Tern{Cond: not.X, A: e.B, B: e.A})
	}
	a, aConst := e.A.(*Const)
	b, bConst := e.B.(*Const)
	if !aConst || !bConst {
		return e
	}
	switch {
	case *a == *b && pure(e.Cond):
		return a
	case a.K == I32 && a.Bits == 1 && b.Bits == 0 && isBool(e.Cond):
		return e.Cond
	case a.K == I32 && a.Bits == 0 && b.Bits == 1:
		return fold(&Un{Op: wasm.OpI32Eqz, X: e.Cond})
	}
	return e
}

// condition simplifies an i32 of which only counts whether it is zero.
func condition(e Expr) Expr {
	for {
		switch x := e.(type) {
		case *Un:
			if in, ok := x.X.(*Un); ok && x.Op == wasm.OpI32Eqz && in.Op == wasm.OpI32Eqz {
				e = in.X
				continue
			}
		case *Bin:
			if c, ok := x.Y.(*Const); ok && c.Bits == 0 && x.Op == wasm.OpI32Ne {
				e = x.X
				continue
			}
		case *Tern:
			// Lowering writes && and || so.
			a, aConst := x.A.(*Const)
			b, bConst := x.B.(*Const)
			switch {
			case bConst && b.Bits == 0 && isBool(x.Cond) && isBool(x.A) && cheap(x.A):
				return &Bin{Op: wasm.OpI32And, X: x.Cond, Y: x.A}
			case aConst && a.Bits == 1 && isBool(x.Cond) && isBool(x.B) && cheap(x.B):
				return &Bin{Op: wasm.OpI32Or, X: x.Cond, Y: x.B}
			}
		}
		return e
	}
}

// pure reports whether e may be left out or computed once more: it traps not,
// writes nothing and makes no object. It looks only so deep as to cost nothing.
func pure(e Expr) bool { return pureTo(e, 6) }

// cheap reports whether e is pure and costs less than a branch.
func cheap(e Expr) bool { return pureTo(e, 2) && loadFree(e) }

func pureTo(e Expr, depth int) bool {
	switch e := e.(type) {
	case *Const, *Str, *Get, *GetGlobal, *FuncIndex:
		return true
	case *Un:
		if MayTrap(e.Op) {
			return false
		}
	case *Bin:
		if mayTrap(e) {
			return false
		}
	case *GetField, *GetElem, *ArrayLen, *IsNull, *Same, *Tern:
	default:
		return false
	}
	ok := depth > 0
	if ok {
		operands(e, func(x *Expr) { ok = ok && pureTo(*x, depth-1) })
	}
	return ok
}

// loadFree reports whether e reads no object, so that it may be computed although
// the reference that it leads through may be null.
func loadFree(e Expr) bool {
	switch e.(type) {
	case *GetField, *GetElem, *ArrayLen:
		return false
	}
	ok := true
	operands(e, func(x *Expr) { ok = ok && loadFree(*x) })
	return ok
}

// mayTrap reports whether the operator may trap with these operands.
func mayTrap(e *Bin) bool {
	if !MayTrap(e.Op) {
		return false
	}
	c, ok := e.Y.(*Const)
	if !ok || c.Bits == 0 {
		return true
	}
	switch e.Op {
	case wasm.OpI32DivS, wasm.OpI64DivS:
		return c.Bits == Num(c.K, ^uint64(0)).Bits
	}
	return false
}
