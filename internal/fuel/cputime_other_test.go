//go:build !linux

package fuel

import "time"

var began = time.Now()

// threadTime is the wall clock where the thread's own is not to be had.
func threadTime() time.Duration { return time.Since(began) }
