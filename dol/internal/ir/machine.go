package ir

import (
	"errors"
	"fmt"
)

// Machine is the reference evaluator: it runs a module on Go values, without
// memory, addresses or collection. It checks at run time what generated code
// leaves to the compiler, so that a wrong module ends in *InternalError instead
// of a wrong result. The same module, host and arguments give the same results.
//
// A Machine serves one call at a time.
type Machine struct {
	m       *Module
	cfg     MachineConfig
	codes   []*code
	consts  map[string]*Obj // the objects of Str
	bytes   *Object
	numbers []uint64 // globals by ID
	refs    []*Obj
	started bool

	steps, allocated int64
	calls            []Frame // the places of the calls that are active
	free             []*frame
}

// MachineConfig sets what a Machine runs with. A limit of zero is the default.
type MachineConfig struct {
	Host     Host
	MaxSteps int64 // calls, rounds of loops and 64ths of copied elements in all; default 1e9
	MaxBytes int64 // allocated in all, whether used any more or not; default 1 GiB
	MaxDepth int   // calls within each other; default 10,000
}

// Host is the outside of a module.
type Host interface {
	// Call runs an import. The buffers of its arguments are the program's own:
	// what is written to them it sees. An error ends the program's call: a *Trap
	// as the program's own trap, which then gets its frames, another as it is.
	Call(imp *Import, args []HostArg) (uint64, error)
	// Read returns n bytes that a host function put at an address.
	Read(addr, n uint32) ([]byte, error)
}

// HostArg is an argument of a host function: a number's bits, or the bytes of a
// HostBytes parameter.
type HostArg struct {
	Bits  uint64
	Bytes []byte
}

// Value is a value outside the machine.
type Value struct {
	Kind Kind
	Bits uint64 // a number
	Obj  *Obj   // a reference; nil is null
}

// Num returns a number from its bits.
func Num(k Kind, bits uint64) Value {
	if k == I32 || k == F32 {
		bits = uint64(uint32(bits))
	}
	return Value{Kind: k, Bits: bits}
}

// Text returns the bytes of an array of bytes, which a string is.
func (v Value) Text() string {
	if v.Obj == nil {
		return ""
	}
	return string(v.Obj.bytes)
}

// Same reports whether two values are equal: numbers by their bits, but one NaN
// is as good as another; arrays of bytes by content, other objects by identity.
func (v Value) Same(w Value) bool {
	switch {
	case v.Kind != w.Kind:
		return false
	case v.Kind == F32:
		return v.Bits == w.Bits || asF32(v.Bits) != asF32(v.Bits) && asF32(w.Bits) != asF32(w.Bits)
	case v.Kind == F64:
		return v.Bits == w.Bits || asF64(v.Bits) != asF64(v.Bits) && asF64(w.Bits) != asF64(w.Bits)
	case v.Kind == Ref && v.Obj != nil && w.Obj != nil && v.Obj.typ.isBytes() && w.Obj.typ.isBytes():
		return string(v.Obj.bytes) == string(w.Obj.bytes)
	}
	return v.Bits == w.Bits && v.Obj == w.Obj
}

// String shows a value for tests: its kind, and the number or the text.
func (v Value) String() string {
	switch {
	case v.Kind == I32:
		return fmt.Sprintf("i32:%d", int32(v.Bits))
	case v.Kind == I64:
		return fmt.Sprintf("i64:%d", int64(v.Bits))
	case v.Kind == F32:
		return fmt.Sprintf("f32:%v", asF32(v.Bits))
	case v.Kind == F64:
		return fmt.Sprintf("f64:%v", asF64(v.Bits))
	case v.Kind == None:
		return "none"
	case v.Obj == nil:
		return "null"
	case v.Obj.typ.isBytes():
		return fmt.Sprintf("%q", v.Obj.bytes)
	}
	return "object " + v.Obj.typ.Name
}

// NewMachine prepares m, which it verifies and which must not change after.
func NewMachine(m *Module, cfg MachineConfig) (*Machine, error) {
	if err := Verify(m); err != nil {
		return nil, err
	}
	if cfg.MaxSteps == 0 {
		cfg.MaxSteps = 1e9
	}
	if cfg.MaxBytes == 0 {
		cfg.MaxBytes = 1 << 30
	}
	if cfg.MaxDepth == 0 {
		cfg.MaxDepth = 10_000
	}
	ma := &Machine{
		m: m, cfg: cfg,
		codes:   make([]*code, len(m.Funcs)),
		consts:  map[string]*Obj{},
		bytes:   m.BytesObject(),
		numbers: make([]uint64, len(m.Globals)),
		refs:    make([]*Obj, len(m.Globals)),
	}
	for i, f := range m.Funcs {
		ma.codes[i] = &code{fn: f}
	}
	return ma, nil
}

// NewBytes returns an array of bytes that holds b itself, not a copy. The module
// must have such an object.
func (ma *Machine) NewBytes(b []byte) Value {
	return Value{Kind: Ref, Obj: &Obj{typ: ma.bytes, bytes: b}}
}

// NewText is NewBytes with the bytes of s.
func (ma *Machine) NewText(s string) Value { return ma.NewBytes([]byte(s)) }

// Steps returns the steps taken since the machine was made.
func (ma *Machine) Steps() int64 { return ma.steps }

// Start runs the module's start function, once. Call does so itself.
func (ma *Machine) Start() error {
	if ma.started {
		return nil
	}
	ma.started = true
	if ma.m.Start == nil {
		return nil
	}
	_, err := ma.Call(ma.m.Start)
	return err
}

// CallExport calls the function of an export. Text, bytes and JSON are passed
// with NewText and NewBytes and read with Value.Text.
func (ma *Machine) CallExport(name string, args ...Value) (Value, error) {
	for _, e := range ma.m.Exports {
		if e.Name == name {
			return ma.Call(e.Func, args...)
		}
	}
	return Value{}, fmt.Errorf("no export %q", name)
}

// Call calls a function of the module. The error is *Trap when the program
// ended itself, *InternalError when the module is wrong, or that of the host.
// After an error the machine may be used again, with the state the call left.
func (ma *Machine) Call(f *Func, args ...Value) (Value, error) {
	if err := ma.Start(); err != nil {
		return Value{}, err
	}
	if len(args) != f.NumParams {
		return Value{}, fmt.Errorf("func %s takes %d arguments, not %d", f.Name, f.NumParams, len(args))
	}
	for i, a := range args {
		if a.Kind != f.Locals[i].Kind {
			return Value{}, fmt.Errorf("func %s: argument %d is %v, not %v", f.Name, i, a.Kind, f.Locals[i].Kind)
		}
	}
	return ma.call(f, args)
}

// ended is what a host's error is wrapped in on its way out.
type ended struct{ err error }

func (ma *Machine) call(f *Func, args []Value) (result Value, err error) {
	depth := len(ma.calls)
	defer func() {
		if r := recover(); r != nil {
			switch r := r.(type) {
			case *Trap:
				err = r
			case *InternalError:
				err = r
			case ended:
				err = r.err
			default:
				panic(r)
			}
			result, ma.calls = Value{}, ma.calls[:depth]
		}
	}()
	c := ma.code(f)
	fr := ma.enter(c)
	for i, a := range args {
		if a.Kind == Ref {
			fr.refs[c.slots[i]] = a.Obj
		} else {
			fr.nums[c.slots[i]] = a.Bits
		}
	}
	c.run(ma, fr, Frame{})
	result = Value{Kind: f.Result, Bits: fr.num, Obj: fr.ref}
	ma.leave(fr)
	return result, nil
}

// trap ends the call with a trap at a place of the active function.
func (ma *Machine) trap(kind TrapKind, message string, at Frame) {
	panic(&Trap{Kind: kind, Message: message, Frames: ma.frames(at)})
}

// wrong ends the call with an internal error.
func (ma *Machine) wrong(at Frame, format string, args ...any) {
	panic(&InternalError{Message: fmt.Sprintf(format, args...), Frames: ma.frames(at)})
}

// frames returns at and the places of the calls around it, innermost first. The
// outermost call is the embedder's and has no place.
func (ma *Machine) frames(at Frame) []Frame {
	list := []Frame{at}
	for i := len(ma.calls) - 1; i >= 0; i-- {
		if ma.calls[i].Func != nil {
			list = append(list, ma.calls[i])
		}
	}
	return list
}

// step counts steps.
func (ma *Machine) step(n int64, at Frame) {
	ma.steps += n
	if ma.steps > ma.cfg.MaxSteps {
		ma.trap(TrapSteps, "", at)
	}
}

// allocate counts bytes that an object takes.
func (ma *Machine) allocate(n int64, at Frame) {
	ma.allocated += n
	if ma.allocated > ma.cfg.MaxBytes {
		ma.allocated -= n
		ma.trap(TrapMemory, "", at)
	}
}

// frame holds the locals of an active function and its result. The zero value of
// both halves is what locals begin as.
type frame struct {
	nums []uint64
	refs []*Obj
	num  uint64
	ref  *Obj
}

// enter returns a frame for c with all locals zero.
func (ma *Machine) enter(c *code) *frame {
	var fr *frame
	if n := len(ma.free); n > 0 {
		fr, ma.free = ma.free[n-1], ma.free[:n-1]
	} else {
		fr = &frame{}
	}
	if cap(fr.nums) < c.nums {
		fr.nums = make([]uint64, c.nums)
	} else {
		fr.nums = fr.nums[:c.nums]
		clear(fr.nums)
	}
	if cap(fr.refs) < c.refs {
		fr.refs = make([]*Obj, c.refs)
	} else {
		fr.refs = fr.refs[:c.refs]
		clear(fr.refs)
	}
	return fr
}

// leave gives a frame back.
func (ma *Machine) leave(fr *frame) {
	fr.ref = nil
	clear(fr.refs)
	ma.free = append(ma.free, fr)
}

// errNoHost is what calls of imports end in without MachineConfig.Host.
var errNoHost = errors.New("the machine has no host")
