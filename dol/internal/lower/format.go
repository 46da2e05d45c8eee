package lower

import (
	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/dol/internal/typed"
	"github.com/univrs/vudo/internal/wasm"
)

// The text of a value is what a literal of it looks like, except that text
// itself, and a char, print as they are when they are not inside another value:
//
//	Account { owner: "ada", balance: 70 }   Rect(2.0, 3.0)   Dot   Some(1)
//	(1, "a")   [1, 2]   {"a": 1}   {1, 2} for a Set   () for unit   fun for a function
//
// A type that can reach itself is written with the path of objects that lead to
// the value; an object that is on it, or deeper than maxTextDepth, prints as "…".

// maxTextDepth is how many objects of a recursive type are written inside each
// other.
const maxTextDepth = 200

// text makes the text of a value as to_string does.
func (b *body) text(t typed.Type, x ir.Expr, p typed.Pos) ir.Expr {
	y := b.l.layout(t)
	if y.shape == text && y.basic == typed.String {
		return x
	}
	if y.shape == nothing {
		b.deliver(x, sink{kind: drop})
		return &ir.Str{Text: "()"}
	}
	if s, ok := b.plain(y, x, p); ok {
		return s
	}
	fn := b.l.synth("text "+y.key, y.typ.String()+".to_string", []ir.Kind{y.kind}, ir.Ref, func(b *body) {
		out := b.newText()
		b.writeValue(y, out, get(0, y.kind), null())
		b.emit(&ir.Return{X: b.lib("text_done", typed.Pos{}, nil, out)})
	})
	return &ir.Call{Func: fn, Args: []ir.Expr{x}, Pos: pos(p)}
}

// newText makes an empty Vec<u8> to write to.
func (b *body) newText() ir.Expr {
	v := b.l.vec(b.l.vecType(typed.Basics[typed.U8]))
	return b.temp(b.newVec(v, i32(0), null(), typed.Pos{}))
}

// plain is the text of a value that has no parts, unquoted; false for others.
func (b *body) plain(y *layout, x ir.Expr, p typed.Pos) (ir.Expr, bool) {
	switch {
	case y.shape == text:
		return b.lib("bytes_text", p, nil, x), true
	case y.shape == function:
		b.deliver(x, sink{kind: drop})
		return &ir.Str{Text: "fun"}, true
	case y.shape != scalar:
		return nil, false
	}
	switch k := y.basic; {
	case k == typed.Bool:
		return &ir.Tern{Cond: x, A: &ir.Str{Text: "true"}, B: &ir.Str{Text: "false"}}, true
	case k == typed.Char:
		return b.lib("char_text", p, nil, x), true
	case k == typed.F32:
		return b.lib("f32_text", p, nil, x), true
	case k == typed.F64:
		return b.lib("f64_text", p, nil, x), true
	case k.IsSigned():
		return b.lib("i64_text", p, nil, widen(k, x)), true
	default:
		return b.lib("u64_text", p, nil, widen(k, x)), true
	}
}

// put appends a text.
func (b *body) put(out, s ir.Expr) {
	b.emit(&ir.Do{X: b.lib("text_push", typed.Pos{}, nil, out, s)})
}

func (b *body) putText(out ir.Expr, s string) { b.put(out, &ir.Str{Text: s}) }

// writeValue appends a value that is inside another, or is no plain one.
func (b *body) writeValue(y *layout, out, x, path ir.Expr) {
	switch {
	case y.shape == nothing:
		b.putText(out, "()")
		return
	case y.shape == text && y.basic == typed.String:
		b.put(out, b.lib("quote", typed.Pos{}, nil, x))
		return
	case y.shape == scalar && y.basic == typed.Char:
		b.put(out, b.lib("quote_char", typed.Pos{}, nil, x))
		return
	}
	if s, ok := b.plain(y, x, typed.Pos{}); ok {
		b.put(out, s)
		return
	}
	if b.l.recursive(y.typ) {
		b.emit(&ir.Do{X: call(b.l.writing(y, true), out, x, path)})
		return
	}
	b.emit(&ir.Do{X: call(b.l.writing(y, false), out, x)})
}

// writing returns the function that appends values of a type with parts.
func (l *lowerer) writing(y *layout, recursive bool) *ir.Func {
	params := []ir.Kind{ir.Ref, y.kind}
	if recursive {
		params = append(params, ir.Ref)
	}
	return l.synth("write "+y.key, y.typ.String()+".write", params, ir.None, func(b *body) {
		out, x, path := get(0, ir.Ref), get(1, y.kind), null()
		if recursive {
			path = get(2, ir.Ref)
			if y.shape == record {
				path = b.step(out, x, path)
			}
		}
		switch y.shape {
		case record:
			b.writeRecord(y, out, x, path)
		case array:
			b.putText(out, "array")
		default:
			b.cases(b.tag(y, x), len(y.variants), func(i int) { b.writeVariant(y, i, out, x, path) })
		}
	})
}

// step lengthens the path by an object; one that is on it already, or one too
// deep, is cut off.
func (b *body) step(out, x, path ir.Expr) ir.Expr {
	o := b.l.pathObject()
	at := b.local("", ir.Ref, false)
	n := b.local("", ir.I32, false)
	b.emit(&ir.Set{Local: at, X: path})
	b.block("path", func(end *target) {
		b.forever(func() {
			p := get(at, ir.Ref)
			b.when(&ir.IsNull{X: p}, func() { b.br(end) })
			seen := &ir.Same{X: &ir.GetField{Object: o, Index: 0, X: p}, Y: x}
			b.when(or(seen, bin(wasm.OpI32GeU, get(n, ir.I32), i32(maxTextDepth))), func() {
				b.putText(out, "…")
				b.emit(&ir.Return{})
			})
			b.emit(&ir.Set{Local: at, X: &ir.GetField{Object: o, Index: 1, X: p}})
			b.emit(&ir.Set{Local: n, X: bin(wasm.OpI32Add, get(n, ir.I32), i32(1))})
		})
	})
	return b.temp(&ir.New{Object: o, Fields: []ir.Expr{x, path}})
}

// pathObject is a link of a path: an object and the rest.
func (l *lowerer) pathObject() *ir.Object {
	if l.path == nil {
		l.path = l.newObject(&ir.Object{Name: "path", Fields: []ir.Member{
			{Name: "object", Storage: ir.StoreRef}, {Name: "up", Storage: ir.StoreRef},
		}})
	}
	return l.path
}

func (b *body) writeRecord(y *layout, out, x, path ir.Expr) {
	known := b.l.prog.Known
	part := func(t typed.Type, v ir.Expr) { b.writeValue(b.l.layout(t), out, v, path) }
	if v := b.l.vec(y.typ); v != nil {
		b.putText(out, "[")
		b.writeItems(v, out, x, part)
		b.putText(out, "]")
		return
	}
	if args := b.l.args(y.typ, known.Set); args != nil {
		b.putText(out, "{")
		b.writeItems(b.l.vec(b.l.vecType(args[0])), out, b.temp(b.lib("set_items", typed.Pos{}, args, x)), part)
		b.putText(out, "}")
		return
	}
	if args := b.l.args(y.typ, known.Map); args != nil {
		values := b.l.vec(b.l.vecType(args[1]))
		list := b.temp(b.lib("map_values", typed.Pos{}, args, x))
		b.putText(out, "{")
		b.items(b.l.vec(b.l.vecType(args[0])), b.temp(b.lib("map_keys", typed.Pos{}, args, x)), out, ", ", func(i, key ir.Expr) {
			part(args[0], key)
			b.putText(out, ": ")
			part(args[1], b.slot(values, list, i))
		})
		b.putText(out, "}")
		return
	}
	if _, ok := y.typ.(*typed.Tuple); ok {
		b.writeTuple("(", y.object, y.fields, out, x, path)
		return
	}
	b.writeNamed(y.typ.(*typed.Named).Decl.Name, y.object, y.fields, out, x, path)
}

// items runs f for the elements of a Vec with separators between.
func (b *body) items(v *vec, list, out ir.Expr, separator string, f func(i, elem ir.Expr)) {
	b.count(v.length(list), func(_ *target, i ir.Expr) {
		b.when(i, func() { b.putText(out, separator) })
		f(i, b.slot(v, list, i))
	})
}

func (b *body) writeItems(v *vec, out, list ir.Expr, part func(typed.Type, ir.Expr)) {
	b.items(v, list, out, ", ", func(_, elem ir.Expr) { part(v.elem, elem) })
}

// writeTuple appends values in parentheses.
func (b *body) writeTuple(open string, o *ir.Object, fields []member, out, x, path ir.Expr) {
	for i, f := range fields {
		if i > 0 {
			open = ", "
		}
		b.putText(out, open)
		b.writeValue(b.l.layout(f.typ), out, fieldOf(o, f, x), path)
	}
	b.putText(out, ")")
}

// writeNamed appends a name and named values in braces.
func (b *body) writeNamed(name string, o *ir.Object, fields []member, out, x, path ir.Expr) {
	if len(fields) == 0 {
		b.putText(out, name+" {}")
		return
	}
	open := name + " { "
	for i, f := range fields {
		if i > 0 {
			open = ", "
		}
		b.putText(out, open+f.name+": ")
		b.writeValue(b.l.layout(f.typ), out, fieldOf(o, f, x), path)
	}
	b.putText(out, " }")
}

func (b *body) writeVariant(y *layout, i int, out, x, path ir.Expr) {
	v := y.variants[i]
	switch {
	case len(v.fields) == 0:
		b.putText(out, v.decl.Name)
	case y.shape == nullable:
		b.putText(out, v.decl.Name+"(")
		b.writeValue(b.l.layout(v.fields[0].typ), out, x, path)
		b.putText(out, ")")
	case v.positional():
		b.writeTuple(v.decl.Name+"(", v.object, v.fields, out, x, path)
	default:
		b.writeNamed(v.decl.Name, v.object, v.fields, out, x, path)
	}
}

// positional reports whether a variant was declared with types only.
func (v variant) positional() bool { return len(v.fields) > 0 && v.fields[0].name == "0" }

// maxParts bounds the search for recursion; a type with more different parts is
// taken for a recursive one.
const maxParts = 300

// recursive reports whether a value of a type can hold a value of the same type.
func (l *lowerer) recursive(t typed.Type) bool {
	key := l.typeKey(t)
	if r, ok := l.cyclic[key]; ok {
		return r
	}
	seen := map[string]bool{}
	var reaches func(t typed.Type) bool
	reaches = func(t typed.Type) bool {
		t = l.erase(t)
		k := l.typeKey(t)
		if len(seen) > 0 && k == key {
			return true
		}
		if seen[k] {
			return false
		}
		if seen[k] = true; len(seen) > maxParts {
			return true
		}
		for _, p := range l.parts(t) {
			if reaches(p) {
				return true
			}
		}
		return false
	}
	r := reaches(t)
	l.cyclic[key] = r
	return r
}

// parts are the types of the values that a value of a type holds.
func (l *lowerer) parts(t typed.Type) []typed.Type {
	switch t := t.(type) {
	case *typed.Tuple:
		return t.Elems
	case *typed.Array:
		return []typed.Type{t.Elem}
	case *typed.Named:
		known := l.prog.Known
		if t.Decl == known.Vec || t.Decl == known.Map || t.Decl == known.Set {
			return t.Args
		}
		var out []typed.Type
		sub := typed.Bind(t.Decl.Params, t.Args)
		if t.Decl.Parent != nil {
			out = l.parts(sub.Apply(t.Decl.Parent))
		}
		for _, f := range t.Decl.Fields {
			out = append(out, sub.Apply(f.Type))
		}
		for _, v := range t.Decl.Variants {
			for _, f := range v.Fields {
				out = append(out, sub.Apply(f.Type))
			}
		}
		return out
	}
	return nil
}
