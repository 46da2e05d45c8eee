package lower

import (
	"strings"

	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/dol/internal/typed"
	"github.com/univrs/vudo/internal/wasm"
)

// callHost calls a host function. Of a narrow result only the bits of its type
// count: the host may leave anything in the others.
func (b *body) callHost(fn *typed.Func, xs []ir.Expr, p typed.Pos) ir.Expr {
	imp, result := b.l.hostImport(fn)
	c := &ir.CallHost{Import: imp, Args: present(xs), Pos: pos(p)}
	if imp.Result == ir.None {
		return b.finishCall(c, fn.Result)
	}
	return b.received(result, c)
}

// received normalises a scalar that came from outside.
func (b *body) received(k typed.Kind, x ir.Expr) ir.Expr {
	switch k {
	case typed.Bool:
		return bin(wasm.OpI32Ne, x, i32(0))
	case typed.Char:
		return b.toChar(typed.U32, x)
	}
	return narrow(k, x)
}

// hostImport returns the import of a host function, one for each signature.
func (l *lowerer) hostImport(fn *typed.Func) (*ir.Import, typed.Kind) {
	imp := &ir.Import{Module: fn.Import.Module, Name: fn.Import.Name}
	var key strings.Builder
	key.WriteString(imp.Module + "\x00" + imp.Name)
	for _, p := range fn.Params {
		y := l.layout(p.Type)
		if y.shape == nothing {
			continue
		}
		imp.Params = append(imp.Params, l.hostParam(fn, y))
		key.WriteByte('0' + byte(imp.Params[len(imp.Params)-1]))
	}
	r := l.layout(fn.Result)
	if r.shape != nothing && r.shape != scalar {
		l.fail(fn.Pos, "host-signature", "a host function cannot return %s", fn.Result)
	}
	imp.Result = r.kind
	key.WriteByte('0' + byte(imp.Result))
	if old, ok := l.imports[key.String()]; ok {
		return old, r.basic
	}
	imp.ID = len(l.mod.Imports)
	l.mod.Imports = append(l.mod.Imports, imp)
	l.imports[key.String()] = imp
	return imp, r.basic
}

func (l *lowerer) hostParam(fn *typed.Func, y *layout) ir.HostParam {
	switch {
	case y.shape == text, y.shape == array && y.object == l.bytes():
		return ir.HostBytes
	case y.shape != scalar && y.shape != index:
		l.fail(fn.Pos, "host-signature", "a host function cannot take %s", y.typ)
	}
	switch y.kind {
	case ir.I64:
		return ir.HostI64
	case ir.F32:
		return ir.HostF32
	case ir.F64:
		return ir.HostF64
	}
	return ir.HostI32
}
