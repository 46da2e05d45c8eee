// Package fuel writes an exact, portable and resumable meter into a WebAssembly
// module: a pass from bytes to bytes between validation and compilation. It
// holds the tariff (schedule.go), the limits on what a module may look like
// (shape.go) and the pass. It knows neither an engine nor a sandbox; it needs
// no state, and every function is safe for concurrent use.
//
// # What is charged, and when
//
// Every executed operator costs what the tariff says. A region is a straight
// line of operators without a branch target or a branch in it: it ends with
// br, br_if, br_table, if, return, unreachable, in front of loop, else, the end
// of an if and the end of a block to which something branches, and after every
// call, grow and bulk operation; also when its cost has reached 4,096. The end
// of a loop and the end of a block that nothing branches to end no region. The
// cost of a region is charged on entry, in full. The entry of a function (1)
// belongs to its first region. Code that can be reached neither by falling
// through nor by a branch is left out of the metered module.
//
// The size of a bulk operation is charged after its bounds check and before its
// effect; one that would trap pays only for the operator. A grow is charged by
// the host, when it grants it.
//
// # The counter, and what a host does with it
//
// ExportFuel is a mutable i64 global: what is left of the slice that the host
// has handed out. Used = handed out - counter, always, also after a trap and
// after the host has unwound the guest. The protocol:
//
//   - The host sets the counter to the slice before a call.
//   - ImportHook () -> () is called when the counter is negative, and between
//     the pieces of a large bulk operation at any value. The host may pause,
//     unwind, or add slices; when the hook returns, the counter is >= 0.
//   - ImportMemoryGrow (pages) -> (1 or 0) and ImportTableGrow (table, elements)
//     -> (1 or 0) decide about a grow and charge for it. Answer 1 executes it.
//     The host also answers for the declared maximum, so that what it charges
//     is granted; the engine's own refusal still gives -1.
//   - ImportStackOverflow () -> () does not return.
//   - ImportGate+name (parameters) -> (errno) stands before a gated import: not
//     0 is its result and nothing happens. ImportDone+name (parameters, result)
//     -> (result) stands after it. An import without a result has no second
//     hook, and any answer but 0 skips it.
//   - ExportDepth is a mutable i32 global: frame units left. The host sets it
//     before a call; it is back at that value when the call returns, and means
//     nothing after a call that has been unwound.
//   - ExportStart is the start function, which the module no longer starts by
//     itself. Metered lists the other exports, which hold what an instance can
//     change: mutable globals and the flags of dropped segments. A segment is
//     never dropped in the engine; clearing its flag brings it back.
//
// The counter may fall to -Overshoot before the hook is called, never lower:
// body.go derives the bound.
//
// # Why the count is exact
//
// Functions without loops, and those in whose loops every turn makes a call,
// charge the global itself. The others keep the counter in a local. The global
// then lags behind, but never where anybody can look: it is written together
// with the charge of every region that holds an operator that may trap, or that
// ends with a call or a bulk operation; before the hook; and at the exit. Every
// way out of a function of the guest is one of these: a trap, a call that is
// unwound, or a return. After a call the local is read again. The test oracle
// (naive_test.go) counts operator by operator and shares no code with the pass.
//
// # Depth
//
// A frame costs 1 + ceil(slots/8) units, where slots counts parameters, locals
// and the greatest operand height in reachable code, a v128 twice. Functions on
// a cycle of the call graph count; others only where more than 4,096 uncounted
// units could stand on the stack at once.
package fuel
