package cli

import (
	"fmt"
	"strings"
)

// manualMark opens every page, so that a page can be told from a foreign file.
const manualMark = ".\\\" A page of the vudo manual, made from its command table.\n"

func manualName(row *command) string {
	return "vudo-" + strings.ReplaceAll(row.name, " ", "-")
}

// manualOverview is vudo(1).
func manualOverview(table []command) string {
	var b strings.Builder
	b.WriteString(manualMark)
	b.WriteString(".TH VUDO 1\n.SH NAME\nvudo \\- run WebAssembly that nobody has to trust\n")
	b.WriteString(".SH SYNOPSIS\n.B vudo\n.I COMMAND\n[flags]\n.SH COMMANDS\n")
	for i := range table {
		row := &table[i]
		if !row.hidden {
			fmt.Fprintf(&b, ".TP\n.BR %s (1)\n%s\n", roff(manualName(row)), roff(row.short))
		}
	}
	b.WriteString(".SH GLOBAL FLAGS\n")
	manualFlags(&b, globalFlags)
	b.WriteString(".SH EXIT STATUS\n")
	for _, e := range exitTable {
		fmt.Fprintf(&b, ".TP\n.B %d\n%s\n", e.code, roff(e.text))
	}
	b.WriteString(".SH FILES\n.TP\n.I $VUDO_HOME/config.toml\nsettings; vudo doctor \\-\\-config shows them\n")
	return b.String()
}

// exitTable is what the process's exit codes mean.
var exitTable = []struct {
	code int
	text string
}{
	{exitOK, "done"},
	{exitFailure, "failure: a trap, an invalid module, an application error, I/O"},
	{exitUsage, "usage: flag, operand or config file"},
	{exitDenied, "capability denied or consent missing"},
	{exitLimit, "limit hit: fuel, time, memory, stack, output, size"},
	{exitNotFound, "not found: a path, export or build"},
	{exitInterrupted, "interrupted"},
}

// manualPage is the page of one command.
func manualPage(row *command) string {
	var b strings.Builder
	name := manualName(row)
	b.WriteString(manualMark)
	fmt.Fprintf(&b, ".TH %s 1\n.SH NAME\n%s \\- %s\n.SH SYNOPSIS\n%s\n", roff(strings.ToUpper(name)), roff(name), roff(row.short), roff(usageLine(row)))
	if row.long != "" {
		b.WriteString(".SH DESCRIPTION\n")
		for _, p := range strings.Split(row.long, "\n\n") {
			if strings.HasPrefix(p, "  ") {
				fmt.Fprintf(&b, ".PP\n.nf\n%s\n.fi\n", roff(p))
				continue
			}
			fmt.Fprintf(&b, ".PP\n%s\n", roff(p))
		}
	}
	if len(row.flags) > 0 {
		b.WriteString(".SH FLAGS\n")
		manualFlags(&b, row.flags)
	}
	b.WriteString(".SH GLOBAL FLAGS\n")
	manualFlags(&b, globalFlags)
	if len(row.examples) > 0 {
		b.WriteString(".SH EXAMPLES\n")
		for _, e := range row.examples {
			fmt.Fprintf(&b, ".TP\n.B %s\n%s\n", roff(e.line), roff(e.shows))
		}
	}
	b.WriteString(".SH SEE ALSO\n.BR vudo (1)\n")
	return b.String()
}

func manualFlags(b *strings.Builder, flags []flagSpec) {
	for _, f := range flags {
		left := "--" + f.name
		if f.short != "" {
			left = "-" + f.short + ", " + left
		}
		if f.value != "" {
			left += " " + f.value
		}
		fmt.Fprintf(b, ".TP\n.B %s\n%s\n", roff(left), roff(f.usage))
	}
}

// roff escapes text for a manual page: backslashes, hyphens that must stay
// hyphens, and lines that would read as requests.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(s)
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, ".") || strings.HasPrefix(l, "'") {
			lines[i] = `\&` + l
		}
	}
	return strings.Join(lines, "\n")
}
