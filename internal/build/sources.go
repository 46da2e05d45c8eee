package build

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/univrs/vudo/dol"
)

// Limits of what one project may hold; each stops a walk that nobody meant.
const (
	MaxSourceFiles = dol.MaxSources
	MaxSourceDepth = 32       // directories below build.source
	MaxSourceBytes = 64 << 20 // of all sources together
	maxDeps        = 1_000    // projects that one build reaches by path
)

// testsDir holds the test modules and scenarios of a project.
const testsDir = "tests"

// Sources returns the DOL files of the project in the order of their paths, and
// those of the projects that it depends on by path behind them, under
// "deps/NAME/". With tests, the files of tests/ belong to them.
//
// A dependency without a path is ErrUnsupported, an absent one ErrNoManifest.
// Links that lead out of a project are errors.
func (p *Project) Sources(tests bool) ([]dol.Source, error) {
	c := &collector{seen: map[string]string{}}
	if err := c.project(p, "", tests); err != nil {
		return nil, err
	}
	return c.sources, nil
}

// collector gathers the sources of a project and of what it depends on.
type collector struct {
	sources []dol.Source
	bytes   int64
	seen    map[string]string // directory of a dependency -> the name it was first reached by
	path    []string          // names of the projects being read, for a circle
}

func (c *collector) project(p *Project, prefix string, tests bool) error {
	root, err := os.OpenRoot(p.Dir)
	if err != nil {
		return err
	}
	defer root.Close()
	dirs := []string{p.Manifest.Build.Source}
	if tests {
		dirs = append(dirs, testsDir)
	}
	for _, dir := range dirs {
		if err := c.directory(root, filepath.ToSlash(dir), prefix, 0); err != nil && !(dir == testsDir && errors.Is(err, fs.ErrNotExist)) {
			return err
		}
	}
	c.path = append(c.path, p.Manifest.Name)
	defer func() { c.path = c.path[:len(c.path)-1] }()
	names := make([]string, 0, len(p.Manifest.Dependencies))
	for name := range p.Manifest.Dependencies {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if err := c.dependency(p, name); err != nil {
			return err
		}
	}
	return nil
}

func (c *collector) dependency(p *Project, name string) error {
	d := p.Manifest.Dependencies[name]
	if d.Path == "" {
		return fmt.Errorf("dependency %s: a version from a registry %w; name a project on this disk: %s = { path = \"…\" }", name, ErrUnsupported, name)
	}
	dir := d.Path
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(p.Dir, filepath.FromSlash(d.Path))
	}
	dep, err := Open(dir)
	if err != nil {
		return fmt.Errorf("dependency %s: %w", name, err)
	}
	if i := slices.Index(c.path, dep.Manifest.Name); i >= 0 {
		return fmt.Errorf("dependency circle: %s -> %s", strings.Join(c.path[i:], " -> "), dep.Manifest.Name)
	}
	if first, ok := c.seen[dep.Dir]; ok {
		if first != name {
			return fmt.Errorf("dependency %s: the project %s is already linked under the name %s; use one name for it", name, dep.Dir, first)
		}
		return nil
	}
	for other, first := range c.seen {
		if first == name {
			return fmt.Errorf("dependency %s names two projects: %s and %s", name, other, dep.Dir)
		}
	}
	if len(c.seen) == maxDeps {
		return fmt.Errorf("more than %d dependencies", maxDeps)
	}
	c.seen[dep.Dir] = name
	return c.project(dep, "deps/"+name+"/", false)
}

// directory adds the DOL files of dir and of the directories in it.
func (c *collector) directory(root *os.Root, dir, prefix string, depth int) error {
	if depth > MaxSourceDepth {
		return fmt.Errorf("%s: more than %d directories deep", dir, MaxSourceDepth)
	}
	entries, err := fs.ReadDir(root.FS(), dir)
	if err != nil {
		return err
	}
	for _, e := range entries { // in the order of their names
		name := path.Join(dir, e.Name())
		switch {
		case strings.HasPrefix(e.Name(), "."):
		case e.IsDir():
			if err := c.directory(root, name, prefix, depth+1); err != nil {
				return err
			}
		case strings.HasSuffix(e.Name(), ".dol"), strings.HasSuffix(e.Name(), ".dol.test"):
			if err := c.file(root, name, prefix); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *collector) file(root *os.Root, name, prefix string) error {
	if len(c.sources) == MaxSourceFiles {
		return fmt.Errorf("%w: more than %d source files", ErrTooLarge, MaxSourceFiles)
	}
	text, err := read(root, filepath.FromSlash(name), MaxSourceBytes-c.bytes)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	c.bytes += int64(len(text))
	c.sources = append(c.sources, dol.Source{Path: prefix + name, Text: text})
	return nil
}
