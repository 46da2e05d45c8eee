package cli

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

func helpCommand() command {
	return command{
		name: "help", operands: "[COMMAND]", max: 2, lenient: true,
		short: "show the help of a command",
		examples: []example{
			{"vudo help run", "the same as vudo run --help"},
		},
		run: func(s *session, args []string) (*result, error) {
			table, name := commands(), strings.Join(args, " ")
			if name != "" && find(table, name) == nil && len(words(table, name)) == 0 {
				return nil, usage(didYouMean(args[0], words(table, ""), "vudo --help lists the commands"), "unknown command %q for vudo", name)
			}
			return s.help(table, name)
		},
		complete: func(_ *session, args []string) []string { return words(commands(), strings.Join(args, " ")) },
	}
}

// help shows the page of a command, of a group or of vudo itself.
func (s *session) help(table []command, name string) (*result, error) {
	var page string
	if row := find(table, name); row != nil {
		page = commandHelp(row, s.out.width())
	} else {
		page = groupHelp(table, name, s.out.width())
	}
	s.command = "help"
	return &result{
		data: map[string]string{"command": name, "text": page},
		text: func(out *terminal) { fmt.Fprint(out.w, page) },
	}, nil
}

func groupHelp(table []command, group string, width int) string {
	var b strings.Builder
	path, usage := "vudo", "vudo COMMAND [flags]"
	if group == "" {
		b.WriteString("vudo runs WebAssembly that nobody has to trust, under an exact meter.\n")
	} else {
		path += " " + group
		usage = path + " COMMAND [flags]"
		fmt.Fprintf(&b, "%s: %s.\n", path, groupText[group])
	}
	fmt.Fprintf(&b, "\nUsage:\n  %s\n\nCommands:\n", usage)
	var rows [][2]string
	for _, w := range words(table, group) {
		full := strings.TrimSpace(group + " " + w)
		if row := find(table, full); row != nil {
			rows = append(rows, [2]string{w, row.short})
			continue
		}
		rows = append(rows, [2]string{w + " " + strings.Join(words(table, full), "|"), groupText[full]})
	}
	writeRows(&b, rows, width)
	b.WriteString("\nGlobal flags:\n")
	writeRows(&b, flagRows(globalFlags), width)
	b.WriteString("\nExample:\n")
	if group == "" {
		b.WriteString("  vudo run examples/hello-world greet Ada\n")
	} else {
		for i := range table {
			if strings.HasPrefix(table[i].name, group+" ") && len(table[i].examples) > 0 {
				fmt.Fprintf(&b, "  %s\n", table[i].examples[0].line)
				break
			}
		}
	}
	fmt.Fprintf(&b, "\nMore about a command: %s COMMAND --help\n", path)
	return b.String()
}

func commandHelp(row *command, width int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "vudo %s: %s.\n\nUsage:\n  %s\n", row.name, row.short, usageLine(row))
	if row.long != "" {
		for _, p := range strings.Split(row.long, "\n\n") {
			b.WriteString("\n" + wrap(p, "", width) + "\n")
		}
	}
	if len(row.flags) > 0 {
		b.WriteString("\nFlags:\n")
		writeRows(&b, flagRows(row.flags), width)
	}
	b.WriteString("\nGlobal flags:\n")
	writeRows(&b, flagRows(globalFlags), width)
	if len(row.examples) > 0 {
		b.WriteString("\nExamples:\n")
		for _, e := range row.examples {
			if e.shows != "" {
				fmt.Fprintf(&b, "  # %s\n", e.shows)
			}
			fmt.Fprintf(&b, "  %s\n", e.line)
		}
	}
	return b.String()
}

func usageLine(row *command) string {
	return strings.Join(strings.Fields("vudo "+row.name+" "+row.operands+" [flags]"), " ")
}

func flagRows(flags []flagSpec) [][2]string {
	var rows [][2]string
	for _, f := range flags {
		left := "    --" + f.name
		if f.short != "" {
			left = "-" + f.short + ", --" + f.name
		}
		if f.value != "" {
			left += " " + f.value
		}
		text := f.usage
		if f.many && f.value != "" {
			text += "; may be repeated"
		}
		rows = append(rows, [2]string{left, text})
	}
	return rows
}

// writeRows aligns two columns; a long left part gets a line of its own.
func writeRows(b *strings.Builder, rows [][2]string, width int) {
	const most = 30
	left := 0
	for _, r := range rows {
		if n := utf8.RuneCountInString(r[0]); n <= most {
			left = max(left, n)
		}
	}
	indent := strings.Repeat(" ", left+4)
	for _, r := range rows {
		text := wrap(r[1], indent, width)
		if utf8.RuneCountInString(r[0]) > left {
			fmt.Fprintf(b, "  %s\n%s%s\n", r[0], indent, text)
			continue
		}
		fmt.Fprintf(b, "  %-*s  %s\n", left, r[0], text)
	}
}

// wrap breaks text at blanks to fit width; each line but the first begins with
// indent. Lines that the text itself breaks stay broken.
func wrap(text, indent string, width int) string {
	room := max(width-utf8.RuneCountInString(indent)-1, 30)
	var lines []string
	for _, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, "  ") {
			lines = append(lines, line)
			continue
		}
		current := ""
		for _, word := range strings.Fields(line) {
			if current != "" && utf8.RuneCountInString(current)+1+utf8.RuneCountInString(word) > room {
				lines = append(lines, current)
				current = ""
			}
			if current != "" {
				current += " "
			}
			current += word
		}
		lines = append(lines, current)
	}
	return strings.Join(lines, "\n"+indent)
}
