package vudotest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/univrs/vudo/internal/host"
	"github.com/univrs/vudo/internal/host/storetest"
	"github.com/univrs/vudo/vudotest"
)

func TestClockMovesByHand(t *testing.T) {
	c := vudotest.NewClock(time.Time{})
	start := c.Now()
	late, stop := c.After(2 * time.Second)
	defer stop()
	early, _ := c.After(time.Second)
	c.Advance(time.Second)
	if at := <-early; !at.Equal(start.Add(time.Second)) {
		t.Errorf("the early timer fired at %v", at)
	}
	select {
	case <-late:
		t.Error("the late timer fired a second too soon")
	default:
	}
	if n := c.Waiting(); n != 1 {
		t.Errorf("%d timers wait, want 1", n)
	}
	stop()
	if n := c.Waiting(); n != 0 {
		t.Errorf("%d timers wait after stop", n)
	}
	now, _ := c.After(0)
	<-now
}

func TestAwaitWaiting(t *testing.T) {
	c := vudotest.NewClock(time.Time{})
	done := make(chan error)
	go func() { done <- c.AwaitWaiting(t.Context(), 1) }()
	c.After(time.Minute)
	if err := <-done; err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.AwaitWaiting(ctx, 2); !errors.Is(err, context.Canceled) {
		t.Errorf("AwaitWaiting with a cancelled context: %v", err)
	}
}

func TestStoreConforms(t *testing.T) {
	storetest.Run(t, func(*testing.T) host.Store { return new(vudotest.Store) })
}

func TestStoreFails(t *testing.T) {
	var s vudotest.Store
	boom := errors.New("disk full")
	write := func(k string) error {
		return s.Update(t.Context(), host.Namespace{}, func(tx host.StoreTx) error { return tx.Put([]byte(k), []byte("v")) })
	}
	s.FailUpdate(1, boom)
	if err := write("a"); err != nil {
		t.Errorf("first update: %v", err)
	}
	if err := write("b"); err != boom {
		t.Errorf("second update: %v, want the injected error", err)
	}
	s.FailView(0, boom)
	look := func() (keys [][]byte, err error) {
		err = s.View(t.Context(), host.Namespace{}, func(v host.StoreView) (err error) { keys, err = v.List(nil, nil, 9); return err })
		return keys, err
	}
	if _, err := look(); err != boom {
		t.Errorf("view: %v, want the injected error", err)
	}
	if keys, err := look(); err != nil || len(keys) != 1 {
		t.Errorf("keys = %q, %v: the failed update left something", keys, err)
	}
	if v, u := s.Counts(); v != 2 || u != 2 {
		t.Errorf("counts = %d views, %d updates, want 2 and 2", v, u)
	}
}

func TestLogKeepsLines(t *testing.T) {
	var l vudotest.Log
	l.Log(host.LogLine{Level: host.LevelWarn, Text: "careful"})
	if got := l.String(); got != "warn careful\n" {
		t.Errorf("log = %q", got)
	}
}

func TestRandomFollowsTheSeed(t *testing.T) {
	draw := func(seed uint64) []byte {
		b := make([]byte, 32)
		if _, err := io.ReadFull(vudotest.Random(seed), b); err != nil {
			t.Fatal(err)
		}
		return b
	}
	if !bytes.Equal(draw(1), draw(1)) || bytes.Equal(draw(1), draw(2)) {
		t.Error("random bytes do not follow the seed")
	}
}
