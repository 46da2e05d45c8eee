package types

import (
	"math/rand"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/univrs/vudo/dol/internal/syntax"
)

// TestMutated checks programs from which pieces were taken, doubled, or moved in
// from others: what the parser makes of them has every kind of hole.
func TestMutated(t *testing.T) {
	var texts []string
	for _, pattern := range []string{"testdata/*/*.dol"} {
		names, _ := filepath.Glob(pattern)
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			texts = append(texts, string(text))
		}
	}
	lib := library(t)
	seed := int64(1)
	if v := os.Getenv("MUTATE_SEED"); v != "" {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		seed = n
	}
	rounds := 12
	if testing.Short() {
		rounds = 3
	}
	if v := os.Getenv("MUTATE_ROUNDS"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil {
			t.Fatal(err)
		}
		rounds = n
	}
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewSource(seed))
	tokens := make([][]string, len(texts))
	for i, text := range texts {
		f, _ := syntax.Parse("t.dol", []byte(text))
		last := syntax.Pos(0)
		for _, tok := range f.Tokens {
			tokens[i] = append(tokens[i], text[last:tok.End])
			last = tok.End
		}
	}
	for round := range rounds {
		for i := range texts {
			src := tokens[i]
			var out []string
			out = append(out, src...)
			for range 1 + rng.Intn(4) {
				if len(out) == 0 {
					break
				}
				at := rng.Intn(len(out))
				n := min(1+rng.Intn(6), len(out)-at)
				switch rng.Intn(4) {
				case 0:
					out = append(out[:at:at], out[at+n:]...)
				case 1:
					out = append(out[:at+n:at+n], out[at:]...)
				case 2:
					other := tokens[rng.Intn(len(tokens))]
					from := rng.Intn(len(other))
					m := min(1+rng.Intn(20), len(other)-from)
					out = append(append(out[:at:at], other[from:from+m]...), out[at:]...)
				case 3:
					out[at], out[rng.Intn(len(out))] = out[rng.Intn(len(out))], out[at]
				}
			}
			text := ""
			for _, s := range out {
				text += s
			}
			file, _ := syntax.Parse("src/main.dol", []byte(text))
			func() {
				defer func() {
					if r := recover(); r != nil {
						t.Fatalf("panic %v on\n%s", r, text)
					}
				}()
				_, list := Check(append([]*syntax.File{file}, lib...), Options{Build: round%2 == 0, Tests: true})
				for _, d := range list {
					if d.Span.Start.Offset < 0 || d.Span.End.Offset > len(text) && d.Span.File == file.Path {
						t.Fatalf("a place outside of the file: %+v\n%s", d, text)
					}
				}
			}()
		}
	}
}
