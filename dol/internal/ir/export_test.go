package ir

import "fmt"

// SharedNode returns a node that stands in two places of a module, or "".
func SharedNode(m *Module) string {
	seen := map[any]bool{}
	shared := ""
	note := func(n any) {
		if seen[n] {
			shared = fmt.Sprintf("%T", n)
		}
		seen[n] = true
	}
	for _, f := range m.Funcs {
		everyStmt(f.Body, func(s Stmt) {
			if _, empty := s.(*Unreachable); !empty { // all of no size are one
				note(s)
			}
		})
		everyExpr(f.Body, func(e Expr) { note(e) })
	}
	return shared
}
