package fuel

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"github.com/univrs/vudo/internal/golden"
	"github.com/univrs/vudo/internal/wasm"
)

func TestTariffIsGolden(t *testing.T) {
	var b bytes.Buffer
	if err := V1().Print(&b); err != nil {
		t.Fatal(err)
	}
	golden.Check(t, "testdata/tariff_v1.golden", b.Bytes())
	for _, op := range wasm.Opcodes() {
		cost, ok := V1().Operator(op)
		if !ok || cost != naivePrice(op) {
			t.Errorf("%v costs %d, %v", op, cost, ok)
		}
		if operators[slot(op)].class == unknown {
			t.Errorf("%v has no class: a module that uses it is refused", op)
		}
	}
	for _, op := range []wasm.Opcode{0xff, 0xfe00, 0xfcff, 0x1234} {
		if _, ok := V1().Operator(op); ok {
			t.Errorf("%v has a price", op)
		}
	}
}

func TestPricesOfSize(t *testing.T) {
	s := V1()
	for _, x := range []struct{ n, bytes, elements uint64 }{
		{0, 0, 0}, {1, 1, 1}, {8, 1, 1}, {9, 1, 2}, {64, 1, 8}, {65, 2, 9}, {1<<64 - 1, 1 << 58, 1 << 61},
	} {
		if s.Bytes(x.n) != x.bytes || s.Elements(x.n) != x.elements || s.TableGrow(x.n) != x.elements {
			t.Errorf("%d: %d for bytes, %d for elements, %d for growing", x.n, s.Bytes(x.n), s.Elements(x.n), s.TableGrow(x.n))
		}
	}
	if s.MemoryGrow(3) != 192 || s.Version() != TariffVersion {
		t.Errorf("3 pages cost %d in tariff %d", s.MemoryGrow(3), s.Version())
	}
}

func TestInstantiationFuel(t *testing.T) {
	b := wasm.NewBuilder()
	b.Memory(1, 1)
	b.Table(wasm.FuncRef, 100, 100)
	f := b.Func("", nil, nil, nil, func(*wasm.Emitter) {})
	for _, x := range []struct {
		add  func()
		want uint64 // in all
	}{
		{func() {}, 0},
		{func() { b.Data(0, make([]byte, 65)) }, 1 + 2 + 1 + 2 + 1},
		{func() { b.PassiveData(make([]byte, 1000)) }, 7},
		{func() { b.Elem(0, make([]uint32, 9)...) }, 7 + 1 + 2 + 1 + 2 + 1},
		{func() { b.PassiveElem(f) }, 14},
		{func() { b.DeclareElem(f) }, 15},
		{func() { b.Start(f) }, 16},
	} {
		x.add()
		if got := V1().Instantiation(b.Module()); got != x.want {
			t.Errorf("instantiation costs %d, want %d", got, x.want)
		}
		if out := meter(t, b.Module(), Config{}); out.InstantiationFuel != x.want {
			t.Errorf("Metered says %d, want %d", out.InstantiationFuel, x.want)
		}
	}
}

func marshaled(t testing.TB, seed uint64) (*Metered, []byte) {
	out, err := Instrument(generate(seed).Module, Config{DebugOffsets: true})
	if err != nil {
		t.Fatal(err)
	}
	b, err := out.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return out, b
}

func TestMeteredKeepsItsBinaryForm(t *testing.T) {
	for seed := range uint64(20) {
		out, b := marshaled(t, seed)
		var back Metered
		if err := back.UnmarshalBinary(b); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(&back, out) {
			t.Errorf("seed %d: %+v, want %+v", seed, back, out)
		}
		kept := back
		for _, bad := range [][]byte{nil, b[:5], b[:len(b)-1], append(append([]byte(nil), b...), 0), append([]byte("x"), b...)} {
			if err := back.UnmarshalBinary(bad); !errors.Is(err, ErrFormat) {
				t.Errorf("seed %d: %d of %d bytes: %v", seed, len(bad), len(b), err)
			}
		}
		other := append([]byte(nil), b...)
		other[len(magic)]++
		if err := back.UnmarshalBinary(other); !errors.Is(err, ErrFormat) {
			t.Errorf("another version: %v", err)
		}
		if !reflect.DeepEqual(back, kept) {
			t.Error("a failed decoding changes the value")
		}
	}
}

func FuzzUnmarshal(f *testing.F) {
	for seed := range uint64(5) {
		_, b := marshaled(f, seed)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var m Metered
		if err := m.UnmarshalBinary(b); err != nil {
			if !errors.Is(err, ErrFormat) {
				t.Fatal(err)
			}
			return
		}
		again, err := m.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		var back Metered
		if err := back.UnmarshalBinary(again); err != nil || !reflect.DeepEqual(m, back) {
			t.Fatalf("the second round differs: %v", err)
		}
		m.Offsets.Original(uint32(len(b)))
		m.Function(uint32(len(b)))
	})
}
