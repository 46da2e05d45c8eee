package syntax

import "sort"

// marker walks the tree and notes, token by token, where the layout may or must
// break a line and where no space stands. The tokens themselves are printed in
// their order, so that none is lost.
type marker struct {
	f      *File
	toks   []Token
	mate   []int32 // of brackets: the other one, or -1
	gaps   []gap   // before each token
	drop   []bool  // separators that the layout does not need
	suffix []suffix
	groups []group
	block  int32 // the group of the lines around
}

// gap is what stands before a token when nothing else asks for a line break.
type gap struct {
	set     bool
	space   bool  // a space when the line goes on
	group   int32 // the line breaks here when that group is broken; noGroup: never
	closing bool  // before the bracket that closes the group
	item    bool  // before an item: a blank line of the author is kept
	comma   bool  // closing: a broken list has a comma before
}

const noGroup int32 = -1

// suffix is text added behind a token.
type suffix struct {
	text  string
	group int32 // only while this group is not broken; noGroup: always
}

// group is a stretch of tokens whose breaks are taken together.
type group struct {
	open, close int32
	forced      bool
	list        bool
	lastItem    int32 // of a list: where its last element begins
}

func newMarker(f *File) *marker {
	n := len(f.Tokens)
	m := &marker{
		f: f, toks: f.Tokens, mate: make([]int32, n), gaps: make([]gap, n), drop: make([]bool, n), suffix: make([]suffix, n),
		groups: []group{{open: -1, close: int32(n), forced: true}},
	}
	var stack []int32
	for i := range m.toks {
		m.mate[i] = -1
		switch m.toks[i].Kind {
		case LParen, LBracket, LBrace:
			stack = append(stack, int32(i))
		case RParen, RBracket, RBrace, BarClose:
			if k := len(stack) - 1; k >= 0 && closes(m.toks[stack[k]].Kind, m.toks[i].Kind) {
				m.mate[i], m.mate[stack[k]] = stack[k], int32(i)
				stack = stack[:k]
			}
		}
	}
	return m
}

// at returns the token that begins at p, or the first one behind it.
func (m *marker) at(p Pos) int32 {
	return int32(sort.Search(len(m.toks), func(i int) bool { return m.toks[i].Start >= p }))
}

// end returns the token that ends at p, or the last one before it.
func (m *marker) end(p Pos) int32 {
	n := len(m.toks) - 1 // the end of the file is nobody's last token
	return int32(sort.Search(n, func(i int) bool { return m.toks[i].End > p })) - 1
}

func (m *marker) kind(i int32) TokenKind { return m.toks[i].Kind }

// tight: no space before token i.
func (m *marker) tight(i int32) { m.gaps[i] = gap{set: true, group: noGroup} }

// loose: a space before token i, unless what stands before takes none.
func (m *marker) loose(i int32) {
	if !m.gaps[i].set {
		m.gaps[i] = gap{set: true, group: noGroup, space: spaceAfter(m.kindBefore(i))}
	}
}

func (m *marker) kindBefore(i int32) TokenKind {
	if i == 0 {
		return EOF
	}
	return m.kind(i - 1)
}

// prefix: token i is a prefix operator.
func (m *marker) prefix(i int32) {
	m.loose(i)
	m.tight(i + 1)
}

// spaced: a space before token i, whatever stands there.
func (m *marker) spaced(i int32) { m.gaps[i] = gap{set: true, group: noGroup, space: true} }

// item: token i begins a line of the block around.
func (m *marker) item(i int32) {
	m.gaps[i] = gap{set: true, space: true, group: m.block, item: true}
}

func (m *marker) newGroup(g group) int32 {
	m.groups = append(m.groups, g)
	return int32(len(m.groups) - 1)
}

// spaceAfter and spaceBefore are the rules for tokens that the tree says nothing
// of.
func spaceAfter(k TokenKind) bool {
	switch k {
	case LParen, LBracket, Dot, ColonColon, Hash, DotDot, DotDotEq, Ellipsis, QuoteMark, QuasiQuote:
		return false
	}
	return true
}

func spaceBefore(k TokenKind) bool {
	switch k {
	case Comma, Semi, RParen, RBracket, Dot, ColonColon, Colon, Question, DotDot, DotDotEq, LParen:
		return false
	}
	return true
}

// rest gives every gap without a mark its space.
func (m *marker) rest() {
	for i := range m.gaps {
		if m.gaps[i].set {
			continue
		}
		before, here := m.kindBefore(int32(i)), m.kind(int32(i))
		space := spaceAfter(before) && spaceBefore(here)
		if before == Comma || before == Semi {
			space = here != RParen && here != RBracket
		}
		m.gaps[i] = gap{set: true, group: noGroup, space: space}
	}
}

// lines marks a { } whose content stands one item a line when it is broken.
// shared is a group that several such blocks break with, or noGroup.
func (m *marker) lines(open int32, shared int32, content func()) {
	end := m.mate[open]
	g := shared
	if g == noGroup {
		g = m.newGroup(group{open: open, close: end})
	}
	if m.manyLines(open, end) {
		m.groups[g].forced = true
	}
	if !m.gaps[open].set {
		m.loose(open)
	}
	outer := m.block
	m.block = g
	content()
	first := open + 1
	comment := m.commented(first)
	for ; m.drop[first]; first++ {
		comment = comment || m.commented(first+1)
	}
	if first == end {
		m.tight(end)
		m.groups[g].forced = m.groups[g].forced && shared != noGroup || comment
		if comment {
			m.gaps[end] = gap{set: true, group: g, closing: true}
		}
	} else {
		m.gaps[first] = gap{set: true, space: true, group: g}
		m.gaps[end] = gap{set: true, space: true, group: g, closing: true}
	}
	m.block = outer
}

func (m *marker) commented(i int32) bool {
	for _, t := range m.toks[i].Leading {
		if t.Kind != BlankLine {
			return true
		}
	}
	return false
}

// manyLines reports whether a line ends between two tokens.
func (m *marker) manyLines(from, to int32) bool {
	for i := from + 1; i <= to; i++ {
		if m.toks[i].NLBefore {
			return true
		}
	}
	return false
}

// list marks a bracket with elements that begin at the tokens given. comma: a
// broken list ends in one. spaced: spaces inside the brackets, as in { a: 1 }.
func (m *marker) list(open int32, starts []int32, comma, spaced bool) {
	end := m.mate[open]
	if len(starts) == 0 {
		return
	}
	g := m.newGroup(group{open: open, close: end, list: true, lastItem: starts[len(starts)-1]})
	m.groups[g].forced = m.toks[open+1].NLBefore
	m.gaps[open+1] = gap{set: true, space: spaced, group: g}
	for _, s := range starts[1:] {
		m.gaps[s] = gap{set: true, space: true, group: g, item: true}
	}
	m.gaps[end] = gap{set: true, space: spaced, group: g, closing: true, comma: comma}
	if comma && m.kind(end-1) == Comma {
		m.drop[end-1] = true
	}
}

func starts[N Node](m *marker, nodes []N) []int32 {
	list := make([]int32, len(nodes))
	for i, n := range nodes {
		list[i] = m.at(n.Range().Start)
	}
	return list
}

// angles marks the < > around the arguments that begin at token first.
func (m *marker) angles(first Pos) {
	i := m.at(first) - 1
	if m.kind(i) != Less {
		return
	}
	m.tight(i)
	m.tight(i + 1)
	depth := 1
	for i++; depth > 0 && int(i) < len(m.toks); i++ {
		switch m.kind(i) {
		case Less:
			depth++
		case Greater:
			depth--
			if depth == 0 {
				m.tight(i)
			}
		}
	}
}

// separators drops the "," and ";" behind the item that ends at token last, in
// every line but those of a block on one line. keep says that one is needed.
func (m *marker) separators(last int32, keep bool) {
	for i := last + 1; int(i) < len(m.toks) && (m.kind(i) == Semi || m.kind(i) == Comma); i++ {
		m.drop[i] = true
		if m.suffix[last].text != "" {
			continue
		}
		m.suffix[last] = suffix{m.kind(i).String(), m.block}
		if keep {
			m.suffix[last].group = noGroup
		}
	}
}
