package cli

import (
	"sort"
	"strings"
)

// nearest returns at most three of names that a typist of word may have meant,
// best first: those within a third of its length in edits (at least two), or
// that begin with it. Case and the choice of - or _ do not count.
func nearest(word string, names []string) []string {
	fold := func(s string) string { return strings.ReplaceAll(strings.ToLower(s), "_", "-") }
	w := fold(word)
	type candidate struct {
		name string
		dist int
	}
	var found []candidate
	for _, n := range names {
		f := fold(n)
		d := edits(w, f)
		switch {
		case d <= max(2, len(w)/3) && d < len(f):
		case len(w) >= 2 && strings.HasPrefix(f, w):
		default:
			continue
		}
		found = append(found, candidate{n, d})
	}
	sort.SliceStable(found, func(i, j int) bool {
		if found[i].dist != found[j].dist {
			return found[i].dist < found[j].dist
		}
		return found[i].name < found[j].name
	})
	var out []string
	for _, c := range found[:min(len(found), 3)] {
		out = append(out, c.name)
	}
	return out
}

// didYouMean is a hint sentence: the nearest names if there are any, else rest.
func didYouMean(word string, names []string, rest string) string {
	near := nearest(word, names)
	if len(near) == 0 {
		return rest
	}
	return "did you mean " + strings.Join(near, " or ") + "?"
}

// edits counts single-letter insertions, deletions, substitutions and swaps of
// neighbours between two byte strings. Words longer than 256 bytes are cut.
func edits(a, b string) int {
	a, b = a[:min(len(a), 256)], b[:min(len(b), 256)]
	before := make([]int, len(b)+1)
	last := make([]int, len(b)+1)
	row := make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(row[j-1]+1, last[j]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
