// Package fault is the one list of ways in which a call can end badly: the
// sentinels that callers match with errors.Is, and Trap, the fault of a guest.
//
// It is a leaf so that the metering pass, the host functions and the sandbox
// speak of the same errors; the root package re-exports every name. Each
// sentinel has one exit code and one machine-readable code (see Table), from
// which docs/spec/errors.md is generated.
package fault

//lint:file-ignore ST1005 the texts of the sentinels are those of the specification.

import (
	"errors"
	"fmt"
	"strings"
)

// Sentinels. Errors that carry detail wrap one of these; match with errors.Is.
var (
	ErrInvalidModule = errors.New("Invalid module")
	ErrUnlinked      = errors.New("Unknown import")
	ErrInvalidLimits = errors.New("Invalid limit")
	ErrArguments     = errors.New("Bad arguments")
	ErrNoExport      = errors.New("Function not found")
	ErrState         = errors.New("Runtime error")
	ErrTrap          = errors.New("WASM trap")
	ErrGuest         = errors.New("Spirit failed")
	ErrTerminated    = errors.New("Terminated")
	ErrPaused        = errors.New("Paused")
	ErrConflict      = errors.New("Storage conflict")
	ErrOutOfFuel     = errors.New("Out of fuel")
	ErrDeadline      = errors.New("Execution timeout")
	ErrMemoryLimit   = errors.New("Out of memory")
	ErrTableLimit    = errors.New("Table limit exceeded")
	ErrStackLimit    = errors.New("Stack limit exceeded")
	ErrCompileLimit  = errors.New("Compile limit exceeded")
	ErrInputLimit    = errors.New("Input limit exceeded")
	ErrOutputLimit   = errors.New("Output limit exceeded")
	ErrDenied        = errors.New("Capability denied")
)

// Entry is one row of the error table: the sentinel, its stable code for JSON
// and for the hint line, and the exit code of the command.
type Entry struct {
	Err  error
	Name string // Go name in the root package
	Code string // stable, kebab-case
	Exit int    // 1 failure, 2 usage, 3 denied, 4 limit, 6 not found
}

// Table lists every sentinel once, in the order of the specification.
func Table() []Entry {
	return []Entry{
		{ErrInvalidModule, "ErrInvalidModule", "invalid-module", 1},
		{ErrUnlinked, "ErrUnlinked", "unlinked", 1},
		{ErrInvalidLimits, "ErrInvalidLimits", "invalid-limit", 2},
		{ErrArguments, "ErrArguments", "arguments", 2},
		{ErrNoExport, "ErrNoExport", "no-export", 6},
		{ErrState, "ErrState", "state", 1},
		{ErrTrap, "ErrTrap", "trap", 1},
		{ErrGuest, "ErrGuest", "app-error", 1},
		{ErrTerminated, "ErrTerminated", "terminated", 1},
		{ErrPaused, "ErrPaused", "paused", 1},
		{ErrConflict, "ErrConflict", "conflict", 1},
		{ErrOutOfFuel, "ErrOutOfFuel", "out-of-fuel", 4},
		{ErrDeadline, "ErrDeadline", "deadline", 4},
		{ErrMemoryLimit, "ErrMemoryLimit", "memory-limit", 4},
		{ErrTableLimit, "ErrTableLimit", "table-limit", 4},
		{ErrStackLimit, "ErrStackLimit", "stack-limit", 4},
		{ErrCompileLimit, "ErrCompileLimit", "compile-limit", 4},
		{ErrInputLimit, "ErrInputLimit", "input-limit", 4},
		{ErrOutputLimit, "ErrOutputLimit", "output-limit", 4},
		{ErrDenied, "ErrDenied", "denied", 3},
	}
}

// Kind says why a guest trapped.
type Kind uint8

// The trap kinds of the specification (docs/spec/vm.md, section 9).
const (
	KindUnreachable Kind = iota + 1
	KindDivideByZero
	KindIntegerOverflow
	KindOutOfBoundsMemory
	KindOutOfBoundsTable
	KindNullFunction
	KindSignatureMismatch
	KindInvalidConversion
	KindPanic
	KindAssert
	KindDenied
	KindBadResult
)

var kindNames = [...]string{
	KindUnreachable: "unreachable", KindDivideByZero: "divide-by-zero",
	KindIntegerOverflow: "integer-overflow", KindOutOfBoundsMemory: "out-of-bounds-memory",
	KindOutOfBoundsTable: "out-of-bounds-table", KindNullFunction: "null-function",
	KindSignatureMismatch: "signature-mismatch", KindInvalidConversion: "invalid-conversion",
	KindPanic: "panic", KindAssert: "assert", KindDenied: "denied",
	KindBadResult: "bad-result",
}

// String returns the kind's name in the specification, such as "divide-by-zero".
func (k Kind) String() string {
	if int(k) < len(kindNames) && kindNames[k] != "" {
		return kindNames[k]
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// Frame is one guest function on the stack at the moment of a trap.
type Frame struct {
	Func   string // the function's name, else "func[N]" with its index in the module as built
	Index  uint32 // function index in the module as built (imports counted)
	Offset uint32 // byte offset of the instruction in the module as built; 0 = unknown
	File   string // source file, where the module has a source map or DWARF
	Line   int    // 1-based source line; 0 = unknown
	Column int    // 1-based column in bytes; 0 = unknown, always so from DWARF
}

// Trap is a fault of the guest: errors.Is(err, ErrTrap) holds for it, and
// ErrDenied too when Kind is KindDenied. Everything else that is not a limit
// or an application error is the host's fault and an ordinary wrapped error.
type Trap struct {
	Kind    Kind
	Export  string  // the export that was called
	Message string  // one line
	Frames  []Frame // innermost first
}

// Error returns one line; the frames are printed by Format with %+v.
func (t *Trap) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v: %s", ErrTrap, t.Kind)
	if t.Message != "" && t.Message != t.Kind.String() {
		fmt.Fprintf(&b, ": %s", t.Message)
	}
	if t.Export != "" {
		fmt.Fprintf(&b, " in %s", t.Export)
	}
	return b.String()
}

// Is makes every Trap match ErrTrap, and one of kind denied also ErrDenied.
func (t *Trap) Is(target error) bool {
	return target == ErrTrap || (t.Kind == KindDenied && target == ErrDenied)
}

// Format implements fmt.Formatter: %+v adds one line per frame.
func (t *Trap) Format(f fmt.State, verb rune) {
	fmt.Fprint(f, t.Error())
	if verb != 'v' || !f.Flag('+') {
		return
	}
	for _, line := range FrameLines(t.Frames) {
		fmt.Fprintf(f, "\n    %s", line)
	}
}

// GuestError is an application error: the guest ran to its end and said that
// it failed, through host_fail or a non-zero status. It matches ErrGuest.
type GuestError struct {
	Code int32  // never 0
	Text string // at most 4,096 bytes, may be empty
}

// Error returns the code and the text on one line.
func (e *GuestError) Error() string {
	if e.Text == "" {
		return fmt.Sprintf("%v: code %d", ErrGuest, e.Code)
	}
	return fmt.Sprintf("%v: code %d: %s", ErrGuest, e.Code, e.Text)
}

// Is makes every GuestError match ErrGuest.
func (e *GuestError) Is(target error) bool { return target == ErrGuest }
