package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/term"
)

// terminal is one of the two output streams as far as its reader matters.
type terminal struct {
	w     io.Writer
	file  *os.File // what w is, when it is a file
	tty   bool
	color bool
}

func newTerminal(w io.Writer) *terminal {
	f, ok := w.(*os.File)
	return &terminal{w: &checkedWriter{w: w}, file: f, tty: ok && term.IsTerminal(int(f.Fd()))}
}

// failed is the first error of a write, so that a result that did not arrive
// is not reported as a success.
func (t *terminal) failed() error {
	if c, ok := t.w.(*checkedWriter); ok {
		return c.err()
	}
	return nil
}

// checkedWriter keeps the first error of its writes. Guests write to stdout
// from goroutines of their own.
type checkedWriter struct {
	w     io.Writer
	mu    sync.Mutex
	first error
}

func (c *checkedWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	if err != nil {
		c.mu.Lock()
		if c.first == nil {
			c.first = err
		}
		c.mu.Unlock()
	}
	return n, err
}

func (c *checkedWriter) err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.first
}

// setColor applies --color, the config and NO_COLOR: auto means a terminal
// without NO_COLOR and not a dumb one.
func (t *terminal) setColor(mode string, getenv func(string) string) {
	switch mode {
	case "always":
		t.color = true
	case "never":
		t.color = false
	default:
		t.color = t.tty && getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"
	}
}

// display is the file itself where there is one: a progress display asks it
// for its size.
func (t *terminal) display() io.Writer {
	if t.file != nil {
		return t.file
	}
	return t.w
}

// width is the terminal's width in columns, 80 where there is none.
func (t *terminal) width() int {
	if t.file != nil && t.tty {
		if w, _, err := term.GetSize(int(t.file.Fd())); err == nil && w > 0 {
			return w
		}
	}
	return 80
}

// Styles are SGR parameters. Colour repeats what the words say already.
const (
	styleError   = "1;31"
	styleWarning = "1;33"
	styleHint    = "36"
	styleGood    = "32"
	styleBold    = "1"
)

func (t *terminal) paint(style, text string) string {
	if !t.color {
		return text
	}
	return "\x1b[" + style + "m" + text + "\x1b[0m"
}

func (t *terminal) line(format string, args ...any) {
	fmt.Fprintf(t.w, format+"\n", args...)
}

// escape makes foreign text safe to show: control characters, the C1 range,
// bidirectional overrides and bytes that are not UTF-8 appear as \x.., \u....
// Tabs stay. It changes nothing that it has escaped before.
func escape(s string) string {
	clean := true
	for _, r := range s {
		if hostile(r) || r == '\n' || r == utf8.RuneError {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		writeEscaped(&b, r, s[i:i+n], r == '\n')
		i += n
	}
	return b.String()
}

// hostile reports characters that steer a terminal or disorder its text;
// newline and tab are not among them.
func hostile(r rune) bool {
	switch {
	case r == '\n' || r == '\t':
		return false
	case r < 0x20 || r == 0x7f:
		return true
	case r >= 0x80 && r < 0xa0:
		return true
	case r == 0x061c || r == 0x200e || r == 0x200f:
		return true
	case r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
		return true
	case r == 0x2028 || r == 0x2029 || r == 0xfeff:
		return true
	}
	return false
}

func writeEscaped(b *strings.Builder, r rune, raw string, force bool) {
	switch {
	case r == utf8.RuneError && len(raw) <= 1:
		for i := 0; i < len(raw); i++ {
			fmt.Fprintf(b, `\x%02x`, raw[i])
		}
	case force && r == '\n':
		b.WriteString(`\n`)
	case !hostile(r):
		b.WriteString(raw)
	case r < 0x80:
		fmt.Fprintf(b, `\x%02x`, r)
	default:
		fmt.Fprintf(b, `\u%04x`, r)
	}
}

// safeWriter shows a guest's output on a terminal: newlines and tabs pass, a
// carriage return passes only before a newline, and everything else that could
// steer the terminal is escaped. It remembers whether the last byte ended a line.
type safeWriter struct {
	w      io.Writer
	held   []byte // the start of a character whose end has not come yet
	ended  bool   // the last thing written was a newline
	wrote  bool
	broken error
}

// Write shows p; a character split between two writes is shown with the second.
func (s *safeWriter) Write(p []byte) (int, error) {
	if s.broken != nil {
		return 0, s.broken
	}
	s.show(p, false)
	return len(p), s.broken
}

// Flush shows what is held back; call it after the last Write.
func (s *safeWriter) Flush() { s.show(nil, true) }

func (s *safeWriter) show(p []byte, last bool) {
	text := append(s.held, p...)
	var b strings.Builder
	i := 0
	for i < len(text) {
		rest := text[i:]
		if !last && !utf8.FullRune(rest) || !last && len(rest) == 1 && rest[0] == '\r' {
			break
		}
		if rest[0] == '\r' && len(rest) > 1 && rest[1] == '\n' {
			b.WriteString("\r\n")
			i += 2
			continue
		}
		r, n := utf8.DecodeRune(rest)
		writeEscaped(&b, r, string(rest[:n]), false)
		i += n
	}
	s.held = append([]byte(nil), text[i:]...)
	out := b.String()
	if out == "" {
		return
	}
	s.wrote, s.ended = true, strings.HasSuffix(out, "\n")
	if _, err := io.WriteString(s.w, out); err != nil {
		s.broken = err
	}
}
