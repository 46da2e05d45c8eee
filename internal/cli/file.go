package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

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
