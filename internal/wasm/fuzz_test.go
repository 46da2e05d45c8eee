package wasm_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/internal/wasm/spectest"
	"github.com/univrs/vudo/internal/wasm/wasmgen"
)

// seeds gives every fuzz target the official modules (the small ones) and some
// generated programs.
func seeds(f *testing.F) {
	for _, suite := range spectest.Suites {
		scripts, err := spectest.Load(suite)
		if err != nil {
			f.Fatal(err)
		}
		for i := range scripts {
			for j := range scripts[i].Commands {
				c := &scripts[i].Commands[j]
				if c.Filename == "" || c.ModuleType == "text" || c.Line%5 != 0 {
					continue
				}
				if b, err := scripts[i].Module(c); err == nil && len(b) < 2000 {
					f.Add(b)
				}
			}
		}
	}
	for seed := range uint64(20) {
		f.Add(wasmgen.Generate(seed, wasmgen.Options{TrapPercent: 40, Size: 20}).Bytes)
	}
}

// FuzzDecode: any bytes give a module or an *Error about a place inside them.
func FuzzDecode(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		_, err := wasm.Decode(b, wasm.DecodeOptions{})
		if err == nil {
			return
		}
		var e *wasm.Error
		if !errors.As(err, &e) || !errors.Is(err, fault.ErrInvalidModule) {
			t.Fatalf("%T %v is no *wasm.Error of an invalid module", err, err)
		}
		if e.HasOffset && int(e.Offset) > len(b) || e.Msg == "" {
			t.Fatalf("%v: offset %d in %d bytes", err, e.Offset, len(b))
		}
	})
}

// FuzzRoundTrip: what decodes encodes to bytes that decode to the same again.
func FuzzRoundTrip(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := wasm.Decode(b, wasm.DecodeOptions{})
		if err != nil {
			return
		}
		once := m.Encode()
		if len(once) > len(b) {
			t.Fatalf("%d bytes became %d", len(b), len(once))
		}
		again, err := wasm.Decode(once, wasm.DecodeOptions{})
		if err != nil {
			t.Fatalf("re-encoded: %v", err)
		}
		if !bytes.Equal(again.Encode(), once) {
			t.Fatal("the second round trip differs")
		}
		if v, w := wasm.Validate(m), wasm.Validate(again); (v == nil) != (w == nil) {
			t.Fatalf("valid before: %v, after: %v", v, w)
		}
	})
}

// FuzzValidate: we take what the engine takes and nothing else; where they
// differ stands in engineLaxer. The engine is shown only what Decode takes, with
// custom sections left out and few locals: it allocates what a lying count says,
// expands locals, and refuses name sections that the specification ignores.
func FuzzValidate(f *testing.F) {
	seeds(f)
	r := engine(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := wasm.Decode(b, wasm.DecodeOptions{})
		if err != nil {
			return
		}
		for i := range m.Codes {
			if m.Codes[i].NumLocals() > 50_000 {
				return
			}
		}
		for i := range m.Imports {
			if m.Imports[i].Module == "" { // valid by the specification, the engine wants a name
				return
			}
		}
		m.Customs = nil
		b = m.Encode()
		if m, err = wasm.Decode(b, wasm.DecodeOptions{}); err != nil {
			t.Fatalf("re-encoded: %v", err)
		}
		err = wasm.Validate(m)
		engineErr := engineAccepts(r, b)
		if err == nil && engineErr != nil && strings.Contains(engineErr.Error(), "unsupported misc instruction") {
			return // a padded opcode behind 0xfc, which only its interpreter refuses
		}
		if err == nil && engineErr != nil {
			t.Fatalf("we take what the engine refuses: %v", engineErr)
		}
		if err != nil && engineErr == nil {
			var e *wasm.Error
			if !errors.As(err, &e) || !engineLaxer(m, b, e) {
				t.Fatalf("the engine takes what we refuse: %v", err)
			}
		}
	})
}

// engineLaxer tells whether a refusal of ours is one of those that the
// specification asks for and the engine does not make.
func engineLaxer(m *wasm.Module, b []byte, e *wasm.Error) bool {
	switch {
	case strings.HasPrefix(e.Msg, "constant expression required: global"), strings.Contains(e.Msg, "imported globals only"):
		return true // its constants read any global
	case e.Msg == "integer too large":
		return true // it ignores the surplus bits of a signed number's last byte
	case strings.HasSuffix(e.Msg, "is not in its shortest form"):
		return true // docs/adr/0010
	case e.HasOffset && bytes.IndexByte(b[max(int(e.Offset), 1)-1:e.Offset+1], 0xfd) >= 0:
		return true // it reads the opcode behind 0xfd as one byte
	case strings.HasPrefix(e.Msg, "malformed memory access flags"):
		return true // it shifts an alignment exponent of 32 or more out of sight
	case e.Func >= 0 && strings.HasPrefix(e.Msg, "type mismatch"):
		// In unreachable code it takes the result of a typed select for any type.
		r := wasm.NewReader(m.Codes[e.Func-m.NumImported(wasm.KindFunc)].Body)
		for in := (wasm.Instr{}); r.Next(&in); {
			if in.Op == wasm.OpSelectTyped {
				return true
			}
		}
	}
	return false
}
