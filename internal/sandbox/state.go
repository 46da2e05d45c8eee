package sandbox

import (
	"fmt"

	"github.com/univrs/vudo/internal/fault"
)

// State is where a sandbox stands in its life. It prints as its name.
type State uint8

// The six states. Failed and Terminated have no exit.
const (
	Initializing State = iota
	Ready
	Running
	Paused
	Terminated
	Failed
)

// none is the state before creation; only the table below speaks of it.
const none State = 0xff

var stateNames = [...]string{"Initializing", "Ready", "Running", "Paused", "Terminated", "Failed"}

// String returns the state's name, such as "Ready".
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return "–"
}

// Event is something that may move a sandbox from one state to another.
type Event uint8

// The events of the lifecycle: what a caller asks for, and how a call ends.
const (
	EventCreate Event = iota
	EventInitialize
	EventInitialized
	EventRefused
	EventCall
	EventReturn
	EventExhausted
	EventPause
	EventTrap
	EventLimit
	EventRefuel
	EventResume
	EventAbandon
	EventAddFuel
	EventTerminate
)

var eventNames = [...]string{
	EventCreate: "create", EventInitialize: "Initialize", EventInitialized: "initialized", EventRefused: "refused",
	EventCall: "Call", EventReturn: "return", EventExhausted: "fuel exhausted", EventPause: "Pause",
	EventTrap: "trap", EventLimit: "limit", EventRefuel: "Refuel", EventResume: "Resume",
	EventAbandon: "Abandon", EventAddFuel: "AddFuel", EventTerminate: "Terminate",
}

// String returns the event's name as the specification writes it.
func (e Event) String() string {
	if int(e) < len(eventNames) {
		return eventNames[e]
	}
	return fmt.Sprintf("event(%d)", uint8(e))
}

// Hold says what a paused sandbox waits for.
type Hold uint8

// A call waits for fuel, or for the operator who paused it.
const (
	NotHeld Hold = iota
	HeldFuel
	HeldOperator
)

// String returns "fuel", "operator" or "".
func (h Hold) String() string {
	switch h {
	case HeldFuel:
		return "fuel"
	case HeldOperator:
		return "operator"
	}
	return ""
}

// Transition is one row of the lifecycle table. From and Hold are matched
// together; Hold is NotHeld where the row holds for every hold.
type Transition struct {
	Row    int
	From   State
	Hold   Hold
	Event  Event
	To     State
	ToHold Hold
	Result string // what the caller sees
}

// transitions is the only place that allows a change of state. Row 18 (any
// state, Terminate) and row 19 (any pair not listed) are spelled out by next.
var transitions = []Transition{
	{1, none, NotHeld, EventCreate, Initializing, NotHeld, "ErrInvalidModule or ErrInvalidLimits when refused"},
	{2, Initializing, NotHeld, EventInitialize, Initializing, NotHeld, ""},
	{2, Initializing, NotHeld, EventInitialized, Ready, NotHeld, ""},
	{3, Initializing, NotHeld, EventRefused, Failed, NotHeld, "ErrInvalidModule, ErrUnlinked, ErrDenied or the limit's sentinel"},
	{4, Initializing, NotHeld, EventExhausted, Paused, HeldFuel, "ErrOutOfFuel"},
	{5, Ready, NotHeld, EventRefused, Ready, NotHeld, "ErrNoExport or ErrArguments"},
	{6, Ready, NotHeld, EventCall, Running, NotHeld, ""},
	{7, Running, NotHeld, EventReturn, Ready, NotHeld, "result and receipt"},
	{8, Running, NotHeld, EventExhausted, Paused, HeldFuel, "ErrOutOfFuel"},
	{9, Running, NotHeld, EventPause, Paused, HeldOperator, "ErrPaused"},
	{10, Running, NotHeld, EventTrap, Failed, NotHeld, "*Trap"},
	{11, Running, NotHeld, EventLimit, Failed, NotHeld, "the limit's sentinel, ErrTerminated when ctx was cancelled"},
	{12, Paused, HeldFuel, EventRefuel, Running, NotHeld, "returns like Call"},
	{13, Paused, HeldOperator, EventResume, Running, NotHeld, "returns like Call"},
	{14, Paused, HeldOperator, EventRefuel, Paused, HeldOperator, ""},
	{15, Paused, HeldFuel, EventResume, Paused, HeldFuel, "ErrOutOfFuel"},
	{16, Paused, NotHeld, EventAbandon, Ready, NotHeld, ""},
	{17, Ready, NotHeld, EventAddFuel, Ready, NotHeld, ""},
	{18, Initializing, NotHeld, EventTerminate, Terminated, NotHeld, ""},
	{18, Ready, NotHeld, EventTerminate, Terminated, NotHeld, ""},
	{18, Running, NotHeld, EventTerminate, Terminated, NotHeld, "the running call ends with ErrTerminated"},
	{18, Paused, NotHeld, EventTerminate, Terminated, NotHeld, "the paused call ends with ErrTerminated"},
	{18, Failed, NotHeld, EventTerminate, Terminated, NotHeld, ""},
	{18, Terminated, NotHeld, EventTerminate, Terminated, NotHeld, ""},
}

// Transitions returns a copy of the lifecycle table in the order of the
// specification; the table of docs/spec is generated from it. Every pair of
// state and event that it does not list is refused with a *StateError.
func Transitions() []Transition { return append([]Transition(nil), transitions...) }

// table is transitions indexed by state, hold and event.
var table [6][3][len(eventNames)]struct {
	to   State
	hold Hold
	ok   bool
}

func init() {
	for _, t := range transitions {
		if t.From == none {
			continue
		}
		for h := NotHeld; h <= HeldOperator; h++ {
			if t.Hold == NotHeld || t.Hold == h {
				e := &table[t.From][h][t.Event]
				e.to, e.hold, e.ok = t.To, t.ToHold, true
			}
		}
	}
}

// next returns where event leads from state, or a *StateError that changes nothing.
func next(state State, hold Hold, event Event) (State, Hold, error) {
	e := &table[state][hold][event]
	if !e.ok {
		return state, hold, &StateError{Event: event, State: state}
	}
	return e.to, e.hold, nil
}

// StateError says that an event is not possible in a state. It matches ErrState.
type StateError struct {
	Event Event
	State State
}

// Error names the event and the state.
func (e *StateError) Error() string {
	return fmt.Sprintf("%v: %s is not possible while %s", fault.ErrState, e.Event, e.State)
}

// Is makes every StateError match ErrState.
func (e *StateError) Is(target error) bool { return target == fault.ErrState }
