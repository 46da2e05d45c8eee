package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/internal/host"
	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/spirit"
)

// allocateName is the export that gives the host room for a parameter:
// (size i32) -> i32, the address, or 0 when there is no room.
const allocateName = "__vudo_alloc"

// declaredSection finds the section vudo.manifest. Two of them would leave it
// to each reader which one counts.
func declaredSection(m *wasm.Module) ([]byte, error) {
	var found []byte
	for i := range m.Customs {
		if m.Customs[i].Name != spirit.DeclaredSection {
			continue
		}
		if found != nil {
			return nil, fmt.Errorf("%w: two sections %s", fault.ErrInvalidModule, spirit.DeclaredSection)
		}
		found = append([]byte{}, m.Customs[i].Data...)
	}
	return found, nil
}

// declare reads the section vudo.manifest, if there is one, and holds it
// against what the module exports.
func (i *image) declare(section []byte) error {
	if section == nil {
		return nil
	}
	d, err := spirit.ParseDeclared(section)
	if err != nil {
		return err
	}
	i.Section, i.Declared = section, d
	exports := make(map[string]*Export, len(i.Exports))
	for n := range i.Exports {
		exports[i.Exports[n].Name] = &i.Exports[n]
	}
	for n := range d.Exports {
		if err := i.bind(&d.Exports[n], exports); err != nil {
			return fmt.Errorf("%s: %w", spirit.DeclaredSection, err)
		}
	}
	return nil
}

func (i *image) bind(sig *spirit.Signature, exports map[string]*Export) error {
	x := exports[sig.Name]
	if x == nil {
		return fmt.Errorf("%s is declared, and the module exports no function of that name", sig)
	}
	if want := wasmType(sig); !want.Equal(x.Type) {
		return fmt.Errorf("%s is %s in WebAssembly, and the module exports it as %s", sig, want, x.Type)
	}
	passed := false
	for k := range sig.Params {
		passed = passed || sig.Params[k].ABI.InMemory()
	}
	if (passed || sig.Result.ABI.InMemory()) && !i.Memory {
		return fmt.Errorf("%s needs a memory, and the module has none", sig)
	}
	alloc := exports[allocateName]
	if passed && (alloc == nil || !alloc.Type.Equal(wasm.FuncType{Params: []wasm.ValType{wasm.I32}, Results: []wasm.ValType{wasm.I32}})) {
		return fmt.Errorf("%s needs the export %s (i32) -> (i32), and the module has none", sig, allocateName)
	}
	x.Signature = sig
	if x.Name != startName && x.Name != initializeName && (len(sig.Params) > 0 || sig.Result.ABI != spirit.ABINone) {
		x.Convention = Declared
	}
	return nil
}

// wasmType is what a signature is in WebAssembly.
func wasmType(sig *spirit.Signature) wasm.FuncType {
	numbers := map[spirit.ABI]wasm.ValType{spirit.ABII32: wasm.I32, spirit.ABII64: wasm.I64, spirit.ABIF32: wasm.F32, spirit.ABIF64: wasm.F64}
	var t wasm.FuncType
	for i := range sig.Params {
		if sig.Params[i].ABI.InMemory() {
			t.Params = append(t.Params, wasm.I32, wasm.I32)
		} else {
			t.Params = append(t.Params, numbers[sig.Params[i].ABI])
		}
	}
	switch abi := sig.Result.ABI; {
	case abi.InMemory():
		t.Results = []wasm.ValType{wasm.I64}
	case abi.Scalar():
		t.Results = []wasm.ValType{numbers[abi]}
	}
	return t
}

// Declared is what the section vudo.manifest says, nil when there is none; it
// must not be changed.
func (p *Program) Declared() *spirit.Declared { return p.image.Declared }

// arguments reads the input of a Call where the export is declared.
func (x *Export) arguments(in []byte) ([]spirit.Argument, error) {
	if x.Convention != Declared {
		return nil, nil
	}
	return x.Signature.Arguments(in)
}

// stdin is the stream that a call of x reads: none where its input is arguments.
func (s *Sandbox) stdin(x *Export) io.Reader {
	if x.Convention == Declared {
		return nil
	}
	return s.cfg.Stdin
}

// declared reports whether the host passes arguments and takes the result by
// the export's signature. CallValues passes bare numbers.
func (w *work) declared() bool {
	return w.export != nil && w.export.Convention == Declared && !w.values
}

// returnedNumber reports whether a declared export has returned one.
func (w *work) returnedNumber() bool {
	return w.declared() && w.returned && w.export.Signature.Result.ABI.Scalar()
}

// callDeclared passes the arguments, calls, and takes the result, all on the
// guest's stack: each part may pause the call, and end it.
//
// Room for all arguments is asked for first, so that whatever the allocator does
// to the memory is over before something is copied there. What it answers is a
// guest's word: the range is checked, and a guest that gives out one place twice
// harms nobody but itself.
func (s *Sandbox) callDeclared() error {
	w := &s.work
	sig := w.export.Signature
	n, crossing := 0, uint64(0)
	for i := range w.args {
		crossing += crossingFuel(len(w.args[i].Bytes))
	}
	s.charge(crossing)
	for i := range sig.Params {
		if !sig.Params[i].ABI.InMemory() {
			w.stack[n] = w.args[i].Bits
			n++
			continue
		}
		at, err := s.allocate(&sig.Params[i], len(w.args[i].Bytes))
		if err != nil {
			return err
		}
		w.stack[n], w.stack[n+1] = uint64(at), uint64(len(w.args[i].Bytes))
		n += 2
	}
	n, memory := 0, s.memory()
	for i := range sig.Params {
		n++
		if sig.Params[i].ABI.InMemory() {
			copy(memory[w.stack[n-1]:], w.args[i].Bytes)
			n++
		}
	}
	w.args = nil
	if err := s.invoke(w.export.Name, w.stack); err != nil {
		return err
	}
	switch r := &sig.Result; {
	case r.ABI.InMemory():
		s.takeResult(r, w.stack[0])
	case r.ABI.Scalar():
		if r.ABI == spirit.ABII32 || r.ABI == spirit.ABIF32 {
			w.stack[0] &= 1<<32 - 1
		}
		if !r.Holds(w.stack[0]) {
			s.unwind(&fault.Trap{Kind: fault.KindBadResult, Message: fmt.Sprintf("a %s of %s", r.Type, r.FormatScalar(w.stack[0]))})
		}
	}
	w.returned = true
	return nil
}

// crossingFuel is the price of bytes between host and guest, as at host calls.
func crossingFuel(n int) uint64 { return (uint64(n) + 63) / 64 }

// allocate asks the guest for room for an argument. An error is how the guest
// ended in there.
func (s *Sandbox) allocate(p *spirit.Slot, size int) (uint32, error) {
	room := s.work.room[:]
	room[0] = uint64(size)
	if err := s.invoke(allocateName, room); err != nil {
		return 0, err
	}
	at := uint32(room[0])
	if at == 0 && size > 0 {
		s.unwind(fmt.Errorf("%w: %s has no room for the %d bytes of %s", fault.ErrMemoryLimit, allocateName, size, p.Name))
	}
	if uint64(at)+uint64(size) > uint64(len(s.memory())) {
		s.unwind(&fault.Trap{
			Kind:    fault.KindOutOfBoundsMemory,
			Message: fmt.Sprintf("%s gives the %d bytes of %s a place at 0x%x, past the end of memory", allocateName, size, p.Name, at),
		})
	}
	return at, nil
}

var errOutputStream = errors.New("the stream of the output did not take the result")

// takeResult makes the bytes that an export returned the end of the call's output.
func (s *Sandbox) takeResult(r *spirit.Slot, packed uint64) {
	at, size := uint32(packed>>32), uint32(packed)
	if uint64(at)+uint64(size) > uint64(len(s.memory())) {
		s.unwind(&fault.Trap{
			Kind:    fault.KindOutOfBoundsMemory,
			Message: fmt.Sprintf("a result of %d bytes at 0x%x, past the end of memory", size, at),
		})
	}
	if uint64(size) > s.host.OutputRoom() {
		s.unwind(fmt.Errorf("%w: a result of %d bytes, with all output at most %d (max_output_bytes)",
			fault.ErrOutputLimit, size, s.cfg.Limits.OutputBytes))
	}
	s.charge(crossingFuel(int(size)))
	b := s.memory()[at:][:size]
	if r.ABI != spirit.ABIBytes && !utf8.Valid(b) {
		s.unwind(&fault.Trap{Kind: fault.KindBadResult, Message: fmt.Sprintf("a %s that is no UTF-8", r.Type)})
	}
	if r.ABI == spirit.ABIJSON && !json.Valid(b) {
		s.unwind(&fault.Trap{Kind: fault.KindBadResult, Message: fmt.Sprintf("a %s that is no JSON", r.Type)})
	}
	if s.host.Return(b) != host.Success {
		s.unwind(errOutputStream)
	}
}
