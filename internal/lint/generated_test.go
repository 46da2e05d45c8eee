package lint_test

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/univrs/vudo/internal/fault"
	"github.com/univrs/vudo/internal/fuel"
	"github.com/univrs/vudo/internal/golden"
	"github.com/univrs/vudo/internal/host"
	"github.com/univrs/vudo/internal/lint"
	"github.com/univrs/vudo/internal/sandbox"
	"github.com/univrs/vudo/internal/wasm"
	"github.com/univrs/vudo/spirit"
)

// TestGeneratedTables compares the tables of the documents with the code that
// they are made from; -update (make generate) rewrites them.
//
// Proves: vm 14.41
func TestGeneratedTables(t *testing.T) {
	for _, g := range []struct {
		file, name string
		table      func(*testing.T) string
	}{
		{"docs/spec/errors.md", "errors", errorsTable},
		{"docs/spec/limits.md", "limits", limitsTable},
		{"docs/spec/vm.md", "states", statesTable},
		{"docs/spec/vm.md", "capabilities", capabilitiesTable},
		{"docs/spec/vm.md", "trap kinds", kindsTable},
		{"docs/spec/vm.md", "events", eventsTable},
		{"docs/spec/fuel.md", "tariff", tariffTable},
		{"docs/spec/fuel.md", "shapes", shapesTable},
		{"docs/spec/host.md", "host functions", hostTable},
		{"docs/adr/README.md", "decisions", decisionsTable},
	} {
		t.Run(g.name, func(t *testing.T) {
			doc, err := fs.ReadFile(repository, g.file)
			if err != nil {
				t.Fatal(err)
			}
			got, err := lint.Splice(string(doc), g.name, g.table(t))
			if err != nil {
				t.Fatalf("%s: %v", g.file, err)
			}
			golden.Check(t, "../../"+g.file, []byte(got))
		})
	}
}

func errorsTable(*testing.T) string {
	var rows [][]string
	for _, e := range fault.Table() {
		rows = append(rows, []string{"`" + e.Name + "`", "`" + e.Code + "`", e.Err.Error(), strconv.Itoa(e.Exit)})
	}
	return lint.MarkdownTable([]string{"Sentinel", "Code", "Text", "Exit"}, rows)
}

func limitsTable(*testing.T) string {
	var rows [][]string
	for _, f := range spirit.Fields() {
		rows = append(rows, []string{"`" + f.Name + "`", f.Unit, number(f.Default), number(f.Restrictive), number(f.Testing), number(f.Cap)})
	}
	return lint.MarkdownTable([]string{"Field", "Unit", "default", "restrictive", "testing", "Cap"}, rows)
}

// number writes n with a comma between groups of three digits.
func number(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func statesTable(*testing.T) string {
	var rows [][]string
	held := func(s sandbox.State, h sandbox.Hold) string {
		if h == sandbox.NotHeld {
			return s.String()
		}
		return fmt.Sprintf("%s (%s)", s, h)
	}
	for _, x := range sandbox.Transitions() {
		result := x.Result
		if result == "" {
			result = "–"
		}
		rows = append(rows, []string{strconv.Itoa(x.Row), held(x.From, x.Hold), x.Event.String(), held(x.To, x.ToHold), result})
	}
	return lint.MarkdownTable([]string{"Row", "From", "Event", "To", "Caller sees"}, rows)
}

func capabilitiesTable(*testing.T) string {
	var rows [][]string
	for _, c := range spirit.Categories() {
		for _, x := range c.Types() {
			alias, target := "–", x.TargetForm()
			if a := x.Alias(); a != "" {
				alias = "`" + a + "`"
			}
			switch {
			case target == "":
				target = "none"
			case x.MustHaveTarget():
				target = "must be written: `" + target + "`"
			default:
				target = "`" + target + "`"
			}
			rows = append(rows, []string{c.String(), "`" + x.String() + "`", alias, target})
		}
	}
	return lint.MarkdownTable([]string{"Category", "Type", "Alias", "Target"}, rows)
}

func kindsTable(t *testing.T) string {
	var rows [][]string
	why := map[fault.Kind]string{
		fault.KindUnreachable:       "`unreachable` was executed",
		fault.KindDivideByZero:      "integer division or remainder by zero",
		fault.KindIntegerOverflow:   "a quotient, or a float made an integer, that does not fit",
		fault.KindOutOfBoundsMemory: "a load, store or bulk operation past the end of memory",
		fault.KindOutOfBoundsTable:  "a table access or indirect call past the end of a table",
		fault.KindNullFunction:      "an indirect call of an empty table element",
		fault.KindSignatureMismatch: "an indirect call of a function of another type",
		fault.KindInvalidConversion: "NaN made an integer",
		fault.KindPanic:             "`vudo_panic`",
		fault.KindAssert:            "`vudo_assert` of zero",
		fault.KindDenied:            "a function whose result has no room for a code was denied",
		fault.KindBadResult:         "a declared export returned what its type does not hold: text that is no UTF-8, a bool of 2",
	}
	for k := fault.KindUnreachable; k <= fault.KindBadResult; k++ {
		if why[k] == "" {
			t.Errorf("kind %v has no description", k)
		}
		rows = append(rows, []string{"`" + k.String() + "`", why[k]})
	}
	return lint.MarkdownTable([]string{"Kind", "When"}, rows)
}

func eventsTable(t *testing.T) string {
	when := map[sandbox.EventKind]string{
		sandbox.SandboxCreated:     "a sandbox was made",
		sandbox.SandboxInitialized: "it is Ready",
		sandbox.SandboxTerminated:  "it was closed or terminated",
		sandbox.ExecutionStarted:   "a call begins",
		sandbox.ExecutionCompleted: "it returned",
		sandbox.ExecutionTrapped:   "it ended otherwise",
		sandbox.FuelExhausted:      "it waits for fuel",
		sandbox.FuelRefilled:       "it was given fuel",
		sandbox.CapabilityGranted:  "a right was given to a sandbox that exists",
		sandbox.CapabilityDenied:   "a request was refused",
		sandbox.HostCallInvoked:    "a host function was called",
	}
	var rows [][]string
	for _, k := range sandbox.EventKinds() {
		if when[k] == "" {
			t.Errorf("event %v has no description", k)
		}
		rows = append(rows, []string{"`" + k.String() + "`", when[k]})
	}
	return lint.MarkdownTable([]string{"Event", "When"}, rows)
}

// tariffTable lists the operators by what one costs, from the opcode table.
func tariffTable(t *testing.T) string {
	byCost := map[uint64]int{}
	for _, op := range wasm.Opcodes() {
		cost, ok := fuel.V1().Operator(op)
		if !ok {
			t.Errorf("operator %v has no price", op)
		}
		byCost[cost]++
	}
	rows := [][]string{
		{"version", strconv.Itoa(fuel.TariffVersion)},
		{"operators at 0 fuel", strconv.Itoa(byCost[0])},
		{"operators at 1 fuel", strconv.Itoa(byCost[1])},
		{"entering a function", strconv.Itoa(fuel.EntryFuel)},
		{"bytes of a bulk operation per fuel", strconv.Itoa(fuel.BulkBytes)},
		{"elements of a bulk operation per fuel", strconv.Itoa(fuel.BulkElements)},
		{"per page granted", strconv.Itoa(fuel.PageFuel)},
		{"elements granted per fuel", strconv.Itoa(fuel.GrowElements)},
	}
	if byCost[0]+byCost[1] != len(wasm.Opcodes()) {
		t.Errorf("operators cost something other than 0 and 1: %v", byCost)
	}
	return lint.MarkdownTable([]string{"Tariff", "Value"}, rows)
}

// shapesTable lists the shape limits with their comments: what each bounds, the
// most seen in real modules in brackets, and what lies beyond it.
func shapesTable(t *testing.T) string {
	src, err := fs.ReadFile(repository, "internal/fuel/shape.go")
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "shape.go", src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	doc := ""
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 || !strings.HasPrefix(spec.Names[0].Name, "Max") {
			return true
		}
		if spec.Doc != nil { // else the comment above speaks of both
			doc = strings.Join(strings.Fields(spec.Doc.Text()), " ")
		}
		v, err := types.Eval(fset, nil, token.NoPos, types.ExprString(spec.Values[0]))
		if err != nil {
			t.Fatal(err)
		}
		n64, _ := constant.Uint64Val(v.Value)
		rows = append(rows, []string{"`" + spec.Names[0].Name + "`", number(n64), doc})
		return true
	})
	if len(rows) < 15 {
		t.Errorf("only %d shape limits found", len(rows))
	}
	return lint.MarkdownTable([]string{"Limit", "Value", "What it bounds"}, rows)
}

func hostTable(*testing.T) string {
	var rows [][]string
	for _, f := range host.Table() {
		var codes []string
		for _, c := range f.Codes {
			codes = append(codes, c.String())
		}
		capability := "–"
		if f.Capability != 0 {
			capability = f.Capability.String()
		}
		module := f.Modules[0]
		if module == host.ModuleVudo {
			module = ""
		} else {
			module += "."
		}
		rows = append(rows, []string{
			"`" + module + f.Name + "`", "`" + f.Type().String() + "`", capability, number(f.Base),
			dash(f.Success), dash(f.Bounds), dash(strings.Join(codes, " ")),
		})
	}
	return lint.MarkdownTable([]string{"Function", "Type", "Capability", "Base", "Success", "Bounds", "Codes"}, rows)
}

func dash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

var title = regexp.MustCompile(`(?m)\A# (?:\d{4}: )?(\S.*)$`)

// decisionsTable lists the decision records by number and title.
func decisionsTable(t *testing.T) string {
	names, err := fs.Glob(repository, "docs/adr/[0-9][0-9][0-9][0-9]-*.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	seen := map[string]string{}
	for _, name := range names {
		b, err := fs.ReadFile(repository, name)
		if err != nil {
			t.Fatal(err)
		}
		name = strings.TrimPrefix(name, "docs/adr/")
		m := title.FindSubmatch(b)
		if m == nil {
			t.Errorf("%s does not begin with a title", name)
			continue
		}
		if other := seen[name[:4]]; other != "" {
			t.Errorf("%s and %s have one number", other, name)
		}
		seen[name[:4]] = name
		rows = append(rows, []string{name[:4], fmt.Sprintf("[%s](%s)", m[1], name)})
	}
	return lint.MarkdownTable([]string{"Number", "Decision"}, rows)
}

func TestSplice(t *testing.T) {
	doc := "a\n<!-- generated: x -->\nold\n<!-- end -->\nb\n"
	want := "a\n<!-- generated: x -->\nnew\n<!-- end -->\nb\n"
	got, err := lint.Splice(doc, "x", "new\n")
	if err != nil || got != want {
		t.Errorf("Splice = %q, %v, want %q", got, err, want)
	}
	for _, c := range []struct{ doc, find string }{
		{"a\n", "0 times"},
		{doc + doc, "2 times"},
		{"<!-- generated: x -->\n", "no line"},
	} {
		if _, err := lint.Splice(c.doc, "x", "new\n"); err == nil || !strings.Contains(err.Error(), c.find) {
			t.Errorf("Splice(%q) gave %v, want an error with %q", c.doc, err, c.find)
		}
	}
	if got := lint.MarkdownTable([]string{"A"}, [][]string{{"x|y"}}); got != "| A |\n|---|\n| x\\|y |\n" {
		t.Errorf("MarkdownTable = %q", got)
	}
}
