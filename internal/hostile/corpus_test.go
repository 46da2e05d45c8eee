package hostile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/univrs/vudo/internal/fault"
)

const (
	kindMemory     = fault.KindOutOfBoundsMemory
	kindTable      = fault.KindOutOfBoundsTable
	kindDivide     = fault.KindDivideByZero
	kindUnreach    = fault.KindUnreachable
	kindOverflow   = fault.KindIntegerOverflow
	kindSignature  = fault.KindSignatureMismatch
	kindConversion = fault.KindInvalidConversion
	kindPanic      = fault.KindPanic
	kindDenied     = fault.KindDenied
	kindResult     = fault.KindBadResult
)

// corpus is the table of SECURITY.md, in its order.
var corpus = []row{loops, stacks, memories, bulk, compiles, meters, dodges, sleeping, pointers, declarations, arguments, keys, directories, listings, revocations, logs, outputs, leftovers}

// Every shape of every row ends as its row says.
//
// Proves: vm 14.42
func TestHostileGuests(t *testing.T) {
	for _, r := range corpus {
		t.Run(r.attempt, func(t *testing.T) {
			for _, s := range r.shapes {
				t.Run(s.name, s.try)
			}
		})
	}
}

// The corpus has the rows of SECURITY.md, all of them, with three shapes at least.
//
// Proves: vm 14.42
func TestCorpusIsTheThreatTable(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "SECURITY.md"))
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, "|")
		if len(cells) != 4 || strings.HasPrefix(cells[1], "---") || strings.TrimSpace(cells[1]) == "A guest tries" {
			continue
		}
		want = append(want, strings.TrimSpace(cells[1]))
	}
	if len(want) < 10 {
		t.Fatalf("SECURITY.md has %d rows", len(want))
	}
	for i, w := range want {
		if i >= len(corpus) || corpus[i].attempt != w {
			t.Errorf("row %d of SECURITY.md, %q, has no place in the corpus", i+1, w)
			continue
		}
		names := map[string]bool{}
		for _, s := range corpus[i].shapes {
			names[s.name] = true
		}
		if len(names) < 3 || len(names) != len(corpus[i].shapes) {
			t.Errorf("%q has %d shapes under %d names", w, len(corpus[i].shapes), len(names))
		}
	}
	if len(corpus) > len(want) {
		t.Errorf("the corpus has %d rows, SECURITY.md %d", len(corpus), len(want))
	}
}
