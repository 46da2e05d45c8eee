package typed

import (
	"strings"
)

// Type is a type after checking. Compare with Identical.
type Type interface {
	String() string
	typ()
}

// Kind is a basic type.
type Kind uint8

// The basic types. Invalid follows a reported error and is never in a Program
// that has none.
const (
	Invalid Kind = iota
	Unit
	Never
	Bool
	Char
	I8
	I16
	I32
	I64
	I128
	U8
	U16
	U32
	U64
	U128
	F32
	F64
	String
	Bytes
	TypeInfo
)

var kindNames = [...]string{"invalid", "()", "!", "bool", "char", "i8", "i16", "i32", "i64", "i128", "u8", "u16", "u32", "u64", "u128", "f32", "f64", "string", "bytes", "TypeInfo"}

// String returns the type as DOL spells it.
func (k Kind) String() string { return kindNames[k] }

// IsInt reports whether k is an integer type.
func (k Kind) IsInt() bool { return k >= I8 && k <= U128 }

// IsSigned reports whether k is a signed integer type.
func (k Kind) IsSigned() bool { return k >= I8 && k <= I128 }

// IsFloat reports whether k is f32 or f64.
func (k Kind) IsFloat() bool { return k == F32 || k == F64 }

// IsNumber reports whether k is an integer or float type.
func (k Kind) IsNumber() bool { return k.IsInt() || k.IsFloat() }

// Bits returns the width of a number, bool (1) or char (32), else 0.
func (k Kind) Bits() int {
	switch k {
	case Bool:
		return 1
	case I8, U8:
		return 8
	case I16, U16:
		return 16
	case I32, U32, F32, Char:
		return 32
	case I64, U64, F64:
		return 64
	case I128, U128:
		return 128
	}
	return 0
}

type (
	// Basic is a basic type; the values of Basics are the only ones.
	Basic struct{ Kind Kind }
	// Named is a declared type with its arguments.
	Named struct {
		Decl *TypeDecl
		Args []Type
	}
	// Tuple has at least two elements; unit is Basic.
	Tuple struct{ Elems []Type }
	// Func is the type of a function value.
	FuncType struct {
		Params []Type
		Result Type
	}
	// Param is a type parameter in use.
	Param struct{ Decl *TypeParam }
	// Array is the raw array of the standard library, written Array<T> there.
	Array struct{ Elem Type }
)

func (*Basic) typ()    {}
func (*Named) typ()    {}
func (*Tuple) typ()    {}
func (*FuncType) typ() {}
func (*Param) typ()    {}
func (*Array) typ()    {}

// Basics holds the one value of each basic type.
var Basics = func() (b [TypeInfo + 1]*Basic) {
	for k := range b {
		b[k] = &Basic{Kind(k)}
	}
	return b
}()

func (t *Basic) String() string { return t.Kind.String() }

// String returns the type with its arguments, as DOL writes it.
func (t *Named) String() string {
	if len(t.Args) == 0 {
		return t.Decl.Name
	}
	return t.Decl.Name + "<" + join(t.Args) + ">"
}
func (t *Tuple) String() string { return "(" + join(t.Elems) + ")" }
func (t *FuncType) String() string {
	return "(" + join(t.Params) + ") -> " + t.Result.String()
}
func (t *Param) String() string { return t.Decl.Name }
func (t *Array) String() string { return "Array<" + t.Elem.String() + ">" }

func join(ts []Type) string {
	var b strings.Builder
	for i, t := range ts {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(t.String())
	}
	return b.String()
}

// KindOf returns the kind of a basic type, Invalid for all others.
func KindOf(t Type) Kind {
	if b, ok := t.(*Basic); ok {
		return b.Kind
	}
	return Invalid
}

// Identical reports whether two types are the same type.
func Identical(a, b Type) bool {
	if a == b {
		return true
	}
	switch a := a.(type) {
	case *Named:
		b, ok := b.(*Named)
		return ok && a.Decl == b.Decl && identicalAll(a.Args, b.Args)
	case *Tuple:
		b, ok := b.(*Tuple)
		return ok && identicalAll(a.Elems, b.Elems)
	case *FuncType:
		b, ok := b.(*FuncType)
		return ok && identicalAll(a.Params, b.Params) && Identical(a.Result, b.Result)
	case *Param:
		b, ok := b.(*Param)
		return ok && a.Decl == b.Decl
	case *Array:
		b, ok := b.(*Array)
		return ok && Identical(a.Elem, b.Elem)
	}
	return false
}

func identicalAll(a, b []Type) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !Identical(a[i], b[i]) {
			return false
		}
	}
	return true
}

// Subst maps type parameters to types.
type Subst map[*TypeParam]Type

// Bind makes the substitution of params by args, which are as many.
func Bind(params []*TypeParam, args []Type) Subst {
	s := make(Subst, len(params))
	for i, p := range params {
		s[p] = args[i]
	}
	return s
}

// Apply replaces the parameters in t; parameters that s lacks stay.
func (s Subst) Apply(t Type) Type {
	if len(s) == 0 {
		return t
	}
	switch t := t.(type) {
	case *Named:
		if args, changed := s.applyAll(t.Args); changed {
			return &Named{t.Decl, args}
		}
	case *Tuple:
		if e, changed := s.applyAll(t.Elems); changed {
			return &Tuple{e}
		}
	case *FuncType:
		p, changed := s.applyAll(t.Params)
		r := s.Apply(t.Result)
		if changed || r != t.Result {
			return &FuncType{p, r}
		}
	case *Param:
		if u, ok := s[t.Decl]; ok {
			return u
		}
	case *Array:
		if e := s.Apply(t.Elem); e != t.Elem {
			return &Array{e}
		}
	}
	return t
}

func (s Subst) applyAll(ts []Type) ([]Type, bool) {
	for i, t := range ts {
		if u := s.Apply(t); u != t {
			out := append([]Type(nil), ts...)
			out[i] = u
			for j := i + 1; j < len(ts); j++ {
				out[j] = s.Apply(ts[j])
			}
			return out, true
		}
	}
	return ts, false
}

// Match finds the substitution of params that makes pattern into t, adding to s.
// It reports whether there is one.
func (s Subst) Match(params []*TypeParam, pattern, t Type) bool {
	if p, ok := pattern.(*Param); ok {
		for _, q := range params {
			if p.Decl == q {
				if u, bound := s[q]; bound {
					return Identical(u, t)
				}
				s[q] = t
				return true
			}
		}
	}
	all := func(a, b []Type) bool {
		if len(a) != len(b) {
			return false
		}
		for i := range a {
			if !s.Match(params, a[i], b[i]) {
				return false
			}
		}
		return true
	}
	switch p := pattern.(type) {
	case *Named:
		t, ok := t.(*Named)
		return ok && p.Decl == t.Decl && all(p.Args, t.Args)
	case *Tuple:
		t, ok := t.(*Tuple)
		return ok && all(p.Elems, t.Elems)
	case *FuncType:
		t, ok := t.(*FuncType)
		return ok && all(p.Params, t.Params) && s.Match(params, p.Result, t.Result)
	case *Array:
		t, ok := t.(*Array)
		return ok && s.Match(params, p.Elem, t.Elem)
	}
	return Identical(pattern, t)
}

// FindImpl returns the implementation of a trait for a concrete type, that of
// an ancestor when the type itself has none, and the arguments of its
// parameters; nil when there is none.
func (p *Program) FindImpl(trait *TraitDecl, t Type) (*Impl, []Type) {
	for t != nil {
		for _, im := range p.Impls {
			if im.Trait != trait {
				continue
			}
			s := Subst{}
			if !s.Match(im.Params, im.For, t) {
				continue
			}
			args := make([]Type, len(im.Params))
			for i, q := range im.Params {
				args[i] = s[q]
			}
			return im, args
		}
		n, ok := t.(*Named)
		if !ok || n.Decl.Parent == nil {
			return nil, nil
		}
		t = Bind(n.Decl.Params, n.Args).Apply(n.Decl.Parent)
	}
	return nil, nil
}
