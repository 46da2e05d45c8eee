package dol

import (
	"slices"
	"strings"
	"testing"

	"github.com/univrs/vudo/diag"
)

// scenarioSources are a module and scenarios of it.
func scenarioSources(scenario string) []Source {
	return []Source{
		{Path: "src/main.dol", Text: []byte("module bank\npub gen Account {\n  has balance: i64 = 0\n  pub fun add(n: i64) { this.balance += n }\n}\n")},
		{Path: "tests/bank.dol.test", Text: []byte(scenario)},
	}
}

func mustCompile(t *testing.T, sources []Source, o Options) *Result {
	t.Helper()
	res, problems := Compile(sources, o)
	if res == nil {
		t.Fatal(problems.Error())
	}
	return res
}

// A scenario becomes a test when one of its steps runs, and keeps its name, place
// and prose.
//
// Proves: dol 14.2-a
func TestScenariosAreTests(t *testing.T) {
	res := mustCompile(t, scenarioSources(`use bank
docs { Money. }
test "money moves" {
  given:
    an open account
    let a = Account { }
  when { a.add(3) }
  then:
    a.balance == 3
    "nobody is sad"
}
test plain { given: nothing then: nothing }
test plain2 { then: 1 + 1 == 2 }
`), Options{Entry: "src/main.dol", Tests: true})
	var got []string
	for _, x := range res.Tests {
		got = append(got, x.Name+"|"+x.Export+"|"+x.At.String()+"|"+strings.Join(x.Prose, ";"))
	}
	want := []string{
		`bank: money moves|test:tests.bank.scenario_money_moves|tests/bank.dol.test:2:1|given an open account;then "nobody is sad"`,
		`bank: plain2|test:tests.bank.scenario_plain2|tests/bank.dol.test:13:1|`,
		`bank: plain||tests/bank.dol.test:12:1|given nothing then: nothing`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// What is wrong in a step is said at the step, and only there.
//
// Proves: dol 14.2-a
func TestMistakesInScenariosHaveTheirPlace(t *testing.T) {
	for _, c := range []struct{ scenario, code, at string }{
		{"use bank\ntest x {\n  when:\n    nosuch(1)\n}\n", "unresolved-name", "tests/bank.dol.test:4:5"},
		{"use bank\ntest x {\n  given:\n    let a = Account { }\n  then:\n    a.balance + 1 == \"x\"\n}\n", "type-mismatch", "tests/bank.dol.test:6"},
		{"use bank\ntest x {\n  then:\n    Account { }.add(1)\n}\n", "type-mismatch", "tests/bank.dol.test:4:5"},
	} {
		_, problems := Compile(scenarioSources(c.scenario), Options{Entry: "src/main.dol", Tests: true})
		i := slices.IndexFunc(problems, func(d diag.Diagnostic) bool { return d.Severity == diag.Error })
		if i < 0 || problems[i].Code != c.code || !strings.HasPrefix(problems[i].Span.String(), c.at) {
			t.Errorf("%q: got %v, want %s at %s", c.scenario, problems, c.code, c.at)
		}
	}
}

// Two scenarios of one name, and names that are no words, get functions of their own.
func TestScenarioNames(t *testing.T) {
	res := mustCompile(t, scenarioSources("test \"a b\" { then: 1 == 1 }\ntest \"a-b\" { then: 1 == 1 }\ntest \"é\" { then: 1 == 1 }\n"), Options{Entry: "src/main.dol", Tests: true})
	seen := map[string]bool{}
	for _, x := range res.Tests {
		if seen[x.Export] {
			t.Errorf("%s is exported twice", x.Export)
		}
		seen[x.Export] = true
	}
	if len(seen) != 3 {
		t.Errorf("%d exports, want 3", len(seen))
	}
}

// The record of messages is known where tests are, and the real effects count when
// the program is checked.
//
// Proves: dol 14.1-a
func TestMocksStandInForMessagesOnly(t *testing.T) {
	sources := []Source{
		{Path: "src/main.dol", Text: []byte("module m\npub sex fun go() -> i64 { send(\"bob\", \"hi\") }\n")},
		{Path: "tests/go.dol", Text: []byte("use m.{go}\n#[test]\nsex fun sends() {\n  go()\n  assert_eq(mock_outbox().len(), 1)\n}\n")},
	}
	o := Options{Entry: "src/main.dol", Tests: true, Manifest: true}
	res := mustCompile(t, sources, o)
	if strings.Contains(string(res.Wasm), "vudo_send") {
		t.Error("a program that is tested imports vudo_send")
	}
	if problems := Check(sources, o); !slices.ContainsFunc(problems, func(d diag.Diagnostic) bool { return d.Code == "missing-capability" }) {
		t.Errorf("nothing is said of compute.call: %v", problems)
	}
	res = mustCompile(t, sources[:1], Options{Entry: "src/main.dol"})
	if !strings.Contains(string(res.Wasm), "vudo_send") {
		t.Error("a program that is not tested does not import vudo_send")
	}
	_, problems := Compile([]Source{{Path: "src/main.dol", Text: []byte("module m\npub sex fun f() { mock_inbox(\"a\", \"b\") }\n")}}, Options{})
	if !problems.HasErrors() {
		t.Error("mock_inbox is known outside of tests")
	}
}
