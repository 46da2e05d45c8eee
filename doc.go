// Package vudo runs WebAssembly that nobody has to trust.
//
// Four nouns carry it. A [Runtime] holds the engine, the policy and the
// services of this host. A [Spirit] is a module that was verified, metered and
// compiled once: immutable, shared by any number of callers. A [Sandbox] is one
// instance of it with a memory of its own, and one call at a time. A [Receipt]
// says what a call consumed, exactly, also after a trap.
//
// # Fuel
//
// Every operator of the guest costs fuel, by a versioned tariff; the meter is
// part of the metered code, so the same call costs the same on every machine.
// A call that runs out of fuel returns [ErrOutOfFuel] and stays where it is,
// in the middle of a function: [Sandbox.Refuel] goes on there. Result, memory
// and total are those of a call that never stopped.
//
// # Limits and capabilities
//
// A zero field of [Limits] means the documented default, never "unlimited".
// Nothing is granted unless listed in [SandboxConfig], and never more than the
// manifest asks for.
//
// # Errors
//
// A fault of the guest is a [*Trap] and matches [ErrTrap]; a limit that was met
// has its own sentinel; a guest that ran to its end and said that it failed is
// a [*GuestError]. What matches none of these is a fault of the host.
//
// # Concurrency
//
// Runtime and Spirit are safe for all goroutines. A Sandbox is for one, except
// Pause, Resume, Terminate, State, Metrics, Grant and Revoke. A goroutine that
// holds runtime.LockOSThread may call a sandbox only if Config.LockedThread is set.
//
// # Units
//
// Fuel, bytes, milliseconds and microcredits are integers everywhere. Times are
// Unix milliseconds where they are written down.
package vudo
