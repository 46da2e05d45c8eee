package ir

import (
	"fmt"
	"strings"
)

// TrapKind is why a call ended.
type TrapKind uint8

// The kinds of traps. Those of the machine's own limits say nothing about the
// program: generated code may have others.
const (
	TrapUnreachable  TrapKind = iota + 1
	TrapDivideByZero          // integer division or remainder
	TrapOverflow              // least integer / -1, or a conversion out of range
	TrapConversion            // of NaN to an integer
	TrapPanic                 // with a message
	TrapMemory                // an array too large, or MachineConfig.MaxBytes
	TrapStack                 // MachineConfig.MaxDepth
	TrapSteps                 // MachineConfig.MaxSteps
)

// String returns the name that WebAssembly gives the trap, where it has one.
func (k TrapKind) String() string {
	names := [...]string{
		"no trap", "unreachable", "integer divide by zero", "integer overflow",
		"invalid conversion to integer", "panic", "out of memory", "stack overflow", "out of steps",
	}
	if int(k) < len(names) {
		return names[k]
	}
	return fmt.Sprintf("trap(%d)", uint8(k))
}

// Limit reports whether the machine's limits ended the call.
func (k TrapKind) Limit() bool { return k == TrapMemory || k == TrapStack || k == TrapSteps }

// Frame is a place in a call: a function and where in it.
type Frame struct {
	Func *Func
	Pos  Pos
}

// Trap is the end of a call that the program caused.
type Trap struct {
	Kind    TrapKind
	Message string // of a panic
	Frames  []Frame
}

// Pos returns the place of the trap.
func (t *Trap) Pos() Pos {
	if len(t.Frames) == 0 {
		return Pos{}
	}
	return t.Frames[0].Pos
}

// Error says what ended the call, without its place.
func (t *Trap) Error() string {
	if t.Kind == TrapPanic {
		return "panic: " + t.Message
	}
	return "trap: " + t.Kind.String()
}

// InternalError is a violation of what the IR promises: an index out of range,
// an object of another type, null where an object must be. The compiler has made
// a wrong module, whatever the program says.
type InternalError struct {
	Message string
	Frames  []Frame // innermost first
}

// Error says what was violated and through which calls it was reached.
func (e *InternalError) Error() string {
	var b strings.Builder
	b.WriteString("internal error: " + e.Message)
	for _, f := range e.Frames {
		fmt.Fprintf(&b, "\n  in %s at %d:%d:%d", f.Func.Name, f.Pos.File, f.Pos.Line, f.Pos.Col)
	}
	return b.String()
}
