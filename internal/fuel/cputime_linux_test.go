package fuel

import (
	"time"

	"golang.org/x/sys/unix"
)

// threadTime is the processor time of this thread: on a machine that others
// use too it says what a run costs, where a wall clock says how long it waited.
func threadTime() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts); err != nil {
		panic(err)
	}
	return time.Duration(ts.Nano())
}
