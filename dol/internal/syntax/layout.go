package syntax

import (
	"strings"
	"unicode/utf8"
)

const (
	lineWidth   = 100
	indentWidth = 2
)

// layout prints the tokens of f in the one style.
func layout(f *File) []byte {
	m := newMarker(f)
	m.file()
	e := &printer{marker: m, out: make([]byte, 0, len(f.Src)+len(f.Src)/8)}
	e.measure()
	e.print()
	return e.out
}

// printer turns marked tokens into text in one pass: a group is broken when it
// must be, or when what follows up to the next possible break does not fit.
type printer struct {
	*marker
	trivia  [][]Trivia // before each token, those of dropped tokens included
	opening [][]int32  // the groups that begin at a token, outer first
	at      []int32    // the column of token i if all were on one line
	width   []int32    // of token i and its suffix
	next    []int32    // the first token behind i before which the line must break
	tail    []int32    // the last token that i cannot be parted from
	broken  []bool
	indent  []int // inside a group

	out   []byte
	col   int
	stack []int32 // open groups
}

// measure computes what the pass needs to know of the text ahead.
func (e *printer) measure() {
	n := len(e.toks)
	e.trivia = make([][]Trivia, n)
	e.at, e.width = make([]int32, n), make([]int32, n)
	e.next = make([]int32, n+1)
	e.tail = make([]int32, n)
	e.broken = make([]bool, len(e.groups))
	e.indent = make([]int, len(e.groups))
	e.opening = make([][]int32, n)
	for g := 1; g < len(e.groups); g++ {
		open := e.groups[g].open
		e.opening[open] = append(e.opening[open], int32(g))
	}
	for _, list := range e.opening {
		sortOuterFirst(list, e.groups)
	}
	var carried []Trivia
	for i := range e.toks {
		leading := e.toks[i].Leading
		if carried != nil {
			leading = append(carried[:len(carried):len(carried)], leading...)
			carried = nil
		}
		if e.drop[i] {
			carried = leading
			continue
		}
		e.trivia[i] = leading
	}
	e.forceGroups()
	column := int32(0)
	for i := range e.toks {
		space := e.gaps[i].space
		for _, t := range e.trivia[i] {
			if t.Kind == BlockComment {
				column += int32(t.End-t.Start) + 1
				space = true
			}
		}
		if space && !e.drop[i] {
			column++
		}
		e.at[i] = column
		if !e.drop[i] {
			e.width[i] = int32(utf8.RuneCount(e.f.Src[e.toks[i].Start:e.toks[i].End])) + int32(len(e.suffix[i].text))
		}
		column += e.width[i]
	}
	e.next[n] = int32(n)
	for i := n - 1; i >= 0; i-- {
		e.next[i] = e.next[i+1]
		if i+1 < n && e.breaksHere(int32(i+1)) {
			e.next[i] = int32(i + 1)
		}
		e.tail[i] = int32(i)
		if i+1 < n && (e.drop[i+1] || e.gaps[i+1].group == noGroup && !e.breaksHere(int32(i+1))) {
			e.tail[i] = e.tail[i+1]
		}
	}
}

// sortOuterFirst orders groups that begin at one token.
func sortOuterFirst(list []int32, groups []group) {
	for i := 1; i < len(list); i++ {
		for k := i; k > 0 && (groups[list[k]].close > groups[list[k-1]].close ||
			groups[list[k]].close == groups[list[k-1]].close && list[k] < list[k-1]); k-- {
			list[k], list[k-1] = list[k-1], list[k]
		}
	}
}

// breaksHere reports whether the line breaks before token i whatever fits.
func (e *printer) breaksHere(i int32) bool {
	g := e.gaps[i].group
	return !e.drop[i] && (g != noGroup && e.groups[g].forced || e.commentBreaks(i))
}

// commentBreaks reports whether a comment before token i needs a line break: one
// to the end of the line, or one that stood at the beginning of its line.
func (e *printer) commentBreaks(i int32) bool {
	for _, t := range e.trivia[i] {
		if t.Kind != BlankLine && i > 0 && e.kind(i-1) == ProseText {
			return true
		}
		if t.Kind == LineComment || t.Kind == DocComment || t.Kind == ModComment || t.Kind == BlockComment && e.ownLine(t) {
			return true
		}
	}
	return false
}

// ownLine reports whether only white space stands before t on its line.
func (e *printer) ownLine(t Trivia) bool {
	for i := t.Start - 1; i >= 0; i-- {
		switch e.f.Src[i] {
		case '\n':
			return true
		case ' ', '\t', '\r':
		default:
			return false
		}
	}
	return true
}

// endsLine reports whether only white space stands behind t on its line.
func (e *printer) endsLine(t Trivia) bool {
	for _, c := range e.f.Src[t.End:] {
		switch c {
		case '\n':
			return true
		case ' ', '\t', '\r':
		default:
			return false
		}
	}
	return true
}

// forceGroups breaks the groups whose breaks a comment demands, and the lists
// that hold a forced break before their last element.
func (e *printer) forceGroups() {
	first := make([]int32, len(e.groups)) // the first forced break inside
	for g := range first {
		first[g] = int32(len(e.toks))
	}
	e.sweep(func(i int32, inner int32) {
		if e.drop[i] {
			return
		}
		if e.commentBreaks(i) {
			if g := e.gaps[i].group; g != noGroup {
				e.groups[g].forced = true
			}
			first[inner] = min(first[inner], i)
		}
		if k := e.toks[i].Kind; (k == ProseText || k == RawText) && strings.Contains(e.f.Text(e.toks[i].Span), "\n") {
			first[inner] = min(first[inner], i)
			if g := e.gaps[max(0, i-2)].group; k == RawText && g != noGroup {
				e.groups[g].forced = true
			}
		}
	}, func(g, parent int32) {
		gr := &e.groups[g]
		if gr.list && first[g] <= gr.lastItem {
			gr.forced = true
		}
		if gr.forced {
			first[g] = min(first[g], gr.open+1)
		}
		first[parent] = min(first[parent], first[g])
	})
}

// sweep visits all tokens with the innermost group around the gap before each,
// and each group but the first when it closes, with the group around it.
func (e *printer) sweep(token func(i, inner int32), closed func(g, parent int32)) {
	stack := []int32{0}
	for i := range e.toks {
		for len(stack) > 1 && e.groups[stack[len(stack)-1]].close < int32(i) {
			closed(stack[len(stack)-1], stack[len(stack)-2])
			stack = stack[:len(stack)-1]
		}
		token(int32(i), stack[len(stack)-1])
		stack = append(stack, e.opening[i]...)
	}
	for ; len(stack) > 1; stack = stack[:len(stack)-1] {
		closed(stack[len(stack)-1], stack[len(stack)-2])
	}
}

func (e *printer) print() {
	e.stack = []int32{0}
	e.broken[0] = true
	prev := int32(-1)
	for i := range e.toks {
		i := int32(i)
		for len(e.stack) > 1 && e.groups[e.top()].close < i {
			e.stack = e.stack[:len(e.stack)-1]
		}
		if e.drop[i] {
			continue
		}
		e.gapBefore(i, prev)
		for _, g := range e.opening[i] {
			e.open(g, i)
		}
		e.token(i)
		prev = i
	}
}

func (e *printer) top() int32 { return e.stack[len(e.stack)-1] }

// open decides whether group g, which begins at token i, is broken.
func (e *printer) open(g, i int32) {
	gr := &e.groups[g]
	limit := min(e.next[i]-1, e.tail[min(gr.close, int32(len(e.toks)-1))])
	width := int(e.at[limit] + e.width[limit] - e.at[i])
	e.broken[g] = gr.forced || e.col+width > lineWidth
	e.indent[g] = e.indent[e.top()]
	if e.broken[g] && g > 0 {
		e.indent[g] += indentWidth
	}
	e.stack = append(e.stack, g)
}

// gapBefore prints what stands between token prev and token i.
func (e *printer) gapBefore(i, prev int32) {
	gp := e.gaps[i]
	breaks := gp.group != noGroup && e.broken[gp.group]
	if prev >= 0 {
		if s := e.suffix[prev]; s.text != "" && (s.group == noGroup || !e.broken[s.group]) {
			if !(gp.closing && s.group != noGroup) {
				e.write(s.text)
			}
		}
		if gp.comma && breaks {
			e.write(",")
		}
	}
	inner := e.indent[e.top()]
	outer := inner
	switch {
	case breaks:
		inner = e.indent[gp.group]
		outer = inner
		if gp.closing {
			outer -= indentWidth
		}
	case e.commentBreaks(i):
		inner += indentWidth
		outer = inner
	}
	// ended: the comment before goes to the end of its line, or would be more of
	// the prose before.
	blank, ended := false, prev >= 0 && e.kind(prev) == ProseText && e.suffix[prev].text == ""
	begun := gp.item && prev >= 0 // a blank line may stand here
	for _, t := range e.trivia[i] {
		if t.Kind == BlankLine {
			blank = breaks
			continue
		}
		own := e.ownLine(t) || ended
		switch {
		case len(e.out) == 0:
		case own:
			e.newline(inner, blank && begun)
		default:
			e.write(" ")
		}
		begun, blank = true, false
		e.comment(t)
		ended = t.Kind != BlockComment
		breaks = breaks || ended || own && e.endsLine(t)
	}
	if e.kind(i) == EOF {
		if len(e.out) > 0 && e.out[len(e.out)-1] != '\n' {
			e.out = append(e.out, '\n')
		}
		return
	}
	switch {
	case prev < 0 && len(e.out) == 0:
	case breaks && !(len(e.trivia[i]) > 0 && e.inlineComment(i)):
		e.newline(outer, blank && begun && !gp.closing)
	case gp.space, len(e.trivia[i]) > 0 && e.hasComment(i):
		e.write(" ")
	}
}

// inlineComment reports whether the last comment before token i stands on the
// line of the token, and at the beginning of that line.
func (e *printer) inlineComment(i int32) bool {
	list := e.trivia[i]
	t := list[len(list)-1]
	return t.Kind == BlockComment && e.ownLine(t) && !e.endsLine(t)
}

func (e *printer) hasComment(i int32) bool {
	for _, t := range e.trivia[i] {
		if t.Kind != BlankLine {
			return true
		}
	}
	return false
}

func (e *printer) newline(indent int, blank bool) {
	e.out = append(e.out, '\n')
	if blank {
		e.out = append(e.out, '\n')
	}
	for range indent {
		e.out = append(e.out, ' ')
	}
	e.col = indent
}

func (e *printer) write(s string) {
	e.out = append(e.out, s...)
	e.col += utf8.RuneCountInString(s)
}

// comment prints a comment as it is; its own line breaks are the author's.
func (e *printer) comment(t Trivia) {
	text := e.f.Text(t.Span)
	e.write(text)
	if i := strings.LastIndexByte(text, '\n'); i >= 0 {
		e.col = utf8.RuneCountInString(text[i+1:])
	}
}

func (e *printer) token(i int32) {
	t := &e.toks[i]
	text := e.f.Src[t.Start:t.End]
	if t.Kind == RawText {
		e.docsText(string(text))
		return
	}
	e.out = append(e.out, text...)
	e.col += utf8.RuneCount(text)
}

// docsText prints the text of docs { }, its common indent replaced.
func (e *printer) docsText(text string) {
	lines := strings.Split(docsText(text), "\n")
	switch {
	case len(lines) == 1 && lines[0] == "":
	case !strings.Contains(text, "\n"):
		e.write(" " + lines[0] + " ")
	default:
		base := e.indent[e.top()]
		for _, l := range lines {
			if l == "" {
				e.newline(0, false)
				continue
			}
			e.newline(base+indentWidth, false)
			e.write(l)
		}
		e.newline(base, false)
	}
}
