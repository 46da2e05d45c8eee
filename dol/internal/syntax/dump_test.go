package syntax

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/univrs/vudo/internal/golden"
)

// Proves: dol 10-b
func TestDumps(t *testing.T) {
	src := corpus(t)["testdata/ok/example09_catalogue.dol"]
	src = append(append([]byte{}, src...), "\npub fun half(n: i64) -> i64? { /* even */\n\n  if n % 2 == 0 { Some(f\"{n}\" |> len()) } else { None }\n}\n"...)
	f, _ := Parse("catalogue.dol", src)
	var b bytes.Buffer
	if err := DumpTree(&b, f); err != nil {
		t.Fatal(err)
	}
	golden.Check(t, "testdata/dump/catalogue.tree", b.Bytes())
	b.Reset()
	if err := DumpTokens(&b, f); err != nil {
		t.Fatal(err)
	}
	golden.Check(t, "testdata/dump/catalogue.tokens", b.Bytes())
	for name, value := range map[string]any{"tree": TreeJSON(f), "tokens": TokensJSON(f)} {
		text, err := json.MarshalIndent(value, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		golden.Check(t, "testdata/dump/catalogue."+name+".json", text)
	}
}
