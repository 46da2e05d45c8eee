package codegen_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/univrs/vudo/dol/internal/codegen"
	"github.com/univrs/vudo/dol/internal/ir/irgen"
	"github.com/univrs/vudo/internal/wasm"
)

// TestSrcmap looks at each entry from the other side: the module is encoded and
// decoded, and at the address stands a call or what can trap.
//
// Proves: dol 10.2-a, dol 10.2-b
func TestSrcmap(t *testing.T) {
	w := generate(t, parse(t, texts), codegen.Options{})
	m, err := wasm.Decode(w.Encode(), wasm.DecodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	code := codeStart(t, w.Encode())
	files, entries, err := codegen.ReadSrcmap(m.Custom("vudo.srcmap").Data)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 1 || files[0] != "src/texts.dol" {
		t.Errorf("files %v", files)
	}
	at := map[int]string{}
	names := m.Names()
	for i := range m.Codes {
		r := wasm.NewReader(m.Codes[i].Body)
		var in wasm.Instr
		for p := r.Pos(); r.Next(&in); p = r.Pos() {
			at[int(m.Codes[i].Offset)+p-code] = names.Func(uint32(i+len(m.Imports))) + " " + in.Op.String()
		}
	}
	var got []string
	for _, e := range entries {
		got = append(got, fmt.Sprintf("%d:%d %s", e.Line, e.Col, at[e.Address]))
	}
	want := []string{
		"1:1 texts.twice call", // the shadow stack is full
		"2:3 texts.twice call",
		"4:1 texts.join call",
		"4:8 texts.join call", "4:2 texts.join call", "5:3 texts.join call",
		"8:12 texts.divide i64.div_s",
		"11:5 texts.fail call", "12:5 texts.fail call",
		"16:2 texts.init call",
		"1:1 export twice call", "4:1 export join call", "4:1 export join call", "10:1 export fail call", "14:1 export keep call",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("entries\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// codeStart finds the content of the code section by its own means.
func codeStart(t *testing.T, b []byte) int {
	t.Helper()
	for at := 8; at < len(b); {
		id, size, n := b[at], 0, 0
		at++
		for {
			c := b[at]
			at++
			size |= int(c&0x7f) << (7 * n)
			n++
			if c < 0x80 {
				break
			}
		}
		if id == wasm.SectionCode {
			return at
		}
		at += size
	}
	t.Fatal("no code")
	return 0
}

// Proves: dol 10.2-c
func TestSourceMapV3(t *testing.T) {
	w := generate(t, parse(t, texts), codegen.Options{})
	b, err := codegen.SourceMapV3(w, "texts.wasm")
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		Version  int
		File     string
		Sources  []string
		Mappings string
	}
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	if m.Version != 3 || m.File != "texts.wasm" || len(m.Sources) != 1 {
		t.Errorf("%+v", m)
	}
	_, entries, err := codegen.ReadSrcmap(w.Custom("vudo.srcmap").Data)
	if err != nil {
		t.Fatal(err)
	}
	code := codeStart(t, w.Encode())
	segments := strings.Split(m.Mappings, ",")
	if len(segments) != len(entries) {
		t.Fatalf("%d segments for %d entries", len(segments), len(entries))
	}
	var sum [4]int
	for i, s := range segments {
		for k := range sum {
			var d int
			d, s = unvlq(t, s)
			sum[k] += d
		}
		e := entries[i]
		if want := [4]int{code + e.Address, e.File, e.Line - 1, e.Col - 1}; sum != want || s != "" {
			t.Errorf("segment %d is %v, want %v", i, sum, want)
		}
	}
	if _, err := codegen.SourceMapV3(generate(t, parse(t, texts), codegen.Options{Strip: true}), ""); err == nil {
		t.Error("a map without a section")
	}
}

func unvlq(t *testing.T, s string) (int, string) {
	t.Helper()
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	v := 0
	for i := range len(s) {
		d := strings.IndexByte(digits, s[i])
		v |= d & 31 << (5 * i)
		if d < 32 {
			if v&1 != 0 {
				return -(v >> 1), s[i+1:]
			}
			return v >> 1, s[i+1:]
		}
	}
	t.Fatalf("no number: %q", s)
	return 0, ""
}

// TestSrcmapBroken cuts and changes the section: it reads or is an error.
func TestSrcmapBroken(t *testing.T) {
	data := generate(t, parse(t, texts), codegen.Options{}).Custom("vudo.srcmap").Data
	for i := range data {
		if _, _, err := codegen.ReadSrcmap(data[:i]); err == nil {
			t.Errorf("cut at %d: no error", i)
		}
		for _, c := range []byte{0, 0x7f, 0x80, 0xff} {
			b := append([]byte(nil), data...)
			b[i] = c
			_, _, _ = codegen.ReadSrcmap(b)
		}
	}
}

// TestDeterministic generates twice from two copies of a module.
//
// Proves: dol 10-b
func TestDeterministic(t *testing.T) {
	for seed := range uint64(20) {
		for name, gc := range gcs {
			a := generate(t, irgen.Module(seed, irgen.Config{}), codegen.Options{GC: gc}).Encode()
			b := generate(t, irgen.Module(seed, irgen.Config{}), codegen.Options{GC: gc}).Encode()
			if string(a) != string(b) {
				t.Errorf("seed %d, gc %s: two results", seed, name)
			}
		}
	}
}
