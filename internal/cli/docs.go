package cli

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/univrs/vudo/dol"
	"github.com/univrs/vudo/internal/atomicfile"
)

func docCommand() command {
	return command{
		name: "doc", operands: "[PROJECT|PATH]", min: 0, max: 1,
		short: "write reference pages from DOL sources",
		long: "Writes one page for each module, with signatures, documentation, fields, variants, sentences, rules, laws, history and what uses what, " +
			"and an index with a search that needs no network. Documentation is Markdown; names in backticks become links. " +
			"A block in it that is fenced as dol and is no DOL is an error.\n" +
			"\n" +
			"The pages go to docs/ in the project. Pages that a run before wrote are replaced; any other file in the way needs --force.",
		flags: []flagSpec{
			{name: "out", value: "DIR", usage: "write the pages into DIR (default docs/ in the project)"},
			{name: "format", value: "FORM", usage: "html, md or json (default html)", words: []string{"html", "md", "json"}},
			{name: "private", usage: "document what is not pub too"},
			{name: "force", usage: "overwrite files that are no pages of an earlier run"},
		},
		examples: []example{
			{"vudo doc hello", "pages in hello/docs"},
			{"vudo doc hello --format md --out pages --private", "Markdown, elsewhere, with private declarations"},
		},
		run: runDoc,
	}
}

// docsDir is where the pages of a project go.
const docsDir = "docs"

func runDoc(s *session, args []string) (*result, error) {
	form, ok := s.given("format")
	if !ok {
		form = string(dol.DocHTML)
	}
	if err := oneOfWords("format", form, "html", "md", "json"); err != nil {
		return nil, err
	}
	set, err := openSources(args, false)
	if err != nil {
		return nil, err
	}
	o := dol.DocOptions{Format: dol.DocFormat(form), Private: s.on("private"), Title: set.name()}
	dir := filepath.Join(set.dir, docsDir)
	if set.project != nil {
		o.Text, o.Capabilities = set.project.Manifest.Description, set.options.Capabilities
		// Dependencies have pages of their own.
		set.sources = slices.DeleteFunc(set.sources, func(src dol.Source) bool { return strings.HasPrefix(src.Path, "deps/") })
	}
	if out, ok := s.given("out"); ok {
		dir = out
	}
	done := s.working("reading")
	pages, problems := dol.Document(set.sources, o)
	done()
	if problems = set.named(problems); pages == nil {
		return nil, compileFailure(set, problems)
	}
	s.show(set, problems)
	files, err := writePages(dir, pages, s.on("force"))
	if err != nil {
		return nil, err
	}
	return &result{data: map[string]any{"files": files}, text: func(out *terminal) {
		for _, f := range files {
			out.line("%s", escape(f))
		}
	}}, nil
}

// pagesList names the pages of the run before, one a line: what may be replaced.
const pagesList = ".vudo-pages"

// writePages writes all pages, or none when a file is in the way that is no page of
// an earlier run. Earlier pages that are no more are removed.
func writePages(dir string, pages []dol.Page, force bool) ([]string, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	list := filepath.Join(dir, pagesList)
	text, err := os.ReadFile(list)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	earlier := map[string]bool{}
	for _, name := range strings.Fields(string(text)) {
		if name == filepath.Base(name) && name != "." && name != ".." {
			earlier[name] = true
		}
	}
	var names bytes.Buffer
	for _, p := range pages {
		names.WriteString(p.Name + "\n")
		if !earlier[p.Name] {
			if err := refuseExisting(filepath.Join(dir, p.Name), force); err != nil {
				return nil, err
			}
		}
	}
	var files []string
	for _, p := range pages {
		file := filepath.Join(dir, p.Name)
		if err := atomicfile.Write(file, p.Text, 0o644); err != nil {
			return nil, err
		}
		files = append(files, filepath.ToSlash(file))
		delete(earlier, p.Name)
	}
	if err := atomicfile.Write(list, names.Bytes(), 0o644); err != nil {
		return nil, err
	}
	for name := range earlier { // the order does not matter: each is gone at the end
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
	return files, nil
}
