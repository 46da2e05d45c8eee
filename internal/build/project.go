// Package build finds the project around a manifest.toml and makes its module.
//
// A project is a directory with a manifest; nothing outside of it is ever read.
// With build.lang = "wasm" the module is a file of the project itself; every
// other language is refused by name. The package neither runs nor checks what
// it reads: that is the business of whoever loads the module.
package build

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/univrs/vudo/diag"
	"github.com/univrs/vudo/spirit"
)

// The ways in which a project can fail to yield a module, for errors.Is.
var (
	ErrNoManifest  = errors.New("no " + spirit.ManifestName) // the directory is no project
	ErrNoOutput    = errors.New("no build")                  // there is no module where the manifest says
	ErrUnsupported = errors.New("cannot be built")           // a language that this version does not build
	ErrTooLarge    = errors.New("too large")                 // manifest or module above its limit
)

// MaxModuleBytes bounds the module of a project: the cap of max_module_bytes.
const MaxModuleBytes = 100 << 20

// Project is a directory with a valid manifest.
type Project struct {
	Dir      string // absolute and free of links: two names of one directory are one project
	Manifest *spirit.Manifest
	Text     []byte    // of manifest.toml, as it stands there
	Warnings diag.List // what the manifest's reader said without refusing it
}

// Open reads the manifest of the project in dir. It returns ErrNoManifest when
// there is none and a diag.List when it is not valid.
func Open(dir string) (*Project, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if abs, err = filepath.EvalSymlinks(abs); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(abs)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	file := filepath.Join(dir, spirit.ManifestName)
	text, err := read(root, spirit.ManifestName, spirit.MaxManifestBytes)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w in %s", ErrNoManifest, dir)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	m, problems := spirit.ParseManifest(text, file)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	return &Project{Dir: abs, Manifest: m, Text: text, Warnings: problems}, nil
}

// Output returns the project's module and the path below Dir where it stands.
// It returns ErrUnsupported for a language that is not built, ErrNoOutput
// when the module is absent, ErrTooLarge above MaxModuleBytes, and refuses a
// path that leaves the project, through a link too.
func (p *Project) Output() (module []byte, name string, err error) {
	if lang := p.Manifest.Build.Lang; lang != "wasm" {
		return nil, "", fmt.Errorf("build.lang = %q %w by this version of vudo", lang, ErrUnsupported)
	}
	root, err := os.OpenRoot(p.Dir)
	if err != nil {
		return nil, "", err
	}
	defer root.Close()
	name = filepath.FromSlash(p.Manifest.Build.Entry)
	module, err = read(root, name, MaxModuleBytes)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, name, fmt.Errorf("%w: %s does not exist", ErrNoOutput, filepath.Join(p.Dir, name))
	case err != nil:
		return nil, name, fmt.Errorf("%s: %w", filepath.Join(p.Dir, name), err)
	}
	return module, name, nil
}

// read returns a regular file below root of at most limit bytes.
func read(root *os.Root, name string, limit int64) ([]byte, error) {
	st, err := root.Stat(name)
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() { // opening a pipe would wait for its writer
		return nil, &fs.PathError{Op: "read", Path: name, Err: errors.New("not a regular file")}
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%w: more than %d bytes", ErrTooLarge, limit)
	}
	return data, err
}
