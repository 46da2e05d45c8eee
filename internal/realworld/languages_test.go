package realworld

import (
	"fmt"
	"strings"
	"testing"
)

// languages are the examples that export functions in the bytes convention.
var languages = []string{"c-reactor", "rust-reactor", "go-reactor", "assemblyscript"}

// One Spirit per language answers the same bytes call with the same bytes.
//
// Proves: vm 14.36
func TestLanguagesAnswerAlike(t *testing.T) {
	inputs := map[string]string{
		"empty": "", "one": "a", "none": "xyz \x00\xff\xc3", "mixed": "Hello, AEIOU and world\n",
		"not utf-8": "\x80a\xffE\xfe", "long": strings.Repeat("The quick brown fox. ", 5000),
	}
	for _, lang := range languages {
		t.Run(lang, func(t *testing.T) {
			file := example(t, lang)
			for name, input := range inputs {
				count := 0
				for _, b := range []byte(input) {
					if strings.IndexByte("aeiouAEIOU", b) >= 0 {
						count++
					}
				}
				want := fmt.Sprintf(`{"count":%d}`, count)
				plain, code := callPlain(t, file, "vowels", []byte(input))
				if string(plain) != want || code != 0 {
					t.Errorf("%s: plain engine: %q, code %d; want %q", name, plain, code, want)
				}
				first, fuel := callVudo(t, file, "vowels", []byte(input))
				if string(first) != want {
					t.Errorf("%s: VUDO: %q; want %q", name, first, want)
				}
				if second, again := callVudo(t, file, "vowels", []byte(input)); again != fuel || string(second) != want {
					t.Errorf("%s: fuel %d, then %d", name, fuel, again)
				}
			}
		})
	}
}
