package ir

// Optimize rewrites m so that it costs less to run, and keeps results, traps
// with their places and messages, and the calls of the host with their order.
// What the machine's own limits end may differ: it takes fewer steps, less
// memory and less depth. The frames around a trap may lack functions that were
// made part of their callers.
//
// Level 0 changes nothing, level 1 works within functions, level 2 across them too.
// The time is
// about linear in the size of the module.
func Optimize(m *Module, level int) {
	if level <= 0 {
		return
	}
	for _, f := range m.Funcs {
		f.Body = (&cloner{labels: map[*Label]*Label{}}).stmts(f.Body)
		flatten(f)
	}
	x := newContext(m)
	for _, f := range m.Funcs {
		propagate(f, x)
		removeDead(f)
	}
	dropUnreached(m)
}
