package types

import (
	"strings"

	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/dol/internal/typed"
)

// symKind says what a name stands for.
type symKind uint8

const (
	symType symKind = iota
	symAlias
	symTrait
	symFunc
	symConst
	symVar
	symModule
	symRule
	symVariant // imported from an enum
	symBad     // of an import that failed: silences what depends on it
)

var symKindNames = [...]string{"type", "type", "trait", "function", "constant", "variable", "module", "rule", "variant", "name"}

func (k symKind) String() string { return symKindNames[k] }

// symbol is a declared name of a module.
type symbol struct {
	kind symKind
	name string
	src  *source
	mod  *module
	decl syntax.Decl
	at   syntax.Span // of the name
	vis  syntax.Vis

	typ     *typeInfo
	alias   *aliasInfo
	trait   *traitInfo
	fn      *funcInfo
	global  *globalInfo
	module  *module
	variant *typed.Variant // with typ
}

// module is a unit of names: a file, all files of a library module, or an
// inline submodule.
type module struct {
	name     string
	parent   *module
	sources  []*source
	src      *source
	scope    map[string]*symbol
	order    []*symbol
	library  bool
	header   *syntax.Module
	uses     []*useDecl
	useGlobs []*useDecl    // use m.*
	reuse    []*importName // pub use
	globs    []*useDecl    // pub use m.*
	visited  bool          // while looking through re-exports
	edges    []moduleEdge
}

type moduleEdge struct {
	to *module
	at syntax.Span
	in *source
}

// within reports whether m is outer or lies inside of it.
func (m *module) within(outer *module) bool {
	for ; m != nil; m = m.parent {
		if m == outer {
			return true
		}
	}
	return false
}

// visible reports whether code of module from may use y.
func (y *symbol) visible(from *module) bool { return visibleFrom(y.vis, y.mod, from) }

func visibleFrom(vis syntax.Vis, owner, from *module) bool {
	switch {
	case owner == from || vis == syntax.Public || owner.library && from.library:
		return true
	case vis == syntax.PublicSpirit:
		return owner.library == from.library
	case vis == syntax.PublicParent:
		if owner.parent != nil {
			return from.within(owner.parent)
		}
		return parentName(owner.name) == parentName(from.name) || parentName(owner.name) == from.name
	}
	return from.within(owner)
}

func parentName(name string) string {
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		return name[:i]
	}
	return ""
}

// member returns what name stands for in m, through re-exports.
func (m *module) member(name string) *symbol {
	if y := m.scope[name]; y != nil {
		return y
	}
	if m.visited {
		return nil
	}
	m.visited = true
	defer func() { m.visited = false }()
	for _, im := range m.reuse {
		if im.name == name {
			if y := im.symbol(); y != nil {
				return y
			}
		}
	}
	for _, u := range m.globs {
		if target := u.target(); target != nil && target.u.module != m {
			if y := target.member(name); y != nil && y.visible(m) {
				return y
			}
		}
	}
	return nil
}

// lookup returns what a name that stands alone means in s, or nil. It marks
// imports as used.
func (s *source) lookup(name string) *symbol {
	if y := s.mod.scope[name]; y != nil {
		return y
	}
	if im := s.imports[name]; im != nil {
		im.used = true
		if y := im.symbol(); y != nil {
			return y
		}
	}
	for _, u := range s.mod.useGlobs {
		if u.src != s {
			continue
		}
		if target := u.target(); target != nil {
			if y := target.member(name); y != nil && y.visible(s.mod) {
				u.used = true
				return y
			}
		}
	}
	c := s.c
	if c.std != nil {
		if y := c.std.scope[name]; y != nil && (s.library || y.vis == syntax.Public) {
			return y
		}
	}
	if y := s.mod.reexported(name); y != nil {
		return y
	}
	if name == "host" && c.host != nil || name == "std" && c.std != nil {
		return c.byName[name].symbol()
	}
	return nil
}

// reexported finds a name that the module itself passes on with pub use.
func (m *module) reexported(name string) *symbol {
	if len(m.reuse) == 0 && len(m.globs) == 0 {
		return nil
	}
	return m.member(name)
}

// symbol returns m as a name.
func (m *module) symbol() *symbol {
	return &symbol{kind: symModule, name: m.name, mod: m, module: m, vis: syntax.Public, src: m.src}
}

// candidates calls f with every name that lookup could find in s, for
// did-you-mean.
func (s *source) candidates(f func(string)) {
	if s.base().errors > maxErrors {
		return // nobody will read it
	}
	for _, y := range s.mod.order {
		f(y.name)
	}
	for _, u := range s.mod.uses {
		for _, im := range u.names {
			f(im.name)
		}
	}
	if s.c.std != nil {
		for _, y := range s.c.std.order {
			if y.vis == syntax.Public {
				f(y.name)
			}
		}
	}
}

// nearest keeps the closest name within an edit distance of 2, and of less than
// half the length.
type nearest struct {
	want string
	best string
	dist int
}

func newNearest(want string) *nearest { return &nearest{want: want, dist: min(2, len(want)/2) + 1} }

func (n *nearest) try(name string) {
	if name == n.want || name == "" || abs(len(name)-len(n.want)) >= n.dist {
		return
	}
	if strings.EqualFold(name, n.want) {
		n.best, n.dist = name, 0
		return
	}
	if d := editDistance(n.want, name, n.dist); d < n.dist {
		n.best, n.dist = name, d
	}
}

func abs(n int) int { return max(n, -n) }

// editDistance is the number of insertions, deletions, replacements and swaps of
// neighbours between a and b, or limit when there are as many or more.
func editDistance(a, b string, limit int) int {
	if len(a) > 64 || len(b) > 64 {
		return limit
	}
	var rows [3][65]int
	for j := range len(b) + 1 {
		rows[0][j] = j
	}
	before, prev, cur := &rows[2], &rows[0], &rows[1]
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, before[j-2]+1)
			}
			cur[j] = d
			least = min(least, d)
		}
		if least >= limit {
			return limit
		}
		before, prev, cur = prev, cur, before
	}
	return min(prev[len(b)], limit)
}
