package host

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/univrs/vudo/internal/fault"
)

// Proves: vm 14.28
func TestLogLevels(t *testing.T) {
	w := newWorld(t, nil)
	for level := range uint64(5) {
		p, n := w.put(0, "text")
		if code := w.call("host_log", level, p, n); code != 0 {
			t.Errorf("level %d = %s", level, Code(code))
		}
	}
	w.call("host_log_info", 0, 4)
	w.call("host_log_error", 0, 4)
	for level := range uint64(6) {
		w.raw("vudo_log", level, 0, 4)
	}
	w.raw("vudo_error", 0, 4)
	want := "trace debug info warn error info error debug info warn error info info error"
	var got []string
	for _, l := range w.log.lines {
		got = append(got, l.Level.String())
	}
	if strings.Join(got, " ") != want {
		t.Errorf("levels: %s\nwant:   %s", strings.Join(got, " "), want)
	}
	l := w.log.lines[0]
	if l.Identity != (Identity{"0123", "test@1.0.0", "c1"}) || !l.Time.Equal(testEpoch) {
		t.Errorf("line = %+v", l)
	}
}

// Proves: vm 14.28
func TestLogEscapes(t *testing.T) {
	w := newWorld(t, nil)
	p, n := w.put(0, "a\x1b[31mred\n2026-01-01 error forged\ttab\u202e\u009b\x7f")
	w.call("host_log_info", p, n)
	want := "info a\\x1b[31mred\ninfo 2026-01-01 error forged\\ttab\\u{202e}\\u{9b}\\x7f\n"
	if got := w.log.text(); got != want {
		t.Errorf("log = %q, want %q", got, want)
	}
	w.log.lines = nil
	p, n = w.put(0, "bad \xff byte")
	w.raw("vudo_error", p, n)
	if got := w.log.text(); got != "error bad \\xff byte\n" {
		t.Errorf("log = %q", got)
	}
}

func TestLogSplitsLines(t *testing.T) {
	for text, want := range map[string]string{
		"": "info \n", "one": "info one\n", "one\n": "info one\n", "a\nb": "info a\ninfo b\n", "a\n\nb\n": "info a\ninfo \ninfo b\n",
	} {
		w := newWorld(t, nil)
		p, n := w.put(0, text)
		w.call("host_log_info", p, n)
		if got := w.log.text(); got != want {
			t.Errorf("%q = %q, want %q", text, got, want)
		}
	}
}

// Proves: vm 14.17
func TestLogLimit(t *testing.T) {
	w := newWorld(t, func(c *StateConfig) { c.Limits.LogBytes = 10 })
	p, n := w.put(0, "1234567")
	w.call("host_log_info", p, n)
	if code := Code(w.call("host_log_info", p, 4)); code != LimitHit {
		t.Errorf("above the limit = %s", code)
	}
	w.raw("vudo_println", p, 5)
	if code := w.call("host_log_info", p, 3); code != 0 {
		t.Errorf("up to the limit = %s", Code(code))
	}
	if c := w.Counts(); c.LogBytes != 10 || c.LogBytesDropped != 9 {
		t.Errorf("counted %d and %d dropped, want 10 and 9", c.LogBytes, c.LogBytesDropped)
	}
	if got := w.log.text(); got != "info 1234567\ninfo 123\n" {
		t.Errorf("log = %q", got)
	}
}

// Proves: vm 14.28
func TestLogRate(t *testing.T) {
	w := newWorld(t, nil)
	send := func(want int) {
		t.Helper()
		for i := 0; ; i++ {
			switch code := Code(w.call("host_log_info", 0, 0)); {
			case code == RateHit:
				if i != want {
					t.Errorf("%d lines passed, want %d", i, want)
				}
				return
			case code != Success || i > want:
				t.Fatalf("line %d: %s", i, code)
			}
		}
	}
	send(LogBurst)
	w.clock.advance(10 * time.Millisecond)
	send(10)
	w.Begin(CallIO{}) // a new call gets no new burst
	send(0)
	w.clock.advance(time.Hour)
	send(LogBurst)
	p, n := w.put(0, "lost")
	w.raw("vudo_println", p, n)
	if c := w.Counts(); c.LogBytesDropped != 4 {
		t.Errorf("%d bytes dropped, want 4", c.LogBytesDropped)
	}
}

func TestPrintJoinsUntilNewline(t *testing.T) {
	w := newWorld(t, nil)
	print := func(name, s string) { p, n := w.put(0, s); w.raw(name, p, n) }
	print("vudo_print", "a")
	print("vudo_print", "b")
	print("vudo_println", "c")
	print("vudo_print", "d\ne\nf")
	print("vudo_println", "")
	print("vudo_println", "g\n")
	print("vudo_print", "rest")
	if got := w.log.text(); got != "info abc\ninfo d\ninfo e\ninfo f\ninfo g\ninfo \n" {
		t.Errorf("log = %q", got)
	}
	w.log.lines = nil
	w.Rollback()
	if got := w.log.text(); got != "info rest\n" {
		t.Errorf("the end of the call put out %q", got)
	}
	w.log.lines = nil
	w.Begin(CallIO{})
	w.g.mem = []byte(strings.Repeat("x", wasmPage))
	w.raw("vudo_print", 0, MaxText)
	w.raw("vudo_print", 0, 1)
	if len(w.log.lines) != 1 || len(w.log.lines[0].Text) != MaxText+1 {
		t.Errorf("a line without end gave %d lines", len(w.log.lines))
	}
}

// Proves: vm 14.19
func TestDeniedTextIsDroppedAndCounted(t *testing.T) {
	w := newWorld(t, nothingGranted)
	p, n := w.put(0, "hello")
	for _, name := range []string{"vudo_print", "vudo_println", "vudo_error"} {
		w.raw(name, p, n)
	}
	w.raw("vudo_log", 1, p, n)
	if w.g.ended != nil || w.log.text() != "" {
		t.Errorf("ended %v, log %q", w.g.ended, w.log.text())
	}
	if c := w.Counts(); c.LogBytesDropped != 20 {
		t.Errorf("%d bytes dropped, want 20", c.LogBytesDropped)
	}
	w.Rollback()
	if len(w.audit) != 1 || w.audit[0].Count != 4 {
		t.Errorf("audit = %+v", w.audit)
	}
}

func TestPanicAndAssert(t *testing.T) {
	w := newWorld(t, nothingGranted)
	p, n := w.put(0, "index \x1b out of\nrange")
	w.raw("vudo_panic", p, n)
	if e := w.g.ended; e == nil || e.kind != fault.KindPanic || e.text != `index \x1b out of\nrange` {
		t.Errorf("vudo_panic ended with %+v", e)
	}
	w.raw("vudo_assert", 1, p, n)
	if w.g.ended != nil {
		t.Errorf("a condition that holds ended with %+v", w.g.ended)
	}
	w.raw("vudo_assert", 0, p, n)
	if e := w.g.ended; e == nil || e.kind != fault.KindAssert {
		t.Errorf("vudo_assert ended with %+v", e)
	}
}

// What standard error may not say is not copied either: one vector can be as
// long as the memory.
func TestStderrBeyondTheLogIsNotKept(t *testing.T) {
	w := newWorld(t, func(c *StateConfig) { c.Limits.LogBytes = 100 })
	text := make([]byte, 32<<20)
	out := w.WASI().Stderr
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if n, err := out.Write(text); n != len(text) || err != nil {
		t.Errorf("%d %v", n, err)
	}
	runtime.ReadMemStats(&after)
	if kept := after.TotalAlloc - before.TotalAlloc; kept > 1<<20 {
		t.Errorf("%d bytes were allocated", kept)
	}
	if len(w.State.log.stderr) != 0 || w.Counts().LogBytesDropped != uint64(len(text)) || w.Counts().LogBytes != 0 {
		t.Errorf("%+v, %d bytes kept", w.Counts(), len(w.State.log.stderr))
	}
	if _, err := w.WASI().Stderr.Write([]byte("ten bytes\n")); err != nil || w.Counts().LogBytes != 9 {
		t.Errorf("%v, %d bytes logged", err, w.Counts().LogBytes)
	}
}
