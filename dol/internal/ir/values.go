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
	span
	nonNull bool
	text    *Str  // the constant text that it is
	fn      *Func // of a closure, if known
	// The value is base + offset without overflow, both in the width of the value.
	base   value
	offset int64
	// The operator that it is the value of, 0 for none, and the operands.
	op   wasm.Opcode
	x, y value
}

// span is a range that an integer lies in, as a signed number.
type span struct{ lo, hi int64 }

// full is the range of all numbers of a kind.
func full(k Kind) span {
	if k == I32 {
		return span{math.MinInt32, math.MaxInt32}
	}
	return span{math.MinInt64, math.MaxInt64}
}

func (s span) within(t span) bool { return s.lo >= t.lo && s.hi <= t.hi }

// and returns what lies in both ranges; they meet.
func (s span) and(t span) span { return span{max(s.lo, t.lo), min(s.hi, t.hi)} }

func (s span) or(t span) span { return span{min(s.lo, t.lo), max(s.hi, t.hi)} }

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

// fresh makes a value of which nothing is known.
func (v *values) fresh(k Kind) value {
	n := value(len(v.facts))
	v.facts = append(v.facts, facts{span: full(k), base: n})
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
	v.facts[n].nonNull, v.facts[n].text = true, &Str{Text: s}
	return n
}

func (v *values) unary(op wasm.Opcode, x value) value {
	n, isNew := v.of(valueKey{what: isUn, op: op, a: x}, OpResult(op))
	if isNew {
		f := &v.facts[n]
		f.op, f.x, f.span = op, x, spanUn(op, v.facts[x].span)
	}
	return n
}

func (v *values) binary(op wasm.Opcode, x, y value) value {
	if commutes[op] && x > y {
		x, y = y, x
	}
	n, isNew := v.of(valueKey{what: isBin, op: op, a: x, b: y}, OpResult(op))
	if isNew {
		f, a, b := &v.facts[n], v.facts[x], v.facts[y]
		f.op, f.x, f.y, f.span = op, x, y, spanBin(op, a.span, b.span)
		if a.constant != nil {
			a, b = b, a
		}
		adds := op == wasm.OpI32Add || op == wasm.OpI64Add
		if adds && b.constant != nil && f.span != full(OpResult(op)) {
			f.base, f.offset = a.base, a.offset+b.lo
		}
	}
	return n
}

// spanUn returns the range of an operator's value from that of its operand.
func spanUn(op wasm.Opcode, x span) span {
	keep := func(t span) span {
		if x.within(t) {
			return x
		}
		return t
	}
	switch op {
	case wasm.OpI32Eqz, wasm.OpI64Eqz:
		return span{0, 1}
	case wasm.OpI64ExtendI32U:
		if x.lo < 0 {
			return span{0, math.MaxUint32}
		}
		return x
	case wasm.OpI64ExtendI32S:
		return x
	case wasm.OpI32WrapI64, wasm.OpI64Extend32S:
		return keep(full(I32))
	case wasm.OpI32Extend8S, wasm.OpI64Extend8S:
		return keep(span{math.MinInt8, math.MaxInt8})
	case wasm.OpI32Extend16S, wasm.OpI64Extend16S:
		return keep(span{math.MinInt16, math.MaxInt16})
	case wasm.OpI32Clz, wasm.OpI32Ctz, wasm.OpI32Popcnt, wasm.OpI64Clz, wasm.OpI64Ctz, wasm.OpI64Popcnt:
		return span{0, 64}
	}
	return full(OpResult(op))
}

// spanBin is spanUn for two operands.
func spanBin(op wasm.Opcode, a, b span) span {
	all := full(OpResult(op))
	constant := b.lo == b.hi
	switch op {
	case wasm.OpI32Add, wasm.OpI64Add:
		if !over(a.lo, b.lo, all) && !over(a.hi, b.hi, all) {
			return span{a.lo + b.lo, a.hi + b.hi}
		}
	case wasm.OpI32Mul, wasm.OpI64Mul:
		const small = 1 << 31
		if a.lo >= 0 && b.lo >= 0 && a.hi < small && b.hi < small && a.hi*b.hi <= all.hi {
			return span{a.lo * b.lo, a.hi * b.hi}
		}
	case wasm.OpI32Shl, wasm.OpI64Shl:
		if by := b.lo; constant && by >= 0 && by < 31 && a.lo >= 0 && a.hi <= all.hi>>by {
			return span{a.lo << by, a.hi << by}
		}
	case wasm.OpI32And, wasm.OpI64And:
		switch {
		case a.lo >= 0 && b.lo >= 0:
			return span{0, min(a.hi, b.hi)}
		case a.lo >= 0:
			return span{0, a.hi}
		case b.lo >= 0:
			return span{0, b.hi}
		}
	case wasm.OpI32Or, wasm.OpI32Xor, wasm.OpI64Or, wasm.OpI64Xor:
		if bit := (span{0, 1}); a.within(bit) && b.within(bit) {
			return bit
		}
	case wasm.OpI32ShrU, wasm.OpI64ShrU, wasm.OpI32ShrS, wasm.OpI64ShrS:
		width := int64(32)
		if OpResult(op) == I64 {
			width = 64
		}
		by := b.lo & (width - 1)
		switch {
		case !constant:
		case a.lo >= 0 || op == wasm.OpI32ShrS || op == wasm.OpI64ShrS:
			return span{a.lo >> by, a.hi >> by}
		case by > 0:
			return span{0, int64(uint64(math.MaxUint64) >> (64 - width) >> by)}
		}
	case wasm.OpI32RemU, wasm.OpI64RemU:
		if b.lo > 0 {
			return span{0, b.hi - 1}
		}
	case wasm.OpI32RemS, wasm.OpI64RemS:
		switch {
		case b.lo > 0 && a.lo >= 0:
			return span{0, b.hi - 1}
		case b.lo > 0:
			return span{-(b.hi - 1), b.hi - 1}
		}
	case wasm.OpI32DivU, wasm.OpI64DivU, wasm.OpI32DivS, wasm.OpI64DivS:
		if constant && b.lo > 0 && a.lo >= 0 {
			return span{a.lo / b.lo, a.hi / b.lo}
		}
	default:
		if _, ok := inverse[op]; ok {
			return span{0, 1}
		}
	}
	return all
}

// over reports whether x + y leaves the range, or that of int64.
func over(x, y int64, all span) bool {
	s := x + y
	return y != 0 && (s > x) != (y > 0) || s < all.lo || s > all.hi
}

// storage narrows what is known of a value read from narrow storage.
func (v *values) storage(n value, s Storage) {
	if t, ok := spans[s]; ok {
		v.facts[n].span = t
	}
}

// spans are the ranges of the narrow storages.
var spans = map[Storage]span{
	S8: {math.MinInt8, math.MaxInt8}, U8: {0, math.MaxUint8},
	S16: {math.MinInt16, math.MaxInt16}, U16: {0, math.MaxUint16},
}

// fits reports whether storing the value in s and reading it back changes
// nothing.
func (v *values) fits(n value, s Storage) bool {
	t, ok := spans[s]
	return !ok || v.facts[n].within(t)
}
