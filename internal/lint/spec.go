package lint

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Status says how far a statement of the specification is kept.
type Status string

// The statuses that a statement may carry, in square brackets.
const (
	Done      Status = "done"      // kept; a test cites it
	Partly    Status = "partly"    // kept except for what the note names; a test cites it
	Later     Status = "later"     // belongs to the work that the note names; no test cites it
	Withdrawn Status = "withdrawn" // its number is not used again
)

// Statement is one numbered acceptance statement of docs/spec.
type Statement struct {
	ID     string // such as "vm 14.7"
	Status Status
	Note   string // what is missing, or where it belongs; "" where the status needs none
	Text   string
	File   string
	Line   int
}

// Citation is one mention of a statement by a test.
type Citation struct {
	ID   string
	Test string // function, or name of the script
	File string
	Line int
}

const specDir = "docs/spec"

var (
	statementLine = regexp.MustCompile(`^- \*\*([a-z]+) ` + number + `\*\* \[([a-z]+)(?:: ([^\]]+))?\] (\S.*)$`)
	statementLike = regexp.MustCompile(`^\s*[-*] \*\*[a-z]+ \d`)
	provesComment = regexp.MustCompile(`^(?://|#)\s*Proves:\s*(.*)$`)
	statementID   = regexp.MustCompile(`^(?:([a-z]+) )?` + number + `(?: [^,;]+)?$`)
)

// number is how a statement is numbered: 14.7 in one list over the whole file, or, in
// the language specification, 2.3-a by the section and 20-3 by the example.
const number = `(\d+(?:\.\d+(?:-[a-z]{1,2})?|-[a-z]{1,2}|-\d+))`

// Statements reads the acceptance statements of docs/spec, in the order of
// files and lines. Malformed, duplicate and out-of-order ones are problems.
func Statements(tree fs.FS) ([]Statement, []Problem, error) {
	entries, err := fs.ReadDir(tree, specDir)
	if err != nil {
		return nil, nil, err
	}
	var ss []Statement
	var ps []Problem
	for _, e := range entries {
		name := path.Join(specDir, e.Name())
		if path.Ext(name) != ".md" {
			continue
		}
		b, err := fs.ReadFile(tree, name)
		if err != nil {
			return nil, nil, err
		}
		last := place("")
		lines(b, func(n int, line string) {
			if !statementLike.MatchString(line) {
				return
			}
			complain := func(format string, args ...any) {
				ps = append(ps, Problem{name, n, fmt.Sprintf(format, args...)})
			}
			m := statementLine.FindStringSubmatch(line)
			if m == nil {
				complain("not of the form `- **%s 1.2** [status] text`", strings.TrimSuffix(path.Base(name), ".md"))
				return
			}
			s := Statement{ID: m[1] + " " + m[2], Status: Status(m[3]), Note: m[4], Text: m[5], File: name, Line: n}
			if m[1]+".md" != path.Base(name) {
				complain("%s stands in the file of another specification", s.ID)
			}
			switch s.Status {
			case Done, Withdrawn:
				if s.Note != "" {
					complain("%s: status %s takes no note", s.ID, s.Status)
				}
			case Partly, Later:
				if s.Note == "" {
					complain("%s: status %s needs a note that names what is missing", s.ID, s.Status)
				}
			default:
				complain("%s: unknown status %q (done, partly, later, withdrawn)", s.ID, s.Status)
			}
			if why := last.before(m[2]); why != "" {
				complain("%s %s", s.ID, why)
			}
			last = place(m[2])
			ss = append(ss, s)
		})
	}
	return ss, ps, nil
}

// place is the number of the statement before.
type place string

// before says what is wrong with next as the one that follows. Plain numbers are not
// skipped; the letters of a section are in order and may have gaps.
func (p place) before(next string) string {
	_, n, plain := strings.Cut(next, ".")
	if count, err := strconv.Atoi(n); plain && err == nil {
		last := 0
		if _, m, ok := strings.Cut(string(p), "."); ok {
			last, _ = strconv.Atoi(m)
		}
		if count != last+1 {
			return fmt.Sprintf("comes after number %d: numbers are not reused, skipped or reordered", last)
		}
		return ""
	}
	section, label, _ := strings.Cut(next, "-")
	before, last, _ := strings.Cut(string(p), "-")
	if section == before && (len(label) < len(last) || len(label) == len(last) && label <= last) {
		return fmt.Sprintf("comes after %s: the labels of a section are in order", p)
	}
	return ""
}

// Citations reads the `// Proves:` comments of the tests of the main module,
// the `# Proves:` lines of its .txtar scripts, and the `// Proves:` lines of the DOL
// programs in the testdata of the compiler, each of which a test runs. A citation that no test
// function holds is a problem: it would be proved by nothing that runs.
func Citations(tree fs.FS) ([]Citation, []Problem, error) {
	gofiles, err := GoFiles(tree)
	if err != nil {
		return nil, nil, err
	}
	var cs []Citation
	var ps []Problem
	for _, name := range gofiles {
		b, err := fs.ReadFile(tree, name)
		if err != nil {
			return nil, nil, err
		}
		if !bytes.Contains(b, []byte("Proves:")) {
			continue
		}
		c, p, err := goCitations(name, b)
		if err != nil {
			return nil, nil, err
		}
		cs, ps = append(cs, c...), append(ps, p...)
	}
	all, err := Files(tree)
	if err != nil {
		return nil, nil, err
	}
	for _, name := range all {
		script := path.Ext(name) == ".txtar" && strings.Contains(name, "/testdata/script/")
		program := path.Ext(name) == ".dol" && strings.HasPrefix(name, "dol/") && strings.Contains(name, "/testdata/")
		if !script && !program {
			continue
		}
		b, err := fs.ReadFile(tree, name)
		if err != nil {
			return nil, nil, err
		}
		lines(b, func(n int, line string) {
			c, p := cited(line, strings.TrimSuffix(path.Base(name), path.Ext(name)), name, n)
			cs, ps = append(cs, c...), append(ps, p...)
		})
	}
	return cs, ps, nil
}

func goCitations(name string, src []byte) ([]Citation, []Problem, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, nil, err
	}
	var cs []Citation
	var ps []Problem
	for _, group := range f.Comments {
		for _, c := range group.List {
			if !provesComment.MatchString(c.Text) {
				continue
			}
			line := fset.Position(c.Pos()).Line
			test := ""
			for _, d := range f.Decls {
				fn, ok := d.(*ast.FuncDecl)
				if !ok || fn.Recv != nil || !isTestName(fn.Name.Name) {
					continue
				}
				inside := fn.Pos() <= c.Pos() && c.Pos() < fn.End()
				if fn.Doc == group || inside {
					test = fn.Name.Name
				}
			}
			if test == "" || !isTest(name) {
				ps = append(ps, Problem{name, line, "a Proves comment belongs into a test function or directly above one"})
				continue
			}
			got, bad := cited(c.Text, test, name, line)
			cs, ps = append(cs, got...), append(ps, bad...)
		}
	}
	return cs, ps, nil
}

func isTestName(name string) bool {
	return strings.HasPrefix(name, "Test") || strings.HasPrefix(name, "Fuzz") || strings.HasPrefix(name, "Example")
}

// cited reads one comment line, such as "Proves: vm 14.7, dol 2.3-a integer, 2.3-b; why":
// the specification holds until another is named, the row of a table may stand
// behind a label, and what follows a semicolon is for people. Lines without "Proves:"
// give nothing.
func cited(line, test, file string, n int) (cs []Citation, ps []Problem) {
	m := provesComment.FindStringSubmatch(line)
	if m == nil {
		return nil, nil
	}
	list, _, _ := strings.Cut(m[1], ";")
	spec := ""
	for _, text := range strings.Split(list, ",") {
		text = strings.TrimSuffix(strings.TrimSpace(text), ".")
		id := statementID.FindStringSubmatch(text)
		if id == nil && len(cs) > 0 && text != "" && !strings.ContainsAny(text, "0123456789") {
			continue // one more row of the table that the label before names
		}
		if id == nil || id[1] == "" && spec == "" {
			ps = append(ps, Problem{file, n, fmt.Sprintf("Proves: %q is no statement; write `vm 14.7, fuel 6.2`", text)})
			continue
		}
		if id[1] != "" {
			spec = id[1]
		}
		cs = append(cs, Citation{spec + " " + id[2], test, file, n})
	}
	return cs, ps
}

// CheckProofs compares statements with citations: a statement that is done or
// partly done is cited, one that is later or withdrawn is not, and what is cited exists.
func CheckProofs(ss []Statement, cs []Citation) []Problem {
	var ps []Problem
	byID := map[string]*Statement{}
	for i := range ss {
		byID[ss[i].ID] = &ss[i]
	}
	proved := map[string]bool{}
	for _, c := range cs {
		s, ok := byID[c.ID]
		switch {
		case !ok:
			ps = append(ps, Problem{c.File, c.Line, fmt.Sprintf("%s proves %s, which docs/spec does not have", c.Test, c.ID)})
		case s.Status == Later || s.Status == Withdrawn:
			ps = append(ps, Problem{c.File, c.Line, fmt.Sprintf("%s proves %s, which %s marks as %s", c.Test, c.ID, s.File, s.Status)})
		}
		proved[c.ID] = true
	}
	for _, s := range ss {
		if (s.Status == Done || s.Status == Partly) && !proved[s.ID] {
			ps = append(ps, Problem{s.File, s.Line, fmt.Sprintf("%s is marked as %s, but no test proves it: write `// Proves: %s` in one that does", s.ID, s.Status, s.ID)})
		}
	}
	return ps
}

// Unproved returns the statements that no citation names, withdrawn ones excepted.
func Unproved(ss []Statement, cs []Citation) []Statement {
	return slices.DeleteFunc(slices.Clone(ss), func(s Statement) bool {
		return s.Status == Withdrawn || slices.ContainsFunc(cs, func(c Citation) bool { return c.ID == s.ID })
	})
}
