package types

import (
	"strings"

	"github.com/univrs/vudo/dol/internal/typed"
)

// libraryFuncs fills Known.Funcs: lowering calls these by name. A family that the
// program has no use for is left out, so that a small program stays quick to
// check: numbers of floating point where none occur, tables where there is no Map
// or Set, JSON where no export needs it.
func (c *checker) libraryFuncs() {
	c.prog.Known.Funcs = map[string]*typed.Func{}
	if c.std == nil {
		return
	}
	// What is taken in may bring the next family along.
	for more := true; more; {
		more = false
		for _, y := range c.std.order {
			if y.kind != symFunc || c.prog.Known.Funcs[y.name] != nil || !c.wantsFunc(y.name) {
				continue
			}
			if _, ok := typed.Library[y.name]; ok {
				c.reach(y.fn)
				c.prog.Known.Funcs[y.name] = y.fn.fn
				more = true
			}
		}
		c.runWork()
	}
}

// wantsFunc reports whether the program may come to need a library function.
func (c *checker) wantsFunc(name string) bool {
	family, _, _ := strings.Cut(name, "_")
	switch family {
	case "json":
		return c.o.Tests || c.wantsJSON()
	case "map":
		return c.lib["Map"] != nil && c.lib["Map"].used
	case "set":
		return c.lib["Set"] != nil && c.lib["Set"].used
	case "f32", "f64":
		return c.floats
	}
	return true
}

// wantsJSON reports whether a value crosses an export as JSON.
func (c *checker) wantsJSON() bool {
	for _, f := range c.exported {
		for _, p := range f.fn.Params {
			if !crosses(p.Type) {
				return true
			}
		}
		if !crosses(f.fn.Result) {
			return true
		}
	}
	return false
}

// crosses reports whether values of t reach the host as they are.
func crosses(t typed.Type) bool {
	b, ok := t.(*typed.Basic)
	return ok && b.Kind != typed.TypeInfo
}

// hasFloat reports whether a signature speaks of floats.
func hasFloat(f *typed.Func) bool {
	for _, p := range f.Params {
		if typed.KindOf(p.Type).IsFloat() {
			return true
		}
	}
	return typed.KindOf(f.Result).IsFloat()
}
