package host

import (
	"context"
	"io"
	"time"

	"github.com/univrs/vudo/internal/capability"
	"github.com/univrs/vudo/spirit"
)

// Clock is the only source of time of host functions. It is the same clock
// that the sandbox uses for deadlines, so that one clock moved by hand moves
// everything. It must be safe for concurrent use.
type Clock interface {
	// Now is the present instant, with a monotonic part where there is one.
	Now() time.Time

	// After returns a channel that receives once when d has passed (at once
	// for d <= 0), and stop, which releases the timer.
	After(d time.Duration) (fired <-chan time.Time, stop func())
}

// Services are what host functions reach outside the sandbox. One value may
// serve any number of sandboxes at once, so each service must be safe for
// concurrent use.
type Services struct {
	Clock   Clock     // nil = the system's clock
	Random  io.Reader // nil = the system's random source
	Storage Store     // nil = storage functions return UNAVAILABLE
	Logger  Logger    // nil = log functions return UNAVAILABLE

	// Denied is told of each distinct denial at once, Audit of the same ones
	// at the end of the call with their final count. Both run on the guest's
	// stack and must not block; nil = nobody listens.
	Denied func(Denial)
	Audit  func(Denial)

	// Observe is told of each host call after it was made; nil = nobody
	// listens. It must not block.
	Observe func(HostCall)
}

// Denial is the audit record of one refused request. Equal denials within one
// call are one record with a count.
type Denial struct {
	Time     time.Time // of the first
	Identity Identity
	Type     spirit.Type
	Target   string // what was asked for, at most 256 bytes; "" = the type as a whole
	Reason   capability.Reason
	Grant    string // id of the grant that ended or was withdrawn, if it has one
	Count    uint64 // how often within the call; 1 when reported to Denied
}

// HostCall is one finished call of a host function.
type HostCall struct {
	Identity Identity
	Name     string
	Code     Code   // Success or the negative code, in the host_* numbering; for WASI the negated errno
	In, Out  uint64 // bytes into the host, bytes out of it
	Fuel     uint64 // charged by the host; the call instruction itself comes on top
}

// Identity says whose call it is, in log lines, denials and events.
type Identity struct {
	Sandbox string // id of the sandbox, 32 hex digits
	Spirit  string // name@version, or a short digest
	Call    string // invocation id
}

// Logger receives the log lines of guests. It must be safe for concurrent use
// and must not block for long: the guest waits for it.
type Logger interface {
	Log(LogLine)
}

// LogLine is one line that a guest logged. Text holds no newline and nothing
// that moves a cursor or reorders text: such characters appear escaped.
type LogLine struct {
	Time     time.Time
	Level    Level
	Identity Identity
	Text     string
}

// Level is the severity of a log line.
type Level uint8

// The levels, in the numbering of host_log.
const (
	LevelTrace Level = iota
	LevelDebug
	LevelInfo
	LevelWarn
	LevelError
)

// String returns the level's name in lower case.
func (l Level) String() string {
	switch l {
	case LevelTrace:
		return "trace"
	case LevelDebug:
		return "debug"
	case LevelInfo:
		return "info"
	case LevelWarn:
		return "warn"
	case LevelError:
		return "error"
	}
	return "level?"
}

// Namespace is the private key space of one owner and Spirit; guests cannot
// name one. See NamespaceOf and its siblings.
type Namespace = [32]byte

// Store keeps the key-value pairs of all namespaces. Both methods run f
// exactly once, inside one transaction, and return f's error unchanged; they
// honour ctx while waiting for locks. It must be safe for concurrent use.
//
// The method sets are unnamed types, so that a store can be written without
// importing this package.
type Store interface {
	// View runs f on an unchanging view of the namespace.
	View(ctx context.Context, ns Namespace, f func(StoreView) error) error

	// Update runs f with no other writer in the namespace between its first
	// step and its last. When f returns nil, all its changes are durable
	// before Update returns; otherwise none is made.
	Update(ctx context.Context, ns Namespace, f func(StoreTx) error) error
}

// StoreView reads one namespace. Keys are arbitrary bytes. A revision is a
// number greater than 0 that no other write of the same key ever had; 0 stands
// for an absent key. What the methods return belongs to the caller.
type StoreView = interface {
	Get(key []byte) (value []byte, revision uint64, err error)
	Stat(key []byte) (size int, revision uint64, err error)
	// List returns the keys that begin with prefix and are greater than
	// after, in bytewise order, at most limit.
	List(prefix, after []byte, limit int) (keys [][]byte, err error)
	// Usage is the sum of the lengths of all keys and values.
	Usage() (bytes uint64, err error)
}

// StoreTx reads and changes one namespace; reads see the changes made.
type StoreTx = interface {
	Get(key []byte) (value []byte, revision uint64, err error)
	Stat(key []byte) (size int, revision uint64, err error)
	List(prefix, after []byte, limit int) (keys [][]byte, err error)
	Usage() (bytes uint64, err error)
	Put(key, value []byte) error
	Delete(key []byte) error
}

// SystemClock is the clock of the operating system.
type SystemClock struct{}

// Now returns time.Now().
func (SystemClock) Now() time.Time { return time.Now() }

// After starts a timer of the Go runtime.
func (SystemClock) After(d time.Duration) (<-chan time.Time, func()) {
	t := time.NewTimer(d)
	return t.C, func() { t.Stop() }
}
