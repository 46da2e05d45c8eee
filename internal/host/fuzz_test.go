package host

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/univrs/vudo/spirit"
)

// fuzzCalls decodes a history of host calls from arbitrary bytes: function
// number, then 8 bytes per parameter, or a piece of memory to fill.
type fuzzCalls struct{ data []byte }

func (f *fuzzCalls) byte() byte {
	if len(f.data) == 0 {
		return 0
	}
	b := f.data[0]
	f.data = f.data[1:]
	return b
}

// param gives small numbers, numbers near the edges of memory and of 32 bits,
// and arbitrary ones.
func (f *fuzzCalls) param() uint64 {
	switch k := f.byte(); {
	case k < 100:
		return uint64(k)
	case k < 140:
		return uint64(f.byte())<<8 | uint64(f.byte())
	case k < 170:
		return wasmPage - uint64(f.byte())
	case k < 200:
		return 1<<32 - uint64(f.byte())
	case k < 230:
		return uint64(f.byte()) << 10
	}
	var b [8]byte
	for i := range b {
		b[i] = f.byte()
	}
	return binary.LittleEndian.Uint64(b[:])
}

// FuzzHostCalls drives every function, gate and done with arbitrary arguments.
// The host neither panics nor allocates by the guest's numbers; a call that
// returns an error changes neither memory nor output nor storage.
//
// Proves: vm 14.29
func FuzzHostCalls(f *testing.F) {
	for i := range table {
		f.Add([]byte{byte(i), 0, 4, 8, 16, 32, 64, 5, 6, 7, byte(i), 230, 255, 255, 255, 255, 255, 255, 255, 255, 171, 1, 171, 0, 200, 255})
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<12 {
			return
		}
		in := &fuzzCalls{data}
		rights := []spirit.Capability{spirit.Unrestricted}
		switch in.byte() % 4 {
		case 1:
			rights = []spirit.Capability{spirit.StorageRead.On("a"), spirit.StorageWrite.On("a"), spirit.ActuatorLog}
		case 2:
			rights = []spirit.Capability{spirit.SensorTime}
		}
		w := newWorld(t, func(c *StateConfig) {
			c.Rights = granted(t, rights...)
			c.Limits.OutputBytes, c.Limits.LogBytes, c.Limits.StorageBytes = 2000, 2000, 2000
			c.Dirs = []Dir{{Guest: "/", Host: "."}}
			c.HeapBase = 1 << 15
			c.Grow = nil
		})
		if in.byte()%2 == 1 {
			w.Begin(CallIO{Stdin: strings.NewReader("streamed input"), Stdout: &bytes.Buffer{}})
		}
		w.WASI()
		for i := range w.g.mem {
			w.g.mem[i] = byte(i*7) % 120
		}
		for range 40 {
			if len(in.data) == 0 {
				break
			}
			f := &table[int(in.byte())%len(table)]
			stack := make([]uint64, max(1, len(f.Params))+1)
			for k := range f.Params {
				stack[k] = in.param()
				if f.Params[k] == i32 {
					stack[k] = uint64(uint32(stack[k]))
				}
			}
			fuzzOne(t, w, f, stack, in)
		}
		w.catch(func() {
			if err := w.Commit(context.Background()); err != nil {
				t.Fatalf("commit: %v", err)
			}
		})
		w.Counts()
	})
}

func fuzzOne(t *testing.T, w *world, f *Func, stack []uint64, in *fuzzCalls) {
	before := slices.Clone(w.g.mem)
	out, pending := w.output.written, storageState(w)
	refused := false
	switch {
	case f.result == resultErrno:
		w.catch(func() { f.Impl(w.State, stack) })
		refused = stack[0] != 0
	case f.Impl != nil:
		w.catch(func() { f.Impl(w.State, stack) })
		refused = w.last != Success && f.Name != lastErrorName
	default:
		w.catch(func() { f.Gate(w.State, stack) })
		if stack[0] == 0 && w.g.ended == nil && f.Done != nil {
			// Whatever the engine has left in memory, Done must live with it.
			stack[len(f.Params)] = uint64(in.byte())
			w.catch(func() { f.Done(w.State, stack) })
			return
		}
		refused = stack[0] != 0
	}
	if !refused {
		return
	}
	if !bytes.Equal(before, w.g.mem[:len(before)]) && w.last != Internal {
		t.Fatalf("%s refused and changed memory", f.Name)
	}
	if w.output.written != out && w.last != Internal {
		t.Fatalf("%s refused and wrote output", f.Name)
	}
	if f.Name != "host_storage_commit" && storageState(w) != pending {
		t.Fatalf("%s refused and left a pending write", f.Name)
	}
}

// storageState is a digest of what is pending.
func storageState(w *world) string {
	if w.tx == nil {
		return ""
	}
	var keys []string
	for k, v := range w.tx.writes {
		keys = append(keys, k+"="+string(v.value))
	}
	slices.Sort(keys)
	return strings.Join(keys, "\n")
}
