package host

import (
	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/spirit"
)

// NewForeign makes the row of a function that an embedder adds: it is counted,
// journaled and audited like those of the table, of which it is no part.
// number is its place among the embedder's functions of one engine, from 0.
func NewForeign(number int, name string, t wasm.FuncType) *Func {
	return &Func{
		Name: name, Modules: []string{ModuleLoa}, Params: t.Params, Results: t.Results,
		Base: baseCall, number: len(table) + number,
	}
}

// RunForeign makes one call of an embedder's function in the order of checks of
// docs/spec/vm.md, section 5.1: stop and deadline, capability, tariff, effect,
// journal. call finds the parameters in stack and leaves its result in
// stack[0]; its error is returned after it was recorded.
func (s *State) RunForeign(f *Func, needs spirit.Capability, stack []uint64, call func() error) error {
	s.m.Poll()
	s.enter(f)
	s.knowForeign(f)
	if d := s.rights.CheckTarget(needs.Type, needs.Target); d != nil {
		s.deny(d)
		s.leave(f, stack, Denied, int64(Denied))
		s.trapNeeds(f, needs.String())
	}
	s.charge(0)
	s.args = stack
	if len(stack) == 0 {
		err := call()
		s.leave(f, stack, foreignCode(err), 0)
		return err
	}
	first := stack[0] // the result takes its place
	err := call()
	result := stack[0]
	stack[0] = first
	v := int64(0)
	if err == nil && len(f.Results) > 0 {
		v = int64(result)
	}
	s.leave(f, stack, foreignCode(err), v)
	stack[0] = result
	return err
}

// Take charges and records n bytes of the guest's memory from ptr, which the
// current foreign function is about to read, and returns them aliased; ok is
// false for a range outside of the memory, which the caller must answer with a trap.
func (s *State) Take(ptr, n uint32) (p []byte, ok bool) {
	if !s.inMemory(uint64(ptr), uint64(n)) {
		s.leave(s.current, s.args, BadMemory, int64(BadMemory))
		return nil, false
	}
	s.pay(units(int(n)))
	s.in += uint64(n)
	s.learned(uint64(ptr), uint64(n))
	return s.bytes(uint64(ptr), uint64(n))
}

// knowForeign makes room for the counter and the name of f.
func (s *State) knowForeign(f *Func) {
	i := f.number - len(table)
	for len(s.foreign) <= i {
		s.foreign = append(s.foreign, nil)
		s.counters = append(s.counters, counter{})
	}
	s.foreign[i] = f
}

// nameOf returns the name of the function that counter i belongs to.
func (s *State) nameOf(i int) string {
	if i < len(table) {
		return table[i].Name
	}
	return s.foreign[i-len(table)].Name
}

func foreignCode(err error) Code {
	if err != nil {
		return Internal
	}
	return Success
}
