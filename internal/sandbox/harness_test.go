package sandbox

import (
	"context"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/univrs/vudo/internal/wasm"
)

// No test may leave a goroutine behind: neither a guest's stack nor a watcher.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == workerArgument {
		os.Exit(CompileWorkerMain(os.Stdin, os.Stdout))
	}
	if len(os.Args) == 2 && os.Args[1] == idleArgument {
		os.Stdout.Write([]byte{workerDone})
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

var background = context.Background()

// handClock is moved by hand. With skip, whoever waits moves it: each timer
// advances the clock to its own instant at once.
type handClock struct {
	mu     sync.Mutex
	now    time.Time
	skip   bool
	timers []handTimer
	slept  time.Duration
}

type handTimer struct {
	at time.Time
	c  chan time.Time
}

func newHandClock() *handClock { return &handClock{now: time.Unix(1_700_000_000, 0)} }

func (c *handClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *handClock) After(d time.Duration) (<-chan time.Time, func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	ch := make(chan time.Time, 1)
	if c.skip && d > 0 {
		c.now = c.now.Add(d)
		c.slept += d
		d = 0
	}
	if d <= 0 {
		ch <- c.now
	} else {
		c.timers = append(c.timers, handTimer{c.now.Add(d), ch})
	}
	return ch, func() {}
}

func (c *handClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	var left []handTimer
	for _, t := range c.timers {
		if t.at.After(c.now) {
			left = append(left, t)
		} else {
			t.c <- c.now
		}
	}
	c.timers = left
}

// waiting reports whether someone waits for a timer.
func (c *handClock) waiting() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.timers) > 0
}

// variants runs f on the engine's compiler and interpreter, with and without
// reserved address space, on coroutines and on goroutines.
func variants(t *testing.T, f func(t *testing.T, cfg EngineConfig)) {
	t.Helper()
	for name, cfg := range map[string]EngineConfig{
		"compiler":    {},
		"interpreter": {Interpreter: true},
		"portable":    {HeapMemory: true, LockedThread: true},
	} {
		t.Run(name, func(t *testing.T) { f(t, cfg) })
	}
}

func newEngine(tb testing.TB, cfg EngineConfig) *Engine {
	tb.Helper()
	e, err := NewEngine(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := e.Close(background); err != nil {
			tb.Error(err)
		}
	})
	return e
}

func compile(tb testing.TB, e *Engine, b *wasm.Builder) *Program {
	tb.Helper()
	p, err := e.Compile(background, b.Bytes(), CompileOptions{})
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func ready(tb testing.TB, p *Program, cfg Config) *Sandbox {
	tb.Helper()
	s, err := p.New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { s.Close(background) })
	if _, err := s.Initialize(background); err != nil {
		tb.Fatal(err)
	}
	return s
}

// eventually waits until ok holds, as a guard against a test that hangs.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); {
		if time.Now().After(deadline) {
			t.Fatalf("not within 20 s: %s", what)
		}
		runtime.Gosched()
	}
}

var (
	i32 = wasm.I32
	i64 = wasm.I64
	f32 = wasm.F32
	f64 = wasm.F64
)

// zoo is a module with an export for each way to behave.
func zoo() *wasm.Builder {
	b := wasm.NewBuilder()
	sleep := b.ImportFunc("vudo", "host_time_sleep", wasm.Types(i64), wasm.Types(i32))
	write := b.ImportFunc("vudo", "host_output_write", wasm.Types(i32, i32), wasm.Types(i32))
	read := b.ImportFunc("vudo", "host_input_read", wasm.Types(i32, i32, i32), wasm.Types(i32))
	fail := b.ImportFunc("vudo", "host_fail", wasm.Types(i32, i32, i32), wasm.Types(i32))
	logInfo := b.ImportFunc("vudo", "host_log_info", wasm.Types(i32, i32), wasm.Types(i32))
	b.Memory(1, 2000)
	b.Data(16, []byte("no luck"))
	counter := b.Global(i32, true, func(e *wasm.Emitter) { e.I32Const(0) })
	b.Func("fortytwo", nil, wasm.Types(i32), nil, func(e *wasm.Emitter) { e.I32Const(42) })
	b.Func("nothing", nil, nil, nil, func(*wasm.Emitter) {})
	for _, t := range []wasm.ValType{i32, i64, f32, f64} {
		b.Func("echo_"+t.String(), wasm.Types(t), wasm.Types(t), nil, func(e *wasm.Emitter) { e.LocalGet(0) })
	}
	b.Func("increment", nil, wasm.Types(i32), nil, func(e *wasm.Emitter) {
		e.GlobalGet(counter).I32Const(1).Op(wasm.OpI32Add).GlobalSet(counter).GlobalGet(counter)
	})
	b.Func("store", wasm.Types(i32, i32), nil, nil, func(e *wasm.Emitter) {
		e.LocalGet(0).LocalGet(1).Mem(wasm.OpI32Store, 2, 0)
	})
	b.Func("load", wasm.Types(i32), wasm.Types(i32), nil, func(e *wasm.Emitter) { e.LocalGet(0).Mem(wasm.OpI32Load, 2, 0) })
	b.Func("divide", wasm.Types(i32, i32), wasm.Types(i32), nil, func(e *wasm.Emitter) {
		e.LocalGet(0).LocalGet(1).Op(wasm.OpI32DivS)
	})
	b.Func("loop", nil, nil, nil, func(e *wasm.Emitter) { e.Loop(wasm.BlockEmpty).Br(0).End() })
	b.Func("sum", wasm.Types(i64), wasm.Types(i64), wasm.Types(i64), func(e *wasm.Emitter) { // 1 + … + n
		e.Loop(wasm.BlockEmpty)
		e.LocalGet(0).LocalGet(1).Op(wasm.OpI64Add).LocalSet(1)
		e.LocalGet(0).I64Const(1).Op(wasm.OpI64Sub).LocalTee(0)
		e.I64Const(0).Op(wasm.OpI64GtS).BrIf(0).End()
		e.LocalGet(1)
	})
	b.Func("sleep", wasm.Types(i64), wasm.Types(i32), nil, func(e *wasm.Emitter) { e.LocalGet(0).Call(sleep) })
	b.Func("grow", wasm.Types(i32), wasm.Types(i32), nil, func(e *wasm.Emitter) { e.LocalGet(0).OpIdx(wasm.OpMemoryGrow, 0) })
	b.Func("write", wasm.Types(i32, i32), wasm.Types(i32), nil, func(e *wasm.Emitter) { e.LocalGet(0).LocalGet(1).Call(write) })
	b.Func("log", wasm.Types(i32, i32), wasm.Types(i32), nil, func(e *wasm.Emitter) { e.LocalGet(0).LocalGet(1).Call(logInfo) })
	b.Func("copy", nil, nil, wasm.Types(i32, i32), func(e *wasm.Emitter) { // input to output, 16 bytes at a time
		e.Loop(wasm.BlockEmpty)
		e.LocalGet(0).I32Const(4096).I32Const(16).Call(read).LocalTee(1)
		e.If(wasm.BlockEmpty)
		e.I32Const(4096).LocalGet(1).Call(write).Op(wasm.OpDrop)
		e.LocalGet(0).LocalGet(1).Op(wasm.OpI32Add).LocalSet(0).Br(1)
		e.End().End()
	})
	b.Func("fail", nil, nil, nil, func(e *wasm.Emitter) { e.I32Const(7).I32Const(16).I32Const(7).Call(fail).Op(wasm.OpDrop) })
	b.Func("status", nil, wasm.Types(i32), nil, func(e *wasm.Emitter) { e.I32Const(3) })
	return b
}
