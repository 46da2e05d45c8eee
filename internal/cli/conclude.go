package cli

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/univrs/vudo"
	"github.com/univrs/vudo/internal/atomicfile"
	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/spirit"
)

// runData is the JSON data of `vudo run`, also beside an error.
type runData struct {
	Output    *string         `json:"output,omitempty"`
	OutputB64 *string         `json:"output_b64,omitempty"`
	Values    []jsonValue     `json:"values"`
	Receipt   json.RawMessage `json:"receipt,omitempty"`
	Logs      []jsonLog       `json:"logs"`
	Denied    []jsonDenial    `json:"denied"`
	Frames    []jsonFrame     `json:"frames,omitempty"`
}

type jsonValue struct {
	Type  string `json:"type"`
	Value any    `json:"value"`
}

type jsonFrame struct {
	Func   string `json:"func"`
	Offset uint32 `json:"offset"`
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
}

// conclude shows the account, writes the Receipt and turns err into
// what the user sees.
func (j *job) conclude(err error) (*result, error) {
	if receiptErr := j.writeReceipt(); receiptErr != nil && err == nil {
		err = receiptErr
	}
	data := j.data()
	if err == nil {
		if denied := j.watch.summary(); denied != "" {
			j.warn("denied", "denied: %s; allow it with %s", denied, j.grantFlags())
		}
		if j.receipt != nil && (j.err.tty || j.verbose > 0 || j.target.project != nil) {
			j.say("%s", j.account())
		}
		return &result{data: data}, nil
	}
	f := *asFailure(j.explain(err))
	var trap *vudo.Trap
	if errors.As(err, &trap) {
		for _, frame := range trap.Frames {
			data.Frames = append(data.Frames, jsonFrame{escape(frame.Func), frame.Offset, frame.File, frame.Line, frame.Column})
		}
		f.detail = append(f.detail, fault.FrameLines(trap.Frames)...)
	}
	f.data = data
	if j.receipt != nil {
		f.account = j.account()
	}
	return nil, &f
}

// account is the Receipt in one line: `ok 12,345 fuel, 1.1 MiB, 3 ms`.
func (j *job) account() string {
	r := j.receipt
	return fmt.Sprintf("%s %s fuel, %s, %s", r.Outcome, count(r.FuelUsed), size(r.MemoryPeakBytes), span(r.Duration))
}

func (j *job) writeReceipt() error {
	if j.options.receipt == "" || j.receipt == nil {
		return nil
	}
	b, err := j.receipt.MarshalFile()
	if err != nil {
		return err
	}
	return atomicfile.Write(j.options.receipt, b, 0o644)
}

func (j *job) data() *runData {
	d := &runData{Values: []jsonValue{}, Logs: j.watch.logs, Denied: j.watch.denials()}
	if d.Logs == nil {
		d.Logs = []jsonLog{}
	}
	if j.call.convention != callScalar && j.json {
		text := string(j.result.Output)
		if utf8.ValidString(text) {
			d.Output = &text
		} else {
			text = base64.StdEncoding.EncodeToString(j.result.Output)
			d.OutputB64 = &text
		}
	}
	for _, v := range j.result.Values {
		if sig := j.call.signature; sig != nil {
			d.Values = append(d.Values, jsonValue{sig.Result.Type, sig.Result.JSONValue(v.Bits)})
			continue
		}
		d.Values = append(d.Values, jsonValue{v.Type.String(), jsonNumber(v)})
	}
	if j.receipt != nil {
		if b, err := j.receipt.MarshalCanonical(); err == nil {
			d.Receipt = b
		}
	}
	return d
}

// jsonNumber is a JSON number where that is exact, else a text.
func jsonNumber(v vudo.Value) any {
	text := formatValue(v)
	switch v.Type {
	case wasm.I64:
		if n := v.I64(); n > 1<<53 || n < -1<<53 {
			return text
		}
	case wasm.F32, wasm.F64:
		f := v.F64()
		if v.Type == wasm.F32 {
			f = float64(v.F32())
		}
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return text
		}
	}
	return json.Number(text)
}

// grantFlags names the flags that would allow what was denied.
func (j *job) grantFlags() string {
	var flags []string
	seen := map[string]bool{}
	for _, d := range j.watch.denials() {
		word := d.Capability
		if d.Target != "" {
			word += ":" + d.Target
		}
		if !seen[word] {
			seen[word] = true
			flags = append(flags, "--grant "+shellWord(word))
		}
	}
	return strings.Join(flags, " ")
}

// explain adds to an error of the library what only the command knows: which
// limit it was, how much was used, which flag raises it.
func (j *job) explain(err error) error {
	var f *failure
	if errors.As(err, &f) {
		return err
	}
	l := j.limits()
	out := asFailure(err)
	name := j.call.export
	switch {
	case errors.Is(err, vudo.ErrOutOfFuel):
		used := uint64(0)
		if j.receipt != nil {
			used, l.Fuel = j.receipt.FuelUsed, j.receipt.FuelLimit
		}
		out.message = fmt.Sprintf("%v: %s used %s, limit %s (max_fuel)", vudo.ErrOutOfFuel, name, count(used), count(l.Fuel))
		out.hint = fmt.Sprintf("give more, such as --fuel %d, or let it go on with --on-exhaust refuel:%d", moreThan(l.Fuel), l.Fuel)
	case errors.Is(err, vudo.ErrDeadline):
		out.message = fmt.Sprintf("%v: %s was stopped after %s (max_duration_ms %d)", vudo.ErrDeadline, name, span(l.Duration), l.Duration.Milliseconds())
		out.hint = fmt.Sprintf("give more time, such as --timeout %dms", moreThan(uint64(l.Duration.Milliseconds())))
	case errors.Is(err, vudo.ErrStackLimit):
		out.message = fmt.Sprintf("%v: %s went deeper than %s frame units (max_stack_depth)", vudo.ErrStackLimit, name, count(l.StackDepth))
		out.hint = fmt.Sprintf("give more, such as --limit max_stack_depth=%d", moreThan(l.StackDepth))
	case errors.Is(err, vudo.ErrInputLimit):
		out.hint = fmt.Sprintf("give more, such as --limit max_input_bytes=%d", moreThan(l.InputBytes))
	case errors.Is(err, vudo.ErrOutputLimit):
		out.hint = fmt.Sprintf("give more, such as --limit max_output_bytes=%d", moreThan(l.OutputBytes))
	case errors.Is(err, vudo.ErrMemoryLimit):
		out.hint = fmt.Sprintf("give more, such as --memory %d", moreThan(l.MemoryBytes))
	case errors.Is(err, vudo.ErrTableLimit):
		out.hint = fmt.Sprintf("give more, such as --limit max_table_elements=%d", moreThan(l.TableElements))
	case errors.Is(err, vudo.ErrGuest):
		var g *vudo.GuestError
		if errors.As(err, &g) && g.Text == "" && j.call.convention == callBytes {
			out.hint = fmt.Sprintf("%s returned %d; if that is its result and no failure, say so in %s: [exports.%s] output = \"i32\"", name, g.Code, spirit.ManifestName, name)
		}
	case errors.Is(err, vudo.ErrDenied):
		if flags := j.grantFlags(); flags != "" {
			out.hint = "allow it with " + flags
		}
	}
	return out
}

// moreThan suggests ten times a limit.
func moreThan(n uint64) uint64 {
	if n > math.MaxInt64/10 {
		return math.MaxInt64
	}
	return n * 10
}
