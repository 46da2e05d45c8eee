//go:build !linux

package cli

import (
	"io/fs"
	"time"
)

// accessTime is when a file was last read, as far as its file system keeps
// that: here, when it was written.
func accessTime(st fs.FileInfo) time.Time { return st.ModTime() }
