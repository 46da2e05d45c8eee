package dol

import (
	"fmt"
	"strings"
)

// markdown makes pages that any renderer shows safely: text of the sources is
// escaped, code stands in fences that it cannot end, and raw HTML in
// documentation texts is made visible.
func (d *docSet) markdown() []Page {
	pages := []Page{{"index.md", []byte(d.markdownIndex())}}
	for _, m := range d.Modules {
		pages = append(pages, Page{m.Page + ".md", []byte(d.markdownModule(m))})
	}
	return pages
}

func (d *docSet) markdownIndex() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n", plainMarkdown(d.Title))
	if d.Text != "" {
		fmt.Fprintf(&b, "\n%s\n", plainMarkdown(d.Text))
	}
	codeList(&b, "Capabilities", d.Capabilities)
	b.WriteString("\n## Modules\n\n")
	for _, m := range d.Modules {
		fmt.Fprintf(&b, "- [%s](%s.md)", plainMarkdown(m.Name), m.Page)
		if line := firstLine(m.Docs); line != "" {
			b.WriteString(" – " + plainMarkdown(line))
		}
		b.WriteByte('\n')
	}
	if len(d.Graph) > 0 {
		b.WriteString("\n## What uses what\n\n| from | | to |\n|---|---|---|\n")
		for _, e := range d.Graph {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", d.linkMarkdown(e.From), e.Verb, d.linkMarkdown(e.To))
		}
	}
	return b.String()
}

func codeList(b *strings.Builder, title string, list []string) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(b, "\n## %s\n\n", title)
	for _, x := range list {
		fmt.Fprintf(b, "- %s\n", codeMarkdown(x))
	}
}

func (d *docSet) linkMarkdown(name string) string {
	if to := target(d.names[name], ".md"); to != "" {
		return "[" + plainMarkdown(name) + "](" + to + ")"
	}
	return plainMarkdown(name)
}

func (d *docSet) markdownModule(m *docModule) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s", plainMarkdown(m.Name))
	if m.Version != "" {
		b.WriteString(" " + plainMarkdown(m.Version))
	}
	fmt.Fprintf(&b, "\n\n%s\n", plainMarkdown(m.File))
	docsMarkdown(&b, m.Docs)
	codeList(&b, "Capabilities", m.Capabilities)
	codeList(&b, "Imports", m.Imports)
	for _, x := range m.Decls {
		d.declMarkdown(&b, x, "##")
	}
	return b.String()
}

func (d *docSet) declMarkdown(b *strings.Builder, x *docDecl, level string) {
	kind := x.Kind
	if !x.Public {
		kind += ", private"
	}
	fmt.Fprintf(b, "\n<a id=\"%s\"></a>\n\n%s %s\n\n*%s, line %d*\n", x.Anchor, level, plainMarkdown(x.Name), kind, x.Line)
	if x.Signature != "" {
		fence := fenceFor(x.Signature)
		fmt.Fprintf(b, "\n%sdol\n%s\n%s\n", fence, x.Signature, fence)
	}
	docsMarkdown(b, x.Docs)
	list := func(title string, lines []string) {
		if len(lines) == 0 {
			return
		}
		fmt.Fprintf(b, "\n**%s**\n\n", title)
		for _, line := range lines {
			fmt.Fprintf(b, "- %s\n", line)
		}
	}
	list("Uses", mapped(x.Uses, d.linkMarkdown))
	list("Requires", mapped(x.Requires, plainMarkdown))
	list("Fields", mapped(x.Fields, memberMarkdown))
	list("Variants", mapped(x.Variants, memberMarkdown))
	list("Sentences", mapped(x.Sentences, plainMarkdown))
	list("Rules", mapped(x.Rules, ruleMarkdown))
	list("Laws", mapped(x.Laws, ruleMarkdown))
	list("History", mapped(x.History, evoMarkdown))
	for _, m := range x.Methods {
		d.declMarkdown(b, m, level+"#")
	}
}

func mapped[T any](list []T, f func(T) string) []string {
	out := make([]string, len(list))
	for i, x := range list {
		out[i] = f(x)
	}
	return out
}

func memberMarkdown(m docMember) string { return withDocs(codeMarkdown(m.Text), m.Docs) }

func ruleMarkdown(r docRule) string {
	text := strings.Join(mapped(r.Conditions, codeMarkdown), ", ")
	if r.Name != "" {
		text = plainMarkdown(r.Name) + ": " + text
	}
	return withDocs(text, r.Docs)
}

func evoMarkdown(e docEvo) string {
	text := plainMarkdown(e.New) + ", from " + plainMarkdown(e.Old) + ": " + strings.Join(mapped(e.Changes, plainMarkdown), "; ")
	for _, why := range e.Because {
		text += "; because " + plainMarkdown(why)
	}
	return withDocs(text, e.Docs)
}

// withDocs puts documentation behind a list item, as one paragraph.
func withDocs(text, docs string) string {
	if docs == "" {
		return text
	}
	return text + " – " + plainMarkdown(oneLine(docs))
}

// docsMarkdown copies a documentation text. Raw HTML outside of code shows as text.
func docsMarkdown(b *strings.Builder, docs string) {
	if docs == "" {
		return
	}
	b.WriteByte('\n')
	fence := ""
	for _, line := range strings.Split(docs, "\n") {
		word := strings.TrimSpace(line)
		switch {
		case fence == "" && (strings.HasPrefix(word, "```") || strings.HasPrefix(word, "~~~")):
			fence = word[:3]
		case fence != "" && strings.HasPrefix(word, fence):
			fence = ""
		case fence == "":
			line = visibleHTML(line)
		}
		b.WriteString(line + "\n")
	}
	if fence != "" {
		b.WriteString(fence + "\n") // an open fence would swallow the rest of the page
	}
}

// visibleHTML escapes what would begin raw HTML, except in code spans.
func visibleHTML(line string) string {
	parts := strings.Split(line, "`")
	for i := range parts {
		if i%2 == 0 || i == len(parts)-1 { // the last one is no code without a closing mark
			parts[i] = strings.ReplaceAll(parts[i], "<", `\<`)
		}
	}
	return strings.Join(parts, "`")
}

// plainMarkdown escapes text so that none of it is markup.
func plainMarkdown(s string) string {
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune("\\`*_{}[]<>()#+!|&~", r) {
			b.WriteByte('\\')
		}
		if r == '\n' {
			r = ' '
		}
		b.WriteRune(r)
	}
	return b.String()
}

// codeMarkdown is a code span that its text cannot end.
func codeMarkdown(s string) string {
	ticks := longestRun(s) + 1
	mark := strings.Repeat("`", ticks)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return mark + s + mark
}

func fenceFor(s string) string { return strings.Repeat("`", max(3, longestRun(s)+1)) }

// longestRun is the length of the longest run of backticks.
func longestRun(s string) int {
	most, run := 0, 0
	for _, r := range s {
		if r != '`' {
			run = 0
			continue
		}
		run++
		most = max(most, run)
	}
	return most
}
