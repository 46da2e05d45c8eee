package spirit

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/univrs/vudo/internal/fault"
)

// Argument is one value on its way into a guest: Bytes for a parameter that
// crosses through memory, Bits for a number (i32 and f32 in the low half).
type Argument struct {
	Bits  uint64
	Bytes []byte
}

// TakesInput reports whether the input of a call is the only argument as it
// stands: the export has one parameter, of text or bytes.
func (s *Signature) TakesInput() bool {
	return len(s.Params) == 1 && (s.Params[0].ABI == ABIText || s.Params[0].ABI == ABIBytes)
}

// Arguments turns the input of a call into one argument per parameter. A single
// parameter of text or bytes is the input itself. Otherwise the input is a JSON
// array with one value per parameter; an empty input is an empty array.
//
//   - a whole number is written in decimal and lies in the range of its type;
//   - a float is a number or one of the strings "nan", "-nan", "inf", "-inf";
//   - bool is true or false, char a string of one character;
//   - text is a string, bytes a string in base64, JSON any value, passed on as
//     it is written.
//
// Another count or type is ErrArguments with the signature and what came
// instead. The result may alias input.
func (s *Signature) Arguments(input []byte) ([]Argument, error) {
	if s.TakesInput() {
		if s.Params[0].ABI == ABIText && !utf8.Valid(input) {
			return nil, fmt.Errorf("%w: %s, called with bytes that are no UTF-8", fault.ErrArguments, s)
		}
		return []Argument{{Bytes: input}}, nil
	}
	values, more, err := s.values(input)
	if err != nil {
		return nil, fmt.Errorf("%w: %s, called with an input that is no JSON array: %w", fault.ErrArguments, s, err)
	}
	kinds := make([]string, len(values))
	for i, v := range values {
		kinds[i] = jsonKind(v)
	}
	if more {
		kinds = append(kinds, "...")
	}
	called := fmt.Sprintf("%s, called with (%s)", s, strings.Join(kinds, ", "))
	if len(values) != len(s.Params) || more {
		return nil, fmt.Errorf("%w: %s", fault.ErrArguments, called)
	}
	args := make([]Argument, len(values))
	for i := range s.Params {
		p := &s.Params[i]
		if args[i], err = p.read(values[i]); err != nil {
			return nil, fmt.Errorf("%w: %s: %s: %w", fault.ErrArguments, called, p.Name, err)
		}
	}
	return args, nil
}

// values splits a JSON array into parts of input, without a copy: an input may be
// as large as everything else that a sandbox holds. It stops behind one value
// more than there are parameters.
func (s *Signature) values(input []byte) (values [][]byte, more bool, err error) {
	input = bytes.Trim(input, jsonBlanks)
	if len(input) == 0 {
		return nil, false, nil
	}
	if !utf8.Valid(input) {
		return nil, false, errors.New("no UTF-8")
	}
	if !json.Valid(input) {
		var none any
		return nil, false, json.Unmarshal(input, &none) // says where, and reads nothing
	}
	if input[0] != '[' {
		return nil, false, fmt.Errorf("it is %s", jsonKind(input))
	}
	depth, from := 0, 1
	for i := 0; i < len(input); i++ {
		switch input[i] {
		case '"':
			for i++; input[i] != '"'; i++ {
				if input[i] == '\\' {
					i++
				}
			}
			continue
		case '[', '{':
			depth++
			continue
		case ']', '}':
			if depth--; depth > 0 {
				continue
			}
		case ',':
			if depth > 1 {
				continue
			}
		default:
			continue
		}
		v := bytes.Trim(input[from:i], jsonBlanks)
		if from = i + 1; len(v) == 0 {
			break // an empty array: nothing else stands between two marks
		}
		if len(values) == len(s.Params) {
			return values, true, nil
		}
		values = append(values, v)
	}
	return values, false, nil
}

// jsonBlanks are the bytes that JSON allows between its marks.
const jsonBlanks = " \t\r\n"

// read turns one JSON value into the argument of a parameter.
func (p *Slot) read(raw []byte) (Argument, error) {
	kind := jsonKind(raw)
	switch p.ABI {
	case ABIJSON:
		return Argument{Bytes: raw}, nil
	case ABIText, ABIBytes:
		if kind != "string" {
			return Argument{}, p.mismatch(raw)
		}
		text, err := unquote(raw)
		if err != nil || p.ABI == ABIText {
			return Argument{Bytes: []byte(text)}, err
		}
		b, err := base64.StdEncoding.Strict().DecodeString(text)
		if err != nil {
			return Argument{}, errors.New("no base64")
		}
		return Argument{Bytes: b}, nil
	}
	t := p.scalar()
	text := string(raw)
	switch {
	case t.kind == aBool && kind == "boolean":
	case t.kind == aChar && kind == "string", t.kind == aFloat && kind == "string":
		s, err := unquote(raw)
		if err != nil {
			return Argument{}, err
		}
		if text = s; t.kind == aFloat && !notFinite(text) {
			return Argument{}, p.mismatch(raw)
		}
	case t.kind == aWhole && kind == "number", t.kind == aFloat && kind == "number":
	default:
		return Argument{}, p.mismatch(raw)
	}
	bits, err := p.ParseScalar(text)
	return Argument{Bits: bits}, err
}

func (p *Slot) mismatch(raw []byte) error {
	return fmt.Errorf("%s is expected, not %s", p.Type, jsonKind(raw))
}

// notFinite reports whether a word is one of those for what is no JSON number.
func notFinite(word string) bool {
	return word == "nan" || word == "-nan" || word == "inf" || word == "-inf"
}

// scalarKind is how a number is read and printed.
type scalarKind uint8

const (
	aWhole scalarKind = iota
	aFloat
	aBool
	aChar
)

type scalarType struct {
	kind   scalarKind
	bits   int // of the type, not of its wasm number
	signed bool
}

var scalarTypes = map[string]scalarType{
	"bool": {aBool, 1, false}, "char": {aChar, 32, false},
	"i8": {aWhole, 8, true}, "i16": {aWhole, 16, true}, "i32": {aWhole, 32, true}, "i64": {aWhole, 64, true},
	"u8": {aWhole, 8, false}, "u16": {aWhole, 16, false}, "u32": {aWhole, 32, false}, "u64": {aWhole, 64, false},
	"f32": {aFloat, 32, true}, "f64": {aFloat, 64, true},
}

// scalar is what the type holds; one that has a name of its own, such as an
// enum without payload, is the number that it crosses as.
func (p *Slot) scalar() scalarType {
	if t, ok := scalarTypes[p.Type]; ok {
		return t
	}
	return scalarTypes[p.ABI.String()]
}

// short is a value as an error shows it.
func short(text string) string {
	const most = 40 // characters; the longest number of 64 bits has 20
	for i := range text {
		if utf8.RuneCountInString(text[:i]) == most {
			return text[:i] + "..."
		}
	}
	return text
}

func (t scalarType) outside(text string) error {
	text = short(text)
	if t.signed {
		return fmt.Errorf("%s lies outside of %d to %d", text, int64(-1)<<(t.bits-1), int64(1)<<(t.bits-1)-1)
	}
	return fmt.Errorf("%s lies outside of 0 to %d", text, uint64(math.MaxUint64)>>(64-t.bits))
}

// ParseScalar reads a value of a slot that crosses as a number: decimal or 0x
// integers in the range of the type, floats with nan and inf, true and false, a
// single character. It returns the bits of the wasm number.
func (p *Slot) ParseScalar(text string) (uint64, error) {
	t := p.scalar()
	switch t.kind {
	case aBool:
		switch text {
		case "true":
			return 1, nil
		case "false":
			return 0, nil
		}
		return 0, fmt.Errorf("%q is neither true nor false", short(text))
	case aChar:
		r, n := utf8.DecodeRuneInString(text)
		if n == 0 || n < len(text) || r == utf8.RuneError && n == 1 {
			return 0, fmt.Errorf("%q is not one character", short(text))
		}
		return uint64(uint32(r)), nil
	case aFloat:
		f, err := strconv.ParseFloat(strings.TrimPrefix(text, "-"), t.bits)
		if err != nil || strings.HasPrefix(text, "--") || strings.HasPrefix(text, "-+") || strings.HasPrefix(text, "+") {
			if errors.Is(err, strconv.ErrRange) {
				return 0, fmt.Errorf("%s lies outside of %s", short(text), p.Type)
			}
			return 0, fmt.Errorf("%q is not an %s", short(text), p.Type)
		}
		if strings.HasPrefix(text, "-") {
			f = math.Copysign(f, -1)
		}
		if t.bits == 32 {
			return uint64(math.Float32bits(float32(f))), nil
		}
		return math.Float64bits(f), nil
	}
	return t.parseWhole(text, p.Type)
}

func (t scalarType) parseWhole(text, name string) (uint64, error) {
	digits, negative := strings.CutPrefix(text, "-")
	base := 10
	if rest, ok := strings.CutPrefix(strings.ToLower(digits), "0x"); ok {
		digits, base = rest, 16
	}
	n, err := strconv.ParseUint(strings.ReplaceAll(digits, "_", ""), base, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) || strings.HasPrefix(digits, "+") {
		return 0, fmt.Errorf("%q is not a whole number of type %s", short(text), name)
	}
	most := uint64(math.MaxUint64) >> (64 - t.bits)
	if t.signed {
		most >>= 1
	}
	if negative {
		if most = 0; t.signed {
			most = 1 << (t.bits - 1)
		}
	}
	if err != nil || n > most {
		return 0, t.outside(text)
	}
	if negative {
		n = -n
	}
	return t.cross(n), nil
}

// cross is a number of the type as its wasm number: 32 bits for all but 64.
func (t scalarType) cross(n uint64) uint64 {
	if t.bits < 64 {
		return uint64(uint32(n))
	}
	return n
}

// Holds reports whether the bits of a wasm number are a value of the slot's
// type: a bool of 2 and a char that is half of a pair are none.
func (p *Slot) Holds(bits uint64) bool {
	t := p.scalar()
	switch {
	case t.kind == aFloat:
		return true
	case t.kind == aBool:
		return uint32(bits) <= 1
	case t.kind == aChar:
		return uint32(bits) <= utf8.MaxRune && utf8.ValidRune(rune(uint32(bits)))
	case t.bits >= 32:
		return true
	case t.signed:
		n := int32(uint32(bits))
		return n >= -1<<(t.bits-1) && n < 1<<(t.bits-1)
	}
	return uint32(bits) < 1<<t.bits
}

// FormatScalar prints the bits of a wasm number as the slot's type, so that
// ParseScalar reads the same value back: true, 200, x, 0.5, nan. A value that the
// type does not hold prints as a number. Payloads of NaN are not printed.
func (p *Slot) FormatScalar(bits uint64) string {
	t := p.scalar()
	switch {
	case t.kind == aFloat:
		f := math.Float64frombits(bits)
		if t.bits == 32 {
			f = float64(math.Float32frombits(uint32(bits)))
		}
		return formatFloat(f, t.bits)
	case t.kind == aBool && p.Holds(bits):
		return strconv.FormatBool(uint32(bits) == 1)
	case t.kind == aChar && p.Holds(bits):
		return string(rune(uint32(bits)))
	case t.bits == 64 && t.signed:
		return strconv.FormatInt(int64(bits), 10)
	case t.bits == 64:
		return strconv.FormatUint(bits, 10)
	case t.signed:
		return strconv.FormatInt(int64(int32(uint32(bits))), 10)
	}
	return strconv.FormatUint(uint64(uint32(bits)), 10)
}

func formatFloat(f float64, bits int) string {
	switch {
	case math.IsNaN(f) && math.Signbit(f):
		return "-nan"
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 0) && f < 0:
		return "-inf"
	case math.IsInf(f, 0):
		return "inf"
	}
	return strconv.FormatFloat(f, 'g', -1, bits)
}

// JSONValue returns the bits of a wasm number as a value that json.Marshal
// writes: bool, a string for a char, a whole number beyond 2^53 and a float that
// is no JSON number, else a json.Number.
func (p *Slot) JSONValue(bits uint64) any {
	t := p.scalar()
	text := p.FormatScalar(bits)
	switch {
	case t.kind == aBool && p.Holds(bits):
		return uint32(bits) == 1
	case t.kind == aChar && p.Holds(bits):
		return text
	case t.kind == aFloat && notFinite(text):
		return text
	case t.kind == aWhole && t.bits == 64:
		const exact = 1 << 53
		if !t.signed && bits > exact || t.signed && (int64(bits) > exact || int64(bits) < -exact) {
			return text
		}
	}
	return json.Number(text)
}
