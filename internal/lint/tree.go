// Package lint holds the rules of the repository as functions over a tree of
// files, and its tests apply them to this one: the specification is proved, the
// layers hold, every exported name is documented, no text goes stale unseen.
//
// Files are read with io/fs, never through a command, so that go test's cache
// notices when one of them changes, and so that each rule is tested on a small
// tree that breaks it. Only tests import the package.
package lint

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Problem is one place that breaks a rule.
type Problem struct {
	File string // slash-separated, from the root of the tree
	Line int    // from 1; 0 = the file as a whole
	Text string // what is wrong and what to do instead
}

// String returns "file:line: text".
func (p Problem) String() string {
	if p.Line == 0 {
		return fmt.Sprintf("%s: %s", p.File, p.Text)
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text)
}

// skipped are directories that hold nothing of this repository's own: build
// products, other people's packages, version control.
func skipped(dir string) bool {
	switch dir {
	case ".git", "build", "bin":
		return true
	}
	switch path.Base(dir) {
	case "node_modules":
		return true
	case "target":
		return strings.HasPrefix(dir, "examples/")
	}
	return false
}

// Files returns the paths of all files of the tree in bytewise order, without
// build products.
func Files(tree fs.FS) ([]string, error) {
	var names []string
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name != "." && skipped(name) {
				return fs.SkipDir
			}
			return nil
		}
		names = append(names, name)
		return nil
	})
	slices.Sort(names)
	return names, err
}

// GoFiles returns the Go files of the tree's main module: no nested modules,
// no testdata.
func GoFiles(tree fs.FS) ([]string, error) {
	all, err := Files(tree)
	if err != nil {
		return nil, err
	}
	var nested []string
	for _, name := range all {
		if path.Base(name) == "go.mod" && name != "go.mod" {
			nested = append(nested, path.Dir(name)+"/")
		}
	}
	return slices.DeleteFunc(all, func(name string) bool {
		return !strings.HasSuffix(name, ".go") || strings.Contains("/"+name, "/testdata/") ||
			slices.ContainsFunc(nested, func(dir string) bool { return strings.HasPrefix(name, dir) })
	}), nil
}

// isTest reports whether a Go file is compiled into tests only.
func isTest(name string) bool { return strings.HasSuffix(name, "_test.go") }

// isText reports whether b is text for the purpose of the rules on words: no
// zero byte in its first 8,000 bytes, as version control decides it.
func isText(b []byte) bool { return !bytes.ContainsRune(b[:min(len(b), 8000)], 0) }

// lines calls f with each line of b, numbered from 1, without its end.
func lines(b []byte, f func(n int, line string)) {
	n := 0
	for line := range bytes.Lines(b) {
		n++
		f(n, strings.TrimRight(string(line), "\r\n"))
	}
}
