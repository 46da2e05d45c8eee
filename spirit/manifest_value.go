package spirit

import (
	"fmt"
	"maps"
	"math"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/univrs/vudo/diag"
)

// This file checks single values of a manifest: each method reads one node and
// records what is wrong with it. A method that returns false has recorded why.

// known maps the keys that a table may hold to what reads them.
type known map[string]func(key string, n *node)

// table reads every key of n with its function and records those that have none.
func (r *reader) table(n *node, key string, keys known) {
	if !r.isTable(n, key) {
		return
	}
	names := slices.Sorted(maps.Keys(keys))
	for _, e := range n.keys {
		path := joinKey(key, e.name)
		if read, ok := keys[e.name]; ok {
			read(path, e.node)
			continue
		}
		hint := ""
		if len(r.problems) < 4*MaxManifestProblems { // a file full of them is shown in part only
			hint = keyHint(e.name, key, names)
		}
		r.add(e.node.keyStart, e.node.keyEnd, codeKey, path, "unknown key "+path, hint)
	}
}

// keyHint says what may stand in the table key instead of name.
func keyHint(name, key string, names []string) string {
	if near := nearest(strings.ToLower(name), names); len(near) > 0 {
		return "did you mean " + orList(near) + "?"
	}
	if key == "" {
		return "the tables are " + strings.Join(names, ", ") + "; [metadata] is free for anything"
	}
	return "the keys here are " + strings.Join(names, ", ")
}

// each reads every key of n, whose names are the user's own, with one function.
func (r *reader) each(n *node, key string, read func(name, key string, n *node)) {
	if !r.isTable(n, key) {
		return
	}
	for _, e := range n.keys {
		read(e.name, joinKey(key, e.name), e.node)
	}
}

func (r *reader) isTable(n *node, key string) bool {
	if n.kind == unstable.Table {
		return true
	}
	r.wrong(n, key, "a table")
	return false
}

// wrong records a value of the wrong type.
func (r *reader) wrong(n *node, key, want string) {
	hint := ""
	if want == "text" && n.kind != unstable.Table && n.kind != unstable.Array {
		hint = "write it in quotes: " + strconv.Quote(n.str)
	}
	r.at(n, codeValue, key, fmt.Sprintf("%s must be %s, not %s", key, want, kindWord(n.kind)), hint)
}

func kindWord(k unstable.Kind) string {
	switch k {
	case unstable.Table:
		return "a table"
	case unstable.Array:
		return "a list"
	case unstable.String:
		return "text"
	case unstable.Integer:
		return "a number"
	case unstable.Float:
		return "a number with a fraction"
	case unstable.Bool:
		return "true or false"
	}
	return "a date or time"
}

// line reads a text of at most limit characters, all of them printable.
func (r *reader) line(n *node, key string, limit int) (string, bool) {
	if n.kind != unstable.String {
		r.wrong(n, key, "text")
		return "", false
	}
	switch count := utf8.RuneCountInString(n.str); {
	case !diag.Printable(n.str):
		r.at(n, codeValue, key, key+" has a control or bidirectional character", "leave it out: "+strconv.Quote(diag.Escape(n.str)))
	case count > limit:
		r.at(n, codeValue, key, fmt.Sprintf("%s has %d characters, above the limit of %d", key, count, limit), "")
	default:
		return n.str, true
	}
	return "", false
}

// checked reads a text of at most limit characters that check accepts; the
// error of check is a phrase that follows the key.
func (r *reader) checked(n *node, key string, limit int, check func(string) error) (string, bool) {
	s, ok := r.line(n, key, limit)
	if !ok {
		return "", false
	}
	if err := check(s); err != nil {
		r.at(n, codeValue, key, key+" "+err.Error(), "")
		return "", false
	}
	return s, true
}

// oneOf reads one word of a fixed list.
func (r *reader) oneOf(n *node, key string, words []string) (string, bool) {
	s, ok := r.line(n, key, math.MaxInt32)
	if !ok || slices.Contains(words, s) {
		return s, ok
	}
	hint := "write " + orList(words)
	if near := nearest(strings.ToLower(s), words); len(near) > 0 {
		hint = "did you mean " + orList(near) + "?"
	}
	r.at(n, codeValue, key, fmt.Sprintf("%s cannot be %q", key, s), hint)
	return "", false
}

// integer reads a whole number from low to high.
func (r *reader) integer(n *node, key string, low, high uint64) (uint64, bool) {
	if n.kind != unstable.Integer {
		r.wrong(n, key, "a whole number")
		return 0, false
	}
	text := strings.ReplaceAll(strings.TrimPrefix(n.str, "+"), "_", "")
	v, err := strconv.ParseUint(text, 0, 64)
	if len(text) > 1 && text[0] == '0' && '0' <= text[1] && text[1] <= '9' {
		err = strconv.ErrSyntax // TOML has no such number; never read it as octal
	}
	if text == "-0" {
		v, err = 0, nil
	}
	if err != nil || v < low || v > high {
		r.at(n, codeValue, key, fmt.Sprintf("%s is %s, outside %d to %d", key, n.str, low, high), "")
		return 0, false
	}
	return v, true
}

func (r *reader) boolean(n *node, key string) bool {
	if n.kind != unstable.Bool {
		r.wrong(n, key, "true or false")
		return false
	}
	return n.str == "true"
}

// list reads a list of at most limit elements.
func (r *reader) list(n *node, key string, limit int) []*node {
	if n.kind != unstable.Array {
		r.wrong(n, key, "a list")
		return nil
	}
	if len(n.items) > limit {
		r.at(n, codeValue, key, fmt.Sprintf("%s has %d entries, above the limit of %d", key, len(n.items), limit), "")
		return n.items[:limit]
	}
	return n.items
}

// words reads a list of different words that check accepts.
func (r *reader) words(n *node, key string, limit int, check func(string) error) []string {
	var out []string
	for i, item := range r.list(n, key, limit) {
		s, ok := r.checked(item, fmt.Sprintf("%s[%d]", key, i), math.MaxInt32, check)
		if !ok {
			continue
		}
		if slices.Contains(out, s) {
			r.at(item, codeValue, key, fmt.Sprintf("%s names %q twice", key, s), "keep one of the two")
			continue
		}
		out = append(out, s)
	}
	return out
}

var keyword = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)

func checkKeyword(s string) error {
	if !keyword.MatchString(s) {
		return fmt.Errorf("is %q: 1 to 32 lower-case letters, digits and '-' are expected", s)
	}
	return nil
}

func checkURL(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || strings.Contains(s, " ") {
		return fmt.Errorf("is %q: a whole https:// address is expected", s)
	}
	return nil
}

// checkLicense accepts the grammar of SPDX expressions: identifiers joined by
// AND, OR and WITH, with brackets. Whether an identifier is on the list of
// licenses is not checked: the list grows.
func checkLicense(s string) error {
	bad := fmt.Errorf("is %q: an SPDX expression such as Apache-2.0 or MIT OR Apache-2.0 is expected", s)
	wantName, depth, words := true, 0, 0
	for _, w := range strings.Fields(strings.NewReplacer("(", " ( ", ")", " ) ").Replace(s)) {
		switch {
		case w == "(" && wantName:
			depth++
		case w == ")" && !wantName && depth > 0:
			depth--
		case (w == "AND" || w == "OR" || w == "WITH") && !wantName:
			wantName = true
		case wantName && spdxName.MatchString(w) && w != "AND" && w != "OR" && w != "WITH":
			wantName = false
			words++
		default:
			return bad
		}
	}
	if wantName || depth != 0 || words == 0 {
		return bad
	}
	return nil
}

var spdxName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.:-]*\+?$`)

// checkInside accepts a path below the project, the same on every system.
func checkInside(s string) error {
	if s == "" || strings.ContainsAny(s, `\:`) || path.IsAbs(s) || path.Clean(s) != s || s == ".." || strings.HasPrefix(s, "../") {
		return fmt.Errorf("is %q: a path inside the project is expected, with '/' between its parts and no '..'", s)
	}
	return nil
}

// checkRelative accepts the path of another project.
func checkRelative(s string) error {
	if s == "" || strings.ContainsAny(s, `\:`) || path.IsAbs(s) {
		return fmt.Errorf("is %q: a relative path is expected, with '/' between its parts", s)
	}
	return nil
}

// checkRef accepts name and @owner/name.
func checkRef(s string) error {
	name := s
	if owned, ok := strings.CutPrefix(s, "@"); ok {
		owner, rest, ok := strings.Cut(owned, "/")
		if !ok {
			return fmt.Errorf("is %q: name or @owner/name is expected", s)
		}
		if err := CheckName(owner); err != nil {
			return fmt.Errorf("has an owner that %w", err)
		}
		name = rest
	}
	return CheckName(name)
}

// checkPort accepts what an export's input or output can be, in canonical form.
func checkPort(s string) error {
	switch s {
	case "bytes", "text", "json", "none":
		return nil
	}
	for part := range strings.SplitSeq(s, ", ") {
		switch part {
		case "i32", "i64", "f32", "f64":
		default:
			return fmt.Errorf("is %q: bytes, text, json, none, or scalars such as \"i32, i64\" are expected", s)
		}
	}
	return nil
}

func checkExport(s string) error {
	if s == "" {
		return fmt.Errorf("is empty: the name of an export is expected")
	}
	return nil
}
