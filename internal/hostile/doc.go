// Package hostile holds tests alone: guests that try to break out of their
// sandbox, to dodge its bill, or to take the host down with them. Each row of
// the table in SECURITY.md has at least three of them, made with the module
// builder and run through the public API; after each the host is alive, another
// sandbox of the same runtime is untouched, the process stayed within its memory
// bound, and the receipt is right.
//
// FuzzRun runs arbitrary modules in the same way. What it finds becomes a row
// of found_test.go.
package hostile
