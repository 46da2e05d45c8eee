package lint

import (
	"fmt"
	"strings"
)

const markerEnd = "<!-- end -->"

// Splice returns doc with the text between the line `<!-- generated: name -->`
// and the next line `<!-- end -->` replaced by table. It fails when the markers
// are not there exactly once.
func Splice(doc, name, table string) (string, error) {
	begin := "<!-- generated: " + name + " -->\n"
	if strings.Count(doc, begin) != 1 {
		return "", fmt.Errorf("want the line %q once, found it %d times", strings.TrimSpace(begin), strings.Count(doc, begin))
	}
	head, rest, _ := strings.Cut(doc, begin)
	_, tail, ok := strings.Cut(rest, markerEnd)
	if !ok {
		return "", fmt.Errorf("no line %q after %q", markerEnd, strings.TrimSpace(begin))
	}
	return head + begin + table + markerEnd + tail, nil
}

// MarkdownTable writes a table in Markdown. Bars inside cells are escaped.
func MarkdownTable(head []string, rows [][]string) string {
	var b strings.Builder
	row := func(cells []string) {
		b.WriteString("|")
		for _, c := range cells {
			b.WriteString(" " + strings.ReplaceAll(c, "|", `\|`) + " |")
		}
		b.WriteString("\n")
	}
	row(head)
	b.WriteString(strings.Repeat("|---", len(head)) + "|\n")
	for _, r := range rows {
		row(r)
	}
	return b.String()
}
