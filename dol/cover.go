package dol

import (
	"slices"
	"strings"

	"github.com/univrs/vudo/dol/internal/lower"
	"github.com/univrs/vudo/dol/internal/syntax"
)

// Line is a line on which a statement begins.
type Line struct {
	File string
	Line int
}

// CoverMark is what a module built with Options.Coverage writes to its output when
// it comes to Result.Lines[n] for the first time in an instance.
func CoverMark(n int) string { return lower.CoverMark(n) }

// coverable lists the lines on which statements of functions begin, tests,
// files of tests and dependencies left out, and numbers them. Functions that nothing calls count:
// they are what coverage is to find.
func coverable(files []*syntax.File) ([]Line, map[lower.Line]int) {
	var lines []Line
	numbers := map[lower.Line]int{}
	for i, f := range files {
		if strings.HasPrefix(f.Path, "std/") || strings.HasPrefix(f.Path, testsFolder) || foreign(f.Path) || len(f.Tests) > 0 {
			continue
		}
		found := map[int]bool{}
		syntax.WalkFile(f, func(n syntax.Node) bool {
			switch n := n.(type) {
			case *syntax.Fun:
				return !isTest(n)
			case *syntax.Law, *syntax.Rule, *syntax.Evo:
				return false // conditions, not code
			case *syntax.Block:
				for _, s := range n.Stmts {
					if runsOnItsOwn(s) {
						found[f.Position(s.Range().Start).Line] = true
					}
				}
			}
			return true
		})
		inFile := make([]int, 0, len(found))
		for line := range found {
			inFile = append(inFile, line)
		}
		slices.Sort(inFile)
		for _, line := range inFile {
			numbers[lower.Line{File: int32(i), Line: int32(line)}] = len(lines)
			lines = append(lines, Line{f.Path, line})
		}
	}
	return lines, numbers
}

func isTest(f *syntax.Fun) bool {
	return slices.ContainsFunc(f.Attrs, func(a syntax.Attr) bool { return a.Name.Name == "test" })
}

// runsOnItsOwn reports whether a statement does something when it is reached.
func runsOnItsOwn(s syntax.Stmt) bool {
	switch s := s.(type) {
	case *syntax.DocsStmt, *syntax.FunStmt, *syntax.BadStmt:
		return false
	case *syntax.Let:
		return s.Value != nil
	case *syntax.ExprStmt:
		_, block := s.X.(*syntax.Block) // its statements count
		return !block
	}
	return true
}
