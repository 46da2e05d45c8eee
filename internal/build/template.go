package build

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/univrs/vudo/internal/atomicfile"
	"github.com/univrs/vudo/spirit"
)

// Template is what "vudo new" can make a project from.
type Template struct {
	Name string
	Text string // one line
}

// Templates lists them, the default first.
var Templates = []Template{
	{"hello-world", "greets whoever the input names, and logs it"},
	{"counter", "a count that is kept in storage"},
	{"echo", "gives back numbers, text and bytes"},
	{"library", "functions for other projects, without a main"},
	{"cli-tool", "reads text and prints a line about it"},
	{"web-service", "answers web requests"},
}

// Errors of New, for errors.Is.
var (
	ErrNoTemplate = errors.New("unknown template")
	ErrNotEmpty   = errors.New("the directory is not empty")
)

//go:embed all:template
var templates embed.FS

// renamed are files that must not stand in this repository under their own name,
// where they would mean something.
var renamed = map[string]string{"gitignore": ".gitignore", "vudoignore": ".vudoignore"}

// New makes the project name in dir from a template and returns the files that it
// wrote, relative to dir, in order. The directory must be absent or empty; with
// force, files that the template itself would make may be there too and are
// replaced. Nothing is written unless all of it can be.
func New(dir, name, template, author string, force bool) ([]string, error) {
	if err := spirit.CheckName(name); err != nil {
		return nil, err
	}
	files, err := templateFiles(template, name, author)
	if err != nil {
		return nil, err
	}
	if err := roomFor(dir, files, force); err != nil {
		return nil, err
	}
	var names []string
	for _, f := range files {
		to := filepath.Join(dir, filepath.FromSlash(f.name))
		if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
			return names, err
		}
		if err := atomicfile.Write(to, f.text, 0o644); err != nil {
			return names, err
		}
		names = append(names, f.name)
	}
	return names, nil
}

type templateFile struct {
	name string
	text []byte
}

func templateFiles(template, name, author string) ([]templateFile, error) {
	root := path.Join("template", template)
	if !slices.ContainsFunc(Templates, func(t Template) bool { return t.Name == template }) {
		return nil, fmt.Errorf("%w %q", ErrNoTemplate, template)
	}
	fill := strings.NewReplacer("{{name}}", name, "{{module}}", ModuleName(name), "{{author}}", tomlText(author))
	var files []templateFile
	err := fs.WalkDir(templates, root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := templates.ReadFile(p)
		if err != nil {
			return err
		}
		rel := strings.TrimPrefix(p, root+"/")
		rel = cmp.Or(renamed[rel], rel)
		files = append(files, templateFile{rel, []byte(fill.Replace(string(text)))})
		return nil
	})
	slices.SortFunc(files, func(a, b templateFile) int { return cmp.Compare(a.name, b.name) })
	return files, err
}

// ModuleName is the DOL module of a Spirit's name: a word without hyphens.
func ModuleName(name string) string {
	word := strings.ReplaceAll(name, "-", "_")
	if word[0] >= '0' && word[0] <= '9' {
		word = "_" + word
	}
	return word
}

// tomlText escapes text for the inside of a basic string of TOML.
func tomlText(s string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`).Replace(s)
}

// roomFor refuses a directory in which New would touch something that is not its own.
func roomFor(dir string, files []templateFile, force bool) error {
	own := map[string]bool{}
	for _, f := range files {
		for p := f.name; p != "."; p = path.Dir(p) {
			own[p] = true
		}
	}
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, p)
		if err != nil || rel == "." {
			return err
		}
		if !force || !own[filepath.ToSlash(rel)] || d.Type()&fs.ModeSymlink != 0 {
			return fmt.Errorf("%w: %s holds %s", ErrNotEmpty, dir, rel)
		}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
