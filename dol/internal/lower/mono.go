package lower

import (
	"strconv"
	"strings"

	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/dol/internal/typed"
)

// typeKey spells a type without parameters so that equal types, and only those,
// have equal keys.
func (l *lowerer) typeKey(t typed.Type) string {
	k := keyer{l: l}
	k.add(t)
	return k.b.String()
}

type keyer struct {
	l    *lowerer
	b    strings.Builder
	size int
}

func (k *keyer) add(t typed.Type) {
	if k.size++; k.size > maxTypeSize {
		k.l.fail(k.l.here(), "instantiation-depth", "type arguments grow without end: a type of more than %d parts is needed", maxTypeSize)
	}
	switch t := t.(type) {
	case *typed.Basic:
		k.b.WriteString(t.Kind.String())
	case *typed.Named:
		id, ok := k.l.decls[t.Decl]
		if !ok {
			id = len(k.l.decls)
			k.l.decls[t.Decl] = id
		}
		k.b.WriteByte('#')
		k.b.WriteString(strconv.Itoa(id))
		k.list('<', t.Args, '>')
	case *typed.Tuple:
		k.list('(', t.Elems, ')')
	case *typed.FuncType:
		k.list('|', t.Params, '|')
		k.add(t.Result)
	case *typed.Array:
		k.list('[', []typed.Type{t.Elem}, ']')
	case *typed.Param:
		k.l.fail(k.l.here(), "cannot-infer", "the type %s is not known here", t.Decl.Name)
	}
}

func (k *keyer) list(open byte, ts []typed.Type, end byte) {
	k.b.WriteByte(open)
	for i, t := range ts {
		if i > 0 {
			k.b.WriteByte(',')
		}
		k.add(t)
	}
	k.b.WriteByte(end)
}

// here is the place of the request that is being worked on.
func (l *lowerer) here() typed.Pos {
	if l.cur == nil {
		return typed.Pos{}
	}
	return l.cur.pos
}

// typesKey joins the keys of types.
func (l *lowerer) typesKey(ts []typed.Type) string {
	k := keyer{l: l}
	k.list('<', ts, '>')
	return k.b.String()
}

// instance returns the copy of a function for type arguments, which hold no
// parameters.
func (l *lowerer) instance(fn *typed.Func, args []typed.Type, pos typed.Pos) *ir.Func {
	id, ok := l.ids[fn]
	if !ok {
		id = len(l.ids)
		l.ids[fn] = id
	}
	key := "fun " + strconv.Itoa(id)
	if len(fn.TypeParams) > 0 {
		if len(args) != len(fn.TypeParams) {
			l.fail(pos, "cannot-infer", "%s has %d type parameters, found %d", fn.Name, len(fn.TypeParams), len(args))
		}
		key += l.typesKey(args)
	}
	if f, ok := l.funcs[key]; ok {
		return f
	}
	name := fn.Name
	if len(args) > 0 {
		name += "<" + typeNames(args) + ">"
	}
	out := l.newFunc(name, fn.Pos)
	l.funcs[key] = out
	sub := typed.Bind(fn.TypeParams, args)
	f := l.newBody(out, sub)
	f.params(fn.Params)
	out.Result = l.kind(sub.Apply(fn.Result))
	l.later(name, pos, func() { f.function(fn) })
	return out
}

func typeNames(ts []typed.Type) string {
	var b strings.Builder
	for i, t := range ts {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(t.String())
	}
	return b.String()
}

// library returns the instance of a function of the standard library.
func (l *lowerer) library(name string, pos typed.Pos, args ...typed.Type) *ir.Func {
	fn := l.prog.Known.Funcs[name]
	if fn == nil {
		l.fail(pos, "unsupported-at-build", "the standard library lacks %s", name)
	}
	return l.instance(fn, args, pos)
}

// resolve finds the function that a call of a trait's method means for a type,
// and its type arguments.
func (l *lowerer) resolve(c *typed.TraitCall, self typed.Type, traitArgs, own []typed.Type) (*typed.Func, []typed.Type) {
	method := c.Trait.Methods[c.Index]
	name := method.Name[strings.LastIndexByte(method.Name, '.')+1:]
	impl, args := l.prog.FindImpl(c.Trait, self)
	if impl != nil {
		if m := impl.Methods[name]; m != nil {
			return m, append(append([]typed.Type(nil), args...), own...)
		}
	}
	if method.Body == nil && method.Intrinsic == "" && method.Import == nil {
		l.fail(c.P, "bound-unsatisfied", "%s has no %s of %s", self, name, c.Trait.Name)
	}
	all := append([]typed.Type{self}, traitArgs...)
	return method, append(all, own...)
}
