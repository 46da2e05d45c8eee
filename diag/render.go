package diag

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"
)

// MaxNotes is how many notes Render prints of one diagnostic.
const MaxNotes = 3

// tabStop is how far apart tabs reach in the rendering.
const tabStop = 4

// maxLine is how many characters of a source line are shown; of a longer one,
// the part around the span.
const maxLine = 160

// Renderer prints diagnostics for people: message, place, the marked line, notes
// and the fix. The zero Renderer prints without source lines and colour.
type Renderer struct {
	// Source returns the text of a file as the spans name it, or false.
	Source func(file string) ([]byte, bool)
	Color  bool
}

// Render writes l to w, a blank line between two diagnostics. Text that comes
// from files is escaped (Escape); every line ends with a newline.
func (r Renderer) Render(w io.Writer, l List) error {
	b := bufio.NewWriter(w)
	for i := range l {
		if i > 0 {
			b.WriteByte('\n')
		}
		r.one(b, &l[i])
	}
	return b.Flush()
}

func (r Renderer) one(b *bufio.Writer, d *Diagnostic) {
	head := d.Severity.String()
	if d.Code != "" {
		head += "[" + Escape(d.Code) + "]"
	}
	fmt.Fprintf(b, "%s: %s\n", r.paint(d.Severity, head), Escape(d.Message))
	margin := r.place(b, d.Span, d.Mark, d.Severity)
	for i, n := range d.Notes {
		if i == MaxNotes {
			break
		}
		fmt.Fprintf(b, "%s= note: %s", margin, Escape(n.Text))
		if at := n.Span.String(); at != "-" {
			fmt.Fprintf(b, " (%s)", Escape(at))
		}
		b.WriteByte('\n')
	}
	if d.Fix != nil && d.Fix.Label != "" {
		fmt.Fprintf(b, "%s= fix: %s\n", margin, Escape(d.Fix.Label))
	}
}

// minNumber is how many cells the line numbers have at least, so that most
// diagnostics stand below one another.
const minNumber = 2

// place prints where s is and the marked lines, and returns what the lines
// below begin with. Of a span over several lines the first and the last are
// shown.
func (r Renderer) place(b *bufio.Writer, s Span, mark string, severity Severity) string {
	at := s.String()
	if at == "-" {
		return "  "
	}
	first, ok := r.line(s.File, s.Start)
	if !ok {
		fmt.Fprintf(b, "  --> %s\n", Escape(at))
		return "  "
	}
	last, number := r.lastLine(s)
	width := max(minNumber, len(fmt.Sprint(max(number, s.Start.Line))))
	blank := strings.Repeat(" ", width+1)
	fmt.Fprintf(b, "%s--> %s\n%s|\n", blank[1:], Escape(at), blank)

	line := func(number int, text []byte, from, to int, mark string) {
		shown, before, under := marked(text, from, to)
		fmt.Fprintf(b, "%*d |%s\n", width, number, trimRight(" "+shown))
		carets := strings.Repeat("^", max(under, 1))
		if mark != "" {
			carets += " " + Escape(mark)
		}
		fmt.Fprintf(b, "%s| %s%s\n", blank, strings.Repeat(" ", before), r.paint(severity, carets))
	}
	from, to := s.Start.Column-1, s.Start.Column
	switch {
	case number > s.Start.Line:
		line(s.Start.Line, first, from, max(utf8.RuneCount(first), to), "")
		if number > s.Start.Line+1 {
			b.WriteString("...\n")
		}
		indent := len(last) - len(bytes.TrimLeft(last, " \t"))
		line(number, last, indent, min(s.End.Column-1, utf8.RuneCount(last)), mark)
	case s.End.Line > s.Start.Line: // up to a line break
		line(s.Start.Line, first, from, max(utf8.RuneCount(first), to), mark)
	default:
		line(s.Start.Line, first, from, max(s.End.Column-1, to), mark)
	}
	return blank
}

func trimRight(s string) string { return strings.TrimRight(s, " ") }

// line returns the source line on which p lies.
func (r Renderer) line(file string, p Position) ([]byte, bool) {
	if r.Source == nil || !p.Known() {
		return nil, false
	}
	text, ok := r.Source(file)
	if !ok || p.Offset < 0 || p.Offset > len(text) {
		return nil, false
	}
	begin := bytes.LastIndexByte(text[:p.Offset], '\n') + 1
	line := text[begin:]
	if end := bytes.IndexByte(line, '\n'); end >= 0 {
		line = line[:end]
	}
	return bytes.TrimSuffix(line, []byte("\r")), true
}

// lastLine returns the line on which s ends and its number, or the number 0 when
// s has only white space on lines behind its first.
func (r Renderer) lastLine(s Span) ([]byte, int) {
	if s.End.Line <= s.Start.Line {
		return nil, 0
	}
	line, ok := r.line(s.File, s.End)
	if !ok || s.End.Column < 2 {
		return nil, 0
	}
	if text := []rune(string(line)); len(strings.TrimSpace(string(text[:min(len(text), s.End.Column-1)]))) == 0 {
		return nil, 0
	}
	return line, s.End.Line
}

// marked returns the line as it is shown, and of the characters from up to to
// the cells before them and below them.
func marked(line []byte, from, to int) (text string, before, under int) {
	var b strings.Builder
	first, shown := max(0, from-maxLine/2), 0
	if first > 0 {
		b.WriteString("... ")
	}
	width := b.Len()
	for column := 0; len(line) > 0; column++ {
		c, n := utf8.DecodeRune(line)
		piece := Escape(string(line[:n]))
		line = line[n:]
		if column < first {
			continue
		}
		if shown++; shown > maxLine {
			b.WriteString(" ...")
			break
		}
		cells := displaywidth.String(piece)
		if c == '\t' {
			cells = tabStop - width%tabStop
			piece = strings.Repeat(" ", cells)
		}
		b.WriteString(piece)
		switch {
		case column < from:
			before += cells
		case column < to:
			under += cells
		}
		width += cells
	}
	if first > 0 {
		before += len("... ")
	}
	return b.String(), before, under
}

func (r Renderer) paint(s Severity, text string) string {
	if !r.Color {
		return text
	}
	color := "31" // red
	switch s {
	case Warning:
		color = "33"
	case Hint:
		color = "36"
	}
	return "\x1b[1;" + color + "m" + text + "\x1b[0m"
}

// The JSON shapes. Fields are only ever added.
type (
	jsonDiagnostic struct {
		File     string     `json:"file"`
		Line     int        `json:"line"`
		Col      int        `json:"col"`
		EndLine  int        `json:"endLine"`
		EndCol   int        `json:"endCol"`
		Code     string     `json:"code"`
		Severity string     `json:"severity"`
		Message  string     `json:"message"`
		Key      string     `json:"key,omitempty"`
		Notes    []jsonNote `json:"notes"`
		Fix      *jsonFix   `json:"fix"`
	}
	jsonNote struct {
		Text string `json:"text"`
		File string `json:"file,omitempty"`
		Line int    `json:"line,omitempty"`
		Col  int    `json:"col,omitempty"`
	}
	jsonFix struct {
		Label string     `json:"label"`
		Edits []jsonEdit `json:"edits"`
	}
	jsonEdit struct {
		File        string `json:"file"`
		Offset      int    `json:"offset"`
		EndOffset   int    `json:"endOffset"`
		Replacement string `json:"replacement"`
	}
)

// RenderJSON writes one JSON object per diagnostic and line. Places that are
// not known have line and column 0.
func RenderJSON(w io.Writer, l List) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for i := range l {
		if err := enc.Encode(l[i].JSON()); err != nil {
			return err
		}
	}
	return nil
}

// JSON returns the value that RenderJSON writes for d, for embedding in another
// JSON document.
func (d *Diagnostic) JSON() any {
	end := d.Span.End
	if !end.Known() {
		end = d.Span.Start
	}
	j := jsonDiagnostic{
		File: d.Span.File, Line: d.Span.Start.Line, Col: d.Span.Start.Column,
		EndLine: end.Line, EndCol: end.Column,
		Code: d.Code, Severity: d.Severity.String(), Message: d.Message, Key: d.Key,
		Notes: []jsonNote{},
	}
	for _, n := range d.Notes {
		j.Notes = append(j.Notes, jsonNote{n.Text, n.Span.File, n.Span.Start.Line, n.Span.Start.Column})
	}
	if d.Fix != nil {
		j.Fix = &jsonFix{Label: d.Fix.Label, Edits: []jsonEdit{}}
		for _, e := range d.Fix.Edits {
			j.Fix.Edits = append(j.Fix.Edits, jsonEdit{cmp.Or(e.Span.File, d.Span.File), e.Span.Start.Offset, e.Span.End.Offset, e.Text})
		}
	}
	return j
}
