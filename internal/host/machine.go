package host

import (
	"context"
	"time"

	"github.com/univrs/vudo/internal/fault"
)

// Machine is the sandbox as a host function sees it. internal/sandbox
// implements it; tests implement it with a byte slice. All methods are called
// on the guest's own stack, between two of its instructions, never
// concurrently. A method that ends the call does so by unwinding: it panics
// with a private value that the sandbox recovers, so a host function must hold
// no lock and leave nothing half-done across Poll, Charge, Wait and Trap.
type Machine interface {
	// Memory returns the guest's linear memory, aliased, or nil when it has
	// none. The slice is valid until the guest runs again or a method of this
	// interface other than Memory is called.
	Memory() []byte

	// Poll is the check before every host call: it returns at once, or pauses
	// the guest for an operator and returns after Resume, or unwinds when the
	// call was terminated, cancelled or has met its deadline.
	Poll()

	// Charge takes n fuel. When the grant does not cover it the guest pauses
	// here, out of fuel, and Charge returns after Refuel: so a host function
	// charges before its effect, and the effect happens exactly once.
	Charge(n uint64)

	// FuelRemaining is granted minus consumed; negative while in debt.
	FuelRemaining() int64

	// Context ends when the call is terminated, cancelled or meets its
	// deadline. Host functions that block on something foreign pass it on.
	Context() context.Context

	// Wait blocks for d on the sandbox's clock, and ends early by unwinding as
	// Poll does. Time spent waiting counts against the deadline, not the CPU quota.
	Wait(d time.Duration)

	// Block runs f, which may block on something foreign (a stream, a file), on
	// a goroutine of its own while the guest stays stoppable: it returns f's
	// completion, or unwinds when the call must end first; f then gets its ctx
	// cancelled and its result is dropped.
	Block(f func(ctx context.Context))

	// Trap unwinds: the guest has faulted with this kind and message.
	Trap(kind fault.Kind, message string)

	// Exit unwinds: the guest has ended its own run with this status, as WASI's
	// proc_exit does. Status 0 is success.
	Exit(code uint32)
}
