package cli

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/univrs/vudo"
	"github.com/univrs/vudo/internal/wasm"
)

// parseValue reads one scalar argument as its type demands: decimal or 0x
// integers in the signed or unsigned range, floats with nan, inf and
// nan:0xPAYLOAD.
func parseValue(t wasm.ValType, text string) (vudo.Value, error) {
	switch t {
	case wasm.I32:
		n, err := parseInteger(text, 32)
		return vudo.I32(int32(n)), err
	case wasm.I64:
		n, err := parseInteger(text, 64)
		return vudo.I64(int64(n)), err
	case wasm.F32:
		if payload, negative, ok := nanPayload(text, 22); ok {
			bits := uint32(0x7f800000) | uint32(payload)
			if negative {
				bits |= 1 << 31
			}
			return vudo.F32(math.Float32frombits(bits)), nil
		}
		v, err := strconv.ParseFloat(text, 32)
		if err != nil {
			return vudo.Value{}, fmt.Errorf("%q is not an f32", text)
		}
		return vudo.F32(float32(v)), nil
	case wasm.F64:
		if payload, negative, ok := nanPayload(text, 51); ok {
			bits := uint64(0x7ff0000000000000) | payload
			if negative {
				bits |= 1 << 63
			}
			return vudo.F64(math.Float64frombits(bits)), nil
		}
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return vudo.Value{}, fmt.Errorf("%q is not an f64", text)
		}
		return vudo.F64(v), nil
	}
	return vudo.Value{}, fmt.Errorf("a value of type %s cannot be written on the command line", t)
}

// parseInteger accepts -2^(bits-1) to 2^bits-1 and returns the bits.
func parseInteger(text string, bits int) (uint64, error) {
	digits, negative := strings.CutPrefix(text, "-")
	base := 10
	if rest, ok := strings.CutPrefix(strings.ToLower(digits), "0x"); ok {
		digits, base = rest, 16
	}
	n, err := strconv.ParseUint(strings.ReplaceAll(digits, "_", ""), base, 64)
	switch {
	case err != nil && strings.Contains(err.Error(), "range"),
		err == nil && negative && n > 1<<(bits-1),
		err == nil && !negative && bits < 64 && n >= 1<<bits:
		return 0, fmt.Errorf("%s is outside the range of i%d, %d to %d", text, bits, int64(-1)<<(bits-1), uint64(math.MaxUint64)>>(64-bits))
	case err != nil, strings.HasPrefix(digits, "+"):
		return 0, fmt.Errorf("%q is not an i%d", text, bits)
	}
	if negative {
		n = -n
	}
	return n, nil
}

// nanPayload reads "nan", "-nan" and "nan:0x...", whose payload must fit below
// the quiet bit or be it.
func nanPayload(text string, quiet uint) (payload uint64, negative, ok bool) {
	word, negative := strings.CutPrefix(strings.ToLower(text), "-")
	if word == "nan" {
		return 1 << quiet, negative, true
	}
	hex, found := strings.CutPrefix(word, "nan:0x")
	if !found {
		return 0, false, false
	}
	n, err := strconv.ParseUint(hex, 16, 64)
	if err != nil || n == 0 || n >= 1<<(quiet+1) {
		return 0, false, false
	}
	return n, negative, true
}

// formatValue prints a scalar so that parseValue reads the same bits back.
func formatValue(v vudo.Value) string {
	switch v.Type {
	case wasm.F32:
		bits := math.Float32bits(v.F32())
		return formatFloat(float64(v.F32()), 32, uint64(bits&0x7fffff), 22, bits>>31 != 0)
	case wasm.F64:
		bits := math.Float64bits(v.F64())
		return formatFloat(v.F64(), 64, bits&(1<<52-1), 51, bits>>63 != 0)
	}
	return v.String()
}

func formatFloat(f float64, size int, payload uint64, quiet uint, negative bool) string {
	switch {
	case math.IsNaN(f):
		sign := ""
		if negative {
			sign = "-"
		}
		if payload == 1<<quiet {
			return sign + "nan"
		}
		return fmt.Sprintf("%snan:0x%x", sign, payload)
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	return strconv.FormatFloat(f, 'g', -1, size)
}

// parseArguments turns the words behind the export into its parameters.
func parseArguments(export string, want wasm.FuncType, args []string) ([]vudo.Value, error) {
	if len(args) != len(want.Params) {
		return nil, fmt.Errorf("%s takes %s, got %d: its type is %s", export, plural(len(want.Params), "argument"), len(args), want)
	}
	values := make([]vudo.Value, len(args))
	for i, text := range args {
		v, err := parseValue(want.Params[i], text)
		if err != nil {
			return nil, fmt.Errorf("argument %d of %s: %v", i+1, export, err)
		}
		values[i] = v
	}
	return values, nil
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%s %ss", count(n), noun)
}
