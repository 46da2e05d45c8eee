package lint

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// MaxLines is the greatest length of a Go file. Beyond it a newcomer no longer
// finds the one idea of the file.
const MaxLines = 900

// Words finds text that does not belong into the tree: paths of somebody's
// machine, names of package registries' hosts, marks of unfinished work.
func Words(tree fs.FS) ([]Problem, error) {
	names, err := Files(tree)
	if err != nil {
		return nil, err
	}
	var ps []Problem
	for _, name := range names {
		b, err := fs.ReadFile(tree, name)
		if err != nil {
			return nil, err
		}
		if !isText(b) {
			continue
		}
		lines(b, func(n int, line string) {
			for _, w := range words {
				if m := w.rx.FindString(line); m != "" {
					ps = append(ps, Problem{name, n, fmt.Sprintf("%q: %s", m, w.why)})
				}
			}
		})
	}
	return ps, nil
}

// The patterns are put together from halves, so that this file passes itself.
var words = []struct {
	rx  *regexp.Regexp
	why string
}{
	{regexp.MustCompile(`(^|[^\w.])/(?:wo` + `rk|ro` + `ot|ho` + `me)/[\w.]`), "a path of one machine; take it from the environment or from t.TempDir"},
	{regexp.MustCompile(`\b(?:TO` + `DO|FIX` + `ME|XX` + `X)\b`), "unfinished work belongs into an issue, not into the tree"},
	{regexp.MustCompile(`\b(?:pro` + `xy\.golang|su` + `m\.golang|regi` + `stry\.npmjs|d` + `eb\.debian)\.org\b`), "a registry's host; its ordinary client knows it"},
}

// Lengths finds Go files of more than MaxLines lines.
func Lengths(tree fs.FS) ([]Problem, error) {
	return eachGo(tree, func(name string, src []byte) []Problem {
		n := 0
		lines(src, func(int, string) { n++ })
		if n <= MaxLines {
			return nil
		}
		return []Problem{{name, 0, fmt.Sprintf("%d lines, at most %d: which idea could have a file of its own?", n, MaxLines)}}
	})
}

func eachGo(tree fs.FS, f func(name string, src []byte) []Problem) ([]Problem, error) {
	names, err := GoFiles(tree)
	if err != nil {
		return nil, err
	}
	var ps []Problem
	for _, name := range names {
		src, err := fs.ReadFile(tree, name)
		if err != nil {
			return nil, err
		}
		ps = append(ps, f(name, src)...)
	}
	return ps, nil
}

func eachParsed(tree fs.FS, f func(name string, fset *token.FileSet, file *ast.File) []Problem) ([]Problem, error) {
	var broken error
	ps, err := eachGo(tree, func(name string, src []byte) []Problem {
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			broken = err
			return nil
		}
		return f(name, fset, file)
	})
	if err == nil {
		err = broken
	}
	return ps, err
}

// Docs finds exported identifiers without a doc comment, and packages without
// a package comment. Tests are not looked at.
func Docs(tree fs.FS) ([]Problem, error) {
	commented := map[string]bool{}
	ps, err := eachParsed(tree, func(name string, fset *token.FileSet, f *ast.File) []Problem {
		if isTest(name) {
			return nil
		}
		dir := path.Dir(name)
		commented[dir] = commented[dir] || f.Doc != nil
		var ps []Problem
		complain := func(n ast.Node, kind, ident string) {
			ps = append(ps, Problem{name, fset.Position(n.Pos()).Line, fmt.Sprintf("exported %s %s has no doc comment", kind, ident)})
		}
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Doc == nil && d.Name.IsExported() && (d.Recv == nil || exportedReceiver(d.Recv)) && !plainMethod(name, d) {
					complain(d, "function", d.Name.Name)
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					switch s := s.(type) {
					case *ast.TypeSpec:
						if d.Doc == nil && s.Doc == nil && s.Name.IsExported() {
							complain(s, "type", s.Name.Name)
						}
					case *ast.ValueSpec:
						for _, id := range s.Names {
							if d.Doc == nil && s.Doc == nil && s.Comment == nil && id.IsExported() {
								complain(s, d.Tok.String(), id.Name)
							}
						}
					}
				}
			}
		}
		return ps
	})
	if err != nil {
		return nil, err
	}
	dirs, err := Packages(tree)
	if err != nil {
		return nil, err
	}
	for _, dir := range dirs {
		if !commented[dir] {
			ps = append(ps, Problem{dir, 0, "no file has a package comment: what is the package, and what does it refuse to know?"})
		}
	}
	return ps, nil
}

// plainMethod reports whether d is a method of one statement in an internal package:
// those answer an interface that has the comment, once for each kind of node.
func plainMethod(file string, d *ast.FuncDecl) bool {
	internal := strings.Contains("/"+file, "/internal/")
	return internal && d.Recv != nil && len(d.Type.Params.List) == 0 && len(d.Body.List) <= 1
}

func exportedReceiver(recv *ast.FieldList) bool {
	t := recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.Ident:
			return x.IsExported()
		default:
			return false
		}
	}
}

// Terminal finds code that writes to the terminal outside of the directories
// that may: a library that prints cannot be embedded.
func Terminal(tree fs.FS, allowed ...string) ([]Problem, error) {
	return eachParsed(tree, func(name string, fset *token.FileSet, f *ast.File) []Problem {
		if isTest(name) || slices.Contains(allowed, path.Dir(name)) {
			return nil
		}
		var ps []Problem
		complain := func(n ast.Node, what string) {
			ps = append(ps, Problem{name, fset.Position(n.Pos()).Line, fmt.Sprintf("%s: only %s writes to a terminal", what, strings.Join(allowed, ", "))})
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				if pkg, ok := n.X.(*ast.Ident); ok {
					switch what := pkg.Name + "." + n.Sel.Name; what {
					case "os.Stdout", "os.Stderr", "fmt.Print", "fmt.Println", "fmt.Printf":
						complain(n, what)
					}
				}
			case *ast.CallExpr:
				if id, ok := n.Fun.(*ast.Ident); ok && (id.Name == "print" || id.Name == "println") {
					complain(n, id.Name)
				}
			}
			return true
		})
		return ps
	})
}

// TestHabits finds tests that wait for real time to pass, and tests that skip
// without saying which target of the Makefile supplies what they miss.
func TestHabits(tree fs.FS) ([]Problem, error) {
	return eachParsed(tree, func(name string, fset *token.FileSet, f *ast.File) []Problem {
		if !isTest(name) {
			return nil
		}
		var ps []Problem
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			line := fset.Position(call.Pos()).Line
			switch x, _ := sel.X.(*ast.Ident); {
			case x != nil && x.Name == "time" && sel.Sel.Name == "Sleep":
				ps = append(ps, Problem{name, line, "time.Sleep: wait for the event itself, or move an injected clock"})
			case sel.Sel.Name == "Skip" || sel.Sel.Name == "Skipf" || sel.Sel.Name == "SkipNow":
				if !namesTarget(call.Args) {
					ps = append(ps, Problem{name, line, "a skipped test says which `make` target supplies what it misses"})
				}
			}
			return true
		})
		return ps
	})
}

func namesTarget(args []ast.Expr) bool {
	found := false
	for _, a := range args {
		ast.Inspect(a, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && strings.Contains(lit.Value, "make ") {
				found = true
			}
			return true
		})
	}
	return found
}

var (
	markdownLink = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	fence        = regexp.MustCompile("^\\s*```")
)

// Links finds relative links of Markdown files that lead nowhere in the tree.
func Links(tree fs.FS) ([]Problem, error) {
	names, err := Files(tree)
	if err != nil {
		return nil, err
	}
	var ps []Problem
	for _, name := range names {
		if path.Ext(name) != ".md" {
			continue
		}
		b, err := fs.ReadFile(tree, name)
		if err != nil {
			return nil, err
		}
		fenced := false
		lines(b, func(n int, line string) {
			if fence.MatchString(line) {
				fenced = !fenced
			}
			if fenced {
				return
			}
			for _, m := range markdownLink.FindAllStringSubmatch(line, -1) {
				to, _, _ := strings.Cut(m[1], "#")
				if to == "" || strings.Contains(to, ":") {
					continue
				}
				to = path.Join(path.Dir(name), to)
				if _, err := fs.Stat(tree, to); err != nil {
					ps = append(ps, Problem{name, n, fmt.Sprintf("the link to %s leads nowhere", to)})
				}
			}
		})
	}
	return ps, nil
}

// walkStep is one step of a walk: a file and, in parentheses, functions in it.
var walkStep = regexp.MustCompile("`([\\w./-]+\\.go)`(?: \\(((?:`[\\w.]+`(?:, )?)+)\\))?")

// Walks checks that every Go file that a document names in backquotes exists,
// and that the functions in parentheses behind it, as in "`load.go`
// (`Runtime.Load`)", are declared there. A walk is a list item that joins
// steps with "->"; it has at most four files.
func Walks(tree fs.FS, doc string) ([]Problem, error) {
	b, err := fs.ReadFile(tree, doc)
	if err != nil {
		return nil, err
	}
	var ps []Problem
	walks := 0
	lines(b, func(n int, line string) {
		steps := walkStep.FindAllStringSubmatch(line, -1)
		if strings.Contains(line, "` -> `") || strings.Contains(line, ") -> `") {
			walks++
			files := map[string]bool{}
			for _, s := range steps {
				files[s[1]] = true
			}
			if len(files) > 4 {
				ps = append(ps, Problem{doc, n, fmt.Sprintf("the walk goes through %d files, at most 4", len(files))})
			}
		}
		for _, s := range steps {
			src, err := fs.ReadFile(tree, s[1])
			if err != nil {
				ps = append(ps, Problem{doc, n, fmt.Sprintf("%s is not there", s[1])})
				continue
			}
			decls, err := declared(s[1], src)
			if err != nil {
				ps = append(ps, Problem{doc, n, err.Error()})
				continue
			}
			for _, fn := range strings.Split(s[2], ",") {
				fn = strings.Trim(strings.TrimSpace(fn), "`")
				if fn != "" && !decls[fn] {
					ps = append(ps, Problem{doc, n, fmt.Sprintf("%s declares no %s", s[1], fn)})
				}
			}
		}
	})
	if walks == 0 {
		ps = append(ps, Problem{doc, 0, "holds no walk: a line that joins files with ->"})
	}
	return ps, nil
}

// declared returns the functions of a file, methods as Type.Name.
func declared(name string, src []byte) (map[string]bool, error) {
	f, err := parser.ParseFile(token.NewFileSet(), name, src, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	m := map[string]bool{}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			fn := d.Name.Name
			if d.Recv != nil {
				t := d.Recv.List[0].Type
				if star, ok := t.(*ast.StarExpr); ok {
					t = star.X
				}
				if id, ok := t.(*ast.Ident); ok {
					fn = id.Name + "." + fn
				}
			}
			m[fn] = true
		case *ast.GenDecl:
			for _, s := range d.Specs {
				if t, ok := s.(*ast.TypeSpec); ok {
					m[t.Name.Name] = true
				}
			}
		}
	}
	return m, nil
}
