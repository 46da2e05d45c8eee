// Package realworld holds tests alone: programs that other people wrote, run
// through the public API of VUDO and on the bare engine side by side. It knows
// the examples in other languages, the Go standard library's own tests and a
// JavaScript conformance sample, and it refuses to know anything below the
// root package.
//
// The programs are built by `make lang`; a test whose program is absent is
// skipped and names that target. VUDO_LONG=1 (`make realworld`) runs the whole
// of it, which takes minutes; without it a sample runs.
package realworld
