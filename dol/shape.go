package dol

import (
	"strings"

	"github.com/univrs/vudo/dol/internal/typed"
)

// Shape says how the values of a type are made: what a generator of test values
// needs, and how the value is written as JSON. Shapes of recursive types are
// circular.
type Shape struct {
	Kind ShapeKind
	Name string // the type, as DOL spells it

	Bits   int  // ShapeInt, ShapeFloat
	Signed bool // ShapeInt

	Elems    []*Shape       // of list, set, option: one; of map: key and value; of tuple: all; of newtype: what is under it
	Fields   []ShapeField   // ShapeRecord, those of ancestors first
	Variants []ShapeVariant // ShapeEnum
	Rules    []ShapeRule    // ShapeRecord: what makes a value valid
}

// ShapeKind is the kind of a Shape, which decides the JSON of its values.
type ShapeKind uint8

// The kinds. The JSON of each is in parentheses.
const (
	ShapeNone    ShapeKind = iota // no values can be made: functions and what holds them
	ShapeUnit                     // (null)
	ShapeBool                     // (true, false)
	ShapeInt                      // (number)
	ShapeFloat                    // (number; null is not a number)
	ShapeChar                     // (text of one character)
	ShapeText                     // (text)
	ShapeBytes                    // (array of numbers)
	ShapeList                     // (array)
	ShapeSet                      // (array)
	ShapeMap                      // (object where keys are text, else array of pairs)
	ShapeOption                   // (null or the value; {"Some": value} where the value may itself be null)
	ShapeTuple                    // (array)
	ShapeRecord                   // (object)
	ShapeEnum                     // ("Name", {"Name": value}, {"Name": [values]} or {"Name": {fields}})
	ShapeNewtype                  // (that of what is under it)
)

// ShapeField is a field of a record or variant.
type ShapeField struct {
	Name  string
	Shape *Shape
}

// ShapeVariant is a case of an enum. Tuple: its fields have no names.
type ShapeVariant struct {
	Name   string
	Tuple  bool
	Fields []ShapeField
}

// ShapeRule is a rule of a record: the export of the property that judges a value,
// and of how many fields, from the first, the record is that it takes; a rule of
// an ancestor does not know the fields of its descendants.
type ShapeRule struct {
	Name, Export string
	Fields       int
}

// MayBeNull reports whether the JSON of some value is null.
func (s *Shape) MayBeNull() bool {
	return s.Kind == ShapeUnit || s.Kind == ShapeFloat || s.Kind == ShapeOption
}

// Obstacle returns the first type within s of which no value can be made, or "".
func (s *Shape) Obstacle() string { return s.obstacle(map[*Shape]bool{}) }

func (s *Shape) obstacle(seen map[*Shape]bool) string {
	if seen[s] {
		return ""
	}
	seen[s] = true
	if s.Kind == ShapeNone {
		return s.Name
	}
	for _, e := range s.Elems {
		if o := e.obstacle(seen); o != "" {
			return o
		}
	}
	for _, f := range s.Fields {
		if o := f.Shape.obstacle(seen); o != "" {
			return o
		}
	}
	for _, v := range s.Variants {
		for _, f := range v.Fields {
			if o := f.Shape.obstacle(seen); o != "" {
				return o
			}
		}
	}
	return ""
}

// shaper makes the shapes of a program.
type shaper struct {
	prog  *typed.Program
	rules map[*typed.TypeDecl][]*typed.Property
	made  map[string]*Shape // by qualified type
}

func newShaper(prog *typed.Program) *shaper {
	s := &shaper{prog: prog, rules: map[*typed.TypeDecl][]*typed.Property{}, made: map[string]*Shape{}}
	for _, p := range prog.Props {
		if p.Of != nil {
			s.rules[p.Of] = append(s.rules[p.Of], p)
		}
	}
	return s
}

func (s *shaper) shape(t typed.Type) *Shape {
	key := qualified(t)
	if y := s.made[key]; y != nil {
		return y
	}
	y := &Shape{Name: t.String()}
	s.made[key] = y // before its parts: they may hold it
	switch t := t.(type) {
	case *typed.Basic:
		basicShape(y, t.Kind)
	case *typed.Tuple:
		y.Kind, y.Elems = ShapeTuple, s.shapes(t.Elems)
	case *typed.Named:
		s.named(y, t)
	}
	return y
}

func basicShape(y *Shape, k typed.Kind) {
	switch {
	case k == typed.Unit:
		y.Kind = ShapeUnit
	case k == typed.Bool:
		y.Kind = ShapeBool
	case k == typed.Char:
		y.Kind = ShapeChar
	case k == typed.String:
		y.Kind = ShapeText
	case k == typed.Bytes:
		y.Kind = ShapeBytes
	case k.IsInt() && k.Bits() <= 64:
		y.Kind, y.Bits, y.Signed = ShapeInt, k.Bits(), k.IsSigned()
	case k.IsFloat():
		y.Kind, y.Bits = ShapeFloat, k.Bits()
	}
}

func (s *shaper) shapes(ts []typed.Type) []*Shape {
	var out []*Shape
	for _, t := range ts {
		out = append(out, s.shape(t))
	}
	return out
}

func (s *shaper) named(y *Shape, t *typed.Named) {
	known := s.prog.Known
	switch t.Decl {
	case known.Vec:
		y.Kind, y.Elems = ShapeList, s.shapes(t.Args)
	case known.Set:
		y.Kind, y.Elems = ShapeSet, s.shapes(t.Args)
	case known.Map:
		y.Kind, y.Elems = ShapeMap, s.shapes(t.Args)
	case known.Option:
		y.Kind, y.Elems = ShapeOption, s.shapes(t.Args)
	default:
		subst := typed.Bind(t.Decl.Params, t.Args)
		switch t.Decl.Kind {
		case typed.Record:
			y.Kind = ShapeRecord
			s.record(y, t)
		case typed.EnumKind:
			y.Kind = ShapeEnum
			for _, v := range t.Decl.Variants {
				sv := ShapeVariant{Name: v.Name, Tuple: len(v.Fields) > 0 && v.Fields[0].Name == "0"}
				for _, f := range v.Fields {
					sv.Fields = append(sv.Fields, ShapeField{f.Name, s.shape(subst.Apply(f.Type))})
				}
				y.Variants = append(y.Variants, sv)
			}
		case typed.NewtypeKind:
			y.Kind, y.Elems = ShapeNewtype, []*Shape{s.shape(subst.Apply(t.Decl.Under))}
		}
	}
}

// record adds the fields and rules of t, its ancestors' first.
func (s *shaper) record(y *Shape, t *typed.Named) {
	subst := typed.Bind(t.Decl.Params, t.Args)
	if p := t.Decl.Parent; p != nil {
		if parent, ok := subst.Apply(p).(*typed.Named); ok {
			s.record(y, parent)
		}
	}
	for _, f := range t.Decl.Fields {
		y.Fields = append(y.Fields, ShapeField{f.Name, s.shape(subst.Apply(f.Type))})
	}
	for _, p := range s.rules[t.Decl] {
		y.Rules = append(y.Rules, ShapeRule{p.Name, propertyExport(p), len(y.Fields)})
	}
}

// qualified is a type with the modules of its declarations: two modules may have
// types of one name.
func qualified(t typed.Type) string {
	list := func(ts []typed.Type) string {
		parts := make([]string, len(ts))
		for i, t := range ts {
			parts[i] = qualified(t)
		}
		return strings.Join(parts, ",")
	}
	switch t := t.(type) {
	case *typed.Named:
		return t.Decl.Module + "." + t.Decl.Name + "<" + list(t.Args) + ">"
	case *typed.Tuple:
		return "(" + list(t.Elems) + ")"
	}
	return t.String()
}
