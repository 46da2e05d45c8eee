package cli

import (
	"io/fs"
	"syscall"
	"time"
)

// accessTime is when a file was last read, as far as its file system keeps that.
func accessTime(st fs.FileInfo) time.Time {
	if s, ok := st.Sys().(*syscall.Stat_t); ok {
		return time.Unix(s.Atim.Unix())
	}
	return st.ModTime()
}
