package spirit

import "strings"

// nearest returns the words closest to word, at most three, all at the same
// edit distance and that distance at most 2 (1 for words of three letters and
// fewer). A '_' and a '-' count as a '.', so that a wrong separator alone
// still finds its word.
func nearest(word string, words []string) []string {
	if len(word) > 64 {
		return nil
	}
	best := 2
	if len(word) <= 3 {
		best = 1
	}
	plain := strings.NewReplacer("_", ".", "-", ".")
	word = plain.Replace(word)
	var near []string
	for _, w := range words {
		d := editDistance(word, plain.Replace(strings.ToLower(w)), best)
		if d < best {
			best, near = d, near[:0]
		}
		if d == best && len(near) < 3 {
			near = append(near, w)
		}
	}
	return near
}

// editDistance counts insertions, deletions, replacements and swaps of
// neighbours; anything above limit is returned as limit+1.
func editDistance(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
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
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return min(last[len(b)], limit+1)
}

// orList joins words for a question: "a", "a or b", "a, b or c".
func orList(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}
