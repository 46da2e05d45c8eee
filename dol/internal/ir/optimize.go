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
	if level == 1 {
		for _, f := range m.Funcs {
			simplify(f, x)
		}
		finish(m)
		return
	}
	in := newInliner(x)
	for _, component := range in.order.components {
		for _, id := range component {
			if id < len(m.Funcs) {
				across(m.Funcs[id], in)
			}
		}
	}
	finish(m)
}

// finish does what other passes could not see through.
func finish(m *Module) {
	dropUnreached(m)
	x := newContext(m)
	for _, f := range m.Funcs {
		hoist(f, x)
		cheapen(f)
		removeDead(f)
	}
}

// simplify does what needs to know of one function only.
func simplify(f *Func, x *context) {
	propagate(f, x)
	removeDead(f)
}

// maxRounds bounds how often a function takes in others: a closure that is known
// after one round is inlined in the next.
const maxRounds = 3

// across makes functions that f calls part of it.
func across(f *Func, in *inliner) {
	in.begin(f)
	for round := range maxRounds {
		changed := in.once()
		if changed || round == 0 {
			simplify(f, in.context)
		}
		if scalars(f, in.context) {
			changed = true
			simplify(f, in.context)
		}
		if !changed {
			break
		}
	}
	in.done(f)
}
