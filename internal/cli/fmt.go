package cli

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/univrs/vudo/diag"
	"github.com/univrs/vudo/dol"
	"github.com/univrs/vudo/internal/atomicfile"
	"github.com/univrs/vudo/internal/build"
)

func fmtCommand() command {
	return command{
		name: "fmt", operands: "[PATH...]", min: 0, max: -1,
		short: "lay out DOL sources in the canonical form",
		long: "Files are rewritten in place; comments and meaning stay, and formatting twice changes nothing. Without PATH the sources and tests of the project are laid out. " +
			"A file with a syntax error stays as it is and is reported; the others go on.",
		flags: []flagSpec{
			{name: "check", usage: "write nothing; list what would change and exit 1 if anything would"},
			{name: "diff", usage: "write nothing; show what would change"},
			{name: "migrate", usage: "rewrite classic spellings to the canonical ones too"},
			{name: "stdin", usage: "read one file from stdin and write its canonical form to stdout"},
		},
		examples: []example{
			{"vudo fmt hello/src", "every DOL file below a directory"},
			{"vudo fmt --check hello/src", "for a script: is everything laid out?"},
		},
		run: runFmt,
	}
}

func runFmt(s *session, args []string) (*result, error) {
	if s.on("stdin") {
		if len(args) > 0 {
			return nil, usage("leave one of them out", "--stdin and PATH both say what to format")
		}
		return s.fmtStdin()
	}
	files, err := formatOperands(args)
	if err != nil {
		return nil, err
	}
	var (
		changed  []string
		broken   diag.List
		set      sourceSet
		total    int64
		diffs    bytes.Buffer
		readOnly = s.on("check") || s.on("diff")
	)
	for _, file := range files {
		text, err := readSource(file, &total)
		if err != nil {
			return nil, err
		}
		name := filepath.ToSlash(file)
		out, problems := dol.Format(name, text, s.on("migrate"))
		if problems.HasErrors() {
			set.sources = append(set.sources, dol.Source{Path: name, Text: text})
			broken = append(broken, errorsOf(problems)...)
			continue
		}
		if bytes.Equal(out, text) {
			continue
		}
		changed = append(changed, file)
		switch {
		case s.on("diff"):
			diffs.Write(diff.Diff(name, text, name, out))
		case !readOnly:
			if err := atomicfile.Write(file, out, modeOf(file)); err != nil {
				return nil, err
			}
		}
	}
	data := map[string]any{"changed": slices.Concat([]string{}, changed)}
	if len(broken) > 0 {
		f := compileFailure(&set, broken)
		f.message += "; those files stay as they were"
		f.data = data
		return nil, f
	}
	res := &result{data: data, text: func(out *terminal) {
		if s.on("diff") {
			io.Copy(out.w, &diffs)
			return
		}
		for _, name := range changed {
			out.line("%s", name)
		}
	}}
	if s.on("check") && len(changed) > 0 {
		f := fail("unformatted", "vudo fmt lays them out", "%s not in the canonical form", plural(len(changed), "file"))
		f.data = data
		return res, f
	}
	return res, nil
}

func (s *session) fmtStdin() (*result, error) {
	text, err := io.ReadAll(io.LimitReader(s.in, build.MaxSourceBytes+1))
	if err != nil {
		return nil, err
	}
	if len(text) > build.MaxSourceBytes {
		return nil, fail("io", "format a file instead", "stdin has more than %s", size(build.MaxSourceBytes))
	}
	out, problems := dol.Format("stdin", text, s.on("migrate"))
	if problems.HasErrors() {
		return nil, compileFailure(&sourceSet{sources: []dol.Source{{Path: "stdin", Text: text}}}, errorsOf(problems))
	}
	return &result{
		data: map[string]any{"text": string(out), "changed": !bytes.Equal(out, text)},
		text: func(w *terminal) { w.w.Write(out) },
	}, nil
}

// formatOperands lists the files that the operands of fmt name; without any, the
// sources and tests of the project.
func formatOperands(args []string) ([]string, error) {
	if len(args) == 0 {
		p, err := build.Open(".")
		if err != nil {
			return nil, openFailure(".", err)
		}
		args = []string{filepath.FromSlash(p.Manifest.Build.Source)}
		if _, err := os.Stat("tests"); err == nil {
			args = append(args, "tests")
		}
	}
	var files []string
	for _, a := range args {
		more, err := dolFiles(a)
		if err != nil {
			return nil, err
		}
		for _, f := range more {
			if !slices.Contains(files, f) {
				files = append(files, f)
			}
		}
	}
	return files, nil
}

func errorsOf(l diag.List) diag.List {
	return slices.DeleteFunc(slices.Clone(l), func(d diag.Diagnostic) bool { return d.Severity != diag.Error })
}

// modeOf keeps a file's permissions.
func modeOf(file string) os.FileMode {
	st, err := os.Stat(file)
	if err != nil {
		return 0o644
	}
	return st.Mode().Perm()
}
