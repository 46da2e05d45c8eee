//go:build !unix

package sandbox

// systemMapper returns nil where address space cannot be reserved: linear
// memories then live on the Go heap.
func systemMapper() mapper { return nil }
