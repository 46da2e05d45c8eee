package cli

import (
	"testing"
	"time"
)

func TestSizes(t *testing.T) {
	for text, want := range map[string]uint64{
		"65536": 65536, "0": 0, "64kb": 64 << 10, "64KiB": 64 << 10, "64mb": 64 << 20, "64MiB": 64 << 20,
		"1gb": 1 << 30, "1GiB": 1 << 30, "1_000": 1000, "16777215gb": 16777215 << 30,
	} {
		if got, err := parseSize(text); err != nil || got != want {
			t.Errorf("%s: got %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "kb", "-1", "1.5mb", "64 mb", "64m", "64tb", "+1", "_1", "1_", "17179869184gb", "0x10"} {
		if got, err := parseSize(text); err == nil {
			t.Errorf("%q was read as %d", text, got)
		}
	}
}

func TestDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"500ms": 500 * time.Millisecond, "30s": 30 * time.Second, "2m": 2 * time.Minute, "1h": time.Hour, "1.5s": 1500 * time.Millisecond, "0s": 0,
	} {
		if got, err := parseDuration(text); err != nil || got != want {
			t.Errorf("%s: got %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "30", "-1s", "+1s", "1us", "1.5ms", "1d", "s"} {
		if got, err := parseDuration(text); err == nil {
			t.Errorf("%q was read as %v", text, got)
		}
	}
}

func TestNumbersForPeople(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", -12345: "-12,345", 1234567: "1,234,567"} {
		if got := count(n); got != want {
			t.Errorf("count(%d) = %s", n, got)
		}
	}
	for n, want := range map[uint64]string{0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1179648: "1.1 MiB", 1 << 30: "1.0 GiB", 1<<20 - 1: "1.0 MiB"} {
		if got := size(n); got != want {
			t.Errorf("size(%d) = %s, want %s", n, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		0: "0.0 ms", 1500 * time.Microsecond: "1.5 ms", 31 * time.Millisecond: "31 ms", 2500 * time.Millisecond: "2.5 s", 192 * time.Second: "3m12s",
	} {
		if got := span(d); got != want {
			t.Errorf("span(%v) = %s, want %s", d, got, want)
		}
	}
}
