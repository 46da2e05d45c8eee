package lower

import (
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/dol/internal/typed"
	"github.com/univrs/vudo/internal/wasm"
)

// maxJoin is how many parts one joining function takes; more are joined in
// groups.
const maxJoin = 8

func (b *body) concat(e *typed.Concat) ir.Expr {
	xs := b.operands(flatten(nil, e.Parts)...)
	if b.dead {
		return null()
	}
	return b.join(xs, e.P)
}

// flatten takes the parts of parts that are joined themselves, so that a long
// sum of texts is made at once.
func flatten(all, parts []typed.Expr) []typed.Expr {
	for _, p := range parts {
		if c, ok := p.(*typed.Concat); ok {
			all = flatten(all, c.Parts)
		} else {
			all = append(all, p)
		}
	}
	return all
}

// join joins texts into one new object; neighbouring literals are joined here.
func (b *body) join(xs []ir.Expr, p typed.Pos) ir.Expr {
	var parts []ir.Expr
	for _, x := range xs {
		s, ok := x.(*ir.Str)
		if ok && s.Text == "" {
			continue
		}
		if ok && len(parts) > 0 {
			if before, ok := parts[len(parts)-1].(*ir.Str); ok {
				parts[len(parts)-1] = &ir.Str{Text: before.Text + s.Text}
				continue
			}
		}
		parts = append(parts, x)
	}
	switch len(parts) {
	case 0:
		return &ir.Str{}
	case 1:
		return parts[0]
	}
	for len(parts) > maxJoin {
		var groups []ir.Expr
		for i := 0; i < len(parts); i += maxJoin {
			group := parts[i:min(i+maxJoin, len(parts))]
			if len(group) == 1 {
				groups = append(groups, group[0])
				continue
			}
			groups = append(groups, &ir.Call{Func: b.l.joining(len(group)), Args: group, Pos: pos(p)})
		}
		parts = groups
	}
	return &ir.Call{Func: b.l.joining(len(parts)), Args: parts, Pos: pos(p)}
}

// joining returns the function that joins n texts.
func (l *lowerer) joining(n int) *ir.Func {
	params := make([]ir.Kind, n)
	for i := range params {
		params[i] = ir.Ref
	}
	name := "string.join" + itoa(n)
	return l.synth(name, name, params, ir.Ref, func(b *body) {
		var total ir.Expr
		for i := range n {
			size := un(wasm.OpI64ExtendI32U, &ir.ArrayLen{X: get(i, ir.Ref)})
			if total == nil {
				total = size
			} else {
				total = bin(wasm.OpI64Add, total, size)
			}
		}
		total = b.temp(total)
		// A sum beyond 32 bits must not wrap: no memory has room for it.
		size := &ir.Tern{Cond: bin(wasm.OpI64GtU, total, i64(math.MaxInt32)), A: i32(-1), B: un(wasm.OpI32WrapI64, total)}
		to := b.temp(&ir.NewArray{Object: l.bytes(), Len: size})
		at := b.local("at", ir.I32, false)
		for i := range n {
			x := get(i, ir.Ref)
			b.emit(&ir.CopyElems{Object: l.bytes(), To: to, At: get(at, ir.I32), From: x, Start: i32(0), N: &ir.ArrayLen{X: x}})
			if i < n-1 {
				b.emit(&ir.Set{Local: at, X: bin(wasm.OpI32Add, get(at, ir.I32), &ir.ArrayLen{X: x})})
			}
		}
		b.emit(&ir.Return{X: to})
	})
}

// toString is the text of any value, a float with fixed decimals if asked.
func (b *body) toString(e *typed.ToString) ir.Expr {
	if c := literal(e.X); c != nil && e.Decimals < 0 {
		if s, ok := constText(b.typ(c.T), c); ok {
			return &ir.Str{Text: s}
		}
	}
	x := b.expr(e.X)
	if b.dead {
		return null()
	}
	t := b.typ(e.X.Type())
	if y := b.l.layout(t); e.Decimals >= 0 && y.shape == scalar && y.basic.IsFloat() {
		return b.lib("f64_fixed", e.P, nil, floatToFloat(y.basic, typed.F64, x), i64(int64(e.Decimals)))
	}
	return b.text(t, x, e.P)
}

// constText is the text of a literal, where no algorithm is needed.
func constText(t typed.Type, c *typed.Const) (string, bool) {
	switch k := typed.KindOf(t); {
	case k == typed.String:
		return c.Str, true
	case k.IsSigned():
		return strconv.FormatInt(signed(k, c.Int), 10), true
	case k.IsInt():
		return strconv.FormatUint(c.Int, 10), true
	case k == typed.Bool && c.Int != 0:
		return "true", true
	case k == typed.Bool:
		return "false", true
	case k == typed.Char && utf8.ValidRune(rune(c.Int)):
		return string(rune(c.Int)), true
	}
	return "", false
}
