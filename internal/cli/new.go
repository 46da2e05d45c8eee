package cli

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/univrs/vudo/internal/build"
	"github.com/univrs/vudo/spirit"
)

func newCommand() command {
	return command{
		name: "new", operands: "NAME", min: 0, max: 1,
		short: "make a Spirit project from a template",
		long: "The project is a directory NAME with a manifest, sources, tests and a README; it checks, builds, tests and runs as it is. " +
			"Nothing that is already there is touched.",
		flags: []flagSpec{
			{name: "template", short: "t", value: "TEMPLATE", usage: "what to begin with; --list shows them (default hello-world)", words: templateNames()},
			{name: "lib", usage: "the same as --template library"},
			{name: "lang", value: "LANG", usage: "language of the sources: dol", words: []string{"dol"}},
			{name: "path", value: "DIR", usage: "make the project in DIR instead of NAME"},
			{name: "author", value: "TEXT", usage: "author in the manifest (default: author in config.toml)"},
			{name: "force", usage: "also into a directory that holds nothing but files of the template, which are replaced"},
			{name: "list", usage: "list the templates"},
		},
		examples: []example{
			{"vudo new hello", "a project that greets"},
			{"vudo new --lib greetings", "functions for other projects"},
			{"vudo new --list", "what there is to begin with"},
		},
		run:      runNew,
		complete: func(*session, []string) []string { return []string{} },
	}
}

func templateNames() []string {
	var names []string
	for _, t := range build.Templates {
		names = append(names, t.Name)
	}
	return names
}

// created is the JSON data of `vudo new`.
type created struct {
	Dir      string   `json:"dir"`
	Template string   `json:"template"`
	Lang     string   `json:"lang"`
	Files    []string `json:"files"`
}

func runNew(s *session, args []string) (*result, error) {
	if s.on("list") {
		return listTemplates(), nil
	}
	if len(args) == 0 {
		return nil, usage("vudo new NAME, such as vudo new hello", "the name of the project is missing")
	}
	name := args[0]
	if err := spirit.CheckName(name); err != nil {
		return nil, usage("lower-case letters, digits, - and _, such as my-spirit; --path DIR says where", "%q is no name for a Spirit: %v", name, err)
	}
	template, given := s.given("template")
	switch {
	case s.on("lib") && given && template != "library":
		return nil, usage("leave one of them out", "--lib and --template %s contradict each other", template)
	case s.on("lib"):
		template = "library"
	case !given:
		template = build.Templates[0].Name
	}
	if lang, ok := s.given("lang"); ok && lang != "dol" {
		return nil, fail("unsupported", "projects in other languages are built with their own tools: docs/guide/languages.md", "no template for the language %q in this version of vudo", lang)
	}
	dir, ok := s.given("path")
	if !ok {
		dir = name
	}
	author, ok := s.given("author")
	if !ok {
		author = s.config.Author
	}
	files, err := build.New(dir, name, template, author, s.on("force"))
	switch {
	case errors.Is(err, build.ErrNoTemplate):
		return nil, usage("one of "+strings.Join(templateNames(), ", "), "%v", err)
	case errors.Is(err, build.ErrNotEmpty):
		return nil, fail("exists", "name another directory with --path DIR, or empty it", "%v", err)
	case err != nil:
		return nil, err
	}
	return &result{
		data: created{Dir: dir, Template: template, Lang: "dol", Files: files},
		text: func(out *terminal) {
			for _, f := range files {
				out.line("%s", filepath.Join(dir, filepath.FromSlash(f)))
			}
			if template == "library" {
				s.say("%d files; next: vudo test -C %s", len(files), shellWord(dir))
			} else {
				s.say("%d files; next: vudo run %s", len(files), shellWord(dir+string(os.PathSeparator)))
			}
		},
	}, nil
}

func listTemplates() *result {
	return &result{
		data: map[string]any{"templates": build.Templates},
		text: func(out *terminal) {
			for _, t := range build.Templates {
				out.line("%-12s dol  %s", t.Name, t.Text)
			}
		},
	}
}
