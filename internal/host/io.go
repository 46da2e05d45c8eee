package host

import (
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"reflect"
	"time"
	"unicode/utf8"

	"github.com/univrs/vudo/spirit"
)

// maxFailText bounds the text of host_fail, bytes.
const maxFailText = 4096

// streamBuffer is how much of a stream is read ahead, and how much is written
// to one at once: bytes that cross a stream are copied, because the guest may
// be gone before the stream is done with them.
const streamBuffer = 64 << 10

const lastErrorName = "host_last_error"

// callFuncs are the functions about the call itself: input, output, errors,
// budget, rights, environment.
func callFuncs() []Func {
	return []Func{
		{Name: "host_abi_version", Results: sig(i32), Base: baseCall, Success: "1", impl: abiVersion},
		{
			Name: lastErrorName, Results: sig(i32), Base: baseCall,
			Success: "0, or the code of the last host call of this sandbox", result: resultBits, impl: lastError,
		},
		{
			Name: "host_result_read", Params: sig(i32, i32, i32), Results: sig(i32), Base: baseCall,
			Success: "bytes copied from the result slot, from an offset", Bounds: "offset within the slot",
			Codes: []Code{BadMemory, BadArgument}, impl: resultRead,
		},
		{
			Name: "host_input_len", Results: sig(i32), Base: baseCall,
			Success: "length of the call's input", Bounds: "a stream has none: UNAVAILABLE",
			Codes: []Code{Unavailable}, impl: inputLen,
		},
		{
			Name: "host_input_read", Params: sig(i32, i32, i32), Results: sig(i32), Base: baseCall,
			Success: "bytes read from an offset; 0 = end", Bounds: "a stream is read in order",
			Codes: []Code{BadMemory, BadArgument, LimitHit, Internal}, impl: inputRead,
		},
		{
			Name: "host_output_write", Params: sig(i32, i32), Results: sig(i32), Base: baseCall,
			Success: "0", Bounds: "max_output_bytes per call",
			Codes: []Code{BadMemory, LimitHit, Internal}, impl: outputWrite,
		},
		{
			Name: "host_fail", Params: sig(i32, i32, i32), Results: sig(i32), Base: baseCall,
			Success: "0", Bounds: "code not 0; text at most 4,096 bytes of UTF-8",
			Codes: []Code{BadMemory, BadArgument}, impl: fail,
		},
		{Name: "host_fuel_remaining", Results: sig(i64), Base: baseCall, Success: "budget left, at least 0", impl: fuelRemaining},
		{
			Name: "host_capability_check", Params: sig(i32, i32), Results: sig(i32), Base: baseCall,
			Success: "1 permitted, 0 not", Bounds: "1 to 2,112 bytes: TYPE or TYPE:TARGET",
			Codes: []Code{BadMemory, BadArgument}, impl: capabilityCheck,
		},
		{
			Name: "host_env_get", Params: sig(i32, i32, i32, i32), Results: sig(i32), Base: baseCall,
			Capability: spirit.TypeSensorEnvironment,
			Success:    "size of the value", Bounds: "name 1 to 256 bytes",
			Codes: []Code{Denied, BadMemory, BadArgument, NotFound}, impl: envGet,
		},
	}
}

// input is the call's input: a buffer, or a stream read in order.
type input struct {
	bytes  []byte
	pos    int // of the sequential reader, fd 0
	taken  uint64
	stream io.Reader

	ahead   []byte     // read from the stream, not yet taken
	end     error      // what the stream ended with
	reading chan chunk // a read in progress; nil = none
	hash    hash.Hash
	parked  *input // of the last call with a stream, while calls without one are made
}

// chunk is what one read of a stream gave.
type chunk struct {
	bytes []byte
	err   error
}

// next is the input of the next call. What was read ahead of a stream and not
// taken belongs to the call after, if that has the same stream.
func (in *input) next(call CallIO) input {
	n := input{bytes: call.Input, stream: call.Stdin}
	last := in.parked
	if in.stream != nil {
		last = in
	}
	switch {
	case last == nil:
	case call.Stdin == nil:
		n.parked = &input{stream: last.stream, ahead: last.ahead, end: last.end, reading: last.reading}
	case reflect.TypeOf(call.Stdin).Comparable() && call.Stdin == last.stream:
		n.ahead, n.end, n.reading = last.ahead, last.end, last.reading
	}
	return n
}

func (in *input) digest() [32]byte {
	if in.hash == nil {
		return [32]byte{}
	}
	return [32]byte(in.hash.Sum(nil))
}

// fill waits until there is something to read from the stream, or its end, or
// until wait has passed; wait < 0 is for ever. It reports whether a read of
// the input would now return at once. A read that outlasts the wait goes on,
// and the next fill takes what it brings.
func (s *State) fill(wait time.Duration) bool {
	in := &s.input
	if in.stream == nil || len(in.ahead) > 0 || in.end != nil {
		return true
	}
	if in.reading == nil {
		in.reading = make(chan chunk, 1)
		go readChunk(in.stream, in.reading)
	}
	var got chunk
	var ready bool
	reading, clock := in.reading, s.svc.Clock
	s.m.Block(func(ctx context.Context) {
		var late <-chan time.Time
		if wait >= 0 {
			fired, stop := clock.After(wait)
			defer stop()
			late = fired
		}
		select {
		case got = <-reading:
			ready = true
		case <-late:
		case <-ctx.Done():
		}
	})
	if ready {
		in.ahead, in.end, in.reading = got.bytes, got.err, nil
	}
	return ready
}

// readChunk reads at least one byte, or an error. The channel has room, so it
// ends as soon as the stream gives way, even when nobody waits any more.
func readChunk(r io.Reader, to chan<- chunk) {
	buf := make([]byte, streamBuffer)
	for range 100 {
		if n, err := r.Read(buf); n > 0 || err != nil {
			to <- chunk{buf[:n], err}
			return
		}
	}
	to <- chunk{nil, io.ErrNoProgress}
}

// take moves up to len(dst) bytes of a filled stream into dst, within
// max_input_bytes.
func (s *State) take(dst []byte) (int, Code) {
	in := &s.input
	if len(in.ahead) == 0 {
		if in.end != nil && !errors.Is(in.end, io.EOF) {
			return 0, Internal
		}
		return 0, Success
	}
	room := s.limits.InputBytes - in.taken
	if room == 0 && len(dst) > 0 {
		return 0, LimitHit
	}
	if uint64(len(dst)) > room {
		dst = dst[:room]
	}
	n := copy(dst, in.ahead)
	in.ahead = in.ahead[n:]
	in.taken += uint64(n)
	if in.hash == nil {
		in.hash = sha256.New()
	}
	in.hash.Write(dst[:n])
	return n, Success
}

// output collects what the call writes.
type output struct {
	bytes   []byte
	written uint64
	stream  io.Writer
	hash    hash.Hash
}

func (o *output) digest() [32]byte {
	if o.hash == nil {
		return [32]byte{}
	}
	return [32]byte(o.hash.Sum(nil))
}

// write appends p to the output, all of it or nothing, unless a stream fails
// in the middle.
func (s *State) write(p []byte) Code {
	o := &s.output
	if uint64(len(p)) > s.limits.OutputBytes-o.written {
		return LimitHit
	}
	if o.stream == nil {
		o.bytes = append(o.bytes, p...)
		o.written += uint64(len(p))
		return Success
	}
	if o.hash == nil {
		o.hash = sha256.New()
	}
	rest := append([]byte(nil), p...)
	for len(rest) > 0 {
		piece := rest[:min(len(rest), streamBuffer)]
		var n int
		var err error
		w := o.stream
		s.m.Block(func(context.Context) { n, err = w.Write(piece) })
		o.hash.Write(piece[:n])
		o.written += uint64(n)
		if err != nil || n < len(piece) {
			return Internal
		}
		rest = rest[n:]
	}
	return Success
}

func abiVersion(s *State, _ []uint64) int64 { s.charge(0); return 1 }

func lastError(s *State, _ []uint64) int64 {
	s.charge(0)
	return int64(uint32(s.last))
}

func resultRead(s *State, a []uint64) int64 {
	offset := uint64(uint32(a[0]))
	if _, ok := s.bytes(a[1], a[2]); !ok {
		return int64(BadMemory)
	}
	if offset > uint64(len(s.slot)) {
		return int64(BadArgument)
	}
	n := min(uint64(uint32(a[2])), uint64(len(s.slot))-offset)
	s.charge(int(n))
	dst, _ := s.bytes(a[1], n)
	copy(dst, s.slot[offset:])
	s.journal.data(dst)
	s.out = n
	return int64(n)
}

func inputLen(s *State, _ []uint64) int64 {
	if s.input.stream != nil {
		return int64(Unavailable)
	}
	s.charge(0)
	return int64(len(s.input.bytes))
}

func inputRead(s *State, a []uint64) int64 {
	offset := uint64(uint32(a[0]))
	if _, ok := s.bytes(a[1], a[2]); !ok {
		return int64(BadMemory)
	}
	in := &s.input
	if in.stream == nil {
		if offset > uint64(len(in.bytes)) {
			return int64(BadArgument)
		}
		n := min(uint64(uint32(a[2])), uint64(len(in.bytes))-offset)
		s.charge(int(n))
		dst, _ := s.bytes(a[1], n)
		copy(dst, in.bytes[offset:])
		in.taken = max(in.taken, offset+n)
		s.out = n
		return int64(n)
	}
	if offset != in.taken {
		return int64(BadArgument)
	}
	s.pay(s.current.Base)
	if uint32(a[2]) == 0 {
		return 0
	}
	s.fill(-1)
	s.pay(units(min(len(in.ahead), int(uint32(a[2])))))
	dst, _ := s.bytes(a[1], a[2])
	n, code := s.take(dst)
	if code != Success {
		return int64(code)
	}
	s.out = uint64(n)
	return int64(n)
}

func outputWrite(s *State, a []uint64) int64 {
	p, ok := s.bytes(a[0], a[1])
	if !ok {
		return int64(BadMemory)
	}
	if uint64(len(p)) > s.limits.OutputBytes-s.output.written {
		return int64(LimitHit)
	}
	s.charge(len(p))
	p, _ = s.bytes(a[0], a[1])
	if code := s.write(p); code != Success {
		return int64(code)
	}
	s.in = uint64(len(p))
	return 0
}

func fail(s *State, a []uint64) int64 {
	p, ok := s.bytes(a[1], a[2])
	if !ok {
		return int64(BadMemory)
	}
	code := int32(a[0])
	if code == 0 || len(p) > maxFailText || !utf8.Valid(p) {
		return int64(BadArgument)
	}
	s.charge(len(p))
	p, _ = s.bytes(a[1], a[2])
	s.journal.data(p)
	s.failed, s.failCode, s.failText = true, code, string(p)
	s.in = uint64(len(p))
	return 0
}

func fuelRemaining(s *State, _ []uint64) int64 {
	s.charge(0)
	return max(0, s.m.FuelRemaining())
}

func capabilityCheck(s *State, a []uint64) int64 {
	p, ok := s.bytes(a[0], a[1])
	if !ok {
		return int64(BadMemory)
	}
	if len(p) == 0 || len(p) > spirit.MaxTargetBytes+64 {
		return int64(BadArgument)
	}
	asked, err := spirit.ParseCapability(string(p))
	if err != nil {
		return int64(BadArgument)
	}
	s.charge(len(p))
	p, _ = s.bytes(a[0], a[1])
	s.journal.data(p)
	s.in = uint64(len(p))
	for _, c := range asked {
		if s.rights.CheckTarget(c.Type, c.Target) != nil {
			return 0
		}
	}
	return 1
}

// maxEnvName bounds the name of a variable, bytes.
const maxEnvName = 256

func envGet(s *State, a []uint64) int64 {
	p, ok := s.bytes(a[0], a[1])
	if !ok {
		return int64(BadMemory)
	}
	if _, ok := s.bytes(a[2], a[3]); !ok {
		return int64(BadMemory)
	}
	if len(p) == 0 || len(p) > maxEnvName {
		return int64(BadArgument)
	}
	name := string(p)
	if d := s.rights.CheckTarget(spirit.TypeSensorEnvironment, name); d != nil {
		return s.deny(d)
	}
	value, ok := s.cfg.Env[name]
	s.charge(len(name) + len(value))
	s.in = uint64(len(name))
	s.journal.data([]byte(name))
	if !ok {
		return int64(NotFound)
	}
	s.journal.data([]byte(value))
	return s.answer([]byte(value), a[2], a[3])
}
