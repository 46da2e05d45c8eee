package vudotest

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Clock is a clock moved by hand: deadlines, quotas and sleeps of the sandboxes
// that use it end when Advance passes them, and never otherwise. It is safe
// for concurrent use.
type Clock struct {
	mu      sync.Mutex
	now     time.Time
	timers  []*timer      // those not yet fired, in the order they were made
	changed chan struct{} // closed when timers changes
}

type timer struct {
	at   time.Time
	fire chan time.Time
}

// NewClock returns a clock that stands at start; the zero time stands for
// 2000-01-01T00:00:00Z.
func NewClock(start time.Time) *Clock {
	if start.IsZero() {
		start = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return &Clock{now: start, changed: make(chan struct{})}
}

// Now returns where the clock stands.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// After returns a channel that receives the time once the clock has been moved
// by d or more, at once for d <= 0, and a function that releases the timer.
func (c *Clock) After(d time.Duration) (<-chan time.Time, func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &timer{c.now.Add(d), make(chan time.Time, 1)}
	if d <= 0 {
		t.fire <- c.now
		return t.fire, func() {}
	}
	c.timers = append(c.timers, t)
	c.notify()
	return t.fire, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if i := slices.Index(c.timers, t); i >= 0 {
			c.timers = slices.Delete(c.timers, i, i+1)
			c.notify()
		}
	}
}

// Advance moves the clock by d >= 0 and fires the timers that it passes, in
// the order of their times.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(max(0, d))
	due := make([]*timer, 0, len(c.timers))
	c.timers = slices.DeleteFunc(c.timers, func(t *timer) bool {
		if t.at.After(c.now) {
			return false
		}
		due = append(due, t)
		return true
	})
	slices.SortStableFunc(due, func(a, b *timer) int { return a.at.Compare(b.at) })
	for _, t := range due {
		t.fire <- c.now
	}
	if len(due) > 0 {
		c.notify()
	}
}

// Waiting returns how many timers wait for the clock to move.
func (c *Clock) Waiting() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.timers)
}

// AwaitWaiting returns once at least n timers wait for the clock, so that a
// test can move it after a guest has gone to sleep and not before. It returns
// ctx's error if that comes first.
func (c *Clock) AwaitWaiting(ctx context.Context, n int) error {
	for {
		c.mu.Lock()
		waiting, changed := len(c.timers), c.changed
		c.mu.Unlock()
		if waiting >= n {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// notify wakes AwaitWaiting; mu is held.
func (c *Clock) notify() {
	close(c.changed)
	c.changed = make(chan struct{})
}
