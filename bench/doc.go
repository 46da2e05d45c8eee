// Command bench measures VUDO beside other engines and plugin systems, in one
// run, interleaved, so that a ratio means something on a machine that is not
// quiet.
//
//	go run . [-groups kernels,calls,…] [-rounds N] [-json FILE]
//
// A rival that cannot be built or started here is listed as absent with the
// reason, never guessed. The module is its own so that nothing of it, cgo
// included, reaches an embedder.
package main
