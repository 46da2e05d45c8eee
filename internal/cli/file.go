package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// writeFile replaces path in one step: a reader, or a kill at any moment,
// meets the old content or the new, never a part.
func writeFile(path string, data []byte, mode fs.FileMode) error {
	f, err := createFile(path, mode)
	if err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		f.discard()
		return err
	}
	return f.commit()
}

// pendingFile is a file that is being written under a temporary name beside
// its final one.
type pendingFile struct {
	*os.File
	path string
}

// createFile begins a file that takes the place of path when it is committed.
func createFile(path string, mode fs.FileMode) (*pendingFile, error) {
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
	return &pendingFile{f, path}, nil
}

func (f *pendingFile) discard() {
	f.Close()
	os.Remove(f.Name())
}

// commit makes the content durable and gives it its name.
func (f *pendingFile) commit() error {
	if err := f.Sync(); err != nil {
		f.discard()
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

// refuseExisting fails when path exists and force was not given, or when its
// directory does not exist: before any work is done for it.
func refuseExisting(path string, force bool) error {
	if _, err := os.Stat(filepath.Dir(path)); err != nil {
		return err
	}
	st, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case st.IsDir():
		return fail("exists", "name a file", "%s is a directory", path)
	case force:
		return nil
	}
	return fail("exists", "choose another name, or add --force to overwrite it", "%s exists", path)
}
