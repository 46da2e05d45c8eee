package spirit

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// DeclaredSection is the name of the custom section in which a compiler says
// how the exports of a module are called and what the module needs.
const DeclaredSection = "vudo.manifest"

// DeclaredVersion is the version of that section which ParseDeclared reads.
const DeclaredVersion = 1

// MaxDeclaredBytes is the greatest size of the section. A record or an export
// takes some hundred bytes, so this is room for thousands of each.
const MaxDeclaredBytes = 1 << 20

// Declared is the content of the section vudo.manifest
// (docs/spec/spirit.md, section 4). ParseDeclared makes valid ones, which are
// not changed afterwards and safe for concurrent use.
type Declared struct {
	Exports []Signature
	// Asks says that the section speaks of capabilities; Capabilities are then
	// all that the module asks for, categories expanded, canonical.
	Asks         bool
	Capabilities []Capability
	// MaxMemoryBytes is the memory limit that the module was built for; 0 = not said.
	MaxMemoryBytes uint64
	Records        []RecordLayout
}

// Signature is how an export is called: the types of its source language, and
// how each crosses between host and guest.
type Signature struct {
	Name   string // of the wasm export
	Params []Slot
	Result Slot // ABINone: it returns nothing
}

// Slot is a parameter or a result.
type Slot struct {
	Name string // of a parameter; "" for a result
	Type string // as the source writes it, such as "u8" or "Vec<i64>"
	ABI  ABI
}

// ABI is how a value crosses between host and guest. It prints as the section
// writes it.
type ABI uint8

// The ways to cross. Text, bytes and JSON are two i32, address and length, as a
// parameter and one i64, address << 32 | length, as a result.
const (
	ABINone ABI = iota // nothing crosses: a result only
	ABII32
	ABII64
	ABIF32
	ABIF64
	ABIText  // UTF-8
	ABIBytes // any bytes
	ABIJSON  // one JSON value as UTF-8
)

var abiNames = [...]string{"none", "i32", "i64", "f32", "f64", "text", "bytes", "json"}

// String returns the word of the section, such as "text".
func (a ABI) String() string {
	if int(a) < len(abiNames) {
		return abiNames[a]
	}
	return fmt.Sprintf("abi(%d)", uint8(a))
}

// InMemory reports whether the value crosses through the guest's memory.
func (a ABI) InMemory() bool { return a == ABIText || a == ABIBytes || a == ABIJSON }

// Scalar reports whether the value crosses as one number.
func (a ABI) Scalar() bool { return a >= ABII32 && a <= ABIF64 }

// String returns the signature as one line, such as "greet(who: string) -> string".
func (s *Signature) String() string {
	var b strings.Builder
	b.WriteString(s.Name + "(")
	for i, p := range s.Params {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(p.Name + ": " + p.Type)
	}
	b.WriteString(")")
	if s.Result.ABI != ABINone {
		b.WriteString(" -> " + s.Result.Type)
	}
	return b.String()
}

// Export returns the signature of an export, or nil when none is declared, as
// for a nil Declared.
func (d *Declared) Export(name string) *Signature {
	if d == nil {
		return nil
	}
	for i := range d.Exports {
		if d.Exports[i].Name == name {
			return &d.Exports[i]
		}
	}
	return nil
}

// RecordLayout says where the fields of a record lie in the guest's memory.
type RecordLayout struct {
	Name        string
	Size, Align uint32 // bytes; Align is 1, 2, 4 or 8
	Fields      []RecordField
}

// RecordField is one field of a record.
type RecordField struct {
	Name, Type string
	Offset     uint32 // bytes from the start of the record
}

// ParseDeclared reads the section vudo.manifest. It is strict: bytes that are no
// UTF-8, a key that is not known or stands twice, a wrong type, a number out of
// range, an export or record that stands twice and another version are errors,
// each with its place, such as exports[2].params[0].abi. The first one is
// returned. Memory is bounded by MaxDeclaredBytes.
func ParseDeclared(section []byte) (*Declared, error) {
	if len(section) > MaxDeclaredBytes {
		return nil, fmt.Errorf("%s: %d bytes, at most %d", DeclaredSection, len(section), MaxDeclaredBytes)
	}
	if !utf8.Valid(section) {
		return nil, fmt.Errorf("%s: no UTF-8", DeclaredSection)
	}
	d, err := parseDeclared(section)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", DeclaredSection, err)
	}
	return d, nil
}

func parseDeclared(section []byte) (*Declared, error) {
	top, err := readObject(section, "")
	if err != nil {
		return nil, err
	}
	// The version first: what else a later one holds cannot be judged.
	raw, ok := top.values["version"]
	if !ok {
		return nil, fmt.Errorf("version is missing")
	}
	version, err := readNumber(raw, "version", 1, 1<<32-1)
	if err != nil {
		return nil, err
	}
	if version != DeclaredVersion {
		return nil, fmt.Errorf("version %d, this program reads version %d", version, DeclaredVersion)
	}
	if err := top.only("version", "exports", "capabilities", "max_memory_bytes", "records"); err != nil {
		return nil, err
	}
	d := &Declared{}
	if err := top.each("exports", func(raw json.RawMessage, at string) error { return d.readExport(raw, at) }); err != nil {
		return nil, err
	}
	if d.Asks = top.has("capabilities"); d.Asks {
		if err := d.readCapabilities(top); err != nil {
			return nil, err
		}
	}
	if raw, ok := top.values["max_memory_bytes"]; ok {
		greatest := uint64(0)
		for _, f := range Fields() {
			if f.Name == "max_memory_bytes" {
				greatest = f.Cap
			}
		}
		if d.MaxMemoryBytes, err = readNumber(raw, "max_memory_bytes", 1, greatest); err != nil {
			return nil, err
		}
	}
	if err := top.each("records", func(raw json.RawMessage, at string) error { return d.readRecord(raw, at) }); err != nil {
		return nil, err
	}
	return d, d.once()
}

// once refuses names that stand twice.
func (d *Declared) once() error {
	twice := func(what string, n int, name func(int) string) error {
		seen := make(map[string]bool, n)
		for i := range n {
			if seen[name(i)] {
				return fmt.Errorf("%s[%d]: %q stands twice", what, i, name(i))
			}
			seen[name(i)] = true
		}
		return nil
	}
	if err := twice("exports", len(d.Exports), func(i int) string { return d.Exports[i].Name }); err != nil {
		return err
	}
	if err := twice("records", len(d.Records), func(i int) string { return d.Records[i].Name }); err != nil {
		return err
	}
	for i := range d.Records {
		r := &d.Records[i]
		if err := twice(fmt.Sprintf("records[%d].fields", i), len(r.Fields), func(k int) string { return r.Fields[k].Name }); err != nil {
			return err
		}
	}
	return nil
}

func (d *Declared) readExport(raw json.RawMessage, at string) error {
	o, err := readObject(raw, at)
	if err != nil {
		return err
	}
	if err := o.only("name", "params", "result"); err != nil {
		return err
	}
	var s Signature
	if s.Name, err = o.text("name"); err != nil {
		return err
	}
	err = o.each("params", func(raw json.RawMessage, at string) error {
		p, err := readSlot(raw, at, true)
		s.Params = append(s.Params, p)
		return err
	})
	if err != nil {
		return err
	}
	if raw, ok := o.values["result"]; ok {
		if s.Result, err = readSlot(raw, o.at+"result", false); err != nil {
			return err
		}
	}
	d.Exports = append(d.Exports, s)
	return nil
}

// naturalABI are the types that cross in one way only.
var naturalABI = map[string]ABI{
	"bool": ABII32, "char": ABII32, "i8": ABII32, "i16": ABII32, "i32": ABII32, "u8": ABII32, "u16": ABII32, "u32": ABII32,
	"i64": ABII64, "u64": ABII64, "f32": ABIF32, "f64": ABIF64, "string": ABIText, "bytes": ABIBytes,
}

func readSlot(raw json.RawMessage, at string, param bool) (Slot, error) {
	o, err := readObject(raw, at)
	if err != nil {
		return Slot{}, err
	}
	var s Slot
	keys := []string{"type", "abi"}
	if param {
		keys = append(keys, "name")
	}
	if err := o.only(keys...); err != nil {
		return s, err
	}
	if param {
		if s.Name, err = o.text("name"); err != nil {
			return s, err
		}
	}
	if s.Type, err = o.text("type"); err != nil {
		return s, err
	}
	word, err := o.text("abi")
	if err != nil {
		return s, err
	}
	i := slices.Index(abiNames[:], word)
	if i < 0 || param && ABI(i) == ABINone {
		return s, fmt.Errorf("%sabi: %q is not one of %s", o.at, word, strings.Join(abiNames[:], " "))
	}
	s.ABI = ABI(i)
	if want, ok := naturalABI[s.Type]; ok && s.ABI != want {
		return s, fmt.Errorf("%sabi: a value of type %s crosses as %s, not as %s", o.at, s.Type, want, s.ABI)
	}
	return s, nil
}

func (d *Declared) readCapabilities(top *object) error {
	err := top.each("capabilities", func(raw json.RawMessage, at string) error {
		text, err := readText(raw, at)
		if err != nil {
			return err
		}
		cs, err := ParseCapability(text)
		if err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
		d.Capabilities = append(d.Capabilities, cs...)
		return nil
	})
	if err != nil {
		return err
	}
	if d.Capabilities, err = Normalize(d.Capabilities); err != nil {
		return fmt.Errorf("capabilities: %w", err)
	}
	return nil
}

func (d *Declared) readRecord(raw json.RawMessage, at string) error {
	o, err := readObject(raw, at)
	if err != nil {
		return err
	}
	if err := o.only("name", "size", "align", "fields"); err != nil {
		return err
	}
	var r RecordLayout
	if r.Name, err = o.text("name"); err != nil {
		return err
	}
	if r.Size, err = o.word("size"); err != nil {
		return err
	}
	if r.Align, err = o.word("align"); err != nil {
		return err
	}
	if !slices.Contains([]uint32{1, 2, 4, 8}, r.Align) {
		return fmt.Errorf("%salign: %d is not 1, 2, 4 or 8", o.at, r.Align)
	}
	err = o.each("fields", func(raw json.RawMessage, at string) error {
		o, err := readObject(raw, at)
		if err != nil {
			return err
		}
		if err := o.only("name", "type", "offset"); err != nil {
			return err
		}
		var f RecordField
		if f.Name, err = o.text("name"); err != nil {
			return err
		}
		if f.Type, err = o.text("type"); err != nil {
			return err
		}
		if f.Offset, err = o.word("offset"); err != nil {
			return err
		}
		if f.Offset > r.Size {
			return fmt.Errorf("%soffset: %d lies behind the record's %d bytes", o.at, f.Offset, r.Size)
		}
		r.Fields = append(r.Fields, f)
		return nil
	})
	d.Records = append(d.Records, r)
	return err
}
