package vudotest

import (
	"context"
	"sync"

	"github.com/univrs/vudo/internal/host"
)

// Store is storage in memory that can be told to fail. The zero value is ready
// and never fails; it is safe for concurrent use.
type Store struct {
	memory host.MemoryStore

	mu            sync.Mutex
	views, writes int
	failView      fault
	failUpdate    fault
}

type fault struct {
	after int // transactions that go well first
	err   error
}

// FailView makes the view after the next n fail with err, once; a nil err
// takes that back.
func (s *Store) FailView(n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failView = fault{n, err}
}

// FailUpdate makes the update after the next n fail with err, once, when all
// its work is done: nothing of it stays. A nil err takes that back.
func (s *Store) FailUpdate(n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failUpdate = fault{n, err}
}

// Counts returns how many views and updates were begun.
func (s *Store) Counts() (views, updates int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.views, s.writes
}

// View implements vudo.Store.
func (s *Store) View(ctx context.Context, ns host.Namespace, f func(host.StoreView) error) error {
	if err := s.next(&s.views, &s.failView); err != nil {
		return err
	}
	return s.memory.View(ctx, ns, f)
}

// Update implements vudo.Store.
func (s *Store) Update(ctx context.Context, ns host.Namespace, f func(host.StoreTx) error) error {
	failure := s.next(&s.writes, &s.failUpdate)
	return s.memory.Update(ctx, ns, func(tx host.StoreTx) error {
		if err := f(tx); err != nil {
			return err
		}
		return failure
	})
}

// next counts one transaction and returns the error that it is to fail with.
func (s *Store) next(count *int, f *fault) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	*count++
	if f.err == nil {
		return nil
	}
	if f.after > 0 {
		f.after--
		return nil
	}
	err := f.err
	f.err = nil
	return err
}
