// Package fuel writes an exact meter into a WebAssembly module: the tariff, the
// shapes that it accepts, and the pass that turns a valid module into one that
// counts what it executes, calls the host when its slice is used up, and
// bounds the depth of its calls (docs/spec/fuel.md).
//
// A region, a straight run of operators, is charged when it is entered; bulk
// operations and growths are charged by size, after their check of bounds and
// before their effect. So the count is the same number on every engine, is
// exact to the region after any trap, and a call that has run out can wait
// inside the host and go on. What the pass adds lies behind every index and
// name that the guest can use.
//
// The package knows no engine, no host function and no sandbox: it takes a
// module and gives one back. Everything in it is safe for concurrent use.
package fuel
