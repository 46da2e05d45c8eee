// Package vudotest helps to test programs that embed VUDO: a clock that only
// moves when told to, a store in memory that fails when told to, a log that is
// kept, and randomness from a seed. Each goes into the field of vudo.Config of
// the same name.
package vudotest
