package spirit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/univrs/vudo/internal/fault"
)

const declaredExample = `{"version":1,
 "exports":[
  {"name":"greet","params":[{"name":"who","type":"string","abi":"text"}],"result":{"type":"string","abi":"text"}},
  {"name":"main"},
  {"name":"sum","params":[{"name":"all","type":"Vec<i64>","abi":"json"},{"name":"from","type":"u8","abi":"i32"}],"result":{"type":"i64","abi":"i64"}}],
 "capabilities":["actuator.log","time"],
 "max_memory_bytes":67108864,
 "records":[{"name":"Account","size":16,"align":8,"fields":[{"name":"owner","type":"string","offset":0},{"name":"balance","type":"i64","offset":8}]}]}`

// Proves: spirit 12.47
func TestDeclared(t *testing.T) {
	d, err := ParseDeclared([]byte(declaredExample))
	if err != nil {
		t.Fatal(err)
	}
	want := &Declared{
		Exports: []Signature{
			{"greet", []Slot{{"who", "string", ABIText}}, Slot{"", "string", ABIText}},
			{"main", nil, Slot{}},
			{"sum", []Slot{{"all", "Vec<i64>", ABIJSON}, {"from", "u8", ABII32}}, Slot{"", "i64", ABII64}},
		},
		Asks: true, Capabilities: []Capability{SensorTime, ActuatorLog}, MaxMemoryBytes: 64 << 20,
		Records: []RecordLayout{{"Account", 16, 8, []RecordField{{"owner", "string", 0}, {"balance", "i64", 8}}}},
	}
	if !reflect.DeepEqual(d, want) {
		t.Errorf("got  %+v\nwant %+v", d, want)
	}
	for name, line := range map[string]string{"greet": "greet(who: string) -> string", "main": "main()", "sum": "sum(all: Vec<i64>, from: u8) -> i64"} {
		if got := d.Export(name).String(); got != line {
			t.Errorf("%q, want %q", got, line)
		}
	}
	if d.Export("other") != nil {
		t.Error("an export that is not declared")
	}
	for a := ABINone; a <= ABIJSON; a++ {
		if a.InMemory() && a.Scalar() || a.String() == "" {
			t.Errorf("%v is a number in memory", a)
		}
	}
	if ABI(99).String() != "abi(99)" {
		t.Error(ABI(99))
	}
	d, err = ParseDeclared([]byte(`{"version":1,"capabilities":[]}`))
	if err != nil || !d.Asks || len(d.Capabilities) != 0 {
		t.Errorf("a module that asks for nothing: %+v, %v", d, err)
	}
	if d, err = ParseDeclared([]byte(`{"version":1}`)); err != nil || d.Asks {
		t.Errorf("a module that does not speak of capabilities: %+v, %v", d, err)
	}
}

// Each refused form names its place.
//
// Proves: spirit 12.47
func TestDeclaredRefused(t *testing.T) {
	edit := func(from, to string) string {
		if strings.Count(declaredExample, from) == 0 {
			t.Fatalf("%q is not there", from)
		}
		return strings.Replace(declaredExample, from, to, 1)
	}
	for text, want := range map[string]string{
		"":                     "the JSON ends too early",
		"[]":                   "an object is expected, not array",
		"null":                 "an object is expected, not null",
		`{"version":`:          "the JSON ends too early",
		"{}":                   "version is missing",
		"{\"a\xff\"}":          "no UTF-8",
		declaredExample + "{}": "something stands behind the object",
		edit(`"version":1`, `"version":2,"new":{}`):                              "version 2, this program reads version 1",
		edit(`"version":1`, `"version":0`):                                       "version: a whole number of 1 to 4294967295 is expected, not 0",
		edit(`"version":1`, `"version":1.0`):                                     "version: a whole number of",
		edit(`"version":1`, `"version":"1"`):                                     `is expected, not "1"`,
		edit(`"version":1`, `"version":1,"new":1`):                               "new: not a known key (version, exports,",
		edit(`"version":1`, `"version":1,"version":1`):                           `the key "version" stands twice`,
		edit(`"version":1`, `"version":1,"Exports":[]`):                          "Exports: not a known key",
		edit(`"exports":[`, `"exports":{`):                                       "invalid character",
		edit(`{"name":"main"}`, `"main"`):                                        "exports[1]: an object is expected, not string",
		edit(`{"name":"main"}`, `{}`):                                            "exports[1].name is missing",
		edit(`{"name":"main"}`, `{"name":""}`):                                   "exports[1].name is empty",
		edit(`{"name":"main"}`, `{"name":7}`):                                    "exports[1].name: a string is expected, not number",
		edit(`{"name":"main"}`, `{"name":"greet"}`):                              `exports[1]: "greet" stands twice`,
		edit(`{"name":"main"}`, `{"name":"\ud800x"}`):                            `exports[1].name: \ud800 is half of a character`,
		edit(`{"name":"main"}`, `{"name":"\udc00"}`):                             `\udc00 is half of a character`,
		edit(`{"name":"main"}`, `{"name":"a\ud800\u0041"}`):                      `\ud800 is half of a character`,
		edit(`{"name":"main"}`, `{"name":"main","abi":1}`):                       "exports[1].abi: not a known key (name, params, result)",
		edit(`{"name":"main"}`, `{"name":"m","result":1}`):                       "exports[1].result: an object is expected, not number",
		edit(`"params":[{`, `"params":{},"x":[{`):                                "exports[0].x: not a known key",
		edit(`"name":"who",`, ``):                                                "exports[0].params[0].name is missing",
		edit(`"abi":"text"`, `"abi":"utf8"`):                                     `exports[0].params[0].abi: "utf8" is not one of none i32`,
		edit(`"abi":"text"`, `"abi":"none"`):                                     `exports[0].params[0].abi: "none" is not one of`,
		edit(`"abi":"text"`, `"abi":"bytes"`):                                    "exports[0].params[0].abi: a value of type string crosses as text, not as bytes",
		edit(`"type":"u8","abi":"i32"`, `"type":"u8","abi":"i64"`):               "exports[2].params[1].abi: a value of type u8 crosses as i32, not as i64",
		edit(`{"type":"string","abi"`, `{"name":"r","type":"string","abi"`):      "exports[0].result.name: not a known key (type, abi)",
		edit(`"capabilities":["actuator.log"`, `"capabilities":["unrestricted"`): "capabilities[0]: ",
		edit(`"capabilities":["actuator.log"`, `"capabilities":["fly"`):          "capabilities[0]: ",
		edit(`"capabilities":["actuator.log"`, `"capabilities":[null`):           "capabilities[0]: a string is expected, not null",
		edit(`["actuator.log","time"]`, `"time"`):                                "capabilities: an array is expected, not string",
		edit(`67108864`, `0`):                                                    "max_memory_bytes: a whole number of 1 to 1073741824 is expected, not 0",
		edit(`67108864`, `1073741825`):                                           "is expected, not 1073741825",
		edit(`67108864`, `1e6`):                                                  "is expected, not 1e6",
		edit(`"size":16,`, ``):                                                   "records[0].size is missing",
		edit(`"size":16`, `"size":4294967296`):                                   "records[0].size: a whole number of 0 to 4294967295",
		edit(`"align":8`, `"align":3`):                                           "records[0].align: 3 is not 1, 2, 4 or 8",
		edit(`"offset":8`, `"offset":17`):                                        "records[0].fields[1].offset: 17 lies behind the record's 16 bytes",
		edit(`"offset":8`, `"offset":-1`):                                        "records[0].fields[1].offset: a whole number",
		edit(`"name":"balance"`, `"name":"owner"`):                               `records[0].fields[1]: "owner" stands twice`,
	} {
		if _, err := ParseDeclared([]byte(text)); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "vudo.manifest: ") {
			t.Errorf("%.90s...\n got %v\nwant %s", text, err, want)
		}
	}
	if d, err := ParseDeclared([]byte(edit(`{"name":"main"}`, `{"name":"\ud83d\ude00"}`))); err != nil || d.Exports[1].Name != "😀" {
		t.Errorf("a whole pair: %v", err)
	}
}

// Proves: spirit 12.47
func TestDeclaredSize(t *testing.T) {
	text := []byte(declaredExample)
	text = append(text, bytes.Repeat([]byte(" "), MaxDeclaredBytes-len(text))...)
	if _, err := ParseDeclared(text); err != nil {
		t.Errorf("%d bytes: %v", len(text), err)
	}
	if _, err := ParseDeclared(append(text, ' ')); err == nil || !strings.Contains(err.Error(), "1048577 bytes, at most 1048576") {
		t.Errorf("one byte more: %v", err)
	}
}

// FuzzDeclared: what is accepted names each thing once and keeps to its bounds.
func FuzzDeclared(f *testing.F) {
	f.Add([]byte(declaredExample), []byte(`[[1,2],3]`))
	f.Add([]byte(`{"version":1,"exports":[{"name":"a","params":[{"name":"b","type":"bytes","abi":"bytes"},{"name":"c","type":"char","abi":"i32"}]}]}`), []byte(`["AA==","x"]`))
	f.Add([]byte(`{"version":1,"exports":[{"name":"a","params":[{"name":"b","type":"f32","abi":"f32"},{"name":"c","type":"bool","abi":"i32"}]}]}`), []byte(`["nan",true]`))
	f.Fuzz(func(t *testing.T, section, input []byte) {
		d, err := ParseDeclared(section)
		if err != nil {
			return
		}
		for i := range d.Exports {
			s := &d.Exports[i]
			if d.Export(s.Name) != s {
				t.Fatalf("%q is there twice", s.Name)
			}
			args, err := s.Arguments(input)
			if err != nil {
				if !errors.Is(err, fault.ErrArguments) {
					t.Fatalf("%v", err)
				}
				continue
			}
			for k := range args {
				p := &s.Params[k]
				if p.ABI.Scalar() && !p.Holds(args[k].Bits) {
					t.Fatalf("%s took %#x from %q", s, args[k].Bits, input)
				}
			}
		}
	})
}

func slot(typ string) Slot {
	abi, ok := naturalABI[typ]
	if !ok {
		abi = ABIJSON
	}
	return Slot{Name: "x", Type: typ, ABI: abi}
}

func signature(types ...string) *Signature {
	s := &Signature{Name: "f"}
	for i, typ := range types {
		p := slot(typ)
		p.Name = string(rune('a' + i))
		s.Params = append(s.Params, p)
	}
	return s
}

func bits32(n int32) uint64 { return uint64(uint32(n)) }

// Proves: spirit 12.48
func TestArguments(t *testing.T) {
	for _, c := range []struct {
		types string
		input string
		want  []Argument
	}{
		{"", "", nil},
		{"", " [] \n", nil},
		{"string", "as it stands", []Argument{{Bytes: []byte("as it stands")}}},
		{"string", "", []Argument{{Bytes: []byte("")}}},
		{"bytes", "\xff\x00", []Argument{{Bytes: []byte("\xff\x00")}}},
		{"string string", `["a\n","\ud83d\ude00"]`, []Argument{{Bytes: []byte("a\n")}, {Bytes: []byte("😀")}}},
		{"bytes u8", `["AP8=",255]`, []Argument{{Bytes: []byte{0, 255}}, {Bits: 255}}},
		{"i8 i16 i32", `[-128,-32768,-2147483648]`, []Argument{{Bits: bits32(-128)}, {Bits: bits32(-32768)}, {Bits: 1 << 31}}},
		{"i8 i16 i32", `[127,32767,2147483647]`, []Argument{{Bits: 127}, {Bits: 32767}, {Bits: 1<<31 - 1}}},
		{"u16 u32", `[65535,4294967295]`, []Argument{{Bits: 65535}, {Bits: 1<<32 - 1}}},
		{"i64 u64", `[-9223372036854775808,18446744073709551615]`, []Argument{{Bits: 1 << 63}, {Bits: 1<<64 - 1}}},
		{"i64 u64", `[-1,-0]`, []Argument{{Bits: 1<<64 - 1}, {Bits: 0}}},
		{"bool bool char", `[true,false,"ä"]`, []Argument{{Bits: 1}, {Bits: 0}, {Bits: 'ä'}}},
		{"f32 f64", `[1.5,-0]`, []Argument{{Bits: uint64(math.Float32bits(1.5))}, {Bits: 1 << 63}}},
		{"f32 f64", `["-inf","nan"]`, []Argument{{Bits: uint64(math.Float32bits(float32(math.Inf(-1))))}, {Bits: math.Float64bits(math.NaN())}}},
		{"Tree string Tree", ` [ {"a":["]",{}],"b\"":"\\"} , "\"],[", [ ] ] `, []Argument{{Bytes: []byte(`{"a":["]",{}],"b\"":"\\"}`)}, {Bytes: []byte(`"],[`)}, {Bytes: []byte("[ ]")}}},
		{"Vec<i64>", ` [ [1, 2] ] `, []Argument{{Bytes: []byte("[1, 2]")}}},
		{"Point", `[{"x":"\ud800"}]`, []Argument{{Bytes: []byte(`{"x":"\ud800"}`)}}}, // the guest's to judge
	} {
		got, err := signature(strings.Fields(c.types)...).Arguments([]byte(c.input))
		if err != nil || len(got) != len(c.want) {
			t.Errorf("(%s) of %q: %v, %v", c.types, c.input, got, err)
			continue
		}
		for i := range got {
			if got[i].Bits != c.want[i].Bits || !bytes.Equal(got[i].Bytes, c.want[i].Bytes) {
				t.Errorf("(%s) of %q: %+v, want %+v", c.types, c.input, got, c.want)
			}
		}
	}
	named := Signature{Name: "paint", Params: []Slot{{"c", "Color", ABII32}}}
	if got, err := named.Arguments([]byte("[-1]")); err != nil || got[0].Bits != bits32(-1) {
		t.Errorf("an enum crosses as its number: %v, %v", got, err)
	}
}

// Proves: spirit 12.48
func TestArgumentsRefused(t *testing.T) {
	for _, c := range []struct{ types, input, want string }{
		{"", "[1]", "f(), called with (...)"},
		{"", "hello", "no JSON array: "},
		{"i32", "", "f(a: i32), called with ()"},
		{"i32", "[]", "f(a: i32), called with ()"},
		{"i32", `[1,"2"]`, "f(a: i32), called with (number, ...)"},
		{"i32 i32", "[1]", "f(a: i32, b: i32), called with (number)"},
		{"i32", `["1"]`, "f(a: i32), called with (string): a: i32 is expected, not string"},
		{"i32", "[null]", "a: i32 is expected, not null"},
		{"i32", "[1.0]", `"1.0" is not a whole number of type i32`},
		{"i32", "[1e3]", `"1e3" is not a whole number`},
		{"i32", "7", "no JSON array: it is number"},
		{"i32", "[7", "no JSON array: unexpected end of JSON input"},
		{"i32", "[7]]", "no JSON array: invalid character"},
		{"i32 i32", "[7,]", "no JSON array"},
		{"i32", "[\"\xff\"]", "no JSON array: no UTF-8"},
		{"i32", "[2147483648]", "2147483648 lies outside of -2147483648 to 2147483647"},
		{"i32", "[-2147483649]", "lies outside of"},
		{"i8", "[128]", "lies outside of -128 to 127"},
		{"u8", "[256]", "256 lies outside of 0 to 255"},
		{"u8", "[-1]", "-1 lies outside of 0 to 255"},
		{"u64", "[18446744073709551616]", "lies outside of 0 to 18446744073709551615"},
		{"i64", "[9223372036854775808]", "lies outside of -9223372036854775808 to 9223372036854775807"},
		{"bool", "[1]", "bool is expected, not number"},
		{"char", `["ab"]`, `"ab" is not one character`},
		{"char", `[""]`, "is not one character"},
		{"char", `["\ud800"]`, "is half of a character"},
		{"f32", "[1e39]", "1e39 lies outside of f32"},
		{"f64", "[1e999]", "1e999 lies outside of f64"},
		{"f64", `["1"]`, "f64 is expected, not string"},
		{"string", "\xff", "f(a: string), called with bytes that are no UTF-8"},
		{"string i32", "[1,2]", "a: string is expected, not number"},
		{"string i32", `["\udc00",2]`, "is half of a character"},
		{"bytes i32", `["A",2]`, "a: no base64"},
		{"bytes i32", `["AA=",2]`, "a: no base64"},
		{"bytes i32", `["AB==",2]`, "a: no base64"}, // bits that mean nothing
	} {
		args, err := signature(strings.Fields(c.types)...).Arguments([]byte(c.input))
		if !errors.Is(err, fault.ErrArguments) || !strings.Contains(err.Error(), c.want) || args != nil {
			t.Errorf("(%s) of %q: %v, want %s", c.types, c.input, err, c.want)
		}
	}
	// A long array is not kept.
	long := []byte("[" + strings.Repeat("1,", 1<<20) + "1]")
	if n := testing.AllocsPerRun(1, func() { _, _ = signature("i32").Arguments(long) }); n > 100 {
		t.Errorf("%v allocations for an array of a million", n)
	}
	// Nor is a large one copied, but for the text in it.
	large := []byte(`["` + strings.Repeat("x", 1<<20) + `",1]`)
	if n := testing.Benchmark(func(b *testing.B) {
		for range b.N {
			_, _ = signature("Tree", "i32").Arguments(large)
		}
	}).AllocedBytesPerOp(); n > 4096 {
		t.Errorf("%d bytes allocated for an argument of a megabyte", n)
	}
	// Neither is a deep value a danger.
	deep := []byte(strings.Repeat("[", 1<<20))
	if _, err := signature("Tree").Arguments(deep); !errors.Is(err, fault.ErrArguments) {
		t.Errorf("a deep value: %v", err)
	}
}

// Each value of each type prints so that it reads back, as text and as JSON.
//
// Proves: spirit 12.48
func TestScalarsRoundTrip(t *testing.T) {
	var types []string
	for typ, abi := range naturalABI {
		if abi.Scalar() {
			types = append(types, typ)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		p := slot(rapid.SampledFrom(types).Draw(t, "type"))
		bits := rapid.OneOf(rapid.Uint64(), rapid.Uint64Range(0, 300), rapid.SampledFrom([]uint64{1 << 63, 1 << 53, 1<<53 + 1, ^uint64(0), 0xd7ff, 0xd800, 0xe000, 0x10ffff, 0x110000, 0x7fc00000, 0xff800000, 0x80000000})).Draw(t, "bits")
		if p.ABI == ABII32 || p.ABI == ABIF32 {
			bits &= 1<<32 - 1
		}
		if !p.Holds(bits) {
			text := p.FormatScalar(bits)
			if back, err := p.ParseScalar(text); err == nil && p.Type != "char" {
				t.Fatalf("%s does not hold %#x, and reads %s as %#x", p.Type, bits, text, back)
			}
			return
		}
		text := p.FormatScalar(bits)
		back, err := p.ParseScalar(text)
		if strings.HasSuffix(text, "nan") {
			bits = back // the payload is not printed
		}
		if err != nil || back != bits {
			t.Fatalf("%s %#x prints as %q and reads as %#x, %v", p.Type, bits, text, back, err)
		}
		value := p.JSONValue(bits)
		b, err := json.Marshal([]any{value})
		if err != nil {
			t.Fatalf("%s %#x: %v", p.Type, bits, err)
		}
		if s, ok := value.(string); ok && p.Type != "char" && !notFinite(s) {
			b = []byte("[" + s + "]") // beyond 2^53 a number stands as text
		}
		s := &Signature{Name: "f", Params: []Slot{p}}
		args, err := s.Arguments(b)
		if err != nil || args[0].Bits != bits {
			t.Fatalf("%s %#x is %s as JSON and reads as %v, %v", p.Type, bits, b, args, err)
		}
	})
}

func TestParseScalar(t *testing.T) {
	for _, c := range []struct {
		typ, text string
		want      uint64
	}{
		{"u8", "0xff", 255},
		{"i8", "-0x80", bits32(-128)},
		{"u32", "1_000", 1000},
		{"i64", "0x7fffffffffffffff", 1<<63 - 1},
		{"char", "😀", 0x1f600},
		{"char", "\uFFFD", 0xfffd},
		{"f64", "-inf", math.Float64bits(math.Inf(-1))},
		{"f64", "-nan", math.Float64bits(math.Copysign(math.NaN(), -1))},
	} {
		p := slot(c.typ)
		if got, err := p.ParseScalar(c.text); err != nil || got != c.want {
			t.Errorf("%s %q: %#x, %v", c.typ, c.text, got, err)
		}
	}
	for _, c := range []string{"u8 ", "u8 +1", "u8 0x", "u8 0x100", "i8 128", "i8 -129", "u8 --1", "f64 ", "f64 +1", "f64 --1", "f64 -+1", "bool TRUE", "bool 1", "char \xff", "char ab"} {
		typ, text, _ := strings.Cut(c, " ")
		p := slot(typ)
		if got, err := p.ParseScalar(text); err == nil {
			t.Errorf("%s %q was read as %#x", typ, text, got)
		}
	}
	if got := fmt.Sprint(signature("bool").Params[0].FormatScalar(2)); got != "2" {
		t.Errorf("a bool that is none prints as %s", got)
	}
}
