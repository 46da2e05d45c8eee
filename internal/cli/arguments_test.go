package cli

import (
	"testing"

	"github.com/univrs/vudo/internal/wasm"
	"pgregory.net/rapid"

	"github.com/univrs/vudo"
)

// Every value prints so that it reads back with the same bits.
//
// Proves: cli 9.7
func TestValuesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		typ := rapid.SampledFrom([]wasm.ValType{wasm.I32, wasm.I64, wasm.F32, wasm.F64}).Draw(t, "type")
		bits := rapid.OneOf(rapid.Uint64(), rapid.SampledFrom([]uint64{0, 1, 1 << 63, 1<<63 - 1, 0x7f800001, 0x7ff0000000000001, 0x80000000, ^uint64(0)})).Draw(t, "bits")
		if typ == wasm.I32 || typ == wasm.F32 {
			bits &= 1<<32 - 1
		}
		v := vudo.Value{Type: typ, Bits: bits}
		text := formatValue(v)
		got, err := parseValue(typ, text)
		if err != nil || got != v {
			t.Fatalf("%s %#x prints as %s and reads as %#x, %v", typ, bits, text, got.Bits, err)
		}
	})
}

func TestIntegersAreRead(t *testing.T) {
	for text, want := range map[string]int32{"0": 0, "-0": 0, "0x2a": 42, "-0x1": -1, "4294967295": -1, "0XFF": 255, "1_000": 1000, "-2147483648": -2147483648} {
		if v, err := parseValue(wasm.I32, text); err != nil || v.I32() != want {
			t.Errorf("%s: %d, %v", text, v.I32(), err)
		}
	}
	for _, text := range []string{"", "-", "+1", "1.0", "0x", "4294967296", "-2147483649", "1e3", "--1", "nan"} {
		if v, err := parseValue(wasm.I32, text); err == nil {
			t.Errorf("%q was read as %d", text, v.I32())
		}
	}
	for _, text := range []string{"18446744073709551616", "-9223372036854775809", "0x1ffffffffffffffff"} {
		if v, err := parseValue(wasm.I64, text); err == nil {
			t.Errorf("%q was read as %d", text, v.I64())
		}
	}
	for _, text := range []string{"", "one", "nan:0x0", "nan:0x800000", "nan:1"} {
		if v, err := parseValue(wasm.F32, text); err == nil {
			t.Errorf("%q was read as %v", text, v.F32())
		}
	}
	if _, err := parseValue(wasm.FuncRef, "1"); err == nil {
		t.Error("a reference was read")
	}
}

func TestNegativeNumbersAreNoFlags(t *testing.T) {
	for text, want := range map[string]bool{
		"-5": true, "-0x1": true, "-.5": true, "-inf": true, "-NaN": true, "-nan:0x1": true,
		"-": false, "--5": false, "-v": false, "-C": false, "-n": false, "-.": false, "5": false, "": false,
	} {
		if got := looksNegative(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
