package irgen

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/univrs/vudo/dol/internal/ir"
)

// Call is a call of an export with arguments: numbers, and bytes for references.
type Call struct {
	Export string
	Args   []Arg
}

// Arg is an argument.
type Arg struct {
	Kind  ir.Kind
	Bits  uint64
	Bytes []byte
}

// Calls returns calls of a module's exports.
func Calls(m *ir.Module, seed uint64) []Call {
	r := rand.New(rand.NewPCG(seed, 0xca11))
	var calls []Call
	for range 2 {
		for _, e := range m.Exports {
			c := Call{Export: e.Name}
			for _, p := range e.Params {
				c.Args = append(c.Args, argument(r, p.ABI.Kind()))
			}
			calls = append(calls, c)
		}
	}
	return calls
}

func argument(r *rand.Rand, k ir.Kind) Arg {
	a := Arg{Kind: k, Bits: uint64(r.IntN(12)) - 3}
	if r.IntN(4) == 0 {
		a.Bits = r.Uint64()
	}
	switch k {
	case ir.I32:
		a.Bits = uint64(uint32(a.Bits))
	case ir.F32:
		a.Bits = uint64(math.Float32bits(float32(int64(a.Bits))))
	case ir.F64:
		a.Bits = math.Float64bits(float64(int64(a.Bits)))
	case ir.Ref:
		a.Bytes = []byte(strings.Repeat("ab", r.IntN(5)))
		a.Bits = 0
	}
	return a
}

// Host answers calls of imports with numbers that follow from the call and the
// number of calls before it, writes into the buffers that it gets, and keeps a
// trace. Two runs of a module are equal when their traces are.
type Host struct{ Trace []string }

// Call implements ir.Host.
func (h *Host) Call(imp *ir.Import, args []ir.HostArg) (uint64, error) {
	var b strings.Builder
	b.WriteString(imp.Name)
	sum := uint64(len(h.Trace))*7 + 3
	for i, a := range args {
		switch imp.Params[i] {
		case ir.HostBytes:
			fmt.Fprintf(&b, " %q", a.Bytes)
			for j := range a.Bytes {
				sum = sum*31 + uint64(a.Bytes[j])
				a.Bytes[j] = byte(sum)
			}
		default:
			fmt.Fprintf(&b, " %s", ir.Num(imp.Params[i].Kind(), a.Bits))
		}
	}
	h.Trace = append(h.Trace, b.String())
	switch imp.Result {
	case ir.F32:
		return uint64(math.Float32bits(float32(sum % 10))), nil
	case ir.F64:
		return math.Float64bits(float64(sum % 10)), nil
	}
	return sum % 10, nil
}

// Read implements ir.Host: generated modules do not read its memory.
func (h *Host) Read(addr, n uint32) ([]byte, error) {
	return nil, fmt.Errorf("no memory at %d", addr)
}

// Outcome is what a run shows.
type Outcome struct {
	Results []string // of the calls; a trap with kind, message and position
	Trace   []string // of the host
	Limit   bool     // a limit of the machine ended the last call: what follows is unknown
}

// Diff compares two outcomes as far as both are known, and returns "" or the
// first difference.
func (o *Outcome) Diff(p *Outcome) string {
	list := func(what string, a, b []string) string {
		for i := range max(len(a), len(b)) {
			switch {
			case i >= len(a) && !o.Limit:
				return fmt.Sprintf("%s %d: nothing, then %s", what, i, b[i])
			case i >= len(b) && !p.Limit:
				return fmt.Sprintf("%s %d: %s, then nothing", what, i, a[i])
			case i < len(a) && i < len(b) && a[i] != b[i]:
				return fmt.Sprintf("%s %d: %s, then %s", what, i, a[i], b[i])
			}
		}
		return ""
	}
	if d := list("host call", o.Trace, p.Trace); d != "" {
		return d
	}
	return list("call", o.Results, p.Results)
}

// Evaluate runs calls on the evaluator. An error means that the module is wrong.
func Evaluate(m *ir.Module, calls []Call) (*Outcome, error) {
	host := &Host{}
	ma, err := ir.NewMachine(m, ir.MachineConfig{Host: host, MaxSteps: 300_000, MaxDepth: 1000, MaxBytes: 64 << 20})
	if err != nil {
		return nil, err
	}
	out := &Outcome{}
	for _, c := range calls {
		args := make([]ir.Value, len(c.Args))
		for i, a := range c.Args {
			args[i] = ir.Num(a.Kind, a.Bits)
			if a.Kind == ir.Ref {
				args[i] = ma.NewText(string(a.Bytes))
			}
		}
		value, err := ma.CallExport(c.Export, args...)
		out.Trace = host.Trace
		var trap *ir.Trap
		switch {
		case errors.As(err, &trap) && trap.Kind.Limit():
			out.Limit = true
			return out, nil
		case errors.As(err, &trap):
			pos := trap.Pos()
			out.Results = append(out.Results, fmt.Sprintf("%s at %d:%d", trap, pos.Line, pos.Col))
		case err != nil:
			return nil, err
		default:
			out.Results = append(out.Results, value.String())
		}
	}
	return out, nil
}
