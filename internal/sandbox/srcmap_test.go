package sandbox

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/internal/wasm"
)

// mapBytes writes a source map: each entry is address, file, line, column.
func mapBytes(files []string, entries [][4]int64) []byte {
	b := []byte{1}
	b = binary.AppendUvarint(b, uint64(len(files)))
	for _, f := range files {
		b = append(binary.AppendUvarint(b, uint64(len(f))), f...)
	}
	b = binary.AppendUvarint(b, uint64(len(entries)))
	var last [4]int64
	for _, e := range entries {
		b = binary.AppendUvarint(b, uint64(e[0]-last[0]))
		for i := 1; i < 4; i++ {
			b = appendSleb(b, e[i]-last[i])
		}
		last = e
	}
	return b
}

func appendSleb(b []byte, v int64) []byte {
	for {
		c := byte(v & 0x7f)
		v >>= 7
		if v == 0 && c&0x40 == 0 || v == -1 && c&0x40 != 0 {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}

func mapModule(section []byte) *wasm.Module {
	return &wasm.Module{Customs: []wasm.Custom{{Name: sourceMapSection, Data: section}}}
}

func TestSourceMap(t *testing.T) {
	s := readSourceMap(mapModule(mapBytes([]string{"src/a.dol", "lib/ü.dol"}, [][4]int64{
		{4, 0, 10, 3}, {9, 1, 2, 40}, {9, 1, 3, 41}, {20, 0, 0, 0}, {300, 0, 5, 1}, {1<<32 - 1, 1, math.MaxInt32, math.MaxInt32},
	})), 1000)
	if s == nil {
		t.Fatal("the map was not read")
	}
	for at, want := range map[uint32]string{
		0: " 0 0", 3: " 0 0", 4: "src/a.dol 10 3", 8: "src/a.dol 10 3", 9: "lib/ü.dol 3 41", 19: "lib/ü.dol 3 41",
		20: " 0 0", 299: " 0 0", 300: "src/a.dol 5 1", 1 << 31: "src/a.dol 5 1",
	} {
		file, line, column := s.find(1000 + at)
		if got := fmt.Sprint(file, " ", line, " ", column); got != want {
			t.Errorf("%d: %s, want %s", at, got, want)
		}
	}
	if file, _, _ := s.find(999); file != "" {
		t.Error("before the code")
	}
	s.code = 0
	if file, line, column := s.find(1<<32 - 1); file != "lib/ü.dol" || line != math.MaxInt32 || column != math.MaxInt32 {
		t.Error("the greatest numbers")
	}
	if readSourceMap(&wasm.Module{}, 0) != nil {
		t.Error("a map without a section")
	}
}

// badMaps are not used at all: half a map gives wrong answers.
func badMaps() map[string][]byte {
	files := []string{"a"}
	whole := mapBytes(files, [][4]int64{{1, 0, 1, 1}})
	many := func(n uint64) []byte { return binary.AppendUvarint(nil, n) }
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	bad := map[string][]byte{
		"empty":              {},
		"format 2":           append([]byte{2}, whole[1:]...),
		"something behind":   append(append([]byte{}, whole...), 0),
		"file out of range":  mapBytes(files, [][4]int64{{1, 1, 1, 1}}),
		"no file":            mapBytes(nil, [][4]int64{{1, 0, 1, 1}}),
		"file below zero":    mapBytes(files, [][4]int64{{1, -1, 1, 1}}),
		"line below zero":    mapBytes(files, [][4]int64{{1, 0, -1, 1}}),
		"column below zero":  mapBytes(files, [][4]int64{{1, 0, 1, -1}}),
		"line too great":     mapBytes(files, [][4]int64{{1, 0, 1 << 31, 1}}),
		"line wraps":         mapBytes(files, [][4]int64{{1, 0, math.MaxInt64, 1}, {2, 0, math.MinInt64, 1}}),
		"address too great":  mapBytes(files, [][4]int64{{1 << 32, 0, 1, 1}}),
		"address wraps":      join([]byte{1, 1, 1, 'a', 2}, many(2), []byte{0, 0, 0}, many(math.MaxUint64), []byte{0, 0, 0}),
		"path of no UTF-8":   mapBytes([]string{"\xff"}, nil),
		"path too long":      mapBytes([]string{strings.Repeat("x", maxSourcePath+1)}, nil),
		"files that are not": join([]byte{1}, many(maxSourceFiles), []byte{0}),
		"too many files":     join([]byte{1}, many(maxSourceFiles+1), make([]byte, maxSourceFiles+2)),
		"too many entries":   join([]byte{1, 1, 0}, many(maxSourceEntries+1), make([]byte, 4*(maxSourceEntries+1))),
		"entries claimed":    join([]byte{1, 1, 0}, many(maxSourceEntries)),
		"counts of 64 bits":  join([]byte{1}, many(math.MaxUint64)),
		"endless number":     bytes.Repeat([]byte{1, 0xff}, 40),
		"long path claimed":  join([]byte{1, 1}, many(math.MaxUint64)),
	}
	for n := range whole {
		bad[fmt.Sprintf("the first %d bytes", n)] = whole[:n]
	}
	return bad
}

func TestBadSourceMaps(t *testing.T) {
	for name, b := range badMaps() {
		if s := readSourceMap(mapModule(b), 0); s != nil {
			t.Errorf("%s: %d files, %d entries", name, len(s.files), len(s.entries))
		}
	}
	for name, b := range map[string][]byte{ // the other side of each bound
		"nothing":      mapBytes(nil, nil),
		"long path":    mapBytes([]string{strings.Repeat("x", maxSourcePath)}, nil),
		"many files":   mapBytes(make([]string, maxSourceFiles), nil),
		"many entries": mapBytes([]string{"a"}, make([][4]int64, maxSourceEntries)),
	} {
		if readSourceMap(mapModule(b), 0) == nil {
			t.Errorf("%s: refused", name)
		}
	}
}

func FuzzSourceMap(f *testing.F) {
	for _, b := range badMaps() {
		if len(b) < 4096 {
			f.Add(b, uint32(1))
		}
	}
	f.Add(mapBytes([]string{"a", "b"}, [][4]int64{{1, 0, 1, 1}, {7, 1, 9, 2}}), uint32(8))
	f.Fuzz(func(t *testing.T, section []byte, at uint32) {
		s := readSourceMap(mapModule(section), 0)
		if s == nil {
			return
		}
		if 4*len(s.entries) > len(section) || len(s.files) > len(section) {
			t.Fatalf("%d entries and %d files of %d bytes", len(s.entries), len(s.files), len(section))
		}
		file, line, column := s.find(at)
		if line < 0 || column < 0 || line == 0 && file != "" {
			t.Fatalf("%q %d %d", file, line, column)
		}
	})
}

// faulty is a module of report, which calls mean, which divides by zero; its map
// has one entry for each instruction, whose line is the instruction's number.
func faulty(t *testing.T, customs ...wasm.Custom) (source []byte, lines map[wasm.Opcode]int) {
	t.Helper()
	b := wasm.NewBuilder()
	b.Func("", nil, nil, nil, func(*wasm.Emitter) {})
	mean := b.Func("", wasm.Types(i32, i32), wasm.Types(i32), nil, func(e *wasm.Emitter) {
		e.Loop(wasm.BlockEmpty).LocalGet(0).I32Const(1).Op(wasm.OpI32Add).LocalTee(0).I32Const(10).Op(wasm.OpI32LtU).BrIf(0).End()
		e.LocalGet(0).LocalGet(1).Op(wasm.OpI32DivS).I32Const(3).Op(wasm.OpI32Mul)
	})
	b.Func("report", wasm.Types(i32), wasm.Types(i32), nil, func(e *wasm.Emitter) {
		e.LocalGet(0).If(wasm.BlockEmpty).I32Const(7).Op(wasm.OpDrop).End()
		e.I32Const(5).I32Const(0).Call(mean).I32Const(2).Op(wasm.OpI32Add)
	})
	b.Custom("name", []byte("\x01\x1b\x02\x01\x0astats.mean\x02\x0cstats.report"))
	m := b.Module()
	built, err := wasm.Decode(m.Encode(), wasm.DecodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	code := codeStart(m.Encode())
	lines = map[wasm.Opcode]int{}
	var entries [][4]int64
	for i := range built.Codes {
		c := &built.Codes[i]
		r := wasm.NewReader(c.Body)
		var in wasm.Instr
		for at := r.Pos(); r.Next(&in); at = r.Pos() {
			n := len(entries) + 1
			lines[in.Op] = n
			entries = append(entries, [4]int64{int64(c.Offset-code) + int64(at), int64(i % 2), int64(n), int64(n % 7)})
		}
	}
	b.Custom(sourceMapSection, mapBytes([]string{"src/report.dol", "src/stats.dol"}, entries))
	m.Customs = append(m.Customs, customs...)
	return m.Encode(), lines
}

// Proves: vm 14.44
func TestFramesFromSourceMap(t *testing.T) {
	variants(t, func(t *testing.T, cfg EngineConfig) {
		cfg.CacheDir = t.TempDir()
		source, lines := faulty(t)
		for range 2 { // compiled, and from the cache
			p, err := newEngine(t, cfg).Compile(background, source, CompileOptions{})
			if err != nil {
				t.Fatal(err)
			}
			for _, arg := range []int32{0, 1} {
				_, _, err = p.CallValues(background, "report", []Value{I32(arg)}, Config{})
				var trap *fault.Trap
				if !errors.As(err, &trap) || len(trap.Frames) != 2 {
					t.Fatalf("%+v", err)
				}
				div, call := lines[wasm.OpI32DivS], lines[wasm.OpCall]
				want := fmt.Sprintf("%v\n    at stats.mean   src/stats.dol:%d:%d\n    at stats.report src/report.dol:%d:%d", err, div, div%7, call, call%7)
				if got := fmt.Sprintf("%+v", err); got != want {
					t.Errorf("got\n%s\nwant\n%s", got, want)
				}
			}
		}
	})
}

// A source map goes before DWARF; one that does not read leaves the word to it.
//
// Proves: vm 14.44
func TestSourceMapBesideDWARF(t *testing.T) {
	dwarf := []wasm.Custom{
		{Name: ".debug_line", Data: lineTable(5, lists5, []byte{0, 5, 2, 0, 0, 0, 0, 4, 0, 3, 9, 1, 2, 0xff, 0xff, 3, 0, 1, 1}), After: 10},
		{Name: ".debug_line_str", Data: []byte("/src\x00inc\x00"), After: 10},
	}
	e := newEngine(t, EngineConfig{})
	frames := func(source []byte) []fault.Frame {
		p, err := e.Compile(background, source, CompileOptions{})
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = p.CallValues(background, "report", []Value{I32(0)}, Config{})
		var trap *fault.Trap
		if !errors.As(err, &trap) || len(trap.Frames) != 2 {
			t.Fatalf("%+v", err)
		}
		return trap.Frames
	}
	source, _ := faulty(t, dwarf...)
	if f := frames(source)[0]; f.File != "src/stats.dol" || f.Column == 0 {
		t.Errorf("%+v", f)
	}
	m, err := wasm.Decode(source, wasm.DecodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	m.Custom(sourceMapSection).Data[0] = 9
	if f := frames(m.Encode())[0]; f.File != "inc/main.c" || f.Line != 10 || f.Column != 0 {
		t.Errorf("with a map that does not read: %+v", f)
	}
}

// A module with any map runs, and its trap has frames.
//
// Proves: vm 14.44
func TestHostileSourceMaps(t *testing.T) {
	e := newEngine(t, EngineConfig{})
	for name, section := range badMaps() {
		b := wasm.NewBuilder()
		b.Func("main", nil, nil, nil, func(e *wasm.Emitter) { e.Op(wasm.OpUnreachable) })
		b.Custom(sourceMapSection, section)
		_, _, err := compile(t, e, b).Call(background, "main", nil, Config{})
		var trap *fault.Trap
		if !errors.As(err, &trap) || len(trap.Frames) != 1 || trap.Frames[0].File != "" || trap.Frames[0].Offset == 0 {
			t.Errorf("%s: %+v", name, err)
		}
	}
}
