package hostile

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/univrs/vudo"
	"github.com/univrs/vudo/internal/fuel"
	"github.com/univrs/vudo/internal/host"
	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/spirit"
)

// row is one line of the table in SECURITY.md and the shapes that try it.
type row struct {
	attempt string // as the table words it
	shapes  []shape
}

// shape is one hostile guest, and how it must end.
type shape struct {
	name   string
	build  func(b *wasm.Builder)
	module []byte // in place of build, for what no builder makes

	limits vudo.Limits // zero fields: those of tight
	grant  string      // capabilities in words; everything granted counts as asked for
	config func(t *testing.T, w *world, cfg *vudo.SandboxConfig)
	export string // "run" if empty; scalar exports take no arguments here
	input  []byte
	tick   time.Duration // how far the clock moves each time it is read
	waits  bool          // the deadline comes while the guest waits

	refused string // start of the error of Initialize, before guest code ran; "" = it initialises
	initial error  // sentinel of Initialize, in start code
	end     error  // sentinel of the call; nil = it returns
	kind    vudo.TrapKind
	fuel    uint64 // exact; 0 = by the rule of the ending
	unpaid  bool   // the first charge is above the grant, so that nothing is used
	values  bool   // run is a scalar export, whatever it returns
	result  *int64 // of the scalar export
	check   func(t *testing.T, r *run)

	run func(t *testing.T) // in place of all this, for what is more than one call
}

// run is what came of a shape.
type run struct {
	*world
	sandbox *vudo.Sandbox
	result  vudo.Result
	err     error
}

// tight are the limits of every shape that names no others: small enough that
// every end comes soon. The clock stands still unless the shape moves it.
var tight = vudo.Limits{
	Fuel: 3_000_000, Duration: 10 * time.Second, MemoryBytes: 8 << 20, TableElements: 10_000, StackDepth: 16_384,
	InputBytes: 1 << 20, OutputBytes: 64 << 10, LogBytes: 64 << 10, StorageBytes: 1 << 20,
}

// world is a runtime with a witness in it: another tenant, whose work and
// memory must be the same after every shape as before.
type world struct {
	t       *testing.T
	rt      *vudo.Runtime
	clock   *clock
	log     *lines
	store   *host.MemoryStore
	target  *vudo.Sandbox // the shape's own, for functions that act on it while it runs
	audit   *denials
	witness *vudo.Sandbox
	sum     vudo.Result
}

func newWorld(t *testing.T, tick time.Duration) *world {
	t.Helper()
	w := &world{t: t, clock: &clock{tick: tick, at: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)}, log: &lines{}, store: &host.MemoryStore{}, audit: &denials{}}
	rt, err := vudo.New(t.Context(), vudo.Config{Clock: w.clock, Log: w.log, Storage: w.store, Audit: w.audit.add, Functions: []vudo.Function{w.revoke()}})
	if err != nil {
		t.Fatal(err)
	}
	w.rt = rt
	t.Cleanup(func() {
		if err := rt.Close(context.Background()); err != nil {
			t.Errorf("the runtime does not close: %v", err)
		}
	})
	w.witness = w.sandbox(witnessModule(), vudo.SandboxConfig{})
	if _, err := w.witness.CallValues(t.Context(), "fill"); err != nil {
		t.Fatal(err)
	}
	if w.sum, err = w.witness.CallValues(t.Context(), "sum"); err != nil {
		t.Fatal(err)
	}
	return w
}

// revoke is the function "loa" "revoke" (text) -> i32, with which a guest has one
// of its own rights withdrawn while it runs. It needs actuator.notify.
func (w *world) revoke() vudo.Function {
	return vudo.Func1("revoke", spirit.ActuatorNotify, func(_ context.Context, written string) (int32, error) {
		cs, err := spirit.ParseGrant(written)
		if err != nil {
			return 0, err
		}
		return 0, w.target.Revoke(cs...)
	})
}

func (w *world) sandbox(module []byte, cfg vudo.SandboxConfig) *vudo.Sandbox {
	w.t.Helper()
	sb, err := w.rt.NewSandbox(w.t.Context(), module, cfg)
	if err == nil {
		w.t.Cleanup(func() { _ = sb.Close(context.Background()) })
		err = sb.Initialize(w.t.Context())
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return sb
}

// alive fails the test unless the witness still holds its memory and gives the
// same answer for the same fuel.
func (w *world) alive() {
	w.t.Helper()
	r, err := w.witness.CallValues(w.t.Context(), "sum")
	if err != nil || len(r.Values) != 1 || r.Values[0] != w.sum.Values[0] || r.Receipt.FuelUsed != w.sum.Receipt.FuelUsed {
		w.t.Errorf("another tenant is disturbed: %v for %d fuel, %v; before %v for %d", r.Values, r.Receipt.FuelUsed, err, w.sum.Values, w.sum.Receipt.FuelUsed)
	}
}

// witnessModule fills a page with bytes that depend on their place, and adds
// them up again.
func witnessModule() []byte {
	b := wasm.NewBuilder()
	b.Memory(1, 1)
	loop := func(e *wasm.Emitter, body func()) {
		e.Loop(wasm.BlockEmpty)
		body()
		e.LocalGet(0).I32Const(1).Op(wasm.OpI32Add).LocalTee(0).I32Const(65536).Op(wasm.OpI32LtU).BrIf(0).End()
	}
	b.Func("fill", nil, nil, wasm.Types(wasm.I32), func(e *wasm.Emitter) {
		loop(e, func() { e.LocalGet(0).LocalGet(0).I32Const(31).Op(wasm.OpI32Mul).Mem(wasm.OpI32Store8, 0, 0) })
	})
	b.Func("sum", nil, wasm.Types(wasm.I32), wasm.Types(wasm.I32, wasm.I32), func(e *wasm.Emitter) {
		loop(e, func() {
			e.LocalGet(1).I32Const(33).Op(wasm.OpI32Mul).LocalGet(0).Mem(wasm.OpI32Load8U, 0, 0).Op(wasm.OpI32Add).LocalSet(1)
		})
		e.LocalGet(1)
	})
	return b.Bytes()
}

// try runs one shape and judges what every shape has in common.
func (s shape) try(t *testing.T) {
	alarm := time.AfterFunc(5*time.Minute, func() { panic("the shape does not end: " + t.Name()) })
	defer alarm.Stop()
	if s.run != nil {
		s.run(t)
		return
	}
	w := newWorld(t, s.tick)
	w.clock.horizon, w.clock.waits = w.clock.at.Add(s.limited().Duration), s.waits
	module := s.module
	if module == nil {
		b := wasm.NewBuilder()
		s.build(b)
		module = b.Bytes()
	}
	cfg := vudo.SandboxConfig{Limits: s.limited()}
	for word := range strings.FieldsSeq(s.grant) {
		cs, err := spirit.ParseGrant(word)
		if err != nil {
			t.Fatal(err)
		}
		cfg.Grant = append(cfg.Grant, cs...)
	}
	if s.config != nil {
		s.config(t, w, &cfg)
	}

	if s.refused == "" && s.initial == nil {
		s.tryLoaded(t, w, module, cfg)
		return
	}
	// What goes wrong before the first call: a bare sandbox shows its states.
	before := resident(t)
	sb, err := w.rt.NewSandbox(t.Context(), module, cfg)
	if err != nil {
		if s.refused == "" || !strings.HasPrefix(err.Error(), s.refused) {
			t.Fatalf("refused at creation: %v, want %q", err, s.refused)
		}
		w.alive()
		return
	}
	w.target = sb
	r := &run{world: w, sandbox: sb}
	defer r.end()
	r.err = sb.Initialize(t.Context())
	if s.refused != "" {
		if r.err == nil || !strings.HasPrefix(r.err.Error(), s.refused) || strings.Contains(r.err.Error(), "\n") {
			t.Fatalf("Initialize gives %v, want one line that begins with %q", r.err, s.refused)
		}
		if sb.State() != vudo.Failed {
			t.Errorf("a refused module leaves %v", sb.State())
		}
		s.judgeMemory(t, before)
		return
	}
	if !errors.Is(r.err, s.initial) {
		t.Fatalf("Initialize gives %v, want %v", r.err, s.initial)
	}
	if errors.Is(s.initial, vudo.ErrOutOfFuel) { // the receipt of start code comes with the next stop
		if r.result, r.err = sb.Refuel(t.Context(), 1000); !errors.Is(r.err, vudo.ErrOutOfFuel) {
			t.Fatalf("Refuel in start code gives %v", r.err)
		}
	}
	s.judge(t, before, r, s.initial)
}

// manifest asks for everything, so that the grant decides.
const manifest = `[spirit]
name = "hostile"
version = "0.0.0"
[capabilities]
optional = ["network", "storage", "compute", "sensor", "actuator", "env:A_*", "credit:pay=1"]
`

// tryLoaded calls an export of a Spirit whose compiled code, which is not the
// sandbox's, was there before.
func (s shape) tryLoaded(t *testing.T, w *world, module []byte, cfg vudo.SandboxConfig) {
	pkg, err := spirit.FromModule([]byte(manifest), module)
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := w.rt.Load(t.Context(), pkg)
	if err != nil {
		t.Fatal(err)
	}
	before := resident(t)
	sb, err := loaded.NewSandbox(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	w.target = sb
	r := &run{world: w, sandbox: sb}
	defer r.end()
	export := s.export
	if export == "" {
		export = "run"
	}
	if s.result != nil || s.values {
		r.result, r.err = sb.CallValues(t.Context(), export)
	} else {
		r.result, r.err = sb.Call(t.Context(), export, s.input)
	}
	s.judge(t, before, r, s.end)
}

// end closes the sandbox: after any ending that works, and the others live on.
func (r *run) end() {
	r.t.Helper()
	if err := r.sandbox.Close(context.Background()); err != nil {
		r.t.Errorf("Close: %v", err)
	}
	if r.sandbox.State() != vudo.Terminated {
		r.t.Errorf("after Close the state is %v", r.sandbox.State())
	}
	r.alive()
}

// limited are the shape's own limits, and tight ones beside them.
func (s shape) limited() vudo.Limits {
	l := s.limits
	for _, f := range spirit.Fields() {
		if f.Get(&l) == 0 {
			f.Set(&l, f.Get(&tight))
		}
	}
	return l
}

// judge checks error, state, receipt and memory against what the shape must come to.
func (s shape) judge(t *testing.T, before uint64, r *run, end error) {
	t.Helper()
	rc := &r.result.Receipt
	if !errors.Is(r.err, end) || end == nil && r.err != nil {
		t.Fatalf("ended with %+v after %d fuel, want %v", r.err, rc.FuelUsed, end)
	}
	if r.err != nil && strings.Contains(r.err.Error(), "goroutine ") {
		t.Errorf("the error shows a Go stack: %v", r.err)
	}
	var trap *vudo.Trap
	if s.kind != 0 && (!errors.As(r.err, &trap) || trap.Kind != s.kind) {
		t.Errorf("trapped with %v, want %v", r.err, s.kind)
	}
	state := map[bool]vudo.State{true: vudo.Failed}[end != nil]
	switch {
	case errors.Is(end, vudo.ErrOutOfFuel):
		state = vudo.Paused
	case end == nil, errors.Is(end, vudo.ErrGuest), errors.Is(end, vudo.ErrInputLimit):
		state = vudo.Ready
	}
	if got := r.sandbox.State(); got != state {
		t.Errorf("the state is %v, want %v", got, state)
	}
	if errors.Is(end, vudo.ErrInputLimit) || errors.Is(end, vudo.ErrMemoryLimit) || errors.Is(end, vudo.ErrTableLimit) {
		return // no guest code ran
	}
	if s.initial == nil || errors.Is(end, vudo.ErrOutOfFuel) {
		s.judgeReceipt(t, r, end)
	}
	s.judgeMemory(t, before)
	if s.result != nil && (len(r.result.Values) != 1 || int64(int32(r.result.Values[0].Bits)) != *s.result) {
		t.Errorf("the result is %v, want %d", r.result.Values, *s.result)
	}
	if s.check != nil {
		s.check(t, r)
	}
}

func (s shape) judgeReceipt(t *testing.T, r *run, end error) {
	t.Helper()
	rc := &r.result.Receipt
	outcome := vudo.OutcomeOK
	for _, o := range []struct {
		err     error
		outcome vudo.Outcome
	}{
		{vudo.ErrDenied, vudo.OutcomeDenied},
		{vudo.ErrTrap, vudo.OutcomeTrap},
		{vudo.ErrOutOfFuel, vudo.OutcomeOutOfFuel},
		{vudo.ErrDeadline, vudo.OutcomeDeadline},
		{vudo.ErrStackLimit, vudo.OutcomeLimit},
		{vudo.ErrOutputLimit, vudo.OutcomeLimit},
		{vudo.ErrGuest, vudo.OutcomeAppError},
	} {
		if errors.Is(end, o.err) {
			outcome = o.outcome
			break
		}
	}
	if rc.Outcome != outcome {
		t.Errorf("the receipt says %v, want %v", rc.Outcome, outcome)
	}
	limit := s.limited().Fuel
	if s.initial != nil {
		limit += 1000
	}
	switch {
	case rc.FuelLimit != limit:
		t.Errorf("the receipt's fuel limit is %d, want %d", rc.FuelLimit, limit)
	case s.fuel != 0 && rc.FuelUsed != s.fuel:
		t.Errorf("%d fuel used, want exactly %d", rc.FuelUsed, s.fuel)
	case outcome == vudo.OutcomeOutOfFuel && !s.unpaid && rc.FuelUsed <= limit-hostCallFuel, rc.FuelUsed > limit+fuel.Overshoot, (rc.FuelUsed == 0) != s.unpaid:
		t.Errorf("%d fuel used of %d", rc.FuelUsed, limit)
	}
	if rc.MemoryPeakBytes > s.limited().MemoryBytes {
		t.Errorf("the peak of memory is %d, above the limit of %d", rc.MemoryPeakBytes, s.limited().MemoryBytes)
	}
	if _, err := rc.MarshalCanonical(); err != nil {
		t.Errorf("the receipt is not valid: %v", err)
	}
}

// hostCallFuel is the greatest price of one step here, a host call or a piece of
// a bulk operation: what the grant does not cover is not begun, so that this
// much may be left.
const hostCallFuel = 10_000 + (1<<20)/64

// judgeMemory compares the growth of the process with the bound of
// docs/spec/vm.md, section 3.
func (s shape) judgeMemory(t *testing.T, before uint64) {
	t.Helper()
	if raceDetector {
		return
	}
	l := s.limited()
	bound := l.MemoryBytes + 8*l.TableElements + l.InputBytes + l.OutputBytes + l.LogBytes + 16<<20
	if strings.Contains(s.grant, "storage") {
		bound += 32 << 20 // pending writes
	}
	if s.refused != "" {
		bound += uint64(2 * len(s.bytes())) // the decoded module, until it is refused
	}
	if after := resident(t); after > before+bound {
		t.Errorf("the process grew by %d bytes, above the bound of %d", after-before, bound)
	}
}

func (s shape) bytes() []byte {
	if s.module != nil {
		return s.module
	}
	b := wasm.NewBuilder()
	s.build(b)
	return b.Bytes()
}

// resident is the memory that the process holds: what the system counts on
// Linux, what the Go runtime has taken elsewhere.
func resident(t *testing.T) uint64 {
	t.Helper()
	runtime.GC()
	debug.FreeOSMemory()
	if b, err := os.ReadFile("/proc/self/statm"); err == nil {
		pages, err := strconv.ParseUint(strings.Fields(string(b))[1], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return pages * uint64(os.Getpagesize())
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Sys - m.HeapReleased
}

// clock moves on by tick each time it is read, so that a deadline is met after a
// number of hooks, and no test waits: a timer before the horizon fires at once. One
// at the horizon, the deadline of the shape, fires when nothing else happened for
// a moment, and only for shapes that wait for it; later ones never do.
type clock struct {
	mu      sync.Mutex
	at      time.Time
	tick    time.Duration
	horizon time.Time
	waits   bool
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(c.tick)
	return c.at
}

func (c *clock) After(d time.Duration) (<-chan time.Time, func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fired := make(chan time.Time, 1)
	end := c.at.Add(max(d, 0))
	jump := func() {
		if c.at.Before(end) {
			c.at = end
		}
		fired <- end
	}
	switch {
	case end.Before(c.horizon):
		jump()
	case end.Equal(c.horizon) && c.waits:
		moment := time.AfterFunc(30*time.Millisecond, func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			jump()
		})
		return fired, func() { moment.Stop() }
	}
	return fired, func() {}
}

// lines is a log that counts and keeps the first lines.
type lines struct {
	mu    sync.Mutex
	count int
	bytes int
	kept  []vudo.LogLine
}

func (l *lines) Log(line vudo.LogLine) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count++
	l.bytes += len(line.Text)
	if len(l.kept) < 100 {
		l.kept = append(l.kept, line)
	}
}

// denials is an audit.
type denials struct {
	mu  sync.Mutex
	all []vudo.Denial
}

func (d *denials) add(x vudo.Denial) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.all = append(d.all, x)
}

func (d *denials) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var b strings.Builder
	for _, x := range d.all {
		fmt.Fprintf(&b, "%v %q %v x%d; ", x.Type, x.Target, x.Reason, x.Count)
	}
	return b.String()
}

// number is a result to expect.
func number(v int64) *int64 { return &v }

// i32s is n times the type i32.
func i32s(n int) []wasm.ValType {
	ts := make([]wasm.ValType, n)
	for i := range ts {
		ts[i] = wasm.I32
	}
	return ts
}

// uleb is an unsigned LEB128 number, for modules that no builder makes.
func uleb(v uint64) []byte { return wasm.AppendUint(nil, v) }

// section is a module section.
func section(id byte, content ...[]byte) []byte {
	body := bytes.Join(content, nil)
	return append(append([]byte{id}, uleb(uint64(len(body)))...), body...)
}

// raw is a module of sections.
func raw(sections ...[]byte) []byte {
	return append([]byte("\x00asm\x01\x00\x00\x00"), bytes.Join(sections, nil)...)
}

// le is a little-endian i32 in memory.
func le(v uint32) []byte { return binary.LittleEndian.AppendUint32(nil, v) }

// blocked is a stream on which nothing ever moves until the test ends.
type blocked struct{ done <-chan struct{} }

func (b blocked) Read([]byte) (int, error)  { <-b.done; return 0, io.EOF }
func (b blocked) Write([]byte) (int, error) { <-b.done; return 0, io.ErrClosedPipe }
