package host

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
)

// Counts is what the host did for one call: the host's part of a Receipt.
type Counts struct {
	Calls []CallCount // functions called at least once, in the order of the table, the embedder's last

	StorageReads, StorageWrites uint64
	LogBytes, LogBytesDropped   uint64
	InputBytes, OutputBytes     uint64 // taken by and from the guest; of a stream, so far

	// Input and Output are the digests of streams: of what was read and
	// written. They are zero when input or output is a buffer.
	Input, Output [32]byte

	// Journal is the digest of the ordered journal of host calls: names,
	// arguments, results, and the bytes that crossed the boundary.
	Journal [32]byte
}

// CallCount is one function's line in Counts.
type CallCount struct {
	Name                   string
	Count, In, Out, Denied uint64
}

type counter struct {
	count, in, out, denied uint64
	id                     uint64 // in the journal of the call; 0 = not yet met
}

type totals struct{ storageReads, storageWrites uint64 }

// Counts returns the counts of the call so far. It is valid from Begin to the
// next Begin.
func (s *State) Counts() Counts {
	c := Counts{
		StorageReads: s.totals.storageReads, StorageWrites: s.totals.storageWrites,
		LogBytes: s.log.bytes, LogBytesDropped: s.log.dropped,
		InputBytes: s.input.taken, OutputBytes: s.output.written,
		Input: s.input.digest(), Output: s.output.digest(),
		Journal: s.journal.sum(),
	}
	if !s.called {
		return c
	}
	n := 0
	for i := range s.counters {
		if s.counters[i].count > 0 {
			n++
		}
	}
	c.Calls = make([]CallCount, 0, n)
	for i, k := range s.counters {
		if k.count > 0 {
			c.Calls = append(c.Calls, CallCount{s.nameOf(i), k.count, k.in, k.out, k.denied})
		}
	}
	return c
}

// enter begins one host call.
func (s *State) enter(f *Func) {
	if s.counters == nil {
		s.counters = make([]counter, len(table))
	}
	s.called = true
	s.current, s.in, s.out, s.paid, s.refused = f, 0, 0, 0, false
}

// pay charges n fuel for the current host call.
func (s *State) pay(n uint64) {
	s.m.Charge(n)
	s.paid += n
}

// leave counts and records one finished host call. v is its result as the
// implementation gave it; stack still holds the parameters.
func (s *State) leave(f *Func, stack []uint64, code Code, v int64) {
	k := &s.counters[f.number]
	k.count++
	k.in += s.in
	k.out += s.out
	if s.refused {
		k.denied++
	}
	if f.family != familyWASI && f.Name != lastErrorName {
		s.last = code
	}
	s.journal.call(f, k, stack, v)
	if s.svc.Observe != nil {
		s.svc.Observe(HostCall{Identity: s.identity(), Name: f.Name, Code: code, In: s.in, Out: s.out, Fuel: s.paid})
	}
}

// journal is a running digest of records. A record is a number, and what the
// number says follows: journalName, a function's name and a zero give the
// function the next free number; journalData, a length and bytes are what the
// current call moved; any other number is a call of the function that has it,
// with its parameters and its result. All numbers are written as varints. So a
// call costs few bytes, and the digest depends on no table of this program.
//
// Short journals stay in buf and are hashed only when the sum is asked for.
type journal struct {
	buf   []byte
	hash  hash.Hash
	long  bool   // hash holds what came before buf
	names uint64 // functions met
}

const (
	journalName = iota
	journalData
	journalFirst // the first function's number
)

// journalBuffer bounds buf: what a sandbox keeps between its calls.
const journalBuffer = 4096

// journalRecord is more than any record without its data takes.
const journalRecord = 256

func (j *journal) reset() {
	j.buf = j.buf[:0]
	j.long, j.names = false, 0
}

// call appends one host call.
func (j *journal) call(f *Func, k *counter, stack []uint64, v int64) {
	if len(j.buf) > journalBuffer-journalRecord {
		j.flush()
	}
	b := j.buf
	if k.id == 0 {
		k.id = journalFirst + j.names
		j.names++
		b = append(b, journalName)
		b = append(b, f.Name...)
		b = append(b, 0)
	}
	b = binary.AppendUvarint(b, k.id)
	for i := range f.Params {
		b = binary.AppendUvarint(b, stack[i])
	}
	j.buf = binary.AppendVarint(b, v)
}

// data appends bytes that cross the boundary in the current host call, before
// the record of the call itself.
func (j *journal) data(p []byte) {
	if len(j.buf) > journalBuffer-journalRecord {
		j.flush()
	}
	j.buf = binary.AppendUvarint(append(j.buf, journalData), uint64(len(p)))
	if len(j.buf)+len(p) <= journalBuffer {
		j.buf = append(j.buf, p...)
		return
	}
	j.flush()
	j.hash.Write(p)
}

func (j *journal) flush() {
	if j.hash == nil {
		j.hash = sha256.New()
	}
	if !j.long {
		j.hash.Reset()
		j.long = true
	}
	j.hash.Write(j.buf)
	j.buf = j.buf[:0]
}

func (j *journal) sum() [32]byte {
	if !j.long {
		return sha256.Sum256(j.buf)
	}
	j.flush()
	var d [32]byte
	j.hash.Sum(d[:0])
	return d
}
