package host

import (
	"crypto/sha256"
	"encoding/binary"
	"io"
	"math"
	"math/rand/v2"
	"time"

	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/spirit"
)

// MaxRandomBytes bounds one request for random bytes.
const MaxRandomBytes = 1 << 20

func randomFuncs() []Func {
	return []Func{
		{
			Name: "host_random_bytes", Params: sig(i32, i32), Results: sig(i32), Capability: spirit.TypeSensorRandom, Base: baseCall,
			Success: "0", Bounds: "1 to 1,048,576 bytes",
			Codes: []Code{Denied, BadMemory, BadArgument, Internal}, impl: randomBytes,
		},
		{
			Name: "host_random_u64", Results: sig(i64), Capability: spirit.TypeSensorRandom, Base: baseCall,
			Success: "64 random bits", Codes: []Code{Denied}, result: resultBits, impl: randomU64,
		},
		{
			Name: "vudo_random", Results: sig(f64), Capability: spirit.TypeSensorRandom, Base: baseCall,
			Success: "a number in [0, 1)", Codes: []Code{Denied}, result: resultBits, impl: randomFloat,
		},
		{
			Name: "vudo_random_bytes", Params: sig(i32, i32), Capability: spirit.TypeSensorRandom, Base: baseCall,
			Success: "filled", Bounds: "1 to 1,048,576 bytes, else nothing is written",
			Codes: []Code{Denied, BadMemory, BadArgument, Internal}, result: resultNone, impl: randomBytes,
		},
	}
}

func randomBytes(s *State, a []uint64) int64 {
	p, ok := s.bytes(a[0], a[1])
	if !ok {
		return int64(BadMemory)
	}
	if len(p) == 0 || len(p) > MaxRandomBytes {
		return int64(BadArgument)
	}
	s.charge(len(p))
	p, _ = s.bytes(a[0], a[1])
	if _, err := io.ReadFull(s.svc.Random, p); err != nil {
		clear(p)
		return int64(Internal)
	}
	s.journal.data(p)
	s.out = uint64(len(p))
	return 0
}

// draw returns 64 random bits for a function that has no room for a code.
func (s *State) draw() uint64 {
	s.charge(0)
	b := s.draws[:]
	if _, err := io.ReadFull(s.svc.Random, b); err != nil {
		s.leave(s.current, nil, Internal, 0)
		s.m.Trap(fault.KindPanic, s.current.Name+": the host has no randomness")
	}
	s.out = 8
	return binary.LittleEndian.Uint64(b)
}

func randomU64(s *State, _ []uint64) int64 { return int64(s.draw()) }

func randomFloat(s *State, _ []uint64) int64 {
	return int64(math.Float64bits(float64(s.draw()>>11) / (1 << 53)))
}

// seeded is the world of a sandbox with a seed: its random bytes come from the
// seed alone, and its clock starts at seededEpoch and moves by seededStep at
// each reading and by each sleep's length. So the same calls see the same
// values on every machine.
type seeded struct {
	*rand.ChaCha8
	passed time.Duration
}

const seededStep = time.Microsecond

// seededEpoch is 2001-09-09T01:46:40Z, the billionth second of Unix time.
var seededEpoch = time.Unix(1_000_000_000, 0).UTC()

func newSeeded(seed []byte) *seeded {
	return &seeded{ChaCha8: rand.NewChaCha8(sha256.Sum256(append([]byte("vudo seed v1\x00"), seed...)))}
}

func (w *seeded) age() time.Duration {
	w.passed += seededStep
	return w.passed
}

func (w *seeded) now() time.Time       { return seededEpoch.Add(w.age()) }
func (w *seeded) pass(d time.Duration) { w.passed += d }
