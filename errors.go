package vudo

import (
	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/internal/sandbox"
)

// Sentinels; match them with errors.Is. Errors that carry detail wrap one of them.
var (
	// ErrInvalidModule: the bytes are no WebAssembly module of the kind that is
	// accepted, or its shape is hostile.
	ErrInvalidModule = fault.ErrInvalidModule
	// ErrUnlinked: the module wants something that this host does not have.
	ErrUnlinked = fault.ErrUnlinked
	// ErrInvalidLimits: a limit out of its range, or Refuel and AddFuel beyond the cap.
	ErrInvalidLimits = fault.ErrInvalidLimits
	// ErrArguments: an export called with other types than it has.
	ErrArguments = fault.ErrArguments
	// ErrNoExport: the module exports no function of that name.
	ErrNoExport = fault.ErrNoExport
	// ErrState: not possible in the sandbox's state; see StateError.
	ErrState = fault.ErrState
	// ErrTrap: a fault of the guest; see Trap.
	ErrTrap = fault.ErrTrap
	// ErrGuest: the guest ran to its end and said that it failed; see GuestError.
	ErrGuest = fault.ErrGuest
	// ErrTerminated: the call was ended by Terminate, Close or its context.
	ErrTerminated = fault.ErrTerminated
	// ErrPaused: an operator paused the call; Resume goes on.
	ErrPaused = fault.ErrPaused
	// ErrConflict: what the call read from storage was changed meanwhile. Retry it.
	ErrConflict = fault.ErrConflict
	// ErrOutOfFuel: the call is paused; Refuel goes on.
	ErrOutOfFuel = fault.ErrOutOfFuel
	// ErrDeadline: max_duration_ms, or an earlier deadline of the context.
	ErrDeadline = fault.ErrDeadline
	// ErrMemoryLimit: the module starts with more than max_memory_bytes.
	ErrMemoryLimit = fault.ErrMemoryLimit
	// ErrTableLimit: the module starts with more than max_table_elements.
	ErrTableLimit = fault.ErrTableLimit
	// ErrStackLimit: the guest called deeper than max_stack_depth.
	ErrStackLimit = fault.ErrStackLimit
	// ErrCompileLimit: compiling took more time or memory than the budget.
	ErrCompileLimit = fault.ErrCompileLimit
	// ErrInputLimit: more input than max_input_bytes.
	ErrInputLimit = fault.ErrInputLimit
	// ErrOutputLimit: more output than max_output_bytes.
	ErrOutputLimit = fault.ErrOutputLimit
	// ErrDenied: a capability is missing.
	ErrDenied = fault.ErrDenied
)

// Trap is a fault of the guest, with the guest's stack: see fault.Trap for its
// fields Kind, Export, Message and Frames. %+v prints the frames.
type Trap = fault.Trap

// TrapKind says why a guest trapped.
type TrapKind = fault.Kind

// Frame is one guest function on the stack of a Trap, innermost first.
type Frame = fault.Frame

// GuestError is an application error: a code and a text that the guest gave.
type GuestError = fault.GuestError

// StateError says which event was not possible in which state.
type StateError = sandbox.StateError

// StartError says that start code ended badly, and what it used until then.
// errors.Is and errors.As look through it.
type StartError struct {
	Receipt Receipt
	Err     error
}

// Error returns the text of Err.
func (e *StartError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *StartError) Unwrap() error { return e.Err }
