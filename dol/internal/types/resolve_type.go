package types

import (
	"github.com/univrs/vudo/diag"
	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/dol/internal/typed"
)

// basicNames are the types that no declaration makes. They cannot be shadowed.
var basicNames = map[string]typed.Kind{
	"i8": typed.I8, "i16": typed.I16, "i32": typed.I32, "i64": typed.I64, "i128": typed.I128,
	"u8": typed.U8, "u16": typed.U16, "u32": typed.U32, "u64": typed.U64, "u128": typed.U128,
	"f32": typed.F32, "f64": typed.F64, "bool": typed.Bool, "string": typed.String, "char": typed.Char,
	"bytes": typed.Bytes,
}

// classicNames are second spellings of types. Hint: the spelling is classic, not
// an alias of equal standing.
var classicNames = map[string]string{
	"Int8": "i8", "Int16": "i16", "Int32": "i32", "Int64": "i64", "Int": "i64",
	"UInt8": "u8", "UInt16": "u16", "UInt32": "u32", "UInt64": "u64", "UInt": "u64",
	"Float32": "f32", "Float64": "f64", "Float": "f64",
	"Bool": "bool", "String": "string", "Char": "char", "Bytes": "bytes", "Void": "()", "Unit": "()",
	"List": "Vec", "Optional": "Option",
}

// classicSpelling is how a classic file calls a type.
var classicSpelling = map[string]string{
	"i8": "Int8", "i16": "Int16", "i32": "Int32", "i64": "Int64", "u8": "UInt8", "u16": "UInt16", "u32": "UInt32",
	"u64": "UInt64", "f32": "Float32", "f64": "Float64", "bool": "Bool", "string": "String", "char": "Char",
	"bytes": "Bytes", "()": "Void", "Vec": "List", "Option": "Optional",
}

// preludeAliases are names of the prelude for basic types (dol 5.3-e).
var preludeAliases = map[string]typed.Kind{
	"Timestamp": typed.I64, "Duration": typed.I64, "SpiritId": typed.String,
	"PublicKey": typed.Bytes, "Hash": typed.Bytes, "Signature": typed.Bytes,
}

// builtinBounds are the bounds that need no declaration.
var builtinBounds = map[string]bool{"Eq": true, "Ord": true, "Hash": true, "Num": true, "Show": true}

// typeOf resolves a type as written. A nil one is unit.
func (c *checker) typeOf(sc *tscope, t syntax.TypeExpr) typed.Type {
	switch t := t.(type) {
	case nil:
		return tUnit
	case *syntax.NamedType:
		return c.namedType(sc, t)
	case *syntax.TupleType:
		switch len(t.Elems) {
		case 0:
			return tUnit
		case 1:
			return c.typeOf(sc, t.Elems[0])
		}
		return c.tupleOf(c.typesOfAll(sc, t.Elems))
	case *syntax.FunType:
		return &typed.FuncType{Params: c.typesOfAll(sc, t.Params), Result: c.typeOf(sc, t.Result)}
	case *syntax.ListType:
		return c.vecOf(c.typeOf(sc, t.Elem))
	case *syntax.NeverType:
		return tNever
	case *syntax.RefType:
		return c.typeOf(sc, t.Elem)
	case *syntax.OptionType:
		return c.knownType("Option", c.typeOf(sc, t.Elem))
	case *syntax.EnumType:
		sc.src.report("type-mismatch", t.Span, "an enum without a name stands only in a declaration")
	case *syntax.IntType:
		sc.src.report("type-mismatch", t.Span, "expected a type, found a number")
	}
	return tInvalid
}

func (c *checker) typesOfAll(sc *tscope, ts []syntax.TypeExpr) []typed.Type {
	out := make([]typed.Type, len(ts))
	for i, t := range ts {
		out[i] = c.typeOf(sc, t)
	}
	return out
}

// tupleOf makes a tuple type, unit and the element itself for fewer than two.
func (c *checker) tupleOf(elems []typed.Type) typed.Type {
	switch len(elems) {
	case 0:
		return tUnit
	case 1:
		return elems[0]
	}
	return &typed.Tuple{Elems: elems}
}

// knownType is a type of the library that syntax refers to.
func (c *checker) knownType(name string, args ...typed.Type) typed.Type {
	t := c.lib[name]
	if t == nil {
		return tInvalid
	}
	c.headsOf(t)
	if len(t.decl.Params) != len(args) {
		return tInvalid
	}
	t.used = true
	return &typed.Named{Decl: t.decl, Args: args}
}

func (c *checker) vecOf(elem typed.Type) typed.Type { return c.knownType("Vec", elem) }

// isKnown returns the arguments of t if it is the library's type of that name.
func (c *checker) isKnown(t typed.Type, name string) ([]typed.Type, bool) {
	n, ok := prune(t).(*typed.Named)
	if !ok || c.lib[name] == nil || n.Decl != c.lib[name].decl {
		return nil, false
	}
	return n.Args, true
}

func (c *checker) namedType(sc *tscope, t *syntax.NamedType) typed.Type {
	s := sc.src
	if len(t.Name.Parts) == 1 {
		id := t.Name.Parts[0]
		if id.Name == "" {
			return tInvalid
		}
		if p := sc.param(id.Name); p != nil {
			c.noArgs(sc, t)
			return &typed.Param{Decl: p}
		}
		if id.Name == "Self" {
			if self := sc.selfType(); self != nil {
				return self
			}
			s.report("unresolved-type", id.Span, "Self has a meaning only in a declaration")
			return tInvalid
		}
		if k, ok := basicNames[id.Name]; ok {
			c.noArgs(sc, t)
			c.floats = c.floats || k.IsFloat() && (c.inBody || !s.library)
			if k == typed.I128 || k == typed.U128 {
				s.unsupported(id.Span, "128-bit integers")
			}
			return typed.Basics[k]
		}
	}
	if y := c.typeSymbol(sc, t.Name); y != nil {
		return c.symbolType(sc, y, t)
	}
	if len(t.Name.Parts) == 1 {
		if r, ok := c.spelledType(sc, t, t.Name.Parts[0]); ok {
			return r
		}
	}
	for _, a := range t.Args {
		if _, isInt := a.(*syntax.IntType); !isInt {
			c.typeOf(sc, a)
		}
	}
	c.unresolvedType(sc, t.Name)
	return tInvalid
}

// noArgs refuses type arguments of a type that has no parameters.
func (c *checker) noArgs(sc *tscope, t *syntax.NamedType) {
	if len(t.Args) > 0 {
		sc.src.report("arity", t.Span, "%s takes no type arguments", t.Name.String())
	}
}

// spelledType resolves classic spellings, transparent boxes, and the aliases of
// the prelude.
func (c *checker) spelledType(sc *tscope, t *syntax.NamedType, id syntax.Ident) (typed.Type, bool) {
	s := sc.src
	arity := func(n int) bool {
		if len(t.Args) == n {
			return true
		}
		s.report("arity", t.Span, "%s takes %d type argument%s, not %d", id.Name, n, plural(n), len(t.Args))
		return false
	}
	if now, ok := classicNames[id.Name]; ok {
		switch now {
		case "()":
			return tUnit, true
		case "Vec", "Option":
			if !arity(1) {
				return tInvalid, true
			}
			return c.knownType(now, c.typeOf(sc, t.Args[0])), true
		}
		c.noArgs(sc, t)
		return typed.Basics[basicNames[now]], true
	}
	switch id.Name {
	case "Array":
		if s.library && len(t.Args) == 1 {
			return &typed.Array{Elem: c.typeOf(sc, t.Args[0])}, true
		}
		if !arity(2) {
			return tInvalid, true
		}
		return c.vecOf(c.typeOf(sc, t.Args[0])), true
	case "Tuple":
		return c.tupleOf(c.typesOfAll(sc, t.Args)), true
	case "Box", "Rc", "Arc":
		if !arity(1) {
			return tInvalid, true
		}
		s.report("needless-ref", id.Span, "%s is not needed: records are held by reference", id.Name)
		return c.typeOf(sc, t.Args[0]), true
	case "TypeInfo":
		return typed.Basics[typed.TypeInfo], true
	case "Quoted":
		for _, a := range t.Args {
			c.typeOf(sc, a)
		}
		s.unsupported(id.Span, "quotation")
		return tInvalid, true
	}
	if k, ok := preludeAliases[id.Name]; ok {
		c.noArgs(sc, t)
		return typed.Basics[k], true
	}
	return nil, false
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

// typeSymbol finds the declaration that a type name means, or nil.
func (c *checker) typeSymbol(sc *tscope, q syntax.QName) *symbol {
	s := sc.src
	first := q.Parts[0].Name
	if len(q.Parts) == 1 {
		if y := sc.nested(first); y != nil {
			return y
		}
		y := s.lookup(first)
		if y != nil && (y.kind == symType || y.kind == symAlias || y.kind == symTrait || y.kind == symBad) {
			return y
		}
		return nil
	}
	full := q.String()
	if y := s.mod.scope[full]; y != nil && y.kind != symModule {
		return y
	}
	y := sc.nested(first)
	if y == nil {
		y = s.lookup(first)
	}
	i := 1
	if y == nil {
		if m, n := c.findModule(s.mod, q.Parts); m != nil {
			y, i = m.symbol(), n
		}
	}
	for ; y != nil && i < len(q.Parts); i++ {
		part := q.Parts[i]
		var next *symbol
		switch y.kind {
		case symBad:
			return y
		case symModule:
			if y.module == nil {
				return y
			}
			next = y.module.member(part.Name)
			if next == nil {
				next = y.module.scope[joinIdents(q.Parts[i:])]
				if next != nil {
					i = len(q.Parts) - 1
				}
			}
			if next != nil && !next.visible(s.mod) {
				s.private(part.Span, next)
			}
		case symType:
			next = y.typ.nested[part.Name]
		}
		y = next
	}
	if y != nil && y.kind != symModule {
		return y
	}
	return nil
}

func (c *checker) unresolvedType(sc *tscope, q syntax.QName) {
	s := sc.src
	sev := diag.Warning
	if c.o.Strict || c.hasCode(s) {
		sev = diag.Error
	}
	name := q.String()
	d := s.add(sev, !c.allow["unresolved-type"] || sev == diag.Error, "unresolved-type", q.Span, "no type is called %s", name)
	near := newNearest(name)
	for p := range basicNames {
		near.tryOrdered(p)
	}
	for t := sc; t != nil; t = t.parent {
		for _, p := range t.params {
			near.try(p.Name)
		}
	}
	s.candidates(near.tryOrdered)
	if near.best != "" {
		s.fix(d, "did you mean "+near.best+"?", q.Span, near.best)
	}
}

// tryOrdered is try for names that come in no fixed order: of equally near ones
// the first by spelling stays.
func (n *nearest) tryOrdered(name string) {
	dist, best := n.dist, n.best
	n.try(name)
	if n.best != best {
		return
	}
	if best != "" && name < best && name != n.want {
		n.dist = dist + 1
		n.best = ""
		n.try(name)
		if n.best == "" || n.dist != dist {
			n.best, n.dist = best, dist
		}
	}
}

// hasCode reports whether the file of s holds anything that runs.
func (c *checker) hasCode(s *source) bool {
	base := s.base()
	if base.code == 0 {
		base.code = 1
		for _, f := range c.allFuncs {
			if f.src.base() == base && f.decl != nil && f.decl.Body != nil {
				base.code = 2
				break
			}
		}
	}
	return base.code == 2
}

// symbolType makes the type that a declaration and arguments give.
func (c *checker) symbolType(sc *tscope, y *symbol, t *syntax.NamedType) typed.Type {
	s := sc.src
	switch y.kind {
	case symBad:
		for _, a := range t.Args {
			c.typeOf(sc, a)
		}
		return tInvalid
	case symAlias:
		return c.aliasType(sc, y.alias, t)
	case symTrait:
		d := s.report("type-mismatch", t.Span, "%s is a trait; a type is needed here", y.name)
		advise(d, "take a type parameter bounded by it: <T: "+y.name+">")
		return tInvalid
	}
	ti := y.typ
	c.headsOf(ti)
	ti.used = true
	args, ok := c.typeArgs(sc, y.name, ti.decl.Params, t)
	if !ok {
		return tInvalid
	}
	if len(args) > 0 {
		c.needBounds(s, t.Span, ti.decl.Params, args)
	}
	return &typed.Named{Decl: ti.decl, Args: args}
}

// typeArgs resolves the arguments for params, taking defaults for those left out.
func (c *checker) typeArgs(sc *tscope, name string, params []*typed.TypeParam, t *syntax.NamedType) ([]typed.Type, bool) {
	args := make([]typed.Type, 0, len(params))
	for _, a := range t.Args {
		args = append(args, c.typeOf(sc, a))
	}
	for len(args) < len(params) {
		def := c.paramDefaults[params[len(args)]]
		if def == nil {
			break
		}
		args = append(args, def)
	}
	if len(args) != len(params) {
		sc.src.report("arity", t.Span, "%s takes %d type argument%s, not %d", name, len(params), plural(len(params)), len(t.Args))
		return nil, false
	}
	return args, true
}

func (c *checker) aliasType(sc *tscope, a *aliasInfo, t *syntax.NamedType) typed.Type {
	c.resolveAlias(a)
	args, ok := c.typeArgs(sc, a.sym.name, a.params, t)
	if !ok || a.target == nil {
		return tInvalid
	}
	return typed.Bind(a.params, args).Apply(a.target)
}

func (c *checker) resolveAlias(a *aliasInfo) {
	switch a.state {
	case running:
		a.src.report("recursive-layout", a.sym.at, "type %s is defined by itself", a.sym.name)
		a.state = done
		a.target = tInvalid
	case untouched:
		a.state = running
		inner := &tscope{src: a.src, parent: a.scope}
		a.params = c.makeParams(inner, a.decl.Params)
		target := c.typeOf(inner, a.decl.Target)
		if a.state == running {
			a.target = target
		}
		a.state = done
	}
}

// makeParams declares type parameters in sc, resolves their bounds and defaults.
func (c *checker) makeParams(sc *tscope, params []syntax.TypeParam) []*typed.TypeParam {
	if len(params) == 0 {
		return nil
	}
	out := make([]*typed.TypeParam, 0, len(params))
	for i := range params {
		p := &params[i]
		for _, q := range out {
			if q.Name == p.Name.Name {
				sc.src.report("dup-param", p.Name.Span, "type parameter %s is declared twice", p.Name.Name)
			}
		}
		out = append(out, &typed.TypeParam{Name: p.Name.Name})
	}
	sc.params = append(sc.params, out...)
	for i := range params {
		p := &params[i]
		c.addBounds(sc, out[i], p.Bounds)
		if p.Default != nil {
			c.paramDefaults[out[i]] = c.typeOf(sc, p.Default)
		}
	}
	return out
}

func (c *checker) addBounds(sc *tscope, p *typed.TypeParam, bounds []syntax.TypeExpr) {
	for _, b := range bounds {
		if bound, ok := c.boundOf(sc, b); ok {
			p.Bounds = append(p.Bounds, bound)
		}
	}
}

// boundOf resolves a bound: a trait, or one of the built-in ones.
func (c *checker) boundOf(sc *tscope, t syntax.TypeExpr) (typed.Bound, bool) {
	n, ok := t.(*syntax.NamedType)
	if !ok {
		if _, bad := t.(*syntax.BadType); !bad && t != nil {
			sc.src.report("unresolved-name", t.Range(), "a bound is the name of a trait")
		}
		return typed.Bound{}, false
	}
	y := c.typeSymbol(sc, n.Name)
	if y != nil && y.kind == symTrait {
		c.traitHeads(y.trait)
		args, ok := c.typeArgs(sc, y.name, y.trait.decl.Params[1:], n)
		return typed.Bound{Trait: y.trait.decl, Args: args}, ok
	}
	name := n.Name.String()
	if builtinBounds[name] {
		return typed.Bound{Builtin: name}, true
	}
	if y != nil && y.kind == symBad {
		return typed.Bound{}, false
	}
	if y != nil {
		sc.src.report("type-mismatch", n.Span, "%s is a %s; a bound is a trait", name, y.kind)
		return typed.Bound{}, false
	}
	d := sc.src.report("unresolved-name", n.Span, "no trait is called %s", name)
	near := newNearest(name)
	for b := range builtinBounds {
		near.tryOrdered(b)
	}
	sc.src.candidates(near.tryOrdered)
	if near.best != "" {
		sc.src.fix(d, "did you mean "+near.best+"?", n.Span, near.best)
	}
	return typed.Bound{}, false
}

// typeName prints t in the dialect of the file.
func (s *source) typeName(t typed.Type) string {
	return typeText(resolve(t), s.classic)
}
