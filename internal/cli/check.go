package cli

import (
	"path/filepath"
	"slices"
	"sort"

	"github.com/univrs/vudo/diag"
	"github.com/univrs/vudo/dol"
	"github.com/univrs/vudo/internal/atomicfile"
)

func checkCommand() command {
	return command{
		name: "check", operands: "[PATH...]", min: 0, max: -1,
		short: "find mistakes in DOL sources and the manifest",
		long: "Without PATH the project in the working directory is checked, its tests included, and what the functions need is compared with " +
			"the capabilities of manifest.toml. A PATH may be a project, a .dol file or a directory with some; several are checked as one program. " +
			"Nothing is written without --fix.",
		flags: append(compilerFlags(),
			flagSpec{name: "fix", usage: "make the changes that hints and warnings propose"},
			flagSpec{name: "hints", usage: "show hints too"},
			flagSpec{name: "explain", value: "CODE", usage: "say more about a diagnostic, with an example"},
			flagSpec{name: "format", value: "FORM", usage: "text, or json: one diagnostic per line on stdout", words: []string{"text", "json"}},
		),
		examples: []example{
			{"vudo check hello", "a project: its sources, tests and manifest"},
			{"vudo check --explain type-mismatch", "what a code means"},
		},
		run: runCheck,
	}
}

func runCheck(s *session, args []string) (*result, error) {
	if code, ok := s.given("explain"); ok {
		text, known := dol.Explain(code)
		if !known {
			return nil, usage("codes stand in brackets behind error, warning and hint", "there is no diagnostic with the code %s", code)
		}
		return &result{data: map[string]any{"code": code, "text": text}, text: func(out *terminal) { out.line("%s", text) }}, nil
	}
	form, _ := s.given("format")
	if form != "" {
		if err := oneOfWords("format", form, "text", "json"); err != nil {
			return nil, err
		}
	}
	set, problems, err := s.checked(args)
	if err != nil {
		return nil, err
	}
	if s.on("fix") {
		n, err := set.applyFixes(problems)
		if err != nil {
			return nil, err
		}
		s.say("%s made", plural(n, "change"))
		if n > 0 {
			if set, problems, err = s.checked(args); err != nil {
				return nil, err
			}
		}
	}
	problems = set.named(problems)
	data := map[string]any{"files": len(set.sources), "problems": problemsJSON(problems)}
	if form == "json" && !s.json {
		if err := diag.RenderJSON(s.out.w, problems); err != nil {
			return nil, err
		}
	}
	if problems.HasErrors() {
		f := compileFailure(set, problems)
		f.data = data
		if form == "json" {
			f.problems = nil
		}
		return nil, f
	}
	if form != "json" {
		s.show(set, problems)
	}
	return &result{data: data, text: func(out *terminal) {
		if form != "json" && !s.quiet {
			out.line("checked %s, %s", plural(len(set.sources), "file"), counted(problems))
		}
	}}, nil
}

// checked reads the operands and checks them.
func (s *session) checked(args []string) (*sourceSet, diag.List, error) {
	set, err := openSources(args, true)
	if err != nil {
		return nil, nil, err
	}
	o, err := s.compilerOptions(set.options)
	if err != nil {
		return nil, nil, err
	}
	defer s.working("checking")()
	problems := dol.Check(set.sources, o)
	if set.project != nil {
		problems = append(slices.Clone(set.project.Warnings), problems...)
	}
	return set, problems, nil
}

// applyFixes writes the edits of warnings and hints into the files and returns
// how many diagnostics it has taken care of. Of two that overlap, the first is
// made.
func (set *sourceSet) applyFixes(l diag.List) (int, error) {
	edits := map[string][]diag.Edit{}
	made := 0
	for _, d := range l {
		if d.Severity == diag.Error || d.Fix == nil || len(d.Fix.Edits) == 0 {
			continue
		}
		free := true
		for _, e := range d.Fix.Edits {
			for _, other := range edits[fileOf(e, d)] {
				if e.Span.Start.Offset < other.Span.End.Offset && other.Span.Start.Offset < e.Span.End.Offset {
					free = false
				}
			}
		}
		if !free {
			continue
		}
		for _, e := range d.Fix.Edits {
			edits[fileOf(e, d)] = append(edits[fileOf(e, d)], e)
		}
		made++
	}
	for _, src := range set.sources {
		list := edits[src.Path]
		if len(list) == 0 {
			continue
		}
		sort.SliceStable(list, func(i, j int) bool { return list[i].Span.Start.Offset > list[j].Span.Start.Offset })
		text := slices.Clone(src.Text)
		for _, e := range list {
			text = slices.Concat(text[:e.Span.Start.Offset], []byte(e.Text), text[e.Span.End.Offset:])
		}
		if err := atomicfile.Write(filepath.Join(set.dir, filepath.FromSlash(src.Path)), text, 0o644); err != nil {
			return 0, err
		}
	}
	return made, nil
}

func fileOf(e diag.Edit, d diag.Diagnostic) string {
	if e.Span.File != "" {
		return e.Span.File
	}
	return d.Span.File
}
