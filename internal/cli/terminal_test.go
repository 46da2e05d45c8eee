package cli

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// Proves: cli 9.30
func TestGuestTextCannotSteerTheTerminal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOf(rapid.OneOf(
			rapid.Byte(), rapid.SampledFrom([]byte("\x1b\x9b\r\n\t\x00\x07\x08\x7fa")),
			rapid.SampledFrom([]byte("\xc2\xe2\x80\xae\xf0\x9f")))).Draw(t, "text")
		var out bytes.Buffer
		w := &safeWriter{w: &out}
		for rest := text; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "n")
			if _, err := w.Write(rest[:n]); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		w.Flush()
		for _, shown := range []string{out.String(), escape(string(text))} {
			if !utf8.ValidString(shown) {
				t.Fatalf("not UTF-8: %q", shown)
			}
			for _, r := range strings.ReplaceAll(shown, "\r\n", "\n") {
				if r != '\n' && r != '\t' && (r < 0x20 || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e) {
					t.Fatalf("%q shows the character %U", text, r)
				}
			}
		}
		if escape(escape(string(text))) != escape(string(text)) {
			t.Fatalf("%q is escaped twice", text)
		}
	})
}

func TestSafeWriterKeepsHarmlessText(t *testing.T) {
	for _, text := range []string{"", "plain\n", "a\tb\r\nc", "Grüße, 世界 🙂\n"} {
		var out bytes.Buffer
		w := &safeWriter{w: &out}
		for i := range len(text) {
			w.Write([]byte{text[i]})
		}
		w.Flush()
		if out.String() != text {
			t.Errorf("%q became %q", text, out.String())
		}
		if text != "" && w.ended != strings.HasSuffix(text, "\n") {
			t.Errorf("%q: ended = %v", text, w.ended)
		}
	}
}

func TestEscapeShowsWhatItHides(t *testing.T) {
	for in, want := range map[string]string{
		"\x1b[31mred": `\x1b[31mred`, "a\nb": `a\nb`, "\u202eabc": `\u202eabc`, "\xff": `\xff`, "bell\a": `bell\x07`, "\u009b1m": `\u009b1m`, "ok": "ok",
	} {
		if got := escape(in); got != want {
			t.Errorf("escape(%q) = %s, want %s", in, got, want)
		}
	}
}
