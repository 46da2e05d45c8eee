package dol

import (
	"fmt"
	"path"
	"strings"

	"github.com/univrs/vudo/dol/internal/syntax"
)

// scenarios puts a file of test functions in the place of each file of scenarios
// (dol.md 14.2), so that checker and lowering see nothing special. The tree of a
// file shares text and places with what it replaces. Other files are themselves.
func scenarios(files []*syntax.File) []*syntax.File {
	modules := map[string]bool{}
	for _, f := range files {
		if f.Module != nil {
			modules[joined(f.Module.Name)] = true
		}
		modules[pathModule(f.Path)] = true
	}
	out := make([]*syntax.File, len(files))
	for i, f := range files {
		out[i] = f
		if len(f.Tests) > 0 {
			out[i] = scenarioFile(f, modules)
		}
	}
	return out
}

// pathModule is the module of a file below src/ that has no header.
func pathModule(file string) string {
	if i := strings.LastIndex("/"+file, "/src/"); i >= 0 {
		file = file[i+len("src/"):]
	}
	file = strings.TrimSuffix(strings.TrimSuffix(file, ".dol"), "/mod")
	return strings.ReplaceAll(file, "/", ".")
}

func joined(q syntax.QName) string {
	words := make([]string, len(q.Parts))
	for i, p := range q.Parts {
		words[i] = p.Name
	}
	return strings.Join(words, ".")
}

func scenarioFile(f *syntax.File, modules map[string]bool) *syntax.File {
	g := *f
	g.Items = nil // Tests stay: they say what is only described
	for _, d := range f.Items {
		if u, ok := d.(*syntax.Use); ok && !u.Glob && !u.HasList && u.Alias.Name == "" && modules[joined(u.Local)] {
			all := *u
			all.Glob = true // the names of the module are in scope
			d = &all
		}
		g.Items = append(g.Items, d)
	}
	taken := map[string]bool{}
	for _, s := range f.Tests {
		if executable(s) {
			g.Items = append(g.Items, scenarioFunc(f, s, unusedName(s.Name, taken)))
		}
	}
	return &g
}

// unusedName makes an identifier of a scenario's name.
func unusedName(title string, taken map[string]bool) string {
	word := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '_'
	}, title)
	name := "scenario_" + word
	for n := 2; taken[name]; n++ {
		name = fmt.Sprintf("scenario_%s_%d", word, n)
	}
	taken[name] = true
	return name
}

// scenarioTitle is how a scenario is called in a report.
func scenarioTitle(file string, s *syntax.Scenario) string {
	return strings.TrimSuffix(path.Base(file), ".dol.test") + ": " + s.Name
}

// executable reports whether a scenario has a step that runs.
func executable(s *syntax.Scenario) bool {
	for _, sec := range s.Sections {
		for _, step := range sec.Steps {
			if step.Stmt != nil {
				return true
			}
		}
	}
	return false
}

// prose lists the steps that are not run.
func prose(s *syntax.Scenario) []string {
	var out []string
	list := func(word string, steps []syntax.Step) {
		for _, step := range steps {
			if step.Stmt == nil {
				out = append(out, word+" "+strings.TrimSpace(step.Text))
			}
		}
	}
	for _, sec := range s.Sections {
		list(sec.Word, sec.Steps)
	}
	list("always", s.Always)
	return out
}

// scenarioFunc is the test that a scenario says: what is given and done runs in
// order, what stands behind then must be true, and what always holds is looked at
// after every step of a when.
func scenarioFunc(f *syntax.File, s *syntax.Scenario, name string) *syntax.Fun {
	ident := syntax.Ident{Span: syntax.Span{Start: s.Start, End: s.Start}, Name: name}
	fun := &syntax.Fun{Sex: true, FunName: ident, Body: &syntax.Block{}}
	fun.Span, fun.Docs = s.Span, s.Docs
	fun.Name = syntax.QName{Span: ident.Span, Parts: []syntax.Ident{ident}}
	fun.Attrs = []syntax.Attr{{Span: ident.Span, Name: syntax.Ident{Span: ident.Span, Name: "test"}}}
	fun.Body.Span = s.Span
	add := func(stmt syntax.Stmt) { fun.Body.Stmts = append(fun.Body.Stmts, stmt) }
	for _, sec := range s.Sections {
		for _, step := range sec.Steps {
			switch {
			case step.Stmt == nil:
			case sec.Word == "then":
				add(expected(f, step, "then"))
			default:
				add(finished(step.Stmt))
			}
			if sec.Word != "when" || step.Stmt == nil {
				continue
			}
			for _, always := range s.Always {
				if always.Stmt != nil {
					add(expected(f, always, "always"))
				}
			}
		}
	}
	return fun
}

// Skeleton writes a test function for each of the tests that is a scenario without
// steps that run. Its steps are comments, and it fails until it is written.
func Skeleton(tests []Test) []byte {
	var b strings.Builder
	taken := map[string]bool{}
	for _, t := range tests {
		if t.Export != "" {
			continue
		}
		_, title, _ := strings.Cut(t.Name, ": ")
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "#[test]\nfun %s() {\n", unusedName(title, taken))
		for _, step := range t.Prose {
			fmt.Fprintf(&b, "  // %s\n", oneLine(step))
		}
		fmt.Fprintf(&b, "  panic(\"%s is not written yet\")\n}\n", strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", " ").Replace(title))
	}
	return []byte(b.String())
}

// finished is a step whose value is not that of the test.
func finished(stmt syntax.Stmt) syntax.Stmt {
	if x, ok := stmt.(*syntax.ExprStmt); ok && !x.Semi {
		y := *x
		y.Semi = true
		return &y
	}
	return stmt
}

// expected is the assertion of a condition. A step that is no expression stays
// what it is: it can only prepare the next one.
func expected(f *syntax.File, step syntax.Step, word string) syntax.Stmt {
	cond, ok := step.Stmt.(*syntax.ExprStmt)
	if !ok {
		return step.Stmt
	}
	assert := &syntax.Name{Ident: "assert"}
	assert.Span = syntax.Span{Start: step.Start, End: step.Start}
	message := &syntax.Literal{Kind: syntax.StringLit, Str: word + " " + strings.TrimSpace(f.Text(cond.X.Range()))}
	message.Span = step.Span
	call := &syntax.Call{Fun: assert, Args: []syntax.Expr{cond.X, message}}
	call.Span = step.Span
	out := &syntax.ExprStmt{X: call, Semi: true}
	out.Span = step.Span
	return out
}
