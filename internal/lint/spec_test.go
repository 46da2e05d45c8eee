package lint_test

import (
	"os"
	"path"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/univrs/vudo/internal/lint"
)

// repository is the tree that the package itself stands in.
var repository = os.DirFS("../..")

func read(t *testing.T) ([]lint.Statement, []lint.Citation, []lint.Problem) {
	t.Helper()
	ss, bad, err := lint.Statements(repository)
	if err != nil {
		t.Fatal(err)
	}
	cs, worse, err := lint.Citations(repository)
	if err != nil {
		t.Fatal(err)
	}
	return ss, cs, append(bad, worse...)
}

func fail(t *testing.T, ps []lint.Problem, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range ps {
		t.Error(p)
	}
}

func TestFinishedStatementsAreProved(t *testing.T) {
	ss, cs, bad := read(t)
	fail(t, append(bad, lint.CheckProofs(ss, cs)...), nil)
	for _, want := range []struct {
		spec string
		n    int
	}{{"vm", 44}, {"fuel", 7}, {"cli", 51}, {"spirit", 48}} {
		n := 0
		for _, s := range ss {
			if strings.HasPrefix(s.ID, want.spec+" ") {
				n++
			}
		}
		if n != want.n {
			t.Errorf("docs/spec has %d statements of %s, want %d", n, want.spec, want.n)
		}
	}
}

// TestStatementsWithoutTest prints what `make spec` shows; it cannot fail.
func TestStatementsWithoutTest(t *testing.T) {
	ss, cs, _ := read(t)
	unproved := lint.Unproved(ss, cs)
	for _, s := range unproved {
		status := string(s.Status)
		if s.Note != "" {
			status += ": " + s.Note
		}
		t.Logf("%-13s [%s] %s", s.ID, status, s.Text)
	}
	t.Logf("%d of %d statements have no test", len(unproved), len(ss))
}

// tree builds a file tree from pairs of name and content.
func tree(pairs ...string) fstest.MapFS {
	m := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return m
}

const okSpec = "# X\n\n- **x 1.1** [done] A.\n- **x 1.2** [partly: the rest] B.\n- **x 1.3** [later: theme] C.\n- **x 1.4** [withdrawn] Withdrawn.\n"

const proves = "// Pro" + "ves: " // in halves, or this file would cite

// TestProofRules plants each violation in a small tree: the linter finds it,
// and finds nothing where there is none.
func TestProofRules(t *testing.T) {
	cases := []struct {
		name, spec, test, find string
	}{
		{"sound", okSpec, proves + "x 1.1, x 1.2\nfunc TestA(t *testing.T) {}", ""},
		{"inside", okSpec, "func TestA(t *testing.T) {\n" + proves + "x 1.1\n\t" + proves + "x 1.2.\n}", ""},
		{"fuzz", okSpec, proves + "x 1.1\nfunc FuzzA(f *testing.F) {}\n\n" + proves + "x 1.2\nfunc ExampleA() {}", ""},
		{"unproved", okSpec, proves + "x 1.1\nfunc TestA(t *testing.T) {}", "x 1.2 is marked as partly"},
		{"none", okSpec, "func TestA(t *testing.T) {}", "x 1.1 is marked as done"},
		{"unknown", okSpec, proves + "x 1.1, x 1.2, x 1.9\nfunc TestA(t *testing.T) {}", "x 1.9, which docs/spec does not have"},
		{"later", okSpec, proves + "x 1.1, x 1.2, x 1.3\nfunc TestA(t *testing.T) {}", "marks as later"},
		{"withdrawn", okSpec, proves + "x 1.1, x 1.2, x 1.4\nfunc TestA(t *testing.T) {}", "marks as withdrawn"},
		{"outside", okSpec, proves + "x 1.1, x 1.2\n\nvar x = 1\n\nfunc TestA(t *testing.T) {}", "belongs into a test function"},
		{"helper", okSpec, proves + "x 1.1, x 1.2\nfunc check(t *testing.T) {}", "belongs into a test function"},
		{"form", okSpec, proves + "1.1, x 1.2\nfunc TestA(t *testing.T) {}", `"1.1" is no statement`},
		{"status", "- **x 1.1** [finished] A.\n", "", "unknown status"},
		{"note", "- **x 1.1** [later] A.\n", "", "needs a note"},
		{"no note", "- **x 1.1** [withdrawn: a] A.\n", "", "takes no note"},
		{"gap", "- **x 1.1** [withdrawn] A.\n- **x 1.3** [withdrawn] A.\n", "", "comes after number 1"},
		{"twice", "- **x 1.1** [withdrawn] A.\n- **x 1.1** [withdrawn] A.\n", "", "comes after number 1"},
		{"line", "- **x 1.1** A.\n", "", "not of the form"},
		{"file", "- **y 1.1** [withdrawn] A.\n", "", "another specification"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			files := tree("docs/spec/x.md", c.spec, "a/a_test.go", "package a\n\n"+c.test+"\n")
			ss, ps, err := lint.Statements(files)
			if err != nil {
				t.Fatal(err)
			}
			cs, more, err := lint.Citations(files)
			if err != nil {
				t.Fatal(err)
			}
			one(t, append(append(ps, more...), lint.CheckProofs(ss, cs)...), c.find)
		})
	}
}

// one wants exactly one problem that contains find, or none when find is "".
func one(t *testing.T, ps []lint.Problem, find string) {
	t.Helper()
	var all []string
	for _, p := range ps {
		all = append(all, p.String())
	}
	found := strings.Join(all, "\n")
	switch {
	case find == "" && len(ps) > 0:
		t.Errorf("want no problem, got:\n%s", found)
	case find != "" && !strings.Contains(found, find):
		t.Errorf("want a problem with %q, got:\n%s", find, found)
	}
}

func TestCitationsOfScriptsAndOtherModules(t *testing.T) {
	files := tree(
		"a/testdata/script/run.txtar", "# Pro"+"ves: x 1.1\nexec vudo\n",
		"a/testdata/other.txtar", "# Pro"+"ves: x 1.2\n",
		"bench/go.mod", "module b\n",
		"bench/b_test.go", "package b\n\n"+proves+"x 1.3\nfunc TestB(t *testing.T) {}\n",
		"a/testdata/c_test.go", "package c\n\n"+proves+"x 1.4\nfunc TestC(t *testing.T) {}\n",
		"a/code.go", "package a\n\n"+proves+"x 1.5\nfunc TestA() {}\n",
	)
	cs, ps, err := lint.Citations(files)
	if err != nil {
		t.Fatal(err)
	}
	if len(cs) != 1 || cs[0].ID != "x 1.1" || cs[0].Test != "run" || path.Base(cs[0].File) != "run.txtar" {
		t.Errorf("citations %v, want the script's alone", cs)
	}
	one(t, ps, "a/code.go:3")

	ss, _, err := lint.Statements(tree("docs/spec/x.md", okSpec))
	if err != nil {
		t.Fatal(err)
	}
	if u := lint.Unproved(ss, cs); len(u) != 2 || u[0].ID != "x 1.2" || u[1].ID != "x 1.3" {
		t.Errorf("unproved %v, want x 1.2 and x 1.3", u)
	}
}

func TestLabelsOfTheLanguage(t *testing.T) {
	good := "- **dol 1-a** [done] x\n- **dol 1-c** [done] x\n- **dol 2.3-a** [done] x\n- **dol 2.3-z** [done] x\n- **dol 2.3-aa** [done] x\n- **dol 20-1** [done] x\n- **dol 20-2** [done] x\n"
	ss, ps, err := lint.Statements(tree("docs/spec/dol.md", good))
	fail(t, ps, err)
	if len(ss) != 7 || ss[2].ID != "dol 2.3-a" || ss[5].ID != "dol 20-1" {
		t.Errorf("read %+v", ss)
	}
	for _, bad := range []string{
		"- **dol 2.3-b** [done] x\n- **dol 2.3-a** [done] x\n",
		"- **dol 2.3-b** [done] x\n- **dol 2.3-b** [done] x\n",
		"- **dol 2.3-ab** [done] x\n- **dol 2.3-b** [done] x\n",
		"- **dol 2.3-A** [done] x\n",
	} {
		if _, ps, err := lint.Statements(tree("docs/spec/dol.md", bad)); err != nil || len(ps) == 0 {
			t.Errorf("accepted:\n%s%v", bad, err)
		}
	}
	cs, ps, err := lint.Citations(tree(
		"dol/internal/types/testdata/ok/a.dol", "// Proves: dol 2.3-a, dol 20-1\n",
		"examples/x/src/main.dol", "// Proves: dol 9-a\n"))
	fail(t, ps, err)
	if len(cs) != 2 || cs[0].ID != "dol 2.3-a" || cs[1].Test != "a" {
		t.Errorf("read %+v", cs)
	}
}
