package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/univrs/vudo/internal/capability"
	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/spirit"
)

// guest is a Machine made of a byte slice: what a sandbox is to host functions.
type guest struct {
	t        testing.TB
	mem      []byte
	polls    int
	spent    uint64
	onCharge func(n uint64) // called before each charge
	waited   time.Duration
	clock    *handClock
	ctx      context.Context
	ended    *ending // how the last call unwound; nil = it returned
}

// ending is how a host call unwound.
type ending struct {
	kind fault.Kind
	text string
	exit bool
	code uint32
}

func (g *guest) Memory() []byte           { return g.mem }
func (g *guest) Poll()                    { g.polls++ }
func (g *guest) FuelRemaining() int64     { return 1_000_000 - int64(g.spent) }
func (g *guest) Context() context.Context { return g.ctx }
func (g *guest) Charge(n uint64) {
	if g.onCharge != nil {
		g.onCharge(n)
	}
	g.spent += n
}
func (g *guest) Wait(d time.Duration)           { g.waited += d }
func (g *guest) Block(f func(context.Context))  { f(g.ctx) }
func (g *guest) Trap(kind fault.Kind, m string) { panic(&ending{kind: kind, text: m}) }
func (g *guest) Exit(code uint32)               { panic(&ending{exit: true, code: code}) }

// handClock is a clock that jumps to each timer as soon as somebody waits.
type handClock struct {
	mu  sync.Mutex
	now time.Time
	// onAfter, if set, is called instead of jumping.
	onAfter func(d time.Duration)
}

func (c *handClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *handClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func (c *handClock) After(d time.Duration) (<-chan time.Time, func()) {
	ch := make(chan time.Time, 1)
	if c.onAfter != nil {
		c.onAfter(d)
		return ch, func() {}
	}
	c.advance(d)
	ch <- c.Now()
	return ch, func() {}
}

// counting is a random source that gives 1, 2, 3, ...
type counting struct{ n byte }

func (c *counting) Read(p []byte) (int, error) {
	for i := range p {
		c.n++
		p[i] = c.n
	}
	return len(p), nil
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("no entropy") }

type memoryLog struct{ lines []LogLine }

func (l *memoryLog) Log(line LogLine) { l.lines = append(l.lines, line) }

func (l *memoryLog) text() string {
	var b bytes.Buffer
	for _, line := range l.lines {
		fmt.Fprintf(&b, "%s %s\n", line.Level, line.Text)
	}
	return b.String()
}

// world is a guest with everything around it, in the state of a running call.
type world struct {
	*State
	g     *guest
	clock *handClock
	log   *memoryLog
	store *MemoryStore
	audit []Denial
	cfg   StateConfig
}

// start of the clock of every test.
var testEpoch = time.Date(2026, 3, 1, 12, 0, 0, 5000, time.UTC)

// newWorld returns a world with one page of memory that is granted everything;
// change, if not nil, may alter the configuration first.
func newWorld(t testing.TB, change func(*StateConfig)) *world {
	t.Helper()
	w := &world{clock: &handClock{now: testEpoch}, log: &memoryLog{}, store: &MemoryStore{}}
	w.g = &guest{t: t, mem: make([]byte, wasmPage), clock: w.clock, ctx: context.Background()}
	limits, err := spirit.Preset("default")
	if err != nil {
		t.Fatal(err)
	}
	w.cfg = StateConfig{
		Rights: granted(t, spirit.Unrestricted), Limits: limits,
		Services: &Services{
			Clock: w.clock, Random: &counting{}, Storage: w.store, Logger: w.log,
			Audit: func(d Denial) { w.audit = append(w.audit, d) },
		},
		Identity: Identity{Sandbox: "0123", Spirit: "test@1.0.0"},
		Env:      map[string]string{"LANG": "en", "EMPTY": "", "SECRET": "x"},
		Args:     []string{"prog", "arg"},
		Grow: func(pages uint32) bool {
			w.g.mem = append(w.g.mem, make([]byte, int(pages)*wasmPage)...)
			return true
		},
	}
	if change != nil {
		change(&w.cfg)
	}
	w.State = NewState(w.g, w.cfg)
	w.Begin(CallIO{Call: func() string { return "c1" }, Input: []byte("the input")})
	return w
}

// granted is a set with these rights, all asked for.
func granted(t testing.TB, cs ...spirit.Capability) *capability.Set {
	t.Helper()
	s, err := capability.New(capability.Everything(), []capability.Grant{{ID: "g1", Capabilities: cs}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// raw calls a function of the vudo module and returns the whole stack slot.
func (w *world) raw(name string, args ...uint64) uint64 {
	w.g.t.Helper()
	f, ok := Find(ModuleVudo, name)
	if !ok {
		w.g.t.Fatalf("no function %s", name)
	}
	if len(args) != len(f.Params) {
		w.g.t.Fatalf("%s takes %d parameters", name, len(f.Params))
	}
	stack := make([]uint64, max(1, len(args)))
	copy(stack, args)
	w.catch(func() { f.Impl(w.State, stack) })
	return stack[0]
}

// catch runs f and keeps how it unwound.
func (w *world) catch(f func()) {
	w.g.ended = nil
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(*ending)
			if !ok {
				panic(r)
			}
			w.g.ended = e
		}
	}()
	f()
}

// call is raw for functions with an i32 result.
func (w *world) call(name string, args ...uint64) int32 {
	w.g.t.Helper()
	return int32(uint32(w.raw(name, args...)))
}

// put writes text into the guest's memory and returns pointer and length.
func (w *world) put(at uint64, text string) (ptr, n uint64) {
	copy(w.g.mem[at:], text)
	return at, uint64(len(text))
}
