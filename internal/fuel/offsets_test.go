package fuel

import (
	"bytes"
	"regexp"
	"strconv"
	"testing"

	"github.com/univrs/vudo/internal/wasm"
)

var frameOffset = regexp.MustCompile(`(?m)^\t\t0x([0-9a-f]+): ` + regexp.QuoteMeta(Reserved))

// frames reads the code offsets of an engine's stack trace, innermost first.
func frames(t *testing.T, err error) []uint32 {
	t.Helper()
	var list []uint32
	for _, m := range frameOffset.FindAllStringSubmatch(err.Error(), -1) {
		n, err := strconv.ParseUint(m[1], 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, uint32(n))
	}
	return list
}

// TestFramesLeadBack: the engine prints a code offset for every frame, and the
// map turns it into the instruction of the module as built.
func TestFramesLeadBack(t *testing.T) {
	b := wasm.NewBuilder()
	b.Memory(1, 1)
	b.Func("run", i32s(1), i32s(1), nil, func(e *wasm.Emitter) {
		e.Loop(wasm.BlockEmpty)
		e.LocalGet(0).Call(1).LocalSet(0)
		e.I32Const(1).BrIf(0).End()
		e.I32Const(0)
	})
	b.Func("", i32s(1), i32s(1), nil, func(e *wasm.Emitter) {
		e.Block(wasm.BlockEmpty).LocalGet(0).BrIf(0).End()
		e.I32Const(7).LocalGet(0).Op(wasm.OpI32DivU)
	})
	m, err := wasm.Decode(b.Bytes(), wasm.DecodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	out := meter(t, m, Config{DebugOffsets: true})
	for name, cfg := range map[string]bool{"compiler": true, "interpreter": false} {
		rc := compilerConfig()
		if !cfg {
			rc = interpreterConfig()
		}
		w := newWorld(t, rc, out.Bytes, &meterHost{slice: fixedSlice(1 << 30)})
		_, _, err := w.call("run", 0)
		if err == nil {
			t.Fatal("no trap")
		}
		got := frames(t, err)
		if len(got) != 2 {
			t.Fatalf("%s: %d frames with an offset in %v", name, len(got), err)
		}
		for i, want := range []struct {
			fn uint32
			op wasm.Opcode
		}{{1, wasm.OpI32DivU}, {0, wasm.OpCall}} {
			fn, offset, ok := out.Offsets.Original(got[i])
			if !ok || fn != want.fn {
				t.Errorf("%s frame %d: function %d, %v", name, i, fn, ok)
				continue
			}
			code := &m.Codes[fn]
			r := wasm.NewReader(code.Body)
			var in wasm.Instr
			found := false
			for r.Next(&in) {
				found = found || code.Offset+uint32(in.Start) == offset && in.Op == want.op
			}
			if !found {
				t.Errorf("%s frame %d: no %v at offset 0x%x", name, i, want.op, offset)
			}
		}
	}
}

// TestOffsetsAreExact: every operator that the pass copies is found again at
// the place that the map says.
func TestOffsetsAreExact(t *testing.T) {
	copied := 0
	for seed := range uint64(sample(50, 1000)) {
		p := generate(seed)
		m, err := wasm.Decode(p.Bytes, wasm.DecodeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		out := meter(t, m, Config{})
		back, err := wasm.Decode(out.Bytes, wasm.DecodeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		start := codeContent(t, out.Bytes)
		for i := range back.Codes {
			index := uint32(back.NumImported(wasm.KindFunc) + i)
			old, guest := out.Function(index)
			code := &back.Codes[i]
			r := wasm.NewReader(code.Body)
			var in wasm.Instr
			last := uint32(0)
			for r.Next(&in) {
				fn, offset, ok := out.Offsets.Original(code.Offset + uint32(in.Start) - start)
				if ok != guest || guest && fn != old {
					t.Fatalf("seed %d function %d: original %d, %v", seed, index, fn, ok)
				}
				if !guest {
					continue
				}
				if offset < last {
					t.Fatalf("seed %d function %d: offsets fall from 0x%x to 0x%x", seed, index, last, offset)
				}
				last = offset
				// Memory accesses are never injected into a guest's function.
				if info, _ := wasm.Op(in.Op); info.Imm == wasm.ImmMemArg {
					copied++
					if !bytes.HasPrefix(p.Bytes[offset:], code.Body[in.Start:in.End]) {
						t.Fatalf("seed %d function %d: %v is not at 0x%x", seed, index, in.Op, offset)
					}
				}
			}
		}
		if _, _, ok := out.Offsets.Original(1 << 31); ok {
			t.Error("an offset behind the code leads somewhere")
		}
	}
	if copied < 1000 {
		t.Errorf("only %d places compared", copied)
	}
}

// codeContent returns where the content of the code section starts.
func codeContent(t *testing.T, b []byte) uint32 {
	t.Helper()
	for at := 8; at < len(b); {
		id := b[at]
		at++
		size, shift := 0, 0
		for {
			c := b[at]
			at++
			size |= int(c&0x7f) << shift
			if shift += 7; c < 0x80 {
				break
			}
		}
		if id == wasm.SectionCode {
			return uint32(at)
		}
		at += size
	}
	t.Fatal("no code section")
	return 0
}
