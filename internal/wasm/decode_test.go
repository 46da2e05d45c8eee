package wasm_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/internal/wasm/wasmgen"
)

const header = "0061736d01000000"

// raw returns the bytes of hexadecimal digits with spaces.
func raw(t testing.TB, digits ...string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(strings.Join(digits, ""), " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestMalformed: each fault is refused with what it is, where it is and in which section.
func TestMalformed(t *testing.T) {
	for _, c := range []struct {
		name, bytes, msg, section string
		offset                    uint32
	}{
		{"no magic", "7f454c46 02010100", "magic header not detected", "", 0},
		{"short, no magic", "2321", "magic header not detected", "", 0},
		{"header cut", "0061736d01", "unexpected end: the header is 8 bytes long", "", 5},
		{"version 2", "0061736d02000000", "unknown binary version 0x00000002", "", 4},
		{"section id", header + "2000", "malformed section id 32", "", 8},
		{"section size cut", header + "0180", "unexpected end", "type", 9},
		{"section size lies", header + "0105 00", "the section claims 5 bytes, 1 are left", "type", 8},
		{"section twice", header + "0101 00 0101 00", "stands twice or out of order", "type", 11},
		{"section order", header + "0301 00 0101 00", "stands twice or out of order", "type", 11},
		{"data count after code", header + "0a01 00 0c01 00", "stands twice or out of order", "data count", 11},
		{"trailing bytes", header + "0102 00 00", "section size mismatch: 1 bytes follow", "type", 11},
		{"size too small", header + "0103 01 60 00 00", "unexpected end", "type", 0},
		{"LEB too long", header + "0106 80808080 8000", "integer representation too long", "type", 10},
		{"LEB too large", header + "0105 ffffffff 1f", "integer too large", "type", 10},
		{"lying count", header + "0105 ffffffff0f", "4294967295 entries exceed the limit of 1000000", "type", 10},
		{"lying count below the limit", header + "0104 c0843d 00", "1000000 entries do not fit the 1 bytes", "type", 10},
		{"form of a type", header + "0104 01 61 00 00", "malformed value type 0x61", "type", 11},
		{"value type", header + "0105 01 60 01 79 00", "malformed value type 0x79", "type", 13},
		{"name not UTF-8", header + "0206 01 01ff 00 00 00", "malformed UTF-8", "import", 12},
		{"name too long", header + "0205 01 0aff 00 00", "length out of bounds", "import", 12},
		{"import kind", header + "0205 01 00 00 05 00", "malformed import kind 5", "import", 13},
		{"export kind", header + "0704 01 00 05 00", "malformed export kind 5", "export", 12},
		{"mutability", header + "0606 01 7f 04 4100 0b", "malformed mutability 0x04", "global", 12},
		{"reference type", header + "0404 01 7f 00 00", "malformed reference type: i32", "table", 11},
		{"limits flag", header + "0503 01 10 00", "malformed limits flags 0x10", "memory", 11},
		{"functions without bodies", header + "0104 01 60 00 00 0302 01 00", "inconsistent lengths: 1 and 0", "code", 18},
		{"bodies without functions", header + "0a04 01 02 00 0b", "inconsistent lengths: 0 and 1", "code", 14},
		{"data count without data", header + "0c01 01", "inconsistent lengths: 1 and 0", "data", 11},
		{"body too long", header + "0a04 01 03 00 0b", "a body claims 3 bytes, 2 are left", "code", 11},
		{"body without end", header + "0a04 01 02 00 01", "the body does not close with end", "code", 14},
		{"body empty", header + "0a03 01 01 00", "the body does not close with end", "code", 13},
		{"locals overflow", header + "0a0c 01 0a 02 ffffffff0f 7f 01 7f 0b", "too many locals: 4294967296", "code", 19},
		{"constant without end", header + "0605 01 7f 00 4100", "a constant expression has no end", "global", 15},
		{"constant broken", header + "0606 01 7f 00 27 0b 00", "illegal opcode 0x27", "global", 13},
		{"element flags", header + "0904 01 08 00 00", "malformed element segment flags 8", "element", 11},
		{"element kind", header + "0905 01 01 01 00 00", "malformed element kind 0x01", "element", 12},
		{"data flags", header + "0b03 01 03 00", "malformed data segment flags 3", "data", 11},
		{"data cut", header + "0b04 01 01 02 00", "2 bytes wanted, 1 are left", "data", 13},
		{"start cut", header + "0800", "unexpected end", "start", 10},
		{"custom without name", header + "0000", "unexpected end", "custom", 10},
		{"custom name too long", header + "0001 02", "length out of bounds", "custom", 11},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := raw(t, c.bytes)
			_, err := wasm.Decode(b, wasm.DecodeOptions{})
			var e *wasm.Error
			if !errors.As(err, &e) || !errors.Is(err, fault.ErrInvalidModule) {
				t.Fatalf("got %v", err)
			}
			if !strings.Contains(e.Msg, c.msg) || e.Section != c.section || c.offset != 0 && e.Offset != c.offset || !e.HasOffset {
				t.Errorf("got %q in section %q at %d, want %q in %q at %d", e.Msg, e.Section, e.Offset, c.msg, c.section, c.offset)
			}
		})
	}
}

// TestTruncated: no beginning of a module is taken, except where a section ends
// and nothing is missing.
func TestTruncated(t *testing.T) {
	b := wasmgen.Generate(3, wasmgen.Options{}).Bytes
	ends := map[int]bool{8: true}
	for pos := 8; pos < len(b); {
		size, n := binary.Uvarint(b[pos+1:])
		pos += 1 + n + int(size)
		ends[pos] = true
	}
	for n := range b {
		if _, err := wasm.Decode(b[:n], wasm.DecodeOptions{}); err == nil && !ends[n] {
			t.Errorf("the first %d bytes are taken", n)
		}
	}
}

// TestErrorText: one line with what, where and the next step.
func TestErrorText(t *testing.T) {
	_, err := wasm.Decode(nil, wasm.DecodeOptions{})
	if got, want := fmt.Sprint(err), "Invalid module: the module is empty"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	_, err = wasm.Decode(raw(t, "0061736d0d000100"), wasm.DecodeOptions{})
	want := "Invalid module: layer 1 (a component, version 13) belongs to the component model proposal, which is not supported (offset 0x4); " +
		"build a core module for WASI preview 1 (target wasm32-wasip1, GOOS=wasip1, or wasi-libc) instead of a component"
	if got := fmt.Sprint(err); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	b := wasm.NewBuilder()
	b.Func("", nil, nil, nil, func(e *wasm.Emitter) { e.I32Const(1).F32Const(2).Op(wasm.OpI32Add) })
	m, err := wasm.Decode(b.Bytes(), wasm.DecodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(wasm.Validate(m)), "Invalid module: type mismatch: expected i32, found f32 (function 0, code section, offset 0x1e)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := fmt.Sprint(wasm.Validate(b.Module())), "Invalid module: type mismatch: expected i32, found f32 (function 0, code section)"; got != want {
		t.Errorf("built: got %q, want %q", got, want)
	}
}

// TestProposals: features beyond core 2.0 are refused by the name of their proposal.
func TestProposals(t *testing.T) {
	body := func(emit ...byte) func(b *wasm.Builder) {
		return func(b *wasm.Builder) { b.Func("", nil, nil, nil, func(e *wasm.Emitter) { e.Raw(emit...) }) }
	}
	for _, c := range []struct {
		proposal string
		bytes    string
		build    func(b *wasm.Builder)
	}{
		{"component model", "0061736d0d000100", nil},
		{"component model", "0061736d0a000100 00", nil},
		{"exception handling", header + "0d03 01 00 00", nil},
		{"exception handling", header + "0207 01 016d 0174 04 00 00", nil},
		{"exception handling", header + "0704 01 00 04 00", nil},
		{"exception handling", header + "0105 01 60 01 69 00", nil},
		{"exception handling", "", body(0x08, 0x00)},
		{"exception handling", "", body(0x1f, 0x40, 0x00, 0x0b)},
		{"exception handling", "", body(0x06, 0x40, 0x0b)},
		{"garbage collection", header + "0103 01 5f 00", nil},
		{"garbage collection", header + "0103 01 4e 00", nil},
		{"garbage collection", header + "0105 01 60 01 6e 00", nil},
		{"garbage collection", "", body(0xfb, 0x00, 0x00)},
		{"garbage collection", "", body(0xd0, 0x71)},
		{"typed function references", header + "0106 01 60 01 64 00 00", nil},
		{"typed function references", header + "0409 01 4000 70 00 00 d0 70 0b", nil},
		{"typed function references", "", body(0x14, 0x00)},
		{"typed function references", "", body(0xd4)},
		{"typed function references", "", body(0x02, 0x63, 0x00, 0x0b)},
		{"threads", header + "0504 01 03 01 01", nil},
		{"threads", header + "0606 01 7f 03 4100 0b", nil},
		{"threads", "", body(0xfe, 0x03, 0x00)},
		{"memory64", header + "0503 01 04 00", nil},
		{"memory64", header + "0404 01 70 04 00", nil},
		{"custom page sizes", header + "0504 01 08 00 00", nil},
		{"multi-memory", "", func(b *wasm.Builder) { b.Memory(1, -1); b.Memory(1, -1) }},
		{"multi-memory", "", body(0x3f, 0x01)},
		{"multi-memory", "", body(0x41, 0x00, 0x28, 0x42, 0x01, 0x00)},
		{"relaxed SIMD", "", body(0xfd, 0x80, 0x02)},
		{"wide arithmetic", "", body(0xfc, 0x13)},
		{"memory control", "", body(0xfc, 0x12, 0x00)},
		{"stack switching", "", body(0xe0, 0x00)},
		{"stack switching", header + "0103 01 5d 00", nil},
		{"reference-typed strings", header + "0e01 00", nil},
		{"reference-typed strings", header + "0105 01 60 01 67 00", nil},
	} {
		b := raw(t, c.bytes)
		if c.build != nil {
			m := wasm.NewBuilder()
			c.build(m)
			b = m.Bytes()
		}
		_, err := accepts(b)
		var e *wasm.Error
		if !errors.As(err, &e) || e.Proposal != c.proposal || e.Hint == "" || !strings.Contains(e.Error(), c.proposal) {
			t.Errorf("%x: got %v, want a refusal of %q with a hint", b, err, c.proposal)
		}
	}
}

// section returns a section with a count and so many equal entries.
func section(id byte, count, repeats int, entry []byte) []byte {
	content := append(wasm.AppendUint(nil, uint64(count)), bytes.Repeat(entry, repeats)...)
	return append(wasm.AppendUint([]byte{id}, uint64(len(content))), content...)
}

// TestCountLimits meets each limit on entries from both sides.
func TestCountLimits(t *testing.T) {
	for _, c := range []struct {
		name  string
		id    byte
		limit int
		entry string
		after string // what else the module needs, as a section with the same count
	}{
		{"types", wasm.SectionType, wasm.MaxTypes, "60 00 00", ""},
		{"imports", wasm.SectionImport, wasm.MaxImports, "00 00 03 7f 00", ""},
		{"tables", wasm.SectionTable, wasm.MaxTables, "70 00 00", ""},
		{"globals", wasm.SectionGlobal, wasm.MaxGlobals, "7f 00 4100 0b", ""},
		{"exports", wasm.SectionExport, wasm.MaxExports, "00 00 00", ""},
		{"element segments", wasm.SectionElement, wasm.MaxElementSegments, "01 00 00", ""},
		{"data segments", wasm.SectionData, wasm.MaxDataSegments, "01 00", ""},
		{"functions", wasm.SectionFunction, wasm.MaxFunctions, "00", "02 00 0b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, n := range []int{c.limit, c.limit + 1} {
				b := append(raw(t, header), section(c.id, n, n, raw(t, c.entry))...)
				if c.after != "" {
					b = append(b, section(wasm.SectionCode, n, n, raw(t, c.after))...)
				}
				_, err := wasm.Decode(b, wasm.DecodeOptions{})
				if n == c.limit && err != nil {
					t.Errorf("%d: %v", n, err)
				}
				if n > c.limit && (err == nil || !strings.Contains(err.Error(), "exceed the limit of")) {
					t.Errorf("%d: got %v", n, err)
				}
			}
		})
	}
	t.Run("customs", func(t *testing.T) {
		for _, n := range []int{wasm.MaxCustoms, wasm.MaxCustoms + 1} {
			_, err := wasm.Decode(append(raw(t, header), bytes.Repeat([]byte{0, 1, 0}, n)...), wasm.DecodeOptions{})
			if (err == nil) != (n == wasm.MaxCustoms) {
				t.Errorf("%d: %v", n, err)
			}
		}
	})
	t.Run("element items", func(t *testing.T) {
		// Spread over two segments: the limit is that of all together.
		half := wasm.MaxElementItems / 2
		for _, more := range []int{0, 1} {
			b := wasm.NewBuilder()
			b.PassiveElem(make([]uint32, half)...)
			b.PassiveElem(make([]uint32, half+more)...)
			_, err := wasm.Decode(b.Bytes(), wasm.DecodeOptions{})
			if (err == nil) != (more == 0) {
				t.Errorf("%d: %v", wasm.MaxElementItems+more, err)
			}
		}
	})
	t.Run("parameters and results", func(t *testing.T) {
		for _, n := range []int{wasm.MaxParams, wasm.MaxParams + 1} {
			ts := slices.Repeat(wasm.Types(wasm.I32), n)
			for _, sig := range []wasm.FuncType{{Params: ts}, {Results: ts}} {
				b := wasm.NewBuilder()
				b.Type(sig.Params, sig.Results)
				_, err := wasm.Decode(b.Bytes(), wasm.DecodeOptions{})
				if verr := wasm.Validate(b.Module()); (err == nil) != (n == wasm.MaxParams) || (verr == nil) != (err == nil) {
					t.Errorf("%d: decode %v, validate %v", n, err, verr)
				}
			}
		}
	})
	t.Run("body", func(t *testing.T) {
		for _, n := range []int{wasm.MaxBodyBytes, wasm.MaxBodyBytes + 1} {
			b := wasm.NewBuilder()
			// The size counts the empty list of locals and the final end.
			b.Func("", nil, nil, nil, func(e *wasm.Emitter) { e.Raw(bytes.Repeat([]byte{1}, n-2)...) })
			_, err := wasm.Decode(b.Bytes(), wasm.DecodeOptions{})
			if (err == nil) != (n == wasm.MaxBodyBytes) {
				t.Errorf("%d: %v", n, err)
			}
		}
	})
}

// TestModuleBytesLimit: the default and a given limit, from both sides.
func TestModuleBytesLimit(t *testing.T) {
	b := make([]byte, wasm.MaxModuleBytes+1) // never written: costs no memory
	copy(b, raw(t, header, "00"))
	size := wasm.AppendUint(nil, uint64(wasm.MaxModuleBytes-8-1-4)) // the size itself takes four bytes
	copy(b[9:], size)
	if _, err := wasm.Decode(b[:wasm.MaxModuleBytes], wasm.DecodeOptions{}); err != nil {
		t.Error(err)
	}
	_, err := wasm.Decode(b, wasm.DecodeOptions{})
	if err == nil || !strings.Contains(err.Error(), "104857601 bytes exceeds maximum 104857600") {
		t.Errorf("got %v", err)
	}
	for _, n := range []int{8, 7} {
		if _, err := wasm.Decode(b[:8], wasm.DecodeOptions{MaxBytes: n}); (err == nil) != (n == 8) {
			t.Errorf("MaxBytes %d: %v", n, err)
		}
	}
}

// TestLyingCountsDoNotAllocate: every count of the format, set to the most that
// its section could claim, costs no memory.
func TestLyingCountsDoNotAllocate(t *testing.T) {
	for _, b := range [][]byte{
		raw(t, header, "0104 c0843d 60"), raw(t, header, "0204 a08d06 00"), raw(t, header, "0304 c0843d 00"),
		raw(t, header, "0404 a08d06 70"), raw(t, header, "0604 c0843d 7f"), raw(t, header, "0704 a08d06 00"),
		raw(t, header, "0904 a08d06 00"), raw(t, header, "0a04 c0843d 00"), raw(t, header, "0b04 a08d06 00"),
		raw(t, header, "0907 01 01 00 80ade204 "),                    // element items
		raw(t, header, "0a08 01 06 ffffff03 0b 0b"),                  // groups of locals
		raw(t, header, "060a 01 7f 00 0e ffffffff0f 0b"),             // br_table labels
		raw(t, header, "060a 01 7f 00 1c ffffffff0f 0b"),             // select types
		raw(t, header, "0105 01 60 e807 00"),                         // parameters
		raw(t, header, "000e 04 6e616d65 01 07 ffffffff0f 00 01 61"), // name section: ignored
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		m, err := wasm.Decode(b, wasm.DecodeOptions{})
		if err == nil {
			_ = m.Names()
		}
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; got > 64<<10 {
			t.Errorf("%x: %d bytes allocated (%v)", b, got, err)
		}
	}
}

// TestRoundTrip: canonical bytes come back the same, custom sections in their
// places; padded ones come back shortest.
func TestRoundTrip(t *testing.T) {
	b := wasm.NewBuilder()
	b.ImportFunc("m", "f", wasm.Types(wasm.I64), nil)
	b.ImportTable("m", "t", wasm.ExternRef, 1, 2)
	b.ImportMemory("m", "mem", 1, -1)
	b.ImportGlobal("m", "g", wasm.V128, true)
	f := b.Func("f", wasm.Types(wasm.F32), wasm.Types(wasm.F64, wasm.FuncRef), wasm.Types(wasm.I32, wasm.I32, wasm.V128),
		func(e *wasm.Emitter) { e.Op(wasm.OpUnreachable) })
	b.Table(wasm.FuncRef, 3, -1)
	b.Global(wasm.FuncRef, false, func(e *wasm.Emitter) { e.OpIdx(wasm.OpRefFunc, f) })
	b.Start(f)
	item := [][]byte{wasm.ConstExpr(func(e *wasm.Emitter) { e.RefNull(wasm.FuncRef) })}
	for flags := range uint32(8) {
		s := wasm.Element{Flags: flags, Type: wasm.FuncRef}
		if s.Mode() == wasm.ModeActive {
			s.Offset = wasm.I32Expr(1)
		}
		if s.Mode() == wasm.ModeActive && flags&2 != 0 {
			s.Table = 1
		}
		if flags&4 != 0 {
			s.Exprs = item
		} else {
			s.Funcs = []uint32{f, 0}
		}
		b.AddElem(s)
	}
	b.Data(5, []byte("abc"))
	b.PassiveData(nil)
	b.AddData(wasm.Data{Flags: 2, Offset: wasm.I32Expr(-1), Bytes: []byte{0}})
	m := b.Module()
	for _, after := range []byte{0, wasm.SectionImport, 0, wasm.SectionDataCount, wasm.SectionCode, wasm.SectionData} {
		m.Customs = append(m.Customs, wasm.Custom{Name: fmt.Sprint("c", len(m.Customs)), Data: []byte{after}, After: after})
	}
	first := m.Encode()
	again, err := wasm.Decode(first, wasm.DecodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(again.Encode(), first) {
		t.Errorf("got  %x\nwant %x", again.Encode(), first)
	}
	var order []string
	for _, c := range again.Customs {
		order = append(order, fmt.Sprint(c.Name, "@", c.After))
	}
	if got := strings.Join(order, " "); got != "c0@0 c2@0 c1@2 c3@12 c4@10 c5@11" {
		t.Errorf("custom sections are %s", got)
	}

	// Go's linker pads section sizes to five bytes; an empty section says nothing.
	padded := raw(t, header, "01 8480808000 01 60 00 00", "02 01 00", "03 02 01 00", "0a 04 01 02 00 0b")
	m, err = wasm.Decode(padded, wasm.DecodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := m.Encode(), raw(t, header, "0104 01 60 00 00", "0302 01 00", "0a04 01 02 00 0b"); !bytes.Equal(got, want) {
		t.Errorf("got %x, want %x", got, want)
	}
}

// TestNames: the name section wins over exports, a broken one is ignored from
// the fault on.
func TestNames(t *testing.T) {
	b := wasm.NewBuilder()
	for _, name := range []string{"zero", "one", "", ""} {
		b.Func(name, nil, nil, nil, nil)
	}
	b.Export("again", wasm.KindFunc, 1)
	// Module name "m"; functions 1 "inner", 2 not UTF-8; then a subsection that is cut off.
	b.Custom("name", raw(t, "00 02 016d", "01 0b 02 01 05 696e6e6572 02 01 ff", "02 50 01"))
	n := b.Module().Names()
	if n.Module != "m" {
		t.Errorf("the module is %q", n.Module)
	}
	for i, want := range []string{"zero", "inner", "func[2]", "func[3]"} {
		if got := b.Module().FuncName(uint32(i)); got != want {
			t.Errorf("function %d is %q, want %q", i, got, want)
		}
	}
}
