package cli

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// sizeUnits are powers of 1,024 whatever their spelling; compared in lower case.
var sizeUnits = []struct {
	suffix string
	shift  uint
}{
	{"kib", 10}, {"mib", 20}, {"gib", 30}, {"kb", 10}, {"mb", 20}, {"gb", 30},
}

// parseSize reads bytes: "65536", "64kb", "64MiB", "1gb".
func parseSize(s string) (uint64, error) {
	digits, shift := strings.ToLower(s), uint(0)
	for _, u := range sizeUnits {
		if rest, ok := strings.CutSuffix(digits, u.suffix); ok {
			digits, shift = rest, u.shift
			break
		}
	}
	n, err := parseCount(digits)
	if err != nil || n > math.MaxUint64>>shift {
		return 0, fmt.Errorf("%q is not a size; write bytes or a size such as 64kb, 64mb or 1gb", s)
	}
	return n << shift, nil
}

// parseDuration reads a positive whole number of milliseconds: "500ms", "30s", "2m", "1h".
func parseDuration(s string) (time.Duration, error) {
	bad := fmt.Errorf("%q is not a duration; write one such as 500ms, 30s or 2m", s)
	if _, err := strconv.ParseUint(s, 10, 64); err == nil {
		return 0, fmt.Errorf("%q has no unit; write %sms or %ss", s, s, s)
	}
	if strings.HasPrefix(s, "+") {
		return 0, bad
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 || d%time.Millisecond != 0 {
		return 0, bad
	}
	return d, nil
}

// parseCount reads an unsigned decimal number; "_" may group digits, as in 1_000_000.
func parseCount(s string) (uint64, error) {
	n, err := strconv.ParseUint(strings.ReplaceAll(s, "_", ""), 10, 64)
	if err != nil || strings.HasPrefix(s, "_") || strings.HasSuffix(s, "_") || strings.HasPrefix(s, "+") {
		return 0, fmt.Errorf("%q is not a whole number", s)
	}
	return n, nil
}

// count prints 12345 as "12,345".
func count[N int | int64 | uint64 | uint32](n N) string {
	s := fmt.Sprint(n)
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// size prints bytes for people: "512 B", "1.1 MiB".
func size(n uint64) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	v, units := float64(n), []string{"KiB", "MiB", "GiB", "TiB"}
	for _, u := range units {
		v /= 1024
		if v < 1023.95 || u == "TiB" {
			return strconv.FormatFloat(v, 'f', 1, 64) + " " + u
		}
	}
	return fmt.Sprintf("%d B", n)
}

// span prints a duration for people: "0.4 ms", "3 ms", "2.5 s", "3m12s".
func span(d time.Duration) string {
	switch {
	case d < 0:
		return "-" + span(-d)
	case d < 10*time.Millisecond:
		return strconv.FormatFloat(float64(d.Microseconds())/1000, 'f', 1, 64) + " ms"
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	}
	return d.Round(time.Second).String()
}
