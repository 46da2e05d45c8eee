package cli

import (
	"testing"

	"github.com/univrs/vudo/internal/wasm"
)

func TestSectionsOfAModule(t *testing.T) {
	b := helloModule()
	var total int
	names := map[string]bool{}
	for _, s := range listSections(b) {
		names[s.Name] = true
		if s.Offset < 8 || s.Offset >= len(b) {
			t.Errorf("%s at offset %d of %d", s.Name, s.Offset, len(b))
		}
		total += s.Bytes
	}
	for _, want := range []string{"type", "import", "function", "memory", "export", "code", "data"} {
		if !names[want] {
			t.Errorf("no %s section in %v", want, names)
		}
	}
	if total >= len(b) || total == 0 {
		t.Errorf("sections hold %d of %d bytes", total, len(b))
	}
}

func TestProducersAreReadAsFarAsTheyGo(t *testing.T) {
	whole := []byte("\x02\x08language\x01\x03C11\x00\x0cprocessed-by\x01\x05clang\x0614.0.6")
	for n := range len(whole) + 1 {
		b := wasm.NewBuilder()
		b.Custom("producers", whole[:n])
		got := producers(b.Module())
		if n == len(whole) && (len(got["language"]) != 1 || got["language"][0] != "C11" || got["processed-by"][0] != "clang 14.0.6") {
			t.Errorf("got %v", got)
		}
	}
}

// FuzzSections feeds the two readers of inspect, which see modules after they
// were validated, with anything at all.
func FuzzSections(f *testing.F) {
	f.Add(helloModule())
	f.Add([]byte("\x00asm\x01\x00\x00\x00\x00\x05\x04name"))
	f.Fuzz(func(t *testing.T, b []byte) {
		listSections(b)
		m := wasm.NewBuilder()
		m.Custom("producers", b)
		producers(m.Module())
	})
}
