// Package codegen makes WebAssembly of the intermediate form: it lays objects
// out in linear memory, keeps what the collector must see, and numbers what the
// form names by pointers.
//
// A function goes through four steps. The selector turns its tree into a list of
// instructions over any number of virtual locals and symbolic labels (emit_*.go,
// code.go). Patterns that are cheaper otherwise are replaced (peephole.go). Where
// a call may collect garbage, the references that live across it are written to
// the shadow stack (roots.go). Virtual locals whose lives do not meet share one
// local (coalesce.go). Both of the latter rest on liveness.go.
//
// The runtime (runtime_*.go) is written in the same intermediate form with a few
// nodes more, which read and write memory (memory.go). A function of it is linked
// when code that is linked calls it.
//
// Memory is [0,16) reserved, static data, the shadow stack, the heap; each part
// is there when it is needed. What lies at an address of the heap is described
// in layout.go.
//
// The exported functions are for one call at a time: a host must not call an
// export while another one is active.
package codegen
