package ir

import "fmt"

// arg evaluates an argument into the frame of the callee.
type arg func(caller, callee *frame)

// args compiles the arguments of a call of a function whose parameters from
// first on have their kinds. The slots of parameters depend on kinds only.
func (c *compiler) args(args []Expr, nums, refs int) []arg {
	list := make([]arg, len(args))
	for i, a := range args {
		if a.Kind() == Ref {
			x, slot := c.obj(a), refs
			refs++
			list[i] = func(fr, in *frame) { in.refs[slot] = x(fr) }
		} else {
			x, slot := c.num(a), nums
			nums++
			list[i] = func(fr, in *frame) { in.nums[slot] = x(fr) }
		}
	}
	return list
}

// call compiles a call; the result is in the frame it returns, which is to be
// left.
func (c *compiler) call(e *Call) func(fr *frame) *frame {
	ma, f, at := c.ma, e.Func, c.at(e.Pos)
	args := c.args(e.Args, 0, 0)
	return func(fr *frame) *frame {
		callee := ma.code(f)
		in := ma.enter(callee)
		for _, a := range args {
			a(fr, in)
		}
		callee.run(ma, in, at)
		return in
	}
}

func (c *compiler) callRef(e *CallRef) func(fr *frame) *frame {
	ma, at := c.ma, c.at(e.Pos)
	closure, args := c.obj(e.Closure), c.args(e.Args, 0, 1)
	want := Sig{Params: append([]Kind{Ref}, e.Sig.Params...), Result: e.Sig.Result}
	nums, refs := 0, 0
	for _, k := range want.Params {
		if k == Ref {
			refs++
		} else {
			nums++
		}
	}
	return func(fr *frame) *frame {
		o := closure(fr)
		// Arguments are evaluated before the closure is looked into, so into a
		// frame of their own: evaluating them may change nothing of the closure,
		// but must come first.
		in := ma.enter(&code{nums: nums, refs: refs})
		in.refs[0] = o
		for _, a := range args {
			a(fr, in)
		}
		callee := c.callee(o, want, at)
		in.nums, in.refs = resize(in.nums, callee.nums), resize(in.refs, callee.refs)
		callee.run(ma, in, at)
		return in
	}
}

// resize returns list with n elements; new ones are zero.
func resize[T any](list []T, n int) []T {
	if n <= cap(list) {
		old := len(list)
		list = list[:n]
		if old < n {
			clear(list[old:])
		}
		return list
	}
	return append(list, make([]T, n-len(list))...)
}

// callee returns the function of a closure.
func (c *compiler) callee(o *Obj, want Sig, at Frame) *code {
	ma := c.ma
	switch {
	case o == nil:
		ma.wrong(at, "call of null")
	case o.typ.Array || len(o.typ.Fields) == 0 || o.typ.Fields[0].Storage != StoreI32:
		ma.wrong(at, "call of an object %s, which is no closure", o.typ.Name)
	case o.nums[0] >= uint64(len(ma.codes)):
		ma.wrong(at, "call of function number %d", o.nums[0])
	}
	callee := ma.code(ma.m.Funcs[o.nums[0]])
	if got := callee.fn.Sig(); !got.Equal(want) {
		ma.wrong(at, "call of %s with signature %v, it has %v", callee.fn.Name, want, got)
	}
	return callee
}

// Equal reports whether two signatures are the same.
func (s Sig) Equal(t Sig) bool {
	if s.Result != t.Result || len(s.Params) != len(t.Params) {
		return false
	}
	for i, k := range s.Params {
		if t.Params[i] != k {
			return false
		}
	}
	return true
}

// callHost compiles the call of an import; without a result it returns 0.
func (c *compiler) callHost(e *CallHost) num {
	ma, at, imp := c.ma, c.at(e.Pos), e.Import
	check := func(o *Obj) *Obj {
		if o == nil || !o.typ.isBytes() {
			ma.wrong(at, "call of %s: an argument is %v instead of bytes", imp.Name, Value{Kind: Ref, Obj: o})
		}
		return o
	}
	args := make([]func(fr *frame) HostArg, len(e.Args))
	for i, a := range e.Args {
		if a.Kind() == Ref {
			x := c.obj(a)
			args[i] = func(fr *frame) HostArg { return HostArg{Bytes: check(x(fr)).bytes} }
		} else {
			x := c.num(a)
			args[i] = func(fr *frame) HostArg { return HostArg{Bits: x(fr)} }
		}
	}
	return func(fr *frame) uint64 {
		list := make([]HostArg, len(args))
		for i, a := range args {
			list[i] = a(fr)
		}
		ma.step(1, at)
		if ma.cfg.Host == nil {
			panic(ended{fmt.Errorf("call of %s.%s: %w", imp.Module, imp.Name, errNoHost)})
		}
		bits, err := ma.cfg.Host.Call(imp, list)
		ma.check(err, at)
		if imp.Result == None {
			return 0
		}
		return Num(imp.Result, bits).Bits
	}
}

// check ends the call when the host reports an error.
func (ma *Machine) check(err error, at Frame) {
	if err == nil {
		return
	}
	if t, ok := err.(*Trap); ok {
		ma.trap(t.Kind, t.Message, at)
	}
	panic(ended{err})
}

func (c *compiler) rawLoad(e *RawLoad) num {
	ma, at, addr, size := c.ma, c.at(Pos{}), c.num(e.Addr), uint32(e.Size)
	return func(fr *frame) uint64 {
		var bits uint64
		for i, b := range ma.read(uint32(addr(fr)), size, at) {
			bits |= uint64(b) << (8 * i)
		}
		return bits
	}
}

func (c *compiler) rawBytes(e *RawBytes) obj {
	ma, at, addr, n, t := c.ma, c.at(e.Pos), c.num(e.Addr), c.num(e.N), e.Object
	return func(fr *frame) *Obj {
		a := uint32(addr(fr))
		size := uint32(n(fr))
		ma.step(1+int64(size)/64, at)
		data := ma.read(a, size, at)
		o := ma.newArray(t, size, at)
		copy(o.bytes, data)
		return o
	}
}

// read returns exactly n bytes of the host's.
func (ma *Machine) read(addr, n uint32, at Frame) []byte {
	if ma.cfg.Host == nil {
		panic(ended{fmt.Errorf("read of %d bytes at %d: %w", n, addr, errNoHost)})
	}
	data, err := ma.cfg.Host.Read(addr, n)
	ma.check(err, at)
	if uint64(len(data)) != uint64(n) {
		panic(ended{fmt.Errorf("read of %d bytes at %d: the host gave %d", n, addr, len(data))})
	}
	return data
}

// newStruct compiles the making of a struct.
func (c *compiler) newStruct(e *New) obj {
	ma, t, at := c.ma, e.Object, c.at(e.Pos)
	fields := make([]func(fr *frame, o *Obj), len(e.Fields))
	hasNums, hasRefs, size := false, false, int64(8)
	for i, f := range e.Fields {
		s := t.Fields[i].Storage
		size += int64(s.Size())
		if s == StoreRef {
			x := c.obj(f)
			hasRefs = true
			fields[i] = func(fr *frame, o *Obj) { o.refs[i] = x(fr) }
		} else {
			x := c.num(f)
			hasNums = true
			fields[i] = func(fr *frame, o *Obj) { o.nums[i] = s.narrow(x(fr)) }
		}
	}
	return func(fr *frame) *Obj {
		o := &Obj{typ: t}
		if hasNums {
			o.nums = make([]uint64, len(fields))
		}
		if hasRefs {
			o.refs = make([]*Obj, len(fields))
		}
		for _, f := range fields {
			f(fr, o)
		}
		ma.allocate(size, at)
		return o
	}
}
