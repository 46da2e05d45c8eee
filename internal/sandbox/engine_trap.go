package sandbox

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/tetratelabs/wazero/sys"

	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/internal/wasm"
)

// The engine reports a fault of the guest as text only:
//
//	wasm error: integer divide by zero
//	wasm stack trace:
//		.$7(i32) i32
//			0x1a3: vudo:meter:1:0
//
// with a function index of the metered module, and the code offset of the
// instruction from the line table that the pass adds. Only this file reads it.
const (
	trapPrefix  = "wasm error: "
	tracePrefix = "\nwasm stack trace:"
)

// trapKinds maps the engine's words to ours.
var trapKinds = map[string]fault.Kind{
	"unreachable":                   fault.KindUnreachable,
	"integer divide by zero":        fault.KindDivideByZero,
	"integer overflow":              fault.KindIntegerOverflow,
	"out of bounds memory access":   fault.KindOutOfBoundsMemory,
	"invalid table access":          fault.KindOutOfBoundsTable,
	"indirect call type mismatch":   fault.KindSignatureMismatch,
	"invalid conversion to integer": fault.KindInvalidConversion,
}

const (
	stackOverflow   = "stack overflow"
	segmentOverflow = "out of bounds memory access" // of a data segment, at instantiation
)

// recovered turns what escaped on the guest's stack, outside of the engine,
// into an error.
func (s *Sandbox) recovered(r any) error {
	if err, ok := r.(error); ok {
		return err
	}
	return fmt.Errorf("%v", r)
}

// classify says how the call ended, from what the engine returned: nil for a
// guest that ran to its end.
func (s *Sandbox) classify(err error) error {
	if err == nil {
		return nil
	}
	if s.ended {
		return s.explain(s.ending, err)
	}
	var exit *sys.ExitError
	if errors.As(err, &exit) {
		s.exited, s.exitCode = true, exit.ExitCode()
		return nil
	}
	text, trace, _ := strings.Cut(err.Error(), tracePrefix)
	reason, guest := strings.CutPrefix(text, trapPrefix)
	if text == stackOverflow || guest && reason == stackOverflow {
		return fault.ErrStackLimit
	}
	if kind, ok := trapKinds[reason]; ok && guest {
		return s.trap(&fault.Trap{Kind: kind, Message: reason}, trace)
	}
	if strings.HasSuffix(text, segmentOverflow) && s.inst == nil {
		return s.trap(&fault.Trap{Kind: fault.KindOutOfBoundsMemory, Message: text}, "")
	}
	// A fault of the host: its first line, and the Go stack for whoever unwraps.
	return &hostFault{err: err, line: text}
}

// explain completes the reason for which the host ended the call.
func (s *Sandbox) explain(reason, engine error) error {
	var t *fault.Trap
	if !errors.As(reason, &t) {
		return reason
	}
	trace := ""
	if engine != nil {
		_, trace, _ = strings.Cut(engine.Error(), tracePrefix)
	}
	return s.trap(t, trace)
}

func (s *Sandbox) trap(t *fault.Trap, trace string) error {
	if s.work.export != nil {
		t.Export = s.work.export.Name
	}
	t.Frames = s.prog.parseFrames(trace)
	return t
}

// hostFault is a failure of a host function or of the engine: not the guest's.
type hostFault struct {
	err  error
	line string
}

func (f *hostFault) Error() string { return "host fault: " + f.line }
func (f *hostFault) Unwrap() error { return f.err }

// parseFrames reads the engine's stack trace.
func (p *Program) parseFrames(trace string) []fault.Frame {
	if trace == "" {
		return nil
	}
	p.debug.Do(p.openDebug)
	var frames []fault.Frame
	known := false // the last function line was one of the guest's
	for line := range strings.Lines(trace) {
		line = strings.TrimRight(line, "\n")
		if position, ok := strings.CutPrefix(line, "\t\t"); ok {
			if known && frames[len(frames)-1].Offset == 0 {
				p.place(&frames[len(frames)-1], position)
			}
			continue
		}
		known = false
		name, ok := strings.CutPrefix(line, "\t.$")
		if !ok {
			continue
		}
		digits, _, _ := strings.Cut(name, "(")
		index, err := strconv.ParseUint(digits, 10, 32)
		if err != nil {
			continue
		}
		if old, ok := p.image.Function(uint32(index)); ok {
			known = true
			name := p.names.Func(old)
			if name == "" {
				name = fmt.Sprintf("func[%d]", old)
			}
			frames = append(frames, fault.Frame{Func: name, Index: old})
		}
	}
	return frames
}

// place fills in where a frame stands, from "0x1a3: file:line".
func (p *Program) place(f *fault.Frame, position string) {
	hex, _, _ := strings.Cut(position, ":")
	code, err := strconv.ParseUint(strings.TrimPrefix(hex, "0x"), 16, 32)
	if err != nil {
		return
	}
	if _, offset, ok := p.image.Offsets.Original(uint32(code)); ok {
		f.Offset = offset
		if p.sources != nil { // its own compiler's word goes before DWARF
			f.File, f.Line, f.Column = p.sources.find(offset)
		} else {
			f.File, f.Line = p.lines.find(offset)
		}
	}
}

// openDebug reads what frames need from the module as built.
func (p *Program) openDebug() {
	m, err := wasm.Decode(p.source, wasm.DecodeOptions{})
	if err != nil {
		return
	}
	p.names = m.Names()
	code := codeStart(p.source)
	if p.sources = readSourceMap(m, code); p.sources == nil {
		p.lines = newLineFinder(m, code)
	}
}

// codeStart is the file offset of the content of a decoded module's code section.
func codeStart(source []byte) uint32 {
	const preamble, codeSection = 8, 10
	for at := preamble; at < len(source); {
		id := source[at]
		size, n := binary.Uvarint(source[at+1:])
		at += 1 + n
		if id == codeSection || n <= 0 {
			return uint32(at)
		}
		at += int(size)
	}
	return 0
}
