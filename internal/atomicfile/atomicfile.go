// Package atomicfile replaces files in one step: a reader, or a kill at any moment,
// meets the old content or the new, never a part. It knows nothing of what it writes.
package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Write gives path the content data, durably.
func Write(path string, data []byte, mode fs.FileMode) error {
	f, err := Create(path, mode)
	if err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		f.Discard()
		return err
	}
	return f.Commit()
}

// File is a file that is being written under a temporary name beside its final
// one. It ends with Commit or Discard.
type File struct {
	*os.File
	path string
}

// Create begins a file that takes the place of path when it is committed. An
// error names path, not the temporary file.
func Create(path string, mode fs.FileMode) (*File, error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		var pe *fs.PathError
		if errors.As(err, &pe) {
			pe.Op, pe.Path = "create", path
		}
		return nil, err
	}
	if err := f.Chmod(mode); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		f.Close()
		os.Remove(f.Name())
		return nil, err
	}
	return &File{f, path}, nil
}

// Discard removes what was written; path stays as it was.
func (f *File) Discard() {
	f.Close()
	os.Remove(f.Name())
}

// Commit makes the content durable and gives it its name.
func (f *File) Commit() error {
	if err := f.Sync(); err != nil {
		f.Discard()
		return err
	}
	if err := f.Close(); err != nil {
		os.Remove(f.Name())
		return err
	}
	if err := os.Rename(f.Name(), f.path); err != nil {
		os.Remove(f.Name())
		return err
	}
	return nil
}
