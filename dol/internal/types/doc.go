// Package types checks and elaborates DOL: it resolves the names of a set of
// parsed files, infers and checks types and effects, and writes out everything
// implicit as a typed.Program (docs/spec/dol.md, sections 3 to 7).
//
// The walk is collect (declarations into scopes), resolve (signatures, when they
// are first asked for), bodies (a worklist: all of the user's functions, those of
// the standard library that are reached), then the whole-program passes: effects,
// capabilities, ontology, lint. The syntax tree is never
// changed.
package types
