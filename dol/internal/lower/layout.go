package lower

import (
	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/dol/internal/typed"
)

// shape is the way in which values of a type are represented.
type shape uint8

const (
	noShape  shape = iota // not found yet
	nothing               // no value exists at run time: unit, never
	scalar                // number, bool, char
	text                  // string, bytes: an array of bytes
	array                 // raw array
	record                // struct, also tuples
	function              // closure
	index                 // enum without payload: the index of the variant
	nullable              // Option of a reference
	tagged                // enum with payload
)

// layout is what is known of a concrete type.
type layout struct {
	typ    typed.Type // newtypes taken off
	key    string
	shape  shape
	basic  typed.Kind // scalar, text
	kind   ir.Kind
	object *ir.Object // record, array, text; tagged: what the variants begin with

	fields   []member  // record
	variants []variant // enums, by index
}

// member is a field of a record, tuple or variant.
type member struct {
	name string
	typ  typed.Type
	at   int // index in the object, -1 when it has no representation
}

// variant is a case of an enum.
type variant struct {
	decl   *typed.Variant
	object *ir.Object // tagged
	fields []member
}

// erase takes newtypes off.
func (l *lowerer) erase(t typed.Type) typed.Type {
	for {
		n, ok := t.(*typed.Named)
		if !ok || n.Decl.Kind != typed.NewtypeKind {
			return t
		}
		t = typed.Bind(n.Decl.Params, n.Args).Apply(n.Decl.Under)
	}
}

// storage tells how a value of a type is kept, false when there is nothing to
// keep. It looks no deeper into records, so that it ends for types that grow.
func (l *lowerer) storage(t typed.Type) (ir.Storage, bool) {
	switch t := l.erase(t).(type) {
	case *typed.Basic:
		return l.basicStorage(t.Kind)
	case *typed.Named:
		if t.Decl.Kind == typed.EnumKind {
			switch l.enumShape(t) {
			case nothing:
				return 0, false
			case index:
				return ir.StoreI32, true
			}
		}
	}
	return ir.StoreRef, true
}

func (l *lowerer) basicStorage(k typed.Kind) (ir.Storage, bool) {
	switch k {
	case typed.Unit, typed.Never:
		return 0, false
	case typed.Bool, typed.U8:
		return ir.U8, true
	case typed.I8:
		return ir.S8, true
	case typed.I16:
		return ir.S16, true
	case typed.U16:
		return ir.U16, true
	case typed.Char, typed.I32, typed.U32:
		return ir.StoreI32, true
	case typed.I64, typed.U64:
		return ir.StoreI64, true
	case typed.F32:
		return ir.StoreF32, true
	case typed.F64:
		return ir.StoreF64, true
	case typed.String, typed.Bytes:
		return ir.StoreRef, true
	}
	l.fail(l.here(), "unsupported-at-build", "values of type %s cannot be compiled", k)
	return 0, false
}

// kind returns the kind of a type's values.
func (l *lowerer) kind(t typed.Type) ir.Kind {
	s, ok := l.storage(t)
	if !ok {
		return ir.None
	}
	return s.Kind()
}

// enumShape finds the shape of an enum. An enum that is met again while its
// shape is being found holds itself, so it has a payload.
func (l *lowerer) enumShape(t *typed.Named) shape {
	if y, ok := l.byType[t]; ok {
		return y.shape
	}
	key := l.typeKey(t)
	if s, ok := l.shapes[key]; ok {
		if s == noShape {
			return tagged
		}
		return s
	}
	l.shapes[key] = noShape
	s := index
	sub := typed.Bind(t.Decl.Params, t.Args)
	for _, v := range t.Decl.Variants {
		for _, f := range v.Fields {
			if _, ok := l.storage(sub.Apply(f.Type)); ok {
				s = tagged
			}
		}
	}
	switch {
	case len(t.Decl.Variants) == 0:
		s = nothing
	case t.Decl == l.prog.Known.Option && l.neverNull(t.Args[0]):
		s = nullable
	}
	l.shapes[key] = s
	return s
}

// neverNull reports whether t is a reference that no value leaves null.
func (l *lowerer) neverNull(t typed.Type) bool {
	if s, ok := l.storage(t); !ok || s != ir.StoreRef {
		return false
	}
	n, ok := l.erase(t).(*typed.Named)
	return !ok || n.Decl.Kind != typed.EnumKind || l.enumShape(n) != nullable
}

// layout returns the layout of a type without parameters.
func (l *lowerer) layout(t typed.Type) *layout {
	if y, ok := l.byType[t]; ok {
		return y
	}
	y := l.layoutOf(l.erase(t))
	l.byType[t] = y
	return y
}

// layoutOf finds or makes the layout of a type that is no newtype.
func (l *lowerer) layoutOf(t typed.Type) *layout {
	key := l.typeKey(t)
	if y, ok := l.layouts[key]; ok {
		return y
	}
	y := &layout{typ: t, key: key, kind: l.kind(t)}
	l.layouts[key] = y
	switch t := t.(type) {
	case *typed.Basic:
		y.basic = t.Kind
		switch {
		case y.kind == ir.None:
			y.shape = nothing
		case y.kind == ir.Ref:
			y.shape, y.object = text, l.array(ir.U8)
		default:
			y.shape = scalar
		}
	case *typed.FuncType:
		y.shape = function
	case *typed.Array:
		y.shape, y.object = array, l.arrayOf(t.Elem)
	case *typed.Tuple:
		y.shape, y.object = record, l.newObject(&ir.Object{Name: t.String()})
		for i, e := range t.Elems {
			y.fields = append(y.fields, l.member(y.object, itoa(i), e))
		}
	case *typed.Named:
		if t.Decl.Kind == typed.EnumKind {
			l.enum(y, t)
		} else {
			l.record(y, t)
		}
	}
	return y
}

// member adds a field to an object, if it has a representation.
func (l *lowerer) member(o *ir.Object, name string, t typed.Type) member {
	s, ok := l.storage(t)
	if !ok {
		return member{name, t, -1}
	}
	o.Fields = append(o.Fields, ir.Member{Name: name, Storage: s})
	return member{name, t, len(o.Fields) - 1}
}

func (l *lowerer) record(y *layout, t *typed.Named) {
	y.shape = record
	sub := typed.Bind(t.Decl.Params, t.Args)
	var parent *layout
	if t.Decl.Parent != nil {
		parent = l.layout(sub.Apply(t.Decl.Parent))
	}
	y.object = l.newObject(&ir.Object{Name: t.String()})
	if parent != nil {
		y.object.Parent = parent.object
		y.object.Fields = append(y.object.Fields, parent.object.Fields...)
		y.fields = append(y.fields, parent.fields...)
	}
	for _, f := range t.Decl.Fields {
		y.fields = append(y.fields, l.member(y.object, f.Name, sub.Apply(f.Type)))
	}
}

func (l *lowerer) enum(y *layout, t *typed.Named) {
	y.shape = l.enumShape(t)
	sub := typed.Bind(t.Decl.Params, t.Args)
	if y.shape == tagged {
		y.object = l.newObject(&ir.Object{Name: t.String(), Fields: []ir.Member{{Name: "tag", Storage: ir.StoreI32}}})
	}
	for _, v := range t.Decl.Variants {
		w := variant{decl: v}
		o := &ir.Object{} // of fields that have no object of their own
		if y.shape == tagged {
			o = l.newObject(&ir.Object{Name: t.String() + "." + v.Name, Parent: y.object, Fields: append([]ir.Member(nil), y.object.Fields...)})
			w.object = o
		}
		for _, f := range v.Fields {
			w.fields = append(w.fields, l.member(o, f.Name, sub.Apply(f.Type)))
		}
		y.variants = append(y.variants, w)
	}
}

// array returns the one array object with a storage.
func (l *lowerer) array(s ir.Storage) *ir.Object {
	if l.arrays[s] == nil {
		l.arrays[s] = l.newObject(&ir.Object{Name: "Array<" + storageNames[s] + ">", Array: true, Elem: s})
	}
	return l.arrays[s]
}

var storageNames = [...]string{"i8", "u8", "i16", "u16", "i32", "i64", "f32", "f64", "ref"}

// arrayOf returns the array object for elements of a type. Elements that have no
// representation take a byte, so that such an array has a length.
func (l *lowerer) arrayOf(elem typed.Type) *ir.Object {
	s, ok := l.storage(elem)
	if !ok {
		s = ir.U8
	}
	return l.array(s)
}

// bytes is the object of strings.
func (l *lowerer) bytes() *ir.Object { return l.array(ir.U8) }

// vec is what is known of a Vec type, whose fields the library declares in the
// order of this struct. The array is null while the capacity is 0.
type vec struct {
	elem          typed.Type
	object        *ir.Object
	len, cap, buf int
	array         *ir.Object
}

// vec takes a Vec type apart, nil when t is none.
func (l *lowerer) vec(t typed.Type) *vec {
	n, ok := l.erase(t).(*typed.Named)
	if !ok || n.Decl != l.prog.Known.Vec {
		return nil
	}
	y := l.layout(n)
	return &vec{
		elem: n.Args[0], object: y.object, array: l.arrayOf(n.Args[0]),
		len: y.fields[0].at, cap: y.fields[1].at, buf: y.fields[2].at,
	}
}

// vecType makes Vec<elem>.
func (l *lowerer) vecType(elem typed.Type) typed.Type {
	return &typed.Named{Decl: l.prog.Known.Vec, Args: []typed.Type{elem}}
}

// args returns the arguments of a type of the given declaration, nil when t is
// of another.
func (l *lowerer) args(t typed.Type, decl *typed.TypeDecl) []typed.Type {
	if n, ok := l.erase(t).(*typed.Named); ok && decl != nil && n.Decl == decl {
		return n.Args
	}
	return nil
}
