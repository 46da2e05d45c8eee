package vudotest

import (
	"math/rand/v2"
	"strings"
	"sync"

	"github.com/univrs/vudo/internal/host"
)

// Log keeps what guests log. The zero value is ready; it is safe for
// concurrent use.
type Log struct {
	mu    sync.Mutex
	lines []host.LogLine
}

// Log implements vudo.Logger.
func (l *Log) Log(line host.LogLine) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
}

// Lines returns the lines so far; the slice is the caller's own.
func (l *Log) Lines() []host.LogLine {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]host.LogLine(nil), l.lines...)
}

// String returns the lines so far as "level text", each with a newline.
func (l *Log) String() string {
	var b strings.Builder
	for _, line := range l.Lines() {
		b.WriteString(line.Level.String() + " " + line.Text + "\n")
	}
	return b.String()
}

// Random returns random bytes that follow from the seed alone. It is safe for
// concurrent use, though concurrent readers share one sequence.
func Random(seed uint64) *RandomSource {
	var key [32]byte
	for i := range 8 {
		key[i] = byte(seed >> (8 * i))
	}
	return &RandomSource{source: rand.NewChaCha8(key)}
}

// RandomSource is what Random returns: an io.Reader.
type RandomSource struct {
	mu     sync.Mutex
	source *rand.ChaCha8
}

// Read fills p; it never fails.
func (r *RandomSource) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.source.Read(p)
}
