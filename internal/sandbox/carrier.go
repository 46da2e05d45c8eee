package sandbox

import (
	"bytes"
	"iter"
	"runtime"
	"sync"
)

// A carrier lends a guest a stack of its own, so that a call can stop in the
// middle of a function, give control back to whoever called, and go on later
// from any goroutine.
type carrier interface {
	// start runs t until it ends (true) or suspends (false).
	start(t task) bool
	// resume continues a suspended task; the result is that of start.
	resume() bool
	// suspend is called by the task; it returns when resume is called.
	suspend()
	// close frees an idle carrier. It must not be called while a task is suspended.
	close()
}

type task interface{ run() }

// coroutine switches in about a hundred nanoseconds, without the scheduler.
// The Go runtime ends the process when such a switch happens on a goroutine
// that is locked to a thread, hence the second kind below.
type coroutine struct {
	next  func() (bool, bool)
	stop  func()
	yield func(bool) bool
	task  task
}

func newCoroutine() carrier {
	c := &coroutine{}
	c.next, c.stop = iter.Pull(c.loop)
	return c
}

func (c *coroutine) loop(yield func(bool) bool) {
	c.yield = yield
	for {
		c.task.run()
		c.task = nil
		if !yield(true) {
			return
		}
	}
}

func (c *coroutine) start(t task) bool {
	c.task = t
	return c.resume()
}

func (c *coroutine) resume() bool {
	ended, alive := c.next()
	return ended || !alive
}

func (c *coroutine) suspend() { c.yield(false) }
func (c *coroutine) close()   { c.stop() }

// thread is the carrier for callers that hold runtime.LockOSThread: a plain
// goroutine behind two channels, about four times slower per switch.
type thread struct {
	in   chan task
	back chan struct{}
	out  chan bool
}

func newThread() carrier {
	c := &thread{in: make(chan task), back: make(chan struct{}), out: make(chan bool)}
	go c.loop()
	return c
}

func (c *thread) loop() {
	idle := true
	defer func() {
		if !idle { // the task ended its goroutine
			go c.loop()
			c.out <- true
		}
	}()
	for t := range c.in {
		idle = false
		t.run()
		idle = true
		c.out <- true
	}
}

func (c *thread) start(t task) bool {
	c.in <- t
	return <-c.out
}

func (c *thread) resume() bool {
	c.back <- struct{}{}
	return <-c.out
}

func (c *thread) suspend() {
	c.out <- false
	<-c.back
}

func (c *thread) close() { close(c.in) }

// maxIdleCarriers bounds the stacks kept for reuse; more are closed at once.
const maxIdleCarriers = 64

// carriers is a free list: an idle sandbox holds no stack, and a call that
// finds one here starts none.
type carriers struct {
	mu     sync.Mutex
	idle   []carrier
	closed bool
	locked bool // goroutines instead of coroutines
}

func (c *carriers) get() carrier {
	c.mu.Lock()
	if n := len(c.idle); n > 0 {
		k := c.idle[n-1]
		c.idle = c.idle[:n-1]
		c.mu.Unlock()
		return k
	}
	c.mu.Unlock()
	if c.locked {
		return newThread()
	}
	return newCoroutine()
}

func (c *carriers) put(k carrier) {
	c.mu.Lock()
	if !c.closed && len(c.idle) < maxIdleCarriers {
		c.idle = append(c.idle, k)
		k = nil
	}
	c.mu.Unlock()
	if k != nil {
		k.close()
	}
}

func (c *carriers) close() {
	c.mu.Lock()
	idle := c.idle
	c.idle, c.closed = nil, true
	c.mu.Unlock()
	for _, k := range idle {
		k.close()
	}
}

// LockedToThread reports whether the calling goroutine holds
// runtime.LockOSThread. The runtime says so only in the header of a stack dump.
func LockedToThread() bool {
	buf := make([]byte, 128)
	buf = buf[:runtime.Stack(buf, false)]
	if i := bytes.IndexByte(buf, '\n'); i >= 0 {
		buf = buf[:i]
	}
	return bytes.Contains(buf, []byte("locked to thread"))
}
