package lower

import (
	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/dol/internal/typed"
)

// exports lowers what can be called from outside: the exports of the program and
// those asked for, and with Options.Tests its tests and properties.
func (l *lowerer) exports() {
	seen := map[string]bool{}
	for _, list := range [][]*typed.Export{l.prog.Exports, l.opt.Exports} {
		for _, e := range list {
			if !seen[e.Name] {
				seen[e.Name] = true
				l.export(e.Name, e.Func)
			}
		}
	}
	if !l.opt.Tests {
		return
	}
	for _, t := range l.prog.Tests {
		l.exportTest(t)
	}
	for _, p := range l.prog.Props {
		l.export("prop:"+p.Name, p.Func)
	}
}

// abi says how a type crosses: scalars as themselves, text and bytes as they are,
// everything else as JSON.
func (l *lowerer) abi(t typed.Type) ir.ABI {
	y := l.layout(t)
	switch y.shape {
	case nothing:
		return ir.ABINone
	case text:
		if y.basic == typed.Bytes {
			return ir.ABIBytes
		}
		return ir.ABIText
	case scalar:
		return [...]ir.ABI{ir.I32: ir.ABII32, ir.I64: ir.ABII64, ir.F32: ir.ABIF32, ir.F64: ir.ABIF64}[y.kind]
	}
	return ir.ABIJSON
}

// export adds an export. Where a value cannot come in or go out as it is, the
// exported function is one around the program's.
func (l *lowerer) export(name string, fn *typed.Func) {
	if len(fn.TypeParams) > 0 {
		return // it has no one signature
	}
	e := &ir.Export{Name: name, Result: l.abi(fn.Result), ResultType: fn.Result.String()}
	around := e.Result == ir.ABIJSON || fn.Intrinsic != "" || fn.Import != nil
	l.describe(fn.Result)
	for _, p := range fn.Params {
		abi := l.abi(p.Type)
		l.describe(p.Type)
		around = around || abi == ir.ABIJSON || l.needsCheck(p.Type)
		if abi != ir.ABINone {
			e.Params = append(e.Params, ir.ExportParam{Name: p.Name, Type: p.Type.String(), ABI: abi})
		}
	}
	if around {
		e.Func = l.exported(name, fn, e.Result)
	} else {
		e.Func = l.instance(fn, nil, fn.Pos)
	}
	l.mod.Exports = append(l.mod.Exports, e)
}

// needsCheck reports whether a scalar from outside may be no value of its type.
func (l *lowerer) needsCheck(t typed.Type) bool {
	k := l.layout(t).basic
	return k == typed.Bool || k == typed.Char || k.IsInt() && k.Bits() < 32
}

// exported makes the function around fn that takes and gives what crosses.
func (l *lowerer) exported(name string, fn *typed.Func, result ir.ABI) *ir.Func {
	out := l.newFunc(name+".{export}", fn.Pos)
	b := l.newBody(out, nil)
	for _, p := range fn.Params {
		if k := l.crossing(p.Type); k != ir.None {
			b.local(p.Name, k, true)
		}
	}
	out.NumParams = len(out.Locals)
	out.Result = l.crossing(fn.Result)
	l.later(name, fn.Pos, func() {
		var args []ir.Expr
		at := 0
		for _, p := range fn.Params {
			if l.abi(p.Type) == ir.ABINone {
				args = append(args, nil)
				continue
			}
			args = append(args, b.temp(b.takeIn(p.Type, get(at, out.Locals[at].Kind), fn.Pos)))
			at++
		}
		x := b.invoke(fn, nil, args, fn.Pos)
		if result == ir.ABIJSON && !b.dead {
			x = b.encode(fn.Result, x, fn.Pos)
		}
		b.deliver(x, b.tail())
		b.finish()
	})
	return out
}

// crossing is the kind in which a type crosses.
func (l *lowerer) crossing(t typed.Type) ir.Kind {
	if l.abi(t) == ir.ABIJSON {
		return ir.Ref
	}
	return l.kind(t)
}

// takeIn makes a value of what came from outside.
func (b *body) takeIn(t typed.Type, x ir.Expr, p typed.Pos) ir.Expr {
	if b.l.abi(t) == ir.ABIJSON {
		return b.decode(t, x, p)
	}
	return b.received(b.l.layout(t).basic, x)
}

// describe adds the layouts of the records of an exported signature.
func (l *lowerer) describe(t typed.Type) {
	n, ok := l.erase(t).(*typed.Named)
	if !ok {
		return
	}
	for _, a := range n.Args {
		l.describe(a)
	}
	known := l.prog.Known
	if n.Decl.Kind != typed.Record || n.Decl == known.Vec || n.Decl == known.Map || n.Decl == known.Set {
		return
	}
	y := l.layout(n)
	for _, r := range l.mod.Records {
		if r.Object == y.object {
			return
		}
	}
	r := ir.Record{Name: n.String(), Object: y.object}
	for _, f := range y.fields {
		if f.at >= 0 {
			r.Types = append(r.Types, f.typ.String())
		}
	}
	l.mod.Records = append(l.mod.Records, r)
	if len(l.mod.Records) > maxTypeSize {
		l.fail(n.Decl.Pos, "instantiation-depth", "an exported type holds more than %d different records", maxTypeSize)
	}
	for _, f := range y.fields {
		l.describe(f.typ)
	}
}

// exportTest exports a test as a function without parameters or result: false
// and Err become panics.
func (l *lowerer) exportTest(t *typed.Test) {
	name := "test:" + t.Func.Name
	out := l.newFunc(name, t.Func.Pos)
	b := l.newBody(out, nil)
	p := t.Func.Pos
	l.later(t.Func.Name, p, func() {
		x := b.invoke(t.Func, nil, nil, p)
		if !b.dead && x != nil {
			b.expect(t.Func.Result, x, p)
		}
		b.finish()
	})
	l.mod.Exports = append(l.mod.Exports, &ir.Export{Name: name, Func: out, ResultType: "()"})
}

// expect panics unless the value of a test says that it passed.
func (b *body) expect(t typed.Type, x ir.Expr, p typed.Pos) {
	y := b.l.layout(t)
	switch {
	case y.shape == scalar && y.basic == typed.Bool:
		b.when(not(x), func() { b.panics(&ir.Str{Text: "the test returned false"}, p) })
		return
	case b.l.args(t, b.l.prog.Known.Result) == nil:
		b.deliver(x, sink{kind: drop})
		return
	}
	x = b.hold(x)
	for i, v := range y.variants {
		if v.decl.Name != "Err" {
			continue
		}
		b.when(b.isVariant(y, x, i), func() {
			f := v.fields[0]
			why := b.text(f.typ, fieldOf(v.object, f, x), p)
			b.panics(b.join([]ir.Expr{&ir.Str{Text: "the test returned Err: "}, why}, p), p)
		})
	}
}
