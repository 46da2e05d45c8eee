package ir

// Obj is a managed object of a Machine.
type Obj struct {
	typ *Object
	// Struct: each field is in the half that fits its kind, under its own index,
	// so that a field has one index in an object and its descendants.
	// Array: elements are in the one of the three that fits the storage.
	nums  []uint64
	refs  []*Obj
	bytes []byte // of S8 and U8
}

// Type returns the object's type.
func (o *Obj) Type() *Object { return o.typ }

// Len returns the number of elements of an array.
func (o *Obj) Len() int {
	switch {
	case !o.typ.Array:
		return 0
	case o.typ.Elem == StoreRef:
		return len(o.refs)
	case o.typ.Elem.Size() == 1:
		return len(o.bytes)
	}
	return len(o.nums)
}

// At returns element i of an array, or field i of a struct.
func (o *Obj) At(i int) Value {
	s := o.typ.storage(i)
	if s == StoreRef {
		return Value{Kind: Ref, Obj: o.refs[i]}
	}
	return Value{Kind: s.Kind(), Bits: o.num(s, i)}
}

func (o *Object) storage(i int) Storage {
	if o.Array {
		return o.Elem
	}
	return o.Fields[i].Storage
}

func (o *Object) isBytes() bool { return o.Array && o.Elem == U8 }

// is reports whether o is t or has it as an ancestor.
func (o *Object) is(t *Object) bool {
	for ; o != nil; o = o.Parent {
		if o == t {
			return true
		}
	}
	return false
}

func (o *Obj) num(s Storage, i int) uint64 {
	if !o.typ.Array || s.Size() > 1 {
		return o.nums[i]
	}
	return s.narrow(uint64(o.bytes[i]))
}

func (o *Obj) setNum(s Storage, i int, x uint64) {
	if !o.typ.Array || s.Size() > 1 {
		o.nums[i] = s.narrow(x)
		return
	}
	o.bytes[i] = byte(x)
}

// narrow returns what reading gives after x was written.
func (s Storage) narrow(x uint64) uint64 {
	switch s {
	case S8:
		return i32(int32(int8(x)))
	case U8:
		return x & 0xff
	case S16:
		return i32(int32(int16(x)))
	case U16:
		return x & 0xffff
	}
	return x
}

// maxArray is the size in bytes above which an array is too large, whatever
// memory there is: the address space of generated code holds none such.
const maxArray = 1 << 31

// newArray makes an array of n zero elements.
func (ma *Machine) newArray(t *Object, n uint32, at Frame) *Obj {
	size := int64(n) * int64(t.Elem.Size())
	if size >= maxArray {
		ma.trap(TrapMemory, "", at)
	}
	ma.allocate(size+8, at)
	o := &Obj{typ: t}
	switch {
	case t.Elem == StoreRef:
		o.refs = make([]*Obj, n)
	case t.Elem.Size() == 1:
		o.bytes = make([]byte, n)
	default:
		o.nums = make([]uint64, n)
	}
	return o
}

// text returns the object of a constant.
func (ma *Machine) text(s string) *Obj {
	o := ma.consts[s]
	if o == nil {
		o = &Obj{typ: ma.bytes, bytes: []byte(s)}
		ma.consts[s] = o
	}
	return o
}
