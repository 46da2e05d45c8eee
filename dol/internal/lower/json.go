package lower

import (
	"math"

	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/dol/internal/typed"
	"github.com/univrs/vudo/internal/wasm"
)

// The JSON of a value:
//
//	numbers, bool, string      themselves; a float that is not finite is null
//	char                       a string of one character
//	bytes                      an array of numbers
//	()                         null
//	record                     an object with all fields; reading takes any order,
//	                           and None for an Option that is not written
//	tuple, Vec, Set            an array
//	Map                        an object if keys are strings, else an array of pairs
//	Option                     null or the value; {"Some": value} where the value
//	                           itself may be null
//	other enums                "Name", {"Name": value}, {"Name": [values]} or
//	                           {"Name": {fields}}
//	newtype                    what is under it
//
// Reading is strict: anything else, an unknown or repeated field, a number that
// does not fit and text after the value panic. Functions cannot cross.

// encode makes the JSON text of a value.
func (b *body) encode(t typed.Type, x ir.Expr, p typed.Pos) ir.Expr {
	y := b.l.layout(t)
	out := b.newText()
	if x != nil {
		x = b.hold(x)
	}
	b.toJSON(y, out, x, p)
	return b.lib("text_done", p, nil, out)
}

// toJSON appends the JSON of a value.
func (b *body) toJSON(y *layout, out, x ir.Expr, p typed.Pos) {
	switch {
	case y.shape == nothing:
		b.putText(out, "null")
	case y.shape == function || y.shape == array:
		b.l.fail(p, "export-type", "values of type %s cannot cross an export", y.typ)
	case y.shape == text && y.basic == typed.String:
		b.put(out, b.lib("json_quote", p, nil, x))
	case y.shape == scalar && y.basic == typed.Char:
		b.put(out, b.lib("json_quote", p, nil, b.lib("char_text", p, nil, x)))
	case y.shape == scalar && y.basic == typed.F64:
		b.put(out, b.lib("json_float", p, nil, x))
	case y.shape == scalar && y.basic == typed.F32:
		finite := bin(wasm.OpF32Eq, bin(wasm.OpF32Sub, x, x), &ir.Const{K: ir.F32})
		b.put(out, &ir.Tern{Cond: finite, A: b.lib("f32_text", p, nil, x), B: &ir.Str{Text: "null"}})
	case y.shape == scalar:
		s, _ := b.plain(y, x, p)
		b.put(out, s)
	default:
		fn := b.l.synth("to json "+y.key, y.typ.String()+".to_json", []ir.Kind{ir.Ref, y.kind}, ir.None, func(b *body) {
			b.partsToJSON(y, get(0, ir.Ref), get(1, y.kind), p)
		})
		b.emit(&ir.Do{X: call(fn, out, x)})
	}
}

func (b *body) partsToJSON(y *layout, out, x ir.Expr, p typed.Pos) {
	part := func(t typed.Type, v ir.Expr) { b.toJSON(b.l.layout(t), out, v, p) }
	switch y.shape {
	case text: // bytes
		b.putText(out, "[")
		b.count(&ir.ArrayLen{X: x}, func(_ *target, i ir.Expr) {
			b.when(i, func() { b.putText(out, ",") })
			part(typed.Basics[typed.U8], b.byteAt(x, i))
		})
		b.putText(out, "]")
	case record:
		b.recordToJSON(y, out, x, part)
	default:
		b.cases(b.tag(y, x), len(y.variants), func(i int) { b.variantToJSON(y, i, out, x, part) })
	}
}

func (b *body) recordToJSON(y *layout, out, x ir.Expr, part func(typed.Type, ir.Expr)) {
	known := b.l.prog.Known
	if v := b.l.vec(y.typ); v != nil {
		b.listToJSON(v, out, x, part)
		return
	}
	if args := b.l.args(y.typ, known.Set); args != nil {
		b.listToJSON(b.l.vec(b.l.vecType(args[0])), out, b.temp(b.lib("set_items", typed.Pos{}, args, x)), part)
		return
	}
	if args := b.l.args(y.typ, known.Map); args != nil {
		b.mapToJSON(args, out, x, part)
		return
	}
	if _, ok := y.typ.(*typed.Tuple); ok {
		b.valuesToJSON("[", y.object, y.fields, out, x, part)
		return
	}
	b.fieldsToJSON("{", y.object, y.fields, out, x, part)
}

func (b *body) listToJSON(v *vec, out, list ir.Expr, part func(typed.Type, ir.Expr)) {
	b.putText(out, "[")
	b.items(v, list, out, ",", func(_, elem ir.Expr) { part(v.elem, elem) })
	b.putText(out, "]")
}

func (b *body) mapToJSON(args []typed.Type, out, x ir.Expr, part func(typed.Type, ir.Expr)) {
	keys, values := b.l.vec(b.l.vecType(args[0])), b.l.vec(b.l.vecType(args[1]))
	names := b.temp(b.lib("map_keys", typed.Pos{}, args, x))
	list := b.temp(b.lib("map_values", typed.Pos{}, args, x))
	open, before, between, after, end := "[", "[", ",", "]", "]"
	if b.isString(args[0]) {
		open, before, between, after, end = "{", "", ":", "", "}"
	}
	b.putText(out, open)
	b.items(keys, names, out, ",", func(i, key ir.Expr) {
		if before != "" {
			b.putText(out, before)
		}
		part(args[0], key)
		b.putText(out, between)
		part(args[1], b.slot(values, list, i))
		if after != "" {
			b.putText(out, after)
		}
	})
	b.putText(out, end)
}

func (b *body) isString(t typed.Type) bool {
	return typed.KindOf(b.l.erase(t)) == typed.String
}

func (b *body) valuesToJSON(open string, o *ir.Object, fields []member, out, x ir.Expr, part func(typed.Type, ir.Expr)) {
	for i, f := range fields {
		if i > 0 {
			open = ","
		}
		b.putText(out, open)
		part(f.typ, fieldOf(o, f, x))
	}
	b.putText(out, "]")
}

func (b *body) fieldsToJSON(open string, o *ir.Object, fields []member, out, x ir.Expr, part func(typed.Type, ir.Expr)) {
	if len(fields) == 0 {
		b.putText(out, open)
	}
	for i, f := range fields {
		if i > 0 {
			open = ","
		}
		b.putText(out, open+`"`+f.name+`":`)
		part(f.typ, fieldOf(o, f, x))
	}
	b.putText(out, "}")
}

// bare reports whether an Option crosses as null or the value itself.
func (b *body) bare(y *layout) bool {
	args := b.l.args(y.typ, b.l.prog.Known.Option)
	return args != nil && !b.mayBeNull(args[0])
}

// mayBeNull reports whether the JSON of some value of a type is null.
func (b *body) mayBeNull(t typed.Type) bool {
	y := b.l.layout(t)
	return y.shape == nothing || y.shape == scalar && y.basic.IsFloat() || b.l.args(t, b.l.prog.Known.Option) != nil
}

func (b *body) variantToJSON(y *layout, i int, out, x ir.Expr, part func(typed.Type, ir.Expr)) {
	v := y.variants[i]
	value := func(f member) ir.Expr {
		if y.shape == nullable {
			return x
		}
		return fieldOf(v.object, f, x)
	}
	option := b.l.args(y.typ, b.l.prog.Known.Option) != nil
	switch {
	case option && len(v.fields) == 0:
		b.putText(out, "null")
	case len(v.fields) == 0:
		b.putText(out, `"`+v.decl.Name+`"`)
	case b.bare(y):
		part(v.fields[0].typ, value(v.fields[0]))
	case v.positional() && len(v.fields) == 1:
		b.putText(out, `{"`+v.decl.Name+`":`)
		part(v.fields[0].typ, value(v.fields[0]))
		b.putText(out, "}")
	case v.positional():
		b.valuesToJSON(`{"`+v.decl.Name+`":[`, v.object, v.fields, out, x, part)
		b.putText(out, "}")
	default:
		b.fieldsToJSON(`{"`+v.decl.Name+`":{`, v.object, v.fields, out, x, part)
		b.putText(out, "}")
	}
}

// decode makes a value of JSON text.
func (b *body) decode(t typed.Type, text ir.Expr, p typed.Pos) ir.Expr {
	r := b.temp(b.lib("json_reader", p, nil, text))
	x := b.fromJSON(t, r, p)
	if x != nil {
		x = b.temp(x)
	}
	b.emit(&ir.Do{X: b.lib("json_end", p, nil, r)})
	return x
}

// fromJSON reads a value, nil when the type has none.
func (b *body) fromJSON(t typed.Type, r ir.Expr, p typed.Pos) ir.Expr {
	y := b.l.layout(t)
	switch {
	case y.shape == nothing:
		b.when(not(b.lib("json_null", p, nil, r)), func() { b.refuse(r, "null", p) })
		return nil
	case y.shape == function || y.shape == array:
		b.l.fail(p, "export-type", "values of type %s cannot cross an export", y.typ)
	case y.shape == text && y.basic == typed.String:
		return b.lib("json_string", p, nil, r)
	case y.shape == scalar:
		return b.numberFromJSON(y.basic, r, p)
	}
	fn := b.l.synth("from json "+y.key, y.typ.String()+".from_json", []ir.Kind{ir.Ref}, y.kind, func(b *body) {
		b.partsFromJSON(y, get(0, ir.Ref), p)
	})
	return &ir.Call{Func: fn, Args: []ir.Expr{r}, Pos: pos(p)}
}

// refuse panics with what was expected.
func (b *body) refuse(r ir.Expr, what string, p typed.Pos) {
	b.emit(&ir.Do{X: b.lib("json_fail", p, nil, r, &ir.Str{Text: "expected " + what})})
	b.emit(&ir.Unreachable{})
}

func (b *body) numberFromJSON(k typed.Kind, r ir.Expr, p typed.Pos) ir.Expr {
	switch {
	case k == typed.Bool:
		return b.lib("json_bool", p, nil, r)
	case k == typed.Char:
		return b.lib("json_char", p, nil, r)
	case k == typed.F64:
		return b.lib("json_f64", p, nil, r)
	case k == typed.F32:
		return un(wasm.OpF32DemoteF64, b.lib("json_f64", p, nil, r))
	case k.IsSigned():
		least := int64(math.MinInt64) >> (64 - k.Bits())
		x := b.lib("json_i64", p, nil, r, i64(least), i64(-1-least))
		if k == typed.I64 {
			return x
		}
		return un(wasm.OpI32WrapI64, x)
	}
	x := b.lib("json_u64", p, nil, r, i64(int64(uint64(math.MaxUint64)>>(64-k.Bits()))))
	if k == typed.U64 {
		return x
	}
	return un(wasm.OpI32WrapI64, x)
}

func (b *body) partsFromJSON(y *layout, r ir.Expr, p typed.Pos) {
	known := b.l.prog.Known
	switch {
	case y.shape == text: // bytes
		list := b.listFromJSON(typed.Basics[typed.U8], r, p)
		b.emit(&ir.Return{X: b.lib("text_done", p, nil, list)})
	case b.l.vec(y.typ) != nil:
		b.emit(&ir.Return{X: b.listFromJSON(b.l.vec(y.typ).elem, r, p)})
	case b.l.args(y.typ, known.Set) != nil:
		args := b.l.args(y.typ, known.Set)
		set := b.temp(b.lib("set_new", p, args))
		b.sequence(r, '[', ']', p, func() {
			x := b.fromJSON(args[0], r, p)
			b.deliver(b.lib("set_put", p, args, present([]ir.Expr{set, x})...), sink{kind: drop})
		})
		b.emit(&ir.Return{X: set})
	case b.l.args(y.typ, known.Map) != nil:
		b.mapFromJSON(b.l.args(y.typ, known.Map), r, p)
	case y.shape == record:
		b.recordFromJSON(y, r, p)
	case b.l.args(y.typ, known.Option) != nil:
		b.optionFromJSON(y, r, p)
	default:
		b.enumFromJSON(y, r, p)
	}
}

// enter takes an opening bracket, more asks for another item.
func (b *body) enter(r ir.Expr, open byte, p typed.Pos) {
	b.emit(&ir.Do{X: b.lib("json_enter", p, nil, r, i32(int32(open)))})
}

func (b *body) more(r, first ir.Expr, end byte, p typed.Pos) ir.Expr {
	return b.lib("json_more", p, nil, r, first, i32(int32(end)))
}

// sequence reads a list of any length; item reads one.
func (b *body) sequence(r ir.Expr, open, end byte, p typed.Pos, item func()) {
	first := b.local("first", ir.I32, false)
	b.emit(&ir.Set{Local: first, X: i32(1)})
	b.enter(r, open, p)
	b.block("items", func(done *target) {
		b.forever(func() {
			b.when(not(b.more(r, get(first, ir.I32), end, p)), func() { b.br(done) })
			b.emit(&ir.Set{Local: first, X: i32(0)})
			item()
		})
	})
}

// must panics unless another item comes, or with want false unless none does.
func (b *body) must(want, first bool, r ir.Expr, end byte, p typed.Pos) {
	is := i32(0)
	if first {
		is = i32(1)
	}
	cond, what := b.more(r, is, end, p), "the end of the list"
	if want {
		cond, what = not(cond), "one more value"
	}
	b.when(cond, func() { b.refuse(r, what, p) })
}

func (b *body) listFromJSON(elem typed.Type, r ir.Expr, p typed.Pos) ir.Expr {
	v := b.l.vec(b.l.vecType(elem))
	list := b.temp(b.newVec(v, i32(0), null(), p))
	b.sequence(r, '[', ']', p, func() {
		x := b.fromJSON(elem, r, p)
		b.deliver(b.finishLib("vec_push", p, []typed.Type{elem}, list, x), sink{kind: drop})
	})
	return list
}

// finishLib calls a function of the library whose arguments may have no values.
func (b *body) finishLib(name string, p typed.Pos, targs []typed.Type, args ...ir.Expr) ir.Expr {
	x := b.lib(name, p, targs, present(args)...)
	if x.Kind() == ir.None {
		b.emit(&ir.Do{X: x})
		return nil
	}
	return x
}

func (b *body) mapFromJSON(args []typed.Type, r ir.Expr, p typed.Pos) {
	table := b.temp(b.lib("map_new", p, args))
	put := func(key, value ir.Expr) {
		b.deliver(b.finishLib("map_put", p, args, table, key, value), sink{kind: drop})
	}
	if b.isString(args[0]) {
		b.sequence(r, '{', '}', p, func() {
			key := b.temp(b.lib("json_key", p, nil, r))
			put(key, b.fromJSON(args[1], r, p))
		})
	} else {
		b.sequence(r, '[', ']', p, func() {
			b.enter(r, '[', p)
			b.must(true, true, r, ']', p)
			key := b.fromJSON(args[0], r, p)
			if key != nil {
				key = b.temp(key)
			}
			b.must(true, false, r, ']', p)
			value := b.fromJSON(args[1], r, p)
			if value != nil {
				value = b.temp(value)
			}
			b.must(false, false, r, ']', p)
			put(key, value)
		})
	}
	b.emit(&ir.Return{X: table})
}

// recordFromJSON reads a record or tuple and returns it.
func (b *body) recordFromJSON(y *layout, r ir.Expr, p typed.Pos) {
	var fields []ir.Expr
	if _, ok := y.typ.(*typed.Tuple); ok {
		fields = b.valuesFromJSON(y.fields, r, p)
	} else {
		fields = b.fieldsFromJSON(y.fields, r, p)
	}
	made := ir.Expr(&ir.New{Object: y.object, Fields: fields})
	if check := b.l.ruleCheck(y); check != nil {
		made = b.temp(made)
		b.emit(&ir.Do{X: call(check, made)})
	}
	b.emit(&ir.Return{X: made})
}

// valuesFromJSON reads an array of exactly these values.
func (b *body) valuesFromJSON(fields []member, r ir.Expr, p typed.Pos) []ir.Expr {
	var xs []ir.Expr
	b.enter(r, '[', p)
	for i, f := range fields {
		b.must(true, i == 0, r, ']', p)
		if x := b.fromJSON(f.typ, r, p); x != nil {
			xs = append(xs, b.temp(x))
		}
	}
	b.must(false, len(fields) == 0, r, ']', p)
	return xs
}

// fieldsFromJSON reads an object with these names in any order.
func (b *body) fieldsFromJSON(fields []member, r ir.Expr, p typed.Pos) []ir.Expr {
	values, seen := make([]int, len(fields)), make([]int, len(fields))
	for i, f := range fields {
		values[i] = -1
		if k := b.l.kind(f.typ); k != ir.None {
			values[i] = b.local(f.name, k, false)
		}
		seen[i] = b.local("", ir.I32, false)
		b.emit(&ir.Set{Local: seen[i], X: i32(0)})
	}
	b.sequence(r, '{', '}', p, func() {
		name := b.temp(b.lib("json_key", p, nil, r))
		b.block("field", func(next *target) {
			for i, f := range fields {
				b.when(call(b.l.textEqual(), name, &ir.Str{Text: f.name}), func() {
					b.when(get(seen[i], ir.I32), func() { b.refuse(r, "no second "+f.name, p) })
					b.emit(&ir.Set{Local: seen[i], X: i32(1)})
					if x := b.fromJSON(f.typ, r, p); x != nil {
						b.emit(&ir.Set{Local: values[i], X: x})
					}
					b.br(next)
				})
			}
			b.refuse(r, "a field of the record", p)
		})
	})
	var xs []ir.Expr
	for i, f := range fields {
		b.when(not(get(seen[i], ir.I32)), func() {
			if b.l.args(f.typ, b.l.prog.Known.Option) == nil || values[i] < 0 {
				b.refuse(r, "the field "+f.name, p)
				return
			}
			b.emit(&ir.Set{Local: values[i], X: b.l.zeroValue(f.typ)})
		})
		if values[i] >= 0 {
			xs = append(xs, get(values[i], b.fn.Locals[values[i]].Kind))
		}
	}
	return xs
}

func (b *body) optionFromJSON(y *layout, r ir.Expr, p typed.Pos) {
	some := 1 - y.none()
	field := y.variants[some].fields[0]
	b.when(b.lib("json_null", p, nil, r), func() {
		b.emit(&ir.Return{X: b.newVariant(y, y.none(), nil, p)})
	})
	if b.bare(y) {
		b.emit(&ir.Return{X: b.newVariant(y, some, []ir.Expr{b.fromJSON(field.typ, r, p)}, p)})
		return
	}
	b.enter(r, '{', p)
	b.must(true, true, r, '}', p)
	name := b.lib("json_key", p, nil, r)
	b.when(not(call(b.l.textEqual(), name, &ir.Str{Text: y.variants[some].decl.Name})), func() {
		b.refuse(r, y.variants[some].decl.Name, p)
	})
	x := b.fromJSON(field.typ, r, p)
	if x != nil {
		x = b.temp(x)
	}
	b.must(false, false, r, '}', p)
	b.emit(&ir.Return{X: b.newVariant(y, some, []ir.Expr{x}, p)})
}

// enumFromJSON reads a variant: a name alone, or an object with one name.
func (b *body) enumFromJSON(y *layout, r ir.Expr, p typed.Pos) {
	b.when(b.lib("json_quoted", p, nil, r), func() {
		name := b.temp(b.lib("json_string", p, nil, r))
		for i, v := range y.variants {
			if len(v.fields) > 0 {
				continue
			}
			b.when(call(b.l.textEqual(), name, &ir.Str{Text: v.decl.Name}), func() {
				b.emit(&ir.Return{X: b.newVariant(y, i, nil, p)})
			})
		}
		b.refuse(r, "a variant of "+y.typ.String(), p)
	})
	b.enter(r, '{', p)
	b.must(true, true, r, '}', p)
	name := b.temp(b.lib("json_key", p, nil, r))
	for i, v := range y.variants {
		if len(v.fields) == 0 {
			continue
		}
		b.when(call(b.l.textEqual(), name, &ir.Str{Text: v.decl.Name}), func() {
			var xs []ir.Expr
			switch {
			case v.positional() && len(v.fields) == 1:
				if x := b.fromJSON(v.fields[0].typ, r, p); x != nil {
					xs = append(xs, b.temp(x))
				}
			case v.positional():
				xs = b.valuesFromJSON(v.fields, r, p)
			default:
				xs = b.fieldsFromJSON(v.fields, r, p)
			}
			b.must(false, false, r, '}', p)
			b.emit(&ir.Return{X: b.newVariant(y, i, xs, p)})
		})
	}
	b.refuse(r, "a variant of "+y.typ.String(), p)
}
