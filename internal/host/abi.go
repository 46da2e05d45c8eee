package host

import "fmt"

// Code is the result of a host function below zero, in the numbering of the
// host_* family (docs/spec/vm.md, section 5.1).
type Code int32

// The codes.
const (
	Success     Code = 0
	Denied      Code = -1
	BadMemory   Code = -2
	BadArgument Code = -3
	StorageFail Code = -4
	Internal    Code = -8
	NotFound    Code = -9
	LimitHit    Code = -10
	Timeout     Code = -11
	RateHit     Code = -13
	Unavailable Code = -14
	Conflict    Code = -15
)

// Codes lists every code of the host_* family with its name, those that no
// function returns yet included, in the order of the specification.
func Codes() []struct {
	Code Code
	Name string
} {
	return codeNames[:]
}

var codeNames = [...]struct {
	Code Code
	Name string
}{
	{Denied, "DENIED"},
	{BadMemory, "BAD_MEMORY"},
	{BadArgument, "BAD_ARGUMENT"},
	{StorageFail, "STORAGE"},
	{-5, "NETWORK"},
	{-6, "CREDIT"},
	{-7, "BUFFER"},
	{Internal, "INTERNAL"},
	{NotFound, "NOT_FOUND"},
	{LimitHit, "LIMIT"},
	{Timeout, "TIMEOUT"},
	{-12, "NO_FUNDS"},
	{RateHit, "RATE"},
	{Unavailable, "UNAVAILABLE"},
	{Conflict, "CONFLICT"},
}

// String returns the code's name, such as "BAD_MEMORY".
func (c Code) String() string {
	if c == Success {
		return "OK"
	}
	for _, e := range codeNames {
		if e.Code == c {
			return e.Name
		}
	}
	return fmt.Sprintf("code %d", int32(c))
}

// vudo returns the code in the numbering of the vudo_* family (section 5.4).
func (c Code) vudo() int32 {
	switch c {
	case Success:
		return 0
	case BadArgument:
		return -2
	case BadMemory:
		return -3
	case NotFound:
		return -4
	case Denied:
		return -5
	case Timeout:
		return -6
	}
	return -1
}

// bytes returns the guest's memory from ptr, n bytes, both read as unsigned,
// and false when any of it lies outside. Nothing is allocated. The slice lives
// as long as that of Machine.Memory.
func (s *State) bytes(ptr, n uint64) ([]byte, bool) {
	p, l := uint64(uint32(ptr)), uint64(uint32(n))
	mem := s.m.Memory()
	if p+l > uint64(len(mem)) {
		return nil, false
	}
	return mem[p : p+l : p+l], true
}

// charge takes the current function's tariff for n bytes moved.
func (s *State) charge(n int) { s.pay(s.current.Base + units(n)) }

// units is the price of moving n bytes: 1 per started 64.
func units(n int) uint64 { return (uint64(n) + 63) / 64 }

// answer is the size-query convention: it keeps b in the result slot, copies
// it to the guest when it fits, and returns its full size. The caller has
// checked the range and charged.
func (s *State) answer(b []byte, ptr, capacity uint64) int64 {
	s.slot = b
	if uint64(len(b)) <= uint64(uint32(capacity)) {
		dst, ok := s.bytes(ptr, uint64(len(b)))
		if !ok {
			return int64(BadMemory)
		}
		copy(dst, b)
		s.out += uint64(len(b))
	}
	return int64(len(b))
}
