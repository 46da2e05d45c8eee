//go:build unix && !linux

package sandbox

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// pages maps private anonymous memory; a fresh mapping over the old one makes
// it zero again, which madvise does not promise outside Linux.
type pages struct{}

func (pages) reserve(size int) ([]byte, error) {
	return unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
}

func (pages) zero(b []byte) error {
	_, err := unix.MmapPtr(-1, 0, unsafe.Pointer(unsafe.SliceData(b)), uintptr(len(b)),
		unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_FIXED)
	return err
}

func (pages) release(b []byte) error { return unix.Munmap(b) }

func systemMapper() mapper { return pages{} }
