package cli

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/univrs/vudo/dol"
)

// testValue is a value of a DOL type that a property is tried on. Which fields
// count follows from the kind of its shape.
type testValue struct {
	shape   *dol.Shape
	bits    uint64      // bool, integers (sign-extended), the number of a variant, 1 for Some
	float   float64     // floats; never infinite, which JSON cannot say
	text    string      // text, char, bytes
	parts   []testValue // elements, fields, what is under a newtype; of a map keys and values in turn
	variant int         // of an enum
}

// appendJSON writes v as the guest reads it.
func (v *testValue) appendJSON(b []byte) []byte {
	s := v.shape
	switch s.Kind {
	case dol.ShapeBool:
		return strconv.AppendBool(b, v.bits != 0)
	case dol.ShapeInt:
		if s.Signed {
			return strconv.AppendInt(b, int64(v.bits), 10)
		}
		return strconv.AppendUint(b, v.bits, 10)
	case dol.ShapeFloat:
		if math.IsNaN(v.float) {
			return append(b, "null"...)
		}
		return strconv.AppendFloat(b, v.float, 'g', -1, s.Bits)
	case dol.ShapeChar, dol.ShapeText:
		return appendQuoted(b, v.text)
	case dol.ShapeBytes:
		b = append(b, '[')
		for i := range len(v.text) {
			if i > 0 {
				b = append(b, ',')
			}
			b = strconv.AppendUint(b, uint64(v.text[i]), 10)
		}
		return append(b, ']')
	case dol.ShapeList, dol.ShapeSet, dol.ShapeTuple:
		return appendArray(b, v.parts)
	case dol.ShapeMap:
		return v.appendMap(b)
	case dol.ShapeOption:
		switch {
		case v.bits == 0:
			return append(b, "null"...)
		case s.Elems[0].MayBeNull():
			return append(v.parts[0].appendJSON(append(b, `{"Some":`...)), '}')
		}
		return v.parts[0].appendJSON(b)
	case dol.ShapeRecord:
		return appendFields(b, s.Fields, v.parts)
	case dol.ShapeEnum:
		return v.appendVariant(b)
	case dol.ShapeNewtype:
		return v.parts[0].appendJSON(b)
	}
	return append(b, "null"...)
}

func (v *testValue) appendMap(b []byte) []byte {
	textKeys := v.shape.Elems[0].Kind == dol.ShapeText
	open, end := byte('['), byte(']')
	if textKeys {
		open, end = '{', '}'
	}
	b = append(b, open)
	for i := 0; i < len(v.parts); i += 2 {
		if i > 0 {
			b = append(b, ',')
		}
		if !textKeys {
			b = appendArray(b, v.parts[i:i+2])
			continue
		}
		b = append(v.parts[i].appendJSON(b), ':')
		b = v.parts[i+1].appendJSON(b)
	}
	return append(b, end)
}

func (v *testValue) appendVariant(b []byte) []byte {
	c := &v.shape.Variants[v.variant]
	if len(c.Fields) == 0 {
		return appendQuoted(b, c.Name)
	}
	b = append(appendQuoted(append(b, '{'), c.Name), ':')
	switch {
	case c.Tuple && len(c.Fields) == 1:
		b = v.parts[0].appendJSON(b)
	case c.Tuple:
		b = appendArray(b, v.parts)
	default:
		b = appendFields(b, c.Fields, v.parts)
	}
	return append(b, '}')
}

func appendArray(b []byte, parts []testValue) []byte {
	b = append(b, '[')
	for i := range parts {
		if i > 0 {
			b = append(b, ',')
		}
		b = parts[i].appendJSON(b)
	}
	return append(b, ']')
}

func appendFields(b []byte, fields []dol.ShapeField, parts []testValue) []byte {
	b = append(b, '{')
	for i := range parts {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendQuoted(b, fields[i].Name), ':')
		b = parts[i].appendJSON(b)
	}
	return append(b, '}')
}

func appendQuoted(b []byte, s string) []byte {
	q, err := json.Marshal(s)
	if err != nil {
		return append(b, `""`...) // a string always marshals
	}
	return append(b, q...)
}

// String writes v as DOL.
func (v *testValue) String() string {
	s := v.shape
	switch s.Kind {
	case dol.ShapeBool:
		return strconv.FormatBool(v.bits != 0)
	case dol.ShapeInt:
		return string(v.appendJSON(nil))
	case dol.ShapeFloat:
		return dolFloat(v.float, s.Bits)
	case dol.ShapeChar:
		return dolQuote(v.text, '\'')
	case dol.ShapeText:
		return dolQuote(v.text, '"')
	case dol.ShapeBytes:
		return "bytes " + string(v.appendJSON(nil))
	case dol.ShapeList:
		return "[" + joinValues(v.parts) + "]"
	case dol.ShapeSet:
		return "Set [" + joinValues(v.parts) + "]"
	case dol.ShapeTuple:
		return "(" + joinValues(v.parts) + ")"
	case dol.ShapeMap:
		var pairs []string
		for i := 0; i < len(v.parts); i += 2 {
			pairs = append(pairs, v.parts[i].String()+": "+v.parts[i+1].String())
		}
		if len(pairs) == 0 {
			return "{}"
		}
		return "{ " + strings.Join(pairs, ", ") + " }"
	case dol.ShapeOption:
		if v.bits == 0 {
			return "None"
		}
		return "Some(" + v.parts[0].String() + ")"
	case dol.ShapeRecord:
		return s.Name + dolFields(s.Fields, v.parts)
	case dol.ShapeEnum:
		c := &s.Variants[v.variant]
		name := s.Name + "." + c.Name
		switch {
		case len(c.Fields) == 0:
			return name
		case c.Tuple:
			return name + "(" + joinValues(v.parts) + ")"
		}
		return name + dolFields(c.Fields, v.parts)
	case dol.ShapeNewtype:
		return s.Name + "(" + v.parts[0].String() + ")"
	}
	return "()"
}

func joinValues(parts []testValue) string {
	texts := make([]string, len(parts))
	for i := range parts {
		texts[i] = parts[i].String()
	}
	return strings.Join(texts, ", ")
}

func dolFields(fields []dol.ShapeField, parts []testValue) string {
	texts := make([]string, len(parts))
	for i := range parts {
		texts[i] = fields[i].Name + ": " + parts[i].String()
	}
	return " { " + strings.Join(texts, ", ") + " }"
}

func dolFloat(f float64, bits int) string {
	if math.IsNaN(f) {
		return "f" + strconv.Itoa(bits) + "::NAN"
	}
	text := strconv.FormatFloat(f, 'g', -1, bits)
	if !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	return text
}

// dolQuote writes a literal of DOL, in which nothing can steer a terminal.
func dolQuote(s string, quote rune) string {
	var b strings.Builder
	b.WriteRune(quote)
	for _, r := range s {
		switch {
		case r == quote || r == '\\':
			b.WriteRune('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case hostile(r):
			b.WriteString(`\u{` + strconv.FormatInt(int64(r), 16) + "}")
		default:
			b.WriteRune(r)
		}
	}
	b.WriteRune(quote)
	return b.String()
}

// simpler returns values that are simpler than v, the simplest first: numbers
// nearer to zero, shorter text and lists, one part at a time. Following them always
// ends.
func (v *testValue) simpler() []testValue {
	s := v.shape
	var out []testValue
	with := func(change func(*testValue)) {
		w := *v
		change(&w)
		out = append(out, w)
	}
	switch s.Kind {
	case dol.ShapeBool:
		if v.bits != 0 {
			with(func(w *testValue) { w.bits = 0 })
		}
	case dol.ShapeInt:
		for _, n := range simplerInts(v.bits, s.Signed) {
			with(func(w *testValue) { w.bits = n })
		}
	case dol.ShapeFloat:
		for _, f := range simplerFloats(v.float, s.Bits) {
			with(func(w *testValue) { w.float = f })
		}
	case dol.ShapeChar:
		if v.text != "a" {
			with(func(w *testValue) { w.text = "a" })
		}
	case dol.ShapeText, dol.ShapeBytes:
		for _, text := range simplerTexts(v.text, s.Kind == dol.ShapeBytes) {
			with(func(w *testValue) { w.text = text })
		}
	case dol.ShapeList, dol.ShapeSet:
		return v.fewerParts(1)
	case dol.ShapeMap:
		return v.fewerParts(2)
	case dol.ShapeOption:
		if v.bits != 0 {
			with(func(w *testValue) { w.bits, w.parts = 0, nil })
		}
	case dol.ShapeEnum:
		for i := range v.variant {
			if len(s.Variants[i].Fields) == 0 {
				with(func(w *testValue) { w.variant, w.parts = i, nil })
			}
		}
	}
	return append(out, simplerParts(v)...)
}

// simplerParts changes one part at a time.
func simplerParts(v *testValue) []testValue {
	var out []testValue
	for i := range v.parts {
		for _, p := range v.parts[i].simpler() {
			w := *v
			w.parts = slices.Clone(v.parts)
			w.parts[i] = p
			if w.distinct() {
				out = append(out, w)
			}
		}
	}
	return out
}

// fewerParts takes parts away in groups of n, then makes those that are left
// simpler.
func (v *testValue) fewerParts(n int) []testValue {
	var out []testValue
	for _, cut := range cuts(len(v.parts) / n) {
		w := *v
		w.parts = slices.Concat(v.parts[:cut.from*n], v.parts[cut.to*n:])
		out = append(out, w)
	}
	return append(out, simplerParts(v)...)
}

// cut is a stretch to leave out.
type cut struct{ from, to int }

// cuts are stretches of a sequence of n to leave out: all, halves, then smaller
// ones down to single ones.
func cuts(n int) []cut {
	var out []cut
	for size := n; size > 0; size /= 2 {
		for from := 0; from < n; from += size {
			out = append(out, cut{from, min(from+size, n)})
		}
	}
	return out
}

// distinct reports whether the elements of a set, or the keys of a map, differ.
func (v *testValue) distinct() bool {
	step := 0
	switch v.shape.Kind {
	case dol.ShapeSet:
		step = 1
	case dol.ShapeMap:
		step = 2
	default:
		return true
	}
	seen := map[string]bool{}
	for i := 0; i < len(v.parts); i += step {
		key := string(v.parts[i].appendJSON(nil))
		if seen[key] {
			return false
		}
		seen[key] = true
	}
	return true
}

func simplerInts(bits uint64, signed bool) []uint64 {
	n := int64(bits)
	if !signed || n >= 0 {
		var out []uint64
		for d := bits; d > 0; d /= 2 { // bits less ever smaller steps: 0 first, bits-1 last
			out = append(out, bits-d)
		}
		return out
	}
	var out []uint64
	if n != math.MinInt64 {
		out = append(out, uint64(-n))
	}
	for d := n; d < 0; d /= 2 {
		out = append(out, uint64(n-d))
	}
	return out
}

func simplerFloats(f float64, bits int) []float64 {
	if f == 0 && !math.Signbit(f) {
		return nil
	}
	out := []float64{0}
	if math.IsNaN(f) {
		return out
	}
	if f < 0 {
		out = append(out, -f)
	}
	if t := math.Trunc(f); t != f {
		out = append(out, t)
	} else if half := math.Trunc(f / 2); half != 0 {
		out = append(out, half)
	}
	if near := f - math.Copysign(1, f); math.Abs(f) >= 1 && math.Abs(f) < 1<<20 && near != 0 {
		out = append(out, near)
	}
	if bits == 32 {
		for i := range out {
			out[i] = float64(float32(out[i]))
		}
	}
	return out
}

func simplerTexts(s string, raw bool) []string {
	var units []string
	if raw {
		for i := range len(s) {
			units = append(units, s[i:i+1])
		}
	} else {
		units = strings.Split(s, "")
	}
	if s == "" {
		return nil
	}
	var out []string
	for _, c := range cuts(len(units)) {
		out = append(out, strings.Join(slices.Concat(units[:c.from], units[c.to:]), ""))
	}
	plain := "a"
	if raw {
		plain = "\x00"
	}
	for i, u := range units {
		if u != plain {
			out = append(out, strings.Join(units[:i], "")+plain+strings.Join(units[i+1:], ""))
		}
	}
	return out
}
