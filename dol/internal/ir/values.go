package ir

import (
	"math"

	"github.com/univrs/vudo/internal/wasm"
)

// value numbers a value: expressions with the same number have the same value
// whenever both are evaluated in one round of the loops around them.
type value int32

// valueKey is what makes a value: an operator and the values of its operands,
// with the version of the place that it reads.
type valueKey struct {
	what    what
	op      wasm.Opcode
	a, b, c value
	n       uint64
}

// what tells the kinds of keys apart.
type what uint8

const (
	isConst what = iota // n bits, c kind
	isText              // n number of the text
	isFunc              // n function ID
	isUn
	isBin
	isLoad // a place, b version, c object
	isElem // a object, b version, c index, n place
	isRead // a place of a global, b version
	isLen
	isNull
	isSame
	isTern
	isJoin // a and b met at the join n
)

// facts is what is known of a value for good.
type facts struct {
	constant *Const
	lo, hi   int64 // of an integer, signed
	nonNull  bool
	fn       *Func // of a closure, if known
	// The value is base + offset without overflow, both in the width of the value.
	base   value
	offset int64
}

// values is the table of all values of one function.
type values struct {
	table map[valueKey]value
	facts []facts
	texts map[string]uint64
}

func newValues() *values {
	v := &values{table: map[valueKey]value{}, texts: map[string]uint64{}}
	v.fresh(None) // value 0 is none
	return v
}

func limits(k Kind) (lo, hi int64) {
	if k == I32 {
		return math.MinInt32, math.MaxInt32
	}
	return math.MinInt64, math.MaxInt64
}

// fresh makes a value of which nothing is known.
func (v *values) fresh(k Kind) value {
	lo, hi := limits(k)
	n := value(len(v.facts))
	v.facts = append(v.facts, facts{lo: lo, hi: hi, base: n})
	return n
}

// of returns the value with a key, making it when it is new.
func (v *values) of(key valueKey, k Kind) (n value, isNew bool) {
	if n, ok := v.table[key]; ok {
		return n, false
	}
	n = v.fresh(k)
	v.table[key] = n
	return n, true
}

func (v *values) constant(c *Const) value {
	n, isNew := v.of(valueKey{what: isConst, n: c.Bits, c: value(c.K)}, c.K)
	if isNew {
		f := &v.facts[n]
		f.constant = c
		switch c.K {
		case I32:
			f.lo = int64(int32(c.Bits))
		case I64:
			f.lo = int64(c.Bits)
		default:
			return n
		}
		f.hi = f.lo
	}
	return n
}

func (v *values) text(s string) value {
	id, ok := v.texts[s]
	if !ok {
		id = uint64(len(v.texts))
		v.texts[s] = id
	}
	n, _ := v.of(valueKey{what: isText, n: id}, Ref)
	v.facts[n].nonNull = true
	return n
}

func (v *values) unary(op wasm.Opcode, x value) value {
	n, isNew := v.of(valueKey{what: isUn, op: op, a: x}, OpResult(op))
	if isNew {
		v.rangeUn(&v.facts[n], op, v.facts[x])
	}
	return n
}

func (v *values) binary(op wasm.Opcode, x, y value) value {
	if commutes[op] && x > y {
		x, y = y, x
	}
	n, isNew := v.of(valueKey{what: isBin, op: op, a: x, b: y}, OpResult(op))
	if isNew {
		v.rangeBin(n, op, x, y)
	}
	return n
}

func (v *values) rangeUn(f *facts, op wasm.Opcode, x facts) {
	set := func(lo, hi int64) { f.lo, f.hi = lo, hi }
	within := func(lo, hi int64) {
		if x.lo >= lo && x.hi <= hi {
			lo, hi = x.lo, x.hi
		}
		set(lo, hi)
	}
	switch op {
	case wasm.OpI32Eqz, wasm.OpI64Eqz:
		set(0, 1)
	case wasm.OpI64ExtendI32U:
		set(0, math.MaxUint32)
		if x.lo >= 0 {
			set(x.lo, x.hi)
		}
	case wasm.OpI64ExtendI32S:
		set(x.lo, x.hi)
	case wasm.OpI32WrapI64, wasm.OpI64Extend32S:
		within(math.MinInt32, math.MaxInt32)
	case wasm.OpI32Extend8S, wasm.OpI64Extend8S:
		within(math.MinInt8, math.MaxInt8)
	case wasm.OpI32Extend16S, wasm.OpI64Extend16S:
		within(math.MinInt16, math.MaxInt16)
	case wasm.OpI32Clz, wasm.OpI32Ctz, wasm.OpI32Popcnt, wasm.OpI64Clz, wasm.OpI64Ctz, wasm.OpI64Popcnt:
		set(0, 64)
	}
}

func (v *values) rangeBin(n value, op wasm.Opcode, x, y value) {
	f, a, b := &v.facts[n], v.facts[x], v.facts[y]
	set := func(lo, hi int64) { f.lo, f.hi = lo, hi }
	switch op {
	case wasm.OpI32Add, wasm.OpI64Add:
		least, most := limits(OpResult(op))
		if b.constant == nil {
			a, b = b, a
		}
		if over(a.lo, b.lo, least, most) || over(a.hi, b.hi, least, most) {
			return
		}
		set(a.lo+b.lo, a.hi+b.hi)
		if b.constant != nil {
			f.base, f.offset = a.base, a.offset+b.lo
		}
	case wasm.OpI32And, wasm.OpI64And:
		switch {
		case a.lo >= 0 && b.lo >= 0:
			set(0, min(a.hi, b.hi))
		case a.lo >= 0:
			set(0, a.hi)
		case b.lo >= 0:
			set(0, b.hi)
		}
	case wasm.OpI32Or, wasm.OpI32Xor, wasm.OpI64Or, wasm.OpI64Xor:
		if a.lo >= 0 && a.hi <= 1 && b.lo >= 0 && b.hi <= 1 {
			set(0, 1)
		}
	case wasm.OpI32ShrU, wasm.OpI64ShrU, wasm.OpI32ShrS, wasm.OpI64ShrS:
		if b.constant == nil {
			return
		}
		width := int64(32)
		if OpResult(op) == I64 {
			width = 64
		}
		by := b.lo & (width - 1)
		switch {
		case a.lo >= 0 || op == wasm.OpI32ShrS || op == wasm.OpI64ShrS:
			set(a.lo>>by, a.hi>>by)
		case by > 0:
			set(0, int64(uint64(math.MaxUint64)>>(64-width)>>by))
		}
	case wasm.OpI32RemU, wasm.OpI64RemU:
		if b.constant != nil && b.lo > 0 {
			set(0, b.lo-1)
		}
	case wasm.OpI32RemS, wasm.OpI64RemS:
		if b.constant != nil && b.lo > 0 {
			set(-(b.lo - 1), b.lo-1)
			if a.lo >= 0 {
				f.lo = 0
			}
		}
	case wasm.OpI32DivU, wasm.OpI64DivU, wasm.OpI32DivS, wasm.OpI64DivS:
		if b.constant != nil && b.lo > 0 && a.lo >= 0 {
			set(a.lo/b.lo, a.hi/b.lo)
		}
	default:
		if _, ok := inverse[op]; ok {
			set(0, 1)
		}
	}
}

// over reports whether x + y leaves the range, or that of int64.
func over(x, y, least, most int64) bool {
	s := x + y
	return (s > x) != (y > 0) && y != 0 || s < least || s > most
}

// storage narrows what is known of a value read from narrow storage.
func (v *values) storage(n value, s Storage) {
	f := &v.facts[n]
	switch s {
	case S8:
		f.lo, f.hi = math.MinInt8, math.MaxInt8
	case U8:
		f.lo, f.hi = 0, math.MaxUint8
	case S16:
		f.lo, f.hi = math.MinInt16, math.MaxInt16
	case U16:
		f.lo, f.hi = 0, math.MaxUint16
	}
}

// fits reports whether storing the value in s and reading it back changes
// nothing.
func (v *values) fits(n value, s Storage) bool {
	f := v.facts[n]
	switch s {
	case S8:
		return f.lo >= math.MinInt8 && f.hi <= math.MaxInt8
	case U8:
		return f.lo >= 0 && f.hi <= math.MaxUint8
	case S16:
		return f.lo >= math.MinInt16 && f.hi <= math.MaxInt16
	case U16:
		return f.lo >= 0 && f.hi <= math.MaxUint16
	}
	return true
}
