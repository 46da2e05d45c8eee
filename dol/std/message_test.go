package std_test

import (
	"slices"
	"testing"

	"github.com/univrs/vudo/dol/internal/codegen"
	"github.com/univrs/vudo/dol/internal/codegen/codegentest"
	"github.com/univrs/vudo/dol/internal/ir"
	"github.com/univrs/vudo/dol/internal/lower"
	"github.com/univrs/vudo/dol/internal/syntax"
	"github.com/univrs/vudo/dol/internal/types"
	"github.com/univrs/vudo/dol/std"
)

// Messages in the packed form of the interface, on the evaluator and as
// WebAssembly; the virtual machine has these functions later.
//
// Proves: dol 8.5-e, dol 9.1-a, dol 16-c
func TestMessages(t *testing.T) {
	const program = `
pub sex fun tick() -> string {
  var out = sender() + "|" + recv() + "|"
  while pending() > 0 {
    let text = recv()
    out = out + sender() + ":" + text + ";"
    send(sender(), text)
  }
  send(7, "to a number")
  broadcast("all")
  emit_effect(EFFECT_NOOP, "p")
  out + recv() + sender()
}`
	var files []*syntax.File
	for _, f := range append([]std.File{{Name: "src/main.dol", Text: program}}, std.Files()...) {
		file, problems := syntax.Parse(f.Name, []byte(f.Text))
		if problems.HasErrors() {
			t.Fatal(problems)
		}
		files = append(files, file)
	}
	prog, problems := types.Check(files, types.Options{Entry: "src/main.dol", Build: true})
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	m, problems := lower.Lower(prog, lower.Options{})
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	inbox := func() []codegentest.Message {
		return []codegentest.Message{{Sender: "ann", Text: "first"}, {Sender: "bob", Text: "hi", Time: 5}, {Sender: "", Text: ""}, {Sender: "évé", Text: "yo"}}
	}
	want := "|first|bob:hi;:;évé:yo;"
	lines := []string{"free_message", "free_message", "send bob hi", "free_message", "send  ", "free_message", "send évé yo", "send 7 to a number", "broadcast all", "emit_effect 0 p"}

	h := &codegentest.Host{Inbox: inbox()}
	ma, err := ir.NewMachine(m, ir.MachineConfig{Host: h, MaxSteps: 1_000_000})
	if err != nil {
		t.Fatal(err)
	}
	if err := ma.Start(); err != nil {
		t.Fatal(err)
	}
	got, err := ma.CallExport("tick")
	if err != nil || got.Text() != want || !slices.Equal(h.Lines, lines) {
		t.Errorf("evaluated: %q, %v, %q", got.Text(), err, h.Lines)
	}

	out, err := codegen.Generate(m, codegen.Options{GC: codegen.GCStress})
	if err != nil {
		t.Fatal(err)
	}
	h = &codegentest.Host{Inbox: inbox()}
	i, err := codegentest.New(m, out, h)
	if err != nil {
		t.Fatal(err)
	}
	defer i.Close()
	text, err := i.Call("tick")
	if err != nil || text != `"`+want+`"` || !slices.Equal(h.Lines, lines) {
		t.Errorf("compiled: %s, %v, %q", text, err, h.Lines)
	}
}
