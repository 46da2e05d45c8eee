package sandbox

import (
	"bytes"
	"debug/dwarf"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/internal/wasm"
)

// lineTable writes a line table of one unit: the head up to the lists of
// directories and files, then the lists, then the program.
func lineTable(version byte, lists, program []byte) []byte {
	after := []byte{1} // least instruction
	if version >= 4 {
		after = append(after, 1) // operations per instruction
	}
	after = append(after, 1, 0xfb, 14, 13) // is_stmt, line base -5, range 14, first special opcode
	after = append(after, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1)
	after = append(after, lists...)
	head := []byte{version, 0}
	if version == 5 {
		head = append(head, 4, 0)
	}
	head = binary.LittleEndian.AppendUint32(head, uint32(len(after)))
	body := append(append(head, after...), program...)
	return append(binary.LittleEndian.AppendUint32(nil, uint32(len(body))), body...)
}

// lineProgram sets the address to 0x10 in the file, then rows of each kind.
func lineProgram(file byte) []byte {
	return []byte{
		0, 5, 2, 0x10, 0, 0, 0, // set_address
		4, file, // set_file
		3, 9, // advance_line: 10
		1,       // row (0x10, 10)
		2, 4, 1, // row (0x14, 10)
		13 + 14*2 + 5 + 3,                  // special: row (0x16, 13)
		3, 0x7e, 5, 7, 10, 11, 6, 12, 1, 1, // line 11, column, ignored ones: row (0x16, 11)
		8,          // const_add_pc: + 17
		9, 4, 0, 1, // row (0x2b, 11)
		0, 2, 0x80, 1, // unknown extended opcode
		2, 5, 0, 1, 1, // end at 0x30
	}
}

var (
	lists4 = []byte("src\x00/abs\x00\x00main.c\x00\x01\x00\x00lib.c\x00\x02\x00\x00own.c\x00\x00\x00\x00\x00")
	lists5 = append([]byte{
		1, 1, 0x1f, 2, 0, 0, 0, 0, 5, 0, 0, 0, // directories by line_strp
		3, 1, 8, 2, 0x0b, 5, 0x1e, 3, // files: string, data1, data16
	}, []byte("main.c\x00\x01"+strings.Repeat("\xaa", 16)+"lib.c\x00\x00"+strings.Repeat("\xbb", 16)+"/x/y.c\x00\x00"+strings.Repeat("\xbb", 16))...)
)

func lineModule(line, lineStr []byte) *wasm.Module {
	return &wasm.Module{Customs: []wasm.Custom{{Name: ".debug_line", Data: line}, {Name: ".debug_line_str", Data: lineStr}}}
}

func TestLines(t *testing.T) {
	text := []byte("/src\x00inc\x00")
	for name, c := range map[string]struct {
		table []byte
		want  string
	}{
		"version 2":     {lineTable(2, lists4, lineProgram(1)), "src/main.c"},
		"version 3":     {lineTable(3, lists4, lineProgram(2)), "/abs/lib.c"},
		"version 4":     {lineTable(4, lists4, lineProgram(3)), "own.c"},
		"version 5":     {lineTable(5, lists5, lineProgram(0)), "inc/main.c"},
		"absolute name": {lineTable(5, lists5, lineProgram(2)), "/x/y.c"},
		"second unit":   {append(lineTable(6, nil, nil), lineTable(5, lists5, lineProgram(1))...), "/src/lib.c"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLineFinder(lineModule(c.table, text), 100)
			for at, want := range map[uint32]int{0x0f: 0, 0x10: 10, 0x13: 10, 0x14: 10, 0x15: 10, 0x16: 11, 0x2a: 11, 0x2b: 11, 0x2f: 11, 0x30: 0, 1 << 30: 0} {
				file, line := l.find(100 + at)
				if line != want || want > 0 && file != c.want || want == 0 && file != "" {
					t.Errorf("0x%x: %s:%d, want %s:%d", at, file, line, c.want, want)
				}
			}
			if file, line := l.find(99); file != "" || line != 0 {
				t.Errorf("before the code: %s:%d", file, line)
			}
		})
	}
	if l := newLineFinder(lineModule(lineTable(5, lists5, lineProgram(9)), text), 0); l != nil {
		if file, _ := l.find(0x10); file != "" {
			t.Errorf("a file that is not there: %s", file)
		}
	}
	if l := newLineFinder(&wasm.Module{}, 0); l != nil {
		t.Error("lines without a table")
	}
}

// The standard library agrees about every row of the honest tables above.
func TestLinesOracle(t *testing.T) {
	info := []byte{0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0}
	binary.LittleEndian.PutUint32(info, uint32(len(info)-4))
	abbrev := []byte{1, 0x11, 0, 0x10, 0x17, 0, 0, 0}
	for version := byte(2); version <= 5; version++ {
		lists := lists4
		if version == 5 {
			lists = lists5
		}
		table := lineTable(version, lists, lineProgram(1))
		d, err := dwarf.New(abbrev, nil, nil, info, table, nil, nil, nil)
		if err == nil {
			err = d.AddSection(".debug_line_str", []byte("/src\x00inc\x00"))
		}
		if err != nil {
			t.Fatal(err)
		}
		unit, err := d.Reader().Next()
		if err != nil {
			t.Fatal(err)
		}
		r, err := d.LineReader(unit)
		if err != nil {
			t.Fatal(err)
		}
		l := newLineFinder(lineModule(table, []byte("/src\x00inc\x00")), 0)
		n := 0
		var row dwarf.LineEntry
		for ; r.Next(&row) == nil; n++ {
			got := l.rows[n]
			if uint64(got.address) != row.Address || row.EndSequence != (got.file < 0) || !row.EndSequence && int(got.line) != row.Line {
				// Rows of one address keep their order, except for the end.
				t.Errorf("version %d, row %d: %+v, want %+v", version, n, got, row)
			}
		}
		if n != len(l.rows) || n < 6 {
			t.Errorf("version %d: %d rows, want %d", version, len(l.rows), n)
		}
	}
}

// hostileLines are tables that ask for more than there is.
func hostileLines() map[string][]byte {
	many := binary.AppendUvarint(nil, 1<<40)
	var deep []byte // each unit claims the rest of the section
	for range 2000 {
		deep = append(deep, lineTable(4, lists4, bytes.Repeat([]byte{2, 1}, 100))...)
	}
	return map[string][]byte{
		"directories without a format": lineTable(5, append([]byte{0}, many...), nil),
		"directories":                  lineTable(5, append([]byte{1, 1, 8}, many...), nil),
		"files without a format":       lineTable(5, append([]byte{0, 0, 0}, many...), nil),
		"files":                        lineTable(5, append([]byte{0, 0, 1, 1, 8}, many...), nil),
		"many formats":                 lineTable(5, []byte{255, 1}, nil),
		"no rows":                      deep,
		"unit longer than the section": {0xff, 0xff, 0xff, 0x7f, 4, 0},
		"wide unit":                    append([]byte{0xff, 0xff, 0xff, 0xff}, bytes.Repeat([]byte{0xff}, 40)...),
		"long extended opcode":         lineTable(4, lists4, append([]byte{0}, many...)),
		"empty":                        {},
		"one byte":                     {1},
	}
}

// The first trap of a module reads its line tables. They are a guest's: a
// hostile one must cost neither memory nor time.
func TestHostileLines(t *testing.T) {
	e := newEngine(t, EngineConfig{})
	for name, table := range hostileLines() {
		t.Run(name, func(t *testing.T) {
			b := wasm.NewBuilder()
			b.Func("main", nil, nil, nil, func(e *wasm.Emitter) { e.Op(wasm.OpUnreachable) })
			m := b.Module()
			info := []byte{12, 0, 0, 0, 4, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0}
			abbrev := []byte{1, 0x11, 0, 0x10, 0x17, 0, 0, 0}
			m.Customs = []wasm.Custom{
				{Name: ".debug_info", Data: info, After: 10},
				{Name: ".debug_abbrev", Data: abbrev, After: 10},
				{Name: ".debug_line", Data: table, After: 10},
			}
			p, err := e.Compile(background, m.Encode(), CompileOptions{})
			if err != nil {
				t.Fatal(err)
			}
			_, _, err = p.Call(background, "main", nil, Config{})
			var trap *fault.Trap
			if !errors.As(err, &trap) || len(trap.Frames) != 1 {
				t.Fatalf("%+v", err)
			}
		})
	}
}

func FuzzLines(f *testing.F) {
	for _, table := range hostileLines() {
		f.Add(table)
	}
	for version := byte(2); version <= 5; version++ {
		f.Add(lineTable(version, lists4, lineProgram(1)))
		f.Add(lineTable(version, lists5, lineProgram(0)))
	}
	f.Fuzz(func(t *testing.T, table []byte) {
		l := newLineFinder(lineModule(table, []byte("/src\x00inc")), 0)
		if l == nil {
			return
		}
		if len(l.rows) > len(table) || len(l.files)+len(l.dirs) > len(table) {
			t.Fatalf("%d rows and %d files from %d bytes", len(l.rows), len(l.files), len(table))
		}
		r := rand.New(rand.NewPCG(1, 2))
		for range 16 {
			l.find(r.Uint32())
		}
	})
}
