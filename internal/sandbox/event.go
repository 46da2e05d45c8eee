package sandbox

import (
	"time"

	"github.com/univrs/vudo/spirit"
)

// EventKind says what happened to a sandbox.
type EventKind uint8

// The kinds of events that this version reports.
const (
	SandboxCreated EventKind = iota + 1
	SandboxInitialized
	SandboxTerminated
	ExecutionStarted
	ExecutionCompleted
	ExecutionTrapped
	FuelExhausted
	FuelRefilled
	CapabilityGranted
	CapabilityDenied
	HostCallInvoked
)

var eventKindNames = [...]string{
	"", "SandboxCreated", "SandboxInitialized", "SandboxTerminated", "ExecutionStarted",
	"ExecutionCompleted", "ExecutionTrapped", "FuelExhausted", "FuelRefilled", "CapabilityGranted", "CapabilityDenied", "HostCallInvoked",
}

// String returns the kind's name, such as "FuelExhausted".
func (k EventKind) String() string {
	if int(k) < len(eventKindNames) {
		return eventKindNames[k]
	}
	return ""
}

// EventKinds lists all kinds in order.
func EventKinds() []EventKind {
	var all []EventKind
	for k := SandboxCreated; int(k) < len(eventKindNames); k++ {
		all = append(all, k)
	}
	return all
}

// Notice is one event: something that happened to a sandbox.
type Notice struct {
	Kind    EventKind
	Time    time.Time
	Sandbox ID
	Spirit  spirit.Digest // of the package or module; zero before it is known
	Detail  string        // capability, host function, outcome or error; may be empty
}

func (e *Engine) listening() bool { return e.notices != nil }

// emit offers a notice to the listener and counts it as lost when the listener
// is not ready: a guest never waits for one.
func (e *Engine) emit(s *Sandbox, kind EventKind, detail string) {
	if e.notices == nil {
		return
	}
	n := Notice{Kind: kind, Time: e.clock.Now(), Sandbox: s.id, Detail: detail}
	if d := s.spirit.Load(); d != nil {
		n.Spirit = *d
	}
	select {
	case e.notices <- n:
	default:
		e.lost.Add(1)
	}
}

// NoticesLost is how many events found the listener not ready.
func (e *Engine) NoticesLost() uint64 { return e.lost.Load() }
