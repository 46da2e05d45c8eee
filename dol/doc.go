// Package dol is the door of the DOL compiler: Compile makes a WebAssembly
// module out of source files, Check finds what is wrong with them, Format gives
// them their canonical form, Dump shows each stage, Document makes reference
// pages.
//
// The package reads no files, starts no programs, runs no guest and keeps no
// state: sources come in as bytes, what is made goes out as bytes. Compiling
// the same sources with the same options gives the same bytes on every machine.
// All functions are safe for concurrent use. No input makes them panic; a fault
// of the compiler itself is a diagnostic with the code "ice".
//
// It refuses to know what a package, a sandbox or a capability grant is: it
// makes bytes, someone else packages and runs them. The language is specified in
// docs/spec/dol.md.
package dol
