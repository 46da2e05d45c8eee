package spirit

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	toml "github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/univrs/vudo/diag"
)

// The codes of problems in a manifest.
const (
	codeSyntax = "manifest-syntax" // not TOML
	codeKey    = "manifest-key"    // a key that is unknown, missing, written twice
	codeValue  = "manifest-value"  // a value of the wrong type or out of range
)

// reader reads one manifest and gathers its problems.
type reader struct {
	text     []byte
	file     string
	problems []problem
	keys     int // of all tables
}

// problem is a diagnostic before its place is counted in lines, which is worth
// doing for the few that are shown only.
type problem struct {
	start, end               int
	code, key, message, hint string
	first                    *node // where the same key was written before
}

// add records a problem at text[start:end].
func (r *reader) add(start, end int, code, key, message, hint string) {
	r.problems = append(r.problems, problem{start: start, end: end, code: code, key: key, message: message, hint: hint})
}

// at records a problem of node n.
func (r *reader) at(n *node, code, key, message, hint string) {
	r.add(n.start, n.end, code, key, message, hint)
}

// finish returns the problems in order, at most MaxManifestProblems.
func (r *reader) finish() diag.List {
	slices.SortStableFunc(r.problems, func(a, b problem) int { return cmp.Compare(a.start, b.start) })
	var list diag.List
	for _, p := range r.problems[:min(len(r.problems), MaxManifestProblems)] {
		d := diag.Diagnostic{Span: diag.SpanOf(r.file, r.text, p.start, p.end), Code: p.code, Key: p.key, Message: p.message}
		if p.hint != "" {
			d.Fix = &diag.Fix{Label: p.hint}
		}
		if p.first != nil {
			d.Notes = []diag.Note{{Text: "first written here", Span: diag.SpanOf(r.file, r.text, p.first.keyStart, p.first.keyEnd)}}
		}
		list.Add(d)
	}
	if hidden := len(r.problems) - len(list); hidden > 0 {
		last := &list[len(list)-1]
		last.Notes = append(last.Notes, diag.Note{Text: fmt.Sprintf("%d more problems are not shown", hidden)})
	}
	return list
}

// node is a value of the document and where it is written.
type node struct {
	kind       unstable.Kind // Table, Array, String, Integer, Bool, Float or a date
	start, end int           // of the value, or of the key where the value has no place of its own
	keyStart   int           // of the key; 0 for elements of a list
	keyEnd     int
	str        string  // String: its value; others: as written
	keys       []entry // Table, in file order
	index      map[string]*node
	items      []*node // Array
	defined    bool    // Table: has its [header], or is written inline
	sealed     bool    // Table: written inline or by dotted keys; Array: written inline
}

type entry struct {
	name string
	node *node
}

func (n *node) get(name string) *node { return n.index[name] }

func (r *reader) put(n *node, name string, v *node) {
	r.keys++
	if n.index == nil {
		n.index = map[string]*node{}
	}
	n.index[name] = v
	n.keys = append(n.keys, entry{name, v})
}

// tree reads the document: nil after a syntax error. Keys written twice are
// reported, and the first one stays.
//
// The unstable parser of the library knows the grammar and the places but not
// which keys are in conflict, so that is decided here, by the rules of TOML 1.0
// for headers and dotted keys; the library's own decoder then reads the same
// text and has the last word on whether it is valid.
func (r *reader) tree() *node {
	root := &node{kind: unstable.Table, defined: true}
	current := root
	var p unstable.Parser
	p.Reset(r.text)
	for p.NextExpression() {
		switch e := p.Expression(); e.Kind {
		case unstable.Table, unstable.ArrayTable:
			current = r.header(root, &p, e)
		case unstable.KeyValue:
			r.keyValue(current, &p, e)
		}
	}
	if err := p.Error(); err != nil {
		start, end := 0, 0
		var pe *unstable.ParserError
		if errors.As(err, &pe) {
			hit := p.Range(pe.Highlight)
			start, end = int(hit.Offset), int(hit.Offset+hit.Length)
		}
		r.add(start, end, codeSyntax, "", plainMessage(err), "")
		return nil
	}
	if r.keys > MaxManifestKeys {
		r.add(0, 0, codeValue, "", fmt.Sprintf("the manifest has %d keys, above the limit of %d", r.keys, MaxManifestKeys), "")
		return nil
	}
	if len(r.problems) == 0 {
		var all map[string]any
		if err := toml.Unmarshal(r.text, &all); err != nil {
			r.decodeError(err)
			return nil
		}
	}
	return root
}

// decodeError records what the library's decoder found.
func (r *reader) decodeError(err error) {
	offset := 0
	var de *toml.DecodeError
	if errors.As(err, &de) {
		row, column := de.Position()
		for line := 1; line < row && offset < len(r.text); offset++ {
			if r.text[offset] == '\n' {
				line++
			}
		}
		offset += column - 1
	}
	r.add(offset, offset, codeSyntax, "", plainMessage(err), "")
}

func plainMessage(err error) string { return strings.TrimPrefix(err.Error(), "toml: ") }

// header enters [a.b] or [[a.b]] and returns the table that follows it. After a
// conflict that is a table outside the tree, so that its keys do no harm.
func (r *reader) header(root *node, p *unstable.Parser, e *unstable.Node) *node {
	table, path := root, ""
	for it := e.Key(); it.Next(); {
		key := it.Node()
		name := string(key.Data)
		path = joinKey(path, name)
		start, end := span(key)
		next := table.get(name)
		last := it.IsLast()
		if next == nil {
			next = &node{kind: unstable.Table, start: start, end: end, keyStart: start, keyEnd: end}
			if last && e.Kind == unstable.ArrayTable {
				next.kind = unstable.Array
			}
			r.put(table, name, next)
		}
		switch {
		case last && e.Kind == unstable.ArrayTable:
			if next.kind != unstable.Array || next.sealed {
				return r.twice(start, end, path, next)
			}
			next.items = append(next.items, &node{kind: unstable.Table, start: start, end: end, defined: true})
		case next.kind == unstable.Array && !next.sealed && len(next.items) > 0 && !last:
		case next.kind != unstable.Table || next.sealed && next.defined || last && (next.sealed || next.defined):
			return r.twice(start, end, path, next)
		}
		if next.kind == unstable.Array {
			next = next.items[len(next.items)-1]
		}
		if last {
			next.defined = true
		}
		table = next
	}
	return table
}

// twice records that a key was written before and returns a table to go on with.
func (r *reader) twice(start, end int, path string, first *node) *node {
	r.add(start, end, codeKey, path, path+" is written twice", "keep one of the two")
	r.problems[len(r.problems)-1].first = first
	return &node{kind: unstable.Table}
}

// keyValue puts a (possibly dotted) key and its value into table.
func (r *reader) keyValue(table *node, p *unstable.Parser, e *unstable.Node) {
	path := ""
	for it := e.Key(); it.Next(); {
		key := it.Node()
		name := string(key.Data)
		path = joinKey(path, name)
		start, end := span(key)
		next := table.get(name)
		if it.IsLast() {
			if next != nil {
				r.twice(start, end, path, next)
				return
			}
			v := r.value(p, e.Value(), start, end)
			v.keyStart, v.keyEnd = start, end
			r.put(table, name, v)
			return
		}
		switch {
		case next == nil:
			next = &node{kind: unstable.Table, start: start, end: end, keyStart: start, keyEnd: end, sealed: true}
			r.put(table, name, next)
		case next.kind != unstable.Table || !next.sealed || next.defined:
			r.twice(start, end, path, next)
			return
		}
		table = next
	}
}

// value copies a value out of the parser, which reuses its memory. Where the
// parser knows no place for it, the key's is taken.
func (r *reader) value(p *unstable.Parser, v *unstable.Node, start, end int) *node {
	n := &node{kind: v.Kind, start: start, end: end, str: string(v.Data)}
	if v.Raw.Length > 0 {
		n.start, n.end = span(v)
	}
	switch v.Kind {
	case unstable.Array:
		n.sealed = true
		for it := v.Children(); it.Next(); {
			n.items = append(n.items, r.value(p, it.Node(), start, end))
		}
	case unstable.InlineTable:
		n.kind, n.sealed, n.defined = unstable.Table, true, true
		for it := v.Children(); it.Next(); {
			r.keyValue(n, p, it.Node())
		}
	}
	return n
}

func span(n *unstable.Node) (start, end int) {
	return int(n.Raw.Offset), int(n.Raw.Offset + n.Raw.Length)
}

// joinKey appends a key to a dotted path, quoted where a bare key would not do.
func joinKey(path, name string) string {
	if name == "" || strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") != "" {
		name = quote(name)
	}
	if path == "" {
		return name
	}
	return path + "." + name
}
