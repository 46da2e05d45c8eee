// Package host is everything that a guest can ask of the world outside its
// sandbox: one table of functions, each with its signature, the capability it
// needs, its price in fuel and its bounds, and the services behind them.
//
// A State holds what one sandbox has asked for; the sandbox, seen through the
// Machine interface, calls Begin, then the table's functions while the guest
// runs, then Commit or Rollback. The package names no WebAssembly engine and
// runs no guest code.
package host

import (
	"fmt"

	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/spirit"
)

// ModuleVudo and ModuleLoa are the two import names of the same functions;
// ModuleWASI is that of WASI preview 1.
const (
	ModuleVudo = "vudo"
	ModuleLoa  = "loa"
	ModuleWASI = "wasi_snapshot_preview1"
)

// Func is one row of the table of host functions.
type Func struct {
	Name            string
	Modules         []string // import module names under which it links
	Params, Results []wasm.ValType
	Capability      spirit.Type // 0 = needs none
	Base            uint64      // fuel per call, to which 1 per started 64 bytes moved is added
	Success         string      // what a good result means
	Bounds          string      // limits of the arguments, in words
	Codes           []Code      // the negative codes it can return, in the numbering of its family

	// Impl runs the function. Parameters are in stack from index 0, the
	// result is left in stack[0]. It makes every check itself, from Poll to
	// the journal. Impl is nil for those WASI functions that the engine runs.
	Impl func(s *State, stack []uint64)

	// Gate and Done stand around a function that the engine runs. Gate has the function's
	// parameters in stack and leaves in stack[0] 0, or the errno to return
	// without running it. Done has the parameters and then the errno that
	// the function returned, and leaves the final errno in stack[0]. stack
	// has room for one result even when there are no parameters. Done is nil
	// where nothing is left to do.
	Gate, Done func(s *State, stack []uint64)

	result result
	impl   func(s *State, a []uint64) int64
	gate   func(s *State, a []uint64) errno
	done   func(s *State, a []uint64, no errno) errno
	number int
	family family
}

// Type is the function's signature.
func (f *Func) Type() wasm.FuncType { return wasm.FuncType{Params: f.Params, Results: f.Results} }

// result says how an implementation's int64 becomes the guest's result.
type result uint8

const (
	resultCode  result = iota // i32 or i64 with room for a negative code
	resultBits                // every bit pattern is a value: denied traps
	resultNone                // no result: denied traps
	resultText                // no result, text output: denied is dropped and counted
	resultPtr                 // i32 address, 0 when it failed
	resultErrno               // i32 error number of WASI, from 0
)

type family uint8

const (
	familyHost family = iota
	familyVudo
	familyWASI
)

// table and byName are made in init, because the rows' implementations refer
// to the table.
var (
	table  []Func
	byName map[string]int // "module.name"
)

func init() {
	table = buildTable()
	byName = make(map[string]int, 2*len(table))
	for i := range table {
		for _, module := range table[i].Modules {
			byName[module+"."+table[i].Name] = i
		}
	}
}

// Table returns all host functions, in the order of the specification.
// Callers must not change the rows.
func Table() []Func { return table }

// Find returns the row that an import of this module and name links to.
func Find(module, name string) (*Func, bool) {
	i, ok := byName[module+"."+name]
	if !ok {
		return nil, false
	}
	return &table[i], true
}

// Gated reports whether the import is a function that the engine runs, around
// which the metering pass puts calls of "gate:NAME" and "done:NAME".
func Gated(module, name string) bool {
	f, ok := Find(module, name)
	return ok && f.Gate != nil
}

func buildTable() []Func {
	var t []Func
	t = append(t, timeFuncs()...)
	t = append(t, randomFuncs()...)
	t = append(t, logFuncs()...)
	t = append(t, storageFuncs()...)
	t = append(t, callFuncs()...)
	t = append(t, textFuncs()...)
	t = append(t, heapFuncs()...)
	t = append(t, wasiCallFuncs()...)
	t = append(t, wasiFileFuncs()...)
	for i := range t {
		t[i].number = i
		if t[i].Modules == nil {
			t[i].Modules = []string{ModuleVudo, ModuleLoa}
		}
		if len(t[i].Name) > 5 && t[i].Name[:5] == "vudo_" {
			t[i].family = familyVudo
		}
		f := &t[i]
		if f.impl != nil {
			f.Impl = func(s *State, stack []uint64) { s.run(f, stack) }
		}
		if f.gate != nil {
			f.Gate = func(s *State, stack []uint64) { s.runGate(f, stack) }
		}
		if f.gate != nil && f.Results != nil {
			f.Done = func(s *State, stack []uint64) { s.runDone(f, stack) }
		}
	}
	return t
}

const (
	i32 = wasm.I32
	i64 = wasm.I64
	f64 = wasm.F64
)

func sig(ts ...wasm.ValType) []wasm.ValType { return ts }

// The base prices of tariff v1 (docs/spec/fuel.md, section 1).
const (
	baseCall    = 100
	baseStorage = 10_000
)

// run makes one call of a table function: the order of checks is that of
// docs/spec/vm.md, section 5.1.
func (s *State) run(f *Func, stack []uint64) {
	s.m.Poll()
	s.enter(f)
	var v int64
	if d := s.rights.Check(f.Capability); d != nil {
		v = s.deny(d)
		if f.result == resultText {
			s.dropDenied(stack[len(f.Params)-2], stack[len(f.Params)-1])
		}
	} else {
		v = f.impl(s, stack)
	}
	code := Success
	switch {
	case f.result == resultErrno:
		if v < 0 {
			v = int64(errnoNotcapable)
		}
		code = Code(-v)
	case v < 0 && f.result != resultBits, s.refused:
		code = Code(v)
	}
	s.leave(f, stack, code, v)
	switch f.result {
	case resultCode:
		if code != Success && f.family == familyVudo {
			v = int64(code.vudo())
		}
		if f.Results[0] == i32 {
			v = int64(uint32(int32(v)))
		}
		stack[0] = uint64(v)
	case resultBits:
		if s.refused {
			s.trapDenied(f)
		}
		stack[0] = uint64(v)
	case resultNone:
		if code == Denied {
			s.trapDenied(f)
		}
	case resultErrno:
		stack[0] = uint64(v)
	case resultPtr:
		if code != Success {
			v = 0
		}
		stack[0] = uint64(v)
	}
}

func (s *State) trapDenied(f *Func) {
	s.trapNeeds(f, f.Capability.String())
}

func (s *State) trapNeeds(f *Func, capability string) {
	s.m.Trap(fault.KindDenied, fmt.Sprintf("%s needs the capability %s", f.Name, capability))
}
