package fuel

import (
	"bytes"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero/api"

	"github.com/univrs/vudo/internal/wasm"
)

// bulkModule exports every bulk operation as a function of three numbers, and
// the two drops.
func bulkModule(pages uint32, segment []byte) *wasm.Module {
	b := wasm.NewBuilder()
	b.Memory(pages, int64(pages))
	b.Export("memory", wasm.KindMemory, 0)
	b.Table(wasm.FuncRef, 1<<19, 1<<19)
	data := b.PassiveData(segment)
	active := b.Data(0, []byte("active"))
	elem := b.PassiveElem(0, 0, 0)
	three := func(name string, op func(e *wasm.Emitter)) {
		b.Func(name, i32s(3), nil, nil, func(e *wasm.Emitter) { op(e.LocalGet(0).LocalGet(1).LocalGet(2)) })
	}
	three("copy", func(e *wasm.Emitter) { e.OpIdx(wasm.OpMemoryCopy, 0, 0) })
	three("fill", func(e *wasm.Emitter) { e.OpIdx(wasm.OpMemoryFill, 0) })
	three("init", func(e *wasm.Emitter) { e.OpIdx(wasm.OpMemoryInit, data, 0) })
	three("init active", func(e *wasm.Emitter) { e.OpIdx(wasm.OpMemoryInit, active, 0) })
	three("table copy", func(e *wasm.Emitter) { e.OpIdx(wasm.OpTableCopy, 0, 0) })
	three("table init", func(e *wasm.Emitter) { e.OpIdx(wasm.OpTableInit, elem, 0) })
	b.Func("table fill", i32s(3), nil, nil, func(e *wasm.Emitter) {
		e.LocalGet(0).RefNull(wasm.FuncRef).LocalGet(2).OpIdx(wasm.OpTableFill, 0)
	})
	b.Func("drop data", nil, nil, nil, func(e *wasm.Emitter) { e.OpIdx(wasm.OpDataDrop, data).OpIdx(wasm.OpDataDrop, active) })
	b.Func("drop elem", nil, nil, nil, func(e *wasm.Emitter) { e.OpIdx(wasm.OpElemDrop, elem) })
	return b.Module()
}

const bulkPages = 128 // 8 MiB

func TestBulkIsChargedBySizeAndSplit(t *testing.T) {
	out := meter(t, bulkModule(bulkPages, bytes.Repeat([]byte("segment."), 1<<17)), Config{}) // 1 MiB
	const size = bulkPages * 65536
	fresh := func() (*world, []byte) {
		w := newWorld(t, compilerConfig(), out.Bytes, &meterHost{slice: fixedSlice(5000)})
		memory, _ := w.mod.Memory().Read(0, size)
		for i := range memory {
			memory[i] = byte(i * 7 >> 3)
		}
		return w, memory
	}
	const base = 1 + 4 // entry, three operands, the operator
	for _, x := range []struct {
		name    string
		a, b, n uint64
		fuel    int64 // beyond base; -1 for a trap
	}{
		{"copy", 0, 100, 0, 0},
		{"copy", 0, 100, 1, 1},
		{"copy", 0, 100, 64, 1},
		{"copy", 0, 100, 65, 2},
		{"copy", 5, 0, 3<<20 + 17, (3 << 20 >> 6) + 1}, // upwards, overlapping
		{"copy", 0, 5, 3<<20 + 17, (3 << 20 >> 6) + 1}, // downwards, overlapping
		{"copy", 1 << 20, 0, 4 << 20, 4 << 20 >> 6},
		{"copy", size, size, 0, 0},
		{"copy", size + 1, 0, 0, -1},
		{"copy", 0, size - 4, 5, -1},
		{"copy", 0, 1<<32 - 1, 1<<32 - 1, -1},
		{"fill", 3, 0xab, 5<<20 + 1, 5<<20>>6 + 1},
		{"fill", size - 1, 0, 2, -1},
		{"init", 9, 1, 1<<20 - 1, 1 << 20 >> 6},
		{"init", 9, 2, 1<<20 - 1, -1},
		{"init active", 0, 0, 0, 0},
		{"init active", 0, 0, 1, -1},
		{"table copy", 1, 0, 1<<18 + 1, 1<<18>>3 + 1},
		{"table copy", 0, 1, 1<<19 - 1, 1 << 19 >> 3},
		{"table copy", 0, 1, 1 << 19, -1},
		{"table fill", 0, 0, 1 << 19, 1 << 19 >> 3},
		{"table fill", 1, 0, 1 << 19, -1},
		{"table init", 0, 0, 3, 1},
		{"table init", 0, 1, 3, -1},
	} {
		w, memory := fresh()
		want := append([]byte(nil), memory...)
		if x.fuel >= 0 {
			switch x.name {
			case "copy":
				copy(want[x.a:x.a+x.n], want[x.b:])
			case "fill":
				copy(want[x.a:x.a+x.n], bytes.Repeat([]byte{byte(x.b)}, int(x.n)))
			case "init":
				copy(want[x.a:x.a+x.n], bytes.Repeat([]byte("segment."), 1<<17)[x.b:])
			}
		}
		_, used, err := w.call(x.name, x.a, x.b, x.n)
		charged := max(x.fuel, 0) + base
		if (err != nil) != (x.fuel < 0) || used != charged {
			t.Errorf("%s(%d, %d, %d): %d fuel, want %d; %v", x.name, x.a, x.b, x.n, used, charged, err)
		}
		if !bytes.Equal(memory, want) {
			t.Errorf("%s(%d, %d, %d): memory differs", x.name, x.a, x.b, x.n)
		}
		if pieces := int(x.n >> 20); x.fuel >= 0 && !strings.HasPrefix(x.name, "table") && pieces > 1 && w.host.hooks < pieces {
			t.Errorf("%s of %d MiB enters the host %d times", x.name, pieces, w.host.hooks)
		}
		if w.host.lowest < -Overshoot {
			t.Errorf("%s: the counter fell to %d", x.name, w.host.lowest)
		}
	}
}

// TestBulkPausesBeforeItsEffect: when the host stops the guest for fuel, none
// of the bytes has moved.
func TestBulkPausesBeforeItsEffect(t *testing.T) {
	out := meter(t, bulkModule(bulkPages, []byte("x")), Config{})
	h := &meterHost{slice: fixedSlice(1000), budget: 60000}
	w := newWorld(t, compilerConfig(), out.Bytes, h)
	seen := 0
	h.visited = func(h *meterHost, mod api.Module) {
		seen++
		if b, _ := mod.Memory().ReadByte(4 << 20); b != 0 {
			t.Error("the effect has begun before it is paid")
		}
	}
	if _, _, err := w.call("fill", 4<<20, 0xff, 4<<20); err == nil || !strings.Contains(err.Error(), string(errBudget)) {
		t.Fatalf("the call ended with %v", err)
	}
	if seen < 3 {
		t.Errorf("%d entries into the host", seen)
	}
}

// TestDroppedSegments: a dropped segment is empty, the flag says so to the host,
// and clearing the flag brings it back.
func TestDroppedSegments(t *testing.T) {
	out := meter(t, bulkModule(1, []byte("segment")), Config{})
	w := newWorld(t, compilerConfig(), out.Bytes, &meterHost{slice: fixedSlice(1 << 30)})
	run := func(want bool, name string, args ...uint64) {
		t.Helper()
		if _, _, err := w.call(name, args...); (err == nil) != want {
			t.Errorf("%s%v: %v", name, args, err)
		}
	}
	run(true, "init", 0, 0, 7)
	run(true, "table init", 0, 0, 3)
	run(true, "drop data")
	run(true, "drop elem")
	for _, name := range []string{"init", "table init"} {
		run(true, name, 0, 0, 0)
		run(false, name, 0, 0, 1)
		run(false, name, 0, 1, 0)
	}
	var flags []string
	for _, g := range out.Globals {
		if strings.HasPrefix(g.Export, exportDropped) {
			flags = append(flags, g.Export)
			w.mod.ExportedGlobal(g.Export).(api.MutableGlobal).Set(0)
		}
	}
	if got := strings.Join(flags, " "); got != Reserved+"/dropped/data/0 "+Reserved+"/dropped/elem/0" {
		t.Errorf("flags %s", got)
	}
	run(true, "init", 0, 0, 7)
	run(true, "table init", 0, 0, 3)
}

func TestGrowAsksTheHost(t *testing.T) {
	b := wasm.NewBuilder()
	b.Memory(1, 10)
	b.Table(wasm.FuncRef, 1, 100)
	b.Table(wasm.ExternRef, 2, 100)
	b.Func("memory", i32s(1), i32s(1), nil, func(e *wasm.Emitter) { e.LocalGet(0).OpIdx(wasm.OpMemoryGrow, 0) })
	b.Func("table", i32s(1), i32s(1), nil, func(e *wasm.Emitter) { e.RefNull(wasm.FuncRef).LocalGet(0).OpIdx(wasm.OpTableGrow, 0) })
	b.Func("other table", i32s(1), i32s(1), nil, func(e *wasm.Emitter) {
		e.RefNull(wasm.ExternRef).LocalGet(0).OpIdx(wasm.OpTableGrow, 1)
	})
	out := meter(t, b.Module(), Config{})
	h := &meterHost{slice: fixedSlice(100), tariff: true}
	w := newWorld(t, compilerConfig(), out.Bytes, h)
	var asked []uint32
	yes := true
	h.grow = func(_ string, table, delta uint32) bool { asked = append(asked, table, delta); return yes }
	for _, x := range []struct {
		name  string
		delta uint64
		yes   bool
		want  uint32
		fuel  int64 // beyond entry, operands and operator
		table uint32
	}{
		{"memory", 3, true, 1, 3 * 64, 0},
		{"memory", 2, false, ^uint32(0), 0, 0},
		{"memory", 0, true, 4, 0, 0},
		{"table", 9, true, 1, 2, 0},
		{"table", 1, false, ^uint32(0), 0, 0},
		{"other table", 8, true, 2, 1, 1},
	} {
		yes, asked = x.yes, nil
		got, used, err := w.call(x.name, x.delta)
		base := int64(3)
		if x.name != "memory" {
			base++
		}
		if err != nil || uint32(got[0]) != x.want || used != base+x.fuel {
			t.Errorf("%s %d: %v for %d fuel, want %d for %d; %v", x.name, x.delta, int32(got[0]), used, int32(x.want), base+x.fuel, err)
		}
		if len(asked) != 2 || asked[0] != x.table || asked[1] != uint32(x.delta) {
			t.Errorf("%s %d: the host was asked %v", x.name, x.delta, asked)
		}
	}
}
