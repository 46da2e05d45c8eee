// Package ontology_test holds the specification in DOL against the code: each
// module is compiled and run, and what it answers is compared with the Go values.
package ontology_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/univrs/vudo"
	"github.com/univrs/vudo/diag"
	"github.com/univrs/vudo/dol"
	"github.com/univrs/vudo/internal/fuel"
	"github.com/univrs/vudo/internal/host"
	"github.com/univrs/vudo/internal/sandbox"
	"github.com/univrs/vudo/spirit"
)

// sources are all modules below this directory.
func sources(t *testing.T) []dol.Source {
	t.Helper()
	var list []dol.Source
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".dol") {
			return err
		}
		text, err := os.ReadFile(name)
		list = append(list, dol.Source{Path: name, Text: text})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// module is one of the modules, running.
type module struct {
	t  *testing.T
	sb *vudo.Sandbox
}

func open(t *testing.T, entry string) *module {
	t.Helper()
	all := sources(t)
	res, problems := dol.Compile(all, dol.Options{Entry: entry})
	if res == nil {
		t.Fatal(render(all, problems))
	}
	ctx := context.Background()
	rt, err := vudo.New(ctx, vudo.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { rt.Close(ctx) })
	sb, err := rt.NewSandbox(ctx, res.Wasm, vudo.SandboxConfig{})
	if err != nil {
		t.Fatal(err)
	}
	if err := sb.Initialize(ctx); err != nil {
		t.Fatal(err)
	}
	return &module{t, sb}
}

// call gives what an export answers, with the arguments as JSON.
func (m *module) call(export, input string) string {
	m.t.Helper()
	res, err := m.sb.Call(context.Background(), export, []byte(input))
	if err != nil {
		m.t.Fatalf("%s(%s): %+v", export, input, err)
	}
	if len(res.Values) == 1 {
		return res.Values[0].String()
	}
	return string(res.Output)
}

func render(all []dol.Source, l diag.List) string {
	var b strings.Builder
	diag.Renderer{Source: func(file string) ([]byte, bool) {
		for _, s := range all {
			if s.Path == file {
				return s.Text, true
			}
		}
		return nil, false
	}}.Render(&b, l)
	return b.String()
}

func TestOntologyIsClean(t *testing.T) {
	all := sources(t)
	if len(all) < 4 {
		t.Fatalf("only %d modules", len(all))
	}
	for _, src := range all {
		if laid, problems := dol.Format(src.Path, src.Text, true); problems.HasErrors() || string(laid) != string(src.Text) {
			t.Errorf("%s is not laid out: vudo fmt ontology", src.Path)
		}
	}
	for _, d := range dol.Check(all, dol.Options{Tests: true}) {
		if d.Severity != diag.Hint {
			t.Error(render(all, diag.List{d}))
		}
	}
}

func TestSandbox(t *testing.T) {
	m := open(t, "vudo-vm/genes/sandbox.dol")
	allowed := map[string]string{}
	for _, tr := range sandbox.Transitions() {
		holds := []sandbox.Hold{tr.Hold}
		if tr.Hold == sandbox.NotHeld && tr.From == sandbox.Paused {
			holds = []sandbox.Hold{sandbox.HeldFuel, sandbox.HeldOperator}
		}
		for _, hold := range holds {
			to := map[sandbox.Hold]string{sandbox.NotHeld: "NotHeld", sandbox.HeldFuel: "Fuel", sandbox.HeldOperator: "Operator"}[tr.ToHold]
			allowed[fmt.Sprint(int(tr.From), int(hold), int(tr.Event))] = tr.To.String() + "/" + to
		}
	}
	for state := sandbox.Initializing; state <= sandbox.Failed; state++ {
		holds := []sandbox.Hold{sandbox.NotHeld}
		if state == sandbox.Paused {
			holds = []sandbox.Hold{sandbox.HeldFuel, sandbox.HeldOperator}
		}
		for _, hold := range holds {
			for event := sandbox.EventCreate; event <= sandbox.EventTerminate; event++ {
				want := allowed[fmt.Sprint(int(state), int(hold), int(event))]
				if got := m.call("next_name", fmt.Sprintf("[%d,%d,%d]", state, hold, event)); got != want {
					t.Errorf("%v (%v) on %v leads to %q, the machine says %q", state, hold, event, got, want)
				}
			}
		}
	}
	var bounds []struct {
		Name                                string
		Standard, Restrictive, Testing, Cap json.Number
	}
	if err := json.Unmarshal([]byte(m.call("bounds", "")), &bounds); err != nil {
		t.Fatal(err)
	}
	fields := spirit.Fields()
	if len(bounds) != len(fields) {
		t.Fatalf("%d limits, the machine has %d", len(bounds), len(fields))
	}
	for i, f := range fields {
		b := bounds[i]
		got := fmt.Sprint(b.Name, " ", b.Standard, " ", b.Restrictive, " ", b.Testing, " ", b.Cap)
		if want := fmt.Sprint(f.Name, " ", f.Default, " ", f.Restrictive, " ", f.Testing, " ", f.Cap); got != want {
			t.Errorf("%s, the machine says %s", got, want)
		}
	}
}

func TestCapabilities(t *testing.T) {
	var want []string
	for _, typ := range spirit.Types() {
		want = append(want, fmt.Sprintf("%v %v %s %v", typ, typ.Category(), typ.Alias(), typ.MustHaveTarget()))
	}
	if got := open(t, "vudo-vm/genes/capability.dol").call("describe", ""); got != strings.Join(want, "\n") {
		t.Errorf("the ontology says\n%s\nthe code says\n%s", got, strings.Join(want, "\n"))
	}
}

func TestExecution(t *testing.T) {
	m := open(t, "vudo-vm/traits/execution.dol")
	var ends []string
	for o := sandbox.OutcomeOK; o <= sandbox.OutcomeConflict; o++ {
		ends = append(ends, o.String())
	}
	if got := m.call("outcomes", ""); got != strings.Join(ends, " ") {
		t.Errorf("outcomes %s, the code has %v", got, ends)
	}
	if got := m.call("tariff", ""); got != fmt.Sprint(fuel.TariffVersion) {
		t.Errorf("tariff %s, the code has %d", got, fuel.TariffVersion)
	}
	base := func(name string) string {
		f, ok := host.Find(host.ModuleVudo, name)
		if !ok {
			t.Fatalf("no host function %s", name)
		}
		return fmt.Sprint(f.Base)
	}
	for _, c := range []struct{ export, input, want string }{
		{"host_call_fuel", "[false]", base("host_log_info")},
		{"host_call_fuel", "[true]", base("host_storage_get")},
		{"transfer_fuel", "[0]", "0"},
		{"transfer_fuel", "[1]", "1"},
		{"transfer_fuel", "[64]", "1"},
		{"transfer_fuel", "[65]", "2"},
	} {
		if got := m.call(c.export, c.input); got != c.want {
			t.Errorf("%s(%s) = %s, want %s", c.export, c.input, got, c.want)
		}
	}
}

func TestManifest(t *testing.T) {
	m := open(t, "spirits/genes/manifest.dol")
	models := []string{string(spirit.Free), string(spirit.PerInvocation), string(spirit.PerSecond), string(spirit.Subscription)}
	if got := m.call("models", ""); got != strings.Join(models, " ") {
		t.Errorf("models %q, the code has %v", got, models)
	}
	if got, want := m.call("sizes", ""), fmt.Sprint(spirit.MaxManifestBytes, " ", spirit.MaxNameBytes); got != want {
		t.Errorf("sizes %q, the code has %q", got, want)
	}
	least, problems := spirit.ParseManifest([]byte("[spirit]\nname = \"x\"\nversion = \"1.0.0\"\n"), "manifest.toml")
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	if got, want := m.call("defaults", ""), fmt.Sprint(least.Entry, " ", least.ABI); got != want {
		t.Errorf("defaults %q, the code has %q", got, want)
	}
	for _, name := range []string{"a", "hello-world", "0_x", "-x", "_x", "", "Hello", "a.b", "ä", "a b", strings.Repeat("a", 64), strings.Repeat("a", 65)} {
		want := "0"
		if spirit.CheckName(name) == nil {
			want = "1"
		}
		if got := m.call("is_name", name); got != want {
			t.Errorf("is_name(%q) = %s, the code says %s", name, got, want)
		}
	}
}
