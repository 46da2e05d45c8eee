package wasm_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/internal/wasm/spectest"
	"github.com/univrs/vudo/internal/wasm/wasmgen"
)

// meaning encodes a module without what the text format does not carry: custom
// sections, the data count, padded immediates, forms of segments and block
// types, grouping of locals.
func meaning(t *testing.T, m *wasm.Module) []byte {
	t.Helper()
	c := *m
	c.Customs, c.DataCount = nil, nil
	short := func(b []byte) []byte {
		var e wasm.Emitter
		r := wasm.NewReader(b)
		for in := (wasm.Instr{}); r.Next(&in); {
			if info, _ := wasm.Op(in.Op); info.Imm == wasm.ImmBlock {
				sig, _ := m.BlockSignature(in.BlockType())
				if len(sig.Params) == 0 && len(sig.Results) == 0 {
					bt := wasm.BlockEmpty
					in.B = uint64(bt)
				}
				if len(sig.Params) == 0 && len(sig.Results) == 1 {
					bt := wasm.BlockValue(sig.Results[0])
					in.B = uint64(bt)
				}
			}
			if in.Op == wasm.OpElse && in.End < len(b) && b[in.End] == byte(wasm.OpEnd) {
				continue // an empty else
			}
			e.Instr(&in)
		}
		if r.Err() != nil {
			t.Fatal(r.Err())
		}
		return e.Bytes()
	}
	c.Globals = append([]wasm.Global(nil), m.Globals...)
	for i := range c.Globals {
		c.Globals[i].Init = short(c.Globals[i].Init)
	}
	c.Elements = append([]wasm.Element(nil), m.Elements...)
	for i := range c.Elements {
		s := &c.Elements[i]
		if s.Mode() == wasm.ModeActive {
			s.Offset = short(s.Offset)
			if s.Table == 0 && s.Type == wasm.FuncRef {
				s.Flags &^= 2
			}
		}
		s.Exprs = append([][]byte(nil), s.Exprs...)
		var funcs []uint32
		for j := range s.Exprs {
			s.Exprs[j] = short(s.Exprs[j])
			r := wasm.NewReader(s.Exprs[j])
			if in := (wasm.Instr{}); r.Next(&in) && in.Op == wasm.OpRefFunc {
				funcs = append(funcs, in.A)
			}
		}
		if s.Flags&4 != 0 && s.Type == wasm.FuncRef && len(funcs) == len(s.Exprs) {
			s.Flags, s.Funcs, s.Exprs = s.Flags&^4, funcs, nil
		}
	}
	c.Datas = append([]wasm.Data(nil), m.Datas...)
	for i := range c.Datas {
		if d := &c.Datas[i]; d.Mode() == wasm.ModeActive {
			d.Flags, d.Offset = 0, short(d.Offset)
		}
	}
	c.Codes = append([]wasm.Code(nil), m.Codes...)
	for i := range c.Codes {
		var ts []wasm.ValType
		for _, g := range c.Codes[i].Locals {
			for range g.Count {
				ts = append(ts, g.Type)
			}
		}
		c.Codes[i] = wasm.Code{Locals: wasm.Locals(ts...), Body: short(c.Codes[i].Body)}
	}
	return c.Encode()
}

// TestPrint: wat2wasm makes an equal module of the text of generated and of
// official modules, offsets or not.
func TestPrint(t *testing.T) {
	wat2wasm, err := exec.LookPath("wat2wasm")
	if err != nil {
		t.Skip("wat2wasm is not installed; run make test-tools")
	}
	dir := t.TempDir()
	seen := map[wasm.Opcode]bool{}
	check := func(name string, m *wasm.Module, o wasm.PrintOptions) {
		t.Helper()
		for i := range m.Codes {
			r := wasm.NewReader(m.Codes[i].Body)
			for in := (wasm.Instr{}); r.Next(&in); {
				seen[in.Op] = true
			}
		}
		var text bytes.Buffer
		if err := wasm.Print(&text, m, o); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		wat, out := filepath.Join(dir, "m.wat"), filepath.Join(dir, "m.wasm")
		if err := os.WriteFile(wat, text.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		if msg, err := exec.Command(wat2wasm, "--enable-tail-call", "--enable-extended-const", wat, "-o", out).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, msg)
			return
		}
		b, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		again, err := wasm.Decode(b, wasm.DecodeOptions{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !bytes.Equal(meaning(t, m), meaning(t, again)) {
			t.Errorf("%s: the module of the printed text differs", name)
		}
	}
	for seed := range uint64(40) {
		p := wasmgen.Generate(seed, wasmgen.Options{TrapPercent: 40, Imports: seed%3 == 0, Size: 40 + 500*int(seed%2)})
		check(fmt.Sprint("seed ", seed), p.Module, wasm.PrintOptions{Offsets: seed%2 == 0})
	}
	stride := 12
	if testing.Short() {
		stride = 100
	}
	n, printed := 0, 0
	for _, suite := range spectest.Suites {
		scripts, err := spectest.Load(suite)
		if err != nil {
			t.Fatal(err)
		}
		for i := range scripts {
			s := &scripts[i]
			for j := range s.Commands {
				c := &s.Commands[j]
				if c.Type != "module" || c.Filename == "" {
					continue
				}
				if n++; n%stride != 0 && len(s.Commands) > 20 {
					continue
				}
				b, err := s.Module(c)
				if err != nil {
					t.Fatal(err)
				}
				m, err := wasm.Decode(b, wasm.DecodeOptions{})
				if err != nil {
					t.Fatal(err)
				}
				printed++
				check(suite+"/"+c.Filename, m, wasm.PrintOptions{})
			}
		}
	}
	t.Logf("%d official modules printed", printed)
	for _, op := range wasm.Opcodes() {
		if !seen[op] && !testing.Short() {
			t.Errorf("%v was never printed: its name is not checked", op)
		}
	}
}

// TestPrintNames: names stand in comments and cannot end them.
func TestPrintNames(t *testing.T) {
	b := wasm.NewBuilder()
	evil := "a\n(func) ;) \"\\ \u202e"
	b.Func(evil, nil, nil, nil, nil)
	b.Memory(1, -1)
	b.Data(0, []byte("\x00\"\\é"))
	b.Custom(evil, []byte{1})
	var text strings.Builder
	if err := wasm.Print(&text, b.Module(), wasm.PrintOptions{}); err != nil {
		t.Fatal(err)
	}
	want := `(module
  (type (;0;) (func))
  (func (;0;) (type 0) ;; "a\n(func) ;) \"\\ \u202e"
  )
  (memory (;0;) 1)
  (export "a\0a(func) ;) \22\5c \e2\80\ae" (func 0))
  (data (;0;) (offset i32.const 0)
    "\00\22\5c\c3\a9")
  ;; custom section "a\n(func) ;) \"\\ \u202e", 1 bytes
)
`
	if text.String() != want {
		t.Errorf("printed\n%s\nwant\n%s", text.String(), want)
	}
}

// TestPrintOne prints a single function of a decoded module with the offsets of
// its instructions.
func TestPrintOne(t *testing.T) {
	b := wasm.NewBuilder()
	b.Func("", nil, nil, nil, nil)
	b.Func("", nil, wasm.Types(wasm.I32), nil, func(e *wasm.Emitter) { e.Block(wasm.BlockValue(wasm.I32)).I32Const(7).End() })
	m, err := wasm.Decode(b.Bytes(), wasm.DecodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	at := m.Codes[1].Offset
	var text strings.Builder
	if err := wasm.Print(&text, m, wasm.PrintOptions{Offsets: true, Funcs: func(i uint32) bool { return i == 1 }}); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("(module\n  (func (;1;) (type 1)\n    (;%06x;) block (result i32)\n    (;%06x;)   i32.const 7\n    (;%06x;) end\n  )\n)\n", at, at+2, at+4)
	if text.String() != want {
		t.Errorf("printed\n%s\nwant\n%s", text.String(), want)
	}
}

// TestPrintBroken: what cannot be read is said, in the text and as the error,
// and a body that declares 2^32 locals stays small.
func TestPrintBroken(t *testing.T) {
	b := wasm.NewBuilder()
	f := b.Func("", nil, nil, nil, func(e *wasm.Emitter) { e.End().Raw(0xff) })
	b.LocalGroups(f, wasm.LocalGroup{Count: wasm.MaxPrintLocals + 1, Type: wasm.I64})
	var text strings.Builder
	err := wasm.Print(&text, b.Module(), wasm.PrintOptions{})
	var e *wasm.Error
	if !errors.As(err, &e) || !strings.Contains(text.String(), "illegal opcode 0xff") {
		t.Errorf("error %v, text\n%s", err, text.String())
	}
	if !strings.Contains(text.String(), "(; 50001 locals ;)") {
		t.Errorf("the locals are listed:\n%.200s", text.String())
	}
	b.LocalGroups(f, wasm.LocalGroup{Count: wasm.MaxPrintLocals, Type: wasm.I64})
	b.Body(f, nil)
	text.Reset()
	if err := wasm.Print(&text, b.Module(), wasm.PrintOptions{}); err != nil || strings.Count(text.String(), "i64") != wasm.MaxPrintLocals {
		t.Errorf("%v, %d locals of %d are listed", err, strings.Count(text.String(), "i64"), wasm.MaxPrintLocals)
	}
	if err := wasm.Print(failing{}, b.Module(), wasm.PrintOptions{}); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a failing writer gives %v", err)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
